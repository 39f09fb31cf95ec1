//! A visit to both organisations of a link while somebody waits for the answer: a few calls, asked for at the same gates as everybody's.

use std::time::Duration;

use connectors::side::Trouble;
use connectors::{xero, zoho};
use entities::link;
use tokio::time::Instant;

use crate::context::{Context, Failure};
use crate::limits::Permit;
use crate::sync::slice::{Halt, Provider, Reach, reach, zoho_client};

/// Longer than any visit: what is not given back by then is free again.
const STAYS: Duration = Duration::from_secs(60);
/// How long a slice's calls are waited for, how often it is looked, and when to come again otherwise. A slice lasts fifteen seconds at most.
pub(crate) const PATIENCE: Duration = Duration::from_secs(16);
pub(crate) const LOOK: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(5);

/// Both organisations, reached.
pub struct Visit {
    pub context: Context,
    pub link: link::Model,
    pub xero: Reach<xero::Client>,
    pub zoho: Reach<zoho::Client>,
    owner: String,
}

/// Why a visit came to nothing.
#[derive(Debug)]
pub enum Away {
    /// A limit: not before so long.
    Busy(Duration),
    /// In a sentence: the consent is over, nobody answers, the request is refused.
    Closed(String),
    Failed(Failure),
}

impl From<Failure> for Away {
    fn from(failure: Failure) -> Self {
        Away::Failed(failure)
    }
}

impl From<sea_orm::DbErr> for Away {
    fn from(error: sea_orm::DbErr) -> Self {
        Away::Failed(error.into())
    }
}

impl Visit {
    /// Reaches both sides, and takes one of the calls at once that Zoho allows.
    pub async fn begin(context: &Context, link: link::Model) -> Result<Self, Away> {
        let xero = reach(context, &link, Provider::Xero, |connection, access| {
            Ok(xero::Client::new(&context.http, &context.providers.xero_api, &connection.organisation_id, access))
        });
        let xero = xero.await.map_err(|halt| away(context, halt))?;
        let zoho = reach(context, &link, Provider::Zoho, |connection, access| zoho_client(context, &link, connection, access));
        let zoho = zoho.await.map_err(|halt| away(context, halt))?;
        let mut random = [0; 8];
        context.chance.fill(&mut random);
        let owner = format!("visit:{}", random.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let give_up = Instant::now() + PATIENCE;
        // All calls of this moment may be a running slice's: it gives them back within seconds.
        while zoho.gate.reserve(context, &owner, 1, context.in_a(STAYS)).await? == 0 {
            if Instant::now() > give_up {
                return Err(Away::Busy(LATER));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(Self { context: context.clone(), link, xero, zoho, owner })
    }

    /// Gives back what was taken.
    pub async fn end(self) -> Result<(), Failure> {
        self.zoho.gate.release(&self.context, &self.owner).await
    }

    /// Asks for one call.
    pub async fn permit(&self, provider: Provider) -> Result<(), Away> {
        let gate = match provider {
            Provider::Xero => &self.xero.gate,
            Provider::Zoho => &self.zoho.gate,
        };
        match gate.take_soon(&self.context).await? {
            Permit::Granted(_) => Ok(()),
            Permit::NotBefore { at, .. } => Err(Away::Busy(at.since(self.context.now()))),
        }
    }

    /// Permitted, and its trouble named.
    pub async fn xero<T>(&self, call: impl Future<Output = Result<T, Trouble>>) -> Result<T, Away> {
        self.permit(Provider::Xero).await?;
        match call.await {
            Ok(answer) => Ok(answer),
            Err(trouble) => Err(self.trouble(Provider::Xero, trouble).await),
        }
    }

    /// Permitted, and its trouble named.
    pub async fn zoho<T>(&self, call: impl Future<Output = Result<T, Trouble>>) -> Result<T, Away> {
        self.permit(Provider::Zoho).await?;
        match call.await {
            Ok(answer) => Ok(answer),
            Err(trouble) => Err(self.trouble(Provider::Zoho, trouble).await),
        }
    }

    /// The same for what an organisation may not have, or not allow: then there is nothing.
    pub async fn zoho_if_any<T: Default>(&self, call: impl Future<Output = Result<T, Trouble>>) -> Result<T, Away> {
        self.permit(Provider::Zoho).await?;
        match call.await {
            Ok(answer) => Ok(answer),
            Err(Trouble::Refused(_)) => Ok(T::default()),
            Err(trouble) => Err(self.trouble(Provider::Zoho, trouble).await),
        }
    }

    pub(crate) async fn trouble(&self, provider: Provider, trouble: Trouble) -> Away {
        let gate = match provider {
            Provider::Xero => &self.xero.gate,
            Provider::Zoho => &self.zoho.gate,
        };
        let name = provider.name();
        match trouble {
            Trouble::Busy { limit, after } => match gate.pause(&self.context, limit, after).await {
                Ok(_) => Away::Busy(after),
                Err(failure) => Away::Failed(failure),
            },
            // The next slice finds out what it means and refreshes or ends the grant.
            Trouble::Unauthorised => {
                Away::Closed(format!("{name} does not accept our access at the moment. Try again in a minute."))
            }
            Trouble::Forbidden(_) => {
                Away::Closed(format!("The consent does not allow this in {name}. The customer has to allow access again."))
            }
            Trouble::Unreachable(what) => {
                tracing::warn!(link.id = %self.link.id, provider = name, what, "no usable answer");
                Away::Closed(format!("{name} does not answer at the moment. Try again in a minute."))
            }
            Trouble::Refused(refusal) => {
                tracing::warn!(link.id = %self.link.id, provider = name, %refusal, "a request was refused");
                Away::Closed(format!("{name} refuses the request: {}", refusal.message))
            }
        }
    }
}

fn away(context: &Context, halt: Halt) -> Away {
    match halt {
        Halt::NotBefore { at, .. } => Away::Busy(at.since(context.now())),
        Halt::Lost { provider } => {
            Away::Closed(format!("The connection to {} is over. The customer has to allow access again.", provider.name()))
        }
        Halt::Failed(failure) => Away::Failed(failure),
        _ => Away::Busy(Duration::from_secs(1)),
    }
}
