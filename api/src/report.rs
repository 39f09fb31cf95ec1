//! The report of a reconciliation as one document: for a page, as JSON, as CSV. What it names is kept for 30 days and no longer.

use connectors::flows;
use entities::clock::At;
use entities::ids::TenantId;
use entities::{run, tenant};
use jobs::context::{Context, Failure};
use jobs::report::{AccountRow, Ageing, AgeingRow, Part, Report, Source, is_explained, meaning};
use jobs::{holds, runs};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde::Serialize;

/// Differences and held records that are written out; the rest is a number.
const LISTED_MAX: u64 = 1_000;

/// Everything a reconciliation came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub tenant: String,
    /// Equal to the cent, or every difference named, and nothing held that was not announced.
    pub clean: bool,
    /// When the comparison ended, in UTC.
    pub compared_at: String,
    pub records: Vec<Records>,
    /// Nothing once it has expired, or of a reconciliation before there was one.
    pub ledger: Option<Ledger>,
    pub differences: Vec<Difference>,
    pub held: Vec<Held>,
    pub held_total: u64,
}

/// One kind of record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Records {
    pub title: String,
    pub in_xero: i64,
    pub in_zoho: i64,
    pub held: i64,
    pub differences: i64,
}

/// Both general ledgers.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// As at the end of this day.
    pub day: String,
    pub currency: String,
    /// Where Zoho's side is from, in words.
    pub source: &'static str,
    pub accounts: Vec<Account>,
    pub xero_debits: Decimal,
    pub zoho_debits: Decimal,
    pub owed_day: String,
    pub receivable: Owed,
    pub payable: Owed,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub code: String,
    pub name: String,
    pub xero: Decimal,
    pub zoho: Decimal,
    pub difference: Decimal,
    pub causes: Vec<Cause>,
}

/// A part of a difference.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    pub cause: String,
    pub amount: Decimal,
    pub explained: bool,
    pub meaning: &'static str,
}

/// Receivables or payables.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owed {
    pub contacts: Vec<Contact>,
    /// There are so many contacts that not each has a line of its own.
    pub is_cut: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub contact: String,
    pub currency: String,
    /// Not yet due, and overdue for up to 30, 60, 90 and for more days.
    pub xero: [Decimal; 5],
    pub zoho: [Decimal; 5],
    pub xero_total: Decimal,
    pub zoho_total: Decimal,
    pub difference: Decimal,
    pub causes: Vec<Cause>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub title: String,
    pub level: i32,
    pub cause: String,
    pub explained: bool,
    pub sentence: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    pub title: String,
    pub code: String,
    pub expected: bool,
    pub sentence: String,
}

/// The newest run of a tenant that compared both sides.
pub async fn newest(context: &Context, tenant: TenantId) -> Result<Option<run::Model>, Failure> {
    Ok(run::Entity::of(tenant)
        .filter(run::Column::Clean.is_not_null())
        .filter(run::Column::State.eq("done"))
        .order_by_desc(run::Column::EndedAt)
        .one(&context.database)
        .await?)
}

/// The document of a run that compared.
pub async fn read(context: &Context, tenant: &tenant::Model, run: &run::Model) -> Result<Document, Failure> {
    let counts = runs::progress(context, tenant.id, run.id).await?.map(|progress| progress.counts).unwrap_or_default();
    let records = counts
        .into_iter()
        .filter(|count| count.xero_count + count.zoho_count + count.held + count.findings > 0)
        .map(|count| Records {
            title: title(&count.flow),
            in_xero: count.xero_count,
            in_zoho: count.zoho_count,
            held: count.held + count.waiting,
            differences: count.findings,
        })
        .collect();
    let ledger = jobs::report::of(context, tenant.id, run.id).await?.map(Ledger::of);
    let findings = holds::findings(context, tenant.id, run.id, LISTED_MAX).await?;
    let (held, held_total) = holds::list(context, tenant.id, run.link_id, 0, LISTED_MAX).await?;
    Ok(Document {
        tenant: tenant.name.clone(),
        clean: run.clean == Some(true),
        compared_at: run.ended_at.map(moment).unwrap_or_default(),
        records,
        ledger,
        // The accounts have a table of their own.
        differences: findings
            .into_iter()
            .filter(|finding| finding.level < 3)
            .map(|finding| Difference {
                title: title(&finding.flow),
                level: finding.level,
                cause: finding.cause,
                explained: finding.explained,
                sentence: finding.sentence,
            })
            .collect(),
        held: held
            .into_iter()
            .map(|hold| Held { title: title(&hold.flow), code: hold.code, expected: hold.expected, sentence: hold.sentence })
            .collect(),
        held_total,
    })
}

