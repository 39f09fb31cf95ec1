//! Zoho's payments on their way to Xero, which knows one payment a document: one of three invoices becomes three. Xero lets nobody change
//! a payment, only delete it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::money_account::{self, Use};
use super::words::{foreign_rate, leave_out, leave_out_unchanged, list, not_in_xero, text};
use crate::flow::{Back, By, Coming, Known, Need, PART, Seek, Sending, Trace, Unmappable, Wanted, ZohoField, always, own};
use crate::flows::books::documents::same_base_currency;
use crate::flows::books::payments::Direction;
use crate::flows::books::{accounts, money};
use crate::xero::wire::parse_day;

/// One for each of `payments::fields`.
macro_rules! fields {
    ($words:expr) => {
        &[
            ZohoField {
                name: "document",
                print: |record, printer| {
                    applied(&$words, record).for_each(|one| {
                        printer.text(Some(text(one, $words.document)));
                    });
                },
            },
            ZohoField {
                name: "amount",
                print: |record, printer| {
                    applied(&$words, record).for_each(|one| {
                        printer.amount(money::read(&one["amount_applied"]));
                    });
                    printer.amount(money::read(&record[$words.left])).amount(money::read(&record["exchange_rate"]));
                },
            },
            ZohoField {
                name: "date",
                print: |record, printer| {
                    printer.day(day(record));
                },
            },
            ZohoField {
                name: "account",
                print: |record, printer| {
                    printer.text(Some(text(record, $words.account)));
                },
            },
            ZohoField {
                name: "reference",
                print: |record, printer| {
                    printer.text(Some(text(record, "reference_number")));
                },
            },
            ZohoField {
                name: "status",
                print: |record, printer| {
                    printer.flag(text(record, "status") == "void");
                },
            },
        ]
    };
}

pub const CUSTOMER_PAYMENTS: Back = Back {
    wanted: |record| if text(record, "status") == "void" { Wanted::Skip } else { Wanted::Carry },
    label: |record| label(&FROM_CUSTOMER, record),
    day: |record| day(record),
    fields: FROM_CUSTOMER.fields,
    needs: |record| needs(&FROM_CUSTOMER, record),
    hints: |record| money_account::hints(record, FROM_CUSTOMER.account),
    lists: &[accounts::KEY],
    creates: always,
    to_xero: |coming, known| to_xero(&FROM_CUSTOMER, coming, known),
    seek: |record, known| seek(&FROM_CUSTOMER, record, known),
    is_it: |record, xero, known| is_it(&FROM_CUSTOMER, record, xero, known),
    trace,
    parts: |record| parts(&FROM_CUSTOMER, record),
    gone: Some(gone),
    spare: |there, changed, body| spare(&FROM_CUSTOMER, there, changed, body),
    insisted: |there| own(there, &["date"]),
};

pub const VENDOR_PAYMENTS: Back = Back {
    label: |record| label(&TO_VENDOR, record),
    fields: TO_VENDOR.fields,
    needs: |record| needs(&TO_VENDOR, record),
    hints: |record| money_account::hints(record, TO_VENDOR.account),
    to_xero: |coming, known| to_xero(&TO_VENDOR, coming, known),
    seek: |record, known| seek(&TO_VENDOR, record, known),
    is_it: |record, xero, known| is_it(&TO_VENDOR, record, xero, known),
    parts: |record| parts(&TO_VENDOR, record),
    spare: |there, changed, body| spare(&TO_VENDOR, there, changed, body),
    insisted: |there| own(there, &["date"]),
    ..CUSTOMER_PAYMENTS
};

/// Zoho's words for one direction.
struct Words {
    direction: Direction,
    list: &'static str,
    document: &'static str,
    number: &'static str,
    account: &'static str,
    left: &'static str,
    fields: &'static [ZohoField],
}

