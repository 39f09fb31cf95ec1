//! Query parameters that only one list has, and what some lists leave out unless they are asked for it.

use chrono::NaiveDate;
use rusqlite::types::Value as Sql;
use uuid::Uuid;

use super::json::midnight_ms;
use super::kinds::Kind;
use super::lists::Filter;
use super::query::Refusal;

/// A condition on one field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Own {
    /// Where the field is, as SQLite's JSON functions write it.
    path: &'static str,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Test {
    Is(String),
    /// A date, in milliseconds, that is not before; or not after.
    From(i64),
    To(i64),
}

impl Own {
    /// Adds the condition to a query. A date is `/Date(ms…)/`: SQLite reads the number at the beginning of what follows the bracket.
    pub fn narrow(&self, sql: &mut String, values: &mut Vec<Sql>) {
        let path = self.path;
        let ms = format!("CAST(substr(json_extract(body, '{path}'), 7) AS INTEGER)");
        match &self.test {
            Test::Is(wanted) => {
                sql.push_str(&format!(" AND json_extract(body, '{path}') = ?"));
                values.push(wanted.clone().into());
            }
            Test::From(from) => {
                sql.push_str(&format!(" AND {ms} >= ?"));
                values.push((*from).into());
            }
            Test::To(to) => {
                // A record without the date has no number there, which would be before every date.
                sql.push_str(&format!(" AND json_extract(body, '{path}') IS NOT NULL AND {ms} <= ?"));
                values.push((*to).into());
            }
        }
    }
}

/// Reads a parameter. One that the list does not have is ignored, as Xero does.
pub fn read(kind: Kind, name: &str, value: &str, filter: &mut Filter) -> Result<(), Refusal> {
    let is = |path: &'static str, value: String| Own { path, test: Test::Is(value) };
    match (kind, name) {
        (Kind::Quotes | Kind::PurchaseOrders, "DateFrom") => filter.own.push(day("$.Date", name, value, Test::From)?),
        (Kind::Quotes | Kind::PurchaseOrders, "DateTo") => filter.own.push(day("$.Date", name, value, Test::To)?),
        (Kind::Quotes, "ExpiryDateFrom") => filter.own.push(day("$.ExpiryDate", name, value, Test::From)?),
        (Kind::Quotes, "ExpiryDateTo") => filter.own.push(day("$.ExpiryDate", name, value, Test::To)?),
        (Kind::Quotes, "ContactID") => filter.own.push(is("$.Contact.ContactID", id(name, value)?.to_string())),
        (Kind::Quotes, "QuoteNumber") => filter.names.push(value.into()),
        // Sent empty, it means a status that nothing has.
        (Kind::Quotes | Kind::PurchaseOrders | Kind::LinkedTransactions, "Status") => {
            let word = if value.is_empty() { "\u{0}".to_owned() } else { value.to_ascii_uppercase() };
            filter.statuses.push(word);
        }
        (Kind::LinkedTransactions, "LinkedTransactionID") => filter.ids.push(id(name, value)?),
        (Kind::LinkedTransactions, "SourceTransactionID") => {
            filter.own.push(is("$.SourceTransactionID", id(name, value)?.to_string()))
        }
        (Kind::LinkedTransactions, "TargetTransactionID") => {
            filter.own.push(is("$.TargetTransactionID", id(name, value)?.to_string()))
        }
        (Kind::LinkedTransactions, "ContactID") => filter.own.push(is("$.ContactID", id(name, value)?.to_string())),
        _ => {}
    }
    Ok(())
}

/// Lists that do not show everything: groups are shown while they are active, tracking categories until they are deleted, and archived
/// ones only on demand.
pub fn left_out(kind: Kind, parameters: &[(String, String)], filter: &mut Filter) {
    let archived = parameters.iter().any(|(name, value)| name == "includeArchived" && value.eq_ignore_ascii_case("true"));
    let shown: &[&str] = match kind {
        Kind::ContactGroups => &["ACTIVE"],
        Kind::TrackingCategories if archived => &["ACTIVE", "ARCHIVED"],
        Kind::TrackingCategories => &["ACTIVE"],
        _ => return,
    };
    filter.statuses = shown.iter().map(|status| (*status).to_owned()).collect();
}

fn day(path: &'static str, name: &str, value: &str, test: fn(i64) -> Test) -> Result<Own, Refusal> {
    let day = value.get(..10).unwrap_or(value).parse::<NaiveDate>();
    let day = day.map_err(|_| Refusal::Unreadable(format!("{name}=`{value}` is not a date")))?;
    Ok(Own { path, test: test(midnight_ms(day)) })
}

fn id(name: &str, value: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(value).map_err(|_| Refusal::Unreadable(format!("{name}=`{value}` is not an id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_narrows_only_the_list_that_has_it() {
        let mut filter = Filter::default();
        read(Kind::Invoices, "DateFrom", "2026-01-01", &mut filter).unwrap();
        assert_eq!(filter, Filter::default());
        read(Kind::Quotes, "DateFrom", "2026-01-01", &mut filter).unwrap();
        assert_eq!(filter.own, [Own { path: "$.Date", test: Test::From(1_767_225_600_000) }]);
        assert!(read(Kind::PurchaseOrders, "DateTo", "yesterday", &mut filter).is_err());
        assert!(read(Kind::LinkedTransactions, "SourceTransactionID", "7", &mut filter).is_err());
    }

    #[test]
    fn an_empty_status_means_none() {
        let mut filter = Filter::default();
        read(Kind::PurchaseOrders, "Status", "", &mut filter).unwrap();
        assert_eq!(filter.statuses, ["\u{0}"]);
    }
}
