//! What repeating invoices and repeating bills have in common: the schedule around the document. Zoho starts at Xero's next date, so that
//! it makes up for none that Xero has made already, and stays stopped until somebody resumes it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::lines::Document;
use super::offers::{self, Kind, Offer};
use super::texts::clip;
use super::{customers, vendors};
use crate::flow::{Known, Unmappable};
use crate::xero::Record;
use crate::xero::records::{InvoiceType, LineAmountTypes, LineItem, RepeatingInvoice, RepeatingStatus, Unit};

/// The status of a template in words both sides share. Whether it is stopped or running is people's business on each side.
pub const LIFE: &str = "active";

const REFERENCE_IN_NAME_CHARS_MAX: usize = 80;
const DAYS_MAX: u32 = 999;

/// What Zoho is told of a template.
pub fn body(template: &RepeatingInvoice, known: &Known) -> Result<Value, Unmappable> {
    let label = template.label();
    let held = |code, sentence| Err(Unmappable { code, sentence, expected: true });
    if template.schedule.next_scheduled_date.is_none() {
        return held(
            "TEMPLATE_ENDED",
            format!("{label} has run out: Xero plans no further document by it. There is nothing to carry."),
        );
    }
    let mut body = offers::body(template, known)?;
    body["recurrence_frequency"] = match template.schedule.unit {
        Unit::Weekly => "weeks".into(),
        Unit::Monthly => "months".into(),
    };
    body["repeat_every"] = template.schedule.period.into();
    if let Some(days) = days(template) {
        body["payment_terms"] = days.into();
        body["payment_terms_label"] = if days == 0 { "Due on Receipt".into() } else { format!("Net {days}").into() };
    }
    Ok(body)
}

/// Days after the document's date. Zoho has no counterpart for a day of a month: there, the contact's terms stand.
fn days(template: &RepeatingInvoice) -> Option<u32> {
    let schedule = &template.schedule;
    let is_days = matches!(schedule.due_date_type.as_str(), "DAYSAFTERBILLDATE" | "DAYSAFTERINVOICEDATE");
    let days: u32 = schedule.due_date.filter(|_| is_days)?.to_string().parse().ok()?;
    (days <= DAYS_MAX).then_some(days)
}

impl Document for RepeatingInvoice {
    fn lines(&self) -> &[LineItem] {
        &self.line_items
    }
    fn line_amount_types(&self) -> LineAmountTypes {
        self.line_amount_types
    }
    fn currency_code(&self) -> &str {
        &self.currency_code
    }
    fn takes_discounts(&self) -> bool {
        self.kind != InvoiceType::AccPay
    }
}

