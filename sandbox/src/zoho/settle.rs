//! Who settles what: payments and credits on one side, invoices and bills on the other. Both sides follow.

use rusqlite::OptionalExtension;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, decimal, e6};
use super::{amounts, balances, ledger, papers, payments, postings, shape};

/// What was done towards a document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    pub payments: Decimal,
    pub credits: Decimal,
    pub written_off: Decimal,
}

impl Settled {
    pub fn total(&self) -> Decimal {
        self.payments + self.credits + self.written_off
    }
}

pub fn settled(desk: &Desk, document: i64) -> Result<Settled, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT r.module, sum(a.amount_e6) FROM zoho_applied a JOIN zoho_record r ON r.id = a.payment WHERE a.document = ?1 GROUP BY r.module",
    )?;
    let mut settled = Settled::default();
    let mut rows = statement.query([document])?;
    while let Some(row) = rows.next()? {
        let sum = decimal(row.get(1)?);
        match Module::numbered(row.get(0)?) {
            Some(CustomerPayments | VendorPayments) => settled.payments += sum,
            Some(CreditNotes | VendorCredits) => settled.credits += sum,
            // A document that settles itself was written off.
            _ => settled.written_off += sum,
        }
    }
    Ok(settled)
}

/// What of a payment or credit is applied or refunded.
pub fn used(desk: &Desk, source: i64) -> Result<Decimal, Refusal> {
    let sum: i64 = desk
        .connection
        .prepare_cached("SELECT coalesce(sum(amount_e6), 0) FROM zoho_applied WHERE payment = ?1")?
        .query_row([source], |row| row.get(0))?;
    Ok(decimal(sum))
}

/// `{invoice_id, amount_applied}` and the like: the document, and the amount in the decimals of the currency.
pub fn entry(documents: Module, entry: &Value, decimals: u32) -> Result<(i64, Decimal), Refusal> {
    let entry = entry.as_object().ok_or_else(|| Refusal::invalid(documents.path()))?;
    let id = shape::id(entry, documents.id_key())?.ok_or_else(|| Refusal::missing(documents.id_key()))?;
    Ok((id, positive(entry, "amount_applied", decimals)?))
}

pub fn positive(body: &Map<String, Value>, name: &str, decimals: u32) -> Result<Decimal, Refusal> {
    let amount = shape::amount(body, name)?.ok_or_else(|| Refusal::missing(name))?;
    let amount = amounts::round(amount, decimals);
    if amount <= Decimal::ZERO { Err(Refusal::invalid(name)) } else { Ok(amount) }
}

/// The columns of a document that decide whether it can be settled. Its JSON is not read: this is done for every payment.
struct Owed {
    name: String,
    status: String,
    party: Option<i64>,
    currency: Option<i64>,
    total: Decimal,
}

fn owed(desk: &Desk, documents: Module, id: i64) -> Result<Owed, Refusal> {
    desk.connection
        .prepare_cached(
            "SELECT name, status, party, currency, total_e6 FROM zoho_record WHERE id = ?1 AND org = ?2 AND module = ?3",
        )?
        .query_row((id, desk.org.id, documents as i64), |row| {
            let total: i64 = row.get(4)?;
            Ok(Owed { name: row.get(0)?, status: row.get(1)?, party: row.get(2)?, currency: row.get(3)?, total: decimal(total) })
        })
        .optional()?
        .ok_or_else(|| Refusal::unknown(documents.noun()))
}

/// Notes down that a payment or credit settles so much of a document. Neither side is restated yet.
pub fn apply(desk: &Desk, documents: Module, source: &Record, id: i64, amount: Decimal) -> Result<i64, Refusal> {
    let document = owed(desk, documents, id)?;
    let noun = documents.noun().to_lowercase();
    if document.party != source.party {
        return Err(Refusal::new(4, format!("The {noun} {} does not belong to this contact.", document.name)));
    }
    if document.currency != source.currency {
        return Err(Refusal::new(4, format!("The {noun} {} is in another currency.", document.name)));
    }
    if matches!(document.status.as_str(), "draft" | "void") {
        return Err(Refusal::new(4, format!("Payments cannot be recorded for a {} {noun}.", document.status)));
    }
    if amount > document.total - settled(desk, id)?.total() {
        return Err(Refusal::new(4, format!("The amount applied is more than the balance of the {noun} {}.", document.name)));
    }
    note(desk, source.id, id, amount)
}

/// One row of who settles what; its id. In a foreign currency its worth is found when the document is restated.
pub fn note(desk: &Desk, source: i64, document: i64, amount: Decimal) -> Result<i64, Refusal> {
    let line = records::new_ids(desk, 1)?;
    desk.connection
        .prepare_cached("INSERT INTO zoho_applied (id, payment, document, amount_e6, base_e6) VALUES (?1, ?2, ?3, ?4, ?4)")?
        .execute((line, source, document, e6(amount)?))?;
    Ok(line)
}

