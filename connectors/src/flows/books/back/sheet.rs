//! A document of Zoho's in numbers: what each line comes to after discounts, its tax, and what stands beside the lines. Its total is the
//! one that Zoho tells, to the cent.

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::money;

/// The numbers of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet<'a> {
    pub is_inclusive: bool,
    /// Decimals of its amounts.
    pub decimals: u32,
    pub rows: Vec<Row<'a>>,
    /// A discount of the whole document that lowers the tax: what each row gives to it, in the order of the rows.
    pub shares: Vec<Decimal>,
    /// Per cent, where that discount is told so.
    pub percent_off: Option<Decimal>,
    pub extras: Vec<Extra<'a>>,
    pub total: Decimal,
    pub tax_total: Option<Decimal>,
}

/// One line with an amount, or with words only.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    pub line: &'a Value,
    pub quantity: Decimal,
    pub rate: Decimal,
    pub off: Off,
    /// After its own discount; with tax where the document is inclusive.
    pub amount: Decimal,
    pub tax: Option<Rate<'a>>,
    /// It only says something.
    pub is_text: bool,
}

/// The discount of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Off {
    None,
    /// Per cent.
    Rate(Decimal),
    Amount(Decimal),
}

/// A tax of Zoho's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate<'a> {
    pub id: &'a str,
    /// Per cent, where it is told.
    pub percent: Option<Decimal>,
}

/// What stands beside the lines and has no line of its own in Zoho.
#[derive(Debug, Clone, PartialEq)]
pub struct Extra<'a> {
    pub what: String,
    pub amount: Decimal,
    pub tax: Option<Rate<'a>>,
    /// It makes a total round.
    pub is_rounding: bool,
}

/// What makes a total round goes no further.
const ROUNDING_MAX: Decimal = Decimal::from_parts(10, 0, 0, false, 2);

impl<'a> Sheet<'a> {
    /// Reads the document. `None`: it has no total.
    pub fn read(document: &'a Value) -> Option<Self> {
        let total = money::read(&document["total"])?;
        let tax_total = money::read(&document["tax_total"]);
        let lines = document["line_items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_inclusive = document["is_inclusive_tax"] == true;
        let decimals = decimals(document, lines, &[Some(total), tax_total]);
        let is_by_line = text(document, "discount_type") != "entity_level";
        let rows: Vec<Row> = lines.iter().map(|line| row(line, is_inclusive, is_by_line, decimals)).collect();
        let mut sheet =
            Sheet { is_inclusive, decimals, rows, shares: Vec::new(), percent_off: None, extras: Vec::new(), total, tax_total };
        if !is_by_line {
            sheet.take_off(document);
        }
        sheet.add_extras(document);
        Some(sheet)
    }

    /// The smallest amount.
    pub fn unit(&self) -> Decimal {
        Decimal::new(1, self.decimals)
    }

    /// The discount of the whole document.
    fn take_off(&mut self, document: &Value) {
        let sum: Decimal = self.rows.iter().map(|row| row.amount).sum();
        let off = off(&document["discount"]);
        let counted = match off {
            Off::None => Decimal::ZERO,
            Off::Amount(amount) => money::round(amount, self.decimals),
            Off::Rate(percent) => money::round(sum * percent / Decimal::ONE_HUNDRED, self.decimals),
        };
        // Zoho's own figure counts, where it is the same but for rounding.
        let told = money::read(&document["discount_total"]).filter(|told| (*told - counted).abs() <= self.unit());
        let amount = told.unwrap_or(counted);
        if amount.is_zero() {
            return;
        }
        if document["is_discount_before_tax"] == false || sum.is_zero() {
            let what = "Discount".to_owned();
            self.extras.push(Extra { what, amount: -amount, tax: None, is_rounding: false });
            return;
        }
        if let Off::Rate(percent) = off {
            self.percent_off = Some(percent);
        }
        let amounts: Vec<Decimal> = self.rows.iter().map(|row| row.amount).collect();
        self.shares = shares(amount, &amounts, self.decimals);
    }

    fn add_extras(&mut self, document: &'a Value) {
        let decimals = self.decimals;
        let mut add = |what: &str, amount: Option<Decimal>, tax, is_rounding| {
            let amount = amount.map(|amount| money::round(amount, decimals));
            if let Some(amount) = amount.filter(|amount| !amount.is_zero()) {
                self.extras.push(Extra { what: what.to_owned(), amount, tax, is_rounding });
            }
        };
        let tax = Some(text(document, "shipping_charge_tax_id")).filter(|id| !id.is_empty());
        let tax = tax.map(|id| Rate { id, percent: money::read(&document["shipping_charge_tax_percentage"]) });
        let told = match (tax.is_some(), self.is_inclusive) {
            (false, _) => None,
            (true, true) => money::read(&document["shipping_charge_inclusive_of_tax"]),
            (true, false) => money::read(&document["shipping_charge_exclusive_of_tax"]),
        };
        add("Shipping charge", told.or_else(|| money::read(&document["shipping_charge"])), tax, false);
        let adjustment = money::read(&document["adjustment"]);
        let said = text(document, "adjustment_description");
        let is_small = adjustment.is_some_and(|amount| amount.abs() <= ROUNDING_MAX);
        add(if said.is_empty() { "Adjustment" } else { said }, adjustment, None, is_small);
        add("Rounding", money::read(&document["roundoff_value"]), None, true);
    }
}

pub fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap_or_default()
}

