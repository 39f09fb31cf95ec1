//! What we ask customers to allow.

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
    let mut scopes = Vec::new();
    for product in products {
        if product.as_ref().eq_ignore_ascii_case("books") {
            scopes.extend(BOOKS.iter().map(|module| format!("ZohoBooks.{module}")));
        }
    }
    scopes.dedup();
    scopes
}

/// Named one by one and not as full access: the customer sees what we read and write.
const BOOKS: &[&str] = &[
    "contacts.ALL",
    "settings.ALL",
    "estimates.ALL",
    "invoices.ALL",
    "customerpayments.ALL",
    "creditnotes.ALL",
    "expenses.ALL",
    "salesorders.ALL",
    "purchaseorders.ALL",
    "bills.ALL",
    "debitnotes.ALL",
    "vendorpayments.ALL",
    "banking.ALL",
    "accountants.ALL",
    "projects.ALL",
    "reports.READ",
];
