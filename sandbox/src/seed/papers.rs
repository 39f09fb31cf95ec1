//! Invoices and bills with their payments: every tax mode, currency, discount, rounding and state a real ledger holds.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::people::{self, DAY_MS, DAYS, FIRST_DAY_MS};
use super::{Company, lines, settlement};
use crate::xero::documents::{self, Ledger};
use crate::xero::json::{Record, number, set_updated};

/// A document and what belongs to it: (id, time of change in milliseconds, record).
pub struct Paper {
    pub invoice: (Uuid, i64, Record),
    pub payments: Vec<(Uuid, i64, Record)>,
    pub overpayment: Option<(Uuid, i64, Record)>,
    /// The bank transaction that brought the overpayment.
    pub brought: Option<(Uuid, i64, Record)>,
}

/// Thirteen of twenty documents are sales.
const SALES_OF_TWENTY: u64 = 13;

/// How many of the first `invoices` documents are sales, and how many bills.
pub fn counts(invoices: u64) -> (u64, u64) {
    let sales = invoices / 20 * SALES_OF_TWENTY + (0..invoices % 20).filter(|index| is_sale(*index)).count() as u64;
    (sales, invoices - sales)
}

fn is_sale(index: u64) -> bool {
    index * 7 % 20 < SALES_OF_TWENTY
}

/// Whose document it is: everybody gets one before anybody gets a second.
fn contact(company: &Company, index: u64, sale: bool, dice: &mut Dice) -> u64 {
    let (sales, bills) = counts(index);
    let (customers, suppliers) = people::counts(company.contacts);
    let (role, before, all) = if sale { (b'C', sales, customers) } else { (b'S', bills, suppliers) };
    people::nth(role, if before < all { before } else { dice.below(all) })
}

pub fn paper(company: &Company, ledger: &Ledger, index: u64) -> Result<Paper, String> {
    let mut dice = company.dice("paper", index);
    let sale = is_sale(index);
    let party = contact(company, index, sale, &mut dice);
    let day = dice.between(0, DAYS - 120);
    let date = date_of(FIRST_DAY_MS + day * DAY_MS);
    let currency = people::currency(company, party).map_or("NZD", |(currency, _, _)| currency);
    let mut entered = json!({
        "Type": if sale { "ACCREC" } else { "ACCPAY" }, "InvoiceID": company.id("invoice", index),
        "InvoiceNumber": document_number(company, index, sale, &mut dice),
        "Contact": documents::contact_summary(&people::id(company, party).to_string(), &people::name(company, party)),
        "Date": date.to_string(), "DueDate": due(date, &mut dice).to_string(),
        "LineAmountTypes": mode(&mut dice), "CurrencyCode": currency, "CurrencyRate": number(rate(currency, &mut dice)),
        "LineItems": lines::of(company, index, sale, currency, &mut dice),
    });
    if sale && dice.one_in_thousand(600) {
        entered["Reference"] = reference(&mut dice).into();
    }
    let fate = fate(&mut dice);
    entered["Status"] = fate.status().into();
    entered["SentToContact"] = (sale && fate.is_approved() && dice.one_in_thousand(700)).into();
    let Value::Object(mut invoice) = entered else { return Err("a document is an object".into()) };
    let mut ids = company.dice("line", index);
    documents::complete_invoice(&mut invoice, ledger, true, date, &mut || ids.id())?;
    let created = created_at(index, day, &mut dice);
    let mut paper = Paper {
        invoice: (company.id("invoice", index), created, Record::new()),
        payments: Vec::new(),
        overpayment: None,
        brought: None,
    };
    if matches!(fate, Fate::PartPaid | Fate::Paid) {
        paper.invoice.2 = invoice;
        settlement::pay(company, ledger, index, fate == Fate::Paid, &mut paper, date, &mut dice);
        invoice = paper.invoice.2;
    }
    set_updated(&mut invoice, paper.invoice.1, true);
    paper.invoice.2 = invoice;
    Ok(paper)
}

/// What became of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Draft,
    Submitted,
    Open,
    PartPaid,
    Paid,
    Voided,
    Deleted,
}

impl Fate {
    fn status(self) -> &'static str {
        match self {
            Fate::Draft => "DRAFT",
            Fate::Submitted => "SUBMITTED",
            Fate::Open | Fate::PartPaid | Fate::Paid => "AUTHORISED",
            Fate::Voided => "VOIDED",
            Fate::Deleted => "DELETED",
        }
    }

    fn is_approved(self) -> bool {
        self.status() == "AUTHORISED"
    }
}

fn fate(dice: &mut Dice) -> Fate {
    match dice.below(100) {
        0..=5 => Fate::Draft,
        6..=8 => Fate::Submitted,
        9..=30 => Fate::Open,
        31..=42 => Fate::PartPaid,
        43..=92 => Fate::Paid,
        93..=96 => Fate::Voided,
        _ => Fate::Deleted,
    }
}

fn document_number(company: &Company, index: u64, sale: bool, dice: &mut Dice) -> String {
    if sale {
        return format!("INV-{:05}", counts(index).0 + 1);
    }
    match dice.below(10) {
        // Suppliers give no number, or one that another supplier gives too.
        0..=2 => String::new(),
        3 => format!("{}", 1000 + dice.below(company.invoices.max(20) / 10)),
        _ => format!("{}-{}", ["B", "SI", "2026/", "№ "][(index % 4) as usize], 10_000 + index),
    }
}

fn reference(dice: &mut Dice) -> String {
    let number = dice.between(100, 99_999);
    match dice.below(4) {
        0 => format!("PO {number}"),
        1 => format!("Order #{number} – Wairarapa"),
        2 => format!("PO-{number} / project “Kererū” / attention of the accounts department, second floor"),
        _ => format!("{number}"),
    }
}

