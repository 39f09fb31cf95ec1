//! Values of Zoho's custom fields and the texts that stand for them in Xero, both ways. What one side says comes back as it went.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

/// What a custom field of Zoho's holds, in Zoho's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    #[default]
    String,
    Multiline,
    Email,
    Phone,
    Url,
    Number,
    Decimal,
    Amount,
    Percent,
    Date,
    DateTime,
    CheckBox,
    Dropdown,
    Multiselect,
    Lookup,
    Autonumber,
    Formula,
    Attachment,
}

/// Why a text or a value is not one of this kind: "is not a date".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsNot(pub &'static str);

/// Between the choices of a multiselect.
const BETWEEN: &str = "; ";
/// What a text field takes at most.
const STRING_CHARS_MAX: usize = 255;
/// As people write a day whose month cannot be taken for its day.
const DAYS: [&str; 3] = ["%Y-%m-%d", "%d %b %Y", "%d %B %Y"];
const MOMENTS: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];

impl DataType {
    pub const ALL: [DataType; 18] = [
        DataType::String,
        DataType::Multiline,
        DataType::Email,
        DataType::Phone,
        DataType::Url,
        DataType::Number,
        DataType::Decimal,
        DataType::Amount,
        DataType::Percent,
        DataType::Date,
        DataType::DateTime,
        DataType::CheckBox,
        DataType::Dropdown,
        DataType::Multiselect,
        DataType::Lookup,
        DataType::Autonumber,
        DataType::Formula,
        DataType::Attachment,
    ];

