//! What quotes, purchase orders and invoices have in common in CRM: the head around the rows, its amounts to the cent, and its line in a
//! reconciliation.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{refusals, rows};
use crate::flow::{Authority, By, Carry, Cure, Difference, Field, Judgement, Known, Line, Need, Unmappable};
use crate::flows::books::documents::rounding;
use crate::flows::books::lines::{self, Document};
use crate::flows::books::texts::clip;
use crate::flows::books::{judgement, money};
use crate::side::Refusal;

pub const SUBJECT_CHARS_MAX: usize = 120;
pub const WORDS_CHARS_MAX: usize = 32_000;
/// Decimals of an exchange rate.
const RATE_DECIMALS: u32 = 9;

/// A document of Xero's, as CRM looks at it.
pub struct Sheet<'a> {
    pub document: &'a dyn Document,
    /// The subform with its rows: `Invoiced_Items`.
    pub rows: &'static str,
    /// The flow of whom it is with, and the field in CRM: `Account_Name`.
    pub party: (&'static str, &'static str),
    pub contact: &'a str,
    pub number: String,
    pub dates: [Option<NaiveDate>; 2],
    /// Foreign units for one of the organisation's own, where Xero has one.
    pub rate: Option<Decimal>,
    pub sub_total: Decimal,
    pub total_tax: Decimal,
    pub total: Decimal,
    /// Its status in words both sides share.
    pub life: &'static str,
    /// Deleted or voided in Xero.
    pub is_gone: bool,
    /// What CRM is told beside, for the print.
    pub words: Vec<&'a str>,
}

/// A record that is such a document.
pub trait Paper: Document {
    fn sheet(&self) -> Sheet<'_>;
}

pub fn needs(sheet: &Sheet) -> Vec<Need> {
    let mut needs = vec![Need { flow: sheet.party.0, key: sheet.contact.to_owned(), by: By::Id }];
    needs.extend(rows::needs(sheet.document));
    needs
}

/// The document without what only its kind has.
pub fn body(sheet: &Sheet, known: &Known) -> Result<Value, Unmappable> {
    let (document, label) = (sheet.document, sheet.document.label());
    let held = |code, sentence: String, expected| Err(Unmappable { code, sentence, expected });
    let (xero, zoho) = (&known.xero.base_currency, &known.zoho.currency_code);
    if !xero.is_empty() && !zoho.is_empty() && xero != zoho {
        let sentence = format!(
            "{label} cannot be carried: the Xero organisation keeps its books in {xero}, the one in Zoho CRM in {zoho}. Connect a CRM organisation in {xero}."
        );
        return held("BASE_CURRENCY", sentence, false);
    }
    let (flow, party) = sheet.party;
    let id = known.id(flow, sheet.contact).ok_or_else(|| refusals::not_ready(&label, "its contact"))?;
    let mut rows = rows::rows(document, known)?;
    if rows.is_empty() && sheet.is_gone {
        rows.push(rows::whole(document, known, sheet.total)?);
    }
    if rows.is_empty() {
        let sentence = format!("{label} has no lines, and Zoho CRM wants at least one. Add a line in Xero, then retry.");
        return held("NO_LINES", sentence, false);
    }
    let mut body = json!({
        "Subject": clip(&sheet.number, SUBJECT_CHARS_MAX),
        party: { "id": id },
        sheet.rows: rows,
        "Adjustment": money::number(own_rounding(sheet)),
    });
    let currency = lines::currency(document, known);
    if currency != known.xero.base_currency && !currency.is_empty() {
        let Some(rate) = sheet.rate.filter(|rate| *rate > Decimal::ZERO) else {
            let sentence =
                format!("{label} is in {currency}, and Xero has no exchange rate of it. Set its rate there, then retry.");
            return held("NO_RATE", sentence, true);
        };
        body["Currency"] = currency.into();
        // Foreign units for one of the organisation's own, as Xero writes it.
        body["Exchange_Rate"] = money::number(rate.round_dp(RATE_DECIMALS));
    }
    Ok(body)
}

