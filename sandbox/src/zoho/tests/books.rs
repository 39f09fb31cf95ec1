//! Envelope, paging, names, custom fields, upserts, settings, limits.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn an_organisation_begins_with_its_own_settings() {
    let world = World::new().await;
    let org = &world.get("/organizations").await["organizations"][0];
    assert_eq!((&org["currency_code"], &org["price_precision"]), (&json!("NZD"), &json!(4)));
    assert_eq!(org["organization_id"].as_str().unwrap().len(), 19);
    let one = world.get(&format!("/organizations/{}", world.org)).await;
    assert_eq!(one["organization"]["name"], org["name"]);
    let accounts = world.get("/chartofaccounts").await;
    let names: Vec<_> =
        accounts["chartofaccounts"].as_array().unwrap().iter().map(|account| account["account_name"].as_str().unwrap()).collect();
    assert!(names.contains(&"Accounts Receivable") && names.contains(&"Undeposited Funds"), "{names:?}");
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_and_type() {
    let world = World::new().await;
    world.contact("Ada & Söns", "customer").await;
    let (status, answer) =
        world.call(Method::POST, "/contacts", Some(json!({"contact_name": "ADA & SÖNS", "contact_type": "vendor"}))).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"code": 3062, "message": "The customer \"ADA & SÖNS\" already exists. Please specify a different name."})
    );
    world.switch("zoho.contact_names_unique_across_types", false);
    world.contact("ADA & SÖNS", "vendor").await;
    let other = world.contact("Other", "customer").await;
    assert_eq!(
        world.refused(Method::PUT, &format!("/contacts/{other}"), Some(json!({"contact_name": "ada & söns"}))).await,
        (400, 3062)
    );
    world.done(Method::PUT, &format!("/contacts/{other}"), Some(json!({"contact_name": "OTHER"}))).await;
}

