//! Lists of words that bodies may hold, for the document: from where the handlers have them.

use connectors::flows;
use jobs::events;
use serde_json::Value;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Array, ArrayBuilder, Object, ObjectBuilder, Type};

use crate::graphql::CODES_MAX;
use crate::onboarding::{REGIONS, products_known};

fn one_of(words: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()))
}

fn some_of(words: &[&str]) -> ArrayBuilder {
    ArrayBuilder::new().items(one_of(words))
}

pub fn region() -> Object {
    one_of(REGIONS).examples([Value::from("nz")]).build()
}

pub fn products() -> Array {
    some_of(&products_known()).min_items(Some(1)).examples([Value::from(vec!["books"])]).build()
}

pub fn events() -> Array {
    some_of(&events::NAMES).min_items(Some(1)).examples([Value::from(vec!["run.finished", "connection.lost"])]).build()
}

pub fn events_or_null() -> Array {
    or_null(events())
}

fn or_null(array: Array) -> Array {
    ArrayBuilder::from(array).schema_type(SchemaType::from_iter([Type::Array, Type::Null])).build()
}

pub fn flows() -> Array {
    let keys: Vec<&str> = flows::ALL.iter().map(|flow| flow.key()).collect();
    some_of(&keys).build()
}

pub fn codes_or_null() -> Array {
    let code = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Z_]{1,64}$"));
    or_null(ArrayBuilder::new().items(code).max_items(Some(CODES_MAX)).examples([Value::from(vec!["NOT_IN_ZOHO"])]).build())
}
