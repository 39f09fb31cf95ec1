//! Quotes, orders, credits, templates and retainers: numbers, statuses, filters, upserts.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

const OWN: &str = "?ignore_auto_number_generation=true";

fn id<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

fn line(rate: &str) -> Value {
    json!([{"name": "Work", "quantity": 1, "rate": rate}])
}

async fn bought(world: &World, rate: &str) -> Value {
    json!([{"name": "Rent", "rate": rate, "account_id": world.account("Rent Expense").await}])
}

#[tokio::test]
async fn every_kind_of_document_adds_up_and_is_numbered_in_its_own_row() {
    let world = World::new().await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let tax = world.tax("Standard Rate").await;
    let rent = world.account("Rent Expense").await;
    let kinds = [
        ("/estimates", "estimate", "estimate_number", "QT-000001", "draft", "customer_id"),
        ("/salesorders", "salesorder", "salesorder_number", "SO-000001", "draft", "customer_id"),
        ("/creditnotes", "creditnote", "creditnote_number", "CN-000001", "open", "customer_id"),
        ("/retainerinvoices", "retainerinvoice", "retainerinvoice_number", "RET-000001", "draft", "customer_id"),
        ("/salesreceipts", "salesreceipt", "receipt_number", "SR-000001", "paid", "customer_id"),
        ("/purchaseorders", "purchaseorder", "purchaseorder_number", "PO-000001", "draft", "vendor_id"),
        ("/vendorcredits", "vendor_credit", "vendor_credit_number", "DN-000001", "draft", "vendor_id"),
    ];
    for (path, key, number, first, status, party) in kinds {
        let mut body = json!({party: if party == "vendor_id" { &bob } else { &ada }, "date": "2026-01-10", "creditnote_number": "wanted", "payment_mode": "cash",
            "line_items": [{"name": "Hour", "quantity": 2, "rate": "10.50", "tax_id": tax, "account_id": rent}]});
        let made = world.create(path, key, body.clone()).await;
        assert_eq!(
            (&made[number], &made["status"], made["total"].to_string()),
            (&json!(first), &json!(status), "24.15".into()),
            "{path}"
        );
        body[number] = json!("MINE-1");
        let own = world.create(&format!("{path}{OWN}"), key, body.clone()).await;
        let expected = if key == "retainerinvoice" { "RET-000002" } else { "MINE-1" };
        assert_eq!(own[number], expected, "{path}");
        if key != "retainerinvoice" {
            assert_eq!(world.refused(Method::POST, &format!("{path}{OWN}"), Some(body.clone())).await, (400, 4), "{path}");
        }
        body["line_items"] = json!([]);
        assert_eq!(world.refused(Method::POST, path, Some(body.clone())).await, (400, 4016), "{path}");
        body[party] = json!(if party == "vendor_id" { &ada } else { &bob });
        body["line_items"] = line("1");
        assert_eq!(world.refused(Method::POST, path, Some(body)).await, (400, 2), "{path}: the wrong kind of contact");
        let made_id = id(&made, if key == "salesreceipt" { "sales_receipt_id".to_owned() } else { format!("{key}_id") }.as_str())
            .to_owned();
        let read = world.shown(&format!("{path}/{made_id}"), key).await;
        assert_eq!(read, made, "{path}");
        let changed = world
            .done(
                Method::PUT,
                &format!("{path}/{made_id}"),
                Some(json!({"line_items": [
            {"name": "Day", "rate": 100, "account_id": rent}]})),
            )
            .await;
        assert_eq!(changed[key]["total"].to_string(), "100.00", "{path}");
        let list = world.get(path).await;
        assert_eq!(list[&path[1..]].as_array().unwrap().len(), 2, "{path}");
        assert!(list[&path[1..]][0].get("line_items").is_none(), "{path}");
        world.done(Method::DELETE, &format!("{path}/{made_id}"), None).await;
        assert_eq!(world.refused(Method::GET, &format!("{path}/{made_id}"), None).await, (404, 1002), "{path}");
    }
    let state = super::super::state(world.sandbox.shared());
    assert_eq!(state["organizations"][&world.org]["estimates"][0]["count"], 1);
    let mut dumped = 0;
    for name in ["estimates", "creditnotes", "vendorcredits", "retainerinvoices"] {
        super::super::dump(world.sandbox.shared(), &world.org, name, &mut |_| dumped += 1);
    }
    assert_eq!(dumped, 4);
}

