//! A span of a trace for every call to a provider: what was called and how it ended, never what was sent, asked for or answered.

use reqwest::{Method, Url};
use tracing::field::Empty;
use tracing::{Level, Span};

use super::Answer;
use crate::side::Trouble;

/// The target of the spans that become traces. The log does not show them.
pub const SPANS: &str = "cpconnect::spans";

/// For one call. Costs nothing where no traces are made.
pub(super) fn call(method: &Method, url: &Url) -> Span {
    if !tracing::span_enabled!(target: SPANS, Level::INFO) {
        return Span::none();
    }
    let template = template(url.path());
    tracing::info_span!(
        target: SPANS,
        "call",
        otel.kind = "client",
        otel.name = format!("{method} {template}"),
        otel.status_code = Empty,
        http.request.method = method.as_str(),
        http.response.status_code = Empty,
        server.address = url.host_str().unwrap_or_default(),
        url.template = template,
    )
}

/// How it ended.
pub(super) fn ended(span: &Span, outcome: &Result<Answer, Trouble>) {
    let status = outcome.as_ref().map_or(0, |answer| answer.status);
    if status > 0 {
        span.record("http.response.status_code", status);
    }
    if !(200..400).contains(&status) {
        span.record("otel.status_code", "ERROR");
    }
}

/// The path without ids, and without what people call their files.
fn template(path: &str) -> String {
    let mut template = String::with_capacity(path.len());
    let mut is_name = false;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        template.push('/');
        template.push_str(match segment {
            _ if is_name => "{name}",
            _ if is_word(segment) => segment,
            _ => "{id}",
        });
        is_name |= segment.eq_ignore_ascii_case("attachments");
    }
    template
}

/// A word of the provider's own: `Invoices`, `api.xro`, `v3`, `2.0`.
fn is_word(segment: &str) -> bool {
    let is_version = segment.len() <= 4 && segment.bytes().all(|byte| byte.is_ascii_digit() || b"v.".contains(&byte));
    let has_dot_or_v = segment.contains(['.', 'v']);
    let is_named = segment.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-._".contains(&byte));
    is_named || (is_version && has_dot_or_v)
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn a_template_has_neither_ids_nor_the_names_of_files() {
        for (path, wanted) in [
            ("/api.xro/2.0/Invoices", "/api.xro/2.0/Invoices"),
            ("/api.xro/2.0/Invoices/7fd0e4a5-1c9d-4f55-bc2a-5b2c7e0b5e11/History", "/api.xro/2.0/Invoices/{id}/History"),
            ("/api.xro/2.0/Invoices/7fd0/Attachments/Salary of Jane.pdf", "/api.xro/2.0/Invoices/{id}/Attachments/{name}"),
            ("/books/v3/invoices/460000000026049/status/sent", "/books/v3/invoices/{id}/status/sent"),
            ("/crm/v8/Deals/actions/watch", "/crm/v8/Deals/actions/watch"),
            ("/books/v3/contacts/12/", "/books/v3/contacts/{id}"),
            ("/.well-known/openid-configuration", "/.well-known/openid-configuration"),
            ("/webhooks/zoho/Xy4_-secret9", "/webhooks/zoho/{id}"),
            ("", ""),
        ] {
            assert_eq!(template(path), wanted);
        }
    }
}
