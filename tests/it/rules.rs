//! Rules: what sets tracking in Xero, and which custom fields stand for which places there. Looked through, tried, kept.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books};

const SET_TRACKING: &str = "mutation($id: ID!, $rules: [TrackingRuleInput!]!, $accept: Boolean) { setTrackingRules(linkId: $id, rules: $rules, \
    acceptUnmapped: $accept) { stands problems { path code sentence values blocks } link { trackingRules { source { kind tagId apiName value } \
    transform { rows { from to } prefix } category missing { kind option } } } } }";
const SET_FIELDS: &str = "mutation($id: ID!, $rules: [FieldRuleInput!]!) { setFieldRules(linkId: $id, rules: $rules) { stands retried problems { path code \
    sentence blocks } link { fieldRules { flow direction label apiName dataType options create carrier { place label category phone } } } } }";
const TRY: &str = "query($id: ID!, $rules: [TrackingRuleInput!]!) { testTrackingRules(linkId: $id, rules: $rules, sample: 5) { problems { sentence } \
    documents { flow { key } number held reason lines { name tracking { category option isNew } } } } }";
const DISCOVER: &str = "query($id: ID!, $flow: String!) { customFields(linkId: $id, flow: $flow) { zoho { label apiName dataType isUnique options count } \
    zohoSample xero { name carrier { place label category phone } isReadOnly count } xeroSample } }";

/// Zoho tells times in whole seconds: what a person changes in the second of our own write looks like it.
const SECONDS: Duration = Duration::from_secs(5);

async fn connected() -> (World, Connected) {
    let (world, connected) = World::of_company("demo-company", Some(12), Some(20)).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    (world, connected)
}

async fn ask(world: &World, connected: &Connected, question: &str, mut variables: Value) -> Value {
    variables["id"] = connected.link.as_str().into();
    let data = world.staff.data(question, variables).await.unwrap();
    data.as_object().unwrap().values().next().unwrap().clone()
}

async fn zoho(world: &World, connected: &Connected, method: Method, path: &str, body: Option<Value>) -> Value {
    world.person_in_zoho(connected, method, path, body).await
}

async fn category(world: &World) -> Value {
    books::xero(world, "TrackingCategories").await.into_iter().find(|one| one["Status"] == "ACTIVE").expect("a category")
}

async fn tag(world: &World, connected: &Connected) -> Value {
    let listed = zoho(world, connected, Method::GET, "reportingtags", None).await;
    let path = format!("reportingtags/{}", listed["reporting_tags"][0]["tag_id"].as_str().unwrap());
    zoho(world, connected, Method::GET, &path, None).await["tag"].clone()
}

/// Adds options to the tag that Xero knows nothing of.
async fn add_options(world: &World, connected: &Connected, names: &[&str]) -> Value {
    let there = tag(world, connected).await;
    let mut options = there["options"].as_array().unwrap().clone();
    options.extend(names.iter().map(|name| json!({ "option_name": name, "is_active": true })));
    let path = format!("reportingtags/{}/options", there["tag_id"].as_str().unwrap());
    zoho(world, connected, Method::PUT, &path, Some(json!({ "options": options }))).await;
    tag(world, connected).await
}

