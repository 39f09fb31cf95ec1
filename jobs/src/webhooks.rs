//! What a webhook says is only written down, as hints, and wakes the link: whether anything has changed is found out by reading.

use std::collections::{BTreeMap, HashMap, HashSet};

use connectors::flow::AnyFlow;
use connectors::xero::webhook::Told;
use connectors::{flows, zoho};
use entities::database::{begin_write, is_deadlock, sql};
use entities::ids::{ConnectionId, LaneId, LinkId, TenantId};
use entities::sealed::TenantKey;
use entities::{connection, lane, link, webhook};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::context::{Context, Failure};
use crate::hints::{self, Side};
use crate::links;

/// Records whose pairs are looked up in one query.
const RECORDS_AT_ONCE: usize = 200;

/// How often a delivery is written down that somebody else's transaction was preferred to.
const ATTEMPTS: usize = 5;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Changes that are looked at now.
    pub hinted: usize,
    /// Changes in organisations that are nobody's, or whose link rests.
    pub elsewhere: usize,
}

/// Xero's delivery: one body, any number of organisations.
pub async fn from_xero(context: &Context, told: &Told) -> Result<Heard, Failure> {
    let mut by_organisation: BTreeMap<&str, Vec<Record<'_>>> = BTreeMap::new();
    for change in &told.changes {
        let record = Record { path: change.path, id: &change.record_id, contact_type: None };
        by_organisation.entry(&change.tenant_id).or_default().push(record);
    }
    let mut heard = Heard::default();
    for (organisation, mut records) in by_organisation {
        records.sort();
        records.dedup();
        let connection = connection::Entity::of_organisation("xero", organisation).one(&context.database).await?;
        let links = match connection {
            Some(connection) => working(context, connection.tenant_id, connection.id).await?,
            None => Vec::new(),
        };
        if links.is_empty() {
            heard.elsewhere += records.len();
            continue;
        }
        heard.hinted += records.len();
        for (tenant, link) in links {
            put(context, tenant, link, Side::Xero, &records).await?;
        }
    }
    Ok(heard)
}

/// A link to whose address Zoho may tell of changes.
pub struct Listening {
    tenant: TenantId,
    link: LinkId,
    /// What must come in the header.
    pub secret: String,
}

/// The link whose address has this secret.
pub async fn listening(context: &Context, secret: &str) -> Result<Option<Listening>, Failure> {
    let hash = crate::connections::hash(secret);
    let Some(found) = webhook::Entity::by_path(&hash).one(&context.database).await? else { return Ok(None) };
    let key = context.tenant_key(found.tenant_id).await?;
    let secret = Secrets::of(&key, found.link_id).header;
    Ok(Some(Listening { tenant: found.tenant_id, link: found.link_id, secret }))
}

/// Zoho's delivery: one record of the link's organisation.
pub async fn from_zoho(context: &Context, to: &Listening, change: &zoho::webhook::Change) -> Result<Heard, Failure> {
    let found = link::Entity::of(to.tenant).filter(link::Column::Id.eq(to.link)).one(&context.database).await?;
    if found.is_none_or(|link| link.state == "resting") {
        return Ok(Heard { hinted: 0, elsewhere: 1 });
    }
    let record = Record { path: change.path, id: &change.record_id, contact_type: change.contact_type.as_deref() };
    put(context, to.tenant, to.link, Side::Zoho, &[record]).await?;
    Ok(Heard { hinted: 1, elsewhere: 0 })
}

/// What Zoho must know to be heard: one secret in the address and one in a header. Both follow from the tenant's key.
pub struct Secrets {
    pub path: String,
    pub header: String,
}

impl Secrets {
    pub fn of(key: &TenantKey, link: LinkId) -> Self {
        let secret = |purpose: &str| key.token(&format!("zoho webhook {purpose} {link}"));
        Self { path: secret("path"), header: secret("header") }
    }
}

/// A record somebody speaks of: the path of the list it is in, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record<'a> {
    pub path: &'a str,
    pub id: &'a str,
    /// Of a contact in Zoho: `customer` or `vendor`, where it is told.
    pub contact_type: Option<&'a str>,
}

