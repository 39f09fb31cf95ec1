//! A record as answers show it: names put into lookups, people into owners, the organisation's time into stamps.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::desk::{Desk, id_of};
use super::field::{Field, Fields, Kind};
use super::lines::{decimal, number};
use super::module::Module;
use super::record::{self, Record};

/// Shows records; it remembers the names it has looked up.
pub struct Shower<'a> {
    desk: &'a Desk<'a>,
    names: HashMap<i64, Option<String>>,
}

impl<'a> Shower<'a> {
    pub fn new(desk: &'a Desk) -> Self {
        Self { desk, names: HashMap::new() }
    }

    /// The chosen fields and the id. Subforms are shown when the record was read with its rows.
    pub fn some(&mut self, record: &Record, fields: &[&Field]) -> Result<Map<String, Value>, Refusal> {
        let mut shown = Map::new();
        for field in fields {
            shown.insert(field.api_name.clone().into_owned(), self.value(record, field)?);
        }
        shown.insert("id".into(), record.id.to_string().into());
        Ok(shown)
    }

    /// Everything, as GET by id does.
    pub fn whole(&mut self, record: &Record, fields: &Fields) -> Result<Map<String, Value>, Refusal> {
        let all: Vec<_> = fields.all().map(|(_, field)| field).collect();
        let mut shown = self.some(record, &all)?;
        let system = json!({
            "$approval_state": "approved", "$state": "save", "$editable": true, "$in_merge": false, "$locked_for_me": false,
            "$currency_symbol": "$", "$approval": {"delegate": false, "takeover": false, "approve": false, "reject": false, "resubmit": false},
        });
        if let Value::Object(system) = system {
            shown.extend(system);
        }
        if let Some(taxes) = record.data.get("$line_tax") {
            shown.insert("$line_tax".into(), taxes.clone());
        }
        Ok(shown)
    }

    pub fn value(&mut self, record: &Record, field: &Field) -> Result<Value, Refusal> {
        let person = |id: i64| self.desk.org.person(id).map_or(Value::Null, |user| user.json());
        let stored = record.data.get(&*field.api_name);
        Ok(match &*field.api_name {
            "Owner" => person(record.owner),
            "Created_By" => person(record.created_by),
            "Modified_By" => person(record.modified_by),
            "Created_Time" => self.desk.org.stamp(record.created).into(),
            "Modified_Time" | "Change_Log_Time__s" => self.desk.org.stamp(record.modified).into(),
            "Full_Name" => record.name.clone().into(),
            "Record_Status__s" => "Available".into(),
            "Locked__s" => false.into(),
            "Tag" => stored.cloned().unwrap_or_else(|| json!([])),
            "Expected_Revenue" => expected_revenue(record),
            _ => match (field.kind, stored) {
                (Kind::Subform, _) => self.lines(record, field)?,
                (Kind::Parent, _) => self.parent(record)?,
                (Kind::Lookup, Some(value)) => self.lookup(field.to, value)?,
                (Kind::UserLookup, Some(value)) => id_of(&value["id"]).map_or(Value::Null, person),
                (Kind::Boolean, None) => false.into(),
                (Kind::MultiPicklist | Kind::ProductTax, None) => json!([]),
                (_, Some(value)) => value.clone(),
                (_, None) => Value::Null,
            },
        })
    }

    /// `{"name","id"}`, or null when what it points at is gone.
    fn lookup(&mut self, to: Option<Module>, value: &Value) -> Result<Value, Refusal> {
        let (Some(module), Some(id)) = (to, id_of(&value["id"])) else { return Ok(Value::Null) };
        let name = match self.names.get(&id) {
            Some(name) => name.clone(),
            None => {
                let name = record::name_of(self.desk, module, id)?;
                self.names.insert(id, name.clone());
                name
            }
        };
        Ok(name.map_or(Value::Null, |name| json!({"name": name, "id": id.to_string()})))
    }

    fn parent(&mut self, record: &Record) -> Result<Value, Refusal> {
        let Some(parent) = record.parent else { return Ok(Value::Null) };
        let found = record::whose(self.desk.connection, self.desk.org.id, parent)?;
        Ok(found.map_or(
            Value::Null,
            |(module, name)| json!({"name": name, "id": parent.to_string(), "module": self.desk.org.module_json(module)}),
        ))
    }

    fn lines(&mut self, record: &Record, field: &Field) -> Result<Value, Refusal> {
        let Some(lines) = &record.lines else { return Ok(Value::Null) };
        let mut shown = lines.clone();
        for line in &mut shown {
            for (name, module) in [("Product_Name", Module::Products), ("Price_Book_Name", Module::PriceBooks)] {
                if let Some(value) = line.get(name).cloned() {
                    line[name] = self.lookup(Some(module), &value)?;
                }
            }
            if field.to != Some(Module::PricingDetails) {
                line["Parent_Id"] = json!({"name": record.name, "id": record.id.to_string()});
            }
        }
        Ok(shown.into())
    }
}

fn expected_revenue(record: &Record) -> Value {
    let figure = |name: &str| record.data.get(name).and_then(decimal);
    match (figure("Amount"), figure("Probability")) {
        (Some(amount), Some(probability)) => number((amount * probability / Decimal::ONE_HUNDRED).round_dp(2)),
        _ => Value::Null,
    }
}
