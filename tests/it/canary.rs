//! Zero retention, proven on the real binary: canaries in every field of every kind of record, some of which are held, wait, or are
//! found different; then the raw bytes of everything that is kept, logs at their most talkative included, are searched.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::canary::{Needle, WORD, kept, planted};
use tests::entry::Entry;
use tests::receiver::Receiver;
use tests::{World, books};
use url::Url;

/// On documents of both sides.
const AMOUNT: &str = "87654321.09";
/// On a document that somebody edits in Zoho, so that a finding speaks of it.
const EDITED: &str = "76543218.76";

#[tokio::test(flavor = "multi_thread")]
async fn no_word_amount_token_or_secret_of_a_customer_is_kept_anywhere() {
    let mut world = World::without_worker().await;
    world.seed("tiny", None, None).await;
    let log = world.stage.folder.path().join("cpconnect.log");
    let collector = Receiver::new().await;
    let settings =
        [("TRACES_URL", collector.url.clone()), ("LOG", "trace,sqlx=trace,sea_orm=trace,hyper=trace,reqwest=trace".to_owned())];
    let mut server = world.served(&settings, &log).await;
    let connected = world.connected().await;
    let partners = partner(&world, &server.url).await;

    let mut count = 0;
    plant(&world, &mut count).await;
    hang(&world).await;
    // A provider's refusal quotes what it refuses; a broken answer ends in the middle of a record.
    world
        .faults(json!([
            { "match": { "provider": "zoho", "method": "PUT", "path_contains": "/items" }, "kind": "status", "code": 400, "times": 1,
              "body": { "code": 4321, "message": format!("{WORD}99 is not a valid value for {WORD}98.") } },
            { "match": { "provider": "zoho", "method": "PUT", "path_contains": "/bills" }, "kind": "truncated_json", "times": 2 },
            { "match": { "provider": "xero", "path_contains": "/Invoices" }, "kind": "truncated_json", "times": 1 },
            { "match": { "provider": "xero", "path_contains": "/Contacts" }, "kind": "truncated_json", "times": 1 },
        ]))
        .await;
    world.migrate(&connected).await;
    world.faults(json!([])).await;

    // Somebody edits in Zoho what only Xero should.
    let invoices = books::zoho(&world, "invoices").await;
    let edited = invoices.iter().find(|one| one["invoice_number"].as_str().is_some_and(|no| no.starts_with(WORD))).unwrap();
    let id = edited["invoice_id"].as_str().unwrap();
    let body = json!({ "reason": "wrong price", "line_items": [{ "name": format!("{WORD}97"), "rate": EDITED.parse::<f64>().unwrap(), "quantity": 1 }] });
    let (status, answer) = world.in_zoho(&connected, Method::PUT, &format!("invoices/{id}"), Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    let (run, _) = world.run("reconcile", &connected).await;

    // What was planted was there to be kept: it travelled, it is held, it is found different; and staff can read of it.
    let holds = world.staff.holds(&connected.link).await.unwrap();
    let said = |list: &[Value]| list.iter().filter(|one| one["sentence"].as_str().unwrap_or_default().contains(WORD)).count();
    assert!(said(&holds) >= 2, "{holds:#?}");
    let findings = world.staff.findings(&run).await.unwrap();
    assert!(said(&findings) >= 1, "{findings:#?}");
    assert!(world.rows("SELECT COUNT(*) AS n FROM pair WHERE state = 'waiting'").await > 0, "nothing waits");
    assert!(holds.iter().any(|hold| hold["code"] == "FILE_TYPE"), "{holds:#?}");
    for flow in ["books.attachments", "books.notes"] {
        let text = format!(
            "SELECT COUNT(*) AS n FROM pair JOIN lane ON lane.id = pair.lane_id WHERE lane.flow = '{flow}' AND pair.zoho_id IS NOT NULL"
        );
        assert!(world.rows(&text).await > 0, "nothing of {flow} has travelled");
    }
    for (list, least) in
        [("contacts", 2), ("items", 1), ("chartofaccounts", 1), ("invoices", 2), ("bills", 1), ("customerpayments", 1)]
    {
        let marked = books::zoho(&world, list).await.iter().filter(|one| one.to_string().contains(WORD)).count();
        assert!(marked >= least, "{list}: {marked} of {least} have travelled");
    }

    let mut needles = vec![Needle::word(WORD), Needle::amount(AMOUNT), Needle::amount(EDITED)];
    needles.extend(secrets(&world, &connected).await);
    needles.extend(partners);
    // The last traces leave when the server ends.
    assert!(server.ends().await.success());
    let traces: Vec<(String, Vec<u8>)> = collector.arrived().into_iter().map(|one| ("a trace".to_owned(), one.bytes)).collect();
    assert!(traces.iter().any(|(_, bytes)| Needle::word("/api.xro/2.0/Contacts").find(bytes).is_some()), "no call was traced");
    let mut leaks = Vec::new();
    for (place, bytes) in kept(&world).await.into_iter().chain(traces) {
        leaks.extend(needles.iter().filter_map(|needle| Some(format!("{} in {place}: {:?}", needle.what, needle.find(&bytes)?))));
    }
    assert_eq!(leaks, Vec::<String>::new());

    // The search is not blind: the tenant's own name is kept, and the log speaks.
    let (name, word) = (Needle::word("Brusch & Daughters"), Needle::word("a run is done"));
    let everything = kept(&world).await;
    assert!(everything.iter().any(|(_, bytes)| name.find(bytes).is_some()), "the database was not searched");
    assert!(everything.iter().any(|(_, bytes)| word.find(bytes).is_some()), "the log was not searched");
    world.end().await;
}

/// Everything a person can type into Xero, in records that travel, are held, and wait.
async fn plant(world: &World, count: &mut u32) {
    let mut put = async |list: &str, template: Value| -> Vec<Value> {
        let entered = world.in_xero(list, planted(template, count)).await;
        entered.as_array().unwrap().clone()
    };
    put(
        "Accounts",
        json!([{ "Code": "@c", "Name": "@account", "Description": "@description", "Status": "ACTIVE", "Type": "REVENUE", "Class": "REVENUE",
                 "TaxType": "OUTPUT2", "EnablePaymentsToAccount": false, "HasAttachments": false }]),
    )
    .await;
    put(
        "TaxRates",
        json!([{ "Name": "@tax", "TaxType": "TAX042", "ReportTaxType": "OUTPUT", "DisplayTaxRate": 4.2, "EffectiveRate": 4.2, "Status": "ACTIVE",
                 "CanApplyToRevenue": true, "CanApplyToExpenses": true, "CanApplyToAssets": true, "CanApplyToEquity": true,
                 "CanApplyToLiabilities": true, "TaxComponents": [{ "Name": "@component", "Rate": 4.2, "IsCompound": false }] }]),
    )
    .await;
    put(
        "Items",
        json!([{ "Code": "@item", "Name": "@item name", "Description": "@sold as", "PurchaseDescription": "@bought as",
                 "SalesDetails": { "UnitPrice": AMOUNT, "AccountCode": "200", "TaxType": "OUTPUT2" } }]),
    )
    .await;
    let categories = put("TrackingCategories", json!([{ "Name": "@category", "Options": [{ "Name": "@option" }] }])).await;
    let tracking = json!([{ "Name": categories[0]["Name"], "Option": categories[0]["Options"][0]["Name"] }]);
    let contact = json!({
        "Name": "@contact", "FirstName": "@first", "LastName": "@last", "EmailAddress": "@mail@canary.example", "ContactNumber": "@number",
        "AccountNumber": "@account number", "TaxNumber": "@tax number", "CompanyNumber": "@company", "SkypeUserName": "@skype", "Website": "@web",
        "BankAccountDetails": "@bank", "IsCustomer": true, "IsSupplier": true,
        "ContactPersons": [{ "FirstName": "@person", "LastName": "@family", "EmailAddress": "@person@canary.example", "IncludeInEmails": true }],
        "Phones": [{ "PhoneType": "DEFAULT", "PhoneNumber": "@phone", "PhoneAreaCode": "@area", "PhoneCountryCode": "@country" },
                   { "PhoneType": "MOBILE", "PhoneNumber": "@mobile", "PhoneAreaCode": "", "PhoneCountryCode": "" }],
        "Addresses": [{ "AddressType": "STREET", "AddressLine1": "@street", "AddressLine2": "@two", "AddressLine3": "@three", "AddressLine4": "@four",
                        "City": "@city", "Region": "@region", "PostalCode": "@postal", "Country": "@land", "AttentionTo": "@attention" },
                      { "AddressType": "POBOX", "AddressLine1": "@box", "City": "@box city", "PostalCode": "@box code", "Country": "@box land" }],
    });
    let mut odd = contact.clone();
    odd["ContactStatus"] = "@UNHEARD_OF".into();
    let mut crooked = contact.clone();
    crooked["IsSupplier"] = "@no boolean".into();
    let contacts = put("Contacts", json!([contact, odd, crooked])).await;
    let document = |kind: &str, contact: &Value, status: &str, number: &str| {
        let mut document = json!({ "Type": kind, "Contact": { "ContactID": contact["ContactID"] }, "Status": status,
                "Date": "2026-06-01", "DueDate": "2026-07-01", "InvoiceNumber": number, "Url": "@url", "LineAmountTypes": "Exclusive",
                "LineItems": [{ "Description": "@line", "Quantity": "1", "UnitAmount": AMOUNT, "AccountCode": "200", "TaxType": "OUTPUT2",
                                "Tracking": tracking },
                              { "Description": "@only words" }] });
        if kind == "ACCREC" {
            document["Reference"] = "@reference".into();
        }
        document
    };
    let documents = put(
        "Invoices",
        json!([
            document("ACCREC", &contacts[0], "AUTHORISED", "@invoice"),
            document("ACCREC", &contacts[0], "AUTHORISED", "@second"),
            document("ACCREC", &contacts[0], "DRAFT", "@draft"),
            // Its contact is held: it waits.
            document("ACCREC", &contacts[1], "AUTHORISED", "@waits"),
            document("ACCPAY", &contacts[0], "AUTHORISED", "@bill"),
            // Zoho has no draft bills: held.
            document("ACCPAY", &contacts[0], "DRAFT", "@draft bill"),
            document("ACCREC", &contacts[0], "@NO STATUS", "@no status"),
        ]),
    )
    .await;
    put(
        "Payments",
        json!([{ "Invoice": { "InvoiceID": documents[1]["InvoiceID"] }, "Account": { "Code": "090" }, "Amount": "12345.67", "Date": "2026-06-20",
                 "Reference": "@payment", "Details": "@details", "Particulars": "@particulars", "Code": "@code" },
               { "Invoice": { "InvoiceID": documents[4]["InvoiceID"] }, "Amount": "12345.67", "Date": "2026-06-20", "Reference": "@paid" }]),
    )
    .await;
}

/// Files with words in their names and in their bytes, one that travels and one that is held, and a note; on a contact that travels.
async fn hang(world: &World) {
    world.rows(r#"UPDATE link SET scope = '{"on":["books.notes"]}' RETURNING CAST(1 AS BIGINT) AS n"#).await;
    let contacts = books::xero(world, "Contacts").await;
    let is_planted =
        |one: &&Value| one["Name"].as_str().is_some_and(|name| name.starts_with(WORD)) && one["ContactStatus"] == "ACTIVE";
    let contact = contacts.iter().find(is_planted).unwrap()["ContactID"].as_str().unwrap();
    let entry = Entry::new(world).await;
    for name in ["96 travels.pdf", "95 stays.docx"] {
        let bytes = format!("%PDF {WORD} and what else a file may say {AMOUNT}").repeat(2000).into_bytes();
        entry.attach(&format!("Contacts/{contact}"), &format!("{WORD}{name}"), bytes).await;
    }
    let note = json!({ "HistoryRecords": [{ "Details": format!("{WORD}94 owes {AMOUNT}") }] });
    let (status, answer) = entry.call("PUT", &format!("Contacts/{contact}/History"), &note).await;
    assert_eq!(status, 200, "{answer}");
}

/// What opens something: tokens as they are now, the providers' client secrets, the secrets of the links in the letter.
async fn secrets(world: &World, connected: &tests::Connected) -> Vec<Needle> {
    let environment = |name: &str| world.stage.environment.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let mut needles = vec![
        Needle::secret("Xero's client secret", &environment("XERO_CLIENT_SECRET")),
        Needle::secret("Zoho's client secret", &environment("ZOHO_CLIENT_SECRET")),
        // Every JSON web token begins so: Xero's access tokens and the staff's.
        Needle::secret("a web token", "eyJhbGciOiJSUzI1NiI"),
        Needle::secret("the staff's token", world.staff.token().rsplit('.').next().unwrap()),
    ];
    let master = environment("MASTER_KEYS");
    needles.push(Needle::secret("the master key", master.split_once(':').unwrap().1));
    let letter = world.customer.letter(1).await.unwrap();
    for link in letter.consent_links().iter().chain(letter.status_link().iter()) {
        needles.push(Needle::secret("a link's secret", link.path_segments().unwrap().next_back().unwrap()));
    }
    let context = &world.stage.context;
    for provider in ["xero", "zoho"] {
        let (tenant, grant) = world.grant(connected, provider).await;
        let key = context.tenant_key(tenant).await.unwrap();
        let row = entities::grant::Entity::of(tenant);
        let row = sea_orm::QueryFilter::filter(row, sea_orm::ColumnTrait::eq(&entities::grant::Column::Id, grant));
        let row = row.one(&context.database).await.unwrap().unwrap();
        let open = |column, sealed: &[u8]| key.open_text(jobs::tokens::place(grant, column), sealed).unwrap();
        needles.push(Needle::secret(&format!("{provider}'s refresh token"), &open("refresh", &row.refresh)));
        let jobs::tokens::Access::Token { access, .. } = jobs::tokens::fresh(context, tenant, grant).await.unwrap() else {
            panic!("no token")
        };
        needles.push(Needle::secret(&format!("{provider}'s access token"), access.expose_secret()));
    }
    needles
}

/// A partner's program signs in, takes a customer in, and says what is refused. Gives what must not be kept of it: its secrets, its token, and
/// whatever it said that was not asked for.
async fn partner(world: &World, url: &Url) -> Vec<Needle> {
    let ask = async |mutation: &str, variables: Value| {
        let data = world.staff.data(mutation, variables).await.unwrap();
        data.as_object().unwrap().values().next().unwrap().clone()
    };
    let input = json!({ "input": { "name": "Kea Partners", "scopes": ["tenants:read", "tenants:write"] } });
    let create = "mutation($input: CreateApiClientInput!) { createApiClient(input: $input) { secret apiClient { id } } }";
    let made = ask(create, input).await;
    let id = made["apiClient"]["id"].as_str().unwrap();
    let first = made["secret"].as_str().unwrap();
    let rotate = "mutation($id: ID!) { rotateApiClient(id: $id) { secret } }";
    let second = ask(rotate, json!({ "id": id })).await["secret"].as_str().unwrap().to_owned();
    let client = reqwest::Client::new();
    let at = |path: &str| url.join(path).unwrap();
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", first)];
    assert_eq!(client.post(at("/oauth/token")).form(&form).send().await.unwrap().status(), 200);
    let answer = client.post(at("/oauth/token")).basic_auth(id, Some(&second)).form(&form[..1]).send().await.unwrap();
    let token: Value = answer.json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let onboard = async |body: Value| {
        let request = client.post(at("/api/v1/tenants")).bearer_auth(token).header("idempotency-key", format!("{WORD}93"));
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    let mut body = json!({ "name": "Kowhai Ltd", "contactEmail": "ann@kowhai.example", "region": "nz", "products": ["books"] });
    body["note"] = format!("{WORD}92").into();
    assert_eq!(onboard(body.clone()).await, 422);
    body["region"] = format!("{WORD}91").into();
    body.as_object_mut().unwrap().remove("note");
    assert_eq!(onboard(body.clone()).await, 422);
    body["region"] = "nz".into();
    assert_eq!((onboard(body.clone()).await, onboard(body).await), (201, 201));
    let search = client.get(at(&format!("/api/v1/tenants?search={WORD}90"))).bearer_auth(token).send().await.unwrap();
    assert_eq!(search.status(), 200);
    vec![
        Needle::secret("a partner's secret", first),
        Needle::secret("a partner's second secret", &second),
        Needle::secret("a partner's token", token.rsplit('.').next().unwrap()),
        Needle::secret("what a partner signs in with", &format!("{id}:{second}")),
    ]
}
