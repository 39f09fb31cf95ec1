//! Where the providers send the browser back to. Always a redirect and never a page: the address holds a code.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::{cookie, parameter};
use crate::consenting::{self, Callback, Outcome, Problem, Provider};
use crate::error::chain;
use crate::pages;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.route("/oauth/xero/callback", web::get().to(xero)).route("/oauth/zoho/callback", web::get().to(zoho));
}

async fn xero(state: Data<State>, request: HttpRequest) -> HttpResponse {
    callback(state, &request, Provider::Xero).await
}

async fn zoho(state: Data<State>, request: HttpRequest) -> HttpResponse {
    callback(state, &request, Provider::Zoho).await
}

async fn callback(state: Data<State>, request: &HttpRequest, provider: Provider) -> HttpResponse {
    let callback = Callback {
        state: parameter(request, "state"),
        code: parameter(request, "code"),
        error: parameter(request, "error"),
        error_description: parameter(request, "error_description"),
        location: parameter(request, "location"),
        // `accounts-server` is not read: an address that a stranger may write gets no secret of ours.
    };
    let cookie = cookie(request);
    // On a task of its own: a browser that goes away must not stop us between the provider's tokens and our database.
    let work = actix_web::rt::spawn(async move { consenting::finish(&state, provider, &callback, cookie.as_deref()).await });
    let page = match work.await {
        Ok(Ok(page)) => page,
        Ok(Err(failure)) => {
            tracing::error!(error = %chain(&failure), "a callback could not be answered");
            Outcome::Problem(Problem::OurSide).page(provider, "")
        }
        Err(gone) => {
            tracing::error!(error = %gone, "a callback's work broke off");
            Outcome::Problem(Problem::OurSide).page(provider, "")
        }
    };
    pages::redirect(StatusCode::FOUND, &page)
}
