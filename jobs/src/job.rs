//! What a job is: one file in `tasks/` with a name, a queue and `run`. Registration is the list below.

use entities::clock::At;
use entities::ids::TenantId;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::{Context, Failure};
use crate::tasks::{
    purge_tenant::PurgeTenant, run_link::RunLink, send_letter::SendLetter, tell_partner::TellPartner, timetable::Timetable,
};

/// An alarm. Its payload says only which row to look at; running it twice does no harm.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    const NAME: &'static str;
    const QUEUE: Queue;
    const PRIORITY: i32 = 0;

    /// Whose work this is, for fairness between tenants.
    fn tenant(&self) -> Option<TenantId>;
    /// At most one live job has this key.
    fn key(&self) -> Option<String>;
    /// Does the work. `Some(at)`: come back then. `Err` is for our own trouble only: what a provider does is a state.
    fn run(self, context: Context) -> impl Future<Output = Result<Option<At>, Failure>> + Send;
}

/// Long work and short work do not share a queue: a slow migration must not keep a letter waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    Sync,
    Letters,
    /// Calls to addresses that partners gave, which may hang.
    Partners,
    Upkeep,
}

impl Queue {
    pub const ALL: [Queue; 4] = [Queue::Sync, Queue::Letters, Queue::Partners, Queue::Upkeep];

    pub fn name(self) -> &'static str {
        match self {
            Queue::Sync => "sync",
            Queue::Letters => "letters",
            Queue::Partners => "partners",
            Queue::Upkeep => "upkeep",
        }
    }

    /// Whether somebody asked for what is in it. A clock is no cause: what it wakes has one already, or none.
    pub fn has_a_cause(self) -> bool {
        self != Queue::Upkeep
    }

    /// Jobs at once in one process.
    pub fn concurrency(self) -> usize {
        match self {
            Queue::Sync => 8,
            Queue::Letters => 4,
            Queue::Partners => 8,
            Queue::Upkeep => 1,
        }
    }

    /// Jobs at once of one tenant, over all processes.
    pub fn per_tenant(self) -> i64 {
        2
    }
}

type Run = fn(String, Context) -> BoxFuture<'static, Result<Option<At>, Failure>>;

/// Every job there is.
const ALL: &[(&str, Run)] = &[
    (RunLink::NAME, run::<RunLink>),
    (SendLetter::NAME, run::<SendLetter>),
    (TellPartner::NAME, run::<TellPartner>),
    (PurgeTenant::NAME, run::<PurgeTenant>),
    (Timetable::NAME, run::<Timetable>),
];

/// The job of this name.
pub fn registered(name: &str) -> Option<Run> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, run)| *run)
}

fn run<J: Job>(payload: String, context: Context) -> BoxFuture<'static, Result<Option<At>, Failure>> {
    async move {
        let job: J = serde_json::from_str(&payload)
            .map_err(|error| Failure::Bug(format!("the payload of {} does not parse: {error}", J::NAME)))?;
        job.run(context).await
    }
    .boxed()
}
