//! `cpconnect token`: a staff token for development.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use entities::clock::{Clock, SystemClock};
use entities::ids::TenantId;

use super::Outcome;
use crate::caller::{Caller, Role, mint};
use crate::settings::Raw;

#[derive(Args)]
pub struct Token {
    /// What the token allows: admin, operator or viewer
    #[arg(long, default_value = "operator")]
    role: Role,
    /// Whose token it is
    #[arg(long, default_value = "developer")]
    subject: String,
    /// How long it is good for
    #[arg(long, default_value_t = 12)]
    hours: u32,
    /// The only tenant it reaches; may be given several times. All where absent
    #[arg(long = "tenant", value_name = "ID")]
    tenants: Vec<TenantId>,
    #[command(flatten)]
    raw: Raw,
}

impl Token {
    pub fn run(self) -> Outcome {
        let (issuer, audience, keys) = self.raw.jwt()?;
        let Some(secret) = keys.secret() else {
            return Err("JWT_KEYS: names the keys of an identity provider, which mints the tokens itself; \
                for development give `secret:` and a text of 32 characters or more"
                .into());
        };
        let tenants: HashSet<TenantId> = self.tenants.into_iter().collect();
        let caller = Caller {
            subject: self.subject,
            role: self.role,
            tenants: (!tenants.is_empty()).then_some(tenants),
            until: SystemClock::default().now().plus(Duration::from_secs(u64::from(self.hours) * 3600)),
        };
        println!("{}", mint(secret, &issuer, &audience, &caller)?);
        Ok(ExitCode::SUCCESS)
    }
}
