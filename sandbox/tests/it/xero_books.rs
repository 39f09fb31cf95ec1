//! Lists and records of the Accounting API: paging, changes, filters, what a person enters, limits.

use std::collections::BTreeSet;

use sandbox::Options;
use serde_json::{Value, json};

use crate::{World, demo};

async fn seeded(contacts: u64, invoices: u64) -> (World, Value) {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"contacts": contacts, "invoices": invoices})).await;
    let tokens = world.connect().await;
    (world, tokens)
}

fn ids(page: &Value, list: &str, id: &str) -> Vec<String> {
    page[list].as_array().unwrap().iter().map(|record| record[id].as_str().unwrap().to_owned()).collect()
}

fn updated_ms(record: &Value) -> i64 {
    let text = record["UpdatedDateUTC"].as_str().unwrap();
    text.trim_start_matches("/Date(").trim_end_matches("+0000)/").parse().unwrap()
}

#[tokio::test]
async fn pages_meet_every_record_once_in_the_order_of_change() {
    let (world, tokens) = seeded(60, 450).await;
    let mut seen = Vec::new();
    let mut times = Vec::new();
    for page in 1..=5 {
        let answer = world.read(&tokens, &format!("Invoices?page={page}&pageSize=90&unitdp=4&order=UpdatedDateUTC%20ASC")).await;
        assert_eq!(answer["pagination"], json!({"page": page, "pageSize": 90, "pageCount": 5, "itemCount": 450}));
        assert!(answer["Invoices"][0]["LineItems"].as_array().is_some_and(|lines| !lines.is_empty()));
        times.extend(answer["Invoices"].as_array().unwrap().iter().map(updated_ms));
        seen.extend(ids(&answer, "Invoices", "InvoiceID"));
    }
    assert_eq!(seen.len(), 450);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 450);
    assert!(times.is_sorted());
    assert!(world.read(&tokens, "Invoices?page=6&pageSize=90").await["Invoices"].as_array().unwrap().is_empty());
    // Any page out of order is the same page.
    let third = world.read(&tokens, "Invoices?page=3&pageSize=90&unitdp=4").await;
    assert_eq!(ids(&third, "Invoices", "InvoiceID"), seen[180..270]);
    let back: Vec<_> =
        ids(&world.read(&tokens, "Invoices?page=1&pageSize=90&order=UpdatedDateUTC%20DESC").await, "Invoices", "InvoiceID");
    assert_eq!(back, seen.iter().rev().take(90).cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn reading_on_from_the_last_time_of_change_misses_nothing_though_many_share_a_second() {
    let (world, tokens) = seeded(60, 300).await;
    let mut seen = BTreeSet::new();
    let mut since = "2000-01-01T00:00:00".to_owned();
    for _ in 0..100 {
        let call = world
            .books(&tokens, "Invoices?page=1&pageSize=40&unitdp=4&order=UpdatedDateUTC%20ASC")
            .header("If-Modified-Since", &since);
        let page: Value = call.send().await.unwrap().json().await.unwrap();
        let fresh: Vec<_> = ids(&page, "Invoices", "InvoiceID").into_iter().filter(|id| seen.insert(id.clone())).collect();
        let left = page["pagination"]["itemCount"].as_u64().unwrap();
        assert!(left >= fresh.len() as u64);
        if fresh.is_empty() {
            break;
        }
        let last = page["Invoices"].as_array().unwrap().last().unwrap()["UpdatedDateUTCString"].as_str().unwrap();
        since = last.trim_end_matches('Z').to_owned();
    }
    assert_eq!(seen.len(), 300);
}

#[tokio::test]
async fn an_edit_made_while_somebody_pages_moves_to_the_end() {
    let (world, tokens) = seeded(60, 100).await;
    let first = world.read(&tokens, "Contacts?page=1&pageSize=20&includeArchived=true").await;
    let id = first["Contacts"][0]["ContactID"].as_str().unwrap();
    let count = first["pagination"]["itemCount"].as_u64().unwrap();
    world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"ContactID": id, "FirstName": "Edited"})).await;
    let last = world.read(&tokens, &format!("Contacts?page={}&pageSize=20&includeArchived=true", count.div_ceil(20))).await;
    let last = last["Contacts"].as_array().unwrap().last().unwrap();
    assert_eq!((last["ContactID"].as_str(), last["FirstName"].as_str()), (Some(id), Some("Edited")));
    // The second page has lost its first record to the first page: page numbers over a moving order skip records.
    let second = world.read(&tokens, "Contacts?page=2&pageSize=20&includeArchived=true").await;
    assert!(!ids(&second, "Contacts", "ContactID").contains(&ids(&first, "Contacts", "ContactID")[19]));

    let before = updated_ms(last);
    world
        .order(&format!("/_sandbox/xero/{}/Contacts?silent=true", demo()), json!({"ContactID": id, "FirstName": "Silently"}))
        .await;
    let single = world.read(&tokens, &format!("Contacts/{id}")).await;
    assert_eq!(single["Contacts"][0]["FirstName"], "Silently");
    assert_eq!(updated_ms(&single["Contacts"][0]), before);
}

