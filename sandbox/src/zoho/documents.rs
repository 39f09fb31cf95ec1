//! Documents of every kind: what may be written, what they add up to, and where they stand once payments and credits are counted.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts::{self, Discount, TaxRounding, Terms, Totals};
use super::answer::Refusal;
use super::module::Module;
use super::organisations::rounding_name;
use super::papers::{self, Paper};
use super::records::{self, Brief, Desk, Record, e6, number};
use super::settings::{currency_symbol, started};
use super::settle::{self, Settled};
use super::shape::{self, Kind::*};
use super::{balances, custom_fields, lines, numbers, postings, time};

/// What every kind of document takes. `papers` has the rest.
const DOCUMENT: &[(&str, shape::Kind)] = &[
    ("reference_number", Guess(50)),
    ("date", Date),
    ("discount_type", Choice(&["entity_level", "item_level"])),
    ("is_discount_before_tax", Flag),
    ("is_inclusive_tax", Flag),
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

/// `POST` and `PUT` of every kind of document.
pub fn write(desk: &Desk, module: Module, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let paper = papers::of(module).ok_or_else(|| Refusal::absent(module.noun()))?;
    let new = was.is_none();
    if was.as_ref().is_some_and(|record| record.status == "void") {
        return Err(Refusal::new(4, format!("A void {} cannot be changed.", module.noun().to_lowercase())));
    }
    let mut record = started(desk, was)?;
    let done = done(desk, module, (!new).then_some(record.id))?;
    let contact = party(desk, module, &mut record, body, done.total())?;
    numbers::give(desk, module, &mut record, body, new)?;
    shape::take(desk, body, DOCUMENT, &mut record.detail)?;
    shape::take(desk, body, paper.own, &mut record.detail)?;
    if new {
        required(desk, module, paper, body)?;
    }
    dates(desk, module, &mut record, &contact)?;
    let decimals = currency(desk, &mut record, &contact, body)?;
    let totals = add_up(desk, module, &mut record, body, decimals)?;
    if totals.total < Decimal::ZERO {
        return Err(Refusal::new(2, "The total amount must be zero or more."));
    }
    if totals.total < done.total() {
        return Err(Refusal::new(
            4,
            format!("The total of the {} cannot be less than {}.", module.noun().to_lowercase(), done.name()),
        ));
    }
    if new {
        record.status = first_status(desk, module, paper, body).to_owned();
        if module == Module::Invoices {
            record.set("is_emailed", false);
        }
    }
    show(desk, &mut record, &totals, decimals)?;
    match &done {
        Done::Settled(settled) => balances::restate(desk, module, &mut record, settled)?,
        Done::Used(used) => balances::restate_used(desk, &mut record, *used)?,
        Done::Nothing => {}
    }
    custom_fields::apply(desk, module, &mut record, body)?;
    records::save(desk, module, &mut record, new)?;
    if !new && papers::is_owed(module) {
        for source in settle::reapportion(desk, &record)? {
            settle::post_again(desk, source)?;
        }
    }
    postings::post(desk, module, &record)?;
    Ok(record)
}

/// What was done with a document already.
enum Done {
    /// Nothing can be.
    Nothing,
    Settled(Settled),
    Used(Decimal),
}

impl Done {
    fn total(&self) -> Decimal {
        match self {
            Done::Nothing => Decimal::ZERO,
            Done::Settled(settled) => settled.total(),
            Done::Used(used) => *used,
        }
    }

    fn name(&self) -> &'static str {
        if matches!(self, Done::Used(_)) { "the credits used of it" } else { "the payments made for it" }
    }
}

/// A new document has no id yet to look for.
fn done(desk: &Desk, module: Module, id: Option<i64>) -> Result<Done, Refusal> {
    Ok(match id {
        Some(id) if papers::is_owed(module) => Done::Settled(settle::settled(desk, id)?),
        Some(id) if papers::is_credit(module) => Done::Used(settle::used(desk, id)?),
        None if papers::is_owed(module) => Done::Settled(Settled::default()),
        None if papers::is_credit(module) => Done::Used(Decimal::ZERO),
        _ => Done::Nothing,
    })
}

/// Documented as required. That Zoho needs a credit note's number though it could give one is doubtful, hence the switch.
fn required(desk: &Desk, module: Module, paper: &Paper, body: &Map<String, Value>) -> Result<(), Refusal> {
    if module == Module::CreditNotes && !desk.on("zoho.credit_notes_need_date_and_number") {
        return Ok(());
    }
    match paper.required.iter().find(|name| body.get(**name).is_none_or(|value| value.is_null() || value == "")) {
        Some(name) => Err(Refusal::missing(name)),
        None => Ok(()),
    }
}

