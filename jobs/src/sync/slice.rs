//! A slice: one worker's short turn at one link. Claimed with a fence, at most fifteen seconds long, never asleep.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use connectors::flow::AnyFlow;
use connectors::print::PrintKey;
use connectors::rules::Rules;
use connectors::side::{Limit, Trouble};
use connectors::{flows, xero, zoho};
use entities::clock::At;
use entities::database::sql;
use entities::ids::{GrantId, LaneId, LinkId, RunId, TenantId};
use entities::sealed::TenantKey;
use entities::{button, connection, grant, lane, link, run, unique_field};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::known::Cache;
use super::provision;
use super::scope::Scope;
use super::shelf::Directories;
use crate::context::{Context, Failure};
use crate::limits::{Gate, Permit};
use crate::links;
use crate::rules;
use crate::tokens::{self, Access};

/// How long a turn lasts: short, so that many links share a worker and a shutdown waits little.
const TURN: Duration = Duration::from_secs(15);
/// How long a claim holds. Every settled batch renews it.
const CLAIM: Duration = Duration::from_secs(60);
/// A token this young that is refused means that the consent is over.
const YOUNG: Duration = Duration::from_secs(120);

/// Which provider something is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Xero,
    Zoho,
}

impl Provider {
    pub fn name(self) -> &'static str {
        match self {
            Provider::Xero => "Xero",
            Provider::Zoho => "Zoho",
        }
    }
}

/// Why a turn ends.
#[derive(Debug)]
pub enum Halt {
    /// Nothing to do until something happens.
    Idle,
    /// The turn is over, the work is not.
    TurnOver,
    /// A limit: not before then.
    NotBefore {
        at: At,
        provider: Provider,
        limit: Limit,
    },
    /// No usable answer: try again later, a little later each time.
    Unreachable {
        provider: Provider,
    },
    /// The run rests until then, for a reason that is written down already.
    Resting {
        at: At,
    },
    /// The access token was refused and will be refreshed: go on at once.
    Refreshed,
    /// The consent is over.
    Lost {
        provider: Provider,
    },
    /// The provider refuses a request that is not about one record: a person must look.
    Refused {
        provider: Provider,
        sentence: String,
    },
    /// More would be removed than looks right: a person must look.
    Guard {
        sentence: String,
    },
    Failed(Failure),
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Halt::Failed(failure)
    }
}

impl From<DbErr> for Halt {
    fn from(error: DbErr) -> Self {
        Halt::Failed(error.into())
    }
}

/// One lane and its flow.
#[derive(Clone, Copy)]
pub struct Lane {
    pub id: LaneId,
    pub flow: &'static dyn AnyFlow,
    /// Whether the scope includes it.
    pub on: bool,
}

/// One provider as this slice reaches it.
pub struct Reach<C> {
    pub client: C,
    pub gate: Gate,
    pub connection: connection::Model,
    grant: GrantId,
    generation: i64,
    refreshed_at: At,
}

/// A claimed turn.
pub struct Slice {
    pub context: Context,
    pub tenant: TenantId,
    pub key: TenantKey,
    pub print: PrintKey,
    pub link: link::Model,
    pub product: &'static zoho::Product,
    pub fence: i64,
    /// What of the company is carried.
    pub scope: Scope,
    /// What the tenant wants of tracking and of custom fields.
    pub rules: Arc<Rules>,
    pub lanes: Vec<Lane>,
    /// Zoho's locked periods, where the run has asked for them.
    pub locks: Vec<zoho::Lock>,
    pub xero: Reach<xero::Client>,
    pub zoho: Reach<zoho::Client>,
    /// The api names of the unique fields, by module and label.
    pub fields: HashMap<(String, String), String>,
    /// How the ways from Zoho to Xero stood when the turn began.
    pub buttons: Vec<button::Model>,
    pub known: Cache,
    /// Zoho's existing records of kinds without upsert, listed once a run, and again where an answer was missing.
    pub directories: Directories,
    /// Xero's whole lists that mappings look things up in, read once a turn.
    pub lists: HashMap<&'static str, Arc<Vec<Value>>>,
    /// Up to when Xero's books are locked, where this turn has asked.
    pub xero_lock: Option<Option<chrono::NaiveDate>>,
    /// Calls at once that were reserved for this slice.
    pub slots: u32,
    /// Of which kinds Zoho wants of an update what its documents require of one, noticed by the first that it refused this turn.
    pub insists: HashMap<LaneId, Arc<AtomicBool>>,
    /// Something came of this turn: a page was read, a record written.
    pub moved: bool,
    /// Calls made and not yet added to the run's counters, by lane.
    pub calls: HashMap<LaneId, (i64, i64)>,
    pub owner: String,
    until: Instant,
    /// The run that is worked on.
    run: Option<RunId>,
    /// Whether this link has come upon records in Zoho that bear our marks and that it did not make.
    has_found: Option<bool>,
}

