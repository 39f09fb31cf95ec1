//! What is awkward about money without invoices; entered as a person would enter it.

use serde_json::{Value, json};
use uuid::Uuid;

fn line(amount: &str, account: &str, tax: &str) -> Value {
    json!({"Description": "Awkward", "Quantity": "1", "UnitAmount": amount, "AccountCode": account, "TaxType": tax})
}

pub fn credit_notes(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let note = |what: &str, type_: &str, contact: &str, lines: Value, more: Value| {
        let mut note = json!({"CreditNoteID": id(what), "Type": type_, "Contact": {"ContactID": id(contact)}, "Status": "AUTHORISED",
            "Date": "2026-05-04", "LineItems": lines});
        if let (Value::Object(note), Value::Object(more)) = (&mut note, more) {
            note.extend(more);
        }
        note
    };
    vec![
        note(
            "half a cent given back",
            "ACCRECCREDIT",
            "plain",
            json!([line("0.005", "200", "OUTPUT2")]),
            json!({"CreditNoteNumber": "CN-0001"}),
        ),
        note(
            "numbered like an invoice",
            "ACCRECCREDIT",
            "plain",
            json!([{"Description": "Words only"}, line("10", "200", "OUTPUT2")]),
            json!({"CreditNoteNumber": "INV-0001"}),
        ),
        note(
            "dollars given back",
            "ACCRECCREDIT",
            "two currencies",
            json!([line("33.33", "202", "ZERORATED")]),
            json!({"CurrencyCode": "USD", "CurrencyRate": "0.598765"}),
        ),
        note("worth nothing", "ACCRECCREDIT", "plain", json!([line("0", "200", "OUTPUT2")]), json!({})),
        note(
            "numberless credit of a supplier",
            "ACCPAYCREDIT",
            "both",
            json!([line("115", "300", "INPUT2")]),
            json!({"LineAmountTypes": "Inclusive"}),
        ),
        note("draft credit", "ACCRECCREDIT", "plain", json!([line("1", "200", "OUTPUT2")]), json!({"Status": "DRAFT"})),
        note("voided credit", "ACCRECCREDIT", "plain", json!([line("1", "200", "OUTPUT2")]), json!({"Status": "VOIDED"})),
    ]
}

pub fn bank_transactions(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let bank = |what: &str, type_: &str, contact: &str, account: &str, lines: Value| {
        json!({"BankTransactionID": id(what), "Type": type_, "Contact": {"ContactID": id(contact)}, "BankAccount": {"Code": account},
               "Date": "2026-05-05", "Reference": "№ 1 – «odd»", "LineItems": lines})
    };
    vec![
        bank("one cent received", "RECEIVE", "plain", "090", json!([line("0.01", "260", "OUTPUT2")])),
        bank(
            "spent with words",
            "SPEND",
            "both",
            "093",
            json!([{"Description": "See the receipt"}, line("9.99", "453", "INPUT2"), line("-1.00", "453", "INPUT2")]),
        ),
        bank("dollars spent", "SPEND", "both", "092", json!([line("12.34", "404", "NONE")])),
        bank("received in advance", "RECEIVE-PREPAYMENT", "plain", "090", json!([line("50", "200", "OUTPUT2")])),
        bank("paid in advance", "SPEND-PREPAYMENT", "both", "090", json!([line("7.77", "620", "NONE")])),
    ]
}

pub fn bank_transfers(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let transfer = |what: &str, amount: &str| json!({"BankTransferID": id(what), "FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "093"}, "Amount": amount, "Date": "2026-05-06"});
    vec![transfer("one cent moved", "0.01"), transfer("much moved", "9999999.99")]
}

pub fn manual_journals(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let amount = |amount: &str, code: &str, tax: &str| json!({"LineAmount": amount, "AccountCode": code, "TaxType": tax});
    vec![
        json!({"ManualJournalID": id("with a blank line"), "Narration": "Accrual", "Status": "POSTED", "Date": "2026-05-31",
               "JournalLines": [{"Description": "For May"}, amount("100", "429", "NONE"), amount("-100", "825", "NONE")]}),
        json!({"ManualJournalID": id("with tax"), "Narration": "N".repeat(500), "Status": "POSTED", "Date": "2026-05-31", "LineAmountTypes": "Inclusive",
               "JournalLines": [amount("115", "429", "INPUT2"), amount("-115", "260", "OUTPUT2")]}),
        json!({"ManualJournalID": id("draft journal"), "Narration": "Not sure yet", "Date": "2026-05-31",
               "JournalLines": [amount("1", "429", "NONE"), amount("-1", "825", "NONE")]}),
    ]
}
