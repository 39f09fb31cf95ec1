//! What the user sees at Xero: the login form, the consent screen of the source document, the organisation picker.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::json::{Record, text_of};
use super::kinds::Kind;
use super::{app, connected_apps, records, sessions};
use crate::Shared;

/// What `authorize` was asked; it travels from the first page to the token endpoint.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Asked {
    #[serde(default)]
    pub response_type: String,
    #[serde(default)]
    pub client_id: String,
    #[serde(default)]
    pub redirect_uri: String,
    #[serde(default)]
    pub scope: String,
    pub state: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub nonce: Option<String>,
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/xero/login/identity/connect/authorize", web::get().to(authorize))
        .route("/xero/login/login", web::post().to(log_in))
        .route("/xero/login/consent", web::post().to(consent))
        .route("/xero/login/connectionLimit", web::get().to(connection_limit));
}

async fn authorize(shared: Data<Shared>, asked: Query<Asked>) -> HttpResponse {
    let asked = asked.into_inner();
    if let Err((error, says)) = check(&shared, &asked) {
        return error_page(error, &says);
    }
    let now = shared.clock.now().timestamp_millis();
    let kept = serde_json::to_string(&asked).unwrap_or_default();
    match shared.store.with(|connection| sessions::begin(connection, &kept, now)) {
        Ok(request) => page("Log in to Xero", &login_form(&request, "")),
        Err(error) => broken(&error),
    }
}

/// Xero shows an error page of its own and does not send the browser back.
fn check(shared: &Shared, asked: &Asked) -> Result<(), (&'static str, String)> {
    let registered = shared.xero.registration.read();
    if asked.client_id != crate::XERO_CLIENT_ID {
        return Err(("unauthorized_client", "Unknown client or client not enabled".into()));
    }
    if !registered.allows_redirect_to(&asked.redirect_uri) {
        return Err(("unauthorized_client", "Invalid redirect_uri".into()));
    }
    if asked.response_type != "code" {
        return Err(("unsupported_response_type", "response_type must be code".into()));
    }
    let scopes: Vec<_> = asked.scope.split_ascii_whitespace().collect();
    if scopes.is_empty() {
        return Err(("invalid_scope", "Missing scope".into()));
    }
    if registered.public && asked.code_challenge.is_none() {
        return Err(("invalid_request", "code challenge required".into()));
    }
    let ledger = registered.tier != super::app::Tier::Advanced && shared.switches.on("xero.journals_refused_at_consent");
    let ledger = ledger.then(|| scopes.iter().copied().find(|scope| *scope == "accounting.journals.read")).flatten();
    if let Some(bad) = registered.first_bad_scope(&scopes).or(ledger) {
        return Err(("invalid_scope", format!("Invalid scope for client: {bad}")));
    }
    match (asked.code_challenge.as_deref(), asked.code_challenge_method.as_deref()) {
        (None, _) => Ok(()),
        (Some(challenge), Some("S256")) if (43..=128).contains(&challenge.len()) => Ok(()),
        (Some(_), Some("S256")) => Err(("invalid_request", "Invalid code_challenge".into())),
        (Some(_), _) => Err(("invalid_request", "Transform algorithm not supported".into())),
    }
}

#[derive(Deserialize)]
struct Login {
    request: String,
    username: String,
    password: String,
}