const FROM_CUSTOMER: Words = Words {
    direction: Direction::FromCustomer,
    list: "invoices",
    document: "invoice_id",
    number: "invoice_number",
    account: "account_id",
    left: "unused_amount",
    fields: fields!(FROM_CUSTOMER),
};

const TO_VENDOR: Words = Words {
    direction: Direction::ToVendor,
    list: "bills",
    document: "bill_id",
    number: "bill_number",
    account: "paid_through_account_id",
    left: "balance",
    fields: fields!(TO_VENDOR),
};

fn day(record: &Value) -> Option<NaiveDate> {
    parse_day(text(record, "date"))
}

/// The documents that it pays something of.
fn applied<'a>(words: &Words, record: &'a Value) -> impl Iterator<Item = &'a Value> + use<'a> {
    let pays = |one: &&Value| money::read(&one["amount_applied"]).is_some_and(|amount| !amount.is_zero());
    list(record, words.list).filter(pays)
}

fn amount(words: &Words, record: &Value) -> Decimal {
    applied(words, record).filter_map(|one| money::read(&one["amount_applied"])).sum()
}

/// As Xero's records are called: "Payment of 46.00 NZD on 2018-11-29 for INV-0002".
fn label(words: &Words, record: &Value) -> String {
    let mut label = format!("Payment of {:.2}", amount(words, record));
    for (before, said) in [(" ", text(record, "currency_code")), (" on ", text(record, "date"))] {
        if !said.is_empty() {
            label.push_str(&format!("{before}{said}"));
        }
    }
    let numbers: Vec<&str> =
        applied(words, record).map(|one| text(one, words.number)).filter(|number| !number.is_empty()).collect();
    if !numbers.is_empty() {
        label.push_str(&format!(" for {}", numbers.join(", ")));
    }
    label
}

/// Where a part keeps what all parts pay, and how much that is.
const WHOLE: &str = "whole";

/// One part a document. Money that is left over is of no document: as long as there is some, the payment is one, and held.
fn parts(words: &Words, record: &Value) -> Vec<Value> {
    let documents: Vec<&Value> = applied(words, record).collect();
    if documents.len() < 2 || !left(words, record).is_zero() {
        return vec![record.clone()];
    }
    let part = |document: &&Value| {
        let mut part = record.clone();
        part[PART] = document[words.document].clone();
        part["amount"] = document["amount_applied"].clone();
        part[words.list] = json!([document]);
        part[WHOLE] = json!({ "amount": record["amount"], words.list: record[words.list] });
        part
    };
    documents.iter().map(part).collect()
}

fn left(words: &Words, record: &Value) -> Decimal {
    money::read(&record[words.left]).unwrap_or_default()
}

fn needs(words: &Words, record: &Value) -> Vec<Need> {
    let flow = words.direction.documents();
    applied(words, record).map(|one| Need { flow, key: text(one, words.document).to_owned(), by: By::Zoho }).collect()
}

