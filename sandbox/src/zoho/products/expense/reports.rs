//! `/expensereports`: expenses handed in together, and what was decided about them.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::books;
use super::claims::EXPENSE;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::paging::Paging;
use crate::zoho::products::{Counter, nowhere};
use crate::zoho::records::{Desk, number};
use crate::zoho::shape::{self, Kind::*};

const REPORT: Kind = Kind { key: "expense_report", list_key: "expense_reports", id_key: "report_id", noun: "Report" };

const SHAPE: &[(&str, shape::Kind)] =
    &[("report_name", Guess(100)), ("description", Guess(500)), ("start_date", Date), ("end_date", Date)];

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => cards::page(desk, &REPORT, Paging::asked(&counter.call.query)?, None),
        ("GET", [id]) => {
            let mut report = cards::need(desk, &REPORT, id)?;
            let expenses: Vec<Value> = of(desk, report.id)?.into_iter().map(|expense| Value::Object(expense.detail)).collect();
            report.set("expenses", expenses);
            Ok(Answer::found(REPORT.key, &report.json()))
        }
        ("POST", []) => write(desk, None, &counter.call.json()?),
        ("PUT", [id]) => write(desk, Some(cards::need(desk, &REPORT, id)?), &counter.call.json()?),
        ("POST", [id, word]) => {
            // Most decisions need no words.
            let body = if counter.call.has_body() { counter.call.json()? } else { Map::new() };
            decide(desk, cards::need(desk, &REPORT, id)?, word, &body)
        }
        _ => Err(nowhere()),
    }
}

fn write(desk: &Desk, was: Option<Card>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut report = match was {
        Some(report) if report.text("status") != "draft" => {
            return Err(Refusal::new(4, format!("A report that is {} cannot be changed.", report.text("status"))));
        }
        Some(report) => report,
        None => Card::new(desk)?,
    };
    shape::take(desk, body, SHAPE, &mut report.detail)?;
    report.name = shape::text(&report.detail, "report_name").ok_or_else(|| Refusal::missing("report_name"))?.to_owned();
    if new {
        report.set("status", "draft");
    }
    if let Some(sent) = body.get("expenses") {
        let sent = sent.as_array().ok_or_else(|| Refusal::invalid("expenses"))?;
        for mut gone in of(desk, report.id)? {
            (gone.owner, gone.detail) = (None, without_report(gone.detail));
            gone.set("status", "unreported");
            cards::save(desk, &EXPENSE, &mut gone)?;
        }
        for one in sent {
            let id = one["expense_id"].as_str().ok_or_else(|| Refusal::missing("expense_id"))?;
            let mut expense = cards::need(desk, &EXPENSE, id).map_err(|_| Refusal::unknown("Expense"))?;
            if expense.text("status") != "unreported" {
                return Err(Refusal::new(4, "The expense is in another report."));
            }
            expense.owner = Some(report.id);
            expense.set("status", "draft");
            expense.set("report_id", report.id.to_string());
            expense.set("report_name", report.name.clone());
            cards::save(desk, &EXPENSE, &mut expense)?;
        }
    }
    let expenses = of(desk, report.id)?;
    let figure = |expense: &Card| shape::amount(&expense.detail, "bcy_total").ok().flatten().unwrap_or_default();
    report.set("total", number(expenses.iter().map(figure).sum::<Decimal>()));
    report.set("expense_count", expenses.len());
    report.set("currency_code", desk.org.currency.clone());
    cards::save(desk, &REPORT, &mut report)?;
    Ok(cards::written(&REPORT, &report, if new { 201 } else { 200 }))
}

fn without_report(mut detail: Map<String, Value>) -> Map<String, Value> {
    detail.remove("report_id");
    detail.remove("report_name");
    detail
}

fn of(desk: &Desk, report: i64) -> Result<Vec<Card>, Refusal> {
    cards::of_owner(desk, &EXPENSE, report)
}

/// Handed in, decided, paid out: each only after the one before.
fn decide(desk: &Desk, mut report: Card, word: &str, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let (before, after) = match word {
        "submit" => ("draft", "submitted"),
        "approve" => ("submitted", "approved"),
        "reject" => ("submitted", "rejected"),
        "reimburse" => ("approved", "reimbursed"),
        _ => return Err(nowhere()),
    };
    let status = report.text("status").to_owned();
    if status != before {
        return Err(Refusal::new(4, format!("A report that is {status} cannot be {after}.")));
    }
    let expenses = of(desk, report.id)?;
    if expenses.is_empty() {
        return Err(Refusal::new(4, "A report without expenses cannot be submitted."));
    }
    match word {
        "approve" => books::approved(desk, &expenses)?,
        "reimburse" => books::reimbursed(desk, &report, &expenses, body)?,
        _ => {}
    }
    for mut expense in expenses {
        expense.set("status", after);
        cards::save(desk, &EXPENSE, &mut expense)?;
    }
    report.set("status", after);
    cards::save(desk, &REPORT, &mut report)?;
    let body = json!({"code": 0, "message": format!("The report has been {after}."), REPORT.key: report.detail});
    Ok(Answer { status: 200, body: body.to_string() })
}
