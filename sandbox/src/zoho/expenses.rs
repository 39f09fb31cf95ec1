//! Expenses and the templates that repeat them: one amount or several lines, with tax, paid through an account.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts::{self, Discount, Line, Tax, Terms};
use super::answer::Refusal;
use super::module::Module;
use super::papers::RECURRENCE;
use super::records::{self, Brief, Desk, Record, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{custom_fields, documents, payments, platform, postings};

const EXPENSE: &[(&str, shape::Kind)] = &[
    ("date", Date),
    ("reference_number", Guess(100)),
    ("description", Guess(500)),
    ("is_inclusive_tax", Flag),
    ("is_billable", Flag),
    ("exchange_rate", Number),
    ("tags", Tags),
];

/// Types of accounts that an expense may be booked on.
const BOOKED_ON: &[&str] = &[
    "expense",
    "cost_of_goods_sold",
    "other_expense",
    "fixed_asset",
    "other_asset",
    "other_current_asset",
    "other_current_liability",
    "long_term_liability",
    "stock",
];

/// `POST` and `PUT` of `/expenses` and `/recurringexpenses`.
pub fn write(desk: &Desk, module: Module, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    written(desk, module, started(desk, was)?, new, body)
}

/// A new expense that comes with an id: it has one in Expense already.
pub fn numbered(desk: &Desk, id: i64, body: &Map<String, Value>) -> Result<Record, Refusal> {
    written(desk, Module::Expenses, Record::blank(id), true, body)
}

fn written(desk: &Desk, module: Module, mut record: Record, new: bool, body: &Map<String, Value>) -> Result<Record, Refusal> {
    shape::take(desk, body, EXPENSE, &mut record.detail)?;
    if module.recurs() {
        recurrence(desk, &mut record, body)?;
    } else {
        record.date = Some(shape::text(&record.detail, "date").ok_or_else(|| Refusal::missing("date"))?.to_owned());
    }
    parties(desk, &mut record, body)?;
    paid_through(desk, module, &mut record, body)?;
    let currency = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(desk.org.currency_id);
    let decimals = documents::priced(desk, &mut record, currency)?;
    add_up(desk, &mut record, body, decimals)?;
    if let Some(project) = shape::id(body, "project_id")? {
        let project = records::brief(desk, Module::Projects, project)?;
        record.set("project_id", project.id.to_string());
        record.set("project_name", project.name);
    }
    let billable = shape::flag(&record.detail, "is_billable");
    record.set("is_billable", billable);
    if billable && record.text("customer_id").is_empty() {
        return Err(Refusal::missing("customer_id"));
    }
    if !module.recurs() {
        record.status = if billable { "unbilled" } else { "nonbillable" }.to_owned();
    } else if new {
        record.status = "active".to_owned();
    }
    custom_fields::apply(desk, module, &mut record, body)?;
    records::save(desk, module, &mut record, new)?;
    postings::post(desk, module, &record)?;
    Ok(record)
}

fn recurrence(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    shape::take(desk, body, RECURRENCE, &mut record.detail)?;
    for name in ["recurrence_name", "start_date", "recurrence_frequency", "repeat_every"] {
        if record.detail.get(name).is_none_or(|value| value == "") {
            return Err(Refusal::missing(name));
        }
    }
    record.name = record.text("recurrence_name").to_owned();
    record.date = shape::text(&record.detail, "start_date").map(str::to_owned);
    record.due = shape::text(&record.detail, "end_date").map(str::to_owned);
    Ok(())
}

/// The customer it is billed to and the vendor it was paid to. The store searches by the customer, else by the vendor.
fn parties(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    for (id_key, name_key, kind) in [("vendor_id", "vendor_name", "vendor"), ("customer_id", "customer_name", "customer")] {
        if let Some(id) = shape::id(body, id_key)? {
            let contact = records::brief(desk, Module::Contacts, id)?;
            if contact.kind != kind {
                return Err(Refusal::invalid(id_key));
            }
            record.set(id_key, id.to_string());
            record.set(name_key, contact.name);
        } else if body.contains_key(id_key) {
            // Sent empty: nobody any more.
            record.set(id_key, "");
            record.set(name_key, "");
        }
    }
    record.party = shape::id(&record.detail, "customer_id")?.or(shape::id(&record.detail, "vendor_id")?);
    Ok(())
}

fn paid_through(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let key = "paid_through_account_id";
    let id = match shape::id(body, key)?.or(shape::id(&record.detail, key)?) {
        Some(id) => id,
        None if module.recurs() => return Ok(()),
        None => return Err(Refusal::missing(key)),
    };
    let account = payments::money_account(desk, key, id, payments::PAID_FROM)?;
    record.set(key, id.to_string());
    record.set("paid_through_account_name", account.name);
    Ok(())
}

/// `line_items`, or one line made of `account_id`, `amount` and `tax_id`.
fn add_up(desk: &Desk, record: &mut Record, body: &Map<String, Value>, decimals: u32) -> Result<(), Refusal> {
    let had = match record.detail.remove("line_items") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let sent = match body.get("line_items").and_then(Value::as_array).filter(|list| !list.is_empty()) {
        Some(list) => list.clone(),
        None if had.len() > 1 && body.get("amount").is_none() => had,
        None => vec![single(body, had.first())?],
    };
    let mut lines = Vec::with_capacity(sent.len());
    for one in &sent {
        lines.push(line(desk, one.as_object().ok_or_else(|| Refusal::invalid("line_items"))?)?);
    }
    let terms = Terms {
        inclusive: shape::flag(&record.detail, "is_inclusive_tax"),
        discount: Discount::None,
        discount_before_tax: true,
        rounding: desk.org.tax_rounding,
        decimals,
        rate_decimals: decimals,
        round_before_discount: true,
        shipping: Decimal::ZERO,
        adjustment: Decimal::ZERO,
    };
    let sums: Vec<Line> = lines.iter().map(|line| line.sum.clone()).collect();
    let totals = amounts::add_up(&sums, &terms).map_err(|sentence| Refusal::new(2, sentence))?;
    let first_id = records::new_ids(desk, lines.len())?;
    let mut shown = Vec::with_capacity(lines.len());
    for ((line, totals), id) in lines.iter().zip(&totals.lines).zip(first_id..) {
        let mut one = json!({
            "line_item_id": id.to_string(), "account_id": line.account.id.to_string(), "account_name": line.account.name, "description": line.description,
            "amount": number(totals.rate), "item_total": number(totals.item_total), "tax_amount": number(totals.tax),
        });
        if let Some((id, name, percent)) = &line.tax {
            one["tax_id"] = id.to_string().into();
            one["tax_name"] = name.as_str().into();
            one["tax_percentage"] = number(*percent);
        }
        if let Some(tags) = &line.tags {
            one["tags"] = tags.clone();
        }
        shown.push(one);
    }
    let first = lines.first().ok_or_else(|| Refusal::missing("account_id"))?;
    record.set("account_id", first.account.id.to_string());
    record.set("account_name", first.account.name.clone());
    for key in ["tax_id", "tax_name", "tax_percentage"] {
        let value = shown.first().and_then(|line| line.get(key)).cloned();
        record.set(key, value.unwrap_or_else(|| "".into()));
    }
    let rate = shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    record.set("line_items", shown);
    record.set("is_inclusive_tax", terms.inclusive);
    record.set("amount", number(if terms.inclusive { totals.total } else { totals.sub_total }));
    record.set("sub_total", number(totals.sub_total));
    record.set("tax_amount", number(totals.tax_total));
    record.set("total_without_tax", number(totals.sub_total));
    record.set("total", number(totals.total));
    record.set("bcy_total", number(amounts::round(totals.total * rate, 2.max(decimals))));
    record.total_e6 = e6(totals.total)?;
    Ok(())
}

/// The one line of an expense without `line_items`; what the body does not say stays.
fn single(body: &Map<String, Value>, had: Option<&Value>) -> Result<Value, Refusal> {
    let mut line = had.and_then(Value::as_object).cloned().unwrap_or_default();
    for key in ["account_id", "amount", "tax_id"] {
        if let Some(value) = body.get(key) {
            line.insert(key.to_owned(), value.clone());
        }
    }
    match ["account_id", "amount"].into_iter().find(|key| !line.contains_key(*key)) {
        Some(missing) => Err(Refusal::missing(missing)),
        None => Ok(Value::Object(line)),
    }
}

struct Booked {
    account: Brief,
    description: String,
    sum: Line,
    tax: Option<(i64, String, Decimal)>,
    tags: Option<Value>,
}

fn line(desk: &Desk, body: &Map<String, Value>) -> Result<Booked, Refusal> {
    let id = shape::id(body, "account_id")?.ok_or_else(|| Refusal::missing("account_id"))?;
    let account = records::brief(desk, Module::Accounts, id)?;
    if !BOOKED_ON.contains(&account.kind.as_str()) {
        return Err(Refusal::invalid("account_id"));
    }
    let amount = shape::amount(body, "amount")?.ok_or_else(|| Refusal::missing("amount"))?;
    if amount <= Decimal::ZERO {
        return Err(Refusal::invalid("amount"));
    }
    let tax = match shape::id(body, "tax_id")? {
        Some(id) => {
            let tax = records::brief(desk, Module::Taxes, id)?;
            Some((id, tax.name, tax.figure.normalize()))
        }
        None => None,
    };
    let sum = Line {
        quantity: Decimal::ONE,
        rate: amount,
        discount: Discount::None,
        tax: tax.as_ref().map(|(id, _, percent)| Tax { id: *id, percent: *percent }),
    };
    let description = shape::text(body, "description").unwrap_or_default().to_owned();
    shape::length("description", &description, 500)?;
    let tags = body.get("tags").filter(|tags| !tags.is_null());
    let tags = tags.map(|tags| platform::checked_tags(desk, tags, platform::Level::Line)).transpose()?;
    Ok(Booked { account, description, sum, tax, tags })
}
