//! Custom and external fields, and everything that a client asks before it works.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Crm, heard};

#[tokio::test]
async fn a_field_is_made_by_label_and_its_name_is_only_told_by_get() {
    let crm = Crm::new().await;
    let name = crm.field("Contacts", json!({"field_label": "Xero - Link (new)", "data_type": "website"})).await;
    assert_eq!(name, "Xero_Link_new");
    let id = crm.insert("Contacts", json!({"Last_Name": "Ada", "Xero_Link_new": "https://go.xero.com/x"})).await;
    assert_eq!(crm.record("Contacts", &id).await["Xero_Link_new"], "https://go.xero.com/x");
    assert_eq!(crm.read("/Contacts?fields=Xero_Link_new").await["data"][0]["Xero_Link_new"], "https://go.xero.com/x");
    let fields = crm.read("/settings/fields?module=Contacts").await;
    let shown = fields["fields"].as_array().unwrap().iter().find(|field| field["api_name"] == "Xero_Link_new").unwrap().clone();
    assert_eq!((&shown["custom_field"], &shown["data_type"], &shown["length"]), (&json!(true), &json!("website"), &json!(450)));

    let number = shown["id"].as_str().unwrap();
    let path = format!("/settings/fields/{number}?module=Contacts");
    let (status, answer) = crm.call(Method::PATCH, &path, Some(json!({"fields": [{"field_label": "Xero"}]}))).await;
    assert_eq!((status, &answer["fields"][0]["message"]), (200, &json!("field updated")));
    assert_eq!(crm.call(Method::PUT, &path, Some(json!({"fields": [{}]}))).await.1["code"], "INVALID_REQUEST_METHOD");
    assert_eq!(crm.call(Method::DELETE, &path, None).await.1["code"], "NOT_ALLOWED", "it holds a value");
    crm.update("Contacts", &id, json!({"Xero_Link_new": null})).await;
    assert_eq!(crm.call(Method::DELETE, &path, None).await.0, 200);
    assert_eq!(crm.get(&path).await.0, 400);
}

#[tokio::test]
async fn fields_that_cannot_be_made_are_refused_each_with_its_reason() {
    let crm = Crm::new().await;
    crm.field("Leads", json!({"field_label": "Mine", "data_type": "text"})).await;
    for (field, code, detail) in [
        (json!({"data_type": "text"}), "MANDATORY_NOT_FOUND", "field_label"),
        (json!({"field_label": "Y"}), "MANDATORY_NOT_FOUND", "data_type"),
        (json!({"field_label": "Y", "data_type": "colour"}), "INVALID_DATA", "data_type"),
        (json!({"field_label": "mine", "data_type": "text"}), "DUPLICATE_DATA", "field_label"),
        (json!({"field_label": "x".repeat(26), "data_type": "text"}), "INVALID_DATA", "field_label"),
        (json!({"field_label": "Layout", "data_type": "text"}), "RESERVED_KEYWORD_NOT_ALLOWED", "field_label"),
        (json!({"field_label": "Y", "data_type": "picklist"}), "MANDATORY_NOT_FOUND", "pick_list_values"),
        (json!({"field_label": "Y", "data_type": "date", "external": {"type": "org", "show": true}}), "INVALID_DATA", "external"),
        (json!({"field_label": "Y", "data_type": "text", "length": 256}), "INVALID_DATA", "length"),
    ] {
        let (status, answer) = crm.post("/settings/fields?module=Leads", json!({"fields": [field]})).await;
        let row = &answer["fields"][0];
        assert_eq!(
            (status, row["code"].as_str().unwrap(), row["details"]["api_name"].as_str().unwrap()),
            (400, code, detail),
            "{field}"
        );
    }
    let six = vec![json!({"field_label": "Y", "data_type": "text"}); 6];
    let (status, answer) = crm.post("/settings/fields?module=Leads", json!({"fields": six})).await;
    assert_eq!((status, &answer["details"]["maximum_length"]), (400, &json!(5)));
    assert_eq!(crm.post("/settings/fields?module=Widgets", json!({"fields": []})).await.1["code"], "INVALID_MODULE");
}

#[tokio::test]
async fn an_edition_has_so_many_custom_fields_and_free_has_none() {
    let crm = Crm::new().await;
    let make = async |label: String| {
        let body = json!({"fields": [{"field_label": label, "data_type": "text"}]});
        crm.post("/settings/fields?module=Contacts", body).await
    };
    crm.world.order("/_sandbox/zoho/crm/org", json!({"edition": "free"})).await;
    let (status, answer) = make("One".into()).await;
    assert_eq!(
        (status, &answer["fields"][0]["code"], &answer["fields"][0]["details"]["limit"]),
        (400, &json!("LIMIT_EXCEEDED"), &json!(0))
    );
    crm.world.order("/_sandbox/zoho/crm/org", json!({"edition": "standard"})).await;
    for number in 0..10 {
        assert_eq!(make(format!("Field {number}")).await.0, 201);
    }
    assert_eq!(make("Eleventh".into()).await.1["fields"][0]["details"]["limit"], 10);
    assert_eq!(crm.read("/org").await["org"][0]["license_details"]["paid_type"], "standard");
}

