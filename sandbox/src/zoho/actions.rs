//! What may be done to a record besides writing it: sent, void, draft, open, active, inactive, deleted.

use rust_decimal::Decimal;

use super::answer::{Answer, Refusal};
use super::documents;
use super::module::Module::{self, *};
use super::payments;
use super::records::{self, Desk};
use super::reminders;
use super::settings::mark_account;

/// Ids that one bulk call may name.
const BULK_IDS_MAX: usize = 25;

/// `POST /{module}/{id}/status/{word}`.
pub fn status(desk: &Desk, module: Module, id: i64, word: &str) -> Result<Answer, Refusal> {
    let record = &mut records::need(desk, module, id)?;
    let refused = |why: &str| Err(Refusal::new(4, format!("The {} {} {why}", module.key(), record.name)));
    match (module, word, record.status.as_str()) {
        (Invoices, "sent", "void") => return refused("is void and cannot be marked as sent."),
        (Invoices, "sent", "draft") => record.status = documents::live(module).to_owned(),
        (Invoices, "sent", _) => {}
        (Invoices, "draft", "void") => record.status = "draft".to_owned(),
        (Invoices, "draft", _) => return refused("is not void: only a void invoice can become a draft."),
        (Bills, "open", _) => record.status = documents::live(module).to_owned(),
        (Invoices | Bills, "void", "void") => return refused("is void already."),
        (Invoices | Bills, "void", _) => {
            payments::release(desk, module, id)?;
            record.status = "void".to_owned();
        }
        _ => return Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
    let paid = if record.status == "void" { Decimal::ZERO } else { documents::paid(desk, id)? };
    documents::restate(desk, module, record, paid)?;
    records::save(desk, module, record, false)?;
    if (module, word) == (Invoices, "sent") {
        reminders::chase(desk, record)?;
    }
    let mut answer = Answer::done(&format!("{} status has been changed to {word}.", module.noun()));
    if module == Bills {
        answer.status = 201;
    }
    Ok(answer)
}

/// `POST /invoices/status/{word}?invoice_ids=a,b`: all of them or none.
pub fn bulk_status(desk: &Desk, module: Module, ids: &str, word: &str) -> Result<Answer, Refusal> {
    if !matches!((module, word), (Invoices, "sent" | "void")) {
        return Err(Refusal::new(5, "Invalid URL Passed").at(404));
    }
    for id in some_ids(desk, ids, "invoice_ids")? {
        status(desk, module, id, word)?;
    }
    Ok(Answer::done(&format!("The status of the selected invoices has been changed to {word}.")))
}

/// `POST /{contacts|items|chartofaccounts}/{id}/{active|inactive}`.
pub fn activate(desk: &Desk, module: Module, id: i64, active: bool) -> Result<Answer, Refusal> {
    let mut record = records::need(desk, module, id)?;
    let word = if active { "active" } else { "inactive" };
    match module {
        Contacts | Items => record.status = word.to_owned(),
        Accounts => mark_account(&mut record, active),
        _ => return Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
    records::save(desk, module, &mut record, false)?;
    let mut answer = Answer::done(&format!("The {} has been marked as {word}.", module.noun().to_lowercase()));
    if module == Accounts {
        answer.status = 201;
    }
    Ok(answer)
}

/// `DELETE /{module}/{id}`.
pub fn delete(desk: &Desk, module: Module, id: i64) -> Result<Answer, Refusal> {
    let record = records::need(desk, module, id)?;
    match module {
        CustomerPayments | VendorPayments => payments::remove(desk, module, &record)?,
        Invoices | Bills => {
            if !documents::paid(desk, id)?.is_zero() {
                if !desk.on("zoho.paid_documents_can_be_deleted") {
                    return Err(Refusal::new(1004, format!("The {} has payments and cannot be deleted.", module.key())));
                }
                payments::release(desk, module, id)?;
            }
            records::remove(desk, module, &record)?;
        }
        Contacts if records::has_transactions(desk, id)? => {
            return Err(Refusal::new(1004, "The contact has transactions and cannot be deleted. Mark it as inactive."));
        }
        Accounts if record.detail.get("is_system_account") == Some(&true.into()) => {
            return Err(Refusal::new(4, "A system account cannot be deleted."));
        }
        Currencies if id == desk.org.currency_id => return Err(Refusal::new(4, "The base currency cannot be deleted.")),
        _ if is_used(desk, module, id)? => {
            return Err(Refusal::new(
                36,
                format!("The {} is used in transactions and cannot be deleted.", module.noun().to_lowercase()),
            ));
        }
        _ => records::remove(desk, module, &record)?,
    }
    Ok(Answer::done(&format!("The {} has been deleted.", module.noun().to_lowercase())))
}

/// `DELETE /{module}?<ids>=a,b`.
pub fn bulk_delete(desk: &Desk, module: Module, ids: &str) -> Result<Answer, Refusal> {
    for id in some_ids(desk, ids, "ids")? {
        delete(desk, module, id)?;
    }
    Ok(Answer::done("The selected records have been deleted."))
}

fn some_ids(desk: &Desk, ids: &str, name: &str) -> Result<Vec<i64>, Refusal> {
    let ids: Vec<i64> =
        ids.split(',').map(|id| id.trim().parse().map_err(|_| Refusal::invalid(name))).collect::<Result<_, _>>()?;
    if ids.len() > BULK_IDS_MAX && desk.on("zoho.bulk_calls_take_25_ids") {
        return Err(Refusal::new(4, format!("At most {BULK_IDS_MAX} records can be changed in one call.")));
    }
    Ok(ids)
}

/// Whether any other record of the organisation names this id. Rare enough to look everywhere.
fn is_used(desk: &Desk, module: Module, id: i64) -> Result<bool, Refusal> {
    let used = desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_record WHERE org = ?1 AND id <> ?2 AND (instr(detail, ?3) > 0 OR (?4 = 1 AND currency = ?2)))")?
        .query_row((desk.org.id, id, format!("\"{id}\""), i64::from(module == Currencies)), |row| row.get(0))?;
    Ok(used)
}