/// Takes the link for a turn, unless another worker has it. Gives the fence.
pub async fn claim(context: &Context, tenant: TenantId, id: LinkId, owner: &str) -> Result<Option<link::Model>, Failure> {
    let now = context.now();
    let claimed = context
        .database
        .query_one_raw(sql(
            context.database.get_database_backend(),
            "UPDATE link SET slice_owner = $1, slice_until = $2, fence = fence + 1 \
             WHERE tenant_id = $3 AND id = $4 AND (slice_owner IS NULL OR slice_until < $5) RETURNING fence",
            vec![owner.into(), now.plus(CLAIM).0.into(), tenant.0.into(), id.0.into(), now.0.into()],
        ))
        .await?;
    if claimed.is_none() {
        return Ok(None);
    }
    Ok(link::Entity::of(tenant).filter(link::Column::Id.eq(id)).one(&context.database).await?)
}

/// Gives the link back, due again at `next_at`. A link that was woken meanwhile is due at once.
pub async fn release(context: &Context, link: &link::Model, next_at: At, misses: i32) -> Result<(), Failure> {
    context
        .database
        .execute_raw(sql(
            context.database.get_database_backend(),
            "UPDATE link SET slice_owner = NULL, slice_until = NULL, misses = $1, \
             next_at = CASE WHEN next_at > $2 AND next_at < $3 THEN next_at ELSE $3 END \
             WHERE tenant_id = $4 AND id = $5 AND fence = $6",
            vec![
                misses.into(),
                context.now().0.into(),
                next_at.0.into(),
                link.tenant_id.0.into(),
                link.id.0.into(),
                link.fence.into(),
            ],
        ))
        .await?;
    Ok(())
}

impl Slice {
    /// Gets everything a turn needs: keys, tokens, lanes, limits.
    pub async fn begin(context: &Context, link: link::Model, owner: String) -> Result<Slice, Halt> {
        let tenant = link.tenant_id;
        let key = context.tenant_key(tenant).await?;
        let scope = scope_of(&link)?;
        let rules = Arc::new(rules::of(&context.database, tenant, link.id, &key).await?);
        let mut lanes = lanes(context, &link, &scope).await?;
        if lanes.len() < flows::of(&link.product).count() {
            links::add_lanes(&context.database, context, &link).await?;
            lanes = self::lanes(context, &link, &scope).await?;
        }
        let fields = unique_field::Entity::of(tenant)
            .filter(unique_field::Column::LinkId.eq(link.id))
            .all(&context.database)
            .await?
            .into_iter()
            .map(|field| ((field.module, field.label), field.api_name))
            .collect();
        let buttons = button::Entity::of(tenant).filter(button::Column::LinkId.eq(link.id)).all(&context.database).await?;
        let xero = reach(context, &link, Provider::Xero, |connection, access| {
            Ok(xero::Client::new(&context.http, &context.providers.xero_api, &connection.organisation_id, access))
        })
        .await?;
        let zoho =
            reach(context, &link, Provider::Zoho, |connection, access| zoho_client(context, &link, connection, access)).await?;
        let slots = zoho.gate.reserve(context, &owner, zoho.gate.limits.in_flight, context.in_a(CLAIM)).await?;
        if slots == 0 {
            let at = context.in_a(Duration::from_millis(500));
            return Err(Halt::NotBefore { at, provider: Provider::Zoho, limit: Limit::Concurrent });
        }
        Ok(Slice {
            context: context.clone(),
            tenant,
            print: PrintKey::new(key.print_key()),
            key,
            fence: link.fence,
            product: product_of(&link)?,
            link,
            scope,
            rules,
            has_found: None,
            lanes,
            locks: Vec::new(),
            xero,
            zoho,
            fields,
            buttons,
            known: Cache::default(),
            directories: Directories::new(),
            lists: HashMap::new(),
            xero_lock: None,
            insists: HashMap::new(),
            run: None,
            slots,
            moved: false,
            calls: HashMap::new(),
            owner,
            until: Instant::now() + TURN,
        })
    }

