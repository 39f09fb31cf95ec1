//! However often the worker dies while it sets up the way from Zoho to Xero, there is one button on customers, one on vendors and one field.
//!
//! `KILLS_LINKS=500 KILL_SEED=3` asks for more of it, and for other moments.

use std::collections::BTreeMap;
use std::time::Duration;

use entities::ids::TenantId;
use entities::{button, link};
use reqwest::Method;
use serde_json::{Value, json};
use tests::dice::Dice;
use tests::{Connected, World, eventually, program};
use tokio::process::Child;
use tokio::time::Instant;

/// Where to die: see `points::reached` in the engine. What has to be missing before, so that the point is reached.
const POINTS: [(&str, Missing); 6] = [
    ("field_made:1", Missing::All),
    ("buttons_listed:1", Missing::Nothing),
    ("button_made:1", Missing::Buttons),
    ("button_made:2", Missing::Buttons),
    ("buttons_listed:1", Missing::Buttons),
    ("button_mended:1", Missing::Rightness),
];
const KILLS: u64 = 12;
/// A worker that comes to no end is stuck.
const STUCK: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Missing {
    Nothing,
    Buttons,
    /// The buttons and the field.
    All,
    /// Somebody has changed the scripts.
    Rightness,
}

#[tokio::test(flavor = "multi_thread")]
async fn however_often_the_worker_dies_there_is_one_button_and_one_field() {
    let kills: u64 = setting("KILLS_LINKS").unwrap_or(KILLS);
    let mut dice = Dice(setting("KILL_SEED").unwrap_or(11));
    let mut world = World::without_worker().await;
    world.seed("tiny", None, None).await;
    // Zoho itself would let two of a name be.
    world.switch("zoho.button_names_unique", false).await;
    let helper = worker(&world, None);
    let connected = world.connected().await;
    kill(helper).await;
    // An answer comes a little late, so that there is always something on its way.
    world.stage.control("faults", json!([{ "match": { "provider": "zoho" }, "kind": "latency", "ms": 8 }])).await.unwrap();
    let (mut at_points, mut at_random) = (BTreeMap::<&str, u64>::new(), 0);
    for n in 0..kills {
        if n % 2 == 0 {
            let (point, missing) = POINTS[(n / 2) as usize % POINTS.len()];
            take_away(&world, &connected, missing).await;
            look_again(&world, &connected).await;
            die_at(&world, point).await;
            *at_points.entry(point).or_default() += 1;
        } else {
            take_away(&world, &connected, [Missing::All, Missing::Buttons, Missing::Rightness][dice.below(3) as usize]).await;
            look_again(&world, &connected).await;
            let until = calls(&world) + 1 + dice.below(9);
            let victim = worker(&world, None);
            let patience = Instant::now() + STUCK;
            while calls(&world) < until && !is_done(&world, &connected).await {
                assert!(Instant::now() < patience, "the work stands still");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_micros(dice.below(12_000))).await;
            kill(victim).await;
            at_random += 1;
        }
        // Whoever comes after finds out what is there.
        let last = worker(&world, None);
        eventually("the ways are looked after", async || is_done(&world, &connected).await.then_some(())).await;
        kill(last).await;
        let (buttons, fields) = there(&world, &connected).await;
        assert_eq!((buttons.len(), fields.len()), (2, 1), "after {} kills: {buttons:#?}", n + 1);
        let entities: Vec<&Value> = buttons.iter().map(|one| &one["entity_type"]).collect();
        assert!(entities.contains(&&json!("customer")) && entities.contains(&&json!("vendor")), "{entities:?}");
    }
    println!("{kills} kills: at points {at_points:?}, {at_random} at random; one button each, one field");
    if kills >= 2 * POINTS.len() as u64 {
        assert!(POINTS.iter().all(|(point, _)| at_points.contains_key(point)), "{at_points:?}");
    }
    world.end().await;
}