#[tokio::test]
async fn statuses_follow_their_own_ways() {
    let world = World::new().await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let sale = json!({"customer_id": ada, "date": "2026-01-10", "creditnote_number": "c", "line_items": line("10")});
    let buy = json!({"vendor_id": bob, "date": "2026-01-10", "line_items": bought(&world, "10").await});
    // Path, key, id, body, and what is asked: word, HTTP status or 400, status then.
    type Story<'a> = (&'a str, &'a str, &'a Value, &'a [(&'a str, u16, &'a str)]);
    let stories: [Story; 6] = [
        (
            "/estimates",
            "estimate",
            &sale,
            &[
                ("accepted", 400, "draft"),
                ("sent", 200, "sent"),
                ("accepted", 200, "accepted"),
                ("declined", 200, "declined"),
                ("void", 404, "declined"),
            ],
        ),
        (
            "/salesorders",
            "salesorder",
            &sale,
            &[("open", 201, "open"), ("void", 201, "void"), ("void", 400, "void"), ("open", 201, "open")],
        ),
        (
            "/purchaseorders",
            "purchaseorder",
            &buy,
            &[
                ("billed", 400, "draft"),
                ("open", 201, "open"),
                ("billed", 201, "billed"),
                ("cancelled", 400, "billed"),
                ("open", 201, "open"),
                ("cancelled", 201, "cancelled"),
            ],
        ),
        (
            "/creditnotes",
            "creditnote",
            &sale,
            &[("draft", 400, "open"), ("void", 200, "void"), ("draft", 200, "draft"), ("open", 200, "open")],
        ),
        ("/vendorcredits", "vendor_credit", &buy, &[("open", 201, "open"), ("void", 201, "void"), ("draft", 404, "void")]),
        (
            "/retainerinvoices",
            "retainerinvoice",
            &sale,
            &[("draft", 400, "draft"), ("sent", 200, "sent"), ("void", 200, "void"), ("draft", 200, "draft")],
        ),
    ];
    for (path, key, body, steps) in stories {
        let made = world.create(path, key, body.clone()).await;
        let one = format!("{path}/{}", id(&made, &format!("{key}_id")));
        for (word, answer, status) in steps {
            let (got, _) = world.call(Method::POST, &format!("{one}/status/{word}"), None).await;
            assert_eq!(got, *answer, "{one} {word}");
            assert_eq!(world.get(&one).await[key]["status"], *status, "{one} {word}");
        }
    }
    let old = json!({"customer_id": ada, "date": "2020-01-10", "expiry_date": "2020-02-10", "line_items": line("10")});
    let old = world.create("/estimates", "estimate", old).await;
    world.done(Method::POST, &format!("/estimates/{}/status/sent", id(&old, "estimate_id")), None).await;
    let expired = world.get("/estimates?status=expired").await;
    assert_eq!((expired["estimates"].as_array().unwrap().len(), &expired["estimates"][0]["status"]), (1, &json!("expired")));
    assert_eq!(world.get("/estimates?filter_by=Status.Sent").await["estimates"], json!([]));
}

#[tokio::test]
async fn lists_are_filtered_by_what_is_documented_for_them() {
    let world = World::new().await;
    let (ada, eve) = (world.contact("Ada", "customer").await, world.contact("Eve", "customer").await);
    for (number, customer, date, reference) in
        [("Q-1", &ada, "2026-01-10", "red"), ("Q-2", &ada, "2026-02-10", "green"), ("Q-30", &eve, "2026-03-10", "greenish")]
    {
        let body = json!({"customer_id": customer, "date": date, "expiry_date": "2099-01-01", "estimate_number": number, "reference_number": reference, "line_items": line("5")});
        world.create(&format!("/estimates{OWN}"), "estimate", body).await;
    }
    let numbers = async |query: &str| -> Vec<String> {
        let list = world.get(&format!("/estimates?sort_column=estimate_number&{query}")).await;
        list["estimates"].as_array().unwrap().iter().map(|one| id(one, "estimate_number").to_owned()).collect()
    };
    assert_eq!(numbers("estimate_number=q-2").await, ["Q-2"]);
    assert_eq!(numbers("reference_number_startswith=green").await, ["Q-2", "Q-30"]);
    assert_eq!(numbers("customer_name=Eve").await, ["Q-30"]);
    assert_eq!(numbers(&format!("customer_id={ada}")).await, ["Q-1", "Q-2"]);
    assert_eq!(numbers("date_start=2026-02-01&date_end=2026-02-28").await, ["Q-2"]);
    assert_eq!(numbers("expiry_date_after=2099-01-01").await, Vec::<String>::new());
    assert_eq!(numbers("colour=red").await.len(), 3, "an unknown filter is ignored without a word");
    assert_eq!(numbers("search_text=GREEN").await, ["Q-2", "Q-30"]);
}

