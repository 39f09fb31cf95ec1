//! Calls to Xero's Accounting API: changed records page by page, chosen records, counts, the organisation.

use chrono::DateTime;
use reqwest::header::{ACCEPT, IF_MODIFIED_SINCE};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::envelope::{pagination, read_records};
use super::trouble::{remaining, trouble};
use super::{Organisation, Resource};
use crate::http::{Answer, Http, at};
use crate::side::{Remaining, Trouble};

/// Xero's largest page.
pub const PAGE_SIZE: u32 = 1000;
/// Xero accepts about 52 GUIDs before the address becomes too long.
pub const IDS_PER_CALL: usize = 40;

/// Reads one organisation with one access token.
pub struct Client {
    http: Http,
    api_url: Url,
    tenant_id: String,
    access_token: SecretString,
}

/// Where a list of changes starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Since {
    /// Records changed at or after this moment (Xero compares whole seconds); `None` for all.
    pub anchor_us: Option<i64>,
    /// Counts from 1.
    pub page: u32,
}

/// One answer, unread.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub body: Vec<u8>,
    /// How many records the whole list has, where Xero says so.
    pub item_count: Option<u64>,
    /// The page size Xero used; 0 for a list that has no pages.
    pub page_size: u32,
    /// Xero's clock when it answered; 0 if it did not say.
    pub server_time_us: i64,
    pub remaining: Remaining,
}

impl Client {
    pub fn new(http: &Http, api_url: &Url, tenant_id: &str, access_token: SecretString) -> Self {
        Self { http: http.clone(), api_url: api_url.clone(), tenant_id: tenant_id.to_owned(), access_token }
    }

    /// Records that changed since the anchor, oldest change first.
    pub async fn changed(&self, of: &Resource, since: &Since) -> Result<Page, Trouble> {
        let mut url = self.list_url(of);
        if of.paged {
            url.query_pairs_mut()
                .append_pair("page", &since.page.max(1).to_string())
                .append_pair("pageSize", &PAGE_SIZE.to_string());
        }
        if of.since {
            url.query_pairs_mut().append_pair("order", "UpdatedDateUTC ASC");
        }
        let anchor = since.anchor_us.filter(|_| of.since);
        self.page(of, url, anchor).await
    }

    /// Chosen records, in one call: at most `IDS_PER_CALL` where Xero takes a list of ids, else exactly one.
    pub async fn by_ids(&self, of: &Resource, ids: &[String]) -> Result<Page, Trouble> {
        let url = match (of.by_ids, ids) {
            (Some(name), [_, ..]) if ids.len() <= IDS_PER_CALL => {
                let mut url = self.list_url(of);
                // Without a page Xero leaves the lines out.
                url.query_pairs_mut().append_pair(name, &ids.join(",")).append_pair("page", "1").append_pair("pageSize", "100");
                url
            }
            (None, [id]) if of.by_where => {
                let mut url = self.resource_url(of, None);
                url.query_pairs_mut().append_pair("where", &format!("{}==\"{}\"", of.id, id.replace(['"', '\\'], "")));
                url
            }
            (None, [id]) => self.resource_url(of, Some(id)),
            _ => {
                return Ok(Page { body: format!("{{\"{}\":[]}}", of.many).into_bytes(), ..Page::default() });
            }
        };
        match self.page(of, url, None).await {
            // A record that is gone is an empty list here too, as it is with a list of ids.
            Err(Trouble::Refused(refusal)) if refusal.status == 404 && of.by_ids.is_none() => {
                Ok(Page { body: format!("{{\"{}\":[]}}", of.many).into_bytes(), ..Page::default() })
            }
            other => other,
        }
    }

    /// How many records there are, where Xero says so.
    pub async fn count(&self, of: &Resource) -> Result<(Option<u64>, Remaining), Trouble> {
        let mut url = self.list_url(of);
        if of.paged {
            url.query_pairs_mut().append_pair("page", "1").append_pair("pageSize", "1");
        }
        let page = self.page(of, url, None).await?;
        let count = match of.paged {
            true => page.item_count,
            false => Some(read_records::<serde::de::IgnoredAny>(of, &page.body)?.len() as u64),
        };
        Ok((count, page.remaining))
    }

    pub async fn organisation(&self) -> Result<Organisation, Trouble> {
        const ORGANISATION: Resource = Resource {
            path: "Organisation",
            many: "Organisations",
            id: "OrganisationID",
            filter: "",
            paged: false,
            since: false,
            by_ids: None,
            by_where: false,
            extra: &[],
        };
        let page = self.page(&ORGANISATION, self.resource_url(&ORGANISATION, None), None).await?;
        match read_records::<Organisation>(&ORGANISATION, &page.body)?.into_iter().next() {
            Some(Ok(organisation)) => Ok(organisation),
            Some(Err((_, why))) => Err(Trouble::Unreachable(format!("the organisation cannot be read: {why}"))),
            None => Err(Trouble::Unreachable("the answer names no organisation".to_owned())),
        }
    }

    fn resource_url(&self, of: &Resource, id: Option<&str>) -> Url {
        let mut url = at(&self.api_url, &format!("api.xro/2.0/{}", of.path));
        if let (Some(id), Ok(mut path)) = (id, url.path_segments_mut()) {
            path.push(id);
        }
        if !of.extra.is_empty() {
            url.query_pairs_mut().extend_pairs(of.extra);
        }
        url
    }

    fn list_url(&self, of: &Resource) -> Url {
        let mut url = self.resource_url(of, None);
        if !of.filter.is_empty() {
            url.query_pairs_mut().append_pair("where", of.filter);
        }
        url
    }

    async fn page(&self, of: &Resource, url: Url, modified_since_us: Option<i64>) -> Result<Page, Trouble> {
        let mut request = self
            .http
            .client()
            .get(url)
            .bearer_auth(self.access_token.expose_secret())
            .header("xero-tenant-id", &self.tenant_id)
            .header(ACCEPT, "application/json");
        if let Some(since) = modified_since_us.and_then(DateTime::from_timestamp_micros) {
            request = request.header(IF_MODIFIED_SINCE, since.format("%Y-%m-%dT%H:%M:%S").to_string());
        }
        let answer = self.http.send(request).await?;
        if answer.status == 304 {
            return Ok(page_of(of, &answer, format!("{{\"{}\":[]}}", of.many).into_bytes(), Default::default()));
        }
        if !answer.is_success() {
            return Err(trouble(&answer));
        }
        if answer.is_html() {
            return Err(Trouble::Unreachable("a web page where data was expected".to_owned()));
        }
        let pagination = pagination(&answer.body)?;
        Ok(page_of(of, &answer, Vec::new(), pagination).with(answer.body))
    }
}

fn page_of(of: &Resource, answer: &Answer, body: Vec<u8>, pagination: super::envelope::Pagination) -> Page {
    Page {
        body,
        item_count: pagination.item_count,
        page_size: if of.paged { pagination.page_size.unwrap_or(PAGE_SIZE) } else { 0 },
        server_time_us: answer.server_time_us().unwrap_or(0),
        remaining: remaining(answer),
    }
}

impl Page {
    fn with(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }
}
