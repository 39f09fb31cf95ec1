//! The main job: a company arrives in Zoho Books, equal to the cent, once.

use serde_json::Value;
use tests::{World, books, flow, sum};

#[tokio::test(flavor = "multi_thread")]
async fn a_company_arrives_equal_to_the_cent_and_a_second_run_writes_nothing() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(40), Some(120)).await;
    let connected = world.connected().await;

    let (run, progress) = world.migrate(&connected).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert_eq!(progress["clean"], true, "{findings:#?} {holds:#?}");
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    assert!(flow(&progress, "books.invoices")["created"].as_i64() > Some(0));
    assert!(flow(&progress, "books.vendor_payments")["created"].as_i64() > Some(0));
    let sandbox = world.stage.look("state").await.unwrap();
    assert_eq!(sandbox["zoho"]["emailed_customers"], 0, "nobody is ever e-mailed: {sandbox}");

    assert_eq!(sandbox["zoho"]["reminded_customers"], 0, "and nobody is reminded of an old invoice: {sandbox}");

    let invoices = books::zoho(&world, "invoices").await;
    let chased = books::zoho(&world, "contacts").await.into_iter().filter(|contact| contact["email"].as_str() > Some(""));
    let chased: Vec<Value> = chased.map(|contact| contact["contact_id"].clone()).collect();
    let is_old = |one: &&Value| one["status"] == "overdue" && chased.contains(&one["customer_id"]);
    assert!(invoices.iter().any(|one| is_old(&one)), "somebody could have been reminded");
    assert_eq!(books::twice(&invoices, "cf_xero_id"), Vec::<String>::new());

    let (_, again) = world.migrate(&connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    assert_eq!(again["clean"], true);
    world.end().await;
}
