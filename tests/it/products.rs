//! Zoho's other finance products: the same company arrives in each, in an organisation of its own without Books.

use serde_json::json;
use tests::{World, sum};

/// Everything the product has a place for arrives once, equal to the cent, and a second run writes nothing.
async fn arrives(product: &str) {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
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
    arrives("inventory").await;
}

#[tokio::test]
async fn a_company_arrives_in_invoice() {
    arrives("invoice").await;
}

#[tokio::test]
async fn a_company_arrives_in_billing() {
    arrives("billing").await;
}

#[tokio::test]
async fn what_was_spent_arrives_in_expense() {
    arrives("expense").await;
}

#[tokio::test]
async fn where_no_field_can_be_made_records_are_told_apart_by_what_they_say() {
    let mut world = World::new().await;
    world.stage.control("switches", json!({ "zoho.fields_can_be_made_in_every_product": false })).await.expect("a switch");
    world.seed("tiny", None, None).await;
    let link = world.connected_to(&["inventory"]).await.remove(0);
    let (run, progress) = world.migrate(&link).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await);
    world.nothing_more(&link).await;
    world.end().await;
}
