//! One answer of Xero, read: the call, what its headers say is left, and its records. The caller has the permit.

use connectors::flow::Reading;
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
