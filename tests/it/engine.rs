//! The engine under people's hands: paused, resumed, cancelled, asked twice; records held, retried, edited while they are read.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};
use tests::{Connected, World, books, eventually, flow, sum};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_paused_and_resumed_in_the_middle_and_a_second_start_finds_it() {
    let (world, connected) = connected(20, 60).await;
    let run = slow_run(&world, &connected).await;
    assert_eq!(change(&world, "pauseRun", &run).await, "CHANGED");
    let paused = world.staff.progress(&run).await.unwrap();
    assert_eq!(paused["state"], "PAUSED");
    // What is being sent is still settled; then nothing moves, however late it gets.
    let settled = quiet(&world, &run).await;
    world.forget_requests().await;
    world.advance(Duration::from_secs(3600)).await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.asked().await.calls("zoho"), 0, "a paused run calls nobody");
    assert_eq!(sum(&world.staff.progress(&run).await.unwrap(), "created"), settled);

    for mutation in ["startMigration", "syncNow", "reconcile"] {
        let (kind, found) = start(&world, mutation, &connected).await;
        assert_eq!((kind.as_str(), found.as_str()), ("RunAlreadyActive", run.as_str()), "{mutation}");
    }
    assert_eq!(change(&world, "resumeRun", &run).await, "CHANGED");
    world.faults(json!([])).await;
    let done = world.finished(&run).await;
    assert_eq!((done["state"].as_str(), &done["clean"]), (Some("DONE"), &json!(true)));
    for mutation in ["pauseRun", "resumeRun", "cancelRun"] {
        assert_eq!(change(&world, mutation, &run).await, "NOT_POSSIBLE", "{mutation} after the end");
    }
    nothing_twice(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cancelled_run_carried_stays_and_the_next_run_carries_the_rest() {
    let (world, connected) = connected(20, 60).await;
    let run = slow_run(&world, &connected).await;
    assert_eq!(change(&world, "cancelRun", &run).await, "CHANGED");
    let settled = quiet(&world, &run).await;
    assert!(settled > 0);
    let there = books::zoho(&world, "contacts").await.len();
    assert!(there > 0);
    world.faults(json!([])).await;
    let (_, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true);
    let (created, unchanged) = (sum(&progress, "created"), sum(&progress, "unchanged"));
    assert!(created > 0 && unchanged > 0, "{progress:#}");
    nothing_twice(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_a_held_contact_wait_and_travel_after_a_retry() {
    let (world, connected) = connected(15, 40).await;
    let (contact, _) = customer_with_invoices(&world).await;
    let name = contact["Name"].as_str().unwrap();
    // A contact in a state that we have never heard of.
    let state = |state: &str| json!({ "ContactID": contact["ContactID"], "ContactStatus": state });
    world.in_xero("Contacts", state("UNHEARD_OF")).await;
    let (_, progress) = world.migrate(&connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let held = holds.iter().find(|hold| hold["flow"]["key"] == "books.customers").unwrap_or_else(|| panic!("{holds:#?}"));
    assert!(held["sentence"].as_str().unwrap().contains(name), "{held}");
    let waiting = flow(&progress, "books.invoices")["waiting"].as_i64().unwrap();
    assert!(waiting > 0, "{progress:#}");
    let before = books::zoho(&world, "invoices").await.len() as i64;

    world.in_xero("Contacts", state("ACTIVE")).await;
    let data = world
        .staff
        .data(
            "mutation($id: ID!) { retryHolds(linkId: $id, codes: [\"UNKNOWN_SHAPE\"]) { retried } }",
            json!({ "id": connected.link }),
        )
        .await
        .unwrap();
    let odd = holds.iter().filter(|hold| hold["code"] == "UNKNOWN_SHAPE").count();
    assert_eq!(data["retryHolds"]["retried"], odd);
    let (run, progress) = world.run("syncNow", &connected).await;
    assert_eq!(world.staff.progress(&run).await.unwrap()["state"], "DONE");
    assert_eq!(flow(&progress, "books.invoices")["waiting"], 0, "{progress:#}");
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    assert_eq!(books::zoho(&world, "invoices").await.len() as i64, before + waiting);
    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    nothing_twice(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_after_a_migration_are_carried_with_exactly_the_needed_writes() {
    let (world, connected) = connected(20, 60).await;
    world.migrate(&connected).await;
    let invoices = books::xero(&world, "Invoices").await;
    let drafts: Vec<&Value> = invoices.iter().filter(|one| one["Status"] == "DRAFT" && one["Type"] == "ACCREC").collect();
    let (contact, _) = customer_with_invoices(&world).await;
    assert!(!drafts.is_empty(), "the company has drafts");
    world.in_xero("Contacts", json!({ "ContactID": contact["ContactID"], "EmailAddress": "new@address.example" })).await;
    world.in_xero("Invoices", json!({ "InvoiceID": drafts[0]["InvoiceID"], "Reference": "PO 4711" })).await;
    world
        .in_xero(
            "Invoices",
            json!({ "Type": "ACCREC", "Contact": { "ContactID": contact["ContactID"] }, "Status": "DRAFT", "Date": "2026-06-01",
                    "DueDate": "2026-07-01", "InvoiceNumber": "NEW-1",
                    "LineItems": [{ "Description": "Later", "Quantity": "2", "UnitAmount": "12.50", "AccountCode": "200", "TaxType": "OUTPUT2" }] }),
        )
        .await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (1, 2), "{progress:#}");
    assert_eq!(world.asked().await.writes("zoho"), 3, "{:#?}", world.asked().await);

    let carried = books::zoho(&world, "invoices").await;
    let of = |id: &Value| {
        let id = id.as_str().unwrap();
        carried
            .iter()
            .find(|one| books::custom(one, "cf_xero_id").as_deref() == Some(id))
            .unwrap_or_else(|| panic!("no {id}"))
            .clone()
    };
    assert_eq!(of(&drafts[0]["InvoiceID"])["reference_number"], "PO 4711");
    assert!(
        carried
            .iter()
            .any(|one| one["invoice_number"] == "NEW-1" && one["total"].to_string().trim_matches('"').starts_with("28.75"))
    );
    let contacts = books::zoho(&world, "contacts").await;
    assert!(contacts.iter().any(|one| one.to_string().contains("new@address.example")), "the address arrived");

    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_edited_while_they_are_read_are_not_lost() {
    let (world, connected) = connected(30, 10).await;
    // More than a page in one second, and two pages and a half in all.
    let (contact, _) = customer_with_invoices(&world).await;
    let many: Vec<Value> = (0..2_500)
        .map(|n| {
            json!({ "InvoiceID": Uuid::from_u128(0xabc0_0000 + n), "Type": "ACCREC", "Status": "DRAFT", "Date": "2026-06-01",
                    "DueDate": "2026-07-01", "Contact": { "ContactID": contact["ContactID"] }, "InvoiceNumber": format!("MANY-{n:05}"),
                    "LineItems": [{ "Description": "One", "Quantity": "1", "UnitAmount": "1", "AccountCode": "200", "TaxType": "OUTPUT2" }] })
        })
        .collect();
    world.in_xero("Invoices", Value::Array(many)).await;
    // Right after the first page and again after the second, early records change their place in the order.
    let pages = |_: usize| json!({ "provider": "xero", "method": "GET", "path_contains": "/Invoices" });
    world.faults(json!([{ "match": pages(0), "kind": "latency", "ms": 700 }])).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    for round in 0..4 {
        eventually("invoices are being carried", async || {
            let progress = world.staff.progress(&run).await.ok()?;
            let seen = progress["counts"].as_array()?.iter().find(|count| count["flow"]["key"] == "books.invoices")?["created"]
                .as_i64()?;
            (seen > round * 500 || progress["state"] == "DONE").then_some(())
        })
        .await;
        let moved: Vec<Value> = (0..40)
            .map(|n| json!({ "InvoiceID": Uuid::from_u128(0xabc0_0000 + (n * 7 + round as u128) % 900), "Reference": format!("moved {round}") }))
            .collect();
        world.in_xero("Invoices", Value::Array(moved)).await;
    }
    let progress = world.finished(&run).await;
    assert_eq!(progress["state"], "DONE");
    world.faults(json!([])).await;
    // What changed after it was read is carried now.
    world.run("syncNow", &connected).await;
    let wanted: BTreeMap<String, String> = books::xero(&world, "Invoices")
        .await
        .iter()
        .filter(|one| one["Type"] == "ACCREC" && one["InvoiceNumber"].as_str().is_some_and(|number| number.starts_with("MANY-")))
        .map(|one| (one["InvoiceID"].as_str().unwrap().to_owned(), one["Reference"].as_str().unwrap_or_default().to_owned()))
        .collect();
    assert_eq!(wanted.len(), 2_500);
    let carried = books::zoho(&world, "invoices").await;
    let found: BTreeMap<String, String> = carried
        .iter()
        .filter(|one| one["invoice_number"].as_str().is_some_and(|number| number.starts_with("MANY-")))
        .map(|one| {
            let id = books::custom(one, "cf_xero_id").unwrap();
            (id, one["reference_number"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    let lost: Vec<_> = wanted.keys().filter(|id| !found.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), &lost[..lost.len().min(5)]);
    let stale: Vec<_> = wanted.iter().filter(|(id, reference)| found.get(*id) != Some(reference)).collect();
    assert!(stale.is_empty(), "{} are stale: {:?}", stale.len(), &stale[..stale.len().min(5)]);
    nothing_twice(&world).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_an_unknown_kind_is_held_with_a_sentence_and_the_others_go() {
    let (world, connected) = connected(20, 120).await;
    let invoices = books::xero(&world, "Invoices").await;
    let open = |one: &&Value| one["Type"] == "ACCREC" && matches!(one["Status"].as_str(), Some("DRAFT" | "SUBMITTED"));
    let odd: Vec<&Value> = invoices.iter().filter(open).take(2).collect();
    assert_eq!(odd.len(), 2);
    let answer = world
        .in_xero(
            "Invoices",
            json!([{ "InvoiceID": odd[0]["InvoiceID"], "Status": "HALF_APPROVED" },
                                    { "InvoiceID": odd[1]["InvoiceID"], "BrandNewField": { "Of": ["a", "new", "version"] } }]),
        )
        .await;
    assert_eq!(answer.as_array().map(Vec::len), Some(2));
    let (_, progress) = world.migrate(&connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let unexpected: Vec<&Value> = holds.iter().filter(|hold| hold["expected"] == false).collect();
    assert_eq!(unexpected.len(), 1, "a new field is nobody's trouble: {unexpected:#?}");
    assert_eq!(unexpected[0]["code"], "UNKNOWN_SHAPE");
    let number = odd[0]["InvoiceNumber"].as_str().unwrap();
    assert!(unexpected[0]["sentence"].as_str().unwrap().contains(number), "{}", unexpected[0]);
    assert_eq!(progress["state"], "DONE");
    let carried: HashSet<String> = ids(&world, "invoices").await.union(&ids(&world, "bills").await).cloned().collect();
    assert!(carried.contains(odd[1]["InvoiceID"].as_str().unwrap()));
    assert!(!carried.contains(odd[0]["InvoiceID"].as_str().unwrap()));
    // Put right in Xero, it travels.
    world.in_xero("Invoices", json!({ "InvoiceID": odd[0]["InvoiceID"], "Status": odd[0]["Status"] })).await;
    world.run("syncNow", &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_without_changes_costs_the_same_few_calls_however_many_records_there_are() {
    let mut calls = Vec::new();
    for invoices in [100, 1_000] {
        let (world, connected) = connected(40, invoices).await;
        let (_, first) = world.migrate(&connected).await;
        assert_eq!(first["clean"], true);
        // The overlap of a new pull shows the last records again.
        world.advance(Duration::from_secs(600)).await;
        world.run("syncNow", &connected).await;
        world.advance(Duration::from_secs(600)).await;
        world.forget_requests().await;
        let (_, progress) = world.run("syncNow", &connected).await;
        assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 0), "{progress:#}");
        let asked = world.asked().await;
        assert_eq!(asked.writes("zoho"), 0, "{asked:#?}");
        println!(
            "a second run over {invoices} documents: {} calls to Xero, {} to Zoho",
            asked.calls("xero"),
            asked.calls("zoho")
        );
        calls.push((asked.calls("xero"), asked.calls("zoho")));
        world.end().await;
    }
    assert_eq!(calls[0], calls[1]);
    assert!(calls[0].0 + calls[0].1 < 40, "{calls:?}");
}

async fn connected(contacts: u64, invoices: u64) -> (World, Connected) {
    World::of_company("demo-company", Some(contacts), Some(invoices)).await
}

async fn slow_run(world: &World, connected: &Connected) -> String {
    world.faults(json!([{ "match": { "provider": "zoho", "method": "PUT" }, "kind": "latency", "ms": 300 }])).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    eventually("invoices arrive", async || {
        let progress = world.staff.progress(&run).await.ok()?;
        let counts = progress["counts"].as_array()?;
        let customers = counts.iter().find(|count| count["flow"]["key"] == "books.customers")?;
        (customers["created"].as_i64()? > 0).then_some(())
    })
    .await;
    run
}

/// Waits until nothing moves any more; gives how many records were created.
async fn quiet(world: &World, run: &str) -> i64 {
    let mut last = -1;
    loop {
        let created = sum(&world.staff.progress(run).await.unwrap(), "created");
        if created == last {
            return created;
        }
        last = created;
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
}

async fn change(world: &World, mutation: &str, run: &str) -> String {
    let query = format!("mutation($id: ID!) {{ {mutation}(runId: $id) {{ outcome run {{ id state }} }} }}");
    let data = world.staff.data(&query, json!({ "id": run })).await.unwrap();
    data[mutation]["outcome"].as_str().unwrap().to_owned()
}

async fn start(world: &World, mutation: &str, connected: &Connected) -> (String, String) {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(linkId: $id) {{ __typename ... on RunStarted {{ run {{ id }} }} ... on RunAlreadyActive {{ run {{ id }} }} }} }}"
    );
    let data = world.staff.data(&query, json!({ "id": connected.link })).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&data[mutation]["__typename"]), text(&data[mutation]["run"]["id"]))
}

/// A customer that is no supplier, and its sales invoices.
async fn customer_with_invoices(world: &World) -> (Value, Vec<Value>) {
    let invoices = books::xero(world, "Invoices").await;
    let contacts = books::xero(world, "Contacts").await;
    contacts
        .into_iter()
        .filter(|contact| contact["IsCustomer"] == true && contact["IsSupplier"] != true && contact["ContactStatus"] == "ACTIVE")
        .filter(|contact| contact["DefaultCurrency"].is_null() || contact["DefaultCurrency"] == "NZD")
        .map(|contact| {
            let own = invoices.iter().filter(|one| {
                one["Contact"]["ContactID"] == contact["ContactID"]
                    && one["Type"] == "ACCREC"
                    && matches!(one["Status"].as_str(), Some("DRAFT" | "AUTHORISED" | "PAID"))
            });
            let own: Vec<Value> = own.cloned().collect();
            (contact, own)
        })
        .max_by_key(|(_, own)| own.len())
        .filter(|(_, own)| !own.is_empty())
        .expect("a customer with invoices")
}

async fn ids(world: &World, resource: &str) -> HashSet<String> {
    books::zoho(world, resource).await.iter().filter_map(|one| books::custom(one, "cf_xero_id")).collect()
}

async fn nothing_twice(world: &World) {
    for (resource, field) in [("contacts", "cf_xero_acct_id"), ("invoices", "cf_xero_id"), ("bills", "cf_xero_id")] {
        assert_eq!(books::twice(&books::zoho(world, resource).await, field), Vec::<String>::new(), "{resource}");
    }
}