#[tokio::test]
async fn orders_and_estimates_become_invoices_once() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let tax = world.tax("Standard Rate").await;
    let body = json!({"customer_id": ada, "reference_number": "PO 7", "discount": "10%", "discount_type": "entity_level", "shipping_charge": 3,
        "line_items": [{"name": "Hour", "quantity": 2, "rate": 50, "tax_id": tax}, {"name": "Trip", "rate": "9.99"}]});
    let order = world.create("/salesorders", "salesorder", body.clone()).await;
    let order = id(&order, "salesorder_id");
    let convert = format!("/invoices/fromsalesorder?salesorder_id={order}");
    assert_eq!(world.refused(Method::POST, &convert, None).await, (400, 4), "a draft is no order yet");
    world.done(Method::POST, &format!("/salesorders/{order}/status/open"), None).await;
    let invoice = world.done(Method::POST, &convert, None).await["invoice"].clone();
    let order = world.get(&format!("/salesorders/{order}")).await["salesorder"].clone();
    assert_eq!((&order["status"], &invoice["total"], &invoice["status"]), (&json!("invoiced"), &order["total"], &json!("draft")));
    assert_eq!((&invoice["reference_number"], &invoice["salesorder_id"]), (&json!("PO 7"), &order["salesorder_id"]));
    assert_ne!(invoice["line_items"][0]["line_item_id"], order["line_items"][0]["line_item_id"]);
    assert_eq!(world.refused(Method::POST, &convert, None).await, (400, 4), "once");

    let (first, second) =
        (world.create("/estimates", "estimate", body.clone()).await, world.create("/estimates", "estimate", body).await);
    let both = format!("/invoices/fromestimates?estimate_ids={},{}", id(&first, "estimate_id"), id(&second, "estimate_id"));
    for (estimate, word) in [(&first, "sent"), (&second, "sent"), (&first, "accepted")] {
        world.done(Method::POST, &format!("/estimates/{}/status/{word}", id(estimate, "estimate_id")), None).await;
    }
    assert_eq!(world.refused(Method::POST, &both, None).await, (400, 4), "the second is not accepted");
    assert_eq!(world.get("/invoices").await["invoices"].as_array().unwrap().len(), 1, "all or none");
    world.done(Method::POST, &format!("/estimates/{}/status/accepted", id(&second, "estimate_id")), None).await;
    world.done(Method::POST, &both, None).await;
    assert_eq!(world.get("/estimates?status=invoiced").await["estimates"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_sales_receipt_is_money_at_once() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let body = json!({"customer_id": ada, "date": "2026-01-10", "payment_mode": "cash", "line_items": line("10")});
    let mut unpaid = body.clone();
    unpaid.as_object_mut().unwrap().remove("payment_mode");
    assert_eq!(world.refused(Method::POST, "/salesreceipts", Some(unpaid)).await, (400, 4));
    world.create("/salesreceipts", "salesreceipt", body).await;
    let funds = world.account("Undeposited Funds").await;
    let funds = world.get(&format!("/chartofaccounts/{funds}")).await;
    assert_eq!(funds["chart_of_account"]["current_balance"].to_string(), "10.00");
    let contact = world.get(&format!("/contacts/{ada}")).await;
    assert_eq!(contact["contact"]["outstanding_receivable_amount"].to_string(), "0.00");
}

#[tokio::test]
async fn upserts_and_custom_fields_reach_the_new_collections_and_only_the_documented_ones() {
    let world = World::new().await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let rent = bought(&world, "10").await;
    let user = "4600000000000000001";
    let bodies = [
        ("estimate", "/estimates", json!({"customer_id": ada, "line_items": line("10")})),
        ("salesorder", "/salesorders", json!({"customer_id": ada, "line_items": line("10")})),
        (
            "creditnote",
            "/creditnotes",
            json!({"customer_id": ada, "date": "2026-01-01", "creditnote_number": "x", "line_items": line("10")}),
        ),
        ("purchaseorder", "/purchaseorders", json!({"vendor_id": bob, "line_items": rent})),
        (
            "recurring_invoice",
            "/recurringinvoices",
            json!({"customer_id": ada, "recurrence_name": "R", "recurrence_frequency": "months", "repeat_every": 1, "line_items": line("10")}),
        ),
        (
            "recurring_bill",
            "/recurringbills",
            json!({"vendor_id": bob, "recurrence_name": "R", "start_date": "2026-01-01", "recurrence_frequency": "weeks", "repeat_every": 2, "line_items": rent}),
        ),
        (
            "expense",
            "/expenses",
            json!({"date": "2026-01-01", "account_id": rent[0]["account_id"], "amount": 5, "paid_through_account_id": world.account("Petty Cash").await}),
        ),
        (
            "project",
            "/projects",
            json!({"project_name": "P", "customer_id": ada, "billing_type": "based_on_staff_hours", "user_id": user}),
        ),
    ];
    for (entity, path, mut body) in bodies {
        let field = world.unique_field(entity, "Xero ID").await;
        body["custom_fields"] = json!([{"api_name": field, "value": "x1"}]);
        let (status, made) = world.upsert(path, &field, "x1", body.clone()).await;
        assert_eq!((status, &made["code"]), (201, &json!(0)), "{path}: {made}");
        body["notes"] = json!("again");
        assert_eq!(world.upsert(path, &field, "x1", body.clone()).await.0, 200, "{path}");
        if entity != "project" {
            let twin = world.call(Method::POST, path, Some(body)).await;
            assert_eq!((twin.0, &twin.1["code"]), (400, &json!(4)), "{path}: a unique value is claimed once");
        }
    }
    for path in ["/vendorcredits", "/journals", "/retainerinvoices", "/banktransactions"] {
        let (status, answer) = world.upsert(path, "cf_x", "1", json!({})).await;
        assert_eq!((status, &answer["code"]), (404, &json!(5)), "{path}");
    }

    let estimate = world.get("/estimates").await["estimates"][0].clone();
    let path = format!("/estimate/{}/customfields", id(&estimate, "estimate_id"));
    world.done(Method::PUT, &path, Some(json!([{"api_name": "cf_xero_id", "value": "x2"}]))).await;
    assert_eq!(world.get("/estimates?custom_field=x2").await["estimates"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.refused(Method::PUT, &path.replace("estimate/", "estimates/"), Some(json!([]))).await,
        (404, 5),
        "the plural is no address"
    );
    let note = world.get("/creditnotes").await["creditnotes"][0].clone();
    let path = format!("/creditnotes/{}/customfields", id(&note, "creditnote_id"));
    world.done(Method::POST, &path, Some(json!([{"api_name": "cf_xero_id", "value": "c2"}]))).await;
    assert_eq!(world.get(&path).await["custom_fields"][0]["value"], "c2");
}

#[tokio::test]
async fn templates_stop_resume_and_run_out() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let body = json!({"customer_id": ada, "recurrence_name": "Rent", "recurrence_frequency": "months", "repeat_every": 1, "start_date": "2026-01-01", "line_items": line("10")});
    let made = world.create("/recurringinvoices", "recurring_invoice", body.clone()).await;
    let path = format!("/recurringinvoices/{}", id(&made, "recurring_invoice_id"));
    assert_eq!(world.refused(Method::POST, &format!("{path}/status/resume"), None).await, (400, 4));
    world.done(Method::POST, &format!("{path}/status/stop"), None).await;
    assert_eq!(world.get("/recurringinvoices?status=stopped").await["recurring_invoices"].as_array().unwrap().len(), 1);
    world.done(Method::POST, &format!("{path}/status/resume"), None).await;
    world.done(Method::PUT, &path, Some(json!({"end_date": "2026-01-31"}))).await;
    world.sandbox.shared().clock.advance_ms(400 * 86_400_000);
    let tokens = world.consented("ZohoBooks.fullaccess.all").await;
    let world = World { token: tokens["access_token"].as_str().unwrap().to_owned(), ..world };
    assert_eq!(world.get(&path).await["recurring_invoice"]["status"], "expired");
    for missing in ["recurrence_name", "recurrence_frequency"] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(world.refused(Method::POST, "/recurringinvoices", Some(body)).await, (400, 4), "{missing}");
    }
    world.done(Method::PUT, &path, Some(json!({"end_date": "2099-01-31"}))).await;
    let id = id(&made, "recurring_invoice_id");
    world.done(Method::POST, &format!("/recurringinvoices/status/stop?recurring_invoice_ids={id}"), None).await;
    assert_eq!(world.get(&path).await["recurring_invoice"]["status"], "stopped");
    assert_eq!(world.refused(Method::POST, &format!("/recurringinvoices/status/sent?invoice_ids={id}"), None).await, (404, 5));
    let mut wrong = body;
    wrong["recurrence_frequency"] = json!("fortnights");
    assert_eq!(world.refused(Method::POST, "/recurringinvoices", Some(wrong)).await, (400, 2));
}

#[tokio::test]
async fn scopes_are_those_of_the_documents() {
    let world = World::new().await;
    let tokens = world.consented("ZohoBooks.debitnotes.READ,ZohoBooks.invoices.ALL,ZohoBooks.banking.READ").await;
    let world = World { token: tokens["access_token"].as_str().unwrap().to_owned(), ..world };
    for open in ["/vendorcredits", "/retainerinvoices", "/recurringinvoices", "/banktransactions", "/bankaccounts"] {
        world.get(open).await;
    }
    for shut in [
        "/estimates",
        "/creditnotes",
        "/journals",
        "/expenses",
        "/projects",
        "/reports/trialbalance?from_date=2026-01-01&to_date=2026-12-31",
    ] {
        assert_eq!(world.refused(Method::GET, shut, None).await, (401, 57), "{shut}");
    }
    assert_eq!(world.refused(Method::POST, "/bankaccounts", Some(json!({}))).await, (401, 57));
}
