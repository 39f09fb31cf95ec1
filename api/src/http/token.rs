//! `POST /oauth/token`: a partner's program shows its secret and gets a token (RFC 6749, section 4.4). Errors have the standard's shape.

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use entities::ids::ApiClientId;
use serde_json::json;
use url::form_urlencoded;

use crate::caller::{Partner, Scope, TOKEN_LIVES};
use crate::error::{Error, whole_seconds};
use crate::state::State;

/// Two short texts and a list of scopes.
const BODY_BYTES_MAX: usize = 4 * 1024;

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/oauth/token").app_data(web::PayloadConfig::new(BODY_BYTES_MAX)).route(web::post().to(token)));
}

/// A refusal: the standard's word, and a sentence.
enum Refused {
    Request(&'static str),
    Client { by_header: bool },
    GrantType,
    Scope(String),
    Ours(Error),
}

async fn token(state: Data<State>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    let answer = match give(&state, &request, body).await {
        Ok(answer) => answer,
        Err(refused) => refuse(refused),
    };
    no_store(answer)
}

async fn give(state: &State, request: &HttpRequest, body: Result<Bytes, actix_web::Error>) -> Result<HttpResponse, Refused> {
    let body = body.map_err(|_| Refused::Request("the body did not arrive, or is too long"))?;
    if !request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refused::Request("send the request as application/x-www-form-urlencoded"));
    }
    let form = Form::read(&body)?;
    let header = request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let by_header = header.is_some();
    let (id, secret) = match (header, form.one("client_id"), form.one("client_secret")) {
        (Some(header), id, None) => {
            let (named, secret) = basic(header).ok_or(Refused::Client { by_header })?;
            if id.is_some_and(|id| id != named) {
                return Err(Refused::Request("the header and the body name two clients"));
            }
            (named, secret)
        }
        (Some(_), _, Some(_)) => return Err(Refused::Request("show the secret once: in the header or in the body")),
        (None, Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
        (None, ..) => return Err(Refused::Client { by_header }),
    };
    match form.one("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(Refused::GrantType),
        None => return Err(Refused::Request("grant_type is missing")),
    }
    let client = state.clients.client(state, &id, &secret).await.map_err(Refused::Ours)?;
    let Some(client) = client else {
        tracing::warn!(
            client.id = id.parse::<ApiClientId>().ok().map(|id| id.to_string()),
            "a program showed a secret that is not its own"
        );
        return Err(Refused::Client { by_header });
    };
    let allowed = Scope::list(&client.scopes);
    let scopes = match form.one("scope") {
        None => allowed,
        Some(asked) => {
            let read = |name: &str| {
                let scope = Scope::read(name).filter(|scope| allowed.contains(scope));
                scope.ok_or_else(|| Refused::Scope(format!("this client may ask for: {}", Scope::text(&allowed))))
            };
            let mut read: Vec<Scope> = asked.split_whitespace().map(read).collect::<Result<_, _>>()?;
            read = Scope::ALL.into_iter().filter(|scope| read.contains(scope)).collect();
            if read.is_empty() {
                return Err(Refused::Scope(format!("this client may ask for: {}", Scope::text(&allowed))));
            }
            read
        }
    };
    let scope = Scope::text(&scopes);
    let mut random = [0; 16];
    state.chance.fill(&mut random);
    let id = uuid::Builder::from_random_bytes(random).into_uuid();
    let partner = Partner { client: client.id, id: client.partner_id, scopes };
    let token = state.partners.sign(&partner, state.now(), id);
    let token = token.map_err(|error| Refused::Ours(jobs::context::Failure::Bug(error.to_string()).into()))?;
    Ok(HttpResponse::Ok().json(json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIVES.as_secs(),
        "scope": scope,
    })))
}

/// The parameters. One that is empty counts as left out; one that is given twice is an error, as the standard wants.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refused> {
        let mut form: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()) {
            if form.iter().any(|(known, _)| *known == name) {
                return Err(Refused::Request("a parameter is given twice"));
            }
            form.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(form))
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Id and secret from the header; each was form-encoded before (RFC 6749, section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    let text = String::from_utf8(BASE64.decode(text.trim()).ok()?).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = text.split_once(':')?;
    // Read as the value of a parameter, which is what it is encoded as.
    let decoded = |text: &str| {
        let pair = format!("x={}", text.replace('&', "%26"));
        form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

fn refuse(refused: Refused) -> HttpResponse {
    let bad =
        |error: &str, sentence: &str| HttpResponse::BadRequest().json(json!({ "error": error, "error_description": sentence }));
    match refused {
        Refused::Request(sentence) => bad("invalid_request", sentence),
        Refused::GrantType => bad("unsupported_grant_type", "only client_credentials is supported"),
        Refused::Scope(sentence) => bad("invalid_scope", &sentence),
        Refused::Client { by_header } => {
            let mut answer = HttpResponse::Unauthorized();
            if by_header {
                answer.insert_header((WWW_AUTHENTICATE, "Basic realm=\"cpconnect\""));
            }
            answer.json(json!({ "error": "invalid_client", "error_description": "no client has this id and this secret" }))
        }
        Refused::Ours(error) => {
            error.log();
            let (status, word) = match &error {
                Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
                _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            };
            let mut answer = HttpResponse::build(status);
            if let Error::RateLimited { after } = &error {
                answer.insert_header((RETRY_AFTER, whole_seconds(*after).to_string()));
            }
            answer.json(json!({ "error": word, "error_description": error.to_string() }))
        }
    }
}

fn no_store(mut answer: HttpResponse) -> HttpResponse {
    let no_store = actix_web::http::header::HeaderValue::from_static("no-store");
    answer.headers_mut().insert(CACHE_CONTROL, no_store);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_come_out_of_the_header_as_they_were_encoded_into_it() {
        let header = |text: &str| format!("Basic {}", BASE64.encode(text));
        assert_eq!(basic(&header("a:b")), Some(("a".to_owned(), "b".to_owned())));
        assert_eq!(basic(&header("a:b%3Ac+d")), Some(("a".to_owned(), "b:c d".to_owned())));
        assert_eq!(basic(&header("a:b&c")), Some(("a".to_owned(), "b&c".to_owned())));
        for bad in ["", "Basic", "Basic !", "Bearer YTpi", &header("ab")] {
            assert_eq!(basic(bad), None, "{bad}");
        }
    }
}
