//! Lists in the order of change: filters, pages, and counts that cost the same on page 900 as on page 1.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, params_from_iter};
use uuid::Uuid;

use super::kinds::Kind;
use super::query::expression::Condition;
use super::query::fields::{At, Field};
use super::query::sql;

/// What a list is narrowed to, and its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub since_ms: Option<i64>,
    pub types: Vec<String>,
    pub statuses: Vec<String>,
    pub names: Vec<String>,
    pub ids: Vec<Uuid>,
    pub contacts: Vec<Uuid>,
    pub without_archived: bool,
    pub without_deleted: bool,
    /// Only what an app has made.
    pub by_app: bool,
    /// All of them have to be met.
    pub conditions: Vec<Condition>,
    /// Empty: in the order of change.
    pub order: Vec<Order>,
}

/// One step of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    pub field: Field,
    pub descending: bool,
}

impl Filter {
    /// Whether it is in the order of change, and which way round. None: in another order.
    fn by_change(&self) -> Option<bool> {
        match self.order.as_slice() {
            [] => Some(false),
            [Order { field: Field { at: At::Column("modified"), .. }, descending }] => Some(*descending),
            _ => None,
        }
    }
}

/// Remembered counts and page ends, so that page 900 costs what page 1 does.
#[derive(Clone, Default)]
pub struct Memo {
    /// Moves with every change of any record.
    version: Arc<AtomicU64>,
    lists: Arc<Mutex<Lists>>,
}

/// What is known of a list, by organisation, kind and filter without its time.
type Lists = HashMap<(i64, Kind, Filter), Known>;

#[derive(Clone)]
struct Known {
    version: u64,
    since_ms: i64,
    count: u64,
    /// Where a page ended: (since, page, page size, modified, id).
    end: Option<(i64, u32, u32, i64, Vec<u8>)>,
}

impl Memo {
    /// Some record has changed.
    pub fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }
}

