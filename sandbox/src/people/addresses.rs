//! Addresses that records and scripts hold, as a browser on this machine has to open them.

use url::Url;

/// `https://go.xero.com/…`, `https://books.zoho.…/…` and `https://crm.zoho.…/…` are places in this sandbox; every other web address stays what it is.
/// None: nothing that a link may lead to.
pub fn here(base: &str, address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let door = match url.host_str()? {
        "go.xero.com" => "/xero/go",
        "books.zoho.com" | "crm.zoho.com" => "/zoho/us/web",
        "books.zoho.eu" | "crm.zoho.eu" => "/zoho/eu/web",
        _ => return Some(url.into()),
    };
    let mut place = format!("{base}{door}{}", url.path());
    for (sign, part) in [('?', url.query()), ('#', url.fragment())] {
        if let Some(part) = part {
            place.push(sign);
            place.push_str(part);
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_addresses_lead_into_the_sandbox() {
        let here = |address| here("http://127.0.0.1:9", address);
        for (address, is) in [
            ("https://go.xero.com/Contacts/View/bd22", Some("http://127.0.0.1:9/xero/go/Contacts/View/bd22")),
            (
                "https://go.xero.com/organisationlogin/default.aspx?shortcode=!a&redirecturl=/x",
                Some("http://127.0.0.1:9/xero/go/organisationlogin/default.aspx?shortcode=!a&redirecturl=/x"),
            ),
            ("https://books.zoho.eu/app/46#/contacts/12", Some("http://127.0.0.1:9/zoho/eu/web/app/46#/contacts/12")),
            ("https://crm.zoho.eu/crm/org20/tab/Potentials/7", Some("http://127.0.0.1:9/zoho/eu/web/crm/org20/tab/Potentials/7")),
            ("https://example.org/a", Some("https://example.org/a")),
            ("https://go.xero.com.example.org/a", Some("https://go.xero.com.example.org/a")),
            ("javascript:alert(1)", None),
            ("/relative", None),
            ("", None),
        ] {
            assert_eq!(here(address).as_deref(), is, "{address}");
        }
    }
}
