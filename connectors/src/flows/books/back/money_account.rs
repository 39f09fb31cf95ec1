//! The account that money comes from or goes to, in Xero's chart.

use serde_json::Value;

use super::words::text;
use crate::flow::{By, Known, Need, Unmappable};
use crate::flows::books::accounts;

/// What an account is to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A bank account, or another one that payments are enabled for.
    Payment,
    /// A bank account.
    BankTransaction,
}

/// `key`: where the record has the account's id.
pub fn hints(record: &Value, key: &str) -> Vec<Need> {
    let id = text(record, key);
    (!id.is_empty()).then(|| Need { flow: accounts::KEY, key: id.to_owned(), by: By::Zoho }).into_iter().collect()
}

/// Xero's account. `label` names the record in a sentence about what is not there.
pub fn of<'k>(label: &str, record: &Value, key: &str, what_for: Use, known: &'k Known) -> Result<&'k Value, Unmappable> {
    let ids = known.xero_ids(accounts::KEY, text(record, key));
    let mut rows = known.list(accounts::KEY).iter().filter(|row| ids.iter().any(|id| id == text(row, "AccountID")));
    let is_fit = |row: &&Value| {
        let takes = text(row, "Type") == "BANK" || what_for == Use::Payment && row["EnablePaymentsToAccount"] == true;
        takes && matches!(text(row, "Status"), "" | "ACTIVE")
    };
    if let Some(row) = rows.clone().find(is_fit) {
        return Ok(row);
    }
    let name = match text(record, &key.replace("_id", "_name")) {
        "" => "that it names".to_owned(),
        name => format!("“{name}”"),
    };
    let (code, sentence) = match (rows.next(), what_for) {
        (None, _) => (
            "NO_ACCOUNT",
            format!(
                "{label} cannot be carried to Xero: the account {name} is not there. Choose another account in Zoho Books, then retry."
            ),
        ),
        (Some(_), Use::Payment) => (
            "ACCOUNT_TAKES_NO_PAYMENTS",
            format!(
                "{label} cannot be carried to Xero: the account {name} is no bank account there, and payments are not enabled for it. Enable them in Xero \
                 (Chart of accounts), or choose a bank account in Zoho Books, then retry."
            ),
        ),
        (Some(_), Use::BankTransaction) => (
            "NO_BANK_ACCOUNT",
            format!(
                "{label} cannot be carried to Xero: the account {name} is no bank account there, and money is spent from bank accounts. Choose a bank \
                 account in Zoho Books, then retry."
            ),
        ),
    };
    Err(Unmappable { code, sentence, expected: false })
}
