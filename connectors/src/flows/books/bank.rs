//! What the kinds of bank transactions have in common: which of Zoho's records can hold one, what it refers to, what it moves.

use rust_decimal::Decimal;
use serde_json::Value;

use super::sides::{self, Entry, On};
use super::texts::clip;
use super::{accounts, currencies, customers, money, refusals, taxes, tracking_categories, vendors};
use crate::flow::PASSED_ON;
use crate::flow::{
    Age, Authority, By, Cure, Difference, Field, Judgement, Known, Ledger, Line, Need, Posting, Unmappable, Wanted,
};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BankTransaction, BankTransactionType, LineAmountTypes, LineItem};

pub const REFERENCE_CHARS_MAX: usize = 100;
/// Before a reference that is too long for its place, among the words.
pub const LONG_REFERENCE: &str = "Reference: ";
const WORDS_CHARS_MAX: usize = 500;

/// The record of Zoho's that holds a bank transaction to the cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Money spent, each line more than nothing, with or without tax.
    Expense,
    /// Money received for one thing, without tax: Zoho's bank transactions have neither lines nor tax.
    Deposit,
    /// Everything else: debits and credits can say all of it.
    Journal,
}

/// `None`: not a record of these kinds. What was paid in advance is told by its prepayment or overpayment, a half by its transfer.
fn form(record: &BankTransaction) -> Option<Form> {
    let lines: Vec<&LineItem> = moving(record).collect();
    let grows = |line: &LineItem| {
        line.amount() > Decimal::ZERO && tax(record, line) >= Decimal::ZERO && net(record, line) > Decimal::ZERO
    };
    match record.kind {
        BankTransactionType::Spend if !lines.is_empty() && lines.iter().all(|line| grows(line)) => Some(Form::Expense),
        BankTransactionType::Receive => match lines.as_slice() {
            [one] if one.amount() > Decimal::ZERO && tax(record, one).is_zero() => Some(Form::Deposit),
            _ => Some(Form::Journal),
        },
        BankTransactionType::Spend => Some(Form::Journal),
        _ => None,
    }
}

/// One that was removed before it ever arrived never existed for anyone. Journals hold also what looks like an expense and is booked on
/// an account that takes none: that is known only when the chart of accounts is.
pub fn wanted(record: &BankTransaction, of: Form) -> Wanted {
    let form = form(record);
    let is_wanted = form == Some(of) || (form, of) == (Some(Form::Expense), Form::Journal);
    if is_wanted && !record.is_gone() { Wanted::Carry } else { Wanted::Skip }
}

pub fn looks_like_expense(record: &BankTransaction) -> bool {
    form(record) == Some(Form::Expense)
}

/// The accounts that its lines are booked on.
pub fn line_accounts(record: &BankTransaction) -> Vec<Need> {
    moving(record).filter_map(|line| account_of(line).need()).collect()
}

/// Asks of each account of money spent whether it takes expenses.
pub fn account_hints(record: &BankTransaction) -> Vec<Need> {
    let needs = moving(record).filter_map(|line| account_of(line).need()).filter(|_| looks_like_expense(record));
    needs.map(|need| Need { key: format!("{}{}", accounts::NO_EXPENSES, need.key), ..need }).collect()
}

/// The form it has, given the chart of accounts.
fn settled_form(record: &BankTransaction, known: &Known) -> Option<Form> {
    match form(record) {
        Some(Form::Expense) if account_hints(record).iter().any(|hint| known.id(accounts::KEY, &hint.key).is_some()) => {
            Some(Form::Journal)
        }
        form => form,
    }
}

pub fn age(record: &BankTransaction) -> Age {
    Age::Of { date: record.date, open: false, settled: Some(record.date) }
}

/// The lines that move money.
pub fn moving(record: &BankTransaction) -> impl Iterator<Item = &LineItem> {
    record.line_items.iter().filter(|line| !line.amount().is_zero() || line.tax_amount.is_some_and(|tax| !tax.is_zero()))
}

/// The tax of a line, in its amount or on top of it.
pub fn tax(record: &BankTransaction, line: &LineItem) -> Decimal {
    match record.line_amount_types {
        LineAmountTypes::NoTax => Decimal::ZERO,
        LineAmountTypes::Exclusive | LineAmountTypes::Inclusive => line.tax_amount.unwrap_or_default(),
    }
}

/// A line without its tax.
pub fn net(record: &BankTransaction, line: &LineItem) -> Decimal {
    match record.line_amount_types {
        LineAmountTypes::Inclusive => line.amount() - tax(record, line),
        LineAmountTypes::Exclusive | LineAmountTypes::NoTax => line.amount(),
    }
}

/// The tax rate of a line that has one.
pub fn tax_type<'a>(record: &BankTransaction, line: &'a LineItem) -> Option<&'a str> {
    let taxed = record.line_amount_types != LineAmountTypes::NoTax;
    Some(line.tax_type.as_str()).filter(|tax_type| taxed && !tax_type.is_empty() && *tax_type != taxes::NO_TAX)
}

