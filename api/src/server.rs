//! The HTTP server: every route, what is done to every request and answer, and how it ends.

mod middleware;

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, PayloadConfig, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::body::BODY_BYTES_MAX;
use crate::error::Error;
use crate::graphql::{self, endpoint, socket};
use crate::http;
use crate::rest;
use crate::state::State;
pub use middleware::RequestId;

/// How long open requests may take to end when the server is told to.
const SHUTDOWN_S: u64 = 5;
/// A client that is slower than this to send its headers is none.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);
/// Handlers wait for the database, not for the processor.
const THREADS: usize = 2;

/// Starts listening; port 0 takes a free one. The server runs when awaited and ends through its handle: signals are the caller's.
pub fn start(state: State, listener: TcpListener) -> std::io::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    let is_development = state.settings.is_development();
    let is_https = state.public_url.scheme() == "https";
    let schema = graphql::schema(state.clone());
    let state = web::Data::new(state);
    let schema = web::Data::new(schema);
    let limits = web::Data::new(rest::limits::Limits::new(state.settings.api_per_minute, state.clock.clone()));
    let seats = web::Data::new(socket::Seats::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(schema.clone())
            .app_data(seats.clone())
            .app_data(limits.clone())
            .app_data(PayloadConfig::new(BODY_BYTES_MAX))
            .wrap(from_fn(middleware::headers))
            .wrap(from_fn(middleware::trace))
            .app_data(web::Data::new(middleware::Transport { is_https }))
            .configure(endpoint::configure(is_development))
            .configure(routes)
            .default_service(web::to(nothing_here))
    })
    .workers(THREADS)
    .client_request_timeout(HEADERS_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_S)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok((server, address))
}

/// Everything but GraphQL.
fn routes(config: &mut ServiceConfig) {
    http::configure(config);
    rest::configure(config);
}

async fn nothing_here(_: HttpRequest) -> Result<HttpResponse, Error> {
    Err(Error::NotFound("page"))
}
