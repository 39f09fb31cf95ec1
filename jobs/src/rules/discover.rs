//! What there is for rules to join: a module's custom fields in Zoho, and the places that Xero has for their values, each with how many
//! records use it. Counts only.

use std::collections::HashMap;

use connectors::flows;
use connectors::rules::module;
use connectors::xero::{Carrier, PhoneKind};
use connectors::zoho::FieldInfo;
use entities::link;
use serde_json::Value;

use super::look;
use crate::context::Context;
use crate::visit::{Away, Visit};

/// Records of Xero's that are looked at: a page of Zoho's is as long.
const SAMPLE: usize = 200;
/// Labels in descriptions that are told.
const LABELS_MAX: usize = 10;
const LABEL_CHARS_MAX: usize = 50;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    pub fields: Vec<(FieldInfo, usize)>,
    /// How many of Zoho's records were looked at.
    pub zoho_sample: usize,
    pub places: Vec<(Carrier, usize)>,
    pub xero_sample: usize,
}

/// Looks at the newest records of both sides. `None`: records of this flow have no custom fields that a rule can carry.
pub async fn discover(context: &Context, link: &link::Model, flow: &str) -> Result<Option<Discovery>, Away> {
    let (Some(module), Some(flow)) = (module(flow), flows::flow(flow)) else { return Ok(None) };
    let visit = Visit::begin(context, link.clone()).await?;
    let found = looked(&visit, module, flow).await;
    visit.end().await?;
    found.map(Some)
}

async fn looked(visit: &Visit, module: &'static str, flow: &'static dyn connectors::flow::AnyFlow) -> Result<Discovery, Away> {
    let fields = visit.zoho(visit.zoho.client.fields(module)).await?;
    let rows = look::newest(visit, module).await?;
    let uses = |field: &FieldInfo| {
        let says = |row: &&Value| {
            !matches!(&row[&field.api_name], Value::Null) && row[&field.api_name] != "" && row[&field.api_name] != false
        };
        rows.iter().filter(says).count()
    };
    let fields = fields.into_iter().map(|field| (uses(&field), field)).map(|(n, field)| (field, n)).collect();
    let mut query = vec![("order", "UpdatedDateUTC DESC".to_owned())];
    if !flow.xero().filter.is_empty() {
        query.push(("where", flow.xero().filter.to_owned()));
    }
    if flow.xero().is_sized() {
        query.push(("pageSize", SAMPLE.to_string()));
    }
    let (mut records, remaining) = visit.xero(visit.xero.client.seek(flow.xero(), &query)).await?;
    visit.xero.gate.lower(&visit.context, remaining).await?;
    records.truncate(SAMPLE);
    let places = places(flow.key(), &records, visit).await?;
    Ok(Discovery { fields, zoho_sample: rows.len(), places, xero_sample: records.len() })
}

/// The places that records of a flow have, and how many of these use each.
async fn places(flow: &str, records: &[Value], visit: &Visit) -> Result<Vec<(Carrier, usize)>, Away> {
    let phone = |kind| Carrier::Phone { kind };
    let mut places = vec![
        Carrier::Reference,
        Carrier::AccountNumber,
        Carrier::CompanyNumber,
        Carrier::TaxNumber,
        Carrier::EmailAddress,
        Carrier::Website,
        phone(PhoneKind::Default),
        phone(PhoneKind::Ddi),
        phone(PhoneKind::Mobile),
        phone(PhoneKind::Fax),
        Carrier::DeliveryInstructions,
        Carrier::Terms,
        Carrier::Narration,
    ];
    places.retain(|place| place.flows().contains(&flow));
    let of_lines = Carrier::LinePart { label: String::new() };
    if of_lines.flows().contains(&flow) {
        let active = |one: &&Value| !matches!(one["Status"].as_str(), Some("ARCHIVED" | "DELETED"));
        let categories = look::categories(visit).await?;
        let ids = categories.iter().filter(active).filter_map(|one| one["TrackingCategoryID"].as_str());
        places.extend(ids.map(|id| Carrier::Tracking { category: id.to_owned() }));
        places.extend(labels(records).into_iter().map(|label| Carrier::LinePart { label }));
    }
    let uses = |place: &Carrier| records.iter().filter(|record| !place.read(record).is_empty()).count();
    Ok(places.into_iter().map(|place| (uses(&place), place)).map(|(n, place)| (place, n)).collect())
}

/// The labels under which descriptions of lines say something, the most frequent first.
fn labels(records: &[Value]) -> Vec<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for record in records {
        let lines = record["LineItems"].as_array().into_iter().flatten();
        let said = lines.filter_map(|line| line["Description"].as_str()).flat_map(str::lines);
        for (label, value) in said.filter_map(|line| line.split_once(": ")) {
            let label = label.trim();
            if !label.is_empty() && !value.trim().is_empty() && label.chars().count() <= LABEL_CHARS_MAX && !label.contains(':') {
                *counts.entry(label.to_owned()).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().filter(|(_, n)| *n > 1).collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counts.into_iter().take(LABELS_MAX).map(|(label, _)| label).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_what_several_descriptions_say_something_under() {
        let record = |said: &str| json!({ "LineItems": [{ "Description": said }] });
        let records =
            [record("Hosting\nPO: 7\nDelivery: May"), record("PO: 8"), record("PO: \nDelivery: June\nOnce: x"), record("PO: 9")];
        assert_eq!(labels(&records), ["PO", "Delivery"]);
    }
}
