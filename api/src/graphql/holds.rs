//! Records that could not be carried, as staff see them.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{Context, ID, Object, SimpleObject};
use jobs::holds::HoldView;

use super::flows::Flow;
use super::words::DateTime;
use super::{find, paging};
use crate::error::Error;

#[derive(Default)]
pub struct HoldQuery;

#[Object]
impl HoldQuery {
    /// What could not be carried over this link, the oldest first.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn holds(
        &self,
        context: &Context<'_>,
        link_id: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<u64, Hold, Total, EmptyFields>, Error> {
        let link = find::link(context, &link_id).await?;
        let rows = paging::rows(first)?;
        let after: u64 = paging::cursor(after.as_deref())?.unwrap_or(0);
        let (found, total) = jobs::holds::list(find::state(context)?, link.tenant_id, link.id, after, rows).await?;
        let end = after.saturating_add(found.len() as u64);
        let total_count = i64::try_from(total).unwrap_or(i64::MAX);
        let mut page = Page::with_additional_fields(after > 0, end < total, Total { total_count });
        page.edges = (after + 1..).zip(found).map(|(cursor, hold)| Edge::new(cursor, Hold::of(hold))).collect();
        Ok(page)
    }
}

#[derive(SimpleObject)]
struct Total {
    total_count: i64,
}

/// A record that could not be carried, and why.
#[derive(SimpleObject)]
struct Hold {
    flow: Flow,
    /// Xero's id of the record.
    xero_id: String,
    /// Stable, to group by and to retry by.
    code: String,
    /// Whether it is one that a clean migration may contain.
    expected: bool,
    /// Why, for a bookkeeper.
    sentence: String,
    held_at: DateTime,
    attempts: i32,
    /// Its page in Xero, in the right organisation. Null: Xero has none, or has not got it yet.
    xero_url: Option<String>,
    /// Its page in Zoho. Null: Zoho has none, or has not got it yet.
    zoho_url: Option<String>,
}

impl Hold {
    fn of(hold: HoldView) -> Self {
        Self {
            flow: Flow::of(&hold.flow),
            xero_id: hold.xero_id,
            code: hold.code,
            expected: hold.expected,
            sentence: hold.sentence,
            held_at: DateTime(hold.held_at),
            attempts: hold.attempts,
            xero_url: hold.pages.xero.map(String::from),
            zoho_url: hold.pages.zoho.map(String::from),
        }
    }
}

#[derive(Default)]
pub struct HoldMutation;

/// How many records will be tried again.
#[derive(SimpleObject)]
struct RetriedHolds {
    retried: i64,
}

#[Object]
impl HoldMutation {
    /// Tries held records again: those with these codes, or all. A run is started for it if none is at work.
    async fn retry_holds(&self, context: &Context<'_>, link_id: ID, codes: Option<Vec<String>>) -> Result<RetriedHolds, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        let retried =
            jobs::holds::retry(find::state(context)?, link.tenant_id, link.id, codes_of(codes)?.as_deref(), &by).await?;
        Ok(RetriedHolds { retried: i64::try_from(retried).unwrap_or(i64::MAX) })
    }
}

/// There are fewer than this; more names than a database takes at once are nobody's wish.
pub const CODES_MAX: usize = 100;

/// The codes that are named, each once.
pub fn codes_of(codes: Option<Vec<String>>) -> Result<Option<Vec<String>>, Error> {
    let Some(mut codes) = codes else { return Ok(None) };
    if codes.len() > CODES_MAX {
        return Err(Error::bad_input("codes", format!("name {CODES_MAX} codes at most")));
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(Some(codes))
}
