//! The pages for what did not work: one sentence, and what to do next.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::consenting::{Problem, Provider};

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    title: &'static str,
    sentence: String,
    advice: String,
}

/// Why a sign-in came to nothing.
pub fn page(problem: Problem, provider: Option<Provider>) -> HttpResponse {
    let side = provider.map_or("The provider", Provider::title);
    let page = Page { title: problem.title(), sentence: problem.sentence(side), advice: problem.advice(side, provider) };
    super::show(StatusCode::OK, &page)
}

/// A link that opens nothing. Unknown, used, revoked and expired are one page: a stranger learns nothing from it.
pub fn no_link() -> HttpResponse {
    let page = Page {
        title: "This link no longer works",
        sentence: "It was used already, has run out, or was replaced by a newer one.".to_owned(),
        advice: "Look for a newer letter from CloudPerfect, or ask CloudPerfect to send the link again.".to_owned(),
    };
    super::show(StatusCode::GONE, &page)
}

/// A button of ours, pressed by another site's page.
pub fn not_from_here() -> HttpResponse {
    let page = Page {
        title: "Please begin on our own page",
        sentence: "Another website sent you here, so we stopped to protect you; nothing was connected.".to_owned(),
        advice: "Open the link in your letter, read what is asked, and continue from there; the link still works.".to_owned(),
    };
    super::show(StatusCode::FORBIDDEN, &page)
}

/// No page of ours.
pub fn nothing_here() -> HttpResponse {
    let page = Page {
        title: "There is no such page",
        sentence: "The address may be incomplete: some mail programs cut long addresses.".to_owned(),
        advice: "Copy the whole address from the letter, or ask CloudPerfect.".to_owned(),
    };
    super::show(StatusCode::NOT_FOUND, &page)
}
