//! Invoices, bills and payments: totals, statuses, and what is refused.

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
    let invoice = world
        .create(
            "/invoices",
            "invoice",
            json!({"customer_id": customer, "date": "2026-01-10", "due_date": "2099-01-10", "line_items": line(rate)}),
        )
        .await;
    let path = format!("/invoices/{}/status/sent", id(&invoice, "invoice_id"));
    world.done(Method::POST, &path, None).await;
    id(&invoice, "invoice_id").to_owned()
}

#[tokio::test]
async fn an_invoice_adds_up_and_keeps_its_own_number() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let tax = world.tax("Standard Rate").await;
    let body = json!({
        "customer_id": customer, "invoice_number": "X-1", "date": "2026-01-10", "payment_terms": 20, "is_inclusive_tax": true,
        "line_items": [{"name": "Hour", "quantity": "2.5", "rate": 99.9975, "discount": "10%", "tax_id": tax}, {"description": "Only words", "rate": 0}],
    });
    let auto = world.create("/invoices", "invoice", body.clone()).await;
    assert_eq!(auto["invoice_number"], "INV-000001", "without the flag Zoho gives the number");
    let own = world.create("/invoices?ignore_auto_number_generation=true", "invoice", body.clone()).await;
    assert_eq!(
        (&own["invoice_number"], &own["status"], &own["due_date"]),
        (&json!("X-1"), &json!("draft"), &json!("2026-01-30"))
    );
    assert_eq!(
        [&own["sub_total"], &own["tax_total"], &own["total"], &own["balance"]].map(|v| v.to_string()),
        ["195.64", "29.35", "224.99", "224.99"]
    );
    assert_eq!(own["line_items"][0]["rate"].to_string(), "99.9975");
    assert_eq!(world.refused(Method::POST, "/invoices?ignore_auto_number_generation=true", Some(body.clone())).await, (400, 4));

    world.control("organization", json!({"organization_id": world.org, "price_precision": 2})).await;
    let coarse = world.create("/invoices", "invoice", body).await;
    assert_eq!(
        (coarse["line_items"][0]["rate"].to_string(), coarse["total"].to_string()),
        ("100.00".into(), "225.00".into()),
        "a fine rate is rounded silently"
    );
}

