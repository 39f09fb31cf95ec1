//! A write to Xero arrives and its answer is lost; before anybody has looked for it, people go on working in Zoho. Whatever they change,
//! it is in Xero once.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, eventually};

/// A migrated company, and what documents in Zoho refer to.
struct Desk {
    world: World,
    connected: Connected,
    customer: String,
    vendor: String,
    sales: String,
    costs: String,
    bank: String,
}

impl Desk {
    async fn new() -> Self {
        let (world, connected) = World::of_company("tiny", None, None).await;
        world.migrate(&connected).await;
        let contacts = books::zoho(&world, "contacts").await;
        let contact = |kind: &str| {
            let one = contacts.iter().find(|one| one["contact_type"] == kind && one["status"] != "inactive");
            one.unwrap_or_else(|| panic!("no {kind}"))["contact_id"].as_str().unwrap().to_owned()
        };
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
        let (customer, vendor) = (contact("customer"), contact("vendor"));
        Self { world, connected, customer, vendor, sales, costs, bank }
    }

    async fn zoho(&self, method: Method, path: &str, body: Value) -> Value {
        self.world.person_in_zoho(&self.connected, method, path, (!body.is_null()).then_some(body)).await
    }

    async fn made(&self, path: &str, one: &str, body: Value) -> Value {
        self.zoho(Method::POST, path, body).await[one].clone()
    }

    /// Syncs. Xero does what it is told, and its answer is lost; gives the run that waits.
    async fn lost(&self, list: &str) -> String {
        self.world
            .faults(json!([{ "match": { "provider": "xero", "method": "PUT", "path_contains": list }, "kind": "reset_after", "times": 1 }]))
            .await;
        let run = self.world.staff.start("syncNow", &self.connected.link).await.unwrap();
        eventually("the answer was lost", async || (self.world.stage.look("faults").await.ok()?["struck"][0] == 1).then_some(()))
            .await;
        run
    }

    async fn ended(&self, run: &str) {
        eventually("the run has ended", async || {
            self.world.advance(Duration::from_secs(15)).await;
            (self.world.staff.progress(run).await.ok()?["state"] == "DONE").then_some(())
        })
        .await;
    }

    /// Xero's living records of a list, but for those that were there before.
    async fn new_ones(&self, list: &str, id: &str, before: &[Value]) -> Vec<Value> {
        let known = |one: &Value| before.iter().any(|other| other[id] == one[id]);
        let lives = |one: &Value| !matches!(one["Status"].as_str(), Some("DELETED" | "VOIDED"));
        let all = books::xero(&self.world, list).await;
        all.into_iter().filter(|one| !known(one) && lives(one)).collect()
    }

    async fn codes(&self) -> Vec<String> {
        let holds = self.world.staff.holds(&self.connected.link).await.unwrap();
        holds.iter().map(|hold| hold["code"].as_str().unwrap().to_owned()).collect()
    }

    async fn retry(&self) {
        let retry = "mutation($id: ID!) { retryHolds(linkId: $id) { retried } }";
        self.world.staff.data(retry, json!({ "id": self.connected.link })).await.unwrap();
        let run = self.world.staff.start("syncNow", &self.connected.link).await.unwrap();
        self.ended(&run).await;
    }

    /// An invoice that was sent, in both books.
    async fn invoice(&self, number: &str) -> Value {
        let line = json!({ "name": "Work", "quantity": 1, "rate": 100, "account_id": self.sales });
        let body = json!({ "customer_id": self.customer, "invoice_number": number, "date": "2026-05-02", "due_date": "2026-05-20", "line_items": [line] });
        let made = self.made("invoices?ignore_auto_number_generation=true", "invoice", body).await;
        self.zoho(Method::POST, &format!("invoices/{}/status/sent", made["invoice_id"].as_str().unwrap()), Value::Null).await;
        self.world.run("syncNow", &self.connected).await;
        made["invoice_id"].clone()
    }

