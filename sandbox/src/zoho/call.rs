//! One call of Books or its sister products: who calls, for which organisation, within which limits, and what was sent.

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::consent::DATA_CENTRES;
use super::organisations::{self, Org};
use super::products::{self, Product};
use super::records::Desk;
use super::{excess, multipart, tokens};
use crate::Shared;

/// The query of an address, in order.
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same with this parameter as given here.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut all: Vec<_> = self.0.iter().filter(|(key, _)| key != name).cloned().collect();
        all.push((name.to_owned(), value.to_owned()));
        Self(all)
    }
}

/// What a handler is given.
pub struct Call<'a> {
    pub shared: &'a Shared,
    pub product: Product,
    pub dc: &'a str,
    pub method: &'a Method,
    pub segments: Vec<&'a str>,
    pub query: Query,
    pub headers: &'a HeaderMap,
    body: &'a [u8],
    /// The content type, where the body is a form with the JSON in one of its fields.
    form: Option<&'a str>,
}

impl Call<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The call as Books would have it, where another product has other words for it.
    pub fn reworded<'b>(&'b self, method: &'b Method, segments: Vec<&'b str>, query: Query, body: &'b [u8]) -> Call<'b> {
        let Self { shared, product, dc, headers, .. } = *self;
        Call { shared, product, dc, method, segments, query, headers, body, form: None }
    }

    /// What was sent, as it is.
    pub fn body(&self) -> &[u8] {
        self.body
    }

    pub fn has_body(&self) -> bool {
        !self.body.iter().all(u8::is_ascii_whitespace)
    }

    /// The JSON object that was sent: as the body, or in the field `JSONString` of either kind of form.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        match self.any_json()? {
            Value::Object(body) => Ok(body),
            _ => Err(not_well_formed()),
        }
    }

    /// As `json`, for the few calls whose body is a list.
    pub fn any_json(&self) -> Result<Value, Refusal> {
        if !self.has_body() {
            return Err(Refusal::new(11, "The body of the request is empty."));
        }
        if let Some(kind) = self.form {
            let fields = match multipart::parts(kind, self.body) {
                Some(parts) => parts.into_iter().map(|part| (part.name.clone(), part.text())).collect(),
                None => url::form_urlencoded::parse(self.body).into_owned().collect::<Vec<_>>(),
            };
            let field = fields.into_iter().find(|(name, _)| name == "JSONString");
            let (_, json) = field.ok_or_else(|| Refusal::new(11, "The parameter JSONString is missing."))?;
            return serde_json::from_str(&json).map_err(|_| not_well_formed());
        }
        serde_json::from_slice(self.body).map_err(|_| not_well_formed())
    }
}

/// Fixed prefixes, because they are matched without a regular expression: this is the busiest door of the sandbox.
pub fn configure(cfg: &mut ServiceConfig) {
    for dc in DATA_CENTRES {
        for product in Product::ALL {
            let finance = move |shared, request, body| finance(product, shared, request, body);
            cfg.service(web::scope(&format!("/zoho/{dc}/api{}", product.base())).default_service(web::to(finance)));
        }
    }
}

/// Everything below `/zoho/{dc}/api/books/v3/` and its like.
async fn finance(product: Product, shared: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let place = request.path().strip_prefix("/zoho/").and_then(|path| path.split_once("/api"));
    let place = place.and_then(|(dc, path)| Some((dc, path.strip_prefix(product.base())?)));
    let Some((dc, tail)) = place else { return HttpResponse::NotFound().finish() };
    let content_type = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let call = Call {
        shared: &shared,
        product,
        form: Some(content_type)
            .filter(|kind| kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("multipart/")),
        dc,
        method: request.method(),
        segments: tail.split('/').filter(|segment| !segment.is_empty()).collect(),
        query: Query::parse(request.query_string()),
        headers: request.headers(),
        body: &body,
    };
    let admitted = shared.store.with(|connection| admit(&call, connection));
    let (org, scopes) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return response(refusal.answer()),
    };
    let Some(org) = org else {
        let answer = shared.store.with(|connection| products::without_organisation(&call, connection, &scopes));
        return response(answer.unwrap_or_else(|refusal| refusal.answer()));
    };
    let permit = match shared.limits.enter(&format!("zoho:{}", org.id), &org.rule(product)) {
        Ok(permit) => permit,
        Err(exceeded) => return response(excess::finance(exceeded.kind, exceeded.rule.per_day)),
    };
    let mut response = match *call.method {
        Method::GET => shared.store.with(|connection| found(&call, connection, &org, &scopes)),
        _ => {
            let answer = shared.store.atomically(|connection| products::answer(&call, connection, &org, &scopes));
            shared.zoho.post.committed();
            response(answer.unwrap_or_else(|refusal| refusal.answer()))
        }
    };
    // The call is in flight until its answer is on its way.
    response.extensions_mut().insert(permit);
    response
}

/// A file, or JSON as everywhere else.
fn found(call: &Call, connection: &Connection, org: &Org, scopes: &str) -> HttpResponse {
    let desk = Desk { connection, shared: call.shared, org, now: call.shared.clock.now(), own_number: false };
    match products::download(call, &desk, scopes) {
        Some(file) => file.unwrap_or_else(|refusal| response(refusal.answer())),
        None => response(products::answer(call, connection, org, scopes).unwrap_or_else(|refusal| refusal.answer())),
    }
}

/// Token first, then the organisation.
fn admit(call: &Call, connection: &Connection) -> Result<(Option<Org>, String), Refusal> {
    let header = call.header("authorization").unwrap_or_default();
    let token = match header.split_once(' ') {
        Some(("Zoho-oauthtoken", token)) => token.trim(),
        Some(("Bearer", token)) if call.shared.switches.on("zoho.bearer_is_accepted") => token.trim(),
        _ => return Err(invalid_token()),
    };
    let now = call.shared.clock.now();
    let scopes = tokens::scopes_of(connection, token, call.dc, now)?.ok_or_else(invalid_token)?;
    if call.segments.first() == Some(&"organizations") {
        return Ok((None, scopes));
    }
    let in_header = call.product.organisation_header().and_then(|name| call.header(name));
    let asked = call.query.get("organization_id").or(in_header);
    let org = organisations::asked_for(connection, call.dc, asked)?;
    if !org.has(call.product) {
        return Err(organisations::not_associated(&org.id.to_string()));
    }
    Ok((Some(org), scopes))
}

fn invalid_token() -> Refusal {
    Refusal::new(14, "Invalid value passed for authtoken.").at(401)
}

fn not_well_formed() -> Refusal {
    Refusal::new(1038, "JSON is not well formed")
}

fn response(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).content_type("application/json;charset=UTF-8").body(answer.body)
}
