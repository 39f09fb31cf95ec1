//! How many records a choice of scope would carry, asked of Xero before anything is carried: one call a kind, no record read.

use chrono::{Datelike, NaiveDate};
use url::Url;

use super::Resource;
use super::client::Client;
use super::envelope::read_records;
use super::records;
use crate::side::{Remaining, Trouble};

/// What of a company is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    Everything,
    /// Dated from this day on, or still open then.
    From(NaiveDate),
    /// Open today.
    Open,
}

/// How a kind of record is counted.
#[derive(Clone, Copy)]
struct Kind {
    of: Resource,
    /// Which records of the list are of this kind.
    own: &'static str,
    time: Time,
}

/// How a kind stands in time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Carried whatever the choice is.
    Timeless,
    /// Has a date, and is open until it is paid or used up.
    Document { settled: Option<&'static str> },
    /// Has a date; nothing of it is ever open.
    Booking,
    /// Follows a document. How many follow those that are open Xero cannot say.
    Follows,
    /// Has a date that the list takes as a parameter only.
    Parameter,
}

const PAID: Time = Time::Document { settled: Some("FullyPaidOnDate") };

/// Quotes of one answer that has no page.
const UNPAGED_MAX: u64 = 100;

/// Kinds whose number Xero tells. What lives inside other records, and what is small, is not asked for.
fn kind(flow: &str) -> Option<Kind> {
    // Without what was deleted, which the flow must hear of and a count must not.
    const TRANSFERS: Resource = Resource { extra: &[], ..records::BANK_TRANSFERS };
    // Asked for as a whole: a page of one is not to be had.
    const QUOTES: Resource = Resource { paged: false, ..records::QUOTES };
    let (of, own, time) = match flow {
        "books.items" | "crm.products" => (records::ITEMS, "", Time::Timeless),
        "books.customers" | "crm.accounts" => (records::CONTACTS, "(IsCustomer==true OR IsSupplier==false)", Time::Timeless),
        "books.vendors" | "crm.vendors" => (records::CONTACTS, "IsSupplier==true", Time::Timeless),
        "books.invoices" | "crm.invoices" => (records::SALES_INVOICES, "Status!=\"DELETED\"", PAID),
        "books.bills" => (records::BILLS, "Status!=\"DELETED\" AND Status!=\"DRAFT\" AND Status!=\"SUBMITTED\"", PAID),
        "books.credit_notes" => (records::CREDIT_NOTES, "Type==\"ACCRECCREDIT\" AND Status!=\"DELETED\"", PAID),
        "books.vendor_credits" => {
            (records::CREDIT_NOTES, "Type==\"ACCPAYCREDIT\" AND Status!=\"DELETED\" AND Status!=\"DRAFT\"", PAID)
        }
        "books.customer_payments" => {
            (records::PAYMENTS, "PaymentType==\"ACCRECPAYMENT\" AND Status==\"AUTHORISED\"", Time::Follows)
        }
        "books.vendor_payments" => {
            (records::PAYMENTS, "PaymentType==\"ACCPAYPAYMENT\" AND Status==\"AUTHORISED\"", Time::Follows)
        }
        "books.customer_prepayments" => (records::PREPAYMENTS, "Type==\"RECEIVE-PREPAYMENT\"", Time::Document { settled: None }),
        "books.vendor_prepayments" => (records::PREPAYMENTS, "Type==\"SPEND-PREPAYMENT\"", Time::Document { settled: None }),
        "books.customer_overpayments" => {
            (records::OVERPAYMENTS, "Type==\"RECEIVE-OVERPAYMENT\"", Time::Document { settled: None })
        }
        "books.vendor_overpayments" => (records::OVERPAYMENTS, "Type==\"SPEND-OVERPAYMENT\"", Time::Document { settled: None }),
        "books.expenses" => (records::BANK_TRANSACTIONS, "Type==\"SPEND\" AND Status==\"AUTHORISED\"", Time::Booking),
        "books.receipts" => (records::BANK_TRANSACTIONS, "Type==\"RECEIVE\" AND Status==\"AUTHORISED\"", Time::Booking),
        "books.bank_transfers" => (TRANSFERS, "", Time::Booking),
        "books.journals" => (records::MANUAL_JOURNALS, "(Status==\"POSTED\" OR Status==\"DRAFT\")", Time::Booking),
        "books.quotes" | "crm.quotes" => (QUOTES, "", Time::Parameter),
        "books.purchase_orders" | "crm.purchase_orders" => (records::PURCHASE_ORDERS, "", Time::Parameter),
        "books.recurring_invoices" => (records::REPEATING_INVOICES, "Type==\"ACCREC\"", Time::Timeless),
        "books.recurring_bills" => (records::REPEATING_INVOICES, "Type==\"ACCPAY\"", Time::Timeless),
        _ => return None,
    };
    Some(Kind { of, own, time })
}

/// Whether counting this flow takes a call.
pub fn is_asked(flow: &str, choice: Choice) -> bool {
    kind(flow).is_some_and(|kind| terms(&kind, choice).is_some())
}

