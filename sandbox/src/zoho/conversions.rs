//! Orders and estimates become invoices: `/invoices/fromsalesorder` and `/invoices/fromestimates`.

use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::{self, *};
use super::records::{self, Desk, Record};
use super::{actions, documents, lists};

/// `POST /invoices/fromsalesorder?salesorder_id=`: what the order says, as a draft.
pub fn from_sales_order(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let id = call.query.get("salesorder_id").ok_or_else(|| Refusal::missing("salesorder_id"))?;
    let id = id.parse().map_err(|_| Refusal::invalid("salesorder_id"))?;
    let invoice = convert(desk, SalesOrders, id, "open")?;
    let json = lists::shown(desk, Invoices, &invoice)?;
    Ok(Answer::with(201, "The invoice has been created.", Invoices.key(), &json))
}

/// `POST /invoices/fromestimates?estimate_ids=a,b`: one invoice for each of them, or none at all.
pub fn from_estimates(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let ids = call.query.get("estimate_ids").ok_or_else(|| Refusal::missing("estimate_ids"))?;
    for id in actions::some_ids(desk, ids, "estimate_ids")? {
        convert(desk, Estimates, id, "accepted")?;
    }
    Ok(Answer::done("The invoices have been created."))
}

/// Members of an order or estimate that its invoice takes over.
const TAKEN_OVER: &[&str] = &[
    "customer_id",
    "currency_id",
    "exchange_rate",
    "reference_number",
    "discount",
    "discount_type",
    "is_discount_before_tax",
    "is_inclusive_tax",
    "shipping_charge",
    "adjustment",
    "adjustment_description",
    "notes",
    "terms",
    "salesperson_name",
    "tags",
];

fn convert(desk: &Desk, module: Module, id: i64, ready: &str) -> Result<Record, Refusal> {
    let mut of = records::need(desk, module, id)?;
    if of.status != ready {
        let noun = module.noun().to_lowercase();
        return Err(Refusal::new(4, format!("The {noun} {} is {} and cannot become an invoice.", of.name, of.status)));
    }
    let mut body: Map<String, Value> =
        TAKEN_OVER.iter().filter_map(|key| Some(((*key).to_owned(), of.detail.get(*key)?.clone()))).collect();
    let lines = of.detail.get("line_items").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let lines: Vec<Value> = lines
        .map(|line| {
            let mut line = line.clone();
            line.remove("line_item_id");
            Value::Object(line)
        })
        .collect();
    body.insert("line_items".to_owned(), lines.into());
    // The number is Zoho's own, whatever the query says of it.
    let mut invoice = documents::write(&Desk { own_number: false, ..*desk }, Invoices, None, &body)?;
    invoice.set(module.id_key(), id.to_string());
    records::save(desk, Invoices, &mut invoice, false)?;
    of.status = "invoiced".to_owned();
    records::save(desk, module, &mut of, false)?;
    Ok(invoice)
}
