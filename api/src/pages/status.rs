//! The customer's own page: what is done, how far the present run is, what was held, whether the books are equal.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use connectors::flows;
use entities::clock::At;
use entities::{link, run, tenant};
use jobs::context::{Context, Failure};
use jobs::runs::Progress;
use jobs::{buttons, holds, runs};
use sea_orm::QueryOrder;
use serde::Serialize;

use crate::checklist::{self, Step};
use crate::report;

/// Held records and differences shown; the rest is a number.
const SHOWN_MAX: u64 = 100;

/// Everything the page shows, read at one moment.
pub struct Snapshot {
    tenant: String,
    steps: Vec<Step>,
    run: Option<Run>,
    holds: Vec<Hold>,
    holds_total: u64,
    verdict: Option<Verdict>,
    /// Where the links between the two sides are shown, by product.
    guides: Vec<(&'static str, String)>,
    /// Changes when the page must be drawn anew, and not with every number.
    shape: String,
}

/// What changes from second to second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// `working`, `paused`, `done`, `cancelled` or `failed`.
    pub state: String,
    headline: String,
    detail: String,
    percent: u32,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Row {
    key: String,
    title: String,
    percent: u32,
    /// "412 of 1,000".
    count: String,
    /// "400 created, 10 unchanged, 2 held".
    words: String,
}

/// What an event carries.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event<'a> {
    shape: &'a str,
    run: Option<&'a Run>,
}

struct Hold {
    title: String,
    sentence: String,
    expected: bool,
}

struct Verdict {
    clean: bool,
    when: String,
    findings: Vec<Finding>,
}

struct Finding {
    title: String,
    sentence: String,
    explained: bool,
}

impl Snapshot {
    pub async fn read(context: &Context, tenant: &tenant::Model) -> Result<Self, Failure> {
        let database = &context.database;
        let steps = checklist::of(database, tenant.id).await?;
        let last =
            run::Entity::of(tenant.id).order_by_desc(run::Column::CreatedAt).order_by_desc(run::Column::Id).one(database).await?;
        let run = match last {
            Some(last) => runs::progress(context, tenant.id, last.id).await?.map(|progress| Run::of(context.now(), progress)),
            None => None,
        };
        let (mut held, mut holds_total, mut guides) = (Vec::new(), 0, Vec::new());
        for link in link::Entity::of(tenant.id).all(database).await? {
            guides.push((buttons::name(&link), format!("/x/{}", link.key)));
            let (some, total) = holds::list(context, tenant.id, link.id, 0, SHOWN_MAX).await?;
            held.extend(some);
            holds_total += total;
        }
        let verdict = verdict(context, tenant).await?;
        let mut snapshot = Self {
            tenant: tenant.name.clone(),
            steps,
            run,
            holds: held
                .into_iter()
                .map(|hold| Hold { title: title(&hold.flow), sentence: hold.sentence, expected: hold.expected })
                .collect(),
            holds_total,
            verdict,
            guides,
            shape: String::new(),
        };
        snapshot.shape = snapshot.shape_of();
        Ok(snapshot)
    }

    pub fn is_working(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.state == "working")
    }

    pub fn event(&self) -> Event<'_> {
        Event { shape: &self.shape, run: self.run.as_ref() }
    }

    fn shape_of(&self) -> String {
        let mut shape: String = self.steps.iter().map(|step| if step.done { '1' } else { '0' }).collect();
        if let Some(run) = &self.run {
            shape.push_str(&run.state);
            shape.push_str(&run.rows.len().to_string());
        }
        if !self.is_working() {
            shape.push_str(&format!("h{}", self.holds_total));
        }
        if let Some(verdict) = &self.verdict {
            shape.push_str(&verdict.when);
        }
        blake3::hash(shape.as_bytes()).to_hex()[..16].to_owned()
    }
}

impl Run {
    fn of(now: At, progress: Progress) -> Self {
        let Progress { run, counts, done, expected, eta, .. } = progress;
        let rows = counts
            .into_iter()
            .filter(|count| count.expected > 0 || count.seen > 0 || count.xero_count > 0)
            .map(|count| {
                let settled = count.created + count.updated + count.unchanged + count.held + count.skipped;
                let all = count.expected.max(count.seen).max(settled);
                let parts = [
                    (count.created, "created"),
                    (count.updated, "updated"),
                    (count.unchanged, "unchanged"),
                    (count.waiting, "waiting"),
                    (count.held, "held"),
                ];
                Row {
                    title: title(&count.flow),
                    percent: percent(settled, all),
                    count: format!("{} of {}", grouped(settled), grouped(all)),
                    words: parts
                        .iter()
                        .filter(|(number, _)| *number > 0)
                        .map(|(number, word)| format!("{} {word}", grouped(*number)))
                        .collect::<Vec<_>>()
                        .join(", "),
                    key: count.flow,
                }
            })
            .collect();
        let is_over = matches!(run.state.as_str(), "done" | "cancelled" | "failed");
        Self {
            headline: headline(&run),
            detail: detail(now, &run, eta),
            percent: if run.state == "done" { 100 } else { percent(done, expected).min(if is_over { 100 } else { 99 }) },
            rows,
            state: run.state,
        }
    }
}

