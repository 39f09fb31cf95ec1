//! Channels: subscribing, what they are told, and how they end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::Crm;

/// A server that notes the JSON it is sent.
struct Ear {
    url: String,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Ear {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?tenant=7", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let noted = heard.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let noted = noted.clone();
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    let mut part = [0; 4096];
                    loop {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        if let Some((head, body)) = text.split_once("\r\n\r\n") {
                            let length = head
                                .lines()
                                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                                noted.lock().unwrap().push(serde_json::from_str(body).unwrap());
                                stream
                                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                                    .await
                                    .unwrap();
                                return;
                            }
                        }
                        match stream.read(&mut part).await {
                            Ok(0) | Err(_) => return,
                            Ok(read) => bytes.extend(&part[..read]),
                        }
                    }
                });
            }
        });
        Self { url, heard }
    }

    fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until so many have come.
    async fn wait(&self, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            if self.heard().len() >= count {
                return self.heard();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{} notifications instead of {count}", self.heard().len());
    }
}

impl Crm {
    async fn watch(&self, channel: &str, ear: &Ear, events: Value, more: Value) -> (u16, Value) {
        let mut watch = json!({"channel_id": channel, "events": events, "notify_url": ear.url, "token": "secret"});
        watch.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/actions/watch", json!({"watch": [watch]})).await
    }
}

#[tokio::test]
async fn a_channel_is_told_what_happens_and_how_it_was_asked_for() {
    let crm = Crm::new().await;
    let ear = Ear::new().await;
    let (status, answer) =
        crm.watch("1105420521999070702", &ear, json!(["Contacts.all"]), json!({"return_affected_field_values": true})).await;
    assert_eq!(status, 201);
    let row = &answer["watch"][0];
    assert_eq!(row["message"], "Successfully subscribed for actions-watch of the given module");
    let event = &row["details"]["events"][0];
    assert_eq!((&event["channel_id"], &event["resource_name"]), (&json!("1105420521999070702"), &json!("Contacts")));
    assert_eq!(event["resource_uri"], crm.world.url("/zoho/eu/api/crm/v8/Contacts"));

    let (_, answer) = crm.post("/Contacts", json!({"data": [{"Last_Name": "Ada"}, {"Last_Name": "Bob"}, {}]})).await;
    let ids: Vec<_> = (0..2).map(|row| answer["data"][row]["details"]["id"].clone()).collect();
    let told = ear.wait(1).await[0].clone();
    assert_eq!((&told["operation"], &told["module"], &told["ids"]), (&json!("insert"), &json!("Contacts"), &json!(ids)));
    assert_eq!((&told["token"], &told["channel_id"]), (&json!("secret"), &json!("1105420521999070702")));
    assert_eq!(told["query_params"], json!({"tenant": "7"}));
    assert_eq!(told["affected_fields"][0][ids[0].as_str().unwrap()], json!(["Last_Name"]));
    assert_eq!(told["affected_values"][1], json!({"record_id": ids[1], "values": {"Last_Name": "Bob"}}));
    assert!(told["server_time"].as_i64().unwrap() > 1_700_000_000_000);

    crm.update("Contacts", ids[0].as_str().unwrap(), json!({"Title": "T"})).await;
    crm.call(Method::DELETE, &format!("/Contacts/{}", ids[0].as_str().unwrap()), None).await;
    let told = ear.wait(3).await;
    assert_eq!((&told[1]["operation"], &told[2]["operation"]), (&json!("update"), &json!("delete")));
    assert_eq!(told[2]["affected_values"][0]["values"]["Record_Status__s"], 0);
}

