//! A tenant as one JSON document: its settings, its rules opened, and its whole audit log. What is sealed for tokens stays sealed.

use entities::clock::At;
use entities::{audit_entry, connection, lane, link, reference, tenant};
use jobs::context::{Context, Failure};
use jobs::rules;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::{checklist, onboarding};

/// Everything that is kept about a tenant and means something to people.
pub async fn document(context: &Context, tenant: &tenant::Model) -> Result<Value, Failure> {
    let database = &context.database;
    let connections = connection::Entity::of(tenant.id).order_by_asc(connection::Column::Id).all(database).await?;
    let connections = connections.iter().map(|one| {
        json!({
            "id": one.id, "provider": one.provider, "organisationId": one.organisation_id, "name": one.name,
            "currency": one.currency, "country": one.country, "state": one.state, "connectedAt": one.connected_at.to_rfc3339(),
        })
    });
    let mut links = Vec::new();
    for one in link::Entity::of(tenant.id).order_by_asc(link::Column::Id).all(database).await? {
        links.push(of_link(context, &one).await?);
    }
    let steps = checklist::of(database, tenant.id).await?;
    let steps =
        steps.iter().map(|step| json!({ "title": step.item.title(), "done": step.done, "at": step.at.map(At::to_rfc3339) }));
    let log = audit_entry::Entity::of(tenant.id).order_by_asc(audit_entry::Column::Seq).all(database).await?;
    let log = log.iter().map(|entry| {
        json!({
            "seq": entry.seq, "at": entry.at.to_rfc3339(), "who": entry.who, "source": entry.source, "act": entry.act,
            "target": entry.target, "outcome": entry.outcome, "detail": entry.detail, "prev": hex(&entry.prev), "hash": hex(&entry.hash),
        })
    });
    Ok(json!({
        "tenant": {
            "id": tenant.id, "name": tenant.name, "contactEmail": tenant.contact_email, "region": tenant.region,
            "products": onboarding::products(tenant), "createdAt": tenant.created_at.to_rfc3339(),
        },
        "connections": Vec::from_iter(connections),
        "links": links,
        "checklist": Vec::from_iter(steps),
        "auditLog": Vec::from_iter(log),
    }))
}

async fn of_link(context: &Context, link: &link::Model) -> Result<Value, Failure> {
    let found = rules::found(context, link.tenant_id, link.id).await?;
    let as_json = |error: serde_json::Error| Failure::Bug(format!("settings as JSON: {error}"));
    let scope: Option<Value> = link.scope.as_deref().map(serde_json::from_str).transpose().map_err(as_json)?;
    let lanes = lane::Entity::of(link.tenant_id).filter(lane::Column::LinkId.eq(link.id)).all(&context.database).await?;
    let chosen = reference::Entity::of(link.tenant_id)
        .filter(reference::Column::LaneId.is_in(lanes.iter().map(|lane| lane.id)))
        .all(&context.database)
        .await?;
    let chosen = chosen.iter().map(|one| {
        let flow = lanes.iter().find(|lane| lane.id == one.lane_id).map(|lane| lane.flow.as_str());
        json!({ "flow": flow, "xeroId": one.xero_id, "zohoId": one.zoho_id, "setBy": one.set_by, "setAt": one.set_at.to_rfc3339() })
    });
    Ok(json!({
        "id": link.id, "product": link.product, "state": link.state, "scope": scope, "createMissing": link.create_missing,
        "syncEveryMinutes": link.sync_every_minutes, "oneWay": link.one_way, "onConflict": link.on_conflict,
        "defaultAccount": link.default_account, "createItems": link.creates_items,
        "trackingRules": serde_json::to_value(&found.tracking).map_err(as_json)?,
        "fieldRules": serde_json::to_value(&found.fields).map_err(as_json)?,
        "references": Vec::from_iter(chosen),
    }))
}

/// Bytes as people compare them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
