//! `integrations/customfunctions`: scripts that workflows, buttons and signals may call. They are kept, not run.

use serde_json::{Map, Value};

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;
use crate::zoho::shape::{self, Kind::*};

const FUNCTION: Kind =
    Kind { key: "customfunction", list_key: "customfunctions", id_key: "customfunction_id", noun: "Custom function" };

const SHAPE: &[(&str, shape::Kind)] = &[
    ("function_name", Text(50)),
    ("description", Text(100)),
    ("script", Guess(100_000)),
    ("placeholder", Guess(100)),
    ("language", Choice(&["deluge", "nodejs", "java", "python", "golang"])),
    ("return_type", Choice(&["void", "map"])),
    ("function_param", Any),
    ("is_execute", Flag),
    ("is_hidden", Flag),
    ("creation_type", Choice(&["workflow", "custombutton", "signal"])),
    ("include_orgvariables_params", Flag),
];

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => cards::page(desk, &FUNCTION, Paging::asked(&call.query)?, None),
        ("GET", [id]) => Ok(Answer::found(FUNCTION.key, &cards::need(desk, &FUNCTION, id)?.json())),
        ("POST", []) => write(desk, None, &call.json()?),
        ("PUT", [id]) => write(desk, Some(cards::need(desk, &FUNCTION, id)?), &call.json()?),
        ("DELETE", [id]) => {
            let function = cards::need(desk, &FUNCTION, id)?;
            cards::remove(desk, &function)?;
            Ok(cards::deleted(&FUNCTION))
        }
        _ => Err(nowhere()),
    }
}

fn write(desk: &Desk, was: Option<Card>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut function = match was {
        Some(function) => function,
        None => Card::new(desk)?,
    };
    shape::take(desk, body, SHAPE, &mut function.detail)?;
    if let Some(entity) = shape::text(body, "entity") {
        let module =
            Module::of_entity(entity, desk.on("zoho.entity_spellings_lenient")).ok_or_else(|| Refusal::invalid("entity"))?;
        function.set("entity", module.entity());
    }
    for name in ["entity", "function_name", "script"] {
        shape::text(&function.detail, name).ok_or_else(|| Refusal::missing(name))?;
    }
    for (key, usual) in [("language", "deluge"), ("return_type", "void"), ("creation_type", "workflow")] {
        function.detail.entry(key).or_insert_with(|| usual.into());
    }
    function.name = function.text("function_name").to_owned();
    cards::name_is_free(desk, &FUNCTION, &function)?;
    cards::save(desk, &FUNCTION, &mut function)?;
    Ok(cards::written(&FUNCTION, &function, if new { 201 } else { 200 }))
}
