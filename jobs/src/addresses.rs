//! Where a public address leads that names a link and a record on one side: to the same record on the other one. The pair is found by one
//! read, over indexes; nothing of a record has to stand in an address but its id.

use connectors::flow::AnyFlow;
use connectors::{flows, xero, zoho};
use entities::database::sql;
use entities::hint;
use entities::ids::{LaneId, LinkId, TenantId};
use entities::{lane, link};
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, Value};
use url::Url;
use uuid::Uuid;

use crate::context::{Context, Failure};
use crate::hints::Side;
use crate::in_step;
use crate::webhooks::{self, Record};

/// Kinds of records in addresses: the word, what people call one, and Xero's list. `expenses` is what Zoho calls some of the money spent.
const KINDS: [(&str, &str, &str); 15] = [
    ("contacts", "contact", "Contacts"),
    ("invoices", "invoice", "Invoices"),
    ("bills", "bill", "Invoices"),
    ("credit-notes", "credit note", "CreditNotes"),
    ("items", "item", "Items"),
    ("quotes", "quote", "Quotes"),
    ("purchase-orders", "purchase order", "PurchaseOrders"),
    ("bank-transactions", "bank transaction", "BankTransactions"),
    ("expenses", "expense", "BankTransactions"),
    ("bank-transfers", "bank transfer", "BankTransfers"),
    ("journals", "journal", "ManualJournals"),
    ("payments", "payment", "Payments"),
    ("prepayments", "prepayment", "Prepayments"),
    ("overpayments", "overpayment", "Overpayments"),
    ("accounts", "account", "Accounts"),
];
/// How an address names a record of Xero's by Zoho's id: it was written when Xero had not given one yet.
const BY_ZOHO: &str = "zoho:";
const ZOHO_ID_DIGITS_MAX: usize = 24;
/// Changes waiting to be looked at, above which nobody may ask for more by an address.
const HINTS_MAX: u64 = 100;

/// What an address names, read from its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The side whose record is named.
    pub of: Side,
    kind: &'static (&'static str, &'static str, &'static str),
    /// The id, and whose it is.
    id: String,
    by: Side,
}

/// Where an address leads.
#[derive(Debug)]
pub enum Place {
    /// There is no such link.
    Nowhere,
    To(Url),
    Unlinked(Box<Unlinked>),
}

/// A record without a counterpart, or with one that has no page of its own.
#[derive(Debug)]
pub struct Unlinked {
    pub why: Why,
    /// What people call such a record.
    pub noun: &'static str,
    /// What the other side is called.
    pub there: &'static str,
    /// Where a person can look for it on the other side.
    pub search: Url,
    /// Whether looking at this record now may help.
    pub can_sync: bool,
    tenant: TenantId,
    link: LinkId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was not carried, or not yet.
    NotCarried,
    /// It is there, and has no page of its own.
    NoPage,
    /// It was deleted on the other side.
    Gone,
}

impl Address {
    /// Nothing for what cannot be an address of ours.
    pub fn read(of: Side, kind: &str, id: &str) -> Option<Self> {
        let kind = KINDS.iter().find(|known| known.0 == kind)?;
        let by_zoho = id.strip_prefix(BY_ZOHO).filter(|_| of == Side::Xero);
        let (by, id) = match (of, by_zoho) {
            (Side::Xero, None) => (Side::Xero, Uuid::try_parse(id).ok()?.hyphenated().to_string()),
            (_, by_zoho) => (Side::Zoho, by_zoho.unwrap_or(id).to_owned()),
        };
        let is_zohos = (1..=ZOHO_ID_DIGITS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        (by == Side::Xero || is_zohos).then_some(Self { of, kind, id, by })
    }

    /// The flows that may have such a record, of every product.
    fn flows(&self) -> impl Iterator<Item = &'static dyn AnyFlow> + use<> {
        let path = self.kind.2;
        flows::ALL.iter().copied().filter(move |flow| flow.xero().path == path && flow.hangs().is_none())
    }
}

