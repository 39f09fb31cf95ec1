//! `/subscriptions`: a customer takes a plan, and the first invoice follows at once. Later terms are not billed: nothing here acts by itself.

use actix_web::http::Method;
use chrono::{Days, Months, NaiveDate};
use rusqlite::OptionalExtension;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::catalogue::{ADDON, PLAN};
use super::{Counter, customers, events, nowhere};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::paging::Paging;
use crate::zoho::records::{Desk, number};
use crate::zoho::{amounts, shape, tables, time};

/// Filed under its number; it belongs to its customer.
pub const SUBSCRIPTION: Kind =
    Kind { key: "subscription", list_key: "subscriptions", id_key: "subscription_id", noun: "Subscription" };

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    let query = &counter.call.query;
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => {
            let customer = query.get("customer_id").and_then(|id| id.parse().ok());
            cards::page(desk, &SUBSCRIPTION, Paging::asked(query)?, customer)
        }
        ("GET", [id]) => Ok(Answer::found(SUBSCRIPTION.key, &need(desk, id)?.json())),
        ("POST", []) => create(counter, &counter.call.json()?),
        ("PUT", [id]) => update(desk, need(desk, id)?, &counter.call.json()?),
        ("DELETE", [id]) => {
            let subscription = need(desk, id)?;
            cards::remove(desk, &subscription)?;
            events::note(desk, "subscription_deleted", json!({"subscription": subscription.detail}))?;
            Ok(cards::deleted(&SUBSCRIPTION))
        }
        ("POST", [id, "cancel"]) => {
            let at_end = query.get("cancel_at_end") == Some("true");
            let (status, event) = if at_end {
                ("non_renewing", "subscription_cancellation_scheduled")
            } else {
                ("cancelled", "subscription_cancelled")
            };
            turn(desk, need(desk, id)?, &["live", "trial", "future"], status, event)
        }
        ("POST", [id, "reactivate"]) => turn(desk, need(desk, id)?, &["non_renewing"], "live", "subscription_reactivated"),
        ("POST", [id, "reference"]) => {
            let mut subscription = need(desk, id)?;
            let body = counter.call.json()?;
            let reference = shape::text(&body, "reference_id").ok_or_else(|| Refusal::missing("reference_id"))?;
            subscription.set("reference_id", reference);
            cards::save(desk, &SUBSCRIPTION, &mut subscription)?;
            Ok(cards::written(&SUBSCRIPTION, &subscription, 200))
        }
        ("POST", [id, "customfields"]) => {
            let mut subscription = need(desk, id)?;
            let fields = counter.call.json()?.remove("custom_fields").ok_or_else(|| Refusal::missing("custom_fields"))?;
            let whole = |field: &Value| field["label"].is_string() && field.get("value").is_some();
            if !fields.as_array().is_some_and(|fields| fields.iter().all(whole)) {
                return Err(Refusal::invalid("custom_fields"));
            }
            subscription.set("custom_fields", fields.clone());
            cards::save(desk, &SUBSCRIPTION, &mut subscription)?;
            Ok(Answer::found("data", &json!({"custom_fields": fields}).to_string()))
        }
        _ => Err(nowhere()),
    }
}

fn need(desk: &Desk, id: &str) -> Result<Card, Refusal> {
    cards::need(desk, &SUBSCRIPTION, id)
}

