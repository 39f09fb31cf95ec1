//! `GET /{module}`: two hundred at a time, two thousand by number, the rest by token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::desk::Desk;
use super::external;
use super::field::{Field, Fields, Kind};
use super::module::Module;
use super::record::{self, LIST_COLUMNS, Record};
use super::show::Shower;
use crate::zoho::time;

/// Names in the parameter `fields`.
pub const FIELDS_MAX: usize = 50;
/// Records of a page, and of the lists that have no other size.
pub const PAGE_MAX: u32 = 200;
/// Records that can be had without a token.
pub const DISCRETE_MAX: u32 = 2000;
/// Records that a list has at all.
const PAGINATION_MAX: u32 = 100_000;
/// How long a page token works.
const TOKEN_S: i64 = 24 * 3600;

/// How a list goes on: opaque to clients, readable here.
#[derive(Serialize, Deserialize)]
struct PageToken {
    user: i64,
    module: String,
    /// What the other parameters were.
    bound: String,
    expires: i64,
    page: u32,
    /// The record next to the page, and what it is sorted by.
    key: i64,
    id: i64,
    /// Towards the beginning.
    back: bool,
}

impl PageToken {
    fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn read(desk: &Desk, module: Module, bound: &str, text: &str) -> Result<Self, Refusal> {
        let token = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let token = token.filter(|token| token.user == desk.org.me().id && token.module == module.api_name());
        // Whoever wrote one of his own may have written any number.
        let token = token.filter(|token| (1..u32::MAX).contains(&token.page));
        let token = token.ok_or_else(|| Refusal::param_invalid("page_token"))?;
        if token.bound != bound {
            let message = "The page_token is bound to other values of the parameters";
            return Err(Refusal::new("TOKEN_BOUND_DATA_MISMATCH", message, json!({"param_name": "page_token"})));
        }
        if token.expires <= desk.now.timestamp() {
            return Err(Refusal::new("EXPIRED_VALUE", "The page_token has expired", json!({"param_name": "page_token"})));
        }
        Ok(token)
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy)]
struct Sort {
    name: &'static str,
    column: &'static str,
    descending: bool,
}

impl Sort {
    fn of(call: &Call) -> Result<Self, Refusal> {
        let (name, column) = match call.param("sort_by") {
            None | Some("id") => ("id", "id"),
            Some("Created_Time") => ("Created_Time", "created"),
            Some("Modified_Time") => ("Modified_Time", "modified"),
            Some(_) => return Err(Refusal::param_invalid("sort_by")),
        };
        let descending = match call.param("sort_order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => return Err(Refusal::param_invalid("sort_order")),
        };
        Ok(Self { name, column, descending })
    }

    fn key(&self, record: &Record) -> i64 {
        match self.column {
            "created" => record.created,
            "modified" => record.modified,
            _ => record.id,
        }
    }
}

