//! What both sides have, as far as rules name it: looked up before rules are kept, with as few calls as that takes.

use std::collections::HashMap;

use connectors::flows;
use connectors::rules::checks::{DEALS, DOCUMENT_MODULES, There};
use connectors::rules::{Asked, DataType, FieldRule, MODULES, Said, Source, TrackingRule, module, said};
use connectors::xero::Carrier;
use connectors::xero::records::TRACKING_CATEGORIES;
use connectors::zoho::{self, FieldInfo};
use serde_json::Value;

use super::deals::Crm;
use crate::visit::{Away, Visit};

/// The order in which the newest come first.
pub const NEWEST: [(&str, &str); 2] = [("sort_column", "last_modified_time"), ("sort_order", "D")];

/// What tracking rules name, and for each rule the values that Zoho has at its source.
pub async fn tracking(visit: &Visit, rules: &[TrackingRule]) -> Result<(There, Vec<Vec<Said>>), Away> {
    let mut there = There { categories: categories(visit).await?, ..There::default() };
    if rules.iter().any(|rule| matches!(rule.source, Source::Tag { .. })) {
        tags(visit, rules, &mut there).await?;
    }
    let asks = |is: fn(&Source) -> bool| rules.iter().any(|rule| is(&rule.source));
    let mut modules: Vec<&'static str> = Vec::new();
    if asks(|source| matches!(source, Source::DocumentField { .. })) {
        modules.extend(DOCUMENT_MODULES);
    }
    if asks(|source| matches!(source, Source::LineField { .. })) {
        modules.push("item");
    }
    if asks(|source| matches!(source, Source::ContactField { .. })) {
        modules.push("contact");
    }
    read_fields(visit, &modules, &mut there).await?;
    let mut crm = None;
    if asks(|source| matches!(source, Source::DealField { .. })) {
        crm = Crm::behind(&visit.context, &visit.zoho).await?;
    }
    if let Some(crm) = &crm
        && let Some(fields) = crm.fields(visit).await?
    {
        there.fields.insert(DEALS, fields);
    }
    let mut lists = Lists { visit, crm, rows: HashMap::new() };
    let mut values = Vec::with_capacity(rules.len());
    for rule in rules {
        values.push(lists.values(&rule.source, &there).await?);
    }
    Ok((there, values))
}

/// What field rules name.
pub async fn fields(visit: &Visit, rules: &[FieldRule]) -> Result<There, Away> {
    let mut there = There::default();
    if rules.iter().any(|rule| matches!(rule.carrier, Carrier::Tracking { .. })) {
        there.categories = categories(visit).await?;
    }
    let mut modules: Vec<&'static str> = rules.iter().filter_map(|rule| module(&rule.flow)).collect();
    modules.sort_unstable();
    modules.dedup();
    read_fields(visit, &modules, &mut there).await?;
    Ok(there)
}

/// Xero's tracking categories with their options, archived ones too.
pub async fn categories(visit: &Visit) -> Result<Vec<Value>, Away> {
    let (found, remaining) = visit.xero(visit.xero.client.seek(&TRACKING_CATEGORIES, &[])).await?;
    visit.xero.gate.lower(&visit.context, remaining).await?;
    Ok(found)
}

async fn tags(visit: &Visit, rules: &[TrackingRule], there: &mut There) -> Result<(), Away> {
    let listed = visit.zoho_if_any(visit.zoho.client.reporting_tags()).await?;
    for rule in rules {
        let Source::Tag { tag_id } = &rule.source else { continue };
        let is_there = listed.iter().any(|tag| tag["tag_id"] == tag_id.as_str() && tag["is_active"] != false);
        if !is_there || there.tags.contains_key(tag_id) {
            continue;
        }
        let options = visit.zoho(visit.zoho.client.tag_options(tag_id)).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let active = options.iter().filter(|option| option["is_active"] != false);
        let said = active.map(|option| Said { name: text(&option["option_name"]), id: text(&option["option_id"]) }).collect();
        there.tags.insert(tag_id.clone(), said);
    }
    Ok(())
}

async fn read_fields(visit: &Visit, modules: &[&'static str], there: &mut There) -> Result<(), Away> {
    for module in modules {
        let found = visit.zoho_if_any(visit.zoho.client.fields(module)).await?;
        there.fields.insert(module, found);
    }
    Ok(())
}

/// Lists that are read once for all rules.
struct Lists<'a> {
    visit: &'a Visit,
    crm: Option<Crm>,
    rows: HashMap<&'static str, Vec<Value>>,
}