/// Invoices wait as drafts; bills and credit notes are open from the start.
fn first_status(desk: &Desk, module: Module, paper: &'static Paper, body: &Map<String, Value>) -> &'static str {
    let drafted = match module {
        Module::CreditNotes => shape::flag(body, "is_draft"),
        Module::VendorCredits => desk.on("zoho.vendor_credits_begin_as_drafts"),
        _ => false,
    };
    if drafted { "draft" } else { paper.first }
}

/// The status of a document that is neither draft, paid nor void.
pub fn live(module: Module) -> &'static str {
    papers::of(module).map_or("open", |paper| paper.live)
}

/// The key of the other party: who owes an invoice, who sent a bill.
pub fn party_keys(module: Module) -> (&'static str, &'static str, &'static str) {
    if module.is_purchase() { ("vendor_id", "vendor_name", "vendor") } else { ("customer_id", "customer_name", "customer") }
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

fn dates(desk: &Desk, module: Module, record: &mut Record, contact: &Brief) -> Result<(), Refusal> {
    let key = if module.recurs() { "start_date" } else { "date" };
    let date = shape::text(&record.detail, key).map_or_else(|| desk.today(), str::to_owned);
    let day = time::parse_date(&date).ok_or_else(|| Refusal::invalid(key))?;
    record.set(key, date.clone());
    record.date = Some(date);
    let Some(until) = papers::of(module).and_then(|paper| paper.until) else { return Ok(()) };
    let due = match shape::text(&record.detail, until) {
        Some(due) => Some(due.to_owned()),
        None if until == "due_date" => Some(due_by_terms(desk, record, contact, day)?),
        None => None,
    };
    let early = due.as_deref().and_then(time::parse_date).is_some_and(|due| due < day);
    if early && desk.on("zoho.due_date_not_before_date") {
        let name = until.replace('_', " ");
        return Err(Refusal::new(2, format!("The {name} cannot be before the date of the document.")));
    }
    if let Some(due) = &due {
        record.set(until, due.clone());
    }
    record.due = due;
    Ok(())
}

fn due_by_terms(desk: &Desk, record: &Record, contact: &Brief, day: NaiveDate) -> Result<String, Refusal> {
    let terms = match shape::amount(&record.detail, "payment_terms")? {
        Some(terms) => terms,
        None => {
            let contact = records::need(desk, Module::Contacts, contact.id)?;
            shape::amount(&contact.detail, "payment_terms")?.unwrap_or_default()
        }
    };
    let days = terms.to_string().parse().unwrap_or(0);
    Ok(day.checked_add_days(Days::new(days)).unwrap_or(day).to_string())
}

/// The document's currency is its contact's; a foreign one needs a rate. Answers its decimals.
pub fn currency(desk: &Desk, record: &mut Record, contact: &Brief, body: &Map<String, Value>) -> Result<u32, Refusal> {
    let theirs = contact.currency.unwrap_or(desk.org.currency_id);
    let asked = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(theirs);
    let currency = records::brief(desk, Module::Currencies, asked)?;
    if asked != theirs && desk.on("zoho.document_currency_is_the_contacts") {
        return Err(Refusal::new(2, "Invalid value passed for currency_id: the currency of a document is that of its contact."));
    }
    priced_in(desk, record, currency)
}

/// As `currency`, for records whose currency is not bound to a contact.
pub fn priced(desk: &Desk, record: &mut Record, currency: i64) -> Result<u32, Refusal> {
    let currency = records::brief(desk, Module::Currencies, currency)?;
    priced_in(desk, record, currency)
}

fn priced_in(desk: &Desk, record: &mut Record, currency: Brief) -> Result<u32, Refusal> {
    let rate = match shape::amount(&record.detail, "exchange_rate")? {
        _ if currency.id == desk.org.currency_id => Decimal::ONE,
        Some(rate) if rate > Decimal::ZERO => rate,
        Some(_) => return Err(Refusal::invalid("exchange_rate")),
        None => return Err(Refusal::missing("exchange_rate")),
    };
    let decimals = if desk.on("zoho.totals_follow_currency_decimals") {
        currency.figure.trunc().to_string().parse().unwrap_or(2)
    } else {
        2
    };
    record.currency = Some(currency.id);
    record.set("currency_id", currency.id.to_string());
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
