//! What was found and told, as staff see it.

use connectors::rules::checks::Problem;
use connectors::xero::Carrier;
use jobs::rules::Told;
use jobs::rules::discover::Discovery;
use jobs::rules::trial::{self, Trial, Tried};

use super::{
    CustomField, CustomFields, RuleProblem, RuleTrial, SetRulesPayload, TriedDocument, TriedLine, TriedOption, XeroPlace,
    XeroPlaceCount,
};
use crate::error::Error;
use crate::graphql::flows::Flow;
use crate::graphql::links::Link;

impl From<Problem> for RuleProblem {
    fn from(problem: Problem) -> Self {
        Self {
            path: problem.path,
            code: problem.code.to_owned(),
            sentence: problem.sentence,
            values: problem.values,
            blocks: problem.blocks,
        }
    }
}

impl SetRulesPayload {
    pub fn of(link: entities::link::Model, told: Told) -> Result<Self, Error> {
        let problems = told.problems.into_iter().map(RuleProblem::from).collect();
        Ok(Self { stands: told.stands, problems, retried: told.retried, link: Link::of(link)? })
    }
}

impl CustomFields {
    pub fn of(flow: &str, found: Discovery) -> Self {
        let field = |(field, count): (connectors::zoho::FieldInfo, usize)| CustomField {
            label: field.label,
            api_name: field.api_name,
            data_type: field.data_type,
            is_unique: field.is_unique,
            options: field.options,
            count,
        };
        let place = |(carrier, count): (Carrier, usize)| XeroPlaceCount {
            name: carrier.name(),
            is_read_only: carrier.is_read_only(),
            carrier: XeroPlace::of(&carrier),
            count,
        };
        Self {
            flow: Flow::of(flow),
            zoho: found.fields.into_iter().map(field).collect(),
            zoho_sample: found.zoho_sample,
            xero: found.places.into_iter().map(place).collect(),
            xero_sample: found.xero_sample,
        }
    }
}

impl RuleTrial {
    pub fn of(trial: Trial) -> Self {
        let document = |one: Tried| {
            let (held, reason) = one.held.unzip();
            let line = |line: trial::TriedLine| TriedLine {
                name: line.said,
                tracking: line
                    .set
                    .into_iter()
                    .map(|set| TriedOption { category: set.category, option: set.option, is_new: set.is_new })
                    .collect(),
            };
            let lines = one.lines.into_iter().map(line).collect();
            TriedDocument { flow: Flow::of(one.flow), zoho_id: one.zoho_id, number: one.number, lines, held, reason }
        };
        Self {
            problems: trial.problems.into_iter().map(RuleProblem::from).collect(),
            documents: trial.documents.into_iter().map(document).collect(),
        }
    }
}
