//! Drift: somebody edits at every page boundary while a list is read. A reader that goes by page numbers loses the records that move to
//! the page before; ours loses none.
//!
//! `DRIFT_EACH=1` plays each boundary with each edit in a company of its own. What `tap-xero` loses in a play like it is in
//! `tests/peers/tap_xero_peer.py`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tests::{World, books};

/// Five pages of 1,000, the last one not full.
const CONTACTS: usize = 4_500;
const PAGE: usize = 1_000;
const PAGES: usize = 5;
/// So many are entered in one second. A page begins with the second in which the one before it ended.
const A_SECOND: usize = 25;

/// Who is edited when the page has been read.
#[derive(Debug, Clone, Copy)]
enum Edit {
    FirstOfThisPage,
    LastOfThisPage,
    FirstOfTheNext,
    LastOfAll,
    New,
}

impl Edit {
    /// Which of the contacts, if `older` stand before them. Nobody is edited twice: a contact that was moved is not where it was.
    fn place(self, page: usize, older: usize) -> Option<usize> {
        // A page shows the last second of the one before again: up to so many contacts, at least one.
        let ends_from = |page: usize| (page * PAGE - (page - 1) * A_SECOND).min(CONTACTS + older) - older;
        Some(match self {
            Edit::FirstOfThisPage if page == 1 => page,
            Edit::FirstOfThisPage => ends_from(page - 1) - A_SECOND + page,
            Edit::LastOfThisPage => ends_from(page) - A_SECOND - 2 * page,
            Edit::FirstOfTheNext if page == PAGES => CONTACTS - 2,
            Edit::FirstOfTheNext => page * PAGE - older + A_SECOND + page,
            Edit::LastOfAll => CONTACTS - A_SECOND * 4 - page,
            Edit::New => return None,
        })
    }

    /// Whether whom it concerns was on a page that has been answered.
    fn comes_late(self, page: usize) -> bool {
        match self {
            Edit::FirstOfThisPage | Edit::LastOfThisPage => true,
            Edit::FirstOfTheNext | Edit::LastOfAll => page == PAGES,
            Edit::New => false,
        }
    }
}

const EDITS: [Edit; 5] = [Edit::FirstOfThisPage, Edit::LastOfThisPage, Edit::FirstOfTheNext, Edit::LastOfAll, Edit::New];

#[tokio::test(flavor = "multi_thread")]
async fn edits_at_every_page_boundary_lose_nothing() {
    let all: Vec<(usize, Edit)> = (1..=PAGES).flat_map(|page| EDITS.map(|edit| (page, edit))).collect();
    match std::env::var("DRIFT_EACH").is_ok() {
        true => {
            for one in &all {
                play(std::slice::from_ref(one)).await;
            }
        }
        false => play(&all).await,
    }
}

/// Migrates while it is edited at these boundaries, each an edit after the page has been answered.
async fn play(edits: &[(usize, Edit)]) {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let mut ids = Vec::new();
    for n in (0..CONTACTS).step_by(A_SECOND) {
        let some: Vec<Value> = (n..n + A_SECOND)
            .map(|n| json!({ "Name": format!("Drift {n:05}"), "IsCustomer": true, "EmailAddress": format!("{n}@example.com") }))
            .collect();
        let made = world.in_xero("Contacts", Value::Array(some)).await;
        ids.extend(made.as_array().unwrap().iter().map(|one| one["ContactID"].clone()));
        world.advance(Duration::from_secs(1)).await;
    }
    // The company had contacts of its own, which are older and stand first.
    let older = books::xero(&world, "Contacts").await.len() - CONTACTS;
    let tenant = world.xero_tenant().await;
    let mut rules: Vec<Value> = (1..=PAGES)
        .filter_map(|page| {
            let records: Vec<Value> = edits
                .iter()
                .filter(|(at, _)| *at == page)
                .map(|(_, edit)| {
                    let Some(place) = edit.place(page, older) else {
                        return json!({ "Name": format!("New at {page}"), "IsCustomer": true, "EmailAddress": "new@example.com" });
                    };
                    json!({ "ContactID": ids[place], "EmailAddress": format!("{edit:?}-{page}@example.com").to_lowercase() })
                })
                .collect();
            (!records.is_empty()).then(|| {
                json!({ "match": { "provider": "xero", "method": "GET", "path_contains": "/Contacts", "query_contains": "pageSize=1000" },
                        "kind": "edit", "times": 1, "tenant": tenant, "resource": "Contacts", "record": records })
            })
        })
        .collect();
    let orders = rules.len();
    // One after the other: each waits for the one before, and a single one for its page.
    for (n, rule) in rules.iter_mut().enumerate() {
        rule["after"] = json!(if n == 0 { edits[0].0 - 1 } else { 0 });
    }
    world.faults(Value::Array(rules)).await;
    world.forget_requests().await;
    world.migrate(&connected).await;
    // Who was edited after the page that showed them came by once more, and was carried once more; nobody else was.
    let late = |(page, edit): &&(usize, Edit)| edit.comes_late(*page);
    let during = edits.iter().filter(late).filter(|(page, _)| *page < PAGES).count() as u64;
    let updates = world.asked().await.count("zoho", "PUT /contacts/{");
    assert_eq!(updates, during, "edits of what was already read");
    let struck = world.stage.look("faults").await.unwrap()["struck"].clone();
    assert_eq!(struck, json!(vec![1; orders]), "each edit came at its boundary");
    // What was edited after the last page is carried now.
    world.run("syncNow", &connected).await;
    let after = edits.iter().filter(late).count() as u64;
    assert_eq!(world.asked().await.count("zoho", "PUT /contacts/{"), after);
    let wanted: BTreeMap<String, (String, String)> = books::xero(&world, "Contacts")
        .await
        .iter()
        .filter(|one| one["IsCustomer"] == true)
        .map(|one| (text(&one["ContactID"]), (text(&one["Name"]), text(&one["EmailAddress"]))))
        .collect();
    let mut found = BTreeMap::new();
    for one in books::zoho(&world, "contacts").await.iter().filter(|one| one["contact_type"] == "customer") {
        let id = books::custom(one, "cf_xero_acct_id").unwrap();
        assert!(found.insert(id, (text(&one["contact_name"]), books::email(one))).is_none(), "twice: {one:#}");
    }
    assert!(wanted.len() >= CONTACTS, "{}", wanted.len());
    let lost: Vec<_> = wanted.iter().filter(|(id, _)| !found.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{edits:?}: {} lost: {:?}", lost.len(), &lost[..lost.len().min(5)]);
    let stale: Vec<_> = wanted.iter().filter(|(id, one)| found.get(*id).is_some_and(|other| other.1 != one.1)).collect();
    assert!(stale.is_empty(), "{edits:?}: {} are stale: {:?}", stale.len(), &stale[..stale.len().min(5)]);
    println!("{} edits at page boundaries of {} contacts: 0 lost, 0 stale", edits.len(), wanted.len());
    world.end().await;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