#[tokio::test]
async fn an_external_field_addresses_records_everywhere() {
    let crm = Crm::new().await;
    let external = |label: &str| json!({"field_label": label, "data_type": "text", "external": {"type": "org", "show": false}});
    let field = crm.field("Contacts", external("Xero Contact ID")).await;
    assert_eq!(field, "Xero_Contact_ID");
    let account_field = crm.field("Accounts", external("External Account ID")).await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri", account_field.as_str(): "acc-1"})).await;
    let header = "Contacts.Xero_Contact_ID,Contacts.Account_Name.External_Account_ID";
    let call = async |method: Method, path: &str, body: Value| {
        let request = crm.request(method, path).header("X-EXTERNAL", header);
        heard(if body.is_null() { request.send().await.unwrap() } else { request.json(&body).send().await.unwrap() }).await
    };
    let row = json!({"Last_Name": "Ada", "Xero_Contact_ID": "guid-1", "Account_Name": {"External_Account_ID": "acc-1"}});
    let (status, answer) = call(Method::POST, "/Contacts/upsert", json!({"data": [row]})).await;
    assert_eq!((status, &answer["data"][0]["action"]), (200, &json!("insert")));
    assert_eq!(answer["data"][0]["details"]["Xero_Contact_ID"], "guid-1");
    let (_, shown) = call(Method::GET, "/Contacts/guid-1", Value::Null).await;
    assert_eq!(shown["data"][0]["Account_Name"], json!({"name": "Kauri", "id": account}));
    let (_, answer) =
        call(Method::POST, "/Contacts/upsert", json!({"data": [{"Last_Name": "Ada B", "Xero_Contact_ID": "guid-1"}]})).await;
    assert_eq!(
        (&answer["data"][0]["action"], &answer["data"][0]["duplicate_field"]),
        (&json!("update"), &json!("Xero_Contact_ID"))
    );
    let (status, _) = call(Method::PUT, "/Contacts/guid-1", json!({"data": [{"Title": "T"}]})).await;
    assert_eq!(status, 200);
    let (status, _) = call(Method::PUT, "/Contacts", json!({"data": [{"Xero_Contact_ID": "guid-1", "Department": "D"}]})).await;
    assert_eq!(status, 200);
    let (_, list) = call(Method::GET, "/Contacts?fields=Title,Department&ids=guid-1,guid-2", Value::Null).await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["Department"]), (1, &json!("D")));

    let (_, answer) =
        call(Method::POST, "/Contacts", json!({"data": [{"Last_Name": "Twin", "Xero_Contact_ID": "guid-1"}]})).await;
    assert_eq!(answer["data"][0]["message"], "The external field contains duplicate data.");
    let lost = json!({"data": [{"Last_Name": "Lost", "Account_Name": {"External_Account_ID": "acc-2"}}]});
    let (_, answer) = call(Method::POST, "/Contacts", lost).await;
    assert_eq!(answer["data"][0]["message"], "The external ID of the lookup field or the Price Book is incorrect");
    let (_, answer) = call(Method::PUT, "/Contacts", json!({"data": [{"Xero_Contact_ID": "guid-9", "Title": "T"}]})).await;
    assert_eq!(answer["data"][0]["message"], "The value of the external field is invalid.");
    let (status, _) = call(Method::DELETE, "/Contacts?ids=guid-1", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(call(Method::GET, "/Contacts/guid-1", Value::Null).await.0, 204);
}

#[tokio::test]
async fn products_of_lines_can_be_named_by_an_external_field() {
    let crm = Crm::new().await;
    let field = json!({"field_label": "Products External", "data_type": "text", "external": {"type": "org"}});
    let field = crm.field("Products", field).await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri"})).await;
    let product = crm.insert("Products", json!({"Product_Name": "Plank", field.as_str(): "SKU"})).await;
    let quote = json!({"Subject": "Q", "Account_Name": {"id": account}, "Quoted_Items": [{"Product_Name": {"Products_External": "SKU"}, "Quantity": 1}]});
    let request = crm.request(Method::POST, "/Quotes").header("X-EXTERNAL", "Quotes.Quoted_Items.Product_Name.Products_External");
    let (status, answer) = heard(request.json(&json!({"data": [quote]})).send().await.unwrap()).await;
    assert_eq!(status, 201);
    let shown = crm.record("Quotes", answer["data"][0]["details"]["id"].as_str().unwrap()).await;
    assert_eq!(shown["Quoted_Items"][0]["Product_Name"]["id"], json!(product));
}

