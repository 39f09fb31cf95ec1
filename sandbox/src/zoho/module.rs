//! The record types of Books that the sandbox keeps, and what differs between them as data.

use super::summaries;

/// The number is what the store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    Currencies = 1,
    Taxes = 2,
    Accounts = 3,
    Contacts = 4,
    Items = 5,
    Invoices = 6,
    Bills = 7,
    CustomerPayments = 8,
    VendorPayments = 9,
    Estimates = 10,
    SalesOrders = 11,
    CreditNotes = 12,
    VendorCredits = 13,
    PurchaseOrders = 14,
    RecurringInvoices = 15,
    RecurringBills = 16,
    RetainerInvoices = 17,
    Expenses = 18,
    RecurringExpenses = 19,
    BankTransactions = 20,
    Journals = 21,
    Projects = 22,
    OpeningBalances = 23,
    BaseCurrencyAdjustments = 24,
    CreditNoteRefunds = 25,
    VendorCreditRefunds = 26,
    CustomerPaymentRefunds = 27,
    VendorPaymentRefunds = 28,
    ExchangeRates = 29,
    SalesReceipts = 30,
}

use Module::*;

/// What differs between record types as far as addresses, names and documented abilities go.
struct Facts {
    /// The address under `/books/v3/`.
    path: &'static str,
    /// The key of a list's rows.
    list_key: &'static str,
    /// The key of one record in an answer.
    key: &'static str,
    id_key: &'static str,
    /// As it is called in messages: "Invoice does not exist."
    noun: &'static str,
    /// The middle word of the OAuth scope.
    scope: &'static str,
    /// What `settings/fields` calls it.
    entity: &'static str,
    /// `PUT /<collection>` with X-Unique-Identifier headers is documented.
    upserts: bool,
    /// `last_modified_time` is a documented filter of the list.
    filters_by_modified: bool,
}

