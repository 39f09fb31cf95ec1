//! Both companies are edited at random while the two are kept in step; calls fail, workers die, and what the providers tell is lost, said
//! twice and out of order: once it is quiet, every pair is equal or somebody is asked, nothing is there twice, nothing is lost, and nothing
//! is written any more.
//!
//! `STORM_SEEDS=200` for the full storm, `STORM_RECORDS=1000` for a company of so many contacts and invoices, `STORM_EDITS` for more edits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::dice::Dice;
use tests::mortal::Mortal;
use tests::{Connected, World, books, eventually, sum};

use crate::hints::webhooks;

/// Edits between two syncs, and how often.
const EDITS: u64 = 12;
const ROUNDS: u64 = 4;
/// Contacts and invoices together.
const RECORDS: u64 = 32;
/// The share of what the providers tell that never comes.
const LOST: f64 = 0.2;

#[tokio::test(flavor = "multi_thread")]
async fn after_a_storm_every_pair_is_equal_or_somebody_is_asked() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, seeds) = (setting("STORM_SEED").unwrap_or(1), setting("STORM_SEEDS").unwrap_or(2));
    let records = setting("STORM_RECORDS").unwrap_or(RECORDS);
    for seed in first..first + seeds {
        Storm::new(seed, records).await.blow(setting("STORM_EDITS").unwrap_or(EDITS)).await;
    }
}

struct Storm {
    world: World,
    connected: Connected,
    worker: Mortal,
    deaths: u64,
    dice: Dice,
    seed: u64,
    /// Values that were never there before.
    count: u64,
    edits: BTreeMap<&'static str, u64>,
}

impl Storm {
    async fn new(seed: u64, records: u64) -> Self {
        let mut world = World::with(vec![("ZOHO_WEBHOOKS".into(), "on".into())], false).await;
        let worker = Mortal::born(&world).await;
        let contacts = records * 3 / 8;
        world.seed("demo-company", Some(contacts), Some(records - contacts)).await;
        let connected = world.connected().await;
        let (_, progress) = world.migrate(&connected).await;
        assert_eq!(progress["clean"], true);
        // Nobody edits within the very second in which we wrote the same record: see `amid`.
        world.advance(Duration::from_secs(2)).await;
        eventually("Zoho tells us", async || webhooks(&world, &connected).await).await;
        let trouble = json!({ "lose": LOST, "duplicate": true, "reorder": true, "seed": seed });
        world.stage.control("zoho/webhooks", trouble.clone()).await.unwrap();
        let mut listening = trouble;
        listening["url"] = json!(world.url("/webhooks/xero"));
        world.stage.control("xero/webhooks", listening).await.unwrap();
        Self { world, connected, worker, deaths: 0, dice: Dice(seed), seed, count: 0, edits: BTreeMap::new() }
    }

    async fn blow(mut self, edits: u64) {
        let kinds = ["reset_after", "reset_before", "truncated_json"];
        for round in 0..ROUNDS {
            for _ in 0..edits {
                self.edit().await;
            }
            // Either calls fail, or people go on while it runs: their calls must not fail.
            let fails = round % 2 == 0;
            if fails {
                let kind = *self.dice.one_of(&kinds);
                let seed = self.dice.below(1 << 30);
                self.world.faults(json!([{ "match": {}, "kind": kind, "probability": 0.02, "seed": seed }])).await;
            }
            let run = self.world.staff.start("syncNow", &self.connected.link).await.unwrap();
            if !fails {
                self.amid(&run, edits / 3).await;
            }
            self.kill().await;
            self.patient(&run).await;
            self.world.faults(json!([])).await;
        }
        self.quiet().await;
        // What nobody was told, and that lists do not show, is found by the comparison of every day.
        let run = self.world.staff.start("reconcile", &self.connected.link).await.unwrap();
        self.patient(&run).await;
        self.quiet().await;
        self.equal().await;
        let (zoho, xero) =
            (self.world.stage.look("zoho/webhooks").await.unwrap(), self.world.stage.look("xero/webhooks").await.unwrap());
        println!("storm {}: Zoho told {}, Xero {} and lost {}", self.seed, zoho["firings"], xero["delivered"], xero["lost"]);
        assert!(xero["delivered"].as_u64() > Some(0) && xero["lost"].as_u64() > Some(0), "{xero:#}");
        for _ in 0..10 {
            self.rest().await;
            self.world.advance(Duration::from_secs(24 * 3600)).await;
            self.world.staff = self.world.stage.staff().unwrap();
            self.world.nothing_more(&self.connected).await;
        }
        println!("storm {}: {} deaths, {:?}", self.seed, self.deaths, self.edits);
        self.worker.dies();
        self.world.end().await;
    }

