//! Conditions of searches and queries, and the SQL that decides them.

use rusqlite::types::Value as Sql;

use super::desk::Desk;
use super::field::{Fields, Kind};
use super::module::Module;
use crate::zoho::time;

/// A tree of comparisons.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare { field: String, operator: Operator, values: Vec<String> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    NotEqual,
    StartsWith,
    /// With `%` as the wildcard.
    Like,
    NotLike,
    In,
    NotIn,
    Between,
    NotBetween,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    IsNull,
    IsNotNull,
}

/// Why a condition cannot be decided.
#[derive(Debug, PartialEq)]
pub enum Wrong {
    /// The module has no such field.
    Field(String),
    /// The field cannot be compared with this.
    Value(String),
}

/// How a field is compared.
#[derive(Clone, Copy, PartialEq)]
enum Nature {
    Text,
    Number,
    Flag,
    Moment,
    Id,
}

/// A WHERE in the making.
pub struct Where<'a> {
    pub desk: &'a Desk<'a>,
    pub module: Module,
    pub fields: &'a Fields,
    pub text: String,
    pub values: Vec<Sql>,
}

impl<'a> Where<'a> {
    pub fn new(desk: &'a Desk<'a>, module: Module, fields: &'a Fields) -> Self {
        let values = vec![desk.org.id.into(), (module as i64).into()];
        Self { desk, module, fields, text: "org = ? AND module = ?".into(), values }
    }

    /// Adds a condition that must hold as well.
    pub fn and(&mut self, condition: &Condition) -> Result<(), Wrong> {
        self.text.push_str(" AND ");
        self.add(condition)
    }

    fn add(&mut self, condition: &Condition) -> Result<(), Wrong> {
        let (left, word, right) = match condition {
            Condition::Compare { field, operator, values } => return self.compare(field, *operator, values),
            Condition::And(left, right) => (left, " AND ", right),
            Condition::Or(left, right) => (left, " OR ", right),
        };
        self.text.push('(');
        self.add(left)?;
        self.text.push_str(word);
        self.add(right)?;
        self.text.push(')');
        Ok(())
    }

    /// The SQL of a field, for comparing and for sorting.
    fn expression(&self, name: &str) -> Result<(String, Nature), Wrong> {
        let plain = name.strip_suffix(".id").unwrap_or(name);
        let column = match plain {
            "id" => Some(("id", Nature::Id)),
            "Created_Time" => Some(("created", Nature::Moment)),
            "Modified_Time" => Some(("modified", Nature::Moment)),
            "Owner" => Some(("owner", Nature::Id)),
            "Created_By" => Some(("created_by", Nature::Id)),
            "Modified_By" => Some(("modified_by", Nature::Id)),
            "Parent_Id" if matches!(self.module, Module::Notes | Module::Attachments) => Some(("parent", Nature::Id)),
            "Full_Name" if matches!(self.module, Module::Leads | Module::Contacts) => Some(("name", Nature::Text)),
            _ => None,
        };
        if let Some((column, nature)) = column {
            return Ok((column.to_owned(), nature));
        }
        let field = self.fields.named(plain).filter(|field| !matches!(field.kind, Kind::Subform | Kind::LineTax | Kind::Tags));
        let field = field.ok_or_else(|| Wrong::Field(name.to_owned()))?;
        // Names are letters, digits and underscores, so they may stand in the text.
        let value = format!("json_extract(data, '$.\"{}\"')", field.api_name);
        Ok(match field.kind {
            Kind::Lookup | Kind::UserLookup => {
                (format!("CAST(json_extract(data, '$.\"{}\".id') AS INTEGER)", field.api_name), Nature::Id)
            }
            Kind::Integer | Kind::Double | Kind::Currency | Kind::Percent => (value, Nature::Number),
            Kind::BigInt | Kind::Autonumber => (format!("CAST({value} AS INTEGER)"), Nature::Number),
            Kind::Boolean => (format!("coalesce({value}, 0)"), Nature::Flag),
            Kind::DateTime => (format!("unixepoch({value})"), Nature::Moment),
            _ => (value, Nature::Text),
        })
    }

