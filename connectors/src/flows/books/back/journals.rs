//! Zoho's journals on their way to Xero. What other kinds of Xero's records became journals in Zoho bears Xero's id in its reference and
//! stays where it is.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::tracking;
use super::words::{leave_out, leave_out_unchanged, list, not_in_xero, text};
use crate::flow::{Back, By, Coming, Known, Need, Seek, Sending, Trace, Unmappable, Wanted, ZohoField, always, own, whole};
use crate::flows::books::documents::same_base_currency;
use crate::flows::books::{accounts, marks, money};
use crate::xero::wire::parse_day;

pub const JOURNALS: Back = Back {
    wanted,
    label,
    day: |record| parse_day(text(record, "journal_date")),
    fields: FIELDS,
    needs: |_| Vec::new(),
    hints,
    lists: &[accounts::KEY],
    creates: always,
    to_xero,
    seek,
    is_it,
    trace,
    parts: whole,
    gone: Some(gone),
    spare,
    insisted: |there| own(there, &["journal_date", "line_items"]),
};

/// Accounts that Xero keeps itself: it takes no manual journal of them, nor of a bank account.
const KEPT: [&str; 9] = [
    "DEBTORS",
    "CREDITORS",
    "GST",
    "BANKCURRENCYGAIN",
    "REALISEDCURRENCYGAIN",
    "UNREALISEDCURRENCYGAIN",
    "RETAINEDEARNINGS",
    "TRACKINGTRANSFERS",
    "UNPAIDEXPCLM",
];

/// One for each of the flow's fields.
const FIELDS: &[ZohoField] = &[
    ZohoField {
        name: "narration",
        print: |record, printer| {
            printer.text(Some(&narration(record)));
        },
    },
    ZohoField {
        name: "date",
        print: |record, printer| {
            printer.day(parse_day(text(record, "journal_date")));
        },
    },
    ZohoField {
        name: "lines",
        print: |record, printer| {
            printer.text(Some(text(record, "currency_code"))).amount(money::read(&record["exchange_rate"]));
            for line in list(record, "line_items") {
                printer.amount(signed(line));
                for key in ["account_id", "description", "tax_id"] {
                    printer.text(Some(text(line, key)));
                }
            }
        },
    },
    ZohoField {
        name: "status",
        print: |record, printer| {
            printer.text(Some(status(record)));
        },
    },
    ZohoField { name: "tracking", print: super::prints::tracking },
];

fn wanted(record: &Value) -> Wanted {
    if marks::is_marked(text(record, "reference_number")) { Wanted::Skip } else { Wanted::Carry }
}

fn label(record: &Value) -> String {
    let said = super::words::tidy(&narration(record));
    format!("Manual journal “{}” of {}", crate::flows::books::texts::clip(&said, 60), text(record, "journal_date"))
}

/// What it is for: its notes, else its reference, else its number. Xero wants something said.
fn narration(record: &Value) -> String {
    let said = [text(record, "notes"), marks::own(text(record, "reference_number"))].into_iter().find(|said| !said.is_empty());
    said.map_or_else(|| format!("Journal {}", text(record, "entry_number")), str::to_owned)
}

/// Debits are positive, credits negative.
fn signed(line: &Value) -> Option<Decimal> {
    let amount = money::read(&line["amount"])?;
    Some(if text(line, "debit_or_credit") == "credit" { -amount } else { amount })
}

fn status(record: &Value) -> &'static str {
    match text(record, "status") {
        "draft" | "pending_approval" | "approved" | "rejected" => "DRAFT",
        _ => "POSTED",
    }
}

fn hints(record: &Value) -> Vec<Need> {
    let mut hints: Vec<Need> = Vec::new();
    for line in list(record, "line_items") {
        let need = Need { flow: accounts::KEY, key: text(line, "account_id").to_owned(), by: By::Zoho };
        if !need.key.is_empty() && !hints.contains(&need) {
            hints.push(need);
        }
    }
    hints.extend(tracking::hints(record));
    hints
}

