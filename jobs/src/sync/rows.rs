//! Up to a hundred records with one call, where a product takes so many: those that people have made already are found and become ours,
//! each row is settled, cured or held by its own answer, and documents are read back to be compared to the cent.

use std::collections::HashMap;

use connectors::flow::{Carry, Cure, Judgement, Record};
use connectors::side::{Refusal, Trouble};
use connectors::zoho;
use connectors::zoho::crm::{self, Row, RowAnswer};
use connectors::zoho::{Unique, Written};
use serde_json::Value;

use super::native;
use super::slice::Provider;
use super::writes::{Desk, Outcome, Sent, unending};
use crate::context::Failure;
use crate::limits::Permit;

/// Writes of one record at most: the first, what cures refusals, one that makes it equal to the cent, and one to spare.
const ROUNDS_MAX: u32 = 6;

/// One record that is to be written.
pub struct Asked<'a> {
    pub record: &'a dyn Record,
    pub carry: Carry,
    /// Its id in Zoho, when it was paired before.
    pub known_id: Option<&'a str>,
    /// It was sent before, and nobody knows whether it arrived.
    pub is_doubtful: bool,
    /// Where people find it in Xero.
    pub link: Option<String>,
}

/// Where the link to Xero is written, by its name in the product.
pub type LinkField<'a> = Option<&'a str>;

/// How much of a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Whole,
    /// Our own fields, on records that are there: Zoho's own integration makes them.
    MarksOnly,
}

/// Writes all of them. Answers stand in the order of the records.
pub async fn send(desk: &Desk<'_>, link_field: LinkField<'_>, how: How, asked: Vec<Asked<'_>>) -> Vec<Sent> {
    let entries = asked.into_iter().map(|asked| Entry {
        // By its id, whatever its field says: somebody may have emptied that, or deleted the field.
        adopt: asked.known_id.map(str::to_owned),
        asked,
        is_adopted: false,
        is_compared: false,
        old_rows: None,
        attempt: 0,
        is_sent: false,
        is_written: false,
        created: false,
        outcome: None,
    });
    let mut batch = Batch { desk, link_field, how, entries: entries.collect(), credits: 0 };
    let end = batch.work().await.err();
    batch.ended(end)
}

/// CRM does not know the record that the row names.
fn is_unknown_id(refusal: &Refusal) -> bool {
    refusal.code == "INVALID_DATA" && refusal.message.contains("(id")
}

struct Entry<'a> {
    asked: Asked<'a>,
    /// The record in Zoho that it is or is to become, by whose id it is written.
    adopt: Option<String>,
    /// That one was the customer's own.
    is_adopted: bool,
    /// It has been read back, and nothing more is to be done about its amounts.
    is_compared: bool,
    /// The ids of the subform's rows that it has already.
    old_rows: Option<Vec<Value>>,
    attempt: u32,
    /// It was in a call that may have been done.
    is_sent: bool,
    is_written: bool,
    created: bool,
    outcome: Option<Outcome>,
}

enum End {
    Trouble(Trouble),
    NoPermit,
    Failed(Failure),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        End::Trouble(trouble)
    }
}

struct Batch<'a, 'b> {
    desk: &'b Desk<'b>,
    link_field: LinkField<'b>,
    how: How,
    entries: Vec<Entry<'a>>,
    /// Spent beyond those that were permitted for the first call.
    credits: i64,
}

