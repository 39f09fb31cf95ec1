//! Xero credit notes of customers → Zoho Books credit notes. They keep their number; what they are used for follows.

use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::documents::{self, Kind};
use super::{XERO_ID, accounts, allocations, currencies, customers, items, judgement, taxes, tracking_categories};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Owed, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{CREDIT_NOTES, CreditNote, InvoiceStatus, InvoiceType};
use crate::{xero, zoho};

pub struct CreditNotes;

pub const KEY: &str = "books.credit_notes";

impl Flow for CreditNotes {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Credit notes";
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, customers::KEY, items::KEY];
    const XERO: xero::Resource = CREDIT_NOTES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "creditnotes",
        one: "creditnote",
        many: &["creditnotes"],
        id: "creditnote_id",
        unique: zoho::Unique::Field { module: "creditnote", label: XERO_ID },
        // The number is ours: Zoho must not make one up.
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = CreditNote;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::document_fields::<Self>()));

    fn wanted(note: &CreditNote) -> Wanted {
        match (note.document.kind, note.document.status) {
            (InvoiceType::AccRecCredit, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccRecCredit, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(note: &CreditNote) -> Vec<Need> {
        documents::needs(Kind::CreditNote, &note.document)
    }
    fn to_zoho(note: &CreditNote, known: &Known) -> Result<Carry, Unmappable> {
        documents::to_zoho(Kind::CreditNote, &note.document, known)
    }
    fn fields() -> &'static [Field<CreditNote>] {
        documents::fields()
    }
    fn age(note: &CreditNote) -> Age {
        documents::age(&note.document)
    }
    fn cure(note: &CreditNote, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::CreditNote, &note.document, known, refusal, attempt)
    }
    fn judge(note: &CreditNote, known: &Known, answer: &Value) -> Judgement {
        judgement::judge(Kind::CreditNote, &note.document, known, answer)
    }
    fn postings(note: &CreditNote, _: &Known) -> Vec<Posting> {
        documents::postings(Kind::CreditNote, &note.document)
    }
    fn shifts(note: &CreditNote, _: &Known) -> Vec<Shift> {
        let mut shifts = documents::shifts(Kind::CreditNote, &note.document);
        shifts.extend(allocations::shifts(note));
        shifts
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        documents::booked(Kind::CreditNote, answer)
    }
    fn owed(note: &CreditNote) -> Option<Owed> {
        documents::owed(Kind::CreditNote, &note.document)
    }
    fn zoho_owed(row: &Value) -> Option<Owed> {
        documents::zoho_owed(Kind::CreditNote, row)
    }
    fn xero_line(note: &CreditNote) -> Line {
        documents::xero_line(&note.document)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}

impl AsPaper for CreditNotes {
    const PAPER: Paper = Paper {
        noun: "Credit note",
        zoho: Words { id: "creditnote_id", number: "creditnote_number", contact: "customer_id", until: None },
        xero: Words { id: "CreditNoteID", number: "CreditNoteNumber", contact: "Contact", until: None },
        contacts: customers::KEY,
        kind: Some("ACCRECCREDIT"),
        side: Side { is_sale: true, takes_discounts: false, needs_account: true, price_decimals: 4 },
        texts: Texts::REFERENCE,
        seek: Seeking::Contact,
        link: None,
        status: papers::life,
        first: papers::at_once,
        is_quote: false,
        lines_are_wanted: true,
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::{Difference, Ledger};
    use crate::zoho::Action;

    fn note(extra: Value) -> CreditNote {
        let mut record = json!({
            "CreditNoteID": "aa8d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "CreditNoteNumber": "CN-0042",
            "Reference": "Returned", "Contact": {"ContactID": "c-1"}, "Date": "/Date(1539993600000+0000)/", "DueDate": "/Date(1546128000000+0000)/",
            "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
            "LineItems": [{"Description": "Work", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 6.0}],
            "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0, "RemainingCredit": 26.0,
            "Allocations": [{"AllocationID": "al-1", "Amount": 20.0, "Date": "/Date(1540080000000+0000)/", "Invoice": {"InvoiceID": "i-1", "InvoiceNumber": "INV-1"}}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known =
            Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, zoho::Organisation::default());
        for (flow, key, id) in [
            (customers::KEY, "c-1", "101"),
            (currencies::KEY, "NZD", "201"),
            (currencies::KEY, "USD", "202"),
            (accounts::KEY, "200", "301"),
            (taxes::KEY, "OUTPUT2", "401"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    fn carried(extra: Value) -> Carry {
        CreditNotes::to_zoho(&note(extra), &known()).unwrap()
    }

    #[test]
    fn a_credit_note_keeps_its_number_and_its_lines() {
        let carry = carried(json!({}));
        assert_eq!(
            carry.body,
            json!({
                "customer_id": "101", "creditnote_number": "CN-0042", "ignore_auto_number_generation": true, "reference_number": "Returned",
                "date": "2018-10-20", "currency_id": "201", "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding",
                "line_items": [{"name": "Work", "description": "", "quantity": 2, "rate": 20, "account_id": "301", "tax_id": "401", "item_order": 1}],
            })
        );
        assert_eq!(carry.then, [Action::OPEN]);
        assert_eq!(carried(json!({"CurrencyCode": "USD", "CurrencyRate": 0.8})).body["exchange_rate"], json!(1.25));
    }

    #[test]
    fn the_status_follows() {
        for (status, wanted, is_draft, then) in [
            ("DRAFT", Wanted::Carry, true, vec![]),
            ("SUBMITTED", Wanted::Carry, true, vec![]),
            ("AUTHORISED", Wanted::Carry, false, vec![Action::OPEN]),
            ("PAID", Wanted::Carry, false, vec![Action::OPEN]),
            ("VOIDED", Wanted::Carry, false, vec![Action::VOID]),
            ("DELETED", Wanted::Skip, false, vec![Action::VOID]),
        ] {
            assert_eq!(CreditNotes::wanted(&note(json!({ "Status": status }))), wanted, "{status}");
            let carry = carried(json!({ "Status": status }));
            assert_eq!((carry.body.get("is_draft").is_some(), carry.then), (is_draft, then), "{status}");
        }
        assert_eq!(CreditNotes::wanted(&note(json!({"Type": "ACCPAYCREDIT"}))), Wanted::Skip);
        // One that Zoho has opened already needs no second call.
        assert!(!Action::OPEN.is_needed(&json!({"status": "open"})) && !Action::OPEN.is_needed(&json!({"status": "closed"})));
        assert!(Action::OPEN.is_needed(&json!({"status": "draft"})));
        let voided = carried(json!({"Status": "VOIDED", "LineItems": []})).body;
        assert_eq!(voided["line_items"], json!([{"name": "Voided in Xero", "quantity": 1, "rate": 46}]));
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        for (extra, code, sentence) in [
            (json!({"LineItems": []}), "NO_LINES", "Credit note CN-0042 has no lines"),
            (json!({"CreditNoteNumber": "9".repeat(101)}), "NUMBER_TOO_LONG", "more than 100 characters"),
            (json!({"Contact": {"ContactID": "c-2"}}), "NOT_READY", "Credit note CN-0042 refers to its contact"),
            (
                json!({"CurrencyCode": "USD", "CurrencyRate": null}),
                "NO_RATE",
                "Credit note CN-0042 is in USD and has no exchange rate",
            ),
        ] {
            let held = CreditNotes::to_zoho(&note(extra), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.contains(sentence), "{}", held.sentence);
        }
        let refusal =
            Refusal { status: 400, code: "4".into(), message: "The credit note number \"CN-0042\" already exists.".into() };
        let Cure::Hold(held) = CreditNotes::cure(&note(json!({})), &known(), &refusal, 1) else { panic!("not held") };
        assert_eq!(held.code, "NUMBER_TAKEN");
    }

    #[test]
    fn what_is_left_is_compared_and_an_allocation_that_is_not_there_has_its_name() {
        let judge = |extra: Value, total: &str, balance: &str| {
            let answer = json!({"creditnote_number": "CN-0042", "total": total, "tax_total": 6, "balance": balance});
            CreditNotes::judge(&note(extra), &known(), &answer)
        };
        assert_eq!(judge(json!({}), "46", "26"), Judgement::Equal);
        let due = |zoho: u32, cause| {
            Judgement::Differs(vec![Difference { what: "due", xero: "26.0".parse().unwrap(), zoho: zoho.into(), cause }])
        };
        assert_eq!(judge(json!({}), "46", "46"), due(46, "CREDIT_NOT_CARRIED"));
        assert_eq!(judge(json!({}), "46", "30"), due(30, "UNEXPLAINED"));
        let Judgement::Mend(carry) = judge(json!({}), "45.99", "26") else { panic!("not mended") };
        assert_eq!(carry.body["adjustment"], json!(0.01));
        // Yen have no cents in Zoho.
        let yen = json!({"CurrencyCode": "JPY", "CurrencyRate": 90, "Total": 46.4, "SubTotal": 40.4, "RemainingCredit": 26.4});
        let Judgement::Differs(differences) = judge(yen, "46", "26") else { panic!("not reported") };
        assert!(differences.iter().all(|one| one.cause == "CURRENCY_DECIMALS"), "{differences:?}");
        for (status, remaining, row, balance, expected) in [
            ("DRAFT", 46, "draft", 46, "draft"),
            ("AUTHORISED", 26, "open", 26, "open"),
            ("PAID", 0, "closed", 0, "paid"),
            ("VOIDED", 0, "void", 0, "void"),
        ] {
            let ours = CreditNotes::xero_line(&note(json!({"Status": status, "RemainingCredit": remaining})));
            let row = json!({"status": row, "currency_code": "NZD", "total": 46, "tax_total": 6, "balance": balance});
            assert_eq!(Some(&ours), CreditNotes::zoho_line(&row).as_ref());
            assert_eq!(ours.status, expected);
        }
    }

    #[test]
    fn its_place_in_time_and_what_it_moves() {
        let day = |text: &str| text.parse().unwrap();
        let age = |extra: Value| CreditNotes::age(&note(extra));
        assert_eq!(age(json!({})), Age::Of { date: day("2018-10-20"), open: true, settled: None });
        let paid = json!({"Status": "PAID", "RemainingCredit": 0, "FullyPaidOnDate": "/Date(1541030400000+0000)/"});
        assert_eq!(age(paid), Age::Of { date: day("2018-10-20"), open: false, settled: Some(day("2018-11-01")) });
        assert_eq!(age(json!({"Status": "VOIDED"})), Age::Of { date: day("2018-10-20"), open: false, settled: None });
        let posting = |ledger, amount: &str| Posting { ledger, amount: amount.parse().unwrap() };
        assert_eq!(
            CreditNotes::postings(&note(json!({})), &known()),
            [posting(Ledger::Receivable, "-46"), posting(Ledger::Code("200".into()), "40"), posting(Ledger::Tax, "6")]
        );
        assert_eq!(CreditNotes::postings(&note(json!({"Status": "DRAFT"})), &known()), []);
        let owed = CreditNotes::owed(&note(json!({}))).unwrap();
        let row =
            json!({"status": "open", "balance": "26.00", "customer_id": "c-1", "date": "2018-10-20", "currency_code": "NZD"});
        assert_eq!((&owed, owed.amount), (&CreditNotes::zoho_owed(&row).unwrap(), "-26".parse().unwrap()));
        assert_eq!(CreditNotes::shifts(&note(json!({"Total": 46.01})), &known()).len(), 2);
    }

    #[test]
    fn an_allocation_changes_no_print_and_fields_may_be_missing() {
        use crate::flow::{AnyFlow, Reading};
        let prints = |extra: Value| {
            let mut record = json!({"CreditNoteID": "n", "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": "c"}, "Date": "2018-10-20",
                "SubTotal": 1, "TotalTax": 0, "Total": 1, "LineItems": [{"Description": "a", "LineAmount": 1.0}]});
            record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let body = json!({ "CreditNotes": [record] }).to_string();
            let Ok([Reading::Record(record)]) = <[Reading; 1]>::try_from(CreditNotes.read(body.as_bytes()).unwrap()) else {
                panic!("not read")
            };
            CreditNotes.prints(record.as_ref(), &crate::print::PrintKey::new([1; 32]))
        };
        let base = prints(json!({}));
        assert!(matches!(
            CreditNotes.read(json!({ "CreditNotes": [{"CreditNoteID": 5}] }).to_string().as_bytes()).unwrap()[..],
            [Reading::Odd(_)]
        ));
        assert_eq!(
            prints(json!({"Allocations": null, "RemainingCredit": null, "Reference": null, "DueDate": "2018-12-01"})),
            base
        );
        assert_eq!(
            prints(
                json!({"Status": "PAID", "RemainingCredit": 0, "Allocations": [{"Amount": "1.00", "Date": "2018-10-21", "Invoice": {"InvoiceID": "i"}}]})
            ),
            base
        );
        assert_ne!(prints(json!({"Total": 2})), base);
        assert_ne!(prints(json!({"Status": "VOIDED"})), base);
    }
}
