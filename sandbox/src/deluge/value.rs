//! What a variable holds. Collections are shared until one of the holders writes, and know how deep they nest.

use std::rc::Rc;

use rust_decimal::Decimal;
use serde_json::{Map as JsonMap, Number, Value as Json};

use super::Mistake;
use super::meter::Meter;

/// How deep maps and lists may lie in one another.
const DEPTH_MAX: u32 = 60;

#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Flag(bool),
    Number(Decimal),
    Text(Rc<str>),
    List(Rc<List>),
    Map(Rc<Map>),
}

#[derive(Clone, Debug, Default)]
pub struct List {
    pub values: Vec<Value>,
    depth: u32,
}

/// In the order the keys were put.
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub entries: Vec<(Rc<str>, Value)>,
    depth: u32,
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: usize) -> Self {
        Self::Number(Decimal::from(count))
    }

    /// As sentences call it.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    fn depth(&self) -> u32 {
        match self {
            Self::List(list) => list.depth + 1,
            Self::Map(map) => map.depth + 1,
            _ => 0,
        }
    }

    /// What comes from outside: a record as JSON. Numbers that no decimal holds stay texts.
    pub fn of_json(json: &Json, meter: &mut Meter) -> Result<Self, Mistake> {
        Ok(match json {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Flag(*flag),
            Json::Number(number) => {
                let digits = number.to_string();
                match digits.parse().or_else(|_| Decimal::from_scientific(&digits)) {
                    Ok(number) => Self::Number(number),
                    Err(_) => Self::text(&digits),
                }
            }
            Json::String(text) => {
                meter.touch(text.len(), 1)?;
                Self::text(text)
            }
            Json::Array(array) => {
                let mut list = List::default();
                for json in array {
                    list.add(Self::of_json(json, meter)?, meter, 1)?;
                }
                Self::List(Rc::new(list))
            }
            Json::Object(object) => {
                let mut map = Map { entries: Vec::with_capacity(object.len()), depth: 0 };
                for (key, json) in object {
                    meter.touch(key.len(), 1)?;
                    let value = Self::of_json(json, meter)?;
                    map.depth = nested(map.depth, &value, 1)?;
                    map.entries.push((key.as_str().into(), value));
                }
                Self::Map(Rc::new(map))
            }
        })
    }

    /// What goes outside. Shared parts are written out each time they occur, so the meter runs.
    pub fn to_json(&self, meter: &mut Meter, line: usize) -> Result<Json, Mistake> {
        Ok(match self {
            Self::Null => Json::Null,
            Self::Flag(flag) => Json::Bool(*flag),
            Self::Number(number) => number.to_string().parse::<Number>().map_or(Json::Null, Json::Number),
            Self::Text(text) => {
                meter.touch(text.len(), line)?;
                Json::from(&**text)
            }
            Self::List(list) => {
                meter.touch(size_of_val(&*list.values), line)?;
                Json::Array(list.values.iter().map(|value| value.to_json(meter, line)).collect::<Result<_, _>>()?)
            }
            Self::Map(map) => {
                let mut object = JsonMap::new();
                for (key, value) in &map.entries {
                    meter.touch(key.len() + 64, line)?;
                    object.insert((**key).to_owned(), value.to_json(meter, line)?);
                }
                Json::Object(object)
            }
        })
    }

    /// As it appears in a text: null as the word, collections as JSON.
    pub fn shown(&self, meter: &mut Meter, line: usize) -> Result<Rc<str>, Mistake> {
        Ok(match self {
            Self::Null => "null".into(),
            Self::Flag(flag) => flag.to_string().into(),
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.clone(),
            Self::List(_) | Self::Map(_) => {
                let json = self.to_json(meter, line)?.to_string();
                meter.touch(json.len(), line)?;
                json.into()
            }
        })
    }

    /// Values of different kinds are never equal.
    pub fn equals(&self, other: &Self, meter: &mut Meter, line: usize) -> Result<bool, Mistake> {
        meter.touch(0, line)?;
        Ok(match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Flag(one), Self::Flag(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => {
                meter.touch(one.len().min(other.len()), line)?;
                one == other
            }
            (Self::List(one), Self::List(other)) => {
                if one.values.len() != other.values.len() {
                    return Ok(false);
                }
                for (one, other) in one.values.iter().zip(&other.values) {
                    if !one.equals(other, meter, line)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Self::Map(one), Self::Map(other)) => {
                if one.entries.len() != other.entries.len() {
                    return Ok(false);
                }
                for (key, value) in &one.entries {
                    match other.get(key, meter, line)? {
                        Some(there) if value.equals(there, meter, line)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            _ => false,
        })
    }
}

impl List {
    pub fn add(&mut self, value: Value, meter: &mut Meter, line: usize) -> Result<(), Mistake> {
        meter.touch(size_of::<Value>(), line)?;
        self.depth = nested(self.depth, &value, line)?;
        self.values.push(value);
        Ok(())
    }
}

impl Map {
    pub fn get(&self, key: &str, meter: &mut Meter, line: usize) -> Result<Option<&Value>, Mistake> {
        meter.touch(self.entries.len() * 8 + key.len(), line)?;
        Ok(self.entries.iter().find(|(known, _)| &**known == key).map(|(_, value)| value))
    }

    pub fn put(&mut self, key: &str, value: Value, meter: &mut Meter, line: usize) -> Result<(), Mistake> {
        meter.touch(self.entries.len() * 8 + key.len() + size_of::<(Rc<str>, Value)>(), line)?;
        self.depth = nested(self.depth, &value, line)?;
        match self.entries.iter_mut().find(|(known, _)| &**known == key) {
            Some((_, place)) => *place = value,
            None => self.entries.push((key.into(), value)),
        }
        Ok(())
    }
}

fn nested(depth: u32, value: &Value, line: usize) -> Result<u32, Mistake> {
    match depth.max(value.depth()) {
        depth if depth < DEPTH_MAX => Ok(depth),
        _ => Err(Mistake::at(line, "Maps and lists nest too deep.")),
    }
}
