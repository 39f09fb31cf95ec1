//! Zoho CRM behind the consent of the books: rules look at the deals that documents were made out of.

use std::sync::Arc;
use std::time::Duration;

use connectors::flow::Known;
use connectors::rules::deal;
use connectors::side::{Refusal, Trouble};
use connectors::zoho;
use entities::{connection, link};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::Value;

use crate::context::{Context, Failure};
use crate::limits::{Gate, Permit};
use crate::sync::slice::{Halt, Lane, Provider, Reach, Slice};
use crate::visit::{Away, Visit};

/// The books wait so long for CRM. What must wait longer is held, and the rest goes.
const SOON: Duration = Duration::from_secs(15 * 60);

/// CRM's organisation, asked at its own gate: it counts credits, and not with the books.
pub struct Crm {
    client: zoho::Client,
    gate: Gate,
}

impl Crm {
    /// The CRM that the customer has linked by the consent that reaches these books. Of several nobody knows whose deals they name.
    pub async fn behind(context: &Context, books: &Reach<zoho::Client>) -> Result<Option<Self>, Failure> {
        let tenant = books.connection.tenant_id;
        let links = link::Entity::of(tenant)
            .filter(link::Column::Product.eq(zoho::CRM.key))
            .filter(link::Column::State.ne("resting"))
            .all(&context.database)
            .await?;
        let found = connection::Entity::of(tenant)
            .filter(connection::Column::Id.is_in(links.iter().map(|link| link.zoho_connection_id)))
            .filter(connection::Column::GrantId.eq(books.connection.grant_id))
            .filter(connection::Column::State.eq("live"))
            .order_by_asc(connection::Column::Id)
            .all(&context.database)
            .await?;
        let [connection] = found.as_slice() else { return Ok(None) };
        Ok(Some(Self {
            client: books.client.through(&zoho::CRM, &connection.organisation_id),
            gate: Gate {
                tenant,
                key: format!("zoho:{}", connection.organisation_id),
                limits: context.providers.limits.zoho.of_crm(&connection.plan),
            },
        }))
    }

    /// Fields of deals. `None`: CRM does not tell them.
    pub async fn fields(&self, visit: &Visit) -> Result<Option<Vec<zoho::FieldInfo>>, Away> {
        self.asked(visit, self.client.deal_fields()).await
    }

    /// What the newest deals say in these fields.
    pub async fn newest(&self, visit: &Visit, fields: &[&str]) -> Result<Vec<Value>, Away> {
        Ok(self.asked(visit, self.client.newest_deals(fields)).await?.unwrap_or_default())
    }

    /// One deal: `Null` where it is not there any more. `None`: CRM does not tell it.
    pub async fn deal(&self, visit: &Visit, id: &str, fields: &[&str]) -> Result<Option<Value>, Away> {
        let found = self.asked(visit, self.client.deals(&[id], fields)).await?;
        Ok(found.map(|mut found| found.remove(id).unwrap_or_default()))
    }

    async fn asked<T>(&self, visit: &Visit, call: impl Future<Output = Result<T, Trouble>>) -> Result<Option<T>, Away> {
        let context = &visit.context;
        if let Permit::NotBefore { at, .. } = self.gate.take_soon(context).await? {
            return Err(Away::Busy(at.since(context.now())));
        }
        match call.await {
            Ok(answer) => Ok(Some(answer)),
            Err(Trouble::Refused(_) | Trouble::Forbidden(_)) => Ok(None),
            Err(Trouble::Busy { limit, after }) => {
                self.gate.pause(context, limit, after).await?;
                Err(Away::Busy(after))
            }
            Err(trouble) => Err(visit.trouble(Provider::Zoho, trouble).await),
        }
    }
}

/// Teaches a mapping the deals of these records, with these fields: a hundred a call. What CRM does not tell is left out, and its documents
/// are held.
pub async fn learn(slice: &mut Slice, lane: Lane, records: &[&Value], fields: &[&str], known: &mut Known) -> Result<(), Halt> {
    let mut ids: Vec<&str> = records.iter().filter_map(|record| deal(record)).filter(|id| known.deal(id).is_none()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let Some(crm) = Crm::behind(&slice.context, &slice.zoho).await? else { return Ok(()) };
    for ids in ids.chunks(zoho::crm::DEALS_MAX) {
        match crm.gate.take_soon(&slice.context).await? {
            Permit::Granted(_) => {}
            Permit::NotBefore { at, limit } if at.since(slice.context.now()) < SOON => {
                return Err(Halt::NotBefore { at, provider: Provider::Zoho, limit });
            }
            // CRM's day is over, and the books' is not.
            Permit::NotBefore { .. } => return Ok(()),
        }
        slice.count(Provider::Zoho, Some(lane.id), 1);
        match crm.client.deals(ids, fields).await {
            Ok(mut found) => {
                ids.iter().for_each(|id| known.learn_deal(*id, Arc::new(found.remove(*id).unwrap_or_default())));
            }
            Err(trouble) => untold(slice, &crm, trouble).await?,
        }
    }
    Ok(())
}

async fn untold(slice: &Slice, crm: &Crm, trouble: Trouble) -> Result<(), Halt> {
    let why = match trouble {
        Trouble::Refused(Refusal { status, code, .. }) => format!("HTTP {status}, {code}"),
        Trouble::Forbidden(why) => why,
        // The books are read with the same token: whether that is over is found out there.
        Trouble::Unauthorised => "the token is not taken".to_owned(),
        Trouble::Busy { limit, after } => {
            let at = crm.gate.pause(&slice.context, limit, after).await?;
            match after < SOON {
                true => return Err(Halt::NotBefore { at, provider: Provider::Zoho, limit }),
                false => "a limit is used up".to_owned(),
            }
        }
        trouble => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    tracing::warn!(tenant.id = %slice.tenant, link.id = %slice.link.id, why, "CRM does not tell of deals");
    Ok(())
}