fn to_xero(coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let record = coming.record;
    let label = label(record);
    same_base_currency(&label, known)?;
    let mut body = Map::new();
    if let Some(there) = coming.there {
        if !matches!(text(there, "Status"), "DRAFT" | "POSTED") {
            return Err(held(
                "REMOVED_IN_XERO",
                format!(
                    "{label} was changed in Zoho Books, but it was voided or deleted in Xero, where nothing can be changed any more. Delete it in Zoho Books \
                     too, or enter it again there."
                ),
            ));
        }
        body.insert("ManualJournalID".into(), there["ManualJournalID"].clone());
        // An update of Xero's says it whatever has changed.
        body.insert("Narration".into(), there["Narration"].clone());
    }
    if coming.writes("narration") {
        body.insert("Narration".into(), narration(record).into());
    }
    if coming.writes("date") {
        body.insert("Date".into(), text(record, "journal_date").into());
    }
    if coming.writes("lines") || coming.writes("tracking") {
        body.insert("LineAmountTypes".into(), "NoTax".into());
        body.insert("JournalLines".into(), lines(&label, record, known)?.into());
    }
    if coming.writes("status") {
        body.insert("Status".into(), status(record).into());
    }
    if coming.is_new() && known.address.starts_with("http") {
        body.insert("Url".into(), format!("{}/journals/zoho:{}", known.address, text(record, "journal_id")).into());
    }
    Ok(Sending::new(body.into()))
}

fn held(code: &'static str, sentence: String) -> Unmappable {
    Unmappable { code, sentence, expected: false }
}

fn lines(label: &str, record: &Value, known: &Known) -> Result<Vec<Value>, Unmappable> {
    let (code, base) = (text(record, "currency_code"), known.xero.base_currency.as_str());
    if !code.is_empty() && !base.is_empty() && code != base {
        return Err(held(
            "JOURNAL_CURRENCY",
            format!(
                "{label} is in {code}, and manual journals in Xero are in {base} only. Enter it in {base} in Zoho Books, then retry."
            ),
        ));
    }
    let mut lines = Vec::new();
    for line in list(record, "line_items") {
        if !text(line, "tax_id").is_empty() {
            return Err(held(
                "JOURNAL_TAX",
                format!(
                    "{label} has tax on a line in Zoho Books, which Xero might work out otherwise. Take it off and enter the tax in Xero by hand, then retry."
                ),
            ));
        }
        let mut told =
            json!({ "LineAmount": signed(line).map(money::number), "AccountID": account(label, line, known)?["AccountID"] });
        let description = text(line, "description");
        if !description.is_empty() {
            told["Description"] = description.into();
        }
        let tracking = tracking::of_line(label, line, record, known)?;
        if !tracking.is_empty() {
            told["Tracking"] = tracking.into();
        }
        lines.push(told);
    }
    Ok(lines)
}

fn account<'k>(label: &str, line: &Value, known: &'k Known) -> Result<&'k Value, Unmappable> {
    let ids = known.xero_ids(accounts::KEY, text(line, "account_id"));
    let is_one = |row: &&Value| ids.iter().any(|id| id == text(row, "AccountID"));
    let name = text(line, "account_name");
    let row = known.list(accounts::KEY).iter().find(is_one).ok_or_else(|| not_in_xero(label, &format!("the account {name}")))?;
    if text(row, "Type") == "BANK" || KEPT.contains(&text(row, "SystemAccount")) {
        return Err(held(
            "JOURNAL_ON_KEPT_ACCOUNT",
            format!(
                "{label} moves money on the account {name}, and Xero takes no manual journal of receivables, payables, tax or bank accounts. Use an invoice, \
                 a bill, a payment or an expense in Zoho Books instead, or ignore this."
            ),
        ));
    }
    Ok(row)
}

/// The journals of the day.
fn seek(record: &Value, _: &Known) -> Seek {
    let day = parse_day(text(record, "journal_date")).map(|day| day.format("%Y,%m,%d").to_string());
    Seek { query: day.map(|day| ("where", format!("Date==DateTime({day})"))).into_iter().collect() }
}

/// One of the same day that says the same and moves the same.
fn is_it(record: &Value, xero: &Value, known: &Known) -> bool {
    let moves = |told: Vec<(String, Decimal)>| {
        let mut moves = told;
        moves.sort();
        moves
    };
    let ours = list(record, "line_items").filter_map(|line| {
        let id = known.xero_id(accounts::KEY, text(line, "account_id")).unwrap_or_default();
        Some((id.to_lowercase(), signed(line)?.normalize()))
    });
    let theirs = list(xero, "JournalLines")
        .filter_map(|line| Some((text(line, "AccountID").to_lowercase(), money::read(&line["LineAmount"])?.normalize())));
    matches!(text(xero, "Status"), "DRAFT" | "POSTED")
        && parse_day(text(xero, "Date")) == parse_day(text(record, "journal_date"))
        && text(xero, "Narration") == narration(record)
        && moves(ours.collect()) == moves(theirs.collect())
}

