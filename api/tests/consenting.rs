//! Consent, walked by a browser through the real pages of both sides of the sandbox.
#![cfg(feature = "demo")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use api::http::COOKIE;
use api::settings::{Raw, Settings};
use api::state::{State, context};
use api::{database, onboarding, server};
use entities::chance::SystemChance;
use entities::clock::MovableClock;
use entities::database::begin_write;
use entities::ids::{GrantId, TenantId};
use entities::sealed::MasterKeys;
use entities::{connection, consent, grant, link, sign_in};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use sandbox::{Options, Sandbox};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

#[actix_web::test]
async fn both_sides_are_connected_from_two_links() {
    let world = World::new().await;
    let tenant = world.tenant("Ada & Söhne <Ltd>").await;
    let mut browser = Browser::default();

    let xero = world.link(tenant, "xero").await;
    let page = text(browser.get(&xero).await).await;
    assert!(page.contains("Connect Xero for Ada &#38; Söhne &#60;Ltd&#62;"));
    assert!(!page.contains("<Ltd>"));
    let end = browser.allow(&xero, "CloudPerfect", "allow").await;
    assert!(end.url.contains("/connect/done?s="), "{}", end.url);
    assert!(end.page.contains("Xero is connected") && end.page.contains("<b>Zoho</b>"), "{}", end.page);

    let zoho = world.link(tenant, "zoho").await;
    let end = browser.allow(&zoho, "", "allow").await;
    assert!(end.page.contains("Zoho is connected") && end.page.contains("Both sides"), "{}", end.page);

    let xero = world.connection(tenant, "xero").await.unwrap();
    assert_eq!((xero.name.as_str(), xero.currency.as_str()), ("CloudPerfect", "NZD"));
    assert!(xero.short_code.starts_with('!'));
    let zoho = world.connection(tenant, "zoho").await.unwrap();
    assert!(!zoho.currency_id.is_empty() && zoho.api_base.contains("/zoho/eu/api"));
    assert_eq!(world.grants(tenant).await, ["live", "live"]);
    let links = entities::link::Entity::of(tenant).count(&world.state.database).await.unwrap();
    assert_eq!(links, 1);

    let status = between(&end.page, "href=\"/status/", "\"");
    let page = text(browser.get(&world.at(&format!("/status/{status}"))).await).await;
    assert!(page.contains("Access to Zoho allowed"), "{page}");
}

#[actix_web::test]
async fn looking_at_a_link_changes_nothing_and_a_bad_link_tells_nothing() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "xero").await;
    let browser = Browser::default();
    for _ in 0..50 {
        let answer = browser.get(&link).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers().get("set-cookie").is_none());
        let answer = browser.http.head(&link).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(sign_in::Entity::of(tenant).count(&world.state.database).await.unwrap(), 0);

    let mut pages = Vec::new();
    pages.push(look(&browser, &world.at("/connect/unknown")).await);
    world.set_consent(tenant, "used").await;
    pages.push(look(&browser, &link).await);
    world.set_consent(tenant, "revoked").await;
    pages.push(look(&browser, &link).await);
    let late = world.link(tenant, "xero").await;
    world.clock.advance(Duration::from_secs(72 * 3600 + 1));
    pages.push(look(&browser, &late).await);
    let posted = browser.http.post(&late).send().await.unwrap();
    pages.push((posted.status(), text(posted).await));
    for page in &pages {
        assert_eq!(page, &pages[0]);
        assert_eq!(page.0, StatusCode::GONE);
    }
}

