//! What an update from Xero leaves to Zoho: the fields that did not change in Xero, and what only Zoho has room for.

use serde_json::{Value, json};

use super::contact_body::{ADDRESSES, NUMBERS, people};
use super::words::{leave_out, leave_out_unchanged, list, text};
use crate::flows::books::texts::same;

const NOTES_CHARS_MAX: usize = 5000;

/// `there`: Zoho's contact as it is. `changed`: the fields that changed in Xero.
pub fn spare(there: &Value, changed: &[&'static str], body: &mut Value) {
    let has = |fields: &[&str]| fields.iter().any(|field| changed.contains(field));
    let company = text(there, "company_name");
    // A company behind another name is for people to say: Xero has one name only.
    let is_own = !company.is_empty() && !text(there, "contact_name").starts_with(company);
    if !has(&["name"]) || is_own {
        leave_out(body, "company_name");
    }
    if has(&["person", "persons", "phones"]) {
        merge_persons(there, &has, body);
    } else {
        leave_out(body, "contact_persons");
    }
    spare_addresses(there, &has, body);
    let notes = has(&["name", "numbers", "groups"]).then(|| notes(text(there, "notes"), text(body, "notes")));
    match notes.filter(|notes| there["notes"] != notes.as_str()) {
        Some(notes) => body["notes"] = notes.into(),
        None => leave_out(body, "notes"),
    }
    leave_out_unchanged(
        body,
        changed,
        &[
            (&["name"], &["contact_name"]),
            (&["website"], &["website"]),
            (&["currency"], &["currency_id"]),
            (&["terms"], &["payment_terms", "payment_terms_label"]),
        ],
    );
}

/// Zoho writes the persons as one list, in which one without an id is a new one. Each of Xero's that is there already keeps its id and
/// what else it has there.
fn merge_persons(there: &Value, has: &impl Fn(&[&str]) -> bool, body: &mut Value) {
    let (now, told) = (people(there), std::mem::take(&mut body["contact_persons"]));
    let told: Vec<Value> = told.as_array().cloned().unwrap_or_default();
    // Without a main person in Xero the first of the others is Zoho's primary one.
    let has_main = told.first().is_some_and(|first| first["is_primary_contact"] == true);
    let (told_main, told_others) = match told.split_first() {
        Some((main, others)) => (main.clone(), others.to_vec()),
        None => (Value::Null, Vec::new()),
    };
    let is_new_main = has(&["person"]) || !has_main && !told_main.is_null() && has(&["persons"]);
    // Where nobody is in the list, the record itself stands for the main person.
    let mut main = if now.main["contact_type"].is_null() { now.main.clone() } else { json!({}) };
    for (is_told, keys) in
        [(is_new_main, ["first_name", "last_name", "email"].as_slice()), (has(&["phones"]), &["phone", "mobile"])]
    {
        if is_told {
            keys.iter().for_each(|key| main[*key] = text(&told_main, key).into());
        }
    }
    let is_somebody = ["first_name", "last_name", "email", "phone", "mobile"].iter().any(|key| !text(&main, key).is_empty());
    let mut persons = Vec::new();
    if is_somebody {
        main["is_primary_contact"] = true.into();
        persons.push(main);
    }
    let mut left: Vec<&Value> = now.others;
    if has(&["persons"]) {
        for person in told_others {
            let alike = |other: &&Value| match text(&person, "email") {
                "" => named(other) == named(&person),
                email => same(text(other, "email"), email),
            };
            let before = left.iter().position(alike).map(|at| left.remove(at));
            let mut merged = before.cloned().unwrap_or_else(|| json!({}));
            for key in ["first_name", "last_name", "email"] {
                merged[key] = text(&person, key).into();
            }
            merged["is_primary_contact"] = false.into();
            persons.push(merged);
        }
        // Beyond those that Xero has room for, they are Zoho's own.
        let beyond = list(there, "contact_persons").skip(super::contact_body::PERSONS_MAX + 1);
        persons.extend(beyond.filter(|person| left.contains(person)).cloned());
    } else {
        persons.extend(left.into_iter().cloned());
    }
    body["contact_persons"] = persons.into();
}

fn named(person: &Value) -> String {
    format!("{} {}", text(person, "first_name"), text(person, "last_name")).to_lowercase()
}

/// An address that Xero has no more is emptied; one that did not change stays, but for the fax that stands in it.
fn spare_addresses(there: &Value, has: &impl Fn(&[&str]) -> bool, body: &mut Value) {
    for (key, _) in ADDRESSES {
        let now = there[key].as_object().cloned().unwrap_or_default();
        let told = body[key].as_object().cloned().unwrap_or_default();
        let mut merged = now.clone();
        if has(&["addresses"]) {
            for part in ["attention", "address", "street2", "city", "state", "zip", "country"] {
                merged.insert(part.into(), told.get(part).cloned().unwrap_or_else(|| "".into()));
            }
        }
        if has(&["phones"])
            && let Some(fax) = told.get("fax")
        {
            merged.insert("fax".into(), fax.clone());
        }
        if merged == now {
            leave_out(body, key);
        } else {
            body[key] = merged.into();
        }
    }
}

/// Our own lines as Xero has them now, above what people wrote.
fn notes(there: &str, told: &str) -> String {
    let words = NUMBERS.iter().map(|number| number.word).chain(["Groups", "Full name"]);
    let is_ours =
        |line: &&str| words.clone().any(|word| line.trim().strip_prefix(word).is_some_and(|rest| rest.starts_with(':')));
    let own: Vec<&str> = there.lines().filter(|line| !is_ours(line)).collect();
    let both = [told, own.join("\n").trim()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("\n");
    crate::flows::books::texts::clip(&both, NOTES_CHARS_MAX).to_owned()
}
