//! What Xero shows of a record by itself, in a list and in the answer to a write: the examples of its OpenAPI show it whole.

use serde_json::{Value, json};

use crate::{SCOPE, World, demo};

async fn connected() -> (World, Value) {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let tokens = world.connect_for(&format!("{SCOPE} accounting.banktransactions accounting.manualjournals")).await;
    (world, tokens)
}

/// An approved sales invoice of a new contact, as the answer to its PUT shows it.
async fn sold(world: &World, tokens: &Value, name: &str) -> Value {
    let invoice = json!({"Type": "ACCREC", "Status": "AUTHORISED", "DueDate": "2026-01-31", "Date": "2026-01-01", "Reference": "R",
        "Contact": {"Name": name, "FirstName": "Ada", "EmailAddress": "ada@example.com"},
        "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "NONE"}]});
    let (status, told) = world.send(tokens, "PUT", "Invoices", invoice).await;
    assert_eq!(status, 200, "{told}");
    told["Invoices"][0].clone()
}

fn id_of<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap()
}

#[tokio::test]
async fn an_invoice_tells_its_whole_contact_when_it_is_written_or_read_alone_and_in_a_list_it_does_not() {
    let (world, tokens) = connected().await;
    let made = sold(&world, &tokens, "Ada Ltd").await;
    let id = id_of(&made, "InvoiceID");
    let alone = world.read(&tokens, &format!("Invoices/{id}")).await;
    for shown in [&made, &alone["Invoices"][0]] {
        let contact = &shown["Contact"];
        assert_eq!((&contact["FirstName"], &contact["IsCustomer"]), (&json!("Ada"), &json!(true)), "{shown}");
        assert_eq!(contact["Phones"].as_array().unwrap().len(), 4);
        assert_eq!(shown["LineItems"][0]["ValidationErrors"], json!([]));
    }
    let list = world.read(&tokens, &format!("Invoices?page=1&IDs={id}")).await;
    let contact = &list["Invoices"][0]["Contact"];
    assert_eq!((&contact["Name"], &contact["Phones"]), (&json!("Ada Ltd"), &json!([])));
    assert!(contact.get("FirstName").is_none(), "{contact}");
}

#[tokio::test]
async fn a_payment_tells_its_document_its_account_and_the_batch_that_made_it() {
    let (world, tokens) = connected().await;
    let invoice = sold(&world, &tokens, "Ada Ltd").await;
    let payment =
        json!({"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 40, "Date": "2026-01-05"});
    let (_, told) = world.send(&tokens, "PUT", "Payments", payment).await;
    let told = &told["Payments"][0];
    assert_eq!((&told["Invoice"]["Status"], &told["Invoice"]["Reference"]), (&json!("AUTHORISED"), &json!("R")), "{told}");
    assert_eq!(told["Invoice"]["AmountDue"].to_string(), "60.00");
    assert!(told["Account"]["Name"].is_string() && told.get("BatchPayment").is_none(), "{told}");

    let bank = world.read(&tokens, "Accounts?where=Code==%22090%22").await;
    let batch = json!({"Account": {"AccountID": bank["Accounts"][0]["AccountID"]}, "Date": "2026-01-06",
        "Payments": [{"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": 60, "Reference": "rest"}]});
    let (status, batch) = world.send(&tokens, "PUT", "BatchPayments", batch).await;
    assert_eq!(status, 200, "{batch}");
    let paid = &batch["BatchPayments"][0]["Payments"][0];
    assert_eq!(paid["Reference"], "rest");
    let alone = world.read(&tokens, &format!("Payments/{}", id_of(paid, "PaymentID"))).await;
    let shown = &alone["Payments"][0]["BatchPayment"];
    assert_eq!(
        (&shown["Type"], &shown["TotalAmount"], &shown["IsReconciled"]),
        (&json!("RECBATCH"), &json!("60.00"), &json!("false"))
    );
}

#[tokio::test]
async fn a_contact_tells_what_is_open_and_what_is_overdue_and_nothing_when_nothing_is() {
    let (world, tokens) = connected().await;
    let invoice = sold(&world, &tokens, "Ada Ltd").await;
    let path = format!("Contacts/{}", id_of(&invoice["Contact"], "ContactID"));
    let shown = world.read(&tokens, &path).await;
    let receivable = &shown["Contacts"][0]["Balances"]["AccountsReceivable"];
    assert_eq!((receivable["Outstanding"].to_string(), receivable["Overdue"].to_string()), ("100.00".into(), "100.00".into()));
    assert_eq!(shown["Contacts"][0]["Balances"]["AccountsPayable"]["Outstanding"].to_string(), "0");
    let payment =
        json!({"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"}, "Amount": 100, "Date": "2026-01-05"});
    assert_eq!(world.send(&tokens, "PUT", "Payments", payment).await.0, 200);
    assert!(world.read(&tokens, &path).await["Contacts"][0].get("Balances").is_none());
}

#[tokio::test]
async fn a_note_on_a_record_that_is_not_there_is_refused_and_its_history_is_not_found() {
    let (world, tokens) = connected().await;
    let path = "Invoices/00000000-0000-4000-8000-000000000001/History";
    let (status, told) = world.send(&tokens, "PUT", path, json!({"HistoryRecords": [{"Details": "Hello"}]})).await;
    let element = &told["Elements"][0];
    assert_eq!((status, &element["Details"]), (400, &json!("Hello")));
    assert_eq!(element["ValidationErrors"][0]["Message"], "The document with the supplied id was not found for this endpoint.");
    assert_eq!(world.books(&tokens, path).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn transfers_and_manual_journals_name_their_tracking_as_lines_do_and_unknown_options_are_refused() {
    let (world, tokens) = connected().await;
    let categories = world.read(&tokens, "TrackingCategories").await;
    let category = &categories["TrackingCategories"][0];
    let (name, option) = (&category["Name"], &category["Options"][0]);
    let tracked = json!([{"TrackingCategoryID": category["TrackingCategoryID"], "TrackingOptionID": option["TrackingOptionID"]}]);
    let account = json!({"Code": "092", "Name": "Savings 2", "Type": "BANK", "Status": "ACTIVE"});
    world.order(&format!("/_sandbox/xero/{}/Accounts", demo()), account).await;
    let transfer = |tracking: &Value| json!({"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "092"}, "Amount": 5, "ToTracking": tracking});
    let (status, told) = world.send(&tokens, "PUT", "BankTransfers", transfer(&tracked)).await;
    assert_eq!(status, 200, "an account without a currency has the organisation's: {told}");
    let shown = &told["BankTransfers"][0]["ToTracking"][0];
    assert_eq!((&shown["Name"], &shown["Option"]), (name, &option["Name"]));
    let unknown = json!([{"Name": name, "Option": "Nowhere"}]);
    assert_eq!(world.send(&tokens, "PUT", "BankTransfers", transfer(&unknown)).await.0, 400);
    let journal = |tracking: &Value| {
        json!({"Narration": "N", "JournalLines": [{"LineAmount": 1, "AccountCode": "400"},
            {"LineAmount": -1, "AccountCode": "404", "Tracking": tracking}]})
    };
    let by_name = json!([{"Name": name, "Option": option["Name"]}]);
    let (_, told) = world.send(&tokens, "PUT", "ManualJournals", journal(&by_name)).await;
    let shown = &told["ManualJournals"][0]["JournalLines"][1]["Tracking"][0];
    assert_eq!(shown["TrackingOptionID"], option["TrackingOptionID"], "{told}");
    assert_eq!(world.send(&tokens, "PUT", "ManualJournals", journal(&unknown)).await.0, 400);
}

#[tokio::test]
async fn orders_may_have_discounts_and_bills_may_not_and_quotes_have_pages_without_a_count() {
    let (world, tokens) = connected().await;
    let with = |more: Value| {
        let mut document = json!({"Contact": {"Name": "Bo"}, "Date": "2026-01-01",
            "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "400", "TaxType": "NONE", "DiscountRate": 10}]});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    };
    let (status, order) = world.send(&tokens, "PUT", "PurchaseOrders", with(json!({}))).await;
    assert_eq!((status, order["PurchaseOrders"][0]["Total"].to_string()), (200, "90.00".into()), "{order}");
    assert_eq!(world.send(&tokens, "PUT", "Invoices", with(json!({"Type": "ACCPAY"}))).await.0, 400);
    let (status, quote) = world.send(&tokens, "PUT", "Quotes", with(json!({}))).await;
    assert_eq!((status, &quote["SummarizeErrors"]), (200, &json!(true)), "{quote}");
    let list = world.read(&tokens, "Quotes?page=1").await;
    assert!(list.get("pagination").is_none() && list["Quotes"][0]["LineItems"][0].is_object(), "{list}");
}

#[tokio::test]
async fn an_element_that_is_refused_alone_tells_its_dates_as_xero_does() {
    let (world, tokens) = connected().await;
    let bad = json!({"Type": "ACCREC", "Date": "2026-01-01", "DueDate": "2026-01-31", "LineItems": []});
    let (status, told) = world.send(&tokens, "PUT", "Invoices?summarizeErrors=false", json!({"Invoices": [bad]})).await;
    let told = &told["Invoices"][0];
    assert_eq!((status, &told["StatusAttributeString"]), (200, &json!("ERROR")), "{told}");
    assert_eq!((&told["Date"], &told["DueDate"]), (&json!("/Date(1767225600000+0000)/"), &json!("/Date(1769817600000+0000)/")));
}
