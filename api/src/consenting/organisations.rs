//! Which organisations a fresh consent reaches, and what we keep of the one that is connected.

use std::time::Duration;

use connectors::side::Trouble;
use connectors::zoho::{DataCentre, Dialect};
use connectors::{xero, zoho};
use entities::{connection, grant};
use jobs::context::{Context, Failure};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use secrecy::SecretString;
use url::Url;

use super::Provider;

/// Pauses before a call that got no answer is made again: the customer is waiting.
pub const PAUSES_MS: [u64; 2] = [300, 1_000];

/// Where a grant leads.
#[derive(Clone, Debug)]
pub enum Reach {
    Xero {
        /// `authentication_event_id`: which consent this was.
        event: String,
    },
    Zoho {
        centre: Box<DataCentre>,
        /// From the token answer, and in the table.
        api: Url,
    },
}

/// An organisation a token reaches.
#[derive(Clone, Debug)]
pub struct Found {
    pub id: String,
    pub name: String,
    /// Connected to us by this very consent. Always so at Zoho, whose tokens are of one consent.
    pub by_this_consent: bool,
    /// Xero's id of the connection, for taking it back.
    pub connection_id: Option<String>,
    zoho: Option<zoho::Organisation>,
}

impl Found {
    /// Which of these products the organisation has. One that does not say which it has joined is taken to have them all.
    fn has<'a>(&'a self, products: &'a [String]) -> impl Iterator<Item = &'a str> {
        let apps = self.zoho.as_ref().map(|zoho| zoho.apps.as_slice()).unwrap_or_default();
        let known = products.iter().filter_map(|key| zoho::product(key)).filter(|product| product.dialect == Dialect::Finance);
        known.filter(move |product| apps.is_empty() || apps.iter().any(|app| app == product.app)).map(|product| product.key)
    }
}

/// What is kept of an organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub id: String,
    pub name: String,
    pub currency: String,
    pub currency_id: String,
    pub country: String,
    pub short_code: String,
    pub price_precision: i32,
    pub plan: String,
    /// Which of the customer's products it has, with commas.
    pub products: String,
}

/// Which of them is meant.
#[derive(Clone, Debug)]
pub enum Pick {
    None,
    These(Vec<Found>),
    /// The customer must say.
    Several(Vec<Found>),
}

impl Reach {
    pub fn provider(&self) -> Provider {
        match self {
            Self::Xero { .. } => Provider::Xero,
            Self::Zoho { .. } => Provider::Zoho,
        }
    }

    /// Where its API answers and where its pages are.
    pub fn bases(&self, context: &Context) -> (Url, Url) {
        match self {
            Self::Xero { .. } => (context.providers.xero_api.clone(), context.providers.xero_go.clone()),
            Self::Zoho { centre, api } => (api.clone(), centre.web.clone()),
        }
    }
}

/// Every organisation the token reaches. For Xero this may include some from earlier consents.
pub async fn reached(
    context: &Context,
    reach: &Reach,
    products: &[String],
    access: &SecretString,
) -> Result<Vec<Found>, Trouble> {
    let mut pauses = PAUSES_MS.iter();
    loop {
        match (list(context, reach, products, access).await, pauses.next()) {
            (Err(Trouble::Unreachable(_)), Some(pause_ms)) => {
                tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
            }
            (outcome, _) => return outcome,
        }
    }
}

/// Never simply the first: those of this consent, those connected before, or the customer's choice. A product that none of those connected
/// before has is a reason to ask again, where another organisation has it.
pub fn pick(found: Vec<Found>, connected_before: &[String], products: &[String]) -> Pick {
    let of_this_consent: Vec<Found> = found.iter().filter(|one| one.by_this_consent).cloned().collect();
    // Approving again what is connected already makes no new connection, so nothing bears this consent's mark.
    let eligible = if of_this_consent.is_empty() { found } else { of_this_consent };
    let (before, others): (Vec<Found>, Vec<Found>) = eligible.iter().cloned().partition(|one| connected_before.contains(&one.id));
    if !before.is_empty() {
        let is_served = |product: &str| before.iter().any(|one| one.has(products).any(|has| has == product));
        let is_more = others.iter().any(|one| one.has(products).any(|has| !is_served(has)));
        return if is_more { Pick::Several(eligible) } else { Pick::These(before) };
    }
    match eligible.len() {
        0 => Pick::None,
        1 => Pick::These(eligible),
        _ => Pick::Several(eligible),
    }
}

