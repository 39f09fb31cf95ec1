//! Arranges that Zoho tells us of changes at once: a webhook and two rules for each list that people change there. They are found by
//! their names, made where missing, mended where somebody changed them, and removed when they are not wanted any more. Where Zoho does
//! not allow them, changes are found by looking, as those are that were lost on the way.

use std::time::Duration;

use connectors::side::Trouble;
use connectors::zoho;
use connectors::zoho::webhook::{self as hook, Rule, Webhook};
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::LinkId;
use entities::{connection, link, webhook};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use url::{Host, Url};

use super::slice::{Halt, Provider, Slice, zoho_client};
use crate::connections::{address, hash};
use crate::context::{Context, Failure};
use crate::in_step;
use crate::limits::{Gate, Permit};
use crate::tokens::{self, Access};
use crate::webhooks::Secrets;

/// How often it is looked whether all is as it should be, or allowed by now.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// When Zoho gave no answer.
const TRY_AGAIN: Duration = Duration::from_secs(15 * 60);
/// A person who ends a connection does not wait longer.
const REMOVE_WITHIN: Duration = Duration::from_secs(6);
/// What a rule waits for. A deletion is an event of its own.
const WHEN: [&str; 2] = ["created_or_edited", "deleted"];

/// Looks after the link's webhooks when it is time to. Never keeps a run from working: what does not succeed is written down.
pub async fn tend(slice: &mut Slice) -> Result<(), Halt> {
    let row =
        webhook::Entity::of(slice.tenant).filter(webhook::Column::LinkId.eq(slice.link.id)).one(&slice.context.database).await?;
    let now = slice.context.now();
    if row.as_ref().is_some_and(|row| row.next_at > now) {
        return Ok(());
    }
    let wanted = wanted(slice).await?;
    let before = row.map_or("off".to_owned(), |row| row.state);
    if wanted.is_empty() && before == "off" {
        return Ok(());
    }
    if !wanted.is_empty() && !is_reachable(slice) {
        let sentence = "CP Connect has no address that Zoho can reach. Changes are found by looking.";
        return store(slice, "refused", Some(sentence), now.plus(LOOK_EVERY)).await;
    }
    // Before the first of them calls: its address must be known.
    store(slice, &before, None, now).await?;
    let (state, sentence, next_at) = match make(slice, &wanted).await {
        Ok(left) if wanted.is_empty() && left.is_empty() => ("off", None, now.plus(LOOK_EVERY)),
        Ok(left) if left.is_empty() => ("made", None, now.plus(LOOK_EVERY)),
        Ok(left) => {
            let sentence = format!("Zoho tells nothing of some lists ({}); their changes are found by looking.", left.join(", "));
            ("made", Some(sentence), now.plus(LOOK_EVERY))
        }
        Err(Stop::Refused(sentence)) => ("refused", Some(sentence), now.plus(LOOK_EVERY)),
        Err(Stop::Later) => (before.as_str(), None, now.plus(TRY_AGAIN)),
        Err(Stop::Halt(halt)) => return Err(halt),
    };
    slice.moved = true;
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, state, sentence, "the webhooks in Zoho were looked after");
    store(slice, state, sentence.as_deref(), next_at).await
}

/// Why nothing more is done now.
enum Stop {
    /// Not allowed, and why, in a sentence.
    Refused(String),
    /// No usable answer.
    Later,
    Halt(Halt),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Stop::Halt(halt)
    }
}

/// What rules call the lists that people change in Zoho and that go back to Xero.
async fn wanted(slice: &Slice) -> Result<Vec<&'static str>, Halt> {
    let mut wanted = Vec::new();
    let is_on = slice.context.habits.zoho_webhooks && slice.product.has_webhooks && !slice.link.one_way;
    if !is_on || !in_step::is_migrated(&slice.context.database, slice.tenant, slice.link.id).await? {
        return Ok(wanted);
    }
    for lane in slice.lanes.iter().filter(|lane| lane.on && lane.flow.back().is_some()) {
        if let Some(entity) = hook::entity(lane.flow.zoho().path).filter(|entity| !wanted.contains(entity)) {
            wanted.push(entity);
        }
    }
    Ok(wanted)
}

/// Only a Zoho on this machine can call this machine.
fn is_reachable(slice: &Slice) -> bool {
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost" || domain.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let zoho_is_here = Url::parse(&slice.zoho.connection.api_base).is_ok_and(|url| is_here(&url));
    zoho_is_here || !is_here(&slice.context.public_url)
}

