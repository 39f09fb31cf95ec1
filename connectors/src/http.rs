//! The one HTTP client behind every call to a provider: its limits, and what an answer without content comes to.

mod spans;
#[cfg(test)]
pub(crate) mod stub;

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use tracing::Instrument;

pub use self::spans::SPANS;
use crate::side::Trouble;

/// A whole call, from connecting to the last byte. Slow answers of the providers stay below 10 s.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(15);
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// 1,000 long invoices are about 4 MiB; more than this is not an answer we asked for.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A list that has no pages comes whole, and takes its time; a turn at a link holds it for a minute.
pub const LIST_BYTES_MAX: usize = 64 * 1024 * 1024;
pub const LIST_TIMEOUT: Duration = Duration::from_secs(30);
/// A provider's day is the longest wait that makes sense; whatever says more is mistaken.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(25 * 3600);

/// Calls providers. Cheap to clone: the connections are shared.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

/// An answer that arrived whole. It may be a customer's record: never log it.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    pub fn new() -> Self {
        let client = reqwest::Client::builder()
            .user_agent(concat!("CP Connect/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .gzip(true)
            .build()
            .expect("the HTTP client starts: its settings are constants");
        Self { client }
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        self.send_for(request, BODY_BYTES_MAX).await
    }

    /// The same for a list without pages.
    pub(crate) async fn send_for_list(&self, request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
        self.send_for(request.timeout(LIST_TIMEOUT), LIST_BYTES_MAX).await
    }

    async fn send_for(&self, request: reqwest::RequestBuilder, bytes_max: usize) -> Result<Answer, Trouble> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| Trouble::Unreachable(why(&error)))?;
        let span = spans::call(request.method(), request.url());
        let outcome = exchange(&client, request, bytes_max).instrument(span.clone()).await;
        spans::ended(&span, &outcome);
        outcome
    }
}

async fn exchange(client: &reqwest::Client, request: reqwest::Request, bytes_max: usize) -> Result<Answer, Trouble> {
    let mut response = client.execute(request).await.map_err(|error| Trouble::Unreachable(why(&error)))?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::with_capacity(response.content_length().unwrap_or(0).min(bytes_max as u64) as usize);
    while let Some(chunk) = response.chunk().await.map_err(|error| Trouble::Unreachable(why(&error)))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(Trouble::Unreachable(format!("the answer is longer than {bytes_max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A web page where data was asked for: a proxy, a login form, a maintenance notice.
    pub fn is_html(&self) -> bool {
        let declared = self.header(CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        declared || self.body.trim_ascii_start().starts_with(b"<")
    }

    /// The provider's own clock, in microseconds since 1970.
    pub fn server_time_us(&self) -> Option<i64> {
        self.header(DATE).and_then(http_date).map(|at| at.timestamp_micros())
    }

    /// How long the provider asks us to wait: seconds, or a date measured against its own clock.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.header(RETRY_AFTER)?.trim();
        let wait = match asked.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = http_date(asked)?;
                let now = self.header(DATE).and_then(http_date)?;
                (until - now).to_std().unwrap_or_default()
            }
        };
        Some(wait.clamp(Duration::from_secs(1), RETRY_AFTER_MAX))
    }

    pub fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Joins a path to a base address that may have a path of its own.
pub fn at(base: &url::Url, path: &str) -> url::Url {
    let mut joined = base.clone();
    joined.set_query(None);
    joined.set_fragment(None);
    let path = format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/'));
    joined.set_path(&path);
    joined
}

/// This machine, and nobody else's.
pub fn is_this_machine(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.with_timezone(&Utc))
}

/// Says what failed without the address, which may carry ids or a code.
fn why(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_decode() || error.is_body() {
        "the answer broke off"
    } else {
        "the connection failed"
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), reqwest::header::HeaderValue::from_static(value))
            })
            .collect();
        Answer { status: 429, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_wait_may_be_seconds_or_a_date_by_the_servers_clock() {
        let date = ("date", "Sat, 14 Nov 2026 10:00:00 GMT");
        assert_eq!(answer(&[("retry-after", "22")], "").retry_after(), Some(Duration::from_secs(22)));
        assert_eq!(
            answer(&[("retry-after", "Sat, 14 Nov 2026 10:01:30 GMT"), date], "").retry_after(),
            Some(Duration::from_secs(90))
        );
        assert_eq!(
            answer(&[("retry-after", "Sat, 14 Nov 2026 09:00:00 GMT"), date], "").retry_after(),
            Some(Duration::from_secs(1))
        );
        assert_eq!(answer(&[("retry-after", "99999999999")], "").retry_after(), Some(RETRY_AFTER_MAX));
        assert_eq!(answer(&[("retry-after", "soon")], "").retry_after(), None);
        assert_eq!(answer(&[], "").retry_after(), None);
    }

    #[test]
    fn a_page_is_known_by_its_type_or_by_its_first_character() {
        assert!(answer(&[("content-type", "text/html; charset=utf-8")], "sorry").is_html());
        assert!(answer(&[("content-type", "application/json")], "  <html>").is_html());
        assert!(!answer(&[("content-type", "application/json")], "{}").is_html());
    }

    #[test]
    fn a_base_with_a_path_keeps_it() {
        let at = |base: &str, path| at(&base.parse().unwrap(), path).to_string();
        assert_eq!(at("https://login.example", "identity/connect"), "https://login.example/identity/connect");
        assert_eq!(at("http://localhost:9000/xero/", "/connections"), "http://localhost:9000/xero/connections");
    }

    #[tokio::test]
    async fn whatever_goes_wrong_on_the_way_is_out_of_reach() {
        let http = Http::new();
        let too_long = " ".repeat(BODY_BYTES_MAX + 1);
        let redirect = (302, "location: http://elsewhere.example/\r\n", String::new());
        let stub = stub::Stub::answering(vec![(200, "", too_long.clone()), (200, "", too_long), redirect]).await;
        let send = || http.send(http.client().get(stub.url.clone()));
        // A list without pages may be longer.
        let list = http.send_for_list(http.client().get(stub.url.clone())).await;
        assert!(list.is_ok_and(|answer| answer.body.len() > BODY_BYTES_MAX));
        assert!(matches!(send().await, Err(Trouble::Unreachable(why)) if why.contains("longer than")));
        assert_eq!(send().await.map(|answer| answer.status).ok(), Some(302));
        // Now it hangs up.
        let Err(Trouble::Unreachable(why)) = send().await else { panic!("an answer out of nowhere") };
        assert!(!why.contains("127.0.0.1"), "{why}");
        assert!(stub.requests()[0].contains(&format!("user-agent: CP Connect/{}", env!("CARGO_PKG_VERSION"))));
        assert!(stub.requests()[0].contains("accept-encoding: gzip"));
    }
}
