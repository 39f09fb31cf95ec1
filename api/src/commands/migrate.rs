//! `cpconnect migrate`: the database's schema.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use secrecy::ExposeSecret;

use super::Outcome;
use crate::database;
use crate::settings::Raw;

#[derive(Subcommand)]
pub enum Migrate {
    /// Apply what is missing
    ///
    /// Run it once before the first process of a new version starts.
    Up(Up),
    /// Take migrations back, the newest first
    ///
    /// What is in the tables they made is lost.
    Down(Down),
    /// List all migrations and whether they are applied
    Status(Status),
}

#[derive(Args)]
pub struct Up {
    /// How many to apply; all where absent
    #[arg(long)]
    steps: Option<u32>,
    #[command(flatten)]
    raw: Raw,
}

#[derive(Args)]
pub struct Down {
    /// How many to take back
    #[arg(long, default_value_t = 1)]
    steps: u32,
    #[command(flatten)]
    raw: Raw,
}

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    raw: Raw,
}

impl Migrate {
    pub async fn run(self) -> Outcome {
        let raw = match &self {
            Self::Up(up) => &up.raw,
            Self::Down(down) => &down.raw,
            Self::Status(status) => &status.raw,
        };
        let url = raw.database_url()?;
        let url = url.expose_secret();
        match &self {
            Self::Up(up) => database::up(url, up.steps).await?,
            Self::Down(down) => database::down(url, down.steps).await?,
            Self::Status(_) => {}
        }
        let pool = database::open(url).await?;
        let schema = database::schema(&pool).await?;
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(["migration", "state"]);
        for name in &schema.applied {
            table.add_row([name, "applied"]);
        }
        for name in &schema.pending {
            table.add_row([name, "pending"]);
        }
        println!("{table}");
        pool.close().await?;
        Ok(ExitCode::SUCCESS)
    }
}
