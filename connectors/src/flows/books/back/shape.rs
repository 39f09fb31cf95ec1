//! Xero's arithmetic: a line in quantity, price and discount that Xero itself comes to the same amount by.

use rust_decimal::Decimal;

use super::super::money;
use super::lines::Side;
use super::sheet::Off;

/// Decimals of a quantity.
const QUANTITY_DECIMALS: u32 = 4;
/// Decimals of a discount in per cent, as Xero shows it again.
const PERCENT_DECIMALS: u32 = 2;

/// How a line is told to Xero.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    pub quantity: Decimal,
    pub unit_amount: Decimal,
    pub off: Off,
    /// Zoho's own numbers in words, where Xero has no place for them.
    pub note: Option<String>,
}

/// What Xero makes of it.
pub fn line_amount(quantity: Decimal, unit_amount: Decimal, off: Off) -> Option<Decimal> {
    let gross = quantity.checked_mul(unit_amount)?;
    let net = match off {
        Off::None => gross,
        Off::Rate(percent) => gross.checked_mul(Decimal::ONE_HUNDRED - percent)? / Decimal::ONE_HUNDRED,
        Off::Amount(amount) => gross - amount,
    };
    Some(money::round(net, 2))
}

/// The line so that it comes to `amount`.
pub fn shape(quantity: Decimal, rate: Decimal, off: Off, amount: Decimal, side: Side) -> Shape {
    let fits = |value: Decimal, decimals| value.normalize().scale() <= decimals;
    let gives = |unit: Decimal, off| line_amount(quantity, unit, off) == Some(amount);
    let as_it_is = |off| Shape { quantity, unit_amount: rate, off, note: None };
    if fits(quantity, QUANTITY_DECIMALS) && !quantity.is_zero() {
        if fits(rate, side.price_decimals) {
            if off == Off::None && gives(rate, Off::None) {
                return as_it_is(Off::None);
            }
            if side.takes_discounts {
                let percent = match off {
                    Off::Rate(percent) => Some(percent).filter(|percent| percent.normalize().scale() <= PERCENT_DECIMALS),
                    _ => None,
                };
                if let Some(off) = percent.map(Off::Rate).filter(|off| gives(rate, *off)) {
                    return as_it_is(off);
                }
                let less = line_amount(quantity, rate, Off::None).map(|gross| gross - amount);
                let less = less.filter(|less| *less > Decimal::ZERO && off != Off::None).map(Off::Amount);
                if let Some(off) = less.filter(|off| gives(rate, *off)) {
                    return as_it_is(off);
                }
            }
        }
        let unit = if off == Off::None { Some(rate) } else { amount.checked_div(quantity) };
        if let Some(unit) = unit.map(|unit| money::round(unit, side.price_decimals)).filter(|unit| gives(*unit, Off::None)) {
            let note = (unit != rate).then(|| note(quantity, rate, off));
            return Shape { quantity, unit_amount: unit, off: Off::None, note };
        }
    }
    Shape { quantity: Decimal::ONE, unit_amount: amount, off: Off::None, note: Some(note(quantity, rate, off)) }
}

fn note(quantity: Decimal, rate: Decimal, off: Off) -> String {
    let gross = format!("{} × {}", quantity.normalize(), rate.normalize());
    match off {
        Off::None => gross,
        Off::Rate(percent) => format!("{gross} − {}%", percent.normalize()),
        Off::Amount(amount) => format!("{gross} − {}", amount.normalize()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn shaped(quantity: &str, rate: &str, off: Off, amount: &str, takes_discounts: bool, price_decimals: u32) -> String {
        let side = Side { is_sale: true, takes_discounts, needs_account: true, price_decimals };
        let shape = shape(dec(quantity), dec(rate), off, dec(amount), side);
        assert_eq!(line_amount(shape.quantity, shape.unit_amount, shape.off), Some(dec(amount)));
        let off = match shape.off {
            Off::None => String::new(),
            Off::Rate(percent) => format!(" -{percent}%"),
            Off::Amount(amount) => format!(" -{}", amount.normalize()),
        };
        let note = shape.note.map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{}x{}{off}{note}", shape.quantity.normalize(), shape.unit_amount.normalize())
    }

    #[test]
    fn a_line_keeps_its_shape_where_xero_comes_to_the_same_amount() {
        let (none, ten, half) = (Off::None, Off::Rate(dec("10")), Off::Amount(dec("0.5")));
        for (quantity, rate, off, amount, takes, expected) in [
            ("2", "10.00", none, "20.00", true, "2x10"),
            ("3.5", "0.3333", none, "1.17", false, "3.5x0.3333"),
            // Six decimals of a price are four in Xero; where that gives another amount the line is one thing.
            ("1000", "0.333333", none, "333.33", true, "1x333.33 (1000 × 0.333333)"),
            ("3", "20", ten, "54.00", true, "3x20 -10%"),
            ("3", "20", ten, "54.00", false, "3x18 (3 × 20 − 10%)"),
            ("1", "0.05", ten, "0.04", true, "1x0.05 -0.01"),
            ("1", "10", half, "9.50", true, "1x10 -0.5"),
            ("7", "10", half, "69.50", false, "7x9.9286 (7 × 10 − 0.5)"),
            ("1", "10", Off::Rate(dec("33.333")), "6.67", true, "1x10 -3.33"),
            ("0", "5", none, "0.00", true, "1x0 (0 × 5)"),
            ("1", "10", Off::Rate(dec("100")), "0.00", true, "1x10 -100%"),
            // A currency without cents is rounded to whole units.
            ("3", "33.5", none, "101", true, "1x101 (3 × 33.5)"),
        ] {
            assert_eq!(shaped(quantity, rate, off, amount, takes, 4), expected, "{quantity} × {rate}");
        }
        assert_eq!(shaped("3.5", "0.3333", none, "1.17", true, 2), "1x1.17 (3.5 × 0.3333)");
        assert_eq!(shaped("2", "0.3349", none, "0.67", true, 2), "1x0.67 (2 × 0.3349)");
    }
}
