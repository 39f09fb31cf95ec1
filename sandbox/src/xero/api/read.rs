//! Lists and single records of the Accounting API.

use actix_web::http::header::IF_MODIFIED_SINCE;
use serde_json::Value;
use uuid::Uuid;

use super::answer::Body;
use super::{Answer, Call, Failure};
use crate::xero::json::{Record, decimal_of, number};
use crate::xero::kinds::{Kind, Pages};
use crate::xero::lists::{self, Filter};
use crate::xero::query::{self, Query, Refusal};
use crate::xero::{documents, money, records};

/// Xero refuses lists without pages of organisations with very many documents ("not filtering efficiently"); where exactly is
/// not documented. The sandbox stops where an answer would be larger than anybody should hold.
const UNPAGED_MAX: u64 = 20_000;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unreadable(says) => Failure::query(says),
        }
    }
}

/// `GET /{list}`.
pub fn list(call: &Call, kind: Kind) -> Result<Answer, Failure> {
    let since = call.headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let mut query = query::read(kind, &call.query, since)?;
    let org = call.caller.org.n;
    if kind == Kind::ManualJournals
        && !query.filter.order.is_empty()
        && call.shared.switches.on("xero.ordered_manual_journals_have_one_page")
    {
        query.page = query.page.map(|(_, size)| (1, size));
    }
    let query = &query;
    let mut records = String::with_capacity(if query.page.is_some() { 2 << 20 } else { 64 << 10 });
    let shortened = query.page.is_none() && (kind == Kind::Contacts || kind.about().lines && kind.about().pages != Pages::No);
    let as_stored = !shortened && !query.summary_only && (query.four_decimals || !kind.about().unit_prices);
    let mut shown = 0_u64;
    let mut each = |body: &str| {
        shown += 1;
        if shown > 1 {
            records.push(',');
        }
        if as_stored { records.push_str(body) } else { records.push_str(&reshaped(kind, query, shortened, body)) }
    };
    let memo = &call.shared.xero.memo;
    let busy = call.shared.xero.settings.busy_from(kind);
    let count = call.shared.store.with(|connection| {
        if let Some(busy) = busy.filter(|_| !query.optimised)
            && lists::count_of(connection, memo, org, kind, &Filter::default())? >= busy
        {
            return Ok(u64::MAX);
        }
        let count = lists::count_of(connection, memo, org, kind, &query.filter)?;
        if query.page.is_none() && count > UNPAGED_MAX {
            return Ok(count);
        }
        lists::list(connection, memo, org, kind, &query.filter, query.page, &mut each)
    })?;
    if count == u64::MAX || (query.page.is_none() && count > UNPAGED_MAX) {
        return Err(Failure::query(format!(
            "Your request is not filtering {} efficiently, given the extremely high volume for this organisation.",
            kind.collection()
        )));
    }
    if count == 0 && query.filter.since_ms.is_some() && call.shared.switches.on("xero.not_modified_304") {
        return Ok(Answer { status: 304, body: Body::Empty });
    }
    // Only lists whose pages have a size tell how many there are.
    let pagination = query.page.filter(|_| kind.about().pages == Pages::Sized).map(|(page, size)| {
        let pages = count.div_ceil(u64::from(size));
        format!("\"pagination\":{{\"page\":{page},\"pageSize\":{size},\"pageCount\":{pages},\"itemCount\":{count}}},")
    });
    Ok(Answer::records(call.shared, kind, &pagination.unwrap_or_default(), &records))
}

/// `GET /{list}/{id}`, or by its number, name or code.
pub fn single(call: &Call, kind: Kind, id: &str) -> Result<Answer, Failure> {
    let four_decimals = call.parameter("unitdp") == Some("4");
    let org = call.caller.org.n;
    let found = call.shared.store.with(|connection| match Uuid::parse_str(id) {
        Err(_) if kind == Kind::Contacts => {
            records::by_other(connection, org, kind, id).map(|found| found.into_iter().next().map(|(body, _)| body))
        }
        Ok(id) => records::by_id(connection, org, kind, id).map(|found| found.map(|(body, _)| body)),
        Err(_) if kind.about().found_by_name => {
            records::by_name(connection, org, kind, id).map(|found| found.into_iter().next().map(|(body, _)| body))
        }
        Err(_) => Ok(None),
    });
    let body = found?.ok_or(Failure::Absent)?;
    let as_stored = four_decimals || !kind.about().unit_prices;
    let body = if as_stored { body } else { reshaped(kind, &Query::default(), false, &body) };
    Ok(Answer::records(call.shared, kind, summarises(kind, true), &body))
}

/// The envelope of quotes, of a younger make, says whether mistakes refuse the whole call.
pub fn summarises(kind: Kind, summarises: bool) -> &'static str {
    match (kind, summarises) {
        (Kind::Quotes, true) => "\"SummarizeErrors\":true,",
        (Kind::Quotes, false) => "\"SummarizeErrors\":false,",
        _ => "",
    }
}

/// The slow way, for callers who do not ask for pages, for four decimals, or for everything.
fn reshaped(kind: Kind, query: &Query, shortened: bool, body: &str) -> String {
    let Ok(Value::Object(mut record)) = serde_json::from_str(body) else { return body.to_owned() };
    if shortened {
        documents::shorten(kind, &mut record);
    }
    if !query.four_decimals {
        two_decimals(&mut record);
    }
    if query.summary_only {
        let computed: &[&str] = match kind {
            Kind::Contacts => &["IsCustomer", "IsSupplier", "Balances", "ContactPersons", "ContactGroups"],
            Kind::Invoices => &["LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments"],
            _ => &[],
        };
        for name in computed {
            record.remove(*name);
        }
    }
    Value::Object(record).to_string()
}

/// Unit prices as those see them who do not ask for four decimals.
pub fn two_decimals(record: &mut Record) {
    for part in ["SalesDetails", "PurchaseDetails"] {
        if let Some(Value::Object(details)) = record.get_mut(part) {
            round(details, "UnitPrice");
        }
    }
    if let Some(Value::Array(lines)) = record.get_mut("LineItems") {
        for line in lines.iter_mut().filter_map(Value::as_object_mut) {
            round(line, "UnitAmount");
        }
    }
}

fn round(record: &mut Record, name: &str) {
    if let Some(amount) = decimal_of(record, name) {
        record.insert(name.into(), number(money::cents(amount)));
    }
}
