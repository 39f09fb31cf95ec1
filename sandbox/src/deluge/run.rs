//! Carrying out statements.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::meter::Meter;
use super::syntax::{Block, Call, Does, Expression, Is, Statement};
use super::value::{List, Map, Value};
use super::{Mistake, Opened, Outcome, calls};

const WINDOWS: [&str; 4] = ["new window", "same window", "popup window", "parent window"];

pub fn run(script: &Block, variables: &[(&str, Json)]) -> Result<Outcome, Mistake> {
    let mut desk = Desk { variables: HashMap::new(), meter: Meter::default(), outcome: Outcome::default() };
    for (name, json) in variables {
        let value = Value::of_json(json, &mut desk.meter)?;
        desk.variables.insert((*name).to_owned(), value);
    }
    desk.block(script)?;
    Ok(desk.outcome)
}

struct Desk {
    variables: HashMap<String, Value>,
    meter: Meter,
    outcome: Outcome,
}

/// Whether the script goes on after a statement.
#[derive(PartialEq)]
enum Flow {
    On,
    Returned,
}

impl Desk {
    fn block(&mut self, block: &[Statement]) -> Result<Flow, Mistake> {
        for statement in block {
            if self.statement(statement)? == Flow::Returned {
                return Ok(Flow::Returned);
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow, Mistake> {
        let line = statement.line;
        self.meter.step(line)?;
        match &statement.does {
            Does::Set(name, value) => {
                let value = self.value(value)?;
                self.meter.touch(name.len(), line)?;
                self.variables.insert(name.clone(), value);
            }
            Does::If(branches, otherwise) => {
                for (condition, block) in branches {
                    if self.flag(condition)? {
                        return self.block(block);
                    }
                }
                return self.block(otherwise);
            }
            Does::ForEach(name, over, block) => return self.for_each(name, over, block),
            Does::Return(value) => {
                let value = value.as_ref().map(|value| self.value(value)).transpose()?;
                self.outcome.returned = value.map(|value| value.to_json(&mut self.meter, line)).transpose()?;
                return Ok(Flow::Returned);
            }
            Does::OpenUrl(arguments) => self.open_url(arguments, line)?,
            Does::Info(value) => {
                let value = self.value(value)?;
                let text = value.shown(&mut self.meter, line)?;
                self.meter.touch(text.len(), line)?;
                self.outcome.info.push((*text).to_owned());
            }
            Does::Do(expression) => {
                self.value(expression)?;
            }
        }
        Ok(Flow::On)
    }

    /// The list is the one there was when the loop began. A map is walked by its keys.
    fn for_each(&mut self, name: &str, over: &Expression, block: &[Statement]) -> Result<Flow, Mistake> {
        let line = over.line;
        let values = match self.value(over)? {
            Value::List(list) => list,
            Value::Map(map) => {
                let mut keys = List::default();
                for (key, _) in &map.entries {
                    keys.add(Value::Text(key.clone()), &mut self.meter, line)?;
                }
                Rc::new(keys)
            }
            other => return Err(Mistake::at(line, format!("for each goes over a list, not over {}.", other.noun()))),
        };
        for value in &values.values {
            self.meter.step(line)?;
            self.meter.touch(name.len(), line)?;
            self.variables.insert(name.to_owned(), value.clone());
            if self.block(block)? == Flow::Returned {
                return Ok(Flow::Returned);
            }
        }
        Ok(Flow::On)
    }

    fn open_url(&mut self, arguments: &[Expression], line: usize) -> Result<(), Mistake> {
        let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
        let ((Some(Value::Text(url)), Some(Value::Text(window)), ..), 2..=3) =
            ((arguments.first(), arguments.get(1)), arguments.len())
        else {
            return Err(Mistake::at(line, "openUrl takes an address and a window, both texts."));
        };
        let Some(window) = WINDOWS.into_iter().find(|known| window.eq_ignore_ascii_case(known)) else {
            return Err(Mistake::at(line, format!("openUrl knows no window named \"{window}\".")));
        };
        self.meter.touch(url.len(), line)?;
        self.outcome.opened.push(Opened { url: (**url).to_owned(), window: window.to_owned() });
        Ok(())
    }

    fn flag(&mut self, expression: &Expression) -> Result<bool, Mistake> {
        match self.value(expression)? {
            Value::Flag(flag) => Ok(flag),
            other => Err(Mistake::at(expression.line, format!("A condition is true or false, not {}.", other.noun()))),
        }
    }

    fn value(&mut self, expression: &Expression) -> Result<Value, Mistake> {
        let line = expression.line;
        self.meter.step(line)?;
        match &expression.is {
            Is::Text(text) => {
                self.meter.touch(text.len(), line)?;
                Ok(Value::text(text))
            }
            Is::Number(number) => Ok(Value::Number(*number)),
            Is::Flag(flag) => Ok(Value::Flag(*flag)),
            Is::Null => Ok(Value::Null),
            Is::Variable(name) => {
                let value = self.variables.get(name).cloned();
                value.ok_or_else(|| Mistake::at(line, format!("Variable '{name}' is not defined.")))
            }
            Is::List(values) => {
                let mut list = List::default();
                for value in values {
                    let value = self.value(value)?;
                    list.add(value, &mut self.meter, line)?;
                }
                Ok(Value::List(Rc::new(list)))
            }
            Is::Map(pairs) => {
                let mut map = Map::default();
                for (key, value) in pairs {
                    let key = self.value(key)?.shown(&mut self.meter, line)?;
                    let value = self.value(value)?;
                    map.put(&key, value, &mut self.meter, line)?;
                }
                Ok(Value::Map(Rc::new(map)))
            }
            Is::Chain(first, rest) => self.chain(first, rest),
            Is::Prefixed(signs, inner) => self.prefixed(signs, inner),
            Is::Methods(of, methods) => self.methods(of, methods),
            Is::Function(call) => {
                let arguments = self.arguments(call)?;
                calls::function(call, &arguments, &mut self.meter)
            }
        }
    }

    fn arguments(&mut self, call: &Call) -> Result<Vec<Value>, Mistake> {
        call.arguments.iter().map(|argument| self.value(argument)).collect()
    }

    /// Methods that change their map or list need a variable to change.
    fn methods(&mut self, of: &Expression, methods: &[Call]) -> Result<Value, Mistake> {
        let mut value = self.value(of)?;
        for (at, call) in methods.iter().enumerate() {
            let arguments = self.arguments(call)?;
            self.meter.step(call.line)?;
            if !calls::changes(&call.name) {
                value = calls::method(call, &value, &arguments, &mut self.meter)?;
                continue;
            }
            let (Is::Variable(name), 0) = (&of.is, at) else {
                return Err(Mistake::at(call.line, format!("{} changes a variable, and this is none.", call.name)));
            };
            drop(value);
            let Some(held) = self.variables.get_mut(name) else {
                return Err(Mistake::at(call.line, format!("Variable '{name}' is not defined.")));
            };
            value = calls::change(call, held, &arguments, &mut self.meter)?;
        }
        Ok(value)
    }

    fn prefixed(&mut self, signs: &[&str], inner: &Expression) -> Result<Value, Mistake> {
        let mut value = self.value(inner)?;
        for sign in signs.iter().rev() {
            value = match (*sign, value) {
                ("!", Value::Flag(flag)) => Value::Flag(!flag),
                ("-", Value::Number(number)) => Value::Number(-number),
                (sign, other) => {
                    return Err(Mistake::at(inner.line, format!("The sign {sign} cannot stand before {}.", other.noun())));
                }
            };
        }
        Ok(value)
    }

    fn chain(&mut self, first: &Expression, rest: &[(&str, Expression)]) -> Result<Value, Mistake> {
        let mut value = self.value(first)?;
        for (sign, operand) in rest {
            let line = operand.line;
            value = match (*sign, &value) {
                ("&&", Value::Flag(false)) | ("||", Value::Flag(true)) => continue,
                ("&&" | "||", Value::Flag(_)) => Value::Flag(self.flag(operand)?),
                _ => {
                    let other = self.value(operand)?;
                    self.meter.step(line)?;
                    joined(&value, sign, &other, &mut self.meter, line)?
                }
            };
        }
        Ok(value)
    }
}

fn joined(one: &Value, sign: &str, other: &Value, meter: &mut Meter, line: usize) -> Result<Value, Mistake> {
    match sign {
        "==" => return Ok(Value::Flag(one.equals(other, meter, line)?)),
        "!=" => return Ok(Value::Flag(!one.equals(other, meter, line)?)),
        "<" | ">" | "<=" | ">=" => {
            let order = match (one, other) {
                (Value::Number(one), Value::Number(other)) => one.cmp(other),
                (Value::Text(one), Value::Text(other)) => {
                    meter.touch(one.len().min(other.len()), line)?;
                    one.cmp(other)
                }
                _ => return Err(unfit(one, sign, other, line)),
            };
            return Ok(Value::Flag(match sign {
                "<" => order == Ordering::Less,
                ">" => order == Ordering::Greater,
                "<=" => order != Ordering::Greater,
                _ => order != Ordering::Less,
            }));
        }
        _ => {}
    }
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            let number = match sign {
                "+" => one.checked_add(*other),
                "-" => one.checked_sub(*other),
                "*" => one.checked_mul(*other),
                "/" | "%" if *other == Decimal::ZERO => return Err(Mistake::at(line, "Division by zero.")),
                "/" => one.checked_div(*other).map(|quotient| quotient.normalize()),
                _ => one.checked_rem(*other),
            };
            number.map(Value::Number).ok_or_else(|| Mistake::at(line, "The number is too large."))
        }
        (Value::Text(_), _) | (_, Value::Text(_)) if sign == "+" => {
            let (one, other) = (one.shown(meter, line)?, other.shown(meter, line)?);
            meter.touch(one.len() + other.len(), line)?;
            Ok(Value::Text(format!("{one}{other}").into()))
        }
        _ => Err(unfit(one, sign, other, line)),
    }
}

fn unfit(one: &Value, sign: &str, other: &Value, line: usize) -> Mistake {
    Mistake::at(line, format!("{sign} cannot join {} and {}.", one.noun(), other.noun()))
}