/// Takes one row back.
pub fn undo(desk: &Desk, line: i64) -> Result<(), Refusal> {
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE id = ?1")?.execute([line])?;
    Ok(())
}

/// Takes every payment and credit off a document; the money stays with the contact.
pub fn release(desk: &Desk, document: i64) -> Result<(), Refusal> {
    let sources = ids(desk, "SELECT DISTINCT payment FROM zoho_applied WHERE document = ?1", document)?;
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE document = ?1")?.execute([document])?;
    sources.into_iter().filter(|source| *source != document).try_for_each(|source| restate_source(desk, source))
}

/// Takes everything back that a payment or credit did. Answers the documents it did it to.
pub fn withdraw(desk: &Desk, source: i64) -> Result<Vec<i64>, Refusal> {
    let touched = ids(desk, "SELECT DISTINCT document FROM zoho_applied WHERE payment = ?1", source)?;
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE payment = ?1")?.execute([source])?;
    Ok(touched)
}

/// Balance and status of a document after payments or credits of `by` changed; other sources are posted anew where their worth changed.
pub fn restate_document(desk: &Desk, id: i64, by: i64) -> Result<(), Refusal> {
    let module = module_of(desk, id)?;
    if !papers::is_owed(module) {
        return Ok(());
    }
    let mut document = records::need(desk, module, id)?;
    balances::restate(desk, module, &mut document, &settled(desk, id)?)?;
    records::save(desk, module, &mut document, false)?;
    for source in reapportion(desk, &document)? {
        if source != by {
            post_again(desk, source)?;
        }
    }
    Ok(())
}

/// What is left of a payment or credit, its status, and its entries.
pub fn restate_source(desk: &Desk, id: i64) -> Result<(), Refusal> {
    let module = module_of(desk, id)?;
    let mut record = records::need(desk, module, id)?;
    match module {
        CustomerPayments | VendorPayments => payments::render(desk, module, &mut record)?,
        _ => balances::restate_credit(desk, &mut record)?,
    }
    records::save(desk, module, &mut record, false)?;
    postings::post(desk, module, &record)
}

/// Writes the entries of a payment or credit anew, because a document it settles changed its worth.
pub fn post_again(desk: &Desk, id: i64) -> Result<(), Refusal> {
    let module = module_of(desk, id)?;
    postings::post(desk, module, &records::need(desk, module, id)?)
}

/// Shares the worth of a document in the base currency out among what settles it, so that what is left of it in the ledger is always
/// its balance at its own rate, to the cent. Answers the sources whose share changed.
pub fn reapportion(desk: &Desk, document: &Record) -> Result<Vec<i64>, Refusal> {
    if document.currency.is_none_or(|currency| currency == desk.org.currency_id) {
        return Ok(Vec::new());
    }
    let rate = shape::amount(&document.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    let decimals = ledger::base_decimals(desk);
    let rows: Vec<(i64, i64, i64, i64)> = desk
        .connection
        .prepare_cached("SELECT id, payment, amount_e6, base_e6 FROM zoho_applied WHERE document = ?1 ORDER BY id")?
        .query_map([document.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let mut left = decimal(document.total_e6);
    let mut changed = Vec::new();
    for (id, source, amount, was) in rows {
        let base = share(&mut left, decimal(amount), rate, decimals);
        if e6(base)? != was {
            desk.connection.prepare_cached("UPDATE zoho_applied SET base_e6 = ?2 WHERE id = ?1")?.execute((id, e6(base)?))?;
            changed.push(source);
        }
    }
    Ok(changed)
}

/// The worth of the next part of an amount of which so much is left.
pub fn share(left: &mut Decimal, amount: Decimal, rate: Decimal, decimals: u32) -> Decimal {
    let before = ledger::to_base(*left, rate, decimals);
    *left -= amount;
    before - ledger::to_base(*left, rate, decimals)
}

pub fn module_of(desk: &Desk, id: i64) -> Result<Module, Refusal> {
    let number: i64 = desk
        .connection
        .prepare_cached("SELECT module FROM zoho_record WHERE id = ?1 AND org = ?2")?
        .query_row((id, desk.org.id), |row| row.get(0))?;
    Module::numbered(number).ok_or_else(|| Refusal::absent("Record"))
}

pub fn ids(desk: &Desk, sql: &str, of: i64) -> Result<Vec<i64>, Refusal> {
    let mut statement = desk.connection.prepare_cached(sql)?;
    let rows = statement.query_map([of], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_foreign_amount_add_up_to_its_worth() {
        let (rate, mut left) = ("1.3333".parse().unwrap(), Decimal::new(1000, 2));
        let parts: Vec<Decimal> = [333, 333, 334].map(|cents| share(&mut left, Decimal::new(cents, 2), rate, 2)).into();
        assert_eq!(parts.iter().sum::<Decimal>(), "13.33".parse().unwrap());
        assert_eq!(left, Decimal::ZERO);
    }
}
