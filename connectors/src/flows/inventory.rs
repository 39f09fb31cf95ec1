//! Xero to Zoho Inventory, where an organisation has no Zoho Books: trade without a ledger. Orders are `issued` where Books' are open, and
//! credit notes have actions without `status` (Zoho Inventory v1).

use super::books::{
    bills::Bills, credit_allocations::CreditAllocations, credit_notes::CreditNotes, credit_refunds::CreditRefunds,
    currencies::Currencies, customer_payments::CustomerPayments, customers::Customers, invoices::Invoices, items::Items,
    purchase_orders::PurchaseOrders, taxes::Taxes, tracking_categories::TrackingCategories,
    vendor_credit_allocations::VendorCreditAllocations, vendor_credits::VendorCredits, vendors::Vendors,
};
use super::other_item::OtherItem;
use super::shared::{ALIKE, Differs, Natural, Shared, marked};
use crate::flow::Flow;
use crate::zoho::{Resource, Word};

const ORDERS: Resource = Resource {
    one: "purchase_order",
    words: &[Word::Status { here: "issued", books: "open" }, Word::Action { here: "status/issued", books: "status/open" }],
    ..marked(PurchaseOrders::ZOHO)
};

const CREDITS: Resource = Resource {
    words: &[Word::Action { here: "converttoopen", books: "status/open" }, Word::Action { here: "void", books: "status/void" }],
    ..marked(CreditNotes::ZOHO)
};

pub static CURRENCIES: Shared = Shared::new("inventory.currencies", &Currencies, Currencies::ZOHO, &[], ALIKE);
pub static TAXES: Shared = Shared::new("inventory.taxes", &Taxes, Taxes::ZOHO, &[], ALIKE);
pub static TRACKING_CATEGORIES: Shared =
    Shared::new("inventory.tracking_categories", &TrackingCategories, TrackingCategories::ZOHO, &[], ALIKE);
pub static CUSTOMERS: Shared = Shared::new("inventory.customers", &Customers, marked(Customers::ZOHO), CONTACT, ALIKE);
pub static VENDORS: Shared = Shared::new("inventory.vendors", &Vendors, marked(Vendors::ZOHO), CONTACT, ALIKE);
pub static ITEMS: Shared = Shared::new("inventory.items", &Items, marked(Items::ZOHO), ITEM, ALIKE);
pub static OTHER_ITEM: Shared =
    Shared::new("inventory.other_item", &OtherItem, OtherItem::ZOHO, &[Natural::asked("name")], ALIKE);
pub static PURCHASE_ORDERS: Shared =
    Shared::new("inventory.purchase_orders", &PurchaseOrders, ORDERS, &[Natural::asked("purchaseorder_number")], PURCHASES);
pub static INVOICES: Shared =
    Shared::new("inventory.invoices", &Invoices, marked(Invoices::ZOHO), &[Natural::asked("invoice_number")], ALIKE);
pub static BILLS: Shared = Shared::new(
    "inventory.bills",
    &Bills,
    marked(Bills::ZOHO),
    &[Natural::asked("bill_number"), Natural::shown("vendor_id")],
    // Payments to vendors are Books' business.
    Differs { has_payments: false, ..PURCHASES },
);
pub static CREDIT_NOTES: Shared =
    Shared::new("inventory.credit_notes", &CreditNotes, CREDITS, &[Natural::asked("creditnote_number")], ALIKE);
pub static VENDOR_CREDITS: Shared = Shared::new("inventory.vendor_credits", &VendorCredits, VendorCredits::ZOHO, &[], PURCHASES);
pub static CREDIT_ALLOCATIONS: Shared =
    Shared::new("inventory.credit_allocations", &CreditAllocations, CreditAllocations::ZOHO, &[], ALIKE);
pub static VENDOR_CREDIT_ALLOCATIONS: Shared =
    Shared::new("inventory.vendor_credit_allocations", &VendorCreditAllocations, VendorCreditAllocations::ZOHO, &[], ALIKE);
pub static CUSTOMER_PAYMENTS: Shared =
    Shared::new("inventory.customer_payments", &CustomerPayments, marked(CustomerPayments::ZOHO), PAYMENT, PAID);

pub static CREDIT_REFUNDS: Shared = Shared::new("inventory.credit_refunds", &CreditRefunds, CreditRefunds::ZOHO, &[], ALIKE);

/// A line of a purchase is booked by its item: without a chart of accounts there is no other way to say where. What was made here has no
/// accounts that Xero could be told, so that purchases run one way.
const PURCHASES: Differs = Differs { wants_items: true, back: false, ..ALIKE };

/// Where the money of a payment that was made here went, only an account could say: payments run one way.
pub const PAID: Differs = Differs { back: false, ..ALIKE };

/// A name may have a mark behind it that tells two alike apart: the filter asks for its beginning, and the field for the rest.
pub const CONTACT: &[Natural] = &[Natural::asked("contact_name"), Natural::shown("contact_type")];
pub const ITEM: &[Natural] = &[Natural::asked("name"), Natural::shown("sku")];
/// Two of one customer on one day of one amount are told apart by our mark, or by what is known of the other.
pub const PAYMENT: &[Natural] =
    &[Natural::asked("customer_id"), Natural::asked("date"), Natural::shown("amount"), Natural::shown("reference_number")];
