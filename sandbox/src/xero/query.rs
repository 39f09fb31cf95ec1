//! Reads what a caller asks of a list: filter, order, page, options; refuses what Xero refuses.

pub mod expression;
pub mod fields;
pub mod sql;

use chrono::{DateTime, NaiveDateTime};
use uuid::Uuid;

use self::expression::{Condition, Literal, Op, Words};
use self::fields::Field;
use super::kinds::{Kind, Pages};
use super::lists::{Filter, Order};

/// Xero clamps larger pages silently.
const PAGE_SIZE_MAX: u32 = 1000;
const PAGE_SIZE: u32 = 100;

/// A list as asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub filter: Filter,
    /// Number from 1, and size. None: not paged.
    pub page: Option<(u32, u32)>,
    /// Unit prices with four decimals.
    pub four_decimals: bool,
    pub summary_only: bool,
    /// It asks only for what Xero finds fast; organisations with very many records are given nothing else.
    pub optimised: bool,
}

/// Why a list is not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400 QueryParseException.
    #[error("{0}")]
    Unreadable(String),
}

/// Reads query parameters and the `If-Modified-Since` header.
pub fn read(kind: Kind, parameters: &[(String, String)], since: Option<&str>) -> Result<Query, Refusal> {
    let mut query = Query { optimised: true, ..Query::default() };
    let mut page = None;
    let mut page_size = PAGE_SIZE;
    let paging = kind.about().pages;
    let filter = &mut query.filter;
    filter.without_archived = matches!(kind, Kind::Contacts | Kind::TrackingCategories);
    filter.without_deleted = matches!(kind, Kind::BankTransfers | Kind::TrackingCategories);
    if kind == Kind::ContactGroups {
        filter.statuses.push("ACTIVE".into());
    }
    for (name, value) in parameters {
        match (name.as_str(), kind) {
            ("page", _) if paging != Pages::No => page = Some(whole(name, value)?.max(1)),
            ("pageSize", _) if paging == Pages::Sized => page_size = whole(name, value)?.clamp(1, PAGE_SIZE_MAX),
            ("where", _) if filters(kind) => {
                let condition = expression::parse(kind, value).map_err(Refusal::Unreadable)?;
                query.optimised &= optimised::condition(kind, &condition);
                filter.conditions.push(condition);
            }
            ("order", _) => {
                filter.order = order(kind, value)?;
                query.optimised &= optimised::order(kind, value);
            }
            ("IDs", Kind::Contacts | Kind::Invoices) => filter.ids = ids(value)?,
            ("ContactIDs", Kind::Invoices) => filter.contacts = ids(value)?,
            ("Statuses", Kind::Invoices) => filter.statuses = words(value),
            ("InvoiceNumbers", Kind::Invoices) => filter.names = words(value),
            ("InvoiceNumbers", Kind::Prepayments) => filter.conditions.extend(any_of(kind, "InvoiceNumber", &words(value))),
            ("References", Kind::Overpayments | Kind::Prepayments | Kind::BankTransactions) => {
                filter.conditions.extend(any_of(kind, "Reference", &words(value)));
            }
            ("createdByMyApp", Kind::Invoices) => filter.by_app = is_true(value),
            ("searchTerm", Kind::Contacts | Kind::Invoices) => filter.conditions.extend(search(kind, value)),
            ("Status", Kind::Quotes | Kind::PurchaseOrders | Kind::LinkedTransactions) => {
                // Sent empty, it means a status that nothing has.
                filter.statuses = vec![if value.is_empty() { "\u{0}".into() } else { value.to_ascii_uppercase() }];
            }
            ("QuoteNumber", Kind::Quotes) => filter.names = vec![value.clone()],
            ("ContactID", Kind::Quotes) => filter.contacts = ids(value)?,
            ("LinkedTransactionID", Kind::LinkedTransactions) => filter.ids = ids(value)?,
            ("ContactID" | "SourceTransactionID" | "TargetTransactionID", Kind::LinkedTransactions) => {
                for id in ids(value)? {
                    filter.conditions.extend(with(kind, name, |field| Condition::Compare(field, Op::Is, Literal::Id(id))));
                }
            }
            ("DateFrom" | "DateTo", Kind::Quotes | Kind::PurchaseOrders) => {
                filter.conditions.extend(day(kind, "Date", name, value)?)
            }
            ("ExpiryDateFrom" | "ExpiryDateTo", Kind::Quotes) => {
                filter.conditions.extend(day(kind, "ExpiryDate", name, value)?);
            }
            ("includeArchived", Kind::Contacts | Kind::TrackingCategories) => filter.without_archived = !is_true(value),
            ("includeDeleted", Kind::BankTransfers) => filter.without_deleted = !is_true(value),
            ("unitdp", _) => query.four_decimals = value == "4",
            ("summaryOnly", Kind::Contacts | Kind::Invoices) => query.summary_only = is_true(value),
            // Xero ignores what it does not know.
            _ => {}
        }
    }
    query.page = page.map(|number| (number, page_size));
    if let Some(since) = since.filter(|_| kind.about().changes) {
        let seconds =
            seconds_of(since).ok_or_else(|| Refusal::Unreadable(format!("If-Modified-Since `{since}` is not a UTC time")))?;
        query.filter.since_ms = Some(seconds * 1000);
    }
    Ok(query)
}

