//! Zoho CRM where Zoho's own integration joins it with Books: each record is written to one of the two only.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

use crate::crm::{api, crm};

/// A company in Books that Zoho's integration has joined with CRM, and the link to CRM.
async fn joined() -> (World, Connected) {
    let mut world = World::new().await;
    world.seed("demo-company", Some(16), Some(30)).await;
    let links = world.connected_to(&["books", "crm"]).await;
    world.migrate(&links[0]).await;
    let made = world.stage.control("zoho/crm/native", json!({})).await.unwrap();
    assert!(made["made"]["Accounts"].as_u64() > Some(5), "{made}");
    (world, links[1].clone())
}

async fn native(world: &World, link: &Connected) -> Value {
    let question = "query($id: ID!) { link(id: $id) { nativeIntegration { inUse wish found } } }";
    world.staff.data(question, json!({ "id": link.link })).await.unwrap()["link"]["nativeIntegration"].clone()
}

async fn wish(world: &World, link: &Connected, wish: &str) {
    let text = format!("mutation($id: ID!) {{ updateLink(linkId: $id, nativeIntegration: {wish}) {{ id }} }}");
    world.staff.data(&text, json!({ "id": link.link })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_zohos_integration_has_made_gets_our_marks_and_nothing_is_made_twice() {
    let (world, link) = joined().await;
    let before = counts(&world).await;
    let (_, progress) = world.migrate(&link).await;
    assert_eq!(native(&world, &link).await, json!({ "inUse": true, "wish": "AUTO", "found": true }));
    assert_eq!(counts(&world).await, before, "nothing was made in CRM: {progress:#}");
    assert_eq!(progress["clean"], true, "{progress:#}");
    let customers: Vec<Value> =
        books::xero(&world, "Contacts").await.into_iter().filter(|one| one["IsCustomer"] == true).collect();
    let accounts = crm(&world, "Accounts").await;
    let mut marked = 0;
    for customer in &customers {
        let bears = |one: &&Value| one["Xero_ID"] == customer["ContactID"];
        let found: Vec<&Value> = accounts.iter().filter(bears).collect();
        assert!(found.len() <= 1, "{found:#?}");
        let Some(found) = found.first() else { continue };
        assert_eq!(found["Account_Name"], customer["Name"]);
        assert!(found["Xero_link"].as_str().unwrap().contains(customer["ContactID"].as_str().unwrap()), "{found:#}");
        assert!(found["Billing_City"].as_str().is_none_or(str::is_empty), "only our marks: {found:#}");
        marked += 1;
    }
    // Two customers of one name have another one in Books, where the integration takes its names from.
    assert!(marked * 10 >= customers.len() * 8, "{marked} of {}", customers.len());
    let holds = world.staff.holds(&link.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["code"] == "NATIVE_INTEGRATION" && hold["expected"] == true), "{holds:#?}");

    // Another run writes nothing.
    world.forget_requests().await;
    let (_, again) = world.run("syncNow", &link).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    assert_eq!(world.asked().await.writes("zoho"), 0);

    // What Xero tells of kinds that are left to it starts no run, and certainly none without end.
    let url = world.url("/webhooks/xero");
    world.stage.control("xero/webhooks", json!({ "url": url })).await.unwrap();
    let runs = "SELECT COUNT(*) AS n FROM run";
    let before_hints = world.rows(runs).await;
    let invoice = books::xero(&world, "Invoices").await[0]["InvoiceID"].clone();
    world.in_xero("Invoices", json!({ "InvoiceID": invoice, "Reference": "told" })).await;
    tests::eventually("Xero told of it", async || (world.rows("SELECT COUNT(*) AS n FROM hint").await > 0).then_some(())).await;
    for _ in 0..10 {
        world.advance(std::time::Duration::from_secs(15)).await;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Books' link looks at it once; CRM's not at all.
    let more = world.rows(runs).await - before_hints;
    assert!(more <= 3, "{more} runs for one hint");

    // A new customer waits for the integration.
    world.in_xero("Contacts", json!([{ "Name": "Late Native Ltd", "IsCustomer": true }])).await;
    world.run("syncNow", &link).await;
    assert_eq!(counts(&world).await, before);
    let holds = world.staff.holds(&link.link).await.unwrap();
    assert!(holds.iter().any(|hold| hold["sentence"].as_str().unwrap().contains("Late Native Ltd")), "{holds:#?}");
    let row = json!({ "data": [{ "Account_Name": "Late Native Ltd" }] });
    let made = api(&world, Method::POST, "Accounts", Some(row)).await;
    assert_eq!(made["data"][0]["code"], "SUCCESS", "{made}");
    world.run("syncNow", &link).await;
    let accounts = crm(&world, "Accounts").await;
    let late: Vec<&Value> = accounts.iter().filter(|one| one["Account_Name"] == "Late Native Ltd").collect();
    assert!(late.len() == 1 && late[0]["Xero_ID"].is_string(), "{late:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_it_or_where_a_person_says_so_everything_is_carried() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(12), Some(20)).await;
    let links = world.connected_to(&["books", "crm"]).await;
    world.migrate(&links[0]).await;
    let link = links[1].clone();
    // Zoho does not take the question: nobody knows of an integration, and nothing is held up.
    let refused = json!({ "match": { "provider": "zoho", "path_contains": "/books/v3/contacts", "query_contains": "Status.Crm" },
        "kind": "status", "code": 400, "body": { "code": 2, "message": "Invalid value passed for filter_by" } });
    world.faults(json!([refused])).await;
    world.migrate(&link).await;
    assert_eq!(native(&world, &link).await, json!({ "inUse": false, "wish": "AUTO", "found": null }));
    world.faults(json!([])).await;
    let accounts = crm(&world, "Accounts").await.len();
    assert!(accounts > 5 && !crm(&world, "Invoices").await.is_empty());
    world.run("syncNow", &link).await;
    assert_eq!(native(&world, &link).await, json!({ "inUse": false, "wish": "AUTO", "found": false }));

    // A person knows better.
    wish(&world, &link, "YES").await;
    world.in_xero("Contacts", json!([{ "Name": "Not By Us Ltd", "IsCustomer": true }])).await;
    world.run("syncNow", &link).await;
    assert_eq!(native(&world, &link).await["inUse"], true);
    assert_eq!(crm(&world, "Accounts").await.len(), accounts);
    wish(&world, &link, "NO").await;
    world.run("syncNow", &link).await;
    assert_eq!(crm(&world, "Accounts").await.len(), accounts + 1, "{:#?}", world.staff.holds(&link.link).await);
    world.nothing_more(&link).await;

    let text = "mutation($id: ID!) { updateLink(linkId: $id, nativeIntegration: YES) { id } }";
    let refused = world.staff.data(text, json!({ "id": links[0].link })).await.unwrap_err().to_string();
    assert!(refused.contains("only a link to Zoho CRM has it"), "{refused}");
    world.end().await;
}

async fn counts(world: &World) -> Vec<usize> {
    let mut counts = Vec::new();
    for module in ["Accounts", "Contacts", "Vendors", "Products", "Quotes", "Purchase_Orders", "Invoices"] {
        counts.push(crm(world, module).await.len());
    }
    counts
}
