//! Conditions as SQL over the records: by a column where there is one, else by what the record's text says.

use rusqlite::types::Value as Sql;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::expression::{Condition, Literal, Op, Words};
use super::fields::{At, Field, Holds};
use crate::xero::kinds::Kind;

/// Writes a condition; what it compares with goes to `values`, in the order of the question marks.
pub fn condition(condition: &Condition, org: i64, sql: &mut String, values: &mut Vec<Sql>) {
    match condition {
        Condition::All(list) => joined(list, " AND ", org, sql, values),
        Condition::Any(list) => joined(list, " OR ", org, sql, values),
        Condition::Not(inner) => {
            sql.push_str("NOT (");
            self::condition(inner, org, sql, values);
            sql.push(')');
        }
        Condition::Compare(field, op, literal) => match &field.at {
            At::OfContact(inner) => {
                let inner = Condition::Compare((**inner).clone(), *op, literal.clone());
                of_contact(&inner, org, sql, values);
            }
            _ => compare(field, *op, literal, sql, values),
        },
        Condition::Words { field, how, text, lower } => match &field.at {
            At::OfContact(inner) => {
                let inner = Condition::Words { field: (**inner).clone(), how: *how, text: text.clone(), lower: *lower };
                of_contact(&inner, org, sql, values);
            }
            _ => words(field, *how, text, *lower, sql, values),
        },
    }
}

/// Half by half: SQLite takes no tree that is a thousand deep, and a list of names may be longer than that.
fn joined(list: &[Condition], by: &str, org: i64, sql: &mut String, values: &mut Vec<Sql>) {
    sql.push('(');
    match list {
        [] => sql.push_str(if by == " AND " { "1" } else { "0" }),
        [one] => condition(one, org, sql, values),
        list => {
            let (first, second) = list.split_at(list.len() / 2);
            joined(first, by, org, sql, values);
            sql.push_str(by);
            joined(second, by, org, sql, values);
        }
    }
    sql.push(')');
}

fn of_contact(inner: &Condition, org: i64, sql: &mut String, values: &mut Vec<Sql>) {
    sql.push_str("contact IN (SELECT id FROM xero_record WHERE org = ? AND kind = ? AND ");
    values.push(org.into());
    values.push(Kind::Contacts.number().into());
    condition(inner, org, sql, values);
    sql.push(')');
}

fn compare(field: &Field, op: Op, literal: &Literal, sql: &mut String, values: &mut Vec<Sql>) {
    if let Literal::Null = literal {
        let empty = match (&field.at, field.holds) {
            // These columns always hold something.
            (At::Column("modified" | "id" | "customer" | "supplier"), _) | (At::Cents(_), _) => "0".to_owned(),
            (At::Column("date" | "contact"), _) => format!("{} IS NULL", expression(field)),
            _ => format!("IFNULL({}, '') = ''", expression(field)),
        };
        sql.push_str(&if op == Op::Is { format!("({empty})") } else { format!("NOT ({empty})") });
        return;
    }
    let sign = match op {
        Op::Is => "=",
        Op::IsNot => "<>",
        Op::Less => "<",
        Op::AtMost => "<=",
        Op::More => ">",
        Op::AtLeast => ">=",
    };
    let expression = expression(field);
    // What has no value is not less or more than anything, and it is never the same.
    match (op, &field.at) {
        (Op::IsNot, At::Text(_)) => sql.push_str(&format!("({expression} IS NULL OR {expression} <> ?)")),
        (Op::IsNot, At::Column("contact" | "date")) => sql.push_str(&format!("({expression} IS NULL OR {expression} <> ?)")),
        _ => sql.push_str(&format!("{expression} {sign} ?")),
    }
    values.push(value(field, literal));
}

fn value(field: &Field, literal: &Literal) -> Sql {
    match literal {
        Literal::Words(text) => text.clone().into(),
        Literal::Boolean(is) => i64::from(*is).into(),
        Literal::Date(ms) => (*ms).into(),
        Literal::Id(id) if matches!(field.at, At::Column(_)) => id.as_bytes().to_vec().into(),
        Literal::Id(id) => id.to_string().into(),
        Literal::Number(number) => {
            let number = match field.at {
                At::Cents(_) => number.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(Decimal::MAX),
                _ => *number,
            };
            match number.is_integer().then(|| number.to_i64()).flatten() {
                Some(whole) => whole.into(),
                None => number.to_f64().unwrap_or(f64::MAX).into(),
            }
        }
        Literal::Null => Sql::Null,
    }
}

fn words(field: &Field, how: Words, text: &str, lower: bool, sql: &mut String, values: &mut Vec<Sql>) {
    let expression = expression(field);
    let expression = if lower { format!("lower({expression})") } else { expression };
    if text.is_empty() {
        sql.push('1');
        return;
    }
    let length = text.chars().count();
    sql.push_str(&match how {
        Words::StartsWith => format!("substr({expression}, 1, {length}) = ?"),
        Words::EndsWith => format!("substr({expression}, -{length}) = ?"),
        Words::Contains => format!("instr({expression}, ?) > 0"),
    });
    values.push(text.to_owned().into());
}

/// What a field is, in SQL. Dates inside the text are `/Date(ms+0000)/`; a number's digits come first there.
pub fn expression(field: &Field) -> String {
    match &field.at {
        At::Column(column) | At::Cents(column) => (*column).to_owned(),
        At::Text(path) if field.holds == Holds::Date => format!("CAST(substr(json_extract(body, '{path}'), 7) AS INTEGER)"),
        At::Text(path) => format!("json_extract(body, '{path}')"),
        // An order by a contact's field: the contact's own, which a document shows by its name.
        At::OfContact(_) => "json_extract(body, '$.Contact.Name')".to_owned(),
    }
}
