//! Money that moves without an invoice: spent, received, transferred, written down by hand. The balances are Xero's to the cent.

use std::collections::BTreeMap;

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::entry::Entry;
use tests::{Connected, World, books, flow, sum};

/// The accounts whose balances are compared: of every kind that the records move.
const ACCOUNTS: [&str; 15] =
    ["090", "091", "092", "093", "200", "260", "270", "300", "404", "429", "453", "820", "825", "900", "970"];
/// Accounts that Zoho has had under these names, without a code.
const ZOHOS_OWN: [(&str, &str); 3] = [("Sales", "200"), ("Interest Income", "270"), ("GST Payable", "820")];

#[tokio::test(flavor = "multi_thread")]
async fn every_balance_is_xeros_and_an_edit_follows() {
    let (world, connected) = connected().await;
    let entered = enter(&world).await;
    world.forget_requests().await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    for (key, created) in [
        ("books.expenses", 3),
        ("books.receipts", 3),
        ("books.bank_journals", 6),
        ("books.bank_transfers", 2),
        ("books.journals", 3),
    ] {
        assert_eq!(flow(&progress, key)["created"], created, "{key}: {progress:#}");
    }
    // One call a record, one read for all three forms of a bank transaction.
    let asked = world.asked().await;
    assert_eq!(
        (asked.count("zoho", "PUT /expenses"), asked.count("zoho", "POST /banktransactions")),
        (3, 3 + 1 + 2),
        "{asked:#?}"
    );
    assert_eq!(asked.count("zoho", "POST /journals"), 6 + 3, "{asked:#?}");
    assert_eq!(balances(&world, &connected).await, xero_balances(&world).await);
    let dollars = bank_account(&world, &connected, "USD Account").await;
    assert_eq!(amount(&dollars["balance"]), "87.66".parse::<Decimal>().unwrap(), "in its own currency: {dollars}");

    // An expense grows, a deposit is worth less, a journal is posted, and something with tax gets another line.
    let edit = |record: &Value, lines: Value| {
        let mut edited = json!({ "BankTransactionID": record["BankTransactionID"], "LineItems": lines });
        edited["Type"] = record["Type"].clone();
        edited
    };
    world
        .in_xero("BankTransactions", edit(&entered[0], json!([line("11.11", "453", "INPUT2"), line("2.22", "404", "NONE")])))
        .await;
    world.in_xero("BankTransactions", edit(&entered[3], json!([line("1.99", "270", "NONE")]))).await;
    world
        .in_xero("BankTransactions", edit(&entered[6], json!([line("0.05", "260", "OUTPUT2"), line("3", "200", "ZERORATED")])))
        .await;
    let draft = books::xero(&world, "ManualJournals").await.into_iter().find(|one| one["Status"] == "DRAFT").unwrap();
    world
        .in_xero(
            "ManualJournals",
            json!({ "ManualJournalID": draft["ManualJournalID"], "Narration": "Sure now", "Status": "POSTED" }),
        )
        .await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 4), "{progress:#}");
    assert_eq!(world.asked().await.writes("zoho"), 4, "{:#?}", world.asked().await);
    assert_eq!(balances(&world, &connected).await, xero_balances(&world).await);

    world.nothing_more(&connected).await;
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_removed_in_xero_is_held_and_never_written_again() {
    let (world, connected) = connected().await;
    let entered = enter(&world).await;
    world.migrate(&connected).await;
    for n in [0, 3, 6] {
        world
            .in_xero("BankTransactions", json!({ "BankTransactionID": entered[n]["BankTransactionID"], "Status": "DELETED" }))
            .await;
    }
    let transfer = books::xero(&world, "BankTransfers").await.remove(0);
    world.in_xero("BankTransfers", json!({ "BankTransferID": transfer["BankTransferID"], "Status": "DELETED" })).await;
    let posted = books::xero(&world, "ManualJournals").await.into_iter().find(|one| one["Status"] == "POSTED").unwrap();
    world
        .in_xero(
            "ManualJournals",
            json!({ "ManualJournalID": posted["ManualJournalID"], "Narration": posted["Narration"], "Status": "VOIDED" }),
        )
        .await;
    world.forget_requests().await;
    world.run("syncNow", &connected).await;
    assert_eq!(world.asked().await.writes("zoho"), 0, "{:#?}", world.asked().await);
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let held = |code: &str| holds.iter().filter(|hold| hold["code"] == code && hold["expected"] == false).count();
    assert_eq!((held("BANK_TRANSACTION_REMOVED"), held("TRANSFER_REMOVED"), held("JOURNAL_REMOVED")), (3, 1, 1), "{holds:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_got_lost_makes_nothing_twice() {
    let (world, connected) = connected().await;
    enter(&world).await;
    // Zoho does what it is told, and the answer is lost: once for each kind of write.
    let lost = |path: &str| json!({ "match": { "provider": "zoho", "method": "POST", "path_contains": path }, "kind": "reset_after", "times": 2 });
    world.faults(json!([lost("banktransactions"), lost("journals")])).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    assert_eq!(books::zoho(&world, "banktransactions").await.len(), 3 + 2);
    assert_eq!(books::zoho(&world, "journals").await.len(), 6 + 3);
    assert_eq!(balances(&world, &connected).await, xero_balances(&world).await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payee_that_is_not_in_zoho_takes_the_place_of_one_that_is() {
    let (world, connected) = connected().await;
    let entry = Entry::new(&world).await;
    let who = entry.put("Contacts", &[json!({ "Name": "A supplier" }), json!({ "Name": "Refused by Zoho" })]).await.taken;
    let of = |n: usize| json!({ "ContactID": who[n]["ContactID"] });
    let bill = json!({ "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": of(0), "Date": "2026-05-05", "DueDate": "2026-06-05",
        "InvoiceNumber": "B-1", "LineAmountTypes": "NoTax", "LineItems": [line("10", "453", "NONE")] });
    assert_eq!(entry.put("Invoices", &[bill]).await.refused, Vec::<String>::new());
    let spent = json!({ "Type": "SPEND", "Contact": of(0), "BankAccount": { "Code": "090" }, "Date": "2026-05-05",
        "LineAmountTypes": "NoTax", "LineItems": [line("10", "453", "NONE")] });
    let spent = entry.put("BankTransactions", &[spent]).await.taken.remove(0);
    world.migrate(&connected).await;
    let payee = async || books::zoho(&world, "expenses").await.remove(0)["vendor_id"].as_str().unwrap_or_default().to_owned();
    assert_ne!(payee().await, "");

    let refused = json!({ "match": { "provider": "zoho", "method": "PUT", "path_contains": "/contacts" }, "kind": "status", "code": 400,
        "body": json!({ "code": 2, "message": "Invalid value passed" }).to_string(), "headers": { "content-type": "application/json" }, "times": 99 });
    world.faults(json!([refused])).await;
    let edit = json!({ "BankTransactionID": spent["BankTransactionID"], "Type": "SPEND", "Contact": of(1) });
    world.in_xero("BankTransactions", edit).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(flow(&progress, "books.expenses")["updated"], 1, "{progress:#}");
    assert_eq!(payee().await, "");
    world.end().await;
}

/// Bank transactions as Xero has them, after transfers and journals.
async fn enter(world: &World) -> Vec<Value> {
    let entry = Entry::new(world).await;
    let who = entry.put("Contacts", &[json!({ "Name": "Z Energy" }), json!({ "Name": "The Bank" })]).await.taken;
    let contact = |name: &str| json!({ "ContactID": who.iter().find(|one| one["Name"] == name).unwrap()["ContactID"] });
    let bank = |type_: &str, who: &str, account: &str, mode: &str, lines: Value| {
        json!({ "Type": type_, "Contact": contact(who), "BankAccount": { "Code": account }, "Date": "2026-05-05", "LineAmountTypes": mode,
                "Reference": format!("{type_} {mode}"), "LineItems": lines })
    };
    let mut dollars = bank("SPEND", "Z Energy", "092", "NoTax", json!([line("12.34", "404", "NONE")]));
    dollars["CurrencyRate"] = json!(0.6);
    let mut received = bank("RECEIVE", "The Bank", "092", "NoTax", json!([line("100", "270", "NONE")]));
    received["CurrencyRate"] = json!(0.6);
    let bankings = [
        // Expenses.
        bank(
            "SPEND",
            "Z Energy",
            "090",
            "Exclusive",
            json!([line("9.99", "453", "INPUT2"), { "Description": "See the receipt" }, line("7.77", "429", "INPUT2")]),
        ),
        bank("SPEND", "Z Energy", "093", "Inclusive", json!([line("46.00", "429", "INPUT2")])),
        dollars,
        // Deposits, the last from costs of goods.
        bank("RECEIVE", "The Bank", "091", "Exclusive", json!([line("5.25", "270", "NONE")])),
        received,
        bank("RECEIVE", "The Bank", "090", "NoTax", json!([line("20", "300", "NONE")])),
        // Only debits and credits can say these.
        bank("RECEIVE", "The Bank", "090", "Exclusive", json!([line("0.05", "260", "OUTPUT2")])),
        bank("RECEIVE", "The Bank", "090", "NoTax", json!([line("1", "260", "NONE"), line("2", "970", "NONE")])),
        bank("SPEND", "Z Energy", "093", "Inclusive", json!([line("11.50", "453", "INPUT2"), line("-2.30", "453", "INPUT2")])),
        bank(
            "RECEIVE",
            "The Bank",
            "090",
            "Inclusive",
            json!([line("115", "200", "OUTPUT2"), line("33.33", "200", "ZERORATED")]),
        ),
        // What the owner took, and a customer got back: on equity and income Zoho books no expense.
        bank("SPEND", "Z Energy", "090", "NoTax", json!([line("250", "970", "NONE")])),
        bank("SPEND", "Z Energy", "090", "Exclusive", json!([line("10", "260", "OUTPUT2"), line("5", "429", "INPUT2")])),
    ];
    let entered = entry.put("BankTransactions", &bankings).await;
    assert_eq!(entered.refused, Vec::<String>::new());
    let transfer = |to: &str, amount: &str| json!({ "FromBankAccount": { "Code": "090" }, "ToBankAccount": { "Code": to }, "Amount": amount, "Date": "2026-05-06", "Reference": "Put aside" });
    assert_eq!(
        entry.put("BankTransfers", &[transfer("091", "0.01"), transfer("093", "150.50")]).await.refused,
        Vec::<String>::new()
    );
    let amount = |amount: &str, code: &str, tax: &str| json!({ "LineAmount": amount, "AccountCode": code, "TaxType": tax, "Description": "Share" });
    let journals = [
        json!({ "Narration": "Accrual", "Status": "POSTED", "Date": "2026-05-31",
                "JournalLines": [{ "Description": "For May" }, amount("100", "429", "NONE"), amount("-100", "825", "NONE")] }),
        json!({ "Narration": "With tax", "Status": "POSTED", "Date": "2026-05-31", "LineAmountTypes": "Inclusive",
                "JournalLines": [amount("115", "429", "INPUT2"), amount("-115", "260", "OUTPUT2")] }),
        json!({ "Narration": "Not sure yet", "Status": "DRAFT", "Date": "2026-05-31", "JournalLines": [amount("1", "429", "NONE"), amount("-1", "900", "NONE")] }),
    ];
    assert_eq!(entry.put("ManualJournals", &journals).await.refused, Vec::<String>::new());
    entered.taken
}

fn line(amount: &str, account: &str, tax: &str) -> Value {
    json!({ "Description": "Something", "Quantity": "1", "UnitAmount": amount, "AccountCode": account, "TaxType": tax })
}

/// Xero's balances by code, debits positive, from its trial balance.
async fn xero_balances(world: &World) -> BTreeMap<String, Decimal> {
    let entry = Entry::new(world).await;
    let (status, report) = entry.call("GET", "Reports/TrialBalance?date=2026-12-31", &Value::Null).await;
    assert_eq!(status, 200, "{report}");
    let sections = report["Reports"][0]["Rows"].as_array().unwrap();
    let rows = sections.iter().flat_map(|section| section["Rows"].as_array().into_iter().flatten());
    let mut found = nothing();
    for row in rows {
        let name = row["Cells"][0]["Value"].as_str().unwrap_or_default();
        let cell = |n: usize| row["Cells"][n]["Value"].as_str().unwrap_or_default().parse::<Decimal>().unwrap_or_default();
        let code = name.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')')).unwrap_or_default();
        if let Some(balance) = found.get_mut(code) {
            *balance += cell(3) - cell(4);
        }
    }
    found
}

/// Zoho's, from its chart of accounts.
async fn balances(world: &World, connected: &Connected) -> BTreeMap<String, Decimal> {
    let path = "chartofaccounts?showbalance=true&filter_by=AccountType.All&per_page=200";
    let (status, chart) = world.in_zoho(connected, Method::GET, path, None).await;
    assert_eq!(status, 200, "{chart}");
    let mut found = nothing();
    for account in chart["chartofaccounts"].as_array().unwrap() {
        let own = ZOHOS_OWN.iter().find(|(name, _)| account["account_name"] == *name).map(|(_, code)| *code);
        let code = own.or(account["account_code"].as_str()).unwrap_or_default();
        let Some(balance) = found.get_mut(code) else { continue };
        let of_debits = ["bank", "cash", "expense", "cost_of_goods_sold", "other_expense", "fixed_asset", "other_current_asset"];
        let sign =
            if of_debits.contains(&account["account_type"].as_str().unwrap()) { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        *balance = sign * amount(&account["current_balance"]);
    }
    found
}

async fn bank_account(world: &World, connected: &Connected, name: &str) -> Value {
    let (_, listed) = world.in_zoho(connected, Method::GET, "bankaccounts", None).await;
    listed["bankaccounts"].as_array().unwrap().iter().find(|one| one["account_name"] == name).unwrap().clone()
}

fn nothing() -> BTreeMap<String, Decimal> {
    ACCOUNTS.map(|code| (code.to_owned(), Decimal::ZERO)).into()
}

fn amount(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().unwrap()
}

async fn connected() -> (World, Connected) {
    World::of_company("tiny", Some(3), Some(0)).await
}
