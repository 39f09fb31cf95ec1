//! Webhooks: signed, in batches, tried again, and troubled on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{World, demo};

/// How the listener answers.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// As it should: 200 when the signature fits, 401 when not.
    Good,
    /// 200 whatever the signature.
    Credulous,
    Failing,
    WithBody,
    WithCookie,
    /// As it should, but after more than five seconds.
    Slow,
}

/// Somebody who listens for webhooks, written from the documents and not from the sandbox.
struct Listener {
    url: String,
    manner: Arc<Mutex<Manner>>,
    /// (body, whether its signature fitted)
    got: Arc<Mutex<Vec<(Value, bool)>>>,
}

impl Listener {
    async fn new() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://127.0.0.1:{}/webhooks/xero", socket.local_addr().unwrap().port());
        let manner = Arc::new(Mutex::new(Manner::Good));
        let got = Arc::new(Mutex::new(Vec::new()));
        let (theirs, heard) = (manner.clone(), got.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = socket.accept().await.unwrap();
                let (manner, got) = (theirs.clone(), heard.clone());
                tokio::spawn(async move {
                    let mut read = Vec::new();
                    loop {
                        let Some((head, body)) = request(&mut stream, &mut read).await else { return };
                        let header = |name: &str| {
                            let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
                            line.map(|line| line.split_once(':').unwrap().1.trim().to_owned()).unwrap_or_default()
                        };
                        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(sandbox::XERO_WEBHOOK_KEY.as_bytes()).unwrap();
                        mac.update(&body);
                        let fits = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
                            == header("x-xero-signature");
                        let manner = *manner.lock().unwrap();
                        got.lock().unwrap().push((serde_json::from_slice(&body).unwrap(), fits));
                        if manner == Manner::Slow {
                            tokio::time::sleep(Duration::from_millis(5_500)).await;
                        }
                        let answer = match manner {
                            Manner::Failing => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
                            Manner::Good if !fits => "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
                            Manner::WithBody => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
                            Manner::WithCookie => "HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n",
                            Manner::Good | Manner::Credulous | Manner::Slow => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
                        };
                        // Who waited too long has hung up.
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, manner, got }
    }

    fn be(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn forget(&self) {
        self.got.lock().unwrap().clear();
    }

    fn bodies(&self) -> Vec<Value> {
        self.got.lock().unwrap().iter().map(|(body, _)| body.clone()).collect()
    }

    /// Every event heard so far.
    fn events(&self) -> Vec<Value> {
        self.bodies().iter().flat_map(|body| body["events"].as_array().unwrap().clone()).collect()
    }
}

/// Reads one HTTP request off a stream that is kept open.
async fn request(stream: &mut tokio::net::TcpStream, read: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = read.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().to_owned()));
            let length: usize = length.unwrap().parse().unwrap();
            if read.len() >= end + 4 + length {
                let body = read[end + 4..end + 4 + length].to_vec();
                read.drain(..end + 4 + length);
                return Some((head, body));
            }
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => read.extend_from_slice(&chunk[..count]),
        }
    }
}

const HOOKS: &str = "/_sandbox/xero/webhooks";

async fn listening() -> (World, Value, Listener) {
    let world = World::new().await;
    let tokens = world.connect().await;
    let listener = Listener::new().await;
    let state = world.order(HOOKS, json!({"url": listener.url})).await;
    assert_eq!(state["status"], "OK", "{state}");
    listener.forget();
    (world, tokens, listener)
}

