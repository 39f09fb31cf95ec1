//! What books nothing: quotes, purchase orders, and templates of documents that come again.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::{Connected, World, books, flow, sum};

#[tokio::test(flavor = "multi_thread")]
async fn quotes_orders_and_templates_arrive_and_follow_xero() {
    let (world, connected) = connected().await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    // What was sent has run out by now: Zoho says so, Xero does not.
    assert_eq!(statuses(&world, "estimates").await, [("draft", 4), ("expired", 8)].map(counted).into());
    assert_eq!(statuses(&world, "purchaseorders").await, [("draft", 6), ("open", 2)].map(counted).into());
    for list in ["recurringinvoices", "recurringbills"] {
        assert_eq!(statuses(&world, list).await, [("stopped", 2)].map(counted).into(), "{list}");
    }
    let sandbox = world.stage.look("state").await.unwrap();
    assert_eq!(sandbox["zoho"]["emailed_customers"], 0, "nobody is ever e-mailed: {sandbox}");
    let quotes = books::xero(&world, "Quotes").await;
    let order = one(&books::xero(&world, "PurchaseOrders").await, "Status", "AUTHORISED");
    let sent: Vec<&Value> = quotes.iter().filter(|quote| quote["Status"] == "SENT").collect();
    let estimates = books::zoho(&world, "estimates").await;
    for quote in &quotes {
        let estimate = one(&estimates, "estimate_number", quote["QuoteNumber"].as_str().unwrap());
        assert_eq!(number(&estimate["total"]), number(&quote["Total"]));
        assert_eq!(books::custom(&estimate, "cf_xero_id").as_deref(), quote["QuoteID"].as_str());
    }

    // Accepted, declined, deleted; an order is billed; a template is deleted.
    for (quote, status) in sent.iter().zip(["ACCEPTED", "DECLINED", "DELETED"]) {
        world.in_xero("Quotes", json!({ "QuoteID": quote["QuoteID"], "Status": status })).await;
    }
    world.in_xero("PurchaseOrders", json!({ "PurchaseOrderID": order["PurchaseOrderID"], "Status": "BILLED" })).await;
    let template = one(&books::xero(&world, "RepeatingInvoices").await, "Type", "ACCREC");
    world
        .in_xero("RepeatingInvoices", json!({ "RepeatingInvoiceID": template["RepeatingInvoiceID"], "Status": "DELETED" }))
        .await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 4), "{progress:#}");
    // A write and a status call for each.
    assert_eq!(world.asked().await.writes("zoho"), 8, "{:#?}", world.asked().await);
    assert_eq!(
        statuses(&world, "estimates").await,
        [("accepted", 1), ("declined", 2), ("draft", 4), ("expired", 5)].map(counted).into()
    );
    assert_eq!(statuses(&world, "purchaseorders").await, [("billed", 1), ("draft", 6), ("open", 1)].map(counted).into());

    world.nothing_more(&connected).await;
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_somebody_resumed_in_zoho_stays_so() {
    let (world, connected) = connected().await;
    world.migrate(&connected).await;
    let made = books::zoho(&world, "recurringinvoices").await.into_iter().next().unwrap();
    let path = format!("recurringinvoices/{}/status/resume", made["recurring_invoice_id"].as_str().unwrap());
    assert_eq!(world.in_zoho(&connected, reqwest::Method::POST, &path, None).await.0, 201);
    let id = books::custom(&made, "cf_xero_id").unwrap();
    let template = one(&books::xero(&world, "RepeatingInvoices").await, "RepeatingInvoiceID", &id);
    let mut schedule = template["Schedule"].clone();
    schedule["Period"] = json!(9);
    world.in_xero("RepeatingInvoices", json!({ "RepeatingInvoiceID": id, "Schedule": schedule })).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(flow(&progress, "books.recurring_invoices")["updated"], 1, "{progress:#}");
    let now = one(
        &books::zoho(&world, "recurringinvoices").await,
        "recurring_invoice_id",
        made["recurring_invoice_id"].as_str().unwrap(),
    );
    assert_eq!((&now["status"], &now["repeat_every"]), (&json!("active"), &json!(9)));
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_beyond_the_first_hundred_are_read_too() {
    let (world, connected) = connected().await;
    let contact = books::xero(&world, "Quotes").await[0]["Contact"]["ContactID"].clone();
    let quote = |n: u32| {
        json!({ "Contact": { "ContactID": contact }, "Date": "2026-05-04", "QuoteNumber": format!("MANY-{n}"), "Status": "SENT",
                "LineItems": [{ "Description": "Work", "Quantity": "1", "UnitAmount": "10", "AccountCode": "200" }] })
    };
    world.in_xero("Quotes", (0..230).map(quote).collect::<Vec<_>>().into()).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    assert_eq!(flow(&progress, "books.quotes")["created"], 242, "{progress:#}");
    assert_eq!(books::zoho(&world, "estimates").await.len(), 242);
    world.end().await;
}

async fn connected() -> (World, Connected) {
    World::of_company("demo-company", Some(12), Some(20)).await
}

/// How many records of a Zoho list have which status.
async fn statuses(world: &World, list: &str) -> BTreeMap<String, usize> {
    let mut statuses = BTreeMap::new();
    for record in books::zoho(world, list).await {
        *statuses.entry(record["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    statuses
}

fn counted((status, count): (&str, usize)) -> (String, usize) {
    (status.to_owned(), count)
}

fn one(records: &[Value], key: &str, value: &str) -> Value {
    records.iter().find(|record| record[key] == value).unwrap_or_else(|| panic!("no {key} {value}")).clone()
}

fn number(amount: &Value) -> f64 {
    amount.as_f64().unwrap()
}
