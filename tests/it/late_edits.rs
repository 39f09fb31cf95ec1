//! People edit a record in Zoho at a moment at which nobody looks there: an update from Xero that comes afterwards says only what changed
//! in Xero.

use reqwest::Method;
use serde_json::{Value, json};
use tests::entry::Entry;
use tests::{Connected, World, books};

/// An invoice of Xero's that nobody has paid, on both sides: Xero's id and Zoho's.
async fn invoice() -> (World, Connected, String, String) {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let entry = Entry::new(&world).await;
    let contact = entry.put("Contacts", &[json!({ "Name": "Late Ltd" })]).await.taken[0]["ContactID"].clone();
    let lines = json!([{ "Description": "Thing", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "TaxType": "OUTPUT2" }]);
    let invoice = json!({ "Type": "ACCREC", "Contact": { "ContactID": contact }, "Status": "AUTHORISED", "InvoiceNumber": "INV-L1", "Reference": "old",
                          "Date": "2026-05-01", "DueDate": "2026-06-01", "LineAmountTypes": "Exclusive", "LineItems": lines });
    let made = entry.put("Invoices", &[invoice]).await.taken[0]["InvoiceID"].as_str().unwrap().to_owned();
    world.migrate(&connected).await;
    let here = in_zoho(&world).await["invoice_id"].as_str().unwrap().to_owned();
    (world, connected, made, here)
}

async fn in_zoho(world: &World) -> Value {
    books::zoho(world, "invoices").await.into_iter().find(|one| one["invoice_number"] == "INV-L1").expect("it is in Zoho")
}

