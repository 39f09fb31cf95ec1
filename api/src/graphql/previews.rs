//! Previews of a migration, and what people decide about accounts, taxes and currencies.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use jobs::sync::preview::{self, Content};
use jobs::sync::references::{self, Decided, Decision};

use super::find;
use super::flows::Flow;
use super::links::Link;
use super::words::{Date, ReferenceState};
use crate::error::Error;

/// Decisions of one call: a chart of accounts has a few hundred.
const DECISIONS_MAX: usize = 1_000;
/// Ids of both providers are shorter.
const ID_CHARS_MAX: usize = 100;

#[derive(Default)]
pub struct PreviewMutation;

/// What a migration would do.
#[derive(SimpleObject)]
pub struct Preview {
    /// What each choice of scope costs: everything, from the day of the scope, open items only.
    choices: Vec<PreviewChoice>,
    /// What accounts, taxes and currencies become. Nothing is created that was not allowed.
    references: Vec<ReferenceProposal>,
    /// What Zoho has that may be chosen instead.
    options: Vec<ReferenceOption>,
    /// Locked periods: what is dated inside one is held.
    locks: Vec<PeriodLock>,
}

/// One choice of scope and its price.
#[derive(SimpleObject)]
struct PreviewChoice {
    kind: ScopeKind,
    /// The day, for `FROM`.
    from: Option<Date>,
    flows: Vec<PreviewCount>,
    xero_calls: u64,
    zoho_calls: u64,
    /// At the pace that the limits a minute allow.
    minutes: u64,
    /// Whole days, under the limits a day.
    days: u64,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    Everything,
    /// From a day on; older history becomes opening balances.
    From,
    /// What is open today.
    OpenItems,
}

/// One kind of record in a choice.
#[derive(SimpleObject)]
struct PreviewCount {
    flow: Flow,
    records: u64,
    zoho_calls: u64,
    /// Xero cannot count it exactly.
    is_estimate: bool,
}

/// What an account, a tax or a currency of Xero becomes.
#[derive(SimpleObject)]
struct ReferenceProposal {
    flow: Flow,
    xero_id: String,
    /// As Xero calls it.
    name: String,
    state: ReferenceState,
    zoho_id: Option<String>,
    zoho_name: Option<String>,
}

/// A record of Zoho that may be chosen.
#[derive(SimpleObject)]
struct ReferenceOption {
    flow: Flow,
    zoho_id: String,
    name: String,
}

/// A locked period, from the beginning of the books.
#[derive(SimpleObject)]
struct PeriodLock {
    provider: super::words::Provider,
    /// Zoho's word for the part of the books: `sales`, `purchases`, `banking`, `accountant`, `all`.
    area: String,
    until: Date,
}

impl Preview {
    /// What a run of kind preview found.
    pub async fn read(context: &Context<'_>, run: &entities::run::Model) -> Result<Option<Self>, Error> {
        preview::find(find::state(context)?, run.tenant_id, run.id).await?.map(Self::of).transpose()
    }

    fn of(content: Content) -> Result<Self, Error> {
        let choices = content.choices.into_iter().map(|offer| PreviewChoice {
            kind: match (offer.from, offer.open_only) {
                (_, true) => ScopeKind::OpenItems,
                (Some(_), false) => ScopeKind::From,
                (None, false) => ScopeKind::Everything,
            },
            from: offer.from.map(Date),
            flows: offer
                .flows
                .into_iter()
                .map(|count| PreviewCount {
                    flow: Flow::of(&count.flow),
                    records: count.records,
                    zoho_calls: count.zoho_calls,
                    is_estimate: count.is_estimate,
                })
                .collect(),
            xero_calls: offer.xero_calls,
            zoho_calls: offer.zoho_calls,
            minutes: offer.minutes,
            days: offer.days,
        });
        let references = content.references.into_iter().map(|one| {
            Ok(ReferenceProposal {
                flow: Flow::of(&one.flow),
                xero_id: one.xero_id,
                name: one.name,
                state: ReferenceState::read(&one.state)?,
                zoho_id: one.zoho_id,
                zoho_name: one.zoho_name,
            })
        });
        let options = content.options.into_iter().map(|one| ReferenceOption {
            flow: Flow::of(&one.flow),
            zoho_id: one.zoho_id,
            name: one.name,
        });
        let xero = content.xero_locked_until.map(|until| PeriodLock {
            provider: super::words::Provider::Xero,
            area: "all".to_owned(),
            until: Date(until),
        });
        let zoho = content.zoho_locks.into_iter().map(|lock| PeriodLock {
            provider: super::words::Provider::Zoho,
            area: lock.area,
            until: Date(lock.until),
        });
        Ok(Self {
            choices: choices.collect(),
            references: references.collect::<Result<_, Error>>()?,
            options: options.collect(),
            locks: xero.into_iter().chain(zoho).collect(),
        })
    }
}

/// One decision about an account, a tax or a currency of Xero.
#[derive(InputObject)]
struct ReferenceInput {
    /// `books.accounts`, `books.taxes` or `books.currencies`.
    flow: String,
    xero_id: String,
    /// The one in Zoho that stands for it.
    zoho_id: Option<String>,
    /// It may be created in Zoho. Neither this nor `zohoId`: an earlier decision is taken back.
    #[graphql(default)]
    create: bool,
}

/// The decisions stand.
#[derive(SimpleObject)]
struct ReferenceMapPayload {
    link: Link,
    /// How many were set or taken back.
    decided: u64,
}

#[Object]
impl PreviewMutation {
    /// Says which accounts, taxes and currencies of Zoho stand for those of Xero, or that they may be created. All or none are kept. What
    /// is carried from then on follows it; what was carried before stays.
    async fn set_reference_map(
        &self,
        context: &Context<'_>,
        link_id: ID,
        entries: Vec<ReferenceInput>,
    ) -> Result<ReferenceMapPayload, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        if entries.len() > DECISIONS_MAX {
            return Err(Error::bad_input("entries", format!("at most {DECISIONS_MAX} at once")));
        }
        let mut decisions = Vec::with_capacity(entries.len());
        for entry in entries {
            let ids = [Some(&entry.xero_id), entry.zoho_id.as_ref()];
            if ids.into_iter().flatten().any(|id| id.is_empty() || id.chars().count() > ID_CHARS_MAX) {
                return Err(Error::bad_input("entries", format!("an id has 1 to {ID_CHARS_MAX} characters")));
            }
            let decision = match (entry.zoho_id, entry.create) {
                (Some(_), true) => {
                    return Err(Error::bad_input("entries", format!("{}: `zohoId` or `create`, not both", entry.xero_id)));
                }
                (Some(zoho_id), false) => Decision::Is(zoho_id),
                (None, true) => Decision::Create,
                (None, false) => Decision::Forget,
            };
            decisions.push((entry.flow, entry.xero_id, decision));
        }
        match references::decide(find::state(context)?, link.tenant_id, link.id, &decisions, &by).await? {
            Decided::Yes(decided) => Ok(ReferenceMapPayload { link: Link::of(link)?, decided }),
            Decided::NotMapped(flow) => Err(Error::bad_input(
                "entries",
                format!("{flow:?} is not mapped by people; `books.accounts`, `books.taxes` and `books.currencies` are"),
            )),
        }
    }
}