fn due(date: NaiveDate, dice: &mut Dice) -> NaiveDate {
    match dice.below(3) {
        0 => date + Days::new(14),
        1 => date + Days::new(30),
        _ => {
            let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
            NaiveDate::from_ymd_opt(year, month, 20).unwrap_or(date)
        }
    }
}

pub fn mode(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0..=59 => "Exclusive",
        60..=84 => "Inclusive",
        _ => "NoTax",
    }
}

/// Units of the currency for one New Zealand dollar, as Xero writes rates: six decimals.
pub fn rate(currency: &str, dice: &mut Dice) -> Decimal {
    let middle = match currency {
        "AUD" => 920_000,
        "USD" => 605_000,
        "EUR" => 556_000,
        "GBP" => 478_000,
        "JPY" => 88_500_000,
        _ => return Decimal::new(1_000_000, 6),
    };
    Decimal::new(middle + dice.between(-middle / 25, middle / 25), 6)
}

/// When it was entered; some thousands by one import, in the same second.
fn created_at(index: u64, day: i64, dice: &mut Dice) -> i64 {
    if index / 2500 % 4 == 3 || (40..70).contains(&index) {
        return FIRST_DAY_MS + DAYS * DAY_MS - (1 + (index / 2500 % 90) as i64) * DAY_MS + 4 * 3_600_000;
    }
    FIRST_DAY_MS + day * DAY_MS + dice.between(0, DAY_MS - 1)
}

pub fn date_of(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive()
}

#[cfg(test)]
mod tests {
    use super::super::{Plan, Profile};
    use super::*;
    use crate::xero::json::{decimal_of, text_of};

    fn company() -> (Company, Ledger) {
        let mut ledger = Ledger { base_currency: "NZD".into(), ..Ledger::default() };
        for (tax, percent) in [
            ("OUTPUT2", 15),
            ("INPUT2", 15),
            ("ZERORATED", 0),
            ("ZERORATEDINPUT", 0),
            ("EXEMPTOUTPUT", 0),
            ("EXEMPTINPUT", 0),
            ("NONE", 0),
        ] {
            ledger.rates.insert(tax.into(), Decimal::from(percent));
        }
        for code in [
            "090", "092", "200", "201", "202", "260", "270", "300", "400", "404", "425", "433", "445", "453", "461", "469",
            "485", "489", "494", "720",
        ] {
            ledger.accounts.insert(code.into(), (format!("id of {code}"), "NONE".into()));
        }
        (Company::new(&Plan { invoices: 3000, ..Plan::new(Profile::DemoCompany) }, Uuid::nil()), ledger)
    }

    #[test]
    fn the_same_seed_gives_the_same_papers_and_another_gives_others() {
        let (company, ledger) = company();
        let other = Company { seed: 43, ..company.clone() };
        for index in [0, 1, 17, 999] {
            let (first, again) = (paper(&company, &ledger, index).unwrap(), paper(&company, &ledger, index).unwrap());
            assert_eq!(first.invoice, again.invoice);
            assert_eq!(first.payments, again.payments);
            assert_ne!(first.invoice.0, paper(&other, &ledger, index).unwrap().invoice.0);
        }
    }

    #[test]
    fn every_amount_adds_up_and_every_state_occurs() {
        let (company, ledger) = company();
        let mut seen = std::collections::BTreeMap::<String, u32>::new();
        let mut overpaid = 0;
        for index in 0..company.invoices {
            let paper = paper(&company, &ledger, index).unwrap();
            let record = &paper.invoice.2;
            let of = |name: &str| decimal_of(record, name).unwrap();
            let status = text_of(record, "Status").unwrap();
            assert_eq!(of("SubTotal") + of("TotalTax"), of("Total"));
            assert!(of("Total") >= Decimal::ZERO, "{index}");
            let living = paper.payments.iter().filter(|(_, _, payment)| text_of(payment, "Status") == Some("AUTHORISED"));
            let paid: Decimal = living.map(|(_, _, payment)| decimal_of(payment, "Amount").unwrap()).sum();
            assert_eq!(paid, of("AmountPaid"), "{index}");
            match status {
                "VOIDED" | "DELETED" => assert!(of("AmountDue").is_zero()),
                "PAID" => assert_eq!(of("AmountPaid"), of("Total")),
                _ => assert_eq!(of("AmountDue"), of("Total") - paid),
            }
            let kind = format!("{} {} {}", text_of(record, "Type").unwrap(), status, text_of(record, "LineAmountTypes").unwrap());
            *seen.entry(kind).or_default() += 1;
            *seen.entry(text_of(record, "CurrencyCode").unwrap().to_owned()).or_default() += 1;
            overpaid += u32::from(paper.overpayment.is_some());
            assert!(paper.invoice.1 < FIRST_DAY_MS + (DAYS + 30) * DAY_MS);
        }
        assert_eq!(seen.len(), 2 * 6 * 3 + 6, "{seen:#?}");
        assert!(overpaid > 0);
        let (sales, bills) = counts(company.invoices);
        assert_eq!((sales, bills), (1950, 1050));
    }

    #[test]
    fn yen_have_no_cents() {
        let (company, ledger) = company();
        let yen = (0..company.invoices).map(|index| paper(&company, &ledger, index).unwrap());
        let yen: Vec<_> = yen.filter(|paper| text_of(&paper.invoice.2, "CurrencyCode") == Some("JPY")).collect();
        assert!(!yen.is_empty());
        for paper in yen {
            assert!(decimal_of(&paper.invoice.2, "Total").unwrap().fract().is_zero());
            assert!(paper.payments.iter().all(|(_, _, payment)| decimal_of(payment, "Amount").unwrap().fract().is_zero()));
        }
    }
}
