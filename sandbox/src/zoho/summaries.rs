//! Which members of a record its list row shows.

use super::module::Module::{self, *};

/// The status comes first where lists rewrite it: documents are overdue or expired only at the moment of reading.
#[rustfmt::skip]
pub fn of(module: Module) -> &'static [&'static str] {
    match module {
        Currencies => &[
            "currency_id", "currency_code", "currency_name", "currency_symbol", "price_precision", "currency_format",
            "is_base_currency", "exchange_rate",
        ],
        Taxes => &[
            "tax_id", "tax_name", "tax_percentage", "tax_type", "tax_specific_type", "is_value_added", "is_default_tax",
            "is_editable", "status", "last_modified_time",
        ],
        Accounts => &[
            "account_id", "account_name", "account_code", "account_type", "currency_id", "currency_code", "description",
            "is_active", "is_user_created", "is_system_account", "parent_account_id", "created_time", "last_modified_time",
        ],
        Contacts => &[
            "status", "contact_id", "contact_name", "customer_name", "vendor_name", "company_name", "contact_type",
            "customer_sub_type", "contact_number", "payment_terms", "payment_terms_label", "currency_id", "currency_code",
            "first_name", "last_name", "email", "phone", "mobile", "created_time", "last_modified_time",
        ],
        Items => &[
            "status", "item_id", "name", "item_name", "sku", "unit", "description", "rate", "tax_id", "tax_name", "tax_percentage",
            "account_id", "account_name", "purchase_account_id", "purchase_description", "purchase_rate", "item_type",
            "product_type", "is_taxable", "created_time", "last_modified_time",
        ],
        Invoices => &[
            "status", "invoice_id", "invoice_number", "customer_id", "customer_name", "reference_number", "date", "due_date",
            "currency_id", "currency_code", "total", "balance", "is_emailed", "created_time", "last_modified_time",
        ],
        Bills => &[
            "status", "bill_id", "bill_number", "vendor_id", "vendor_name", "reference_number", "date", "due_date", "currency_id",
            "currency_code", "total", "balance", "created_time", "last_modified_time",
        ],
        CustomerPayments => &[
            "payment_id", "payment_number", "customer_id", "customer_name", "date", "payment_mode", "amount", "unused_amount",
            "bcy_amount", "account_id", "account_name", "reference_number", "description", "invoice_numbers", "currency_id",
            "currency_code", "created_time", "last_modified_time",
        ],
        VendorPayments => &[
            "payment_id", "payment_number", "vendor_id", "vendor_name", "date", "payment_mode", "amount", "balance", "bcy_amount",
            "paid_through_account_id", "paid_through_account_name", "reference_number", "description", "bill_numbers",
            "currency_id", "currency_code", "created_time", "last_modified_time",
        ],
        Estimates => &[
            "status", "estimate_id", "estimate_number", "customer_id", "customer_name", "reference_number", "date", "expiry_date",
            "currency_id", "currency_code", "total", "created_time", "last_modified_time",
        ],
        SalesOrders => &[
            "status", "salesorder_id", "salesorder_number", "customer_id", "customer_name", "reference_number", "date",
            "shipment_date", "currency_id", "currency_code", "total", "created_time", "last_modified_time",
        ],
        CreditNotes => &[
            "status", "creditnote_id", "creditnote_number", "customer_id", "customer_name", "reference_number", "date",
            "currency_id", "currency_code", "total", "balance", "created_time", "last_modified_time",
        ],
        VendorCredits => &[
            "status", "vendor_credit_id", "vendor_credit_number", "vendor_id", "vendor_name", "reference_number", "date",
            "currency_id", "currency_code", "total", "balance", "created_time", "last_modified_time",
        ],
        PurchaseOrders => &[
            "status", "purchaseorder_id", "purchaseorder_number", "vendor_id", "vendor_name", "reference_number", "date",
            "delivery_date", "currency_id", "currency_code", "total", "created_time", "last_modified_time",
        ],
        RecurringInvoices => &[
            "status", "recurring_invoice_id", "recurrence_name", "customer_id", "customer_name", "reference_number", "start_date",
            "end_date", "recurrence_frequency", "repeat_every", "currency_id", "currency_code", "total", "created_time",
            "last_modified_time",
        ],
        RecurringBills => &[
            "status", "recurring_bill_id", "recurrence_name", "vendor_id", "vendor_name", "reference_number", "start_date",
            "end_date", "recurrence_frequency", "repeat_every", "currency_id", "currency_code", "total", "created_time",
            "last_modified_time",
        ],
        RetainerInvoices => &[
            "status", "retainerinvoice_id", "retainerinvoice_number", "customer_id", "customer_name", "reference_number", "date",
            "currency_id", "currency_code", "total", "balance", "created_time", "last_modified_time",
        ],
        Expenses => &[
            "status", "expense_id", "date", "account_id", "account_name", "paid_through_account_id", "paid_through_account_name",
            "description", "reference_number", "customer_id", "customer_name", "vendor_id", "vendor_name", "is_billable",
            "project_id", "total", "bcy_total", "total_without_tax", "currency_id", "currency_code", "exchange_rate",
            "created_time", "last_modified_time",
        ],
        RecurringExpenses => &[
            "status", "recurring_expense_id", "recurrence_name", "start_date", "end_date", "recurrence_frequency", "repeat_every",
            "account_id", "account_name", "paid_through_account_id", "paid_through_account_name", "customer_id", "customer_name",
            "vendor_id", "vendor_name", "description", "total", "currency_id", "currency_code", "created_time",
            "last_modified_time",
        ],
        BankTransactions => &[
            "status", "transaction_id", "transaction_type", "date", "amount", "from_account_id", "from_account_name",
            "to_account_id", "to_account_name", "payment_mode", "reference_number", "description", "customer_id", "currency_id",
            "currency_code", "created_time", "last_modified_time",
        ],
        Journals => &[
            "status", "journal_id", "journal_date", "entry_number", "reference_number", "notes", "journal_type", "total",
            "bcy_total", "currency_id", "currency_code", "exchange_rate", "created_time", "last_modified_time",
        ],
        Projects => &[
            "status", "project_id", "project_name", "customer_id", "customer_name", "description", "billing_type", "rate",
            "currency_id", "currency_code", "created_time", "last_modified_time",
        ],
        OpeningBalances => &[
            "opening_balance_id", "date", "total",
        ],
        BaseCurrencyAdjustments => &[
            "base_currency_adjustment_id", "adjustment_date", "exchange_rate", "currency_id", "currency_code", "notes",
            "gain_or_loss", "created_time", "last_modified_time",
        ],
        CreditNoteRefunds => &[
            "creditnote_refund_id", "creditnote_id", "creditnote_number", "date", "refund_mode", "reference_number", "description",
            "customer_name", "amount_bcy", "amount", "created_time", "last_modified_time",
        ],
        VendorCreditRefunds => &[
            "vendor_credit_refund_id", "vendor_credit_id", "vendor_credit_number", "date", "refund_mode", "reference_number",
            "description", "vendor_name", "amount_bcy", "amount", "created_time", "last_modified_time",
        ],
        CustomerPaymentRefunds => &[
            "payment_refund_id", "payment_id", "payment_number", "date", "refund_mode", "reference_number", "description",
            "customer_name", "amount_bcy", "amount", "created_time", "last_modified_time",
        ],
        VendorPaymentRefunds => &[
            "vendorpayment_refund_id", "payment_id", "payment_number", "date", "refund_mode", "reference_number", "description",
            "vendor_name", "amount_bcy", "amount", "created_time", "last_modified_time",
        ],
        ExchangeRates => &[
            "exchange_rate_id", "currency_id", "currency_code", "effective_date", "rate",
        ],
        SalesReceipts => &[
            "status", "sales_receipt_id", "receipt_number", "customer_id", "customer_name", "date", "payment_mode", "currency_id",
            "currency_code", "total", "created_time", "last_modified_time",
        ],
    }
}
