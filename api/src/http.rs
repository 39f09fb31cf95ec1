//! What browsers and machines reach by an address of its own: pages, callbacks, health.

pub mod connect;
pub mod health;
pub mod oauth;
pub mod status;

use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};

use crate::pages;

/// Binds a sign-in to the browser that began it.
pub const COOKIE: &str = "__Host-cpconnect";

pub fn configure(config: &mut ServiceConfig) {
    config
        .configure(health::configure)
        .configure(connect::configure)
        .configure(oauth::configure)
        .configure(status::configure)
        .route("/assets/{name}", web::get().to(pages::asset));
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
