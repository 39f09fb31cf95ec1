//! Zoho's settings that rules need: custom fields that are made, their choices, reporting tags with their options, and what has names.

use reqwest::Method;
use serde_json::{Value, json};

use super::trouble::read;
use super::{Client, FieldInfo};
use crate::side::Trouble;

/// A custom field that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewField<'a> {
    /// What the settings call the module: `invoice`.
    pub module: &'a str,
    pub label: &'a str,
    /// Zoho's word: `dropdown`.
    pub data_type: &'a str,
    pub choices: &'a [String],
    pub help: &'a str,
}

impl Client {
    /// Makes a custom field and reads it back: its name is Zoho's choice. Two calls.
    pub async fn make_field(&self, new: &NewField<'_>) -> Result<FieldInfo, Trouble> {
        let mut body = json!({
            "label": new.label, "data_type": new.data_type, "entity": new.module, "is_unique": false, "is_mandatory": false, "help_text": new.help,
            "show_on_pdf": false,
        });
        if !new.choices.is_empty() {
            body["values"] = choices(new.choices.iter().map(String::as_str), 0);
        }
        let request = self.request(Method::POST, self.url("settings/fields", &[], &[])).json(&body);
        read(&self.http.send(request).await?)?;
        let found = self.fields(new.module).await?.into_iter().find(|field| field.label.eq_ignore_ascii_case(new.label));
        found.ok_or_else(|| Trouble::Unreachable(format!("the field {:?} was created but is not listed", new.label)))
    }

    /// Adds choices to a drop-down. They are told as a whole, so those that are there are read first. Two calls.
    pub async fn add_choices(&self, field_id: &str, new: &[String]) -> Result<(), Trouble> {
        let url = self.url("settings/fields", &[field_id], &[]);
        let mut found = self.send(Method::GET, url.clone()).await?;
        let mut values = match found["field"]["values"].take() {
            Value::Array(values) => values,
            _ => Vec::new(),
        };
        let is_there = |name: &str| values.iter().any(|one| one["name"] == name);
        let missing: Vec<&str> = new.iter().map(String::as_str).filter(|name| !is_there(name)).collect();
        if let Value::Array(more) = choices(missing.into_iter(), values.len()) {
            values.extend(more);
        }
        let request = self.request(Method::PUT, url).json(&json!({ "values": values }));
        read(&self.http.send(request).await?).map(drop)
    }

    /// Whether Zoho's own integration joins this organisation with CRM: some contact has its record there (Zoho Books v3 contacts,
    /// `filter_by=Status.Crm`). One call. An answer that does not say that it was filtered counts only if a row names CRM's record.
    pub async fn is_joined_with_crm(&self) -> Result<bool, Trouble> {
        const FILTER: &str = "Status.Crm";
        let url = self.url("contacts", &[], &[("filter_by", FILTER), ("per_page", "1")]);
        let answer = self.send(Method::GET, url).await?;
        let is_filtered = answer["page_context"]["applied_filter"] == FILTER;
        let names_it = |row: &Value| {
            ["zcrm_account_id", "zcrm_contact_id", "zcrm_vendor_id"]
                .iter()
                .any(|key| row[key].as_str().is_some_and(|id| !id.is_empty()))
        };
        Ok(answer["contacts"].as_array().into_iter().flatten().any(|row| is_filtered || names_it(row)))
    }

    /// The reporting tags. Their document knows no `code`, and neither do some answers.
    pub async fn reporting_tags(&self) -> Result<Vec<Value>, Trouble> {
        let mut answer = self.send(Method::GET, self.url("reportingtags", &[], &[])).await?;
        Ok(list(&mut answer, &["reporting_tags", "tags"]))
    }