/// What is printed of every kind of document. Nobody but Xero owns one: CRM only shows it.
pub fn fields<P: Paper>() -> &'static [Field<P>] {
    &[
        Field {
            name: "contact",
            authority: Authority::Xero,
            print: |paper, printer| {
                printer.text(Some(paper.sheet().contact));
            },
        },
        Field {
            name: "number",
            authority: Authority::Xero,
            print: |paper, printer| {
                printer.text(Some(&paper.sheet().number));
            },
        },
        Field {
            name: "texts",
            authority: Authority::Xero,
            print: |paper, printer| {
                let words = paper.sheet().words;
                printer.count(words.len());
                words.into_iter().for_each(|text| {
                    printer.text(Some(text));
                });
            },
        },
        Field {
            name: "dates",
            authority: Authority::Xero,
            print: |paper, printer| {
                let [date, until] = paper.sheet().dates;
                printer.day(date).day(until);
            },
        },
        Field {
            name: "currency",
            authority: Authority::Xero,
            print: |paper, printer| {
                printer.text(Some(paper.currency_code())).amount(paper.sheet().rate);
            },
        },
        Field {
            name: "lines",
            authority: Authority::Xero,
            print: |paper, printer| {
                printer.count(paper.line_amount_types() as usize);
                lines::print(paper, printer);
            },
        },
        Field {
            name: "totals",
            authority: Authority::Xero,
            print: |paper, printer| {
                let sheet = paper.sheet();
                printer.amount(Some(sheet.total)).amount(Some(sheet.total_tax));
            },
        },
        Field {
            name: "status",
            authority: Authority::Xero,
            print: |paper, printer| {
                printer.text(Some(paper.sheet().life));
            },
        },
    ]
}

pub fn cure(sheet: &Sheet, known: &Known, refusal: &Refusal) -> Cure {
    let label = sheet.document.label();
    if matches!(refusals::field(refusal), "Currency" | "Exchange_Rate") {
        return Cure::Hold(Unmappable {
            code: "CURRENCY_NOT_IN_CRM",
            sentence: format!(
                "{label} is in {}, which is no active currency in Zoho CRM. Switch several currencies on there (Setup, General, Company Details, Currencies) and add it, then retry.",
                lines::currency(sheet.document, known)
            ),
            expected: true,
        });
    }
    refusals::hold(&label, refusal)
}

/// CRM's grand total held against Xero's: equal, or one write away from it, or different for a reason with a name. `again`: what CRM was
/// told.
pub fn judge(sheet: &Sheet, known: &Known, answer: &Value, again: Result<Carry, Unmappable>) -> Judgement {
    let (Some(total), Ok(mut again)) = (money::read(&answer["Grand_Total"]), again) else { return Judgement::Equal };
    let missing = sheet.total - total;
    if missing.is_zero() {
        return Judgement::Equal;
    }
    // Once it has been adjusted, a second adjustment would only chase the first.
    let adjustment = money::read(&answer["Adjustment"]).unwrap_or_default();
    if adjustment == own_rounding(sheet) && missing.abs() <= judgement::tolerance(sheet.document, known) {
        again.body["Adjustment"] = money::number(adjustment + missing);
        return Judgement::Mend(again);
    }
    let cause = judgement::cause(sheet.document, known, missing);
    Judgement::Differs(vec![Difference { what: "total", xero: sheet.total, zoho: total, cause }])
}

pub fn xero_line(sheet: &Sheet) -> Line {
    let currency = sheet.document.currency_code().to_owned();
    Line { status: sheet.life, currency, total: Some(sheet.total), tax: None, due: None }
}

pub fn zoho_line(row: &Value, status: &'static str) -> Line {
    let currency = row["Currency"].as_str().unwrap_or_default().to_owned();
    Line { status, currency, total: money::read(&row["Grand_Total"]), tax: None, due: None }
}

/// Texts that CRM has no field of their own for, one below the other.
pub fn words(texts: &[(&str, &str)]) -> String {
    let said = texts.iter().filter(|(_, text)| !text.trim().is_empty()).map(|(what, text)| match *what {
        "" => text.trim().to_owned(),
        what => format!("{what}: {}", text.trim()),
    });
    clip(&said.collect::<Vec<_>>().join("\n"), WORDS_CHARS_MAX).to_owned()
}

fn own_rounding(sheet: &Sheet) -> Decimal {
    rounding(sheet.total, sheet.sub_total, sheet.total_tax)
}
