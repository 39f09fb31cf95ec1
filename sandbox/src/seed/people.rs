//! The company's customers and suppliers: some are both, some neither yet; some archived, foreign, without e-mail, awkwardly named.

use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::{Company, papers};
use crate::xero::json::{Record, set_updated};

/// With fewer there is no customer or no supplier.
pub const CONTACTS_MIN: u64 = 5;

/// 1 July 2023 to 30 June 2026: long enough ago for any clock.
pub const FIRST_DAY_MS: i64 = 1_688_169_600_000;
pub const DAYS: i64 = 1095;
pub const DAY_MS: i64 = 86_400_000;

/// What twenty contacts in a row are: customers, suppliers, both, neither yet.
const ROLES: &[u8; 20] = b"CCSCBCSCCSCBCSCCSCBN";

const FIRST: [&str; 24] = [
    "Harbour",
    "Kauri",
    "Southern",
    "Tūī",
    "Ridge",
    "Bright",
    "Silver",
    "Pacific",
    "Fern",
    "Summit",
    "Anchor",
    "Willow",
    "Northern",
    "Copper",
    "Rātā",
    "Coastal",
    "Granite",
    "Lantern",
    "Meadow",
    "Pōhutukawa",
    "Quay",
    "Stone",
    "Valley",
    "Wharf",
];
const SECOND: [&str; 20] = [
    "Foods",
    "Builders",
    "Design",
    "Logistics",
    "Dental",
    "Motors",
    "Media",
    "Timber",
    "Electrical",
    "Partners",
    "Joinery",
    "Wines",
    "Robotics",
    "Printing",
    "Travel",
    "Software",
    "Plumbing",
    "Textiles",
    "Consulting",
    "Gardens",
];
const LAST: [&str; 6] = ["Ltd", "Limited", "& Sons", "Group", "Co", "NZ Ltd"];
const UNICODE: [&str; 8] = [
    "Müller & Söhne GmbH",
    "Société Générale d'Été",
    "東京商事株式会社",
    "Łódź Handel Sp. z o.o.",
    "Te Whānau a Āpanui",
    "Ålesund Fisk AS",
    "Señor Peña S.A.",
    "Ὀδυσσεύς Α.Ε.",
];
const PEOPLE: [(&str, &str); 8] = [
    ("Aroha", "Ngata"),
    ("Simon", "Clarke"),
    ("Mei", "Chen"),
    ("Oliver", "Brown"),
    ("Priya", "Patel"),
    ("Hēmi", "Walker"),
    ("Zoë", "O'Brien"),
    ("Luca", "Rossi"),
];
const FOREIGN: [(&str, &str, &str); 5] = [
    ("AUD", "Sydney", "Australia"),
    ("USD", "Portland", "United States"),
    ("EUR", "Utrecht", "Netherlands"),
    ("GBP", "Leeds", "United Kingdom"),
    ("JPY", "Osaka", "Japan"),
];
const CITIES: [(&str, &str); 6] = [
    ("Auckland", "1010"),
    ("Wellington", "6011"),
    ("Christchurch", "8011"),
    ("Dunedin", "9016"),
    ("Tauranga", "3110"),
    ("Nelson", "7010"),
];

/// How many of the first `contacts` can be sold to, and how many can be bought from.
pub fn counts(contacts: u64) -> (u64, u64) {
    let count = |wanted: u8| {
        let per_block = positions(wanted).count() as u64;
        contacts / 20 * per_block + positions(wanted).filter(|at| *at < contacts % 20).count() as u64
    };
    (count(b'C'), count(b'S'))
}

/// The contact that is the n-th customer (`b'C'`) or supplier (`b'S'`).
pub fn nth(role: u8, n: u64) -> u64 {
    let per_block = positions(role).count() as u64;
    n / per_block * 20 + positions(role).nth((n % per_block) as usize).unwrap_or(0)
}

fn positions(role: u8) -> impl Iterator<Item = u64> {
    (0_u64..).zip(ROLES).filter(move |(_, is)| **is == role || **is == b'B').map(|(at, _)| at)
}

