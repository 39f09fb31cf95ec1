//! `multipart/form-data` bodies: files that are attached, and the fields that some clients send in this way.

/// One part of a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    pub name: String,
    pub file_name: Option<String>,
    /// Its own content type.
    pub kind: String,
    pub bytes: &'a [u8],
}

impl Part<'_> {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }
}

/// The whole parts of a body, up to the first that is not well formed. None when the body is not of this kind.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    content_type.starts_with("multipart/form-data").then(|| {
        let mut parts = Vec::new();
        let boundary = parameter(content_type, "boundary").filter(|boundary| !boundary.is_empty());
        if let Some(mark) = boundary.map(|boundary| format!("--{boundary}")) {
            let mut rest = find(body, mark.as_bytes()).map(|at| &body[at + mark.len()..]);
            while let Some((part, behind)) = rest.and_then(|rest| part(rest, &mark)) {
                parts.push(part);
                rest = Some(behind);
            }
        }
        parts
    })
}

/// The part behind a boundary, and what follows the boundary after it. "--" after a boundary ends the body.
fn part<'a>(rest: &'a [u8], mark: &str) -> Option<(Part<'a>, &'a [u8])> {
    let whole = rest.strip_prefix(b"\r\n")?;
    let head_end = find(whole, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&whole[..head_end]).ok()?;
    let after = &whole[head_end + 4..];
    let next = format!("\r\n{mark}");
    let end = find(after, next.as_bytes())?;
    let disposition = header(head, "content-disposition").unwrap_or_default();
    let part = Part {
        name: parameter(disposition, "name").unwrap_or_default(),
        file_name: parameter(disposition, "filename"),
        kind: header(head, "content-type").unwrap_or_default().to_owned(),
        bytes: &after[..end],
    };
    Some((part, &after[end + next.len()..]))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        line.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    })
}

/// `name="value"` or `name=value` behind a semicolon.
fn parameter(header: &str, name: &str) -> Option<String> {
    pieces(header).skip(1).find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"').to_owned())
    })
}

/// What stands between semicolons; one within quotation marks does not count.
fn pieces(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    header.split(move |letter| {
        quoted ^= letter == '"';
        letter == ';' && !quoted
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
    fn parts_are_read_with_their_names_and_types() {
        let body = b"--XyZ\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{\"a\":1}\r\n--XyZ\r\n\
            content-disposition: form-data; name=\"attachment\"; filename=\"a; b.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--XyZ-\r\n--XyZ--\r\n";
        let parts = parts(KIND, body).unwrap();
        assert_eq!((parts[0].name.as_str(), parts[0].text().as_str(), &parts[0].file_name), ("JSONString", "{\"a\":1}", &None));
        assert_eq!((parts[1].file_name.as_deref(), parts[1].kind.as_str()), (Some("a; b.pdf"), "application/pdf"));
        assert_eq!(parts[1].bytes, b"%PDF");
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn what_is_not_well_formed_has_no_parts() {
        for body in ["", "--XyZ--\r\n", "--XyZ\r\nno end", "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end"] {
            assert_eq!(parts(KIND, body.as_bytes()), Some(Vec::new()), "{body}");
        }
        assert_eq!(parts("multipart/form-data", b"x"), Some(Vec::new()));
        assert_eq!(parts("application/json", b"{}"), None);
    }

    proptest! {
        #[test]
        fn no_body_makes_it_stumble(body in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..300) {
            let mut whole = b"--XyZ\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"f\"\r\n\r\n".to_vec();
            whole.extend(&body);
            whole.extend(b"\r\n--XyZ--\r\n");
            whole.truncate(cut);
            let _ = parts(KIND, &whole);
            let _ = parts(KIND, &body);
        }
    }
}
