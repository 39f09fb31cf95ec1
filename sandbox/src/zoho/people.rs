//! The persons of a contact and its further addresses, each under an address of its own. Both are kept inside the contact.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::Contacts;
use super::records::{self, Desk, Record};
use super::{contacts, shape};

/// `/contacts/contactpersons…`, `/contacts/{id}/contactpersons…` and `/contacts/{id}/address…`; None for any other address.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Option<Result<Answer, Refusal>> {
    Some(match (call.method.as_str(), rest) {
        ("POST", ["contactpersons"]) => add_person(call, desk),
        ("GET", ["contactpersons", person]) => with_person(desk, person).map(|(record, at)| shown(&record, at)),
        ("PUT", ["contactpersons", person]) => change_person(call, desk, person),
        ("DELETE", ["contactpersons", person]) => remove_person(desk, person),
        ("POST", ["contactpersons", person, "primary"]) => make_primary(desk, person),
        ("GET", [id, "contactpersons"]) => list(desk, id),
        ("GET", [id, "contactpersons", person]) => one(desk, id, person),
        ("GET", [id, "address"]) => contact(desk, id).map(|record| addresses_shown(&record)),
        ("POST", [id, "address"]) => add_address(call, desk, id),
        ("PUT", [id, "address", address]) => change_address(call, desk, id, address),
        ("DELETE", [id, "address", address]) => remove_address(desk, id, address),
        ("POST", [id, "address", address, "markasbilling"]) => mark_address(desk, id, address, "billing_address"),
        ("POST", [id, "address", address, "markasshipping"]) => mark_address(desk, id, address, "shipping_address"),
        _ => return None,
    })
}

fn contact(desk: &Desk, id: &str) -> Result<Record, Refusal> {
    records::need(desk, Contacts, id.parse().map_err(|_| Refusal::new(5, "Invalid URL Passed").at(404))?)
}

