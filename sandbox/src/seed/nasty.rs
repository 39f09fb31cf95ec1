//! A small company in which every awkward record we know of occurs once. It is entered as a person would enter it.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Failed;
use crate::Shared;
use crate::xero::json::number;
use crate::xero::put;
use crate::xero::sessions::Org;

pub fn plant(shared: &Shared, org: &Org, seed: u64) -> Result<Value, Failed> {
    let tenant = org.tenant.to_string();
    let id = |what: &str| Uuid::new_v5(&org.tenant, format!("{seed}/nasty/{what}").as_bytes());
    let mut planted = serde_json::Map::new();
    for (list, records) in [
        ("Accounts", accounts(&id)),
        ("TaxRates", tax_rates()),
        ("Contacts", contacts(&id)),
        ("Items", items(&id)),
        ("Invoices", invoices(&id)),
        ("Payments", payments(&id)),
        ("Overpayments", overpayments(&id)),
        ("CreditNotes", super::nasty_cash::credit_notes(&id)),
        ("BankTransactions", super::nasty_cash::bank_transactions(&id)),
        ("BankTransfers", super::nasty_cash::bank_transfers(&id)),
        ("ManualJournals", super::nasty_cash::manual_journals(&id)),
    ] {
        planted.insert(list.to_lowercase(), records.len().into());
        put(shared, &tenant, list, &Value::Array(records), false)?;
    }
    for (list, key, records) in [
        ("TrackingCategories", "tracking_categories", tracking(&id)),
        ("ContactGroups", "contact_groups", groups(&id)),
        ("Quotes", "quotes", quotes(&id)),
        ("PurchaseOrders", "purchase_orders", orders(&id)),
        ("RepeatingInvoices", "repeating_invoices", templates(&id)),
    ] {
        planted.insert(key.into(), records.len().into());
        put(shared, &tenant, list, &Value::Array(records), false)?;
    }
    // What was paid in part is then voided or edited only in ways that Xero allows: the payment goes first.
    put(shared, &tenant, "Payments", &json!({"PaymentID": id("undone payment"), "Status": "DELETED"}), false)?;
    put(
        shared,
        &tenant,
        "Contacts",
        &json!({"ContactID": id("archived with an open invoice"), "ContactStatus": "ARCHIVED"}),
        false,
    )?;
    planted.insert("files".into(), super::files::nasty(shared, org, &id)?.into());
    Ok(Value::Object(planted))
}

/// Names that look alike, names of full length, options that are archived; a third category that nobody uses any more.
fn tracking(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let option = |what: &str, name: &str, status: &str| json!({"TrackingOptionID": id(what), "Name": name, "Status": status});
    vec![
        json!({"TrackingCategoryID": id("old category"), "Name": "Cost Centre (old)", "Status": "ARCHIVED", "Options": [option("old option", "Head Office", "ARCHIVED")]}),
        json!({"TrackingCategoryID": id("region"), "Name": "Region", "Options": [
            option("north", "North", "ACTIVE"), option("north-east", "North / East & \"Coast\"", "ACTIVE"), option("closed", "Closed branch", "ARCHIVED"),
            option("unicode option", "Ōtautahi 東京 🐑", "ACTIVE")]}),
        json!({"TrackingCategoryID": id("longest category"), "Name": "T".repeat(100), "Options": [option("longest option", &"O".repeat(100), "ACTIVE")]}),
    ]
}

fn groups(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let members = ["plain", "case", "archived twin"].map(|what| json!({"ContactID": id(what)}));
    vec![
        json!({"ContactGroupID": id("group"), "Name": "Customers & <friends>", "Contacts": members}),
        json!({"ContactGroupID": id("empty group"), "Name": "Empty"}),
    ]
}

