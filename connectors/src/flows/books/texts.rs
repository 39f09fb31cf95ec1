//! Texts on their way to Zoho: cut to length without losing or breaking a character.

/// The text in pieces of at most `chars_max` characters. Joined again they are the text; one that is "" has no pieces.
pub fn pieces(text: &str, chars_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().nth(chars_max).map_or(rest.len(), |(at, _)| at);
        // A piece ends after a space where there is one in its last tenth, so that words stay whole.
        let end = match end == rest.len() {
            true => end,
            false => {
                let tail = rest[..end].char_indices().rev().take(chars_max / 10);
                let space = tail.filter(|(_, c)| c.is_whitespace()).map(|(at, c)| at + c.len_utf8()).next();
                space.unwrap_or(end)
            }
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// At most so many characters, from the front.
pub fn clip(text: &str, chars_max: usize) -> &str {
    text.char_indices().nth(chars_max).map_or(text, |(at, _)| &text[..at])
}

/// Equal to a person's eye: case and outer spaces do not count.
pub fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_text_breaks_at_a_space_and_a_word_without_spaces_where_it_must() {
        assert_eq!(pieces("", 5), Vec::<&str>::new());
        assert_eq!(pieces("short", 5), ["short"]);
        assert_eq!(pieces("déjà vu", 4), ["déjà", " vu"]);
        let text = format!("{} {}", "a".repeat(1990), "b".repeat(50));
        assert_eq!(pieces(&text, 2000).iter().map(|piece| piece.len()).collect::<Vec<_>>(), [1991, 50]);
        assert_eq!(clip("日本語", 2), "日本");
        assert!(same(" ACME ltd", "Acme Ltd "));
    }

    proptest! {
        #[test]
        fn splitting_loses_nothing(text in "\\PC{0,300}", chars_max in 1usize..60) {
            let pieces = pieces(&text, chars_max);
            prop_assert_eq!(pieces.concat(), text.clone());
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.chars().count() <= chars_max));
        }
    }
}
