//! From method and address to what CRM does. An address that is not there is told before a scope that is missing.

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::desk::Desk;
use super::field::Kind;
use super::module::Module;
use super::scopes::Operation;
use super::show::Shower;
use super::{
    attach, bulk, coql, currencies, define, deleted, external, links, list, record, search, settings, tags, watch, write,
};

pub fn answer(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), segments.as_slice()) {
        (_, ["settings", rest @ ..]) => of_settings(call, desk, rest),
        (method, ["org", rest @ ..]) => of_org(call, desk, method, rest),
        ("GET", ["users"]) => {
            desk.permitted("users", Operation::Read)?;
            settings::users(call, desk, None)
        }
        ("GET", ["users", id]) => {
            desk.permitted("users", Operation::Read)?;
            settings::users(call, desk, Some(id))
        }
        (_, ["actions", "watch"]) => watch::answer(call, desk),
        ("POST", ["coql"]) => coql::answer(desk, &call.json()?),
        (_, ["users" | "coql", ..]) => Err(Refusal::wrong_method()),
        ("POST", ["upload"]) => bulk::upload(call, desk),
        (_, ["bulk", rest @ ..]) => bulk::answer(call, desk, rest),
        (_, ["actions" | "upload" | "__composite_requests", ..]) | (_, []) => Err(Refusal::no_such_address()),
        (_, [module, rest @ ..]) => {
            let module = Module::of_records(module).ok_or_else(Refusal::invalid_module)?;
            of_module(call, desk, module, rest)
        }
    }
}

fn of_module(call: &Call, desk: &Desk, module: Module, rest: &[&str]) -> Result<Answer, Refusal> {
    let may = |operation| desk.may(module, operation);
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            may(Operation::Read)?;
            list::page(call, desk, module, None)
        }
        ("POST", []) => {
            may(Operation::Create)?;
            write::insert(desk, module, &call.json()?)
        }
        ("PUT", []) => {
            may(Operation::Update)?;
            write::update(call, desk, module, None, &call.json()?)
        }
        ("DELETE", []) => {
            may(Operation::Delete)?;
            let ids: Vec<&str> = call.need("ids")?.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
            write::delete(desk, module, &ids)
        }
        ("POST", ["upsert"]) => {
            may(Operation::Create)?;
            may(Operation::Update)?;
            write::upsert(desk, module, &call.json()?)
        }
        ("GET", ["search"]) => {
            may(Operation::Read)?;
            search::page(call, desk, module)
        }
        ("GET", ["deleted"]) => {
            may(Operation::Read)?;
            deleted::page(call, desk, module)
        }
        ("GET", ["actions", "count"]) => {
            may(Operation::Read)?;
            count(desk, module)
        }
        (_, ["upsert" | "search" | "deleted"]) => Err(Refusal::wrong_method()),
        ("GET", [id]) => {
            may(Operation::Read)?;
            one(call, desk, module, id)
        }
        ("PUT", [id]) => {
            may(Operation::Update)?;
            write::update(call, desk, module, Some(id), &call.json()?)
        }
        ("DELETE", [id]) => {
            may(Operation::Delete)?;
            write::delete(desk, module, &[id])
        }
        ("POST", [id, "actions", word @ ("add_tags" | "remove_tags")]) => {
            may(Operation::Update)?;
            tags::of_record(call, desk, module, existing(desk, module, id)?, *word == "add_tags")
        }
        (_, [id, "Attachments", rest @ ..]) => attach::attachments(call, desk, module, existing(desk, module, id)?, rest),
        (_, [id, "Notes", rest @ ..]) => attach::notes(call, desk, module, existing(desk, module, id)?, rest),
        (_, [_]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::no_such_address()),
    }
}

/// The id of a record of the address that is there.
fn existing(desk: &Desk, module: Module, named: &str) -> Result<i64, Refusal> {
    let unknown = || Refusal::unknown_id(named);
    let id = external::id(desk, module, named)?.ok_or_else(unknown)?;
    record::name_of(desk, module, id)?.map(|_| id).ok_or_else(unknown)
}

/// `GET /{module}/{id}`.
fn one(call: &Call, desk: &Desk, module: Module, named: &str) -> Result<Answer, Refusal> {
    if desk.external.of_records(module).is_none() && named.parse::<i64>().is_err() {
        return Err(Refusal::no_such_address());
    }
    let found = match external::id(desk, module, named)? {
        Some(id) => record::read(desk, module, id)?,
        None => None,
    };
    let Some(found) = found else {
        return if desk.on("zoho.crm_unknown_id_is_204") { Ok(Answer::nothing()) } else { Err(Refusal::unknown_id(named)) };
    };
    if list::since(call)?.is_some_and(|since| found.modified <= since) {
        return Ok(Answer::not_modified());
    }
    let fields = desk.fields(module)?;
    let mut shower = Shower::new(desk);
    let shown = match call.param("fields") {
        Some(names) => {
            let subforms =
                names.split(',').filter_map(|name| fields.named(name.trim())).filter(|field| field.kind == Kind::Subform);
            let chosen: Vec<_> = list::chosen(names, &fields)?.into_iter().chain(subforms).collect();
            shower.some(&found, &chosen)?
        }
        None => shower.whole(&found, &fields)?,
    };
    Ok(Answer::json(200, &serde_json::json!({"data": [shown]})))
}