async fn in_xero(world: &World) -> Value {
    books::xero(world, "Invoices").await.into_iter().find(|one| one["InvoiceNumber"] == "INV-L1").expect("it is in Xero")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_migration_overwrites_nobodys_edit() {
    let (world, connected, there, here) = invoice().await;
    let edit = json!({ "reference_number": "from Zoho", "terms": "Our own" });
    world.person_in_zoho(&connected, Method::PUT, &format!("invoices/{here}"), Some(edit)).await;
    world.in_xero("Invoices", json!({ "InvoiceID": there, "DueDate": "2026-07-01" })).await;
    world.migrate(&connected).await;
    let (zoho, xero) = (in_zoho(&world).await, in_xero(&world).await);
    assert_eq!(
        (&zoho["due_date"], &zoho["reference_number"], &zoho["terms"]),
        (&json!("2026-07-01"), &json!("from Zoho"), &json!("Our own")),
        "{zoho:#}"
    );
    assert_eq!(xero["Reference"], "from Zoho", "{xero:#}");
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_retried_overwrites_nobodys_edit() {
    let (world, connected, there, here) = invoice().await;
    world
        .faults(json!([{ "match": { "provider": "zoho", "method": "PUT", "path_contains": "/invoices" }, "kind": "status", "code": 400,
                         "body": { "code": 9999, "message": "Not today." }, "times": 2 }]))
        .await;
    world.in_xero("Invoices", json!({ "InvoiceID": there, "DueDate": "2026-07-01" })).await;
    world.run("syncNow", &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert_eq!(holds.len(), 1, "{holds:#?}");
    world.faults(json!([])).await;
    // Zoho's lists do not show it any more by the time the hold is retried.
    let path = format!("invoices/{here}");
    world.person_in_zoho(&connected, Method::PUT, &path, Some(json!({ "reference_number": "from Zoho" }))).await;
    let retry = "mutation($id: ID!) { retryHolds(linkId: $id) { retried } }";
    world.staff.data(retry, json!({ "id": connected.link })).await.unwrap();
    world.run("syncNow", &connected).await;
    let (zoho, xero) = (in_zoho(&world).await, in_xero(&world).await);
    assert_eq!((&zoho["due_date"], &zoho["reference_number"]), (&json!("2026-07-01"), &json!("from Zoho")), "{zoho:#}");
    assert_eq!(xero["Reference"], "from Zoho", "{xero:#}");
    assert!(world.staff.holds(&connected.link).await.unwrap().is_empty());
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_in_xero_between_our_look_and_our_write_is_seen() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let entry = Entry::new(&world).await;
    let contact = json!({ "Name": "Between Ltd", "EmailAddress": "old@example.com", "IsCustomer": true });
    let there = entry.put("Contacts", &[contact]).await.taken[0]["ContactID"].clone();
    world.migrate(&connected).await;
    let here = async || {
        let all = books::zoho(&world, "contacts").await;
        all.into_iter()
            .find(|one| one["contact_name"] == "Between Ltd" || one["contact_name"] == "Among Ltd")
            .expect("it is in Zoho")
    };
    let path = format!("contacts/{}", here().await["contact_id"].as_str().unwrap());
    world.person_in_zoho(&connected, Method::PUT, &path, Some(json!({ "contact_name": "Among Ltd" }))).await;
    let record = json!({ "ContactID": there, "EmailAddress": "new@example.com" });
    world
        .faults(json!([{ "match": { "provider": "xero", "method": "GET", "path_contains": "/Contacts", "query_contains": "IDs" },
                         "kind": "silent_edit", "tenant": world.xero_tenant().await, "resource": "Contacts", "record": record, "times": 1 }]))
        .await;
    world.run("syncNow", &connected).await;
    assert_eq!(world.stage.look("faults").await.unwrap()["struck"][0], 1);
    world.faults(json!([])).await;
    world.run("syncNow", &connected).await;
    let one = books::xero(&world, "Contacts").await.into_iter().find(|one| one["ContactID"] == there).unwrap();
    assert_eq!((&one["Name"], &one["EmailAddress"]), (&json!("Among Ltd"), &json!("new@example.com")), "{one:#}");
    let one = here().await;
    let email =
        one["contact_persons"].as_array().unwrap().iter().find(|one| one["is_primary_contact"] == true).unwrap()["email"].clone();
    assert_eq!((&one["contact_name"], &email), (&json!("Among Ltd"), &json!("new@example.com")), "{one:#}");
    world.nothing_more(&connected).await;
    world.end().await;
}

/// A contact on both sides; Xero changes `in_xero`, and between our look at Zoho's and our write a person there changes `in_zoho`. Gives
/// both sides once they are in step again.
async fn between(switch: Option<&str>, in_xero: Value, in_zoho: Value) -> (Value, Value) {
    let (world, connected) = World::of_company("tiny", None, None).await;
    if let Some(name) = switch {
        world.switch(name, true).await;
    }
    let entry = Entry::new(&world).await;
    let contact = json!({ "Name": "Between Ltd", "EmailAddress": "old@example.com", "FirstName": "Bea", "IsCustomer": true });
    let there = entry.put("Contacts", &[contact]).await.taken[0]["ContactID"].clone();
    world.migrate(&connected).await;
    let all = books::zoho(&world, "contacts").await;
    let id = all.iter().find(|one| one["contact_name"] == "Between Ltd").expect("it is in Zoho")["contact_id"].clone();
    let path = format!("contacts/{}", id.as_str().unwrap());
    let mut record = json!({ "ContactID": there });
    record.as_object_mut().unwrap().extend(in_xero.as_object().unwrap().clone());
    world.in_xero("Contacts", record).await;
    world
        .faults(
            json!([{ "match": { "provider": "zoho", "method": "GET", "path_contains": format!("/{path}") }, "kind": "latency",
                         "ms": 2500, "times": 1 }]),
        )
        .await;
    let edit = async {
        tests::eventually("we look at it", async || (world.stage.look("faults").await.unwrap()["struck"][0] == 1).then_some(()))
            .await;
        // The look has been answered, and the answer is on its way.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world.person_in_zoho(&connected, Method::PUT, &path, Some(in_zoho)).await;
    };
    tokio::join!(world.run("syncNow", &connected), edit);
    world.faults(json!([])).await;
    world.run("syncNow", &connected).await;
    let zoho = books::zoho(&world, "contacts").await.into_iter().find(|one| one["contact_id"] == id).unwrap();
    let xero = books::xero(&world, "Contacts").await.into_iter().find(|one| one["ContactID"] == there).unwrap();
    world.nothing_more(&connected).await;
    world.end().await;
    (zoho, xero)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_changes_in_zoho_between_our_look_and_our_write_is_seen() {
    let in_xero = json!({ "EmailAddress": "new@example.com" });
    let (zoho, xero) = between(None, in_xero, json!({ "contact_name": "Among Ltd", "payment_terms": 45 })).await;
    assert_eq!((&zoho["contact_name"], &zoho["payment_terms"]), (&json!("Among Ltd"), &json!(45)), "{zoho:#}");
    assert_eq!((&xero["Name"], &xero["EmailAddress"]), (&json!("Among Ltd"), &json!("new@example.com")), "{xero:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_zoho_insists_on_a_name_the_rest_of_such_an_edit_is_seen() {
    let switch = Some("zoho.updates_need_what_is_documented");
    let edit = json!({ "contact_name": "Between Ltd", "contact_type": "customer", "billing_address": { "city": "Amongville" } });
    let (zoho, xero) = between(switch, json!({ "EmailAddress": "new@example.com" }), edit).await;
    assert_eq!(zoho["billing_address"]["city"], "Amongville", "{zoho:#}");
    assert_eq!((&xero["Name"], &xero["EmailAddress"]), (&json!("Between Ltd"), &json!("new@example.com")), "{xero:#}");
    assert!(xero["Addresses"].as_array().unwrap().iter().any(|one| one["City"] == "Amongville"), "{xero:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_zoho_insists_an_update_says_again_what_did_not_change() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.switch("zoho.updates_need_what_is_documented", true).await;
    let entry = Entry::new(&world).await;
    let contact = entry.put("Contacts", &[json!({ "Name": "Late Ltd" })]).await.taken[0]["ContactID"].clone();
    let lines = |account: &str| {
        let line = |said: &str, amount: u32| json!({ "Description": said, "Quantity": 1, "UnitAmount": amount, "AccountCode": account, "TaxType": "NONE" });
        json!([line("One", 100), line("Two", 50)])
    };
    let paper = |extra: Value| {
        let mut paper = json!({ "Contact": { "ContactID": contact }, "Date": "2026-05-01", "LineAmountTypes": "NoTax" });
        paper.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        paper
    };
    let bank = books::xero(&world, "Accounts").await.into_iter().find(|one| one["Type"] == "BANK").unwrap()["AccountID"].clone();
    let journal_lines = json!([{ "LineAmount": 7, "AccountCode": "400", "Description": "to" }, { "LineAmount": -7, "AccountCode": "404", "Description": "fro" }]);
    let words = |path: &'static str, id: &'static str, number: &'static str, account: &str, extra: Value| {
        let mut body = paper(extra);
        body[number] = format!("L {path}").into();
        body["Reference"] = "old".into();
        body["LineItems"] = lines(account);
        (path, id, body, "Reference")
    };
    let journal = json!({ "Narration": "Late", "Status": "POSTED", "Date": "2026-05-01", "JournalLines": journal_lines });
    let item = json!({ "Code": "L-5", "Name": "Late", "Description": "old", "IsSold": true, "SalesDetails": { "UnitPrice": 5, "AccountCode": "200" } });
    let spent = json!({ "Type": "SPEND", "Status": "AUTHORISED", "BankAccount": { "AccountID": bank } });
    let invoice = json!({ "Type": "ACCREC", "Status": "AUTHORISED", "DueDate": "2026-06-01" });
    let credit = json!({ "Type": "ACCRECCREDIT", "Status": "AUTHORISED" });
    // Where each is in Xero, what it is and what changes of it; where it is in Zoho, and what changes there.
    let kinds = [
        (words("Invoices", "InvoiceID", "InvoiceNumber", "200", invoice), ("invoices", "invoice_id", "reference_number")),
        (
            words("CreditNotes", "CreditNoteID", "CreditNoteNumber", "200", credit),
            ("creditnotes", "creditnote_id", "reference_number"),
        ),
        (
            words("PurchaseOrders", "PurchaseOrderID", "PurchaseOrderNumber", "400", json!({ "Status": "AUTHORISED" })),
            ("purchaseorders", "purchaseorder_id", "reference_number"),
        ),
        (words("BankTransactions", "BankTransactionID", "", "400", spent), ("expenses", "expense_id", "reference_number")),
        (("ManualJournals", "ManualJournalID", journal, "Narration"), ("journals", "journal_id", "notes")),
        (("Items", "ItemID", item, "Description"), ("items", "item_id", "description")),
    ];
    let mut made = Vec::new();
    for ((path, id, body, _), _) in &kinds {
        let entered = entry.put(path, std::slice::from_ref(body)).await;
        made.push(entered.taken.first().unwrap_or_else(|| panic!("{path}: {:?}", entered.refused))[*id].clone());
    }
    world.migrate(&connected).await;
    let mut before = Vec::new();
    for (_, (path, ..)) in &kinds {
        before.push(books::zoho(&world, path).await);
    }
    for (((path, id, _, field), _), made) in kinds.iter().zip(&made) {
        world.in_xero(path, json!({ *id: made, *field: "Changed" })).await;
    }
    world.run("syncNow", &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.is_empty(), "{holds:#?}");
    for ((_, (path, id, field)), before) in kinds.iter().zip(&before) {
        let all = books::zoho(&world, path).await;
        let is_changed = |one: &&Value| one[*field].as_str().is_some_and(|said| said.starts_with("Changed"));
        let after = all.iter().find(is_changed).unwrap_or_else(|| panic!("{path}: {all:#?}"));
        let before = before.iter().find(|one| one[*id] == after[*id]).unwrap();
        for key in ["total", "amount", "line_items", "rate", "name", "account_id", "date", "status"] {
            assert_eq!(simple(&before[key]), simple(&after[key]), "{path} {key}: {after:#}");
        }
    }
    world.nothing_more(&connected).await;
    world.end().await;
}

/// Lines without the ids that every write gives them anew.
fn simple(value: &Value) -> Value {
    match value {
        Value::Array(lines) => lines
            .iter()
            .map(|line| json!([line["account_id"], line["amount"], line["item_total"], line["description"], line["rate"]]))
            .collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_noticed_is_found_by_the_next_comparison() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    let contacts = books::zoho(&world, "contacts").await;
    let customers = contacts.iter().filter(|one| one["contact_type"] == "customer" && one["status"] != "inactive");
    let ids: Vec<&str> = customers.filter_map(|one| one["contact_id"].as_str()).take(2).collect();
    let edit = async |id: &str, city: &str| {
        let body = json!({ "billing_address": { "city": city } });
        let answer = world.person_in_zoho(&connected, Method::PUT, &format!("contacts/{id}"), Some(body)).await;
        answer["contact"]["last_modified_time"].as_str().unwrap().to_owned()
    };
    // The one was edited within the second in which we wrote it last; the other while a migration was at work elsewhere.
    let second = edit(ids[0], "Secondville").await;
    let text = format!("UPDATE pair SET version = '={second}' WHERE zoho_id = '{}' RETURNING CAST(1 AS BIGINT) AS n", ids[0]);
    assert_eq!(world.rows(&text).await, 1);
    edit(ids[1], "Otherville").await;
    world.rows("UPDATE lane SET zoho_watermark = zoho_watermark + 3600000000 RETURNING CAST(1 AS BIGINT) AS n").await;
    let cities = async || {
        let all = books::xero(&world, "Contacts").await;
        let addresses = all.iter().flat_map(|one| one["Addresses"].as_array().cloned().unwrap_or_default());
        let mut cities: Vec<String> =
            addresses.filter_map(|one| one["City"].as_str().filter(|city| city.ends_with("ville")).map(str::to_owned)).collect();
        cities.sort();
        cities.dedup();
        cities
    };
    world.run("syncNow", &connected).await;
    assert_eq!(cities().await, [""; 0], "neither shows in Zoho's lists");
    world.run("reconcile", &connected).await;
    tests::eventually("both are in Xero", async || (cities().await == ["Otherville", "Secondville"]).then_some(())).await;
    // What was read is known: another comparison reads nothing again.
    // A contact that is a vendor too is hinted for that: the next short run takes it along.
    tests::eventually("nothing is at work or waits for it", async || {
        let text = "SELECT (SELECT COUNT(*) FROM run WHERE state = 'working') + (SELECT COUNT(*) FROM hint) AS n";
        (world.rows(text).await == 0).then_some(())
    })
    .await;
    world.run("reconcile", &connected).await;
    world.nothing_more(&connected).await;
    world.end().await;
}
