//! The subcommands, one a file.

#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod keys;
mod logging;
mod migrate;
mod reload;
#[cfg(feature = "demo")]
mod sandbox;
mod schema;
mod serve;
mod token;
mod traces;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::chain;

/// CP Connect joins a customer's Xero to their Zoho: it asks for consent by e-mail, migrates the books,
/// reconciles them to the cent, and keeps both sides in step.
#[derive(Parser)]
#[command(name = "cpconnect", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play the whole story on this machine: onboard, consent twice, migrate, reconcile
    ///
    /// Starts a sandbox of Xero and Zoho, a mail catcher, the server and a worker on SQLite in a temporary folder, and plays staff
    /// and customer through the real HTTP interfaces. Needs no accounts, no network and no settings.
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Serve GraphQL, the customers' pages and the operators' checks, and work on the jobs
    ///
    /// One process does everything, unless `--no-worker` leaves the jobs to `cpconnect worker`. On SQLite the database is
    /// created and migrated first; a PostgreSQL database must be current (`cpconnect migrate up`). SIGTERM and ctrl-c end
    /// it within ten seconds; whatever was being carried goes on at the next start.
    Serve(serve::Serve),
    /// Work on the jobs: letters, migrations, syncs, reconciliations
    ///
    /// As many of these as wanted may run on one PostgreSQL database; they share the providers' limits. The database must
    /// be current (`cpconnect migrate up`).
    Worker(serve::Worker),
    /// Play Xero and Zoho on this machine, to try everything without accounts
    #[cfg(feature = "demo")]
    Sandbox(sandbox::Sandbox),
    /// Bring the database's schema up to date, take it back, or look at it
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Mint a staff token for development, signed with the shared secret of JWT_KEYS
    Token(token::Token),
    /// Make a master key, or wrap every tenant's key with the newest one
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Print the schema of an interface
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Check the settings and everything they name: a table of what is well, what is not, and the cure
    Doctor(doctor::Doctor),
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let env_file = dotenvy::dotenv();
    // One provider of cryptography for every TLS connection; a second call only says that there is one already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    if let Err(error) = env_file
        && !error.not_found()
    {
        eprintln!("the file .env cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(cli.command.run()),
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

/// A command ends with a code of its own choice, or with a sentence.
type Outcome = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

impl Command {
    async fn run(self) -> Outcome {
        match self {
            #[cfg(feature = "demo")]
            Self::Demo(demo) => Box::pin(demo.run()).await,
            Self::Serve(serve) => serve.run().await,
            Self::Worker(worker) => worker.run().await,
            #[cfg(feature = "demo")]
            Self::Sandbox(sandbox) => sandbox.run().await,
            Self::Migrate(migrate) => migrate.run().await,
            Self::Token(token) => token.run(),
            Self::Keys(keys) => keys.run().await,
            Self::Schema(schema) => schema.run(),
            Self::Doctor(doctor) => doctor.run().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
