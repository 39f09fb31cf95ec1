//! The control plane under `/_sandbox/`: what a test may do that no provider offers.

use actix_web::web::ServiceConfig;

/// Mounts it by full paths, so that the providers can add theirs beside them.
pub fn configure(_cfg: &mut ServiceConfig) {}
