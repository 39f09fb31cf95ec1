//! Xero's document lines as Zoho's: each comes to Xero's amount by Zoho's arithmetic, whichever way Zoho rounds a discount.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::texts::{clip, pieces};
use super::{accounts, items, money, refusals, taxes, tracking_categories};
use crate::flow::{By, Known, Need, Unmappable};
use crate::print::Printer;
use crate::xero::Record;
use crate::xero::records::{Invoice, LineAmountTypes, LineItem};

const NAME_CHARS_MAX: usize = 100;
pub const DESCRIPTION_CHARS_MAX: usize = 2000;

/// A record of Xero's that has lines as an invoice has them.
pub trait Document: Record {
    fn lines(&self) -> &[LineItem];
    fn line_amount_types(&self) -> LineAmountTypes;
    /// "" where it is in the organisation's own currency.
    fn currency_code(&self) -> &str;
    /// Whether Zoho's document of this kind has discounts of its lines. Otherwise a line is worth what it comes to.
    fn takes_discounts(&self) -> bool {
        true
    }
}

impl Document for Invoice {
    fn lines(&self) -> &[LineItem] {
        &self.line_items
    }
    fn line_amount_types(&self) -> LineAmountTypes {
        self.line_amount_types
    }
    fn currency_code(&self) -> &str {
        &self.currency_code
    }
}

/// Quantity, price and discount of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub quantity: Decimal,
    pub rate: Decimal,
    pub discount: Discount,
    /// Xero's own quantity and price, where Zoho cannot hold them.
    pub note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    None,
    /// Per cent.
    Rate(Decimal),
    Amount(Decimal),
}

/// What the lines refer to.
pub fn needs(document: &dyn Document) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let mut add = |flow, key: &str, by| {
        if !key.is_empty() && !needs.iter().any(|need| need.flow == flow && need.key == key && need.by == by) {
            needs.push(Need { flow, key: key.to_owned(), by });
        }
    };
    for line in document.lines() {
        add(items::KEY, &line.item_code, By::Alias);
        let (account, by) = account_of(line);
        add(accounts::KEY, account, by);
        add(taxes::KEY, tax_of(document, line).unwrap_or(""), By::Id);
        for need in tracking_categories::needs(&line.tracking) {
            add(need.flow, &need.key, need.by);
        }
    }
    needs
}

/// Zoho's `line_items`. A bill's text lines borrow an account, because Zoho wants one on every line of a bill.
pub fn lines(document: &dyn Document, known: &Known, text_lines_want_account: bool) -> Result<Vec<Value>, Unmappable> {
    let decimals = money::decimals(currency(document, known));
    let price_precision = known.zoho.price_precision.max(2);
    let not_ready = |what: &str| refusals::not_ready(&document.label(), what);
    let any_account = document.lines().iter().map(account_of).find(|(key, _)| !key.is_empty());
    let borrowed = any_account.filter(|_| text_lines_want_account).and_then(|(key, _)| known.id(accounts::KEY, key));
    let mut out = Vec::with_capacity(document.lines().len());
    for line in document.lines() {
        if line.is_text() {
            let pieces = pieces(&line.description, DESCRIPTION_CHARS_MAX);
            // Even an empty line is a line: it parts two groups.
            let pieces = if pieces.is_empty() { vec!["-"] } else { pieces };
            out.extend(pieces.into_iter().map(|piece| text_line(piece, borrowed)));
            continue;
        }
        let shape = match shape(line, price_precision, decimals) {
            shape if shape.discount != Discount::None && !document.takes_discounts() => whole(line),
            shape => shape,
        };
        let description = match (&shape.note, line.description.is_empty()) {
            (Some(note), true) => note.clone(),
            (Some(note), false) => format!("{} ({note})", line.description),
            (None, _) => line.description.clone(),
        };
        let mut said = pieces(&description, DESCRIPTION_CHARS_MAX).into_iter();
        let account = match account_of(line) {
            ("", _) => None,
            // A product without a chart of accounts books lines by itself.
            _ if !known.is_on(accounts::KEY) => None,
            (key, _) => Some(known.id(accounts::KEY, key).ok_or_else(|| not_ready(&format!("account {key}")))?),
        };
        let mut body = json!({ "quantity": money::number(shape.quantity), "rate": money::number(shape.rate) });
        let is_item = !line.item_code.is_empty() && known.is_on(items::KEY);
        describe(&mut body, said.next().unwrap_or(""), !is_item);
        if is_item {
            let item = known.id(items::KEY, &line.item_code);
            body["item_id"] = item.ok_or_else(|| not_ready(&format!("item {}", line.item_code)))?.into();
        }
        if let Some(account) = account {
            body["account_id"] = account.into();
        }
        match shape.discount {
            Discount::None => {}
            Discount::Rate(percent) => body["discount"] = format!("{}%", percent.normalize()).into(),
            Discount::Amount(amount) => body["discount"] = money::number(amount),
        }
        if let Some(tax_type) = tax_of(document, line) {
            let tax = known.id(taxes::KEY, tax_type);
            body["tax_id"] = tax.ok_or_else(|| not_ready(&format!("tax rate {tax_type}")))?.into();
        }
        if let Some(tags) = tracking_categories::tags(&document.label(), &line.tracking, known)? {
            body["tags"] = tags;
        }
        out.push(body);
        out.extend(said.map(|piece| text_line(piece, account.or(borrowed))));
    }
    for (order, line) in out.iter_mut().enumerate() {
        line["item_order"] = (order + 1).into();
    }
    Ok(out)
}