#[actix_web::test]
async fn another_sites_page_cannot_press_our_buttons() {
    let world = World::new().await;
    world.control("/_sandbox/zoho/user", json!({"organizations": ["One", "Two"]})).await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "zoho").await;
    let mut browser = Browser::default();
    let answer = browser.get(&link).await;
    assert_eq!(answer.headers()["referrer-policy"], "same-origin", "a browser would call our form's origin null");
    let foreign = [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")];
    for (name, value) in foreign {
        let answer = browser.http.post(&link).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.headers().get("set-cookie").is_none() && answer.headers().get("location").is_none());
        assert!(text(answer).await.contains("begin on our own page"));
    }
    assert_eq!(sign_in::Entity::of(tenant).count(&world.state.database).await.unwrap(), 0);
    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", world.base.as_str())] {
        let answer = browser.http.post(&link).header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{name}: {value}");
    }

    let end = browser.allow(&link, "", "allow").await;
    let id = choice(&end.page, "Two");
    for (name, value) in foreign {
        let request = browser.http.post(&end.url).header(name, value).form(&[("organisation", &id)]);
        assert_eq!(browser.with_cookie(request).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    assert!(world.connection(tenant, "zoho").await.is_none());
    assert!(place(&browser.choose(&end.url, &id).await).contains("/connect/done"));
}

#[actix_web::test]
async fn a_link_is_used_up_by_success_only() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "xero").await;
    let mut browser = Browser::default();
    let end = browser.allow(&link, "CloudPerfect", "cancel").await;
    assert!(end.url.contains("/connect/problem/declined"), "{}", end.url);
    assert_eq!(world.grants(tenant).await, Vec::<String>::new());
    let end = browser.allow(&link, "CloudPerfect", "allow").await;
    assert!(end.url.contains("/connect/done"), "{}", end.url);
    assert_eq!(look(&browser, &link).await.0, StatusCode::GONE);
}

#[actix_web::test]
async fn a_callback_works_once_and_in_its_own_browser_only() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "xero").await;
    let mut browser = Browser::default();
    let callback = browser.callback(&link, "CloudPerfect", "allow").await;

    let stranger = Browser::default();
    let answer = stranger.get(&callback).await;
    assert!(place(&answer).contains("/connect/problem/wrong-browser"));
    let swapped = callback.replace("/oauth/xero/", "/oauth/zoho/");
    let answer = browser.get(&swapped).await;
    assert!(place(&answer).contains("/connect/problem/expired"));
    assert_eq!(world.count("/identity/connect/token").await, 0);
    assert_eq!(world.count("/accounts/oauth/v2/token").await, 0);

    let mut clicks = Vec::new();
    for _ in 0..20 {
        clicks.push(browser.get(&callback));
    }
    let answers = futures::future::join_all(clicks).await;
    let first = place(&answers[0]);
    for answer in &answers {
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert_eq!(place(answer), first);
    }
    assert!(first.starts_with("/connect/done?s="));
    assert_eq!(world.count("/identity/connect/token").await, 1);
    assert_eq!(place(&browser.get(&callback).await), first);
    let page = text(browser.get(&world.at(&first)).await).await;
    assert!(page.contains("Xero is connected"));
    let page = text(stranger.get(&world.at(&first)).await).await;
    assert!(!page.contains("Ada") && !page.contains("/status/"));
}

#[actix_web::test]
async fn a_callback_from_nowhere_or_too_late_leads_to_a_page_and_to_no_call() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "zoho").await;
    let mut browser = Browser::default();
    for nowhere in ["", "?state=x&code=y", "?state=a&state=b&code=c", "?error=access_denied&redirect=https://evil.example"] {
        let answer = browser.get(&world.at(&format!("/oauth/zoho/callback{nowhere}"))).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        assert!(place(&answer).starts_with("/connect/problem/"), "{nowhere}");
    }
    let callback = browser.callback(&link, "", "allow").await;
    world.clock.advance(Duration::from_secs(601));
    assert!(place(&browser.get(&callback).await).contains("expired"));
    assert_eq!(world.count("/oauth/v2/token").await, 0);
}

#[actix_web::test]
async fn zohos_data_centre_is_looked_up_and_never_believed() {
    let world = World::new().await;
    world.control("/_sandbox/zoho/user", json!({"dc": "us", "organizations": ["Ada US"]})).await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "zoho").await;
    let mut browser = Browser::default();
    let callback = browser.callback(&link, "", "allow").await;
    let forged = callback.replace("location=us", "location=evil");
    assert!(place(&browser.get(&forged).await).contains("unknown-region"));
    let callback = browser.callback(&link, "", "allow").await;
    let forged = replaced(&callback, "accounts-server", "http://127.0.0.1:9/evil");
    let end = browser.follow(browser.get(&forged).await).await;
    assert!(end.page.contains("Ada US"), "{}", end.page);
    let found = world.connection(tenant, "zoho").await.unwrap();
    assert!(found.api_base.contains("/zoho/us/api") && found.web_base.contains("/zoho/us/web"));
}

