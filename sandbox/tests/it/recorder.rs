//! What the recorder writes, and what it does not.

use std::path::Path;

use sandbox::seed::Plan;
use serde_json::{Value, json};

use crate::World;

fn lines(folder: &Path) -> Vec<Value> {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "one file for one process: {files:?}");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn exchanges_are_recorded_once_for_each_shape_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    let other = World::new().await;
    for world in [&world, &other] {
        let said = world.order("/_sandbox/record", json!({"on": true, "folder": folder.path()})).await;
        assert_eq!(said["on"], true);
        let plan = Plan::parse(&json!({"contacts": 30, "invoices": 400})).unwrap();
        sandbox::seed::plant(world.sandbox.shared(), &plan).unwrap();
    }
    let tokens = world.connect().await;
    for page in 1..=4 {
        world.read(&tokens, &format!("Invoices?page={page}&pageSize=100&unitdp=4")).await;
    }
    let recorded = lines(folder.path());
    let pages: Vec<_> = recorded.iter().filter(|line| line["path"].as_str().unwrap().ends_with("/Invoices")).collect();
    assert!((1..=4).contains(&pages.len()));
    let kept: usize = pages.iter().map(|page| page["answer"]["Invoices"].as_array().unwrap().len()).sum();
    assert!((2..150).contains(&kept), "{kept} of 400 invoices are kept");
    assert_eq!(pages[0]["query"], json!([["page", "1"], ["pageSize", "100"], ["unitdp", "4"]]));
    assert_eq!((&pages[0]["method"], &pages[0]["status"], &pages[0]["fault"]), (&json!("GET"), &json!(200), &json!(false)));
    assert_eq!(pages[0]["headers"]["authorization"], "…");

    // The same again shows nothing new, wherever in the process it happens.
    let before = recorded.len();
    world.read(&tokens, "Invoices?page=1&pageSize=100&unitdp=4").await;
    let tokens_there = other.connect().await;
    other.read(&tokens_there, "Invoices?page=1&pageSize=100&unitdp=4").await;
    assert_eq!(lines(folder.path()).len(), before);

    let text = lines(folder.path()).iter().map(Value::to_string).collect::<String>();
    for name in ["access_token", "refresh_token", "id_token"] {
        let secret = tokens[name].as_str().unwrap();
        assert!(text.contains(&format!("\"{name}\"")) && !text.contains(secret), "{name}");
    }
    assert!(!text.contains(sandbox::XERO_CLIENT_SECRET) && !text.contains(sandbox::xero::USER_PASSWORD));
}

#[tokio::test]
async fn a_recorded_body_still_reaches_its_handler_and_what_a_fault_answers_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new().await;
    world.order("/_sandbox/record", json!({"on": true, "folder": folder.path()})).await;
    let tokens = world.connect().await;
    assert!(tokens["access_token"].is_string(), "the form was read by the recorder and by the handler");
    world.order("/_sandbox/faults", json!([{"match": {"path_contains": "Organisation"}, "kind": "html"}])).await;
    let page = world.books(&tokens, "Organisation").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<form"));
    let struck: Vec<_> = lines(folder.path()).into_iter().filter(|line| line["fault"] == true).collect();
    assert_eq!(struck.len(), 1);
    assert_eq!(struck[0]["answer"], Value::Null);

    world.order("/_sandbox/record", json!({"on": false})).await;
    let before = lines(folder.path()).len();
    world.read(&tokens, "Currencies").await;
    assert_eq!(lines(folder.path()).len(), before);
    assert_eq!(world.post("/_sandbox/record", json!({"on": "yes"})).await.status(), 400);
}