/// The tax of a line that has one.
pub fn tax_of<'a>(document: &dyn Document, line: &'a LineItem) -> Option<&'a str> {
    let taxed = document.line_amount_types() != LineAmountTypes::NoTax && !line.is_text();
    Some(line.tax_type.as_str()).filter(|tax_type| taxed && !tax_type.is_empty() && *tax_type != taxes::NO_TAX)
}

/// The document's currency; one that names none is in the organisation's own.
pub fn currency<'a>(document: &'a dyn Document, known: &'a Known) -> &'a str {
    if document.currency_code().is_empty() { &known.xero.base_currency } else { document.currency_code() }
}

/// What the lines say, all but their tracking.
pub fn print(document: &dyn Document, printer: &mut Printer) {
    printer.count(document.lines().len());
    for line in document.lines() {
        printer
            .text(Some(&line.description))
            .amount(line.quantity)
            .amount(line.unit_amount)
            .text(Some(&line.item_code))
            .text(Some(&line.account_code))
            .text(Some(&line.account_id))
            .text(Some(&line.tax_type))
            .amount(line.tax_amount)
            .amount(line.line_amount)
            .amount(line.discount_rate)
            .amount(line.discount_amount);
    }
}

/// The tracking of all lines: a field of its own, because it came later.
pub fn print_tracking(document: &dyn Document, printer: &mut Printer) {
    for line in document.lines() {
        tracking_categories::print(&line.tracking, printer);
    }
}

/// Ids outlive codes, which a bookkeeper may change.
fn account_of(line: &LineItem) -> (&str, By) {
    if line.account_id.is_empty() { (&line.account_code, By::Alias) } else { (&line.account_id, By::Id) }
}

/// A line of words only. Xero has such lines; Zoho has lines that cost nothing.
fn text_line(text: &str, account: Option<&str>) -> Value {
    let mut body = json!({ "quantity": 1, "rate": 0 });
    describe(&mut body, text, true);
    if let Some(account) = account {
        body["account_id"] = account.into();
    }
    body
}

/// A line that is no item is called by the beginning of its text; a short text is not said twice.
fn describe(body: &mut Value, text: &str, is_named: bool) {
    let name = clip(text.lines().next().unwrap_or("").trim(), NAME_CHARS_MAX);
    if is_named {
        body["name"] = if name.is_empty() { "-".into() } else { name.into() };
    }
    body["description"] = if is_named && name == text { "".into() } else { text.into() };
}

/// The numbers by which Zoho comes to the line's amount, with so many decimals of a price and of an amount.
pub fn shape(line: &LineItem, price_precision: u32, decimals: u32) -> Shape {
    let amount = line.amount();
    let (quantity, rate) = match (line.quantity(), line.unit_amount()) {
        // Zoho has no negative quantities; the product is the same.
        (quantity, rate) if quantity.is_sign_negative() => (-quantity, -rate),
        both => both,
    };
    let gross = quantity.checked_mul(rate).filter(|_| quantity > Decimal::ZERO && rate.normalize().scale() <= price_precision);
    if let Some(gross) = gross {
        let rest = Discount::Amount(money::round(gross, decimals) - amount);
        let some = |amount: Option<Decimal>| amount.filter(|amount| !amount.is_zero());
        let candidates: Vec<Discount> = match (some(line.discount_rate), some(line.discount_amount)) {
            (Some(percent), _) => vec![Discount::Rate(percent), rest],
            (None, Some(amount)) => vec![Discount::Amount(amount), rest],
            (None, None) => vec![Discount::None],
        };
        for discount in candidates {
            if comes_to(gross, discount, decimals, amount) {
                return Shape { quantity, rate, discount, note: None };
            }
        }
    }
    whole(line)
}

