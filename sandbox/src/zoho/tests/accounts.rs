//! Money that moves without an invoice, and what the ledger says of all of it.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

fn id<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

async fn balance(world: &World, account: &str) -> String {
    let path = format!("/chartofaccounts?showbalance=true&account_name={}", account.replace(' ', "%20"));
    world.get(&path).await["chartofaccounts"][0]["current_balance"].to_string()
}

async fn bank(world: &World, name: &str, currency: Option<&str>) -> String {
    let mut body = json!({"account_name": name, "account_type": "bank", "account_number": "01-02", "bank_name": "Kiwi"});
    if let Some(currency) = currency {
        body["currency_code"] = json!(currency);
    }
    id(&world.create("/bankaccounts", "bankaccount", body).await, "account_id").to_owned()
}

#[tokio::test]
async fn an_invoice_is_in_the_ledger_once_it_is_sent_and_until_it_is_void() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let tax = world.tax("Standard Rate").await;
    let body = json!({"customer_id": ada, "date": "2026-05-10", "shipping_charge": 5, "adjustment": "-0.01", "discount": "10%", "discount_type": "entity_level",
        "line_items": [{"name": "Work", "quantity": 2, "rate": 50, "tax_id": tax}]});
    let invoice = world.create("/invoices", "invoice", body).await;
    assert_eq!(invoice["total"].to_string(), "108.49");
    assert_eq!(balance(&world, "Accounts Receivable").await, "0.00", "a draft owes nothing");
    let path = format!("/invoices/{}", id(&invoice, "invoice_id"));
    world.done(Method::POST, &format!("{path}/status/sent"), None).await;
    for (account, amount) in [
        ("Accounts Receivable", "108.49"),
        ("Sales", "100.00"),
        ("GST Payable", "13.50"),
        ("Discount", "-10.00"),
        ("Shipping Charge", "5.00"),
        ("Other Charges", "-0.01"),
    ] {
        assert_eq!(balance(&world, account).await, amount, "{account}");
    }
    let pay = json!({"customer_id": ada, "payment_mode": "cash", "amount": "120.00", "bank_charges": "2.50", "date": "2026-06-01",
        "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": "108.49"}]});
    world.create("/customerpayments", "payment", pay).await;
    for (account, amount) in [
        ("Accounts Receivable", "0.00"),
        ("Undeposited Funds", "117.50"),
        ("Bank Fees and Charges", "2.50"),
        ("Unearned Revenue", "11.51"),
    ] {
        assert_eq!(balance(&world, account).await, amount, "{account}");
    }
    let receivable = world.account("Accounts Receivable").await;
    let entries =
        world.get(&format!("/chartofaccounts/accounttransactions?account_id={receivable}")).await["transactions"].clone();
    let shown: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                id(one, "transaction_date"),
                id(one, "transaction_type"),
                id(one, "debit_or_credit"),
                one["credit_amount"].to_string(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [("2026-06-01", "customer_payment", "credit", "108.49".into()), ("2026-05-10", "invoice", "debit", "0.00".into())]
    );
    world.done(Method::POST, &format!("{path}/status/void"), None).await;
    for (account, amount) in [("Accounts Receivable", "0.00"), ("Sales", "0.00"), ("Unearned Revenue", "120.00")] {
        assert_eq!(balance(&world, account).await, amount, "{account}");
    }
}

