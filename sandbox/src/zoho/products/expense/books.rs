//! What reports do to the books: an approved expense is an expense of Books, and what employees are owed is paid out by a journal.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::zoho::answer::Refusal;
use crate::zoho::cards::Card;
use crate::zoho::ledger::{self, Role};
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk, number};
use crate::zoho::{expenses, journals, payments, platform, seed, shape};

const REACH_BOOKS: &str = "zoho.approved_expenses_reach_books";
/// What employees are owed. Books gets this account with its first approved report.
const OWED: &str = "Employee Reimbursements";
/// Where money comes from when nobody says it.
const USUAL: &str = "Petty Cash";

/// Enters the expenses of an approved report, each under the id it has in Expense.
pub fn approved(desk: &Desk, expenses: &[Card]) -> Result<(), Refusal> {
    if !desk.on(REACH_BOOKS) {
        return Ok(());
    }
    for expense in expenses {
        platform::closed(desk, "purchases", expense.text("date"))?;
        let paid_through = match is_reimbursable(expense) {
            true => owed(desk)?,
            false => paid_from(desk, &expense.detail)?,
        };
        let mut body = Map::new();
        for key in ["date", "amount", "currency_id", "exchange_rate", "description", "reference_number"] {
            if let Some(value) = expense.detail.get(key) {
                body.insert(key.to_owned(), value.clone());
            }
        }
        body.insert("account_id".into(), expense.text("category_id").into());
        body.insert("paid_through_account_id".into(), paid_through.to_string().into());
        expenses::numbered(desk, expense.id, &body)?;
    }
    Ok(())
}

/// Pays out what the report's expenses made owed. `body` may say the account and the day.
pub fn reimbursed(desk: &Desk, report: &Card, expenses: &[Card], body: &Map<String, Value>) -> Result<(), Refusal> {
    if !desk.on(REACH_BOOKS) {
        return Ok(());
    }
    let mut sum = Decimal::ZERO;
    for expense in expenses.iter().filter(|expense| is_reimbursable(expense)) {
        let figure = |key: &str| Ok::<_, Refusal>(shape::amount(&expense.detail, key)?.unwrap_or_default());
        sum += ledger::to_base(figure("total")?, figure("exchange_rate")?, ledger::base_decimals(desk));
    }
    if sum.is_zero() {
        return Ok(());
    }
    let day = shape::text(body, "date").map_or_else(|| desk.today(), str::to_owned);
    platform::closed(desk, "accountant", &day)?;
    let line =
        |account: i64, side: &str| json!({"account_id": account.to_string(), "debit_or_credit": side, "amount": number(sum)});
    let journal = json!({
        "journal_date": day, "status": "published",
        "reference_number": report.id.to_string(), "notes": format!("Reimbursement of {}", report.name),
        "line_items": [line(owed(desk)?, "debit"), line(paid_from(desk, body)?, "credit")],
    });
    journals::write(desk, None, journal.as_object().unwrap_or(&Map::new()))?;
    Ok(())
}

fn is_reimbursable(expense: &Card) -> bool {
    shape::flag(&expense.detail, "is_reimbursable")
}

fn paid_from(desk: &Desk, body: &Map<String, Value>) -> Result<i64, Refusal> {
    let key = "paid_through_account_id";
    let id = match shape::id(body, key)? {
        Some(id) => id,
        None => records::named(desk, Module::Accounts, USUAL, 0)?.pop().ok_or_else(|| Refusal::missing(key))?.0,
    };
    payments::money_account(desk, key, id, payments::PAID_FROM)?;
    Ok(id)
}

fn owed(desk: &Desk) -> Result<i64, Refusal> {
    let known = ledger::roles(desk)?.of(Role::Reimbursements);
    if known != 0 {
        return Ok(known);
    }
    if let Some((id, _)) = records::named(desk, Module::Accounts, OWED, 0)?.pop() {
        payments::money_account(desk, "account_id", id, payments::PAID_FROM)?;
        ledger::appoint(desk, Role::Reimbursements, id)?;
        return Ok(id);
    }
    seed::account(desk, OWED, "other_current_liability", true)?;
    Ok(ledger::roles(desk)?.of(Role::Reimbursements))
}
