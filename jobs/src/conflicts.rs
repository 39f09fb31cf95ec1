//! Records that both sides changed: what each side says, read when somebody looks and never kept, and a person's choice.

use connectors::flow::Unmappable;
use connectors::side::Limit;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, TenantId};
use entities::{lane, link};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use serde_json::Value;
use tokio::time::Instant;

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::hints::{self, Side};
use crate::runs::{self, Kind, Wishes};
use crate::sync::meet;
use crate::sync::slice::{Halt, Slice};
use crate::visit::{LOOK, PATIENCE};

/// Characters of one value that are shown.
const SHOWN_CHARS_MAX: usize = 300;

/// One field in which the sides differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// Xero's name of it: `Reference`.
    pub field: String,
    pub xero: String,
    pub zoho: String,
}

/// What came of a look at a conflict.
#[derive(Debug)]
pub enum Look {
    Fields(Vec<Differing>),
    /// Neither side needs a choice any more, or there never was a conflict.
    None,
    /// A provider does not answer now.
    NotNow(String),
    /// Zoho's record cannot be said in Xero's words: why.
    Unmappable(Unmappable),
}

/// Reads both records and says where they differ.
pub async fn show(context: &Context, tenant: TenantId, link: LinkId, flow: &str, xero_id: &str) -> Result<Look, Failure> {
    let Some(row) = link::Entity::of(tenant).filter(link::Column::Id.eq(link)).one(&context.database).await? else {
        return Ok(Look::None);
    };
    // Reads only: the link is not claimed, so the work under way goes on.
    let owner = format!("look/{}", entities::ids::RunId::new(context.clock.as_ref(), context.chance.as_ref()));
    let give_up = Instant::now() + PATIENCE;
    let mut slice = loop {
        match Slice::begin(context, row.clone(), owner.clone()).await {
            Ok(slice) => break slice,
            // All calls of this moment may be a running slice's: it gives them back within seconds.
            Err(Halt::NotBefore { limit: Limit::Concurrent, .. }) if Instant::now() < give_up => tokio::time::sleep(LOOK).await,
            Err(halt) => return not_now(halt),
        }
    };
    let Some(lane) = slice.lanes.iter().find(|lane| lane.flow.key() == flow).copied() else { return Ok(Look::None) };
    let seen = meet::views(&mut slice, lane, xero_id).await;
    slice.end().await?;
    match seen {
        Ok(Some(Ok((xero, zoho)))) => Ok(Look::Fields(differing(&xero, &zoho))),
        Ok(Some(Err(reason))) => Ok(Look::Unmappable(reason)),
        Ok(None) => Ok(Look::None),
        Err(halt) => not_now(halt),
    }
}

fn not_now(halt: Halt) -> Result<Look, Failure> {
    let sentence = match halt {
        Halt::Failed(failure) => return Err(failure),
        Halt::Lost { provider } => format!("{} must be authorised again first.", provider.name()),
        Halt::NotBefore { provider, .. } => format!("{}'s limit is used up at the moment; look again later.", provider.name()),
        Halt::Unreachable { provider } | Halt::Refused { provider, .. } => {
            format!("{} gives no usable answer at the moment; look again later.", provider.name())
        }
        Halt::Idle | Halt::TurnOver | Halt::Resting { .. } | Halt::Refreshed | Halt::Guard { .. } => {
            "Look again in a moment.".to_owned()
        }
    };
    Ok(Look::NotNow(sentence))
}

/// Where what Xero would be told differs from what it has.
fn differing(xero: &Value, zoho: &Value) -> Vec<Differing> {
    let Some(told) = zoho.as_object() else { return Vec::new() };
    told.iter()
        .map(|(field, value)| Differing { field: field.clone(), xero: text(&xero[field.as_str()]), zoho: text(value) })
        .filter(|one| one.xero != one.zoho)
        .collect()
}

