//! What an operator's monitoring reads: figures of everything, of nobody in particular.

use std::collections::BTreeMap;

use serde_json::json;
use tests::{World, sum};

#[tokio::test(flavor = "multi_thread")]
async fn figures_tell_what_was_carried_and_called_and_name_nobody() {
    // Calls are counted where there are limits.
    let wide = |name: &str| (name.to_owned(), "per_minute=60000,per_day=1000000,in_flight=10".to_owned());
    let mut world = World::with(vec![wide("XERO_LIMITS"), wide("ZOHO_LIMITS")], true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let (_, progress) = world.migrate(&connected).await;
    let figures = figures(&world).await;
    let one = |name: &str| figures.get(name).copied().unwrap_or_else(|| panic!("no {name}: {figures:#?}"));
    assert_eq!(one(r#"cpconnect_records{outcome="created"}"#), sum(&progress, "created"));
    assert!(one(r#"cpconnect_calls_today{provider="zoho"}"#) >= sum(&progress, "created"));
    assert_eq!(
        one(r#"cpconnect_calls_today{provider="xero"}"#),
        one(r#"cpconnect_calls_today_max{provider="xero"}"#),
        "there is one organisation"
    );
    assert_eq!(one(r#"cpconnect_links{state="ready"}"#), 1);
    assert_eq!(one(r#"cpconnect_token_refreshes{provider="xero"}"#), 0, "the first tokens are still good");
    let holds = figures.iter().filter(|(name, _)| name.starts_with("cpconnect_holds{")).map(|(_, count)| count).sum::<i64>();
    assert_eq!(holds, world.rows("SELECT COUNT(*) AS n FROM hold").await);
    let text = figures.keys().cloned().collect::<String>();
    for secret in [connected.tenant.as_str(), connected.link.as_str(), "Brusch", "ada@"] {
        assert!(!text.contains(secret), "{secret}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_nobody_takes_grows_old_and_a_limit_is_seen() {
    let (mut world, connected) = World::of_company("tiny", None, None).await;
    let busy = json!([{ "match": { "provider": "zoho" }, "kind": "too_many", "limit": "day", "retry_after_s": 4000 }]);
    world.faults(busy).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    tests::eventually("the run waits", async || (world.staff.progress(&run).await.ok()?["state"] == "PAUSED").then_some(()))
        .await;
    let limited = figures(&world).await;
    assert_eq!(limited.get(r#"cpconnect_limited{provider="zoho",limited_by="day"}"#), Some(&1), "{limited:#?}");
    world.stage.stop_worker().await;
    world.advance(std::time::Duration::from_secs(2 * 86_400)).await;
    let aged = figures(&world).await;
    let oldest = aged.iter().filter(|(name, _)| name.starts_with("cpconnect_queue_age_seconds")).map(|(_, age)| *age).max();
    assert!(oldest > Some(3600), "{aged:#?}");
    world.faults(json!([])).await;
    world.end().await;
}

/// Each line of the answer; a comment is none.
async fn figures(world: &World) -> BTreeMap<String, i64> {
    let answer = reqwest::get(world.url("/metrics")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    let count = |text: &str| text.parse::<i64>().unwrap_or_else(|_| panic!("{text} is no count"));
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), count(value)))
        .collect()
}
