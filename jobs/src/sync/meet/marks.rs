//! Zoho is told Xero's id of what came from there.

use connectors::side::Trouble;
use entities::database::sql;
use entities::{pair, run};
use sea_orm::ConnectionTrait;

use super::super::arrive::{self, MARK};
use super::super::buttons::Shown;
use super::super::slice::{Halt, Lane, Provider, Slice};

/// Tells Zoho Xero's id of records that came from there: by it the link to Xero works, and a lost pair is found again.
pub(super) async fn marks(slice: &mut Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    let Some(field) = slice.mark_of(lane).map(str::to_owned) else { return Ok(()) };
    let shown = Shown::of(slice, lane.flow.zoho());
    let mut after = String::new();
    loop {
        let database = &slice.context.database;
        let text = format!(
            "SELECT xero_id, zoho_id FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = 'due' AND state <> 'settled' AND due = '{MARK}' \
             AND xero_id > $3 ORDER BY xero_id LIMIT 20",
            pair::open(database.get_database_backend())
        );
        let values = vec![slice.tenant.0.into(), lane.id.0.into(), after.clone().into()];
        let rows = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            slice.go_on()?;
            let (xero_id, zoho_id): (String, String) = (row.try_get("", "xero_id")?, row.try_get("", "zoho_id")?);
            after.clone_from(&xero_id);
            slice.permit(Provider::Zoho, Some(lane.id), 1).await?;
            let mut body = serde_json::json!({ "custom_fields": [{ "api_name": field, "value": xero_id }] });
            if let (Some(shown), Some(fields)) = (&shown, body["custom_fields"].as_array_mut()) {
                fields.push(serde_json::json!({ "api_name": shown.field, "value": shown.address(&xero_id) }));
            }
            let version = match slice.zoho.client.update(lane.flow.zoho(), None, &zoho_id, &body).await {
                Ok(written) => written.version,
                // It has another one already, or is locked: the link works by our own table, too.
                Err(Trouble::Refused(_)) => String::new(),
                // While Zoho answers otherwise it is this record's turn again with the next run, and the others go on.
                Err(Trouble::Unreachable(_)) => {
                    slice.probe().await?;
                    continue;
                }
                Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
            };
            slice.moved = true;
            arrive::marked(slice, run, lane, &xero_id, &version).await?;
        }
    }
}
