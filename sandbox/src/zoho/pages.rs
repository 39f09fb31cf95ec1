//! How the accounts server's pages look: plain forms that a browser, or a test that plays one, can fill in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::answer::Refusal;

pub fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body>{body}</body></html>"
    ))
}

pub fn error_page(error: &str) -> HttpResponse {
    let mut answer = page("Zoho: error", &format!("<h1>An error occurred</h1><p>{}</p>", escape(error)));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}

pub fn broken(refusal: Refusal) -> HttpResponse {
    HttpResponse::InternalServerError().body(refusal.message)
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
