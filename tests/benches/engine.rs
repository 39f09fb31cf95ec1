//! How fast the engine is and what it needs: `cargo bench -p tests --bench engine`, or `… -- 1000 20000` for other sizes.
//!
//! Sandbox, server and worker are release processes of their own, without limits, on the same machine: the sandbox's work is in the
//! figures. Printed, never asserted.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use api::demo::stage;
use sea_orm::Value;
use tests::installation::Installation;

/// Invoices and bills of the companies that are measured; a fifth as many contacts, and the payments that belong to them.
const SIZES: [u64; 4] = [1_000, 10_000, 20_000, 100_000];
/// A run that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One run, measured by its own row.
struct Measured {
    /// Records read, over all flows.
    seen: i64,
    created: i64,
    written: i64,
    /// Seconds of the run, and of the part before its reconciliation.
    took: f64,
    carried: f64,
    /// Seconds in which invoices and bills were read, and how many.
    documents: f64,
    documents_seen: i64,
    clean: Option<bool>,
}

fn main() {
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    let binary = release();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("first run: everything is read, planned, written, settled, then reconciled");
    println!("second run: syncNow, nothing has changed      re-read: syncNow over everything again, from the beginning");
    println!();
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>6} │ {:>6} {:>6} │ {:>9} {:>10} {:>6} │ {:>8} {:>8}",
        "documents",
        "records",
        "carry s",
        "records/s",
        "total s",
        "clean",
        "calls",
        "writes",
        "re-read s",
        "invoices/s",
        "writes",
        "peak MiB",
        "then MiB"
    );
    for size in sizes {
        runtime.block_on(measure(&binary, size));
    }
}

async fn measure(binary: &std::path::Path, size: u64) {
    let house = Installation::start(binary, stage::seed("demo-company", Some((size / 5).max(20)), Some(size))).await;
    house.asked().await;
    let first = run(&house, "startMigration").await;
    house.asked().await;
    let second = run(&house, "syncNow").await;
    let (calls, writes) = house.asked().await;
    assert_eq!(second.written, 0);
    house.change("UPDATE lane SET watermark = NULL, anchor = NULL").await;
    let again = run(&house, "syncNow").await;
    let (_, again_writes) = house.asked().await;
    let (peak, now) = house.memory();
    println!(
        "{:>9} {:>9} {:>9.2} {:>9.0} {:>9.2} {:>6} │ {:>6} {:>6} │ {:>9.2} {:>10.0} {:>6} │ {:>8.1} {:>8.1}",
        size,
        first.seen,
        first.carried,
        first.created as f64 / first.carried,
        first.took,
        first.clean.map_or("-", |clean| if clean { "yes" } else { "NO" }),
        calls,
        writes,
        again.documents,
        again.documents_seen as f64 / again.documents,
        again_writes,
        peak,
        now
    );
}

async fn run(house: &Installation, mutation: &str) -> Measured {
    house.staff.start(mutation, &house.link).await.expect("a run");
    let begun = Instant::now();
    let (mut documents, mut carried, mut last) = (Duration::ZERO, None, Instant::now());
    let id = loop {
        let row = house.row("SELECT id, state, stage FROM run ORDER BY created_at DESC LIMIT 1", vec![]).await;
        let (state, stage): (String, String) =
            (row.try_get("", "state").expect("a state"), row.try_get("", "stage").expect("a stage"));
        let now = Instant::now();
        match stage.as_str() {
            "books.invoices" | "books.bills" => documents += now - last,
            "reconciling" if carried.is_none() => carried = Some(begun.elapsed()),
            _ => {}
        }
        last = now;
        if state == "done" {
            break row.try_get::<uuid::Uuid>("", "id").expect("an id");
        }
        assert!(state == "working" && begun.elapsed() < PATIENCE, "the run is {state} in {stage}");
        tokio::time::sleep(Duration::from_millis(4)).await;
    };
    let key: Vec<Value> = vec![id.into()];
    let row = house.row("SELECT clean, ended_at - started_at AS took FROM run WHERE id = $1", key.clone()).await;
    let took = row.try_get::<i64>("", "took").expect("a time") as f64 / 1e6;
    let counts = house
        .row(
            "SELECT SUM(seen) AS seen, SUM(created) AS created, SUM(updated) AS updated, \
             SUM(CASE WHEN flow IN ('books.invoices', 'books.bills') THEN seen ELSE 0 END) AS documents FROM run_count WHERE run_id = $1",
            key,
        )
        .await;
    let count = |name: &str| counts.try_get::<i64>("", name).expect("a count");
    Measured {
        seen: count("seen"),
        created: count("created"),
        written: count("created") + count("updated"),
        took,
        carried: carried.map_or(took, |carried| carried.as_secs_f64()),
        documents: documents.as_secs_f64(),
        documents_seen: count("documents"),
        clean: row.try_get("", "clean").expect("clean or not"),
    }
}

/// The binary as it is delivered; `CPCONNECT_BINARY` names another.
fn release() -> PathBuf {
    if let Some(named) = std::env::var_os("CPCONNECT_BINARY") {
        return named.into();
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", "cpconnect", "--package", "tests", "--bin", "cpconnect"])
        .status();
    assert!(built.expect("cargo").success(), "the binary does not build");
    // target/release/deps/engine-… → target/release/cpconnect
    let own = std::env::current_exe().expect("this benchmark's own path");
    let folder = own.parent().and_then(|deps| deps.parent()).expect("the folder of builds");
    folder.join(format!("cpconnect{}", std::env::consts::EXE_SUFFIX))
}