#[actix_web::test]
async fn several_organisations_are_chosen_from_and_an_abandoned_choice_is_handed_back() {
    let world = World::new().await;
    world.control("/_sandbox/zoho/user", json!({"organizations": ["One", "Two <b>", "Three"]})).await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "zoho").await;
    let mut browser = Browser::default();
    let end = browser.allow(&link, "", "allow").await;
    assert!(end.url.contains("/connect/choose?s="), "{}", end.url);
    assert!(end.page.contains("Two &#60;b&#62;"), "{}", end.page);
    assert_eq!(world.grants(tenant).await, ["choosing"]);
    let stranger = Browser::default();
    assert!(place(&stranger.get(&end.url).await).contains("wrong-browser"));

    let answer = browser.choose(&end.url, "999").await;
    assert!(place(&answer).contains("/connect/choose"));
    assert!(world.connection(tenant, "zoho").await.is_none());
    let id = choice(&end.page, "Two");
    let done = browser.follow(browser.choose(&end.url, &id).await).await;
    assert!(done.page.contains("Zoho is connected"), "{}", done.page);
    assert_eq!(world.connection(tenant, "zoho").await.unwrap().name, "Two <b>");
    assert_eq!(place(&browser.choose(&end.url, &id).await), place_of(&done.url));

    let other = world.tenant("Bob").await;
    let link = world.link(other, "zoho").await;
    let end = browser.allow(&link, "", "allow").await;
    assert!(end.url.contains("/connect/choose"), "{}", end.url);
    // With its mark-up: the page's address is chance, and has had the three letters in it.
    assert!(!end.page.contains("Two &#60;b&#62;"), "another customer's organisation is offered: {}", end.page);
    world.clock.advance(Duration::from_secs(601));
    assert!(place(&browser.get(&end.url).await).contains("expired"));
    assert_eq!(world.grants(other).await, Vec::<String>::new());
    assert_eq!(world.count("/oauth/v2/token/revoke").await, 1);
}

#[actix_web::test]
async fn clicking_twice_on_a_choice_connects_and_says_so_twice() {
    let world = World::new().await;
    world.control("/_sandbox/zoho/user", json!({"organizations": ["One", "Two"]})).await;
    for name in ["Ada", "Bob"] {
        let tenant = world.tenant(name).await;
        let link = world.link(tenant, "zoho").await;
        let mut browser = Browser::default();
        let end = browser.allow(&link, "", "allow").await;
        if name == "Bob" {
            // Only one is free by now: there is nothing to choose.
            assert!(end.url.contains("/connect/done"), "{}", end.url);
            continue;
        }
        let id = choice(&end.page, "Two");
        let clicks = futures::future::join_all((0..5).map(|_| browser.choose(&end.url, &id))).await;
        for click in clicks {
            assert!(place(&click).contains("/connect/done"), "{}", place(&click));
            assert!(browser.follow(click).await.page.contains("Zoho is connected"));
        }
        assert_eq!(world.grants(tenant).await, ["live"]);
        assert!(world.works(tenant, "zoho").await);
        world.clock.advance(Duration::from_secs(601));
        assert!(place(&browser.choose(&end.url, &id).await).contains("/connect/done"));
    }
}

#[actix_web::test]
async fn an_organisation_belongs_to_one_customer() {
    let world = World::new().await;
    let (ada, bob) = (world.tenant("Ada").await, world.tenant("Bob").await);
    let mut browser = Browser::default();
    for (side, organisation) in [("xero", "CloudPerfect"), ("zoho", "")] {
        let link = world.link(ada, side).await;
        assert!(browser.allow(&link, organisation, "allow").await.url.contains("/connect/done"));
        let link = world.link(bob, side).await;
        let end = browser.allow(&link, organisation, "allow").await;
        assert!(end.url.contains("/connect/problem/organisation-taken"), "{}", end.url);
        assert!(world.connection(bob, side).await.is_none());
        assert!(world.works(ada, side).await, "{side}: Ada's own access died");
        assert_eq!(look(&browser, &link).await.0, StatusCode::OK, "Bob's link still works");
    }
    assert_eq!(world.grants(bob).await, Vec::<String>::new());
    assert_eq!(world.grants(ada).await, ["live", "live"]);
}

