//! Which filters of a list are documented, and what they ask of the store. Others are ignored without a word.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;

use super::call::Query;
use super::module::Module::{self, *};
use super::records::Desk;
use super::{documents, papers, time};

/// A part of a WHERE clause and its values.
#[derive(Default)]
pub struct Filter {
    pub sql: String,
    pub values: Vec<Sql>,
}

impl Filter {
    pub fn add(&mut self, sql: &str, value: impl Into<Sql>) {
        _ = write!(self.sql, " AND {sql}");
        self.values.push(value.into());
    }
}

/// The conditions of a list.
pub fn of(desk: &Desk, module: Module, query: &Query) -> Filter {
    let mut filter = Filter::default();
    let everywhere = desk.on("zoho.last_modified_time_filters_every_list");
    if let Some(since) = query.get("last_modified_time").and_then(time::parse_stamp)
        && (module.filters_by_modified() || everywhere)
    {
        filter.add("modified > ?", since);
    }
    for key in ["customer_id", "vendor_id"] {
        let own = match module {
            Expenses | Journals => false,
            Projects | BankTransactions | RecurringExpenses => key == "customer_id",
            // Vendor credits and bills are documented with customer_id, too; nothing of theirs has one.
            _ => module.has_amounts() && documents::party_keys(module).0 == key,
        };
        if let Some(id) = query.get(key).and_then(|id| id.parse::<i64>().ok()).filter(|_| own) {
            filter.add("party = ?", id);
        }
    }
    if module == Contacts
        && let Some(kind) = query.get("contact_type")
    {
        filter.add("kind = ?", kind.to_owned());
    }
    if module == Contacts {
        joined(query, &mut filter);
    }
    if matches!(module, Invoices | Estimates | SalesOrders)
        && let Some(id) = query.get("zcrm_potential_id").filter(|id| !id.is_empty())
    {
        filter.add("json_extract(detail, '$.zcrm_potential_id') = ?", id.to_owned());
    }
    texts(module, query, &mut filter);
    status(desk, module, query, &mut filter);
    if module.has_amounts() {
        days(if module.recurs() { "start_date" } else { "date" }, "date", query, &mut filter);
        let until = papers::of(module).and_then(|paper| paper.until);
        until.into_iter().for_each(|until| days(until, "due", query, &mut filter));
    }
    if let Some(words) = query.get("search_text") {
        filter.add("instr(lower(summary), ?) > 0", words.to_lowercase());
    }
    if matches!(module, Invoices | Estimates | PurchaseOrders | VendorCredits)
        && let Some(value) = query.get("custom_field")
    {
        filter.add("EXISTS (SELECT 1 FROM json_each(detail, '$.custom_field_hash') WHERE json_each.value = ?)", value.to_owned());
    }
    filter
}

/// Contacts that Zoho's own integration has joined with a record of CRM's.
fn joined(query: &Query, filter: &mut Filter) {
    if query.get("filter_by") == Some("Status.Crm") {
        filter.add(
            "coalesce(json_extract(detail, '$.zcrm_account_id'), json_extract(detail, '$.zcrm_vendor_id'), '') <> ?",
            String::new(),
        );
    }
    for name in ["zcrm_account_id", "zcrm_vendor_id", "zcrm_contact_id"] {
        if let Some(id) = query.get(name).filter(|id| !id.is_empty()) {
            filter.add(&format!("json_extract(detail, '$.{name}') = ?"), id.to_owned());
        }
    }
}

