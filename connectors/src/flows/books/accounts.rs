//! Xero's chart of accounts → Zoho Books': the account with this code, else with this role or name, else a new one.

use serde_json::{Value, json};

use super::texts::{clip, same};
use super::{currencies, refusals};
use crate::balance::Class;
use crate::flow::{self, Also, Authority, By, Carry, Cure, Field, Flow, Known, Ledger, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{ACCOUNTS, Account, AccountStatus, AccountType};
use crate::zoho::account_types::class_of;
use crate::{xero, zoho};

pub struct Accounts;

pub const KEY: &str = "books.accounts";

/// The key under which the account that tax stands on is known beside its own: journals name it, no line of Xero's does.
pub const TAX_ACCOUNT: &str = "tax-account";

/// What stands before the id and the code of an account on which Zoho books no expense: by these, flows of money spent know of it.
pub const NO_EXPENSES: &str = "no-expenses:";

const NAME_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 500;

impl Flow for Accounts {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Chart of accounts";
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
    const AFTER: &'static [&'static str] = &[currencies::KEY];
    const XERO: xero::Resource = ACCOUNTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "chartofaccounts",
        one: "chart_of_account",
        many: &["chartofaccounts"],
        id: "account_id",
        unique: zoho::Unique::Search,
        query: &[],
        list_query: &[("filter_by", "AccountType.All")],
        words: &[],
    };
    type Xero = Account;

    /// Archived accounts are carried too, and stay active in Zoho: old documents still name them.
    fn wanted(account: &Account) -> Wanted {
        if account.status == AccountStatus::Deleted { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(account: &Account) -> Vec<Need> {
        match account.kind == AccountType::Bank && !account.currency_code.is_empty() {
            true => vec![Need { flow: currencies::KEY, key: account.currency_code.clone(), by: By::Id }],
            false => Vec::new(),
        }
    }

    fn to_zoho(account: &Account, known: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry::new(body(account, known, clip(name(account), NAME_CHARS_MAX))))
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
            Field {
                name: "type",
                authority: Authority::Once,
                print: |account, printer| {
                    printer.text(Some(zoho_type(account)));
                },
            },
            Field {
                name: "description",
                authority: Authority::Once,
                print: |account, printer| {
                    printer.text(Some(&account.description));
                },
            },
        ]
    }

    fn find_in(account: &Account, existing: &[Value]) -> Option<String> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
        let fits = |row: &Value| fits(account, &text(row, "account_type"));
        let by_code = || {
            existing.iter().find(|row| !account.code.is_empty() && same(&text(row, "account_code"), &account.code) && fits(row))
        };
        let by_role = || existing.iter().find(|row| has_role(account, &text(row, "account_type"), &text(row, "account_name")));
        let by_name = || existing.iter().find(|row| same(&text(row, "account_name"), name(account)) && fits(row));
        let found = by_code().or_else(by_role).or_else(by_name)?;
        found["account_id"].as_str().map(str::to_owned)
    }

    fn also(account: &Account, answer: &Value, _: &[Value]) -> Vec<Also> {
        let Some(id) = answer["account_id"].as_str() else { return Vec::new() };
        let also = |xero_id: String, alias| Also { xero_id, alias, zoho_id: id.to_owned() };
        let mut known = Vec::new();
        if account.system_account == "GST" {
            known.push(also(TAX_ACCOUNT.to_owned(), None));
        }
        if !takes_expenses(answer["account_type"].as_str().unwrap_or(zoho_type(account))) {
            let alias = (!account.code.is_empty()).then(|| format!("{NO_EXPENSES}{}", account.code));
            known.push(also(format!("{NO_EXPENSES}{}", account.id), alias));
        }
        known
    }

    fn cure(account: &Account, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        let label = xero::Record::label(account);
        if matches!(account.system_account.as_str(), "DEBTORS" | "CREDITORS") {
            return Cure::Hold(Unmappable {
                code: "SYSTEM_ACCOUNT",
                sentence: format!(
                    "{label} is an account that only Zoho Books itself can create, and it was not found there. \
                     Check that the chart of accounts in Zoho Books has its own receivable and payable accounts, then retry."
                ),
                expected: false,
            });
        }
        match (refusals::is_taken(refusal), attempt) {
            // The name or code belongs to an account of another type.
            (true, 1) => {
                let mark = if account.code.is_empty() { "Xero" } else { &account.code };
                let name = format!("{} ({mark})", clip(name(account), NAME_CHARS_MAX - mark.chars().count() - 3));
                Cure::Again(Carry::new(body(account, known, &name)))
            }
            _ => refusals::hold(&label, refusal),
        }
    }

    fn account(account: &Account) -> Option<flow::Account> {
        let role = match account.system_account.as_str() {
            "DEBTORS" => Some(Ledger::Receivable),
            "CREDITORS" => Some(Ledger::Payable),
            "GST" => Some(Ledger::Tax),
            "REALISEDCURRENCYGAIN" => Some(Ledger::Exchange),
            "BANKCURRENCYGAIN" | "UNREALISEDCURRENCYGAIN" => Some(Ledger::Revaluation),
            "ROUNDING" => Some(Ledger::Rounding),
            "RETAINEDEARNINGS" => Some(Ledger::RetainedEarnings),
            _ => None,
        };
        Some(flow::Account {
            id: account.id.clone(),
            code: account.code.clone(),
            name: account.name.clone(),
            role,
            is_bank: account.kind == AccountType::Bank,
            is_of_result: account.kind.class().is_of_result(),
        })
    }

    fn xero_line(_: &Account) -> Line {
        line()
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        Some(line())
    }
}

