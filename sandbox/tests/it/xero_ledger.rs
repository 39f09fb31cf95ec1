//! The journals under the documents: posted in balance, never changed, and in step with every record whatever is done to it.

use std::collections::HashMap;

use reqwest::Method;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::xero_money::Company;
use crate::{World, demo};

fn dec(value: &Value) -> Decimal {
    match value {
        Value::String(text) => text.parse().unwrap(),
        Value::Null => Decimal::ZERO,
        other => other.to_string().parse().unwrap(),
    }
}

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// In base currency, as one amount of a document is.
fn base(amount: Decimal, document: &Value) -> Decimal {
    let rate = dec(&document["CurrencyRate"]);
    cents(if rate.is_zero() { amount } else { amount / rate })
}

fn list<'a>(record: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    record[name].as_array().into_iter().flatten()
}

/// Every journal, in calls of a hundred.
async fn journals(world: &World, tokens: &Value) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let offset = all.last().map_or(0, |last| last["JournalNumber"].as_i64().unwrap());
        let page = world.read(tokens, &format!("Journals?offset={offset}")).await;
        let page = page["Journals"].as_array().unwrap().clone();
        assert!(page.len() <= 100);
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Sums by account code; every journal must be in balance and later than the one before.
fn sums(journals: &[Value]) -> HashMap<String, Decimal> {
    let mut sums = HashMap::new();
    let mut before = 0;
    for journal in journals {
        let number = journal["JournalNumber"].as_i64().unwrap();
        assert!(number > before, "{number} after {before}");
        before = number;
        let mut over = Decimal::ZERO;
        for line in list(journal, "JournalLines") {
            let net = dec(&line["NetAmount"]);
            assert_eq!(dec(&line["GrossAmount"]), net + dec(&line["TaxAmount"]));
            over += net;
            // Rounding takes cents only: what does not add up may not hide there.
            assert!(line["AccountCode"] != "860" || net.abs() <= Decimal::new(10, 2), "{journal}");
            *sums.entry(line["AccountCode"].as_str().unwrap().to_owned()).or_default() += net;
        }
        assert!(over.is_zero(), "{journal}");
    }
    sums
}

/// Every record of a list, as the control plane dumps it.
async fn dump(world: &World, list: &str) -> Vec<Value> {
    let text =
        world.client.get(world.url(&format!("/_sandbox/xero/{}/{list}", demo()))).send().await.unwrap().text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the control accounts and the banks must hold by the documents alone.
async fn wanted(world: &World) -> HashMap<&'static str, Decimal> {
    let mut wanted: HashMap<&'static str, Decimal> =
        ["610", "800", "090", "091", "092", "093", "970"].map(|code| (code, Decimal::ZERO)).into();
    for kind in ["Invoices", "CreditNotes", "Overpayments"] {
        for document in dump(world, kind).await {
            let (account, sign) = match document["Type"].as_str().unwrap() {
                "ACCREC" => ("610", 1),
                "ACCRECCREDIT" | "RECEIVE-OVERPAYMENT" => ("610", -1),
                "ACCPAY" => ("800", -1),
                _ => ("800", 1),
            };
            // What is paid wholly is owed nothing of, to the cent.
            if document["Status"] != "AUTHORISED" {
                continue;
            }
            let mut open = base(dec(&document["Total"]), &document);
            for settled in list(&document, "Payments").chain(list(&document, "Allocations")) {
                open -= base(dec(&settled["Amount"]), &document);
            }
            for settled in ["CreditNotes", "Prepayments", "Overpayments"].into_iter().flat_map(|name| list(&document, name)) {
                open -= base(dec(&settled["AppliedAmount"]), &document);
            }
            *wanted.get_mut(account).unwrap() += open * Decimal::from(sign);
        }
    }
    for payment in dump(world, "Payments").await {
        if payment["Status"] != "DELETED" {
            let received = ["ACCRECPAYMENT", "APCREDITPAYMENT", "APPREPAYMENTPAYMENT", "APOVERPAYMENTPAYMENT"];
            let sign = if received.contains(&payment["PaymentType"].as_str().unwrap()) { 1 } else { -1 };
            let code = payment["Account"]["Code"].as_str().unwrap();
            let banked = if code == "092" { base(dec(&payment["Amount"]), &payment) } else { dec(&payment["BankAmount"]) };
            *wanted.get_mut(code).unwrap() += banked * Decimal::from(sign);
        }
    }
    for moved in dump(world, "BankTransactions").await {
        if moved["Status"] == "AUTHORISED" {
            let sign = if moved["Type"].as_str().unwrap().starts_with("RECEIVE") { 1 } else { -1 };
            *wanted.get_mut(moved["BankAccount"]["Code"].as_str().unwrap()).unwrap() +=
                base(dec(&moved["Total"]), &moved) * Decimal::from(sign);
        }
    }
    wanted
}

