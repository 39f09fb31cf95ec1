//! Invoices and bills: what may be written, what they add up to, and where they stand once payments are counted.

use chrono::Days;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts::{self, Discount, TaxRounding, Terms, Totals};
use super::answer::Refusal;
use super::module::Module;
use super::organisations::rounding_name;
use super::records::{self, Brief, Desk, Record, decimal, e6, number};
use super::settings::{currency_symbol, started};
use super::shape::{self, Kind::*};
use super::{custom_fields, lines, numbers, time};

const DOCUMENT: &[(&str, shape::Kind)] = &[
    ("reference_number", Guess(50)),
    ("date", Date),
    ("due_date", Date),
    ("payment_terms", Whole),
    ("payment_terms_label", Guess(100)),
    ("discount_type", Choice(&["entity_level", "item_level"])),
    ("is_discount_before_tax", Flag),
    ("is_inclusive_tax", Flag),
    ("is_item_level_tax_calc", Flag),
    ("exchange_rate", Number),
    ("shipping_charge", Number),
    ("adjustment", Number),
    ("adjustment_description", Guess(100)),
    ("discount", Any),
    ("notes", Guess(5000)),
    ("terms", Guess(10_000)),
    ("salesperson_name", Guess(200)),
    ("tags", Tags),
];

/// `POST` and `PUT` of `/invoices` and `/bills`.
pub fn write(desk: &Desk, module: Module, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    if was.as_ref().is_some_and(|record| record.status == "void") {
        return Err(Refusal::new(4, format!("A void {} cannot be changed.", module.key())));
    }
    let mut record = started(desk, was)?;
    let paid = if new { Decimal::ZERO } else { paid(desk, record.id)? };
    let contact = party(desk, module, &mut record, body, paid)?;
    numbers::give(desk, module, &mut record, body, new)?;
    shape::take(desk, body, DOCUMENT, &mut record.detail)?;
    dates(desk, &mut record, &contact)?;
    let decimals = currency(desk, &mut record, &contact, body)?;
    let totals = add_up(desk, module, &mut record, body, decimals)?;
    if totals.total < Decimal::ZERO {
        return Err(Refusal::new(2, "The total amount must be zero or more."));
    }
    if totals.total < paid {
        return Err(Refusal::new(4, format!("The total of the {} cannot be less than the payments made for it.", module.key())));
    }
    if new {
        // Invoices wait as drafts; bills are open from the start.
        record.status = if module == Module::Invoices { "draft" } else { "open" }.to_owned();
        record.set("is_emailed", false);
    }
    show(desk, &mut record, &totals, decimals)?;
    restate(desk, module, &mut record, paid)?;
    custom_fields::apply(desk, module, &mut record, body)?;
    records::save(desk, module, &mut record, new)?;
    Ok(record)
}

/// Balance and status that follow from the payments made.
pub fn restate(desk: &Desk, module: Module, record: &mut Record, paid: Decimal) -> Result<(), Refusal> {
    let total = decimal(record.total_e6);
    let left = if record.status == "void" { Decimal::ZERO } else { total - paid };
    let live = live(module);
    if !matches!(record.status.as_str(), "draft" | "void") {
        let settled = left.is_zero() && (!paid.is_zero() || desk.on("zoho.zero_total_is_paid"));
        record.status = match (settled, paid.is_zero()) {
            (true, _) => "paid",
            (false, false) => "partially_paid",
            (false, true) => live,
        }
        .to_owned();
    }
    record.balance_e6 = e6(left)?;
    let decimals = record.detail.get("price_precision").and_then(Value::as_u64).map_or(2, |decimals| decimals as u32);
    record.set("balance", number(amounts::round(left, decimals)));
    record.set("payment_made", number(amounts::round(paid, decimals)));
    record.set("status", record.status.clone());
    Ok(())
}

/// What payments have been applied to a document.
pub fn paid(desk: &Desk, document: i64) -> Result<Decimal, Refusal> {
    let sum: i64 = desk
        .connection
        .prepare_cached("SELECT coalesce(sum(amount_e6), 0) FROM zoho_applied WHERE document = ?1")?
        .query_row([document], |row| row.get(0))?;
    Ok(decimal(sum))
}

/// The status of a document that is neither draft, paid nor void.
pub fn live(module: Module) -> &'static str {
    if module == Module::Invoices { "sent" } else { "open" }
}

/// The key of the other party: who owes an invoice, who sent a bill.
pub fn party_keys(module: Module) -> (&'static str, &'static str, &'static str) {
    match module {
        Module::Bills | Module::VendorPayments => ("vendor_id", "vendor_name", "vendor"),
        _ => ("customer_id", "customer_name", "customer"),
    }
}

/// The contact a document or payment is with. It must be of the right type, and stays once payments are in.
fn party(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>, paid: Decimal) -> Result<Brief, Refusal> {
    let (id_key, name_key, kind) = party_keys(module);
    let id = shape::id(body, id_key)?.or(record.party).ok_or_else(|| Refusal::missing(id_key))?;
    let contact = records::brief(desk, Module::Contacts, id)?;
    if contact.kind != kind {
        return Err(Refusal::invalid(id_key));
    }
    if contact.status != "active" && desk.on("zoho.inactive_records_refuse_documents") {
        return Err(Refusal::new(4, format!("The {kind} \"{}\" is inactive.", contact.name)));
    }
    if record.party.is_some_and(|was| was != id) && !paid.is_zero() {
        return Err(Refusal::new(4, format!("The {kind} cannot be changed once payments have been made.")));
    }
    record.party = Some(id);
    record.set(id_key, id.to_string());
    record.set(name_key, contact.name.clone());
    Ok(contact)
}