    /// What to sort by.
    pub fn order(&self, name: &str) -> Result<String, Wrong> {
        let (expression, nature) = self.expression(name)?;
        Ok(if nature == Nature::Text { format!("{expression} COLLATE NOCASE") } else { expression })
    }

    fn compare(&mut self, name: &str, operator: Operator, given: &[String]) -> Result<(), Wrong> {
        let (expression, nature) = self.expression(name)?;
        let mut values = Vec::with_capacity(given.len());
        for text in given {
            values.push(value(nature, text).ok_or_else(|| Wrong::Value(name.to_owned()))?);
        }
        let enough = match operator {
            Operator::IsNull | Operator::IsNotNull => values.is_empty(),
            Operator::Between | Operator::NotBetween => values.len() == 2,
            Operator::In | Operator::NotIn => !values.is_empty() && values.len() <= 100,
            _ => values.len() == 1,
        };
        if !enough || (nature != Nature::Text && matches!(operator, Operator::Like | Operator::NotLike | Operator::StartsWith)) {
            return Err(Wrong::Value(name.to_owned()));
        }
        if operator == Operator::Equals && self.through_index(name, &given[0]) {
            return Ok(());
        }
        let (left, mark) = match nature {
            Nature::Text => (format!("lower({expression})"), "lower(?)"),
            Nature::Number => (expression.clone(), "CAST(? AS NUMERIC)"),
            _ => (expression.clone(), "?"),
        };
        let marks = vec![mark; values.len()].join(", ");
        let text = match operator {
            Operator::Equals => format!("{left} = {mark}"),
            Operator::NotEqual => format!("({left} IS NULL OR {left} <> {mark})"),
            Operator::StartsWith => format!("{left} LIKE {mark} || '%'"),
            Operator::Like => format!("{left} LIKE {mark}"),
            Operator::NotLike => format!("({left} IS NULL OR {left} NOT LIKE {mark})"),
            Operator::In => format!("{left} IN ({marks})"),
            Operator::NotIn => format!("({left} IS NULL OR {left} NOT IN ({marks}))"),
            Operator::Between => format!("{left} BETWEEN {mark} AND {mark}"),
            Operator::NotBetween => format!("{left} NOT BETWEEN {mark} AND {mark}"),
            Operator::Greater => format!("{left} > {mark}"),
            Operator::GreaterEqual => format!("{left} >= {mark}"),
            Operator::Less => format!("{left} < {mark}"),
            Operator::LessEqual => format!("{left} <= {mark}"),
            Operator::IsNull => format!("{expression} IS NULL"),
            Operator::IsNotNull => format!("{expression} IS NOT NULL"),
        };
        self.text.push_str(&text);
        self.values.extend(values);
        Ok(())
    }

    /// Equality of an indexed field needs no look at the records.
    pub fn through_index(&mut self, name: &str, value: &str) -> bool {
        let Some(field) = self.fields.named(name).filter(|field| field.is_indexed(self.module)) else { return false };
        if field.api_name == "Full_Name" || field.kind == Kind::Lookup {
            return false;
        }
        self.text.push_str("id IN (SELECT record FROM zoho_crm_value WHERE org = ? AND module = ? AND field = ? AND value = ?)");
        self.values.extend([
            self.desk.org.id.into(),
            (self.module as i64).into(),
            field.api_name.clone().into_owned().into(),
            field.key(value).into(),
        ]);
        true
    }
}

fn value(nature: Nature, text: &str) -> Option<Sql> {
    Some(match nature {
        Nature::Text => text.to_owned().into(),
        Nature::Number => {
            text.parse::<rust_decimal::Decimal>().ok()?;
            text.to_owned().into()
        }
        Nature::Flag => i64::from(text.to_lowercase().parse::<bool>().ok()?).into(),
        Nature::Moment => time::parse_stamp(text)?.into(),
        Nature::Id => text.parse::<i64>().ok()?.into(),
    })
}
