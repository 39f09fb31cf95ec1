//! Documents of Zoho's and what Xero is told of them.

use serde_json::{Value, json};

use super::arithmetic::known;
use crate::flow::{Back, By, Coming, Flow, Known, Sending, Unmappable, Wanted};
use crate::flows::books::bills::Bills;
use crate::flows::books::credit_notes::CreditNotes;
use crate::flows::books::invoices::Invoices;
use crate::flows::books::purchase_orders::PurchaseOrders;
use crate::flows::books::quotes::Quotes;
use crate::flows::books::{accounts, customers};
use crate::print::{FIELD_PRINT_BYTES, PrintKey};

fn back<F: Flow>() -> &'static Back {
    const { &F::BACK }.as_ref().unwrap()
}

fn with(mut record: Value, extra: Value) -> Value {
    record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    record
}

fn invoice(extra: Value) -> Value {
    let record = json!({
        "invoice_id": "9001", "invoice_number": "INV-7", "reference_number": "PO 7", "customer_id": "101", "date": "2026-02-03", "due_date": "2026-03-04",
        "currency_code": "NZD", "exchange_rate": 1, "status": "sent", "is_inclusive_tax": false, "discount_type": "item_level",
        "line_items": [{"line_item_id": "1", "item_id": "501", "name": "Golf balls", "description": "White", "quantity": 2, "rate": 20, "discount": 0,
                        "account_id": "301", "tax_id": "tax-15", "tax_percentage": 15, "item_total": 40}],
        "tax_total": 6, "total": 46, "balance": 46,
    });
    with(record, extra)
}

fn there(extra: Value) -> Value {
    let record = json!({
        "InvoiceID": "x-1", "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "INV-7", "Contact": {"ContactID": "c-1"}, "Date": "/Date(1770076800000+0000)/",
        "Total": 46.0, "AmountPaid": 0.0, "AmountCredited": 0.0,
        "LineItems": [{"LineItemID": "l-1", "Description": "White", "Quantity": 2.0, "UnitAmount": 20.0, "ItemCode": "GB-1", "AccountCode": "200", "AccountID": "a-200",
                       "TaxType": "OUTPUT2", "TaxAmount": 6.0, "LineAmount": 40.0, "Tracking": [{"TrackingCategoryID": "t-2", "TrackingOptionID": "o-9", "Name": "Who", "Option": "Ada"}]}],
    });
    with(record, extra)
}