/// The links over this connection that do not rest. One that rests reads everything from where it was when it goes on.
async fn working(context: &Context, tenant: TenantId, id: ConnectionId) -> Result<Vec<(TenantId, LinkId)>, Failure> {
    let over = Condition::any().add(link::Column::XeroConnectionId.eq(id)).add(link::Column::ZohoConnectionId.eq(id));
    let found = link::Entity::of(tenant).filter(over).filter(link::Column::State.ne("resting")).all(&context.database).await?;
    Ok(found.into_iter().map(|link| (link.tenant_id, link.id)).collect())
}

/// Hints for every lane that may have to do with one of these records, and the link's alarm: in one transaction. The work puts and
/// takes hints among much else: where PostgreSQL ends ours in favour of its, ours comes after it.
pub async fn put(context: &Context, tenant: TenantId, link: LinkId, side: Side, records: &[Record<'_>]) -> Result<(), Failure> {
    for _ in 1..ATTEMPTS {
        match put_once(context, tenant, link, side, records).await {
            Err(Failure::Database(error)) if is_deadlock(&error) => {}
            done => return done,
        }
    }
    put_once(context, tenant, link, side, records).await
}

async fn put_once(context: &Context, tenant: TenantId, link: LinkId, side: Side, records: &[Record<'_>]) -> Result<(), Failure> {
    let lanes = lanes(context, tenant, link).await?;
    let transaction = begin_write(&context.database).await?;
    let mut hints = Vec::new();
    for some in records.chunks(RECORDS_AT_ONCE) {
        let owners = owners(&transaction, tenant, side, &lanes, some).await?;
        for record in some {
            let mine = owners.get(record.id);
            hints.extend(concerned(&lanes, side, record, mine).map(|lane| (lane, side, record.id.to_owned())));
        }
    }
    if hints.is_empty() {
        return Ok(());
    }
    hints::put(&transaction, context.now(), tenant, &hints).await?;
    links::wake(&transaction, context, tenant, link).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(())
}

type Lane = (LaneId, &'static dyn AnyFlow);

async fn lanes(context: &Context, tenant: TenantId, link: LinkId) -> Result<Vec<Lane>, Failure> {
    let rows = lane::Entity::of(tenant)
        .filter(lane::Column::LinkId.eq(link))
        .order_by_asc(lane::Column::Position)
        .all(&context.database)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, flows::flow(&row.flow)?))).collect())
}

/// The lanes to which each of these records is known to belong.
async fn owners(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    side: Side,
    lanes: &[Lane],
    records: &[Record<'_>],
) -> Result<HashMap<String, HashSet<LaneId>>, Failure> {
    let id = match side {
        Side::Xero => "xero_id",
        Side::Zoho => "zoho_id",
    };
    let mut owners: HashMap<String, HashSet<LaneId>> = HashMap::new();
    let reads = |lane: &&Lane| records.iter().any(|record| record.path == path(lane.1, side));
    let mut values: Vec<sea_orm::Value> = vec![tenant.0.into()];
    let mut place = |value: sea_orm::Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let of: Vec<String> = lanes.iter().filter(reads).map(|lane| place(lane.0.0.into())).collect();
    let ids: Vec<String> = records.iter().map(|record| place(record.id.into())).collect();
    if of.is_empty() {
        return Ok(owners);
    }
    let text = format!(
        "SELECT lane_id, {id} AS id FROM pair WHERE tenant_id = $1 AND lane_id IN ({}) AND {id} IN ({}) AND state <> 'passed'",
        of.join(", "),
        ids.join(", ")
    );
    for row in connection.query_all_raw(sql(connection.get_database_backend(), text, values)).await? {
        owners.entry(row.try_get("", "id")?).or_default().insert(LaneId(row.try_get::<Uuid>("", "lane_id")?));
    }
    Ok(owners)
}

/// The lanes that must look at a record of this list. Where one is known to have it, the others of the same list need not look, but for
/// those that take a record later than it appeared, and those whose records live inside the ones of that lane.
fn concerned<'a>(
    lanes: &'a [Lane],
    side: Side,
    record: &'a Record<'_>,
    owners: Option<&'a HashSet<LaneId>>,
) -> impl Iterator<Item = LaneId> + 'a {
    let is_owner = move |id: &LaneId| owners.is_some_and(|owners| owners.contains(id));
    let owned: Vec<&str> = lanes.iter().filter(|(id, _)| is_owner(id)).map(|(_, flow)| flow.key()).collect();
    let may_look = move |(_, flow): &&Lane| {
        path(*flow, side) == record.path
            && match side {
                Side::Xero => true,
                // What is changed in Zoho matters where it goes back.
                Side::Zoho => flow.back().is_some() && is_of_type(*flow, record),
            }
    };
    lanes.iter().filter(may_look).filter_map(move |(id, flow)| {
        let lives_inside = || flow.removed("").is_some() && flow.after().iter().any(|after| owned.contains(after));
        let comes_later = side == Side::Xero && flow.on_call();
        (owned.is_empty() || is_owner(id) || comes_later || lives_inside()).then_some(*id)
    })
}

