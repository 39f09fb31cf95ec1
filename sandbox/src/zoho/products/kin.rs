//! Inventory and Invoice: the shapes of Books under another name, with fewer record types.

use actix_web::http::Method;
use rusqlite::Connection;

use super::{PERMITTED, Product, nowhere, permitted};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::organisations::Org;
use crate::zoho::records::Desk;
use crate::zoho::router;

pub fn answer(call: &Call, connection: &Connection, org: &Org, scopes: &str) -> Result<Answer, Refusal> {
    let desk = Desk { connection, shared: call.shared, org, now: call.shared.clock.now(), own_number: false };
    admit(call, &desk, scopes)?;
    match call.segments.first() {
        Some(&"salesorders") => orders(call, connection, org, "confirmed"),
        Some(&"purchaseorders") => orders(call, connection, org, "issued"),
        Some(&"creditnotes") if call.product == Product::Inventory => credits(call, connection, org),
        Some(&"items") => {
            let mut answer = router::answer(call, connection, org, PERMITTED)?;
            // Inventory creates items with 200.
            if call.product == Product::Inventory && *call.method == Method::POST {
                answer.status = 200;
            }
            Ok(answer)
        }
        _ => router::answer(call, connection, org, PERMITTED),
    }
}

/// Whether the product has this address, and the token its scope.
pub fn admit(call: &Call, desk: &Desk, scopes: &str) -> Result<(), Refusal> {
    let area = match call.product {
        Product::Inventory => area_of_inventory(&call.segments),
        _ => area_of_invoice(&call.segments),
    };
    let area = area.ok_or_else(nowhere)?;
    let upsert = *call.method == Method::PUT && (call.segments.len() == 1 || call.header("x-unique-identifier-key").is_some());
    let definition = call.segments.starts_with(&["settings", "fields"]) && *call.method != Method::GET;
    if upsert || definition && !desk.on("zoho.fields_can_be_made_in_every_product") {
        return Err(nowhere());
    }
    permitted(call, scopes, area, call.method)
}

fn area_of_inventory(segments: &[&str]) -> Option<&'static str> {
    Some(match segments {
        ["contacts", ..] => "contacts",
        ["items" | "itemdetails", ..] | ["item", _, "customfields"] => "items",
        ["salesorders", ..] => "salesorders",
        ["invoices" | "retainerinvoices", ..] | ["invoice", _, "customfields"] => "invoices",
        ["customerpayments", ..] | ["customerpayment", _, "customfields"] => "customerpayments",
        ["creditnotes", ..] => "creditnotes",
        ["purchaseorders", ..] => "purchaseorders",
        ["bills", ..] | ["bill", _, "customfields"] => "bills",
        ["vendorcredits", ..] => "debitnotes",
        ["settings", "currencies" | "taxes" | "fields", ..] | ["users" | "locations" | "reportingtags", ..] => "settings",
        _ => return None,
    })
}

fn area_of_invoice(segments: &[&str]) -> Option<&'static str> {
    Some(match segments {
        ["contacts", ..] => "contacts",
        ["estimates", ..] | ["estimate", _, "customfields"] => "estimates",
        ["invoices" | "recurringinvoices" | "retainerinvoices", ..] | ["invoice", _, "customfields"] => "invoices",
        ["customerpayments", ..] => "customerpayments",
        ["creditnotes", ..] => "creditnotes",
        ["expenses", ..] => "expenses",
        ["projects", ..] => "projects",
        ["items", ..] | ["settings", "currencies" | "taxes" | "fields", ..] | ["users", ..] => "settings",
        _ => return None,
    })
}

/// Inventory opens and voids a credit note at addresses without `status`.
fn credits(call: &Call, connection: &Connection, org: &Org) -> Result<Answer, Refusal> {
    let segments = match call.segments.as_slice() {
        ["creditnotes", _, "status", ..] => return Err(nowhere()),
        ["creditnotes", id, "converttoopen"] => vec!["creditnotes", *id, "status", "open"],
        ["creditnotes", id, word @ ("void" | "draft")] => vec!["creditnotes", *id, "status", *word],
        _ => return router::answer(call, connection, org, PERMITTED),
    };
    let books = call.reworded(call.method, segments, call.query.with("organization_id", &org.id.to_string()), call.body());
    router::answer(&books, connection, org, PERMITTED)
}

/// What is open in Books is confirmed or issued in Inventory.
fn orders(call: &Call, connection: &Connection, org: &Org, here: &str) -> Result<Answer, Refusal> {
    let mut segments = call.segments.clone();
    if let Some(at) = segments.iter().position(|part| *part == "status")
        && let Some(word) = segments.get_mut(at + 1)
    {
        match *word {
            "open" => return Err(nowhere()),
            word_here if word_here == here => *word = "open",
            _ => {}
        }
    }
    let by = call.query.get("filter_by").unwrap_or_default();
    let query = call.query.with("filter_by", if by.eq_ignore_ascii_case(&format!("Status.{here}")) { "Status.Open" } else { by });
    let body = if call.body().is_empty() { Vec::new() } else { call.any_json()?.to_string().into_bytes() };
    let books = call.reworded(call.method, segments, query, &body);
    let mut answer = router::answer(&books, connection, org, PERMITTED)?;
    answer.body = answer.body.replace("\"status\":\"open\"", &format!("\"status\":\"{here}\""));
    answer.body = answer.body.replace("changed to open.", &format!("changed to {here}."));
    if call.product == Product::Inventory {
        reworded(call, &mut answer);
    }
    Ok(answer)
}

/// Inventory spells the keys of orders with an underscore, but for a sales order that is read, and marks them with 200.
fn reworded(call: &Call, answer: &mut Answer) {
    let (from, to) = match call.segments.first() {
        Some(&"purchaseorders") => ("\"purchaseorder\":{", "\"purchase_order\":{"),
        Some(&"salesorders") if *call.method != Method::GET => ("\"salesorder\":{", "\"sales_order\":{"),
        _ => return,
    };
    answer.body = answer.body.replacen(from, to, 1);
    if call.segments.contains(&"status") {
        answer.status = 200;
    }
}
