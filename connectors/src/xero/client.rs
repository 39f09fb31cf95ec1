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
    pub(super) http: Http,
    pub(super) api_url: Url,
    pub(super) tenant_id: String,
    pub(super) access_token: SecretString,
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
            url.query_pairs_mut().append_pair("page", &since.page.max(1).to_string());
        }
        if of.is_sized() {
            url.query_pairs_mut().append_pair("pageSize", &of.page_size.to_string());
        }
        if of.since && !of.unordered {
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
            // A short list: the caller takes out of it what it asked for.
            (None, [_]) if of.by_list => self.list_url(of),
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
            page_size: PAGE_SIZE,
            since: false,
            unordered: false,
            by_ids: None,
            by_list: false,
            extra: &[],
        };
        let page = self.page(&ORGANISATION, self.resource_url(&ORGANISATION, None), None).await?;
        match read_records::<Organisation>(&ORGANISATION, &page.body)?.into_iter().next() {
            Some(Ok(organisation)) => Ok(organisation),
            Some(Err(odd)) => Err(Trouble::Unreachable(format!("the organisation cannot be read: {}", odd.why))),
            None => Err(Trouble::Unreachable("the answer names no organisation".to_owned())),
        }
    }

    pub(super) fn resource_url(&self, of: &Resource, id: Option<&str>) -> Url {
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

    pub(super) async fn page(&self, of: &Resource, url: Url, modified_since_us: Option<i64>) -> Result<Page, Trouble> {
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
        let answer = if of.paged { self.http.send(request).await? } else { self.http.send_for_list(request).await? };
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
        page_size: if of.paged { pagination.page_size.unwrap_or(of.page_size) } else { 0 },
        server_time_us: answer.server_time_us().unwrap_or(0),
        remaining: remaining(answer),
    }
}

impl Page {
    /// Whether there may be another page behind one with so many records.
    pub fn is_full(&self, records: usize) -> bool {
        self.page_size > 0 && records >= self.page_size as usize
    }

