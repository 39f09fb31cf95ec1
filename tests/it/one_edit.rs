//! One edit is one write, whichever side it is made on; and a cycle in which nothing happens costs a few calls, whatever the size.
//!
//! `EDITS=1000` asks for more of them, `CYCLES_OF=400,120000` for companies of so many invoices: 1,000 and 300,000 records.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

/// Edits on each side when nobody asks for another number.
const EDITS: u64 = 40;
/// Records whose sides are met in one round; each round writes once for each kind.
const A_ROUND: u64 = 40;
/// Calls of a cycle without a change, both providers together.
const CYCLE_CALLS_MAX: u64 = 18;
const QUARTER: Duration = Duration::from_secs(15 * 60);
/// Cycles that are looked at: two hours, so that slower lists had their turn.
const CYCLES: i64 = 8;
/// The work of a whole migration, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn one_edit_is_one_write_on_either_side() {
    let edits = std::env::var("EDITS").ok().map_or(EDITS, |text| text.parse().expect("EDITS is a number"));
    let (world, connected) = World::of_company("demo-company", Some(edits * 2), Some(edits * 3)).await;
    migrated(&world, &connected).await;
    // The first look at a list meets what our own calls moved in its last two minutes, which is all of a company as quickly carried as here.
    world.advance(Duration::from_secs(180)).await;
    world.run("syncNow", &connected).await;

    // People edit in Zoho.
    let targets = Targets::of(&world, edits).await;
    second(&world).await;
    for (n, id) in targets.contacts.iter().enumerate() {
        zoho(&world, &connected, &format!("contacts/{}", id.zoho), json!({ "contact_name": format!("Renamed in Zoho {n}") }))
            .await;
    }
    for (n, id) in targets.items.iter().enumerate() {
        zoho(&world, &connected, &format!("items/{}", id.zoho), json!({ "rate": 1000 + n })).await;
    }
    for (n, id) in targets.invoices.iter().enumerate() {
        zoho(&world, &connected, &format!("invoices/{}", id.zoho), json!({ "reference_number": format!("Zoho {n}") })).await;
    }
    second(&world).await;
    let before = versions(&world).await;
    world.forget_requests().await;
    let progress = synced(&world, &connected).await;
    let asked = world.asked().await;
    let changed = changed(&before, &versions(&world).await);
    let calls = asked.writes("xero");
    println!("{} edits in Zoho: {changed:?} written to Xero in {calls} calls, {} to Zoho", targets.count(), asked.writes("zoho"));
    assert_eq!(
        sum(&progress, "updated"),
        targets.count() as i64,
        "{progress:#}\n{:#?}",
        world.staff.holds(&connected.link).await
    );
    for (list, of) in [("Contacts", &targets.contacts), ("Items", &targets.items), ("Invoices", &targets.invoices)] {
        assert_eq!(changed.get(list).copied().unwrap_or_default(), of.len() as u64, "{list}");
        let rounds = (of.len() as u64).div_ceil(A_ROUND);
        // A turn that ends in between costs one call more.
        let calls = asked.count("xero", &format!("POST /{list}"));
        assert!((rounds..=rounds + 1).contains(&calls), "{list}: as few calls as there are rounds: {calls}");
    }
    assert_eq!(asked.writes("zoho"), 0);
    quiet(&world, &connected).await;

    // And people edit in Xero.
    let edit = async |list: &str, id: &str, of: &[Ids], field: &str| {
        let named = |(n, one): (usize, &Ids)| {
            let mut record = json!({ id: one.xero, field: format!("{field} of Xero {n}") });
            if list == "Items" {
                record["Code"] = one.code.clone();
            }
            record
        };
        for (n, one) in of.iter().enumerate() {
            world.in_xero(list, named((n, one))).await;
        }
    };
    second(&world).await;
    edit("Contacts", "ContactID", &targets.contacts, "Name").await;
    edit("Items", "ItemID", &targets.items, "Name").await;
    edit("Invoices", "InvoiceID", &targets.invoices, "Reference").await;
    second(&world).await;
    world.forget_requests().await;
    let progress = synced(&world, &connected).await;
    let asked = world.asked().await;
    println!("{} edits in Xero: {} writes to Zoho, {} to Xero", targets.count(), asked.writes("zoho"), asked.writes("xero"));
    assert_eq!(sum(&progress, "updated"), targets.count() as i64, "{progress:#}");
    assert_eq!((asked.writes("zoho"), asked.writes("xero")), (targets.count() as u64, 0), "{asked:#?}");
    quiet(&world, &connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cycle_without_a_change_costs_the_same_few_calls_at_any_size() {
    let sizes = std::env::var("CYCLES_OF").unwrap_or("20,400".to_owned());
    let mut costs = Vec::new();
    for invoices in sizes.split(',').map(|size| size.parse().expect("CYCLES_OF is two numbers")) {
        let cost = cycles(invoices).await;
        println!("{invoices} invoices: calls of {CYCLES} cycles: {cost:?}");
        costs.push(cost);
    }
    // The hour of a slower list ends in one cycle or in the next, by the seconds that the machine took; one more page of a list would
    // be a call more in each.
    let all = |cost: &[u64]| cost.iter().sum::<u64>();
    assert!(all(&costs[0]).abs_diff(all(&costs[1])) < CYCLES as u64, "the size of a company makes no difference: {costs:?}");
    assert!(costs.iter().flatten().all(|calls| *calls <= CYCLE_CALLS_MAX), "{costs:?}");
}

async fn cycles(invoices: u64) -> Vec<u64> {
    let mut world = World::with(vec![("SYNC_EVERY_MINUTES".into(), "15".into())], true).await;
    world.seed("demo-company", Some(20), Some(invoices)).await;
    let connected = world.connected().await;
    migrated(&world, &connected).await;
    // The first look at a list after a migration meets what our own calls moved in its last two minutes.
    world.advance(QUARTER).await;
    patient("the first sync by the clock", async || (syncs(&world).await == 1).then_some(())).await;
    synced(&world, &connected).await;
    let before = syncs(&world).await;
    let mut cost = Vec::new();
    for n in 1..=CYCLES {
        world.forget_requests().await;
        world.advance(QUARTER).await;
        patient("a sync was made by the clock", async || (syncs(&world).await == before + n).then_some(())).await;
        let asked = world.asked().await;
        cost.push(asked.calls("xero") + asked.calls("zoho"));
        assert_eq!(asked.writes("xero") + asked.writes("zoho"), 0, "{asked:#?}");
        if cost.last().is_some_and(|calls| *calls > CYCLE_CALLS_MAX) {
            println!("cycle {n}: {asked:#?}");
        }
    }
    let by = world.rows("SELECT COUNT(*) AS n FROM run WHERE kind = 'sync' AND requested_by = 'timetable'").await;
    assert_eq!(by, 1 + CYCLES);
    world.end().await;
    cost
}

async fn syncs(world: &World) -> i64 {
    world.rows("SELECT COUNT(*) AS n FROM run WHERE kind = 'sync' AND state = 'done'").await
}

/// One record on both sides.
struct Ids {
    xero: String,
    zoho: String,
    code: Value,
}

/// What is edited: about half contacts, half invoices, and a few items.
struct Targets {
    contacts: Vec<Ids>,
    items: Vec<Ids>,
    invoices: Vec<Ids>,
}

impl Targets {
    async fn of(world: &World, edits: u64) -> Self {
        let here = books::zoho(world, "contacts").await;
        // Who is a customer and a vendor is two contacts in Zoho, and renaming one renames the other.
        let mut often = HashMap::<String, u64>::new();
        for one in &here {
            for field in ["cf_xero_acct_id", "cf_xero_supplier_id"] {
                *often.entry(books::custom(one, field).unwrap_or_default()).or_default() += 1;
            }
        }
        let once = |one: &Value| {
            let id = books::custom(one, "cf_xero_acct_id").unwrap_or_default();
            one["status"] == "active" && often.get(&id) == Some(&1)
        };
        let code = |one: &Value| one["sku"].clone();
        let archived: HashSet<String> = here
            .iter()
            .filter(|one| one["status"] != "active")
            .filter_map(|one| one["contact_id"].as_str().map(str::to_owned))
            .collect();
        let mut contacts = ids(here, "contact_id", "cf_xero_acct_id", once, code);
        let sold = |one: &Value| one["item_type"] != "purchases" && one["status"] == "active";
        let mut items = ids(books::zoho(world, "items").await, "item_id", "cf_xero_id", sold, code);
        // What is paid is changed no more in Xero, nor what is an archived contact's.
        let is_open = |one: &Value| {
            let is_whose = |id: &str| archived.contains(id);
            matches!(one["status"].as_str(), Some("draft" | "sent" | "overdue"))
                && !one["customer_id"].as_str().is_some_and(is_whose)
        };
        let mut invoices = ids(books::zoho(world, "invoices").await, "invoice_id", "cf_xero_id", is_open, code);
        items.truncate(edits as usize / 8);
        invoices.truncate((edits as usize - items.len()) / 2);
        contacts.truncate(edits as usize - items.len() - invoices.len());
        let targets = Self { contacts, items, invoices };
        assert_eq!(targets.count(), edits as usize, "the company is too small");
        targets
    }

    fn count(&self) -> usize {
        self.contacts.len() + self.items.len() + self.invoices.len()
    }
}

fn ids(records: Vec<Value>, key: &str, field: &str, fits: impl Fn(&Value) -> bool, code: impl Fn(&Value) -> Value) -> Vec<Ids> {
    let paired =
        |one: Value| Some(Ids { xero: books::custom(&one, field)?, zoho: one[key].as_str()?.to_owned(), code: code(&one) });
    records.into_iter().filter(fits).filter_map(paired).collect()
}

/// When each of Xero's records was last changed.
async fn versions(world: &World) -> BTreeMap<(&'static str, String), String> {
    let mut versions = BTreeMap::new();
    for (list, id) in [("Contacts", "ContactID"), ("Items", "ItemID"), ("Invoices", "InvoiceID")] {
        for record in books::xero(world, list).await {
            versions.insert((list, record[id].to_string()), record["UpdatedDateUTC"].to_string());
        }
    }
    versions
}

fn changed(
    before: &BTreeMap<(&'static str, String), String>,
    after: &BTreeMap<(&'static str, String), String>,
) -> BTreeMap<&'static str, u64> {
    let mut changed = BTreeMap::new();
    for ((list, _), _) in after.iter().filter(|(key, version)| before.get(*key) != Some(*version)) {
        *changed.entry(*list).or_default() += 1;
    }
    changed
}

async fn zoho(world: &World, connected: &Connected, path: &str, body: Value) {
    let (status, answer) = world.in_zoho(connected, Method::PUT, path, Some(body)).await;
    assert!((200..300).contains(&status), "{path}: {answer:#}");
}

/// Zoho tells whole seconds: nobody edits in the very second of our own writing.
async fn second(world: &World) {
    world.advance(Duration::from_secs(3)).await;
}

async fn migrated(world: &World, connected: &Connected) {
    let run = world.staff.start("startMigration", &connected.link).await.unwrap();
    assert_eq!(ended(world, &run).await["clean"], true);
}

async fn synced(world: &World, connected: &Connected) -> Value {
    let run = world.staff.start("syncNow", &connected.link).await.unwrap();
    ended(world, &run).await
}

async fn ended(world: &World, run: &str) -> Value {
    patient("the run has ended", async || {
        let progress = world.staff.progress(run).await.ok()?;
        matches!(progress["state"].as_str(), Some("DONE" | "CANCELLED" | "FAILED")).then_some(progress)
    })
    .await
}

async fn patient<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let until = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < until, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// Another sync writes nothing, on neither side.
async fn quiet(world: &World, connected: &Connected) {
    world.forget_requests().await;
    synced(world, connected).await;
    let asked = world.asked().await;
    assert_eq!((asked.writes("xero"), asked.writes("zoho")), (0, 0), "{asked:#?}");
}
