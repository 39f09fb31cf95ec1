//! Xero's manual journals → Zoho Books journals. The tax of a line is an entry of its own on the account of tax: Zoho would work it
//! out anew where it is named on the line, and not always to the cent.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::sides::{self, Entry, On};
use super::texts::clip;
use super::{accounts, back, currencies, marks, money, refusals, tracking_categories};
use crate::flow::{
    Age, Authority, Back, Carry, Cure, Difference, Field, Flow, Judgement, Known, Line, Look, Need, Pace, Posting, Unmappable,
    Wanted,
};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{JournalStatus, LineAmountTypes, MANUAL_JOURNALS, ManualJournal, ManualJournalLine};
use crate::{xero, zoho};

pub struct Journals;

pub const KEY: &str = "books.journals";

const NOTES_CHARS_MAX: usize = 500;

pub const ZOHO_JOURNALS: zoho::Resource = zoho::Resource {
    path: "journals",
    one: "journal",
    many: &["journals"],
    id: "journal_id",
    unique: zoho::Unique::Reference,
    query: &[],
    list_query: &[],
    words: &[],
};

impl Flow for Journals {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Manual journals";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] = &[currencies::KEY, accounts::KEY, tracking_categories::KEY];
    const XERO: xero::Resource = MANUAL_JOURNALS;
    const ZOHO: zoho::Resource = ZOHO_JOURNALS;
    type Xero = ManualJournal;
    const BACK: Option<Back> = Some(back::journals::JOURNALS);

    fn wanted(journal: &ManualJournal) -> Wanted {
        if is_gone(journal) { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(journal: &ManualJournal) -> Vec<Need> {
        if is_gone(journal) { Vec::new() } else { sides::needs(&sides::merged(entries(journal))) }
    }

    fn to_zoho(journal: &ManualJournal, known: &Known) -> Result<Carry, Unmappable> {
        let label = journal.label();
        if is_gone(journal) {
            return Err(Unmappable {
                code: "JOURNAL_REMOVED",
                sentence: format!(
                    "{label} was voided or deleted in Xero after it had been carried. Delete it in Zoho Books too, so that the accounts are right there."
                ),
                expected: false,
            });
        }
        super::documents::same_base_currency(&label, known)?;
        let entries = sides::merged(entries(journal));
        if entries.is_empty() {
            return Err(nothing_moves(&label));
        }
        let over: Decimal = entries.iter().map(|entry| entry.amount).sum();
        if !over.is_zero() {
            return Err(Unmappable {
                code: "OUT_OF_BALANCE",
                sentence: format!(
                    "The debits and credits of {label} differ by {over:.2} in Xero, and Zoho Books takes only journals in balance. Mend it in Xero, then retry."
                ),
                expected: false,
            });
        }
        let (status, then) = match journal.status {
            JournalStatus::Posted => ("published", vec![zoho::Action::JOURNAL_PUBLISHED]),
            _ => ("draft", Vec::new()),
        };
        let mut notes = vec![journal.narration.trim()];
        notes.extend(journal.journal_lines.iter().filter(|line| is_words(line)).map(|line| line.description.trim()));
        notes.retain(|said| !said.is_empty());
        Ok(Carry::new(json!({
            "journal_date": journal.date.to_string(),
            "reference_number": marks::reference("", journal.id()),
            "notes": clip(&notes.join("\n"), NOTES_CHARS_MAX),
            "journal_type": "both",
            "status": status,
            "line_items": sides::lines(&label, &entries, None, known)?,
        }))
        .then(then))
    }

    fn fields() -> &'static [Field<ManualJournal>] {
        &[
            Field {
                name: "narration",
                authority: Authority::Either,
                print: |journal, printer| {
                    printer.text(Some(&journal.narration));
                },
            },
            Field {
                name: "date",
                authority: Authority::Owner,
                print: |journal, printer| {
                    printer.day(Some(journal.date));
                },
            },
            Field {
                name: "lines",
                authority: Authority::Owner,
                print: |journal, printer| {
                    printer.count(journal.line_amount_types as usize).count(journal.journal_lines.len());
                    for line in &journal.journal_lines {
                        printer
                            .amount(line.line_amount)
                            .text(Some(&line.account_code))
                            .text(Some(&line.account_id))
                            .text(Some(&line.description))
                            .text(Some(&line.tax_type))
                            .amount(line.tax_amount);
                    }
                },
            },
            Field {
                name: "status",
                authority: Authority::Owner,
                print: |journal, printer| {
                    printer.text(Some(life(journal)));
                },
            },
            Field {
                name: "tracking",
                authority: Authority::Owner,
                print: |journal, printer| {
                    for line in &journal.journal_lines {
                        tracking_categories::print(&line.tracking, printer);
                    }
                },
            },
        ]
    }

    /// A draft is something still to be decided; a posted journal is done.
    fn age(journal: &ManualJournal) -> Age {
        let open = journal.status == JournalStatus::Draft;
        Age::Of { date: journal.date, open, settled: (!open).then_some(journal.date) }
    }

    fn look(journal: &ManualJournal, _: &Known) -> Look {
        marks::look(journal.id())
    }

    fn found(journal: &ManualJournal, _: &Known, rows: &[Value]) -> Option<String> {
        marks::found(journal.id(), Self::ZOHO.id, rows)
    }

    fn cure(journal: &ManualJournal, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&journal.label(), refusal)
    }

