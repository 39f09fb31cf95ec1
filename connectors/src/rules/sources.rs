//! What a record of Zoho's says at the place that a rule looks at.

use serde_json::Value;

use super::Source;
use super::typed::{self, DataType, IsNot, choices, plain};
use crate::flow::Known;
use crate::zoho::crm::DEAL_ID;

/// A record of Zoho's that a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `books.invoices`.
    pub flow: &'a str,
    /// What a person calls the record: "Invoice INV-7".
    pub label: &'a str,
    /// As Zoho gives it by its id.
    pub record: &'a Value,
    /// Its contact, where a rule asks for that.
    pub contact: Option<&'a Value>,
    /// Its deal in CRM likewise; `Null` where that is not there any more.
    pub deal: Option<&'a Value>,
}

impl<'a> Asked<'a> {
    /// A record alone.
    pub fn of(flow: &'a str, label: &'a str, record: &'a Value) -> Self {
        Self { flow, label, record, contact: None, deal: None }
    }

    /// A record with what is known of its contact and its deal.
    pub fn knowing(flow: &'a str, label: &'a str, record: &'a Value, known: &'a Known) -> Self {
        Self {
            contact: party(record).and_then(|id| known.contact(id)),
            deal: deal(record).and_then(|id| known.deal(id)),
            ..Self::of(flow, label, record)
        }
    }
}

/// The customer or vendor of a record of Zoho's.
pub fn party(record: &Value) -> Option<&str> {
    ["customer_id", "vendor_id"].iter().find_map(|key| record[*key].as_str().filter(|id| !id.is_empty()))
}

/// The deal in CRM that a record was made out of.
pub fn deal(record: &Value) -> Option<&str> {
    record[DEAL_ID].as_str().filter(|id| !id.is_empty())
}

/// One value, by its name and by Zoho's id where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Said {
    pub name: String,
    pub id: String,
}

/// The values that a record says, or this line of it. Several only where a field holds several.
pub fn said(source: &Source, asked: &Asked, line: &Value) -> Result<Vec<Said>, IsNot> {
    let record = asked.record;
    Ok(match source {
        Source::Tag { tag_id } => {
            let tagged = |holder: &Value| {
                let tags = holder["tags"].as_array().into_iter().flatten();
                let mut of_tag = tags.filter(|tag| plain(&tag["tag_id"]) == *tag_id);
                of_tag.next().map(|tag| said_of(&tag["tag_option_name"], &tag["tag_option_id"]))
            };
            tagged(line).or_else(|| tagged(record)).unwrap_or_default()
        }
        Source::DocumentField { api_name } => field(record, "custom_fields", api_name)?,
        Source::LineField { api_name } => field(line, "item_custom_fields", api_name)?,
        Source::ContactField { api_name } => match asked.contact {
            Some(contact) => field(contact, "custom_fields", api_name)?,
            None => Vec::new(),
        },
        Source::Location => first(&[line, record], &[("location_name", "location_id"), ("branch_name", "branch_id")]),
        Source::Project => first(&[line, record], &[("project_name", "project_id")]),
        Source::Salesperson => first(&[line, record], &[("salesperson_name", "salesperson_id")]),
        Source::DealField { api_name } => asked.deal.map(|deal| of_deal(&deal[api_name.as_str()])).unwrap_or_default(),
        Source::Constant { value } => vec![Said { name: value.trim().to_owned(), id: String::new() }],
    })
}

/// The entry of a custom field in a record, by Zoho's name for it.
pub fn entry<'a>(holder: &'a Value, key: &str, api_name: &str) -> Option<&'a Value> {
    let entries = holder[key].as_array()?;
    entries.iter().find(|entry| entry["api_name"] == api_name || entry["placeholder"] == api_name)
}

/// What a custom field says: in a record by its type, in a row of a list as it is shown.
fn field(holder: &Value, key: &str, api_name: &str) -> Result<Vec<Said>, IsNot> {
    let Some(entry) = entry(holder, key, api_name) else {
        let shown = &holder[api_name];
        return Ok(named(if shown.is_array() { choices(shown) } else { vec![plain(shown)] }));
    };
    let data_type = DataType::read(&plain(&entry["data_type"])).unwrap_or_default();
    Ok(named(match data_type {
        DataType::Multiselect => choices(&entry["value"]),
        one => vec![one.text(entry)?],
    }))
}

