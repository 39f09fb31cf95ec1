//! Who may ask for what: one line for each field of `Query` and `Mutation`. What has no line is nobody's, and a test misses it.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{PathSegment, ServerError, ServerResult, Value};

use crate::caller::{Caller, Role};
use crate::error::Error;

/// The least role that may ask. Some ask for more: a token that is limited to some tenants neither onboards nor says who else gets in.
const RULES: [(&str, Role); 40] = [
    // Looking.
    ("auditLog", Role::Viewer),
    ("conflict", Role::Viewer),
    ("customFields", Role::Viewer),
    ("findings", Role::Viewer),
    ("flows", Role::Viewer),
    ("holds", Role::Viewer),
    ("link", Role::Viewer),
    ("run", Role::Viewer),
    ("tenant", Role::Viewer),
    ("tenants", Role::Viewer),
    ("testTrackingRules", Role::Viewer),
    ("viewer", Role::Viewer),
    // Acting.
    ("cancelRun", Role::Operator),
    ("disconnect", Role::Operator),
    ("onboardTenant", Role::Operator),
    ("pauseRun", Role::Operator),
    ("previewMigration", Role::Operator),
    ("provisionButton", Role::Operator),
    ("reconcile", Role::Operator),
    ("resendConsent", Role::Operator),
    ("resolveConflict", Role::Operator),
    ("resumeRun", Role::Operator),
    ("retryHolds", Role::Operator),
    ("revokeConsent", Role::Operator),
    ("setFieldRules", Role::Operator),
    ("setReferenceMap", Role::Operator),
    ("setTrackingRules", Role::Operator),
    ("startMigration", Role::Operator),
    ("syncNow", Role::Operator),
    ("updateLink", Role::Operator),
    // Letting others in, handing everything out, and what cannot be undone.
    ("apiClients", Role::Admin),
    ("createApiClient", Role::Admin),
    ("exportTenant", Role::Admin),
    ("failedJobs", Role::Admin),
    ("purgeTenant", Role::Admin),
    ("queues", Role::Admin),
    ("retryJob", Role::Admin),
    ("revokeApiClient", Role::Admin),
    ("rotateApiClient", Role::Admin),
    ("shareTenants", Role::Admin),
];

fn needed(field: &str) -> Option<Role> {
    RULES.iter().find(|(known, _)| *known == field).map(|(_, role)| *role)
}

/// Stands before every field that a question begins with.
pub struct Roles;

impl ExtensionFactory for Roles {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Gate)
    }
}

struct Gate;

#[async_trait::async_trait]
impl Extension for Gate {
    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let is_root = ["Query", "Mutation"].contains(&info.parent_type) && !info.is_for_introspection;
        if is_root && !info.name.starts_with("__") {
            // Whoever is nobody is told so by the field itself.
            let role = context.data_opt::<Caller>().map(|caller| caller.role);
            if let Some(error) = role.and_then(|role| refusal(info.name, role)) {
                let error = async_graphql::Error::from(error).into_server_error(info.field.name.pos);
                return Err(ServerError { path: vec![PathSegment::Field(info.alias.unwrap_or(info.name).to_owned())], ..error });
            }
        }
        next.run(context, info).await
    }
}

fn refusal(field: &str, role: Role) -> Option<Error> {
    match needed(field) {
        Some(needed) if role >= needed => None,
        Some(Role::Viewer | Role::Operator) => Some(Error::Forbidden { needs: "it needs the role operator or admin" }),
        Some(Role::Admin) | None => Some(Error::Forbidden { needs: "it needs the role admin" }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};

    use super::*;

    #[test]
    fn every_field_of_the_schema_has_its_rule_and_no_rule_is_for_nothing() {
        let document = parse_schema(super::super::sdl()).unwrap();
        let mut there = BTreeSet::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(kind) = definition else { continue };
            let TypeKind::Object(object) = kind.node.kind else { continue };
            if ["Query", "Mutation"].contains(&kind.node.name.node.as_str()) {
                there.extend(object.fields.iter().map(|field| field.node.name.node.to_string()));
            }
        }
        let ruled: BTreeSet<String> = RULES.iter().map(|(field, _)| (*field).to_owned()).collect();
        assert_eq!((there, RULES.len()), (ruled.clone(), ruled.len()));
    }

    #[test]
    fn each_role_may_do_what_the_one_before_may_and_nobody_what_has_no_rule() {
        let may = |field, role| refusal(field, role).is_none();
        assert!(may("tenants", Role::Viewer) && may("tenants", Role::Admin));
        assert!(!may("syncNow", Role::Viewer) && may("syncNow", Role::Operator));
        assert!(!may("purgeTenant", Role::Operator) && may("purgeTenant", Role::Admin));
        assert!(!may("somethingNew", Role::Admin));
    }
}