/// How many records fit, and the text of one page of them, joined by commas.
/// `page`: (number from 1, size). None: everything, as lists that are not paged show it.
pub fn list(
    connection: &Connection,
    memo: &Memo,
    org: i64,
    kind: Kind,
    filter: &Filter,
    page: Option<(u32, u32)>,
    each: &mut dyn FnMut(&str),
) -> rusqlite::Result<u64> {
    let known = count(connection, memo, org, kind, filter)?;
    let by_change = filter.by_change();
    // Where SQLite may have to sort, it sorts the rows' numbers only: with their texts a million records would not fit.
    let apart = by_change.is_none() || !filter.conditions.is_empty() || !filter.contacts.is_empty();
    let select = if apart { "SELECT modified, id, rowid FROM xero_record" } else { "SELECT modified, id, body FROM xero_record" };
    let (mut sql, mut values) = narrowed(org, kind, filter, select);
    let since = filter.since_ms.unwrap_or(i64::MIN);
    let mut skip = 0;
    let mut take = i64::MAX;
    if let Some((number, size)) = page {
        take = i64::from(size);
        skip = i64::from(number.saturating_sub(1)) * take;
        if let Some((at, last, of, modified, id)) = &known.end
            && by_change.is_some()
            && (*at, *last, *of) == (since, number.saturating_sub(1), size)
        {
            sql.push_str(if by_change == Some(true) { " AND (modified, id) < (?, ?)" } else { " AND (modified, id) > (?, ?)" });
            values.push((*modified).into());
            values.push(id.clone().into());
            skip = 0;
        }
    }
    match by_change {
        Some(true) => sql.push_str(" ORDER BY modified DESC, id DESC"),
        Some(false) => sql.push_str(" ORDER BY modified, id"),
        None => {
            sql.push_str(" ORDER BY ");
            for order in &filter.order {
                sql.push_str(&sql::expression(&order.field));
                sql.push_str(if order.descending { " DESC, " } else { ", " });
            }
            // What is the same in this order stays in one order from page to page.
            sql.push_str(if filter.order.last().is_some_and(|order| order.descending) { "id DESC" } else { "id" });
        }
    }
    sql.push_str(" LIMIT ? OFFSET ?");
    values.push(take.into());
    values.push(skip.into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut body = connection.prepare_cached("SELECT body FROM xero_record WHERE rowid = ?1")?;
    let mut end = None;
    while let Some(row) = rows.next()? {
        if apart {
            body.query_row([row.get::<_, i64>(2)?], |row| {
                each(row.get_ref(0)?.as_str()?);
                Ok(())
            })?;
        } else {
            each(row.get_ref(2)?.as_str()?);
        }
        if page.is_some() && by_change.is_some() {
            let id = row.get_ref(1)?.as_blob()?;
            end = Some((row.get::<_, i64>(0)?, <[u8; 16]>::try_from(id).unwrap_or_default()));
        }
    }
    if let (Some((number, size)), Some((modified, id))) = (page, end) {
        let end = Some((since, number, size, modified, id.to_vec()));
        remember(memo, org, kind, filter, Known { end, ..known.clone() });
    }
    Ok(known.count)
}

/// How many records fit.
pub fn count_of(connection: &Connection, memo: &Memo, org: i64, kind: Kind, filter: &Filter) -> rusqlite::Result<u64> {
    count(connection, memo, org, kind, filter).map(|known| known.count)
}

/// The count of a list. Reading on with a later `since` only counts what lies between the two.
fn count(connection: &Connection, memo: &Memo, org: i64, kind: Kind, filter: &Filter) -> rusqlite::Result<Known> {
    let version = memo.version.load(Ordering::Acquire);
    let since = filter.since_ms.unwrap_or(i64::MIN);
    let key = (org, kind, Filter { since_ms: None, ..filter.clone() });
    let known = memo.lists.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key).cloned();
    let between = |from: i64, to: Option<i64>| -> rusqlite::Result<u64> {
        let (mut sql, mut values) =
            narrowed(org, kind, &Filter { since_ms: Some(from), ..filter.clone() }, "SELECT COUNT(*) FROM xero_record");
        if let Some(to) = to {
            sql.push_str(" AND modified < ?");
            values.push(to.into());
        }
        let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    let counted = match known {
        Some(known) if known.version == version && known.since_ms == since => return Ok(known),
        Some(known) if known.version == version && known.since_ms < since => {
            Known { count: known.count - between(known.since_ms, Some(since))?, since_ms: since, ..known }
        }
        Some(known) if known.version == version => {
            Known { count: known.count + between(since, Some(known.since_ms))?, since_ms: since, ..known }
        }
        _ => Known { version, since_ms: since, count: between(since, None)?, end: None },
    };
    remember(memo, org, kind, filter, counted.clone());
    Ok(counted)
}

fn remember(memo: &Memo, org: i64, kind: Kind, filter: &Filter, known: Known) {
    // Lists by id are short and endless in number; and there are never many different lists otherwise.
    const LISTS_MAX: usize = 256;
    if !filter.ids.is_empty() || !filter.names.is_empty() || !filter.contacts.is_empty() {
        return;
    }
    let mut lists = memo.lists.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if lists.len() >= LISTS_MAX {
        lists.clear();
    }
    lists.insert((org, kind, Filter { since_ms: None, ..filter.clone() }), known);
}

fn narrowed(org: i64, kind: Kind, filter: &Filter, select: &str) -> (String, Vec<Sql>) {
    let mut sql = format!("{select} WHERE org = ? AND kind = ?");
    let mut values: Vec<Sql> = vec![org.into(), kind.number().into()];
    if let Some(since) = filter.since_ms {
        sql.push_str(" AND modified >= ?");
        values.push(since.into());
    }
    let mut any_of = |column: &str, wanted: Vec<Sql>| {
        if !wanted.is_empty() {
            let marks = vec!["?"; wanted.len()].join(",");
            sql.push_str(&format!(" AND {column} IN ({marks})"));
            values.extend(wanted);
        }
    };
    any_of("type", filter.types.iter().cloned().map(Sql::from).collect());
    any_of("status", filter.statuses.iter().cloned().map(Sql::from).collect());
    any_of("name", filter.names.iter().cloned().map(Sql::from).collect());
    any_of("id", filter.ids.iter().map(|id| Sql::from(id.as_bytes().to_vec())).collect());
    any_of("contact", filter.contacts.iter().map(|id| Sql::from(id.as_bytes().to_vec())).collect());
    for (wanted, condition) in [
        (filter.without_archived, " AND status <> 'ARCHIVED'"),
        (filter.without_deleted, " AND status <> 'DELETED'"),
        (filter.by_app, " AND by_app = 1"),
    ] {
        if wanted {
            sql.push_str(condition);
        }
    }
    for condition in &filter.conditions {
        sql.push_str(" AND ");
        sql::condition(condition, org, &mut sql, &mut values);
    }
    (sql, values)
}