/// Which of its kind a contact is, if it is of that kind.
fn rank(role: u8, index: u64) -> Option<u64> {
    let per_block = positions(role).count() as u64;
    let within = positions(role).position(|at| at == index % 20)?;
    Some(index / 20 * per_block + within as u64)
}

/// The currency of everything a contact buys or sells.
pub fn currency(company: &Company, index: u64) -> Option<(&'static str, &'static str, &'static str)> {
    let mut dice = company.dice("currency", index);
    dice.one_in_thousand(140).then(|| *dice.pick(&FOREIGN))
}

pub fn id(company: &Company, index: u64) -> Uuid {
    company.id("contact", index)
}

/// Unique among active contacts. Some differ from another only in case; some archived ones bear an active one's name.
pub fn name(company: &Company, index: u64) -> String {
    let varied = match index % 50 {
        14 | 37 => Some(name(company, index - 1).to_uppercase()),
        21 => Some(name(company, index - 1).to_lowercase()),
        42 => return name(company, index - 1),
        _ => None,
    };
    // Not every script has two cases.
    if let Some(varied) = varied.filter(|varied| *varied != name(company, index - 1)) {
        return varied;
    }
    if index % 29 == 11 {
        let round = index / 29;
        let base = UNICODE[(round % 8) as usize];
        return if round < 8 { base.to_owned() } else { format!("{base} {}", round / 8 + 1) };
    }
    // A walk through all combinations that meets each once: 1013 has no factor in common with their number.
    let combinations = (FIRST.len() * SECOND.len() * LAST.len()) as u64;
    let at = (index * 1013 + company.seed % combinations) % combinations;
    let first = FIRST[(at % 24) as usize];
    let second = SECOND[(at / 24 % 20) as usize];
    let last = LAST[(at / 480) as usize];
    match index / combinations {
        0 => format!("{first} {second} {last}"),
        round => format!("{first} {second} {last} {}", round + 1),
    }
}

fn is_archived(index: u64) -> bool {
    index % 50 == 42 || index % 40 == 33
}

/// When records were entered: spread over the years; some thousands by one import, in the same second.
pub fn imported_at(dice: &mut Dice, index: u64) -> i64 {
    if index / 1500 % 3 == 2 || (40..60).contains(&index) {
        return FIRST_DAY_MS + (index as i64 / 1500) * DAY_MS + 3 * 3_600_000;
    }
    FIRST_DAY_MS + dice.between(0, DAYS * DAY_MS - 1)
}

pub fn contact(company: &Company, index: u64) -> (Uuid, i64, Record) {
    let id = id(company, index);
    let mut dice = company.dice("contact", index);
    let at = imported_at(&mut dice, index);
    let (sales, bills) = papers::counts(company.invoices);
    let is_customer = rank(b'C', index).is_some_and(|rank| rank < sales);
    let is_supplier = rank(b'S', index).is_some_and(|rank| rank < bills);
    let (first, last) = *dice.pick(&PEOPLE);
    let foreign = currency(company, index);
    let email = if dice.one_in_thousand(120) { String::new() } else { format!("accounts+{index}@example.com") };
    let record = json!({
        "ContactID": id, "ContactStatus": if is_archived(index) { "ARCHIVED" } else { "ACTIVE" },
        "Name": name(company, index), "FirstName": first, "LastName": last, "EmailAddress": email,
        "AccountNumber": if dice.one_in_thousand(300) { format!("C{:06}", index + 1) } else { String::new() },
        "BankAccountDetails": if is_supplier { format!("02-0100-{:07}-00", index % 10_000_000) } else { String::new() },
        "TaxNumber": if dice.one_in_thousand(350) { format!("{:03}-{:03}-{:03}", 100 + index % 40, dice.below(1000), dice.below(1000)) } else { String::new() },
        "Addresses": addresses(&mut dice, foreign), "Phones": phones(&mut dice), "ContactGroups": [],
        "ContactPersons": persons(&mut dice, index), "IsSupplier": is_supplier, "IsCustomer": is_customer,
        "HasAttachments": false, "HasValidationErrors": false,
    });
    let Value::Object(mut record) = record else { return (id, at, Record::new()) };
    if let Some((currency, _, _)) = foreign {
        record.insert("DefaultCurrency".into(), currency.into());
    }
    if dice.one_in_thousand(200) {
        record.insert("PaymentTerms".into(), json!({"Sales": {"Day": 14, "Type": "DAYSAFTERBILLDATE"}}));
    }
    if dice.one_in_thousand(150) {
        record.insert("Website".into(), format!("https://www.example.com/{index}").into());
    }
    set_updated(&mut record, at, false);
    (id, at, record)
}

