//! Contacts: names are unique among the active ones, numbers among all.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{defaults, field_is, too_long};
use crate::xero::desk::{Desk, Flaw, Known, No};
use crate::xero::json::{Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

/// What an app may say of a contact. Website, Discount, Balances and the roles are for reading.
pub const WRITABLE: [&str; 27] = [
    "ContactID",
    "ContactNumber",
    "AccountNumber",
    "ContactStatus",
    "Name",
    "FirstName",
    "LastName",
    "CompanyNumber",
    "EmailAddress",
    "ContactPersons",
    "BankAccountDetails",
    "TaxNumber",
    "TaxNumberType",
    "AccountsReceivableTaxType",
    "AccountsPayableTaxType",
    "Addresses",
    "Phones",
    "SalesDefaultLineAmountType",
    "PurchasesDefaultLineAmountType",
    "DefaultCurrency",
    "XeroNetworkKey",
    "SalesDefaultAccountCode",
    "PurchasesDefaultAccountCode",
    "SalesTrackingCategories",
    "PurchasesTrackingCategories",
    "PaymentTerms",
    "BatchPayments",
];

const LONGEST: [(&str, usize); 8] = [
    ("Name", 255),
    ("FirstName", 255),
    ("LastName", 255),
    ("EmailAddress", 255),
    ("ContactNumber", 50),
    ("AccountNumber", 50),
    ("CompanyNumber", 50),
    ("TaxNumber", 50),
];
const ADDRESS_LONGEST: [(&str, usize); 9] = [
    ("AddressLine1", 500),
    ("AddressLine2", 500),
    ("AddressLine3", 500),
    ("AddressLine4", 500),
    ("City", 255),
    ("Region", 255),
    ("PostalCode", 50),
    ("Country", 50),
    ("AttentionTo", 255),
];
const PHONE_LONGEST: [(&str, usize); 3] = [("PhoneNumber", 50), ("PhoneAreaCode", 10), ("PhoneCountryCode", 20)];
const PERSONS_MAX: usize = 5;
const TERMS: [&str; 4] = ["DAYSAFTERBILLDATE", "DAYSAFTERBILLMONTH", "OFCURRENTMONTH", "OFFOLLOWINGMONTH"];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if desk.by_app() {
        if desk.on("xero.contact_names_are_tidied")
            && let Some(name) = text_of(record, "Name")
        {
            let tidy = name.split_whitespace().collect::<Vec<_>>().join(" ");
            record.insert("Name".into(), tidy.into());
        }
        desk.refuse(flaws(desk, record))?;
        complete(record);
    }
    let name = text_of(record, "Name").ok_or("The Contact Name must be specified.")?.to_owned();
    defaults(
        record,
        [
            ("ContactStatus", json!("ACTIVE")),
            ("EmailAddress", json!("")),
            ("BankAccountDetails", json!("")),
            ("Addresses", json!([])),
            ("Phones", json!([])),
            ("ContactGroups", json!([])),
            ("ContactPersons", json!([])),
            ("IsSupplier", json!(false)),
            ("IsCustomer", json!(false)),
            ("HasAttachments", json!(false)),
            ("HasValidationErrors", json!(false)),
        ],
    );
    if text_of(record, "ContactStatus") == Some("ACTIVE") {
        let same = records::by_name(desk.connection, desk.org.n, Kind::Contacts, &name)?;
        if same.iter().any(|(body, other)| *other != known.id && is_active(body)) {
            return Err(format!(
                "The contact name {name} is already assigned to another contact. The contact name must be unique across all active contacts."
            )
            .into());
        }
    }
    if let Some(number) = text_of(record, "ContactNumber") {
        let same = records::by_other(desk.connection, desk.org.n, Kind::Contacts, number)?;
        if same.iter().any(|(_, other)| *other != known.id) {
            return Err(format!(
                "The contact number {number} is already assigned to another contact. The contact number must be unique across all contacts"
            )
            .into());
        }
    }
    Ok(())
}