fn to_xero(words: &Words, coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let record = coming.record;
    let label = label(words, record);
    let no = |code, sentence| Err(Unmappable { code, sentence, expected: false });
    if let Some(there) = coming.there {
        let is_void = text(record, "status") == "void";
        return match gone(there).filter(|_| is_void) {
            Some(deleted) => Ok(deleted),
            None => no(
                "PAYMENT_CHANGED",
                format!(
                    "{label} was changed in Zoho Books after it had reached Xero, and Xero lets nobody change a payment. Delete it in Zoho Books, \
                     retry, and enter it there again."
                ),
            ),
        };
    }
    same_base_currency(&label, known)?;
    if !left(words, record).is_zero() {
        return no(
            "UNUSED_PAYMENT",
            format!(
                "{label} has {:.2} left over in Zoho Books, and a payment in Xero is always for a document. Apply the rest to an invoice or a bill in \
                 Zoho Books, or refund it there, then retry.",
                left(words, record)
            ),
        );
    }
    if money::read(&record["bank_charges"]).is_some_and(|charges| !charges.is_zero()) {
        return no(
            "BANK_CHARGES",
            format!(
                "{label} has bank charges in Zoho Books, which a payment in Xero cannot have. Take them off in Zoho Books and enter them as an expense, \
                 then retry."
            ),
        );
    }
    if applied(words, record).any(|one| money::read(&one["tax_amount_withheld"]).is_some_and(|tax| !tax.is_zero())) {
        return no(
            "TAX_WITHHELD",
            format!(
                "{label} has tax withheld in Zoho Books, which a payment in Xero cannot have. Enter it in Xero by hand, then ignore this."
            ),
        );
    }
    let mut documents = applied(words, record);
    let (Some(document), None) = (documents.next(), documents.next()) else {
        return no(
            "NOTHING_PAID",
            format!(
                "{label} pays no invoice and no bill in Zoho Books, and a payment in Xero is always for one. Apply it to a document in Zoho Books, \
                 then retry."
            ),
        );
    };
    let id = known.xero_id(words.direction.documents(), text(document, words.document));
    let id = id.ok_or_else(|| not_in_xero(&label, "the document that it pays"))?;
    let account = money_account::of(&label, record, words.account, Use::Payment, known)?;
    let mut body = json!({
        "Invoice": { "InvoiceID": id },
        "Account": { "AccountID": account["AccountID"] },
        "Date": text(record, "date"),
        "Amount": money::number(amount(words, record)),
    });
    let reference = text(record, "reference_number");
    if !reference.is_empty() {
        body["Reference"] = reference.into();
    }
    if let Some(rate) = foreign_rate(record, known) {
        body["CurrencyRate"] = rate;
    }
    Ok(Sending::new(body))
}

/// The payments of the document.
fn seek(words: &Words, record: &Value, known: &Known) -> Seek {
    let id = applied(words, record).next().and_then(|one| known.xero_id(words.direction.documents(), text(one, words.document)));
    let of = id.map(|id| ("where", format!("Invoice.InvoiceID==Guid(\"{id}\") AND Status==\"AUTHORISED\"")));
    Seek { query: of.into_iter().collect() }
}

/// One of the same document, day and amount.
fn is_it(words: &Words, record: &Value, xero: &Value, known: &Known) -> bool {
    let id = applied(words, record).next().and_then(|one| known.xero_id(words.direction.documents(), text(one, words.document)));
    id.is_some_and(|id| id.eq_ignore_ascii_case(text(&xero["Invoice"], "InvoiceID")))
        && text(xero, "Status") == "AUTHORISED"
        && money::read(&xero["Amount"]) == Some(amount(words, record))
        && parse_day(text(xero, "Date")) == day(record)
        && text(xero, "Reference") == text(record, "reference_number")
}

/// Xero lets nobody change a payment: what was sent is what is there.
fn trace(xero: &Value) -> Trace {
    let amount = money::read(&xero["Amount"]).unwrap_or_default().normalize();
    let document = text(&xero["Invoice"], "InvoiceID").to_lowercase();
    Trace::sure(format!("{document}|{amount}|{:?}|{}", parse_day(text(xero, "Date")), text(xero, "Reference")))
}

fn gone(xero: &Value) -> Option<Sending> {
    let id = text(xero, "PaymentID");
    let is_there = !id.is_empty() && text(xero, "Status") != "DELETED";
    is_there.then(|| Sending { body: json!({ "Status": "DELETED" }), at: Some(format!("Payments/{id}")), ..Sending::default() })
}

