//! Removes one customer.

use entities::clock::At;
use entities::ids::TenantId;
use serde::{Deserialize, Serialize};

use crate::context::{Context, Failure};
use crate::job::{Job, Queue};
use crate::purge;

/// Remove what is left of this one.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeTenant {
    pub tenant: TenantId,
}

impl Job for PurgeTenant {
    const NAME: &'static str = "purge_tenant";
    const QUEUE: Queue = Queue::Letters;

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn key(&self) -> Option<String> {
        Some(format!("purge:{}", self.tenant))
    }

    async fn run(self, context: Context) -> Result<Option<At>, Failure> {
        purge::work(&context, self.tenant).await?;
        Ok(None)
    }
}
