//! What allocations of credit notes and of vendor credits have in common. Both live inside their credit, in Xero and in Zoho, and are
//! made once: nothing of them can be changed.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::entries::{self, Entries};
use super::{bills, credit_notes, invoices, money, refusals, vendor_credits};
use crate::flow::{Authority, By, Carry, Cure, Field, Known, Ledger, Line, Look, Need, Posting, Shift, Unmappable, Wanted};
use crate::side::{Refusal, Trouble};
use crate::xero::records::{CREDIT_NOTES, CreditAllocation, CreditNote, InvoiceStatus, InvoiceType};
use crate::xero::{self, Record};

/// Whose credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Customer,
    Vendor,
}

/// How Zoho calls what belongs to a side.
struct Names {
    flow: &'static str,
    credits: &'static str,
    documents: &'static str,
    /// The flow of what is settled, and the key of its id.
    settled: &'static str,
    settled_key: &'static str,
    list: &'static str,
    row_key: &'static str,
}

impl Side {
    fn names(self) -> &'static Names {
        match self {
            Side::Customer => &Names {
                flow: credit_notes::KEY,
                credits: "creditnotes",
                documents: "invoices",
                settled: invoices::KEY,
                settled_key: "invoice_id",
                list: "invoices_credited",
                row_key: "creditnote_invoice_id",
            },
            Side::Vendor => &Names {
                flow: vendor_credits::KEY,
                credits: "vendorcredits",
                documents: "bills",
                settled: bills::KEY,
                settled_key: "bill_id",
                list: "bills_credited",
                row_key: "vendor_credit_bill_id",
            },
        }
    }

    fn kind(self) -> InvoiceType {
        match self {
            Side::Customer => InvoiceType::AccRecCredit,
            Side::Vendor => InvoiceType::AccPayCredit,
        }
    }
}

/// Takes the allocations out of their credits.
pub fn read(body: &[u8]) -> Result<Vec<Result<CreditAllocation, xero::Odd>>, Trouble> {
    let mut all = Vec::new();
    for note in xero::read_records::<CreditNote>(&CREDIT_NOTES, body)? {
        match note {
            Ok(note) => all.extend(note.allocations.into_iter().map(Ok)),
            Err(odd) => all.push(Err(odd)),
        }
    }
    Ok(all)
}

pub fn wanted(side: Side, allocation: &CreditAllocation) -> Wanted {
    let is_live = matches!(allocation.credit.status, InvoiceStatus::Authorised | InvoiceStatus::Paid);
    if allocation.credit.kind == side.kind() && is_live { Wanted::Carry } else { Wanted::Skip }
}

/// The credit, what it settles, and the twin before it: one after the other, each can be told from the next by their number.
pub fn needs(side: Side, own: &'static str, allocation: &CreditAllocation) -> Vec<Need> {
    let names = side.names();
    let need = |flow, key: &str| Need { flow, key: key.to_owned(), by: By::Id };
    let mut needs = vec![need(names.flow, &allocation.credit.id)];
    if !allocation.invoice.id.is_empty() {
        needs.push(need(names.settled, &allocation.invoice.id));
    }
    needs.extend(allocation.twin.iter().map(|twin| need(own, twin)));
    needs
}

pub fn to_zoho(side: Side, allocation: &CreditAllocation, known: &Known) -> Result<Carry, Unmappable> {
    let (names, label) = (side.names(), allocation.label());
    if allocation.invoice.id.is_empty() {
        return Err(Unmappable {
            code: "NOTHING_PAID",
            sentence: format!(
                "{label} does not say in Xero what it settles. Remove it and redo it in Xero, or apply the credit in Zoho Books."
            ),
            expected: false,
        });
    }
    let credit = known.id(names.flow, &allocation.credit.id).ok_or_else(|| refusals::not_ready(&label, "its credit"))?;
    let settled = known.id(names.settled, &allocation.invoice.id);
    let settled = settled.ok_or_else(|| refusals::not_ready(&label, "the document it settles"))?;
    let decimals = money::decimals(&allocation.credit.currency_code);
    let applied =
        json!({ names.settled_key: settled, "amount_applied": money::number(money::round(allocation.amount, decimals)) });
    Ok(Carry {
        body: json!({ names.documents: [applied] }),
        at: Some(format!("{}/{credit}/{}", names.credits, names.documents)),
        // Zoho's answer names what was applied and not the line that it made.
        id: Some(allocation.id.clone()),
        ..Carry::default()
    })
}