#[tokio::test]
async fn changes_are_told_by_whole_seconds_and_the_second_itself_counts() {
    let (world, tokens) = seeded(20, 60).await;
    let all = world.read(&tokens, "Payments?page=1&pageSize=1000").await;
    let newest = all["Payments"].as_array().unwrap().last().unwrap().clone();
    let second = newest["UpdatedDateUTCString"].as_str().unwrap().trim_end_matches('Z').to_owned();
    let since = |text: String| world.books(&tokens, "Payments?page=1").header("If-Modified-Since", text).send();
    let told: Value = since(format!("{second}.999")).await.unwrap().json().await.unwrap();
    assert!(ids(&told, "Payments", "PaymentID").contains(&newest["PaymentID"].as_str().unwrap().to_owned()));
    let nothing: Value = since("2100-01-01T00:00:00".into()).await.unwrap().json().await.unwrap();
    assert_eq!(nothing["pagination"], json!({"page": 1, "pageSize": 100, "pageCount": 0, "itemCount": 0}));
    assert_eq!(since("last week".into()).await.unwrap().status(), 400);
}

#[tokio::test]
async fn lists_without_pages_have_no_lines_and_no_pagination() {
    let (world, tokens) = seeded(30, 150).await;
    let list = world.read(&tokens, "Invoices").await;
    assert!(list.get("pagination").is_none());
    let invoices = list["Invoices"].as_array().unwrap();
    assert_eq!(invoices.len(), 150);
    assert!(invoices.iter().all(|invoice| invoice["LineItems"] == json!([])));
    let id = invoices[0]["InvoiceID"].as_str().unwrap();
    assert_ne!(world.read(&tokens, &format!("Invoices/{id}")).await["Invoices"][0]["LineItems"], json!([]));
    let some = ids(&list, "Invoices", "InvoiceID")[..3].join(",");
    let told = world.read(&tokens, &format!("Invoices?page=1&IDs={some}")).await;
    assert_eq!(told["pagination"]["itemCount"], 3);
}

#[tokio::test]
async fn filters_narrow_and_bad_ones_are_refused() {
    let (world, tokens) = seeded(60, 400).await;
    let count = async |path: &str| world.read(&tokens, path).await["pagination"]["itemCount"].as_u64().unwrap();
    let sales = count("Invoices?page=1&where=Type%3D%3D%22ACCREC%22").await;
    let bills = count("Invoices?page=1&where=Type%3D%3D%22ACCPAY%22").await;
    assert_eq!((sales, bills), (260, 140));
    let paid = count("Invoices?page=1&where=Type%3D%3D%22ACCREC%22%20AND%20Status%3D%3D%22PAID%22").await;
    assert_eq!(paid, count("Invoices?page=1&where=Type%3D%3D%22ACCREC%22&Statuses=PAID").await);
    assert!(paid > 0 && paid < sales);
    let (active, all) = (count("Contacts?page=1").await, count("Contacts?page=1&includeArchived=true").await);
    assert!(active < all && all == 60);
    for bad in ["Invoices?where=Colour%3D%3D%22red%22", "Invoices?page=first", "Invoices?page=1&IDs=7"] {
        let answer = world.books(&tokens, bad).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
        assert_eq!(answer.json::<Value>().await.unwrap()["Type"], "QueryParseException");
    }
    assert_eq!(count("Invoices?page=1&searchTerm=no%20such%20number").await, 0);
    assert_eq!(world.books(&tokens, "Colours").send().await.unwrap().status(), 404);
    let missing = world.books(&tokens, "Invoices/00000000-0000-0000-0000-000000000000").send().await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.text().await.unwrap(), "The resource you're looking for cannot be found");
}

