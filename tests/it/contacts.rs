//! Contacts in full: persons, addresses, groups, archived ones, and what happens to them later.

use serde_json::{Value, json};
use tests::{World, books, sum};

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_arrives_with_its_persons_addresses_and_groups_and_an_archived_one_is_inactive() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(12), Some(20)).await;
    let connected = world.connected().await;
    let persons = |count: u32| -> Vec<Value> {
        (1..=count)
            .map(|n| json!({ "FirstName": format!("P{n}"), "LastName": "Smith", "EmailAddress": format!("p{n}@example.com") }))
            .collect()
    };
    let entered = world
        .in_xero(
            "Contacts",
            json!([{
                "Name": "Crowded House Ltd", "FirstName": "Neil", "EmailAddress": "neil@example.com", "IsCustomer": true, "ContactPersons": persons(5),
                "Addresses": [{ "AddressType": "POBOX", "AddressLine1": "P O Box 1", "City": "Auckland" },
                              { "AddressType": "STREET", "AddressLine1": "1 Road", "AddressLine2": "Floor 2", "City": "Wellington" }],
                "PaymentTerms": { "Sales": { "Day": 14, "Type": "DAYSAFTERBILLDATE" } },
            }]),
        )
        .await;
    let id = entered[0]["ContactID"].as_str().unwrap().to_owned();
    let groups = json!([{ "Name": "Bands", "Contacts": [{ "ContactID": id }] }, { "Name": "Antipodes", "Contacts": [{ "ContactID": id }] }]);
    world.in_xero("ContactGroups", groups).await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let crowded = contact(&world, &id).await;
    let names: Vec<&str> =
        crowded["contact_persons"].as_array().unwrap().iter().filter_map(|one| one["first_name"].as_str()).collect();
    assert_eq!(names, ["Neil", "P1", "P2", "P3", "P4", "P5"]);
    assert_eq!(
        (&crowded["billing_address"]["city"], &crowded["shipping_address"]["street2"]),
        (&json!("Auckland"), &json!("Floor 2"))
    );
    assert_eq!((&crowded["payment_terms"], &crowded["notes"]), (&json!(14), &json!("Groups: Bands, Antipodes")));

    // Somebody leaves; the contact is archived.
    world.in_xero("Contacts", json!({ "ContactID": id, "ContactPersons": persons(2), "ContactStatus": "ARCHIVED" })).await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 1), "{progress:#}");
    let archived = contact(&world, &id).await;
    assert_eq!((archived["contact_persons"].as_array().unwrap().len(), &archived["status"]), (3, &json!("inactive")));
    let (_, again) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_becomes_a_vendor_with_its_first_order_and_a_customer_with_its_first_quote() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(12), Some(20)).await;
    let connected = world.connected().await;
    let entered =
        world.in_xero("Contacts", json!([{ "Name": "Newcomer Ltd" }, { "Name": "Old Supplier Ltd", "IsSupplier": true }])).await;
    let ids = [0, 1].map(|n| entered[n]["ContactID"].clone());
    let lines = json!([{ "Description": "Goods", "Quantity": "1", "UnitAmount": "10", "AccountCode": "300" }]);
    world
        .in_xero("PurchaseOrders", json!({ "PurchaseOrderNumber": "NEW-1", "Contact": { "ContactID": ids[0] }, "Date": "2026-05-04", "Status": "AUTHORISED", "LineItems": lines }))
        .await;
    world
        .in_xero(
            "Quotes",
            json!({ "QuoteNumber": "NEW-1", "Contact": { "ContactID": ids[1] }, "Date": "2026-05-04", "LineItems": lines }),
        )
        .await;
    // Xero calls nobody a supplier before the first bill, nor a customer before the first invoice.
    world.in_xero("Contacts", json!({ "ContactID": ids[0], "IsSupplier": false })).await;
    world.in_xero("Contacts", json!({ "ContactID": ids[1], "IsCustomer": false })).await;
    let roles = books::xero(&world, "Contacts").await;
    let is = |id: &Value, role: &str| roles.iter().any(|one| one["ContactID"] == *id && one[role] == true);
    assert!(!is(&ids[0], "IsSupplier") && !is(&ids[1], "IsCustomer"));
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let contacts = books::zoho(&world, "contacts").await;
    for (list, key, field, of) in [
        ("purchaseorders", "vendor_id", "cf_xero_supplier_id", &ids[0]),
        ("estimates", "customer_id", "cf_xero_acct_id", &ids[1]),
    ] {
        let number = if list == "estimates" { "estimate_number" } else { "purchaseorder_number" };
        let found =
            books::zoho(&world, list).await.into_iter().find(|one| one[number] == "NEW-1").unwrap_or_else(|| panic!("{list}"));
        let contact = contacts.iter().find(|one| one["contact_id"] == found[key]).unwrap();
        assert_eq!(books::custom(contact, field).as_deref(), of.as_str());
    }
    let (_, again) = world.migrate(&connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    world.end().await;
}

async fn contact(world: &World, id: &str) -> Value {
    let contacts = books::zoho(world, "contacts").await;
    contacts.into_iter().find(|one| books::custom(one, "cf_xero_acct_id").as_deref() == Some(id)).expect("the contact")
}
