//! The laws of the two-way fields: what is told to Zoho and read back is what Xero has, on the fields that we promise; and telling it
//! again changes nothing. Texts that are longer than Zoho takes are promised by their beginning only, so none is made here.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::contacts::{self, Role};
use super::items::Items;
use super::{accounts, money, taxes};
use crate::flow::{Flow, Known};
use crate::xero::records::{Contact, Item};
use crate::{xero, zoho};

/// A contact in Xero's words, made of what Zoho was told.
fn contact_to_xero(role: Role, body: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let none = Vec::new();
    let persons = body["contact_persons"].as_array().unwrap_or(&none);
    let (main, others) = match persons.split_first() {
        Some((first, others)) if first["is_primary_contact"] == true => (first.clone(), others),
        _ => (Value::Null, persons.as_slice()),
    };
    let person = |one: &Value| json!({ "FirstName": text(&one["first_name"]), "LastName": text(&one["last_name"]), "EmailAddress": text(&one["email"]) });
    let phone = |kind: &str, value: &Value| json!({ "PhoneType": kind, "PhoneNumber": text(value) });
    let mut addresses = Vec::new();
    let mut phones = vec![phone("DEFAULT", &main["phone"]), phone("MOBILE", &main["mobile"])];
    for (kind, key) in [("POBOX", "billing_address"), ("STREET", "shipping_address")] {
        let address = &body[key];
        if address.is_object() {
            addresses.push(json!({
                "AddressType": kind, "AttentionTo": text(&address["attention"]), "AddressLine1": text(&address["address"]), "AddressLine2": text(&address["street2"]),
                "City": text(&address["city"]), "Region": text(&address["state"]), "PostalCode": text(&address["zip"]), "Country": text(&address["country"]),
            }));
            phones.push(phone("FAX", &address["fax"]));
        }
    }
    let noted = |what: &str| {
        let notes = text(&body["notes"]);
        let found = notes.lines().find_map(|line| line.strip_prefix(&format!("{what}: ")).map(str::to_owned));
        found.unwrap_or_default()
    };
    // Zoho wants every name once: the mark of a supplier who is a customer too is ours.
    let name = text(&body["contact_name"]);
    let name = if role == Role::Vendor { name.strip_suffix(contacts::SUPPLIER).unwrap_or(&name) } else { &name };
    let mut contact = json!({
        "ContactID": "c-1", "Name": name, "Website": text(&body["website"]), "Addresses": addresses, "Phones": phones,
        "ContactPersons": others.iter().map(person).collect::<Vec<_>>(), "AccountNumber": noted("Account number"), "CompanyNumber": noted("Company number"),
        "TaxNumber": noted("Tax number"),
    });
    for (key, value) in person(&main).as_object().unwrap() {
        contact[key] = value.clone();
    }
    if let Some(days) = body["payment_terms"].as_u64() {
        let side = if role == Role::Customer { "Sales" } else { "Bills" };
        contact["PaymentTerms"] = json!({ side: { "Day": days, "Type": "DAYSAFTERBILLDATE" } });
    }
    contact
}

/// What is promised of a contact, in plain words.
pub(super) fn promised(role: Role, contact: &Contact) -> Vec<String> {
    let phone = |kind: &str| {
        let found = contact.phones.iter().find(|phone| phone.phone_type == kind && !phone.phone_number.trim().is_empty());
        found.map(|phone| phone.written()).unwrap_or_default()
    };
    let mut said = vec![contact.name.trim().to_owned(), contact.website.clone(), phone("DEFAULT"), phone("MOBILE")];
    said.extend([&contact.first_name, &contact.last_name, &contact.email_address].map(|text| text.trim().to_owned()));
    said.extend([&contact.account_number, &contact.company_number, &contact.tax_number].map(|text| text.trim().to_owned()));
    for person in &contact.contact_persons {
        let words = [&person.first_name, &person.last_name, &person.email_address].map(|text| text.trim().to_owned());
        said.extend(words.iter().any(|word| !word.is_empty()).then(|| words.join("|")));
    }
    for kind in ["POBOX", "STREET"] {
        let address = contact.addresses.iter().find(|address| address.address_type == kind && !address.is_empty());
        said.extend(address.map(|address| {
            let lines: Vec<&str> = address.lines().collect();
            let rest = [&address.attention_to, &address.city, &address.region, &address.postal_code, &address.country];
            format!("{kind}|{}|{}", lines.join(", "), rest.map(String::as_str).join("|"))
        }));
    }
    let term = super::contact_body::term(role, contact).filter(|term| term.kind == "DAYSAFTERBILLDATE");
    said.push(term.and_then(|term| term.day).map(|day| day.normalize().to_string()).unwrap_or_default());
    said
}

pub(super) fn read<R: serde::de::DeserializeOwned>(record: &Value) -> R {
    serde_json::from_str(&record.to_string()).unwrap()
}

/// A word that both sides take, or none.
fn word() -> impl Strategy<Value = String> + Clone {
    prop_oneof![Just(String::new()), "[\\p{L}\\p{N} &'\"/東🐑-]{0,30}"].prop_map(|text| text.trim().to_owned())
}

