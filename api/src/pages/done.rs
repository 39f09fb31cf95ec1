//! The page at the end of a sign-in: connected, what happens next, and where to watch it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::consenting::{Connected, Provider, Shown};

#[derive(Template)]
#[template(path = "done.html")]
struct Done<'a> {
    connected: &'a Connected,
}

#[derive(Template)]
#[template(path = "moment.html")]
struct Moment;

#[derive(Template)]
#[template(path = "closed.html")]
struct Closed;

pub fn page(shown: &Shown) -> HttpResponse {
    match shown {
        Shown::Connected(connected) => super::show(StatusCode::OK, &Done { connected }),
        Shown::Working => super::show(StatusCode::OK, &Moment),
        Shown::Nothing | Shown::Elsewhere(_) => super::show(StatusCode::OK, &Closed),
    }
}

impl Done<'_> {
    fn missing(&self) -> Option<&'static str> {
        self.connected.missing.map(Provider::title)
    }

    fn side(&self) -> &'static str {
        self.connected.provider.title()
    }
}
