//! What customers and vendors have in common: Zoho keeps both as contacts, and a Xero contact that is both becomes two.

use serde_json::Value;

use super::contact_body::{carry, term};
use super::texts::{clip, same};
use super::{currencies, refusals};
use crate::flow::{Authority, By, Carry, Cure, Field, Judgement, Known, Line, Need, Unmappable};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{CONTACTS, Contact};
use crate::{xero, zoho};

/// Which of Zoho's two kinds of contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Customer,
    Vendor,
}

/// The unique field of customers. The customer's "Xero Link" button reads it: it holds the plain `ContactID`.
pub const CUSTOMER_LABEL: &str = "Xero Acct ID";
/// The unique field of vendors. Both kinds are one module in Zoho and its values may not repeat, so vendors have a field of their own;
/// it, too, holds the plain `ContactID`. A vendor never holds the customers' field: should the contact become a customer later,
/// the customer's upsert would find the vendor by it and overwrite it.
pub const VENDOR_LABEL: &str = "Xero Supplier ID";

pub const XERO: xero::Resource = CONTACTS;

pub const NAME_CHARS_MAX: usize = 200;

impl Role {
    pub const fn zoho(self) -> zoho::Resource {
        zoho::Resource {
            path: "contacts",
            one: "contact",
            many: &["contacts"],
            id: "contact_id",
            unique: zoho::Unique::Field {
                module: "contact",
                label: match self {
                    Role::Customer => CUSTOMER_LABEL,
                    Role::Vendor => VENDOR_LABEL,
                },
            },
            query: &[],
            list_query: match self {
                Role::Customer => &[("contact_type", "customer"), ("filter_by", "Status.All")],
                Role::Vendor => &[("contact_type", "vendor"), ("filter_by", "Status.All")],
            },
            words: &[],
        }
    }

    pub fn zoho_type(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Vendor => "vendor",
        }
    }
}

/// Behind the name of a contact that is a customer too.
pub(super) const SUPPLIER: &str = " (Supplier)";

pub fn needs(contact: &Contact) -> Vec<Need> {
    match contact.default_currency.is_empty() {
        true => Vec::new(),
        false => vec![Need { flow: currencies::KEY, key: contact.default_currency.clone(), by: By::Id }],
    }
}

pub fn to_zoho(role: Role, contact: &Contact, known: &Known) -> Result<Carry, Unmappable> {
    if contact.name.trim().is_empty() {
        return Err(Unmappable {
            code: "NO_NAME",
            sentence: format!(
                "The Xero contact {} has no name, and Zoho Books wants one. Give it a name in Xero, then retry.",
                contact.id
            ),
            expected: false,
        });
    }
    // Zoho wants every name once. A contact that also buys is there as a customer, under its plain name: to try that one first would
    // cost two calls more, for each such contact and at each change of it.
    match role {
        Role::Vendor if contact.is_for_sales() => Ok(carry(role, contact, known, &marked(contact, SUPPLIER))),
        _ => Ok(carry(role, contact, known, clip(contact.name.trim(), NAME_CHARS_MAX))),
    }
}

