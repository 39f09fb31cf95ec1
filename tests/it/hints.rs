//! Somebody tells us that something may have changed: it is believed only when signed, written down once however often it is said, and
//! costs nobody anything. And what nobody tells is looked for by the clock.

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, SET_COOKIE};
use serde_json::{Value, json};
use tests::{Connected, World, eventually};

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
    use sea_orm::ConnectionTrait;

    let database = &world.stage.context.database;
    let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
    let rows = database.query_all_raw(statement).await.unwrap();
    rows.into_iter().map(|row| row.try_get("", "id").unwrap()).collect()
}

async fn syncs(world: &World) -> i64 {
    world.rows("SELECT COUNT(*) AS n FROM run WHERE kind = 'sync' AND state = 'done'").await
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