/// A link's key is 32 hexadecimal digits. Nothing else is looked for: PostgreSQL calls a text with a NUL a failure.
fn is_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Finds where an address leads, for the link of this key.
pub async fn find(context: &Context, key: &str, address: &Address) -> Result<Place, Failure> {
    if !is_key(key) {
        return Ok(Place::Nowhere);
    }
    let mut values: Vec<Value> = vec![key.into(), address.id.clone().into()];
    let flows: Vec<String> = address
        .flows()
        .map(|flow| {
            values.push(flow.key().into());
            format!("${}", values.len())
        })
        .collect();
    let by = match address.by {
        Side::Xero => "xero_id",
        Side::Zoho => "zoho_id",
    };
    // A door: the key that is asked with is itself the proof, and everything else is the link's own tenant's.
    let text = format!(
        "SELECT link.tenant_id, link.id, link.state, link.one_way, link.product, zoho.organisation_id, zoho.web_base, xero.short_code, \
         lane.flow, pair.xero_id, pair.zoho_id, pair.state AS stands \
         FROM link \
         JOIN connection AS zoho ON zoho.tenant_id = link.tenant_id AND zoho.id = link.zoho_connection_id \
         JOIN connection AS xero ON xero.tenant_id = link.tenant_id AND xero.id = link.xero_connection_id \
         LEFT JOIN lane ON lane.tenant_id = link.tenant_id AND lane.link_id = link.id AND lane.flow IN ({}) \
         LEFT JOIN pair ON pair.tenant_id = lane.tenant_id AND pair.lane_id = lane.id AND pair.{by} = $2 \
         WHERE link.key = $1 ORDER BY lane.position",
        flows.join(", ")
    );
    let database = &context.database;
    let rows = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
    let Some(first) = rows.first() else { return Ok(Place::Nowhere) };
    let said = |row: &sea_orm::QueryResult, column: &str| row.try_get::<Option<String>>("", column);
    let web: String = first.try_get("", "web_base")?;
    let web = Url::parse(&web).map_err(|error| Failure::Bug(format!("the stored address of Zoho's screens: {error}")))?;
    let (organisation, short_code): (String, String) = (first.try_get("", "organisation_id")?, first.try_get("", "short_code")?);
    let product: String = first.try_get("", "product")?;
    let go = &context.providers.xero_go;
    let mut why = Why::NotCarried;
    for row in &rows {
        let (Some(flow), Some(stands)) = (said(row, "flow")?, said(row, "stands")?) else { continue };
        let (xero_id, zoho_id) = (said(row, "xero_id")?, said(row, "zoho_id")?);
        if stands == "gone" {
            why = Why::Gone;
            continue;
        }
        if matches!(stands.as_str(), "passed" | "out") {
            continue;
        }
        let (other, to) = match address.of {
            Side::Xero => (zoho_id.clone(), zoho_id.and_then(|id| zoho::links::record(&web, &organisation, &flow, &id))),
            Side::Zoho => {
                let arrived = xero_id.filter(|id| !id.starts_with(BY_ZOHO));
                (arrived.clone(), arrived.and_then(|id| xero::links::record(go, &short_code, &flow, &id)))
            }
        };
        match (other, to) {
            (_, Some(to)) => return Ok(Place::To(to)),
            (Some(_), None) => why = Why::NoPage,
            (None, None) => {}
        }
    }
    let (tenant, link) = (TenantId(first.try_get("", "tenant_id")?), LinkId(first.try_get("", "id")?));
    let can_go = address.by == Side::Xero || !first.try_get::<bool>("", "one_way")?;
    let is_awake = first.try_get::<String>("", "state")? == "ready";
    let can_sync = why == Why::NotCarried && can_go && is_awake && in_step::is_migrated(database, tenant, link).await?;
    let list = address.flows().map(AnyFlow::key).find(|key| key.split('.').next() == Some(&product));
    let search = match address.of {
        Side::Xero => list.and_then(|flow| zoho::links::list(&web, &organisation, flow)).unwrap_or(web),
        Side::Zoho => xero::links::organisation(go, &short_code),
    };
    let there = match address.of {
        Side::Xero => "Zoho",
        Side::Zoho => "Xero",
    };
    Ok(Place::Unlinked(Box::new(Unlinked { why, noun: address.kind.1, there, search, can_sync, tenant, link })))
}

