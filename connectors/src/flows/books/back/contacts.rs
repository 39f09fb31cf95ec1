//! Zoho's customers and vendors on their way to Xero, where both are contacts and one contact may be both.

use serde_json::{Value, json};

use super::contact_body::{self, NUMBERS, noted, people};
use super::contact_spare;
use super::words::{quoted, text, tidy, typed};
use crate::flow::{Back, Seek, Sending, Trace, Wanted, ZohoField, always, own, whole};
use crate::flows::books::contacts::{Role, SUPPLIER};
use crate::flows::books::texts::same;
use crate::flows::books::{currencies, money};
use crate::xero::records::{Contact, MADE_FROM_VENDOR};

pub const CUSTOMERS: Back = Back {
    wanted: |record| wanted(Role::Customer, record),
    label,
    day: |_| None,
    fields: FIELDS,
    needs: |_| Vec::new(),
    hints: |_| Vec::new(),
    lists: &[currencies::KEY],
    creates: always,
    to_xero: |coming, known| contact_body::to_xero(Role::Customer, coming, known),
    seek: |record, _| seek(Role::Customer, record),
    is_it: |record, xero, _| is_it(Role::Customer, record, xero),
    trace,
    parts: whole,
    gone: Some(|xero| gone(Role::Customer, xero)),
    spare: contact_spare::spare,
    insisted: |there| own(there, &["contact_name", "contact_type"]),
};

pub const VENDORS: Back = Back {
    wanted: |record| wanted(Role::Vendor, record),
    to_xero: |coming, known| contact_body::to_xero(Role::Vendor, coming, known),
    seek: |record, _| seek(Role::Vendor, record),
    is_it: |record, xero, _| is_it(Role::Vendor, record, xero),
    gone: Some(|xero| gone(Role::Vendor, xero)),
    ..CUSTOMERS
};

/// One for each of `contacts::fields`.
const FIELDS: &[ZohoField] = &[
    ZohoField {
        name: "name",
        print: |record, printer| {
            printer.text(Some(text(record, "contact_name")));
        },
    },
    ZohoField {
        name: "person",
        print: |record, printer| {
            let main = people(record).main;
            ["first_name", "last_name", "email"].iter().for_each(|key| {
                printer.text(Some(text(main, key)));
            });
        },
    },
    ZohoField {
        name: "persons",
        print: |record, printer| {
            let others = people(record).others;
            printer.count(others.len());
            for person in others {
                ["first_name", "last_name", "email"].iter().for_each(|key| {
                    printer.text(Some(text(person, key)));
                });
            }
        },
    },
    ZohoField {
        name: "addresses",
        print: |record, printer| {
            for address in ["billing_address", "shipping_address"] {
                for part in ["attention", "address", "street2", "city", "state", "zip", "country"] {
                    printer.text(Some(text(&record[address], part)));
                }
            }
        },
    },
    ZohoField {
        name: "phones",
        print: |record, printer| {
            let main = people(record).main;
            printer.text(Some(text(main, "phone"))).text(Some(text(main, "mobile")));
            printer.text(Some(text(&record["billing_address"], "fax"))).text(Some(text(&record["shipping_address"], "fax")));
        },
    },
    ZohoField {
        name: "numbers",
        print: |record, printer| {
            NUMBERS.iter().for_each(|number| {
                printer.text(Some(&noted(record, number).unwrap_or_default()));
            });
        },
    },
    // Xero lets nobody write it but people.
    ZohoField { name: "website", print: |_, _| {} },
    ZohoField {
        name: "currency",
        print: |record, printer| {
            printer.text(Some(text(record, "currency_code")));
        },
    },
    ZohoField {
        name: "terms",
        print: |record, printer| {
            printer.amount(money::read(&record["payment_terms"]));
        },
    },
    ZohoField {
        name: "archived",
        print: |record, printer| {
            printer.flag(is_inactive(record));
        },
    },
    // Zoho Books has none.
    ZohoField { name: "groups", print: |_, _| {} },
];

fn wanted(role: Role, record: &Value) -> Wanted {
    match record["contact_type"].as_str() {
        Some(kind) if kind == role.zoho_type() => Wanted::Carry,
        _ => Wanted::Skip,
    }
}