/// A journal is nobody's: without our address any new one may be it.
fn trace(xero: &Value) -> Trace {
    Trace::of_address(xero).unwrap_or_else(|| Trace {
        of: format!("{}|{:?}", text(xero, "Narration"), parse_day(text(xero, "Date"))),
        whose: Some(String::new()),
    })
}

fn gone(xero: &Value) -> Option<Sending> {
    let status = match text(xero, "Status") {
        "DRAFT" => "DELETED",
        "POSTED" => "VOIDED",
        _ => return None,
    };
    Some(Sending::new(json!({ "ManualJournalID": xero["ManualJournalID"], "Narration": xero["Narration"], "Status": status })))
}

/// People's own reference stays before the mark, and the lines that did not change in Xero stay with what only Zoho has of them.
fn spare(there: &Value, changed: &[&'static str], body: &mut Value) {
    let id = text(body, "reference_number").to_owned();
    body["reference_number"] = marks::reference(marks::own(text(there, "reference_number")), &id).into();
    if body["reference_number"] == there["reference_number"] {
        leave_out(body, "reference_number");
    }
    leave_out_unchanged(
        body,
        changed,
        &[
            (&["lines", "tracking"], &["line_items"]),
            (&["narration"], &["notes"]),
            (&["date"], &["journal_date"]),
            (&["status"], &["status"]),
        ],
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::Flow;
    use crate::flows::books::journals::Journals;
    use crate::{xero, zoho};

    const ID: &str = "046d8a6d-1ae1-4b4d-9340-5601bdf41b87";

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        let account = |id: &str, kind: &str, system: &str| json!({ "AccountID": id, "Type": kind, "SystemAccount": system, "Status": "ACTIVE" });
        for (id, zoho_id) in [("a-1", "1"), ("a-2", "2"), ("a-bank", "3"), ("a-debtors", "4")] {
            known.learn(accounts::KEY, id, zoho_id);
            known.learn_back(accounts::KEY, zoho_id, id);
        }
        known.learn_list(
            accounts::KEY,
            Arc::new(vec![
                account("a-1", "EXPENSE", ""),
                account("a-2", "REVENUE", ""),
                account("a-bank", "BANK", ""),
                account("a-debtors", "CURRENT", "DEBTORS"),
            ]),
        );
        known
    }

    fn line(account: &str, side: &str, amount: f64) -> Value {
        json!({ "account_id": account, "account_name": "Named", "debit_or_credit": side, "amount": amount, "description": "" })
    }

    fn journal(extra: Value) -> Value {
        let mut record = json!({
            "journal_id": "9", "entry_number": "17", "journal_date": "2026-11-20", "reference_number": "R-1", "notes": "Accrued rent", "status": "published",
            "currency_code": "NZD", "line_items": [line("1", "debit", 11.5), line("2", "credit", 11.5)],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        record
    }

    fn sent(record: &Value) -> Result<Value, Unmappable> {
        to_xero(&Coming { record, there: None, changed: &[] }, &known()).map(|sending| sending.body)
    }

    #[test]
    fn a_journal_has_signs_and_something_to_say() {
        assert_eq!(
            sent(&journal(json!({}))).unwrap(),
            json!({"Narration": "Accrued rent", "Date": "2026-11-20", "LineAmountTypes": "NoTax", "Status": "POSTED",
                   "JournalLines": [{"LineAmount": 11.5, "AccountID": "a-1"}, {"LineAmount": -11.5, "AccountID": "a-2"}]})
        );
        for (extra, said, status) in [
            (json!({"notes": "", "status": "draft"}), "R-1", "DRAFT"),
            (json!({"notes": "", "reference_number": ID}), "Journal 17", "POSTED"),
        ] {
            let body = sent(&journal(extra)).unwrap();
            assert_eq!((&body["Narration"], &body["Status"]), (&json!(said), &json!(status)));
        }
        assert_eq!(label(&journal(json!({}))), "Manual journal “Accrued rent” of 2026-11-20");
        assert_eq!(
            JOURNALS.fields.iter().map(|field| field.name).collect::<Vec<_>>(),
            Journals::fields().iter().map(|field| field.name).collect::<Vec<_>>()
        );
    }

    #[test]
    fn what_another_kind_of_xeros_became_is_no_journal_of_peoples() {
        assert_eq!(wanted(&journal(json!({}))), Wanted::Carry);
        assert_eq!(wanted(&journal(json!({"reference_number": format!("DD 7 · {ID}")}))), Wanted::Skip);
    }

    #[test]
    fn what_xero_has_no_room_for_is_held() {
        for (extra, code) in [
            (json!({"currency_code": "USD"}), "JOURNAL_CURRENCY"),
            (json!({"line_items": [line("1", "debit", 1.0), line("3", "credit", 1.0)]}), "JOURNAL_ON_KEPT_ACCOUNT"),
            (json!({"line_items": [line("4", "debit", 1.0), line("2", "credit", 1.0)]}), "JOURNAL_ON_KEPT_ACCOUNT"),
            (json!({"line_items": [line("99", "debit", 1.0), line("2", "credit", 1.0)]}), "NOT_READY"),
            (json!({"line_items": [{"account_id": "1", "debit_or_credit": "debit", "amount": 1, "tax_id": "6"}]}), "JOURNAL_TAX"),
        ] {
            let held = sent(&journal(extra)).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false), "{}", held.sentence);
        }
    }

    #[test]
    fn an_update_says_what_changed_and_zohos_end_is_xeros() {
        let there = json!({"ManualJournalID": ID, "Status": "POSTED", "Narration": "Old"});
        let record = journal(json!({}));
        let told =
            |changed: &[&'static str]| to_xero(&Coming { record: &record, there: Some(&there), changed }, &known()).unwrap().body;
        assert_eq!(told(&["narration"]), json!({"ManualJournalID": ID, "Narration": "Accrued rent"}));
        assert_eq!(told(&["date"]), json!({"ManualJournalID": ID, "Narration": "Old", "Date": "2026-11-20"}));
        assert_eq!(gone(&there).unwrap().body["Status"], "VOIDED");
        assert_eq!(gone(&json!({"Status": "DRAFT"})).unwrap().body["Status"], "DELETED");
        let void = json!({"ManualJournalID": ID, "Status": "VOIDED"});
        assert_eq!(gone(&void), None);
        assert_eq!(
            to_xero(&Coming { record: &record, there: Some(&void), changed: &["date"] }, &known()).unwrap_err().code,
            "REMOVED_IN_XERO"
        );
        // And an update from Xero leaves people's own reference and lines.
        let mut body = json!({"reference_number": ID, "notes": "New", "line_items": []});
        spare(&record, &["narration"], &mut body);
        assert_eq!(body, json!({"reference_number": format!("R-1 · {ID}"), "notes": "New"}));
    }

    proptest! {
        #![proptest_config(crate::trials::cases(500))]

        #[test]
        fn a_journal_comes_back_as_it_went(cents in prop::collection::vec(1i64..10_000_000, 1..5), said in "[A-Za-z][A-Za-z ]{0,40}", draft in any::<bool>()) {
            let number = |cents: i64| money::number(Decimal::new(cents, 2));
            let debits = cents.iter().map(|cents| json!({ "account_id": "1", "debit_or_credit": "debit", "amount": number(*cents), "description": said.trim() }));
            let credit = json!({ "account_id": "2", "debit_or_credit": "credit", "amount": number(cents.iter().sum()), "description": "" });
            let record = journal(json!({ "notes": said.trim(), "status": if draft { "draft" } else { "published" }, "line_items": debits.chain([credit]).collect::<Vec<_>>() }));
            let mut xero = sent(&record).unwrap();
            xero["ManualJournalID"] = ID.into();
            let back = Journals::to_zoho(&serde_json::from_str(&xero.to_string()).unwrap(), &known()).unwrap().body;
            for key in ["journal_date", "notes", "status"] {
                prop_assert_eq!(&back[key], &record[key]);
            }
            for (one, other) in back["line_items"].as_array().unwrap().iter().zip(record["line_items"].as_array().unwrap()) {
                for key in ["account_id", "debit_or_credit", "amount", "description"] {
                    prop_assert_eq!(&one[key], &other[key]);
                }
            }
            prop_assert!(is_it(&record, &xero, &known()));
            xero["JournalLines"][0]["LineAmount"] = json!(0.01);
            prop_assert!(cents[0] == 1 || !is_it(&record, &xero, &known()));
        }
    }
}
