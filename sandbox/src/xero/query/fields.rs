//! What a list can be filtered and ordered by: the fields of one record, and of the records inside it, but for lists.

use crate::xero::fields::{self, Shape};
use crate::xero::kinds::Kind;

/// A field of a kind, as a condition names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub at: At,
    pub holds: Holds,
}

/// Where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// A column of its own.
    Column(&'static str),
    /// An amount in a column, in hundredths.
    Cents(&'static str),
    /// Inside the record's text.
    Text(String),
    /// A field of the contact that the record belongs to.
    OfContact(Box<Field>),
}

/// What it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holds {
    Words,
    Number,
    Boolean,
    /// Milliseconds since 1970.
    Date,
    Id,
}

impl Holds {
    /// As Xero names the type in its complaints.
    pub fn name(self) -> &'static str {
        match self {
            Holds::Words => "String",
            Holds::Number => "Decimal",
            Holds::Boolean => "Boolean",
            Holds::Date => "DateTime",
            Holds::Id => "Guid",
        }
    }
}

/// Records inside records.
const WITHIN: [(&str, Kind); 11] = [
    ("Contact", Kind::Contacts),
    ("Invoice", Kind::Invoices),
    ("CreditNote", Kind::CreditNotes),
    ("Prepayment", Kind::Prepayments),
    ("Overpayment", Kind::Overpayments),
    ("Account", Kind::Accounts),
    ("BankAccount", Kind::Accounts),
    ("FromBankAccount", Kind::Accounts),
    ("ToBankAccount", Kind::Accounts),
    ("BatchPayment", Kind::BatchPayments),
    ("BrandingTheme", Kind::BrandingThemes),
];

/// The field of a dotted name, in any case. None: the kind has no such field.
pub fn field(kind: Kind, name: &str) -> Option<Field> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let known = |names: &str| names.split_ascii_whitespace().find(|known| known.eq_ignore_ascii_case(first)).map(str::to_owned);
    let Some(rest) = rest else { return known(scalars(kind)).and_then(|name| own(kind, &name)) };
    let (inner, of) = WITHIN.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(first))?;
    known(within(kind))?;
    let found = field(of, rest)?;
    if inner == "Contact" && owned(kind) {
        // Contacts are looked up: a document shows no more of one than its id and its name.
        return Some(if rest.eq_ignore_ascii_case("ContactID") {
            Field { at: At::Column("contact"), holds: Holds::Id }
        } else {
            Field { holds: found.holds, at: At::OfContact(Box::new(found)) }
        });
    }
    let path = spelt(of, rest)?;
    Some(Field { at: At::Text(format!("$.{inner}.{path}")), holds: found.holds })
}

/// The dotted name in Xero's own spelling.
fn spelt(kind: Kind, name: &str) -> Option<String> {
    match name.split_once('.') {
        None => scalars(kind).split_ascii_whitespace().find(|known| known.eq_ignore_ascii_case(name)).map(str::to_owned),
        Some((first, rest)) => {
            let (inner, of) = WITHIN.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(first))?;
            Some(format!("{inner}.{}", spelt(of, rest)?))
        }
    }
}

fn own(kind: Kind, name: &str) -> Option<Field> {
    let about = kind.about();
    let column = |column, holds| Some(Field { at: At::Column(column), holds });
    let holds = match fields::field(name, false)?.1 {
        Shape::Text => Holds::Words,
        Shape::Number => Holds::Number,
        Shape::Boolean => Holds::Boolean,
        Shape::Date | Shape::Either => Holds::Date,
        Shape::Id => Holds::Id,
        Shape::List | Shape::Object => return None,
    };
    match name {
        "UpdatedDateUTC" if about.dated => return column("modified", holds),
        "Date" => return column("date", holds),
        "IsCustomer" | "IsSupplier" if kind == Kind::Contacts => {
            return column(if name == "IsCustomer" { "customer" } else { "supplier" }, holds);
        }
        "ContactNumber" if kind == Kind::Contacts => return column("other", holds),
        _ if name == about.id && !kind.is_coded() => return column("id", holds),
        _ if name == about.name => return column("name", holds),
        _ if name == about.type_ => return column("type", holds),
        _ if name == about.status => return column("status", holds),
        _ if name == about.currency => return column("currency", holds),
        _ => {}
    }
    let amounts = about.amounts.into_iter().zip(["total", "tax", "due"]);
    if let Some((_, column)) = amounts.into_iter().find(|(amount, _)| *amount == name) {
        return Some(Field { at: At::Cents(column), holds });
    }
    Some(Field { at: At::Text(format!("$.{name}")), holds })
}

