//! Writing to Xero's Accounting API: batches of which every element is answered for itself.

use reqwest::Method;
use reqwest::header::ACCEPT;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use super::trouble::{remaining, trouble};
use super::{Client, Resource};
use crate::http::at;
use crate::side::{Refusal, Remaining, Trouble};

/// Elements of one call: Xero's own recommendation (Xero OpenAPI 16.1.0, "requests and responses").
pub const BATCH_MAX: usize = 50;

/// How a batch is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// PUT: creates and never overwrites, whatever name or number an element has.
    Create,
    /// POST: changes the records that the elements name by their ids.
    Update,
}

/// What became of one element.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// The record as Xero has it now.
    Done(Value),
    Refused(Refusal),
}

/// Xero's answer to a batch: one element for each that was sent, in the same order.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub elements: Vec<Element>,
    pub remaining: Remaining,
}

impl Client {
    /// Sends up to `BATCH_MAX` elements with one call. `key`: two calls with the same key and content within some minutes are one.
    pub async fn write(&self, of: &Resource, verb: Verb, key: &str, elements: &[Value]) -> Result<Batch, Trouble> {
        let mut url = at(&self.api_url, &format!("api.xro/2.0/{}", of.path));
        // What every call of the kind carries, but for what is about lists.
        let extra = of.extra.iter().filter(|(name, _)| *name != "includeArchived" && *name != "includeDeleted");
        url.query_pairs_mut().extend_pairs(extra).append_pair("summarizeErrors", "false");
        let method = match verb {
            Verb::Create => Method::PUT,
            Verb::Update => Method::POST,
        };
        let body = Value::Object(Map::from_iter([(of.many.to_owned(), elements.to_vec().into())]));
        self.sent(of, method, url, key, &body, elements.len()).await
    }

    /// Sends one element to an address of its own: `Payments/{id}`.
    pub async fn write_at(&self, of: &Resource, path: &str, key: &str, element: &Value) -> Result<Batch, Trouble> {
        let url = at(&self.api_url, &format!("api.xro/2.0/{path}"));
        self.sent(of, Method::POST, url, key, element, 1).await
    }

