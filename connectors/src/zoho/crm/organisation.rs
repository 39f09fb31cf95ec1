//! The CRM organisation that a consent was given for: a token opens just one.

use reqwest::Method;
use serde_json::Value;

use super::super::Organisation;
use super::super::client::Client;
use super::edition;
use crate::side::Trouble;

/// Of such an organisation a customer's records are kept; the others are for trying things out.
pub const PRODUCTION: &str = "production";

impl Client {
    /// This token's organisation. One for trying things out is refused: its records would look like the customer's own.
    pub(in super::super) async fn crm_organisation(&self) -> Result<Organisation, Trouble> {
        let body = self.crm_send(self.request(Method::GET, self.url("org", &[], &[]))).await?;
        let org = body["org"].get(0).ok_or_else(|| Trouble::Unreachable("the answer has no org".to_owned()))?;
        match org["type"].as_str().unwrap_or(PRODUCTION) {
            PRODUCTION => Ok(read(org)),
            kind => Err(Trouble::Forbidden(format!("the CRM organisation is for trying things out ({kind})"))),
        }
    }
}

fn read(org: &Value) -> Organisation {
    let text = |name: &str| match &org[name] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    let license = &org["license_details"];
    let users = license["users_license_purchased"].as_u64().unwrap_or(1) as u32;
    Organisation {
        // Screens name it by this number.
        id: text("zgid"),
        name: text("company_name"),
        currency_code: text("iso_code"),
        time_zone: text("time_zone"),
        plan: edition::plan(license["paid_type"].as_str().unwrap_or("free"), users),
        is_active: true,
        price_precision: 2,
        ..Organisation::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::zoho::CRM;

    async fn asked(kind: &str) -> Result<Organisation, Trouble> {
        let told = json!({"org": [{"id": "1", "zgid": "20100", "company_name": "Ada Ltd", "type": kind, "iso_code": "NZD", "time_zone": "Pacific/Auckland",
            "license_details": {"paid_type": "enterprise", "users_license_purchased": 5}}]});
        let stub = Stub::answering(vec![(200, "content-type: application/json\r\n", told.to_string())]).await;
        Client::new(&Http::new(), &stub.url, &CRM, "", "secret-token".to_owned().into()).crm_organisation().await
    }

    #[tokio::test]
    async fn a_production_organisation_is_taken_and_no_other() {
        let org = asked("production").await.unwrap();
        assert_eq!((org.id.as_str(), org.name.as_str(), org.currency_code.as_str()), ("20100", "Ada Ltd", "NZD"));
        assert_eq!(org.plan, "enterprise, 5 users");
        for kind in ["sandbox", "developer", "bigin"] {
            assert!(matches!(asked(kind).await, Err(Trouble::Forbidden(_))), "{kind}");
        }
    }
}
