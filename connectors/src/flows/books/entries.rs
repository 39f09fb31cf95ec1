//! What records stand for in double entry, in the organisation's own currency: debits are positive. Xero's side of it from a record,
//! Zoho's from the record as Zoho gives it.

use rust_decimal::Decimal;
use serde_json::Value;

use super::money;
use crate::flow::{Ledger, Posting, Shift};
use crate::xero::records::{LineAmountTypes, LineItem};

/// The entries of one record, one for each account.
#[derive(Debug, Default)]
pub struct Entries(Vec<Posting>);

impl Entries {
    pub fn add(&mut self, ledger: Ledger, amount: Decimal) {
        match self.0.iter_mut().find(|one| one.ledger == ledger) {
            Some(one) => one.amount += amount,
            None => self.0.push(Posting { ledger, amount }),
        }
    }

    /// Puts what is missing for debits to equal credits on this account.
    pub fn level(&mut self, ledger: Ledger) {
        let over: Decimal = self.0.iter().map(|one| one.amount).sum();
        self.add(ledger, -over);
    }

    pub fn into_postings(mut self) -> Vec<Posting> {
        self.0.retain(|one| !one.amount.is_zero());
        self.0
    }
}

/// An amount in the organisation's own currency, at Xero's rate: foreign units for one of its own.
pub fn base(amount: Decimal, rate: Decimal) -> Decimal {
    if rate == Decimal::ONE {
        money::round(amount, 2)
    } else {
        amount.checked_div(rate).map_or(amount, |own| money::round(own, 2))
    }
}

/// The account that a line of Xero's names, if it names one.
pub fn account(id: &str, code: &str) -> Option<Ledger> {
    match (id, code) {
        ("", "") => None,
        ("", code) => Some(Ledger::Code(code.to_owned())),
        (id, _) => Some(Ledger::Id(id.to_owned())),
    }
}

/// Xero's lines with their tax. `sign`: +1 where they are debits.
pub fn add_lines(entries: &mut Entries, lines: &[LineItem], mode: LineAmountTypes, rate: Decimal, sign: Decimal) {
    for line in lines {
        let tax = if mode == LineAmountTypes::NoTax { Decimal::ZERO } else { line.tax_amount.unwrap_or_default() };
        let net = if mode == LineAmountTypes::Inclusive { line.amount() - tax } else { line.amount() };
        if let Some(account) = account(&line.account_id, &line.account_code) {
            entries.add(account, sign * base(net, rate));
        }
        entries.add(Ledger::Tax, sign * base(tax, rate));
    }
}

/// A document of Xero's: its total on the account of what is owed (`sign` +1: a debit), its lines against it, and what rounding leaves
/// over on Xero's account for that.
pub fn document(
    control: Ledger,
    sign: Decimal,
    total: Decimal,
    lines: &[LineItem],
    mode: LineAmountTypes,
    rate: Decimal,
) -> Vec<Posting> {
    let mut entries = Entries::default();
    entries.add(control, sign * base(total, rate));
    add_lines(&mut entries, lines, mode, rate, -sign);
    entries.level(Ledger::Rounding);
    entries.into_postings()
}

/// What Xero added itself to make a total round stands on its account Rounding; in Zoho it is the document's adjustment.
pub fn rounding_shifts(sign: Decimal, rounding: Decimal, rate: Decimal) -> Vec<Shift> {
    let amount = sign * base(rounding, rate);
    if amount.is_zero() {
        return Vec::new();
    }
    [(Ledger::Rounding, amount), (Ledger::OtherCharges, -amount)]
        .map(|(ledger, amount)| Shift { by: Posting { ledger, amount }, day: None, cause: "ROUNDING_PER_LINE" })
        .into()
}