fn count(desk: &Desk, module: Module) -> Result<Answer, Refusal> {
    let count: i64 = desk
        .connection
        .prepare_cached("SELECT count(*) FROM zoho_crm_record WHERE org = ?1 AND module = ?2")?
        .query_row((desk.org.id, module as i64), |row| row.get(0))?;
    Ok(Answer::json(200, &serde_json::json!({"count": count})))
}

fn of_settings(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let method = call.method.as_str();
    let module = || {
        let name = call.need("module")?;
        Module::named(name).ok_or_else(Refusal::invalid_module)
    };
    let read = |area: &str| desk.permitted(&format!("settings.{area}"), Operation::Read);
    match (method, rest) {
        ("GET", ["modules"]) => {
            read("modules")?;
            settings::modules(call, desk, None)
        }
        ("GET", ["modules", name]) => {
            read("modules")?;
            settings::modules(call, desk, Some(name))
        }
        (_, ["fields", rest @ ..]) => fields(call, desk, rest),
        ("GET", ["layouts", rest @ ..]) if rest.len() < 2 => {
            read("layouts")?;
            settings::layouts(desk, module()?, rest.first().copied())
        }
        ("GET", ["related_lists"]) => {
            read("related_lists")?;
            Ok(settings::related_lists(desk, module()?))
        }
        ("GET", ["profiles", rest @ ..]) if rest.len() < 2 => {
            read("profiles")?;
            settings::profiles(desk, rest.first().copied())
        }
        ("GET", ["roles", rest @ ..]) if rest.len() < 2 => {
            read("roles")?;
            settings::roles(desk, rest.first().copied())
        }
        (_, ["custom_links", rest @ ..]) if rest.len() < 2 => links::answer(call, desk, rest.first().copied()),
        (_, ["tags"]) => tags::settings(call, desk),
        (_, ["modules" | "layouts" | "related_lists" | "profiles" | "roles"]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::no_such_address()),
    }
}

fn fields(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let may = |operation| desk.permitted("settings.fields", operation);
    let module = || Module::named(call.need("module")?).ok_or_else(Refusal::invalid_module);
    // Rows and attachments have fields to read, and none to add.
    let open = || Module::of_records(call.need("module")?).ok_or_else(Refusal::invalid_module);
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            may(Operation::Read)?;
            define::show(call, desk, module()?, None)
        }
        ("GET", [id]) => {
            may(Operation::Read)?;
            define::show(call, desk, module()?, Some(id))
        }
        ("POST", []) => {
            may(Operation::Create)?;
            define::create(desk, open()?, &call.json()?)
        }
        ("PATCH", []) => {
            may(Operation::Update)?;
            define::update(desk, open()?, None, &call.json()?)
        }
        ("PATCH", [id]) => {
            may(Operation::Update)?;
            define::update(desk, open()?, Some(id), &call.json()?)
        }
        ("DELETE", [id]) => {
            may(Operation::Delete)?;
            define::delete(desk, open()?, id)
        }
        (_, [] | [_]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::no_such_address()),
    }
}

fn of_org(call: &Call, desk: &Desk, method: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    match (method, rest) {
        ("GET", []) => {
            desk.permitted("org", Operation::Read)?;
            Ok(Answer::json(200, &serde_json::json!({"org": [desk.org.json()]})))
        }
        ("GET", ["currencies"]) => {
            desk.permitted("settings.currencies", Operation::Read)?;
            currencies::list(desk)
        }
        ("POST", ["currencies"]) => {
            desk.permitted("settings.currencies", Operation::Create)?;
            currencies::write(desk, &call.json()?, true)
        }
        ("PUT", ["currencies"]) => {
            desk.permitted("settings.currencies", Operation::Update)?;
            currencies::write(desk, &call.json()?, false)
        }
        ("POST", ["currencies", "actions", "enable"]) => {
            desk.permitted("settings.currencies", Operation::Create)?;
            currencies::enable(desk, &call.json()?)
        }
        ("GET", ["taxes"]) => {
            desk.permitted("settings.taxes", Operation::Read)?;
            Ok(settings::taxes(desk))
        }
        (_, [] | ["currencies"] | ["taxes"]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::no_such_address()),
    }
}
