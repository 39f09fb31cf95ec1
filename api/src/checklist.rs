//! How far a customer has come, from the letter to the reconciled books. Read from what is there; nothing is ticked by hand.

use entities::clock::At;
use entities::ids::TenantId;
use entities::{connection, grant, letter, link, run};
use sea_orm::{ColumnTrait, DatabaseConnection, DbErr, QueryFilter, QueryOrder, QuerySelect};

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub item: Item,
    pub done: bool,
    /// When, where that is known.
    pub at: Option<At>,
}

/// What there is to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    LetterSent,
    XeroAllowed,
    ZohoAllowed,
    FieldsProvisioned,
    MigrationRun,
    Reconciled,
}

impl Item {
    pub fn title(self) -> &'static str {
        match self {
            Self::LetterSent => "Invitation sent",
            Self::XeroAllowed => "Access to Xero allowed",
            Self::ZohoAllowed => "Access to Zoho allowed",
            Self::FieldsProvisioned => "Zoho prepared",
            Self::MigrationRun => "Data migrated",
            Self::Reconciled => "Books reconciled to the cent",
        }
    }
}

/// The whole list.
pub async fn of(database: &DatabaseConnection, tenant: TenantId) -> Result<Vec<Step>, DbErr> {
    let sent = letter::Entity::of(tenant)
        .filter(letter::Column::Kind.eq("consent"))
        .filter(letter::Column::State.eq("sent"))
        .order_by_asc(letter::Column::SentAt)
        .one(database)
        .await?;
    let migrated = ended(tenant).filter(run::Column::Kind.eq("migration")).one(database).await?;
    let reconciled = ended(tenant).filter(run::Column::Clean.is_not_null()).one(database).await?;
    // A link that rests was ready before.
    let provisioned = link::Entity::of(tenant).filter(link::Column::State.ne("provisioning")).one(database).await?.is_some();
    let clean = reconciled.filter(|run| run.clean == Some(true));
    Ok(vec![
        step(Item::LetterSent, sent.map(|letter| letter.sent_at)),
        step(Item::XeroAllowed, allowed(database, tenant, "xero").await?.map(Some)),
        step(Item::ZohoAllowed, allowed(database, tenant, "zoho").await?.map(Some)),
        step(Item::FieldsProvisioned, provisioned.then_some(None)),
        step(Item::MigrationRun, migrated.map(|run| run.ended_at)),
        step(Item::Reconciled, clean.map(|run| run.ended_at)),
    ])
}

fn step(item: Item, done: Option<Option<At>>) -> Step {
    Step { item, done: done.is_some(), at: done.flatten() }
}

/// Runs that came to their end, the last first.
fn ended(tenant: TenantId) -> sea_orm::Select<run::Entity> {
    run::Entity::of(tenant).filter(run::Column::State.eq("done")).order_by_desc(run::Column::EndedAt).limit(1)
}

/// Since when the provider lets us in; nothing where the connection is gone or must be authorised again.
async fn allowed(database: &DatabaseConnection, tenant: TenantId, provider: &str) -> Result<Option<At>, DbErr> {
    let connections = connection::Entity::of(tenant)
        .filter(connection::Column::Provider.eq(provider))
        .filter(connection::Column::State.eq("live"))
        .order_by_asc(connection::Column::ConnectedAt)
        .all(database)
        .await?;
    for connection in connections {
        let grant = grant::Entity::of(tenant)
            .filter(grant::Column::Id.eq(connection.grant_id))
            .filter(grant::Column::State.eq("live"))
            .one(database)
            .await?;
        if grant.is_some() {
            return Ok(Some(connection.connected_at));
        }
    }
    Ok(None)
}