    /// All options of a reporting tag, those below others behind them.
    pub async fn tag_options(&self, tag_id: &str) -> Result<Vec<Value>, Trouble> {
        let mut answer = self.send(Method::GET, self.url("reportingtags", &[tag_id, "options", "all"], &[])).await?;
        let mut flat = Vec::new();
        let mut rest = list(&mut answer, &["results", "options"]);
        while let Some(mut option) = rest.pop() {
            rest.extend(list(&mut option, &["children"]));
            flat.push(option);
        }
        flat.reverse();
        Ok(flat)
    }

    /// The newest rows of a list, at most a page: `invoices`, `projects`, `locations`.
    pub async fn newest(&self, path: &str, many: &[&str], query: &[(&str, &str)]) -> Result<Vec<Value>, Trouble> {
        Ok(self.rows(self.url(path, &[], &[]), 1, query, many).await?.rows)
    }
}

fn choices<'a>(names: impl Iterator<Item = &'a str>, behind: usize) -> Value {
    names.enumerate().map(|(n, name)| json!({ "name": name, "order": behind + n + 1, "is_active": true })).collect()
}

fn list(holder: &mut Value, keys: &[&str]) -> Vec<Value> {
    let found = keys.iter().find_map(|key| match holder.get_mut(*key).map(Value::take) {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    async fn asked<T>(answers: Vec<Value>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<(String, Value)>) {
        let answers = answers.into_iter().map(|body| (200, "content-type: application/json\r\n", body.to_string()));
        let stub = Stub::answering(answers.collect()).await;
        let client = Client::new(&Http::new(), &stub.url, &crate::zoho::BOOKS, "10234695", "secret-token".to_owned().into());
        let got = ask(client).await;
        let requests = stub.requests().into_iter().map(|request| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap_or_default())
        });
        (got, requests.collect())
    }

    #[tokio::test]
    async fn a_drop_down_is_made_with_its_choices_and_read_back() {
        let listed = json!({"code": 0, "fields": [{"field_id": "7", "label": "Colour", "api_name": "cf_colour_1", "data_type": "dropdown",
            "values": [{"name": "Red", "order": 1, "is_active": true}, {"name": "Blue", "is_active": false}]}]});
        let (field, requests) = asked(vec![json!({"code": 0}), listed], async |client| {
            let choices = ["Red".to_owned()];
            let new = NewField { module: "invoice", label: "Colour", data_type: "dropdown", choices: &choices, help: "Help" };
            client.make_field(&new).await.unwrap()
        })
        .await;
        assert_eq!((field.api_name.as_str(), field.options.as_slice()), ("cf_colour_1", ["Red".to_owned()].as_slice()));
        assert_eq!(requests[0].0, "POST /books/v3/settings/fields?organization_id=10234695 HTTP/1.1");
        assert_eq!(requests[0].1["values"], json!([{"name": "Red", "order": 1, "is_active": true}]));
        assert_eq!(requests[0].1["is_unique"], false);
    }

    #[tokio::test]
    async fn choices_are_added_behind_those_that_are_there() {
        let there = json!({"code": 0, "field": {"values": [{"name": "Red", "order": 1, "is_active": false}]}});
        let (_, requests) = asked(vec![there, json!({"code": 0})], async |client| {
            client.add_choices("7", &["Red".to_owned(), "Green".to_owned()]).await.unwrap();
        })
        .await;
        assert_eq!(requests[1].0, "PUT /books/v3/settings/fields/7?organization_id=10234695 HTTP/1.1");
        assert_eq!(
            requests[1].1["values"],
            json!([{"name": "Red", "order": 1, "is_active": false}, {"name": "Green", "order": 2, "is_active": true}])
        );
    }

    #[tokio::test]
    async fn options_below_others_are_options_too() {
        let answer = json!({"results": [{"option_id": "1", "option_name": "North", "children": [{"option_id": "2", "option_name": "Far north"}]}, {"option_id": "3", "option_name": "South"}]});
        let (options, _) = asked(vec![answer], async |client| client.tag_options("71").await.unwrap()).await;
        let mut names: Vec<&str> = options.iter().map(|one| one["option_name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Far north", "North", "South"]);
    }
}