/// How the names of this link's webhooks and rules begin.
fn beginning(link: &link::Model) -> String {
    format!("CP Connect {} ", link.key.chars().take(8).collect::<String>())
}

/// Makes what is missing, mends what is otherwise, removes what is too much. Gives the lists of which Zoho tells nothing.
async fn make(slice: &mut Slice, wanted: &[&'static str]) -> Result<Vec<&'static str>, Stop> {
    let beginning = beginning(&slice.link);
    permit(slice).await?;
    let webhooks = slice.zoho.client.webhooks(&beginning).await;
    let mut webhooks = come_to(slice, webhooks).await?;
    permit(slice).await?;
    let rules = slice.zoho.client.rules(&beginning).await;
    let mut rules = come_to(slice, rules).await?;
    let secrets = Secrets::of(&slice.key, slice.link.id);
    let (mut left, mut made) = (Vec::new(), 0);
    for entity in wanted {
        slice.go_on()?;
        let ours = take(&mut webhooks, |webhook: &Webhook| webhook.name == format!("{beginning}{entity}"));
        let its = WHEN.map(|when| take(&mut rules, |rule: &Rule| rule.name == format!("{beginning}{entity} {when}")));
        match one(slice, &beginning, entity, &secrets, ours, its).await {
            Ok(()) => made += 1,
            // Where not even the first is allowed, the others are not asked for.
            Err(Stop::Refused(sentence)) if made == 0 => return Err(Stop::Refused(sentence)),
            Err(Stop::Refused(_)) => left.push(*entity),
            Err(stop) => return Err(stop),
        }
    }
    // What is left of ours: lists that are not wanted, and what was made twice.
    for rule in rules {
        permit(slice).await?;
        let answer = slice.zoho.client.delete_rule(&rule.id).await;
        gone(come_to(slice, answer).await)?;
    }
    for webhook in webhooks {
        permit(slice).await?;
        let answer = slice.zoho.client.delete_webhook(&webhook.id).await;
        gone(come_to(slice, answer).await)?;
    }
    Ok(left)
}

/// The webhook and the rules of one list.
async fn one(
    slice: &mut Slice,
    beginning: &str,
    entity: &str,
    secrets: &Secrets,
    ours: Option<Webhook>,
    its: [Option<Rule>; 2],
) -> Result<(), Stop> {
    let mut url = address(&slice.context, &format!("webhooks/zoho/{}", secrets.path));
    url.query_pairs_mut().append_pair(hook::ABOUT, entity);
    let body = hook::webhook(&format!("{beginning}{entity}"), entity, url.as_str(), &secrets.header);
    let known = ours.as_ref().map(|webhook| webhook.id.clone());
    let webhook = match (known.clone(), ours) {
        (Some(id), Some(ours)) if !ours.differs(&body) => id,
        (id, _) => {
            permit(slice).await?;
            let answer = slice.zoho.client.write_webhook(id.as_deref(), &body).await;
            come_to(slice, answer).await?
        }
    };
    for (when, rule) in WHEN.into_iter().zip(its) {
        let body = hook::rule(&format!("{beginning}{entity} {when}"), entity, when, &webhook);
        let calls_it = |rule: &Rule| rule.calls.as_ref().is_none_or(|calls| calls.contains(&webhook));
        let id = rule.as_ref().map(|rule| rule.id.clone());
        if !rule.as_ref().is_some_and(calls_it) {
            permit(slice).await?;
            let answer = slice.zoho.client.write_rule(id.as_deref(), &body).await;
            let written = come_to(slice, answer).await;
            if let (Err(Stop::Refused(_)), None, "created_or_edited") = (&written, &known, when) {
                // A webhook that nothing calls is of no use to anybody.
                permit(slice).await?;
                let _ = slice.zoho.client.delete_webhook(&webhook).await;
            }
            written?;
        }
        if let Some(rule) = rule.filter(|rule| !rule.is_active) {
            permit(slice).await?;
            let answer = slice.zoho.client.activate_rule(&rule.id).await;
            come_to(slice, answer).await?;
        }
    }
    Ok(())
}

/// Takes the first that fits.
fn take<T>(from: &mut Vec<T>, fits: impl Fn(&T) -> bool) -> Option<T> {
    let place = from.iter().position(fits)?;
    Some(from.remove(place))
}

async fn permit(slice: &mut Slice) -> Result<(), Stop> {
    Ok(slice.permit_soon(Provider::Zoho, None).await?)
}

/// What cannot be removed stays; the next look tries again.
fn gone(outcome: Result<(), Stop>) -> Result<(), Stop> {
    match outcome {
        Err(Stop::Refused(_)) => Ok(()),
        other => other,
    }
}

/// A refusal here is no trouble of the connection's: who connected it may lack the right to settings, or the plan has none of this.
async fn come_to<T>(slice: &Slice, answer: Result<T, Trouble>) -> Result<T, Stop> {
    let why = match answer {
        Ok(value) => return Ok(value),
        Err(Trouble::Refused(refusal)) => format!("Zoho's code is {}", refusal.code),
        Err(Trouble::Unauthorised | Trouble::Forbidden(_)) => "whoever connected it may not change settings".to_owned(),
        Err(Trouble::Unreachable(_)) => return Err(Stop::Later),
        Err(trouble @ Trouble::Busy { .. }) => return Err(Stop::Halt(slice.halt(Provider::Zoho, trouble).await)),
    };
    Err(Stop::Refused(format!(
        "Zoho Books does not let us make webhooks ({why}). They need a plan with workflow rules. Changes are found by looking."
    )))
}

async fn store(slice: &Slice, state: &str, sentence: Option<&str>, next_at: At) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let path_hash = hash(&Secrets::of(&slice.key, slice.link.id).path);
    let text = "INSERT INTO webhook (tenant_id, link_id, path_hash, state, sentence, next_at) VALUES ($1, $2, $3, $4, $5, $6) \
                ON CONFLICT (tenant_id, link_id) DO UPDATE SET path_hash = excluded.path_hash, state = excluded.state, \
                sentence = excluded.sentence, next_at = excluded.next_at";
    let values = vec![
        slice.tenant.0.into(),
        slice.link.id.0.into(),
        path_hash.into(),
        state.into(),
        sentence.map(str::to_owned).into(),
        next_at.0.into(),
    ];
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    transaction.commit().await?;
    Ok(())
}

/// A connection with Zoho is about to end: takes away what was arranged there. Best effort.
pub async fn remove(context: &Context, found: &connection::Model) -> Result<(), Failure> {
    let tenant = found.tenant_id;
    let links = link::Entity::of(tenant).filter(link::Column::ZohoConnectionId.eq(found.id)).all(&context.database).await?;
    let ids: Vec<LinkId> = links.iter().map(|link| link.id).collect();
    let made = webhook::Entity::of(tenant)
        .filter(webhook::Column::LinkId.is_in(ids))
        .filter(webhook::Column::State.eq("made"))
        .all(&context.database)
        .await?;
    if made.is_empty() {
        return Ok(());
    }
    let Access::Token { access, .. } = tokens::fresh(context, tenant, found.grant_id).await? else { return Ok(()) };
    let gate = Gate { tenant, key: format!("zoho:{}", found.organisation_id), limits: context.providers.limits.zoho };
    for link in links.iter().filter(|link| made.iter().any(|made| made.link_id == link.id)) {
        let client = zoho_client(context, link, found, access.clone())?;
        match tokio::time::timeout(REMOVE_WITHIN, take_away(context, &client, &gate, &beginning(link))).await {
            Ok(Ok(())) => {}
            Ok(Err(what)) => tracing::warn!(tenant.id = %tenant, link.id = %link.id, what, "webhooks stay in Zoho"),
            Err(_) => {
                tracing::warn!(tenant.id = %tenant, link.id = %link.id, "there was no time to remove all webhooks from Zoho")
            }
        }
        webhook::Entity::update_many()
            .col_expr(webhook::Column::State, Expr::value("off"))
            .filter(webhook::Column::TenantId.eq(tenant))
            .filter(webhook::Column::LinkId.eq(link.id))
            .exec(&context.database)
            .await?;
    }
    Ok(())
}

async fn take_away(context: &Context, client: &zoho::Client, gate: &Gate, beginning: &str) -> Result<(), String> {
    let permit = async || match gate.take_soon(context).await {
        Ok(Permit::Granted(_)) => Ok(()),
        Ok(Permit::NotBefore { .. }) => Err("a limit is used up".to_owned()),
        Err(failure) => Err(failure.to_string()),
    };
    let told = |trouble: Trouble| trouble.to_string();
    permit().await?;
    for rule in client.rules(beginning).await.map_err(told)? {
        permit().await?;
        client.delete_rule(&rule.id).await.map_err(told)?;
    }
    permit().await?;
    for webhook in client.webhooks(beginning).await.map_err(told)? {
        permit().await?;
        client.delete_webhook(&webhook.id).await.map_err(told)?;
    }
    Ok(())
}
