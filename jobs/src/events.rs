//! What partners are told of by themselves: a message for each of their endpoints that asked for such, written in the transaction of what
//! happened. Ids, states and counts; never a record.

pub mod courier;
pub mod signing;

use std::time::Duration;

use entities::chance::Chance;
use entities::clock::At;
use entities::database::sql;
use entities::ids::{EndpointId, LinkId, MessageId, TenantId};
use entities::sealed::{MasterKeys, SealTrouble};
use entities::{message, run};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::context::{Context, Failure};
use crate::queue::enqueue;
use crate::tasks::tell_partner::TellPartner;

/// Records are held by the page: they are told together.
const GATHERED_FOR: Duration = Duration::from_secs(60);
/// What an endpoint's secret is sealed for.
const SECRETS: &str = "cpconnect 2026 endpoint secret";

/// Why nothing was sent.
pub const OFF: &str = "The endpoint was off.";
/// Everything that a partner can be told of.
pub const NAMES: [&str; 4] = ["link.ready", "run.finished", "hold.opened", "connection.lost"];

/// Something that happened to a customer.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// Both accesses were allowed, and Zoho is prepared.
    LinkReady { link: LinkId },
    /// A run came to its end, or was ended.
    RunFinished { run: &'a run::Model, state: &'a str, clean: Option<bool> },
    /// Records could not be carried.
    HoldOpened { link: LinkId },
    /// Access was lost, or ended by a person.
    ConnectionLost { provider: &'a str, must_reconnect: bool },
}

impl Event<'_> {
    pub fn name(&self) -> &'static str {
        match self {
            Event::LinkReady { .. } => NAMES[0],
            Event::RunFinished { .. } => NAMES[1],
            Event::HoldOpened { .. } => NAMES[2],
            Event::ConnectionLost { .. } => NAMES[3],
        }
    }

    fn about(&self, tenant: TenantId) -> Uuid {
        match self {
            Event::LinkReady { link } | Event::HoldOpened { link } => link.0,
            Event::RunFinished { run, .. } => run.link_id.0,
            Event::ConnectionLost { .. } => tenant.0,
        }
    }

    /// What is told, where it is known already.
    fn data(&self, tenant: TenantId) -> Option<Value> {
        Some(match self {
            Event::LinkReady { link } => json!({ "tenantId": tenant, "linkId": link }),
            Event::RunFinished { run, state, clean } => json!({
                "tenantId": tenant, "linkId": run.link_id, "runId": run.id,
                "kind": kind_word(&run.kind), "state": state.to_uppercase(), "clean": clean,
            }),
            Event::HoldOpened { .. } => return None,
            Event::ConnectionLost { provider, must_reconnect } => {
                json!({ "tenantId": tenant, "provider": provider.to_uppercase(), "mustReconnect": must_reconnect })
            }
        })
    }
}

/// A run's kind, as the API calls it.
fn kind_word(kind: &str) -> String {
    if kind == "changes" { "SYNC".to_owned() } else { kind.to_uppercase() }
}

/// Writes down what each endpoint that wants to know is to be told, and sets the alarms: with whatever happened, or not at all.
pub async fn tell(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    event: Event<'_>,
    since: At,
) -> Result<(), Failure> {
    let text = "SELECT endpoint.id AS id, endpoint.state AS state, endpoint.events AS events FROM partner_tenant \
                JOIN endpoint ON endpoint.partner_id = partner_tenant.partner_id WHERE partner_tenant.tenant_id = $1 ORDER BY endpoint.id";
    let found = connection.query_all_raw(sql(connection.get_database_backend(), text, vec![tenant.0.into()])).await?;
    for row in found {
        let (id, state, events): (Uuid, String, String) =
            (row.try_get("", "id")?, row.try_get("", "state")?, row.try_get("", "events")?);
        if !events.split(' ').any(|wanted| wanted == event.name()) {
            continue;
        }
        write(connection, context, tenant, EndpointId(id), state == "on", &event, since).await?;
    }
    Ok(())
}

async fn write(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    endpoint: EndpointId,
    is_on: bool,
    event: &Event<'_>,
    since: At,
) -> Result<(), Failure> {
    let data = event.data(tenant);
    let due = if data.is_some() { since } else { since.plus(GATHERED_FOR) };
    // While it is off nothing is sent; what happened meanwhile can be asked for afterwards.
    let (state, error) = match (&data, is_on) {
        (None, _) => ("gathering", None),
        (Some(_), true) => ("waiting", None),
        (Some(_), false) => ("given_up", Some(OFF.to_owned())),
    };
    let id = MessageId::new(context.clock.as_ref(), context.chance.as_ref());
    let row = message::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        endpoint_id: Set(endpoint),
        event: Set(event.name().to_owned()),
        about: Set(event.about(tenant)),
        body: Set(data.map(|data| body(event.name(), since, data)).unwrap_or_default()),
        state: Set(state.to_owned()),
        attempts: Set(0),
        made_at: Set(since),
        begun_at: Set(due),
        due_at: Set(due),
        settled_at: Set(error.is_some().then_some(since)),
        status: Set(None),
        error: Set(error),
    };
    let made = message::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    if made > 0 && state != "given_up" {
        enqueue(connection, context.clock.as_ref(), &TellPartner { tenant, message: id }, due).await?;
    }
    Ok(())
}

/// A message as it is sent: the form of Standard Webhooks.
pub fn body(name: &str, at: At, data: Value) -> String {
    json!({ "type": name, "timestamp": at.to_rfc3339(), "data": data }).to_string()
}

/// Seals the secret of an endpoint.
pub fn seal_secret(keys: &MasterKeys, endpoint: EndpointId, secret: &[u8], chance: &dyn Chance) -> Vec<u8> {
    keys.seal(SECRETS, endpoint.0.as_bytes(), secret, chance)
}

/// Opens it.
pub fn open_secret(keys: &MasterKeys, endpoint: EndpointId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealTrouble> {
    keys.open(SECRETS, endpoint.0.as_bytes(), sealed)
}