    /// Reads the wishes that came with the run: it may have been started after this turn was claimed.
    pub async fn read_wishes(&mut self) -> Result<(), Halt> {
        let found = link::Entity::of(self.tenant).filter(link::Column::Id.eq(self.link.id)).one(&self.context.database).await?;
        let Some(found) = found else { return Ok(()) };
        self.scope = scope_of(&found)?;
        self.link = link::Model { fence: self.fence, ..found };
        self.choose_lanes();
        Ok(())
    }

    /// Which lanes are carried: those of the scope, less what Zoho's own integration carries.
    pub fn choose_lanes(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.on = self.scope.carries(&self.link, lane.flow));
    }

    /// The lanes that share this one's pages, itself first. None for a lane that reads with another.
    pub fn readers(&self, lane: Lane) -> Vec<Lane> {
        if lane.flow.read_with().is_some() {
            return Vec::new();
        }
        let with = |other: &&Lane| other.on && (other.id == lane.id || other.flow.read_with() == Some(lane.flow.key()));
        self.lanes.iter().filter(with).copied().collect()
    }

    /// Whether Zoho may have records of an earlier link of ours: some were found by their unique field. Kinds without one are then
    /// looked for before they are created.
    pub async fn has_found(&mut self) -> Result<bool, Halt> {
        if let Some(has_found) = self.has_found {
            return Ok(has_found);
        }
        let text = "SELECT 1 AS one FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id \
                    WHERE lane.tenant_id = $1 AND lane.link_id = $2 AND pair.origin = 'found' LIMIT 1";
        let database = &self.context.database;
        let values = vec![self.tenant.0.into(), self.link.id.0.into()];
        let has_found = database.query_one_raw(sql(database.get_database_backend(), text, values)).await?.is_some();
        self.has_found = Some(has_found);
        Ok(has_found)
    }

    /// A sentence about Zoho's product speaks of the one that this link leads to. Mappings that several share speak of Books.
    pub fn of_product(&self, sentence: &str) -> String {
        sentence.replace(zoho::BOOKS.name, self.product.name)
    }

    /// The api name of the field in Zoho that bears the id of Xero's record, for kinds that have one.
    pub fn mark_of(&self, lane: Lane) -> Option<&str> {
        let (module, label) = provision::field_of(lane.flow.zoho())?;
        let field = self.fields.get(&(module.to_owned(), label.to_owned()))?;
        Some(field.as_str()).filter(|field| !field.is_empty())
    }

    /// From here on this turn works on a run: what an earlier turn of it had listed is at hand again.
    pub fn work_on(&mut self, run: &run::Model) -> Result<(), Failure> {
        self.directories = self.context.shelves.take_directories(self.link.id, run.id, self.fence);
        self.run = Some(run.id);
        let locks = run.locks.as_deref().map(serde_json::from_str).transpose();
        self.locks = locks.map_err(|error| Failure::Bug(format!("the stored locks: {error}")))?.unwrap_or_default();
        Ok(())
    }

    /// Gives back what was reserved, and keeps what the next turn can use.
    pub async fn end(&mut self) -> Result<(), Failure> {
        if let Some(run) = self.run.filter(|_| !self.directories.is_empty()) {
            self.context.shelves.put_directories(self.link.id, run, self.fence, std::mem::take(&mut self.directories));
        }
        self.zoho.gate.release(&self.context, &self.owner).await
    }

    /// Ends the turn when its time is up.
    pub fn go_on(&self) -> Result<(), Halt> {
        if Instant::now() < self.until { Ok(()) } else { Err(Halt::TurnOver) }
    }

    /// Asks for up to `want` calls and gives how many may be made, at least one.
    pub async fn permit(&mut self, provider: Provider, lane: Option<LaneId>, want: u32) -> Result<u32, Halt> {
        let gate = match provider {
            Provider::Xero => &self.xero.gate,
            Provider::Zoho => &self.zoho.gate,
        };
        match gate.take(&self.context, want).await? {
            Permit::Granted(n) => {
                self.count(provider, lane, i64::from(n));
                Ok(n)
            }
            Permit::NotBefore { at, limit } => Err(Halt::NotBefore { at, provider, limit }),
        }
    }

    /// Asks for one more call of work that was begun in this turn and cannot be left half done.
    pub async fn permit_soon(&mut self, provider: Provider, lane: Option<LaneId>) -> Result<(), Halt> {
        let gate = match provider {
            Provider::Xero => &self.xero.gate,
            Provider::Zoho => &self.zoho.gate,
        };
        match gate.take_soon(&self.context).await? {
            Permit::Granted(n) => {
                self.count(provider, lane, i64::from(n));
                Ok(())
            }
            Permit::NotBefore { at, limit } => Err(Halt::NotBefore { at, provider, limit }),
        }
    }

    /// One cheap call: before a record is blamed for having no answer, Zoho is known to give some.
    pub async fn probe(&mut self) -> Result<(), Halt> {
        self.permit_soon(Provider::Zoho, None).await?;
        match self.zoho.client.organisation().await {
            Ok(_) => Ok(()),
            Err(trouble) => Err(self.halt(Provider::Zoho, trouble).await),
        }
    }

    /// Notes calls for the run's counters.
    pub fn count(&mut self, provider: Provider, lane: Option<LaneId>, calls: i64) {
        if let Some(lane) = lane {
            let counted = self.calls.entry(lane).or_default();
            match provider {
                Provider::Xero => counted.0 += calls,
                Provider::Zoho => counted.1 += calls,
            }
        }
    }

    /// What a trouble that is nobody's record's fault means for the turn.
    pub async fn halt(&self, provider: Provider, trouble: Trouble) -> Halt {
        match self.halted(provider, trouble).await {
            Ok(halt) | Err(halt) => halt,
        }
    }

    async fn halted(&self, provider: Provider, trouble: Trouble) -> Result<Halt, Halt> {
        let (gate, grant, generation, refreshed_at) = match provider {
            Provider::Xero => (&self.xero.gate, self.xero.grant, self.xero.generation, self.xero.refreshed_at),
            Provider::Zoho => (&self.zoho.gate, self.zoho.grant, self.zoho.generation, self.zoho.refreshed_at),
        };
        Ok(match trouble {
            Trouble::Busy { limit, after } => {
                let at = gate.pause(&self.context, limit, after).await?;
                Halt::NotBefore { at, provider, limit }
            }
            Trouble::Unauthorised if self.context.now().since(refreshed_at) > YOUNG => {
                tokens::refused(&self.context, self.tenant, grant, generation).await?;
                Halt::Refreshed
            }
            Trouble::Unauthorised | Trouble::Forbidden(_) => {
                tokens::dead(&self.context, self.tenant, grant, generation).await?;
                Halt::Lost { provider }
            }
            Trouble::Unreachable(what) => {
                tracing::warn!(tenant.id = %self.tenant, link.id = %self.link.id, provider = provider.name(), what, "no usable answer");
                Halt::Unreachable { provider }
            }
            Trouble::Refused(refusal) => {
                // The provider's own sentence may quote a record, and this one is kept and shown unsealed.
                let sentence = format!(
                    "{} refuses a request of ours ({refusal}). We try again every quarter of an hour; CloudPerfect has to look at it.",
                    provider.name()
                );
                tracing::error!(tenant.id = %self.tenant, link.id = %self.link.id, provider = provider.name(), %refusal, "a request was refused");
                Halt::Refused { provider, sentence }
            }
        })
    }

    /// The grant behind a provider.
    pub fn grant(&self, provider: Provider) -> GrantId {
        match provider {
            Provider::Xero => self.xero.grant,
            Provider::Zoho => self.zoho.grant,
        }
    }

    /// Inside a transaction: this slice still holds the link and the run still works. Renews the claim.
    pub async fn fenced(&self, transaction: &impl ConnectionTrait, run: Option<&run::Model>) -> Result<(), Halt> {
        let backend = transaction.get_database_backend();
        let held = transaction
            .execute_raw(sql(
                backend,
                "UPDATE link SET slice_until = $1 WHERE tenant_id = $2 AND id = $3 AND fence = $4",
                vec![self.context.in_a(CLAIM).0.into(), self.tenant.0.into(), self.link.id.0.into(), self.fence.into()],
            ))
            .await?;
        if held.rows_affected() != 1 {
            return Err(Halt::Failed(Failure::Fenced));
        }
        if let Some(run) = run {
            let state: Option<String> = transaction
                .query_one_raw(sql(
                    backend,
                    "SELECT state FROM run WHERE tenant_id = $1 AND id = $2",
                    vec![self.tenant.0.into(), run.id.0.into()],
                ))
                .await?
                .map(|row| row.try_get("", "state"))
                .transpose()?;
            if state.as_deref() != Some("working") {
                return Err(Halt::TurnOver);
            }
        }
        Ok(())
    }

    /// What the mappings may know of the two organisations.
    pub fn organisations(&self) -> (xero::Organisation, zoho::Organisation) {
        let (x, z) = (&self.xero.connection, &self.zoho.connection);
        (
            xero::Organisation {
                id: x.organisation_id.clone(),
                name: x.name.clone(),
                base_currency: x.currency.clone(),
                country_code: x.country.clone(),
                short_code: x.short_code.clone(),
                ..Default::default()
            },
            zoho::Organisation {
                id: z.organisation_id.clone(),
                name: z.name.clone(),
                currency_code: z.currency.clone(),
                currency_id: z.currency_id.clone(),
                price_precision: z.price_precision.max(0) as u32,
                ..Default::default()
            },
        )
    }
}

