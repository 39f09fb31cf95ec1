//! Credits of both sides: they arrive, settle what they settled in Xero, are paid back, and follow what happens there.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::entry::Entry;
use tests::{Connected, World, books, flow, sum};

#[tokio::test(flavor = "multi_thread")]
async fn credits_arrive_with_what_they_settle_and_follow_what_happens_in_xero() {
    let (world, connected) = connected().await;
    let (sold, bought) = (seeded(&world, "ACCRECCREDIT").await, seeded(&world, "ACCPAYCREDIT").await);
    let entry = Entry::new(&world).await;
    let (customer, vendor) = (contact(&entry, "Ada", "NZD").await, contact(&entry, "Paper Mill", "NZD").await);
    let invoice = enter(&entry, "Invoices", "ACCREC", &customer, "INV-C1", "100", "NZD").await;
    let bill = enter(&entry, "Invoices", "ACCPAY", &vendor, "B-C1", "100", "NZD").await;
    let note = enter(&entry, "CreditNotes", "ACCRECCREDIT", &customer, "CN-C1", "50", "NZD").await;
    let credit = enter(&entry, "CreditNotes", "ACCPAYCREDIT", &vendor, "", "40", "NZD").await;
    // Two that only their ids tell apart, and one on the other side.
    for _ in 0..2 {
        allocate(&entry, &note, &invoice, "10").await;
    }
    let removed = allocate(&entry, &credit, &bill, "15.5").await;
    refund(&entry, &note, "7.5").await;
    refund(&entry, &credit, "3").await;
    let draft = enter_as(&entry, "CreditNotes", "ACCRECCREDIT", &customer, "CN-C2", "5", "NZD", "DRAFT").await;
    enter_as(&entry, "CreditNotes", "ACCPAYCREDIT", &vendor, "DRAFT-C", "5", "NZD", "DRAFT").await;

    world.forget_requests().await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let codes: Vec<Value> = world.staff.holds(&connected.link).await.unwrap().iter().map(|hold| hold["code"].clone()).collect();
    assert_eq!(codes, ["DRAFT_VENDOR_CREDIT"]);
    let asked = world.asked().await;
    // Zoho opens a credit note by itself and keeps a vendor credit as a draft until it is told.
    for (endpoint, calls) in [
        ("PUT /creditnotes", sold + 2),
        ("POST /creditnotes/{id}/status/open", 0),
        ("POST /creditnotes/{id}/invoices", 2),
        ("POST /creditnotes/{id}/refunds", 1),
        ("POST /vendorcredits/{id}/status/open", bought + 1),
        ("POST /vendorcredits/{id}/bills", 1),
        ("POST /vendorcredits/{id}/refunds", 1),
    ] {
        assert_eq!(asked.count("zoho", endpoint), calls, "{endpoint}: {asked:#?}");
    }
    let left = |record: &Value| decimal(record, "balance");
    let there = zoho(&world, "creditnotes", "creditnote_number", "CN-C1").await;
    assert_eq!((left(&there), there["status"].as_str()), (dec("30.0"), Some("open")));
    assert_eq!(zoho(&world, "creditnotes", "creditnote_number", "CN-C2").await["status"], "draft");
    let vendor_credit = zoho(&world, "vendorcredits", "reference_number", &id(&credit)).await;
    assert_eq!((left(&vendor_credit), vendor_credit["status"].as_str()), (dec("27.5"), Some("open")));
    assert_eq!(left(&zoho(&world, "invoices", "invoice_number", "INV-C1").await), dec("95"));
    assert_eq!(left(&zoho(&world, "bills", "bill_number", "B-C1").await), dec("99.5"));
    assert_eq!(
        (refunds(&world, &connected, "creditnotes").await, refunds(&world, &connected, "vendorcredits").await),
        (dec("7.5"), dec("3"))
    );

    // The draft is approved and used, and what is left of the other settles the rest.
    change(&entry, &draft, json!({ "Status": "AUTHORISED" })).await;
    allocate(&entry, &draft, &invoice, "5.75").await;
    allocate(&entry, &note, &invoice, "30").await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (2, 1), "{progress:#}");
    // One list for four kinds; the note that was approved is looked at on both sides, and what was changed on Zoho's side within the same
    // second once more, a call a kind.
    let lists = world.asked().await.count("xero", "GET /CreditNotes");
    assert!((2..=4).contains(&lists), "{lists}");
    assert_eq!(world.asked().await.writes("zoho"), 4, "a note, its status, two allocations: {:#?}", world.asked().await);
    for (number, rest) in [("CN-C1", "0"), ("CN-C2", "0")] {
        let there = zoho(&world, "creditnotes", "creditnote_number", number).await;
        assert_eq!((left(&there), there["status"].as_str()), (dec(rest), Some("closed")), "{number}");
    }
    assert_eq!(left(&zoho(&world, "invoices", "invoice_number", "INV-C1").await), dec("59.25"));
    world.nothing_more(&connected).await;
    world.agrees(&connected).await;

    // What is taken back in Xero is not taken back in Zoho: a person is told.
    let path = format!("CreditNotes/{}/Allocations/{removed}", id(&credit));
    assert_eq!(entry.call("DELETE", &path, &Value::Null).await.0, 200);
    world.forget_requests().await;
    for credit in ["Vendor credit XERO-", "a credit"] {
        world.run("syncNow", &connected).await;
        assert_eq!(world.asked().await.writes("zoho"), 0, "{:#?}", world.asked().await);
        let holds = world.staff.holds(&connected.link).await.unwrap();
        let held: Vec<&Value> = holds.iter().filter(|hold| hold["code"] == "ALLOCATION_REMOVED").collect();
        assert_eq!(held.len(), 1, "{holds:#?}");
        let sentence = held[0]["sentence"].as_str().unwrap();
        assert!(held[0]["expected"] == false && sentence.starts_with(&format!("An allocation of {credit}")), "{sentence}");
        retry(&world, &connected, "ALLOCATION_REMOVED").await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_was_never_carried_makes_a_run_unclean_though_no_list_shows_it() {
    let (world, connected) = connected().await;
    let entry = Entry::new(&world).await;
    let customer = contact(&entry, "Ada", "NZD").await;
    let note = enter(&entry, "CreditNotes", "ACCRECCREDIT", &customer, "CN-R1", "50", "NZD").await;
    refund(&entry, &note, "7.5").await;
    world.advance(std::time::Duration::from_secs(10)).await;
    world.migrate(&connected).await;
    world.agrees(&connected).await;
    // As if it had been forgotten.
    let lane = "SELECT id FROM lane WHERE flow = 'books.credit_refunds'";
    let count = format!("SELECT COUNT(*) AS n FROM pair WHERE lane_id = ({lane}) AND zoho_id IS NOT NULL");
    assert_eq!(world.rows(&count).await, 1);
    world.rows(&format!("DELETE FROM pair WHERE lane_id = ({lane}) RETURNING CAST(1 AS BIGINT) AS n")).await;
    let (run, progress) = world.run("reconcile", &connected).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let said: Vec<&Value> = findings.iter().filter(|one| one["cause"] == "NOT_CARRIED" && one["explained"] == false).collect();
    assert!(said.iter().any(|one| one["level"] == 2) && said.iter().any(|one| one["level"] == 3), "{findings:#?}");
    assert_eq!(progress["clean"], false);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_credit_settles_at_another_rate_and_a_number_may_be_two_suppliers() {
    let (world, connected) = connected().await;
    let entry = Entry::new(&world).await;
    entry.call("PUT", "Currencies", &json!({ "Code": "USD" })).await;
    let customer = contact(&entry, "Abroad", "USD").await;
    let rated = |rate: &str| json!({ "CurrencyRate": rate.parse::<f64>().unwrap() });
    let invoice = enter(&entry, "Invoices", "ACCREC", &customer, "INV-F1", "100", "USD").await;
    change(&entry, &invoice, rated("0.6")).await;
    let note = enter(&entry, "CreditNotes", "ACCRECCREDIT", &customer, "CN-F1", "60", "USD").await;
    change(&entry, &note, rated("0.65")).await;
    allocate(&entry, &note, &invoice, "33.33").await;
    for name in ["First", "Second"] {
        let vendor = contact(&entry, name, "NZD").await;
        enter(&entry, "CreditNotes", "ACCPAYCREDIT", &vendor, "RETURN-1", "20", "NZD").await;
    }
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let there = zoho(&world, "creditnotes", "creditnote_number", "CN-F1").await;
    assert_eq!(decimal(&there, "balance"), dec("60") * dec("1.15") - dec("33.33"));
    let worth = decimal(&there, "exchange_rate") * decimal(&there, "total");
    assert_eq!(worth.round_dp(2), (decimal(&note, "Total") / dec("0.65")).round_dp(2));
    let numbers = vendor_credits(&world, "RETURN-1").await;
    assert_eq!(numbers.len(), 2);
    assert!(numbers.iter().any(|number| number == "RETURN-1") && numbers.iter().any(|number| number.starts_with("RETURN-1 [")));
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_no_credit_twice() {
    let (world, connected) = connected().await;
    let entry = Entry::new(&world).await;
    let (customer, vendor) = (contact(&entry, "Ada", "NZD").await, contact(&entry, "Paper Mill", "NZD").await);
    let invoice = enter(&entry, "Invoices", "ACCREC", &customer, "INV-L1", "100", "NZD").await;
    let note = enter(&entry, "CreditNotes", "ACCRECCREDIT", &customer, "CN-L1", "50", "NZD").await;
    enter(&entry, "CreditNotes", "ACCPAYCREDIT", &vendor, "S-L1", "40", "NZD").await;
    for _ in 0..2 {
        allocate(&entry, &note, &invoice, "10").await;
    }
    refund(&entry, &note, "7.5").await;
    // Each first write arrives, and its answer does not.
    let lost: Vec<Value> = ["/vendorcredits", "/creditnotes", "/refunds"]
        .iter()
        .map(|part| json!({ "match": { "provider": "zoho", "method": "POST", "path_contains": part }, "kind": "reset_after", "times": 1 }))
        .collect();
    world.faults(Value::Array(lost)).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    assert_eq!(vendor_credits(&world, "S-L1").await, ["S-L1"]);
    let there = zoho(&world, "creditnotes", "creditnote_number", "CN-L1").await;
    assert_eq!(decimal(&there, "balance"), dec("30"));
    assert_eq!(refunds(&world, &connected, "creditnotes").await, dec("7.5"));
    assert_eq!(flow(&progress, "books.credit_allocations")["created"], 2);
    let asked = world.asked().await;
    for looked in ["GET /creditnotes/{id}/invoices", "GET /creditnotes/{id}/refunds"] {
        assert_eq!(asked.count("zoho", looked), 1, "{looked}: {asked:#?}");
    }
    world.nothing_more(&connected).await;
    world.end().await;
}

async fn connected() -> (World, Connected) {
    World::of_company("tiny", None, None).await
}

async fn retry(world: &World, connected: &Connected, code: &str) {
    let query = format!("mutation($id: ID!) {{ retryHolds(linkId: $id, codes: [\"{code}\"]) {{ retried }} }}");
    world.staff.data(&query, json!({ "id": connected.link })).await.unwrap();
}

async fn contact(entry: &Entry<'_>, name: &str, currency: &str) -> String {
    let entered = entry.put("Contacts", &[json!({ "Name": name, "DefaultCurrency": currency })]).await;
    entered.taken[0]["ContactID"].as_str().unwrap().to_owned()
}

async fn enter(entry: &Entry<'_>, list: &str, kind: &str, contact: &str, number: &str, net: &str, currency: &str) -> Value {
    enter_as(entry, list, kind, contact, number, net, currency, "AUTHORISED").await
}

/// A document of one line, with 15 per cent on top.
#[expect(clippy::too_many_arguments, reason = "what tells one document from another")]
async fn enter_as(
    entry: &Entry<'_>,
    list: &str,
    kind: &str,
    contact: &str,
    number: &str,
    net: &str,
    currency: &str,
    status: &str,
) -> Value {
    let (account, tax) = if kind.starts_with("ACCREC") { ("200", "OUTPUT2") } else { ("429", "INPUT2") };
    let name = if list == "Invoices" { "InvoiceNumber" } else { "CreditNoteNumber" };
    let document = json!({
        "Type": kind, "Contact": { "ContactID": contact }, "Status": status, "Date": "2026-05-01", "DueDate": "2026-06-01", name: number,
        "CurrencyCode": currency, "LineAmountTypes": "Exclusive",
        "LineItems": [{ "Description": "Thing", "Quantity": 1, "UnitAmount": net.parse::<f64>().unwrap(), "AccountCode": account, "TaxType": tax }],
    });
    let entered = entry.put(list, &[document]).await;
    assert_eq!(entered.refused, Vec::<String>::new());
    entered.taken[0].clone()
}

/// Changes a document in Xero.
async fn change(entry: &Entry<'_>, document: &Value, mut what: Value) {
    let (list, key) =
        if document["CreditNoteID"].is_string() { ("CreditNotes", "CreditNoteID") } else { ("Invoices", "InvoiceID") };
    what[key] = document[key].clone();
    let (status, answer) = entry.call("POST", list, &json!({ list: [what] })).await;
    assert_eq!(status, 200, "{answer:#}");
}

/// Applies a part of a credit to a document. Gives the allocation's id.
async fn allocate(entry: &Entry<'_>, credit: &Value, document: &Value, amount: &str) -> String {
    let allocation = json!({ "Amount": amount.parse::<f64>().unwrap(), "Date": "2026-05-10", "Invoice": { "InvoiceID": document["InvoiceID"] } });
    let path = format!("CreditNotes/{}/Allocations", id(credit));
    let (status, answer) = entry.call("PUT", &path, &json!({ "Allocations": [allocation] })).await;
    assert_eq!(status, 200, "{answer:#}");
    answer["Allocations"][0]["AllocationID"].as_str().unwrap().to_owned()
}

async fn refund(entry: &Entry<'_>, credit: &Value, amount: &str) {
    let refund = json!({ "CreditNote": { "CreditNoteID": credit["CreditNoteID"] }, "Account": { "Code": "090" }, "Date": "2026-05-12",
        "Amount": amount.parse::<f64>().unwrap(), "Reference": "paid back" });
    assert_eq!(entry.put("Payments", &[refund]).await.refused, Vec::<String>::new());
}

fn id(credit: &Value) -> String {
    credit["CreditNoteID"].as_str().unwrap().to_owned()
}

async fn zoho(world: &World, resource: &str, key: &str, value: &str) -> Value {
    let all = books::zoho(world, resource).await;
    all.into_iter().find(|one| one[key] == value).unwrap_or_else(|| panic!("no {value} among the {resource}"))
}

/// The sum of what was paid back of one kind of credits.
async fn refunds(world: &World, connected: &Connected, resource: &str) -> Decimal {
    let (_, listed) = world.in_zoho(connected, reqwest::Method::GET, &format!("{resource}/refunds"), None).await;
    let key = if resource == "creditnotes" { "creditnote_refunds" } else { "vendor_credit_refunds" };
    listed[key].as_array().unwrap().iter().map(|one| decimal(one, "amount")).sum()
}

/// How many credits of one kind the company has already, all of them approved.
async fn seeded(world: &World, kind: &str) -> u64 {
    let notes = books::xero(world, "CreditNotes").await;
    let own: Vec<&Value> = notes.iter().filter(|note| note["Type"] == kind).collect();
    assert!(own.iter().all(|note| note["Status"] == "AUTHORISED" || kind == "ACCRECCREDIT"), "{own:#?}");
    own.len() as u64
}

/// The numbers of the vendor credits that begin like this.
async fn vendor_credits(world: &World, number: &str) -> Vec<String> {
    let all = books::zoho(world, "vendorcredits").await;
    let numbers = all.iter().filter_map(|one| one["vendor_credit_number"].as_str()).filter(|found| found.starts_with(number));
    numbers.map(str::to_owned).collect()
}

fn decimal(record: &Value, key: &str) -> Decimal {
    record[key].to_string().trim_matches('"').parse().unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}