#[tokio::test]
async fn what_a_currency_gained_or_lost_is_in_the_ledger() {
    let world = World::new().await;
    let currencies = world.get("/settings/currencies").await;
    let usd =
        currencies["currencies"].as_array().unwrap().iter().find(|one| one["currency_code"] == "USD").unwrap()["currency_id"]
            .clone();
    let eve = world
        .create("/contacts", "contact", json!({"contact_name": "Eve", "contact_type": "customer", "currency_id": usd}))
        .await;
    let eve = id(&eve, "contact_id");
    let body =
        json!({"customer_id": eve, "date": "2026-05-10", "exchange_rate": "1.5", "line_items": [{"name": "Work", "rate": 100}]});
    let invoice = world.create("/invoices", "invoice", body).await;
    world.done(Method::POST, &format!("/invoices/{}/status/sent", id(&invoice, "invoice_id")), None).await;
    assert_eq!(
        (balance(&world, "Accounts Receivable").await, balance(&world, "Sales").await),
        ("150.00".into(), "150.00".into())
    );
    let account = bank(&world, "Dollars", Some("USD")).await;
    let pay = json!({"customer_id": eve, "payment_mode": "cash", "amount": 40, "date": "2026-06-01", "exchange_rate": "1.6", "account_id": account,
        "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": 40}]});
    world.create("/customerpayments", "payment", pay).await;
    assert_eq!(balance(&world, "Accounts Receivable").await, "90.00", "60 dollars at the rate of the invoice");
    assert_eq!(balance(&world, "Exchange Gain or Loss").await, "-4.00", "a gain makes the loss smaller");
    let shown = world.get(&format!("/bankaccounts/{account}")).await["bankaccount"].clone();
    assert_eq!([&shown["balance"], &shown["bcy_balance"]].map(Value::to_string), ["40.00", "64.00"]);

    let adjust = json!({"currency_id": usd, "adjustment_date": "2026-06-30", "exchange_rate": 2, "notes": "end of June"});
    let plan = world
        .get(&format!(
            "/basecurrencyadjustment/accounts?currency_id={}&adjustment_date=2026-06-30&exchange_rate=2",
            usd.as_str().unwrap()
        ))
        .await;
    assert_eq!(plan["data"]["gain_or_loss"].to_string(), "46.00");
    let made = world.done(Method::POST, "/basecurrencyadjustment", Some(adjust.clone())).await["data"].clone();
    assert_eq!(made["gain_or_loss"].to_string(), "46.00", "30 on receivables, 16 in the bank");
    assert_eq!(
        (balance(&world, "Accounts Receivable").await, balance(&world, "Exchange Gain or Loss").await),
        ("120.00".into(), "-50.00".into())
    );
    let one = format!("/basecurrencyadjustment/{}", id(&made, "base_currency_adjustment_id"));
    assert_eq!(world.get(&one).await["data"]["notes"], "end of June");
    assert_eq!(world.get("/basecurrencyadjustment").await["base_currency_adjustments"].as_array().unwrap().len(), 1);
    world.done(Method::DELETE, &one, None).await;
    assert_eq!(balance(&world, "Accounts Receivable").await, "90.00");
    let mut base = adjust;
    base["currency_id"] = world.get("/organizations").await["organizations"][0]["currency_id"].clone();
    assert_eq!(world.refused(Method::POST, "/basecurrencyadjustment", Some(base)).await, (400, 4));
}

