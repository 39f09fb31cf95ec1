//! Zoho's data centres: a closed table. What a callback claims is looked up here and nowhere else, because our client secret is sent there.

use url::Url;

/// One data centre: where its users sign in, where its API is, and where Zoho Books' screens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataCentre {
    /// `location` in the callback: `us`, `eu`.
    pub location: String,
    pub accounts: Url,
    pub api: Url,
    pub web: Url,
}

/// The table. Nothing outside it is ever called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataCentres(Vec<DataCentre>);

/// Where Zoho is. Canada's accounts are on a domain of their own.
const ZOHO: [(&str, &str, &str, &str); 9] = [
    ("us", "https://accounts.zoho.com", "https://www.zohoapis.com", "https://books.zoho.com"),
    ("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu", "https://books.zoho.eu"),
    ("in", "https://accounts.zoho.in", "https://www.zohoapis.in", "https://books.zoho.in"),
    ("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au", "https://books.zoho.com.au"),
    ("jp", "https://accounts.zoho.jp", "https://www.zohoapis.jp", "https://books.zoho.jp"),
    ("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca", "https://books.zohocloud.ca"),
    ("sa", "https://accounts.zoho.sa", "https://www.zohoapis.sa", "https://books.zoho.sa"),
    ("uk", "https://accounts.zoho.uk", "https://www.zohoapis.uk", "https://books.zoho.uk"),
    ("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn", "https://books.zoho.com.cn"),
];

/// Why a setting is not a table of data centres.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDataCentres {
    #[error("{0:?} is not <location>=<accounts>|<api>|<web>")]
    Shape(String),
    #[error("{0:?} is not a web address: give https://…, or http:// on localhost")]
    Address(String),
    #[error("the location {0:?} is named twice")]
    Twice(String),
}

impl DataCentres {
    /// Zoho's own.
    pub fn zoho() -> Self {
        Self(ZOHO.iter().filter_map(|(location, accounts, api, web)| centre(location, accounts, api, web).ok()).collect())
    }

    /// A table of one's own, `us=<accounts>|<api>|<web>,eu=…`. It replaces Zoho's; an empty setting is Zoho's.
    pub fn parse(setting: &str) -> Result<Self, NotDataCentres> {
        if setting.trim().is_empty() {
            return Ok(Self::zoho());
        }
        let mut table: Vec<DataCentre> = Vec::new();
        for entry in setting.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let shape = || NotDataCentres::Shape(entry.to_owned());
            let (location, hosts) = entry.split_once('=').ok_or_else(shape)?;
            let &[accounts, api, web] = hosts.split('|').map(str::trim).collect::<Vec<_>>().as_slice() else {
                return Err(shape());
            };
            let location = location.trim().to_ascii_lowercase();
            if location.is_empty() || !location.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(shape());
            }
            if table.iter().any(|centre| centre.location == location) {
                return Err(NotDataCentres::Twice(location));
            }
            table.push(centre(&location, accounts, api, web)?);
        }
        Ok(Self(table))
    }

    /// The data centre of a callback's `location`. Anything not in the table is `None`.
    pub fn by_location(&self, location: &str) -> Option<&DataCentre> {
        self.0.iter().find(|centre| centre.location == location)
    }

    /// The data centre whose accounts server this is, as the callback's `accounts-server` names it.
    pub fn by_accounts_server(&self, server: &str) -> Option<&DataCentre> {
        let server = Url::parse(server).ok()?;
        self.0.iter().find(|centre| is_same_place(&centre.accounts, &server))
    }

    /// Where a consent starts: Zoho sends every user on to their own data centre from here.
    pub fn first(&self) -> Option<&DataCentre> {
        self.by_location("us").or(self.0.first())
    }

    /// Whether `api_domain` of a token answer is one of the table's.
    pub fn permits_api_domain(&self, api_domain: &Url) -> bool {
        self.0.iter().any(|centre| is_same_place(&centre.api, api_domain))
    }

    pub fn iter(&self) -> impl Iterator<Item = &DataCentre> {
        self.0.iter()
    }
}