impl Lists<'_> {
    /// The values that Zoho has at a source now: all of them where they are chosen from a list, else those of the newest records.
    async fn values(&mut self, source: &Source, there: &There) -> Result<Vec<Said>, Away> {
        let plain = |text: &str| Said { name: text.trim().to_owned(), id: String::new() };
        Ok(match source {
            Source::Tag { tag_id } => there.tags.get(tag_id).cloned().unwrap_or_default(),
            Source::Constant { value } => vec![plain(value)],
            Source::DealField { api_name } => self.of_deals(api_name, there).await?,
            Source::DocumentField { api_name } => self.of_field(&DOCUMENT_MODULES, api_name, there).await?,
            Source::ContactField { api_name } => self.of_field(&["contact"], api_name, there).await?,
            // Lists show no lines.
            Source::LineField { api_name } => chosen(there, &["item"], api_name),
            Source::Location => {
                let call = self.visit.zoho.client.newest("locations", &["locations"], &[]);
                named(&self.visit.zoho_if_any(call).await?, "location_name", "location_id")
            }
            Source::Project => {
                let call = self.visit.zoho.client.newest("projects", &["projects"], &[("filter_by", "Status.Active")]);
                named(&self.visit.zoho_if_any(call).await?, "project_name", "project_id")
            }
            Source::Salesperson => named(self.newest("invoice").await?, "salesperson_name", "salesperson_id"),
        })
    }

    async fn of_field(&mut self, modules: &[&'static str], api_name: &str, there: &There) -> Result<Vec<Said>, Away> {
        let mut values = chosen(there, modules, api_name);
        for module in modules {
            let field = there.fields.get(module).and_then(|fields| fields.iter().find(|field| field.api_name == api_name));
            let Some(field) = field.filter(|field| field.options.is_empty()) else { continue };
            let data_type = DataType::read(&field.data_type).unwrap_or_default();
            for row in self.newest(module).await? {
                let shown = data_type.text(&serde_json::json!({ "value": row[api_name], "value_formatted": row[api_name] }));
                let said = Said { name: shown.unwrap_or_default(), id: String::new() };
                if !said.name.is_empty() && !values.contains(&said) {
                    values.push(said);
                }
            }
        }
        Ok(values)
    }

    async fn of_deals(&self, api_name: &str, there: &There) -> Result<Vec<Said>, Away> {
        let values = chosen(there, &[DEALS], api_name);
        let is_field = there.fields.get(DEALS).is_some_and(|fields| fields.iter().any(|field| field.api_name == api_name));
        let Some(crm) = self.crm.as_ref().filter(|_| is_field && values.is_empty()) else { return Ok(values) };
        let mut values = Vec::new();
        for deal in crm.newest(self.visit, &[api_name]).await? {
            let asked = Asked { deal: Some(&deal), ..Asked::of("", "", &Value::Null) };
            let source = Source::DealField { api_name: api_name.to_owned() };
            values.extend(said(&source, &asked, &Value::Null).unwrap_or_default());
        }
        values.sort_by(|one, other| one.name.cmp(&other.name));
        values.dedup();
        Ok(values)
    }

    /// The newest page of a module.
    async fn newest(&mut self, module: &'static str) -> Result<&Vec<Value>, Away> {
        if !self.rows.contains_key(module) {
            let rows = newest(self.visit, module).await?;
            self.rows.insert(module, rows);
        }
        Ok(&self.rows[module])
    }
}

/// The newest page of a module, as lists show records: custom fields are flat.
pub async fn newest(visit: &Visit, module: &str) -> Result<Vec<Value>, Away> {
    let Some(of) = resource(module) else { return Ok(Vec::new()) };
    visit.zoho_if_any(visit.zoho.client.newest(of.path, of.many, &NEWEST)).await
}

fn resource(module: &str) -> Option<&'static zoho::Resource> {
    let (flow, _) = MODULES.iter().find(|(_, known)| *known == module)?;
    flows::flow(flow).map(|flow| flow.zoho())
}

/// The choices of a field, where it has some.
fn chosen(there: &There, modules: &[&'static str], api_name: &str) -> Vec<Said> {
    let fields = modules.iter().filter_map(|module| there.fields.get(module)).flatten();
    let choices = fields.filter(|field: &&FieldInfo| field.api_name == api_name).flat_map(|field| &field.options);
    let mut values: Vec<Said> = Vec::new();
    for choice in choices {
        let said = Said { name: choice.clone(), id: String::new() };
        if !values.contains(&said) {
            values.push(said);
        }
    }
    values
}

/// The different names of rows.
fn named(rows: &[Value], name: &str, id: &str) -> Vec<Said> {
    let mut values: Vec<Said> = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    for row in rows {
        let said = Said { name: text(&row[name]), id: text(&row[id]) };
        if !said.name.is_empty() && !values.iter().any(|other| other.name == said.name) {
            values.push(said);
        }
    }
    values
}
