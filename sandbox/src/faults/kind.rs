//! What happens to a request that is struck, and how an order for it is read.

use actix_web::http::header::{HeaderName, HeaderValue};
use rust_decimal::Decimal;
use serde_json::Value;

use super::refusals::{Limit, Server};
use super::whole;
use crate::xero::kinds::Kind as XeroList;

/// What happens to a request that is struck.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The provider does it, and its answer comes late.
    Latency { ms: u64 },
    /// Something else answers; the provider does nothing.
    Status { code: u16, body: String, headers: Vec<(String, String)> },
    /// The provider's own 429; it does nothing.
    TooMany { limit: Limit, retry_after_s: Option<u32> },
    /// The provider's own failure; it does nothing.
    ServerError { server: Server },
    /// A login page with 200, as a proxy or an expired session gives.
    Html,
    /// The provider does it, and its answer is cut in the middle.
    TruncatedJson,
    /// The provider does it, and its answer calls itself something that it is not.
    WrongContentType { content_type: String },
    /// The connection ends before anything is committed.
    ResetBefore,
    /// The provider does it, and the answer is lost.
    ResetAfter,
    /// All tokens die before the request is looked at.
    RevokeToken,
    /// After the answer somebody enters or edits records in Xero; silently, in a way that does not move UpdatedDateUTC.
    Edit { tenant: String, resource: String, record: Value, silent: bool },
    /// What is sent is changed before the provider looks at it, as providers that tidy up do.
    Normalise { how: Vec<Tidying> },
    /// The rows of a list have moved by so many while somebody pages: the first ones of the page are gone.
    PageShift { by: usize },
    /// A list answers no rows, and nothing says why.
    EmptyList,
    /// A field has a value that no document knows.
    UnknownEnum { field: String, value: Value },
    /// Every record has fields that no document knows.
    NewFields { fields: serde_json::Map<String, Value> },
}

/// A way in which a provider tidies what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tidying {
    /// Texts lose the spaces around them, and double ones within.
    Trim,
    Upper,
    Lower,
    /// Numbers with a fraction are rounded to so many places, half away from zero.
    Round(u32),
}

impl Kind {
    /// Reads `{"kind": …}` and what belongs to it.
    pub fn parse(rule: &Value) -> Result<Self, String> {
        let text = |name: &str| rule.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| rule.get(name).and_then(Value::as_u64);
        Ok(match text("kind").as_deref() {
            Some("latency") => Kind::Latency { ms: number("ms").ok_or("latency needs `ms`")? },
            Some("status") => Kind::Status {
                code: number("code")
                    .and_then(|code| u16::try_from(code).ok())
                    .filter(|code| (200..600).contains(code))
                    .ok_or("status needs `code`, 200 to 599")?,
                body: match rule.get("body") {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                },
                headers: headers(rule.get("headers"))?,
            },
            Some("too_many") => Kind::TooMany {
                limit: text("limit")
                    .as_deref()
                    .and_then(Limit::named)
                    .ok_or("too_many needs `limit`: minute, day, concurrent or appminute")?,
                retry_after_s: small(rule, "retry_after_s")?,
            },
            Some("server_error") => Kind::ServerError {
                server: number("code").and_then(Server::of).ok_or("server_error needs `code`: 500, 502, 503 or 504")?,
            },
            Some("html") => Kind::Html,
            Some("truncated_json") => Kind::TruncatedJson,
            Some("wrong_content_type") => {
                let content_type = match rule.get("content_type") {
                    None => "text/html; charset=utf-8",
                    Some(value) => value.as_str().ok_or("`content_type` is a text")?,
                };
                let content_type = content_type.to_owned();
                HeaderValue::from_str(&content_type).map_err(|_| "`content_type` is no header value")?;
                Kind::WrongContentType { content_type }
            }
            Some("reset_before") => Kind::ResetBefore,
            Some("reset_after") => Kind::ResetAfter,
            Some("revoke_token") => Kind::RevokeToken,
            Some(edit @ ("edit" | "silent_edit")) => Kind::Edit {
                tenant: text("tenant").ok_or_else(|| format!("{edit} needs `tenant`"))?,
                resource: match text("resource") {
                    Some(list) if XeroList::of_path(&list).is_some() => list,
                    Some(other) => return Err(format!("Xero has no list `{other}`")),
                    None => return Err(format!("{edit} needs `resource`")),
                },
                record: rule.get("record").cloned().ok_or_else(|| format!("{edit} needs `record`"))?,
                silent: edit == "silent_edit",
            },
            Some("normalise") => Kind::Normalise { how: tidyings(rule)? },
            Some("page_shift") => Kind::PageShift { by: small(rule, "by")?.unwrap_or(1) as usize },
            Some("empty_list") => Kind::EmptyList,
            Some("unknown_enum") => Kind::UnknownEnum {
                field: text("field").ok_or("unknown_enum needs `field`")?,
                value: rule.get("value").cloned().unwrap_or_else(|| "SOMETHINGNEW".into()),
            },
            Some("new_fields") => match rule.get("fields") {
                Some(Value::Object(fields)) if !fields.is_empty() => Kind::NewFields { fields: fields.clone() },
                _ => return Err("new_fields needs `fields`, an object".into()),
            },
            Some(other) => return Err(format!("there is no kind `{other}`")),
            None => return Err("`kind` is missing".into()),
        })
    }
}

impl Tidying {
    /// A text, tidied.
    pub fn text(self, text: &str) -> String {
        match self {
            Tidying::Trim => text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned(),
            Tidying::Upper => text.to_uppercase(),
            Tidying::Lower => text.to_lowercase(),
            Tidying::Round(_) => text.to_owned(),
        }
    }

    /// A number, tidied; None where it stays as it is.
    pub fn number(self, figure: Decimal) -> Option<Decimal> {
        match self {
            Tidying::Round(places) => Some(crate::xero::rounded(figure, places)),
            _ => None,
        }
    }
}

fn small(rule: &Value, name: &str) -> Result<Option<u32>, String> {
    whole(rule, name)?.map(|figure| u32::try_from(figure).map_err(|_| format!("`{name}` is too large"))).transpose()
}

fn tidyings(rule: &Value) -> Result<Vec<Tidying>, String> {
    const WORDS: &str = "normalise needs `how`, a list of trim, upper, lower, round";
    let places = small(rule, "places")?.unwrap_or(2);
    let how = rule.get("how").and_then(Value::as_array).filter(|how| !how.is_empty()).ok_or(WORDS)?;
    how.iter()
        .map(|word| match word.as_str() {
            Some("trim") => Ok(Tidying::Trim),
            Some("upper") => Ok(Tidying::Upper),
            Some("lower") => Ok(Tidying::Lower),
            Some("round") => Ok(Tidying::Round(places.min(12))),
            _ => Err(WORDS.into()),
        })
        .collect()
}

fn headers(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let map = value.as_object().ok_or("`headers` is an object")?;
    map.iter()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            HeaderName::try_from(name.as_str()).map_err(|_| format!("`{name}` is no header name"))?;
            HeaderValue::from_str(&value).map_err(|_| format!("`{value}` is no header value"))?;
            Ok((name.clone(), value))
        })
        .collect()
}
