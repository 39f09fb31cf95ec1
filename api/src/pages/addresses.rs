//! The pages between the two sides: for a record without a counterpart, and how the links are set up by hand.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use connectors::zoho::buttons::{NAME, Whose};
use entities::button;
use jobs::addresses::{Unlinked, Why};
use jobs::buttons::{FIELD, Standing, State, Way};

#[derive(Template)]
#[template(path = "unlinked.html")]
struct Lost<'a> {
    unlinked: &'a Unlinked,
    /// `1`: it is being looked at; `0`: too much is waiting already; otherwise nobody has asked.
    asked: &'a str,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Guide<'a> {
    standing: &'a Standing,
    said: Option<&'a str>,
    checked: bool,
}

/// A record without a counterpart, and what can be done about it.
pub fn unlinked(unlinked: &Unlinked, asked: &str) -> HttpResponse {
    let mut answer = super::ask(&Lost { unlinked, asked });
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

/// `checked`: somebody has just had it looked at; with a sentence where that was not possible.
pub fn guide(standing: &Standing, checked: Option<Option<String>>) -> HttpResponse {
    let said = checked.as_ref().and_then(Option::as_deref);
    super::ask(&Guide { standing, said, checked: checked.is_some() })
}

impl Lost<'_> {
    fn sentence(&self) -> String {
        let (noun, there) = (self.unlinked.noun, self.unlinked.there);
        match self.unlinked.why {
            Why::NotCarried => format!("CP Connect does not know this {noun} in {there}: it was not carried, or not yet."),
            Why::NoPage => format!("This {noun} is in {there}, but {there} has no page of its own for it."),
            Why::Gone => format!("This {noun} was deleted in {there}."),
        }
    }

    fn is_asked(&self) -> bool {
        self.asked == "1"
    }

    fn is_refused(&self) -> bool {
        self.asked == "0"
    }
}

impl Guide<'_> {
    fn headline(&self) -> &'static str {
        match (self.standing.state, self.standing.way) {
            (State::Working, _) => "Being set up",
            (State::Resting, _) => "Resting",
            (State::Off, _) => "Buttons removed",
            (_, Way::Button) => "Ready: buttons",
            (_, Way::UrlField) => "Ready: field",
            (_, Way::Manual) => "Not set up",
        }
    }

    fn is_good(&self) -> bool {
        self.standing.state == State::Made
    }

    fn what(way: &button::Model) -> &'static str {
        match way.kind.as_str() {
            FIELD => "Field “Xero link” on customers and vendors",
            "vendor" => "Button on vendors",
            _ => "Button on customers",
        }
    }

    fn how(way: &button::Model) -> String {
        let mut said = match (way.state.as_str(), way.checked_at) {
            (_, None) => "Not looked at yet.".to_owned(),
            ("made", _) => "There.".to_owned(),
            ("refused", _) => way.sentence.clone().unwrap_or_default(),
            _ => "Not there.".to_owned(),
        };
        if let (Some(what), Some(at)) = (&way.mended, way.mended_at) {
            said.push_str(&format!(" {what} ({})", at.to_utc().format("%-d %B %Y, %H:%M UTC")));
        }
        said
    }

    fn name() -> &'static str {
        NAME
    }

    fn whose(whose: &Whose) -> &'static str {
        match whose {
            Whose::Customer => "Customers",
            Whose::Vendor => "Vendors",
        }
    }
}
