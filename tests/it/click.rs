//! Both links as the bookkeeper sees them, in a real browser: from the Zoho contact by its button to the Xero contact, and by Xero's Custom
//! Contact Link back. Pictures of what they see are kept.

use serde_json::json;
use tests::{World, books};

use crate::chromium::Browser;

const NAME: &str = "Aroha Ngata Architects";
/// The narrowest screen that our pages are for.
const NARROW: (u32, u32) = (390, 844);

#[tokio::test(flavor = "multi_thread")]
async fn a_bookkeeper_clicks_from_zoho_to_xero_and_back() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let ada = json!({
        "Name": NAME, "IsCustomer": true, "EmailAddress": "aroha@example.com", "FirstName": "Aroha", "LastName": "Ngata",
        "Addresses": [{ "AddressType": "POBOX", "AddressLine1": "12 Ponsonby Road", "City": "Auckland", "PostalCode": "1011" }],
    });
    let made = world.in_xero("Contacts", ada).await;
    let xero_id = made[0]["ContactID"].as_str().unwrap();
    world.migrate(&connected).await;
    let contacts = books::zoho(&world, "contacts").await;
    let contact = contacts.iter().find(|one| one["contact_name"] == NAME).unwrap();
    let zoho_id = contact["contact_id"].as_str().unwrap();
    let (organisation, company) = (world.organisation().await, world.xero_tenant().await);
    let sandbox = |path: &str| world.stage.sandbox_url.join(path).unwrap().to_string();

    // From Zoho to Xero.
    browser.visit(&sandbox(&format!("people/zoho/{organisation}/contacts/{zoho_id}"))).await;
    browser.arrives_at(NAME).await;
    browser.keep_picture("links-zoho-contact.png").await;
    let zoho_window = browser.windows().await;
    browser.click("xpath", "//button[text()='Xero Link']").await;
    browser.follow_to_new_window(&zoho_window).await;
    browser.arrives_at(NAME).await;
    let address = browser.address().await;
    assert!(address.ends_with(&format!("/contacts/contact/{xero_id}")), "{address}");
    assert!(address.starts_with(&sandbox("xero/go/app/!")), "the organisation is named: {address}");

    // The guide tells what to paste into Xero; a person does so.
    let data = world.staff.data("query($id: ID!) { link(id: $id) { buttons { guide } } }", json!({ "id": connected.link })).await;
    let guide = data.unwrap()["link"]["buttons"]["guide"].as_str().unwrap().to_owned();
    browser.visit(&guide).await;
    browser.arrives_at("Links between Xero and Zoho Books").await;
    assert!(browser.text(".badge").await.contains("Ready"), "{}", browser.text("main").await);
    let definition = browser.text("section[aria-labelledby=back] pre").await;
    browser.keep_picture("links-guide.png").await;
    browser.visit(&sandbox(&format!("people/xero/{company}/settings/contact-links"))).await;
    browser.write("input[name=name]", "Zoho Books").await;
    browser.write("input[name=definition]", &definition).await;
    browser.click("xpath", "//button[text()='Save']").await;
    // Kept, before another page is asked for: a form that is on its way would come back over it.
    browser.element("xpath", "//article/h3[text()='Zoho Books']").await;

    // From Xero back to Zoho.
    browser.visit(&address).await;
    browser.arrives_at(NAME).await;
    browser.keep_picture("links-xero-contact.png").await;
    browser.click("link text", "Zoho Books").await;
    let end = std::time::Instant::now() + crate::chromium::PATIENCE;
    let there = format!("/people/zoho/{organisation}/contacts/{zoho_id}");
    while !browser.address().await.ends_with(&there) {
        assert!(std::time::Instant::now() < end, "still at {}", browser.address().await);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    browser.arrives_at(NAME).await;
    browser.element("xpath", "//button[text()='Xero Link']").await;

    // A contact that only Xero has leads to a page that helps, on a telephone too.
    let made = world.in_xero("Contacts", json!({ "Name": "Came Later Ltd", "IsCustomer": true })).await;
    let later = made[0]["ContactID"].as_str().unwrap();
    browser.visit(&sandbox(&format!("people/xero/{company}/Contacts/{later}"))).await;
    browser.click("link text", "Zoho Books").await;
    browser.arrives_at("There is no contact to open in Zoho").await;
    browser.keep_picture("links-not-linked.png").await;
    browser.resize(NARROW.0, NARROW.1).await;
    assert!(browser.overflow().await <= 0);
    // Providers take their time, as they do: what is carried at once leads on to Zoho without a word.
    world.faults(json!([{ "match": {}, "kind": "latency", "ms": 2500 }])).await;
    browser.click("xpath", "//button[text()='Sync now']").await;
    browser.element("css selector", "p[role=status] .good").await;
    browser.keep_picture("links-being-looked-at.png").await;
    world.faults(json!([])).await;
    browser.visit(&guide).await;
    assert!(browser.overflow().await <= 0);
    browser.click("xpath", "//button[text()='Check again']").await;
    browser.element("css selector", "p[role=status]").await;
    world.end().await;
}
