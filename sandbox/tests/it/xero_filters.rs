//! What a list can be asked for: conditions, orders, its own parameters; keys that make a call safe to repeat; limits; XML.

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

/// `Invoices?where=…&order=…` with everything encoded.
fn asking(list: &str, parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{list}?{query}")
}

async fn all(world: &World, tokens: &Value, list: &str, parameters: &[(&str, &str)]) -> Vec<Value> {
    let mut parameters = parameters.to_vec();
    parameters.extend([("page", "1"), ("pageSize", "1000"), ("unitdp", "4"), ("includeArchived", "true")]);
    let page = world.read(tokens, &asking(list, &parameters)).await;
    assert_eq!(page["pagination"]["itemCount"], page[list].as_array().unwrap().len());
    page[list].as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.to_string().parse().unwrap()
}

fn ms(value: &Value) -> i64 {
    value.as_str().map_or(0, |text| text.trim_start_matches("/Date(").trim_end_matches("+0000)/").parse().unwrap())
}

#[tokio::test]
async fn a_condition_finds_exactly_the_records_that_meet_it() {
    let (world, tokens) = seeded(60, 400).await;
    let invoices = all(&world, &tokens, "Invoices", &[]).await;
    let someone = invoices[7]["Contact"].clone();
    let id = someone["ContactID"].as_str().unwrap();
    let name = someone["Name"].as_str().unwrap();
    let day = 1_735_689_600_000_i64; // 1 January 2025
    let text = |invoice: &Value, field: &str| invoice[field].as_str().unwrap_or_default().to_owned();
    type Meets<'a> = Box<dyn Fn(&Value) -> bool + 'a>;
    let cases: Vec<(String, Meets)> = vec![
        (
            "Type==\"ACCREC\" AND Status!=\"PAID\"".into(),
            Box::new(|one| text(one, "Type") == "ACCREC" && text(one, "Status") != "PAID"),
        ),
        (
            "Type==\"ACCPAY\" OR (Status==\"PAID\" AND Total>500)".into(),
            Box::new(|one| text(one, "Type") == "ACCPAY" || (text(one, "Status") == "PAID" && number(&one["Total"]) > 500.0)),
        ),
        ("Date>=DateTime(2025,1,1)".into(), Box::new(|one| ms(&one["Date"]) >= day)),
        (
            "Date < DateTime(2025, 1, 1) && AmountDue > 0".into(),
            Box::new(|one| ms(&one["Date"]) < day && number(&one["AmountDue"]) > 0.0),
        ),
        ("DueDate >= DateTime(2025,01,01,0,0,0)".into(), Box::new(|one| ms(&one["DueDate"]) >= day)),
        (format!("Contact.ContactID==Guid(\"{id}\")"), Box::new(|one| one["Contact"]["ContactID"] == id)),
        (format!("Contact.Name==\"{name}\""), Box::new(|one| one["Contact"]["Name"] == name)),
        ("InvoiceNumber.StartsWith(\"INV-\")".into(), Box::new(|one| text(one, "InvoiceNumber").starts_with("INV-"))),
        (
            "InvoiceNumber.EndsWith(\"7\") AND InvoiceNumber.Contains(\"-\")".into(),
            Box::new(|one| text(one, "InvoiceNumber").ends_with('7') && text(one, "InvoiceNumber").contains('-')),
        ),
        ("Reference==null".into(), Box::new(|one| text(one, "Reference").is_empty())),
        ("NOT (CurrencyCode==\"NZD\")".into(), Box::new(|one| text(one, "CurrencyCode") != "NZD")),
        (
            "CurrencyRate<1 AND IsDiscounted==false".into(),
            Box::new(|one| number(&one["CurrencyRate"]) < 1.0 && one["IsDiscounted"] == false),
        ),
        ("FullyPaidOnDate!=null".into(), Box::new(|one| one.get("FullyPaidOnDate").is_some())),
    ];
    for (condition, meets) in cases {
        let found: BTreeSet<_> = all(&world, &tokens, "Invoices", &[("where", &condition)])
            .await
            .iter()
            .map(|one| one["InvoiceID"].to_string())
            .collect();
        let wanted: BTreeSet<_> = invoices.iter().filter(|one| meets(one)).map(|one| one["InvoiceID"].to_string()).collect();
        assert_eq!(found, wanted, "{condition}");
        assert!(!wanted.is_empty() && wanted.len() < invoices.len(), "{condition} tells nothing apart: {}", wanted.len());
    }
    let payments = all(&world, &tokens, "Payments", &[]).await;
    let paid = payments[0]["Invoice"]["InvoiceID"].as_str().unwrap();
    let found = all(&world, &tokens, "Payments", &[("where", &format!("Invoice.InvoiceId==Guid(\"{paid}\")"))]).await;
    assert!(!found.is_empty() && found.iter().all(|payment| payment["Invoice"]["InvoiceID"] == paid));
    for bad in ["Colour==\"red\"", "Type==5", "Date>\"2025-01-01\"", "(Type==\"ACCREC\"", "LineItems!=null"] {
        let answer = world.books(&tokens, &asking("Invoices", &[("where", bad)])).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{bad}");
        let says: Value = answer.json().await.unwrap();
        assert_eq!((&says["ErrorNumber"], &says["Type"]), (&json!(16), &json!("QueryParseException")), "{bad}");
    }
}

