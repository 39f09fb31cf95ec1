//! Every field of the schema asked by somebody who may not: nobody, somebody with a bad token, somebody of another tenant.

use std::collections::HashSet;
use std::time::Duration;

use api::caller::{Caller, Role, mint};
use serde_json::{Value, json};
use tests::{Connected, World};

/// Fields that answer somebody who is limited to another tenant, and what keeps that safe. May only shrink.
const ANSWERED: [(&str, &str); 3] =
    [("viewer", "only who asks"), ("tenants", "only their own, checked below"), ("flows", "the same for everybody")];
/// Fields that refuse them as such, because they are about the installation and no tenant's.
const FORBIDDEN: [&str; 9] = [
    "onboardTenant",
    "apiClients",
    "createApiClient",
    "shareTenants",
    "rotateApiClient",
    "revokeApiClient",
    "queues",
    "failedJobs",
    "retryJob",
];
/// Questions that are for admins only.
const FOR_ADMINS: [&str; 3] = ["apiClients", "queues", "failedJobs"];

#[tokio::test(flavor = "multi_thread")]
async fn no_field_answers_a_stranger() {
    let (world, connected, run) = something().await;
    let fields = fields(&world, &connected, &run).await;
    assert!(fields.len() > 15, "{}", fields.len());
    for (name, question) in &fields {
        for authorization in [None, Some("Bearer nonsense"), Some("Basic YTpi")] {
            let (status, answer) = ask(&world, authorization, question).await;
            assert_eq!((status, code(&answer)), (401, "UNAUTHENTICATED"), "{name}: {answer}");
            assert_eq!(answer["data"], Value::Null, "{name}");
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_somebody_of_another_tenant_nothing_is_there() {
    let (world, connected, run) = something().await;
    let other = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    let row = world.rows("SELECT COUNT(*) AS n FROM tenant").await;
    assert_eq!(row, 2);
    let tenants = HashSet::from([tenant_id(&world, &other).await]);
    let caller = caller(&world, Role::Admin, Some(tenants), 3600);
    let staff = world.stage.staff_as(caller).unwrap();
    let bearer = format!("Bearer {}", staff.token());
    for (name, question) in fields(&world, &connected, &run).await {
        let (status, answer) = ask(&world, Some(&bearer), &question).await;
        assert_eq!(status, 200, "{name}: {answer}");
        if ANSWERED.iter().any(|(known, _)| *known == name) {
            assert!(answer["errors"].is_null(), "{name}: {answer}");
        } else if FORBIDDEN.contains(&name.as_str()) {
            assert_eq!(code(&answer), "FORBIDDEN", "{name}: {answer}");
        } else {
            assert_eq!(code(&answer), "NOT_FOUND", "{name}: {answer}");
        }
    }
    let seen = staff.data("{ tenants { nodes { name } } }", json!({})).await.unwrap();
    assert_eq!(seen["tenants"]["nodes"], json!([{ "name": "Another Ltd" }]));
    assert_eq!(world.staff.progress(&run).await.unwrap()["state"], "DONE", "nothing was done to it");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_changes_nothing() {
    let (world, connected, run) = something().await;
    let viewer = world.stage.staff_as(caller(&world, Role::Viewer, None, 3600)).unwrap();
    let bearer = format!("Bearer {}", viewer.token());
    for (name, question) in fields(&world, &connected, &run).await {
        let (_, answer) = ask(&world, Some(&bearer), &question).await;
        let is_closed = question.starts_with("mutation") || FOR_ADMINS.contains(&name.as_str());
        let wanted = if is_closed { "FORBIDDEN" } else { "none" };
        assert_eq!(code(&answer), wanted, "{name}: {answer}");
    }
    world.end().await;
}

/// Mutations that leave no entry in the audit log. May only shrink.
const UNNOTED: [&str; 0] = [];
/// Mutations about nobody's tenant: they are in the installation's own log.
const OF_NO_TENANT: [&str; 6] =
    ["onboardTenant", "createApiClient", "rotateApiClient", "revokeApiClient", "shareTenants", "retryJob"];

#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_leaves_an_entry_in_the_audit_log_whoever_asks() {
    let (world, connected, run) = something().await;
    let other = world.staff.onboard("Another Ltd", "other@another.example", "au").await.unwrap();
    let tenants = HashSet::from([tenant_id(&world, &other).await]);
    let mutations = fields(&world, &connected, &run).await.into_iter().filter(|(_, question)| question.starts_with("mutation"));
    let mutations: Vec<_> = mutations.collect();
    assert!(mutations.len() > 15, "{}", mutations.len());
    for (who, role, limited, refused) in [
        ("vera", Role::Viewer, None, Some("FORBIDDEN")),
        ("otto", Role::Operator, Some(tenants), Some("NOT_FOUND")),
        ("ada", Role::Admin, None, None),
    ] {
        let asker = Caller { subject: who.to_owned(), ..caller(&world, role, limited, 3600) };
        let bearer = format!("Bearer {}", world.stage.staff_as(asker).unwrap().token());
        for (name, question) in &mutations {
            let before = noted(&world, who).await;
            let (_, answer) = ask(&world, Some(&bearer), question).await;
            let now = noted(&world, who).await;
            let new = &now[before.len()..];
            assert_eq!(new.is_empty(), UNNOTED.contains(&name.as_str()), "{name} of {who}: {answer}");
            if let Some(refused) = refused {
                let is_of_none = OF_NO_TENANT.contains(&name.as_str());
                let refused =
                    if role == Role::Operator && (is_of_none || ["exportTenant", "purgeTenant"].contains(&name.as_str())) {
                        "FORBIDDEN"
                    } else {
                        refused
                    };
                assert_eq!((code(&answer), new.len()), (refused, 1), "{name} of {who}: {answer}");
                assert_eq!((new[0].outcome.as_str(), new[0].detail.as_str()), ("refused", refused), "{name} of {who}");
                let is_of_tenant = new[0].tenant_id != entities::audit_entry::SYSTEM;
                assert_eq!(is_of_tenant, !is_of_none, "{name} of {who} is in the log of the tenant that it was about");
            }
        }
    }
    let context = &world.stage.context;
    assert_eq!(jobs::audit::verify(&context.database, &context.keys).await.unwrap().broken, None);
    world.end().await;
}

/// Somebody's entries in all logs, in the order of their tenants' and then their own.
async fn noted(world: &World, who: &str) -> Vec<entities::audit_entry::Model> {
    let database = &world.stage.context.database;
    let mut all = Vec::new();
    let tenants = entities::tenant::Entity::all().all(database).await.unwrap();
    for id in tenants.into_iter().map(|tenant| tenant.id).chain([entities::audit_entry::SYSTEM]) {
        let wanted = jobs::audit::Wanted { who: Some(who.to_owned()), ..Default::default() };
        all.extend(jobs::audit::newest(database, id, &wanted, None, 1000).await.unwrap());
    }
    all.sort_by_key(|entry| (entry.at, entry.tenant_id, entry.seq));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_anything_wrong_is_nobodys() {
    let world = World::without_worker().await;
    let environment = &world.stage.environment;
    let setting = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap();
    let (issuer, audience) = (setting("JWT_ISSUER"), setting("JWT_AUDIENCE"));
    let secret = setting("JWT_KEYS").strip_prefix("secret:").unwrap().to_owned();
    let signed = |secret: &str, issuer: &str, audience: &str, seconds| {
        mint(secret.as_bytes(), issuer, audience, &caller(&world, Role::Admin, None, seconds)).unwrap()
    };
    let good = signed(&secret, &issuer, &audience, 3600);
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).unwrap());
    let question = "{ viewer { subject } }";
    let (status, answer) = ask(&world, Some(&format!("Bearer {good}")), question).await;
    assert_eq!((status, code(&answer)), (200, "none"), "{answer}");
    for (why, token) in [
        ("another secret", signed("another secret of thirty-two letters or more", &issuer, &audience, 3600)),
        ("another audience", signed(&secret, &issuer, "somebody-else", 3600)),
        ("another issuer", signed(&secret, "somebody-else", &audience, 3600)),
        ("over", signed(&secret, &issuer, &audience, -120)),
        ("unsigned", unsigned.clone()),
        ("half", good[..good.len() / 2].to_owned()),
    ] {
        let (status, answer) = ask(&world, Some(&format!("Bearer {token}")), question).await;
        assert_eq!((status, code(&answer)), (401, "UNAUTHENTICATED"), "{why}: {answer}");
    }
    world.advance(Duration::from_secs(3600 + 120)).await;
    let (status, _) = ask(&world, Some(&format!("Bearer {good}")), question).await;
    assert_eq!(status, 401, "its hour is over");
    world.end().await;
}

/// A tenant with a link and a run that is done.
async fn something() -> (World, Connected, String) {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let (run, _) = world.run("syncNow", &connected).await;
    (world, connected, run)
}

fn caller(world: &World, role: Role, tenants: Option<HashSet<entities::ids::TenantId>>, seconds: i64) -> Caller {
    let now = entities::clock::Clock::now(world.clock.as_ref());
    Caller { subject: "somebody@example.com".to_owned(), role, tenants, until: entities::clock::At(now.0 + seconds * 1_000_000) }
}

async fn tenant_id(world: &World, id: &str) -> entities::ids::TenantId {
    use sea_orm::{ColumnTrait, QueryFilter};

    let found = entities::tenant::Entity::all()
        .filter(entities::tenant::Column::ContactEmail.eq("other@another.example"))
        .one(&world.stage.context.database)
        .await
        .unwrap();
    found.unwrap_or_else(|| panic!("no tenant {id}")).id
}

/// Every query and mutation of the schema with arguments that exist, from the schema itself.
async fn fields(world: &World, connected: &Connected, run: &str) -> Vec<(String, String)> {
    let question = "query IntrospectionQuery { __schema { queryType { fields { ...F } } mutationType { fields { ...F } } } } \
         fragment F on __Field { name args { name type { kind ofType { name } } } }";
    let schema = world.staff.data(question, json!({})).await.unwrap();
    let data = world
        .staff
        .data("query($id: ID!) { tenant(id: $id) { connections { id } } }", json!({ "id": connected.tenant }))
        .await
        .unwrap();
    let connection = data["tenant"]["connections"][0]["id"].as_str().unwrap().to_owned();
    let mut all = Vec::new();
    for (kind, root) in [("query", "queryType"), ("mutation", "mutationType")] {
        for field in schema["__schema"][root]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            let needed = field["args"].as_array().unwrap().iter().filter(|arg| arg["type"]["kind"] == "NON_NULL");
            let arguments: Vec<String> = needed
                .map(|arg| {
                    let argument = arg["name"].as_str().unwrap();
                    let value = match (argument, name, arg["type"]["ofType"]["name"].as_str().unwrap_or("a list")) {
                        ("tenantId", ..) | ("id", "tenant", _) => format!("{:?}", connected.tenant),
                        ("linkId", ..) | ("id", "link", _) => format!("{:?}", connected.link),
                        ("runId", ..) | ("id", "run", _) => format!("{run:?}"),
                        ("id", "rotateApiClient" | "revokeApiClient", _) | ("partnerId", ..) => {
                            "\"00000000-0000-4000-8000-000000000000\"".to_owned()
                        }
                        ("id", "retryJob", _) => "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"".to_owned(),
                        (_, _, "CreateApiClientInput") => "{ name: \"A\", scopes: [\"tenants:read\"] }".to_owned(),
                        ("connectionId", ..) => format!("{connection:?}"),
                        // Nobody's name, so that nobody is removed.
                        ("name", "purgeTenant", _) => "\"Nobody\"".to_owned(),
                        ("flow", "customFields", _) => "\"books.invoices\"".to_owned(),
                        (_, _, "a list") => "[]".to_owned(),
                        (_, _, "Provider" | "ConflictSide") => "XERO".to_owned(),
                        ("flow", ..) => "\"books.invoices\"".to_owned(),
                        ("xeroId", ..) => "\"046d8a6d-1ae1-4b4d-9340-5601bdf41b87\"".to_owned(),
                        (_, _, "OnboardTenantInput") => {
                            "{ name: \"A\", contactEmail: \"a@b.example\", region: \"nz\", products: [\"books\"] }".to_owned()
                        }
                        other => panic!("say what {other:?} looks like"),
                    };
                    format!("{argument}: {value}")
                })
                .collect();
            let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
            all.push((name.to_owned(), format!("{kind} {{ {name}{arguments} {{ __typename }} }}")));
        }
    }
    all
}

async fn ask(world: &World, authorization: Option<&str>, question: &str) -> (u16, Value) {
    let mut request = reqwest::Client::new().post(world.url("/graphql")).json(&json!({ "query": question }));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}
