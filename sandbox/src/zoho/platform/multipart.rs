//! The one file inside a `multipart/form-data` body.

/// A part that is a file.
#[derive(Debug, PartialEq, Eq)]
pub struct File<'a> {
    pub name: String,
    pub kind: String,
    pub bytes: &'a [u8],
}

/// The first part that has one of these names and a file name.
pub fn file<'a>(content_type: &str, body: &'a [u8], names: &[&str]) -> Option<File<'a>> {
    let boundary = parameter(content_type, "boundary")?;
    let mark = format!("--{boundary}");
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    loop {
        // "--" after the boundary ends the body.
        let part = rest.strip_prefix(b"\r\n")?;
        let head_end = find(part, b"\r\n\r\n")?;
        let head = std::str::from_utf8(&part[..head_end]).ok()?;
        let after = &part[head_end + 4..];
        let next = format!("\r\n{mark}");
        let end = find(after, next.as_bytes())?;
        let disposition = header(head, "content-disposition").unwrap_or_default();
        let name = parameter(disposition, "name").unwrap_or_default();
        if let Some(file_name) = parameter(disposition, "filename")
            && names.contains(&name.as_str())
        {
            let kind = header(head, "content-type").unwrap_or_default().to_owned();
            return Some(File { name: file_name, kind, bytes: &after[..end] });
        }
        rest = &after[end + next.len()..];
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    })
}

/// `name="value"` or `name=value` behind a semicolon.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    // Boundaries are long and bodies are short: a plain search on the first byte is enough.
    let first = *what.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if text[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KIND: &str = "multipart/form-data; boundary=\"XyZ\"";

    #[test]
    fn the_file_is_found_among_other_parts() {
        let body = b"--XyZ\r\nContent-Disposition: form-data; name=\"can_send_in_mail\"\r\n\r\ntrue\r\n--XyZ\r\n\
            content-disposition: form-data; name=\"attachment\"; filename=\"a b.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--XyZ-\r\n--XyZ--\r\n";
        let file = file(KIND, body, &["attachment", "receipt"]).unwrap();
        assert_eq!((file.name.as_str(), file.kind.as_str()), ("a b.pdf", "application/pdf"));
        assert_eq!(file.bytes, b"%PDF");
    }

    #[test]
    fn a_body_without_that_file_has_none() {
        for body in [
            "",
            "--XyZ--\r\n",
            "--XyZ\r\nContent-Disposition: form-data; name=\"other\"; filename=\"x.pdf\"\r\n\r\nx\r\n--XyZ--",
            "--XyZ\r\nno end",
        ] {
            assert_eq!(file(KIND, body.as_bytes(), &["attachment"]), None, "{body}");
        }
        assert_eq!(file("application/json", b"{}", &["attachment"]), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_stumble(body in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let mut whole = b"--XyZ\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"f\"\r\n\r\n".to_vec();
            whole.extend(&body);
            whole.truncate(cut);
            let _ = file(KIND, &whole, &["attachment"]);
            let _ = file(KIND, &body, &["attachment"]);
        }
    }
}
