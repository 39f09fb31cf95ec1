//! Reads what a caller asks of a list: filter, order, page, options; refuses what Xero refuses and says what the sandbox lacks.

use chrono::{DateTime, NaiveDateTime};
use uuid::Uuid;

use super::kinds::{Kind, Pages};
use super::lists::Filter;

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
}

/// Why a list is not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400 QueryParseException.
    #[error("{0}")]
    Unreadable(String),
    /// Xero may do it; the sandbox does not, and says so rather than give a wrong list.
    #[error("the sandbox does not do `{0}`")]
    Lacking(String),
}

/// Reads query parameters and the `If-Modified-Since` header.
pub fn read(kind: Kind, parameters: &[(String, String)], since: Option<&str>) -> Result<Query, Refusal> {
    let mut query = Query::default();
    let mut conditions = Filter::default();
    let mut page = None;
    let mut page_size = PAGE_SIZE;
    query.filter.without_archived = kind == Kind::Contacts;
    for (name, value) in parameters {
        match name.as_str() {
            "page" if pages(kind) => page = Some(whole(name, value)?.max(1)),
            "pageSize" if pages(kind) => page_size = whole(name, value)?.clamp(1, PAGE_SIZE_MAX),
            // Lists that have no pages ignore the parameters.
            "page" | "pageSize" => {}
            "where" => conditions = narrow(kind, value)?,
            "order" => query.filter.descending = descending(value)?,
            "IDs" if matches!(kind, Kind::Contacts | Kind::Invoices) => query.filter.ids = ids(value)?,
            "Statuses" if kind == Kind::Invoices => query.filter.statuses = words(value),
            "InvoiceNumbers" if kind == Kind::Invoices => query.filter.names = words(value),
            "includeArchived" if kind == Kind::Contacts => query.filter.without_archived = value != "true",
            "includeArchived" => {}
            "unitdp" => query.four_decimals = value == "4",
            "summaryOnly" => query.summary_only = value == "true",
            "ContactIDs" | "searchTerm" | "createdByMyApp" | "IDs" | "References" => {
                return Err(Refusal::Lacking(name.clone()));
            }
            // Xero ignores what it does not know.
            _ => {}
        }
    }
    query.filter.meet(conditions);
    query.page = page.map(|number| (number, page_size));
    if let Some(since) = since.filter(|_| knows_changes(kind)) {
        let seconds =
            seconds_of(since).ok_or_else(|| Refusal::Unreadable(format!("If-Modified-Since `{since}` is not a UTC time")))?;
        query.filter.since_ms = Some(seconds * 1000);
    }
    Ok(query)
}

/// Lists that page.
pub fn pages(kind: Kind) -> bool {
    kind.about().pages != Pages::No
}

/// Lists that honour `If-Modified-Since`.
fn knows_changes(kind: Kind) -> bool {
    kind.about().changes
}

/// Conditions joined by AND, each `Field=="value"` or `Field==true`.
fn narrow(kind: Kind, text: &str) -> Result<Filter, Refusal> {
    let mut filter = Filter::default();
    let unreadable = |part: &str| Refusal::Unreadable(format!("Query string part `{part}` cannot be read"));
    for part in split_and(text) {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')').trim();
        let (field, value) = part.split_once("==").ok_or_else(|| unreadable(part))?;
        let (field, value) = (field.trim(), value.trim());
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|text| !text.contains('"'));
        match (kind, field, quoted) {
            (Kind::Invoices | Kind::Overpayments, "Type", Some(wanted)) => filter.types.push(wanted.into()),
            (Kind::Payments, "PaymentType", Some(wanted)) => filter.types.push(wanted.into()),
            (Kind::Accounts, "Type", Some(wanted)) => filter.types.push(wanted.into()),
            (Kind::Contacts, "ContactStatus", Some(wanted)) => filter.statuses.push(wanted.into()),
            (Kind::Contacts, "Name", Some(wanted)) => filter.names.push(wanted.into()),
            (Kind::Invoices, "InvoiceNumber", Some(wanted)) => filter.names.push(wanted.into()),
            (Kind::Items, "Code", Some(wanted)) => filter.names.push(wanted.into()),
            (Kind::Invoices | Kind::Payments | Kind::Overpayments | Kind::Accounts | Kind::TaxRates, "Status", Some(wanted)) => {
                filter.statuses.push(wanted.into())
            }
            (Kind::Contacts, "IsCustomer" | "IsSupplier", None) => {
                let wanted = value.parse::<bool>().map_err(|_| unreadable(part))?;
                if field == "IsCustomer" { filter.customer = Some(wanted) } else { filter.supplier = Some(wanted) }
            }
            _ => return Err(unreadable(part)),
        }
    }
    // Two wishes for one field can never both be true.
    let impossible = [&filter.types, &filter.statuses, &filter.names].iter().any(|list| list.len() > 1);
    if impossible { Err(unreadable(text)) } else { Ok(filter) }
}