    fn payment(&self, invoices: &[(&Value, u64)], day: &str) -> Value {
        let paid = invoices.iter().map(|(id, amount)| json!({ "invoice_id": id, "amount_applied": amount }));
        let amount: u64 = invoices.iter().map(|(_, amount)| amount).sum();
        json!({ "customer_id": self.customer, "payment_mode": "cash", "amount": amount, "date": day, "account_id": self.bank,
                "reference_number": "DD 7", "invoices": paid.collect::<Vec<_>>() })
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_unanswered_and_was_changed_since_is_not_made_again() {
    let desk = Desk::new().await;
    let line = |account: &str, rate: u64| json!([{ "name": "Paper", "quantity": 1, "rate": rate, "account_id": account }]);
    let journal = |day: &str, amount: u64, notes: &str| {
        let line = |account: &str, side: &str| json!({ "account_id": account, "debit_or_credit": side, "amount": amount, "description": "Accrued" });
        json!({ "journal_date": day, "notes": notes, "status": "published", "line_items": [line(&desk.costs, "debit"), line(&desk.sales, "credit")] })
    };
    let expense = |day: &str, amount: u64, reference: &str| {
        json!({ "date": day, "vendor_id": desk.vendor, "paid_through_account_id": desk.bank, "reference_number": reference,
                "line_items": [{ "account_id": desk.costs, "amount": amount, "description": "Fuel" }] })
    };
    for (path, one, id, list, key, made, edit, total, rest) in [
        (
            "bills",
            "bill",
            "bill_id",
            "Invoices",
            "InvoiceID",
            json!({ "vendor_id": desk.vendor, "bill_number": "S-9", "date": "2026-05-31", "due_date": "2026-06-28", "line_items": line(&desk.costs, 10) }),
            json!({ "bill_number": "S-10", "date": "2026-05-30", "line_items": line(&desk.costs, 11) }),
            "Total",
            11.0,
        ),
        (
            "creditnotes",
            "creditnote",
            "creditnote_id",
            "CreditNotes",
            "CreditNoteID",
            json!({ "customer_id": desk.customer, "creditnote_number": "CN-900", "date": "2026-05-01", "line_items": line(&desk.sales, 20) }),
            json!({ "creditnote_number": "CN-901", "date": "2026-05-02", "line_items": line(&desk.sales, 21) }),
            "Total",
            21.0,
        ),
        (
            "estimates",
            "estimate",
            "estimate_id",
            "Quotes",
            "QuoteID",
            json!({ "customer_id": desk.customer, "estimate_number": "QU-900", "date": "2026-05-01", "line_items": line(&desk.sales, 30) }),
            json!({ "estimate_number": "QU-901", "date": "2026-05-02", "line_items": line(&desk.sales, 31) }),
            "Total",
            31.0,
        ),
        (
            "purchaseorders",
            "purchaseorder",
            "purchaseorder_id",
            "PurchaseOrders",
            "PurchaseOrderID",
            json!({ "vendor_id": desk.vendor, "purchaseorder_number": "PO-900", "date": "2026-05-01", "line_items": line(&desk.costs, 40) }),
            json!({ "purchaseorder_number": "PO-901", "date": "2026-05-02", "line_items": line(&desk.costs, 41) }),
            "Total",
            41.0,
        ),
        (
            "journals",
            "journal",
            "journal_id",
            "ManualJournals",
            "ManualJournalID",
            journal("2026-05-04", 50, "Accrued rent"),
            journal("2026-05-05", 51, "Rent accrued"),
            "",
            51.0,
        ),
        (
            "expenses",
            "expense",
            "expense_id",
            "BankTransactions",
            "BankTransactionID",
            expense("2026-05-03", 60, "Card 7"),
            expense("2026-05-04", 61, "Card 8"),
            "Total",
            61.0,
        ),
    ] {
        let before = books::xero(&desk.world, list).await;
        let made = desk.made(&format!("{path}?ignore_auto_number_generation=true"), one, made).await;
        let run = desk.lost(list).await;
        desk.zoho(Method::PUT, &format!("{path}/{}?ignore_auto_number_generation=true", made[id].as_str().unwrap()), edit).await;
        desk.ended(&run).await;
        // What it found is as it was then; what was changed since follows.
        let run = desk.world.staff.start("syncNow", &desk.connected.link).await.unwrap();
        desk.ended(&run).await;
        let found = desk.new_ones(list, key, &before).await;
        assert_eq!(found.len(), 1, "{path}: {found:#?} {:?}", desk.codes().await);
        let told = match total {
            "" => number(&found[0]["JournalLines"][0]["LineAmount"]).abs(),
            key => number(&found[0][key]),
        };
        assert_eq!(told, rest, "{path}: {found:#?} {:?}", desk.codes().await);
    }
    assert_eq!(desk.codes().await, [""; 0]);
    desk.world.nothing_more(&desk.connected).await;
    desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_arrived_unanswered_is_one_whatever_became_of_it_in_zoho() {
    let desk = Desk::new().await;
    let (first, second) = (desk.invoice("Z-1").await, desk.invoice("Z-2").await);
    let before = books::xero(&desk.world, "Payments").await;
    let living = async || {
        let mut amounts: Vec<f64> =
            desk.new_ones("Payments", "PaymentID", &before).await.iter().map(|one| number(&one["Amount"])).collect();
        amounts.sort_by(f64::total_cmp);
        amounts
    };
    let path = |payment: &Value| format!("customerpayments/{}", payment["payment_id"].as_str().unwrap());

    // Another amount on another day: Xero lets nobody change a payment, so that it is said.
    let payment = desk.made("customerpayments", "payment", desk.payment(&[(&first, 10)], "2026-05-05")).await;
    let run = desk.lost("Payments").await;
    desk.zoho(Method::PUT, &path(&payment), desk.payment(&[(&first, 12)], "2026-05-06")).await;
    desk.ended(&run).await;
    let run = desk.world.staff.start("syncNow", &desk.connected.link).await.unwrap();
    desk.ended(&run).await;
    assert_eq!((living().await, desk.codes().await), (vec![10.0], vec!["PAYMENT_CHANGED".to_owned()]));
    desk.zoho(Method::DELETE, &path(&payment), Value::Null).await;
    desk.retry().await;
    assert_eq!((living().await, desk.codes().await), (vec![], vec![]));

    // Deleted in Zoho before anybody looked: its end is Xero's too.
    let payment = desk.made("customerpayments", "payment", desk.payment(&[(&first, 10), (&second, 20)], "2026-05-07")).await;
    let run = desk.lost("Payments").await;
    desk.zoho(Method::DELETE, &path(&payment), Value::Null).await;
    desk.ended(&run).await;
    let run = desk.world.staff.start("syncNow", &desk.connected.link).await.unwrap();
    desk.ended(&run).await;
    assert_eq!((living().await, desk.codes().await), (vec![], vec![]));

    // Divided anew before anybody looked: both parts have arrived, and no third one joins them.
    let payment = desk.made("customerpayments", "payment", desk.payment(&[(&first, 10), (&second, 20)], "2026-05-08")).await;
    let run = desk.lost("Payments").await;
    desk.zoho(Method::PUT, &path(&payment), desk.payment(&[(&first, 30)], "2026-05-08")).await;
    desk.ended(&run).await;
    for _ in 0..2 {
        let run = desk.world.staff.start("syncNow", &desk.connected.link).await.unwrap();
        desk.ended(&run).await;
        assert_eq!((living().await, desk.codes().await), (vec![10.0, 20.0], vec!["DIVIDED_ANEW".to_owned(); 2]));
    }
    desk.zoho(Method::DELETE, &path(&payment), Value::Null).await;
    desk.retry().await;
    assert_eq!((living().await, desk.codes().await), (vec![], vec![]));
    desk.world.nothing_more(&desk.connected).await;
    desk.world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_looks_where_both_sides_were_changed_before_we_could() {
    let desk = Desk::new().await;
    let before = books::xero(&desk.world, "CreditNotes").await;
    let line = |rate: u64| json!([{ "name": "Advice", "quantity": 1, "rate": rate, "account_id": desk.sales }]);
    let note =
        json!({ "customer_id": desk.customer, "creditnote_number": "CN-900", "date": "2026-05-01", "line_items": line(20) });
    let note = desk.made("creditnotes?ignore_auto_number_generation=true", "creditnote", note).await;
    let run = desk.lost("CreditNotes").await;
    let there = desk.new_ones("CreditNotes", "CreditNoteID", &before).await;
    assert_eq!(there.len(), 1, "{there:#?}");
    let id = there[0]["CreditNoteID"].clone();
    desk.world.in_xero("CreditNotes", json!({ "CreditNoteID": id, "CreditNoteNumber": "CN-XERO" })).await;
    let path = format!("creditnotes/{}", note["creditnote_id"].as_str().unwrap());
    desk.zoho(Method::PUT, &path, json!({ "date": "2026-05-02", "line_items": line(21) })).await;
    desk.ended(&run).await;
    assert_eq!(desk.codes().await, ["MAY_BE_IN_XERO"]);
    assert_eq!(desk.new_ones("CreditNotes", "CreditNoteID", &before).await.len(), 1);
    // Xero's is void, and on request Zoho's goes there.
    desk.world.in_xero("CreditNotes", json!({ "CreditNoteID": id, "Status": "VOIDED" })).await;
    desk.retry().await;
    let there = desk.new_ones("CreditNotes", "CreditNoteID", &before).await;
    assert_eq!((there.len(), number(&there[0]["Total"])), (1, 21.0), "{there:#?} {:?}", desk.codes().await);
    assert_eq!(desk.codes().await, [""; 0]);
    desk.world.end().await;
}
