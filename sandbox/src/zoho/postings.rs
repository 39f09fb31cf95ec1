//! The entries of each kind of record.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::ledger::{self, Posting, Role, Roles};
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, decimal};
use super::{settle, shape};

/// Writes a record's entries anew. Records that move no money have none.
pub fn post(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    match module {
        Invoices | Bills | SalesReceipts => document(desk, module, record),
        CreditNotes | VendorCredits => {
            document(desk, module, record)?;
            refunds(desk, module, record)
        }
        CustomerPayments | VendorPayments => {
            payment(desk, module, record)?;
            refunds(desk, module, record)
        }
        Expenses => expense(desk, record),
        BankTransactions => transfer(desk, record),
        Journals | OpeningBalances => journal(desk, module, record),
        _ => Ok(()),
    }
}

/// The account of what is owed or received, and whether the document's total is a debit there (+1) or a credit (-1).
fn control(module: Module) -> (Role, Decimal) {
    match module {
        Invoices | CustomerPayments => (Role::Receivable, Decimal::ONE),
        SalesReceipts => (Role::Undeposited, Decimal::ONE),
        CreditNotes => (Role::Receivable, Decimal::NEGATIVE_ONE),
        VendorCredits => (Role::Payable, Decimal::ONE),
        _ => (Role::Payable, Decimal::NEGATIVE_ONE),
    }
}

fn document(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    if matches!(record.status.as_str(), "draft" | "void") {
        return ledger::erase(desk, record.id);
    }
    let roles = ledger::roles(desk)?;
    let (role, sign) = control(module);
    let control = roles.of(role);
    let date = record.date.as_deref().unwrap_or_default();
    let figure = |name: &str| shape::amount(&record.detail, name).map(Option::unwrap_or_default);
    let mut posting = Posting::of(desk, record)?;
    posting.add(control, date, sign * decimal(record.total_e6));
    let mut last = roles.of(Role::OtherCharges);
    for line in record.detail.get("line_items").and_then(Value::as_array).into_iter().flatten() {
        let Some(line) = line.as_object() else { continue };
        if let Some(account) = shape::id(line, "account_id")? {
            posting.add(account, date, -sign * shape::amount(line, "item_total")?.unwrap_or_default());
            last = account;
        }
    }
    posting.add(roles.of(Role::Tax), date, -sign * figure("tax_total")?);
    if record.text("discount_type") == "entity_level" {
        posting.add(roles.of(Role::Discount), date, sign * figure("discount_total")?);
    }
    posting.add(roles.of(Role::Shipping), date, -sign * figure("shipping_charge")?);
    posting.add(roles.of(Role::OtherCharges), date, -sign * figure("adjustment")?);
    // Fractions of a cent that rounding left over.
    posting.level(last, date);
    if module == Invoices {
        written_off(desk, record, &roles, control, date, &mut posting)?;
    }
    if matches!(module, CreditNotes | VendorCredits) {
        exchanged(desk, record, &roles, control, sign, &mut posting)?;
    }
    posting.write(desk)
}

fn written_off(
    desk: &Desk,
    record: &Record,
    roles: &Roles,
    control: i64,
    date: &str,
    posting: &mut Posting,
) -> Result<(), Refusal> {
    for used in uses(desk, record.id)?.into_iter().filter(|used| used.document == record.id) {
        posting.add_both(control, date, -used.base, -used.amount);
        posting.add_both(roles.of(Role::BadDebt), date, used.base, used.amount);
    }
    Ok(())
}

/// A credit that settles a document of another rate leaves a gain or a loss.
fn exchanged(
    desk: &Desk,
    record: &Record,
    roles: &Roles,
    control: i64,
    sign: Decimal,
    posting: &mut Posting,
) -> Result<(), Refusal> {
    if record.currency == Some(desk.org.currency_id) {
        return Ok(());
    }
    let (rate, decimals) = (rate(record)?, ledger::base_decimals(desk));
    let mut left = decimal(record.total_e6);
    for used in uses(desk, record.id)? {
        let own = settle::share(&mut left, used.amount, rate, decimals);
        if used.is_refund() {
            continue;
        }
        let date = used.date.as_str().max(record.date.as_deref().unwrap_or_default());
        let difference = -sign * (own - used.base);
        posting.add_both(control, date, difference, Decimal::ZERO);
        posting.add_both(roles.of(Role::Exchange), date, -difference, Decimal::ZERO);
    }
    Ok(())
}

