//! How a link is kept in step by itself, and the wishes for it.

use async_graphql::{Context, Enum, ID, MaybeUndefined, Object, SimpleObject};
use connectors::zoho;
use entities::link;
use jobs::in_step;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter};

use super::conflicts::ConflictSide;
use super::find;
use super::links::Link;
use super::words::{DateTime, WebhooksState};
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

/// Whether Zoho's own integration joins CRM with the books.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum NativeWish {
    /// It is looked at, once a day and with every run that a person starts.
    Auto,
    Yes,
    No,
}

/// Zoho's own integration of Books and CRM. Where it is in use, CRM's records are made by it and not by us: accounts and vendors get our
/// fields, nothing else is written.
#[derive(SimpleObject)]
pub struct NativeIntegration {
    in_use: bool,
    wish: NativeWish,
    /// Whether it was found; nothing where Zoho has not said.
    found: Option<bool>,
    looked_at: Option<DateTime>,
}

impl NativeIntegration {
    /// Nothing for a link to another product than CRM.
    pub fn of(row: &link::Model) -> Option<Self> {
        if row.product != zoho::CRM.key {
            return None;
        }
        let wish = match row.native_wish.as_deref() {
            None => NativeWish::Auto,
            Some(link::NATIVE_YES) => NativeWish::Yes,
            Some(_) => NativeWish::No,
        };
        let looked_at = row.native_at.map(DateTime);
        Some(Self { in_use: row.is_beside_native(), wish, found: row.native_found, looked_at })
    }
}

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
        find::actor(context)?;
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
            change.native_wish = Set(match wish {
                NativeWish::Auto => None,
                NativeWish::Yes => Some(link::NATIVE_YES.to_owned()),
                NativeWish::No => Some(link::NATIVE_NO.to_owned()),
            });
        }
        if !change.is_changed() {
            return Link::of(row);
        }
        Link::of(change.update(&find::state(context)?.database).await?)
    }
}
