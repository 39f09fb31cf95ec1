//! Money spent in Xero → expenses of Zoho Expense. An expense has one category there: each line of a bank transaction is one of its own,
//! with its tax in it, so that they come to what was spent.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::categories;
use crate::flow::{
    Age, Authority, By, Carry, Cure, Difference, Field, Flow, Judgement, Known, Line, Look, Need, Pace, Unmappable, Wanted,
};
use crate::flows::books::documents::{no_rate, same_base_currency};
use crate::flows::books::texts::clip;
use crate::flows::books::{bank, currencies, money, refusals};
use crate::side::{Refusal, Trouble};
use crate::xero::Record;
use crate::xero::records::{BANK_TRANSACTIONS, BankTransaction, BankTransactionType, LineItem};
use crate::{xero, zoho};

pub struct Expenses;

pub const KEY: &str = "expense.expenses";

const DESCRIPTION_CHARS_MAX: usize = 500;
const MERCHANT_CHARS_MAX: usize = 100;

/// One line of money spent.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentLine {
    /// The transaction's id, a colon and the line's place.
    id: String,
    spent: BankTransaction,
    line: LineItem,
}

/// Never read by itself: it is taken out of its transaction.
impl<'de> Deserialize<'de> for SpentLine {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("a line outside its transaction"))
    }
}

impl Record for SpentLine {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.spent.updated_us
    }
    fn label(&self) -> String {
        format!("{:.2} of {}", self.amount(), self.spent.label())
    }
}

impl SpentLine {
    fn amount(&self) -> Decimal {
        bank::net(&self.spent, &self.line) + bank::tax(&self.spent, &self.line)
    }

    /// Ids outlive codes, which a bookkeeper may change.
    fn account(&self) -> Option<Need> {
        let (key, by) = match self.line.account_id.is_empty() {
            true => (&self.line.account_code, By::Alias),
            false => (&self.line.account_id, By::Id),
        };
        (!key.is_empty()).then(|| Need { flow: categories::KEY, key: key.clone(), by })
    }

    fn merchant(&self) -> &str {
        self.spent.contact.as_ref().map_or("", |contact| contact.name.as_str())
    }

    /// Our own mark: Expense has no field that takes a value once.
    fn mark(&self) -> String {
        format!("Xero {}", self.id)
    }
}

