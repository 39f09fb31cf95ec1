//! Calls to Zoho's finance products: upsert, create, update, status, list, get, and the settings we provision.

use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::fields::read_fields;
use super::trouble::read;
use super::{Action, Dialect, FieldInfo, Organisation, Product, Resource, crm, words};
use crate::flow::{self, Carry, Further, Look};
use crate::http::{Answer, Http, at};
use crate::side::{Refusal, Remaining, Trouble};

/// Zoho's largest page.
pub const PER_PAGE: u32 = 200;
/// Ids of one bulk status call: 19 digits each, so that the address stays short.
pub const BULK_IDS: usize = 25;

/// Speaks to one product of one organisation with one access token.
pub struct Client {
    pub(super) http: Http,
    pub(super) product: &'static Product,
    api_domain: Url,
    organization_id: String,
    access_token: SecretString,
    pub(super) own_currency: String,
    /// What CRM last said was left of its credits; -1 while it has said nothing.
    credits_left: AtomicI64,
    /// Zoho's clock when it last answered, in microseconds since 1970.
    server_time_us: AtomicI64,
}

/// Zoho's answer to a write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    pub id: String,
    pub created: bool,
    pub record: Value,
    /// `last_modified_time`, as Zoho writes it.
    pub version: String,
}

/// One page of a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub rows: Vec<Value>,
    pub more: bool,
    /// The word by which the next page is asked for, where a list has such words.
    pub next: Option<String>,
}

impl Client {
    pub fn new(
        http: &Http,
        api_domain: &Url,
        product: &'static Product,
        organization_id: &str,
        access_token: SecretString,
    ) -> Self {
        Self {
            http: http.clone(),
            product,
            api_domain: api_domain.clone(),
            organization_id: organization_id.to_owned(),
            access_token,
            own_currency: String::new(),
            credits_left: AtomicI64::new(-1),
            server_time_us: AtomicI64::new(0),
        }
    }

    /// Speaks, by the same consent, to another product's organisation.
    pub fn through(&self, product: &'static Product, organization_id: &str) -> Self {
        Self::new(&self.http, &self.api_domain, product, organization_id, self.access_token.clone())
    }

    /// Creates the record, or updates the one whose unique field has this value. One call, which may be repeated.
    pub async fn upsert(&self, of: &Resource, field_api_name: &str, value: &str, body: &Value) -> Result<Written, Trouble> {
        let request = self
            .request(Method::PUT, self.url(of.path, &[], of.query))
            .header("X-Unique-Identifier-Key", field_api_name)
            .header("X-Unique-Identifier-Value", value)
            .header("X-Upsert", "true")
            .json(&words::told(of, &with_field(body, field_api_name, value)));
        let answer = self.answer(request).await?;
        written(of, &answer, answer.status == 201)
    }

