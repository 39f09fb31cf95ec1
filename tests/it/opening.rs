//! Opening balances: history that is not carried stands in Zoho as one amount an account, and both ledgers agree to the cent.

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Connected, World, books};

const START: &str = "mutation($id: ID!, $scope: ScopeInput) { startMigration(linkId: $id, scope: $scope, createMissing: true) \
    { __typename ... on RunStarted { run { id } } } }";
const REPORT: &str =
    "query($id: ID!) { run(id: $id) { report { accounts { code name xero zoho difference causes { cause amount } } } } }";

async fn migrated(world: &World, connected: &Connected, scope: Value) -> (String, Value) {
    let data = world.staff.data(START, json!({ "id": connected.link, "scope": scope })).await.unwrap();
    let run = data["startMigration"]["run"]["id"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned();
    let progress = world.finished(&run).await;
    (run, progress)
}

/// Accounts that differ, with the causes.
async fn apart(world: &World, run: &str) -> Vec<(String, Value, Value)> {
    let data = world.staff.data(REPORT, json!({ "id": run })).await.unwrap();
    let rows = data["run"]["report"]["accounts"].as_array().unwrap_or_else(|| panic!("{data}")).clone();
    assert!(rows.len() > 5, "{rows:#?}");
    let differs = rows.into_iter().filter(|row| decimal(&row["difference"]) != Decimal::ZERO);
    differs.map(|row| (row["name"].as_str().unwrap().to_owned(), row["difference"].clone(), row["causes"].clone())).collect()
}

/// No account differs for want of its history.
async fn agree(world: &World, run: &str) {
    let apart = apart(world, run).await;
    let history = ["OUT_OF_SCOPE", "OPENING_BALANCE", "OPENING_NOT_WRITTEN", "UNEXPLAINED"];
    let of_history =
        |causes: &Value| causes.as_array().unwrap().iter().any(|part| history.contains(&part["cause"].as_str().unwrap()));
    assert!(apart.iter().all(|(_, _, causes)| !of_history(causes)), "{apart:#?}");
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().unwrap_or_else(|_| panic!("{value} is no amount"))
}

async fn opening(world: &World, connected: &Connected) -> Option<Value> {
    let (status, answer) = world.in_zoho(connected, Method::GET, "settings/openingbalances", None).await;
    (status == 200).then(|| answer["opening_balance"].clone())
}

/// Calls that wrote an opening balance, by method.
async fn writes(world: &World) -> Vec<(String, u64)> {
    let asked = world.stage.look("requests?tail=0").await.unwrap();
    let counts = asked["counts"].as_array().unwrap().iter();
    let writes = counts.filter_map(|count| {
        let endpoint = count["endpoint"].as_str()?;
        let is_write = endpoint.contains("openingbalances") && !endpoint.starts_with("GET");
        is_write.then(|| (endpoint.split(' ').next().unwrap_or_default().to_owned(), count["count"].as_u64().unwrap_or(0)))
    });
    writes.collect()
}

async fn middle(world: &World) -> String {
    let mut days: Vec<String> =
        books::xero(world, "Invoices").await.iter().map(|one| one["DateString"].as_str().unwrap()[..10].to_owned()).collect();
    days.sort();
    days[days.len() / 2].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_scope_leaves_out_stands_as_opening_balances_until_it_arrives() {
    let (world, connected) = World::of_company("demo-company", Some(20), Some(80)).await;
    let from = middle(&world).await;
    let (run, progress) = migrated(&world, &connected, json!({ "from": from })).await;
    let findings = world.staff.findings(&run).await.unwrap();
    assert_eq!(progress["clean"], true, "{findings:#?}");
    agree(&world, &run).await;
    assert!(findings.iter().any(|one| one["cause"] == "OPENING_BALANCE" && one["explained"] == true), "{findings:#?}");
    let written = opening(&world, &connected).await.expect("an opening balance");
    assert!(written["accounts"].as_array().unwrap().len() > 5, "{written:#}");
    let eve = from.parse::<chrono::NaiveDate>().unwrap().pred_opt().unwrap().to_string();
    assert_eq!(written["date"], eve.as_str());
    let owed = ["Accounts Receivable", "Accounts Payable", "Opening Balance Adjustments"];
    let names: Vec<&str> =
        written["accounts"].as_array().unwrap().iter().filter_map(|line| line["account_name"].as_str()).collect();
    assert!(names.iter().all(|name| !owed.contains(name)), "{names:?}");

    // Once more: nothing to write. A comparison agrees too.
    world.forget_requests().await;
    let (again, progress) = migrated(&world, &connected, json!({ "from": from })).await;
    assert_eq!((progress["clean"].clone(), writes(&world).await), (json!(true), vec![]));
    agree(&world, &again).await;
    let (compared, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true);
    agree(&world, &compared).await;
    assert_eq!(opening(&world, &connected).await, Some(written));

    // Everything arrives: the amounts that stood for it go.
    world.forget_requests().await;
    let (all, progress) = migrated(&world, &connected, json!({})).await;
    let findings = world.staff.findings(&all).await.unwrap();
    assert_eq!(progress["clean"], true, "{findings:#?}");
    agree(&world, &all).await;
    assert_eq!((writes(&world).await, opening(&world, &connected).await), (vec![("DELETE".to_owned(), 1)], None));
    world.forget_requests().await;
    let (last, progress) = migrated(&world, &connected, json!({})).await;
    assert_eq!((progress["clean"].clone(), writes(&world).await), (json!(true), vec![]));
    agree(&world, &last).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_items_of_every_company_leave_ledgers_that_agree() {
    for profile in ["demo-company", "nasty"] {
        let (mut world, connected) = World::of_company(profile, None, (profile == "demo-company").then_some(120)).await;
        let (run, _) = migrated(&world, &connected, json!({ "openOnly": true })).await;
        agree(&world, &run).await;
        assert!(opening(&world, &connected).await.is_some());
        // A day later it is the same scope, and what happened since is carried as it is.
        world.advance(std::time::Duration::from_secs(24 * 3600)).await;
        world.staff = world.stage.staff().unwrap();
        world.forget_requests().await;
        let (run, _) = migrated(&world, &connected, json!({ "openOnly": true })).await;
        assert_eq!(writes(&world).await, vec![], "{profile}");
        agree(&world, &run).await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_does_not_answer_writes_nothing_and_says_so() {
    let (world, connected) = World::of_company("demo-company", Some(20), Some(60)).await;
    let from = middle(&world).await;
    world
        .faults(json!([{ "match": { "provider": "zoho", "method": "GET", "path_contains": "/reports/" }, "kind": "status", "code": 404,
            "body": json!({ "code": 5, "message": "Invalid URL Passed" }).to_string(), "headers": { "content-type": "application/json" }, "times": 99 }]))
        .await;
    let (run, progress) = migrated(&world, &connected, json!({ "from": from })).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let said: Vec<&Value> = findings.iter().filter(|one| one["cause"] == "OPENING_NOT_WRITTEN").collect();
    assert!(said.len() == 1 && said[0]["sentence"].as_str().unwrap().contains("trial balance did not answer"), "{findings:#?}");
    assert_eq!((progress["clean"].clone(), opening(&world, &connected).await), (json!(false), None));
    let apart = apart(&world, &run).await;
    assert!(apart.iter().any(|(_, _, causes)| causes[0]["cause"] == "OUT_OF_SCOPE"), "{apart:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_said_and_an_answer_that_is_lost_is_no_second_opening_balance() {
    let (world, connected) = World::of_company("demo-company", Some(20), Some(60)).await;
    let from = middle(&world).await;
    world
        .faults(json!([{ "match": { "provider": "zoho", "method": "POST", "path_contains": "/openingbalances" }, "kind": "status", "code": 400,
            "body": json!({ "code": 4, "message": "Locked until then." }).to_string(), "headers": { "content-type": "application/json" }, "times": 1 },
            { "match": { "provider": "zoho", "method": "POST", "path_contains": "/openingbalances" }, "kind": "reset_after", "times": 1 }]))
        .await;
    let (run, progress) = migrated(&world, &connected, json!({ "from": from })).await;
    let findings = world.staff.findings(&run).await.unwrap();
    assert_eq!(progress["clean"], false);
    assert!(findings.iter().any(|one| one["sentence"].as_str().unwrap().contains("Locked until then.")), "{findings:#?}");
    assert_eq!(opening(&world, &connected).await, None);

    let (run, progress) = migrated(&world, &connected, json!({ "from": from })).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await);
    agree(&world, &run).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_entered_stays_and_is_completed() {
    let (world, connected) = World::of_company("demo-company", Some(20), Some(60)).await;
    let from = middle(&world).await;
    let (_, chart) = world.in_zoho(&connected, Method::GET, "chartofaccounts", None).await;
    let rows = chart["chartofaccounts"].as_array().unwrap();
    let own = rows.iter().find(|row| row["account_name"] == "Petty Cash").unwrap()["account_id"].clone();
    let enter = async |day: &str, method: Method, id: Option<&str>| {
        let mut body = json!({ "date": day, "accounts": [{ "account_id": own, "debit_or_credit": "debit", "amount": 50 }] });
        if let Some(id) = id {
            body["opening_balance_id"] = id.into();
        }
        let (status, answer) = world.in_zoho(&connected, method, "settings/openingbalances", Some(body)).await;
        assert!(status < 300, "{answer}");
        answer["opening_balance"]["opening_balance_id"].as_str().unwrap().to_owned()
    };
    let id = enter("2019-12-31", Method::POST, None).await;
    let (run, _) = migrated(&world, &connected, json!({ "from": from })).await;
    let findings = world.staff.findings(&run).await.unwrap();
    assert!(findings.iter().any(|one| one["cause"] == "OPENING_NOT_WRITTEN"), "{findings:#?}");
    assert_eq!(opening(&world, &connected).await.unwrap()["accounts"].as_array().unwrap().len(), 1, "not touched");

    let eve = from.parse::<chrono::NaiveDate>().unwrap().pred_opt().unwrap().to_string();
    enter(&eve, Method::PUT, Some(&id)).await;
    let (run, _) = migrated(&world, &connected, json!({ "from": from })).await;
    let now = opening(&world, &connected).await.unwrap();
    let lines = now["accounts"].as_array().unwrap();
    assert!(
        lines.len() > 5 && lines.iter().any(|line| line["account_id"] == own && decimal(&line["amount"]) == Decimal::from(50))
    );
    // Only what the person entered is apart from Xero.
    let apart = apart(&world, &run).await;
    let names: Vec<&str> =
        apart.iter().filter(|(_, _, causes)| causes[0]["cause"] == "UNEXPLAINED").map(|one| one.0.as_str()).collect();
    assert!(names.iter().all(|name| ["Petty Cash", "Opening Balance Adjustments"].contains(name)), "{apart:#?}");
    world.forget_requests().await;
    migrated(&world, &connected, json!({ "from": from })).await;
    assert_eq!(writes(&world).await, vec![]);
    world.end().await;
}
