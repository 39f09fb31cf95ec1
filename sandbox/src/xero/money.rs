//! How Xero computes a document: tax per line, rounded to cents, half away from zero, then summed.

use rust_decimal::{Decimal, RoundingStrategy};

/// Whether the amounts of lines hold tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Exclusive,
    Inclusive,
    NoTax,
}

/// No amount of a document is as large as this, in its own currency or in the base currency: the cents of a million such documents
/// still fit a column of the store.
const AMOUNT_MAX: i64 = 100_000_000_000;
/// What Xero says of one that is.
pub const TOO_LARGE: &str = "The amount is too large";

/// Whether books hold such an amount.
pub fn is_bearable(amount: Decimal) -> bool {
    amount.abs() < Decimal::from(AMOUNT_MAX)
}

/// Whether they hold it in their own currency, too.
pub fn is_bearable_at(amount: Decimal, rate: Decimal) -> bool {
    is_bearable(amount) && (rate.is_zero() || amount.checked_div(rate).is_some_and(is_bearable))
}

impl Mode {
    /// What a document says about its lines; it need not say it.
    pub fn named(word: Option<&str>) -> Result<Self, String> {
        match word {
            None | Some("Exclusive") => Ok(Mode::Exclusive),
            Some("Inclusive") => Ok(Mode::Inclusive),
            Some("NoTax") => Ok(Mode::NoTax),
            Some(other) => Err(format!("The LineAmountTypes '{other}' is not valid")),
        }
    }
}

/// What a person enters on a line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entered {
    pub quantity: Decimal,
    pub unit_amount: Decimal,
    /// Percent.
    pub discount_rate: Option<Decimal>,
    pub discount_amount: Option<Decimal>,
    /// Percent.
    pub tax_rate: Decimal,
    /// Tax typed over what would be computed.
    pub tax_amount: Option<Decimal>,
}

/// What Xero makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Computed {
    pub line_amount: Decimal,
    pub tax_amount: Decimal,
    pub discount: Decimal,
}

/// Sums of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub sub_total: Decimal,
    pub total_tax: Decimal,
    pub total: Decimal,
    pub total_discount: Decimal,
}

/// One line.
pub fn line(mode: Mode, entered: &Entered) -> Computed {
    let hundred = Decimal::ONE_HUNDRED;
    let gross = entered.quantity * entered.unit_amount;
    let net = match (entered.discount_rate, entered.discount_amount) {
        (Some(rate), _) => gross * (hundred - rate) / hundred,
        (None, Some(amount)) => gross - amount,
        (None, None) => gross,
    };
    let line_amount = cents(net);
    let tax_amount = match mode {
        Mode::NoTax => Decimal::new(0, 2),
        Mode::Exclusive => entered.tax_amount.unwrap_or(line_amount * entered.tax_rate / hundred),
        Mode::Inclusive => entered.tax_amount.unwrap_or(line_amount * entered.tax_rate / (hundred + entered.tax_rate)),
    };
    Computed { line_amount, tax_amount: cents(tax_amount), discount: cents(gross) - line_amount }
}

/// The document.
pub fn totals<'a>(mode: Mode, lines: impl IntoIterator<Item = &'a Computed>) -> Totals {
    let mut sum = Totals::default();
    for line in lines {
        sum.sub_total += line.line_amount;
        sum.total_tax += line.tax_amount;
        sum.total_discount += line.discount;
    }
    if mode == Mode::Inclusive {
        sum.sub_total -= sum.total_tax;
    }
    sum.total = sum.sub_total + sum.total_tax;
    Totals {
        sub_total: cents(sum.sub_total),
        total_tax: cents(sum.total_tax),
        total: cents(sum.total),
        total_discount: cents(sum.total_discount),
    }
}

/// Two decimals, half away from zero; always written with two.
pub fn cents(amount: Decimal) -> Decimal {
    rounded(amount, 2)
}

/// So many decimals, half away from zero; always written with as many.
pub fn rounded(amount: Decimal, places: u32) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(places);
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn entered(quantity: &str, unit: &str, tax: &str) -> Entered {
        Entered { quantity: dec(quantity), unit_amount: dec(unit), tax_rate: dec(tax), ..Entered::default() }
    }

    #[test]
    fn tax_is_rounded_on_each_line_before_it_is_summed() {
        // Three lines of 25.43 at 15 %: 3.8145 each. Summed after rounding 11.43; rounded after summing it would be 11.44.
        let lines = [line(Mode::Exclusive, &entered("1", "25.43", "15")); 3];
        assert_eq!(totals(Mode::Exclusive, &lines).total_tax, dec("11.43"));
        assert_eq!(cents(dec("25.43") * dec("3") * dec("0.15")), dec("11.44"));
    }

    #[test]
    fn half_a_cent_goes_away_from_zero() {
        for (quantity, unit, amount) in [("1", "0.005", "0.01"), ("-1", "0.005", "-0.01"), ("3", "0.335", "1.01")] {
            assert_eq!(line(Mode::NoTax, &entered(quantity, unit, "0")).line_amount, dec(amount));
        }
        assert_eq!(line(Mode::Exclusive, &entered("1", "0.10", "15")).tax_amount, dec("0.02"));
    }

    #[test]
    fn inclusive_amounts_hold_their_tax() {
        let lines = [line(Mode::Inclusive, &entered("1", "115.00", "15")), line(Mode::Inclusive, &entered("1", "9.99", "15"))];
        let sum = totals(Mode::Inclusive, &lines);
        assert_eq!(
            (lines[1].tax_amount, sum.sub_total, sum.total_tax, sum.total),
            (dec("1.30"), dec("108.69"), dec("16.30"), dec("124.99"))
        );
    }

    #[test]
    fn no_tax_means_none_whatever_the_rate_says() {
        let lines = [line(Mode::NoTax, &entered("2", "10.5555", "15"))];
        assert_eq!(totals(Mode::NoTax, &lines).total, dec("21.11"));
    }

    #[test]
    fn a_discount_comes_off_before_rounding() {
        let rate = Entered { discount_rate: Some(dec("12.5")), ..entered("3", "19.9999", "15") };
        let computed = line(Mode::Exclusive, &rate);
        assert_eq!((computed.line_amount, computed.discount, computed.tax_amount), (dec("52.50"), dec("7.50"), dec("7.88")));
        let amount = Entered { discount_amount: Some(dec("5.01")), ..entered("3", "19.9999", "15") };
        assert_eq!(line(Mode::Exclusive, &amount).line_amount, dec("54.99"));
    }

    #[test]
    fn typed_tax_wins() {
        let typed = Entered { tax_amount: Some(dec("14.99")), ..entered("1", "100", "15") };
        assert_eq!(line(Mode::Exclusive, &typed).tax_amount, dec("14.99"));
        assert_eq!(line(Mode::NoTax, &typed).tax_amount, dec("0.00"));
    }

    #[test]
    fn money_is_written_with_its_cents() {
        assert_eq!(cents(dec("5")).to_string(), "5.00");
    }
}
