//! The lines of a document: references looked up, lengths checked, and shown again with their totals.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts::{Discount, Line, LineTotals, Tax};
use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Brief, Desk, number};
use super::{platform, shape};

/// Lines as sent, with what the arithmetic needs beside what is shown.
pub struct Lines {
    pub sums: Vec<Line>,
    shown: Vec<Map<String, Value>>,
}

/// Reads `line_items`. `known` are the ids of lines the document has already.
pub fn read(desk: &Desk, module: Module, sent: &[Value], known: &[String], item_level: bool) -> Result<Lines, Refusal> {
    // Only a party is documented as required of these.
    let may_be_bare =
        matches!(module, Module::SalesOrders | Module::VendorCredits | Module::RecurringBills | Module::RecurringInvoices);
    if sent.is_empty() && (!may_be_bare || desk.on("zoho.every_document_needs_lines")) {
        return Err(Refusal::new(4016, "The document has no line items."));
    }
    let first_id = records::new_ids(desk, sent.len())?;
    let mut found = Found { desk, cache: Vec::new() };
    let mut lines = Lines { sums: Vec::with_capacity(sent.len()), shown: Vec::with_capacity(sent.len()) };
    for ((order, body), next_id) in sent.iter().enumerate().zip(first_id..) {
        let body = body.as_object().ok_or_else(|| Refusal::invalid("line_items"))?;
        let id = match shape::text(body, "line_item_id") {
            Some(id) if known.iter().any(|known| known == id) => id.to_owned(),
            _ => next_id.to_string(),
        };
        let (sum, shown) = one(&mut found, module, body, id, order, item_level)?;
        lines.sums.push(sum);
        lines.shown.push(shown);
    }
    Ok(lines)
}

impl Lines {
    /// The lines as Zoho answers them.
    pub fn show(self, totals: &[LineTotals]) -> Value {
        let mut list = Vec::with_capacity(self.shown.len());
        for (mut shown, totals) in self.shown.into_iter().zip(totals) {
            shown.insert("rate".into(), number(totals.rate));
            shown.insert("discount_amount".into(), number(totals.discount_amount));
            shown.insert("item_total".into(), number(totals.item_total));
            shown.insert("item_total_inclusive_of_tax".into(), number(totals.item_total_inclusive));
            if shown.contains_key("tax_id") {
                shown.insert("tax_amount".into(), number(totals.tax));
            }
            list.push(Value::Object(shown));
        }
        Value::Array(list)
    }
}

/// `5`, `"5"` or `"10%"`.
pub fn discount(body: &Map<String, Value>, name: &str) -> Result<Discount, Refusal> {
    let percent = body.get(name).and_then(Value::as_str).and_then(|text| text.strip_suffix('%'));
    let figure = match percent {
        Some(text) => Some(text.trim().parse::<Decimal>().map_err(|_| Refusal::invalid(name))?),
        None => shape::amount(body, name)?,
    };
    match figure {
        None => Ok(Discount::None),
        Some(figure) if figure.is_zero() => Ok(Discount::None),
        Some(figure) if figure < Decimal::ZERO || (percent.is_some() && figure > Decimal::ONE_HUNDRED) => {
            Err(Refusal::invalid(name))
        }
        Some(figure) if percent.is_some() => Ok(Discount::Percent(figure)),
        Some(figure) => Ok(Discount::Amount(figure)),
    }
}

/// Looks each record up once per document.
struct Found<'a> {
    desk: &'a Desk<'a>,
    cache: Vec<(Module, Brief)>,
}

impl Found<'_> {
    fn get(&mut self, module: Module, id: i64) -> Result<Brief, Refusal> {
        if let Some((_, brief)) = self.cache.iter().find(|(known, brief)| *known == module && brief.id == id) {
            return Ok(brief.clone());
        }
        let brief = records::brief(self.desk, module, id)?;
        self.cache.push((module, brief.clone()));
        Ok(brief)
    }
}

