//! What flows do with the awkward records of the nasty company, whichever way Zoho turns out to behave.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::{Connected, World, books};

/// Open questions whose other answer has nothing to do with carrying records.
const ELSEWHERE: [(&str, &str); 3] = [
    ("zoho.pkce_is_checked", "only about signing in"),
    ("zoho.token_throttle_is_400", "only about signing in eleven times"),
    ("zoho.paid_documents_can_be_deleted", "nothing is ever deleted"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_nasty_company_arrives_and_what_does_not_says_why() {
    let (world, connected) = connected().await;
    let told = migrate(&world, &connected).await;
    for (code, sentences) in &told.holds {
        println!("{code}: {sentences:#?}");
    }
    for finding in &told.findings {
        println!("{finding}");
    }
    assert!(told.unexpected.is_empty(), "{:#?}", told.unexpected);
    assert_eq!(told.twice, Vec::<String>::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_way_zoho_behaves_nothing_is_twice_and_every_difference_has_a_name() {
    let all = {
        let world = World::without_worker().await;
        let all = world.stage.look("switches").await.unwrap();
        world.end().await;
        all
    };
    let mut wrong = BTreeMap::new();
    let mut flipped = 0;
    for switch in all.as_array().unwrap() {
        let (name, default) = (switch["name"].as_str().unwrap(), switch["on"] == true);
        if !name.starts_with("zoho.") || ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == name) {
            continue;
        }
        flipped += 1;
        let (world, connected) = connected().await;
        world.switch(name, !default).await;
        let told = migrate(&world, &connected).await;
        let mut says: Vec<String> = told.unexpected.clone();
        says.extend(told.twice.iter().map(|id| format!("twice: {id}")));
        says.extend(told.findings.iter().filter(|finding| finding["cause"] == "UNEXPLAINED").map(Value::to_string));
        if !says.is_empty() {
            wrong.insert(name.to_owned(), says);
        }
        world.end().await;
    }
    assert!(flipped > 15, "{flipped}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_rounds_otherwise_is_told_so_by_name() {
    for (settings, causes) in [
        (json!({ "price_precision": 2 }), ["PRICE_PRECISION", "ROUNDING_PER_LINE"]),
        (json!({ "tax_rounding": "entity_level" }), ["ROUNDING_PER_LINE", "ROUNDING_PER_LINE"]),
    ] {
        let (world, connected) = connected().await;
        let mut settings = settings;
        settings["organization_id"] = world.organisation().await.into();
        world.stage.control("zoho/organization", settings.clone()).await.unwrap();
        let told = migrate(&world, &connected).await;
        let found: BTreeSet<&str> = told.findings.iter().filter(|one| one["level"] == 2).filter_map(|one| one["cause"].as_str()).collect();
        println!("{settings}: {found:?}");
        assert_eq!(told.twice, Vec::<String>::new());
        assert!(told.unexpected.is_empty(), "{:#?}", told.unexpected);
        assert!(!found.contains("UNEXPLAINED"), "{:#?}", told.findings);
        assert!(found.is_empty() || found.iter().any(|cause| causes.contains(cause)), "{found:?}");
        world.end().await;
    }
}

struct Told {
    /// By code.
    holds: BTreeMap<String, Vec<String>>,
    unexpected: Vec<String>,
    findings: Vec<Value>,
    twice: Vec<String>,
}

async fn connected() -> (World, Connected) {
    let mut world = World::new().await;
    world.seed("nasty", None, None).await;
    let connected = world.connected().await;
    (world, connected)
}

async fn migrate(world: &World, connected: &Connected) -> Told {
    let (run, progress) = world.migrate(connected).await;
    assert_eq!(progress["state"], "DONE", "{progress:#}");
    let mut told = Told {
        holds: BTreeMap::new(),
        unexpected: Vec::new(),
        findings: world.staff.findings(&run).await.unwrap(),
        twice: Vec::new(),
    };
    for hold in world.staff.holds(&connected.link).await.unwrap() {
        let (code, sentence) = (hold["code"].as_str().unwrap_or_default(), hold["sentence"].as_str().unwrap_or_default());
        told.holds.entry(code.to_owned()).or_default().push(sentence.to_owned());
        if hold["expected"] == false {
            told.unexpected.push(format!("{code}: {sentence}"));
        }
    }
    for (resource, field) in [("contacts", "cf_xero_acct_id"), ("invoices", "cf_xero_id"), ("bills", "cf_xero_id"), ("items", "cf_xero_id")] {
        told.twice.extend(books::twice(&books::zoho(world, resource).await, field));
    }
    told
}
