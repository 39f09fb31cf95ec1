//! The REST API held against its own document by somebody else's tool: Schemathesis makes requests that fit the document and requests that do
//! not, and looks whether the answers are what the document says.
//!
//! `SCHEMATHESIS` is the tool's path (`.ci/schemathesis.sh FOLDER` installs it and prints it), `SCHEMATHESIS_EXAMPLES` how many
//! requests for each operation.

use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use tests::receiver::Receiver;
use tests::{World, eventually};
use tokio::process::Command;

use crate::partners::{ALL, ask, get, program, read};

/// Requests for each operation when nobody asks for another number.
const EXAMPLES: &str = "40";

/// What no document can say: which kinds of runs take which fields, which days are to come, which addresses there are.
const CONFIG: &str = r#"
[[operations]]
include-name = "POST /api/v1/tenants/{tenant}/links/{link}/runs"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 422, 429]

[[operations]]
include-name = "POST /api/v1/tenants"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 409, 422, 429]

[[operations]]
include-name = "POST /api/v1/webhooks"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 409, 422, 429]

[[operations]]
include-name = "PATCH /api/v1/webhooks/{webhook}"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 422, 429]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 429]

[parameters]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_finds_no_answer_that_the_document_does_not_tell() {
    let Some(tool) = std::env::var_os("SCHEMATHESIS") else {
        println!("skipped: SCHEMATHESIS does not say where the tool is");
        return;
    };
    let settings = vec![("API_PER_MINUTE".to_owned(), "1000000".to_owned())];
    let mut world = World::with(settings, true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let program = program(&world, "Schemathesis", &[&connected.tenant], &ALL).await;
    let receiver = Receiver::new().await;
    let wish = json!({ "url": receiver.url, "events": ["run.finished"] });
    let made = ask(&world, &program.token, Method::POST, "/api/v1/webhooks").json(&wish).send().await.unwrap();
    let webhook = read(made).await.1["id"].as_str().unwrap().to_owned();
    let (run, _) = world.migrate(&connected).await;
    let messages = format!("/api/v1/webhooks/{webhook}/messages");
    let message = eventually("a message is there", async || {
        let (_, page) = get(&world, &program.token, &messages).await;
        page["items"][0]["id"].as_str().map(str::to_owned)
    })
    .await;
    let bare = |id: &str| id.rsplit(':').next().unwrap().to_owned();

    // Ids that are there; all others are made up.
    let folder = tempfile::tempdir().unwrap();
    let ids = [
        ("tenant", connected.tenant.clone()),
        ("link", bare(&connected.link)),
        ("run", bare(&run)),
        ("webhook", webhook),
        ("message", message),
    ];
    let mut config = CONFIG.to_owned();
    for (name, id) in ids {
        config.push_str(&format!("\"path.{name}\" = \"{id}\"\n"));
    }
    let config_path = folder.path().join("schemathesis.toml");
    std::fs::write(&config_path, config).unwrap();
    let report = folder.path().join("report.json");
    let examples = std::env::var("SCHEMATHESIS_EXAMPLES").unwrap_or(EXAMPLES.to_owned());
    let ended = Command::new(tool)
        .arg("--config-file")
        .arg(&config_path)
        .arg("run")
        .arg(world.url("/api/v1/openapi.json").as_str())
        .args(["--header", &format!("Authorization: Bearer {}", program.token)])
        .args(["--max-examples", &examples, "--checks", "all", "--continue-on-failure", "--request-timeout", "60"])
        // It would leave nothing to look at.
        .args(["--exclude-name", "DELETE /api/v1/webhooks/{webhook}"])
        .args(["--report", "json", "--report-json-path"])
        .arg(&report)
        .args(std::env::var("SCHEMATHESIS_MORE").iter().flat_map(|more| more.split(' ')))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = ended.await.expect("the tool runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    println!("{said}");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    println!("{}", report["summary"]);
    let (status, _) = get(&world, &program.token, &messages).await;
    assert_eq!(status, 200, "the token lived as long as the tool worked, and what was pinned is still there");
    world.end().await;
}
