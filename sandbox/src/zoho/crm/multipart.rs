//! Reads `multipart/form-data`, as uploads and some clients' forms come.

/// One part of a body.
pub struct Part<'a> {
    pub name: String,
    pub file_name: Option<String>,
    pub content: &'a [u8],
}

/// The parts, or None when it is no such body.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let parameters = content_type.strip_prefix("multipart/form-data")?;
    let boundary = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("boundary="))?.trim_matches('"');
    let mark = format!("--{boundary}");
    let mut rest = &body[find(body, mark.as_bytes())? + mark.len()..];
    let mut parts = Vec::new();
    let next = format!("\r\n{mark}");
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        let end = find(after, next.as_bytes())?;
        parts.push(part(&after[..end])?);
        rest = &after[end + next.len()..];
    }
    rest.starts_with(b"--").then_some(parts)
}

fn part(bytes: &[u8]) -> Option<Part<'_>> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let value = |name: &str| {
        let mark = format!("{name}=\"");
        let found = disposition.split("; ").find_map(|parameter| parameter.trim().strip_prefix(&mark))?;
        Some(found.trim_end_matches('"').to_owned())
    };
    Some(Part { name: value("name")?, file_name: value("filename"), content: &bytes[end + 4..] })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nrefresh_token\r\n\
                     --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\nContent-Type: text/plain\r\n\r\none\r\n\r\ntwo--x\r\n--x--\r\n";
        let parts = parts("multipart/form-data; boundary=x", body).unwrap();
        assert_eq!((parts[0].name.as_str(), parts[0].content), ("grant_type", b"refresh_token".as_slice()));
        assert_eq!(parts[1].file_name.as_deref(), Some("a b.txt"));
        assert_eq!(parts[1].content, b"one\r\n\r\ntwo--x");
    }

    #[test]
    fn what_is_cut_is_nothing() {
        assert!(
            parts("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb").is_none()
        );
        assert!(parts("application/json", b"--x--").is_none());
    }
}
