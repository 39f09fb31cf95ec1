//! Writing through the Accounting API: what PUT and POST do, how one wrong record is answered, and what happens to lines.

use serde_json::{Value, json};

use crate::{World, demo};

/// A world with a token and one contact.
async fn with_ada() -> (World, Value, Value) {
    let world = World::new().await;
    let tokens = world.connect().await;
    let (status, made) = world.send(&tokens, "PUT", "Contacts", json!({"Contacts": [{"Name": "Ada"}]})).await;
    assert_eq!(status, 200, "{made}");
    let ada = made["Contacts"][0]["ContactID"].clone();
    (world, tokens, ada)
}

fn sale(contact: &Value) -> Value {
    json!({"Type": "ACCREC", "Contact": {"ContactID": contact}, "Status": "AUTHORISED", "Date": "2026-07-01", "DueDate": "2026-07-20",
           "LineItems": [{"Description": "Work", "Quantity": 2, "UnitAmount": "50.00", "AccountCode": "200"}]})
}

/// What is wrong, of the first refused element.
fn says(answer: &Value) -> Vec<String> {
    let list = answer["Elements"][0]["ValidationErrors"].as_array().cloned().unwrap_or_default();
    list.iter().map(|error| error["Message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn put_creates_and_post_updates_or_creates() {
    let (world, tokens, ada) = with_ada().await;
    let (status, made) = world.send(&tokens, "PUT", "Invoices", json!({"Invoices": [sale(&ada)]})).await;
    assert_eq!(status, 200, "{made}");
    let invoice = &made["Invoices"][0];
    assert_eq!((&invoice["InvoiceNumber"], &invoice["Status"]), (&json!("INV-0001"), &json!("AUTHORISED")));
    assert_eq!((invoice["Total"].to_string(), invoice["AmountDue"].to_string()), ("115.00".into(), "115.00".into()));
    assert_eq!((made["ProviderName"].as_str(), made["Status"].as_str()), (Some(sandbox::xero::APP_NAME), Some("OK")));
    let id = invoice["InvoiceID"].as_str().unwrap();
    let (status, told) = world.send(&tokens, "POST", "Invoices", json!({"InvoiceID": id, "Reference": "R1"})).await;
    assert_eq!((status, &told["Invoices"][0]["Reference"]), (200, &json!("R1")));
    assert_eq!(told["Invoices"][0]["LineItems"], invoice["LineItems"], "what is not sent stays");
    let (_, told) = world.send(&tokens, "POST", &format!("Invoices/{id}"), json!({"Reference": "R2"})).await;
    assert_eq!((&told["Invoices"][0]["InvoiceID"], &told["Invoices"][0]["Reference"]), (&json!(id), &json!("R2")));
    let by_number = json!({"Type": "ACCREC", "InvoiceNumber": "INV-0001", "Reference": "R3"});
    let (_, told) = world.send(&tokens, "POST", "Invoices", by_number).await;
    assert_eq!((&told["Invoices"][0]["InvoiceID"], &told["Invoices"][0]["Reference"]), (&json!(id), &json!("R3")));
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", json!({"InvoiceID": id, "Reference": "R4"})).await;
    assert_eq!((status, says(&refused).len()), (400, 1), "{refused}");
    let again = json!({"Invoices": [{"InvoiceNumber": "INV-0001", "Type": "ACCREC", "Contact": {"ContactID": ada},
                                     "LineItems": [{"Description": "x"}]}]});
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", again).await;
    assert_eq!((status, says(&refused)), (400, vec!["Invoice # must be unique.".to_owned()]));
    let nobody = json!({"InvoiceID": "11111111-2222-4333-8444-555555555555", "Reference": "x"});
    assert_eq!(world.send(&tokens, "POST", "Invoices", nobody.clone()).await.0, 400);
    assert_eq!(world.send(&tokens, "POST", "Invoices/11111111-2222-4333-8444-555555555555", nobody).await.0, 404);
    assert_eq!(world.send(&tokens, "PUT", "Organisation", json!({"Name": "x"})).await.0, 404);
}

#[tokio::test]
async fn an_update_that_says_nothing_of_the_contact_leaves_it_as_it_is_now() {
    let (world, tokens, ada) = with_ada().await;
    let (_, made) = world.send(&tokens, "PUT", "Invoices", json!({"Invoices": [sale(&ada)]})).await;
    let id = made["Invoices"][0]["InvoiceID"].clone();
    let phones = json!([{"PhoneType": "DEFAULT", "PhoneNumber": "555"}]);
    world.send(&tokens, "POST", "Contacts", json!({"ContactID": ada, "Name": "Ada Brusch", "Phones": phones})).await;
    let (status, told) = world.send(&tokens, "POST", "Invoices", json!({"InvoiceID": id, "Reference": "R1"})).await;
    assert_eq!((status, &told["Invoices"][0]["Contact"]["Name"]), (200, &json!("Ada Brusch")));
    let told = world.read(&tokens, &format!("Contacts/{}", ada.as_str().unwrap())).await;
    assert_eq!(told["Contacts"][0]["Name"], "Ada Brusch");
    assert!(told["Contacts"][0]["Phones"].to_string().contains("555"), "{told}");
}

#[tokio::test]
async fn one_wrong_record_refuses_the_call_unless_each_is_to_be_answered_for_itself() {
    let (world, tokens, ada) = with_ada().await;
    let mut wrong = sale(&ada);
    wrong["LineItems"][0]["AccountCode"] = "9999".into();
    let batch = json!({"Invoices": [sale(&ada), wrong, sale(&ada)]});
    let count = async || world.read(&tokens, "Invoices?page=1").await["pagination"]["itemCount"].as_u64().unwrap();
    for path in ["Invoices", "Invoices?summarizeErrors=true"] {
        let (status, refused) = world.send(&tokens, "PUT", path, batch.clone()).await;
        assert_eq!(status, 400);
        assert_eq!(
            (&refused["ErrorNumber"], &refused["Type"], &refused["Message"]),
            (&json!(10), &json!("ValidationException"), &json!("A validation exception occurred"))
        );
        assert_eq!(says(&refused), ["Account code '9999' is not a valid code for this document."]);
        let element = &refused["Elements"][0];
        assert_eq!(element["LineItems"][0]["ValidationErrors"][0]["Message"], element["ValidationErrors"][0]["Message"]);
        assert_eq!(element["InvoiceID"], "00000000-0000-0000-0000-000000000000");
        assert_eq!(count().await, 0, "nothing is kept");
    }
    let (status, told) = world.send(&tokens, "PUT", "Invoices?summarizeErrors=false", batch).await;
    assert_eq!(status, 200);
    let told = told["Invoices"].as_array().unwrap();
    let states: Vec<_> = told.iter().map(|element| element["StatusAttributeString"].as_str().unwrap()).collect();
    assert_eq!(states, ["OK", "ERROR", "OK"]);
    assert_eq!((&told[1]["HasErrors"], &told[1]["HasValidationErrors"]), (&json!(true), &json!(true)));
    assert_eq!(told[2]["InvoiceNumber"], "INV-0002", "the refused one took no number");
    assert_eq!(count().await, 2);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_what_is_unknown_is_ignored() {
    let (world, tokens, ada) = with_ada().await;
    let mut odd = sale(&ada);
    odd["Colour"] = "red".into();
    odd["Total"] = 1.into();
    odd["AmountPaid"] = 5.into();
    let (status, told) = world.send(&tokens, "PUT", "Invoices", json!({"invoices": [odd.clone()]})).await;
    assert_eq!((status, told["Invoices"][0]["Total"].to_string()), (200, "115.00".into()));
    assert!(told["Invoices"][0].get("Colour").is_none());
    assert_eq!(told["Invoices"][0]["AmountPaid"].to_string(), "0.00");
    odd["LineItems"][0]["Quantity"] = "many".into();
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", odd).await;
    assert_eq!((status, &refused["Type"]), (400, &json!("PostDataInvalidException")));
    assert!(refused["Message"].as_str().unwrap().contains("Invoices[0].LineItems[0].Quantity"), "{refused}");
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", json!({"Invoices": []})).await;
    assert_eq!((status, &refused["Type"], &refused["ErrorNumber"]), (400, &json!("NoDataProcessedException"), &json!(17)));
    let raw = async |body: String| {
        let mut call = world.books(&tokens, "Invoices").body(body).build().unwrap();
        *call.method_mut() = reqwest::Method::PUT;
        world.client.execute(call).await.unwrap().status().as_u16()
    };
    assert_eq!(raw("{".into()).await, 400);
    assert_eq!(raw(format!("{{\"Reference\":\"{}\"}}", "x".repeat(3_500_000))).await, 413);
    world.order("/_sandbox/switches", json!({"xero.request_keys_in_any_case": false})).await;
    let (status, _) = world.send(&tokens, "PUT", "Contacts", json!({"Contacts": [{"name": "Bob"}]})).await;
    assert_eq!(status, 400, "then a name in another case is unknown");
}

#[tokio::test]
async fn lines_are_replaced_as_a_whole_and_known_ones_keep_their_ids() {
    let (world, tokens, ada) = with_ada().await;
    let mut draft = sale(&ada);
    draft["Status"] = "DRAFT".into();
    draft["LineItems"] = json!([{"Description": "One", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200"},
                                {"Description": "Two", "Quantity": 1, "UnitAmount": 20, "AccountCode": "200"}]);
    let (_, made) = world.send(&tokens, "PUT", "Invoices", draft).await;
    let invoice = &made["Invoices"][0];
    let path = format!("Invoices/{}", invoice["InvoiceID"].as_str().unwrap());
    let two = invoice["LineItems"][1]["LineItemID"].clone();
    let lines = json!({"LineItems": [{"Description": "Three", "Quantity": 3, "UnitAmount": 1, "AccountCode": "200"},
                                     {"LineItemID": two, "Description": "Two", "Quantity": 2, "UnitAmount": 20, "AccountCode": "200"},
                                     {"Description": "Only words"}]});
    let (status, told) = world.send(&tokens, "POST", &path, lines).await;
    assert_eq!(status, 200, "{told}");
    let lines = told["Invoices"][0]["LineItems"].as_array().unwrap();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["LineItemID"], two);
    assert_ne!(lines[0]["LineItemID"], invoice["LineItems"][0]["LineItemID"]);
    assert!(lines[2].get("AccountCode").is_none());
    assert_eq!(told["Invoices"][0]["SubTotal"].to_string(), "43.00");
    let (status, told) =
        world.send(&tokens, "POST", &path, json!({"LineItems": [], "Contact": {}, "Type": "ACCPAY", "Reference": "May"})).await;
    assert_eq!((status, &told["Invoices"][0]["Type"]), (200, &json!("ACCREC")), "as in Xero's own example");
    assert_eq!(told["Invoices"][0]["LineItems"].as_array().unwrap().len(), 3);
    world.order("/_sandbox/switches", json!({"xero.no_lines_mean_unchanged": false})).await;
    assert_eq!(world.send(&tokens, "POST", &path, json!({"LineItems": []})).await.0, 400);
}

#[tokio::test]
async fn prices_are_rounded_to_cents_on_the_way_in_unless_four_decimals_are_asked_for() {
    let (world, tokens, ada) = with_ada().await;
    let mut screws = sale(&ada);
    screws["LineItems"] = json!([{"Description": "Screws", "Quantity": 1000, "UnitAmount": "0.0375", "AccountCode": "200"}]);
    let (_, two) = world.send(&tokens, "PUT", "Invoices", screws.clone()).await;
    assert_eq!(
        (two["Invoices"][0]["SubTotal"].to_string(), two["Invoices"][0]["LineItems"][0]["UnitAmount"].to_string()),
        ("40.00".into(), "0.04".into())
    );
    let (_, four) = world.send(&tokens, "PUT", "Invoices?unitdp=4", screws).await;
    assert_eq!(
        (four["Invoices"][0]["SubTotal"].to_string(), four["Invoices"][0]["LineItems"][0]["UnitAmount"].to_string()),
        ("37.50".into(), "0.0375".into())
    );
    // A later call without unitdp shows two decimals and does not take the others away.
    let path = format!("Invoices/{}", four["Invoices"][0]["InvoiceID"].as_str().unwrap());
    let (_, told) = world.send(&tokens, "POST", &path, json!({"Reference": "x"})).await;
    assert_eq!(told["Invoices"][0]["LineItems"][0]["UnitAmount"].to_string(), "0.04");
    let kept = world.read(&tokens, &format!("{path}?unitdp=4")).await;
    assert_eq!(kept["Invoices"][0]["LineItems"][0]["UnitAmount"].to_string(), "0.0375");
}

#[tokio::test]
async fn a_contact_inside_a_document_is_found_made_or_changed() {
    let (world, tokens, ada) = with_ada().await;
    let with = |contact: Value| {
        let mut invoice = sale(&Value::Null);
        invoice["Contact"] = contact;
        json!({"Invoices": [invoice]})
    };
    let (_, made) = world.send(&tokens, "PUT", "Invoices", with(json!({"Name": "Bob", "EmailAddress": "bob@example.com"}))).await;
    let bob = made["Invoices"][0]["Contact"]["ContactID"].as_str().unwrap();
    let told = world.read(&tokens, &format!("Contacts/{bob}")).await;
    assert_eq!(
        (&told["Contacts"][0]["EmailAddress"], &told["Contacts"][0]["IsCustomer"]),
        (&json!("bob@example.com"), &json!(true))
    );
    let (_, again) = world.send(&tokens, "PUT", "Invoices", with(json!({"Name": "Bob"}))).await;
    assert_eq!(again["Invoices"][0]["Contact"]["ContactID"], bob);
    let renamed = json!({"ContactID": ada, "Name": "Ada Brusch"});
    world.send(&tokens, "PUT", "Invoices", with(renamed)).await;
    let told = world.read(&tokens, &format!("Contacts/{}", ada.as_str().unwrap())).await;
    assert_eq!(told["Contacts"][0]["Name"], "Ada Brusch", "a name beside the id renames the contact");
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", with(json!({"ContactID": ada, "Name": "Bob"}))).await;
    assert_eq!(status, 400, "and the new name has to be free");
    assert!(says(&refused)[0].starts_with("The contact name Bob is already assigned"), "{refused}");
    let (status, refused) = world.send(&tokens, "PUT", "Invoices", with(json!({}))).await;
    assert_eq!((status, says(&refused)), (400, vec!["The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber".to_owned()]));
    let path = format!("Contacts/{bob}");
    world.send(&tokens, "POST", &path, json!({"ContactStatus": "ARCHIVED"})).await;
    assert_eq!(
        world.send(&tokens, "PUT", "Invoices", with(json!({"ContactID": bob}))).await.0,
        400,
        "an archived contact gets no documents"
    );
}

#[tokio::test]
async fn statuses_go_their_way_and_what_is_settled_stays() {
    let (world, tokens, ada) = with_ada().await;
    let mut draft = sale(&ada);
    draft["Status"] = "DRAFT".into();
    draft["DueDate"] = Value::Null;
    draft["LineItems"][0]["AccountCode"] = Value::Null;
    let (_, made) = world.send(&tokens, "PUT", "Invoices", draft).await;
    let path = format!("Invoices/{}", made["Invoices"][0]["InvoiceID"].as_str().unwrap());
    let become_ = async |body: Value| world.send(&tokens, "POST", &path, body).await;
    let (status, refused) = become_(json!({"Status": "AUTHORISED"})).await;
    assert_eq!((status, says(&refused).len()), (400, 2), "neither a due date nor an account: {refused}");
    assert_eq!(become_(json!({"Status": "SUBMITTED"})).await.0, 200);
    assert_eq!(become_(json!({"Status": "VOIDED"})).await.0, 400);
    let lines = json!([{"Description": "Work", "Quantity": 2, "UnitAmount": 50, "AccountCode": "200"}]);
    assert_eq!(become_(json!({"Status": "AUTHORISED", "DueDate": "2026-07-30", "LineItems": lines})).await.0, 200);
    assert_eq!(become_(json!({"Status": "DRAFT"})).await.0, 400, "an approved invoice is no draft again");
    assert_eq!(become_(json!({"Status": "DELETED"})).await.0, 400);
    let pay = json!({"Invoice": {"InvoiceID": made["Invoices"][0]["InvoiceID"]}, "Amount": 15, "Account": {"Code": "090"}});
    let pay = async |amount: u32| {
        let mut pay = pay.clone();
        pay["Amount"] = amount.into();
        world.order(&format!("/_sandbox/xero/{}/Payments", demo()), pay).await
    };
    pay(15).await;
    let (status, told) = become_(json!({"Reference": "words may change"})).await;
    assert_eq!(status, 200, "{told}");
    let dearer = json!([{"Description": "Work", "Quantity": 3, "UnitAmount": 50, "AccountCode": "200"}]);
    let (status, refused) = become_(json!({"LineItems": dearer})).await;
    assert_eq!(
        (status, says(&refused)),
        (400, vec!["This document cannot be edited as it has a payment or credit note allocated to it.".to_owned()])
    );
    let reworded = json!([{"Description": "Better work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "260"}]);
    assert_eq!(become_(json!({"LineItems": reworded})).await.0, 200);
    assert_eq!(become_(json!({"Status": "VOIDED"})).await.0, 400);
    pay(100).await;
    let (status, refused) = become_(json!({"Reference": "too late"})).await;
    assert_eq!((status, says(&refused)), (400, vec!["Invoice not of valid status for modification".to_owned()]));
    world.order("/_sandbox/switches", json!({"xero.paid_invoices_take_limited_edits": true})).await;
    assert_eq!(become_(json!({"Reference": "in time"})).await.0, 200);
    let (_, other) = world.send(&tokens, "PUT", "Invoices", sale(&ada)).await;
    let other = format!("Invoices/{}", other["Invoices"][0]["InvoiceID"].as_str().unwrap());
    let (status, told) = world.send(&tokens, "POST", &other, json!({"Status": "VOIDED"})).await;
    assert_eq!((status, &told["Invoices"][0]["Status"]), (200, &json!("VOIDED")));
    assert_eq!(world.send(&tokens, "POST", &other, json!({"Status": "AUTHORISED"})).await.0, 400);
}

#[tokio::test]
async fn documents_say_everything_that_is_wrong_with_them() {
    let (world, tokens, ada) = with_ada().await;
    let refused = async |change: Value| {
        let mut invoice = sale(&ada);
        for (name, value) in change.as_object().unwrap() {
            invoice[name] = value.clone();
        }
        let (status, refused) = world.send(&tokens, "PUT", "Invoices", invoice).await;
        assert_eq!(status, 400, "{change}");
        says(&refused).join(" ")
    };
    let line = |line: Value| json!({"LineItems": [line]});
    let words = json!({"Description": "x", "Quantity": 7, "UnitAmount": "214.28", "LineAmount": 1500, "AccountCode": "200"});
    assert_eq!(refused(line(words)).await, "The line total 1500.00 does not match the expected line total 1499.96");
    let rate = json!({"Description": "x", "UnitAmount": 1, "AccountCode": "200", "TaxType": "INPUT2"});
    assert!(refused(line(rate)).await.starts_with("The TaxType code 'INPUT2' does not exist or cannot be used"));
    assert!(
        refused(line(json!({"Description": "x", "UnitAmount": 1, "AccountCode": "610"}))).await.contains("not a valid code"),
        "a system account"
    );
    assert!(
        refused(line(json!({"Description": "x", "UnitAmount": 1, "AccountCode": "090"}))).await.contains("not a valid code"),
        "a bank account"
    );
    assert_eq!(refused(json!({"CurrencyCode": "ISK"})).await, "Organisation is not subscribed to currency ISK");
    assert!(refused(json!({"DueDate": null})).await.contains("DueDate"));
    assert!(refused(json!({"LineItems": []})).await.contains("line items"));
    assert!(refused(json!({"Type": "ACCOTHER"})).await.contains("Type"));
    assert!(refused(json!({"Status": "PAID"})).await.contains("not of valid status"));
    let bill =
        json!({"Type": "ACCPAY", "LineItems": [{"Description": "x", "UnitAmount": 1, "AccountCode": "400", "DiscountRate": 5}]});
    assert!(refused(bill).await.contains("Discounts"));
    assert!(refused(json!({"Type": "ACCPAY", "Reference": "R"})).await.contains("Reference"));
    let tracked =
        json!({"Description": "x", "UnitAmount": 1, "AccountCode": "200", "Tracking": [{"Name": "Region", "Option": "Moon"}]});
    assert!(refused(line(tracked.clone())).await.contains("Tracking"));
    world.order("/_sandbox/switches", json!({"xero.unknown_tracking_is_ignored": true})).await;
    let mut invoice = sale(&ada);
    invoice["LineItems"] = json!([tracked]);
    let (status, told) = world.send(&tokens, "PUT", "Invoices", invoice).await;
    assert_eq!((status, &told["Invoices"][0]["LineItems"][0]["Tracking"]), (200, &json!([])));
}

#[tokio::test]
async fn a_foreign_document_without_a_rate_gets_that_of_the_day_and_a_warning() {
    let (world, tokens, ada) = with_ada().await;
    let mut dollars = sale(&ada);
    dollars["CurrencyCode"] = "USD".into();
    let (_, told) = world.send(&tokens, "PUT", "Invoices?summarizeErrors=false", dollars.clone()).await;
    let first = &told["Invoices"][0];
    assert_eq!(first["StatusAttributeString"], "WARNING");
    assert!(first["Warnings"][0]["Message"].as_str().unwrap().contains("CurrencyRate"));
    dollars["CurrencyRate"] = "0.612345".into();
    let (_, told) = world.send(&tokens, "PUT", "Invoices?summarizeErrors=false", dollars).await;
    assert_eq!(
        (told["Invoices"][0]["CurrencyRate"].to_string(), &told["Invoices"][0]["StatusAttributeString"]),
        ("0.612345".into(), &json!("OK"))
    );
    let kept = world.read(&tokens, &format!("Invoices/{}", first["InvoiceID"].as_str().unwrap())).await;
    assert_eq!(kept["Invoices"][0]["CurrencyRate"], first["CurrencyRate"]);
    assert!(kept["Invoices"][0].get("Warnings").is_none(), "a warning is said once");
}

#[tokio::test]
async fn a_tax_that_is_sent_is_kept_until_the_amounts_mean_something_else() {
    let (world, tokens, ada) = with_ada().await;
    let mut draft = sale(&ada);
    draft["Status"] = "DRAFT".into();
    draft["LineItems"][0]["TaxAmount"] = "14.99".into();
    let (_, made) = world.send(&tokens, "PUT", "Invoices", draft).await;
    let sums = |answer: &Value| ["SubTotal", "TotalTax", "Total"].map(|name| answer["Invoices"][0][name].to_string());
    assert_eq!(sums(&made), ["100.00", "14.99", "114.99"]);
    let path = format!("Invoices/{}", made["Invoices"][0]["InvoiceID"].as_str().unwrap());
    let (_, told) = world.send(&tokens, "POST", &path, json!({"Reference": "x"})).await;
    assert_eq!(sums(&told), ["100.00", "14.99", "114.99"]);
    let (_, told) = world.send(&tokens, "POST", &path, json!({"LineAmountTypes": "Inclusive"})).await;
    assert_eq!(sums(&told), ["86.96", "13.04", "100.00"]);
    let (_, told) = world.send(&tokens, "POST", &path, json!({"LineAmountTypes": "NoTax"})).await;
    assert_eq!(sums(&told), ["100.00", "0.00", "100.00"]);
    assert_eq!(told["Invoices"][0]["LineItems"][0]["TaxType"], "NONE");
}

#[tokio::test]
async fn what_a_line_leaves_out_follows_from_the_rest_of_it() {
    let (world, tokens, ada) = with_ada().await;
    let mut invoice = sale(&ada);
    invoice["LineItems"] = json!([
        {"Description": "by amount", "Quantity": 4, "LineAmount": "50", "AccountCode": "200"},
        {"Description": "by price", "UnitAmount": "12.5", "LineAmount": "45", "DiscountRate": "10", "AccountCode": "200"},
        {"Description": "one of it", "UnitAmount": "7", "AccountCode": "200"},
    ]);
    let (status, told) = world.send(&tokens, "PUT", "Invoices?unitdp=4", invoice).await;
    assert_eq!(status, 200, "{told}");
    let lines = told["Invoices"][0]["LineItems"].as_array().unwrap();
    let of = |index: usize| ["Quantity", "UnitAmount", "LineAmount"].map(|name| lines[index][name].to_string());
    assert_eq!(of(0), ["4.0000", "12.5000", "50.00"]);
    assert_eq!(of(1), ["4.0000", "12.5000", "45.00"]);
    assert_eq!(of(2), ["1.0000", "7.0000", "7.00"]);
    assert_eq!(told["Invoices"][0]["TotalDiscount"].to_string(), "5.00");
}
