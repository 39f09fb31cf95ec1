//! What a record needs whose two sides may both have changed: a pure function of what each side looks like and what was last settled.

use connectors::flow::Authority;
use connectors::print::{FIELD_PRINT_BYTES, field};

use crate::hints::Side;

/// One side of a pair, in prints.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// As last settled. `None`: never noted; this side counts as unchanged.
    pub settled: Option<&'a [u8]>,
    pub now: &'a [u8],
}

/// What is to be done. Fields go by their place in the flow's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meeting {
    /// Nothing is to be written.
    Nothing,
    /// These fields are written to the one side and those to the other.
    Write { to_zoho: Vec<usize>, to_xero: Vec<usize> },
    /// Both sides changed these, or the one that must not: a person chooses.
    Conflict(Vec<usize>),
}

/// Compares both sides field by field. `owner`: the side that made the record. `winner`: the side that a person chose.
/// `in_doubt`: the side to which the other's change was sent before and may have arrived, so that what changed there is our own. `equal`
/// says of a field that both sides have the same value: asked only where both changed it.
pub fn merge(
    xero: Seen,
    zoho: Seen,
    authorities: &[Authority],
    owner: Side,
    winner: Option<Side>,
    in_doubt: Option<Side>,
    mut equal: impl FnMut(usize) -> bool,
) -> Meeting {
    let (mut to_zoho, mut to_xero, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
    for (n, authority) in authorities.iter().enumerate() {
        let may = |side: Side| match authority {
            Authority::Either => true,
            Authority::Owner => side == owner,
            Authority::Xero => side == Side::Xero,
            Authority::Once => false,
        };
        let in_xero = changed(xero, n);
        // What Zoho has no say in is not even looked at there.
        let in_zoho = changed(zoho, n) && matches!(authority, Authority::Either | Authority::Owner);
        match (in_xero && *authority != Authority::Once, in_zoho) {
            (false, false) => {}
            (true, false) if may(Side::Xero) => to_zoho.push(n),
            (false, true) if may(Side::Zoho) => to_xero.push(n),
            _ if equal(n) => {}
            _ => match winner {
                Some(Side::Xero) => to_zoho.push(n),
                Some(Side::Zoho) => to_xero.push(n),
                None if in_doubt == Some(Side::Xero) && may(Side::Zoho) => to_xero.push(n),
                None if in_doubt == Some(Side::Zoho) && in_xero && may(Side::Xero) => to_zoho.push(n),
                None => conflicts.push(n),
            },
        }
    }
    if !conflicts.is_empty() {
        Meeting::Conflict(conflicts)
    } else if to_zoho.is_empty() && to_xero.is_empty() {
        Meeting::Nothing
    } else {
        Meeting::Write { to_zoho, to_xero }
    }
}

fn changed(side: Seen, n: usize) -> bool {
    // A field that was added since the record was settled has nothing to be compared with.
    side.settled.and_then(|settled| field(settled, n)).is_some_and(|settled| Some(settled) != field(side.now, n))
}

/// The prints of `now`, but for these fields those of `settled`: what is still to be written stays to be seen.
pub fn but(now: &[u8], settled: &[u8], fields: &[usize]) -> Vec<u8> {
    let mut prints = now.to_vec();
    for n in fields {
        if let (Some(new), Some(old)) = (prints.get_mut(n * FIELD_PRINT_BYTES..(n + 1) * FIELD_PRINT_BYTES), field(settled, *n)) {
            new.copy_from_slice(old);
        }
    }
    prints
}

/// The fields in which an answer differs from what was read before the write, and that the write had nothing to do with.
pub fn changed_beside(answer: &[u8], read: &[u8], written: &[usize]) -> Vec<usize> {
    let fields = answer.len() / FIELD_PRINT_BYTES;
    (0..fields).filter(|n| !written.contains(n) && field(answer, *n) != field(read, *n)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prints(fields: &[u64]) -> Vec<u8> {
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    fn met(
        xero: (u64, u64),
        zoho: (u64, u64),
        authority: Authority,
        owner: Side,
        winner: Option<Side>,
        is_equal: bool,
    ) -> Meeting {
        let (xs, xn, zs, zn) = (prints(&[xero.0]), prints(&[xero.1]), prints(&[zoho.0]), prints(&[zoho.1]));
        let (x, z) = (Seen { settled: Some(&xs), now: &xn }, Seen { settled: Some(&zs), now: &zn });
        merge(x, z, &[authority], owner, winner, None, |_| is_equal)
    }

    fn to_zoho() -> Meeting {
        Meeting::Write { to_zoho: vec![0], to_xero: vec![] }
    }

    fn to_xero() -> Meeting {
        Meeting::Write { to_zoho: vec![], to_xero: vec![0] }
    }

    #[test]
    fn every_case_of_the_table() {
        use Authority::*;
        use Side::{Xero as X, Zoho as Z};
        let (same, new) = ((1, 1), (1, 2));
        for (xero, zoho, authority, owner, winner, is_equal, expected) in [
            (same, same, Either, X, None, false, Meeting::Nothing),
            (new, same, Either, Z, None, false, to_zoho()),
            (same, new, Either, X, None, false, to_xero()),
            (new, new, Either, X, None, true, Meeting::Nothing),
            (new, new, Either, X, None, false, Meeting::Conflict(vec![0])),
            (new, new, Either, X, Some(X), false, to_zoho()),
            (new, new, Either, X, Some(Z), false, to_xero()),
            (new, same, Owner, X, None, false, to_zoho()),
            (same, new, Owner, Z, None, false, to_xero()),
            (same, new, Owner, X, None, false, Meeting::Conflict(vec![0])),
            (same, new, Owner, X, None, true, Meeting::Nothing),
            (new, same, Owner, Z, None, false, Meeting::Conflict(vec![0])),
            (new, same, Owner, Z, Some(X), false, to_zoho()),
            (same, new, Owner, X, Some(X), false, to_zoho()),
            (same, new, Xero, X, None, false, Meeting::Nothing),
            (new, new, Xero, Z, None, false, to_zoho()),
            (new, new, Once, X, None, false, Meeting::Nothing),
        ] {
            let got = met(xero, zoho, authority, owner, winner, is_equal);
            assert_eq!(got, expected, "{xero:?} {zoho:?} {authority:?} {owner:?} {winner:?} {is_equal}");
        }
    }

    #[test]
    fn what_may_be_our_own_writing_is_no_conflict() {
        use Side::{Xero as X, Zoho as Z};
        let (old, new) = (prints(&[1]), prints(&[2]));
        let both = Seen { settled: Some(&old), now: &new };
        let met = |authority, owner, in_doubt| merge(both, both, &[authority], owner, None, in_doubt, |_| false);
        assert_eq!(met(Authority::Either, X, Some(X)), to_xero());
        assert_eq!(met(Authority::Either, X, Some(Z)), to_zoho());
        assert_eq!(met(Authority::Owner, Z, Some(Z)), Meeting::Conflict(vec![0]));
        assert_eq!(met(Authority::Owner, X, Some(Z)), to_zoho());
        // Only Zoho differs from what was settled: nothing of Xero's was under way.
        let xero = Seen { settled: Some(&old), now: &old };
        assert_eq!(merge(xero, both, &[Authority::Owner], X, None, Some(Z), |_| false), Meeting::Conflict(vec![0]));
    }

    #[test]
    fn what_was_never_noted_counts_as_unchanged() {
        let (x, z) = (prints(&[1]), prints(&[2]));
        let meeting = merge(
            Seen { settled: Some(&x), now: &x },
            Seen { settled: None, now: &z },
            &[Authority::Either],
            Side::Xero,
            None,
            None,
            |_| false,
        );
        assert_eq!(meeting, Meeting::Nothing);
    }

    #[test]
    fn what_changed_beside_a_write_is_told_from_the_write() {
        assert_eq!(changed_beside(&prints(&[1, 9, 3, 8]), &prints(&[1, 2, 3, 4]), &[1]), [3]);
        assert_eq!(changed_beside(&prints(&[1]), &prints(&[1]), &[]), [0; 0]);
    }

    #[test]
    fn what_is_still_to_be_written_stays_to_be_seen() {
        assert_eq!(but(&prints(&[7, 8, 9]), &prints(&[1, 2, 3]), &[1]), prints(&[7, 2, 9]));
        assert_eq!(but(&prints(&[7]), &prints(&[]), &[0]), prints(&[7]));
    }

    proptest! {
        /// Writing what was planned, and noting what both sides then look like, leaves nothing to do; without a conflict both sides agree.
        #[test]
        fn one_round_is_enough(
            base in prop::collection::vec(0u64..3, 4), x in prop::collection::vec(0u64..3, 4), z in prop::collection::vec(0u64..3, 4),
            owner in prop::bool::ANY, winner in prop::option::of(prop::bool::ANY),
        ) {
            let side = |is_xero: bool| if is_xero { Side::Xero } else { Side::Zoho };
            let authorities = [Authority::Either, Authority::Owner, Authority::Either, Authority::Owner];
            let settled = prints(&base);
            let (xp, zp) = (prints(&x), prints(&z));
            let meeting = merge(
                Seen { settled: Some(&settled), now: &xp }, Seen { settled: Some(&settled), now: &zp }, &authorities,
                side(owner), winner.map(side), None, |n| x[n] == z[n],
            );
            let (mut x, mut z) = (x, z);
            match meeting {
                Meeting::Conflict(fields) => {
                    prop_assert!(winner.is_none());
                    prop_assert!(fields.iter().all(|n| x[*n] != z[*n]));
                    return Ok(());
                }
                Meeting::Write { to_zoho, to_xero } => {
                    to_zoho.iter().for_each(|n| z[*n] = x[*n]);
                    to_xero.iter().for_each(|n| x[*n] = z[*n]);
                }
                Meeting::Nothing => {}
            }
            prop_assert_eq!(&x, &z);
            let (xp, zp) = (prints(&x), prints(&z));
            let again = merge(
                Seen { settled: Some(&xp), now: &xp }, Seen { settled: Some(&zp), now: &zp }, &authorities,
                side(owner), None, None, |_| false,
            );
            prop_assert_eq!(again, Meeting::Nothing);
        }
    }
}
