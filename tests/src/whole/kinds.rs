//! What belongs into which list of Zoho Books, in the oracle's own words.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{amount, bank, text};
use crate::books;

/// A list of Zoho Books, and the kinds of Xero records that belong into it.
pub struct List {
    /// As the sandbox keeps it.
    pub zoho: &'static str,
    /// What one of its records says of itself. Empty: it is nothing of ours to look at, or is looked at in another list.
    pub rows: fn(&Value) -> Vec<Row>,
    /// Whether a row without a key may be there.
    pub keyless: bool,
    pub from: &'static [Source],
}

/// A list in Xero, and which of its records call for the contact they name.
pub type Caller = (&'static str, fn(&Value) -> bool);

/// Who may call for a record of this kind, whatever Xero takes it for: an order makes a vendor of its contact in Zoho, before that is a
/// supplier in Xero.
pub fn callers(flow: &str) -> &'static [Caller] {
    match flow {
        "books.customers" => &[("Quotes", is_there), ("RepeatingInvoices", is_sale), ("BankTransactions", is_sale)],
        "books.vendors" => &[("PurchaseOrders", is_there), ("RepeatingInvoices", is_purchase), ("BankTransactions", is_purchase)],
        _ => &[],
    }
}

fn is_there(record: &Value) -> bool {
    record["Status"] != "DELETED"
}

fn is_of(record: &Value, kinds: [&str; 2]) -> bool {
    is_there(record) && record["Type"].as_str().is_some_and(|kind| kinds.iter().any(|one| kind.starts_with(one)))
}

fn is_sale(record: &Value) -> bool {
    is_of(record, ["ACCREC", "RECEIVE"])
}

fn is_purchase(record: &Value) -> bool {
    is_of(record, ["ACCPAY", "SPEND"])
}

/// What is found in Zoho.
pub struct Row {
    /// By what it is known again: the Xero id in its unique field, or what stands for it.
    pub key: Option<String>,
    /// A number that may not repeat; empty where there is none.
    pub number: String,
    pub amount: Decimal,
}

/// A kind of Xero record.
pub struct Source {
    pub flow: &'static str,
    /// As the sandbox keeps it.
    pub xero: &'static str,
    /// What one of its records asks for in Zoho.
    pub wants: fn(&Value) -> Vec<Want>,
}

/// What has to be found in Zoho.
pub struct Want {
    /// Its id in our books: what a hold names.
    pub id: String,
    /// As in `Row`; mostly the id.
    pub key: String,
    pub amount: Decimal,
}

impl Want {
    fn one(record: &Value, id: &str, sum: &str, belongs: bool) -> Vec<Self> {
        let id = text(record, id);
        let amount = if sum.is_empty() { Decimal::ZERO } else { amount(record, sum) };
        if belongs { vec![Self { key: id.clone(), id, amount }] } else { Vec::new() }
    }
}

fn row(record: &Value, field: &str, number: &str, sum: &str) -> Vec<Row> {
    let number = if number.is_empty() { String::new() } else { text(record, number) };
    let amount = if sum.is_empty() { Decimal::ZERO } else { amount(record, sum) };
    vec![Row { key: books::custom(record, field), number, amount }]
}

