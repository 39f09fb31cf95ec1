//! Reading: one record, or pages of summaries with the filters that are documented. Others are ignored without a word.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use rust_decimal::Decimal;

use super::amounts::round;
use super::answer::{Answer, Refusal, quoted};
use super::module::Module::{self, *};
use super::records::{Desk, Record, decimal};
use super::{bankaccounts, documents, papers, time};
use crate::zoho::call::Query;

const PER_PAGE_MAX: i64 = 200;

/// `GET /{module}/{id}`.
pub fn one(desk: &Desk, module: Module, id: i64) -> Result<Answer, Refusal> {
    let mut json = text(desk, module, id)?;
    if module == Accounts {
        let balance = bankaccounts::current_balance(desk, id)?;
        json.pop();
        _ = write!(json, ",\"closing_balance\":{balance},\"current_balance\":{balance}}}");
    }
    Ok(Answer::found(module.key(), &json))
}

/// The record as GET by id shows it now.
pub fn text(desk: &Desk, module: Module, id: i64) -> Result<String, Refusal> {
    let found: Option<(String, String, Option<String>)> = desk
        .connection
        .prepare_cached("SELECT detail, status, due FROM zoho_record WHERE id = ?1 AND org = ?2 AND module = ?3")?
        .query_row((id, desk.org.id, module as i64), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (detail, status, due) = found.ok_or_else(|| Refusal::absent(module.noun()))?;
    present(desk, module, id, detail, &status, due.as_deref())
}

/// A record just written, as the answer to the write shows it.
pub fn shown(desk: &Desk, module: Module, record: &Record) -> Result<String, Refusal> {
    present(desk, module, record.id, record.saved.clone(), &record.status, record.due.as_deref())
}

/// `GET /{module}`.
pub fn page(desk: &Desk, module: Module, query: &Query) -> Result<Answer, Refusal> {
    narrowed(desk, module, query, None)
}

/// As `page`, but only of what belongs to one record: `narrow` is a test in SQL with one `?`, and the id.
pub fn narrowed(desk: &Desk, module: Module, query: &Query, narrow: Option<(&str, i64)>) -> Result<Answer, Refusal> {
    let page = figure(query, "page", 1)?;
    let per_page = figure(query, "per_page", PER_PAGE_MAX)?.min(PER_PAGE_MAX);
    let (shown_column, column, descending) = order(module, query);
    let mut filter = filter(desk, module, query);
    if let Some((test, id)) = narrow {
        filter.add(test, id);
    }
    let with_balance = module == Accounts && query.get("showbalance") == Some("true");
    let direction = if descending { "DESC" } else { "ASC" };
    let mut sql = format!("SELECT id, summary, status, due FROM zoho_record WHERE org = ? AND module = ?{}", filter.sql);
    _ = write!(sql, " ORDER BY {column} {direction}");
    if column != "id" {
        _ = write!(sql, ", id {direction}");
    }
    _ = write!(sql, " LIMIT ? OFFSET ?");
    let mut values = vec![Sql::Integer(desk.org.id), Sql::Integer(module as i64)];
    values.extend(filter.values);
    values.extend([Sql::Integer(per_page + 1), Sql::Integer((page - 1) * per_page)]);

    let mut body = format!("{{\"code\":0,\"message\":\"success\",\"{}\":[", list_key(desk, module));
    let mut count = 0;
    let mut statement = desk.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        count += 1;
        if count > per_page {
            break;
        }
        if count > 1 {
            body.push(',');
        }
        let (status, due): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let id = row.get(0)?;
        let mut shown = present(desk, module, id, row.get(1)?, &status, due.as_deref())?;
        if with_balance {
            let balance = bankaccounts::current_balance(desk, id)?;
            shown.pop();
            _ = write!(shown, ",\"current_balance\":{balance}}}");
        }
        body.push_str(&shown);
    }
    _ = write!(
        body,
        "],\"page_context\":{{\"page\":{page},\"per_page\":{per_page},\"has_more_page\":{},\"report_name\":{},\"applied_filter\":{},\"sort_column\":{},\"sort_order\":\"{}\"}}}}",
        count > per_page,
        quoted(module.noun()),
        quoted(query.get("filter_by").unwrap_or("Status.All")),
        quoted(shown_column),
        if descending { "D" } else { "A" }
    );
    Ok(Answer { status: 200, body })
}