/// What is wrong with a contact in itself.
fn flaws(desk: &Desk, record: &Record) -> Vec<Flaw> {
    let mut flaws = too_long(record, &LONGEST, None);
    let name = text_of(record, "Name").unwrap_or_default();
    if name.contains(['<', '>']) {
        flaws.push("The contact name cannot contain the characters < or >".into());
    }
    if name.trim() != name || name.contains("  ") {
        flaws.push("The contact name cannot begin or end with a space or contain two spaces in a row".into());
    }
    if let Some(address) = text_of(record, "EmailAddress")
        && desk.on("xero.email_addresses_are_checked")
        && !is_address(address)
    {
        flaws.push(format!("The email address '{address}' is not valid").into());
    }
    match text_of(record, "ContactStatus") {
        None | Some("ACTIVE" | "ARCHIVED" | "GDPRREQUEST") => {}
        Some(other) => flaws.push(format!("The ContactStatus '{other}' is not valid").into()),
    }
    for name in ["AccountsReceivableTaxType", "AccountsPayableTaxType"] {
        if let Some(tax_type) = text_of(record, name).filter(|tax_type| !desk.ledger.rates.contains_key(*tax_type)) {
            flaws.push(format!("The TaxType code '{tax_type}' does not exist").into());
        }
    }
    for name in ["SalesDefaultAccountCode", "PurchasesDefaultAccountCode"] {
        if let Some(code) = text_of(record, name).filter(|code| !desk.ledger.accounts.contains_key(*code)) {
            flaws.push(format!("Account code '{code}' is not a valid code").into());
        }
    }
    if let Some(currency) = text_of(record, "DefaultCurrency").filter(|code| !desk.ledger.currencies.contains(*code)) {
        flaws.push(format!("Organisation is not subscribed to currency {currency}").into());
    }
    inside(record, "Addresses", &mut flaws, |address, at| {
        let mut flaws = too_long(address, &ADDRESS_LONGEST, at);
        if !matches!(text_of(address, "AddressType"), Some("POBOX" | "STREET")) {
            flaws.push(Flaw { inside: at, says: "The AddressType must be POBOX or STREET".into() });
        }
        let letters = |text: &str| text.chars().all(|one| one.is_ascii_alphabetic() || one == ' ');
        if desk.on("xero.countries_have_letters_only") && text_of(address, "Country").is_some_and(|text| !letters(text)) {
            flaws.push(Flaw { inside: at, says: "The Country field can only contain the characters A-Z and a-z".into() });
        }
        flaws
    });
    inside(record, "Phones", &mut flaws, |phone, at| {
        let mut flaws = too_long(phone, &PHONE_LONGEST, at);
        if !matches!(text_of(phone, "PhoneType"), Some("DEFAULT" | "DDI" | "MOBILE" | "FAX" | "OFFICE")) {
            flaws.push(Flaw { inside: at, says: "The PhoneType must be DEFAULT, DDI, MOBILE, FAX or OFFICE".into() });
        }
        flaws
    });
    if record.get("ContactPersons").and_then(Value::as_array).is_some_and(|persons| persons.len() > PERSONS_MAX) {
        flaws.push(format!("A contact can have at most {PERSONS_MAX} contact persons").into());
    }
    for terms in ["Bills", "Sales"].iter().filter_map(|side| record.get("PaymentTerms")?.get(side)?.as_object()) {
        let day = decimal_of(terms, "Day").is_some_and(|day| day >= 0.into() && day <= 31.into());
        if !day || !text_of(terms, "Type").is_some_and(|kind| TERMS.contains(&kind)) {
            flaws.push("Payment terms need a Day of 0 to 31 and a Type".into());
        }
    }
    flaws
}

/// Collects what is wrong with the elements of a list.
fn inside(
    record: &Record,
    list: &'static str,
    flaws: &mut Vec<Flaw>,
    check: impl Fn(&Record, Option<(&'static str, usize)>) -> Vec<Flaw>,
) {
    let elements = record.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    for (index, element) in elements.filter_map(|(index, element)| Some((index, element.as_object()?))) {
        flaws.extend(check(element, Some((list, index))));
    }
}

/// Xero shows every kind of address and phone, with empty words where there is none.
fn complete(record: &mut Record) {
    let mut fill = |list: &str, key: &str, kinds: &[&str], empty: &[&str]| {
        let sent = match record.remove(list) {
            Some(Value::Array(sent)) => sent,
            _ => Vec::new(),
        };
        let of = |kind: &str| sent.iter().rev().find(|element| element.get(key).and_then(Value::as_str) == Some(kind));
        let mut filled = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let mut element = of(kind).and_then(Value::as_object).cloned().unwrap_or_default();
            element.insert(key.into(), (*kind).into());
            for name in empty {
                element.entry(*name).or_insert_with(|| "".into());
            }
            filled.push(Value::Object(element));
        }
        filled.extend(of("OFFICE").cloned());
        record.insert(list.into(), Value::Array(filled));
    };
    fill("Addresses", "AddressType", &["STREET", "POBOX"], &["City", "Region", "PostalCode", "Country"]);
    let parts = ["PhoneNumber", "PhoneAreaCode", "PhoneCountryCode"];
    fill("Phones", "PhoneType", &["DEFAULT", "DDI", "FAX", "MOBILE"], &parts);
    for list in ["SalesTrackingCategories", "PurchasesTrackingCategories"] {
        record.entry(list).or_insert_with(|| json!([]));
    }
    if let Some(Value::Array(persons)) = record.get_mut("ContactPersons") {
        for person in persons.iter_mut().filter_map(Value::as_object_mut) {
            person.entry("IncludeInEmails").or_insert(json!(false));
        }
    }
}

/// `name@domain.tld`, in ASCII: Xero takes no umlauts.
fn is_address(text: &str) -> bool {
    let whole = text.is_ascii() && !text.contains(|one: char| one.is_whitespace() || one.is_control());
    whole && text.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'))
}

/// The contact of the same number, or the active one of the same name.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    if let Some(number) = text_of(sent, "ContactNumber") {
        let same = records::by_other(desk.connection, desk.org.n, Kind::Contacts, number)?;
        if let Some((_, id)) = same.into_iter().next() {
            return Ok(Some(id));
        }
    }
    let Some(name) = text_of(sent, "Name") else { return Ok(None) };
    let same = records::by_name(desk.connection, desk.org.n, Kind::Contacts, name)?;
    Ok(same.into_iter().find(|(body, _)| is_active(body)).map(|(_, id)| id))
}

fn is_active(body: &str) -> bool {
    field_is(body, "ContactStatus", "ACTIVE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_domain_and_no_umlauts() {
        assert!(is_address("ada@example.com"));
        for bad in ["ada", "ada@example", "@example.com", "a b@example.com", "ä@example.com", "a@b@example.com"] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn every_kind_of_phone_is_shown() {
        let mut record = Record::new();
        record.insert("Phones".into(), json!([{"PhoneType": "MOBILE", "PhoneNumber": "555"}]));
        complete(&mut record);
        let kinds: Vec<_> = record["Phones"].as_array().unwrap().iter().map(|phone| phone["PhoneType"].clone()).collect();
        assert_eq!(kinds, ["DEFAULT", "DDI", "FAX", "MOBILE"]);
        assert_eq!(record["Phones"][3]["PhoneNumber"], "555");
        assert_eq!(record["Addresses"].as_array().unwrap().len(), 2);
    }
}