fn split_and(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let next = [" AND ", " and ", " && ", "&&"].iter().filter_map(|joint| rest.find(joint).map(|at| (at, joint.len()))).min();
        match next {
            Some((at, length)) => {
                parts.push(&rest[..at]);
                rest = &rest[at + length..];
            }
            None => {
                parts.push(rest);
                return parts;
            }
        }
    }
}

fn descending(order: &str) -> Result<bool, Refusal> {
    match order.trim().split_once(' ').map_or((order.trim(), "ASC"), |(field, way)| (field, way.trim())) {
        ("UpdatedDateUTC", "ASC") => Ok(false),
        ("UpdatedDateUTC", "DESC") => Ok(true),
        _ => Err(Refusal::Lacking(format!("order={order}"))),
    }
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
    fn conditions_are_read() {
        let query = ask(Kind::Invoices, &[("where", "Type==\"ACCREC\" AND Status==\"AUTHORISED\"")]).unwrap();
        assert_eq!(query.filter.types, ["ACCREC"]);
        assert_eq!(query.filter.statuses, ["AUTHORISED"]);
        let query = ask(Kind::Contacts, &[("where", "IsCustomer==true")]).unwrap();
        assert_eq!((query.filter.customer, query.filter.without_archived), (Some(true), true));
        let query = ask(Kind::Payments, &[("where", "PaymentType==\"ACCRECPAYMENT\"")]).unwrap();
        assert_eq!(query.filter.types, ["ACCRECPAYMENT"]);
    }

    #[test]
    fn other_conditions_are_refused() {
        for text in [
            "Type=\"ACCREC\"",
            "Type==ACCREC",
            "Colour==\"red\"",
            "Type==\"ACCREC\" OR Type==\"ACCPAY\"",
            "Type==\"ACCREC\" AND Type==\"ACCPAY\"",
            "IsCustomer==true",
            "",
        ] {
            assert!(matches!(ask(Kind::Invoices, &[("where", text)]), Err(Refusal::Unreadable(_))), "{text}");
        }
    }

    #[test]
    fn pages_are_clamped_and_only_where_there_are_pages() {
        assert_eq!(ask(Kind::Invoices, &[("page", "2")]).unwrap().page, Some((2, 100)));
        assert_eq!(ask(Kind::Invoices, &[("page", "1"), ("pageSize", "5000")]).unwrap().page, Some((1, 1000)));
        assert_eq!(ask(Kind::Invoices, &[("pageSize", "500")]).unwrap().page, None, "pageSize alone does not page");
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
    fn what_the_sandbox_lacks_it_says() {
        assert_eq!(ask(Kind::Invoices, &[("searchTerm", "x")]), Err(Refusal::Lacking("searchTerm".into())));
        assert_eq!(ask(Kind::Invoices, &[("order", "Date ASC")]), Err(Refusal::Lacking("order=Date ASC".into())));
        assert!(ask(Kind::Invoices, &[("order", "UpdatedDateUTC ASC"), ("invented", "1")]).is_ok());
    }
}
