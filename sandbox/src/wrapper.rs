//! Around every request of both providers: plays the fault that strikes, dates the answer, notes what was asked.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Extensions, Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};

use crate::faults::refusals::Whose;
use crate::faults::{Kind, refusals, tamper};
use crate::requests::Entry;
use crate::{Shared, limits, recorder, xero, zoho};

/// The client's socket, kept so that a fault can cut it.
struct Socket(TcpStream);

/// For `HttpServer::on_connect`.
pub fn keep_socket(connection: &dyn Any, data: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>()
        && let Ok(copy) = stream.as_fd().try_clone_to_owned()
    {
        data.insert(Socket(TcpStream::from(copy)));
    }
}

/// Around every request: plays the fault that strikes, and notes what was answered.
pub async fn wrap(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some((shared, provider)) = provider_of(&request) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let at = shared.clock.now();
    let org = organisation_of(&request);
    let method = request.method().clone();
    let path = request.path().to_owned();
    let heard = shared.recorder.hear(provider, &mut request).await;
    let in_flight = shared.requests.begin(provider, &org);
    let answer = limits::in_flight_until_answered(play(&shared, provider, request, next)).await;
    drop(in_flight);
    let mut answer = recorder::note(heard, answer?).await;
    if let Ok(date) = HeaderValue::from_str(&at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()) {
        answer.headers_mut().insert(DATE, date);
    }
    let cut = answer.request().extensions().get::<Cut>().is_some();
    let bytes = match answer.response().body().size() {
        BodySize::Sized(bytes) => bytes,
        BodySize::None | BodySize::Stream => 0,
    };
    shared.requests.note(Entry {
        at,
        provider,
        org,
        endpoint: endpoint_of(&method, &path),
        status: if cut { 0 } else { answer.status().as_u16() },
        bytes,
        write: !method.is_safe() && path.contains("/api/"),
    });
    Ok(answer)
}

/// Marks a request whose connection was cut.
struct Cut;

/// Marks a request whose answer is a fault's, and not the provider's.
pub struct Foreign;

async fn play(
    shared: &Shared,
    provider: &str,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let fault = shared.faults.strike(provider, request.method(), request.path(), request.query_string());
    if !matches!(
        fault,
        None | Some(Kind::Latency { .. } | Kind::ResetAfter | Kind::RevokeToken | Kind::Normalise { .. } | Kind::Edit { .. })
    ) {
        request.extensions_mut().insert(Foreign);
    }
    match fault {
        None => Ok(next.call(request).await?.map_into_boxed_body()),
        Some(Kind::Latency { ms }) => {
            let answer = next.call(request).await?.map_into_boxed_body();
            actix_web::rt::time::sleep(Duration::from_millis(ms)).await;
            Ok(answer)
        }
        Some(Kind::Status { code, body, headers }) => {
            let status = actix_web::http::StatusCode::from_u16(code).unwrap_or_default();
            let mut answer = HttpResponse::build(status);
            for (name, value) in headers {
                answer.insert_header((name, value));
            }
            Ok(request.into_response(answer.body(body)))
        }
        Some(Kind::Html) => {
            let page = "<!DOCTYPE html><html><head><title>Log in</title></head><body><form action=\"/login\">\
                        <input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>";
            Ok(request.into_response(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page)))
        }
        Some(Kind::TruncatedJson) => {
            let (request, answer) = next.call(request).await?.map_into_boxed_body().into_parts();
            let (head, body) = answer.into_parts();
            let whole = to_bytes(body).await.unwrap_or_default();
            let half = whole.slice(..whole.len() / 2);
            Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(half))))
        }
        Some(Kind::ResetBefore) => {
            cut(&request);
            Ok(request.into_response(HttpResponse::ServiceUnavailable().finish()))
        }
        Some(Kind::ResetAfter) => {
            let answer = next.call(request).await?.map_into_boxed_body();
            cut_answer(&answer);
            Ok(answer)
        }
        Some(Kind::RevokeToken) => {
            match provider {
                "xero" => xero::revoke_tokens(shared),
                _ => zoho::revoke_tokens(shared),
            }
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Some(Kind::TooMany { limit, retry_after_s }) => {
            let whose = Whose::of(provider, request.path());
            Ok(request.into_response(refusals::too_many(whose, limit, retry_after_s, &shared.switches)))
        }
        Some(Kind::ServerError { server }) => {
            let whose = Whose::of(provider, request.path());
            Ok(request.into_response(refusals::server_error(whose, server)))
        }
        Some(Kind::WrongContentType { content_type }) => {
            let mut answer = next.call(request).await?.map_into_boxed_body();
            if let Ok(value) = HeaderValue::from_str(&content_type) {
                answer.headers_mut().insert(CONTENT_TYPE, value);
            }
            Ok(answer)
        }
        Some(Kind::Normalise { how }) => {
            let mut request = request;
            let sent = match request.extract::<web::Bytes>().await {
                Ok(sent) => sent,
                Err(error) => return Ok(request.error_response(error)),
            };
            let tidied = tamper::sent(&sent, &how).map_or(sent, web::Bytes::from);
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(tidied.len()));
            request.set_payload(Payload::from(tidied));
            Ok(next.call(request).await?.map_into_boxed_body())
        }
        Some(kind @ (Kind::PageShift { .. } | Kind::EmptyList | Kind::UnknownEnum { .. } | Kind::NewFields { .. })) => {
            let (request, answer) = next.call(request).await?.map_into_boxed_body().into_parts();
            let (head, body) = answer.into_parts();
            let whole = to_bytes(body).await.unwrap_or_default();
            let changed = tamper::answered(&whole, &kind).map_or(whole, web::Bytes::from);
            Ok(ServiceResponse::new(request, head.set_body(BoxBody::new(changed))))
        }
        Some(Kind::Edit { tenant, resource, record, silent }) => {
            let answer = next.call(request).await?.map_into_boxed_body();
            if let Err(error) = xero::put(shared, &tenant, &resource, &record, silent) {
                tracing::error!(%error, "an edit was ordered that cannot be done");
            }
            Ok(answer)
        }
    }
}