    /// Waits until nobody is at work: no clock of the world jumps by a day in the middle of a call. A token that is being refreshed then
    /// would be one whose answer is a day late, and its grace is half an hour.
    async fn rest(&self) {
        eventually("nobody is at work", async || {
            (self.world.rows("SELECT COUNT(*) AS n FROM job WHERE status = 'running'").await == 0).then_some(())
        })
        .await;
    }

    /// The worker dies somewhere in the run, and another one begins.
    async fn kill(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.dice.below(250))).await;
        self.worker.dies();
        self.deaths += 1;
        self.worker = Mortal::born(&self.world).await;
    }

    /// People go on while a run is under way. Zoho tells whole seconds, so an edit in the very second of our own writing of the same record
    /// shows only in its webhook, or in the next comparison: they keep a second away from it.
    async fn amid(&mut self, run: &str, edits: u64) {
        let steer = async |storm: &Self, mutation: &str| {
            let text = format!("mutation($id: ID!) {{ {mutation}(runId: $id) {{ outcome }} }}");
            storm.world.staff.data(&text, json!({ "id": run })).await.unwrap();
        };
        steer(self, "pauseRun").await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        self.world.advance(Duration::from_secs(2)).await;
        for _ in 0..edits {
            self.edit().await;
        }
        self.world.advance(Duration::from_secs(2)).await;
        steer(self, "resumeRun").await;
    }

    /// A text that nobody has written yet.
    fn new_word(&mut self, of: &str) -> String {
        self.count += 1;
        format!("{of} {}", self.count)
    }

    async fn edit(&mut self) {
        let (name, done) = match self.dice.below(10) {
            0 | 1 => ("contact edited in Xero", self.xero_contact().await),
            2 | 3 => ("contact edited in Zoho", self.zoho_contact().await),
            4 => ("contact made in Xero", self.new_in_xero().await),
            5 => ("contact made in Zoho", self.new_in_zoho().await),
            6 => ("invoice made in Zoho", self.new_invoice().await),
            7 => ("invoice edited in Zoho", self.zoho_invoice().await),
            8 => ("item edited in Zoho", self.zoho_item().await),
            _ => ("item edited in Xero", self.xero_item().await),
        };
        *self.edits.entry(name).or_default() += u64::from(done);
    }

    async fn xero_contact(&mut self) -> bool {
        let contacts = books::xero(&self.world, "Contacts").await;
        let contact = self.dice.one_of(&contacts)["ContactID"].clone();
        let edit = match self.dice.below(2) {
            0 => json!({ "ContactID": contact, "Name": self.new_word("Xero name") }),
            _ => json!({ "ContactID": contact, "EmailAddress": format!("xero{}@example.com", self.count_up()) }),
        };
        self.world.in_xero("Contacts", edit).await;
        true
    }

    fn count_up(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    async fn zoho_contact(&mut self) -> bool {
        let contacts = books::zoho(&self.world, "contacts").await;
        let contact = self.dice.one_of(&contacts).clone();
        let id = contact["contact_id"].as_str().unwrap().to_owned();
        let edit = match self.dice.below(2) {
            0 => json!({ "contact_name": self.new_word("Zoho name") }),
            _ => {
                let email = format!("zoho{}@example.com", self.count_up());
                let mut persons = contact["contact_persons"].as_array().cloned().unwrap_or_default();
                match persons.iter_mut().find(|one| one["is_primary_contact"] == true) {
                    Some(primary) => primary["email"] = email.into(),
                    None => persons.push(json!({ "first_name": "P", "email": email, "is_primary_contact": true })),
                }
                json!({ "contact_persons": persons })
            }
        };
        self.zoho(Method::PUT, &format!("contacts/{id}"), edit).await.is_some()
    }

    async fn new_in_xero(&mut self) -> bool {
        let name = self.new_word("Made in Xero");
        self.world.in_xero("Contacts", json!([{ "Name": name, "IsCustomer": true }])).await;
        true
    }

    async fn new_in_zoho(&mut self) -> bool {
        let made = json!({ "contact_name": self.new_word("Made in Zoho"), "contact_type": "customer" });
        self.zoho(Method::POST, "contacts", made).await.is_some()
    }

    async fn new_invoice(&mut self) -> bool {
        let contacts = books::zoho(&self.world, "contacts").await;
        let active = |one: &&Value| one["contact_type"] == "customer" && one["status"] == "active";
        let customers: Vec<&Value> = contacts.iter().filter(active).collect();
        let customer = self.dice.one_of(&customers)["contact_id"].clone();
        let accounts = books::zoho(&self.world, "chartofaccounts").await;
        let income: Vec<&Value> =
            accounts.iter().filter(|one| one["account_type"] == "income" && !said(&one["account_code"]).is_empty()).collect();
        let mut lines = Vec::new();
        for n in 0..1 + self.dice.below(3) {
            let rate = self.dice.decimal(5, 2);
            let account = self.dice.one_of(&income)["account_id"].clone();
            lines.push(
                json!({ "name": format!("Work {n}"), "quantity": 1 + self.dice.below(3), "rate": rate, "account_id": account }),
            );
        }
        let count = self.count_up();
        let number = format!("Z-{}-{count}", self.seed);
        let invoice = json!({ "customer_id": customer, "invoice_number": number, "date": "2026-05-04", "line_items": lines });
        let Some(made) = self.zoho(Method::POST, "invoices?ignore_auto_number_generation=true", invoice).await else {
            return false;
        };
        if self.dice.once_in(2) {
            let id = made["invoice"]["invoice_id"].as_str().unwrap().to_owned();
            self.zoho(Method::POST, &format!("invoices/{id}/status/sent"), json!({})).await;
        }
        true
    }

    /// Invoices that Zoho owns: their reference, their lines, their end.
    async fn zoho_invoice(&mut self) -> bool {
        let invoices = books::zoho(&self.world, "invoices").await;
        let ours = |one: &&Value| one["invoice_number"].as_str().unwrap().starts_with("Z-") && one["status"] != "void";
        let ours: Vec<&Value> = invoices.iter().filter(ours).collect();
        if ours.is_empty() {
            return false;
        }
        let invoice = (*self.dice.one_of(&ours)).clone();
        let id = invoice["invoice_id"].as_str().unwrap();
        match self.dice.below(4) {
            0 => self.zoho(Method::POST, &format!("invoices/{id}/status/void"), json!({})).await.is_some(),
            1 => {
                let reference = self.new_word("Reference");
                self.zoho(Method::PUT, &format!("invoices/{id}"), json!({ "reference_number": reference })).await.is_some()
            }
            _ => {
                let mut lines = invoice["line_items"].as_array().cloned().unwrap_or_default();
                let rate = self.dice.decimal(5, 2);
                if let Some(line) = lines.first_mut() {
                    line["rate"] = json!(rate);
                }
                self.zoho(Method::PUT, &format!("invoices/{id}"), json!({ "line_items": lines })).await.is_some()
            }
        }
    }

    async fn zoho_item(&mut self) -> bool {
        // What is only bought has no price of its own to sell at.
        let items = books::zoho(&self.world, "items").await;
        let items: Vec<&Value> = items.iter().filter(|one| one["item_type"] != "purchases").collect();
        let id = self.dice.one_of(&items)["item_id"].as_str().unwrap().to_owned();
        let edit = json!({ "rate": self.dice.decimal(4, 2) });
        self.zoho(Method::PUT, &format!("items/{id}"), edit).await.is_some()
    }

    async fn xero_item(&mut self) -> bool {
        let items = books::xero(&self.world, "Items").await;
        let item = self.dice.one_of(&items);
        let edit = json!({ "ItemID": item["ItemID"], "Code": item["Code"], "Name": self.new_word("Item") });
        self.world.in_xero("Items", edit).await;
        true
    }

    /// A person's call; what Zoho refuses (a name that is taken) did not happen.
    async fn zoho(&self, method: Method, path: &str, body: Value) -> Option<Value> {
        for _ in 0..5 {
            let (status, answer) = self.world.in_zoho(&self.connected, method.clone(), path, Some(body.clone())).await;
            match status {
                200..300 => return Some(answer),
                429 => self.world.advance(Duration::from_secs(60)).await,
                _ => return None,
            }
        }
        None
    }

    async fn patient(&self, run: &str) -> Value {
        eventually("the run has ended", async || {
            self.world.advance(Duration::from_secs(15)).await;
            let progress = self.world.staff.progress(run).await.ok()?;
            matches!(progress["state"].as_str(), Some("DONE" | "CANCELLED" | "FAILED")).then_some(progress)
        })
        .await
    }

    /// Syncs until one has nothing to do.
    async fn quiet(&self) {
        for _ in 0..8 {
            let run = self.world.staff.start("syncNow", &self.connected.link).await.unwrap();
            let progress = self.patient(&run).await;
            if sum(&progress, "created") + sum(&progress, "updated") == 0 {
                return;
            }
        }
        panic!("storm {}: it never becomes quiet", self.seed);
    }

    async fn equal(&self) {
        let holds = self.world.staff.holds(&self.connected.link).await.unwrap();
        let held: HashSet<&str> = holds.iter().filter_map(|hold| hold["xeroId"].as_str()).collect();
        let unexpected: Vec<&Value> =
            holds.iter().filter(|hold| hold["expected"] != true && hold["code"] != "CONFLICT").collect();
        assert!(unexpected.is_empty(), "storm {}: {unexpected:#?}", self.seed);
        let contacts = books::zoho(&self.world, "contacts").await;
        let there = by(books::xero(&self.world, "Contacts").await, "ContactID");
        let mut seen = HashSet::new();
        for one in &contacts {
            let field = if one["contact_type"] == "vendor" { "cf_xero_supplier_id" } else { "cf_xero_acct_id" };
            let id = books::custom(one, field).unwrap_or_else(|| panic!("storm {}: not in Xero: {one:#}", self.seed));
            assert!(seen.insert((field, id.clone())), "storm {}: twice: {one:#}", self.seed);
            if held.contains(id.as_str()) {
                continue;
            }
            let other = &there[&id];
            // A name that Zoho has given to another contact got a number.
            let name = said(&one["contact_name"]);
            let name = name.trim_end_matches(" (Supplier)").trim_end_matches(" (Customer)");
            let plain = name.split_once(" [").map_or(name, |(plain, _)| plain);
            assert_eq!(plain, said(&other["Name"]), "storm {}: {one:#}\n{other:#}", self.seed);
            assert_eq!(books::email(one), said(&other["EmailAddress"]), "storm {}: {one:#}\n{other:#}", self.seed);
        }
        let is_lost = |one: &&Value| {
            one["IsCustomer"] == true && !seen.contains(&("cf_xero_acct_id", one["ContactID"].as_str().unwrap().to_owned()))
        };
        let lost: Vec<&Value> = there.values().filter(is_lost).collect();
        assert!(lost.is_empty(), "storm {}: not in Zoho: {lost:#?}", self.seed);
        let documents = by(books::xero(&self.world, "Invoices").await, "InvoiceID");
        for one in books::zoho(&self.world, "invoices").await {
            let Some(id) = books::custom(&one, "cf_xero_id") else {
                assert_eq!(one["status"], "void", "storm {}: not in Xero: {one:#}", self.seed);
                continue;
            };
            if held.contains(id.as_str()) {
                continue;
            }
            let other = &documents[&id];
            let is_void = other["Status"] == "VOIDED" || other["Status"] == "DELETED";
            assert_eq!(one["status"] == "void", is_void, "storm {}: {one:#}\n{other:#}", self.seed);
            if is_void {
                // Nobody changes a void document any more.
                continue;
            }
            assert_eq!(amount(&one["total"]), amount(&other["Total"]), "storm {}: {one:#}\n{other:#}", self.seed);
            // Zoho has room for 50 characters.
            let reference: String = said(&other["Reference"]).chars().take(50).collect();
            assert_eq!(said(&one["reference_number"]), reference, "storm {}: {one:#}\n{other:#}", self.seed);
            assert_eq!(one["status"] == "draft", other["Status"] == "DRAFT", "storm {}: {one:#}\n{other:#}", self.seed);
        }
        let numbers =
            documents.values().filter_map(|one| one["InvoiceNumber"].as_str()).filter(|number| number.starts_with("Z-"));
        let mut once = HashSet::new();
        assert!(numbers.into_iter().all(|number| once.insert(number)), "storm {}: an invoice is in Xero twice", self.seed);
        let items = by(books::xero(&self.world, "Items").await, "Code");
        for one in books::zoho(&self.world, "items").await {
            let Some(other) = one["sku"].as_str().and_then(|sku| items.get(sku)) else { continue };
            if one["item_type"] == "purchases" {
                continue;
            }
            if held.contains(other["ItemID"].as_str().unwrap()) {
                continue;
            }
            let price = &other["SalesDetails"]["UnitPrice"];
            assert_eq!(amount(&one["rate"]), amount(price), "storm {}: {one:#}\n{other:#}", self.seed);
        }
    }
}

fn by(records: Vec<Value>, key: &str) -> HashMap<String, Value> {
    records.into_iter().filter_map(|one| Some((one[key].as_str()?.to_owned(), one))).collect()
}

fn said(text: &Value) -> String {
    text.as_str().unwrap_or_default().to_owned()
}

fn amount(value: &Value) -> Decimal {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse::<Decimal>().unwrap_or_default().normalize()
}