#[tokio::test]
async fn any_field_orders_a_list_and_pages_keep_that_order() {
    let (world, tokens) = seeded(60, 300).await;
    for (order, key) in
        [("Date DESC", "Date"), ("Total", "Total"), ("InvoiceNumber ASC", "InvoiceNumber"), ("DueDate", "DueDate")]
    {
        let mut seen = Vec::new();
        for page in ["1", "2", "3", "4"] {
            let told = world.read(&tokens, &asking("Invoices", &[("page", page), ("pageSize", "90"), ("order", order)])).await;
            seen.extend(told["Invoices"].as_array().unwrap().iter().cloned());
        }
        assert_eq!(seen.iter().map(|one| one["InvoiceID"].to_string()).collect::<BTreeSet<_>>().len(), 300, "{order}");
        let sorted = match key {
            "Total" => seen.is_sorted_by(|one, next| number(&one[key]) <= number(&next[key])),
            "InvoiceNumber" => seen.is_sorted_by(|one, next| one[key].as_str() <= next[key].as_str()),
            "Date" => seen.is_sorted_by(|one, next| ms(&one[key]) >= ms(&next[key])),
            _ => seen.is_sorted_by(|one, next| ms(&one[key]) <= ms(&next[key])),
        };
        assert!(sorted, "{order}");
    }
    let refused = world.books(&tokens, &asking("Invoices", &[("order", "Colour")])).send().await.unwrap();
    assert_eq!(refused.status(), 400);
}

#[tokio::test]
async fn lists_have_parameters_of_their_own() {
    let (world, tokens) = seeded(60, 200).await;
    let contacts = all(&world, &tokens, "Contacts", &[]).await;
    let name = contacts[3]["Name"].as_str().unwrap();
    let found = all(&world, &tokens, "Contacts", &[("searchTerm", &name.to_uppercase())]).await;
    assert!(!name.is_ascii() || found.iter().any(|contact| contact["Name"] == name), "{name}");
    let invoices = all(&world, &tokens, "Invoices", &[]).await;
    let id = invoices[0]["Contact"]["ContactID"].as_str().unwrap();
    let theirs = all(&world, &tokens, "Invoices", &[("ContactIDs", id)]).await;
    assert_eq!(theirs.len(), invoices.iter().filter(|one| one["Contact"]["ContactID"] == id).count());
    assert_eq!(
        all(&world, &tokens, "Invoices", &[("Statuses", "PAID,VOIDED")]).await.len(),
        invoices.iter().filter(|one| one["Status"] == "PAID" || one["Status"] == "VOIDED").count()
    );
    assert!(all(&world, &tokens, "Invoices", &[("createdByMyApp", "true")]).await.is_empty());
    let mine = json!({"Type": "ACCREC", "Contact": {"ContactID": id}, "LineItems": [{"Description": "x"}]});
    let (status, made) = world.send(&tokens, "PUT", "Invoices", mine).await;
    assert_eq!(status, 200, "{made}");
    let found = all(&world, &tokens, "Invoices", &[("createdByMyApp", "true")]).await;
    assert_eq!((found.len(), &found[0]["InvoiceID"]), (1, &made["Invoices"][0]["InvoiceID"]));
    let long = vec![id; 60].join(",");
    assert_eq!(world.books(&tokens, &format!("Invoices?IDs={long}")).send().await.unwrap().status(), 414);
    world.order("/_sandbox/switches", json!({"xero.query_strings_have_2048_characters": false})).await;
    assert_eq!(world.books(&tokens, &format!("Invoices?IDs={long}")).send().await.unwrap().status(), 200);
    assert_eq!(world.books(&tokens, &format!("Invoices?IDs={}", vec![id; 400].join(","))).send().await.unwrap().status(), 414);
    // Where there is extremely much, only what is found fast is given.
    world.order("/_sandbox/xero/volume", json!({"Invoices": 100})).await;
    let ask = async |parameters: &[(&str, &str)]| world.books(&tokens, &asking("Invoices", parameters)).send().await.unwrap();
    assert_eq!(ask(&[("page", "1"), ("where", "Status==\"PAID\"")]).await.status(), 200);
    let refused = ask(&[("page", "1"), ("where", "InvoiceNumber==\"x\"")]).await;
    assert_eq!(refused.status(), 400);
    assert!(
        refused.text().await.unwrap().contains(
            "Your request is not filtering Invoices efficiently, given the extremely high volume for this organisation"
        )
    );
}

