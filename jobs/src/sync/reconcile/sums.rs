//! Counts and sums of one flow, by status and currency: what the documents that differ do not account for is a finding.

use std::collections::BTreeSet;

use entities::run;
use rust_decimal::Decimal;

use super::super::slice::{Halt, Lane, Slice};
use super::super::tally::{Sums, Tally};
use super::rows::{Found, find};

pub async fn compare(slice: &Slice, run: &run::Model, lane: Lane, tally: &mut Tally) -> Result<(), Halt> {
    let keys: BTreeSet<String> = tally.xero.0.keys().chain(tally.zoho.0.keys()).cloned().collect();
    let unexplained_before = tally.unexplained;
    for key in keys {
        let xero = tally.xero.0.get(&key).copied().unwrap_or_default();
        let zoho = tally.zoho.0.get(&key).copied().unwrap_or_default();
        if xero == zoho {
            continue;
        }
        let (status, currency) = key.split_once('|').unwrap_or((&key, ""));
        let money = |name: &str, ours: Decimal, theirs: Decimal| {
            if ours == theirs { String::new() } else { format!(", {name} {ours} and {theirs}") }
        };
        let sentence = format!(
            "{} ({status}{}{currency}): {} records in Xero and {} in {}{}{}.",
            lane.flow.title(),
            if currency.is_empty() { "" } else { " " },
            xero.count,
            zoho.count,
            slice.product.name,
            money("total", xero.total, zoho.total),
            money("due", xero.due, zoho.due),
        );
        // Explained where the documents behind it are named, and differ by just as much.
        let explained = tally.findings > 0 && unexplained_before == 0 && (tally.changed > 0 || accounted(tally, currency));
        find(slice, run, lane, tally, Found { level: 1, cause: "SUMS_DIFFER", explained, sentence, xero_id: None }).await?;
    }
    Ok(())
}

/// Whether the documents that were looked at account for the whole difference of one currency.
fn accounted(tally: &Tally, currency: &str) -> bool {
    let of = |sums: &Sums| {
        let of_currency = sums.0.iter().filter(|(key, _)| key.split_once('|').is_some_and(|(_, own)| own == currency));
        of_currency
            .fold((0, Decimal::ZERO, Decimal::ZERO), |sum, (_, one)| (sum.0 + one.count, sum.1 + one.total, sum.2 + one.due))
    };
    let (xero, zoho) = (of(&tally.xero), of(&tally.zoho));
    let known = tally.known_difference.get(currency).copied().unwrap_or_default();
    xero.0 == zoho.0 && zoho.1 - xero.1 == known.0 && zoho.2 - xero.2 == known.1
}
