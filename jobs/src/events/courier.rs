//! Calls addresses that partners gave. Only the public internet: no address that is not public, and not our own, whatever name leads there and
//! whenever it is looked up. What of the network around this machine has public addresses is for its firewall.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connectors::http::is_this_machine;
use entities::clock::At;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use url::{Host, Url};
use uuid::Uuid;

/// The standard's: 15 to 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Messages on their way to one endpoint at once, in a process: a slow one leaves places to the others.
const AT_ONCE: usize = 2;
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3600);
const NO_CONNECTION: &str = "There was no connection, or the name does not lead to the public internet.";
const NOT_PUBLIC: &str = "it does not lead to the public internet";

/// Cheap to clone: the connections are shared.
#[derive(Clone, Debug)]
pub struct Courier {
    client: reqwest::Client,
    /// Where we are ourselves.
    own: Option<String>,
    /// While this server itself is for this machine only.
    may_call_this_machine: bool,
    /// Messages that are on their way to each endpoint.
    under_way: Arc<Mutex<HashMap<Uuid, usize>>>,
    /// Since when there is no key for an endpoint's secret in this process.
    keyless: Arc<Mutex<HashMap<Uuid, At>>>,
}

/// A message's place among those that are on their way to an endpoint.
pub struct Place {
    endpoint: Uuid,
    under_way: Arc<Mutex<HashMap<Uuid, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = under_way.get_mut(&self.endpoint) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.endpoint);
            }
        }
    }
}

/// What came back. What stands in the answer is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
}

impl Courier {
    /// `own`: where we are ourselves. `may_call_this_machine`: while that is this machine only.
    pub fn new(own: &Url, may_call_this_machine: bool) -> Self {
        let client = reqwest::Client::builder()
            .user_agent(concat!("CP Connect/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would look the name up itself.
            .no_proxy()
            .dns_resolver(PublicOnly { may_call_this_machine })
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build()
            .expect("the HTTP client starts: its settings are constants");
        let own = own.host_str().filter(|_| !may_call_this_machine).map(|host| host.trim_end_matches('.').to_owned());
        Self { client, own, may_call_this_machine, under_way: Arc::default(), keyless: Arc::default() }
    }

    /// For how long there has been no key for an endpoint's secret, in this process.
    pub fn keyless(&self, endpoint: Uuid, now: At) -> Duration {
        let mut keyless = self.keyless.lock().unwrap_or_else(PoisonError::into_inner);
        now.since(*keyless.entry(endpoint).or_insert(now))
    }

    /// There is one.
    pub fn has_key(&self, endpoint: Uuid) {
        self.keyless.lock().unwrap_or_else(PoisonError::into_inner).remove(&endpoint);
    }

    /// A place among the messages to an endpoint, unless all are taken.
    pub fn place(&self, endpoint: Uuid) -> Option<Place> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let count = under_way.entry(endpoint).or_default();
        if *count >= AT_ONCE {
            return None;
        }
        *count += 1;
        Some(Place { endpoint, under_way: self.under_way.clone() })
    }

    /// The address, if it is one that may be called. What its name leads to is looked at with every call.
    pub fn read(&self, text: &str) -> Result<Url, String> {
        let refused = |why: &str| Err(format!("the address cannot be called: {why}"));
        let Ok(url) = Url::parse(text) else { return refused("it is no URL") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("it has a user or a password in it; messages are known by their signature");
        }
        if url.fragment().is_some() {
            return refused("it has a fragment (#…), which is never sent");
        }
        let this_machine = self.may_call_this_machine;
        let may_be_called = match url.host() {
            Some(Host::Domain(_)) => this_machine || !is_this_machine(&url),
            Some(Host::Ipv4(ip)) => may_call(ip.into(), this_machine),
            Some(Host::Ipv6(ip)) => may_call(ip.into(), this_machine),
            None => return refused("it has no host"),
        };
        match url.scheme() {
            "https" => {}
            "http" if this_machine && is_this_machine(&url) => {}
            _ => return refused("it must begin with https://"),
        }
        if !may_be_called {
            return refused(NOT_PUBLIC);
        }
        if self.own.as_deref().is_some_and(|own| url.host_str().map(|host| host.trim_end_matches('.')) == Some(own)) {
            return refused("it is ours");
        }
        Ok(url)
    }

    /// Sends one message. The error is a sentence without the address.
    pub async fn send(&self, address: &str, headers: HeaderMap, body: String) -> Result<Answer, String> {
        self.post(self.read(address)?, headers, body).await
    }

    async fn post(&self, url: Url, headers: HeaderMap, body: String) -> Result<Answer, String> {
        let request = self.client.post(url).headers(headers).header(CONTENT_TYPE, "application/json").body(body);
        let answer = request.send().await.map_err(|error| why(&error))?;
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let retry_after = retry_after.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
        Ok(Answer { status: answer.status().as_u16(), retry_after })
    }
}

/// Whether a name leads to nobody or to somebody inside is not told apart: it would say which names there are.
fn why(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "There was no answer in time."
    } else if error.is_connect() {
        NO_CONNECTION
    } else {
        "The connection failed."
    };
    what.to_owned()
}