pub fn look(side: Side, allocation: &CreditAllocation, known: &Known) -> Look {
    let names = side.names();
    let credit = known.id(names.flow, &allocation.credit.id).unwrap_or_default();
    let path = Some(format!("{}/{credit}/{}", names.credits, names.documents));
    Look { path, many: Some(names.list), ..Look::default() }
}

/// The row after those of its twins.
pub fn found(side: Side, allocation: &CreditAllocation, known: &Known, rows: &[Value]) -> Option<String> {
    let names = side.names();
    let settled = known.id(names.settled, &allocation.invoice.id)?;
    let amount = money::round(allocation.amount, money::decimals(&allocation.credit.currency_code));
    let applied = |row: &Value| money::read(&row["amount_applied"]).or_else(|| money::read(&row["amount"]));
    let mut same = rows.iter().filter(|row| row[names.settled_key] == settled && applied(row) == Some(amount));
    Some(same.nth(allocation.twins)?[names.row_key].as_str()?.to_owned())
}

pub fn fields() -> &'static [Field<CreditAllocation>] {
    &[
        Field {
            name: "document",
            authority: Authority::Xero,
            print: |allocation, printer| {
                printer.text(Some(&allocation.invoice.id));
            },
        },
        Field {
            name: "amount",
            authority: Authority::Xero,
            print: |allocation, printer| {
                printer.amount(Some(allocation.amount));
            },
        },
        // Zoho has the days of the credit and of the document only.
        Field {
            name: "date",
            authority: Authority::Once,
            print: |allocation, printer| {
                printer.day(Some(allocation.date));
            },
        },
    ]
}

pub fn cure(allocation: &CreditAllocation, refusal: &Refusal) -> Cure {
    refusals::hold(&allocation.label(), refusal)
}

/// It was carried and is not inside its credit any more.
pub fn removed(credit: &str) -> Unmappable {
    Unmappable {
        code: "ALLOCATION_REMOVED",
        sentence: format!(
            "An allocation of {credit} was removed in Xero after it had been carried. Remove it in Zoho Books too, so that what it settled is owed there again."
        ),
        expected: false,
    }
}

/// The credit is relieved at its own rate and what it settles at another: the difference is a gain or a loss.
pub fn postings(allocation: &CreditAllocation) -> Vec<Posting> {
    let credit = &allocation.credit;
    if !matches!(credit.status, InvoiceStatus::Authorised | InvoiceStatus::Paid) {
        return Vec::new();
    }
    let (control, sign) = match credit.kind {
        InvoiceType::AccRecCredit | InvoiceType::ArOverpayment | InvoiceType::ArPrepayment => (Ledger::Receivable, Decimal::ONE),
        _ => (Ledger::Payable, Decimal::NEGATIVE_ONE),
    };
    let rate = |rate: Option<Decimal>| rate.filter(|rate| *rate > Decimal::ZERO);
    let own = rate(credit.currency_rate).unwrap_or(Decimal::ONE);
    let theirs = rate(allocation.invoice.currency_rate).unwrap_or(own);
    let mut entries = Entries::default();
    entries.add(control, sign * (entries::base(allocation.amount, own) - entries::base(allocation.amount, theirs)));
    entries.level(Ledger::Exchange);
    entries.into_postings()
}

/// Zoho knows no day of an allocation: its gain or loss stands on the later day of the two documents. A credit is mostly given after
/// what it is given for.
pub fn shifts(note: &CreditNote) -> Vec<Shift> {
    let mut shifts = Vec::new();
    for allocation in &note.allocations {
        let day = allocation.invoice.date.map_or(allocation.credit.date, |date| date.max(allocation.credit.date));
        for gain in postings(allocation).into_iter().filter(|one| one.ledger == Ledger::Exchange && allocation.date != day) {
            for (amount, day) in [(-gain.amount, allocation.date), (gain.amount, day)] {
                let by = Posting { ledger: Ledger::Exchange, amount };
                shifts.push(Shift { by, day: Some(day), cause: "FX_RATE_SOURCE" });
            }
        }
    }
    shifts
}

