//! What can be subscribed to: products, their plans and addons, and coupons.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{Counter, nowhere};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;
use crate::zoho::shape::{self, Kind::*};

/// Found by its id; the others by their code, which no other of their kind has.
pub const PRODUCT: Kind = Kind { key: "product", list_key: "products", id_key: "product_id", noun: "Product" };
pub const PLAN: Kind = Kind { key: "plan", list_key: "plans", id_key: "plan_id", noun: "Plan" };
pub const ADDON: Kind = Kind { key: "addon", list_key: "addons", id_key: "addon_id", noun: "Addon" };
pub const COUPON: Kind = Kind { key: "coupon", list_key: "coupons", id_key: "coupon_id", noun: "Coupon" };

const PRODUCT_SHAPE: &[(&str, shape::Kind)] =
    &[("name", Guess(100)), ("description", Guess(2000)), ("email_ids", Guess(500)), ("redirect_url", Guess(500))];
const PLAN_SHAPE: &[(&str, shape::Kind)] = &[
    ("plan_code", Guess(100)),
    ("name", Guess(100)),
    ("recurring_price", Number),
    ("unit", Guess(50)),
    ("interval", Whole),
    ("interval_unit", Choice(&["weeks", "months", "years"])),
    ("billing_cycles", Whole),
    ("trial_period", Whole),
    ("setup_fee", Number),
    ("description", Guess(2000)),
    ("product_type", Choice(&["goods", "service", "digital_service"])),
];
const ADDON_SHAPE: &[(&str, shape::Kind)] = &[
    ("addon_code", Guess(100)),
    ("name", Guess(100)),
    ("unit_name", Guess(50)),
    ("pricing_scheme", Choice(&["unit", "volume", "tier", "package"])),
    ("price_brackets", Any),
    ("type", Choice(&["recurring", "one_time"])),
    ("interval_unit", Choice(&["weekly", "monthly", "yearly"])),
    ("applicable_to_all_plans", Flag),
    ("plans", Any),
    ("description", Guess(2000)),
];
const COUPON_SHAPE: &[(&str, shape::Kind)] = &[
    ("coupon_code", Guess(100)),
    ("name", Guess(100)),
    ("description", Guess(2000)),
    ("type", Choice(&["one_time", "forever", "duration"])),
    ("duration", Whole),
    ("discount_by", Choice(&["flat", "percentage"])),
    ("discount_value", Number),
    ("max_redemption", Whole),
    ("expiry_at", Date),
];

pub fn answer(counter: &Counter, kind: &Kind, rest: &[&str]) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => {
            let product = counter.call.query.get("product_id").and_then(|id| id.parse().ok());
            cards::page(desk, kind, Paging::asked(&counter.call.query)?, product)
        }
        ("GET", [name]) => Ok(Answer::found(kind.key, &need(desk, kind, name)?.json())),
        ("POST", []) => write(desk, kind, None, &counter.call.json()?),
        ("PUT", [name]) => write(desk, kind, Some(need(desk, kind, name)?), &counter.call.json()?),
        ("DELETE", [name]) => {
            let card = need(desk, kind, name)?;
            for below in [&PLAN, &ADDON, &COUPON, &super::subscriptions::SUBSCRIPTION] {
                if !cards::of_owner(desk, below, card.id)?.is_empty() {
                    return Err(Refusal::new(
                        36,
                        format!("The {} is used by a {} and cannot be deleted.", kind.noun.to_lowercase(), below.key),
                    ));
                }
            }
            if kind.key == PLAN.key && super::subscriptions::has_plan(desk, card.id)? {
                return Err(Refusal::new(36, "The plan has subscriptions and cannot be deleted."));
            }
            cards::remove(desk, &card)?;
            Ok(cards::deleted(kind))
        }
        ("POST", [name, word @ ("markasactive" | "markasinactive")]) => {
            let mut card = need(desk, kind, name)?;
            let word = &word["markas".len()..];
            card.set("status", word);
            cards::save(desk, kind, &mut card)?;
            Ok(Answer::done(&format!("The {} has been marked as {word}.", kind.noun.to_lowercase())))
        }
        _ => Err(nowhere()),
    }
}

fn need(desk: &Desk, kind: &Kind, name: &str) -> Result<Card, Refusal> {
    if kind.key == PRODUCT.key {
        return cards::need(desk, kind, name);
    }
    cards::named(desk, kind, name)?.ok_or_else(|| Refusal::absent(kind.noun))
}

fn write(desk: &Desk, kind: &Kind, was: Option<Card>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut card = match was {
        Some(card) => card,
        None => Card::new(desk)?,
    };
    let (shape, name, required): (_, _, &[&str]) = match kind.key {
        "plan" => (PLAN_SHAPE, "plan_code", &["name", "recurring_price", "interval"]),
        "addon" => (ADDON_SHAPE, "addon_code", &["name", "unit_name", "price_brackets"]),
        "coupon" => (COUPON_SHAPE, "coupon_code", &["name", "type", "discount_by", "discount_value"]),
        _ => (PRODUCT_SHAPE, "name", &[]),
    };
    shape::take(desk, body, shape, &mut card.detail)?;
    card.name = shape::text(&card.detail, name).ok_or_else(|| Refusal::missing(name))?.to_owned();
    for name in required {
        card.detail.get(*name).filter(|value| !value.is_null()).ok_or_else(|| Refusal::missing(name))?;
    }
    for name in ["recurring_price", "setup_fee", "discount_value", "interval", "trial_period"] {
        let least = if name == "interval" { Decimal::ONE } else { Decimal::ZERO };
        if shape::amount(&card.detail, name)?.is_some_and(|amount| amount < least) {
            return Err(Refusal::invalid(name));
        }
    }
    cards::name_is_free(desk, kind, &card)?;
    if kind.key != PRODUCT.key {
        let asked = shape::id(body, "product_id")?.or(card.owner).ok_or_else(|| Refusal::missing("product_id"))?;
        let product = cards::need(desk, &PRODUCT, &asked.to_string()).map_err(|_| Refusal::unknown("Product"))?;
        card.owner = Some(product.id);
        card.set("product_id", product.id.to_string());
        card.set("product_name", product.name);
    }
    if new {
        card.set("status", "active");
        if kind.key == PLAN.key {
            card.detail.entry("interval_unit").or_insert_with(|| "months".into());
        }
    }
    cards::save(desk, kind, &mut card)?;
    Ok(cards::written(kind, &card, if new { 201 } else { 200 }))
}
