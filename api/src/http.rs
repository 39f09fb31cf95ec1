//! What browsers and machines reach by an address of its own: pages, callbacks, health.

pub mod addresses;
pub mod connect;
pub mod health;
pub mod metrics;
pub mod oauth;
pub mod status;
pub mod token;
pub mod webhooks;

use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use url::Url;

use crate::pages;

/// Binds a sign-in to the browser that began it.
pub const COOKIE: &str = "__Host-cpconnect";

pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(health::configure)
        .configure(metrics::configure)
        .configure(connect::configure)
        .configure(oauth::configure)
        .configure(token::configure)
        .configure(status::configure)
        .configure(addresses::configure)
        .configure(webhooks::configure)
        .route("/assets/{name}", web::get().to(pages::asset));
}

/// Whether a form came from a page of ours. Another site could send it too, and its visitor would never have seen our page.
/// A client that says nothing at all is no browser, so nobody is tricked through it.
fn is_from_our_page(request: &HttpRequest, public_url: &Url) -> bool {
    let said = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        // Older browsers. `null` is an origin too, and not ours.
        (None, Some(origin)) => origin == public_url.origin().ascii_serialization(),
        (None, None) => true,
    }
}

/// The cookie's value, if this browser has one.
fn cookie(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// A query parameter. One that is given twice is none: two readers might take different ones.
fn parameter(request: &HttpRequest, name: &str) -> String {
    let mut values = url::form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned());
    match (values.next(), values.next()) {
        (Some(value), None) => value,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_form_counts_only_from_our_own_pages() {
        let ours: Url = "https://connect.example.com/".parse().unwrap();
        let comes = |headers: &[(&'static str, &'static str)]| {
            let request = headers.iter().fold(TestRequest::post(), |request, header| request.insert_header(*header));
            is_from_our_page(&request.to_http_request(), &ours)
        };
        assert!(comes(&[]));
        assert!(comes(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(comes(&[("sec-fetch-site", "none")]));
        assert!(comes(&[("origin", "https://connect.example.com")]));
        for site in ["cross-site", "same-site", "", "same-origin, cross-site"] {
            assert!(!comes(&[("sec-fetch-site", site), ("origin", "https://connect.example.com")]), "{site}");
        }
        for origin in
            ["null", "", "http://connect.example.com", "https://connect.example.com.evil.example", "https://example.com"]
        {
            assert!(!comes(&[("origin", origin)]), "{origin}");
        }
    }
}