fn payment(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    let roles = ledger::roles(desk)?;
    let (role, sign) = control(module);
    let (control, waiting, money) = match module {
        VendorPayments => (roles.of(role), roles.of(Role::Prepaid), "paid_through_account_id"),
        _ => (roles.of(role), roles.of(Role::Unearned), "account_id"),
    };
    let date = record.date.as_deref().unwrap_or_default();
    let money = shape::id(&record.detail, money)?.ok_or_else(|| Refusal::missing(money))?;
    let total = decimal(record.total_e6);
    let charges = match module {
        CustomerPayments => shape::amount(&record.detail, "bank_charges")?.unwrap_or_default(),
        _ => Decimal::ZERO,
    };
    let mut posting = Posting::of(desk, record)?;
    let worth = posting.base(total);
    let fee = posting.base(charges);
    posting.add_both(money, date, sign * (worth - fee), sign * (total - charges));
    posting.add_both(roles.of(Role::BankFees), date, sign * fee, sign * charges);
    let (rate, decimals) = (rate(record)?, ledger::base_decimals(desk));
    let (mut left, mut unused, mut unused_base) = (total, total, worth);
    for used in uses(desk, record.id)? {
        let own = settle::share(&mut left, used.amount, rate, decimals);
        if used.is_refund() || used.module == RetainerInvoices {
            continue;
        }
        posting.add_both(control, date, -sign * used.base, -sign * used.amount);
        posting.add_both(roles.of(Role::Exchange), date, -sign * (own - used.base), Decimal::ZERO);
        unused -= used.amount;
        unused_base -= own;
    }
    // What is not used waits, also what was paid ahead for a retainer and what will be refunded.
    posting.add_both(waiting, date, -sign * unused_base, -sign * unused);
    posting.write(desk)
}

/// Refunds have entries of their own, which depend on what else was done with the payment or credit.
fn refunds(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    let uses = uses(desk, record.id)?;
    if !uses.iter().any(Used::is_refund) {
        return Ok(());
    }
    let roles = ledger::roles(desk)?;
    // Money goes out to customers and comes in from vendors.
    let (from, sign) = match module {
        CreditNotes => (Role::Receivable, Decimal::ONE),
        CustomerPayments => (Role::Unearned, Decimal::ONE),
        VendorCredits => (Role::Payable, Decimal::NEGATIVE_ONE),
        _ => (Role::Prepaid, Decimal::NEGATIVE_ONE),
    };
    let (rate, decimals) = (rate(record)?, ledger::base_decimals(desk));
    let mut left = decimal(record.total_e6);
    for used in uses {
        let own = settle::share(&mut left, used.amount, rate, decimals);
        if !used.is_refund() {
            continue;
        }
        let refund = records::need(desk, used.module, used.document)?;
        let date = refund.date.as_deref().unwrap_or_default();
        let money = ["from_account_id", "to_account_id", "account_id"].into_iter().find(|key| refund.detail.contains_key(*key));
        let money = shape::id(&refund.detail, money.unwrap_or_default())?.ok_or_else(|| Refusal::missing("account_id"))?;
        let mut posting = Posting::of(desk, &refund)?;
        posting.add_both(roles.of(from), date, sign * own, sign * used.amount);
        posting.add(money, date, -sign * used.amount);
        posting.level(roles.of(Role::Exchange), date);
        posting.write(desk)?;
    }
    Ok(())
}

