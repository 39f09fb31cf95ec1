//! No moment is a bad one to die: the real worker is killed at named points around every write and at seeded random moments, started
//! again at once, and in the end nothing is doubled, nothing lost, and the sums are equal.
//!
//! `KILLS=100 KILL_SEED=3` asks for more of it, and for other moments.

use std::time::Duration;

use serde_json::json;
use tests::dice::Dice;
use tests::whole::whole;
use tests::{World, generated, program};
use tokio::process::Child;
use tokio::time::Instant;

/// Where to die, and at the how manieth time: see `points::reached` in the engine.
const POINTS: [&str; 9] = [
    "before_send:2",
    "answered:7",
    "token_before_commit:1",
    "before_settle:2",
    "before_settle_commit:2",
    "after_settle:1",
    "before_page_commit:1",
    "acted:1",
    "after_page_commit:1",
];
/// Random kills when nobody asks for another number.
const KILLS: u64 = 12;
/// Generated records of each kind, beside those of the company.
const EACH: usize = 24;
/// Files have kills of their own in `files.rs`; notes are carried where they are asked for, and are looked for before each.
const ELSEWHERE: [&str; 2] = ["books.attachments", "books.notes"];
/// A worker that makes no call for so long is stuck.
const STUCK: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_every_point_and_at_any_moment_doubles_nothing_and_loses_nothing() {
    let kills = setting("KILLS").unwrap_or(KILLS);
    let mut dice = Dice(setting("KILL_SEED").unwrap_or(7));
    let mut world = World::without_worker().await;
    let (contacts, invoices) = (20 + kills, 40 + 6 * kills);
    world.seed("demo-company", Some(contacts), Some(invoices)).await;
    let helper = worker(&world, None);
    let connected = world.connected().await;
    kill(helper).await;
    // What the company has none of: credits that are applied, deposits, money that goes back, twelve currencies.
    generated::company(&world, EACH, 3).await;

    // Answers come a little late, so that there is always something on its way.
    world.stage.control("faults", json!([{ "match": { "provider": "zoho" }, "kind": "latency", "ms": 8 }])).await.unwrap();
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    let begun = Instant::now();
    // Fewer calls than the work needs, spread over the kills: those that are made twice come on top. The last third are of the payments,
    // and close together.
    let gap_max = 2 * (contacts + 2 * invoices + 10 * EACH as u64) / (kills + 1);
    let late = kills * 2 / 3;
    let every = (late as usize / POINTS.len()).max(1);
    let mut points = POINTS.iter();
    for n in 0..kills as usize {
        if n % every == 0
            && let Some(point) = points.next()
        {
            die_at(&world, &run, point).await;
        }
        if n as u64 == late {
            payments_begin(&world, &run).await;
        }
        let victim = worker(&world, None);
        let gap_max = if (n as u64) < late { gap_max } else { (gap_max / 4).max(2) };
        let until = calls(&world) + 1 + dice.below(gap_max);
        wait_for_calls(&world, until).await;
        tokio::time::sleep(Duration::from_micros(dice.below(25_000))).await;
        kill(victim).await;
    }
    for point in points {
        die_at(&world, &run, point).await;
    }
    let open = world.staff.progress(&run).await.unwrap();
    assert_eq!(open["state"], "WORKING", "the work ended before all the kills: nothing was tested by the last ones");

    let last = worker(&world, None);
    let progress = world.finished(&run).await;
    kill(last).await;
    let verdict = whole(&world).await;
    println!(
        "{} kills at random, {} at named points, {:.0} s: {} wanted, {} arrived, {} held, {} duplicates, {} lost, {} sums differ",
        kills,
        POINTS.len(),
        begun.elapsed().as_secs_f64(),
        verdict.wanted,
        verdict.arrived,
        verdict.held,
        verdict.duplicates.len(),
        verdict.lost.len(),
        verdict.differences.len()
    );
    assert!(verdict.is_whole(), "{verdict:#?}");
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM intent").await, 0, "every write's outcome is known");
    let none: Vec<&str> = progress["counts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["created"] == 0 && row["updated"] == 0 && row["unchanged"] == 0)
        .filter_map(|row| row["flow"]["key"].as_str())
        .filter(|flow| !ELSEWHERE.contains(flow))
        .collect();
    assert!(none.is_empty(), "of these there was nothing: {none:?}");

    // The oracle is not blind: what nobody carried is missed.
    let company = world.xero_tenant().await;
    world.stage.control(&format!("xero/{company}/Contacts"), json!([{ "Name": "Came Too Late Ltd" }])).await.unwrap();
    assert_eq!(whole(&world).await.lost.len(), 1);
    world.end().await;
}

/// Starts a worker that dies at this point by itself, and waits until it has.
async fn die_at(world: &World, run: &str, point: &str) {
    if point.starts_with("token") {
        // A token that is about to end is refreshed before it is used.
        world.rows("UPDATE oauth_grant SET access_until = 0 RETURNING CAST(1 AS BIGINT) AS n").await;
    }
    let mut victim = worker(world, Some(point));
    let until = Instant::now() + STUCK;
    let died = loop {
        if let Some(died) = victim.try_wait().unwrap() {
            break died;
        }
        assert!(Instant::now() < until, "{point} was not reached: {}", world.staff.progress(run).await.unwrap());
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(!died.success() && died.code().is_none(), "{point}: the worker was to die, not to end: {died}");
}

/// Lets a worker go on until payments are carried, and kills it.
async fn payments_begin(world: &World, run: &str) {
    let victim = worker(world, None);
    let patience = Instant::now() + STUCK;
    loop {
        let progress = world.staff.progress(run).await.unwrap();
        let counts = progress["counts"].as_array().unwrap();
        if counts.iter().any(|count| count["flow"]["key"] == "books.customer_payments" && count["created"].as_i64() > Some(0)) {
            break;
        }
        assert!(Instant::now() < patience, "no payments yet: {progress:#}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(victim).await;
}

async fn wait_for_calls(world: &World, until: u64) {
    let patience = Instant::now() + STUCK;
    while calls(world) < until {
        assert!(Instant::now() < patience, "the work stands still at call {}", calls(world));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// How many calls both providers have had.
fn calls(world: &World) -> u64 {
    world.stage.sandbox.shared().requests.report(0, 0)["total"].as_u64().unwrap()
}

fn worker(world: &World, point: Option<&str>) -> Child {
    let mut environment = world.stage.environment.clone();
    environment.extend(point.map(|point| ("CPCONNECT_KILL_AT".to_owned(), point.to_owned())));
    program::start(&["worker"], &environment)
}

/// SIGKILL: no hand is lifted any more. Waited for, so that its process number is free.
async fn kill(mut victim: Child) {
    victim.start_kill().unwrap();
    victim.wait().await.unwrap();
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
