//! What neither an expense nor a deposit of Zoho Books can hold to the cent (money received with tax or for several things, lines with
//! something taken off): a journal against the bank account, with the tax on its own account. The ledger and the bank balance are Xero's.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::bank::{self, Form};
use super::sides::{self, Entry, On};
use super::{accounts, currencies, customers, expenses, journals, marks, money, vendors};
use crate::flow::{Age, By, Carry, Cure, Field, Flow, Judgement, Known, Line, Look, Need, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BANK_TRANSACTIONS, BankTransaction};
use crate::{xero, zoho};

pub struct BankJournals;

pub const KEY: &str = "books.bank_journals";

impl Flow for BankJournals {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Bank transactions as journals";
    const READ_WITH: Option<&'static str> = Some(expenses::KEY);
    const AFTER: &'static [&'static str] = &[currencies::KEY, accounts::KEY, customers::KEY, vendors::KEY, expenses::KEY];
    const XERO: xero::Resource = BANK_TRANSACTIONS;
    const ZOHO: zoho::Resource = journals::ZOHO_JOURNALS;
    type Xero = BankTransaction;

    fn wanted(record: &BankTransaction) -> Wanted {
        bank::wanted(record, Form::Journal)
    }

    /// What looks like an expense is mostly passed on, and waits for nothing here.
    fn needs(record: &BankTransaction) -> Vec<Need> {
        // Whether an account takes expenses is known when the account is: before that nothing is passed on.
        if bank::looks_like_expense(record) { bank::line_accounts(record) } else { all_needs(record) }
    }

    fn hints(record: &BankTransaction) -> Vec<Need> {
        let mut hints = bank::hints(record);
        if bank::looks_like_expense(record) {
            hints.extend(bank::account_hints(record));
            hints.extend(all_needs(record));
        }
        hints
    }

    fn to_zoho(record: &BankTransaction, known: &Known) -> Result<Carry, Unmappable> {
        bank::check(record, Form::Journal, known)?;
        let label = record.label();
        let entries = whole(record, known);
        if entries.is_empty() {
            return Err(journals::nothing_moves(&label));
        }
        let contact = bank::contact(record, known);
        let mut body = json!({
            "journal_date": record.date.to_string(),
            "reference_number": marks::reference(&record.reference, record.id()),
            "notes": bank::words(record, contact.is_some(), if record.is_received() { "Money received" } else { "Money spent" }),
            "journal_type": "both",
            "status": "published",
            "line_items": sides::lines(&label, &entries, contact, known)?,
        });
        if let Some(currency) = known.id(currencies::KEY, bank::currency(record, known)) {
            body["currency_id"] = currency.into();
        }
        if let Some(rate) = bank::exchange_rate(record, known) {
            body["exchange_rate"] = money::number(rate);
        }
        Ok(Carry::new(body).then(vec![zoho::Action::JOURNAL_PUBLISHED]))
    }

    fn fields() -> &'static [Field<BankTransaction>] {
        bank::fields()
    }

    fn age(record: &BankTransaction) -> Age {
        bank::age(record)
    }

    fn look(record: &BankTransaction, _: &Known) -> Look {
        marks::look(record.id())
    }

    fn found(record: &BankTransaction, _: &Known, rows: &[Value]) -> Option<String> {
        marks::found(record.id(), Self::ZOHO.id, rows)
    }

    fn cure(record: &BankTransaction, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        bank::cure(record, refusal)
    }

    fn judge(record: &BankTransaction, known: &Known, answer: &Value) -> Judgement {
        bank::judge(record, known, turnover(record), money::read(&answer["total"]))
    }

    fn postings(record: &BankTransaction, _: &Known) -> Vec<Posting> {
        bank::postings(record)
    }

    fn shifts(record: &BankTransaction, known: &Known) -> Vec<Shift> {
        if record.is_gone() {
            return Vec::new();
        }
        let rate = bank::exchange_rate(record, known).unwrap_or(Decimal::ONE);
        sides::shifts(&bank::postings(record), &sides::in_zoho(&whole(record, known), rate), "ROUNDING_PER_LINE")
    }

    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        journals::booked(answer)
    }

    fn xero_line(record: &BankTransaction) -> Line {
        journals::line("open", record.currency_code.clone(), turnover(record))
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        journals::zoho_line(row)
    }
}

fn all_needs(record: &BankTransaction) -> Vec<Need> {
    let mut needs = bank::needs(record);
    if !record.is_gone() && sides::merged(bank::entries(record)).iter().any(|entry| entry.on == On::Tax) {
        needs.push(Need { flow: accounts::KEY, key: accounts::TAX_ACCOUNT.to_owned(), by: By::Id });
    }
    needs
}

