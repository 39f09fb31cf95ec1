//! Xero to Zoho Invoice: sales only, without a ledger, in the shapes of Books (Zoho Invoice v3).

use super::books::{
    credit_allocations::CreditAllocations, credit_notes::CreditNotes, credit_refunds::CreditRefunds, currencies::Currencies,
    customer_payments::CustomerPayments, customers::Customers, invoices::Invoices, items::Items, quotes::Quotes,
    recurring_invoices::RecurringInvoices, taxes::Taxes,
};
use super::inventory::{CONTACT, ITEM, PAID, PAYMENT};
use super::shared::{ALIKE, Natural, Shared, marked};
use crate::flow::Flow;

pub static CURRENCIES: Shared = Shared::new("invoice.currencies", &Currencies, Currencies::ZOHO, &[], ALIKE);
pub static TAXES: Shared = Shared::new("invoice.taxes", &Taxes, Taxes::ZOHO, &[], ALIKE);
pub static CUSTOMERS: Shared = Shared::new("invoice.customers", &Customers, marked(Customers::ZOHO), CONTACT, ALIKE);
pub static ITEMS: Shared = Shared::new("invoice.items", &Items, marked(Items::ZOHO), ITEM, ALIKE);
pub static QUOTES: Shared =
    Shared::new("invoice.quotes", &Quotes, marked(Quotes::ZOHO), &[Natural::asked("estimate_number")], ALIKE);
pub static RECURRING_INVOICES: Shared = Shared::new(
    "invoice.recurring_invoices",
    &RecurringInvoices,
    marked(RecurringInvoices::ZOHO),
    &[Natural::by("recurrence_name", "recurrence_name"), Natural::shown("customer_id")],
    ALIKE,
);
pub static INVOICES: Shared =
    Shared::new("invoice.invoices", &Invoices, marked(Invoices::ZOHO), &[Natural::asked("invoice_number")], ALIKE);
pub static CREDIT_NOTES: Shared =
    Shared::new("invoice.credit_notes", &CreditNotes, marked(CreditNotes::ZOHO), &[Natural::asked("creditnote_number")], ALIKE);
pub static CREDIT_ALLOCATIONS: Shared =
    Shared::new("invoice.credit_allocations", &CreditAllocations, CreditAllocations::ZOHO, &[], ALIKE);
pub static CUSTOMER_PAYMENTS: Shared =
    Shared::new("invoice.customer_payments", &CustomerPayments, marked(CustomerPayments::ZOHO), PAYMENT, PAID);
pub static CREDIT_REFUNDS: Shared = Shared::new("invoice.credit_refunds", &CreditRefunds, CreditRefunds::ZOHO, &[], ALIKE);