    /// Zoho's own word.
    pub fn name(self) -> &'static str {
        match self {
            DataType::String => "string",
            DataType::Multiline => "multiline",
            DataType::Email => "email",
            DataType::Phone => "phone",
            DataType::Url => "url",
            DataType::Number => "number",
            DataType::Decimal => "decimal",
            DataType::Amount => "amount",
            DataType::Percent => "percent",
            DataType::Date => "date",
            DataType::DateTime => "date_time",
            DataType::CheckBox => "check_box",
            DataType::Dropdown => "dropdown",
            DataType::Multiselect => "multiselect",
            DataType::Lookup => "lookup",
            DataType::Autonumber => "autonumber",
            DataType::Formula => "formula",
            DataType::Attachment => "attachment",
        }
    }

    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == word)
    }

    /// Whether a value can be written into such a field from a text. A lookup wants another record's id; the others are Zoho's own work.
    pub fn can_be_written(self) -> bool {
        !matches!(self, DataType::Lookup | DataType::Autonumber | DataType::Formula | DataType::Attachment)
    }

    /// Whether a value of it can be said in a text.
    pub fn can_be_said(self) -> bool {
        self != DataType::Attachment
    }

    /// Whether its values are chosen from a list.
    pub fn has_options(self) -> bool {
        matches!(self, DataType::Dropdown | DataType::Multiselect)
    }

    /// What an entry of `custom_fields` says, in words for Xero. "" where it says nothing.
    pub fn text(self, entry: &Value) -> Result<String, IsNot> {
        let value = &entry["value"];
        let said = plain(value);
        if said.is_empty() && !value.is_array() {
            return Ok(said);
        }
        Ok(match self {
            DataType::Number | DataType::Decimal | DataType::Amount => decimal(&said)?.normalize().to_string(),
            DataType::Percent => format!("{}%", decimal(&said)?.normalize()),
            DataType::Date => day(&said)?.to_string(),
            DataType::DateTime => moment(&said)?.format(MOMENTS[0]).to_string(),
            DataType::CheckBox => if flag(&said)? { "Yes" } else { "No" }.to_owned(),
            DataType::Multiselect => match choices(value) {
                picked if picked.iter().any(|one| one.contains(BETWEEN.trim())) => {
                    return Err(IsNot("has a semicolon in one of its choices"));
                }
                picked => picked.join(BETWEEN),
            },
            // Its value is another record's id; its name is what Zoho shows.
            DataType::Lookup => match plain(&entry["value_formatted"]) {
                name if name.is_empty() => return Err(IsNot("has no name in Zoho Books")),
                name => name,
            },
            DataType::Attachment => return Err(IsNot("is a file")),
            _ => said,
        })
    }

    /// The value that a text stands for. Zoho's list of choices, where there is one, has the last word. "" clears the field.
    pub fn value(self, text: &str, options: &[String]) -> Result<Value, IsNot> {
        let text = text.trim();
        if text.is_empty() {
            return Ok("".into());
        }
        let chosen = |text: &str| match options.iter().find(|option| same(option, text)) {
            Some(option) => Ok(option.clone()),
            None if options.is_empty() => Ok(text.to_owned()),
            None => Err(IsNot("is not one of its choices")),
        };
        Ok(match self {
            DataType::String => short(text)?.into(),
            DataType::Multiline => text.into(),
            DataType::Email => match text.split_once('@') {
                Some((name, host)) if !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace) => {
                    short(text)?.into()
                }
                _ => return Err(IsNot("is not an e-mail address")),
            },
            DataType::Phone => match text.chars().any(|one| one.is_ascii_digit()) {
                true => short(text)?.into(),
                false => return Err(IsNot("is not a telephone number")),
            },
            DataType::Url => match text.starts_with("http://") || text.starts_with("https://") {
                true => short(text)?.into(),
                false => return Err(IsNot("is not a web address that begins with http:// or https://")),
            },
            DataType::Number => match decimal(text)? {
                whole if whole.fract().is_zero() => number(whole),
                _ => return Err(IsNot("is not a whole number")),
            },
            DataType::Decimal | DataType::Amount => number(decimal(text)?),
            DataType::Percent => number(decimal(text.strip_suffix('%').unwrap_or(text).trim_end())?),
            DataType::Date => day(text)?.to_string().into(),
            DataType::DateTime => moment(text)?.format(MOMENTS[0]).to_string().into(),
            DataType::CheckBox => flag(text)?.into(),
            DataType::Dropdown => chosen(text)?.into(),
            DataType::Multiselect => {
                let each = text.split(BETWEEN.trim()).map(str::trim).filter(|one| !one.is_empty());
                match each.map(chosen).collect::<Result<Vec<String>, IsNot>>()? {
                    picked if picked.is_empty() => "".into(),
                    picked => json!(picked),
                }
            }
            DataType::Lookup | DataType::Autonumber | DataType::Formula | DataType::Attachment => {
                return Err(IsNot("cannot be written into a field of this type"));
            }
        })
    }
}

/// Equal to a person's eye.
pub fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The single choices of a value: a list, or words between commas as lists of records show them.
pub fn choices(value: &Value) -> Vec<String> {
    let one_by_one = match value {
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>(),
        other => plain(other).split(',').map(|one| one.trim().to_owned()).collect(),
    };
    one_by_one.into_iter().filter(|one| !one.is_empty()).collect()
}

/// A value of any kind as a plain text.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => String::new(),
    }
}

fn short(text: &str) -> Result<&str, IsNot> {
    if text.chars().count() > STRING_CHARS_MAX { Err(IsNot("is longer than 255 characters")) } else { Ok(text) }
}

fn number(amount: Decimal) -> Value {
    let text = amount.normalize().to_string();
    text.parse::<Number>().map_or(Value::String(text), Value::Number)
}

/// `1234.5`, or `1,234.50` with a comma before every three digits. Anything else could mean two things.
fn decimal(text: &str) -> Result<Decimal, IsNot> {
    let wrong = IsNot("is not a number");
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if digits.contains(',') {
        let groups: Vec<&str> = digits.split(',').collect();
        let fits = |(n, group): (usize, &&str)| group.len() == 3 || (n == 0 && matches!(group.len(), 1 | 2));
        if !groups.iter().enumerate().all(fits) {
            return Err(wrong);
        }
    }
    if rest.is_some_and(|rest| rest.contains(',')) {
        return Err(wrong);
    }
    text.replace(',', "").parse().map_err(|_| wrong)
}

