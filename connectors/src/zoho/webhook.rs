//! Zoho's webhooks (Books v3 webhooks and workflows): what one says, and how they are made. A webhook is only an address; a workflow rule
//! decides when it is called. Nothing of a delivery is believed but which record it is about.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, PER_PAGE};
use super::trouble::read as come_to;
use crate::side::Trouble;

/// Our secret comes in this header, beside the one in the address.
pub const SECRET: &str = "x-cpconnect-secret";
/// Where a webhook says of itself what it is about: a parameter of its address.
pub const ABOUT: &str = "about";

/// The lists of which Zoho can tell: path, entity in rules, the keys under which a record may come, and the key of its id.
const LISTS: &[(&str, &str, &[&str], &str)] = &[
    ("contacts", "contact", &["contact"], "contact_id"),
    ("items", "item", &["item"], "item_id"),
    ("estimates", "estimate", &["estimate"], "estimate_id"),
    ("purchaseorders", "purchaseorder", &["purchaseorder", "purchase_order"], "purchaseorder_id"),
    ("invoices", "invoice", &["invoice"], "invoice_id"),
    ("bills", "bill", &["bill"], "bill_id"),
    ("creditnotes", "creditnote", &["creditnote", "credit_note"], "creditnote_id"),
    ("vendorcredits", "vendor_credit", &["vendor_credit", "vendorcredit"], "vendor_credit_id"),
    ("expenses", "expense", &["expense"], "expense_id"),
    ("journals", "journal", &["journal"], "journal_id"),
    ("customerpayments", "customer_payment", &["customer_payment", "customerpayment", "payment"], "payment_id"),
    ("vendorpayments", "vendor_payment", &["vendor_payment", "vendorpayment"], "payment_id"),
];

/// A record was made, changed or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The list it is in: `Resource::path`.
    pub path: &'static str,
    pub record_id: String,
    /// Of a contact: `customer` or `vendor`, where it is told.
    pub contact_type: Option<String>,
}

/// What rules call the records of this list. `None`: Zoho tells nothing of them.
pub fn entity(path: &str) -> Option<&'static str> {
    LISTS.iter().find(|(known, ..)| *known == path).map(|(_, entity, ..)| *entity)
}

/// Reads a delivery: the record as JSON, alone or under its name, the same in a field of a form, or a form with its id. `about`: the
/// entity, where the address has one.
pub fn read(about: Option<&str>, body: &[u8]) -> Option<Change> {
    let list = about.and_then(|about| LISTS.iter().find(|(_, entity, ..)| *entity == about));
    match serde_json::from_slice::<Value>(body) {
        Ok(told) => in_json(list, &told),
        Err(_) => in_form(list, body),
    }
}

type List = (&'static str, &'static str, &'static [&'static str], &'static str);

fn in_json(list: Option<&'static List>, told: &Value) -> Option<Change> {
    let lists = || LISTS.iter().filter(|known| list.is_none_or(|list| list.0 == known.0));
    let named = lists().find_map(|known| known.2.iter().find_map(|key| change(known, told.get(key)?)));
    named.or_else(|| change(list?, told))
}

fn in_form(list: Option<&'static List>, body: &[u8]) -> Option<Change> {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let nested = fields.iter().find_map(|(_, value)| in_json(list, &serde_json::from_str(value).ok()?));
    nested.or_else(|| {
        let told: serde_json::Map<String, Value> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
        change(list?, &told.into())
    })
}

fn change((path, _, _, id): &'static List, record: &Value) -> Option<Change> {
    let record_id = match &record[*id] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let is_id = (1..=24).contains(&record_id.len()) && record_id.bytes().all(|byte| byte.is_ascii_digit());
    let contact_type = record["contact_type"].as_str().map(str::to_owned);
    is_id.then_some(Change { path, record_id, contact_type })
}

/// A webhook as Zoho lists it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Webhook {
    pub id: String,
    pub name: String,
    /// All that is told of it.
    pub told: Value,
}