/// A quote in each awkward state: a description only, a discount with many decimals, a foreign currency, lines with tracking.
fn quotes(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let quote = |what: &str, number: &str, contact: &str, lines: Value, more: Value| {
        let mut quote = json!({"QuoteID": id(what), "QuoteNumber": number, "Contact": {"ContactID": id(contact)}, "Date": "2026-05-04", "LineItems": lines});
        if let (Value::Object(quote), Value::Object(more)) = (&mut quote, more) {
            quote.extend(more);
        }
        quote
    };
    let line = |more: Value| {
        let mut line = json!({"Description": "Work", "Quantity": "1.0", "UnitAmount": "19.9999", "AccountCode": "200"});
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        line
    };
    vec![
        quote("quote of words", "QU-WORDS", "plain", json!([{"Description": "Only words"}]), json!({"Title": "T".repeat(100)})),
        quote(
            "quote with a third off",
            "QU-THIRD",
            "plain",
            json!([line(json!({"DiscountRate": "33.3333"}))]),
            json!({"Status": "SENT"}),
        ),
        quote(
            "quote with tracking",
            "QU-TRACKED",
            "both",
            json!([line(json!({"Tracking": [{"TrackingCategoryID": id("region"), "TrackingOptionID": id("unicode option")}]}))]),
            json!({"LineAmountTypes": "INCLUSIVE", "ExpiryDate": "2026-05-04"}),
        ),
        quote(
            "quote in dollars",
            "QU-USD",
            "two currencies",
            json!([line(json!({}))]),
            json!({"CurrencyCode": "USD", "CurrencyRate": "0.612345"}),
        ),
    ]
}

fn orders(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    vec![
        json!({"PurchaseOrderID": id("order"), "PurchaseOrderNumber": "PO-0001", "Contact": {"ContactID": id("both")}, "Date": "2026-05-04", "Status": "AUTHORISED",
               "DeliveryInstructions": "D".repeat(500), "LineItems": [{"Description": "Goods", "Quantity": "0.3333", "UnitAmount": "9.99", "AccountCode": "300"}]}),
    ]
}

fn templates(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    vec![
        json!({"RepeatingInvoiceID": id("template"), "Type": "ACCREC", "Contact": {"ContactID": id("plain")}, "Status": "AUTHORISED", "Reference": "[Week] [Month]",
               "Schedule": {"Period": 1, "Unit": "MONTHLY", "DueDate": 31, "DueDateType": "OFCURRENTMONTH", "StartDate": "2026-01-31"},
               "LineItems": [{"Description": "Rent of [Month]", "Quantity": 1, "UnitAmount": "100", "AccountCode": "200"}]}),
        json!({"RepeatingInvoiceID": id("ended template"), "Type": "ACCREC", "Contact": {"ContactID": id("plain")}, "Status": "DRAFT",
               "Schedule": {"Period": 2, "Unit": "WEEKLY", "DueDate": 7, "DueDateType": "DAYSAFTERBILLDATE", "StartDate": "2024-01-01", "EndDate": "2024-12-31"},
               "LineItems": [{"Description": "Long over", "Quantity": 1, "UnitAmount": "1", "AccountCode": "200"}]}),
    ]
}

fn accounts(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    vec![
        json!({"AccountID": id("lettered"), "Code": "SALES-X", "Name": "Sales, but \"special\" & <odd>", "Status": "ACTIVE", "Type": "SALES",
               "Class": "REVENUE", "TaxType": "OUTPUT2", "EnablePaymentsToAccount": false, "HasAttachments": false}),
        json!({"AccountID": id("archived account"), "Code": "299", "Name": "Old Sales", "Status": "ARCHIVED", "Type": "REVENUE",
               "Class": "REVENUE", "TaxType": "OUTPUT2", "EnablePaymentsToAccount": false, "HasAttachments": false}),
        json!({"AccountID": id("named like another in another case"), "Code": "203", "Name": "SALES", "Status": "ACTIVE", "Type": "REVENUE",
               "Class": "REVENUE", "TaxType": "OUTPUT2", "EnablePaymentsToAccount": false, "HasAttachments": false}),
        json!({"AccountID": id("long"), "Code": "LONGESTCOD", "Name": "N".repeat(150), "Status": "ACTIVE", "Type": "OTHERINCOME",
               "Class": "REVENUE", "TaxType": "NONE", "EnablePaymentsToAccount": true, "HasAttachments": false}),
    ]
}

