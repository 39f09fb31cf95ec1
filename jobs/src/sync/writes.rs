//! One record's write: the look whether it is there already, the call, what to do about a refusal, the comparison of the answer, to
//! the cent, and the calls that complete it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use connectors::flow::{Also, AnyFlow, Carry, Cure, File, Judgement, Known, Record, Unmappable};
use connectors::side::Trouble;
use connectors::xero;
use connectors::zoho::{Action, Broken, Client, Resource, Unique, Written};
use entities::database::sql;
use entities::ids::LaneId;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::buttons::Shown;
use super::meanwhile;
use super::shelf::Spared;
use super::slice::Provider;
use crate::context::{Context, Failure};
use crate::limits::{Gate, Permit};

/// Calls for one record at most: the write, a look-up, a rename, a mend, and one to spare.
const CALLS_MAX: u32 = 6;
/// Pages of a list in which one record is looked for. Where a list cannot be narrowed down, the newest come first.
const LOOK_PAGES_MAX: u32 = 50;

/// What a write needs to know; shared by all writes of a batch.
pub struct Desk<'a> {
    pub context: &'a Context,
    pub client: &'a Client,
    pub gate: &'a Gate,
    /// Where files are fetched from.
    pub xero: &'a xero::Client,
    pub xero_gate: &'a Gate,
    pub flow: &'static dyn AnyFlow,
    pub lane: LaneId,
    pub known: &'a Known,
    /// The api name of the field that bears our mark, for kinds that have one.
    pub field: Option<&'a str>,
    /// Zoho's ids of what this batch has written.
    pub written: &'a Mutex<Vec<String>>,
    /// Where a contact says how it is reached in Xero.
    pub shown: Option<&'a Shown>,
    /// Whether Zoho wants of an update what its documents require of one, noticed by the first that it refused.
    pub insists: &'a AtomicBool,
}

/// One write, as it ended.
pub struct Sent {
    pub outcome: Outcome,
    /// A trouble that concerns the whole turn, and whose it is.
    pub trouble: Option<(Provider, Trouble)>,
    /// Calls beyond the one that was permitted for it.
    pub extra_calls: i64,
}

/// What became of one record.
pub enum Outcome {
    Written {
        id: String,
        created: bool,
        adopted: bool,
        /// It was there before we had ever tried to write it.
        found: bool,
        record: Value,
        version: String,
        then: Vec<Action>,
        also: Vec<Also>,
        /// All that an update said of which both sides were looked at before.
        said: Value,
    },
    Held(Unmappable),
    /// Nothing was done; it keeps its turn.
    Later,
    /// It may have been done.
    Unknown,
}

/// What is known of an earlier write of a record that has no id yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// There was none.
    Never,
    /// One of this link's: its outcome is unknown.
    Doubtful,
    /// Perhaps one of an earlier link: Zoho has records that we made and know nothing of.
    Another,
}

/// Writes one record. The first call has its permit already.
pub async fn send(
    desk: &Desk<'_>,
    record: &dyn Record,
    carry: Carry,
    known_id: Option<&str>,
    before: Before,
    spared: Option<&Spared>,
) -> Sent {
    let is_new = known_id.is_none();
    let restates = desk.insists.load(Ordering::Relaxed);
    let mut writer =
        Writer { desk, record, calls: 0, adopt: None, is_new, before, spared, shown: desk.shown, restates, said: Value::Null };
    let written = writer.write(carry, known_id).await;
    let extra_calls = i64::from(writer.calls.saturating_sub(1));
    match written {
        Ok(outcome) => Sent { outcome, trouble: None, extra_calls },
        Err(End::Trouble(trouble)) => {
            let outcome = match &trouble {
                // The answer is missing, not necessarily the deed.
                Trouble::Unreachable(_) => Outcome::Unknown,
                // An earlier call of the same record may have been done: carried again, it is found by its unique field.
                _ if writer.calls > 1 => Outcome::Unknown,
                _ => Outcome::Later,
            };
            Sent { outcome, trouble: Some((Provider::Zoho, trouble)), extra_calls }
        }
        Err(End::Xero(trouble)) => {
            let outcome = match &trouble {
                // Counted as an attempt: a file that never comes must not keep the others from theirs.
                Trouble::Unreachable(_) => Outcome::Unknown,
                _ if writer.calls > 1 => Outcome::Unknown,
                _ => Outcome::Later,
            };
            Sent { outcome, trouble: Some((Provider::Xero, trouble)), extra_calls }
        }
        Err(End::Gone) => Sent { outcome: Outcome::Held(gone(record)), trouble: None, extra_calls },
        Err(End::NoPermit) => Sent { outcome: Outcome::Unknown, trouble: None, extra_calls },
        Err(End::Failed(failure)) => {
            tracing::error!(%failure, "a write could not ask for its permit");
            Sent { outcome: Outcome::Unknown, trouble: None, extra_calls }
        }
    }
}