/// Has the link look at this record now. False: there is no use in it, or too much is waiting already.
pub async fn look(context: &Context, key: &str, address: &Address) -> Result<bool, Failure> {
    let Place::Unlinked(found) = find(context, key, address).await? else { return Ok(false) };
    if !found.can_sync || waiting(context, found.tenant, found.link).await? >= HINTS_MAX {
        return Ok(false);
    }
    let mut paths: Vec<&'static str> = Vec::new();
    for flow in address.flows() {
        let path = match address.by {
            Side::Xero => flow.xero().path,
            Side::Zoho => flow.zoho().path,
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let records: Vec<Record<'_>> = paths.into_iter().map(|path| Record { path, id: &address.id, contact_type: None }).collect();
    webhooks::put(context, found.tenant, found.link, address.by, &records).await?;
    Ok(true)
}

async fn waiting(context: &Context, tenant: TenantId, link: LinkId) -> Result<u64, Failure> {
    let lanes = lane::Entity::of(tenant).filter(lane::Column::LinkId.eq(link)).all(&context.database).await?;
    let lanes: Vec<LaneId> = lanes.into_iter().map(|lane| lane.id).collect();
    Ok(hint::Entity::of(tenant).filter(hint::Column::LaneId.is_in(lanes)).count(&context.database).await?)
}

/// The link that a public address names.
pub async fn link(context: &Context, key: &str) -> Result<Option<link::Model>, Failure> {
    if !is_key(key) {
        return Ok(None);
    }
    Ok(link::Entity::by_key(key).one(&context.database).await?)
}

/// Both addresses of a record, for whoever looks at a hold or a finding. `xero_id`: as pairs have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pages {
    pub xero: Option<Url>,
    pub zoho: Option<Url>,
}

/// What a link's records are reached with.
pub struct Doors {
    go: Url,
    short_code: String,
    web: Url,
    organisation: String,
}

impl Doors {
    pub async fn of(context: &Context, link: &link::Model) -> Result<Option<Self>, Failure> {
        let of = |id| entities::connection::Entity::of(link.tenant_id).filter(entities::connection::Column::Id.eq(id));
        let xero = of(link.xero_connection_id).one(&context.database).await?;
        let zoho = of(link.zoho_connection_id).one(&context.database).await?;
        let (Some(xero), Some(zoho)) = (xero, zoho) else { return Ok(None) };
        let web =
            Url::parse(&zoho.web_base).map_err(|error| Failure::Bug(format!("the stored address of Zoho's screens: {error}")))?;
        Ok(Some(Self {
            go: context.providers.xero_go.clone(),
            short_code: xero.short_code,
            web,
            organisation: zoho.organisation_id,
        }))
    }

    pub fn pages(&self, flow: &str, xero_id: &str, zoho_id: Option<&str>) -> Pages {
        let zoho_id = xero_id.strip_prefix(BY_ZOHO).or(zoho_id);
        Pages {
            xero: xero::links::record(&self.go, &self.short_code, flow, xero_id),
            zoho: zoho_id.and_then(|id| zoho::links::record(&self.web, &self.organisation, flow, id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_record_by_an_id_of_either_side() {
        let read = |of, kind, id| Address::read(of, kind, id).map(|address| (address.by, address.id));
        let id = "bd2270c3-8706-4c11-9cfb-000b551c3f51";
        // Xero writes ids in several ways.
        let capitals = id.to_uppercase();
        for way in [id, &capitals, "{bd2270c3-8706-4c11-9cfb-000b551c3f51}", "bd2270c387064c119cfb000b551c3f51"] {
            assert_eq!(read(Side::Xero, "contacts", way), Some((Side::Xero, id.to_owned())), "{way}");
        }
        assert_eq!(read(Side::Xero, "invoices", "zoho:46"), Some((Side::Zoho, "46".to_owned())));
        assert_eq!(read(Side::Zoho, "contacts", "46"), Some((Side::Zoho, "46".to_owned())));
        for (of, kind, bad) in [
            (Side::Xero, "contacts", "46"),
            (Side::Xero, "contacts", "zoho:"),
            (Side::Xero, "contacts", "zoho:zoho:46"),
            (Side::Xero, "contacts", "{!CONTACTID}"),
            (Side::Xero, "dreams", id),
            (Side::Zoho, "contacts", id),
            (Side::Zoho, "contacts", "zoho:46"),
            (Side::Zoho, "contacts", ""),
            (Side::Zoho, "contacts", "4600000000000000000000000000"),
        ] {
            assert_eq!(read(of, kind, bad), None, "{kind} {bad}");
        }
    }

    #[test]
    fn every_kind_has_flows_and_every_address_we_write_has_its_kind() {
        for (kind, ..) in KINDS {
            let address = Address::read(Side::Zoho, kind, "46").unwrap();
            assert!(address.flows().next().is_some(), "{kind}");
        }
        for written in ["invoices", "bills", "expenses", "journals"] {
            assert!(KINDS.iter().any(|(kind, ..)| *kind == written), "{written}");
        }
    }
}