#[tokio::test]
async fn expenses_are_paid_through_an_account_with_their_tax() {
    let world = World::new().await;
    let (cash, rent, office) =
        (world.account("Petty Cash").await, world.account("Rent Expense").await, world.account("Office Supplies").await);
    let tax = world.tax("Standard Rate").await;
    let (ada, bob) = (world.contact("Ada", "customer").await, world.contact("Bob", "vendor").await);
    let body = json!({"date": "2026-05-01", "account_id": rent, "amount": 115, "is_inclusive_tax": true, "tax_id": tax, "paid_through_account_id": cash, "vendor_id": bob});
    let (status, made) = world.call(Method::POST, "/expenses", Some(body.clone())).await;
    assert_eq!(status, 200, "documented so");
    let expense = made["expense"].clone();
    assert_eq!(
        [&expense["amount"], &expense["total"], &expense["tax_amount"], &expense["status"]].map(Value::to_string),
        ["115.00", "115.00", "15.00", "\"nonbillable\""]
    );
    assert_eq!((balance(&world, "Rent Expense").await, balance(&world, "Petty Cash").await), ("100.00".into(), "-115.00".into()));
    assert_eq!(balance(&world, "GST Payable").await, "-15.00");
    for missing in ["date", "account_id", "amount", "paid_through_account_id"] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(world.refused(Method::POST, "/expenses", Some(body)).await, (400, 4), "{missing}");
    }
    for (key, value, code) in [
        ("account_id", json!(world.account("Sales").await), 2),
        ("paid_through_account_id", json!(rent), 2),
        ("amount", json!(0), 2),
        ("customer_id", json!(bob), 2),
        ("is_billable", json!(true), 4),
    ] {
        let mut body = body.clone();
        body[key] = value;
        assert_eq!(world.refused(Method::POST, "/expenses", Some(body)).await, (400, code), "{key}");
    }
    let path = format!("/expenses/{}", id(&expense, "expense_id"));
    let lines = json!([{"account_id": rent, "amount": 10, "tax_id": tax}, {"account_id": office, "amount": "5.55"}]);
    let changed = json!({"line_items": lines, "is_inclusive_tax": false, "customer_id": ada, "is_billable": true});
    let changed = world.done(Method::PUT, &path, Some(changed)).await["expense"].clone();
    assert_eq!((changed["total"].to_string(), &changed["status"]), ("17.05".into(), &json!("unbilled")));
    assert_eq!(
        (balance(&world, "Office Supplies").await, balance(&world, "Rent Expense").await),
        ("5.55".into(), "10.00".into())
    );
    assert_eq!(
        world.get(&format!("/expenses?customer_id={ada}&filter_by=Status.Unbilled")).await["expenses"].as_array().unwrap().len(),
        1
    );
    let template = json!({"recurrence_name": "Rent", "start_date": "2026-01-01", "recurrence_frequency": "months", "repeat_every": 1, "account_id": rent, "amount": 9});
    let template = world.done(Method::POST, "/recurringexpenses", Some(template)).await["recurring_expense"].clone();
    world.done(Method::POST, &format!("/recurringexpenses/{}/status/stop", id(&template, "recurring_expense_id")), None).await;
    assert_eq!(world.get("/recurringexpenses?status=stopped").await["recurring_expenses"].as_array().unwrap().len(), 1);
    assert_eq!(balance(&world, "Rent Expense").await, "10.00", "a template moves no money");
    world.done(Method::DELETE, &path, None).await;
    assert_eq!(balance(&world, "Petty Cash").await, "0.00");
}

#[tokio::test]
async fn bank_transactions_go_from_and_to_the_accounts_of_their_type() {
    let world = World::new().await;
    let (first, second) = (bank(&world, "First", None).await, bank(&world, "Second", None).await);
    let (sales, equity) = (world.account("Sales").await, world.account("Owner's%20Equity").await);
    let body = |kind: &str, from: &str, to: &str| json!({"transaction_type": kind, "from_account_id": from, "to_account_id": to, "amount": "12.50", "date": "2026-05-01"});
    let moved = world.create("/banktransactions", "banktransaction", body("transfer_fund", &first, &second)).await;
    world.create("/banktransactions", "banktransaction", body("sales_without_invoices", &sales, &first)).await;
    world.create("/banktransactions", "banktransaction", body("owner_drawings", &first, &equity)).await;
    assert_eq!((balance(&world, "First").await, balance(&world, "Second").await), ("-12.50".into(), "12.50".into()));
    assert_eq!((balance(&world, "Sales").await, balance(&world, "Owner's Equity").await), ("12.50".into(), "-12.50".into()));
    for (wrong, code) in [
        (body("transfer_fund", &first, &first), 2),
        (body("transfer_fund", &sales, &first), 2),
        (body("owner_contribution", &first, &equity), 2),
        (body("expense", &first, &second), 2),
        (body("", &first, &second), 4),
        (json!({"transaction_type": "deposit", "to_account_id": first, "amount": 1}), 4),
    ] {
        assert_eq!(world.refused(Method::POST, "/banktransactions", Some(wrong.clone())).await, (400, code), "{wrong}");
    }
    assert_eq!(
        world.get("/banktransactions?transaction_type=transfer_fund").await["banktransactions"].as_array().unwrap().len(),
        1
    );
    let path = format!("/banktransactions/{}", id(&moved, "transaction_id"));
    world.done(Method::PUT, &path, Some(json!({"transaction_type": "transfer_fund", "amount": 20}))).await;
    assert_eq!(balance(&world, "Second").await, "20.00");
    world.done(Method::DELETE, &path, None).await;
    assert_eq!(balance(&world, "Second").await, "0.00");
    assert_eq!(world.refused(Method::DELETE, &format!("/bankaccounts/{first}"), None).await, (400, 36), "it is used");
    world.done(Method::DELETE, &format!("/bankaccounts/{second}"), None).await;
    assert_eq!(world.refused(Method::GET, &format!("/bankaccounts/{sales}"), None).await, (404, 1002));
    let list = world.get("/bankaccounts?filter_by=Status.Active").await;
    assert_eq!((list["bankaccounts"].as_array().unwrap().len(), &list["bankaccounts"][0]["bank_name"]), (1, &json!("Kiwi")));
}