enum End {
    Trouble(Trouble),
    /// A file could not be fetched.
    Xero(Trouble),
    /// A file is not in Xero any more.
    Gone,
    NoPermit,
    Failed(Failure),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        End::Trouble(trouble)
    }
}

struct Writer<'a> {
    desk: &'a Desk<'a>,
    record: &'a dyn Record,
    calls: u32,
    /// An existing Zoho record that is to become this one.
    adopt: Option<String>,
    /// It was never settled before, whether or not an earlier call of unknown outcome has created it.
    is_new: bool,
    before: Before,
    /// Both sides were looked at. It is changed by its id in Zoho then, whatever its unique field says: one that was made there may not
    /// bear our mark yet.
    spared: Option<&'a Spared>,
    /// Where it says how it is reached in Xero, until Zoho refuses that.
    shown: Option<&'a Shown>,
    /// What did not change is said again, as Zoho's documents have it.
    restates: bool,
    /// What was said of a spared record, all calls together.
    said: Value,
}

impl Writer<'_> {
    async fn write(&mut self, carry: Carry, known_id: Option<&str>) -> Result<Outcome, End> {
        let (flow, of) = (self.desk.flow, *self.desk.flow.zoho());
        let mut carry = carry;
        if self.restates {
            self.restate(&mut carry.body);
        }
        let mut first = None;
        let mut attempt = 0;
        let mut known_id = known_id.map(str::to_owned);
        if matches!(of.unique, Unique::Reference | Unique::Mark { .. })
            && (known_id.is_none() || carry.file.is_some())
            && self.before != Before::Never
            && let Some((id, row)) = self.look(&of).await?
        {
            // It is as we wrote it, or cannot be changed: an allocation is made once.
            let is_as_told = self.before == Before::Doubtful && of.unique == Unique::Reference && carry.at.is_none();
            if is_as_told || carry.at.is_some() {
                // What completes it is worked out from all of it: a list leaves out what people have added, the options of a tag.
                let row = match flow.further(self.record, self.desk.known, &row).is_empty() {
                    true => row,
                    false => {
                        self.permit().await?;
                        self.desk.client.get(&of, &id).await?
                    }
                };
                let version = row["last_modified_time"].as_str().unwrap_or_default().to_owned();
                return self.completed(carry, Written { id, created: true, record: row, version }).await;
            }
            known_id = Some(id);
        }
        loop {
            let target = self.adopt.clone().or_else(|| known_id.clone().filter(|_| !self.upserts(&of) || self.spared.is_some()));
            let answer = self.put(&of, &carry, target.as_deref()).await;
            let refusal = match answer {
                Ok(written) => {
                    // It was taken with what did not change, and not without.
                    self.desk.insists.fetch_or(first.is_some(), Ordering::Relaxed);
                    return self.judged(carry, written).await;
                }
                Err(End::Trouble(Trouble::Refused(refusal))) => refusal,
                Err(end) => return Err(end),
            };
            // Ask the flow what cures it, as often as it has an answer.
            loop {
                attempt += 1;
                if self.calls >= CALLS_MAX {
                    return Ok(Outcome::Held(unending(self.record)));
                }
                match flow.cure(self.record, self.desk.known, &refusal, attempt) {
                    // Somebody has removed the field since it was looked at. The record goes without it.
                    Cure::Hold(_) if self.shown.is_some_and(|shown| shown.is_refused(&refusal)) => {
                        self.shown = None;
                        break;
                    }
                    // Before it is given up it is said as the documents have it, once.
                    Cure::Hold(reason) if !self.restates && self.calls < CALLS_MAX && self.restate(&mut carry.body) => {
                        self.restates = true;
                        first = Some(reason);
                        break;
                    }
                    Cure::Hold(reason) => return Ok(Outcome::Held(first.unwrap_or(reason))),
                    Cure::Again(mut again) => {
                        self.spare(&mut again.body);
                        carry = again;
                        break;
                    }
                    Cure::Adopt { query } => {
                        self.permit().await?;
                        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
                        let mut rows = self.desk.client.list(&of, 1, &query).await?;
                        self.only_free(&of, &mut rows.rows).await?;
                        if let Some(id) = flow.find_in(self.record, &rows.rows) {
                            self.adopt = Some(id);
                            break;
                        }
                    }
                }
            }
        }
    }

    /// Looks for a record that may be there. The newest first, page by page, where no filter finds it.
    async fn look(&mut self, of: &Resource) -> Result<Option<(String, Value)>, End> {
        let (flow, known) = (self.desk.flow, self.desk.known);
        let look = flow.look(self.record, known);
        for page in 1..=LOOK_PAGES_MAX {
            self.permit().await?;
            let mut listed = match self.desk.client.look(of, &look, page).await {
                Ok(listed) => listed,
                // What it would be part of is not there any more: neither is it.
                Err(Trouble::Refused(_)) if look.path.is_some() => return Ok(None),
                Err(trouble) => return Err(trouble.into()),
            };
            self.only_free(of, &mut listed.rows).await?;
            let marked = |row: &Value| Some(row[of.id].as_str()?.to_owned()).filter(|_| self.is_marked(row));
            let found = listed.rows.iter().find_map(marked).or_else(|| flow.found(self.record, known, &listed.rows));
            if let Some(id) = found {
                let row = listed
                    .rows
                    .iter_mut()
                    .find(|row| row.as_object().is_some_and(|row| row.values().any(|value| *value == id.as_str())));
                return Ok(Some((id, row.map(Value::take).unwrap_or_default())));
            }
            if !listed.more {
                break;
            }
        }
        Ok(None)
    }

    /// Whether one call creates or updates.
    fn upserts(&self, of: &Resource) -> bool {
        self.desk.field.is_some() && matches!(of.unique, Unique::Field { .. })
    }

    /// Whether a row bears this record's mark.
    fn is_marked(&self, row: &Value) -> bool {
        self.desk.field.is_some_and(|field| row[field].as_str() == Some(self.record.id()))
    }

    /// Leaves out rows that are another record's: they bear its mark, or are known to be it.
    async fn only_free(&self, of: &Resource, rows: &mut Vec<Value>) -> Result<(), End> {
        if !matches!(of.unique, Unique::Mark { .. }) {
            return Ok(());
        }
        let bears_another = |row: &Value, field: &str| row[field].as_str().is_some_and(|mark| !mark.is_empty());
        rows.retain(|row| self.is_marked(row) || !self.desk.field.is_some_and(|field| bears_another(row, field)));
        // What a call of ours may have made bears our mark, where there is one; what does not is somebody's own.
        if self.before == Before::Doubtful && self.desk.field.is_some() {
            rows.retain(|row| self.is_marked(row));
        }
        let (database, mut taken) = (&self.desk.context.database, Vec::new());
        for row in rows.iter() {
            let Some(id) = row[of.id].as_str() else { continue };
            let text =
                "SELECT 1 AS one FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND zoho_id = $3 AND xero_id <> $4 LIMIT 1";
            let values = vec![self.desk.gate.tenant.0.into(), self.desk.lane.0.into(), id.into(), self.record.id().into()];
            let found = database.query_one_raw(sql(database.get_database_backend(), text, values)).await;
            if found.map_err(|error| End::Failed(error.into()))?.is_some() {
                taken.push(id.to_owned());
            }
        }
        // What was written a moment ago is settled with its batch.
        taken.extend(self.desk.written.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        rows.retain(|row| !taken.iter().any(|id| row[of.id] == id.as_str()));
        Ok(())
    }

    async fn put(&mut self, of: &Resource, carry: &Carry, id: Option<&str>) -> Result<Written, End> {
        self.permit().await?;
        if let Some(file) = &carry.file {
            return self.pass_on(carry, file).await;
        }
        let (client, at) = (self.desk.client, carry.at.as_deref());
        let mut carry = Cow::Borrowed(carry);
        if let Some(shown) = self.shown {
            add_field(&mut carry.to_mut().body, &shown.field, &shown.address(self.record.id()));
        }
        if let (Some(_), Some(_)) = (id, self.spared) {
            self.note(&carry.body);
        }
        Ok(match (id, self.desk.field) {
            (Some(id), Some(field)) => {
                add_field(&mut carry.to_mut().body, field, self.record.id());
                client.update(of, at, id, &carry.body).await?
            }
            (Some(id), None) => client.update(of, at, id, &carry.body).await?,
            (None, Some(field)) if self.upserts(of) => client.upsert(of, field, self.record.id(), &carry.body).await?,
            (None, Some(field)) => {
                add_field(&mut carry.to_mut().body, field, self.record.id());
                client.create(of, &carry).await?
            }
            (None, None) => client.create(of, &carry).await?,
        })
    }

    /// Passes a file on from Xero to Zoho, as it comes. The call to Xero was permitted with the batch.
    async fn pass_on(&mut self, carry: &Carry, file: &File) -> Result<Written, End> {
        let download = match self.desk.xero.download(&file.from, &file.type_in_xero).await {
            Ok(download) => download,
            Err(Trouble::Refused(_)) => return Err(End::Gone),
            Err(trouble) => return Err(End::Xero(trouble)),
        };
        self.desk.xero_gate.lower(self.desk.context, download.remaining).await.map_err(End::Failed)?;
        let bytes = download.bytes.unwrap_or(file.bytes);
        let at = carry.at.as_deref().unwrap_or_default();
        match self.desk.client.attach(at, &file.name, file.type_, bytes, download.body).await {
            Ok(written) if written.id.is_empty() => Ok(Written { id: carry.id.clone().unwrap_or_default(), ..written }),
            Ok(written) => Ok(written),
            Err(Broken::Source) => Err(End::Xero(Trouble::Unreachable("a file broke off".to_owned()))),
            Err(Broken::Zoho(trouble)) => Err(End::Trouble(trouble)),
        }
    }

    /// Leaves out of a body what did not change in Xero.
    fn spare(&self, body: &mut Value) {
        if let Some(spared) = self.spared {
            meanwhile::spare(self.desk.flow, &self.desk.known.rules, spared, body);
            if self.restates {
                self.restate(body);
            }
        }
    }

    /// Says again what did not change, as Zoho had it when we looked. Whether that added anything.
    fn restate(&self, body: &mut Value) -> bool {
        let (Some(back), Some(spared)) = (self.desk.flow.back(), self.spared) else { return false };
        let Some(body) = body.as_object_mut() else { return false };
        let Value::Object(mut insisted) = (back.insisted)(&spared.there) else { return false };
        insisted.retain(|key, _| !body.contains_key(key));
        let adds = !insisted.is_empty();
        body.extend(insisted);
        adds
    }

    /// Notes down what is said of a spared record.
    fn note(&mut self, body: &Value) {
        match (&mut self.said, body) {
            (Value::Object(said), Value::Object(body)) => said.extend(body.clone()),
            (said, body) => *said = body.clone(),
        }
    }

    /// Compares the answer with what was meant; one more write may make it equal.
    async fn judged(&mut self, carry: Carry, mut written: Written) -> Result<Outcome, End> {
        let (flow, of) = (self.desk.flow, *self.desk.flow.zoho());
        let created = written.created;
        let mut said = carry;
        let at = said.at.clone();
        while let Judgement::Mend(mut mend) = flow.judge(self.record, self.desk.known, &written.record) {
            self.spare(&mut mend.body);
            // The same words again would get the same answer.
            if self.calls >= CALLS_MAX || mend.body == said.body {
                said.then = mend.then;
                break;
            }
            self.permit().await?;
            let mut body = mend.body.clone();
            if let Some(field) = self.desk.field {
                add_field(&mut body, field, self.record.id());
            }
            if self.spared.is_some() {
                self.note(&body);
            }
            written = self.desk.client.update(&of, at.as_deref(), &written.id, &body).await?;
            said = mend;
        }
        written.created = created;
        said.at = at;
        self.completed(said, written).await
    }

    /// Makes the calls that belong to the write, and says what is still due.
    async fn completed(&mut self, said: Carry, written: Written) -> Result<Outcome, End> {
        let (flow, of) = (self.desk.flow, *self.desk.flow.zoho());
        let mut answers = Vec::new();
        for further in flow.further(self.record, self.desk.known, &written.record) {
            self.permit().await?;
            match self.desk.client.further(&of, said.at.as_deref(), &written.id, &further).await {
                Ok(answer) => answers.push(answer),
                Err(Trouble::Refused(refusal)) => {
                    return Ok(Outcome::Held(match flow.cure(self.record, self.desk.known, &refusal, CALLS_MAX) {
                        Cure::Hold(reason) => reason,
                        Cure::Again(_) | Cure::Adopt { .. } => unending(self.record),
                    }));
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        self.desk.written.lock().unwrap_or_else(PoisonError::into_inner).push(written.id.clone());
        let also = flow.also(self.record, &written.record, &answers);
        let wanted = |action: &Action| action.is_needed(&written.record) && (self.is_new || !action.is_once());
        let then = said.then.into_iter().filter(wanted).collect();
        Ok(Outcome::Written {
            id: written.id,
            created: written.created && self.adopt.is_none(),
            adopted: self.adopt.is_some(),
            found: !written.created && self.is_new && self.before != Before::Doubtful,
            also,
            said: std::mem::take(&mut self.said),
            record: written.record,
            version: written.version,
            then,
        })
    }

    /// The first call was permitted with the batch; every further one asks, and waits a little.
    async fn permit(&mut self) -> Result<(), End> {
        self.calls += 1;
        if self.calls == 1 {
            return Ok(());
        }
        match self.desk.gate.take_soon(self.desk.context).await {
            Ok(Permit::Granted(_)) => Ok(()),
            Ok(Permit::NotBefore { .. }) => {
                self.calls -= 1;
                Err(End::NoPermit)
            }
            Err(failure) => Err(End::Failed(failure)),
        }
    }
}

fn add_field(body: &mut Value, api_name: &str, value: &str) {
    let Some(fields) = body.as_object_mut().map(|body| body.entry("custom_fields").or_insert_with(|| Value::Array(Vec::new())))
    else {
        return;
    };
    if let Some(fields) = fields.as_array_mut() {
        fields.retain(|field| field["api_name"] != api_name);
        fields.push(serde_json::json!({ "api_name": api_name, "value": value }));
    }
}

fn gone(record: &dyn Record) -> Unmappable {
    Unmappable { code: "GONE_FROM_XERO", sentence: format!("{} can no longer be found in Xero.", record.label()), expected: true }
}

pub fn unending(record: &dyn Record) -> Unmappable {
    Unmappable {
        code: "PROVIDER_REFUSES",
        sentence: format!(
            "{} was refused by Zoho several times for different reasons. Ask CloudPerfect to look at it.",
            record.label()
        ),
        expected: false,
    }
}
