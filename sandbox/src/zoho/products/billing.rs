//! Billing, once called Subscriptions: customers, invoices and payments of Books in its own words, and plans that people subscribe to.

mod catalogue;
mod customers;
mod documents;
mod events;
mod subscriptions;

use super::{Counter, each, nowhere, permitted, rename};
use crate::zoho::answer::{Answer, Refusal};

pub fn answer(counter: &Counter, scopes: &str) -> Result<Answer, Refusal> {
    let call = counter.call;
    let area = area_of(call.method.as_str(), &call.segments).ok_or_else(nowhere)?;
    permitted(call, scopes, area, call.method)?;
    match call.segments.as_slice() {
        ["customers", rest @ ..] => customers::answer(counter, rest),
        ["invoices", rest @ ..] => documents::invoices(counter, rest),
        ["creditnotes", rest @ ..] => documents::credit_notes(counter, rest),
        ["payments", rest @ ..] => documents::payments(counter, rest),
        ["products", rest @ ..] => catalogue::answer(counter, &catalogue::PRODUCT, rest),
        ["plans", rest @ ..] => catalogue::answer(counter, &catalogue::PLAN, rest),
        ["addons", rest @ ..] => catalogue::answer(counter, &catalogue::ADDON, rest),
        ["coupons", rest @ ..] => catalogue::answer(counter, &catalogue::COUPON, rest),
        ["subscriptions", rest @ ..] => subscriptions::answer(counter, rest),
        ["events", rest @ ..] => events::answer(counter, rest),
        _ => counter.pass(),
    }
}

/// Which scope an address needs; None where Billing has no such address.
fn area_of(method: &str, segments: &[&str]) -> Option<&'static str> {
    Some(match segments {
        ["customers", ..] => "customers",
        ["invoices", ..] | ["invoice", _, "customfields"] => "invoices",
        ["creditnotes", ..] => "creditnotes",
        ["payments", ..] => "payments",
        ["products", ..] => "products",
        ["plans", ..] => "plans",
        ["addons", ..] => "addons",
        ["coupons", ..] => "coupons",
        ["subscriptions", ..] => "subscriptions",
        ["events", ..] => "webhooks",
        ["items"] if method == "PUT" => return None,
        ["items", ..] => "items",
        ["estimates"] | ["expenses"] if method == "PUT" => return None,
        ["estimates", ..] => "quotes",
        ["expenses", ..] => "expenses",
        ["settings", "taxes"] if method == "GET" => "settings",
        _ => return None,
    })
}
