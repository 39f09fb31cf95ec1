//! Reads bear an `ETag`, and whoever has the present one already is told so in a line (`If-None-Match`).

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// As many bytes of the hash as make a collision unthinkable.
const TAG_BYTES: usize = 16;

pub async fn unchanged(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_read = request.method() == Method::GET;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let response = next.call(request).await?.map_into_boxed_body();
    if !is_read || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let (request, answer) = response.into_parts();
    let (mut answer, body) = answer.into_parts();
    let body = to_bytes(body).await.map_err(actix_web::error::ErrorInternalServerError)?;
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&blake3::hash(&body).as_bytes()[..TAG_BYTES]));
    let is_known = known.is_some_and(|known| knows(&known, &tag));
    if is_known {
        answer = HttpResponse::NotModified().finish().into_parts().0;
    }
    let headers = answer.headers_mut();
    headers.insert(ETAG, HeaderValue::from_str(&tag)?);
    // It may be kept, by who asked only, and asked about each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    let body = if is_known { BoxBody::new(()) } else { BoxBody::new(body) };
    Ok(ServiceResponse::new(request, answer.set_body(body)))
}

/// Whether a list of tags has this one. A weak tag is as good for a read (RFC 9110, section 13.1.2).
fn knows(list: &str, tag: &str) -> bool {
    list.trim() == "*" || list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_alone_in_a_list_or_weak() {
        for list in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*"] {
            assert!(knows(list, "\"a\""), "{list}");
        }
        for list in ["", "a", "\"b\"", "\"ab\""] {
            assert!(!knows(list, "\"a\""), "{list}");
        }
    }
}