/// A workflow rule as Zoho lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub name: String,
    /// The webhooks it calls; nothing where the list does not tell.
    pub calls: Option<Vec<String>>,
    pub is_active: bool,
}

impl Webhook {
    /// Whether something that was asked for is told to be otherwise. What is not told is believed.
    pub fn differs(&self, wanted: &Value) -> bool {
        ["url", "method", "entity", "headers"]
            .into_iter()
            .any(|name| !self.told[name].is_null() && self.told[name] != wanted[name])
    }
}

impl Client {
    /// Webhooks with this beginning of a name.
    pub async fn webhooks(&self, beginning: &str) -> Result<Vec<Webhook>, Trouble> {
        let of = |row: Value| Webhook { id: text(&row["webhook_id"]), name: text(&row["webhook_name"]), told: row };
        let all = self.all("settings/webhooks", "webhooks").await?.into_iter().map(of);
        Ok(all.filter(|webhook| webhook.name.starts_with(beginning)).collect())
    }

    /// Rules with this beginning of a name.
    pub async fn rules(&self, beginning: &str) -> Result<Vec<Rule>, Trouble> {
        let of = |row: Value| Rule {
            id: text(&row["workflow_id"]),
            name: text(&row["workflow_name"]),
            calls: row["actions"].as_array().map(|actions| actions.iter().map(|action| text(&action["action_id"])).collect()),
            is_active: row["is_active"].as_bool().unwrap_or_else(|| row["status"] != "inactive"),
        };
        let all = self.all("settings/workflows", "workflows").await?.into_iter().map(of);
        Ok(all.filter(|rule| rule.name.starts_with(beginning)).collect())
    }

    /// Makes a webhook, or changes the one with this id. Gives its id.
    pub async fn write_webhook(&self, id: Option<&str>, body: &Value) -> Result<String, Trouble> {
        self.write_setting("settings/webhooks", id, body, "webhook", "webhook_id").await
    }

    /// Makes a rule, or changes the one with this id. Gives its id.
    pub async fn write_rule(&self, id: Option<&str>, body: &Value) -> Result<String, Trouble> {
        self.write_setting("settings/workflows", id, body, "workflow", "workflow_id").await
    }

    /// Lets a rule work again.
    pub async fn activate_rule(&self, id: &str) -> Result<(), Trouble> {
        self.send(Method::POST, self.url("settings/workflows", &[id, "activate"], &[])).await.map(drop)
    }

    pub async fn delete_rule(&self, id: &str) -> Result<(), Trouble> {
        self.send(Method::DELETE, self.url("settings/workflows", &[id], &[])).await.map(drop)
    }

