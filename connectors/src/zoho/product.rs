//! Zoho's products, as far as their addresses differ. The finance products speak one dialect; CRM has its own.

/// One product of Zoho's.
#[derive(Debug, PartialEq, Eq)]
pub struct Product {
    /// Its name in flows, links and settings: `books`.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// Where its API is, behind the API's host.
    pub api: &'static str,
    /// The first label of its screens' host, where Books' is `books`: `https://inventory.zoho.eu`.
    pub web: &'static str,
    /// The word by which an organisation lists it among the applications that it has joined.
    pub app: &'static str,
    /// The header that names the organisation, beside the query that does so everywhere.
    pub organisation_header: Option<&'static str>,
    pub dialect: Dialect,
    /// Whether it keeps a general ledger: accounts, journals, opening balances, a trial balance, locked periods.
    pub has_ledger: bool,
    /// Whether its webhooks can be set up by API. Others are looked at by the clock only.
    pub has_webhooks: bool,
    /// Whether one call creates or updates a record by the value of a custom field.
    pub has_upsert: bool,
    /// What one consent must cover for it.
    pub scopes: &'static [&'static str],
}

/// How a product is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `code`, `message` and the record under its name; one record a call.
    Finance,
    /// `data`, a hundred rows a call, each answered for itself.
    Crm,
}

pub static BOOKS: Product = Product {
    key: "books",
    name: "Zoho Books",
    api: "books/v3",
    web: "books",
    app: "books",
    organisation_header: None,
    dialect: Dialect::Finance,
    has_ledger: true,
    has_webhooks: true,
    has_upsert: true,
    // Named one by one and not as full access: the customer sees what we read and write.
    scopes: &[
        "ZohoBooks.contacts.ALL",
        "ZohoBooks.settings.ALL",
        "ZohoBooks.estimates.ALL",
        "ZohoBooks.invoices.ALL",
        "ZohoBooks.customerpayments.ALL",
        "ZohoBooks.creditnotes.ALL",
        "ZohoBooks.expenses.ALL",
        "ZohoBooks.salesorders.ALL",
        "ZohoBooks.purchaseorders.ALL",
        "ZohoBooks.bills.ALL",
        "ZohoBooks.debitnotes.ALL",
        "ZohoBooks.vendorpayments.ALL",
        "ZohoBooks.banking.ALL",
        "ZohoBooks.accountants.ALL",
        "ZohoBooks.projects.ALL",
        "ZohoBooks.reports.READ",
    ],
};

pub static INVENTORY: Product = Product {
    key: "inventory",
    name: "Zoho Inventory",
    api: "inventory/v1",
    web: "inventory",
    app: "inventory",
    organisation_header: None,
    dialect: Dialect::Finance,
    has_ledger: false,
    has_webhooks: false,
    has_upsert: false,
    scopes: &[
        "ZohoInventory.contacts.ALL",
        "ZohoInventory.settings.ALL",
        "ZohoInventory.items.ALL",
        "ZohoInventory.invoices.ALL",
        "ZohoInventory.customerpayments.ALL",
        "ZohoInventory.creditnotes.ALL",
        "ZohoInventory.purchaseorders.ALL",
        "ZohoInventory.bills.ALL",
        "ZohoInventory.debitnotes.ALL",
    ],
};

pub static INVOICE: Product = Product {
    key: "invoice",
    name: "Zoho Invoice",
    api: "invoice/v3",
    web: "invoice",
    app: "invoice",
    organisation_header: Some("X-com-zoho-invoice-organizationid"),
    dialect: Dialect::Finance,
    has_ledger: false,
    has_webhooks: false,
    has_upsert: false,
    scopes: &[
        "ZohoInvoice.contacts.ALL",
        "ZohoInvoice.settings.ALL",
        "ZohoInvoice.estimates.ALL",
        "ZohoInvoice.invoices.ALL",
        "ZohoInvoice.customerpayments.ALL",
        "ZohoInvoice.creditnotes.ALL",
    ],
};

pub static BILLING: Product = Product {
    key: "billing",
    name: "Zoho Billing",
    api: "billing/v1",
    web: "billing",
    app: "billing",
    organisation_header: Some("X-com-zoho-subscriptions-organizationid"),
    dialect: Dialect::Finance,
    has_ledger: false,
    has_webhooks: false,
    has_upsert: false,
    // Its scopes are from when it was called Subscriptions.
    scopes: &[
        "ZohoSubscriptions.customers.ALL",
        "ZohoSubscriptions.settings.ALL",
        "ZohoSubscriptions.items.ALL",
        "ZohoSubscriptions.products.ALL",
        "ZohoSubscriptions.invoices.ALL",
        "ZohoSubscriptions.creditnotes.ALL",
        "ZohoSubscriptions.payments.ALL",
        "ZohoSubscriptions.quotes.ALL",
    ],
};

pub static EXPENSE: Product = Product {
    key: "expense",
    name: "Zoho Expense",
    api: "expense/v1",
    web: "expense",
    app: "expense",
    organisation_header: Some("X-com-zoho-expense-organizationid"),
    dialect: Dialect::Finance,
    has_ledger: false,
    has_webhooks: false,
    has_upsert: false,
    scopes: &[
        "ZohoExpense.expense.ALL",
        "ZohoExpense.expensecategory.ALL",
        "ZohoExpense.currency.ALL",
        "ZohoExpense.tax.ALL",
        "ZohoExpense.orgsettings.ALL",
    ],
};

pub static CRM: Product = Product {
    key: "crm",
    name: "Zoho CRM",
    api: "crm/v8",
    web: "crm",
    app: "crm",
    organisation_header: None,
    dialect: Dialect::Crm,
    has_ledger: false,
    has_webhooks: false,
    has_upsert: true,
    scopes: &[
        "ZohoCRM.org.READ",
        "ZohoCRM.users.READ",
        "ZohoCRM.settings.modules.READ",
        "ZohoCRM.settings.layouts.READ",
        "ZohoCRM.settings.profiles.READ",
        "ZohoCRM.settings.fields.ALL",
        "ZohoCRM.settings.custom_links.ALL",
        "ZohoCRM.settings.currencies.READ",
        "ZohoCRM.settings.taxes.READ",
        "ZohoCRM.modules.accounts.ALL",
        "ZohoCRM.modules.contacts.ALL",
        "ZohoCRM.modules.deals.READ",
        "ZohoCRM.modules.vendors.ALL",
        "ZohoCRM.modules.products.ALL",
        "ZohoCRM.modules.quotes.ALL",
        "ZohoCRM.modules.purchaseorders.ALL",
        "ZohoCRM.modules.invoices.ALL",
        "ZohoCRM.coql.READ",
        "ZohoCRM.notifications.ALL",
    ],
};

/// Every product, Books first.
pub static PRODUCTS: &[&Product] = &[&BOOKS, &INVENTORY, &INVOICE, &BILLING, &EXPENSE, &CRM];

/// The product of this name.
pub fn product(key: &str) -> Option<&'static Product> {
    PRODUCTS.iter().copied().find(|product| product.key == key)
}