fn day(text: &str) -> Result<NaiveDate, IsNot> {
    let read = |form: &&str| NaiveDate::parse_from_str(text, form).ok();
    DAYS.iter().find_map(read).ok_or(IsNot("is not a date"))
}

/// To the minute, as Zoho shows it. An offset is left out: the moment is the one on the organisation's clock.
fn moment(text: &str) -> Result<NaiveDateTime, IsNot> {
    let with_offset = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z"];
    let offset = with_offset.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()).map(|found| found.naive_local());
    let read = |form: &&str| NaiveDateTime::parse_from_str(text, form).ok();
    offset.or_else(|| MOMENTS.iter().find_map(read)).ok_or(IsNot("is not a date with a time"))
}

fn flag(text: &str) -> Result<bool, IsNot> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(IsNot("is neither Yes nor No")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(data_type: DataType, value: Value) -> Result<String, &'static str> {
        data_type.text(&json!({ "value": value, "value_formatted": "Ada Ltd" })).map_err(|is_not| is_not.0)
    }

    fn value(data_type: DataType, text: &str) -> Result<Value, &'static str> {
        data_type.value(text, &["Red".to_owned(), "Dark blue".to_owned()]).map_err(|is_not| is_not.0)
    }

    #[test]
    fn values_are_said_in_words() {
        for (data_type, held, said) in [
            (DataType::String, json!(" PO 7 "), Ok("PO 7")),
            (DataType::Number, json!(1200), Ok("1200")),
            (DataType::Amount, json!("12.50"), Ok("12.5")),
            (DataType::Percent, json!(7.5), Ok("7.5%")),
            (DataType::Date, json!("2026-11-26"), Ok("2026-11-26")),
            (DataType::DateTime, json!("2026-11-26T09:30:00+1300"), Ok("2026-11-26 09:30")),
            (DataType::CheckBox, json!(true), Ok("Yes")),
            (DataType::CheckBox, json!("false"), Ok("No")),
            (DataType::Multiselect, json!(["Red", "Dark blue"]), Ok("Red; Dark blue")),
            (DataType::Multiselect, json!(["Red; ish"]), Err("has a semicolon in one of its choices")),
            (DataType::Lookup, json!("460001"), Ok("Ada Ltd")),
            (DataType::Formula, json!(5), Ok("5")),
            (DataType::Date, json!(null), Ok("")),
            (DataType::Date, json!("tomorrow"), Err("is not a date")),
            (DataType::Attachment, json!("460001"), Err("is a file")),
        ] {
            assert_eq!(text(data_type, held.clone()), said.map(str::to_owned), "{data_type:?} {held}");
        }
    }

    #[test]
    fn texts_become_values_or_a_reason() {
        for (data_type, said, held) in [
            (DataType::Number, "1,200", Ok(json!(1200))),
            (DataType::Number, "1.5", Err("is not a whole number")),
            (DataType::Decimal, "1.234,50", Err("is not a number")),
            (DataType::Decimal, "12,34", Err("is not a number")),
            (DataType::Percent, "7.5 %", Ok(json!(7.5))),
            (DataType::Date, "26 Nov 2026", Ok(json!("2026-11-26"))),
            (DataType::Date, "11/12/2026", Err("is not a date")),
            (DataType::Date, "tomorrow", Err("is not a date")),
            (DataType::DateTime, "2026-11-26", Err("is not a date with a time")),
            (DataType::CheckBox, "yes", Ok(json!(true))),
            (DataType::CheckBox, "maybe", Err("is neither Yes nor No")),
            (DataType::Dropdown, " dark BLUE", Ok(json!("Dark blue"))),
            (DataType::Dropdown, "Green", Err("is not one of its choices")),
            (DataType::Multiselect, "red;dark blue;", Ok(json!(["Red", "Dark blue"]))),
            (DataType::Multiselect, ";", Ok(json!(""))),
            (DataType::Email, "ada@a.example", Ok(json!("ada@a.example"))),
            (DataType::Email, "ada", Err("is not an e-mail address")),
            (DataType::Url, "a.example", Err("is not a web address that begins with http:// or https://")),
            (DataType::Phone, "none", Err("is not a telephone number")),
            (DataType::Lookup, "Ada Ltd", Err("cannot be written into a field of this type")),
            (DataType::Date, "  ", Ok(json!(""))),
        ] {
            assert_eq!(value(data_type, said), held, "{data_type:?} {said}");
        }
        assert!(value(DataType::String, &"é".repeat(256)).is_err() && value(DataType::Multiline, &"é".repeat(256)).is_ok());
        for data_type in DataType::ALL {
            assert_eq!(DataType::read(data_type.name()), Some(data_type));
            assert_eq!(json!(data_type), data_type.name());
        }
    }

    /// A value as Zoho holds it.
    fn a_value() -> impl Strategy<Value = (DataType, Value)> {
        let words = "[\\p{L}\\p{N}][\\p{L}\\p{N} ,.'-]{0,40}[\\p{L}\\p{N}]";
        let amount = (-99_999_999i64..99_999_999, 0u32..5).prop_map(|(digits, scale)| number(Decimal::new(digits, scale)));
        let day = (1990i32..2060, 1u32..13, 1u32..29).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
        let moment =
            (day.clone(), 0u32..24, 0u32..60).prop_map(|(day, hour, minute)| json!(format!("{day} {hour:02}:{minute:02}")));
        let of = |data_type: DataType| move |value: Value| (data_type, value);
        prop_oneof![
            words.prop_map(|text| (DataType::String, json!(text))),
            words.prop_map(|text| (DataType::Multiline, json!(text))),
            "[a-z]{1,9}@[a-z]{1,9}\\.example".prop_map(|text| (DataType::Email, json!(text))),
            "\\+?[0-9][0-9 ]{3,12}[0-9]".prop_map(|text| (DataType::Phone, json!(text))),
            "https?://[a-z]{1,9}\\.example/[a-z]{0,9}".prop_map(|text| (DataType::Url, json!(text))),
            (-9_999_999i64..9_999_999).prop_map(|whole| (DataType::Number, json!(whole))),
            amount.clone().prop_map(of(DataType::Decimal)),
            amount.clone().prop_map(of(DataType::Amount)),
            amount.prop_map(of(DataType::Percent)),
            day.prop_map(|day| (DataType::Date, json!(day))),
            moment.prop_map(of(DataType::DateTime)),
            any::<bool>().prop_map(|flag| (DataType::CheckBox, json!(flag))),
            prop::sample::select(vec!["Red", "Dark blue"]).prop_map(|text| (DataType::Dropdown, json!(text))),
            prop::sample::subsequence(vec!["Red", "Dark blue"], 1..=2).prop_map(|list| (DataType::Multiselect, json!(list))),
        ]
    }

    proptest! {
        #![proptest_config(crate::trials::cases(2_000))]

        /// What Zoho holds is said in Xero, and comes back as it was; said again it is the same.
        #[test]
        fn a_value_comes_back_as_it_went((data_type, held) in a_value()) {
            let said = text(data_type, held.clone()).unwrap();
            prop_assert!(!said.is_empty() && said.chars().count() <= STRING_CHARS_MAX);
            let back = value(data_type, &said).unwrap();
            prop_assert_eq!(&back, &held, "{} {}", data_type.name(), said);
            prop_assert_eq!(text(data_type, back).unwrap(), said);
        }

        /// Whatever a person writes in Xero: it is refused, or it means one thing from then on.
        #[test]
        fn a_text_means_one_thing(said in "[a-zA-Z0-9 .,;:%/@+-]{0,20}", n in 0usize..DataType::ALL.len()) {
            let data_type = DataType::ALL[n];
            if let Ok(held) = data_type.value(&said, &[]) {
                let again = text(data_type, held.clone()).unwrap();
                prop_assert_eq!(data_type.value(&again, &[]).unwrap(), held, "{} {:?}", data_type.name(), again);
            }
        }
    }
}
