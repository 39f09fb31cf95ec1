//! Places in Xero's records that can carry the value of a custom field: Xero has no custom fields of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A place for a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum Carrier {
    Reference,
    /// A line of its own, `Label: value`, in the description of the first line.
    LinePart {
        label: String,
    },
    /// The option of the first line that has one of this category.
    Tracking {
        category: String,
    },
    AccountNumber,
    CompanyNumber,
    TaxNumber,
    EmailAddress,
    Website,
    Phone {
        kind: PhoneKind,
    },
    DeliveryInstructions,
    Terms,
    Narration,
}

/// Xero's kinds of telephone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PhoneKind {
    Default,
    Ddi,
    Mobile,
    Fax,
}

const DOCUMENTS: &[&str] =
    &["books.invoices", "books.bills", "books.credit_notes", "books.vendor_credits", "books.quotes", "books.purchase_orders"];
const CONTACTS: &[&str] = &["books.customers", "books.vendors"];

impl Carrier {
    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Carrier::Reference => "Reference".to_owned(),
            Carrier::LinePart { label } => format!("“{label}:” in the description of the first line"),
            Carrier::Tracking { .. } => "a tracking option".to_owned(),
            Carrier::AccountNumber => "Account number".to_owned(),
            Carrier::CompanyNumber => "Company number".to_owned(),
            Carrier::TaxNumber => "Tax number".to_owned(),
            Carrier::EmailAddress => "E-mail address".to_owned(),
            Carrier::Website => "Website".to_owned(),
            Carrier::Phone { kind } => format!("Phone ({})", kind.name()),
            Carrier::DeliveryInstructions => "Delivery instructions".to_owned(),
            Carrier::Terms => "Terms".to_owned(),
            Carrier::Narration => "Narration".to_owned(),
        }
    }

    /// The flows whose records have this place.
    pub fn flows(&self) -> &'static [&'static str] {
        match self {
            // Xero keeps no reference of bills and vendor credits.
            Carrier::Reference => &["books.invoices", "books.credit_notes", "books.quotes", "books.purchase_orders"],
            Carrier::LinePart { .. } | Carrier::Tracking { .. } => DOCUMENTS,
            Carrier::AccountNumber
            | Carrier::CompanyNumber
            | Carrier::TaxNumber
            | Carrier::EmailAddress
            | Carrier::Website
            | Carrier::Phone { .. } => CONTACTS,
            Carrier::DeliveryInstructions => &["books.purchase_orders"],
            Carrier::Terms => &["books.quotes"],
            Carrier::Narration => &["books.journals"],
        }
    }

    /// Xero shows it and takes no word about it.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Carrier::Website)
    }

    /// The most that Xero takes.
    pub fn chars_max(&self) -> usize {
        match self {
            Carrier::Reference | Carrier::EmailAddress | Carrier::Website => 255,
            Carrier::LinePart { .. } | Carrier::Terms | Carrier::Narration => 4000,
            Carrier::Tracking { .. } => 100,
            Carrier::AccountNumber | Carrier::CompanyNumber | Carrier::TaxNumber | Carrier::Phone { .. } => 50,
            Carrier::DeliveryInstructions => 500,
        }
    }

    /// The fields of our flows that this place is a part of: when its value changes, they are written.
    pub fn fields(&self) -> &'static [&'static str] {
        match self {
            Carrier::Reference => &["reference", "texts"],
            Carrier::LinePart { .. } | Carrier::Tracking { .. } => &[],
            Carrier::AccountNumber | Carrier::CompanyNumber | Carrier::TaxNumber => &["numbers"],
            Carrier::EmailAddress => &["person"],
            Carrier::Website => &["website"],
            Carrier::Phone { .. } => &["phones"],
            Carrier::DeliveryInstructions | Carrier::Terms => &["texts"],
            Carrier::Narration => &["narration"],
        }
    }

    /// What a record of Xero's, in Xero's own JSON, has in this place. "" for nothing.
    pub fn read(&self, record: &Value) -> String {
        let text = |key: &str| record[key].as_str().unwrap_or_default().trim().to_owned();
        match self {
            Carrier::Reference => text("Reference"),
            Carrier::LinePart { label } => {
                let descriptions = lines(record).iter().filter_map(|line| line["Description"].as_str());
                descriptions.filter_map(|said| part(said, label)).next().unwrap_or_default().to_owned()
            }
            Carrier::Tracking { category } => {
                let options = lines(record).iter().filter_map(|line| line["Tracking"].as_array()).flatten();
                let of_category = options.filter(|one| one["TrackingCategoryID"] == category.as_str());
                of_category.filter_map(|one| one["Option"].as_str()).next().unwrap_or_default().to_owned()
            }
            Carrier::AccountNumber => text("AccountNumber"),
            Carrier::CompanyNumber => text("CompanyNumber"),
            Carrier::TaxNumber => text("TaxNumber"),
            Carrier::EmailAddress => text("EmailAddress"),
            Carrier::Website => text("Website"),
            Carrier::Phone { kind } => {
                let phones = record["Phones"].as_array().into_iter().flatten();
                let found = phones.into_iter().find(|phone| phone["PhoneType"] == kind.name());
                let parts = ["PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"]
                    .map(|key| found.and_then(|phone| phone[key].as_str()).unwrap_or_default().trim().to_owned());
                if parts[2].is_empty() { String::new() } else { parts.join(" ").trim().to_owned() }
            }
            Carrier::DeliveryInstructions => text("DeliveryInstructions"),
            Carrier::Terms => text("Terms"),
            Carrier::Narration => text("Narration"),
        }
    }

    /// Puts a text there. Lines must be in the body already; a tracking option goes another way, by its id.
    pub fn write(&self, body: &mut Value, text: &str) {
        let key = match self {
            Carrier::LinePart { label } => {
                if let Some(line) = body["LineItems"].as_array_mut().and_then(|lines| lines.first_mut()) {
                    let said = line["Description"].as_str().unwrap_or_default();
                    line["Description"] = with_part(said, label, text).into();
                }
                return;
            }
            Carrier::Phone { kind } => {
                let phones = match &mut body["Phones"] {
                    Value::Array(phones) => phones,
                    other => {
                        *other = json!([]);
                        let Value::Array(phones) = other else { return };
                        phones
                    }
                };
                phones.retain(|phone| phone["PhoneType"] != kind.name());
                // The parts that are not told would stay as they were.
                phones
                    .push(json!({ "PhoneType": kind.name(), "PhoneNumber": text, "PhoneAreaCode": "", "PhoneCountryCode": "" }));
                return;
            }
            Carrier::Tracking { .. } | Carrier::Website => return,
            Carrier::Reference => "Reference",
            Carrier::AccountNumber => "AccountNumber",
            Carrier::CompanyNumber => "CompanyNumber",
            Carrier::TaxNumber => "TaxNumber",
            Carrier::EmailAddress => "EmailAddress",
            Carrier::DeliveryInstructions => "DeliveryInstructions",
            Carrier::Terms => "Terms",
            Carrier::Narration => "Narration",
        };
        body[key] = text.into();
    }
}

