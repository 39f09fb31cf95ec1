//! The schema, as migrations that never change once released. Knows no entity: a migration means tomorrow what it meant today.

pub use sea_orm_migration::MigrationStatus;
pub use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, SchemaManager};

mod dialect;
mod m0001_tenants;
mod m0002_links;
mod m0003_records;
mod m0004_jobs;
mod m0005_scope;
mod m0006_reports;
mod m0007_previews;
mod m0008_two_ways;
mod m0009_hints;
mod m0010_rules;
mod m0011_conflicts;
mod m0012_buttons;
mod m0013_products;
mod m0014_traces;
mod m0015_audit;
mod m0016_partners;
mod m0017_native;
mod m0018_purge;
mod m0019_endpoints;
mod m0020_spans;
mod m0021_plans;

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_tenants::Tenants),
            Box::new(m0002_links::Links),
            Box::new(m0003_records::Records),
            Box::new(m0004_jobs::Jobs),
            Box::new(m0005_scope::Scope),
            Box::new(m0006_reports::Reports),
            Box::new(m0007_previews::Previews),
            Box::new(m0008_two_ways::TwoWays),
            Box::new(m0009_hints::Hints),
            Box::new(m0010_rules::Rules),
            Box::new(m0011_conflicts::Conflicts),
            Box::new(m0012_buttons::Buttons),
            Box::new(m0013_products::Products),
            Box::new(m0014_traces::Traces),
            Box::new(m0015_audit::Audit),
            Box::new(m0016_partners::Partners),
            Box::new(m0017_native::Native),
            Box::new(m0018_purge::Purge),
            Box::new(m0019_endpoints::Endpoints),
            Box::new(m0020_spans::Spans),
            Box::new(m0021_plans::Plans),
        ]
    }
}
