//! From a record on one side to the same record on the other: `/x/…` for what Xero shows, `/z/…` for what Zoho shows. Whoever knows a link's
//! key works in one of its organisations: it stands in the addresses that these show. It opens no record, only the way to one.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jobs::addresses::{self, Address, Place};
use jobs::buttons::{self, Asked};
use jobs::context::Failure;
use jobs::hints::Side;

use super::{is_from_our_page, parameter};
use crate::pages;
use crate::state::State;

/// A key is 32 hexadecimal digits; what is longer is not looked for.
const KEY_CHARS_MAX: usize = 64;
/// Said in the address of the page to which somebody comes back who asked for a look at a record.
const ASKED: &str = "asked";

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/x/{key}").route(web::get().to(guide)).route(web::head().to(guide)).route(web::post().to(check)))
        .service(
            web::resource("/x/{key}/{kind}/{id}")
                .route(web::get().to(from_xero))
                .route(web::head().to(from_xero))
                .route(web::post().to(look_from_xero)),
        )
        .service(
            web::resource("/z/{key}/{kind}/{id}")
                .route(web::get().to(from_zoho))
                .route(web::head().to(from_zoho))
                .route(web::post().to(look_from_zoho)),
        );
}

type Parts = Path<(String, String, String)>;

async fn from_xero(state: Data<State>, parts: Parts, request: HttpRequest) -> HttpResponse {
    go(&state, Side::Xero, &parts, &request).await
}

async fn from_zoho(state: Data<State>, parts: Parts, request: HttpRequest) -> HttpResponse {
    go(&state, Side::Zoho, &parts, &request).await
}

async fn look_from_xero(state: Data<State>, parts: Parts, request: HttpRequest) -> HttpResponse {
    look(&state, Side::Xero, &parts, &request).await
}

async fn look_from_zoho(state: Data<State>, parts: Parts, request: HttpRequest) -> HttpResponse {
    look(&state, Side::Zoho, &parts, &request).await
}

/// The key and what is named, or nothing where the address is none of ours.
fn read(of: Side, (key, kind, id): &(String, String, String)) -> Option<(&str, Address)> {
    let address = Address::read(of, kind, id)?;
    (key.len() <= KEY_CHARS_MAX).then_some((key, address))
}

async fn go(state: &State, of: Side, parts: &(String, String, String), request: &HttpRequest) -> HttpResponse {
    let Some((key, address)) = read(of, parts) else { return pages::problem::nothing_here() };
    match addresses::find(state, key, &address).await {
        Ok(Place::To(to)) => pages::redirect(StatusCode::FOUND, to.as_str()),
        Ok(Place::Unlinked(unlinked)) => pages::addresses::unlinked(&unlinked, &parameter(request, ASKED)),
        Ok(Place::Nowhere) => pages::problem::nothing_here(),
        Err(failure) => pages::broken(failure),
    }
}

async fn look(state: &State, of: Side, parts: &(String, String, String), request: &HttpRequest) -> HttpResponse {
    if !is_from_our_page(request, &state.public_url) {
        return pages::problem::not_from_here();
    }
    let Some((key, address)) = read(of, parts) else { return pages::problem::nothing_here() };
    match addresses::look(state, key, &address).await {
        // What the path is made of was read before: nothing in it leads elsewhere.
        Ok(is_looked_at) => {
            let asked = if is_looked_at { "1" } else { "0" };
            pages::redirect(StatusCode::SEE_OTHER, &format!("{}?{ASKED}={asked}", request.path()))
        }
        Err(failure) => pages::broken(failure),
    }
}

/// How the links between the two sides are set up by hand, and how they stand.
async fn guide(state: Data<State>, key: Path<String>) -> HttpResponse {
    match found(&state, &key).await {
        Ok(Some(link)) => match buttons::standing(&state, &link).await {
            Ok(standing) => pages::addresses::guide(&standing, None),
            Err(failure) => pages::broken(failure),
        },
        Ok(None) => pages::problem::nothing_here(),
        Err(failure) => pages::broken(failure),
    }
}

/// Looks in Zoho whether the buttons stand there.
async fn check(state: Data<State>, key: Path<String>, request: HttpRequest) -> HttpResponse {
    if !is_from_our_page(&request, &state.public_url) {
        return pages::problem::not_from_here();
    }
    let link = match found(&state, &key).await {
        Ok(Some(link)) => link,
        Ok(None) => return pages::problem::nothing_here(),
        Err(failure) => return pages::broken(failure),
    };
    let (standing, said) = match buttons::check(&state, &link).await {
        Ok(Asked::Standing(standing)) => (Ok(*standing), None),
        Ok(Asked::NotNow(why)) => (buttons::standing(&state, &link).await, Some(why)),
        Err(failure) => (Err(failure), None),
    };
    match standing {
        Ok(standing) => pages::addresses::guide(&standing, Some(said)),
        Err(failure) => pages::broken(failure),
    }
}

async fn found(state: &State, key: &str) -> Result<Option<entities::link::Model>, Failure> {
    match key.len() <= KEY_CHARS_MAX {
        true => addresses::link(state, key).await,
        false => Ok(None),
    }
}
