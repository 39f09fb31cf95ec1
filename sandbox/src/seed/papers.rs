//! Invoices and bills with their payments: every tax mode, currency, discount, rounding and state a real ledger holds.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::people::{self, DAY_MS, DAYS, FIRST_DAY_MS};
use super::{Company, goods};
use crate::xero::documents::{self, Ledger};
use crate::xero::json::{Record, decimal_of, number, set_updated, text_of};
use crate::xero::{cents, rounded};

/// A document and what belongs to it: (id, time of change in milliseconds, record).
pub struct Paper {
    pub invoice: (Uuid, i64, Record),
    pub payments: Vec<(Uuid, i64, Record)>,
    pub overpayment: Option<(Uuid, i64, Record)>,
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
        "LineItems": lines(company, index, sale, currency, &mut dice),
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
    let mut paper =
        Paper { invoice: (company.id("invoice", index), created, Record::new()), payments: Vec::new(), overpayment: None };
    pay(company, ledger, index, fate, &mut invoice, &mut paper, (date, created), &mut dice);
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

fn mode(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0..=59 => "Exclusive",
        60..=84 => "Inclusive",
        _ => "NoTax",
    }
}

/// Units of the currency for one New Zealand dollar, as Xero writes rates: six decimals.
fn rate(currency: &str, dice: &mut Dice) -> Decimal {
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

fn lines(company: &Company, index: u64, sale: bool, currency: &str, dice: &mut Dice) -> Vec<Value> {
    let count = 1 + dice.below(4) + dice.below(2);
    let nothing = dice.one_in_thousand(8);
    let mut lines: Vec<_> = (0..count).map(|_| line(company, index, sale, currency, nothing, dice)).collect();
    if dice.one_in_thousand(60) {
        lines.insert(0, json!({"Description": "Work as agreed on site — see the notes of the meeting"}));
    }
    if count > 1 && !nothing && dice.one_in_thousand(30) {
        // Something given back: never more than the first line is worth.
        let first = lines.iter().find_map(|line| decimal_of(line.as_object()?, "UnitAmount"));
        let back = first.unwrap_or_default() / Decimal::from(5);
        let back = if currency == "JPY" { back.trunc() } else { cents(back) };
        let (account, tax) = account(sale, currency, dice);
        lines.push(json!({"Description": "Less goodwill", "Quantity": 1, "UnitAmount": number(-back), "AccountCode": account, "TaxType": tax}));
    }
    lines
}

fn line(company: &Company, index: u64, sale: bool, currency: &str, nothing: bool, dice: &mut Dice) -> Value {
    let whole = currency == "JPY";
    let (account, tax) = account(sale, currency, dice);
    let mut line = json!({"Description": description(index, dice), "AccountCode": account, "TaxType": tax});
    let (quantity, mut unit) = match dice.below(100) {
        _ if whole => (Decimal::from(dice.between(1, 12)), Decimal::from(dice.between(500, 90_000))),
        // Half a cent, before and after tax.
        0..=7 => (Decimal::new(5, 1), Decimal::new(dice.between(0, 400) * 2 + 1, 2)),
        8..=19 => (Decimal::from(dice.between(1, 40)), Decimal::new(dice.between(10_000, 900_000), 4)),
        20..=29 => (Decimal::new(dice.between(1, 400), 2), Decimal::new(dice.between(100, 30_000), 2)),
        30..=31 => (Decimal::new(dice.between(1, 99_999), 4), Decimal::new(dice.between(10_000, 900_000), 4)),
        32..=33 => (Decimal::from(dice.between(1, 9)), Decimal::ZERO),
        _ => (Decimal::from(dice.between(1, 10)), Decimal::new(dice.between(500, 150_000), 2)),
    };
    if dice.one_in_thousand(450) {
        let item = dice.below(company.items);
        let (sold, bought) = goods::prices(company, item);
        if let Some(price) = if sale { sold } else { bought } {
            line["ItemCode"] = goods::code(item).into();
            unit = if whole { (price * Decimal::from(50)).trunc() } else { price };
        }
    }
    if nothing {
        unit = Decimal::ZERO;
    }
    line["Quantity"] = number(quantity);
    line["UnitAmount"] = number(unit);
    if sale && !whole && !unit.is_zero() {
        match dice.below(100) {
            0..=5 => line["DiscountRate"] = number(Decimal::new(dice.between(1, 30) * 50, 2)),
            6..=7 => line["DiscountRate"] = number(Decimal::new(dice.between(100, 4000), 2)),
            8..=11 => line["DiscountAmount"] = number(cents(quantity * unit / Decimal::from(dice.between(5, 20)))),
            _ => {}
        }
    }
    line
}

/// Accounts that bills are booked to.
const COSTS: [&str; 10] = ["300", "400", "425", "445", "453", "461", "469", "485", "489", "720"];

fn account(sale: bool, currency: &str, dice: &mut Dice) -> (&'static str, &'static str) {
    let foreign = currency != "NZD";
    match (sale, dice.below(100)) {
        // Exports are zero-rated; some sales to Australians are not.
        (true, 0..=94) if foreign => ("202", "ZERORATED"),
        (true, _) if currency == "JPY" => ("202", "ZERORATED"),
        (true, 0..=4) => ("200", "ZERORATED"),
        (true, 5..=7) => ("260", "EXEMPTOUTPUT"),
        (true, 8..=9) => ("270", "NONE"),
        (true, 10..=39) => ("201", "OUTPUT2"),
        (true, _) => ("200", "OUTPUT2"),
        (false, 0..=89) if foreign => ("300", "NONE"),
        (false, _) if currency == "JPY" => ("300", "NONE"),
        (false, 0..=4) => ("404", "NONE"),
        (false, 5..=6) => ("494", "ZERORATEDINPUT"),
        (false, 7..=8) => ("433", "EXEMPTINPUT"),
        (false, _) => (*dice.pick(&COSTS), "INPUT2"),
    }
}

fn description(index: u64, dice: &mut Dice) -> String {
    const WORK: [&str; 10] = [
        "Consulting",
        "Site visit and report",
        "Goods as ordered",
        "Monthly fee",
        "Freight",
        "Materials",
        "Hire of equipment",
        "Licence",
        "Training on the day",
        "Repairs",
    ];
    let work = *dice.pick(&WORK);
    match dice.below(1000) {
        0..=2 => format!("{work}: {}", "as written in the schedule, clause by clause; ".repeat(90)).chars().take(4000).collect(),
        3..=32 => format!("{work} — Ōtautahi, “naïve” façade, 5 µm, 20 °C ✓ 東京 🐑"),
        33..=52 => format!("{work}\nsecond line\n  third line, indented"),
        53..=62 => format!("{work} <b>& more</b> \"quoted\" \\ {{index}} %"),
        _ => format!("{work} {}", index + 1),
    }
}

/// When it was entered; some thousands by one import, in the same second.
fn created_at(index: u64, day: i64, dice: &mut Dice) -> i64 {
    if index / 2500 % 4 == 3 || (40..70).contains(&index) {
        return FIRST_DAY_MS + DAYS * DAY_MS - (1 + (index / 2500 % 90) as i64) * DAY_MS + 4 * 3_600_000;
    }
    FIRST_DAY_MS + day * DAY_MS + dice.between(0, DAY_MS - 1)
}

#[expect(clippy::too_many_arguments, reason = "one step of `paper`, split off for its length only")]
fn pay(
    company: &Company,
    ledger: &Ledger,
    index: u64,
    fate: Fate,
    invoice: &mut Record,
    paper: &mut Paper,
    (date, created): (NaiveDate, i64),
    dice: &mut Dice,
) {
    let total = decimal_of(invoice, "Total").unwrap_or_default();
    if !matches!(fate, Fate::PartPaid | Fate::Paid) || total <= Decimal::ZERO {
        return;
    }
    let currency = text_of(invoice, "CurrencyCode").unwrap_or("NZD").to_owned();
    let amounts = split(total, fate == Fate::Paid, currency == "JPY", dice);
    let deleted = dice.one_in_thousand(30).then(|| amounts.first().copied()).flatten();
    let planned = deleted.map(|amount| (amount, true)).into_iter().chain(amounts.into_iter().map(|amount| (amount, false)));
    let mut day = date;
    for (nth, (amount, is_deleted)) in planned.enumerate() {
        day = day + Days::new(1 + dice.below(25));
        let id = company.id("payment", index * 8 + nth as u64);
        let dollars = currency == "USD" && dice.one_in_thousand(500);
        let code = if dollars { "092" } else { "090" };
        let mut payment = Record::new();
        payment.insert("PaymentID".into(), id.to_string().into());
        payment.insert("Date".into(), day.to_string().into());
        payment.insert("Amount".into(), number(amount));
        payment.insert(
            "Reference".into(),
            if dice.one_in_thousand(500) { format!("Deposit {}", index + 1) } else { String::new() }.into(),
        );
        payment.insert("IsReconciled".into(), dice.one_in_thousand(600).into());
        if is_deleted {
            payment.insert("Status".into(), "DELETED".into());
        }
        if currency != "NZD" {
            // Money moves between the invoice and its payment.
            let then = decimal_of(invoice, "CurrencyRate").unwrap_or(Decimal::ONE);
            payment.insert("CurrencyRate".into(), number(rounded(then * Decimal::new(1000 + dice.between(-30, 30), 3), 6)));
        }
        let account = ledger.accounts.get(code).map_or("", |(id, _)| id.as_str());
        documents::complete_payment(&mut payment, invoice, (account, code), currency != "NZD" && !dollars, day);
        documents::note_payment(invoice, &payment);
        let at = crate::xero::json::midnight_ms(day) + dice.between(0, DAY_MS - 1);
        set_updated(&mut payment, at, true);
        paper.payments.push((id, at, payment));
        // A document entered by the great import was imported with its payments.
        if created < at {
            paper.invoice.1 = paper.invoice.1.max(at);
        }
    }
    if fate == Fate::Paid && dice.one_in_thousand(12) {
        let id = company.id("overpayment", index);
        let over =
            if currency == "JPY" { Decimal::from(dice.between(100, 5000)) } else { Decimal::new(dice.between(100, 20_000), 2) };
        let sale = text_of(invoice, "Type") == Some("ACCREC");
        let mut record = Record::new();
        record.insert("OverpaymentID".into(), id.to_string().into());
        record.insert("Type".into(), if sale { "RECEIVE-OVERPAYMENT" } else { "SPEND-OVERPAYMENT" }.into());
        record.insert("Contact".into(), invoice.get("Contact").cloned().unwrap_or_default());
        record.insert("Date".into(), day.to_string().into());
        record.insert("CurrencyCode".into(), currency.as_str().into());
        record.insert("CurrencyRate".into(), invoice.get("CurrencyRate").cloned().unwrap_or_default());
        record.insert("Reference".into(), "Paid twice".into());
        record.insert("Total".into(), number(over));
        documents::complete_overpayment(&mut record, "NZD", day);
        let at = crate::xero::json::midnight_ms(day) + dice.between(0, DAY_MS - 1);
        set_updated(&mut record, at, true);
        paper.overpayment = Some((id, at, record));
    }
}

/// One to three parts that make up the total, or less than it. Yen have no parts.
fn split(total: Decimal, all: bool, whole: bool, dice: &mut Dice) -> Vec<Decimal> {
    let places = if whole { 0 } else { 2 };
    let smallest = Decimal::new(1, places);
    let parts = 1 + dice.below(3);
    let mut left = total;
    let mut amounts = Vec::new();
    for part in 1..=parts {
        let last = part == parts;
        let amount = if all && last {
            left
        } else {
            let share = left * Decimal::new(dice.between(15, 80), 2);
            rounded(share, places)
        };
        if amount < smallest || amount > left || (!all && amount == left) {
            break;
        }
        amounts.push(amount);
        left -= amount;
    }
    if all && left > Decimal::ZERO {
        amounts.push(left);
    }
    amounts
}

fn date_of(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive()
}

#[cfg(test)]
mod tests {
    use super::super::{Plan, Profile};
    use super::*;

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
