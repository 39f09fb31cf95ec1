//! Records that both sides changed: a look at both, and a person's choice.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use jobs::conflicts::{self, Look};
use jobs::hints::Side;

use super::find;
use crate::error::Error;

#[derive(Default)]
pub struct ConflictQuery;

/// What the two sides say of a record in conflict. Read from both now; nothing of it is kept.
#[derive(Union)]
enum ConflictView {
    ConflictFields(ConflictFields),
    ConflictUnreadable(ConflictUnreadable),
}

#[derive(SimpleObject)]
struct ConflictFields {
    fields: Vec<ConflictField>,
}

/// One field in which they differ.
#[derive(SimpleObject)]
struct ConflictField {
    /// Xero's name of it.
    field: String,
    xero: String,
    zoho: String,
}

/// Both sides cannot be compared now.
#[derive(SimpleObject)]
struct ConflictUnreadable {
    /// Why, in a sentence.
    reason: String,
}

#[Object]
impl ConflictQuery {
    /// Where the two sides of a record differ that is held as `CONFLICT`. Null: it is in none. Costs two or three calls at the providers.
    #[graphql(complexity = "50 + child_complexity")]
    async fn conflict(
        &self,
        context: &Context<'_>,
        link_id: ID,
        flow: String,
        xero_id: String,
    ) -> Result<Option<ConflictView>, Error> {
        let link = find::link(context, &link_id).await?;
        Ok(match conflicts::show(find::state(context)?, link.tenant_id, link.id, &flow, &xero_id).await? {
            Look::None => None,
            Look::Fields(fields) => {
                let fields = fields.into_iter().map(|one| ConflictField { field: one.field, xero: one.xero, zoho: one.zoho });
                Some(ConflictView::ConflictFields(ConflictFields { fields: fields.collect() }))
            }
            Look::NotNow(reason) => Some(ConflictView::ConflictUnreadable(ConflictUnreadable { reason })),
            Look::Unmappable(reason) => Some(ConflictView::ConflictUnreadable(ConflictUnreadable { reason: reason.sentence })),
        })
    }
}

#[derive(Default)]
pub struct ConflictMutation;

/// The side that is right.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ConflictSide {
    Xero,
    Zoho,
}

impl ConflictSide {
    pub fn side(self) -> Side {
        match self {
            ConflictSide::Xero => Side::Xero,
            ConflictSide::Zoho => Side::Zoho,
        }
    }
}

#[derive(SimpleObject)]
struct ResolveConflictPayload {
    /// False: there is no such conflict any more.
    resolved: bool,
}

#[Object]
impl ConflictMutation {
    /// Decides a conflict: the values of the side that is right are written to the other one, by a run that is started for it.
    async fn resolve_conflict(
        &self,
        context: &Context<'_>,
        link_id: ID,
        #[graphql(desc = "`books.invoices`, as the hold says.")] flow: String,
        xero_id: String,
        #[graphql(desc = "Whose values are written to the other side.")] keep: ConflictSide,
    ) -> Result<ResolveConflictPayload, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        let winner = keep.side();
        let (state, tenant) = (find::state(context)?, link.tenant_id);
        let resolved = conflicts::resolve(state, tenant, link.id, &flow, &xero_id, winner, &by).await?;
        Ok(ResolveConflictPayload { resolved })
    }
}