/// Adds what is true only at the moment of reading: what is overdue or expired, and what contacts owe.
fn present(desk: &Desk, module: Module, id: i64, mut json: String, status: &str, due: Option<&str>) -> Result<String, Refusal> {
    if let Some(word) = run_out(desk, module, status, due) {
        return Ok(json.replacen(&format!("\"status\":\"{status}\""), &format!("\"status\":\"{word}\""), 1));
    }
    if module == Contacts {
        let owed = owed(desk, id)?;
        json.pop();
        _ = write!(
            json,
            ",\"outstanding_receivable_amount\":{},\"outstanding_payable_amount\":{},\"unused_credits_receivable_amount\":{},\"unused_credits_payable_amount\":{}}}",
            owed[0], owed[1], owed[2], owed[3]
        );
    }
    Ok(json)
}

/// What a contact owes on invoices, is owed on bills, and has in unused payments and credits of either kind.
fn owed(desk: &Desk, contact: i64) -> Result<[Decimal; 4], Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT module, sum(balance_e6) FROM zoho_record WHERE party = ?1 AND status NOT IN ('draft', 'void') GROUP BY module",
    )?;
    let mut owed = [round(Decimal::ZERO, 2); 4];
    let mut rows = statement.query([contact])?;
    while let Some(row) = rows.next()? {
        let place = match Module::numbered(row.get(0)?) {
            Some(Invoices) => 0,
            Some(Bills) => 1,
            Some(CustomerPayments | CreditNotes) => 2,
            Some(VendorPayments | VendorCredits) => 3,
            _ => continue,
        };
        owed[place] = round(owed[place] + decimal(row.get(1)?), 2);
    }
    Ok(owed)
}

/// The status that a date past gives: overdue to what is owed, expired to estimates and to templates.
fn run_out(desk: &Desk, module: Module, status: &str, due: Option<&str>) -> Option<&'static str> {
    let (waits, word) = match module {
        Invoices | Bills => {
            let partly = status == "partially_paid" && desk.on("zoho.partly_paid_can_be_overdue");
            (status == documents::live(module) || partly, "overdue")
        }
        Estimates => (status == "sent", "expired"),
        _ if module.recurs() => (status == "active", "expired"),
        _ => return None,
    };
    (waits && due.is_some_and(|due| due < desk.today().as_str())).then_some(word)
}

fn list_key(desk: &Desk, module: Module) -> &'static str {
    match module {
        CustomerPayments if desk.on("zoho.customer_payments_list_key_has_an_underscore") => "customer_payments",
        _ => module.list_key(),
    }
}

fn figure(query: &Query, name: &str, default: i64) -> Result<i64, Refusal> {
    match query.get(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse().ok().filter(|figure| *figure >= 1).ok_or_else(|| Refusal::invalid(name)),
    }
}

/// The column as Zoho calls it, as the store calls it, and whether it descends.
fn order(module: Module, query: &Query) -> (&'static str, &'static str, bool) {
    let known = [
        ("last_modified_time", "modified"),
        ("created_time", "id"),
        ("date", "date"),
        ("due_date", "due"),
        ("total", "total_e6"),
        ("amount", "total_e6"),
        ("balance", "balance_e6"),
        ("contact_name", "name_key"),
        ("name", "name_key"),
        ("account_name", "name_key"),
        ("invoice_number", "name_key"),
        ("bill_number", "name_key"),
        ("payment_number", "name_key"),
        ("account_type", "kind"),
        ("estimate_number", "name_key"),
        ("salesorder_number", "name_key"),
        ("creditnote_number", "name_key"),
        ("vendor_credit_number", "name_key"),
        ("purchaseorder_number", "name_key"),
        ("recurrence_name", "name_key"),
        ("project_name", "name_key"),
        ("entry_number", "name_key"),
        ("journal_date", "date"),
        ("start_date", "date"),
        ("end_date", "due"),
        ("expiry_date", "due"),
        ("delivery_date", "due"),
        ("shipment_date", "due"),
    ];
    let (column, stored, descends) = module.default_order();
    let asked = query.get("sort_column").and_then(|asked| known.iter().find(|(name, _)| *name == asked));
    let (column, stored, descends) = asked.map_or((column, stored, descends), |(name, stored)| (*name, *stored, false));
    let descends = match query.get("sort_order") {
        Some("D") => true,
        Some("A") => false,
        _ => descends,
    };
    (column, stored, descends)
}

#[derive(Default)]
struct Filter {
    sql: String,
    values: Vec<Sql>,
}

impl Filter {
    fn add(&mut self, sql: &str, value: impl Into<Sql>) {
        _ = write!(self.sql, " AND {sql}");
        self.values.push(value.into());
    }
}

fn filter(desk: &Desk, module: Module, query: &Query) -> Filter {
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