#[tokio::test]
async fn a_journal_balances_or_is_refused() {
    let world = World::new().await;
    let (rent, cash, receivable) =
        (world.account("Rent Expense").await, world.account("Petty Cash").await, world.account("Accounts Receivable").await);
    let line =
        |account: &str, side: &str, amount: &str| json!({"account_id": account, "debit_or_credit": side, "amount": amount});
    let journal = |lines: Vec<Value>| json!({"journal_date": "2026-05-01", "line_items": lines, "reference_number": "x-1"});
    for (body, code) in [
        (journal(vec![line(&rent, "debit", "10"), line(&cash, "credit", "9.99")]), 4),
        (journal(vec![]), 4016),
        (journal(vec![line(&rent, "left", "10"), line(&cash, "credit", "10")]), 2),
        (journal(vec![line(&rent, "debit", "-10"), line(&cash, "credit", "-10")]), 2),
        (journal(vec![line(&receivable, "debit", "10"), line(&cash, "credit", "10")]), 11016),
        (json!({"line_items": [line(&rent, "debit", "1"), line(&cash, "credit", "1")]}), 4),
    ] {
        assert_eq!(world.refused(Method::POST, "/journals", Some(body.clone())).await, (400, code), "{body}");
    }
    let made = world.create("/journals", "journal", journal(vec![line(&rent, "debit", "10"), line(&cash, "credit", "10")])).await;
    assert_eq!(
        (&made["status"], &made["entry_number"], made["total"].to_string()),
        (&json!("published"), &json!("1"), "10.00".into())
    );
    let mut draft = journal(vec![line(&rent, "debit", "7"), line(&cash, "credit", "7")]);
    draft["status"] = json!("draft");
    let draft = world.create("/journals", "journal", draft).await;
    assert_eq!(balance(&world, "Rent Expense").await, "10.00", "a draft moves nothing");
    let (status, _) = world.call(Method::POST, &format!("/journals/{}/status/publish", id(&draft, "journal_id")), None).await;
    assert_eq!((status, balance(&world, "Rent Expense").await), (201, "17.00".into()));
    let back = world.done(Method::POST, &format!("/journals/{}/reverse", id(&made, "journal_id")), None).await;
    assert_eq!(
        (&back["journal"]["line_items"][0]["debit_or_credit"], balance(&world, "Rent Expense").await),
        (&json!("credit"), "7.00".into())
    );
    let ada = world.contact("Ada", "customer").await;
    let mut owed = line(&receivable, "debit", "10");
    owed["customer_id"] = json!(ada);
    world.create("/journals", "journal", journal(vec![owed, line(&cash, "credit", "10")])).await;
    world.switch("zoho.receivable_lines_need_a_contact", false);
    world.create("/journals", "journal", journal(vec![line(&receivable, "debit", "1"), line(&cash, "credit", "1")])).await;
    assert_eq!(world.get("/journals?reference_number=x-1&per_page=2").await["page_context"]["has_more_page"], true);
    world.done(Method::DELETE, &format!("/journals/bulkdelete?journal_ids={}", id(&draft, "journal_id")), None).await;
    assert_eq!(balance(&world, "Rent Expense").await, "0.00");
}