/// What stands in Zoho: the buttons, and how many fields.
async fn there(world: &World, connected: &Connected) -> (Vec<Value>, Vec<Value>) {
    let (_, answer) = world.in_zoho(connected, Method::GET, "settings/custombuttons", None).await;
    let buttons = answer["custombuttons"].as_array().unwrap().clone();
    let path = "settings/fields?entity=contact&filter_custom_fields=true";
    let (_, answer) = world.in_zoho(connected, Method::GET, path, None).await;
    let fields = answer["fields"].as_array().unwrap().iter().filter(|field| field["label"] == "Xero link").cloned().collect();
    (buttons, fields)
}

/// Somebody deletes or edits them in Zoho.
async fn take_away(world: &World, connected: &Connected, missing: Missing) {
    let (buttons, fields) = there(world, connected).await;
    let call = async |method: Method, path: String, body: Option<Value>| {
        let (status, answer) = world.in_zoho(connected, method, &path, body).await;
        assert!((200..300).contains(&status), "{path}: {answer}");
    };
    for button in &buttons {
        let path = format!("settings/custombuttons/{}", button["custombutton_id"].as_str().unwrap());
        match missing {
            Missing::Nothing => {}
            Missing::Buttons | Missing::All => call(Method::DELETE, path, None).await,
            Missing::Rightness => {
                call(Method::PUT, path, Some(json!({ "customfunction": { "script": "info 1;" } }))).await;
            }
        }
    }
    for field in fields.iter().filter(|_| missing == Missing::All) {
        // It is called otherwise and switched off, and we do not know it any more.
        let id = field["field_id"].as_str().unwrap();
        let body = json!({ "label": format!("Before {id}"), "is_active": false });
        call(Method::PUT, format!("settings/fields/{id}"), Some(body)).await;
        let text = "UPDATE button SET zoho_id = NULL WHERE kind = 'field' RETURNING CAST(1 AS BIGINT) AS n";
        world.rows(text).await;
    }
}

/// The next turn looks after them, as after a day.
async fn look_again(world: &World, connected: &Connected) {
    world.rows("UPDATE button SET next_at = 0, checked_at = NULL RETURNING CAST(1 AS BIGINT) AS n").await;
    let context = &world.stage.context;
    let tenant: TenantId = connected.tenant.parse().unwrap();
    let link = link::Entity::of(tenant).one(&context.database).await.unwrap().unwrap();
    jobs::links::wake(&context.database, context, tenant, link.id).await.unwrap();
}

async fn is_done(world: &World, connected: &Connected) -> bool {
    let tenant: TenantId = connected.tenant.parse().unwrap();
    let rows = button::Entity::of(tenant).all(&world.stage.context.database).await.unwrap();
    let now = world.stage.context.now();
    rows.len() == 3 && rows.iter().all(|row| row.checked_at.is_some() && row.next_at > now)
}

/// Starts a worker that dies at this point by itself, and waits until it has.
async fn die_at(world: &World, point: &str) {
    let mut victim = worker(world, Some(point));
    let until = Instant::now() + STUCK;
    let died = loop {
        if let Some(died) = victim.try_wait().unwrap() {
            break died;
        }
        assert!(Instant::now() < until, "{point} was not reached");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(!died.success() && died.code().is_none(), "{point}: the worker was to die, not to end: {died}");
}

/// How many calls the providers have had.
fn calls(world: &World) -> u64 {
    world.stage.sandbox.shared().requests.report(0, 0)["total"].as_u64().unwrap()
}

fn worker(world: &World, point: Option<&str>) -> Child {
    let mut environment = world.stage.environment.clone();
    environment.extend(point.map(|point| ("CPCONNECT_KILL_AT".to_owned(), point.to_owned())));
    program::start(&["worker"], &environment)
}

async fn kill(mut victim: Child) {
    victim.start_kill().unwrap();
    victim.wait().await.unwrap();
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
