//! From letters to words, texts, numbers and signs.

use rust_decimal::Decimal;

use super::{Mistake, SCRIPT_BYTES_MAX};

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Word(String),
    Text(String),
    Number(Decimal),
    Sign(&'static str),
}

/// Longer signs first, so that `==` is not read as two.
const SIGNS: [&str; 23] =
    ["==", "!=", "<=", ">=", "&&", "||", "=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "{", "}", ",", ";", ".", ":"];

/// Every token with its line. Comments are dropped.
pub fn read(script: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    if script.len() > SCRIPT_BYTES_MAX {
        return Err(Mistake::at(1, "The script is too long."));
    }
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (script, 1);
    while let Some(letter) = rest.chars().next() {
        if letter == '\n' {
            line += 1;
        }
        if letter.is_whitespace() {
            rest = &rest[letter.len_utf8()..];
        } else if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let (inner, after) = comment.split_once("*/").ok_or_else(|| Mistake::at(line, "A comment is never closed."))?;
            line += inner.matches('\n').count();
            rest = after;
        } else if letter == '"' {
            let (text, after) = text(&rest[1..], line)?;
            tokens.push((line, Token::Text(text)));
            line += rest[..rest.len() - after.len()].matches('\n').count();
            rest = after;
        } else if letter.is_ascii_digit() {
            let end = number_end(rest);
            let number =
                rest[..end].parse().map_err(|_| Mistake::at(line, format!("{} is too large a number.", &rest[..end])))?;
            tokens.push((line, Token::Number(number)));
            rest = &rest[end..];
        } else if letter.is_alphabetic() || letter == '_' {
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
            tokens.push((line, Token::Word(rest[..end].to_owned())));
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push((line, Token::Sign(sign)));
            rest = &rest[sign.len()..];
        } else if letter == '\'' {
            return Err(Mistake::at(line, "Dates in single quotes are not known here; texts have double quotes."));
        } else {
            return Err(Mistake::at(line, format!("The sign {letter} is not known here.")));
        }
    }
    Ok(tokens)
}

/// The text up to its closing quote, and what comes after.
fn text(from: &str, line: usize) -> Result<(String, &str), Mistake> {
    let mut text = String::new();
    let mut letters = from.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((text, &from[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(Mistake::at(line, "A text is never closed."))
}

/// Digits, and digits after a point; `1.get` is a number and a call.
fn number_end(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(0);
    match text[whole..].strip_prefix('.').map(|_| digits(whole + 1)) {
        Some(fraction) if fraction > 0 => whole + 1 + fraction,
        _ => whole,
    }
}
