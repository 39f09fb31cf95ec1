//! What a record needs: a pure function of what it is now and what was last settled.

use connectors::flow::{Authority, Wanted};
use connectors::print::field;

/// What is to be done with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Both sides are as settled.
    Nothing,
    /// Not this lane's business.
    Skip,
    Create,
    /// These fields, by their place in the flow's list, changed.
    Update(Vec<usize>),
}

/// Compares prints. `settled` are the prints of the pair, if there is one whose write is known to have arrived; `overwrite` is
/// false for kinds that are only mapped: once paired they are left alone.
pub fn plan(settled: Option<&[u8]>, now: &[u8], wanted: Wanted, authorities: &[Authority], overwrite: bool) -> Plan {
    let Some(settled) = settled else {
        return if wanted == Wanted::Skip { Plan::Skip } else { Plan::Create };
    };
    if !overwrite {
        return Plan::Nothing;
    }
    let changed: Vec<usize> = authorities
        .iter()
        .enumerate()
        .filter(|(n, authority)| **authority != Authority::Once && field(settled, *n) != field(now, *n))
        .map(|(n, _)| n)
        .collect();
    if changed.is_empty() { Plan::Nothing } else { Plan::Update(changed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prints(fields: &[u64]) -> Vec<u8> {
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    const BOTH: [Authority; 2] = [Authority::Xero, Authority::Once];

    #[test]
    fn a_new_record_is_created_and_an_unwanted_one_skipped() {
        assert_eq!(plan(None, &prints(&[1, 2]), Wanted::Carry, &BOTH, true), Plan::Create);
        assert_eq!(plan(None, &prints(&[1, 2]), Wanted::Skip, &BOTH, true), Plan::Skip);
    }

    #[test]
    fn a_field_that_is_set_once_never_causes_a_write() {
        assert_eq!(plan(Some(&prints(&[1, 2])), &prints(&[1, 9]), Wanted::Carry, &BOTH, true), Plan::Nothing);
        assert_eq!(plan(Some(&prints(&[1, 2])), &prints(&[3, 9]), Wanted::Carry, &BOTH, true), Plan::Update(vec![0]));
    }

    #[test]
    fn a_field_that_was_added_since_is_written() {
        let both = [Authority::Xero, Authority::Xero];
        assert_eq!(plan(Some(&prints(&[1])), &prints(&[1, 2]), Wanted::Carry, &both, true), Plan::Update(vec![1]));
    }

    #[test]
    fn what_is_only_mapped_is_left_alone() {
        assert_eq!(plan(Some(&prints(&[1, 2])), &prints(&[7, 8]), Wanted::Carry, &BOTH, false), Plan::Nothing);
    }

    proptest! {
        #[test]
        fn settling_what_was_planned_leaves_nothing_to_do(old in prop::collection::vec(0u64..4, 3), new in prop::collection::vec(0u64..4, 3)) {
            let authorities = [Authority::Xero, Authority::Once, Authority::Xero];
            let first = plan(Some(&prints(&old)), &prints(&new), Wanted::Carry, &authorities, true);
            let differs = old[0] != new[0] || old[2] != new[2];
            prop_assert_eq!(matches!(first, Plan::Update(_)), differs);
            prop_assert_eq!(plan(Some(&prints(&new)), &prints(&new), Wanted::Carry, &authorities, true), Plan::Nothing);
        }
    }
}
