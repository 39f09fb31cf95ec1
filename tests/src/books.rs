//! The oracle: both companies' records as the sandbox keeps them, compared without asking the product.

use std::collections::HashMap;

use serde_json::Value;

use crate::World;

/// Every Zoho record of one kind, in the organisation of the demo user.
pub async fn zoho(world: &World, resource: &str) -> Vec<Value> {
    let organisation = world.organisation().await;
    world.stage.records(&format!("zoho/{organisation}/{resource}")).await.expect("the sandbox's records")
}

/// Every Xero record of one kind, in the connected organisation.
pub async fn xero(world: &World, resource: &str) -> Vec<Value> {
    let tenant = world.xero_tenant().await;
    world.stage.records(&format!("xero/{tenant}/{resource}")).await.expect("the sandbox's records")
}

/// How often each value of a custom field occurs: more than once is a duplicate.
pub fn twice(records: &[Value], field: &str) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for record in records {
        if let Some(value) = custom(record, field) {
            *seen.entry(value).or_default() += 1;
        }
    }
    seen.into_iter().filter(|(_, count)| *count > 1).map(|(value, _)| value).collect()
}

/// The value of a custom field, by its api name.
pub fn custom(record: &Value, field: &str) -> Option<String> {
    let flat = record.get(field).and_then(Value::as_str).filter(|value| !value.is_empty());
    let hash = record["custom_field_hash"][field].as_str().filter(|value| !value.is_empty());
    flat.or(hash).map(str::to_owned)
}

/// The e-mail address of a contact's primary person; empty where there is none.
pub fn email(contact: &Value) -> String {
    let primary = contact["contact_persons"].as_array().into_iter().flatten().find(|one| one["is_primary_contact"] == true);
    primary.and_then(|one| one["email"].as_str()).unwrap_or_default().to_owned()
}

impl World {
    /// The Zoho organisation that was connected; its books, where there is CRM too.
    pub async fn organisation(&self) -> String {
        self.connection("zoho").await
    }

    /// The Xero organisation that was connected.
    pub async fn xero_tenant(&self) -> String {
        self.connection("xero").await
    }

    async fn connection(&self, provider: &str) -> String {
        use sea_orm::ConnectionTrait;

        let database = &self.stage.context.database;
        let text = "SELECT organisation_id FROM connection WHERE provider = $1 AND state = 'live' ORDER BY CASE products WHEN 'crm' THEN 1 ELSE 0 END";
        let statement = entities::database::sql(database.get_database_backend(), text, vec![provider.into()]);
        let row = database.query_one_raw(statement).await.expect("a query").expect("a connection");
        row.try_get("", "organisation_id").expect("an id")
    }
}