/// Kinds whose records belong to a contact.
fn owned(kind: Kind) -> bool {
    within(kind).split_ascii_whitespace().any(|word| word == "Contact")
}

/// Fields that hold one value.
fn scalars(kind: Kind) -> &'static str {
    match kind {
        Kind::Organisations => "OrganisationID Name LegalName CountryCode BaseCurrency ShortCode OrganisationStatus",
        Kind::Currencies => "Code Description",
        Kind::Accounts => {
            "AccountID Code Name Type BankAccountNumber Status Description BankAccountType CurrencyCode TaxType
             EnablePaymentsToAccount ShowInExpenseClaims Class SystemAccount ReportingCode ReportingCodeName HasAttachments
             UpdatedDateUTC AddToWatchlist"
        }
        Kind::TaxRates => {
            "Name TaxType Status ReportTaxType CanApplyToAssets CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities
             CanApplyToRevenue DisplayTaxRate EffectiveRate"
        }
        Kind::Items => {
            "ItemID Code Name Description PurchaseDescription IsSold IsPurchased IsTrackedAsInventory TotalCostPool QuantityOnHand
             InventoryAssetAccountCode UpdatedDateUTC"
        }
        Kind::Contacts => {
            "ContactID ContactNumber AccountNumber ContactStatus Name FirstName LastName CompanyNumber EmailAddress
             BankAccountDetails TaxNumber AccountsReceivableTaxType AccountsPayableTaxType IsSupplier IsCustomer DefaultCurrency
             XeroNetworkKey SalesDefaultAccountCode PurchasesDefaultAccountCode UpdatedDateUTC Website HasAttachments"
        }
        Kind::Invoices => {
            "InvoiceID Type Date DueDate LineAmountTypes InvoiceNumber Reference BrandingThemeID Url CurrencyCode CurrencyRate Status
             SentToContact ExpectedPaymentDate PlannedPaymentDate SubTotal TotalTax Total TotalDiscount RepeatingInvoiceID
             HasAttachments IsDiscounted AmountDue AmountPaid FullyPaidOnDate AmountCredited UpdatedDateUTC"
        }
        Kind::Payments => {
            "PaymentID Date CurrencyRate Amount BankAmount Reference IsReconciled Status PaymentType UpdatedDateUTC BatchPaymentID"
        }
        Kind::Overpayments => {
            "OverpaymentID Type Date Status LineAmountTypes SubTotal TotalTax Total UpdatedDateUTC CurrencyCode CurrencyRate
             RemainingCredit AppliedAmount HasAttachments Reference"
        }
        Kind::Prepayments => {
            "PrepaymentID Type Date Status LineAmountTypes SubTotal TotalTax Total Reference InvoiceNumber UpdatedDateUTC CurrencyCode
             BrandingThemeID CurrencyRate RemainingCredit AppliedAmount HasAttachments"
        }
        Kind::CreditNotes => {
            "CreditNoteID Type Date DueDate Status LineAmountTypes SubTotal TotalTax Total UpdatedDateUTC CurrencyCode FullyPaidOnDate
             CreditNoteNumber Reference SentToContact CurrencyRate RemainingCredit AppliedAmount BrandingThemeID HasAttachments"
        }
        Kind::BankTransactions => {
            "BankTransactionID Type IsReconciled Date Reference CurrencyCode CurrencyRate Url Status LineAmountTypes SubTotal TotalTax
             Total PrepaymentID OverpaymentID UpdatedDateUTC HasAttachments"
        }
        Kind::BankTransfers => {
            "BankTransferID Amount Date CurrencyRate FromBankTransactionID ToBankTransactionID FromIsReconciled ToIsReconciled
             Reference HasAttachments CreatedDateUTC Status"
        }
        Kind::BatchPayments => {
            "BatchPaymentID Reference Particulars Code Details Narrative Date Type Status TotalAmount UpdatedDateUTC IsReconciled"
        }
        Kind::ManualJournals => {
            "ManualJournalID Narration Date LineAmountTypes Status Url ShowOnCashBasisReports HasAttachments UpdatedDateUTC"
        }
        Kind::Quotes => {
            "QuoteID QuoteNumber Reference Terms Date ExpiryDate Status CurrencyCode CurrencyRate SubTotal TotalTax Total
             TotalDiscount Title Summary BrandingThemeID UpdatedDateUTC LineAmountTypes"
        }
        Kind::PurchaseOrders => {
            "PurchaseOrderID Date DeliveryDate LineAmountTypes PurchaseOrderNumber Reference BrandingThemeID CurrencyCode Status
             SentToContact DeliveryAddress AttentionTo Telephone DeliveryInstructions ExpectedArrivalDate CurrencyRate SubTotal
             TotalTax Total TotalDiscount HasAttachments UpdatedDateUTC"
        }
        Kind::RepeatingInvoices => {
            "RepeatingInvoiceID Type LineAmountTypes Reference BrandingThemeID CurrencyCode Status SubTotal TotalTax Total
             HasAttachments ApprovedForSending SendCopy MarkAsSent IncludePDF"
        }
        Kind::TrackingCategories => "TrackingCategoryID Name Status",
        Kind::ContactGroups => "ContactGroupID Name Status",
        Kind::Users => "UserID EmailAddress FirstName LastName UpdatedDateUTC IsSubscriber OrganisationRole",
        Kind::BrandingThemes => "BrandingThemeID Name LogoUrl Type SortOrder CreatedDateUTC",
        Kind::LinkedTransactions => {
            "LinkedTransactionID SourceTransactionID SourceLineItemID ContactID TargetTransactionID TargetLineItemID Status Type
             UpdatedDateUTC SourceTransactionTypeCode"
        }
    }
}

