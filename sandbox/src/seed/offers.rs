//! What a company has besides invoices: tracking, groups, quotes, orders, templates. It is entered as a person would enter it, for
//! contacts that are what it makes of them anyway, so that contacts and invoices stay as they were planted.

use serde_json::{Value, json};

use super::people::{self, DAY_MS, DAYS, FIRST_DAY_MS};
use super::{Company, Failed, papers};
use crate::Shared;
use crate::xero::json::number;
use crate::xero::put;
use crate::xero::sessions::Org;

const QUOTES: u64 = 12;
const ORDERS: u64 = 8;
const TEMPLATES: u64 = 4;
/// The currency without cents.
const WHOLE: &str = "JPY";
/// (name, options; the last is archived)
const TRACKING: [(&str, [&str; 4]); 1] = [("Region", ["Eastside", "North", "South", "West Coast"])];

/// Plants them into a company that has its contacts. Answers how many of each.
pub fn plant(shared: &Shared, org: &Org, company: &Company) -> Result<Vec<(&'static str, usize)>, Failed> {
    let mut planted = Vec::new();
    let mut enter = |list: &'static str, key: &'static str, records: Vec<Value>| {
        if records.is_empty() {
            return Ok(());
        }
        planted.push((key, records.len()));
        put(shared, &org.tenant.to_string(), list, &Value::Array(records), false).map(|_| ()).map_err(Failed::from)
    };
    enter("TrackingCategories", "tracking_categories", tracking(company))?;
    if company.contacts < people::CONTACTS_MIN {
        return Ok(planted);
    }
    enter("ContactGroups", "contact_groups", groups(company))?;
    enter("Quotes", "quotes", quotes(company))?;
    enter("PurchaseOrders", "purchase_orders", orders(company))?;
    enter("RepeatingInvoices", "repeating_invoices", templates(company))?;
    Ok(planted)
}

fn tracking(company: &Company) -> Vec<Value> {
    let category = |(index, (name, options)): (usize, (&str, [&str; 4]))| {
        let options: Vec<_> = options
            .iter()
            .enumerate()
            .map(|(at, option)| {
                let status = if at == 3 { "ARCHIVED" } else { "ACTIVE" };
                json!({"TrackingOptionID": company.id("tracking option", (index * 10 + at) as u64), "Name": option, "Status": status})
            })
            .collect();
        json!({"TrackingCategoryID": company.id("tracking category", index as u64), "Name": name, "Options": options})
    };
    TRACKING.into_iter().enumerate().map(category).collect()
}

/// The n-th customer or supplier, from the beginning again when there are fewer.
fn nth(company: &Company, role: u8, n: u64) -> u64 {
    let (customers, suppliers) = people::counts(company.contacts);
    let all = if role == b'C' { customers } else { suppliers };
    people::nth(role, n % all.max(1))
}

fn party(company: &Company, role: u8, n: u64) -> Value {
    json!({"ContactID": people::id(company, nth(company, role, n))})
}

/// With whom it is, in their currency; templates have no rate. Yen come without tax, which would have cents.
fn with_party(company: &Company, role: u8, n: u64, has_rate: bool, mut offer: Value) -> Value {
    let currency = people::currency(company, nth(company, role, n)).map_or("NZD", |(currency, _, _)| currency);
    offer["Contact"] = party(company, role, n);
    offer["CurrencyCode"] = currency.into();
    if has_rate {
        offer["CurrencyRate"] = number(papers::rate(currency, &mut company.dice("offer rate", n)));
    }
    if currency == WHOLE {
        offer["LineAmountTypes"] = if offer.get("QuoteID").is_some() { "NOTAX" } else { "NoTax" }.into();
        for line in offer["LineItems"].as_array_mut().into_iter().flatten() {
            let price = line["UnitAmount"].as_str().and_then(|price| price.split('.').next()).unwrap_or_default();
            line["UnitAmount"] = price.into();
        }
    }
    offer
}

