//! Removing a customer: nothing of theirs stays with us, nothing of ours goes on in Zoho, and nobody else notices.

use std::collections::BTreeSet;
use std::time::Duration;

use jobs::audit::{Author, Source};
use jobs::purge;
use sea_orm::{ConnectionTrait, DatabaseBackend};
use serde_json::json;
use tests::canary::Needle;
use tests::{Connected, World, eventually};

const PURGE: &str = "mutation($id: ID!, $name: String!) { purgeTenant(tenantId: $id, name: $name) { tenantId } }";
const WHO: &str = "query($id: ID!) { tenant(id: $id) { name contactEmail } }";

/// A customer whose books were carried, and another who only has their letter.
async fn two() -> (World, Connected, String) {
    let mut world = World::with(vec![("ZOHO_WEBHOOKS".into(), "on".into())], true).await;
    world.seed("demo-company", Some(12), Some(20)).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;
    eventually("Zoho tells us of changes", async || crate::hints::webhooks(&world, &connected).await).await;
    let other = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    eventually("their letter is sent", async || {
        (world.rows("SELECT COUNT(*) AS n FROM letter WHERE state = 'queued'").await == 0).then_some(())
    })
    .await;
    (world, connected, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_removed_leaves_nothing_and_takes_nothing_along() {
    let (world, connected, other) = two().await;
    let them = world.staff.data(WHO, json!({ "id": connected.tenant })).await.unwrap()["tenant"].clone();
    let (name, email) = (them["name"].as_str().unwrap(), them["contactEmail"].as_str().unwrap());
    let needles = [Needle::word(name), Needle::word(email)];
    assert_ne!(found(&world, &needles).await, [] as [String; 0], "the needles are sharp");
    let refused = world.staff.data(PURGE, json!({ "id": connected.tenant, "name": "Somebody else" })).await.unwrap_err();
    assert!(refused.to_string().contains("BAD_INPUT"), "{refused}");
    let before = of_tenant(&world, &other).await;

    world.forget_requests().await;
    world.staff.data(PURGE, json!({ "id": connected.tenant, "name": name })).await.unwrap();
    gone(&world, &connected.tenant).await;
    assert_eq!(of_tenant(&world, &connected.tenant).await, [] as [(String, i64); 0]);
    assert_eq!(found(&world, &needles).await, [] as [String; 0], "their name and address are nowhere");
    let asked = world.asked().await;
    assert_eq!(asked.count("zoho", "DELETE /settings/custombuttons"), 2);
    assert!(asked.count("zoho", "DELETE /settings/webhooks") > 0);
    assert_eq!(asked.count("xero", "DELETE /api/connections"), 1, "Xero has its access back");
    assert_eq!(asked.count("zoho", "/oauth/v2/token/revoke"), 1, "and Zoho");
    let gone = world.staff.data(WHO, json!({ "id": connected.tenant })).await;
    assert!(gone.is_err() || gone.as_ref().is_ok_and(|data| data["tenant"].is_null()), "{gone:?}");
    let page = reqwest::get(world.url(&format!("/x/{}/contacts/{}", "a".repeat(22), uuid::Uuid::nil()))).await.unwrap();
    assert_eq!(page.status(), 404);

    // Nobody else notices, and the log says who did it.
    assert_eq!(of_tenant(&world, &other).await, before);
    assert!(world.staff.data(WHO, json!({ "id": other })).await.unwrap()["tenant"]["name"] == "Another Ltd");
    let context = &world.stage.context;
    assert_eq!(jobs::audit::verify(&context.database, &context.keys).await.unwrap().broken, None);
    let log = jobs::audit::newest(&context.database, entities::audit_entry::SYSTEM, &Default::default(), None, 10).await.unwrap();
    let told: Vec<(&str, bool)> =
        log.iter().map(|entry| (entry.act.as_str(), entry.target.contains(&connected.tenant.to_lowercase()))).collect();
    assert_eq!(told[..2], [("tenant.purged", true), ("tenant.purge_begun", true)], "{log:#?}");
    // Once more is nobody's.
    let again = world.staff.data(PURGE, json!({ "id": connected.tenant, "name": name })).await.unwrap_err();
    assert!(again.to_string().contains("NOT_FOUND"), "{again}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dies_while_removing_is_followed_by_another() {
    let (mut world, connected, other) = two().await;
    world.stage.stop_worker().await;
    let context = world.stage.context.clone();
    let tenant = connected.tenant.parse().unwrap();
    let ada = Author::bearer("ada", Source::GraphQl);
    assert!(purge::begin(&context, tenant, &ada).await.unwrap());
    assert!(purge::begin(&context, tenant, &ada).await.unwrap(), "asking twice does no harm");
    // Cut off after one millisecond, after two, after three, …
    let mut died = 0;
    for after in 1..2_000 {
        let whole = tokio::time::timeout(Duration::from_millis(after), purge::work(&context, tenant)).await;
        match whole {
            Ok(done) => {
                done.unwrap();
                break;
            }
            Err(_) => died += 1,
        }
    }
    assert!(died > 3, "{died}");
    assert_eq!(of_tenant(&world, &connected.tenant).await, [] as [(String, i64); 0]);
    assert_ne!(of_tenant(&world, &other).await, [] as [(String, i64); 0]);
    assert_eq!(jobs::audit::verify(&context.database, &context.keys).await.unwrap().broken, None);
    let text = "SELECT COUNT(*) AS n FROM audit_entry WHERE act = 'tenant.purged'";
    assert_eq!(world.rows(text).await, 1, "it is done once");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_with_rows_of_a_tenant_is_forgotten() {
    let world = World::without_worker().await;
    let known = purge::TABLES.iter().chain(&purge::LAST).map(|table| (*table).to_owned());
    let known: BTreeSet<String> = known.chain(["job".to_owned()]).collect();
    assert_eq!(tables(&world).await.into_iter().collect::<BTreeSet<_>>(), known);
    world.end().await;
}

async fn gone(world: &World, tenant: &str) {
    eventually("the customer is gone", async || {
        let left = of_tenant(world, tenant).await;
        left.is_empty().then_some(())
    })
    .await;
}

/// Tables that have rows of a tenant, with how many. The alarm of the removal itself is nothing of theirs.
async fn of_tenant(world: &World, tenant: &str) -> Vec<(String, i64)> {
    let database = &world.stage.context.database;
    let id: uuid::Uuid = tenant.parse().unwrap();
    let mut all = Vec::new();
    for table in tables(world).await.into_iter().chain(["tenant".to_owned()]) {
        let column = if table == "tenant" { "id" } else { "tenant_id" };
        let apart = if table == "job" { " AND name <> 'purge_tenant'" } else { "" };
        let text = format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} = $1{apart}");
        let row = database.query_one_raw(entities::database::sql(database.get_database_backend(), text, vec![id.into()])).await;
        let n: i64 = row.unwrap().unwrap().try_get("", "n").unwrap();
        if n > 0 {
            all.push((table, n));
        }
    }
    all
}

async fn tables(world: &World) -> Vec<String> {
    let database = &world.stage.context.database;
    let backend = database.get_database_backend();
    let text = match backend {
        DatabaseBackend::Postgres => {
            "SELECT CAST(table_name AS text) AS n FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1"
        }
        _ => {
            "SELECT m.name AS n FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY 1"
        }
    };
    let rows = database.query_all_raw(entities::database::sql(backend, text, vec![])).await.unwrap();
    rows.iter().map(|row| row.try_get("", "n").unwrap()).collect()
}

/// Where these words are in what a backup would hold now.
async fn found(world: &World, needles: &[Needle]) -> Vec<String> {
    let database = &world.stage.context.database;
    let kept = match database.get_database_backend() {
        DatabaseBackend::Sqlite => {
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("backup.db");
            database.execute_unprepared(&format!("VACUUM INTO '{}'", copy.display())).await.unwrap();
            vec![("backup".to_owned(), std::fs::read(copy).unwrap())]
        }
        _ => tests::canary::kept(world).await.into_iter().filter(|(name, _)| !name.contains('/')).collect(),
    };
    kept.iter()
        .flat_map(|(name, bytes)| needles.iter().filter_map(move |needle| Some(format!("{name}: {}", needle.find(bytes)?))))
        .collect()
}
