//! The OpenAPI document: written from the handlers, checked in as `api/openapi.json`, served to everybody.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, Schema, Type};
use utoipa::{Modify, OpenApi};

use super::once::KEY_CHARS_MAX;
use super::{addresses, buttons, consents, findings, holds, links, messages, only, problem, runs, steering, tenants, webhooks};
use crate::caller::Scope;

pub const PATH: &str = "/api/v1/openapi.json";

/// What may refuse any request, with the words for it.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "Malformed"),
    ("401", "No token, or one that is good for nothing"),
    ("403", "The token's scopes do not allow it"),
    ("404", "Not there, or another's"),
    ("422", "Understood, and wrong: `field` says where"),
    ("429", "Too often: `Retry-After` says when"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "CP Connect",
        description = "For partners who connect their customers' Xero organisations to Zoho. Get a token at `/oauth/token` with your client's \
                       id and secret, and send it as `Authorization: Bearer …`."
    ),
    paths(
        tenants::list_tenants, tenants::onboard_tenant, tenants::read_tenant, consents::resend_consent, links::read_link, addresses::read_address,
        runs::list_runs, runs::read_run, steering::start_run, steering::pause_run, steering::resume_run, steering::cancel_run,
        findings::list_findings, holds::list_holds, holds::retry_holds, buttons::show_button, buttons::provision_button,
        buttons::remove_button, webhooks::list_webhooks, webhooks::add_webhook, webhooks::read_webhook, webhooks::change_webhook,
        webhooks::remove_webhook, webhooks::new_webhook_secret, webhooks::test_webhook, messages::list_messages,
        messages::replay_message, messages::replay_messages,
    ),
    components(schemas(problem::Problem)),
    modifiers(&Common)
)]
struct Document;

/// The document, as it is checked in and served.
pub fn json() -> String {
    let mut json = Document::openapi().to_pretty_json().unwrap_or_default();
    json.push('\n');
    json
}

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/openapi.json").route(web::get().to(serve)).default_service(only("GET")));
}

async fn serve() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(json())
}

/// What every operation has in common.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document.info.license = None;
        for item in document.paths.paths.values_mut() {
            for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
                refusals(operation);
                without_null(operation.parameters.as_deref_mut().unwrap_or_default());
                let staff = SecurityRequirement::new("staff", Vec::<String>::new());
                operation.security.get_or_insert_default().push(staff);
            }
            for operation in [&mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
                refusal(operation, "409", "Not possible in the present state, or with this Idempotency-Key");
            }
            if let Some(operation) = &mut item.post {
                refusal(operation, "413", "The body is too large");
                let key = ParameterBuilder::new()
                    .name("Idempotency-Key")
                    .parameter_in(ParameterIn::Header)
                    .required(Required::False)
                    .description(Some("A name of your own for this request: sent again within 24 hours, it is answered alike and not done again"))
                    .schema(Some(key_text()));
                operation.parameters.get_or_insert_default().push(key.build().into());
            }
            if let Some(operation) = &mut item.get {
                let tag = HeaderBuilder::new().schema(Some(text())).description(Some("For `If-None-Match`")).build();
                if let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") {
                    found.headers.insert("ETag".to_owned(), tag.into());
                }
                let unchanged = ResponseBuilder::new().description("As you have it already").build();
                operation.responses.responses.insert("304".to_owned(), unchanged.into());
            }
        }
        let scopes = Scope::ALL.map(|scope| (scope.name(), scope.allows()));
        let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", Scopes::from_iter(scopes)));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("partner", SecurityScheme::OAuth2(OAuth2::new([flow])));
        let staff = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The token of a member of staff")).build();
        components.add_security_scheme("staff", SecurityScheme::Http(staff));
    }
}

fn refusals(operation: &mut Operation) {
    for (status, said) in REFUSALS {
        refusal(operation, status, said);
    }
}

fn refusal(operation: &mut Operation, status: &str, said: &str) {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(said).content("application/problem+json", problem).build();
    operation.responses.responses.insert(status.to_owned(), response.into());
}

/// What is not there is left out of an address: no parameter is ever null.
fn without_null(parameters: &mut [RefOr<Parameter>]) {
    for parameter in parameters.iter_mut().filter_map(|one| if let RefOr::T(one) = one { Some(one) } else { None }) {
        if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
            && let SchemaType::Array(types) = &mut schema.schema_type
        {
            types.retain(|one| *one != Type::Null);
            if let [only] = types.as_slice() {
                schema.schema_type = SchemaType::Type(only.clone());
            }
        }
    }
}

fn key_text() -> RefOr<Schema> {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(KEY_CHARS_MAX));
    key.pattern(Some(r"^[\x21-\x7e]+$")).into()
}

fn text() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    <String as utoipa::PartialSchema>::schema()
}

#[cfg(test)]
mod tests {
    /// `cargo run -- schema openapi > api/openapi.json` brings the file up to date.
    #[test]
    fn the_document_that_is_checked_in_is_the_document_that_is_served() {
        assert!(include_str!("../../openapi.json") == super::json(), "api/openapi.json is out of date");
    }
}
