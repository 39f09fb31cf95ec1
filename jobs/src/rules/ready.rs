//! What rules need before records go to Xero: its tracking options, made where a rule asks for that, and Zoho's contacts and deals where one
//! looks at them.

use std::sync::Arc;

use connectors::flow::Known;
use connectors::flows;
use connectors::flows::books::tracking_categories;
use connectors::rules::{Asked, Tracked, party, wanted_options};
use connectors::side::Trouble;
use serde_json::Value;

use super::deals;
use crate::sync::send::list;
use crate::sync::slice::{Halt, Lane, Provider, Slice};

/// Teaches a mapping what its rules ask for. Nothing is asked where the link has no such rules.
pub async fn ready(slice: &mut Slice, lane: Lane, records: &[&Value], known: &mut Known) -> Result<(), Halt> {
    let rules = known.rules.clone();
    if records.is_empty() || !rules.set_tracking(lane.flow.key()) {
        return Ok(());
    }
    let mut categories = list(slice, tracking_categories::KEY).await?;
    if rules.ask_contacts() {
        contacts(slice, lane, records, known).await?;
    }
    let of_deals = rules.deal_fields();
    if !of_deals.is_empty() {
        deals::learn(slice, lane, records, &of_deals, known).await?;
    }
    let mut wanted: Vec<Tracked> = Vec::new();
    for record in records {
        let asked = Asked::knowing(lane.flow.key(), "", record, known);
        for one in wanted_options(&rules, &asked, &categories) {
            if !wanted.contains(&one) {
                wanted.push(one);
            }
        }
    }
    for one in wanted {
        if let Some(option) = make(slice, lane, &one).await? {
            let rows = Arc::make_mut(&mut categories);
            let category = rows.iter_mut().find(|row| row["TrackingCategoryID"] == one.category.as_str());
            if let Some(options) = category.and_then(|category| category["Options"].as_array_mut()) {
                options.push(option);
            }
        }
    }
    slice.lists.insert(tracking_categories::KEY, categories.clone());
    known.learn_list(tracking_categories::KEY, categories);
    Ok(())
}

/// Makes an option. `None`: Xero refuses it, and the records that need it are held.
async fn make(slice: &mut Slice, lane: Lane, one: &Tracked) -> Result<Option<Value>, Halt> {
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    let key = slice.print.of(&format!("{}|option|{}|{}", slice.tenant, one.category, one.name));
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    match slice.xero.client.make_option(&one.category, &one.name, &key).await {
        Ok(option) => {
            slice.moved = true;
            tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, "a tracking option was made in Xero for a rule");
            Ok(Some(option))
        }
        Err(Trouble::Refused(refusal)) => {
            tracing::warn!(tenant.id = %slice.tenant, link.id = %slice.link.id, %refusal, "Xero refuses a tracking option");
            Ok(None)
        }
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

/// The contacts of these records, each read once.
async fn contacts(slice: &mut Slice, lane: Lane, records: &[&Value], known: &mut Known) -> Result<(), Halt> {
    let Some(of) = flows::flow("books.customers").map(|flow| flow.zoho()) else { return Ok(()) };
    for record in records {
        let Some(id) = party(record).filter(|id| known.contact(id).is_none()) else { continue };
        slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
        match slice.zoho.client.get(of, id).await {
            Ok(contact) => known.learn_contact(id, Arc::new(contact)),
            // Without it the rule says nothing.
            Err(Trouble::Refused(_)) => {}
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        }
    }
    Ok(())
}
