//! `/api/v1`: what partners' programs and staff do over REST. The handlers are thin: what they do is done by the same functions that
//! GraphQL's resolvers call.

mod addresses;
mod body;
mod buttons;
mod consents;
mod document;
mod door;
mod find;
mod findings;
mod holds;
pub mod limits;
mod links;
mod messages;
mod noting;
mod once;
mod paging;
mod problem;
mod runs;
mod steering;
mod tenants;
mod unchanged;
mod webhooks;
mod words;

use actix_web::http::header::ALLOW;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Route};

use crate::error::Error;
pub use document::json as openapi;

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        // The last one is the outermost.
        web::scope("/api/v1")
            .wrap(from_fn(noting::noting))
            .wrap(from_fn(once::once))
            .wrap(from_fn(unchanged::unchanged))
            .wrap(from_fn(door::door))
            .wrap(from_fn(problem::problems))
            .configure(document::configure)
            .configure(tenants::configure)
            .configure(consents::configure)
            .configure(links::configure)
            .configure(runs::configure)
            .configure(steering::configure)
            .configure(holds::configure)
            .configure(findings::configure)
            .configure(addresses::configure)
            .configure(buttons::configure)
            .configure(webhooks::configure)
            .configure(messages::configure)
            .default_service(web::to(nothing_here)),
    );
}

async fn nothing_here() -> Result<HttpResponse, Error> {
    Err(Error::NotFound("address"))
}

/// What a resource answers to every method that it does not know.
fn only(methods: &'static str) -> Route {
    web::to(move || async move { HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods)).finish() })
}
