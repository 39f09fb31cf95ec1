//! Zoho's expenses on their way to Xero: money spent from a bank account. Their lines are those of a document without quantities.

use serde_json::{Value, json};

use super::lines::{self, Lines, Side};
use super::money_account::{self, Use};
use super::words::{foreign_rate, leave_out_unchanged, list, not_in_xero, text};
use super::{kept, prints, tracking};
use crate::flow::{Back, By, Coming, Known, Need, Seek, Sending, Trace, Unmappable, Wanted, ZohoField, always, own, whole};
use crate::flows::books::bank::LONG_REFERENCE;
use crate::flows::books::documents::same_base_currency;
use crate::flows::books::{accounts, money, taxes, vendors};
use crate::xero::wire::parse_day;

pub const EXPENSES: Back = Back {
    wanted: |_| Wanted::Carry,
    label,
    day: |record| parse_day(text(record, "date")),
    fields: FIELDS,
    needs,
    hints,
    lists: &[accounts::KEY, taxes::KEY],
    creates: always,
    to_xero,
    seek,
    is_it,
    trace,
    parts: whole,
    gone: Some(gone),
    spare,
    insisted,
};

const BANK: &str = "paid_through_account_id";
const SIDE: Side = Side { is_sale: false, takes_discounts: false, needs_account: true, price_decimals: 4 };

/// One for each of `bank::fields`.
const FIELDS: &[ZohoField] = &[
    ZohoField {
        name: "contact",
        print: |record, printer| {
            printer.text(Some(text(record, "vendor_id")));
        },
    },
    ZohoField {
        name: "bank_account",
        print: |record, printer| {
            printer.text(Some(text(record, BANK)));
        },
    },
    ZohoField {
        name: "date",
        print: |record, printer| {
            printer.day(parse_day(text(record, "date")));
        },
    },
    ZohoField {
        name: "reference",
        print: |record, printer| {
            printer.text(Some(text(record, "reference_number")));
        },
    },
    ZohoField { name: "currency", print: prints::currency },
    ZohoField {
        name: "lines",
        print: |record, printer| {
            let lines = of_record(record);
            printer.flag(record["is_inclusive_tax"] == true).text(Some(text(record, "description"))).count(lines.len());
            for line in &lines {
                for key in ["description", "account_id", "tax_id"] {
                    printer.text(Some(text(line, key)));
                }
                printer.amount(money::read(&line["amount"]));
            }
        },
    },
    ZohoField {
        name: "total",
        print: |record, printer| {
            printer.amount(money::read(&record["total"]));
        },
    },
    // It is there or it is gone.
    ZohoField { name: "status", print: |_, _| {} },
    ZohoField { name: "tracking", print: prints::tracking },
];

