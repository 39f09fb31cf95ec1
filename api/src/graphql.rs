//! What staff ask and do. One file a noun; the list below joins them into a schema.

pub mod endpoint;
pub mod socket;

mod answers;
mod api_clients;
mod audit;
mod buttons;
mod checklist;
mod conflicts;
mod connections;
mod consents;
mod find;
mod flows;
mod holds;
mod in_step;
mod letters;
mod links;
mod native;
mod node_id;
mod noting;
mod onboarding;
mod paging;
mod previews;
mod progress;
mod queues;
mod reports;
mod roles;
mod rules;
mod runs;
mod scopes;
mod steering;
mod tenants;
mod viewer;
pub mod words;

use async_graphql::{MergedObject, Schema, SchemaBuilder};
pub use holds::{CODES_MAX, codes_of};

use crate::state::State;

/// How deep a question may go: a tenant's links' runs' progress' counts' flow is eight.
const DEPTH_MAX: usize = 12;
/// How much a question may ask for, counted in fields times the length of lists.
const COMPLEXITY_MAX: usize = 800;
const DIRECTIVES_MAX: usize = 20;
/// Tools ask for the schema in one question of this depth.
const INTROSPECTION_DEPTH_MAX: usize = 24;

#[derive(MergedObject, Default)]
pub struct Query(
    viewer::ViewerQuery,
    tenants::TenantQuery,
    links::LinkQuery,
    runs::RunQuery,
    holds::HoldQuery,
    flows::FlowQuery,
    rules::RuleQuery,
    conflicts::ConflictQuery,
    api_clients::ApiClientQuery,
    audit::AuditQuery,
    queues::QueueQuery,
);

#[derive(MergedObject, Default)]
pub struct Mutation(
    onboarding::OnboardingMutation,
    steering::SteeringMutation,
    holds::HoldMutation,
    connections::ConnectionMutation,
    previews::PreviewMutation,
    in_step::InStepMutation,
    rules::RuleMutation,
    conflicts::ConflictMutation,
    buttons::ButtonMutation,
    api_clients::ApiClientMutation,
    audit::AuditMutation,
    queues::QueueMutation,
);

pub type Staff = Schema<Query, Mutation, progress::ProgressSubscription>;
/// Answers questions about the schema only, so it needs no caller. A type of its own: handlers find their schema by its type.
pub struct Introspection(pub Staff);

/// The schema as it is served.
pub fn schema(state: State) -> Staff {
    let is_development = state.settings.is_development();
    let limited = builder()
        .limit_depth(DEPTH_MAX)
        .limit_complexity(COMPLEXITY_MAX)
        .limit_directives(DIRECTIVES_MAX)
        .extension(answers::Answers)
        .extension(noting::Noting)
        // Behind the log, so that what is refused is in it.
        .extension(roles::Roles)
        .data(state);
    if is_development { limited.finish() } else { limited.disable_introspection().disable_suggestions().finish() }
}

/// The schema for tools that ask what there is to ask: development only.
fn introspection() -> Introspection {
    Introspection(builder().introspection_only().limit_depth(INTROSPECTION_DEPTH_MAX).finish())
}

/// The schema as a document: `api/schema.graphql`.
pub fn sdl() -> String {
    let mut sdl = builder().finish().sdl().trim().to_owned();
    sdl.push('\n');
    sdl
}

fn builder() -> SchemaBuilder<Query, Mutation, progress::ProgressSubscription> {
    Schema::build(Query::default(), Mutation::default(), progress::ProgressSubscription)
}

#[cfg(test)]
mod tests {
    /// `cargo run -- schema graphql > api/schema.graphql` brings the file up to date.
    #[test]
    fn the_schema_that_is_checked_in_is_the_schema_that_is_served() {
        assert!(include_str!("../schema.graphql") == super::sdl(), "api/schema.graphql is out of date");
    }
}