/// An invoice of Zoho's for some customer.
async fn invoice(world: &World, connected: &Connected, number: &str, more: Value) -> Value {
    let contacts = books::zoho(world, "contacts").await;
    let is_local = |one: &&Value| one["contact_type"] == "customer" && one["status"] == "active" && one["currency_code"] == "NZD";
    let customer = contacts.iter().find(is_local).expect("a customer");
    let mut body = json!({
        "customer_id": customer["contact_id"], "invoice_number": number, "date": "2026-06-01", "due_date": "2026-07-01",
        "line_items": [{ "name": "Work", "quantity": 1, "rate": 12.5 }],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    zoho(world, connected, Method::POST, "invoices?ignore_auto_number_generation=true", Some(body)).await["invoice"].clone()
}

fn by_tag(tag: &Value, category: &Value, missing: Value) -> Value {
    json!({ "source": { "kind": "TAG", "tagId": tag["tag_id"] }, "category": category["TrackingCategoryID"], "missing": missing })
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_rules_are_looked_through_before_they_stand() {
    let (world, connected) = connected().await;
    let region = category(&world).await;
    let tag = add_options(&world, &connected, &["Abroad", "Isles"]).await;
    let all = tag["options"].as_array().unwrap().len();
    let archived = region["Options"].as_array().unwrap().iter().filter(|option| option["Status"] == "ARCHIVED").count();
    let hold = json!({ "kind": "HOLD" });
    let rules = json!([by_tag(&tag, &region, hold)]);
    let told = ask(&world, &connected, SET_TRACKING, json!({ "rules": rules })).await;
    assert_eq!(told["stands"], false, "{told:#}");
    let unmet = 2 + archived;
    assert_eq!(told["problems"][0]["sentence"], format!("Region: {unmet} of {all} values have no option"));
    assert_eq!((&told["problems"][0]["path"], &told["problems"][0]["code"]), (&json!("rules[0].source"), &json!("NO_OPTION")));
    let values = told["problems"][0]["values"].as_array().unwrap();
    assert!(values.contains(&json!("Abroad")) && values.contains(&json!("Isles")) && values.len() == unmet, "{values:?}");
    assert_eq!(told["link"]["trackingRules"], json!([]), "nothing is kept");

    // Each mistake has its place; all are told at once.
    let wrong = json!([
        { "source": { "kind": "DEAL_FIELD", "apiName": "Stage" }, "category": region["TrackingCategoryID"] },
        { "source": { "kind": "DOCUMENT_FIELD", "apiName": "cf_none" }, "category": "x" },
        { "source": { "kind": "SALESPERSON" }, "category": region["TrackingCategoryID"], "missing": { "kind": "DEFAULT", "option": "Mars" },
          "transform": { "rows": [{ "from": "Kiri", "to": "Venus" }] } },
    ]);
    let told = ask(&world, &connected, SET_TRACKING, json!({ "rules": wrong })).await;
    let codes: Vec<String> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["path"].as_str().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        codes,
        [
            "rules[0].source NO_SUCH_SOURCE",
            "rules[1].source.apiName NO_FIELD",
            "rules[1].category NO_CATEGORY",
            "rules[2].missing.option NO_DEFAULT",
            "rules[2].transform.rows[0].to NO_OPTION",
        ]
    );

    // With a table, or taken as it is, they stand; and the new ones take the place of the old.
    let options = region["Options"].as_array().unwrap();
    let north = options.iter().find(|option| option["Name"] == "North").expect("North");
    let rows: Vec<Value> = values.iter().map(|value| json!({ "from": value, "to": north["TrackingOptionID"] })).collect();
    let mut rule = by_tag(&tag, &region, json!({ "kind": "HOLD" }));
    rule["transform"] = json!({ "rows": rows });
    let told = ask(&world, &connected, SET_TRACKING, json!({ "rules": [rule.clone()] })).await;
    assert_eq!((&told["stands"], &told["problems"]), (&json!(true), &json!([])), "{told:#}");
    assert_eq!(told["link"]["trackingRules"][0]["transform"]["rows"], json!(rows));
    let told = ask(&world, &connected, SET_TRACKING, json!({ "rules": rules, "accept": true })).await;
    assert_eq!((&told["stands"], &told["problems"][0]["blocks"]), (&json!(true), &json!(false)), "{told:#}");
    let kept = told["link"]["trackingRules"].as_array().unwrap();
    assert!(kept.len() == 1 && kept[0]["transform"].is_null() && kept[0]["missing"]["kind"] == "HOLD", "{kept:#?}");
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM rule").await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_follows_the_deal_that_an_invoice_was_made_out_of() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(12), Some(20)).await;
    let links = world.connected_to(&["books", "crm"]).await;
    let (books_link, crm_link) = (&links[0], &links[1]);
    world.migrate(books_link).await;
    world.migrate(crm_link).await;
    let region = category(&world).await;
    let rule =
        |field: &str| json!({ "source": { "kind": "DEAL_FIELD", "apiName": field }, "category": region["TrackingCategoryID"] });
    let told = ask(&world, books_link, SET_TRACKING, json!({ "rules": [rule("Nonsense")] })).await;
    assert_eq!(told["problems"][0]["code"], "NO_FIELD", "{told:#}");
    // A choice of CRM's and an option of Xero's are two names of one thing; the other choices have none.
    let mut by_kind = rule("Type");
    by_kind["transform"] = json!({ "rows": [{ "from": "New Business", "to": "North" }] });
    let told = ask(&world, books_link, SET_TRACKING, json!({ "rules": [by_kind], "accept": true })).await;
    assert_eq!(told["stands"], true, "{told:#}");
    assert!(told["problems"][0]["values"].as_array().unwrap().contains(&json!("Existing Business")), "{told:#}");

    invoice(&world, books_link, "NO-DEAL", json!({})).await;
    for (number, kind) in [("DEAL-1", "New Business"), ("DEAL-2", "New Business"), ("DEAL-3", "Existing Business")] {
        let invoice = invoice(&world, books_link, number, json!({})).await;
        let deal = json!({ "Deal_Name": number, "Stage": "Closed Won", "Type": kind });
        let order = json!({ "deal": deal, "module": "invoices", "id": invoice["invoice_id"] });
        world.stage.control("zoho/crm/deal", order).await.unwrap();
    }
    let tried = ask(&world, books_link, TRY, json!({ "rules": told["link"]["trackingRules"] })).await;
    let of = |number: &str| tried["documents"].as_array().unwrap().iter().find(|one| one["number"] == number).cloned().unwrap();
    assert_eq!(of("DEAL-1")["lines"][0]["tracking"][0]["option"], "North", "{tried:#}");
    assert_eq!((&of("DEAL-3")["held"], &of("NO-DEAL")["held"]), (&json!("TRACKING_NO_OPTION"), &Value::Null), "{tried:#}");

    world.advance(SECONDS).await;
    world.forget_requests().await;
    world.run("syncNow", books_link).await;
    let asked = world.asked().await;
    assert_eq!(asked.count("zoho", "Deals"), 1, "three deals are one call");
    let in_xero = books::xero(&world, "Invoices").await;
    let tracked = |number: &str| {
        let found = in_xero.iter().find(|one| one["InvoiceNumber"] == number)?;
        Some(found["LineItems"][0]["Tracking"][0]["Option"].clone())
    };
    assert_eq!((tracked("DEAL-1"), tracked("DEAL-2")), (Some(json!("North")), Some(json!("North"))));
    assert_eq!((tracked("NO-DEAL"), tracked("DEAL-3")), (Some(Value::Null), None));
    let holds = world.staff.holds(&books_link.link).await.unwrap();
    let held: Vec<&Value> = holds.iter().filter(|hold| hold["code"] == "TRACKING_NO_OPTION").collect();
    assert_eq!(held.len(), 1, "{holds:#?}");

    // Where CRM does not tell the deal, nothing goes without its tracking.
    let refused = json!([{ "match": { "provider": "zoho", "path_contains": "/crm/v8/Deals" }, "kind": "status", "code": 403, "body": "{\"code\":\"NO_PERMISSION\",\"message\":\"permission denied\",\"status\":\"error\",\"details\":{}}" }]);
    world.faults(refused).await;
    let last = invoice(&world, books_link, "DEAL-4", json!({})).await;
    let order = json!({ "deal": { "Deal_Name": "4", "Stage": "Closed Won", "Type": "New Business" }, "module": "invoices", "id": last["invoice_id"] });
    world.stage.control("zoho/crm/deal", order).await.unwrap();
    world.advance(SECONDS).await;
    world.run("syncNow", books_link).await;
    let holds = world.staff.holds(&books_link.link).await.unwrap();
    assert!(holds.iter().any(|hold| hold["code"] == "DEAL_NOT_READ"), "{holds:#?}");
    world.faults(json!([])).await;
    ask(&world, books_link, SET_TRACKING, json!({ "rules": told["link"]["trackingRules"], "accept": true })).await;
    world.run("syncNow", books_link).await;
    let in_xero = books::xero(&world, "Invoices").await;
    let arrived = in_xero.iter().find(|one| one["InvoiceNumber"] == "DEAL-4").unwrap();
    assert_eq!(arrived["LineItems"][0]["Tracking"][0]["Option"], "North", "{arrived:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tracking_rules_are_tried_on_the_newest_documents_without_writing_anything() {
    let (world, connected) = connected().await;
    let region = category(&world).await;
    let tag = add_options(&world, &connected, &["Abroad"]).await;
    let option = |name: &str| {
        let options = tag["options"].as_array().unwrap();
        options.iter().find(|option| option["option_name"] == name).expect("an option")["option_id"].clone()
    };
    let line = |name: &str, region: &str| json!({ "name": name, "quantity": 1, "rate": 5, "tags": [{ "tag_id": tag["tag_id"], "tag_option_id": option(region) }] });
    invoice(
        &world,
        &connected,
        "TRY-1",
        json!({ "line_items": [line("Work", "North"), { "name": "A word", "quantity": 1, "rate": 0 }] }),
    )
    .await;
    invoice(&world, &connected, "TRY-2", json!({ "line_items": [line("Travel", "Abroad")] })).await;
    world.forget_requests().await;
    let tried = |missing: Value| json!({ "rules": [by_tag(&tag, &region, missing)] });
    let told = ask(&world, &connected, TRY, tried(json!({ "kind": "HOLD" }))).await;
    let documents = told["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 5);
    let of =
        |number: &str| documents.iter().find(|one| one["number"] == number).unwrap_or_else(|| panic!("no {number}: {told:#}"));
    let north = json!([{ "category": "Region", "option": "North", "isNew": false }]);
    assert_eq!(of("TRY-1")["lines"], json!([{ "name": "Work", "tracking": north }, { "name": "A word", "tracking": [] }]));
    assert_eq!((&of("TRY-1")["flow"]["key"], &of("TRY-1")["held"]), (&json!("books.invoices"), &Value::Null));
    assert_eq!(of("TRY-2")["held"], "TRACKING_NO_OPTION");
    assert!(of("TRY-2")["reason"].as_str().unwrap().starts_with("TRY-2 says “Abroad”, which Region in Xero has no option for."));
    let told = ask(&world, &connected, TRY, tried(json!({ "kind": "CREATE" }))).await;
    let abroad = told["documents"].as_array().unwrap().iter().find(|one| one["number"] == "TRY-2").unwrap();
    assert_eq!(abroad["lines"][0]["tracking"], json!([{ "category": "Region", "option": "Abroad", "isNew": true }]));
    assert_eq!(world.asked().await.writes("xero") + world.asked().await.writes("zoho"), 0, "{:#?}", world.asked().await);
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM rule").await, 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_fields_are_found_with_counts_and_made_where_they_are_missing() {
    let (world, connected) = connected().await;
    let rule = |label: &str, data_type: &str, carrier: Value| json!({ "flow": "books.invoices", "direction": "BOTH", "label": label, "dataType": data_type, "carrier": carrier });
    let mut grade = rule("Grade", "DROPDOWN", json!({ "place": "LINE_PART", "label": "Grade" }));
    let told = ask(&world, &connected, SET_FIELDS, json!({ "rules": [grade] })).await;
    assert_eq!((&told["stands"], &told["problems"][0]["code"]), (&json!(false), &json!("NO_FIELD")), "{told:#}");

    grade["create"] = true.into();
    grade["options"] = json!(["A", "B"]);
    let mut delivery = rule("Delivery day", "DATE", json!({ "place": "REFERENCE" }));
    delivery["create"] = true.into();
    world.forget_requests().await;
    let told = ask(&world, &connected, SET_FIELDS, json!({ "rules": [grade, delivery] })).await;
    assert_eq!((&told["stands"], &told["problems"]), (&json!(true), &json!([])), "{told:#}");
    let kept = told["link"]["fieldRules"].as_array().unwrap();
    let names: Vec<&Value> = kept.iter().map(|one| &one["apiName"]).collect();
    assert_eq!(names, [&json!("cf_grade"), &json!("cf_delivery_day")]);
    assert_eq!(world.asked().await.writes("zoho"), 2, "{:#?}", world.asked().await);

    // The same again makes nothing; one more choice is added to those that are there.
    world.forget_requests().await;
    let again = ask(&world, &connected, SET_FIELDS, json!({ "rules": [grade, delivery] })).await;
    assert_eq!((&again["stands"], world.asked().await.writes("zoho")), (&json!(true), 0), "{again:#}");
    grade["options"] = json!(["C"]);
    let more = ask(&world, &connected, SET_FIELDS, json!({ "rules": [grade] })).await;
    assert_eq!(more["link"]["fieldRules"][0]["options"], json!(["A", "B", "C"]), "{more:#}");

    let said = json!({ "custom_fields": [{ "api_name": "cf_grade", "value": "C" }, { "api_name": "cf_delivery_day", "value": "2026-06-30" }] });
    invoice(&world, &connected, "FIELD-1", said).await;
    let found = ask(&world, &connected, DISCOVER, json!({ "flow": "books.invoices" })).await;
    let field = |api_name: &str| {
        found["zoho"].as_array().unwrap().iter().find(|one| one["apiName"] == api_name).unwrap_or_else(|| panic!("{found:#}"))
    };
    assert_eq!(
        field("cf_grade"),
        &json!({ "label": "Grade", "apiName": "cf_grade", "dataType": "dropdown", "isUnique": false, "options": ["A", "B", "C"], "count": 1 })
    );
    assert_eq!(
        (&field("cf_xero_id")["isUnique"], &field("cf_xero_id")["count"]),
        (&json!(true), &json!(found["zohoSample"].as_u64().unwrap() - 1))
    );
    let reference = found["xero"].as_array().unwrap().iter().find(|one| one["carrier"]["place"] == "REFERENCE").unwrap();
    let told = books::xero(&world, "Invoices").await;
    let told =
        told.iter().filter(|one| one["Type"] == "ACCREC" && one["Reference"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!((&reference["name"], &reference["count"]), (&json!("Reference"), &json!(told.count())));
    let places = found["xero"].as_array().unwrap();
    assert!(places.iter().any(|one| one["carrier"]["place"] == "TRACKING" && one["count"].is_u64()), "{places:#?}");
    let contacts = ask(&world, &connected, DISCOVER, json!({ "flow": "books.customers" })).await;
    let website = contacts["xero"].as_array().unwrap().iter().find(|one| one["carrier"]["place"] == "WEBSITE").unwrap();
    assert_eq!(website["isReadOnly"], true);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zoho_invoice_arrives_in_xero_with_its_tracking_its_custom_field_and_its_words() {
    let (world, connected) = connected().await;
    let region = category(&world).await;
    let tag = add_options(&world, &connected, &["Abroad"]).await;
    let option = |name: &str| {
        let options = tag["options"].as_array().unwrap();
        options.iter().find(|option| option["option_name"] == name).expect("an option")["option_id"].clone()
    };
    let create = json!({ "kind": "CREATE" });
    // An option that is archived in Xero is held when it comes.
    let rules = json!({ "rules": [by_tag(&tag, &region, create)], "accept": true });
    let told = ask(&world, &connected, SET_TRACKING, rules).await;
    assert_eq!(told["stands"], true, "{told:#}");
    let delivery = json!({
        "flow": "books.invoices", "direction": "BOTH", "label": "Delivery", "dataType": "DATE", "create": true,
        "carrier": { "place": "LINE_PART", "label": "Delivery" },
    });
    let told = ask(&world, &connected, SET_FIELDS, json!({ "rules": [delivery] })).await;
    assert_eq!(told["stands"], true, "{told:#}");

    let tagged = |name: &str, region: &str| json!({ "name": name, "quantity": 2, "rate": 50, "tags": [{ "tag_id": tag["tag_id"], "tag_option_id": option(region) }] });
    let made = json!({
        "line_items": [tagged("Hosting", "North"), tagged("Travel", "Abroad"), { "name": "Thank you for your business", "quantity": 1, "rate": 0 }],
        "custom_fields": [{ "api_name": "cf_delivery", "value": "2026-06-30" }],
    });
    let made = invoice(&world, &connected, "RULED-1", made).await;
    world.run("syncNow", &connected).await;
    let there = in_xero(&world, "RULED-1").await;
    let lines = there["LineItems"].as_array().unwrap();
    let said: Vec<&str> = lines.iter().map(|line| line["Description"].as_str().unwrap()).collect();
    assert_eq!(said, ["Hosting\nDelivery: 2026-06-30", "Travel", "Thank you for your business"], "{there:#}");
    assert_eq!((&lines[0]["Tracking"][0]["Name"], &lines[0]["Tracking"][0]["Option"]), (&json!("Region"), &json!("North")));
    // The option that Xero did not have was made there.
    assert_eq!(lines[1]["Tracking"][0]["Option"], "Abroad");
    let words = lines[2].as_object().unwrap();
    let nothing = |key: &str| {
        words.get(key).is_none_or(|value| value.is_null() || *value == json!([]) || *value == 0.0 || value == "0.0000")
    };
    assert!(["UnitAmount", "AccountCode", "ItemCode", "Tracking"].iter().all(|key| nothing(key)), "{words:#?}");
    // The next run learns the new option like any other of Xero's.
    world.run("syncNow", &connected).await;
    world.nothing_more(&connected).await;

    // A custom field that changes is a change.
    let id = made["invoice_id"].as_str().unwrap().to_owned();
    world.advance(SECONDS).await;
    let later = json!({ "custom_fields": [{ "api_name": "cf_delivery", "value": "2026-07-02" }] });
    zoho(&world, &connected, Method::PUT, &format!("invoices/{id}"), Some(later)).await;
    world.run("syncNow", &connected).await;
    let there = in_xero(&world, "RULED-1").await;
    assert_eq!(there["LineItems"][0]["Description"], "Hosting\nDelivery: 2026-07-02", "{there:#}");
    assert_eq!(there["LineItems"][0]["LineItemID"], lines[0]["LineItemID"]);
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customers_custom_field_and_its_place_in_xero_follow_each_other() {
    let (world, connected) = connected().await;
    let rule = json!({
        "flow": "books.customers", "direction": "BOTH", "label": "Ledger number", "dataType": "NUMBER", "create": true,
        "carrier": { "place": "ACCOUNT_NUMBER" },
    });
    let told = ask(&world, &connected, SET_FIELDS, json!({ "rules": [rule] })).await;
    assert_eq!(
        (&told["stands"], &told["link"]["fieldRules"][0]["apiName"]),
        (&json!(true), &json!("cf_ledger_number")),
        "{told:#}"
    );
    let customers = books::xero(&world, "Contacts").await;
    let customer =
        customers.iter().find(|one| one["IsCustomer"] == true && one["ContactStatus"] == "ACTIVE").expect("a customer");
    let id = customer["ContactID"].as_str().unwrap().to_owned();
    let account_number = async || {
        let found = books::xero(&world, "Contacts").await.into_iter().find(|one| one["ContactID"] == id.as_str());
        found.expect("the customer")["AccountNumber"].clone()
    };
    let in_zoho = async || {
        let found = books::zoho(&world, "contacts").await;
        found.into_iter().find(|one| books::custom(one, "cf_xero_acct_id").as_deref() == Some(id.as_str())).expect("the customer")
    };
    let change = async |number: &str| {
        world.in_xero("Contacts", json!({ "ContactID": id, "Name": customer["Name"], "AccountNumber": number })).await;
    };
    change("4711").await;
    world.run("syncNow", &connected).await;
    assert_eq!(books::custom(&in_zoho().await, "cf_ledger_number").as_deref(), Some("4711"));
    world.advance(SECONDS).await;
    let path = format!("contacts/{}", in_zoho().await["contact_id"].as_str().unwrap());
    let changed = json!({ "custom_fields": [{ "api_name": "cf_ledger_number", "value": 4712 }] });
    zoho(&world, &connected, Method::PUT, &path, Some(changed)).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(
        account_number().await,
        "4712",
        "{progress:#}\n{:#?}\n{:#}",
        world.staff.holds(&connected.link).await,
        in_zoho().await
    );
    world.nothing_more(&connected).await;

    change("none").await;
    world.run("syncNow", &connected).await;
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let hold = holds.iter().find(|hold| hold["code"] == "FIELD_VALUE").unwrap_or_else(|| panic!("{holds:#?}"));
    let sentence = hold["sentence"].as_str().unwrap_or_default();
    assert!(
        sentence.starts_with("The value “none” of Account number on contact ") && sentence.contains("is not a number"),
        "{hold:#}"
    );
    assert_eq!(books::custom(&in_zoho().await, "cf_ledger_number").as_deref(), Some("4712"));

    // Without the rule there is nothing to object to: the record goes on by itself.
    let told = ask(&world, &connected, SET_FIELDS, json!({ "rules": [] })).await;
    assert_eq!(
        (&told["stands"], &told["retried"], &told["link"]["fieldRules"]),
        (&json!(true), &json!(1), &json!([])),
        "{told:#}"
    );
    tests::eventually("the hold to go", async || {
        let holds = world.staff.holds(&connected.link).await.unwrap();
        holds.iter().all(|hold| hold["code"] != "FIELD_VALUE").then_some(())
    })
    .await;
    world.end().await;
}

async fn in_xero(world: &World, number: &str) -> Value {
    let found = books::xero(world, "Invoices").await.into_iter().find(|one| one["InvoiceNumber"] == number);
    found.unwrap_or_else(|| panic!("{number} is not in Xero"))
}