#[derive(Template)]
#[template(path = "status.html")]
struct Status<'a> {
    page: &'a Snapshot,
    events: String,
    report: String,
}

pub fn page(snapshot: &Snapshot, token: &str) -> HttpResponse {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let page = Status { page: snapshot, events: format!("/status/{token}/events"), report: format!("/status/{token}/report") };
    super::show(StatusCode::OK, &page)
}

async fn verdict(context: &Context, tenant: &tenant::Model) -> Result<Option<Verdict>, Failure> {
    let judged = report::newest(context, tenant.id).await?;
    let Some(judged) = judged else {
        return Ok(None);
    };
    let findings = holds::findings(context, tenant.id, judged.id, SHOWN_MAX).await?;
    Ok(Some(Verdict {
        clean: judged.clean == Some(true),
        when: judged.ended_at.map(moment).unwrap_or_default(),
        findings: findings
            .into_iter()
            .map(|finding| Finding { title: title(&finding.flow), sentence: finding.sentence, explained: finding.explained })
            .collect(),
    }))
}

fn headline(run: &run::Model) -> String {
    let (doing, noun) = match run.kind.as_str() {
        "migration" => ("Your records are being carried to Zoho", "The migration"),
        "reconciliation" => ("Both sides are being compared", "The reconciliation"),
        _ => ("Changes are being carried to Zoho", "The synchronisation"),
    };
    match run.state.as_str() {
        "working" => doing.to_owned(),
        "paused" => format!("{noun} rests"),
        "done" => format!("{noun} is finished"),
        "cancelled" => format!("{noun} was stopped"),
        _ => format!("{noun} could not be finished"),
    }
}

fn detail(now: At, run: &run::Model, eta: Option<At>) -> String {
    match run.state.as_str() {
        "working" => match eta {
            Some(eta) => format!("{}, until {}.", left(now, eta), moment(eta)),
            None => "The time it takes is known in a moment.".to_owned(),
        },
        "paused" => {
            let reason = run.reason.clone().unwrap_or_default();
            match run.resume_at {
                Some(at) => format!("{reason} It goes on by itself at {}.", moment(at)),
                None => reason,
            }
        }
        "done" | "cancelled" => run.ended_at.map(moment).unwrap_or_default(),
        _ => run.reason.clone().unwrap_or_else(|| "CloudPerfect looks into it.".to_owned()),
    }
}

/// How long, in the words people use. Never more exact than it is.
fn left(now: At, eta: At) -> String {
    let minutes = eta.since(now).as_secs().div_ceil(60);
    let about = |number: u64, unit: &str| format!("About {number} {unit}{} left", if number == 1 { "" } else { "s" });
    match minutes {
        0..=1 => "Less than a minute left".to_owned(),
        2..=90 => about(minutes, "minute"),
        91..=2_160 => about((minutes + 30) / 60, "hour"),
        _ => about((minutes + 720) / 1_440, "day"),
    }
}

fn moment(at: At) -> String {
    at.to_utc().format("%A %-d %B %Y, %H:%M UTC").to_string()
}

fn title(flow: &str) -> String {
    flows::flow(flow).map_or_else(|| flow.to_owned(), |flow| flow.title().to_owned())
}

fn percent(part: i64, whole: i64) -> u32 {
    if whole <= 0 {
        return 0;
    }
    u32::try_from(part.clamp(0, whole) * 100 / whole).unwrap_or(100)
}

/// `1,234,567`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_left_is_said_as_people_say_it() {
        let now = At(1_795_000_260_000_000);
        let said = |seconds| left(now, now.plus(Duration::from_secs(seconds)));
        assert_eq!(said(0), "Less than a minute left");
        assert_eq!(said(150), "About 3 minutes left");
        assert_eq!(said(3 * 3600), "About 3 hours left");
        assert_eq!(said(40 * 3600), "About 2 days left");
    }

    #[test]
    fn numbers_are_grouped_and_shares_stay_within_the_whole() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!((percent(5, 0), percent(9, 8), percent(-1, 8), percent(1, 3)), (0, 100, 0, 33));
    }
}
