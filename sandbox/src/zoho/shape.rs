//! Which members of a body Books takes, and what it refuses in them. Members that no table names are ignored, as Zoho does.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::records::{Desk, number};
use super::{platform, time};

/// What a member must be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of at most so many characters, as documented.
    Text(usize),
    /// Text whose greatest length is our guess; enforced while `zoho.undocumented_lengths` is on.
    Guess(usize),
    Number,
    Whole,
    Flag,
    Date,
    Choice(&'static [&'static str]),
    Address,
    People,
    /// Reporting tags of a whole record.
    Tags,
    /// Kept as it is: lists of ids, tags and the like.
    Any,
}

use Kind::*;

const ADDRESS: &[(&str, Kind)] = &[
    ("attention", Text(100)),
    ("address", Text(500)),
    ("street2", Text(255)),
    ("city", Guess(100)),
    ("state", Guess(100)),
    ("state_code", Guess(100)),
    ("zip", Text(50)),
    ("country", Guess(100)),
    ("country_code", Guess(10)),
    ("phone", Guess(50)),
    ("fax", Guess(50)),
];

const PERSON: &[(&str, Kind)] = &[
    ("contact_person_id", Text(20)),
    ("salutation", Guess(25)),
    ("first_name", Guess(100)),
    ("last_name", Guess(100)),
    ("email", Guess(100)),
    ("phone", Guess(50)),
    ("mobile", Guess(50)),
    ("designation", Guess(50)),
    ("department", Guess(50)),
    ("skype", Guess(50)),
    ("is_primary_contact", Flag),
    ("enable_portal", Flag),
];

/// Copies what the body says of these members over what the record had. `null` clears.
pub fn take(
    desk: &Desk,
    body: &Map<String, Value>,
    shape: &[(&str, Kind)],
    into: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    for (name, kind) in shape {
        match body.get(*name) {
            None => {}
            Some(Value::Null) => {
                into.remove(*name);
            }
            Some(value) => {
                into.insert((*name).to_owned(), check(desk, name, *kind, value)?);
            }
        }
    }
    Ok(())
}

/// A number, however it was written: Zoho takes `12.5` and `"12.5"`. One that no sum could hold is none.
pub fn amount(body: &Map<String, Value>, name: &str) -> Result<Option<Decimal>, Refusal> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value) => decimal_of(value).map(Some).ok_or_else(|| Refusal::invalid(name)),
    }
}

/// An id in a body: digits, as a string or a number. Empty means none.
pub fn id(body: &Map<String, Value>, name: &str) -> Result<Option<i64>, Refusal> {
    let text = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(Refusal::invalid(name)),
    };
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refusal::invalid(name))
}

pub fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub fn flag(body: &Map<String, Value>, name: &str) -> bool {
    match body.get(name) {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

pub fn decimal_of(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let figure: Decimal = text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())?;
    (figure.abs() <= super::amounts::MAX).then_some(figure)
}

/// Code 15, Zoho's answer to a text that is too long.
pub fn length(name: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    match text.chars().count() > longest {
        true => Err(Refusal::new(15, format!("Please ensure that the \"{name}\" has less than {longest} characters."))),
        false => Ok(()),
    }
}

fn check(desk: &Desk, name: &str, kind: Kind, value: &Value) -> Result<Value, Refusal> {
    match (kind, value) {
        (Text(longest), Value::String(text)) => length(name, text, longest).map(|()| value.clone()),
        (Guess(longest), Value::String(text)) => {
            if text.chars().count() > longest && desk.on("zoho.undocumented_lengths") {
                length(name, text, longest)?;
            }
            Ok(value.clone())
        }
        (Text(_) | Guess(_), Value::Number(number)) => Ok(Value::from(number.to_string())),
        (Number, Value::String(text)) if text.is_empty() => Ok(Value::Null),
        (Number, _) => decimal_of(value).map(number).ok_or_else(|| Refusal::invalid(name)),
        (Whole, _) => {
            let whole = decimal_of(value).filter(|figure| figure.fract().is_zero()).ok_or_else(|| Refusal::invalid(name))?;
            Ok(number(whole.trunc()))
        }
        (Flag, Value::Bool(_)) => Ok(value.clone()),
        (Flag, Value::String(text)) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
        (Date, Value::String(text)) if text.is_empty() || time::parse_date(text).is_some() => Ok(value.clone()),
        (Choice(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(value.clone()),
        (Address, Value::Object(body)) => {
            let mut address = Map::new();
            take(desk, body, ADDRESS, &mut address)?;
            Ok(Value::Object(address))
        }
        (People, Value::Array(list)) => list.iter().map(|one| person(desk, one)).collect::<Result<Vec<_>, _>>().map(Value::from),
        (Tags, _) => platform::checked_tags(desk, value, platform::Level::Record),
        (Any, _) => Ok(value.clone()),
        _ => Err(Refusal::invalid(name)),
    }
}

fn person(desk: &Desk, value: &Value) -> Result<Value, Refusal> {
    let body = value.as_object().ok_or_else(|| Refusal::invalid("contact_persons"))?;
    let mut person = Map::new();
    take(desk, body, PERSON, &mut person)?;
    if let Some(email) = text(&person, "email")
        && !looks_like_an_address(email)
    {
        return Err(Refusal::invalid("email"));
    }
    Ok(Value::Object(person))
}

fn looks_like_an_address(email: &str) -> bool {
    let whole = !email.contains(char::is_whitespace) && email.matches('@').count() == 1;
    whole
        && email
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_as_numbers_and_as_text() {
        let body = serde_json::from_str::<Map<String, Value>>(r#"{"a":12.50,"b":"0.005","c":"x","d":"","e":1e2}"#).unwrap();
        assert_eq!(amount(&body, "a").unwrap().unwrap().to_string(), "12.50");
        assert_eq!(amount(&body, "b").unwrap().unwrap().to_string(), "0.005");
        assert!(amount(&body, "c").is_err());
        assert_eq!(amount(&body, "d").unwrap(), None);
        assert_eq!(amount(&body, "e").unwrap(), Some(Decimal::ONE_HUNDRED));
        assert!(id(&body, "c").is_err());
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(length("name", &"ā".repeat(100), 100).is_ok());
        assert_eq!(length("name", &"ā".repeat(101), 100).unwrap_err().code, 15);
    }

    #[test]
    fn addresses_of_letters() {
        assert!(looks_like_an_address("a@b.nz"));
        for wrong in ["a", "a@b", "a b@c.nz", "@b.nz", "a@@b.nz", "a@b."] {
            assert!(!looks_like_an_address(wrong), "{wrong}");
        }
    }
}
