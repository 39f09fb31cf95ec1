//! Refunds of what is left: of credit notes and customer payments to the customer, of vendor credits and vendor payments from the vendor.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, decimal, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{amounts, balances, documents, ledger, lists, payments, settle};

const REFUND: &[(&str, shape::Kind)] = &[
    ("date", Date),
    ("refund_mode", Guess(100)),
    ("payment_form", Guess(10)),
    ("reference_number", Guess(100)),
    ("exchange_rate", Number),
    ("description", Guess(500)),
];

/// What differs between the four kinds.
struct Kind {
    refunds: Module,
    account: &'static str,
    account_name: &'static str,
    types: &'static [&'static str],
    /// The key of the number of what is refunded.
    number: &'static str,
    created: u16,
}

fn kind(source: Module) -> Option<Kind> {
    let kind = |refunds, account, account_name, types, number, created| {
        Some(Kind { refunds, account, account_name, types, number, created })
    };
    match source {
        CreditNotes => {
            kind(CreditNoteRefunds, "from_account_id", "from_account_name", payments::PAID_FROM, "creditnote_number", 200)
        }
        CustomerPayments => {
            kind(CustomerPaymentRefunds, "from_account_id", "from_account_name", payments::PAID_FROM, "payment_number", 200)
        }
        VendorCredits => {
            kind(VendorCreditRefunds, "account_id", "account_name", payments::RECEIVED_IN, "vendor_credit_number", 201)
        }
        VendorPayments => {
            kind(VendorPaymentRefunds, "to_account_id", "to_account_name", payments::RECEIVED_IN, "payment_number", 201)
        }
        _ => None,
    }
}

/// The refunds that records of this module may have.
pub fn of(source: Module) -> Option<Module> {
    kind(source).map(|kind| kind.refunds)
}

/// `POST /{source}/{id}/refunds` and `PUT /{source}/{id}/refunds/{refund}`.
pub fn write(desk: &Desk, source: Module, owner: i64, refund: Option<i64>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let kind = kind(source).ok_or_else(|| Refusal::absent(source.noun()))?;
    let of = records::need(desk, source, owner)?;
    let was = refund.map(|id| one(desk, &kind, owner, id)).transpose()?;
    let new = was.is_none();
    let mut record = started(desk, was)?;
    if matches!(of.status.as_str(), "draft" | "void") {
        return Err(Refusal::new(4, format!("A {} {} cannot be refunded.", of.status, source.noun().to_lowercase())));
    }
    shape::take(desk, body, REFUND, &mut record.detail)?;
    record.date = Some(shape::text(&record.detail, "date").ok_or_else(|| Refusal::missing("date"))?.to_owned());
    let decimals = balances::decimals(&of);
    let amount = match body.get("amount") {
        None if !new => decimal(record.total_e6),
        _ => settle::positive(body, "amount", decimals)?,
    };
    let mine = if new { Decimal::ZERO } else { decimal(record.total_e6) };
    if amount > decimal(of.total_e6) - settle::used(desk, owner)? + mine {
        return Err(Refusal::new(
            4,
            format!("The refund is more than what is left of the {} {}.", source.noun().to_lowercase(), of.name),
        ));
    }
    account(desk, &kind, &mut record, body, source)?;
    fill(desk, source, &kind, &of, &mut record, amount, decimals)?;
    records::save(desk, kind.refunds, &mut record, new)?;
    if new {
        settle::note(desk, owner, record.id, amount)?;
    } else {
        desk.connection
            .prepare_cached("UPDATE zoho_applied SET amount_e6 = ?3 WHERE payment = ?1 AND document = ?2")?
            .execute((owner, record.id, e6(amount)?))?;
    }
    settle::restate_source(desk, owner)?;
    let status = if new { kind.created } else { 200 };
    let json = lists::shown(desk, kind.refunds, &record)?;
    Ok(Answer::with(status, "The refund information has been saved.", kind.refunds.key(), &json))
}

