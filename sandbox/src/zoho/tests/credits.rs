//! Credit notes and vendor credits meet invoices and bills; refunds; write-offs.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

fn id<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

fn line(rate: &str) -> Value {
    json!([{"name": "Work", "quantity": 1, "rate": rate}])
}

async fn sent_invoice(world: &World, customer: &str, rate: &str) -> String {
    let body = json!({"customer_id": customer, "date": "2026-01-10", "due_date": "2099-01-10", "line_items": line(rate)});
    let invoice = world.create("/invoices", "invoice", body).await;
    world.done(Method::POST, &format!("/invoices/{}/status/sent", id(&invoice, "invoice_id")), None).await;
    id(&invoice, "invoice_id").to_owned()
}

async fn credit_note(world: &World, customer: &str, rate: &str) -> String {
    let body = json!({"customer_id": customer, "date": "2026-01-15", "creditnote_number": "any", "line_items": line(rate)});
    id(&world.create("/creditnotes", "creditnote", body).await, "creditnote_id").to_owned()
}

#[tokio::test]
async fn a_credit_note_is_applied_taken_back_and_closed() {
    let world = World::new().await;
    let (ada, eve) = (world.contact("Ada", "customer").await, world.contact("Eve", "customer").await);
    let (invoice, foreign) = (sent_invoice(&world, &ada, "100").await, sent_invoice(&world, &eve, "100").await);
    let note = credit_note(&world, &ada, "120").await;
    let path = format!("/creditnotes/{note}/invoices");
    let apply = |invoice: &str, amount: &str| Some(json!({"invoices": [{"invoice_id": invoice, "amount_applied": amount}]}));
    for (body, code, why) in [
        (apply(&foreign, "10"), 4, "another customer's invoice"),
        (apply(&invoice, "100.01"), 4, "more than is owed"),
        (apply(&invoice, "130"), 4, "more than is left"),
        (apply(&invoice, "0"), 2, "nothing"),
        (apply("4600000000000000001", "1"), 1002, "no such invoice"),
        (Some(json!({"invoices": []})), 4, "no invoice"),
    ] {
        assert_eq!(world.refused(Method::POST, &path, body).await, (400, code), "{why}");
    }
    world.done(Method::POST, &path, apply(&invoice, "30")).await;
    world.done(Method::POST, &path, apply(&invoice, "20")).await;
    let state = world.get(&format!("/invoices/{invoice}")).await["invoice"].clone();
    assert_eq!(
        [&state["status"], &state["balance"], &state["credits_applied"], &state["payment_made"]].map(Value::to_string),
        ["\"partially_paid\"", "50.00", "50.00", "0.00"]
    );
    assert_eq!(world.get(&format!("/creditnotes/{note}")).await["creditnote"]["balance"].to_string(), "70.00");
    let contact = world.get(&format!("/contacts/{ada}")).await["contact"].clone();
    assert_eq!(
        [&contact["outstanding_receivable_amount"], &contact["unused_credits_receivable_amount"]].map(Value::to_string),
        ["50.00", "70.00"]
    );

    let applied = world.get(&path).await["invoices_credited"].clone();
    assert_eq!(applied.as_array().unwrap().len(), 2, "a note may be applied to an invoice twice");
    let line = id(&applied[0], "creditnote_invoice_id");
    assert_eq!(world.refused(Method::DELETE, &format!("{path}/4600000000000000001"), None).await, (404, 1002));
    world.done(Method::DELETE, &format!("{path}/{line}"), None).await;
    let credits = world.get(&format!("/invoices/{invoice}/creditsapplied")).await["credits"].clone();
    assert_eq!((credits.as_array().unwrap().len(), credits[0]["amount_applied"].to_string()), (1, "20.00".into()));
    for (method, address) in [
        (Method::POST, format!("/creditnotes/{note}/status/void")),
        (Method::PUT, format!("/creditnotes/{note}")),
        (Method::DELETE, format!("/creditnotes/{note}")),
    ] {
        let code = if method == Method::DELETE { 1004 } else { 4 };
        let less = Some(json!({"line_items": [{"name": "Work", "rate": 19}]}));
        assert_eq!(world.refused(method.clone(), &address, less).await, (400, code), "{method} {address}: it is in use");
    }

    world
        .done(
            Method::POST,
            &format!("/invoices/{invoice}/credits"),
            Some(json!({"apply_creditnotes": [{"creditnote_id": note, "amount_applied": 80}]})),
        )
        .await;
    assert_eq!(world.get(&format!("/invoices/{invoice}")).await["invoice"]["status"], "paid");
    let refund = json!({"date": "2026-03-01", "amount": "20", "refund_mode": "cash"});
    let refund =
        world.done(Method::POST, &format!("/creditnotes/{note}/refunds"), Some(refund)).await["creditnote_refund"].clone();
    let closed = world.get(&format!("/creditnotes/{note}")).await["creditnote"].clone();
    assert_eq!((&closed["status"], closed["balance"].to_string()), (&json!("closed"), "0.00".into()));
    assert_eq!(world.get("/creditnotes?status=closed").await["creditnotes"].as_array().unwrap().len(), 1);
    world.done(Method::POST, &format!("/invoices/{invoice}/status/void"), None).await;
    let freed = world.get(&format!("/creditnotes/{note}")).await["creditnote"].clone();
    assert_eq!((&freed["status"], freed["balance"].to_string()), (&json!("open"), "100.00".into()), "voiding leaves the credit");
    world.done(Method::DELETE, &format!("/creditnotes/{note}/refunds/{}", id(&refund, "creditnote_refund_id")), None).await;
    world.done(Method::DELETE, &format!("/creditnotes/{note}"), None).await;
}