/// Whether anybody has this plan. Rare enough to look at every subscription.
pub fn has_plan(desk: &Desk, plan: i64) -> Result<bool, Refusal> {
    let found: Option<i64> = desk
        .connection
        .prepare_cached(
            "SELECT id FROM zoho_card WHERE org = ?1 AND kind = ?2 AND json_extract(detail, '$.plan.plan_id') = ?3 LIMIT 1",
        )?
        .query_row((desk.org.id, SUBSCRIPTION.key, plan.to_string()), |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

fn create(counter: &Counter, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    let order = Order::read(desk, body)?;
    let customer = match (shape::text(body, "customer_id"), body.get("customer").and_then(Value::as_object)) {
        (Some(id), _) => id.to_owned(),
        (None, Some(customer)) => customers::create(counter, customer)?,
        (None, None) => return Err(Refusal::missing("customer_id")),
    };
    let customer = customers::need(desk, &customer)?;
    let today = time::today(desk.now, &desk.org.time_zone);
    let starts = match shape::text(body, "starts_at") {
        Some(day) => time::parse_date(day).ok_or_else(|| Refusal::invalid("starts_at"))?,
        None => today,
    };
    let trial = shape::amount(&order.plan.detail, "trial_period")?.unwrap_or_default();
    let status = match (starts > today, trial.is_zero()) {
        (true, _) => "future",
        (false, false) => "trial",
        (false, true) => "live",
    };
    let mut subscription = Card { owner: Some(customer.id), ..Card::new(desk)? };
    let count = tables::take(desk.connection, &format!("subscription number {}", desk.org.id), 1)?;
    subscription.name = format!("SUB-{count:05}");
    let ends = order.term_after(starts, trial)?;
    for (key, value) in [
        ("subscription_number", json!(subscription.name)),
        ("status", json!(status)),
        ("customer_id", json!(customer.id.to_string())),
        (
            "customer",
            json!({"customer_id": customer.id.to_string(), "display_name": customer.name, "email": customer.text("email")}),
        ),
        ("currency_code", json!(customer.text("currency_code"))),
        ("activated_at", json!(if status == "live" { Some(starts.to_string()) } else { None })),
        ("current_term_starts_at", json!(starts.to_string())),
        ("current_term_ends_at", json!(ends.to_string())),
        ("next_billing_at", json!(ends.to_string())),
        ("auto_collect", json!(shape::flag(body, "auto_collect"))),
        ("reference_id", json!(shape::text(body, "reference_id").unwrap_or_default())),
        ("custom_fields", body.get("custom_fields").cloned().unwrap_or_else(|| json!([]))),
    ] {
        subscription.set(key, value);
    }
    order.show(&mut subscription);
    if status == "live" {
        let invoice = json!({"customer_id": customer.id.to_string(), "date": starts.to_string(), "reference_number": subscription.name,
                             "exchange_rate": body.get("exchange_rate"), "line_items": order.lines});
        let (_, made) = counter.ask(&Method::POST, vec!["invoices"], counter.query(), Some(invoice))?;
        let id = made["invoice"]["invoice_id"].as_str().unwrap_or_default();
        counter.ask(&Method::POST, vec!["invoices", id, "status", "sent"], counter.query(), None)?;
        subscription.set("child_invoice_id", id);
    }
    cards::save(desk, &SUBSCRIPTION, &mut subscription)?;
    events::note(desk, "subscription_created", json!({"subscription": subscription.detail}))?;
    Ok(cards::written(&SUBSCRIPTION, &subscription, 201))
}

/// Another plan, or other quantities: from the next term on.
fn update(desk: &Desk, mut subscription: Card, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    if subscription.text("status") == "cancelled" {
        return Err(Refusal::new(4, "A cancelled subscription cannot be changed."));
    }
    if body.contains_key("plan") {
        Order::read(desk, body)?.show(&mut subscription);
    }
    if body.contains_key("auto_collect") {
        subscription.set("auto_collect", shape::flag(body, "auto_collect"));
    }
    cards::save(desk, &SUBSCRIPTION, &mut subscription)?;
    events::note(desk, "subscription_edited", json!({"subscription": subscription.detail}))?;
    Ok(cards::written(&SUBSCRIPTION, &subscription, 200))
}

fn turn(desk: &Desk, mut subscription: Card, from: &[&str], to: &str, event: &str) -> Result<Answer, Refusal> {
    let status = subscription.text("status").to_owned();
    if !from.contains(&status.as_str()) {
        return Err(Refusal::new(4, format!("A subscription that is {status} cannot become {to}.")));
    }
    subscription.set("status", to);
    if to == "cancelled" {
        subscription.set("cancelled_at", desk.today());
    }
    cards::save(desk, &SUBSCRIPTION, &mut subscription)?;
    events::note(desk, event, json!({"subscription": subscription.detail}))?;
    Ok(cards::written(&SUBSCRIPTION, &subscription, 200))
}

/// What is taken: a plan and its addons, with what they cost.
struct Order {
    plan: Card,
    plan_shown: Value,
    addons: Vec<Value>,
    lines: Vec<Value>,
    amount: Decimal,
}

impl Order {
    fn read(desk: &Desk, body: &Map<String, Value>) -> Result<Self, Refusal> {
        let sent = body.get("plan").and_then(Value::as_object).ok_or_else(|| Refusal::missing("plan"))?;
        let code = shape::text(sent, "plan_code").ok_or_else(|| Refusal::missing("plan_code"))?;
        let plan = active(desk, &PLAN, code)?;
        let price = shape::amount(&plan.detail, "recurring_price")?.unwrap_or_default();
        let mut order = Self { plan_shown: Value::Null, addons: Vec::new(), lines: Vec::new(), amount: Decimal::ZERO, plan };
        let name = order.plan.text("name").to_owned();
        let mut shown = order.add(&name, price, sent)?;
        shown["plan_code"] = order.plan.name.clone().into();
        shown["plan_id"] = order.plan.id.to_string().into();
        order.plan_shown = shown;
        for sent in body.get("addons").and_then(Value::as_array).into_iter().flatten() {
            let sent = sent.as_object().ok_or_else(|| Refusal::invalid("addons"))?;
            let code = shape::text(sent, "addon_code").ok_or_else(|| Refusal::missing("addon_code"))?;
            let addon = active(desk, &ADDON, code)?;
            let bracket = addon.detail.get("price_brackets").and_then(|brackets| brackets.get(0)).and_then(Value::as_object);
            let price = bracket.map(|bracket| shape::amount(bracket, "price")).transpose()?.flatten().unwrap_or_default();
            let mut shown = order.add(addon.text("name"), price, sent)?;
            shown["addon_code"] = addon.name.into();
            order.addons.push(shown);
        }
        Ok(order)
    }

    /// One line of the invoice, and how the subscription shows it.
    fn add(&mut self, name: &str, usual: Decimal, sent: &Map<String, Value>) -> Result<Value, Refusal> {
        let quantity = shape::amount(sent, "quantity")?.unwrap_or(Decimal::ONE);
        let price = shape::amount(sent, "price")?.unwrap_or(usual);
        if quantity <= Decimal::ZERO {
            return Err(Refusal::invalid("quantity"));
        }
        if price < Decimal::ZERO {
            return Err(Refusal::invalid("price"));
        }
        let total = price * quantity;
        if total > amounts::MAX {
            return Err(Refusal::invalid("quantity"));
        }
        self.amount += total;
        let tax = sent.get("tax_id").cloned().unwrap_or_default();
        self.lines.push(json!({"name": name, "rate": number(price), "quantity": number(quantity), "tax_id": tax}));
        Ok(json!({"name": name, "price": number(price), "quantity": number(quantity), "total": number(total), "tax_id": tax}))
    }

    fn show(&self, subscription: &mut Card) {
        subscription.set("name", format!("{}-{}", self.plan.text("product_name"), self.plan.text("name")));
        subscription.set("plan", self.plan_shown.clone());
        subscription.set("addons", self.addons.clone());
        subscription.set("amount", number(self.amount));
        for key in ["product_id", "product_name", "interval", "interval_unit"] {
            subscription.set(key, self.plan.detail.get(key).cloned().unwrap_or_default());
        }
    }

    /// When the first term, or the trial before it, is over.
    fn term_after(&self, starts: NaiveDate, trial: Decimal) -> Result<NaiveDate, Refusal> {
        if !trial.is_zero() {
            let days = trial.to_string().parse().map_err(|_| Refusal::invalid("trial_period"))?;
            return starts.checked_add_days(Days::new(days)).ok_or_else(|| Refusal::invalid("trial_period"));
        }
        let count = shape::amount(&self.plan.detail, "interval")?.unwrap_or(Decimal::ONE);
        let count: u32 = count.to_string().parse().map_err(|_| Refusal::invalid("interval"))?;
        let after = match self.plan.text("interval_unit") {
            "weeks" => starts.checked_add_days(Days::new(u64::from(count) * 7)),
            "years" => count.checked_mul(12).and_then(|months| starts.checked_add_months(Months::new(months))),
            _ => starts.checked_add_months(Months::new(count)),
        };
        after.ok_or_else(|| Refusal::invalid("interval"))
    }
}

fn active(desk: &Desk, kind: &Kind, code: &str) -> Result<Card, Refusal> {
    let card = cards::named(desk, kind, code)?.ok_or_else(|| Refusal::unknown(kind.noun))?;
    match card.text("status") {
        "active" => Ok(card),
        _ => Err(Refusal::new(4, format!("The {} is inactive.", kind.noun.to_lowercase()))),
    }
}
