//! Xero bills → Zoho Books bills. Zoho opens a bill at once, so a draft is held until it is approved.

use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::documents::{self, Kind};
use super::{XERO_ID, accounts, currencies, items, judgement, taxes, tracking_categories, vendors};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Owed, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BILLS, Invoice, InvoiceStatus, InvoiceType};
use crate::{xero, zoho};

pub struct Bills;

pub const KEY: &str = "books.bills";

impl Flow for Bills {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Bills";
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, vendors::KEY, items::KEY];
    const XERO: xero::Resource = BILLS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "bills",
        one: "bill",
        many: &["bills"],
        id: "bill_id",
        unique: zoho::Unique::Field { module: "bill", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = Invoice;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::document_fields::<Self>()));

    fn wanted(bill: &Invoice) -> Wanted {
        match (bill.kind, bill.status) {
            (InvoiceType::AccPay, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccPay, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(bill: &Invoice) -> Vec<Need> {
        documents::needs(Kind::Bill, bill)
    }
    fn to_zoho(bill: &Invoice, known: &Known) -> Result<Carry, Unmappable> {
        if matches!(bill.status, InvoiceStatus::Draft | InvoiceStatus::Submitted) {
            return Err(Unmappable {
                code: "DRAFT_BILL",
                sentence: format!(
                    "{} is a draft in Xero, and Zoho Books would open it at once. Approve it in Xero and it travels; delete it there and it is gone.",
                    bill.label()
                ),
                expected: true,
            });
        }
        documents::to_zoho(Kind::Bill, bill, known)
    }
    fn fields() -> &'static [Field<Invoice>] {
        documents::fields()
    }
    fn cure(bill: &Invoice, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::Bill, bill, known, refusal, attempt)
    }
    fn judge(bill: &Invoice, known: &Known, answer: &Value) -> Judgement {
        judgement::judge(Kind::Bill, bill, known, answer)
    }
    fn age(bill: &Invoice) -> Age {
        documents::age(bill)
    }
    fn postings(bill: &Invoice, _: &Known) -> Vec<Posting> {
        documents::postings(Kind::Bill, bill)
    }
    fn shifts(bill: &Invoice, _: &Known) -> Vec<Shift> {
        documents::shifts(Kind::Bill, bill)
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        documents::booked(Kind::Bill, answer)
    }
    fn owed(bill: &Invoice) -> Option<Owed> {
        documents::owed(Kind::Bill, bill)
    }
    fn zoho_owed(row: &Value) -> Option<Owed> {
        documents::zoho_owed(Kind::Bill, row)
    }
    fn xero_line(bill: &Invoice) -> Line {
        documents::xero_line(bill)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}

impl AsPaper for Bills {
    const PAPER: Paper = Paper {
        noun: "Bill",
        zoho: Words { id: "bill_id", number: "bill_number", contact: "vendor_id", until: Some("due_date") },
        xero: Words { id: "InvoiceID", number: "InvoiceNumber", contact: "Contact", until: Some("DueDate") },
        contacts: vendors::KEY,
        kind: Some("ACCPAY"),
        side: Side { is_sale: false, takes_discounts: false, needs_account: true, price_decimals: 4 },
        texts: Texts::NONE,
        seek: Seeking::Contact,
        link: Some("bills"),
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
    use crate::zoho::Action;

    fn bill(extra: Value) -> Invoice {
        let mut record = json!({
            "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Type": "ACCPAY", "Status": "AUTHORISED", "InvoiceNumber": "S-9", "Contact": {"ContactID": "c-1"},
            "Date": "2018-10-20T00:00:00", "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD",
            "LineItems": [{"Description": "See our order"}, {"Description": "Paper", "Quantity": 1, "UnitAmount": 40, "LineAmount": 40, "AccountID": "a-1", "TaxType": "INPUT2"}],
            "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0,
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
    fn a_bill_is_carried_with_an_account_on_every_line() {
        let carry = Bills::to_zoho(&bill(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "vendor_id": "101", "bill_number": "S-9", "reference_number": "", "date": "2018-10-20", "is_inclusive_tax": false, "is_item_level_tax_calc": true,
                "adjustment": 0, "adjustment_description": "Rounding",
                "line_items": [
                    {"name": "See our order", "description": "", "quantity": 1, "rate": 0, "account_id": "301", "item_order": 1},
                    {"name": "Paper", "description": "", "quantity": 1, "rate": 40, "account_id": "301", "tax_id": "401", "item_order": 2},
                ],
            })
        );
        assert_eq!(carry.then, []);
        assert_eq!(Bills::to_zoho(&bill(json!({"Status": "VOIDED"})), &known()).unwrap().then, [Action::VOID]);
    }

    #[test]
    fn a_draft_bill_is_held_as_announced() {
        for status in ["DRAFT", "SUBMITTED"] {
            let held = Bills::to_zoho(&bill(json!({ "Status": status })), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), ("DRAFT_BILL", true));
            assert!(held.sentence.starts_with("Bill S-9 is a draft in Xero"));
        }
        assert_eq!(Bills::wanted(&bill(json!({"Status": "DRAFT"}))), Wanted::Carry);
        assert_eq!(Bills::wanted(&bill(json!({"Status": "DELETED"}))), Wanted::Skip);
    }

    #[test]
    fn a_voided_bill_without_lines_has_nothing_to_carry() {
        let void = bill(json!({"Status": "VOIDED", "LineItems": []}));
        // One that was carried before keeps its lines in Zoho and becomes void; a new one is refused.
        let carry = Bills::to_zoho(&void, &known()).unwrap();
        assert!(carry.body.get("line_items").is_none() && carry.then == [Action::VOID]);
        let refusal = |message: &str| Refusal { status: 400, code: "4".into(), message: message.into() };
        let Cure::Hold(held) = Bills::cure(&void, &known(), &refusal("Invalid value passed for line_items"), 1) else {
            panic!("not held")
        };
        assert_eq!((held.code, held.expected), ("VOID_WITHOUT_LINES", true));
        let Cure::Hold(other) = Bills::cure(&void, &known(), &refusal("The period is locked"), 1) else { panic!("not held") };
        assert_eq!((other.code, other.expected), ("LOCKED_PERIOD", false));
        assert!(held.sentence.starts_with("Bill S-9 was voided in Xero"), "{}", held.sentence);
        assert_eq!(Bills::to_zoho(&bill(json!({"LineItems": []})), &known()).unwrap_err().code, "NO_LINES");
    }

    #[test]
    fn a_bill_without_a_number_gets_one_from_its_id_and_a_taken_one_a_mark() {
        let nameless = bill(json!({"InvoiceNumber": ""}));
        assert_eq!(Bills::to_zoho(&nameless, &known()).unwrap().body["bill_number"], "XERO-046D8A6D");
        let refusal = Refusal { status: 400, code: "13011".into(), message: "Bill number already exists".into() };
        let Cure::Again(carry) = Bills::cure(&bill(json!({})), &known(), &refusal, 1) else { panic!("not tried again") };
        assert_eq!(carry.body["bill_number"], "S-9 [046d8a6d]");
        let Cure::Hold(held) = Bills::cure(&bill(json!({})), &known(), &refusal, 2) else { panic!("not held") };
        assert_eq!(held.code, "NUMBER_TAKEN");
        // The mark is ours: the answer is not sent back to the taken number, even when it needs an adjustment.
        let answer = |total: &str| json!({"bill_number": "S-9 [046d8a6d]", "total": total, "tax_total": 6});
        assert_eq!(Bills::judge(&bill(json!({})), &known(), &answer("46")), Judgement::Equal);
        let Judgement::Mend(carry) = Bills::judge(&bill(json!({})), &known(), &answer("46.01")) else { panic!("not mended") };
        assert_eq!((&carry.body["bill_number"], &carry.body["adjustment"]), (&json!("S-9 [046d8a6d]"), &json!(-0.01)));
    }
}