#[tokio::test]
async fn lists_come_in_pages_of_summaries() {
    let world = World::new().await;
    for number in 0..5 {
        world
            .create("/contacts", "contact", json!({"contact_name": format!("C{number}"), "billing_address": {"city": "Nelson"}}))
            .await;
    }
    let first = world.get("/contacts?per_page=3&sort_column=contact_name").await;
    let names: Vec<_> = first["contacts"].as_array().unwrap().iter().map(|row| row["contact_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["C0", "C1", "C2"]);
    assert_eq!(first["page_context"]["has_more_page"], true);
    let second = world.get("/contacts?per_page=3&page=2&sort_column=contact_name").await;
    assert_eq!(second["contacts"].as_array().unwrap().len(), 2);
    assert_eq!(second["page_context"]["has_more_page"], false);
    assert!(first["contacts"][0].get("billing_address").is_none());
    assert_eq!(world.get("/contacts?per_page=5000").await["page_context"]["per_page"], 200);

    world.sandbox.shared().clock.advance_ms(5_000);
    let id = first["contacts"][1]["contact_id"].as_str().unwrap();
    let changed = world.done(Method::PUT, &format!("/contacts/{id}"), Some(json!({"notes": "x"}))).await;
    assert_eq!(changed["contact"]["billing_address"]["city"], "Nelson", "what a PUT does not name stays");
    let newest = world.get("/contacts?sort_column=last_modified_time&sort_order=D&per_page=1").await;
    assert_eq!(newest["contacts"][0]["contact_id"], id);
    let ignored = world.get("/contacts?last_modified_time=2099-01-01T00:00:00%2B0000").await;
    assert_eq!(ignored["contacts"].as_array().unwrap().len(), 5, "not documented for contacts");
    let stamp = changed["contact"]["last_modified_time"].as_str().unwrap();
    assert!(stamp.ends_with("+1300") || stamp.ends_with("+1200"), "{stamp}");
}

#[tokio::test]
async fn an_upsert_creates_once_and_then_updates() {
    let world = World::new().await;
    let field = world.unique_field("contact", "Xero Acct ID").await;
    assert_eq!(field, "cf_xero_acct_id");
    let listed = world.get("/settings/fields?entity=contact&filter_custom_fields=true").await;
    assert_eq!(listed["fields"][0]["is_unique"], true);

    let body = |name: &str| json!({"contact_name": name, "contact_type": "customer", "custom_fields": [{"api_name": "cf_xero_acct_id", "value": "guid-1"}]});
    let (status, made) = world.upsert("/contacts", &field, "guid-1", body("Ada")).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["contact"]["custom_field_hash"]["cf_xero_acct_id"], "guid-1");
    for name in ["Ada", "Ada Lovelace"] {
        let (status, again) = world.upsert("/contacts", &field, "guid-1", body(name)).await;
        assert_eq!((status, &again["contact"]["contact_id"]), (200, &made["contact"]["contact_id"]));
    }
    let list = world.get("/contacts").await;
    assert_eq!(list["contacts"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&list["contacts"][0]["contact_name"], &list["contacts"][0]["cf_xero_acct_id"]),
        (&json!("Ada Lovelace"), &json!("guid-1"))
    );

    let twin = json!({"contact_name": "Twin", "custom_fields": [{"api_name": "cf_xero_acct_id", "value": "guid-1"}]});
    assert_eq!(world.refused(Method::POST, "/contacts", Some(twin)).await, (400, 4));
    let id = made["contact"]["contact_id"].as_str().unwrap();
    world.done(Method::DELETE, &format!("/contacts/{id}"), None).await;
    let (status, anew) = world.upsert("/contacts", &field, "guid-1", body("Ada")).await;
    assert_eq!(status, 201, "a deleted record frees its value: {anew}");
}

#[tokio::test]
async fn upserts_refuse_wrong_keys_and_keep_only_what_the_body_says() {
    let world = World::new().await;
    let body = json!({"contact_name": "Ada"});
    let (status, answer) = world.upsert("/contacts", "cf_unknown", "1", body.clone()).await;
    assert_eq!((status, &answer["code"]), (400, &json!(2)));
    world.create("/settings/fields", "field", json!({"label": "Plain", "entity": "contact", "data_type": "string"})).await;
    assert_eq!(world.upsert("/contacts", "cf_plain", "1", body.clone()).await.0, 400, "not unique");
    let field = world.unique_field("contact", "Key").await;
    let headers = [("X-Unique-Identifier-Key", field.as_str()), ("X-Unique-Identifier-Value", "1")];
    let (status, answer) = world.call_with(Method::PUT, "/contacts", Some(body.clone()), &headers).await;
    assert_eq!((status, &answer["code"]), (404, &json!(1002)), "without X-Upsert nothing is made");
    let (_, made) = world.upsert("/contacts", &field, "1", body).await;
    assert!(made["contact"].get("custom_field_hash").is_none(), "the header alone is not stored");
    world.switch("zoho.upsert_stores_header_value", true);
    let (_, made) = world.upsert("/contacts", &field, "2", json!({"contact_name": "Bob"})).await;
    assert_eq!(made["contact"]["custom_field_hash"]["cf_key"], "2");
    assert_eq!(world.upsert("/settings/taxes", &field, "1", json!({})).await.0, 404, "taxes have no upsert");
}

#[tokio::test]
async fn a_field_becomes_unique_only_while_no_value_is_shared() {
    let world = World::new().await;
    let field =
        world.create("/settings/fields", "field", json!({"label": "Ref", "entity": "contacts", "data_type": "string"})).await;
    let id = field["field_id"].as_str().unwrap();
    let contact =
        |name: &str, value: &str| json!({"contact_name": name, "custom_fields": [{"customfield_id": id, "value": value}]});
    world.create("/contacts", "contact", contact("A", "same")).await;
    let b = world.create("/contacts", "contact", contact("B", "same")).await;
    let path = format!("/settings/fields/{id}");
    assert_eq!(world.refused(Method::PUT, &path, Some(json!({"is_unique": true}))).await, (400, 4));
    let b = format!("/contacts/{}", b["contact_id"].as_str().unwrap());
    world.done(Method::PUT, &b, Some(json!({"custom_fields": [{"label": "Ref", "value": ""}]}))).await;
    world.done(Method::PUT, &path, Some(json!({"is_unique": true}))).await;
    assert_eq!(world.refused(Method::PUT, &b, Some(contact("B", "same"))).await, (400, 4));
    world.switch("zoho.entity_spellings_lenient", false);
    assert_eq!(world.refused(Method::GET, "/settings/fields?entity=contacts", None).await, (400, 2));
    assert_eq!(
        world.refused(Method::POST, "/settings/fields", Some(json!({"label": "ref", "entity": "contact"}))).await,
        (400, 4)
    );
}

#[tokio::test]
async fn a_drop_down_takes_its_choices_only_and_gets_new_ones_as_a_whole() {
    let world = World::new().await;
    let made = |label: &str, data_type: &str| {
        let values = json!([{"name": "Red", "order": 1, "is_active": true}, {"name": "Blue", "order": 2, "is_active": false}]);
        json!({"label": label, "entity": "contact", "data_type": data_type, "values": values})
    };
    let drop_down = world.create("/settings/fields", "field", made("Colour", "dropdown")).await;
    world.create("/settings/fields", "field", made("Colours", "multiselect")).await;
    let none = json!({"label": "None", "entity": "contact", "data_type": "dropdown"});
    assert_eq!(world.refused(Method::POST, "/settings/fields", Some(none)).await, (400, 4));
    let contact =
        |field: &str, value: Value| json!({"contact_name": field, "custom_fields": [{"api_name": field, "value": value}]});
    for (field, value) in [
        ("cf_colour", json!("Green")),
        ("cf_colour", json!("Blue")),
        ("cf_colour", json!(["Red"])),
        ("cf_colours", json!(["Red", "Green"])),
    ] {
        assert_eq!(
            world.refused(Method::POST, "/contacts", Some(contact(field, value.clone()))).await,
            (400, 2),
            "{field} {value}"
        );
    }
    let path = format!("/settings/fields/{}", drop_down["field_id"].as_str().unwrap());
    let mut values = world.get(&path).await["field"]["values"].as_array().unwrap().clone();
    values.push(json!({"name": "Green"}));
    world.done(Method::PUT, &path, Some(json!({"values": values}))).await;
    let names: Vec<Value> =
        world.get(&path).await["field"]["values"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["Red", "Blue", "Green"]);
    let one = world.create("/contacts", "contact", contact("cf_colour", json!("Green"))).await;
    assert_eq!(one["custom_fields"][0]["value"], "Green");
    let both = world.create("/contacts", "contact", contact("cf_colours", json!(["Red"]))).await;
    assert_eq!((&both["custom_fields"][0]["value"], &both["custom_field_hash"]["cf_colours"]), (&json!(["Red"]), &json!("Red")));
}

#[tokio::test]
async fn accounts_taxes_currencies_and_items_keep_their_rules() {
    let world = World::new().await;
    let account = |name: &str, kind: &str| json!({"account_name": name, "account_type": kind});
    world.create("/chartofaccounts", "chart_of_account", account("Bank of Aroha", "bank")).await;
    assert_eq!(world.refused(Method::POST, "/chartofaccounts", Some(account("bank of aroha", "bank"))).await, (400, 4));
    assert_eq!(world.refused(Method::POST, "/chartofaccounts", Some(account("AR 2", "accounts_receivable"))).await, (400, 2));
    assert_eq!(
        world.refused(Method::POST, "/settings/taxes", Some(json!({"tax_name": "standard rate", "tax_percentage": 1}))).await,
        (400, 4)
    );
    assert_eq!(
        world.refused(Method::POST, "/settings/taxes", Some(json!({"tax_name": "X", "tax_percentage": 101}))).await,
        (400, 2)
    );
    let yen =
        world.create("/settings/currencies", "currency", json!({"currency_code": "JPY", "currency_format": "1,234,567"})).await;
    assert_eq!(yen["price_precision"], 0);
    assert_eq!(
        world.refused(Method::POST, "/settings/currencies", Some(json!({"currency_code": "JPY", "currency_format": "x"}))).await,
        (400, 4)
    );

    let item = world.create("/items", "item", json!({"name": "Nail", "rate": "0.33335", "sku": "N1"})).await;
    assert_eq!(
        (item["rate"].to_string(), &item["account_name"]),
        ("0.3334".to_owned(), &json!("Sales")),
        "four decimals are kept"
    );
    assert_eq!(world.refused(Method::POST, "/items", Some(json!({"name": "NAIL", "rate": 1}))).await, (400, 4));
    assert_eq!(world.refused(Method::POST, "/items", Some(json!({"name": "Screw", "rate": 1, "sku": "N1"}))).await, (400, 4));
    assert_eq!(world.refused(Method::POST, "/items", Some(json!({"name": "n".repeat(101), "rate": 1}))).await, (400, 15));
    assert_eq!(
        world.refused(Method::POST, "/items", Some(json!({"name": "Screw", "rate": 1, "account_id": "999"}))).await,
        (400, 1002)
    );
    let id = item["item_id"].as_str().unwrap();
    world.done(Method::POST, &format!("/items/{id}/inactive"), None).await;
    let inactive = world.get("/items?filter_by=Status.Inactive").await;
    assert_eq!(inactive["items"][0]["item_id"], item["item_id"]);
}

#[tokio::test]
async fn bodies_and_addresses_that_are_wrong_are_told_so() {
    let world = World::new().await;
    let (method, path) = (Method::POST, format!("/zoho/eu/api/books/v3/contacts?organization_id={}", world.org));
    let send = |body: &'static str, kind: &'static str| {
        let request = world
            .http
            .request(method.clone(), world.url(&path))
            .header("authorization", format!("Zoho-oauthtoken {}", world.token));
        request.header("content-type", kind).body(body).send()
    };
    let code = |answer: Value| answer["code"].as_u64();
    assert_eq!(code(send("", "application/json").await.unwrap().json().await.unwrap()), Some(11));
    assert_eq!(code(send("{\"a\":", "application/json").await.unwrap().json().await.unwrap()), Some(1038));
    let form = send("JSONString=%7B%22contact_name%22%3A%22Form%22%7D", "application/x-www-form-urlencoded").await.unwrap();
    assert_eq!(form.status(), 201);
    assert_eq!(world.refused(Method::GET, "/nonsense", None).await, (404, 5));
    assert_eq!(world.refused(Method::GET, "/invoices/4600000000000000001", None).await, (404, 1002));
    let email = json!({"contact_name": "E", "contact_persons": [{"email": "not an address"}]});
    assert_eq!(world.refused(Method::POST, "/contacts", Some(email)).await, (400, 2));
}

#[tokio::test]
async fn limits_are_refused_with_their_own_words() {
    let world = World::new().await;
    world.sandbox.shared().limits.switch(true);
    for _ in 0..100 {
        world.get("/settings/taxes").await;
    }
    let (status, answer) = world.call(Method::GET, "/settings/taxes", None).await;
    assert_eq!((status, &answer["code"]), (429, &json!(44)));
    assert_eq!(
        answer["message"],
        "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization."
    );
    let rule = |per_day, in_flight| crate::limits::Rule { per_minute: 10_000, per_day, in_flight };
    world.sandbox.shared().limits.set_rule("zoho", Some(rule(100, 10)));
    let (status, answer) = world.call(Method::GET, "/settings/taxes", None).await;
    assert_eq!((status, &answer["code"]), (429, &json!(45)));
    assert_eq!(answer["message"], "The API call for this organization has exceeded the maximum call rate limit of 100.");
    world.sandbox.shared().limits.set_rule("zoho", Some(rule(100_000, 0)));
    let (status, answer) = world.call(Method::GET, "/settings/taxes", None).await;
    assert_eq!((status, &answer["code"]), (429, &json!(1070)));
}

#[tokio::test]
async fn every_record_can_be_dumped_as_it_is() {
    let world = World::new().await;
    for number in 0..3 {
        world.contact(&format!("C{number}"), "customer").await;
    }
    let mut rows = Vec::new();
    super::super::dump(world.sandbox.shared(), &world.org, "contacts", &mut |json| {
        rows.push(serde_json::from_str::<Value>(json).unwrap())
    });
    assert_eq!(rows.len(), 3);
    let shown = world.shown(&format!("/contacts/{}", rows[2]["contact_id"].as_str().unwrap()), "contact").await;
    assert_eq!(rows[2], shown);
    super::super::dump(world.sandbox.shared(), &world.org, "nonsense", &mut |_| panic!("there are no such records"));
}

#[tokio::test]
async fn every_page_of_a_list_holds_what_its_number_says_whatever_was_read_before() {
    let world = World::new().await;
    for number in 0..45 {
        world.contact(&format!("Contact {:02}", number * 7 % 45), if number % 3 == 0 { "vendor" } else { "customer" }).await;
    }
    let ids = async |query: &str| -> Vec<String> {
        let list = world.get(&format!("/contacts?{query}")).await["contacts"].as_array().unwrap().clone();
        list.iter().map(|contact| contact["contact_id"].as_str().unwrap().to_owned()).collect()
    };
    for order in [
        "",
        "&sort_column=contact_name&sort_order=D",
        "&sort_column=last_modified_time&sort_order=D",
        "&sort_column=created_time&sort_order=A",
        "&contact_type=customer&contact_name_startswith=contact",
    ] {
        let whole = ids(&format!("x=1{order}")).await;
        let mut walked = Vec::new();
        for page in 1..=10 {
            walked.extend(ids(&format!("per_page=7&page={page}{order}")).await);
        }
        assert_eq!(walked, whole, "{order}");
        assert_eq!(ids(&format!("per_page=14&page=2{order}")).await, whole[14..28], "{order}");
    }
    assert_eq!(ids("per_page=7&page=1").await.len(), 7);
    world.contact("Aaron", "customer").await;
    let whole = ids("x=1").await;
    assert_eq!(ids("per_page=7&page=2").await, whole[7..14], "a record that came meanwhile moves the pages");
}

#[tokio::test]
async fn a_name_of_blanks_is_no_name() {
    let world = World::new().await;
    for name in ["", "   "] {
        assert_eq!(world.refused(Method::POST, "/contacts", Some(json!({"contact_name": name}))).await, (400, 4), "{name:?}");
    }
}

#[tokio::test]
async fn a_field_that_becomes_unique_again_knows_only_what_records_hold_now() {
    let world = World::new().await;
    let field = world.create("/settings/fields", "field", json!({"label": "Key", "entity": "contact", "is_unique": true})).await;
    let path = format!("/settings/fields/{}", field["field_id"].as_str().unwrap());
    let value = |value: &str| json!([{"api_name": "cf_key", "value": value}]);
    let body = json!({"contact_name": "Ada", "custom_fields": value("old")});
    let ada = world.create("/contacts", "contact", body).await["contact_id"].as_str().unwrap().to_owned();
    world.done(Method::PUT, &path, Some(json!({"is_unique": false}))).await;
    world.done(Method::PUT, &format!("/contacts/{ada}"), Some(json!({"custom_fields": value("new")}))).await;
    world.done(Method::PUT, &path, Some(json!({"is_unique": true}))).await;
    let (status, bob) =
        world.upsert("/contacts", "cf_key", "old", json!({"contact_name": "Bob", "custom_fields": value("old")})).await;
    assert_eq!((status, &bob["contact"]["contact_name"]), (201, &json!("Bob")), "nobody holds the old value");
    let (status, found) = world.upsert("/contacts", "cf_key", "new", json!({"notes": "found"})).await;
    assert_eq!((status, &found["contact"]["contact_id"]), (200, &json!(ada)));
}
