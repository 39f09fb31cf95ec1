//! Two worker processes on one database: the providers' limits are counted together, and a link is one worker's at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;
use tests::whole::whole;
use tests::{World, program};
use tokio::time::Instant;

/// Calls a minute at both providers: more than theirs, so that the story is short; counted in the same way.
const PER_MINUTE: u32 = 1200;
/// So few that they are always used up.
const AT_ONCE: u32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn two_worker_processes_share_the_limits_and_never_a_link() {
    let settings = ["XERO_LIMITS", "ZOHO_LIMITS"]
        .map(|name| (name.to_owned(), format!("per_minute={PER_MINUTE},per_day=100000,in_flight={AT_ONCE}")));
    let mut world = World::with(settings.to_vec(), false).await;
    world.seed("tiny", None, None).await;
    let rule = json!({ "per_minute": PER_MINUTE, "per_day": 100_000, "in_flight": AT_ONCE });
    world.stage.control("limits", json!({ "xero": rule, "zoho": rule })).await.unwrap();
    let workers = [(); 2].map(|()| program::start(&["worker"], &world.stage.environment));
    let connected = world.connected().await;
    // Late answers pile up: without a common count there would be more of them on their way.
    world.faults(json!([{ "match": { "provider": "zoho", "method": "PUT" }, "kind": "latency", "ms": 120 }])).await;

    world.forget_requests().await;
    let begun = Instant::now();
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    let mut owners = BTreeSet::new();
    let mut told_to_end = false;
    loop {
        let state = world.staff.progress(&run).await.unwrap()["state"].clone();
        if state == "DONE" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "the run is {state}");
        let running = world.rows("SELECT COUNT(*) AS n FROM job WHERE name = 'run_link' AND status = 'running'").await;
        assert!(running <= 1, "{running} work on one link");
        owners.extend(owner(&world).await);
        if let Some(first) = owners.first().filter(|_| !told_to_end && begun.elapsed() > Duration::from_secs(1)) {
            // Whoever is quicker may keep the link; when that one ends, the other goes on under the same count.
            program::signal("-TERM", first);
            told_to_end = true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    let asked = world.asked().await;
    assert_eq!(asked.refused(), 0, "{asked:#?}");
    assert_eq!(owners.len(), 2, "both workers had their turns: {owners:?}");
    let most = at_once(&world, "zoho").await;
    assert_eq!(most, u64::from(AT_ONCE), "calls at once");
    println!("{} calls to Zoho in {:.1} s, {most} at once, 0 refused", asked.calls("zoho"), took.as_secs_f64());
    let verdict = whole(&world).await;
    assert!(verdict.is_whole(), "{verdict:#?}");
    drop(workers);
    world.end().await;
}

/// The process that has the link now.
async fn owner(world: &World) -> Option<String> {
    let database = &world.stage.context.database;
    let statement = entities::database::sql(database.get_database_backend(), "SELECT slice_owner FROM link", vec![]);
    let row = database.query_one_raw(statement).await.unwrap()?;
    let owner: Option<String> = row.try_get("", "slice_owner").unwrap();
    Some(owner?.split('/').nth(1)?.to_owned())
}

async fn at_once(world: &World, provider: &str) -> u64 {
    let report = world.stage.look("requests?tail=0").await.unwrap();
    let organisations = report["organisations"].as_array().unwrap();
    organisations
        .iter()
        .filter(|one| one["provider"] == provider)
        .filter_map(|one| one["in_flight_max"].as_u64())
        .max()
        .unwrap_or(0)
}
