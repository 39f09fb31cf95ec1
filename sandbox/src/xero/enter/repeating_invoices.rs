//! Templates of invoices and bills that come again. Through the API a template is created or deleted, not edited.

use chrono::{Days, Months, NaiveDate};
use serde_json::{Value, json};

use super::defaults;
use super::lines::{self, Reading};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, text_of};

/// What an app may say.
pub const WRITABLE: [&str; 14] = [
    "RepeatingInvoiceID",
    "Type",
    "Contact",
    "Schedule",
    "LineItems",
    "LineAmountTypes",
    "Reference",
    "BrandingThemeID",
    "CurrencyCode",
    "Status",
    "ApprovedForSending",
    "SendCopy",
    "MarkAsSent",
    "IncludePDF",
];

const STATUSES: [&str; 3] = ["DRAFT", "AUTHORISED", "DELETED"];
const DUE: [&str; 6] = [
    "DAYSAFTERBILLDATE",
    "DAYSAFTERBILLMONTH",
    "DAYSAFTERINVOICEDATE",
    "DAYSAFTERINVOICEMONTH",
    "OFCURRENTMONTH",
    "OFFOLLOWINGMONTH",
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let status = text_of(record, "Status").unwrap_or(STATUSES[0]).to_owned();
    if !STATUSES.contains(&status.as_str()) {
        return Err(format!("Status is one of {}, not '{status}'", STATUSES.join(", ")).into());
    }
    if let Some((was, _)) = &known.was {
        if known.status() == Some("DELETED") {
            return Err("Repeating invoice not of valid status for modification".into());
        }
        if desk.by_app() {
            if status != "DELETED" {
                return Err("A repeating invoice can be created or deleted, but not updated".into());
            }
            // Whatever else was sent with it, deleting changes the status and nothing more.
            *record = was.clone();
            record.insert("Status".into(), status.into());
            return Ok(());
        }
    } else if status == "DELETED" {
        return Err("A repeating invoice cannot be created with the status DELETED".into());
    }
    let sale = match text_of(record, "Type") {
        Some("ACCREC") => true,
        Some("ACCPAY") => false,
        other => return Err(format!("Type is ACCREC or ACCPAY, not {other:?}").into()),
    };
    if !sale && text_of(record, "Reference").is_some() {
        return Err("Reference is for sales invoices only".into());
    }
    schedule(desk, record)?;
    lines::complete(desk, known, record, &Reading { sale, discounts: sale, modes: lines::TITLE_CASE })?;
    for name in ["TotalDiscount", "IsDiscounted", "CurrencyRate"] {
        record.remove(name);
    }
    for line in record.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let by_amount = line.contains_key("DiscountAmount") && !line.contains_key("DiscountRate");
        line.insert("DiscountEnteredAsPercent".into(), (!by_amount).into());
    }
    record.insert("Status".into(), status.into());
    let id = record.get("RepeatingInvoiceID").cloned().unwrap_or_default();
    record.insert("ID".into(), id);
    let no = json!(false);
    defaults(
        record,
        [
            ("HasAttachments", no.clone()),
            ("ApprovedForSending", no.clone()),
            ("SendCopy", no.clone()),
            ("MarkAsSent", no.clone()),
            ("IncludePDF", no),
        ],
    );
    if text_of(record, "Status") == Some("DRAFT") && record.get("ApprovedForSending") == Some(&json!(true)) {
        return Err("ApprovedForSending can only be set on approved repeating invoices".into());
    }
    Ok(())
}

/// Checks the schedule and works out when the next invoice comes.
fn schedule(desk: &Desk, record: &mut Record) -> Result<(), No> {
    let Some(Value::Object(schedule)) = record.get_mut("Schedule") else { return Err("Schedule is required".into()) };
    let figure = |schedule: &Record, name: &str| schedule.get(name).and_then(json::decimal).and_then(|n| u32::try_from(n).ok());
    let period = figure(schedule, "Period").filter(|period| (1..=999).contains(period)).ok_or("Schedule.Period is required")?;
    let monthly = match text_of(schedule, "Unit") {
        Some("MONTHLY") => true,
        Some("WEEKLY") => false,
        _ => return Err("Schedule.Unit is WEEKLY or MONTHLY".into()),
    };
    if figure(schedule, "DueDate").is_none_or(|day| day > 365) {
        return Err("Schedule.DueDate is required".into());
    }
    if !text_of(schedule, "DueDateType").is_some_and(|kind| DUE.contains(&kind)) {
        return Err(format!("Schedule.DueDateType is one of {}", DUE.join(", ")).into());
    }
    let start =
        schedule.get("StartDate").or_else(|| schedule.get("NextScheduledDate")).and_then(json::date).unwrap_or(desk.today);
    let end = schedule.get("EndDate").and_then(json::date);
    if end.is_some_and(|end| end < start) {
        return Err("Schedule.EndDate is before its StartDate".into());
    }
    json::set_date(schedule, "StartDate", start, false);
    schedule.remove("NextScheduledDate");
    if let Some(next) = next(start, period, monthly, desk.today).filter(|next| end.is_none_or(|end| *next <= end)) {
        json::set_date(schedule, "NextScheduledDate", next, false);
    }
    if let Some(end) = end {
        json::set_date(schedule, "EndDate", end, false);
    }
    Ok(())
}

/// The first day of the schedule that is not past. Months are counted from the start, so that the 31st comes back after a short month.
fn next(start: NaiveDate, period: u32, monthly: bool, today: NaiveDate) -> Option<NaiveDate> {
    let days = today.signed_duration_since(start).num_days().max(0);
    // Not further back than the longest month allows; a few steps are left.
    let span = i64::from(period) * if monthly { 31 } else { 7 };
    let mut turns = u32::try_from(days / span).ok()?;
    loop {
        let steps = turns.checked_mul(period)?;
        let at = if monthly {
            start.checked_add_months(Months::new(steps))?
        } else {
            start.checked_add_days(Days::new(u64::from(steps) * 7))?
        };
        if at >= today {
            return Some(at);
        }
        turns += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_of_a_month_comes_back_after_a_short_month() {
        assert_eq!(next(day("2026-01-31"), 1, true, day("2026-02-10")), Some(day("2026-02-28")));
        assert_eq!(next(day("2026-01-31"), 1, true, day("2026-03-10")), Some(day("2026-03-31")));
    }

    #[test]
    fn a_schedule_that_begins_later_begins_then() {
        assert_eq!(next(day("2027-05-01"), 3, true, day("2026-02-10")), Some(day("2027-05-01")));
        assert_eq!(next(day("2026-02-10"), 1, false, day("2026-02-10")), Some(day("2026-02-10")));
    }

    #[test]
    fn weeks_are_counted_from_the_start() {
        assert_eq!(next(day("2026-01-01"), 2, false, day("2026-11-25")), Some(day("2026-12-03")));
        assert_eq!(next(day("1999-01-04"), 1, false, day("2026-11-24")), Some(day("2026-11-30")));
    }
}
