//! From method and address to what Books does.

use actix_web::http::Method;
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::{self, *};
use super::organisations::{self, Org};
use super::records::{self, Desk, Record};
use super::{
    actions, bankaccounts, banktransactions, buttons, contacts, conversions, credits, currencyadjustments, custom_fields,
    documents, exchangerates, expenses, fields, items, journals, lists, openingbalances, papers, payments, people, platform,
    projects, reminders, reports, settings, settlements, tables, taxgroups, updates,
};

/// `/organizations` and below: the only calls that name no organisation.
pub fn without_organisation(call: &Call, connection: &Connection, scopes: &str) -> Result<Answer, Refusal> {
    permitted(scopes, "settings", call.method)?;
    match (call.method.as_str(), call.segments.as_slice()) {
        ("GET", ["organizations"]) => organisations::answer(connection, call.dc, None),
        ("GET", ["organizations", id]) => organisations::answer(connection, call.dc, Some(id)),
        _ => Err(no_such_address()),
    }
}

/// Every other call.
pub fn answer(call: &Call, connection: &Connection, org: &Org, scopes: &str) -> Result<Answer, Refusal> {
    let own_number = call.query.get("ignore_auto_number_generation") == Some("true");
    let desk = Desk { connection, shared: call.shared, org, now: call.shared.clock.now(), own_number };
    if let Some(answer) = platform::answer(call, &desk, scopes) {
        return answer;
    }
    if let ["settings", "fields", rest @ ..] = call.segments.as_slice() {
        permitted(scopes, "settings", call.method)?;
        return definitions(call, &desk, rest);
    }
    if let ["settings", "custombuttons", rest @ ..] = call.segments.as_slice() {
        permitted(scopes, "settings", call.method)?;
        return buttons::answer(call, &desk, rest);
    }
    if let [singular, id, "customfields"] = call.segments.as_slice()
        && *call.method == Method::PUT
        && let Some(module) = HAVE_CUSTOMFIELDS.into_iter().find(|module| module.entity().replace('_', "") == *singular)
    {
        permitted(scopes, module.scope(), call.method)?;
        return set_custom_fields(call, &desk, module, number(id)?);
    }
    if let Some((scope, answer)) = elsewhere(&call.segments) {
        permitted(scopes, scope, call.method)?;
        return answer(call, &desk, &call.segments);
    }
    let (module, rest) = Module::at(&call.segments).ok_or_else(no_such_address)?;
    permitted(scopes, module.scope(), call.method)?;
    if let Some(answer) = settlements::answer(call, &desk, module, rest) {
        return answer;
    }
    if module == Contacts
        && let Some(answer) = people::answer(call, &desk, rest)
    {
        return answer;
    }
    match (call.method.as_str(), rest) {
        ("GET", []) => lists::page(&desk, module, &call.query),
        ("GET", [id]) => lists::one(&desk, module, number(id)?),
        ("GET", [id, "customfields"]) if matches!(module, Invoices | CreditNotes) => {
            let record = records::need(&desk, module, number(id)?)?;
            let list = record.detail.get("custom_fields").cloned().unwrap_or_else(|| Value::Array(Vec::new()));
            Ok(Answer::found("custom_fields", &list.to_string()))
        }
        ("POST", []) => {
            let mut record = write(&desk, module, None, &call.json()?)?;
            let key = if module == CreditNotes { "invoice_id" } else { "bill_id" };
            if papers::is_credit(module)
                && let Some(document) = call.query.get(key)
            {
                credits::is_for(&desk, module, &mut record, document)?;
            }
            emailed(call, &desk, 1)?;
            // Documented so: expenses are created with 200.
            shown(&desk, module, &record, if matches!(module, Expenses | RecurringExpenses) { 200 } else { 201 }, "created")
        }
        ("PUT", []) if module.upserts() => upsert(call, &desk, module),
        ("PUT", [id]) => {
            let was = records::need(&desk, module, number(id)?)?;
            let record = write(&desk, module, Some(was), &call.json()?)?;
            emailed(call, &desk, 1)?;
            shown(&desk, module, &record, 200, "updated")
        }
        ("DELETE", []) => {
            let names = ["contact_ids", "invoice_ids", "payment_ids", "vendorpayment_id"];
            let ids = names.iter().find_map(|name| call.query.get(name)).ok_or_else(|| Refusal::missing("ids"))?;
            actions::bulk_delete(&desk, module, ids)
        }
        ("DELETE", ["bulkdelete"]) if matches!(module, Journals | Accounts) => {
            let name = if module == Journals { "journal_ids" } else { "account_ids" };
            actions::bulk_delete(&desk, module, call.query.get(name).ok_or_else(|| Refusal::missing(name))?)
        }
        ("DELETE", [id]) => actions::delete(&desk, module, number(id)?),
        ("POST", ["fromsalesorder"]) if module == Invoices => conversions::from_sales_order(call, &desk),
        ("POST", ["fromestimates"]) if module == Invoices => conversions::from_estimates(call, &desk),
        ("POST", ["status", word]) => {
            let name = actions::bulk_name(module, word).ok_or_else(no_such_address)?;
            actions::bulk_status(&desk, module, call.query.get(name).ok_or_else(|| Refusal::missing(name))?, word)
        }
        ("POST", [id, "status", word]) => actions::status(&desk, module, number(id)?, word),
        ("POST", [id, word @ ("active" | "inactive")]) => actions::activate(&desk, module, number(id)?, *word == "active"),
        ("POST", [id, "paymentreminder", word @ ("disable" | "enable")]) if matches!(module, Contacts | Invoices) => {
            reminders::turn(&desk, module, number(id)?, *word == "enable")
        }
        ("POST", [.., "email"]) => {
            tables::take(desk.connection, EMAILED, 1)?;
            Ok(Answer::done("Your email has been sent."))
        }
        _ => Err(no_such_address()),
    }
}