async fn log_in(shared: Data<Shared>, login: Form<Login>) -> HttpResponse {
    let now = shared.clock.now().timestamp_millis();
    let asked = match shared.store.with(|connection| sessions::asked(connection, &login.request, now)) {
        Ok(Some((asked, _))) => asked,
        Ok(None) => return error_page("invalid_request", "This page has expired. Start again at the application."),
        Err(error) => return broken(&error),
    };
    if login.username != app::USER_EMAIL || login.password != app::USER_PASSWORD {
        let form = login_form(&login.request, "<p role=\"alert\">Your email or password is incorrect</p>");
        let mut answer = page("Log in to Xero", &form);
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
        return answer;
    }
    let orgs = shared.store.with(|connection| {
        sessions::log_in(connection, &login.request)?;
        let connected = sessions::connections(connection)?;
        let orgs = sessions::orgs(connection)?;
        let mut choices = Vec::with_capacity(orgs.len());
        for org in orgs {
            let tenant = org.tenant.to_string();
            let note = match role(connection, &org)? {
                Some(role) if !may_connect(&role) => Note::RoleTooSmall,
                _ if connected.iter().any(|known| known.tenant == tenant) => Note::AlreadyConnected,
                _ => Note::Nothing,
            };
            choices.push((org, note));
        }
        Ok::<_, rusqlite::Error>(choices)
    });
    match orgs {
        Ok(choices) => {
            let asked: Asked = serde_json::from_str(&asked).unwrap_or_default();
            page("Connect to Xero", &consent_form(&login.request, &asked.scope, &choices))
        }
        Err(error) => broken(&error),
    }
}

#[derive(Deserialize)]
struct Consent {
    request: String,
    #[serde(default)]
    tenant: String,
    action: String,
}

