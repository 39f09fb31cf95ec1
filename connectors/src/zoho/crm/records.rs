//! CRM's records: lists, single ones, looked for by a value, and written a hundred at a time.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::super::client::{Client, PER_PAGE, Rows, Written};
use super::super::{Resource, wire};
use super::{TAXES, answer};
use crate::side::{Refusal, Trouble};

/// Values of one query's list.
const VALUES_MAX: usize = 100;

/// One row of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The value of the field by which it is found again: the record's id in Xero.
    pub key: String,
    /// The record in CRM that it is to become, whatever its field says.
    pub id: Option<String>,
    pub body: Value,
}

/// What became of one row.
pub type RowAnswer = Result<Written, Refusal>;

impl Client {
    /// Creates or updates up to a hundred records, each by its own value of `field`, or by its id. None of the customer's workflows runs.
    /// Rows are answered in their order. The call may be repeated: what arrived is found.
    pub async fn upsert_many(&self, of: &Resource, field: &str, rows: &[Row]) -> Result<Vec<RowAnswer>, Trouble> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let by_id = rows.iter().all(|row| row.id.is_some());
        let data: Vec<Value> = rows.iter().map(|row| with_key(row, field)).collect();
        let mut body = json!({ "data": data, "trigger": [] });
        let request = match by_id {
            true => self.request(Method::PUT, self.url(of.path, &[], &[])),
            false => {
                body["duplicate_check_fields"] = json!([field]);
                self.request(Method::POST, self.url(of.path, &["upsert"], &[]))
            }
        };
        let mut told = answer::read(&self.answer(request.json(&body)).await?)?;
        let answers = match told["data"].as_array_mut() {
            Some(answers) if answers.len() == rows.len() => answers,
            _ => return Err(Trouble::Unreachable("the answer has not one part for each row".to_owned())),
        };
        Ok(answers.iter_mut().zip(data).map(|(one, sent)| answer::row(one).and_then(|done| written(&done, sent))).collect())
    }

    /// One page of a module, by its number; or the page that a token of the one before names, which is the only way beyond 2,000.
    pub(in super::super) async fn crm_list(&self, of: &Resource, page: u32, extra: &[(&str, &str)]) -> Result<Rows, Trouble> {
        let mut url = self.url(of.path, &[], of.list_query);
        if is_module(of) {
            let mut query = url.query_pairs_mut();
            query.append_pair("per_page", &PER_PAGE.to_string()).append_pair("sort_by", "id").append_pair("sort_order", "asc");
            match extra.iter().any(|(name, _)| *name == "page_token") {
                true => {}
                false => _ = query.append_pair("page", &page.max(1).to_string()),
            }
        }
        self.crm_rows(of, url, extra).await
    }

    /// The records of these ids, as lists give them.
    pub async fn crm_by_ids(&self, of: &Resource, ids: &[String]) -> Result<Vec<Value>, Trouble> {
        let mut url = self.url(of.path, &[], of.list_query);
        url.query_pairs_mut().append_pair("per_page", &PER_PAGE.to_string());
        Ok(self.crm_rows(of, url, &[("ids", &ids.join(","))]).await?.rows)
    }

    async fn crm_rows(&self, of: &Resource, mut url: Url, extra: &[(&str, &str)]) -> Result<Rows, Trouble> {
        if !extra.is_empty() {
            url.query_pairs_mut().extend_pairs(extra);
        }
        let mut body = self.crm_send(self.request(Method::GET, url)).await?;
        let next = body["info"]["next_page_token"].as_str().map(str::to_owned);
        let more = body["info"]["more_records"].as_bool().unwrap_or(false);
        if body.is_null() {
            return Ok(Rows::default());
        }
        let many = of.many;
        let rows = many.iter().find_map(|key| rows_under(&mut body, key));
        let mut rows =
            rows.ok_or_else(|| Trouble::Unreachable(format!("the answer has no {}", many.first().unwrap_or(&"rows"))))?;
        if of.path == TAXES {
            rows.iter_mut().for_each(|tax| tax["key"] = tax_key(tax).into());
        }
        for row in rows.iter_mut().filter(|row| row.get("Currency").is_some_and(Value::is_null)) {
            row["Currency"] = self.own_currency.clone().into();
        }
        Ok(Rows { rows, more, next })
    }

    /// A record with its subform's rows, which lists leave out.
    pub(in super::super) async fn crm_get(&self, of: &Resource, id: &str) -> Result<Value, Trouble> {
        let mut body = self.crm_send(self.request(Method::GET, self.url(of.path, &[id], &[]))).await?;
        match body["data"].get_mut(0).map(Value::take) {
            Some(record @ Value::Object(_)) => Ok(record),
            // CRM answers with nothing where there is nothing.
            _ => Err(Trouble::Refused(Refusal { status: 404, code: "GONE".into(), message: "the record is not there".into() })),
        }
    }

    /// Records of a module of which `field` has one of these values, with these other fields. One call for up to a hundred values.
    pub async fn find_by(&self, module: &str, field: &str, values: &[&str], select: &[&str]) -> Result<Vec<Value>, Trouble> {
        let mut found = Vec::new();
        for values in values.chunks(VALUES_MAX) {
            let quoted: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            let query =
                format!("select {} from {module} where {field} in ({}) limit 0, 200", select.join(", "), quoted.join(", "));
            let request = self.request(Method::POST, self.url("coql", &[], &[])).json(&json!({ "select_query": query }));
            let mut body = self.crm_send(request).await?;
            if let Value::Array(rows) = body["data"].take() {
                found.extend(rows);
            }
        }
        Ok(found)
    }

    pub(super) async fn crm_send(&self, request: reqwest::RequestBuilder) -> Result<Value, Trouble> {
        answer::read(&self.answer(request).await?)
    }
}

