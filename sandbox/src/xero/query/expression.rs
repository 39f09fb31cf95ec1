//! `where`: conditions joined by AND and OR, as Xero reads them.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::fields::{self, Field, Holds};
use crate::xero::kinds::Kind;

/// A condition that a record meets or does not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Field, Op, Literal),
    Words { field: Field, how: Words, text: String, lower: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// How words are looked for in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Words {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    Null,
    Words(String),
    Number(Decimal),
    Boolean(bool),
    Date(i64),
    Id(Uuid),
}

/// Parentheses and negations may be so deep; an address could hold no more that means anything.
const DEPTH_MAX: usize = 32;

/// Reads a `where` of a list. The error is Xero's sentence.
pub fn parse(kind: Kind, text: &str) -> Result<Condition, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { kind, tokens: &tokens, at: 0, depth: 0 };
    let condition = reader.any()?;
    match reader.tokens.get(reader.at) {
        None => Ok(condition),
        Some(token) => Err(format!("Syntax error at `{token}`")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(Decimal),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Token::Word(word) => out.write_str(word),
            Token::Quoted(text) => write!(out, "\"{text}\""),
            Token::Number(number) => write!(out, "{number}"),
            Token::Sign(sign) => out.write_str(sign),
        }
    }
}

const SIGNS: [&str; 13] = ["==", "!=", "<>", ">=", "<=", "&&", "||", ">", "<", "(", ")", ",", "!"];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if first == '"' {
            quoted(rest)?
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            (Token::Sign(sign), sign.len())
        } else if first.is_ascii_digit() || (first == '-' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
            let end = rest[1..].find(|next: char| !next.is_ascii_digit() && next != '.').map_or(rest.len(), |end| end + 1);
            let number = rest[..end].parse().map_err(|_| format!("`{}` is not a number", &rest[..end]))?;
            // A suffix says that it is a decimal: `10.5m`.
            let end = if rest[end..].starts_with(['m', 'M', 'd', 'D']) { end + 1 } else { end };
            (Token::Number(number), end)
        } else if first.is_ascii_alphabetic() || matches!(first, '_' | '.') {
            let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '.' && next != '_').unwrap_or(rest.len());
            (Token::Word(rest[..end].to_owned()), end)
        } else {
            return Err(format!("Syntax error '{first}'"));
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// A text in quotes; a backslash before a quote or a backslash makes it part of the text.
fn quoted(rest: &str) -> Result<(Token, usize), String> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((Token::Quoted(text), at + 1)),
            '\\' => match letters.next() {
                Some((_, next @ ('"' | '\\'))) => text.push(next),
                Some((_, next)) => text.extend(['\\', next]),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err("Unterminated string literal".into())
}

struct Reader<'a> {
    kind: Kind,
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<&Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(is);
        is
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut list = vec![self.all()?];
        while self.takes("||") || self.takes_word("or") {
            list.push(self.all()?);
        }
        Ok(one_or(list, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut list = vec![self.one()?];
        while self.takes("&&") || self.takes_word("and") {
            list.push(self.one()?);
        }
        Ok(one_or(list, Condition::All))
    }

    fn one(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("Expression too deep".into());
        }
        let condition = if self.takes("!") || self.takes_word("not") {
            Condition::Not(Box::new(self.one()?))
        } else if self.takes("(") {
            let inner = self.any()?;
            if !self.takes(")") {
                return Err("')' or operator expected".into());
            }
            inner
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let name = match self.next() {
            Some(Token::Word(name)) => name.clone(),
            Some(other) => return Err(format!("Expression expected, not `{other}`")),
            None => return Err("Expression expected".into()),
        };
        if let Some((rest, how)) = method(&name) {
            return self.words(&rest, how, false);
        }
        if let Some(rest) = strip_ignoring_case(&name, ".ToLower").or_else(|| strip_ignoring_case(&name, ".ToLowerInvariant")) {
            self.brackets()?;
            return match self.next().cloned() {
                Some(Token::Word(call)) => match method(&call) {
                    Some((nothing, how)) if nothing.is_empty() => self.words(&rest, how, true),
                    _ => Err(format!("No applicable method '{call}' exists in type 'String'")),
                },
                _ => Err("A method is expected after ToLower()".into()),
            };
        }
        let (field, _) = self.field(&name)?;
        let op = match self.tokens.get(self.at) {
            Some(Token::Sign("==")) => Op::Is,
            Some(Token::Sign("!=" | "<>")) => Op::IsNot,
            Some(Token::Sign("<")) => Op::Less,
            Some(Token::Sign("<=")) => Op::AtMost,
            Some(Token::Sign(">")) => Op::More,
            Some(Token::Sign(">=")) => Op::AtLeast,
            _ if field.holds == Holds::Boolean => return Ok(Condition::Compare(field, Op::Is, Literal::Boolean(true))),
            _ => return Err(format!("Operator expected after `{name}`")),
        };
        self.at += 1;
        let literal = self.literal()?;
        let fits = match (&literal, field.holds) {
            (Literal::Null, _) => matches!(op, Op::Is | Op::IsNot),
            (Literal::Words(_), Holds::Words) => true,
            (Literal::Number(_), Holds::Number) | (Literal::Date(_), Holds::Date) => true,
            (Literal::Boolean(_), Holds::Boolean) | (Literal::Id(_), Holds::Id) => matches!(op, Op::Is | Op::IsNot),
            _ => false,
        };
        if fits {
            Ok(Condition::Compare(field, op, literal))
        } else {
            Err(format!("Operator incompatible with operand types '{}' and '{}'", field.holds.name(), literal.name()))
        }
    }

    /// `StartsWith("…")`, and perhaps `== true`.
    fn words(&mut self, name: &str, how: Words, lower: bool) -> Result<Condition, String> {
        let (field, name) = self.field(name)?;
        if field.holds != Holds::Words {
            return Err(format!("No applicable method exists in type '{}' of '{name}'", field.holds.name()));
        }
        if !self.takes("(") {
            return Err("'(' expected".into());
        }
        let text = match self.next() {
            Some(Token::Quoted(text)) => text.clone(),
            _ => return Err("A string is expected".into()),
        };
        if !self.takes(")") {
            return Err("')' expected".into());
        }
        let found = Condition::Words { field, how, text, lower };
        let wanted = if self.takes("==") {
            true
        } else if self.takes("!=") {
            false
        } else {
            return Ok(found);
        };
        match self.next() {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") && wanted => Ok(found),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") && !wanted => Ok(found),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") => {
                Ok(Condition::Not(Box::new(found)))
            }
            _ => Err("true or false is expected".into()),
        }
    }

    fn field(&self, name: &str) -> Result<(Field, String), String> {
        // `.Value` and `.HasValue` belong to the language that Xero's filters come from.
        let plain = strip_ignoring_case(name, ".Value").unwrap_or_else(|| name.to_owned());
        let found = fields::field(self.kind, &plain).map(|field| (field, plain));
        found.ok_or_else(|| {
            let kind = self.kind.about().collection.trim_end_matches('s');
            format!("No property or field '{name}' exists in type '{kind}'")
        })
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.next().cloned() {
            Some(Token::Quoted(text)) => Ok(Literal::Words(text)),
            Some(Token::Number(number)) => Ok(Literal::Number(number)),
            Some(Token::Word(word)) => match word.to_ascii_lowercase().as_str() {
                "null" => Ok(Literal::Null),
                "true" => Ok(Literal::Boolean(true)),
                "false" => Ok(Literal::Boolean(false)),
                "guid" | "guid.parse" => {
                    let text = self.one_text()?;
                    Uuid::parse_str(&text).map(Literal::Id).map_err(|_| format!("`{text}` is not a Guid"))
                }
                "datetime" => self.date(),
                "datetime.parse" => {
                    let text = self.one_text()?;
                    moment(&text).map(Literal::Date).ok_or_else(|| format!("`{text}` is not a DateTime"))
                }
                _ => Err(format!("No property or field '{word}' exists")),
            },
            Some(other) => Err(format!("A value is expected, not `{other}`")),
            None => Err("A value is expected".into()),
        }
    }

    fn brackets(&mut self) -> Result<(), String> {
        if self.takes("(") && self.takes(")") { Ok(()) } else { Err("'()' expected".into()) }
    }

    fn one_text(&mut self) -> Result<String, String> {
        let text = if self.takes("(") { self.next().cloned() } else { None };
        match text {
            Some(Token::Quoted(text)) if self.takes(")") => Ok(text),
            _ => Err("A string in parentheses is expected".into()),
        }
    }

    /// `(2026,9,1)` or `(2026,9,1,10,30,0)`.
    fn date(&mut self) -> Result<Literal, String> {
        let mut parts = Vec::new();
        if !self.takes("(") {
            return Err("'(' expected".into());
        }
        loop {
            match self.next() {
                Some(Token::Number(part)) => parts.push(part.to_string().parse::<u32>().unwrap_or(u32::MAX)),
                _ => return Err("A whole number is expected in DateTime".into()),
            }
            if self.takes(")") {
                break;
            }
            if !self.takes(",") || parts.len() > 6 {
                return Err("DateTime takes year, month and day, and perhaps hour, minute and second".into());
            }
        }
        let (date, time) = match parts.as_slice() {
            [year, month, day] => ((year, month, day), (0, 0, 0)),
            [year, month, day, hour, minute, second] => ((year, month, day), (*hour, *minute, *second)),
            _ => return Err("DateTime takes year, month and day, and perhaps hour, minute and second".into()),
        };
        i32::try_from(*date.0)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(year, *date.1, *date.2))
            .and_then(|day| day.and_hms_opt(time.0, time.1, time.2))
            .map(|at| Literal::Date(at.and_utc().timestamp_millis()))
            .ok_or_else(|| "DateTime is not a day of the calendar".into())
    }
}