fn scope_of(link: &link::Model) -> Result<Scope, Failure> {
    Scope::parse(link.scope.as_deref()).map_err(|error| Failure::Bug(format!("the stored scope: {error}")))
}

/// The link's lanes, in the order of carrying. That is the code's: a newer version may put a flow between older ones.
async fn lanes(context: &Context, link: &link::Model, scope: &Scope) -> Result<Vec<Lane>, Failure> {
    let rows = lane::Entity::of(link.tenant_id).filter(lane::Column::LinkId.eq(link.id)).all(&context.database).await?;
    let lane_of = |flow: &'static dyn AnyFlow| {
        let row = rows.iter().find(|row| row.flow == flow.key())?;
        Some(Lane { id: row.id, flow, on: scope.carries(link, flow) })
    };
    Ok(flows::of(&link.product).filter_map(lane_of).collect())
}

/// Speaks to the link's product.
pub(crate) fn zoho_client(
    context: &Context,
    link: &link::Model,
    connection: &connection::Model,
    access: secrecy::SecretString,
) -> Result<zoho::Client, Failure> {
    let api = Url::parse(&connection.api_base).map_err(|error| Failure::Bug(format!("the stored API address: {error}")))?;
    let client = zoho::Client::new(&context.http, &api, product_of(link)?, &connection.organisation_id, access);
    Ok(client.in_currency(&connection.currency))
}

