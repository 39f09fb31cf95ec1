//! Fields of CRM's modules. One that is made gets its name from CRM, and only a list tells it.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::FieldInfo;
use super::super::client::Client;
use super::answer;
use crate::side::{Refusal, Trouble};

/// The label of the website field that leads to the record in Xero.
pub const LINK_LABEL: &str = "Xero link";

impl Client {
    pub(in super::super) async fn crm_fields(&self, module: &str) -> Result<Vec<FieldInfo>, Trouble> {
        let url = self.url("settings/fields", &[], &[("module", module)]);
        let body = self.crm_send(self.request(Method::GET, url)).await?;
        Ok(body["fields"].as_array().into_iter().flatten().filter(|field| field["custom_field"] == true).map(info).collect())
    }

    /// Makes the field by which our records are found again. An external field is made for that; where CRM has none to give, one that
    /// takes no value twice does the same.
    pub(in super::super) async fn crm_create_field(&self, module: &str, label: &str, help: &str) -> Result<FieldInfo, Trouble> {
        let new = json!({ "field_label": label, "data_type": "text", "length": 100, "external": { "type": "org", "show": true },
            "tooltip": { "name": "info_icon", "value": help } });
        match self.crm_make(module, new).await {
            Err(Trouble::Refused(refusal)) if refusal.code != "LIMIT_EXCEEDED" => {
                let new = json!({ "field_label": label, "data_type": "text", "length": 100, "unique": { "case_sensitive": "false" },
                    "tooltip": { "name": "info_icon", "value": help } });
                self.crm_make(module, new).await?;
            }
            other => other?,
        }
        self.crm_field(module, label).await
    }

    /// Makes the field that leads to the record in Xero.
    pub async fn create_link_field(&self, module: &str) -> Result<FieldInfo, Trouble> {
        self.crm_make(module, json!({ "field_label": LINK_LABEL, "data_type": "website" })).await?;
        self.crm_field(module, LINK_LABEL).await
    }

    /// Makes a field refuse the same value twice.
    pub(in super::super) async fn crm_make_unique(&self, module: &str, field_id: &str) -> Result<(), Trouble> {
        let url = self.url("settings/fields", &[field_id], &[("module", module)]);
        let body = json!({ "fields": [{ "unique": { "case_sensitive": "false" } }] });
        let told = self.crm_send(self.request(Method::PATCH, url).json(&body)).await?;
        first(told).map(drop)
    }

    async fn crm_make(&self, module: &str, new: Value) -> Result<(), Trouble> {
        let url = self.url("settings/fields", &[], &[("module", module)]);
        let told = self.crm_send(self.request(Method::POST, url).json(&json!({ "fields": [new] }))).await?;
        first(told).map(drop)
    }

    async fn crm_field(&self, module: &str, label: &str) -> Result<FieldInfo, Trouble> {
        let found = self.crm_fields(module).await?.into_iter().find(|field| field.label.eq_ignore_ascii_case(label));
        found.ok_or_else(|| Trouble::Unreachable(format!("the field {label:?} was created but is not listed")))
    }
}

/// The one answer of a call that is about one field.
fn first(mut told: Value) -> Result<Value, Trouble> {
    match told["fields"].get_mut(0) {
        Some(one) => answer::row(one).map_err(Trouble::Refused),
        None => Err(Trouble::Unreachable("the answer has no fields".to_owned())),
    }
}

pub(super) fn info(field: &Value) -> FieldInfo {
    let text = |name: &str| field[name].as_str().unwrap_or_default().to_owned();
    let is_set = |name: &str| field[name].as_object().is_some_and(|object| !object.is_empty());
    FieldInfo {
        id: text("id"),
        label: text("field_label"),
        api_name: text("api_name"),
        data_type: text("data_type"),
        is_unique: is_set("unique") || is_set("external"),
        is_active: true,
        options: Vec::new(),
    }
}

/// What a plan without custom fields means for a person.
pub fn is_for_want_of_fields(refusal: &Refusal) -> bool {
    refusal.code == "LIMIT_EXCEEDED"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::zoho::CRM;

    fn answered(row: Value) -> Value {
        json!({ "fields": [row] })
    }

    fn done() -> Value {
        answered(json!({ "code": "SUCCESS", "details": { "id": "7" }, "message": "field created", "status": "success" }))
    }

    async fn made(answers: Vec<(u16, Value)>) -> (Result<FieldInfo, Trouble>, Vec<String>) {
        let answers = answers.iter().map(|(status, body)| (*status, "content-type: application/json\r\n", body.to_string()));
        let stub = Stub::answering(answers.collect()).await;
        let client = Client::new(&Http::new(), &stub.url, &CRM, "201", "secret-token".to_owned().into());
        let got = client.crm_create_field("Accounts", "Xero ID", "Help").await;
        (got, stub.requests())
    }

    fn listed(extra: Value) -> Value {
        let mut field = json!({"id": "7", "field_label": "Xero ID", "api_name": "Xero_ID1", "data_type": "text", "custom_field": true, "unique": {}});
        field.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({ "fields": [field, {"id": "1", "field_label": "Xero ID", "api_name": "Own", "custom_field": false}] })
    }

    #[tokio::test]
    async fn a_field_is_made_external_and_its_name_read_back() {
        let (field, requests) =
            made(vec![(201, done()), (200, listed(json!({"external": {"type": "org", "show": true}})))]).await;
        let field = field.unwrap();
        assert_eq!((field.api_name.as_str(), field.is_unique), ("Xero_ID1", true));
        assert!(requests[0].starts_with("POST /crm/v8/settings/fields?module=Accounts "));
        assert!(requests[0].contains(r#""external":{"show":true,"type":"org"}"#), "{}", requests[0]);
    }

    #[tokio::test]
    async fn where_there_are_no_external_fields_a_unique_one_does_it() {
        let refused = answered(json!({ "code": "NOT_ALLOWED", "details": {}, "message": "not allowed", "status": "error" }));
        let (field, requests) =
            made(vec![(400, refused), (201, done()), (200, listed(json!({"unique": {"casesensitive": "false"}})))]).await;
        assert!(field.unwrap().is_unique);
        assert!(requests[1].contains("\"unique\""));
    }

    #[tokio::test]
    async fn a_plan_without_fields_says_so() {
        let refused = answered(
            json!({ "code": "LIMIT_EXCEEDED", "details": {"limit": 0}, "message": "limit exceeded", "status": "error" }),
        );
        let (answer, requests) = made(vec![(400, refused)]).await;
        assert!(matches!(answer, Err(Trouble::Refused(refusal)) if is_for_want_of_fields(&refusal)));
        assert_eq!(requests.len(), 1, "asked once more it would say the same");
    }
}