/// Of a payment of several documents Xero has a part only: what the others are paid stays. Zoho wants the amount, what is paid with it and
/// the mode with every write.
fn spare(words: &Words, there: &Value, changed: &[&'static str], body: &mut Value) {
    let has = |field: &str| changed.contains(&field);
    if there[PART].is_string() || !(has("document") || has("amount")) {
        let whole = if there[WHOLE].is_object() { &there[WHOLE] } else { there };
        let paid = |one: &Value| json!({ words.document: one[words.document], "amount_applied": one["amount_applied"] });
        body[words.list] = list(whole, words.list).map(paid).collect();
        body["amount"] = whole["amount"].clone();
        leave_out(body, "exchange_rate");
    }
    leave_out_unchanged(
        body,
        changed,
        &[(&["account"], &[words.account]), (&["reference"], &["reference_number", "description"]), (&["date"], &["date"])],
    );
    body["payment_mode"] = there["payment_mode"].clone();
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::Flow;
    use crate::flows::books::customer_payments::CustomerPayments;
    use crate::flows::books::vendor_payments::VendorPayments;
    use crate::flows::books::{bills, customers, invoices, vendors};
    use crate::{xero, zoho};

    fn known() -> Known {
        let mut known =
            Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, zoho::Organisation::default());
        for (flow, xero_id, zoho_id) in [
            (invoices::KEY, "i-1", "11"),
            (invoices::KEY, "i-2", "12"),
            (bills::KEY, "b-1", "21"),
            (customers::KEY, "c-1", "1"),
            (vendors::KEY, "c-1", "2"),
            (accounts::KEY, "a-bank", "31"),
            (accounts::KEY, "a-paid", "32"),
            (accounts::KEY, "a-other", "33"),
        ] {
            known.learn(flow, xero_id, zoho_id);
            known.learn_back(flow, zoho_id, xero_id);
        }
        // What accounts are known by beside their own ids.
        known.learn_back(accounts::KEY, "31", "no-expenses:a-bank");
        known.learn_list(
            accounts::KEY,
            Arc::new(vec![
                json!({"AccountID": "a-bank", "Type": "BANK", "Status": "ACTIVE"}),
                json!({"AccountID": "a-paid", "Type": "CURRENT", "Status": "ACTIVE", "EnablePaymentsToAccount": true}),
                json!({"AccountID": "a-other", "Type": "CURRENT", "Status": "ACTIVE", "EnablePaymentsToAccount": false}),
            ]),
        );
        known
    }

    fn payment(extra: Value) -> Value {
        let mut record = json!({
            "payment_id": "9", "customer_id": "1", "payment_mode": "cash", "amount": 46, "unused_amount": 0, "date": "2026-11-20", "reference_number": "DD",
            "account_id": "31", "account_name": "Cheque", "currency_code": "NZD", "exchange_rate": 1,
            "invoices": [{"invoice_id": "11", "invoice_number": "INV-1", "amount_applied": 46}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        record
    }

    fn sent(record: &Value) -> Result<Value, Unmappable> {
        (CUSTOMER_PAYMENTS.to_xero)(&Coming { record, there: None, changed: &[] }, &known()).map(|sending| sending.body)
    }

    #[test]
    fn a_payment_of_one_document_is_one_and_goes_whole() {
        let record = payment(json!({}));
        assert_eq!((CUSTOMER_PAYMENTS.parts)(&record), std::slice::from_ref(&record));
        assert_eq!((CUSTOMER_PAYMENTS.needs)(&record), [Need { flow: invoices::KEY, key: "11".into(), by: By::Zoho }]);
        assert_eq!(
            sent(&record).unwrap(),
            json!({"Invoice": {"InvoiceID": "i-1"}, "Account": {"AccountID": "a-bank"}, "Date": "2026-11-20", "Amount": 46, "Reference": "DD"})
        );
        let usd = payment(json!({"currency_code": "USD", "exchange_rate": 1.25, "account_id": "32"}));
        assert_eq!(
            (sent(&usd).unwrap()["CurrencyRate"].clone(), (CUSTOMER_PAYMENTS.day)(&usd)),
            (json!(0.8), NaiveDate::from_ymd_opt(2026, 11, 20))
        );
        let bill = json!({"vendor_id": "2", "amount": 5, "balance": 0, "date": "2026-11-20", "paid_through_account_id": "31", "bills": [{"bill_id": "21", "amount_applied": 5}]});
        let body = (VENDOR_PAYMENTS.to_xero)(&Coming { record: &bill, there: None, changed: &[] }, &known()).unwrap().body;
        assert_eq!(
            body,
            json!({"Invoice": {"InvoiceID": "b-1"}, "Account": {"AccountID": "a-bank"}, "Date": "2026-11-20", "Amount": 5})
        );
    }

    #[test]
    fn what_xero_has_no_room_for_is_held_with_its_cure() {
        for (extra, code) in [
            (json!({"unused_amount": 4}), "UNUSED_PAYMENT"),
            (json!({"invoices": []}), "NOTHING_PAID"),
            (json!({"bank_charges": 1.5}), "BANK_CHARGES"),
            (json!({"invoices": [{"invoice_id": "11", "amount_applied": 46, "tax_amount_withheld": 2}]}), "TAX_WITHHELD"),
            (json!({"account_id": "33"}), "ACCOUNT_TAKES_NO_PAYMENTS"),
            (json!({"account_id": "39", "account_name": "Petty Cash"}), "NO_ACCOUNT"),
        ] {
            let held = sent(&payment(extra)).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(
                held.sentence.starts_with("Payment of ") && (held.sentence.contains("then retry") || code == "TAX_WITHHELD"),
                "{}",
                held.sentence
            );
        }
    }

    #[test]
    fn a_payment_is_never_changed_in_xero_but_deleted_with_zohos() {
        let there = json!({"PaymentID": "p-1", "Status": "AUTHORISED"});
        let told = |extra: Value| {
            let record = payment(extra);
            (CUSTOMER_PAYMENTS.to_xero)(&Coming { record: &record, there: Some(&there), changed: &["amount"] }, &known())
        };
        assert_eq!(told(json!({"amount": 40})).unwrap_err().code, "PAYMENT_CHANGED");
        let deleted = Sending { body: json!({"Status": "DELETED"}), at: Some("Payments/p-1".into()), ..Sending::default() };
        assert_eq!(told(json!({"status": "void"})).unwrap(), deleted);
        assert_eq!(gone(&there), Some(deleted));
        assert_eq!(gone(&json!({"PaymentID": "p-1", "Status": "DELETED"})), None);
    }

    #[test]
    fn it_is_found_among_the_payments_of_its_document() {
        let record = payment(json!({}));
        assert_eq!(
            (CUSTOMER_PAYMENTS.seek)(&record, &known()).query,
            [("where", "Invoice.InvoiceID==Guid(\"i-1\") AND Status==\"AUTHORISED\"".into())]
        );
        let xero = |extra: Value| {
            let mut one = json!({"Invoice": {"InvoiceID": "I-1"}, "Status": "AUTHORISED", "Amount": 46.0, "Date": "/Date(1795132800000+0000)/", "Reference": "DD"});
            one.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            one
        };
        for (extra, found) in [
            (json!({}), true),
            (json!({"Amount": 45}), false),
            (json!({"Date": "/Date(1795219200000+0000)/"}), false),
            (json!({"Reference": ""}), false),
            (json!({"Status": "DELETED"}), false),
            (json!({"Invoice": {"InvoiceID": "i-2"}}), false),
        ] {
            assert_eq!((CUSTOMER_PAYMENTS.is_it)(&record, &xero(extra.clone()), &known()), found, "{extra}");
        }
    }

    #[test]
    fn an_update_of_one_part_leaves_the_others_paid() {
        let both = json!([{"invoice_id": "11", "amount_applied": 40}, {"invoice_id": "12", "amount_applied": 6}]);
        let record = payment(json!({"invoices": both}));
        let parts = (CUSTOMER_PAYMENTS.parts)(&record);
        let xero = json!({
            "PaymentID": "p-1", "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "Date": "2026-11-20", "Amount": 6, "Reference": "New", "CurrencyRate": 1,
            "Account": {"AccountID": "a-bank"}, "Invoice": {"InvoiceID": "i-2", "CurrencyCode": "NZD", "Contact": {"ContactID": "c-1"}},
        });
        let mut body = CustomerPayments::to_zoho(&serde_json::from_str(&xero.to_string()).unwrap(), &known()).unwrap().body;
        (CUSTOMER_PAYMENTS.spare)(&parts[1], &["reference"], &mut body);
        assert_eq!(
            body,
            json!({"customer_id": "1", "payment_mode": "cash", "amount": 46, "reference_number": "New", "invoices": both})
        );
    }

    #[test]
    fn the_fields_are_those_of_the_flows() {
        let names = |back: &Back| back.fields.iter().map(|field| field.name).collect::<Vec<_>>();
        assert_eq!(names(&CUSTOMER_PAYMENTS), CustomerPayments::fields().iter().map(|field| field.name).collect::<Vec<_>>());
        assert_eq!(names(&VENDOR_PAYMENTS), VendorPayments::fields().iter().map(|field| field.name).collect::<Vec<_>>());
    }

    proptest! {
        #![proptest_config(crate::trials::cases(500))]

        #[test]
        fn the_parts_come_to_the_whole_and_each_comes_back_as_it_is(amounts in prop::collection::vec(1i64..10_000_000, 1..6), reference in "[ -~]{0,60}", foreign in any::<bool>(), days in 0i64..5000) {
            let mut known = known();
            let paid: Vec<Value> = amounts.iter().enumerate().map(|(n, cents)| {
                known.learn(invoices::KEY, format!("inv {n}"), format!("10{n}"));
                known.learn_back(invoices::KEY, format!("10{n}"), format!("inv {n}"));
                json!({ "invoice_id": format!("10{n}"), "amount_applied": money::number(Decimal::new(*cents, 2)) })
            }).collect();
            let date = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Days::new(days as u64);
            let (code, rate) = if foreign { ("USD", json!(1.6)) } else { ("NZD", json!(1)) };
            let record = payment(json!({
                "amount": money::number(Decimal::new(amounts.iter().sum(), 2)), "invoices": paid, "reference_number": reference.trim(), "date": date.to_string(),
                "currency_code": code, "exchange_rate": rate,
            }));
            let parts = (CUSTOMER_PAYMENTS.parts)(&record);
            prop_assert_eq!(parts.len(), amounts.len());
            let mut sum = Decimal::ZERO;
            for (n, part) in parts.iter().enumerate() {
                prop_assert_eq!(part[PART].as_str().map(str::to_owned), (amounts.len() > 1).then(|| format!("10{n}")));
                let mut xero = (CUSTOMER_PAYMENTS.to_xero)(&Coming { record: part, there: None, changed: &[] }, &known).unwrap().body;
                sum += money::read(&xero["Amount"]).unwrap();
                prop_assert_eq!(&xero["Invoice"]["InvoiceID"], &format!("inv {n}"));
                // As Xero answers it.
                xero["PaymentID"] = "p-1".into();
                xero["PaymentType"] = "ACCRECPAYMENT".into();
                xero["Invoice"]["CurrencyCode"] = code.into();
                xero["Invoice"]["Contact"] = json!({ "ContactID": "c-1" });
                let body = CustomerPayments::to_zoho(&serde_json::from_str(&xero.to_string()).unwrap(), &known).unwrap().body;
                prop_assert_eq!(&body["invoices"], &json!([{ "invoice_id": part["invoices"][0]["invoice_id"], "amount_applied": part["invoices"][0]["amount_applied"] }]));
                for key in ["date", "reference_number", "account_id", "customer_id"] {
                    prop_assert_eq!(&body[key], &part[key]);
                }
                prop_assert_eq!(body.get("exchange_rate").cloned(), foreign.then(|| json!(1.6)));
            }
            prop_assert_eq!(Some(sum), money::read(&record["amount"]));
        }
    }
}