pub fn fields() -> &'static [Field<Contact>] {
    &[
        Field {
            name: "name",
            authority: Authority::Either,
            print: |contact, printer| {
                printer.text(Some(&contact.name));
            },
        },
        Field {
            name: "person",
            authority: Authority::Either,
            print: |contact, printer| {
                printer.text(Some(&contact.first_name)).text(Some(&contact.last_name)).text(Some(&contact.email_address));
            },
        },
        Field {
            name: "persons",
            authority: Authority::Either,
            print: |contact, printer| {
                printer.count(contact.contact_persons.len());
                for person in &contact.contact_persons {
                    printer.text(Some(&person.first_name)).text(Some(&person.last_name)).text(Some(&person.email_address));
                }
            },
        },
        Field {
            name: "addresses",
            authority: Authority::Either,
            print: |contact, printer| {
                // Xero fills a contact up with empty ones when it is written.
                let said = contact.addresses.iter().filter(|one| !one.is_empty() || !one.attention_to.trim().is_empty());
                printer.count(said.clone().count());
                for address in said {
                    for part in [
                        &address.address_type,
                        &address.attention_to,
                        &address.address_line1,
                        &address.address_line2,
                        &address.address_line3,
                        &address.address_line4,
                        &address.city,
                        &address.region,
                        &address.postal_code,
                        &address.country,
                    ] {
                        printer.text(Some(part));
                    }
                }
            },
        },
        Field {
            name: "phones",
            authority: Authority::Either,
            print: |contact, printer| {
                let said = contact.phones.iter().filter(|one| !one.phone_number.trim().is_empty());
                printer.count(said.clone().count());
                for phone in said {
                    for part in [&phone.phone_type, &phone.phone_country_code, &phone.phone_area_code, &phone.phone_number] {
                        printer.text(Some(part));
                    }
                }
            },
        },
        Field {
            name: "numbers",
            authority: Authority::Either,
            print: |contact, printer| {
                printer.text(Some(&contact.account_number)).text(Some(&contact.company_number)).text(Some(&contact.tax_number));
            },
        },
        Field {
            name: "website",
            authority: Authority::Xero,
            print: |contact, printer| {
                printer.text(Some(&contact.website));
            },
        },
        Field {
            name: "currency",
            authority: Authority::Once,
            print: |contact, printer| {
                printer.text(Some(&contact.default_currency));
            },
        },
        Field {
            name: "terms",
            authority: Authority::Either,
            print: |contact, printer| {
                for term in [Role::Customer, Role::Vendor].map(|role| term(role, contact)) {
                    printer.text(term.map(|term| term.kind.as_str())).amount(term.and_then(|term| term.day));
                }
            },
        },
        Field {
            name: "archived",
            authority: Authority::Either,
            print: |contact, printer| {
                printer.flag(contact.is_archived());
            },
        },
        Field {
            name: "groups",
            authority: Authority::Xero,
            print: |contact, printer| {
                let mut groups: Vec<&str> = contact.groups().collect();
                groups.sort_unstable();
                printer.count(groups.len());
                groups.into_iter().for_each(|group| {
                    printer.text(Some(group));
                });
            },
        },
    ]
}

/// Only a contact that nobody else has claimed: no Xero id in it, the same kind, the same name, and no other e-mail address.
pub fn find_in(role: Role, contact: &Contact, existing: &[Value]) -> Option<String> {
    let fits = |row: &&Value| {
        let text = |key: &str| row[key].as_str().unwrap_or("");
        let no_other_email =
            text("email").is_empty() || contact.email_address.is_empty() || same(text("email"), &contact.email_address);
        text("contact_type") == role.zoho_type()
            && same(text("contact_name"), &contact.name)
            && no_other_email
            && !is_claimed(row)
    };
    let mut found = existing.iter().filter(fits);
    let first = found.next()?;
    // Two that fit equally well are for a person to decide.
    if found.next().is_some() {
        return None;
    }
    first["contact_id"].as_str().map(str::to_owned)
}

pub fn cure(role: Role, contact: &Contact, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
    if !refusals::is_taken(refusal) {
        return refusals::hold(&contact.label(), refusal);
    }
    let by_id = contact.id.get(..8).unwrap_or(&contact.id);
    let number = contact.account_number.trim();
    let marks: [String; 2] = match role {
        Role::Vendor if contact.is_for_sales() => [format!("{SUPPLIER} [{by_id}]"), String::new()],
        _ if number.is_empty() => [format!(" [{by_id}]"), String::new()],
        _ => [format!(" [{number}]"), format!(" [{by_id}]")],
    };
    match (attempt, marks) {
        (1, _) => Cure::Adopt { query: vec![("contact_name", clip(contact.name.trim(), NAME_CHARS_MAX).to_owned())] },
        (2, [mark, _]) | (3, [_, mark]) if !mark.is_empty() => Cure::Again(carry(role, contact, known, &marked(contact, &mark))),
        _ => Cure::Hold(Unmappable {
            code: "NAME_TAKEN",
            sentence: format!(
                "{} cannot be created: Zoho Books has another contact of this name, and of this name with a mark behind it. \
                 Rename one of them in Zoho Books, or merge them there, then retry.",
                contact.label()
            ),
            expected: false,
        }),
    }
}

/// The name with something behind it that tells it apart.
fn marked(contact: &Contact, mark: &str) -> String {
    let room = NAME_CHARS_MAX.saturating_sub(mark.chars().count());
    format!("{}{mark}", clip(contact.name.trim(), room))
}

/// A contact that is active in Xero must not stay inactive in Zoho. The other way round is an action of every write.
pub fn judge(role: Role, contact: &Contact, known: &Known, answer: &Value) -> Judgement {
    let stays_inactive = !contact.is_archived() && answer["status"].as_str() == Some("inactive");
    match stays_inactive {
        true => {
            let name = answer["contact_name"].as_str().unwrap_or(&contact.name).to_owned();
            let mut carry = carry(role, contact, known, &name);
            carry.then.push(zoho::Action::ACTIVE);
            Judgement::Mend(carry)
        }
        false => Judgement::Equal,
    }
}

