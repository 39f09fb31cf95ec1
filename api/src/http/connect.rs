//! The customer's way in: the page behind the link, the button that leads to the provider, the choice, the end.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::{COOKIE, cookie, is_from_our_page, parameter};
use crate::consenting::{self, Choices, Problem, Provider, Shown};
use crate::pages;
use crate::state::State;

/// A little longer than the sign-in, so that a late browser is told that it is late and not that it is another.
const COOKIE_LIVES: Duration = Duration::minutes(20);

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/connect/choose").route(web::get().to(choices)).route(web::post().to(choose)))
        .service(web::resource("/connect/done").route(web::get().to(done)))
        .service(web::resource("/connect/problem/{code}").route(web::get().to(problem)))
        .service(
            web::resource("/connect/{token}")
                .route(web::get().to(invitation))
                // Mail scanners look before people do; neither changes anything.
                .route(web::head().to(invitation))
                .route(web::post().to(begin)),
        );
}

async fn invitation(state: Data<State>, token: Path<String>) -> HttpResponse {
    match consenting::invitation(&state, &token).await {
        Ok(Some(invitation)) => pages::consent::page(&invitation, &token),
        Ok(None) => pages::problem::no_link(),
        Err(failure) => pages::broken(failure),
    }
}

async fn begin(state: Data<State>, token: Path<String>, request: HttpRequest) -> HttpResponse {
    if !is_from_our_page(&request, &state.public_url) {
        return pages::problem::not_from_here();
    }
    let cookie = cookie(&request);
    match consenting::begin(&state, &token, cookie.as_deref()).await {
        Ok(Some(begun)) => {
            let mut answer = pages::redirect(StatusCode::SEE_OTHER, begun.to.as_str());
            let cookie = Cookie::build(COOKIE, begun.cookie)
                .path("/")
                .secure(true)
                .http_only(true)
                // Lax: the way back from the provider is a link followed.
                .same_site(SameSite::Lax)
                .max_age(COOKIE_LIVES)
                .finish();
            match answer.add_cookie(&cookie) {
                Ok(()) => answer,
                Err(error) => {
                    tracing::error!(%error, "the cookie of a sign-in could not be set");
                    pages::problem::page(Problem::OurSide, None)
                }
            }
        }
        Ok(None) => pages::problem::no_link(),
        Err(failure) => pages::broken(failure),
    }
}

async fn choices(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let (sign_in, cookie) = (parameter(&request, "s"), cookie(&request));
    match consenting::choices(&state, &sign_in, cookie.as_deref()).await {
        Ok(Choices::Among { tenant_name, provider, organisations, may_be_several }) => {
            pages::choose::page(&tenant_name, provider, &organisations, may_be_several, &sign_in)
        }
        Ok(Choices::Elsewhere(page)) => pages::redirect(StatusCode::SEE_OTHER, &page),
        Err(failure) => pages::broken(failure),
    }
}

async fn choose(state: Data<State>, request: HttpRequest, choice: Form<Vec<(String, String)>>) -> HttpResponse {
    if !is_from_our_page(&request, &state.public_url) {
        return pages::problem::not_from_here();
    }
    let (sign_in, cookie) = (parameter(&request, "s"), cookie(&request));
    let work = actix_web::rt::spawn(async move {
        let chosen = choice.into_inner().into_iter().filter(|(name, _)| name == "organisation");
        let chosen: Vec<String> = chosen.map(|(_, organisation)| organisation).collect();
        consenting::choose(&state, &sign_in, cookie.as_deref(), &chosen).await
    });
    match work.await {
        Ok(Ok(page)) => pages::redirect(StatusCode::SEE_OTHER, &page),
        Ok(Err(failure)) => pages::broken(failure),
        Err(gone) => {
            tracing::error!(error = %gone, "a choice's work broke off");
            pages::problem::page(Problem::OurSide, None)
        }
    }
}

async fn done(state: Data<State>, request: HttpRequest) -> HttpResponse {
    let (sign_in, cookie) = (parameter(&request, "s"), cookie(&request));
    match consenting::shown(&state, &sign_in, cookie.as_deref()).await {
        Ok(Shown::Elsewhere(page)) => pages::redirect(StatusCode::SEE_OTHER, &page),
        Ok(shown) => pages::done::page(&shown),
        Err(failure) => pages::broken(failure),
    }
}

async fn problem(code: Path<String>, request: HttpRequest) -> HttpResponse {
    let provider = Provider::parse(&parameter(&request, "p"));
    match Problem::parse(&code) {
        Some(problem) => pages::problem::page(problem, provider),
        None => pages::problem::nothing_here(),
    }
}
