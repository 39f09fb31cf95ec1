//! Who asks, as they see themselves.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::find;
use super::words::DateTime;
use crate::caller::Role;
use crate::error::Error;

#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks.
    async fn viewer(&self, context: &Context<'_>) -> Result<Viewer, Error> {
        let caller = find::caller(context)?;
        Ok(Viewer {
            subject: caller.subject.clone(),
            role: caller.role.into(),
            tenant_ids: caller.tenants.as_ref().map(|tenants| {
                let mut ids: Vec<ID> = tenants.iter().map(|id| ID(id.to_string())).collect();
                ids.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                ids
            }),
            until: DateTime(caller.until),
        })
    }
}

/// A member of staff.
#[derive(SimpleObject)]
struct Viewer {
    subject: String,
    role: ViewerRole,
    /// The only tenants this token reaches; null: all.
    tenant_ids: Option<Vec<ID>>,
    /// When the token ends.
    until: DateTime,
}

/// What a member of staff may do; each may do what the ones before it may.
#[derive(async_graphql::Enum, Clone, Copy, PartialEq, Eq)]
enum ViewerRole {
    Viewer,
    Operator,
    Admin,
}

impl From<Role> for ViewerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Operator => Self::Operator,
            Role::Admin => Self::Admin,
        }
    }
}
