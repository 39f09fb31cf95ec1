//! No moment is a bad one to die on the way back either: people work in Zoho Books, the real worker is killed around every write to Xero
//! and at seeded random moments, started again at once, and in the end nothing is twice, nothing lost, and the sums are equal.
//!
//! `KILLS_BACK=50 KILL_SEED=3` asks for more of it, and for other moments.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::dice::Dice;
use tests::{Connected, World, books, eventually, program, sum};
use tokio::process::Child;
use tokio::time::Instant;

/// Where to die, and at the how manieth time: see `points::reached` in the engine.
const POINTS: [&str; 6] = [
    "before_send_xero:1",
    "answered_by_xero:1",
    "answered_by_xero:3",
    "before_arrive:1",
    "before_arrive_commit:1",
    "before_arrive_commit:2",
];
/// Random kills when nobody asks for another number, and how many there are in a round.
const KILLS: u64 = 6;
const KILLS_A_ROUND: u64 = 3;
/// Rounds more, where a round's work was done before a point was reached.
const ROUNDS_MORE: u64 = 4;
/// The day of a payment that is to be another one in Zoho than in Xero, where it stays what it was.
const EDITED: &str = "2026-05-09";
const UNEDITED: &str = "2026-05-07";
/// A worker that makes no call for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);
/// What was under way when a worker died has arrived by then: the sandbox's answers take 8 ms.
const UNDER_WAY: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_on_the_way_back_at_any_moment_doubles_nothing_and_loses_nothing() {
    let kills = setting("KILLS_BACK").unwrap_or(KILLS);
    let mut story = Story::new(setting("KILL_SEED").unwrap_or(5)).await;
    let mut deaths = BTreeMap::<&str, u64>::new();
    let begun = Instant::now();
    let mut at_random = 0;
    let rounds = kills.div_ceil(KILLS_A_ROUND);
    let missed = |deaths: &BTreeMap<&str, u64>| POINTS.iter().any(|point| !deaths.contains_key(point));
    for round in 0..rounds + ROUNDS_MORE {
        if round >= rounds && at_random > 0 && !missed(&deaths) {
            break;
        }
        story.work().await;
        at_random += story.die(&mut deaths).await;
        story.quiet().await;
        story.whole().await;
    }
    println!("{at_random} deaths at random, at points {deaths:?}, {:.0} s: {:?}", begun.elapsed().as_secs_f64(), story.made);
    assert!(!missed(&deaths), "not every point was reached: {deaths:?}");
    assert!(at_random > 0, "the work ended before all the kills");
    story.world.end().await;
}

struct Story {
    world: World,
    connected: Connected,
    dice: Dice,
    count: u64,
    bank: String,
    sales: String,
    costs: String,
    /// How many of each list of Zoho's there are to be, and of each of Xero's.
    zoho: BTreeMap<&'static str, i64>,
    xero: BTreeMap<&'static str, i64>,
    /// Invoices, sent, each with its customer, that are not paid yet.
    unpaid: Vec<(String, String)>,
    /// Payments of customers and what was said of each, and how many were edited afterwards.
    paid: Vec<(String, Value)>,
    edited: usize,
    /// Contacts of the company that people gave other names, and items other prices.
    named: Vec<(String, String)>,
    prices: Vec<(String, u64)>,
    made: BTreeMap<&'static str, u64>,
}

