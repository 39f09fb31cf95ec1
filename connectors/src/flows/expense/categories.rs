//! Xero's expense accounts → categories of Zoho Expense, found by their code or name.

use serde_json::{Value, json};

use crate::balance::Class;
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::flows::books::refusals;
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{ACCOUNTS, Account, AccountStatus};
use crate::{xero, zoho};

pub struct Categories;

pub const KEY: &str = "expense.categories";

/// In our books an account that is no expense is this one of Zoho's: what is booked on it has no place there.
pub const NONE: &str = "-";

impl Flow for Categories {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Expense categories";
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
    /// Zoho lists what expenses can be booked on, and Xero lists all accounts.
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = ACCOUNTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "expensecategories",
        one: "expense_category",
        many: &["expense_categories"],
        id: "category_id",
        unique: zoho::Unique::Search,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Account;

    fn wanted(account: &Account) -> Wanted {
        // What is archived today was booked on once.
        if account.status == AccountStatus::Deleted { Wanted::Skip } else { Wanted::Carry }
    }
    fn needs(_: &Account) -> Vec<Need> {
        Vec::new()
    }
    fn to_zoho(account: &Account, _: &Known) -> Result<Carry, Unmappable> {
        if account.kind.class() != Class::Expense {
            return Ok(Carry::noted(NONE));
        }
        Ok(Carry::new(json!({
            "category_name": account.name, "account_code": account.code, "description": account.description,
        })))
    }
    fn fields() -> &'static [Field<Account>] {
        &[
            Field {
                name: "name",
                authority: Authority::Once,
                print: |account, printer| {
                    printer.text(Some(&account.name));
                },
            },
            Field {
                name: "code",
                authority: Authority::Once,
                print: |account, printer| {
                    printer.text(Some(&account.code));
                },
            },
        ]
    }
    fn find_in(account: &Account, existing: &[Value]) -> Option<String> {
        let says = |row: &&Value, key: &str, what: &str| {
            !what.is_empty() && row[key].as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(what.trim()))
        };
        let by_code = existing.iter().find(|row| says(row, "account_code", &account.code));
        let found = by_code.or_else(|| existing.iter().find(|row| says(row, "category_name", &account.name)))?;
        Some(found["category_id"].as_str()?.to_owned())
    }
    fn cure(account: &Account, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&account.label(), refusal)
    }
    fn xero_line(_: &Account) -> Line {
        line()
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        row["category_id"].is_string().then(line)
    }
}

fn line() -> Line {
    Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_found_by_its_code_before_its_name() {
        let account: Account =
            serde_json::from_value(json!({"AccountID": "a-1", "Code": "453", "Name": "Office", "Type": "EXPENSE"})).unwrap();
        let rows = [
            json!({"category_id": "1", "category_name": "Office", "account_code": ""}),
            json!({"category_id": "2", "category_name": "Rent", "account_code": "453"}),
        ];
        assert_eq!(Categories::find_in(&account, &rows).as_deref(), Some("2"));
        assert_eq!(Categories::find_in(&account, &rows[..1]).as_deref(), Some("1"));
        assert_eq!(Categories::find_in(&account, &[]), None);
        assert_eq!(Categories::wanted(&account), Wanted::Carry);
        let sales: Account = serde_json::from_value(json!({"AccountID": "a-2", "Name": "Sales", "Type": "REVENUE"})).unwrap();
        assert_eq!(Categories::to_zoho(&sales, &Known::default()), Ok(Carry::noted(NONE)));
    }
}
