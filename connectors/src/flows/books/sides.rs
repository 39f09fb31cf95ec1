//! Debits and credits: the lines of a journal, and what a record moves in the general ledger.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::entries::{Entries, base};
use super::texts::clip;
use super::{accounts, money, refusals, tracking_categories};
use crate::flow::{By, Known, Ledger, Need, Posting, Shift, Unmappable};
use crate::xero::records::Tracking;

const DESCRIPTION_CHARS_MAX: usize = 500;

/// One debit (positive) or credit (negative), in the record's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    pub on: On<'a>,
    pub amount: Decimal,
    pub description: String,
    pub tracking: &'a [Tracking],
}

/// The account of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On<'a> {
    /// Xero's account, by its id or code.
    Account(&'a str, By),
    /// The account that tax stands on.
    Tax,
}

impl<'a> On<'a> {
    /// Ids outlive codes, which a bookkeeper may change.
    pub fn of(id: &'a str, code: &'a str) -> Self {
        if id.is_empty() { On::Account(code, By::Alias) } else { On::Account(id, By::Id) }
    }

    /// The record of the chart of accounts; none where Xero's line names no account.
    pub fn need(self) -> Option<Need> {
        let (key, by) = match self {
            On::Account(key, by) => (key, by),
            On::Tax => (accounts::TAX_ACCOUNT, By::Id),
        };
        (!key.is_empty()).then(|| Need { flow: accounts::KEY, key: key.to_owned(), by })
    }

    pub fn ledger(self) -> Ledger {
        match self {
            On::Account(code, By::Alias) => Ledger::Code(code.to_owned()),
            On::Account(id, _) => Ledger::Id(id.to_owned()),
            On::Tax => Ledger::Tax,
        }
    }

    /// Zoho's account.
    pub fn account<'k>(self, label: &str, known: &'k Known) -> Result<&'k str, Unmappable> {
        let Some(need) = self.need() else {
            return Err(Unmappable {
                code: "NO_ACCOUNT",
                sentence: format!(
                    "{label} has an amount without an account in Xero, and Zoho Books wants one. Choose an account in Xero, then retry."
                ),
                expected: false,
            });
        };
        let what = match self {
            On::Account(..) => format!("account {}", need.key),
            On::Tax => "the account of tax".to_owned(),
        };
        known.id(accounts::KEY, &need.key).ok_or_else(|| refusals::not_ready(label, &what))
    }
}

/// The accounts and the tracking of these entries, each once.
pub fn needs(entries: &[Entry]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    let accounts = entries.iter().filter_map(|entry| entry.on.need());
    for need in accounts.chain(entries.iter().flat_map(|entry| tracking_categories::needs(entry.tracking))) {
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    needs
}

/// The same entries with the tax of each rate in one.
pub fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let same = |other: &&mut Entry| entry.on == On::Tax && other.on == On::Tax && other.description == entry.description;
        match merged.iter_mut().find(same) {
            Some(other) => other.amount += entry.amount,
            None => merged.push(entry),
        }
    }
    merged.retain(|entry| !entry.amount.is_zero());
    merged
}

/// What the debits come to; the credits come to the same.
pub fn debits(entries: &[Entry]) -> Decimal {
    entries.iter().map(|entry| entry.amount).filter(|amount| *amount > Decimal::ZERO).sum()
}

/// The `line_items` of Zoho's journal. A line's amount is positive there; its side is said in words.
pub fn lines(label: &str, entries: &[Entry], contact: Option<&str>, known: &Known) -> Result<Vec<Value>, Unmappable> {
    let mut lines = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut line = json!({
            "account_id": entry.on.account(label, known)?,
            "debit_or_credit": if entry.amount > Decimal::ZERO { "debit" } else { "credit" },
            "amount": money::number(entry.amount.abs()),
            "description": clip(&entry.description, DESCRIPTION_CHARS_MAX),
        });
        if let Some(contact) = contact {
            line["customer_id"] = contact.into();
        }
        if let Some(tags) = tracking_categories::tags(label, entry.tracking, known)? {
            line["tags"] = tags;
        }
        lines.push(line);
    }
    Ok(lines)
}

/// What Xero's ledger has of them: each in the base currency to the cent, and what is left over as rounding.
pub fn in_xero(entries: &[Entry], rate: Decimal) -> Vec<Posting> {
    ledger(entries, Ledger::Rounding, |amount| base(amount, rate))
}

/// What Zoho's ledger has of them, at Zoho's rate: what is left over is on the account of the last.
pub fn in_zoho(entries: &[Entry], rate: Decimal) -> Vec<Posting> {
    let last = entries.last().map_or(Ledger::Rounding, |entry| entry.on.ledger());
    ledger(entries, last, |amount| amount.checked_mul(rate).map_or(amount, |own| money::round(own, 2)))
}