impl Story {
    async fn new(seed: u64) -> Self {
        let mut world = World::without_worker().await;
        world.seed("demo-company", Some(8), Some(10)).await;
        let helper = worker(&world, None);
        let connected = world.connected().await;
        world.migrate(&connected).await;
        kill(helper).await;
        world.stage.control("faults", json!([{ "match": {}, "kind": "latency", "ms": 8 }])).await.unwrap();
        // What Xero tells of our own writing reaches us even while nobody works.
        let url = world.url("/webhooks/xero");
        world.stage.control("xero/webhooks", json!({ "url": url, "duplicate": true })).await.unwrap();
        let there = books::xero(&world, "Accounts").await;
        let here = books::zoho(&world, "chartofaccounts").await;
        let account = |is_it: &dyn Fn(&Value) -> bool| {
            let one = there.iter().find(|one| is_it(one)).expect("an account in Xero");
            let other = here.iter().find(|other| other["account_name"] == one["Name"]);
            other.unwrap_or_else(|| panic!("{one:#}"))["account_id"].as_str().unwrap().to_owned()
        };
        let is_cost = |one: &Value| {
            matches!(one["Type"].as_str(), Some("EXPENSE" | "OVERHEADS"))
                && one["SystemAccount"].as_str().is_none_or(str::is_empty)
        };
        let bank = account(&|one| one["Type"] == "BANK" && one["Status"] == "ACTIVE");
        let (sales, costs) = (account(&|one| one["Code"] == "200"), account(&is_cost));
        let mut story = Self {
            world,
            connected,
            dice: Dice(seed),
            count: 0,
            bank,
            sales,
            costs,
            zoho: BTreeMap::new(),
            xero: BTreeMap::new(),
            unpaid: Vec::new(),
            paid: Vec::new(),
            edited: 0,
            named: Vec::new(),
            prices: Vec::new(),
            made: BTreeMap::new(),
        };
        (story.zoho, story.xero) = story.counts().await;
        story
    }

    async fn counts(&self) -> (BTreeMap<&'static str, i64>, BTreeMap<&'static str, i64>) {
        let (mut zoho, mut xero) = (BTreeMap::new(), BTreeMap::new());
        for list in ["contacts", "invoices", "bills", "customerpayments", "vendorpayments"] {
            zoho.insert(list, books::zoho(&self.world, list).await.len() as i64);
        }
        for list in ["Contacts", "Invoices", "Payments"] {
            let records = books::xero(&self.world, list).await;
            xero.insert(list, records.iter().filter(|one| one["Status"] != "DELETED").count() as i64);
        }
        (zoho, xero)
    }

