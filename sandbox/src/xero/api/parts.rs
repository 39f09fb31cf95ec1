//! What lies below a record or beside a list: options, members, settings, files, notes, letters.

use uuid::Uuid;

use super::{Answer, Call, Failure, answer, attachments, groups, notes, organisation, sending, tracking, write};
use crate::xero::desk::{By, Desk, No};
use crate::xero::json::Record;
use crate::xero::kinds::Kind;

/// Which part of a list an address means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `/TrackingCategories/{id}/Options`.
    Options,
    /// `/ContactGroups/{id}/Contacts`.
    Members,
    /// `/Organisation/Actions`.
    Actions,
    /// `/Organisation/{id}/CISSettings`, `/Contacts/{id}/CISSettings`.
    Cis,
    /// `/{list}/{id}/Attachments`.
    Attachments,
    /// `/{list}/{id}/History`.
    History,
    /// `/Invoices/{id}/Email`.
    Email,
    /// `/Invoices/{id}/OnlineInvoice`.
    Online,
    /// `/{list}/{id}/pdf`.
    Pdf,
}

impl Part {
    pub fn of(kind: Kind, segments: &[String]) -> Option<Self> {
        let is = |at: usize, word: &str| segments.get(at).is_some_and(|segment| segment.eq_ignore_ascii_case(word));
        match kind {
            Kind::TrackingCategories if is(2, "Options") => Some(Part::Options),
            Kind::ContactGroups if is(2, "Contacts") => Some(Part::Members),
            Kind::Organisations if is(1, "Actions") && segments.len() == 2 => Some(Part::Actions),
            Kind::Organisations | Kind::Contacts if is(2, "CISSettings") => Some(Part::Cis),
            Kind::Invoices if is(2, "Email") => Some(Part::Email),
            Kind::Invoices if is(2, "OnlineInvoice") => Some(Part::Online),
            kind if is(2, "Attachments") && kind.about().attachments => Some(Part::Attachments),
            kind if is(2, "History") && kind.about().history => Some(Part::History),
            kind if is(2, "pdf") && sending::has_pdf(kind) => Some(Part::Pdf),
            _ => None,
        }
    }

    /// The middle words of the scopes that reach it.
    pub fn areas(self, kind: Kind) -> &'static [&'static str] {
        match self {
            Part::Cis => &["settings"],
            Part::Attachments => &["attachments"],
            _ => kind.about().areas,
        }
    }

    /// `rest`: the address after the list.
    pub fn answer(self, call: &Call, kind: Kind, rest: &[&str]) -> Result<Answer, Failure> {
        match (self, rest) {
            (Part::Options, [id, _, below @ ..]) => tracking::options(call, id, below),
            (Part::Members, [id, _, below @ ..]) => groups::members(call, id, below),
            (Part::Actions, _) if call.method == "GET" => organisation::actions(call),
            (Part::Cis, [id, _]) if call.method == "GET" => organisation::cis(call, kind, id),
            (Part::Attachments, [id, _, below @ ..]) => attachments::answer(call, kind, id, below),
            (Part::History, [id, _]) => notes::answer(call, kind, id),
            (Part::Email, [id, _]) if call.method == "POST" => sending::email(call, id),
            (Part::Online, [id, _]) if call.method == "GET" => sending::online(call, id),
            (Part::Pdf, [id, _]) if call.method == "GET" => sending::printed(call, kind, id),
            _ => Ok(answer::absent()),
        }
    }
}

/// Lists and records that are answered in a manner of their own; None: as all others are.
pub fn instead(call: &Call, kind: Kind, rest: &[&str]) -> Option<Result<Answer, Failure>> {
    match (kind, call.method.as_str(), rest) {
        (Kind::TrackingCategories, "GET", []) => Some(tracking::list(call)),
        (Kind::TrackingCategories, "GET", [id]) => Some(tracking::single(call, id)),
        (Kind::TrackingCategories, "DELETE", [id]) => Some(tracking::delete(call, id)),
        (Kind::ContactGroups, "GET", [id]) => Some(groups::single(call, id)),
        (Kind::LinkedTransactions, "DELETE", [id]) => Some(organisation::delete_linked(call, id)),
        (kind, "GET", [id])
            if sending::has_pdf(kind) && call.header("accept").is_some_and(|accept| accept.contains("application/pdf")) =>
        {
            Some(sending::printed(call, kind, id))
        }
        _ => None,
    }
}

/// The id in an address. What is not an id is not there.
pub fn id(text: &str) -> Result<Uuid, Failure> {
    Uuid::parse_str(text).map_err(|_| Failure::Absent)
}

/// Works at the desk of the caller's organisation; all or nothing.
pub fn at_desk<T>(call: &Call, work: impl FnOnce(&Desk) -> Result<T, Failure>) -> Result<T, Failure> {
    let done = call.shared.store.atomically(|connection| {
        let desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        work(&desk)
    });
    call.shared.xero.memo.changed();
    done
}

/// What is wrong with one element that was sent.
pub fn refuse(sent: &Record) -> impl FnOnce(No) -> Failure + use<'_> {
    |no| match no {
        No::Says(says) => Failure::Invalid(vec![write::refused(sent.clone(), &says)]),
        No::Absent => Failure::Absent,
        No::Store(error) => Failure::Store(error),
    }
}

/// What is wrong with a record that was not sent but named.
pub fn refuse_named(kind: Kind, id: Uuid, says: &str) -> Failure {
    let mut named = Record::new();
    named.insert(kind.id_field().into(), id.to_string().into());
    Failure::Invalid(vec![write::refused(named, &[says.to_owned()])])
}