impl Literal {
    fn name(&self) -> &'static str {
        match self {
            Literal::Null => "null",
            Literal::Words(_) => "String",
            Literal::Number(_) => "Decimal",
            Literal::Boolean(_) => "Boolean",
            Literal::Date(_) => "DateTime",
            Literal::Id(_) => "Guid",
        }
    }
}

/// `2026-09-01`, with or without a time.
pub fn moment(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('Z');
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let at = day(text).or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok())?;
    Some(at.and_utc().timestamp_millis())
}

fn one_or(mut list: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Condition {
    match list.pop() {
        Some(only) if list.is_empty() => only,
        last => {
            list.extend(last);
            many(list)
        }
    }
}

/// The field and the method of `Name.StartsWith`.
fn method(name: &str) -> Option<(String, Words)> {
    let methods = [("StartsWith", Words::StartsWith), ("EndsWith", Words::EndsWith), ("Contains", Words::Contains)];
    methods.into_iter().find_map(|(word, how)| {
        if name.trim_start_matches('.').eq_ignore_ascii_case(word) {
            return Some((String::new(), how));
        }
        strip_ignoring_case(name, &format!(".{word}")).map(|field| (field, how))
    })
}

fn strip_ignoring_case(text: &str, end: &str) -> Option<String> {
    let cut = text.len().checked_sub(end.len())?;
    let (rest, tail) = text.split_at_checked(cut)?;
    tail.eq_ignore_ascii_case(end).then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Condition, String> {
        parse(Kind::Invoices, text)
    }

    #[test]
    fn and_binds_closer_than_or() {
        let Ok(Condition::Any(list)) = read("Type==\"ACCREC\" OR Status==\"PAID\" AND AmountDue==0") else { panic!("an OR") };
        assert!(matches!((&list[0], &list[1]), (Condition::Compare(..), Condition::All(both)) if both.len() == 2));
        let Ok(Condition::All(list)) = read("(Type==\"ACCREC\" || Status==\"PAID\") && !(AmountDue > 0.5)") else {
            panic!("an AND")
        };
        assert!(matches!((&list[0], &list[1]), (Condition::Any(_), Condition::Not(_))));
    }

    #[test]
    fn every_kind_of_value_is_read() {
        for text in [
            "Date>=DateTime(2026,9,1) and Date < DateTime(2026, 09, 30, 23, 59, 59)",
            "UpdatedDateUTC >= DateTime.Parse(\"2026-09-01T10:00:00\")",
            "Contact.ContactID==Guid(\"11111111-2222-4333-8444-555555555555\")",
            "contact.contactId = guid(\"11111111-2222-4333-8444-555555555555\")",
            "Reference==null",
            "SentToContact==true AND IsDiscounted",
            "AmountDue >= -12.50",
            "AmountDue != 10m",
            "InvoiceNumber.StartsWith(\"INV-\") AND Contact.Name.Contains(\"x \\\" y\") AND Reference.EndsWith(\"z\")==false",
            "Reference.ToLower().Contains(\"a\")",
            "Contact.Name!=\"A AND B (c)\"",
        ] {
            assert_eq!(read(text).is_ok(), !text.contains(" = "), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "Expression expected"),
            ("Colour==\"red\"", "No property or field 'Colour' exists in type 'Invoice'"),
            ("LineItems==null", "No property or field"),
            ("Type==ACCREC", "No property or field 'ACCREC' exists"),
            ("Type=\"ACCREC\"", "Syntax error"),
            ("Type==\"ACCREC", "Unterminated string literal"),
            ("Type==\"ACCREC\" Status==\"PAID\"", "Syntax error at `Status`"),
            ("(Type==\"ACCREC\"", "')' or operator expected"),
            ("Type==5", "'String' and 'Decimal'"),
            ("Contact.ContactID==\"11111111-2222-4333-8444-555555555555\"", "'Guid' and 'String'"),
            ("SentToContact>true", "'Boolean' and 'Boolean'"),
            ("Date>DateTime(2026,13,1)", "not a day of the calendar"),
            ("AmountDue.StartsWith(\"1\")", "No applicable method"),
            ("Type", "Operator expected"),
            (&"(".repeat(100), "Expression too deep"),
        ] {
            let says = read(text).unwrap_err();
            assert!(says.contains(reason), "{text}: {says}");
        }
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_the_reader(text in "[ -~é\"()=!&|A-Za-z0-9.,]{0,80}") {
            let _ = read(&text);
        }
    }
}
