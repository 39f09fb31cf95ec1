//! What may be done to a record besides writing it: sent, void, accepted, stopped, active, inactive, deleted.

use super::answer::{Answer, Refusal};
use super::module::Module::{self, *};
use super::records::{self, Desk};
use super::settings::mark_account;
use super::{balances, journals, papers, payments, postings, reminders, settle};

/// Ids that one bulk call may name.
const BULK_IDS_MAX: usize = 25;

/// `POST /{module}/{id}/status/{word}`.
pub fn status(desk: &Desk, module: Module, id: i64, word: &str) -> Result<Answer, Refusal> {
    if module == Journals && word == "publish" {
        return journals::publish(desk, id);
    }
    let step = papers::step_of(module, word).ok_or_else(|| Refusal::new(5, "Invalid URL Passed").at(404))?;
    let record = &mut records::need(desk, module, id)?;
    let noun = module.noun().to_lowercase();
    if !step.from.contains(&record.status.as_str()) {
        return Err(Refusal::new(4, format!("The {noun} {} is {} and cannot be marked as {word}.", record.name, record.status)));
    }
    if step.to == "void" {
        if papers::is_credit(module) && !settle::used(desk, id)?.is_zero() {
            return Err(Refusal::new(4, format!("The {noun} {} has been applied or refunded and cannot be void.", record.name)));
        }
        if papers::is_owed(module) {
            settle::release(desk, id)?;
        }
    }
    record.status = step.to.to_owned();
    if papers::is_owed(module) {
        balances::restate(desk, module, record, &settle::settled(desk, id)?)?;
    } else if papers::is_credit(module) {
        balances::restate_credit(desk, record)?;
    }
    records::save(desk, module, record, false)?;
    postings::post(desk, module, record)?;
    if (module, word) == (Invoices, "sent") {
        reminders::chase(desk, record)?;
    }
    Ok(Answer { status: step.answer, ..Answer::done(&format!("{} status has been changed to {word}.", module.noun())) })
}

/// What the ids of a bulk call are called: `POST /invoices/status/{word}?invoice_ids=a,b`. None where there is no such call.
pub fn bulk_name(module: Module, word: &str) -> Option<&'static str> {
    match (module, word) {
        (Invoices, "sent" | "void") => Some("invoice_ids"),
        (RecurringInvoices, "stop" | "resume") => Some("recurring_invoice_ids"),
        (Journals, "publish") => Some("journal_ids"),
        _ => None,
    }
}

/// All of them or none.
pub fn bulk_status(desk: &Desk, module: Module, ids: &str, word: &str) -> Result<Answer, Refusal> {
    for id in some_ids(desk, ids, "ids")? {
        status(desk, module, id, word)?;
    }
    Ok(Answer::done(&format!("The status of the selected {}s has been changed to {word}.", module.noun().to_lowercase())))
}

/// `POST /{contacts|items|projects|chartofaccounts}/{id}/{active|inactive}`.
pub fn activate(desk: &Desk, module: Module, id: i64, active: bool) -> Result<Answer, Refusal> {
    let mut record = records::need(desk, module, id)?;
    let word = if active { "active" } else { "inactive" };
    match module {
        Contacts | Items | Projects => record.status = word.to_owned(),
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
        _ if papers::is_owed(module) => {
            if !settle::settled(desk, id)?.total().is_zero() {
                if !desk.on("zoho.paid_documents_can_be_deleted") {
                    return Err(Refusal::new(1004, format!("The {} has payments and cannot be deleted.", module.key())));
                }
                settle::release(desk, id)?;
            }
            records::remove(desk, module, &record)?;
        }
        _ if papers::is_credit(module) && !settle::used(desk, id)?.is_zero() => {
            let noun = module.noun().to_lowercase();
            return Err(Refusal::new(1004, format!("The {noun} has been applied or refunded and cannot be deleted.")));
        }
        Contacts if records::has_transactions(desk, id)? => {
            return Err(Refusal::new(1004, "The contact has transactions and cannot be deleted. Mark it as inactive."));
        }
        Accounts if record.detail.get("is_system_account") == Some(&true.into()) => {
            return Err(Refusal::new(4, "A system account cannot be deleted."));
        }
        Currencies if id == desk.org.currency_id => return Err(Refusal::new(4, "The base currency cannot be deleted.")),
        _ if is_referred_to(module) && is_used(desk, module, id)? => {
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

pub fn some_ids(desk: &Desk, ids: &str, name: &str) -> Result<Vec<i64>, Refusal> {
    let ids: Vec<i64> =
        ids.split(',').map(|id| id.trim().parse().map_err(|_| Refusal::invalid(name))).collect::<Result<_, _>>()?;
    if ids.len() > BULK_IDS_MAX && desk.on("zoho.bulk_calls_take_25_ids") {
        return Err(Refusal::new(4, format!("At most {BULK_IDS_MAX} records can be changed in one call.")));
    }
    Ok(ids)
}

/// Records that others name. Documents and payments do name each other, too, but only as a note of where they came from.
fn is_referred_to(module: Module) -> bool {
    matches!(module, Currencies | Taxes | Accounts | Contacts | Items | Projects)
}

/// Whether any other record of the organisation names this id. Rare enough to look everywhere.
fn is_used(desk: &Desk, module: Module, id: i64) -> Result<bool, Refusal> {
    let used = desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_record WHERE org = ?1 AND id <> ?2 AND (instr(detail, ?3) > 0 OR (?4 = 1 AND currency = ?2)))")?
        .query_row((desk.org.id, id, format!("\"{id}\""), i64::from(module == Currencies)), |row| row.get(0))?;
    Ok(used)
}