impl Ledger {
    pub fn of(report: Report) -> Self {
        let debits = |side: fn(&AccountRow) -> Decimal| -> Decimal {
            report.accounts.iter().map(side).filter(|amount| amount.is_sign_positive()).sum()
        };
        let (xero_debits, zoho_debits) = (debits(|row| row.xero), debits(|row| row.zoho));
        Self {
            day: report.day.to_string(),
            currency: report.currency,
            source: source(report.source),
            accounts: report.accounts.into_iter().map(Account::of).collect(),
            xero_debits,
            zoho_debits,
            owed_day: report.owed_day.to_string(),
            receivable: Owed::of(report.receivable),
            payable: Owed::of(report.payable),
        }
    }
}

impl Account {
    fn of(row: AccountRow) -> Self {
        let difference = row.difference();
        Self { code: row.code, name: row.name, xero: row.xero, zoho: row.zoho, difference, causes: causes(row.parts) }
    }
}

impl Owed {
    fn of(ageing: Ageing) -> Self {
        Self { contacts: ageing.rows.into_iter().map(Contact::of).collect(), is_cut: ageing.is_cut }
    }

    /// Contacts whose sums differ.
    pub fn differing(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.iter().filter(|contact| !contact.causes.is_empty())
    }

    /// Both sides' buckets by currency, for the totals of a table.
    pub fn totals(&self) -> Vec<Contact> {
        let mut totals: Vec<Contact> = Vec::new();
        for one in &self.contacts {
            let total = match totals.iter().position(|total| total.currency == one.currency) {
                Some(place) => &mut totals[place],
                None => {
                    totals.push(Contact::of(AgeingRow { currency: one.currency.clone(), ..AgeingRow::default() }));
                    let last = totals.len() - 1;
                    &mut totals[last]
                }
            };
            for place in 0..one.xero.len() {
                total.xero[place] += one.xero[place];
                total.zoho[place] += one.zoho[place];
            }
            total.xero_total += one.xero_total;
            total.zoho_total += one.zoho_total;
            total.difference += one.difference;
        }
        totals
    }
}

impl Contact {
    fn of(row: AgeingRow) -> Self {
        let (xero_total, zoho_total) = (row.xero.sum(), row.zoho.sum());
        Self {
            contact: row.contact,
            currency: row.currency,
            xero: row.xero.0,
            zoho: row.zoho.0,
            xero_total,
            zoho_total,
            difference: zoho_total - xero_total,
            causes: causes(row.parts),
        }
    }
}

fn causes(parts: Vec<Part>) -> Vec<Cause> {
    let cause = |part: Part| Cause {
        amount: part.amount,
        explained: is_explained(&part.cause),
        meaning: meaning(&part.cause),
        cause: part.cause,
    };
    parts.into_iter().map(cause).collect()
}

fn source(source: Source) -> &'static str {
    match source {
        Source::TrialBalance => "Zoho's trial balance",
        Source::Chart => "the balances of Zoho's chart of accounts, because its trial balance did not answer",
    }
}