#[tokio::test]
async fn a_call_with_a_key_is_done_once_in_six_minutes() {
    let (world, tokens) = seeded(12, 20).await;
    let call = async |key: &str, method: &str, path: &str, body: Value| {
        let call = world.books(&tokens, path).header("Idempotency-Key", key).json(&body).build().unwrap();
        let mut call = call;
        *call.method_mut() = method.parse().unwrap();
        let answer = world.client.execute(call).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let ada = json!({"Contacts": [{"Name": "Ada of the key"}]});
    let first = call("k1", "PUT", "Contacts", ada.clone()).await;
    assert_eq!(first.0, 200);
    assert_eq!(call("k1", "PUT", "Contacts", ada.clone()).await, first, "the same answer, to the letter");
    let refused = call("k2", "PUT", "Contacts", ada.clone()).await;
    assert_eq!(refused.0, 400, "without the key it is another call");
    world.order("/_sandbox/clock", json!({"advance_s": 30})).await;
    assert_eq!(call("k2", "PUT", "Contacts", ada.clone()).await, refused, "refusals are repeated too");
    assert_eq!(call("k1", "PUT", "Contacts", json!({"Contacts": [{"Name": "Bob of the key"}]})).await.0, 400);
    assert_eq!(call("k1", "POST", "Contacts", ada.clone()).await.0, 400);
    assert_eq!(call(&"k".repeat(129), "PUT", "Contacts", json!({"Name": "Long"})).await.0, 400);
    assert_eq!(call(&"k".repeat(128), "PUT", "Contacts", json!({"Name": "Long"})).await.0, 200);
    world.order("/_sandbox/clock", json!({"advance_s": 330})).await;
    let after = call("k1", "PUT", "Contacts", ada).await;
    assert_eq!(after.0, 400, "six minutes after the first call it is done anew, and the name is taken: {}", after.1);
    let found = all(&world, &tokens, "Contacts", &[("where", "Name==\"Ada of the key\"")]).await;
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn every_limit_says_which_it_is() {
    let world = World::with(Options { realistic_limits: true, ..Options::default() }).await;
    let tokens = world.connect().await;
    let ask = async || world.books(&tokens, "Organisation").send().await.unwrap();
    let header =
        |answer: &reqwest::Response, name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let first = ask().await;
    assert_eq!(header(&first, "x-daylimit-remaining").as_deref(), Some("999"), "the lowest tier has a thousand calls a day");
    assert_eq!(header(&first, "x-appminlimit-remaining").as_deref(), Some("9999"));
    world.order("/_sandbox/xero/app", json!({"tier": "core"})).await;
    assert_eq!(header(&ask().await, "x-daylimit-remaining").as_deref(), Some("4998"));
    world.order("/_sandbox/limits", json!({"xero_app_per_minute": 3})).await;
    assert_eq!(header(&ask().await, "x-appminlimit-remaining").as_deref(), Some("0"));
    let refused = ask().await;
    assert_eq!((refused.status().as_u16(), header(&refused, "x-rate-limit-problem").as_deref()), (429, Some("appminute")));
    let wait: u32 = header(&refused, "retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&wait) && header(&refused, "x-minlimit-remaining").is_some());
    world
        .order("/_sandbox/limits", json!({"xero_app_per_minute": null, "xero": {"per_minute": 60, "per_day": 4, "in_flight": 5}}))
        .await;
    ask().await;
    let refused = ask().await;
    assert_eq!((refused.status().as_u16(), header(&refused, "x-rate-limit-problem").as_deref()), (429, Some("day")));
    assert!(header(&refused, "retry-after").is_some() && header(&refused, "x-daylimit-remaining").as_deref() == Some("0"));
}

#[tokio::test]
async fn xml_is_spoken_both_ways() {
    let (world, tokens) = seeded(12, 20).await;
    let url = |path: &str| world.url(&format!("/xero/api/api.xro/2.0/{path}"));
    let call = |method: reqwest::Method, path: &str| {
        world
            .client
            .request(method, url(path))
            .bearer_auth(tokens["access_token"].as_str().unwrap())
            .header("xero-tenant-id", demo())
    };
    let body = "<Contacts><Contact><Name>Tom &amp; Jerry</Name><Phones><Phone><PhoneType>MOBILE</PhoneType><PhoneNumber>555</PhoneNumber></Phone></Phones></Contact></Contacts>";
    let answer =
        call(reqwest::Method::PUT, "Contacts").header("Content-Type", "application/xml").body(body).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, "text/xml; charset=utf-8"));
    let text = answer.text().await.unwrap();
    for piece in ["<Status>OK</Status>", "<Contacts><Contact>", "<Name>Tom &amp; Jerry</Name>", "<PhoneNumber>555</PhoneNumber>"]
    {
        assert!(text.contains(piece), "{piece} in {text}");
    }
    let again = call(reqwest::Method::PUT, "Contacts").header("Content-Type", "text/xml").body(body).send().await.unwrap();
    assert_eq!(again.status(), 400);
    let text = again.text().await.unwrap();
    assert!(
        text.starts_with("<ApiException") && text.contains("<ErrorNumber>10</ErrorNumber>") && text.contains("already assigned"),
        "{text}"
    );
    let broken =
        call(reqwest::Method::PUT, "Contacts").header("Content-Type", "text/xml").body("<Contacts>").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    let list = call(reqwest::Method::GET, "Invoices?page=1").send().await.unwrap().text().await.unwrap();
    assert!(list.contains("<LineItems><LineItem>") && !list.contains("/Date("), "dates are written out");
}
