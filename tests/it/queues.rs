//! Whoever runs the installation sees how the queues stand, and gives an alarm that was given up another try.

use std::collections::HashSet;

use api::caller::{Caller, Role};
use entities::clock::{At, Clock};
use serde_json::{Value, json};
use tests::{World, eventually};

const QUEUES: &str = "{ queues { name pending running failed waitsS } }";
const FAILED: &str = "query($first: Int, $after: String) { failedJobs(first: $first, after: $after) \
                      { nodes { id queue name tenantId attempts failedAt error } pageInfo { hasNextPage endCursor } } }";
const RETRY: &str = "mutation($id: ID!) { retryJob(id: $id) { retried } }";

/// The newest finished job of this name is one that was given up.
async fn spoil(world: &World, name: &str) {
    let text = format!(
        "UPDATE job SET status = 'failed', attempts = 20, error = 'the disk is full' WHERE id = \
         (SELECT id FROM job WHERE name = '{name}' AND status = 'done' ORDER BY id DESC LIMIT 1) RETURNING CAST(1 AS BIGINT) AS n"
    );
    assert_eq!(world.rows(&text).await, 1, "{name}");
}

async fn failed(world: &World, first: i64, after: Option<&str>) -> Value {
    world.staff.data(FAILED, json!({ "first": first, "after": after })).await.unwrap()["failedJobs"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_see_the_queues_and_give_up_alarms_another_try() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.run("reconcile", &connected).await;
    let standing = async |name: &str| {
        let all = world.staff.data(QUEUES, json!({})).await.unwrap()["queues"].clone();
        all.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
    };
    assert_eq!((&standing("letters").await["failed"], &standing("letters").await["waitsS"]), (&json!(0), &json!(0)));
    assert_eq!(failed(&world, 10, None).await["nodes"], json!([]));

    // A run's end is known a moment before its job is done.
    eventually("nobody works", async || {
        let text = "SELECT COUNT(*) AS n FROM job WHERE name IN ('run_link', 'send_letter') AND status IN ('running', 'pending')";
        (world.rows(text).await == 0).then_some(())
    })
    .await;
    spoil(&world, "run_link").await;
    spoil(&world, "send_letter").await;
    assert_eq!((&standing("letters").await["failed"], &standing("sync").await["failed"]), (&json!(1), &json!(1)));
    let first = failed(&world, 1, None).await;
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = failed(&world, 1, first["pageInfo"]["endCursor"].as_str()).await;
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    let all = [&first["nodes"][0], &second["nodes"][0]];
    let letter = all.iter().find(|one| one["name"] == "send_letter").unwrap();
    assert_eq!(
        (&letter["queue"], &letter["attempts"], &letter["error"]),
        (&json!("letters"), &json!(20), &json!("the disk is full"))
    );
    assert_eq!((letter["tenantId"].as_str(), letter["failedAt"].is_string()), (Some(connected.tenant.as_str()), true));

    // It is tried, and finds that its letter went long ago; the link's has a successor or is tried: it is there no more in either case.
    let retried = world.staff.data(RETRY, json!({ "id": letter["id"] })).await.unwrap();
    assert_eq!(retried["retryJob"]["retried"], true);
    for one in all.iter().filter(|one| one["name"] != "send_letter") {
        world.staff.data(RETRY, json!({ "id": one["id"] })).await.unwrap();
    }
    eventually("both are done", async || {
        let text =
            "SELECT COUNT(*) AS n FROM job WHERE status = 'failed' OR name IN ('run_link', 'send_letter') AND status <> 'done'";
        (world.rows(text).await == 0).then_some(())
    })
    .await;
    let again = world.staff.data(RETRY, json!({ "id": letter["id"] })).await;
    assert!(format!("{again:?}").contains("NOT_FOUND"), "{again:?}");
    let log = "query($id: ID!) { auditLog(tenantId: $id, first: 20, what: \"job\") { nodes { act target outcome } } }";
    let log = world.staff.data(log, json!({ "id": connected.tenant })).await.unwrap();
    let noted = json!({ "act": "job.retried", "target": "job:send_letter", "outcome": "done" });
    assert!(log["auditLog"]["nodes"].as_array().unwrap().contains(&noted), "{log:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queues_are_nobodys_business_who_is_limited_to_some_customers() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let until = At(world.clock.now().0 + 3_600_000_000);
    let tenants = Some(HashSet::from([connected.tenant.parse().unwrap()]));
    for (role, tenants) in [(Role::Operator, None), (Role::Admin, tenants)] {
        let staff = world.stage.staff_as(Caller { subject: "otto".to_owned(), role, tenants, until }).unwrap();
        for question in [QUEUES, FAILED] {
            let refused = staff.data(question, json!({})).await;
            assert!(format!("{refused:?}").contains("FORBIDDEN"), "{question}: {refused:?}");
        }
        let refused = staff.data(RETRY, json!({ "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" })).await;
        assert!(format!("{refused:?}").contains("FORBIDDEN"), "{refused:?}");
    }
    world.end().await;
}
