//! The links both ways: a button and a field on Zoho's contacts that open Xero's, made by us and kept; addresses that lead from Xero's
//! records to Zoho's; and what happens where there is nothing to open.

use std::time::Duration;

use entities::ids::TenantId;
use entities::{connection, grant, link};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use serde_json::{Value, json};
use tests::books::{self, custom};
use tests::{Connected, World, eventually};

/// The customer that every story here knows.
const NAME: &str = "Aroha Ngata Architects";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Somebody's browser, which is shown where it is sent.
fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn see(world: &World, path: &str) -> Response {
    client().get(world.url(path)).send().await.unwrap()
}

/// Where a path leads.
async fn leads(world: &World, path: &str) -> String {
    let answer = see(world, path).await;
    assert_eq!(answer.status(), 302, "{path}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The custom button of the design card, asked for as staff's portal does.
async fn asked(world: &World, method: Method, tenant: &str) -> (u16, Value) {
    let path = format!("/api/v1/tenants/{tenant}/zoho/custom-button");
    let answer = client().request(method, world.url(&path)).bearer_auth(world.staff.token()).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn provisioned(world: &World, connected: &Connected) -> Value {
    let (status, answer) = asked(world, Method::POST, &connected.tenant).await;
    assert_eq!(status, 200, "{answer:#}");
    answer["products"][0].clone()
}

/// Zoho's buttons, as somebody with our rights sees them.
async fn buttons(world: &World, connected: &Connected) -> Vec<Value> {
    let (status, answer) = world.in_zoho(connected, Method::GET, "settings/custombuttons", None).await;
    assert_eq!(status, 200, "{answer}");
    answer["custombuttons"].as_array().unwrap().clone()
}

async fn fields(world: &World, connected: &Connected) -> Vec<Value> {
    let path = "settings/fields?entity=contact&filter_custom_fields=true";
    let (status, answer) = world.in_zoho(connected, Method::GET, path, None).await;
    assert_eq!(status, 200, "{answer}");
    answer["fields"].as_array().unwrap().iter().filter(|field| field["label"] == "Xero link").cloned().collect()
}

/// Clicks a button on a contact's page in Zoho.
async fn press(world: &World, contact: &str, button: &str) -> Value {
    let organisation = world.organisation().await;
    let path = format!("people/zoho/{organisation}/contacts/{contact}/buttons/{button}");
    let url = world.stage.sandbox_url.join(&path).unwrap();
    client().post(url).header("accept", "application/json").send().await.unwrap().json().await.unwrap()
}

/// A tiny company whose books were carried, with a customer that both sides have: Xero's id and Zoho's.
async fn carried() -> (World, Connected, String, String) {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let made = world.in_xero("Contacts", json!({ "Name": NAME, "IsCustomer": true, "EmailAddress": "aroha@example.com" })).await;
    let xero = made[0]["ContactID"].as_str().unwrap().to_owned();
    world.migrate(&connected).await;
    let contact = in_zoho(&world, NAME).await;
    let zoho = contact["contact_id"].as_str().unwrap().to_owned();
    (world, connected, xero, zoho)
}

async fn in_zoho(world: &World, name: &str) -> Value {
    let all = books::zoho(world, "contacts").await;
    all.into_iter().find(|one| one["contact_name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// The key of the only link.
async fn key(world: &World, connected: &Connected) -> String {
    let data = world.staff.data("query($id: ID!) { link(id: $id) { key } }", json!({ "id": connected.link })).await.unwrap();
    data["link"]["key"].as_str().unwrap().to_owned()
}

async fn short_code(world: &World) -> String {
    books::xero(world, "Organisation").await[0]["ShortCode"].as_str().unwrap().to_owned()
}

fn way<'a>(product: &'a Value, kind: &str) -> &'a Value {
    product["ways"].as_array().unwrap().iter().find(|one| one["kind"] == kind).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_consents_a_button_and_a_field_lead_from_each_contact_to_xero() {
    let (world, connected, xero, zoho) = carried().await;
    let (status, answer) = asked(&world, Method::GET, &connected.tenant).await;
    assert_eq!(status, 200);
    let product = &answer["products"][0];
    assert_eq!(
        (&product["way"], &product["state"], &product["toDo"]),
        (&json!("BUTTON"), &json!("MADE"), &Value::Null),
        "{answer:#}"
    );
    let there = buttons(&world, &connected).await;
    assert_eq!(there.len(), 2, "{there:#?}");
    assert!(there.iter().all(|button| button["name"] == "Xero Link"));
    assert_eq!(fields(&world, &connected).await.len(), 1);

    let go = world.stage.sandbox_url.join("xero/go/app/").unwrap();
    let address = format!("{go}{}/contacts/contact/{xero}", short_code(&world).await);
    assert_eq!(custom(&in_zoho(&world, NAME).await, "cf_xero_link").as_deref(), Some(address.as_str()));
    let pressed = press(&world, &zoho, way(product, "customer")["zohoId"].as_str().unwrap()).await;
    assert_eq!(pressed["opens"][0]["asked"], address, "{pressed:#}");
    assert_eq!((&pressed["message"], &pressed["failed"]), (&json!("Opening Xero."), &json!(false)));

    // A vendor has its own button, which reads the vendors' field.
    let vendors = books::zoho(&world, "contacts").await;
    let vendor = vendors.iter().find(|one| one["contact_type"] == "vendor").unwrap();
    let pressed = press(&world, vendor["contact_id"].as_str().unwrap(), way(product, "vendor")["zohoId"].as_str().unwrap()).await;
    assert_eq!(pressed["opens"][0]["asked"], custom(vendor, "cf_xero_link").unwrap().as_str(), "{pressed:#}");

    // What is in Zoho alone says so and opens nothing.
    let body = json!({ "contact_name": "Not Linked Ltd", "contact_type": "customer" });
    let (_, made) = world.in_zoho(&connected, Method::POST, "contacts", Some(body)).await;
    let id = made["contact"]["contact_id"].as_str().unwrap();
    let pressed = press(&world, id, way(product, "customer")["zohoId"].as_str().unwrap()).await;
    assert_eq!((&pressed["opens"], &pressed["failed"]), (&json!([]), &json!(true)));
    assert!(pressed["message"].as_str().unwrap().contains("not in Xero yet"), "{pressed}");

    // Once it has come to Xero, it has both, too.
    world.run("syncNow", &connected).await;
    let arrived = eventually("it has come back with its id", async || {
        let one = in_zoho(&world, "Not Linked Ltd").await;
        Some((custom(&one, "cf_xero_acct_id")?, custom(&one, "cf_xero_link")?))
    })
    .await;
    assert_eq!(arrived.1, format!("{go}{}/contacts/contact/{}", short_code(&world).await, arrived.0));

    // Asking again changes nothing.
    world.forget_requests().await;
    let again = provisioned(&world, &connected).await;
    assert_eq!(way(&again, "customer")["zohoId"], way(product, "customer")["zohoId"]);
    assert_eq!(world.asked().await.writes("zoho"), 0);
    let query = "mutation($id: ID!) { provisionButton(linkId: $id) { ... on ButtonProvisioned { buttons { way state toDo guide scripts { kind } ways { kind state mended } } } } }";
    let data = world.staff.data(query, json!({ "id": connected.link })).await.unwrap();
    let seen = &data["provisionButton"]["buttons"];
    assert_eq!((&seen["way"], &seen["state"]), (&json!("BUTTON"), &json!("MADE")), "{data}");
    assert_eq!(seen["scripts"].as_array().unwrap().len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_that_somebody_deleted_or_edited_is_set_right_and_reported() {
    let (mut world, connected, _, zoho) = carried().await;
    let there = buttons(&world, &connected).await;
    let of = |entity: &str| there.iter().find(|one| one["entity_type"] == entity).unwrap()["custombutton_id"].as_str().unwrap();
    let (customers, vendors) = (of("customer").to_owned(), of("vendor").to_owned());
    world.person_in_zoho(&connected, Method::DELETE, &format!("settings/custombuttons/{vendors}"), None).await;
    let body = json!({ "name": "My link", "customfunction": { "script": "info 1;" } });
    world.person_in_zoho(&connected, Method::PUT, &format!("settings/custombuttons/{customers}"), Some(body)).await;

    // By itself, with the first sync of the next day.
    world.advance(DAY).await;
    // Nobody's token lives so long.
    world.staff = world.stage.staff().unwrap();
    world.run("syncNow", &connected).await;
    let (_, answer) = asked(&world, Method::GET, &connected.tenant).await;
    let product = &answer["products"][0];
    assert_eq!(product["state"], "MADE", "{answer:#}");
    for (kind, said) in [("customer", "was changed"), ("vendor", "was gone")] {
        let one = way(product, kind);
        assert!(one["mended"].as_str().is_some_and(|mended| mended.contains(said)), "{kind}: {one}");
        assert!(one["mendedAt"].is_string());
    }
    let there = buttons(&world, &connected).await;
    assert_eq!(there.len(), 2, "{there:#?}");
    assert!(there.iter().all(|button| button["name"] == "Xero Link"));
    assert_eq!(fields(&world, &connected).await.len(), 1);
    assert_eq!(way(product, "customer")["zohoId"], customers.as_str(), "the one that was edited stays the same");
    let pressed = press(&world, &zoho, &customers).await;
    assert_eq!(pressed["opens"].as_array().unwrap().len(), 1, "{pressed}");

    // Somebody's copy of ours is not left beside it.
    let (_, script) = world.in_zoho(&connected, Method::GET, &format!("settings/custombuttons/{customers}"), None).await;
    world.switch("zoho.button_names_unique", false).await;
    let body = json!({ "name": "Xero Link", "entity_type": "customer", "page_view": "details", "customfunction": script["custombutton"]["customfunction"] });
    world.person_in_zoho(&connected, Method::POST, "settings/custombuttons", Some(body)).await;
    assert_eq!(provisioned(&world, &connected).await["state"], "MADE");
    let left = buttons(&world, &connected).await;
    assert_eq!(left.len(), 2, "{left:#?}");
    assert!(left.iter().any(|button| button["custombutton_id"] == customers.as_str()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_somebody_switched_off_keeps_no_contact_from_travelling() {
    let (world, connected, xero, zoho) = carried().await;
    let field = fields(&world, &connected).await[0]["field_id"].as_str().unwrap().to_owned();
    let path = format!("settings/fields/{field}");
    world.person_in_zoho(&connected, Method::PUT, &path, Some(json!({ "is_active": false }))).await;
    world.in_xero("Contacts", json!({ "ContactID": xero, "Name": "Aroha Ngata Ltd" })).await;
    world.run("syncNow", &connected).await;
    assert_eq!(in_zoho(&world, "Aroha Ngata Ltd").await["contact_id"], zoho.as_str());
    assert!(world.staff.holds(&connected.link).await.unwrap().iter().all(|hold| hold["flow"]["key"] != "books.customers"));

    // The next look finds out, says so, and leaves it as that person wants it. Its name is a person's to choose, too.
    let product = provisioned(&world, &connected).await;
    assert_eq!((&product["way"], &way(&product, "field")["state"]), (&json!("BUTTON"), &json!("REFUSED")), "{product:#}");
    world.person_in_zoho(&connected, Method::PUT, &path, Some(json!({ "is_active": true }))).await;
    assert_eq!(way(&provisioned(&world, &connected).await, "field")["state"], "MADE");
    world.person_in_zoho(&connected, Method::PUT, &path, Some(json!({ "label": "In Xero" }))).await;
    let product = provisioned(&world, &connected).await;
    assert_eq!((&way(&product, "field")["state"], &way(&product, "field")["zohoId"]), (&json!("MADE"), &json!(field)));
    assert!(fields(&world, &connected).await.is_empty(), "none was made beside it");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_plan_has_no_buttons_the_field_leads_there_and_a_person_can_set_up_the_rest() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let gate = json!({ "plans_without": ["premium"], "status": 400, "code": 9022, "message": "Not in this plan." });
    world.stage.control("zoho/custombuttons", gate).await.unwrap();
    let connected = world.connected().await;
    let (status, answer) = asked(&world, Method::GET, &connected.tenant).await;
    assert_eq!(status, 200);
    let product = &answer["products"][0];
    assert_eq!((&product["way"], &product["state"]), (&json!("URL_FIELD"), &json!("MADE")), "{answer:#}");
    let to_do = product["toDo"].as_str().unwrap();
    assert!(to_do.contains("Not in this plan.") && to_do.contains("the field “Xero link”"), "{to_do}");
    assert!(buttons(&world, &connected).await.is_empty());
    world.migrate(&connected).await;
    let contacts = books::zoho(&world, "contacts").await;
    assert!(!contacts.is_empty());
    for contact in &contacts {
        assert!(custom(contact, "cf_xero_link").is_some(), "{contact:#}");
    }

    // Somebody else's button of that name is left alone.
    let open = json!({ "plans_without": [] });
    world.stage.control("zoho/custombuttons", open).await.unwrap();
    let theirs = json!({ "name": "Xero Link", "entity_type": "customer", "page_view": "details", "customfunction": { "script": "info 1;" } });
    let made = world.person_in_zoho(&connected, Method::POST, "settings/custombuttons", Some(theirs)).await;
    let product = provisioned(&world, &connected).await;
    assert_eq!(product["way"], "URL_FIELD", "{product:#}");
    assert!(way(&product, "customer")["sentence"].as_str().unwrap().contains("not ours"), "{product:#}");
    assert_eq!(way(&product, "vendor")["state"], "MADE");
    let theirs = format!("settings/custombuttons/{}", made["custombutton"]["custombutton_id"].as_str().unwrap());

    // The guide shows what to paste; what was pasted is found.
    let key = key(&world, &connected).await;
    let guide = see(&world, &format!("/x/{key}")).await.text().await.unwrap();
    let snippet = |heading: &str| {
        let from = guide.find(&format!("<h3>{heading}</h3>")).unwrap();
        let text = &guide[from..];
        let text = &text[text.find("\">").unwrap() + 2..text.find("</pre>").unwrap()];
        text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
    };
    let body = json!({ "customfunction": { "script": snippet("Customers") } });
    world.person_in_zoho(&connected, Method::PUT, &theirs, Some(body)).await;
    world.advance(Duration::from_secs(60)).await;
    let checked = client().post(world.url(&format!("/x/{key}"))).send().await.unwrap();
    assert_eq!(checked.status(), 200);
    let page = checked.text().await.unwrap();
    assert!(page.contains("Ready: buttons"), "{page}");
    assert_eq!(buttons(&world, &connected).await.len(), 2);

    // Another site's page cannot press it.
    let foreign = client().post(world.url(&format!("/x/{key}"))).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_that_nobody_wants_go_and_come_back_when_asked_for() {
    let (mut world, connected, ..) = carried().await;
    for _ in 0..2 {
        let (status, answer) = asked(&world, Method::DELETE, &connected.tenant).await;
        assert_eq!((status, &answer["products"][0]["state"]), (200, &json!("OFF")), "{answer:#}");
    }
    assert!(buttons(&world, &connected).await.is_empty());
    world.advance(DAY).await;
    // Nobody's token lives so long.
    world.staff = world.stage.staff().unwrap();
    world.run("syncNow", &connected).await;
    assert!(buttons(&world, &connected).await.is_empty(), "nobody has asked for them");
    assert_eq!(provisioned(&world, &connected).await["state"], "MADE");
    assert_eq!(buttons(&world, &connected).await.len(), 2);

    // Who ends the connection finds none of ours there. The fields stay: they hold what records say.
    let data =
        world.staff.data("query($id: ID!) { link(id: $id) { zoho { id } } }", json!({ "id": connected.link })).await.unwrap();
    let id = data["link"]["zoho"]["id"].clone();
    world.forget_requests().await;
    world.staff.data("mutation($id: ID!) { disconnect(connectionId: $id) { state } }", json!({ "id": id })).await.unwrap();
    let deleted = world.asked().await.count("zoho", "DELETE /settings/custombuttons");
    assert_eq!(deleted, 2);
    let (status, answer) = asked(&world, Method::POST, &connected.tenant).await;
    assert_eq!((status, &answer["code"]), (409, &json!("CONFLICT")), "{answer}");
    let (_, answer) = asked(&world, Method::GET, &connected.tenant).await;
    assert_eq!(answer["products"][0]["state"], "RESTING", "{answer:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_is_for_staff_of_that_tenant() {
    let (world, connected, ..) = carried().await;
    let path = format!("/api/v1/tenants/{}/zoho/custom-button", connected.tenant);
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = client().request(method.clone(), world.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{method}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["code"], "UNAUTHENTICATED");
    }
    for id in ["00000000-0000-0000-0000-000000000000", "nonsense"] {
        let (status, answer) = asked(&world, Method::GET, id).await;
        assert_eq!((status, &answer["code"]), (404, &json!("NOT_FOUND")), "{answer}");
    }
    let other = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    let (status, answer) = asked(&world, Method::POST, &other).await;
    assert_eq!((status, &answer["code"]), (409, &json!("CONFLICT")), "{answer}");
    let (status, answer) = asked(&world, Method::GET, &other).await;
    assert_eq!((status, &answer["products"]), (200, &json!([])));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_lead_from_either_sides_record_to_the_others() {
    let (world, connected, xero, zoho) = carried().await;
    let key = key(&world, &connected).await;
    let (organisation, short_code) = (world.organisation().await, short_code(&world).await);
    let web =
        |place: &str| world.stage.sandbox_url.join(&format!("zoho/eu/web/app/{organisation}#/{place}")).unwrap().to_string();
    let go = |place: &str| world.stage.sandbox_url.join(&format!("xero/go/{place}")).unwrap().to_string();
    assert_eq!(leads(&world, &format!("/x/{key}/contacts/{xero}")).await, web(&format!("contacts/{zoho}")));
    assert_eq!(leads(&world, &format!("/x/{key}/contacts/{}", xero.to_uppercase())).await, web(&format!("contacts/{zoho}")));
    let there = go(&format!("app/{short_code}/contacts/contact/{xero}"));
    assert_eq!(leads(&world, &format!("/z/{key}/contacts/{zoho}")).await, there);

    // An invoice that Xero had first, and one that Zoho had first, whose `Url` in Xero names it by Zoho's id.
    let invoices = books::zoho(&world, "invoices").await;
    let first = invoices.iter().find(|one| custom(one, "cf_xero_id").is_some()).unwrap();
    let (xero_id, zoho_id) = (custom(first, "cf_xero_id").unwrap(), first["invoice_id"].as_str().unwrap());
    assert_eq!(leads(&world, &format!("/x/{key}/invoices/{xero_id}")).await, web(&format!("invoices/{zoho_id}")));
    assert_eq!(
        leads(&world, &format!("/z/{key}/invoices/{zoho_id}")).await,
        go(&format!("app/{short_code}/invoicing/view/{xero_id}"))
    );
    let body = json!({
        "customer_id": zoho, "date": "2026-05-09", "line_items": [{ "name": "Work", "rate": 100, "quantity": 1 }],
    });
    let made = world.person_in_zoho(&connected, Method::POST, "invoices", Some(body)).await;
    let born = made["invoice"]["invoice_id"].as_str().unwrap().to_owned();
    world.person_in_zoho(&connected, Method::POST, &format!("invoices/{born}/status/sent"), None).await;
    world.run("syncNow", &connected).await;
    let arrived = eventually("it is in Xero", async || {
        let all = books::xero(&world, "Invoices").await;
        all.into_iter().find(|one| one["Url"].as_str().is_some_and(|url| url.ends_with(&format!("/invoices/zoho:{born}"))))
    })
    .await;
    let url = arrived["Url"].as_str().unwrap();
    let path = url.strip_prefix(world.stage.public_url.as_str().trim_end_matches('/')).unwrap();
    assert_eq!(leads(&world, path).await, web(&format!("invoices/{born}")));
    let id = arrived["InvoiceID"].as_str().unwrap();
    assert_eq!(leads(&world, &format!("/x/{key}/invoices/{id}")).await, web(&format!("invoices/{born}")));
    assert_eq!(leads(&world, &format!("/z/{key}/invoices/{born}")).await, go(&format!("app/{short_code}/invoicing/view/{id}")));

    // The address opens nothing itself and is kept nowhere.
    let answer = see(&world, &format!("/x/{key}/contacts/{xero}")).await;
    for (header, value) in [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY")] {
        assert_eq!(answer.headers()[header], value);
    }
    assert!(answer.text().await.unwrap().is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_linked_has_a_page_that_helps_and_a_stranger_learns_nothing() {
    let (world, connected, xero, zoho) = carried().await;
    let key = key(&world, &connected).await;
    let made = world.in_xero("Contacts", json!({ "Name": "Came Later Ltd", "IsCustomer": true })).await;
    let later = made[0]["ContactID"].as_str().unwrap();
    let path = format!("/x/{key}/contacts/{later}");
    let page = see(&world, &path).await;
    assert_eq!(page.status(), 404);
    let text = page.text().await.unwrap();
    assert!(text.contains("no contact to open in Zoho") && text.contains("Sync now"), "{text}");
    assert!(text.contains(&format!("/app/{}#/contacts", world.organisation().await)), "{text}");

    // One press, and it is carried.
    let foreign = client().post(world.url(&path)).header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    let pressed = client().post(world.url(&path)).send().await.unwrap();
    assert_eq!(
        (pressed.status().as_u16(), pressed.headers()["location"].to_str().unwrap()),
        (303, format!("{path}?asked=1").as_str())
    );
    let to = eventually("it is linked", async || {
        let answer = see(&world, &path).await;
        (answer.status() == 302).then(|| answer.headers()["location"].to_str().unwrap().to_owned())
    })
    .await;
    assert!(to.contains("#/contacts/"), "{to}");

    // Whoever does not know a key, and whatever is no address of ours, gets one and the same page.
    let none = "0".repeat(32);
    let mut pages = Vec::new();
    for path in [
        format!("/x/{none}/contacts/{xero}"),
        format!("/z/{none}/contacts/46000000000001"),
        format!("/x/{none}"),
        format!("/x/{}/contacts/{xero}", "0".repeat(500)),
        format!("/x/{key}/dreams/{xero}"),
        format!("/x/{key}/contacts/https:%2F%2Fevil.example"),
        format!("/x/{key}/contacts/{{!CONTACTID}}"),
    ] {
        let answer = see(&world, &path).await;
        assert_eq!(answer.status(), 404, "{path}");
        pages.push(answer.text().await.unwrap());
    }
    assert!(pages.iter().all(|page| *page == pages[0] && !page.contains("/web/app/")));

    // Another tenant's key opens nothing of this one's.
    let other = another_tenants_link(&world, &connected).await;
    assert!(leads(&world, &format!("/x/{key}/contacts/{xero}")).await.contains("#/contacts/"));
    for path in [format!("/x/{other}/contacts/{xero}"), format!("/z/{other}/contacts/{zoho}")] {
        let answer = see(&world, &path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert!(!answer.text().await.unwrap().contains(&xero));
    }
    world.end().await;
}

/// A second tenant with a link of its own between other organisations. Gives the link's key.
async fn another_tenants_link(world: &World, connected: &Connected) -> String {
    let tenant: TenantId = connected.tenant.parse().unwrap();
    let other: TenantId = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap().parse().unwrap();
    let database = &world.stage.context.database;
    for grant in grant::Entity::of(tenant).all(database).await.unwrap() {
        let mut grant = grant.into_active_model().reset_all();
        grant.tenant_id = Set(other);
        grant.insert(database).await.unwrap();
    }
    for found in connection::Entity::of(tenant).all(database).await.unwrap() {
        let elsewhere = format!("{}9", found.organisation_id);
        let mut connection = found.into_active_model().reset_all();
        connection.tenant_id = Set(other);
        connection.organisation_id = Set(elsewhere);
        connection.insert(database).await.unwrap();
    }
    let mut link = link::Entity::of(tenant).one(database).await.unwrap().unwrap().into_active_model().reset_all();
    let key = "f".repeat(32);
    link.tenant_id = Set(other);
    link.key = Set(key.clone());
    link.state = Set("resting".to_owned());
    link.insert(database).await.unwrap();
    key
}
