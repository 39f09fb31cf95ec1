//! What we ask customers to allow.

use crate::zoho;

/// The consent screen of the source document, in the granular scopes that apps created since March 2026 must use.
/// The general ledger (`accounting.journals.read`) is sold apart by Xero and asked for only where it is set.
pub fn xero_scopes() -> &'static [&'static str] {
    &[
        "openid",
        "profile",
        "email",
        "offline_access",
        "accounting.settings",
        "accounting.attachments",
        "accounting.contacts",
        "accounting.invoices",
        "accounting.payments",
        "accounting.banktransactions",
        "accounting.manualjournals",
        "accounting.reports.aged.read",
        "accounting.reports.balancesheet.read",
        "accounting.reports.banksummary.read",
        "accounting.reports.executivesummary.read",
        "accounting.reports.profitandloss.read",
        "accounting.reports.trialbalance.read",
    ]
}

/// What one consent must cover for these products. A product we do not know adds nothing.
pub fn zoho_scopes<S: AsRef<str>>(products: &[S]) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for product in zoho::PRODUCTS.iter().filter(|product| products.iter().any(|asked| asked.as_ref() == product.key)) {
        scopes.extend(product.scopes.iter().map(|scope| (*scope).to_owned()));
    }
    scopes
}