/// A page of the whole module, or of what hangs on one record.
pub fn page(call: &Call, desk: &Desk, module: Module, parent: Option<i64>) -> Result<Answer, Refusal> {
    let fields = desk.fields(module)?;
    let chosen = chosen(call.need("fields")?, &fields)?;
    let per_page = call.figure("per_page", PAGE_MAX, PAGE_MAX)?;
    let sort = Sort::of(call)?;
    let since = since(call)?;
    let ids = call.param("ids").map(|ids| ids_of(desk, module, ids)).transpose()?;
    refuse_unknown_views(call)?;
    if call.param("converted") == Some("true") {
        return Ok(Answer::nothing());
    }
    let bound = bound(call);
    let token = match (call.param("page_token"), call.param("page")) {
        (Some(_), Some(_)) => {
            let due = json!({"ambiguity_due_to": [{"param_name": "page"}, {"param_name": "page_token"}]});
            return Err(Refusal::new("AMBIGUITY_DURING_PROCESSING", "page and page_token cannot be used together", due));
        }
        (Some(text), None) => Some(PageToken::read(desk, module, &bound, text)?),
        (None, _) => None,
    };
    let number = match &token {
        Some(token) => token.page,
        None => call.figure("page", 1, u32::MAX)?,
    };
    if token.is_none() && u64::from(number) * u64::from(per_page) > u64::from(DISCRETE_MAX) {
        return Err(discrete_limit());
    }
    if desk.on("zoho.crm_lists_end_at_100000") && u64::from(number - 1) * u64::from(per_page) >= u64::from(PAGINATION_MAX) {
        let message = "You can only get the first 100000 records";
        return Err(Refusal::new("PAGINATION_LIMIT_EXCEEDED", message, json!({"limit": PAGINATION_MAX})));
    }

    let mut query = Select { sort, text: String::new(), values: Vec::new() };
    query.begin(desk, module, parent, since, ids.as_deref());
    let records = query.run(desk, token.as_ref(), number, per_page)?;
    let (mut records, more) = records;
    let back = token.as_ref().is_some_and(|token| token.back);
    if back {
        records.reverse();
    }
    if records.is_empty() {
        return Ok(if since.is_some() { Answer::not_modified() } else { Answer::nothing() });
    }
    let more_records = more || back;
    let info = info(desk, module, &records, &sort, number, per_page, more_records, &bound);
    let mut shower = Shower::new(desk);
    let mut body = String::with_capacity(records.len() * 64 * (chosen.len() + 1));
    body.push_str("{\"data\":[");
    for (at, record) in records.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(&Value::Object(shower.some(record, &chosen)?).to_string());
    }
    body.push_str("],\"info\":");
    body.push_str(&info.to_string());
    body.push('}');
    Ok(Answer::text(200, body))
}

#[expect(clippy::too_many_arguments, reason = "every one of them is shown")]
fn info(
    desk: &Desk,
    module: Module,
    records: &[Record],
    sort: &Sort,
    page: u32,
    per_page: u32,
    more: bool,
    bound: &str,
) -> Value {
    let expires = desk.now.timestamp() + TOKEN_S;
    let token = |record: &Record, page: u32, back: bool| {
        let token = PageToken {
            user: desk.org.me().id,
            module: module.api_name().into(),
            bound: bound.to_owned(),
            expires,
            page,
            key: sort.key(record),
            id: record.id,
            back,
        };
        token.text()
    };
    let next = records.last().filter(|_| more).map(|last| token(last, page + 1, false));
    let previous = records.first().filter(|_| page > 1).map(|first| token(first, page - 1, true));
    let expiry = (next.is_some() || previous.is_some()).then(|| desk.org.stamp(expires));
    json!({
        "call": false, "email": false, "per_page": per_page, "count": records.len(), "page": page, "more_records": more,
        "sort_by": sort.name, "sort_order": if sort.descending { "desc" } else { "asc" },
        "next_page_token": next, "previous_page_token": previous, "page_token_expiry": expiry,
    })
}

/// A statement in the making.
struct Select {
    sort: Sort,
    text: String,
    values: Vec<i64>,
}

impl Select {
    fn begin(&mut self, desk: &Desk, module: Module, parent: Option<i64>, since: Option<i64>, ids: Option<&[i64]>) {
        self.text = format!("SELECT {LIST_COLUMNS} FROM zoho_crm_record WHERE org = ? AND module = ?");
        self.values = vec![desk.org.id, module as i64];
        if let Some(parent) = parent {
            self.and("parent = ?", &[parent]);
        }
        if let Some(since) = since {
            let operator = if desk.on("zoho.crm_modified_since_includes_that_second") { ">=" } else { ">" };
            self.and(&format!("modified {operator} ?"), &[since]);
        }
        if let Some(ids) = ids {
            let marks = vec!["?"; ids.len()].join(", ");
            self.and(&format!("id IN ({marks})"), ids);
        }
    }

