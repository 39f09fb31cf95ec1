//! Reads the records out of Xero's envelope. One odd record does not spoil the others.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Resource;
use crate::side::Trouble;

/// The records of one answer: each is a record, or the id and the reason of one whose shape we do not know.
#[expect(clippy::type_complexity, reason = "the pair is named right here and nowhere else")]
pub fn read_records<R: DeserializeOwned>(of: &Resource, body: &[u8]) -> Result<Vec<Result<R, (String, String)>>, Trouble> {
    // The whole page typed in one pass; only when that fails is each record tried alone.
    if let Ok(Some(records)) = array_under::<R>(of.many, body) {
        return Ok(records.into_iter().map(Ok).collect());
    }
    let parts = array_under::<Box<RawValue>>(of.many, body)
        .map_err(|error| Trouble::Unreachable(format!("the answer is not the JSON we asked for: {}", place(&error))))?
        .ok_or_else(|| Trouble::Unreachable(format!("the answer has no {}", of.many)))?;
    Ok(parts
        .into_iter()
        .map(|part| serde_json::from_str::<R>(part.get()).map_err(|error| (id_in(of.id, part.get()), reason(&error))))
        .collect())
}

/// `pagination` of an answer: how many there are, and the page size Xero really used.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pagination {
    pub page_size: Option<u32>,
    pub item_count: Option<u64>,
}

/// Reads `pagination`; an error means that the body is not whole.
pub fn pagination(body: &[u8]) -> Result<Pagination, Trouble> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        pagination: Option<Pagination>,
    }
    serde_json::from_slice::<Head>(body)
        .map(|head| head.pagination.unwrap_or_default())
        .map_err(|error| Trouble::Unreachable(format!("the answer is not whole: {}", place(&error))))
}

fn array_under<T: DeserializeOwned>(key: &str, body: &[u8]) -> Result<Option<Vec<T>>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let found = Envelope::<T> { key, of: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

struct Envelope<'k, T> {
    key: &'k str,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Envelope<'_, T> {
    type Value = Option<Vec<T>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Envelope<'_, T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.key {
                found = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// The id of a record that could not be read; "" when even that is missing.
fn id_in(key: &str, record: &str) -> String {
    serde_json::from_str::<serde_json::Value>(record)
        .ok()
        .and_then(|record| record.get(key)?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The reader's complaint without quoted contents: it goes where the record itself may not.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let mut kept = String::with_capacity(said.len());
    for (n, part) in said.split('"').enumerate() {
        kept.push_str(if n % 2 == 0 { part } else { "…" });
    }
    kept
}

fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}
