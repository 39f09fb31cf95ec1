//! Webhooks of Books, with a receiver that writes down what reaches it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::World;

/// What was received: first line, headers in lower case, body.
#[derive(Clone, Debug)]
struct Letter {
    line: String,
    headers: String,
    body: String,
}

impl Letter {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Listens on this machine and answers every request with `status`.
struct Receiver {
    url: String,
    letters: Arc<Mutex<Vec<Letter>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (letters, status) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(200)));
        let (kept, says) = (Arc::clone(&letters), Arc::clone(&status));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (mut text, mut piece) = (Vec::new(), [0; 4096]);
                let letter = loop {
                    let count = socket.read(&mut piece).await.unwrap();
                    text.extend_from_slice(&piece[..count]);
                    if let Some(letter) = whole(&String::from_utf8_lossy(&text)) {
                        break letter;
                    }
                };
                kept.lock().unwrap().push(letter);
                let answer = format!("HTTP/1.1 {} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", says.lock().unwrap());
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, letters, status }
    }

    /// The first so many letters, as soon as they are there.
    async fn letters(&self, count: usize) -> Vec<Letter> {
        for _ in 0..400 {
            let letters = self.letters.lock().unwrap().clone();
            if letters.len() >= count {
                return letters;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} letters were expected, {:?} came", self.letters.lock().unwrap());
    }

    fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }
}

fn whole(text: &str) -> Option<Letter> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, headers) = head.split_once("\r\n")?;
    let headers: String = headers
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(key, value)| format!("{}: {value}\n", key.to_lowercase()))
        .collect();
    let letter = Letter { line: line.to_owned(), headers, body: body.to_owned() };
    let length = letter.header("content-length").map_or(0, |length| length.parse().unwrap());
    (letter.body.len() >= length).then_some(letter)
}

impl World {
    async fn webhook(&self, url: &str, more: Value) -> String {
        let mut body = json!({"webhook_name": "to us", "entity": "contact", "url": url});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.create("/settings/webhooks", "webhook", body).await["webhook_id"].as_str().unwrap().to_owned()
    }

    async fn rule(&self, webhook: &str, entity: &str, event: &str) -> String {
        let rule = self.create("/settings/workflows", "workflow", rule(webhook, entity, event)).await;
        rule["workflow_id"].as_str().unwrap().to_owned()
    }

    /// The newest histories first, once nothing is queued.
    /// Waits until so many attempts of the first firing have been noted.
    async fn attempts(&self, count: usize) {
        for _ in 0..400 {
            let list = self.get("/settings/webhooks/histories").await["histories"].as_array().unwrap().clone();
            if list[0]["attempts"] == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} attempts were expected");
    }