    /// Creates the record: in its own collection, or in the one that it names.
    pub async fn create(&self, of: &Resource, carry: &Carry) -> Result<Written, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return Err(crm::not_made());
        }
        let path = carry.at.as_deref().unwrap_or(of.path);
        let request = self.request(Method::POST, self.url(path, &[], of.query)).json(&words::told(of, &carry.body));
        let answer = self.answer(request).await?;
        match &carry.id {
            Some(id) => Ok(Written { id: id.clone(), created: true, ..written(of, &answer, false)? }),
            None => written(of, &answer, true),
        }
    }

    pub async fn update(&self, of: &Resource, at: Option<&str>, id: &str, body: &Value) -> Result<Written, Trouble> {
        let request = self.request(Method::PUT, self.url(at.unwrap_or(of.path), &[id], of.query)).json(&words::told(of, body));
        let mut written = written(of, &self.answer(request).await?, false)?;
        if written.id.is_empty() {
            written.id = id.to_owned();
        }
        Ok(written)
    }

    /// Changes the status of one record, or of up to `BULK_IDS` where the action takes many: exactly one call. A record in that state
    /// already is a success. A refusal of many does not say whose fault it is: the caller asks one by one.
    pub async fn act(&self, of: &Resource, action: &Action, ids: &[String]) -> Result<(), Trouble> {
        let action = &words::action(of, action);
        let url = match (ids, action.bulk) {
            ([_, _, ..], Some(parameter)) => {
                self.url(&format!("{}/{}", of.path, action.path), &[], &[(parameter, &ids.join(","))])
            }
            _ => {
                let mut url = self.url(of.path, &[ids.first().map_or("", String::as_str)], &[]);
                if let Ok(mut path) = url.path_segments_mut() {
                    path.extend(action.path.split('/'));
                }
                url
            }
        };
        match self.send(Method::POST, url).await {
            Err(Trouble::Refused(refusal)) if ids.len() == 1 && is_there_already(action, &refusal) => Ok(()),
            other => other.map(drop),
        }
    }

    pub async fn list(&self, of: &Resource, page: u32, extra: &[(&str, &str)]) -> Result<Rows, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_list(of, page, extra).await;
        }
        let mut rows = self.rows(self.url(of.path, &[], of.list_query), page, extra, of.many).await?;
        rows.rows.iter_mut().for_each(|row| words::heard(of, row));
        Ok(rows)
    }

    /// One page of the list in which a record is looked for that may have been created already.
    pub async fn look(&self, of: &Resource, look: &Look, page: u32) -> Result<Rows, Trouble> {
        let own = look.path.is_none();
        let url = self.url(look.path.as_deref().unwrap_or(of.path), &[], if own { of.list_query } else { &[] });
        let query: Vec<(&str, &str)> = look.query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let many = look.many.as_ref().map_or(of.many, std::slice::from_ref);
        let mut rows = self.rows(url, page, &query, many).await?;
        rows.rows.iter_mut().for_each(|row| words::heard(of, row));
        Ok(rows)
    }

    pub(super) async fn rows(&self, mut url: Url, page: u32, extra: &[(&str, &str)], many: &[&str]) -> Result<Rows, Trouble> {
        url.query_pairs_mut()
            .extend_pairs(extra)
            .append_pair("page", &page.max(1).to_string())
            .append_pair("per_page", &PER_PAGE.to_string());
        let mut body = self.send(Method::GET, url).await?;
        let more = body["page_context"]["has_more_page"].as_bool().unwrap_or(false);
        let rows = many.iter().find_map(|key| rows_under(&mut body, key));
        match rows {
            Some(rows) => Ok(Rows { rows, more, next: None }),
            None => Err(Trouble::Unreachable(format!("the answer has no {}", many.first().unwrap_or(&"rows")))),
        }
    }

    /// A call that completes a write. Gives the whole answer.
    pub async fn further(&self, of: &Resource, at: Option<&str>, id: &str, further: &Further) -> Result<Value, Trouble> {
        let mut url = self.url(at.unwrap_or(of.path), &[id], &[]);
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(further.path.split('/'));
        }
        let request = match further.method {
            flow::Method::Get => self.request(Method::GET, url),
            flow::Method::Put => self.request(Method::PUT, url).json(&further.body),
            flow::Method::Post => self.request(Method::POST, url).json(&further.body),
        };
        read(&self.answer(request).await?)
    }

    pub async fn get(&self, of: &Resource, id: &str) -> Result<Value, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_get(of, id).await;
        }
        let mut body = self.send(Method::GET, self.url(of.path, &[id], &[])).await?;
        record_in(of, &mut body).ok_or_else(|| Trouble::Unreachable(format!("the answer has no {}", of.one)))
    }

    /// The organisations this token reaches, asked through a product that it is for. Needs no organisation of its own.
    pub async fn organizations(
        http: &Http,
        api_domain: &Url,
        product: &'static Product,
        access_token: &SecretString,
    ) -> Result<Vec<Organisation>, Trouble> {
        let this = Self::new(http, api_domain, product, "", access_token.clone());
        let body = this.send(Method::GET, this.url("organizations", &[], &[])).await?;
        let found =
            body["organizations"].as_array().ok_or_else(|| Trouble::Unreachable("the answer has no organizations".to_owned()))?;
        found
            .iter()
            .map(|one| {
                Organisation::deserialize(one).map_err(|_| Trouble::Unreachable("an organisation cannot be read".to_owned()))
            })
            .collect()
    }

    /// This organisation.
    pub async fn organisation(&self) -> Result<Organisation, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_organisation().await;
        }
        let found = Self::organizations(&self.http, &self.api_domain, self.product, &self.access_token).await?;
        found
            .into_iter()
            .find(|organisation| organisation.id == self.organization_id)
            .ok_or_else(|| Trouble::Forbidden("the consent no longer reaches this organisation".to_owned()))
    }

    /// The active custom fields of a module: `contact`, `invoice`.
    pub async fn fields(&self, module: &str) -> Result<Vec<FieldInfo>, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_fields(module).await;
        }
        let query = [("entity", module), ("filter_custom_fields", "true"), ("skip_inactive_fields", "true")];
        Ok(read_fields(&self.send(Method::GET, self.url("settings/fields", &[], &query)).await?))
    }

    /// Creates a text field that takes no value twice, and reads it back: the answer to the creation is not documented.
    pub async fn create_field(&self, module: &str, label: &str, help: &str) -> Result<FieldInfo, Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_create_field(module, label, help).await;
        }
        let body = json!({
            "label": label, "data_type": "string", "entity": module, "is_unique": true, "is_mandatory": false, "value_length": 255,
            "help_text": help, "show_on_pdf": false, "edit_on_portal": false, "show_on_portal": false,
        });
        let request = self.request(Method::POST, self.url("settings/fields", &[], &[])).json(&body);
        read(&self.answer(request).await?)?;
        let found = self.fields(module).await?.into_iter().find(|field| field.label.eq_ignore_ascii_case(label));
        found.ok_or_else(|| Trouble::Unreachable(format!("the field {label:?} was created but is not listed")))
    }

    /// Makes a field refuse the same value twice.
    pub async fn make_field_unique(&self, module: &str, field_id: &str) -> Result<(), Trouble> {
        if self.product.dialect == Dialect::Crm {
            return self.crm_make_unique(module, field_id).await;
        }
        let request =
            self.request(Method::PUT, self.url("settings/fields", &[field_id], &[])).json(&json!({ "is_unique": true }));
        read(&self.answer(request).await?).map(drop)
    }

    /// How many records one writing call takes.
    pub fn rows_per_call(&self) -> usize {
        match self.product.dialect {
            Dialect::Finance => 1,
            Dialect::Crm => crm::ROWS_MAX,
        }
    }

    /// What is left of the day, where the product says so: CRM does once half of it is gone.
    pub fn remaining(&self) -> Remaining {
        Remaining { minute: None, day: u32::try_from(self.credits_left.load(Ordering::Relaxed)).ok() }
    }

    /// Names the organisation's own currency: CRM leaves it out of records where it has no other.
    pub fn in_currency(self, code: &str) -> Self {
        Self { own_currency: code.to_owned(), ..self }
    }

    /// Zoho's clock when it last answered this client, in microseconds since 1970; 0 before the first answer.
    pub fn server_time_us(&self) -> i64 {
        self.server_time_us.load(Ordering::Relaxed)
    }

    pub(super) async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        let answer = self.http.send(request).await?;
        if let Some(now) = answer.server_time_us() {
            self.server_time_us.fetch_max(now, Ordering::Relaxed);
        }
        if let Some(left) = answer.header("X-API-CREDITS-REMAINING").and_then(|left| left.parse::<u32>().ok()) {
            self.credits_left.store(left.into(), Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// One page of a list, the latest change first. Where Zoho does not know this order, the rows come in another one.
    pub async fn latest(&self, of: &Resource, page: u32) -> Result<Rows, Trouble> {
        self.list(of, page, &[("sort_column", "last_modified_time"), ("sort_order", "D")]).await
    }

    pub(super) async fn send(&self, method: Method, url: Url) -> Result<Value, Trouble> {
        read(&self.answer(self.request(method, url)).await?)
    }

    pub(super) fn request(&self, method: Method, url: Url) -> reqwest::RequestBuilder {
        // A token that cannot be a header cannot be a token: Zoho answers 401 to the empty one.
        let mut token = HeaderValue::from_str(&format!("Zoho-oauthtoken {}", self.access_token.expose_secret()))
            .unwrap_or(HeaderValue::from_static("Zoho-oauthtoken"));
        token.set_sensitive(true);
        let request = self.http.client().request(method, url).header(AUTHORIZATION, token).header(ACCEPT, "application/json");
        match self.product.organisation_header {
            Some(header) if !self.organization_id.is_empty() => request.header(header, &self.organization_id),
            _ => request,
        }
    }

    pub(super) fn url(&self, path: &str, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = at(&self.api_domain, &format!("{}/{path}", self.product.api));
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        if !self.organization_id.is_empty() && self.product.dialect == Dialect::Finance {
            url.query_pairs_mut().append_pair("organization_id", &self.organization_id);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn written(of: &Resource, answer: &Answer, created: bool) -> Result<Written, Trouble> {
    let mut body = read(answer)?;
    let record = record_in(of, &mut body).unwrap_or_default();
    let id = match &record[of.id] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => String::new(),
    };
    if created && id.is_empty() {
        return Err(Trouble::Unreachable(format!("the answer has no {}", of.id)));
    }
    let version = record["last_modified_time"].as_str().unwrap_or("").to_owned();
    Ok(Written { id, created, record, version })
}

/// The list of this name in an answer, or in the record that the answer is.
fn rows_under(body: &mut Value, key: &str) -> Option<Vec<Value>> {
    let within = |holder: &mut Value| match holder.get_mut(key).map(Value::take) {
        Some(Value::Array(rows)) => Some(rows),
        _ => None,
    };
    within(body).or_else(|| body.as_object_mut()?.values_mut().find_map(within))
}

fn record_in(of: &Resource, body: &mut Value) -> Option<Value> {
    let mut record = match body.get_mut(of.one).map(Value::take) {
        Some(record @ Value::Object(_)) => Some(record),
        // Where a key is called like a list, one record may stand in one.
        Some(Value::Array(mut records)) if records.len() == 1 => records.pop().filter(Value::is_object),
        _ => None,
    }?;
    words::heard(of, &mut record);
    Some(record)
}

/// The body with the unique field in its custom fields, so that a record created by this call has it for certain.
fn with_field(body: &Value, api_name: &str, value: &str) -> Value {
    let mut body = body.clone();
    if let Some(object) = body.as_object_mut() {
        let fields = object.entry("custom_fields").or_insert_with(|| json!([]));
        if let Some(fields) = fields.as_array_mut() {
            fields.retain(|field| field["api_name"] != api_name);
            fields.push(json!({ "api_name": api_name, "value": value }));
        }
    }
    body
}

/// "The invoice is already marked as sent", "it is stopped and cannot be marked as stop". Another state that it has already is no success.
fn is_there_already(action: &Action, refusal: &Refusal) -> bool {
    let said = refusal.message.to_ascii_lowercase();
    let is_already = said.contains("already") && (said.contains(action.name) || said.contains("already in"));
    is_already || said.contains(&format!(" is {} ", action.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;
    use crate::flows::books::{customers::Customers, invoices::Invoices};
    use crate::http::stub::Stub;

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<String>) {
        let stub = Stub::answering(
            answers.into_iter().map(|(status, body)| (status, "content-type: application/json\r\n", body.to_string())).collect(),
        )
        .await;
        let client = Client::new(&Http::new(), &stub.url, &super::super::BOOKS, "10234695", "secret-token".to_owned().into());
        let got = ask(client).await;
        (got, stub.requests())
    }

    fn first_line(request: &str) -> &str {
        request.lines().next().unwrap()
    }

    #[tokio::test]
    async fn an_upsert_is_one_call_and_carries_the_unique_value_twice() {
        let record = json!({"invoice_id": "460000000026049", "last_modified_time": "2026-11-14T10:00:00+1300", "total": 46.0});
        let answers = vec![(201, json!({"code": 0, "invoice": record})), (200, json!({"code": 0, "invoice": record}))];
        let (written, requests) = asked(answers, async |client| {
            let body = json!({"customer_id": "1", "custom_fields": [{"api_name": "cf_xero_id", "value": "old"}]});
            let first = client.upsert(&Invoices::ZOHO, "cf_xero_id", "i-1", &body).await.unwrap();
            (first, client.upsert(&Invoices::ZOHO, "cf_xero_id", "i-1", &json!({})).await.unwrap())
        })
        .await;
        assert_eq!((written.0.created, written.1.created), (true, false));
        assert_eq!((written.0.id.as_str(), written.0.version.as_str()), ("460000000026049", "2026-11-14T10:00:00+1300"));
        assert_eq!(
            first_line(&requests[0]),
            "PUT /books/v3/invoices?organization_id=10234695&ignore_auto_number_generation=true HTTP/1.1"
        );
        let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
        for header in [
            "authorization: Zoho-oauthtoken secret-token",
            "x-unique-identifier-key: cf_xero_id",
            "x-unique-identifier-value: i-1",
            "x-upsert: true",
        ] {
            assert!(head.to_ascii_lowercase().contains(&header.to_ascii_lowercase()), "{header}");
        }
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body, json!({"customer_id": "1", "custom_fields": [{"api_name": "cf_xero_id", "value": "i-1"}]}));
    }

    #[tokio::test]
    async fn many_are_marked_with_one_call_and_one_that_is_marked_already_is_a_success() {
        let already = json!({"code": 9001, "message": "The invoice is already marked as sent."});
        let ids: Vec<String> = ["1", "2"].map(String::from).to_vec();
        let answers = vec![
            (200, json!({"code": 0})),
            (400, already.clone()),
            (400, already),
            (400, json!({"code": 5, "message": "The invoice is already void."})),
        ];
        let (_, requests) = asked(answers, async |client| {
            client.act(&Invoices::ZOHO, &Action::INVOICE_SENT, &ids).await.unwrap();
            // Whose fault it is is not said: the caller, who counts calls, asks one by one.
            assert!(matches!(client.act(&Invoices::ZOHO, &Action::INVOICE_SENT, &ids).await, Err(Trouble::Refused(_))));
            client.act(&Invoices::ZOHO, &Action::INVOICE_SENT, &ids[..1]).await.unwrap();
            let other_state = client.act(&Invoices::ZOHO, &Action::INVOICE_SENT, &ids[..1]).await;
            assert!(matches!(other_state, Err(Trouble::Refused(_))));
        })
        .await;
        let lines: Vec<&str> = requests.iter().map(|request| first_line(request)).collect();
        let bulk = "POST /books/v3/invoices/status/sent?organization_id=10234695&invoice_ids=1%2C2 HTTP/1.1";
        let one = |id: u32| format!("POST /books/v3/invoices/{id}/status/sent?organization_id=10234695 HTTP/1.1");
        assert_eq!(lines, [bulk, bulk, &one(1), &one(1)]);
    }

    #[tokio::test]
    async fn lists_leave_nothing_out_and_say_whether_more_follows() {
        let answers = vec![
            (200, json!({"code": 0, "contacts": [{"contact_id": "1"}], "page_context": {"has_more_page": true}})),
            (200, json!({"code": 0, "page_context": {}})),
            (200, json!({"code": 0, "contact": {"contact_id": "1"}})),
        ];
        let (_, requests) = asked(answers, async |client| {
            let rows = client.list(&Customers::ZOHO, 2, &[("contact_name", "Ada & Co")]).await.unwrap();
            assert_eq!(rows, Rows { rows: vec![json!({"contact_id": "1"})], more: true, next: None });
            assert!(matches!(client.list(&Customers::ZOHO, 1, &[]).await, Err(Trouble::Unreachable(_))));
            assert_eq!(client.get(&Customers::ZOHO, "1").await.unwrap(), json!({"contact_id": "1"}));
        })
        .await;
        assert_eq!(
            first_line(&requests[0]),
            "GET /books/v3/contacts?organization_id=10234695&contact_type=customer&filter_by=Status.All&contact_name=Ada+%26+Co&page=2&per_page=200 HTTP/1.1"
        );
    }

    #[tokio::test]
    async fn a_field_is_created_unique_and_read_back() {
        let field = json!({"field_id": "9", "label": "Xero Acct ID", "api_name": "cf_xero_acct_id_1", "data_type": "string", "is_unique": true});
        let answers = vec![
            (201, json!({"code": 0})),
            (200, json!({"code": 0, "fields": [{"field_name": "contact_name", "label": "Name"}, field]})),
            (200, json!({"code": 0})),
        ];
        let (found, requests) = asked(answers, async |client| {
            let found = client.create_field("contact", "Xero Acct ID", "Do not edit").await.unwrap();
            client.make_field_unique("contact", &found.id).await.unwrap();
            found
        })
        .await;
        assert_eq!((found.api_name.as_str(), found.is_unique, found.is_active), ("cf_xero_acct_id_1", true, true));
        assert!(
            requests[0].contains(r#""is_unique":true"#)
                && requests[0].starts_with("POST /books/v3/settings/fields?organization_id=10234695 ")
        );
        assert!(
            requests[1]
                .starts_with("GET /books/v3/settings/fields?organization_id=10234695&entity=contact&filter_custom_fields=true")
        );
        assert!(requests[2].starts_with("PUT /books/v3/settings/fields/9?"));
    }

    #[tokio::test]
    async fn organisations_are_listed_without_choosing_one() {
        let one = json!({"organization_id": "10234695", "name": "Demo", "currency_code": "NZD", "price_precision": 4, "plan_name": "PREMIUM", "is_default_org": true});
        let answers = vec![(200, json!({"code": 0, "organizations": [one, {"organization_id": 2, "name": "Other"}]}))];
        let (found, requests) = asked(answers, async |client| client.organisation().await.unwrap()).await;
        assert_eq!((found.price_precision, found.plan.as_str(), found.is_default, found.is_active), (4, "PREMIUM", true, true));
        assert_eq!(first_line(&requests[0]), "GET /books/v3/organizations HTTP/1.1");
    }
}