    /// Works only when no rule calls it any more.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), Trouble> {
        self.send(Method::DELETE, self.url("settings/webhooks", &[id], &[])).await.map(drop)
    }

    async fn all(&self, path: &str, many: &str) -> Result<Vec<Value>, Trouble> {
        let mut all = Vec::new();
        for page in 1.. {
            let rows = self.rows(self.url(path, &[], &[]), page, &[], &[many]).await?;
            let is_last = !rows.more || (rows.rows.len() as u32) < PER_PAGE;
            all.extend(rows.rows);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn write_setting(&self, path: &str, id: Option<&str>, body: &Value, one: &str, key: &str) -> Result<String, Trouble> {
        let request = match id {
            Some(id) => self.request(Method::PUT, self.url(path, &[id], &[])),
            None => self.request(Method::POST, self.url(path, &[], &[])),
        };
        let answer = come_to(&self.http.send(request.json(body)).await?)?;
        let told = text(&answer[one][key]);
        match (told.is_empty(), id) {
            (false, _) => Ok(told),
            (true, Some(id)) => Ok(id.to_owned()),
            (true, None) => Err(Trouble::Unreachable(format!("the answer has no {key}"))),
        }
    }
}

/// The body of a webhook that calls this address with our secret.
pub fn webhook(name: &str, entity: &str, address: &str, secret: &str) -> Value {
    json!({
        "webhook_name": name, "description": "Tells CP Connect that something has changed. Please leave it as it is.",
        "entity": entity, "method": "POST", "url": address, "headers": [{ "param_name": SECRET, "param_value": secret }],
    })
}

/// The body of a rule that calls this webhook. `when`: `created_or_edited` or `deleted`.
pub fn rule(name: &str, entity: &str, when: &str, webhook_id: &str) -> Value {
    json!({
        "workflow_name": name, "description": "Tells CP Connect that something has changed. Please leave it as it is.",
        "entity": entity, "rule_type": when, "actions": [{ "action_type": "webhook", "action_id": webhook_id }],
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows;

    fn told(about: Option<&str>, body: &str) -> Option<(&'static str, String)> {
        read(about, body.as_bytes()).map(|change| (change.path, change.record_id))
    }

    #[test]
    fn of_a_delivery_only_the_record_is_read() {
        let invoice = Some(("invoices", "460000000026049".to_owned()));
        for (about, body) in [
            (None, r#"{"invoice":{"invoice_id":"460000000026049","customer_name":"Ada","total":46.0}}"#),
            (None, r#"{"invoice":{"invoice_id":460000000026049}}"#),
            (Some("invoice"), r#"{"invoice_id":"460000000026049","total":46.0}"#),
            (Some("invoice"), "invoice_id=460000000026049&total=46"),
            (Some("invoice"), r#"JSONString=%7B%22invoice%22%3A%7B%22invoice_id%22%3A%22460000000026049%22%7D%7D"#),
            (None, r#"JSONString=%7B%22invoice%22%3A%7B%22invoice_id%22%3A%22460000000026049%22%7D%7D"#),
        ] {
            assert_eq!(told(about, body), invoice, "{about:?} {body}");
        }
        for (about, body) in [
            (None, ""),
            (None, "[]"),
            (None, "invoice_id=460000000026049"),
            (Some("contact"), r#"{"invoice":{"invoice_id":"460000000026049"}}"#),
            (Some("dream"), r#"{"dream":{"dream_id":"1"}}"#),
            (None, r#"{"invoice":{"invoice_id":"../settings"}}"#),
            (None, r#"{"invoice":{"invoice_id":""}}"#),
            (None, r#"{"invoice":"460000000026049"}"#),
        ] {
            assert_eq!(told(about, body), None, "{about:?} {body}");
        }
    }

    #[test]
    fn a_payment_says_by_its_address_whose_it_is() {
        let body = r#"{"payment":{"payment_id":"46"}}"#;
        assert_eq!(told(Some("customer_payment"), body), Some(("customerpayments", "46".to_owned())));
        assert_eq!(told(Some("vendor_payment"), r#"{"payment_id":"47"}"#), Some(("vendorpayments", "47".to_owned())));
        let contact = read(None, br#"{"contact":{"contact_id":"5","contact_type":"vendor"}}"#).unwrap();
        assert_eq!((contact.path, contact.contact_type.as_deref()), ("contacts", Some("vendor")));
    }

    #[test]
    fn zoho_can_tell_of_every_list_that_people_change() {
        for flow in flows::ALL.iter().filter(|flow| flow.back().is_some()) {
            let entity = entity(flow.zoho().path).unwrap_or_else(|| panic!("no webhooks for {}", flow.key()));
            if let crate::zoho::Unique::Field { module, .. } = flow.zoho().unique {
                assert_eq!(entity, module, "{}", flow.key());
            }
        }
    }

    #[test]
    fn what_is_not_told_of_a_webhook_is_believed() {
        let wanted = webhook("a", "invoice", "https://a.example/x", "s");
        let told = |told: Value| Webhook { told, ..Webhook::default() };
        assert!(!told(json!({ "webhook_id": "1" })).differs(&wanted));
        assert!(!told(wanted.clone()).differs(&wanted));
        assert!(told(json!({ "url": "https://a.example/y" })).differs(&wanted));
        assert!(told(json!({ "headers": [] })).differs(&wanted));
    }
}