/// Who has this organisation, whichever tenant. A connection that a person ended holds nothing.
pub async fn holder(
    database: &impl ConnectionTrait,
    provider: Provider,
    organisation: &str,
) -> Result<Option<connection::Model>, Failure> {
    match connection::Entity::of_organisation(provider.name(), organisation).one(database).await? {
        Some(holder) if !is_ended(database, &holder).await? => Ok(Some(holder)),
        _ => Ok(None),
    }
}

/// Whether a person ended this connection. One that broke is not ended: its customer is expected back.
pub async fn is_ended(database: &impl ConnectionTrait, connection: &connection::Model) -> Result<bool, Failure> {
    let revoked = grant::Entity::of(connection.tenant_id)
        .filter(grant::Column::Id.eq(connection.grant_id))
        .filter(grant::Column::State.eq("revoked"))
        .one(database)
        .await?;
    Ok(revoked.is_some())
}

/// Leaves out what other customers have connected: a bookkeeper's login reaches many of them.
pub async fn free(
    context: &Context,
    reach: &Reach,
    tenant: entities::ids::TenantId,
    found: Vec<Found>,
) -> Result<Vec<Found>, Failure> {
    let mut free = Vec::with_capacity(found.len());
    for one in found {
        let holder = holder(&context.database, reach.provider(), &one.id).await?;
        if holder.is_none_or(|holder| holder.tenant_id == tenant) {
            free.push(one);
        }
    }
    Ok(free)
}

/// Whether any customer has this organisation.
pub async fn is_connected(context: &Context, provider: Provider, organisation: &str) -> Result<bool, Failure> {
    Ok(holder(&context.database, provider, organisation).await?.is_some())
}

/// What we keep of it, asked from the provider.
pub async fn details(
    context: &Context,
    found: &Found,
    products: &[String],
    access: &SecretString,
) -> Result<Organisation, Trouble> {
    if let Some(zoho) = &found.zoho {
        return Ok(Organisation {
            id: zoho.id.clone(),
            name: zoho.name.clone(),
            currency: zoho.currency_code.clone(),
            currency_id: zoho.currency_id.clone(),
            country: String::new(),
            short_code: String::new(),
            price_precision: i32::try_from(zoho.price_precision).unwrap_or(2),
            plan: zoho.plan.clone(),
            products: found.has(products).collect::<Vec<_>>().join(","),
        });
    }
    let api = &context.providers.xero_api;
    let client = xero::Client::new(&context.http, api, &found.id, access.clone());
    let mut pauses = PAUSES_MS.iter();
    let xero = loop {
        match (client.organisation().await, pauses.next()) {
            (Err(Trouble::Unreachable(_)), Some(pause_ms)) => {
                tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
            }
            (outcome, _) => break outcome?,
        }
    };
    Ok(Organisation {
        id: found.id.clone(),
        name: xero.name,
        currency: xero.base_currency,
        currency_id: String::new(),
        country: xero.country_code,
        short_code: xero.short_code,
        // Xero's unit prices have up to four decimals.
        price_precision: 4,
        plan: xero.class,
        products: String::new(),
    })
}

/// The CRM organisation that the customer chose on Zoho's own page, where CRM is one of the products: a token opens just one.
pub async fn crm(
    context: &Context,
    reach: &Reach,
    products: &[String],
    access: &SecretString,
) -> Result<Option<Organisation>, Trouble> {
    let Reach::Zoho { api, .. } = reach else { return Ok(None) };
    if !products.iter().any(|product| product == zoho::CRM.key) {
        return Ok(None);
    }
    let client = zoho::Client::new(&context.http, api, &zoho::CRM, "", access.clone());
    let found = client.organisation().await?;
    Ok(Some(Organisation {
        id: found.id,
        name: found.name,
        currency: found.currency_code,
        currency_id: String::new(),
        country: String::new(),
        short_code: String::new(),
        price_precision: i32::try_from(found.price_precision).unwrap_or(2),
        plan: found.plan,
        products: zoho::CRM.key.to_owned(),
    }))
}