#[tokio::test]
async fn documents_refuse_what_cannot_be() {
    let world = World::new().await;
    let (customer, vendor) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let cases = [
        (json!({"customer_id": customer, "line_items": []}), 4016),
        (json!({"customer_id": vendor, "line_items": line("1")}), 2),
        (json!({"customer_id": "4600000000000000001", "line_items": line("1")}), 1002),
        (json!({"line_items": line("1")}), 4),
        (json!({"customer_id": customer, "line_items": [{"rate": 5}]}), 4),
        (json!({"customer_id": customer, "line_items": [{"item_id": "77", "rate": 5}]}), 1002),
        (json!({"customer_id": customer, "line_items": [{"name": "a", "rate": 5, "tax_id": "77"}]}), 1002),
        (json!({"customer_id": customer, "line_items": [{"name": "a", "description": "d".repeat(2001), "rate": 5}]}), 15),
        (json!({"customer_id": customer, "line_items": line("-1")}), 2),
        (json!({"customer_id": customer, "date": "2026-02-30", "line_items": line("1")}), 2),
        (json!({"customer_id": customer, "date": "2026-02-10", "due_date": "2026-02-09", "line_items": line("1")}), 2),
        (json!({"customer_id": customer, "reference_number": "r".repeat(51), "line_items": line("1")}), 15),
    ];
    for (body, code) in cases {
        let (status, answer) = world.call(Method::POST, "/invoices", Some(body.clone())).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{body} {answer}");
    }
    let bill = |more: Value| {
        let mut body = json!({"vendor_id": vendor, "bill_number": "B1", "line_items": line("5")});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(world.refused(Method::POST, "/bills", Some(bill(json!({})))).await, (400, 4), "a bill's line needs an account");
    let receivable = world.account("Accounts Receivable").await;
    let lines = json!({"line_items": [{"name": "a", "rate": 5, "account_id": receivable}]});
    assert_eq!(world.refused(Method::POST, "/bills", Some(bill(lines))).await, (400, 2));
    assert_eq!(world.refused(Method::POST, "/bills", Some(bill(json!({"bill_number": ""})))).await, (400, 4));
    assert!(world.get("/invoices").await["invoices"].as_array().unwrap().is_empty(), "nothing of a refused write stays");
}

#[tokio::test]
async fn a_foreign_document_is_in_its_contacts_currency_and_needs_a_rate() {
    let world = World::new().await;
    let yen =
        world.create("/settings/currencies", "currency", json!({"currency_code": "JPY", "currency_format": "1,234,567"})).await;
    let yen = id(&yen, "currency_id");
    let kenji = world.create("/contacts", "contact", json!({"contact_name": "Kenji", "currency_id": yen})).await;
    let kenji = id(&kenji, "contact_id");
    let body = |more: Value| {
        let mut body = json!({"customer_id": kenji, "line_items": [{"name": "a", "quantity": 3, "rate": "33.5"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(world.refused(Method::POST, "/invoices", Some(body(json!({})))).await, (400, 4), "no rate");
    let invoice = world.create("/invoices", "invoice", body(json!({"exchange_rate": "0.01123456789", "currency_id": yen}))).await;
    assert_eq!((invoice["total"].to_string(), invoice["exchange_rate"].to_string()), ("101".into(), "0.01123456789".into()));
    let currencies = world.get("/settings/currencies").await;
    let dollars = currencies["currencies"].as_array().unwrap().iter().find(|one| one["currency_code"] == "USD").unwrap();
    assert_eq!(
        world
            .refused(Method::POST, "/invoices", Some(body(json!({"exchange_rate": 1, "currency_id": dollars["currency_id"]}))))
            .await,
        (400, 2)
    );
}

#[tokio::test]
async fn payments_settle_invoices_and_are_given_back() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let bob = world.contact("Bob", "customer").await;
    let invoice = sent_invoice(&world, &ada, "100").await;
    let path = format!("/invoices/{invoice}");
    let bank =
        world.create("/chartofaccounts", "chart_of_account", json!({"account_name": "Bank", "account_type": "bank"})).await;
    let pay = |amount: &str, applied: &str| {
        json!({"customer_id": ada, "payment_mode": "banktransfer", "amount": amount, "date": "2026-02-01", "account_id": bank["account_id"],
               "invoices": [{"invoice_id": invoice, "amount_applied": applied}]})
    };
    let part = world.create("/customerpayments", "payment", pay("40", "40")).await;
    let state = world.get(&path).await["invoice"].clone();
    assert_eq!((&state["status"], state["balance"].to_string()), (&json!("partially_paid"), "60.00".into()));

    assert_eq!(
        world.refused(Method::POST, "/customerpayments", Some(pay("100", "60.01"))).await,
        (400, 4),
        "more than the balance"
    );
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(pay("10", "20"))).await, (400, 4), "more than the payment");
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(pay("0", "0"))).await, (400, 2));
    let mut other = pay("10", "10");
    other["customer_id"] = json!(bob);
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(other)).await, (400, 4), "another customer's invoice");
    let mut wrong = pay("10", "10");
    wrong["account_id"] = json!(world.account("Sales").await);
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(wrong)).await, (400, 2), "money cannot be kept in Sales");

    world.sandbox.shared().clock.advance_ms(10_000);
    let rest = world.create("/customerpayments", "payment", pay("65", "60")).await;
    assert_eq!(rest["unused_amount"].to_string(), "5.00");
    let paid = world.get(&path).await["invoice"].clone();
    assert_eq!((&paid["status"], paid["balance"].to_string()), (&json!("paid"), "0.00".into()));
    assert_ne!(paid["last_modified_time"], state["last_modified_time"], "payments move the invoice");
    let contact = world.get(&format!("/contacts/{ada}")).await;
    assert_eq!(contact["contact"]["unused_credits_receivable_amount"].to_string(), "5.00");
    assert_eq!(world.refused(Method::PUT, &path, Some(json!({"line_items": line("99")}))).await, (400, 4), "less than was paid");
    assert_eq!(world.refused(Method::DELETE, &path, None).await, (400, 1004));
    assert_eq!(world.refused(Method::DELETE, &format!("/contacts/{ada}"), None).await, (400, 1004));

    world.done(Method::DELETE, &format!("/customerpayments/{}", id(&part, "payment_id")), None).await;
    let again = world.get(&path).await["invoice"].clone();
    assert_eq!((&again["status"], again["balance"].to_string()), (&json!("partially_paid"), "40.00".into()));

    world.done(Method::POST, &format!("{path}/status/void"), None).await;
    let void = world.get(&path).await["invoice"].clone();
    assert_eq!(
        (&void["status"], void["balance"].to_string(), void["total"].to_string()),
        (&json!("void"), "0.00".into(), "100.00".into())
    );
    let freed = world.get(&format!("/customerpayments/{}", id(&rest, "payment_id"))).await;
    assert_eq!(freed["payment"]["unused_amount"].to_string(), "65.00", "voiding leaves the money with the customer");
    assert_eq!(
        world.refused(Method::POST, "/customerpayments", Some(pay("10", "10"))).await,
        (400, 4),
        "a void invoice takes no payment"
    );
    assert_eq!(world.refused(Method::POST, &format!("{path}/status/sent"), None).await, (400, 4));
    world.done(Method::POST, &format!("{path}/status/draft"), None).await;
    assert_eq!(world.refused(Method::POST, "/customerpayments", Some(pay("10", "10"))).await, (400, 4), "nor does a draft");
}

