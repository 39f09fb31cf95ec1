//! What Books offers around its records: settings that fire webhooks, tags, locks, comments, attachments, users.

mod attachments;
mod comments;
mod functions;
mod locations;
mod locks;
mod options;
mod tags;
mod users;

use actix_web::http::Method;
use rusqlite::Connection;

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module;
use super::records::Desk;
use super::{cards, router, webhooks};
pub use attachments::{documents, download};
pub use locks::closed;
pub use tags::{Level, checked as checked_tags};

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    cards::create_tables(connection)?;
    tags::create_tables(connection)?;
    locks::create_tables(connection)?;
    comments::create_tables(connection)?;
    attachments::create_tables(connection)
}

/// None when the address is none of these and nothing speaks against the call.
pub fn answer(call: &Call, desk: &Desk, scopes: &str) -> Option<Result<Answer, Refusal>> {
    let settings = || router::permitted(scopes, "settings", call.method);
    let accountants = || router::permitted(scopes, "accountants", call.method);
    let answer = match call.segments.as_slice() {
        ["settings", "webhooks" | "workflows", ..] => settings().and_then(|()| webhooks::answer(call, desk)),
        ["integrations", "customfunctions", rest @ ..] => settings().and_then(|()| functions::answer(call, desk, rest)),
        ["users", rest @ ..] => settings().and_then(|()| users::answer(call, desk, rest)),
        ["locations", rest @ ..] => settings().and_then(|()| locations::answer(call, desk, rest)),
        ["reportingtags", rest @ ..] => {
            let method = tags::method_of_scope(call.method, rest);
            router::permitted(scopes, "settings", &method).and_then(|()| tags::answer(call, desk, rest))
        }
        ["transactionlock" | "transactionlocks", ..] => accountants().and_then(|()| locks::answer(call, desk)),
        ["contacts", id, "tags"] if *call.method == Method::PUT => {
            router::permitted(scopes, "contacts", call.method).and_then(|()| tags::tag_contact(call, desk, id))
        }
        [resource, id, what @ ("comments" | "attachment" | "receipt" | "documents"), rest @ ..] => {
            let (module, _) = Module::at(&call.segments)?;
            router::permitted(scopes, module.scope(), call.method).and_then(|()| match *what {
                "comments" => comments::answer(call, desk, module, resource, id, rest),
                _ => attachments::answer(call, desk, module, resource, id, what, rest),
            })
        }
        _ => return locks::refusal(call, desk).err().map(Err),
    };
    Some(answer)
}

pub fn nowhere() -> Refusal {
    Refusal::new(5, "Invalid URL Passed").at(404)
}