async fn consent(shared: Data<Shared>, consent: Form<Consent>) -> HttpResponse {
    let now = shared.clock.now().timestamp_millis();
    let (limit, certified) = {
        let registered = shared.xero.registration.read();
        (registered.connection_limit, registered.certified)
    };
    let keeps_event = shared.switches.on("xero.reconnect_keeps_event");
    let outcome = shared.store.atomically(|connection| {
        let Some((kept, true)) = sessions::asked(connection, &consent.request, now)? else {
            return Ok::<_, rusqlite::Error>(Outcome::Expired);
        };
        let asked: Asked = serde_json::from_str(&kept).unwrap_or_default();
        if consent.action != "allow" {
            sessions::end(connection, &consent.request)?;
            return Ok(Outcome::Declined(asked));
        }
        let Some(org) = sessions::org(connection, &consent.tenant)? else { return Ok(Outcome::NoSuchOrganisation) };
        if role(connection, &org)?.is_some_and(|role| !may_connect(&role)) {
            return Ok(Outcome::RoleTooSmall);
        }
        let connected = sessions::connections(connection)?;
        let renews = connected.iter().any(|known| known.tenant == org.tenant.to_string());
        if !renews && connected.len() >= limit as usize {
            return Ok(Outcome::TooMany);
        }
        let full = connected_apps::others(connection, org.tenant)?.len() >= connected_apps::UNCERTIFIED_MAX;
        if !renews && !certified && full {
            return Ok(Outcome::TooManyUncertified);
        }
        sessions::end(connection, &consent.request)?;
        let event = Uuid::new_v4();
        sessions::connect(connection, org.tenant, event, keeps_event, now)?;
        let code = sessions::issue_code(connection, &kept, event, now)?;
        Ok(Outcome::Allowed { asked, code })
    });
    match outcome {
        Ok(Outcome::Allowed { asked, code }) => {
            let session_state = format!("{}.{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
            let scope = asked.scope.clone();
            back(&asked, &[("code", &code), ("scope", &scope)], &[("session_state", &session_state)])
        }
        Ok(Outcome::Declined(asked)) => back(&asked, &[("error", "access_denied")], &[]),
        Ok(Outcome::TooMany) => {
            HttpResponse::Found().insert_header(("Location", format!("{}/xero/login/connectionLimit", shared.base))).finish()
        }
        Ok(Outcome::TooManyUncertified) => error_page(
            "access_denied",
            "This organisation is already connected to two uncertified apps. Disconnect one of them under Connected apps first.",
        ),
        Ok(Outcome::RoleTooSmall) => {
            error_page("access_denied", "You need the Standard or Adviser role in this organisation to connect an app.")
        }
        Ok(Outcome::NoSuchOrganisation) => error_page("invalid_request", "Choose an organisation."),
        Ok(Outcome::Expired) => error_page("invalid_request", "This page has expired. Start again at the application."),
        Err(error) => broken(&error),
    }
}

enum Outcome {
    Allowed { asked: Asked, code: String },
    Declined(Asked),
    TooMany,
    TooManyUncertified,
    RoleTooSmall,
    NoSuchOrganisation,
    Expired,
}

async fn connection_limit() -> HttpResponse {
    let body = format!(
        "<h1>{name} can't connect</h1><p>{name} has reached their Xero connection limit. Contact {name} for help.</p>",
        name = escape(app::APP_NAME)
    );
    page("Connection limit", &body)
}

/// 302 to the application, in the order Xero writes the parameters.
fn back(asked: &Asked, first: &[(&str, &str)], last: &[(&str, &str)]) -> HttpResponse {
    let Ok(mut url) = Url::parse(&asked.redirect_uri) else {
        return error_page("invalid_request", "Invalid redirect_uri");
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(first);
        if let Some(state) = &asked.state {
            query.append_pair("state", state);
        }
        query.extend_pairs(last);
    }
    HttpResponse::Found().insert_header(("Location", url.as_str())).finish()
}

fn login_form(request: &str, alert: &str) -> String {
    format!(
        "<h1>Log in to Xero</h1>{alert}<form method=\"post\" action=\"/xero/login/login\">\
         <input type=\"hidden\" name=\"request\" value=\"{request}\">\
         <label>Email address <input type=\"email\" name=\"username\" value=\"{user}\"></label>\
         <label>Password <input type=\"password\" name=\"password\" value=\"{password}\"></label>\
         <button type=\"submit\">Log in</button></form>",
        request = escape(request),
        user = app::USER_EMAIL,
        password = app::USER_PASSWORD,
    )
}

/// What the picker says about an organisation.
enum Note {
    Nothing,
    AlreadyConnected,
    RoleTooSmall,
}

/// The user's role in an organisation. None: the list of users does not have him.
fn role(connection: &rusqlite::Connection, org: &sessions::Org) -> rusqlite::Result<Option<String>> {
    let user = records::by_id(connection, org.n, Kind::Users, app::USER_ID)?;
    let user: Option<Record> = user.and_then(|(body, _)| serde_json::from_str(&body).ok());
    Ok(user.and_then(|user| text_of(&user, "OrganisationRole").map(str::to_owned)))
}

/// Only a Standard user or an Adviser connects apps.
fn may_connect(role: &str) -> bool {
    matches!(role, "STANDARD" | "FINANCIALADVISER")
}

/// The wording is that of the source document.
fn consent_form(request: &str, scope: &str, choices: &[(sessions::Org, Note)]) -> String {
    let mut options = String::new();
    for (org, note) in choices {
        let (off, note) = match note {
            Note::Nothing => ("", ""),
            Note::AlreadyConnected => ("", " (already connected)"),
            Note::RoleTooSmall => (" disabled", " (you need the Standard or Adviser role)"),
        };
        options.push_str(&format!("<option value=\"{}\"{off}>{}{note}</option>", org.tenant, escape(&org.name)));
    }
    let (manage, view) = lines(scope);
    let list = |title: &str, lines: &[&str]| {
        if lines.is_empty() {
            return String::new();
        }
        let items: String = lines.iter().map(|line| format!("<li>{line}</li>")).collect();
        format!("<p>{title}</p><ul>{items}</ul>")
    };
    let user = user_lines(scope).map_or_else(String::new, |line| {
        format!("<h2>User account information</h2><p>{}</p><p>{line}</p>", escape(app::USER_NAME))
    });
    format!(
        "<h1>{name}<br>wants access to:</h1><h2>Organisation data</h2>\
         <form method=\"post\" action=\"/xero/login/consent\"><input type=\"hidden\" name=\"request\" value=\"{request}\">\
         <select name=\"tenant\">{options}</select>{manage}{view}{user}\
         <p>By allowing access, you agree to the transfer of your data between Xero and this application in accordance with \
         Xero's <a href=\"#terms\">Terms of use</a> and the application provider's terms of use and privacy policy.</p>\
         <p>You can disconnect at any time by going to <a href=\"/xero/login/connected-apps\">Connected apps</a> in your Xero settings.</p>\
         <button type=\"submit\" name=\"action\" value=\"allow\">Allow access</button>\
         <button type=\"submit\" name=\"action\" value=\"cancel\">Cancel</button></form>",
        name = escape(app::APP_NAME),
        request = escape(request),
        manage = list("View and manage your:", &manage),
        view = list("View your:", &view),
    )
}

/// What the scopes allow, in the words of the screen: to manage, and to view only. The wording of the granular scopes is not
/// documented; they are shown by the lines of the broad scopes that they replace.
fn lines(scope: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let asked: Vec<_> = scope.split_ascii_whitespace().filter_map(|scope| scope.strip_prefix("accounting.")).collect();
    let any = |wanted: &[&str]| wanted.iter().any(|wanted| asked.contains(wanted));
    let areas: [(&'static str, &[&str]); 4] = [
        ("Organisation settings", &["settings"]),
        ("Attachments", &["attachments"]),
        ("Business transactions", &["transactions", "invoices", "payments", "banktransactions", "manualjournals"]),
        ("Contacts", &["contacts"]),
    ];
    let mut manage = Vec::new();
    let mut view = Vec::new();
    for (line, scopes) in areas {
        let read: Vec<String> = scopes.iter().map(|scope| format!("{scope}.read")).collect();
        if any(scopes) {
            manage.push(line);
        } else if read.iter().any(|scope| asked.contains(&scope.as_str())) {
            view.push(line);
        }
    }
    if asked.iter().any(|scope| scope.starts_with("reports.")) {
        view.push("Reports");
    }
    if any(&["journals.read"]) {
        view.push("General ledger");
    }
    if any(&["budgets.read"]) {
        view.push("Budgets");
    }
    (manage, view)
}

fn user_lines(scope: &str) -> Option<&'static str> {
    let asked: Vec<_> = scope.split_ascii_whitespace().collect();
    match (asked.contains(&"email"), asked.contains(&"profile")) {
        (true, true) => Some("View your name, email, and user profile."),
        (true, false) => Some("View your email."),
        (false, true) => Some("View your name and user profile."),
        (false, false) => None,
    }
}

fn error_page(error: &str, says: &str) -> HttpResponse {
    let body = format!("<h1>Sorry, something went wrong</h1><p>Error: {}</p><p>{}</p>", escape(error), escape(says));
    let mut answer = page("Error", &body);
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    answer
}

fn broken(error: &rusqlite::Error) -> HttpResponse {
    tracing::error!(%error, "the sandbox's store failed");
    HttpResponse::InternalServerError().finish()
}

/// A page of Xero's own site.
pub fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header(("Cache-Control", "no-store")).body(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} | Xero (sandbox)</title></head><body><main>{body}</main></body></html>"
    ))
}

/// Text made safe inside HTML and its attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scopes_of_the_source_document_give_its_screen() {
        let broad = "openid profile email offline_access accounting.settings accounting.attachments accounting.transactions \
                     accounting.contacts accounting.reports.read accounting.journals.read";
        let granular = "openid profile email offline_access accounting.settings accounting.attachments accounting.contacts \
                        accounting.invoices accounting.payments accounting.reports.trialbalance.read accounting.journals.read";
        for scope in [broad, granular] {
            let (manage, view) = lines(scope);
            assert_eq!(manage, ["Organisation settings", "Attachments", "Business transactions", "Contacts"]);
            assert_eq!(view, ["Reports", "General ledger"]);
            assert_eq!(user_lines(scope), Some("View your name, email, and user profile."));
        }
        assert_eq!(lines("openid accounting.contacts.read"), (vec![], vec!["Contacts"]));
    }
}
