//! What of a company is carried is chosen, and what it costs is known before.

use serde_json::{Value, json};
use tests::{Connected, World, books, entry, flow, sum};

const START: &str = "mutation($id: ID!, $scope: ScopeInput, $create: Boolean) { startMigration(linkId: $id, scope: $scope, createMissing: $create) \
    { __typename ... on RunStarted { run { id } } } }";
const PREVIEW: &str = "query($id: ID!) { run(id: $id) { state preview { choices { kind from minutes days xeroCalls zohoCalls \
    flows { flow { key } records zohoCalls isEstimate } } references { flow { key } xeroId name state zohoId zohoName } \
    options { flow { key } zohoId name } locks { provider area until } } } }";

async fn company() -> (World, Connected) {
    World::of_company("demo-company", Some(20), Some(60)).await
}

async fn start(world: &World, connected: &Connected, scope: Value) -> Value {
    let data = world.staff.data(START, json!({ "id": connected.link, "scope": scope, "create": true })).await.unwrap();
    let run = data["startMigration"]["run"]["id"].as_str().unwrap_or_else(|| panic!("{data}")).to_owned();
    let progress = world.finished(&run).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let unexpected: Vec<&Value> = holds.iter().filter(|hold| hold["expected"] != true).take(5).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    // Every list and every document agrees; what was left out is in the opening balances, or is outside the scope for another reason.
    let differs: Vec<&Value> = findings.iter().filter(|one| one["explained"] != true).collect();
    assert!(differs.is_empty(), "{differs:#?}");
    progress
}

async fn previewed(world: &World, connected: &Connected, scope: Value) -> Value {
    let question = "mutation($id: ID!, $scope: ScopeInput) { previewMigration(linkId: $id, scope: $scope) { ... on RunStarted { run { id } } } }";
    let data = world.staff.data(question, json!({ "id": connected.link, "scope": scope })).await.unwrap();
    let run = data["previewMigration"]["run"]["id"].as_str().unwrap().to_owned();
    world.finished(&run).await;
    world.staff.data(PREVIEW, json!({ "id": run })).await.unwrap()["run"]["preview"].clone()
}

fn count<'a>(choice: &'a Value, key: &str) -> &'a Value {
    choice["flows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|count| count["flow"]["key"] == key)
        .unwrap_or_else(|| panic!("{key}: {choice}"))
}

