//! What clients ask before they work: modules, layouts, related lists, profiles, roles, people, taxes.

use rusqlite::OptionalExtension;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::desk::Desk;
use super::field::{Field, Kind, extend};
use super::lines::number;
use super::list;
use super::module::Module;

/// `GET /settings/modules` and `/settings/modules/{module}`.
pub fn modules(call: &Call, desk: &Desk, named: Option<&str>) -> Result<Answer, Refusal> {
    let since = list::since(call)?;
    let mut shown = Vec::new();
    for module in Module::ALL {
        let changed = changed(desk, module)?;
        let wanted = match named {
            Some(name) => module.api_name() == name || desk.org.module_id(module).to_string() == name,
            None => since.is_none_or(|since| changed > since),
        };
        if wanted {
            shown.push(module_json(desk, module, changed));
        }
    }
    match (shown.is_empty(), named) {
        (true, Some(_)) => return Err(Refusal::invalid_module()),
        (true, None) => return Ok(Answer::not_modified()),
        (false, _) => {}
    }
    Ok(Answer::json(200, &json!({"modules": shown})))
}

/// When a module's fields last changed.
fn changed(desk: &Desk, module: Module) -> Result<i64, Refusal> {
    let at: Option<i64> = desk
        .connection
        .prepare_cached("SELECT at FROM zoho_crm_changed WHERE org = ?1 AND module = ?2")?
        .query_row((desk.org.id, module as i64), |row| row.get(0))
        .optional()?;
    Ok(at.unwrap_or(desk.org.created))
}

/// A module's fields change now.
pub fn touch(desk: &Desk, module: Module) -> Result<(), Refusal> {
    desk.connection
        .prepare_cached("INSERT OR REPLACE INTO zoho_crm_changed (org, module, at) VALUES (?1, ?2, ?3)")?
        .execute((desk.org.id, module as i64, desk.now.timestamp()))?;
    Ok(())
}

fn module_json(desk: &Desk, module: Module, changed: i64) -> Value {
    let rows = module.is_rows();
    let records = Module::of_records(module.api_name()).is_some();
    let plural = module.api_name().replace('_', " ");
    let mut json = json!({
        "id": desk.org.module_id(module).to_string(), "api_name": module.api_name(), "module_name": module.tab(),
        "singular_label": module.singular(), "plural_label": plural, "generated_type": "default", "status": "visible",
        "api_supported": true, "visible": !rows, "visibility": 1, "show_as_tab": records && module != Module::Notes, "viewable": true, "creatable": !rows,
        "editable": !rows, "deletable": !rows, "convertable": module == Module::Leads, "global_search_supported": records, "triggers_supported": records,
        "webform_supported": matches!(module, Module::Leads | Module::Contacts), "feeds_required": false, "quick_create": records,
        "presence_sub_menu": false, "sequence_number": module as i64, "profile_count": 2, "business_card_field_limit": 5,
    });
    let rest = json!({
        "inventory_template_supported": module.lines().is_some(), "emailTemplate_support": records, "scoring_supported": records,
        "filter_supported": records, "sub_menu_available": false, "has_more_profiles": false, "isBlueprintSupported": records,
        "recycle_bin_on_delete": records, "email_parser_supported": false, "kanban_view": false, "chart_view": false,
        "modified_time": desk.org.stamp(changed), "modified_by": desk.org.me().json(), "description": Value::Null,
        "parent_module": module.parent().map_or_else(|| json!({}), |parent| desk.org.module_json(parent)), "arguments": [],
        "profiles": desk.org.profiles().map(|profile| json!({"id": profile.id.to_string(), "name": profile.name})),
        "$field_states": [], "$properties": [], "$on_demand_properties": [], "business_card_fields": [], "search_layout_fields": [], "per_page": 200,
    });
    extend(&mut json, &rest);
    json
}