    /// A number that nobody has used yet.
    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.world.in_zoho(&self.connected, method, path, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {answer:#}");
        answer
    }

    /// One more in Zoho, and one more in Xero.
    fn more(&mut self, zoho: &'static str, xero: &'static str) {
        *self.zoho.get_mut(zoho).unwrap() += 1;
        *self.xero.get_mut(xero).unwrap() += 1;
        *self.made.entry(zoho).or_default() += 1;
    }

    async fn contact(&mut self, kind: &str) -> String {
        let name = format!("Made in Zoho {}", self.next());
        let made = self.call(Method::POST, "contacts", json!({ "contact_name": name, "contact_type": kind })).await;
        self.more("contacts", "Contacts");
        made["contact"]["contact_id"].as_str().unwrap().to_owned()
    }

    /// Two payments that look alike in everything, and a third one of the next day.
    async fn pay(&mut self, invoice: &str, customer: &str) {
        for day in ["2026-05-06", "2026-05-06", UNEDITED] {
            let paid = json!([{ "invoice_id": invoice, "amount_applied": 10 }]);
            let payment = json!({ "customer_id": customer, "payment_mode": "cash", "amount": 10, "date": day, "account_id": self.bank, "invoices": paid });
            let made = self.call(Method::POST, "customerpayments", payment.clone()).await;
            self.paid.push((made["payment"]["payment_id"].as_str().unwrap().to_owned(), payment));
            self.more("customerpayments", "Payments");
        }
    }

    /// Of the payments that have reached Xero one is deleted, one of two that look alike, and another one gets another date, which Xero
    /// lets nobody give it.
    async fn second_thoughts(&mut self) {
        let paid = std::mem::take(&mut self.paid);
        let [(deleted, _), .., (changed, payment)] = paid.as_slice() else { return };
        self.call(Method::DELETE, &format!("customerpayments/{deleted}"), json!({})).await;
        self.told(deleted).await;
        *self.zoho.get_mut("customerpayments").unwrap() -= 1;
        *self.xero.get_mut("Payments").unwrap() -= 1;
        let mut payment = payment.clone();
        payment["date"] = EDITED.into();
        self.call(Method::PUT, &format!("customerpayments/{changed}"), payment).await;
        self.edited += 1;
        *self.made.entry("payments deleted, and as many edited").or_default() += 1;
    }

    /// What is deleted is in no list: Zoho's webhook tells of it, or else the sweep finds it.
    async fn told(&self, payment: &str) {
        let text = "INSERT INTO hint (tenant_id, lane_id, side, record_id, seen_at) SELECT tenant_id, id, 'zoho', '{}', 1 FROM lane \
                    WHERE flow = 'books.customer_payments' RETURNING CAST(1 AS BIGINT) AS n";
        assert_eq!(self.world.rows(&text.replace("{}", payment)).await, 1);
    }

    /// People work in Zoho Books while nobody carries.
    async fn work(&mut self) {
        // Zoho tells whole seconds: nobody edits within two of our last status call, which shows in Zoho within so much time.
        tokio::time::sleep(Duration::from_millis(3100)).await;
        self.second_thoughts().await;
        for (invoice, customer) in std::mem::take(&mut self.unpaid) {
            self.pay(&invoice, &customer).await;
        }
        let old = books::zoho(&self.world, "contacts").await;
        let old: Vec<&Value> = old.iter().filter(|one| one["contact_type"] == "customer" && one["status"] == "active").collect();
        let (old, name) = (self.dice.one_of(&old)["contact_id"].as_str().unwrap().to_owned(), format!("Renamed {}", self.next()));
        self.call(Method::PUT, &format!("contacts/{old}"), json!({ "contact_name": name })).await;
        self.named.retain(|(id, _)| *id != old);
        self.named.push((old, name));
        let items = books::zoho(&self.world, "items").await;
        let items: Vec<&Value> =
            items.iter().filter(|one| one["item_type"] != "purchases" && one["status"] == "active").collect();
        let (item, price) = (self.dice.one_of(&items)["item_id"].as_str().unwrap().to_owned(), 1000 + self.next());
        self.call(Method::PUT, &format!("items/{item}"), json!({ "rate": price })).await;
        self.prices.retain(|(id, _)| *id != item);
        self.prices.push((item, price));
        let vendor = self.contact("vendor").await;
        let line = json!({ "name": "Paper", "quantity": 1, "rate": 30, "account_id": self.costs });
        for _ in 0..2 {
            let bill = json!({ "vendor_id": vendor, "bill_number": format!("ZB-{}", self.next()), "date": "2026-05-04", "due_date": "2026-06-04", "line_items": [line] });
            let bill = self.call(Method::POST, "bills", bill).await["bill"]["bill_id"].as_str().unwrap().to_owned();
            self.more("bills", "Invoices");
            let paid = json!([{ "bill_id": bill, "amount_applied": 7 }]);
            let payment = json!({ "vendor_id": vendor, "payment_mode": "cash", "amount": 7, "date": "2026-05-08", "paid_through_account_id": self.bank, "bills": paid });
            self.call(Method::POST, "vendorpayments", payment).await;
            self.more("vendorpayments", "Payments");
        }
        for n in 0..3 {
            let customer = self.contact("customer").await;
            let line = json!({ "name": "Work", "quantity": 1, "rate": 100 + self.dice.below(900), "account_id": self.sales });
            let number = format!("Z-{}", self.next());
            let invoice = json!({ "customer_id": customer, "invoice_number": number, "date": "2026-05-04", "due_date": "2026-06-04", "line_items": [line] });
            let made = self.call(Method::POST, "invoices?ignore_auto_number_generation=true", invoice).await;
            self.more("invoices", "Invoices");
            let id = made["invoice"]["invoice_id"].as_str().unwrap().to_owned();
            if n > 0 {
                self.call(Method::POST, &format!("invoices/{id}/status/sent"), json!({})).await;
            }
            match n {
                0 => {}
                1 => self.pay(&id, &customer).await,
                _ => self.unpaid.push((id, customer)),
            }
        }
        let (reference, ours) = (format!("Reference {}", self.next()), self.of_ours("invoices", "invoice_number", "Z-").await);
        let one = self.dice.one_of(&ours)["invoice_id"].as_str().unwrap().to_owned();
        self.call(Method::PUT, &format!("invoices/{one}"), json!({ "reference_number": reference })).await;
        let contact = books::xero(&self.world, "Contacts").await[0]["ContactID"].clone();
        let email = format!("xero{}@example.com", self.next());
        self.world.in_xero("Contacts", json!({ "ContactID": contact, "EmailAddress": email })).await;
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }

    async fn of_ours(&self, list: &str, key: &str, starts: &str) -> Vec<Value> {
        let records = books::zoho(&self.world, list).await;
        records.into_iter().filter(|one| one[key].as_str().is_some_and(|it| it.starts_with(starts))).collect()
    }

    /// Starts a sync and kills whoever works at it. Gives how many died at random.
    async fn die(&mut self, deaths: &mut BTreeMap<&'static str, u64>) -> u64 {
        let run = self.world.staff.start("syncNow", &self.connected.link).await.unwrap();
        // Those where fewest have died come first.
        let mut points: Vec<(u64, u64, &'static str)> =
            POINTS.iter().map(|point| (deaths.get(point).copied().unwrap_or_default(), self.dice.below(100), *point)).collect();
        points.sort();
        let mut points = points.into_iter().map(|(_, _, point)| point);
        let mut at_random = 0;
        for n in 0..POINTS.len() as u64 + KILLS_A_ROUND {
            let point = if n % KILLS_A_ROUND == 0 { None } else { points.next() };
            let mut victim = worker(&self.world, point);
            let until = calls(&self.world) + 1 + self.dice.below(12);
            let died = match point {
                Some(_) => self.died(&mut victim, &run).await,
                None => self.wait_for_calls(until, &run).await,
            };
            kill(victim).await;
            if !died {
                break;
            }
            match point {
                Some(point) => *deaths.entry(point).or_default() += 1,
                None => at_random += 1,
            }
            if point == Some("answered_by_xero:1") {
                self.patience().await;
            }
            self.minute().await;
        }
        let last = worker(&self.world, None);
        self.world.finished(&run).await;
        kill(last).await;
        at_random
    }

    /// Whether it died by itself; or else the work is done.
    async fn died(&self, victim: &mut Child, run: &str) -> bool {
        let until = Instant::now() + STUCK;
        loop {
            if let Some(died) = victim.try_wait().unwrap() {
                assert!(!died.success() && died.code().is_none(), "the worker was to die, not to end: {died}");
                return true;
            }
            if self.is_done(run).await {
                return false;
            }
            assert!(Instant::now() < until, "stuck: {}", self.stuck(run).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn wait_for_calls(&mut self, until: u64, run: &str) -> bool {
        let patience = Instant::now() + STUCK;
        while calls(&self.world) < until {
            if self.is_done(run).await {
                return false;
            }
            assert!(Instant::now() < patience, "stuck: {}", self.stuck(run).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(self.dice.below(12_000))).await;
        true
    }

    /// Where the work stands, and what it is at.
    async fn stuck(&self, run: &str) -> String {
        let progress = self.world.staff.progress(run).await.unwrap();
        let open = "SELECT lane.flow || ' ' || pair.state || ' ' || COALESCE(pair.toward, '') || ' ' || COALESCE(pair.due, '') || ' ' || pair.xero_id AS one \
                    FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id WHERE pair.state <> 'settled'";
        let hints = "SELECT lane.flow || ' ' || hint.side || ' ' || hint.record_id AS one FROM hint \
                     JOIN lane ON lane.tenant_id = hint.tenant_id AND lane.id = hint.lane_id";
        let intents = "SELECT toward || ' ' || xero_id AS one FROM intent";
        let (open, hints, intents) = (self.texts(open).await, self.texts(hints).await, self.texts(intents).await);
        format!("{} {} open: {open:#?} hints: {hints:#?} intents: {intents:#?}", progress["stage"], progress["state"])
    }

    async fn texts(&self, text: &str) -> Vec<String> {
        use sea_orm::ConnectionTrait;

        let database = &self.world.stage.context.database;
        let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
        let rows = database.query_all_raw(statement).await.unwrap();
        rows.into_iter().map(|row| row.try_get("", "one").unwrap()).collect()
    }

    async fn is_done(&self, run: &str) -> bool {
        self.world.staff.progress(run).await.unwrap()["state"] == "DONE"
    }

    /// A worker that starts at once concludes nothing from what it does not find yet. It gets a moment to be wrong.
    async fn patience(&self) {
        let one = worker(&self.world, None);
        tokio::time::sleep(Duration::from_millis(1500)).await;
        kill(one).await;
    }

    /// The minute after which a lost write is not waited for any more goes by for what is in doubt.
    async fn minute(&self) {
        tokio::time::sleep(UNDER_WAY).await;
        for change in [
            "UPDATE intent SET sent_at = sent_at - 61000000 WHERE toward = 'xero'",
            "UPDATE link SET next_at = 0",
            "UPDATE job SET run_at = 0 WHERE status = 'pending' AND name = 'run_link'",
        ] {
            self.world.rows(&format!("{change} RETURNING CAST(1 AS BIGINT) AS n")).await;
        }
    }

    /// Syncs until one has nothing to do.
    async fn quiet(&mut self) {
        let last = worker(&self.world, None);
        let mut syncs = 0;
        loop {
            self.minute().await;
            let (_, progress) = self.world.run("syncNow", &self.connected).await;
            if sum(&progress, "created") + sum(&progress, "updated") == 0 {
                break;
            }
            syncs += 1;
            assert!(syncs < 6, "it never becomes quiet: {progress:#}");
        }
        eventually("all hints were looked at", async || {
            (self.world.rows("SELECT COUNT(*) AS n FROM hint").await == 0).then_some(())
        })
        .await;
        kill(last).await;
    }

    /// Nothing twice, nothing lost, sums equal.
    async fn whole(&self) {
        let holds = self.world.staff.holds(&self.connected.link).await.unwrap();
        let holds: Vec<&Value> = holds.iter().filter(|hold| hold["expected"] != true).collect();
        assert!(holds.iter().all(|hold| hold["code"] == "PAYMENT_CHANGED") && holds.len() == self.edited, "{holds:#?}");
        assert_eq!(self.world.rows("SELECT COUNT(*) AS n FROM intent").await, 0, "every write's outcome is known");
        assert_eq!(
            self.world.rows("SELECT COUNT(*) AS n FROM pair WHERE xero_id LIKE 'zoho:%'").await,
            0,
            "nothing is on its way"
        );
        let (zoho, xero) = self.counts().await;
        assert_eq!((&zoho, &xero), (&self.zoho, &self.xero), "counts of both sides");
        let contacts = books::xero(&self.world, "Contacts").await;
        for one in self.of_ours("contacts", "contact_name", "Made in Zoho").await {
            let found: Vec<&Value> = contacts.iter().filter(|other| other["Name"] == one["contact_name"]).collect();
            assert_eq!(found.len(), 1, "{one:#}");
            let field = if one["contact_type"] == "vendor" { "cf_xero_supplier_id" } else { "cf_xero_acct_id" };
            assert_eq!(books::custom(&one, field).as_deref(), found[0]["ContactID"].as_str(), "{one:#}");
        }
        let here = books::zoho(&self.world, "contacts").await;
        for (id, name) in &self.named {
            let is_called = contacts.iter().any(|other| other["Name"] == *name);
            let one = here.iter().find(|one| one["contact_id"] == id.as_str());
            assert!(is_called, "{id} is not called {name} in Xero: {one:#?}");
        }
        let (items, here) = (books::xero(&self.world, "Items").await, books::zoho(&self.world, "items").await);
        for (id, price) in &self.prices {
            let one = here.iter().find(|one| one["item_id"] == id.as_str()).unwrap();
            let there = books::custom(one, "cf_xero_id");
            let other = items.iter().find(|other| other["ItemID"].as_str() == there.as_deref()).unwrap();
            let told = other["SalesDetails"]["UnitPrice"].as_f64();
            assert_eq!((one["rate"].as_f64(), told), (Some(*price as f64), Some(*price as f64)), "{one:#}\n{other:#}");
        }
        let payments = books::xero(&self.world, "Payments").await;
        let documents = books::xero(&self.world, "Invoices").await;
        let lists = [("invoices", "invoice_number", "Z-", "customerpayments"), ("bills", "bill_number", "ZB-", "vendorpayments")];
        for (list, key, starts, of_payments) in lists {
            let moneys = books::zoho(&self.world, of_payments).await;
            for one in self.of_ours(list, key, starts).await {
                let found: Vec<&Value> = documents.iter().filter(|other| other["InvoiceNumber"] == one[key]).collect();
                assert_eq!(found.len(), 1, "{one:#}");
                let other = found[0];
                assert_eq!(one["total"].as_f64(), other["Total"].as_f64(), "{one:#}\n{other:#}");
                assert_eq!(one["balance"].as_f64(), other["AmountDue"].as_f64(), "{one:#}\n{other:#}");
                assert_eq!(one["status"] == "draft", other["Status"] == "DRAFT", "{one:#}\n{other:#}");
                assert_eq!(text(&one["reference_number"]), text(&other["Reference"]), "{one:#}\n{other:#}");
                let id = if list == "bills" { "bill_id" } else { "invoice_id" };
                let pays = |money: &&Value| money[list].as_array().into_iter().flatten().any(|paid| paid[id] == one[id]);
                let mut here: Vec<(String, String)> = moneys
                    .iter()
                    .filter(pays)
                    .map(|money| (text(&money["date"]).replace(EDITED, UNEDITED), money["amount"].as_f64().unwrap().to_string()))
                    .collect();
                let of_it =
                    |payment: &&Value| payment["Invoice"]["InvoiceID"] == other["InvoiceID"] && payment["Status"] == "AUTHORISED";
                let mut there: Vec<(String, String)> = payments
                    .iter()
                    .filter(of_it)
                    .map(|payment| (day(&payment["Date"]), payment["Amount"].as_f64().unwrap().to_string()))
                    .collect();
                here.sort();
                there.sort();
                assert_eq!(here, there, "{one:#}\n{other:#}");
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Xero's `/Date(1778025600000+0000)/`, or a plain day.
fn day(value: &Value) -> String {
    let said = text(value);
    let millis = said.trim_start_matches("/Date(").split(['+', ')']).next().and_then(|number| number.parse::<i64>().ok());
    match millis.and_then(chrono::DateTime::from_timestamp_millis) {
        Some(at) => at.format("%Y-%m-%d").to_string(),
        None => said.chars().take(10).collect(),
    }
}

/// How many calls both providers have had.
fn calls(world: &World) -> u64 {
    world.stage.sandbox.shared().requests.report(0, 0)["total"].as_u64().unwrap()
}

fn worker(world: &World, point: Option<&str>) -> Child {
    let mut environment = world.stage.environment.clone();
    environment.extend(point.map(|point| ("CPCONNECT_KILL_AT".to_owned(), point.to_owned())));
    program::start(&["worker"], &environment)
}

/// SIGKILL: no hand is lifted any more. Waited for, so that its process number is free.
async fn kill(mut victim: Child) {
    // It may have died by itself.
    let _ = victim.start_kill();
    victim.wait().await.unwrap();
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
