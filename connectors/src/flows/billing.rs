//! Xero to Zoho Billing, once called Subscriptions: sales only, in words of its own (Zoho Billing v1). A customer must have an e-mail
//! address, a line must name an item, taxes are made in Zoho only, and nothing comes back.

use serde_json::{Value, json};

use super::books::{
    credit_allocations::CreditAllocations, credit_notes::CreditNotes, customer_payments::CustomerPayments, customers::Customers,
    invoices::Invoices, items::Items, quotes::Quotes, taxes::Taxes,
};
use super::inventory::ITEM;
use super::other_item::OtherItem;
use super::shared::{ALIKE, Differs, Natural, Shared, marked};
use crate::flow::{Flow, Known, Look, Record, Unmappable};
use crate::xero::records::{Contact, Payment};
use crate::zoho::{Resource, Word};

const CUSTOMER: Resource = Resource {
    path: "customers",
    one: "customer",
    many: &["customers"],
    list_query: &[("filter_by", "Status.All")],
    words: &[
        Word::Always { books: "contact_type", says: "customer" },
        Word::Key { here: "customer_id", books: "contact_id" },
        Word::Key { here: "display_name", books: "contact_name" },
        Word::Key { here: "contactpersons", books: "contact_persons" },
        Word::Key { here: "updated_time", books: "last_modified_time" },
        Word::Within { of: "billing_address", here: "street", books: "address" },
        Word::Within { of: "shipping_address", here: "street", books: "address" },
        Word::Action { here: "markasactive", books: "active" },
        Word::Action { here: "markasinactive", books: "inactive" },
        Word::Action { here: "", books: "paymentreminder/disable" },
    ],
    ..marked(Customers::ZOHO)
};

const INVOICE: Resource = Resource {
    words: &[
        Word::Key { here: "invoice_items", books: "line_items" },
        Word::Key { here: "updated_time", books: "last_modified_time" },
        Word::Action { here: "converttoopen", books: "status/sent" },
        Word::Action { here: "void", books: "status/void" },
    ],
    ..marked(Invoices::ZOHO)
};

const CREDIT: Resource = Resource {
    one: "credit_note",
    words: &[
        Word::Key { here: "creditnote_items", books: "line_items" },
        Word::Action { here: "converttoopen", books: "status/open" },
        Word::Action { here: "void", books: "status/void" },
    ],
    ..marked(CreditNotes::ZOHO)
};

const PAYMENT: Resource = Resource { path: "payments", ..marked(CustomerPayments::ZOHO) };

const SALES: Differs = Differs { back: false, wants_items: true, ..ALIKE };
const ONE_WAY: Differs = Differs { back: false, ..ALIKE };
/// Billing tells one by its id only.
const UNLISTED: Differs = Differs { has_list: false, ..SALES };

pub static TAXES: Shared = Shared::new("billing.taxes", &Taxes, Taxes::ZOHO, &[], ONE_WAY);
pub static CUSTOMERS: Shared = Shared::new(
    "billing.customers",
    &Customers,
    CUSTOMER,
    &[Natural::asked("contact_name")],
    Differs { shape: Some(customer), ..ONE_WAY },
);
pub static ITEMS: Shared = Shared::new("billing.items", &Items, marked(Items::ZOHO), ITEM, ONE_WAY);
pub static OTHER_ITEM: Shared =
    Shared::new("billing.other_item", &OtherItem, OtherItem::ZOHO, &[Natural::asked("name")], ONE_WAY);
pub static QUOTES: Shared =
    Shared::new("billing.quotes", &Quotes, marked(Quotes::ZOHO), &[Natural::asked("estimate_number")], SALES);
pub static INVOICES: Shared = Shared::new("billing.invoices", &Invoices, INVOICE, &[Natural::asked("invoice_number")], SALES);
pub static CREDIT_NOTES: Shared =
    Shared::new("billing.credit_notes", &CreditNotes, CREDIT, &[Natural::asked("creditnote_number")], UNLISTED);
