//! Credits meet what is owed: credit notes and invoices, vendor credits and bills, from either side; and invoices that are written off.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, decimal, number};
use super::{amounts, balances, postings, settle};

/// What a credit settles, and how its rows are called.
struct Names {
    documents: Module,
    line: &'static str,
    number: &'static str,
    list: &'static str,
}

fn names(credits: Module) -> Names {
    match credits {
        VendorCredits => Names { documents: Bills, line: "vendor_credit_bill_id", number: "bill_number", list: "bills_credited" },
        _ => Names { documents: Invoices, line: "creditnote_invoice_id", number: "invoice_number", list: "invoices_credited" },
    }
}

/// `POST /creditnotes/{id}/invoices {invoices: […]}` and `POST /vendorcredits/{id}/bills {bills: […]}`.
pub fn apply(desk: &Desk, credits: Module, id: i64, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let documents = names(credits).documents;
    let credit = records::need(desk, credits, id)?;
    let sent = body.get(documents.list_key()).and_then(Value::as_array).filter(|sent| !sent.is_empty());
    let sent = sent.ok_or_else(|| Refusal::missing(documents.list_key()))?;
    let mut applied = Vec::with_capacity(sent.len());
    for one in sent {
        let (document, amount) = settle::entry(documents, one, balances::decimals(&credit))?;
        spend(desk, credits, &credit, documents, document, amount)?;
        applied.push(json!({documents.id_key(): document.to_string(), "amount_applied": number(amount)}));
    }
    settle::restate_source(desk, id)?;
    let message = format!("Credits have been applied to the {}(s).", documents.noun().to_lowercase());
    let status = if credits == VendorCredits { 201 } else { 200 };
    let key = if credits == VendorCredits { "bills" } else { "apply_to_invoices" };
    let list = if credits == VendorCredits { Value::from(applied) } else { json!({"invoices": applied}) };
    Ok(Answer::with(status, &message, key, &list.to_string()))
}

/// `POST /invoices/{id}/credits` and `POST /bills/{id}/credits`: unused payments and credits of the contact.
pub fn apply_to(desk: &Desk, documents: Module, id: i64, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let document = records::need(desk, documents, id)?;
    let (payments, credits, payments_key, credits_key) = match documents {
        Bills => (VendorPayments, VendorCredits, "bill_payments", "apply_vendor_credits"),
        _ => (CustomerPayments, CreditNotes, "invoice_payments", "apply_creditnotes"),
    };
    let mut count = 0;
    for (module, key) in [(payments, payments_key), (credits, credits_key)] {
        for one in body.get(key).and_then(Value::as_array).into_iter().flatten() {
            let (source, amount) = settle::entry(module, one, balances::decimals(&document))?;
            let source = records::read(desk, module, source)?.ok_or_else(|| Refusal::unknown(module.noun()))?;
            spend(desk, module, &source, documents, id, amount)?;
            settle::restate_source(desk, source.id)?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(Refusal::missing(credits_key));
    }
    let answer = Answer::done(&format!("Credits have been applied to the {}.", documents.key()));
    Ok(Answer { status: if documents == Bills { 201 } else { 200 }, ..answer })
}

/// Uses a part of what is left of a payment or credit for one document.
fn spend(desk: &Desk, module: Module, source: &Record, documents: Module, document: i64, amount: Decimal) -> Result<(), Refusal> {
    let noun = module.noun().to_lowercase();
    if matches!(source.status.as_str(), "draft" | "void") {
        return Err(Refusal::new(4, format!("A {} {noun} cannot be applied.", source.status)));
    }
    if amount > decimal(source.total_e6) - settle::used(desk, source.id)? {
        return Err(Refusal::new(4, format!("The amount applied is more than what is left of the {noun} {}.", source.name)));
    }
    settle::apply(desk, documents, source, document, amount)?;
    settle::restate_document(desk, document, source.id)
}

/// `DELETE /creditnotes/{id}/invoices/{line}`, `/vendorcredits/{id}/bills/{line}`, `/invoices/{id}/creditsapplied/{line}`,
/// `/{invoices|bills}/{id}/payments/{line}`: `owner` is the record in the address, on either side.
pub fn unapply(desk: &Desk, module: Module, owner: i64, line: i64) -> Result<Answer, Refusal> {
    records::need(desk, module, owner)?;
    let found = rows(desk, module, owner)?.into_iter().find(|row| row.line == line);
    let row = found.ok_or_else(|| Refusal::absent("Applied credit"))?;
    settle::undo(desk, line)?;
    settle::restate_document(desk, row.document, row.source)?;
    settle::restate_source(desk, row.source)?;
    Ok(Answer::done("The credits applied have been removed."))
}

/// `GET /creditnotes/{id}/invoices` and `GET /vendorcredits/{id}/bills`.
pub fn applied(desk: &Desk, credits: Module, id: i64) -> Result<Answer, Refusal> {
    let record = records::need(desk, credits, id)?;
    let names = names(credits);
    let list: Vec<Value> = rows(desk, credits, id)?
        .iter()
        .filter(|row| row.document_module == names.documents)
        .map(|row| {
            json!({
                names.line: row.line.to_string(), credits.id_key(): id.to_string(), names.documents.id_key(): row.document.to_string(),
                names.number: row.document_name, "date": row.document_date, "amount": row.amount(&record), "amount_applied": row.amount(&record),
            })
        })
        .collect();
    Ok(Answer::found(names.list, &Value::from(list).to_string()))
}

/// `GET /{invoices|bills}/{id}/payments` and `GET /invoices/{id}/creditsapplied`.
pub fn settling(desk: &Desk, documents: Module, id: i64, credits: bool) -> Result<Answer, Refusal> {
    let record = records::need(desk, documents, id)?;
    let line = match (documents, credits) {
        (Bills, _) => "bill_payment_id",
        (_, true) => "creditnotes_invoice_id",
        _ => "invoice_payment_id",
    };
    let list: Vec<Value> = rows(desk, documents, id)?
        .iter()
        .filter(|row| row.source != id && matches!(row.source_module, CreditNotes | VendorCredits) == credits)
        .map(|row| {
            let (id_key, number_key) =
                if credits { ("creditnote_id", "creditnotes_number") } else { ("payment_id", "payment_number") };
            json!({
                line: row.line.to_string(), id_key: row.source.to_string(), number_key: row.source_name, documents.id_key(): id.to_string(),
                "date": row.source_date, if credits { "credited_date" } else { "payment_date" }: row.source_date,
                if credits { "amount_applied" } else { "amount" }: row.amount(&record),
            })
        })
        .collect();
    Ok(Answer::found(if credits { "credits" } else { "payments" }, &Value::from(list).to_string()))
}

struct Row {
    line: i64,
    source: i64,
    source_module: Module,
    source_name: String,
    source_date: Option<String>,
    document: i64,
    document_module: Module,
    document_name: String,
    document_date: Option<String>,
    amount_e6: i64,
}

impl Row {
    fn amount(&self, of: &Record) -> Value {
        number(amounts::round(decimal(self.amount_e6), balances::decimals(of)))
    }
}

/// Everything that joins a record to others, it being on either side.
fn rows(desk: &Desk, module: Module, id: i64) -> Result<Vec<Row>, Refusal> {
    let side = if matches!(module, Invoices | Bills | RetainerInvoices) { "document" } else { "payment" };
    let mut statement = desk.connection.prepare_cached(&format!(
        "SELECT a.id, s.id, s.module, s.name, s.date, d.id, d.module, d.name, d.date, a.amount_e6
         FROM zoho_applied a JOIN zoho_record s ON s.id = a.payment JOIN zoho_record d ON d.id = a.document WHERE a.{side} = ?1 ORDER BY a.id"
    ))?;
    let mut found = statement.query([id])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let (Some(source_module), Some(document_module)) = (Module::numbered(row.get(2)?), Module::numbered(row.get(6)?)) else {
            continue;
        };
        rows.push(Row {
            line: row.get(0)?,
            source: row.get(1)?,
            source_module,
            source_name: row.get(3)?,
            source_date: row.get(4)?,
            document: row.get(5)?,
            document_module,
            document_name: row.get(7)?,
            document_date: row.get(8)?,
            amount_e6: row.get(9)?,
        });
    }
    Ok(rows)
}

