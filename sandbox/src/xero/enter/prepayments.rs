//! Prepayments are made by bank transactions only; here nobody enters one.

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::Record;

pub fn enter(_: &Desk, _: &Known, _: &mut Record) -> Result<(), No> {
    Err(No::Absent)
}
