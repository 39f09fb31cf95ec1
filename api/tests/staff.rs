//! What staff ask and do, over HTTP as their screens do it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod desk;

use std::time::Duration;

use api::caller::Role;
use desk::{Desk, code, http_code};
use entities::clock::Clock;
use entities::ids::TenantId;
use entities::{consent, letter, run};
use futures::StreamExt;
use reqwest::StatusCode;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

const ONBOARD: &str = "mutation($input: OnboardTenantInput!) { onboardTenant(input: $input) { tenant { id name letters { kind state } \
     consents { provider state expiresAt } checklist { item done at } } } }";

#[actix_web::test]
async fn nobody_is_told_anything() {
    let desk = Desk::new().await;
    for token in [None, Some("Bearer x"), Some("Basic YTpi"), Some("Bearer ")] {
        let (status, answer) = desk.ask_as(token, "{ viewer { subject } }", json!({})).await;
        assert_eq!((status, http_code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
        assert_eq!(answer["data"], Value::Null);
    }
}

#[actix_web::test]
async fn an_open_socket_is_told_nothing_once_its_token_has_ended() {
    let desk = Desk::new().await;
    assert_eq!(desk.on_a_socket_after(Duration::from_secs(24 * 3600)).await, Ok(()), "clocks may differ a little");
    assert_eq!(desk.on_a_socket_after(Duration::from_secs(24 * 3600 + 31)).await, Err("UNAUTHENTICATED".to_owned()));
}

#[actix_web::test]
async fn a_stranger_cannot_fill_our_memory_over_a_socket() {
    let desk = Desk::new().await;
    let mut socket = desk.socket().await;
    // The pieces of one message that never ends.
    let mut piece = vec![0x01, 0x80 | 126, 0x75, 0x30, 0, 0, 0, 0];
    piece.extend([b'x'; 30_000]);
    for _ in 0..100 {
        if socket.write_all(&piece).await.is_err() {
            break;
        }
        piece[0] = 0x00;
    }
    let mut end = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(4), socket.read_to_end(&mut end)).await;
    assert!(closed.is_ok(), "three megabytes of a stranger were taken");
}

#[actix_web::test]
async fn who_brings_a_token_over_a_socket_is_answered_there() {
    let desk = Desk::new().await;
    let mut socket = desk.socket().await;
    let hello = json!({ "type": "connection_init", "payload": { "Authorization": desk.token(Role::Viewer, None) } });
    desk.say(&mut socket, &hello).await;
    assert_eq!(desk.hear(&mut socket).await["type"], "connection_ack");
    let question = json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ viewer { subject } }" } });
    desk.say(&mut socket, &question).await;
    assert_eq!(desk.hear(&mut socket).await["payload"]["data"]["viewer"]["subject"], "ann");
    assert_eq!(desk.hear(&mut socket).await["type"], "complete");
    desk.clock.advance(Duration::from_secs(24 * 3600 + 31));
    desk.say(&mut socket, &question).await;
    let answer = desk.hear(&mut socket).await;
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{answer}");
}

