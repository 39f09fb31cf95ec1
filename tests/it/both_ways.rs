//! What people make and change in Zoho reaches Xero, once and merged field by field.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

async fn zoho(world: &World, connected: &Connected, method: Method, path: &str, body: Value) -> Value {
    world.person_in_zoho(connected, method, path, Some(body)).await
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_in_zoho_is_void_in_xero_or_said_and_never_many_at_once_unasked() {
    let (world, connected) = World::of_company("demo-company", Some(12), Some(20)).await;
    world.migrate(&connected).await;
    let accounts = books::zoho(&world, "chartofaccounts").await;
    let account = accounts.iter().find(|one| one["account_type"] == "income" && one["account_code"] != "").unwrap();
    let customers = books::zoho(&world, "contacts").await;
    let customer = customers.iter().find(|one| one["contact_type"] == "customer" && one["status"] == "active").unwrap();
    let make = async |number: &str| {
        let line = json!([{ "name": "Work", "quantity": 1, "rate": 10, "account_id": account["account_id"] }]);
        let body =
            json!({ "customer_id": customer["contact_id"], "invoice_number": number, "date": "2026-05-04", "line_items": line });
        let made = zoho(&world, &connected, Method::POST, "invoices?ignore_auto_number_generation=true", body).await;
        let id = made["invoice"]["invoice_id"].as_str().unwrap().to_owned();
        zoho(&world, &connected, Method::POST, &format!("invoices/{id}/status/sent"), json!({})).await;
        id
    };
    let one = make("Z-1").await;
    let mut many = Vec::new();
    for n in 0..25 {
        many.push(make(&format!("Y-{n}")).await);
    }
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(sum(&progress, "created"), 26, "{:#?}", world.staff.holds(&connected.link).await);
    let status = async |number: &str| {
        let found = books::xero(&world, "Invoices").await.into_iter().find(|one| one["InvoiceNumber"] == number);
        found.map(|one| one["Status"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    assert_eq!(status("Z-1").await, "AUTHORISED");

    // Nothing tells of a deletion but that the record is in no list any more.
    zoho(&world, &connected, Method::DELETE, &format!("invoices/{one}"), json!({})).await;
    // One that Xero owns is not Zoho's to end.
    let of_xero = |one: &&Value| {
        let number = one["invoice_number"].as_str().unwrap_or_default();
        one["balance"] == one["total"] && one["status"] != "void" && !number.starts_with("Z-") && !number.starts_with("Y-")
    };
    let invoices = books::zoho(&world, "invoices").await;
    let theirs = invoices.iter().find(of_xero).expect("an open invoice of Xero's");
    let number = theirs["invoice_number"].as_str().unwrap();
    let before = status(number).await;
    let path = format!("invoices/{}", theirs["invoice_id"].as_str().unwrap());
    zoho(&world, &connected, Method::DELETE, &path, json!({})).await;
    world.run("reconcile", &connected).await;
    world.run("syncNow", &connected).await;
    assert_eq!(status("Z-1").await, "VOIDED");
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let gone: Vec<&Value> = holds.iter().filter(|hold| hold["code"] == "GONE_FROM_ZOHO").collect();
    assert_eq!(gone.len(), 1, "{holds:#?}");
    assert_eq!(status(number).await, before);
    // A person wants it back.
    let retry = "mutation($id: ID!) { retryHolds(linkId: $id, codes: [\"GONE_FROM_ZOHO\"]) { retried } }";
    world.staff.data(retry, json!({ "id": connected.link })).await.unwrap();
    world.run("syncNow", &connected).await;
    let back = books::zoho(&world, "invoices").await;
    assert_eq!(back.iter().filter(|one| one["invoice_number"] == theirs["invoice_number"]).count(), 1);
    world.nothing_more(&connected).await;

    // Many at once look like a mistake: a person is asked first.
    for id in &many {
        zoho(&world, &connected, Method::DELETE, &format!("invoices/{id}"), json!({})).await;
    }
    world.run("reconcile", &connected).await;
    let run = world.staff.start("syncNow", &connected.link).await.unwrap();
    let paused = tests::eventually("the guard stops it", async || {
        let progress = world.staff.progress(&run).await.ok()?;
        (progress["state"] == "PAUSED").then_some(progress)
    })
    .await;
    assert!(paused["reason"].as_str().unwrap().contains("25 of"), "{paused:#}");
    assert_eq!(status("Y-3").await, "AUTHORISED");
    let resume = "mutation($id: ID!) { resumeRun(runId: $id) { outcome } }";
    world.staff.data(resume, json!({ "id": run })).await.unwrap();
    world.finished(&run).await;
    for n in 0..25 {
        assert_eq!(status(&format!("Y-{n}")).await, "VOIDED");
    }
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_shows_both_sides_and_is_decided_by_a_person() {
    let (world, connected) = World::of_company("demo-company", Some(12), Some(20)).await;
    world.migrate(&connected).await;
    let contacts = books::zoho(&world, "contacts").await;
    let active = |one: &&Value| one["contact_type"] == "customer" && one["status"] == "active";
    let two: Vec<&Value> = contacts.iter().filter(active).take(2).collect();
    let mut ids = Vec::new();
    for (n, one) in two.iter().enumerate() {
        let (zoho_id, xero_id) = (one["contact_id"].as_str().unwrap(), books::custom(one, "cf_xero_acct_id").unwrap());
        world.in_xero("Contacts", json!({ "ContactID": xero_id, "Name": format!("Xero says {n}") })).await;
        let body = json!({ "contact_name": format!("Zoho says {n}") });
        zoho(&world, &connected, Method::PUT, &format!("contacts/{zoho_id}"), body).await;
        ids.push((zoho_id.to_owned(), xero_id));
    }
    world.run("syncNow", &connected).await;
    let question = "query($link: ID!, $id: String!) { conflict(linkId: $link, flow: \"books.customers\", xeroId: $id) \
                    { __typename ... on ConflictFields { fields { field xero zoho } } ... on ConflictUnreadable { reason } } }";
    let ask = async |id: &str| {
        world.staff.data(question, json!({ "link": connected.link, "id": id })).await.unwrap()["conflict"].clone()
    };
    let shown = ask(&ids[0].1).await;
    let name =
        shown["fields"].as_array().unwrap_or_else(|| panic!("{shown:#}")).iter().find(|one| one["field"] == "Name").unwrap();
    assert_eq!((&name["xero"], &name["zoho"]), (&json!("Xero says 0"), &json!("Zoho says 0")));
    let decide = async |id: &str, keep: &str| {
        let text = format!(
            "mutation($link: ID!, $id: String!) {{ resolveConflict(linkId: $link, flow: \"books.customers\", xeroId: $id, keep: {keep}) {{ resolved }} }}"
        );
        world.staff.data(&text, json!({ "link": connected.link, "id": id })).await.unwrap()["resolveConflict"]["resolved"].clone()
    };
    assert_eq!(decide("nobody", "XERO").await, false);
    for ((_, xero_id), keep) in ids.iter().zip(["XERO", "ZOHO"]) {
        assert_eq!(decide(xero_id, keep).await, true);
        tests::eventually("it is decided", async || {
            let holds = world.staff.holds(&connected.link).await.ok()?;
            (!holds.iter().any(|hold| hold["xeroId"] == xero_id.as_str())).then_some(())
        })
        .await;
    }
    assert_eq!(contact_in_zoho(&world, "Xero says 0").await["contact_id"], ids[0].0.as_str());
    assert_eq!(contact_in_xero(&world, "Zoho says 1").await.unwrap()["ContactID"], ids[1].1.as_str());
    tests::eventually("nothing is at work", async || {
        let run = world.staff.start("syncNow", &connected.link).await.ok()?;
        Some(world.finished(&run).await)
    })
    .await;
    assert_eq!(ask(&ids[0].1).await, Value::Null);
    // One of them may be a vendor too: its new name reaches that one next.
    world.run("syncNow", &connected).await;
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_tenant_has_said_who_is_right_nobody_is_asked_of_a_conflict() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let made = world.in_xero("Contacts", json!([{ "Name": "Engines Ltd", "IsCustomer": true }])).await;
    let xero_id = made[0]["ContactID"].clone();
    world.migrate(&connected).await;
    let path = format!("contacts/{}", contact_in_zoho(&world, "Engines Ltd").await["contact_id"].as_str().unwrap());
    let text = "mutation($id: ID!, $side: ConflictSide) { updateLink(linkId: $id, onConflict: $side) { id } }";
    for (n, side) in ["XERO", "ZOHO"].into_iter().enumerate() {
        world.staff.data(text, json!({ "id": connected.link, "side": side })).await.unwrap();
        let says = |side: &str| format!("{side} says {n}");
        world.in_xero("Contacts", json!({ "ContactID": xero_id, "Name": says("XERO") })).await;
        zoho(&world, &connected, Method::PUT, &path, json!({ "contact_name": says("ZOHO") })).await;
        world.run("syncNow", &connected).await;
        assert!(contact_in_xero(&world, &says(side)).await.is_some(), "{side}: {:#?}", books::xero(&world, "Contacts").await);
        contact_in_zoho(&world, &says(side)).await;
        assert!(world.staff.holds(&connected.link).await.unwrap().iter().all(|hold| hold["code"] != "CONFLICT"), "{side}");
        world.nothing_more(&connected).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_to_and_fro_all_the_time_is_stopped_and_said() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let made = world.in_xero("Contacts", json!([{ "Name": "To and fro", "IsCustomer": true }])).await;
    let xero_id = made[0]["ContactID"].clone();
    world.migrate(&connected).await;
    let path = format!("contacts/{}", contact_in_zoho(&world, "To and fro").await["contact_id"].as_str().unwrap());
    let holds = async || world.staff.holds(&connected.link).await.unwrap();
    // Another program undoes on each side what comes from the other one.
    let mut rounds = 0;
    while !holds().await.iter().any(|hold| hold["code"] == "LOOP_SUSPECTED") {
        assert!(rounds < 10, "it goes on and on: {:#?}", holds().await);
        zoho(&world, &connected, Method::PUT, &path, json!({ "contact_name": format!("Zoho {rounds}") })).await;
        world.run("syncNow", &connected).await;
        if contact_in_xero(&world, &format!("Zoho {rounds}")).await.is_some() {
            world.in_xero("Contacts", json!({ "ContactID": xero_id, "Name": format!("Xero {rounds}") })).await;
            world.run("syncNow", &connected).await;
        }
        rounds += 1;
    }
    // Six changes of direction are three times to Xero and back, or four where Xero was first.
    assert!((4..=5).contains(&rounds), "people may change a name there and back: {rounds}");
    // It rests, whatever the clock does.
    world.forget_requests().await;
    world.run("syncNow", &connected).await;
    assert_eq!(world.asked().await.writes("xero") + world.asked().await.writes("zoho"), 0);
    // After an hour without, somebody has put it right and retries.
    world.advance(std::time::Duration::from_secs(3700)).await;
    let retry = "mutation($id: ID!) { retryHolds(linkId: $id, codes: [\"LOOP_SUSPECTED\"]) { retried } }";
    let retried = world.staff.data(retry, json!({ "id": connected.link })).await.unwrap();
    assert_eq!(retried["retryHolds"]["retried"], 1);
    tests::eventually("what was held goes on", async || {
        contact_in_xero(&world, &format!("Zoho {}", rounds - 1)).await.filter(|one| one["ContactID"] == xero_id)
    })
    .await;
    world.end().await;
}