fn dates(desk: &Desk, record: &mut Record, contact: &Brief) -> Result<(), Refusal> {
    let date = shape::text(&record.detail, "date").map_or_else(|| desk.today(), str::to_owned);
    let day = time::parse_date(&date).ok_or_else(|| Refusal::invalid("date"))?;
    let due = match shape::text(&record.detail, "due_date") {
        Some(due) => due.to_owned(),
        None => {
            let own = shape::amount(&record.detail, "payment_terms")?;
            let terms = match own {
                Some(terms) => terms,
                None => shape::amount(&records::need(desk, Module::Contacts, contact.id)?.detail, "payment_terms")?
                    .unwrap_or_default(),
            };
            let days = terms.to_string().parse().unwrap_or(0);
            day.checked_add_days(Days::new(days)).unwrap_or(day).to_string()
        }
    };
    if time::parse_date(&due).is_some_and(|due| due < day) && desk.on("zoho.due_date_not_before_date") {
        return Err(Refusal::new(2, "The due date cannot be before the date of the document."));
    }
    record.set("date", date.clone());
    record.set("due_date", due.clone());
    (record.date, record.due) = (Some(date), Some(due));
    Ok(())
}

/// The document's currency is its contact's; a foreign one needs a rate. Answers its decimals.
pub fn currency(desk: &Desk, record: &mut Record, contact: &Brief, body: &Map<String, Value>) -> Result<u32, Refusal> {
    let theirs = contact.currency.unwrap_or(desk.org.currency_id);
    let asked = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(theirs);
    let currency = records::brief(desk, Module::Currencies, asked)?;
    if asked != theirs && desk.on("zoho.document_currency_is_the_contacts") {
        return Err(Refusal::new(2, "Invalid value passed for currency_id: the currency of a document is that of its contact."));
    }
    let base = asked == desk.org.currency_id;
    let rate = match shape::amount(&record.detail, "exchange_rate")? {
        _ if base => Decimal::ONE,
        Some(rate) if rate > Decimal::ZERO => rate,
        Some(_) => return Err(Refusal::invalid("exchange_rate")),
        None => return Err(Refusal::missing("exchange_rate")),
    };
    let decimals = if desk.on("zoho.totals_follow_currency_decimals") {
        currency.figure.trunc().to_string().parse().unwrap_or(2)
    } else {
        2
    };
    record.currency = Some(asked);
    record.set("currency_id", asked.to_string());
    record.set("currency_symbol", currency_symbol(&currency.name));
    record.set("currency_code", currency.name);
    record.set("exchange_rate", number(rate));
    record.set("price_precision", decimals);
    Ok(decimals)
}

fn add_up(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>, decimals: u32) -> Result<Totals, Refusal> {
    let had = match record.detail.remove("line_items") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let known: Vec<String> = had.iter().filter_map(|line| line.get("line_item_id")?.as_str().map(str::to_owned)).collect();
    let sent = match body.get("line_items") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(Value::Null) | None => &had,
        Some(_) => return Err(Refusal::invalid("line_items")),
    };
    let by_item = match shape::text(&record.detail, "discount_type") {
        Some(kind) => kind == "item_level",
        None => lines::discount(&record.detail, "discount")? == Discount::None,
    };
    record.set("discount_type", if by_item { "item_level" } else { "entity_level" });
    let lines = lines::read(desk, module, sent, &known, by_item)?;
    let rounding = match record.detail.get("is_item_level_tax_calc") {
        Some(Value::Bool(by_item)) if module == Module::Bills => {
            if *by_item {
                TaxRounding::Item
            } else {
                TaxRounding::Entity
            }
        }
        _ => desk.org.tax_rounding,
    };
    let figure = |name: &str| shape::amount(&record.detail, name).map(Option::unwrap_or_default);
    let terms = Terms {
        inclusive: shape::flag(&record.detail, "is_inclusive_tax"),
        discount: if by_item { Discount::None } else { lines::discount(&record.detail, "discount")? },
        discount_before_tax: record.detail.get("is_discount_before_tax") != Some(&Value::Bool(false)),
        rounding,
        decimals,
        rate_decimals: desk.org.price_precision,
        round_before_discount: desk.on("zoho.lines_are_rounded_before_their_discount"),
        shipping: amounts::round(figure("shipping_charge")?, decimals),
        adjustment: amounts::round(figure("adjustment")?, decimals),
    };
    let totals = amounts::add_up(&lines.sums, &terms).map_err(|sentence| Refusal::new(2, sentence))?;
    record.set("line_items", lines.show(&totals.lines));
    record.set("tax_rounding", rounding_name(rounding));
    record.set("is_inclusive_tax", terms.inclusive);
    record.set("is_discount_before_tax", terms.discount_before_tax);
    record.set("shipping_charge", number(terms.shipping));
    record.set("adjustment", number(terms.adjustment));
    Ok(totals)
}

fn show(desk: &Desk, record: &mut Record, totals: &Totals, decimals: u32) -> Result<(), Refusal> {
    let mut taxes = Vec::with_capacity(totals.taxes.len());
    for (tax, sum) in &totals.taxes {
        let name = records::brief(desk, Module::Taxes, tax.id)?.name;
        taxes.push(json!({"tax_id": tax.id.to_string(), "tax_name": name, "tax_percentage": number(tax.percent), "tax_amount": number(*sum)}));
    }
    record.set("taxes", taxes);
    record.set("sub_total", number(totals.sub_total));
    record.set("sub_total_inclusive_of_tax", number(totals.sub_total_inclusive));
    record.set("discount_total", number(totals.discount_total));
    record.set("tax_total", number(totals.tax_total));
    record.set("total", number(totals.total));
    let rate = shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    record.set("bcy_total", number(amounts::round(totals.total * rate, 2.max(decimals))));
    record.total_e6 = e6(totals.total)?;
    Ok(())
}
