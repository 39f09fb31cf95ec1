//! Watches a run the way a person does: a bar per record type, the rate, the estimate, and what holds it back.

use std::collections::HashMap;
use std::time::Duration;

use entities::clock::SystemClock;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::browser::Trouble;
use super::staff::Staff;

const LOOK_EVERY: Duration = Duration::from_millis(150);

/// Follows a run to its end, drawing bars if asked. Gives its last progress.
pub async fn follow(staff: &Staff, run: &str, draw: bool) -> Result<Value, Trouble> {
    let screen = MultiProgress::with_draw_target(if draw { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
    let head = screen.add(ProgressBar::new_spinner());
    head.set_style(ProgressStyle::with_template("  {spinner:.green} {msg}")?);
    head.enable_steady_tick(Duration::from_millis(120));
    let bar_style =
        ProgressStyle::with_template("    {prefix:<22} {bar:32.green/dim} {pos:>7}/{len:<7} {msg}")?.progress_chars("━╸─");
    let mut bars: HashMap<String, ProgressBar> = HashMap::new();
    loop {
        let progress = staff.progress(run).await?;
        head.set_message(headline(&progress));
        for count in progress["counts"].as_array().into_iter().flatten() {
            let title = count["flow"]["title"].as_str().unwrap_or_default().to_owned();
            let n = |name: &str| count[name].as_u64().unwrap_or(0);
            let done = n("created") + n("updated") + n("unchanged") + n("held") + n("skipped");
            let expected = n("expected").max(n("seen") + n("skipped")).max(done);
            let bar = bars.entry(title.clone()).or_insert_with(|| {
                let bar = screen.add(ProgressBar::new(expected));
                bar.set_style(bar_style.clone());
                bar.set_prefix(title);
                bar
            });
            bar.set_length(expected);
            bar.set_position(done);
            bar.set_message(if n("held") > 0 { format!("{} held", n("held")) } else { String::new() });
        }
        if matches!(progress["state"].as_str(), Some("DONE" | "CANCELLED" | "FAILED")) {
            head.finish_and_clear();
            for bar in bars.values() {
                bar.abandon();
            }
            return Ok(progress);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn headline(progress: &Value) -> String {
    let stage = match progress["stage"].as_str().unwrap_or_default() {
        "reconciling" => "comparing both sides to the cent".to_owned(),
        "" | "starting" => "counting".to_owned(),
        flow => progress["counts"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|count| count["flow"]["key"] == flow)
            .and_then(|count| count["flow"]["title"].as_str())
            .map_or_else(|| flow.to_owned(), |title| format!("carrying {}", title.to_lowercase())),
    };
    let mut words = vec![stage];
    if let Some(rate) = progress["perSecond"].as_f64() {
        words.push(format!("{rate:.0} records/s"));
    }
    if let Some(eta) = progress["eta"].as_str() {
        words.push(left(eta));
    }
    if let Some(limit) = progress["limitedBy"].as_str() {
        words.push(limit.to_owned());
    }
    if progress["state"] == "PAUSED"
        && let Some(reason) = progress["reason"].as_str()
    {
        words.push(reason.to_owned());
    }
    words.join(" · ")
}

/// How long until a moment, for people.
fn left(until: &str) -> String {
    let until = chrono::DateTime::parse_from_rfc3339(until).map_or(0, |until| until.timestamp());
    match (until - SystemClock::machine().0 / 1_000_000).max(0) {
        0..90 => "about a minute left".to_owned(),
        seconds @ 90..5_400 => format!("about {} minutes left", (seconds + 30) / 60),
        seconds @ 5_400..172_800 => format!("about {} hours left", (seconds + 1_800) / 3_600),
        seconds => format!("about {} days left", (seconds + 43_200) / 86_400),
    }
}