/// The sequence that counts letters a customer's customers would have had. It must stay at zero.
pub const EMAILED: &str = "emailed customers";

/// `?send=true` e-mails the document to the customer.
fn emailed(call: &Call, desk: &Desk, count: i64) -> Result<(), Refusal> {
    if call.query.get("send") == Some("true") {
        tables::take(desk.connection, EMAILED, count)?;
    }
    Ok(())
}

/// `PUT /{module}` with the unique-identifier headers: found → updated (200); else created (201) when X-Upsert says so.
fn upsert(call: &Call, desk: &Desk, module: Module) -> Result<Answer, Refusal> {
    let key = call.header("x-unique-identifier-key").ok_or_else(|| Refusal::missing("X-Unique-Identifier-Key"))?;
    let value = call.header("x-unique-identifier-value").ok_or_else(|| Refusal::missing("X-Unique-Identifier-Value"))?;
    let mut body = call.json()?;
    let found = custom_fields::find(desk, module, key, value)?;
    let number_key = papers::of(module).and_then(|paper| paper.number).map(|(key, _)| key);
    let has_number = number_key.is_some_and(|key| body.contains_key(key));
    let own_number = desk.own_number || !desk.on("zoho.upsert_needs_auto_number_flag") && has_number;
    let desk = &Desk { own_number, ..*desk };
    let was = match found {
        Some(id) => Some(records::need(desk, module, id)?),
        None if call.header("x-upsert").is_some_and(|yes| yes.eq_ignore_ascii_case("true")) => None,
        None => return Err(Refusal::absent(module.noun())),
    };
    let status = if was.is_some() { 200 } else { 201 };
    if was.is_none() && desk.on("zoho.upsert_stores_header_value") {
        store_header(&mut body, key, value);
    }
    let record = write(desk, module, was, &body)?;
    emailed(call, desk, 1)?;
    shown(desk, module, &record, status, if status == 201 { "created" } else { "updated" })
}

fn store_header(body: &mut Map<String, Value>, key: &str, value: &str) {
    let entry = serde_json::json!({"api_name": key, "value": value});
    match body.get_mut("custom_fields") {
        Some(Value::Array(list)) => list.insert(0, entry),
        _ => _ = body.insert("custom_fields".into(), Value::Array(vec![entry])),
    }
}

fn write(desk: &Desk, module: Module, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    if was.is_some() {
        updates::complete(desk, module, body)?;
    }
    match module {
        Currencies => settings::write_currency(desk, was, body),
        Taxes => settings::write_tax(desk, was, body),
        Accounts => settings::write_account(desk, was, body),
        Contacts => contacts::write(desk, was, body),
        Items => items::write(desk, was, body),
        CustomerPayments | VendorPayments => payments::write(desk, module, was, body),
        Expenses | RecurringExpenses => expenses::write(desk, module, was, body),
        BankTransactions => banktransactions::write(desk, was, body),
        Journals => journals::write(desk, was, body),
        Projects => projects::write(desk, was, body),
        _ if module.is_document() => documents::write(desk, module, was, body),
        _ => Err(no_such_address()),
    }
}

fn shown(desk: &Desk, module: Module, record: &Record, status: u16, done: &str) -> Result<Answer, Refusal> {
    let json = lists::shown(desk, module, record)?;
    Ok(Answer::with(status, &format!("The {} has been {done}.", module.noun().to_lowercase()), module.key(), &json))
}

/// `PUT /{singular}/{id}/customfields` is documented for these.
const HAVE_CUSTOMFIELDS: [Module; 7] = [Invoices, Estimates, SalesOrders, PurchaseOrders, Bills, Items, CustomerPayments];