/// The fields that did not change in Xero stay.
fn spare(there: &Value, changed: &[&'static str], body: &mut Value) {
    // Whom Zoho does not have stands in the words by name, and a reference that is too long for its place as a whole.
    let is_long = [there, &*body].iter().any(|one| text(one, "description").contains(LONG_REFERENCE));
    let words: &[&str] = if is_long { &["lines", "total", "contact", "reference"] } else { &["lines", "total", "contact"] };
    leave_out_unchanged(
        body,
        changed,
        &[
            (&["contact"], &["vendor_id"]),
            (&["bank_account"], &[BANK]),
            (&["date"], &["date"]),
            (&["reference"], &["reference_number"]),
            (&["currency"], &["currency_id", "exchange_rate"]),
            (&["lines", "total", "tracking"], &["account_id", "amount", "is_inclusive_tax", "line_items"]),
            (words, &["description"]),
        ],
    );
}

/// What an update says again where Zoho insists. An amount without the lines would make one line of them.
fn insisted(there: &Value) -> Value {
    let mut body = own(there, &["date", "account_id", "amount", BANK, "is_inclusive_tax", "description"]);
    let lines: Vec<Value> = list(there, "line_items")
        .map(|line| own(line, &["line_item_id", "account_id", "amount", "description", "tax_id", "tags"]))
        .collect();
    if lines.is_empty() {
        body["tax_id"] = there["tax_id"].clone();
    } else {
        body["line_items"] = lines.into();
    }
    body
}

/// As Xero's records are called: "Money spent: 46.00 NZD on 2026-05-05 (Card 7)".
fn label(record: &Value) -> String {
    let mut label = format!("Money spent: {:.2}", money::read(&record["total"]).unwrap_or_default());
    for (before, said, after) in [
        (" ", text(record, "currency_code"), ""),
        (" on ", text(record, "date"), ""),
        (" (", text(record, "reference_number"), ")"),
    ] {
        if !said.is_empty() {
            label.push_str(&format!("{before}{said}{after}"));
        }
    }
    label
}

fn needs(record: &Value) -> Vec<Need> {
    let vendor = text(record, "vendor_id");
    (!vendor.is_empty()).then(|| Need { flow: vendors::KEY, key: vendor.to_owned(), by: By::Zoho }).into_iter().collect()
}

fn hints(record: &Value) -> Vec<Need> {
    let mut hints = money_account::hints(record, BANK);
    for line in of_record(record) {
        for (flow, key) in [(accounts::KEY, "account_id"), (taxes::KEY, "tax_id")] {
            let need = Need { flow, key: text(&line, key).to_owned(), by: By::Zoho };
            if !need.key.is_empty() && !hints.contains(&need) {
                hints.push(need);
            }
        }
    }
    hints.extend(tracking::hints(record));
    hints
}

/// The lines; an expense that was never itemised has one, made of its own account, amount and tax.
fn of_record(record: &Value) -> Vec<Value> {
    let lines: Vec<Value> = list(record, "line_items").cloned().collect();
    if !lines.is_empty() {
        return lines;
    }
    let mut line = json!({});
    for key in ["account_id", "account_name", "amount", "tax_id", "tax_name", "tax_percentage", "tags"] {
        if let Some(value) = record.get(key) {
            line[key] = value.clone();
        }
    }
    vec![line]
}

/// The expense as a document: one of each thing, and what is said of the whole above the lines.
fn as_document(record: &Value) -> Value {
    let (mut document, mut lines) = (record.clone(), of_record(record));
    let said = text(record, "description");
    let is_said = lines.iter().any(|line| text(line, "description") == said);
    if let ([line], false) = (lines.as_mut_slice(), is_said)
        && text(line, "description").is_empty()
    {
        line["description"] = said.into();
    }
    for line in &mut lines {
        line["quantity"] = 1.into();
        line["rate"] = line["amount"].clone();
        line["item_total"] = line["amount"].clone();
        line["item_total_inclusive_of_tax"] = line["amount"].clone();
    }
    if !said.is_empty() && !lines.iter().any(|line| text(line, "description") == said) {
        lines.insert(0, json!({ "description": said }));
    }
    document["line_items"] = lines.into();
    document["tax_total"] = record["tax_amount"].clone();
    document
}

fn to_xero(coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let record = coming.record;
    let label = label(record);
    let no = |code, sentence| Err(Unmappable { code, sentence, expected: false });
    same_base_currency(&label, known)?;
    let mut body = json!({ "Type": "SPEND" });
    if let Some(there) = coming.there {
        if text(there, "Status") != "AUTHORISED" {
            return no(
                "REMOVED_IN_XERO",
                format!(
                    "{label} was changed in Zoho Books, but it was removed in Xero, where nothing can be changed any more. Delete it in Zoho Books too, or \
                     enter it again there."
                ),
            );
        }
        // An update of Xero's names these whatever has changed.
        body["BankTransactionID"] = there["BankTransactionID"].clone();
        body["BankAccount"] = json!({ "AccountID": there["BankAccount"]["AccountID"] });
        body["Contact"] = json!({ "ContactID": there["Contact"]["ContactID"] });
        body["LineAmountTypes"] = there["LineAmountTypes"].clone();
        body["LineItems"] = kept::as_they_are(there).into();
    }
    if coming.writes("contact") {
        body["Contact"] = json!({ "ContactID": contact(&label, record, known)? });
    }
    if coming.writes("bank_account") || coming.writes("currency") {
        let account = money_account::of(&label, record, BANK, Use::BankTransaction, known)?;
        let of_bank = match text(account, "CurrencyCode") {
            "" => known.xero.base_currency.as_str(),
            code => code,
        };
        let code = text(record, "currency_code");
        if !code.is_empty() && !of_bank.is_empty() && code != of_bank {
            return no(
                "CURRENCY_OF_BANK",
                format!(
                    "{label} is in {code} and was paid from an account in {of_bank}, and money spent in Xero is always in the currency of the bank account. \
                     Enter it in {of_bank} in Zoho Books, then retry."
                ),
            );
        }
        body["BankAccount"] = json!({ "AccountID": account["AccountID"] });
        if let Some(rate) = foreign_rate(record, known) {
            body["CurrencyRate"] = rate;
        }
    }
    if coming.writes("date") {
        body["Date"] = text(record, "date").into();
    }
    if coming.writes("reference") {
        body["Reference"] = text(record, "reference_number").into();
    }
    if ["lines", "total"].iter().any(|field| coming.writes(field)) {
        let Lines { mode, items } = lines::lines(&label, &as_document(record), SIDE, known)?;
        body["LineAmountTypes"] = mode.into();
        body["LineItems"] = kept::lines(items, coming.there, coming.writes("tracking")).into();
    } else if let (Some(there), true) = (coming.there, coming.writes("tracking")) {
        body["LineItems"] = kept::tracked(&label, &as_document(record), there, known)?.into();
    }
    if coming.is_new() && known.address.starts_with("http") {
        body["Url"] = format!("{}/expenses/zoho:{}", known.address, text(record, "expense_id")).into();
    }
    Ok(Sending::new(body))
}

fn contact<'k>(label: &str, record: &Value, known: &'k Known) -> Result<&'k str, Unmappable> {
    let vendor = text(record, "vendor_id");
    if vendor.is_empty() {
        return Err(Unmappable {
            code: "NO_VENDOR",
            sentence: format!(
                "{label} names no vendor in Zoho Books, and Xero wants to know who was paid. Choose a vendor in Zoho Books, then retry."
            ),
            expected: false,
        });
    }
    known.xero_id(vendors::KEY, vendor).ok_or_else(|| not_in_xero(label, "its vendor"))
}