/// Lists that take `where`.
fn filters(kind: Kind) -> bool {
    !matches!(kind, Kind::Organisations | Kind::BrandingThemes | Kind::LinkedTransactions | Kind::PurchaseOrders | Kind::Quotes)
}

/// `Date`, `Date DESC`, `Date DESC,InvoiceNumber ASC`.
fn order(kind: Kind, text: &str) -> Result<Vec<Order>, Refusal> {
    let mut order = Vec::new();
    for part in text.split(',') {
        let mut words = part.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Refusal::Unreadable("Expression expected in order".into()))?;
        let descending = match words.next() {
            None => false,
            Some(way) if way.eq_ignore_ascii_case("ASC") => false,
            Some(way) if way.eq_ignore_ascii_case("DESC") => true,
            Some(other) => return Err(Refusal::Unreadable(format!("Syntax error at `{other}` in order"))),
        };
        let field = fields::field(kind, name).filter(|_| words.next().is_none()).ok_or_else(|| {
            let one = kind.collection().trim_end_matches('s');
            Refusal::Unreadable(format!("No property or field '{name}' exists in type '{one}'"))
        })?;
        order.push(Order { field, descending });
    }
    Ok(order)
}

/// What Xero finds fast where there is very much.
mod optimised {
    use super::Kind;
    use super::expression::Condition;

    /// Fields of conditions, and fields of an order.
    fn fields(kind: Kind) -> Option<(&'static [&'static str], &'static [&'static str])> {
        match kind {
            Kind::Invoices => Some((
                &[
                    "Status",
                    "Contact.ContactID",
                    "Contact.Name",
                    "Contact.ContactNumber",
                    "Reference",
                    "Date",
                    "Type",
                    "AmountDue",
                    "AmountPaid",
                    "DueDate",
                ],
                &["InvoiceID", "UpdatedDateUTC", "Date"],
            )),
            Kind::Payments => Some((
                &["PaymentType", "Status", "Date", "Invoice.InvoiceID", "Reference"],
                &["PaymentID", "UpdatedDateUTC", "Date"],
            )),
            Kind::Contacts => Some((&["Name", "EmailAddress", "AccountNumber"], &["ContactID", "UpdatedDateUTC", "Name"])),
            _ => None,
        }
    }

    pub fn condition(kind: Kind, condition: &Condition) -> bool {
        let Some((known, _)) = fields(kind) else { return true };
        let known: Vec<_> = known.iter().filter_map(|name| super::fields::field(kind, name)).collect();
        met(condition, &known)
    }

    fn met(condition: &Condition, known: &[super::Field]) -> bool {
        match condition {
            Condition::All(list) => list.iter().any(|inner| met(inner, known)),
            Condition::Any(list) => list.iter().all(|inner| met(inner, known)),
            Condition::Not(_) => false,
            Condition::Compare(field, ..) => known.contains(field),
            Condition::Words { field, how, .. } => *how == super::Words::StartsWith && known.contains(field),
        }
    }

    pub fn order(kind: Kind, text: &str) -> bool {
        let Some((_, known)) = fields(kind) else { return true };
        let first = text.split([',', ' ']).next().unwrap_or_default();
        known.iter().any(|name| name.eq_ignore_ascii_case(first))
    }
}

/// A condition on a field that the kind has.
fn with(kind: Kind, name: &str, condition: impl Fn(Field) -> Condition) -> Option<Condition> {
    fields::field(kind, name).map(condition)
}

fn any_of(kind: Kind, name: &str, wanted: &[String]) -> Option<Condition> {
    let same = |text: &String| with(kind, name, |field| Condition::Compare(field, Op::Is, Literal::Words(text.clone())));
    (!wanted.is_empty()).then(|| Condition::Any(wanted.iter().filter_map(same).collect()))
}

fn contains(field: Field, text: &str) -> Condition {
    Condition::Words { field, how: Words::Contains, text: text.to_ascii_lowercase(), lower: true }
}

/// What `searchTerm` looks at, without regard to case.
fn search(kind: Kind, text: &str) -> Option<Condition> {
    let names: &[&str] = match kind {
        Kind::Contacts => &["Name", "FirstName", "LastName", "ContactNumber", "CompanyNumber", "EmailAddress"],
        _ => &["InvoiceNumber", "Reference"],
    };
    let text = text.trim();
    let found = names.iter().filter_map(|name| with(kind, name, |field| contains(field, text)));
    (!text.is_empty()).then(|| Condition::Any(found.collect()))
}