/// Whether the customer has anything but CRM, whose organisation is not chosen here.
pub fn has_finance(products: &[String]) -> bool {
    products.iter().filter_map(|key| zoho::product(key)).any(|product| product.dialect == Dialect::Finance)
}

async fn list(context: &Context, reach: &Reach, products: &[String], access: &SecretString) -> Result<Vec<Found>, Trouble> {
    match reach {
        Reach::Xero { event } => {
            let api = &context.providers.xero_api;
            let connections = xero::connections(&context.http, api, access).await?;
            Ok(connections
                .into_iter()
                .map(|one| Found {
                    by_this_consent: !event.is_empty() && one.auth_event_id == *event,
                    id: one.tenant_id,
                    name: one.tenant_name,
                    connection_id: Some(one.id),
                    zoho: None,
                })
                .collect())
        }
        Reach::Zoho { api, .. } => {
            if !products.is_empty() && !has_finance(products) {
                return Ok(Vec::new());
            }
            // Every product lists the same; the consent may be for one of them only.
            let mut asked = products.iter().filter_map(|key| zoho::product(key));
            let through = asked.find(|product| product.dialect == Dialect::Finance).unwrap_or(&zoho::BOOKS);
            let found = zoho::Client::organizations(&context.http, api, through, access).await?;
            Ok(found
                .into_iter()
                .filter(|one| one.is_active && !one.id.is_empty())
                .map(|one| Found {
                    id: one.id.clone(),
                    name: one.name.clone(),
                    by_this_consent: true,
                    connection_id: None,
                    zoho: Some(one),
                })
                // One that has none of the customer's products would be connected for nothing.
                .filter(|one| products.is_empty() || one.has(products).next().is_some())
                .collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, by_this_consent: bool) -> Found {
        Found { id: id.into(), name: id.into(), by_this_consent, connection_id: None, zoho: None }
    }

    fn picked(found: Vec<Found>, before: Option<&str>) -> String {
        let before: Vec<String> = before.into_iter().map(str::to_owned).collect();
        match pick(found, &before, &["books".to_owned(), "invoice".to_owned()]) {
            Pick::None => "none".into(),
            Pick::These(these) | Pick::Several(these) => these.iter().map(|one| one.id.as_str()).collect(),
        }
    }

    #[test]
    fn a_product_that_nothing_connected_has_is_a_reason_to_ask() {
        let with = |id: &str, apps: &[&str]| {
            let apps = apps.iter().map(|app| (*app).to_owned()).collect();
            Found { zoho: Some(zoho::Organisation { apps, ..Default::default() }), ..found(id, true) }
        };
        let both = || vec![with("a", &["books", "inventory"]), with("b", &["invoice"])];
        assert_eq!(picked(both(), Some("a")), "ab");
        assert_eq!(picked(vec![with("a", &["books", "invoice"]), with("b", &["invoice"])], Some("a")), "a");
        let products = ["books", "invoice", "crm"].map(str::to_owned);
        assert_eq!(both()[0].has(&products).collect::<Vec<_>>(), ["books"]);
        assert_eq!(with("c", &[]).has(&products).collect::<Vec<_>>(), ["books", "invoice"]);
    }

    #[test]
    fn the_organisation_of_this_consent_is_picked_and_never_simply_the_first() {
        let old = || found("a", false);
        assert_eq!(picked(vec![old(), found("b", true)], None), "b");
        assert_eq!(picked(vec![old(), found("b", true), found("c", true)], None), "bc");
        assert_eq!(picked(vec![], None), "none");
    }

    #[test]
    fn without_a_mark_the_customer_says_unless_there_is_one_or_one_was_connected() {
        let old = || vec![found("a", false), found("b", false)];
        assert_eq!(picked(old(), None), "ab");
        assert_eq!(picked(old(), Some("b")), "b");
        assert_eq!(picked(old(), Some("z")), "ab");
        assert_eq!(picked(vec![found("a", false)], None), "a");
    }

    #[test]
    fn on_reconnecting_a_marked_stranger_is_not_replaced_by_the_old_one() {
        let list = vec![found("a", false), found("b", true)];
        assert_eq!(picked(list, Some("a")), "b");
    }
}