pub fn account_of(line: &LineItem) -> On<'_> {
    On::of(&line.account_id, &line.account_code)
}

/// The bank account.
pub fn bank(record: &BankTransaction) -> On<'_> {
    On::of(&record.bank_account.id, &record.bank_account.code)
}

/// It as debits and credits, each line's tax apart.
pub fn entries(record: &BankTransaction) -> Vec<Entry<'_>> {
    let sign = if record.is_received() { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let mut entries = Vec::with_capacity(2 * record.line_items.len() + 1);
    for line in moving(record) {
        let (net, tax) = (net(record, line), tax(record, line));
        entries.push(Entry {
            on: account_of(line),
            amount: sign * net,
            description: line.description.clone(),
            tracking: &line.tracking,
        });
        entries.push(Entry { on: On::Tax, amount: sign * tax, description: format!("Tax {}", line.tax_type), tracking: &[] });
    }
    entries.retain(|entry| !entry.amount.is_zero());
    let sum: Decimal = entries.iter().map(|entry| entry.amount).sum();
    entries.insert(0, Entry { on: bank(record), amount: -sum, description: record.reference.clone(), tracking: &[] });
    entries
}

pub fn postings(record: &BankTransaction) -> Vec<Posting> {
    if record.is_gone() { Vec::new() } else { sides::in_xero(&entries(record), record.rate()) }
}

/// The bank account, the currency and the accounts of the lines. One that was removed refers to nothing.
pub fn needs(record: &BankTransaction) -> Vec<Need> {
    if record.is_gone() {
        return Vec::new();
    }
    let mut needs: Vec<Need> = bank(record).need().into_iter().collect();
    if !record.currency_code.is_empty() {
        needs.push(Need { flow: currencies::KEY, key: record.currency_code.clone(), by: By::Id });
    }
    let accounts = moving(record).filter_map(|line| account_of(line).need());
    for need in accounts.chain(moving(record).flat_map(|line| tracking_categories::needs(&line.tracking))) {
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs
}

/// Whoever was paid need not be a vendor in Xero, nor whoever paid a customer.
pub fn hints(record: &BankTransaction) -> Vec<Need> {
    let contact = record.contact.as_ref().map_or("", |contact| contact.id.as_str());
    let roles = [vendors::KEY, customers::KEY].into_iter().filter(|_| !contact.is_empty());
    roles.map(|flow| Need { flow, key: contact.to_owned(), by: By::Id }).collect()
}

/// The contact in Zoho: the vendor for money spent, the customer for money received, else the other.
pub fn contact<'k>(record: &BankTransaction, known: &'k Known) -> Option<&'k str> {
    let id = &record.contact.as_ref()?.id;
    let [first, second] = if record.is_received() { [customers::KEY, vendors::KEY] } else { [vendors::KEY, customers::KEY] };
    known.id(first, id).or_else(|| known.id(second, id))
}

/// What cannot be carried in any form.
pub fn check(record: &BankTransaction, of: Form, known: &Known) -> Result<(), Unmappable> {
    let label = record.label();
    let held = |code, sentence| Err(Unmappable { code, sentence, expected: false });
    if record.is_gone() {
        // Written again it would be live, and the balance of the bank account wrong.
        return held(
            "BANK_TRANSACTION_REMOVED",
            format!(
                "{label} was removed in Xero after it had been carried. Delete it in Zoho Books too, so that the balance of the bank account is right there."
            ),
        );
    }
    if settled_form(record, known) != Some(of) {
        // It never was this one's where it is only passed on; where it was, the sentence is told.
        let is_passed = (form(record), of) == (Some(Form::Expense), Form::Journal) || form(record) == Some(of);
        return held(
            if is_passed { PASSED_ON } else { "BANK_TRANSACTION_RESHAPED" },
            format!(
                "{label} was changed in Xero so much that Zoho Books keeps it as another kind of record now, which is made beside the old one. Delete the old one in Zoho Books."
            ),
        );
    }
    let lines: Decimal = moving(record).map(|line| net(record, line) + tax(record, line)).sum();
    if lines != record.total {
        return held(
            "LINES_NOT_TOTAL",
            format!(
                "{label}: its lines come to {}, and its total in Xero is {}. The bank account would be wrong by the difference. Save it \
                 again in Xero, then retry.",
                lines.normalize(),
                record.total.normalize()
            ),
        );
    }
    super::documents::same_base_currency(&label, known)?;
    if is_foreign(record, known) && record.currency_rate.is_none_or(|rate| rate <= Decimal::ZERO) {
        return held(
            "NO_RATE",
            format!("{label} is in {} and has no exchange rate in Xero. Enter one there, then retry.", record.currency_code),
        );
    }
    Ok(())
}

