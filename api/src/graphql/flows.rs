//! The kinds of record we keep in step, as staff see them.

use async_graphql::{Object, SimpleObject};
use connectors::flows;

#[derive(Default)]
pub struct FlowQuery;

#[Object]
impl FlowQuery {
    /// Every kind of record that is carried, in the order of carrying.
    async fn flows(&self) -> Vec<Flow> {
        flows::ALL.iter().map(|flow| Flow::of(flow.key())).collect()
    }
}

/// A kind of record kept in step.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Its stable name: `books.invoices`.
    key: String,
    /// What people call it: "Sales invoices".
    title: String,
    /// The kinds that are carried before it, because it refers to them.
    after: Vec<String>,
}

impl Flow {
    /// A flow that this version no longer knows still has its key.
    pub fn of(key: &str) -> Self {
        let known = flows::flow(key);
        Self {
            key: key.to_owned(),
            title: known.map_or(key, |flow| flow.title()).to_owned(),
            after: known.map_or_else(Vec::new, |flow| flow.after().iter().map(|key| (*key).to_owned()).collect()),
        }
    }
}
