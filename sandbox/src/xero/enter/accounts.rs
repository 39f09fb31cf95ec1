//! Accounts: one of them a call, with a code and a name of its own. Those that belong to Xero stay as they are.

use serde_json::{Value, json};

use super::{defaults, too_long};
use crate::xero::desk::{Desk, Flaw, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

pub const WRITABLE: [&str; 14] = [
    "AccountID",
    "Code",
    "Name",
    "Type",
    "BankAccountNumber",
    "BankAccountType",
    "CurrencyCode",
    "Status",
    "Description",
    "TaxType",
    "EnablePaymentsToAccount",
    "ShowInExpenseClaims",
    "ReportingCode",
    "AddToWatchlist",
];

const LONGEST: [(&str, usize); 3] = [("Code", 10), ("Name", 150), ("Description", 4000)];

/// (type, class, tax type of one that does not say it)
const TYPES: [(&str, &str, &str); 18] = [
    ("BANK", "ASSET", "NONE"),
    ("CURRENT", "ASSET", "NONE"),
    ("CURRLIAB", "LIABILITY", "NONE"),
    ("DEPRECIATN", "EXPENSE", "NONE"),
    ("DIRECTCOSTS", "EXPENSE", "INPUT2"),
    ("EQUITY", "EQUITY", "NONE"),
    ("EXPENSE", "EXPENSE", "INPUT2"),
    ("FIXED", "ASSET", "INPUT2"),
    ("INVENTORY", "ASSET", "NONE"),
    ("LIABILITY", "LIABILITY", "NONE"),
    ("NONCURRENT", "ASSET", "NONE"),
    ("OTHERINCOME", "REVENUE", "OUTPUT2"),
    ("OVERHEADS", "EXPENSE", "INPUT2"),
    ("PREPAYMENT", "ASSET", "NONE"),
    ("REVENUE", "REVENUE", "OUTPUT2"),
    ("SALES", "REVENUE", "OUTPUT2"),
    ("TERMLIAB", "LIABILITY", "NONE"),
    ("PAYG", "LIABILITY", "NONE"),
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if !desk.by_app() {
        return Ok(());
    }
    if let Some((was, _)) = &known.was {
        may_change(desk, was, known)?;
    }
    let kind = text_of(record, "Type").unwrap_or_default().to_owned();
    let Some((_, class, tax_type)) = TYPES.iter().find(|(name, ..)| *name == kind) else {
        return Err(format!("The account Type '{kind}' is not valid").into());
    };
    record.insert("Class".into(), (*class).into());
    defaults(
        record,
        [
            ("Status", json!("ACTIVE")),
            ("EnablePaymentsToAccount", json!(false)),
            ("ShowInExpenseClaims", json!(false)),
            ("AddToWatchlist", json!(false)),
            ("ReportingCode", json!("")),
            ("ReportingCodeName", json!("")),
            ("HasAttachments", json!(false)),
        ],
    );
    if text_of(record, "TaxType").is_none() {
        let known = desk.ledger.rates.contains_key(*tax_type);
        record.insert("TaxType".into(), if known { *tax_type } else { "NONE" }.into());
    }
    if kind == "BANK" {
        record.remove("Description");
        record.entry("BankAccountType").or_insert_with(|| "BANK".into());
        record.entry("CurrencyCode").or_insert_with(|| desk.ledger.base_currency.as_str().into());
    } else {
        for name in ["BankAccountNumber", "BankAccountType", "CurrencyCode"] {
            record.remove(name);
        }
    }
    desk.refuse(flaws(desk, record))?;
    unique(desk, known, record)
}

fn flaws(desk: &Desk, record: &Record) -> Vec<Flaw> {
    let mut flaws = too_long(record, &LONGEST, None);
    let bank = text_of(record, "Type") == Some("BANK");
    if text_of(record, "Name").is_none() {
        flaws.push("Please enter a Name.".into());
    }
    if text_of(record, "Code").is_none() && !bank {
        flaws.push("Please enter a Code.".into());
    }
    if bank && text_of(record, "BankAccountNumber").is_none() {
        flaws.push("Please enter a bank account number.".into());
    }
    if !matches!(text_of(record, "BankAccountType"), None | Some("BANK" | "CREDITCARD" | "PAYPAL" | "NONE")) {
        flaws.push("The BankAccountType must be BANK, CREDITCARD or PAYPAL".into());
    }
    if !matches!(text_of(record, "Status"), Some("ACTIVE" | "ARCHIVED")) {
        flaws.push("The Status of an account can be changed to ACTIVE or ARCHIVED only".into());
    }
    if let Some(currency) = text_of(record, "CurrencyCode").filter(|code| !desk.ledger.currencies.contains(*code)) {
        flaws.push(format!("Organisation is not subscribed to currency {currency}").into());
    }
    let tax_type = text_of(record, "TaxType").unwrap_or_default();
    let class = text_of(record, "Class").unwrap_or_default();
    if !desk.ledger.taxes.get(tax_type).is_some_and(|tax| tax.applies_to(class)) {
        flaws.push(format!("The TaxType code '{tax_type}' does not exist or cannot be used for this type of account").into());
    }
    flaws
}

/// Accounts are few enough to be looked through.
fn unique(desk: &Desk, known: &Known, record: &Record) -> Result<(), No> {
    if let Some(code) = text_of(record, "Code") {
        let same = records::by_name(desk.connection, desk.org.n, Kind::Accounts, code)?;
        if same.iter().any(|(body, other)| *other != known.id && !super::field_is(body, "Status", "DELETED")) {
            return Err("Please enter a unique Code.".into());
        }
    }
    let own = known.id.to_string();
    let mut taken = false;
    crate::xero::desk::each(desk.connection, desk.org.n, Kind::Accounts, |other| {
        taken |= text_of(other, "AccountID") != Some(&own)
            && text_of(other, "Status") != Some("DELETED")
            && text_of(other, "Name") == text_of(record, "Name");
    })?;
    if taken { Err("Please enter a unique Name.".into()) } else { Ok(()) }
}

/// Accounts of Xero itself keep what they are; archiving is a call of its own.
fn may_change(desk: &Desk, was: &Record, known: &Known) -> Result<(), No> {
    let changes = |name: &str| known.sent.get(name).is_some_and(|sent| Some(sent) != was.get(name));
    if text_of(was, "SystemAccount").is_some() && ["Type", "Status", "TaxType"].iter().any(|name| changes(name)) {
        return Err("System accounts cannot be archived, and their type and tax rate cannot be changed".into());
    }
    if text_of(was, "Status") == Some("DELETED") {
        return Err("The account has been deleted".into());
    }
    let others = known.sent.keys().any(|name| !matches!(name.as_str(), "Status" | "AccountID") && changes(name));
    if changes("Status") && others && desk.on("xero.accounts_are_archived_alone") {
        return Err("An account cannot be archived or restored together with other changes".into());
    }
    if changes("Type") && used(desk, was)? {
        return Err("The type of an account that has been used cannot be changed".into());
    }
    Ok(())
}

/// Whether any record of the organisation names the account.
fn used(desk: &Desk, account: &Record) -> Result<bool, No> {
    let id = account.get("AccountID").cloned().unwrap_or(Value::Null);
    if records::mentions(desk.connection, desk.org.n, Kind::Accounts, &format!("\"AccountID\":{id}"))? {
        return Ok(true);
    }
    let Some(code) = text_of(account, "Code") else { return Ok(false) };
    let named =
        ["AccountCode", "COGSAccountCode", "InventoryAssetAccountCode", "SalesDefaultAccountCode", "PurchasesDefaultAccountCode"];
    for name in named {
        if records::mentions(desk.connection, desk.org.n, Kind::Accounts, &format!("\"{name}\":{}", json!(code)))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An account that was never used is deleted; it stays with that status and is listed no more in the chart.
pub fn delete(desk: &Desk, known: &Known) -> Result<Option<Record>, No> {
    let Some((account, _)) = &known.was else { return Err(No::Absent) };
    if text_of(account, "SystemAccount").is_some() {
        return Err("System accounts cannot be deleted".into());
    }
    if desk.on("xero.used_accounts_cannot_be_deleted") && used(desk, account)? {
        return Err("The account cannot be deleted because it has been used. Archive it instead".into());
    }
    let mut account = account.clone();
    account.insert("Status".into(), "DELETED".into());
    Ok(Some(account))
}