/// What the debits come to.
fn turnover(record: &BankTransaction) -> Decimal {
    sides::debits(&sides::merged(bank::entries(record)))
}

/// The entries in amounts that the currency has, still in balance.
fn whole<'a>(record: &'a BankTransaction, known: &Known) -> Vec<Entry<'a>> {
    let decimals = money::decimals(bank::currency(record, known));
    let mut entries = bank::entries(record);
    for entry in &mut entries {
        entry.amount = money::round(entry.amount, decimals);
    }
    let others: Decimal = entries.iter().skip(1).map(|entry| entry.amount).sum();
    if let Some(bank) = entries.first_mut() {
        bank.amount = -others;
    }
    sides::merged(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(extra: Value) -> BankTransaction {
        let mut record = json!({
            "BankTransactionID": "b-1", "Type": "RECEIVE", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Ada"},
            "BankAccount": {"AccountID": "a-090", "Code": "090"}, "Date": "2026-05-05", "Reference": "DD 7",
            "CurrencyCode": "NZD", "CurrencyRate": 1.0, "LineAmountTypes": "Exclusive", "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0,
            "LineItems": [{"Description": "Rent", "LineAmount": 40.0, "AccountCode": "260", "TaxType": "OUTPUT2", "TaxAmount": 6.0}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (flow, key, id) in [
            (accounts::KEY, "a-090", "1"),
            (accounts::KEY, "260", "2"),
            (accounts::KEY, accounts::TAX_ACCOUNT, "3"),
            (currencies::KEY, "NZD", "4"),
            (currencies::KEY, "USD", "5"),
            (currencies::KEY, "JPY", "8"),
            (vendors::KEY, "c-1", "6"),
            (customers::KEY, "c-1", "7"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    fn sides(body: &Value) -> Vec<String> {
        let lines = body["line_items"].as_array().unwrap().iter();
        lines
            .map(|line| {
                format!(
                    "{} {} {}",
                    line["account_id"].as_str().unwrap(),
                    line["debit_or_credit"].as_str().unwrap(),
                    line["amount"]
                )
            })
            .collect()
    }

    #[test]
    fn money_received_with_tax_is_a_journal_against_the_bank() {
        let carry = BankJournals::to_zoho(&received(json!({})), &known()).unwrap();
        assert_eq!(sides(&carry.body), ["1 debit 46", "2 credit 40", "3 credit 6"]);
        assert_eq!(carry.body["line_items"][1]["customer_id"], "7");
        let head = ["journal_date", "reference_number", "notes", "journal_type", "status", "currency_id"]
            .map(|key| carry.body[key].as_str().unwrap());
        assert_eq!(head, ["2026-05-05", "DD 7 · b-1", "Money received", "both", "published", "4"]);
        assert_eq!(carry.then, [zoho::Action::JOURNAL_PUBLISHED]);
        let keys: Vec<String> = BankJournals::needs(&received(json!({}))).into_iter().map(|need| need.key).collect();
        assert_eq!(keys, ["a-090", "NZD", "260", accounts::TAX_ACCOUNT]);
    }

    #[test]
    fn something_taken_off_changes_sides_and_tax_of_one_rate_is_one_line() {
        let spent =
            received(json!({"Type": "SPEND", "LineAmountTypes": "Inclusive", "TotalTax": 5.22, "Total": 40.0, "LineItems": [
                {"Description": "See the receipt"},
                {"Description": "Paper", "LineAmount": 46.0, "AccountCode": "260", "TaxType": "INPUT2", "TaxAmount": 6.0},
                {"Description": "Less", "LineAmount": -6.0, "AccountCode": "260", "TaxType": "INPUT2", "TaxAmount": -0.78},
            ]}));
        assert_eq!(BankJournals::wanted(&spent), Wanted::Carry);
        let body = BankJournals::to_zoho(&spent, &known()).unwrap().body;
        assert_eq!(sides(&body), ["1 credit 40", "2 debit 40", "3 debit 5.22", "2 credit 5.22"]);
        assert_eq!(
            (&body["notes"], &body["line_items"][0]["customer_id"]),
            (&json!("Money spent\nSee the receipt"), &json!("6"))
        );
    }

    #[test]
    fn each_bank_transaction_has_its_form() {
        use super::super::{expenses::Expenses, receipts::Receipts};
        let line =
            |amount: f64, tax: f64| json!({"LineAmount": amount, "AccountCode": "260", "TaxType": "OUTPUT2", "TaxAmount": tax});
        for (kind, lines, expected) in [
            // The chart of accounts decides which of the two it is.
            ("SPEND", json!([line(1.0, 0.15)]), [true, false, true]),
            ("SPEND", json!([line(1.0, 0.0), line(2.0, 0.0)]), [true, false, true]),
            ("SPEND", json!([line(1.0, 0.0), line(-0.5, 0.0)]), [false, false, true]),
            ("SPEND", json!([]), [false, false, true]),
            ("RECEIVE", json!([line(1.0, 0.0)]), [false, true, false]),
            ("RECEIVE", json!([line(1.0, 0.0), {"Description": "Only words"}]), [false, true, false]),
            ("RECEIVE", json!([line(1.0, 0.15)]), [false, false, true]),
            ("RECEIVE", json!([line(1.0, 0.0), line(2.0, 0.0)]), [false, false, true]),
            ("RECEIVE", json!([line(-1.0, 0.0)]), [false, false, true]),
            ("RECEIVE-PREPAYMENT", json!([line(1.0, 0.0)]), [false, false, false]),
            ("RECEIVE-OVERPAYMENT", json!([line(1.0, 0.0)]), [false, false, false]),
            ("SPEND-TRANSFER", json!([]), [false, false, false]),
        ] {
            let one = received(json!({"Type": kind, "LineItems": lines}));
            let carried = [Expenses::wanted(&one), Receipts::wanted(&one), BankJournals::wanted(&one)]
                .map(|wanted| wanted == Wanted::Carry);
            assert_eq!(carried, expected, "{kind} {lines}");
        }
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        for (extra, code, sentence, expected) in [
            (json!({"LineItems": [], "Total": 0}), "NO_AMOUNT", "moves no money", true),
            (json!({"Total": 46.01}), "LINES_NOT_TOTAL", "its lines come to 46, and its total in Xero is 46.01", false),
            (json!({"Status": "VOIDED"}), "BANK_TRANSACTION_REMOVED", "was removed in Xero", false),
            (json!({"Type": "SPEND"}), "PASSED_ON", "another kind of record", false),
            (json!({"LineAmountTypes": "NoTax"}), "BANK_TRANSACTION_RESHAPED", "another kind of record", false),
            (json!({"CurrencyCode": "USD", "CurrencyRate": 0}), "NO_RATE", "no exchange rate", false),
        ] {
            let held = BankJournals::to_zoho(&received(extra), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, expected));
            assert!(held.sentence.contains(sentence), "{}", held.sentence);
        }
    }

    #[test]
    fn money_without_cents_stays_in_balance_and_the_difference_has_a_name() {
        let yen = received(
            json!({"CurrencyCode": "JPY", "CurrencyRate": 88.5, "LineAmountTypes": "NoTax", "Total": 3.0, "LineItems": [
            {"LineAmount": 1.5, "AccountCode": "260"}, {"LineAmount": 1.5, "AccountCode": "260"}]}),
        );
        let body = BankJournals::to_zoho(&yen, &known()).unwrap().body;
        assert_eq!(sides(&body), ["1 debit 4", "2 credit 2", "2 credit 2"]);
        let Judgement::Differs(differences) = BankJournals::judge(&yen, &known(), &json!({"total": 4})) else {
            panic!("not told")
        };
        assert_eq!((differences[0].what, differences[0].cause), ("total", "CURRENCY_DECIMALS"));
    }

    #[test]
    fn an_answer_and_a_row_say_the_turnover() {
        let one = received(json!({}));
        assert_eq!(BankJournals::judge(&one, &known(), &json!({"total": 46.0})), Judgement::Equal);
        assert!(matches!(BankJournals::judge(&one, &known(), &json!({"total": 45.0})), Judgement::Differs(_)));
        let row = json!({"status": "published", "currency_code": "NZD", "total": 46.0});
        assert_eq!(BankJournals::zoho_line(&row), Some(BankJournals::xero_line(&one)));
        let row = json!({"journal_id": "77", "reference_number": "DD 7 · b-1"});
        assert_eq!(BankJournals::found(&one, &known(), &[row]).as_deref(), Some("77"));
        assert!(BankJournals::shifts(&one, &known()).is_empty());
        let foreign = received(json!({"CurrencyCode": "USD", "CurrencyRate": 0.6}));
        assert_eq!(BankJournals::to_zoho(&foreign, &known()).unwrap().body["currency_id"], "5");
        let moved: Decimal = BankJournals::shifts(&foreign, &known()).iter().map(|one| one.by.amount).sum();
        assert!(moved.is_zero());
    }
}
