//! What an organisation has besides its chart: the people who work in it and the looks of its paper.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::json::ms_date;
use crate::xero::kinds::Kind;
use crate::xero::sessions::Org;
use crate::xero::{USER_EMAIL, USER_ID, USER_NAME};

/// (first name, last name, e-mail, role, whether Xero bills him)
const COLLEAGUES: [(&str, &str, &str, &str, bool); 2] = [
    ("Aroha", "Ngata", "aroha.ngata@cloudperfect.example", "FINANCIALADVISER", true),
    ("Mei", "Chen", "mei.chen@cloudperfect.example", "READONLY", false),
];

const THEMES: [&str; 2] = ["Standard", "Very orange invoice!"];

/// Users and branding themes: kind, id and record.
pub fn staff(org: &Org, opened_ms: i64) -> Vec<(Kind, Uuid, Value)> {
    let (first, last) = USER_NAME.split_once(' ').unwrap_or((USER_NAME, ""));
    let user = |id: Uuid, first: &str, last: &str, email: &str, role: &str, subscriber: bool| {
        let record = json!({
            "UserID": id, "EmailAddress": email, "FirstName": first, "LastName": last, "UpdatedDateUTC": ms_date(opened_ms),
            "IsSubscriber": subscriber, "OrganisationRole": role,
        });
        (Kind::Users, id, record)
    };
    let id = |what: &str| Uuid::new_v5(&org.tenant, what.as_bytes());
    let mut all = vec![user(USER_ID, first, last, USER_EMAIL, "STANDARD", false)];
    for (first, last, email, role, subscriber) in COLLEAGUES {
        all.push(user(id(email), first, last, email, role, subscriber));
    }
    for (order, name) in THEMES.into_iter().enumerate() {
        let theme = id(&format!("branding theme/{order}"));
        let record = json!({
            "BrandingThemeID": theme, "Name": name, "Type": "INVOICE", "SortOrder": order, "CreatedDateUTC": ms_date(opened_ms),
        });
        all.push((Kind::BrandingThemes, theme, record));
    }
    all
}
