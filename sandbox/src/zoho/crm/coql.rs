//! `POST /coql`: select … from … where … order by … limit …, of one module at a time.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::condition::{Where, Wrong};
use super::desk::Desk;
use super::field::{Field, Kind};
use super::module::Module;
use super::query::{Query, ROWS_USUAL};
use super::record::{self, LIST_COLUMNS};
use super::scopes::Operation;
use super::show::Shower;

const FIELDS_MAX: usize = 500;
const OFFSET_MAX: u32 = 100_000;

pub fn answer(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    desk.permitted("coql", Operation::Read)?;
    let text = body.get("select_query").ok_or_else(|| Refusal::mandatory("select_query", "$.select_query"))?;
    let text = text.as_str().ok_or_else(|| Refusal::expected("text", "select_query", "$.select_query"))?;
    let query = Query::parse(text).map_err(|near| {
        Refusal::new(
            "SYNTAX_ERROR",
            "error occurred while parsing the query",
            json!({"near": near, "line": 1, "clause": "query"}),
        )
    })?;
    let module =
        Module::of_records(&query.from).ok_or_else(|| invalid("module given seems to be invalid", "module", &query.from))?;
    desk.may(module, Operation::Read)?;
    let most = if desk.on("zoho.crm_coql_gives_2000") { 2000 } else { ROWS_USUAL };
    if query.fields.len() > FIELDS_MAX {
        return Err(limit("select", FIELDS_MAX));
    }
    if query.limit > most || query.limit == 0 {
        return Err(limit("limit", most as usize));
    }
    if query.offset > OFFSET_MAX {
        return Err(limit("offset", OFFSET_MAX as usize));
    }
    let fields = desk.fields(module)?;
    let mut chosen: Vec<&Field> = Vec::with_capacity(query.fields.len());
    for name in query.fields.iter().filter(|name| *name != "id") {
        let field = fields.named(name).filter(|field| field.kind != Kind::Subform);
        chosen.push(field.ok_or_else(|| invalid("column given seems to be invalid", "column_name", name))?);
    }
    let wrong = |wrong| match wrong {
        Wrong::Field(name) => invalid("column given seems to be invalid", "column_name", &name),
        Wrong::Value(name) => invalid("value given seems to be invalid for the column", "column_name", &name),
    };
    let mut condition = Where::new(desk, module, &fields);
    condition.and(&query.condition).map_err(wrong)?;
    let mut order = String::new();
    for (name, descending) in &query.order {
        let expression = condition.order(name).map_err(wrong)?;
        order.push_str(&format!("{expression} {}, ", if *descending { "DESC" } else { "ASC" }));
    }
    let Where { text, mut values, .. } = condition;
    values.extend([(i64::from(query.limit) + 1).into(), i64::from(query.offset).into()]);
    let mut statement = desk.connection.prepare_cached(&format!(
        "SELECT {LIST_COLUMNS} FROM zoho_crm_record WHERE {text} ORDER BY {order}id LIMIT ? OFFSET ?"
    ))?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), record::from_row)?;
    let mut records = rows.collect::<Result<Vec<_>, _>>()?;
    let more = records.len() > query.limit as usize;
    records.truncate(query.limit as usize);
    if records.is_empty() {
        return Ok(Answer::nothing());
    }
    let mut shower = Shower::new(desk);
    let mut data = Vec::with_capacity(records.len());
    for record in &records {
        let mut shown = shower.some(record, &chosen)?;
        // A query gives the ids of lookups and leaves their names to joins.
        for value in shown.values_mut() {
            if let Value::Object(object) = value
                && object.contains_key("id")
            {
                object.retain(|key, _| key == "id");
            }
        }
        data.push(Value::Object(shown));
    }
    Ok(Answer::json(200, &json!({"data": data, "info": {"count": data.len(), "more_records": more}})))
}

fn invalid(reason: &str, key: &str, value: &str) -> Refusal {
    Refusal::new("INVALID_QUERY", "invalid query formed", json!({"reason": reason, key: value}))
}

fn limit(clause: &str, limit: usize) -> Refusal {
    Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"clause": clause, "limit": limit}))
}
