//! `cpconnect sandbox`: Xero and Zoho on this machine.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use sandbox::Options;
use sandbox::seed::{self, Plan, Profile};

use super::Outcome;
use super::serve::signal;

#[derive(Args)]
pub struct Sandbox {
    /// Where HTTP listens on 127.0.0.1; 0 takes a free port
    #[arg(long, default_value_t = 9090)]
    port: u16,
    /// Where letters are caught; 0 takes a free port
    #[arg(long, default_value_t = 2525)]
    smtp_port: u16,
    /// Enforce the providers' published limits
    #[arg(long)]
    realistic_limits: bool,
    /// Fill the Xero organisations with this company
    #[arg(long, value_enum)]
    profile: Option<Kind>,
    /// How many contacts the company has, if not as many as its profile
    #[arg(long)]
    contacts: Option<u64>,
    /// How many invoices and bills together, if not as many as its profile
    #[arg(long)]
    invoices: Option<u64>,
    /// The same seed gives the same company
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A realistic New Zealand company
    DemoCompany,
    /// The same, very small
    Tiny,
    /// Every awkward record we know of
    Nasty,
}

impl Sandbox {
    pub async fn run(self) -> Outcome {
        let sandbox = sandbox::start(Options {
            port: self.port,
            smtp_port: self.smtp_port,
            data_dir: None,
            realistic_limits: self.realistic_limits,
        })
        .await
        .map_err(|error| format!("the sandbox cannot start on these ports: {error}"))?;
        if let Some(plan) = self.plan() {
            let shared = sandbox.shared().clone();
            let planted = tokio::task::spawn_blocking(move || seed::plant(&shared, &plan)).await?;
            let counts = planted.map_err(|error| error.to_string())?;
            eprintln!("planted: {counts}");
        }
        eprintln!(
            "Xero and Zoho are played at {}; letters are at {}/_sandbox/mail. These settings point CP Connect here:",
            sandbox.url(),
            sandbox.url()
        );
        for (name, value) in sandbox.environment() {
            println!("{name}={value}");
        }
        if !self.realistic_limits {
            println!("XERO_LIMITS=off");
            println!("ZOHO_LIMITS=off");
        }
        signal().await?;
        sandbox.stop().await;
        Ok(ExitCode::SUCCESS)
    }

    /// What to plant; nothing where nothing was asked for.
    fn plan(&self) -> Option<Plan> {
        let asked = self.profile.is_some() || self.contacts.is_some() || self.invoices.is_some();
        let mut plan = Plan::new(match self.profile {
            Some(Kind::Tiny) => Profile::Tiny,
            Some(Kind::Nasty) => Profile::Nasty,
            Some(Kind::DemoCompany) | None => Profile::DemoCompany,
        });
        plan.contacts = self.contacts.unwrap_or(plan.contacts);
        plan.invoices = self.invoices.unwrap_or(plan.invoices);
        plan.seed = self.seed.unwrap_or(plan.seed);
        asked.then_some(plan)
    }
}