/// Whether it is a module's list, which has pages, and not one of the organisation's settings.
fn is_module(of: &Resource) -> bool {
    !of.path.contains('/')
}

fn with_key(row: &Row, field: &str) -> Value {
    let mut body = row.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.insert(field.to_owned(), row.key.clone().into());
        if let Some(id) = &row.id {
            body.insert("id".to_owned(), id.clone().into());
        }
    }
    body
}

/// The record as it was sent, with what CRM has added.
fn written(done: &Value, mut record: Value) -> Result<Written, Refusal> {
    let details = &done["details"];
    let Some(id) = details["id"].as_str().map(str::to_owned) else {
        return Err(Refusal { status: 200, code: "NO_ID".into(), message: "the answer names no record".into() });
    };
    record["id"] = id.clone().into();
    let version = details["Modified_Time"].as_str().unwrap_or_default().to_owned();
    let created = match done["action"].as_str() {
        Some(action) => action == "insert",
        None => done["message"] == "record added",
    };
    Ok(Written { id, created, record, version })
}

/// As products write their taxes.
fn tax_key(tax: &Value) -> String {
    let percent = wire::amount(&tax["value"]).unwrap_or_default().normalize();
    format!("{} - {percent} %", tax["name"].as_str().unwrap_or_default())
}

/// A text of a query: what ends it is escaped.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The list of this name in an answer, or in the part of it that is called otherwise: `org_taxes.taxes`.
fn rows_under(body: &mut Value, key: &str) -> Option<Vec<Value>> {
    let within = |holder: &mut Value| match holder.get_mut(key).map(Value::take) {
        Some(Value::Array(rows)) => Some(rows),
        _ => None,
    };
    within(body).or_else(|| body.as_object_mut()?.values_mut().find_map(within))
}

