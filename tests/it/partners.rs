//! Partners' programs over REST: who gets a token, what each sees, and what they are told when something is wrong.

use std::collections::HashSet;
use std::time::Duration;

use api::caller::{Caller, Role};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tests::World;
use tests::receiver::Receiver;

pub const ALL: [&str; 4] = ["tenants:read", "tenants:write", "runs:write", "webhooks:write"];
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// A partner's program with its token.
pub struct Program {
    pub id: String,
    pub secret: String,
    pub token: String,
}

/// Makes a partner with one program.
pub async fn program(world: &World, name: &str, tenants: &[&str], scopes: &[&str]) -> Program {
    let input = json!({ "name": name, "tenantIds": tenants, "scopes": scopes });
    let mutation = "mutation($input: CreateApiClientInput!) { createApiClient(input: $input) { secret apiClient { id } } }";
    let data = world.staff.data(mutation, json!({ "input": input })).await.unwrap();
    let made = &data["createApiClient"];
    let (id, secret) = (made["apiClient"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    let (status, answer) = sign_in(world, &id, &secret).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap().to_owned();
    Program { id, secret, token }
}

pub async fn sign_in(world: &World, id: &str, secret: &str) -> (u16, Value) {
    let form = [("grant_type", "client_credentials")];
    let answer = reqwest::Client::new().post(world.url("/oauth/token")).basic_auth(id, Some(secret)).form(&form).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

pub fn ask(world: &World, token: &str, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new().request(method, world.url(path)).bearer_auth(token)
}

pub async fn get(world: &World, token: &str, path: &str) -> (u16, Value) {
    read(ask(world, token, Method::GET, path).send().await.unwrap()).await
}

async fn onboard(world: &World, token: &str, name: &str) -> (u16, Value) {
    read(ask(world, token, Method::POST, "/api/v1/tenants").json(&newcomer(name)).send().await.unwrap()).await
}

pub fn newcomer(name: &str) -> Value {
    let mailbox: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    json!({ "name": name, "contactEmail": format!("{mailbox}@kowhai.example"), "region": "nz", "products": ["books"] })
}

pub async fn read(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A refusal as RFC 9457 wants it. Gives its code.
pub async fn problem(answer: Response, status: u16) -> (String, Value) {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let header = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let (got, said) = read(answer).await;
    assert_eq!((got, &said["status"]), (status, &json!(status)), "{said}");
    assert_eq!(said["type"], "about:blank");
    assert_eq!(said["requestId"], header.as_str());
    assert!(said["detail"].as_str().unwrap().len() > 10 && said["title"].is_string(), "{said}");
    (said["code"].as_str().unwrap().to_owned(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_given_for_the_right_secret_only_and_every_refusal_has_the_standards_word() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &["tenants:read", "runs:write"]).await;
    let client = reqwest::Client::new();
    let send = async |form: &[(&str, &str)], basic: Option<(&str, &str)>| {
        let mut request = client.post(world.url("/oauth/token")).form(form);
        if let Some((id, secret)) = basic {
            request = request.basic_auth(id, Some(secret));
        }
        let answer = request.send().await.unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        let (status, said) = read(answer).await;
        (status, said, challenge)
    };
    let (id, secret) = (program.id.as_str(), program.secret.as_str());
    let grant = ("grant_type", "client_credentials");
    let (status, said, _) = send(&[grant, ("client_id", id), ("client_secret", secret)], None).await;
    assert_eq!((status, &said["token_type"], &said["expires_in"]), (200, &json!("Bearer"), &json!(900)), "{said}");
    assert_eq!(said["scope"], "tenants:read runs:write");
    let (status, said, _) = send(&[grant, ("scope", "tenants:read")], Some((id, secret))).await;
    assert_eq!((status, &said["scope"]), (200, &json!("tenants:read")), "{said}");

    for (form, basic, status, word) in [
        (&[grant][..], Some((id, "cps_wrong")), 401, "invalid_client"),
        (&[grant], Some((NOBODY, secret)), 401, "invalid_client"),
        (&[grant], Some(("nonsense", secret)), 401, "invalid_client"),
        (&[grant], None, 401, "invalid_client"),
        (&[grant, ("client_id", id)], None, 401, "invalid_client"),
        (&[grant, ("client_id", id), ("client_secret", secret)], Some((id, secret)), 400, "invalid_request"),
        (&[grant, ("client_id", NOBODY)], Some((id, secret)), 400, "invalid_request"),
        (&[grant, grant], Some((id, secret)), 400, "invalid_request"),
        (&[], Some((id, secret)), 400, "invalid_request"),
        (&[("grant_type", "password")], Some((id, secret)), 400, "unsupported_grant_type"),
        (&[grant, ("scope", "tenants:write")], Some((id, secret)), 400, "invalid_scope"),
        (&[grant, ("scope", "everything")], Some((id, secret)), 400, "invalid_scope"),
    ] {
        let (got, said, challenge) = send(form, basic).await;
        assert_eq!((got, &said["error"]), (status, &json!(word)), "{form:?} {said}");
        assert_eq!(challenge.is_some(), status == 401 && basic.is_some(), "{form:?}");
    }
    let answer =
        client.post(world.url("/oauth/token")).json(&json!({ "grant_type": "client_credentials" })).send().await.unwrap();
    assert_eq!(read(answer).await.1["error"], "invalid_request");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_without_a_gap_and_a_revocation_works_at_once() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let change = async |field: &str, shown: &str| {
        let mutation = format!("mutation($id: ID!) {{ {field}(id: $id) {{ {shown} apiClient {{ id revokedAt }} }} }}");
        world.staff.data(&mutation, json!({ "id": program.id })).await.map(|data| data[field].clone())
    };
    let second = change("rotateApiClient", "secret").await.unwrap()["secret"].as_str().unwrap().to_owned();
    let works = async |secret: &str| sign_in(&world, &program.id, secret).await.0 == 200;
    assert!(works(&program.secret).await && works(&second).await, "both work for a day");
    world.advance(Duration::from_secs(23 * 3600)).await;
    assert!(works(&program.secret).await);
    world.advance(Duration::from_secs(3601)).await;
    assert!(!works(&program.secret).await && works(&second).await, "the old one no longer");

    let (_, answer) = sign_in(&world, &program.id, &second).await;
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(get(&world, token, "/api/v1/tenants").await.0, 200);
    // The admin's token of the stage is eight hours old by now.
    let staff = world.stage.staff().unwrap();
    let revoke = "mutation($id: ID!) { revokeApiClient(id: $id) { apiClient { revokedAt } } }";
    let data = staff.data(revoke, json!({ "id": program.id })).await.unwrap();
    assert!(data["revokeApiClient"]["apiClient"]["revokedAt"].is_string(), "{data}");
    assert!(!works(&second).await);
    let answer = ask(&world, token, Method::GET, "/api/v1/tenants").send().await.unwrap();
    assert_eq!(problem(answer, 401).await.0, "UNAUTHENTICATED");
    let listed =
        staff.data("{ apiClients { nodes { id name scopes usedAt revokedAt partner { name } } } }", json!({})).await.unwrap();
    let listed = &listed["apiClients"]["nodes"][0];
    assert_eq!((&listed["id"], &listed["partner"]["name"]), (&json!(program.id), &json!("Kea Partners")));
    assert!(listed["usedAt"].is_string() && listed["revokedAt"].is_string(), "{listed}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_after_a_quarter_of_an_hour_and_opens_no_door_of_staff() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let question = json!({ "query": "{ viewer { subject } }" });
    let answer = ask(&world, &program.token, Method::POST, "/graphql").json(&question).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    world.advance(Duration::from_secs(14 * 60)).await;
    assert_eq!(get(&world, &program.token, "/api/v1/tenants").await.0, 200);
    world.advance(Duration::from_secs(100)).await;
    assert_eq!(get(&world, &program.token, "/api/v1/tenants").await.0, 401);
    let (_, token) = program.token.split_once('.').unwrap();
    let forged = format!("eyJ0eXAiOiJwYXJ0bmVyK2p3dCIsImFsZyI6Im5vbmUifQ.{}.", token.split('.').next().unwrap());
    assert_eq!(get(&world, &forged, "/api/v1/tenants").await.0, 401);
    world.end().await;
}

/// Every operation of the document, with its path filled in.
fn operations(document: &Value, tenant: &str, link: &str, run: &str, (webhook, message): (&str, &str)) -> Vec<(Method, String)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let filled = path.replace("{tenant}", tenant).replace("{link}", link).replace("{run}", run);
        let filled = filled.replace("{side}", "xero").replace("{kind}", "contacts").replace("{id}", NOBODY);
        let filled = filled.replace("{webhook}", webhook).replace("{message}", message);
        assert!(!filled.contains('{'), "say what stands for a part of {path}");
        for method in item.as_object().unwrap().keys() {
            all.push((method.to_uppercase().parse().unwrap(), filled.clone()));
        }
    }
    // What removes something comes last: the others want to find it.
    all.sort_by_key(|(method, _)| *method == Method::DELETE);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_answers_its_owner_and_to_everybody_else_nothing_is_there() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let (run, _) = world.run("syncNow", &connected).await;
    let owner = program(&world, "Owner", &[&connected.tenant], &ALL).await;
    let stranger = program(&world, "Stranger", &[], &ALL).await;
    let own = onboard(&world, &stranger.token, "Stranger's customer").await.1["id"].as_str().unwrap().to_owned();
    let (link, run) = (connected.link.rsplit(':').next().unwrap(), run.rsplit(':').next().unwrap().to_owned());
    let document: Value = reqwest::get(world.url("/api/v1/openapi.json")).await.unwrap().json().await.unwrap();
    assert_eq!(document["openapi"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>(), ["3", "1"]);

    let caller = |role, tenants| Caller {
        subject: "ann".to_owned(),
        role,
        tenants,
        until: world.stage.context.in_a(Duration::from_secs(3600)),
    };
    let only = HashSet::from([own.parse().unwrap()]);
    let limited = world.stage.staff_as(caller(Role::Admin, Some(only))).unwrap();
    let viewer = world.stage.staff_as(caller(Role::Viewer, None)).unwrap();
    let reader = program(&world, "Reader", &[&connected.tenant], &["tenants:read"]).await;

    let receiver = Receiver::new().await;
    let wish = json!({ "url": receiver.url, "events": ["run.finished"] });
    let made = ask(&world, &owner.token, Method::POST, "/api/v1/webhooks").json(&wish).send().await.unwrap();
    let webhook = read(made).await.1["id"].as_str().unwrap().to_owned();
    world.run("syncNow", &connected).await;
    let (_, told) = get(&world, &owner.token, &format!("/api/v1/webhooks/{webhook}/messages")).await;
    let message = told["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{told}"));
    let there = operations(&document, &connected.tenant, link, &run, (&webhook, message));
    let nowhere = operations(&document, NOBODY, link, &run, (NOBODY, message));
    assert!(there.len() >= 27, "{}", there.len());
    for ((method, path), (_, absent)) in there.iter().zip(&nowhere) {
        let send = async |token: &str, path: &str| ask(&world, token, method.clone(), path).send().await.unwrap();
        let name = format!("{method} {path}");
        let answer = reqwest::Client::new().request(method.clone(), world.url(path)).send().await.unwrap();
        assert_eq!(problem(answer, 401).await.0, "UNAUTHENTICATED", "{name}");
        if path == "/api/v1/tenants" {
            continue;
        }
        let is_webhook = path.starts_with("/api/v1/webhooks");
        if is_webhook {
            // No member of staff has any.
            assert_eq!(problem(send(limited.token(), path).await, 403).await.0, "FORBIDDEN", "{name}");
        }
        if path == "/api/v1/webhooks" {
            continue;
        }
        for other in [stranger.token.as_str(), limited.token()].into_iter().take(if is_webhook { 1 } else { 2 }) {
            let (_, mut hidden) = problem(send(other, path).await, 404).await;
            let (_, mut missing) = problem(send(other, absent).await, 404).await;
            for said in [&mut hidden, &mut missing] {
                said["requestId"] = Value::Null;
            }
            assert_eq!(hidden, missing, "{name}: another's is as absent as one that does not exist");
        }
        // Its link and run are not there under the stranger's own tenant either.
        let elsewhere = path.replace(&connected.tenant, &own);
        if elsewhere.contains(link) || elsewhere.contains(&run) {
            problem(send(&stranger.token, &elsewhere).await, 404).await;
        }
        if *method != Method::GET {
            for looker in [viewer.token(), &reader.token] {
                assert_eq!(problem(send(looker, path).await, 403).await.0, "FORBIDDEN", "{name}");
            }
        }
    }
    let names = async |token: &str| {
        let (_, page) = get(&world, token, "/api/v1/tenants").await;
        page["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&owner.token).await, ["Brusch & Daughters Ltd"]);
    assert_eq!(names(&stranger.token).await, ["Stranger's customer"]);
    assert_eq!(names(limited.token()).await, ["Stranger's customer"]);
    assert_eq!(names(viewer.token()).await.len(), 2);

    // To its owner each is there, whatever else may be wrong with the request.
    for (method, path) in &there {
        let answer = ask(&world, &owner.token, method.clone(), path).send().await.unwrap();
        let status = answer.status().as_u16();
        assert!(![401, 403, 404, 405, 500].contains(&status), "{method} {path}: {}", answer.text().await.unwrap());
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_input_is_a_problem_that_says_what_is_wrong() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let post = |body: &str| {
        let request = ask(&world, &program.token, Method::POST, "/api/v1/tenants");
        request.header("content-type", "application/json").body(body.to_owned()).send()
    };
    for malformed in ["", "{", "nonsense", "{} {}"] {
        assert_eq!(problem(post(malformed).await.unwrap(), 400).await.0, "MALFORMED", "{malformed}");
    }
    let form = ask(&world, &program.token, Method::POST, "/api/v1/tenants").form(&[("name", "A")]).send().await.unwrap();
    assert_eq!(problem(form, 400).await.0, "MALFORMED");
    let large = post(&format!("{{\"name\": \"{}\"}}", "x".repeat(200_000))).await.unwrap();
    assert_eq!(problem(large, 413).await.0, "TOO_LARGE");

    for (name, value) in [
        ("name", json!("")),
        ("name", json!(7)),
        ("name", Value::Null),
        ("contactEmail", json!("ann")),
        ("contactEmail", json!(["ann@b.example"])),
        ("region", json!("mars")),
        ("products", json!([])),
        ("products", json!(["boks"])),
        ("products", json!("books")),
    ] {
        let mut body = newcomer("A");
        body[name] = value.clone();
        let (code, said) = problem(post(&body.to_string()).await.unwrap(), 422).await;
        assert_eq!((code.as_str(), &said["field"]), ("BAD_INPUT", &json!(name)), "{value}: {said}");
        body.as_object_mut().unwrap().remove(name);
        let (_, said) = problem(post(&body.to_string()).await.unwrap(), 422).await;
        assert_eq!(said["field"], name, "left out: {said}");
    }
    let mut unknown = newcomer("A");
    unknown["colour"] = "red".into();
    assert_eq!(problem(post(&unknown.to_string()).await.unwrap(), 422).await.1["field"], "body");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("limit=1&limit=2", "limit"),
        ("page=2", "query"),
    ] {
        let answer = ask(&world, &program.token, Method::GET, &format!("/api/v1/tenants?{query}")).send().await.unwrap();
        assert_eq!(problem(answer, 422).await.1["field"], field, "{query}");
    }
    for path in ["/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/tenants/nonsense", "/api/v1/tenants/"] {
        let answer = ask(&world, &program.token, Method::GET, path).send().await.unwrap();
        assert_eq!(problem(answer, 404).await.0, "NOT_FOUND", "{path}");
    }
    let answer = ask(&world, &program.token, Method::PUT, "/api/v1/tenants").json(&newcomer("A")).send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET, POST");
    assert_eq!(problem(answer, 405).await.0, "METHOD_NOT_ALLOWED");
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM tenant").await, 0, "nothing half done");

    for (input, field) in [
        (json!({ "name": " ", "scopes": ["tenants:read"] }), "name"),
        (json!({ "name": "A", "scopes": [] }), "scopes"),
        (json!({ "name": "A", "scopes": ["everything"] }), "scopes"),
    ] {
        let mutation = "mutation($input: CreateApiClientInput!) { createApiClient(input: $input) { secret } }";
        let (_, answer) = world.staff.ask(mutation, json!({ "input": input })).await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["field"], field, "{answer}");
    }
    let absent = json!({ "input": { "name": "A", "scopes": ["tenants:read"], "tenantIds": [NOBODY] } });
    let mutation = "mutation($input: CreateApiClientInput!) { createApiClient(input: $input) { secret } }";
    let (_, answer) = world.staff.ask(mutation, absent).await.unwrap();
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND", "{answer}");
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM partner").await, 1, "nothing half done");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_to_their_end_and_what_is_known_is_not_sent_again() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    for n in 0..5 {
        assert_eq!(onboard(&world, &program.token, &format!("Customer {n}")).await.0, 201);
    }
    world.staff.onboard("Somebody else's", "else@where.example", "nz").await.unwrap();
    let (mut path, mut names) = ("/api/v1/tenants?limit=2".to_owned(), Vec::new());
    loop {
        let (status, page) = get(&world, &program.token, &path).await;
        assert_eq!(status, 200, "{page}");
        names.extend(page["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        path = format!("/api/v1/tenants?limit=2&after={next}");
    }
    assert_eq!(names, ["Customer 4", "Customer 3", "Customer 2", "Customer 1", "Customer 0"]);
    let (_, found) = get(&world, &program.token, "/api/v1/tenants?search=customer%203").await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    let list = ask(&world, &program.token, Method::GET, "/api/v1/tenants").send().await.unwrap();
    let tag = list.headers()["etag"].to_str().unwrap().to_owned();
    let again = async || {
        let request = ask(&world, &program.token, Method::GET, "/api/v1/tenants").header("if-none-match", &tag);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap().len())
    };
    assert_eq!(again().await, (304, 0));
    onboard(&world, &program.token, "Customer 5").await;
    assert_eq!(again().await.0, 200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_fills_no_mailboxes() {
    let world = World::without_worker().await;
    let (eager, calm) = (program(&world, "Eager", &[], &ALL).await, program(&world, "Calm", &[], &ALL).await);
    for n in 0..100 {
        assert_eq!(onboard(&world, &eager.token, &format!("Customer {n}")).await.0, 201);
    }
    let request = || ask(&world, &eager.token, Method::POST, "/api/v1/tenants").json(&newcomer("One more"));
    let answer = request().send().await.unwrap();
    assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 3000);
    assert_eq!(problem(answer, 429).await.0, "RATE_LIMITED");
    let (status, tenant) = onboard(&world, &calm.token, "Calm's").await;
    assert_eq!(status, 201);
    let again = format!("/api/v1/tenants/{}/consents", tenant["id"].as_str().unwrap());
    // The first letter counts.
    for status in [200, 200, 200, 200, 429] {
        let answer = ask(&world, &calm.token, Method::POST, &again).json(&json!({ "provider": "XERO" })).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM letter").await, 105);
    // Nor one by many customers.
    let mut body = newcomer("Everybody");
    for n in 0..11 {
        body["name"] = format!("Everybody {n}").into();
        let answer = ask(&world, &calm.token, Method::POST, "/api/v1/tenants").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), if n < 10 { 201 } else { 429 }, "{n}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_given_to_a_partner_and_taken_away() {
    let world = World::without_worker().await;
    let tenant = world.staff.onboard("Kowhai Ltd", "ann@kowhai.example", "nz").await.unwrap();
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let data = world.staff.data("{ apiClients { nodes { partner { id } } } }", json!({})).await.unwrap();
    let partner = &data["apiClients"]["nodes"][0]["partner"]["id"];
    let path = format!("/api/v1/tenants/{tenant}");
    for (argument, status) in [("give", 200), ("give", 200), ("take", 404), ("take", 404)] {
        let mutation = format!(
            "mutation($p: ID!, $t: [ID!]!) {{ shareTenants(partnerId: $p, {argument}: $t) {{ partner {{ tenantIds }} }} }}"
        );
        world.staff.data(&mutation, json!({ "p": partner, "t": [tenant] })).await.unwrap();
        assert_eq!(get(&world, &program.token, &path).await.0, status, "{argument}");
    }
    // The tenant's own log tells who could see it, and since when; what changed nothing is not in it.
    let told = "query($t: ID!) { auditLog(tenantId: $t, first: 10) { nodes { act target } } }";
    let told = world.staff.data(told, json!({ "t": tenant })).await.unwrap();
    let told: Vec<&Value> = told["auditLog"]["nodes"].as_array().unwrap().iter().collect();
    let acts: Vec<&str> = told.iter().rev().filter_map(|entry| entry["act"].as_str()).collect();
    assert_eq!(acts, ["tenant.onboarded", "tenant.given", "tenant.taken"], "{told:#?}");
    assert!(told[0]["target"].as_str().unwrap().starts_with("partner:"), "{told:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_program_has_its_own_share_of_requests_a_minute() {
    let world = World::with(vec![("API_PER_MINUTE".to_owned(), "3".to_owned())], false).await;
    let (busy, calm) = (program(&world, "Busy", &[], &ALL).await, program(&world, "Calm", &[], &ALL).await);
    for left in ["2", "1", "0"] {
        let answer = ask(&world, &busy.token, Method::GET, "/api/v1/tenants").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            (&answer.headers()["ratelimit-limit"], &answer.headers()["ratelimit-remaining"]),
            (&"3".parse().unwrap(), &left.parse().unwrap())
        );
    }
    let refused = ask(&world, &busy.token, Method::GET, "/api/v1/tenants").send().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(problem(refused, 429).await.0, "RATE_LIMITED");
    assert_eq!(get(&world, &calm.token, "/api/v1/tenants").await.0, 200);
    world.advance(Duration::from_secs(20)).await;
    assert_eq!(get(&world, &busy.token, "/api/v1/tenants").await.0, 200);
    world.end().await;
}
