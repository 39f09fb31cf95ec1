//! Lines, and the documents made of them: quotes, orders, templates, invoices, bills.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Company, amount, number};

const MODES: [&str; 3] = ["Exclusive", "Inclusive", "NoTax"];
const SALES: [&str; 4] = ["200", "201", "202", "260"];
const COSTS: [&str; 6] = ["300", "400", "404", "429", "453", "493"];
const SALES_TAXES: [&str; 4] = ["OUTPUT2", "OUTPUT2", "ZERORATED", "NONE"];
const COSTS_TAXES: [&str; 4] = ["INPUT2", "INPUT2", "ZERORATEDINPUT", "NONE"];
/// Documents of this status are wanted; the others sometimes.
const STATUSES: [&str; 6] = ["AUTHORISED", "AUTHORISED", "AUTHORISED", "AUTHORISED", "AUTHORISED", "DRAFT"];

/// The currency without decimals.
pub const WHOLE: &str = "JPY";

/// One to six lines, some of which only say something or are negative.
pub fn lines(company: &mut Company<'_>, is_sale: bool, discounts: bool, currency: &str) -> Vec<Value> {
    let count = 1 + company.dice.below(6);
    let mut lines: Vec<Value> = (0..count).map(|_| line(company, is_sale, discounts, currency)).collect();
    if company.dice.once_in(8) {
        lines.extend(lines.last().map(|last| given_back(last, currency)));
    }
    if company.dice.once_in(4) {
        lines.push(json!({ "Description": "Delivered as agreed" }));
    }
    lines
}

fn line(company: &mut Company<'_>, is_sale: bool, discounts: bool, currency: &str) -> Value {
    let dice = &mut company.dice;
    let (accounts, taxes) = if is_sale { (&SALES[..], SALES_TAXES) } else { (&COSTS[..], COSTS_TAXES) };
    // Nobody sells for a part of a yen, though Xero would write one down.
    let (scale, discounts) = if currency == WHOLE { (0, false) } else { (4, discounts) };
    let quantity = dice.decimal(3, scale);
    let price = dice.decimal(6, scale);
    let mut line = json!({
        "Description": format!("Thing {}", dice.below(1000)),
        "Quantity": number(quantity),
        "UnitAmount": number(price),
        "AccountCode": dice.one_of(accounts),
        "TaxType": dice.one_of(&taxes),
    });
    if discounts && dice.once_in(3) {
        line["DiscountRate"] = number(Decimal::new(dice.below(10_000) as i64, 2));
    }
    if !company.tracking.is_empty() && company.dice.once_in(3) {
        let tracking = company.dice.one_of(&company.tracking).clone();
        line["Tracking"] = json!([tracking]);
    }
    line
}

/// A tenth of a line, taken off again: no document owes less than nothing.
fn given_back(line: &Value, currency: &str) -> Value {
    let mut line = line.clone();
    let scale = if currency == WHOLE { 0 } else { 4 };
    let tenth = (amount(&line, "UnitAmount") / Decimal::TEN).trunc_with_scale(scale);
    line["UnitAmount"] = number(-tenth);
    line["Description"] = "A tenth off".into();
    line
}

/// A document without its status: contact, day, currency, tax mode, lines.
pub fn document(company: &mut Company<'_>, is_sale: bool, discounts: bool) -> Value {
    let party = company.party(is_sale);
    let mode = if party.currency == WHOLE { "NoTax" } else { *company.dice.one_of(&MODES) };
    let mut document = json!({
        "Contact": { "ContactID": party.id },
        "Date": company.day(),
        "CurrencyCode": party.currency,
        "LineAmountTypes": mode,
        "LineItems": lines(company, is_sale, discounts, party.currency),
    });
    if let Some(rate) = company.rate(party.currency) {
        document["CurrencyRate"] = number(rate);
    }
    document
}

/// Sales invoices or bills. Gives what Xero made of them.
pub async fn documents(company: &mut Company<'_>, each: usize, kind: &'static str) -> Vec<Value> {
    let is_sale = kind == "ACCREC";
    let mut wanted = Vec::with_capacity(each);
    for n in 0..each {
        let mut invoice = document(company, is_sale, is_sale);
        invoice["Type"] = kind.into();
        invoice["DueDate"] = "2027-01-31".into();
        invoice["Status"] = (*company.dice.one_of(&STATUSES)).into();
        invoice["InvoiceNumber"] = format!("{}-{n:06}", if is_sale { "GEN" } else { "SUP" }).into();
        wanted.push(invoice);
    }
    let entered = company.entry.put("Invoices", &wanted).await;
    company.tally(if is_sale { "Invoices" } else { "Bills" }, &entered);
    entered.taken
}

/// Quotes, purchase orders, and templates of both kinds.
pub async fn offers(company: &mut Company<'_>, each: usize) {
    let (mut quotes, mut orders, mut templates) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..each {
        let mut quote = document(company, true, true);
        quote["LineAmountTypes"] = quote["LineAmountTypes"].as_str().unwrap_or_default().to_uppercase().into();
        quote["ExpiryDate"] = "2027-01-31".into();
        quote["QuoteNumber"] = format!("GQ-{n:06}").into();
        quote["Status"] = (*company.dice.one_of(&["DRAFT", "SENT"])).into();
        quotes.push(quote);
        let mut order = document(company, false, false);
        order["PurchaseOrderNumber"] = format!("GP-{n:06}").into();
        order["DeliveryDate"] = "2027-01-15".into();
        order["Status"] = (*company.dice.one_of(&["DRAFT", "SUBMITTED", "AUTHORISED"])).into();
        orders.push(order);
        let is_sale = n % 2 == 0;
        let mut template = document(company, is_sale, is_sale);
        template["Type"] = if is_sale { "ACCREC" } else { "ACCPAY" }.into();
        template["Status"] = "DRAFT".into();
        template["Schedule"] = json!({ "Period": 1 + company.dice.below(3), "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH", "StartDate": "2027-02-01" });
        for key in ["Date", "CurrencyRate"] {
            template.as_object_mut().expect("an object").remove(key);
        }
        templates.push(template);
    }
    for (kind, records) in [("Quotes", quotes), ("PurchaseOrders", orders), ("RepeatingInvoices", templates)] {
        let entered = company.entry.put(kind, &records).await;
        company.tally(kind, &entered);
    }
}
