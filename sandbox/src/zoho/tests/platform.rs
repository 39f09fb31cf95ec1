//! Tags, locks, comments, attachments, users, locations and functions.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

fn id(of: &Value, key: &str) -> String {
    of[key].as_str().unwrap_or_else(|| panic!("no {key} in {of}")).to_owned()
}

impl World {
    /// A reporting tag with two options; the ids of all three.
    async fn tag(&self, name: &str, preference: &str) -> (String, String, String) {
        let body = json!({"tag_name": name, "entities": [{"entity_name": "customers", "is_enabled": true}],
                          "multi_preference_entities": {"preference": preference, "entities": [{"entity_name": "sales", "is_enabled": true}]}});
        let tag = id(&self.create("/reportingtags", "tag", body).await, "tag_id");
        let options = json!({"options": [{"option_name": "North", "is_active": true}, {"option_name": "South", "is_active": true, "is_default": true}]});
        self.done(Method::PUT, &format!("/reportingtags/{tag}/options"), Some(options)).await;
        let options = self.options(&tag).await;
        (tag, id(&options[0], "option_id"), id(&options[1], "option_id"))
    }

    async fn options(&self, tag: &str) -> Vec<Value> {
        self.get(&format!("/reportingtags/options?tag_id={tag}")).await["options"].as_array().unwrap().clone()
    }