/// What a field of CRM's says. A look-up says a name and an id, a multiselect a list.
fn of_deal(value: &Value) -> Vec<Said> {
    match value {
        Value::Object(_) => said_of(&value["name"], &value["id"]),
        Value::Array(_) => named(choices(value)),
        one => named(vec![plain(one)]),
    }
}

fn named(names: Vec<String>) -> Vec<Said> {
    let names = names.into_iter().filter(|name| !name.is_empty());
    names.map(|name| Said { name, id: String::new() }).collect()
}

fn said_of(name: &Value, id: &Value) -> Vec<Said> {
    let said = Said { name: plain(name), id: plain(id) };
    if said == Said::default() { Vec::new() } else { vec![said] }
}

/// The first of these that says something, by any of its names.
fn first(holders: &[&Value], keys: &[(&str, &str)]) -> Vec<Said> {
    let mut found = holders.iter().flat_map(|holder| keys.iter().map(|(name, id)| said_of(&holder[*name], &holder[*id])));
    found.find(|said| !said.is_empty()).unwrap_or_default()
}

impl Said {
    /// Whether a person means this value, by its name or by Zoho's id.
    pub fn is(&self, word: &str) -> bool {
        typed::same(&self.name, word) || (!self.id.is_empty() && self.id == word.trim())
    }

    /// What people read.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_found_wherever_zoho_says_it() {
        let record = json!({
            "tags": [{"tag_id": "71", "tag_option_id": "81", "tag_option_name": "South"}],
            "custom_fields": [
                {"api_name": "cf_area", "data_type": "multiselect", "value": ["East", "West"]},
                {"placeholder": "cf_vip", "data_type": "check_box", "value": "true"},
                {"api_name": "cf_agent", "data_type": "lookup", "value": "460001", "value_formatted": "Ada"}],
            "branch_id": "9", "branch_name": "Dunedin", "salesperson_name": "Kiri", "cf_shown": "East, West",
        });
        let line = json!({
            "tags": [{"tag_id": "71", "tag_option_id": "82", "tag_option_name": "North"}], "project_id": "5",
            "item_custom_fields": [{"api_name": "cf_grade", "data_type": "string", "value": "A"}],
        });
        let contact = json!({"custom_fields": [{"api_name": "cf_zone", "data_type": "dropdown", "value": "Z1"}]});
        let deal = json!({"Stage": "Won", "Won": true, "Owner": {"name": "Ada", "id": "7"}, "Areas": ["East", "West"], "Sum": 12.5, "No": null});
        let asked = Asked { contact: Some(&contact), deal: Some(&deal), ..Asked::of("books.invoices", "Invoice 1", &record) };
        let of_deal = |api_name: &str| Source::DealField { api_name: api_name.into() };
        let field = |api_name: &str| Source::DocumentField { api_name: api_name.into() };
        for (source, expected) in [
            (Source::Tag { tag_id: "71".into() }, "North/82"),
            (Source::Tag { tag_id: "72".into() }, ""),
            (field("cf_area"), "East/ West/"),
            (field("cf_vip"), "Yes/"),
            (field("cf_agent"), "Ada/"),
            (field("cf_shown"), "East, West/"),
            (field("cf_none"), ""),
            (Source::LineField { api_name: "cf_grade".into() }, "A/"),
            (Source::ContactField { api_name: "cf_zone".into() }, "Z1/"),
            (Source::Location, "Dunedin/9"),
            (Source::Project, "/5"),
            (Source::Salesperson, "Kiri/"),
            (of_deal("Stage"), "Won/"),
            (of_deal("Owner"), "Ada/7"),
            (of_deal("Areas"), "East/ West/"),
            (of_deal("Sum"), "12.5/"),
            (of_deal("No"), ""),
            (of_deal("Other"), ""),
            (Source::Constant { value: " Web ".into() }, "Web/"),
        ] {
            let found = said(&source, &asked, &line).unwrap();
            let found: Vec<String> = found.iter().map(|said| format!("{}/{}", said.name, said.id)).collect();
            assert_eq!(found.join(" "), expected, "{source:?}");
        }
        let untagged = said(&Source::Tag { tag_id: "71".into() }, &asked, &json!({})).unwrap();
        assert_eq!(untagged[0].shown(), "South", "a document's tag is its lines'");
        assert!(untagged[0].is(" south") && untagged[0].is("81") && !untagged[0].is(""));
    }
}