fn addresses(dice: &mut Dice, foreign: Option<(&str, &str, &str)>) -> Value {
    let (city, post_code, country) = match foreign {
        Some((_, city, country)) => (city, "10115", country),
        None => {
            let (city, post_code) = *dice.pick(&CITIES);
            (city, post_code, "New Zealand")
        }
    };
    let street = format!("{} {} Street", dice.between(1, 400), dice.pick(&FIRST));
    let long = dice.one_in_thousand(40);
    let second = if long {
        format!("Building {}, {}", dice.between(1, 90), "Level 3, the door beside the loading dock ".repeat(8))
    } else {
        String::new()
    };
    json!([
        {"AddressType": "STREET", "AddressLine1": street, "AddressLine2": second.trim_end(), "City": city, "Region": "",
         "PostalCode": post_code, "Country": country, "AttentionTo": ""},
        {"AddressType": "POBOX", "AddressLine1": if long { format!("PO Box {}", dice.between(1, 9999)) } else { String::new() },
         "City": if long { city } else { "" }, "Region": "", "PostalCode": if long { post_code } else { "" },
         "Country": if long { country } else { "" }, "AttentionTo": if long { "The Accountant" } else { "" }},
    ])
}

fn phones(dice: &mut Dice) -> Value {
    let number = if dice.one_in_thousand(700) { format!("{:07}", dice.below(10_000_000)) } else { String::new() };
    let mobile = if dice.one_in_thousand(400) { format!("{:07}", dice.below(10_000_000)) } else { String::new() };
    let phone = |kind: &str, area: &str, number: &str| {
        let country = if number.is_empty() { "" } else { "64" };
        let area = if number.is_empty() { "" } else { area };
        json!({"PhoneType": kind, "PhoneNumber": number, "PhoneAreaCode": area, "PhoneCountryCode": country})
    };
    json!([phone("DDI", "", ""), phone("DEFAULT", "04", &number), phone("FAX", "", ""), phone("MOBILE", "021", &mobile)])
}

fn persons(dice: &mut Dice, index: u64) -> Value {
    let count = if dice.one_in_thousand(250) { dice.between(1, 5) } else { 0 };
    let person = |n: i64, (first, last): (&str, &str)| json!({"FirstName": first, "LastName": last, "EmailAddress": format!("person{n}+{index}@example.com"), "IncludeInEmails": n == 1});
    (1..=count).map(|n| person(n, *dice.pick(&PEOPLE))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::{Plan, Profile};
    use super::*;

    #[test]
    fn ranks_and_positions_agree() {
        for role in [b'C', b'S'] {
            for n in 0..200 {
                assert_eq!(rank(role, nth(role, n)), Some(n));
            }
        }
        let (customers, suppliers) = counts(47);
        assert!(nth(b'C', customers - 1) < 47 && nth(b'C', customers) >= 47);
        assert!(nth(b'S', suppliers - 1) < 47 && nth(b'S', suppliers) >= 47);
        assert!(counts(CONTACTS_MIN).0 > 0 && counts(CONTACTS_MIN).1 > 0);
    }

    #[test]
    fn active_names_are_unique_as_written_and_not_in_lower_case() {
        let company = Company::new(&Plan { contacts: 20_000, ..Plan::new(Profile::DemoCompany) }, Uuid::nil());
        let active: Vec<_> = (0..20_000).filter(|index| !is_archived(*index)).map(|index| name(&company, index)).collect();
        let exact: HashSet<_> = active.iter().collect();
        assert_eq!(exact.len(), active.len());
        let folded: HashSet<_> = active.iter().map(|name| name.to_lowercase()).collect();
        assert!(folded.len() < active.len());
    }
}