impl Flow for Expenses {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Expenses";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] = &["expense.currencies", categories::KEY];
    const XERO: xero::Resource = BANK_TRANSACTIONS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "expenses",
        one: "expense",
        many: &["expenses"],
        id: "expense_id",
        unique: zoho::Unique::Reference,
        query: &[],
        // Without it Zoho lists this month only.
        list_query: &[("filter_by", "ExpenseDate.All")],
        words: &[],
    };
    type Xero = SpentLine;

    fn read(body: &[u8]) -> Result<Vec<Result<SpentLine, xero::Odd>>, Trouble> {
        let mut all = Vec::new();
        for read in xero::read_records::<BankTransaction>(&BANK_TRANSACTIONS, body)? {
            match read {
                Ok(spent) => {
                    let lines = spent.line_items.iter().cloned().enumerate();
                    let line =
                        |(n, line): (usize, LineItem)| SpentLine { id: format!("{}:{n}", spent.id), spent: spent.clone(), line };
                    all.extend(lines.map(line).map(Ok));
                }
                Err(odd) => all.push(Err(odd)),
            }
        }
        Ok(all)
    }
    fn rows(body: &[u8], _: usize) -> usize {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        answer[BANK_TRANSACTIONS.many].as_array().map_or(0, Vec::len)
    }
    fn wanted(one: &SpentLine) -> Wanted {
        let is_spent = one.spent.kind == BankTransactionType::Spend && !one.spent.is_gone();
        if is_spent && one.amount() > Decimal::ZERO { Wanted::Carry } else { Wanted::Skip }
    }
    fn removed(outer: &str) -> Option<Unmappable> {
        Some(Unmappable {
            code: "EXPENSE_REMOVED",
            sentence: format!("A line of {outer} was removed in Xero after it had been carried. Delete it in Zoho Expense too."),
            expected: false,
        })
    }
    fn needs(one: &SpentLine) -> Vec<Need> {
        let currency = Some(&one.spent.currency_code).filter(|code| !code.is_empty());
        let currency = currency.map(|code| Need { flow: currencies::KEY, key: code.clone(), by: By::Id });
        currency.into_iter().chain(one.account()).collect()
    }
    fn to_zoho(one: &SpentLine, known: &Known) -> Result<Carry, Unmappable> {
        let held = |code, sentence| Err(Unmappable { code, sentence, expected: false });
        if one.spent.is_gone() {
            return held(
                "EXPENSE_REMOVED",
                format!("{} was removed in Xero after it had been carried. Delete it in Zoho Expense too.", one.label()),
            );
        }
        same_base_currency(&one.label(), known)?;
        if one.spent.line_items.iter().any(|line| line.amount() < Decimal::ZERO) {
            return held(
                "MIXED_SIGNS",
                format!(
                    "{} has lines that take from what was spent, and Zoho Expense has no such expenses. Enter it there by hand.",
                    one.spent.label()
                ),
            );
        }
        if bank::is_foreign(&one.spent, known) && one.spent.currency_rate.is_none_or(|rate| rate <= Decimal::ZERO) {
            return Err(no_rate(&one.label(), &one.spent.currency_code));
        }
        let category = one.account().and_then(|need| known.id(categories::KEY, &need.key).map(str::to_owned));
        let Some(category) = category.filter(|category| category != categories::NONE) else {
            return Err(Unmappable {
                code: "NO_EXPENSE",
                sentence: format!(
                    "{} is booked on an account that is no expense, and Zoho Expense has no place for it. It stays in Xero.",
                    one.label()
                ),
                expected: true,
            });
        };
        let words: Vec<&str> =
            [one.line.description.trim(), one.spent.reference.trim()].into_iter().filter(|text| !text.is_empty()).collect();
        let mut body = json!({
            "date": one.spent.date.to_string(),
            "category_id": category,
            "amount": money::number(one.amount()),
            "description": clip(&words.join(" · "), DESCRIPTION_CHARS_MAX),
            "merchant_name": clip(one.merchant(), MERCHANT_CHARS_MAX),
            "reference_number": one.mark(),
            // The company has paid it itself.
            "is_reimbursable": false,
        });
        let currency = bank::currency(&one.spent, known);
        if let Some(id) = known.id(currencies::KEY, currency) {
            body["currency_id"] = id.into();
        }
        if currency != known.xero.base_currency
            && let Some(rate) = one.spent.currency_rate.filter(|rate| *rate > Decimal::ZERO)
            && let Some(rate) = money::exchange_rate(rate, &[one.amount()])
        {
            body["exchange_rate"] = money::number(rate);
        }
        Ok(Carry::new(body))
    }
    fn fields() -> &'static [Field<SpentLine>] {
        &[
            Field {
                name: "date",
                authority: Authority::Xero,
                print: |one, printer| {
                    printer.day(Some(one.spent.date));
                },
            },
            Field {
                name: "amount",
                authority: Authority::Xero,
                print: |one, printer| {
                    printer.amount(Some(one.amount())).amount(one.spent.currency_rate);
                },
            },
            Field {
                name: "category",
                authority: Authority::Xero,
                print: |one, printer| {
                    printer.text(Some(&one.line.account_id)).text(Some(&one.line.account_code));
                },
            },
            Field {
                name: "status",
                authority: Authority::Xero,
                print: |one, printer| {
                    printer.flag(one.spent.is_gone());
                },
            },
            Field {
                name: "words",
                authority: Authority::Xero,
                print: |one, printer| {
                    printer.text(Some(&one.line.description)).text(Some(&one.spent.reference)).text(Some(one.merchant()));
                },
            },
        ]
    }
    fn age(one: &SpentLine) -> Age {
        bank::age(&one.spent)
    }
    fn day(one: &SpentLine) -> Option<NaiveDate> {
        Some(one.spent.date)
    }
    fn look(_: &SpentLine, _: &Known) -> Look {
        Look::default()
    }
    fn find_in(one: &SpentLine, existing: &[Value]) -> Option<String> {
        let mark = one.mark();
        Some(existing.iter().find(|row| row["reference_number"] == mark.as_str())?["expense_id"].as_str()?.to_owned())
    }
    fn cure(one: &SpentLine, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&one.label(), refusal)
    }
    fn judge(one: &SpentLine, _: &Known, answer: &Value) -> Judgement {
        match money::read(&answer["total"]).or_else(|| money::read(&answer["amount"])) {
            Some(zoho) if zoho != one.amount() => {
                Judgement::Differs(vec![Difference { what: "total", xero: one.amount(), zoho, cause: "UNEXPLAINED" }])
            }
            _ => Judgement::Equal,
        }
    }
    fn xero_line(one: &SpentLine) -> Line {
        Line { status: "open", currency: one.spent.currency_code.clone(), total: Some(one.amount()), tax: None, due: None }
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        Some(Line {
            status: "open",
            currency: row["currency_code"].as_str().unwrap_or_default().to_owned(),
            total: money::read(&row["total"]).or_else(|| money::read(&row["amount"])),
            tax: None,
            due: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extra: Value) -> Vec<SpentLine> {
        let mut record = json!({
            "BankTransactionID": "b-1", "Type": "SPEND", "Status": "AUTHORISED", "Date": "/Date(1539993600000+0000)/", "Reference": "Card",
            "Contact": {"ContactID": "c-1", "Name": "Espresso 31"}, "BankAccount": {"AccountID": "a-090"}, "CurrencyCode": "NZD",
            "LineAmountTypes": "Exclusive", "Total": 34.5, "LineItems": [
                {"Description": "Coffee", "AccountCode": "420", "LineAmount": 10, "TaxAmount": 1.5, "TaxType": "INPUT2"},
                {"Description": "Lunch", "AccountCode": "421", "LineAmount": 20, "TaxAmount": 3, "TaxType": "INPUT2"},
            ],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let body = json!({ "BankTransactions": [record] }).to_string();
        Expenses::read(body.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn known() -> Known {
        let mut known = Known::default();
        known.xero.base_currency = "NZD".into();
        known.learn(categories::KEY, "420", "11");
        known.learn(categories::KEY, "421", categories::NONE);
        known.learn(currencies::KEY, "NZD", "5");
        known
    }

    #[test]
    fn each_line_is_an_expense_with_its_tax_in_it() {
        let all = read(json!({}));
        assert_eq!(all.len(), 2);
        let body = Expenses::to_zoho(&all[0], &known()).unwrap().body;
        assert_eq!(
            body,
            json!({
                "date": "2018-10-20", "category_id": "11", "amount": 11.5, "description": "Coffee · Card", "merchant_name": "Espresso 31",
                "reference_number": "Xero b-1:0", "is_reimbursable": false, "currency_id": "5",
            })
        );
        let held = Expenses::to_zoho(&all[1], &known()).unwrap_err();
        assert_eq!((held.code, held.expected), ("NO_EXPENSE", true));
        let body = json!({ "BankTransactions": [{ "LineItems": [] }, { "LineItems": [{}, {}] }] }).to_string();
        assert_eq!(Expenses::rows(body.as_bytes(), 2), 2, "transactions, not lines: a page is full by them");
    }

    #[test]
    fn what_was_removed_or_takes_away_is_held() {
        let code = |extra| Expenses::to_zoho(&read(extra)[0], &known()).unwrap_err().code;
        assert_eq!(code(json!({"Status": "DELETED"})), "EXPENSE_REMOVED");
        let lines = json!([{"AccountCode": "420", "LineAmount": 100}, {"AccountCode": "420", "LineAmount": -20}]);
        assert_eq!(code(json!({"LineItems": lines})), "MIXED_SIGNS");
        assert_eq!(code(json!({"CurrencyCode": "EUR"})), "NO_RATE");
    }

    #[test]
    fn only_what_was_spent_and_stands_is_carried() {
        let wanted = |extra| Expenses::wanted(&read(extra)[0]);
        assert_eq!(wanted(json!({})), Wanted::Carry);
        assert_eq!(wanted(json!({"Status": "DELETED"})), Wanted::Skip);
        assert_eq!(wanted(json!({"Type": "RECEIVE"})), Wanted::Skip);
        assert_eq!(wanted(json!({"Type": "SPEND-TRANSFER"})), Wanted::Skip);
    }

    #[test]
    fn one_that_was_made_is_found_by_our_mark() {
        let all = read(json!({}));
        let rows = [
            json!({"expense_id": "1", "reference_number": "Xero b-1:1"}),
            json!({"expense_id": "2", "reference_number": "Xero b-1:0"}),
        ];
        assert_eq!(Expenses::found(&all[0], &known(), &rows).as_deref(), Some("2"));
        assert_eq!(Expenses::judge(&all[0], &known(), &json!({"total": 11.5})), Judgement::Equal);
        assert!(matches!(Expenses::judge(&all[0], &known(), &json!({"total": 11.51})), Judgement::Differs(_)));
    }
}
