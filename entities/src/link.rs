//! One Xero connection joined to one product of one Zoho connection.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{ConnectionId, LinkId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LinkId,
    /// Names the link in public addresses. Says nothing about whose it is.
    pub key: String,
    pub xero_connection_id: ConnectionId,
    pub zoho_connection_id: ConnectionId,
    /// `books`.
    pub product: String,
    /// `provisioning`, `ready` or `resting`.
    pub state: String,
    pub rest_reason: Option<String>,
    /// Accounts, taxes and currencies that Zoho lacks are created when asked; otherwise records that need them are held.
    pub create_missing: bool,
    /// What is carried, as JSON; everything where there is none.
    pub scope: Option<String>,
    /// Minutes between two syncs that nobody asks for; 0: none. Nothing: as the installation has it.
    pub sync_every_minutes: Option<i32>,
    /// Grows with every claim: a worker with an older one cannot write.
    pub fence: i64,
    pub slice_owner: Option<String>,
    pub slice_until: Option<At>,
    /// Slices in a row that found a provider out of reach.
    pub misses: i32,
    /// Not before this moment.
    pub next_at: At,
    pub created_at: At,
    /// Changes in Zoho are left alone.
    pub one_way: bool,
    /// Which side is right where both changed the same: `xero` or `zoho`. A person is asked where there is none.
    pub on_conflict: Option<String>,
    /// The code of Xero's account for lines from Zoho that name none Xero has.
    pub default_account: Option<String>,
    /// Items that Xero lacks are created there.
    pub creates_items: bool,
    /// Of CRM: `yes` or `no`, where a person has said whether Zoho's own integration joins it with the books.
    pub native_wish: Option<String>,
    /// Of CRM: whether it was found to, and when that was looked at.
    pub native_found: Option<bool>,
    pub native_at: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Model {
    /// Whether Zoho's own integration is taken to join CRM with the books: as a person has said, else as it was found.
    pub fn is_beside_native(&self) -> bool {
        match self.native_wish.as_deref() {
            Some(wish) => wish == NATIVE_YES,
            None => self.native_found == Some(true),
        }
    }
}

pub const NATIVE_YES: &str = "yes";
pub const NATIVE_NO: &str = "no";

impl Entity {
    /// The link that a public address names.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what is asked with is itself the proof")]
    pub fn by_key(key: &str) -> Select<Entity> {
        Entity::find().filter(Column::Key.eq(key))
    }
}

impl Entity {
    /// Every tenant's links whose time has come: for the workers' timetable only.
    #[expect(clippy::disallowed_methods, reason = "this is a door: the timetable serves all tenants")]
    pub fn due(before: At) -> Select<Entity> {
        Entity::find().filter(Column::NextAt.lte(before))
    }
}
