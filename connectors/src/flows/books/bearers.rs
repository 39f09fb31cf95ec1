//! The records that something may hang on, and what Zoho Books takes of it. A newer flow is one more line.

use super::{
    accounts, bank_journals, bank_transfers, bills, credit_notes, customers, expenses, invoices, journals, purchase_orders,
    quotes, receipts, recurring_bills, recurring_invoices, vendor_credits, vendors,
};
use crate::flow::{Hanging, Unmappable};

/// A kind of record with files or notes in Xero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub flow: &'static str,
    /// Its list in Xero: `Invoices`.
    pub xero: &'static str,
    /// Its list in Zoho Books.
    pub zoho: &'static str,
    /// What one is called there, for people: "vendor credit".
    pub noun: &'static str,
    pub files: Files,
    /// The key of the comments in an answer, where a comment can be written and found again. Zoho has no list of a journal's comments,
    /// so that one could come twice.
    pub comments: Option<&'static str>,
}

/// Where files of a kind go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// Xero has none on this kind, or does not tell which records have some.
    Unknown,
    /// Zoho's API takes none.
    Refused,
    Taken,
}

const fn line(flow: &'static str, [xero, zoho, noun]: [&'static str; 3], files: Files, comments: Option<&'static str>) -> Bearer {
    Bearer { flow, xero, zoho, noun, files, comments }
}

/// Every kind, once.
pub const BEARERS: &[Bearer] = &[
    line(accounts::KEY, ["Accounts", "chartofaccounts", "account"], Files::Refused, None),
    line(customers::KEY, ["Contacts", "contacts", "customer"], Files::Taken, Some("contact_comments")),
    line(vendors::KEY, ["Contacts", "contacts", "vendor"], Files::Taken, Some("contact_comments")),
    // Xero's quotes do not say whether they have files, and Zoho's API takes none for an estimate.
    line(quotes::KEY, ["Quotes", "estimates", "estimate"], Files::Unknown, Some("comments")),
    line(purchase_orders::KEY, ["PurchaseOrders", "purchaseorders", "purchase order"], Files::Taken, Some("comments")),
    // Their comments can be read and not written.
    line(recurring_invoices::KEY, ["RepeatingInvoices", "recurringinvoices", "recurring invoice"], Files::Refused, None),
    line(recurring_bills::KEY, ["RepeatingInvoices", "recurringbills", "recurring bill"], Files::Refused, None),
    line(invoices::KEY, ["Invoices", "invoices", "invoice"], Files::Taken, Some("comments")),
    line(bills::KEY, ["Invoices", "bills", "bill"], Files::Taken, Some("comments")),
    line(credit_notes::KEY, ["CreditNotes", "creditnotes", "credit note"], Files::Taken, Some("comments")),
    line(vendor_credits::KEY, ["CreditNotes", "vendorcredits", "vendor credit"], Files::Refused, Some("comments")),
    // Comments of an expense can be read and not written.
    line(expenses::KEY, ["BankTransactions", "expenses", "expense"], Files::Taken, None),
    line(receipts::KEY, ["BankTransactions", "banktransactions", "deposit"], Files::Refused, None),
    line(bank_journals::KEY, ["BankTransactions", "journals", "journal"], Files::Taken, None),
    line(bank_transfers::KEY, ["BankTransfers", "banktransactions", "transfer of funds"], Files::Refused, None),
    line(journals::KEY, ["ManualJournals", "journals", "journal"], Files::Taken, None),
];

/// Their flows: what hangs on records is carried after all of them.
pub const FLOWS: [&str; BEARERS.len()] = {
    let mut flows = [""; BEARERS.len()];
    let mut n = 0;
    while n < flows.len() {
        flows[n] = BEARERS[n].flow;
        n += 1;
    }
    flows
};

impl Bearer {
    /// The bearer of this flow, if what hangs on it is anybody's business.
    pub fn of(flow: &str, hanging: Hanging) -> Option<&'static Bearer> {
        BEARERS.iter().find(|bearer| bearer.flow == flow).filter(|bearer| match hanging {
            Hanging::Files => bearer.files != Files::Unknown,
            Hanging::Notes => bearer.comments.is_some(),
        })
    }

    /// The bearer of a record whose id is `books.invoices/…`, and that id.
    pub fn of_record(id: &str) -> Option<(&'static Bearer, &str)> {
        let (flow, id) = id.split_once('/')?;
        Some((BEARERS.iter().find(|bearer| bearer.flow == flow)?, id))
    }

    /// How a record of it is named among what hangs.
    pub fn id(&self, record: &str) -> String {
        format!("{}/{record}", self.flow)
    }

    /// Why nothing of this kind goes to Zoho, where that is so: said once for a record, and its files are not even listed.
    pub fn refusal(&self, hanging: Hanging, label: &str) -> Option<Unmappable> {
        (hanging == Hanging::Files && self.files == Files::Refused).then(|| Unmappable {
            code: "NO_FILES_THERE",
            sentence: format!(
                "The files of {label} stay in Xero: Zoho Books takes no files from other programs on such a record ({}). Where they are needed there, download them from Xero and attach them by hand.",
                self.noun
            ),
            expected: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows;

    #[test]
    fn every_bearer_is_a_flow_and_none_is_there_twice() {
        for (n, bearer) in BEARERS.iter().enumerate() {
            assert!(flows::flow(bearer.flow).is_some(), "{}", bearer.flow);
            assert!(BEARERS[..n].iter().all(|other| other.flow != bearer.flow));
            assert_eq!(Bearer::of_record(&bearer.id("x/1")), Some((bearer, "x/1")));
            assert_eq!(flows::flow(bearer.flow).unwrap().xero().path, bearer.xero);
        }
        // Whatever is carried of a list on which Xero lets people hang files or write notes is there.
        let lists = [
            "Accounts",
            "BankTransactions",
            "BankTransfers",
            "Contacts",
            "CreditNotes",
            "Invoices",
            "ManualJournals",
            "PurchaseOrders",
            "Quotes",
            "RepeatingInvoices",
        ];
        // They write nothing of their own: the bank account of an advance, and what is inside a credit.
        let beside = ["books.advance_banks", "books.credit_allocations", "books.vendor_credit_allocations"];
        for flow in flows::of("books").filter(|flow| flow.hangs().is_none() && !beside.contains(&flow.key())) {
            let is_there = BEARERS.iter().any(|bearer| bearer.flow == flow.key());
            assert_eq!(is_there, lists.contains(&flow.xero().path), "{}", flow.key());
        }
        assert_eq!(Bearer::of("books.dreams", Hanging::Files), None);
        assert_eq!(Bearer::of_record("books.invoices"), None);
    }

    #[test]
    fn a_kind_that_takes_no_files_says_so() {
        let credit = line("x", ["CreditNotes", "vendorcredits", "vendor credit"], Files::Refused, None);
        let held = credit.refusal(Hanging::Files, "Credit note CN-1").unwrap();
        assert!(held.expected && held.sentence.starts_with("The files of Credit note CN-1 stay in Xero"));
        assert_eq!(credit.refusal(Hanging::Notes, "x"), None);
        assert_eq!(Bearer::of(invoices::KEY, Hanging::Files).unwrap().refusal(Hanging::Files, "x"), None);
    }
}