fn name(account: &Account) -> &str {
    if account.name.trim().is_empty() { &account.code } else { account.name.trim() }
}

fn body(account: &Account, known: &Known, name: &str) -> Value {
    let mut body = json!({ "account_name": name, "account_type": zoho_type(account) });
    if !account.code.is_empty() {
        body["account_code"] = account.code.clone().into();
    }
    if !account.description.is_empty() {
        body["description"] = clip(&account.description, DESCRIPTION_CHARS_MAX).into();
    }
    if account.kind == AccountType::Bank
        && let Some(currency) = known.id(currencies::KEY, &account.currency_code)
    {
        body["currency_id"] = currency.into();
    }
    body
}

/// Zoho's word for the kind of account.
fn zoho_type(account: &Account) -> &'static str {
    use AccountType::*;
    match (account.system_account.as_str(), account.kind) {
        ("DEBTORS", _) => "accounts_receivable",
        ("CREDITORS", _) => "accounts_payable",
        (_, Bank) if account.bank_account_type == "CREDITCARD" => "credit_card",
        (_, Bank) => "bank",
        (_, Current | Inventory | Prepayment) => "other_current_asset",
        (_, Fixed) => "fixed_asset",
        (_, NonCurrent) => "other_asset",
        (_, CurrLiab | Liability | Payg | PaygLiability | SuperannuationLiability | WagesPayableLiability) => {
            "other_current_liability"
        }
        (_, TermLiab) => "long_term_liability",
        (_, Equity) => "equity",
        (_, DirectCosts) => "cost_of_goods_sold",
        (_, Depreciatn | Expense | Overheads | SuperannuationExpense | WagesExpense) => "expense",
        (_, OtherIncome) => "other_income",
        (_, Revenue | Sales) => "income",
    }
}

/// Whether an account of Zoho's type can stand for this one: on the same side of the books. A credit card is a bank account to Xero, a debt to Zoho.
fn fits(account: &Account, found: &str) -> bool {
    found == zoho_type(account) || (class_of(found) == Some(account.kind.class()) && zoho_type(account) != "credit_card")
}

/// Whether Zoho books money spent as an expense on an account of this type; a type we do not know is tried.
fn takes_expenses(zoho_type: &str) -> bool {
    const NOT: &[&str] =
        &["income", "other_income", "equity", "bank", "cash", "credit_card", "accounts_receivable", "accounts_payable"];
    !NOT.contains(&zoho_type)
}

