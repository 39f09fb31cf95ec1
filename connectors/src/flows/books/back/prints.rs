//! What is printed of Zoho's documents. What Zoho computes by itself (overdue, a balance) is not, so that only people change a print.

use serde_json::Value;

use super::super::money;
use super::papers::{AsPaper, is_end};
use super::sheet::{Off, off, text};
use crate::flow::ZohoField;
use crate::print::Printer;

/// The fields of invoices, bills and credits, as `documents::fields` has them.
pub const fn document_fields<P: AsPaper>() -> &'static [ZohoField] {
    const {
        &[
            ZohoField { name: "contact", print: contact::<P> },
            ZohoField { name: "number", print: number::<P> },
            ZohoField { name: "reference", print: texts::<P> },
            ZohoField { name: "dates", print: dates::<P> },
            ZohoField { name: "currency", print: currency },
            ZohoField { name: "tax_mode", print: tax_mode },
            ZohoField { name: "lines", print: lines },
            ZohoField { name: "totals", print: totals },
            ZohoField { name: "status", print: status::<P> },
            ZohoField { name: "tracking", print: tracking },
        ]
    }
}

/// The fields of quotes and purchase orders, as `offers::fields` has them.
pub const fn offer_fields<P: AsPaper>() -> &'static [ZohoField] {
    const {
        &[
            ZohoField { name: "contact", print: contact::<P> },
            ZohoField { name: "number", print: number::<P> },
            ZohoField { name: "texts", print: texts::<P> },
            ZohoField { name: "dates", print: dates::<P> },
            ZohoField { name: "currency", print: currency },
            ZohoField { name: "tax_mode", print: tax_mode },
            ZohoField {
                name: "lines",
                print: |document, printer| {
                    lines(document, printer);
                    tracking(document, printer);
                },
            },
            ZohoField { name: "totals", print: totals },
            ZohoField { name: "status", print: status::<P> },
        ]
    }
}

pub fn contact<P: AsPaper>(document: &Value, printer: &mut Printer) {
    printer.text(Some(text(document, P::PAPER.zoho.contact)));
}

pub fn number<P: AsPaper>(document: &Value, printer: &mut Printer) {
    printer.text(Some(text(document, P::PAPER.zoho.number)));
}

/// What Xero has no place for is not carried.
fn texts<P: AsPaper>(document: &Value, printer: &mut Printer) {
    for key in P::PAPER.texts.keys {
        printer.text(Some(text(document, key)));
    }
}

pub fn dates<P: AsPaper>(document: &Value, printer: &mut Printer) {
    printer.text(Some(text(document, "date")));
    if let Some(until) = P::PAPER.zoho.until {
        printer.text(Some(text(document, until)));
    }
}

pub fn currency(document: &Value, printer: &mut Printer) {
    printer.text(Some(text(document, "currency_code"))).amount(money::read(&document["exchange_rate"]));
}

pub fn tax_mode(document: &Value, printer: &mut Printer) {
    printer.flag(document["is_inclusive_tax"] == true);
}

pub fn lines(document: &Value, printer: &mut Printer) {
    let lines = document["line_items"].as_array().map(Vec::as_slice).unwrap_or_default();
    printer.count(lines.len());
    for line in lines {
        for key in ["name", "description", "item_id", "account_id", "tax_id", "header_name", "line_item_category"] {
            printer.text(Some(text(line, key)));
        }
        printer.amount(money::read(&line["quantity"])).amount(money::read(&line["rate"]));
        discount(&line["discount"], printer);
    }
}

/// What stands beside the lines, and what it all comes to.
pub fn totals(document: &Value, printer: &mut Printer) {
    let is_whole = text(document, "discount_type") == "entity_level";
    discount(if is_whole { &document["discount"] } else { &Value::Null }, printer);
    printer.flag(is_whole && document["is_discount_before_tax"] != false).text(Some(text(document, "adjustment_description")));
    for key in ["shipping_charge", "adjustment", "roundoff_value"] {
        printer.amount(money::read(&document[key]).filter(|amount| !amount.is_zero()));
    }
    printer.amount(money::read(&document["total"])).amount(money::read(&document["tax_total"]));
}

/// Draft, open or void. Sent, overdue and paid are one life: payments are records of their own.
fn status<P: AsPaper>(document: &Value, printer: &mut Printer) {
    let status = (P::PAPER.status)(document);
    printer.text(Some(if is_end(status) { "void" } else { status }));
}

pub fn tracking(document: &Value, printer: &mut Printer) {
    tags(document, printer);
    for line in document["line_items"].as_array().into_iter().flatten() {
        tags(line, printer);
    }
}

fn tags(record: &Value, printer: &mut Printer) {
    let tags = record["tags"].as_array().into_iter().flatten();
    let chosen = tags.map(|tag| (text(tag, "tag_id"), text(tag, "tag_option_id"))).filter(|(_, option)| !option.is_empty());
    let mut chosen: Vec<(&str, &str)> = chosen.collect();
    chosen.sort_unstable();
    printer.count(chosen.len());
    for (tag, option) in chosen {
        printer.text(Some(tag)).text(Some(option));
    }
}

fn discount(value: &Value, printer: &mut Printer) {
    match off(value) {
        Off::None => printer.count(0),
        Off::Rate(percent) => printer.count(1).amount(Some(percent)),
        Off::Amount(amount) => printer.count(2).amount(Some(amount)),
    };
}