/// One row of the table below: path, list key, key, id key, noun, scope, entity.
const fn row(names: [&'static str; 7], upserts: bool, filters_by_modified: bool) -> Facts {
    let [path, list_key, key, id_key, noun, scope, entity] = names;
    Facts { path, list_key, key, id_key, noun, scope, entity, upserts, filters_by_modified }
}

/// In the order of the numbers.
#[rustfmt::skip]
static FACTS: [Facts; 30] = [
    row(["settings/currencies", "currencies", "currency", "currency_id", "Currency", "settings", "currency"], false, false),
    row(["settings/taxes", "taxes", "tax", "tax_id", "Tax", "settings", "tax"], false, false),
    row(["chartofaccounts", "chartofaccounts", "chart_of_account", "account_id", "Account", "accountants", "chart_of_account"], false, true),
    row(["contacts", "contacts", "contact", "contact_id", "Contact", "contacts", "contact"], true, false),
    row(["items", "items", "item", "item_id", "Item", "settings", "item"], true, false),
    row(["invoices", "invoices", "invoice", "invoice_id", "Invoice", "invoices", "invoice"], true, true),
    row(["bills", "bills", "bill", "bill_id", "Bill", "bills", "bill"], true, true),
    row(["customerpayments", "customerpayments", "payment", "payment_id", "Payment", "customerpayments", "customer_payment"], true, false),
    row(["vendorpayments", "vendorpayments", "vendorpayment", "payment_id", "Payment", "vendorpayments", "vendor_payment"], true, true),
    row(["estimates", "estimates", "estimate", "estimate_id", "Estimate", "estimates", "estimate"], true, true),
    row(["salesorders", "salesorders", "salesorder", "salesorder_id", "Sales order", "salesorders", "salesorder"], true, true),
    row(["creditnotes", "creditnotes", "creditnote", "creditnote_id", "Credit note", "creditnotes", "creditnote"], true, true),
    row(["vendorcredits", "vendorcredits", "vendor_credit", "vendor_credit_id", "Vendor credit", "debitnotes", "vendor_credit"], false, true),
    row(["purchaseorders", "purchaseorders", "purchaseorder", "purchaseorder_id", "Purchase order", "purchaseorders", "purchaseorder"], true, true),
    row(["recurringinvoices", "recurring_invoices", "recurring_invoice", "recurring_invoice_id", "Recurring invoice", "invoices", "recurring_invoice"], true, false),
    row(["recurringbills", "recurringbills", "recurring_bill", "recurring_bill_id", "Recurring bill", "bills", "recurring_bill"], true, true),
    row(["retainerinvoices", "retainerinvoices", "retainerinvoice", "retainerinvoice_id", "Retainer invoice", "invoices", "retainer_invoice"], false, false),
    row(["expenses", "expenses", "expense", "expense_id", "Expense", "expenses", "expense"], true, false),
    row(["recurringexpenses", "recurring_expenses", "recurring_expense", "recurring_expense_id", "Recurring expense", "expenses", "recurring_expense"], true, false),
    row(["banktransactions", "banktransactions", "banktransaction", "transaction_id", "Transaction", "banking", "bank_transaction"], false, false),
    row(["journals", "journals", "journal", "journal_id", "Journal", "accountants", "journal"], false, true),
    row(["projects", "projects", "project", "project_id", "Project", "projects", "project"], true, false),
    row(["settings/openingbalances", "openingbalances", "opening_balance", "opening_balance_id", "Opening balance", "settings", "opening_balance"], false, false),
    row(["basecurrencyadjustment", "base_currency_adjustments", "data", "base_currency_adjustment_id", "Base currency adjustment", "accountants", "base_currency_adjustment"], false, true),
    row(["creditnotes/refunds", "creditnote_refunds", "creditnote_refund", "creditnote_refund_id", "Refund", "creditnotes", "creditnote_refund"], false, false),
    row(["vendorcredits/refunds", "vendor_credit_refunds", "vendor_credit_refund", "vendor_credit_refund_id", "Refund", "debitnotes", "vendor_credit_refund"], false, true),
    row(["customerpayments/refunds", "payment_refunds", "payment_refunds", "payment_refund_id", "Refund", "customerpayments", "payment_refund"], false, false),
    row(["vendorpayments/refunds", "vendorpayment_refunds", "vendorpayment_refund", "vendorpayment_refund_id", "Refund", "vendorpayments", "vendorpayment_refund"], false, false),
    row(["exchangerates", "exchange_rates", "exchange_rate", "exchange_rate_id", "Exchange rate", "settings", "exchange_rate"], false, false),
    row(["salesreceipts", "salesreceipts", "salesreceipt", "sales_receipt_id", "Sales receipt", "invoices", "sales_receipt"], false, false),
];

impl Module {
    #[rustfmt::skip]
    pub const ALL: [Module; 30] = [
        Currencies, Taxes, Accounts, Contacts, Items, Invoices, Bills, CustomerPayments, VendorPayments, Estimates, SalesOrders, CreditNotes,
        VendorCredits, PurchaseOrders, RecurringInvoices, RecurringBills, RetainerInvoices, Expenses, RecurringExpenses, BankTransactions, Journals,
        Projects, OpeningBalances, BaseCurrencyAdjustments, CreditNoteRefunds, VendorCreditRefunds, CustomerPaymentRefunds, VendorPaymentRefunds,
        ExchangeRates, SalesReceipts,
    ];

    fn facts(self) -> &'static Facts {
        &FACTS[self as usize - 1]
    }

    pub fn path(self) -> &'static str {
        self.facts().path
    }

    pub fn list_key(self) -> &'static str {
        self.facts().list_key
    }

    pub fn key(self) -> &'static str {
        self.facts().key
    }

    pub fn id_key(self) -> &'static str {
        self.facts().id_key
    }

    pub fn noun(self) -> &'static str {
        self.facts().noun
    }

    pub fn scope(self) -> &'static str {
        self.facts().scope
    }

    pub fn entity(self) -> &'static str {
        self.facts().entity
    }

    pub fn upserts(self) -> bool {
        self.facts().upserts
    }

    /// Elsewhere it is ignored.
    pub fn filters_by_modified(self) -> bool {
        self.facts().filters_by_modified
    }

    /// Invoices and the like: a party, lines, totals.
    pub fn is_document(self) -> bool {
        matches!(
            self,
            Invoices
                | Bills
                | Estimates
                | SalesOrders
                | CreditNotes
                | VendorCredits
                | PurchaseOrders
                | RecurringInvoices
                | RecurringBills
                | RetainerInvoices
                | SalesReceipts
        )
    }

    /// Whether the totals and balances of its records are amounts of money.
    pub fn has_amounts(self) -> bool {
        !matches!(self, Currencies | Taxes | Accounts | Contacts | Items | Projects | ExchangeRates)
    }

    /// Templates that stop and resume.
    pub fn recurs(self) -> bool {
        matches!(self, RecurringInvoices | RecurringBills | RecurringExpenses)
    }

    /// Whose other party is a vendor.
    pub fn is_purchase(self) -> bool {
        matches!(
            self,
            Bills | VendorPayments | VendorCredits | PurchaseOrders | RecurringBills | VendorCreditRefunds | VendorPaymentRefunds
        )
    }

    /// How a list is ordered when nobody asks: column of the answer, column of the store, descending.
    pub fn default_order(self) -> (&'static str, &'static str, bool) {
        match self {
            Currencies => ("currency_code", "name_key", false),
            Taxes => ("tax_name", "name_key", false),
            Accounts => ("account_name", "name_key", false),
            Contacts => ("contact_name", "name_key", false),
            Items => ("name", "name_key", false),
            Projects => ("project_name", "name_key", false),
            _ => ("created_time", "id", true),
        }
    }

    /// What a list row shows of the record. The status comes first: lists rewrite it when a document is overdue.
    pub fn summary(self) -> &'static [&'static str] {
        summaries::of(self)
    }

    /// The module and the rest of the address below `/books/v3/`.
    pub fn at<'a, 'b>(segments: &'a [&'b str]) -> Option<(Self, &'a [&'b str])> {
        let (first, rest) = segments.split_first()?;
        let module = match *first {
            "settings" => {
                let (second, rest) = rest.split_first()?;
                return match *second {
                    "currencies" => Some((Currencies, rest)),
                    "taxes" => Some((Taxes, rest)),
                    _ => None,
                };
            }
            "chartofaccounts" => Accounts,
            "contacts" => Contacts,
            "items" => Items,
            "invoices" => Invoices,
            "bills" => Bills,
            "customerpayments" => CustomerPayments,
            "vendorpayments" => VendorPayments,
            "estimates" => Estimates,
            "salesorders" => SalesOrders,
            "creditnotes" => CreditNotes,
            "vendorcredits" => VendorCredits,
            "purchaseorders" => PurchaseOrders,
            "recurringinvoices" => RecurringInvoices,
            "recurringbills" => RecurringBills,
            "retainerinvoices" => RetainerInvoices,
            "expenses" => Expenses,
            "recurringexpenses" => RecurringExpenses,
            "banktransactions" => BankTransactions,
            "journals" => Journals,
            "projects" => Projects,
            "salesreceipts" => SalesReceipts,
            _ => return None,
        };
        Some((module, rest))
    }

    /// From the name a caller gives: `invoices`, `taxes`, `chartofaccounts`, `recurring_invoices` or `recurringinvoices`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.list_key() == name || module.path() == name)
    }

    /// The module with this number in the store.
    pub fn numbered(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|module| *module as i64 == number)
    }

    /// The module that an `entity` of settings/fields means. Only `contact`, `item`, `invoice`, `estimate`, `salesorder` were ever seen; the
    /// others follow their pattern, and other likely spellings are taken when `lenient`.
    pub fn of_entity(entity: &str, lenient: bool) -> Option<Self> {
        let takes_fields = |module: &Self| module.is_document() || HAVE_FIELDS.contains(module);
        if let Some(exact) = Self::ALL.into_iter().find(|module| takes_fields(module) && module.entity() == entity) {
            return Some(exact);
        }
        if !lenient {
            return None;
        }
        let plain = |text: &str| text.replace('_', "").trim_end_matches('s').to_owned();
        match entity {
            "customer" | "vendor" => Some(Contacts),
            "payment" => Some(CustomerPayments),
            "account" => Some(Accounts),
            _ => Self::ALL.into_iter().find(|module| takes_fields(module) && plain(module.entity()) == plain(entity)),
        }
    }
}

