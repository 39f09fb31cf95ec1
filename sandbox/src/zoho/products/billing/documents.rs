//! Invoices, credit notes and payments of Books in the words of Billing.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::catalogue::{ADDON, PLAN, PRODUCT};
use super::{Counter, each, events, nowhere, rename};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Kind};
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk};
use crate::zoho::shape;

/// `/invoices`: lines are `invoice_items`, and the actions have names of their own.
pub fn invoices(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let (method, call) = (counter.call.method, counter.call);
    match (method.as_str(), rest) {
        ("GET", [] | [_])
        | ("DELETE", [_])
        | ("POST", [_, "email" | "writeoff" | "cancelwriteoff" | "attachment" | "credits"]) => {
            invoice(counter, method, rest, call_body(counter)?)
        }
        ("POST", []) | ("PUT", [_]) => {
            let mut body = call.json()?;
            for name in ["customer_id", "invoice_items"] {
                if body.get(name).is_none_or(Value::is_null) && (rest.is_empty() || name == "customer_id") {
                    return Err(Refusal::missing(name));
                }
            }
            if rest.is_empty() {
                shape::text(&body, "date").ok_or_else(|| Refusal::missing("date"))?;
            }
            if let Some(items) = body.remove("invoice_items") {
                body.insert("line_items".into(), lines(&counter.desk(), "invoice_items", &items)?);
            }
            let answer = invoice(counter, method, rest, Some(body.into()))?;
            let word = if rest.is_empty() { "invoice_created" } else { "invoice_edited" };
            noted(counter, word, "invoice", &answer)?;
            Ok(answer)
        }
        ("POST", [id, "converttoopen"]) => invoice(counter, method, &[id, "status", "sent"], None),
        ("POST", [id, "void"]) => {
            let answer = invoice(counter, method, &[id, "status", "void"], None)?;
            events::note(&counter.desk(), "invoice_voided", json!({"invoice_id": id}))?;
            Ok(answer)
        }
        ("POST", [id, "customfields"]) => {
            let fields = call.json()?.remove("custom_fields").ok_or_else(|| Refusal::missing("custom_fields"))?;
            counter.ask(&Method::PUT, vec!["invoice", id, "customfields"], counter.query(), Some(fields.clone()))?;
            Ok(Answer::found("custom_fields", &fields.to_string()))
        }
        _ => Err(nowhere()),
    }
}

fn invoice(counter: &Counter, method: &Method, rest: &[&str], body: Option<Value>) -> Result<Answer, Refusal> {
    let mut segments = vec!["invoices"];
    segments.extend(rest);
    let (status, mut said) = counter.ask(method, segments, counter.query(), body)?;
    for key in ["invoice", "invoices"] {
        each(&mut said, key, |invoice| {
            invoice["number"] = invoice["invoice_number"].clone();
            invoice["invoice_date"] = invoice["date"].clone();
            rename(invoice, "last_modified_time", "updated_time");
            rename(invoice, "line_items", "invoice_items");
            each(invoice, "invoice_items", item);
        });
    }
    Ok(Answer { status, body: said.to_string() })
}

/// `/creditnotes`: the same with `creditnote_items`. There is no list and no edit.
pub fn credit_notes(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let method = counter.call.method;
    match (method.as_str(), rest) {
        ("GET" | "DELETE", [_]) | ("POST", [_, "email" | "invoices"]) => credit_note(counter, method, rest, call_body(counter)?),
        ("POST", []) => {
            let mut body = counter.call.json()?;
            for name in ["customer_id", "date", "creditnote_number", "creditnote_items"] {
                body.get(name).filter(|value| !value.is_null()).ok_or_else(|| Refusal::missing(name))?;
            }
            let items = body.remove("creditnote_items").unwrap_or_default();
            body.insert("line_items".into(), lines(&counter.desk(), "creditnote_items", &items)?);
            let answer = credit_note(counter, method, rest, Some(body.into()))?;
            noted(counter, "creditnote_created", "credit_note", &answer)?;
            Ok(answer)
        }
        ("POST", [id, "converttoopen"]) => credit_note(counter, method, &[id, "status", "open"], None),
        ("POST", [id, "void"]) => credit_note(counter, method, &[id, "status", "void"], None),
        _ => Err(nowhere()),
    }
}

