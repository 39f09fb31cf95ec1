//! The one door to a table: `Entity::of(tenant)`. `find` is banned elsewhere, so a query without its tenant does not compile past clippy.

/// Gives an entity with a `tenant_id` column its door.
#[macro_export]
macro_rules! owned {
    () => {
        impl Entity {
            /// This tenant's rows. Another tenant's row is "not found".
            #[expect(clippy::disallowed_methods, reason = "this is the door")]
            pub fn of(tenant: $crate::ids::TenantId) -> sea_orm::Select<Entity> {
                use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
                Entity::find().filter(Column::TenantId.eq(tenant))
            }
        }
    };
}