/// The product that a link leads to.
pub fn product_of(link: &link::Model) -> Result<&'static zoho::Product, Failure> {
    zoho::product(&link.product).ok_or_else(|| Failure::Bug(format!("a link of the product {:?}", link.product)))
}

pub(crate) async fn reach<C>(
    context: &Context,
    link: &link::Model,
    provider: Provider,
    client: impl FnOnce(&connection::Model, secrecy::SecretString) -> Result<C, Failure>,
) -> Result<Reach<C>, Halt> {
    let (id, limits, prefix) = match provider {
        Provider::Xero => (link.xero_connection_id, context.providers.limits.xero, "xero"),
        Provider::Zoho => (link.zoho_connection_id, context.providers.limits.zoho, "zoho"),
    };
    let connection = connection::Entity::of(link.tenant_id)
        .filter(connection::Column::Id.eq(id))
        .one(&context.database)
        .await?
        .ok_or_else(|| Failure::Bug(format!("connection {id} is not there")))?;
    let (access, generation) = match tokens::fresh(context, link.tenant_id, connection.grant_id).await? {
        Access::Token { access, generation } => (access, generation),
        Access::Dead => return Err(Halt::Lost { provider }),
        Access::Later(after) => return Err(Halt::NotBefore { at: context.in_a(after), provider, limit: Limit::Concurrent }),
    };
    let refreshed_at = grant::Entity::of(link.tenant_id)
        .filter(grant::Column::Id.eq(connection.grant_id))
        .one(&context.database)
        .await?
        .map_or(At(0), |grant| grant.refreshed_at);
    // CRM counts credits by its edition, and no minutes.
    let limits = match provider {
        Provider::Zoho if link.product == zoho::CRM.key => limits.of_crm(&connection.plan),
        _ => limits,
    };
    Ok(Reach {
        client: client(&connection, access)?,
        gate: Gate { tenant: link.tenant_id, key: format!("{prefix}:{}", connection.organisation_id), limits },
        grant: connection.grant_id,
        connection,
        generation,
        refreshed_at,
    })
}