#[tokio::test]
async fn prices_have_two_decimals_unless_four_are_asked_for() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let contact = world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Ada"})).await;
    let entered = json!({"Type": "ACCREC", "Contact": {"ContactID": contact[0]["ContactID"]}, "LineItems": [
        {"Description": "Screws", "Quantity": 1000, "UnitAmount": "0.0375", "AccountCode": "200"}, {"Description": "Only words"}]});
    let made = world.order(&format!("/_sandbox/xero/{}/Invoices", demo()), entered).await;
    let id = made[0]["InvoiceID"].as_str().unwrap();
    let read = async |query: &str| world.read(&tokens, &format!("Invoices/{id}{query}")).await["Invoices"][0].clone();
    assert_eq!(read("?unitdp=4").await["LineItems"][0]["UnitAmount"].to_string(), "0.0375");
    assert_eq!(read("").await["LineItems"][0]["UnitAmount"].to_string(), "0.04");
    let invoice = read("?unitdp=4").await;
    assert_eq!((invoice["SubTotal"].to_string(), invoice["TotalTax"].to_string()), ("37.50".into(), "5.63".into()));
    assert_eq!((invoice["Total"].to_string(), invoice["AmountDue"].to_string()), ("43.13".into(), "43.13".into()));
    assert_eq!((&invoice["Status"], &invoice["LineItems"][0]["TaxType"]), (&json!("DRAFT"), &json!("OUTPUT2")));
    assert!(invoice["LineItems"][1].get("AccountCode").is_none(), "words have no account");
    let contact = world.read(&tokens, &format!("Contacts/{}", contact[0]["ContactID"].as_str().unwrap())).await;
    assert_eq!(contact["Contacts"][0]["IsCustomer"], true);
}

#[tokio::test]
async fn a_payment_pays_and_its_deletion_takes_it_back() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let put = async |list: &str, record: Value| world.post(&format!("/_sandbox/xero/{}/{list}", demo()), record).await;
    let contact: Value = put("Contacts", json!({"Name": "Ada"})).await.json().await.unwrap();
    let invoice = json!({"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": contact[0]["ContactID"]},
                         "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}]});
    let invoice: Value = put("Invoices", invoice).await.json().await.unwrap();
    let id = invoice[0]["InvoiceID"].as_str().unwrap();
    let state = async || {
        let told = world.read(&tokens, &format!("Invoices/{id}")).await["Invoices"][0].clone();
        (told["Status"].as_str().unwrap().to_owned(), told["AmountPaid"].to_string(), told["AmountDue"].to_string())
    };
    let pay = |amount: &str| json!({"Invoice": {"InvoiceID": id}, "Amount": amount, "Account": {"Code": "090"}});
    assert_eq!(put("Payments", pay("115.01")).await.status(), 400, "more than is due");
    let part: Value = put("Payments", pay("15.00")).await.json().await.unwrap();
    assert_eq!(state().await, ("AUTHORISED".into(), "15.00".into(), "100.00".into()));
    put("Payments", pay("100.00")).await;
    assert_eq!(state().await, ("PAID".into(), "115.00".into(), "0.00".into()));
    put("Payments", json!({"PaymentID": part[0]["PaymentID"], "Status": "DELETED"})).await;
    assert_eq!(state().await, ("AUTHORISED".into(), "100.00".into(), "15.00".into()));
    let told = world.read(&tokens, "Payments?page=1&where=PaymentType%3D%3D%22ACCRECPAYMENT%22").await;
    assert_eq!(told["pagination"]["itemCount"], 2);
    assert_eq!(put("Invoices", json!({"Type": "ACCREC", "Contact": {"ContactID": id}, "LineItems": []})).await.status(), 400);
    assert_eq!(put("Contacts", json!({"Name": "Ada"})).await.status(), 400, "the name is taken");
    assert_eq!(put("Contacts", json!({"Name": "ADA"})).await.status(), 200);
    assert_eq!(put("Colours", json!({})).await.status(), 404);
}

