//! What is reached over plain HTTP: customers' pages, providers' callbacks, operators' checks.

pub mod health;

use actix_web::web::ServiceConfig;

pub fn configure(config: &mut ServiceConfig) {
    health::configure(config);
}