/// `POST /creditnotes?invoice_id=` and `POST /vendorcredits?bill_id=`: the document the credit is for is named in the query.
pub fn is_for(desk: &Desk, credits: Module, record: &mut Record, document: &str) -> Result<(), Refusal> {
    let names = names(credits);
    let id: i64 = document.parse().map_err(|_| Refusal::invalid(names.documents.id_key()))?;
    let document = records::read(desk, names.documents, id)?.ok_or_else(|| Refusal::unknown(names.documents.noun()))?;
    if document.party != record.party {
        return Err(Refusal::new(4, format!("The {} does not belong to this contact.", names.documents.key())));
    }
    record.set(names.documents.id_key(), id.to_string());
    record.set(names.number, document.name);
    records::save(desk, credits, record, false)
}

/// `POST /invoices/{id}/writeoff` and `…/writeoff/cancel`: what is left is given up, or not given up after all.
pub fn write_off(desk: &Desk, id: i64, cancel: bool) -> Result<Answer, Refusal> {
    let invoice = records::need(desk, Invoices, id)?;
    let written_off = settle::settled(desk, id)?.written_off;
    if cancel {
        if written_off.is_zero() {
            return Err(Refusal::new(4, format!("The invoice {} has not been written off.", invoice.name)));
        }
        for row in rows(desk, Invoices, id)?.into_iter().filter(|row| row.source == id) {
            settle::undo(desk, row.line)?;
        }
    } else {
        if matches!(invoice.status.as_str(), "draft" | "void") || invoice.balance_e6 <= 0 {
            return Err(Refusal::new(4, format!("The invoice {} has nothing that could be written off.", invoice.name)));
        }
        settle::note(desk, id, id, decimal(invoice.balance_e6))?;
    }
    settle::restate_document(desk, id, id)?;
    postings::post(desk, Invoices, &records::need(desk, Invoices, id)?)?;
    Ok(Answer::done(if cancel {
        "The writeoff done for this invoice has been cancelled."
    } else {
        "Invoice has been written off."
    }))
}

/// `POST /invoices/writeoff?invoice_ids=a,b`: all of them or none.
pub fn write_off_all(desk: &Desk, ids: &[i64]) -> Result<Answer, Refusal> {
    for id in ids {
        write_off(desk, *id, false)?;
    }
    Ok(Answer::done("The selected invoices have been written off."))
}
