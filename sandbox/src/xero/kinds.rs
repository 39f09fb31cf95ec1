//! The lists of the Accounting API, and what differs between them as data (`Xero OpenAPI 16.1.0`).

/// Which list of the Accounting API a record is in. The number is what the store keeps: new kinds go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Organisations,
    Currencies,
    Accounts,
    TaxRates,
    Items,
    Contacts,
    Invoices,
    Payments,
    Overpayments,
    Prepayments,
    CreditNotes,
    BankTransactions,
    BankTransfers,
    BatchPayments,
    ManualJournals,
    Quotes,
    PurchaseOrders,
    RepeatingInvoices,
    TrackingCategories,
    ContactGroups,
    Users,
    BrandingThemes,
    LinkedTransactions,
}

use Kind::*;

pub const KINDS: [Kind; 23] = [
    Organisations,
    Currencies,
    Accounts,
    TaxRates,
    Items,
    Contacts,
    Invoices,
    Payments,
    Overpayments,
    Prepayments,
    CreditNotes,
    BankTransactions,
    BankTransfers,
    BatchPayments,
    ManualJournals,
    Quotes,
    PurchaseOrders,
    RepeatingInvoices,
    TrackingCategories,
    ContactGroups,
    Users,
    BrandingThemes,
    LinkedTransactions,
];

/// How a list pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// `page` is ignored.
    No,
    /// `page` only, a hundred at a time.
    Hundred,
    /// `page` and `pageSize`.
    Sized,
}

/// What may be sent to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// The method is not offered there.
    Nothing,
    /// One record.
    One,
    /// A list of records; `summarizeErrors` counts.
    Many,
}

/// What differs between kinds.
#[derive(Debug)]
pub struct About {
    /// The word in the path; the collection's key too, but for `Organisation`.
    pub path: &'static str,
    /// The key of the list in an answer.
    pub collection: &'static str,
    /// The field that holds the record's id.
    pub id: &'static str,
    /// What it is known by besides its id; kept in the column `name`.
    pub name: &'static str,
    /// Whether a single record is also found by that name in the path.
    pub found_by_name: bool,
    /// Fields kept in the columns `type`, `status`, `currency`.
    pub type_: &'static str,
    pub status: &'static str,
    pub currency: &'static str,
    /// Fields kept in the columns `total`, `tax`, `due`.
    pub amounts: [&'static str; 3],
    pub pages: Pages,
    /// Whether `If-Modified-Since` is honoured.
    pub changes: bool,
    /// The middle words of the scopes that reach it; the first is the broad one.
    pub areas: &'static [&'static str],
    /// Whether it has unit prices, which `unitdp` is about.
    pub unit_prices: bool,
    /// Whether `UpdatedDateUTC` has a twin `UpdatedDateUTCString`.
    pub twin: bool,
    /// Whether a record has a time of change at all.
    pub dated: bool,
    /// Whether its records have line items, which lists without pages leave out.
    pub lines: bool,
    /// `/{id}/Attachments` is offered.
    pub attachments: bool,
    /// `/{id}/History` is offered.
    pub history: bool,
    pub put: Takes,
    pub post: Takes,
    /// `DELETE /{id}` is offered.
    pub delete: bool,
}

const PLAIN: About = About {
    path: "",
    collection: "",
    id: "",
    name: "",
    found_by_name: false,
    type_: "",
    status: "Status",
    currency: "",
    amounts: ["Total", "TotalTax", ""],
    pages: Pages::No,
    changes: true,
    areas: &["settings"],
    unit_prices: false,
    twin: false,
    dated: true,
    lines: false,
    attachments: false,
    history: false,
    put: Takes::Nothing,
    post: Takes::Nothing,
    delete: false,
};

const SETTING: About = About { changes: false, dated: false, ..PLAIN };

const DOCUMENT: About = About {
    type_: "Type",
    currency: "CurrencyCode",
    pages: Pages::Sized,
    areas: &["transactions", "invoices"],
    unit_prices: true,
    lines: true,
    attachments: true,
    history: true,
    put: Takes::Many,
    post: Takes::Many,
    ..PLAIN
};

const MONEY: About = About { areas: &["transactions", "payments"], attachments: false, twin: true, ..DOCUMENT };