#[actix_web::test]
async fn reconnecting_keeps_the_connection_and_refuses_another_organisation() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let mut browser = Browser::default();
    let link = world.link(tenant, "xero").await;
    browser.allow(&link, "CloudPerfect", "allow").await;
    let before = world.connection(tenant, "xero").await.unwrap();

    let link = world.link(tenant, "xero").await;
    let end = browser.allow(&link, "Training", "allow").await;
    assert!(end.url.contains("/connect/problem/other-organisation"), "{}", end.url);
    assert_eq!(world.connection(tenant, "xero").await.unwrap(), before);
    assert!(world.works(tenant, "xero").await);

    for keeps_event in [true, false] {
        world.control("/_sandbox/switches", json!({"xero.reconnect_keeps_event": keeps_event})).await;
        let link = world.link(tenant, "xero").await;
        let end = browser.allow(&link, "CloudPerfect", "allow").await;
        assert!(end.url.contains("/connect/done"), "{}", end.url);
        let after = world.connection(tenant, "xero").await.unwrap();
        assert_eq!(after.id, before.id);
        assert_ne!(after.grant_id, before.grant_id);
        assert!(world.works(tenant, "xero").await);
    }
}

#[actix_web::test]
async fn a_connection_that_staff_ended_makes_room_for_another_organisation() {
    let world = World::new().await;
    world.control("/_sandbox/zoho/user", json!({"organizations": ["One", "Two"]})).await;
    let tenant = world.tenant("Ada").await;
    let mut browser = Browser::default();
    browser.allow(&world.link(tenant, "xero").await, "CloudPerfect", "allow").await;
    let end = browser.allow(&world.link(tenant, "zoho").await, "", "allow").await;
    browser.choose(&end.url, &choice(&end.page, "One")).await;
    let (xero, one) = (world.live(tenant, "xero").await, world.live(tenant, "zoho").await);
    let first_link = world.joined(tenant).await.remove(0);

    // Broken is not ended: the same one is expected back, and no question asked.
    world.set_grant(tenant, one.grant_id, "needs_reconnect").await;
    let end = browser.allow(&world.link(tenant, "zoho").await, "", "allow").await;
    assert!(end.url.contains("/connect/done"), "{}", end.url);
    assert_eq!(world.live(tenant, "zoho").await.id, one.id);

    // Another Zoho organisation: the customer is asked, although the login reaches the old one too.
    jobs::connections::disconnect(&world.state, tenant, one.id, &jobs::audit::Author::operator()).await.unwrap();
    let end = browser.allow(&world.link(tenant, "zoho").await, "", "allow").await;
    assert!(end.page.contains("One") && end.url.contains("/connect/choose"), "{}", end.url);
    browser.choose(&end.url, &choice(&end.page, "Two")).await;
    let two = world.live(tenant, "zoho").await;
    assert_eq!((two.name.as_str(), two.id == one.id), ("Two", false));
    assert!(world.works_of(&two).await);
    let links = world.joined(tenant).await;
    assert_eq!(links.len(), 2);
    let old = links.iter().find(|link| link.id == first_link.id).unwrap();
    assert_eq!(old.state, "resting", "the old link stays as it is");
    let new = links.iter().find(|link| link.id != first_link.id).unwrap();
    assert_eq!((new.state.as_str(), new.zoho_connection_id, new.xero_connection_id), ("provisioning", two.id, xero.id));

    // Another Xero organisation.
    jobs::connections::disconnect(&world.state, tenant, xero.id, &jobs::audit::Author::operator()).await.unwrap();
    let end = browser.allow(&world.link(tenant, "xero").await, "Training", "allow").await;
    assert!(end.url.contains("/connect/done"), "{}", end.url);
    assert!(world.live(tenant, "xero").await.name.contains("Training"));

    // Back to the first: row, link and all that was carried are known again.
    jobs::connections::disconnect(&world.state, tenant, two.id, &jobs::audit::Author::operator()).await.unwrap();
    jobs::connections::disconnect(&world.state, tenant, world.live(tenant, "xero").await.id, &jobs::audit::Author::operator())
        .await
        .unwrap();
    browser.allow(&world.link(tenant, "xero").await, "CloudPerfect", "allow").await;
    let end = browser.allow(&world.link(tenant, "zoho").await, "", "allow").await;
    browser.choose(&end.url, &choice(&end.page, "One")).await;
    assert_eq!((world.live(tenant, "xero").await.id, world.live(tenant, "zoho").await.id), (xero.id, one.id));
    let again = world.joined(tenant).await.into_iter().find(|link| link.id == first_link.id).unwrap();
    assert_eq!(again.state, "provisioning");
}

