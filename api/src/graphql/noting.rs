//! Every mutation leaves an entry in the audit log. What was done is noted in the act's own transaction; this notes the rest, so that a
//! mutation cannot be forgotten: what was refused, what failed, and what found nothing to do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest, NextResolve, ResolveInfo};
use async_graphql::parser::types::Field;
use async_graphql::{ID, Name, Request, ServerError, ServerResult, Value, Variables};
use entities::ids::TenantId;
use jobs::audit::{Author, Deed, Outcome, Source, note_aside};

use super::node_id;
use crate::caller::Caller;
use crate::error::Error;
use crate::state::State;

/// Tells whether the act at work was noted. Mutations of one request are done one after the other.
#[derive(Clone, Default)]
pub struct Trail(pub Arc<AtomicBool>);

pub struct Noting;

impl ExtensionFactory for Noting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest::default())
    }
}

/// What an extension must remember from the request's beginning.
#[derive(Default)]
struct OneRequest {
    variables: Mutex<Variables>,
}

#[async_trait::async_trait]
impl Extension for OneRequest {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        *self.variables.lock().unwrap_or_else(PoisonError::into_inner) = request.variables.clone();
        next.run(context, request.data(Trail::default())).await
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        if info.parent_type != "Mutation" || info.is_for_introspection || info.name.starts_with("__") {
            return next.run(context, info).await;
        }
        let (name, about) = (info.name.to_owned(), self.about(info.field));
        let answer = next.run(context, info).await;
        let noted = context.data_opt::<Trail>().is_some_and(|trail| trail.0.swap(false, Ordering::Relaxed));
        let (outcome, code) = match &answer {
            // Whatever came after it: the act stands and has its entry.
            _ if noted && !is_our_fault(answer.as_ref().err()) => return answer,
            Ok(_) => (Outcome::Nothing, ""),
            Err(error) if is_our_fault(Some(error)) => (Outcome::Failed, "INTERNAL"),
            Err(error) => (Outcome::Refused, error.source::<Error>().map_or("BAD_INPUT", Error::code)),
        };
        if let (Some(caller), Some(state)) = (context.data_opt::<Caller>(), context.data_opt::<State>())
            && let Err(failure) = {
                let (tenant, target) = about.unzip();
                let deed =
                    Deed { act: act(&name).to_owned(), target: target.unwrap_or_default(), outcome, detail: code.to_owned() };
                note_aside(state, tenant, &Author::bearer(&caller.subject, Source::GraphQl), deed).await
            }
        {
            tracing::error!(%failure, mutation = name, "an entry of the audit log could not be written");
        }
        answer
    }
}

impl OneRequest {
    /// The tenant that a mutation names in one of its arguments, and the row.
    fn about(&self, field: &Field) -> Option<(TenantId, String)> {
        let variables = self.variables.lock().unwrap_or_else(PoisonError::into_inner);
        field.arguments.iter().find_map(|(name, value)| {
            let value = value.node.clone().into_const_with(|name: Name| variables.get(&name).cloned().ok_or(()));
            let Ok(async_graphql::Value::String(text)) = value else { return None };
            if name.node == "tenantId" { Some((text.parse().ok()?, String::new())) } else { node_id::about(&ID(text)) }
        })
    }
}

fn is_our_fault(error: Option<&ServerError>) -> bool {
    error.and_then(|error| error.source::<Error>()).is_some_and(|error| matches!(error, Error::Internal(_)))
}

/// What a mutation does, in the log's words. One that is not listed goes by its own name.
fn act(mutation: &str) -> &str {
    match mutation {
        "onboardTenant" => "tenant.onboarded",
        "exportTenant" => "tenant.exported",
        "purgeTenant" => "tenant.purge_begun",
        "resendConsent" => "consent.sent",
        "revokeConsent" => "consent.revoked",
        "startMigration" | "previewMigration" | "syncNow" | "reconcile" => "run.started",
        "pauseRun" => "run.paused",
        "resumeRun" => "run.resumed",
        "cancelRun" => "run.cancelled",
        "retryHolds" => "holds.retried",
        "resolveConflict" => "conflict.resolved",
        "disconnect" => "connection.ended",
        "setReferenceMap" => "references.set",
        "updateLink" => "link.changed",
        "setTrackingRules" | "setFieldRules" => "rules.set",
        "provisionButton" => "button.wished",
        "createApiClient" => "client.created",
        "rotateApiClient" => "client.rotated",
        "revokeApiClient" => "client.revoked",
        "shareTenants" => "tenants.shared",
        "retryJob" => "job.retried",
        other => other,
    }
}
