//! The ledgers: after a migration every account is equal or its difference is named, whoever tells Zoho's side, and the report can be read.

use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Connected, World, books};

#[tokio::test(flavor = "multi_thread")]
async fn every_account_of_a_company_is_equal_or_named() {
    let (world, connected, run) = migrated("demo-company", Some(40), Some(120)).await;
    let report = report(&world, &run).await;
    print(&report);
    assert!(accounts(&report).len() > 5, "{report:#}");
    assert!(causes(&report).iter().all(|(_, cause, _)| cause != "UNEXPLAINED"), "{report:#}");
    for side in ["xero", "zoho"] {
        let sum: Decimal = accounts(&report).iter().map(|account| decimal(&account[side])).sum();
        assert_eq!(sum, Decimal::ZERO, "{side}: debits are credits");
    }
    for account in accounts(&report) {
        let parts: Decimal = account["causes"].as_array().unwrap().iter().map(|part| decimal(&part["amount"])).sum();
        assert_eq!(parts, decimal(&account["difference"]), "{account}");
    }
    assert_eq!(report["source"], "Zoho's trial balance");
    let owing = report["receivable"].as_array().unwrap();
    assert!(!owing.is_empty() && !report["payable"].as_array().unwrap().is_empty());
    assert!(owing.iter().all(|contact| contact["causes"] == json!([])), "{report:#}");

    // A second reconciliation comes to the same, and reads each list once.
    world.forget_requests().await;
    let (again, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true);
    assert_eq!(causes(&self::report(&world, &again).await), causes(&report));
    let asked = world.stage.look("requests?tail=0").await.unwrap();
    let times = |endpoint: &str| -> u64 {
        let counts = asked["counts"].as_array().unwrap().iter().filter(|count| count["endpoint"] == endpoint);
        counts.map(|count| count["count"].as_u64().unwrap()).sum()
    };
    for (endpoint, most) in [("GET /Contacts", 1), ("GET /Payments", 1), ("GET /TrialBalance", 1), ("GET /customerpayments", 1)] {
        assert!(times(endpoint) <= most, "{endpoint} {} times: {asked:#}", times(endpoint));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_records_are_named_too() {
    let (world, _, run) = migrated("nasty", None, None).await;
    let report = report(&world, &run).await;
    print(&report);
    assert!(causes(&report).iter().all(|(_, cause, _)| cause != "UNEXPLAINED"), "{report:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_tells_zohos_side_the_ledgers_are_the_same() {
    let (world, connected, run) = migrated("demo-company", Some(20), Some(60)).await;
    let first = report(&world, &run).await;
    world.switch("zoho.trial_balance_is_of_the_period", true).await;
    let (run, _) = world.run("reconcile", &connected).await;
    assert_eq!(causes(&report(&world, &run).await), causes(&first), "a report of the period tells the same");

    world
        .faults(json!([{ "match": { "provider": "zoho", "method": "GET", "path_contains": "/reports/" }, "kind": "status", "code": 404,
            "body": json!({ "code": 5, "message": "Invalid URL Passed" }).to_string(), "headers": { "content-type": "application/json" }, "times": 9 }]))
        .await;
    let (run, progress) = world.run("reconcile", &connected).await;
    let chart = report(&world, &run).await;
    assert!(chart["source"].as_str().unwrap().contains("chart of accounts"), "{chart:#}");
    let differences = |report: &Value| -> Vec<(Value, Value)> {
        accounts(report).iter().map(|account| (account["name"].clone(), account["difference"].clone())).collect()
    };
    // Income and expenses of earlier years are shown on their own accounts by a chart, and in the retained earnings by a report.
    let all = |report: &Value| differences(report).iter().map(|(_, by)| decimal(by)).sum::<Decimal>();
    assert_eq!((all(&chart), all(&first)), (Decimal::ZERO, Decimal::ZERO));
    let standing = |report: &Value| {
        let of = |name: &str| differences(report).into_iter().find(|(known, _)| known == name).map(|(_, by)| by);
        ["Business Bank Account", "Accounts Receivable", "Accounts Payable", "GST"].map(of)
    };
    assert_eq!(standing(&chart), standing(&first));
    assert_eq!(progress["clean"], true);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_in_zoho_and_what_was_changed_there_is_named() {
    let (world, connected, _) = migrated("demo-company", Some(20), Some(60)).await;
    let customer =
        books::zoho(&world, "contacts").await.into_iter().find(|contact| contact["contact_type"] == "customer").unwrap();
    let body = json!({ "customer_id": customer["contact_id"], "invoice_number": "ZOHO-OWN-1",
        "line_items": [{ "name": "Made in Zoho", "rate": 12.5, "quantity": 1 }] });
    let (status, answer) =
        world.in_zoho(&connected, Method::POST, "invoices?ignore_auto_number_generation=true", Some(body)).await;
    assert_eq!(status, 201, "{answer}");
    let id = answer["invoice"]["invoice_id"].as_str().unwrap();
    let (status, _) = world.in_zoho(&connected, Method::POST, &format!("invoices/{id}/status/sent"), None).await;
    assert_eq!(status, 200);
    let (run, progress) = world.run("reconcile", &connected).await;
    let report = report(&world, &run).await;
    let rate = decimal(&answer["invoice"]["exchange_rate"]).max(Decimal::ONE);
    let own: Vec<_> = causes(&report).into_iter().filter(|(_, cause, _)| cause == "ZOHO_OWN").collect();
    assert!(own.iter().any(|(_, _, amount)| *amount >= Decimal::new(125, 1) * rate.min(Decimal::ONE)), "{report:#}");
    assert_eq!(progress["clean"], true, "{report:#}");

    // A document that somebody voided there is named on the accounts that it moved.
    let invoices = books::zoho(&world, "invoices").await;
    let unpaid = |one: &&Value| {
        matches!(one["status"].as_str(), Some("sent" | "overdue"))
            && books::custom(one, "cf_xero_id").is_some()
            && decimal(&one["balance"]) == decimal(&one["total"])
    };
    let invoice = invoices.iter().find(unpaid).unwrap();
    let path = format!("invoices/{}/status/void", invoice["invoice_id"].as_str().unwrap());
    assert_eq!(world.in_zoho(&connected, Method::POST, &path, None).await.0, 200);
    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], false);
    let report = self::report(&world, &run).await;
    assert!(causes(&report).iter().any(|(_, cause, _)| cause == "STATUS"), "{report:#}");
    assert!(causes(&report).iter().all(|(_, cause, _)| cause != "UNEXPLAINED"), "{report:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_explain_is_said_and_the_run_is_not_clean() {
    let (world, connected, _) = migrated("demo-company", Some(20), Some(60)).await;
    let (_, chart) = world.in_zoho(&connected, Method::GET, "chartofaccounts", None).await;
    let account = |name: &str| {
        let rows = chart["chartofaccounts"].as_array().unwrap();
        rows.iter().find(|row| row["account_name"] == name).unwrap_or_else(|| panic!("no {name} in {chart}"))["account_id"]
            .clone()
    };
    let side = |name: &str, side: &str| json!({ "account_id": account(name), "debit_or_credit": side, "amount": 77.07 });
    let lines = [side("Business Bank Account", "debit"), side("Business Savings Account", "credit")];
    // Opening balances are in no list: nothing names them.
    let body = json!({ "date": "2026-01-31", "accounts": lines });
    let (status, answer) = world.in_zoho(&connected, Method::POST, "settings/openingbalances", Some(body)).await;
    assert!(status < 300, "{answer}");
    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], false);
    let report = report(&world, &run).await;
    let mut unexplained: Vec<_> = causes(&report).into_iter().filter(|(_, cause, _)| cause == "UNEXPLAINED").collect();
    unexplained.sort();
    let said: Vec<_> = unexplained.iter().map(|(name, _, amount)| (name.as_str(), amount.to_string())).collect();
    assert_eq!(said, [("Business Bank Account", "77.07".to_owned()), ("Business Savings Account", "-77.07".to_owned())]);
    let findings = world.staff.findings(&run).await.unwrap();
    let says = |finding: &Value| finding["level"] == 3 && finding["explained"] == false;
    assert_eq!(findings.iter().filter(|finding| says(finding)).count(), 2, "{findings:#?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_outside_the_scope_is_named_to_the_cent() {
    for scope in [r#"{"off":["books.journals"]}"#, r#"{"off":["books.journals","books.bank_transfers"]}"#] {
        let mut world = World::new().await;
        world.seed("demo-company", Some(20), Some(60)).await;
        let connected = world.connected().await;
        world.rows(&format!("UPDATE link SET scope = '{scope}' RETURNING CAST(1 AS BIGINT) AS n")).await;
        let (run, _) = world.migrate(&connected).await;
        let report = report(&world, &run).await;
        print(&report);
        assert!(causes(&report).iter().any(|(_, cause, _)| cause == "OUT_OF_SCOPE"), "{scope}: {report:#}");
        assert!(causes(&report).iter().all(|(_, cause, _)| cause != "UNEXPLAINED"), "{scope}: {report:#}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_outside_the_scope_goes_on_where_a_limit_stopped_it() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(20), Some(2_300)).await;
    let connected = world.connected().await;
    let flows = world.staff.data("{ flows { key } }", Value::Null).await.unwrap()["flows"].take();
    let needed = ["books.accounts", "books.taxes", "books.currencies", "books.customers", "books.vendors", "books.advance_banks"];
    let keys = flows.as_array().unwrap().iter().map(|flow| flow["key"].as_str().unwrap());
    let off: Vec<&str> = keys.filter(|key| !needed.contains(key)).collect();
    world.rows(&format!("UPDATE link SET scope = '{}' RETURNING CAST(1 AS BIGINT) AS n", json!({ "off": off }))).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await);

    // Once without a stop, and once with one after each page.
    let mut pages = Vec::new();
    for stops in [0, 1] {
        let limit = json!({ "match": { "provider": "xero", "method": "GET", "path_contains": "/Invoices" }, "kind": "too_many",
            "limit": "minute", "retry_after_s": 1, "after": 1, "times": 3 * stops });
        world.faults(if stops == 0 { json!([]) } else { json!([limit]) }).await;
        world.forget_requests().await;
        let (run, _) = world.run("reconcile", &connected).await;
        let asked = world.stage.look("requests?tail=0").await.unwrap();
        let answered = |endpoint: &str| -> u64 {
            let counts = asked["counts"].as_array().unwrap().iter();
            let counts = counts.filter(|count| count["endpoint"] == endpoint && count["status"] == 200);
            counts.map(|count| count["count"].as_u64().unwrap()).sum()
        };
        pages.push((answered("GET /Invoices"), causes(&report(&world, &run).await)));
        let refused = asked["counts"].as_array().unwrap().iter().find(|count| count["status"] == 429);
        assert_eq!(refused.map_or(0, |count| count["count"].as_u64().unwrap()), 3 * stops, "{asked:#}");
    }
    assert!(pages[0].0 > 1, "more than one page");
    assert_eq!(pages[0], pages[1], "no page is read twice, and none is counted twice");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_owes_makes_a_run_unclean_and_no_document_moves_the_day_into_another_year() {
    let (world, connected, run) = migrated("demo-company", Some(40), Some(120)).await;
    let day = report(&world, &run).await["day"].clone();

    // The same amount is owed, by another customer: no list and no account tells.
    // Lists stand in the order in which records arrived, which is another one each time: the same two are picked by name.
    let mut invoices = books::zoho(&world, "invoices").await;
    invoices.sort_by_key(|one| one["invoice_number"].to_string());
    let unpaid = |one: &&Value| {
        matches!(one["status"].as_str(), Some("sent" | "overdue")) && decimal(&one["balance"]) == decimal(&one["total"])
    };
    let invoice = invoices.iter().find(unpaid).unwrap();
    let mut contacts = books::zoho(&world, "contacts").await;
    contacts.sort_by_key(|one| one["contact_name"].to_string());
    let other = contacts.iter().find(|one| {
        one["contact_type"] == "customer"
            && one["contact_id"] != invoice["customer_id"]
            && one["currency_id"] == invoice["currency_id"]
            && one["status"] == "active"
    });
    let id = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let path = format!("invoices/{}", id(invoice, "invoice_id"));
    let change = async |customer: &str| {
        let (status, answer) = world.in_zoho(&connected, Method::PUT, &path, Some(json!({ "customer_id": customer }))).await;
        assert_eq!(status, 200, "{answer}");
    };
    change(&id(other.unwrap(), "contact_id")).await;
    let (run, progress) = world.run("reconcile", &connected).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let unexplained: Vec<&Value> = findings.iter().filter(|one| one["explained"] == false).collect();
    assert!(unexplained.len() == 2 && unexplained.iter().all(|one| one["level"] == 3), "{findings:#?}");
    assert!(unexplained[0]["sentence"].as_str().unwrap().contains(" owes "), "{unexplained:#?}");
    assert_eq!(progress["clean"], false);
    change(&id(invoice, "customer_id")).await;
    world.agrees(&connected).await;

    // Something far ahead, and something that was thrown away, move no day.
    let customer = books::xero(&world, "Invoices").await.into_iter().find(|one| one["Type"] == "ACCREC").unwrap();
    let ahead = |status: &str, date: &str| {
        json!({ "Type": "ACCREC", "Status": status, "Date": date, "DueDate": date, "Contact": { "ContactID": customer["Contact"]["ContactID"] },
            "LineAmountTypes": "Exclusive", "LineItems": [{ "Description": "Ahead", "Quantity": 1, "UnitAmount": "10.00", "AccountCode": "200" }] })
    };
    world.in_xero("Invoices", ahead("AUTHORISED", "2029-01-31")).await;
    world.in_xero("Invoices", ahead("DELETED", "2027-01-31")).await;
    world.run("syncNow", &connected).await;
    let (run, progress) = world.run("reconcile", &connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await);
    let end_of_year = "2027-03-31";
    assert_eq!(report(&world, &run).await["day"], end_of_year, "and not {day} of another year");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_a_page_a_spreadsheet_and_data_and_nobody_elses() {
    let (world, _, run) = migrated("demo-company", Some(20), Some(60)).await;
    let status = world.customer.letter(1).await.unwrap().status_link().unwrap();
    let get = async |path: &str| {
        let answer = reqwest::get(path.to_owned()).await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let (code, kind, cache) = (answer.status().as_u16(), header("content-type"), header("cache-control"));
        (code, kind, cache, answer.text().await.unwrap())
    };
    let (code, _, _, page) = get(status.as_str()).await;
    assert!(code == 200 && page.contains("/report\""), "the customer's page leads to it");
    let (code, kind, cache, page) = get(&format!("{status}/report")).await;
    assert_eq!((code, kind.as_str(), cache.as_str()), (200, "text/html; charset=utf-8", "no-store"));
    for said in ["Trial balance at", "Business Bank Account", "Receivables by contact", "Equal to the cent"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let (code, kind, _, csv) = get(&format!("{status}/report.csv")).await;
    assert_eq!((code, kind.as_str()), (200, "text/csv; charset=utf-8"));
    assert!(csv.starts_with("what,code,name,") && csv.contains("\naccount,090,Business Bank Account,NZD,"), "{csv}");
    let (code, _, _, data) = get(&format!("{status}/report.json")).await;
    let data: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(code, 200);
    assert_eq!(data["ledger"]["accounts"].as_array().unwrap().len(), accounts(&report(&world, &run).await).len());
    for ending in ["", ".csv", ".json"] {
        let (code, ..) = get(&format!("{}/report{ending}", world.url("/status/somebody-elses"))).await;
        assert_eq!(code, 404);
    }
    world.end().await;
}

async fn migrated(profile: &str, contacts: Option<u64>, invoices: Option<u64>) -> (World, Connected, String) {
    let mut world = World::new().await;
    world.seed(profile, contacts, invoices).await;
    let connected = world.connected().await;
    let (run, progress) = world.migrate(&connected).await;
    let findings = world.staff.findings(&run).await.unwrap();
    if profile == "demo-company" {
        assert_eq!(progress["clean"], true, "{findings:#?}");
    }
    (world, connected, run)
}

async fn report(world: &World, run: &str) -> Value {
    const QUERY: &str = "query($id: ID!) { run(id: $id) { report { day currency source xeroDebits zohoDebits \
        accounts { code name xero zoho difference causes { cause amount explained } } \
        receivable: owed(by: RECEIVABLE) { contact currency xeroTotal zohoTotal causes { cause amount } } \
        payable: owed(by: PAYABLE) { contact currency xeroTotal zohoTotal causes { cause amount } } } } }";
    world.staff.data(QUERY, json!({ "id": run })).await.unwrap()["run"]["report"].take()
}

fn accounts(report: &Value) -> &Vec<Value> {
    report["accounts"].as_array().unwrap_or_else(|| panic!("no accounts in {report}"))
}

/// Account, cause, amount.
fn causes(report: &Value) -> Vec<(String, String, Decimal)> {
    let of = |account: &Value| {
        let parts = account["causes"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        parts.map(|part| (text(&account["name"]), text(&part["cause"]), decimal(&part["amount"]))).collect::<Vec<_>>()
    };
    accounts(report).iter().flat_map(of).collect()
}

fn print(report: &Value) {
    println!("trial balance at {} in {}", report["day"], report["currency"]);
    for account in accounts(report) {
        let text = |name: &str| account[name].as_str().unwrap();
        println!("{:>6} {:<32} {:>14} {:>14} {:>12}", text("code"), text("name"), text("xero"), text("zoho"), text("difference"));
        for part in account["causes"].as_array().unwrap() {
            println!("{:>56} {} {}", "", part["cause"].as_str().unwrap(), part["amount"].as_str().unwrap());
        }
    }
}

fn decimal(value: &Value) -> Decimal {
    value.to_string().trim_matches('"').parse().unwrap_or_else(|_| panic!("{value} is no amount"))
}