#[actix_web::test]
async fn an_organisation_is_free_for_another_customer_once_its_connection_was_ended() {
    let world = World::new().await;
    let (ada, bob) = (world.tenant("Ada").await, world.tenant("Bob").await);
    let mut browser = Browser::default();
    for (side, organisation) in [("xero", "CloudPerfect"), ("zoho", "")] {
        browser.allow(&world.link(ada, side).await, organisation, "allow").await;
        let held = world.live(ada, side).await;
        world.set_grant(ada, held.grant_id, "needs_reconnect").await;
        let end = browser.allow(&world.link(bob, side).await, organisation, "allow").await;
        assert!(end.url.contains("organisation-taken"), "a broken connection was given away: {}", end.url);
        world.set_grant(ada, held.grant_id, "live").await;

        jobs::connections::disconnect(&world.state, ada, held.id, &jobs::audit::Author::operator()).await.unwrap();
        let end = browser.allow(&world.link(bob, side).await, organisation, "allow").await;
        assert!(end.url.contains("/connect/done"), "{side}: {}", end.url);
        let now = world.live(bob, side).await;
        assert_eq!(now.organisation_id, held.organisation_id);
        assert!(world.works_of(&now).await);
        assert_eq!(world.connection(ada, side).await.unwrap().state, "removed");
        // And it is Bob's: Ada does not get it back by asking.
        let end = browser.allow(&world.link(ada, side).await, organisation, "allow").await;
        assert!(end.url.contains("organisation-taken"), "{side}: {}", end.url);
        assert!(world.works_of(&now).await);
    }
}

#[actix_web::test]
async fn a_provider_in_trouble_connects_nothing_and_the_link_still_works() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let mut browser = Browser::default();
    for (side, organisation, path, kind) in [
        ("xero", "CloudPerfect", "/connect/token", "html"),
        ("xero", "CloudPerfect", "/connections", "status"),
        ("xero", "CloudPerfect", "/Organisation", "truncated_json"),
        ("zoho", "", "/oauth/v2/token", "reset_after"),
        ("zoho", "", "/organizations", "status"),
    ] {
        let fault = json!([{"match": {"path_contains": path}, "kind": kind, "code": 500, "times": 9}]);
        world.control("/_sandbox/faults", fault).await;
        let link = world.link(tenant, side).await;
        let end = browser.allow(&link, organisation, "allow").await;
        assert!(end.url.contains("/connect/problem/out-of-reach"), "{path} {kind}: {}", end.url);
        world.control("/_sandbox/faults", json!([])).await;
        assert_eq!(look(&browser, &link).await.0, StatusCode::OK);
    }
    assert_eq!(world.grants(tenant).await, Vec::<String>::new());
}

