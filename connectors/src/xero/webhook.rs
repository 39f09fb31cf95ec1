//! Xero's webhooks: whether Xero has signed a body, and which records its events are about.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

/// Where the signature comes in.
pub const SIGNATURE: &str = "x-xero-signature";

/// The lists whose records a category is about. Others, such as SUBSCRIPTION, are nobody's business here; new ones may come any day.
const CATEGORIES: &[(&str, &str)] = &[
    ("CONTACT", "Contacts"),
    ("INVOICE", "Invoices"),
    ("CREDITNOTE", "CreditNotes"),
    ("PAYMENT", "Payments"),
    ("PREPAYMENT", "Prepayments"),
    ("OVERPAYMENT", "Overpayments"),
];

/// What one delivery says. It may be about any organisation that uses our application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub changes: Vec<Change>,
    /// Events that are about nothing we know.
    pub unknown: usize,
}

/// A record was created or changed: voiding, archiving and deleting are changes too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The organisation.
    pub tenant_id: String,
    /// The list it is in: `Resource::path`.
    pub path: &'static str,
    pub record_id: String,
}

/// Whether this signature is that of these very bytes. Takes as long for a wrong one as for the right one.
pub fn is_signed(key: &SecretString, body: &[u8], signature: &str) -> bool {
    let Ok(given) = BASE64.decode(signature) else { return false };
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// Reads a delivery. `None`: its shape is not the documented one. What it says of the kind of event is not looked at: whatever happened
/// to a record, it is read again.
pub fn read(body: &[u8]) -> Option<Told> {
    let delivery: Delivery = serde_json::from_slice(body).ok()?;
    let mut told = Told::default();
    for event in delivery.events {
        match change(&event) {
            Some(change) => told.changes.push(change),
            None => told.unknown += 1,
        }
    }
    Some(told)
}

#[derive(Deserialize)]
struct Delivery {
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    event_category: String,
    #[serde(default)]
    tenant_id: String,
    #[serde(default)]
    resource_id: String,
}

fn change(event: &Event) -> Option<Change> {
    let (_, path) = CATEGORIES.iter().find(|(category, _)| event.event_category.eq_ignore_ascii_case(category))?;
    let id = |text: &str| is_id(text).then(|| text.to_ascii_lowercase());
    Some(Change { tenant_id: id(&event.tenant_id)?, path, record_id: id(&event.resource_id)? })
}

/// `8-4-4-4-12` hexadecimal digits: anything else could be no record of Xero's.
fn is_id(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows;

    const TENANT: &str = "c2cc9b6e-9458-4c7d-93cc-f02b81b0594f";
    const RECORD: &str = "717f2bfc-c6d4-41fd-b238-3f2f0c0cf777";

    #[test]
    fn a_signature_is_of_one_body_and_one_key() {
        // The second case of RFC 4231.
        let (key, body) = ("Jefe".into(), b"what do ya want for nothing?");
        let signature = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        assert!(is_signed(&key, body, signature));
        assert!(!is_signed(&"Jeff".into(), body, signature));
        assert!(!is_signed(&key, b"what do ya want for nothing? ", signature));
        for wrong in ["", "=", "W9zB", "w9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=", "no base64 at all"] {
            assert!(!is_signed(&key, body, wrong), "{wrong}");
        }
    }

    #[test]
    fn events_are_about_records_of_lists_we_read() {
        let event = |category: &str, kind: &str, tenant: &str, record: &str| {
            format!(
                r#"{{"resourceUrl":"https://api.xero.com/api.xro/2.0/X/1","resourceId":"{record}","eventDateUtc":"2024-06-21T01:15:39.902",
                "eventType":"{kind}","eventCategory":"{category}","tenantId":"{tenant}","tenantType":"ORGANISATION","data":{{"Type":"X"}}}}"#
            )
        };
        let read = |events: &[String]| {
            let body = format!(
                r#"{{"events":[{}],"firstEventSequence":1,"lastEventSequence":1,"entropy":"S0m3r4Nd0mt3xt"}}"#,
                events.join(",")
            );
            read(body.as_bytes()).unwrap()
        };
        assert_eq!(read(&[]), Told::default());
        for (category, path) in [
            ("CONTACT", "Contacts"),
            ("Invoice", "Invoices"),
            ("CREDITNOTE", "CreditNotes"),
            ("PAYMENT", "Payments"),
            ("PREPAYMENT", "Prepayments"),
            ("OVERPAYMENT", "Overpayments"),
        ] {
            let change = Change { tenant_id: TENANT.into(), path, record_id: RECORD.into() };
            let told = read(&[event(category, "Whatever", &TENANT.to_uppercase(), &RECORD.to_uppercase())]);
            assert_eq!(told, Told { changes: vec![change], unknown: 0 }, "{category}");
            assert!(flows::ALL.iter().any(|flow| flow.xero().path == path), "{path}");
        }
        for (category, tenant, record) in [
            ("SUBSCRIPTION", TENANT, RECORD),
            ("WEATHER", TENANT, RECORD),
            ("INVOICE", "", RECORD),
            ("INVOICE", TENANT, "../../x"),
        ] {
            assert_eq!(read(&[event(category, "UPDATE", tenant, record)]), Told { changes: vec![], unknown: 1 }, "{category}");
        }
    }

    #[test]
    fn what_is_no_delivery_is_none() {
        for body in ["", "7", "{", r#"{"events":7}"#, "null"] {
            assert_eq!(read(body.as_bytes()), None, "{body}");
        }
        assert_eq!(read(b"{}"), Some(Told::default()));
    }
}
