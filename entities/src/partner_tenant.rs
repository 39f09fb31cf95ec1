//! A tenant that is a partner's own: the only ones it sees.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{PartnerId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partner_tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub partner_id: PartnerId,
    pub since: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// The tenants of this partner.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what a partner sees begins here")]
    pub fn of_partner(partner: PartnerId) -> Select<Entity> {
        Entity::find().filter(Column::PartnerId.eq(partner))
    }
}