pub(super) fn a_contact() -> impl Strategy<Value = Value> {
    let person = (word(), word(), word())
        .prop_map(|(first, last, mail)| json!({ "FirstName": first, "LastName": last, "EmailAddress": mail }));
    let address = (prop::sample::select(vec!["POBOX", "STREET"]), prop::collection::vec(word(), 9)).prop_map(|(kind, words)| {
        json!({
            "AddressType": kind, "AttentionTo": words[0], "AddressLine1": words[1], "AddressLine2": words[2], "AddressLine3": words[3], "AddressLine4": words[4],
            "City": words[5], "Region": words[6], "PostalCode": words[7], "Country": words[8],
        })
    });
    let phone = (prop::sample::select(vec!["DEFAULT", "MOBILE"]), "[0-9]{0,9}", "[0-9]{0,3}", "[0-9]{0,2}").prop_map(
        |(kind, number, area, country)| {
            json!({ "PhoneType": kind, "PhoneNumber": number, "PhoneAreaCode": area, "PhoneCountryCode": country })
        },
    );
    let lists = (
        prop::collection::vec(person.clone(), 0..4),
        prop::collection::vec(address, 0..3),
        prop::collection::vec(phone, 0..3),
        prop::option::of(0u32..400),
    );
    ("[\\p{L}\\p{N} &.東]{1,60}", person, word(), word(), word(), lists).prop_filter_map(
        "a contact has a name",
        |(name, person, account, company, tax, (persons, addresses, phones, days))| {
            let mut contact = json!({
                "ContactID": "c-1", "Name": name, "AccountNumber": account, "CompanyNumber": company, "TaxNumber": tax, "ContactPersons": persons,
                "Addresses": addresses, "Phones": phones,
            });
            contact.as_object_mut()?.extend(person.as_object()?.clone());
            if let Some(days) = days {
                let term = json!({ "Day": days, "Type": "DAYSAFTERBILLDATE" });
                contact["PaymentTerms"] = json!({ "Sales": term, "Bills": term });
            }
            (!name.trim().is_empty()).then_some(contact)
        },
    )
}

/// An item in Xero's words, made of what Zoho was told.
fn item_to_xero(body: &Value) -> Value {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let kind = text("item_type");
    let side = |price: &str, account: &str| json!({ "UnitPrice": body[price], "AccountCode": text(account).trim_start_matches("account ") });
    let mut item = json!({
        "ItemID": "i-1", "Code": text("sku"), "Name": text("name"), "Description": text("description"), "IsSold": kind != "purchases",
        "IsPurchased": kind != "sales",
    });
    if kind != "purchases" {
        item["SalesDetails"] = side("rate", "account_id");
        item["SalesDetails"]["TaxType"] = text("tax_id").trim_start_matches("tax ").into();
    }
    if kind != "sales" {
        item["PurchaseDescription"] = text("purchase_description").into();
        item["PurchaseDetails"] = side("purchase_rate", "purchase_account_id");
    }
    item
}

pub(super) fn promised_of_item(item: &Item) -> Vec<String> {
    let price = |price: Option<Decimal>| money::round(price.unwrap_or_default(), 4).normalize().to_string();
    let mut said = vec![item.code.clone(), item.name.clone(), item.description.clone()];
    if item.is_sold {
        let side = item.sales_details.clone().unwrap_or_default();
        said.extend(["sold".to_owned(), price(side.unit_price), side.account_code, side.tax_type]);
    }
    if item.is_purchased {
        let side = item.purchase_details.clone().unwrap_or_default();
        said.extend(["bought".to_owned(), item.purchase_description.clone(), price(side.unit_price), side.account_code]);
    }
    said
}

pub(super) fn an_item() -> impl Strategy<Value = Value> {
    let side = |tax: Vec<&'static str>| {
        (0i64..100_000_000, 0u32..5, prop::sample::select(vec!["", "200", "300"]), prop::sample::select(tax)).prop_map(
            |(price, scale, account, tax)| {
                json!({ "UnitPrice": money::number(Decimal::new(price, scale)), "AccountCode": account, "TaxType": tax })
            },
        )
    };
    let sides = (side(vec!["", "OUTPUT2"]), side(vec!["INPUT2"]), 1u8..4);
    ("[A-Z0-9-]{1,30}", "[\\p{L}\\p{N} ]{1,50}", word(), word(), sides).prop_map(
        |(code, name, description, bought_as, (sale, purchase, kinds))| {
            let name = if name.trim().is_empty() { code.clone() } else { name.trim().to_owned() };
            json!({
                "ItemID": "i-1", "Code": code, "Name": name, "Description": description, "PurchaseDescription": bought_as, "IsSold": kinds & 1 > 0,
                "IsPurchased": kinds & 2 > 0, "SalesDetails": sale, "PurchaseDetails": purchase,
            })
        },
    )
}

pub(super) fn known() -> Known {
    let zoho = zoho::Organisation { price_precision: 4, ..Default::default() };
    let mut known = Known::new(xero::Organisation::default(), zoho);
    for code in ["200", "300"] {
        known.learn(accounts::KEY, code, format!("account {code}"));
    }
    known.learn(taxes::KEY, "OUTPUT2", "tax OUTPUT2");
    known
}

proptest! {
    #![proptest_config(crate::trials::cases(500))]

    #[test]
    fn a_contact_comes_back_as_it_went(record in a_contact()) {
        for role in [Role::Customer, Role::Vendor] {
            let contact: Contact = read(&record);
            let body = contacts::to_zoho(role, &contact, &known()).unwrap().body;
            let back: Contact = read(&contact_to_xero(role, &body));
            prop_assert_eq!(promised(role, &back), promised(role, &contact), "{}", body);
            // Told again it is the same.
            prop_assert_eq!(contacts::to_zoho(role, &back, &known()).unwrap().body, body);
        }
    }

    #[test]
    fn an_item_comes_back_as_it_went(record in an_item()) {
        let item: Item = read(&record);
        let body = Items::to_zoho(&item, &known()).unwrap().body;
        let back: Item = read(&item_to_xero(&body));
        prop_assert_eq!(promised_of_item(&back), promised_of_item(&item), "{}", body);
        prop_assert_eq!(Items::to_zoho(&back, &known()).unwrap().body, body);
    }
}
