//! Access tokens under fire: refreshed once however many ask, never lost with an answer, never readable, and when the consent is
//! over, work rests, one letter asks, and the same run goes on.

use std::time::Duration;

use entities::ids::{GrantId, TenantId};
use jobs::tokens::{self, Access};
use serde_json::{Value, json};
use tests::{COMPANY, Connected, World, books, eventually};

/// Longer than both providers' access tokens live.
const LATER: Duration = Duration::from_secs(65 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn forty_that_ask_at_once_make_one_refresh() {
    let (world, connected) = connected().await;
    world.forget_requests().await;
    world.advance(LATER).await;
    for (provider, endpoint) in [("xero", "/connect/token"), ("zoho", "/oauth/v2/token")] {
        let (tenant, grant) = world.grant(&connected, provider).await;
        let asking = (0..40).map(|_| {
            let context = world.stage.context.clone();
            tokio::spawn(async move { tokens::fresh(&context, tenant, grant).await })
        });
        for asked in asking.collect::<Vec<_>>() {
            assert!(matches!(asked.await.unwrap(), Ok(Access::Token { .. })), "{provider}");
        }
        assert_eq!(world.asked().await.count(provider, endpoint), 1, "{provider}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_refresh_that_is_lost_costs_nothing_while_xero_is_graceful() {
    let (world, connected) = connected().await;
    let (tenant, grant) = world.grant(&connected, "xero").await;
    for mode in ["grace_last", "grace_all"] {
        world.stage.control("xero/rotation", json!({ "mode": mode })).await.unwrap();
        for lost in 1..=3 {
            world.advance(LATER).await;
            world.faults(json!([{ "match": { "path_contains": "/connect/token" }, "kind": "reset_after", "times": lost }])).await;
            // Three lost answers are more than one turn tries: the next one goes on with the same token.
            let token = eventually("a token comes", async || match fresh(&world, tenant, grant).await {
                Access::Token { access, .. } => Some(access),
                Access::Later(_) => None,
                Access::Dead => panic!("{mode}: the grant died of {lost} lost answers"),
            })
            .await;
            drop(token);
            world.faults(json!([])).await;
        }
        assert_eq!(world.grant_state(&connected, "xero").await, "live");
    }
    // The token that was stored last is the one that works.
    let (_, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_xero_is_strict_a_lost_answer_asks_the_customer_once_and_the_same_run_goes_on() {
    let (mut world, connected) = connected().await;
    world.stage.control("xero/rotation", json!({ "mode": "strict" })).await.unwrap();
    let run = slow_run(&world, &connected).await;
    world.faults(json!([{ "match": { "path_contains": "/connect/token" }, "kind": "reset_after", "times": 1 }])).await;
    world.advance(LATER).await;
    rests(&mut world, &connected, &run, "xero", "Xero").await;
    world.stage.control("xero/rotation", json!({ "mode": "grace_last" })).await.unwrap();
    reconnected(&mut world, &connected, &run, "xero").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnect_in_xeros_connected_apps_is_noticed_and_the_same_run_goes_on_after_reconnecting() {
    let (mut world, connected) = connected().await;
    let run = slow_run(&world, &connected).await;
    let tenant = world.xero_tenant().await;
    world.stage.control("xero/disconnect", json!({ "tenantId": tenant })).await.unwrap();
    rests(&mut world, &connected, &run, "xero", "Xero").await;
    reconnected(&mut world, &connected, &run, "xero").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_zoho_consent_is_noticed_and_another_organisation_is_refused_for_it() {
    let (mut world, connected) = connected().await;
    let run = slow_run(&world, &connected).await;
    world.stage.control("zoho/revoke", json!({})).await.unwrap();
    rests(&mut world, &connected, &run, "zoho", "Zoho").await;

    // The customer allows the wrong organisation: refused, and nothing is written into it.
    let organisations = world.stage.look("state").await.unwrap()["zoho"]["organizations"].as_object().cloned().unwrap();
    let own = world.stage.control("zoho/user", json!({})).await.unwrap()["organizations"].clone();
    let other = world.stage.control("zoho/user", json!({ "organizations": ["Somebody Else"] })).await.unwrap();
    let other = other["organizations"][0]["organization_id"].as_str().unwrap().to_owned();
    assert!(!organisations.contains_key(&other));
    let letter = world.customer.letter(2).await.unwrap();
    let page = world.customer.allow(&letter.consent_links()[0], "").await.unwrap();
    assert!(page.url.path().starts_with("/connect/problem/other-organisation"), "{}", page.url);
    assert_eq!(world.staff.progress(&run).await.unwrap()["state"], "PAUSED");
    assert_eq!(world.stage.records(&format!("zoho/{other}/contacts")).await.unwrap(), Vec::<Value>::new());

    world.stage.control("zoho/user", json!({ "organizations": own })).await.unwrap();
    reconnected(&mut world, &connected, &run, "zoho").await;
    assert_eq!(world.stage.records(&format!("zoho/{other}/contacts")).await.unwrap(), Vec::<Value>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_in_the_database_only_sealed() {
    use secrecy::ExposeSecret;

    let (world, connected) = connected().await;
    let mut secrets = Vec::new();
    for round in 0..2 {
        for provider in ["xero", "zoho"] {
            let (tenant, grant) = world.grant(&connected, provider).await;
            let Access::Token { access, .. } = fresh(&world, tenant, grant).await else { panic!("no token") };
            secrets.push(access.expose_secret().to_owned());
        }
        if round == 0 {
            world.advance(LATER).await;
        }
    }
    assert_eq!(secrets.len(), 4);
    assert_ne!(secrets[0], secrets[2], "it was refreshed");
    let kept = everything(&world).await;
    assert!(kept.len() > 1000, "the scan reads something");
    for secret in &secrets {
        assert!(secret.len() > 20);
        assert!(!kept.windows(secret.len()).any(|window| window == secret.as_bytes()), "a token is kept in clear");
    }
    world.end().await;
}

async fn connected() -> (World, Connected) {
    let mut world = World::new().await;
    world.seed("demo-company", Some(15), Some(40)).await;
    let connected = world.connected().await;
    (world, connected)
}

async fn fresh(world: &World, tenant: TenantId, grant: GrantId) -> Access {
    tokens::fresh(&world.stage.context, tenant, grant).await.unwrap()
}

/// A migration that has begun to write and is slow enough to be caught in the middle.
async fn slow_run(world: &World, connected: &Connected) -> String {
    world.faults(json!([{ "match": { "provider": "zoho", "method": "PUT" }, "kind": "latency", "ms": 400 }])).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    eventually("something has arrived", async || {
        let progress = world.staff.progress(&run).await.ok()?;
        let counts = progress["counts"].as_array()?;
        let customers = counts.iter().find(|count| count["flow"]["key"] == "books.customers")?;
        (customers["created"].as_i64()? > 0).then_some(())
    })
    .await;
    run
}

/// The run is paused for a reason, one letter is written, and nobody calls the providers any more.
async fn rests(world: &mut World, connected: &Connected, run: &str, provider: &str, name: &str) {
    let progress = eventually("the run pauses", async || {
        let progress = world.staff.progress(run).await.ok()?;
        (progress["state"] == "PAUSED").then_some(progress)
    })
    .await;
    assert!(progress["reason"].as_str().unwrap().contains(name), "{progress}");
    assert_eq!(world.grant_state(connected, provider).await, "needs_reconnect");
    let letter = world.customer.letter(2).await.unwrap();
    assert!(letter.subject.contains(name) || letter.text.contains(name), "{}", letter.subject);
    assert_eq!(letter.consent_links().len(), 1);
    world.faults(json!([])).await;
    // What was on its way may still end.
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.forget_requests().await;
    for _ in 0..4 {
        world.advance(Duration::from_secs(3600)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let asked = world.asked().await;
    assert_eq!((asked.calls("xero"), asked.calls("zoho")), (0, 0), "work rests: {asked:#?}");
    assert_eq!(world.customer.letters().await.unwrap().len(), 2, "one letter asks");
    let refused = world.staff.start("syncNow", &connected.link).await.unwrap_err().to_string();
    assert!(refused.contains(name), "{refused}");
}

/// The customer follows the new link; the same run ends clean, with nothing twice.
async fn reconnected(world: &mut World, connected: &Connected, run: &str, provider: &str) {
    let link = world.customer.letters().await.unwrap().last().unwrap().consent_links()[0].clone();
    let organisation = if provider == "xero" { COMPANY } else { "" };
    let page = world.customer.allow(&link, organisation).await.unwrap();
    assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    let progress = world.finished(run).await;
    let findings = world.staff.findings(run).await.unwrap();
    assert_eq!((progress["state"].as_str(), &progress["clean"]), (Some("DONE"), &json!(true)), "{findings:#?}");
    assert_eq!(world.staff.link(&connected.tenant).await.unwrap().unwrap().id, connected.link);
    for (resource, field) in [("contacts", "cf_xero_acct_id"), ("invoices", "cf_xero_id"), ("bills", "cf_xero_id")] {
        assert_eq!(books::twice(&books::zoho(world, resource).await, field), Vec::<String>::new(), "{resource}");
    }
}

/// Every byte that the database keeps.
async fn everything(world: &World) -> Vec<u8> {
    use sea_orm::ConnectionTrait;

    let database = &world.stage.context.database;
    if database.get_database_backend() == sea_orm::DatabaseBackend::Sqlite {
        let files = std::fs::read_dir(world.stage.folder.path()).unwrap();
        let files = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
        return files.flat_map(|path| std::fs::read(path).unwrap()).collect();
    }
    let mut kept = Vec::new();
    for table in
        ["oauth_grant", "sign_in", "connection", "job", "letter", "link", "lane", "pair", "hold", "run", "consent", "tenant"]
    {
        let text = format!("SELECT CAST(to_json(t) AS text) AS n FROM {table} t");
        let rows = database.query_all_raw(entities::database::sql(database.get_database_backend(), text, vec![])).await.unwrap();
        kept.extend(rows.iter().flat_map(|row| row.try_get::<String>("", "n").unwrap().into_bytes()));
    }
    kept
}