#[actix_web::test]
async fn staff_onboard_a_customer_and_only_hashes_of_the_links_are_kept() {
    let desk = Desk::new().await;
    let answer = desk.ask(Role::Operator, ONBOARD, json!({ "input": kowhai() })).await;
    let tenant = &answer["data"]["onboardTenant"]["tenant"];
    assert_eq!(tenant["name"], "Kōwhai Ltd");
    assert_eq!(tenant["letters"], json!([{ "kind": "CONSENT", "state": "QUEUED" }]));
    let mut open: Vec<_> = tenant["consents"].as_array().unwrap().iter().map(|one| (&one["provider"], &one["state"])).collect();
    open.sort_by_key(|(provider, _)| provider.to_string());
    assert_eq!(open, [(&json!("XERO"), &json!("OPEN")), (&json!("ZOHO"), &json!("OPEN"))]);
    assert_eq!(tenant["checklist"].as_array().unwrap().len(), 6);
    assert!(tenant["checklist"].as_array().unwrap().iter().all(|step| step["done"] == false));

    let id = tenant_id(tenant);
    let letter = letter::Entity::of(id).one(&desk.state.database).await.unwrap().unwrap();
    let key = desk.state.tenant_key(id).await.unwrap();
    let words = key.open_text(jobs::letters::place(letter.id), &letter.words.unwrap()).unwrap();
    let words: Value = serde_json::from_str(&words).unwrap();
    for provider in ["xero", "zoho"] {
        let link = words[format!("{provider}_link")].as_str().unwrap();
        let secret = link.strip_prefix(&desk.at("/connect/")).unwrap();
        assert_eq!(secret.len(), 43, "256 bits");
        let row = consent::Entity::by_token(&jobs::connections::hash(secret)).one(&desk.state.database).await.unwrap().unwrap();
        assert_eq!((row.tenant_id, row.provider.as_str()), (id, provider));
        assert!(!answer.to_string().contains(secret));
    }
    let status = words["status_link"].as_str().unwrap().strip_prefix(&desk.at("/status/")).unwrap();
    let found = entities::tenant::Entity::by_status(&jobs::connections::hash(status)).one(&desk.state.database).await.unwrap();
    assert_eq!(found.unwrap().id, id);
}

#[actix_web::test]
async fn a_newcomer_with_anything_wrong_is_not_taken_in_by_half() {
    let desk = Desk::new().await;
    for (field, value) in [
        ("name", json!("")),
        ("contactEmail", json!("ann@kowhai.co.nz\r\nBcc: eve@example.com")),
        ("region", json!("mars")),
        ("products", json!([])),
        ("products", json!(["desk"])),
    ] {
        let mut input = kowhai();
        input[field] = value;
        let answer = desk.ask(Role::Operator, ONBOARD, json!({ "input": input })).await;
        assert_eq!((code(&answer), answer["errors"][0]["extensions"]["field"].as_str()), ("BAD_INPUT", Some(field)));
    }
    let tenants = entities::tenant::Entity::all().count(&desk.state.database).await.unwrap();
    let jobs = entities::job::Entity::all().count(&desk.state.database).await.unwrap();
    assert_eq!((tenants, jobs), (0, 0));
}

