//! The report of a reconciliation: both ledgers account by account, and what is owed contact by contact. Sealed with the tenant's key
//! and kept for 30 days.

use chrono::NaiveDate;
use entities::ids::{RunId, TenantId};
use entities::report;
use entities::sealed::Place;
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::context::{Context, Failure};

/// What a reconciliation found of the two ledgers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Both trial balances are as at the end of this day.
    pub day: NaiveDate,
    /// The organisations' own currency.
    pub currency: String,
    pub source: Source,
    pub accounts: Vec<AccountRow>,
    /// The day by which documents are overdue or not.
    pub owed_day: NaiveDate,
    pub receivable: Ageing,
    pub payable: Ageing,
}

/// Where Zoho's side comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Zoho's own trial balance.
    #[default]
    TrialBalance,
    /// The balances of the chart of accounts, where the report does not answer. They are those of the moment.
    Chart,
}

/// One account: debits are positive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub code: String,
    pub name: String,
    pub xero: Decimal,
    pub zoho: Decimal,
    /// What the difference, Zoho less Xero, is made of.
    pub parts: Vec<Part>,
}

/// A part of a difference, and its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub cause: String,
    pub amount: Decimal,
}

impl Part {
    pub fn named(cause: &str, amount: Decimal) -> Self {
        Self { cause: cause.to_owned(), amount }
    }
}

/// Who owes, or is owed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ageing {
    pub rows: Vec<AgeingRow>,
    /// Not every contact has a line of its own.
    pub is_cut: bool,
}

/// One contact in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgeingRow {
    pub contact: String,
    pub currency: String,
    pub xero: Buckets,
    pub zoho: Buckets,
    pub parts: Vec<Part>,
}

/// Not yet due, and overdue for up to 30, 60, 90 and for more days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buckets(pub [Decimal; 5]);

impl Buckets {
    pub fn add(&mut self, amount: Decimal, due: NaiveDate, day: NaiveDate) {
        let place = match (day - due).num_days() {
            ..=0 => 0,
            1..=30 => 1,
            31..=60 => 2,
            61..=90 => 3,
            _ => 4,
        };
        self.0[place] += amount;
    }

    pub fn join(&mut self, other: &Buckets) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }

    pub fn sum(&self) -> Decimal {
        self.0.iter().sum()
    }

    pub fn is_nothing(&self) -> bool {
        self.0.iter().all(Decimal::is_zero)
    }
}

impl AccountRow {
    pub fn difference(&self) -> Decimal {
        self.zoho - self.xero
    }

    /// Says of so much of the difference what it comes from.
    pub fn name_part(&mut self, cause: &str, amount: Decimal) {
        match self.parts.iter_mut().find(|part| part.cause == cause) {
            Some(part) => part.amount += amount,
            None => self.parts.push(Part::named(cause, amount)),
        }
    }
}

/// What a cause means, for the person who signs the report.
pub fn meaning(cause: &str) -> &'static str {
    match cause {
        "ROUNDING_PER_LINE" => {
            "Xero and Zoho Books round at different places; the cents stand in Zoho's account for adjustments."
        }
        "TAX_BY_HAND" => "Tax was typed by hand in Xero and differs from its rate.",
        "FX_RATE_SOURCE" => "Amounts in other currencies are converted at other rates or rounded differently.",
        "GAIN_OF_ANOTHER_YEAR" => {
            "A gain of exchange rates is counted on another day in Zoho Books, and falls into another financial year."
        }
        "OPENING_BALANCE" => "The amount is older than every record: an opening balance.",
        "OPENING_NOT_WRITTEN" => "An opening balance that could not be written into Zoho Books.",
        "OUT_OF_SCOPE" => "Records outside the chosen scope of the migration stayed in Xero.",
        "LOCKED_PERIOD" => "Records fall into a period that is locked in Zoho Books.",
        "HELD" => "Records are held; each is listed with what cures it.",
        "UNUSED_CREDIT" => "A payment in advance stands on another account in Zoho Books until it is used.",
        "CURRENCY_DECIMALS" => "The currency has fewer decimals in Zoho Books than the amount has in Xero.",
        "CREDIT_NOT_CARRIED" => "It was settled in Xero by a credit that is not in Zoho Books.",
        "CHANGED_SINCE" => "Records changed in Xero after they were carried; the next run carries the change.",
        "NOT_CARRIED" => "Records are in Xero and were never carried; each is listed.",
        "ZOHO_OWN" => "Records that were made in Zoho Books itself.",
        "MISSING_IN_ZOHO" => "Records were deleted in Zoho Books after they had arrived.",
        "STATUS" => "Records have another status in Zoho Books than in Xero.",
        "DOCUMENT_DIFFERS" => "Records differ; each is listed with its difference.",
        "NOT_LOOKED_AT" => "So many records differ that not all were looked at.",
        _ => "Nobody can say why yet.",
    }
}

/// Whether a difference with this cause is what it should be.
pub fn is_explained(cause: &str) -> bool {
    !matches!(
        cause,
        "UNEXPLAINED"
            | "NOT_CARRIED"
            | "MISSING_IN_ZOHO"
            | "STATUS"
            | "DOCUMENT_DIFFERS"
            | "NOT_LOOKED_AT"
            | "OPENING_NOT_WRITTEN"
    )
}

/// Where a report is sealed.
pub fn place(run: RunId) -> Place<'static> {
    Place { table: "report", column: "body", row: run.0 }
}

/// The report of a run, while it is kept.
pub async fn of(context: &Context, tenant: TenantId, run: RunId) -> Result<Option<Report>, Failure> {
    let found = report::Entity::of(tenant).filter(report::Column::RunId.eq(run)).one(&context.database).await?;
    let Some(found) = found else { return Ok(None) };
    let plain = context.tenant_key(tenant).await?.open(place(run), &found.body)?;
    serde_json::from_slice(&plain).map(Some).map_err(|error| Failure::Bug(format!("a stored report: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_in_one_bucket() {
        let day = "2026-11-26".parse().unwrap();
        for (due, place) in [
            ("2027-01-01", 0),
            ("2026-11-26", 0),
            ("2026-11-25", 1),
            ("2026-10-27", 1),
            ("2026-10-26", 2),
            ("2026-09-27", 2),
            ("2026-09-26", 3),
            ("2026-08-28", 3),
            ("2026-08-27", 4),
        ] {
            let mut buckets = Buckets::default();
            buckets.add(Decimal::ONE, due.parse().unwrap(), day);
            assert_eq!(buckets.0.iter().position(|sum| !sum.is_zero()), Some(place), "{due}");
        }
    }

    #[test]
    fn a_report_is_kept_as_it_was() {
        let mut report = Report { currency: "NZD".into(), source: Source::Chart, ..Report::default() };
        let parts = vec![Part::named("HELD", "-0.01".parse().unwrap())];
        report.accounts.push(AccountRow { code: "200".into(), name: "Sales".into(), parts, ..AccountRow::default() });
        let kept: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(kept, report);
    }
}
