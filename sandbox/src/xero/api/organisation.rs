//! What an organisation may do, its part in the British construction scheme, and billable expenses that are taken away.

use serde_json::{Value, json};

use super::answer::{Answer, Body};
use super::parts::{at_desk, id, refuse};
use super::{Call, Failure};
use crate::xero::enter::linked_transactions;
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

const ACTIONS: [&str; 13] = [
    "CreateApprovedInvoice",
    "CreateDraftPurchaseOrder",
    "CreateApprovedBill",
    "AttachFilesIntoInvoice",
    "UseMulticurrency",
    "CreateDraftInvoice",
    "CreateRepeatingInvoice",
    "CreateRepeatingBill",
    "CreateSentQuote",
    "CreateInvoicePayment",
    "CreateApprovedPurchaseOrder",
    "CreateDraftQuote",
    "CreateDraftBill",
];
/// The beginnings of the plans that have several currencies.
const MULTICURRENCY: [&str; 5] = ["DEMO", "TRIAL", "PREMIUM", "ULT", "COMPREHENSIVE"];

/// `GET /Organisation/Actions`.
pub fn actions(call: &Call) -> Result<Answer, Failure> {
    let organisation = organisation(call)?;
    let plan = text_of(&organisation, "Class").unwrap_or_default();
    let partner = text_of(&organisation, "Edition") == Some("PARTNER");
    let shown: Vec<_> = ACTIONS
        .iter()
        .map(|name| {
            let allowed = match *name {
                "UseMulticurrency" => MULTICURRENCY.iter().any(|with| plan.starts_with(with)),
                // The partner edition has no access to invoicing.
                _ => !partner,
            };
            json!({"Name": name, "Status": if allowed { "ALLOWED" } else { "NOT-ALLOWED" }}).to_string()
        })
        .collect();
    Ok(Answer::collection(call.shared, "Actions", "", &shown.join(",")))
}

/// The scheme is British: other organisations have no such settings, and here nobody takes part in it.
pub fn cis(call: &Call, kind: Kind, of: &str) -> Result<Answer, Failure> {
    let id = id(of)?;
    let organisation = organisation(call)?;
    if !text_of(&organisation, "Version").is_some_and(|version| version.starts_with("UK")) {
        return Err(Failure::Absent);
    }
    let org = call.caller.org.n;
    call.shared.store.with(|connection| records::by_id(connection, org, kind, id))?.ok_or(Failure::Absent)?;
    let settings = match kind {
        Kind::Organisations => json!({"CISContractorEnabled": false, "CISSubContractorEnabled": false}),
        _ => json!({"CISEnabled": false}),
    };
    Ok(Answer::collection(call.shared, "CISSettings", "", &settings.to_string()))
}

/// `DELETE /LinkedTransactions/{id}`.
pub fn delete_linked(call: &Call, linked: &str) -> Result<Answer, Failure> {
    let id = id(linked)?;
    let mut echo = Record::new();
    echo.insert("LinkedTransactionID".into(), id.to_string().into());
    at_desk(call, |desk| linked_transactions::delete(desk, id).map_err(refuse(&echo)))?;
    Ok(Answer { status: 204, body: Body::Empty })
}

fn organisation(call: &Call) -> Result<Record, Failure> {
    let org = &call.caller.org;
    let found = call.shared.store.with(|connection| records::by_id(connection, org.n, Kind::Organisations, org.tenant))?;
    match found.and_then(|(body, _)| serde_json::from_str(&body).ok()) {
        Some(Value::Object(organisation)) => Ok(organisation),
        _ => Err(Failure::Absent),
    }
}
