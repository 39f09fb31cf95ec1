//! What a person does, in a real browser: from the first page to the Zoho contact, and by its button to the Xero contact.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::chromium::{Browser, PATIENCE};
use crate::people::Zoho;
use crate::{World, demo};

/// The button of the source document.
const XERO_LINK: &str = "xerold = customer.get(\"cf_xero_acct_id\");\nopenUrl(\"https://go.xero.com/Contacts/View/\" + xerold,\"new window\");\nresultMap = Map();\nreturn resultMap;";
/// One that says so when there is nothing to open.
const CAREFUL_LINK: &str = r#"
res = Map();
xid = ifnull(customer.get("cf_xero_acct_id"),"");
if(xid == "") { for each f in customer.get("custom_fields") { if(f.get("api_name") == "cf_xero_acct_id") { xid = f.get("value"); } } }
if(xid == "") { res.put("code",1); res.put("message","Not linked to Xero yet"); }
else { openUrl("https://go.xero.com/Contacts/View/" + xid,"new window"); res.put("code",0); res.put("message","Opening Xero"); }
return res;"#;
#[tokio::test]
async fn a_click_on_xero_link_opens_the_xero_contact() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let made = world
        .order(
            &format!("/_sandbox/xero/{}/Contacts", demo()),
            json!({"Name": "Aroha Ngata Architects", "EmailAddress": "aroha@example.com", "FirstName": "Aroha", "LastName": "Ngata"}),
        )
        .await;
    let xero_id = made[0]["ContactID"].as_str().unwrap().to_owned();
    let zoho = Zoho::of(&world).await;
    let field = json!({"label": "Xero Acct ID", "entity": "contact", "data_type": "string", "is_unique": true});
    let field = zoho.create(&world, "settings/fields", "field", field).await;
    assert_eq!(field["api_name"], "cf_xero_acct_id");
    let contact = json!({
        "contact_name": "Aroha Ngata Architects", "contact_type": "customer", "company_name": "Aroha Ngata Architects Ltd", "website": "https://example.com",
        "billing_address": {"address": "12 Ponsonby Road", "city": "Auckland", "zip": "1011", "country": "New Zealand"},
        "contact_persons": [{"first_name": "Aroha", "last_name": "Ngata", "email": "aroha@example.com", "phone": "+64 9 555 0101", "is_primary_contact": true}],
        "custom_fields": [{"api_name": "cf_xero_acct_id", "value": xero_id}],
    });
    zoho.create(&world, "contacts", "contact", contact).await;
    let stranger = zoho.create(&world, "contacts", "contact", json!({"contact_name": "Not Linked Ltd"})).await;
    let button =
        json!({"name": "Xero Link", "entity_type": "customer", "page_view": "details", "customfunction": {"script": XERO_LINK}});
    zoho.create(&world, "settings/custombuttons", "custombutton", button).await;

    browser.visit(&world.url("/")).await;
    assert_eq!(browser.overflow().await, 0);
    browser.keep_picture("companies.png").await;
    browser.click("css selector", &format!("a[href='/people/zoho/{}/contacts']", zoho.org)).await;
    browser.keep_picture("zoho-contacts.png").await;
    browser.click("link text", "Aroha Ngata Architects").await;
    assert_eq!(browser.text("h1").await, "Aroha Ngata Architects");
    assert!(browser.text("main").await.contains(&xero_id));
    assert_eq!(browser.overflow().await, 0);
    browser.keep_picture("zoho-contact.png").await;

    let known = browser.windows().await;
    browser.click("xpath", "//button[text()='Xero Link']").await;
    browser.follow_to_new_window(&known).await;
    assert_eq!(browser.address().await, world.url(&format!("/xero/go/Contacts/View/{xero_id}")));
    assert_eq!(browser.text("h1").await, "Aroha Ngata Architects");
    assert!(browser.text("main").await.contains("aroha@example.com"));
    browser.keep_picture("xero-contact.png").await;

    // The script that looks first says on the page itself that there is nothing to open.
    let body = json!({"name": "Careful Xero Link", "entity_type": "contact", "page_view": "details", "customfunction": {"script": CAREFUL_LINK}});
    zoho.create(&world, "settings/custombuttons", "custombutton", body).await;

    // A deep link, as CP Connect builds it, ends at the record that its fragment names; there the button finds nothing to open.
    let id = stranger["contact_id"].as_str().unwrap();
    browser.visit(&world.url(&format!("/zoho/eu/web/app/{}#/contacts/{id}", zoho.org))).await;
    browser.arrives_at("Not Linked Ltd").await;
    let known = browser.windows().await;
    browser.click("xpath", "//button[text()='Careful Xero Link']").await;
    let end = Instant::now() + PATIENCE;
    while browser.text("#said").await != "Not linked to Xero yet" {
        assert!(Instant::now() < end, "nothing was said");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(browser.windows().await, known, "and nothing was opened");
    browser.element("css selector", "#said.failed").await;
    browser.keep_picture("zoho-contact-not-linked.png").await;
    browser.click("xpath", "//button[text()='Xero Link']").await;
    browser.follow_to_new_window(&known).await;
    assert_eq!(browser.text("h1").await, "Not found");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn no_page_is_wider_than_a_small_screen() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    browser.resize(1024, 768).await;
    for list in ["Invoices", "Contacts", "Payments", "Items", "Accounts"] {
        let path = format!("/people/xero/{}/{list}", demo());
        browser.visit(&world.url(&path)).await;
        assert!(browser.overflow().await <= 0, "{path}");
        let links = "return [...document.querySelectorAll('table.list tbody a')].map(link => link.href);";
        let links = browser.order("/execute/sync", json!({"script": links, "args": []})).await;
        for link in links.as_array().unwrap().iter().take(12) {
            browser.visit(link.as_str().unwrap()).await;
            assert!(browser.overflow().await <= 0, "{link}");
        }
    }
}