fn told<F: Flow>(record: &Value, there: Option<&Value>, changed: &[&'static str], known: &Known) -> Result<Value, Unmappable> {
    (back::<F>().to_xero)(&Coming { record, there, changed }, known).map(|Sending { body, .. }| body)
}

fn new(extra: Value) -> Value {
    told::<Invoices>(&invoice(extra), None, &[], &known(2, 2)).unwrap()
}

fn lines(extra: Value) -> Value {
    new(extra)["LineItems"].clone()
}

#[test]
fn an_invoice_is_told_whole_and_its_contact_by_its_id_alone() {
    assert_eq!(
        new(json!({})),
        json!({
            "Type": "ACCREC", "Contact": {"ContactID": "c-1"}, "InvoiceNumber": "INV-7", "Reference": "PO 7", "Date": "2026-02-03", "DueDate": "2026-03-04",
            "CurrencyCode": "NZD", "LineAmountTypes": "Exclusive", "Status": "AUTHORISED", "Url": "https://sync.example/x/k/invoices/zoho:9001",
            "LineItems": [{"Description": "White", "Quantity": 2, "UnitAmount": 20, "AccountCode": "200", "TaxType": "OUTPUT2", "ItemCode": "GB-1"}],
        })
    );
    let needs = (back::<Invoices>().needs)(&invoice(json!({})));
    assert!(needs.len() == 1 && needs[0].flow == customers::KEY && needs[0].key == "101" && needs[0].by == By::Zoho);
    let hints = (back::<Invoices>().hints)(&invoice(json!({})));
    assert_eq!(hints.iter().map(|need| need.key.as_str()).collect::<Vec<_>>(), ["301", "tax-15", "501"]);
}

#[test]
fn a_line_without_an_item_in_xero_says_what_it_is() {
    let line = |extra: Value| {
        with(
            json!({"name": "Gum", "description": "Pink", "quantity": 1, "rate": 40, "account_id": "301", "tax_id": "tax-15", "tax_percentage": 15}),
            extra,
        )
    };
    for (extra, description) in [
        (json!({"item_id": "777"}), "Gum\nPink"),
        (json!({}), "Gum\nPink"),
        (json!({"description": ""}), "Gum"),
        (json!({"name": "", "description": "Pink"}), "Pink"),
        (json!({"description": "Gum, pink"}), "Gum, pink"),
    ] {
        let told = lines(json!({"line_items": [line(extra)]}));
        assert_eq!(
            told,
            json!([{"Description": description, "Quantity": 1, "UnitAmount": 40, "AccountCode": "200", "TaxType": "OUTPUT2"}])
        );
    }
    // Words are words and nothing else; a heading over lines is one of them.
    let told = lines(json!({"tax_total": 0, "total": 1, "line_items": [
        {"name": "Delivered on Monday", "description": "", "quantity": 1, "rate": 0, "account_id": "301"},
        {"header_name": "Part one", "name": "Gum", "quantity": 1, "rate": 1, "account_id": "301"}]}));
    assert_eq!(
        told,
        json!([{"Description": "Delivered on Monday"}, {"Description": "Part one"}, {"Description": "Gum", "Quantity": 1, "UnitAmount": 1, "AccountCode": "200"}])
    );
}

#[test]
fn a_line_goes_to_its_account_or_its_items_or_the_one_that_was_chosen() {
    let mut known = known(2, 2);
    let line = json!({"name": "Gum", "quantity": 1, "rate": 46, "account_id": "399", "account_name": "Sweets"});
    let one = invoice(json!({"line_items": [line], "tax_total": 0}));
    let held = told::<Invoices>(&one, None, &[], &known).unwrap_err();
    assert_eq!(held.code, "NO_ACCOUNT");
    assert!(held.sentence.contains("The account Sweets of its line “Gum” is not in Xero"), "{}", held.sentence);
    known.default_account = Some("300".into());
    assert_eq!(told::<Invoices>(&one, None, &[], &known).unwrap()["LineItems"][0]["AccountCode"], "300");
    let of_item = json!([{"ItemID": "i-1", "Code": "GB-1", "SalesDetails": {"AccountCode": "200"}}]);
    known.learn_list("books.items", std::sync::Arc::new(of_item.as_array().unwrap().clone()));
    let one =
        with(one, json!({"line_items": [{"item_id": "501", "name": "Gum", "quantity": 1, "rate": 46, "account_id": "399"}]}));
    assert_eq!(told::<Invoices>(&one, None, &[], &known).unwrap()["LineItems"][0]["AccountCode"], "200");
    // An account without a code is named by its id; an archived one is none.
    let without = |status: &str| vec![json!({"AccountID": "a-200", "Code": "", "Class": "REVENUE", "Status": status})];
    known.learn_list(accounts::KEY, std::sync::Arc::new(without("ACTIVE")));
    assert_eq!(told::<Invoices>(&invoice(json!({})), None, &[], &known).unwrap()["LineItems"][0]["AccountID"], "a-200");
    known.learn_list(accounts::KEY, std::sync::Arc::new(without("ARCHIVED")));
    assert_eq!(told::<Invoices>(&invoice(json!({})), None, &[], &known).unwrap_err().code, "NO_ACCOUNT");
}

#[test]
fn discounts_and_what_stands_beside_the_lines_become_lines_that_come_to_the_total() {
    let line = |extra: Value| {
        with(
            json!({"name": "Gum", "quantity": 3, "rate": 10, "account_id": "301", "tax_id": "tax-15", "tax_percentage": 15}),
            extra,
        )
    };
    let told = lines(json!({"line_items": [line(json!({"discount": "10%"}))], "tax_total": 4.05, "total": 31.05}));
    assert_eq!(told[0]["DiscountRate"], json!(10));
    let told = lines(json!({"line_items": [line(json!({"discount": 4}))], "tax_total": 3.9, "total": 29.9}));
    assert_eq!(told[0]["DiscountAmount"], json!(4));
    let whole = json!({"line_items": [line(json!({})), line(json!({"rate": 20}))], "discount_type": "entity_level", "discount": 10, "is_discount_before_tax": true,
        "discount_total": 10, "shipping_charge": 5, "adjustment": -0.02, "adjustment_description": "Round", "tax_total": 12, "total": 96.98});
    let told = lines(whole);
    assert_eq!((&told[0]["DiscountAmount"], &told[1]["DiscountAmount"]), (&json!(3.33), &json!(6.67)));
    assert_eq!(
        told[2],
        json!({"Description": "Shipping charge", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200", "TaxType": "NONE"})
    );
    assert_eq!(
        told[3],
        json!({"Description": "Round", "Quantity": 1, "UnitAmount": -0.02, "AccountCode": "860", "TaxType": "NONE"})
    );
    // The tax of the whole was rounded once: one line has a cent more than its own rounding gives.
    let told = lines(
        json!({"line_items": [line(json!({"quantity": 1, "rate": 25.43})), line(json!({"quantity": 1, "rate": 25.43})), line(json!({"quantity": 1, "rate": 25.43}))],
        "tax_total": 11.44, "total": 87.73}),
    );
    let typed: Vec<&Value> = told.as_array().unwrap().iter().filter_map(|line| line.get("TaxAmount")).collect();
    assert_eq!(typed, [&json!(3.82)]);
}

#[test]
fn amounts_that_do_not_come_to_the_total_are_held_with_both() {
    for (extra, code, said) in [
        (json!({"total": 50}), "TOTAL_DIFFERS", "its total is 50.00 in Zoho Books, and by its lines it would be 46.00 in Xero"),
        (json!({"total": 44, "tax_total": 4}), "TAX_DIFFERS", "its tax is 4.00 in Zoho Books"),
        (
            json!({"line_items": [{"name": "Gum", "quantity": 1, "rate": 40, "account_id": "301", "tax_id": "tax-15", "tax_name": "GST", "tax_percentage": 12.5}]}),
            "NO_TAX_RATE",
            "the tax GST of 12.5%",
        ),
        (json!({"customer_id": "999"}), "NOT_READY", "refers to its contact"),
    ] {
        let held = told::<Invoices>(&invoice(extra), None, &[], &known(2, 2)).unwrap_err();
        assert!(held.code == code && held.sentence.contains(said), "{held:?}");
        assert!(held.sentence.starts_with("Invoice INV-7 "), "{held:?}");
    }
    // Another base currency: the rates would mean something else.
    let mut elsewhere = known(2, 2);
    elsewhere.zoho.currency_code = "AUD".into();
    assert_eq!(told::<Invoices>(&invoice(json!({})), None, &[], &elsewhere).unwrap_err().code, "BASE_CURRENCY");
}

#[test]
fn a_foreign_rate_is_turned_round_and_a_line_follows_its_tags() {
    let body = new(json!({"currency_code": "USD", "exchange_rate": 1.25}));
    assert_eq!((&body["CurrencyCode"], &body["CurrencyRate"]), (&json!("USD"), &json!(0.8)));
    let line = invoice(json!({}))["line_items"][0].clone();
    let tags = json!([{"tag_id": "71", "tag_option_id": "81"}, {"tag_id": "72", "tag_option_id": ""}, {"tag_id": "99", "tag_option_id": "98"}]);
    let of_whole = json!([{"tag_id": "72", "tag_option_id": "82"}]);
    let told = lines(json!({"line_items": [with(line, json!({"tags": tags}))], "tags": of_whole}));
    assert_eq!(
        told[0]["Tracking"],
        json!([{"TrackingCategoryID": "t-1", "TrackingOptionID": "o-1"}, {"TrackingCategoryID": "t-2", "TrackingOptionID": "o-2"}])
    );
}

#[test]
fn an_update_says_only_what_changed_and_lines_keep_their_ids() {
    let known = known(2, 2);
    let update =
        |extra: Value, there: &Value, changed: &[&'static str]| told::<Invoices>(&invoice(extra), Some(there), changed, &known);
    assert_eq!(
        update(json!({}), &there(json!({})), &["reference", "dates"]).unwrap(),
        json!({"InvoiceID": "x-1", "Reference": "PO 7", "Date": "2026-02-03", "DueDate": "2026-03-04"})
    );
    let more = json!({"name": "Gum", "quantity": 1, "rate": 1, "account_id": "301"});
    let both = json!({"line_items": [more, invoice(json!({}))["line_items"][0]], "total": 47});
    let body = update(both, &there(json!({})), &["lines", "totals"]).unwrap();
    assert_eq!(body["LineItems"][1]["LineItemID"], "l-1");
    // Tracking that somebody set in Xero stays where Zoho's tags have not changed.
    assert_eq!(body["LineItems"][1]["Tracking"], json!([{"TrackingCategoryID": "t-2", "TrackingOptionID": "o-9"}]));
    assert!(body["LineItems"][0].get("LineItemID").is_none() && body.get("Status").is_none() && body.get("Url").is_none());
    // Tags alone leave Xero's own lines as they are.
    let tagged = with(
        invoice(json!({}))["line_items"][0].clone(),
        json!({"tags": [{"tag_id": "71", "tag_option_id": "81"}], "rate": 21, "item_total": 42}),
    );
    let body = update(json!({"line_items": [tagged]}), &there(json!({})), &["tracking"]).unwrap();
    assert_eq!(body["LineItems"][0]["UnitAmount"], json!(20.0));
    assert_eq!(body["LineItems"][0]["Tracking"], json!([{"TrackingCategoryID": "t-1", "TrackingOptionID": "o-1"}]));
}

#[test]
fn a_void_says_nothing_else_and_what_xero_forbids_is_said_before() {
    let known = known(2, 2);
    let update = |status: &str, there: Value, changed: &[&'static str]| {
        told::<Invoices>(&invoice(json!({"status": status})), Some(&there), changed, &known)
    };
    assert_eq!(update("void", there(json!({})), &["status"]).unwrap(), json!({"InvoiceID": "x-1", "Status": "VOIDED"}));
    assert_eq!(update("void", there(json!({"Status": "DRAFT"})), &["status"]).unwrap()["Status"], "DELETED");
    assert_eq!(
        update("sent", there(json!({"Status": "DRAFT"})), &["status"]).unwrap(),
        json!({"InvoiceID": "x-1", "Status": "AUTHORISED"})
    );
    let paid = || there(json!({"Status": "PAID", "AmountPaid": 46.0}));
    for (held, code) in [
        (update("void", paid(), &["status"]), "PAID_IN_XERO"),
        (update("sent", paid(), &["lines"]), "PAID_IN_XERO"),
        (update("paid", paid(), &["reference"]), "PAID_IN_XERO"),
        (update("sent", there(json!({"Status": "VOIDED"})), &["reference"]), "VOID_IN_XERO"),
        (update("draft", there(json!({})), &["status"]), "NO_DRAFT_AGAIN"),
    ] {
        assert_eq!(held.unwrap_err().code, code);
    }
    let in_part = there(json!({"AmountPaid": 20.0}));
    assert_eq!(update("partially_paid", in_part, &["reference"]).unwrap(), json!({"InvoiceID": "x-1", "Reference": "PO 7"}));
    let gone = back::<Invoices>().gone.unwrap();
    assert_eq!(gone(&there(json!({}))).unwrap().body, json!({"InvoiceID": "x-1", "Status": "VOIDED"}));
    assert!(gone(&paid()).is_none() && gone(&there(json!({"Status": "VOIDED"}))).is_none());
}

#[test]
fn only_what_people_do_changes_a_print() {
    let names: Vec<&str> = back::<Invoices>().fields.iter().map(|field| field.name).collect();
    let prints = |extra: Value| back::<Invoices>().prints(&invoice(extra), &PrintKey::new([7; 32]));
    let changed = |extra: Value| {
        let (was, now) = (prints(json!({})), prints(extra));
        let parts = was.chunks(FIELD_PRINT_BYTES).zip(now.chunks(FIELD_PRINT_BYTES));
        names.iter().zip(parts).filter(|(_, (was, now))| was != now).map(|(name, _)| *name).collect::<Vec<_>>()
    };
    for status in ["overdue", "partially_paid", "paid", "viewed"] {
        let moved = json!({"status": status, "balance": 0, "last_modified_time": "2026-03-05T00:00:00+1300", "payment_made": 46});
        assert_eq!(changed(moved), Vec::<&str>::new(), "{status}");
    }
    let line = invoice(json!({}))["line_items"][0].clone();
    for (extra, fields) in [
        (json!({"status": "void"}), vec!["status"]),
        (json!({"status": "draft"}), vec!["status"]),
        (json!({"reference_number": "PO 8"}), vec!["reference"]),
        (json!({"due_date": "2026-04-01"}), vec!["dates"]),
        (json!({"exchange_rate": 1.1}), vec!["currency"]),
        (json!({"line_items": [with(line.clone(), json!({"rate": 21}))]}), vec!["lines"]),
        (json!({"line_items": [with(line.clone(), json!({"quantity": "2.00", "discount": 0.0}))]}), vec![]),
        (json!({"line_items": [with(line, json!({"tags": [{"tag_id": "71", "tag_option_id": "81"}]}))]}), vec!["tracking"]),
        (json!({"adjustment": 1, "total": 47}), vec!["totals"]),
    ] {
        assert_eq!(changed(extra), fields);
    }
}

#[test]
fn only_the_very_same_document_is_taken_for_this_one() {
    let (known, back) = (known(2, 2), back::<Invoices>());
    let one = invoice(json!({}));
    assert_eq!((back.seek)(&one, &known).query, [("InvoiceNumbers", "INV-7".to_owned())]);
    assert!((back.is_it)(&one, &there(json!({})), &known));
    for other in [
        json!({"Type": "ACCPAY"}),
        json!({"Total": 46.01}),
        json!({"InvoiceNumber": "INV-8"}),
        json!({"Contact": {"ContactID": "c-2"}}),
        json!({"Date": "/Date(1770163200000+0000)/"}),
        json!({"Status": "VOIDED"}),
    ] {
        assert!(!(back.is_it)(&one, &there(other.clone()), &known), "{other}");
    }
    assert_eq!((back.wanted)(&one), Wanted::Carry);
    for status in ["void", "pending_approval"] {
        assert_eq!((back.wanted)(&invoice(json!({ "status": status }))), Wanted::Skip, "{status}");
    }
}

fn bill(extra: Value) -> Value {
    let record = json!({
        "bill_id": "9002", "bill_number": "S-9", "reference_number": "ours", "vendor_id": "102", "date": "2026-02-03", "due_date": "2026-03-04",
        "currency_code": "NZD", "exchange_rate": 1, "status": "overdue", "is_inclusive_tax": true, "discount_type": "entity_level", "discount": "10%",
        "is_discount_before_tax": true, "discount_total": 4.6,
        "line_items": [{"line_item_id": "1", "name": "Gum", "description": "", "quantity": 2, "rate": 23, "account_id": "302", "tax_id": "buy-15", "tax_percentage": 15}],
        "tax_total": 5.4, "total": 41.4, "balance": 41.4,
    });
    with(record, extra)
}

#[test]
fn a_bill_has_no_reference_and_no_discount_but_a_line_of_its_own() {
    assert_eq!(
        told::<Bills>(&bill(json!({})), None, &[], &known(2, 2)).unwrap(),
        json!({
            "Type": "ACCPAY", "Contact": {"ContactID": "c-1"}, "InvoiceNumber": "S-9", "Date": "2026-02-03", "DueDate": "2026-03-04", "CurrencyCode": "NZD",
            "LineAmountTypes": "Inclusive", "Status": "AUTHORISED", "Url": "https://sync.example/x/k/bills/zoho:9002",
            "LineItems": [
                {"Description": "Gum", "Quantity": 2, "UnitAmount": 23, "AccountCode": "300", "TaxType": "INPUT2"},
                {"Description": "Discount", "Quantity": 1, "UnitAmount": -4.6, "AccountCode": "300", "TaxType": "INPUT2"},
            ],
        })
    );
    // Two suppliers may use one number: the bill is looked for by its supplier and day.
    assert_eq!(
        (back::<Bills>().seek)(&bill(json!({})), &known(2, 2)).query,
        [("where", "Type==\"ACCPAY\" AND Contact.ContactID==Guid(\"c-1\") AND Date==DateTime(2026,02,03)".to_owned())]
    );
    let prints = |extra: Value| back::<Bills>().prints(&bill(extra), &PrintKey::new([7; 32]));
    assert_eq!(prints(json!({})), prints(json!({"reference_number": "theirs"})));
}

#[test]
fn a_credit_note_keeps_its_number_and_stays_as_it_is_once_it_is_used() {
    let note = |extra: Value| {
        let record = json!({
            "creditnote_id": "9003", "creditnote_number": "CN-1", "reference_number": "R", "customer_id": "101", "date": "2026-02-03", "currency_code": "NZD",
            "status": "open", "discount_type": "item_level", "total": 36, "tax_total": 0,
            "line_items": [{"name": "Gum", "quantity": 4, "rate": 10, "discount": "10%", "account_id": "301"}],
        });
        with(record, extra)
    };
    assert_eq!(
        told::<CreditNotes>(&note(json!({})), None, &[], &known(2, 2)).unwrap(),
        json!({
            "Type": "ACCRECCREDIT", "Contact": {"ContactID": "c-1"}, "CreditNoteNumber": "CN-1", "Reference": "R", "Date": "2026-02-03", "CurrencyCode": "NZD",
            "LineAmountTypes": "NoTax", "Status": "AUTHORISED",
            "LineItems": [{"Description": "Gum (4 × 10 − 10%)", "Quantity": 4, "UnitAmount": 9, "AccountCode": "200"}],
        })
    );
    let used = json!({"CreditNoteID": "x-3", "Status": "AUTHORISED", "Allocations": [{"Amount": 1.0}]});
    let held = told::<CreditNotes>(&note(json!({})), Some(&used), &["reference"], &known(2, 2)).unwrap_err();
    assert_eq!(held.code, "PAID_IN_XERO");
    let closed = with(note(json!({})), json!({"status": "closed"}));
    let key = PrintKey::new([7; 32]);
    assert_eq!(back::<CreditNotes>().prints(&closed, &key), back::<CreditNotes>().prints(&note(json!({})), &key));
}

fn offered(status: &str) -> Value {
    json!({
        "estimate_id": "9004", "estimate_number": "QT-1", "reference_number": "R", "customer_id": "101", "date": "2026-02-03", "expiry_date": "2026-03-04",
        "currency_code": "NZD", "status": status, "discount_type": "item_level", "notes": "All of it", "terms": "30 days", "total": 40, "tax_total": 0,
        "line_items": [{"name": "Gum", "quantity": 4, "rate": 10}],
    })
}

#[test]
fn a_quote_is_sent_before_it_is_accepted_and_needs_no_account() {
    let sending = |record: &Value, there: Option<&Value>, changed: &[&'static str]| {
        (back::<Quotes>().to_xero)(&Coming { record, there, changed }, &known(2, 2)).unwrap()
    };
    let new = sending(&offered("accepted"), None, &[]);
    assert_eq!(new.unsaid, ["status"]);
    assert_eq!(
        new.body,
        json!({
            "Contact": {"ContactID": "c-1"}, "QuoteNumber": "QT-1", "Reference": "R", "Summary": "All of it", "Terms": "30 days", "Date": "2026-02-03",
            "ExpiryDate": "2026-03-04", "CurrencyCode": "NZD", "LineAmountTypes": "NOTAX", "Status": "SENT",
            "LineItems": [{"Description": "Gum", "Quantity": 4, "UnitAmount": 10}],
        })
    );
    // An update of a quote names its contact and its day again.
    let there = |status: &str| json!({"QuoteID": "x-4", "Status": status, "Contact": {"ContactID": "c-1"}, "Date": "/Date(1770076800000)/"});
    let again = json!({"QuoteID": "x-4", "Contact": {"ContactID": "c-1"}, "Date": "2026-02-03", "ExpiryDate": "2026-03-04"});
    for (was, status, told, unsaid) in [
        ("DRAFT", "sent", json!({"Status": "SENT"}), 0),
        ("DRAFT", "declined", json!({"Status": "SENT"}), 1),
        ("SENT", "accepted", json!({"Status": "ACCEPTED"}), 0),
        ("INVOICED", "accepted", json!({}), 0),
    ] {
        let sent = sending(&offered(status), Some(&there(was)), &["status"]);
        assert_eq!((sent.body, sent.unsaid.len()), (with(again.clone(), told), unsaid), "{was} {status}");
    }
    // Its tags are a part of its lines.
    let mut tagged = offered("sent");
    tagged["line_items"][0]["tags"] = json!([{"tag_id": "71", "tag_option_id": "81"}]);
    let line = json!({"LineItemID": "l-1", "Description": "Gum", "Quantity": 4, "UnitAmount": 10, "Tracking": []});
    let sent = sending(&tagged, Some(&with(there("SENT"), json!({"LineItems": [line]}))), &["lines"]);
    let told = &sent.body["LineItems"][0];
    assert_eq!((&told["LineItemID"], &told["Tracking"][0]["TrackingOptionID"]), (&json!("l-1"), &json!("o-1")));
    let key = PrintKey::new([7; 32]);
    let prints = |status: &str| back::<Quotes>().prints(&offered(status), &key);
    assert!(prints("sent") == prints("expired") && prints("accepted") == prints("invoiced") && prints("sent") != prints("draft"));
    let gone = back::<Quotes>().gone.unwrap();
    assert_eq!(
        gone(&there("SENT")).unwrap().body,
        json!({"QuoteID": "x-4", "Status": "DELETED", "Contact": {"ContactID": "c-1"}, "Date": "2026-02-03"})
    );
    assert!(gone(&there("ACCEPTED")).is_none());
}

#[test]
fn an_order_is_approved_before_it_is_billed() {
    let order = |status: &str| {
        json!({
            "purchaseorder_id": "9005", "purchaseorder_number": "PO-1", "reference_number": "R", "vendor_id": "102", "date": "2026-02-03", "delivery_date": "2026-03-04",
            "attention": "Jimmy", "notes": "Ring twice", "currency_code": "NZD", "status": status, "discount_type": "item_level", "total": 36, "tax_total": 0,
            "line_items": [{"name": "Gum", "quantity": 4, "rate": 10, "discount": "10%", "account_id": "302"}],
        })
    };
    let sending = |record: &Value, there: Option<&Value>, changed: &[&'static str]| {
        (back::<PurchaseOrders>().to_xero)(&Coming { record, there, changed }, &known(2, 2)).unwrap()
    };
    let new = sending(&order("billed"), None, &[]);
    assert_eq!(new.unsaid, ["status"]);
    assert_eq!(
        new.body,
        json!({
            "Contact": {"ContactID": "c-1"}, "PurchaseOrderNumber": "PO-1", "Reference": "R", "AttentionTo": "Jimmy", "DeliveryInstructions": "Ring twice",
            "Date": "2026-02-03", "DeliveryDate": "2026-03-04", "CurrencyCode": "NZD", "LineAmountTypes": "NoTax", "Status": "AUTHORISED",
            "LineItems": [{"Description": "Gum (4 × 10 − 10%)", "Quantity": 4, "UnitAmount": 9, "AccountCode": "300"}],
        })
    );
    let there = json!({"PurchaseOrderID": "x-5", "Status": "AUTHORISED"});
    assert_eq!(sending(&order("billed"), Some(&there), &["status"]).body, json!({"PurchaseOrderID": "x-5", "Status": "BILLED"}));
    assert_eq!(
        sending(&order("cancelled"), Some(&there), &["status"]).body,
        json!({"PurchaseOrderID": "x-5", "Status": "DELETED"})
    );
    assert_eq!((back::<PurchaseOrders>().wanted)(&order("cancelled")), Wanted::Skip);
    assert_eq!(
        (back::<PurchaseOrders>().seek)(&order("open"), &known(2, 2)).query,
        [("DateFrom", "2026-02-03".to_owned()), ("DateTo", "2026-02-03".to_owned())]
    );
}