async fn assert_in_step(world: &World, tokens: &Value) -> Vec<Value> {
    let journals = journals(world, tokens).await;
    let sums = sums(&journals);
    for (code, wanted) in wanted(world).await {
        assert_eq!(sums.get(code).copied().unwrap_or_default(), wanted, "account {code}");
    }
    journals
}

fn lines(journal: &Value) -> Vec<(String, String)> {
    list(journal, "JournalLines")
        .map(|line| (line["AccountCode"].as_str().unwrap().to_owned(), line["NetAmount"].to_string()))
        .collect()
}

fn pairs(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(code, net)| (code.to_string(), net.to_string())).collect()
}

#[tokio::test]
async fn an_edit_posts_a_reversal_and_a_new_journal_and_a_void_a_reversal() {
    let company = Company::new().await;
    let note = company.credit_note("ACCRECCREDIT", "40", json!({"Reference": "Returned", "Status": "DRAFT"})).await;
    let id = &note["CreditNoteID"];
    assert_eq!(company.get("Journals").await["Journals"], json!([]), "drafts post nothing");
    company.post("CreditNotes", id, json!({"Status": "AUTHORISED"})).await;
    company.post("CreditNotes", id, json!({"Reference": "Nothing that is booked"})).await;
    let lines_sent = json!([{"Description": "Returned", "Quantity": 1, "UnitAmount": 20, "AccountCode": "201"}]);
    company.post("CreditNotes", id, json!({"LineItems": lines_sent})).await;
    company.post("CreditNotes", id, json!({"Status": "VOIDED"})).await;
    let told = company.get("Journals").await;
    let told: Vec<&Value> = list(&told, "Journals").collect();
    let (first, second) = (
        pairs(&[("610", "-46.00"), ("200", "40.00"), ("820", "6.00")]),
        pairs(&[("610", "-23.00"), ("201", "20.00"), ("820", "3.00")]),
    );
    let back = |lines: &[(String, String)]| {
        lines
            .iter()
            .map(|(code, net)| {
                (
                    code.clone(),
                    match net.strip_prefix('-') {
                        Some(net) => net.to_owned(),
                        None => format!("-{net}"),
                    },
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told.iter().map(|journal| lines(journal)).collect::<Vec<_>>(),
        [first.clone(), back(&first), second.clone(), back(&second)]
    );
    assert_eq!(told[0]["JournalNumber"].as_i64(), Some(1));
    assert!(told.iter().all(|journal| journal["SourceID"] == *id && journal["SourceType"] == "ACCRECCREDIT"));
    assert_eq!(told[0]["JournalLines"][1]["TaxName"], "15% GST on Income");
    assert_eq!(
        (told[0]["JournalLines"][1]["GrossAmount"].to_string(), told[0]["JournalLines"][1]["TaxAmount"].to_string()),
        ("46.00".into(), "6.00".into())
    );

    let by_id = company.get(&format!("Journals/{}", told[2]["JournalID"].as_str().unwrap())).await;
    let by_number = company.get("Journals/3").await;
    assert_eq!(by_id["Journals"], by_number["Journals"]);
    assert!(by_id["Journals"][0].get("SourceID").is_none(), "the source is told in lists only");
    assert_eq!(company.get("Journals?offset=3").await["Journals"].as_array().unwrap().len(), 1);
    assert_eq!(company.call(Method::GET, "Journals/99", json!(null)).await.0, 404);
    assert_eq!(company.call(Method::GET, "Journals?offset=x", json!(null)).await.0, 400);
    assert_eq!(company.get("Journals?paymentsOnly=true").await["Journals"], json!([]), "nothing of it has been settled");
    let later =
        company.world.books(&company.tokens, "Journals").header("If-Modified-Since", "2100-01-01T00:00:00").send().await.unwrap();
    assert_eq!(later.json::<Value>().await.unwrap()["Journals"], json!([]));
}

#[tokio::test]
async fn the_general_ledger_costs_the_highest_tier_and_a_scope_of_its_own() {
    let company = Company::new().await;
    company.world.order("/_sandbox/xero/app", json!({"tier": "plus"})).await;
    let (status, answer) = company.call(Method::GET, "Journals", json!(null)).await;
    assert_eq!((status, &answer["Title"]), (403, &json!("Forbidden")));
    company.world.order("/_sandbox/xero/app", json!({"tier": "advanced"})).await;
    assert_eq!(company.call(Method::GET, "Journals", json!(null)).await.0, 200);
    assert_eq!(company.call(Method::PUT, "Journals", json!({})).await.0, 401, "its scope only reads");
    let tokens = company.world.connect().await;
    assert_eq!(company.world.books(&tokens, "Journals").send().await.unwrap().status(), 401, "without the scope");

    company.world.order("/_sandbox/xero/app", json!({"tier": "starter"})).await;
    company.world.order("/_sandbox/switches", json!({"xero.journals_refused_at_consent": true})).await;
    let asked = company.world.authorize_url("openid accounting.journals.read", "st");
    assert_eq!(company.world.client.get(asked).send().await.unwrap().status(), 400);
    let bad = company.world.post("/_sandbox/xero/app", json!({"tier": "platinum"})).await;
    assert!(bad.status().is_client_error());
}

#[tokio::test]
async fn a_payment_at_another_rate_realises_a_gain_and_the_last_cent_is_rounded_away() {
    let company = Company::new().await;
    let dollars = json!({"CurrencyCode": "USD", "CurrencyRate": "0.6"});
    let invoice = company.invoice("ACCREC", "100", dollars).await;
    let mut payment = company.payment("Invoice", &invoice["InvoiceID"], "50");
    payment["CurrencyRate"] = json!("0.5");
    let paid = company.put("Payments", payment).await;
    assert_eq!(paid["BankAmount"].to_string(), "100.00");
    company.put("Payments", company.payment("Invoice", &invoice["InvoiceID"], "25")).await;
    let mut own = company.payment("Invoice", &invoice["InvoiceID"], "25");
    own["Account"] = json!({"Code": "092"});
    company.put("Payments", own).await;
    let told = company.get("Journals").await;
    let told: Vec<_> = list(&told, "Journals").map(lines).collect();
    assert_eq!(
        told,
        [
            pairs(&[("610", "166.67"), ("200", "-166.67")]),
            pairs(&[("610", "-83.33"), ("090", "100.00"), ("499", "-16.67")]),
            pairs(&[("610", "-41.67"), ("090", "41.67")]),
            pairs(&[("610", "-41.67"), ("092", "41.67")]),
        ]
        .into_iter()
        .collect::<Vec<_>>()
    );
    assert_in_step(&company.world, &company.tokens).await;

    // Three thirds of 100 dollars leave a cent.
    let invoice = company.invoice("ACCPAY", "100", json!({"CurrencyCode": "USD", "CurrencyRate": "0.7"})).await;
    for amount in ["33.33", "33.33", "33.34"] {
        company.put("Payments", company.payment("Invoice", &invoice["InvoiceID"], amount)).await;
    }
    let told = assert_in_step(&company.world, &company.tokens).await;
    let cent: Vec<_> = told.iter().map(lines).filter(|lines| lines.iter().any(|(code, _)| code == "860")).collect();
    assert_eq!(cent, [pairs(&[("800", "0.01"), ("860", "-0.01")])]);
}

#[tokio::test]
async fn a_credit_applied_at_another_rate_realises_a_gain_and_taking_it_back_reverses_it() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({"CurrencyCode": "USD", "CurrencyRate": "0.5"})).await;
    let note = company
        .credit_note("ACCRECCREDIT", "40", json!({"CurrencyCode": "USD", "CurrencyRate": "0.8", "LineAmountTypes": "NoTax"}))
        .await;
    let path = format!("CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    let body = json!({"Amount": 40, "Date": "2026-03-06", "Invoice": {"InvoiceID": invoice["InvoiceID"]}});
    let (_, answer) = company.call(Method::PUT, &path, body).await;
    let told = assert_in_step(&company.world, &company.tokens).await;
    assert_eq!(lines(told.last().unwrap()), pairs(&[("610", "-30.00"), ("499", "30.00")]));
    let id = answer["Allocations"][0]["AllocationID"].as_str().unwrap();
    company.call(Method::DELETE, &format!("{path}/{id}"), json!(null)).await;
    let told = assert_in_step(&company.world, &company.tokens).await;
    assert_eq!(lines(told.last().unwrap()), pairs(&[("610", "30.00"), ("499", "-30.00")]));
}

#[tokio::test]
async fn a_prepayment_waits_in_the_account_of_its_line_until_it_is_applied() {
    let company = Company::new().await;
    let brought = company
        .put(
            "BankTransactions",
            json!({"Type": "RECEIVE-PREPAYMENT", "Contact": {"ContactID": company.contact}, "BankAccount": {"Code": "090"},
            "Date": "2026-03-01", "LineAmountTypes": "Exclusive",
            "LineItems": [{"Description": "In advance", "Quantity": 1, "UnitAmount": 100, "AccountCode": "260"}]}),
        )
        .await;
    let invoice = company.invoice("ACCREC", "60", json!({})).await;
    let path = format!("Prepayments/{}/Allocations", brought["PrepaymentID"].as_str().unwrap());
    company
        .call(Method::PUT, &path, json!({"Amount": 60, "Date": "2026-03-05", "Invoice": {"InvoiceID": invoice["InvoiceID"]}}))
        .await;
    let told = assert_in_step(&company.world, &company.tokens).await;
    assert_eq!(lines(&told[0]), pairs(&[("090", "115.00"), ("260", "-100.00"), ("820", "-15.00")]));
    assert_eq!((&told[0]["SourceType"], &told[0]["SourceID"]), (&json!("ARPREPAYMENT"), &brought["PrepaymentID"]));
    assert_eq!(lines(told.last().unwrap()), pairs(&[("260", "52.17"), ("820", "7.83"), ("610", "-60.00")]));
    company.put("Payments", company.payment("Prepayment", &brought["PrepaymentID"], "55")).await;
    let sums = sums(&assert_in_step(&company.world, &company.tokens).await);
    for code in ["260", "820", "610", "860"] {
        assert_eq!(sums.get(code).copied().unwrap_or_default(), Decimal::ZERO, "{code}");
    }
}

#[tokio::test]
async fn a_planted_company_is_posted_when_first_asked_and_what_is_edited_before_keeps_its_first_journal() {
    let world = World::new().await;
    world.order("/_sandbox/xero/app", json!({"tier": "advanced"})).await;
    world.order("/_sandbox/seed", json!({"contacts": 80, "invoices": 1500})).await;
    let company = Company::around(world).await;
    let made = company.invoice("ACCREC", "77", json!({})).await;
    let payment = dump(&company.world, "Payments").await.into_iter().find(|payment| payment["Status"] == "AUTHORISED").unwrap();
    let put = format!("/_sandbox/xero/{}/Payments", demo());
    company.world.order(&put, json!({"PaymentID": payment["PaymentID"], "Status": "DELETED"})).await;
    let told = assert_in_step(&company.world, &company.tokens).await;
    assert!(told.len() > 2000, "{}", told.len());
    let of = |id: &Value| {
        told.iter()
            .filter(|journal| journal["SourceID"] == *id)
            .map(|journal| journal["JournalNumber"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let (first, own) = (of(&payment["PaymentID"]), of(&made["InvoiceID"]));
    assert_eq!((first.len(), own.len()), (2, 1));
    assert!(first[0] < own[0] && own[0] < first[1], "{first:?} {own:?}");
    let posting =
        [("Invoices", 2), ("CreditNotes", 2), ("Payments", 1), ("BankTransfers", 1), ("ManualJournals", 1), ("Prepayments", 1)];
    for (kind, _) in posting {
        assert!(!dump(&company.world, kind).await.is_empty(), "{kind}");
    }
    assert_eq!(journals(&company.world, &company.tokens).await, told, "asking again posts nothing");
}

#[tokio::test]
async fn the_nasty_company_is_in_balance_too() {
    let world = World::new().await;
    world.order("/_sandbox/xero/app", json!({"tier": "advanced"})).await;
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    let company = Company::around(world).await;
    assert!(assert_in_step(&company.world, &company.tokens).await.len() > 40);
}

/// Cards that are always the same.
struct Cards(u64);

impl Cards {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn money(&mut self) -> String {
        Decimal::new(1 + i64::try_from(self.below(90_000)).unwrap(), 2).to_string()
    }

    fn pick<'a>(&mut self, from: &'a [Value]) -> Option<&'a Value> {
        if from.is_empty() { None } else { from.get(usize::try_from(self.below(from.len() as u64)).unwrap()) }
    }

    fn rate(&mut self) -> String {
        Decimal::new(500_000 + i64::try_from(self.below(300_000)).unwrap(), 6).to_string()
    }
}

/// One thing that somebody does; it may be refused.
async fn act(company: &Company, cards: &mut Cards) -> u16 {
    let contact = json!({"ContactID": company.contact});
    let sale = cards.below(2) == 0;
    let account = if sale { "200" } else { "300" };
    let lines = json!((0..=cards.below(2)).map(|_| json!({"Description": "x", "Quantity": 1 + cards.below(3), "UnitAmount": cards.money(), "AccountCode": account})).collect::<Vec<_>>());
    let mode = ["Exclusive", "Inclusive", "NoTax"][usize::try_from(cards.below(3)).unwrap()];
    let date = format!("2026-0{}-1{}", 1 + cards.below(6), cards.below(9));
    let (currency, rate) = if cards.below(3) == 0 { ("USD", cards.rate()) } else { ("NZD", "1".into()) };
    let part = |open: &Value, cards: &mut Cards| {
        let open = dec(open);
        if cards.below(2) == 0 { open } else { cents(open / Decimal::from(3)).max(Decimal::new(1, 2)) }.to_string()
    };
    let path = |list: &str, record: &Value, id: &str| format!("{list}/{}", record[id].as_str().unwrap());
    match cards.below(16) {
        0..=2 => {
            let body = json!({"Type": if sale { "ACCREC" } else { "ACCPAY" }, "Status": "AUTHORISED", "Contact": contact, "Date": date, "DueDate": date,
                "LineAmountTypes": mode, "CurrencyCode": currency, "CurrencyRate": rate, "LineItems": lines});
            company.call(Method::PUT, "Invoices", body).await.0
        }
        3 => {
            let body = json!({"Type": if sale { "ACCRECCREDIT" } else { "ACCPAYCREDIT" }, "Status": "AUTHORISED", "Contact": contact, "Date": date,
                "LineAmountTypes": mode, "CurrencyCode": currency, "CurrencyRate": rate, "LineItems": lines});
            company.call(Method::PUT, "CreditNotes", body).await.0
        }
        4 | 5 => {
            let kind = ["", "-PREPAYMENT", "-OVERPAYMENT"][usize::try_from(cards.below(3)).unwrap()];
            let mut lines = lines;
            if kind == "-OVERPAYMENT" {
                for line in lines.as_array_mut().unwrap() {
                    line.as_object_mut().unwrap().remove("AccountCode");
                }
            }
            let body = json!({"Type": format!("{}{kind}", if sale { "RECEIVE" } else { "SPEND" }), "Contact": contact, "Date": date,
                "BankAccount": {"Code": if currency == "USD" { "092" } else { "090" }}, "LineAmountTypes": mode, "CurrencyRate": rate, "LineItems": lines});
            company.call(Method::PUT, "BankTransactions", body).await.0
        }
        6..=8 => {
            let (list, of, open) = [
                ("Invoices", "Invoice", "AmountDue"),
                ("Invoices", "Invoice", "AmountDue"),
                ("CreditNotes", "CreditNote", "RemainingCredit"),
                ("Prepayments", "Prepayment", "RemainingCredit"),
                ("Overpayments", "Overpayment", "RemainingCredit"),
            ][usize::try_from(cards.below(5)).unwrap()];
            let all: Vec<Value> =
                dump(&company.world, list).await.into_iter().filter(|known| known["Status"] == "AUTHORISED").collect();
            let Some(paid) = cards.pick(&all) else { return 0 };
            let dollars = paid["CurrencyCode"] == "USD" && cards.below(2) == 0;
            let mut body = company.payment(of, &paid[format!("{of}ID")], &part(&paid[open], cards));
            body["Account"] = json!({"Code": if dollars { "092" } else { "090" }});
            body["CurrencyRate"] = json!(cards.rate());
            company.call(Method::PUT, "Payments", body).await.0
        }
        9 | 10 => {
            let (list, id) =
                [("CreditNotes", "CreditNoteID"), ("Prepayments", "PrepaymentID"), ("Overpayments", "OverpaymentID")]
                    [usize::try_from(cards.below(3)).unwrap()];
            let credits: Vec<Value> =
                dump(&company.world, list).await.into_iter().filter(|known| known["Status"] == "AUTHORISED").collect();
            let Some(credit) = cards.pick(&credits) else { return 0 };
            let customers =
                matches!(credit["Type"].as_str().unwrap(), "ACCRECCREDIT" | "RECEIVE-PREPAYMENT" | "RECEIVE-OVERPAYMENT");
            let invoices: Vec<Value> = dump(&company.world, "Invoices")
                .await
                .into_iter()
                .filter(|known| {
                    known["Status"] == "AUTHORISED"
                        && (known["Type"] == "ACCREC") == customers
                        && known["CurrencyCode"] == credit["CurrencyCode"]
                })
                .collect();
            let Some(invoice) = cards.pick(&invoices) else { return 0 };
            let most = dec(&credit["RemainingCredit"]).min(dec(&invoice["AmountDue"]));
            let body = json!({"Amount": part(&json!(most.to_string()), cards), "Date": date, "Invoice": {"InvoiceID": invoice["InvoiceID"]}});
            company.call(Method::PUT, &format!("{}/Allocations", path(list, credit, id)), body).await.0
        }
        11 => {
            let (list, id) =
                [("CreditNotes", "CreditNoteID"), ("Prepayments", "PrepaymentID"), ("Overpayments", "OverpaymentID")]
                    [usize::try_from(cards.below(3)).unwrap()];
            let credits: Vec<Value> =
                dump(&company.world, list).await.into_iter().filter(|known| known["Allocations"] != json!([])).collect();
            let Some(credit) = cards.pick(&credits) else { return 0 };
            let allocation =
                cards.pick(credit["Allocations"].as_array().unwrap()).unwrap()["AllocationID"].as_str().unwrap().to_owned();
            company.call(Method::DELETE, &format!("{}/Allocations/{allocation}", path(list, credit, id)), json!(null)).await.0
        }
        12 => {
            let payments = dump(&company.world, "Payments").await;
            let Some(payment) = cards.pick(&payments) else { return 0 };
            company.call(Method::POST, &path("Payments", payment, "PaymentID"), json!({"Status": "DELETED"})).await.0
        }
        13 => {
            let untouched = |known: &Value| {
                ["Payments", "CreditNotes", "Prepayments", "Overpayments", "Allocations"]
                    .iter()
                    .all(|name| list(known, name).next().is_none())
            };
            let (list, id) =
                [("Invoices", "InvoiceID"), ("CreditNotes", "CreditNoteID")][usize::try_from(cards.below(2)).unwrap()];
            let all: Vec<Value> = dump(&company.world, list)
                .await
                .into_iter()
                .filter(|known| known["Status"] == "AUTHORISED" && untouched(known))
                .collect();
            let Some(known) = cards.pick(&all) else { return 0 };
            let body = if cards.below(2) == 0 { json!({"Status": "VOIDED"}) } else { json!({"LineItems": lines, "Date": date}) };
            company.call(Method::POST, &path(list, known, id), body).await.0
        }
        14 => {
            let amount = cards.money();
            let body = json!({"Narration": "x", "Status": "POSTED", "Date": date, "JournalLines": [
                {"LineAmount": amount, "AccountCode": "416"}, {"LineAmount": format!("-{amount}"), "AccountCode": "711"}]});
            company.call(Method::PUT, "ManualJournals", body).await.0
        }
        _ => {
            let all = dump(&company.world, "BankTransactions").await;
            match cards.pick(&all) {
                Some(known) if cards.below(2) == 0 => {
                    company
                        .call(Method::POST, &path("BankTransactions", known, "BankTransactionID"), json!({"Status": "DELETED"}))
                        .await
                        .0
                }
                _ => {
                    let body = json!({"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "091"}, "Amount": cards.money(), "Date": date});
                    company.call(Method::PUT, "BankTransfers", body).await.0
                }
            }
        }
    }
}

#[tokio::test]
async fn whatever_is_done_debits_are_credits_and_accounts_are_what_the_documents_say() {
    for seed in [1, 2] {
        let company = Company::new().await;
        let mut cards = Cards(seed);
        let mut done = HashMap::<u16, u32>::new();
        for step in 1..=180 {
            *done.entry(act(&company, &mut cards).await).or_default() += 1;
            if step % 60 == 0 {
                assert_in_step(&company.world, &company.tokens).await;
            }
        }
        assert!(done[&200] > 90, "{done:?}");
        assert!(done.keys().all(|status| [0, 200, 400].contains(status)), "{done:?}");
        let told = assert_in_step(&company.world, &company.tokens).await;
        // The trial balance is the same sums.
        let report = company.get("Reports/TrialBalance?date=2026-12-31").await["Reports"][0].clone();
        let total = report["Rows"].as_array().unwrap().last().unwrap()["Rows"][0]["Cells"].clone();
        assert_eq!(total[3]["Value"], total[4]["Value"]);
        let debtors = sums(&told).get("610").copied().unwrap_or_default();
        let shown = report["Rows"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|section| list(section, "Rows"))
            .find(|row| row["Cells"][0]["Value"] == "Accounts Receivable (610)")
            .cloned()
            .unwrap_or_default();
        let shown = [3, 4].map(|side| {
            shown["Cells"][side]["Value"]
                .as_str()
                .filter(|text| !text.is_empty())
                .map_or(Decimal::ZERO, |text| text.parse().unwrap())
        });
        assert_eq!(shown[0] - shown[1], debtors);
    }
}