pub fn xero_line(contact: &Contact) -> Line {
    line(if contact.is_archived() { "inactive" } else { "active" })
}

pub fn zoho_line(role: Role, row: &Value) -> Option<Line> {
    if row["contact_type"].as_str() != Some(role.zoho_type()) {
        return None;
    }
    Some(line(if row["status"].as_str() == Some("inactive") { "inactive" } else { "active" }))
}

fn line(status: &'static str) -> Line {
    Line { status, currency: String::new(), total: None, tax: None, due: None }
}

/// Whether one of our fields on this contact has a value, in the flat form of lists or in the form of single answers.
fn is_claimed(row: &Value) -> bool {
    let is_set = |value: &Value| value.as_str().is_some_and(|value| !value.is_empty());
    let flat = row.as_object().into_iter().flatten().any(|(key, value)| key.starts_with("cf_xero_") && is_set(value));
    let listed = row["custom_fields"].as_array().into_iter().flatten().any(|field| {
        let label = field["label"].as_str().unwrap_or("");
        (label.eq_ignore_ascii_case(CUSTOMER_LABEL) || label.eq_ignore_ascii_case(VENDOR_LABEL)) && is_set(&field["value"])
    });
    flat || listed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "bd2270c3-8706-4c11-9cfb-000b551c3f51";

    fn contact(extra: Value) -> Contact {
        let mut record = json!({"ContactID": ID, "ContactStatus": "ACTIVE", "Name": "Ada Ltd"});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn taken() -> Refusal {
        Refusal { status: 400, code: "3062".into(), message: "The customer \"Ada Ltd\" already exists.".into() }
    }

    #[test]
    fn a_full_contact_is_carried_in_full() {
        let ada = contact(json!({
            "FirstName": "Ada", "LastName": "Lovelace", "EmailAddress": "ada@example.com", "IsCustomer": true,
            "AccountNumber": "A-1", "TaxNumber": "101-2-303", "DefaultCurrency": "NZD", "Website": null,
            "ContactGroups": [{"Name": "Key customers", "Status": "ACTIVE"}, {"Name": "Old", "Status": "DELETED"}, {"Name": "North"}],
            "Addresses": [{"AddressType": "POBOX", "AttentionTo": "Accounts", "AddressLine1": "P O Box 1", "AddressLine2": "Floor 2", "City": "Wellington",
                           "Region": "", "PostalCode": "6011", "Country": "New Zealand"}, {"AddressType": "STREET", "City": ""}],
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1234567", "PhoneAreaCode": "4", "PhoneCountryCode": "64"}, {"PhoneType": "MOBILE"}],
            "ContactPersons": [{"FirstName": "Bob", "LastName": "", "EmailAddress": "bob@example.com", "IncludeInEmails": true}],
            "PaymentTerms": {"Sales": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}, "Bills": {"Day": 5, "Type": "OFFOLLOWINGMONTH"}},
        }));
        let mut known = Known::default();
        known.learn(currencies::KEY, "NZD", "77");
        let carry = to_zoho(Role::Customer, &ada, &known).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "contact_name": "Ada Ltd", "company_name": "Ada Ltd", "contact_type": "customer", "currency_id": "77",
                "notes": "Account number: A-1\nTax number: 101-2-303\nGroups: Key customers, North", "payment_terms": 20, "payment_terms_label": "Net 20",
                "billing_address": {"attention": "Accounts", "address": "P O Box 1", "street2": "Floor 2", "city": "Wellington", "state": "", "zip": "6011",
                                    "country": "New Zealand", "fax": ""},
                "contact_persons": [
                    {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "64 4 1234567", "mobile": "", "is_primary_contact": true},
                    {"first_name": "Bob", "email": "bob@example.com"},
                ],
            })
        );
        assert_eq!(carry.then, [zoho::Action::PAYMENT_REMINDER_OFF]);
        let vendor = to_zoho(Role::Vendor, &ada, &known).unwrap();
        assert!(vendor.body.get("payment_terms").is_none() && vendor.then.is_empty());
    }

    #[test]
    fn only_a_customer_with_an_address_could_be_reminded_and_becoming_inactive_comes_last() {
        let then = |extra: Value| to_zoho(Role::Customer, &contact(extra), &Known::default()).unwrap().then;
        assert_eq!(then(json!({})), []);
        assert_eq!(then(json!({"FirstName": "Ada", "EmailAddress": " "})), []);
        let other = json!({"ContactPersons": [{"EmailAddress": "bob@example.com"}], "ContactStatus": "ARCHIVED"});
        assert_eq!(then(other), [zoho::Action::PAYMENT_REMINDER_OFF, zoho::Action::INACTIVE]);
    }

    #[test]
    fn a_bare_contact_is_enough_and_an_archived_one_becomes_inactive() {
        let carry =
            to_zoho(Role::Vendor, &contact(json!({"ContactStatus": "ARCHIVED", "IsSupplier": true})), &Known::default()).unwrap();
        assert_eq!(
            carry.body,
            json!({"contact_name": "Ada Ltd", "company_name": "Ada Ltd", "contact_type": "vendor", "notes": ""})
        );
        assert_eq!(carry.then, [zoho::Action::INACTIVE]);
        assert_eq!(to_zoho(Role::Customer, &contact(json!({"Name": " "})), &Known::default()).unwrap_err().code, "NO_NAME");
    }

    #[test]
    fn a_contact_that_came_back_becomes_active_again() {
        let ada = contact(json!({}));
        let judged =
            judge(Role::Customer, &ada, &Known::default(), &json!({"status": "inactive", "contact_name": "Ada Ltd [A-1]"}));
        let Judgement::Mend(carry) = judged else { panic!("not mended") };
        assert_eq!(
            (carry.then.as_slice(), &carry.body["contact_name"]),
            ([zoho::Action::ACTIVE].as_slice(), &json!("Ada Ltd [A-1]"))
        );
        assert_eq!(judge(Role::Customer, &ada, &Known::default(), &json!({"status": "active"})), Judgement::Equal);
    }

    #[test]
    fn only_an_unclaimed_contact_of_the_same_kind_and_name_is_adopted() {
        let ada = contact(json!({"EmailAddress": "ada@example.com"}));
        let row = |extra: Value| {
            let mut row = json!({"contact_id": "1", "contact_type": "customer", "contact_name": "ADA ltd", "email": "", "cf_xero_acct_id": ""});
            row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            row
        };
        for (extra, adopted) in [
            (json!({}), true),
            (json!({"email": "Ada@Example.com"}), true),
            (json!({"email": "other@example.com"}), false),
            (json!({"cf_xero_acct_id": "x"}), false),
            (json!({"cf_xero_supplier_id": "x"}), false),
            (json!({"custom_fields": [{"label": "Xero Acct ID", "value": "x"}]}), false),
            (json!({"contact_type": "vendor"}), false),
            (json!({"contact_name": "Ada Limited"}), false),
        ] {
            assert_eq!(find_in(Role::Customer, &ada, &[row(extra.clone())]).is_some(), adopted, "{extra}");
        }
        assert_eq!(find_in(Role::Customer, &ada, &[row(json!({})), row(json!({"contact_id": "2"}))]), None);
    }

    #[test]
    fn a_taken_name_is_adopted_then_marked_then_held() {
        let known = Known::default();
        let name = |cure| match cure {
            Cure::Again(carry) => carry.body["contact_name"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        let both = contact(json!({"IsCustomer": true, "IsSupplier": true}));
        assert_eq!(
            cure(Role::Vendor, &both, &known, &taken(), 1),
            Cure::Adopt { query: vec![("contact_name", "Ada Ltd".into())] }
        );
        // Its plain name is the customer's: that one is not even tried.
        assert_eq!(to_zoho(Role::Vendor, &both, &known).unwrap().body["contact_name"], "Ada Ltd (Supplier)");
        assert_eq!(name(cure(Role::Vendor, &both, &known, &taken(), 2)), "Ada Ltd (Supplier) [bd2270c3]");
        assert_eq!(name(cure(Role::Customer, &both, &known, &taken(), 2)), "Ada Ltd [bd2270c3]");
        let numbered = contact(json!({"AccountNumber": "A-1", "Name": "x".repeat(250)}));
        let marked = name(cure(Role::Customer, &numbered, &known, &taken(), 2));
        assert!(marked.chars().count() == 200 && marked.ends_with("x [A-1]"));
        let Cure::Hold(held) = cure(Role::Customer, &both, &known, &taken(), 3) else { panic!("not held") };
        assert_eq!(held.code, "NAME_TAKEN");
    }
}
