//! Custom buttons through the API, and what their scripts see.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

const PATH: &str = "/settings/custombuttons";

fn button(name: &str, script: &str) -> Value {
    json!({"name": name, "entity_type": "customer", "page_view": "details", "customfunction": {"script": script}})
}

impl World {
    /// Clicks a button as the page's script does.
    async fn press(&self, list: &str, record: &str, button: &Value) -> Value {
        let button = button["custombutton_id"].as_str().unwrap();
        let url = self.url(&format!("/people/zoho/{}/{list}/{record}/buttons/{button}", self.org));
        self.http.post(url).header("accept", "application/json").send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn a_button_is_made_read_changed_and_removed() {
    let world = World::new().await;
    let made = world.create(PATH, "custombutton", json!({"name": "Hello", "entity_type": "invoice", "page_view": "list"})).await;
    assert_eq!((&made["action_type"], &made["customfunction"]["script"]), (&json!("customfunction"), &json!("info 1;")));
    let id = made["custombutton_id"].as_str().unwrap();
    let list = world.get(PATH).await;
    assert_eq!((&list["custombuttons"][0]["name"], list["custombuttons"][0].get("customfunction")), (&json!("Hello"), None));
    let body = json!({"customfunction": {"script": "return Map();"}});
    let changed = world.done(Method::PUT, &format!("{PATH}/{id}"), Some(body)).await;
    assert_eq!(changed["custombutton"]["name"], "Hello", "what is not named stays");
    assert_eq!(world.get(&format!("{PATH}/{id}")).await["custombutton"]["customfunction"]["script"], "return Map();");
    world.done(Method::DELETE, &format!("{PATH}/{id}"), None).await;
    assert_eq!(world.refused(Method::GET, &format!("{PATH}/{id}"), None).await, (404, 1002));
    assert_eq!(world.get(PATH).await["custombuttons"], json!([]));
}

#[tokio::test]
async fn wrong_buttons_are_refused() {
    let world = World::new().await;
    for name in ["name", "entity_type", "page_view"] {
        let mut body = button("Xero Link", "info 1;");
        body.as_object_mut().unwrap().remove(name);
        let (status, answer) = world.call(Method::POST, PATH, Some(body)).await;
        assert_eq!((status, &answer["code"]), (400, &json!(4)), "{name}");
        assert!(answer["message"].as_str().unwrap().contains(name), "{answer}");
    }
    for (name, value) in [
        ("entity_type", json!("customers")),
        ("page_view", json!("everywhere")),
        ("action_type", json!("fly")),
        ("customfunction", json!("info 1;")),
        ("customfunction", json!({"script": "x = ;"})),
    ] {
        let mut body = button("Xero Link", "info 1;");
        body[name] = value.clone();
        assert_eq!(world.refused(Method::POST, PATH, Some(body)).await, (400, 2), "{name} {value}");
    }
    world.create(PATH, "custombutton", button("Xero Link", "info 1;")).await;
    assert_eq!(world.refused(Method::POST, PATH, Some(button("xero link", "info 2;"))).await, (400, 4), "the name is taken");
    let old = json!({"button_name": "Old", "entity": "customer", "location": "details"});
    assert_eq!(world.refused(Method::POST, PATH, Some(old)).await, (400, 4));
    assert_eq!(world.get(PATH).await["custombuttons"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_guess_about_buttons_can_be_turned() {
    let world = World::new().await;
    for (name, on) in [
        ("zoho.button_words_are_checked", false),
        ("zoho.button_old_names_accepted", true),
        ("zoho.button_names_unique", false),
        ("zoho.button_scripts_are_checked_when_saved", false),
        ("zoho.button_lists_carry_scripts", true),
        ("zoho.button_keys_have_an_underscore", true),
    ] {
        world.switch(name, on);
    }
    let body =
        json!({"button_name": "Old", "entity": "customers", "location": "everywhere", "customfunction": {"script": "x = ;"}});
    for _ in 0..2 {
        let made = world.create(PATH, "custom_button", body.clone()).await;
        assert_eq!((&made["name"], &made["entity_type"]), (&json!("Old"), &json!("customers")));
        assert!(made["custom_button_id"].is_string());
    }
    let list = world.get(PATH).await;
    assert_eq!(list["custom_buttons"][1]["customfunction"]["script"], "x = ;");
}

#[tokio::test]
async fn a_plan_without_buttons_is_refused_as_ordered() {
    let world = World::new().await;
    let plan = async |name: &str| world.control("organization", json!({"organization_id": world.org, "plan_name": name})).await;
    plan("Free").await;
    assert_eq!(world.refused(Method::POST, PATH, Some(button("A", "info 1;"))).await, (400, 4));
    plan("Standard").await;
    world.create(PATH, "custombutton", button("A", "info 1;")).await;
    let gate = json!({"plans_without": ["free", "standard"], "status": 403, "code": 9999, "message": "Not in this plan."});
    world.control("custombuttons", gate).await;
    let (status, answer) = world.call(Method::POST, PATH, Some(button("B", "info 1;"))).await;
    assert_eq!((status, answer), (403, json!({"code": 9999, "message": "Not in this plan."})));
    world.switch("zoho.buttons_need_a_paid_plan", false);
    world.create(PATH, "custombutton", button("B", "info 1;")).await;
}

#[tokio::test]
async fn buttons_belong_to_the_scope_settings() {
    let mut world = World::new().await;
    let tokens = world.consented("ZohoBooks.settings.READ,ZohoBooks.contacts.ALL").await;
    world.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.get(PATH).await["custombuttons"], json!([]));
    assert_eq!(world.refused(Method::POST, PATH, Some(button("A", "info 1;"))).await, (401, 57));
}

#[tokio::test]
async fn a_script_sees_the_record_and_the_organisation() {
    let world = World::new().await;
    let field = world.unique_field("contact", "Xero Acct ID").await;
    let body = json!({"contact_name": "Ada Ltd", "custom_fields": [{"api_name": field, "value": "bd22"}]});
    let contact = world.create("/contacts", "contact", body).await;
    let id = contact["contact_id"].as_str().unwrap();
    let script = "
        res = Map();
        for each f in customer.get(\"custom_fields\") { if(f.get(\"api_name\") == \"cf_xero_acct_id\") { res.put(\"inner\", f.get(\"value\")); } }
        res.put(\"code\", 0);
        res.put(\"message\", customer.get(\"cf_xero_acct_id\") + \" \" + res.get(\"inner\") + \" \" + customer.get(\"contact_name\") + \" \" + organization.get(\"organization_id\"));
        info customer.get(\"outstanding_receivable_amount\");
        return res;";
    let seen = world.create(PATH, "custombutton", button("Seen", script)).await;
    let pressed = world.press("contacts", id, &seen).await;
    let message = format!("bd22 bd22 Ada Ltd {}", world.org);
    assert_eq!(pressed, json!({"opens": [], "message": message, "failed": false, "info": ["0.00"]}));

    let failing = button("Failing", "r = Map();\nr.put(\"code\", 7);\nr.put(\"message\", \"Not linked\");\nreturn r;");
    let failing = world.create(PATH, "custombutton", failing).await;
    let pressed = world.press("contacts", id, &failing).await;
    assert_eq!((&pressed["message"], &pressed["failed"]), (&json!("Not linked"), &json!(true)));
    let broken = world.create(PATH, "custombutton", button("Broken", "a = 1;\nreturn b;")).await;
    let pressed = world.press("contacts", id, &broken).await;
    assert_eq!(pressed["message"], "Error at line 2: Variable 'b' is not defined.");
    let evil = world.create(PATH, "custombutton", button("Evil", "openUrl(\"javascript:alert(1)\",\"new window\");")).await;
    let pressed = world.press("contacts", id, &evil).await;
    assert_eq!((&pressed["opens"], &pressed["failed"]), (&json!([]), &json!(true)));

    world.switch("zoho.button_contacts_are_customer_or_vendor", false);
    let pressed = world.press("contacts", id, &seen).await;
    assert_eq!(pressed["message"], "Error at line 3: Variable 'customer' is not defined.");
}

#[tokio::test]
async fn a_button_stands_only_where_it_belongs() {
    let world = World::new().await;
    let customer = world.contact("Ada", "customer").await;
    let vendor = world.contact("Bob", "vendor").await;
    let mut of_vendors = button("For vendors", "res = Map(); res.put(\"message\", vendor.get(\"vendor_name\")); return res;");
    of_vendors["entity_type"] = "vendor".into();
    let of_vendors = world.create(PATH, "custombutton", of_vendors).await;
    let in_lists = json!({"name": "In lists", "entity_type": "contact", "page_view": "list"});
    let in_lists = world.create(PATH, "custombutton", in_lists).await;
    let page = async |id: &str| {
        let url = world.url(&format!("/people/zoho/{}/contacts/{id}", world.org));
        world.http.get(url).send().await.unwrap().text().await.unwrap()
    };
    assert!(page(&vendor).await.contains(">For vendors</button>"));
    assert!(!page(&customer).await.contains("For vendors"));
    assert!(!page(&customer).await.contains("In lists"));
    assert_eq!(world.press("contacts", &vendor, &of_vendors).await["message"], "Bob");
    for (record, button) in [(&customer, &of_vendors), (&vendor, &in_lists)] {
        let id = button["custombutton_id"].as_str().unwrap();
        let url = world.url(&format!("/people/zoho/{}/contacts/{record}/buttons/{id}", world.org));
        assert_eq!(world.http.post(url).send().await.unwrap().status(), 404);
    }
}