#[tokio::test]
async fn an_organisation_has_one_opening_balance() {
    let world = World::new().await;
    let (cash, equity) = (world.account("Petty Cash").await, world.account("Owner's%20Equity").await);
    let line =
        |account: &str, side: &str, amount: &str| json!({"account_id": account, "debit_or_credit": side, "amount": amount});
    let body = json!({"date": "2026-01-01", "accounts": [line(&cash, "debit", "100"), line(&equity, "credit", "80")]});
    assert_eq!(world.refused(Method::GET, "/settings/openingbalances", None).await, (404, 1002));
    let made = world.done(Method::POST, "/settings/openingbalances", Some(body.clone())).await["opening_balance"].clone();
    assert_eq!(world.refused(Method::POST, "/settings/openingbalances", Some(body)).await, (400, 4), "one is enough");
    assert_eq!(
        (balance(&world, "Petty Cash").await, balance(&world, "Opening Balance Adjustments").await),
        ("100.00".into(), "20.00".into())
    );
    let mut change = json!({"date": "2026-01-01", "accounts": [line(&cash, "debit", "80"), line(&equity, "credit", "80")]});
    assert_eq!(world.refused(Method::PUT, "/settings/openingbalances", Some(change.clone())).await, (400, 4), "which one?");
    change["opening_balance_id"] = made["opening_balance_id"].clone();
    world.done(Method::PUT, "/settings/openingbalances", Some(change)).await;
    assert_eq!(balance(&world, "Opening Balance Adjustments").await, "0.00");
    assert_eq!(world.get("/settings/openingbalances").await["opening_balance"]["total"].to_string(), "80.00");
    let owed = json!({"date": "2026-01-01", "accounts": [line(&world.account("Accounts Payable").await, "credit", "1")]});
    world.done(Method::DELETE, "/settings/openingbalances", None).await;
    assert_eq!(world.refused(Method::POST, "/settings/openingbalances", Some(owed)).await, (400, 11016));
    assert_eq!(balance(&world, "Petty Cash").await, "0.00");
}

#[tokio::test]
async fn reports_are_computed_from_the_ledger() {
    let world = World::new().await;
    let (rent, cash, sales, equity) = (
        world.account("Rent Expense").await,
        world.account("Petty Cash").await,
        world.account("Sales").await,
        world.account("Owner's%20Equity").await,
    );
    let journal = async |date: &str, debit: &str, credit: &str, amount: &str| {
        let lines = json!([{"account_id": debit, "debit_or_credit": "debit", "amount": amount}, {"account_id": credit, "debit_or_credit": "credit", "amount": amount}]);
        world.create("/journals", "journal", json!({"journal_date": date, "line_items": lines})).await;
    };
    journal("2025-01-01", &cash, &equity, "1000").await;
    journal("2025-06-01", &cash, &sales, "300").await;
    journal("2026-05-01", &cash, &sales, "200").await;
    journal("2026-05-31", &rent, &cash, "150").await;
    journal("2026-07-01", &rent, &cash, "1").await;
    for path in [
        "trialbalance",
        "trialbalance?from_date=2026-04-01",
        "profitandloss",
        "balancesheet",
        "trialbalance?from_date=x&to_date=y",
        "profitandloss?from_date=2026-05-01&to_date=2026-04-30",
    ] {
        assert_eq!(world.call(Method::GET, &format!("/reports/{path}"), None).await.0, 400, "{path}");
    }
    assert_eq!(world.refused(Method::GET, "/reports/gstsummary", None).await, (404, 5));
    let report = world.get("/reports/trialbalance?from_date=2026-04-01&to_date=2026-06-30").await;
    let rows = |report: &Value| -> Vec<(String, String, String)> {
        let groups = report["trialbalance"][0]["account_transactions"].as_array().unwrap();
        let rows = groups.iter().flat_map(|group| group["account_transactions"].as_array().unwrap());
        rows.map(|row| (id(row, "name").to_owned(), row["net_debit_total"].to_string(), row["net_credit_total"].to_string()))
            .collect()
    };
    let row = |name: &str, debit: &str, credit: &str| (name.to_owned(), debit.to_owned(), credit.to_owned());
    assert_eq!(
        rows(&report),
        [
            row("Petty Cash", "1350.00", "0.00"),
            row("Owner's Equity", "0.00", "1000.00"),
            row("Retained Earnings", "0.00", "300.00"),
            row("Sales", "0.00", "200.00"),
            row("Rent Expense", "150.00", "0.00"),
        ]
    );
    world.switch("zoho.trial_balance_is_of_the_period", true);
    let report = world.get("/reports/trialbalance?from_date=2026-04-01&to_date=2026-06-30").await;
    assert_eq!(rows(&report)[0], row("Petty Cash", "50.00", "0.00"));
    let result = world.get("/reports/profitandloss?from_date=2026-04-01&to_date=2026-06-30").await["profit_and_loss"].clone();
    let totals: Vec<_> = result.as_array().unwrap().iter().map(|part| (id(part, "name"), part["total"].to_string())).collect();
    assert_eq!(
        totals,
        [("Gross Profit", "200.00".into()), ("Operating Profit", "50.00".into()), ("Net Profit/Loss", "50.00".into())]
    );
    let sheet = world.get("/reports/balancesheet?to_date=2026-06-30").await["balance_sheet"].clone();
    assert_eq!([&sheet[0]["total"], &sheet[1]["total"]].map(Value::to_string), ["1350.00", "1350.00"]);
    let equities = sheet[1]["account_transactions"][1]["account_transactions"].as_array().unwrap();
    let shown: Vec<_> = equities.iter().map(|row| (id(row, "name"), row["total"].to_string())).collect();
    assert_eq!(
        shown,
        [("Owner's Equity", "1000.00".into()), ("Retained Earnings", "300.00".into()), ("Current Year Earnings", "50.00".into())]
    );
}

