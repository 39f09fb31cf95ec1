//! What every handler may touch, made once at the start from the settings.

use std::ops::Deref;
use std::sync::Arc;

use jobs::context::Context;

use crate::caller::Staff;
use crate::settings::Settings;

/// Cheap to clone; handlers take it as `web::Data<State>`.
#[derive(Clone)]
pub struct State {
    pub context: Context,
    pub settings: Arc<Settings>,
    /// Knows the staff by their tokens.
    pub staff: Staff,
}

impl Deref for State {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}