/// Records that are no documents and may have custom fields.
const HAVE_FIELDS: &[Module] = &[
    Accounts,
    Contacts,
    Items,
    CustomerPayments,
    VendorPayments,
    Expenses,
    RecurringExpenses,
    BankTransactions,
    Journals,
    Projects,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_numbers() {
        for (index, module) in Module::ALL.into_iter().enumerate() {
            assert_eq!(module as usize, index + 1);
            assert_eq!(Module::numbered(module as i64), Some(module));
            assert_eq!(Module::named(module.list_key()), Some(module));
        }
        assert_eq!((Module::named("recurringinvoices"), RecurringInvoices.key()), (Some(RecurringInvoices), "recurring_invoice"));
        assert_eq!((VendorCredits.scope(), VendorCredits.id_key()), ("debitnotes", "vendor_credit_id"));
    }

    #[test]
    fn fifteen_collections_upsert() {
        assert_eq!(Module::ALL.into_iter().filter(|module| module.upserts()).count(), 15);
        assert!(!VendorCredits.upserts() && !RetainerInvoices.upserts() && !Journals.upserts());
    }

    #[test]
    fn entities_are_found_by_their_own_and_by_likely_spellings() {
        assert_eq!(Module::of_entity("customer_payment", false), Some(CustomerPayments));
        for likely in ["customerpayments", "payment", "customerpayment"] {
            assert_eq!((Module::of_entity(likely, false), Module::of_entity(likely, true)), (None, Some(CustomerPayments)));
        }
        assert_eq!(Module::of_entity("chartofaccounts", true), Some(Accounts));
        assert_eq!(Module::of_entity("tax", true), None);
        assert_eq!(Module::of_entity("colour", true), None);
    }
}
