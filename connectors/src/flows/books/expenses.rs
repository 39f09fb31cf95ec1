//! Xero's money spent → Zoho Books expenses, with tax and vendor. Amounts are sent with their tax in them: the total, and with it the
//! balance of the bank account, is right whatever rounding the organisation has chosen.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::bank::{self, Form};
use super::sides::{self, Entry, On};
use super::texts::clip;
use super::{XERO_ID, accounts, back, currencies, customers, money, refusals, taxes, tracking_categories, vendors};
use crate::flow::{
    Age, Back, By, Carry, Cure, Difference, Field, Flow, Judgement, Known, Ledger, Line, Need, Posting, Shift, Unmappable, Wanted,
};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BANK_TRANSACTIONS, BankTransaction, LineItem};
use crate::{xero, zoho};

pub struct Expenses;

pub const KEY: &str = "books.expenses";

const DESCRIPTION_CHARS_MAX: usize = 500;

impl Flow for Expenses {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Expenses";
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, customers::KEY, vendors::KEY];
    const XERO: xero::Resource = BANK_TRANSACTIONS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "expenses",
        one: "expense",
        many: &["expenses"],
        id: "expense_id",
        unique: zoho::Unique::Field { module: "expense", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = BankTransaction;
    const BACK: Option<Back> = Some(back::expenses::EXPENSES);

    fn wanted(spent: &BankTransaction) -> Wanted {
        bank::wanted(spent, Form::Expense)
    }

    fn needs(spent: &BankTransaction) -> Vec<Need> {
        let mut needs = bank::needs(spent);
        if !spent.is_gone() {
            for tax_type in bank::moving(spent).filter_map(|line| bank::tax_type(spent, line)) {
                let need = Need { flow: taxes::KEY, key: tax_type.to_owned(), by: By::Id };
                if !needs.contains(&need) {
                    needs.push(need);
                }
            }
        }
        needs
    }

    fn hints(spent: &BankTransaction) -> Vec<Need> {
        let mut hints = bank::hints(spent);
        hints.retain(|hint| hint.flow == vendors::KEY);
        hints.extend(bank::account_hints(spent));
        hints
    }

    fn to_zoho(spent: &BankTransaction, known: &Known) -> Result<Carry, Unmappable> {
        bank::check(spent, Form::Expense, known)?;
        let label = spent.label();
        let mut lines = Vec::new();
        for line in bank::moving(spent) {
            let mut body = json!({
                "account_id": bank::account_of(line).account(&label, known)?,
                "amount": money::number(gross(spent, line)),
                "description": clip(&line.description, DESCRIPTION_CHARS_MAX),
            });
            if let Some(tax_type) = bank::tax_type(spent, line) {
                let tax = known.id(taxes::KEY, tax_type);
                body["tax_id"] = tax.ok_or_else(|| refusals::not_ready(&label, &format!("tax rate {tax_type}")))?.into();
            }
            if let Some(tags) = tracking_categories::tags(&label, &line.tracking, known)? {
                body["tags"] = tags;
            }
            lines.push(body);
        }
        let vendor = spent.contact.as_ref().and_then(|contact| known.id(vendors::KEY, &contact.id));
        let total: Decimal = bank::moving(spent).map(|line| gross(spent, line)).sum();
        let first = if let [one] = lines.as_slice() { one["description"].as_str().unwrap_or("") } else { "" };
        let mut body = json!({
            "date": spent.date.to_string(),
            "account_id": lines[0]["account_id"],
            "amount": money::number(total),
            "paid_through_account_id": bank::bank(spent).account(&label, known)?,
            "is_inclusive_tax": lines.iter().any(|line| line.get("tax_id").is_some()),
            "reference_number": clip(&spent.reference, bank::REFERENCE_CHARS_MAX),
            "description": bank::words(spent, vendor.is_some(), first),
            "line_items": lines,
            // Empty takes off whom an earlier version named, who is not a vendor of Zoho's any more.
            "vendor_id": vendor.unwrap_or_default(),
        });
        if let Some(currency) = known.id(currencies::KEY, bank::currency(spent, known)) {
            body["currency_id"] = currency.into();
        }
        if let Some(rate) = bank::exchange_rate(spent, known) {
            body["exchange_rate"] = money::number(rate);
        }
        Ok(Carry::new(body))
    }

    fn fields() -> &'static [Field<BankTransaction>] {
        bank::fields()
    }

    fn age(spent: &BankTransaction) -> Age {
        bank::age(spent)
    }

    fn cure(spent: &BankTransaction, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        bank::cure(spent, refusal)
    }

    fn judge(spent: &BankTransaction, known: &Known, answer: &Value) -> Judgement {
        let mut differences = Vec::new();
        if let Judgement::Differs(total) = bank::judge(spent, known, spent.total, money::read(&answer["total"])) {
            differences.extend(total);
        }
        let (ours, theirs) = (spent.total_tax.unwrap_or_default(), tax_in(answer));
        if let Some(theirs) = theirs.filter(|theirs| *theirs != ours) {
            let unit = Decimal::new(1, money::decimals(bank::currency(spent, known)));
            let lines = Decimal::from(spent.line_items.len().max(1));
            let cause = match by_hand(spent, known) {
                Some(typed) if (ours - theirs - typed).abs() <= unit * lines => "TAX_BY_HAND",
                _ if (ours - theirs).abs() <= unit * lines => "ROUNDING_PER_LINE",
                _ => bank::cause(spent, known, ours - theirs),
            };
            differences.push(Difference { what: "tax", xero: ours, zoho: theirs, cause });
        }
        if differences.is_empty() { Judgement::Equal } else { Judgement::Differs(differences) }
    }

    fn postings(spent: &BankTransaction, _: &Known) -> Vec<Posting> {
        bank::postings(spent)
    }

    fn shifts(spent: &BankTransaction, known: &Known) -> Vec<Shift> {
        if spent.is_gone() {
            return Vec::new();
        }
        let rate = bank::exchange_rate(spent, known).unwrap_or(Decimal::ONE);
        sides::shifts(&bank::postings(spent), &sides::in_zoho(&in_zoho(spent), rate), "ROUNDING_PER_LINE")
    }

    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        let bank = Ledger::Zoho(answer["paid_through_account_id"].as_str()?.to_owned());
        let others = [(bank, -money::read(&answer["total"])?), (Ledger::Tax, tax_in(answer)?)];
        Some(sides::booked(answer, "line_items", "item_total", |_| Decimal::ONE, &others))
    }

    fn xero_line(spent: &BankTransaction) -> Line {
        bank::line(spent.currency_code.clone(), Some(spent.total), spent.total_tax)
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        let currency = row["currency_code"].as_str().unwrap_or("").to_owned();
        Some(bank::line(currency, Some(money::read(&row["total"])?), tax_in(row)))
    }
}

