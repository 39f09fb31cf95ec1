//! Zoho's other finance products: the same company arrives in each, in an organisation of its own without Books.

use reqwest::Method;
use serde_json::json;
use tests::{World, books, sum};

/// Everything the product has a place for arrives once, equal to the cent, and a second run writes nothing.
async fn arrives(product: &str, fields: bool) {
    let mut world = World::new().await;
    world.stage.control("switches", json!({ "zoho.fields_can_be_made_in_every_product": fields })).await.expect("a switch");
    // Two contacts of one name are among sixty.
    world.seed("demo-company", Some(60), Some(40)).await;
    let link = world.connected_to(&[product]).await.remove(0);
    let (run, progress) = world.migrate(&link).await;
    let findings = world.staff.findings(&run).await.expect("findings");
    let holds = world.staff.holds(&link.link).await.expect("holds");
    let unexpected: Vec<_> = holds.iter().filter(|hold| hold["expected"] != true).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(progress["clean"], true, "{findings:#?} {progress:#}");
    assert!(sum(&progress, "created") > 10, "{progress:#}");
    assert_eq!(sum(&progress, "findings"), 0, "{findings:#?}");
    world.nothing_more(&link).await;
    world.end().await;
}

#[tokio::test]
async fn a_company_arrives_in_inventory() {
    arrives("inventory", true).await;
}

#[tokio::test]
async fn where_no_field_can_be_made_records_are_told_apart_by_what_they_say() {
    arrives("inventory", false).await;
}

#[tokio::test]
async fn a_company_arrives_in_invoice() {
    arrives("invoice", false).await;
}

#[tokio::test]
async fn a_company_arrives_in_billing() {
    arrives("billing", false).await;
}

#[tokio::test]
async fn what_was_spent_arrives_in_expense() {
    arrives("expense", false).await;
}

#[tokio::test]
async fn what_is_made_in_invoice_reaches_xero() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let link = world.connected_to(&["invoice"]).await.remove(0);
    world.migrate(&link).await;
    let account = json!({ "id": link.link, "account": "200" });
    let question = "mutation($id: ID!, $account: String) { updateLink(linkId: $id, defaultAccount: $account) { id } }";
    world.staff.data(question, account).await.expect("a default account");
    let before = books::xero(&world, "Invoices").await.len();

    let customer = world
        .person_in_zoho(&link, Method::POST, "contacts", Some(json!({ "contact_name": "Nova Ltd", "contact_type": "customer" })))
        .await["contact"]["contact_id"]
        .clone();
    let lines = json!([{ "name": "Advice", "rate": 120.5, "quantity": 2 }, { "name": "Travel", "rate": 9.99, "quantity": 1 }]);
    let invoice = json!({ "customer_id": customer, "invoice_number": "ZI-1", "date": "2026-11-20", "line_items": lines });
    let path = "invoices?ignore_auto_number_generation=true";
    let made = world.person_in_zoho(&link, Method::POST, path, Some(invoice)).await["invoice"]["invoice_id"].clone();
    let path = format!("invoices/{}/status/sent", made.as_str().unwrap());
    world.person_in_zoho(&link, Method::POST, &path, None).await;
    world.run("syncNow", &link).await;

    let invoices = books::xero(&world, "Invoices").await;
    let arrived: Vec<_> = invoices.iter().filter(|one| one["InvoiceNumber"] == "ZI-1").collect();
    assert_eq!((invoices.len(), arrived.len()), (before + 1, 1), "{:#?}", world.staff.holds(&link.link).await);
    assert_eq!(arrived[0]["Total"].to_string(), "250.99");
    world.nothing_more(&link).await;
    world.end().await;
}

#[tokio::test]
async fn each_organisation_of_a_consent_gets_the_products_it_has() {
    let mut world = World::new().await;
    world.seed("tiny", Some(5), Some(6)).await;
    for link in world.connected_to(&["books", "inventory", "expense"]).await {
        let (run, progress) = world.migrate(&link).await;
        assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await);
    }
    world.end().await;
}