    fn judge(journal: &ManualJournal, known: &Known, answer: &Value) -> Judgement {
        let meant = turnover(journal);
        match money::read(&answer["total"]).filter(|told| *told != meant) {
            Some(told) => {
                let whole = money::decimals(&known.xero.base_currency) == 0;
                let cause = if whole && told.fract().is_zero() { "CURRENCY_DECIMALS" } else { "UNEXPLAINED" };
                Judgement::Differs(vec![Difference { what: "total", xero: meant, zoho: told, cause }])
            }
            None => Judgement::Equal,
        }
    }

    fn postings(journal: &ManualJournal, _: &Known) -> Vec<Posting> {
        match journal.status {
            JournalStatus::Posted => sides::in_xero(&entries(journal), Decimal::ONE),
            _ => Vec::new(),
        }
    }

    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        booked(answer)
    }

    fn xero_line(journal: &ManualJournal) -> Line {
        line(life(journal), String::new(), turnover(journal))
    }

    /// Manual journals are in the organisation's own currency, which Xero does not name on them.
    fn zoho_line(row: &Value) -> Option<Line> {
        zoho_line(row).map(|line| Line { currency: String::new(), ..line })
    }
}

/// A journal's line in a reconciliation.
pub fn line(status: &'static str, currency: String, total: Decimal) -> Line {
    Line { status, currency, total: Some(total), tax: None, due: None }
}

pub fn zoho_line(row: &Value) -> Option<Line> {
    let status = match row["status"].as_str() {
        Some("draft" | "pending_approval" | "approved" | "rejected") => "draft",
        _ => "open",
    };
    Some(line(status, row["currency_code"].as_str().unwrap_or("").to_owned(), money::read(&row["total"])?))
}

/// What Zoho's ledger has of a journal.
pub fn booked(answer: &Value) -> Option<Vec<Posting>> {
    let sign = |line: &Value| if line["debit_or_credit"] == "debit" { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    match zoho_line(answer)?.status {
        "open" => Some(sides::booked(answer, "line_items", "amount", sign, &[])),
        _ => Some(Vec::new()),
    }
}

/// Zoho has no journal of nothing.
pub fn nothing_moves(label: &str) -> Unmappable {
    Unmappable {
        code: "NO_AMOUNT",
        sentence: format!("{label} moves no money in Xero: all its amounts are zero. There is nothing to carry."),
        expected: true,
    }
}

fn is_gone(journal: &ManualJournal) -> bool {
    matches!(journal.status, JournalStatus::Deleted | JournalStatus::Voided | JournalStatus::Archived)
}

fn life(journal: &ManualJournal) -> &'static str {
    match journal.status {
        JournalStatus::Draft => "draft",
        JournalStatus::Posted => "open",
        JournalStatus::Deleted | JournalStatus::Voided | JournalStatus::Archived => "void",
    }
}

