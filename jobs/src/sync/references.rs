//! People's word on accounts, taxes and currencies: what of Zoho stands for them, or that they may be created.

use std::collections::{BTreeSet, HashMap};

use connectors::flow::{Record, Unmappable};
use connectors::zoho::Unique;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, TenantId};
use entities::{lane, reference};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::slice::{Halt, Lane, Slice};
use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};

/// By Xero's id: the one in Zoho, or none where it may be created.
pub type Chosen = HashMap<String, Option<String>>;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This one in Zoho.
    Is(String),
    /// It may be created in Zoho.
    Create,
    /// As the proposal has it.
    Forget,
}

/// What became of the wish to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// So many decisions stand.
    Yes(u64),
    /// Records of this kind are not mapped by people.
    NotMapped(String),
}

/// Keeps decisions: flow, Xero's id, and what was decided. All or none.
pub async fn decide(
    context: &Context,
    tenant: TenantId,
    link: LinkId,
    decisions: &[(String, String, Decision)],
    by: &Author,
) -> Result<Decided, Failure> {
    let transaction = begin_write(&context.database).await?;
    let lanes = lane::Entity::of(tenant).filter(lane::Column::LinkId.eq(link)).all(&transaction).await?;
    for (flow, xero_id, decision) in decisions {
        let known = connectors::flows::flow(flow).filter(|flow| flow.zoho().unique == Unique::Search);
        let Some(lane) = lanes.iter().find(|lane| lane.flow == *flow).filter(|_| known.is_some()) else {
            return Ok(Decided::NotMapped(flow.clone()));
        };
        let zoho_id = match decision {
            Decision::Is(zoho_id) => Some(zoho_id.clone()),
            Decision::Create => None,
            Decision::Forget => {
                reference::Entity::delete_many()
                    .filter(reference::Column::TenantId.eq(tenant))
                    .filter(reference::Column::LaneId.eq(lane.id))
                    .filter(reference::Column::XeroId.eq(xero_id.as_str()))
                    .exec(&transaction)
                    .await?;
                again(&transaction, tenant, lane, xero_id).await?;
                continue;
            }
        };
        let row = reference::ActiveModel {
            tenant_id: Set(tenant),
            lane_id: Set(lane.id),
            xero_id: Set(xero_id.clone()),
            zoho_id: Set(zoho_id),
            set_by: Set(by.who().to_owned()),
            set_at: Set(context.now()),
        };
        let key = [reference::Column::TenantId, reference::Column::LaneId, reference::Column::XeroId];
        let values = [reference::Column::ZohoId, reference::Column::SetBy, reference::Column::SetAt];
        reference::Entity::insert(row)
            .on_conflict(OnConflict::columns(key).update_columns(values).to_owned())
            .exec_without_returning(&transaction)
            .await?;
        again(&transaction, tenant, lane, xero_id).await?;
    }
    if !decisions.is_empty() {
        let flows: BTreeSet<&str> = decisions.iter().map(|(flow, ..)| flow.as_str()).collect();
        let detail = format!("{} {}", decisions.len(), Vec::from_iter(flows).join(","));
        note(&transaction, context, tenant, by, Deed::done("references.set", format!("link:{link}"), detail)).await?;
    }
    transaction.commit().await?;
    Ok(Decided::Yes(decisions.len() as u64))
}

/// A record that was mapped or held before is mapped anew by the next run. What was carried with the old one stays as it is, and the
/// old one itself is the customer's own: the pair forgets it, so that nothing is ever written to it.
async fn again(transaction: &impl ConnectionTrait, tenant: TenantId, lane: &lane::Model, xero_id: &str) -> Result<(), Failure> {
    let text = "UPDATE pair SET state = 'ready', need = NULL, zoho_id = NULL, origin = NULL, prints = NULL \
                WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND (origin IS NULL OR origin = 'adopted')";
    let values = vec![tenant.0.into(), lane.id.0.into(), xero_id.to_owned().into()];
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    Ok(())
}

/// What was decided about these records.
pub async fn chosen(slice: &Slice, lane: Lane, ids: impl Iterator<Item = &str>) -> Result<Chosen, Halt> {
    let ids: Vec<&str> = ids.collect();
    let rows = reference::Entity::of(slice.tenant)
        .filter(reference::Column::LaneId.eq(lane.id))
        .filter(reference::Column::XeroId.is_in(ids))
        .all(&slice.context.database)
        .await?;
    Ok(rows.into_iter().map(|row| (row.xero_id, row.zoho_id)).collect())
}

/// The one that was chosen is not in Zoho.
pub fn gone(record: &dyn Record) -> Unmappable {
    Unmappable {
        code: "CHOICE_GONE",
        sentence: format!(
            "{} was to be a record of Zoho Books that is not there any more. Choose another one, or take the choice back.",
            record.label()
        ),
        expected: false,
    }
}