fn label(record: &Value) -> String {
    format!("Contact {}", text(record, "contact_name"))
}

pub(super) fn is_inactive(record: &Value) -> bool {
    record["status"].as_str() == Some("inactive")
}

/// What a contact that was made here has for its number in Xero, where it is unique for good and no person can change it. Xero calls
/// nobody a supplier before the first bill, so a vendor's number says that it is one, or the contact would go to Zoho as a customer.
pub(super) fn number(role: Role, record: &Value) -> String {
    let id = text(record, "contact_id");
    match role {
        Role::Customer => id.to_owned(),
        Role::Vendor => format!("{id}{MADE_FROM_VENDOR}"),
    }
}

/// The names under which Xero may have this company. Zoho takes a name once, so a vendor who is a customer too is marked there.
fn names(role: Role, record: &Value) -> Vec<String> {
    let name = tidy(text(record, "contact_name"));
    let plain = name.strip_suffix(SUPPLIER).filter(|plain| role == Role::Vendor && !plain.is_empty()).map(str::to_owned);
    [Some(name), plain].into_iter().flatten().collect()
}

fn seek(role: Role, record: &Value) -> Seek {
    let number = quoted(&number(role, record)).map(|number| format!("ContactNumber=={number}"));
    let names = names(role, record).into_iter().filter_map(|name| quoted(&name)).map(|name| format!("Name=={name}"));
    let either: Vec<String> = number.into_iter().chain(names).collect();
    Seek { query: vec![("where", either.join(" OR ")), ("includeArchived", "true".into())] }
}

/// The contact that was made of this record; or the active one of the same name, which can only be the same company, because Xero takes
/// a name once: a vendor who so far was a customer only, for instance. One with another e-mail address is for a person to decide. (One
/// that is another record's already is not asked about.)
fn is_it(role: Role, record: &Value, xero: &Value) -> bool {
    if text(xero, "ContactNumber") == number(role, record) {
        return true;
    }
    let email = text(people(record).main, "email");
    let no_other_email = email.is_empty() || text(xero, "EmailAddress").is_empty() || same(email, text(xero, "EmailAddress"));
    let is_named = names(role, record).iter().any(|name| same(name, text(xero, "Name")));
    is_named && no_other_email && text(xero, "ContactStatus") == "ACTIVE"
}

/// By the number that it got from us, which no person can change.
fn trace(xero: &Value) -> Trace {
    let number = text(xero, "ContactNumber");
    Trace::sure(if number.is_empty() { tidy(text(xero, "Name")).to_lowercase() } else { number.to_owned() })
}

/// The contact is archived, unless it is the other kind too.
fn gone(role: Role, xero: &Value) -> Option<Sending> {
    let contact = typed::<Contact>(xero)?;
    (!is_other_too(role, &contact)).then(|| Sending::new(json!({ "ContactID": contact.id, "ContactStatus": "ARCHIVED" })))
}

