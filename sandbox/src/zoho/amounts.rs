//! What Zoho Books makes of a document's lines: discounts, taxes, rounding and totals. Pure.

use rust_decimal::{Decimal, RoundingStrategy};

/// No figure that is sent and no sum of a document is larger: two of them can be multiplied without overflow.
/// It is 9,999,999,999,999.
pub const MAX: Decimal = Decimal::from_parts(1_316_134_911, 2_328, 0, false, 0);

const TOO_LARGE: &str = "The amount is too large.";

/// One line as it was sent, its references already looked up.
#[derive(Clone, Debug)]
pub struct Line {
    pub quantity: Decimal,
    pub rate: Decimal,
    pub discount: Discount,
    pub tax: Option<Tax>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Discount {
    None,
    Amount(Decimal),
    Percent(Decimal),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tax {
    pub id: i64,
    pub percent: Decimal,
}

/// Where fractions of a cent of tax are rounded away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TaxRounding {
    Item,
    Entity,
}

/// What holds for the whole document.
#[derive(Clone, Debug)]
pub struct Terms {
    pub inclusive: bool,
    pub discount: Discount,
    pub discount_before_tax: bool,
    pub rounding: TaxRounding,
    /// Decimals of the document's currency.
    pub decimals: u32,
    /// Decimals a rate may have; more are rounded away without a word, as Zoho does.
    pub rate_decimals: u32,
    /// Whether a line is rounded before its percentage is taken off, or only once, after.
    pub round_before_discount: bool,
    pub shipping: Decimal,
    pub adjustment: Decimal,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LineTotals {
    pub rate: Decimal,
    pub discount_amount: Decimal,
    pub item_total: Decimal,
    pub item_total_inclusive: Decimal,
    pub tax: Decimal,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    pub lines: Vec<LineTotals>,
    pub sub_total: Decimal,
    pub sub_total_inclusive: Decimal,
    pub discount_total: Decimal,
    pub taxes: Vec<(Tax, Decimal)>,
    pub tax_total: Decimal,
    pub total: Decimal,
}

/// Adds a document up. `Err` is the sentence of the refusal.
pub fn add_up(lines: &[Line], terms: &Terms) -> Result<Totals, &'static str> {
    let dp = terms.decimals;
    let mut done = Vec::with_capacity(lines.len());
    for line in lines {
        done.push(net(line, terms)?);
    }
    let nets: Decimal = done.iter().map(|line| line.item_total).sum();
    if nets.abs() > MAX {
        return Err(TOO_LARGE);
    }
    let document_discount = match terms.discount {
        Discount::None => Decimal::ZERO,
        Discount::Amount(amount) => round(amount, dp),
        Discount::Percent(percent) => round(nets * percent / Decimal::ONE_HUNDRED, dp),
    };
    if document_discount > nets.max(Decimal::ZERO) {
        return Err("Discount cannot be more than the sub total.");
    }

    let mut taxes: Vec<(Tax, Decimal)> = Vec::new();
    for (line, totals) in lines.iter().zip(done.iter_mut()) {
        let share = if terms.discount_before_tax && !nets.is_zero() {
            document_discount * totals.item_total / nets
        } else {
            Decimal::ZERO
        };
        let exact = tax_of(totals.item_total - share, line.tax, terms.inclusive);
        totals.tax = round(exact, dp);
        if terms.inclusive {
            totals.item_total_inclusive = totals.item_total;
            totals.item_total -= totals.tax;
        } else {
            totals.item_total_inclusive = totals.item_total + totals.tax;
        }
        if let Some(tax) = line.tax {
            let counted = if terms.rounding == TaxRounding::Item { totals.tax } else { exact };
            match taxes.iter_mut().find(|(known, _)| known.id == tax.id) {
                Some((_, sum)) => *sum += counted,
                None => taxes.push((tax, counted)),
            }
        }
    }
    for (_, sum) in &mut taxes {
        *sum = round(*sum, dp);
    }
    let tax_total: Decimal = taxes.iter().map(|(_, sum)| *sum).sum();
    let (sub_total, sub_total_inclusive) = if terms.inclusive { (nets - tax_total, nets) } else { (nets, nets + tax_total) };
    let total = round(sub_total + tax_total - document_discount + terms.shipping + terms.adjustment, dp);
    Ok(Totals {
        discount_total: document_discount + done.iter().map(|line| line.discount_amount).sum::<Decimal>(),
        lines: done,
        sub_total: scaled(sub_total, dp),
        sub_total_inclusive: scaled(sub_total_inclusive, dp),
        taxes,
        tax_total: scaled(tax_total, dp),
        total: scaled(total, dp),
    })
}

/// Half away from zero, with exactly so many decimals in print.
pub fn round(value: Decimal, decimals: u32) -> Decimal {
    scaled(value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero), decimals)
}