    async fn histories(&self) -> Vec<Value> {
        for _ in 0..200 {
            let list = self.get("/settings/webhooks/histories").await["histories"].as_array().unwrap().clone();
            if list.iter().all(|history| history["status"] != "queued") {
                return list;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a firing stays queued");
    }
}

fn rule(webhook: &str, entity: &str, event: &str) -> Value {
    json!({"workflow_name": format!("{entity} {event}"), "entity": entity, "rule_type": event, "actions": [{"action_type": "webhook", "action_id": webhook}]})
}

#[tokio::test]
async fn a_rule_tells_a_webhook_of_every_event_it_waits_for() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let headers = json!([{"param_name": "X-Our-Token", "param_value": "t0ken"}]);
    let parameters = json!([{"param_name": "id", "param_value": "contact_id"}, {"param_name": "kind", "param_value": "${CONTACT.CONTACT_TYPE}"}]);
    let webhook = world.webhook(&receiver.url, json!({"headers": headers, "entity_parameters": parameters})).await;
    world.rule(&webhook, "contact", "created_or_edited").await;
    world.rule(&webhook, "contact", "deleted").await;

    let id = world.contact("Ada Brusch", "customer").await;
    let letters = receiver.letters(1).await;
    assert_eq!(letters[0].line, format!("POST /hook?id={id}&kind=customer HTTP/1.1"));
    assert_eq!(letters[0].header("x-our-token"), Some("t0ken"));
    assert_eq!(letters[0].header("content-type"), Some("application/json"));
    assert_eq!(letters[0].header("x-zoho-webhook-signature"), None, "no secret, no signature");
    let shown = world.shown(&format!("/contacts/{id}"), "contact").await;
    assert_eq!(letters[0].json(), json!({"contact": shown}), "the payload is what GET shows");

    world.done(Method::PUT, &format!("/contacts/{id}"), Some(json!({"notes": "edited"}))).await;
    assert_eq!(receiver.letters(2).await[1].json()["contact"]["notes"], "edited");
    assert_eq!(world.refused(Method::PUT, &format!("/contacts/{id}"), Some(json!({"contact_name": ""}))).await.0, 400);
    world.done(Method::DELETE, &format!("/contacts/{id}"), None).await;
    assert_eq!(receiver.letters(3).await[2].json()["contact"]["contact_id"], json!(id), "a refused write has fired nothing");

    let histories = world.histories().await;
    let events: Vec<_> =
        histories.iter().map(|history| (history["event"].as_str().unwrap(), history["response_code"].as_u64())).collect();
    assert_eq!(events, [("deleted", Some(200)), ("edited", Some(200)), ("created", Some(200))]);
}

#[tokio::test]
async fn an_event_nobody_waits_for_is_not_told() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let webhook = world.webhook(&receiver.url, json!({})).await;
    let rule = world.rule(&webhook, "contact", "edited").await;
    let id = world.contact("Ada", "customer").await;
    world.done(Method::PUT, &format!("/contacts/{id}"), Some(json!({"notes": "1"}))).await;
    world.done(Method::POST, &format!("/settings/workflows/{rule}/deactivate"), None).await;
    world.done(Method::PUT, &format!("/contacts/{id}"), Some(json!({"notes": "2"}))).await;
    world.done(Method::POST, &format!("/settings/workflows/{rule}/activate"), None).await;
    world.done(Method::PUT, &format!("/contacts/{id}"), Some(json!({"notes": "3"}))).await;
    let letters = receiver.letters(2).await;
    let notes: Vec<_> = letters.iter().map(|letter| letter.json()["contact"]["notes"].clone()).collect();
    assert_eq!(notes, ["1", "3"]);
}

#[tokio::test]
async fn a_payment_tells_of_itself_and_of_the_invoice_it_pays_once_each() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let webhook = world.webhook(&receiver.url, json!({})).await;
    let customer = world.contact("Ada", "customer").await;
    let lines = json!([{"name": "Work", "rate": 100}]);
    let invoice = world.create("/invoices", "invoice", json!({"customer_id": customer, "line_items": lines})).await;
    world.done(Method::POST, &format!("/invoices/{}/status/sent", invoice["invoice_id"].as_str().unwrap()), None).await;
    world.rule(&webhook, "invoice", "edited").await;
    world.rule(&webhook, "customer_payment", "created").await;
    let payment = json!({"customer_id": customer, "payment_mode": "cash", "amount": 100, "date": "2026-11-01",
                         "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": 100}]});
    world.create("/customerpayments", "payment", payment).await;
    let letters = receiver.letters(2).await;
    assert_eq!(letters[0].json()["payment"]["amount"].to_string(), "100.00");
    assert_eq!(letters[1].json()["invoice"]["status"], "paid");
    assert_eq!(world.histories().await.len(), 2);
}

#[tokio::test]
async fn a_secret_signs_what_is_sent_in_the_way_the_switches_say() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let secret = "s3cret123456";
    let webhook = world.webhook(&receiver.url, json!({"secret": secret, "query_parameters": [{"param_name": "b", "param_value": "2"}, {"param_name": "a", "param_value": "1"}]})).await;
    assert_eq!(world.get(&format!("/settings/webhooks/{webhook}")).await["webhook"].get("secret"), None);
    world.rule(&webhook, "contact", "created").await;
    let sign = |signed: &str| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let header = "x-zoho-webhook-signature";
    world.contact("One", "customer").await;
    let letter = receiver.letters(1).await[0].clone();
    assert_eq!(letter.header(header), Some(sign(&format!("a1b2{}", letter.body)).as_str()));
    world.switch("zoho.webhook_signature_covers_parameters", false);
    world.contact("Two", "customer").await;
    let letter = receiver.letters(2).await[1].clone();
    assert_eq!(letter.header(header), Some(sign(&letter.body).as_str()));
    world.switch("zoho.webhook_signature_is_timed", true);
    world.contact("Three", "customer").await;
    let letter = receiver.letters(3).await[2].clone();
    let (time, signature) = letter.header(header).unwrap().split_once(",v=").unwrap();
    assert_eq!(signature, sign(&format!("{}.{}", time.strip_prefix("t=").unwrap(), letter.body)));
}