/// Records inside the records of a kind.
fn within(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoices
        | Kind::Overpayments
        | Kind::Prepayments
        | Kind::Quotes
        | Kind::PurchaseOrders
        | Kind::RepeatingInvoices => "Contact",
        Kind::CreditNotes => "Contact",
        Kind::Payments => "Invoice CreditNote Prepayment Overpayment Account BatchPayment",
        Kind::BankTransactions => "Contact BankAccount",
        Kind::BankTransfers => "FromBankAccount ToBankAccount",
        Kind::BatchPayments => "Account",
        Kind::Contacts => "BrandingTheme",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xero::kinds::KINDS;

    #[test]
    fn every_name_in_the_lists_is_a_field() {
        for kind in KINDS {
            for name in scalars(kind).split_ascii_whitespace() {
                assert!(own(kind, name).is_some(), "{kind:?}.{name}");
            }
            for name in within(kind).split_ascii_whitespace() {
                assert!(WITHIN.iter().any(|(word, _)| *word == name), "{kind:?}.{name}");
            }
        }
    }

    #[test]
    fn a_field_is_found_where_it_is_kept() {
        let at = |kind, name| field(kind, name).map(|field| field.at);
        assert_eq!(at(Kind::Invoices, "Status"), Some(At::Column("status")));
        assert_eq!(at(Kind::Invoices, "AmountDue"), Some(At::Cents("due")));
        assert_eq!(at(Kind::Invoices, "invoiceId"), Some(At::Column("id")));
        assert_eq!(at(Kind::Invoices, "DueDate"), Some(At::Text("$.DueDate".into())));
        assert_eq!(at(Kind::Invoices, "Contact.ContactID"), Some(At::Column("contact")));
        assert!(matches!(at(Kind::Invoices, "Contact.EmailAddress"), Some(At::OfContact(_))));
        assert_eq!(at(Kind::Payments, "Invoice.InvoiceId"), Some(At::Text("$.Invoice.InvoiceID".into())));
        assert_eq!(at(Kind::Payments, "Invoice.Contact.Name"), Some(At::Text("$.Invoice.Contact.Name".into())));
        for unknown in ["Colour", "LineItems", "Contact", "Contact.Colour", "Invoice.InvoiceID", ""] {
            assert_eq!(at(Kind::Invoices, unknown), None, "{unknown}");
        }
    }
}