fn centre(location: &str, accounts: &str, api: &str, web: &str) -> Result<DataCentre, NotDataCentres> {
    Ok(DataCentre { location: location.to_owned(), accounts: address(accounts)?, api: address(api)?, web: address(web)? })
}

/// Secrets travel to these addresses: https, or the same machine.
fn address(text: &str) -> Result<Url, NotDataCentres> {
    let not = || NotDataCentres::Address(text.to_owned());
    let url = Url::parse(text).map_err(|_| not())?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local);
    match safe && url.host().is_some() && url.username().is_empty() && url.password().is_none() && url.query().is_none() {
        true => Ok(url),
        false => Err(not()),
    }
}

/// Scheme, host, port and path are equal, and nothing else is said: `https://accounts.zoho.com@evil.example` is elsewhere.
fn is_same_place(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
        && one.path().trim_end_matches('/') == other.path().trim_end_matches('/')
        && other.username().is_empty()
        && other.password().is_none()
        && other.query().is_none()
        && other.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_data_centres_are_known() {
        let table = DataCentres::zoho();
        let known: Vec<&str> = table.iter().map(|centre| centre.location.as_str()).collect();
        assert_eq!(known, ["us", "eu", "in", "au", "jp", "ca", "sa", "uk", "cn"]);
        assert_eq!(table.by_location("ca").unwrap().accounts.as_str(), "https://accounts.zohocloud.ca/");
    }

    #[test]
    fn a_hostile_callback_leads_nowhere() {
        let table = DataCentres::zoho();
        for location in ["", "US", "us ", "evil", "../us", "us%00", "https://evil.example"] {
            assert_eq!(table.by_location(location), None, "{location:?}");
        }
        for server in [
            "https://evil.example",
            "https://accounts.zoho.com.evil.example",
            "https://accounts.zoho.com@evil.example",
            "http://accounts.zoho.com",
            "https://accounts.zoho.com:8443",
            "https://accounts.zoho.com/evil",
            "https://user@accounts.zoho.com",
            "accounts.zoho.com",
            "javascript:alert(1)",
        ] {
            assert_eq!(table.by_accounts_server(server), None, "{server:?}");
        }
        assert_eq!(table.by_accounts_server("https://accounts.zoho.eu").unwrap().location, "eu");
        assert!(table.permits_api_domain(&"https://www.zohoapis.eu".parse().unwrap()));
        assert!(!table.permits_api_domain(&"https://www.zohoapis.eu.evil.example".parse().unwrap()));
    }

    #[test]
    fn a_table_of_ones_own_replaces_zohos() {
        let table = DataCentres::parse("us=http://localhost:9/us/accounts|http://localhost:9/us/api|http://localhost:9/us/web, eu=https://a.example|https://b.example|https://c.example").unwrap();
        assert_eq!(table.iter().count(), 2);
        assert!(table.permits_api_domain(&"http://localhost:9/us/api".parse().unwrap()));
        assert!(!table.permits_api_domain(&"https://www.zohoapis.com".parse().unwrap()));
        assert_eq!(DataCentres::parse(" ").unwrap(), DataCentres::zoho());
    }

    #[test]
    fn a_bad_table_names_what_is_bad() {
        for (setting, why) in [
            ("us", NotDataCentres::Shape("us".into())),
            ("us=https://a.example|https://b.example", NotDataCentres::Shape("us=https://a.example|https://b.example".into())),
            ("us=http://a.example|https://b.example|https://c.example", NotDataCentres::Address("http://a.example".into())),
            ("us=a|b|c", NotDataCentres::Address("a".into())),
            (
                "us=https://a.example|https://b.example|https://c.example,us=https://a.example|https://b.example|https://c.example",
                NotDataCentres::Twice("us".into()),
            ),
        ] {
            assert_eq!(DataCentres::parse(setting), Err(why));
        }
    }
}