#[tokio::test]
async fn a_custom_contact_link_stands_on_every_contact() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let world = World::new().await;
    let path = format!("/_sandbox/xero/{}/Contacts", demo());
    let made = world.order(&path, json!([{"Name": "Ada Ltd", "ContactNumber": "A 1"}, {"Name": "Ben Ltd"}])).await;
    let id = made[0]["ContactID"].as_str().unwrap();
    browser.visit(&world.url(&format!("/people/xero/{}", demo()))).await;
    browser.click("link text", "Custom Contact Links").await;
    // Nothing but a web address is taken.
    browser.write("input[name=name]", "Evil").await;
    browser.write("input[name=definition]", "javascript:alert(1)").await;
    browser.click("xpath", "//button[text()='Save']").await;
    assert_eq!(browser.text("#said").await, "Enter a name and a web address.");
    let definition = world.url("/people/xero/{!CONTACTID}?code={!CONTACTCODE}");
    browser.write("input[name=name]", "Our CRM").await;
    browser.write("input[name=definition]", &definition).await;
    browser.click("xpath", "//button[text()='Save']").await;
    assert_eq!(browser.text("article code").await, definition);

    browser.visit(&world.url(&format!("/people/xero/{}/Contacts/{id}", demo()))).await;
    browser.click("link text", "Our CRM").await;
    assert_eq!(browser.address().await, world.url(&format!("/people/xero/{id}?code=A+1")));
    // Other records have none, and a link that was deleted is gone.
    browser.visit(&world.url(&format!("/people/xero/{}/settings/contact-links", demo()))).await;
    browser.click("xpath", "//button[text()='Delete']").await;
    // The click is over before the page that it sends is answered.
    let path = format!("/people/xero/{}/Contacts/{id}", demo());
    let mut looks = 0;
    while world.page(&path).await.contains("Our CRM") {
        looks += 1;
        assert!(looks < 100, "the link still stands on the contact");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    world.sandbox.stop().await;
}
