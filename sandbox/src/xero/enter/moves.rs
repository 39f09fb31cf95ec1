//! Which status of a quote or a purchase order may follow which. The documents list the statuses but not the moves between them, so a
//! switch stands over them.

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};

/// The statuses of a kind.
pub struct Moves {
    /// Every status; the first is a new record's when it names none.
    pub all: &'static [&'static str],
    /// Those that a new record may have.
    pub first: &'static [&'static str],
    /// From where to where; what is missing here is an end.
    pub next: &'static [(&'static str, &'static [&'static str])],
}

impl Moves {
    /// Sets the status, or refuses it.
    pub fn make(&self, desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
        let kind = known.kind.collection().trim_end_matches('s');
        let to = text_of(record, "Status").or(known.status()).unwrap_or(self.all[0]).to_owned();
        if !self.all.contains(&to.as_str()) {
            return Err(format!("{kind} status is one of {}, not '{to}'", self.all.join(", ")).into());
        }
        if desk.on("xero.status_moves_are_checked") && !self.allows(known.status(), &to) {
            return Err(match known.status() {
                Some(from) if from == to => format!("{kind} not of valid status for modification"),
                Some(from) => format!("A {kind} cannot be changed from {from} to {to}"),
                None => format!("A {kind} cannot be created with the status {to}"),
            }
            .into());
        }
        record.insert("Status".into(), to.into());
        Ok(())
    }

    fn allows(&self, from: Option<&str>, to: &str) -> bool {
        let Some(from) = from else { return self.first.contains(&to) };
        // A record at its end is not edited either.
        self.next.iter().find(|(status, _)| *status == from).is_some_and(|(_, next)| from == to || next.contains(&to))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{purchase_orders, quotes};

    #[test]
    fn a_quote_is_sent_accepted_and_invoiced_and_then_stays() {
        let moves = &quotes::MOVES;
        assert!(moves.allows(None, "DRAFT") && moves.allows(None, "SENT") && !moves.allows(None, "INVOICED"));
        assert!(moves.allows(Some("DRAFT"), "SENT") && moves.allows(Some("SENT"), "ACCEPTED"));
        assert!(moves.allows(Some("ACCEPTED"), "INVOICED"));
        assert!(!moves.allows(Some("DRAFT"), "INVOICED") && !moves.allows(Some("DECLINED"), "INVOICED"));
        assert!(moves.allows(Some("SENT"), "SENT") && !moves.allows(Some("INVOICED"), "INVOICED"));
        assert!(!moves.allows(Some("DELETED"), "DRAFT"));
    }

    #[test]
    fn a_billed_purchase_order_is_not_deleted() {
        let moves = &purchase_orders::MOVES;
        assert!(moves.allows(Some("AUTHORISED"), "BILLED") && !moves.allows(Some("BILLED"), "DELETED"));
        assert!(moves.allows(None, "AUTHORISED") && !moves.allows(None, "BILLED"));
    }

    #[test]
    fn every_move_is_between_statuses_that_exist() {
        for moves in [&quotes::MOVES, &purchase_orders::MOVES] {
            for (from, next) in moves.next {
                assert!(moves.all.contains(from) && next.iter().all(|to| moves.all.contains(to)));
            }
            assert!(moves.first.iter().all(|first| moves.all.contains(first)));
        }
    }
}