/// A document as Zoho's ledger has it: total, lines, tax, adjustment, each at Zoho's rate, base units for one foreign. One that is no
/// longer live has nothing there.
pub fn booked(control: Ledger, sign: Decimal, answer: &Value) -> Option<Vec<Posting>> {
    if matches!(answer["status"].as_str()?, "draft" | "void" | "pending_approval" | "approved" | "rejected") {
        return Some(Vec::new());
    }
    let total = money::read(&answer["total"])?;
    let rate = money::read(&answer["exchange_rate"]).filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE);
    let own = |amount: Decimal| amount.checked_mul(rate).map_or(amount, |own| money::round(own, 2));
    let figure = |name: &str| own(money::read(&answer[name]).unwrap_or_default());
    let mut entries = Entries::default();
    entries.add(control, sign * own(total));
    let mut last = Ledger::OtherCharges;
    for line in answer["line_items"].as_array().into_iter().flatten() {
        let Some(account) = line["account_id"].as_str().filter(|id| !id.is_empty()) else { continue };
        last = Ledger::Zoho(account.to_owned());
        entries.add(last.clone(), -sign * own(money::read(&line["item_total"]).unwrap_or_default()));
    }
    entries.add(Ledger::Tax, -sign * figure("tax_total"));
    entries.add(Ledger::OtherCharges, -sign * figure("adjustment"));
    entries.level(last);
    Some(entries.into_postings())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn lines(lines: Value) -> Vec<LineItem> {
        serde_json::from_str(&lines.to_string()).unwrap()
    }

    fn told(postings: &[Posting]) -> Vec<(Ledger, String)> {
        postings.iter().map(|one| (one.ledger.clone(), one.amount.normalize().to_string())).collect()
    }

    #[test]
    fn a_document_is_in_balance_in_each_tax_mode() {
        let one = lines(json!([{"LineAmount": "115.00", "TaxAmount": "15.00", "AccountCode": "200"}]));
        for (mode, total, net, tax) in [
            (LineAmountTypes::Inclusive, "115", "-100", "-15"),
            (LineAmountTypes::Exclusive, "130", "-115", "-15"),
            (LineAmountTypes::NoTax, "115", "-115", "0"),
        ] {
            let postings = document(Ledger::Receivable, Decimal::ONE, dec(total), &one, mode, Decimal::ONE);
            let mut expected = vec![(Ledger::Receivable, total.to_owned()), (Ledger::Code("200".into()), net.to_owned())];
            if tax != "0" {
                expected.push((Ledger::Tax, tax.to_owned()));
            }
            assert_eq!(told(&postings), expected, "{mode:?}");
        }
    }

    #[test]
    fn cents_that_a_rate_leaves_over_are_rounding() {
        let two = lines(json!([
            {"LineAmount": "10.01", "AccountID": "a"}, {"LineAmount": "10.01", "AccountID": "b"}, {"Description": "words only"}]));
        let postings = document(Ledger::Payable, Decimal::NEGATIVE_ONE, dec("20.02"), &two, LineAmountTypes::NoTax, dec("0.8"));
        // 25.025 becomes 25.03, twice 12.5125 become 12.51.
        assert_eq!(
            told(&postings),
            [
                (Ledger::Payable, "-25.03".into()),
                (Ledger::Id("a".into()), "12.51".into()),
                (Ledger::Id("b".into()), "12.51".into()),
                (Ledger::Rounding, "0.01".into())
            ]
        );
    }

    #[test]
    fn a_line_without_an_account_goes_to_rounding_and_nothing_is_lost() {
        let odd = lines(json!([{"LineAmount": 5}, {"LineAmount": null, "Quantity": 2, "UnitAmount": "1.5", "AccountCode": "1"}]));
        let postings = document(Ledger::Receivable, Decimal::ONE, dec("8"), &odd, LineAmountTypes::NoTax, Decimal::ONE);
        let expected = [(Ledger::Receivable, "8"), (Ledger::Code("1".into()), "-3"), (Ledger::Rounding, "-5")];
        assert_eq!(told(&postings), expected.map(|(ledger, amount)| (ledger, amount.to_owned())));
    }

    #[test]
    fn xeros_own_rounding_is_zohos_adjustment() {
        let shifts = rounding_shifts(Decimal::ONE, dec("0.02"), Decimal::ONE);
        let of = |n: usize| (&shifts[n].by.ledger, shifts[n].by.amount, shifts[n].cause);
        assert_eq!(of(0), (&Ledger::Rounding, dec("0.02"), "ROUNDING_PER_LINE"));
        assert_eq!(of(1), (&Ledger::OtherCharges, dec("-0.02"), "ROUNDING_PER_LINE"));
        assert!(rounding_shifts(Decimal::ONE, Decimal::ZERO, Decimal::ONE).is_empty());
    }

    #[test]
    fn zohos_own_entries_are_read_from_its_answer() {
        let answer = json!({"status": "sent", "total": "11.51", "tax_total": 1.5, "adjustment": "0.01", "exchange_rate": 2,
            "line_items": [{"account_id": "7", "item_total": 10}, {"item_total": null}]});
        let expected = [
            (Ledger::Receivable, "23.02"),
            (Ledger::Zoho("7".into()), "-20"),
            (Ledger::Tax, "-3"),
            (Ledger::OtherCharges, "-0.02"),
        ];
        assert_eq!(
            told(&booked(Ledger::Receivable, Decimal::ONE, &answer).unwrap()),
            expected.map(|(ledger, amount)| (ledger, amount.to_owned()))
        );
        let of = |answer: Value| booked(Ledger::Payable, Decimal::ONE, &answer).map(|postings| told(&postings));
        for status in ["draft", "void", "pending_approval"] {
            assert_eq!(of(json!({"status": status, "total": 5})), Some(Vec::new()), "{status}");
        }
        for unread in [json!({"total": 5}), json!({"status": "sent", "total": "?"}), json!({"status": null}), json!({})] {
            assert_eq!(of(unread.clone()), None, "{unread}");
        }
    }
}
