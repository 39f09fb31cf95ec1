//! `cpconnect schema`: what is checked in, and what clients are generated from.

use std::process::ExitCode;

use clap::Subcommand;

use super::Outcome;
use crate::{coverage, graphql, rest};

#[derive(Subcommand)]
pub enum Schema {
    /// Print the GraphQL schema: `api/schema.graphql`
    Graphql,
    /// Print the OpenAPI document of the REST API: `api/openapi.json`
    Openapi,
    /// Print what is carried between Xero and each of Zoho's products: `docs/coverage.md`
    Coverage,
}

impl Schema {
    pub fn run(self) -> Outcome {
        match self {
            Self::Graphql => print!("{}", graphql::sdl()),
            Self::Openapi => print!("{}", rest::openapi()),
            Self::Coverage => print!("{}", coverage::table()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