/// A line with its tax in it. Zoho takes the tax out again, to the cent that Xero put on top.
fn gross(spent: &BankTransaction, line: &LineItem) -> Decimal {
    bank::net(spent, line) + bank::tax(spent, line)
}

/// The tax in Zoho's answer, or in a row of its list.
fn tax_in(answer: &Value) -> Option<Decimal> {
    let without = || Some(money::read(&answer["total"])? - money::read(&answer["total_without_tax"])?);
    money::read(&answer["tax_amount"]).or_else(without)
}

/// What Zoho makes the tax of a line by Xero's own rate, where that is known.
fn tax_by_rate(spent: &BankTransaction, known: &Known, line: &LineItem) -> Option<Decimal> {
    let percent = known.rate(taxes::KEY, bank::tax_type(spent, line)?)?;
    let tax = gross(spent, line).checked_mul(percent)?.checked_div(percent + Decimal::ONE_HUNDRED)?;
    Some(money::round(tax, money::decimals(bank::currency(spent, known))))
}

/// By how much the tax in Xero is more than what its own rates give, where somebody typed that of a line.
fn by_hand(spent: &BankTransaction, known: &Known) -> Option<Decimal> {
    let unit = Decimal::new(1, money::decimals(bank::currency(spent, known)));
    let more = bank::moving(spent).filter_map(|line| Some(bank::tax(spent, line) - tax_by_rate(spent, known, line)?));
    let more: Vec<Decimal> = more.collect();
    more.iter().any(|more| more.abs() > unit).then(|| more.iter().sum())
}

