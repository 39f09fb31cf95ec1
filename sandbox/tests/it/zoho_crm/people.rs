//! CRM's pages for people, and where links into its own screens lead.

use serde_json::json;

use super::Crm;
use crate::between;

#[tokio::test]
async fn modules_lists_and_records_have_pages_like_those_of_books() {
    let crm = Crm::new().await;
    let org = crm.read("/org").await["org"][0]["zgid"].as_str().unwrap().to_owned();
    let account = crm.insert("Accounts", json!({"Account_Name": "<b>Söhne</b> & Co"})).await;
    let contact =
        crm.insert("Contacts", json!({"Last_Name": "Ada", "Email": "ada@example.com", "Account_Name": {"id": account}})).await;
    let product = crm.insert("Products", json!({"Product_Name": "Lamp", "Unit_Price": 12.5})).await;
    let row = json!({"Product_Name": {"id": product}, "Quantity": 2, "List_Price": 12.5});
    let quote = crm.insert("Quotes", json!({"Subject": "Light", "Account_Name": {"id": account}, "Quoted_Items": [row]})).await;
    crm.insert("Deals", json!({"Deal_Name": "Big", "Stage": "Qualification", "Closing_Date": "2026-12-01"})).await;

    let home = crm.world.page("/").await;
    for (module, words, count) in [("Contacts", "Contacts", 1), ("Price_Books", "Price books", 0), ("Deals", "Deals", 1)] {
        assert!(home.contains(&format!("<a href=\"/people/crm/{org}/{module}\">{words}</a><b>{count}</b>")), "{module}");
    }
    let company = crm.world.page(&format!("/people/crm/{org}")).await;
    for link in company.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if link.starts_with("/people/crm/") {
            let list = crm.world.page(link).await;
            assert!(list.contains("There is nothing in this list yet.") || list.contains("<th scope=\"row\">"), "{link}");
        }
    }
    let list = crm.world.page(&format!("/people/crm/{org}/Contacts")).await;
    assert!(list.contains(&format!("<a href=\"/people/crm/{org}/Contacts/{contact}\">Ada</a>")));
    assert!(list.contains("ada@example.com") && list.contains("&lt;b&gt;Söhne&lt;/b&gt; &amp; Co") && !list.contains("<b>Söhne"));
    let page = crm.world.page(&format!("/people/crm/{org}/Contacts/{contact}")).await;
    assert!(
        page.contains(&format!("<a href=\"/people/crm/{org}/any/{account}\">&lt;b&gt;Söhne&lt;/b&gt; &amp; Co</a>")),
        "{page}"
    );
    assert!(!page.contains("approval"), "what is the system's own is not shown");
    let page = crm.world.page(&format!("/people/crm/{org}/Quotes/{quote}")).await;
    assert!(
        page.contains("Quoted items") && page.contains(&format!("<a href=\"/people/crm/{org}/any/{product}\">Lamp</a>")),
        "{page}"
    );

    let any = crm.world.client.get(crm.world.url(&format!("/people/crm/{org}/any/{product}"))).send().await.unwrap();
    assert!(any.headers()["location"].to_str().unwrap().ends_with(&format!("/Products/{product}")));
    for path in [
        format!("/people/crm/{org}/Accounts/{contact}"),
        format!("/people/crm/{org}/Quoted_Items"),
        format!("/people/crm/{org}/any/46"),
        format!("/people/crm/{org}/Contacts/x"),
        "/people/crm/1/Contacts".to_owned(),
        "/people/crm/x".to_owned(),
    ] {
        assert_eq!(crm.world.client.get(crm.world.url(&path)).send().await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn lists_of_crm_have_pages_an_order_and_a_search_in_what_fields_hold() {
    let crm = Crm::new().await;
    let org = crm.read("/org").await["org"][0]["zgid"].as_str().unwrap().to_owned();
    let rows: Vec<_> =
        (0..53).map(|number| json!({"Last_Name": format!("Contact {number:02}"), "Phone": format!("09 {number:02}7")})).collect();
    let (_, answer) = crm.post("/Contacts", json!({"data": rows, "trigger": []})).await;
    let names = async |query: &str| -> Vec<String> {
        let page = crm.world.page(&format!("/people/crm/{org}/Contacts{query}")).await;
        let rows = page.split("<th scope=\"row\">").skip(1);
        rows.map(|row| between(&format!("{row}</a>"), "\">", "</a>")).collect()
    };
    assert_eq!(
        (names("").await.len(), names("?page=2").await),
        (50, vec!["Contact 02".into(), "Contact 01".into(), "Contact 00".into()])
    );
    assert_eq!(names("?q=CONTACT+17").await, ["Contact 17"]);
    assert_eq!(names("?q=09+177").await, ["Contact 17"], "a number is found too");
    assert_eq!(names("?q=Last_Name").await, Vec::<String>::new(), "the names of fields are not what they hold");
    crm.advance_s(60);
    crm.update("Contacts", answer["data"][5]["details"]["id"].as_str().unwrap(), json!({"Phone": "1"})).await;
    assert_eq!(names("?by=change").await[0], "Contact 05");
}

#[tokio::test]
async fn custom_links_stand_on_the_record_and_deep_links_lead_to_it() {
    let crm = Crm::new().await;
    let org = crm.read("/org").await["org"][0]["zgid"].as_str().unwrap().to_owned();
    let field = crm.field("Contacts", json!({"field_label": "Xero ID", "data_type": "text"})).await;
    let profile = crm.read("/settings/profiles").await["profiles"][0]["id"].clone();
    let path = "/settings/custom_links?module=Contacts";
    let link = |name: &str, url: String| json!({"custom_links": [{"name": name, "url": url, "profiles": [{"id": profile}]}]});
    for (name, url) in [
        ("In <Xero>", format!("https://go.xero.com/Contacts/View/${{Contacts.{field}}}")),
        ("Other", "https://example.org/{Contact.ID}".into()),
    ] {
        assert_eq!(crm.post(path, link(name, url)).await.0, 201);
    }
    let id = crm.read(path).await["custom_links"][1]["id"].as_str().unwrap().to_owned();
    let rename = json!({"custom_links": [{"id": id, "name": "In <Xero>"}]});
    let (status, answer) = crm.call(reqwest::Method::PUT, path, Some(rename)).await;
    assert_eq!((status, &answer["custom_links"][0]["code"]), (400, &json!("DUPLICATE_DATA")), "not by a change either");

    let contact = crm.insert("Contacts", json!({"Last_Name": "Ada", field: "a\"/../<b>"})).await;
    let page = crm.world.page(&format!("/people/crm/{org}/Contacts/{contact}")).await;
    let here = crm.world.url("/xero/go/Contacts/View/a%22%2F..%2F%3Cb%3E");
    assert!(page.contains(&format!("<a class=\"button\" href=\"{here}\">In &lt;Xero&gt;</a>")), "{page}");
    assert!(page.contains(&format!("href=\"https://example.org/{contact}\"")));

    let deal = crm.insert("Deals", json!({"Deal_Name": "Big", "Stage": "Qualification", "Closing_Date": "2026-12-01"})).await;
    let go = async |path: String| crm.world.client.get(crm.world.url(&path)).send().await.unwrap();
    let there = go(format!("/zoho/eu/web/crm/org{org}/tab/Potentials/{deal}")).await;
    assert_eq!(
        (there.status().as_u16(), there.headers()["location"].to_str().unwrap()),
        (303, &*format!("/people/crm/{org}/Deals/{deal}"))
    );
    for path in
        [format!("/zoho/us/web/crm/org{org}/tab/Potentials/{deal}"), format!("/zoho/eu/web/crm/org{org}/tab/Deals/{deal}")]
    {
        assert_eq!(go(path.clone()).await.status(), 404, "{path}");
    }
}