/// The line as one thing worth its amount, with Xero's own numbers in words.
fn whole(line: &LineItem) -> Shape {
    let mut note = format!("{} × {}", line.quantity().normalize(), line.unit_amount().round_dp(4).normalize());
    if let Some(percent) = line.discount_rate.filter(|percent| !percent.is_zero()) {
        note.push_str(&format!(" − {}%", percent.normalize()));
    } else if let Some(discount) = line.discount_amount.filter(|discount| !discount.is_zero()) {
        note.push_str(&format!(" − {}", discount.normalize()));
    }
    Shape { quantity: Decimal::ONE, rate: line.amount(), discount: Discount::None, note: Some(note) }
}

/// Whether Zoho's arithmetic gives this amount, wherever it rounds on the way.
fn comes_to(gross: Decimal, discount: Discount, decimals: u32, amount: Decimal) -> bool {
    let round = |value| money::round(value, decimals);
    match discount {
        Discount::None => round(gross) == amount,
        Discount::Rate(percent) if percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED => {
            let share = percent / Decimal::ONE_HUNDRED;
            let off = gross * share;
            let ways = [
                round(gross - off),
                round(gross) - round(off),
                round(gross - round(off)),
                round(round(gross) - round(gross) * share),
            ];
            ways.iter().all(|came| *came == amount)
        }
        Discount::Amount(off) if off > Decimal::ZERO => round(gross - off) == amount && round(gross) - off == amount,
        Discount::Rate(_) | Discount::Amount(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn line(quantity: &str, unit: &str, discount_rate: Option<&str>, discount: Option<&str>, amount: &str) -> LineItem {
        LineItem {
            quantity: Some(dec(quantity)),
            unit_amount: Some(dec(unit)),
            discount_rate: discount_rate.map(dec),
            discount_amount: discount.map(dec),
            line_amount: Some(dec(amount)),
            ..LineItem::default()
        }
    }

    fn as_text(shape: Shape) -> String {
        let discount = match shape.discount {
            Discount::None => String::new(),
            Discount::Rate(percent) => format!(" -{percent}%"),
            Discount::Amount(amount) => format!(" -{amount}"),
        };
        let note = shape.note.map(|note| format!(" ({note})")).unwrap_or_default();
        format!("{}x{}{discount}{note}", shape.quantity, shape.rate)
    }

    #[test]
    fn a_line_keeps_its_shape_where_zoho_comes_to_the_same_amount() {
        for (line, precision, expected) in [
            (line("2", "10.00", None, None, "20.00"), 2, "2x10.00"),
            (line("3.5", "0.3333", None, None, "1.17"), 4, "3.5x0.3333"),
            (line("3.5", "0.3333", None, None, "1.17"), 2, "1x1.17 (3.5 × 0.3333)"),
            (line("3.5", "0.3300", None, None, "1.16"), 2, "3.5x0.3300"),
            (line("1", "100", Some("10"), None, "90.00"), 2, "1x100 -10%"),
            // The two ways of rounding part here, so the discount is told as an amount.
            (line("1", "0.05", Some("10"), None, "0.05"), 2, "1x0.05 (1 × 0.05 − 10%)"),
            (line("3", "33.33", Some("12.5"), None, "87.49"), 2, "3x33.33 -12.5%"),
            (line("1", "10.10", Some("5"), None, "9.60"), 2, "1x10.10 -0.50"),
            (line("1", "10.00", None, Some("2.50"), "7.50"), 2, "1x10.00 -2.50"),
            (line("-2", "10.00", None, None, "-20.00"), 2, "2x-10.00"),
            // Xero cut instead of rounding.
            (line("1", "2120.44", Some("10"), None, "1908.39"), 2, "1x2120.44 -212.05"),
            (line("0", "5.00", None, None, "0.00"), 2, "1x0.00 (0 × 5)"),
        ] {
            assert_eq!(as_text(shape(&line, precision, 2)), expected, "{line:?}");
        }
        assert_eq!(as_text(shape(&line("3", "33.5", None, None, "101"), 2, 0)), "3x33.5");
    }

    #[test]
    fn missing_numbers_are_worked_out() {
        let mut one = line("4", "1", None, None, "10.00");
        one.unit_amount = None;
        assert_eq!(as_text(shape(&one, 2, 2)), "4x2.50");
        one.quantity = None;
        assert_eq!(as_text(shape(&one, 2, 2)), "1x10.00");
        let mut one = line("4", "2.5", None, None, "10.00");
        one.line_amount = None;
        assert_eq!(one.amount(), dec("10.0"));
    }
}