fn tax_rates() -> Vec<Value> {
    let rate = |tax_type: &str, name: &str, percent: i64, status: &str| {
        let percent = number(Decimal::new(percent, 4));
        json!({"Name": name, "TaxType": tax_type, "ReportTaxType": "OUTPUT", "CanApplyToAssets": true, "CanApplyToEquity": true,
               "CanApplyToExpenses": true, "CanApplyToLiabilities": true, "CanApplyToRevenue": true, "DisplayTaxRate": percent,
               "EffectiveRate": percent, "Status": status,
               "TaxComponents": [{"Name": name, "Rate": percent, "IsCompound": false, "IsNonRecoverable": false}]})
    };
    let mut compound = rate("TAX002", "City and County", 84_000, "ACTIVE");
    compound["TaxComponents"] = json!([
        {"Name": "City", "Rate": number(Decimal::new(50_000, 4)), "IsCompound": false, "IsNonRecoverable": false},
        {"Name": "County", "Rate": number(Decimal::new(32_381, 4)), "IsCompound": true, "IsNonRecoverable": false},
    ]);
    vec![rate("TAX001", "Odd 12.3456 %", 123_456, "ACTIVE"), compound, rate("TAX003", "Old GST 12.5 %", 125_000, "ARCHIVED")]
}

fn contacts(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let named = |what: &str, name: &str, more: Value| {
        let mut contact = json!({"ContactID": id(what), "Name": name});
        if let (Value::Object(contact), Value::Object(more)) = (&mut contact, more) {
            contact.extend(more);
        }
        contact
    };
    vec![
        named("plain", "Acme Ltd", json!({"EmailAddress": "accounts@acme.example"})),
        named("case", "ACME LTD", json!({"EmailAddress": "accounts@acme.example"})),
        named("spaces", "Acme  Ltd", json!({})),
        named("archived twin", "Acme Ltd", json!({"ContactStatus": "ARCHIVED"})),
        named("both", "Both Ways Co", json!({"EmailAddress": "both@example.com"})),
        named("no mail", "Nobody At Home", json!({})),
        named("longest", &"L".repeat(255), json!({})),
        named("over two hundred", &format!("{} end", "Very Long Holdings ".repeat(12)), json!({})),
        named("unicode", "東京商事 — Ōtautahi 🐑 «Ünïcödé»", json!({"DefaultCurrency": "JPY"})),
        named("right to left", "שלום ושות׳", json!({})),
        named("html", "Tom & Jerry's \"Shop\" \\ Co", json!({"FirstName": "Tom", "LastName": "O'Neil"})),
        named("number", "12345", json!({})),
        named("two currencies", "Two Currencies Ltd", json!({"EmailAddress": "two@example.com"})),
        named("archived with an open invoice", "Gone Away Ltd", json!({})),
        named("never used", "Never Used", json!({"DefaultCurrency": "EUR"})),
        named("bad mail", "Bad Mail Ltd", json!({"EmailAddress": "not an address"})),
        named(
            "crowded",
            "Crowded House Ltd",
            json!({
                "ContactPersons": (1..=5).map(|n| json!({"FirstName": format!("P{n}"), "LastName": "Smith", "EmailAddress": format!("p{n}@example.com"), "IncludeInEmails": true})).collect::<Vec<_>>(),
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1".repeat(50), "PhoneAreaCode": "0".repeat(10), "PhoneCountryCode": "+".repeat(20)}],
                "Addresses": [{"AddressType": "STREET", "AddressLine1": "x".repeat(500), "AddressLine2": "y".repeat(500), "City": "c".repeat(255),
                               "Region": "r".repeat(255), "PostalCode": "1".repeat(50), "Country": "Aotearoa"}],
            }),
        ),
    ]
}

fn items(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    vec![
        json!({"ItemID": id("four"), "Code": "FOUR", "Name": "Four decimals", "SalesDetails": {"UnitPrice": "0.0375", "AccountCode": "200", "TaxType": "OUTPUT2"}}),
        json!({"ItemID": id("same name"), "Code": "FOUR-B", "Name": "Four decimals", "SalesDetails": {"UnitPrice": "1", "AccountCode": "200", "TaxType": "OUTPUT2"}}),
        json!({"ItemID": id("nameless"), "Code": "NAMELESS"}),
        json!({"ItemID": id("longest code"), "Code": "C".repeat(30), "Name": "N".repeat(50), "Description": "D".repeat(4000)}),
        json!({"ItemID": id("only bought"), "Code": "BUY", "Name": "Only bought", "IsSold": false, "PurchaseDetails": {"UnitPrice": "9.99", "AccountCode": "300", "TaxType": "INPUT2"}}),
        json!({"ItemID": id("tracked"), "Code": "STOCK", "Name": "Tracked", "IsTrackedAsInventory": true, "InventoryAssetAccountCode": "630", "QuantityOnHand": 12,
               "PurchaseDetails": {"UnitPrice": "5", "COGSAccountCode": "310", "TaxType": "INPUT2"}, "SalesDetails": {"UnitPrice": "8", "AccountCode": "200", "TaxType": "OUTPUT2"}}),
    ]
}