/// `5`, `"5"` or `"10%"`.
pub fn off(discount: &Value) -> Off {
    let percent = discount.as_str().and_then(|text| text.trim().strip_suffix('%'));
    match percent {
        Some(percent) => match percent.trim().parse::<Decimal>() {
            Ok(percent) if !percent.is_zero() => Off::Rate(percent),
            _ => Off::None,
        },
        None => match money::read(discount) {
            Some(amount) if !amount.is_zero() => Off::Amount(amount),
            _ => Off::None,
        },
    }
}

/// Cents, or none where the currency has none and no amount shows some.
fn decimals(document: &Value, lines: &[Value], told: &[Option<Decimal>]) -> u32 {
    let of_currency = money::decimals(text(document, "currency_code"));
    let shown = lines.iter().map(|line| money::read(&line["item_total"])).chain(told.iter().copied());
    let most = shown.flatten().map(|amount| amount.normalize().scale()).max().unwrap_or_default();
    of_currency.max(most.min(2))
}

fn row(line: &Value, is_inclusive: bool, is_by_line: bool, decimals: u32) -> Row<'_> {
    let quantity = money::read(&line["quantity"]).unwrap_or(Decimal::ONE);
    let rate = money::read(&line["rate"]).unwrap_or_default();
    let off = if is_by_line { off(&line["discount"]) } else { Off::None };
    let told = money::read(&line[if is_inclusive { "item_total_inclusive_of_tax" } else { "item_total" }]);
    let amount = amount(quantity, rate, off, told, decimals);
    let is_item = !text(line, "item_id").is_empty();
    let is_heading = matches!(text(line, "line_item_category"), "header" | "subtotal");
    let is_text = is_heading || (!is_item && rate.is_zero() && amount.is_zero());
    let tax = Some(text(line, "tax_id")).filter(|id| !id.is_empty() && !is_text);
    let tax = tax.map(|id| Rate { id, percent: money::read(&line["tax_percentage"]) });
    let amount = if is_text { Decimal::ZERO } else { amount };
    Row { line, quantity, rate, off, amount, tax, is_text }
}

/// What the line comes to. Zoho rounds a discount in one way or another: the way that gives what it tells is the one.
fn amount(quantity: Decimal, rate: Decimal, off: Off, told: Option<Decimal>, decimals: u32) -> Decimal {
    let round = |amount| money::round(amount, decimals);
    let Some(exact) = quantity.checked_mul(rate) else { return told.unwrap_or_default() };
    let counted = match off {
        Off::None => round(exact),
        Off::Amount(amount) => round(exact) - round(amount),
        Off::Rate(percent) => round(exact) - round(round(exact) * percent / Decimal::ONE_HUNDRED),
    };
    told.filter(|told| (*told - counted).abs() <= Decimal::new(1, decimals)).unwrap_or(counted)
}

/// The amount in parts as large as these, none with a fraction of a cent.
pub fn shares(amount: Decimal, of: &[Decimal], decimals: u32) -> Vec<Decimal> {
    let sum: Decimal = of.iter().sum();
    let unit = Decimal::new(1, decimals);
    let exact = |part: &Decimal| amount * *part / sum;
    let mut shares: Vec<Decimal> = of.iter().map(|part| money::round(exact(part), decimals)).collect();
    let mut missing = amount - shares.iter().sum::<Decimal>();
    // Those that were rounded the furthest the other way give or take a cent.
    let step = towards(missing, unit);
    let mut order: Vec<usize> = (0..of.len()).filter(|n| !of[*n].is_zero()).collect();
    order.sort_by_key(|n| (shares[*n] - exact(&of[*n])) * step);
    for n in order.into_iter().cycle().take(of.len() * 2) {
        if missing.is_zero() {
            break;
        }
        shares[n] += step;
        missing -= step;
    }
    shares
}

/// One unit in the direction of what is missing.
pub fn towards(missing: Decimal, unit: Decimal) -> Decimal {
    if missing.is_sign_negative() { -unit } else { unit }
}
