//! How a link is kept in step by itself, and the wishes for it.

use async_graphql::{Context, ID, MaybeUndefined, Object, SimpleObject};
use entities::link;
use jobs::in_step;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter};

use super::find;
use super::links::Link;
use super::words::WebhooksState;
use crate::error::Error;

/// A sync that comes once a week or less often keeps nothing in step.
const EVERY_MINUTES_MAX: i32 = 7 * 24 * 60;

/// How a link is kept in step, once a migration of it is done.
#[derive(SimpleObject)]
pub struct InStep {
    /// Minutes between two syncs that nobody asks for; 0: none. More than was wished where syncs would use up more than half of a day's calls.
    every_minutes: u32,
    /// What was wished for this link; nothing: as the installation has it.
    wished_minutes: Option<i32>,
    /// Calls to Xero of a sync that finds nothing, as far as the last ones tell.
    xero_calls: Option<i64>,
    zoho_calls: Option<i64>,
    /// Whether Zoho tells us of changes at once.
    webhooks: Webhooks,
}

/// The webhooks that we make in Zoho. Without them changes are found by looking.
#[derive(SimpleObject)]
pub struct Webhooks {
    state: WebhooksState,
    /// Why there are none.
    sentence: Option<String>,
}

impl InStep {
    pub async fn of(context: &Context<'_>, row: &link::Model) -> Result<Self, Error> {
        let state = find::state(context)?;
        let pace = in_step::pace(state, row).await?;
        let made = entities::webhook::Entity::of(row.tenant_id)
            .filter(entities::webhook::Column::LinkId.eq(row.id))
            .one(&state.database)
            .await?;
        let webhooks = match made {
            Some(made) => Webhooks { state: WebhooksState::read(&made.state)?, sentence: made.sentence },
            None => Webhooks { state: WebhooksState::None, sentence: None },
        };
        Ok(Self {
            every_minutes: pace.every_minutes,
            wished_minutes: row.sync_every_minutes,
            xero_calls: pace.cost.map(|cost| cost.xero),
            zoho_calls: pace.cost.map(|cost| cost.zoho),
            webhooks,
        })
    }
}

#[derive(Default)]
pub struct InStepMutation;

#[Object]
impl InStepMutation {
    /// Changes how a link is kept in step. What is not said stays. `syncEveryMinutes`: how often it is synced by itself, 0 for never; `null`
    /// as the installation has it.
    async fn update_link(
        &self,
        context: &Context<'_>,
        link_id: ID,
        sync_every_minutes: MaybeUndefined<i32>,
    ) -> Result<Link, Error> {
        find::actor(context)?;
        let row = find::link(context, &link_id).await?;
        let wish = match sync_every_minutes {
            MaybeUndefined::Undefined => return Link::of(row),
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(minutes) if (0..=EVERY_MINUTES_MAX).contains(&minutes) => Some(minutes),
            MaybeUndefined::Value(_) => {
                let sentence = format!("must be 0 for never, or up to {EVERY_MINUTES_MAX} minutes, which is a week");
                return Err(Error::bad_input("syncEveryMinutes", sentence));
            }
        };
        let change = link::ActiveModel {
            tenant_id: Set(row.tenant_id),
            id: Set(row.id),
            sync_every_minutes: Set(wish),
            ..Default::default()
        };
        Link::of(change.update(&find::state(context)?.database).await?)
    }
}