fn persons(record: &Record) -> Vec<Value> {
    record.detail.get("contact_persons").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn place(persons: &[Value], person: &str) -> Option<usize> {
    persons.iter().position(|one| one["contact_person_id"] == person)
}

/// The contact that has this person. Rare enough to look at every contact that was ever written with it.
fn with_person(desk: &Desk, person: &str) -> Result<(Record, usize), Refusal> {
    let absent = || Refusal::absent("Contact person");
    person.parse::<i64>().map_err(|_| absent())?;
    let id: Option<i64> = desk
        .connection
        .prepare_cached("SELECT id FROM zoho_record WHERE org = ?1 AND module = ?2 AND instr(detail, ?3) > 0 LIMIT 1")?
        .query_row((desk.org.id, Contacts as i64, format!("\"contact_person_id\":\"{person}\"")), |row| row.get(0))
        .optional()?;
    let record = records::need(desk, Contacts, id.ok_or_else(absent)?)?;
    let at = place(&persons(&record), person).ok_or_else(absent)?;
    Ok((record, at))
}

fn shown(record: &Record, at: usize) -> Answer {
    Answer::found("contact_person", &person_of(record, at).to_string())
}

fn person_of(record: &Record, at: usize) -> Value {
    let mut person = persons(record).get(at).cloned().unwrap_or_default();
    person["contact_id"] = record.id.to_string().into();
    person["contact_name"] = record.name.as_str().into();
    person
}

fn list(desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let persons = persons(&contact(desk, id)?);
    let context = json!({"page": 1, "per_page": 200, "has_more_page": false});
    let body = json!({"code": 0, "message": "success", "contact_persons": persons, "page_context": context});
    Ok(Answer { status: 200, body: body.to_string() })
}

fn one(desk: &Desk, id: &str, person: &str) -> Result<Answer, Refusal> {
    let record = contact(desk, id)?;
    let at = place(&persons(&record), person).ok_or_else(|| Refusal::absent("Contact person"))?;
    Ok(shown(&record, at))
}

/// Writes the contact with other persons; contacts know what a person may be.
fn rewrite(desk: &Desk, record: Record, persons: Vec<Value>) -> Result<Record, Refusal> {
    contacts::write(desk, Some(record), &Map::from_iter([("contact_persons".to_owned(), persons.into())]))
}

fn add_person(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let body = call.json()?;
    shape::text(&body, "first_name").ok_or_else(|| Refusal::missing("first_name"))?;
    let id = shape::id(&body, "contact_id")?.ok_or_else(|| Refusal::missing("contact_id"))?;
    let record = records::read(desk, Contacts, id)?.ok_or_else(|| Refusal::unknown("Contact"))?;
    let mut all = persons(&record);
    let mut person = body;
    person.remove("contact_person_id");
    all.push(person.into());
    let at = all.len() - 1;
    let record = rewrite(desk, record, all)?;
    Ok(Answer::with(201, "The contact person has been Created.", "contact_person", &person_of(&record, at).to_string()))
}

fn change_person(call: &Call, desk: &Desk, person: &str) -> Result<Answer, Refusal> {
    let body = call.json()?;
    let (record, at) = match shape::id(&body, "contact_id")? {
        Some(id) => {
            let record = records::need(desk, Contacts, id)?;
            let at = place(&persons(&record), person).ok_or_else(|| Refusal::absent("Contact person"))?;
            (record, at)
        }
        None => return Err(Refusal::missing("contact_id")),
    };
    let mut all = persons(&record);
    if let Some(Value::Object(one)) = all.get_mut(at) {
        one.extend(body.into_iter().filter(|(key, _)| key != "contact_person_id"));
    }
    let record = rewrite(desk, record, all)?;
    Ok(Answer::with(200, "The contact person details has been updated.", "contact_person", &person_of(&record, at).to_string()))
}

fn remove_person(desk: &Desk, person: &str) -> Result<Answer, Refusal> {
    let (record, at) = with_person(desk, person)?;
    let mut all = persons(&record);
    all.remove(at);
    rewrite(desk, record, all)?;
    Ok(Answer::done("The contact person has been deleted."))
}

fn make_primary(desk: &Desk, person: &str) -> Result<Answer, Refusal> {
    let (record, at) = with_person(desk, person)?;
    let mut all = persons(&record);
    for (index, one) in all.iter_mut().enumerate() {
        one["is_primary_contact"] = (index == at).into();
    }
    rewrite(desk, record, all)?;
    Ok(Answer::done("This contact person has been marked as your primary contact person."))
}

fn addresses(record: &Record) -> Vec<Value> {
    record.detail.get("addresses").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn addresses_shown(record: &Record) -> Answer {
    Answer::found("addresses", &Value::from(addresses(record)).to_string())
}

/// The members of an address that Books takes, checked as those of a billing address are.
fn checked(desk: &Desk, body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let mut holder = Map::new();
    let wrapped = Map::from_iter([("billing_address".to_owned(), Value::Object(body.clone()))]);
    shape::take(desk, &wrapped, &[("billing_address", shape::Kind::Address)], &mut holder)?;
    match holder.remove("billing_address") {
        Some(Value::Object(address)) => Ok(address),
        _ => Ok(Map::new()),
    }
}

fn keep(desk: &Desk, mut record: Record, all: Vec<Value>) -> Result<(), Refusal> {
    record.set("addresses", all);
    records::save(desk, Contacts, &mut record, false)
}

fn add_address(call: &Call, desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let record = contact(desk, id)?;
    let mut address = checked(desk, &call.json()?)?;
    address.insert("address_id".to_owned(), records::new_ids(desk, 1)?.to_string().into());
    let mut all = addresses(&record);
    all.push(address.clone().into());
    keep(desk, record, all)?;
    Ok(Answer::with(200, "The address has been added.", "address_info", &Value::Object(address).to_string()))
}

fn find(record: &Record, address: &str) -> Result<usize, Refusal> {
    addresses(record).iter().position(|one| one["address_id"] == address).ok_or_else(|| Refusal::absent("Address"))
}

fn change_address(call: &Call, desk: &Desk, id: &str, address: &str) -> Result<Answer, Refusal> {
    let record = contact(desk, id)?;
    let at = find(&record, address)?;
    let mut all = addresses(&record);
    let sent = checked(desk, &call.json()?)?;
    if let Some(Value::Object(one)) = all.get_mut(at) {
        one.extend(sent);
    }
    let shown = all[at].to_string();
    keep(desk, record, all)?;
    Ok(Answer::with(200, "The address has been updated.", "address_info", &shown))
}

fn remove_address(desk: &Desk, id: &str, address: &str) -> Result<Answer, Refusal> {
    let record = contact(desk, id)?;
    let at = find(&record, address)?;
    let mut all = addresses(&record);
    all.remove(at);
    keep(desk, record, all)?;
    Ok(Answer::done("The address has been deleted."))
}

fn mark_address(desk: &Desk, id: &str, address: &str, role: &str) -> Result<Answer, Refusal> {
    let mut record = contact(desk, id)?;
    let at = find(&record, address)?;
    let mut chosen = addresses(&record)[at].clone();
    if let Some(chosen) = chosen.as_object_mut() {
        chosen.remove("address_id");
    }
    record.set(role, chosen);
    records::save(desk, Contacts, &mut record, false)?;
    Ok(Answer::done(&format!("The address has been marked as the {}.", role.replace('_', " "))))
}