#[tokio::test]
async fn raw_bodies_and_forms_are_filled_from_the_record() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let raw = world
        .webhook(
            &receiver.url,
            json!({"method": "PUT", "body_type": "raw", "raw_data": "{\"name\":\"${CONTACT.CONTACT_NAME}\"}"}),
        )
        .await;
    let form = json!({"body_type": "form-data", "form_data": [{"param_name": "n", "param_value": "${contact_name}"}]});
    let form = world.webhook(&receiver.url, form).await;
    world.rule(&raw, "contact", "created").await;
    world.rule(&form, "contact", "created").await;
    world.contact("Ada & Co", "customer").await;
    let letters = receiver.letters(2).await;
    assert_eq!((letters[0].line.as_str(), letters[0].body.as_str()), ("PUT /hook HTTP/1.1", "{\"name\":\"Ada & Co\"}"));
    assert_eq!(
        (letters[1].header("content-type"), letters[1].body.as_str()),
        (Some("application/x-www-form-urlencoded"), "n=Ada+%26+Co")
    );
}

#[tokio::test]
async fn a_refused_firing_is_tried_again_when_the_clock_says_so_and_then_given_up() {
    let mut world = World::new().await;
    let receiver = Receiver::new().await;
    receiver.answers(500);
    let webhook = world.webhook(&receiver.url, json!({})).await;
    world.rule(&webhook, "contact", "created").await;
    world.contact("Ada", "customer").await;
    receiver.letters(1).await;
    world.attempts(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.letters(1).await.len(), 1, "not before its time");
    for (count, wait_ms) in [(2, 60_001), (3, 300_001), (4, 1_800_001)] {
        world.sandbox.shared().clock.advance_ms(wait_ms);
        receiver.letters(count).await;
        // The next one is due so long after this one has been noted.
        world.attempts(count).await;
    }
    world.sandbox.shared().clock.advance_ms(3_000_000);
    world.token = world.consented("ZohoBooks.fullaccess.all").await["access_token"].as_str().unwrap().to_owned();
    let history = world.histories().await[0].clone();
    assert_eq!(
        (&history["status"], &history["attempts"], &history["response_code"]),
        (&json!("failure"), &json!(4), &json!(500))
    );

    receiver.answers(200);
    let id = history["history_id"].as_str().unwrap();
    world.done(Method::POST, &format!("/settings/webhooks/histories/{id}/resend"), None).await;
    assert_eq!(receiver.letters(5).await[4].body, receiver.letters(5).await[0].body, "what is sent again is the same");
    assert_eq!(world.histories().await[0]["status"], "success");
    let eleven = [id; 11].join(",");
    assert_eq!(
        world.refused(Method::POST, &format!("/settings/webhooks/histories/bulkresend?history_ids={eleven}"), None).await,
        (400, 2)
    );
    world.done(Method::POST, &format!("/settings/webhooks/histories/bulkresend?history_ids={id}"), None).await;
    receiver.letters(6).await;
}

