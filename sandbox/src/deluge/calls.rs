//! The functions and methods that scripts call. Their names are compared without regard to case, as Deluge's own pages write them in several.

use std::rc::Rc;

use rust_decimal::prelude::ToPrimitive;

use super::Mistake;
use super::meter::Meter;
use super::syntax::Call;
use super::value::{List, Map, Value};

/// `ifnull(a, b)`, `Map()` …
pub fn function(call: &Call, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    meter.step(call.line)?;
    let name = call.name.to_ascii_lowercase();
    Ok(match (name.as_str(), arguments) {
        ("map", []) => Value::Map(Rc::default()),
        ("list", []) => Value::List(Rc::default()),
        ("ifnull", [value, otherwise]) => if matches!(value, Value::Null) { otherwise } else { value }.clone(),
        ("isnull", [value]) => Value::Flag(matches!(value, Value::Null)),
        ("isempty", [value]) => Value::Flag(is_empty(value)),
        ("isblank", [Value::Text(text)]) => Value::Flag(text.trim().is_empty()),
        ("isblank", [value]) => Value::Flag(is_empty(value)),
        ("map" | "list" | "ifnull" | "isnull" | "isempty" | "isblank", _) => return Err(miscounted(call)),
        _ => return Err(Mistake::at(call.line, format!("The function {} is not known here.", call.name))),
    })
}

/// Whether a method changes what it is called on.
pub fn changes(name: &str) -> bool {
    ["put", "add", "remove"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `map.put(k, v)`, `list.add(v)`, `map.remove(k)`.
pub fn change(call: &Call, held: &mut Value, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    let line = call.line;
    let name = call.name.to_ascii_lowercase();
    match (name.as_str(), held, arguments) {
        ("put", Value::Map(map), [key, value]) => {
            let key = key.shown(meter, line)?;
            own_map(map, meter, line)?.put(&key, value.clone(), meter, line)?;
        }
        ("remove", Value::Map(map), [key]) => {
            let key = key.shown(meter, line)?;
            meter.touch(map.entries.len() * 8, line)?;
            own_map(map, meter, line)?.entries.retain(|(known, _)| **known != *key);
        }
        ("add", Value::List(list), [value]) => {
            if Rc::strong_count(list) > 1 {
                meter.touch(size_of_val(&*list.values), line)?;
            }
            Rc::make_mut(list).add(value.clone(), meter, line)?;
        }
        (_, held, _) => return Err(unfit(call, held)),
    }
    Ok(Value::Null)
}

/// The map to oneself; a copy, and paid for, when others hold it too.
fn own_map<'a>(map: &'a mut Rc<Map>, meter: &mut Meter, line: usize) -> Result<&'a mut Map, Mistake> {
    if Rc::strong_count(map) > 1 {
        meter.touch(size_of_val(&*map.entries), line)?;
    }
    Ok(Rc::make_mut(map))
}

/// Methods that only read.
pub fn method(call: &Call, of: &Value, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    let line = call.line;
    let name = call.name.to_ascii_lowercase();
    match (name.as_str(), of, arguments) {
        ("tostring", _, []) => of.shown(meter, line).map(Value::Text),
        (_, Value::Map(map), _) => of_map(&name, call, map, arguments, meter),
        (_, Value::List(list), _) => of_list(&name, call, list, arguments, meter),
        (_, Value::Text(text), _) => of_text(&name, call, text, arguments, meter),
        _ => Err(unfit(call, of)),
    }
}

fn of_map(name: &str, call: &Call, map: &Rc<Map>, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    let line = call.line;
    match (name, arguments) {
        ("get", [key]) => {
            let key = key.shown(meter, line)?;
            Ok(map.get(&key, meter, line)?.cloned().unwrap_or(Value::Null))
        }
        ("containskey", [key]) => {
            let key = key.shown(meter, line)?;
            Ok(Value::Flag(map.get(&key, meter, line)?.is_some()))
        }
        ("keys", []) => {
            let mut keys = List::default();
            for (key, _) in &map.entries {
                keys.add(Value::Text(key.clone()), meter, line)?;
            }
            Ok(Value::List(Rc::new(keys)))
        }
        ("size", []) => Ok(Value::count(map.entries.len())),
        ("isempty", []) => Ok(Value::Flag(map.entries.is_empty())),
        _ => Err(unfit(call, &Value::Map(map.clone()))),
    }
}