#[tokio::test]
async fn only_the_events_and_fields_that_were_asked_for() {
    let crm = Crm::new().await;
    let ear = Ear::new().await;
    let condition = json!([{"type": "field_selection", "module": {"api_name": "Contacts"}, "field_selection": {"group_operator": "or",
        "group": [{"field": {"api_name": "Email"}}, {"field": {"api_name": "Phone"}}]}}]);
    let (status, _) = crm.watch("1", &ear, json!(["Contacts.edit"]), json!({"notification_condition": condition})).await;
    assert_eq!(status, 201);
    let id = crm.insert("Contacts", json!({"Last_Name": "Ada"})).await;
    crm.update("Contacts", &id, json!({"Title": "unseen"})).await;
    crm.insert("Leads", json!({"Last_Name": "unseen", "Company": "C"})).await;
    crm.update("Contacts", &id, json!({"Phone": "1"})).await;
    let told = ear.wait(1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!((ear.heard().len(), &told[0]["operation"]), (1, &json!("update")));
    assert_eq!(told[0]["affected_values"], json!([]), "values come only when they are asked for");
}

#[tokio::test]
async fn a_channel_ends_after_an_hour_or_at_most_a_week() {
    let crm = Crm::new().await;
    let ear = Ear::new().await;
    crm.watch("1", &ear, json!(["Contacts.create"]), json!({})).await;
    assert_eq!(crm.read("/actions/watch").await["watch"][0]["resource_name"], "Contacts");
    crm.advance_s(3590);
    crm.insert("Contacts", json!({"Last_Name": "In time"})).await;
    ear.wait(1).await;
    crm.advance_s(11);
    let crm = Crm { token: super::consent(&crm.world, super::EVERYTHING).await["access_token"].as_str().unwrap().into(), ..crm };
    crm.insert("Contacts", json!({"Last_Name": "Too late"})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ear.heard().len(), 1);
    assert_eq!(crm.get("/actions/watch").await.0, 204, "it ended without a word");

    let at = |days: i64| {
        let now = crm.world.sandbox.shared().clock.now();
        json!({"channel_expiry": (now + chrono_days(days)).to_rfc3339()})
    };
    assert_eq!(crm.watch("2", &ear, json!(["Contacts.create"]), at(6)).await.0, 201);
    let (status, answer) = crm.watch("3", &ear, json!(["Contacts.create"]), at(8)).await;
    assert_eq!((status, &answer["watch"][0]["details"]["api_name"]), (202, &json!("channel_expiry")));
    crm.switch("zoho.crm_long_expiry_becomes_an_hour", true);
    assert_eq!(crm.watch("3", &ear, json!(["Contacts.create"]), at(8)).await.0, 201);
}

fn chrono_days(days: i64) -> Duration {
    Duration::from_secs(u64::try_from(days * 24 * 3600).unwrap())
}

#[tokio::test]
async fn channels_are_renewed_patched_and_ended() {
    let crm = Crm::new().await;
    let ear = Ear::new().await;
    crm.watch("9", &ear, json!(["Contacts.create", "Accounts.all"]), json!({})).await;
    let list = crm.read("/actions/watch?channel_id=9").await;
    assert_eq!((list["watch"].as_array().unwrap().len(), &list["watch"][0]["token"]), (2, &json!("secret")));
    let renewed = json!({"watch": [{"channel_id": "9", "events": ["Contacts.all"], "notify_url": ear.url}]});
    assert_eq!(crm.call(Method::PUT, "/actions/watch", Some(renewed)).await.0, 200);
    assert_eq!(crm.read("/actions/watch").await["watch"][0]["events"], json!(["Contacts.all"]), "a PUT replaces");
    let more = json!({"watch": [{"channel_id": "9", "events": ["Leads.create"]}]});
    assert_eq!(crm.call(Method::PATCH, "/actions/watch", Some(more)).await.0, 200);
    let less = json!({"watch": [{"channel_id": "9", "events": ["Contacts.all"], "_delete_events": true}]});
    let (_, answer) = crm.call(Method::PATCH, "/actions/watch", Some(less)).await;
    assert_eq!(answer["watch"][0]["message"], "Successfully removed the subscribe details");
    assert_eq!(crm.read("/actions/watch").await["watch"][0]["resource_name"], "Leads");
    let (status, answer) = crm.call(Method::DELETE, "/actions/watch?channel_ids=9", None).await;
    assert_eq!((status, &answer["watch"][0]["message"]), (200, &json!("Successfully un-subscribed from actions-watch")));
    let (status, answer) = crm.call(Method::DELETE, "/actions/watch?channel_ids=9", None).await;
    assert_eq!((status, &answer["watch"][0]["code"]), (400, &json!("NOT_SUBSCRIBED")));
    let unknown = json!({"watch": [{"channel_id": "10", "events": ["Contacts.all"], "notify_url": ear.url}]});
    assert_eq!(crm.call(Method::PUT, "/actions/watch", Some(unknown)).await.1["watch"][0]["code"], "NOT_SUBSCRIBED");
    for (broken, name) in [
        (json!({"token": "x".repeat(51)}), "token"),
        (json!({"channel_id": "abc"}), "channel_id"),
        (json!({"events": ["Contacts.touch"]}), "events"),
    ] {
        let (status, answer) = crm.watch("11", &ear, json!(["Contacts.all"]), broken).await;
        assert_eq!((status, answer["watch"][0]["details"]["api_name"].as_str().unwrap()), (202, name));
    }
}

#[tokio::test]
async fn notifications_are_doubled_lost_held_and_turned_round_on_command() {
    let crm = Crm::new().await;
    let ear = Ear::new().await;
    crm.watch("1", &ear, json!(["Contacts.create"]), json!({})).await;
    let order = async |body: Value| crm.world.order("/_sandbox/zoho/crm/channels", body).await;
    let insert = async |name: &str| crm.insert("Contacts", json!({"Last_Name": name})).await;
    order(json!({"duplicate": true})).await;
    let twice = insert("Twice").await;
    assert!(ear.wait(2).await.iter().all(|told| told["ids"] == json!([twice])));

    order(json!({"duplicate": false, "hold": true, "reorder": true})).await;
    let ids = [insert("One").await, insert("Two").await, insert("Three").await];
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ear.heard().len(), 2, "held");
    assert_eq!(order(json!({"deliver": true})).await["delivered_now"], 3);
    let told: Vec<_> = ear.heard()[2..].iter().map(|told| told["ids"][0].clone()).collect();
    assert_eq!(told, [json!(ids[2]), json!(ids[1]), json!(ids[0])]);

    order(json!({"hold": false, "reorder": false, "lose": 1.0, "seed": 3})).await;
    insert("Lost").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let state = crm.world.control("/_sandbox/state").await;
    let notifications = &state["zoho"]["crm"]["notifications"];
    assert_eq!((&notifications["lost"], &notifications["sent"], &notifications["waiting"]), (&json!(1), &json!(5), &json!(0)));
    let wrong = crm.world.post("/_sandbox/zoho/crm/channels", json!({"lose": 2})).await;
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn nothing_that_leaves_this_machine_is_sent() {
    let crm = Crm::new().await;
    let mut ear = Ear::new().await;
    ear.url = "https://hooks.example.com/x".into();
    assert_eq!(crm.watch("1", &ear, json!(["Contacts.create"]), json!({})).await.0, 201);
    crm.insert("Contacts", json!({"Last_Name": "Ada"})).await;
    let state = crm.world.control("/_sandbox/state").await;
    let notifications = &state["zoho"]["crm"]["notifications"];
    assert_eq!((&notifications["waiting"], &notifications["sent"], &notifications["failed"]), (&json!(0), &json!(0), &json!(0)));
}
