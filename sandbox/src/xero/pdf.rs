//! The smallest PDF that a reader opens: lines of text in one typeface, on as many pages as they need.

const LINES_OF_A_PAGE: usize = 50;
/// What fits between the margins.
const CHARACTERS_OF_A_LINE: usize = 90;

/// The lines as a PDF 1.4 file.
pub fn of(lines: &[String]) -> Vec<u8> {
    let pages: Vec<&[String]> = if lines.is_empty() { vec![&[]] } else { lines.chunks(LINES_OF_A_PAGE).collect() };
    // Objects: 1 the catalogue, 2 the pages, 3 the typeface, then a page and its content in turn.
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + page * 2)).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()).into_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_vec(),
    ];
    for (index, page) in pages.iter().enumerate() {
        objects.push(
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
                5 + index * 2
            )
            .into_bytes(),
        );
        let text = content(page);
        let mut stream = format!("<< /Length {} >>\nstream\n", text.len()).into_bytes();
        stream.extend_from_slice(&text);
        stream.extend_from_slice(b"\nendstream");
        objects.push(stream);
    }
    let mut file = b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut places = Vec::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    let table = file.len();
    file.extend_from_slice(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for place in places {
        file.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let end = format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    file.extend_from_slice(end.as_bytes());
    file
}

fn content(lines: &[String]) -> Vec<u8> {
    let mut text = b"BT /F1 10 Tf 14 TL 50 790 Td\n".to_vec();
    for line in lines {
        text.push(b'(');
        for letter in line.chars().take(CHARACTERS_OF_A_LINE) {
            match u32::from(letter) {
                // Brackets and the backslash have a meaning in strings.
                0x28 | 0x29 | 0x5c => text.extend_from_slice(&[b'\\', letter as u8]),
                code @ (0x20..=0x7e | 0xa0..=0xff) => text.push(code as u8),
                // The typeface has no other letters.
                _ => text.push(b'?'),
            }
        }
        text.extend_from_slice(b") Tj T*\n");
    }
    text.extend_from_slice(b"ET");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_where_the_table_says() {
        let lines: Vec<String> = (0..120).map(|n| format!("line {n} (with brackets) \\ Ω é")).collect();
        let file = of(&lines);
        let find = |needle: &[u8]| file.windows(needle.len()).position(|part| part == needle).unwrap();
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        let table: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
        assert_eq!(&file[table..table + 4], b"xref");
        let places: Vec<usize> = String::from_utf8_lossy(&file[table..])
            .lines()
            .skip(3)
            .take_while(|line| line.ends_with("n "))
            .map(|line| line[..10].parse().unwrap())
            .collect();
        assert_eq!(places.len(), 3 + 3 * 2, "three pages");
        for (index, place) in places.iter().enumerate() {
            assert_eq!(find(format!("{} 0 obj\n", index + 1).as_bytes()), *place);
        }
        assert!(text.contains("\\(with brackets\\) \\\\ ?"));
    }

    #[test]
    fn the_length_of_a_stream_is_its_length() {
        let file = of(&["Total 23.00 NZD".to_owned()]);
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        let length: usize = text.split("/Length ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let stream = text.split("stream\n").nth(1).unwrap().split("\nend").next().unwrap();
        assert_eq!(stream.chars().count(), length);
    }
}
