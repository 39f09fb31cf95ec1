//! How a link is kept in step by itself, and the wishes for it.

use async_graphql::{Context, Enum, ID, MaybeUndefined, Object, SimpleObject};
use connectors::zoho;
use entities::database::begin_write;
use entities::link;
use jobs::audit::{Deed, note};
use jobs::in_step;
use jobs::sync::native;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter};

use super::conflicts::ConflictSide;
use super::find;
use super::links::Link;
use super::native::NativeWish;
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

/// Which way changes travel.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Both,
    /// What people change in Zoho stays there.
    XeroToZoho,
}

/// What may be changed, as the audit log names it.
const SETTINGS: [(link::Column, &str); 6] = [
    (link::Column::SyncEveryMinutes, "syncEveryMinutes"),
    (link::Column::OneWay, "direction"),
    (link::Column::OnConflict, "onConflict"),
    (link::Column::DefaultAccount, "defaultAccount"),
    (link::Column::CreatesItems, "createItems"),
    (link::Column::NativeWish, "nativeIntegration"),
];

/// Xero's codes are not longer.
const ACCOUNT_CHARS_MAX: usize = 10;

#[derive(Default)]
pub struct InStepMutation;

#[Object]
impl InStepMutation {
    /// Changes how a link is kept in step. What is not said stays. `syncEveryMinutes`: how often it is synced by itself, 0 for never; `null`
    /// as the installation has it. `direction`: whether Zoho's changes reach Xero. `onConflict`: who is right where both sides changed the
    /// same; `null` asks a person. `defaultAccount`: the code of Xero's account for lines whose own account Xero does not have.
    /// `createItems`: whether items that Xero lacks are created there. `nativeIntegration`, of a link to Zoho CRM: whether Zoho's own
    /// integration makes its records.
    #[expect(clippy::too_many_arguments, reason = "each is a wish of its own")]
    async fn update_link(
        &self,
        context: &Context<'_>,
        link_id: ID,
        sync_every_minutes: MaybeUndefined<i32>,
        direction: Option<Direction>,
        on_conflict: MaybeUndefined<ConflictSide>,
        default_account: MaybeUndefined<String>,
        create_items: Option<bool>,
        native_integration: Option<NativeWish>,
    ) -> Result<Link, Error> {
        let by = find::author(context)?;
        let row = find::link(context, &link_id).await?;
        let mut change = link::ActiveModel { tenant_id: Set(row.tenant_id), id: Set(row.id), ..Default::default() };
        match sync_every_minutes {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => change.sync_every_minutes = Set(None),
            MaybeUndefined::Value(minutes) if (0..=EVERY_MINUTES_MAX).contains(&minutes) => {
                change.sync_every_minutes = Set(Some(minutes));
            }
            MaybeUndefined::Value(_) => {
                let sentence = format!("must be 0 for never, or up to {EVERY_MINUTES_MAX} minutes, which is a week");
                return Err(Error::bad_input("syncEveryMinutes", sentence));
            }
        }
        match default_account {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => change.default_account = Set(None),
            MaybeUndefined::Value(code) if (1..=ACCOUNT_CHARS_MAX).contains(&code.trim().chars().count()) => {
                change.default_account = Set(Some(code.trim().to_owned()));
            }
            MaybeUndefined::Value(_) => {
                let sentence = format!("must be the code of an account in Xero, at most {ACCOUNT_CHARS_MAX} characters");
                return Err(Error::bad_input("defaultAccount", sentence));
            }
        }
        match on_conflict {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => change.on_conflict = Set(None),
            MaybeUndefined::Value(side) => change.on_conflict = Set(Some(side.side().name().to_owned())),
        }
        if let Some(direction) = direction {
            change.one_way = Set(direction == Direction::XeroToZoho);
        }
        if let Some(create_items) = create_items {
            change.creates_items = Set(create_items);
        }
        if let Some(wish) = native_integration {
            if row.product != zoho::CRM.key {
                return Err(Error::bad_input("nativeIntegration", "only a link to Zoho CRM has it"));
            }
            // Whatever was found is looked at again before anything is carried.
            change.native_at = Set(None);
            change.native_wish = Set(match wish {
                NativeWish::Auto => None,
                NativeWish::Yes => Some(link::NATIVE_YES.to_owned()),
                NativeWish::No => Some(link::NATIVE_NO.to_owned()),
            });
        }
        if !change.is_changed() {
            return Link::of(row);
        }
        let state = find::state(context)?;
        let changed: Vec<&str> =
            SETTINGS.iter().filter(|(column, _)| change.get(*column).is_set()).map(|(_, name)| *name).collect();
        let deed = Deed::done("link.changed", format!("link:{}", row.id), changed.join(","));
        let transaction = begin_write(&state.database).await?;
        let changed = change.update(&transaction).await?;
        if row.is_beside_native() && !changed.is_beside_native() {
            native::all_again(&transaction, &changed).await?;
        }
        note(&transaction, state, row.tenant_id, &by, deed).await?;
        transaction.commit().await?;
        Link::of(changed)
    }
}