#[tokio::test]
async fn drafts_and_void_credits_cannot_be_applied() {
    let world = World::new().await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let invoice = sent_invoice(&world, &ada, "100").await;
    let draft =
        json!({"customer_id": ada, "date": "2026-01-15", "creditnote_number": "any", "is_draft": true, "line_items": line("10")});
    let draft = world.create("/creditnotes", "creditnote", draft).await;
    assert_eq!(draft["status"], "draft");
    let body = Some(json!({"invoices": [{"invoice_id": invoice, "amount_applied": 1}]}));
    let path = format!("/creditnotes/{}", id(&draft, "creditnote_id"));
    assert_eq!(world.refused(Method::POST, &format!("{path}/invoices"), body.clone()).await, (400, 4));
    assert_eq!(
        world.refused(Method::POST, &format!("{path}/refunds"), Some(json!({"date": "2026-03-01", "amount": 1}))).await,
        (400, 4)
    );
    world.done(Method::POST, &format!("{path}/status/open"), None).await;
    world.done(Method::POST, &format!("{path}/invoices"), body).await;

    let rent = world.account("Rent Expense").await;
    let lines = json!([{"name": "Rent", "rate": 50, "account_id": rent}]);
    let bill = world.create("/bills", "bill", json!({"vendor_id": bob, "bill_number": "B1", "line_items": lines})).await;
    let bill = id(&bill, "bill_id");
    let credit = world
        .create(&format!("/vendorcredits?bill_id={bill}"), "vendor_credit", json!({"vendor_id": bob, "line_items": lines}))
        .await;
    assert_eq!((&credit["status"], &credit["bill_id"]), (&json!("draft"), &json!(bill)));
    let path = format!("/vendorcredits/{}", id(&credit, "vendor_credit_id"));
    let body = Some(json!({"bills": [{"bill_id": bill, "amount_applied": 50}]}));
    assert_eq!(world.refused(Method::POST, &format!("{path}/bills"), body.clone()).await, (400, 4));
    world.done(Method::POST, &format!("{path}/status/open"), None).await;
    let (status, _) = world.call(Method::POST, &format!("{path}/bills"), body).await;
    assert_eq!(status, 201);
    assert_eq!(world.get(&format!("/bills/{bill}")).await["bill"]["status"], "paid");
    let line = world.get(&format!("{path}/bills")).await["bills_credited"][0].clone();
    world.done(Method::DELETE, &format!("{path}/bills/{}", id(&line, "vendor_credit_bill_id")), None).await;
    assert_eq!(world.get(&format!("/bills/{bill}")).await["bill"]["balance"].to_string(), "50.00");
    let body = json!({"apply_vendor_credits": [{"vendor_credit_id": credit["vendor_credit_id"], "amount_applied": 20}]});
    assert_eq!(world.call(Method::POST, &format!("/bills/{bill}/credits"), Some(body)).await.0, 201);
    assert_eq!(world.get(&path).await["vendor_credit"]["balance"].to_string(), "30.00");
    world.switch("zoho.vendor_credits_begin_as_drafts", false);
    let open = world.create("/vendorcredits", "vendor_credit", json!({"vendor_id": bob, "line_items": lines})).await;
    assert_eq!(open["status"], "open");
}

