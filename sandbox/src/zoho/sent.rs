//! What a client sends an accounts server: in the query, in a form, or as Basic authentication, whichever it likes.

use actix_web::HttpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::call::Query;
use super::multipart;

/// Parameters of the query, of the form and of Basic authentication, whichever the client uses.
pub struct Sent {
    query: Query,
    form: Query,
    basic: Option<(String, String)>,
}

impl Sent {
    pub fn read(request: &HttpRequest, body: &[u8]) -> Self {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let basic = header.and_then(|header| header.strip_prefix("Basic ")).and_then(|encoded| STANDARD.decode(encoded).ok());
        let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
        let decode = |text: &str| {
            url::form_urlencoded::parse(format!("v={text}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let basic = basic.as_deref().and_then(|pair| pair.split_once(':')).map(|(id, secret)| (decode(id), decode(secret)));
        Self { query: Query::parse(request.query_string()), form: form(request, body), basic }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let basic = self.basic.as_ref().and_then(|(id, secret)| match name {
            "client_id" => Some(id.as_str()),
            "client_secret" => Some(secret.as_str()),
            _ => None,
        });
        self.form.get(name).or_else(|| self.query.get(name)).or(basic)
    }
}

/// As browsers send a form, or in parts, as the official client for Node does.
fn form(request: &HttpRequest, body: &[u8]) -> Query {
    let kind = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match multipart::parts(kind, body) {
        Some(parts) => Query::of(parts.into_iter().map(|part| (part.name.clone(), part.text())).collect()),
        None => Query::parse(&String::from_utf8_lossy(body)),
    }
}