    fn and(&mut self, condition: &str, values: &[i64]) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
        self.values.extend(values);
    }

    /// The records of the page, and whether more follow in the direction it was read.
    fn run(mut self, desk: &Desk, token: Option<&PageToken>, page: u32, per_page: u32) -> Result<(Vec<Record>, bool), Refusal> {
        let column = self.sort.column;
        let back = token.is_some_and(|token| token.back);
        let descending = self.sort.descending != back;
        let (operator, order) = if descending { ("<", "DESC") } else { (">", "ASC") };
        if let Some(token) = token {
            match column {
                "id" => self.and(&format!("id {operator} ?"), &[token.id]),
                _ => self.and(&format!("({column}, id) {operator} (?, ?)"), &[token.key, token.id]),
            }
        }
        let by = if column == "id" { format!("id {order}") } else { format!("{column} {order}, id {order}") };
        let offset = if token.is_some() { 0 } else { i64::from(page - 1) * i64::from(per_page) };
        self.text.push_str(&format!(" ORDER BY {by} LIMIT ? OFFSET ?"));
        self.values.extend([i64::from(per_page) + 1, offset]);
        let mut statement = desk.connection.prepare_cached(&self.text)?;
        let rows = statement.query_map(rusqlite::params_from_iter(self.values), record::from_row)?;
        let mut records = rows.collect::<Result<Vec<_>, _>>()?;
        let more = records.len() > per_page as usize;
        records.truncate(per_page as usize);
        Ok((records, more))
    }
}

/// The verbatim answer beyond the two thousandth record.
pub fn discrete_limit() -> Refusal {
    let message = "You can only get the first 2000 records without using page_token param";
    Refusal::new("DISCRETE_PAGINATION_LIMIT_EXCEEDED", message, json!({"limit": DISCRETE_MAX}))
}

/// The fields that the parameter names; names that are no fields are passed over, as are subforms.
pub fn chosen<'a>(names: &str, fields: &'a Fields) -> Result<Vec<&'a Field>, Refusal> {
    let names: Vec<&str> = names.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.len() > FIELDS_MAX {
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"limit": FIELDS_MAX, "param_name": "fields"})));
    }
    Ok(names.into_iter().filter_map(|name| fields.named(name)).filter(|field| field.kind != Kind::Subform).collect())
}

/// Records that changed after this second are wanted.
pub fn since(call: &Call) -> Result<Option<i64>, Refusal> {
    let Some(text) = call.header("if-modified-since") else { return Ok(None) };
    time::parse_stamp(text).map(Some).ok_or_else(|| {
        Refusal::new(
            "INVALID_DATA",
            "invalid data",
            json!({"header_name": "If-Modified-Since", "expected_data_type": "datetime"}),
        )
    })
}

/// A filter that the sandbox has nothing for is refused rather than answered with a wrong list.
pub fn refuse_unknown_views(call: &Call) -> Result<(), Refusal> {
    if call.param("territory_id").is_some() {
        return Err(Refusal::new("TERRITORY_NOT_ENABLED", "the territory feature is not enabled", json!({})));
    }
    match ["cvid", "uid", "startDateTime", "endDateTime"].into_iter().find(|name| call.param(name).is_some()) {
        Some(name) => Err(Refusal::param_invalid(name)),
        None => Ok(()),
    }
}

/// At most a hundred ids, or values of the external field.
pub fn ids_of(desk: &Desk, module: Module, text: &str) -> Result<Vec<i64>, Refusal> {
    let named: Vec<&str> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if named.len() > 100 {
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"limit": 100, "param_name": "ids"})));
    }
    let mut ids = Vec::with_capacity(named.len());
    for name in named {
        ids.extend(external::id(desk, module, name)?);
    }
    Ok(ids)
}

/// What a page token holds the other parameters to.
fn bound(call: &Call) -> String {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(call.query_text.as_bytes())
        .filter(|(name, _)| !matches!(&**name, "page" | "page_token"))
        .collect();
    pairs.sort();
    let digest = Sha256::digest(format!("{pairs:?} {:?}", call.header("if-modified-since")));
    URL_SAFE_NO_PAD.encode(&digest[..9])
}
