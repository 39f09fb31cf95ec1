//! One answer of Xero, read: the call, what its headers say is left, and its records. The caller has the permit.

use connectors::flow::{On, Reading};
use connectors::flows::Bearer;
use connectors::side::Trouble;
use connectors::xero::{Page, Since};

use super::slice::{Halt, Lane, Provider, Slice};

/// A page of what changed since a moment.
pub async fn changed(slice: &Slice, lane: Lane, since: Since) -> Result<(Page, Vec<Reading>), Halt> {
    let answer = slice.xero.client.changed(lane.flow.xero(), &since).await;
    read(slice, lane, answer).await
}

/// Chosen records: as many as one call takes.
pub async fn by_ids(slice: &Slice, lane: Lane, ids: &[String]) -> Result<(Page, Vec<Reading>), Halt> {
    let answer = slice.xero.client.by_ids(lane.flow.xero(), ids).await;
    read(slice, lane, answer).await
}

/// What hangs on a record that is known as `books.invoices/…`.
pub async fn on(slice: &Slice, lane: Lane, id: &str) -> Result<Vec<Reading>, Halt> {
    let Some((bearer, record)) = Bearer::of_record(id) else { return Ok(Vec::new()) };
    let page = match slice.xero.client.below(lane.flow.xero(), [bearer.xero, record]).await {
        Ok(page) => page,
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    slice.xero.gate.lower(&slice.context, page.remaining).await?;
    let label = slice.context.shelves.label(id).unwrap_or_else(|| format!("one {}", bearer.noun));
    match lane.flow.read_on(&On { id, label: &label }, &page.body) {
        Ok(read) => Ok(read),
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

/// What another flow takes out of a page that was read already.
pub async fn again(slice: &Slice, lane: Lane, page: &Page) -> Result<Vec<Reading>, Halt> {
    match lane.flow.read(&page.body) {
        Ok(records) => Ok(records),
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

async fn read(slice: &Slice, lane: Lane, answer: Result<Page, Trouble>) -> Result<(Page, Vec<Reading>), Halt> {
    let page = match answer {
        Ok(page) => page,
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    slice.xero.gate.lower(&slice.context, page.remaining).await?;
    match lane.flow.read(&page.body) {
        Ok(records) => Ok((page, records)),
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}
