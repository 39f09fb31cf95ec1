//! The lists of the Accounting API that the sandbox keeps.

/// Which list of the Accounting API a record is in.
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
}

pub const KINDS: [Kind; 9] = [
    Kind::Organisations,
    Kind::Currencies,
    Kind::Accounts,
    Kind::TaxRates,
    Kind::Items,
    Kind::Contacts,
    Kind::Invoices,
    Kind::Payments,
    Kind::Overpayments,
];

impl Kind {
    /// The word in the path; the collection's key too, but for `Organisation`.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Organisations => "Organisation",
            other => other.collection(),
        }
    }

    /// The key of the list in an answer.
    pub fn collection(self) -> &'static str {
        match self {
            Kind::Organisations => "Organisations",
            Kind::Currencies => "Currencies",
            Kind::Accounts => "Accounts",
            Kind::TaxRates => "TaxRates",
            Kind::Items => "Items",
            Kind::Contacts => "Contacts",
            Kind::Invoices => "Invoices",
            Kind::Payments => "Payments",
            Kind::Overpayments => "Overpayments",
        }
    }

    /// The field that holds the record's id.
    pub fn id_field(self) -> &'static str {
        match self {
            Kind::Organisations => "OrganisationID",
            Kind::Currencies => "Code",
            Kind::Accounts => "AccountID",
            Kind::TaxRates => "TaxType",
            Kind::Items => "ItemID",
            Kind::Contacts => "ContactID",
            Kind::Invoices => "InvoiceID",
            Kind::Payments => "PaymentID",
            Kind::Overpayments => "OverpaymentID",
        }
    }

    /// The kind of a path, as Xero compares it: without regard to case.
    pub fn of_path(path: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.path().eq_ignore_ascii_case(path))
    }

    /// How the store knows it.
    pub fn number(self) -> i64 {
        self as i64
    }
}
