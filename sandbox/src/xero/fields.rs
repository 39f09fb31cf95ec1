//! Every field that the Accounting API knows, by the shape of its value (`Xero OpenAPI 16.1.0`, and what came after it).
//! What is sent under another name is ignored, as Xero ignores it.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    Number,
    Boolean,
    Date,
    Id,
    List,
    Object,
    /// The same name means different things in different places.
    Either,
}

/// The name as Xero writes it, and its shape, of a name in any case.
static FIELDS: LazyLock<HashMap<String, (&'static str, Shape)>> = LazyLock::new(|| {
    let all = [
        (TEXTS, Shape::Text),
        (NUMBERS, Shape::Number),
        (BOOLEANS, Shape::Boolean),
        (DATES, Shape::Date),
        (IDS, Shape::Id),
        (LISTS, Shape::List),
        (OBJECTS, Shape::Object),
        (EITHER, Shape::Either),
    ];
    let named = |(names, shape): (&'static str, Shape)| {
        names.split_ascii_whitespace().map(move |name| (name.to_ascii_lowercase(), (name, shape)))
    };
    all.into_iter().flat_map(named).collect()
});

/// The same, by Xero's own spelling: most of what is sent is spelt so.
static SPELT: LazyLock<HashMap<&'static str, Shape>> = LazyLock::new(|| FIELDS.values().copied().collect());

/// The field that a sent name means. `any_case`: whatever the case of its letters.
pub fn field(name: &str, any_case: bool) -> Option<(&'static str, Shape)> {
    if let Some((name, shape)) = SPELT.get_key_value(name) {
        return Some((name, *shape));
    }
    if any_case { FIELDS.get(&name.to_ascii_lowercase()).copied() } else { None }
}

const TEXTS: &str = "
    APIKey AccountCode AccountName AccountNumber AccountType AccountsPayableTaxType AccountsReceivableTaxType AddressLine1
    AddressLine2 AddressLine3 AddressLine4 AddressType AttentionTo BankAccountDetails BankAccountName BankAccountNumber
    BankAccountType BaseCurrency COGSAccountCode Changes City Class Code CompanyNumber ContactNumber ContactStatus Country
    CountryCode CreditNoteNumber CurrencyCode DateString DefaultCurrency DefaultPurchasesTax DefaultSalesTax DeliveryAddress
    DeliveryInstructions Description Details DueDateType Edition EmailAddress EmployerIdentificationNumber ExpiryDateString
    FileName FirstName InventoryAssetAccountCode InvoiceAddressType InvoiceNumber ItemCode JurisdictionRegion LastName
    LegalName LineAmountTypes LineOfBusiness LinkType LogoUrl Message MimeType Name Narration Narrative OnlineInvoiceUrl
    Option OrganisationEntityType OrganisationRole OrganisationStatus OrganisationType Particulars PayNowText
    PaymentServiceName PaymentServiceType PaymentServiceUrl PaymentType PhoneAreaCode PhoneCountryCode PhoneNumber PhoneType
    PostalCode PurchaseDescription PurchaseOrderNumber PurchasesDefaultAccountCode PurchasesDefaultLineAmountType
    QuoteNumber Reference Region RegistrationNumber ReportTaxType ReportingCode ReportingCodeName SalesDefaultAccountCode
    SalesDefaultLineAmountType SalesTaxBasis SalesTaxPeriod ShortCode SourceTransactionTypeCode SourceType StateAssignedNo
    Status StatusAttributeString Summary SystemAccount TaxName TaxNumber TaxNumberType TaxType Taxability Telephone Terms
    Timezone Title TrackingCategoryName TrackingCategoryOption TrackingOptionName Type Unit UpdatedDateUTCString Url User
    Version Website XeroNetworkKey";
