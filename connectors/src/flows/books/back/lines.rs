//! `LineItems` from Zoho's lines, and from what Zoho keeps beside them. By Xero's arithmetic they come to Zoho's total, to the cent.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::texts::clip;
use super::super::{money, taxes};
use super::references::{self, Account};
use super::shape::{self, Shape};
use super::sheet::{Extra, Off, Rate, Row, Sheet, text, towards};
use super::tracking;
use crate::flow::{Known, Unmappable};

/// The longest description that Xero takes.
const DESCRIPTION_CHARS_MAX: usize = 4000;

/// What of a document's kind matters to its lines.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    pub is_sale: bool,
    /// Only sales invoices and quotes have discounts in Xero.
    pub takes_discounts: bool,
    /// What books something says where. Offers and orders may leave it open.
    pub needs_account: bool,
    /// Decimals of a price: four where Xero is asked with `unitdp=4`, which it has for documents that are booked only.
    pub price_decimals: u32,
}

/// The lines of a document and how their amounts are meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// `Exclusive`, `Inclusive` or `NoTax`.
    pub mode: &'static str,
    pub items: Vec<Value>,
}

/// A line with an amount, before its tax is settled.
struct Priced {
    body: Value,
    amount: Decimal,
    account: Option<Account>,
    /// Per cent, where it is taxed.
    percent: Option<Decimal>,
    tax: Decimal,
}

/// Words, or an amount.
enum Entry {
    Words(String),
    Priced(Box<Priced>),
}

pub fn lines(label: &str, document: &Value, side: Side, known: &Known) -> Result<Lines, Unmappable> {
    let Some(sheet) = Sheet::read(document) else {
        return Err(differs(label, "total", "nothing", "nothing"));
    };
    let is_taxed = sheet.rows.iter().any(|row| row.tax.is_some()) || sheet.extras.iter().any(|extra| extra.tax.is_some());
    let mode = match (sheet.is_inclusive, is_taxed) {
        (true, _) => "Inclusive",
        (false, true) => "Exclusive",
        (false, false) => "NoTax",
    };
    let mut writer = Writer { label, document, side, known, sheet: &sheet, is_tax_told: mode != "NoTax", entries: Vec::new() };
    writer.rows()?;
    writer.discounts();
    writer.extras()?;
    writer.taxes()?;
    writer.rest()?;
    let items = writer.entries.into_iter().map(|entry| match entry {
        Entry::Words(words) => json!({ "Description": words }),
        Entry::Priced(priced) => priced.body,
    });
    Ok(Lines { mode, items: items.collect() })
}

/// The text of a line: its name and what is said below it, which often begins with the name.
fn description(line: &Value) -> String {
    let (name, more) = (text(line, "name").trim(), text(line, "description").trim());
    match (name, more) {
        ("", "") => "-".to_owned(),
        (name, "") => name.to_owned(),
        (name, more) if more.starts_with(name) => more.to_owned(),
        (name, more) => format!("{name}\n{more}"),
    }
}

struct Writer<'a> {
    label: &'a str,
    document: &'a Value,
    side: Side,
    known: &'a Known,
    sheet: &'a Sheet<'a>,
    is_tax_told: bool,
    entries: Vec<Entry>,
}

