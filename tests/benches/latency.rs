//! How long a change takes from one side to the other when both tell of it by webhook and nothing else is to do:
//! `cargo bench -p tests --bench latency`, or `… -- 50` for fewer changes.
//!
//! Sandbox, server and worker are in this process; the providers answer at once and do not count. From the moment at which the edit was
//! answered to the moment at which the other side's record shows it. Printed, never asserted.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, eventually};

const CHANGES: usize = 200;
/// Half of them are changed in Xero and half in Zoho: one that is changed on both sides in turns looks like a loop.
const CONTACTS: usize = 20;

fn main() {
    let changes = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(CHANGES);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(changes));
}

async fn measure(changes: usize) {
    let mut world = World::with(vec![("ZOHO_WEBHOOKS".into(), "on".into())], true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;
    let url = world.url("/webhooks/xero");
    let state = world.stage.control("xero/webhooks", json!({ "url": url })).await.expect("Xero's page");
    assert_eq!(state["status"], "OK", "{state}");
    eventually("Zoho's webhooks are made", async || {
        (world.rows("SELECT COUNT(*) AS n FROM webhook WHERE state = 'made'").await == 1).then_some(())
    })
    .await;

    let mut contacts = Vec::new();
    for n in 0..CONTACTS {
        let made = world.in_xero("Contacts", json!({ "Name": format!("Contact {n}"), "IsCustomer": true })).await;
        let xero = made[0]["ContactID"].as_str().expect("an id").to_owned();
        let name = format!("Contact {n}");
        let zoho = eventually("it is in Zoho", async || in_zoho(&world, |one| one["contact_name"] == name.as_str()).await).await;
        contacts.push((xero, zoho["contact_id"].as_str().expect("an id").to_owned()));
    }
    let (mut to_zoho, mut to_xero) = (Vec::new(), Vec::new());
    for n in 0..changes {
        quiet(&world).await;
        let (xero, zoho) = &contacts[n % CONTACTS];
        let name = format!("Contact {} changed {n}", n % CONTACTS);
        if n % 2 == 0 {
            world.in_xero("Contacts", json!({ "ContactID": xero, "Name": name })).await;
            to_zoho.push(until(async || in_zoho(&world, |one| one["contact_name"] == name.as_str()).await.is_some()).await);
        } else {
            change(&world, &connected, zoho, &name).await;
            to_xero.push(until(async || in_xero(&world, |one| one["Name"] == name.as_str()).await).await);
        }
    }
    println!("{:>12} {:>8} {:>8} {:>8} {:>8}", "", "changes", "p50 ms", "p99 ms", "most ms");
    tell("Xero to Zoho", &to_zoho);
    tell("Zoho to Xero", &to_xero);
    tell("both", &[to_zoho, to_xero].concat());
    world.end().await;
}

async fn change(world: &World, connected: &Connected, id: &str, name: &str) {
    let path = format!("contacts/{id}");
    let (status, answer) = world.in_zoho(connected, Method::PUT, &path, Some(json!({ "contact_name": name }))).await;
    assert_eq!(status, 200, "{answer}");
}

async fn in_zoho(world: &World, fits: impl Fn(&Value) -> bool) -> Option<Value> {
    books::zoho(world, "contacts").await.into_iter().find(fits)
}

async fn in_xero(world: &World, fits: impl Fn(&Value) -> bool) -> bool {
    books::xero(world, "Contacts").await.iter().any(fits)
}

/// How long until it is seen.
async fn until(mut is_there: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_there().await {
        assert!(began.elapsed() < tests::patience(), "it never arrived");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

/// Nothing is hinted, and no run is at work.
async fn quiet(world: &World) {
    let busy = "SELECT (SELECT COUNT(*) FROM hint) + (SELECT COUNT(*) FROM run WHERE state = 'working') AS n";
    let mut calm = 0;
    while calm < 5 {
        calm = if world.rows(busy).await == 0 { calm + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn tell(what: &str, times: &[Duration]) {
    let mut times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!("{:>12} {:>8} {:>8.0} {:>8.0} {:>8.0}", what, times.len(), at(0.5), at(0.99), at(1.0));
}