#[actix_web::test]
async fn a_consent_whose_tokens_cannot_be_checked_is_asked_about_again_and_then_taken_back() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let mut browser = Browser::default();
    let link = world.link(tenant, "xero").await;
    for (times, end_of_it) in [(9, "/connect/problem/out-of-reach"), (2, "/connect/done")] {
        let fault = json!([{"match": {"path_contains": "/.well-known/"}, "kind": "status", "code": 500, "times": times}]);
        world.control("/_sandbox/faults", fault).await;
        let end = browser.allow(&link, "CloudPerfect", "allow").await;
        assert!(end.url.contains(end_of_it), "{times}: {}", end.url);
        world.control("/_sandbox/faults", json!([])).await;
        let taken_back =
            world.log().await.iter().filter(|line| line.starts_with("DELETE ") && line.contains("/connections/")).count();
        assert_eq!(taken_back, 1, "{:?}", world.log().await);
    }
    assert!(world.works(tenant, "xero").await);
}

#[actix_web::test]
async fn one_wins_when_a_link_is_used_many_times_at_once() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let link = world.link(tenant, "zoho").await;
    let mut callbacks = Vec::new();
    for _ in 0..8 {
        let mut browser = Browser::default();
        let callback = browser.callback(&link, "", "allow").await;
        callbacks.push((browser, callback));
    }
    let answers = futures::future::join_all(callbacks.iter().map(|(browser, callback)| browser.get(callback))).await;
    let won = answers.iter().filter(|answer| place(answer).contains("/connect/done")).count();
    let lost = answers.iter().filter(|answer| place(answer).contains("link-used")).count();
    assert_eq!((won, lost), (1, 7));
    assert_eq!(world.grants(tenant).await, ["live"]);
    assert!(world.works(tenant, "zoho").await);
}