    /// Looks into a list: the records that a question finds, in Xero's own JSON.
    pub async fn seek(&self, of: &Resource, query: &[(&'static str, String)]) -> Result<(Vec<Value>, Remaining), Trouble> {
        let mut url = self.resource_url(of, None);
        url.query_pairs_mut().extend_pairs(query);
        if of.paged {
            // Without a page Xero leaves the lines out.
            url.query_pairs_mut().append_pair("page", "1");
        }
        let page = self.page(of, url, None).await?;
        Ok((raw(of, &page.body)?, page.remaining))
    }

    async fn sent(
        &self,
        of: &Resource,
        method: Method,
        url: Url,
        key: &str,
        body: &Value,
        elements: usize,
    ) -> Result<Batch, Trouble> {
        let request = self
            .http
            .client()
            .request(method, url)
            .bearer_auth(self.access_token.expose_secret())
            .header("xero-tenant-id", &self.tenant_id)
            .header(ACCEPT, "application/json")
            .header("Idempotency-Key", key)
            .json(body);
        let answer = self.http.send(request).await?;
        if !answer.is_success() {
            return Err(trouble(&answer));
        }
        if answer.is_html() {
            return Err(Trouble::Unreachable("a web page where data was expected".to_owned()));
        }
        let answered = raw(of, &answer.body)?;
        if answered.len() != elements {
            let said = format!("{elements} elements were sent and {} are answered", answered.len());
            return Err(Trouble::Unreachable(said));
        }
        Ok(Batch { elements: answered.into_iter().map(element).collect(), remaining: remaining(&answer) })
    }
}

/// The records of an answer, in Xero's own JSON.
pub fn raw(of: &Resource, body: &[u8]) -> Result<Vec<Value>, Trouble> {
    let unreadable = || Trouble::Unreachable(format!("the answer has no {}", of.many));
    let mut body: Value = serde_json::from_slice(body).map_err(|_| unreadable())?;
    match body.get_mut(of.many).map(Value::take) {
        Some(Value::Array(records)) => Ok(records),
        _ => Err(unreadable()),
    }
}

fn element(answered: Value) -> Element {
    let said: Vec<&str> = answered["ValidationErrors"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|error| error["Message"].as_str().or_else(|| error["Description"].as_str()))
        .collect();
    if said.is_empty() && answered["StatusAttributeString"] != "ERROR" {
        return Element::Done(answered);
    }
    Element::Refused(Refusal { status: 400, code: "10".to_owned(), message: said.join(" ") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::xero::records::{PAYMENTS, SALES_INVOICES};

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<String>) {
        let json = "content-type: application/json\r\nx-daylimit-remaining: 7\r\n";
        let stub = Stub::answering(answers.into_iter().map(|(status, body)| (status, json, body.to_string())).collect()).await;
        let client = Client::new(&Http::new(), &stub.url, "tenant-1", "secret-token".to_owned().into());
        let got = ask(client).await;
        (got, stub.requests())
    }

    #[tokio::test]
    async fn each_element_of_a_batch_is_answered_for_itself() {
        let answer = json!({"Invoices": [
            {"InvoiceID": "i-1", "StatusAttributeString": "OK"},
            {"InvoiceID": "0", "StatusAttributeString": "ERROR", "ValidationErrors": [{"Message": "Invoice # must be unique."}]},
        ]});
        let elements = [json!({"InvoiceNumber": "1"}), json!({"InvoiceNumber": "2"})];
        let (batch, requests) = asked(vec![(200, answer)], async |client| {
            client.write(&SALES_INVOICES, Verb::Create, "key-1", &elements).await.unwrap()
        })
        .await;
        assert!(matches!(&batch.elements[0], Element::Done(record) if record["InvoiceID"] == "i-1"));
        assert!(
            matches!(&batch.elements[1], Element::Refused(refusal) if refusal.message == "Invoice # must be unique." && refusal.status == 400)
        );
        assert_eq!(batch.remaining.day, Some(7));
        assert!(requests[0].starts_with("PUT /api.xro/2.0/Invoices?unitdp=4&summarizeErrors=false HTTP/1.1"), "{}", requests[0]);
        assert!(requests[0].to_ascii_lowercase().contains("idempotency-key: key-1"));
        assert!(requests[0].ends_with(&json!({ "Invoices": elements }).to_string()));
    }

    #[tokio::test]
    async fn an_answer_that_leaves_elements_out_is_no_answer() {
        let (error, _) = asked(vec![(200, json!({"Invoices": []}))], async |client| {
            client.write(&SALES_INVOICES, Verb::Update, "k", &[json!({})]).await.unwrap_err()
        })
        .await;
        assert!(matches!(error, Trouble::Unreachable(_)));
    }

    #[tokio::test]
    async fn one_element_may_have_an_address_of_its_own_and_a_list_may_be_asked() {
        let answers = vec![
            (200, json!({"Payments": [{"PaymentID": "p", "Status": "DELETED"}]})),
            (200, json!({"Invoices": [{"InvoiceID": "i"}]})),
        ];
        let (got, requests) = asked(answers, async |client| {
            client.write_at(&PAYMENTS, "Payments/p", "k", &json!({"Status": "DELETED"})).await.unwrap();
            client.seek(&SALES_INVOICES, &[("InvoiceNumbers", "INV-1".to_owned())]).await.unwrap()
        })
        .await;
        assert_eq!(got.0, [json!({"InvoiceID": "i"})]);
        assert!(requests[0].starts_with("POST /api.xro/2.0/Payments/p HTTP/1.1"));
        assert!(requests[1].starts_with("GET /api.xro/2.0/Invoices?unitdp=4&InvoiceNumbers=INV-1&page=1 HTTP/1.1"));
    }
}