#[actix_web::test]
async fn new_links_close_the_old_ones_and_a_mailbox_is_not_filled() {
    let desk = Desk::new().await;
    let tenant = desk.tenant("Kōwhai").await;
    let resend =
        "mutation($id: ID!, $provider: Provider) { resendConsent(tenantId: $id, provider: $provider) { tenant { id } } }";
    let both = json!({ "id": tenant.to_string() });
    desk.state_of(&desk.ask(Role::Operator, resend, both.clone()).await);
    assert_eq!(desk.consents(tenant).await, ["xero open", "xero revoked", "zoho open", "zoho revoked"]);
    let xero = json!({ "id": tenant.to_string(), "provider": "XERO" });
    desk.state_of(&desk.ask(Role::Operator, resend, xero.clone()).await);
    assert_eq!(desk.consents(tenant).await, ["xero open", "xero revoked", "xero revoked", "zoho open", "zoho revoked"]);
    desk.clock.advance(Duration::from_secs(600));
    for _ in 0..2 {
        desk.state_of(&desk.ask(Role::Operator, resend, xero.clone()).await);
    }
    let answer = desk.ask(Role::Operator, resend, both.clone()).await;
    assert_eq!(code(&answer), "RATE_LIMITED");
    let wait = answer["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap();
    assert!((2_900..=3_000).contains(&wait), "{wait}");
    desk.clock.advance(Duration::from_secs(wait + 1));
    desk.state_of(&desk.ask(Role::Operator, resend, both).await);

    let revoke = "mutation($id: ID!) { revokeConsent(tenantId: $id, provider: ZOHO) { outcome } }";
    for outcome in ["REVOKED", "NOTHING_OPEN"] {
        let answer = desk.ask(Role::Operator, revoke, json!({ "id": tenant.to_string() })).await;
        assert_eq!(answer["data"]["revokeConsent"]["outcome"], outcome);
    }
}

#[actix_web::test]
async fn another_tenants_things_and_unknown_things_look_alike() {
    let desk = Desk::new().await;
    let (mine, other) = (desk.tenant("Mine").await, desk.tenant("Other").await);
    let (link, run) = desk.run(other).await;
    let token = desk.token(Role::Admin, Some(mine));
    let unknown = Uuid::from_u128(1);
    for (question, real, absent) in [
        ("query($id: ID!) { tenant(id: $id) { name } }", other.to_string(), unknown.to_string()),
        ("query($id: ID!) { link(id: $id) { key } }", named("link", other, link.0), named("link", other, unknown)),
        ("query($id: ID!) { run(id: $id) { stage } }", named("run", other, run.0), named("run", mine, run.0)),
        ("query($id: ID!) { holds(linkId: $id) { totalCount } }", named("link", other, link.0), "link".to_owned()),
        ("query($id: ID!) { findings(runId: $id) { cause } }", named("run", other, run.0), String::new()),
        (
            "mutation($id: ID!) { pauseRun(runId: $id) { outcome } }",
            named("run", other, run.0),
            named("run", TenantId(unknown), run.0),
        ),
        ("mutation($id: ID!) { startMigration(linkId: $id) { __typename } }", named("link", other, link.0), "🦀".to_owned()),
        ("mutation($id: ID!) { resendConsent(tenantId: $id) { tenant { id } } }", other.to_string(), "x".to_owned()),
        ("mutation($id: ID!) { disconnect(connectionId: $id) { id } }", named("connection", other, unknown), "x".to_owned()),
    ] {
        let (_, theirs) = desk.ask_as(Some(&token), question, json!({ "id": real })).await;
        let (_, none) = desk.ask_as(Some(&token), question, json!({ "id": absent })).await;
        assert_eq!(code(&theirs), "NOT_FOUND", "{question}");
        assert_eq!(theirs, none, "{question}");
    }
    let (_, answer) = desk.ask_as(Some(&token), "{ tenants { nodes { name } } }", json!({})).await;
    assert_eq!(answer["data"]["tenants"]["nodes"], json!([{ "name": "Mine" }]));
    let (_, answer) = desk.ask_as(Some(&token), ONBOARD, json!({ "input": kowhai() })).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    let row = run::Entity::of(other).one(&desk.state.database).await.unwrap().unwrap();
    assert_eq!(row.state, "working");
}

/// Every mutation there is, also the ones that will be added.
#[actix_web::test]
async fn a_viewer_acts_nowhere() {
    let desk = Desk::new().await;
    for (question, variables) in desk.mutations().await {
        let answer = desk.ask(Role::Viewer, &question, variables.clone()).await;
        assert_eq!(code(&answer), "FORBIDDEN", "{question}");
        let (status, _) = desk.ask_as(None, &question, variables).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{question}");
    }
}

#[actix_web::test]
async fn lists_are_read_in_pages() {
    let desk = Desk::new().await;
    for name in ["A_1", "B%2", "C3"] {
        desk.tenant(name).await;
    }
    let question =
        "query($after: String) { tenants(first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }";
    let first = desk.ask(Role::Viewer, question, json!({})).await;
    let page = &first["data"]["tenants"];
    assert_eq!(page["nodes"], json!([{ "name": "C3" }, { "name": "B%2" }]));
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let rest = desk.ask(Role::Viewer, question, json!({ "after": page["pageInfo"]["endCursor"] })).await;
    assert_eq!(rest["data"]["tenants"]["nodes"], json!([{ "name": "A_1" }]));
    assert_eq!(rest["data"]["tenants"]["pageInfo"]["hasNextPage"], false);

    let search = "query($search: String) { tenants(search: $search) { nodes { name } } }";
    for (text, found) in
        [("b%", json!([{ "name": "B%2" }])), ("_", json!([{ "name": "A_1" }])), ("%", json!([{ "name": "B%2" }]))]
    {
        let answer = desk.ask(Role::Viewer, search, json!({ "search": text })).await;
        assert_eq!(answer["data"]["tenants"]["nodes"], found, "{text}");
    }
    for (question, field) in [
        ("{ tenants(first: 101) { nodes { id } } }", "first"),
        ("{ tenants(first: 0) { nodes { id } } }", "first"),
        ("{ tenants(after: \"x\") { nodes { id } } }", "after"),
    ] {
        let answer = desk.ask(Role::Viewer, question, json!({})).await;
        assert_eq!((code(&answer), answer["errors"][0]["extensions"]["field"].as_str()), ("BAD_INPUT", Some(field)));
    }
}

#[actix_web::test]
async fn what_is_not_a_question_is_refused_before_anything_is_read() {
    let desk = Desk::new().await;
    let deep = format!("{{ tenants {{ nodes {{ {} {} }} }} }}", "links { tenant { ".repeat(6), "id } } ".repeat(6));
    let many = format!("{{ {} }}", (0..900).map(|n| format!("a{n}: viewer {{ subject }} ")).collect::<String>());
    for (body, status, code) in [
        ("{".to_owned(), 400, "MALFORMED"),
        ("[]".to_owned(), 400, "MALFORMED"),
        (json!({ "query": 1 }).to_string(), 400, "MALFORMED"),
        (json!({ "query": "{" }).to_string(), 400, "MALFORMED"),
        (json!({ "query": "{ nothing }" }).to_string(), 400, "MALFORMED"),
        (json!({ "query": "query A { viewer { role } } query B { viewer { role } }" }).to_string(), 400, "MALFORMED"),
        (json!({ "query": "query($a: ID!) { tenant(id: $a) { id } }" }).to_string(), 200, "BAD_INPUT"),
        (json!({ "query": deep }).to_string(), 413, "TOO_LARGE"),
        (json!({ "query": many }).to_string(), 413, "TOO_LARGE"),
        (json!({ "query": "x".repeat(100 * 1024) }).to_string(), 413, "TOO_LARGE"),
    ] {
        let (got, answer) = desk.post(&body, "application/json", Some(&desk.token(Role::Viewer, None))).await;
        assert_eq!((got.as_u16(), http_code(&answer)), (status, code), "{}", &body[..body.len().min(80)]);
    }
    let question = json!({ "query": "{ viewer { role } }" }).to_string();
    let (status, _) = desk.post(&question, "text/plain", Some(&desk.token(Role::Viewer, None))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a form elsewhere could send it");
}

#[actix_web::test]
async fn a_run_is_followed_until_its_end() {
    let desk = Desk::new().await;
    let tenant = desk.tenant("Kōwhai").await;
    let (link, id) = desk.run(tenant).await;
    let pause = "mutation($id: ID!) { pauseRun(runId: $id) { outcome run { state pausedBy link { id } } } }";
    let name = json!({ "id": named("run", tenant, id.0) });
    let answer = desk.ask(Role::Operator, pause, name.clone()).await;
    let payload = &answer["data"]["pauseRun"];
    assert_eq!((&payload["outcome"], &payload["run"]["state"]), (&json!("CHANGED"), &json!("PAUSED")));
    assert_eq!(payload["run"]["link"]["id"], named("link", tenant, link.0));

    let mut news = desk.follow(&named("run", tenant, id.0));
    let mut states = vec![news.next().await.unwrap()];
    let cancel = "mutation($id: ID!) { cancelRun(runId: $id) { outcome } }";
    desk.ask(Role::Operator, cancel, name.clone()).await;
    while let Some(state) = news.next().await {
        states.push(state);
    }
    assert_eq!(states, ["PAUSED", "CANCELLED"]);
    let answer = desk.ask(Role::Operator, pause, name).await;
    assert_eq!(answer["data"]["pauseRun"]["outcome"], "NOT_POSSIBLE");
}

#[actix_web::test]
async fn a_link_that_is_not_ready_says_so_as_data() {
    let desk = Desk::new().await;
    let tenant = desk.tenant("Kōwhai").await;
    let (link, id) = desk.run(tenant).await;
    let start = "mutation($id: ID!) { startMigration(linkId: $id, createMissing: true) { __typename ... on LinkNotReady { reason } \
                 ... on RunAlreadyActive { run { id } } ... on RunStarted { run { id state requestedBy } } } }";
    let name = json!({ "id": named("link", tenant, link.0) });
    let answer = desk.ask(Role::Operator, start, name.clone()).await;
    assert_eq!(answer["data"]["startMigration"]["__typename"], "LinkNotReady");
    desk.set_link(tenant, "ready").await;
    let answer = desk.ask(Role::Operator, start, name.clone()).await;
    assert_eq!(
        answer["data"]["startMigration"],
        json!({ "__typename": "RunAlreadyActive", "run": { "id": named("run", tenant, id.0) } })
    );
    let mut row = run::Entity::of(tenant).one(&desk.state.database).await.unwrap().unwrap().into_active_model();
    row.state = Set("done".to_owned());
    row.ended_at = Set(Some(desk.clock.now()));
    row.update(&desk.state.database).await.unwrap();
    let answer = desk.ask(Role::Operator, start, name).await;
    let started = &answer["data"]["startMigration"];
    assert_eq!((&started["__typename"], &started["run"]["state"]), (&json!("RunStarted"), &json!("WORKING")));
    assert_eq!(started["run"]["requestedBy"], "ann");
    let link = entities::link::Entity::of(tenant).filter(entities::link::Column::CreateMissing.eq(true));
    assert_eq!(link.count(&desk.state.database).await.unwrap(), 1);
}

#[actix_web::test]
async fn in_production_the_schema_is_not_shown_and_browsers_are_kept_careful() {
    let desk = Desk::public().await;
    let introspection =
        json!({ "operationName": "IntrospectionQuery", "query": "query IntrospectionQuery { __schema { types { name } } }" });
    let (status, _) = desk.post(&introspection.to_string(), "application/json", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (_, answer) = desk.ask_as(Some(&desk.token(Role::Viewer, None)), "{ __schema { types { name } } }", json!({})).await;
    assert!(answer["data"]["__schema"].is_null(), "{answer}");
    let (_, answer) = desk.ask_as(Some(&desk.token(Role::Viewer, None)), "{ viewr { role } }", json!({})).await;
    assert!(!answer.to_string().contains("mean"), "{answer}");
    let page = reqwest::get(desk.at("/graphql")).await.unwrap();
    assert_ne!(page.status(), StatusCode::OK);
    let health = reqwest::get(desk.at("/healthz")).await.unwrap();
    assert_eq!(health.headers()["strict-transport-security"], "max-age=31536000; includeSubDomains");
    assert_eq!(health.headers()["x-content-type-options"], "nosniff");
    assert_eq!(health.headers()["x-request-id"].len(), 32);
}

#[actix_web::test]
async fn operators_see_health_and_counts_without_names() {
    let desk = Desk::new().await;
    desk.tenant("A Customer's Name").await;
    let ready = reqwest::get(desk.at("/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    let metrics = reqwest::get(desk.at("/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("cpconnect_letters{kind=\"consent\",state=\"queued\"} 1"), "{metrics}");
    assert!(!metrics.contains("Customer"));
    let graphiql = reqwest::get(desk.at("/graphql")).await.unwrap();
    assert!(graphiql.headers()["content-security-policy"].to_str().unwrap().contains("script-src"));
}

fn kowhai() -> Value {
    json!({ "name": " Kōwhai Ltd", "contactEmail": "ann@kowhai.co.nz", "region": "NZ", "products": ["books"] })
}

fn tenant_id(tenant: &Value) -> TenantId {
    tenant["id"].as_str().unwrap().parse().unwrap()
}

fn named(word: &str, tenant: TenantId, id: Uuid) -> String {
    format!("{word}:{tenant}:{id}")
}
