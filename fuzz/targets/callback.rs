//! What a browser brings back from a provider: no `location` and no address of a server leads anywhere but to Zoho's own.
#![no_main]

use connectors::zoho::DataCentres;
use libfuzzer_sys::fuzz_target;
use url::{Url, form_urlencoded};

fuzz_target!(|data: &[u8]| {
    let zoho = DataCentres::zoho();
    let own: Vec<&str> = zoho.iter().flat_map(|centre| [&centre.accounts, &centre.api]).filter_map(|url| url.host_str()).collect();
    for (_, value) in form_urlencoded::parse(data) {
        if let Some(centre) = zoho.by_location(&value) {
            assert!(centre.location == *value && centre.accounts.scheme() == "https");
        }
        if let Some(centre) = zoho.by_accounts_server(&value) {
            let meant = Url::parse(&value).expect("it was read");
            assert_eq!(meant.host_str(), centre.accounts.host_str());
        }
        if let Ok(url) = Url::parse(&value)
            && zoho.permits_api_domain(&url)
        {
            assert!(url.host_str().is_some_and(|host| own.contains(&host)) && url.scheme() == "https", "{url}");
        }
        // A table of one's own is Zoho's place taken: whatever is in the setting, an address in it is https or this machine.
        if let Ok(table) = DataCentres::parse(&value) {
            for centre in table.iter() {
                let is_local = matches!(centre.accounts.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
                assert!(centre.accounts.scheme() == "https" || is_local);
            }
        }
    }
});
