//! The record types of Books that the sandbox keeps, and what differs between them as data.

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
}

use Module::*;

impl Module {
    pub const ALL: [Module; 9] =
        [Currencies, Taxes, Accounts, Contacts, Items, Invoices, Bills, CustomerPayments, VendorPayments];

    /// The address under `/books/v3/`, also the key of a list's rows.
    pub fn path(self) -> &'static str {
        match self {
            Currencies => "settings/currencies",
            Taxes => "settings/taxes",
            Accounts => "chartofaccounts",
            Contacts => "contacts",
            Items => "items",
            Invoices => "invoices",
            Bills => "bills",
            CustomerPayments => "customerpayments",
            VendorPayments => "vendorpayments",
        }
    }

    pub fn list_key(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// The key of one record in an answer.
    pub fn key(self) -> &'static str {
        match self {
            Currencies => "currency",
            Taxes => "tax",
            Accounts => "chart_of_account",
            Contacts => "contact",
            Items => "item",
            Invoices => "invoice",
            Bills => "bill",
            CustomerPayments => "payment",
            VendorPayments => "vendorpayment",
        }
    }

    pub fn id_key(self) -> &'static str {
        match self {
            Currencies => "currency_id",
            Taxes => "tax_id",
            Accounts => "account_id",
            Contacts => "contact_id",
            Items => "item_id",
            Invoices => "invoice_id",
            Bills => "bill_id",
            CustomerPayments | VendorPayments => "payment_id",
        }
    }

    /// As it is called in messages: "Invoice does not exist."
    pub fn noun(self) -> &'static str {
        match self {
            Currencies => "Currency",
            Taxes => "Tax",
            Accounts => "Account",
            Contacts => "Contact",
            Items => "Item",
            Invoices => "Invoice",
            Bills => "Bill",
            CustomerPayments | VendorPayments => "Payment",
        }
    }

    /// The middle word of the OAuth scope.
    pub fn scope(self) -> &'static str {
        match self {
            Currencies | Taxes | Items => "settings",
            Accounts => "accountants",
            Contacts => "contacts",
            Invoices => "invoices",
            Bills => "bills",
            CustomerPayments => "customerpayments",
            VendorPayments => "vendorpayments",
        }
    }

    /// `PUT /<collection>` with X-Unique-Identifier headers is documented for these.
    pub fn upserts(self) -> bool {
        matches!(self, Contacts | Items | Invoices | Bills | CustomerPayments | VendorPayments)
    }

    /// `last_modified_time` is a documented filter of these lists only; elsewhere it is ignored.
    pub fn filters_by_modified(self) -> bool {
        matches!(self, Accounts | Invoices | Bills | VendorPayments)
    }

    /// How a list is ordered when nobody asks: column of the answer, column of the store, descending.
    pub fn default_order(self) -> (&'static str, &'static str, bool) {
        match self {
            Currencies => ("currency_code", "name_key", false),
            Taxes => ("tax_name", "name_key", false),
            Accounts => ("account_name", "name_key", false),
            Contacts => ("contact_name", "name_key", false),
            Items => ("name", "name_key", false),
            Invoices | Bills => ("created_time", "id", true),
            CustomerPayments | VendorPayments => ("created_time", "id", true),
        }
    }

    /// What a list row shows of the record. The status comes first: lists rewrite it when a document is overdue.
    pub fn summary(self) -> &'static [&'static str] {
        match self {
            Currencies => &[
                "currency_id",
                "currency_code",
                "currency_name",
                "currency_symbol",
                "price_precision",
                "currency_format",
                "is_base_currency",
                "exchange_rate",
            ],
            Taxes => &[
                "tax_id",
                "tax_name",
                "tax_percentage",
                "tax_type",
                "tax_specific_type",
                "is_value_added",
                "is_default_tax",
                "is_editable",
                "status",
                "last_modified_time",
            ],
            Accounts => &[
                "account_id",
                "account_name",
                "account_code",
                "account_type",
                "currency_id",
                "currency_code",
                "description",
                "is_active",
                "is_user_created",
                "is_system_account",
                "parent_account_id",
                "created_time",
                "last_modified_time",
            ],
            Contacts => &[
                "status",
                "contact_id",
                "contact_name",
                "customer_name",
                "vendor_name",
                "company_name",
                "contact_type",
                "customer_sub_type",
                "contact_number",
                "payment_terms",
                "payment_terms_label",
                "currency_id",
                "currency_code",
                "first_name",
                "last_name",
                "email",
                "phone",
                "mobile",
                "created_time",
                "last_modified_time",
            ],
            Items => &[
                "status",
                "item_id",
                "name",
                "item_name",
                "sku",
                "unit",
                "description",
                "rate",
                "tax_id",
                "tax_name",
                "tax_percentage",
                "account_id",
                "account_name",
                "purchase_account_id",
                "purchase_description",
                "purchase_rate",
                "item_type",
                "product_type",
                "is_taxable",
                "created_time",
                "last_modified_time",
            ],
            Invoices => &[
                "status",
                "invoice_id",
                "invoice_number",
                "customer_id",
                "customer_name",
                "reference_number",
                "date",
                "due_date",
                "currency_id",
                "currency_code",
                "total",
                "balance",
                "is_emailed",
                "created_time",
                "last_modified_time",
            ],
            Bills => &[
                "status",
                "bill_id",
                "bill_number",
                "vendor_id",
                "vendor_name",
                "reference_number",
                "date",
                "due_date",
                "currency_id",
                "currency_code",
                "total",
                "balance",
                "created_time",
                "last_modified_time",
            ],
            CustomerPayments => &[
                "payment_id",
                "payment_number",
                "customer_id",
                "customer_name",
                "date",
                "payment_mode",
                "amount",
                "unused_amount",
                "bcy_amount",
                "account_id",
                "account_name",
                "reference_number",
                "description",
                "invoice_numbers",
                "currency_id",
                "currency_code",
                "created_time",
                "last_modified_time",
            ],
            VendorPayments => &[
                "payment_id",
                "payment_number",
                "vendor_id",
                "vendor_name",
                "date",
                "payment_mode",
                "amount",
                "balance",
                "bcy_amount",
                "paid_through_account_id",
                "paid_through_account_name",
                "reference_number",
                "description",
                "bill_numbers",
                "currency_id",
                "currency_code",
                "created_time",
                "last_modified_time",
            ],
        }
    }

    /// The module and the rest of the address below `/books/v3/`.
    pub fn at<'a, 'b>(segments: &'a [&'b str]) -> Option<(Self, &'a [&'b str])> {
        Some(match segments {
            ["settings", "currencies", rest @ ..] => (Currencies, rest),
            ["settings", "taxes", rest @ ..] => (Taxes, rest),
            ["chartofaccounts", rest @ ..] => (Accounts, rest),
            ["contacts", rest @ ..] => (Contacts, rest),
            ["items", rest @ ..] => (Items, rest),
            ["invoices", rest @ ..] => (Invoices, rest),
            ["bills", rest @ ..] => (Bills, rest),
            ["customerpayments", rest @ ..] => (CustomerPayments, rest),
            ["vendorpayments", rest @ ..] => (VendorPayments, rest),
            _ => return None,
        })
    }

    /// From the name a caller gives: `invoices`, `taxes`, `chartofaccounts`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.list_key() == name)
    }

    /// The module that an `entity` of settings/fields means. Only `contact`, `item`, `invoice` were ever seen; the others follow their pattern,
    /// and other likely spellings are taken when `lenient`.
    pub fn of_entity(entity: &str, lenient: bool) -> Option<Self> {
        let exact = match entity {
            "contact" => Contacts,
            "item" => Items,
            "invoice" => Invoices,
            "bill" => Bills,
            "customer_payment" => CustomerPayments,
            "vendor_payment" => VendorPayments,
            "chart_of_account" => Accounts,
            _ if !lenient => return None,
            "contacts" | "customer" | "vendor" => Contacts,
            "items" => Items,
            "invoices" => Invoices,
            "bills" => Bills,
            "customerpayment" | "customerpayments" | "customer_payments" | "payment" => CustomerPayments,
            "vendorpayment" | "vendorpayments" | "vendor_payments" => VendorPayments,
            "chartofaccounts" | "chartofaccount" | "account" => Accounts,
            _ => return None,
        };
        Some(exact)
    }

    pub fn entity(self) -> &'static str {
        match self {
            CustomerPayments => "customer_payment",
            VendorPayments => "vendor_payment",
            other => other.key(),
        }
    }
}