fn scaled(mut value: Decimal, decimals: u32) -> Decimal {
    value.rescale(decimals);
    value
}

fn net(line: &Line, terms: &Terms) -> Result<LineTotals, &'static str> {
    let dp = terms.decimals;
    let rate = line.rate.round_dp_with_strategy(terms.rate_decimals, RoundingStrategy::MidpointAwayFromZero);
    let exact = line.quantity.checked_mul(rate).ok_or("The amount of a line is too large.")?;
    if exact.abs() > MAX {
        return Err("The amount of a line is too large.");
    }
    let gross = round(exact, dp);
    let (item_total, discount_amount) = match line.discount {
        Discount::None => (gross, scaled(Decimal::ZERO, dp)),
        Discount::Amount(amount) => (gross - round(amount, dp), round(amount, dp)),
        Discount::Percent(percent) if terms.round_before_discount => {
            let off = round(gross * percent / Decimal::ONE_HUNDRED, dp);
            (gross - off, off)
        }
        Discount::Percent(percent) => {
            let left = round(exact * (Decimal::ONE_HUNDRED - percent) / Decimal::ONE_HUNDRED, dp);
            (left, gross - left)
        }
    };
    if discount_amount > Decimal::ZERO && discount_amount > gross {
        return Err("Discount cannot be more than the amount of the line.");
    }
    if item_total.abs() > MAX {
        return Err("The amount of a line is too large.");
    }
    Ok(LineTotals { rate, discount_amount, item_total, item_total_inclusive: item_total, tax: Decimal::ZERO })
}

