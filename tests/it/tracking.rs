//! Tracking: categories become reporting tags, and the lines of documents keep their options.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Connected, World, books, flow, sum};

#[tokio::test(flavor = "multi_thread")]
async fn tracked_lines_arrive_with_their_tags_and_follow_what_happens_in_xero() {
    let (world, connected) = connected().await;
    enter(&world, "Invoices", "ACCREC", "TRACKED-1", "200", Some("North")).await;
    enter(&world, "Invoices", "ACCPAY", "TRACKED-2", "300", Some("South")).await;
    world.forget_requests().await;
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    // The tag, its options, and their ids; and the list when the books are compared.
    assert_eq!(world.asked().await.count("zoho", "/reportingtags"), 3 + 1, "{:#?}", world.asked().await);
    let region = tag(&world, &connected, "Region").await;
    assert_eq!(options(&region), ["Eastside", "North", "South", "West Coast"]);
    assert_eq!(flow(&progress, "books.tracking_categories")["created"], 1);
    assert_eq!(option_of(&zoho(&world, "invoices", "TRACKED-1").await), "North");
    assert_eq!(option_of(&zoho(&world, "bills", "TRACKED-2").await), "South");

    // An option is renamed, one is new, and a line moves to it.
    let category = category(&world).await;
    let renamed = json!({ "TrackingOptionID": option_id(&category, "South"), "Name": "Deep South" });
    let edited = json!({ "TrackingCategoryID": category["TrackingCategoryID"], "Name": "Regions", "Options": [renamed, { "Name": "Islands" }] });
    world.in_xero("TrackingCategories", edited).await;
    enter(&world, "Invoices", "ACCREC", "TRACKED-1", "200", Some("Islands")).await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 2), "{progress:#}");
    assert_eq!(world.asked().await.writes("zoho"), 3, "tag, options, invoice: {:#?}", world.asked().await);
    let regions = tag(&world, &connected, "Regions").await;
    assert_eq!(options(&regions), ["Deep South", "Eastside", "Islands", "North", "West Coast"]);
    assert_eq!(regions["tag_id"], region["tag_id"]);
    assert_eq!(option_of(&zoho(&world, "invoices", "TRACKED-1").await), "Islands");

    // A line that is not tracked any more has no tag.
    enter(&world, "Invoices", "ACCREC", "TRACKED-1", "200", None).await;
    world.run("syncNow", &connected).await;
    assert_eq!(option_of(&zoho(&world, "invoices", "TRACKED-1").await), Value::Null);
    world
        .in_xero(
            "TrackingCategories",
            json!({ "TrackingCategoryID": category["TrackingCategoryID"], "Name": "Regions", "Status": "ARCHIVED" }),
        )
        .await;
    world.run("syncNow", &connected).await;
    assert_eq!(tag(&world, &connected, "Regions").await["is_active"], false);

    world.nothing_more(&connected).await;
    world.agrees(&connected).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_zoho_has_already_is_taken_over_with_the_options_that_people_made() {
    let (world, connected) = connected().await;
    enter(&world, "Invoices", "ACCREC", "TRACKED-1", "200", Some("North")).await;
    let theirs = json!({ "tag_name": "region", "entities": [], "multi_preference_entities": { "preference": "line_item", "entities": [] } });
    let (status, made) = world.in_zoho(&connected, Method::POST, "reportingtags", Some(theirs)).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("reportingtags/{}/options", made["tag"]["tag_id"].as_str().unwrap());
    let own =
        json!({ "options": [{ "option_name": "NORTH", "is_active": true }, { "option_name": "Abroad", "is_active": true }] });
    assert_eq!(world.in_zoho(&connected, Method::PUT, &path, Some(own)).await.0, 200);
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let region = tag(&world, &connected, "Region").await;
    assert_eq!(region["tag_id"], made["tag"]["tag_id"]);
    assert_eq!(options(&region), ["Abroad", "Eastside", "NORTH", "South", "West Coast"]);
    assert_eq!(option_of(&zoho(&world, "invoices", "TRACKED-1").await), "NORTH");
    let (_, again) = world.migrate(&connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_for_whole_documents_is_left_alone() {
    let (world, connected) = connected().await;
    let theirs = json!({ "tag_name": "Region", "entities": [], "multi_preference_entities": { "preference": "transaction", "entities": [] } });
    let (status, made) = world.in_zoho(&connected, Method::POST, "reportingtags", Some(theirs)).await;
    assert_eq!(status, 201, "{made}");
    let (run, progress) = world.migrate(&connected).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    assert_eq!(options(&tag(&world, &connected, "Region").await), Vec::<String>::new());
    assert_eq!(options(&tag(&world, &connected, "Region (Xero)").await).len(), 4);
    world.end().await;
}

async fn connected() -> (World, Connected) {
    World::of_company("demo-company", Some(12), Some(20)).await
}

/// Enters an invoice or a bill whose only line is of this region, or changes it.
async fn enter(world: &World, list: &str, kind: &str, number: &str, account: &str, region: Option<&str>) {
    let role = if kind == "ACCREC" { "IsCustomer" } else { "IsSupplier" };
    let contacts = books::xero(world, "Contacts").await;
    let is_local = |one: &&Value| {
        one[role] == true && one["ContactStatus"] == "ACTIVE" && matches!(one["DefaultCurrency"].as_str(), None | Some("NZD"))
    };
    let contact = contacts.iter().find(is_local).expect("a contact");
    let there = books::xero(world, list).await.into_iter().find(|one| one["InvoiceNumber"] == number);
    let tracking: Vec<Value> = match region {
        Some(option) => {
            let category = category(world).await;
            vec![
                json!({ "TrackingCategoryID": category["TrackingCategoryID"], "TrackingOptionID": option_id(&category, option) }),
            ]
        }
        None => Vec::new(),
    };
    let mut document = json!({
        "Type": kind, "Contact": { "ContactID": contact["ContactID"] }, "Status": if kind == "ACCREC" { "DRAFT" } else { "AUTHORISED" },
        "Date": "2026-06-01", "DueDate": "2026-07-01", "InvoiceNumber": number,
        "LineItems": [{ "Description": "Tracked", "Quantity": "1", "UnitAmount": "12.50", "AccountCode": account, "TaxType": "NONE", "Tracking": tracking }],
    });
    if let Some(there) = there {
        document["InvoiceID"] = there["InvoiceID"].clone();
    }
    world.in_xero(list, document).await;
}

async fn category(world: &World) -> Value {
    books::xero(world, "TrackingCategories").await.into_iter().next().expect("a tracking category")
}

fn option_id(category: &Value, name: &str) -> Value {
    let options = category["Options"].as_array().unwrap();
    options.iter().find(|option| option["Name"] == name).unwrap_or_else(|| panic!("no option {name}"))["TrackingOptionID"].clone()
}

/// The tag of this name, with its options.
async fn tag(world: &World, connected: &Connected, name: &str) -> Value {
    let (_, listed) = world.in_zoho(connected, Method::GET, "reportingtags", None).await;
    let tags = listed["reporting_tags"].as_array().unwrap();
    let row = tags.iter().find(|tag| tag["tag_name"] == name).unwrap_or_else(|| panic!("no tag {name}: {listed:#}"));
    let path = format!("reportingtags/{}", row["tag_id"].as_str().unwrap());
    world.in_zoho(connected, Method::GET, &path, None).await.1["tag"].clone()
}

fn options(tag: &Value) -> Vec<String> {
    let options = tag["options"].as_array().unwrap().iter();
    let mut names: Vec<String> = options.map(|option| option["option_name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

async fn zoho(world: &World, list: &str, number: &str) -> Value {
    let key = if list == "bills" { "bill_number" } else { "invoice_number" };
    books::zoho(world, list).await.into_iter().find(|one| one[key] == number).unwrap_or_else(|| panic!("no {number}"))
}

fn option_of(document: &Value) -> Value {
    document["line_items"][0]["tags"][0]["tag_option_name"].clone()
}