type Handler = fn(&Call, &Desk, &[&str]) -> Result<Answer, Refusal>;

/// Addresses that are not a collection of records like the others: their scope, and who answers.
fn elsewhere(segments: &[&str]) -> Option<(&'static str, Handler)> {
    Some(match segments {
        ["reports", ..] => ("reports", |call, desk, segments| reports::answer(call, desk, &segments[1..])),
        ["bankaccounts", ..] => ("banking", |call, desk, segments| bankaccounts::answer(call, desk, &segments[1..])),
        ["basecurrencyadjustment", ..] => {
            ("accountants", |call, desk, segments| currencyadjustments::answer(call, desk, &segments[1..]))
        }
        ["settings", "openingbalances"] => ("settings", |call, desk, _| openingbalances::answer(call, desk)),
        ["settings", "taxgroups", ..] => ("settings", |call, desk, segments| taxgroups::answer(call, desk, &segments[2..])),
        ["settings", "currencies", _, "exchangerates", ..] => {
            ("settings", |call, desk, segments| exchangerates::answer(call, desk, number(segments[2])?, &segments[4..]))
        }
        ["itemdetails"] => ("settings", |call, desk, _| only_get(call).and_then(|()| items::details(desk, &call.query))),
        ["chartofaccounts", "accounttransactions"] => {
            ("accountants", |call, desk, _| only_get(call).and_then(|()| bankaccounts::transactions(desk, &call.query)))
        }
        _ => return None,
    })
}

fn only_get(call: &Call) -> Result<(), Refusal> {
    if *call.method == Method::GET { Ok(()) } else { Err(no_such_address()) }
}

fn definitions(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let entity = call.query.get("entity").ok_or_else(|| Refusal::missing("entity"))?;
            let module =
                Module::of_entity(entity, desk.on("zoho.entity_spellings_lenient")).ok_or_else(|| Refusal::invalid("entity"))?;
            fields::list(desk, module, call.query.get("skip_inactive_fields") == Some("true"))
        }
        ("POST", []) => fields::create(desk, &call.json()?),
        ("GET", [id]) => fields::one(desk, id),
        ("PUT", [id]) => fields::update(desk, id, &call.json()?),
        _ => Err(no_such_address()),
    }
}

/// `PUT /{singular}/{id}/customfields`: the body is the list itself.
pub fn set_custom_fields(call: &Call, desk: &Desk, module: Module, id: i64) -> Result<Answer, Refusal> {
    let mut record = records::need(desk, module, id)?;
    let body = Map::from_iter([("custom_fields".to_owned(), call.any_json()?)]);
    custom_fields::apply(desk, module, &mut record, &body)?;
    records::save(desk, module, &mut record, false)?;
    Ok(Answer::done("Custom Fields Updated Successfully"))
}

/// Code 57 unless the token's scopes hold `ZohoBooks.<area>.<operation>`.
pub fn permitted(scopes: &str, area: &str, method: &Method) -> Result<(), Refusal> {
    permitted_in("ZohoBooks", scopes, area, method)
}

/// As `permitted`, for a product with a name of its own in scopes.
pub fn permitted_in(product: &str, scopes: &str, area: &str, method: &Method) -> Result<(), Refusal> {
    let operation = match *method {
        Method::GET => "READ",
        Method::POST => "CREATE",
        Method::PUT => "UPDATE",
        Method::DELETE => "DELETE",
        _ => return Err(Refusal::new(5, "The method is not allowed.").at(405)),
    };
    let allows = |scope: &str| {
        let mut words = scope.split('.');
        let (service, of, may) = (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let right_area = of == area || of == "fullaccess";
        service == Some(product) && right_area && (may.eq_ignore_ascii_case("ALL") || may == operation)
    };
    match scopes.split([',', ' ']).any(allows) {
        true => Ok(()),
        false => Err(Refusal::new(57, "You are not authorized to perform this operation").at(401)),
    }
}

/// An id in an address.
pub fn number(id: &str) -> Result<i64, Refusal> {
    id.parse().map_err(|_| no_such_address())
}

/// Code 5, HTTP 404.
pub fn no_such_address() -> Refusal {
    Refusal::new(5, "Invalid URL Passed").at(404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_asked_for_area_and_operation() {
        let may = |scopes: &str, method| permitted(scopes, "invoices", &method).is_ok();
        assert!(may("ZohoBooks.contacts.READ,ZohoBooks.invoices.ALL", Method::PUT));
        assert!(may("ZohoBooks.fullaccess.all", Method::DELETE));
        assert!(may("ZohoBooks.invoices.READ", Method::GET));
        assert!(!may("ZohoBooks.invoices.READ", Method::POST));
        assert!(!may("ZohoInvoice.invoices.ALL", Method::GET));
        assert!(!may("", Method::GET));
    }
}
