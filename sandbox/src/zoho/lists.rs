//! Reading: one record, or pages of summaries with the filters that are documented. Others are ignored without a word.

use std::fmt::Write as _;

use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension, params_from_iter};
use rust_decimal::Decimal;

use super::amounts::round;
use super::answer::{Answer, Refusal, quoted};
use super::bookmarks::End;
use super::module::Module::{self, *};
use super::records::{Desk, Record, decimal};
use super::{bankaccounts, documents, filters, platform};
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
    if let Some(documents) = platform::documents(desk, module, id)? {
        json.pop();
        let _ = write!(json, ",\"documents\":{documents}}}");
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
    let mut filter = filters::of(desk, module, query);
    if let Some((test, id)) = narrow {
        filter.add(test, id);
    }
    let with_balance = module == Accounts && query.get("showbalance") == Some("true");
    let direction = if descending { "DESC" } else { "ASC" };
    let select = format!("SELECT id, summary, status, due, {column} FROM zoho_record WHERE org = ? AND module = ?{}", filter.sql);
    let mut values = vec![Sql::Integer(desk.org.id), Sql::Integer(module as i64)];
    values.extend(filter.values);
    let offset = (page - 1).saturating_mul(per_page);
    let (marks, changes) = (&desk.shared.zoho.bookmarks, desk.connection.total_changes());
    let list = format!("{select} {direction} {values:?}");
    // Rows without a day stand at one end of their list, where no comparison finds them.
    let can_be_marked = !matches!(column, "date" | "due");
    let mark = if offset > 0 && can_be_marked { marks.find(&list, changes, offset) } else { None };
    let limit = Sql::Integer(per_page + 1);
    let sql = match mark {
        Some(end) => after(&select, column, descending, end, &limit, &mut values),
        None => {
            values.extend([limit, Sql::Integer(offset)]);
            format!("{select} ORDER BY {column} {direction}, id {direction} LIMIT ? OFFSET ?")
        }
    };

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
        if count == per_page && can_be_marked {
            marks.put(list.clone(), changes, page.saturating_mul(per_page), (row.get(4)?, id));
        }
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

/// The rows behind a bookmark: those of the same value and a later id, then those of later values. Each half is found by its index.
fn after(select: &str, column: &str, descending: bool, (key, id): End, limit: &Sql, values: &mut Vec<Sql>) -> String {
    let (than, order) = if descending { ("<", "DESC") } else { (">", "ASC") };
    if column == "id" {
        values.extend([Sql::Integer(id), limit.clone()]);
        return format!("{select} AND id {than} ? ORDER BY id {order} LIMIT ?");
    }
    let again = values.clone();
    values.extend([key.clone(), Sql::Integer(id), limit.clone()]);
    values.extend(again);
    values.extend([key, limit.clone(), limit.clone()]);
    format!(
        "SELECT * FROM ({select} AND {column} = ? AND id {than} ? ORDER BY id {order} LIMIT ?)
         UNION ALL SELECT * FROM ({select} AND {column} {than} ? ORDER BY {column} {order}, id {order} LIMIT ?)
         ORDER BY {column} {order}, id {order} LIMIT ?"
    )
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