#[cfg(test)]
mod tests {
    use super::super::super::{CRM, Unique};
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    const ACCOUNTS: Resource = Resource {
        path: "Accounts",
        one: "data",
        many: &["data"],
        id: "id",
        unique: Unique::Field { module: "Accounts", label: "Xero ID" },
        query: &[],
        list_query: &[("fields", "Account_Name,Xero_ID")],
        words: &[],
    };

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<(String, Value)>) {
        let text = |body: &Value| if body.is_null() { String::new() } else { body.to_string() };
        let answers = answers.iter().map(|(status, body)| (*status, "content-type: application/json\r\n", text(body)));
        let stub = Stub::answering(answers.collect()).await;
        let client = Client::new(&Http::new(), &stub.url, &CRM, "201", "secret-token".to_owned().into());
        let got = ask(client).await;
        let requests = stub.requests().into_iter().map(|request| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap_or_default())
        });
        (got, requests.collect())
    }

    fn row(key: &str, id: Option<&str>) -> Row {
        Row { key: key.into(), id: id.map(str::to_owned), body: json!({ "Account_Name": key }) }
    }

    #[tokio::test]
    async fn an_upsert_is_one_quiet_call_and_each_row_has_its_own_answer() {
        let told = json!({"data": [
            {"code": "SUCCESS", "details": {"id": "57", "Modified_Time": "2026-11-14T10:00:00+13:00"}, "status": "success", "action": "insert", "duplicate_field": null},
            {"code": "DUPLICATE_DATA", "details": {"api_name": "Account_Name", "duplicate_record": {"id": "9"}}, "message": "duplicate data", "status": "error"},
            {"code": "SUCCESS", "details": {"id": "58"}, "status": "success", "action": "update", "duplicate_field": "Xero_ID"},
        ]});
        let (answers, requests) = asked(vec![(207, told)], async |client| {
            client.upsert_many(&ACCOUNTS, "Xero_ID", &[row("x-1", None), row("x-2", None), row("x-3", None)]).await.unwrap()
        })
        .await;
        let (line, body) = &requests[0];
        assert_eq!(line, "POST /crm/v8/Accounts/upsert HTTP/1.1");
        assert_eq!(
            (&body["trigger"], &body["duplicate_check_fields"], &body["data"][1]),
            (&json!([]), &json!(["Xero_ID"]), &json!({"Account_Name": "x-2", "Xero_ID": "x-2"}))
        );
        let first = answers[0].as_ref().unwrap();
        assert_eq!((first.id.as_str(), first.created, first.version.as_str()), ("57", true, "2026-11-14T10:00:00+13:00"));
        assert_eq!(answers[1].as_ref().unwrap_err().message, "duplicate data (Account_Name)");
        assert!(!answers[2].as_ref().unwrap().created);
    }

    #[tokio::test]
    async fn records_that_are_known_by_their_ids_are_changed_by_them() {
        let told =
            json!({"data": [{"code": "SUCCESS", "details": {"id": "9"}, "message": "record updated", "status": "success"}]});
        let (answers, requests) = asked(vec![(200, told)], async |client| {
            client.upsert_many(&ACCOUNTS, "Xero_ID", &[row("x-1", Some("9"))]).await.unwrap()
        })
        .await;
        assert_eq!(requests[0].0, "PUT /crm/v8/Accounts HTTP/1.1");
        assert_eq!(requests[0].1["data"][0], json!({"Account_Name": "x-1", "Xero_ID": "x-1", "id": "9"}));
        assert!(!answers[0].as_ref().unwrap().created);
    }

    #[tokio::test]
    async fn an_answer_that_lost_a_row_is_no_answer() {
        let told = json!({"data": [{"code": "SUCCESS", "details": {"id": "57"}, "status": "success"}]});
        let (answer, _) = asked(vec![(200, told)], async |client| {
            client.upsert_many(&ACCOUNTS, "Xero_ID", &[row("x-1", None), row("x-2", None)]).await
        })
        .await;
        assert!(matches!(answer, Err(Trouble::Unreachable(_))));
    }

    #[tokio::test]
    async fn a_list_goes_on_by_token_and_nothing_is_an_empty_page() {
        let page = json!({"data": [{"id": "1"}], "info": {"more_records": true, "next_page_token": "t-2"}});
        let (pages, requests) = asked(vec![(200, page), (204, Value::Null)], async |client| {
            let first = client.crm_list(&ACCOUNTS, 1, &[]).await.unwrap();
            let token = first.next.clone().unwrap();
            (first, client.crm_list(&ACCOUNTS, 2, &[("page_token", &token)]).await.unwrap())
        })
        .await;
        assert!(pages.0.more && pages.1 == Rows::default());
        assert_eq!(
            requests[0].0,
            "GET /crm/v8/Accounts?fields=Account_Name%2CXero_ID&per_page=200&sort_by=id&sort_order=asc&page=1 HTTP/1.1"
        );
        assert!(requests[1].0.ends_with("sort_order=asc&page_token=t-2 HTTP/1.1"), "{}", requests[1].0);
    }

    #[tokio::test]
    async fn values_are_looked_for_with_one_call_and_cannot_end_the_query() {
        let told = json!({"data": [{"id": "1", "Account_Name": "O'Neill"}]});
        let (found, requests) = asked(vec![(200, told)], async |client| {
            client.find_by("Accounts", "Account_Name", &["O'Neill", "a\\"], &["id", "Account_Name"]).await.unwrap()
        })
        .await;
        assert_eq!(found.len(), 1);
        assert_eq!(
            requests[0].1["select_query"],
            "select id, Account_Name from Accounts where Account_Name in ('O\\'Neill', 'a\\\\') limit 0, 200"
        );
    }

    #[tokio::test]
    async fn what_is_left_of_the_credits_is_heard_where_it_is_said() {
        let answers = vec![(204, "", String::new()), (204, "x-api-credits-remaining: 2400\r\n", String::new())];
        let stub = Stub::answering(answers).await;
        let client = Client::new(&Http::new(), &stub.url, &CRM, "201", "secret-token".to_owned().into());
        client.crm_list(&ACCOUNTS, 1, &[]).await.unwrap();
        assert_eq!(client.remaining().day, None);
        client.crm_list(&ACCOUNTS, 1, &[]).await.unwrap();
        assert_eq!(client.remaining().day, Some(2_400));
    }

    #[tokio::test]
    async fn a_record_that_is_not_there_is_a_refusal() {
        let (answer, _) = asked(vec![(204, Value::Null)], async |client| client.crm_get(&ACCOUNTS, "9").await).await;
        assert!(matches!(answer, Err(Trouble::Refused(_))));
    }
}