/// Looks names up, and forgets what nobody outside may be sent to. It is what the client connects to, so a name cannot change in between.
struct PublicOnly {
    may_call_this_machine: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let this_machine = self.may_call_this_machine;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| may_call(address.ip(), this_machine)).collect();
            if allowed.is_empty() {
                return Err(NOT_PUBLIC.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn may_call(ip: IpAddr, this_machine: bool) -> bool {
    is_public(ip) || (this_machine && ip.to_canonical().is_loopback())
}

/// What is not public of IPv4 (IANA IPv4 Special-Purpose Address Registry, RFC 6890), and groups (RFC 5771).
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Of IPv6 only 2000::/3 is global unicast, and of that not these (IANA IPv6 Special-Purpose Address Registry): protocol assignments with
/// Teredo, documentation, and 6to4, which carries an IPv4 address.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !NOT_PUBLIC_V4.iter().any(|(net, bits)| (ip.to_bits() ^ net.to_bits()) >> (32 - bits) == 0),
        IpAddr::V6(ip) => {
            ip.to_bits() >> 125 == 1
                && !NOT_PUBLIC_V6.iter().any(|(net, bits)| (ip.to_bits() ^ net.to_bits()) >> (128 - bits) == 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Url {
        Url::parse("https://connect.cloudperfect.example/").unwrap()
    }

    #[test]
    fn two_messages_at_once_are_on_their_way_to_one_endpoint() {
        let courier = Courier::new(&ours(), false);
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let places: Vec<Place> = (0..AT_ONCE).map(|_| courier.place(one).unwrap()).collect();
        assert!(courier.clone().place(one).is_none());
        assert!(courier.place(other).is_some());
        drop(places);
        assert!(courier.place(one).is_some());
        assert!(courier.under_way.lock().unwrap().is_empty());
    }

    #[test]
    fn only_the_public_internet_is_called() {
        let public =
            ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "223.255.255.255", "192.0.1.1"];
        let public_v6 = ["2606:4700::1111", "2a00:1450::1", "2001:200::1", "2003::1", "::ffff:8.8.8.8"];
        for ip in public.into_iter().chain(public_v6) {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let not = [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
        ];
        let not_v6 = [
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "4000::1",
        ];
        for ip in not.into_iter().chain(not_v6) {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_called_is_refused_with_its_reason() {
        let (strict, open) = (Courier::new(&ours(), false), Courier::new(&ours(), true));
        for good in ["https://hooks.partner.example/cp?x=1", "https://hooks.partner.example:8443/", "https://8.8.8.8/"] {
            assert!(strict.read(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("", "no URL"),
            ("hooks", "no URL"),
            ("ftp://a.example/", "https"),
            ("http://a.example/", "https"),
            ("https://ann:secret@a.example/", "password"),
            ("https://a.example/#part", "fragment"),
            ("data:text/plain,x", "no host"),
            ("https://127.0.0.1/", NOT_PUBLIC),
            ("https://2130706433/", NOT_PUBLIC),
            ("https://0x7f.1/", NOT_PUBLIC),
            ("https://[::1]/", NOT_PUBLIC),
            ("https://[::ffff:10.0.0.1]/", NOT_PUBLIC),
            ("https://169.254.169.254/latest/meta-data", NOT_PUBLIC),
            ("https://localhost/", NOT_PUBLIC),
            ("https://connect.cloudperfect.example:8443/graphql", "ours"),
            ("https://connect.cloudperfect.example./graphql", "ours"),
            ("http://localhost:8080/", "https"),
        ] {
            let said = strict.read(bad).expect_err(bad);
            assert!(said.contains(why), "{bad}: {said}");
        }
        for good in ["http://127.0.0.1:4000/", "http://localhost:4000/", "https://[::1]:4000/"] {
            assert!(open.read(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example/", "http://10.0.0.1/", "https://192.168.0.1/"] {
            assert!(open.read(bad).is_err(), "{bad}");
        }
    }

    /// A name gets past whoever only reads the address; where it leads does not.
    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_never_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = Url::parse(&format!("http://localhost:{port}/")).unwrap();
        let said = Courier::new(&ours(), false).post(address, HeaderMap::new(), "{}".to_owned()).await.unwrap_err();
        assert_eq!(said, NO_CONNECTION);
        let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(nobody.is_err(), "somebody connected");
    }
}