/// Whether the number is the same for every choice.
pub fn is_timeless(flow: &str) -> bool {
    kind(flow).is_some_and(|kind| kind.time == Time::Timeless)
}

/// Whether the number is only an estimate: what follows documents that are outside is outside too, which Xero cannot count.
pub fn is_estimate(flow: &str, choice: Choice) -> bool {
    // What was paid ahead and used up since, and what of a bank transaction becomes a journal, only the records themselves tell.
    let is_split = matches!(flow, "books.expenses" | "books.receipts");
    let is_late = |time| match time {
        Time::Follows | Time::Parameter => true,
        Time::Document { settled } => settled.is_none() && matches!(choice, Choice::From(_)),
        Time::Timeless | Time::Booking => false,
    };
    is_split || choice != Choice::Everything && kind(flow).is_some_and(|kind| is_late(kind.time))
}

/// Whether there may be more than were counted: without a page Xero gives a hundred quotes, and says no number of all.
pub fn is_cut_off(flow: &str, records: u64) -> bool {
    kind(flow).is_some_and(|kind| !kind.of.paged && kind.of.path == records::QUOTES.path) && records >= UNPAGED_MAX
}

impl Client {
    /// How many records of a flow a choice includes. `None`: Xero does not tell, or there is nothing to ask for.
    pub async fn census(&self, flow: &str, choice: Choice) -> Result<Option<(u64, Remaining)>, Trouble> {
        let Some(kind) = kind(flow) else { return Ok(None) };
        let mut url = self.resource_url(&kind.of, None);
        let Some(terms) = terms(&kind, choice) else { return Ok(Some((0, Remaining::default()))) };
        if !terms.is_empty() {
            url.query_pairs_mut().append_pair("where", &terms.join(" AND "));
        }
        if let (Time::Parameter, Choice::From(from)) = (kind.time, choice) {
            url.query_pairs_mut().append_pair("DateFrom", &from.to_string());
        }
        if kind.of.paged {
            url.query_pairs_mut().append_pair("page", "1").append_pair("pageSize", "1");
        }
        self.counted(&kind.of, url).await.map(Some)
    }

    async fn counted(&self, of: &Resource, url: Url) -> Result<(u64, Remaining), Trouble> {
        let page = self.page(of, url, None).await?;
        let rows = read_records::<serde::de::IgnoredAny>(of, &page.body)?.len() as u64;
        Ok((page.item_count.unwrap_or(rows), page.remaining))
    }
}

/// The conditions, all of which hold. `None`: the choice includes none of this kind.
fn terms(kind: &Kind, choice: Choice) -> Option<Vec<String>> {
    let mut terms: Vec<String> =
        [kind.of.filter, kind.own].into_iter().filter(|term| !term.is_empty()).map(str::to_owned).collect();
    let day = |from: NaiveDate| format!("DateTime({}, {:02}, {:02})", from.year(), from.month(), from.day());
    match (kind.time, choice) {
        (_, Choice::Everything) | (Time::Timeless | Time::Parameter, _) => {}
        (Time::Document { settled }, Choice::From(from)) => {
            let settled = settled.map_or_else(String::new, |field| format!(" OR {field}>={}", day(from)));
            terms.push(format!("(Date>={} OR Status==\"AUTHORISED\"{settled})", day(from)));
        }
        (Time::Booking | Time::Follows, Choice::From(from)) => terms.push(format!("Date>={}", day(from))),
        (Time::Document { .. }, Choice::Open) => terms.push("Status==\"AUTHORISED\"".to_owned()),
        (Time::Booking | Time::Follows, Choice::Open) => return None,
    }
    Some(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_asked_for_in_xeros_words() {
        let asked = |flow: &str, choice| terms(&kind(flow).unwrap(), choice).map(|terms| terms.join(" AND "));
        let from = Choice::From("2026-04-01".parse().unwrap());
        assert_eq!(
            asked("books.invoices", from).unwrap(),
            "Type==\"ACCREC\" AND Status!=\"DELETED\" AND \
             (Date>=DateTime(2026, 04, 01) OR Status==\"AUTHORISED\" OR FullyPaidOnDate>=DateTime(2026, 04, 01))"
        );
        assert_eq!(asked("books.invoices", Choice::Everything).unwrap(), "Type==\"ACCREC\" AND Status!=\"DELETED\"");
        assert_eq!(
            asked("books.expenses", from).unwrap(),
            "Type==\"SPEND\" AND Status==\"AUTHORISED\" AND Date>=DateTime(2026, 04, 01)"
        );
        assert_eq!(asked("books.expenses", Choice::Open), None, "nothing of it is ever open");
        assert_eq!(asked("books.items", from).unwrap(), "");
        assert!(kind("books.accounts").is_none());
        assert!(is_estimate("books.customer_prepayments", from) && !is_estimate("books.invoices", from));
        assert!(is_cut_off("books.quotes", 100) && !is_cut_off("books.quotes", 99) && !is_cut_off("books.items", 5_000));
        assert!(is_estimate("books.customer_payments", from) && !is_estimate("books.customer_payments", Choice::Everything));
    }
}
