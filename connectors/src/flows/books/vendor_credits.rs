//! Xero credit notes of suppliers → Zoho Books vendor credits. Zoho has no upsert here: a vendor credit that may be there already is
//! found by its reference number, which is Xero's id. Xero itself has no reference on these.

use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::documents::{self, Kind};
use super::{accounts, allocations, credit_notes, currencies, items, judgement, taxes, tracking_categories, vendors};
use crate::flow::{
    Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Look, Need, Owed, Pace, Posting, Shift, Unmappable, Wanted,
};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{CREDIT_NOTES, CreditNote, InvoiceStatus, InvoiceType};
use crate::{xero, zoho};

pub struct VendorCredits;

pub const KEY: &str = "books.vendor_credits";

impl Flow for VendorCredits {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendor credits";
    const PACE: Pace = Pace::Hourly;
    const READ_WITH: Option<&'static str> = Some(credit_notes::KEY);
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, vendors::KEY, items::KEY];
    const XERO: xero::Resource = CREDIT_NOTES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "vendorcredits",
        one: "vendor_credit",
        many: &["vendorcredits", "vendor_credits"],
        id: "vendor_credit_id",
        unique: zoho::Unique::Reference,
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = CreditNote;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::document_fields::<Self>()));

    fn wanted(credit: &CreditNote) -> Wanted {
        match (credit.document.kind, credit.document.status) {
            (InvoiceType::AccPayCredit, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccPayCredit, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(credit: &CreditNote) -> Vec<Need> {
        documents::needs(Kind::VendorCredit, &credit.document)
    }
    fn to_zoho(credit: &CreditNote, known: &Known) -> Result<Carry, Unmappable> {
        if documents::life(&credit.document) == "draft" {
            return Err(Unmappable {
                code: "DRAFT_VENDOR_CREDIT",
                sentence: format!(
                    "{} is a draft in Xero, and Zoho Books may open it at once. Approve it in Xero and it travels; delete it there and it is gone.",
                    credit.label()
                ),
                expected: true,
            });
        }
        documents::to_zoho(Kind::VendorCredit, &credit.document, known)
    }
    fn fields() -> &'static [Field<CreditNote>] {
        documents::fields()
    }
    fn age(credit: &CreditNote) -> Age {
        documents::age(&credit.document)
    }
    fn look(credit: &CreditNote, _: &Known) -> Look {
        Look { query: vec![("reference_number", credit.document.id.clone())], ..Look::default() }
    }
    fn find_in(credit: &CreditNote, existing: &[Value]) -> Option<String> {
        let row = existing.iter().find(|row| row["reference_number"] == credit.document.id.as_str())?;
        Some(row["vendor_credit_id"].as_str()?.to_owned())
    }
    fn cure(credit: &CreditNote, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::VendorCredit, &credit.document, known, refusal, attempt)
    }
    fn judge(credit: &CreditNote, known: &Known, answer: &Value) -> Judgement {
        judgement::judge(Kind::VendorCredit, &credit.document, known, answer)
    }
    fn postings(credit: &CreditNote, _: &Known) -> Vec<Posting> {
        documents::postings(Kind::VendorCredit, &credit.document)
    }
    fn shifts(credit: &CreditNote, _: &Known) -> Vec<Shift> {
        let mut shifts = documents::shifts(Kind::VendorCredit, &credit.document);
        shifts.extend(allocations::shifts(credit));
        shifts
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        documents::booked(Kind::VendorCredit, answer)
    }
    fn owed(credit: &CreditNote) -> Option<Owed> {
        documents::owed(Kind::VendorCredit, &credit.document)
    }
    fn zoho_owed(row: &Value) -> Option<Owed> {
        documents::zoho_owed(Kind::VendorCredit, row)
    }
    fn xero_line(credit: &CreditNote) -> Line {
        documents::xero_line(&credit.document)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}

impl AsPaper for VendorCredits {
    const PAPER: Paper = Paper {
        noun: "Vendor credit",
        zoho: Words { id: "vendor_credit_id", number: "vendor_credit_number", contact: "vendor_id", until: None },
        xero: Words { id: "CreditNoteID", number: "CreditNoteNumber", contact: "Contact", until: None },
        contacts: vendors::KEY,
        kind: Some("ACCPAYCREDIT"),
        side: Side { is_sale: false, takes_discounts: false, needs_account: true, price_decimals: 4 },
        // In Zoho it is Xero's id, by which the credit is found again.
        texts: Texts::NONE,
        seek: Seeking::Contact,
        link: None,
        status: papers::life,
        first: papers::at_once,
        is_quote: false,
        lines_are_wanted: false,
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::Ledger;
    use crate::zoho::Action;

    const ID: &str = "bb8d8a6d-1ae1-4b4d-9340-5601bdf41b87";

    fn credit(extra: Value) -> CreditNote {
        let mut record = json!({
            "CreditNoteID": ID, "Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "CreditNoteNumber": "", "Contact": {"ContactID": "c-1"},
            "Date": "2018-10-20T00:00:00", "LineAmountTypes": "Inclusive", "CurrencyCode": "NZD",
            "LineItems": [{"Description": "See our claim"}, {"Description": "Paper", "Quantity": 1, "UnitAmount": 46, "LineAmount": 46, "AccountID": "a-1", "TaxType": "INPUT2", "TaxAmount": 6}],
            "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0, "RemainingCredit": 46.0,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known =
            Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, zoho::Organisation::default());
        known.learn(vendors::KEY, "c-1", "101");
        known.learn(accounts::KEY, "a-1", "301");
        known.learn(taxes::KEY, "INPUT2", "401");
        known
    }

    #[test]
    fn a_vendor_credit_has_xeros_id_for_its_reference_and_is_opened() {
        let carry = VendorCredits::to_zoho(&credit(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "vendor_id": "101", "vendor_credit_number": "XERO-BB8D8A6D", "reference_number": ID, "date": "2018-10-20", "is_inclusive_tax": true,
                "adjustment": 0, "adjustment_description": "Rounding",
                "line_items": [
                    {"name": "See our claim", "description": "", "quantity": 1, "rate": 0, "account_id": "301", "item_order": 1},
                    {"name": "Paper", "description": "", "quantity": 1, "rate": 46, "account_id": "301", "tax_id": "401", "item_order": 2},
                ],
            })
        );
        assert_eq!((carry.then, carry.at), (vec![Action::OPEN], None));
        assert_eq!(VendorCredits::to_zoho(&credit(json!({"Status": "VOIDED"})), &known()).unwrap().then, [Action::VOID]);
        let said = VendorCredits::to_zoho(&credit(json!({"Reference": "RMA 7"})), &known()).unwrap().body;
        assert_eq!((&said["notes"], &said["reference_number"]), (&json!("Reference: RMA 7"), &json!(ID)));
    }

    #[test]
    fn it_is_found_again_by_its_reference_even_where_the_filter_is_ignored() {
        let look = VendorCredits::look(&credit(json!({})), &known());
        assert_eq!((look.path, look.query), (None, vec![("reference_number", ID.to_owned())]));
        let rows =
            [json!({"vendor_credit_id": "1", "reference_number": ""}), json!({"vendor_credit_id": "2", "reference_number": ID})];
        assert_eq!(VendorCredits::found(&credit(json!({})), &known(), &rows).as_deref(), Some("2"));
        assert_eq!(VendorCredits::found(&credit(json!({})), &known(), &rows[..1]), None);
    }

    #[test]
    fn a_draft_is_held_as_announced_and_a_taken_number_gets_a_mark() {
        for status in ["DRAFT", "SUBMITTED"] {
            let held = VendorCredits::to_zoho(&credit(json!({ "Status": status })), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), ("DRAFT_VENDOR_CREDIT", true));
            assert!(held.sentence.starts_with("Vendor credit XERO-BB8D8A6D is a draft in Xero"));
        }
        let refusal =
            Refusal { status: 400, code: "4".into(), message: "The vendor credit number \"S-1\" already exists.".into() };
        let numbered = credit(json!({"CreditNoteNumber": "S-1"}));
        let Cure::Again(carry) = VendorCredits::cure(&numbered, &known(), &refusal, 1) else { panic!("not tried again") };
        assert_eq!(carry.body["vendor_credit_number"], "S-1 [bb8d8a6d]");
        let answer = json!({"vendor_credit_number": "S-1 [bb8d8a6d]", "total": 46, "tax_total": 6, "balance": 46});
        assert_eq!(VendorCredits::judge(&numbered, &known(), &answer), Judgement::Equal);
        let Cure::Hold(held) = VendorCredits::cure(&numbered, &known(), &refusal, 2) else { panic!("not held") };
        assert_eq!(held.code, "NUMBER_TAKEN");
        let void = credit(json!({"Status": "VOIDED", "LineItems": []}));
        let refusal = Refusal { status: 400, code: "4016".into(), message: "The document has no line items.".into() };
        let Cure::Hold(held) = VendorCredits::cure(&void, &known(), &refusal, 1) else { panic!("not held") };
        assert_eq!((held.code, held.expected), ("VOID_WITHOUT_LINES", true));
    }

    #[test]
    fn it_shares_the_list_of_credit_notes_and_takes_its_own() {
        assert_eq!(VendorCredits::READ_WITH, Some(credit_notes::KEY));
        for (extra, wanted) in [
            (json!({}), Wanted::Carry),
            (json!({"Status": "DRAFT"}), Wanted::Carry),
            (json!({"Status": "DELETED"}), Wanted::Skip),
            (json!({"Type": "ACCRECCREDIT"}), Wanted::Skip),
        ] {
            assert_eq!(VendorCredits::wanted(&credit(extra)), wanted);
        }
        let posting = |ledger, amount: &str| Posting { ledger, amount: amount.parse().unwrap() };
        assert_eq!(
            VendorCredits::postings(&credit(json!({})), &known()),
            [posting(Ledger::Payable, "46"), posting(Ledger::Tax, "-6"), posting(Ledger::Id("a-1".into()), "-40")]
        );
    }
}
