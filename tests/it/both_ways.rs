//! What people make and change in Zoho reaches Xero, once and merged field by field.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

async fn zoho(world: &World, connected: &Connected, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = world.in_zoho(connected, method, path, Some(body)).await;
    assert!((200..300).contains(&status), "{path}: {answer:#}");
    answer
}

async fn contact_in_xero(world: &World, name: &str) -> Option<Value> {
    books::xero(world, "Contacts").await.into_iter().find(|one| one["Name"] == name)
}

async fn contact_in_zoho(world: &World, name: &str) -> Value {
    books::zoho(world, "contacts").await.into_iter().find(|one| one["contact_name"] == name).expect("the contact")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_made_in_zoho_arrives_in_xero_once_and_is_merged_field_by_field() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let (_, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true);
    world.forget_requests().await;
    let (_, quiet) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&quiet, "created"), sum(&quiet, "updated")), (0, 0), "{quiet:#}");
    assert_eq!(world.asked().await.writes("xero") + world.asked().await.writes("zoho"), 0);

    let person = json!([{ "first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "is_primary_contact": true }]);
    let made = json!({ "contact_name": "Engines Ltd", "contact_type": "customer", "contact_persons": person });
    let made = zoho(&world, &connected, Method::POST, "contacts", made).await["contact"].clone();
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(
        (sum(&progress, "created"), sum(&progress, "held")),
        (1, 0),
        "{progress:#}\n{:#?}",
        world.staff.holds(&connected.link).await
    );
    let there = contact_in_xero(&world, "Engines Ltd").await.expect("the contact in Xero");
    assert_eq!((&there["EmailAddress"], &there["FirstName"]), (&json!("ada@example.com"), &json!("Ada")));
    // The button in Zoho knows where to go.
    let here = contact_in_zoho(&world, "Engines Ltd").await;
    assert_eq!(books::custom(&here, "cf_xero_acct_id").as_deref(), there["ContactID"].as_str());
    world.nothing_more(&connected).await;
    assert_eq!(books::xero(&world, "Contacts").await.iter().filter(|one| one["Name"] == "Engines Ltd").count(), 1);

    // Each side changes a field of its own: both arrive.
    let id = made["contact_id"].as_str().unwrap().to_owned();
    world.in_xero("Contacts", json!({ "ContactID": there["ContactID"], "Name": "Analytical Engines Ltd" })).await;
    let address = json!({ "billing_address": { "address": "1 Dorset Street", "city": "London" } });
    zoho(&world, &connected, Method::PUT, &format!("contacts/{id}"), address).await;
    world.run("syncNow", &connected).await;
    let there = contact_in_xero(&world, "Analytical Engines Ltd").await.expect("the contact in Xero");
    let cities: Vec<&Value> = there["Addresses"].as_array().unwrap().iter().map(|one| &one["City"]).collect();
    assert!(cities.contains(&&json!("London")), "{there:#}");
    assert_eq!(contact_in_zoho(&world, "Analytical Engines Ltd").await["contact_id"], id.as_str());
    world.nothing_more(&connected).await;

    // Both sides change the same field: a person is asked, and neither is written.
    world.in_xero("Contacts", json!({ "ContactID": there["ContactID"], "Name": "Difference Engines Ltd" })).await;
    zoho(&world, &connected, Method::PUT, &format!("contacts/{id}"), json!({ "contact_name": "Steam Engines Ltd" })).await;
    world.run("syncNow", &connected).await;
    assert!(contact_in_xero(&world, "Difference Engines Ltd").await.is_some());
    contact_in_zoho(&world, "Steam Engines Ltd").await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().any(|hold| hold["code"] == "CONFLICT"), "{holds:#?}");
    world.nothing_more(&connected).await;
    world.end().await;
}