/// `GET /settings/layouts?module=` and `/settings/layouts/{id}?module=`: one layout, on which every field stands.
pub fn layouts(desk: &Desk, module: Module, id: Option<&str>) -> Result<Answer, Refusal> {
    let layout = desk.org.layout_id(module);
    if let Some(id) = id.filter(|id| *id != layout.to_string()) {
        return Err(Refusal::unknown_id(id));
    }
    let fields = desk.fields(module)?;
    let of = |subforms: bool| -> Vec<Value> {
        let fields = fields.all().filter(|(_, field)| (field.kind == Kind::Subform) == subforms);
        fields.map(|(place, field)| section_field(desk, module, place, field)).collect()
    };
    let section = |number: i64, name: &str, subform: bool, fields: Vec<Value>| {
        json!({
            "id": (layout + number * 100).to_string(), "name": name, "api_name": name.replace(' ', "_"), "display_label": name, "sequence_number": number,
            "column_count": 2, "tab_traversal": "LeftToRight", "isSubformSection": subform, "type": "used", "generated_type": "default",
            "properties": Value::Null, "fields": fields,
        })
    };
    let subforms = of(true);
    let mut sections = vec![section(1, &format!("{} Information", module.singular()), false, of(false))];
    if !subforms.is_empty() {
        sections.push(section(2, "Items", true, subforms));
    }
    let me = desk.org.me().json();
    let shown = json!({
        "id": layout.to_string(), "name": "Standard", "display_label": "Standard", "api_name": "Standard", "status": "active", "visible": true,
        "generated_type": "default", "source": "crm", "mode": "view", "has_more_profiles": false, "show_business_card": true, "display_type": 0,
        "created_time": desk.org.stamp(desk.org.created), "modified_time": desk.org.stamp(desk.org.created), "created_by": me, "modified_by": me,
        "created_for": Value::Null, "convert_mapping": Value::Null, "actions_allowed": {"edit": true, "rename": true, "clone": true, "deactivate": false},
        "profiles": desk.org.profiles().map(|profile| json!({"id": profile.id.to_string(), "name": profile.name, "default": true})),
        "sections": sections,
    });
    Ok(Answer::json(200, &json!({"layouts": [shown]})))
}

fn section_field(desk: &Desk, module: Module, place: usize, field: &Field) -> Value {
    let mut json = field.json(desk.org, module, place);
    json["required"] = field.mandatory.into();
    json
}

/// `GET /settings/related_lists?module=`.
pub fn related_lists(desk: &Desk, module: Module) -> Answer {
    let lists: &[(&str, Module)] = match module {
        Module::Accounts => &[
            ("Contacts", Module::Contacts),
            ("Deals", Module::Deals),
            ("Quotes", Module::Quotes),
            ("Invoices", Module::Invoices),
        ],
        Module::Contacts => &[("Deals", Module::Deals), ("Quotes", Module::Quotes), ("Invoices", Module::Invoices)],
        Module::Vendors => {
            &[("Products", Module::Products), ("Purchase_Orders", Module::PurchaseOrders), ("Contacts", Module::Contacts)]
        }
        _ => &[],
    };
    let common = [("Notes", Module::Notes), ("Attachments", Module::Attachments)];
    let shown: Vec<Value> = common
        .iter()
        .chain(lists)
        .enumerate()
        .map(|(at, (name, of))| {
            json!({
                "id": (desk.org.layout_id(module) + 1000 + at as i64 * 100).to_string(), "api_name": name, "name": name, "display_label": name.replace('_', " "),
                "module": desk.org.module_json(*of), "href": format!("{}/{{ENTITYID}}/{name}", module.api_name()), "type": "default",
                "sequence_number": (at + 1).to_string(), "visible": true, "action": Value::Null, "status": "visible", "customize_fields": false,
                "customize_sort": false, "customize_display_label": false, "connectedmodule": Value::Null, "linkingmodule": Value::Null,
            })
        })
        .collect();
    Answer::json(200, &json!({"related_lists": shown}))
}