#[tokio::test]
async fn settings_around_documents_have_addresses_of_their_own() {
    let world = World::new().await;
    let currencies = world.get("/settings/currencies").await;
    let of = |code: &str| {
        let list = currencies["currencies"].as_array().unwrap();
        list.iter().find(|one| one["currency_code"] == code).unwrap()["currency_id"].as_str().unwrap().to_owned()
    };
    let rates = format!("/settings/currencies/{}/exchangerates", of("USD"));
    world.create(&rates, "exchange_rate", json!({"effective_date": "2026-02-01", "rate": "1.70"})).await;
    let old = world.create(&rates, "exchange_rate", json!({"effective_date": "2026-01-01", "rate": "1.65"})).await;
    assert_eq!(world.get(&rates).await["exchange_rates"].as_array().unwrap().len(), 2);
    let shown = async || world.get(&format!("/settings/currencies/{}", of("USD"))).await["currency"]["exchange_rate"].to_string();
    assert_eq!(shown().await, "1.70", "the newest day counts");
    world
        .done(Method::PUT, &format!("{rates}/{}", id(&old, "exchange_rate_id")), Some(json!({"effective_date": "2026-03-01"})))
        .await;
    assert_eq!(shown().await, "1.65");
    world.done(Method::DELETE, &format!("{rates}/{}", id(&old, "exchange_rate_id")), None).await;
    assert_eq!(shown().await, "1.70");
    let base = format!("/settings/currencies/{}/exchangerates", of("NZD"));
    assert_eq!(world.refused(Method::POST, &base, Some(json!({"effective_date": "2026-01-01", "rate": 1}))).await, (400, 4));

    let (standard, zero) = (world.tax("Standard Rate").await, world.tax("Zero Rate").await);
    let group = json!({"tax_group_name": "Both", "taxes": format!("{standard},{zero}")});
    let group = world.create("/settings/taxgroups", "tax_group", group).await;
    assert_eq!(group["tax_group_percentage"].to_string(), "15");
    let ada = world.contact("Ada", "customer").await;
    let lines = json!([{"name": "Work", "rate": 100, "tax_id": group["tax_group_id"]}]);
    let invoice = world.create("/invoices", "invoice", json!({"customer_id": ada, "line_items": lines})).await;
    assert_eq!(invoice["total"].to_string(), "115.00");
    assert_eq!(
        world.refused(Method::POST, "/settings/taxgroups", Some(json!({"tax_group_name": "One", "taxes": standard}))).await,
        (400, 4)
    );
    let path = format!("/settings/taxgroups/{}", id(&group, "tax_group_id"));
    assert_eq!(world.refused(Method::DELETE, &path, None).await, (400, 36));
    assert_eq!(
        world.refused(Method::GET, &format!("/settings/taxgroups/{standard}"), None).await,
        (404, 1002),
        "a tax is no group"
    );

    let mut items = Vec::new();
    for name in ["Bolt", "Nut"] {
        items.push(id(&world.create("/items", "item", json!({"name": name, "rate": 1})).await, "item_id").to_owned());
    }
    let both = world.get(&format!("/itemdetails?item_ids={},{}", items[1], items[0])).await;
    let names: Vec<_> = both["items"].as_array().unwrap().iter().map(|item| id(item, "name")).collect();
    assert_eq!(names, ["Nut", "Bolt"]);
    assert_eq!(world.refused(Method::GET, "/itemdetails", None).await, (400, 4));

    let user = "4600000000000000001";
    let project = json!({"project_name": "Bridge", "customer_id": ada, "billing_type": "based_on_staff_hours", "user_id": user, "tasks": [{"task_name": "Plan"}]});
    let made = world.create("/projects", "project", project.clone()).await;
    assert_eq!(world.refused(Method::POST, "/projects", Some(project.clone())).await, (400, 4), "the name is taken");
    let mut nobody = project;
    nobody["project_name"] = json!("Other");
    nobody.as_object_mut().unwrap().remove("user_id");
    assert_eq!(world.refused(Method::POST, "/projects", Some(nobody.clone())).await, (400, 4));
    world.switch("zoho.projects_need_a_user", false);
    world.create("/projects", "project", nobody).await;
    world.done(Method::POST, &format!("/projects/{}/inactive", id(&made, "project_id")), None).await;
    assert_eq!(world.get("/projects?filter_by=Status.Inactive").await["projects"][0]["project_name"], "Bridge");
}

