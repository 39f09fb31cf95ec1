//! Xero's smaller lists: tracking, groups, quotes, purchase orders, templates, billable expenses, settings.

use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{World, demo};

impl World {
    pub async fn call_xero(&self, tokens: &Value, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut call = self
            .client
            .request(method, self.url(&format!("/xero/api/api.xro/2.0/{path}")))
            .bearer_auth(tokens["access_token"].as_str().unwrap())
            .header("xero-tenant-id", demo())
            .header(ACCEPT, "application/json");
        if let Some(body) = body {
            call = call.json(&body);
        }
        call.send().await.unwrap()
    }

    /// A call that must succeed; the answer's body.
    pub async fn xero(&self, tokens: &Value, method: Method, path: &str, body: Value) -> Value {
        let answer = self.call_xero(tokens, method.clone(), path, Some(body)).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The first sentence with which a call is refused.
    pub async fn xero_refuses(&self, tokens: &Value, method: Method, path: &str, body: Value) -> String {
        let answer = self.call_xero(tokens, method.clone(), path, Some(body)).await;
        assert_eq!(answer.status(), 400, "{method} {path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["ErrorNumber"], &body["Type"]), (&json!(10), &json!("ValidationException")));
        body["Elements"][0]["ValidationErrors"][0]["Message"].as_str().unwrap().to_owned()
    }
}

async fn connected() -> (World, Value) {
    let world = World::new().await;
    let tokens = world.connect().await;
    (world, tokens)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn customer(world: &World, tokens: &Value, name: &str) -> String {
    let made = world.xero(tokens, Method::PUT, "Contacts", json!({"Name": name, "EmailAddress": "ada@example.com"})).await;
    text(&made["Contacts"][0]["ContactID"])
}

fn work(amount: &str) -> Value {
    json!([{"Description": "Work", "Quantity": 2, "UnitAmount": amount, "AccountCode": "200"}])
}

/// Frees the categories that the company was planted with.
async fn without_tracking(world: &World, tokens: &Value) {
    let there = world.read(tokens, "TrackingCategories?includeArchived=true").await;
    for category in there["TrackingCategories"].as_array().unwrap() {
        let path = format!("TrackingCategories/{}", text(&category["TrackingCategoryID"]));
        world.xero(tokens, Method::DELETE, &path, json!({})).await;
    }
}

#[tokio::test]
async fn two_tracking_categories_are_active_and_four_are_there() {
    let (world, tokens) = connected().await;
    without_tracking(&world, &tokens).await;
    let mut ids = Vec::new();
    for name in ["Region", "Team"] {
        let made = world.xero(&tokens, Method::PUT, "TrackingCategories", json!({"Name": name})).await;
        assert_eq!(
            (&made["TrackingCategories"][0]["Status"], &made["TrackingCategories"][0]["Options"]),
            (&json!("ACTIVE"), &json!([]))
        );
        ids.push(text(&made["TrackingCategories"][0]["TrackingCategoryID"]));
    }
    let says = world.xero_refuses(&tokens, Method::PUT, "TrackingCategories", json!({"Name": "Third"})).await;
    assert!(says.contains("maximum of 2 active"), "{says}");
    let says =
        world.xero_refuses(&tokens, Method::POST, &format!("TrackingCategories/{}", ids[1]), json!({"Name": "REGION"})).await;
    assert!(says.contains("already exists"), "{says}");

    for (index, name) in ["Third", "Fourth"].into_iter().enumerate() {
        world.xero(&tokens, Method::POST, &format!("TrackingCategories/{}", ids[index]), json!({"Status": "ARCHIVED"})).await;
        world.xero(&tokens, Method::PUT, "TrackingCategories", json!({"name": name})).await;
    }
    world.xero_refuses(&tokens, Method::POST, &format!("TrackingCategories/{}", ids[0]), json!({"Status": "ACTIVE"})).await;
    let names = async |query: &str| {
        let list = world.read(&tokens, &format!("TrackingCategories{query}")).await;
        list["TrackingCategories"].as_array().unwrap().iter().map(|category| text(&category["Name"])).collect::<Vec<_>>()
    };
    assert_eq!(names("").await.len(), 2);
    assert_eq!(names("?includeArchived=true").await.len(), 4);
    let third = world.read(&tokens, "TrackingCategories").await["TrackingCategories"][0].clone();
    let path = format!("TrackingCategories/{}", text(&third["TrackingCategoryID"]));
    world.xero(&tokens, Method::POST, &path, json!({"Status": "ARCHIVED"})).await;
    let says = world.xero_refuses(&tokens, Method::PUT, "TrackingCategories", json!({"Name": "Fifth"})).await;
    assert!(says.contains("maximum of 4"), "{says}");
    let gone = world.xero(&tokens, Method::DELETE, &path, json!({})).await;
    assert_eq!(gone["TrackingCategories"][0]["Status"], "DELETED");
    assert_eq!(names("?includeArchived=true").await.len(), 3);
    assert_eq!(world.read(&tokens, &path).await["TrackingCategories"][0]["Status"], "DELETED", "it is still at its address");
    assert_eq!(world.call_xero(&tokens, Method::DELETE, &path, None).await.status(), 404);
}

#[tokio::test]
async fn an_option_is_made_renamed_archived_and_deleted_unless_it_was_used() {
    let (world, tokens) = connected().await;
    without_tracking(&world, &tokens).await;
    let made = world.xero(&tokens, Method::PUT, "TrackingCategories", json!({"Name": "Region"})).await;
    let category = text(&made["TrackingCategories"][0]["TrackingCategoryID"]);
    let options = format!("TrackingCategories/{category}/Options");
    let option = async |name: &str| {
        let made = world.xero(&tokens, Method::PUT, &options, json!({"Name": name})).await;
        let flags = json!({"HasValidationErrors": false, "IsDeleted": false, "IsArchived": false, "IsActive": true});
        for (flag, value) in flags.as_object().unwrap() {
            assert_eq!(&made["Options"][0][flag], value, "{flag}");
        }
        text(&made["Options"][0]["TrackingOptionID"])
    };
    let (north, west, south) = (option("North").await, option(" West").await, option("South").await);
    let says = world.xero_refuses(&tokens, Method::PUT, &options, json!({"Name": "north"})).await;
    assert_eq!(says, "For each specified tracking option the name must be unique");
    world.xero_refuses(&tokens, Method::PUT, &options, json!({"Name": "x".repeat(101)})).await;
    let renamed = world.xero(&tokens, Method::POST, &format!("{options}/{west}"), json!({"Name": "Western"})).await;
    assert_eq!(renamed["Options"][0]["Name"], "Western");
    let archived = world.xero(&tokens, Method::POST, &format!("{options}/{west}"), json!({"Status": "ARCHIVED"})).await;
    assert_eq!((&archived["Options"][0]["IsArchived"], &archived["Options"][0]["IsActive"]), (&json!(true), &json!(false)));

    let contact = customer(&world, &tokens, "Tracked Ltd").await;
    let mut lines = work("10.00");
    lines[0]["Tracking"] = json!([{"Name": "Region", "Option": "North"}]);
    let sent = json!({"Contact": {"ContactID": contact}, "LineItems": lines.clone()});
    let quote = world.xero(&tokens, Method::PUT, "Quotes", sent.clone()).await;
    let shown = json!([{"Name": "Region", "Option": "North", "TrackingCategoryID": category, "TrackingOptionID": north}]);
    assert_eq!(quote["Quotes"][0]["LineItems"][0]["Tracking"], shown);
    let says = world.xero_refuses(&tokens, Method::DELETE, &format!("{options}/{north}"), json!({})).await;
    assert!(says.contains("has been used"), "{says}");
    world.xero_refuses(&tokens, Method::DELETE, &format!("TrackingCategories/{category}"), json!({})).await;
    let gone = world.xero(&tokens, Method::DELETE, &format!("{options}/{south}"), json!({})).await;
    assert_eq!((&gone["Options"][0]["Status"], &gone["Options"][0]["IsDeleted"]), (&json!("DELETED"), &json!(true)));

    let shown = async |query: &str| {
        let list = world.read(&tokens, &format!("TrackingCategories{query}")).await;
        list["TrackingCategories"][0]["Options"].as_array().unwrap().len()
    };
    assert_eq!((shown("").await, shown("?includeArchived=true").await), (1, 2));

    // A line cannot name what is archived or unknown, until a switch lets it through without it.
    lines[0]["Tracking"] = json!([{"TrackingCategoryID": category, "TrackingOptionID": west}]);
    let sent = json!({"Contact": {"ContactID": contact}, "LineItems": lines});
    world.xero_refuses(&tokens, Method::PUT, "Quotes", sent.clone()).await;
    world.order("/_sandbox/switches", json!({"xero.unknown_tracking_is_ignored": true})).await;
    let quote = world.xero(&tokens, Method::PUT, "Quotes", sent).await;
    assert_eq!(quote["Quotes"][0]["LineItems"][0]["Tracking"], json!([]));
    assert_eq!(
        world
            .call_xero(&tokens, Method::PUT, &format!("TrackingCategories/{north}/Options"), Some(json!({"Name": "x"})))
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn contacts_show_their_groups_and_groups_their_contacts() {
    let (world, tokens) = connected().await;
    let (ada, grace) = (customer(&world, &tokens, "Ada Ltd").await, customer(&world, &tokens, "Grace Ltd").await);
    let made = world.xero(&tokens, Method::PUT, "ContactGroups", json!({"ContactGroups": [{"Name": "VIPs"}]})).await;
    let group = text(&made["ContactGroups"][0]["ContactGroupID"]);
    assert_eq!(made["ContactGroups"][0]["Contacts"], json!([]));
    let path = format!("ContactGroups/{group}");
    let before = world.read(&tokens, &format!("Contacts/{ada}")).await["Contacts"][0]["UpdatedDateUTC"].clone();
    let sent = json!({"Contacts": [{"ContactID": ada}, {"ContactID": grace}]});
    let added = world.xero(&tokens, Method::PUT, &format!("{path}/Contacts"), sent.clone()).await;
    assert_eq!(added["Contacts"].as_array().unwrap().len(), 2);
    world.xero(&tokens, Method::PUT, &format!("{path}/Contacts"), sent).await;

    let groups = async |contact: &str| world.read(&tokens, &format!("Contacts/{contact}")).await["Contacts"][0].clone();
    let shown = groups(&ada).await;
    assert_eq!(shown["ContactGroups"].as_array().unwrap().len(), 1, "twice added is once in it");
    assert_eq!(shown["ContactGroups"][0]["Name"], "VIPs");
    assert_eq!(shown["UpdatedDateUTC"], before, "who joins a group is not changed by it");
    assert_eq!(world.read(&tokens, &path).await["ContactGroups"][0]["Contacts"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.read(&tokens, "ContactGroups").await["ContactGroups"].as_array().unwrap().last().unwrap()["Contacts"],
        json!([])
    );

    let sent = json!({"ContactID": grace, "FirstName": "Grace", "ContactGroups": []});
    world.xero(&tokens, Method::POST, &format!("Contacts/{grace}"), sent).await;
    assert_eq!(groups(&grace).await["ContactGroups"][0]["Name"], "VIPs", "groups are not left through the contact");
    world.xero(&tokens, Method::POST, &path, json!({"Name": "Friends"})).await;
    assert_eq!(groups(&grace).await["ContactGroups"][0]["Name"], "Friends");
    let out = world.call_xero(&tokens, Method::DELETE, &format!("{path}/Contacts/{ada}"), None).await;
    assert_eq!(out.status(), 204);
    assert_eq!(groups(&ada).await["ContactGroups"], json!([]));
    assert_eq!(world.call_xero(&tokens, Method::DELETE, &format!("{path}/Contacts/{ada}"), None).await.status(), 404);

    world.order("/_sandbox/switches", json!({"xero.group_membership_touches_contacts": true})).await;
    world.order("/_sandbox/clock", json!({"advance_s": 5})).await;
    let before = groups(&grace).await["UpdatedDateUTC"].clone();
    world.xero(&tokens, Method::POST, &path, json!({"Status": "DELETED"})).await;
    let after = groups(&grace).await;
    assert_eq!(after["ContactGroups"], json!([]));
    assert_ne!(after["UpdatedDateUTC"], before);
    let list = world.read(&tokens, "ContactGroups").await;
    assert!(
        list["ContactGroups"].as_array().unwrap().iter().all(|other| other["ContactGroupID"] != json!(group)),
        "only active groups are listed"
    );
    let sent = json!({"Contacts": [{"ContactID": ada}]});
    assert_eq!(world.call_xero(&tokens, Method::PUT, &format!("{path}/Contacts"), Some(sent)).await.status(), 404);
}

#[tokio::test]
async fn the_hundred_and_first_contact_group_is_refused() {
    let (world, tokens) = connected().await;
    let there = world.read(&tokens, "ContactGroups").await["ContactGroups"].as_array().unwrap().len();
    let groups: Vec<_> = (there..100).map(|n| json!({"Name": format!("Group {n}")})).collect();
    world.xero(&tokens, Method::PUT, "ContactGroups", json!({"ContactGroups": groups})).await;
    let says = world.xero_refuses(&tokens, Method::PUT, "ContactGroups", json!({"ContactGroups": [{"Name": "One more"}]})).await;
    assert_eq!(says, "You’ve reached the limit of 100 contact groups.");
    world.xero_refuses(&tokens, Method::PUT, "ContactGroups", json!({"ContactGroups": [{"Name": "group 99"}]})).await;
}

#[tokio::test]
async fn a_quote_is_summed_up_numbered_and_moves_as_quotes_move() {
    let (world, tokens) = connected().await;
    let contact = customer(&world, &tokens, "Adam").await;
    let sent = json!({"Quotes": [{"Contact": {"ContactID": contact}, "Date": "2026-02-01", "ExpiryDate": "2026-03-01", "Title": "Your quote",
        "LineItems": [{"Description": "Fish out of water", "Quantity": 1, "UnitAmount": 19.95, "DiscountRate": 10, "AccountCode": "200"}]}]});
    let quote = world.xero(&tokens, Method::PUT, "Quotes", sent).await["Quotes"][0].clone();
    for (name, wanted) in [
        ("SubTotal", json!(17.96)),
        ("TotalTax", json!(2.69)),
        ("Total", json!(20.65)),
        ("TotalDiscount", json!(1.99)),
        ("LineAmountTypes", json!("EXCLUSIVE")),
        ("Status", json!("DRAFT")),
        ("Date", json!("/Date(1769904000000)/")),
        ("DateString", json!("2026-02-01T00:00:00")),
        ("ExpiryDateString", json!("2026-03-01T00:00:00")),
        ("Contact", json!({"ContactID": contact, "Name": "Adam", "EmailAddress": "ada@example.com"})),
    ] {
        assert_eq!(
            quote[name].to_string().parse::<f64>().ok().map(|n| json!(n)).unwrap_or(quote[name].clone()),
            wanted,
            "{name}"
        );
    }
    assert!(text(&quote["QuoteNumber"]).starts_with("QU-"));
    let path = format!("Quotes/{}", text(&quote["QuoteID"]));
    let step = |status: &str| json!({"Contact": {"ContactID": contact}, "Date": "2026-02-01", "Status": status});
    let says = world.xero_refuses(&tokens, Method::POST, &path, step("INVOICED")).await;
    assert_eq!(says, "A Quote cannot be changed from DRAFT to INVOICED");
    world.xero_refuses(&tokens, Method::POST, &path, json!({"Status": "SENT"})).await;
    for status in ["SENT", "ACCEPTED", "INVOICED"] {
        assert_eq!(world.xero(&tokens, Method::POST, &path, step(status)).await["Quotes"][0]["Status"], status);
    }
    world.xero_refuses(&tokens, Method::POST, &path, step("INVOICED")).await;
    world
        .order(
            "/_sandbox/switches",
            json!({"xero.status_moves_are_checked": false, "xero.quote_updates_need_contact_and_date": false}),
        )
        .await;
    let again = world.xero(&tokens, Method::POST, &path, json!({"Status": "DRAFT"})).await;
    assert_eq!(again["Quotes"][0]["Total"], quote["Total"], "what was not sent stays");
    world.xero_refuses(&tokens, Method::POST, &path, json!({"Status": "LOST"})).await;

    let twin = json!({"QuoteNumber": quote["QuoteNumber"], "Contact": {"ContactID": contact}, "LineItems": work("1")});
    assert_eq!(world.xero_refuses(&tokens, Method::PUT, "Quotes", twin).await, "Quote number must be unique");
    let foreign = json!({"CurrencyCode": "CHF", "Contact": {"ContactID": contact}, "LineItems": work("1")});
    assert_eq!(
        world.xero_refuses(&tokens, Method::PUT, "Quotes", foreign).await,
        "Organisation is not subscribed to currency CHF"
    );
}

#[tokio::test]
async fn quotes_and_orders_are_filtered_by_their_own_parameters() {
    let (world, tokens) = connected().await;
    let (ada, grace) = (customer(&world, &tokens, "Ada Ltd").await, customer(&world, &tokens, "Grace Ltd").await);
    let quote = |contact: &str, date: &str, number: &str| json!({"Contact": {"ContactID": contact}, "Date": date, "QuoteNumber": number, "LineItems": work("5")});
    let mut late = quote(&ada, "2031-03-01", "Q-3");
    late["ExpiryDate"] = json!("2031-04-01");
    late["Status"] = json!("SENT");
    world
        .xero(
            &tokens,
            Method::PUT,
            "Quotes",
            json!({"Quotes": [quote(&ada, "2031-01-01", "Q-1"), quote(&grace, "2031-02-01", "Q-2"), late]}),
        )
        .await;
    let numbers = async |query: &str| {
        let list = world.read(&tokens, &format!("Quotes?page=1&{query}")).await;
        let mut numbers: Vec<_> = list["Quotes"].as_array().unwrap().iter().map(|quote| text(&quote["QuoteNumber"])).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers("DateFrom=2031-02-01").await, ["Q-2", "Q-3"]);
    assert_eq!(numbers("DateFrom=2031-01-01&DateTo=2031-02-01").await, ["Q-1", "Q-2"]);
    assert_eq!(numbers("ExpiryDateTo=2031-04-01&ExpiryDateFrom=2031-03-01").await, ["Q-3"]);
    assert_eq!(numbers(&format!("ContactID={grace}")).await, ["Q-2"]);
    assert_eq!(numbers("QuoteNumber=Q-1").await, ["Q-1"]);
    assert_eq!(numbers(&format!("Status=SENT&ContactID={ada}")).await, ["Q-3"]);
    assert_eq!(world.books(&tokens, "Quotes?DateFrom=soon").send().await.unwrap().status(), 400);

    let order = json!({"Contact": {"ContactID": ada}, "Date": "2031-01-05", "LineItems": work("5")});
    world.xero(&tokens, Method::PUT, "PurchaseOrders", json!({"PurchaseOrders": [order]})).await;
    let count = async |query: &str| {
        world.read(&tokens, &format!("PurchaseOrders?{query}")).await["PurchaseOrders"].as_array().unwrap().len()
    };
    assert_eq!(count("DateFrom=2031-01-05&DateTo=2031-01-05").await, 1);
    assert_eq!(count("DateFrom=2031-01-06").await, 0);
    assert_eq!(count("Status=").await, 0, "an empty status finds nothing");
}

#[tokio::test]
async fn a_purchase_order_is_found_by_its_number_and_billed_orders_stay() {
    let (world, tokens) = connected().await;
    let contact = customer(&world, &tokens, "Supplies Ltd").await;
    let sent = json!({"PurchaseOrders": [{"Contact": {"ContactID": contact}, "Date": "2026-03-13", "SentToContact": true, "DeliveryDate": "2026-03-20",
        "LineItems": [{"Description": "Foobar", "Quantity": 1, "UnitAmount": 20, "AccountCode": "710"}]}]});
    let order = world.xero(&tokens, Method::PUT, "PurchaseOrders", sent).await["PurchaseOrders"][0].clone();
    assert_eq!((order["Total"].to_string(), &order["LineItems"][0]["TaxType"]), ("23.00".into(), &json!("INPUT2")));
    assert_eq!((&order["SentToContact"], &order["Type"]), (&json!(false), &json!("PURCHASEORDER")), "a draft was not sent");
    assert_eq!(order["Warnings"][0]["Message"], "Only AUTHORISED and BILLED purchase orders may have SentToContact updated.");
    let number = text(&order["PurchaseOrderNumber"]);
    assert!(number.starts_with("PO-"));
    assert_eq!(
        world.read(&tokens, &format!("PurchaseOrders/{number}")).await["PurchaseOrders"][0]["PurchaseOrderID"],
        order["PurchaseOrderID"]
    );
    assert_eq!(world.read(&tokens, &format!("Contacts/{contact}")).await["Contacts"][0]["IsSupplier"], true);

    let path = format!("PurchaseOrders/{}", text(&order["PurchaseOrderID"]));
    let update = json!({"PurchaseOrders": [{"AttentionTo": "Peter Parker", "LineItems": [], "Contact": {}}]});
    let updated = world.xero(&tokens, Method::POST, &path, update).await["PurchaseOrders"][0].clone();
    assert_eq!((&updated["AttentionTo"], &updated["LineItems"]), (&json!("Peter Parker"), &order["LineItems"]));
    for status in ["AUTHORISED", "BILLED"] {
        world.xero(&tokens, Method::POST, &path, json!({"Status": status})).await;
    }
    world.xero_refuses(&tokens, Method::POST, &path, json!({"Status": "DELETED"})).await;
    let twin = json!({"PurchaseOrderNumber": number, "Contact": {"ContactID": contact}, "LineItems": work("1")});
    assert_eq!(world.xero_refuses(&tokens, Method::PUT, "PurchaseOrders", twin).await, "Order number must be unique");
    let long = json!({"DeliveryInstructions": "x".repeat(501), "Contact": {"ContactID": contact}, "LineItems": work("1")});
    world.xero_refuses(&tokens, Method::PUT, "PurchaseOrders", long).await;
}

#[tokio::test]
async fn a_template_is_created_and_deleted_and_never_edited() {
    let (world, tokens) = connected().await;
    let contact = customer(&world, &tokens, "Liam Gallagher").await;
    let sent = json!({"RepeatingInvoices": [{"Schedule": {"Period": 1, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH",
        "StartDate": "/Date(1555286400000+0000)/"}, "Type": "ACCREC", "Reference": "[Week]", "Contact": {"ContactID": contact},
        "Status": "AUTHORISED", "LineAmountTypes": "Exclusive", "LineItems": [{"Description": "Guitars", "UnitAmount": 5000.0, "TaxType": "OUTPUT2",
        "AccountCode": "200", "Quantity": 1.0}]}]});
    let made = world.xero(&tokens, Method::PUT, "RepeatingInvoices", sent.clone()).await["RepeatingInvoices"][0].clone();
    assert_eq!((made["Total"].to_string(), &made["ID"]), ("5750.00".into(), &made["RepeatingInvoiceID"]));
    assert_eq!(made["Schedule"]["StartDate"], "/Date(1555286400000+0000)/");
    assert!(text(&made["Schedule"]["NextScheduledDate"]) > text(&made["Schedule"]["StartDate"]));
    let path = format!("RepeatingInvoices/{}", text(&made["RepeatingInvoiceID"]));
    world.xero_refuses(&tokens, Method::POST, &path, json!({"Reference": "new"})).await;
    let gone = world.xero(&tokens, Method::POST, &path, json!({"Status": "DELETED", "Reference": "new"})).await;
    assert_eq!(
        (&gone["RepeatingInvoices"][0]["Status"], &gone["RepeatingInvoices"][0]["Reference"]),
        (&json!("DELETED"), &json!("[Week]"))
    );
    for broken in [json!({"Unit": "DAILY"}), json!({"Period": 0}), json!({"DueDateType": "SOON"})] {
        let mut bad = sent.clone();
        let schedule = bad["RepeatingInvoices"][0]["Schedule"].as_object_mut().unwrap();
        schedule.extend(broken.as_object().unwrap().clone());
        world.xero_refuses(&tokens, Method::PUT, "RepeatingInvoices", bad).await;
    }
}

#[tokio::test]
async fn a_billable_expense_follows_its_bill_and_its_invoice() {
    let (world, tokens) = connected().await;
    let (supplier, ada) = (customer(&world, &tokens, "Supplier").await, customer(&world, &tokens, "Ada").await);
    let other = customer(&world, &tokens, "Other").await;
    let bill = json!({"Type": "ACCPAY", "Contact": {"ContactID": supplier}, "Date": "2026-05-01", "DueDate": "2026-06-01", "InvoiceNumber": "S-1", "Status": "DRAFT",
        "LineItems": [{"Description": "Taxi", "Quantity": 1, "UnitAmount": 30, "AccountCode": "493"}]});
    let bill = world.xero(&tokens, Method::PUT, "Invoices", bill).await["Invoices"][0].clone();
    let sale = json!({"Type": "ACCREC", "Contact": {"ContactID": ada}, "Date": "2026-05-01", "DueDate": "2026-06-01", "Status": "DRAFT", "LineItems": work("30")});
    let sale = world.xero(&tokens, Method::PUT, "Invoices", sale).await["Invoices"][0].clone();
    let bad = json!({"LinkedTransactions": [{"SourceTransactionID": bill["InvoiceID"], "SourceLineItemID": sale["LineItems"][0]["LineItemID"]}]});
    let says = world.xero_refuses(&tokens, Method::PUT, "LinkedTransactions", bad).await;
    assert_eq!(says, "The SourceLineItemID and SourceTransactionID do not match");
    let good = json!({"SourceTransactionID": bill["InvoiceID"], "SourceLineItemID": bill["LineItems"][0]["LineItemID"]});
    let linked = world.xero(&tokens, Method::PUT, "LinkedTransactions", good).await["LinkedTransactions"][0].clone();
    assert_eq!(
        (&linked["Status"], &linked["Type"], &linked["SourceTransactionTypeCode"]),
        (&json!("DRAFT"), &json!("BILLABLEEXPENSE"), &json!("ACCPAY"))
    );
    let path = format!("LinkedTransactions/{}", text(&linked["LinkedTransactionID"]));
    let status = async || world.read(&tokens, &path).await["LinkedTransactions"][0]["Status"].clone();

    let approve = async |invoice: &Value| {
        world
            .xero(&tokens, Method::POST, &format!("Invoices/{}", text(&invoice["InvoiceID"])), json!({"Status": "AUTHORISED"}))
            .await
    };
    approve(&bill).await;
    assert_eq!(status().await, "APPROVED");
    let mismatch = json!({"ContactID": other, "TargetTransactionID": sale["InvoiceID"]});
    let says = world.xero_refuses(&tokens, Method::POST, &path, mismatch).await;
    assert_eq!(says, "The ContactID and the TargetTransaction ContactID do not match");
    let target = json!({"ContactID": ada, "TargetTransactionID": sale["InvoiceID"], "TargetLineItemID": sale["LineItems"][0]["LineItemID"]});
    world.xero(&tokens, Method::POST, &path, target).await;
    assert_eq!(status().await, "ONDRAFT");
    let found = async |query: String| {
        world.read(&tokens, &format!("LinkedTransactions?{query}")).await["LinkedTransactions"].as_array().unwrap().len()
    };
    assert_eq!(found(format!("TargetTransactionID={}", text(&sale["InvoiceID"]))).await, 1);
    assert_eq!(found(format!("ContactID={ada}&Status=ONDRAFT")).await, 1);
    assert_eq!(found(format!("ContactID={ada}&Status=BILLED")).await, 0);
    approve(&sale).await;
    assert_eq!(status().await, "BILLED");
    world.xero_refuses(&tokens, Method::DELETE, &path, json!({})).await;

    let more = json!({"SourceTransactionID": bill["InvoiceID"], "SourceLineItemID": bill["LineItems"][0]["LineItemID"]});
    let more = world.xero(&tokens, Method::PUT, "LinkedTransactions", more).await["LinkedTransactions"][0].clone();
    let path = format!("LinkedTransactions/{}", text(&more["LinkedTransactionID"]));
    assert_eq!(world.call_xero(&tokens, Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(world.call_xero(&tokens, Method::GET, &path, None).await.status(), 404);
}

#[tokio::test]
async fn an_organisation_says_what_may_be_done_and_only_british_ones_have_the_scheme() {
    let (world, tokens) = connected().await;
    let actions = async || {
        let list = world.read(&tokens, "Organisation/Actions").await;
        let list = list["Actions"].as_array().unwrap().clone();
        list.into_iter()
            .map(|action| (text(&action["Name"]), text(&action["Status"])))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(actions().await.len(), 13);
    assert_eq!(actions().await["UseMulticurrency"], "ALLOWED");
    let organisation = format!("/_sandbox/xero/{}/Organisation", demo());
    world.order(&organisation, json!({"Class": "STARTER"})).await;
    assert_eq!(actions().await["UseMulticurrency"], "NOT-ALLOWED");

    let settings = format!("Organisation/{}/CISSettings", demo());
    assert_eq!(world.call_xero(&tokens, Method::GET, &settings, None).await.status(), 404);
    world.order(&organisation, json!({"Version": "UK"})).await;
    assert_eq!(world.read(&tokens, &settings).await["CISSettings"][0]["CISContractorEnabled"], false);
    let contact = customer(&world, &tokens, "Builder").await;
    assert_eq!(
        world.read(&tokens, &format!("Contacts/{contact}/CISSettings")).await["CISSettings"],
        json!([{"CISEnabled": false}])
    );
}

#[tokio::test]
async fn planted_companies_have_offers_and_their_contacts_and_invoices_stay_the_same() {
    let (world, tokens) = connected().await;
    let planted = world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let count = async |path: &str, list: &str| world.read(&tokens, path).await[list].as_array().unwrap().len();
    assert_eq!(count("Quotes", "Quotes").await, 12);
    assert_eq!(
        (planted["quotes"].as_u64(), planted["contacts"].as_u64(), planted["invoices"].as_u64()),
        (Some(12), Some(12), Some(20))
    );
    assert_eq!(count("PurchaseOrders", "PurchaseOrders").await, 8);
    assert_eq!(count("RepeatingInvoices", "RepeatingInvoices").await, 4);
    assert_eq!(count("ContactGroups", "ContactGroups").await, 3);
    assert_eq!(count("BrandingThemes", "BrandingThemes").await, 2);
    assert_eq!(count("Users", "Users").await, 3);
    assert_eq!(count("Contacts?includeArchived=true", "Contacts").await, 12);
    let region = world.read(&tokens, "TrackingCategories").await["TrackingCategories"][0].clone();
    assert_eq!((&region["Name"], region["Options"].as_array().unwrap().len()), (&json!("Region"), 3));
    let quotes = async || world.read(&tokens, "Quotes?page=1").await["Quotes"].as_array().unwrap().clone();
    let first = quotes().await;
    assert!(first.iter().any(|quote| quote["LineItems"][0]["Tracking"][0]["Option"] == "North"));
    let contacts = async || {
        let list = world.read(&tokens, "Contacts?page=1&includeArchived=true").await["Contacts"].as_array().unwrap().clone();
        list.into_iter()
            .map(|contact| (text(&contact["ContactID"]), contact["UpdatedDateUTC"].clone(), contact["IsCustomer"].clone()))
            .collect::<Vec<_>>()
    };
    let before = contacts().await;
    // The youngest contact of the plan is years old: joining a group or getting a quote has not made it new.
    assert!(before.iter().all(|(_, updated, _)| text(updated) < text(&first[0]["UpdatedDateUTC"])));
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    assert_eq!(contacts().await, before);
    let known = |quotes: &[Value]| {
        let mut known: Vec<_> = quotes
            .iter()
            .map(|quote| (text(&quote["QuoteID"]), quote["Total"].to_string(), text(&quote["LineItems"][0]["LineItemID"])))
            .collect();
        known.sort();
        known
    };
    assert_eq!(known(&quotes().await), known(&first), "the same seed gives the same quotes");
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    assert_eq!(count("TrackingCategories?includeArchived=true", "TrackingCategories").await, 3);
    assert_eq!(count("Quotes", "Quotes").await, 4);
}

#[tokio::test]
async fn quotes_without_numbers_get_one_after_the_other_even_in_one_call() {
    let (world, tokens) = connected().await;
    let contact = customer(&world, &tokens, "Ada Ltd").await;
    let quote = |number: Option<&str>| {
        let mut quote = json!({"Contact": {"ContactID": contact}, "LineItems": work("5")});
        if let Some(number) = number {
            quote["QuoteNumber"] = number.into();
        }
        quote
    };
    let mut quotes: Vec<_> = (0..40).map(|_| quote(None)).collect();
    quotes.push(quote(Some("QU-0043")));
    quotes.extend((0..3).map(|_| quote(None)));
    let made = world.xero(&tokens, Method::PUT, "Quotes", json!({"Quotes": quotes})).await;
    let numbers: Vec<_> = made["Quotes"].as_array().unwrap().iter().map(|quote| text(&quote["QuoteNumber"])).collect();
    assert_eq!(numbers[..40], (1..=40).map(|number| format!("QU-{number:04}")).collect::<Vec<_>>());
    assert_eq!(
        numbers.iter().collect::<std::collections::BTreeSet<_>>().len(),
        44,
        "a number that somebody chose is not given again"
    );
}
