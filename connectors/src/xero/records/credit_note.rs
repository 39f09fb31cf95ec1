//! A credit note of either side, read as the document that it is: an invoice the other way round. What it is used for lives inside it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::{Applied, Invoice, InvoiceStatus, InvoiceType, LineAmountTypes, LineItem, OfContact};
use crate::xero::{Carrier, Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct CreditNote {
    /// What is left of it is what is due.
    pub document: Invoice,
    pub allocations: Vec<CreditAllocation>,
}

/// A part of a credit that settles a part of an invoice or bill. It is made and deleted, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditAllocation {
    /// The credit's id, a colon, and its own.
    pub id: String,
    pub credit: OfCredit,
    /// In the currency of both.
    pub amount: Decimal,
    /// A calendar date, never shifted.
    pub date: NaiveDate,
    pub invoice: AllocatedTo,
    /// The one before it in the same credit that nothing but its id tells apart: same document, same amount.
    pub twin: Option<String>,
    /// How many such ones there are before it.
    pub twins: usize,
}

/// What an allocation has to know of the credit that it lives in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfCredit {
    pub id: String,
    pub kind: InvoiceType,
    pub status: InvoiceStatus,
    pub label: String,
    pub date: NaiveDate,
    pub currency_code: String,
    pub currency_rate: Option<Decimal>,
    pub updated_us: i64,
}

/// What is settled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocatedTo {
    #[serde(rename = "InvoiceID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub invoice_number: String,
    /// Xero does not always tell it here.
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
}

/// An allocation as it is written inside its credit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenAllocation {
    #[serde(rename = "AllocationID", default, deserialize_with = "wire::text")]
    id: String,
    #[serde(deserialize_with = "wire::amount")]
    amount: Decimal,
    #[serde(deserialize_with = "wire::day")]
    date: NaiveDate,
    #[serde(default)]
    invoice: AllocatedTo,
    #[serde(default, deserialize_with = "wire::flag")]
    is_deleted: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(rename = "CreditNoteID")]
    id: String,
    #[serde(rename = "Type")]
    kind: InvoiceType,
    status: InvoiceStatus,
    #[serde(default, deserialize_with = "wire::text")]
    credit_note_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    reference: String,
    contact: OfContact,
    #[serde(deserialize_with = "wire::day")]
    date: NaiveDate,
    #[serde(default)]
    line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "wire::text")]
    currency_code: String,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    currency_rate: Option<Decimal>,
    #[serde(deserialize_with = "wire::amount")]
    sub_total: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    total_tax: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    total: Decimal,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    remaining_credit: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::optional_day")]
    fully_paid_on_date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::list")]
    allocations: Vec<WrittenAllocation>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    updated_us: i64,
}

impl From<Written> for CreditNote {
    fn from(note: Written) -> Self {
        let document = Invoice {
            id: note.id,
            kind: note.kind,
            status: note.status,
            invoice_number: note.credit_note_number,
            reference: note.reference,
            contact: note.contact,
            date: note.date,
            // Zoho's credits have none, and Xero's mean nothing by it.
            due_date: None,
            line_amount_types: note.line_amount_types,
            line_items: note.line_items,
            currency_code: note.currency_code,
            currency_rate: note.currency_rate,
            sub_total: note.sub_total,
            total_tax: note.total_tax,
            total: note.total,
            amount_due: note.remaining_credit,
            amount_credited: None,
            credit_notes: note
                .allocations
                .iter()
                .filter(|one| !one.is_deleted)
                .map(|one| Applied { amount: Some(one.amount) })
                .collect(),
            prepayments: Vec::new(),
            overpayments: Vec::new(),
            fully_paid_on: note.fully_paid_on_date,
            updated_us: note.updated_us,
        };
        let credit = OfCredit {
            id: document.id.clone(),
            kind: document.kind,
            status: document.status,
            label: document.label(),
            date: document.date,
            currency_code: document.currency_code.clone(),
            currency_rate: document.currency_rate,
            updated_us: document.updated_us,
        };
        Self { allocations: allocations(&credit, note.allocations), document }
    }
}

/// The allocations of one credit. Those without an id of their own, as older ones may be, are told apart by their place.
fn allocations(credit: &OfCredit, written: Vec<WrittenAllocation>) -> Vec<CreditAllocation> {
    let mut all: Vec<CreditAllocation> = Vec::with_capacity(written.len());
    for one in written.into_iter().filter(|one| !one.is_deleted) {
        let place = all.iter().filter(|other| other.invoice.id == one.invoice.id).count();
        let own = if one.id.is_empty() { format!("{}-{place}", one.invoice.id) } else { one.id };
        let is_twin = |other: &&CreditAllocation| other.invoice.id == one.invoice.id && other.amount == one.amount;
        let twins = all.iter().filter(is_twin).count();
        let twin = all.iter().rfind(is_twin).map(|other| other.id.clone());
        all.push(CreditAllocation {
            id: format!("{}:{own}", credit.id),
            credit: credit.clone(),
            amount: one.amount,
            date: one.date,
            invoice: one.invoice,
            twin,
            twins,
        });
    }
    all
}

impl Record for CreditNote {
    fn id(&self) -> &str {
        &self.document.id
    }
    fn updated_us(&self) -> i64 {
        self.document.updated_us
    }
    fn label(&self) -> String {
        self.document.label()
    }
    fn says(&self, carrier: &Carrier) -> String {
        self.document.says(carrier)
    }
}

/// Never read by itself: it is taken out of its credit.
impl<'de> Deserialize<'de> for CreditAllocation {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("an allocation outside its credit"))
    }
}

impl Record for CreditAllocation {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.credit.updated_us
    }
    fn label(&self) -> String {
        let number = self.invoice.invoice_number.trim();
        let to = if number.is_empty() { String::new() } else { format!(" to {number}") };
        format!("The allocation of {:.2} of {}{to}", self.amount, self.credit.label)
    }
}
