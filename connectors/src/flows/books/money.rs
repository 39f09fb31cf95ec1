//! Amounts on their way to Zoho: exact numbers, roundings, and the exchange rate, which Zoho writes the other way round.

use rust_decimal::{Decimal, RoundingStrategy};

pub use crate::zoho::wire::{amount as read, number};

/// Decimals of an amount in this currency. Xero writes two for all of them; money of these has none.
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND" | "VUV" | "XAF" | "XOF"
        | "XPF" => 0,
        _ => 2,
    }
}

/// Halves away from zero, as both sides round money.
pub fn round(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// Zoho's exchange rate, base units for one foreign, from Xero's, foreign units for one base.
/// It has as many decimals as it takes for these amounts to come to the same in base currency, to the cent.
pub fn exchange_rate(xero_rate: Decimal, amounts: &[Decimal]) -> Option<Decimal> {
    let exact = Decimal::ONE.checked_div(xero_rate).filter(|rate| *rate > Decimal::ZERO)?;
    let meant: Vec<Option<Decimal>> =
        amounts.iter().map(|amount| amount.checked_div(xero_rate).map(|base| round(base, 2))).collect();
    let mut best = None;
    for digits in 6..=20 {
        let rate = round(exact, digits);
        // Fifteen digits pass through any JSON reader unharmed.
        if best.is_some() && rate.mantissa().unsigned_abs() >= 10u128.pow(15) {
            break;
        }
        if rate.is_zero() {
            continue;
        }
        best = Some(rate.normalize());
        let same =
            amounts.iter().zip(&meant).all(|(amount, meant)| amount.checked_mul(rate).map(|base| round(base, 2)) == *meant);
        // Six decimals of a very small rate are too few digits, even where no amount shows it.
        if same && rate.mantissa().unsigned_abs() >= 100_000 {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use serde_json::Value;

    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_rate_is_inverted_with_as_many_decimals_as_it_needs() {
        assert_eq!(exchange_rate(dec("0.8"), &[dec("100.00")]), Some(dec("1.25")));
        assert_eq!(exchange_rate(dec("0.606060"), &[dec("115.00")]), Some(dec("1.650002")));
        // 6 decimals would give 165000.17 for what Xero has as 165000.17 or not: the amounts decide.
        let rate = exchange_rate(dec("0.606060"), &[dec("99999999.99")]).unwrap();
        assert_eq!(round(dec("99999999.99") * rate, 2), round(dec("99999999.99") / dec("0.606060"), 2));
        // A weak currency: one rupiah is a ten-thousandth of a dollar.
        let rate = exchange_rate(dec("9512.340000"), &[dec("1000000.00")]).unwrap();
        assert_eq!(round(dec("1000000") * rate, 2), dec("105.13"));
        assert_eq!(exchange_rate(Decimal::ZERO, &[]), None);
    }

    #[test]
    fn a_number_keeps_its_digits() {
        for text in ["0.1", "0.3333", "1234567890123.45", "-0.05", "100", "999999999.9999"] {
            assert_eq!(number(dec(text)).to_string(), text);
            assert_eq!(read(&number(dec(text))), Some(dec(text)));
        }
        assert_eq!(read(&Value::from("12.50")), Some(dec("12.5")));
        assert_eq!(read(&Value::Null), None);
    }

    proptest! {
        #[test]
        fn base_totals_agree_to_the_cent(rate in 1u64..100_000_000_000, cents in prop::collection::vec(-10_000_000_000i64..10_000_000_000, 1..4)) {
            let xero_rate = Decimal::new(rate as i64, 6);
            let amounts: Vec<Decimal> = cents.into_iter().map(|cents| Decimal::new(cents, 2)).collect();
            let zoho_rate = exchange_rate(xero_rate, &amounts).unwrap();
            for amount in amounts {
                let meant = amount / xero_rate;
                let got = round(amount * zoho_rate, 2);
                // Only what lies within a hair of half a cent may fall to the other side, and then by that one cent.
                let to_half = ((meant * Decimal::ONE_HUNDRED).fract().abs() - dec("0.5")).abs();
                let hair = (meant.abs() * dec("0.00000000001")).max(dec("0.0000001"));
                prop_assert!(got == round(meant, 2) || (to_half < hair && (got - meant).abs() < dec("0.011")) || meant.abs() > dec("10000000000"),
                    "{amount} / {xero_rate} = {meant}, but × {zoho_rate} = {got}");
            }
        }
    }
}