impl Offer for RepeatingInvoice {
    fn kind(&self) -> Kind {
        let is_purchase = self.kind == InvoiceType::AccPay;
        let (contacts, contact_key) = if is_purchase { (vendors::KEY, "vendor_id") } else { (customers::KEY, "customer_id") };
        Kind { contacts, contact_key, number_key: "recurrence_name", date_key: "start_date", until_key: "end_date", is_purchase }
    }
    fn contact(&self) -> &str {
        &self.contact.id
    }
    /// Xero's templates have no names, Zoho's must.
    fn number(&self) -> String {
        let name = match self.reference.trim() {
            "" if self.kind == InvoiceType::AccPay => "Repeating bill",
            "" => "Repeating invoice",
            reference => clip(reference, REFERENCE_IN_NAME_CHARS_MAX),
        };
        format!("{name} [{}]", self.id.get(..8).unwrap_or(&self.id))
    }
    fn reference(&self) -> &str {
        &self.reference
    }
    fn date(&self) -> NaiveDate {
        self.schedule.next_scheduled_date.or(self.schedule.start_date).unwrap_or_default()
    }
    fn chosen_date(&self) -> Option<NaiveDate> {
        self.schedule.start_date
    }
    fn until(&self) -> Option<NaiveDate> {
        self.schedule.end_date
    }
    fn rate(&self) -> Option<Decimal> {
        None
    }
    fn sub_total(&self) -> Decimal {
        self.sub_total
    }
    fn total_tax(&self) -> Decimal {
        self.total_tax
    }
    fn total(&self) -> Decimal {
        self.total
    }
    fn life(&self) -> &'static str {
        LIFE
    }
    fn is_gone(&self) -> bool {
        self.status == RepeatingStatus::Deleted
    }
    /// How often it repeats, and when its documents are due.
    fn words(&self) -> Vec<String> {
        let schedule = &self.schedule;
        let due = schedule.due_date.unwrap_or_default().normalize();
        vec![format!("{} {:?} {due} {}", schedule.period, schedule.unit, schedule.due_date_type)]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::recurring_bills::RecurringBills;
    use super::super::recurring_invoices::{self, RecurringInvoices};
    use super::super::{accounts, currencies, taxes};
    use super::*;
    use crate::flow::{Carry, Flow, Wanted};
    use crate::print::PrintKey;
    use crate::zoho::Action;
    use crate::{xero, zoho};

    fn template(extra: Value) -> RepeatingInvoice {
        let mut record = json!({
            "RepeatingInvoiceID": "428c0d75-909f-4b04-8403-a48dc27283b0", "ID": "428c0d75-909f-4b04-8403-a48dc27283b0", "Type": "ACCREC", "Status": "AUTHORISED",
            "Reference": "[Week]", "Contact": {"ContactID": "c-1", "Name": "Ada"}, "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD",
            "Schedule": {"Period": 2, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH", "StartDate": "/Date(1555286400000+0000)/",
                "EndDate": "/Date(1885420800000+0000)/", "NextScheduledDate": "/Date(1795824000000+0000)/"},
            "LineItems": [{"Description": "Rent", "Quantity": 1, "UnitAmount": 5000, "DiscountRate": 10, "LineAmount": 4500, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 675}],
            "SubTotal": 4500, "TotalTax": 675, "Total": 5175,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn scheduled(extra: Value) -> RepeatingInvoice {
        let mut schedule = json!({"Period": 2, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH", "StartDate": "2019-04-15", "EndDate": "2029-09-30", "NextScheduledDate": "2026-11-28"});
        schedule.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        template(json!({ "Schedule": schedule }))
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (flow, key, id) in [
            (customers::KEY, "c-1", "101"),
            (vendors::KEY, "c-1", "102"),
            (currencies::KEY, "USD", "202"),
            (accounts::KEY, "200", "301"),
            (taxes::KEY, "OUTPUT2", "401"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    fn carried(template: &RepeatingInvoice) -> Carry {
        RecurringInvoices::to_zoho(template, &known()).unwrap()
    }

    #[test]
    fn a_template_starts_at_xeros_next_date_and_is_stopped_once() {
        let carry = carried(&template(json!({})));
        assert_eq!(
            carry.body,
            json!({
                "customer_id": "101", "recurrence_name": "[Week] [428c0d75]", "reference_number": "[Week]", "start_date": "2026-11-28", "end_date": "2029-09-30",
                "recurrence_frequency": "months", "repeat_every": 2, "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding",
                "discount_type": "item_level", "is_discount_before_tax": true,
                "line_items": [{"name": "Rent", "description": "", "quantity": 1, "rate": 5000, "discount": "10%", "account_id": "301", "tax_id": "401", "item_order": 1}],
            })
        );
        assert_eq!(carry.then, [Action::RECURRING_INVOICE_STOP]);
        assert!(Action::RECURRING_INVOICE_STOP.is_once() && Action::RECURRING_BILL_STOP.is_once());
    }

    #[test]
    fn a_bill_of_a_template_has_no_discounts_and_no_name_of_its_own() {
        let bill = template(json!({"Type": "ACCPAY", "Reference": null}));
        let carry = RecurringBills::to_zoho(&bill, &known()).unwrap();
        assert_eq!(
            (&carry.body["vendor_id"], &carry.body["recurrence_name"]),
            (&json!("102"), &json!("Repeating bill [428c0d75]"))
        );
        assert_eq!(carry.body["line_items"][0]["rate"], 4500);
        assert_eq!(carry.then, [Action::RECURRING_BILL_STOP]);
        assert_eq!(RecurringBills::READ_WITH, Some(recurring_invoices::KEY));
        for (kind, status, sale, purchase) in [
            ("ACCREC", "DRAFT", Wanted::Carry, Wanted::Skip),
            ("ACCPAY", "AUTHORISED", Wanted::Skip, Wanted::Carry),
            ("ACCREC", "DELETED", Wanted::Skip, Wanted::Skip),
        ] {
            let one = template(json!({"Type": kind, "Status": status}));
            assert_eq!((RecurringInvoices::wanted(&one), RecurringBills::wanted(&one)), (sale, purchase));
        }
    }

    #[test]
    fn terms_of_days_are_carried() {
        for (schedule, frequency, terms, label) in [
            (json!({"Unit": "WEEKLY", "DueDate": 7, "DueDateType": "DAYSAFTERBILLDATE"}), "weeks", json!(7), json!("Net 7")),
            (json!({"DueDate": 0, "DueDateType": "DAYSAFTERINVOICEDATE"}), "months", json!(0), json!("Due on Receipt")),
            (json!({"DueDate": 31, "DueDateType": "OFCURRENTMONTH"}), "months", Value::Null, Value::Null),
            (json!({"DueDate": null, "DueDateType": null}), "months", Value::Null, Value::Null),
        ] {
            let body = carried(&scheduled(schedule)).body;
            assert_eq!(
                (&body["recurrence_frequency"], &body["payment_terms"], &body["payment_terms_label"]),
                (&json!(frequency), &terms, &label)
            );
        }
    }

    #[test]
    fn one_that_has_run_out_or_has_no_rate_is_held_as_announced() {
        let ended = RecurringInvoices::to_zoho(&scheduled(json!({"NextScheduledDate": null})), &known()).unwrap_err();
        assert_eq!((ended.code, ended.expected), ("TEMPLATE_ENDED", true));
        assert!(ended.sentence.starts_with("Repeating invoice “[Week]” for Ada has run out"));
        let foreign = RecurringInvoices::to_zoho(&template(json!({"CurrencyCode": "USD"})), &known()).unwrap_err();
        assert_eq!((foreign.code, foreign.expected), ("NO_RATE", true));
    }

    #[test]
    fn only_what_somebody_changed_is_a_change() {
        let prints = |template: &RepeatingInvoice| {
            let key = PrintKey::new([1; 32]);
            let mut printer = crate::print::Printer::new(&key);
            RecurringInvoices::fields()
                .iter()
                .map(|field| {
                    (field.print)(template, &mut printer);
                    printer.finish()
                })
                .collect::<Vec<_>>()
        };
        let was = prints(&scheduled(json!({})));
        assert_eq!(prints(&scheduled(json!({"NextScheduledDate": "2027-01-28"}))), was);
        assert_eq!(prints(&template(json!({"Status": "DELETED"}))), prints(&template(json!({}))));
        for changed in [json!({"Period": 3}), json!({"Unit": "WEEKLY"}), json!({"EndDate": null}), json!({"DueDate": 11})] {
            assert_ne!(prints(&scheduled(changed)), was);
        }
    }
}