/// Documented text filters, each with its `_startswith` and `_contains`.
fn texts(module: Module, query: &Query, filter: &mut Filter) {
    let names: &[(&str, &str)] = match module {
        Contacts => &[
            ("contact_name", "name_key"),
            ("company_name", ""),
            ("first_name", ""),
            ("last_name", ""),
            ("email", ""),
            ("phone", ""),
        ],
        Items => &[("name", "name_key"), ("description", ""), ("tax_id", ""), ("tax_name", ""), ("account_id", "")],
        Accounts => &[("account_name", "name_key"), ("account_code", ""), ("account_id", "")],
        Invoices => &[("invoice_number", "name_key"), ("reference_number", ""), ("customer_name", "")],
        Bills => &[("bill_number", "name_key"), ("reference_number", ""), ("vendor_name", "")],
        CustomerPayments => &[("reference_number", ""), ("customer_name", ""), ("payment_mode", "")],
        VendorPayments => &[("payment_number", "name_key"), ("reference_number", ""), ("vendor_name", ""), ("payment_mode", "")],
        Estimates => &[("estimate_number", "name_key"), ("reference_number", ""), ("customer_name", "")],
        SalesOrders => &[("salesorder_number", "name_key"), ("reference_number", ""), ("customer_name", "")],
        CreditNotes => &[("creditnote_number", "name_key"), ("reference_number", ""), ("customer_name", "")],
        VendorCredits => &[("vendor_credit_number", "name_key"), ("reference_number", ""), ("vendor_name", "")],
        PurchaseOrders => &[("purchaseorder_number", "name_key"), ("reference_number", ""), ("vendor_name", "")],
        SalesReceipts => &[("receipt_number", "name_key")],
        RecurringInvoices => &[("recurrence_name", "name_key"), ("customer_name", "")],
        RecurringBills => &[("recurrence_name", "name_key"), ("vendor_name", "")],
        RecurringExpenses => &[("recurrence_name", "name_key"), ("customer_name", ""), ("account_name", ""), ("account_id", "")],
        Expenses => &[
            ("description", ""),
            ("reference_number", ""),
            ("account_name", ""),
            ("customer_name", ""),
            ("vendor_name", ""),
            ("customer_id", ""),
            ("vendor_id", ""),
            ("paid_through_account_id", ""),
            ("project_id", ""),
        ],
        BankTransactions => &[("transaction_type", "kind"), ("reference_number", "")],
        Journals => &[("entry_number", "name_key"), ("reference_number", ""), ("notes", ""), ("journal_type", "")],
        _ => &[],
    };
    for (name, column) in names {
        let column = if column.is_empty() {
            format!("lower(coalesce(json_extract(summary, '$.{name}'), ''))")
        } else {
            (*column).to_owned()
        };
        for (suffix, test) in [("", "{} = ?"), ("_startswith", "instr({}, ?) = 1"), ("_contains", "instr({}, ?) > 0")] {
            if let Some(value) = query.get(&format!("{name}{suffix}")).filter(|value| !value.is_empty()) {
                filter.add(&test.replace("{}", &column), value.to_lowercase());
            }
        }
    }
}

fn status(desk: &Desk, module: Module, query: &Query, filter: &mut Filter) {
    let by_itself = module.has_amounts();
    let word = match (query.get("status"), query.get("filter_by")) {
        (Some(word), _) if by_itself => word.to_owned(),
        (_, Some(by)) => by.rsplit('.').next().unwrap_or_default().to_lowercase().replace("partiallypaid", "partially_paid"),
        _ => return,
    };
    let known = match module {
        Contacts | Items | Accounts | Projects => &["active", "inactive"][..],
        RecurringExpenses => &["active", "stopped", "expired"][..],
        Expenses => &["unbilled", "invoiced", "reimbursed", "nonbillable", "billable"][..],
        Journals => &["draft", "published"][..],
        _ => papers::of(module).map_or(&[][..], |paper| paper.statuses),
    };
    if !known.contains(&word.as_str()) {
        return;
    }
    // The status a date past gives is nowhere stored: it is the waiting status and the date.
    let (waiting, run_out) = match module {
        Invoices | Bills => (documents::live(module), "overdue"),
        Estimates => ("sent", "expired"),
        _ if module.recurs() => ("active", "expired"),
        _ => return filter.add("status = ?", word),
    };
    if word == run_out {
        filter.add("status = ?", waiting.to_owned());
        filter.add("due < ?", desk.today());
    } else {
        if word == waiting {
            filter.add("(due IS NULL OR due >= ?)", desk.today());
        }
        filter.add("status = ?", word);
    }
}

fn days(name: &str, column: &str, query: &Query, filter: &mut Filter) {
    for (suffix, test) in [("", "="), ("_start", ">="), ("_end", "<="), ("_before", "<"), ("_after", ">")] {
        if let Some(day) = query.get(&format!("{name}{suffix}")).filter(|day| time::parse_date(day).is_some()) {
            filter.add(&format!("{column} {test} ?"), day.to_owned());
        }
    }
}
