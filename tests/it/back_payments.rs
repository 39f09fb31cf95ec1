//! Money that people book in Zoho, and what Xero makes of it: payments, expenses and journals.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

async fn zoho(world: &World, connected: &Connected, method: Method, path: &str, body: Value) -> Value {
    world.person_in_zoho(connected, method, path, Some(body)).await
}

async fn list(world: &World, connected: &Connected, path: &str, key: &str) -> Vec<Value> {
    let (_, answer) = world.in_zoho(connected, Method::GET, path, None).await;
    answer[key].as_array().cloned().unwrap_or_else(|| panic!("{path}: {answer:#}"))
}

/// The account in Zoho that Xero has under this code, or as its first one of this type.
async fn account(world: &World, connected: &Connected, is_it: impl Fn(&Value) -> bool) -> String {
    let there = books::xero(world, "Accounts").await.into_iter().find(is_it).expect("an account in Xero");
    let accounts = list(world, connected, "chartofaccounts?filter_by=AccountType.All", "chartofaccounts").await;
    let here = accounts.into_iter().find(|one| one["account_name"] == there["Name"]).unwrap_or_else(|| panic!("{there:#}"));
    here["account_id"].as_str().unwrap().to_owned()
}

async fn sync(world: &World, connected: &Connected) -> Value {
    let (_, progress) = world.run("syncNow", connected).await;
    progress
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_two_invoices_made_in_zoho_is_two_payments_in_xero() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    let bank = account(&world, &connected, |one| one["Type"] == "BANK" && one["Status"] == "ACTIVE").await;
    let sales = account(&world, &connected, |one| one["Code"] == "200").await;
    let customer = json!({"contact_name": "Engines Ltd", "contact_type": "customer"});
    let customer = zoho(&world, &connected, Method::POST, "contacts", customer).await["contact"]["contact_id"].clone();
    let mut invoices = Vec::new();
    for (n, rate) in [("Z-1", 100), ("Z-2", 50)] {
        let line = json!({"name": "Work", "quantity": 1, "rate": rate, "account_id": sales});
        let invoice = json!({"customer_id": customer, "invoice_number": n, "date": "2026-11-02", "due_date": "2026-11-20", "line_items": [line]});
        let made =
            zoho(&world, &connected, Method::POST, "invoices?ignore_auto_number_generation=true", invoice).await["invoice"]
                .clone();
        zoho(
            &world,
            &connected,
            Method::POST,
            &format!("invoices/{}/status/sent", made["invoice_id"].as_str().unwrap()),
            json!({}),
        )
        .await;
        invoices.push(made["invoice_id"].clone());
    }
    let paid = json!([{"invoice_id": invoices[0], "amount_applied": 100}, {"invoice_id": invoices[1], "amount_applied": 30}]);
    let payment = json!({"customer_id": customer, "payment_mode": "cash", "amount": 130, "date": "2026-11-05", "reference_number": "DD 7", "account_id": bank, "invoices": paid});
    let payment = zoho(&world, &connected, Method::POST, "customerpayments", payment).await["payment"].clone();
    for _ in 0..2 {
        sync(&world, &connected).await;
    }
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let there = |number: &'static str| {
        let world = &world;
        async move { books::xero(world, "Invoices").await.into_iter().find(|one| one["InvoiceNumber"] == number) }
    };
    let (first, second) = (there("Z-1").await.unwrap_or_else(|| panic!("{holds:#?}")), there("Z-2").await.unwrap());
    assert_eq!((first["Status"].as_str(), number(&second["AmountDue"])), (Some("PAID"), 20.0), "{holds:#?}");
    let payments: Vec<Value> =
        books::xero(&world, "Payments").await.into_iter().filter(|one| one["Reference"] == "DD 7").collect();
    let mut amounts: Vec<f64> = payments.iter().map(|one| number(&one["Amount"])).collect();
    amounts.sort_by(f64::total_cmp);
    assert_eq!(amounts, [30.0, 100.0]);
    world.nothing_more(&connected).await;
    world.agrees(&connected).await;

    // Xero lets nobody change a payment, and one with money left over is of no document.
    let id = payment["payment_id"].as_str().unwrap();
    let paid = json!([{"invoice_id": invoices[0], "amount_applied": 100}, {"invoice_id": invoices[1], "amount_applied": 30}]);
    let later = json!({"customer_id": customer, "payment_mode": "cash", "amount": 130, "date": "2026-11-06", "invoices": paid});
    zoho(&world, &connected, Method::PUT, &format!("customerpayments/{id}"), later).await;
    let over = json!({"customer_id": customer, "payment_mode": "cash", "amount": 30, "date": "2026-11-07", "account_id": bank, "invoices": [{"invoice_id": invoices[1], "amount_applied": 20}]});
    zoho(&world, &connected, Method::POST, "customerpayments", over).await;
    sync(&world, &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let codes: Vec<&str> = holds.iter().filter_map(|hold| hold["code"].as_str()).collect();
    assert!(codes.contains(&"PAYMENT_CHANGED") && codes.contains(&"UNUSED_PAYMENT"), "{holds:#?}");
    assert_eq!(books::xero(&world, "Payments").await.iter().filter(|one| one["Reference"] == "DD 7").count(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_divided_later_is_carried_once_and_its_end_is_xeros() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    let bank = account(&world, &connected, |one| one["Type"] == "BANK" && one["Status"] == "ACTIVE").await;
    let sales = account(&world, &connected, |one| one["Code"] == "200").await;
    let customer = json!({"contact_name": "Engines Ltd", "contact_type": "customer"});
    let customer = zoho(&world, &connected, Method::POST, "contacts", customer).await["contact"]["contact_id"].clone();
    let mut invoices = Vec::new();
    for n in ["Z-1", "Z-2"] {
        let line = json!({"name": "Work", "quantity": 1, "rate": 100, "account_id": sales});
        let invoice = json!({"customer_id": customer, "invoice_number": n, "date": "2026-11-02", "due_date": "2026-11-20", "line_items": [line]});
        let made =
            zoho(&world, &connected, Method::POST, "invoices?ignore_auto_number_generation=true", invoice).await["invoice"]
                .clone();
        zoho(
            &world,
            &connected,
            Method::POST,
            &format!("invoices/{}/status/sent", made["invoice_id"].as_str().unwrap()),
            json!({}),
        )
        .await;
        invoices.push(made["invoice_id"].clone());
    }
    let of = |amounts: &[(usize, u64)]| -> Value {
        let paid = amounts.iter().map(|(n, amount)| json!({"invoice_id": invoices[*n], "amount_applied": amount}));
        json!({"customer_id": customer, "payment_mode": "cash", "amount": 60, "date": "2026-11-05", "account_id": bank, "reference_number": "DD 7", "invoices": paid.collect::<Vec<_>>()})
    };
    let living = || async {
        let all = books::xero(&world, "Payments").await;
        let mut amounts: Vec<f64> = all
            .iter()
            .filter(|one| one["Reference"] == "DD 7" && one["Status"] == "AUTHORISED")
            .map(|one| number(&one["Amount"]))
            .collect();
        amounts.sort_by(f64::total_cmp);
        amounts
    };
    let codes = || async {
        let holds = world.staff.holds(&connected.link).await.unwrap();
        holds.iter().map(|hold| hold["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // A part of it is for nothing yet.
    let payment =
        zoho(&world, &connected, Method::POST, "customerpayments", of(&[(0, 40)])).await["payment"]["payment_id"].clone();
    let path = format!("customerpayments/{}", payment.as_str().unwrap());
    for _ in 0..2 {
        sync(&world, &connected).await;
    }
    assert_eq!((living().await, codes().await), (vec![], vec!["UNUSED_PAYMENT".to_owned()]));
    zoho(&world, &connected, Method::PUT, &path, of(&[(0, 40), (1, 20)])).await;
    sync(&world, &connected).await;
    assert_eq!((living().await, codes().await), (vec![20.0, 40.0], vec![]));
    // Now all of it is for one.
    zoho(&world, &connected, Method::PUT, &path, of(&[(0, 60)])).await;
    sync(&world, &connected).await;
    assert_eq!((living().await, codes().await), (vec![20.0, 40.0], vec!["DIVIDED_ANEW".to_owned(); 2]));
    // It is deleted and entered again.
    zoho(&world, &connected, Method::DELETE, &path, json!({})).await;
    let retry = "mutation($id: ID!) { retryHolds(linkId: $id, codes: [\"DIVIDED_ANEW\"]) { retried } }";
    world.staff.data(retry, json!({ "id": connected.link })).await.unwrap();
    sync(&world, &connected).await;
    assert_eq!((living().await, codes().await), (vec![], vec![]));
    zoho(&world, &connected, Method::POST, "customerpayments", of(&[(0, 60)])).await;
    sync(&world, &connected).await;
    assert_eq!((living().await, codes().await), (vec![60.0], vec![]));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expense_and_a_journal_made_in_zoho_are_in_xero_to_the_cent() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    let bank = account(&world, &connected, |one| one["Type"] == "BANK" && one["Status"] == "ACTIVE").await;
    let of_expense = |one: &Value| {
        matches!(one["Type"].as_str(), Some("EXPENSE" | "OVERHEADS")) && one["SystemAccount"].as_str().is_none_or(str::is_empty)
    };
    let costs = account(&world, &connected, of_expense).await;
    let sales = account(&world, &connected, |one| one["Code"] == "200").await;
    let vendor = json!({"contact_name": "Z Energy", "contact_type": "vendor"});
    let vendor = zoho(&world, &connected, Method::POST, "contacts", vendor).await["contact"]["contact_id"].clone();
    let taxes = list(&world, &connected, "settings/taxes", "taxes").await;
    let tax = taxes.iter().find(|one| one["tax_percentage"].as_f64() == Some(15.0)).expect("a tax of 15%");
    let lines = json!([{"account_id": costs, "amount": 33.33, "description": "Fuel", "tax_id": tax["tax_id"]}, {"account_id": costs, "amount": 9.99, "description": "Stamps"}]);
    let expense = json!({"date": "2026-11-03", "vendor_id": vendor, "paid_through_account_id": bank, "is_inclusive_tax": true, "reference_number": "Card 7", "line_items": lines});
    let expense = zoho(&world, &connected, Method::POST, "expenses", expense).await["expense"].clone();
    let line = |account: &str, side: &str| json!({"account_id": account, "debit_or_credit": side, "amount": 12.34, "description": "Accrued"});
    let journal = json!({"journal_date": "2026-11-04", "notes": "Accrued rent", "reference_number": "J-7", "status": "published", "line_items": [line(&costs, "debit"), line(&sales, "credit")]});
    let journal = zoho(&world, &connected, Method::POST, "journals", journal).await["journal"].clone();
    for _ in 0..2 {
        sync(&world, &connected).await;
    }
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let spent: Vec<Value> =
        books::xero(&world, "BankTransactions").await.into_iter().filter(|one| one["Reference"] == "Card 7").collect();
    assert_eq!(spent.len(), 1, "{holds:#?}");
    let told = |key: &str| number(&spent[0][key]);
    assert_eq!(
        (told("Total"), told("TotalTax"), spent[0]["Type"].as_str()),
        (43.32, number(&expense["tax_amount"]), Some("SPEND"))
    );
    assert_eq!(spent[0]["Contact"]["Name"], "Z Energy");
    let journals: Vec<Value> =
        books::xero(&world, "ManualJournals").await.into_iter().filter(|one| one["Narration"] == "Accrued rent").collect();
    assert_eq!((journals.len(), journals[0]["Status"].as_str()), (1, Some("POSTED")));
    let amounts: Vec<f64> =
        journals[0]["JournalLines"].as_array().unwrap().iter().map(|one| number(&one["LineAmount"])).collect();
    assert_eq!(amounts, [12.34, -12.34]);
    world.nothing_more(&connected).await;

    // The words are anybody's; the amounts are Zoho's.
    let id = journal["journal_id"].as_str().unwrap();
    let lines = json!([line(&costs, "debit"), line(&sales, "credit")]);
    let changed = json!({"journal_date": "2026-11-04", "notes": "Rent accrued", "reference_number": "J-7", "line_items": lines});
    zoho(&world, &connected, Method::PUT, &format!("journals/{id}"), changed).await;
    let id = expense["expense_id"].as_str().unwrap();
    let lines = json!([{"account_id": costs, "amount": 40, "description": "Fuel", "tax_id": tax["tax_id"]}]);
    let changed = json!({"date": "2026-11-03", "paid_through_account_id": bank, "is_inclusive_tax": true, "line_items": lines});
    zoho(&world, &connected, Method::PUT, &format!("expenses/{id}"), changed).await;
    let progress = sync(&world, &connected).await;
    assert_eq!(sum(&progress, "updated"), 2, "{progress:#} {:#?}", world.staff.holds(&connected.link).await);
    assert!(books::xero(&world, "ManualJournals").await.iter().any(|one| one["Narration"] == "Rent accrued"));
    let spent: Vec<Value> =
        books::xero(&world, "BankTransactions").await.into_iter().filter(|one| one["Reference"] == "Card 7").collect();
    assert_eq!((spent.len(), number(&spent[0]["Total"]), spent[0]["LineItems"].as_array().unwrap().len()), (1, 40.0, 1));
    world.nothing_more(&connected).await;
    world.agrees(&connected).await;

    // What Xero has no place for is held with its cure.
    let nobody = json!({"date": "2026-11-03", "paid_through_account_id": bank, "account_id": costs, "amount": 5});
    zoho(&world, &connected, Method::POST, "expenses", nobody).await;
    let of_bank = json!({"journal_date": "2026-11-04", "notes": "Cash count", "status": "published", "line_items": [line(&costs, "debit"), line(&bank, "credit")]});
    zoho(&world, &connected, Method::POST, "journals", of_bank).await;
    sync(&world, &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let codes: Vec<&str> = holds.iter().filter_map(|hold| hold["code"].as_str()).collect();
    assert!(codes.contains(&"NO_VENDOR") && codes.contains(&"JOURNAL_ON_KEPT_ACCOUNT"), "{holds:#?}");
    world.end().await;
}
