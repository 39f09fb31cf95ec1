//! Runs, holds, findings and addresses over REST: the same that staff see in GraphQL, page by page to the end.

use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::{World, books};

use crate::partners::{ALL, ask, get, problem, program, read};

/// Everything of a list, one a page.
async fn all(world: &World, token: &str, path: &str) -> Vec<Value> {
    let (mut items, mut after) = (Vec::new(), String::new());
    loop {
        let (status, page) = get(world, token, &format!("{path}?limit=1{after}")).await;
        assert_eq!(status, 200, "{page}");
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= 1);
        items.extend(found.iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        after = format!("&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_findings_and_runs_are_those_that_staff_see_to_the_last_page() {
    let (world, connected) = World::of_company("nasty", None, None).await;
    let (migration, _) = world.migrate(&connected).await;
    world.run("syncNow", &connected).await;
    let partner = program(&world, "Kea Partners", &[&connected.tenant], &ALL).await;
    let token = partner.token.as_str();
    let (link, run) = (connected.link.rsplit(':').next().unwrap(), migration.rsplit(':').next().unwrap());
    let tenant = format!("/api/v1/tenants/{}", connected.tenant);

    let staffs = world.staff.holds(&connected.link).await.unwrap();
    let ours = all(&world, token, &format!("{tenant}/links/{link}/holds")).await;
    assert!(staffs.len() > 3, "{}", staffs.len());
    let said = |holds: &[Value]| holds.iter().map(|one| (one["xeroId"].clone(), one["sentence"].clone())).collect::<Vec<_>>();
    assert_eq!(said(&ours), said(&staffs));
    let (_, first) = get(&world, token, &format!("{tenant}/links/{link}/holds")).await;
    assert_eq!(first["totalCount"], staffs.len());

    let staffs = world.staff.findings(&migration).await.unwrap();
    let ours = all(&world, token, &format!("{tenant}/runs/{run}/findings")).await;
    let said = |list: &[Value]| list.iter().map(|one| (one["cause"].clone(), one["sentence"].clone())).collect::<Vec<_>>();
    assert!(staffs.len() > 1, "{}", staffs.len());
    assert_eq!(said(&ours), said(&staffs));

    let runs = all(&world, token, &format!("{tenant}/links/{link}/runs")).await;
    let kinds: Vec<&str> = runs.iter().map(|run| run["kind"].as_str().unwrap()).collect();
    assert!(kinds.starts_with(&["SYNC"]) && kinds.ends_with(&["MIGRATION"]), "{kinds:?}");
    let (_, shown) = get(&world, token, &format!("{tenant}/runs/{run}")).await;
    assert_eq!(shown["state"], "DONE");
    assert!(shown["progress"]["counts"].as_array().unwrap().iter().any(|count| count["flow"] == "books.invoices"), "{shown}");

    let contacts = books::xero(&world, "Contacts").await;
    let mut found = 0;
    for contact in contacts.iter().take(5) {
        let id = contact["ContactID"].as_str().unwrap();
        let (status, place) = get(&world, token, &format!("{tenant}/links/{link}/addresses/xero/contacts/{id}")).await;
        assert_eq!(status, 200, "{place}");
        assert_ne!(place["url"].is_null(), place["why"].is_null(), "{place}");
        found += usize::from(place["url"].is_string());
    }
    assert!(found > 0, "some were carried");
    let nobody = "00000000-0000-4000-8000-000000000000";
    let (_, place) = get(&world, token, &format!("{tenant}/links/{link}/addresses/xero/contacts/{nobody}")).await;
    assert_eq!(place["why"], "NOT_CARRIED");
    for (path, status) in [("xero/dreams/1", 404), ("xero/contacts/1", 404), ("sage/contacts/1", 422)] {
        let address = format!("{tenant}/links/{link}/addresses/{path}");
        problem(ask(&world, token, Method::GET, &address).send().await.unwrap(), status).await;
    }

    let retry = format!("{tenant}/links/{link}/holds/retry");
    let none = ask(&world, token, Method::POST, &retry).json(&json!({ "codes": ["NO_SUCH_CODE"] })).send().await.unwrap();
    assert_eq!(read(none).await, (200, json!({ "retried": 0 })));
    let (_, every) = read(ask(&world, token, Method::POST, &retry).send().await.unwrap()).await;
    assert!(every["retried"].as_u64() > Some(0), "{every}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_once_paused_resumed_and_cancelled() {
    let (mut world, connected) = World::of_company("tiny", None, None).await;
    // Nobody works from here on: each state stays as it was asked for.
    world.stage.stop_worker().await;
    let partner = program(&world, "Kea Partners", &[&connected.tenant], &ALL).await;
    let tenant = format!("/api/v1/tenants/{}", connected.tenant);
    let runs = format!("{tenant}/links/{}/runs", connected.link.rsplit(':').next().unwrap());
    let post = async |path: &str, body: Option<Value>| {
        let request = ask(&world, &partner.token, Method::POST, path);
        let request = body.map_or_else(|| request.try_clone().unwrap(), |body| request.try_clone().unwrap().json(&body));
        request.send().await.unwrap()
    };
    for (body, field) in [
        (json!({}), "kind"),
        (json!({ "kind": "DREAM" }), "kind"),
        (json!({ "kind": "SYNC", "createMissing": true }), "createMissing"),
        (json!({ "kind": "SYNC", "scope": {} }), "scope"),
        (json!({ "kind": "MIGRATION", "scope": { "off": ["books.dreams"] } }), "scope.off"),
        (json!({ "kind": "MIGRATION", "scope": { "from": "soon" } }), "scope"),
        (json!({ "kind": "MIGRATION", "scope": { "fron": "2026-01-01" } }), "scope"),
    ] {
        assert_eq!(problem(post(&runs, Some(body.clone())).await, 422).await.1["field"], field, "{body}");
    }
    let started = post(&runs, Some(json!({ "kind": "MIGRATION", "createMissing": true }))).await;
    let place = started.headers()["location"].to_str().unwrap().to_owned();
    let (status, run) = read(started).await;
    assert_eq!((status, &run["state"], &run["requestedBy"]), (201, &json!("WORKING"), &json!(format!("client:{}", partner.id))));
    let (_, said) = problem(post(&runs, Some(json!({ "kind": "SYNC" }))).await, 409).await;
    assert!(said["detail"].as_str().unwrap().contains(run["id"].as_str().unwrap()), "{said}");
    for (verb, state) in [("pause", "PAUSED"), ("resume", "WORKING"), ("pause", "PAUSED"), ("cancel", "CANCELLED")] {
        let (status, run) = read(post(&format!("{place}/{verb}"), None).await).await;
        assert_eq!((status, &run["state"]), (200, &json!(state)), "{verb}");
    }
    for verb in ["pause", "resume"] {
        assert_eq!(problem(post(&format!("{place}/{verb}"), None).await, 409).await.0, "CONFLICT");
    }
    // Asking twice for what is so already does no harm.
    let (status, run) = read(post(&format!("{place}/cancel"), None).await).await;
    assert_eq!((status, &run["state"]), (200, &json!("CANCELLED")));

    // A process that died after it had started a run: the run is found, not started again, though it has ended meanwhile.
    let keyed = async || {
        let request = ask(&world, &partner.token, Method::POST, &runs).header("idempotency-key", "run");
        read(request.json(&json!({ "kind": "SYNC" })).send().await.unwrap()).await
    };
    let (status, first) = keyed().await;
    assert_eq!(status, 201, "{first}");
    post(&format!("{tenant}/runs/{}/cancel", first["id"].as_str().unwrap()), None).await;
    let database = &world.stage.context.database;
    database.execute_unprepared("UPDATE idempotency SET status = NULL, answer = NULL, claimed_at = 0").await.unwrap();
    let (status, again) = keyed().await;
    assert_eq!((status, &again["id"]), (201, &first["id"]));

    // What was refused is in the customer's log; what was tried on a stranger is in nobody's.
    let question = "query($t: ID!) { auditLog(tenantId: $t, first: 80) { nodes { who act outcome detail } } }";
    let log = async |id: &str| {
        let told = world.staff.data(question, json!({ "t": id })).await.unwrap();
        told["auditLog"]["nodes"].as_array().unwrap().clone()
    };
    let us = json!(format!("client:{}", partner.id));
    let refused = |log: &[Value]| log.iter().filter(|one| one["who"] == us && one["outcome"] == "refused").count();
    let codes: Vec<Value> = log(&connected.tenant).await.into_iter().filter(|one| one["act"] == "run.started").collect();
    assert!(codes.iter().any(|one| one["detail"] == "CONFLICT"), "{codes:#?}");
    assert!(codes.iter().filter(|one| one["detail"] == "BAD_INPUT").count() > 5, "{codes:#?}");
    let stranger = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    problem(post(&format!("/api/v1/tenants/{stranger}/zoho/custom-button"), None).await, 404).await;
    assert_eq!(refused(&log(&stranger).await), 0);
    assert_eq!(
        problem(
            post(
                &format!("{tenant}/links/{}/holds/retry", connected.link.rsplit(':').next().unwrap()),
                Some(json!({ "codes": (0..200).map(|n| n.to_string()).collect::<Vec<_>>() }))
            )
            .await,
            422
        )
        .await
        .1["field"],
        "codes"
    );
    world.end().await;
}