fn groups(company: &Company) -> Vec<Value> {
    let members = |role: u8, count: u64| (0..count).map(|n| party(company, role, n)).collect::<Vec<_>>();
    let group = |n: u64, name: &str, members: Vec<Value>| json!({"ContactGroupID": company.id("contact group", n), "Name": name, "Contacts": members});
    vec![group(0, "Key customers", members(b'C', 3)), group(1, "Suppliers", members(b'S', 2)), group(2, "Nobody yet", Vec::new())]
}

fn day(company: &Company, what: &str, n: u64) -> (String, String) {
    let day = company.dice(what, n).between(0, DAYS - 120);
    let text = |day: i64| {
        chrono::DateTime::from_timestamp_millis(FIRST_DAY_MS + day * DAY_MS).unwrap_or_default().date_naive().to_string()
    };
    (text(day), text(day + 30))
}

/// One or two lines. `tracked`: the first is of a region.
fn lines(company: &Company, what: &str, n: u64, account: &str, tracked: bool) -> Value {
    let mut dice = company.dice(&format!("{what} lines"), n);
    let count = dice.between(1, 2);
    let mut lines = Vec::new();
    for _ in 0..count {
        let (quantity, cents) = (dice.between(1, 12), dice.between(500, 99_000));
        lines.push(json!({
            "LineItemID": dice.id(), "Description": "Work as agreed", "Quantity": quantity, "AccountCode": account,
            "UnitAmount": format!("{}.{:02}", cents / 100, cents % 100),
        }));
    }
    if tracked {
        lines[0]["Tracking"] = json!([{"Name": "Region", "Option": "North"}]);
    }
    Value::Array(lines)
}

fn quotes(company: &Company) -> Vec<Value> {
    let quote = |n: u64| {
        let (date, expires) = day(company, "quote", n);
        let quote = json!({
            "QuoteID": company.id("quote", n), "QuoteNumber": format!("QU-{:04}", n + 1),
            "Date": date, "ExpiryDate": expires, "Title": "Quote", "Summary": format!("Offer number {}", n + 1),
            "Status": if n.is_multiple_of(3) { "DRAFT" } else { "SENT" },
            "LineItems": lines(company, "quote", n, "200", n.is_multiple_of(2)),
        });
        with_party(company, b'C', n, true, quote)
    };
    (0..QUOTES).map(quote).collect()
}

fn orders(company: &Company) -> Vec<Value> {
    let order = |n: u64| {
        let (date, delivery) = day(company, "order", n);
        let status = ["DRAFT", "SUBMITTED", "AUTHORISED"][(n % 3) as usize];
        let order = json!({
            "PurchaseOrderID": company.id("purchase order", n), "PurchaseOrderNumber": format!("PO-{:04}", n + 1),
            "Date": date, "DeliveryDate": delivery,
            "Status": status, "DeliveryInstructions": "Ring twice",
            "LineItems": lines(company, "order", n, "300", n.is_multiple_of(2)),
        });
        with_party(company, b'S', n, true, order)
    };
    (0..ORDERS).map(order).collect()
}

fn templates(company: &Company) -> Vec<Value> {
    let template = |n: u64| {
        let sale = n.is_multiple_of(2);
        let (start, _) = day(company, "template", n);
        let (role, account) = if sale { (b'C', "200") } else { (b'S', "300") };
        let mut template = json!({
            "RepeatingInvoiceID": company.id("repeating invoice", n), "Type": if sale { "ACCREC" } else { "ACCPAY" },
            "Status": if n < 2 { "AUTHORISED" } else { "DRAFT" },
            "Schedule": {"Period": n % 3 + 1, "Unit": if n == 3 { "WEEKLY" } else { "MONTHLY" }, "DueDate": 20, "DueDateType": "OFFOLLOWINGMONTH",
                         "StartDate": start},
            "LineItems": lines(company, "template", n, account, false),
        });
        if sale {
            template["Reference"] = "[Month] [Year]".into();
        }
        with_party(company, role, n, false, template)
    };
    (0..TEMPLATES).map(template).collect()
}
