//! Reading: one record, or pages of summaries with the filters that are documented. Others are ignored without a word.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use rust_decimal::Decimal;

use super::amounts::round;
use super::answer::{Answer, Refusal, quoted};
use super::module::Module::{self, *};
use super::records::{Desk, Record, decimal};
use super::{documents, time};
use crate::zoho::call::Query;

const PER_PAGE_MAX: i64 = 200;

/// `GET /{module}/{id}`.
pub fn one(desk: &Desk, module: Module, id: i64) -> Result<Answer, Refusal> {
    Ok(Answer::found(module.key(), &text(desk, module, id)?))
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
    let page = figure(query, "page", 1)?;
    let per_page = figure(query, "per_page", PER_PAGE_MAX)?.min(PER_PAGE_MAX);
    let (shown_column, column, descending) = order(module, query);
    let filter = filter(desk, module, query);
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
        body.push_str(&present(desk, module, row.get(0)?, row.get(1)?, &status, due.as_deref())?);
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

/// Adds what is true only at the moment of reading: overdue documents and what contacts owe.
fn present(desk: &Desk, module: Module, id: i64, mut json: String, status: &str, due: Option<&str>) -> Result<String, Refusal> {
    match module {
        Invoices | Bills if is_overdue(desk, module, status, due) => {
            Ok(json.replacen(&format!("\"status\":\"{status}\""), "\"status\":\"overdue\"", 1))
        }
        Contacts => {
            let owed = owed(desk, id)?;
            json.pop();
            _ = write!(
                json,
                ",\"outstanding_receivable_amount\":{},\"outstanding_payable_amount\":{},\"unused_credits_receivable_amount\":{},\"unused_credits_payable_amount\":{}}}",
                owed[0], owed[1], owed[2], owed[3]
            );
            Ok(json)
        }
        _ => Ok(json),
    }
}

/// What a contact owes on invoices, is owed on bills, and has in unused payments of either kind.
fn owed(desk: &Desk, contact: i64) -> Result<[Decimal; 4], Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT module, sum(balance_e6) FROM zoho_record WHERE party = ?1 AND status NOT IN ('draft', 'void') GROUP BY module",
    )?;
    let mut owed = [round(Decimal::ZERO, 2); 4];
    let mut rows = statement.query([contact])?;
    while let Some(row) = rows.next()? {
        let module: i64 = row.get(0)?;
        if let Some(place) = [Invoices, Bills, CustomerPayments, VendorPayments].iter().position(|one| *one as i64 == module) {
            owed[place] = round(decimal(row.get(1)?), 2);
        }
    }
    Ok(owed)
}

fn is_overdue(desk: &Desk, module: Module, status: &str, due: Option<&str>) -> bool {
    let waiting = status == documents::live(module) || (status == "partially_paid" && desk.on("zoho.partly_paid_can_be_overdue"));
    waiting && due.is_some_and(|due| due < desk.today().as_str())
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
    let party = match module {
        Invoices | CustomerPayments => Some("customer_id"),
        Bills | VendorPayments => Some("vendor_id"),
        _ => None,
    };
    if let Some(id) = party.and_then(|name| query.get(name)).and_then(|id| id.parse::<i64>().ok()) {
        filter.add("party = ?", id);
    }
    if module == Contacts
        && let Some(kind) = query.get("contact_type")
    {
        filter.add("kind = ?", kind.to_owned());
    }
    texts(module, query, &mut filter);
    status(desk, module, query, &mut filter);
    if matches!(module, Invoices | Bills | CustomerPayments | VendorPayments) {
        days("date", "date", query, &mut filter);
        days("due_date", "due", query, &mut filter);
    }
    if let Some(words) = query.get("search_text") {
        filter.add("instr(lower(summary), ?) > 0", words.to_lowercase());
    }
    if module == Invoices
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
        Currencies | Taxes => &[],
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
    let word = match (query.get("status"), query.get("filter_by")) {
        (Some(word), _) if matches!(module, Invoices | Bills) => word.to_owned(),
        (_, Some(by)) => by.rsplit('.').next().unwrap_or_default().to_lowercase().replace("partiallypaid", "partially_paid"),
        _ => return,
    };
    let known = match module {
        Contacts | Items | Accounts => &["active", "inactive"][..],
        Invoices | Bills => &["draft", "sent", "open", "overdue", "partially_paid", "paid", "void"][..],
        _ => &[],
    };
    if !known.contains(&word.as_str()) {
        return;
    }
    let live = documents::live(module);
    match word.as_str() {
        "overdue" => {
            filter.add("status = ?", live.to_owned());
            filter.add("due < ?", desk.today());
        }
        _ if word == live => {
            filter.add("status = ?", word);
            filter.add("due >= ?", desk.today());
        }
        _ => filter.add("status = ?", word),
    }
}

fn days(name: &str, column: &str, query: &Query, filter: &mut Filter) {
    for (suffix, test) in [("", "="), ("_start", ">="), ("_end", "<="), ("_before", "<"), ("_after", ">")] {
        if let Some(day) = query.get(&format!("{name}{suffix}")).filter(|day| time::parse_date(day).is_some()) {
            filter.add(&format!("{column} {test} ?"), day.to_owned());
        }
    }
}