const NUMBERS: &str = "
    Amount AmountCredited AmountDue AmountPaid AppliedAmount BankAmount CISDeduction CISRate ContentLength CurrencyRate Day
    Discount DiscountAmount DiscountRate DisplayTaxRate EffectiveRate EnteredTotal ExemptAmount FinancialYearEndDay
    FinancialYearEndMonth GrossAmount JournalNumber LineAmount NetAmount NonTaxableAmount Outstanding Overdue Period
    Quantity QuantityAvailable QuantityOnBackOrder QuantityOnHand Rate RemainingCredit RoundingAmount SalesTaxCodeId
    SortOrder SubTotal TaxAmount TaxPercentage TaxableAmount Total TotalAmount TotalCostPool TotalDiscount TotalTax
    UnitAmount UnitPrice";
const BOOLEANS: &str = "
    AddToWatchlist ApprovedForSending CISContractorEnabled CISEnabled CISSubContractorEnabled CanApplyToAssets
    CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities CanApplyToRevenue EnablePaymentsToAccount Enabled
    FromIsReconciled HasAccount HasAttachments HasErrors HasValidationErrors IncludeInEmails IncludeOnline IncludePDF
    IsBlank IsCompound IsCustomer IsDeleted IsDemoCompany IsDiscounted IsNonRecoverable IsPurchased IsReconciled IsSold
    IsSubscriber IsSupplier IsTrackedAsInventory MarkAsSent PaysTax SendCopy SentToContact ShowInExpenseClaims
    ShowOnCashBasisReports ToIsReconciled";
const DATES: &str = "
    CreatedDateUTC Date DateUTC DeliveryDate EndDate EndOfYearLockDate ExpectedArrivalDate ExpectedPaymentDate ExpiryDate
    FullyPaidOnDate JournalDate NextScheduledDate PeriodLockDate PlannedPaymentDate StartDate UpdatedDateUTC";
const IDS: &str = "
    AccountID AllocationID AttachmentID BankTransactionID BankTransferID BatchPaymentID BrandingThemeID ContactGroupID
    ContactID CreditNoteID FromBankTransactionID ID InvoiceID ItemID JournalID JournalLineID LineItemID LinkedTransactionID
    ManualJournalID MergedToContactID OrganisationID OverpaymentID PaymentID PaymentServiceID PrepaymentID PurchaseOrderID
    QuoteID RepeatingInvoiceID SourceID SourceLineItemID SourceTransactionID TargetLineItemID TargetTransactionID
    TaxComponentId ToBankTransactionID TrackingCategoryID TrackingOptionID UserID";
const LISTS: &str = "
    Accounts Actions Addresses Allocations Attachments BankTransactions BankTransfers BrandingThemes CISSettings
    ContactGroups ContactPersons Contacts CreditNotes Currencies ExternalLinks FromTracking HistoryRecords InvoiceAddresses
    InvoiceReminders Invoices Items JournalLines Journals LineItems LinkedTransactions ManualJournals OnlineInvoices Options
    Organisations Overpayments PaymentServices Payments Phones Prepayments PurchaseOrders PurchasesTrackingCategories Quotes
    RepeatingInvoices SalesTrackingCategories TaxBreakdown TaxComponents TaxRates ToTracking Tracking TrackingCategories
    Users ValidationErrors Warnings";
const OBJECTS: &str = "
    Account AccountsPayable AccountsReceivable Balances BankAccount BatchPayment Bills BrandingTheme Contact CreditNote
    FromBankAccount Invoice Item Overpayment PaymentTerms Prepayment PurchaseDetails Sales SalesDetails Schedule
    ToBankAccount";
const EITHER: &str = "BatchPayments DueDate";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_its_own_spelling_and_in_any_when_that_is_allowed() {
        assert_eq!(field("InvoiceID", false), Some(("InvoiceID", Shape::Id)));
        assert_eq!(field("invoiceId", false), None);
        assert_eq!(field("invoiceId", true), Some(("InvoiceID", Shape::Id)));
        assert_eq!(field("Colour", true), None);
    }

    #[test]
    fn no_name_is_in_two_lists() {
        let count = [TEXTS, NUMBERS, BOOLEANS, DATES, IDS, LISTS, OBJECTS, EITHER]
            .iter()
            .map(|names| names.split_ascii_whitespace().count())
            .sum::<usize>();
        assert_eq!((FIELDS.len(), SPELT.len()), (count, count));
    }
}