fn ledger(entries: &[Entry], rest: Ledger, own: impl Fn(Decimal) -> Decimal) -> Vec<Posting> {
    let mut ledger = Entries::default();
    entries.iter().for_each(|entry| ledger.add(entry.on.ledger(), own(entry.amount)));
    ledger.level(rest);
    ledger.into_postings()
}

/// The lines of Zoho's answer as it has them in its ledger.
pub fn booked(
    answer: &Value,
    lines: &str,
    figure: &str,
    sign: impl Fn(&Value) -> Decimal,
    others: &[(Ledger, Decimal)],
) -> Vec<Posting> {
    let rate = money::read(&answer["exchange_rate"]).filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE);
    let own = |amount: Decimal| amount.checked_mul(rate).map_or(amount, |own| money::round(own, 2));
    let mut ledger = Entries::default();
    others.iter().for_each(|(on, amount)| ledger.add(on.clone(), own(*amount)));
    let mut last = Ledger::Rounding;
    for line in answer[lines].as_array().into_iter().flatten() {
        let Some(account) = line["account_id"].as_str() else { continue };
        last = Ledger::Zoho(account.to_owned());
        ledger.add(last.clone(), sign(line) * own(money::read(&line[figure]).unwrap_or_default()));
    }
    ledger.level(last);
    ledger.into_postings()
}

/// By how much Zoho's accounts have more than Xero's.
pub fn shifts(xero: &[Posting], zoho: &[Posting], cause: &'static str) -> Vec<Shift> {
    let mut shifts: Vec<Shift> = Vec::new();
    let signed = zoho.iter().map(|one| (one, one.amount)).chain(xero.iter().map(|one| (one, -one.amount)));
    for (posting, amount) in signed {
        match shifts.iter_mut().find(|shift| shift.by.ledger == posting.ledger) {
            Some(shift) => shift.by.amount += amount,
            None => shifts.push(Shift { by: Posting { ledger: posting.ledger.clone(), amount }, day: None, cause }),
        }
    }
    shifts.retain(|shift| !shift.by.amount.is_zero());
    shifts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn entry(code: &'static str, amount: &str) -> Entry<'static> {
        let on = if code == "tax" { On::Tax } else { On::of("", code) };
        Entry { on, amount: dec(amount), description: "Words".into(), tracking: &[] }
    }

    #[test]
    fn a_line_has_a_side_and_a_positive_amount() {
        let mut known = Known::default();
        known.learn(accounts::KEY, "400", "1");
        known.learn(accounts::KEY, accounts::TAX_ACCOUNT, "2");
        let entries = [entry("400", "-11.50"), entry("tax", "11.50")];
        assert_eq!(
            lines("It", &entries, Some("9"), &known).unwrap(),
            [
                json!({"account_id": "1", "debit_or_credit": "credit", "amount": 11.5, "description": "Words", "customer_id": "9"}),
                json!({"account_id": "2", "debit_or_credit": "debit", "amount": 11.5, "description": "Words", "customer_id": "9"}),
            ]
        );
        assert_eq!(lines("It", &[entry("", "1")], None, &known).unwrap_err().code, "NO_ACCOUNT");
        assert_eq!(lines("It", &[entry("401", "1")], None, &known).unwrap_err().code, "NOT_READY");
        assert_eq!(needs(&[entry("400", "1"), entry("400", "2"), entry("", "1"), entry("tax", "1")]).len(), 2);
    }

    #[test]
    fn tax_of_one_rate_is_one_entry() {
        let entries = merged(vec![entry("400", "10"), entry("tax", "1.5"), entry("400", "10"), entry("tax", "-0.5")]);
        let amounts: Vec<Decimal> = entries.iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, [dec("10"), dec("1.0"), dec("10")]);
        assert_eq!(debits(&[entry("a", "3"), entry("b", "-5"), entry("c", "2")]), dec("5"));
    }

    #[test]
    fn cents_that_are_left_over_are_rounding_in_xero_and_a_shift_in_zoho() {
        let entries = [entry("1", "0.01"), entry("3", "0.01"), entry("2", "-0.02")];
        let xero = in_xero(&entries, dec("0.6"));
        let told = |postings: &[Posting]| postings.iter().map(|one| one.amount).collect::<Vec<_>>();
        assert_eq!(
            (told(&xero), &xero[3].ledger),
            (vec![dec("0.02"), dec("0.02"), dec("-0.03"), dec("-0.01")], &Ledger::Rounding)
        );
        let zoho = in_zoho(&entries, dec("1.666667"));
        assert_eq!(told(&zoho), [dec("0.02"), dec("0.02"), dec("-0.04")]);
        let shifts = shifts(&xero, &zoho, "ROUNDING_PER_LINE");
        let told: Vec<(Ledger, Decimal)> = shifts.into_iter().map(|one| (one.by.ledger, one.by.amount)).collect();
        assert_eq!(told, [(Ledger::Code("2".into()), dec("-0.01")), (Ledger::Rounding, dec("0.01"))]);
    }
}