#[tokio::test]
async fn who_does_not_ask_for_json_gets_xml() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let url = world.url("/xero/api/api.xro/2.0/Accounts");
    let call = world.client.get(url).bearer_auth(tokens["access_token"].as_str().unwrap()).header("xero-tenant-id", demo());
    let text = call.send().await.unwrap().text().await.unwrap();
    assert!(text.starts_with("<Response"), "{text}");
    assert!(text.contains("<Accounts><Account>") && text.contains("<Name>Sales</Name>"), "{text}");
}

#[tokio::test]
async fn the_sixty_first_call_of_a_minute_is_turned_away_with_its_reason() {
    let world = World::with(Options { realistic_limits: true, ..Options::default() }).await;
    let tokens = world.connect().await;
    for left in (0..60).rev() {
        let answer = world.books(&tokens, "Organisation").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-minlimit-remaining"], left.to_string().as_str());
    }
    let refused = world.books(&tokens, "Organisation").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-rate-limit-problem"], "minute");
    let wait: i64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=120).contains(&wait));
    world.order("/_sandbox/clock", json!({"advance_s": wait})).await;
    assert_eq!(world.books(&tokens, "Organisation").send().await.unwrap().status(), 200);
    let report = world.control("/_sandbox/requests").await;
    assert_eq!(report["refused_429"], 1);
    assert_eq!(report["organisations"][0]["busiest_minute"], 60);
}

#[tokio::test]
async fn the_same_seed_plants_the_same_books_and_another_plants_others() {
    let world = World::new().await;
    let dump = async |seed: u64| {
        world.order("/_sandbox/seed", json!({"contacts": 50, "invoices": 200, "seed": seed})).await;
        let mut text = String::new();
        for list in ["Contacts", "Items", "Invoices", "Payments"] {
            text += &world
                .client
                .get(world.url(&format!("/_sandbox/xero/{}/{list}", demo())))
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap();
        }
        text
    };
    let (first, again, other) = (dump(42).await, dump(42).await, dump(43).await);
    assert_eq!(first.lines().filter(|line| line.contains("\"InvoiceID\"") && line.contains("\"SubTotal\"")).count(), 200);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn the_nasty_company_can_be_entered_and_read() {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    let tokens = world.connect().await;
    let invoices = world.read(&tokens, "Invoices?page=1&pageSize=1000&unitdp=4").await;
    assert!(invoices["Invoices"].as_array().unwrap().len() >= 40);
    let by = |number: &str| {
        invoices["Invoices"]
            .as_array()
            .unwrap()
            .iter()
            .find(|known| known["Type"] == "ACCREC" && known["InvoiceNumber"] == number)
            .unwrap()
            .clone()
    };
    assert_eq!(by("INV-0001")["TotalTax"].to_string(), "11.43");
    let all = invoices["Invoices"].as_array().unwrap();
    let credits: Vec<_> = all.iter().map(|known| (known["AmountCredited"].to_string(), known["AmountDue"].to_string())).collect();
    assert!(credits.contains(&("40.00".into(), "20.00".into())));
    assert!(world.read(&tokens, "Overpayments?page=1").await["Overpayments"].as_array().unwrap().len() == 3);
}

#[tokio::test]
async fn a_sixth_call_at_once_is_turned_away_while_answers_are_late() {
    let world = World::with(Options { realistic_limits: true, ..Options::default() }).await;
    let tokens = world.connect().await;
    world.order("/_sandbox/faults", json!([{"match": {"path_contains": "Organisation"}, "kind": "latency", "ms": 400}])).await;
    let calls = (0..6).map(|_| world.books(&tokens, "Organisation").send());
    let answers = futures::future::join_all(calls).await;
    let mut statuses: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    let report = world.control("/_sandbox/requests").await;
    assert_eq!(report["organisations"][0]["in_flight_max"], 6);
    assert_eq!(world.books(&tokens, "Organisation").send().await.unwrap().status(), 200);
}
