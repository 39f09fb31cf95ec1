//! What lines refer to, in Xero's words: the code of an account, the type of a tax, the code of an item.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::{accounts, items, money, taxes};
use super::sheet::{Rate, text};
use crate::flow::{Known, Unmappable};

/// An account of Xero's, as a line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub code: String,
    /// `REVENUE`, `EXPENSE`; "" where it is not known.
    pub class: String,
}

impl Account {
    fn of(row: &Value) -> Self {
        let owned = |key: &str| text(row, key).to_owned();
        Self { id: owned("AccountID"), code: owned("Code"), class: owned("Class") }
    }

    /// What a line says: the code, and the id where there is none.
    pub fn says(&self) -> (&'static str, &str) {
        if self.code.is_empty() { ("AccountID", &self.id) } else { ("AccountCode", &self.code) }
    }
}

/// Xero's item that a line of Zoho's names, if documents of this direction may name it.
pub fn item<'k>(line: &Value, is_sale: bool, known: &'k Known) -> Option<&'k Value> {
    let ids = known.xero_ids(items::KEY, text(line, "item_id"));
    let is_one = |row: &&Value| ids.iter().any(|id| id == text(row, "ItemID")) && !text(row, "Code").is_empty();
    let row = known.list(items::KEY).iter().find(is_one)?;
    let may = row[if is_sale { "IsSold" } else { "IsPurchased" }] != false;
    may.then_some(row)
}

/// The account of a line: its own, else its item's, else the one that the customer chose for such lines.
pub fn account(line: &Value, item: Option<&Value>, is_sale: bool, known: &Known) -> Option<Account> {
    let list = known.list(accounts::KEY);
    let details = item.map(|item| &item[if is_sale { "SalesDetails" } else { "PurchaseDetails" }]);
    // What is bought into Xero's stock goes to the account of the stock.
    let stock = item.map(|item| text(item, "InventoryAssetAccountCode")).filter(|code| !is_sale && !code.is_empty());
    let by_code = |code: &str| list.iter().find(|row| !code.is_empty() && text(row, "Code") == code && is_usable(row));
    if let Some(row) = stock.and_then(by_code) {
        return Some(Account::of(row));
    }
    let ids = known.xero_ids(accounts::KEY, text(line, "account_id"));
    let rows = ids.iter().filter_map(|id| list.iter().find(|row| text(row, "AccountID") == id));
    let own = rows.into_iter().find(|row| is_usable(row));
    let of_item = || details.map(|details| text(details, "AccountCode")).and_then(by_code);
    let chosen = || known.default_account.as_deref().and_then(by_code);
    own.or_else(of_item).or_else(chosen).map(Account::of)
}

/// Xero's own account for what makes a total round.
pub fn rounding(known: &Known) -> Option<Account> {
    known.list(accounts::KEY).iter().find(|row| text(row, "SystemAccount") == "ROUNDING" && is_active(row)).map(Account::of)
}

/// The tax type of a tax. Of several that became one of Zoho's it is the one that the account takes: for sales or for purchases.
pub fn tax_type<'k>(tax: &Rate, account: Option<&Account>, is_sale: bool, known: &'k Known) -> Option<&'k Value> {
    let types = known.xero_ids(taxes::KEY, tax.id);
    let class = match account.map_or("", |account| account.class.as_str()) {
        "" if is_sale => "REVENUE",
        "" => "EXPENSE",
        class => class,
    };
    let applies = match class {
        "ASSET" => "CanApplyToAssets",
        "EQUITY" => "CanApplyToEquity",
        "EXPENSE" => "CanApplyToExpenses",
        "LIABILITY" => "CanApplyToLiabilities",
        _ => "CanApplyToRevenue",
    };
    // Some apply to both: then the direction of the document tells which box of the return is meant.
    let of_direction = if is_sale { "CanApplyToRevenue" } else { "CanApplyToExpenses" };
    let may = |row: &&Value| {
        types.iter().any(|one| one == text(row, "TaxType")) && is_active(row) && row[applies] != false && has_rate(row, tax)
    };
    let rows = || known.list(taxes::KEY).iter().filter(may);
    rows().find(|row| row[of_direction] != false).or_else(|| rows().next())
}

/// Per cent.
pub fn percent(row: &Value) -> Decimal {
    money::read(&row["EffectiveRate"]).or_else(|| money::read(&row["DisplayTaxRate"])).unwrap_or_default()
}

fn has_rate(row: &Value, tax: &Rate) -> bool {
    tax.percent.is_none_or(|told| told == percent(row))
}

fn is_active(row: &Value) -> bool {
    matches!(text(row, "Status"), "" | "ACTIVE")
}

/// Lines may name neither a bank account nor one that Xero keeps itself.
fn is_usable(row: &Value) -> bool {
    let system = text(row, "SystemAccount");
    is_active(row) && text(row, "Type") != "BANK" && matches!(system, "" | "ROUNDING" | "HISTORICAL")
}

pub fn no_account(label: &str, line: &Value) -> Unmappable {
    let what = match (text(line, "name"), text(line, "account_name")) {
        (name, "") => format!("Its line “{}” names no account", said(name)),
        (name, account) => format!("The account {account} of its line “{}” is not in Xero", said(name)),
    };
    Unmappable {
        code: "NO_ACCOUNT",
        sentence: format!(
            "{label} cannot be carried to Xero. {what}. Choose another account in Zoho Books, or a default account for such lines here, then retry."
        ),
        expected: false,
    }
}

pub fn no_tax(label: &str, line: &Value, tax: &Rate) -> Unmappable {
    let percent = tax.percent.map(|percent| format!(" of {}%", percent.normalize())).unwrap_or_default();
    let name = match text(line, "tax_name") {
        "" => tax.id,
        name => name,
    };
    Unmappable {
        code: "NO_TAX_RATE",
        sentence: format!(
            "{label} cannot be carried to Xero: no active tax rate there stands for the tax {name}{percent} on this kind of account. Add the rate in Xero, or choose another tax in Zoho Books, then retry."
        ),
        expected: false,
    }
}

fn said(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

/// The account of a line, as far as it is known.
pub fn put_account(line: &mut Value, account: Option<&Account>) {
    if let Some((key, value)) = account.map(Account::says) {
        line[key] = json!(value);
    }
}