#[tokio::test]
async fn persons_and_addresses_of_a_contact_are_kept_one_by_one() {
    let world = World::new().await;
    let ada = world.contact("Ada", "customer").await;
    let person = json!({"contact_id": ada, "first_name": "Ann", "email": "ann@example.com"});
    let ann = world.create("/contacts/contactpersons", "contact_person", person.clone()).await;
    let bea = world.create("/contacts/contactpersons", "contact_person", json!({"contact_id": ada, "first_name": "Bea"})).await;
    assert_eq!((&ann["is_primary_contact"], &bea["is_primary_contact"]), (&json!(true), &json!(false)));
    let mut wrong = person;
    wrong["email"] = json!("nowhere");
    assert_eq!(world.refused(Method::POST, "/contacts/contactpersons", Some(wrong)).await, (400, 2));
    assert_eq!(world.refused(Method::POST, "/contacts/contactpersons", Some(json!({"contact_id": ada}))).await, (400, 4));
    let path = format!("/contacts/contactpersons/{}", id(&bea, "contact_person_id"));
    assert_eq!(world.refused(Method::PUT, &path, Some(json!({"first_name": "Bee"}))).await, (400, 4), "whose?");
    world.done(Method::PUT, &path, Some(json!({"contact_id": ada, "first_name": "Bee"}))).await;
    world.done(Method::POST, &format!("{path}/primary"), None).await;
    let contact = world.get(&format!("/contacts/{ada}")).await["contact"].clone();
    assert_eq!((&contact["first_name"], contact["contact_persons"].as_array().unwrap().len()), (&json!("Bee"), 2));
    world.done(Method::DELETE, &path, None).await;
    assert_eq!(world.refused(Method::GET, &path, None).await, (404, 1002));
    let left = world.get(&format!("/contacts/{ada}/contactpersons")).await["contact_persons"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["is_primary_contact"]), (1, &json!(true)));

    let (status, made) =
        world.call(Method::POST, &format!("/contacts/{ada}/address"), Some(json!({"city": "Nelson", "zip": "7010"}))).await;
    assert_eq!(status, 200);
    let address = format!("/contacts/{ada}/address/{}", id(&made["address_info"], "address_id"));
    world.done(Method::PUT, &address, Some(json!({"address_id": made["address_info"]["address_id"], "city": "Picton"}))).await;
    world.done(Method::POST, &format!("{address}/markasbilling"), None).await;
    let contact = world.get(&format!("/contacts/{ada}")).await["contact"].clone();
    assert_eq!((&contact["billing_address"]["city"], &contact["billing_address"]["zip"]), (&json!("Picton"), &json!("7010")));
    world.done(Method::DELETE, &address, None).await;
    assert_eq!(world.get(&format!("/contacts/{ada}/address")).await["addresses"], json!([]));
    assert_eq!(world.refused(Method::DELETE, &address, None).await, (404, 1002));
}