fn cut(request: &ServiceRequest) {
    if let Some(socket) = request.conn_data::<Socket>() {
        let _ = socket.0.shutdown(Shutdown::Both);
    }
    request.extensions_mut().insert(Cut);
}

fn cut_answer(answer: &ServiceResponse<BoxBody>) {
    if let Some(socket) = answer.request().conn_data::<Socket>() {
        let _ = socket.0.shutdown(Shutdown::Both);
    }
    answer.request().extensions_mut().insert(Cut);
}

fn provider_of(request: &ServiceRequest) -> Option<(Shared, &'static str)> {
    let provider = match request.path() {
        path if path.starts_with("/xero/") => "xero",
        path if path.starts_with("/zoho/") => "zoho",
        _ => return None,
    };
    Some((request.app_data::<web::Data<Shared>>()?.get_ref().clone(), provider))
}

/// Both providers name the organisation beside the path: Xero in a header, Zoho in the query or in a header of the product.
fn organisation_of(request: &ServiceRequest) -> String {
    if !request.path().contains("/api/") {
        return String::new();
    }
    let headers = [
        "xero-tenant-id",
        "x-com-zoho-subscriptions-organizationid",
        "x-com-zoho-invoice-organizationid",
        "x-com-zoho-expense-organizationid",
    ];
    let header = headers.iter().find_map(|name| request.headers().get(*name)).and_then(|value| value.to_str().ok());
    if let Some(organisation) = header {
        return organisation.to_owned();
    }
    request.query_string().split('&').find_map(|pair| pair.strip_prefix("organization_id=")).unwrap_or_default().to_owned()
}

/// `PUT /invoices/{id}`: ids are the parts of a path that are six digits or more, or have the form of a uuid. The other products of Zoho
/// keep their names: `GET /billing/v1/customers`.
pub fn endpoint_of(method: &Method, path: &str) -> String {
    let path = ["/api.xro/2.0", "/books/v3", "/crm/v8"]
        .iter()
        .find_map(|prefix| path.split_once(prefix).map(|(_, rest)| rest))
        .or_else(|| path.strip_prefix("/xero"))
        .or_else(|| path.strip_prefix("/zoho").map(|rest| rest.split_once("/api/").map_or(rest, |(dc, _)| &rest[dc.len() + 4..])))
        .unwrap_or(path);
    let mut endpoint = String::with_capacity(path.len() + 8);
    endpoint.push_str(method.as_str());
    endpoint.push(' ');
    for part in path.split('/').skip(1) {
        endpoint.push('/');
        endpoint.push_str(if is_id(part) { "{id}" } else { part });
    }
    endpoint
}

fn is_id(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 6 && digits == part.len()) || (part.len() == 36 && part.bytes().filter(|byte| *byte == b'-').count() == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_carry_no_ids() {
        let endpoint = |method, path| endpoint_of(&method, path);
        assert_eq!(
            endpoint(Method::GET, "/xero/api/api.xro/2.0/Invoices/0b1c5b0e-1111-4222-8333-444455556666"),
            "GET /Invoices/{id}"
        );
        assert_eq!(
            endpoint(Method::POST, "/zoho/eu/api/books/v3/invoices/4600000000000123456/status/sent"),
            "POST /invoices/{id}/status/sent"
        );
        assert_eq!(endpoint(Method::POST, "/xero/identity/connect/token"), "POST /identity/connect/token");
        assert_eq!(endpoint(Method::GET, "/zoho/eu/api/billing/v1/customers/460000000001"), "GET /billing/v1/customers/{id}");
        assert_eq!(endpoint(Method::GET, "/zoho/eu/api/crm/v8/Contacts"), "GET /Contacts");
        assert_eq!(endpoint(Method::POST, "/zoho/eu/accounts/oauth/v2/token"), "POST /eu/accounts/oauth/v2/token");
    }
}