    async fn invoice(&self, customer: &str, more: Value) -> (u16, Value) {
        let mut body = json!({"customer_id": customer, "date": "2026-03-31", "due_date": "2026-04-30", "line_items": [{"name": "Work", "rate": 100}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call(Method::POST, "/invoices", Some(body)).await
    }

    async fn attach(&self, path: &str, name: &str, kind: &str, bytes: Vec<u8>) -> (u16, Value) {
        let mut body = format!("--frontier\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n").into_bytes();
        body.extend(bytes);
        body.extend(b"\r\n--frontier--\r\n");
        self.send_raw(path, "multipart/form-data; boundary=frontier", body).await
    }

    async fn send_raw(&self, path: &str, kind: &str, body: Vec<u8>) -> (u16, Value) {
        let url = self.url(&format!("/zoho/eu/api/books/v3{path}?organization_id={}", self.org));
        let call =
            self.http.post(url).header("authorization", format!("Zoho-oauthtoken {}", self.token)).header("content-type", kind);
        let answer = call.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn tags_of_lines_of_documents_and_of_contacts_come_back_with_their_names() {
    let world = World::new().await;
    let (region, north, south) = world.tag("Region", "line_item").await;
    let (project, alpha, _) = world.tag("Project", "transaction").await;
    let customer = world.contact("Ada", "customer").await;
    let line = json!({"name": "Work", "rate": 100, "tags": [{"tag_id": region, "tag_option_id": north}]});
    let (status, answer) =
        world.invoice(&customer, json!({"line_items": [line], "tags": [{"tag_id": project, "tag_option_id": alpha}]})).await;
    assert_eq!(status, 201, "{answer}");
    let invoice = world.get(&format!("/invoices/{}", id(&answer["invoice"], "invoice_id"))).await["invoice"].clone();
    assert_eq!(
        invoice["line_items"][0]["tags"],
        json!([{"tag_id": region, "tag_name": "Region", "tag_option_id": north, "tag_option_name": "North", "is_tag_mandatory": false}])
    );
    assert_eq!(invoice["tags"][0]["tag_option_name"], "North");
    let edited = world.done(Method::PUT, &format!("/invoices/{}", id(&invoice, "invoice_id")), Some(json!({"notes": "x"}))).await;
    assert_eq!(edited["invoice"]["line_items"][0]["tags"][0]["tag_name"], "Region", "what comes back can go in again");

    let path = format!("/contacts/{customer}/tags");
    let tagged = world.done(Method::PUT, &path, Some(json!({"tags": [{"tag_id": project, "tag_option_id": alpha}]}))).await;
    assert!(tagged.get("contact").is_none(), "{tagged}");
    assert_eq!(world.get(&format!("/contacts/{customer}")).await["contact"]["tags"][0]["tag_name"], "Project");

    let wrong = async |tags: Value| {
        let (status, answer) = world.invoice(&customer, json!({"tags": tags})).await;
        (status, answer["code"].as_u64().unwrap())
    };
    assert_eq!(wrong(json!([{"tag_id": project, "tag_option_id": north}])).await, (400, 1002), "an option of another tag");
    assert_eq!(wrong(json!([{"tag_id": region, "tag_option_id": south}])).await, (400, 2), "a tag of lines");
    assert_eq!(
        wrong(json!([{"tag_id": project, "tag_option_id": alpha}, {"tag_id": project, "tag_option_id": alpha}])).await,
        (400, 2)
    );
    assert_eq!(wrong(json!("none")).await, (400, 2));
    world.switch("zoho.tags_keep_to_their_level", false);
    assert_eq!(wrong(json!([{"tag_id": region, "tag_option_id": south}])).await, (201, 0));
    world.done(Method::POST, &format!("/reportingtags/{project}/inactive"), None).await;
    assert_eq!(wrong(json!([{"tag_id": project, "tag_option_id": alpha}])).await, (400, 2), "it is inactive");
}

#[tokio::test]
async fn the_options_of_a_tag_are_replaced_as_a_whole() {
    let world = World::new().await;
    let (tag, north, south) = world.tag("Region", "transaction").await;
    let path = format!("/reportingtags/{tag}/options");
    let list = json!({"options": [{"option_id": north, "option_name": "Far North", "is_active": true, "children": [{"option_name": "Kaitaia"}]}, {"option_name": "East"}]});
    world.done(Method::PUT, &path, Some(list)).await;
    let options = world.options(&tag).await;
    let names: Vec<_> = options.iter().map(|option| option["option_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Far North", "East"], "what was not named is gone");
    assert_eq!((id(&options[0], "option_id"), &options[0]["children"][0]["option_name"]), (north.clone(), &json!("Kaitaia")));
    let all = world.get(&format!("/reportingtags/{tag}/options/all?tag_id={tag}")).await;
    assert_eq!(all["results"].as_array().unwrap().len(), 2);

    for (options, code) in [
        (json!([{"option_id": south, "option_name": "South"}]), 1002),
        (json!([{"option_name": "A"}, {"option_name": "a"}]), 4),
        (json!([{"option_name": ""}]), 4),
        (json!([{"option_name": "A", "is_default": true}, {"option_name": "B", "is_default": true}]), 2),
    ] {
        assert_eq!(world.refused(Method::PUT, &path, Some(json!({"options": options}))).await, (400, code), "{options}");
    }
    let customer = world.contact("Ada", "customer").await;
    world
        .done(
            Method::PUT,
            &format!("/contacts/{customer}/tags"),
            Some(json!({"tags": [{"tag_id": tag, "tag_option_id": north}]})),
        )
        .await;
    assert_eq!(
        world.refused(Method::PUT, &path, Some(json!({"options": [{"option_name": "A"}]}))).await,
        (400, 36),
        "an option is used"
    );
    assert_eq!(world.refused(Method::DELETE, &format!("/reportingtags/{tag}"), None).await, (400, 36));
    world.done(Method::PUT, &format!("/contacts/{customer}/tags"), Some(json!({"tags": []}))).await;
    world.done(Method::DELETE, &format!("/reportingtags/{tag}"), None).await;
    assert_eq!(world.get("/reportingtags").await["reporting_tags"], json!([]));
}

#[tokio::test]
async fn a_tag_needs_a_name_of_its_own_and_known_entities() {
    let world = World::new().await;
    world.tag("Region", "transaction").await;
    let good = json!({"tag_name": "Other", "entities": [], "multi_preference_entities": {}});
    for (member, value, code) in [
        ("tag_name", json!("region"), 4),
        ("tag_name", Value::Null, 4),
        ("entities", json!([{"entity_name": "planets", "is_enabled": true}]), 2),
        ("multi_preference_entities", json!({"preference": "page"}), 2),
        ("multi_preference_entities", Value::Null, 4),
    ] {
        let mut body = good.clone();
        body[member] = value;
        assert_eq!(world.refused(Method::POST, "/reportingtags", Some(body.clone())).await, (400, code), "{body}");
    }
    world.switch("zoho.reporting_tags_have_no_envelope", true);
    let (status, answer) = world.call(Method::GET, "/reportingtags", None).await;
    assert_eq!((status, answer.get("code"), answer["reporting_tags"].as_array().unwrap().len()), (200, None, 1));
}

#[tokio::test]
async fn a_locked_period_takes_no_writes_until_it_is_opened() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let (_, old) = world.invoice(&customer, json!({})).await;
    let old = id(&old["invoice"], "invoice_id");
    world.done(Method::POST, &format!("/invoices/{old}/status/sent"), None).await;
    let lock = json!({"transaction_lock_status": "locked", "transaction_lock_module": "sales", "transaction_lock_date": "2026-06-30", "reason": "year end"});
    let locked = world.done(Method::PUT, "/transactionlock", Some(lock)).await["transaction_lock"].clone();
    assert_eq!(world.get("/transactionlocks").await["transaction_locks"], json!([locked]));

    assert_eq!(world.invoice(&customer, json!({})).await.0, 400, "dated inside");
    assert_eq!(world.invoice(&customer, json!({"date": "2026-07-01", "due_date": "2026-07-31"})).await.0, 201, "dated after");
    let edit = |day: &str| Some(json!({"date": day, "due_date": "2026-12-31"}));
    for (method, path, body) in [
        (Method::PUT, format!("/invoices/{old}"), edit("2026-07-01")),
        (Method::DELETE, format!("/invoices/{old}"), None),
        (Method::DELETE, format!("/invoices?invoice_ids={old}"), None),
        (Method::POST, format!("/invoices/{old}/status/void"), None),
        (Method::POST, format!("/invoices/status/void?invoice_ids={old}"), None),
    ] {
        assert_eq!(world.refused(method.clone(), &path, body).await, (400, 2), "{method} {path}");
    }
    world.done(Method::POST, &format!("/invoices/{old}/comments"), Some(json!({"description": "still here"}))).await;
    world.done(Method::POST, &format!("/invoices/{old}/paymentreminder/disable"), None).await;
    let payment = json!({"customer_id": customer, "payment_mode": "cash", "amount": 100, "date": "2026-08-01",
                         "invoices": [{"invoice_id": old, "amount_applied": 100}]});
    world.create("/customerpayments", "payment", payment).await;
    assert_eq!(world.get(&format!("/invoices/{old}")).await["invoice"]["status"], "paid", "a later payment settles it");
    let vendor = world.contact("Bo", "vendor").await;
    let account = world.account("Rent Expense").await;
    let bill = json!({"vendor_id": vendor, "bill_number": "1", "date": "2026-03-31", "line_items": [{"name": "Rent", "rate": 5, "account_id": account}]});
    world.create("/bills", "bill", bill).await;

    let open = json!({"is_enabled": true, "lock_module": "sales", "start_date": "2026-03-01", "end_date": "2026-03-31", "reason": "one more"});
    let opened = world.done(Method::PUT, "/transactionlock/partialunlock", Some(open)).await;
    assert_eq!(opened["transaction_lock"]["transaction_lock_status"], "partially_unlocked");
    assert_eq!(world.invoice(&customer, json!({})).await.0, 201, "inside the window");
    assert_eq!(world.invoice(&customer, json!({"date": "2026-04-01", "due_date": "2026-04-30"})).await.0, 400);
    world
        .done(Method::DELETE, &format!("/transactionlock?transaction_lock_id={}", id(&locked, "transaction_lock_id")), None)
        .await;
    assert_eq!(world.invoice(&customer, json!({"date": "2026-04-01", "due_date": "2026-04-30"})).await.0, 201);
}

#[tokio::test]
async fn a_lock_over_everything_holds_purchases_too_and_says_what_it_needs() {
    let world = World::new().await;
    for body in [
        json!({"reason": "x"}),
        json!({"transaction_lock_date": "2026-06-30"}),
        json!({"transaction_lock_date": "soon", "reason": "x"}),
        json!({"transaction_lock_module": "garden", "transaction_lock_date": "2026-06-30", "reason": "x"}),
    ] {
        assert_eq!(world.refused(Method::PUT, "/transactionlock", Some(body.clone())).await.0, 400, "{body}");
    }
    world.done(Method::PUT, "/transactionlock", Some(json!({"transaction_lock_date": "2026-06-30", "reason": "x"}))).await;
    let field = world.unique_field("bill", "Xero Bill").await;
    let vendor = world.contact("Bo", "vendor").await;
    let account = world.account("Rent Expense").await;
    let bill = |day: &str| {
        json!({"vendor_id": vendor, "bill_number": "1", "date": day, "line_items": [{"name": "Rent", "rate": 5, "account_id": account}],
                                  "custom_fields": [{"api_name": field, "value": "b1"}]})
    };
    let upsert = async |day: &str| world.upsert("/bills", &field, "b1", bill(day)).await.0;
    assert_eq!(upsert("2026-06-30").await, 400);
    assert_eq!(upsert("2026-07-01").await, 201);
    assert_eq!(upsert("2026-06-30").await, 400, "nor moved back into it");
    world.done(Method::PUT, "/transactionlock", Some(json!({"transaction_lock_status": "unlocked"}))).await;
    assert_eq!(upsert("2026-06-30").await, 200);
}

#[tokio::test]
async fn comments_are_written_changed_and_read_above_the_history() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let (_, invoice) = world.invoice(&customer, json!({})).await;
    let path = format!("/invoices/{}/comments", id(&invoice["invoice"], "invoice_id"));
    let (status, answer) =
        world.call(Method::POST, &path, Some(json!({"description": "call her", "show_comment_to_clients": true}))).await;
    assert_eq!((status, &answer["comment"]["comment_type"]), (200, &json!("client")));
    let comment = id(&answer["comment"], "comment_id");
    world.done(Method::PUT, &format!("{path}/{comment}"), Some(json!({"description": "called her"}))).await;
    let list = world.get(&path).await["comments"].clone();
    assert_eq!((&list[0]["description"], &list[1]["description"]), (&json!("called her"), &json!("Invoice created.")));
    assert_eq!(list[1]["comment_type"], "system");
    world.done(Method::DELETE, &format!("{path}/{comment}"), None).await;
    assert_eq!(world.refused(Method::DELETE, &format!("{path}/{comment}"), None).await, (404, 1002));
    assert_eq!(world.refused(Method::POST, &path, Some(json!({}))).await, (400, 4));

    let path = format!("/contacts/{customer}/comments");
    world.done(Method::POST, &path, Some(json!({"description": "nice"}))).await;
    assert_eq!(world.get(&path).await["contact_comments"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.refused(Method::PUT, &format!("{path}/1"), Some(json!({"description": "x"}))).await,
        (404, 5),
        "not documented for contacts"
    );
    assert_eq!(world.refused(Method::GET, "/items/1/comments", None).await, (404, 5));
}

#[tokio::test]
async fn files_are_attached_fetched_and_taken_off() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let (_, invoice) = world.invoice(&customer, json!({})).await;
    let path = format!("/invoices/{}/attachment", id(&invoice["invoice"], "invoice_id"));
    assert_eq!(world.refused(Method::GET, &path, None).await, (404, 1002));
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let (status, answer) = world.attach(&path, "plan.PNG", "image/png", bytes.clone()).await;
    assert_eq!((status, &answer["documents"][0]["file_size"]), (200, &json!(100_000)), "{answer}");
    let fetch = || {
        let url = world.url(&format!("/zoho/eu/api/books/v3{path}?organization_id={}", world.org));
        world.http.get(url).header("authorization", format!("Zoho-oauthtoken {}", world.token)).send()
    };
    let file = fetch().await.unwrap();
    assert_eq!((file.status().as_u16(), file.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
    assert_eq!(file.bytes().await.unwrap(), bytes);

    assert_eq!(world.send_raw(&path, "application/pdf", b"%PDF-1.7".to_vec()).await.0, 200, "the file as the body itself");
    assert_eq!(fetch().await.unwrap().text().await.unwrap(), "%PDF-1.7");
    assert_eq!(world.attach(&path, "virus.exe", "image/png", vec![1]).await.1["code"], 2);
    assert_eq!(world.attach(&path, "big.pdf", "application/pdf", vec![0; 10 * 1024 * 1024 + 1]).await.1["code"], 2);
    assert_eq!(world.attach(&path, "empty.pdf", "application/pdf", Vec::new()).await.1["code"], 4);
    assert_eq!(world.send_raw(&path, "text/plain", b"x".to_vec()).await.1["code"], 2);
    world.done(Method::DELETE, &path, None).await;
    assert_eq!(world.refused(Method::DELETE, &path, None).await, (404, 1002));

    let contact = format!("/contacts/{customer}");
    let (_, answer) = world.attach(&format!("{contact}/attachment"), "card.pdf", "application/pdf", b"%PDF".to_vec()).await;
    let document = id(&answer["documents"][0], "document_id");
    assert_eq!(world.refused(Method::GET, &format!("{contact}/attachment"), None).await, (404, 5), "contacts name the document");
    world.done(Method::DELETE, &format!("{contact}/documents/{document}"), None).await;
}

#[tokio::test]
async fn users_locations_and_functions_are_kept() {
    let world = World::new().await;
    let me = world.get("/users/me").await["user"].clone();
    assert_eq!((&me["email"], &me["is_current_user"]), (&json!("simon@example.test"), &json!(true)));
    assert_eq!(world.call(Method::POST, "/users", Some(json!({"name": "Ada", "email": "ada@example.com"}))).await.0, 200);
    assert_eq!(world.refused(Method::POST, "/users", Some(json!({"name": "Ada", "email": "ADA@example.com"}))).await, (400, 4));
    let users = world.get("/users").await["users"].as_array().unwrap().clone();
    assert_eq!(users.len(), 2);
    world.done(Method::POST, &format!("/users/{}/inactive", id(&users[1], "user_id")), None).await;
    assert_eq!(world.get(&format!("/users/{}", id(&users[1], "user_id"))).await["user"]["status"], "inactive");
    assert_eq!(world.refused(Method::DELETE, &format!("/users/{}", id(&me, "user_id")), None).await, (400, 4));

    let first = world.get("/locations").await["locations"].clone();
    assert_eq!((&first[0]["is_primary_location"], &first), (&json!(true), &world.get("/locations").await["locations"]));
    assert_eq!(world.refused(Method::POST, "/locations", Some(json!({}))).await, (404, 5));

    let script = json!({"entity": "contact", "function_name": "open_xero", "script": "info 1;", "creation_type": "custombutton", "return_type": "map"});
    let function = world.create("/integrations/customfunctions", "customfunction", script.clone()).await;
    assert_eq!((&function["language"], &function["script"]), (&json!("deluge"), &json!("info 1;")));
    let path = format!("/integrations/customfunctions/{}", id(&function, "customfunction_id"));
    world.done(Method::PUT, &path, Some(json!({"script": "info 2;"}))).await;
    assert_eq!(world.get(&path).await["customfunction"]["script"], "info 2;");
    for (member, value) in [
        ("function_name", json!("x".repeat(51))),
        ("language", json!("cobol")),
        ("entity", json!("planet")),
        ("function_name", json!("Open_Xero")),
    ] {
        let mut body = script.clone();
        body[member] = value;
        assert_eq!(world.call(Method::POST, "/integrations/customfunctions", Some(body)).await.0, 400, "{member}");
    }
    world.done(Method::DELETE, &path, None).await;
    assert_eq!(world.refused(Method::GET, &path, None).await, (404, 1002));
    assert_eq!(world.refused(Method::GET, "/settings/customfunctions", None).await, (404, 5));
}

#[tokio::test]
async fn settings_need_their_scope_and_some_calls_one_that_surprises() {
    let mut world = World::new().await;
    let (tag, north, _) = world.tag("Region", "transaction").await;
    let tokens = world.consented("ZohoBooks.settings.READ").await;
    world.token = id(&tokens, "access_token");
    world.get("/reportingtags").await;
    assert_eq!(world.refused(Method::GET, "/transactionlocks", None).await, (401, 57), "accountants");
    assert_eq!(world.refused(Method::POST, "/reportingtags", Some(json!({}))).await, (401, 57));
    assert_eq!(
        world.refused(Method::POST, &format!("/reportingtags/{tag}/inactive"), None).await,
        (401, 57),
        "UPDATE, although a POST"
    );
    world.done(Method::POST, &format!("/reportingtags/{tag}?default_option_id={north}"), None).await;
    assert_eq!(world.options(&tag).await[0]["is_default"], true, "READ is enough, the table says");
    assert_eq!(world.refused(Method::GET, "/settings/webhooks", None).await.0, 200);
}

#[tokio::test]
async fn locks_comments_files_and_tags_reach_every_kind_of_paper() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let (region, north, _) = world.tag("Region", "line_item").await;
    let lines = json!([{"name": "Work", "rate": 100, "tags": [{"tag_id": region, "tag_option_id": north}]}]);
    let estimate =
        world.create("/estimates", "estimate", json!({"customer_id": customer, "date": "2026-03-31", "line_items": lines})).await;
    assert_eq!(estimate["line_items"][0]["tags"][0]["tag_option_name"], "North");
    let note = json!({"customer_id": customer, "creditnote_number": "CN-1", "date": "2026-03-31", "line_items": [{"name": "Work", "rate": 100}]});
    let note = world.create("/creditnotes", "creditnote", note).await;
    let path = format!("/creditnotes/{}", id(&note, "creditnote_id"));
    world.done(Method::POST, &format!("{path}/comments"), Some(json!({"description": "sorry"}))).await;
    assert_eq!(world.get(&format!("{path}/comments")).await["comments"][0]["description"], "sorry");
    assert_eq!(world.attach(&format!("{path}/attachment"), "a.pdf", "application/pdf", b"%PDF".to_vec()).await.0, 200);

    world.done(Method::PUT, "/transactionlock", Some(json!({"transaction_lock_date": "2026-06-30", "reason": "x"}))).await;
    for (method, path) in [
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/status/open")),
        (Method::DELETE, format!("/estimates/{}", id(&estimate, "estimate_id"))),
    ] {
        assert_eq!(world.refused(method, &path, None).await, (400, 2), "{path}");
    }
    let (debit, credit) = (world.account("Rent Expense").await, world.account("Petty Cash").await);
    let journal = |day: &str| json!({"journal_date": day, "line_items": [{"account_id": debit, "debit_or_credit": "debit", "amount": 5}, {"account_id": credit, "debit_or_credit": "credit", "amount": 5}]});
    assert_eq!(
        world.call(Method::POST, "/journals", Some(journal("2026-06-30"))).await.0,
        400,
        "journals have a name of their own for the date"
    );
    assert_eq!(world.call(Method::POST, "/journals", Some(journal("2026-07-01"))).await.0, 201);
    let mut tagged = journal("2026-07-01");
    tagged["line_items"][0]["tags"] = json!([{"tag_id": region, "tag_option_id": north}]);
    let (_, answer) = world.call(Method::POST, "/journals", Some(tagged.clone())).await;
    assert_eq!(answer["journal"]["line_items"][0]["tags"][0]["tag_name"], "Region", "{answer}");
    tagged["line_items"][0]["tags"] = json!([{"tag_id": north, "tag_option_id": region}]);
    assert_eq!(world.refused(Method::POST, "/journals", Some(tagged)).await, (400, 1002));
}