fn invoices(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let paper = |what: &str, kind: &str, contact: &str, lines: Value, more: Value| {
        let mut paper = json!({"InvoiceID": id(what), "Type": kind, "Contact": {"ContactID": id(contact)}, "Status": "AUTHORISED",
                               "Date": "2026-05-04", "DueDate": "2026-06-20", "LineItems": lines});
        if let (Value::Object(paper), Value::Object(more)) = (&mut paper, more) {
            paper.extend(more);
        }
        paper
    };
    let sale = |what: &str, contact: &str, lines: Value, more: Value| paper(what, "ACCREC", contact, lines, more);
    let bill = |what: &str, contact: &str, lines: Value, more: Value| paper(what, "ACCPAY", contact, lines, more);
    let line = |quantity: &str, unit: &str, tax: &str| json!({"Description": "Work", "Quantity": quantity, "UnitAmount": unit, "AccountCode": "200", "TaxType": tax});
    let cost = |quantity: &str, unit: &str, tax: &str| json!({"Description": "Goods", "Quantity": quantity, "UnitAmount": unit, "AccountCode": "300", "TaxType": tax});
    let many: Vec<_> = (0..200).map(|n| line("1", &Decimal::new(n + 1, 2).to_string(), "OUTPUT2")).collect();
    vec![
        sale(
            "three lines",
            "plain",
            json!([line("1.0", "25.43", "OUTPUT2"), line("1.0", "25.43", "OUTPUT2"), line("1.0", "25.43", "OUTPUT2")]),
            json!({"InvoiceNumber": "INV-0001"}),
        ),
        sale(
            "half cents",
            "case",
            json!([line("0.5", "0.01", "OUTPUT2"), line("0.5", "0.03", "OUTPUT2"), line("3.0", "0.335", "OUTPUT2")]),
            json!({"InvoiceNumber": "inv-0001"}),
        ),
        sale(
            "discount shown rounded",
            "plain",
            json!([{"Description": "A third off", "Quantity": "7", "UnitAmount": "1999.99", "DiscountRate": "33.3333", "AccountCode": "200", "TaxType": "OUTPUT2"}]),
            json!({}),
        ),
        sale(
            "all given away",
            "plain",
            json!([{"Description": "Free", "Quantity": "1", "UnitAmount": "100", "DiscountRate": "100", "AccountCode": "200", "TaxType": "OUTPUT2"}]),
            json!({}),
        ),
        sale(
            "discount amount",
            "spaces",
            json!([{"Description": "Less ten", "Quantity": "3", "UnitAmount": "19.9999", "DiscountAmount": "10", "AccountCode": "200", "TaxType": "OUTPUT2"}]),
            json!({}),
        ),
        sale(
            "typed tax",
            "plain",
            json!([{"Description": "Tax by hand", "Quantity": "1", "UnitAmount": "100", "TaxAmount": "14.99", "AccountCode": "200", "TaxType": "OUTPUT2"}]),
            json!({}),
        ),
        sale(
            "words only",
            "both",
            json!([{"Description": "Only words on the first line"}, line("1.0", "1.0", "OUTPUT2"), {"Description": "And words on the last"}]),
            json!({}),
        ),
        sale("nothing but words", "both", json!([{"Description": "No amount at all"}]), json!({})),
        sale("zero", "both", json!([line("1.0", "0.0", "OUTPUT2")]), json!({})),
        sale(
            "negative line",
            "both",
            json!([line("2.0", "50.0", "OUTPUT2"), line("1.0", "-20.0", "OUTPUT2"), line("-1.0", "10.0", "OUTPUT2")]),
            json!({}),
        ),
        sale(
            "four thousand",
            "no mail",
            json!([{"Description": "é".repeat(4000), "Quantity": "1", "UnitAmount": "1", "AccountCode": "200", "TaxType": "OUTPUT2"}]),
            json!({"Reference": "R".repeat(255)}),
        ),
        sale(
            "yen with cents",
            "unicode",
            json!([line("3.0", "333.3333", "OUTPUT2")]),
            json!({"CurrencyCode": "JPY", "CurrencyRate": "88.123456"}),
        ),
        sale(
            "dollars",
            "two currencies",
            json!([line("1.0", "99.95", "ZERORATED")]),
            json!({"CurrencyCode": "USD", "CurrencyRate": "0.612345"}),
        ),
        sale("kiwi dollars", "two currencies", json!([line("1.0", "99.95", "OUTPUT2")]), json!({})),
        sale(
            "inclusive pennies",
            "html",
            json!([line("1.0", "9.99", "OUTPUT2"), line("1.0", "9.99", "OUTPUT2"), line("1.0", "9.99", "NONE")]),
            json!({"LineAmountTypes": "Inclusive"}),
        ),
        sale(
            "odd rates",
            "number",
            json!([line("3.0", "33.33", "TAX001"), line("1.0", "12.34", "TAX002"), line("1.0", "80.0", "TAX003")]),
            json!({}),
        ),
        sale("no tax", "number", json!([line("2.0", "10.5555", "OUTPUT2")]), json!({"LineAmountTypes": "NoTax"})),
        sale("two hundred lines", "longest", Value::Array(many), json!({})),
        sale(
            "no due date",
            "right to left",
            json!([line("1.0", "10.0", "OUTPUT2")]),
            json!({"DueDate": null, "Status": "DRAFT"}),
        ),
        sale(
            "longest number",
            "over two hundred",
            json!([line("1.0", "10.0", "OUTPUT2")]),
            json!({"InvoiceNumber": "N".repeat(255)}),
        ),
        sale(
            "awkward number",
            "plain",
            json!([line("1.0", "10.0", "OUTPUT2")]),
            json!({"InvoiceNumber": " INV/00 02? & \"é\" "}),
        ),
        sale("huge", "plain", json!([line("9999.0", "99999.9999", "OUTPUT2")]), json!({})),
        sale(
            "leap day",
            "plain",
            json!([line("1.0", "29.02", "OUTPUT2")]),
            json!({"Date": "2024-02-29", "DueDate": "2024-02-29"}),
        ),
        sale("due before it was issued", "plain", json!([line("1.0", "5.0", "OUTPUT2")]), json!({"DueDate": "2026-05-01"})),
        sale(
            "long ago",
            "plain",
            json!([line("1.0", "19.99", "OUTPUT2")]),
            json!({"Date": "1999-12-31", "DueDate": "2000-01-20"}),
        ),
        sale(
            "archived account",
            "plain",
            json!([{"Description": "Booked to an archived account", "Quantity": "1", "UnitAmount": "7", "AccountCode": "299", "TaxType": "OUTPUT2"}]),
            json!({}),
        ),
        sale(
            "no account",
            "plain",
            json!([{"Description": "A draft line without account", "Quantity": "1", "UnitAmount": "7", "TaxType": "OUTPUT2"}]),
            json!({"Status": "DRAFT"}),
        ),
        sale("paid to the cent", "plain", json!([line("1.0", "100.0", "OUTPUT2")]), json!({})),
        sale("paid in part", "plain", json!([line("1.0", "100.0", "OUTPUT2")]), json!({})),
        sale("payment undone", "plain", json!([line("1.0", "50.0", "OUTPUT2")]), json!({})),
        sale(
            "paid with an overpayment",
            "plain",
            json!([line("1.0", "60.0", "NONE")]),
            json!({"Overpayments": [{"OverpaymentID": id("used overpayment"), "Total": "100", "AppliedAmount": "40"}]}),
        ),
        sale("of one who is gone", "archived with an open invoice", json!([line("1.0", "11.11", "OUTPUT2")]), json!({})),
        sale("submitted", "plain", json!([line("1.0", "1.15", "OUTPUT2")]), json!({"Status": "SUBMITTED"})),
        sale("voided", "plain", json!([line("1.0", "10.0", "OUTPUT2")]), json!({"Status": "VOIDED"})),
        sale("deleted", "plain", json!([line("1.0", "10.0", "OUTPUT2")]), json!({"Status": "DELETED"})),
        sale(
            "items",
            "plain",
            json!([
                {"ItemCode": "FOUR", "Description": "Four", "Quantity": "1000", "UnitAmount": "0.0375", "AccountCode": "200", "TaxType": "OUTPUT2"},
                {"ItemCode": "STOCK", "Description": "Tracked", "Quantity": "1", "UnitAmount": "8", "AccountCode": "200", "TaxType": "OUTPUT2"},
                {"ItemCode": "NAMELESS", "Description": "Nameless", "Quantity": "1", "UnitAmount": "1", "AccountCode": "200", "TaxType": "OUTPUT2"},
            ]),
            json!({}),
        ),
        bill("numbered", "both", json!([cost("1.0", "115.0", "INPUT2")]), json!({"InvoiceNumber": "INV-0001"})),
        bill(
            "same number, other supplier",
            "no mail",
            json!([cost("1.0", "115.0", "INPUT2")]),
            json!({"InvoiceNumber": "INV-0001"}),
        ),
        bill("same number, same supplier", "both", json!([cost("1.0", "20.0", "INPUT2")]), json!({"InvoiceNumber": "INV-0001"})),
        bill("numberless", "both", json!([cost("1.0", "0.005", "INPUT2")]), json!({})),
        bill("draft bill", "both", json!([cost("1.0", "40.0", "INPUT2")]), json!({"Status": "DRAFT"})),
        bill(
            "bill of words",
            "both",
            json!([{"Description": "See attached"}, cost("2.5", "3.3333", "INPUT2")]),
            json!({"LineAmountTypes": "Inclusive"}),
        ),
        bill(
            "typed tax on a bill",
            "both",
            json!([{"Description": "GST at the border", "Quantity": "1", "UnitAmount": "0", "TaxAmount": "123.45", "AccountCode": "300", "TaxType": "INPUT2"}]),
            json!({}),
        ),
        bill(
            "foreign bill",
            "two currencies",
            json!([cost("7.0", "12.3456", "NONE")]),
            json!({"CurrencyCode": "EUR", "CurrencyRate": "0.555555"}),
        ),
        bill("voided bill", "both", json!([cost("1.0", "40.0", "INPUT2")]), json!({"Status": "VOIDED"})),
    ]
}

