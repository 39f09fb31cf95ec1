//! What somebody changes in Zoho between our look at a record and our write of it: the answer has it beside what we wrote.

use connectors::flow::{AnyFlow, worked_out};
use connectors::rules::{self, Rules};
use serde_json::Value;

use super::merge::{but, changed_beside};
use super::shelf::Spared;
use super::slice::{Lane, Slice};

/// Leaves out of an update what did not change in Xero.
pub fn spare(flow: &dyn AnyFlow, of: &Rules, spared: &Spared, body: &mut Value) {
    let Some(back) = flow.back() else { return };
    (back.spare)(&spared.there, &spared.changed, body);
    rules::spare(of, flow.record(), &spared.changed, body);
}

/// Of fields that the answer shows otherwise than they were read, and that the write had nothing to do with, the prints of before stay: they
/// are still to be seen. Whether there are any.
pub fn leave_unseen(slice: &Slice, lane: Lane, spared: &Spared, said: &Value, answer: &mut Vec<u8>) -> bool {
    let Some(back) = lane.flow.back() else { return false };
    let prints = |record: &Value| rules::zoho_prints(lane.flow.record(), back, record, &slice.rules, &slice.print);
    let before = prints(&spared.there);
    let mut written = changed_beside(&prints(&overlaid(&spared.there, said)), &before, &[]);
    let fields = rules::fields_of(lane.flow);
    let names = fields.iter().map(|(name, _)| *name);
    let place = |wanted: &&'static str| names.clone().position(|name| name == *wanted);
    written.extend(spared.changed.iter().filter_map(place));
    let said: Vec<&str> = written.iter().filter_map(|n| Some(fields.get(*n)?.0)).collect();
    written.extend(said.into_iter().flat_map(worked_out).filter_map(place));
    let unseen = changed_beside(answer, &before, &written);
    *answer = but(answer, &before, &unseen);
    !unseen.is_empty()
}

/// What Zoho's record would look like with this body written over it: objects and custom fields are told in part.
fn overlaid(there: &Value, said: &Value) -> Value {
    let mut record = there.clone();
    for (key, value) in said.as_object().into_iter().flatten() {
        match (&mut record[key.as_str()], value) {
            (Value::Array(fields), Value::Array(told)) if key == "custom_fields" => {
                for one in told {
                    let is_it = |field: &Value| {
                        ["api_name", "customfield_id"].iter().any(|id| !one[*id].is_null() && field[*id] == one[*id])
                    };
                    match fields.iter_mut().find(|field| is_it(field)) {
                        Some(field) => field["value"] = one["value"].clone(),
                        None => fields.push(one.clone()),
                    }
                }
            }
            (Value::Object(before), Value::Object(now)) => before.extend(now.clone()),
            (before, now) => *before = now.clone(),
        }
    }
    record
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_changes_what_it_names() {
        let there = json!({
            "contact_name": "A", "billing_address": { "city": "X", "zip": "1" }, "line_items": [1, 2],
            "custom_fields": [{ "api_name": "cf_a", "value": "1" }, { "api_name": "cf_b", "value": "2" }],
        });
        let said = json!({
            "billing_address": { "city": "Y" }, "line_items": [3], "website": "w",
            "custom_fields": [{ "api_name": "cf_b", "value": "3" }, { "api_name": "cf_c", "value": "4" }],
        });
        let after = json!({
            "contact_name": "A", "billing_address": { "city": "Y", "zip": "1" }, "line_items": [3], "website": "w",
            "custom_fields": [{ "api_name": "cf_a", "value": "1" }, { "api_name": "cf_b", "value": "3" }, { "api_name": "cf_c", "value": "4" }],
        });
        assert_eq!(overlaid(&there, &said), after);
        assert_eq!(overlaid(&there, &Value::Null), there);
    }
}