/// It has no list to be compared in; it shows in what is left of the credit and of the document.
pub fn xero_line(allocation: &CreditAllocation) -> Line {
    let currency = allocation.credit.currency_code.clone();
    Line { status: "paid", currency, total: Some(allocation.amount), tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Age, Flow, Ledger, Posting};
    use crate::flows::books::{credit_allocations::CreditAllocations, vendor_credit_allocations::VendorCreditAllocations};

    fn body(kind: &str, extra: Value) -> String {
        let one = |id: Value, amount: &str, invoice: &str| {
            json!({"AllocationID": id, "Amount": amount, "Date": "/Date(1540080000000+0000)/",
                   "Invoice": {"InvoiceID": invoice, "InvoiceNumber": "INV-1", "CurrencyRate": 0.5}})
        };
        let mut note = json!({
            "CreditNoteID": "n-1", "Type": kind, "Status": "PAID", "CreditNoteNumber": "CN-1", "Contact": {"ContactID": "c-1"}, "Date": "2018-10-20",
            "CurrencyCode": "USD", "CurrencyRate": 0.8, "SubTotal": 60, "TotalTax": 0, "Total": 60, "UpdatedDateUTC": "/Date(1540080000000)/",
            "Allocations": [one("al-1".into(), "20.00", "i-1"), one("al-2".into(), "20", "i-1"), one(Value::Null, "15.50", "i-2"), one("al-4".into(), "4.50", "")],
        });
        note.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "CreditNotes": [note] }).to_string()
    }

    fn read_all(kind: &str, extra: Value) -> Vec<CreditAllocation> {
        read(body(kind, extra).as_bytes()).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn read_one(kind: &str, extra: Value) -> CreditNote {
        xero::read_records(&CREDIT_NOTES, body(kind, extra).as_bytes()).unwrap().remove(0).unwrap()
    }

    fn known() -> Known {
        let mut known = Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, Default::default());
        for (flow, key, id) in [
            (credit_notes::KEY, "n-1", "71"),
            (vendor_credits::KEY, "n-1", "72"),
            (invoices::KEY, "i-1", "11"),
            (invoices::KEY, "i-2", "12"),
            (bills::KEY, "i-1", "21"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn allocations_are_taken_out_of_their_credit() {
        let all = read_all("ACCRECCREDIT", json!({}));
        let ids: Vec<&str> = all.iter().map(Record::id).collect();
        assert_eq!(ids, ["n-1:al-1", "n-1:al-2", "n-1:i-2-0", "n-1:al-4"]);
        assert!(all.iter().all(|one| one.updated_us() == 1_540_080_000_000_000));
        assert_eq!(all[0].label(), "The allocation of 20.00 of Credit note CN-1 to INV-1");
        let deleted = json!({"Allocations": [{"AllocationID": "x", "Amount": 1, "Date": "2018-10-20", "IsDeleted": true}]});
        assert!(
            read_all("ACCRECCREDIT", deleted).is_empty() && read_all("ACCRECCREDIT", json!({"Allocations": null})).is_empty()
        );
        assert!(read(br#"{"CreditNotes": [{"CreditNoteID": 7}]}"#).unwrap()[0].is_err());
        assert!(!CreditAllocations::HAS_LIST && CreditAllocations::READ_WITH == Some(credit_notes::KEY));
    }

    #[test]
    fn a_credit_is_applied_below_its_own_address() {
        let all = read_all("ACCRECCREDIT", json!({}));
        let carry = CreditAllocations::to_zoho(&all[0], &known()).unwrap();
        assert_eq!(carry.body, json!({"invoices": [{"invoice_id": "11", "amount_applied": 20}]}));
        assert_eq!((carry.at.as_deref(), carry.id.as_deref()), (Some("creditnotes/71/invoices"), Some("n-1:al-1")));
        let bought = read_all("ACCPAYCREDIT", json!({}));
        let carry = VendorCreditAllocations::to_zoho(&bought[0], &known()).unwrap();
        assert_eq!(carry.body, json!({"bills": [{"bill_id": "21", "amount_applied": 20}]}));
        assert_eq!(carry.at.as_deref(), Some("vendorcredits/72/bills"));
        for (one, customer, vendor) in [(&all[0], Wanted::Carry, Wanted::Skip), (&bought[0], Wanted::Skip, Wanted::Carry)] {
            assert_eq!((CreditAllocations::wanted(one), VendorCreditAllocations::wanted(one)), (customer, vendor));
        }
        assert_eq!(CreditAllocations::wanted(&read_all("ACCRECCREDIT", json!({"Status": "VOIDED"}))[0]), Wanted::Skip);
        assert_eq!(CreditAllocations::age(&all[0]), Age::Follows);
        let whole = read_all("ACCRECCREDIT", json!({"CurrencyCode": "JPY"}));
        assert_eq!(CreditAllocations::to_zoho(&whole[2], &known()).unwrap().body["invoices"][0]["amount_applied"], json!(16));
    }

    #[test]
    fn twins_go_one_after_the_other_and_are_told_apart_by_their_number() {
        let all = read_all("ACCRECCREDIT", json!({}));
        let keys = |one: &CreditAllocation| {
            CreditAllocations::needs(one).into_iter().map(|need| (need.flow, need.key)).collect::<Vec<_>>()
        };
        let need = |flow, key: &str| (flow, key.to_owned());
        assert_eq!(keys(&all[0]), [need(credit_notes::KEY, "n-1"), need(invoices::KEY, "i-1")]);
        assert_eq!(keys(&all[1])[2], need(CreditAllocations::KEY, "n-1:al-1"));
        let look = CreditAllocations::look(&all[0], &known());
        assert_eq!((look.path.as_deref(), look.many), (Some("creditnotes/71/invoices"), Some("invoices_credited")));
        let row = |id: &str, invoice: &str, amount: f64| json!({"creditnote_invoice_id": id, "invoice_id": invoice, "amount_applied": amount});
        let rows = [row("1", "12", 20.0), row("2", "11", 20.0), row("3", "11", 4.0)];
        let found = |one: &CreditAllocation, rows: &[Value]| CreditAllocations::found(one, &known(), rows);
        assert_eq!((found(&all[0], &rows).as_deref(), found(&all[1], &rows)), (Some("2"), None));
        let both = [row("2", "11", 20.0), row("4", "11", 20.0)];
        assert_eq!(found(&all[1], &both).as_deref(), Some("4"));
        let bought = read_all("ACCPAYCREDIT", json!({}));
        let rows = [json!({"vendor_credit_bill_id": "5", "bill_id": "21", "amount": "20.00"})];
        assert_eq!(VendorCreditAllocations::found(&bought[0], &known(), &rows).as_deref(), Some("5"));
    }

    #[test]
    fn what_cannot_be_applied_says_why() {
        let all = read_all("ACCRECCREDIT", json!({}));
        let held = CreditAllocations::to_zoho(&all[3], &known()).unwrap_err();
        assert!(held.code == "NOTHING_PAID" && held.sentence.contains("of Credit note CN-1"), "{}", held.sentence);
        let mut unknown = known();
        unknown.learn(invoices::KEY, "other", "1");
        let lost = CreditAllocation {
            invoice: crate::xero::records::AllocatedTo { id: "i-9".into(), ..Default::default() },
            ..all[0].clone()
        };
        assert_eq!(CreditAllocations::to_zoho(&lost, &unknown).unwrap_err().code, "NOT_READY");
        let message = "The amount applied is more than the balance of the invoice INV-1.";
        let refusal = Refusal { status: 400, code: "4".into(), message: message.into() };
        let Cure::Hold(held) = cure(&all[0], &refusal) else { panic!("not held") };
        assert_eq!(held.code, "AMOUNT_TOO_LARGE");
        let removed = CreditAllocations::removed("Credit note CN-1").unwrap();
        assert!(
            removed.code == "ALLOCATION_REMOVED"
                && !removed.expected
                && removed.sentence.contains("Credit note CN-1 was removed")
        );
    }

    #[test]
    fn two_rates_leave_a_gain_or_a_loss() {
        let posting = |ledger, amount: &str| Posting { ledger, amount: amount.parse().unwrap() };
        // 20 dollars are worth 25 at the credit's rate and 40 at the document's.
        assert_eq!(
            CreditAllocations::postings(&read_all("ACCRECCREDIT", json!({}))[0], &known()),
            [posting(Ledger::Receivable, "-15"), posting(Ledger::Exchange, "15")]
        );
        assert_eq!(
            VendorCreditAllocations::postings(&read_all("ACCPAYCREDIT", json!({}))[0], &known()),
            [posting(Ledger::Payable, "15"), posting(Ledger::Exchange, "-15")]
        );
        // Zoho has them on the day of the credit.
        let note = read_one("ACCRECCREDIT", json!({}));
        let days: Vec<(String, String)> = shifts(&note)
            .iter()
            .map(|shift| (shift.by.amount.normalize().to_string(), shift.day.map(|day| day.to_string()).unwrap_or_default()))
            .collect();
        let expected = |amount: &str, day: &str| (amount.to_owned(), day.to_owned());
        assert_eq!(days[..2], [expected("-15", "2018-10-21"), expected("15", "2018-10-20")]);
        assert!(days.len() == 8 && shifts(&read_one("ACCRECCREDIT", json!({"Date": "2018-10-21"}))).is_empty());
        let same = read_all("ACCRECCREDIT", json!({"CurrencyRate": 0.5}));
        assert_eq!(CreditAllocations::postings(&same[0], &known()), []);
    }
}
