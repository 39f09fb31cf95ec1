//! Overpayments, as people's own screens make them.

use super::contact_of;
use crate::xero::desk::{Desk, Known, No};
use crate::xero::documents;
use crate::xero::json::Record;

pub fn enter(desk: &Desk, _: &Known, record: &mut Record) -> Result<(), No> {
    contact_of(desk, record)?;
    documents::complete_overpayment(record, &desk.ledger.base_currency, desk.today);
    Ok(())
}