/// Waits for something that happens in the background.
async fn until(what: &str, is: impl AsyncFn() -> bool) {
    for _ in 0..400 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

async fn contacts(world: &World, tokens: &Value, names: &[&str]) -> Vec<String> {
    let contacts: Vec<_> = names.iter().map(|name| json!({"Name": name})).collect();
    let made = world.xero(tokens, Method::PUT, "Contacts", json!({"Contacts": contacts})).await;
    made["Contacts"].as_array().unwrap().iter().map(|contact| contact["ContactID"].as_str().unwrap().to_owned()).collect()
}

fn ids(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| event["resourceId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_address_shows_its_intent_to_receive_before_it_receives() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let listener = Listener::new().await;
    for manner in [Manner::Credulous, Manner::Failing, Manner::WithBody, Manner::WithCookie] {
        listener.be(manner);
        let state = world.order(HOOKS, json!({"url": listener.url})).await;
        assert_eq!(state["status"], "INTENT TO RECEIVE REQUIRED");
    }
    contacts(&world, &tokens, &["Before"]).await;
    listener.be(Manner::Good);
    listener.forget();
    let state = world.order(HOOKS, json!({"enable": true})).await;
    assert_eq!((&state["status"], &state["waiting"]), (&json!("OK"), &json!(0)), "nothing was recorded before");
    let asked = listener.got.lock().unwrap().clone();
    assert_eq!((asked.len(), asked.iter().filter(|(_, fits)| *fits).count()), (4, 2));
    assert!(
        asked
            .iter()
            .all(|(body, _)| body["events"] == json!([]) && body["firstEventSequence"] == 0 && body["entropy"].is_string())
    );

    for bad in [
        json!({"url": "http://example.org/"}),
        json!({"categories": ["QUOTE"]}),
        json!({"lose": 2}),
        json!({"deliver_all": true}),
    ] {
        assert_eq!(world.post(HOOKS, bad).await.status(), 400);
    }
    assert_eq!(world.order(HOOKS, json!({"url": null})).await["status"], "OFF");
    assert_eq!(world.post(HOOKS, json!({"enable": true})).await.status(), 400);
}

#[tokio::test]
async fn changes_by_people_and_by_the_app_itself_are_told_in_one_signed_stream() {
    let (world, tokens, listener) = listening().await;
    let made = contacts(&world, &tokens, &["Ada", "Grace"]).await;
    until("two events", async || listener.events().len() == 2).await;
    assert!(listener.got.lock().unwrap().iter().all(|(_, fits)| *fits));
    let event = listener.events()[0].clone();
    assert_eq!(event["resourceUrl"], format!("{}/xero/api/api.xro/2.0/Contacts/{}", world.sandbox.url(), made[0]));
    for (name, wanted) in
        [("resourceId", made[0].as_str()), ("eventType", "CREATE"), ("eventCategory", "CONTACT"), ("tenantType", "ORGANISATION")]
    {
        assert_eq!(event[name], wanted);
    }
    assert_eq!(event["tenantId"], demo());
    assert_eq!(event["eventDateUtc"].as_str().unwrap().len(), "2024-06-21T01:15:39.902".len());
    let body = listener.bodies()[0].clone();
    assert_eq!(
        (body["firstEventSequence"].as_i64().unwrap() + 1, body["entropy"].as_str().unwrap().len()),
        (body["lastEventSequence"].as_i64().unwrap(), 20)
    );

    // A person in both organisations: one stream; organisations that are not connected are not in it.
    let training = sandbox::xero::TRAINING.to_string();
    world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"ContactID": made[0], "ContactStatus": "ARCHIVED"})).await;
    world.order(&format!("/_sandbox/xero/{training}/Contacts"), json!({"Name": "Elsewhere"})).await;
    until("four events", async || listener.events().len() == 4).await;
    let events = listener.events();
    assert_eq!((&events[2]["eventType"], &events[2]["tenantId"]), (&json!("UPDATE"), &json!(demo())), "archiving is an update");
    assert_eq!(events[3]["tenantId"], training);
    world.order("/_sandbox/xero/disconnect", json!({"tenantId": training})).await;
    world.order(&format!("/_sandbox/xero/{training}/Contacts"), json!({"Name": "Unheard"})).await;
    world
        .order(&format!("/_sandbox/xero/{}/Contacts?silent=true", demo()), json!({"ContactID": made[1], "FirstName": "Quiet"}))
        .await;
    world.order(&format!("/_sandbox/xero/{}/Items", demo()), json!({"Code": "X-1"})).await;
    world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Heard"})).await;
    until("one more", async || listener.events().len() == 5).await;
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(listener.events().len(), 5, "nobody else's, no silent ones, no items");
}