#[tokio::test]
async fn a_unique_field_keeps_two_records_apart_and_can_be_checked_by_upsert() {
    let crm = Crm::new().await;
    let field =
        crm.field("Contacts", json!({"field_label": "Code", "data_type": "text", "unique": {"case_sensitive": false}})).await;
    let first = crm.insert("Contacts", json!({"Last_Name": "A", field.as_str(): "k1"})).await;
    let (_, answer) = crm.post("/Contacts", json!({"data": [{"Last_Name": "B", "Code": "K1"}]})).await;
    assert_eq!(answer["data"][0]["details"]["duplicate_record"]["id"], json!(first));
    let body = json!({"data": [{"Last_Name": "B", "Code": "K1"}], "duplicate_check_fields": ["Code"]});
    assert_eq!(crm.post("/Contacts/upsert", body).await.1["data"][0]["details"]["id"], json!(first));
    let plain = crm.field("Contacts", json!({"field_label": "Loose", "data_type": "text"})).await;
    for name in ["C", "D"] {
        crm.insert("Contacts", json!({"Last_Name": name, plain.as_str(): "same"})).await;
    }
    let fields = crm.read("/settings/fields?module=Contacts").await;
    let loose =
        fields["fields"].as_array().unwrap().iter().find(|field| field["api_name"] == "Loose").unwrap()["id"].as_str().unwrap();
    let body = json!({"fields": [{"unique": {"case_sensitive": false}}]});
    let (_, answer) = crm.call(Method::PATCH, &format!("/settings/fields/{loose}?module=Contacts"), Some(body)).await;
    assert_eq!(answer["fields"][0]["code"], "DUPLICATE_DATA", "what is shared already cannot become unique");
    assert_eq!(crm.read(&format!("/settings/fields/{loose}?module=Contacts")).await["fields"][0]["unique"], json!({}));
}

#[tokio::test]
async fn modules_layouts_profiles_roles_and_people() {
    let crm = Crm::new().await;
    let modules = crm.read("/settings/modules").await;
    let modules = modules["modules"].as_array().unwrap();
    assert!(modules.iter().all(|module| module["api_supported"] == true && module["generated_type"] == "default"));
    assert_eq!(crm.read("/settings/modules/Deals").await["modules"][0]["module_name"], "Potentials");
    // What the official clients read before their first record: every lookup and subform leads to a module with fields.
    for module in modules {
        let name = module["api_name"].as_str().unwrap();
        let fields = crm.read(&format!("/settings/fields?module={name}")).await;
        for field in fields["fields"].as_array().unwrap() {
            let target = field["lookup"]["module"]["api_name"].as_str().or_else(|| field["associated_module"]["module"].as_str());
            let known =
                target.is_none_or(|target| target == "se_module" || modules.iter().any(|module| module["api_name"] == target));
            assert!(known, "{name}.{}", field["api_name"]);
        }
        let layout = crm.read(&format!("/settings/layouts?module={name}")).await;
        assert_eq!(layout["layouts"][0]["name"], "Standard");
        assert!(
            !crm.read(&format!("/settings/related_lists?module={name}")).await["related_lists"].as_array().unwrap().is_empty()
        );
    }
    let required = crm.read("/settings/layouts?module=Contacts").await["layouts"][0]["sections"][0]["fields"].clone();
    let last_name = required.as_array().unwrap().iter().find(|field| field["api_name"] == "Last_Name").unwrap().clone();
    assert_eq!(last_name["required"], true);
    assert_eq!(crm.read("/settings/profiles").await["profiles"][0]["name"], "Administrator");
    assert_eq!(crm.read("/settings/roles").await["roles"][0]["name"], "CEO");
    let me = crm.read("/users?type=CurrentUser").await;
    assert_eq!((me["users"].as_array().unwrap().len(), &me["users"][0]["email"]), (1, &json!("simon@example.test")));
    let org = crm.read("/org").await["org"][0].clone();
    assert_eq!(
        (&org["company_name"], &org["type"], &org["mc_status"]),
        (&json!("Kowhai & Rimu Supplies Limited"), &json!("production"), &json!(false))
    );
    assert_eq!(crm.read("/org/taxes").await["org_taxes"]["taxes"][0]["name"], "GST");
}

