//! The report of a reconciliation, as staff see it. Amounts are texts: no reader makes floats of them.

use async_graphql::{ComplexObject, Context, Enum, SimpleObject};
use entities::{run, tenant};
use rust_decimal::Decimal;

use super::find;
use crate::error::Error;
use crate::report::{self, Document, Ledger, shown};

/// A table counts for as much as a long list would.
const TABLE_COST: usize = 100;

/// What a reconciliation found of the two general ledgers and of what is owed.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Report {
    /// Both trial balances are as at the end of this day.
    day: String,
    /// The organisations' own currency.
    currency: String,
    /// Where Zoho's side is from, in words.
    source: String,
    /// All debits of either side.
    xero_debits: String,
    zoho_debits: String,
    /// The day by which documents are overdue or not.
    owed_day: String,
    #[graphql(skip)]
    document: Document,
    #[graphql(skip)]
    ledger: Ledger,
}

/// Who owes, or who is owed.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwedBy {
    /// By customers.
    Receivable,
    /// To vendors.
    Payable,
}

/// One account of the trial balance: debits are positive.
#[derive(SimpleObject)]
struct ReportAccount {
    code: String,
    name: String,
    xero: String,
    zoho: String,
    /// Zoho less Xero.
    difference: String,
    causes: Vec<ReportCause>,
}

/// A part of a difference, and its named cause.
#[derive(SimpleObject)]
struct ReportCause {
    cause: String,
    amount: String,
    /// Whether it is what it should be.
    explained: bool,
    /// The cause in words.
    meaning: String,
}

/// What one contact owes or is owed in one currency: not yet due, and overdue for up to 30, 60, 90 and for more days.
#[derive(SimpleObject)]
struct ReportContact {
    contact: String,
    currency: String,
    xero: Vec<String>,
    zoho: Vec<String>,
    xero_total: String,
    zoho_total: String,
    difference: String,
    causes: Vec<ReportCause>,
}

impl Report {
    /// The report of a run, while it is kept.
    pub async fn read(context: &Context<'_>, run: &run::Model) -> Result<Option<Self>, Error> {
        let state = find::state(context)?;
        let tenant = tenant::Entity::of(run.tenant_id).one(&state.database).await?.ok_or(Error::NotFound("tenant"))?;
        let mut document = report::read(state, &tenant, run).await?;
        let Some(ledger) = document.ledger.clone() else { return Ok(None) };
        document.ledger = Some(ledger.clone());
        Ok(Some(Self {
            day: ledger.day.clone(),
            currency: ledger.currency.clone(),
            source: ledger.source.to_owned(),
            xero_debits: shown(ledger.xero_debits),
            zoho_debits: shown(ledger.zoho_debits),
            owed_day: ledger.owed_day.clone(),
            document,
            ledger,
        }))
    }
}

#[ComplexObject]
impl Report {
    /// The trial balance, all accounts or those that differ.
    #[graphql(complexity = "TABLE_COST + child_complexity")]
    async fn accounts(&self, #[graphql(default)] differing_only: bool) -> Vec<ReportAccount> {
        let shows = |one: &&report::Account| !differing_only || !one.causes.is_empty();
        let rows = self.ledger.accounts.iter().filter(shows);
        rows.map(|one| ReportAccount {
            code: one.code.clone(),
            name: one.name.clone(),
            xero: shown(one.xero),
            zoho: shown(one.zoho),
            difference: shown(one.difference),
            causes: causes(&one.causes),
        })
        .collect()
    }

    /// What is owed, contact by contact, all or those whose sums differ.
    #[graphql(complexity = "TABLE_COST + child_complexity")]
    async fn owed(&self, by: OwedBy, #[graphql(default)] differing_only: bool) -> Vec<ReportContact> {
        let owed = match by {
            OwedBy::Receivable => &self.ledger.receivable,
            OwedBy::Payable => &self.ledger.payable,
        };
        let shows = |one: &&report::Contact| !differing_only || !one.causes.is_empty();
        let buckets = |sums: &[Decimal; 5]| sums.iter().map(|sum| shown(*sum)).collect();
        let rows = owed.contacts.iter().filter(shows);
        rows.map(|one| ReportContact {
            contact: one.contact.clone(),
            currency: one.currency.clone(),
            xero: buckets(&one.xero),
            zoho: buckets(&one.zoho),
            xero_total: shown(one.xero_total),
            zoho_total: shown(one.zoho_total),
            difference: shown(one.difference),
            causes: causes(&one.causes),
        })
        .collect()
    }

    /// All of it as one table for a spreadsheet.
    #[graphql(complexity = "TABLE_COST")]
    async fn csv(&self) -> String {
        self.document.csv()
    }
}

fn causes(causes: &[report::Cause]) -> Vec<ReportCause> {
    let cause = |one: &report::Cause| ReportCause {
        cause: one.cause.clone(),
        amount: shown(one.amount),
        explained: one.explained,
        meaning: one.meaning.to_owned(),
    };
    causes.iter().map(cause).collect()
}