impl Kind {
    /// What differs.
    pub const fn about(self) -> &'static About {
        match self {
            Organisations => &About {
                path: "Organisation",
                collection: "Organisations",
                id: "OrganisationID",
                name: "Name",
                status: "OrganisationStatus",
                currency: "BaseCurrency",
                ..SETTING
            },
            Currencies => {
                &About { path: "Currencies", collection: "Currencies", id: "Code", name: "Code", put: Takes::One, ..SETTING }
            }
            Accounts => &About {
                path: "Accounts",
                collection: "Accounts",
                id: "AccountID",
                name: "Code",
                type_: "Type",
                currency: "CurrencyCode",
                attachments: true,
                put: Takes::One,
                delete: true,
                ..PLAIN
            },
            TaxRates => &About {
                path: "TaxRates",
                collection: "TaxRates",
                id: "TaxType",
                name: "TaxType",
                found_by_name: true,
                put: Takes::Many,
                post: Takes::Many,
                ..SETTING
            },
            Items => &About {
                path: "Items",
                collection: "Items",
                id: "ItemID",
                name: "Code",
                found_by_name: true,
                unit_prices: true,
                history: true,
                put: Takes::Many,
                post: Takes::Many,
                delete: true,
                ..PLAIN
            },
            Contacts => &About {
                path: "Contacts",
                collection: "Contacts",
                id: "ContactID",
                name: "Name",
                status: "ContactStatus",
                currency: "DefaultCurrency",
                pages: Pages::Sized,
                areas: &["contacts"],
                attachments: true,
                history: true,
                put: Takes::Many,
                post: Takes::Many,
                ..PLAIN
            },
            Invoices => &About {
                path: "Invoices",
                collection: "Invoices",
                id: "InvoiceID",
                name: "InvoiceNumber",
                found_by_name: true,
                amounts: ["Total", "TotalTax", "AmountDue"],
                twin: true,
                ..DOCUMENT
            },
            Payments => &About {
                path: "Payments",
                collection: "Payments",
                id: "PaymentID",
                type_: "PaymentType",
                currency: "",
                amounts: ["Amount", "", ""],
                unit_prices: false,
                lines: false,
                post: Takes::One,
                ..MONEY
            },
            Overpayments => &About {
                path: "Overpayments",
                collection: "Overpayments",
                id: "OverpaymentID",
                amounts: ["Total", "TotalTax", "RemainingCredit"],
                put: Takes::Nothing,
                post: Takes::Nothing,
                ..MONEY
            },
            Prepayments => &About {
                path: "Prepayments",
                collection: "Prepayments",
                id: "PrepaymentID",
                amounts: ["Total", "TotalTax", "RemainingCredit"],
                put: Takes::Nothing,
                post: Takes::Nothing,
                ..MONEY
            },
            CreditNotes => &About {
                path: "CreditNotes",
                collection: "CreditNotes",
                id: "CreditNoteID",
                name: "CreditNoteNumber",
                found_by_name: true,
                amounts: ["Total", "TotalTax", "RemainingCredit"],
                twin: true,
                ..DOCUMENT
            },
            BankTransactions => &About {
                path: "BankTransactions",
                collection: "BankTransactions",
                id: "BankTransactionID",
                areas: &["transactions", "banktransactions"],
                ..DOCUMENT
            },
            BankTransfers => &About {
                path: "BankTransfers",
                collection: "BankTransfers",
                id: "BankTransferID",
                amounts: ["Amount", "", ""],
                dated: false,
                areas: &["transactions", "banktransactions"],
                attachments: true,
                history: true,
                put: Takes::Many,
                post: Takes::Many,
                ..PLAIN
            },
            BatchPayments => &About {
                path: "BatchPayments",
                collection: "BatchPayments",
                id: "BatchPaymentID",
                type_: "Type",
                amounts: ["TotalAmount", "", ""],
                areas: &["transactions", "payments"],
                history: true,
                put: Takes::Many,
                post: Takes::One,
                ..PLAIN
            },
            ManualJournals => &About {
                path: "ManualJournals",
                collection: "ManualJournals",
                id: "ManualJournalID",
                amounts: ["", "", ""],
                pages: Pages::Sized,
                areas: &["transactions", "manualjournals"],
                lines: true,
                attachments: true,
                history: true,
                put: Takes::Many,
                post: Takes::Many,
                ..PLAIN
            },
            Quotes => &About {
                path: "Quotes",
                collection: "Quotes",
                id: "QuoteID",
                name: "QuoteNumber",
                type_: "",
                pages: Pages::Hundred,
                ..DOCUMENT
            },
            PurchaseOrders => &About {
                path: "PurchaseOrders",
                collection: "PurchaseOrders",
                id: "PurchaseOrderID",
                name: "PurchaseOrderNumber",
                found_by_name: true,
                type_: "",
                ..DOCUMENT
            },
            RepeatingInvoices => &About {
                path: "RepeatingInvoices",
                collection: "RepeatingInvoices",
                id: "RepeatingInvoiceID",
                pages: Pages::No,
                changes: false,
                dated: false,
                ..DOCUMENT
            },
            TrackingCategories => &About {
                path: "TrackingCategories",
                collection: "TrackingCategories",
                id: "TrackingCategoryID",
                name: "Name",
                put: Takes::One,
                delete: true,
                ..SETTING
            },
            ContactGroups => &About {
                path: "ContactGroups",
                collection: "ContactGroups",
                id: "ContactGroupID",
                name: "Name",
                areas: &["contacts"],
                put: Takes::Many,
                ..SETTING
            },
            Users => &About { path: "Users", collection: "Users", id: "UserID", status: "", ..PLAIN },
            BrandingThemes => &About {
                path: "BrandingThemes",
                collection: "BrandingThemes",
                id: "BrandingThemeID",
                name: "Name",
                status: "",
                ..SETTING
            },
            LinkedTransactions => &About {
                path: "LinkedTransactions",
                collection: "LinkedTransactions",
                id: "LinkedTransactionID",
                type_: "Type",
                pages: Pages::Hundred,
                changes: false,
                areas: &["transactions", "invoices"],
                put: Takes::One,
                post: Takes::One,
                delete: true,
                ..PLAIN
            },
        }
    }

    /// The word in the path.
    pub fn path(self) -> &'static str {
        self.about().path
    }

    /// The key of the list in an answer.
    pub fn collection(self) -> &'static str {
        self.about().collection
    }

    /// The field that holds the record's id.
    pub fn id_field(self) -> &'static str {
        self.about().id
    }

    /// Records whose id is their code: their key in the store is made of the organisation and the code.
    pub fn is_coded(self) -> bool {
        matches!(self, TaxRates | Currencies)
    }

    /// The kind of a path, as Xero compares it: without regard to case. `Organisations` is taken too: clients that run against Xero
    /// every day ask for it.
    pub fn of_path(path: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.path().eq_ignore_ascii_case(path) || kind.collection().eq_ignore_ascii_case(path))
    }

    /// How the store knows it.
    pub fn number(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_where_its_number_says_and_has_words_of_its_own() {
        for (index, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind.number(), index as i64);
            assert_eq!(Kind::of_path(&kind.path().to_lowercase()), Some(kind));
            assert!(!kind.id_field().is_empty() && !kind.collection().is_empty());
        }
    }
}