#[tokio::test]
async fn payments_are_refunded_only_as_far_as_they_are_unused() {
    let world = World::new().await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let invoice = sent_invoice(&world, &ada, "100").await;
    let cash = world.account("Petty Cash").await;
    let body = json!({"customer_id": ada, "payment_mode": "cash", "amount": 130, "date": "2026-02-01", "invoices": [{"invoice_id": invoice, "amount_applied": 100}]});
    let payment = world.create("/customerpayments", "payment", body).await;
    let path = format!("/customerpayments/{}/refunds", id(&payment, "payment_id"));
    let refund = |amount: &str| json!({"date": "2026-03-01", "amount": amount, "from_account_id": cash});
    assert_eq!(world.refused(Method::POST, &path, Some(refund("30.01"))).await, (400, 4));
    assert_eq!(
        world.refused(Method::POST, &path, Some(json!({"date": "2026-03-01", "amount": 1}))).await,
        (400, 4),
        "from where?"
    );
    let mut wrong = refund("1");
    wrong["from_account_id"] = json!(world.account("Sales").await);
    assert_eq!(world.refused(Method::POST, &path, Some(wrong)).await, (400, 2));
    let made = world.done(Method::POST, &path, Some(refund("25"))).await["payment_refunds"].clone();
    let one = format!("{path}/{}", id(&made, "payment_refund_id"));
    assert_eq!(world.get(&path).await["payment_refunds"].as_array().unwrap().len(), 1);
    assert_eq!(world.refused(Method::PUT, &one, Some(json!({"amount": 31}))).await, (400, 4));
    world.done(Method::PUT, &one, Some(json!({"amount": 30}))).await;
    let read = world.get(&format!("/customerpayments/{}", id(&payment, "payment_id"))).await["payment"].clone();
    assert_eq!((read["unused_amount"].to_string(), read["invoices"].as_array().unwrap().len()), ("0.00".into(), 1));
    assert_eq!(
        world.refused(Method::DELETE, &format!("/customerpayments/{}", id(&payment, "payment_id")), None).await,
        (400, 1004)
    );
    world.done(Method::DELETE, &one, None).await;
    world.done(Method::DELETE, &format!("/customerpayments/{}", id(&payment, "payment_id")), None).await;

    let paid =
        world.create("/vendorpayments", "vendorpayment", json!({"vendor_id": bob, "amount": 40, "date": "2026-02-01"})).await;
    let path = format!("/vendorpayments/{}/refunds", id(&paid, "payment_id"));
    let (status, answer) =
        world.call(Method::POST, &path, Some(json!({"date": "2026-03-01", "amount": 15, "to_account_id": cash}))).await;
    assert_eq!((status, answer["vendorpayment_refund"]["amount"].to_string()), (201, "15.00".into()));
    let read = world.get(&format!("/vendorpayments/{}", id(&paid, "payment_id"))).await;
    assert_eq!(read["vendorpayment"]["balance"].to_string(), "25.00");
}

#[tokio::test]
async fn an_invoice_is_written_off_and_not_after_all() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let invoice = sent_invoice(&world, &ada, "100").await;
    let path = format!("/invoices/{invoice}");
    let pay = json!({"customer_id": ada, "payment_mode": "cash", "amount": 40, "date": "2026-02-01", "invoices": [{"invoice_id": invoice, "amount_applied": 40}]});
    world.create("/customerpayments", "payment", pay).await;
    assert_eq!(world.refused(Method::POST, &format!("{path}/writeoff/cancel"), None).await, (400, 4));
    world.done(Method::POST, &format!("{path}/writeoff"), None).await;
    let off = world.get(&path).await["invoice"].clone();
    assert_eq!(
        [&off["status"], &off["balance"], &off["write_off_amount"], &off["payment_made"]].map(Value::to_string),
        ["\"paid\"", "0.00", "60.00", "40.00"]
    );
    let bad = world.account("Bad Debt").await;
    assert_eq!(world.get(&format!("/chartofaccounts/{bad}")).await["chart_of_account"]["current_balance"].to_string(), "60.00");
    assert_eq!(world.refused(Method::POST, &format!("{path}/writeoff"), None).await, (400, 4), "nothing is left");
    world.done(Method::POST, &format!("{path}/writeoff/cancel"), None).await;
    assert_eq!(world.get(&path).await["invoice"]["balance"].to_string(), "60.00");
    assert_eq!(world.get(&format!("/chartofaccounts/{bad}")).await["chart_of_account"]["current_balance"].to_string(), "0.00");
}

#[tokio::test]
async fn a_retainer_is_paid_and_the_money_waits_as_unearned() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let retainer =
        world.create("/retainerinvoices", "retainerinvoice", json!({"customer_id": ada, "line_items": line("80")})).await;
    let path = format!("/retainerinvoices/{}", id(&retainer, "retainerinvoice_id"));
    let pay = json!({"customer_id": ada, "payment_mode": "cash", "amount": 80, "date": "2026-02-01", "retainerinvoice_id": retainer["retainerinvoice_id"]});
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(pay.clone())).await, (400, 4), "a draft is not paid");
    world.done(Method::POST, &format!("{path}/status/sent"), None).await;
    world.create("/customerpayments", "payment", pay).await;
    assert_eq!(world.get(&path).await["retainerinvoice"]["status"], "paid");
    let unearned = world.account("Unearned Revenue").await;
    assert_eq!(
        world.get(&format!("/chartofaccounts/{unearned}")).await["chart_of_account"]["current_balance"].to_string(),
        "80.00"
    );
}
