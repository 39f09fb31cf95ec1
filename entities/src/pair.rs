//! One record known on both sides: its ids, its prints as last settled, its state. No values.

use sea_orm::DatabaseBackend;
use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pair")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane_id: LaneId,
    #[sea_orm(primary_key, auto_increment = false)]
    /// `zoho:…` while Xero has not got it yet.
    pub xero_id: String,
    pub zoho_id: Option<String>,
    /// Print of the other name records refer to it by: an account's code.
    pub alias: Option<Vec<u8>>,
    /// One keyed hash per carried field, as last settled.
    pub prints: Option<Vec<u8>>,
    /// Keyed hash of the amounts in Zoho's last answer.
    pub answer: Option<Vec<u8>>,
    /// Zoho's `last_modified_time` when we last wrote or read it.
    pub version: Option<String>,
    /// `settled`, `due`, `waiting`, `ready` or `held`; `coming` from Zoho for the first time; `conflict`: both sides changed it; `gone`: deleted in Zoho,
    /// and ended in Xero;
    /// `out` of the scope; `passed` on to another flow of the same list.
    pub state: String,
    /// Status calls that are still due, in order: `status/sent#invoice_ids`.
    #[sea_orm(column_type = "Text", nullable)]
    pub due: Option<String>,
    /// Print of the record it waits for.
    pub need: Option<Vec<u8>>,
    /// `created` by us or `adopted` from what Zoho had; `zoho`: made there, and carried to Xero.
    pub origin: Option<String>,
    /// The run that settled it last.
    pub run_id: Option<RunId>,
    /// Keyed hash of its line in Zoho, as the last reconciliation saw it.
    pub seen: Option<Vec<u8>>,
    pub seen_run: Option<RunId>,
    /// One keyed hash per carried field as Zoho has it, as last settled.
    pub zoho_prints: Option<Vec<u8>>,
    /// The part of Zoho's record that this is, where one there is several of Xero's: an id of Zoho's.
    pub part: Option<String>,
    /// `xero`, where the open work of this record is a write to Xero, or both sides are to be looked at first.
    pub toward: Option<String>,
    /// Which side a person chose where both changed: `xero` or `zoho`.
    pub winner: Option<String>,
    /// How often writes of it changed their direction since `turns_since`, doubled; odd after a write to Xero. A loop shows here.
    pub turns: i32,
    pub turns_since: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

/// `pair` as a table of a query by state, for records that are not settled: on SQLite with the small index named, because its planner
/// would walk the whole lane. Such a query says `state <> 'settled'` too.
pub fn open(backend: DatabaseBackend) -> &'static str {
    if backend == DatabaseBackend::Sqlite { "pair INDEXED BY ix_pair_open" } else { "pair" }
}

/// `pair` as a table of a query by alias. Such a query says `alias IS NOT NULL` too.
pub fn by_alias(backend: DatabaseBackend) -> &'static str {
    if backend == DatabaseBackend::Sqlite { "pair INDEXED BY ix_pair_alias" } else { "pair" }
}