/// What was spent that day.
fn seek(record: &Value, _: &Known) -> Seek {
    let day = parse_day(text(record, "date")).map(|day| day.format("%Y,%m,%d").to_string());
    let of = day.map(|day| ("where", format!("Type==\"SPEND\" AND Status==\"AUTHORISED\" AND Date==DateTime({day})")));
    Seek { query: of.into_iter().collect() }
}

/// One of the same day and amount, to the same payee, from the same account, with the same reference.
fn is_it(record: &Value, xero: &Value, known: &Known) -> bool {
    let is = |id: &str, ids: &[String]| ids.iter().any(|one| one.eq_ignore_ascii_case(id));
    text(xero, "Type") == "SPEND"
        && text(xero, "Status") == "AUTHORISED"
        && parse_day(text(xero, "Date")) == parse_day(text(record, "date"))
        && money::read(&xero["Total"]) == money::read(&record["total"])
        && text(xero, "Reference") == text(record, "reference_number")
        && is(text(&xero["Contact"], "ContactID"), known.xero_ids(vendors::KEY, text(record, "vendor_id")))
        && is(text(&xero["BankAccount"], "AccountID"), known.xero_ids(accounts::KEY, text(record, BANK)))
}

fn trace(xero: &Value) -> Trace {
    Trace::of_address(xero).unwrap_or_else(|| {
        let contact = text(&xero["Contact"], "ContactID").to_lowercase();
        let bank = text(&xero["BankAccount"], "AccountID").to_lowercase();
        let of = format!("{contact}|{bank}|{:?}|{}", parse_day(text(xero, "Date")), text(xero, "Reference"));
        Trace { of, whose: Some(contact) }
    })
}

