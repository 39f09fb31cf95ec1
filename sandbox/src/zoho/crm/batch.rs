//! What one write carries: its rows, and what holds for all of them.

use serde_json::{Map, Value};

use super::answer::Refusal;

/// Rows of one call.
pub const ROWS_MAX: usize = 100;
/// Fields that an upsert may be told to look for.
const CHECK_FIELDS_MAX: usize = 10;
const TRIGGERS: [&str; 5] = ["workflow", "approval", "blueprint", "pathfinder", "orchestration"];

/// What was sent, and what holds for every row of it.
pub struct Batch<'a> {
    pub rows: &'a [Value],
    /// Fields that an upsert looks for.
    pub check: Vec<String>,
    /// The customer's workflows run: `trigger` was left out or names them.
    pub workflows: bool,
}

impl<'a> Batch<'a> {
    pub fn read(body: &'a Map<String, Value>) -> Result<Self, Refusal> {
        let data = body.get("data").ok_or_else(|| Refusal::mandatory("data", "$.data"))?;
        let rows = data.as_array().ok_or_else(|| Refusal::expected("jsonarray", "data", "$.data"))?;
        if rows.is_empty() {
            return Err(Refusal::mandatory("data", "$.data"));
        }
        if rows.len() > ROWS_MAX {
            return Err(Refusal::too_long(ROWS_MAX as u32, "data", "$.data"));
        }
        let workflows = match body.get("trigger") {
            None | Some(Value::Null) => true,
            Some(Value::Array(names)) => {
                if names.iter().any(|name| !name.as_str().is_some_and(|name| TRIGGERS.contains(&name))) {
                    return Err(Refusal::invalid("trigger", "$.trigger"));
                }
                names.iter().any(|name| name == "workflow")
            }
            Some(_) => return Err(Refusal::expected("jsonarray", "trigger", "$.trigger")),
        };
        let check = match body.get("duplicate_check_fields") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(names)) if names.len() > CHECK_FIELDS_MAX => {
                return Err(Refusal::too_long(CHECK_FIELDS_MAX as u32, "duplicate_check_fields", "$.duplicate_check_fields"));
            }
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(_) => return Err(Refusal::expected("jsonarray", "duplicate_check_fields", "$.duplicate_check_fields")),
        };
        Ok(Self { rows, check, workflows })
    }
}
