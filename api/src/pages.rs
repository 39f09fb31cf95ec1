//! The customer's pages: templates filled with words, careful headers, one style sheet. Everything shown is escaped.

pub mod addresses;
mod asked;
pub mod choose;
pub mod consent;
pub mod done;
pub mod problem;
pub mod report;
pub mod status;

use std::sync::OnceLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::web::Path;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use jobs::context::Failure;

use crate::consenting::Problem;
use crate::error::chain;

const STYLE: &str = include_str!("../assets/style.css");
const STATUS_SCRIPT: &str = include_str!("../assets/status.js");
/// Our own style sheet and script, nothing else. No `form-action`: browsers apply it to the provider's own redirects too.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";
/// An asset's name changes with its content.
const ASSET_CACHE: &str = "public, max-age=31536000, immutable";

/// Where the style sheet is.
pub fn style() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| named("style", STYLE, "css"))
}

/// Where the script of the status page is.
pub fn status_script() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| named("status", STATUS_SCRIPT, "js"))
}

/// Serves the two assets. An older name gets today's content, so that a page opened before an update still has its style.
pub async fn asset(name: Path<String>) -> HttpResponse {
    let (kind, content, path) = if name.starts_with("style.") && name.ends_with(".css") {
        ("text/css; charset=utf-8", STYLE, style())
    } else if name.starts_with("status.") && name.ends_with(".js") {
        ("text/javascript; charset=utf-8", STATUS_SCRIPT, status_script())
    } else {
        return problem::nothing_here();
    };
    let cache = if path.ends_with(name.as_str()) { ASSET_CACHE } else { "no-store" };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(kind)
        .body(content)
}

/// A page.
pub fn show(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => careful(status).content_type("text/html; charset=utf-8").body(html),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            careful(StatusCode::INTERNAL_SERVER_ERROR).finish()
        }
    }
}

/// A page with a form. Without a referrer browsers would send the form's origin as `null`, and we could not know it for ours;
/// other sites are still told nothing.
pub fn ask(page: &impl Template) -> HttpResponse {
    let mut answer = show(StatusCode::OK, page);
    answer.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    answer
}

/// Sends the browser on. What stands in the address bar now must neither be kept nor told.
pub fn redirect(status: StatusCode, to: &str) -> HttpResponse {
    careful(status).insert_header((LOCATION, to)).finish()
}

/// Our own fault: the whole reason to the log, a plain page to the customer.
pub fn broken(failure: Failure) -> HttpResponse {
    tracing::error!(error = %chain(&failure), "a page could not be shown");
    let mut answer = problem::page(Problem::OurSide, None);
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    answer
}

/// Every answer's headers: addresses of these pages hold secrets.
pub fn careful(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header(("X-Robots-Tag", "noindex, nofollow"));
    answer
}

fn named(name: &str, content: &str, kind: &str) -> String {
    let print = blake3::hash(content.as_bytes()).to_hex();
    format!("/assets/{name}.{}.{kind}", &print[..12])
}

/// `Zoho Books, Zoho Inventory and Zoho CRM`.
pub fn in_words(products: &[String]) -> String {
    let names: Vec<&str> = products.iter().map(|code| product(code)).collect();
    match names.as_slice() {
        [] => "Zoho".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub fn product(code: &str) -> &str {
    match code {
        "books" => "Zoho Books",
        "inventory" => "Zoho Inventory",
        "invoice" => "Zoho Invoice",
        "billing" => "Zoho Billing",
        "expense" => "Zoho Expense",
        "crm" => "Zoho CRM",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_keeps_the_address_to_itself() {
        let answers =
            [redirect(StatusCode::FOUND, "/connect/done?s=x"), problem::page(Problem::Declined, None), problem::no_link()];
        for answer in answers {
            let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap();
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("referrer-policy"), "no-referrer");
            assert!(header("content-security-policy").starts_with("default-src 'none'"));
        }
    }

    #[test]
    fn a_redirect_cannot_be_split() {
        let answer = redirect(StatusCode::FOUND, "/x\r\nSet-Cookie: a=b");
        assert!(answer.headers().get("set-cookie").is_none());
    }

    #[test]
    fn products_are_named_as_people_know_them() {
        let words = |codes: &[&str]| in_words(&codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["books"]), "Zoho Books");
        assert_eq!(words(&["books", "inventory", "crm"]), "Zoho Books, Zoho Inventory and Zoho CRM");
        assert_eq!(words(&[]), "Zoho");
    }
}
