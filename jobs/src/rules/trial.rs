//! Tries tracking rules on the newest documents of Zoho's, without writing anything.

use std::collections::HashMap;

use connectors::flows;
use connectors::rules::checks::{Problem, check_tracking};
use connectors::rules::{Asked, Rules, TrackingRule, deal, party, tracking};
use entities::link;
use serde_json::Value;

use super::deals::Crm;
use super::look;
use crate::context::Context;
use crate::visit::{Away, Visit};

/// Documents at most: each costs a call.
pub const SAMPLE_MAX: usize = 25;
/// The kinds whose lines Xero tracks, and under which key each has its id.
const KINDS: [(&str, &str, &str); 3] = [
    ("books.invoices", "invoice", "invoice_number"),
    ("books.bills", "bill", "bill_number"),
    ("books.credit_notes", "creditnote", "creditnote_number"),
];

/// What the rules would do.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    pub problems: Vec<Problem>,
    pub documents: Vec<Tried>,
}

/// One document.
#[derive(Debug, Clone)]
pub struct Tried {
    pub flow: &'static str,
    pub zoho_id: String,
    pub number: String,
    pub lines: Vec<TriedLine>,
    /// Why it would be held.
    pub held: Option<(String, String)>,
}

/// One line: what it says, and what it would get.
#[derive(Debug, Clone)]
pub struct TriedLine {
    pub said: String,
    pub set: Vec<Set>,
}

/// An option that a line would get.
#[derive(Debug, Clone)]
pub struct Set {
    pub category: String,
    pub option: String,
    /// Xero does not have it yet.
    pub is_new: bool,
}

/// Tries the rules on so many of the newest documents.
pub async fn trial(context: &Context, link: &link::Model, rules: Vec<TrackingRule>, sample: usize) -> Result<Trial, Away> {
    let visit = Visit::begin(context, link.clone()).await?;
    let tried = tried(&visit, rules, sample.min(SAMPLE_MAX)).await;
    visit.end().await?;
    tried
}

async fn tried(visit: &Visit, rules: Vec<TrackingRule>, sample: usize) -> Result<Trial, Away> {
    let (there, values) = look::tracking(visit, &rules).await?;
    let problems = check_tracking(&rules, &values, &there);
    let rules = Rules { tracking: rules, fields: Vec::new() };
    let mut newest: Vec<(String, usize, Value)> = Vec::new();
    for (n, (_, module, _)) in KINDS.iter().enumerate() {
        let rows = look::newest(visit, module).await?;
        let when = |row: &Value| row["last_modified_time"].as_str().or(row["date"].as_str()).unwrap_or_default().to_owned();
        newest.extend(rows.into_iter().map(|row| (when(&row), n, row)));
    }
    newest.sort_by(|one, other| other.0.cmp(&one.0));
    newest.truncate(sample);
    let mut contacts: HashMap<String, Value> = HashMap::new();
    let mut deals: HashMap<String, Option<Value>> = HashMap::new();
    let crm = match rules.deal_fields().is_empty() {
        true => None,
        false => Crm::behind(&visit.context, &visit.zoho).await?,
    };
    let mut documents = Vec::with_capacity(newest.len());
    for (_, n, row) in newest {
        let (flow, _, number) = KINDS[n];
        let Some(of) = flows::flow(flow).map(|flow| flow.zoho()) else { continue };
        let Some(id) = row[of.id].as_str() else { continue };
        // One that was deleted in between is none.
        let record = visit.zoho_if_any(visit.zoho.client.get(of, id)).await?;
        if !record.is_object() {
            continue;
        }
        let number = record[number].as_str().unwrap_or_default().to_owned();
        let mut contact = None;
        if rules.ask_contacts()
            && let Some(party) = party(&record)
        {
            if !contacts.contains_key(party) {
                let Some(contacts_of) = flows::flow("books.customers").map(|flow| flow.zoho()) else { continue };
                let found = visit.zoho_if_any(visit.zoho.client.get(contacts_of, party)).await?;
                contacts.insert(party.to_owned(), found);
            }
            contact = contacts.get(party);
        }
        let mut of_it = None;
        if let Some(crm) = &crm
            && let Some(id) = deal(&record)
        {
            if !deals.contains_key(id) {
                deals.insert(id.to_owned(), crm.deal(visit, id, &rules.deal_fields()).await?);
            }
            of_it = deals.get(id).and_then(Option::as_ref);
        }
        let asked = Asked { contact, deal: of_it, ..Asked::of(flow, &number, &record) };
        documents.push(one(flow, id, number.clone(), &rules, &asked, &there.categories));
    }
    Ok(Trial { problems, documents })
}

fn one(flow: &'static str, id: &str, number: String, rules: &Rules, asked: &Asked, categories: &[Value]) -> Tried {
    let mut tried = Tried { flow, zoho_id: id.to_owned(), number, lines: Vec::new(), held: None };
    let name = |id: &str| {
        let found = categories.iter().find(|one| one["TrackingCategoryID"] == id);
        found.and_then(|one| one["Name"].as_str()).unwrap_or_default().to_owned()
    };
    for line in asked.record["line_items"].as_array().into_iter().flatten() {
        let text = |key: &str| line[key].as_str().unwrap_or_default().trim().to_owned();
        let said = if text("name").is_empty() { text("description") } else { text("name") };
        match tracking(rules, asked, line, categories) {
            Ok(given) => {
                let set = given.into_iter().map(|one| Set {
                    category: name(&one.category),
                    is_new: one.option.is_none(),
                    option: one.name,
                });
                tried.lines.push(TriedLine { said, set: set.collect() });
            }
            Err(held) => {
                tried.lines.push(TriedLine { said, set: Vec::new() });
                tried.held.get_or_insert((held.code.to_owned(), held.sentence));
            }
        }
    }
    tried
}
