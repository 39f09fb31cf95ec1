//! What hangs on a record of Xero: which records have files, what is below one of them, and a file's bytes as they come.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING};
use secrecy::ExposeSecret;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::client::{Client, Page};
use super::trouble::{remaining, trouble};
use super::{Resource, read_records};
use crate::http::{Answer, at};
use crate::side::{Remaining, Trouble};

/// From asking for a file to its last byte. Shorter than a worker's claim on a link, or another one would begin meanwhile.
pub const FILE_TIMEOUT: Duration = Duration::from_secs(45);
/// An answer that is no file is read up to here.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;

/// A file on its way.
pub struct Download {
    pub body: reqwest::Body,
    /// As Xero announces it, where it does.
    pub bytes: Option<u64>,
    pub remaining: Remaining,
}

impl Client {
    /// What is below a record, `on` being its address (`Invoices`, its id): all of it, in one call.
    pub async fn below(&self, of: &Resource, on: [&str; 2]) -> Result<Page, Trouble> {
        let url = self.url_below(&[on[0], on[1], of.path]);
        match self.page(of, url, None).await {
            // The record is gone, and what hung on it.
            Err(Trouble::Refused(refusal)) if refusal.status == 404 => {
                Ok(Page { body: format!("{{\"{}\":[]}}", of.many).into_bytes(), ..Page::default() })
            }
            other => other,
        }
    }

    /// A file. Nothing of it is kept: whoever has the answer draws the bytes.
    pub async fn download(&self, from: &[String], type_: &str) -> Result<Download, Trouble> {
        let segments: Vec<&str> = from.iter().map(String::as_str).collect();
        let request = self
            .http
            .client()
            .get(self.url_below(&segments))
            .timeout(FILE_TIMEOUT)
            .bearer_auth(self.access_token.expose_secret())
            .header("xero-tenant-id", &self.tenant_id)
            .header(ACCEPT, if type_.is_empty() { "*/*" } else { type_ })
            // Xero's OpenAPI wants it of whoever downloads a file.
            .header("contentType", if type_.is_empty() { "application/octet-stream" } else { type_ })
            // A packed file would have another length than it says.
            .header(ACCEPT_ENCODING, "identity");
        let unreachable = |_| Trouble::Unreachable("the file cannot be fetched".to_owned());
        let mut response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if !(200..300).contains(&status) {
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                body.extend_from_slice(&chunk);
                if body.len() > REFUSAL_BYTES_MAX {
                    break;
                }
            }
            return Err(trouble(&Answer { status, headers, body }));
        }
        let remaining = remaining(&Answer { status, headers, body: Vec::new() });
        Ok(Download { bytes: response.content_length(), body: response.into(), remaining })
    }

    fn url_below(&self, segments: &[&str]) -> url::Url {
        let mut url = at(&self.api_url, "api.xro/2.0");
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }
}

/// The ids of a page's records that have files. Most pages have none, and are only looked through for the word.
pub fn with_files(of: &Resource, body: &[u8]) -> Result<HashSet<String>, Trouble> {
    const TOLD: &[u8] = b"\"HasAttachments\":";
    let told = body.windows(TOLD.len()).enumerate().filter(|(_, window)| *window == TOLD);
    if !told.into_iter().any(|(at, _)| body[at + TOLD.len()..].trim_ascii_start().starts_with(b"true")) {
        return Ok(HashSet::new());
    }
    let parts = read_records::<Box<RawValue>>(of, body)?;
    let flagged = parts.into_iter().flatten().filter_map(|part| {
        let flagged: Flagged = serde_json::from_str(part.get()).ok()?;
        let id = flagged.texts.into_iter().find(|(key, _)| key == of.id)?.1;
        flagged.has_files.then_some(id)
    });
    Ok(flagged.collect())
}

/// A record as far as this goes: its own texts that may be an id, and whether it has files.
#[derive(Default)]
struct Flagged {
    texts: Vec<(String, String)>,
    has_files: bool,
}

impl<'de> Deserialize<'de> for Flagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Flagged;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flagged, A::Error> {
                let mut found = Flagged::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "HasAttachments" {
                        found.has_files = map.next_value::<Option<bool>>()?.unwrap_or(false);
                    } else if key.ends_with("ID") {
                        found.texts.extend(map.next_value::<Option<String>>()?.map(|text| (key, text)));
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::xero::records::{ATTACHMENTS, SALES_INVOICES};

    #[test]
    fn records_with_files_are_picked_out_of_a_page() {
        let page = r#"{"Invoices":[
            {"InvoiceID":"i-1","HasAttachments":true,"Contact":{"ContactID":"c-1","HasAttachments":false}},
            {"InvoiceID":"i-2","HasAttachments":false,"Contact":{"ContactID":"c-1","HasAttachments": true}},
            {"HasAttachments":true,"BatchPaymentID":null},
            {"InvoiceID":"i-3","HasAttachments":"perhaps"},
            {"Total":1.5,"HasAttachments":true,"InvoiceID":"i-4"}]}"#;
        let found = with_files(&SALES_INVOICES, page.as_bytes()).unwrap();
        assert_eq!(found, HashSet::from(["i-1".to_owned(), "i-4".to_owned()]));
        let none = r#"{"Invoices":[{"InvoiceID":"i-1","HasAttachments":false}]}"#;
        assert!(with_files(&SALES_INVOICES, none.as_bytes()).unwrap().is_empty());
        assert!(with_files(&SALES_INVOICES, b"not even JSON").unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_below_a_record_is_one_call_and_nothing_where_it_is_gone() {
        let stub = Stub::answering(vec![
            (200, "content-type: application/json\r\n", r#"{"Attachments":[{}]}"#.to_owned()),
            (404, "", "The resource you're looking for cannot be found".to_owned()),
            (200, "content-type: image/png\r\nx-minlimit-remaining: 7\r\n", "bytes".to_owned()),
            (429, "x-rate-limit-problem: day\r\nretry-after: 5\r\n", String::new()),
        ])
        .await;
        let client = Client::new(&Http::new(), &stub.url, "tenant-1", "secret-token".to_owned().into());
        assert_eq!(client.below(&ATTACHMENTS, ["Invoices", "i-1"]).await.unwrap().body, br#"{"Attachments":[{}]}"#);
        assert_eq!(client.below(&ATTACHMENTS, ["Invoices", "../x"]).await.unwrap().body, br#"{"Attachments":[]}"#);
        let from = ["Invoices", "i-1", "Attachments", "a-1"].map(str::to_owned);
        let file = client.download(&from, "image/png").await.unwrap();
        assert_eq!((file.bytes, file.remaining.minute), (Some(5), Some(7)));
        assert!(matches!(client.download(&from, "").await, Err(Trouble::Busy { .. })));
        let requests = stub.requests();
        let lines: Vec<&str> = requests.iter().map(|request| request.lines().next().unwrap()).collect();
        assert_eq!(lines[0], "GET /api.xro/2.0/Invoices/i-1/Attachments HTTP/1.1");
        assert!(!lines[1].contains("/../"), "{}", lines[1]);
        assert_eq!(lines[2], "GET /api.xro/2.0/Invoices/i-1/Attachments/a-1 HTTP/1.1");
        assert!(requests[2].contains("accept: image/png") && requests[2].contains("accept-encoding: identity"));
    }
}
