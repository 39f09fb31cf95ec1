//! The way back: a callback is checked, its sign-in consumed, its code exchanged once, its organisation connected.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connectors::oauth::{Claims, GrantTrouble, Pkce, Tokens as TokenAnswer};
use connectors::side::Trouble;
use connectors::zoho::{self, DataCentre};
use entities::database::begin_write;
use entities::sealed::TenantKey;
use entities::{sign_in, tenant};
use jobs::connections::hash;
use jobs::context::{Context, Failure};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::ExposeSecret;
use url::Url;

use super::begin::products;
use super::organisations::{PAUSES_MS, Pick, Reach, crm, details, free, has_finance, is_ended, pick, reached};
use super::settle::{Granted, Tokens, connected, finished, keep, refused, settle};
use super::{Outcome, Problem, Provider, forget, is_same_browser, shown, verifier_place};

/// What a provider sent the browser back with. All of it is a stranger's input.
#[derive(Clone, Debug, Default)]
pub struct Callback {
    pub state: String,
    pub code: String,
    pub error: String,
    pub error_description: String,
    /// Zoho's data centre.
    pub location: String,
}

/// The page to show. Called twice it shows the same; the code is exchanged once.
pub async fn finish(context: &Context, provider: Provider, callback: &Callback, cookie: Option<&str>) -> Result<String, Failure> {
    let page = |outcome: Outcome| outcome.page(provider, &callback.state);
    let problem = |problem| Ok(page(Outcome::Problem(problem)));
    let found = sign_in::Entity::by_state(&hash(&callback.state)).one(&context.database).await?;
    let Some(sign_in) = found else {
        return problem(Problem::Expired);
    };
    if sign_in.provider != provider.name() {
        return problem(Problem::Expired);
    }
    if !is_same_browser(&sign_in, cookie) {
        return problem(Problem::WrongBrowser);
    }
    if sign_in.used_at.is_some() {
        return Ok(shown::page_of(provider, &sign_in, &callback.state));
    }
    if sign_in.expires_at <= context.now() {
        return problem(Problem::Expired);
    }
    if !consume(context, &sign_in).await? {
        // The same callback, a moment earlier: its own page waits for the outcome.
        return Ok(page(Outcome::Connected));
    }
    let outcome = match connect(context, provider, callback, &sign_in).await {
        Ok(outcome) => outcome,
        Err(failure) => {
            tracing::error!(
                error = %crate::error::chain(&failure),
                tenant.id = %sign_in.tenant_id,
                "a consent could not be finished"
            );
            Outcome::Problem(Problem::OurSide)
        }
    };
    if let Outcome::Problem(why) = outcome {
        tracing::info!(tenant.id = %sign_in.tenant_id, provider = provider.name(), problem = why.code(), "a consent did not come to its end");
        let transaction = begin_write(&context.database).await?;
        finished(&transaction, &sign_in, outcome, None).await?;
        refused(&transaction, context, &sign_in, why).await?;
        transaction.commit().await?;
    }
    Ok(page(outcome))
}

/// From here on this callback, and no other, may exchange the code.
async fn consume(context: &Context, sign_in: &sign_in::Model) -> Result<bool, Failure> {
    let consumed = sign_in::Entity::update_many()
        .col_expr(sign_in::Column::UsedAt, Expr::value(Some(context.now())))
        .filter(sign_in::Column::TenantId.eq(sign_in.tenant_id))
        .filter(sign_in::Column::Id.eq(sign_in.id))
        .filter(sign_in::Column::UsedAt.is_null())
        .exec(&context.database)
        .await?;
    Ok(consumed.rows_affected == 1)
}

async fn connect(
    context: &Context,
    provider: Provider,
    callback: &Callback,
    sign_in: &sign_in::Model,
) -> Result<Outcome, Failure> {
    if let Some(problem) = refusal(callback) {
        return Ok(Outcome::Problem(problem));
    }
    let key = context.tenant_key(sign_in.tenant_id).await?;
    let verifier = key.open_text(verifier_place(sign_in.id), &sign_in.verifier)?;
    let pkce = Pkce::from_verifier(verifier.into());
    let granted = match provider {
        Provider::Xero => xero(context, callback, &pkce).await,
        Provider::Zoho => zoho(context, callback, &pkce).await,
    };
    match granted {
        Ok(granted) => {
            let outcome = organisation(context, &key, sign_in, &granted).await;
            if !matches!(outcome, Ok(Outcome::Connected | Outcome::Choose)) {
                forget::granted(context, &granted).await;
            }
            outcome
        }
        Err(problem) => Ok(Outcome::Problem(problem)),
    }
}