/// Whether Zoho's account plays the part that Xero keeps this system account for.
fn has_role(account: &Account, zoho_type: &str, zoho_name: &str) -> bool {
    let named = |names: &[&str]| names.iter().any(|name| same(zoho_name, name));
    match account.system_account.as_str() {
        "DEBTORS" => zoho_type == "accounts_receivable",
        "CREDITORS" => zoho_type == "accounts_payable",
        "RETAINEDEARNINGS" => zoho_type == "equity" && named(&["Retained Earnings"]),
        "GST" => {
            class_of(zoho_type) == Some(Class::Liability)
                && named(&["Tax Payable", "GST Payable", "VAT Payable", "Sales Tax Payable", "Output Tax", "GST"])
        }
        "BANKCURRENCYGAIN" | "REALISEDCURRENCYGAIN" | "UNREALISEDCURRENCYGAIN" => named(&["Exchange Gain or Loss"]),
        _ => false,
    }
}

fn line() -> Line {
    Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(json: Value) -> Account {
        serde_json::from_str(&json.to_string()).unwrap()
    }

    fn rows() -> Vec<Value> {
        vec![
            json!({"account_id": "1", "account_name": "Accounts Receivable", "account_type": "accounts_receivable", "is_system_account": true}),
            json!({"account_id": "2", "account_name": "Accounts Payable", "account_type": "accounts_payable", "is_system_account": true}),
            json!({"account_id": "3", "account_name": "Sales", "account_type": "income"}),
            json!({"account_id": "4", "account_name": "Anything", "account_code": "400", "account_type": "expense"}),
            json!({"account_id": "5", "account_name": "Rent", "account_type": "other_current_liability"}),
            json!({"account_id": "6", "account_name": "Retained Earnings", "account_type": "equity"}),
            json!({"account_id": "7", "account_name": "Tax Payable", "account_type": "other_current_liability"}),
        ]
    }

    #[test]
    fn an_account_is_found_by_code_then_role_then_name_of_the_same_class() {
        for (xero, found) in [
            (json!({"AccountID": "a", "Code": "400", "Name": "Advertising", "Type": "EXPENSE"}), Some("4")),
            (
                json!({"AccountID": "a", "Code": "610", "Name": "Debtors", "Type": "CURRENT", "SystemAccount": "DEBTORS"}),
                Some("1"),
            ),
            (
                json!({"AccountID": "a", "Code": "800", "Name": "Creditors", "Type": "CURRLIAB", "SystemAccount": "CREDITORS"}),
                Some("2"),
            ),
            (
                json!({"AccountID": "a", "Code": "960", "Name": "Retained", "Type": "EQUITY", "SystemAccount": "RETAINEDEARNINGS"}),
                Some("6"),
            ),
            (json!({"AccountID": "a", "Code": "820", "Name": "GST", "Type": "CURRLIAB", "SystemAccount": "GST"}), Some("7")),
            (json!({"AccountID": "a", "Code": "200", "Name": "SALES", "Type": "REVENUE"}), Some("3")),
            // The name is there, but for something else.
            (json!({"AccountID": "a", "Code": "469", "Name": "Rent", "Type": "EXPENSE"}), None),
            // The code is there, but for something else.
            (json!({"AccountID": "a", "Code": "400", "Name": "Odd", "Type": "REVENUE"}), None),
        ] {
            assert_eq!(Accounts::find_in(&account(xero.clone()), &rows()).as_deref(), found, "{xero}");
        }
    }

    #[test]
    fn a_new_account_has_zohos_type() {
        for (kind, bank_type, expected) in [
            ("BANK", "BANK", "bank"),
            ("BANK", "CREDITCARD", "credit_card"),
            ("DIRECTCOSTS", "", "cost_of_goods_sold"),
            ("TERMLIAB", "", "long_term_liability"),
            ("OTHERINCOME", "", "other_income"),
            ("DEPRECIATN", "", "expense"),
        ] {
            let one = account(json!({"AccountID": "a", "Code": "1", "Name": "N", "Type": kind, "BankAccountType": bank_type}));
            assert_eq!(Accounts::to_zoho(&one, &Known::default()).unwrap().body["account_type"], expected);
            // What we create must be found again.
            let row = json!({"account_id": "9", "account_name": "n", "account_code": "1", "account_type": expected});
            assert_eq!(Accounts::find_in(&one, &[row]).as_deref(), Some("9"));
        }
    }

    #[test]
    fn an_account_says_what_xero_uses_it_for() {
        let role = |system: &str| {
            let one = account(json!({"AccountID": "a", "Code": "1", "Name": "N", "Type": "BANK", "SystemAccount": system}));
            let told = Accounts::account(&one).unwrap();
            assert!(told.is_bank && told.id == "a" && told.code == "1" && told.name == "N");
            told.role
        };
        assert_eq!(role("DEBTORS"), Some(Ledger::Receivable));
        assert_eq!(role("UNREALISEDCURRENCYGAIN"), Some(Ledger::Revaluation));
        assert_eq!(role("WAGEPAYABLES"), None);
        assert_eq!(role(""), None);
    }

    #[test]
    fn the_account_of_tax_is_known_by_a_name_of_its_own() {
        let row = json!({"account_id": "7", "account_name": "Tax Payable", "account_type": "other_current_liability"});
        let gst = account(json!({"AccountID": "a", "Code": "820", "Name": "GST", "Type": "CURRLIAB", "SystemAccount": "GST"}));
        assert_eq!(Accounts::also(&gst, &row, &[]), [Also { xero_id: TAX_ACCOUNT.into(), alias: None, zoho_id: "7".into() }]);
        let other = account(json!({"AccountID": "a", "Code": "825", "Name": "PAYE", "Type": "CURRLIAB"}));
        assert_eq!(Accounts::also(&other, &row, &[]), []);
        assert_eq!(Accounts::also(&gst, &json!({}), &[]), []);
    }

    #[test]
    fn an_account_without_expenses_is_known_as_one() {
        let drawings = account(json!({"AccountID": "a", "Code": "980", "Name": "Drawings", "Type": "EQUITY"}));
        let expected = Also { xero_id: "no-expenses:a".into(), alias: Some("no-expenses:980".into()), zoho_id: "7".into() };
        // The answer says the type, or it is the one that was asked for.
        for answer in [json!({"account_id": "7", "account_type": "equity"}), json!({"account_id": "7"})] {
            assert_eq!(Accounts::also(&drawings, &answer, &[]), std::slice::from_ref(&expected));
        }
        for (zoho_type, takes) in
            [("expense", true), ("fixed_asset", true), ("other_current_liability", true), ("income", false), ("bank", false)]
        {
            assert_eq!(takes_expenses(zoho_type), takes, "{zoho_type}");
        }
    }

    #[test]
    fn a_bank_account_takes_its_currency_along() {
        let one = account(json!({"AccountID": "a", "Name": "Euro", "Type": "BANK", "CurrencyCode": "EUR", "Status": "ARCHIVED"}));
        assert_eq!(Accounts::needs(&one), [Need { flow: currencies::KEY, key: "EUR".into(), by: By::Id }]);
        let mut known = Known::default();
        known.learn(currencies::KEY, "EUR", "77");
        let body = Accounts::to_zoho(&one, &known).unwrap().body;
        assert_eq!(body, json!({"account_name": "Euro", "account_type": "bank", "currency_id": "77"}));
        assert_eq!(Accounts::wanted(&one), Wanted::Carry);
        assert_eq!(xero::Record::alias(&one), None);
    }

    #[test]
    fn a_system_account_that_is_missing_is_held_with_a_sentence() {
        let one = account(
            json!({"AccountID": "a", "Code": "610", "Name": "Accounts Receivable", "Type": "CURRENT", "SystemAccount": "DEBTORS"}),
        );
        let refusal = Refusal { status: 400, code: "2".into(), message: "Invalid account type".into() };
        let Cure::Hold(held) = Accounts::cure(&one, &Known::default(), &refusal, 1) else { panic!("not held") };
        assert_eq!(held.code, "SYSTEM_ACCOUNT");
        assert!(
            held.sentence.starts_with("Account 610 Accounts Receivable is an account that only Zoho Books itself can create")
        );
    }

    #[test]
    fn a_taken_name_gets_the_code_behind_it() {
        let one = account(json!({"AccountID": "a", "Code": "469", "Name": "Rent", "Type": "EXPENSE"}));
        let refusal = Refusal { status: 400, code: "11002".into(), message: "Account name already exists".into() };
        let Cure::Again(carry) = Accounts::cure(&one, &Known::default(), &refusal, 1) else { panic!("not tried again") };
        assert_eq!(carry.body["account_name"], "Rent (469)");
    }
}
