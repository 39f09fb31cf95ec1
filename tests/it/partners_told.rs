//! Partners are told of what happens to their customers: signed, again until it is taken, and again when they ask.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tests::receiver::{Arrived, Receiver};
use tests::{Connected, World, eventually};

use crate::partners::{ALL, Program, ask, get, problem, program, read, sign_in};

const EVERYTHING: [&str; 4] = ["link.ready", "run.finished", "hold.opened", "connection.lost"];

struct Partner {
    program: Program,
    receiver: Receiver,
    /// Its webhook's id and secret.
    webhook: String,
    secret: String,
}

impl Partner {
    async fn new(world: &World, tenants: &[&str], events: &[&str]) -> Self {
        let (program, receiver) = (program(world, "Kea Partners", tenants, &ALL).await, Receiver::new().await);
        let wish = json!({ "url": receiver.url, "events": events });
        let (status, made) = post(world, &program.token, "/api/v1/webhooks", wish).await;
        assert_eq!(status, 201, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self { webhook: text("id"), secret: text("secret"), program, receiver }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/webhooks/{}{rest}", self.webhook)
    }

    /// A token lives a quarter of an hour, and stories go through days.
    async fn token(&self, world: &World) -> String {
        let (status, answer) = sign_in(world, &self.program.id, &self.program.secret).await;
        assert_eq!(status, 200, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn messages(&self, world: &World) -> Vec<Value> {
        let (status, page) = get(world, &self.token(world).await, &self.path("/messages")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }

    /// Waits for so many messages of a kind, and checks each.
    async fn told(&self, event: &str, count: usize) -> Vec<Arrived> {
        let told = eventually("the partner is told", async || {
            let told = self.receiver.of(event);
            (told.len() >= count).then_some(told)
        })
        .await;
        assert_eq!(told.len(), count, "{told:#?}");
        assert!(told.iter().all(|one| one.is_signed_with(&self.secret)), "{told:#?}");
        told
    }
}

async fn post(world: &World, token: &str, path: &str, body: Value) -> (u16, Value) {
    read(ask(world, token, Method::POST, path).json(&body).send().await.unwrap()).await
}

async fn share(world: &World, program: &Program, given: &[&str], taken: &[&str]) {
    let asked = "{ apiClients { nodes { id partner { id } } } }";
    let found = world.staff.data(asked, json!({})).await.unwrap();
    let all = found["apiClients"]["nodes"].as_array().unwrap();
    let partner = &all.iter().find(|one| one["id"] == program.id.as_str()).unwrap()["partner"]["id"];
    let mutation = "mutation($partner: ID!, $give: [ID!]!, $take: [ID!]!) { shareTenants(partnerId: $partner, give: $give, take: $take) { partner { id } } }";
    world.staff.data(mutation, json!({ "partner": partner, "give": given, "take": taken })).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_told_of_a_customers_link_holds_run_and_lost_access_and_can_prove_who_said_so() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let partner = Partner::new(&world, &[], &EVERYTHING).await;
    let tenant = world.staff.onboard("Brusch & Daughters Ltd", &world.customer.email, "nz").await.unwrap();
    share(&world, &partner.program, &[&tenant], &[]).await;
    let links = world.customer.letter(1).await.unwrap().consent_links();
    for (link, organisation) in [(&links[0], tests::COMPANY), (&links[1], "")] {
        world.customer.allow(link, organisation).await.unwrap();
    }
    let link = world.ready(&tenant).await;
    let connected = Connected { tenant: tenant.clone(), link };
    let bare = |id: &str| id.rsplit(':').next().unwrap().to_owned();
    let ready = partner.told("link.ready", 1).await.remove(0).json();
    assert_eq!(ready["data"], json!({ "tenantId": tenant, "linkId": bare(&connected.link) }));
    assert!(ready["timestamp"].as_str().unwrap().ends_with('Z'), "{ready}");

    // Nothing may be made in Zoho that is not there: records are held.
    let (run, progress) = world.run("syncNow", &connected).await;
    let finished = partner.told("run.finished", 1).await.remove(0).json();
    let wanted = json!({
        "tenantId": tenant, "linkId": bare(&connected.link), "runId": bare(&run), "kind": "SYNC", "state": "DONE", "clean": null,
    });
    assert_eq!(finished["data"], wanted);
    assert!(partner.receiver.of("hold.opened").is_empty(), "they are gathered first");
    world.advance(Duration::from_secs(61)).await;
    let held = partner.told("hold.opened", 1).await.remove(0).json();
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let codes = held["data"]["codes"].as_object().unwrap();
    assert!(
        !holds.is_empty() && codes.values().map(|n| n.as_u64().unwrap()).sum::<u64>() == holds.len() as u64,
        "{held} {progress:#}"
    );
    for hold in &holds {
        assert!(codes.contains_key(hold["code"].as_str().unwrap()), "{held}");
    }
    assert_eq!(held["data"]["count"], holds.len());

    let (run, progress) = world.migrate(&connected).await;
    let finished = partner.told("run.finished", 2).await.remove(1).json();
    assert_eq!((&finished["data"]["kind"], &finished["data"]["clean"]), (&json!("MIGRATION"), &progress["clean"]), "{run}");

    world.stage.control("zoho/revoke", json!({})).await.unwrap();
    world.advance(Duration::from_secs(3601)).await;
    world.staff.start("syncNow", &connected.link).await.unwrap();
    let lost = partner.told("connection.lost", 1).await.remove(0).json();
    assert_eq!(lost["data"], json!({ "tenantId": tenant, "provider": "ZOHO", "mustReconnect": true }));

    let told = partner.receiver.arrived();
    let mut ids: Vec<&str> = told.iter().map(Arrived::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "each message once");
    assert!(told.iter().all(|one| one.headers["content-type"] == "application/json"));
    let forged = Arrived { body: told[0].body.replace("true", "false").replace('Z', "z"), ..told[0].clone() };
    assert!(!forged.is_signed_with(&partner.secret));
    for names in ["Brusch", &world.customer.email] {
        assert!(told.iter().all(|one| !one.body.contains(names)), "only ids and counts: {told:#?}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_is_sent_again_with_growing_pauses_and_can_be_asked_for_when_it_was_given_up() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let partner = Partner::new(&world, &[&connected.tenant], &["run.finished"]).await;
    partner.receiver.answers(&[500, 302, 429]);
    world.run("reconcile", &connected).await;
    // After 5 seconds, 5 minutes, 30 minutes, up to a tenth longer.
    for (attempt, pause_s) in [(2, 6), (3, 331), (4, 1981)] {
        eventually("it was tried", async || (partner.receiver.arrived().len() == attempt - 1).then_some(())).await;
        eventually("that is noted", async || (partner.messages(&world).await[0]["attempts"] == attempt - 1).then_some(())).await;
        world.advance(Duration::from_secs(pause_s)).await;
    }
    let told = partner.told("run.finished", 4).await;
    assert!(told.iter().all(|one| one.id() == told[0].id() && one.body == told[0].body), "the same each time");
    assert_eq!(told.iter().map(|one| one.answered).collect::<Vec<_>>(), [500, 302, 429, 204]);
    let times: Vec<i64> = told.iter().map(|one| one.headers["webhook-timestamp"].parse().unwrap()).collect();
    assert!(times[1] - times[0] >= 5 && times[2] - times[1] >= 300 && times[3] - times[2] >= 1800, "{times:?}");
    let delivered = eventually("it is delivered", async || {
        let message = partner.messages(&world).await.remove(0);
        (message["state"] == "DELIVERED").then_some(message)
    })
    .await;
    assert_eq!((&delivered["attempts"], &delivered["status"], &delivered["id"]), (&json!(4), &json!(204), &json!(told[0].id())));
    assert_eq!(delivered["body"], told[0].json());

    // "Gone" switches it off; what happens meanwhile waits to be asked for.
    partner.receiver.answers(&[410]);
    world.run("reconcile", &connected).await;
    let shown = eventually("it is off", async || {
        let (_, shown) = get(&world, &partner.token(&world).await, &partner.path("")).await;
        (shown["enabled"] == false).then_some(shown)
    })
    .await;
    assert!(shown["reason"].as_str().unwrap().contains("410"), "{shown}");
    world.run("reconcile", &connected).await;
    let states = |messages: &[Value]| messages.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let given_up = partner.messages(&world).await;
    assert_eq!(states(&given_up), ["GIVEN_UP", "GIVEN_UP", "DELIVERED"]);
    assert_eq!(given_up[0]["error"], "The endpoint was off.");
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    assert_eq!(
        post(&world, &partner.token(&world).await, &partner.path("/replay"), since.clone()).await.0,
        409,
        "while it is off"
    );
    let on = json!({ "enabled": true });
    let (status, shown) =
        read(ask(&world, &partner.token(&world).await, Method::PATCH, &partner.path("")).json(&on).send().await.unwrap()).await;
    assert_eq!((status, &shown["enabled"], &shown["reason"]), (200, &json!(true), &Value::Null), "{shown}");
    let (status, replayed) = post(&world, &partner.token(&world).await, &partner.path("/replay"), since).await;
    assert_eq!((status, &replayed["replayed"]), (200, &json!(2)));
    partner.told("run.finished", 7).await;
    let again = format!("/messages/{}/replay", told[0].id());
    assert_eq!(post(&world, &partner.token(&world).await, &partner.path(&again), json!({})).await.0, 200);
    let told = partner.told("run.finished", 8).await;
    assert_eq!(told[7].id(), told[0].id(), "asked for by its name, it comes under its own");

    // A message that nobody takes is given up after its tenth attempt, and an endpoint that took nothing for five days is switched off.
    partner.receiver.answers(&[500; 40]);
    let before = partner.receiver.arrived().len();
    world.run("reconcile", &connected).await;
    eventually("it is given up", async || {
        world.advance(Duration::from_secs(3600)).await;
        // An hour may be shorter than the next pause: nothing is hurried by looking.
        tokio::time::sleep(Duration::from_millis(30)).await;
        (partner.messages(&world).await[0]["state"] == "GIVEN_UP").then_some(())
    })
    .await;
    let message = partner.messages(&world).await.remove(0);
    assert_eq!((&message["attempts"], partner.receiver.arrived().len() - before), (&json!(10), 10), "{message}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_ends_when_the_partner_says_so_and_a_key_that_is_gone_switches_off() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let partner = Partner::new(&world, &[&connected.tenant], &["run.finished"]).await;
    let attempts = async |count: i64| {
        eventually("the attempt is noted", async || (partner.messages(&world).await[0]["attempts"] == count).then_some(())).await
    };
    partner.receiver.answers(&[500, 500, 503]);
    world.run("reconcile", &connected).await;
    attempts(1).await;
    // The second rest is of five minutes: longer than anybody here waits.
    world.advance(Duration::from_secs(6)).await;
    attempts(2).await;
    let (_, shown) = get(&world, &partner.token(&world).await, &partner.path("")).await;
    assert!(shown["failingSince"].is_string() && shown["restsUntil"].is_string(), "{shown}");
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    assert_eq!(post(&world, &partner.token(&world).await, &partner.path("/replay"), since).await.1["replayed"], 0);
    partner.told("run.finished", 3).await;
    attempts(3).await;
    let again =
        ask(&world, &partner.token(&world).await, Method::PATCH, &partner.path("")).json(&json!({})).send().await.unwrap();
    assert!(read(again).await.1["restsUntil"].is_null());
    partner.told("run.finished", 4).await;
    eventually("it is delivered", async || (partner.messages(&world).await[0]["state"] == "DELIVERED").then_some(())).await;

    // What it is signed with no longer opens: nothing is tried without end, and a new secret mends it.
    let database = &world.stage.context.database;
    let spoil = "UPDATE endpoint SET secret = $1";
    let spoil = entities::database::sql(database.get_database_backend(), spoil, vec![b"lost.0123".to_vec().into()]);
    database.execute_raw(spoil).await.unwrap();
    world.run("reconcile", &connected).await;
    // Another process may have a newer key than we: for an hour it may still come.
    eventually("it waits for the key", async || {
        let text = "SELECT COUNT(*) AS n FROM message WHERE state = 'waiting' AND due_at > begun_at + 30000000";
        (world.rows(text).await == 1).then_some(())
    })
    .await;
    let (_, shown) = get(&world, &partner.token(&world).await, &partner.path("")).await;
    assert_eq!(shown["enabled"], true, "{shown}");
    world.advance(Duration::from_secs(3600)).await;
    let off = eventually("it is off", async || {
        let (_, shown) = get(&world, &partner.token(&world).await, &partner.path("")).await;
        (shown["enabled"] == false).then_some(shown)
    })
    .await;
    assert!(off["reason"].as_str().unwrap().contains("secret"), "{off}");
    eventually("it is given up", async || (partner.messages(&world).await[0]["state"] == "GIVEN_UP").then_some(())).await;
    let (status, renewed) = post(&world, &partner.token(&world).await, &partner.path("/secret"), json!({})).await;
    assert_eq!(status, 200, "{renewed}");
    let on = json!({ "enabled": true });
    ask(&world, &partner.token(&world).await, Method::PATCH, &partner.path("")).json(&on).send().await.unwrap();
    let since = json!({ "since": "2020-01-01T00:00:00Z" });
    assert_eq!(post(&world, &partner.token(&world).await, &partner.path("/replay"), since).await.1["replayed"], 1);
    let told = eventually("it is told", async || partner.receiver.arrived().get(4).cloned()).await;
    assert!(told.is_signed_with(renewed["secret"].as_str().unwrap()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_customer_or_was_shown_out_is_told_nothing_more() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let kept = Partner::new(&world, &[&connected.tenant], &["run.finished"]).await;
    let lost = Partner::new(&world, &[&connected.tenant], &["run.finished"]).await;
    let shown_out = Partner::new(&world, &[&connected.tenant], &["run.finished"]).await;
    let other = Partner::new(&world, &[&connected.tenant], &["link.ready"]).await;
    for one in [&lost, &shown_out] {
        one.receiver.answers(&[500]);
    }
    world.run("reconcile", &connected).await;
    for one in [&kept, &lost, &shown_out] {
        one.told("run.finished", 1).await;
    }
    share(&world, &lost.program, &[], &[&connected.tenant]).await;
    let revoke = "mutation($id: ID!) { revokeApiClient(id: $id) { apiClient { id } } }";
    world.staff.data(revoke, json!({ "id": shown_out.program.id })).await.unwrap();
    assert_eq!(lost.messages(&world).await, Vec::<Value>::new(), "what was told of the customer is not shown any more");
    world.advance(Duration::from_secs(10)).await;
    world.run("reconcile", &connected).await;
    kept.told("run.finished", 2).await;
    eventually("nothing waits", async || {
        (world.rows("SELECT COUNT(*) AS n FROM message WHERE state IN ('waiting', 'gathering')").await == 0).then_some(())
    })
    .await;
    for (one, count) in [(&lost, 1), (&shown_out, 1), (&other, 0)] {
        assert_eq!(one.receiver.arrived().len(), count);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_tried_given_another_secret_and_removed_and_every_bad_wish_is_named() {
    let world = World::without_worker().await;
    let partner = Partner::new(&world, &[], &EVERYTHING).await;
    let stranger = program(&world, "Stranger", &[], &ALL).await;
    let token = partner.program.token.as_str();
    let wish = |url: &str, events: Value| json!({ "url": url, "events": events });
    for (body, field) in [
        (wish("ftp://a.example", json!(["run.finished"])), "url"),
        (wish("http://a.example/", json!(["run.finished"])), "url"),
        (wish("https://10.0.0.1/", json!(["run.finished"])), "url"),
        (wish("https://ann:pw@a.example/", json!(["run.finished"])), "url"),
        (wish("", json!(["run.finished"])), "url"),
        (wish(&format!("https://a.example/{}", "x".repeat(1983)), json!(["run.finished"])), "url"),
        (wish("https://a.example/", json!([])), "events"),
        (wish("https://a.example/", json!(["run.begun"])), "events"),
        (wish("https://a.example/", json!("run.finished")), "events"),
        (json!({ "url": "https://a.example/" }), "events"),
        (json!({ "url": "https://a.example/", "events": ["run.finished"], "secret": "mine" }), "body"),
    ] {
        let answer = ask(&world, token, Method::POST, "/api/v1/webhooks").json(&body).send().await.unwrap();
        let (code, said) = problem(answer, 422).await;
        assert_eq!((code.as_str(), &said["field"]), ("BAD_INPUT", &json!(field)), "{body} {said}");
    }
    for body in [json!({ "events": [] }), json!({ "url": "nowhere" }), json!({ "enabled": "yes" })] {
        let answer = ask(&world, token, Method::PATCH, &partner.path("")).json(&body).send().await.unwrap();
        problem(answer, 422).await;
    }
    let (status, listed) = get(&world, token, "/api/v1/webhooks").await;
    assert_eq!((status, listed["items"].as_array().unwrap().len()), (200, 1), "{listed}");
    assert_eq!(listed["items"][0]["events"], json!(EVERYTHING));
    assert!(!listed.to_string().contains("secret"), "{listed}");

    partner.receiver.answers(&[204, 503]);
    let test = async || post(&world, token, &partner.path("/test"), json!({})).await.1;
    let (good, bad) = (test().await, test().await);
    assert_eq!((&good["delivered"], &good["status"]), (&json!(true), &json!(204)), "{good}");
    assert_eq!((&bad["delivered"], &bad["status"]), (&json!(false), &json!(503)), "{bad}");
    // An answer that was lost is asked for again: what is in use goes on signing.
    post(&world, token, &partner.path("/secret"), json!({})).await;
    let (_, renewed) = post(&world, token, &partner.path("/secret"), json!({})).await;
    let secret = renewed["secret"].as_str().unwrap();
    test().await;
    world.advance(Duration::from_secs(24 * 3600 + 1)).await;
    let fresh = partner.token(&world).await;
    let token = fresh.as_str();
    post(&world, token, &partner.path("/test"), json!({})).await;
    let tried = partner.receiver.of("test");
    let signed = |one: &Arrived| (one.is_signed_with(&partner.secret), one.is_signed_with(secret));
    assert_eq!(tried.iter().map(signed).collect::<Vec<_>>(), [(true, false), (true, false), (true, true), (false, true)]);

    // The same wish under the same key is one webhook, with the same secret.
    let twice = async || {
        let body = wish(&partner.receiver.url, json!(["link.ready"]));
        let request = ask(&world, token, Method::POST, "/api/v1/webhooks").header("idempotency-key", "second").json(&body);
        read(request.send().await.unwrap()).await.1
    };
    let (one, other) = (twice().await, twice().await);
    assert_eq!(one, other);
    assert!(one["secret"].as_str().unwrap().starts_with("whsec_"), "{one}");
    for n in 2..=10 {
        let answer = ask(&world, token, Method::POST, "/api/v1/webhooks")
            .json(&wish(&format!("https://a.example/{n}"), json!(["run.finished"])))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), if n < 10 { 201 } else { 409 }, "{n}");
    }

    let (_, others) = sign_in(&world, &stranger.id, &stranger.secret).await;
    let others = others["access_token"].as_str().unwrap();
    let staff = ask(&world, world.stage.staff().unwrap().token(), Method::GET, "/api/v1/webhooks").send().await.unwrap();
    assert_eq!(problem(staff, 403).await.0, "FORBIDDEN");
    for (method, rest) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/secret"), (Method::POST, "/test"), (Method::GET, "/messages")]
    {
        let answer = ask(&world, others, method, &partner.path(rest)).send().await.unwrap();
        assert_eq!(problem(answer, 404).await.0, "NOT_FOUND", "{rest}");
    }
    let gone = ask(&world, token, Method::DELETE, &partner.path("")).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(get(&world, token, &partner.path("")).await.0, 404);
    world.end().await;
}
