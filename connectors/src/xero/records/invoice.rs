//! A sales invoice or a bill: Xero keeps both as invoices.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::Tracking;
use crate::xero::carrier::part;
use crate::xero::{Carrier, Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Invoice {
    #[serde(rename = "InvoiceID")]
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: InvoiceType,
    pub status: InvoiceStatus,
    /// A bill's is the supplier's, and may be missing or repeated.
    #[serde(default, deserialize_with = "wire::text")]
    pub invoice_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    pub contact: OfContact,
    /// A calendar date, never shifted.
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub due_date: Option<NaiveDate>,
    #[serde(default)]
    pub line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    pub line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    /// Foreign units for one of the organisation's own.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(deserialize_with = "wire::amount")]
    pub sub_total: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total_tax: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total: Decimal,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub amount_due: Option<Decimal>,
    /// Paid by credit notes, prepayments and overpayments.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub amount_credited: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::list")]
    pub credit_notes: Vec<Applied>,
    #[serde(default, deserialize_with = "wire::list")]
    pub prepayments: Vec<Applied>,
    #[serde(default, deserialize_with = "wire::list")]
    pub overpayments: Vec<Applied>,
    /// The day on which nothing of it was owed any more.
    #[serde(rename = "FullyPaidOnDate", default, deserialize_with = "wire::optional_day")]
    pub fully_paid_on: Option<NaiveDate>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum InvoiceType {
    /// A sales invoice.
    AccRec,
    /// A bill.
    AccPay,
    AccPayCredit,
    ApOverpayment,
    ApPrepayment,
    AccRecCredit,
    ArOverpayment,
    ArPrepayment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum InvoiceStatus {
    Draft,
    Submitted,
    Deleted,
    Authorised,
    Paid,
    Voided,
}

/// What a line's amount includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum LineAmountTypes {
    #[default]
    #[serde(alias = "EXCLUSIVE")]
    Exclusive,
    #[serde(alias = "INCLUSIVE")]
    Inclusive,
    #[serde(alias = "NOTAX")]
    NoTax,
}

/// The part of a credit that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Applied {
    #[serde(rename = "AppliedAmount", default, deserialize_with = "wire::optional_amount")]
    pub amount: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct OfContact {
    #[serde(rename = "ContactID")]
    pub id: String,
    #[serde(rename = "Name", default, deserialize_with = "wire::text")]
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LineItem {
    #[serde(default, deserialize_with = "wire::text")]
    pub description: String,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub quantity: Option<Decimal>,
    /// Four decimals, because we ask with `unitdp=4`.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub unit_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub item_code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub account_code: String,
    #[serde(rename = "AccountID", default, deserialize_with = "wire::text")]
    pub account_id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub tax_type: String,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub tax_amount: Option<Decimal>,
    /// After the discount.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub line_amount: Option<Decimal>,
    /// Per cent.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub discount_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub discount_amount: Option<Decimal>,
    /// One option of each of two categories at most.
    #[serde(default, deserialize_with = "wire::list")]
    pub tracking: Vec<Tracking>,
}

/// What lines have in a place that may carry a custom field's value.
pub(super) fn said_in(lines: &[LineItem], carrier: &Carrier) -> String {
    let found = lines.iter().find_map(|line| match carrier {
        Carrier::LinePart { label } => part(&line.description, label).map(str::to_owned),
        Carrier::Tracking { category } => {
            line.tracking.iter().find(|one| one.category == *category).map(|one| one.option_name.clone())
        }
        _ => None,
    });
    found.unwrap_or_default()
}

impl LineItem {
    /// A line that only says something: no amount, no account, no item.
    pub fn is_text(&self) -> bool {
        let nothing = |amount: Option<Decimal>| amount.is_none_or(|amount| amount.is_zero());
        nothing(self.unit_amount)
            && nothing(self.line_amount)
            && self.item_code.is_empty()
            && self.account_code.is_empty()
            && self.account_id.is_empty()
    }

    pub fn quantity(&self) -> Decimal {
        self.quantity.unwrap_or(Decimal::ONE)
    }

    /// What the line comes to, whichever of its three numbers Xero left out.
    pub fn amount(&self) -> Decimal {
        self.line_amount.unwrap_or_else(|| {
            let gross = self.quantity().checked_mul(self.unit_amount.unwrap_or_default()).unwrap_or_default();
            gross.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        })
    }

    pub fn unit_amount(&self) -> Decimal {
        self.unit_amount.unwrap_or_else(|| self.amount().checked_div(self.quantity()).unwrap_or_default())
    }
}

impl Invoice {
    /// The organisation's own currency has the rate 1 or none.
    pub fn rate(&self) -> Decimal {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE)
    }

    /// What credits settled of it, part by part; what of a credit was applied.
    pub fn credits(&self) -> Vec<Decimal> {
        let parts = [&self.credit_notes, &self.prepayments, &self.overpayments].into_iter().flatten();
        parts.filter_map(|part| part.amount).filter(|amount| !amount.is_zero()).collect()
    }

    /// The number people know it by; one made from Xero's id where there is none.
    pub fn number(&self) -> String {
        super::number_or(&self.invoice_number, &self.id)
    }
}

impl Record for Invoice {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        match self.kind {
            InvoiceType::AccPay => format!("Bill {}", self.number()),
            InvoiceType::AccRecCredit => format!("Credit note {}", self.number()),
            InvoiceType::AccPayCredit => format!("Vendor credit {}", self.number()),
            _ => format!("Invoice {}", self.number()),
        }
    }
    fn says(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::Reference => self.reference.trim().to_owned(),
            Carrier::LinePart { .. } | Carrier::Tracking { .. } => said_in(&self.line_items, carrier),
            _ => String::new(),
        }
    }
}
