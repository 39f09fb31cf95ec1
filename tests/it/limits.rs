//! The providers' limits when they say so themselves: obeyed to the second, shown when they last, and kept over a restart.

use std::time::Duration;

use api::demo::staff::Staff;
use chrono::{DateTime, Utc};
use entities::clock::Clock;
use serde_json::{Value, json};
use tests::{Connected, World, eventually};
use tokio::sync::watch;

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_the_minute_is_obeyed_until_it_ends() {
    for (provider, method, problem) in
        [("zoho", "PUT", json!({ "code": 44, "message": "slow down" })), ("xero", "GET", json!({}))]
    {
        let (world, connected) = counting().await;
        world.faults(refusal(provider, method, &problem.to_string(), "minute", Some(40))).await;
        let run = world.staff.start("startMigration", &connected.link).await.unwrap();
        struck(&world).await;
        let calls = resting(&world, provider).await;
        world.advance(Duration::from_secs(30)).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(world.asked().await.calls(provider), calls, "{provider}: nobody calls before the time");
        assert_eq!(world.staff.progress(&run).await.unwrap()["state"], "WORKING", "forty seconds are just the pace");
        world.advance(Duration::from_secs(12)).await;
        let progress = world.finished(&run).await;
        assert_eq!(progress["clean"], true, "{progress:#}");
        assert_eq!(world.asked().await.refused(), 1, "one refusal is enough");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_costs_seconds_only() {
    for (provider, method, body) in [("zoho", "PUT", json!({ "code": 1070, "message": "too many" })), ("xero", "GET", json!({}))]
    {
        let (world, connected) = counting().await;
        world.faults(refusal(provider, method, &body.to_string(), "concurrent", None)).await;
        let run = world.staff.start("startMigration", &connected.link).await.unwrap();
        struck(&world).await;
        let progress = eventually("the run has ended", async || {
            world.advance(Duration::from_secs(1)).await;
            let progress = world.staff.progress(&run).await.ok()?;
            assert_ne!(progress["state"], "PAUSED", "{progress}");
            (progress["state"] == "DONE").then_some(progress)
        })
        .await;
        assert_eq!(progress["clean"], true);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_day_is_shown_and_kept_over_a_restart_and_the_run_goes_on_by_itself() {
    for (provider, name, method, body) in
        [("zoho", "Zoho", "PUT", json!({ "code": 45, "message": "daily limit" })), ("xero", "Xero", "GET", json!({}))]
    {
        let (world, connected) = counting().await;
        world.faults(refusal(provider, method, &body.to_string(), "day", Some(5 * 3600))).await;
        let run = world.staff.start("startMigration", &connected.link).await.unwrap();
        let paused = eventually("the pause is shown", async || {
            let progress = progress(&world.staff, &run).await;
            (progress["state"] == "PAUSED").then_some(progress)
        })
        .await;
        assert_eq!(paused["pausedBy"], "LIMIT", "{paused}");
        let reason = paused["reason"].as_str().unwrap();
        assert!(reason.starts_with(name) && reason.contains("daily"), "{reason}");
        let resumes: DateTime<Utc> = paused["resumeAt"].as_str().unwrap().parse().unwrap();
        let now = world.clock.now().to_utc();
        assert!((resumes - now).num_minutes().abs_diff(300) < 5, "{resumes} from {now}");

        // A second worker, as after a restart, keeps to it.
        let calls = resting(&world, provider).await;
        let (stop, stopped) = watch::channel(false);
        let mut context = world.stage.context.clone();
        context.shelves = jobs::sync::shelf::Shelves::default();
        let second = tokio::spawn(jobs::worker::run(context, stopped));
        for _ in 0..4 {
            world.advance(Duration::from_secs(3600)).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        assert_eq!(world.asked().await.calls(provider), calls, "{provider}: nobody calls before the time");
        let still = progress(&world.staff, &run).await;
        assert_eq!((&still["state"], &still["reason"]), (&json!("PAUSED"), &paused["reason"]));
        world.advance(Duration::from_secs(3700)).await;
        let done = world.finished(&run).await;
        assert_eq!(done["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
        stop.send(true).unwrap();
        second.await.unwrap();
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_we_count_ourselves_ends_before_the_provider_refuses() {
    let settings = vec![("ZOHO_LIMITS".to_owned(), "per_minute=100000,per_day=60,in_flight=10".to_owned())];
    let (world, connected) = with(settings).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    let paused = eventually("the pause is shown", async || {
        let progress = progress(&world.staff, &run).await;
        (progress["state"] == "PAUSED").then_some(progress)
    })
    .await;
    assert_eq!(paused["pausedBy"], "LIMIT");
    assert!(world.asked().await.calls("zoho") <= 60, "{:#?}", world.asked().await);
    // Day after day, to the end.
    let mut days = 0;
    let done = eventually("the run has ended", async || {
        // A token of the staff does not live for days.
        let staff = world.stage.staff().unwrap();
        let progress = progress(&staff, &run).await;
        // A day only when this one is used up: Xero's consent dies after sixty days without a call.
        let resumes = progress["resumeAt"].as_str().map(|at| at.parse::<DateTime<Utc>>().unwrap());
        if progress["state"] == "PAUSED" && resumes.is_some_and(|at| at > world.clock.now().to_utc()) {
            days += 1;
            world.advance(Duration::from_secs(24 * 3600)).await;
        }
        (progress["state"] == "DONE").then_some(progress)
    })
    .await;
    assert!(days >= 1);
    assert_eq!(done["clean"], true, "{done:#}");
    world.end().await;
}

/// A world whose limits are counted but never reached by themselves.
async fn counting() -> (World, Connected) {
    let limit = |name: &str| (name.to_owned(), "per_minute=100000,per_day=1000000,in_flight=5".to_owned());
    with(vec![limit("XERO_LIMITS"), limit("ZOHO_LIMITS")]).await
}

async fn with(settings: Vec<(String, String)>) -> (World, Connected) {
    let mut world = World::with(settings, true).await;
    world.seed("demo-company", Some(12), Some(30)).await;
    let connected = world.connected().await;
    world.forget_requests().await;
    (world, connected)
}

/// One refusal in the middle of the work.
fn refusal(provider: &str, method: &str, body: &str, problem: &str, retry_after_s: Option<u64>) -> Value {
    let mut headers = json!({ "content-type": "application/json", "x-rate-limit-problem": problem });
    if let Some(seconds) = retry_after_s {
        headers["retry-after"] = seconds.to_string().into();
    }
    json!([{ "match": { "provider": provider, "method": method, "path_contains": "/api/" }, "kind": "status", "code": 429, "body": body,
             "headers": headers, "after": 12, "times": 1 }])
}

async fn struck(world: &World) {
    eventually("the provider refuses", async || {
        let struck = world.stage.look("faults").await.ok()?;
        (struck["struck"][0] == 1).then_some(())
    })
    .await;
}

/// Waits until what was on its way has ended; gives how many calls were made.
async fn resting(world: &World, provider: &str) -> u64 {
    let mut last = u64::MAX;
    loop {
        tokio::time::sleep(Duration::from_millis(600)).await;
        let calls = world.asked().await.calls(provider);
        if calls == last {
            return calls;
        }
        last = calls;
    }
}

async fn progress(staff: &Staff, run: &str) -> Value {
    let query = "query($id: ID!) { run(id: $id) { progress { state pausedBy reason resumeAt clean } } }";
    staff.data(query, json!({ "id": run })).await.unwrap()["run"]["progress"].clone()
}