fn of_list(name: &str, call: &Call, list: &Rc<List>, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    match (name, arguments) {
        ("get", [Value::Number(index)]) => {
            let found = index.to_usize().filter(|_| index.fract().is_zero()).and_then(|index| list.values.get(index));
            found.cloned().ok_or_else(|| Mistake::at(call.line, format!("The list has nothing at {index}.")))
        }
        ("contains", [wanted]) => {
            for value in &list.values {
                if value.equals(wanted, meter, call.line)? {
                    return Ok(Value::Flag(true));
                }
            }
            Ok(Value::Flag(false))
        }
        ("size", []) => Ok(Value::count(list.values.len())),
        ("isempty", []) => Ok(Value::Flag(list.values.is_empty())),
        _ => Err(unfit(call, &Value::List(list.clone()))),
    }
}

fn of_text(name: &str, call: &Call, text: &Rc<str>, arguments: &[Value], meter: &mut Meter) -> Result<Value, Mistake> {
    meter.touch(text.len(), call.line)?;
    match (name, arguments) {
        ("trim", []) => Ok(Value::text(text.trim())),
        ("tolowercase", []) => Ok(Value::text(&text.to_lowercase())),
        ("touppercase", []) => Ok(Value::text(&text.to_uppercase())),
        ("length", []) => Ok(Value::count(text.chars().count())),
        ("isempty", []) => Ok(Value::Flag(text.is_empty())),
        ("contains", [Value::Text(part)]) => Ok(Value::Flag(text.contains(&**part))),
        ("startswith", [Value::Text(part)]) => Ok(Value::Flag(text.starts_with(&**part))),
        ("endswith", [Value::Text(part)]) => Ok(Value::Flag(text.ends_with(&**part))),
        ("substring", [Value::Number(from), rest @ ..]) => {
            let end = match rest {
                [] => text.chars().count().into(),
                [Value::Number(end)] => *end,
                _ => return Err(miscounted(call)),
            };
            part(text, from.to_usize(), end.to_usize())
                .ok_or_else(|| Mistake::at(call.line, format!("The text has no part from {from} to {end}.")))
        }
        ("replaceall", [Value::Text(what), Value::Text(with), rest @ ..]) => {
            let literal = match rest {
                [] => false,
                [Value::Flag(literal)] => *literal,
                _ => return Err(miscounted(call)),
            };
            replaced(call, text, what, with, literal, meter)
        }
        _ => Err(unfit(call, &Value::Text(text.clone()))),
    }
}

/// By characters, the end not included.
fn part(text: &str, from: Option<usize>, end: Option<usize>) -> Option<Value> {
    let (from, end) = (from?, end?);
    let place = |index: usize| text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(index);
    text.get(place(from)?..place(end)?).map(Value::text)
}

/// What is replaced is a pattern to Deluge unless a third argument says otherwise. Patterns are not known here: only what means
/// the same either way is done.
fn replaced(call: &Call, text: &str, what: &str, with: &str, literal: bool, meter: &mut Meter) -> Result<Value, Mistake> {
    let special = |letter: char| "\\^$.|?*+()[]{}".contains(letter);
    if !literal && (what.contains(special) || with.contains(['$', '\\'])) {
        return Err(Mistake::at(call.line, "replaceAll is known here for plain texts only, not for patterns."));
    }
    if what.is_empty() {
        return Ok(Value::text(text));
    }
    let count = text.matches(what).count();
    meter.touch(text.len() + count * with.len(), call.line)?;
    Ok(Value::text(&text.replace(what, with)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(list) => list.values.is_empty(),
        Value::Map(map) => map.entries.is_empty(),
        Value::Flag(_) | Value::Number(_) => false,
    }
}

fn miscounted(call: &Call) -> Mistake {
    Mistake::at(call.line, format!("{} is called with the wrong arguments.", call.name))
}

fn unfit(call: &Call, of: &Value) -> Mistake {
    Mistake::at(call.line, format!("{} with these arguments is not known for {}.", call.name, of.noun()))
}
