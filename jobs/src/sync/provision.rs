//! Prepares the Zoho side: the unique custom fields by which records are told apart. Looked up first, made only where missing, and
//! Zoho's name for each is read back, never assumed.

use connectors::side::Trouble;
use connectors::zoho::crm::{self, LINK_LABEL};
use connectors::zoho::{Dialect, FieldInfo, Resource, Unique};
use entities::database::{begin_write, sql};
use entities::{link, unique_field};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::slice::{Halt, Provider, Slice};
use super::{buttons, custom_links, rows};
use crate::events::{self, Event};

const HELP: &str = "Kept by CP Connect: the record's id in Xero. Please do not change it.";

/// Makes what is missing and marks the link ready. Doing it twice does no harm.
pub async fn provision(slice: &mut Slice) -> Result<(), Halt> {
    let mut wanted: Vec<(&'static str, &'static str)> = Vec::new();
    for lane in &slice.lanes {
        if let Some((module, label)) = field_of(lane.flow.zoho())
            && !wanted.contains(&(module, label))
        {
            wanted.push((module, label));
        }
    }
    let mut listed: Option<(&'static str, Vec<FieldInfo>)> = None;
    for (module, label) in wanted {
        if slice.fields.contains_key(&(module.to_owned(), label.to_owned())) {
            // Done in an earlier turn; a link that is joined again starts with none.
            continue;
        }
        let fields = match listed.take() {
            Some((of, fields)) if of == module => fields,
            _ => {
                slice.permit_soon(Provider::Zoho, None).await?;
                match slice.zoho.client.fields(module).await {
                    Ok(fields) => fields,
                    Err(Trouble::Refused(_)) if !slice.product.has_upsert => {
                        store(slice, module, label, &FieldInfo::default()).await?;
                        continue;
                    }
                    Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
                }
            }
        };
        let field = match fields.iter().find(|field| field.label == label) {
            Some(field) => field.clone(),
            None => create(slice, module, label).await?.unwrap_or_default(),
        };
        if !field.is_unique && !field.id.is_empty() {
            slice.permit_soon(Provider::Zoho, None).await?;
            let unique = slice.zoho.client.make_field_unique(module, &field.id).await;
            if let Err(trouble) = unique
                && (slice.product.has_upsert || !matches!(trouble, Trouble::Refused(_)))
            {
                return Err(slice.halt(Provider::Zoho, trouble).await);
            }
        }
        store(slice, module, label, &field).await?;
        link_field(slice, module, &fields).await?;
        listed = Some((module, fields));
    }
    // The address of a contact in Xero goes along with the contact's first write, so its field comes first.
    buttons::tend(slice).await?;
    custom_links::tend(slice).await?;
    let transaction = begin_write(&slice.context.database).await?;
    let ready = link::Entity::update_many()
        .col_expr(link::Column::State, Expr::value("ready"))
        .filter(link::Column::TenantId.eq(slice.tenant))
        .filter(link::Column::Id.eq(slice.link.id))
        .filter(link::Column::State.eq("provisioning"))
        .exec(&transaction)
        .await?;
    if ready.rows_affected > 0 {
        let event = Event::LinkReady { link: slice.link.id };
        events::tell(&transaction, &slice.context, slice.tenant, event, slice.context.now()).await?;
    }
    transaction.commit().await?;
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, "the Zoho side is prepared");
    Ok(())
}

/// The field by which a kind of record is told apart.
pub fn field_of(of: &Resource) -> Option<(&'static str, &'static str)> {
    match of.unique {
        Unique::Field { module, label } | Unique::Mark { module, label } => Some((module, label)),
        Unique::Search | Unique::Reference => None,
    }
}

/// None where the product lets nobody make fields, and does without: its records are told apart by what they say themselves.
async fn create(slice: &mut Slice, module: &'static str, label: &'static str) -> Result<Option<FieldInfo>, Halt> {
    // Made, and read back.
    slice.permit_soon(Provider::Zoho, None).await?;
    slice.permit_soon(Provider::Zoho, None).await?;
    match slice.zoho.client.create_field(module, label, HELP).await {
        Ok(field) => Ok(Some(field)),
        Err(Trouble::Refused(refusal)) if !slice.product.has_upsert => {
            tracing::info!(link.id = %slice.link.id, module, %refusal, "a field cannot be made in this product");
            Ok(None)
        }
        Err(Trouble::Refused(refusal)) if crm::is_for_want_of_fields(&refusal) => {
            Err(Halt::Refused { provider: Provider::Zoho, sentence: rows::no_fields(slice.product.name) })
        }
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

/// CRM's records lead to Xero by a field that holds the address. Where there is no room for it they are carried without.
async fn link_field(slice: &mut Slice, module: &'static str, fields: &[FieldInfo]) -> Result<(), Halt> {
    if slice.product.dialect != Dialect::Crm {
        return Ok(());
    }
    let field = match fields.iter().find(|field| field.label == LINK_LABEL) {
        Some(field) => field.clone(),
        None => {
            // Made, and read back.
            slice.permit_soon(Provider::Zoho, None).await?;
            slice.permit_soon(Provider::Zoho, None).await?;
            match slice.zoho.client.create_link_field(module).await {
                Ok(field) => field,
                Err(Trouble::Refused(_)) => return Ok(()),
                Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
            }
        }
    };
    store(slice, module, LINK_LABEL, &field).await
}

async fn store(slice: &mut Slice, module: &str, label: &str, field: &FieldInfo) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    transaction
        .execute_raw(sql(
            transaction.get_database_backend(),
            "INSERT INTO unique_field (tenant_id, link_id, module, label, api_name, field_id) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (tenant_id, link_id, module, label) DO UPDATE SET api_name = excluded.api_name, field_id = excluded.field_id",
            vec![
                slice.tenant.0.into(),
                slice.link.id.0.into(),
                module.into(),
                label.into(),
                field.api_name.clone().into(),
                field.id.clone().into(),
            ],
        ))
        .await?;
    transaction.commit().await?;
    slice.fields.insert((module.to_owned(), label.to_owned()), field.api_name.clone());
    Ok(())
}

/// Whether every field was provisioned.
pub async fn done(slice: &Slice) -> Result<bool, Halt> {
    let rows = unique_field::Entity::of(slice.tenant)
        .filter(unique_field::Column::LinkId.eq(slice.link.id))
        .all(&slice.context.database)
        .await?;
    let is_there = |(module, label)| rows.iter().any(|row| row.module == module && row.label == label);
    Ok(slice.lanes.iter().filter_map(|lane| field_of(lane.flow.zoho())).all(is_there))
}