fn moment(at: At) -> String {
    at.to_utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

fn title(flow: &str) -> String {
    flows::flow(flow).map_or_else(|| flow.to_owned(), |flow| flow.title().to_owned())
}

impl Document {
    /// One table for a spreadsheet: every line says what it is about.
    pub fn csv(&self) -> String {
        let mut csv = Csv::default();
        csv.line(&["what", "code", "name", "currency", "xero", "zoho", "difference", "cause", "explained", "sentence"]);
        for one in &self.records {
            let (xero, zoho) = (one.in_xero.to_string(), one.in_zoho.to_string());
            let difference = (one.in_zoho - one.in_xero).to_string();
            csv.line(&["records", "", &one.title, "", &xero, &zoho, &difference, "", "", ""]);
        }
        if let Some(ledger) = &self.ledger {
            for one in &ledger.accounts {
                let [xero, zoho, difference] = [one.xero, one.zoho, one.difference].map(shown);
                csv.line(&["account", &one.code, &one.name, &ledger.currency, &xero, &zoho, &difference, "", "", ""]);
                for cause in &one.causes {
                    csv.cause("account cause", &one.code, &one.name, &ledger.currency, cause);
                }
            }
            for (what, owed) in [("receivable", &ledger.receivable), ("payable", &ledger.payable)] {
                for one in &owed.contacts {
                    let [xero, zoho, difference] = [one.xero_total, one.zoho_total, one.difference].map(shown);
                    csv.line(&[what, "", &one.contact, &one.currency, &xero, &zoho, &difference, "", "", ""]);
                    for cause in &one.causes {
                        csv.cause(&format!("{what} cause"), "", &one.contact, &one.currency, cause);
                    }
                }
            }
        }
        for one in &self.differences {
            let explained = one.explained.to_string();
            csv.line(&["difference", "", &one.title, "", "", "", "", &one.cause, &explained, &one.sentence]);
        }
        for one in &self.held {
            csv.line(&["held", "", &one.title, "", "", "", "", &one.code, &one.expected.to_string(), &one.sentence]);
        }
        csv.0
    }
}

/// An amount as people write it: two decimals at least.
pub fn shown(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    if amount.scale() < 2 {
        amount.rescale(2);
    }
    amount.to_string()
}

#[derive(Default)]
struct Csv(String);

impl Csv {
    fn line(&mut self, cells: &[&str]) {
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.cell(cell);
        }
        self.0.push_str("\r\n");
    }

    fn cause(&mut self, what: &str, code: &str, name: &str, currency: &str, cause: &Cause) {
        let (amount, explained) = (shown(cause.amount), cause.explained.to_string());
        self.line(&[what, code, name, currency, "", "", &amount, &cause.cause, &explained, cause.meaning]);
    }

    /// Quoted where it must be. A text that a spreadsheet would take for a formula is made a text; a number stays one.
    fn cell(&mut self, text: &str) {
        let is_number = text.parse::<Decimal>().is_ok();
        let text = match text.chars().next() {
            Some('=' | '+' | '-' | '@' | '\t' | '\r') if !is_number => format!("'{text}"),
            _ => text.to_owned(),
        };
        if text.contains(['"', ',', '\n', '\r']) {
            self.0.push('"');
            self.0.push_str(&text.replace('"', "\"\""));
            self.0.push('"');
        } else {
            self.0.push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use jobs::report::Buckets;

    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn document() -> Document {
        let part = |cause: &str, amount: &str| Part { cause: cause.into(), amount: dec(amount) };
        let mut buckets = Buckets::default();
        buckets.0[1] = dec("12.5");
        let ageing = Ageing {
            rows: vec![AgeingRow {
                contact: "=HYPERLINK(\"evil\")".into(),
                currency: "NZD".into(),
                xero: buckets,
                zoho: Buckets::default(),
                parts: vec![part("HELD", "-12.5")],
            }],
            is_cut: false,
        };
        let row = AccountRow {
            code: "200".into(),
            name: "Sales, \"all\"".into(),
            xero: dec("-100"),
            zoho: dec("-99.99"),
            parts: vec![part("UNEXPLAINED", "0.01")],
        };
        let report = Report { currency: "NZD".into(), accounts: vec![row], receivable: ageing, ..Report::default() };
        Document {
            tenant: "Brusch".into(),
            clean: false,
            compared_at: String::new(),
            records: Vec::new(),
            ledger: Some(Ledger::of(report)),
            differences: Vec::new(),
            held: Vec::new(),
            held_total: 0,
        }
    }

    #[test]
    fn a_spreadsheet_gets_numbers_as_numbers_and_texts_as_texts() {
        let csv = document().csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines[1], "account,200,\"Sales, \"\"all\"\"\",NZD,-100.00,-99.99,0.01,,,");
        assert!(lines[2].starts_with("account cause,200,\"Sales, \"\"all\"\"\",NZD,,,0.01,UNEXPLAINED,false,"), "{}", lines[2]);
        assert_eq!(lines[3], "receivable,,\"'=HYPERLINK(\"\"evil\"\")\",NZD,12.50,0.00,-12.50,,,");
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn totals_are_by_currency() {
        let ledger = document().ledger.unwrap();
        let totals = ledger.receivable.totals();
        assert_eq!(totals.len(), 1);
        assert_eq!((totals[0].xero[1], totals[0].difference), (dec("12.5"), dec("-12.5")));
        assert_eq!(ledger.receivable.differing().count(), 1);
        assert_eq!((ledger.xero_debits, ledger.zoho_debits), (Decimal::ZERO, Decimal::ZERO));
    }

    #[test]
    fn amounts_have_two_decimals_and_more_where_they_need_them() {
        assert_eq!(["0", "-1.5", "1234.567", "2.00"].map(|text| shown(dec(text))), ["0.00", "-1.50", "1234.567", "2.00"]);
    }
}
