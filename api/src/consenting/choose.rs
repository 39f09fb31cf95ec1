//! Several organisations are reached: which they are, and the customer's choice.

use connectors::zoho::{self, Dialect};
use entities::ids::GrantId;
use entities::{grant, sign_in, tenant};
use jobs::connections::hash;
use jobs::context::{Context, Failure};
use jobs::links;
use jobs::tokens::{self, Access};
use sea_orm::{ColumnTrait, QueryFilter};
use secrecy::SecretString;
use url::Url;

use super::begin::products;
use super::finish::of_call;
use super::organisations::{Found, Reach, crm, details, free, reached};
use super::settle::{Tokens, settle};
use super::{Outcome, Problem, Provider, forget, is_same_browser, shown};

/// What the page shows.
pub enum Choices {
    Among {
        tenant_name: String,
        provider: Provider,
        organisations: Vec<(String, String)>,
        /// Several may be chosen: the customer has several products, which need not be in one organisation.
        may_be_several: bool,
    },
    /// Nothing to choose: the page that says why.
    Elsewhere(String),
}

/// A choice that is open.
struct Open {
    sign_in: sign_in::Model,
    provider: Provider,
    grant: GrantId,
    reach: Reach,
    access: SecretString,
    found: Vec<Found>,
    products: Vec<String>,
}

/// The organisations to choose among, asked from the provider now.
pub async fn choices(context: &Context, state: &str, cookie: Option<&str>) -> Result<Choices, Failure> {
    let open = match open(context, state, cookie).await? {
        Ok(open) => open,
        Err(page) => return Ok(Choices::Elsewhere(page)),
    };
    let tenant_name =
        tenant::Entity::of(open.sign_in.tenant_id).one(&context.database).await?.map(|tenant| tenant.name).unwrap_or_default();
    Ok(Choices::Among {
        tenant_name,
        provider: open.provider,
        may_be_several: open.may_be_several(),
        organisations: open.found.into_iter().map(|one| (one.id, one.name)).collect(),
    })
}

impl Open {
    fn may_be_several(&self) -> bool {
        let is_chosen_here = |key: &&String| zoho::product(key).is_some_and(|product| product.dialect == Dialect::Finance);
        self.provider == Provider::Zoho && self.products.iter().filter(is_chosen_here).count() > 1
    }
}

/// Connects what was chosen, and gives the page to show. What is not among the choices is not connected.
pub async fn choose(context: &Context, state: &str, cookie: Option<&str>, organisations: &[String]) -> Result<String, Failure> {
    let open = match open(context, state, cookie).await? {
        Ok(open) => open,
        Err(page) => return Ok(page),
    };
    let page = |outcome: Outcome| outcome.page(open.provider, state);
    let chosen: Vec<&Found> = open.found.iter().filter(|one| organisations.contains(&one.id)).collect();
    if chosen.len() != organisations.len() || chosen.is_empty() || chosen.len() > 1 && !open.may_be_several() {
        return Ok(page(Outcome::Choose));
    }
    let mut kept = Vec::with_capacity(chosen.len() + 1);
    match crm(context, &open.reach, &open.products, &open.access).await {
        Ok(found) => kept.extend(found),
        Err(trouble) => return Ok(page(Outcome::Problem(of_call(&trouble)))),
    }
    for one in chosen {
        match details(context, one, &open.products, &open.access).await {
            Ok(details) => kept.push(details),
            // The choice stays open: the page may be tried again.
            Err(trouble) => return Ok(page(Outcome::Problem(of_call(&trouble)))),
        }
    }
    // One company's records must not travel on into another's books.
    let carriers: Vec<&str> = kept.iter().flat_map(|one| links::carriers(&one.products)).map(|product| product.key).collect();
    if carriers.iter().enumerate().any(|(n, key)| carriers[..n].contains(key)) {
        return Ok(page(Outcome::Choose));
    }
    let key = context.tenant_key(open.sign_in.tenant_id).await?;
    let outcome = settle(context, &key, &open.sign_in, Tokens::Stored(open.grant), &open.reach, &kept).await?;
    if let Outcome::Problem(problem) = outcome {
        tracing::info!(tenant.id = %open.sign_in.tenant_id, problem = problem.code(), "a choice was refused");
        if !forget::drop_choice(context, &open.sign_in, Some(problem)).await? {
            return settled_meanwhile(context, open.provider, &open.sign_in, state, problem).await;
        }
    }
    Ok(page(outcome))
}

