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
        let tenant = onboarding::resend(find::state(context)?, tenant.id, provider, &by).await?;
        Ok(TenantPayload { tenant: Tenant::of(tenant) })
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