    fn with(self, body: Vec<u8>) -> Self {
        Self { body, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::stub::Stub;
    use crate::side::Limit;
    use crate::xero::records::{ACCOUNTS, BANK_TRANSFERS, CURRENCIES, MANUAL_JOURNALS, PAYMENTS, SALES_INVOICES};

    const HEADERS: &str = "content-type: application/json\r\ndate: Sat, 14 Nov 2026 10:00:00 GMT\r\nx-minlimit-remaining: 58\r\nx-daylimit-remaining: 4999\r\n";

    async fn asked<T>(answers: Vec<(u16, &'static str, &str)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<String>) {
        let stub =
            Stub::answering(answers.into_iter().map(|(status, headers, body)| (status, headers, body.to_owned())).collect())
                .await;
        let client = Client::new(&Http::new(), &stub.url, "tenant-1", "secret-token".to_owned().into());
        let got = ask(client).await;
        (got, stub.requests())
    }

    #[tokio::test]
    async fn changes_are_asked_for_page_by_page_in_the_order_of_change() {
        let body = r#"{"pagination":{"page":2,"pageSize":1000,"pageCount":3,"itemCount":2345},"Invoices":[]}"#;
        let since = Since { anchor_us: Some(1_541_176_290_999_999), page: 2 };
        let (page, requests) =
            asked(vec![(200, HEADERS, body)], async |client| client.changed(&SALES_INVOICES, &since).await.unwrap()).await;
        let (line, headers) = requests[0].split_once("\r\n").unwrap();
        assert_eq!(
            line,
            "GET /api.xro/2.0/Invoices?unitdp=4&where=Type%3D%3D%22ACCREC%22&page=2&pageSize=1000&order=UpdatedDateUTC+ASC HTTP/1.1"
        );
        for header in [
            "authorization: Bearer secret-token",
            "xero-tenant-id: tenant-1",
            "accept: application/json",
            "if-modified-since: 2018-11-02T16:31:30",
        ] {
            assert!(headers.to_ascii_lowercase().contains(&header.to_ascii_lowercase()), "{header}");
        }
        assert_eq!((page.item_count, page.page_size, page.server_time_us), (Some(2345), 1000, 1_794_650_400_000_000));
        assert_eq!(page.remaining, Remaining { minute: Some(58), day: Some(4999) });
        assert_eq!(page.body, body.as_bytes());
    }

    #[tokio::test]
    async fn a_list_without_pages_is_asked_for_whole() {
        let since = Since { anchor_us: Some(0), page: 1 };
        let answers = vec![(200, HEADERS, r#"{"Currencies":[]}"#), (304, HEADERS, "")];
        let (pages, requests) = asked(answers, async |client| {
            (client.changed(&CURRENCIES, &since).await.unwrap(), client.changed(&ACCOUNTS, &since).await.unwrap())
        })
        .await;
        assert!(requests[0].starts_with("GET /api.xro/2.0/Currencies HTTP/1.1") && !requests[0].contains("if-modified-since"));
        assert!(requests[1].starts_with("GET /api.xro/2.0/Accounts?order=UpdatedDateUTC+ASC HTTP/1.1"));
        assert!(requests[1].contains("if-modified-since: 1970-01-01T00:00:00"));
        assert_eq!((pages.0.page_size, pages.1.body.as_slice()), (0, br#"{"Accounts":[]}"#.as_slice()));
    }

    #[tokio::test]
    async fn a_list_without_an_order_is_asked_for_none() {
        let since = Since { anchor_us: Some(0), page: 1 };
        let answers = vec![(200, HEADERS, r#"{"BankTransfers":[]}"#), (200, HEADERS, r#"{"ManualJournals":[]}"#)];
        let (_, requests) = asked(answers, async |client| {
            client.changed(&BANK_TRANSFERS, &since).await.unwrap();
            client.changed(&MANUAL_JOURNALS, &since).await.unwrap();
        })
        .await;
        assert!(requests[0].starts_with("GET /api.xro/2.0/BankTransfers?includeDeleted=true HTTP/1.1"), "{}", requests[0]);
        assert!(requests[1].starts_with("GET /api.xro/2.0/ManualJournals?page=1&pageSize=1000 HTTP/1.1"), "{}", requests[1]);
        assert!(requests.iter().all(|request| request.contains("if-modified-since: 1970-01-01T00:00:00")));
    }

    #[tokio::test]
    async fn chosen_records_are_asked_for_the_way_each_kind_allows() {
        let ids = |ids: &[&str]| ids.iter().map(|id| id.to_string()).collect::<Vec<_>>();
        let answers = vec![
            (200, HEADERS, r#"{"Invoices":[]}"#),
            (200, HEADERS, r#"{"Payments":[]}"#),
            (404, HEADERS, "The resource you're looking for cannot be found"),
            (200, HEADERS, r#"{"Currencies":[]}"#),
        ];
        let (_, requests) = asked(answers, async |client| {
            client.by_ids(&SALES_INVOICES, &ids(&["a", "b"])).await.unwrap();
            client.by_ids(&PAYMENTS, &ids(&["p/1"])).await.unwrap();
            let gone = client.by_ids(&PAYMENTS, &ids(&["p2"])).await.unwrap();
            assert_eq!(gone.body, br#"{"Payments":[]}"#);
            client.by_ids(&CURRENCIES, &ids(&["USD"])).await.unwrap();
            // Nothing is asked for where more than one cannot be.
            client.by_ids(&PAYMENTS, &ids(&["p1", "p2"])).await.unwrap();
        })
        .await;
        let lines: Vec<&str> = requests.iter().map(|request| request.lines().next().unwrap()).collect();
        assert_eq!(
            lines,
            [
                "GET /api.xro/2.0/Invoices?unitdp=4&where=Type%3D%3D%22ACCREC%22&IDs=a%2Cb&page=1&pageSize=100 HTTP/1.1",
                "GET /api.xro/2.0/Payments/p%2F1 HTTP/1.1",
                "GET /api.xro/2.0/Payments/p2 HTTP/1.1",
                "GET /api.xro/2.0/Currencies HTTP/1.1",
            ]
        );
    }

    #[tokio::test]
    async fn counts_and_the_organisation_take_one_call_each() {
        let answers = vec![
            (200, HEADERS, r#"{"pagination":{"page":1,"pageSize":1,"pageCount":7,"itemCount":7},"Invoices":[{}]}"#),
            (200, HEADERS, r#"{"Accounts":[{},{},{}]}"#),
            (
                200,
                HEADERS,
                r#"{"Organisations":[{"OrganisationID":"o","Name":"Demo","BaseCurrency":"NZD","ShortCode":"!a","PeriodLockDate":"/Date(1539993600000+0000)/"}]}"#,
            ),
        ];
        let (got, _) = asked(answers, async |client| {
            (
                client.count(&SALES_INVOICES).await.unwrap().0,
                client.count(&ACCOUNTS).await.unwrap().0,
                client.organisation().await.unwrap(),
            )
        })
        .await;
        assert_eq!((got.0, got.1), (Some(7), Some(3)));
        assert_eq!(
            (got.2.base_currency.as_str(), got.2.period_lock_date.map(|day| day.to_string()).as_deref()),
            ("NZD", Some("2018-10-20"))
        );
    }

    #[tokio::test]
    async fn trouble_is_named() {
        let answers = vec![
            (429, "x-rate-limit-problem: day\r\nretry-after: 5\r\n", ""),
            (200, HEADERS, r#"{"Invoices":[{"#),
            (200, "content-type: text/html\r\n", "<html>"),
        ];
        let (got, _) = asked(answers, async |client| {
            let mut got = Vec::new();
            for _ in 0..4 {
                got.push(client.changed(&SALES_INVOICES, &Since::default()).await.unwrap_err());
            }
            got
        })
        .await;
        assert!(matches!(got[0], Trouble::Busy { limit: Limit::Day, after } if after.as_secs() == 5));
        assert!(got[1..].iter().all(|trouble| matches!(trouble, Trouble::Unreachable(_))), "{got:?}");
    }
}
