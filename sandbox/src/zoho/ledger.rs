//! The ledger: every record that moves money has double entries, rewritten together with the record. Debits are positive.

use rust_decimal::Decimal;

use super::amounts;
use super::answer::Refusal;
use super::records::{Desk, Record, decimal, e6};
use super::settings::usual_decimals;
use super::shape;

/// What a system account is for. The number is what the store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Receivable = 0,
    Payable = 1,
    Tax = 2,
    OpeningAdjustment = 3,
    Unearned = 4,
    Prepaid = 5,
    Shipping = 6,
    OtherCharges = 7,
    Discount = 8,
    BankFees = 9,
    Exchange = 10,
    BadDebt = 11,
    RetainedEarnings = 12,
    Undeposited = 13,
    /// What employees are owed; the account comes with the first approved report of Expense.
    Reimbursements = 14,
}

/// The accounts an organisation begins with or is given, by what they are for.
pub const ROLES: [(Role, &str); 15] = [
    (Role::Receivable, "Accounts Receivable"),
    (Role::Payable, "Accounts Payable"),
    (Role::Tax, "GST Payable"),
    (Role::OpeningAdjustment, "Opening Balance Adjustments"),
    (Role::Unearned, "Unearned Revenue"),
    (Role::Prepaid, "Prepaid Expenses"),
    (Role::Shipping, "Shipping Charge"),
    (Role::OtherCharges, "Other Charges"),
    (Role::Discount, "Discount"),
    (Role::BankFees, "Bank Fees and Charges"),
    (Role::Exchange, "Exchange Gain or Loss"),
    (Role::BadDebt, "Bad Debt"),
    (Role::RetainedEarnings, "Retained Earnings"),
    (Role::Undeposited, "Undeposited Funds"),
    (Role::Reimbursements, "Employee Reimbursements"),
];

/// The accounts of one organisation by role.
pub struct Roles([i64; ROLES.len()]);

impl Roles {
    pub fn of(&self, role: Role) -> i64 {
        self.0[role as usize]
    }
}

pub fn roles(desk: &Desk) -> Result<Roles, Refusal> {
    let mut roles = Roles([0; ROLES.len()]);
    let mut statement = desk.connection.prepare_cached("SELECT role, account FROM zoho_role WHERE org = ?1")?;
    let mut rows = statement.query([desk.org.id])?;
    while let Some(row) = rows.next()? {
        if let Some(place) = usize::try_from(row.get::<_, i64>(0)?).ok().and_then(|role| roles.0.get_mut(role)) {
            *place = row.get(1)?;
        }
    }
    Ok(roles)
}

/// Says that this account has a role.
pub fn appoint(desk: &Desk, role: Role, account: i64) -> Result<(), Refusal> {
    desk.connection.prepare_cached("INSERT OR REPLACE INTO zoho_role (org, role, account) VALUES (?1, ?2, ?3)")?.execute((
        desk.org.id,
        role as i64,
        account,
    ))?;
    Ok(())
}

/// The entries of one record while they are gathered.
pub struct Posting {
    record: i64,
    party: Option<i64>,
    currency: i64,
    rate: Decimal,
    decimals: u32,
    entries: Vec<Entry>,
}

struct Entry {
    account: i64,
    date: String,
    base: Decimal,
    foreign: Decimal,
}

impl Posting {
    /// For a record in its own currency at its own rate.
    pub fn of(desk: &Desk, record: &Record) -> Result<Self, Refusal> {
        Ok(Self {
            record: record.id,
            party: record.party,
            currency: record.currency.unwrap_or(desk.org.currency_id),
            rate: shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE),
            decimals: base_decimals(desk),
            entries: Vec::new(),
        })
    }

    /// An amount in the base currency.
    pub fn base(&self, foreign: Decimal) -> Decimal {
        to_base(foreign, self.rate, self.decimals)
    }

    /// An amount in the record's currency.
    pub fn add(&mut self, account: i64, date: &str, foreign: Decimal) {
        let base = self.base(foreign);
        self.add_both(account, date, base, foreign);
    }

    /// An amount whose worth in the base currency is known.
    pub fn add_both(&mut self, account: i64, date: &str, base: Decimal, foreign: Decimal) {
        match self.entries.iter_mut().find(|entry| entry.account == account && entry.date == date) {
            Some(entry) => {
                entry.base += base;
                entry.foreign += foreign;
            }
            None => self.entries.push(Entry { account, date: date.to_owned(), base, foreign }),
        }
    }

    /// What is missing for debits to equal credits, in the base and in the record's currency.
    pub fn missing(&self) -> (Decimal, Decimal) {
        let base: Decimal = self.entries.iter().map(|entry| entry.base).sum();
        let foreign: Decimal = self.entries.iter().map(|entry| entry.foreign).sum();
        (-base, -foreign)
    }

    /// Puts what is missing on an account.
    pub fn level(&mut self, account: i64, date: &str) {
        let (base, foreign) = self.missing();
        if !base.is_zero() || !foreign.is_zero() {
            self.add_both(account, date, base, foreign);
        }
    }

    /// Replaces the record's entries by these. They must add up to nothing.
    pub fn write(self, desk: &Desk) -> Result<(), Refusal> {
        let (missing, _) = self.missing();
        if !missing.is_zero() {
            tracing::error!(record.id = self.record, missing = %missing, "debits and credits differ");
            return Err(Refusal::new(1000, "Internal error").at(500));
        }
        erase(desk, self.record)?;
        let mut statement = desk.connection.prepare_cached(
            "INSERT INTO zoho_entry (record, line, account, date, party, currency, amount_e6, fcy_e6) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let moving = self.entries.iter().filter(|entry| !entry.base.is_zero() || !entry.foreign.is_zero());
        for (line, entry) in moving.enumerate() {
            statement.execute(rusqlite::params![
                self.record,
                line as i64,
                entry.account,
                entry.date,
                self.party,
                self.currency,
                e6(entry.base)?,
                e6(entry.foreign)?
            ])?;
        }
        Ok(())
    }
}

/// Takes a record out of the ledger.
pub fn erase(desk: &Desk, record: i64) -> Result<(), Refusal> {
    desk.connection.prepare_cached("DELETE FROM zoho_entry WHERE record = ?1")?.execute([record])?;
    Ok(())
}

/// What an account holds; debits positive.
pub fn balance(desk: &Desk, account: i64) -> Result<Decimal, Refusal> {
    let sum: i64 = desk
        .connection
        .prepare_cached("SELECT coalesce(sum(amount_e6), 0) FROM zoho_entry WHERE account = ?1")?
        .query_row([account], |row| row.get(0))?;
    Ok(decimal(sum))
}

/// Assets and expenses grow by debits, everything else by credits.
pub fn grows_by_debits(account_type: &str) -> bool {
    matches!(
        account_type,
        "other_asset"
            | "other_current_asset"
            | "cash"
            | "bank"
            | "fixed_asset"
            | "stock"
            | "accounts_receivable"
            | "expense"
            | "cost_of_goods_sold"
            | "other_expense"
    )
}

pub fn base_decimals(desk: &Desk) -> u32 {
    usual_decimals(&desk.org.currency)
}

pub fn to_base(foreign: Decimal, rate: Decimal, decimals: u32) -> Decimal {
    if rate == Decimal::ONE { foreign } else { amounts::round(foreign * rate, decimals) }
}