/// Whether this contact is of the other role as well: one that is no customer any more may still be a supplier.
pub(super) fn is_other_too(role: Role, contact: &Contact) -> bool {
    match role {
        Role::Customer => contact.is_supplier || contact.is_made_from_vendor(),
        Role::Vendor => contact.is_for_sales(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Coming, Flow, Known};
    use crate::flows::books::customers::Customers;
    use crate::flows::books::vendors::Vendors;

    const ID: &str = "bd2270c3-8706-4c11-9cfb-000b551c3f51";

    fn ada(extra: Value) -> Value {
        let mut record = json!({
            "contact_id": "460001", "contact_type": "vendor", "contact_name": "Ada  Ltd", "status": "active", "currency_code": "NZD", "payment_terms": 20,
            "payment_terms_label": "Net 20", "vat_reg_no": "101-2-303", "notes": "Account number: A-1\nCalls on Mondays",
            "contact_persons": [{"contact_person_id": "1", "first_name": "Bob", "email": "bob@example.com", "is_primary_contact": false},
                                {"contact_person_id": "2", "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "555", "is_primary_contact": true}],
            "billing_address": {"attention": "Accounts", "address": "1 High St", "street2": "", "city": "Wellington", "state": "", "zip": "6011", "country": "New Zealand", "fax": "556"},
            "shipping_address": {"address": "", "street2": "", "city": "", "state": "", "zip": "", "country": "", "fax": ""},
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        record
    }

    #[test]
    fn a_new_contact_is_told_in_full_with_a_number_that_is_for_good() {
        let mut known = Known::default();
        known.learn_list(currencies::KEY, std::sync::Arc::new(vec![json!({"Code": "NZD"})]));
        let coming = Coming { record: &ada(json!({})), there: None, changed: &[] };
        assert_eq!(
            (VENDORS.to_xero)(&coming, &known).unwrap().body,
            json!({
                "ContactNumber": "460001-V", "Name": "Ada Ltd", "FirstName": "Ada", "LastName": "Lovelace", "EmailAddress": "ada@example.com",
                "ContactPersons": [{"FirstName": "Bob", "EmailAddress": "bob@example.com"}],
                "Addresses": [{"AddressType": "POBOX", "AttentionTo": "Accounts", "AddressLine1": "1 High St", "AddressLine2": "", "City": "Wellington",
                               "Region": "", "PostalCode": "6011", "Country": "New Zealand"}],
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "555", "PhoneAreaCode": "", "PhoneCountryCode": ""},
                           {"PhoneType": "FAX", "PhoneNumber": "556", "PhoneAreaCode": "", "PhoneCountryCode": ""}],
                "AccountNumber": "A-1", "TaxNumber": "101-2-303", "DefaultCurrency": "NZD",
                "PaymentTerms": {"Bills": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}},
            })
        );
        let marked = ada(json!({"contact_name": "Ada Ltd (Supplier)"}));
        let name = |back: &Back| {
            (back.to_xero)(&Coming { record: &marked, there: None, changed: &[] }, &known).unwrap().body["Name"].clone()
        };
        assert_eq!((name(&VENDORS), name(&CUSTOMERS)), (json!("Ada Ltd"), json!("Ada Ltd (Supplier)")));
        let nameless = ada(json!({"contact_name": " "}));
        let held = (VENDORS.to_xero)(&Coming { record: &nameless, there: None, changed: &[] }, &known).unwrap_err();
        assert_eq!(held.code, "NO_NAME");
    }

    #[test]
    fn an_update_tells_only_what_changed_and_keeps_what_only_xero_has() {
        let there = json!({
            "ContactID": ID, "ContactNumber": "another app's", "Name": "Ada Ltd", "IsCustomer": true, "IsSupplier": true, "FirstName": "Ada",
            "Phones": [{"PhoneType": "DDI", "PhoneNumber": "1"}, {"PhoneType": "OFFICE", "PhoneNumber": "2", "PhoneAreaCode": "4"}],
            "ContactPersons": [{"FirstName": "Bob", "EmailAddress": "BOB@example.com", "IncludeInEmails": true}],
            "PaymentTerms": {"Sales": {"Day": 5, "Type": "OFFOLLOWINGMONTH"}},
        });
        let told = |record: &Value, changed: &[&'static str]| {
            (VENDORS.to_xero)(&Coming { record, there: Some(&there), changed }, &Known::default()).unwrap().body
        };
        assert_eq!(
            told(&ada(json!({"contact_name": "Ada Limited (Supplier) [bd2270c3]"})), &["name"]),
            json!({"ContactID": ID, "Name": "Ada Limited"})
        );
        assert_eq!(
            told(&ada(json!({})), &["phones"])["Phones"],
            json!([{"PhoneType": "DDI", "PhoneNumber": "1"}, {"PhoneType": "OFFICE", "PhoneNumber": "555", "PhoneAreaCode": "", "PhoneCountryCode": ""},
                   {"PhoneType": "FAX", "PhoneNumber": "556", "PhoneAreaCode": "", "PhoneCountryCode": ""}])
        );
        assert_eq!(
            told(&ada(json!({})), &["persons"])["ContactPersons"],
            json!([{"FirstName": "Bob", "EmailAddress": "bob@example.com", "IncludeInEmails": true}])
        );
        assert_eq!(
            told(&ada(json!({})), &["terms"]),
            json!({"ContactID": ID, "PaymentTerms": {"Sales": {"Day": 5, "Type": "OFFOLLOWINGMONTH"}, "Bills": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}}})
        );
        // More days than Xero takes, and a number of which the notes say nothing: Xero's stay.
        assert_eq!(
            told(&ada(json!({"payment_terms": 45, "notes": "", "vat_reg_no": ""})), &["terms", "numbers"]),
            json!({"ContactID": ID})
        );
        assert_eq!(told(&ada(json!({"notes": "Tax number:"})), &["numbers"]), json!({"ContactID": ID, "TaxNumber": ""}));
    }

    #[test]
    fn who_is_inactive_in_one_role_or_gone_from_it_stays_in_xero_for_the_other() {
        let inactive = ada(json!({"status": "inactive"}));
        for (customer, supplier, number, archived) in [
            (false, true, "", (true, false)),
            (true, true, "", (false, false)),
            (true, false, "", (false, true)),
            (false, false, "1-V", (true, false)),
        ] {
            let there = json!({"ContactID": ID, "Name": "Ada Ltd", "IsCustomer": customer, "IsSupplier": supplier, "ContactNumber": number});
            let coming = Coming { record: &inactive, there: Some(&there), changed: &["archived"] };
            let told = [VENDORS, CUSTOMERS]
                .map(|back| (back.to_xero)(&coming, &Known::default()).unwrap().body["ContactStatus"] == "ARCHIVED");
            assert_eq!((told[0], told[1]), archived, "{there}");
            let gone = [VENDORS, CUSTOMERS].map(|back| back.gone.unwrap()(&there).is_some());
            assert_eq!((gone[0], gone[1]), archived, "{there}");
        }
    }

    #[test]
    fn a_contact_is_found_by_its_number_or_as_the_same_company() {
        let record = ada(json!({"contact_name": "Ada Ltd (Supplier)"}));
        assert_eq!(
            (VENDORS.seek)(&record, &Known::default()).query[0],
            ("where", "ContactNumber==\"460001-V\" OR Name==\"Ada Ltd (Supplier)\" OR Name==\"Ada Ltd\"".into())
        );
        for (xero, found) in [
            (json!({"ContactNumber": "460001-V", "Name": "Renamed", "ContactStatus": "ARCHIVED"}), true),
            (json!({"ContactNumber": "460001", "Name": "Renamed", "ContactStatus": "ACTIVE"}), false),
            (json!({"Name": "ADA ltd", "ContactStatus": "ACTIVE", "EmailAddress": ""}), true),
            (json!({"Name": "Ada Ltd", "ContactStatus": "ACTIVE", "EmailAddress": "Ada@example.com"}), true),
            (json!({"Name": "Ada Ltd", "ContactStatus": "ACTIVE", "EmailAddress": "other@example.com"}), false),
            (json!({"Name": "Ada Ltd", "ContactStatus": "ARCHIVED"}), false),
            (json!({"Name": "Ada Limited", "ContactStatus": "ACTIVE"}), false),
        ] {
            assert_eq!((VENDORS.is_it)(&record, &xero, &Known::default()), found, "{xero}");
        }
    }

    #[test]
    fn a_vendor_that_xero_does_not_call_a_supplier_yet_is_no_customer() {
        let contact: Contact = typed(&json!({"ContactID": ID, "Name": "Ada Ltd", "ContactNumber": "460001-V"})).unwrap();
        assert_eq!((Customers::wanted(&contact), Vendors::wanted(&contact)), (Wanted::Skip, Wanted::Skip));
        assert_eq!(Vendors::to_zoho(&contact, &Known::default()).unwrap().body["contact_name"], "Ada Ltd");
        assert_eq!(((VENDORS.wanted)(&ada(json!({}))), (CUSTOMERS.wanted)(&ada(json!({})))), (Wanted::Carry, Wanted::Skip));
        assert_eq!(
            CUSTOMERS.fields.iter().map(|field| field.name).collect::<Vec<_>>(),
            Customers::fields().iter().map(|field| field.name).collect::<Vec<_>>()
        );
    }
}
