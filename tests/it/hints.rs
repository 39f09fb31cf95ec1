//! Somebody tells us that something may have changed: it is believed only when signed, written down once however often it is said, and
//! costs nobody anything. And what nobody tells is looked for by the clock.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, SET_COOKIE};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::entry::Entry;
use tests::{Connected, World, books, eventually};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn xero_finds_our_address_fit_to_receive() {
    let world = World::without_worker().await;
    // Two deliveries with a right signature and two with a wrong one, each with its own right answer.
    let state = listen(&world).await;
    assert_eq!(state["status"], "OK", "{state:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_xero_has_not_signed_is_refused_in_silence() {
    let world = World::without_worker().await;
    for signature in [None, Some(""), Some("AAAA"), Some("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")] {
        assert_eq!(post(&world, signature, "{\"events\":[]}").await, 401, "{signature:?}");
    }
    assert_eq!(post(&world, Some("AAAA"), &"x".repeat(2 * 1024 * 1024)).await, 413);
    world.end().await;
    // Without a key nobody can have signed anything.
    let world = World::with(vec![("XERO_WEBHOOK_KEY".into(), String::new())], false).await;
    let state = listen(&world).await;
    assert_ne!(state["status"], "OK", "{state:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_xero_says_it_it_is_one_hint_in_each_lane_that_may_be_concerned() {
    let (world, _) = World::of_company("tiny", None, None).await;
    listen(&world).await;
    world.stage.control("xero/webhooks", json!({ "duplicate": true })).await.unwrap();
    let made = world.in_xero("Contacts", json!({ "Name": "Heard Of Ltd" })).await;
    let contact = made[0]["ContactID"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    for city in ["Wellington", "Napier"] {
        let address = json!([{ "AddressType": "STREET", "City": city }]);
        world.in_xero("Contacts", json!({ "ContactID": contact, "Addresses": address })).await;
    }
    heard(&world, 6).await;
    assert_eq!(hints(&world).await, [hint("books.customers", &contact), hint("books.vendors", &contact)]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_known_is_hinted_where_it_is_known() {
    let (mut world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    world.stage.stop_worker().await;
    listen(&world).await;
    let text = "SELECT pair.xero_id AS id FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id WHERE lane.flow = 'books.invoices' ORDER BY 1";
    let invoice = texts(&world, text).await.remove(0);
    let tenant = world.xero_tenant().await;
    for category in ["INVOICE", "Invoice", "WEATHER", "SUBSCRIPTION"] {
        let event = json!({ "eventCategory": category, "eventType": "Melted", "tenantId": tenant, "resourceId": invoice });
        world.stage.control("xero/webhooks", json!({ "send": event })).await.unwrap();
    }
    // Somebody else's organisation.
    let event = json!({ "eventCategory": "INVOICE", "tenantId": "00000000-0000-4000-8000-000000000000", "resourceId": invoice });
    world.stage.control("xero/webhooks", json!({ "send": event })).await.unwrap();
    heard(&world, 5).await;
    assert_eq!(hints(&world).await, [hint("books.invoices", &invoice)]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_migrated_is_synced_by_the_clock() {
    let mut world = World::with(vec![("SYNC_EVERY_MINUTES".into(), "15".into())], true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.advance(60 * MINUTE).await;
    settled(&world).await;
    assert_eq!(syncs(&world).await, 0, "nothing was migrated yet");
    world.migrate(&connected).await;
    for n in 1..=3 {
        world.advance(15 * MINUTE).await;
        eventually("a sync was made", async || (syncs(&world).await == n).then_some(())).await;
    }
    let by = world.rows("SELECT COUNT(*) AS n FROM run WHERE kind = 'sync' AND requested_by = 'timetable'").await;
    assert_eq!(by, 3);

    every(&world, &connected, json!(0)).await;
    world.advance(24 * 60 * MINUTE).await;
    settled(&world).await;
    assert_eq!(syncs(&world).await, 3, "never is never");
    world.staff = world.stage.staff().unwrap();
    every(&world, &connected, json!(60)).await;
    eventually("the sync that is overdue was made", async || (syncs(&world).await == 4).then_some(())).await;
    let shown = every(&world, &connected, Value::Null).await;
    assert_eq!((&shown["everyMinutes"], &shown["wishedMinutes"]), (&json!(15), &Value::Null), "{shown}");
    assert!(shown["xeroCalls"].as_i64().unwrap() > 0, "{shown}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_migration_zoho_tells_us_itself_and_is_asked_to_only_once() {
    let (mut world, connected) = told_by_zoho(&[]).await;
    world.forget_requests().await;
    world.migrate(&connected).await;
    let state = eventually("the webhooks are made", async || webhooks(&world, &connected).await).await;
    assert_eq!((&state["state"], &state["sentence"]), (&json!("MADE"), &Value::Null));
    let (hooks, rules) = arranged(&world, &connected).await;
    assert!(hooks.len() >= 2 && rules.len() == 2 * hooks.len(), "{hooks:#?} {rules:#?}");
    let asked = world.asked().await;
    assert_eq!(asked.count("zoho", "POST /settings/webhooks"), hooks.len() as u64);
    assert_eq!(asked.count("zoho", "POST /settings/workflows"), rules.len() as u64);

    // A day later it is looked at: two calls, and nothing is written.
    world.forget_requests().await;
    world.advance(25 * 60 * MINUTE).await;
    world.staff = world.stage.staff().unwrap();
    world.run("syncNow", &connected).await;
    eventually("it was looked at", async || (world.asked().await.count("zoho", "GET /settings/workflows") == 1).then_some(()))
        .await;
    settled(&world).await;
    assert_eq!(world.asked().await.count("zoho", "/settings/w"), 2);

    // People change things: it is mended, and nothing is made twice.
    let (hook, rule) = (&hooks[0]["webhook_id"], &rules[0]["workflow_id"]);
    let path = |kind: &str, id: &Value| format!("settings/{kind}/{}", id.as_str().unwrap());
    let elsewhere = json!({ "url": "http://127.0.0.1:9/elsewhere" });
    world.in_zoho(&connected, Method::PUT, &path("webhooks", hook), Some(elsewhere)).await;
    world.in_zoho(&connected, Method::POST, &format!("{}/deactivate", path("workflows", rule)), None).await;
    world.in_zoho(&connected, Method::DELETE, &path("workflows", &rules[3]["workflow_id"]), None).await;
    world.advance(25 * 60 * MINUTE).await;
    world.staff = world.stage.staff().unwrap();
    world.run("syncNow", &connected).await;
    eventually("it was mended", async || {
        let (again, also) = arranged(&world, &connected).await;
        let active = also.iter().all(|rule| rule["is_active"] == true);
        (again.iter().map(|hook| &hook["url"]).eq(hooks.iter().map(|hook| &hook["url"])) && also.len() == rules.len() && active)
            .then_some(())
    })
    .await;

    // Nothing is to go back to Xero any more: nobody needs to tell us. And then it is again.
    for (one_way, count) in [("true", 0), ("false", hooks.len())] {
        let database = &world.stage.context.database;
        database.execute_unprepared(&format!("UPDATE link SET one_way = {one_way}")).await.unwrap();
        database.execute_unprepared("UPDATE webhook SET next_at = 0").await.unwrap();
        world.run("syncNow", &connected).await;
        eventually("it is as it is wanted", async || {
            let (again, also) = arranged(&world, &connected).await;
            (again.len() == count && also.len() == 2 * count).then_some(())
        })
        .await;
    }
    eventually("it is known", async || webhooks(&world, &connected).await.filter(|state| state["state"] == "MADE")).await;

    // Whoever leaves takes it along.
    let connection = world
        .staff
        .data("query($id: ID!) { tenant(id: $id) { connections { id provider } } }", json!({ "id": connected.tenant }));
    let connection = connection.await.unwrap();
    let of = |one: &&Value| one["provider"] == "ZOHO";
    let id = connection["tenant"]["connections"].as_array().unwrap().iter().find(of).unwrap()["id"].clone();
    world.forget_requests().await;
    let question = "mutation($id: ID!) { disconnect(connectionId: $id) { state } }";
    world.staff.data(question, json!({ "id": id })).await.unwrap();
    let asked = world.asked().await;
    assert_eq!(asked.count("zoho", "DELETE /settings/workflows"), rules.len() as u64);
    assert_eq!(asked.count("zoho", "DELETE /settings/webhooks"), hooks.len() as u64);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_zoho_says_is_heard_at_its_own_address_only() {
    let (mut world, connected) = told_by_zoho(&[]).await;
    world.migrate(&connected).await;
    eventually("the webhooks are made", async || webhooks(&world, &connected).await).await;
    world.stage.stop_worker().await;
    let text = "SELECT pair.zoho_id AS id FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id \
                WHERE lane.flow = 'books.customers' AND pair.zoho_id IS NOT NULL ORDER BY 1";
    let contact = texts(&world, text).await.remove(0);
    let before = hints(&world).await;
    for notes in ["one", "two"] {
        let body = json!({ "notes": notes });
        let (status, answer) = world.in_zoho(&connected, Method::PUT, &format!("contacts/{contact}"), Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let hint = format!("books.customers zoho {contact}");
    eventually("the hint has come", async || hints(&world).await.contains(&hint).then_some(())).await;
    eventually("nothing is on its way", async || {
        let told = world.stage.look("zoho/webhooks").await.ok()?;
        (told["firings"]["queued"] == 0 && told["firings"]["failure"] == 0).then_some(())
    })
    .await;
    assert_eq!(hints(&world).await.len(), before.len() + 1);

    let (hooks, _) = arranged(&world, &connected).await;
    let hook = hooks.iter().find(|hook| hook["entity"] == "contact").unwrap();
    let (url, secret) = (hook["url"].as_str().unwrap(), hook["headers"][0]["param_value"].as_str().unwrap());
    let ask = async |url: &str, secret: &str, body: &str| {
        let request = reqwest::Client::new().post(url).header("x-cpconnect-secret", secret).body(body.to_owned());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers().get(CONTENT_LENGTH).unwrap(), "0");
        answer.status().as_u16()
    };
    let body = format!("contact_id={contact}");
    assert_eq!(ask(url, secret, &body).await, 200);
    assert_eq!(ask(url, secret, "{}").await, 200, "about nothing we know");
    assert_eq!(ask(url, "another", &body).await, 401);
    assert_eq!(ask(url, "", &body).await, 401);
    assert_eq!(ask(world.url("/webhooks/zoho/another").as_str(), secret, &body).await, 404);
    assert_eq!(ask(url, secret, &"x".repeat(2 * 1024 * 1024)).await, 413);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_the_other_side_without_anybody_asking() {
    let (world, connected) = told_by_zoho(&[]).await;
    world.migrate(&connected).await;
    listen(&world).await;
    eventually("the webhooks are made", async || webhooks(&world, &connected).await).await;

    let made =
        world.in_xero("Contacts", json!({ "Name": "Lovelace Ltd", "EmailAddress": "ada@example.com", "IsCustomer": true })).await;
    let contact = made[0]["ContactID"].as_str().unwrap().to_owned();
    let here = eventually("it is in Zoho", async || {
        let all = books::zoho(&world, "contacts").await;
        all.into_iter().find(|one| one["contact_name"] == "Lovelace Ltd")
    })
    .await;
    quiet(&world).await;
    world.forget_requests().await;
    let path = format!("contacts/{}", here["contact_id"].as_str().unwrap());
    let (status, answer) = world.in_zoho(&connected, Method::PUT, &path, Some(json!({ "contact_name": "Byron Ltd" }))).await;
    assert_eq!(status, 200, "{answer}");
    eventually("it is in Xero", async || {
        let all = books::xero(&world, "Contacts").await;
        all.into_iter().find(|one| one["ContactID"] == contact.as_str() && one["Name"] == "Byron Ltd")
    })
    .await;
    quiet(&world).await;
    let asked = world.asked().await;
    // The person's own write, and ours.
    assert_eq!((asked.writes("zoho"), asked.writes("xero")), (1, 1));
    // Both records, read before our write and again when Xero told of it; no list.
    assert!(asked.calls("zoho") <= 4 && asked.calls("xero") <= 5, "{asked:#?}");

    assert_eq!(syncs(&world).await, 0, "nobody asked for a sync");
    let runs = "query($id: ID!) { link(id: $id) { runs(first: 5) { nodes { kind state requestedBy } } } }";
    let data = world.staff.data(runs, json!({ "id": connected.link })).await.unwrap();
    let newest = &data["link"]["runs"]["nodes"][0];
    assert_eq!((&newest["kind"], &newest["state"], &newest["requestedBy"]), (&json!("SYNC"), &json!("DONE"), &json!("webhook")));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credit_that_is_used_in_xero_is_used_in_zoho_at_once() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let entry = Entry::new(&world).await;
    let contact = entry.put("Contacts", &[json!({ "Name": "Used Ltd" })]).await.taken[0]["ContactID"].clone();
    let lines = json!([{ "Description": "Thing", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT2" }]);
    let paper = |kind: &str, name: &str, number: &str| {
        json!({ "Type": kind, "Contact": { "ContactID": contact }, "Status": "AUTHORISED", "Date": "2026-05-01", "DueDate": "2026-06-01",
                name: number, "LineAmountTypes": "Exclusive", "LineItems": lines })
    };
    let invoice = entry.put("Invoices", &[paper("ACCREC", "InvoiceNumber", "INV-U1")]).await.taken[0].clone();
    let credit = entry.put("CreditNotes", &[paper("ACCRECCREDIT", "CreditNoteNumber", "CN-U1")]).await.taken[0].clone();
    world.migrate(&connected).await;
    listen(&world).await;
    let body =
        json!({ "Allocations": [{ "Amount": 15, "Date": "2026-05-10", "Invoice": { "InvoiceID": invoice["InvoiceID"] } }] });
    let path = format!("CreditNotes/{}/Allocations", credit["CreditNoteID"].as_str().unwrap());
    let (status, answer) = entry.call("PUT", &path, &body).await;
    assert_eq!(status, 200, "{answer:#}");
    eventually("it is used in Zoho", async || {
        let all = books::zoho(&world, "creditnotes").await;
        all.into_iter().find(|one| one["creditnote_number"] == "CN-U1" && one["balance"].as_f64() == Some(100.0))
    })
    .await;
    quiet(&world).await;
    assert_eq!(syncs(&world).await, 0);
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_rules_is_told_and_keeps_nothing_from_working() {
    let (world, connected) = told_by_zoho(&["standard"]).await;
    let (_, progress) = world.migrate(&connected).await;
    assert_eq!(progress["state"], "DONE");
    let state = eventually("it was tried", async || webhooks(&world, &connected).await).await;
    assert_eq!(state["state"], "REFUSED");
    let sentence = state["sentence"].as_str().unwrap();
    assert!(sentence.contains("1009") && sentence.contains("plan"), "{sentence}");
    let (hooks, rules) = arranged(&world, &connected).await;
    assert!(hooks.is_empty() && rules.is_empty(), "{hooks:?}");
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(progress["state"], "DONE");
    world.end().await;
}

/// A company that is connected, in a world in which Zoho may tell of changes; its organisation has this plan.
async fn told_by_zoho(plan: &[&str]) -> (World, Connected) {
    let mut world = World::with(vec![("ZOHO_WEBHOOKS".into(), "on".into())], true).await;
    world.seed("tiny", None, None).await;
    for plan in plan {
        world
            .stage
            .control("zoho/organization", json!({ "name": "Kowhai & Rimu Supplies Limited", "plan_name": plan }))
            .await
            .unwrap();
    }
    let connected = world.connected().await;
    (world, connected)
}

/// How the link's webhooks stand, once something was tried.
pub async fn webhooks(world: &World, connected: &Connected) -> Option<Value> {
    let question = "query($id: ID!) { link(id: $id) { inStep { webhooks { state sentence } } } }";
    let data = world.staff.data(question, json!({ "id": connected.link })).await.ok()?;
    let state = data["link"]["inStep"]["webhooks"].clone();
    (state["state"] != "NONE").then_some(state)
}

/// The webhooks and rules that the organisation has.
async fn arranged(world: &World, connected: &Connected) -> (Vec<Value>, Vec<Value>) {
    let list = async |kind: &str| {
        let (_, answer) = world.in_zoho(connected, Method::GET, &format!("settings/{kind}"), None).await;
        answer[kind].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    };
    (list("webhooks").await, list("workflows").await)
}

/// Tells Xero's developer portal our address. Gives what the portal shows then.
async fn listen(world: &World) -> Value {
    let url = world.url("/webhooks/xero");
    world.stage.control("xero/webhooks", json!({ "url": url })).await.unwrap()
}

/// Waits until so many events have arrived. Each is written down before it is answered.
async fn heard(world: &World, events: u64) {
    eventually("the events have arrived", async || {
        let state = world.stage.look("xero/webhooks").await.ok()?;
        (state["delivered"].as_u64()? >= events).then_some(())
    })
    .await;
}

/// Calls us as Xero does; gives the status. An answer is empty and sets no cookie, whatever it is.
async fn post(world: &World, signature: Option<&str>, body: &str) -> u16 {
    let mut request = reqwest::Client::new().post(world.url("/webhooks/xero")).body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("x-xero-signature", signature);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.headers().get(SET_COOKIE).is_none());
    assert_eq!(answer.headers().get(CONTENT_LENGTH).unwrap(), "0");
    answer.status().as_u16()
}

fn hint(flow: &str, record: &str) -> String {
    format!("{flow} xero {record}")
}

async fn hints(world: &World) -> Vec<String> {
    let text = "SELECT lane.flow || ' ' || hint.side || ' ' || hint.record_id AS id FROM hint \
                JOIN lane ON lane.tenant_id = hint.tenant_id AND lane.id = hint.lane_id ORDER BY 1";
    texts(world, text).await
}

async fn texts(world: &World, text: &str) -> Vec<String> {
    let database = &world.stage.context.database;
    let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.into_iter().map(|row| row.try_get("", "id").unwrap()).collect()
}

/// The number of syncs that are done.
async fn syncs(world: &World) -> i64 {
    world.rows("SELECT COUNT(*) AS n FROM run WHERE kind = 'sync' AND state = 'done'").await
}

/// Waits until nobody has anything to say or to do.
async fn quiet(world: &World) {
    let mut calm = 0;
    eventually("all is quiet", async || {
        let busy = "SELECT (SELECT COUNT(*) FROM hint) + (SELECT COUNT(*) FROM run WHERE state = 'working') AS n";
        let told = world.stage.look("zoho/webhooks").await.ok()?;
        let is_calm = world.rows(busy).await == 0 && told["firings"]["queued"] == 0;
        calm = if is_calm { calm + 1 } else { 0 };
        (calm > 10).then_some(())
    })
    .await;
}

/// Waits until the timetable has been looked at twice.
async fn settled(world: &World) {
    for _ in 0..2 {
        world.advance(Duration::from_secs(6)).await;
        let now = world.stage.context.now().0;
        eventually("the timetable was looked at", async || {
            let text =
                format!("SELECT COUNT(*) AS n FROM job WHERE name = 'timetable' AND status = 'pending' AND run_at > {now}");
            (world.rows(&text).await == 1).then_some(())
        })
        .await;
    }
}

async fn every(world: &World, connected: &Connected, minutes: Value) -> Value {
    let question = "mutation($id: ID!, $minutes: Int) { updateLink(linkId: $id, syncEveryMinutes: $minutes) \
                    { inStep { everyMinutes wishedMinutes xeroCalls zohoCalls webhooks { state sentence } } } }";
    let data = world.staff.data(question, json!({ "id": connected.link, "minutes": minutes })).await.unwrap();
    data["updateLink"]["inStep"].clone()
}
