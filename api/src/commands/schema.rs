//! `cpconnect schema`: what is checked in, and what clients are generated from.

use std::process::ExitCode;

use clap::Subcommand;

use super::Outcome;
use crate::graphql;

#[derive(Subcommand)]
pub enum Schema {
    /// Print the GraphQL schema: `api/schema.graphql`
    Graphql,
}

impl Schema {
    pub fn run(self) -> Outcome {
        match self {
            Self::Graphql => print!("{}", graphql::sdl()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
