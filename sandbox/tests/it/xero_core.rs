//! Contacts, items, accounts, tax rates and currencies, as an app writes them: their rules, and the words of a refusal.

use serde_json::{Value, json};

use crate::{World, demo};

async fn connected() -> (World, Value) {
    let world = World::new().await;
    let tokens = world.connect().await;
    (world, tokens)
}

/// The first sentence of a refusal.
fn says(answer: &(u16, Value)) -> String {
    assert_eq!(answer.0, 400, "{}", answer.1);
    answer.1["Elements"][0]["ValidationErrors"][0]["Message"].as_str().unwrap_or_default().to_owned()
}

fn id(answer: &(u16, Value), list: &str, field: &str) -> String {
    assert_eq!(answer.0, 200, "{}", answer.1);
    answer.1[list][0][field].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn names_are_unique_among_active_contacts_and_numbers_among_all() {
    let (world, tokens) = connected().await;
    let put = async |contact: Value| world.send(&tokens, "PUT", "Contacts", contact).await;
    let post = async |contact: Value| world.send(&tokens, "POST", "Contacts", contact).await;
    let ada = id(&put(json!({"Name": "Ada", "ContactNumber": "C1"})).await, "Contacts", "ContactID");
    assert_eq!(
        says(&put(json!({"Name": "Ada"})).await),
        "The contact name Ada is already assigned to another contact. The contact name must be unique across all active contacts."
    );
    let archived = post(json!({"ContactID": ada, "ContactStatus": "ARCHIVED"})).await;
    assert_eq!(archived.1["Contacts"][0]["ContactStatus"], "ARCHIVED");
    let second = id(&put(json!({"Name": "Ada"})).await, "Contacts", "ContactID");
    assert_eq!(
        says(&put(json!({"Name": "Bob", "ContactNumber": "C1"})).await),
        "The contact number C1 is already assigned to another contact. The contact number must be unique across all contacts"
    );
    assert!(says(&post(json!({"ContactID": ada, "ContactStatus": "ACTIVE"})).await).starts_with("The contact name Ada"));
    let list = world.read(&tokens, "Contacts?page=1").await;
    assert_eq!(list["pagination"]["itemCount"], 1, "an archived one is not listed");
    let by_number = world.read(&tokens, "Contacts/C1").await;
    assert_eq!(by_number["Contacts"][0]["ContactID"], ada);
    let told = post(json!({"Name": "Ada", "FirstName": "A", "ContactPersons": [{"FirstName": "P"}]})).await;
    assert_eq!(id(&told, "Contacts", "ContactID"), second, "a POST with a known name overwrites that contact");
    let told = post(json!({"Name": "Ada", "ContactPersons": []})).await;
    assert_eq!((&told.1["Contacts"][0]["ContactPersons"], &told.1["Contacts"][0]["FirstName"]), (&json!([]), &json!("A")));
}

#[tokio::test]
async fn a_contact_is_as_long_as_its_fields_allow_and_says_where_it_is_wrong() {
    let (world, tokens) = connected().await;
    let put = async |contact: Value| world.send(&tokens, "PUT", "Contacts", contact).await;
    for wrong in [
        json!({"EmailAddress": "a@example.com"}),
        json!({"Name": "x".repeat(256)}),
        json!({"Name": "A <b>"}),
        json!({"Name": " A"}),
        json!({"Name": "A  B"}),
        json!({"Name": "A", "EmailAddress": "ä@example.com"}),
        json!({"Name": "A", "ContactNumber": "1".repeat(51)}),
        json!({"Name": "A", "ContactStatus": "GONE"}),
        json!({"Name": "A", "DefaultCurrency": "ISK"}),
        json!({"Name": "A", "AccountsReceivableTaxType": "TAX999"}),
        json!({"Name": "A", "SalesDefaultAccountCode": "nope"}),
        json!({"Name": "A", "ContactPersons": [{}, {}, {}, {}, {}, {}]}),
        json!({"Name": "A", "PaymentTerms": {"Bills": {"Day": 32, "Type": "OFCURRENTMONTH"}}}),
    ] {
        let answer = put(wrong.clone()).await;
        assert!(!says(&answer).is_empty(), "{wrong}");
    }
    let answer =
        put(json!({"Name": "A", "Addresses": [{"AddressType": "STREET"}, {"AddressType": "POBOX", "Country": "Côte d'Ivoire"}]}))
            .await;
    let element = &answer.1["Elements"][0];
    assert_eq!(element["Addresses"][0]["ValidationErrors"], json!([]));
    assert_eq!(element["Addresses"][1]["ValidationErrors"][0]["Message"].as_str(), Some(says(&answer).as_str()));
    let kept = put(json!({"Name": "A", "IsCustomer": true, "Website": "https://a.example", "Balances": {}, "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "555"}]})).await;
    let kept = &kept.1["Contacts"][0];
    assert_eq!((&kept["IsCustomer"], kept.get("Website"), kept.get("Balances")), (&json!(false), None, None), "for reading only");
    assert_eq!((kept["Phones"].as_array().unwrap().len(), &kept["Phones"][3]["PhoneNumber"]), (4, &json!("555")));
    world
        .order("/_sandbox/switches", json!({"xero.contact_names_are_tidied": true, "xero.email_addresses_are_checked": false}))
        .await;
    let tidied = put(json!({"Name": " B  C ", "EmailAddress": "not an address"})).await;
    assert_eq!(tidied.1["Contacts"][0]["Name"], "B C");
}

#[tokio::test]
async fn merged_contacts_say_where_they_went_and_their_documents_follow() {
    let (world, tokens) = connected().await;
    let contact =
        async |name: &str| id(&world.send(&tokens, "PUT", "Contacts", json!({"Name": name})).await, "Contacts", "ContactID");
    let (from, into) = (contact("Ada Ltd").await, contact("Ada Limited").await);
    let invoice = json!({"Type": "ACCREC", "Contact": {"ContactID": from}, "LineItems": [{"Description": "x", "UnitAmount": 1, "AccountCode": "200"}]});
    let invoice = id(&world.send(&tokens, "PUT", "Invoices", invoice).await, "Invoices", "InvoiceID");
    let before = world.read(&tokens, &format!("Invoices/{invoice}")).await["Invoices"][0]["UpdatedDateUTC"].clone();
    world.order("/_sandbox/clock", json!({"advance_s": 60})).await;
    let merged = world.order("/_sandbox/xero/merge", json!({"tenantId": demo(), "from": from, "into": into})).await;
    assert_eq!(merged["documents"], 1);
    let told = world.read(&tokens, &format!("Invoices/{invoice}")).await["Invoices"][0].clone();
    assert_eq!((&told["Contact"]["ContactID"], &told["UpdatedDateUTC"]), (&json!(into), &before));
    let told = world.read(&tokens, &format!("Contacts/{from}")).await;
    assert_eq!(
        (&told["Contacts"][0]["ContactStatus"], &told["Contacts"][0]["MergedToContactID"]),
        (&json!("ARCHIVED"), &json!(into))
    );
    let paged = world.read(&tokens, &format!("Contacts?page=1&includeArchived=true&IDs={from}")).await;
    assert_eq!(paged["Contacts"][0]["MergedToContactID"], into);
    let unpaged = world.read(&tokens, &format!("Contacts?includeArchived=true&IDs={from}")).await;
    assert!(unpaged["Contacts"][0].get("MergedToContactID").is_none(), "told on pages and single reads only");
}

#[tokio::test]
async fn items_have_codes_of_their_own_and_lose_a_side_that_is_turned_off() {
    let (world, tokens) = connected().await;
    let put = async |item: Value| world.send(&tokens, "PUT", "Items", item).await;
    let made = put(
        json!({"Code": "A1", "Name": "A", "Description": "sold", "SalesDetails": {"UnitPrice": "1.2345", "AccountCode": "200"}}),
    )
    .await;
    let path = format!("Items/{}", id(&made, "Items", "ItemID"));
    assert_eq!(made.1["Items"][0]["SalesDetails"]["UnitPrice"].to_string(), "1.23");
    assert_eq!(says(&put(json!({"Code": "A1"})).await), "Price List Item with Code 'A1' already exists");
    for wrong in [
        json!({"Name": "no code"}),
        json!({"Code": "x".repeat(31)}),
        json!({"Code": "B", "SalesDetails": {"AccountCode": "nope"}}),
        json!({"Code": "B", "PurchaseDetails": {"TaxType": "nope"}}),
        json!({"Code": "B", "InventoryAssetAccountCode": "630"}),
        json!({"Code": "B", "InventoryAssetAccountCode": "200", "PurchaseDetails": {"COGSAccountCode": "310"}}),
    ] {
        assert_eq!(put(wrong.clone()).await.0, 400, "{wrong}");
    }
    let tracked =
        put(json!({"Code": "T", "InventoryAssetAccountCode": "630", "PurchaseDetails": {"COGSAccountCode": "310"}})).await;
    assert_eq!(tracked.1["Items"][0]["IsTrackedAsInventory"], true);
    let told = world.send(&tokens, "POST", "Items", json!({"Code": "A1", "IsSold": false})).await;
    assert_eq!((&told.1["Items"][0]["SalesDetails"], told.1["Items"][0].get("Description")), (&json!({}), None));
    // A line takes from its item what it does not say itself.
    let invoice = json!({"Type": "ACCPAY", "Contact": {"Name": "Sue"}, "LineItems": [{"ItemCode": "A1", "UnitAmount": 2, "AccountCode": "300"}]});
    let invoice = world.send(&tokens, "PUT", "Invoices", invoice).await;
    assert_eq!(invoice.1["Invoices"][0]["LineItems"][0]["Item"]["Code"], "A1", "{}", invoice.1);
    assert_eq!(invoice.1["Invoices"][0]["LineItems"][0]["Description"], "A");
    assert_eq!(world.send(&tokens, "DELETE", &path, Value::Null).await.0, 400, "it is in use");
    let unused = id(&tracked, "Items", "ItemID");
    assert_eq!(world.send(&tokens, "DELETE", &format!("Items/{unused}"), Value::Null).await.0, 204);
    assert_eq!(world.books(&tokens, &format!("Items/{unused}")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn accounts_are_unique_archived_and_deleted_when_nothing_names_them() {
    let (world, tokens) = connected().await;
    let put = async |account: Value| world.send(&tokens, "PUT", "Accounts", account).await;
    let made = put(json!({"Code": "123456", "Name": "Foobar", "Type": "EXPENSE", "Description": "Hello World"})).await;
    let account = &made.1["Accounts"][0];
    assert_eq!(
        (&account["Class"], &account["Status"], &account["TaxType"]),
        (&json!("EXPENSE"), &json!("ACTIVE"), &json!("INPUT2"))
    );
    let path = format!("Accounts/{}", id(&made, "Accounts", "AccountID"));
    assert_eq!(says(&put(json!({"Code": "123457", "Name": "Foobar", "Type": "EXPENSE"})).await), "Please enter a unique Name.");
    assert_eq!(says(&put(json!({"Code": "123456", "Name": "Barfoo", "Type": "EXPENSE"})).await), "Please enter a unique Code.");
    for wrong in [
        json!({"Code": "1", "Name": "n", "Type": "NOTHING"}),
        json!({"Code": "12345678901", "Name": "n", "Type": "EXPENSE"}),
        json!({"Code": "1", "Type": "EXPENSE"}),
        json!({"Name": "n", "Type": "EXPENSE"}),
        json!({"Code": "1", "Name": "n", "Type": "BANK"}),
        json!({"Code": "1", "Name": "n", "Type": "REVENUE", "TaxType": "INPUT2"}),
    ] {
        assert_eq!(put(wrong.clone()).await.0, 400, "{wrong}");
    }
    // A new account can be used at once.
    let invoice = json!({"Type": "ACCPAY", "Contact": {"Name": "Sue"}, "LineItems": [{"Description": "x", "UnitAmount": 2, "AccountCode": "123456"}]});
    assert_eq!(world.send(&tokens, "PUT", "Invoices", invoice.clone()).await.0, 200);
    assert_eq!(world.send(&tokens, "DELETE", &path, Value::Null).await.0, 400, "it is in use");
    assert_eq!(
        world.send(&tokens, "POST", &path, json!({"Status": "ARCHIVED", "Name": "x"})).await.0,
        400,
        "archiving is a call of its own"
    );
    assert_eq!(world.send(&tokens, "POST", &path, json!({"Status": "ARCHIVED"})).await.1["Accounts"][0]["Status"], "ARCHIVED");
    let warned = world.send(&tokens, "PUT", "Invoices?summarizeErrors=false", invoice.clone()).await;
    assert_eq!(warned.1["Invoices"][0]["StatusAttributeString"], "WARNING");
    world.order("/_sandbox/switches", json!({"xero.archived_accounts_are_refused": true})).await;
    assert_eq!(world.send(&tokens, "PUT", "Invoices", invoice).await.0, 400);
    let unused = id(&put(json!({"Code": "777", "Name": "Unused", "Type": "EXPENSE"})).await, "Accounts", "AccountID");
    let gone = world.send(&tokens, "DELETE", &format!("Accounts/{unused}"), Value::Null).await;
    assert_eq!((gone.0, &gone.1["Accounts"][0]["Status"]), (200, &json!("DELETED")));
    assert_eq!(put(json!({"Code": "777", "Name": "Unused", "Type": "EXPENSE"})).await.0, 200, "code and name are free again");
    let accounts = world.read(&tokens, "Accounts").await;
    let system = accounts["Accounts"].as_array().unwrap().iter().find(|account| account["SystemAccount"] == "DEBTORS").unwrap();
    let system = format!("Accounts/{}", system["AccountID"].as_str().unwrap());
    assert_eq!(world.send(&tokens, "POST", &system, json!({"Status": "ARCHIVED"})).await.0, 400);
    assert_eq!(world.send(&tokens, "DELETE", &system, Value::Null).await.0, 400);
    let two = json!({"Accounts": [{"Code": "1"}, {"Code": "2"}]});
    assert_eq!(world.send(&tokens, "PUT", "Accounts", two).await.0, 400, "one a call");
}

#[tokio::test]
async fn tax_rates_get_their_type_and_what_they_come_to_from_xero() {
    let (world, tokens) = connected().await;
    let put = async |rate: Value| world.send(&tokens, "PUT", "TaxRates", json!({"TaxRates": [rate]})).await;
    let made = put(json!({"Name": "Two", "ReportTaxType": "OUTPUT", "TaxType": "MINE", "TaxComponents": [
        {"Name": "a", "Rate": 5}, {"Name": "b", "Rate": "9.975", "IsCompound": true}]}))
    .await;
    let rate = &made.1["TaxRates"][0];
    assert_eq!(
        (rate["TaxType"].as_str(), rate["EffectiveRate"].to_string(), rate["DisplayTaxRate"].to_string()),
        (Some("TAX001"), "15.4738".into(), "14.9750".into())
    );
    assert_eq!((&rate["CanApplyToRevenue"], &rate["CanApplyToExpenses"]), (&json!(true), &json!(false)));
    assert_eq!(
        put(json!({"Name": "Three", "ReportTaxType": "INPUT", "TaxComponents": [{"Name": "a", "Rate": 1}]})).await.1["TaxRates"]
            [0]["TaxType"],
        "TAX002"
    );
    assert_eq!(
        says(&put(json!({"Name": "Two", "ReportTaxType": "OUTPUT", "TaxComponents": [{"Name": "a", "Rate": 1}]})).await),
        "Please enter a unique Name."
    );
    world.order("/_sandbox/switches", json!({"xero.tax_rates_need_a_report_tax_type": true})).await;
    assert_eq!(put(json!({"Name": "Four", "TaxComponents": [{"Name": "a", "Rate": 1}]})).await.0, 400);
    world.order("/_sandbox/switches", json!({"xero.tax_rates_need_a_report_tax_type": false})).await;
    let four = put(json!({"Name": "Four", "TaxComponents": [{"Name": "a", "Rate": 1}]})).await;
    assert_eq!((four.0, &four.1["TaxRates"][0]["ReportTaxType"]), (200, &json!("INPUT")));
    let invoice = json!({"Type": "ACCREC", "Contact": {"Name": "Ada"}, "LineItems": [{"Description": "x", "UnitAmount": 100, "AccountCode": "200", "TaxType": "TAX001"}]});
    let told = world.send(&tokens, "PUT", "Invoices", invoice.clone()).await;
    assert_eq!(told.1["Invoices"][0]["TotalTax"].to_string(), "15.47");
    let single = world.read(&tokens, "TaxRates/TAX001").await;
    assert_eq!(single["TaxRates"][0]["Name"], "Two");
    let gone = world.send(&tokens, "POST", "TaxRates", json!({"TaxRates": [{"Name": "Two", "Status": "DELETED"}]})).await;
    assert_eq!((&gone.1["TaxRates"][0]["TaxType"], &gone.1["TaxRates"][0]["Status"]), (&json!("TAX001"), &json!("DELETED")));
    assert_eq!(world.send(&tokens, "PUT", "Invoices", invoice).await.0, 400, "a deleted rate cannot be used");
}

#[tokio::test]
async fn a_currency_is_added_before_it_is_used() {
    let (world, tokens) = connected().await;
    let invoice = json!({"Type": "ACCREC", "CurrencyCode": "CHF", "Contact": {"Name": "Ada"}, "LineItems": [{"Description": "x", "UnitAmount": 100, "AccountCode": "200"}]});
    let refused = world.send(&tokens, "PUT", "Invoices", invoice.clone()).await;
    assert_eq!(says(&refused), "Organisation is not subscribed to currency CHF");
    assert_eq!(
        world.send(&tokens, "PUT", "Currencies", json!({"Code": "CHF", "Description": "Swiss Franc"})).await.1["Currencies"][0]["Code"],
        "CHF"
    );
    assert_eq!(world.send(&tokens, "PUT", "Currencies", json!({"Code": "XYZ"})).await.0, 400);
    assert_eq!(world.send(&tokens, "PUT", "Invoices", invoice).await.0, 200);
}