fn is_words(line: &ManualJournalLine) -> bool {
    line.line_amount.is_none_or(|amount| amount.is_zero()) && line.tax_amount.is_none_or(|tax| tax.is_zero())
}

/// Debits and credits, each line's tax apart.
fn entries(journal: &ManualJournal) -> Vec<Entry<'_>> {
    let mut entries = Vec::with_capacity(2 * journal.journal_lines.len());
    for line in journal.journal_lines.iter().filter(|line| !is_words(line)) {
        let (amount, typed) = (line.line_amount.unwrap_or_default(), line.tax_amount.unwrap_or_default());
        let (net, tax) = match journal.line_amount_types {
            LineAmountTypes::NoTax => (amount, Decimal::ZERO),
            LineAmountTypes::Inclusive => (amount - typed, typed),
            LineAmountTypes::Exclusive => (amount, typed),
        };
        let on = On::of(&line.account_id, &line.account_code);
        entries.push(Entry { on, amount: net, description: line.description.clone(), tracking: &line.tracking });
        entries.push(Entry { on: On::Tax, amount: tax, description: format!("Tax {}", line.tax_type), tracking: &[] });
    }
    entries
}

fn turnover(journal: &ManualJournal) -> Decimal {
    sides::debits(&sides::merged(entries(journal)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Ledger;

    fn journal(extra: Value) -> ManualJournal {
        let mut record = json!({
            "ManualJournalID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Narration": "Accrual for May", "Status": "POSTED", "Date": "2026-05-31",
            "LineAmountTypes": "NoTax", "JournalLines": [
                {"Description": "For May"},
                {"LineAmount": 100.0, "AccountCode": "429", "AccountID": "a-429", "TaxType": "NONE", "TaxAmount": 0.0, "Description": "Phones"},
                {"LineAmount": -100.0, "AccountCode": "825", "TaxType": "NONE"},
            ],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (key, id) in [("a-429", "1"), ("429", "1"), ("825", "2"), ("260", "3"), (accounts::TAX_ACCOUNT, "4")] {
            known.learn(accounts::KEY, key, id);
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
    fn debits_and_credits_keep_their_sides() {
        let carry = Journals::to_zoho(&journal(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "journal_date": "2026-05-31", "reference_number": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "notes": "Accrual for May\nFor May",
                "journal_type": "both", "status": "published", "line_items": [
                    {"account_id": "1", "debit_or_credit": "debit", "amount": 100, "description": "Phones"},
                    {"account_id": "2", "debit_or_credit": "credit", "amount": 100, "description": ""},
                ],
            })
        );
        assert_eq!(carry.then, [zoho::Action::JOURNAL_PUBLISHED]);
        let draft = Journals::to_zoho(&journal(json!({"Status": "DRAFT"})), &known()).unwrap();
        assert_eq!((&draft.body["status"], draft.then), (&json!("draft"), Vec::new()));
    }

    #[test]
    fn tax_is_an_entry_of_its_own() {
        for (mode, amounts, expected) in [
            ("Exclusive", [100.0, -100.0], ["1 debit 100", "4 debit 15", "3 credit 100", "4 credit 15"]),
            ("Inclusive", [115.0, -115.0], ["1 debit 100", "4 debit 15", "3 credit 100", "4 credit 15"]),
        ] {
            let one = journal(json!({"LineAmountTypes": mode, "JournalLines": [
                {"LineAmount": amounts[0], "AccountCode": "429", "TaxType": "INPUT2", "TaxAmount": 15.0},
                {"LineAmount": amounts[1], "AccountCode": "260", "TaxType": "OUTPUT2", "TaxAmount": -15.0},
            ]}));
            assert_eq!(sides(&Journals::to_zoho(&one, &known()).unwrap().body), expected, "{mode}");
            assert!(Journals::needs(&one).iter().any(|need| need.key == accounts::TAX_ACCOUNT));
            assert_eq!(Journals::xero_line(&one).total, Some("115.0".parse().unwrap()));
        }
        assert!(Journals::needs(&journal(json!({}))).iter().all(|need| need.key != accounts::TAX_ACCOUNT));
    }

    #[test]
    fn a_long_narration_is_cut_and_a_journal_of_nothing_is_announced() {
        let body = Journals::to_zoho(&journal(json!({"Narration": "é".repeat(900)})), &known()).unwrap().body;
        assert_eq!(body["notes"].as_str().unwrap().chars().count(), 500);
        let zero = json!({"LineAmount": 0, "AccountCode": "429"});
        for (extra, code, expected) in [
            (json!({"JournalLines": [zero, zero]}), "NO_AMOUNT", true),
            (json!({"JournalLines": null}), "NO_AMOUNT", true),
            (json!({"JournalLines": [{"LineAmount": 1, "AccountCode": "429"}]}), "OUT_OF_BALANCE", false),
            (json!({"JournalLines": [{"LineAmount": 1}, {"LineAmount": -1, "AccountCode": "429"}]}), "NO_ACCOUNT", false),
            (
                json!({"JournalLines": [{"LineAmount": 1, "AccountCode": "x"}, {"LineAmount": -1, "AccountCode": "429"}]}),
                "NOT_READY",
                false,
            ),
            (json!({"Status": "VOIDED"}), "JOURNAL_REMOVED", false),
        ] {
            let held = Journals::to_zoho(&journal(extra.clone()), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, expected), "{extra}");
            assert!(held.sentence.contains("Manual journal “Accrual for May” of 2026-05-31"), "{}", held.sentence);
        }
        let refusal =
            Refusal { status: 400, code: "11016".into(), message: "Select a contact for the line of the account".into() };
        assert!(matches!(Journals::cure(&journal(json!({})), &known(), &refusal, 1), Cure::Hold(held) if held.code == "ACCOUNT"));
    }

    #[test]
    fn only_live_journals_are_carried() {
        for (status, wanted) in [
            ("DRAFT", Wanted::Carry),
            ("POSTED", Wanted::Carry),
            ("DELETED", Wanted::Skip),
            ("VOIDED", Wanted::Skip),
            ("ARCHIVED", Wanted::Skip),
        ] {
            assert_eq!(Journals::wanted(&journal(json!({ "Status": status }))), wanted, "{status}");
        }
        let bare = serde_json::from_str::<ManualJournal>(r#"{"ManualJournalID": "m", "Date": "2026-05-31"}"#).unwrap();
        assert_eq!((bare.status, bare.line_amount_types), (JournalStatus::Draft, LineAmountTypes::NoTax));
        for odd in [r#"{"ManualJournalID": "m"}"#, r#"{"ManualJournalID": "m", "Date": "2026-05-31", "Status": "LOST"}"#] {
            assert!(serde_json::from_str::<ManualJournal>(odd).is_err());
        }
    }

    #[test]
    fn both_sides_say_the_same_and_the_ledger_has_it() {
        for (status, row_status) in [("POSTED", "published"), ("DRAFT", "draft")] {
            let one = journal(json!({ "Status": status }));
            let row = json!({"status": row_status, "currency_code": "NZD", "total": 100.0});
            assert_eq!(Journals::zoho_line(&row), Some(Journals::xero_line(&one)));
            assert_eq!(Journals::judge(&one, &known(), &row), Judgement::Equal);
        }
        assert!(matches!(Journals::judge(&journal(json!({})), &known(), &json!({"total": 99.0})), Judgement::Differs(_)));
        let told: Vec<(Ledger, String)> = Journals::postings(&journal(json!({})), &known())
            .into_iter()
            .map(|one| (one.ledger, one.amount.normalize().to_string()))
            .collect();
        assert_eq!(told, [(Ledger::Id("a-429".into()), "100".to_owned()), (Ledger::Code("825".into()), "-100".to_owned())]);
        assert_eq!(Journals::postings(&journal(json!({"Status": "DRAFT"})), &known()), []);
    }
}