fn credit_note(counter: &Counter, method: &Method, rest: &[&str], body: Option<Value>) -> Result<Answer, Refusal> {
    let mut segments = vec!["creditnotes"];
    segments.extend(rest);
    let query = counter.query().with("ignore_auto_number_generation", "true");
    let (status, mut said) = counter.ask(method, segments, query, body)?;
    rename(&mut said, "creditnote", "credit_note");
    each(&mut said, "credit_note", |note| {
        rename(note, "line_items", "creditnote_items");
        each(note, "creditnote_items", item);
    });
    Ok(Answer { status, body: said.to_string() })
}

/// `/payments`: customer payments, one at a time: there is no list of them.
pub fn payments(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let method = counter.call.method;
    let (body, event) = match (method.as_str(), rest) {
        ("GET", [_]) => (None, None),
        ("DELETE", [_]) => (None, Some("payment_deleted")),
        ("POST", []) => {
            let mut body = counter.call.json()?;
            for name in ["customer_id", "payment_mode", "amount"] {
                body.get(name).filter(|value| !value.is_null()).ok_or_else(|| Refusal::missing(name))?;
            }
            body.entry("date").or_insert_with(|| counter.desk().today().into());
            (Some(body.into()), Some("payment_created"))
        }
        ("PUT", [_]) => (Some(counter.call.json()?.into()), Some("payment_edited")),
        _ => return Err(nowhere()),
    };
    let mut segments = vec!["customerpayments"];
    segments.extend(rest);
    let (status, said) = counter.ask(method, segments, counter.query(), body)?;
    if let Some(event) = event {
        let payload =
            if said["payment"].is_null() { json!({"payment_id": rest.first()}) } else { json!({"payment": said["payment"]}) };
        events::note(&counter.desk(), event, payload)?;
    }
    Ok(Answer { status, body: said.to_string() })
}

fn noted(counter: &Counter, event: &str, key: &str, answer: &Answer) -> Result<(), Refusal> {
    let made: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    events::note(&counter.desk(), event, json!({key: made[key]}))
}

fn call_body(counter: &Counter) -> Result<Option<Value>, Refusal> {
    if counter.call.body().is_empty() { Ok(None) } else { counter.call.any_json().map(Some) }
}

/// A line names an item by `product_id` or `item_id`, or a plan or addon by `code`; its price may be called `price`.
fn lines(desk: &Desk, name: &str, items: &Value) -> Result<Value, Refusal> {
    let items = items.as_array().ok_or_else(|| Refusal::invalid(name))?;
    items.iter().map(|one| line(desk, one.as_object().ok_or_else(|| Refusal::invalid(name))?)).collect()
}

fn line(desk: &Desk, sent: &Map<String, Value>) -> Result<Value, Refusal> {
    let mut line = Value::Object(sent.clone());
    if line["rate"].is_null() {
        rename(&mut line, "price", "rate");
    }
    for name in ["rate", "quantity"] {
        if line[name].is_null() {
            return Err(Refusal::missing(name));
        }
    }
    let mut found = None;
    if let Some(code) = shape::text(sent, "code") {
        let known: [&Kind; 2] = [&PLAN, &ADDON];
        for kind in known {
            found = found.or(cards::named(desk, kind, code)?.map(|card| card.text("name").to_owned()));
        }
        found.as_ref().ok_or_else(|| Refusal::unknown("Plan"))?;
    } else if let Some(id) = shape::id(sent, "product_id")?.or(shape::id(sent, "item_id")?) {
        match records::read(desk, Module::Items, id)? {
            Some(item) => line["item_id"] = item.id.to_string().into(),
            None => found = Some(cards::need(desk, &PRODUCT, &id.to_string()).map_err(|_| Refusal::unknown("Product"))?.name),
        }
    } else {
        return Err(Refusal::missing("product_id"));
    }
    if let Some(name) = found.filter(|_| line["name"].is_null()) {
        line["name"] = name.into();
    }
    Ok(line)
}

/// A line of Books as an item of Billing.
fn item(line: &mut Value) {
    rename(line, "line_item_id", "invoice_item_id");
    line["product_id"] = line["item_id"].clone();
    line["price"] = line["rate"].clone();
}
