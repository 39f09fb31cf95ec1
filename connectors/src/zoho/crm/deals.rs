//! CRM's deals, as far as rules look at them for documents of Books that were made out of one.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::Value;

use super::super::FieldInfo;
use super::super::client::{Client, PER_PAGE};
use super::fields::info;
use crate::side::Trouble;

/// Under which key a document of Books names its deal (Zoho Books v3: invoices and estimates are listed by it).
pub const DEAL_ID: &str = "zcrm_potential_id";
/// Ids of one call (Zoho CRM v8, get records).
pub const DEALS_MAX: usize = 100;
/// Kinds of fields whose value a person would not take for an option.
const NO_VALUES: [&str; 6] = ["subform", "fileupload", "imageupload", "profileimage", "ownerlookup", "multiselectlookup"];

impl Client {
    /// Fields of deals that say something in words, CRM's own ones too.
    pub async fn deal_fields(&self) -> Result<Vec<FieldInfo>, Trouble> {
        let url = self.url("settings/fields", &[], &[("module", "Deals")]);
        let body = self.crm_send(self.request(Method::GET, url)).await?;
        let says = |field: &&Value| field["data_type"].as_str().is_some_and(|kind| !NO_VALUES.contains(&kind));
        Ok(body["fields"].as_array().into_iter().flatten().filter(says).map(of_deal).collect())
    }

    /// These deals with these fields, by their ids, `DEALS_MAX` at most: one call. One that is not there any more is left out.
    pub async fn deals(&self, ids: &[&str], fields: &[&str]) -> Result<HashMap<String, Value>, Trouble> {
        self.deal_rows(&[("ids", &ids.join(",")), ("fields", &fields.join(","))]).await
    }

    /// The newest page of deals, with these fields.
    pub async fn newest_deals(&self, fields: &[&str]) -> Result<Vec<Value>, Trouble> {
        let query = [("fields", fields.join(",")), ("sort_by", "Modified_Time".into()), ("sort_order", "desc".into())];
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Ok(self.deal_rows(&query).await?.into_values().collect())
    }

    async fn deal_rows(&self, query: &[(&str, &str)]) -> Result<HashMap<String, Value>, Trouble> {
        let mut url = self.url("Deals", &[], query);
        url.query_pairs_mut().append_pair("per_page", &PER_PAGE.to_string());
        let mut body = self.crm_send(self.request(Method::GET, url)).await?;
        let rows = match body["data"].take() {
            Value::Array(rows) => rows,
            // CRM answers with nothing where there is nothing.
            _ => Vec::new(),
        };
        Ok(rows.into_iter().filter_map(|row| Some((row["id"].as_str()?.to_owned(), row))).collect())
    }
}

fn of_deal(field: &Value) -> FieldInfo {
    let choices = field["pick_list_values"].as_array().into_iter().flatten();
    let options = choices.filter_map(|choice| choice["actual_value"].as_str()).filter(|choice| *choice != "-None-");
    FieldInfo { options: options.map(str::to_owned).collect(), ..info(field) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::zoho::CRM;

    async fn client(body: Value) -> (Client, Stub) {
        let stub = Stub::answering(vec![(200, "content-type: application/json\r\n", body.to_string())]).await;
        (Client::new(&Http::new(), &stub.url, &CRM, "201", "secret-token".to_owned().into()), stub)
    }

    #[tokio::test]
    async fn deals_are_asked_for_together_and_one_that_is_gone_is_left_out() {
        let (client, stub) = client(json!({ "data": [{ "id": "8", "Stage": "Won" }] })).await;
        let found = client.deals(&["7", "8"], &["Stage", "Type"]).await.unwrap();
        assert_eq!(found, HashMap::from([("8".to_owned(), json!({ "id": "8", "Stage": "Won" }))]));
        assert!(stub.requests()[0].starts_with("GET /crm/v8/Deals?ids=7%2C8&fields=Stage%2CType&per_page=200 "));
    }

    #[tokio::test]
    async fn fields_have_their_choices_and_what_says_nothing_in_words_is_none() {
        let (client, _stub) = client(json!({ "fields": [
            { "id": "1", "api_name": "Stage", "data_type": "picklist",
              "pick_list_values": [{ "actual_value": "-None-" }, { "actual_value": "Won" }] },
            { "id": "2", "api_name": "Parts", "data_type": "subform" }] }))
        .await;
        let found = client.deal_fields().await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].api_name.as_str(), &found[0].options), ("Stage", &vec!["Won".to_owned()]));
    }
}