fn expense(desk: &Desk, record: &Record) -> Result<(), Refusal> {
    let roles = ledger::roles(desk)?;
    let date = record.date.as_deref().unwrap_or_default();
    let mut posting = Posting::of(desk, record)?;
    let money =
        shape::id(&record.detail, "paid_through_account_id")?.ok_or_else(|| Refusal::missing("paid_through_account_id"))?;
    posting.add(money, date, -decimal(record.total_e6));
    posting.add(roles.of(Role::Tax), date, shape::amount(&record.detail, "tax_amount")?.unwrap_or_default());
    let mut last = roles.of(Role::OtherCharges);
    for line in record.detail.get("line_items").and_then(Value::as_array).into_iter().flatten() {
        let Some(line) = line.as_object() else { continue };
        last = shape::id(line, "account_id")?.ok_or_else(|| Refusal::missing("account_id"))?;
        posting.add(last, date, shape::amount(line, "item_total")?.unwrap_or_default());
    }
    posting.level(last, date);
    posting.write(desk)
}

fn transfer(desk: &Desk, record: &Record) -> Result<(), Refusal> {
    let date = record.date.as_deref().unwrap_or_default();
    let account = |key: &str| shape::id(&record.detail, key)?.ok_or_else(|| Refusal::missing(key));
    let mut posting = Posting::of(desk, record)?;
    let amount = decimal(record.total_e6);
    posting.add(account("to_account_id")?, date, amount);
    posting.add(account("from_account_id")?, date, -amount);
    let charges = shape::amount(&record.detail, "bank_charges")?.unwrap_or_default();
    posting.add(ledger::roles(desk)?.of(Role::BankFees), date, charges);
    posting.add(account("from_account_id")?, date, -charges);
    posting.write(desk)
}

/// Journals and opening balances: their lines are the entries. What an opening balance lacks goes to Opening Balance Adjustments.
fn journal(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    if record.status == "draft" {
        return ledger::erase(desk, record.id);
    }
    let date = record.date.as_deref().unwrap_or_default();
    let key = if module == Journals { "line_items" } else { "accounts" };
    let mut posting = Posting::of(desk, record)?;
    let mut last = 0;
    for line in record.detail.get(key).and_then(Value::as_array).into_iter().flatten() {
        let Some(line) = line.as_object() else { continue };
        last = shape::id(line, "account_id")?.ok_or_else(|| Refusal::missing("account_id"))?;
        let amount = shape::amount(line, "amount")?.unwrap_or_default();
        let sign = side(line)?;
        match shape::amount(line, "bcy_amount")? {
            Some(base) => posting.add_both(last, date, sign * base, sign * amount),
            None => posting.add(last, date, sign * amount),
        }
    }
    let rest = if module == Journals { last } else { ledger::roles(desk)?.of(Role::OpeningAdjustment) };
    posting.level(rest, date);
    posting.write(desk)
}

/// +1 for a debit, -1 for a credit.
pub fn side(line: &Map<String, Value>) -> Result<Decimal, Refusal> {
    match shape::text(line, "debit_or_credit") {
        Some("debit") => Ok(Decimal::ONE),
        Some("credit") => Ok(Decimal::NEGATIVE_ONE),
        Some(_) => Err(Refusal::invalid("debit_or_credit")),
        None => Err(Refusal::missing("debit_or_credit")),
    }
}

fn rate(record: &Record) -> Result<Decimal, Refusal> {
    Ok(shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE))
}

/// One thing a payment or credit was used for.
struct Used {
    document: i64,
    module: Module,
    date: String,
    amount: Decimal,
    /// The worth of what it settles, at the rate of the document.
    base: Decimal,
}

impl Used {
    fn is_refund(&self) -> bool {
        matches!(self.module, CreditNoteRefunds | VendorCreditRefunds | CustomerPaymentRefunds | VendorPaymentRefunds)
    }
}

fn uses(desk: &Desk, source: i64) -> Result<Vec<Used>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT a.document, r.module, coalesce(r.date, ''), a.amount_e6, a.base_e6 FROM zoho_applied a JOIN zoho_record r ON r.id = a.document
         WHERE a.payment = ?1 ORDER BY a.id",
    )?;
    let mut rows = statement.query([source])?;
    let mut uses = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(module) = Module::numbered(row.get(1)?) {
            uses.push(Used {
                document: row.get(0)?,
                module,
                date: row.get(2)?,
                amount: decimal(row.get(3)?),
                base: decimal(row.get(4)?),
            });
        }
    }
    Ok(uses)
}
