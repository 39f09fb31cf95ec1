//! Every call of ours is one that the providers' own documents have. Looks at the sandbox's request log after the main job, and holds it
//! against Xero's OpenAPI and the table of Zoho's operations in the folder that `PROVIDER_SPEC` names; without it only the log is checked.

use std::path::{Path, PathBuf};

use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_main_job_is_in_the_providers_documents() {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;

    let requests = world.stage.look("requests").await.unwrap();
    let endpoints: Vec<(String, String)> = requests["counts"]
        .as_array()
        .expect("counts")
        .iter()
        .filter_map(|count| Some((count["provider"].as_str()?.to_owned(), count["endpoint"].as_str()?.to_owned())))
        .collect();
    assert!(endpoints.iter().any(|(_, endpoint)| endpoint == "PUT /invoices"), "{endpoints:?}");
    assert!(endpoints.iter().any(|(_, endpoint)| endpoint == "GET /Invoices"), "{endpoints:?}");
    if let Ok(folder) = std::env::var("PROVIDER_SPEC") {
        let spec = PathBuf::from(folder);
        let missing: Vec<&String> = endpoints
            .iter()
            .filter(
                |(provider, endpoint)| !if provider == "xero" { xero_has(&spec, endpoint) } else { zoho_has(&spec, endpoint) },
            )
            .map(|(_, endpoint)| endpoint)
            .collect();
        assert!(missing.is_empty(), "not in the documents: {missing:?}");
    }
    world.end().await;
}

/// Custom fields have a page of their own in Zoho's documents and are not in its table of operations.
const ZOHO_ELSEWHERE: [&str; 3] = ["GET /settings/fields", "POST /settings/fields", "PUT /settings/fields/{id}"];

fn zoho_has(spec: &Path, endpoint: &str) -> bool {
    let table = std::fs::read_to_string(spec.join("zoho/endpoints-books-v3.tsv")).expect("the table of Zoho's operations");
    let (method, path) = endpoint.split_once(' ').expect("a method and a path");
    is_sign_in(path)
        || ZOHO_ELSEWHERE.contains(&endpoint)
        || table.lines().any(|line| {
            let mut columns = line.split('\t').skip(1);
            columns.next() == Some(method) && columns.next().is_some_and(|known| same_path(known, path))
        })
}

fn xero_has(spec: &Path, endpoint: &str) -> bool {
    let document = std::fs::read_to_string(spec.join("xero/xero_accounting.yaml")).expect("Xero's OpenAPI");
    let (method, path) = endpoint.split_once(' ').expect("a method and a path");
    let mut inside = false;
    for line in document.lines() {
        if let Some(known) = line.strip_prefix("  /").and_then(|line| line.strip_suffix(':')) {
            inside = same_path(&format!("/{known}"), path);
        } else if inside && line.trim() == format!("{}:", method.to_lowercase()) {
            return true;
        }
    }
    is_sign_in(path)
}

/// The pages and token endpoints of a sign-in are in other documents.
fn is_sign_in(path: &str) -> bool {
    ["/login/", "/accounts/", "/identity/", "/api/connections"].iter().any(|part| path.contains(part))
}

fn same_path(known: &str, path: &str) -> bool {
    let plain = |path: &str| {
        let parts = path.trim_matches('"').split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    plain(known) == plain(path)
}
