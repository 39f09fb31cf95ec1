//! Custom fields and choices that rules ask for are made in Zoho where they are missing. Doing it twice does no harm.

use connectors::rules::FieldRule;
use connectors::rules::checks::{Problem, There};
use connectors::rules::module;
use connectors::side::Trouble;
use connectors::zoho::{FieldInfo, NewField};

use crate::sync::slice::Provider;
use crate::visit::{Away, Visit};

const HELP: &str = "Kept in step with Xero by CP Connect.";

/// Makes what is missing and gives the rules Zoho's names for it. What Zoho refuses is a problem of its rule.
pub async fn missing(visit: &Visit, rules: &mut [FieldRule], there: &There) -> Result<Vec<Problem>, Away> {
    let mut problems = Vec::new();
    let mut made: Vec<(&'static str, FieldInfo)> = Vec::new();
    for (n, rule) in rules.iter_mut().enumerate().filter(|(_, rule)| rule.create) {
        let Some(module) = module(&rule.flow) else { continue };
        let known = there.fields.get(module).into_iter().flatten().find(|field| field.api_name == rule.api_name);
        let label = rule.label.clone();
        let just_made = made.iter().find(|(of, field)| *of == module && field.label.eq_ignore_ascii_case(&label));
        let done = match (known, just_made) {
            (Some(field), _) => choices(visit, rule, field).await?,
            (None, Some((_, field))) => {
                rule.api_name.clone_from(&field.api_name);
                choices(visit, rule, field).await?
            }
            (None, None) => {
                // Made, and read back.
                visit.permit(Provider::Zoho).await?;
                let new =
                    NewField { module, label: &label, data_type: rule.data_type.name(), choices: &rule.options, help: HELP };
                match refusal(visit.zoho(async { keep_refusal(visit.zoho.client.make_field(&new).await) }).await?) {
                    Ok(field) => {
                        rule.api_name.clone_from(&field.api_name);
                        made.push((module, field));
                        None
                    }
                    Err(sentence) => Some(sentence),
                }
            }
        };
        if let Some(sentence) = done {
            problems.push(Problem {
                path: format!("rules[{n}]"),
                code: "ZOHO_REFUSES",
                sentence: format!("“{label}” could not be made in Zoho Books: {sentence}"),
                values: Vec::new(),
                blocks: true,
            });
        }
    }
    Ok(problems)
}

/// Adds the choices that a field has not yet.
async fn choices(visit: &Visit, rule: &FieldRule, field: &FieldInfo) -> Result<Option<String>, Away> {
    let lacking: Vec<String> = rule.options.iter().filter(|one| !field.options.contains(one)).cloned().collect();
    if lacking.is_empty() {
        return Ok(None);
    }
    visit.permit(Provider::Zoho).await?;
    let answer = visit.zoho(async { keep_refusal(visit.zoho.client.add_choices(&field.id, &lacking).await) }).await?;
    Ok(refusal(answer).err())
}

type Kept<T> = Result<T, connectors::side::Refusal>;

/// A refusal is an answer here; other troubles end the visit.
fn keep_refusal<T>(answer: Result<T, Trouble>) -> Result<Kept<T>, Trouble> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Trouble::Refused(refusal)) => Ok(Err(refusal)),
        Err(trouble) => Err(trouble),
    }
}

fn refusal<T>(kept: Kept<T>) -> Result<T, String> {
    kept.map_err(|refusal| refusal.message)
}