/// The day on which half of the sales invoices are older.
async fn middle(world: &World) -> String {
    let mut days: Vec<String> =
        books::xero(world, "Invoices").await.iter().map(|one| one["DateString"].as_str().unwrap()[..10].to_owned()).collect();
    days.sort();
    days[days.len() / 2].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_writes_nothing_and_says_what_each_choice_carries_and_costs() {
    let (world, connected) = company().await;
    let from = middle(&world).await;
    let preview = previewed(&world, &connected, json!({ "from": from })).await;
    for list in ["contacts", "invoices", "bills"] {
        assert_eq!(books::zoho(&world, list).await.len(), 0, "nothing is written");
    }
    let kinds: Vec<&Value> = preview["choices"].as_array().unwrap().iter().map(|choice| &choice["kind"]).collect();
    assert_eq!(kinds, ["EVERYTHING", "FROM", "OPEN_ITEMS"]);
    let choices = preview["choices"].as_array().unwrap();
    let calls: Vec<i64> = choices.iter().map(|choice| choice["zohoCalls"].as_i64().unwrap()).collect();
    assert!(calls[0] > calls[1] && calls[1] > calls[2], "{calls:?}");
    assert!(choices.iter().all(|choice| choice["days"] == 1), "{choices:#?}");
    let invoices = books::xero(&world, "Invoices").await;
    let sales = |wanted: fn(&Value) -> bool| invoices.iter().filter(|one| one["Type"] == "ACCREC" && wanted(one)).count();
    assert_eq!(count(&choices[0], "books.invoices")["records"], sales(|one| one["Status"] != "DELETED"));
    assert_eq!(count(&choices[2], "books.invoices")["records"], sales(|one| one["Status"] == "AUTHORISED"));
    let references = preview["references"].as_array().unwrap();
    assert!(references.iter().any(|one| one["state"] == "PROPOSED" && one["zohoName"].is_string()), "{references:#?}");
    assert!(references.iter().any(|one| one["state"] == "MISSING" && one["flow"]["key"] == "books.accounts"), "{references:#?}");
    assert!(preview["options"].as_array().unwrap().len() > 10);

    // What was promised is what comes.
    let progress = start(&world, &connected, json!({})).await;
    let invoices = flow(&progress, "books.invoices");
    assert_eq!(
        count(&choices[0], "books.invoices")["records"],
        invoices["created"].as_i64().unwrap() + invoices["held"].as_i64().unwrap()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_day_on_only_what_is_dated_or_was_open_then_arrives_and_the_rest_can_follow() {
    let (world, connected) = company().await;
    let from = middle(&world).await;
    start(&world, &connected, json!({ "from": from, "off": ["books.items"] })).await;
    assert_eq!(books::zoho(&world, "items").await.len(), 0, "items were left out");
    let invoices = books::xero(&world, "Invoices").await;
    let older = |one: &Value| {
        let is_older = one["DateString"].as_str().unwrap()[..10] < *from;
        is_older && one["Status"] == "PAID" && day(&one["FullyPaidOnDate"]).is_none_or(|settled| settled < from)
    };
    let left_out: Vec<String> =
        invoices.iter().filter(|one| older(one)).map(|one| one["InvoiceID"].as_str().unwrap().to_owned()).collect();
    let arrived = ids(&world).await;
    assert!(!left_out.is_empty() && arrived.len() > 10, "{} left out, {} arrived", left_out.len(), arrived.len());
    assert!(arrived.iter().all(|id| !left_out.contains(id)), "what was settled before the day stays out");

    // A wider scope takes along what was left out, and writes nothing twice.
    start(&world, &connected, json!({})).await;
    let all = ids(&world).await;
    assert!(left_out.iter().all(|id| all.contains(id)), "everything is there now");
    let again = start(&world, &connected, json!({})).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    world.end().await;
}

/// The day of Xero's `/Date(1541176290703+0000)/`.
fn day(value: &Value) -> Option<String> {
    let digits: String = value.as_str()?.chars().skip_while(|one| *one != '(').skip(1).take_while(char::is_ascii_digit).collect();
    Some(chrono::DateTime::from_timestamp_millis(digits.parse().ok()?)?.date_naive().to_string())
}

async fn ids(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for list in ["invoices", "bills"] {
        all.extend(books::zoho(world, list).await.iter().filter_map(|one| books::custom(one, "cf_xero_id")));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn open_items_only_carries_no_settled_document_and_no_payment_of_one() {
    let (world, connected) = company().await;
    start(&world, &connected, json!({ "openOnly": true })).await;
    let open: Vec<String> = books::xero(&world, "Invoices")
        .await
        .iter()
        .filter(|one| !["PAID", "VOIDED", "DELETED"].contains(&one["Status"].as_str().unwrap()))
        .map(|one| one["InvoiceID"].as_str().unwrap().to_owned())
        .collect();
    let arrived = ids(&world).await;
    assert!(!arrived.is_empty() && arrived.iter().all(|id| open.contains(id)), "{} of {}", arrived.len(), open.len());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_created_that_was_not_approved_and_a_choice_stands() {
    let (world, connected) = company().await;
    let preview = previewed(&world, &connected, Value::Null).await;
    let references = preview["references"].as_array().unwrap();
    let mut missing = references.iter().filter(|one| one["state"] == "MISSING" && one["flow"]["key"] == "books.accounts");
    let (approved, mapped, refused) = (missing.next().unwrap(), missing.next().unwrap(), missing.next().unwrap());
    let expense = preview["options"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"].as_str().unwrap().contains("Salaries and Employee Wages"));
    let option = expense.unwrap_or_else(|| panic!("{:#?}", preview["options"]));
    let decide =
        "mutation($id: ID!, $entries: [ReferenceInput!]!) { setReferenceMap(linkId: $id, entries: $entries) { decided } }";
    let wrong = world
        .staff
        .data(decide, json!({ "id": connected.link, "entries": [{ "flow": "books.invoices", "xeroId": "x", "create": true }] }))
        .await;
    assert!(wrong.unwrap_err().to_string().contains("not mapped by people"));
    let entries = json!([
        { "flow": "books.accounts", "xeroId": approved["xeroId"], "create": true },
        { "flow": "books.accounts", "xeroId": mapped["xeroId"], "zohoId": option["zohoId"] },
    ]);
    let data = world.staff.data(decide, json!({ "id": connected.link, "entries": entries })).await.unwrap();
    assert_eq!(data["setReferenceMap"]["decided"], 2);
    let start = "mutation($id: ID!) { startMigration(linkId: $id, createMissing: false) { ... on RunStarted { run { id } } } }";
    let data = world.staff.data(start, json!({ "id": connected.link })).await.unwrap();
    world.finished(data["startMigration"]["run"]["id"].as_str().unwrap()).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let held = |one: &Value| holds.iter().any(|hold| hold["code"] == "NOT_IN_ZOHO" && hold["xeroId"] == one["xeroId"]);
    assert!(!held(approved) && !held(mapped) && held(refused), "{holds:#?}");

    let after = previewed(&world, &connected, Value::Null).await;
    let state = |one: &Value| {
        let references = after["references"].as_array().unwrap();
        let found = references.iter().find(|after| after["xeroId"] == one["xeroId"]).unwrap();
        (found["state"].clone(), found["zohoId"].clone())
    };
    assert_eq!(state(approved).0, "PAIRED");
    assert_eq!(state(mapped), (json!("CHOSEN"), option["zohoId"].clone()));
    assert_eq!(state(refused).0, "MISSING");

    // Another decision: the account that was chosen before is the customer's own, and stays as it is.
    let of_zoho = |accounts: &[Value]| accounts.iter().find(|one| one["account_id"] == option["zohoId"]).cloned().unwrap();
    let before = of_zoho(&books::zoho(&world, "chartofaccounts").await);
    let entries = json!([{ "flow": "books.accounts", "xeroId": mapped["xeroId"], "create": true }]);
    world.staff.data(decide, json!({ "id": connected.link, "entries": entries })).await.unwrap();
    let data = world.staff.data(start, json!({ "id": connected.link })).await.unwrap();
    world.finished(data["startMigration"]["run"]["id"].as_str().unwrap()).await;
    assert_eq!(of_zoho(&books::zoho(&world, "chartofaccounts").await), before);
    let last = previewed(&world, &connected, Value::Null).await;
    let found = last["references"].as_array().unwrap().iter().find(|one| one["xeroId"] == mapped["xeroId"]).unwrap();
    assert!(found["state"] == "PAIRED" && found["zohoId"] != option["zohoId"], "{found}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_period_is_read_before_anything_is_written_into_it() {
    let (world, connected) = company().await;
    let until = middle(&world).await;
    let lock = json!({ "transaction_lock_status": "locked", "transaction_lock_module": "all", "transaction_lock_date": until, "reason": "Filed" });
    let (status, answer) = entry::zoho(&world, "PUT", "transactionlock", &lock).await;
    assert_eq!(status, 200, "{answer}");
    let preview = previewed(&world, &connected, Value::Null).await;
    assert_eq!(
        preview["locks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|lock| lock["provider"] == "ZOHO" && lock["until"] == until.as_str())
            .count(),
        1
    );
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    world.finished(&run).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let locked: Vec<&Value> =
        holds.iter().filter(|hold| hold["code"] == "LOCKED_PERIOD" && hold["flow"]["key"] == "books.invoices").collect();
    assert!(!locked.is_empty(), "{holds:#?}");
    assert!(locked.iter().all(|hold| hold["sentence"].as_str().unwrap().contains(&until)), "{locked:#?}");
    world.end().await;
}
