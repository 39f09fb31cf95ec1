//! Locked periods of a Zoho Books organisation (Zoho Books v3 transaction-locking): nothing dated inside one can be written.

use chrono::NaiveDate;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::Client;
use crate::side::Trouble;

/// A locked period, from the beginning of the books to a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// `sales`, `purchases`, `banking`, `accountant` or `all`. The documents do not list the words: one we do not know locks everything.
    pub area: String,
    pub until: NaiveDate,
    /// A window inside it that may be written to.
    pub open: Option<(NaiveDate, NaiveDate)>,
}

impl Lock {
    /// Whether a record of this Zoho list, dated on this day, cannot be written.
    pub fn closes(&self, path: &str, day: NaiveDate) -> bool {
        let concerns = match (self.area.as_str(), area(path)) {
            (_, None) => false,
            ("sales" | "purchases" | "banking" | "accountant", Some(area)) => self.area == area,
            _ => true,
        };
        concerns && day <= self.until && !self.open.is_some_and(|(from, until)| from <= day && day <= until)
    }
}

/// The part of Books that a list belongs to; `None` for what has no date.
fn area(path: &str) -> Option<&'static str> {
    Some(match path.split('/').next().unwrap_or_default() {
        "invoices" | "estimates" | "creditnotes" | "customerpayments" | "recurringinvoices" => "sales",
        "bills" | "purchaseorders" | "vendorcredits" | "vendorpayments" | "expenses" | "recurringbills" => "purchases",
        "banktransactions" => "banking",
        "journals" => "accountant",
        _ => return None,
    })
}

impl Client {
    /// Every locked period.
    pub async fn locks(&self) -> Result<Vec<Lock>, Trouble> {
        let body = self.send(Method::GET, self.url("transactionlocks", &[], &[("per_page", "200")])).await?;
        Ok(body["transaction_locks"].as_array().into_iter().flatten().filter_map(read).collect())
    }
}

fn read(row: &Value) -> Option<Lock> {
    let day = |value: &Value| value.as_str().and_then(|text| text.get(..10)?.parse::<NaiveDate>().ok());
    if row["transaction_lock_status"] == "unlocked" {
        return None;
    }
    let opened = &row["partial_unlock"];
    Some(Lock {
        area: row["transaction_lock_module"].as_str().unwrap_or("all").to_lowercase(),
        until: day(&row["transaction_lock_date"])?,
        open: day(&opened["start_date"]).zip(day(&opened["end_date"])),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lock_closes_what_is_dated_in_its_period_and_belongs_to_its_part() {
        let sales = read(&json!({"transaction_lock_module": "sales", "transaction_lock_date": "2025-03-31", "transaction_lock_status": "locked"})).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(sales.closes("invoices", day("2025-03-31")) && !sales.closes("invoices", day("2025-04-01")));
        assert!(!sales.closes("bills", day("2025-01-01")) && !sales.closes("contacts", day("2025-01-01")));
        let all = Lock { area: "all".into(), ..sales.clone() };
        assert!(all.closes("bills", day("2025-01-01")) && all.closes("journals", day("2025-01-01")));
        let strange = Lock { area: "subscriptions".into(), ..sales.clone() };
        assert!(strange.closes("bills", day("2025-01-01")), "what we do not know is taken for everything");
        let open = Lock { open: Some((day("2025-02-01"), day("2025-02-28"))), ..all };
        assert!(!open.closes("bills", day("2025-02-14")) && open.closes("bills", day("2025-03-01")));
        assert_eq!(
            read(
                &json!({"transaction_lock_module": "sales", "transaction_lock_status": "unlocked", "transaction_lock_date": "2025-03-31"})
            ),
            None
        );
        assert_eq!(read(&json!({"transaction_lock_module": "sales"})), None);
    }
}
