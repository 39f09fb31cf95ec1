//! The ledger under a storm: whatever is written, paid, credited, refunded, voided and deleted, it adds up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::world::World;
use crate::zoho::amounts::round;
use crate::zoho::module::Module::{self, *};
use crate::zoho::records::decimal;

/// One thing somebody does: what, to which record, to which other, with how much.
type Deed = (u8, u8, u8, u32);

/// A world with customers and vendors in two currencies, and money in two.
struct Books {
    world: World,
    customers: Vec<(String, &'static str)>,
    vendors: Vec<(String, &'static str)>,
    tax: String,
    rent: String,
    sales: String,
    bank: String,
    savings: String,
    done: usize,
}

impl Books {
    async fn new() -> Self {
        let world = World::new().await;
        let currencies = world.get("/settings/currencies").await;
        let usd = currencies["currencies"].as_array().unwrap().iter().find(|one| one["currency_code"] == "USD").unwrap().clone();
        let (mut customers, mut vendors) = (Vec::new(), Vec::new());
        for (name, kind, foreign) in
            [("Ada", "customer", false), ("Ursula", "customer", true), ("Bob", "vendor", false), ("Ulf", "vendor", true)]
        {
            let mut body = json!({"contact_name": name, "contact_type": kind});
            if foreign {
                body["currency_id"] = usd["currency_id"].clone();
            }
            let contact = world.create("/contacts", "contact", body).await;
            let list = if kind == "customer" { &mut customers } else { &mut vendors };
            list.push((contact["contact_id"].as_str().unwrap().to_owned(), if foreign { "USD" } else { "NZD" }));
        }
        let mut banks = Vec::new();
        for name in ["Bank", "Savings"] {
            let bank = world.create("/bankaccounts", "bankaccount", json!({"account_name": name, "account_type": "bank"})).await;
            banks.push(bank["account_id"].as_str().unwrap().to_owned());
        }
        let (tax, rent, sales) =
            (world.tax("Standard Rate").await, world.account("Rent Expense").await, world.account("Sales").await);
        let [bank, savings] = banks.try_into().unwrap();
        Self { world, customers, vendors, tax, rent, sales, bank, savings, done: 0 }
    }

    fn sql<T>(&self, sql: &str, read: impl Fn(&rusqlite::Row) -> rusqlite::Result<T>) -> Vec<T> {
        self.world.sandbox.shared().store.with(|connection| {
            let mut statement = connection.prepare(sql).unwrap();
            statement.query_map([], |row| read(row)).unwrap().collect::<Result<_, _>>().unwrap()
        })
    }

    /// A record of a module, whichever is meant by a number.
    fn pick(&self, module: Module, which: u8) -> Option<(String, Decimal)> {
        self.pick_of(module, which, "true")
    }

    /// One that is open and has something left; mostly also of the same contact as another.
    fn pick_open(&self, module: Module, which: u8, with: Option<&str>) -> Option<(String, Decimal)> {
        let with = with.map_or(String::new(), |other| format!(" AND party = (SELECT party FROM zoho_record WHERE id = {other})"));
        let open = format!("status NOT IN ('draft', 'void') AND balance_e6 > 0{with}");
        self.pick_of(module, which, &open).or_else(|| self.pick(module, which))
    }

    fn pick_of(&self, module: Module, which: u8, test: &str) -> Option<(String, Decimal)> {
        let sql = format!("SELECT id, balance_e6 FROM zoho_record WHERE module = {} AND {test} ORDER BY id", module as i64);
        let all = self.sql(&sql, |row| Ok((row.get::<_, i64>(0)?.to_string(), decimal(row.get(1)?))));
        (!all.is_empty()).then(|| all[which as usize % all.len()].clone())
    }

    /// May be refused for what it asks, never for want of sense.
    async fn attempt(&mut self, method: Method, path: String, body: Value) {
        let what = format!("{method} {path} {body}");
        let (status, answer) = self.world.call(method, &path, Some(body)).await;
        assert!(status < 300 || (status == 400 && answer["code"] != 5), "{what}: {status} {answer}");
        self.done += usize::from(status < 300);
    }

    fn lines(&self, a: u8, cents: u32, purchase: bool) -> Value {
        let amount = |cents: u32| Decimal::new(i64::from(cents), 2).to_string();
        let mut lines = json!([{"name": "Work", "quantity": "1.5", "rate": amount(cents)}]);
        if a & 1 == 1 {
            lines[0]["tax_id"] = json!(self.tax);
        }
        if a & 2 == 2 {
            lines
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "More", "rate": amount(cents / 3), "discount": "7%", "tax_id": self.tax}));
        }
        if purchase {
            lines.as_array_mut().unwrap().iter_mut().for_each(|line| line["account_id"] = json!(self.rent));
        }
        lines
    }

    fn document(&self, purchase: bool, a: u8, b: u8, cents: u32) -> Value {
        let parties = if purchase { &self.vendors } else { &self.customers };
        let (party, currency) = &parties[usize::from(b) % 2];
        let mut body = json!({
            if purchase { "vendor_id" } else { "customer_id" }: party, "date": format!("2026-0{}-1{}", 1 + a % 9, b % 10),
            "line_items": self.lines(a, cents, purchase), "is_inclusive_tax": a & 4 == 4, "shipping_charge": if a & 8 == 8 { 5 } else { 0 },
            "adjustment": if a & 16 == 16 { "-0.03" } else { "0" }, "bill_number": format!("B{a}-{b}"), "creditnote_number": "any",
        });
        if a & 32 == 32 {
            body["discount"] = json!("10%");
            body["discount_type"] = json!("entity_level");
        }
        if *currency == "USD" {
            body["exchange_rate"] = rate(a);
        }
        body
    }

    async fn act(&mut self, (what, a, b, cents): Deed) {
        let post = Method::POST;
        let amount = Decimal::new(i64::from(cents), 2).to_string();
        let date = format!("2026-0{}-2{}", 1 + b % 9, a % 9);
        match what {
            0 | 1 => self.attempt(post, "/invoices".into(), self.document(false, a, b, cents)).await,
            2 => self.attempt(post, "/bills".into(), self.document(true, a, b, cents)).await,
            3 => self.attempt(post, "/creditnotes".into(), self.document(false, a, b, cents)).await,
            4 => self.attempt(post, "/vendorcredits".into(), self.document(true, a, b, cents)).await,
            5 | 6 => {
                let (module, word) = [(Invoices, "sent"), (VendorCredits, "open"), (Invoices, "draft"), (CreditNotes, "open")]
                    [if what == 5 { 0 } else { usize::from(b) % 4 }];
                self.change(module, a, word).await;
            }
            7 => {
                let modules =
                    [(Invoices, "void"), (Bills, "void"), (CreditNotes, "void"), (VendorCredits, "void"), (Bills, "open")];
                let (module, word) = modules[usize::from(b) % 5];
                self.change(module, a, word).await;
            }
            8 | 9 => self.pay(what == 9, a, b, cents, &date).await,
            10 | 11 => {
                let (credits, documents, key) =
                    if what == 10 { (CreditNotes, Invoices, "invoices") } else { (VendorCredits, Bills, "bills") };
                let Some((credit, left)) = self.pick_open(credits, a, None) else { return };
                let Some((document, due)) = self.pick_open(documents, b, Some(&credit)) else { return };
                let amount = left.min(due).min(Decimal::new(i64::from(cents), 2));
                let body = json!({key: [{documents.id_key(): document, "amount_applied": amount.to_string()}]});
                self.attempt(post, format!("/{}/{credit}/{key}", credits.path()), body).await;
            }
            12 => {
                let (Some((payment, left)), Some((document, due))) = (self.pick(CustomerPayments, a), self.pick(Invoices, b))
                else {
                    return;
                };
                let body = json!({"invoice_payments": [{"payment_id": payment, "amount_applied": left.min(due).to_string()}]});
                self.attempt(post, format!("/invoices/{document}/credits"), body).await;
            }
            13 => {
                let kinds = [
                    (CreditNotes, "from_account_id"),
                    (VendorCredits, "account_id"),
                    (CustomerPayments, "from_account_id"),
                    (VendorPayments, "to_account_id"),
                ];
                let (module, account) = kinds[usize::from(b) % 4];
                let Some((id, left)) = self.pick(module, a) else { return };
                let amount = left.min(Decimal::new(i64::from(cents), 2)).to_string();
                let body = json!({"date": date, "amount": amount, account: self.bank, "exchange_rate": rate(b)});
                self.attempt(post, format!("/{}/{id}/refunds", module.path()), body).await;
            }
            14 => {
                let Some((id, _)) = self.pick(Invoices, a) else { return };
                let cancel = if b % 2 == 1 { "/cancel" } else { "" };
                self.attempt(post, format!("/invoices/{id}/writeoff{cancel}"), json!({})).await;
            }
            15 => {
                let modules = [Invoices, Bills, CreditNotes, VendorCredits, CustomerPayments, VendorPayments, Expenses, Journals];
                let module = modules[usize::from(b) % 8];
                let Some((id, _)) = self.pick(module, a) else { return };
                self.attempt(Method::DELETE, format!("/{}/{id}", module.path()), json!({})).await;
            }
            16 => {
                let module = [Invoices, Bills, CreditNotes, VendorCredits][usize::from(b) % 4];
                let Some((id, _)) = self.pick(module, a) else { return };
                let mut body = json!({"line_items": self.lines(b, cents, matches!(module, Bills | VendorCredits))});
                if b & 64 == 64 {
                    body = json!({"exchange_rate": rate(b)});
                }
                self.attempt(Method::PUT, format!("/{}/{id}", module.path()), body).await;
            }
            17 => {
                let Some((id, _)) = self.pick(CustomerPayments, a) else { return };
                let body = if b.is_multiple_of(2) {
                    json!({"amount": amount})
                } else {
                    json!({"invoices": [], "exchange_rate": rate(b)})
                };
                self.attempt(Method::PUT, format!("/customerpayments/{id}"), body).await;
            }
            18 => {
                let body = json!({"journal_date": date, "status": if b.is_multiple_of(3) { "draft" } else { "published" }, "line_items": [
                    {"account_id": self.rent, "debit_or_credit": "debit", "amount": amount},
                    {"account_id": self.bank, "debit_or_credit": "credit", "amount": amount}]});
                self.attempt(post, "/journals".into(), body).await;
            }
            19 => {
                let mut body = json!({"date": date, "account_id": self.rent, "amount": amount, "paid_through_account_id": self.bank, "is_inclusive_tax": b.is_multiple_of(2)});
                if a.is_multiple_of(2) {
                    body["tax_id"] = json!(self.tax);
                }
                self.attempt(post, "/expenses".into(), body).await;
            }
            20 => {
                let (kind, from) =
                    if b.is_multiple_of(2) { ("transfer_fund", &self.bank) } else { ("sales_without_invoices", &self.sales) };
                let body = json!({"transaction_type": kind, "from_account_id": from, "to_account_id": self.savings, "amount": amount, "date": date, "bank_charges": a % 3});
                self.attempt(post, "/banktransactions".into(), body).await;
            }
            _ => self.take_back(a).await,
        }
    }

    async fn change(&mut self, module: Module, which: u8, word: &str) {
        let Some((id, _)) = self.pick(module, which) else { return };
        self.attempt(Method::POST, format!("/{}/{id}/status/{word}", module.path()), json!({})).await;
    }

    async fn pay(&mut self, vendor: bool, a: u8, b: u8, cents: u32, date: &str) {
        let (documents, party_key, key, path) = if vendor {
            (Bills, "vendor_id", "bills", "/vendorpayments")
        } else {
            (Invoices, "customer_id", "invoices", "/customerpayments")
        };
        let Some((document, due)) = self.pick_open(documents, a, None) else { return };
        let party = self.sql(&format!("SELECT party, currency FROM zoho_record WHERE id = {document}"), |row| {
            Ok((row.get::<_, i64>(0)?.to_string(), row.get::<_, i64>(1)?))
        });
        let amount = Decimal::new(i64::from(cents), 2);
        let applied = if b.is_multiple_of(3) { due } else { due.min(amount) };
        let body = json!({party_key: party[0].0, "payment_mode": "cash", "date": date, "amount": applied.max(amount).to_string(), "bank_charges": b % 4,
            "exchange_rate": rate(b), key: [{documents.id_key(): document, "amount_applied": applied.to_string()}]});
        self.attempt(Method::POST, path.to_owned(), body).await;
    }

    /// Takes one application back, from the side of the document, or deletes one refund.
    async fn take_back(&mut self, which: u8) {
        let all = self.sql(
            "SELECT a.id, a.payment, a.document, s.module, d.module FROM zoho_applied a JOIN zoho_record s ON s.id = a.payment
             JOIN zoho_record d ON d.id = a.document ORDER BY a.id",
            |row| {
                let (line, source, document): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((line, source, document, Module::numbered(row.get(3)?).unwrap(), Module::numbered(row.get(4)?).unwrap()))
            },
        );
        if all.is_empty() {
            return;
        }
        let (line, source, document, from, to) = all[usize::from(which) % all.len()];
        let path = match (from, to) {
            (Invoices, Invoices) => format!("/invoices/{document}/writeoff/cancel"),
            (CreditNotes, Invoices) => format!("/invoices/{document}/creditsapplied/{line}"),
            (VendorCredits, Bills) => format!("/vendorcredits/{source}/bills/{line}"),
            (_, Invoices | Bills) => format!("/{}/{document}/payments/{line}", to.path()),
            _ => format!("/{}/{source}/refunds/{document}", from.path()),
        };
        let method = if from == Invoices { Method::POST } else { Method::DELETE };
        self.attempt(method, path, json!({})).await;
    }

    /// What holds at any time.
    fn check(&self) {
        let crooked =
            self.sql("SELECT record FROM zoho_entry GROUP BY record HAVING sum(amount_e6) <> 0", |row| row.get::<_, i64>(0));
        assert!(crooked.is_empty(), "debits are not credits in {crooked:?}");
        let lost = self
            .sql("SELECT record FROM zoho_entry WHERE record NOT IN (SELECT id FROM zoho_record)", |row| row.get::<_, i64>(0));
        assert!(lost.is_empty(), "entries of deleted records: {lost:?}");
        for (account, owed) in [
            ("Accounts Receivable", &[(Invoices, 1), (CreditNotes, -1)][..]),
            ("Accounts Payable", &[(Bills, -1), (VendorCredits, 1)]),
            ("Unearned Revenue", &[(CustomerPayments, -1)]),
            ("Prepaid Expenses", &[(VendorPayments, 1)]),
        ] {
            assert_eq!(self.held(account), self.owed(owed), "{account}");
        }
    }

    /// What the reports say of it.
    async fn check_reports(&self) {
        let report = self.world.get("/reports/trialbalance?from_date=2026-04-01&to_date=2026-12-31").await;
        let total = &report["trialbalance"][0];
        assert_eq!(total["net_debit_total"], total["net_credit_total"], "{report}");
        let sheet = self.world.get("/reports/balancesheet?to_date=2026-06-30").await;
        assert_eq!(sheet["balance_sheet"][0]["total"], sheet["balance_sheet"][1]["total"], "{sheet}");
    }

    /// What an account holds, by currency: in it, and in New Zealand dollars.
    fn held(&self, account: &str) -> BTreeMap<i64, (Decimal, Decimal)> {
        let sql = format!(
            "SELECT e.currency, sum(e.fcy_e6), sum(e.amount_e6) FROM zoho_entry e JOIN zoho_record a ON a.id = e.account WHERE a.name = '{account}' GROUP BY 1"
        );
        let sums = self.sql(&sql, |row| Ok((row.get(0)?, (decimal(row.get(1)?), decimal(row.get(2)?)))));
        sums.into_iter().filter(|(_, (foreign, base))| !foreign.is_zero() || !base.is_zero()).collect()
    }

    /// What it should hold: the balances of records, each at its own rate, to the cent.
    fn owed(&self, modules: &[(Module, i64)]) -> BTreeMap<i64, (Decimal, Decimal)> {
        let mut owed: BTreeMap<i64, (Decimal, Decimal)> = BTreeMap::new();
        for (module, sign) in modules {
            let sql = format!(
                "SELECT currency, balance_e6, CAST(json_extract(detail, '$.exchange_rate') AS TEXT) FROM zoho_record WHERE module = {} AND status NOT IN ('draft', 'void')",
                *module as i64
            );
            for (currency, balance, rate) in
                self.sql(&sql, |row| Ok((row.get::<_, i64>(0)?, decimal(row.get(1)?), row.get::<_, String>(2)?)))
            {
                let sum = owed.entry(currency).or_default();
                sum.0 += balance * Decimal::from(*sign);
                sum.1 += round(balance * rate.parse::<Decimal>().unwrap(), 2) * Decimal::from(*sign);
            }
        }
        owed.retain(|_, (foreign, base)| !foreign.is_zero() || !base.is_zero());
        owed
    }
}

fn rate(seed: u8) -> Value {
    json!(format!("1.{}", 4000 + u32::from(seed) * 17))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_debits_are_credits_and_receivables_are_what_is_open(
        deeds in prop::collection::vec((0u8..22, any::<u8>(), any::<u8>(), 1u32..30_000), 80..160)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut books = Books::new().await;
            for (index, deed) in deeds.iter().enumerate() {
                books.act(*deed).await;
                books.check();
                if index.is_multiple_of(8) {
                    books.check_reports().await;
                }
            }
            books.check_reports().await;
            // A storm in which next to everything is refused shows nothing.
            assert!(books.done * 3 > deeds.len(), "{} of {} were done", books.done, deeds.len());
        });
    }
}