/// Its entries as Zoho has them: the tax of all lines is turned into the base currency at once, and what is left over is on the
/// account of the last line.
fn in_zoho(spent: &BankTransaction) -> Vec<Entry<'_>> {
    let lines = bank::moving(spent);
    let mut entries: Vec<Entry> = lines
        .map(|line| Entry {
            on: bank::account_of(line),
            amount: bank::net(spent, line),
            description: String::new(),
            tracking: &[],
        })
        .collect();
    let tax: Decimal = bank::moving(spent).map(|line| bank::tax(spent, line)).sum();
    let net: Decimal = entries.iter().map(|entry| entry.amount).sum();
    entries.insert(0, Entry { on: On::Tax, amount: tax, description: String::new(), tracking: &[] });
    entries.insert(0, Entry { on: bank::bank(spent), amount: -(net + tax), description: String::new(), tracking: &[] });
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::PASSED_ON;

    fn spent(extra: Value) -> BankTransaction {
        let mut record = json!({
            "BankTransactionID": "b-1", "Type": "SPEND", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Z Energy"},
            "BankAccount": {"AccountID": "a-090", "Code": "090", "Name": "Bank"}, "Date": "/Date(1777939200000+0000)/", "Reference": "Card 7",
            "CurrencyCode": "NZD", "CurrencyRate": 1.0, "LineAmountTypes": "Exclusive", "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0,
            "LineItems": [{"Description": "Fuel", "Quantity": 1, "UnitAmount": 40.0, "LineAmount": 40.0, "AccountCode": "449", "TaxType": "INPUT2", "TaxAmount": 6.0}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let zoho = zoho::Organisation { currency_code: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho);
        for (flow, key, id) in [
            (accounts::KEY, "a-090", "1"),
            (accounts::KEY, "449", "2"),
            (accounts::KEY, "453", "3"),
            (currencies::KEY, "NZD", "4"),
            (currencies::KEY, "USD", "5"),
            (taxes::KEY, "INPUT2", "6"),
            (vendors::KEY, "c-1", "7"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    fn body(extra: Value) -> Value {
        Expenses::to_zoho(&spent(extra), &known()).unwrap().body
    }

    #[test]
    fn money_spent_becomes_an_expense_with_its_tax_in_it() {
        assert_eq!(
            body(json!({})),
            json!({
                "date": "2026-05-05", "account_id": "2", "amount": 46, "paid_through_account_id": "1", "is_inclusive_tax": true,
                "reference_number": "Card 7", "description": "Fuel", "vendor_id": "7", "currency_id": "4",
                "line_items": [{"account_id": "2", "amount": 46, "description": "Fuel", "tax_id": "6"}],
            })
        );
        let needs: Vec<(&str, String)> =
            Expenses::needs(&spent(json!({}))).into_iter().map(|need| (need.flow, need.key)).collect();
        let expected = [(accounts::KEY, "a-090"), (currencies::KEY, "NZD"), (accounts::KEY, "449"), (taxes::KEY, "INPUT2")];
        assert_eq!(needs, expected.map(|(flow, key)| (flow, key.to_owned())));
        let hint = |flow, key: &str, by| Need { flow, key: key.into(), by };
        assert_eq!(
            Expenses::hints(&spent(json!({}))),
            [hint(vendors::KEY, "c-1", By::Id), hint(accounts::KEY, "no-expenses:449", By::Alias)]
        );
        assert_eq!(Expenses::needs(&spent(json!({"Status": "DELETED"}))), []);
    }

    #[test]
    fn amounts_of_every_mode_come_to_the_total() {
        for (mode, amount, tax, expected) in
            [("Exclusive", 40.0, 6.0, 46.0), ("Inclusive", 46.0, 6.0, 46.0), ("NoTax", 46.0, 0.0, 46.0)]
        {
            let line = json!([{"Description": "Fuel", "LineAmount": amount, "AccountCode": "449", "TaxType": "INPUT2", "TaxAmount": tax}]);
            let body = body(json!({"LineAmountTypes": mode, "LineItems": line}));
            assert_eq!(
                (money::read(&body["amount"]), &body["is_inclusive_tax"]),
                (money::read(&json!(expected)), &json!(mode != "NoTax")),
                "{mode}"
            );
        }
    }

    #[test]
    fn several_lines_keep_their_accounts_and_words_go_to_the_description() {
        let body = body(
            json!({"Contact": {"ContactID": "c-2", "Name": "Café"}, "Reference": "9".repeat(101), "Total": 48.3, "LineItems": [
                {"Description": "See the receipt"},
                {"Description": "Fuel", "LineAmount": 40.0, "AccountCode": "449", "TaxType": "INPUT2", "TaxAmount": 6.0},
                {"Description": "Free", "LineAmount": 0.0, "AccountCode": "453", "TaxType": "INPUT2", "TaxAmount": 0.0},
                {"Description": "Paper", "LineAmount": 2.3, "AccountCode": "453", "TaxType": "NONE", "TaxAmount": 0.0},
            ]}),
        );
        assert_eq!(body["line_items"].as_array().unwrap().len(), 2);
        assert_eq!(body["line_items"][1], json!({"account_id": "3", "amount": 2.3, "description": "Paper"}));
        assert_eq!(body["amount"], json!(48.3));
        assert_eq!(body["description"], format!("See the receipt\nFree\nTo: Café\nReference: {}", "9".repeat(101)));
        assert_eq!((body["reference_number"].as_str().unwrap().len(), &body["vendor_id"]), (100, &json!("")));
    }

    #[test]
    fn only_money_spent_on_something_is_an_expense() {
        let line = |amount: f64| json!([{"LineAmount": amount, "AccountCode": "449", "TaxType": "NONE"}]);
        for (extra, expected) in [
            (json!({}), Wanted::Carry),
            (json!({"Type": "RECEIVE"}), Wanted::Skip),
            (json!({"Type": "SPEND-PREPAYMENT"}), Wanted::Skip),
            (json!({"Type": "SPEND-TRANSFER", "LineItems": []}), Wanted::Skip),
            (json!({"Status": "DELETED"}), Wanted::Skip),
            (json!({"Status": "VOIDED"}), Wanted::Skip),
            (json!({"LineItems": line(-1.0)}), Wanted::Skip),
            (json!({"LineItems": line(0.0)}), Wanted::Skip),
            (json!({"LineItems": []}), Wanted::Skip),
            (json!({"LineItems": null}), Wanted::Skip),
        ] {
            assert_eq!(Expenses::wanted(&spent(extra.clone())), expected, "{extra}");
        }
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        for (extra, code, sentence) in [
            (json!({"Status": "DELETED"}), "BANK_TRANSACTION_REMOVED", "Delete it in Zoho Books too"),
            (json!({"LineItems": []}), "BANK_TRANSACTION_RESHAPED", "Delete the old one in Zoho Books"),
            (
                json!({"CurrencyCode": "USD", "CurrencyRate": null}),
                "NO_RATE",
                "Money spent: 46.00 USD on 2026-05-05 (Card 7) is in USD and has no exchange rate",
            ),
            (json!({"Total": 1, "LineItems": [{"LineAmount": 1.0}]}), "NO_ACCOUNT", "without an account"),
            (json!({"Total": 45.99}), "LINES_NOT_TOTAL", "its lines come to 46, and its total in Xero is 45.99"),
            (json!({"Total": 1, "LineItems": [{"LineAmount": 1.0, "AccountCode": "999"}]}), "NOT_READY", "account 999"),
            (
                json!({"Total": 1, "LineItems": [{"LineAmount": 1.0, "AccountCode": "449", "TaxType": "TAX009"}]}),
                "NOT_READY",
                "tax rate TAX009",
            ),
        ] {
            let held = Expenses::to_zoho(&spent(extra), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.contains(sentence), "{}", held.sentence);
        }
        let refusal = Refusal { status: 400, code: "2".into(), message: "Invalid value passed for account_id".into() };
        let Cure::Hold(held) = Expenses::cure(&spent(json!({})), &known(), &refusal, 1) else { panic!("not held") };
        assert_eq!(held.code, "ACCOUNT");
        for odd in [json!({"Type": "BORROW"}), json!({"Total": null}), json!({"Date": 7})] {
            let mut record = json!({"BankTransactionID": "b", "Type": "SPEND", "Date": "2026-05-05", "Total": 1});
            record.as_object_mut().unwrap().extend(odd.as_object().unwrap().clone());
            assert!(serde_json::from_str::<BankTransaction>(&record.to_string()).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_is_booked_on_equity_or_income_is_passed_on_to_the_journals() {
        use super::super::bank_journals::BankJournals;
        let drawn = spent(
            json!({"LineAmountTypes": "NoTax", "Total": 40.0, "LineItems": [{"Description": "Drawn", "LineAmount": 40.0, "AccountCode": "453"}]}),
        );
        let mut known = known();
        assert!(Expenses::to_zoho(&drawn, &known).is_ok());
        assert_eq!(BankJournals::to_zoho(&drawn, &known).unwrap_err().code, PASSED_ON);
        known.learn(accounts::KEY, "no-expenses:453", "3");
        assert_eq!(Expenses::to_zoho(&drawn, &known).unwrap_err().code, PASSED_ON);
        let body = BankJournals::to_zoho(&drawn, &known).unwrap().body;
        assert_eq!(body["line_items"][1]["account_id"], "3");
    }

    #[test]
    fn foreign_money_has_the_inverse_rate() {
        let body = body(json!({"CurrencyCode": "USD", "CurrencyRate": 0.8}));
        assert_eq!((&body["currency_id"], &body["exchange_rate"]), (&json!("5"), &json!(1.25)));
    }

    #[test]
    fn an_answer_is_judged_by_total_and_tax() {
        let judge = |record: &BankTransaction, known: &Known, total: &str, tax: &str| match Expenses::judge(
            record,
            known,
            &json!({"total": total, "tax_amount": tax}),
        ) {
            Judgement::Differs(list) => list.into_iter().map(|one| (one.what, one.cause)).collect::<Vec<_>>(),
            Judgement::Equal => Vec::new(),
            Judgement::Mend(_) => panic!("an expense has no adjustment"),
        };
        let mut known = known();
        assert_eq!(judge(&spent(json!({})), &known, "46.00", "6.00"), []);
        assert_eq!(judge(&spent(json!({})), &known, "46.00", "5.99"), [("tax", "ROUNDING_PER_LINE")]);
        assert_eq!(judge(&spent(json!({})), &known, "45.00", "6.00"), [("total", "UNEXPLAINED")]);
        let typed = spent(json!({"TotalTax": 9.0, "Total": 49.0, "LineItems": [
            {"Description": "Fuel", "LineAmount": 40.0, "AccountCode": "449", "TaxType": "INPUT2", "TaxAmount": 9.0}]}));
        assert_eq!(judge(&typed, &known, "49.00", "6.39"), [("tax", "UNEXPLAINED")]);
        known.learn_rate(taxes::KEY, "INPUT2", 15.into());
        assert_eq!(judge(&typed, &known, "49.00", "6.39"), [("tax", "TAX_BY_HAND")]);
        assert!(Expenses::shifts(&spent(json!({})), &known).is_empty());
        let answer = json!({"total": 49.0, "tax_amount": 6.39, "paid_through_account_id": "1", "line_items": [{"account_id": "2", "item_total": 42.61}]});
        let booked: Vec<(Ledger, String)> =
            Expenses::booked(&answer).unwrap().into_iter().map(|one| (one.ledger, one.amount.to_string())).collect();
        let expected = [(Ledger::Zoho("1".into()), "-49.0"), (Ledger::Tax, "6.39"), (Ledger::Zoho("2".into()), "42.61")];
        assert_eq!(booked, expected.map(|(ledger, amount)| (ledger, amount.to_owned())));
        let row = json!({"currency_code": "NZD", "total": 46.0, "total_without_tax": 40.0});
        assert_eq!(Expenses::zoho_line(&row), Some(Expenses::xero_line(&spent(json!({})))));
    }

    #[test]
    fn its_postings_are_those_of_xero() {
        let told: Vec<(Ledger, String)> = Expenses::postings(&spent(json!({})), &known())
            .into_iter()
            .map(|one| (one.ledger, one.amount.normalize().to_string()))
            .collect();
        let expected = [(Ledger::Id("a-090".into()), "-46"), (Ledger::Code("449".into()), "40"), (Ledger::Tax, "6")];
        assert_eq!(told, expected.map(|(ledger, amount)| (ledger, amount.to_owned())));
        assert_eq!(Expenses::postings(&spent(json!({"Status": "DELETED"})), &known()), []);
    }

    mod zoho_takes_the_tax_out_again {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #![proptest_config(crate::trials::cases(2000))]
            #[test]
            fn to_the_cent_that_xero_put_on_top(cents in 1i64..100_000_000, basis_points in 0i64..3000) {
                let (net, percent) = (Decimal::new(cents, 2), Decimal::new(basis_points, 2));
                let tax = money::round(net * percent / Decimal::ONE_HUNDRED, 2);
                let told = money::round((net + tax) * percent / (percent + Decimal::ONE_HUNDRED), 2);
                prop_assert_eq!(told, tax);
            }
        }
    }
}