#[tokio::test]
async fn currencies_come_with_multi_currency() {
    let crm = Crm::new().await;
    assert_eq!(crm.get("/org/currencies").await.0, 204);
    let euro = json!({"currencies": [{"name": "Euro", "iso_code": "EUR", "symbol": "€", "exchange_rate": "1.75"}]});
    assert_eq!(crm.post("/org/currencies", euro.clone()).await.1["code"], "FEATURE_NOT_ENABLED");
    assert_eq!(crm.post("/org/currencies/actions/enable", json!({"base_currency": {"iso_code": "NZD"}})).await.0, 200);
    assert_eq!(crm.post("/org/currencies", euro).await.0, 201);
    let bad = json!({"currencies": [{"name": "Yen", "iso_code": "JPY", "symbol": "¥", "exchange_rate": "1e3"}]});
    assert_eq!(crm.post("/org/currencies", bad).await.1["currencies"][0]["details"]["api_name"], "exchange_rate");
    let list = crm.read("/org/currencies").await;
    assert_eq!((list["currencies"].as_array().unwrap().len(), &list["currencies"][0]["is_base"]), (2, &json!(true)));
    assert_eq!(crm.post("/Accounts", json!({"data": [{"Account_Name": "E", "Currency": "EUR"}]})).await.0, 201);
    let (_, answer) = crm.post("/Accounts", json!({"data": [{"Account_Name": "J", "Currency": "JPY"}]})).await;
    assert_eq!(answer["data"][0]["details"]["api_name"], "Currency");
}

#[tokio::test]
async fn a_custom_link_wants_profiles_and_is_shown_changed_and_deleted() {
    let crm = Crm::new().await;
    let path = "/settings/custom_links?module=Contacts";
    assert_eq!(crm.get(path).await.0, 204);
    let profile = crm.read("/settings/profiles").await["profiles"][0]["id"].clone();
    let link = json!({"name": "Open in Xero", "url": "https://go.xero.com/Contacts/View/${Contacts.Xero_Contact_ID}"});
    let (status, answer) = crm.post(path, json!({"custom_links": [link]})).await;
    assert_eq!((status, &answer["custom_links"][0]["code"]), (400, &json!("MANDATORY_NOT_FOUND")));
    assert_eq!(answer["custom_links"][0]["details"]["api_name"], "profiles");
    let mut whole = link.clone();
    whole["profiles"] = json!([{"id": profile}]);
    let (status, answer) = crm.post(path, json!({"custom_links": [whole]})).await;
    assert_eq!(status, 201);
    let id = answer["custom_links"][0]["details"]["id"].as_str().unwrap().to_owned();
    let (_, again) = crm.post(path, json!({"custom_links": [whole]})).await;
    assert_eq!(again["custom_links"][0]["code"], "DUPLICATE_DATA");
    let mut stranger = whole.clone();
    stranger["name"] = "Other".into();
    stranger["profiles"] = json!([{"id": "1"}]);
    assert_eq!(crm.post(path, json!({"custom_links": [stranger]})).await.0, 400);
    let mut long = whole.clone();
    long["name"] = "x".repeat(101).into();
    assert_eq!(crm.post(path, json!({"custom_links": [long]})).await.1["custom_links"][0]["details"]["maximum_length"], 100);
    let shown = crm.read(path).await["custom_links"][0].clone();
    assert_eq!((&shown["url"], &shown["profiles"][0]["name"]), (&whole["url"], &json!("Administrator")));
    let change = json!({"custom_links": [{"name": "In Xero"}]});
    assert_eq!(crm.call(Method::PUT, &format!("/settings/custom_links/{id}?module=Contacts"), Some(change)).await.0, 200);
    assert_eq!(crm.read(&format!("/settings/custom_links/{id}?module=Contacts")).await["custom_links"][0]["name"], "In Xero");
    assert_eq!(crm.call(Method::DELETE, &format!("/settings/custom_links?module=Contacts&ids={id},1"), None).await.0, 207);
    assert_eq!(crm.get(path).await.0, 204);
}

#[tokio::test]
async fn a_module_whose_fields_changed_is_told_to_who_asks_since_when() {
    let crm = Crm::new().await;
    let then = crm.read("/settings/modules/Contacts").await["modules"][0]["modified_time"].as_str().unwrap().to_owned();
    let since = async |at: &str| {
        let request = crm.request(Method::GET, "/settings/modules").header("If-Modified-Since", at);
        heard(request.send().await.unwrap()).await
    };
    assert_eq!(since(&then).await.0, 304);
    crm.advance_s(5);
    crm.field("Contacts", json!({"field_label": "New", "data_type": "text"})).await;
    let (status, answer) = since(&then).await;
    assert_eq!(
        (status, answer["modules"].as_array().unwrap().len(), &answer["modules"][0]["api_name"]),
        (200, 1, &json!("Contacts"))
    );
}
