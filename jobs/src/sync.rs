//! The engine: observe, plan, carry, settle, resolve. It knows no record type.

pub mod arrange;
pub mod arrive;
pub mod carry;
pub mod hanging;
pub mod known;
pub mod lanes;
pub mod meet;
pub mod merge;
pub mod observe;
pub mod plan;
pub mod points;
pub mod poll;
pub mod preview;
pub mod provision;
pub mod read;
pub mod reconcile;
pub mod references;
pub mod resolve;
pub mod scope;
pub mod send;
pub mod settle;
pub mod shelf;
pub mod slice;
pub mod tally;
pub mod thrift;
pub mod writes;