#[tokio::test]
async fn deliveries_are_held_doubled_shuffled_and_lost_by_order() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let webhook = world.webhook(&receiver.url, json!({})).await;
    world.rule(&webhook, "contact", "created").await;
    world.control("webhooks", json!({"hold": true, "duplicate": true, "reorder": true, "seed": 1})).await;
    for name in ["A", "B", "C", "D", "E"] {
        world.contact(name, "customer").await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(receiver.letters(0).await.is_empty(), "held");
    assert_eq!(world.control("webhooks", json!({"deliver": true})).await["delivered"], 5);
    let names = |letters: &[Letter]| {
        letters.iter().map(|letter| letter.json()["contact"]["contact_name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut came = names(&receiver.letters(10).await);
    assert!(came.chunks(2).all(|pair| pair[0] == pair[1]), "each twice: {came:?}");
    came.dedup();
    assert_ne!(came, ["A", "B", "C", "D", "E"], "in another order");
    came.sort();
    assert_eq!(came, ["A", "B", "C", "D", "E"]);

    world.control("webhooks", json!({"hold": false, "duplicate": false, "reorder": false, "lose": 0.5, "seed": 7})).await;
    for name in ["F", "G", "H", "I", "J", "K", "L", "M"] {
        world.contact(name, "customer").await;
    }
    let histories = world.histories().await;
    assert_eq!(histories.len(), 13);
    assert!(histories.iter().all(|history| history["status"] == "success"), "the provider knows of no loss");
    let counts = world.control("webhooks", json!({"lose": 0.0})).await["firings"].clone();
    let lost = counts["lost"].as_u64().unwrap();
    assert!((1..8).contains(&lost), "{counts}");
    assert_eq!(receiver.letters(0).await.len() as u64, 10 + 8 - lost);
    let answer = world.http.post(world.url("/_sandbox/zoho/webhooks")).json(&json!({"lose": 2.0})).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn nothing_is_sent_beyond_this_machine() {
    let world = World::new().await;
    let webhook = world.webhook("https://example.com/hook", json!({})).await;
    world.rule(&webhook, "contact", "created").await;
    world.contact("Ada", "customer").await;
    let history = world.histories().await[0].clone();
    assert_eq!(
        (&history["status"], &history["attempts"], &history["response_code"]),
        (&json!("failure"), &json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn rules_have_their_limits_and_need_a_plan() {
    let world = World::new().await;
    let webhook = world.webhook("http://127.0.0.1:9/", json!({})).await;
    let post = async |body: Value| world.refused(Method::POST, "/settings/workflows", Some(body)).await;
    for (member, value) in [
        ("rule_type", json!("weekly")),
        ("entity", json!("tax")),
        ("criteria", json!([{"field": "total"}])),
        ("actions", json!([])),
        ("actions", json!([{"action_type": "email", "action_id": "1"}])),
    ] {
        let mut body = rule(&webhook, "contact", "created");
        body[member] = value;
        assert_eq!(post(body).await, (400, 2), "{member}");
    }
    assert_eq!(post(rule("4600000000000000000", "contact", "created")).await, (400, 1002));
    for _ in 0..10 {
        world.rule(&webhook, "contact", "created").await;
    }
    assert_eq!(post(rule(&webhook, "contact", "created")).await, (400, 1009), "the eleventh of a module");
    world.rule(&webhook, "invoice", "created").await;
    assert_eq!(world.refused(Method::DELETE, &format!("/settings/webhooks/{webhook}"), None).await, (400, 36), "it is used");
    assert_eq!(world.get("/settings/workflows?per_page=10").await["page_context"]["has_more_page"], true);
    world.control("organization", json!({"organization_id": world.org, "plan_name": "Standard"})).await;
    assert_eq!(post(rule(&webhook, "invoice", "edited")).await, (400, 1009));

    for (member, value) in [
        ("url", json!("ftp://127.0.0.1/")),
        ("url", json!("")),
        ("method", json!("GET")),
        ("secret", json!("short")),
        ("secret", json!("twelve chars")),
        ("headers", json!([{"name": "a"}])),
        ("entity", json!("colour")),
    ] {
        let mut body = json!({"url": "http://127.0.0.1:9/"});
        body[member] = value;
        assert_eq!(world.refused(Method::POST, "/settings/webhooks", Some(body)).await.0, 400, "{member}");
    }
    assert_eq!(world.refused(Method::GET, "/settings/webhooks/46", None).await, (404, 1002));
    assert_eq!(world.refused(Method::GET, "/settings/workflows/46", None).await, (404, 1002));
}

#[tokio::test]
async fn a_day_has_a_thousand_firings_and_the_next_begins_anew() {
    let mut world = World::new().await;
    let receiver = Receiver::new().await;
    let webhook = world.webhook(&receiver.url, json!({})).await;
    for _ in 0..10 {
        world.rule(&webhook, "contact", "created").await;
    }
    world.control("webhooks", json!({"hold": true})).await;
    for number in 0..101 {
        world.contact(&format!("Contact {number}"), "customer").await;
    }
    let firings = world.control("webhooks", json!({})).await["firings"].clone();
    assert_eq!((&firings["queued"], &firings["beyond_the_day"]), (&json!(1000), &json!(10)));
    world.sandbox.shared().clock.advance_ms(86_400_000);
    world.token = world.consented("ZohoBooks.fullaccess.all").await["access_token"].as_str().unwrap().to_owned();
    world.contact("Tomorrow", "customer").await;
    assert_eq!(world.control("webhooks", json!({})).await["firings"]["queued"], 1010);
    let told = world.control("webhooks", json!({"deliver": true})).await;
    assert_eq!(
        (&told["delivered"], &told["firings"]["queued"]),
        (&json!(1010), &json!(0)),
        "all that waits, not only a batch of it"
    );
}
