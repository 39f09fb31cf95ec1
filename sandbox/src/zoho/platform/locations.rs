//! Locations: every organisation has its head office; more of them cannot be opened here.

use serde_json::json;

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;

const LOCATION: Kind = Kind { key: "location", list_key: "locations", id_key: "location_id", noun: "Location" };
const HEAD_OFFICE: &str = "Head Office";

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    if call.method.as_str() != "GET" || !rest.is_empty() {
        return Err(nowhere());
    }
    if cards::named(desk, &LOCATION, HEAD_OFFICE)?.is_none() {
        let mut office = Card { name: HEAD_OFFICE.to_owned(), ..Card::new(desk)? };
        for (key, value) in [
            ("location_name", json!(HEAD_OFFICE)),
            ("type", json!("general")),
            ("is_primary_location", json!(true)),
            ("is_location_active", json!(true)),
            ("status", json!("active")),
        ] {
            office.set(key, value);
        }
        cards::save(desk, &LOCATION, &mut office)?;
    }
    cards::page(desk, &LOCATION, Paging::asked(&call.query)?, None)
}