/// Which account the money comes from or goes to. Documented as required, but for credit notes.
fn account(desk: &Desk, kind: &Kind, record: &mut Record, body: &Map<String, Value>, source: Module) -> Result<(), Refusal> {
    let id = match shape::id(body, kind.account)? {
        Some(id) => id,
        None if record.detail.contains_key(kind.account) => return Ok(()),
        None if source == CreditNotes => {
            let petty = records::named(desk, Accounts, "Petty Cash", 0)?.pop();
            petty.ok_or_else(|| Refusal::missing(kind.account))?.0
        }
        None => return Err(Refusal::missing(kind.account)),
    };
    let account = payments::money_account(desk, kind.account, id, kind.types)?;
    record.set(kind.account, id.to_string());
    record.set(kind.account_name, account.name);
    Ok(())
}

fn fill(
    desk: &Desk,
    source: Module,
    kind: &Kind,
    of: &Record,
    record: &mut Record,
    amount: Decimal,
    decimals: u32,
) -> Result<(), Refusal> {
    let base = of.currency.is_none_or(|currency| currency == desk.org.currency_id);
    let own = shape::amount(&of.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    let rate = match shape::amount(&record.detail, "exchange_rate")? {
        _ if base => Decimal::ONE,
        Some(rate) if rate > Decimal::ZERO => rate,
        Some(_) => return Err(Refusal::invalid("exchange_rate")),
        None => own,
    };
    let (party_key, name_key, _) = documents::party_keys(source);
    record.party = of.party;
    record.currency = of.currency;
    record.status = "refunded".to_owned();
    record.total_e6 = e6(amount)?;
    record.set("exchange_rate", number(rate));
    record.set("price_precision", decimals);
    record.set("amount", number(amount));
    record.set("amount_bcy", number(amounts::round(ledger::to_base(amount, rate, ledger::base_decimals(desk)), 2)));
    record.set(source.id_key(), of.id.to_string());
    record.set(kind.number, of.name.clone());
    for key in [party_key, name_key] {
        record.set(key, of.text(key));
    }
    Ok(())
}

/// `GET /{source}/{id}/refunds/{refund}`.
pub fn show(desk: &Desk, source: Module, owner: i64, id: i64) -> Result<Answer, Refusal> {
    let kind = kind(source).ok_or_else(|| Refusal::absent(source.noun()))?;
    records::need(desk, source, owner)?;
    one(desk, &kind, owner, id)?;
    lists::one(desk, kind.refunds, id)
}

/// `DELETE /{source}/{id}/refunds/{refund}`.
pub fn remove(desk: &Desk, source: Module, owner: i64, id: i64) -> Result<Answer, Refusal> {
    let kind = kind(source).ok_or_else(|| Refusal::absent(source.noun()))?;
    records::need(desk, source, owner)?;
    let record = one(desk, &kind, owner, id)?;
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE payment = ?1 AND document = ?2")?.execute((owner, id))?;
    records::remove(desk, kind.refunds, &record)?;
    settle::restate_source(desk, owner)?;
    Ok(Answer::done("The refund has been successfully deleted."))
}

/// Whether a payment or credit was refunded.
pub fn any(desk: &Desk, source: i64) -> Result<bool, Refusal> {
    Ok(desk
        .connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM zoho_applied a JOIN zoho_record r ON r.id = a.document WHERE a.payment = ?1 AND r.module BETWEEN ?2 AND ?3)",
        )?
        .query_row((source, CreditNoteRefunds as i64, VendorPaymentRefunds as i64), |row| row.get(0))?)
}

fn one(desk: &Desk, kind: &Kind, owner: i64, id: i64) -> Result<Record, Refusal> {
    let found = settle::ids(desk, "SELECT document FROM zoho_applied WHERE payment = ?1", owner)?;
    if !found.contains(&id) {
        return Err(Refusal::absent(kind.refunds.noun()));
    }
    records::need(desk, kind.refunds, id)
}
