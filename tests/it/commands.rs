//! The real binary on its command line: what it asks for, what it says when that is missing, and what its small commands do.

use std::path::Path;

use secrecy::ExposeSecret;
use tests::{World, program};

/// What has no default and cannot be left out.
const REQUIRED: [&str; 7] =
    ["SMTP_URL", "MASTER_KEYS", "JWT_KEYS", "XERO_CLIENT_ID", "XERO_CLIENT_SECRET", "ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET"];

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_is_missing_or_wrong_names_itself_and_its_cure() {
    let world = World::without_worker().await;
    let missing = REQUIRED.iter().map(|name| (*name, None));
    let wrong = [
        ("DATABASE_URL", "mysql://localhost/x"),
        ("LISTEN_ADDR", "8080"),
        ("PUBLIC_URL", "http://connect.example.com"),
        ("SMTP_URL", "mail.example.com"),
        ("MASTER_KEYS", "k1:dG9vIHNob3J0"),
        ("JWT_KEYS", "secret:short"),
        ("XERO_LIMITS", "per_hour=5"),
        ("ZOHO_DATA_CENTRES", "us"),
    ];
    for (name, value) in missing.chain(wrong.map(|(name, value)| (name, Some(value)))) {
        let (exit, _, says) = program::run(&["serve"], &world.environment(name, value)).await;
        assert_eq!(exit, Some(1), "{name}={value:?}: {says}");
        let line = says.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name} is not named: {says}"));
        assert!(line.len() > name.len() + 15, "a cure is named: {line}");
        for other in REQUIRED.iter().filter(|other| **other != name) {
            assert!(!says.lines().any(|line| line.trim_start().starts_with(other)), "{other} is well: {says}");
        }
    }
    let (exit, _, says) = program::run(&["serve"], &[]).await;
    assert_eq!(exit, Some(1));
    for name in REQUIRED {
        assert!(says.contains(name), "all at once: {says}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_of_keys_keeps_every_sealed_value_readable() {
    let mut world = World::new().await;
    let connected = world.connected().await;
    let (exit, generated, _) = program::run(&["keys", "generate", "--id", "newest"], &[]).await;
    assert_eq!(exit, Some(0));
    let new =
        generated.lines().find(|line| line.contains("newest:")).unwrap().trim().trim_start_matches("MASTER_KEYS=").to_owned();
    let old = world.stage.environment.iter().find(|(name, _)| name == "MASTER_KEYS").unwrap().1.clone();
    let with = |keys: &str| world.environment("MASTER_KEYS", Some(keys));
    // The new key alone opens nothing yet, and says so instead of spoiling anything.
    let (exit, _, says) = program::run(&["keys", "rotate"], &with(&new)).await;
    assert_ne!(exit, Some(0), "{says}");
    for _ in 0..2 {
        let (exit, _, says) = program::run(&["keys", "rotate"], &with(&format!("{new},{old}"))).await;
        assert_eq!(exit, Some(0), "twice does no harm: {says}");
    }
    let keys = entities::sealed::MasterKeys::parse(&new).unwrap();
    let mut context = world.stage.context.clone();
    context.keys = keys;
    for provider in ["xero", "zoho"] {
        let (tenant, grant) = world.grant(&connected, provider).await;
        let access = jobs::tokens::fresh(&context, tenant, grant).await.unwrap();
        let jobs::tokens::Access::Token { access, .. } = access else { panic!("{access:?}") };
        assert!(access.expose_secret().len() > 20);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_well_installation_well_and_names_what_is_not() {
    let world = World::without_worker().await;
    let (exit, table, says) = program::run(&["doctor"], &world.stage.environment).await;
    assert_eq!(exit, Some(0), "{table}{says}");
    let mut ill = world.environment("SMTP_URL", Some("smtp://127.0.0.1:1"));
    ill.retain(|(name, _)| name != "XERO_CLIENT_ID");
    let (exit, table, _) = program::run(&["doctor"], &ill).await;
    assert_eq!(exit, Some(1), "{table}");
    assert!(table.contains("XERO_CLIENT_ID"), "{table}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_brought_up_looked_at_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("own.db").display());
    let environment = [("DATABASE_URL".to_owned(), url)];
    let mut told = Vec::new();
    for command in ["status", "up", "status"] {
        let (exit, says, wrong) = program::run(&["migrate", command], &environment).await;
        told.push((exit, format!("{says}{wrong}")));
    }
    assert_eq!(told[1].0, Some(0), "{told:#?}");
    assert_eq!(told[2].0, Some(0), "{told:#?}");
    assert_ne!(told[0].1, told[2].1, "the status tells them apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minted_token_opens_the_door_and_the_schema_is_the_one_that_is_checked_in() {
    let world = World::without_worker().await;
    let (exit, token, says) = program::run(&["token", "--role", "viewer"], &world.stage.environment).await;
    assert_eq!(exit, Some(0), "{says}");
    let staff = api::demo::staff::Staff::new(&world.stage.public_url, token.trim().to_owned()).unwrap();
    let viewer = staff.data("{ viewer { role } }", serde_json::json!({})).await.unwrap();
    assert_eq!(viewer["viewer"]["role"], "VIEWER");

    let (exit, schema, _) = program::run(&["schema", "graphql"], &[]).await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let checked_in = std::fs::read_to_string(root.join("api/schema.graphql")).unwrap();
    assert_eq!((exit, schema.trim()), (Some(0), checked_in.trim()));

    let (exit, help, _) = program::run(&["serve", "--help"], &world.stage.environment).await;
    assert_eq!(exit, Some(0));
    for name in REQUIRED {
        assert!(help.contains(name), "{name}: {help}");
    }
    let master = &world.stage.environment.iter().find(|(name, _)| name == "MASTER_KEYS").unwrap().1;
    assert!(!help.contains(master.as_str()), "help shows no secrets");
    world.end().await;
}
