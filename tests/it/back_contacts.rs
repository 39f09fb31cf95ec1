//! Contacts and items that people change in Zoho, and what Xero makes of them.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, sum};

/// Somebody works in Zoho Books, where times are whole seconds.
async fn zoho(world: &World, connected: &Connected, method: Method, path: &str, body: Value) -> Value {
    world.person_in_zoho(connected, method, path, Some(body)).await
}

async fn one(list: impl Future<Output = Vec<Value>>, key: &str, value: &str) -> Value {
    let mut found: Vec<Value> = list.await.into_iter().filter(|one| one[key] == value).collect();
    assert_eq!(found.len(), 1, "{key} {value}: {found:#?}");
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_made_in_zoho_is_a_contact_in_xero_and_no_customer() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.migrate(&connected).await;
    let customers = books::zoho(&world, "contacts").await.len();
    let vendor = json!({
        "contact_name": "Paper & Pens", "company_name": "Paper and Pens Limited", "contact_type": "vendor", "payment_terms": 20, "payment_terms_label": "Net 20",
        "notes": "Account number: PP-7\nCalls on Mondays", "vat_reg_no": "101-2-303",
        "contact_persons": [
            {"first_name": "Pia", "last_name": "Pen", "email": "pia@example.com", "phone": "555 1", "mobile": "555 2", "is_primary_contact": true},
            {"first_name": "Bob", "email": "bob@example.com", "designation": "Driver"},
        ],
        "billing_address": {"attention": "Accounts", "address": "1 Mill Road", "street2": "Gate B", "city": "Ōtaki", "zip": "5512", "country": "New Zealand", "fax": "555 3"},
    });
    let vendor = zoho(&world, &connected, Method::POST, "contacts", vendor).await["contact"].clone();
    let id = vendor["contact_id"].as_str().unwrap().to_owned();
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "held")), (1, 0), "{:#?}", world.staff.holds(&connected.link).await);

    let there = one(books::xero(&world, "Contacts"), "Name", "Paper & Pens").await;
    assert_eq!(there["ContactNumber"], format!("{id}-V"));
    for (key, said) in [
        ("FirstName", "Pia"),
        ("LastName", "Pen"),
        ("EmailAddress", "pia@example.com"),
        ("AccountNumber", "PP-7"),
        ("TaxNumber", "101-2-303"),
    ] {
        assert_eq!(there[key], said, "{there:#}");
    }
    let person = &there["ContactPersons"][0];
    assert_eq!((&person["FirstName"], &person["EmailAddress"]), (&json!("Bob"), &json!("bob@example.com")));
    let of =
        |list: &str, key: &str, kind: &str| there[list].as_array().unwrap().iter().find(|one| one[key] == kind).cloned().unwrap();
    let address = of("Addresses", "AddressType", "POBOX");
    assert_eq!(
        (&address["AddressLine2"], &address["City"], &address["Country"]),
        (&json!("Gate B"), &json!("Ōtaki"), &json!("New Zealand"))
    );
    for (kind, number) in [("DEFAULT", "555 1"), ("MOBILE", "555 2"), ("FAX", "555 3")] {
        assert_eq!(of("Phones", "PhoneType", kind)["PhoneNumber"], number);
    }
    assert_eq!(there["PaymentTerms"]["Bills"], json!({"Day": 20, "Type": "DAYSAFTERBILLDATE"}));
    // Xero calls it neither, and all the same it does not come back as a customer.
    world.nothing_more(&connected).await;
    assert_eq!(books::zoho(&world, "contacts").await.len(), customers + 1);
    let here = one(books::zoho(&world, "contacts"), "contact_id", &id).await;
    assert_eq!(books::custom(&here, "cf_xero_supplier_id").as_deref(), there["ContactID"].as_str());

    // Xero changes the telephone: what only Zoho has room for stays.
    let phones = json!([{"PhoneType": "DEFAULT", "PhoneNumber": "777", "PhoneAreaCode": "4", "PhoneCountryCode": "64"}]);
    world.in_xero("Contacts", json!({"ContactID": there["ContactID"], "Phones": phones})).await;
    world.run("syncNow", &connected).await;
    let here = one(books::zoho(&world, "contacts"), "contact_id", &id).await;
    assert_eq!((&here["company_name"], &here["notes"]), (&vendor["company_name"], &vendor["notes"]), "{here:#}");
    let persons = here["contact_persons"].as_array().unwrap();
    assert_eq!(
        (&persons[0]["phone"], &persons[1]["designation"], persons.len()),
        (&json!("64 4 777"), &json!("Driver"), 2),
        "{here:#}"
    );
    assert_eq!(persons[0]["contact_person_id"], vendor["contact_persons"][0]["contact_person_id"]);

    // It is made inactive, and then it is gone.
    zoho(&world, &connected, Method::POST, &format!("contacts/{id}/inactive"), json!({})).await;
    world.run("syncNow", &connected).await;
    assert_eq!(one(books::xero(&world, "Contacts"), "Name", "Paper & Pens").await["ContactStatus"], "ARCHIVED");
    zoho(&world, &connected, Method::POST, &format!("contacts/{id}/active"), json!({})).await;
    world.run("syncNow", &connected).await;
    assert_eq!(one(books::xero(&world, "Contacts"), "Name", "Paper & Pens").await["ContactStatus"], "ACTIVE");
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_zoho_has_twice_is_changed_once_and_comes_to_rest() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.in_xero("Contacts", json!({"Name": "Both Ltd", "FirstName": "Ada", "IsCustomer": true, "IsSupplier": true})).await;
    world.migrate(&connected).await;
    let customer = one(books::zoho(&world, "contacts"), "contact_name", "Both Ltd").await;
    let vendor = one(books::zoho(&world, "contacts"), "contact_name", "Both Ltd (Supplier)").await;
    let path = |one: &Value| format!("contacts/{}", one["contact_id"].as_str().unwrap());

    zoho(
        &world,
        &connected,
        Method::PUT,
        &path(&customer),
        json!({"billing_address": {"address": "2 Dock Lane", "city": "Nelson"}}),
    )
    .await;
    zoho(&world, &connected, Method::PUT, &path(&vendor), json!({"contact_name": "Both Limited (Supplier)"})).await;
    for _ in 0..2 {
        world.run("syncNow", &connected).await;
    }
    let there = one(books::xero(&world, "Contacts"), "Name", "Both Limited").await;
    let cities: Vec<&Value> = there["Addresses"].as_array().unwrap().iter().map(|one| &one["City"]).collect();
    assert!(cities.contains(&&json!("Nelson")), "{there:#}");
    for name in ["Both Limited", "Both Limited (Supplier)"] {
        assert_eq!(one(books::zoho(&world, "contacts"), "contact_name", name).await["billing_address"]["city"], "Nelson");
    }
    world.nothing_more(&connected).await;

    // No customer any more, but still a supplier.
    zoho(&world, &connected, Method::POST, &format!("{}/inactive", path(&customer)), json!({})).await;
    world.run("syncNow", &connected).await;
    assert_eq!(one(books::xero(&world, "Contacts"), "Name", "Both Limited").await["ContactStatus"], "ACTIVE");
    assert_eq!(one(books::zoho(&world, "contacts"), "contact_name", "Both Limited (Supplier)").await["status"], "active");
    world.nothing_more(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_changed_in_zoho_changes_in_xero_and_a_new_one_is_made_only_where_asked() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    let sale = json!({"UnitPrice": 5.6325, "AccountCode": "200", "TaxType": "OUTPUT2"});
    world
        .in_xero(
            "Items",
            json!({"Code": "GB-9", "Name": "Golf balls", "Description": "White", "IsPurchased": false, "SalesDetails": sale}),
        )
        .await;
    world.migrate(&connected).await;
    let item = one(books::zoho(&world, "items"), "sku", "GB-9").await;
    let path = format!("items/{}", item["item_id"].as_str().unwrap());
    zoho(&world, &connected, Method::POST, "items", json!({"name": "Tees", "rate": 2, "sku": "TEE"})).await;
    zoho(&world, &connected, Method::PUT, &path, json!({"name": "Golf balls", "rate": item["rate"], "description": "Yellow"}))
        .await;
    world.run("syncNow", &connected).await;
    let there = one(books::xero(&world, "Items"), "Code", "GB-9").await;
    assert_eq!((&there["Description"], &there["SalesDetails"]["UnitPrice"]), (&json!("Yellow"), &json!(5.6325)), "{there:#}");
    assert!(!books::xero(&world, "Items").await.iter().any(|one| one["Code"] == "TEE"));

    // A new price is a new price.
    let here = zoho(&world, &connected, Method::PUT, &path, json!({"name": "Golf balls", "rate": 7.25})).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!(
        (sum(&progress, "updated"), sum(&progress, "held")),
        (1, 0),
        "{progress:#} {here:#} {:#?}",
        world.staff.holds(&connected.link).await
    );
    let there = one(books::xero(&world, "Items"), "Code", "GB-9").await;
    assert_eq!(there["SalesDetails"]["UnitPrice"].as_f64(), Some(7.25), "{there:#}");
    assert_eq!((&there["SalesDetails"]["AccountCode"], &there["SalesDetails"]["TaxType"]), (&json!("200"), &json!("OUTPUT2")));
    world.nothing_more(&connected).await;

    // The tenant asks for it: what was left aside is made now, and the next one too, each once.
    let text = "mutation($id: ID!) { updateLink(linkId: $id, createItems: true) { id } }";
    world.staff.data(text, json!({ "id": connected.link })).await.unwrap();
    zoho(&world, &connected, Method::POST, "items", json!({"name": "Pegs", "rate": 3.5, "sku": "PEG"})).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "held")), (2, 0), "{progress:#}");
    let there = one(books::xero(&world, "Items"), "Code", "PEG").await;
    assert_eq!((&there["Name"], there["SalesDetails"]["UnitPrice"].as_f64()), (&json!("Pegs"), Some(3.5)), "{there:#}");
    world.nothing_more(&connected).await;
    let made = books::xero(&world, "Items").await;
    assert_eq!(made.iter().filter(|one| one["Code"] == "PEG" || one["Code"] == "TEE").count(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_of_a_name_that_xero_has_as_a_customer_is_that_company_but_no_two_are_one() {
    let (world, connected) = World::of_company("tiny", None, None).await;
    world.in_xero("Contacts", json!({"Name": "Both Ltd", "IsCustomer": true})).await;
    world.in_xero("Contacts", json!({"Name": "Other Ltd", "IsCustomer": true, "EmailAddress": "other@example.com"})).await;
    world.migrate(&connected).await;
    let there = one(books::xero(&world, "Contacts"), "Name", "Both Ltd").await;
    let vendor = json!({"contact_name": "Both Ltd (Supplier)", "contact_type": "vendor", "notes": "Ours"});
    let vendor = zoho(&world, &connected, Method::POST, "contacts", vendor).await["contact"].clone();
    // Xero has it as another customer, who has another e-mail address.
    let person = json!([{"first_name": "Ada", "email": "ada@example.com"}]);
    let other = json!({"contact_name": "Other Ltd (Supplier)", "contact_type": "vendor", "contact_persons": person});
    zoho(&world, &connected, Method::POST, "contacts", other).await;
    world.run("syncNow", &connected).await;
    let here = one(books::zoho(&world, "contacts"), "contact_id", vendor["contact_id"].as_str().unwrap()).await;
    assert_eq!(here["notes"], "Ours");
    let names: Vec<String> =
        books::xero(&world, "Contacts").await.iter().filter_map(|one| Some(one["Name"].as_str()?.to_owned())).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("Both Ltd") || name.starts_with("Other Ltd")).count(), 2, "{names:?}");
    let holds = world.staff.holds(&connected.link).await.unwrap();
    assert!(holds.len() == 1 && holds[0]["code"] == "XERO_REFUSES", "{holds:#?}");
    assert_eq!(books::custom(&here, "cf_xero_supplier_id").as_deref(), there["ContactID"].as_str());
    world.end().await;
}
