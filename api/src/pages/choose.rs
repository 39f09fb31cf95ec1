//! The page to choose an organisation on, where a login reaches several.

use actix_web::HttpResponse;
use askama::Template;

use crate::consenting::Provider;

#[derive(Template)]
#[template(path = "choose.html")]
struct Choose<'a> {
    tenant: &'a str,
    side: &'static str,
    organisations: &'a [(String, String)],
    may_be_several: bool,
    action: String,
}

pub fn page(
    tenant: &str,
    provider: Provider,
    organisations: &[(String, String)],
    may_be_several: bool,
    sign_in: &str,
) -> HttpResponse {
    let sign_in: String = url::form_urlencoded::byte_serialize(sign_in.as_bytes()).collect();
    let page =
        Choose { tenant, side: provider.title(), organisations, may_be_several, action: format!("/connect/choose?s={sign_in}") };
    super::ask(&page)
}
