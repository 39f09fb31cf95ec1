//! Taking customers in and inviting them.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::find;
use super::tenants::Tenant;
use super::words::Provider;
use crate::error::Error;
use crate::onboarding::{self, Newcomer};

#[derive(Default)]
pub struct OnboardingMutation;

/// A new customer.
#[derive(InputObject)]
struct OnboardTenantInput {
    /// 1 to 200 characters.
    name: String,
    /// Where the letter with the consent links goes.
    contact_email: String,
    /// `nz`, `au`, `uk`, `us`, `eu`, `ca`, `in`, `jp`, `sa`, `cn` or `other`.
    region: String,
    /// `books`.
    products: Vec<String>,
}

/// The links themselves are only in the letter.
#[derive(SimpleObject)]
struct TenantPayload {
    tenant: Tenant,
}

/// The customer is gone in a moment: `tenant` gives null then.
#[derive(SimpleObject)]
struct PurgeTenantPayload {
    tenant_id: ID,
}

#[derive(SimpleObject)]
struct RevokeConsentPayload {
    outcome: RevokeConsentOutcome,
    tenant: Tenant,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum RevokeConsentOutcome {
    Revoked,
    /// There was no open link.
    NothingOpen,
}

#[Object]
impl OnboardingMutation {
    /// Takes a customer in and queues the letter with the two consent links.
    async fn onboard_tenant(&self, context: &Context<'_>, input: OnboardTenantInput) -> Result<TenantPayload, Error> {
        find::caller(context)?.may_onboard()?;
        let by = find::author(context)?;
        let newcomer = Newcomer::parse(&input.name, &input.contact_email, &input.region, &input.products)?;
        let tenant = onboarding::onboard(find::state(context)?, newcomer, &by).await?;
        Ok(TenantPayload { tenant: Tenant::of(tenant) })
    }

    /// Sends new consent links; the ones before stop working. Without a provider: for every side that is not connected.
    async fn resend_consent(
        &self,
        context: &Context<'_>,
        tenant_id: ID,
        provider: Option<Provider>,
    ) -> Result<TenantPayload, Error> {
        let by = find::author(context)?;
        let tenant = find::tenant(context, &tenant_id).await?;
        let provider = provider.map(crate::consenting::Provider::from);
        let state = find::state(context)?;
        let tenant = onboarding::resend(state, tenant.id, provider, onboarding::new_letter(state), &by).await?;
        Ok(TenantPayload { tenant: Tenant::of(tenant) })
    }

    /// Removes a customer with everything that we keep of them, for good. For admins. Both providers get their access back; our webhooks and
    /// buttons go from Zoho; what was carried stays there, with the ids of Xero in its fields. `name` is the customer's name, to be sure
    /// that it is them.
    async fn purge_tenant(&self, context: &Context<'_>, tenant_id: ID, name: String) -> Result<PurgeTenantPayload, Error> {
        find::caller(context)?.may_administer()?;
        let by = find::author(context)?;
        let tenant = find::tenant(context, &tenant_id).await?;
        if name.trim() != tenant.name {
            return Err(Error::bad_input("name", "name must be the customer's name, as it stands there"));
        }
        jobs::purge::begin(find::state(context)?, tenant.id, &by).await?;
        Ok(PurgeTenantPayload { tenant_id })
    }

    /// Closes the open consent link. What was allowed already stays: `disconnect` ends that.
    async fn revoke_consent(
        &self,
        context: &Context<'_>,
        tenant_id: ID,
        provider: Provider,
    ) -> Result<RevokeConsentPayload, Error> {
        let by = find::author(context)?;
        let tenant = find::tenant(context, &tenant_id).await?;
        let revoked = onboarding::revoke(find::state(context)?, tenant.id, provider.into(), &by).await?;
        Ok(RevokeConsentPayload {
            outcome: if revoked { RevokeConsentOutcome::Revoked } else { RevokeConsentOutcome::NothingOpen },
            tenant: Tenant::of(tenant),
        })
    }
}