#[tokio::test]
async fn a_payment_upserted_twice_is_counted_once() {
    let world = World::new().await;
    let field = world.unique_field("customer_payment", "Xero ID").await;
    let ada = world.contact("Ada", "customer").await;
    let invoice = sent_invoice(&world, &ada, "100").await;
    let body = |amount: &str| {
        json!({"customer_id": ada, "payment_mode": "cash", "amount": amount, "date": "2026-02-01", "invoices": [{"invoice_id": invoice, "amount_applied": amount}],
               "custom_fields": [{"api_name": field, "value": "p1"}]})
    };
    assert_eq!(world.upsert("/customerpayments", &field, "p1", body("30")).await.0, 201);
    assert_eq!(world.upsert("/customerpayments", &field, "p1", body("30")).await.0, 200);
    assert_eq!(world.get(&format!("/invoices/{invoice}")).await["invoice"]["balance"].to_string(), "70.00");
    assert_eq!(world.upsert("/customerpayments", &field, "p1", body("100")).await.0, 200);
    assert_eq!(world.get(&format!("/invoices/{invoice}")).await["invoice"]["status"], "paid");
    let list = world.get("/customerpayments").await;
    assert_eq!(list["customerpayments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bills_are_open_at_once_and_paid_by_vendor_payments() {
    let world = World::new().await;
    let bob = world.contact("Bob", "vendor").await;
    let rent = world.account("Rent Expense").await;
    let tax = world.tax("Standard Rate").await;
    let lines = json!([{"name": "Rent", "rate": 100, "account_id": rent, "tax_id": tax}, {"description": "for May", "rate": 0}]);
    let bill = world
        .create(
            "/bills",
            "bill",
            json!({"vendor_id": bob, "bill_number": "B1", "date": "2026-01-01", "due_date": "2026-02-01", "line_items": lines}),
        )
        .await;
    assert_eq!((&bill["status"], bill["total"].to_string()), (&json!("overdue"), "115.00".into()));
    assert_eq!(world.get("/bills?status=overdue").await["bills"].as_array().unwrap().len(), 1);
    let payment = json!({"vendor_id": bob, "amount": 115, "date": "2026-03-01", "bills": [{"bill_id": bill["bill_id"], "amount_applied": 115}]});
    let payment = world.create("/vendorpayments", "vendorpayment", payment).await;
    assert_eq!((&payment["paid_through_account_name"], payment["balance"].to_string()), (&json!("Petty Cash"), "0.00".into()));
    assert_eq!(world.get("/bills?filter_by=Status.Paid").await["bills"][0]["bill_id"], bill["bill_id"]);
    world.done(Method::POST, &format!("/bills/{}/status/void", id(&bill, "bill_id")), None).await;
    let freed = world.get(&format!("/vendorpayments/{}", id(&payment, "payment_id"))).await;
    assert_eq!(freed["vendorpayment"]["balance"].to_string(), "115.00");
}

#[tokio::test]
async fn status_calls_in_bulk_and_lines_replaced_wholesale() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let invoice = world
            .create("/invoices", "invoice", json!({"customer_id": ada, "date": "2020-01-01", "line_items": line("10")}))
            .await;
        ids.push(id(&invoice, "invoice_id").to_owned());
    }
    world.done(Method::POST, &format!("/invoices/status/sent?invoice_ids={}", ids.join(",")), None).await;
    assert_eq!(world.get("/invoices?status=overdue").await["invoices"].as_array().unwrap().len(), 3, "due long ago");
    let many = vec![ids[0].as_str(); 26].join(",");
    assert_eq!(world.refused(Method::POST, &format!("/invoices/status/void?invoice_ids={many}"), None).await, (400, 4));
    let before = world.get(&format!("/invoices/{}", ids[0])).await["invoice"].clone();
    let kept = before["line_items"][0]["line_item_id"].clone();
    let lines = json!([{"line_item_id": kept, "name": "Work", "rate": 10}, {"name": "More", "rate": 5}]);
    let after =
        world.done(Method::PUT, &format!("/invoices/{}", ids[0]), Some(json!({"line_items": lines}))).await["invoice"].clone();
    assert_eq!((&after["line_items"][0]["line_item_id"], after["total"].to_string()), (&kept, "15.00".into()));
    assert_ne!(after["line_items"][1]["line_item_id"], kept);
    let again = world.done(Method::PUT, &format!("/invoices/{}", ids[0]), Some(json!({"notes": "n"}))).await["invoice"].clone();
    assert_eq!((&again["line_items"], again["total"].to_string()), (&after["line_items"], "15.00".into()));
    world.done(Method::POST, &format!("/invoices/status/void?invoice_ids={},{}", ids[1], ids[2]), None).await;
    assert_eq!(world.get("/invoices?status=void").await["invoices"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn letters_to_customers_are_counted() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let body = json!({"customer_id": ada, "line_items": line("10")});
    world.create("/invoices?send=false", "invoice", body.clone()).await;
    let count = |world: &World| super::super::state(world.sandbox.shared())["emailed_customers"].as_i64();
    assert_eq!(count(&world), Some(0));
    let invoice = world.create("/invoices?send=true", "invoice", body).await;
    world.done(Method::POST, &format!("/invoices/{}/email", id(&invoice, "invoice_id")), Some(json!({}))).await;
    assert_eq!(count(&world), Some(2));
}

#[tokio::test]
async fn a_customer_with_an_address_is_reminded_of_an_old_invoice_unless_reminders_are_off() {
    let world = World::new().await;
    let reminded = || async {
        let state: Value = world.http.get(world.url("/_sandbox/state")).send().await.unwrap().json().await.unwrap();
        state["zoho"]["reminded_customers"].as_u64().unwrap()
    };
    let customer = |name: &'static str, email: &'static str| {
        let persons = json!([{"first_name": name, "email": email}]);
        world.create(
            "/contacts",
            "contact",
            json!({"contact_name": name, "contact_type": "customer", "contact_persons": persons}),
        )
    };
    let old_invoice = async |customer: &str| {
        let body = json!({"customer_id": customer, "date": "2020-01-10", "due_date": "2020-01-20", "line_items": line("10")});
        let invoice = world.create("/invoices", "invoice", body).await;
        world.done(Method::POST, &format!("/invoices/{}/status/sent", id(&invoice, "invoice_id")), None).await;
    };
    let (ada, bob, nobody) =
        (customer("Ada", "ada@example.com").await, customer("Bob", "bob@example.com").await, customer("Nobody", "").await);
    world.done(Method::POST, &format!("/contacts/{}/paymentreminder/disable", id(&bob, "contact_id")), None).await;
    for quiet in [&bob, &nobody] {
        old_invoice(id(quiet, "contact_id")).await;
    }
    sent_invoice(&world, id(&ada, "contact_id"), "10").await;
    assert_eq!(reminded().await, 0);
    old_invoice(id(&ada, "contact_id")).await;
    old_invoice(id(&ada, "contact_id")).await;
    assert_eq!(reminded().await, 1);
    world.done(Method::POST, &format!("/contacts/{}/paymentreminder/enable", id(&bob, "contact_id")), None).await;
    old_invoice(id(&bob, "contact_id")).await;
    assert_eq!(reminded().await, 2);
    assert_eq!(world.refused(Method::POST, "/contacts/1/paymentreminder/disable", None).await.0, 404);
}

#[tokio::test]
async fn figures_that_no_sum_could_hold_are_refused() {
    let world = World::new().await;
    let (customer, vendor) = (world.contact("Ada", "customer").await, world.contact("Bo", "vendor").await);
    let (rent, cash, sales) =
        (world.account("Rent Expense").await, world.account("Petty Cash").await, world.account("Sales").await);
    let tax = world.tax("Standard Rate").await;
    for huge in ["79228162514264337593543950335", "1e28", "-1e28", "1e20", "100000000000000"] {
        let huge: Value = serde_json::from_str(huge).unwrap();
        let line = |quantity: &Value, rate: &Value| json!([{"name": "Work", "quantity": quantity, "rate": rate, "tax_id": tax}]);
        let percent = Value::from(format!("{huge}%"));
        let (one, many) = (json!(1), json!(9_999_999_999_999_u64));
        let invoice = |lines: Value, more: Value| {
            let mut body = json!({"customer_id": customer, "line_items": lines});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let journal = |amount: &Value| json!([{"account_id": rent, "debit_or_credit": "debit", "amount": amount}, {"account_id": sales, "debit_or_credit": "credit", "amount": amount}]);
        let mut lines = line(&one, &one);
        lines[0]["discount"] = percent.clone();
        for (path, body) in [
            ("/invoices", invoice(line(&huge, &one), json!({}))),
            ("/invoices", invoice(line(&one, &huge), json!({}))),
            ("/invoices", invoice(line(&many, &many), json!({}))),
            ("/invoices", invoice(json!(vec![line(&one, &many)[0].clone(); 3]), json!({}))),
            ("/invoices", invoice(lines, json!({}))),
            ("/invoices", invoice(line(&one, &one), json!({"discount": percent}))),
            ("/invoices", invoice(line(&one, &one), json!({"shipping_charge": huge}))),
            ("/invoices", invoice(line(&one, &one), json!({"adjustment": huge}))),
            ("/invoices", invoice(line(&one, &one), json!({"exchange_rate": huge}))),
            ("/bills", json!({"vendor_id": vendor, "bill_number": "1", "line_items": [{"account_id": rent, "rate": huge}]})),
            ("/expenses", json!({"date": "2026-11-01", "account_id": rent, "amount": huge, "paid_through_account_id": cash})),
            ("/journals", json!({"journal_date": "2026-11-01", "line_items": journal(&huge)})),
            ("/customerpayments", json!({"customer_id": customer, "payment_mode": "cash", "amount": huge, "date": "2026-11-01"})),
            ("/items", json!({"name": "Thing", "rate": huge})),
            ("/settings/taxes", json!({"tax_name": "All", "tax_percentage": huge})),
        ] {
            let (status, code) = world.refused(Method::POST, path, Some(body.clone())).await;
            assert_eq!((status, code), (400, 2), "{path} {body}");
        }
    }
}
