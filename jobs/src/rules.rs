//! Rules as they are kept: looked through before, sealed, in their order. What is wrong with them is told, and then nothing is kept.

mod deals;
pub mod discover;
mod look;
mod make;
pub mod ready;
pub mod trial;

use connectors::rules::checks::{Problem, check_fields, check_tracking};
use connectors::rules::{FieldRule, Rules, TrackingRule};
use entities::database::begin_write;
use entities::ids::{LinkId, RuleId, TenantId};
use entities::sealed::{Place, TenantKey};
use entities::{link, rule};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::holds;
use crate::visit::{Away, Visit};

const TRACKING: &str = "tracking";
const FIELD: &str = "field";
/// What records are held with that a rule has an objection to.
const HELD_FOR: [&str; 9] = [
    "DEAL_NOT_READ",
    "FIELD_VALUE",
    "FIELD_TOO_LONG",
    "TRACKING_GONE",
    "TRACKING_SEVERAL",
    "TRACKING_NO_OPTION",
    "TRACKING_ARCHIVED",
    "TRACKING_NAME_TOO_LONG",
    "TRACKING_FULL",
];

/// What became of a wish to set rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Whether they are kept.
    pub stands: bool,
    pub problems: Vec<Problem>,
    /// Records that were held for a rule, and are tried again.
    pub retried: u64,
}

/// A link's rules.
pub async fn of(connection: &impl ConnectionTrait, tenant: TenantId, link: LinkId, key: &TenantKey) -> Result<Rules, Failure> {
    let rows = rule::Entity::of(tenant)
        .filter(rule::Column::LinkId.eq(link))
        .order_by_asc(rule::Column::Position)
        .all(connection)
        .await?;
    let mut rules = Rules::default();
    for row in rows {
        let body = key.open_text(place(row.id), &row.body)?;
        match row.kind.as_str() {
            TRACKING => rules.tracking.push(read(&body)?),
            _ => rules.fields.push(read(&body)?),
        }
    }
    Ok(rules)
}

/// The same, for who has no key at hand.
pub async fn found(context: &Context, tenant: TenantId, link: LinkId) -> Result<Rules, Failure> {
    of(&context.database, tenant, link, &context.tenant_key(tenant).await?).await
}

/// Sets the rules for tracking, all of them anew. `accept`: values without an option are held when they come, and that is what is wanted.
pub async fn set_tracking(
    context: &Context,
    link: &link::Model,
    rules: Vec<TrackingRule>,
    accept: bool,
    by: &Author,
) -> Result<Told, Away> {
    let visit = Visit::begin(context, link.clone()).await?;
    let looked = look::tracking(&visit, &rules).await;
    visit.end().await?;
    let (there, values) = looked?;
    let mut problems = check_tracking(&rules, &values, &there);
    for problem in problems.iter_mut().filter(|one| accept && one.code == "NO_OPTION" && one.path.ends_with(".source")) {
        problem.blocks = false;
    }
    let stands = !problems.iter().any(|problem| problem.blocks);
    let retried = if stands { keep(context, link, TRACKING, &rules, by).await? } else { 0 };
    Ok(Told { stands, problems, retried })
}

/// Sets the rules for custom fields, all of them anew. Fields and choices that are to be made are made first; they stay in Zoho whatever
/// becomes of the rules later.
pub async fn set_fields(context: &Context, link: &link::Model, rules: Vec<FieldRule>, by: &Author) -> Result<Told, Away> {
    let visit = Visit::begin(context, link.clone()).await?;
    let checked = checked(&visit, &rules).await;
    visit.end().await?;
    let (rules, problems) = checked?;
    let stands = !problems.iter().any(|problem| problem.blocks);
    let retried = if stands { keep(context, link, FIELD, &rules, by).await? } else { 0 };
    Ok(Told { stands, problems, retried })
}

async fn checked(visit: &Visit, rules: &[FieldRule]) -> Result<(Vec<FieldRule>, Vec<Problem>), Away> {
    let there = look::fields(visit, rules).await?;
    let (mut kept, mut problems) = check_fields(rules, &there);
    if !problems.iter().any(|problem| problem.blocks) {
        problems.extend(make::missing(visit, &mut kept, &there).await?);
    }
    Ok((kept, problems))
}

/// Keeps the rules of one kind in the place of those that were there. What was held for a rule is tried again: gives how many.
async fn keep<R: Serialize>(context: &Context, link: &link::Model, kind: &str, rules: &[R], by: &Author) -> Result<u64, Failure> {
    let key = context.tenant_key(link.tenant_id).await?;
    let transaction = begin_write(&context.database).await?;
    rule::Entity::delete_many()
        .filter(rule::Column::TenantId.eq(link.tenant_id))
        .filter(rule::Column::LinkId.eq(link.id))
        .filter(rule::Column::Kind.eq(kind))
        .exec(&transaction)
        .await?;
    for (position, one) in rules.iter().enumerate() {
        let id = RuleId::new(context.clock.as_ref(), context.chance.as_ref());
        let body = serde_json::to_vec(one).map_err(|error| Failure::Bug(format!("a rule as JSON: {error}")))?;
        rule::ActiveModel {
            tenant_id: Set(link.tenant_id),
            id: Set(id),
            link_id: Set(link.id),
            kind: Set(kind.to_owned()),
            position: Set(position as i32),
            body: Set(key.seal(place(id), &body, context.chance.as_ref())),
            set_by: Set(by.who().to_owned()),
            set_at: Set(context.now()),
        }
        .insert(&transaction)
        .await?;
    }
    let deed = Deed::done("rules.set", format!("link:{}", link.id), format!("{kind} {}", rules.len()));
    note(&transaction, context, link.tenant_id, by, deed).await?;
    transaction.commit().await?;
    tracing::info!(tenant.id = %link.tenant_id, link.id = %link.id, kind, rules = rules.len(), "rules were set");
    let codes = HELD_FOR.map(str::to_owned);
    holds::retry(context, link.tenant_id, link.id, Some(&codes), by).await
}

fn place(id: RuleId) -> Place<'static> {
    Place { table: "rule", column: "body", row: id.0 }
}

fn read<R: DeserializeOwned>(body: &str) -> Result<R, Failure> {
    serde_json::from_str(body).map_err(|error| Failure::Bug(format!("a stored rule: {error}")))
}