fn gone(xero: &Value) -> Option<Sending> {
    let is_there = text(xero, "Status") == "AUTHORISED";
    is_there.then(|| Sending::new(json!({ "BankTransactionID": xero["BankTransactionID"], "Status": "DELETED" })))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::flow::Flow;
    use crate::flows::books::currencies;
    use crate::flows::books::expenses::Expenses;
    use crate::{xero, zoho};

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (flow, xero_id, zoho_id) in [
            (accounts::KEY, "a-bank", "1"),
            (accounts::KEY, "a-fuel", "2"),
            (accounts::KEY, "a-paper", "3"),
            (accounts::KEY, "a-usd", "4"),
            (taxes::KEY, "INPUT2", "6"),
            (vendors::KEY, "c-1", "7"),
            (currencies::KEY, "NZD", "8"),
        ] {
            known.learn(flow, xero_id, zoho_id);
            known.learn_back(flow, zoho_id, xero_id);
        }
        for (code, zoho_id) in [("449", "2"), ("453", "3")] {
            known.learn(accounts::KEY, code, zoho_id);
        }
        let account = |id: &str, code: &str, kind: &str, currency: &str| json!({ "AccountID": id, "Code": code, "Type": kind, "Class": if kind == "BANK" { "ASSET" } else { "EXPENSE" }, "CurrencyCode": currency, "Status": "ACTIVE" });
        known.learn_list(
            accounts::KEY,
            Arc::new(vec![
                account("a-bank", "", "BANK", "NZD"),
                account("a-usd", "", "BANK", "USD"),
                account("a-fuel", "449", "EXPENSE", ""),
                account("a-paper", "453", "EXPENSE", ""),
            ]),
        );
        known.learn_list(
            taxes::KEY,
            Arc::new(vec![json!({"TaxType": "INPUT2", "Status": "ACTIVE", "EffectiveRate": 15, "CanApplyToExpenses": true})]),
        );
        known
    }

    fn expense(extra: Value) -> Value {
        let mut record = json!({
            "expense_id": "9", "vendor_id": "7", "paid_through_account_id": "1", "paid_through_account_name": "Cheque", "date": "2026-11-20", "reference_number": "Card 7",
            "currency_code": "NZD", "exchange_rate": 1, "is_inclusive_tax": true, "description": "Fuel", "total": 46, "tax_amount": 6, "account_id": "2", "amount": 46,
            "line_items": [{"line_item_id": "91", "account_id": "2", "account_name": "Fuel", "description": "Fuel", "amount": 46, "tax_id": "6", "tax_percentage": 15}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        record
    }

    fn sent(record: &Value) -> Result<Value, Unmappable> {
        to_xero(&Coming { record, there: None, changed: &[] }, &known()).map(|sending| sending.body)
    }

    #[test]
    fn an_expense_is_money_spent() {
        let line = json!({"Description": "Fuel", "Quantity": 1, "UnitAmount": 46, "AccountCode": "449", "TaxType": "INPUT2"});
        let body = json!({
            "Type": "SPEND", "Contact": {"ContactID": "c-1"}, "BankAccount": {"AccountID": "a-bank"}, "Date": "2026-11-20", "Reference": "Card 7",
            "LineAmountTypes": "Inclusive", "LineItems": [line],
        });
        assert_eq!(sent(&expense(json!({}))).unwrap(), body);
        // One that was never itemised is the same.
        let plain = json!({"line_items": [], "tax_id": "6", "tax_percentage": 15});
        assert_eq!(sent(&expense(plain)).unwrap(), body);
        let words = sent(&expense(json!({"description": "See the receipt"}))).unwrap();
        assert_eq!(words["LineItems"], json!([{"Description": "See the receipt"}, line]));
        assert_eq!(label(&expense(json!({}))), "Money spent: 46.00 NZD on 2026-11-20 (Card 7)");
        assert_eq!(
            EXPENSES.fields.iter().map(|field| field.name).collect::<Vec<_>>(),
            Expenses::fields().iter().map(|field| field.name).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_xero_has_no_room_for_is_held_with_its_cure() {
        for (extra, code) in [
            (json!({"vendor_id": ""}), "NO_VENDOR"),
            (json!({"paid_through_account_id": "3"}), "NO_BANK_ACCOUNT"),
            (json!({"paid_through_account_id": "99"}), "NO_ACCOUNT"),
            (json!({"paid_through_account_id": "4"}), "CURRENCY_OF_BANK"),
            (json!({"line_items": [{"account_id": "99", "account_name": "Fun", "amount": 46}]}), "NO_ACCOUNT"),
        ] {
            let held = sent(&expense(extra)).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.contains("then retry"), "{}", held.sentence);
        }
    }

    #[test]
    fn an_update_keeps_xeros_lines_and_ids_and_a_removed_one_stays_removed() {
        let there = json!({
            "BankTransactionID": "b-1", "Type": "SPEND", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Z"}, "BankAccount": {"AccountID": "a-bank"},
            "LineAmountTypes": "Inclusive", "LineItems": [{"LineItemID": "l-1", "Description": "Fuel", "Quantity": 1, "UnitAmount": 46, "LineAmount": 46, "AccountCode": "449", "TaxType": "INPUT2", "TaxAmount": 6, "Tracking": []}],
        });
        let record = expense(json!({"reference_number": "Card 8"}));
        let told =
            |changed: &[&'static str]| to_xero(&Coming { record: &record, there: Some(&there), changed }, &known()).unwrap().body;
        let body = told(&["reference"]);
        assert_eq!(
            (&body["Reference"], &body["LineItems"][0]["LineItemID"], body.get("Date")),
            (&json!("Card 8"), &json!("l-1"), None)
        );
        assert_eq!(
            told(&["lines"])["LineItems"][0],
            json!({"LineItemID": "l-1", "Description": "Fuel", "Quantity": 1, "UnitAmount": 46, "AccountCode": "449", "TaxType": "INPUT2", "Tracking": []})
        );
        let gone_there = json!({"BankTransactionID": "b-1", "Status": "DELETED"});
        let held = to_xero(&Coming { record: &record, there: Some(&gone_there), changed: &["date"] }, &known()).unwrap_err();
        assert_eq!((held.code, gone(&gone_there)), ("REMOVED_IN_XERO", None));
        assert_eq!(gone(&there).unwrap().body, json!({"BankTransactionID": "b-1", "Status": "DELETED"}));
    }

    #[test]
    fn it_is_found_among_what_was_spent_that_day() {
        assert_eq!(
            seek(&expense(json!({})), &known()).query[0].1,
            "Type==\"SPEND\" AND Status==\"AUTHORISED\" AND Date==DateTime(2026,11,20)"
        );
        let xero = |extra: Value| {
            let mut one = json!({"Type": "SPEND", "Status": "AUTHORISED", "Date": "2026-11-20T00:00:00", "Total": 46.0, "Reference": "Card 7", "Contact": {"ContactID": "C-1"}, "BankAccount": {"AccountID": "a-bank"}});
            one.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            one
        };
        for (extra, found) in
            [(json!({}), true), (json!({"Total": 45}), false), (json!({"Reference": ""}), false), (json!({"Contact": {}}), false)]
        {
            assert_eq!(is_it(&expense(json!({})), &xero(extra.clone()), &known()), found, "{extra}");
        }
    }

    proptest! {
        #![proptest_config(crate::trials::cases(500))]

        #[test]
        fn an_expense_comes_back_as_it_went_to_the_cent(lines in prop::collection::vec((1i64..1_000_000, any::<bool>(), any::<bool>(), "[a-z]{0,9}"), 1..5), inclusive in any::<bool>()) {
            let (hundred, rate) = (Decimal::ONE_HUNDRED, Decimal::from(15));
            let (mut total, mut tax_amount) = (Decimal::ZERO, Decimal::ZERO);
            let told: Vec<Value> = lines.iter().map(|(cents, taxed, fuel, words)| {
                let amount = Decimal::new(*cents, 2);
                let of = if inclusive { rate + hundred } else { hundred };
                let tax = if *taxed { money::round(amount * rate / of, 2) } else { Decimal::ZERO };
                total += if inclusive { amount } else { amount + tax };
                tax_amount += tax;
                let mut line = json!({ "account_id": if *fuel { "2" } else { "3" }, "description": words, "amount": money::number(amount) });
                if *taxed {
                    line["tax_id"] = "6".into();
                    line["tax_percentage"] = 15.into();
                }
                line
            }).collect();
            let record = expense(json!({ "line_items": told, "is_inclusive_tax": inclusive, "description": "", "total": money::number(total), "tax_amount": money::number(tax_amount) }));
            let mut xero = sent(&record).unwrap();
            // As Xero answers it.
            xero["BankTransactionID"] = "b-1".into();
            xero["Total"] = money::number(total);
            xero["CurrencyCode"] = "NZD".into();
            let mode = xero["LineAmountTypes"].clone();
            for line in xero["LineItems"].as_array_mut().unwrap() {
                let amount = money::read(&line["UnitAmount"]).unwrap();
                let of = if mode == "Inclusive" { rate + hundred } else { hundred };
                let counted = if line["TaxType"] == "INPUT2" { money::round(amount * rate / of, 2) } else { Decimal::ZERO };
                line["LineAmount"] = money::number(amount);
                if line.get("TaxAmount").is_none() {
                    line["TaxAmount"] = money::number(counted);
                }
            }
            let back = Expenses::to_zoho(&serde_json::from_str(&xero.to_string()).unwrap(), &known()).unwrap().body;
            prop_assert_eq!(money::read(&back["amount"]), Some(total));
            for key in ["date", "vendor_id", "paid_through_account_id", "reference_number"] {
                prop_assert_eq!(&back[key], &record[key]);
            }
            let lines_back = back["line_items"].as_array().unwrap();
            prop_assert_eq!(lines_back.len(), told.len());
            for (one, other) in lines_back.iter().zip(&told) {
                prop_assert_eq!(&one["account_id"], &other["account_id"]);
                prop_assert_eq!(one.get("tax_id"), other.get("tax_id"));
            }
        }
    }
}