fn tax_of(amount: Decimal, tax: Option<Tax>, inclusive: bool) -> Decimal {
    match tax {
        None => Decimal::ZERO,
        Some(tax) if inclusive => amount * tax.percent / (Decimal::ONE_HUNDRED + tax.percent),
        Some(tax) => amount * tax.percent / Decimal::ONE_HUNDRED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn line(quantity: &str, rate: &str, discount: Discount, tax: &str) -> Line {
        let tax = (!tax.is_empty()).then(|| Tax { id: 1, percent: d(tax) });
        Line { quantity: d(quantity), rate: d(rate), discount, tax }
    }

    fn terms() -> Terms {
        Terms {
            inclusive: false,
            discount: Discount::None,
            discount_before_tax: true,
            rounding: TaxRounding::Item,
            decimals: 2,
            rate_decimals: 2,
            round_before_discount: true,
            shipping: Decimal::ZERO,
            adjustment: Decimal::ZERO,
        }
    }

    /// (sub total, tax, total) as printed.
    fn sums(lines: &[Line], terms: &Terms) -> (String, String, String) {
        let totals = add_up(lines, terms).unwrap();
        (totals.sub_total.to_string(), totals.tax_total.to_string(), totals.total.to_string())
    }

    fn expect(lines: &[Line], terms: &Terms, sub_total: &str, tax: &str, total: &str) {
        assert_eq!(sums(lines, terms), (sub_total.into(), tax.into(), total.into()), "{lines:?} {terms:?}");
    }

    #[test]
    fn plain_lines_in_every_tax_mode() {
        let none = Discount::None;
        expect(&[line("2", "10", none, "15")], &terms(), "20.00", "3.00", "23.00");
        expect(&[line("2", "10", none, "")], &terms(), "20.00", "0.00", "20.00");
        expect(&[line("1", "0", none, "15")], &terms(), "0.00", "0.00", "0.00");
        let inclusive = Terms { inclusive: true, ..terms() };
        expect(&[line("1", "115", none, "15")], &inclusive, "100.00", "15.00", "115.00");
        expect(&[line("1", "100", none, "15")], &inclusive, "86.96", "13.04", "100.00");
    }

    #[test]
    fn four_decimals_survive_only_where_the_organisation_keeps_them() {
        let lines = [line("1000", "0.0333", Discount::None, "15")];
        expect(&lines, &terms(), "30.00", "4.50", "34.50");
        expect(&lines, &Terms { rate_decimals: 4, ..terms() }, "33.30", "5.00", "38.30");
    }

    #[test]
    fn discounts_by_amount_and_percent_on_line_and_document() {
        expect(&[line("3", "9.99", Discount::Percent(d("10")), "15")], &terms(), "26.97", "4.05", "31.02");
        expect(&[line("3", "9.99", Discount::Amount(d("2.97")), "15")], &terms(), "27.00", "4.05", "31.05");
        let lines = [line("1", "100", Discount::None, "15"), line("1", "50", Discount::None, "")];
        let before = Terms { discount: Discount::Percent(d("10")), ..terms() };
        expect(&lines, &before, "150.00", "13.50", "148.50");
        let after = Terms { discount_before_tax: false, ..before };
        expect(&lines, &after, "150.00", "15.00", "150.00");
    }

    #[test]
    fn the_two_conventions_for_percentages_differ_by_a_cent() {
        let lines = [line("1", "0.05", Discount::Percent(d("50")), "")];
        expect(&lines, &terms(), "0.02", "0.00", "0.02");
        expect(&lines, &Terms { round_before_discount: false, ..terms() }, "0.03", "0.00", "0.03");
    }

    #[test]
    fn rounding_by_item_and_by_entity_differ() {
        let lines = vec![line("1", "0.10", Discount::None, "15"); 3];
        expect(&lines, &terms(), "0.30", "0.06", "0.36");
        expect(&lines, &Terms { rounding: TaxRounding::Entity, ..terms() }, "0.30", "0.05", "0.35");
        let inclusive = Terms { inclusive: true, rounding: TaxRounding::Entity, ..terms() };
        expect(&lines, &inclusive, "0.26", "0.04", "0.30");
    }

    #[test]
    fn shipping_adjustment_and_currencies_without_decimals() {
        let more = Terms { shipping: d("5"), adjustment: d("-0.01"), ..terms() };
        expect(&[line("1", "10", Discount::None, "15")], &more, "10.00", "1.50", "16.49");
        let yen = Terms { decimals: 0, ..terms() };
        expect(&[line("3", "33.5", Discount::None, "10")], &yen, "101", "10", "111");
    }

    #[test]
    fn half_a_cent_goes_away_from_zero_and_too_much_discount_is_refused() {
        expect(&[line("1", "0.5", Discount::None, "1")], &terms(), "0.50", "0.01", "0.51");
        expect(&[line("-1", "0.5", Discount::None, "1"), line("1", "9", Discount::None, "")], &terms(), "8.50", "-0.01", "8.49");
        assert!(add_up(&[line("1", "5", Discount::Amount(d("6")), "")], &terms()).is_err());
        let all = Terms { discount: Discount::Amount(d("6")), ..terms() };
        assert!(add_up(&[line("1", "5", Discount::None, "")], &all).is_err());
    }

    proptest::proptest! {
        #[test]
        fn totals_always_hang_together(cents in 0u32..1_000_000, quantity in 0u32..10_000, percent in 0u32..25, inclusive: bool, entity: bool) {
            let one = Line { quantity: Decimal::new(quantity.into(), 2), rate: Decimal::new(cents.into(), 4), discount: Discount::None, tax: Some(Tax { id: 1, percent: percent.into() }) };
            let rounding = if entity { TaxRounding::Entity } else { TaxRounding::Item };
            let totals = add_up(&[one.clone(), one], &Terms { inclusive, rounding, rate_decimals: 4, ..terms() }).unwrap();
            proptest::prop_assert_eq!(totals.sub_total + totals.tax_total, totals.total);
            proptest::prop_assert_eq!(totals.sub_total_inclusive, totals.total);
            let exact: Decimal = totals.lines.iter().map(|l| if inclusive { l.item_total_inclusive } else { l.item_total }).sum();
            proptest::prop_assert_eq!(exact, if inclusive { totals.sub_total_inclusive } else { totals.sub_total });
        }
    }
}