fn one(
    found: &mut Found,
    module: Module,
    body: &Map<String, Value>,
    id: String,
    order: usize,
    item_level: bool,
) -> Result<(Line, Map<String, Value>), Refusal> {
    let desk = found.desk;
    let mut shown = Map::new();
    let mut name = shape::text(body, "name").unwrap_or_default().to_owned();
    let description = shape::text(body, "description").unwrap_or_default();
    shape::length("name", &name, 100)?;
    shape::length("description", description, 2000)?;
    let item = shape::id(body, "item_id")?.map(|id| found.get(Module::Items, id)).transpose()?;
    let mut rate = shape::amount(body, "rate")?;
    if let Some(item) = &item {
        if item.status != "active" && desk.on("zoho.inactive_records_refuse_documents") {
            return Err(Refusal::new(4, format!("The item \"{}\" is inactive.", item.name)));
        }
        if name.is_empty() {
            name.clone_from(&item.name);
        }
        rate = rate.or(Some(item.figure));
        shown.insert("item_id".into(), item.id.to_string().into());
    } else if name.is_empty() && description.is_empty() {
        return Err(Refusal::new(4, "Invalid Element line_items: a line needs an item, a name or a description."));
    } else if !desk.on("zoho.free_text_lines") {
        return Err(Refusal::missing("item_id"));
    }
    let rate = rate.unwrap_or_default();
    let quantity = shape::amount(body, "quantity")?.unwrap_or(Decimal::ONE);
    account(found, module, body, item.as_ref(), rate.is_zero(), &mut shown)?;
    let tax = tax(found, body, &mut shown)?;
    let discount = if item_level { discount(body, "discount")? } else { Discount::None };
    for (key, value) in [
        ("line_item_id", Value::from(id)),
        ("name", name.into()),
        ("description", description.into()),
        ("item_order", (order + 1).into()),
    ] {
        shown.insert(key.into(), value);
    }
    shown.insert("quantity".into(), number(quantity));
    shown
        .insert("discount".into(), if item_level { body.get("discount").cloned().unwrap_or_else(|| json!(0)) } else { json!(0) });
    for key in ["unit", "project_id", "customer_id"] {
        if let Some(value) = body.get(key).filter(|value| !value.is_null()) {
            shown.insert(key.into(), value.clone());
        }
    }
    if let Some(tags) = body.get("tags").filter(|tags| !tags.is_null()) {
        shown.insert("tags".into(), platform::checked_tags(desk, tags, platform::Level::Line)?);
    }
    Ok((Line { quantity, rate, discount, tax }, shown))
}

/// The account a line is posted to. A purchase's line must name one unless its item does or it carries no amount.
fn account(
    found: &mut Found,
    module: Module,
    body: &Map<String, Value>,
    item: Option<&Brief>,
    free: bool,
    shown: &mut Map<String, Value>,
) -> Result<(), Refusal> {
    let desk = found.desk;
    let mut id = shape::id(body, "account_id")?;
    if id.is_none()
        && let Some(item) = item
    {
        let key = if module.is_purchase() { "purchase_account_id" } else { "account_id" };
        let item = records::need(desk, Module::Items, item.id)?;
        id = item.text(key).parse().ok();
    }
    if id.is_none() && !module.is_purchase() {
        id = records::named(desk, Module::Accounts, "Sales", 0)?.pop().map(|(id, _)| id);
    }
    let Some(id) = id else {
        return if free { Ok(()) } else { Err(Refusal::missing("account_id")) };
    };
    let account = found.get(Module::Accounts, id)?;
    if matches!(account.kind.as_str(), "accounts_receivable" | "accounts_payable") {
        return Err(Refusal::new(2, format!("Invalid value passed for account_id: {} cannot be used in a line.", account.name)));
    }
    if account.status != "active" && desk.on("zoho.inactive_records_refuse_documents") {
        return Err(Refusal::new(4, format!("The account \"{}\" is inactive.", account.name)));
    }
    shown.insert("account_id".into(), id.to_string().into());
    shown.insert("account_name".into(), account.name.into());
    Ok(())
}

fn tax(found: &mut Found, body: &Map<String, Value>, shown: &mut Map<String, Value>) -> Result<Option<Tax>, Refusal> {
    let Some(id) = shape::id(body, "tax_id")? else { return Ok(None) };
    let tax = found.get(Module::Taxes, id)?;
    let percent = tax.figure.normalize();
    shown.insert("tax_id".into(), id.to_string().into());
    shown.insert("tax_name".into(), tax.name.into());
    shown.insert("tax_percentage".into(), number(percent));
    Ok(Some(Tax { id, percent }))
}