/// A day that something must not be before, or after.
fn day(kind: Kind, field: &str, name: &str, value: &str) -> Result<Option<Condition>, Refusal> {
    let ms = expression::moment(value).ok_or_else(|| Refusal::Unreadable(format!("{name}=`{value}` is not a date")))?;
    let op = if name.ends_with("From") { Op::AtLeast } else { Op::AtMost };
    Ok(with(kind, field, |field| Condition::Compare(field, op, Literal::Date(ms))))
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

fn whole(name: &str, value: &str) -> Result<u32, Refusal> {
    value.parse().map_err(|_| Refusal::Unreadable(format!("{name}=`{value}` is not a whole number")))
}

fn ids(value: &str) -> Result<Vec<Uuid>, Refusal> {
    words(value).iter().map(|id| Uuid::parse_str(id).map_err(|_| Refusal::Unreadable(format!("`{id}` is not an id")))).collect()
}

fn words(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whole seconds of `2026-11-23T10:11:12`, with or without `Z` and a fraction, or of an HTTP date.
fn seconds_of(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S%.f") {
        return Some(at.and_utc().timestamp());
    }
    DateTime::parse_from_rfc2822(text).or_else(|_| DateTime::parse_from_rfc3339(text)).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(kind: Kind, parameters: &[(&str, &str)]) -> Result<Query, Refusal> {
        let owned: Vec<_> = parameters.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        read(kind, &owned, None)
    }

    #[test]
    fn a_condition_that_cannot_be_read_is_refused_and_lists_that_have_none_ignore_it() {
        assert_eq!(ask(Kind::Invoices, &[("where", "Type==\"ACCREC\"")]).unwrap().filter.conditions.len(), 1);
        for text in ["Type=\"ACCREC\"", "Type==ACCREC", "Colour==\"red\"", "IsCustomer==true", ""] {
            assert!(matches!(ask(Kind::Invoices, &[("where", text)]), Err(Refusal::Unreadable(_))), "{text}");
        }
        assert!(ask(Kind::PurchaseOrders, &[("where", "Colour==\"red\"")]).unwrap().filter.conditions.is_empty());
    }

    #[test]
    fn pages_are_clamped_and_only_where_there_are_pages() {
        assert_eq!(ask(Kind::Invoices, &[("page", "2")]).unwrap().page, Some((2, 100)));
        assert_eq!(ask(Kind::Invoices, &[("page", "1"), ("pageSize", "5000")]).unwrap().page, Some((1, 1000)));
        assert_eq!(ask(Kind::Invoices, &[("pageSize", "500")]).unwrap().page, None, "pageSize alone does not page");
        assert_eq!(ask(Kind::Quotes, &[("page", "1"), ("pageSize", "500")]).unwrap().page, Some((1, 100)));
        assert_eq!(ask(Kind::Items, &[("page", "1")]).unwrap().page, None);
        assert!(matches!(ask(Kind::Invoices, &[("page", "x")]), Err(Refusal::Unreadable(_))));
    }

    #[test]
    fn times_count_in_whole_seconds_and_only_where_changes_are_known() {
        let since = |kind, text| read(kind, &[], Some(text)).map(|query| query.filter.since_ms);
        assert_eq!(since(Kind::Invoices, "1970-01-01T00:01:00"), Ok(Some(60_000)));
        assert_eq!(since(Kind::Invoices, "1970-01-01T00:01:00.999Z"), Ok(Some(60_000)));
        assert_eq!(since(Kind::Invoices, "Thu, 01 Jan 1970 00:01:00 GMT"), Ok(Some(60_000)));
        assert_eq!(since(Kind::TaxRates, "1970-01-01T00:01:00"), Ok(None));
        assert!(since(Kind::Invoices, "yesterday").is_err());
    }

    #[test]
    fn an_order_names_fields_and_ways() {
        let order = ask(Kind::Invoices, &[("order", "Date DESC, InvoiceNumber"), ("invented", "1")]).unwrap().filter.order;
        assert_eq!(order.iter().map(|order| order.descending).collect::<Vec<_>>(), [true, false]);
        for bad in ["Colour", "Date SIDEWAYS", "Date ASC DESC", "", "LineItems"] {
            assert!(ask(Kind::Invoices, &[("order", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_xero_finds_fast_is_known() {
        let fast = |kind, name, text| ask(kind, &[(name, text)]).unwrap().optimised;
        assert!(fast(Kind::Invoices, "where", "Status==\"PAID\" AND Reference.Contains(\"x\")"));
        assert!(!fast(Kind::Invoices, "where", "Status==\"PAID\" OR Reference.Contains(\"x\")"));
        assert!(!fast(Kind::Invoices, "where", "InvoiceNumber==\"x\""));
        assert!(fast(Kind::Invoices, "order", "InvoiceId ASC") && !fast(Kind::Invoices, "order", "DueDate"));
        assert!(fast(Kind::Items, "where", "Name==\"x\""), "few have many items");
    }
}
