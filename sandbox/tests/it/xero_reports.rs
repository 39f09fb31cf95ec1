//! Reports in Xero's tree of rows, computed from the journals.

use reqwest::Method;
use serde_json::{Value, json};

use crate::World;
use crate::xero_money::Company;

/// A report's rows as texts: the section's title, then its cells.
fn rows(report: &Value) -> Vec<(String, Vec<String>)> {
    let cells = |row: &Value| {
        row["Cells"].as_array().into_iter().flatten().map(|cell| cell["Value"].as_str().unwrap().to_owned()).collect()
    };
    let mut all = Vec::new();
    for part in report["Reports"][0]["Rows"].as_array().unwrap() {
        if part["RowType"] == "Header" {
            all.push(("Header".to_owned(), cells(part)));
            continue;
        }
        assert_eq!(part["RowType"], "Section");
        for row in part["Rows"].as_array().unwrap() {
            all.push((part["Title"].as_str().unwrap().to_owned(), cells(row)));
        }
    }
    all
}

fn row(report: &Value, name: &str) -> Vec<String> {
    let found = rows(report).into_iter().find(|(_, cells)| cells[0] == name);
    found.unwrap_or_else(|| panic!("no {name} in {:#?}", rows(report))).1[1..].to_vec()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

/// Last year 500 were earned and paid; in March 100 and GST were invoiced and 40 paid; in April 20 were spent.
async fn company() -> Company {
    let company = Company::new().await;
    let lines = |amount: i64| json!([{"Description": "x", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200"}]);
    let old = company.invoice("ACCREC", "500", json!({"Date": "2025-02-01", "DueDate": "2025-02-20"})).await;
    let mut payment = company.payment("Invoice", &old["InvoiceID"], "500");
    payment["Date"] = json!("2025-03-01");
    company.put("Payments", payment).await;
    let new = company.invoice("ACCREC", "100", json!({"LineAmountTypes": "Exclusive", "LineItems": lines(100)})).await;
    company.put("Payments", company.payment("Invoice", &new["InvoiceID"], "40")).await;
    company
        .put("BankTransactions", json!({"Type": "SPEND", "Contact": {"ContactID": company.contact}, "BankAccount": {"Code": "090"}, "Date": "2026-03-12",
            "LineAmountTypes": "NoTax", "LineItems": [{"Description": "Fee", "Quantity": 1, "UnitAmount": 20, "AccountCode": "404"}]}))
        .await;
    company
}

#[tokio::test]
async fn the_trial_balance_tells_the_month_and_the_year_and_carries_old_profits_forward() {
    let company = company().await;
    let report = company.get("Reports/TrialBalance?date=2026-03-31").await;
    assert_eq!(
        rows(&report),
        [
            ("Header", texts(&["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"])),
            ("Revenue", texts(&["Sales (200)", "", "100.00", "", "100.00"])),
            ("Expenses", texts(&["Bank Fees (404)", "20.00", "", "20.00", ""])),
            ("Assets", texts(&["Accounts Receivable (610)", "75.00", "", "75.00", ""])),
            ("Assets", texts(&["Business Bank Account (090)", "20.00", "", "520.00", ""])),
            ("Liabilities", texts(&["GST (820)", "", "15.00", "", "15.00"])),
            ("Equity", texts(&["Retained Earnings (960)", "", "0.00", "", "500.00"])),
            ("", texts(&["Total", "115.00", "115.00", "615.00", "615.00"])),
        ]
        .map(|(title, cells)| (title.to_owned(), cells))
    );
    let told = &report["Reports"][0];
    assert_eq!((&told["ReportName"], &told["ReportType"]), (&json!("Trial Balance"), &json!("TrialBalance")));
    assert_eq!(told["ReportTitles"], json!(["Trial Balance", "CloudPerfect", "As at 31 March 2026"]));
    let account = company.get("Accounts").await["Accounts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["Code"] == "200")
        .unwrap()["AccountID"]
        .clone();
    assert_eq!(told["Rows"][1]["Rows"][0]["Cells"][0]["Attributes"], json!([{"Value": account, "Id": "account"}]));
    // Before anything happened there is nothing but its sum.
    assert_eq!(rows(&company.get("Reports/TrialBalance?date=2024-01-01").await).len(), 2);
}

#[tokio::test]
async fn the_balance_sheet_compares_days_and_both_its_sides_are_equal() {
    let company = company().await;
    let report = company.get("Reports/BalanceSheet?date=2026-03-31&periods=1&timeframe=YEAR").await;
    assert_eq!(rows(&report)[0].1, ["", "31 Mar 2026", "31 Mar 2025"]);
    assert_eq!(row(&report, "Business Bank Account"), ["520.00", "500.00"]);
    assert_eq!(row(&report, "Total Current Assets"), ["75.00", "0.00"]);
    assert_eq!(row(&report, "GST"), ["15.00", "0.00"]);
    assert_eq!(row(&report, "Current Year Earnings"), ["80.00", "500.00"]);
    assert_eq!(row(&report, "Retained Earnings"), ["500.00", "0.00"]);
    assert_eq!(row(&report, "Net Assets"), row(&report, "Total Equity"));
    assert_eq!(row(&report, "Net Assets"), ["580.00", "500.00"]);
    let sections: Vec<_> =
        report["Reports"][0]["Rows"].as_array().unwrap().iter().filter_map(|part| part["Title"].as_str()).collect();
    assert_eq!(sections, ["Assets", "Bank", "Current Assets", "", "Liabilities", "Current Liabilities", "", "", "Equity"]);
}

#[tokio::test]
async fn profit_and_loss_adds_what_was_earned_and_takes_what_was_spent() {
    let company = company().await;
    let bill = json!({"Date": "2026-02-10"});
    company.invoice("ACCPAY", "30", bill).await;
    let report = company.get("Reports/ProfitAndLoss?fromDate=2026-03-01&toDate=2026-03-31&periods=1&timeframe=MONTH").await;
    assert_eq!(
        rows(&report),
        [
            ("Header", texts(&["", "31 Mar 2026", "28 Feb 2026"])),
            ("Income", texts(&["Sales", "100.00", "0.00"])),
            ("Income", texts(&["Total Income", "100.00", "0.00"])),
            ("Less Cost of Sales", texts(&["Purchases", "0.00", "30.00"])),
            ("Less Cost of Sales", texts(&["Total Cost of Sales", "0.00", "30.00"])),
            ("", texts(&["Gross Profit", "100.00", "-30.00"])),
            ("Less Operating Expenses", texts(&["Bank Fees", "20.00", "0.00"])),
            ("Less Operating Expenses", texts(&["Total Operating Expenses", "20.00", "0.00"])),
            ("", texts(&["Net Profit", "80.00", "-30.00"])),
        ]
        .map(|(title, cells)| (title.to_owned(), cells))
    );
    let long = "Reports/ProfitAndLoss?fromDate=2025-01-01&toDate=2026-03-31";
    assert_eq!(company.call(Method::GET, long, json!(null)).await.0, 400);
    company.world.order("/_sandbox/switches", json!({"xero.profit_and_loss_max_365_days": false})).await;
    assert_eq!(row(&company.get(long).await, "Net Profit"), ["550.00"]);
}

#[tokio::test]
async fn the_bank_summary_tells_what_came_and_went_and_an_undone_payment_never_came() {
    let company = company().await;
    let invoice = company.invoice("ACCREC", "70", json!({})).await;
    let undone = company.put("Payments", company.payment("Invoice", &invoice["InvoiceID"], "70")).await;
    company.post("Payments", &undone["PaymentID"], json!({"Status": "DELETED"})).await;
    let report = company.get("Reports/BankSummary?fromDate=2026-03-01&toDate=2026-03-31").await;
    assert_eq!(row(&report, "Business Bank Account"), ["500.00", "40.00", "20.00", "520.00"]);
    assert_eq!(row(&report, "Total"), ["500.00", "40.00", "20.00", "520.00"]);
    assert_eq!(row(&report, "USD Account"), ["0.00", "0.00", "0.00", "0.00"]);
    let cell = &report["Reports"][0]["Rows"][1]["Rows"][0]["Cells"][0]["Attributes"][0];
    assert_eq!(cell["Id"], "accountID");
}

#[tokio::test]
async fn an_aged_report_is_of_one_contact_and_of_one_day() {
    let company = company().await;
    let path = |more: &str| format!("Reports/AgedReceivablesByContact?contactId={}{more}", company.contact);
    let report = company.get(&path("&date=2026-04-10")).await;
    let listed = rows(&report);
    assert_eq!(
        listed[2].1,
        ["2026-03-02T00:00:00", "INV-0002", "2026-03-20T00:00:00", "21 days overdue", "115.00", "40.00", "0.00", "75.00"]
    );
    assert_eq!(row(&report, "Closing Balance"), ["", "", "", "115.00", "40.00", "0.00", "75.00"]);
    assert_eq!(report["Reports"][0]["Rows"][2]["Rows"][0]["Cells"][0]["Attributes"][0]["Id"], "invoiceID");
    // On the fifth of March nothing of it was paid yet, and the old one long was.
    let before = company.get(&path("&date=2026-03-05")).await;
    assert_eq!(row(&before, "Closing Balance")[6], "115.00");
    assert_eq!(row(&company.get(&path("&date=2025-02-10")).await, "Closing Balance")[6], "500.00");
    let opened = company.get(&path("&date=2026-04-10&fromDate=2026-04-01")).await;
    assert_eq!(rows(&opened)[1].1[7], "75.00");
    assert_eq!(row(&opened, "Closing Balance")[6], "75.00");
    let payables = company.get(&format!("Reports/AgedPayablesByContact?contactId={}", company.contact)).await;
    assert_eq!(row(&payables, "Closing Balance")[6], "0.00");
    assert_eq!(company.call(Method::GET, "Reports/AgedReceivablesByContact", json!(null)).await.0, 400);
    let nobody = "Reports/AgedReceivablesByContact?contactId=00000000-0000-0000-0000-000000000001";
    assert_eq!(company.call(Method::GET, nobody, json!(null)).await.0, 404);
}

#[tokio::test]
async fn what_a_report_cannot_tell_it_refuses() {
    let company = Company::new().await;
    for (path, status) in [
        ("Reports/TrialBalance?date=soon", 400),
        ("Reports/BalanceSheet?periods=13", 400),
        ("Reports/BalanceSheet?timeframe=WEEK", 400),
        ("Reports/BankSummary?fromDate=2026-02-01&toDate=2026-01-01", 400),
        ("Reports/ProfitAndLoss?trackingCategoryID=1", 400),
        ("Reports/ProfitAndLoss?trackingCategoryID=00000000-0000-0000-0000-000000000001", 400),
        ("Reports/BalanceSheet?trackingOptionID1=East", 400),
        ("Reports/Horoscope", 404),
        // Each report has a scope of its own, and this app asked for five of them.
        ("Reports/ExecutiveSummary", 401),
        ("Reports", 401),
    ] {
        assert_eq!(company.call(Method::GET, path, json!(null)).await.0, status, "{path}");
    }
    company.world.order("/_sandbox/xero/app", json!({"created_before_2026": true})).await;
    let tokens = company.world.connect_for("openid accounting.reports.read").await;
    assert_eq!(company.world.read(&tokens, "Reports").await["Reports"], json!([]));
    assert_eq!(rows(&company.world.read(&tokens, "Reports/TrialBalance?paymentsOnly=false").await).len(), 2);
    assert_eq!(company.world.books(&tokens, "Reports/BudgetSummary").send().await.unwrap().status(), 501);
}

#[tokio::test]
async fn on_cash_basis_documents_count_as_they_are_paid() {
    let company = company().await;
    // Of 115 with tax 40 are paid; an unpaid bill and a manual journal for accruals only do not count.
    company.invoice("ACCPAY", "70", json!({})).await;
    company
        .put(
            "ManualJournals",
            json!({"Narration": "Accrual", "Status": "POSTED", "Date": "2026-03-15", "ShowOnCashBasisReports": false,
            "JournalLines": [{"LineAmount": 9, "AccountCode": "404"}, {"LineAmount": -9, "AccountCode": "200"}]}),
        )
        .await;
    let note = company.credit_note("ACCPAYCREDIT", "10", json!({})).await;
    let bill = company.invoice("ACCPAY", "30", json!({})).await;
    let allocation = json!({"Amount": "11.50", "Date": "2026-03-20", "Invoice": {"InvoiceID": bill["InvoiceID"]}});
    let path = format!("CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    assert_eq!(company.call(Method::PUT, &path, allocation).await.0, 200);

    let span = "Reports/ProfitAndLoss?fromDate=2026-03-01&toDate=2026-03-31";
    let accrual = company.get(span).await;
    assert_eq!((row(&accrual, "Sales"), row(&accrual, "Net Profit")), (texts(&["109.00"]), texts(&["-10.00"])));
    let cash = company.get(&format!("{span}&paymentsOnly=true")).await;
    // 40 of 115 are 34.78 of sales; the bill's 11.50 and the note's 10.00 with its tax meet in the purchases.
    assert_eq!((row(&cash, "Sales"), row(&cash, "Purchases")), (texts(&["34.78"]), texts(&["1.50"])));
    assert_eq!(row(&cash, "Net Profit"), texts(&["13.28"]));
    let trial = company.get("Reports/TrialBalance?date=2026-03-31&paymentsOnly=true").await;
    let total = row(&trial, "Total");
    assert_eq!((&total[0], &total[2]), (&total[1], &total[3]));
    let owed = |name: &str| rows(&trial).iter().any(|(_, cells)| cells[0].starts_with(name));
    assert!(!owed("Accounts Receivable") && !owed("Accounts Payable"), "nobody owes anything on cash basis");
    let sheet = company.get("Reports/BalanceSheet?date=2026-03-31&paymentsOnly=true").await;
    assert_eq!(row(&sheet, "Net Assets"), row(&sheet, "Total Equity"));

    let journals = company.get("Journals?paymentsOnly=true").await;
    let journals = journals["Journals"].as_array().unwrap();
    assert!(journals.iter().all(|journal| {
        let sum: f64 = journal["JournalLines"].as_array().unwrap().iter().map(|line| line["NetAmount"].as_f64().unwrap()).sum();
        sum.abs() < 0.001
            && journal["SourceType"] != "ACCREC"
            && journal["SourceType"] != "ACCPAY"
            && journal["SourceType"] != "MANJOURNAL"
    }));
    let told: Vec<_> = journals[1]["JournalLines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["AccountCode"].clone(), line["NetAmount"].to_string()))
        .collect();
    assert_eq!(told, [(json!("090"), "40.00".into()), (json!("200"), "-34.78".to_owned()), (json!("820"), "-5.22".into())]);
}

#[tokio::test]
async fn tracking_options_are_columns_of_the_profit_and_narrow_the_balance_sheet() {
    let company = Company::new().await;
    let made = company.call(Method::PUT, "TrackingCategories", json!({"Name": "Region"})).await.1;
    let category = made["TrackingCategories"][0]["TrackingCategoryID"].as_str().unwrap().to_owned();
    let mut options = Vec::new();
    for name in ["East", "West"] {
        let made = company.call(Method::PUT, &format!("TrackingCategories/{category}/Options"), json!({"Name": name})).await.1;
        options.push(made["Options"][0]["TrackingOptionID"].as_str().unwrap().to_owned());
    }
    let line = |amount: i64, option: Option<&str>| {
        let tracking: Vec<Value> = option.map(|option| json!({"Name": "Region", "Option": option})).into_iter().collect();
        json!({"Description": "x", "Quantity": 1, "UnitAmount": amount, "AccountCode": "200", "Tracking": tracking})
    };
    let lines = json!([line(100, Some("East")), line(30, Some("West")), line(7, None)]);
    let invoice = company.invoice("ACCREC", "1", json!({"LineItems": lines})).await;
    let span = "Reports/ProfitAndLoss?fromDate=2026-03-01&toDate=2026-03-31";
    let both = company.get(&format!("{span}&trackingCategoryID={category}")).await;
    assert_eq!(rows(&both)[0].1, ["", "East", "West"]);
    assert_eq!(row(&both, "Sales"), texts(&["100.00", "30.00"]));
    let one = company.get(&format!("{span}&trackingCategoryID={category}&trackingOptionID={}", options[1])).await;
    assert_eq!((rows(&one)[0].1.clone(), row(&one, "Net Profit")), (texts(&["", "West"]), texts(&["30.00"])));
    company.put("Payments", company.payment("Invoice", &invoice["InvoiceID"], "68.50")).await;
    let half = company.get(&format!("{span}&trackingCategoryID={category}&paymentsOnly=true")).await;
    assert_eq!(row(&half, "Sales"), texts(&["50.00", "15.00"]));
    let sheet = company.get(&format!("Reports/BalanceSheet?date=2026-03-31&trackingOptionID1={}", options[0])).await;
    assert_eq!(row(&sheet, "Current Year Earnings"), texts(&["100.00"]));
}

#[tokio::test]
async fn the_reports_of_a_planted_company_agree_with_each_other_and_with_its_documents() {
    let world = World::new().await;
    world.order("/_sandbox/xero/app", json!({"tier": "advanced"})).await;
    world.order("/_sandbox/seed", json!({"contacts": 60, "invoices": 600})).await;
    let company = Company::around(world).await;
    let trial = company.get("Reports/TrialBalance?date=2026-06-30").await;
    let total = row(&trial, "Total");
    assert_eq!((&total[0], &total[2]), (&total[1], &total[3]));
    assert_ne!(total[2], "0.00");
    let sheet = company.get("Reports/BalanceSheet?date=2026-06-30&periods=11&timeframe=MONTH").await;
    assert_eq!(row(&sheet, "Net Assets"), row(&sheet, "Total Equity"));
    assert_eq!(row(&sheet, "Net Assets").len(), 12);
    let profit = company.get("Reports/ProfitAndLoss?fromDate=2026-04-01&toDate=2026-06-30").await;
    assert_eq!(row(&profit, "Net Profit")[0], row(&sheet, "Current Year Earnings")[0]);
    let banks = company.get("Reports/BankSummary?fromDate=2026-06-01&toDate=2026-06-30").await;
    assert_eq!(row(&banks, "Total")[3], row(&sheet, "Total Bank")[0]);
    let cash = company.get("Reports/TrialBalance?date=2026-06-30&paymentsOnly=true").await;
    let total = row(&cash, "Total");
    assert_eq!((&total[0], &total[2]), (&total[1], &total[3]));
    let ledger = row(&trial, "Accounts Receivable (610)");
    assert_eq!(row(&sheet, "Accounts Receivable")[0], ledger[2]);
}
