//! Clumsy and hostile callers of Xero's side: what cannot be held is refused, what is asked twice at once is done once, and nobody gets
//! around a rule by another door.

use reqwest::Method;
use serde_json::{Value, json};

use crate::demo;
use crate::xero_money::Company;

fn line(amount: &str) -> Value {
    json!({"Description": "Work", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200"})
}

#[tokio::test]
async fn amounts_that_no_books_hold_are_refused_with_a_sentence() {
    let company = Company::new().await;
    let most = "99999999999";
    let sale = |line: Value| {
        json!({"Type": "ACCREC", "Status": "AUTHORISED", "Date": "2026-03-02", "DueDate": "2026-03-20", "LineAmountTypes": "NoTax",
            "Contact": {"ContactID": company.contact}, "LineItems": [line]})
    };
    let product = json!({"Description": "x", "Quantity": most, "UnitAmount": most, "AccountCode": "200"});
    let discounted = json!({"Description": "x", "UnitAmount": "0.01", "LineAmount": most, "AccountCode": "200",
        "DiscountRate": "99.99999999999999999999999999"});
    for wrong in [product, discounted] {
        assert_eq!(company.refusal("Invoices", sale(wrong)).await, "The amount is too large");
    }
    let mut foreign = sale(line(most));
    foreign["CurrencyCode"] = json!("USD");
    foreign["CurrencyRate"] = json!("0.000001");
    assert_eq!(company.refusal("Invoices", foreign).await, "The amount is too large");

    let usd = company.invoice("ACCREC", "100", json!({"CurrencyCode": "USD", "CurrencyRate": "0.5"})).await;
    let mut payment = company.payment("Invoice", &usd["InvoiceID"], "100");
    payment["CurrencyRate"] = json!("0.0000000000000000000000000001");
    assert_eq!(company.refusal("Payments", payment).await, "The CurrencyRate must be greater than zero");
    let note = json!({"Type": "ACCRECCREDIT", "Contact": {"ContactID": company.contact}, "LineItems": [line("1")],
        "CurrencyCode": "USD", "CurrencyRate": "0.0000001"});
    assert_eq!(company.refusal("CreditNotes", note).await, "The CurrencyRate must be greater than zero");
    let journal = json!({"Narration": "x", "Status": "POSTED", "JournalLines": [
        {"LineAmount": most, "AccountCode": "200"}, {"LineAmount": most, "AccountCode": "200"},
        {"LineAmount": format!("-{most}"), "AccountCode": "404"}, {"LineAmount": format!("-{most}"), "AccountCode": "404"}]});
    assert_eq!(company.refusal("ManualJournals", journal).await, "The amount is too large");
    let (status, _) = company.call(Method::PUT, "Invoices", json!({"Invoices": [{"Date": "/Date(8210266876799999)/"}]})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn one_key_sent_many_times_at_once_makes_one_record() {
    let company = Company::new().await;
    let body = json!({"Contacts": [{"Name": "Only Once"}]});
    let calls = (0..8).map(|_| {
        let call = company.world.client.put(company.world.url("/xero/api/api.xro/2.0/Contacts"));
        let call = call.bearer_auth(company.tokens["access_token"].as_str().unwrap()).header("accept", "application/json");
        tokio::spawn(call.header("xero-tenant-id", demo()).header("Idempotency-Key", "k").json(&body).send())
    });
    let mut answers = std::collections::HashSet::new();
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.unwrap().unwrap();
        assert_eq!(answer.status(), 200, "without the key all but one would be refused for their name");
        answers.insert(answer.text().await.unwrap());
    }
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn allocations_notes_and_options_are_read_as_every_other_body_is() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    let note = company.credit_note("ACCRECCREDIT", "40", json!({})).await;
    let (invoice, note) = (invoice["InvoiceID"].as_str().unwrap(), note["CreditNoteID"].as_str().unwrap());
    let path = format!("CreditNotes/{note}/Allocations");
    let (status, answer) =
        company.call(Method::PUT, &path, json!({"allocations": [{"amount": "1e20", "date": "2026-03-06"}]})).await;
    assert_eq!((status, &answer["Type"]), (400, &json!("PostDataInvalidException")));
    let (status, answer) = company.call(Method::PUT, &path, json!({})).await;
    assert_eq!((status, answer["Elements"].as_array().map(Vec::len)), (400, Some(1)), "{answer}");
    let xml = format!(
        "<Allocations><Allocation><Amount>10.00</Amount><Date>2026-03-06</Date><Invoice><InvoiceID>{invoice}</InvoiceID></Invoice></Allocation></Allocations>"
    );
    let call = company.world.client.put(company.world.url(&format!("/xero/api/api.xro/2.0/{path}")));
    let call = call.bearer_auth(company.tokens["access_token"].as_str().unwrap()).header("content-type", "text/xml");
    assert_eq!(call.header("xero-tenant-id", demo()).body(xml).send().await.unwrap().status(), 200);
    assert_eq!(company.one("Invoices", &json!(invoice)).await["AmountDue"].to_string(), "90.00");

    let history = format!("Invoices/{invoice}/History");
    let (status, _) = company.call(Method::PUT, &history, json!({"historyRecords": [{"details": "Migrated"}]})).await;
    assert_eq!(status, 200);
    assert_eq!(company.get(&history).await["HistoryRecords"][0]["Details"], "Migrated");
    assert_eq!(company.call(Method::PUT, &history, json!({"HistoryRecords": "x"})).await.0, 400);
}

#[tokio::test]
async fn documents_are_in_currencies_of_the_organisation_and_have_a_rate() {
    let company = Company::new().await;
    let contact = json!({"ContactID": company.contact});
    for (list, more) in [("CreditNotes", json!({"Type": "ACCRECCREDIT"})), ("Quotes", json!({})), ("PurchaseOrders", json!({}))] {
        let document = |code: &str| {
            let mut document = json!({"Contact": contact, "Date": "2026-03-02", "LineItems": [line("1")], "CurrencyCode": code});
            document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            document
        };
        assert_eq!(company.refusal(list, document("XTS")).await, "Organisation is not subscribed to currency XTS", "{list}");
        let made = company.put(list, document("USD")).await;
        let rate: f64 = made["CurrencyRate"].to_string().parse().unwrap();
        assert!(rate > 0.5 && rate < 0.7, "{list}: {rate}");
    }
}

#[tokio::test]
async fn a_person_voids_a_paid_document_no_more_than_an_app_does() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    company.put("Payments", company.payment("Invoice", &invoice["InvoiceID"], "40")).await;
    let partly = "This document cannot be edited as it has a payment or credit note allocated to it.";
    assert_eq!(company.post_refusal("Invoices", &invoice["InvoiceID"], json!({"Status": "VOIDED"})).await, partly);
    let path = format!("/_sandbox/xero/{}/Invoices", demo());
    let answer = company.world.post(&path, json!({"InvoiceID": invoice["InvoiceID"], "Status": "VOIDED"})).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains(partly));
    let over = format!("/_sandbox/xero/{}/Overpayments", demo());
    let made =
        company.world.order(&over, json!({"Contact": {"ContactID": company.contact}, "Total": 50, "Date": "2026-03-03"})).await;
    let over_id = made[0]["OverpaymentID"].as_str().unwrap();
    let applied = json!({"Amount": 50, "Date": "2026-03-06", "Invoice": {"InvoiceID": invoice["InvoiceID"]}});
    assert_eq!(company.call(Method::PUT, &format!("Overpayments/{over_id}/Allocations"), applied).await.0, 200);
    assert_eq!(company.world.post(&over, json!({"OverpaymentID": over_id, "Status": "VOIDED"})).await.status(), 400);
    let after = company.one("Invoices", &invoice["InvoiceID"]).await;
    assert_eq!((&after["Status"], after["AmountDue"].to_string()), (&json!("AUTHORISED"), "10.00".into()));
}

#[tokio::test]
async fn tracking_is_checked_on_every_line_that_has_some() {
    let company = Company::new().await;
    let (status, made) = company.call(Method::PUT, "TrackingCategories", json!({"Name": "Region"})).await;
    assert_eq!(status, 200, "{made}");
    let category = made["TrackingCategories"][0]["TrackingCategoryID"].clone();
    for name in ["East", "West"] {
        let path = format!("TrackingCategories/{}/Options", category.as_str().unwrap());
        assert_eq!(company.call(Method::PUT, &path, json!({"Name": name})).await.0, 200);
    }
    let of = |option: &str| json!({"Name": "Region", "Option": option});
    let mut twice = line("1");
    twice["Tracking"] = json!([of("East"), of("West")]);
    let invoice = json!({"Type": "ACCREC", "Contact": {"ContactID": company.contact}, "LineItems": [twice]});
    assert_eq!(company.refusal("Invoices", invoice).await, "A line item can have one option of a tracking category");
    let journal = |option: &str| {
        json!({"Narration": "x", "JournalLines": [{"LineAmount": 5, "AccountCode": "404", "Tracking": [of(option)]},
            {"LineAmount": -5, "AccountCode": "200"}]})
    };
    assert_eq!(
        company.refusal("ManualJournals", journal("North")).await,
        "There is no ACTIVE Tracking Option with the name 'North'"
    );
    let kept = company.put("ManualJournals", journal("east")).await;
    assert_eq!(kept["JournalLines"][0]["Tracking"][0]["TrackingCategoryID"], category);
}

#[tokio::test]
async fn what_cannot_be_read_or_is_very_long_is_answered_all_the_same() {
    let company = Company::new().await;
    let numbers = vec!["a"; 1000].join(",");
    assert_eq!(company.get(&format!("Prepayments?InvoiceNumbers={numbers}")).await["Prepayments"], json!([]));
    // A word that begins like a comment and is none.
    let call = company.world.client.put(company.world.url("/xero/api/api.xro/2.0/Contacts")).header("xero-tenant-id", demo());
    let call = call.bearer_auth(company.tokens["access_token"].as_str().unwrap()).header("content-type", "text/xml");
    let answer = call.body("<Contacts><!Name></Contacts>").timeout(std::time::Duration::from_secs(20)).send().await;
    assert_eq!(answer.expect("an answer and no endless loop").status(), 400);
}

#[tokio::test]
async fn many_credit_notes_of_one_call_get_numbers_one_after_another() {
    let company = Company::new().await;
    let note = json!({"Type": "ACCRECCREDIT", "Contact": {"ContactID": company.contact}, "LineItems": [line("1")]});
    let (status, made) = company.call(Method::PUT, "CreditNotes", json!({"CreditNotes": vec![note; 40]})).await;
    assert_eq!(status, 200);
    let numbers: std::collections::BTreeSet<_> = made["CreditNotes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note["CreditNoteNumber"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((numbers.len(), numbers.first().unwrap().as_str(), numbers.last().unwrap().as_str()), (40, "CN-0001", "CN-0040"));
}