/// Whether the flow's list in Zoho has contacts of this type.
fn is_of_type(flow: &'static dyn AnyFlow, record: &Record<'_>) -> bool {
    let of = flow.zoho().list_query.iter().find(|(name, _)| *name == "contact_type").map(|(_, value)| *value);
    of.is_none() || record.contact_type.is_none() || of == record.contact_type
}

fn path(flow: &'static dyn AnyFlow, side: Side) -> &'static str {
    match side {
        Side::Xero => flow.xero().path,
        Side::Zoho => flow.zoho().path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One lane for each flow, numbered as the flows are.
    fn lanes() -> Vec<Lane> {
        flows::of("books").enumerate().map(|(n, flow)| (LaneId(Uuid::from_u128(n as u128)), flow)).collect()
    }

    fn concerned_by(path: &str, owner: Option<&str>) -> Vec<&'static str> {
        told(Side::Xero, Record { path, id: "1", contact_type: None }, owner)
    }

    fn told(side: Side, record: Record<'_>, owner: Option<&str>) -> Vec<&'static str> {
        let lanes = lanes();
        let owners = owner.map(|owner| lanes.iter().filter(|lane| lane.1.key() == owner).map(|lane| lane.0).collect());
        let ids: Vec<LaneId> = concerned(&lanes, side, &record, owners.as_ref()).collect();
        lanes.iter().filter(|lane| ids.contains(&lane.0)).map(|lane| lane.1.key()).collect()
    }

    #[test]
    fn zoho_tells_lanes_that_go_back_and_a_contact_says_what_it_is() {
        let contact = |contact_type| Record { path: "contacts", id: "1", contact_type };
        assert_eq!(told(Side::Zoho, contact(Some("vendor")), None), ["books.vendors"]);
        assert_eq!(told(Side::Zoho, contact(None), None), ["books.customers", "books.vendors"]);
        assert_eq!(told(Side::Zoho, contact(None), Some("books.customers")), ["books.customers"]);
        let invoice = Record { path: "invoices", id: "1", contact_type: None };
        assert_eq!(told(Side::Zoho, invoice, None), ["books.invoices"]);
        // Taxes are mapped, and never written to Xero.
        assert!(told(Side::Zoho, Record { path: "settings/taxes", ..invoice }, None).is_empty());
    }

    #[test]
    fn the_lane_that_has_a_record_looks_at_it_alone() {
        assert_eq!(concerned_by("Invoices", None), ["books.invoices", "books.bills"]);
        assert_eq!(concerned_by("Invoices", Some("books.bills")), ["books.bills"]);
        assert_eq!(concerned_by("Prepayments", Some("books.vendor_prepayments")), ["books.vendor_prepayments"]);
        assert_eq!(concerned_by("Payments", None).len(), 6);
        assert!(concerned_by("Weather", None).is_empty());
    }

    #[test]
    fn a_contact_may_become_the_other_kind_too_and_an_allocation_lives_in_its_credit() {
        let both = ["books.customers", "books.vendors"];
        assert_eq!(concerned_by("Contacts", None), both);
        assert_eq!(concerned_by("Contacts", Some("books.vendors")), both);
        assert_eq!(concerned_by("CreditNotes", Some("books.credit_notes")), ["books.credit_notes", "books.credit_allocations"]);
    }
}
