//! One record's write: the call, what to do about a refusal, and the comparison of the answer, to the cent.

use connectors::flow::{AnyFlow, Carry, Cure, Judgement, Known, Record, Unmappable};
use connectors::side::Trouble;
use connectors::zoho::{Action, Client, Resource, Unique, Written};
use serde_json::Value;

use crate::context::{Context, Failure};
use crate::limits::{Gate, Permit};

/// Calls for one record at most: the write, a look-up, a rename, a mend, and one to spare.
const CALLS_MAX: u32 = 6;

/// What a write needs to know; shared by all writes of a batch.
pub struct Desk<'a> {
    pub context: &'a Context,
    pub client: &'a Client,
    pub gate: &'a Gate,
    pub flow: &'static dyn AnyFlow,
    pub known: &'a Known,
    /// The unique field's api name, for kinds that have one.
    pub field: Option<&'a str>,
}

/// One write, as it ended.
pub struct Sent {
    pub outcome: Outcome,
    /// A trouble that concerns the whole turn.
    pub trouble: Option<Trouble>,
    /// Calls beyond the one that was permitted for it.
    pub extra_calls: i64,
}

/// What became of one record.
pub enum Outcome {
    Written {
        id: String,
        created: bool,
        adopted: bool,
        record: Value,
        version: String,
        then: Vec<Action>,
    },
    Held(Unmappable),
    /// Nothing was done; it keeps its turn.
    Later,
    /// It may have been done.
    Unknown,
}

/// Writes one record. The first call has its permit already.
pub async fn send(desk: &Desk<'_>, record: &dyn Record, carry: Carry, known_id: Option<&str>) -> Sent {
    let mut writer = Writer { desk, record, calls: 0, adopt: None, is_new: known_id.is_none() };
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
            Sent { outcome, trouble: Some(trouble), extra_calls }
        }
        Err(End::NoPermit) => Sent { outcome: Outcome::Unknown, trouble: None, extra_calls },
        Err(End::Failed(failure)) => {
            tracing::error!(%failure, "a write could not ask for its permit");
            Sent { outcome: Outcome::Unknown, trouble: None, extra_calls }
        }
    }
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

struct Writer<'a> {
    desk: &'a Desk<'a>,
    record: &'a dyn Record,
    calls: u32,
    /// An existing Zoho record that is to become this one.
    adopt: Option<String>,
    /// It was never settled before, whether or not an earlier call of unknown outcome has created it.
    is_new: bool,
}

impl Writer<'_> {
    async fn write(&mut self, carry: Carry, known_id: Option<&str>) -> Result<Outcome, End> {
        let (flow, of) = (self.desk.flow, *self.desk.flow.zoho());
        let mut carry = carry;
        let mut attempt = 0;
        loop {
            let target = self.adopt.clone().or_else(|| known_id.filter(|_| of.unique == Unique::Search).map(str::to_owned));
            let answer = self.put(&of, &carry, target.as_deref()).await;
            let refusal = match answer {
                Ok(written) => return self.judged(carry, written).await,
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
                    Cure::Hold(reason) => return Ok(Outcome::Held(reason)),
                    Cure::Again(again) => {
                        carry = again;
                        break;
                    }
                    Cure::Adopt { query } => {
                        self.permit().await?;
                        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
                        let rows = self.desk.client.list(&of, 1, &query).await?;
                        if let Some(id) = flow.find_in(self.record, &rows.rows) {
                            self.adopt = Some(id);
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn put(&mut self, of: &Resource, carry: &Carry, id: Option<&str>) -> Result<Written, End> {
        self.permit().await?;
        let client = self.desk.client;
        Ok(match (id, self.desk.field) {
            (Some(id), Some(field)) => {
                let mut body = carry.body.clone();
                add_field(&mut body, field, self.record.id());
                client.update(of, id, &body).await?
            }
            (Some(id), None) => client.update(of, id, &carry.body).await?,
            (None, Some(field)) => client.upsert(of, field, self.record.id(), &carry.body).await?,
            (None, None) => client.create(of, &carry.body).await?,
        })
    }

    /// Compares the answer with what was meant; one more write may make it equal.
    async fn judged(&mut self, carry: Carry, mut written: Written) -> Result<Outcome, End> {
        let (flow, of) = (self.desk.flow, *self.desk.flow.zoho());
        let created = written.created;
        let mut said = carry;
        while let Judgement::Mend(mend) = flow.judge(self.record, self.desk.known, &written.record) {
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
            written = self.desk.client.update(&of, &written.id, &body).await?;
            said = mend;
        }
        let wanted = |action: &Action| action.is_needed(&written.record) && (self.is_new || !action.is_once());
        let then = said.then.into_iter().filter(wanted).collect();
        Ok(Outcome::Written {
            id: written.id,
            created: created && self.adopt.is_none(),
            adopted: self.adopt.is_some(),
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

fn unending(record: &dyn Record) -> Unmappable {
    Unmappable {
        code: "PROVIDER_REFUSES",
        sentence: format!(
            "{} was refused by Zoho several times for different reasons. Ask CloudPerfect to look at it.",
            record.label()
        ),
        expected: false,
    }
}