/// The other click was first: its end is this one's too.
async fn settled_meanwhile(
    context: &Context,
    provider: Provider,
    sign_in: &sign_in::Model,
    state: &str,
    problem: Problem,
) -> Result<String, Failure> {
    let now = sign_in::Entity::by_state(&sign_in.state_hash).one(&context.database).await?;
    Ok(match now.filter(|now| now.outcome.as_deref() == Some(Outcome::Connected.code())) {
        Some(now) => shown::page_of(provider, &now, state),
        None => Outcome::Problem(problem).page(provider, state),
    })
}

async fn open(context: &Context, state: &str, cookie: Option<&str>) -> Result<Result<Open, String>, Failure> {
    let found = sign_in::Entity::by_state(&hash(state)).one(&context.database).await?;
    let Some(sign_in) = found else {
        return Ok(Err(Outcome::Problem(Problem::Expired).page(Provider::Xero, state)));
    };
    let Some(provider) = Provider::parse(&sign_in.provider) else {
        return Err(Failure::Bug("a sign-in of no provider".to_owned()));
    };
    let elsewhere = |problem| Ok(Err(Outcome::Problem(problem).page(provider, state)));
    if !is_same_browser(&sign_in, cookie) {
        return elsewhere(Problem::WrongBrowser);
    }
    if sign_in.outcome.as_deref() != Some(Outcome::Choose.code()) {
        return Ok(Err(shown::page_of(provider, &sign_in, state)));
    }
    let waiting = match sign_in.grant_id {
        Some(id) => {
            grant::Entity::of(sign_in.tenant_id)
                .filter(grant::Column::Id.eq(id))
                .filter(grant::Column::State.eq("choosing"))
                .one(&context.database)
                .await?
        }
        None => None,
    };
    let Some(waiting) = waiting else {
        return settled_meanwhile(context, provider, &sign_in, state, Problem::Expired).await.map(Err);
    };
    if sign_in.expires_at <= context.now() {
        forget::drop_choice(context, &sign_in, None).await?;
        return settled_meanwhile(context, provider, &sign_in, state, Problem::Expired).await.map(Err);
    }
    let reach = match reach_of(context, provider, &waiting) {
        Some(reach) => reach,
        None => return elsewhere(Problem::UnknownRegion),
    };
    let access = match tokens::fresh(context, sign_in.tenant_id, waiting.id).await? {
        Access::Token { access, .. } => access,
        Access::Dead => return elsewhere(Problem::Expired),
        Access::Later(_) => return elsewhere(Problem::OutOfReach),
    };
    let products = match tenant::Entity::of(sign_in.tenant_id).one(&context.database).await? {
        Some(tenant) => products(&tenant)?,
        None => return elsewhere(Problem::Expired),
    };
    let mut found = match reached(context, &reach, &products, &access).await {
        Ok(found) => found,
        Err(trouble) => return elsewhere(of_call(&trouble)),
    };
    if found.iter().any(|one| one.by_this_consent) {
        found.retain(|one| one.by_this_consent);
    }
    let found = free(context, &reach, sign_in.tenant_id, found).await?;
    Ok(Ok(Open { grant: waiting.id, sign_in, provider, reach, access, found, products }))
}

fn reach_of(context: &Context, provider: Provider, grant: &grant::Model) -> Option<Reach> {
    match provider {
        Provider::Xero => Some(Reach::Xero { event: grant.event.clone() }),
        Provider::Zoho => {
            let table = &context.providers.data_centres;
            let api: Url = grant.api_base.parse().ok()?;
            Some(Reach::Zoho {
                centre: Box::new(table.by_location(&grant.data_centre)?.clone()),
                api: Some(api).filter(|api| table.permits_api_domain(api))?,
            })
        }
    }
}