/// A value for a person. Of lists and of records within the record what tells them apart.
fn text(value: &Value) -> String {
    let said = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number
            .to_string()
            .parse::<rust_decimal::Decimal>()
            .map_or_else(|_| number.to_string(), |amount| amount.normalize().to_string()),
        Value::String(text) => moment(text).unwrap_or_else(|| text.trim().to_owned()),
        Value::Array(list) => list.iter().map(text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; "),
        Value::Object(record) => {
            let told = record.iter().filter(|(key, _)| !is_of_xeros_own(key));
            told.map(|(_, value)| text(value)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
        }
    };
    said.chars().take(SHOWN_CHARS_MAX).collect()
}

/// What Xero adds by itself and nobody sends.
fn is_of_xeros_own(key: &str) -> bool {
    key == "LineItemID"
        || key.starts_with("Has")
        || ["LineAmount", "TaxAmount", "AccountID", "Item", "ValidationErrors"].contains(&key)
}

/// Xero's `/Date(1539993600000+0000)/` as a day.
fn moment(text: &str) -> Option<String> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = inner.split_once(['+']).map_or(inner, |(digits, _)| digits);
    let at = chrono::DateTime::from_timestamp_millis(digits.parse().ok()?)?;
    Some(at.date_naive().to_string())
}

/// A person's choice: the next turn writes that side's values to the other. False: there is no such conflict.
pub async fn resolve(
    context: &Context,
    tenant: TenantId,
    link: LinkId,
    flow: &str,
    xero_id: &str,
    winner: Side,
    by: &Author,
) -> Result<bool, Failure> {
    let lanes = lane::Entity::of(tenant)
        .filter(lane::Column::LinkId.eq(link))
        .filter(lane::Column::Flow.eq(flow))
        .one(&context.database)
        .await?;
    let Some(lane) = lanes else { return Ok(false) };
    let transaction = begin_write(&context.database).await?;
    let row = transaction
        .query_one_raw(sql(
            transaction.get_database_backend(),
            "UPDATE pair SET winner = $4 WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state = 'conflict' RETURNING zoho_id",
            vec![tenant.0.into(), lane.id.0.into(), xero_id.into(), winner.name().into()],
        ))
        .await?;
    let zoho_id: Option<String> = row.map_or(Ok(None), |row| row.try_get("", "zoho_id"))?;
    let Some(zoho_id) = zoho_id else { return Ok(false) };
    hints::put(&transaction, context.now(), tenant, &[(lane.id, Side::Zoho, zoho_id)]).await?;
    crate::links::wake(&transaction, context, tenant, link).await?;
    let deed = Deed::done("conflict.resolved", format!("{flow}:{xero_id}"), winner.name());
    note(&transaction, context, tenant, by, deed).await?;
    transaction.commit().await?;
    tracing::info!(tenant.id = %tenant, link.id = %link, flow, record.id = xero_id, winner = winner.name(), by = by.who(), "a conflict is decided");
    runs::start(context, tenant, link, Kind::Sync, by, &Wishes::default()).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown_and_in_words() {
        let xero = json!({
            "InvoiceID": "i", "Reference": "PO 7", "Date": "/Date(1539993600000+0000)/", "CurrencyRate": 1.50, "Total": 46,
            "LineItems": [{"LineItemID": "l", "Description": "Work", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0}],
        });
        let zoho = json!({
            "InvoiceID": "i", "Reference": "PO 8", "Date": "2018-10-20", "CurrencyRate": 1.5,
            "LineItems": [{"Description": "Work", "Quantity": 3, "UnitAmount": 20}],
        });
        let shown = differing(&xero, &zoho);
        let one = |field: &str, xero: &str, zoho: &str| Differing { field: field.into(), xero: xero.into(), zoho: zoho.into() };
        assert_eq!(shown, [one("LineItems", "Work, 2, 20", "Work, 3, 20"), one("Reference", "PO 7", "PO 8")]);
    }
}
