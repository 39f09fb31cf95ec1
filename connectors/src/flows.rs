//! The list of flows: every kind of record we keep in step, in the order in which it is carried.

pub mod billing;
pub mod books;
pub mod crm;
pub mod expense;
pub mod inventory;
pub mod invoice;
mod other_item;
mod shared;

use crate::flow::AnyFlow;
pub use books::bearers::Bearer;

/// Whoever is referred to comes before whoever refers.
pub static ALL: &[&dyn AnyFlow] = &[
    &books::currencies::Currencies,
    &books::taxes::Taxes,
    &books::accounts::Accounts,
    &books::tracking_categories::TrackingCategories,
    &books::customers::Customers,
    &books::vendors::Vendors,
    &books::items::Items,
    &books::quotes::Quotes,
    &books::purchase_orders::PurchaseOrders,
    &books::recurring_invoices::RecurringInvoices,
    &books::recurring_bills::RecurringBills,
    &books::invoices::Invoices,
    &books::bills::Bills,
    &books::credit_notes::CreditNotes,
    &books::vendor_credits::VendorCredits,
    &books::credit_allocations::CreditAllocations,
    &books::vendor_credit_allocations::VendorCreditAllocations,
    &books::expenses::Expenses,
    &books::receipts::Receipts,
    &books::bank_journals::BankJournals,
    &books::bank_transfers::BankTransfers,
    &books::journals::Journals,
    &books::advance_banks::AdvanceBanks,
    &books::customer_prepayments::CustomerPrepayments,
    &books::vendor_prepayments::VendorPrepayments,
    &books::customer_overpayments::CustomerOverpayments,
    &books::vendor_overpayments::VendorOverpayments,
    &books::customer_payments::CustomerPayments,
    &books::vendor_payments::VendorPayments,
    &books::credit_refunds::CreditRefunds,
    &books::vendor_credit_refunds::VendorCreditRefunds,
    &books::customer_advance_refunds::CustomerAdvanceRefunds,
    &books::vendor_advance_refunds::VendorAdvanceRefunds,
    &books::attachments::Attachments,
    &books::notes::Notes,
    &inventory::CURRENCIES,
    &inventory::TAXES,
    &inventory::TRACKING_CATEGORIES,
    &inventory::CUSTOMERS,
    &inventory::VENDORS,
    &inventory::ITEMS,
    &inventory::OTHER_ITEM,
    &inventory::PURCHASE_ORDERS,
    &inventory::INVOICES,
    &inventory::BILLS,
    &inventory::CREDIT_NOTES,
    &inventory::VENDOR_CREDITS,
    &inventory::CREDIT_ALLOCATIONS,
    &inventory::VENDOR_CREDIT_ALLOCATIONS,
    &inventory::CUSTOMER_PAYMENTS,
    &inventory::CREDIT_REFUNDS,
    &invoice::CURRENCIES,
    &invoice::TAXES,
    &invoice::CUSTOMERS,
    &invoice::ITEMS,
    &invoice::QUOTES,
    &invoice::RECURRING_INVOICES,
    &invoice::INVOICES,
    &invoice::CREDIT_NOTES,
    &invoice::CREDIT_ALLOCATIONS,
    &invoice::CUSTOMER_PAYMENTS,
    &invoice::CREDIT_REFUNDS,
    &billing::TAXES,
    &billing::CUSTOMERS,
    &billing::ITEMS,
    &billing::OTHER_ITEM,
    &billing::QUOTES,
    &billing::INVOICES,
    &billing::CREDIT_NOTES,
    &billing::CREDIT_ALLOCATIONS,
    &billing::CUSTOMER_PAYMENTS,
    &expense::CURRENCIES,
    &expense::categories::Categories,
    &expense::expenses::Expenses,
    &crm::taxes::Taxes,
    &crm::accounts::Accounts,
    &crm::vendors::Vendors,
    &crm::contacts::Contacts,
    &crm::products::Products,
    &crm::quotes::Quotes,
    &crm::purchase_orders::PurchaseOrders,
    &crm::invoices::Invoices,
];

/// A product's flows, in the order in which they are carried.
pub fn of(product: &str) -> impl Iterator<Item = &'static dyn AnyFlow> {
    ALL.iter().copied().filter(move |flow| flow.key().split_once('.').is_some_and(|(of, _)| of == product))
}

/// The flow of this name.
pub fn flow(key: &str) -> Option<&'static dyn AnyFlow> {
    ALL.iter().copied().find(|flow| flow.key() == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_of_a_flow_have_the_same_fields() {
        for flow in ALL {
            let Some(back) = flow.back() else { continue };
            let there: Vec<&str> = back.fields.iter().map(|field| field.name).collect();
            let here: Vec<&str> = flow.field_names().into_iter().map(|(name, _)| name).collect();
            assert_eq!(there, here, "{}", flow.key());
        }
    }

    #[test]
    fn whoever_is_referred_to_comes_first_and_names_are_unique() {
        for (n, one) in ALL.iter().enumerate() {
            let earlier: Vec<&str> = ALL[..n].iter().map(|flow| flow.key()).collect();
            assert!(!earlier.contains(&one.key()));
            for needed in one.after() {
                assert!(earlier.contains(needed), "{} comes before {needed}", one.key());
            }
            assert_eq!(flow(one.key()).unwrap().title(), one.title());
        }
        assert!(flow("books.dreams").is_none());
    }
}