pub static CREDIT_ALLOCATIONS: Shared = Shared::new(
    "billing.credit_allocations",
    &CreditAllocations,
    Resource { one: "credit_note", ..CreditAllocations::ZOHO },
    &[],
    ONE_WAY,
);
pub static CUSTOMER_PAYMENTS: Shared = Shared::new(
    "billing.customer_payments",
    &CustomerPayments,
    PAYMENT,
    &[Natural::shown("date"), Natural::shown("amount"), Natural::shown("reference_number")],
    Differs { has_list: false, look: Some(payments_of_the_invoice), ..ONE_WAY },
);

/// Books' contact has persons; a customer of Billing is one, and must have an e-mail address.
fn customer(record: &dyn Record, known: &Known, mut body: Value) -> Result<Value, Unmappable> {
    let persons = body.as_object_mut().and_then(|body| body.remove("contact_persons"));
    let first = persons.as_ref().and_then(|persons| persons.as_array()?.first().cloned()).unwrap_or_default();
    let email = first["email"].as_str().unwrap_or_default();
    if email.is_empty() {
        return Err(Unmappable {
            code: "NO_EMAIL",
            sentence: format!(
                "{} has no e-mail address in Xero, and Zoho Billing wants one of every customer. Add it in Xero, then it travels with its documents.",
                record.label()
            ),
            expected: true,
        });
    }
    for key in ["salutation", "first_name", "last_name", "email", "phone", "mobile"] {
        if !first[key].is_null() {
            body[key] = first[key].clone();
        }
    }
    if let Some(members) = body.as_object_mut() {
        members.remove("currency_id");
    }
    let contact = record.as_any().downcast_ref::<Contact>();
    let currency = contact.map(|contact| contact.default_currency.as_str()).filter(|code| !code.is_empty());
    body["currency_code"] = json!(currency.unwrap_or(&known.xero.base_currency));
    Ok(body)
}

/// Billing has no list of payments: those of an invoice stand in it.
fn payments_of_the_invoice(record: &dyn Record, known: &Known) -> Look {
    let payment = record.as_any().downcast_ref::<Payment>();
    let invoice = payment.and_then(|payment| payment.invoice.as_ref());
    let id = invoice.and_then(|invoice| known.id(Invoices::KEY, &invoice.id)).unwrap_or_default();
    Look { path: Some(format!("invoices/{id}")), many: Some("payments"), ..Look::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{AnyFlow, Reading};

    fn read(flow: &dyn AnyFlow, record: Value) -> Box<dyn Record> {
        let body = json!({ flow.xero().many: [record] }).to_string();
        match flow.read(body.as_bytes()).unwrap().remove(0) {
            Reading::Record(record) => record,
            Reading::Odd(odd) => panic!("{}", odd.why),
        }
    }

    #[test]
    fn a_customer_is_one_person_with_an_e_mail_address() {
        let mut known = Known::default();
        known.xero.base_currency = "NZD".into();
        let ada = json!({"ContactID": "c-1", "ContactStatus": "ACTIVE", "Name": "Ada Ltd", "FirstName": "Ada",
                         "EmailAddress": "ada@example.com", "IsCustomer": true});
        let carry = CUSTOMERS.to_zoho(read(&CUSTOMERS, ada.clone()).as_ref(), &known).unwrap();
        assert_eq!(
            (&carry.body["contact_name"], &carry.body["email"], &carry.body["first_name"], &carry.body["currency_code"]),
            (&json!("Ada Ltd"), &json!("ada@example.com"), &json!("Ada"), &json!("NZD"))
        );
        assert!(carry.body["contact_persons"].is_null());
        assert!(carry.then.is_empty(), "Billing sends no reminders that could be turned off");
        let mut nameless = ada;
        nameless["EmailAddress"] = "".into();
        let held = CUSTOMERS.to_zoho(read(&CUSTOMERS, nameless).as_ref(), &known).unwrap_err();
        assert_eq!((held.code, held.expected), ("NO_EMAIL", true));
    }
}
