//! Zoho CRM v8: records of its modules, the metadata around them, and the channels that watch them.

mod answer;
mod attach;
mod batch;
pub(crate) mod browse;
mod bulk;
mod bulk_read;
mod bulk_write;
mod call;
mod channel;
mod condition;
mod control;
mod coql;
mod credits;
mod csv;
mod currencies;
mod deals;
mod define;
mod deleted;
mod desk;
mod edition;
mod external;
mod field;
mod lines;
mod links;
mod list;
mod module;
mod native;
mod notify;
mod orgs;
mod query;
mod record;
mod router;
mod scopes;
mod search;
mod settings;
mod show;
mod standard;
mod tables;
mod tags;
mod value;
mod watch;
mod write;
mod writer;
mod zip;

use actix_web::web::ServiceConfig;

pub use control::state;
pub use notify::Notices;
pub use tables::create as create_tables;

/// Mounts `/zoho/{dc}/api/crm/v8/…`, `/zoho/{dc}/api/crm/bulk/v8/…` and the control calls that are CRM's own.
pub fn configure(cfg: &mut ServiceConfig) {
    call::configure(cfg);
    control::configure(cfg);
}
