//! Rows of comma-separated text, quoted as RFC 4180 has it.

/// Every row; the delimiter is whichever of the four known ones the first row has most of.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head = text.lines().next().unwrap_or_default();
    let delimiter =
        [',', ';', ':', '|'].into_iter().max_by_key(|mark| (head.matches(*mark).count(), *mark == ',')).unwrap_or(',');
    let mut rows = Vec::new();
    let mut row = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let cell = row.last_mut();
        match (letter, cell) {
            ('"', Some(cell)) if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            ('"', Some(cell)) if quoted || cell.is_empty() => quoted = !quoted,
            ('\r', _) if !quoted && letters.peek() == Some(&'\n') => {}
            ('\n', _) if !quoted => rows.push(std::mem::replace(&mut row, vec![String::new()])),
            (letter, _) if letter == delimiter && !quoted => row.push(String::new()),
            (letter, Some(cell)) => cell.push(letter),
            (_, None) => {}
        }
    }
    if row.len() > 1 || row.iter().any(|cell| !cell.is_empty()) {
        rows.push(row);
    }
    rows.retain(|row| row.len() > 1 || row.iter().any(|cell| !cell.is_empty()));
    rows
}

/// One row with its line end.
pub fn line(cells: &[String]) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) {
            line.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
        } else {
            line.push_str(cell);
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let row: Vec<String> = ["a", "b,c", "say \"hi\"", "two\nlines", ""].map(str::to_owned).into();
        let text = format!("{}{}", line(&["h1", "h2", "h3", "h4", "h5"].map(str::to_owned)), line(&row));
        assert_eq!(rows(&text)[1], row);
    }

    #[test]
    fn delimiters_marks_and_line_ends_of_others() {
        assert_eq!(rows("\u{feff}a;b\r\n1;\"x;y\"\r\n"), [["a", "b"], ["1", "x;y"]]);
        assert_eq!(rows("a|b\n1|2"), [["a", "b"], ["1", "2"]]);
        assert_eq!(rows("a\n1\n\n2\n"), [["a"], ["1"], ["2"]]);
    }
}
