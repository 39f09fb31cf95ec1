//! Zoho CRM: the same company as people who sell see it. A hundred rows a call, each answered for itself, and no business of the books.

use std::collections::{BTreeMap, HashMap};

use jobs::tokens::{self, Access};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{Connected, World, books, flow, sum};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn a_company_arrives_in_crm_once_equal_to_the_cent_and_wakes_no_workflow() {
    let (world, link) = company("demo-company", Some(60), Some(260)).await;
    several_currencies(&world).await;
    world.switch("zoho.crm_customer_workflow", true).await;
    let (run, progress) = world.migrate(&link).await;
    let holds = world.staff.holds(&link.link).await.unwrap();
    let unexpected: Vec<&Value> = holds.iter().filter(|hold| hold["expected"] != true).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(progress["clean"], true, "{:#?} {progress:#}", world.staff.findings(&run).await.unwrap());

    let there = by_xero_id(&crm(&world, "Invoices").await);
    let wanted: Vec<Value> = books::xero(&world, "Invoices").await;
    let wanted: Vec<&Value> = wanted.iter().filter(|one| one["Type"] == "ACCREC" && one["Status"] != "DELETED").collect();
    assert!(wanted.len() > 100 && there.len() == wanted.len(), "{} of {}", there.len(), wanted.len());
    let mut differ = Vec::new();
    for invoice in &wanted {
        let carried = &there[invoice["InvoiceID"].as_str().unwrap()];
        if cents(&carried["Grand_Total"]) != cents(&invoice["Total"]) {
            differ.push(format!("{}: {} and {}", invoice["InvoiceNumber"], invoice["Total"], carried["Grand_Total"]));
        }
        let link = carried["Xero_link"].as_str().unwrap_or_default();
        assert!(link.contains(invoice["InvoiceID"].as_str().unwrap()), "{link}");
    }
    // What somebody typed into a tax in Xero is named by the reconciliation, and nothing else differs.
    let named = world.staff.findings(&run).await.unwrap();
    assert!(differ.len() <= named.len(), "{differ:#?} {named:#?}");
    for module in ["Accounts", "Contacts", "Vendors", "Products", "Quotes", "Purchase_Orders"] {
        let records = crm(&world, module).await;
        assert!(!records.is_empty() && by_xero_id(&records).len() == records.len(), "{module}");
        assert!(records.iter().all(|record| record["Description"] != "Set by a workflow of the customer"), "{module}");
    }
    let products = crm(&world, "Products").await;
    assert_eq!(products.iter().filter(|one| one["Product_Name"] == "Other (from Xero)").count(), 1);
    let accounts = crm(&world, "Accounts").await;
    let ids: Vec<&str> = accounts.iter().map(|account| account["id"].as_str().unwrap()).collect();
    let contacts = crm(&world, "Contacts").await;
    assert!(contacts.iter().any(|one| ids.contains(&one["Account_Name"]["id"].as_str().unwrap_or_default())));
    nothing_more(&world, &link).await;
    world.agrees(&link).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_several_currencies_foreign_documents_are_held_and_travel_once_there_are() {
    let (world, link) = company("demo-company", Some(40), Some(160)).await;
    let (_, progress) = world.migrate(&link).await;
    let holds = world.staff.holds(&link.link).await.unwrap();
    let of_currency = |hold: &&Value| hold["code"] == "CURRENCY_NOT_IN_CRM";
    let held: Vec<&Value> = holds.iter().filter(of_currency).collect();
    assert!(!held.is_empty() && holds.iter().all(|hold| hold["expected"] == true), "{holds:#?}");
    assert!(held[0]["sentence"].as_str().unwrap().contains("is no active currency in Zoho CRM"), "{}", held[0]);
    assert_eq!(progress["clean"], true, "{progress:#}");
    several_currencies(&world).await;
    let codes = "mutation($id: ID!) { retryHolds(linkId: $id, codes: [\"CURRENCY_NOT_IN_CRM\"]) { retried } }";
    world.staff.data(codes, json!({ "id": link.link })).await.unwrap();
    world.run("syncNow", &link).await;
    let holds = world.staff.holds(&link.link).await.unwrap();
    assert!(!holds.iter().any(|hold| of_currency(&hold)), "{holds:#?}");
    let currencies: Vec<Value> = crm(&world, "Invoices").await.iter().map(|one| one["Currency"].clone()).collect();
    assert!(currencies.iter().any(|code| *code != "NZD" && !code.is_null()), "{currencies:?}");
    world.agrees(&link).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_in_xero_changes_one_row_and_a_line_takes_the_place_of_the_one_before() {
    let (world, link) = company("demo-company", Some(20), Some(60)).await;
    several_currencies(&world).await;
    // The other reading of the documents: what an update does not send stays.
    world.switch("zoho.crm_unsent_rows_are_deleted", false).await;
    world.migrate(&link).await;
    let contacts = books::xero(&world, "Contacts").await;
    let contact = contacts.iter().find(|one| one["IsCustomer"] == true && one["IsSupplier"] != true).unwrap();
    world.in_xero("Contacts", json!({ "ContactID": contact["ContactID"], "Website": "https://new.example" })).await;
    world.forget_requests().await;
    let (_, progress) = world.run("syncNow", &link).await;
    assert_eq!((sum(&progress, "created"), sum(&progress, "updated")), (0, 1), "{progress:#}");
    assert_eq!(writes(&world).await, 1, "{:#?}", world.asked().await);
    let there = by_xero_id(&crm(&world, "Accounts").await);
    assert_eq!(there[contact["ContactID"].as_str().unwrap()]["Website"], "https://new.example");

    let invoices = books::xero(&world, "Invoices").await;
    let is_fit = |one: &&Value| one["Type"] == "ACCREC" && one["Status"] == "DRAFT" && one["CurrencyCode"] == "NZD";
    let draft = invoices.iter().find(is_fit).expect("a draft");
    let line =
        json!({ "Description": "Only this", "Quantity": "3", "UnitAmount": "12.50", "AccountCode": "200", "TaxType": "OUTPUT2" });
    world
        .in_xero("Invoices", json!({ "InvoiceID": draft["InvoiceID"], "LineAmountTypes": "Exclusive", "LineItems": [line] }))
        .await;
    world.run("syncNow", &link).await;
    let there = by_xero_id(&crm(&world, "Invoices").await);
    let carried = &there[draft["InvoiceID"].as_str().unwrap()];
    assert_eq!(carried["Invoiced_Items"].as_array().map(Vec::len), Some(1), "{carried:#}");
    assert_eq!(cents(&carried["Grand_Total"]), 4313, "{carried:#}");
    world.agrees(&link).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_make_no_record_twice() {
    let (world, link) = company("demo-company", Some(30), Some(120)).await;
    let rule = json!({ "match": { "provider": "zoho", "method": "POST", "path_contains": "/upsert" }, "kind": "reset_after", "times": 6, "after": 1 });
    world.faults(json!([rule])).await;
    let run = world.staff.start("startMigration", &link.link).await.unwrap();
    let progress = patient(&world, &run).await;
    assert_eq!(progress["state"], "DONE", "{progress:#}");
    world.faults(json!([])).await;
    for module in ["Accounts", "Contacts", "Vendors", "Products", "Quotes", "Purchase_Orders", "Invoices"] {
        let records = crm(&world, module).await;
        assert_eq!(by_xero_id(&records).len(), records.len(), "{module} has something twice");
    }
    nothing_more(&world, &link).await;
    world.agrees(&link).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_two_thousand_accounts_cost_the_calls_that_a_hundred_rows_each_cost() {
    let (world, link) = company("tiny", None, None).await;
    let many: Vec<Value> = (0..2_340)
        .map(|n| json!({ "ContactID": Uuid::from_u128(0xabc0_0000 + n), "Name": format!("Customer {n:05}"), "IsCustomer": true }))
        .collect();
    world.in_xero("Contacts", Value::Array(many)).await;
    world.forget_requests().await;
    let (run, progress) = world.migrate(&link).await;
    assert_eq!(progress["clean"], true, "{:#?}", world.staff.findings(&run).await.unwrap());
    let accounts = crm(&world, "Accounts").await;
    assert!(accounts.len() >= 2_340 && by_xero_id(&accounts).len() == accounts.len(), "{}", accounts.len());
    let asked = world.asked().await;
    let records = accounts.len() as u64;
    // Xero's pages are a thousand long: a hundred rows a call, and the rest of each page.
    let writes = asked.count("zoho", "Accounts/upsert");
    assert!(writes <= records.div_ceil(100) + 2, "{writes} writes for {records} accounts: {asked:#?}");
    let lists = asked.count("zoho", "GET /Accounts");
    assert!(lists <= records.div_ceil(200) + 1, "{lists} pages for {records} accounts");
    assert!(flow(&progress, "crm.accounts")["zohoCalls"].as_i64().unwrap() <= 400, "{progress:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_custom_link_is_made_once_and_again_when_somebody_deletes_it() {
    let (world, link) = company("tiny", None, None).await;
    let links =
        async |world: &World| of(&api(world, Method::GET, "settings/custom_links?module=Accounts", None).await, "custom_links");
    let first = links(&world).await;
    assert_eq!((first.len(), &first[0]["name"]), (1, &json!("Xero Link")), "{first:#?}");
    let address = first[0]["url"].as_str().unwrap();
    assert!(address.contains("/contacts/contact/${Accounts.Xero_ID}"), "{address}");
    world.migrate(&link).await;
    assert_eq!(links(&world).await, first, "a migration makes no second one");
    let id = first[0]["id"].as_str().unwrap();
    api(&world, Method::DELETE, &format!("settings/custom_links/{id}?module=Accounts"), None).await;
    assert!(links(&world).await.is_empty());
    world.run("reconcile", &link).await;
    let again = links(&world).await;
    assert_eq!((again.len(), &again[0]["url"]), (1, &first[0]["url"]), "{again:#?}");
    // Somebody leads it elsewhere.
    let wrong = json!({ "custom_links": [{ "id": again[0]["id"], "url": "https://elsewhere.example", "profiles": again[0]["profiles"] }] });
    api(&world, Method::PUT, "settings/custom_links?module=Accounts", Some(wrong)).await;
    world.run("reconcile", &link).await;
    assert_eq!(links(&world).await[0]["url"], first[0]["url"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_people_had_made_becomes_the_customer() {
    let (world, link) = company("tiny", None, None).await;
    let contacts = books::xero(&world, "Contacts").await;
    let contact = contacts.iter().find(|one| one["IsCustomer"] == true).unwrap();
    let own = json!({ "data": [{ "Account_Name": contact["Name"], "Industry": "ERP" }], "trigger": [] });
    let made = api(&world, Method::POST, "Accounts", Some(own)).await;
    let id = &made["data"][0]["details"]["id"];
    let (_, progress) = world.migrate(&link).await;
    assert_eq!(progress["clean"], true, "{progress:#}");
    let there = by_xero_id(&crm(&world, "Accounts").await);
    let account = &there[contact["ContactID"].as_str().unwrap()];
    assert_eq!((&account["id"], &account["Industry"]), (id, &json!("ERP")), "{account:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_calls_are_asked_again_in_a_minute_for_crm_names_no_moment() {
    let mut world =
        World::with(vec![("ZOHO_LIMITS".to_owned(), "per_minute=100,per_day=2000,in_flight=10".to_owned())], true).await;
    world.seed("tiny", None, None).await;
    let link = connected(&mut world, &["crm"]).await.remove(0);
    let body = json!({ "code": "TOO_MANY_REQUESTS", "details": {}, "message": "too many", "status": "error" }).to_string();
    let rule = json!({ "match": { "provider": "zoho", "path_contains": "/upsert" }, "kind": "status", "code": 429, "body": body,
        "headers": { "content-type": "application/json" }, "times": 1 });
    world.faults(json!([rule])).await;
    let run = world.staff.start("startMigration", &link.link).await.unwrap();
    tests::eventually("the refusal", async || (world.asked().await.refused() > 0).then_some(())).await;
    world.advance(std::time::Duration::from_secs(50)).await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(writes(&world).await, 1, "nobody writes before the minute is over");
    world.advance(std::time::Duration::from_secs(12)).await;
    let progress = world.finished(&run).await;
    assert_eq!((progress["clean"].as_bool(), world.asked().await.refused()), (Some(true), 1), "{progress:#}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_consent_carries_a_company_to_books_and_to_crm() {
    let mut world = World::new().await;
    world.seed("demo-company", Some(20), Some(60)).await;
    let links = connected(&mut world, &["books", "crm"]).await;
    several_currencies(&world).await;
    for link in &links {
        let (run, progress) = world.migrate(link).await;
        assert_eq!(progress["clean"], true, "{:#?} {progress:#}", world.staff.findings(&run).await.unwrap());
    }
    let there = by_xero_id(&crm(&world, "Invoices").await);
    let books = world.rows("SELECT COUNT(*) AS n FROM connection WHERE provider = 'zoho' AND state = 'live'").await;
    assert_eq!(books, 2, "an organisation of Books and one of CRM");
    assert!(!there.is_empty());
    for link in &links {
        let (_, again) = world.run("syncNow", link).await;
        assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    }
    world.end().await;
}

/// A company whose customer has CRM only.
async fn company(profile: &str, contacts: Option<u64>, invoices: Option<u64>) -> (World, Connected) {
    let mut world = World::new().await;
    world.seed(profile, contacts, invoices).await;
    let link = connected(&mut world, &["crm"]).await.remove(0);
    (world, link)
}

/// Onboards a customer of these products and allows both accesses. Gives a link for each product, in this order.
async fn connected(world: &mut World, products: &[&str]) -> Vec<Connected> {
    let input =
        json!({ "name": "Brusch & Daughters Ltd", "contactEmail": world.customer.email, "region": "nz", "products": products });
    let onboard = "mutation($input: OnboardTenantInput!) { onboardTenant(input: $input) { tenant { id } } }";
    let data = world.staff.data(onboard, json!({ "input": input })).await.expect("onboardTenant");
    let tenant = data["onboardTenant"]["tenant"]["id"].as_str().expect("a tenant").to_owned();
    let consents = world.customer.letter(1).await.expect("a letter").consent_links();
    for (consent, organisation) in [(&consents[0], tests::COMPANY), (&consents[1], "")] {
        let page = world.customer.allow(consent, organisation).await.expect("a consent");
        assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    }
    let query = "query($id: ID!) { tenant(id: $id) { links { id state product } } }";
    let links = tests::eventually("the links are ready", async || {
        let data = world.staff.data(query, json!({ "id": tenant })).await.ok()?;
        let links = data["tenant"]["links"].as_array()?.clone();
        let are_ready = links.len() == products.len() && links.iter().all(|link| link["state"] == "READY");
        are_ready.then_some(links)
    })
    .await;
    let of = |product: &&str| links.iter().find(|link| link["product"] == **product).expect("a link of each product");
    let link = |product| Connected { tenant: tenant.clone(), link: of(product)["id"].as_str().expect("an id").to_owned() };
    products.iter().map(link).collect()
}

/// Another sync has nothing to write.
async fn nothing_more(world: &World, link: &Connected) {
    world.forget_requests().await;
    let (_, again) = world.run("syncNow", link).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
    assert_eq!(writes(world).await, 0, "{:#?}", world.asked().await);
}

/// Calls that write records: what looks for some is none.
async fn writes(world: &World) -> u64 {
    let asked = world.asked().await;
    asked.count("zoho", "/upsert") + asked.count("zoho", "PUT /")
}

/// What a person switches on in CRM.
pub async fn several_currencies(world: &World) {
    let org = json!({ "org": zgid(world).await, "multi_currency": true, "currencies": ["USD", "AUD", "EUR", "GBP", "JPY"] });
    world.stage.control("zoho/crm/org", org).await.expect("several currencies");
}

async fn zgid(world: &World) -> String {
    row(world, "SELECT organisation_id AS text FROM connection WHERE products = 'crm' AND state = 'live'").await
}

/// Every record of a module in the connected organisation.
pub async fn crm(world: &World, module: &str) -> Vec<Value> {
    let zgid = zgid(world).await;
    world.stage.records(&format!("zoho/crm/{zgid}/{module}")).await.expect("the sandbox's records")
}

/// The records that bear an id of Xero's; of two with the same id one is lost.
fn by_xero_id(records: &[Value]) -> BTreeMap<String, Value> {
    records.iter().filter_map(|one| Some((one["Xero_ID"].as_str()?.to_owned(), one.clone()))).collect()
}

fn cents(amount: &Value) -> i64 {
    let text = amount.to_string();
    let amount: rust_decimal::Decimal = text.trim_matches('"').parse().expect("an amount");
    (amount * rust_decimal::Decimal::ONE_HUNDRED).round().to_string().parse().expect("cents")
}

/// Speaks to CRM as the customer's own app could.
pub async fn api(world: &World, method: Method, path: &str, body: Option<Value>) -> Value {
    use entities::ids::{GrantId, TenantId};
    let of = |column: &str| format!("SELECT {column} AS id FROM connection WHERE products = 'crm' AND state = 'live'");
    let (tenant, grant) = (id(world, &of("tenant_id")).await, id(world, &of("grant_id")).await);
    let access = tokens::fresh(&world.stage.context, TenantId(tenant), GrantId(grant)).await.expect("a token");
    let Access::Token { access, .. } = access else { panic!("no token for CRM") };
    let base = row(world, "SELECT api_base AS text FROM connection WHERE products = 'crm' AND state = 'live'").await;
    let request = reqwest::Client::new()
        .request(method, format!("{}/crm/v8/{path}", base.trim_end_matches('/')))
        .header("authorization", format!("Zoho-oauthtoken {}", access.expose_secret()));
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let text = request.send().await.expect("an answer").text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_default()
}

fn of(answer: &Value, key: &str) -> Vec<Value> {
    let rows = answer[key].as_array().into_iter().flatten().map(|one| {
        let kept = ["id", "name", "url", "profiles"].map(|name| (name.to_owned(), one[name].clone()));
        Value::Object(HashMap::from(kept).into_iter().collect())
    });
    rows.collect()
}

async fn row(world: &World, text: &str) -> String {
    one(world, text).await.try_get("", "text").expect("a text")
}

async fn id(world: &World, text: &str) -> Uuid {
    one(world, text).await.try_get("", "id").expect("an id")
}

async fn one(world: &World, text: &str) -> sea_orm::QueryResult {
    use sea_orm::ConnectionTrait;
    let database = &world.stage.context.database;
    let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
    database.query_one_raw(statement).await.expect("a query").expect("a connection of CRM")
}

/// Moves time on while a run rests for want of answers.
async fn patient(world: &World, run: &str) -> Value {
    let until = tokio::time::Instant::now() + tests::patience();
    loop {
        let progress = world.staff.progress(run).await.unwrap();
        if matches!(progress["state"].as_str(), Some("DONE" | "CANCELLED" | "FAILED")) {
            return progress;
        }
        assert!(tokio::time::Instant::now() < until, "waited too long: {progress:#}");
        world.advance(std::time::Duration::from_secs(5)).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