#[tokio::test]
async fn a_payment_is_told_with_the_invoice_that_it_pays() {
    let (world, tokens, listener) = listening().await;
    let contact = contacts(&world, &tokens, &["Ada"]).await;
    let sent = json!({"Type": "ACCREC", "Contact": {"ContactID": contact[0]}, "Date": "2026-05-01", "DueDate": "2026-06-01", "Status": "AUTHORISED",
        "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}]});
    let invoice = world.xero(&tokens, Method::PUT, "Invoices", sent).await["Invoices"][0]["InvoiceID"].clone();
    until("contact and invoice", async || listener.events().len() >= 2).await;
    listener.forget();
    world.order("/_sandbox/clock", json!({"advance_s": 2})).await;
    let payment = json!({"Invoice": {"InvoiceID": invoice}, "Account": {"Code": "090"}, "Amount": 10, "Date": "2026-05-02"});
    world.order(&format!("/_sandbox/xero/{}/Payments", demo()), payment.clone()).await;
    until("both", async || listener.events().len() == 2).await;
    let told = |events: Vec<Value>| {
        let mut told: Vec<_> = events
            .iter()
            .map(|event| (event["eventCategory"].as_str().unwrap().to_owned(), event["eventType"].as_str().unwrap().to_owned()))
            .collect();
        told.sort();
        told
    };
    assert_eq!(told(listener.events()), [("INVOICE".into(), "UPDATE".into()), ("PAYMENT".into(), "CREATE".into())]);
    assert!(listener.events().iter().all(|event| event.get("data").is_none()));

    world.order("/_sandbox/switches", json!({"xero.payment_events_have_data": true})).await;
    world.order(HOOKS, json!({"categories": ["PAYMENT"]})).await;
    listener.forget();
    world.order(&format!("/_sandbox/xero/{}/Payments", demo()), payment).await;
    until("the payment", async || !listener.events().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(listener.events().len(), 1, "only what is subscribed to");
    assert_eq!(listener.events()[0]["data"]["Type"], "ACCRECPAYMENT");
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_ever_more_seldom_and_then_no_more() {
    let (world, tokens, listener) = listening().await;
    listener.be(Manner::Failing);
    contacts(&world, &tokens, &["Ada"]).await;
    let state = async || world.control(HOOKS).await;
    until("a first failure", async || state().await["failing"]["attempts"] == 1).await;
    contacts(&world, &tokens, &["Grace"]).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(listener.bodies().len(), 1, "it waits for the sandbox's clock");
    world.order("/_sandbox/clock", json!({"advance_s": 11})).await;
    until("a second attempt", async || state().await["failing"]["attempts"] == 2).await;
    assert_eq!(listener.bodies()[0], listener.bodies()[1], "the same body once more");
    listener.be(Manner::Good);
    world.order("/_sandbox/clock", json!({"advance_s": 61})).await;
    until("all delivered", async || state().await["waiting"] == 0).await;
    assert_eq!(listener.events().len(), 4, "the failed one three times, then what waited behind it");

    listener.be(Manner::Failing);
    contacts(&world, &tokens, &["Hedy"]).await;
    until("a failure", async || state().await["failing"]["attempts"] == 1).await;
    let mut waits = Vec::new();
    for attempt in 2.. {
        world.order("/_sandbox/clock", json!({"advance_s": 4 * 3600 + 1})).await;
        until("an answer", async || state().await["status"] == "DISABLED" || state().await["failing"]["attempts"] == attempt)
            .await;
        let state = state().await;
        if state["status"] == "DISABLED" {
            break;
        }
        waits.push(state["log"].as_array().unwrap().last().unwrap()["next_attempt_in_s"].as_i64().unwrap());
    }
    assert!(waits.is_sorted() && waits.len() >= 4, "{waits:?}");
    world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Mary"})).await;
    listener.be(Manner::Good);
    listener.forget();
    world.order(HOOKS, json!({"enable": true})).await;
    until("the replay", async || listener.events().len() == 2).await;
    assert_eq!(state().await["status"], "OK");
}

#[tokio::test]
async fn events_are_held_reordered_duplicated_and_lost_on_demand() {
    let (world, tokens, listener) = listening().await;
    world.order(HOOKS, json!({"hold": true, "reorder": true, "seed": 3})).await;
    let names: Vec<String> = (0..20).map(|n| format!("C {n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let made = contacts(&world, &tokens, &names).await;
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert!(listener.bodies().is_empty());
    assert_eq!(world.control(HOOKS).await["waiting"], 20);
    world.order(HOOKS, json!({"deliver": true})).await;
    until("all of them", async || listener.events().len() == 20).await;
    let mut heard = ids(&listener.events());
    assert_ne!(heard, made, "in another order");
    assert_eq!(listener.bodies().len(), 2);
    heard.sort();
    let mut all = made.clone();
    all.sort();
    assert_eq!(heard, all);

    listener.forget();
    world.order(HOOKS, json!({"hold": false, "reorder": false, "duplicate": true})).await;
    contacts(&world, &tokens, &["Twice"]).await;
    until("two of one", async || listener.bodies().len() == 2).await;
    assert_eq!(listener.bodies()[0], listener.bodies()[1]);

    listener.forget();
    world.order(HOOKS, json!({"duplicate": false, "lose": 0.5, "seed": 1, "hold": true})).await;
    let names: Vec<String> = (0..40).map(|n| format!("L {n}")).collect();
    contacts(&world, &tokens, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.order(HOOKS, json!({"hold": false})).await;
    until("what is left", async || world.control(HOOKS).await["waiting"] == 0 && !listener.events().is_empty()).await;
    let lost = world.control(HOOKS).await["lost"].as_u64().unwrap();
    assert!((5..36).contains(&lost), "{lost}");
    assert_eq!(listener.events().len() as u64 + lost, 40);
}

#[tokio::test]
async fn an_event_of_a_category_that_nobody_knows_is_sent_on_demand() {
    let (world, _, listener) = listening().await;
    let nobody = "11111111-1111-4111-8111-111111111111";
    let event = json!({"eventCategory": "WEATHER", "eventType": "Update", "tenantId": nobody, "data": {"Sky": "blue"}});
    world.order(HOOKS, json!({"send": event})).await;
    until("the event", async || listener.events().len() == 1).await;
    let heard = listener.events()[0].clone();
    assert_eq!(
        (&heard["eventCategory"], &heard["tenantId"], &heard["data"]["Sky"]),
        (&json!("WEATHER"), &json!(nobody), &json!("blue"))
    );
    assert!(heard["resourceId"].is_string() && heard["eventDateUtc"].is_string());
}

#[tokio::test]
async fn an_answer_that_takes_longer_than_five_seconds_is_none() {
    let (world, tokens, listener) = listening().await;
    listener.be(Manner::Slow);
    let before = std::time::Instant::now();
    contacts(&world, &tokens, &["Ada"]).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    until("it gives up", async || world.control(HOOKS).await["failing"]["attempts"] == 1).await;
    assert!(before.elapsed() >= Duration::from_secs(5), "{:?}", before.elapsed());
    let log = world.control(HOOKS).await["log"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&log["status"], &log["flaw"]), (&Value::Null, &json!("no answer within 5 seconds")));
    listener.be(Manner::Good);
    world.order(HOOKS, json!({"deliver": true})).await;
    until("the second attempt, which was ordered", async || world.control(HOOKS).await["delivered"] == 1).await;
}