impl Batch<'_, '_> {
    async fn work(&mut self) -> Result<(), End> {
        self.adopt().await?;
        if self.how == How::MarksOnly {
            self.leave_to_native().await?;
        }
        let with_rows: Vec<usize> = (0..self.entries.len()).filter(|n| self.may_have_rows(*n)).collect();
        self.read_rows(&with_rows).await?;
        for round in 1..=ROUNDS_MAX {
            let open: Vec<usize> = (0..self.entries.len()).filter(|n| self.is_open(*n)).collect();
            if open.is_empty() {
                return Ok(());
            }
            // Those that are known by their id go together, and those that are found by their field.
            let (by_id, by_field): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|n| self.entries[*n].adopt.is_some());
            let mut first = round == 1;
            for group in [by_field, by_id].into_iter().filter(|group| !group.is_empty()) {
                self.write(&group, std::mem::take(&mut first)).await?;
            }
            self.compare().await?;
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.outcome.is_none()) {
            entry.outcome = Some(Outcome::Held(unending(entry.asked.record)));
        }
        Ok(())
    }

    fn is_open(&self, n: usize) -> bool {
        self.entries[n].outcome.is_none()
    }

    fn is_document(&self, n: usize) -> bool {
        self.desk.flow.xero_line(self.entries[n].asked.record).total.is_some()
    }

    fn may_have_rows(&self, n: usize) -> bool {
        let asked = &self.entries[n].asked;
        self.is_document(n) && (asked.known_id.is_some() || asked.is_doubtful)
    }

    /// Records that people have made already, looked for by what the flow says: one call for all of them. Only those that no other
    /// record of Xero's has claimed.
    async fn adopt(&mut self) -> Result<(), End> {
        let (of, known) = (*self.desk.flow.zoho(), self.desk.known);
        let Some(field) = self.desk.field else { return Ok(()) };
        let mut wanted: HashMap<&'static str, Vec<(usize, String)>> = HashMap::new();
        for (n, entry) in self.entries.iter().enumerate() {
            // Also what was sent before and may not have arrived: a record that has our mark by now is nobody's own any more.
            if entry.asked.known_id.is_none() {
                let look = self.desk.flow.look(entry.asked.record, known);
                if let Some((name, value)) = look.query.into_iter().next() {
                    wanted.entry(name).or_default().push((n, value));
                }
            }
        }
        for (name, looked_for) in wanted {
            let values: Vec<&str> = looked_for.iter().map(|(_, value)| value.as_str()).collect();
            let listed = of.list_query.iter().flat_map(|(_, names)| names.split(','));
            let mut select = vec!["id", field, name];
            select.extend(listed.filter(|listed| *listed != name));
            self.permit(1).await?;
            let found = match self.desk.client.find_by(of.path, name, &values, &select).await {
                Ok(found) => found,
                // A query that CRM does not take finds nothing, and then CRM itself says what is there twice.
                Err(Trouble::Refused(_)) => continue,
                Err(trouble) => return Err(trouble.into()),
            };
            let mut free: Vec<Value> = found.into_iter().filter(|row| row[field].as_str().is_none_or(str::is_empty)).collect();
            for (n, _) in looked_for {
                if let Some(id) = self.desk.flow.find_in(self.entries[n].asked.record, &free) {
                    free.retain(|row| row["id"] != id.as_str());
                    self.entries[n].adopt = Some(id);
                    self.entries[n].is_adopted = true;
                }
            }
        }
        Ok(())
    }

    /// What is not there is not made. A record that bears our mark, from a write whose answer was lost or from an earlier link, is there.
    async fn leave_to_native(&mut self) -> Result<(), End> {
        let Some(field) = self.desk.field else { return Ok(()) };
        let is_missing = |entry: &Entry| entry.adopt.is_none();
        let missing =
            self.entries.iter().filter(|entry| is_missing(entry)).map(|entry| entry.asked.record.id().to_owned()).collect();
        let found = self.by_mark(field, missing).await?;
        for entry in self.entries.iter_mut().filter(|entry| is_missing(entry)) {
            match found.get(entry.asked.record.id()) {
                Some(id) => entry.adopt = Some(id.clone()),
                None => entry.outcome = Some(Outcome::Held(native::left_to_it(entry.asked.record))),
            }
        }
        Ok(())
    }

    /// Which of these records of Xero's are there, with their ids in Zoho: one call for all of them.
    async fn by_mark(&mut self, field: &str, of_xero: Vec<String>) -> Result<HashMap<String, String>, End> {
        if of_xero.is_empty() {
            return Ok(HashMap::new());
        }
        self.permit(1).await?;
        let wanted: Vec<&str> = of_xero.iter().map(String::as_str).collect();
        let rows = self.desk.client.find_by(self.desk.flow.zoho().path, field, &wanted, &["id", field]).await?;
        let both = |row: &Value| Some((row[field].as_str()?.to_owned(), row["id"].as_str()?.to_owned()));
        // Of two that bear one mark the first counts.
        Ok(rows.iter().rev().filter_map(both).collect())
    }

    /// The rows that documents have in Zoho already: they are changed in their places, so that none stands there twice.
    async fn read_rows(&mut self, which: &[usize]) -> Result<(), End> {
        let of = *self.desk.flow.zoho();
        let Some(field) = self.desk.field.filter(|_| !which.is_empty()) else { return Ok(()) };
        let id_of = |entry: &Entry| entry.asked.known_id.map(str::to_owned).or_else(|| entry.adopt.clone());
        let unknown = which.iter().map(|n| &self.entries[*n]).filter(|entry| id_of(entry).is_none());
        let unknown = unknown.map(|entry| entry.asked.record.id().to_owned()).collect();
        let found = self.by_mark(field, unknown).await?;
        for n in which {
            let entry = &self.entries[*n];
            let Some(id) = id_of(entry).or_else(|| found.get(entry.asked.record.id()).cloned()) else { continue };
            self.permit(1).await?;
            match self.desk.client.get(&of, &id).await {
                Ok(record) => self.entries[*n].old_rows = Some(rows_of(&record, &self.entries[*n].asked.carry.body)),
                // It was deleted there, and is made again.
                Err(Trouble::Refused(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Ok(())
    }

    async fn write(&mut self, group: &[usize], is_permitted: bool) -> Result<(), End> {
        let (of, Some(field)) = (*self.desk.flow.zoho(), self.desk.field) else { return Err(End::NoPermit) };
        if !is_permitted {
            self.permit(crm::credits(group.len())).await?;
        }
        let rows: Vec<Row> = group.iter().map(|n| self.row(*n)).collect();
        let before: Vec<bool> = group.iter().map(|n| std::mem::replace(&mut self.entries[*n].is_sent, true)).collect();
        let answers = match self.desk.client.upsert_many(&of, field, &rows).await {
            Ok(answers) => answers,
            Err(trouble) => {
                if !matches!(trouble, Trouble::Unreachable(_)) {
                    // The whole call was refused: none of its rows was written by it.
                    group.iter().zip(before).for_each(|(n, before)| self.entries[*n].is_sent = before);
                }
                return Err(trouble.into());
            }
        };
        let mut doubled = Vec::new();
        for (n, answer) in group.iter().zip(answers) {
            if let Some(n) = self.answered(*n, answer) {
                doubled.push(n);
            }
        }
        self.read_rows(&doubled).await
    }

    /// What one answer means. Gives a document that was there although nobody knew: its rows may stand there twice now.
    fn answered(&mut self, n: usize, answer: RowAnswer) -> Option<usize> {
        let is_document = self.is_document(n);
        let entry = &mut self.entries[n];
        match answer {
            Ok(written) => {
                entry.created |= written.created;
                let first = !std::mem::replace(&mut entry.is_written, true);
                let is_found = first && is_document && !written.created && entry.old_rows.is_none() && entry.adopt.is_none();
                entry.adopt = Some(written.id.clone());
                if is_found {
                    entry.old_rows = Some(Vec::new());
                    return Some(n);
                }
                entry.outcome = Some(done(entry, written));
                None
            }
            // It was deleted there, and is made again.
            Err(refusal) if entry.asked.known_id.is_some() && is_unknown_id(&refusal) => {
                (entry.asked.known_id, entry.adopt, entry.old_rows) = (None, None, None);
                None
            }
            Err(refusal) => {
                self.cure(n, &refusal);
                None
            }
        }
    }

    fn cure(&mut self, n: usize, refusal: &Refusal) {
        let entry = &mut self.entries[n];
        entry.attempt += 1;
        match self.desk.flow.cure(entry.asked.record, self.desk.known, refusal, entry.attempt) {
            Cure::Again(carry) => entry.asked.carry = carry,
            Cure::Hold(reason) => entry.outcome = Some(Outcome::Held(reason)),
            // What can be adopted was looked for before anything was written.
            Cure::Adopt { .. } => entry.outcome = Some(Outcome::Held(unending(entry.asked.record))),
        }
    }

    /// Documents that have just been written, read back together: equal to the cent, or written once more, or different for a reason that
    /// the reconciliation names.
    async fn compare(&mut self) -> Result<(), End> {
        let of = *self.desk.flow.zoho();
        let written = |n: &usize| match &self.entries[*n].outcome {
            Some(Outcome::Written { id, .. }) if self.is_document(*n) && !self.entries[*n].is_compared => Some((*n, id.clone())),
            _ => None,
        };
        let written: Vec<(usize, String)> = (0..self.entries.len()).filter_map(|n| written(&n)).collect();
        if written.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = written.iter().map(|(_, id)| id.clone()).collect();
        let read = match self.permit(1).await {
            Ok(()) => self.desk.client.crm_by_ids(&of, &ids).await.map_err(End::Trouble),
            Err(end) => Err(end),
        };
        let read = match read {
            Ok(read) => read,
            Err(end) => {
                // They arrived, and nobody has seen what they come to: looked at again in the next turn.
                written.iter().for_each(|(n, _)| self.entries[*n].outcome = None);
                return Err(end);
            }
        };
        for (n, id) in written {
            let entry = &mut self.entries[n];
            let Some(told) = read.iter().find(|row| row["id"] == id.as_str()) else {
                // It was taken, and nobody has seen what it comes to.
                entry.outcome = Some(Outcome::Unknown);
                continue;
            };
            match self.desk.flow.judge(entry.asked.record, self.desk.known, told) {
                Judgement::Mend(mend) if entry.attempt < ROUNDS_MAX => {
                    entry.attempt += 1;
                    // The rows are as they should be.
                    entry.asked.carry = Carry { body: without_rows(mend.body), ..mend };
                    entry.old_rows = None;
                    entry.outcome = None;
                }
                _ => {
                    entry.is_compared = true;
                    if let Some(Outcome::Written { record, .. }) = &mut entry.outcome {
                        *record = told.clone();
                    }
                }
            }
        }
        Ok(())
    }

    fn row(&self, n: usize) -> Row {
        let entry = &self.entries[n];
        let mut body = match self.how {
            How::Whole => entry.asked.carry.body.clone(),
            How::MarksOnly => serde_json::json!({}),
        };
        if entry.adopt.is_some() && !entry.created {
            zoho::again(self.desk.flow.zoho(), &mut body);
        }
        if let Some(old) = &entry.old_rows {
            in_place(&mut body, old);
        }
        if let (Some(name), Some(link)) = (self.link_field, &entry.asked.link) {
            body[name] = link.clone().into();
        }
        Row { key: entry.asked.record.id().to_owned(), id: entry.adopt.clone(), body }
    }

    async fn permit(&mut self, credits: u32) -> Result<(), End> {
        Self::permitted(self.desk, credits).await?;
        self.credits += i64::from(credits);
        Ok(())
    }

    /// Calls that belong to work begun already.
    async fn permitted(desk: &Desk<'_>, credits: u32) -> Result<(), End> {
        match desk.gate.take(desk.context, credits).await {
            Ok(Permit::Granted(granted)) if granted >= credits => Ok(()),
            Ok(_) => Err(End::NoPermit),
            Err(failure) => Err(End::Failed(failure)),
        }
    }

    fn ended(self, end: Option<End>) -> Vec<Sent> {
        let mut trouble = match end {
            Some(End::Trouble(trouble)) => Some((Provider::Zoho, trouble)),
            Some(End::Failed(failure)) => {
                tracing::error!(%failure, "a write could not ask for its permit");
                None
            }
            Some(End::NoPermit) | None => None,
        };
        let mut credits = self.credits;
        let sent = |entry: Entry| Sent {
            outcome: entry.outcome.unwrap_or(if entry.is_sent { Outcome::Unknown } else { Outcome::Later }),
            trouble: trouble.take(),
            extra_calls: std::mem::take(&mut credits),
        };
        self.entries.into_iter().map(sent).collect()
    }
}

fn done(entry: &Entry, written: Written) -> Outcome {
    Outcome::Written {
        id: written.id,
        created: entry.created,
        adopted: entry.is_adopted,
        // It was ours already, from an earlier link.
        found: entry.asked.known_id.is_none() && !entry.created && !entry.asked.is_doubtful,
        record: written.record,
        version: written.version,
        then: Vec::new(),
        also: Vec::new(),
        said: serde_json::Value::Null,
    }
}

/// The ids of a record's rows, under the key by which the body has its own.
fn rows_of(record: &Value, body: &Value) -> Vec<Value> {
    let key = body.as_object().into_iter().flatten().find(|(_, value)| value.is_array()).map(|(key, _)| key.as_str());
    let rows = key.and_then(|key| record[key].as_array());
    rows.into_iter().flatten().map(|row| row["id"].clone()).filter(|id| !id.is_null()).collect()
}

/// The body's rows in the places of those that are there; what is too many goes.
fn in_place(body: &mut Value, old: &[Value]) {
    let Some(rows) = body.as_object_mut().and_then(|body| body.values_mut().find_map(Value::as_array_mut)) else { return };
    for (row, id) in rows.iter_mut().zip(old) {
        row["id"] = id.clone();
    }
    let spare = old.iter().skip(rows.len());
    let gone: Vec<Value> = spare.map(|id| serde_json::json!({ "id": id, "_delete": null })).collect();
    rows.extend(gone);
}

fn without_rows(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.retain(|_, value| !value.is_array());
    }
    body
}

/// Whether a product writes so.
pub fn takes_many(desk: &Desk<'_>) -> bool {
    desk.client.rows_per_call() > 1 && matches!(desk.flow.zoho().unique, Unique::Field { .. })
}

/// What is said where an edition has no room for our fields.
pub fn no_fields(product: &str) -> String {
    format!(
        "This edition of {product} has no room for the custom field by which records are found again. Delete a custom field that nobody \
         needs, or change the edition; we look again every quarter of an hour."
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_take_the_places_of_those_that_are_there() {
        let record = json!({"id": "9", "Invoiced_Items": [{"id": "1", "Quantity": 1}, {"id": "2"}, {"id": "3"}], "Tag": []});
        let mut body = json!({"Subject": "INV-1", "Invoiced_Items": [{"Quantity": 5}]});
        let old = rows_of(&record, &body);
        in_place(&mut body, &old);
        assert_eq!(
            body["Invoiced_Items"],
            json!([{"Quantity": 5, "id": "1"}, {"id": "2", "_delete": null}, {"id": "3", "_delete": null}])
        );
        let mut longer = json!({"Invoiced_Items": [{}, {}]});
        in_place(&mut longer, &old[..1]);
        assert_eq!(longer["Invoiced_Items"], json!([{"id": "1"}, {}]));
        assert_eq!(without_rows(longer), json!({}));
        assert!(rows_of(&json!({}), &body).is_empty());
    }
}
