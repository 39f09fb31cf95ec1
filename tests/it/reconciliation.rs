//! The reconciliation finds what somebody changed in Zoho behind our back: the document, the amount, and nothing else.

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Connected, World, books};

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_was_changed_in_zoho_is_found_to_the_cent() {
    let (world, connected) = migrated().await;
    let invoice = unpaid(&world, "sent").await;
    let (id, number) = (text(&invoice, "invoice_id"), text(&invoice, "invoice_number"));
    let mut lines = invoice["line_items"].clone();
    let rate = decimal(&lines[0]["rate"]) + Decimal::ONE;
    lines[0]["rate"] = json!(rate.normalize().to_string().parse::<serde_json::Number>().unwrap());
    let (status, answer) =
        world.in_zoho(&connected, Method::PUT, &format!("invoices/{id}"), Some(json!({ "line_items": lines }))).await;
    assert_eq!(status, 200, "{answer}");
    let difference = decimal(&answer["invoice"]["total"]) - decimal(&invoice["total"]);
    assert!(difference > Decimal::ZERO);

    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], false, "{progress:#}");
    let findings = world.staff.findings(&run).await.unwrap();
    let total = findings.iter().find(|finding| says(finding, &["total", &number])).unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(says(total, &[&format!("difference {}", difference.normalize())]), "{total}");
    assert_eq!(
        (&total["level"], &total["explained"], &total["flow"]["key"]),
        (&json!(2), &json!(false), &json!("books.invoices"))
    );
    let others = findings.iter().filter(|finding| finding["level"] == 2 && !says(finding, &[&number])).collect::<Vec<_>>();
    assert!(others.is_empty(), "{others:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_deleted_in_zoho_is_found_by_its_number() {
    let (world, connected) = migrated().await;
    let invoice = unpaid(&world, "draft").await;
    let (id, number) = (text(&invoice, "invoice_id"), text(&invoice, "invoice_number"));
    let (status, answer) = world.in_zoho(&connected, Method::DELETE, &format!("invoices/{id}"), None).await;
    assert_eq!(status, 200, "{answer}");

    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], false);
    let findings = world.staff.findings(&run).await.unwrap();
    let documents: Vec<&Value> = findings.iter().filter(|finding| finding["level"] == 2).collect();
    assert_eq!(documents.len(), 1, "{findings:#?}");
    assert_eq!(documents[0]["cause"], "MISSING_IN_ZOHO");
    assert!(says(documents[0], &[&number]), "{}", documents[0]);
    assert!(findings.iter().any(|finding| finding["level"] == 1), "the sums differ too: {findings:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_was_changed_in_zoho_is_found() {
    let (world, connected) = migrated().await;
    let invoice = unpaid(&world, "sent").await;
    let (id, number) = (text(&invoice, "invoice_id"), text(&invoice, "invoice_number"));
    let (status, answer) = world.in_zoho(&connected, Method::POST, &format!("invoices/{id}/status/void"), None).await;
    assert_eq!(status, 200, "{answer}");

    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], false);
    let findings = world.staff.findings(&run).await.unwrap();
    let status = findings.iter().find(|finding| finding["cause"] == "STATUS").unwrap_or_else(|| panic!("{findings:#?}"));
    assert!(says(status, &[&number, "void"]), "{status}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_zoho_has_for_itself_is_no_finding() {
    let (world, connected) = migrated().await;
    let customer =
        books::zoho(&world, "contacts").await.into_iter().find(|contact| contact["contact_type"] == "customer").unwrap();
    let body = json!({ "customer_id": customer["contact_id"], "invoice_number": "ZOHO-OWN-1",
        "line_items": [{ "name": "Made in Zoho", "rate": 12.5, "quantity": 1 }] });
    let (status, answer) =
        world.in_zoho(&connected, Method::POST, "invoices?ignore_auto_number_generation=true", Some(body)).await;
    assert_eq!(status, 201, "{answer}");

    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    world.end().await;
}

async fn migrated() -> (World, Connected) {
    let mut world = World::new().await;
    world.seed("demo-company", Some(20), Some(60)).await;
    let connected = world.connected().await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    (world, connected)
}

/// An invoice of this status that nobody has paid anything of.
async fn unpaid(world: &World, status: &str) -> Value {
    let fits = |invoice: &Value| {
        let stands = invoice["status"] == status || (status == "sent" && invoice["status"] == "overdue");
        stands && decimal(&invoice["total"]) > Decimal::ONE && decimal(&invoice["balance"]) == decimal(&invoice["total"])
    };
    let invoices = books::zoho(world, "invoices").await;
    invoices.into_iter().find(fits).unwrap_or_else(|| panic!("no {status} invoice is unpaid"))
}

fn says(finding: &Value, words: &[&str]) -> bool {
    words.iter().all(|word| finding["sentence"].as_str().is_some_and(|sentence| sentence.contains(word)))
}

fn text(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_else(|| panic!("no {name} in {record}")).to_owned()
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().unwrap_or_else(|_| panic!("{value} is no amount"))
}
