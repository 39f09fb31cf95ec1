//! Files and notes of records: passed on once, kept nowhere, and what stays in Xero says so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::entry::Entry;
use tests::{Connected, World, books, flow, patience, program, sum};
use tokio::process::Child;

/// The greatest file that Zoho takes.
const GREAT: usize = 10 * 1024 * 1024;
/// As many the engine passes on side by side.
const FILES_AT_ONCE: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn files_arrive_byte_for_byte_once_and_what_zoho_does_not_take_is_told() {
    let (world, connected) = connected().await;
    let planted = in_xero(&world).await;
    assert!(planted.values().any(|files| files.len() > 1), "{planted:?}");
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let (arrived, stayed) = compare(&world, &connected, &planted).await;
    let count = flow(&progress, "books.attachments");
    assert_eq!((count["created"].as_u64(), count["held"].as_u64()), (Some(arrived), Some(stayed)), "{count}");
    assert!(arrived > 3 && stayed > 0, "{arrived} {stayed}");
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let held: Vec<&Value> = holds.iter().filter(|hold| hold["flow"]["key"] == "books.attachments").collect();
    assert!(held.iter().all(|hold| hold["expected"] == true && hold["code"] == "FILE_TYPE"), "{held:#?}");
    let sentence = held[0]["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("The file “Hours.xlsx” of ") && sentence.contains(" stays in Xero"), "{sentence}");

    world.forget_requests().await;
    let (_, again) = world.migrate(&connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    assert_eq!(world.asked().await.writes("zoho"), 0, "the second run uploads nothing");
    assert_eq!(below(&world).await, 0, "and lists nothing");

    // A file more on a record that has changed: that one is attached, the others are left alone.
    world.switch("xero.attaching_touches_records", true).await;
    let bearer = planted.keys().next().unwrap().clone();
    Entry::new(&world).await.attach(&format!("Invoices/{bearer}"), "one more.pdf", b"%PDF one more".to_vec()).await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(flow(&progress, "books.attachments")["created"], 1, "{progress:#}");
    assert_eq!((below(&world).await, world.asked().await.writes("zoho")), (2, 1), "one list, one download, one upload");
    compare(&world, &connected, &in_xero(&world).await).await;
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_record_brings_its_files_or_says_why_not() {
    let (world, connected) = connected().await;
    let entry = Entry::new(&world).await;
    let mut attached = Vec::new();
    for (list, id) in LISTS {
        // Records differ in what becomes of them: several are tried.
        let records = books::xero(&world, list).await;
        let live = |one: &&Value| !matches!(one["Status"].as_str(), Some("DELETED" | "VOIDED" | "ARCHIVED"));
        for (n, record) in records.iter().filter(live).take(EACH).enumerate() {
            let name = format!("{list} {n}.pdf");
            entry.attach(&format!("{list}/{}", record[id].as_str().unwrap()), &name, name.clone().into_bytes()).await;
            attached.push((list, name));
        }
    }
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let mut arrived = all_files(&world, &connected).await;
    arrived.retain(|name| attached.iter().any(|(_, one)| one == name));
    let once: BTreeSet<&String> = arrived.iter().collect();
    // A contact that is a customer and a vendor is two in Zoho, and each has its files.
    let twice: Vec<&String> = once.iter().filter(|name| arrived.iter().filter(|one| one == *name).count() > 1).copied().collect();
    assert!(twice.iter().all(|name| name.starts_with("Contacts ")), "{twice:?}");
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    let stay = holds.iter().filter(|hold| hold["code"] == "NO_FILES_THERE").count();
    let missing: Vec<&(&str, String)> = attached.iter().filter(|(_, name)| !once.contains(name)).collect();
    println!("{} of {} files arrived, {stay} records keep theirs; not there: {missing:?}", once.len(), attached.len());
    for list in ["Contacts", "Invoices", "BankTransactions", "ManualJournals", "PurchaseOrders"] {
        assert!(once.iter().any(|name| name.starts_with(list)), "none of {list}");
    }
    for list in ["Accounts", "BankTransfers", "RepeatingInvoices"] {
        let of = |all: &[&(&str, String)]| all.iter().filter(|(of, _)| *of == list).count();
        assert_eq!(of(&missing), of(&attached.iter().collect::<Vec<_>>()), "{list}");
    }
    assert!(stay > EACH, "{holds:#?}");
    world.forget_requests().await;
    world.run("syncNow", &connected).await;
    assert_eq!((world.asked().await.writes("zoho"), below(&world).await), (0, 0), "the second run does nothing");
    world.end().await;
}

/// Lists of Xero whose records may have files and say so.
const LISTS: [(&str, &str); 8] = [
    ("Accounts", "AccountID"),
    ("Contacts", "ContactID"),
    ("Invoices", "InvoiceID"),
    ("BankTransactions", "BankTransactionID"),
    ("BankTransfers", "BankTransferID"),
    ("ManualJournals", "ManualJournalID"),
    ("PurchaseOrders", "PurchaseOrderID"),
    ("RepeatingInvoices", "RepeatingInvoiceID"),
];
/// Records of each list.
const EACH: usize = 6;

/// The names of all files in Zoho.
async fn all_files(world: &World, connected: &Connected) -> Vec<String> {
    let mut found = Vec::new();
    for (resource, one, id) in [
        ("contacts", "contact", "contact_id"),
        ("invoices", "invoice", "invoice_id"),
        ("bills", "bill", "bill_id"),
        ("expenses", "expense", "expense_id"),
        ("journals", "journal", "journal_id"),
        ("purchaseorders", "purchaseorder", "purchaseorder_id"),
    ] {
        for record in books::zoho(world, resource).await {
            let path = format!("{resource}/{}", record[id].as_str().unwrap());
            let (_, answer) = world.in_zoho(connected, reqwest::Method::GET, &path, None).await;
            let documents = answer[one]["documents"].as_array().unwrap_or_else(|| panic!("{answer}"));
            found.extend(documents.iter().map(|document| document["file_name"].as_str().unwrap().to_owned()));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_an_answer_is_looked_for_and_not_made_twice() {
    let (world, connected) = connected().await;
    let planted = in_xero(&world).await;
    // The file arrives, and nobody says so.
    let rule = json!([{ "match": { "provider": "zoho", "method": "POST", "path_contains": "/attachment" }, "kind": "reset_after", "times": 3, "after": 1 }]);
    world.faults(rule).await;
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    let progress = tests::eventually("the run has ended", async || {
        world.advance(std::time::Duration::from_secs(2)).await;
        let progress = world.staff.progress(&run).await.ok()?;
        (progress["state"] == "DONE").then_some(progress)
    })
    .await;
    world.faults(json!([])).await;
    assert_eq!(progress["clean"], true, "{progress:#}");
    compare(&world, &connected, &planted).await;
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM intent").await, 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_are_carried_only_where_they_are_asked_for_and_once() {
    let (world, connected) = connected().await;
    let (_, progress) = world.migrate(&connected).await;
    assert!(progress["counts"].as_array().unwrap().iter().all(|count| count["flow"]["key"] != "books.notes"), "{progress:#}");
    assert_eq!(comments(&world, &connected).await, Vec::<String>::new());

    world.rows(r#"UPDATE link SET scope = '{"on":["books.notes"]}' RETURNING CAST(1 AS BIGINT) AS n"#).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    let written = comments(&world, &connected).await;
    let created = flow(&progress, "books.notes")["created"].as_u64().unwrap();
    assert!(created > 0 && created == written.len() as u64, "{created}: {written:#?}");
    assert!(written.iter().all(|text| text.contains(": ") && !text.contains("Attached")), "{written:#?}");
    world.forget_requests().await;
    let (_, again) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&again, "created"), world.asked().await.writes("zoho")), (0, 0), "{again:#}");
    assert_eq!(below(&world).await, 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_great_files_take_no_more_memory_than_a_small_one() {
    let (world, connected) = without_worker().await;
    let worker = program::start(&["worker"], &world.stage.environment);
    world.migrate(&connected).await;
    world.switch("xero.attachments_up_to_10_mb", true).await;
    world.switch("xero.attaching_touches_records", true).await;
    let bearer = in_xero(&world).await.pop_last().unwrap().0;
    let entry = Entry::new(&world).await;
    let already = in_xero(&world).await[&bearer].len();
    for n in already..10 {
        let bytes = [&[n as u8; 64][..], b"ten megabytes of this"].concat().repeat(GREAT.div_ceil(85));
        entry.attach(&format!("Invoices/{bearer}"), &format!("great {n}.pdf"), bytes[..GREAT].to_vec()).await;
    }
    let before = peak_mib(&worker);
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(flow(&progress, "books.attachments")["created"], 10 - already, "{progress:#}");
    let grown = peak_mib(&worker) - before;
    println!("{} files of 10 MB, {FILES_AT_ONCE} at once: the worker's peak grew by {grown:.1} MiB", 10 - already);
    assert!(grown < (FILES_AT_ONCE * GREAT / 2) as f64 / 1024.0 / 1024.0, "{grown}");
    compare(&world, &connected, &in_xero(&world).await).await;
    drop(worker);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_among_the_files_attaches_none_of_them_twice() {
    let (world, connected) = without_worker().await;
    let worker = program::start(&["worker"], &world.stage.environment);
    world.migrate(&connected).await;
    kill(worker).await;
    world.switch("xero.attaching_touches_records", true).await;
    let bearers: Vec<String> = in_xero(&world).await.into_keys().take(3).collect();
    let entry = Entry::new(&world).await;
    for (n, bearer) in bearers.iter().enumerate() {
        for name in ["one.pdf", "two.png", "three.gif", "four.docx"] {
            entry.attach(&format!("Invoices/{bearer}"), &format!("{n} {name}"), format!("{n} {name}").into_bytes()).await;
        }
    }
    let run = world.staff.start("syncNow", &connected.link).await.unwrap();
    for point in ["before_send:1", "answered:2", "before_settle:1", "before_settle_commit:2", "after_settle:1", "before_listed:1"]
    {
        let mut environment = world.stage.environment.clone();
        environment.push(("CPCONNECT_KILL_AT".to_owned(), point.to_owned()));
        let mut victim = program::start(&["worker"], &environment);
        let died = tokio::time::timeout(patience(), victim.wait()).await.unwrap_or_else(|_| panic!("{point} was not reached"));
        assert!(died.unwrap().code().is_none(), "{point}: the worker was to die");
    }
    let worker = program::start(&["worker"], &world.stage.environment);
    world.finished(&run).await;
    kill(worker).await;
    compare(&world, &connected, &in_xero(&world).await).await;
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM intent").await, 0, "every upload's outcome is known");
    world.end().await;
}

/// A world whose workers are processes of their own.
async fn without_worker() -> (World, Connected) {
    let mut world = World::without_worker().await;
    world.seed("demo-company", Some(20), Some(60)).await;
    let helper = program::start(&["worker"], &world.stage.environment);
    let connected = world.connected().await;
    kill(helper).await;
    (world, connected)
}

async fn kill(mut victim: Child) {
    victim.start_kill().unwrap();
    victim.wait().await.unwrap();
}

/// The most memory that a process ever had.
fn peak_mib(process: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id().unwrap())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
}

async fn connected() -> (World, Connected) {
    World::of_company("demo-company", Some(30), Some(100)).await
}

/// Calls below records of Xero: lists of files, downloads, histories.
async fn below(world: &World) -> u64 {
    let asked = world.asked().await;
    asked.count("xero", "/Attachments") + asked.count("xero", "/History")
}

type Files = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// By document: names and bytes of its files, as Xero gives them.
async fn in_xero(world: &World) -> Files {
    let entry = Entry::new(world).await;
    let mut found = Files::new();
    for invoice in books::xero(world, "Invoices").await.iter().filter(|invoice| invoice["HasAttachments"] == true) {
        let id = invoice["InvoiceID"].as_str().unwrap();
        let (_, listed) = entry.call("GET", &format!("Invoices/{id}/Attachments"), &Value::Null).await;
        for file in listed["Attachments"].as_array().unwrap() {
            let bytes = entry.file(&format!("Invoices/{id}/Attachments/{}", file["AttachmentID"].as_str().unwrap())).await;
            found.entry(id.to_owned()).or_default().insert(file["FileName"].as_str().unwrap().to_owned(), bytes);
        }
    }
    found
}

/// Holds Zoho's files against Xero's. Gives how many arrived, and how many stayed though their document arrived.
async fn compare(world: &World, connected: &Connected, planted: &Files) -> (u64, u64) {
    let (mut arrived, mut stayed) = (0, 0);
    for resource in ["invoices", "bills"] {
        for document in books::zoho(world, resource).await {
            let one = if resource == "invoices" { "invoice" } else { "bill" };
            let id = document[format!("{one}_id")].as_str().unwrap();
            let (_, answer) = world.in_zoho(connected, reqwest::Method::GET, &format!("{resource}/{id}"), None).await;
            let there = answer[one]["documents"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
            let none = BTreeMap::new();
            let wanted = planted.get(&books::custom(&document, "cf_xero_id").unwrap()).unwrap_or(&none);
            let (takes, rest): (Vec<_>, Vec<_>) =
                wanted.iter().partition(|(name, _)| !name.ends_with("xlsx") && !name.ends_with("docx"));
            let mut names: Vec<&str> = there.iter().map(|one| one["file_name"].as_str().unwrap()).collect();
            names.sort_unstable();
            assert_eq!(names, takes.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), "{resource} {id}");
            for file in &there {
                let path = format!("{resource}/{id}/documents/{}", file["document_id"].as_str().unwrap());
                let bytes = world.file_in_zoho(connected, &path).await;
                assert_eq!(Some(&bytes), wanted.get(file["file_name"].as_str().unwrap()), "{resource} {id} {file}");
            }
            arrived += takes.len() as u64;
            stayed += rest.len() as u64;
        }
    }
    (arrived, stayed)
}

/// What people have written on documents and contacts in Zoho.
async fn comments(world: &World, connected: &Connected) -> Vec<String> {
    let mut found = Vec::new();
    for (resource, id, key) in
        [("invoices", "invoice_id", "comments"), ("bills", "bill_id", "comments"), ("contacts", "contact_id", "contact_comments")]
    {
        for record in books::zoho(world, resource).await {
            let path = format!("{resource}/{}/comments", record[id].as_str().unwrap());
            let (_, answer) = world.in_zoho(connected, reqwest::Method::GET, &path, None).await;
            let all = answer[key].as_array().unwrap().iter().filter(|comment| comment["comment_type"] != "system");
            found.extend(all.map(|comment| comment["description"].as_str().unwrap().to_owned()));
        }
    }
    found
}
