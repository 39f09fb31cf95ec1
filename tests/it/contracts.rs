//! Every request of ours and every answer of the sandbox is as the providers' own documents say.
//!
//! The documents are in the folder that `PROVIDER_SPEC` names. The whole story suite records into the folder that `SANDBOX_RECORD`
//! names, and is checked after it by naming that folder in `CONTRACT_RECORDINGS`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;
use tests::World;
use tests::contracts::report::Report;
use tests::contracts::{self, deviations};

/// How the keys begin that recordings can show.
const KINDS: [&str; 2] = ["xero ", "zoho "];

fn check(recordings: &Path, documents: &Path, whole: bool) {
    let checked = contracts::check(recordings, documents);
    let found: BTreeSet<String> = checked.findings.keys().cloned().collect();
    let verdict = deviations::compare(&KINDS, &found, whole);
    println!("{}", Report { checked: &checked, verdict: &verdict });
    assert!(checked.exchanges > 0, "nothing was recorded in {}", recordings.display());
    // So many the whole suite carried out when this was written; the main job is a small part of it.
    let least = if whole { [180, 2, 220, 15, 35] } else { [3, 1, 8, 0, 0] };
    let documents = ["Xero Accounting", "Xero Identity", "Zoho Books", "Zoho Inventory", "Zoho Billing"];
    for (document, least) in documents.into_iter().zip(least) {
        let covered = checked.covered.get(document).map_or(0, BTreeSet::len);
        assert!(
            covered >= least,
            "{document}: only {covered} operations were seen instead of {least}: the recording is not of all our stories"
        );
    }
    verdict.insist();
}

#[test]
fn the_whole_suite_keeps_the_providers_contracts() {
    let recordings = std::env::var_os("CONTRACT_RECORDINGS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    match (recordings, contracts::documents()) {
        (Some(recordings), Some(documents)) => check(&recordings, &documents, true),
        // The stories are being recorded just now; they are checked when they have ended.
        _ if std::env::var_os(sandbox::recorder::FOLDER_VARIABLE).is_some() => {}
        _ if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("nothing was checked: PROVIDER_SPEC and CONTRACT_RECORDINGS are wanted");
        }
        _ => println!("not checked: PROVIDER_SPEC and CONTRACT_RECORDINGS are wanted"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_keeps_the_providers_contracts() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new().await;
    world.stage.control("record", json!({"on": true, "folder": folder.path()})).await.unwrap();
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;
    world.end().await;
    assert!(!contracts::recording::files(folder.path()).is_empty());
    match contracts::documents() {
        Some(documents) => check(folder.path(), &documents, false),
        None => println!("recorded, but not checked: PROVIDER_SPEC is wanted"),
    }
}