/// The provider's "no" in the address.
fn refusal(callback: &Callback) -> Option<Problem> {
    let says = |word: &str| {
        let description = callback.error_description.to_ascii_lowercase();
        callback.error.to_ascii_lowercase().contains(word) || description.contains(word)
    };
    if callback.error.is_empty() {
        return callback.code.is_empty().then_some(Problem::Refused);
    }
    Some(match callback.error.as_str() {
        _ if says("limit") => Problem::ConnectionLimit,
        "access_denied" => Problem::Declined,
        "server_error" | "temporarily_unavailable" => Problem::OutOfReach,
        _ => Problem::Refused,
    })
}

async fn xero(context: &Context, callback: &Callback, pkce: &Pkce) -> Result<Granted, Problem> {
    let app = &context.providers.xero;
    let tokens = app.exchange_code(&context.http, &callback.code, pkce).await.map_err(|trouble| of_token(&trouble))?;
    let claims = match claims(context, &tokens).await {
        Ok(claims) => claims,
        Err(trouble) => {
            // The connection stands at Xero already. Whether the signature is right matters no more for taking it back.
            let reach = Reach::Xero { event: event_unchecked(&tokens).unwrap_or_default() };
            if let Ok(refused) = granted(context, tokens, reach, String::new(), &app.scopes) {
                forget::granted(context, &refused).await;
            }
            return Err(of_token(&trouble));
        }
    };
    let reach = Reach::Xero { event: claims.authentication_event_id.unwrap_or_default() };
    let subject = claims.xero_userid.unwrap_or(claims.sub);
    granted(context, tokens, reach, subject, &app.scopes)
}

/// What Xero's tokens say. The code is spent by now: keys that do not come at once are asked for again.
async fn claims(context: &Context, tokens: &TokenAnswer) -> Result<Claims, GrantTrouble> {
    let mut pauses = PAUSES_MS.iter();
    loop {
        let outcome = context.providers.xero.claims(&context.http, tokens, context.now().0 / 1_000_000).await;
        match (outcome, pauses.next()) {
            (Err(GrantTrouble::Throttled(_) | GrantTrouble::Unclear(_)), Some(pause_ms)) => {
                tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
            }
            (outcome, _) => return outcome,
        }
    }
}

/// Which consent an access token is of, by its own word. It came to us straight from Xero over TLS.
fn event_unchecked(tokens: &TokenAnswer) -> Option<String> {
    let body = tokens.access.expose_secret().split('.').nth(1)?;
    let body: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()?;
    body.get("authentication_event_id")?.as_str().map(str::to_owned)
}

async fn zoho(context: &Context, callback: &Callback, pkce: &Pkce) -> Result<Granted, Problem> {
    let app = &context.providers.zoho;
    let centre = data_centre(context, &callback.location).ok_or(Problem::UnknownRegion)?;
    let centre = Box::new(centre);
    let tokens = app.exchange_code(&context.http, &centre, &callback.code, pkce).await.map_err(|trouble| of_token(&trouble))?;
    let api = match &tokens.api_domain {
        None => Some(centre.api.clone()),
        Some(domain) => domain.parse::<Url>().ok().filter(|domain| context.providers.data_centres.permits_api_domain(domain)),
    };
    // An unknown API host gets no token of ours; the centre itself is known, so the grant can be handed back there.
    let reach = Reach::Zoho { api: api.clone().unwrap_or_else(|| centre.api.clone()), centre };
    let granted = granted(context, tokens, reach, String::new(), &app.scopes)?;
    if api.is_none() {
        forget::granted(context, &granted).await;
        return Err(Problem::UnknownRegion);
    }
    Ok(granted)
}

/// `location` is looked up in the closed table. An app that is not enabled for several data centres gets none: then it is where the sign-in started.
fn data_centre(context: &Context, location: &str) -> Option<DataCentre> {
    let table = &context.providers.data_centres;
    match location {
        "" => table.by_accounts_server(context.providers.zoho.accounts_url.as_str()),
        location => table.by_location(location),
    }
    .cloned()
}

