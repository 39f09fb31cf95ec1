//! The audit log: what is in it, in what order, that writers at once make one chain, and that whoever changes it is found.

use std::time::Duration;

use api::caller::{Caller, Role};
use entities::audit_entry::SYSTEM;
use entities::clock::{At, Clock};
use entities::database::{begin_write, open};
use entities::ids::TenantId;
use jobs::audit::{self, Author, Deed, Source, verify};
use reqwest::Method;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, QueryOrder, TransactionTrait};
use serde_json::{Value, json};
use tests::{World, eventually, program};

#[tokio::test(flavor = "multi_thread")]
async fn from_the_letter_to_the_reconciled_books_every_act_is_there_in_its_order() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;
    world.run("syncNow", &connected).await;
    change(&world, "updateLink(linkId: $id, createItems: true, syncEveryMinutes: 30) { id }", &connected.link).await;
    change(
        &world,
        "setReferenceMap(linkId: $id, entries: [{ flow: \"books.taxes\", xeroId: \"NONE\", create: true }]) { decided }",
        &connected.link,
    )
    .await;
    change(&world, "retryHolds(linkId: $id, codes: [\"NO_SUCH\"]) { retried }", &connected.link).await;
    change(&world, "resendConsent(tenantId: $id, provider: XERO) { tenant { id } }", &connected.tenant).await;
    change(&world, "revokeConsent(tenantId: $id, provider: XERO) { outcome }", &connected.tenant).await;
    eventually("both letters are noted", async || {
        (log(&world, &connected.tenant).await.iter().filter(|entry| entry["act"] == "letter.sent").count() == 2).then_some(())
    })
    .await;
    let log = log(&world, &connected.tenant).await;
    // A letter is sent by the worker, whenever it comes to it.
    let acts: Vec<String> = log.iter().filter(|entry| entry["act"] != "letter.sent").map(told_of).collect();
    assert_eq!(
        acts,
        [
            "tenant.onboarded graphql done nz",
            "consent.used customer done xero",
            "consent.given customer done xero",
            "consent.used customer done zoho",
            "consent.given customer done zoho",
            "run.started graphql done migration",
            "run.finished worker done migration clean",
            "run.started graphql done sync",
            "run.finished worker done sync",
            "link.changed graphql done syncEveryMinutes,createItems",
            "references.set graphql done 1 books.taxes",
            "holds.retried graphql nothing",
            "consent.sent graphql done xero",
            "consent.revoked graphql done xero",
        ]
    );
    for (n, entry) in (1..).zip(&log) {
        assert_eq!(entry["seq"], n);
        let expected = match entry["source"].as_str().unwrap() {
            "graphql" => subject(&world).await,
            source => source.to_owned(),
        };
        assert_eq!(entry["who"], expected);
    }
    let text = Value::from(log).to_string();
    for secret in ["@", "Brusch", tests::COMPANY] {
        assert!(!text.replace(&subject(&world).await, "").contains(secret), "{secret}: {text}");
    }
    filtered(&world, &connected.tenant).await;
    assert_eq!(verified(&world).await, Ok(()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_a_pause_a_button_and_a_lost_grant_are_there_too() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let tenant = world.staff.onboard("Brusch & Daughters Ltd", &world.customer.email, "nz").await.unwrap();
    let links = world.customer.letter(1).await.unwrap().consent_links();
    world.customer.decline(&links[0], "cancel").await.unwrap();
    for (link, organisation) in [(&links[0], tests::COMPANY), (&links[1], "")] {
        let page = world.customer.allow(link, organisation).await.unwrap();
        assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    }
    let link = world.ready(&tenant).await;
    world.faults(json!([{ "match": { "provider": "zoho", "method": "PUT" }, "kind": "latency", "ms": 400 }])).await;
    let run = world.staff.start("startMigration", &link).await.unwrap();
    for wish in ["pauseRun", "resumeRun", "cancelRun", "cancelRun"] {
        change(&world, &format!("{wish}(runId: $id) {{ outcome }}"), &run).await;
    }
    world.faults(json!([])).await;
    let until = At(Clock::now(world.clock.as_ref()).0 + 3_600_000_000);
    let viewer = Caller { subject: "vera".to_owned(), role: Role::Viewer, tenants: None, until };
    let viewer = world.stage.staff_as(viewer).unwrap();
    let button = world.url(&format!("/api/v1/tenants/{tenant}/zoho/custom-button"));
    for (method, token, status) in [
        (Method::POST, world.staff.token(), 200),
        (Method::GET, viewer.token(), 200),
        (Method::DELETE, viewer.token(), 403),
        (Method::DELETE, world.staff.token(), 200),
    ] {
        let answer = reqwest::Client::new().request(method, button.clone()).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    world.stage.control("zoho/revoke", json!({})).await.unwrap();
    let run = world.staff.start("syncNow", &link).await.unwrap();
    let again = world.customer.letter(2).await.unwrap().consent_links();
    world.customer.allow(&again[0], "").await.unwrap();
    world.finished(&run).await;
    let question = "query($id: ID!) { tenant(id: $id) { connections { id provider } } }";
    let told = world.staff.data(question, json!({ "id": tenant })).await.unwrap();
    let xero = told["tenant"]["connections"].as_array().unwrap().iter().find(|one| one["provider"] == "XERO").unwrap().clone();
    change(&world, "disconnect(connectionId: $id) { state }", xero["id"].as_str().unwrap()).await;
    let log = log(&world, &tenant).await;
    let acts: Vec<String> = log.iter().filter(|entry| entry["act"] != "letter.sent").map(told_of).collect();
    assert_eq!(
        acts,
        [
            "tenant.onboarded graphql done nz",
            "consent.used customer done xero",
            "consent.refused customer refused xero declined",
            "consent.used customer done xero",
            "consent.given customer done xero",
            "consent.used customer done zoho",
            "consent.given customer done zoho",
            "run.started graphql done migration",
            "run.paused graphql done migration",
            "run.resumed graphql done migration",
            "run.cancelled graphql done migration",
            "run.cancelled graphql nothing",
            "button.wished rest done books",
            "button.removed rest refused FORBIDDEN",
            "button.removed rest done books",
            "run.started graphql done sync",
            "grant.lost worker done zoho",
            "consent.used customer done zoho",
            "consent.given customer done zoho",
            "grant.reconnected customer done zoho",
            "run.finished worker done sync",
            "connection.ended graphql done xero",
        ]
    );
    assert_eq!(verified(&world).await, Ok(()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_for_admins_and_holds_settings_and_the_whole_log() {
    let mut world = World::new().await;
    let connected = world.connected().await;
    let question = "mutation($id: ID!) { exportTenant(tenantId: $id) { document } }";
    let now = Clock::now(world.clock.as_ref());
    let until = At(now.0 + 3_600_000_000);
    let operator = Caller { subject: "otto".to_owned(), role: Role::Operator, tenants: None, until };
    let operator = world.stage.staff_as(operator).unwrap();
    assert!(operator.data(question, json!({ "id": connected.tenant })).await.is_err());
    let admin = Caller { subject: "ada".to_owned(), role: Role::Admin, tenants: None, until };
    let admin = world.stage.staff_as(admin).unwrap();
    let document = admin.data(question, json!({ "id": connected.tenant })).await.unwrap();
    let document: Value = serde_json::from_str(document["exportTenant"]["document"].as_str().unwrap()).unwrap();
    assert_eq!(document["tenant"]["id"], connected.tenant.as_str());
    assert_eq!(document["links"][0]["product"], "books");
    assert_eq!(document["connections"].as_array().unwrap().len(), 2);
    let log = document["auditLog"].as_array().unwrap();
    let last_two: Vec<_> =
        log.iter().filter(|one| one["act"] == "tenant.exported").map(|one| (&one["who"], &one["detail"])).collect();
    assert_eq!(last_two, [(&json!("otto"), &json!("FORBIDDEN")), (&json!("ada"), &json!(""))]);
    assert_eq!(log[0]["act"], "tenant.onboarded");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_at_once_leave_one_unbroken_chain() {
    let world = World::without_worker().await;
    world.staff.onboard("Ada Ltd", "ada@ada.example", "nz").await.unwrap();
    let context = world.stage.context.clone();
    let tenant = tenant(&world, "Ada Ltd").await;
    let url = world.stage.environment.iter().find(|(name, _)| name == "DATABASE_URL").unwrap().1.clone();
    let mut writers = Vec::new();
    for writer in 0..8 {
        // Each with connections of its own, as another process has them; half of them write to the installation's chain too.
        let mut context = context.clone();
        context.database = open(&url, 1).await.unwrap();
        writers.push(tokio::spawn(async move {
            for n in 0..12 {
                let by = Author::bearer(&format!("writer {writer}"), Source::Rest);
                let chain = if writer % 2 == 0 && n % 3 == 0 { SYSTEM } else { tenant };
                let transaction = begin_write(&context.database).await.unwrap();
                audit::note(&transaction, &context, chain, &by, Deed::done("run.started", format!("run:{n}"), "sync"))
                    .await
                    .unwrap();
                // One in four is rolled back: it leaves no gap.
                if n % 4 == 3 { transaction.rollback().await.unwrap() } else { transaction.commit().await.unwrap() }
            }
            context.database.close().await.unwrap();
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(verified(&world).await, Ok(()));
    // Of each writer's 12, 9 are committed; of those of the even ones, n = 0, 6, 9 are the installation's.
    let system = audit::newest(&context.database, SYSTEM, &Default::default(), None, 1000).await.unwrap();
    let own = audit::newest(&context.database, tenant, &Default::default(), None, 1000).await.unwrap();
    assert_eq!((own.len(), own[0].seq), (1 + 72 - 12, 1 + 72 - 12));
    assert_eq!((system.len(), system[0].seq), (12, 12));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_the_log_is_found() {
    let world = World::without_worker().await;
    for name in ["Ada Ltd", "Eve Ltd"] {
        let id = world.staff.onboard(name, "ada@ada.example", "nz").await.unwrap();
        for _ in 0..4 {
            change(&world, "revokeConsent(tenantId: $id, provider: XERO) { outcome }", &id).await;
        }
        // Ids sort by time: hers is the first chain that is looked at.
        world.clock.advance(Duration::from_secs(1));
    }
    let (database, keys) = (&world.stage.context.database, &world.stage.context.keys);
    let ada = tenant(&world, "Ada Ltd").await;
    // The database itself refuses what this program never does.
    for statement in ["UPDATE audit_entry SET who = 'eve'", "DELETE FROM audit_entry"] {
        let error = database.execute_unprepared(statement).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
    let of_ada = "tenant_id = (SELECT id FROM tenant WHERE name = 'Ada Ltd')";
    let eve = "(SELECT id FROM tenant WHERE name = 'Eve Ltd')";
    let newest = format!("DELETE FROM audit_entry WHERE {of_ada} AND seq = 5");
    for (what, statements, seq) in [
        ("edited", vec![format!("UPDATE audit_entry SET who = 'eve' WHERE {of_ada} AND seq = 3")], 3),
        ("another moment", vec![format!("UPDATE audit_entry SET at = at + 1 WHERE {of_ada} AND seq = 1")], 1),
        ("deleted in the middle", vec![format!("DELETE FROM audit_entry WHERE {of_ada} AND seq = 3")], 3),
        ("the first deleted", vec![format!("DELETE FROM audit_entry WHERE {of_ada} AND seq = 1")], 1),
        ("the newest deleted", vec![newest.clone()], 5),
        (
            "the newest deleted and the head set back",
            vec![
                format!(
                    "UPDATE audit_head SET seq = 4, hash = (SELECT prev FROM audit_entry WHERE {of_ada} AND seq = 5) WHERE {of_ada}"
                ),
                newest,
            ],
            4,
        ),
        ("the head deleted", vec![format!("DELETE FROM audit_head WHERE {of_ada}")], 1),
        (
            "two swapped",
            [(2, 100), (3, 2), (100, 3)]
                .map(|(from, to)| format!("UPDATE audit_entry SET seq = {to} WHERE {of_ada} AND seq = {from}"))
                .to_vec(),
            2,
        ),
        (
            "moved to another tenant",
            vec![format!("UPDATE audit_entry SET tenant_id = {eve}, seq = 6 WHERE {of_ada} AND seq = 5")],
            5,
        ),
        (
            "one written by hand after the end",
            vec![format!(
                "INSERT INTO audit_entry SELECT tenant_id, 6, at, who, source, act, target, outcome, detail, hash, prev FROM audit_entry \
                 WHERE {of_ada} AND seq = 5"
            )],
            6,
        ),
    ] {
        let transaction = database.begin().await.unwrap();
        disarmed(&transaction).await;
        for statement in &statements {
            transaction.execute_unprepared(statement).await.unwrap();
        }
        let broken = verify(&transaction, keys).await.unwrap().broken.unwrap_or_else(|| panic!("{what} is not found"));
        assert_eq!((broken.tenant, broken.seq), (ada, seq), "{what}: {}", broken.why);
        if what.contains("set back") {
            // Going on does not heal it.
            let deed = Deed::done("run.started", "", "");
            audit::note(&transaction, &world.stage.context, ada, &Author::worker(), deed).await.unwrap();
            assert!(verify(&transaction, keys).await.unwrap().broken.is_some(), "{what}");
        }
        transaction.rollback().await.unwrap();
        assert_eq!(verified(&world).await, Ok(()), "{what} was undone");
    }
    purged(&world, of_ada).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_counts_the_entries_and_names_the_first_that_is_broken() {
    let world = World::without_worker().await;
    let id = world.staff.onboard("Ada Ltd", "ada@ada.example", "nz").await.unwrap();
    change(&world, "revokeConsent(tenantId: $id, provider: XERO) { outcome }", &id).await;
    let (exit, _, says) = program::run(&["keys", "rotate"], &world.stage.environment).await;
    assert_eq!(exit, Some(0), "{says}");
    let system = audit::newest(&world.stage.context.database, SYSTEM, &Default::default(), None, 10).await.unwrap();
    assert_eq!((system[0].act.as_str(), system[0].source.as_str()), ("keys.rotated", "cli"));
    let (exit, table, _) = program::run(&["doctor"], &world.stage.environment).await;
    assert!(exit == Some(0) && table.contains("audit log (3 entries in 2 chains)"), "{table}");
    disarmed(&world.stage.context.database).await;
    world
        .stage
        .context
        .database
        .execute_unprepared("UPDATE audit_entry SET detail = 'au' WHERE act = 'tenant.onboarded'")
        .await
        .unwrap();
    let (exit, table, _) = program::run(&["doctor"], &world.stage.environment).await;
    let told = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(exit == Some(1) && told.contains("entry") && told.contains(&id[..8]), "{table}");
    world.end().await;
}

/// A purge is possible by will: a permit, the deletion, and the permit taken away again.
async fn purged(world: &World, of_ada: &str) {
    let transaction = begin_write(&world.stage.context.database).await.unwrap();
    for statement in [
        "INSERT INTO audit_permit (tenant_id) SELECT id FROM tenant WHERE name = 'Ada Ltd'".to_owned(),
        format!("DELETE FROM audit_entry WHERE {of_ada}"),
        format!("DELETE FROM audit_head WHERE {of_ada}"),
        "DELETE FROM audit_permit".to_owned(),
    ] {
        transaction.execute_unprepared(&statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(verified(world).await, Ok(()), "the other's log is whole");
    assert!(world.stage.context.database.execute_unprepared("DELETE FROM audit_entry").await.is_err(), "no permit is left");
}

/// What somebody does first who owns the database.
async fn disarmed(connection: &impl ConnectionTrait) {
    let statements: &[&str] = match connection.get_database_backend() {
        DatabaseBackend::Postgres => &["ALTER TABLE audit_entry DISABLE TRIGGER USER"],
        _ => &["DROP TRIGGER audit_entry_update", "DROP TRIGGER audit_entry_delete"],
    };
    for statement in statements {
        connection.execute_unprepared(statement).await.unwrap();
    }
}

async fn verified(world: &World) -> Result<(), String> {
    let verified = verify(&world.stage.context.database, &world.stage.context.keys).await.unwrap();
    verified.broken.map_or(Ok(()), |broken| Err(format!("{broken:?}")))
}

async fn filtered(world: &World, id: &str) {
    let question = "query($id: ID!, $first: Int, $after: String, $what: String, $who: String, $from: DateTime, $to: DateTime) { \
        auditLog(tenantId: $id, first: $first, after: $after, what: $what, who: $who, from: $from, to: $to) \
        { nodes { seq act } pageInfo { hasNextPage endCursor } } }";
    let ask = async |mut filter: Value| {
        filter["id"] = id.into();
        world.staff.data(question, filter).await.unwrap()["auditLog"].clone()
    };
    let runs = ask(json!({ "what": "run" })).await;
    assert_eq!(runs["nodes"].as_array().unwrap().len(), 4, "{runs}");
    assert_eq!(ask(json!({ "what": "run.started" })).await["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(ask(json!({ "what": "ru" })).await["nodes"], json!([]));
    assert_eq!(ask(json!({ "who": "customer" })).await["nodes"].as_array().unwrap().len(), 4);
    assert_eq!(ask(json!({ "to": "2001-01-01T00:00:00Z" })).await["nodes"], json!([]));
    assert_eq!(ask(json!({ "from": "2001-01-01T00:00:00Z", "first": 100 })).await["nodes"].as_array().unwrap().len(), 16);
    let mut seen = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = ask(json!({ "first": 5, "after": after })).await;
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["seq"].as_i64().unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, (1..=16).rev().collect::<Vec<_>>());
}

/// The tenant's log as the API tells it, the oldest first.
async fn log(world: &World, id: &str) -> Vec<Value> {
    let question =
        "query($id: ID!) { auditLog(tenantId: $id, first: 80) { nodes { seq who source act target outcome detail } } }";
    let told = world.staff.data(question, json!({ "id": id })).await.unwrap();
    told["auditLog"]["nodes"].as_array().unwrap().iter().rev().cloned().collect()
}

/// What an entry says, but for whom and when.
fn told_of(entry: &Value) -> String {
    let words = ["act", "source", "outcome", "detail"].map(|part| entry[part].as_str().unwrap().to_owned());
    words.join(" ").trim_end().to_owned()
}

async fn change(world: &World, mutation: &str, id: &str) {
    world.staff.data(&format!("mutation($id: ID!) {{ {mutation} }}"), json!({ "id": id })).await.unwrap();
}

async fn subject(world: &World) -> String {
    world.staff.data("{ viewer { subject } }", json!({})).await.unwrap()["viewer"]["subject"].as_str().unwrap().to_owned()
}

async fn tenant(world: &World, name: &str) -> TenantId {
    let database: &DatabaseConnection = &world.stage.context.database;
    let all = entities::tenant::Entity::all().order_by_asc(entities::tenant::Column::Id).all(database).await.unwrap();
    all.into_iter().find(|tenant| tenant.name == name).unwrap().id
}