impl Writer<'_> {
    fn rows(&mut self) -> Result<(), Unmappable> {
        let mut heading = "";
        for (n, row) in self.sheet.rows.iter().enumerate() {
            // Lines are grouped under a heading that each of them names.
            let over = text(row.line, "header_name");
            if over != heading && !over.is_empty() {
                self.entries.push(Entry::Words(over.to_owned()));
            }
            heading = over;
            let entry = match row.is_text {
                true => Entry::Words(description(row.line)),
                false => self.priced(row, self.sheet.shares.get(n).copied().unwrap_or_default())?,
            };
            self.entries.push(entry);
        }
        Ok(())
    }

    /// A line of the document. Its share of a discount of the whole is taken off it where Xero has discounts of lines.
    fn priced(&self, row: &Row, share: Decimal) -> Result<Entry, Unmappable> {
        let item = references::item(row.line, self.side.is_sale, self.known);
        let account = self.needed(references::account(row.line, item, self.side.is_sale, self.known), row.line)?;
        let (off, amount) = match self.side.takes_discounts && !share.is_zero() {
            true => (self.sheet.percent_off.map_or(Off::Amount(share), Off::Rate), row.amount - share),
            false => (row.off, row.amount),
        };
        let shape = shape::shape(row.quantity, row.rate, off, amount, self.side);
        let words = match text(row.line, "description").trim() {
            // What an item is called is said by its code.
            more if item.is_some() && !more.is_empty() => more.to_owned(),
            _ => description(row.line),
        };
        let words = described(words, shape.note.as_deref());
        let mut priced = self.entry(words, &shape, amount, account, row.tax.as_ref(), row.line)?;
        if let Some(item) = item {
            priced.body["ItemCode"] = item["Code"].clone();
        }
        let tracking = tracking::of_line(self.label, row.line, self.document, self.known)?;
        if !tracking.is_empty() {
            priced.body["Tracking"] = tracking.into();
        }
        Ok(Entry::Priced(Box::new(priced)))
    }

    fn needed(&self, account: Option<Account>, line: &Value) -> Result<Option<Account>, Unmappable> {
        match account {
            None if self.side.needs_account => Err(references::no_account(self.label, line)),
            account => Ok(account),
        }
    }

    fn entry(
        &self,
        words: String,
        shape: &Shape,
        amount: Decimal,
        account: Option<Account>,
        tax: Option<&Rate>,
        line: &Value,
    ) -> Result<Priced, Unmappable> {
        let mut body = json!({
            "Description": words, "Quantity": money::number(shape.quantity), "UnitAmount": money::number(shape.unit_amount),
        });
        match shape.off {
            Off::None => {}
            Off::Rate(percent) => body["DiscountRate"] = money::number(percent),
            Off::Amount(less) => body["DiscountAmount"] = money::number(less),
        }
        references::put_account(&mut body, account.as_ref());
        let mut percent = None;
        if self.is_tax_told {
            body["TaxType"] = taxes::NO_TAX.into();
            if let Some(tax) = tax {
                let row = references::tax_type(tax, account.as_ref(), self.side.is_sale, self.known)
                    .ok_or_else(|| references::no_tax(self.label, line, tax))?;
                body["TaxType"] = row["TaxType"].clone();
                percent = Some(references::percent(row));
            }
        }
        Ok(Priced { body, amount, account, percent, tax: Decimal::ZERO })
    }

    /// A discount of the whole document where Xero has none of lines: a line of its own for each account and tax.
    fn discounts(&mut self) {
        if self.side.takes_discounts || self.sheet.shares.is_empty() {
            return;
        }
        let mut off: Vec<Priced> = Vec::new();
        let priced = self.entries.iter().filter_map(|entry| match entry {
            Entry::Priced(priced) => Some(priced),
            Entry::Words(_) => None,
        });
        let rows = self.sheet.rows.iter().zip(&self.sheet.shares).filter(|(row, _)| !row.is_text);
        for (priced, (_, share)) in priced.zip(rows) {
            let same = |one: &&mut Priced| {
                one.account == priced.account
                    && one.body["TaxType"] == priced.body["TaxType"]
                    && one.body["Tracking"] == priced.body["Tracking"]
            };
            if let Some(one) = off.iter_mut().find(same) {
                one.amount -= *share;
                continue;
            }
            let mut body = json!({ "Description": "Discount", "Quantity": 1 });
            references::put_account(&mut body, priced.account.as_ref());
            for key in ["TaxType", "Tracking"] {
                if let Some(value) = priced.body.get(key) {
                    body[key] = value.clone();
                }
            }
            let (account, percent) = (priced.account.clone(), priced.percent);
            off.push(Priced { body, amount: -*share, account, percent, tax: Decimal::ZERO });
        }
        for mut one in off.into_iter().filter(|one| !one.amount.is_zero()) {
            one.body["UnitAmount"] = money::number(one.amount);
            self.entries.push(Entry::Priced(Box::new(one)));
        }
    }

    fn extras(&mut self) -> Result<(), Unmappable> {
        for extra in &self.sheet.extras {
            self.extra(extra)?;
        }
        Ok(())
    }

    fn extra(&mut self, extra: &Extra) -> Result<(), Unmappable> {
        let account = self.account_beside(extra.is_rounding)?;
        let shape = Shape { quantity: Decimal::ONE, unit_amount: extra.amount, off: Off::None, note: None };
        let words = described(extra.what.clone(), None);
        let entry = self.entry(words, &shape, extra.amount, account, extra.tax.as_ref(), self.document)?;
        self.entries.push(Entry::Priced(Box::new(entry)));
        Ok(())
    }

    /// Where an amount goes that is of no line: what rounds goes to Xero's account for that, the rest where the first line goes.
    fn account_beside(&self, is_rounding: bool) -> Result<Option<Account>, Unmappable> {
        let first = self.entries.iter().find_map(|entry| match entry {
            Entry::Priced(priced) => priced.account.clone(),
            Entry::Words(_) => None,
        });
        // Where all lines are words, the account of such a line, or the one that the customer chose.
        let lines = self.sheet.rows.iter().map(|row| row.line).chain([&Value::Null]);
        let mut accounts = lines.filter_map(|line| references::account(line, None, self.side.is_sale, self.known));
        let rounding = references::rounding(self.known).filter(|_| is_rounding);
        self.needed(rounding.or(first).or_else(|| accounts.next()), &Value::Null)
    }

    /// The tax of each line as Xero computes it, moved by a cent where Zoho's tax of the whole document is another.
    fn taxes(&mut self) -> Result<(), Unmappable> {
        let (inclusive, decimals, unit) = (self.sheet.is_inclusive, self.sheet.decimals, self.sheet.unit());
        let exact = |priced: &Priced| {
            let percent = priced.percent.unwrap_or_default();
            let of = if inclusive { percent + Decimal::ONE_HUNDRED } else { Decimal::ONE_HUNDRED };
            priced.amount * percent / of
        };
        let told = self.sheet.tax_total;
        let mut taxed: Vec<&mut Box<Priced>> = self
            .entries
            .iter_mut()
            .filter_map(|entry| match entry {
                Entry::Priced(priced) if priced.percent.is_some_and(|percent| !percent.is_zero()) => Some(priced),
                _ => None,
            })
            .collect();
        for priced in &mut taxed {
            priced.tax = money::round(exact(priced), decimals);
        }
        let sum: Decimal = taxed.iter().map(|priced| priced.tax).sum();
        let mut missing = told.map_or(Decimal::ZERO, |told| told - sum);
        if missing.abs() > unit * Decimal::from(taxed.len()) {
            let told = told.unwrap_or_default();
            return Err(differs(self.label, "tax", &amount(told), &amount(sum)));
        }
        let step = towards(missing, unit);
        taxed.sort_by_key(|priced| (priced.tax - exact(priced)) * step);
        for priced in &mut taxed {
            if missing.is_zero() {
                break;
            }
            priced.tax += step;
            missing -= step;
        }
        for priced in taxed {
            // Said only where Xero would compute another one.
            if priced.tax != money::round(exact(priced), 2) {
                priced.body["TaxAmount"] = money::number(priced.tax);
            }
        }
        Ok(())
    }

    /// What is still missing for Zoho's total.
    fn rest(&mut self) -> Result<(), Unmappable> {
        let priced = self.entries.iter().filter_map(|entry| match entry {
            Entry::Priced(priced) => Some(priced),
            Entry::Words(_) => None,
        });
        let tax = |priced: &Priced| if self.sheet.is_inclusive { Decimal::ZERO } else { priced.tax };
        let sum: Decimal = priced.map(|priced| priced.amount + tax(priced)).sum();
        let missing = self.sheet.total - sum;
        if missing.is_zero() {
            return Ok(());
        }
        if missing.abs() > self.sheet.unit() * Decimal::from(self.sheet.rows.len() + 1) {
            return Err(differs(self.label, "total", &amount(self.sheet.total), &amount(sum)));
        }
        self.extra(&Extra { what: "Rounding".into(), amount: missing, tax: None, is_rounding: true })
    }
}

fn described(words: String, note: Option<&str>) -> String {
    let words = match note {
        Some(note) => format!("{words} ({note})"),
        None => words,
    };
    clip(&words, DESCRIPTION_CHARS_MAX).to_owned()
}

fn amount(amount: Decimal) -> String {
    format!("{:.2}", money::round(amount, 2))
}

fn differs(label: &str, what: &str, zoho: &str, xero: &str) -> Unmappable {
    Unmappable {
        code: if what == "tax" { "TAX_DIFFERS" } else { "TOTAL_DIFFERS" },
        sentence: format!(
            "{label} cannot be carried to Xero: its {what} is {zoho} in Zoho Books, and by its lines it would be {xero} in Xero. Check its taxes and discounts in Zoho Books, then retry."
        ),
        expected: false,
    }
}