impl PhoneKind {
    pub fn name(self) -> &'static str {
        match self {
            PhoneKind::Default => "DEFAULT",
            PhoneKind::Ddi => "DDI",
            PhoneKind::Mobile => "MOBILE",
            PhoneKind::Fax => "FAX",
        }
    }
}

/// A record's lines.
fn lines(record: &Value) -> &[Value] {
    record["LineItems"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What a description says under a label.
pub fn part<'a>(said: &'a str, label: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.trim().strip_prefix(label)?.strip_prefix(':').map(str::trim))
}

/// The description with another value under this label: in its place, or as a new line at the end. "" takes the part away.
pub fn with_part(said: &str, label: &str, value: &str) -> String {
    // It is one line, whatever the value is.
    let in_one = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let value = in_one(value);
    match part(said, label) {
        _ if value.is_empty() => without_part(said, label),
        Some(was) if in_one(was) == value => said.to_owned(),
        Some(_) => {
            let mut is_first = true;
            let lines = said.lines().filter_map(|line| match part(line, label) {
                Some(_) => std::mem::take(&mut is_first).then(|| format!("{label}: {value}")),
                None => Some(line.to_owned()),
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        None if said.trim().is_empty() => format!("{label}: {value}"),
        None => format!("{said}\n{label}: {value}"),
    }
}

/// The description without what it says under this label. One that says nothing there stays as it is.
pub fn without_part(said: &str, label: &str) -> String {
    if part(said, label).is_none() {
        return said.to_owned();
    }
    let is_part = |line: &&str| part(line, label).is_some();
    said.lines().filter(|line| !is_part(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_place_gives_back_what_was_put_there() {
        let label = || "Delivery".to_owned();
        for carrier in [
            Carrier::Reference,
            Carrier::LinePart { label: label() },
            Carrier::AccountNumber,
            Carrier::CompanyNumber,
            Carrier::TaxNumber,
            Carrier::EmailAddress,
            Carrier::Phone { kind: PhoneKind::Ddi },
            Carrier::DeliveryInstructions,
            Carrier::Terms,
            Carrier::Narration,
        ] {
            let mut body = json!({ "LineItems": [{ "Description": "Hosting" }, { "Description": "Domain" }] });
            assert_eq!(carrier.read(&body), "", "{carrier:?}");
            carrier.write(&mut body, "A 7");
            assert_eq!(carrier.read(&body), "A 7", "{carrier:?}: {body}");
            carrier.write(&mut body, "B");
            assert_eq!(carrier.read(&body), "B", "{carrier:?}: {body}");
            assert!(!carrier.flows().is_empty() && carrier.chars_max() >= 50 && !carrier.is_read_only());
            let kept = serde_json::to_string(&carrier).unwrap();
            assert_eq!(serde_json::from_str::<Carrier>(&kept).unwrap(), carrier, "{kept}");
        }
        let mut body = json!({});
        Carrier::Website.write(&mut body, "https://a.example");
        assert_eq!(body, json!({}), "Xero takes no word about it");
    }

    #[test]
    fn a_part_of_a_description_is_one_line_of_it() {
        let said = "Hosting, May\nDelivery: 2026-05-01\nfor the shop";
        assert_eq!(part(said, "Delivery"), Some("2026-05-01"));
        assert_eq!(part(said, "Deliver"), None);
        assert_eq!(with_part(said, "Delivery", "2026-06-02"), "Hosting, May\nDelivery: 2026-06-02\nfor the shop");
        assert_eq!(with_part(said, "Delivery", ""), "Hosting, May\nfor the shop");
        assert_eq!(with_part("", "Note", "two\nlines"), "Note: two lines");
        let tracked = json!({"LineItems": [{}, {"Tracking": [{"TrackingCategoryID": "t", "Option": "North"}]}]});
        assert_eq!(Carrier::Tracking { category: "t".into() }.read(&tracked), "North");
        assert_eq!(Carrier::Tracking { category: "u".into() }.read(&tracked), "");
    }

    proptest! {
        /// Reading what was written gives it back; writing what is there changes nothing, and neither does writing twice.
        #[test]
        fn a_part_obeys_the_laws(said in "([a-zA-Z :\n]|Delivery: ){0,40}", value in "[a-z0-9]{1,9}( [a-z]{1,5})?") {
            let written = with_part(&said, "Delivery", &value);
            prop_assert_eq!(part(&written, "Delivery"), Some(value.as_str()));
            prop_assert_eq!(with_part(&written, "Delivery", &value), written.clone());
            if let Some(was) = part(&said, "Delivery").filter(|was| !was.is_empty()) {
                prop_assert_eq!(with_part(&said, "Delivery", was), said.clone());
            }
            let without = without_part(&said, "Delivery");
            prop_assert_eq!(part(&without, "Delivery"), None);
        }
    }
}