fn payments(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    let payment = |what: &str, invoice: &str, amount: &str, more: Value| {
        let mut payment = json!({"PaymentID": id(what), "Invoice": {"InvoiceID": id(invoice)}, "Amount": amount, "Date": "2026-05-20", "Account": {"Code": "090"}});
        if let (Value::Object(payment), Value::Object(more)) = (&mut payment, more) {
            payment.extend(more);
        }
        payment
    };
    vec![
        payment("first third", "paid to the cent", "38.33", json!({})),
        payment("second third", "paid to the cent", "38.33", json!({"Reference": "2nd"})),
        payment("last third", "paid to the cent", "38.34", json!({"Reference": "3rd & last"})),
        payment("one cent", "paid in part", "0.01", json!({})),
        payment("before the invoice", "paid in part", "10.0", json!({"Date": "2026-01-01"})),
        payment("undone payment", "payment undone", "57.5", json!({})),
        payment("other rate", "dollars", "99.95", json!({"CurrencyRate": "0.598765"})),
        payment("part of yen", "yen with cents", "500.0", json!({"CurrencyRate": "90.1"})),
        payment("bill paid", "numbered", "132.25", json!({})),
        payment("bill paid in part", "foreign bill", "1.0", json!({"CurrencyRate": "0.55"})),
        payment("from equity", "three lines", "5.0", json!({"Account": {"Code": "970"}})),
    ]
}

fn overpayments(id: &impl Fn(&str) -> Uuid) -> Vec<Value> {
    vec![
        json!({"OverpaymentID": id("used overpayment"), "Contact": {"ContactID": id("plain")}, "Total": "100", "Date": "2026-05-01",
               "Allocations": [{"Amount": "40", "Date": "2026-05-20", "Invoice": {"InvoiceID": id("paid with an overpayment")}}]}),
        json!({"OverpaymentID": id("unused overpayment"), "Contact": {"ContactID": id("plain")}, "Total": "12.34", "Date": "2026-05-02"}),
        json!({"OverpaymentID": id("overpaid bill"), "Type": "SPEND-OVERPAYMENT", "Contact": {"ContactID": id("both")}, "Total": "1", "Date": "2026-05-03"}),
    ]
}
