//! `/customers`: the contacts of type customer, with an e-mail address that is required and addresses that have a street.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::{Counter, each, events, nowhere, rename};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk, Record};
use crate::zoho::shape;

/// Members that Books calls the same.
const SAME: [&str; 14] = [
    "company_name",
    "website",
    "notes",
    "currency_id",
    "payment_terms",
    "payment_terms_label",
    "custom_fields",
    "language_code",
    "credit_limit",
    "is_taxable",
    "tax_id",
    "customer_sub_type",
    "tags",
    "vat_reg_no",
];
/// Members of the person who is the customer's primary contact.
const PERSONAL: [&str; 8] = ["salutation", "first_name", "last_name", "email", "phone", "mobile", "designation", "department"];

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let method = counter.call.method;
    match (method.as_str(), rest) {
        ("GET", []) => list(counter),
        ("GET", ["reference", _]) => {
            let kind = counter.call.query.get("reference_id_type").ok_or_else(|| Refusal::missing("reference_id_type"))?;
            match kind {
                // The reference is the id of the CRM, which no customer of the sandbox has.
                "zcrm_account_id" | "zcrm_contact_id" => Err(Refusal::absent("Customer")),
                _ => Err(Refusal::invalid("reference_id_type")),
            }
        }
        ("GET", [id]) => {
            need(&counter.desk(), id)?;
            answered(counter, Method::GET, &[id], None)
        }
        ("POST", []) => write(counter, None, &counter.call.json()?),
        ("PUT", [id]) => {
            let was = need(&counter.desk(), id)?;
            write(counter, Some(was), &counter.call.json()?)
        }
        ("DELETE", [id]) => {
            need(&counter.desk(), id)?;
            let done = answered(counter, Method::DELETE, &[id], None)?;
            events::note(&counter.desk(), "customer_deleted", json!({"customer_id": id}))?;
            Ok(done)
        }
        ("POST", [id, word @ ("markasactive" | "markasinactive")]) => {
            need(&counter.desk(), id)?;
            answered(counter, Method::POST, &[id, &word["markas".len()..]], None)
        }
        ("GET", [id, "contactpersons"]) => {
            let people = need(&counter.desk(), id)?.detail.remove("contact_persons").unwrap_or_else(|| json!([]));
            let mut body = json!({"code": 0, "message": "success", "contact_persons": people});
            each(&mut body, "contact_persons", |person| rename(person, "contact_person_id", "contactperson_id"));
            Ok(Answer { status: 200, body: body.to_string() })
        }
        _ => Err(nowhere()),
    }
}

/// The contact behind a customer. A vendor is none.
pub fn need(desk: &Desk, id: &str) -> Result<Record, Refusal> {
    let id = id.parse().map_err(|_| Refusal::absent("Customer"))?;
    let found = records::read(desk, Module::Contacts, id)?.filter(|contact| contact.kind == "customer");
    found.ok_or_else(|| Refusal::absent("Customer"))
}

/// Creates a customer from the words of Billing; its id.
pub fn create(counter: &Counter, body: &Map<String, Value>) -> Result<String, Refusal> {
    let answer = write(counter, None, body)?;
    let made: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    Ok(made["customer"]["customer_id"].as_str().unwrap_or_default().to_owned())
}

fn write(counter: &Counter, was: Option<Record>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let contact = contact(&counter.desk(), was.as_ref(), body)?;
    let answer = match &was {
        Some(was) => answered(counter, Method::PUT, &[&was.id.to_string()], Some(contact))?,
        None => answered(counter, Method::POST, &[], Some(contact))?,
    };
    let made: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let event = if was.is_some() { "customer_edited" } else { "customer_created" };
    events::note(&counter.desk(), event, json!({"customer": made["customer"]}))?;
    Ok(answer)
}

/// The customer as a contact.
fn contact(desk: &Desk, was: Option<&Record>, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let name = shape::text(body, "display_name").ok_or_else(|| Refusal::missing("display_name"))?;
    shape::text(body, "email").ok_or_else(|| Refusal::missing("email"))?;
    let mut contact = json!({"contact_name": name, "contact_type": "customer"});
    for key in SAME {
        if let Some(value) = body.get(key) {
            contact[key] = value.clone();
        }
    }
    if let Some(code) = shape::text(body, "currency_code") {
        let found = records::named(desk, Module::Currencies, code, 0)?.pop();
        contact["currency_id"] = found.ok_or_else(|| Refusal::invalid("currency_code"))?.0.to_string().into();
    }
    for key in ["billing_address", "shipping_address"] {
        if let Some(address) = body.get(key) {
            let mut address = address.clone();
            // Members that Billing does not have are ignored, and this is the one that Books would take.
            if let Some(members) = address.as_object_mut() {
                members.remove("address");
            }
            rename(&mut address, "street", "address");
            contact[key] = address;
        }
    }
    let mut people = match was.and_then(|was| was.detail.get("contact_persons")) {
        Some(Value::Array(people)) => people.clone(),
        _ => Vec::new(),
    };
    let primary = people.iter().position(|one| one["is_primary_contact"] == true);
    let at = primary.unwrap_or_else(|| {
        people.insert(0, json!({"is_primary_contact": true}));
        0
    });
    for key in PERSONAL {
        if let Some(value) = body.get(key) {
            people[at][key] = value.clone();
        }
    }
    contact["contact_persons"] = people.into();
    Ok(contact)
}

fn list(counter: &Counter) -> Result<Answer, Refusal> {
    let query = counter.query().with("contact_type", "customer");
    let (status, mut said) = counter.ask(&Method::GET, vec!["contacts"], query, None)?;
    each(&mut said, "contacts", customer);
    rename(&mut said, "contacts", "customers");
    Ok(Answer { status, body: said.to_string() })
}

/// Asks Books about the contact and answers the customer.
fn answered(counter: &Counter, method: Method, rest: &[&str], body: Option<Value>) -> Result<Answer, Refusal> {
    let mut segments = vec!["contacts"];
    segments.extend(rest);
    let (status, mut said) = counter.ask(&method, segments, counter.query(), body)?;
    each(&mut said, "contact", customer);
    rename(&mut said, "contact", "customer");
    let message = said["message"].as_str().map(|message| message.replace("contact", "customer"));
    said["message"] = message.into();
    Ok(Answer { status, body: said.to_string() })
}

/// A contact as a customer.
fn customer(contact: &mut Value) {
    for (from, to) in [
        ("contact_id", "customer_id"),
        ("contact_name", "display_name"),
        ("last_modified_time", "updated_time"),
        ("unused_credits_receivable_amount", "unused_credits"),
        ("outstanding_receivable_amount", "outstanding"),
        ("contact_persons", "contactpersons"),
    ] {
        rename(contact, from, to);
    }
    each(contact, "billing_address", |address| rename(address, "address", "street"));
    each(contact, "shipping_address", |address| rename(address, "address", "street"));
    each(contact, "contactpersons", |person| rename(person, "contact_person_id", "contactperson_id"));
    if let Some(members) = contact.as_object_mut() {
        for key in ["contact_type", "customer_name", "outstanding_payable_amount", "unused_credits_payable_amount"] {
            members.remove(key);
        }
    }
}
