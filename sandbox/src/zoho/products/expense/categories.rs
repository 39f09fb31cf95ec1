//! `/expensecategories`: the accounts of Books that an expense can be booked to.

use actix_web::http::Method;
use rusqlite::OptionalExtension;
use serde_json::{Value, json};

use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::products::{Counter, nowhere};
use crate::zoho::records::Desk;
use crate::zoho::shape;

const OF_EXPENSES: &str =
    "kind IN ('expense', 'cost_of_goods_sold', 'other_expense') AND coalesce(json_extract(detail, '$.can_show_in_ze'), 1) <> 0";

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => list(counter),
        ("GET", [id]) => {
            let found = named(&counter.desk(), id)?.ok_or_else(|| Refusal::absent("Category"))?;
            Ok(Answer::found("expense_category", &found.to_string()))
        }
        ("POST", []) => {
            let body = counter.call.json()?;
            let name = shape::text(&body, "category_name").ok_or_else(|| Refusal::missing("category_name"))?;
            let account = json!({"account_name": name, "account_type": "expense", "can_show_in_ze": true,
                                 "account_code": shape::text(&body, "account_code"), "description": shape::text(&body, "description")});
            let (_, answer) = counter.ask(&Method::POST, vec!["chartofaccounts"], counter.query(), Some(account))?;
            let id = answer["chart_of_account"]["account_id"].as_str().unwrap_or_default();
            let made = named(&counter.desk(), id)?.ok_or_else(|| Refusal::absent("Category"))?;
            Ok(Answer::with(201, "The expense category has been created.", "expense_category", &made.to_string()))
        }
        _ => Err(nowhere()),
    }
}

/// A category by the id of its account.
pub fn named(desk: &Desk, id: &str) -> Result<Option<Value>, Refusal> {
    let Ok(id) = id.parse::<i64>() else { return Ok(None) };
    let found = desk
        .connection
        .prepare_cached(&format!(
            "SELECT id, name, status, detail FROM zoho_record WHERE id = ?1 AND org = ?2 AND module = ?3 AND {OF_EXPENSES}"
        ))?
        .query_row((id, desk.org.id, Module::Accounts as i64), shown)
        .optional()?;
    Ok(found)
}

fn list(counter: &Counter) -> Result<Answer, Refusal> {
    let (paging, desk) = (Paging::asked(&counter.call.query)?, counter.desk());
    let mut statement = desk.connection.prepare_cached(&format!(
        "SELECT id, name, status, detail FROM zoho_record WHERE org = ?1 AND module = ?2 AND {OF_EXPENSES} ORDER BY name_key, id LIMIT ?3 OFFSET ?4"
    ))?;
    let rows = statement.query_map((desk.org.id, Module::Accounts as i64, paging.limit(), paging.offset()), shown)?;
    Ok(paging.answer("expense_categories", rows.collect::<Result<_, _>>()?))
}

fn shown(row: &rusqlite::Row) -> rusqlite::Result<Value> {
    let (id, name, status, detail): (i64, String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let detail: Value = serde_json::from_str(&detail).unwrap_or_default();
    Ok(json!({
        "category_id": id.to_string(), "category_name": name, "account_code": detail["account_code"], "description": detail["description"],
        "is_enabled": status == "active", "is_custom": detail["is_user_created"],
    }))
}