fn granted(context: &Context, tokens: TokenAnswer, reach: Reach, subject: String, asked: &[String]) -> Result<Granted, Problem> {
    let scopes = if tokens.scopes.is_empty() { asked.join(" ") } else { tokens.scopes.join(" ") };
    Ok(Granted {
        access_until: context.in_a(Duration::from_secs(tokens.expires_in_s)),
        access: tokens.access,
        // Without it we would be locked out within the hour.
        refresh: tokens.refresh.ok_or(Problem::Refused)?,
        scopes,
        subject,
        reach,
    })
}

async fn organisation(
    context: &Context,
    key: &TenantKey,
    sign_in: &sign_in::Model,
    granted: &Granted,
) -> Result<Outcome, Failure> {
    let products = match tenant::Entity::of(sign_in.tenant_id).one(&context.database).await? {
        Some(tenant) => products(&tenant)?,
        None => return Ok(Outcome::Problem(Problem::Expired)),
    };
    let found = match reached(context, &granted.reach, &products, &granted.access).await {
        Ok(found) => found,
        Err(trouble) => return Ok(Outcome::Problem(of_call(&trouble))),
    };
    let crm = match crm(context, &granted.reach, &products, &granted.access).await {
        Ok(crm) => crm,
        Err(trouble) => return Ok(Outcome::Problem(of_call(&trouble))),
    };
    // Where a person ended the connection, another organisation may take its place.
    let mut before = Vec::new();
    for one in connected(&context.database, sign_in).await? {
        // That of CRM was chosen on Zoho's page.
        if one.products != zoho::CRM.key && !is_ended(&context.database, &one).await? {
            before.push(one.organisation_id);
        }
    }
    let any = !found.is_empty();
    let these = match pick(found, &before, &products) {
        Pick::None if crm.is_some() && !has_finance(&products) => Vec::new(),
        Pick::None => return Ok(Outcome::Problem(Problem::NoOrganisation)),
        Pick::These(these) => these,
        Pick::Several(many) => {
            if !before.iter().all(|before| many.iter().any(|one| one.id == *before)) {
                // One that is connected is not among them.
                return Ok(Outcome::Problem(Problem::OtherOrganisation));
            }
            let mut many = free(context, &granted.reach, sign_in.tenant_id, many).await?;
            match (many.len(), many.pop()) {
                (1, Some(one)) => vec![one],
                (_, Some(_)) => return keep(context, key, sign_in, granted).await,
                (_, None) if any => return Ok(Outcome::Problem(Problem::Taken)),
                (_, None) => return Ok(Outcome::Problem(Problem::NoOrganisation)),
            }
        }
    };
    let mut kept = Vec::with_capacity(these.len() + 1);
    kept.extend(crm);
    for one in &these {
        match details(context, one, &products, &granted.access).await {
            Ok(details) => kept.push(details),
            Err(trouble) => return Ok(Outcome::Problem(of_call(&trouble))),
        }
    }
    let tokens = Tokens::Fresh(granted);
    settle(context, key, sign_in, tokens, &granted.reach, &kept).await
}

fn of_token(trouble: &GrantTrouble) -> Problem {
    tracing::warn!(%trouble, "a code could not be exchanged");
    match trouble {
        GrantTrouble::BadCode | GrantTrouble::Dead => Problem::Expired,
        GrantTrouble::BadClient(_) => Problem::Refused,
        GrantTrouble::Throttled(_) | GrantTrouble::Unclear(_) => Problem::OutOfReach,
    }
}

pub(super) fn of_call(trouble: &Trouble) -> Problem {
    tracing::warn!(%trouble, "the organisations of a consent could not be read");
    match trouble {
        Trouble::Busy { .. } | Trouble::Unreachable(_) => Problem::OutOfReach,
        Trouble::Unauthorised | Trouble::Forbidden(_) => Problem::NoOrganisation,
        Trouble::Refused(_) => Problem::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_own_page() {
        let said = |error: &str, description: &str| {
            refusal(&Callback {
                error: error.into(),
                error_description: description.into(),
                code: "c".into(),
                ..Callback::default()
            })
        };
        assert_eq!(said("", ""), None);
        assert_eq!(said("access_denied", ""), Some(Problem::Declined));
        assert_eq!(said("access_denied", "Connection limit reached"), Some(Problem::ConnectionLimit));
        assert_eq!(said("server_error", ""), Some(Problem::OutOfReach));
        assert_eq!(said("<script>", ""), Some(Problem::Refused));
        assert_eq!(refusal(&Callback::default()), Some(Problem::Refused));
    }
}