/// `GET /settings/profiles`.
pub fn profiles(desk: &Desk, id: Option<&str>) -> Result<Answer, Refusal> {
    let stamp = desk.org.stamp(desk.org.created);
    let me = desk.org.me().json();
    let shown: Vec<Value> = desk
        .org
        .profiles()
        .iter()
        .filter(|profile| id.is_none_or(|id| profile.id.to_string() == id))
        .map(|profile| {
            json!({
                "id": profile.id.to_string(), "name": profile.name, "display_label": profile.name, "api_name": profile.name, "type": "normal_profile",
                "custom": false, "default": profile.name == "Administrator", "category": false, "description": Value::Null, "created_time": stamp,
                "modified_time": stamp, "created_by": me, "modified_by": me,
            })
        })
        .collect();
    found("profiles", shown, id)
}

/// `GET /settings/roles`.
pub fn roles(desk: &Desk, id: Option<&str>) -> Result<Answer, Refusal> {
    let [ceo, manager] = desk.org.roles();
    let shown: Vec<Value> = [(ceo, Value::Null), (manager, json!({"name": ceo.name, "id": ceo.id.to_string()}))]
        .into_iter()
        .filter(|(role, _)| id.is_none_or(|id| role.id.to_string() == id))
        .map(|(role, reports_to)| {
            json!({
                "id": role.id.to_string(), "name": role.name, "display_label": role.name, "description": Value::Null, "reporting_to": reports_to,
                "share_with_peers": true, "admin_user": role.id == ceo.id, "forecast_manager": Value::Null,
                "created_by__s": Value::Null, "modified_by__s": Value::Null, "created_time__s": Value::Null, "modified_time__s": Value::Null,
            })
        })
        .collect();
    found("roles", shown, id)
}

fn found(key: &str, shown: Vec<Value>, id: Option<&str>) -> Result<Answer, Refusal> {
    match id {
        Some(id) if shown.is_empty() => Err(Refusal::unknown_id(id)),
        _ => Ok(Answer::json(200, &json!({key: shown}))),
    }
}

/// `GET /users`, `/users?type=CurrentUser`, `/users/{id}`.
pub fn users(call: &Call, desk: &Desk, id: Option<&str>) -> Result<Answer, Refusal> {
    let people = desk.org.people();
    let me = desk.org.me().id;
    let kind = call.param("type").unwrap_or("AllUsers");
    let wanted = |user: &&super::orgs::User| match (id, kind) {
        (Some(id), _) => user.id.to_string() == id,
        (None, "CurrentUser") => user.id == me,
        (None, "AdminUsers" | "ActiveConfirmedAdmins") => user.id == me,
        (None, "DeactiveUsers" | "DeletedUsers" | "NotConfirmedUsers") => false,
        _ => true,
    };
    let shown: Vec<Value> = people.iter().filter(wanted).map(|user| desk.org.user_json(user)).collect();
    match (shown.is_empty(), id) {
        (true, Some(id)) => Err(Refusal::unknown_id(id)),
        (true, None) => Ok(Answer::nothing()),
        (false, _) => {
            let info = json!({"per_page": 200, "count": shown.len(), "page": 1, "more_records": false});
            Ok(Answer::json(200, &json!({"users": shown, "info": info})))
        }
    }
}

/// `GET /org/taxes`.
pub fn taxes(desk: &Desk) -> Answer {
    let taxes: Vec<Value> = desk
        .org
        .taxes()
        .iter()
        .enumerate()
        .map(|(at, (id, name, percentage))| {
            json!({
                "id": id.to_string(), "name": name, "display_label": name, "sequence_number": at + 1,
                "value": number(percentage.parse().unwrap_or_default()),
            })
        })
        .collect();
    Answer::json(
        200,
        &json!({"org_taxes": {"taxes": taxes, "preference": {"auto_populate_tax": false, "modify_tax_rates": false}}}),
    )
}