pub fn is_foreign(record: &BankTransaction, known: &Known) -> bool {
    !record.currency_code.is_empty() && record.currency_code != known.xero.base_currency
}

/// Zoho's rate, with the digits that its amounts need; `None` in the organisation's own currency.
pub fn exchange_rate(record: &BankTransaction, known: &Known) -> Option<Decimal> {
    let mut amounts = vec![record.total];
    amounts.extend(entries(record).iter().map(|entry| entry.amount));
    money::exchange_rate(record.rate(), &amounts).filter(|_| is_foreign(record, known))
}

/// Everything that is said of it beside its lines: lines of words only, whoever is not known in Zoho, a long reference.
pub fn words(record: &BankTransaction, is_contact_named: bool, first: &str) -> String {
    let moving: Vec<*const LineItem> = moving(record).map(std::ptr::from_ref).collect();
    let said = record.line_items.iter().filter(|line| !moving.contains(&std::ptr::from_ref(*line)));
    let mut parts: Vec<String> = vec![first.to_owned()];
    parts.extend(said.map(|line| line.description.clone()));
    let name = record.contact.as_ref().map_or("", |contact| contact.name.trim());
    if !is_contact_named && !name.is_empty() {
        parts.push(format!("{}: {name}", if record.is_received() { "From" } else { "To" }));
    }
    if record.reference.chars().count() > REFERENCE_CHARS_MAX {
        parts.push(format!("{LONG_REFERENCE}{}", record.reference));
    }
    parts.retain(|part| !part.trim().is_empty());
    clip(&parts.join("\n"), WORDS_CHARS_MAX).to_owned()
}

pub fn fields() -> &'static [Field<BankTransaction>] {
    &[
        Field {
            name: "contact",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.text(record.contact.as_ref().map(|contact| contact.id.as_str()));
            },
        },
        Field {
            name: "bank_account",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.text(Some(&record.bank_account.id)).text(Some(&record.bank_account.code));
            },
        },
        Field {
            name: "date",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.day(Some(record.date));
            },
        },
        Field {
            name: "reference",
            authority: Authority::Either,
            print: |record, printer| {
                printer.text(Some(&record.reference));
            },
        },
        Field {
            name: "currency",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.text(Some(&record.currency_code)).amount(Some(record.rate()));
            },
        },
        Field {
            name: "lines",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.count(record.line_amount_types as usize).count(record.line_items.len());
                for line in &record.line_items {
                    printer
                        .text(Some(&line.description))
                        .text(Some(&line.account_code))
                        .text(Some(&line.account_id))
                        .text(Some(&line.tax_type))
                        .amount(line.tax_amount)
                        .amount(line.line_amount);
                }
            },
        },
        Field {
            name: "total",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.amount(Some(record.total));
            },
        },
        Field {
            name: "status",
            authority: Authority::Owner,
            print: |record, printer| {
                printer.flag(record.is_gone());
            },
        },
        Field {
            name: "tracking",
            authority: Authority::Either,
            print: |record, printer| {
                for line in &record.line_items {
                    tracking_categories::print(&line.tracking, printer);
                }
            },
        },
    ]
}

pub fn cure(record: &BankTransaction, refusal: &Refusal) -> Cure {
    refusals::hold(&record.label(), refusal)
}

/// Compares what Zoho has with what was meant.
pub fn judge(record: &BankTransaction, known: &Known, meant: Decimal, told: Option<Decimal>) -> Judgement {
    let Some(told) = told.filter(|told| *told != meant) else { return Judgement::Equal };
    Judgement::Differs(vec![Difference { what: "total", xero: meant, zoho: told, cause: cause(record, known, meant - told) }])
}

/// Money without cents may have some in Xero.
pub fn cause(record: &BankTransaction, known: &Known, difference: Decimal) -> &'static str {
    let whole = money::decimals(currency(record, known)) == 0;
    let most = Decimal::from(record.line_items.len().max(1));
    if whole && difference.abs() <= most { "CURRENCY_DECIMALS" } else { "UNEXPLAINED" }
}

pub fn currency<'a>(record: &'a BankTransaction, known: &'a Known) -> &'a str {
    if record.currency_code.is_empty() { &known.xero.base_currency } else { &record.currency_code }
}

pub fn line(currency: String, total: Option<Decimal>, tax: Option<Decimal>) -> Line {
    Line { status: "paid", currency, total, tax, due: None }
}

/// What Zoho's ledger has of a deposit or a transfer.
pub fn booked(answer: &Value) -> Option<Vec<Posting>> {
    let amount = money::read(&answer["amount"])?;
    let side = |key: &str, amount| Some((Ledger::Zoho(answer[key].as_str()?.to_owned()), amount));
    let others = [side("to_account_id", amount)?, side("from_account_id", -amount)?];
    Some(sides::booked(answer, "", "", |_| Decimal::ONE, &others))
}
