//! Strangers at every door: ids of another tenant, guessed and put together; addresses that would lead elsewhere.
//!
//! `GUESSES=100000` for the full number of guesses.

use std::collections::{BTreeMap, HashSet};
use std::net::TcpListener;

use api::caller::{Caller, Role};
use entities::ids::TenantId;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tests::World;
use tests::dice::Dice;

/// Guesses when nobody asks for another number.
const GUESSES: u64 = 2_000;

/// Questions and wishes that take one id, each of a kind. `$id` is where it goes.
const QUESTIONS: [(&str, &str); 9] = [
    ("tenant", "query($id: ID!) { tenant(id: $id) { name } }"),
    ("link", "query($id: ID!) { link(id: $id) { state } }"),
    ("run", "query($id: ID!) { run(id: $id) { state } }"),
    ("link", "query($id: ID!) { holds(linkId: $id) { nodes { code } } }"),
    ("link", "mutation($id: ID!) { syncNow(linkId: $id) { __typename } }"),
    ("run", "mutation($id: ID!) { cancelRun(runId: $id) { __typename } }"),
    ("tenant", "mutation($id: ID!) { resendConsent(tenantId: $id, provider: XERO) { __typename } }"),
    ("connection", "mutation($id: ID!) { disconnect(connectionId: $id) { id } }"),
    ("link", "mutation($id: ID!) { retryHolds(linkId: $id) { __typename } }"),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_guess_of_an_id_reaches_another_tenants_rows() {
    let guesses = std::env::var("GUESSES").ok().map_or(GUESSES, |text| text.parse().expect("GUESSES is a number"));
    // Who guesses is not held up by being asked to guess slower.
    let mut world = World::with(vec![("API_PER_MINUTE".into(), "1000000".into())], true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let (run, _) = world.run("syncNow", &connected).await;
    let other = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    let connections = "query($id: ID!) { tenant(id: $id) { connections { id } } }";
    let found = world.staff.data(connections, json!({ "id": connected.tenant })).await.unwrap();
    let connection = found["tenant"]["connections"][0]["id"].as_str().unwrap().to_owned();
    let theirs: BTreeMap<&str, String> = [
        ("tenant", connected.tenant.clone()),
        ("link", connected.link.clone()),
        ("run", run.clone()),
        ("connection", connection),
    ]
    .into();
    let own: TenantId = other.parse().unwrap();
    let now = entities::clock::Clock::now(world.clock.as_ref());
    let caller = Caller {
        subject: "partner@example.com".to_owned(),
        role: Role::Admin,
        tenants: Some(HashSet::from([own])),
        until: entities::clock::At(now.0 + 8 * 3_600_000_000),
    };
    let staff = world.stage.staff_as(caller).unwrap();
    let client = Client::new();
    let before = world.rows("SELECT COUNT(*) AS n FROM run").await;
    let mut dice = Dice(7);
    let mut answers = BTreeMap::<String, u64>::new();
    for n in 0..guesses {
        let (kind, question) = QUESTIONS[n as usize % QUESTIONS.len()];
        let id = guess(&mut dice, kind, &theirs, &other);
        let body = json!({ "query": question, "variables": { "id": id } });
        let answer = client.post(world.url("/graphql")).bearer_auth(staff.token()).json(&body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{question} with {id}: {answer}");
        assert!(answer["data"].is_null(), "{question} with {id}: {answer}");
        *answers.entry(format!("{kind}: {}", error["message"].as_str().unwrap())).or_default() += 1;
        if kind == "tenant" {
            let button = world.url(&format!("/api/v1/tenants/{id}/zoho/custom-button"));
            let method = if dice.once_in(2) { Method::GET } else { Method::POST };
            let answer = client.request(method, button).bearer_auth(staff.token()).send().await.unwrap();
            assert_eq!(answer.status(), 404, "{id}");
        }
    }
    println!("{guesses} guesses, 0 hits: {answers:?}");
    // What is not theirs and what is not there are told in the same words.
    let kinds = theirs.len();
    assert_eq!(answers.len(), kinds, "{answers:?}");
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM run").await, before, "nothing was started");
    assert_eq!(world.staff.progress(&run).await.unwrap()["state"], "DONE");
    world.end().await;
}

/// An id of the other tenant as it is, put together with one's own, changed in a place, or made up.
fn guess(dice: &mut Dice, kind: &str, theirs: &BTreeMap<&str, String>, own: &str) -> String {
    let real = theirs[kind].clone();
    let tenant = theirs["tenant"].clone();
    let made_up = |dice: &mut Dice| {
        let half = |dice: &mut Dice| (u128::from(dice.below(u64::MAX)) << 64) | u128::from(dice.below(u64::MAX));
        uuid::Uuid::from_u128(half(dice)).to_string()
    };
    match (dice.below(5), kind) {
        (0, _) => real,
        (1, "tenant") => real.to_uppercase(),
        // Their row, said to be one's own.
        (1, _) => real.replace(&tenant, own),
        (2, "tenant") => made_up(dice),
        (2, _) => format!("{kind}:{tenant}:{}", made_up(dice)),
        (3, _) => {
            let at = dice.below(real.len() as u64) as usize;
            let mut bytes = real.into_bytes();
            bytes[at] = *dice.one_of(b"0123456789abcdef:-%/");
            String::from_utf8(bytes).unwrap_or_default().replace(['%', '/'], "_")
        }
        (_, "tenant") => made_up(dice),
        (_, _) => format!("{kind}:{own}:{}", made_up(dice)),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_an_address_is_given_it_leads_to_us_or_to_a_provider() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    // Whoever can be made to call somebody calls this.
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let port = trap.local_addr().unwrap().port();
    let found = world.staff.data("query($id: ID!) { link(id: $id) { key } }", json!({ "id": connected.link })).await.unwrap();
    let key = found["link"]["key"].as_str().unwrap().to_owned();
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    let ours: HashSet<Option<u16>> = [world.stage.public_url.port(), world.stage.sandbox_url.port()].into();
    let mut dice = Dice(11);
    let (mut asked, mut led) = (0, 0);
    for _ in 0..200 {
        let hostile = hostile(&mut dice, port);
        let escaped: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        let list = *dice.one_of(&["contacts", "invoices", "bills", "anything"]);
        let paths = [
            format!("/oauth/zoho/callback?state=x&code=y&location={escaped}&accounts-server={escaped}"),
            format!("/oauth/xero/callback?state={escaped}&code={escaped}&error={escaped}&error_description={escaped}"),
            format!("/x/{key}/{list}/{escaped}?next={escaped}&url={escaped}"),
            format!("/x/{escaped}/contacts/046d8a6d-1ae1-4b4d-9340-5601bdf41b87"),
            format!("/z/{key}/{list}/{escaped}?org={escaped}"),
            format!("/connect/{escaped}?next={escaped}"),
            format!("/status/{escaped}?redirect_uri={escaped}"),
            format!("/{escaped}"),
        ];
        for path in paths {
            let Ok(address) = world.stage.public_url.join(&path) else { continue };
            if address.port() != world.stage.public_url.port() {
                continue;
            }
            let answer = browser.get(address).send().await.unwrap();
            asked += 1;
            let status = answer.status().as_u16();
            assert!(status < 500, "{path}: {status}");
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
            assert!(header("content-security-policy").is_some_and(|policy| policy.contains("default-src")), "{path}");
            assert_eq!(header("x-frame-options").as_deref(), Some("DENY"), "{path}");
            if let Some(location) = header("location") {
                let leads = world.stage.public_url.join(&location).unwrap();
                assert!(ours.contains(&leads.port()) && leads.host_str() == Some("127.0.0.1"), "{path} leads to {leads}");
                led += 1;
            }
            let text = answer.text().await.unwrap();
            assert!(!text.contains("<script>alert"), "{path}: {text}");
        }
    }
    // A NUL is no character of ours, wherever it stands.
    let nul = json!({ "query": "query($text: String) { tenants(search: $text) { nodes { id } } }", "variables": { "text": "a\u{0}b" } });
    let answer = Client::new().post(world.url("/graphql")).bearer_auth(world.staff.token()).json(&nul).send().await.unwrap();
    assert_eq!(answer.status(), 400, "{}", answer.text().await.unwrap());
    let search =
        Client::new().get(world.url("/api/v1/tenants?search=a%00b")).bearer_auth(world.staff.token()).send().await.unwrap();
    assert_eq!(search.status(), 422, "{}", search.text().await.unwrap());
    assert!(asked > 1_000 && led >= 400, "{asked} asked, {led} led on");
    assert!(trap.accept().is_err(), "somebody was called who was named in an address");
    world.end().await;
}

/// Something that wants to be an address elsewhere, or more than a text.
fn hostile(dice: &mut Dice, port: u16) -> String {
    let seeds = [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("\\\\127.0.0.1:{port}\\"),
        format!("https://accounts.zoho.com@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}"),
        "https://accounts.zoho.com.evil.example".to_owned(),
        "https://accounts.zoho.eu\u{3002}evil.example".to_owned(),
        "javascript:alert(1)".to_owned(),
        "data:text/html,<script>alert(1)</script>".to_owned(),
        "us\r\nlocation: https://evil.example".to_owned(),
        "../../oauth/xero/callback".to_owned(),
        "%2e%2e/%2f%2fevil.example".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "' OR 1=1 --".to_owned(),
        "\0".to_owned(),
        "\u{202e}evil".to_owned(),
        "a".repeat(2_000),
    ];
    let mut text = dice.one_of(&seeds).clone();
    if dice.once_in(2) {
        text.insert_str(0, dice.one_of::<&str>(&["us", "eu ", "/", "?", "#", ".", "%00", ";"]));
    }
    if dice.once_in(3) {
        text.push_str(dice.one_of::<&str>(&["?state=1", "#us", "/..", "&location=us", "%0d%0a", "\t"]));
    }
    text
}