pub const LISTS: &[List] = &[
    List {
        zoho: "contacts",
        rows: |contact| row(contact, "cf_xero_acct_id", "", ""),
        keyless: true,
        from: &[Source {
            flow: "books.customers",
            xero: "Contacts",
            wants: |contact| Want::one(contact, "ContactID", "", contact["IsCustomer"] == true || contact["IsSupplier"] != true),
        }],
    },
    List {
        zoho: "contacts",
        rows: |contact| row(contact, "cf_xero_supplier_id", "", ""),
        keyless: true,
        from: &[Source {
            flow: "books.vendors",
            xero: "Contacts",
            wants: |contact| Want::one(contact, "ContactID", "", contact["IsSupplier"] == true),
        }],
    },
    List {
        zoho: "items",
        rows: |item| row(item, "cf_xero_id", "sku", ""),
        keyless: false,
        from: &[Source { flow: "books.items", xero: "Items", wants: |item| Want::one(item, "ItemID", "", true) }],
    },
    List {
        zoho: "estimates",
        rows: |one| row(one, "cf_xero_id", "estimate_number", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.quotes",
            xero: "Quotes",
            wants: |one| Want::one(one, "QuoteID", "Total", one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "purchaseorders",
        rows: |one| row(one, "cf_xero_id", "purchaseorder_number", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.purchase_orders",
            xero: "PurchaseOrders",
            wants: |one| Want::one(one, "PurchaseOrderID", "Total", one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "recurring_invoices",
        rows: |one| row(one, "cf_xero_id", "recurrence_name", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.recurring_invoices",
            xero: "RepeatingInvoices",
            wants: |one| Want::one(one, "RepeatingInvoiceID", "Total", one["Type"] == "ACCREC" && one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "recurringbills",
        rows: |one| row(one, "cf_xero_id", "recurrence_name", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.recurring_bills",
            xero: "RepeatingInvoices",
            wants: |one| Want::one(one, "RepeatingInvoiceID", "Total", one["Type"] == "ACCPAY" && one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "invoices",
        rows: |invoice| row(invoice, "cf_xero_id", "invoice_number", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.invoices",
            xero: "Invoices",
            wants: |one| Want::one(one, "InvoiceID", "Total", one["Type"] == "ACCREC" && one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "bills",
        rows: |bill| row(bill, "cf_xero_id", "", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.bills",
            xero: "Invoices",
            wants: |one| Want::one(one, "InvoiceID", "Total", one["Type"] == "ACCPAY" && one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "creditnotes",
        rows: |note| row(note, "cf_xero_id", "creditnote_number", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.credit_notes",
            xero: "CreditNotes",
            wants: |one| Want::one(one, "CreditNoteID", "Total", one["Type"] == "ACCRECCREDIT" && one["Status"] != "DELETED"),
        }],
    },
    List {
        zoho: "vendorcredits",
        rows: |credit| {
            let number = text(credit, "vendor_credit_number");
            vec![Row { key: reference(credit), number, amount: amount(credit, "total") }]
        },
        keyless: false,
        from: &[Source {
            flow: "books.vendor_credits",
            xero: "CreditNotes",
            wants: |one| Want::one(one, "CreditNoteID", "Total", one["Type"] == "ACCPAYCREDIT" && one["Status"] != "DELETED"),
        }],
    },
    // What of a credit was applied or paid back shows in what is left of it.
    List {
        zoho: "creditnotes",
        rows: |note| used(note, books::custom(note, "cf_xero_id")),
        keyless: false,
        from: &[Source { flow: "books.credit_allocations", xero: "CreditNotes", wants: |one| used_in_xero(one, "ACCRECCREDIT") }],
    },
    List {
        zoho: "vendorcredits",
        rows: |credit| used(credit, reference(credit)),
        keyless: false,
        from: &[Source {
            flow: "books.vendor_credit_allocations",
            xero: "CreditNotes",
            wants: |one| used_in_xero(one, "ACCPAYCREDIT"),
        }],
    },
    List {
        zoho: "customerpayments",
        rows: |payment| row(payment, "cf_xero_id", "", "amount"),
        keyless: false,
        from: &[
            Source {
                flow: "books.customer_payments",
                xero: "Payments",
                wants: |one| Want::one(one, "PaymentID", "Amount", is_payment(one, "ACCRECPAYMENT")),
            },
            Source {
                flow: "books.customer_prepayments",
                xero: "Prepayments",
                wants: |one| Want::one(one, "PrepaymentID", "Total", is_advance(one, "RECEIVE-PREPAYMENT")),
            },
            Source {
                flow: "books.customer_overpayments",
                xero: "Overpayments",
                wants: |one| Want::one(one, "OverpaymentID", "Total", is_advance(one, "RECEIVE-OVERPAYMENT")),
            },
        ],
    },
    // The same list once more: what is left of advances after what they were used for and what was paid back.
    List {
        zoho: "customerpayments",
        rows: |payment| row(payment, "cf_xero_id", "", "unused_amount"),
        keyless: false,
        from: &[
            Source {
                flow: "books.customer_payments",
                xero: "Payments",
                wants: |one| Want::one(one, "PaymentID", "", is_payment(one, "ACCRECPAYMENT")),
            },
            Source {
                flow: "books.customer_prepayments",
                xero: "Prepayments",
                wants: |one| Want::one(one, "PrepaymentID", "RemainingCredit", is_advance(one, "RECEIVE-PREPAYMENT")),
            },
            Source {
                flow: "books.customer_overpayments",
                xero: "Overpayments",
                wants: |one| Want::one(one, "OverpaymentID", "RemainingCredit", is_advance(one, "RECEIVE-OVERPAYMENT")),
            },
        ],
    },
    List {
        zoho: "payment_refunds",
        rows: refund_of_advance,
        keyless: false,
        from: &[Source {
            flow: "books.customer_advance_refunds",
            xero: "Payments",
            wants: |one| {
                let refunds = ["ARPREPAYMENTPAYMENT", "AROVERPAYMENTPAYMENT"];
                Want::one(one, "PaymentID", "Amount", refunds.iter().any(|kind| is_payment(one, kind)))
            },
        }],
    },
    List {
        zoho: "vendorpayments",
        rows: |payment| row(payment, "cf_xero_id", "", "amount"),
        keyless: false,
        from: &[
            Source {
                flow: "books.vendor_payments",
                xero: "Payments",
                wants: |one| Want::one(one, "PaymentID", "Amount", is_payment(one, "ACCPAYPAYMENT")),
            },
            Source {
                flow: "books.vendor_prepayments",
                xero: "Prepayments",
                wants: |one| Want::one(one, "PrepaymentID", "Total", is_advance(one, "SPEND-PREPAYMENT")),
            },
            Source {
                flow: "books.vendor_overpayments",
                xero: "Overpayments",
                wants: |one| Want::one(one, "OverpaymentID", "Total", is_advance(one, "SPEND-OVERPAYMENT")),
            },
        ],
    },
    // The same list once more: what is left of advances after what they were used for and what was paid back.
    List {
        zoho: "vendorpayments",
        rows: |payment| row(payment, "cf_xero_id", "", "balance"),
        keyless: false,
        from: &[
            Source {
                flow: "books.vendor_payments",
                xero: "Payments",
                wants: |one| Want::one(one, "PaymentID", "", is_payment(one, "ACCPAYPAYMENT")),
            },
            Source {
                flow: "books.vendor_prepayments",
                xero: "Prepayments",
                wants: |one| Want::one(one, "PrepaymentID", "RemainingCredit", is_advance(one, "SPEND-PREPAYMENT")),
            },
            Source {
                flow: "books.vendor_overpayments",
                xero: "Overpayments",
                wants: |one| Want::one(one, "OverpaymentID", "RemainingCredit", is_advance(one, "SPEND-OVERPAYMENT")),
            },
        ],
    },
    List {
        zoho: "vendorpayment_refunds",
        rows: refund_of_advance,
        keyless: false,
        from: &[Source {
            flow: "books.vendor_advance_refunds",
            xero: "Payments",
            wants: |one| {
                let refunds = ["APPREPAYMENTPAYMENT", "APOVERPAYMENTPAYMENT"];
                Want::one(one, "PaymentID", "Amount", refunds.iter().any(|kind| is_payment(one, kind)))
            },
        }],
    },
    List {
        zoho: "expenses",
        rows: |expense| row(expense, "cf_xero_id", "", "total"),
        keyless: false,
        from: &[Source {
            flow: "books.expenses",
            xero: "BankTransactions",
            wants: |one| Want::one(one, "BankTransactionID", "Total", bank::form(one) == Some(bank::Form::Expense)),
        }],
    },
    List {
        zoho: "banktransactions",
        rows: |one| bank::row(one, "amount"),
        keyless: false,
        from: &[
            Source {
                flow: "books.receipts",
                xero: "BankTransactions",
                wants: |one| Want::one(one, "BankTransactionID", "Total", bank::form(one) == Some(bank::Form::Deposit)),
            },
            Source {
                flow: "books.bank_transfers",
                xero: "BankTransfers",
                wants: |one| Want::one(one, "BankTransferID", "Amount", one["Status"] != "DELETED"),
            },
        ],
    },
    List {
        zoho: "journals",
        rows: |one| bank::row(one, "total"),
        keyless: false,
        from: &[
            Source { flow: "books.bank_journals", xero: "BankTransactions", wants: bank::as_journal },
            Source { flow: "books.journals", xero: "ManualJournals", wants: bank::manual_journal },
        ],
    },
];

fn is_payment(payment: &Value, kind: &str) -> bool {
    payment["PaymentType"] == kind && payment["Status"] == "AUTHORISED"
}

fn is_advance(advance: &Value, kind: &str) -> bool {
    advance["Type"] == kind && advance["Status"] != "VOIDED" && !amount(advance, "Total").is_zero()
}

/// A refund says in its description which one of Xero's it is.
fn refund_of_advance(refund: &Value) -> Vec<Row> {
    let said = text(refund, "description");
    let key = said.rsplit_once("Refund in Xero: ").map(|(_, id)| id.to_owned());
    vec![Row { key, number: String::new(), amount: amount(refund, "amount") }]
}

/// Kinds without a unique field have Xero's id for their reference.
fn reference(record: &Value) -> Option<String> {
    Some(text(record, "reference_number")).filter(|key| !key.is_empty())
}

fn used(credit: &Value, key: Option<String>) -> Vec<Row> {
    match credit["status"].as_str() {
        Some("open" | "closed") => {
            let used = amount(credit, "total") - amount(credit, "balance");
            vec![Row { key, number: String::new(), amount: used }]
        }
        _ => Vec::new(),
    }
}

fn used_in_xero(credit: &Value, kind: &str) -> Vec<Want> {
    let belongs = credit["Type"] == kind && matches!(credit["Status"].as_str(), Some("AUTHORISED" | "PAID"));
    let used = amount(credit, "Total") - amount(credit, "RemainingCredit");
    let want = Want::one(credit, "CreditNoteID", "", belongs);
    want.into_iter().map(|want| Want { amount: used, ..want }).collect()
}
