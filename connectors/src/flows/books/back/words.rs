//! Reading what Zoho and Xero answer, and words on their way to Xero.

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::flow::{Known, Unmappable};
use crate::flows::books::money;

/// Xero's rate of a record in another currency than the books', units of it for one of the books': Zoho's the other way round.
pub fn foreign_rate(record: &Value, known: &Known) -> Option<Value> {
    let code = text(record, "currency_code");
    if code.is_empty() || code == known.xero.base_currency {
        return None;
    }
    let rate = money::read(&record["exchange_rate"]).and_then(|rate| Decimal::ONE.checked_div(rate))?;
    Some(money::round(rate, 6)).filter(|rate| !rate.is_zero()).map(money::number)
}

/// A record of Xero's as our own type. Amounts are read from their digits, so it is read as a text.
pub fn typed<R: DeserializeOwned>(record: &Value) -> Option<R> {
    serde_json::from_str(&record.to_string()).ok()
}

/// The text of this key without outer spaces; "" where there is none.
pub fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap_or_default().trim()
}

/// The elements of this list.
pub fn list<'a>(record: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + Clone {
    record[key].as_array().into_iter().flatten()
}

/// Held until what it refers to is in Xero.
pub fn not_in_xero(label: &str, what: &str) -> Unmappable {
    Unmappable {
        code: "NOT_READY",
        sentence: format!(
            "{label} refers to {what}, which is not in Xero. Put it there, or choose another one in Zoho Books, then retry."
        ),
        expected: false,
    }
}

/// Says nothing of this key.
pub fn leave_out(body: &mut Value, key: &str) {
    if let Some(body) = body.as_object_mut() {
        body.remove(key);
    }
}

/// Says nothing of what did not change: these keys are told only where one of these fields changed.
pub fn leave_out_unchanged(body: &mut Value, changed: &[&'static str], table: &[(&[&str], &[&str])]) {
    for (fields, keys) in table {
        if !fields.iter().any(|field| changed.contains(field)) {
            keys.iter().for_each(|key| leave_out(body, key));
        }
    }
}

/// Without line breaks and double spaces, which Xero refuses in names.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a word of Xero's `where`. None: it holds a quotation mark, which no page of Xero's says how to write.
pub fn quoted(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(['"', '\\'])).then(|| format!("\"{text}\""))
}

/// A country for Xero, which takes letters and spaces only. "" where it cannot be written so.
pub fn country(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | ' ' => plain.push(letter),
            '-' | '/' | ',' => plain.push(' '),
            '\'' | '’' | '.' | '(' | ')' => {}
            '&' => plain.push_str("and"),
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'Å' | 'Á' | 'Ä' => plain.push('A'),
            'ç' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'É' => plain.push('E'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'Í' => plain.push('I'),
            'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => plain.push('o'),
            'Ö' | 'Ó' => plain.push('O'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'Ü' => plain.push('U'),
            _ => return String::new(),
        }
    }
    tidy(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_written_in_letters_or_not_at_all() {
        for (told, written) in [
            ("New Zealand", "New Zealand"),
            ("Côte d'Ivoire", "Cote dIvoire"),
            ("Trinidad & Tobago", "Trinidad and Tobago"),
            ("Guinea-Bissau", "Guinea Bissau"),
            ("Österreich", "Osterreich"),
            ("日本", ""),
            ("", ""),
        ] {
            assert_eq!(country(told), written);
        }
    }

    #[test]
    fn a_quotation_mark_is_not_looked_for() {
        assert_eq!(quoted("Ada & Co"), Some("\"Ada & Co\"".into()));
        assert_eq!((quoted("Ada \"Co\""), quoted("")), (None, None));
        assert_eq!(tidy(" Ada\n  Ltd "), "Ada Ltd");
    }
}
