//! The page behind the link in the letter: who asks, for what, why, and how to take it back. Looking at it changes nothing.

use actix_web::HttpResponse;
use askama::Template;

use super::asked::{self, Group};
use crate::consenting::{Invitation, Provider};

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    tenant: &'a str,
    side: &'static str,
    is_xero: bool,
    products: String,
    groups: Vec<Group>,
    until: String,
    action: String,
}

pub fn page(invitation: &Invitation, token: &str) -> HttpResponse {
    let provider = invitation.provider;
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let page = Consent {
        tenant: &invitation.tenant.name,
        side: provider.title(),
        is_xero: provider == Provider::Xero,
        products: super::in_words(&invitation.products),
        groups: asked::groups(provider, &invitation.scopes),
        until: invitation.consent.expires_at.to_utc().format("%A %-d %B %Y, %H:%M UTC").to_string(),
        action: format!("/connect/{token}"),
    };
    super::ask(&page)
}
