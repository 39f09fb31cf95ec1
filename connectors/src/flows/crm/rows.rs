//! Xero's document lines as rows of CRM's subforms: each comes to Xero's amount by CRM's arithmetic. CRM knows no taxes that are inside a
//! price, wants a product on every row, and has two decimals.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{products, refusals, taxes};
use crate::flow::{By, Known, Need, Unmappable};
use crate::flows::books::lines::{self, DESCRIPTION_CHARS_MAX, Discount, Document, Shape, shape};
use crate::flows::books::texts::pieces;
use crate::flows::books::{money, taxes as books_taxes};
use crate::xero::records::{LineAmountTypes, LineItem};

const PRICE_DECIMALS: u32 = 2;

/// What the rows refer to.
pub fn needs(document: &dyn Document) -> Vec<Need> {
    let mut needs: Vec<Need> = vec![Need { flow: products::KEY, key: products::OTHER.to_owned(), by: By::Id }];
    let mut add = |flow, key: &str, by| {
        if !key.is_empty() && !needs.iter().any(|need| need.flow == flow && need.key == key && need.by == by) {
            needs.push(Need { flow, key: key.to_owned(), by });
        }
    };
    for line in document.lines() {
        add(products::KEY, &line.item_code, By::Alias);
        add(books_taxes::KEY, lines::tax_of(document, line).unwrap_or(""), By::Id);
    }
    needs
}

/// The rows. Every one names its discount and its taxes, also where it has none: it may take the place of one that had.
pub fn rows(document: &dyn Document, known: &Known) -> Result<Vec<Value>, Unmappable> {
    let not_ready = |what: &str| refusals::not_ready(&document.label(), what);
    let other = known.id(products::KEY, products::OTHER).ok_or_else(|| not_ready("the product of lines without an item"))?;
    let decimals = money::decimals(lines::currency(document, known));
    let mut rows = Vec::with_capacity(document.lines().len());
    for line in document.lines() {
        if line.is_text() {
            let said = pieces(&line.description, DESCRIPTION_CHARS_MAX);
            // Even an empty line is a line: it parts two groups.
            let said = if said.is_empty() { vec!["-"] } else { said };
            rows.extend(said.into_iter().map(|piece| text_row(piece, other)));
            continue;
        }
        let tax = match lines::tax_of(document, line) {
            Some(tax_type) => taxes::named(known, tax_type).ok_or_else(|| not_ready(&format!("tax rate {tax_type}")))?,
            None => None,
        };
        let shape = match document.line_amount_types() {
            LineAmountTypes::Inclusive => net(line, tax.map(|(_, percent)| percent), decimals),
            _ => shape(line, PRICE_DECIMALS, decimals),
        };
        let product = match line.item_code.is_empty() {
            true => other,
            false => {
                let item = known.id(products::KEY, &line.item_code);
                item.ok_or_else(|| not_ready(&format!("item {}", line.item_code)))?
            }
        };
        let description = match (&shape.note, line.description.is_empty()) {
            (Some(note), true) => note.clone(),
            (Some(note), false) => format!("{} ({note})", line.description),
            (None, _) => line.description.clone(),
        };
        let mut said = pieces(&description, DESCRIPTION_CHARS_MAX).into_iter();
        let gross = money::round(shape.quantity.checked_mul(shape.rate).unwrap_or_default(), decimals);
        let discount = match shape.discount {
            Discount::None => Decimal::ZERO,
            // As an amount: whichever way CRM rounds a percentage, it comes to the same.
            Discount::Rate(_) => gross - line.amount(),
            Discount::Amount(amount) => amount,
        };
        let taxes = tax.map(|(name, percent)| json!({ "name": name, "percentage": money::number(percent) }));
        rows.push(json!({
            "Product_Name": { "id": product },
            "Quantity": money::number(shape.quantity),
            "List_Price": money::number(shape.rate),
            "Discount": money::number(discount),
            "Line_Tax": taxes.into_iter().collect::<Vec<_>>(),
            "Description": said.next().unwrap_or(""),
        }));
        rows.extend(said.map(|piece| text_row(piece, other)));
    }
    Ok(rows)
}

/// One row that is worth a whole document, for one whose lines Xero no longer tells.
pub fn whole(document: &dyn Document, known: &Known, amount: Decimal) -> Result<Value, Unmappable> {
    let other = known.id(products::KEY, products::OTHER);
    let other = other.ok_or_else(|| refusals::not_ready(&document.label(), "the product of lines without an item"))?;
    let mut row = text_row("Voided in Xero", other);
    row["List_Price"] = money::number(amount);
    Ok(row)
}

/// A row of words only costs nothing.
fn text_row(text: &str, product: &str) -> Value {
    json!({ "Product_Name": { "id": product }, "Quantity": 1, "List_Price": 0, "Discount": 0, "Line_Tax": [], "Description": text })
}

/// A line whose amount includes its tax, without it. Xero says how much tax is in it; where it does not, the rate tells.
fn net(line: &LineItem, percent: Option<Decimal>, decimals: u32) -> Shape {
    let amount = line.amount();
    let tax = line.tax_amount.filter(|_| percent.is_some()).unwrap_or_else(|| match percent {
        Some(percent) => {
            let part = amount.checked_mul(percent).and_then(|part| part.checked_div(percent + Decimal::ONE_HUNDRED));
            money::round(part.unwrap_or_default(), decimals)
        }
        None => Decimal::ZERO,
    });
    if tax.is_zero() {
        return shape(line, PRICE_DECIMALS, decimals);
    }
    let net = amount - tax;
    let quantity = line.quantity();
    let price = net.checked_div(quantity).filter(|price| quantity > Decimal::ZERO && price.normalize().scale() <= PRICE_DECIMALS);
    match price {
        Some(rate) => Shape { quantity, rate: rate.normalize(), discount: Discount::None, note: None },
        None => {
            let note = format!("{} × {} with tax", quantity.normalize(), line.unit_amount().round_dp(4).normalize());
            Shape { quantity: Decimal::ONE, rate: net, discount: Discount::None, note: Some(note) }
        }
    }
}