#[actix_web::test]
async fn the_progress_page_is_only_for_who_has_its_address() {
    let world = World::new().await;
    let tenant = world.tenant("Ada").await;
    let key = world.state.tenant_key(tenant).await.unwrap();
    let browser = Browser::default();
    let answer = browser.get(&world.at("/status/unknown")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = browser.get(&world.at("/status/unknown/events")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let own = world.at(&format!("/status/{}", key.token("status")));
    let answer = browser.get(&own).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    let mut events = browser.get(&format!("{own}/events")).await;
    assert_eq!(events.headers()["content-type"], "text/event-stream; charset=utf-8");
    let first = events.chunk().await.unwrap().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    let event: Value = serde_json::from_str(first.strip_prefix("data: ").unwrap().trim()).unwrap();
    assert_eq!(event["run"], Value::Null);
    let page = text(answer).await;
    assert!(page.contains(event["shape"].as_str().unwrap()));
    for asset in ["href=\"/assets/", "src=\"/assets/"] {
        let path = format!("/assets/{}", between(&page, asset, "\""));
        let answer = browser.get(&world.at(&path)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    }
}

/// The server, the sandbox, a clock that can be moved.
struct World {
    state: State,
    clock: Arc<MovableClock>,
    sandbox: Option<Sandbox>,
    server: ServerHandle,
    base: String,
    sandbox_base: String,
    _folder: tempfile::TempDir,
    http: reqwest::Client,
}

impl World {
    async fn new() -> Self {
        let sandbox = sandbox::start(Options::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("c.db").display());
        let own = [
            ("DATABASE_URL", url.clone()),
            ("PUBLIC_URL", base.clone()),
            ("MASTER_KEYS", MasterKeys::generate("k1", &SystemChance)),
            ("MAIL_FROM", "CloudPerfect <connect@example.com>".to_owned()),
            ("JWT_KEYS", "secret:a development secret of many characters".to_owned()),
        ];
        let environment: BTreeMap<String, String> = sandbox.environment().into_iter().collect();
        let sandbox_base = environment["XERO_LOGIN_URL"].strip_suffix("/xero/login").unwrap().to_owned();
        let pairs = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        let raw = Raw::from_pairs(environment.clone().into_iter().chain(pairs));
        let settings = Settings::check(&raw).unwrap_or_else(|problems| panic!("{problems}"));
        let pool = database::open_current(&url, true).await.unwrap();
        let clock = Arc::new(MovableClock::default());
        let context = context(&settings, pool, clock.clone(), Arc::new(SystemChance));
        let state = State::new(context, settings).await.unwrap();
        let (server, _) = server::start(state.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            state,
            clock,
            sandbox: Some(sandbox),
            server: handle,
            base,
            sandbox_base,
            _folder: folder,
            http: reqwest::Client::new(),
        }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn tenant(&self, name: &str) -> TenantId {
        let newcomer = onboarding::Newcomer::parse(name, "ada@example.com", "nz", &["books".into()]).unwrap();
        onboarding::onboard(&self.state, newcomer, &jobs::audit::Author::worker()).await.unwrap().id
    }

    /// A new link, as a letter would carry it.
    async fn link(&self, tenant: TenantId, provider: &str) -> String {
        let transaction = begin_write(&self.state.database).await.unwrap();
        let (link, _) = jobs::connections::invite(&transaction, &self.state, tenant, provider).await.unwrap();
        transaction.commit().await.unwrap();
        link.into()
    }

    async fn connection(&self, tenant: TenantId, provider: &str) -> Option<connection::Model> {
        connection::Entity::of(tenant).filter(connection::Column::Provider.eq(provider)).one(&self.state.database).await.unwrap()
    }

    /// The one connection of this side.
    async fn live(&self, tenant: TenantId, provider: &str) -> connection::Model {
        let found = connection::Entity::of(tenant)
            .filter(connection::Column::Provider.eq(provider))
            .filter(connection::Column::State.eq("live"));
        let mut found = found.all(&self.state.database).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    async fn joined(&self, tenant: TenantId) -> Vec<link::Model> {
        link::Entity::of(tenant).all(&self.state.database).await.unwrap()
    }

    async fn set_grant(&self, tenant: TenantId, id: GrantId, state: &str) {
        use sea_orm::EntityTrait;
        grant::Entity::update_many()
            .col_expr(grant::Column::State, sea_orm::sea_query::Expr::value(state))
            .filter(grant::Column::TenantId.eq(tenant))
            .filter(grant::Column::Id.eq(id))
            .exec(&self.state.database)
            .await
            .unwrap();
    }

    async fn grants(&self, tenant: TenantId) -> Vec<String> {
        let grants = grant::Entity::of(tenant).all(&self.state.database).await.unwrap();
        grants.into_iter().map(|grant| grant.state).collect()
    }

    /// Whether the stored tokens still open the organisation.
    async fn works(&self, tenant: TenantId, provider: &str) -> bool {
        self.works_of(&self.connection(tenant, provider).await.unwrap()).await
    }

    async fn works_of(&self, found: &connection::Model) -> bool {
        let token = jobs::tokens::fresh(&self.state, found.tenant_id, found.grant_id).await.unwrap();
        let jobs::tokens::Access::Token { access, .. } = token else { return false };
        let api: Url = found.api_base.parse().unwrap();
        match found.provider.as_str() {
            "xero" => {
                connectors::xero::Client::new(&self.state.http, &api, &found.organisation_id, access).organisation().await.is_ok()
            }
            _ => connectors::zoho::Client::new(&self.state.http, &api, &connectors::zoho::BOOKS, &found.organisation_id, access)
                .organisation()
                .await
                .is_ok(),
        }
    }

    async fn set_consent(&self, tenant: TenantId, state: &str) {
        use sea_orm::EntityTrait;
        consent::Entity::update_many()
            .col_expr(consent::Column::State, sea_orm::sea_query::Expr::value(state))
            .filter(consent::Column::TenantId.eq(tenant))
            .exec(&self.state.database)
            .await
            .unwrap();
    }

    async fn control(&self, path: &str, body: Value) {
        let answer = self.http.post(format!("{}{path}", self.sandbox_base)).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    /// How many requests of the sandbox's log have a path with this ending.
    async fn count(&self, ending: &str) -> usize {
        self.log().await.iter().filter(|endpoint| endpoint.ends_with(ending)).count()
    }

    /// `GET /path`, one a request.
    async fn log(&self) -> Vec<String> {
        let url = format!("{}/_sandbox/requests?tail=1000", self.sandbox_base);
        let log: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let tail = log["log"].as_array().unwrap_or_else(|| panic!("{log}"));
        tail.iter().map(|entry| entry["endpoint"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let server = self.server.clone();
        actix_web::rt::spawn(async move { server.stop(false).await });
        if let Some(sandbox) = self.sandbox.take() {
            actix_web::rt::spawn(sandbox.stop());
        }
    }
}

/// A browser that keeps our cookie and fills in forms.
struct Browser {
    http: reqwest::Client,
    cookie: Option<String>,
}

struct End {
    url: String,
    page: String,
}

impl Default for Browser {
    fn default() -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { http, cookie: None }
    }
}

impl Browser {
    async fn get(&self, url: &str) -> Response {
        self.with_cookie(self.http.get(url)).send().await.unwrap()
    }

    fn with_cookie(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("{COOKIE}={cookie}")),
            None => request,
        }
    }

    /// From the link to where the provider sends back to.
    async fn callback(&mut self, link: &str, organisation: &str, action: &str) -> String {
        let answer = self.with_cookie(self.http.post(link)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"));
        self.cookie = Some(between(&cookie, &format!("{COOKIE}="), ";").to_owned());
        let mut url: Url = answer.headers()["location"].to_str().unwrap().parse().unwrap();
        for pair in ["state", "code_challenge"] {
            assert!(url.query_pairs().any(|(key, value)| key == pair && value.len() == 43));
        }
        let mut page = text(self.http.get(url.clone()).send().await.unwrap()).await;
        loop {
            let to = url.join(&unescaped(between(&page, "action=\"", "\""))).unwrap();
            let mut fields = vec![("action".to_owned(), action.to_owned())];
            for input in page.split("<input ").skip(1) {
                let input = input.split('>').next().unwrap();
                if input.contains("name=\"") && input.contains("value=\"") {
                    fields.push((between(input, "name=\"", "\"").to_owned(), unescaped(between(input, "value=\"", "\""))));
                }
            }
            for option in page.split("<option value=\"").skip(1) {
                if !organisation.is_empty() && option.split("</option>").next().unwrap().contains(organisation) {
                    fields.push(("tenant".to_owned(), option.split('"').next().unwrap().to_owned()));
                }
            }
            let answer = self.http.post(to.clone()).form(&fields).send().await.unwrap();
            if answer.status() == StatusCode::FOUND {
                return answer.headers()["location"].to_str().unwrap().to_owned();
            }
            assert_eq!(answer.status(), StatusCode::OK);
            url = to;
            page = text(answer).await;
        }
    }

    /// From the link to our last page.
    async fn allow(&mut self, link: &str, organisation: &str, action: &str) -> End {
        let callback = self.callback(link, organisation, action).await;
        let answer = self.get(&callback).await;
        assert_eq!(answer.status(), StatusCode::FOUND);
        self.follow(answer).await
    }

    async fn follow(&self, answer: Response) -> End {
        let url = answer.url().join(&place(&answer)).unwrap().to_string();
        let answer = self.get(&url).await;
        assert_eq!(answer.status(), StatusCode::OK);
        End { url, page: text(answer).await }
    }

    async fn choose(&self, url: &str, organisation: &str) -> Response {
        let answer = self.with_cookie(self.http.post(url)).form(&[("organisation", organisation)]);
        answer.send().await.unwrap()
    }
}

async fn look(browser: &Browser, url: &str) -> (StatusCode, String) {
    let answer = browser.get(url).await;
    (answer.status(), text(answer).await)
}

async fn text(answer: Response) -> String {
    answer.text().await.unwrap()
}

fn place(answer: &Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn place_of(url: &str) -> String {
    let url: Url = url.parse().unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} is not in\n{text}")).1;
    rest.split(after).next().unwrap()
}

fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&#38;", "&").replace("&quot;", "\"")
}

/// The value of the choice with this name.
fn choice(page: &str, name: &str) -> String {
    page.split("value=\"")
        .skip(1)
        .find(|part| part.split("</label>").next().unwrap().contains(name))
        .map(|part| part.split('"').next().unwrap().to_owned())
        .unwrap()
}

fn replaced(url: &str, parameter: &str, value: &str) -> String {
    let mut url: Url = url.parse().unwrap();
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(key, old)| (key.to_string(), if key == parameter { value.to_owned() } else { old.to_string() }))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url.into()
}
