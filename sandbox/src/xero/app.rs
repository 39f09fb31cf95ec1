//! The registered application as Xero's developer portal knows it, and the one user who can log in.

use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

/// Its name on the consent screen.
pub const APP_NAME: &str = "CloudPerfect Sync v2";
/// Who logs in.
pub const USER_NAME: &str = "Simon Brusch";
pub const USER_EMAIL: &str = "simon.brusch@cloudperfect.example";
/// The password that the login form accepts; the form comes filled in.
pub const USER_PASSWORD: &str = "kia-ora-2026";
/// The user at Xero.
pub const USER_ID: Uuid = Uuid::from_u128(0x5b3c_0a6e_8f0d_4b41_9a55_0c0f_fee0_0001);

/// What happens to a refresh token when it is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// Every used token may be used again for 30 minutes, and all that come of it live side by side.
    GraceAll,
    /// Only the last used one may; what it gave before dies.
    #[default]
    GraceLast,
    /// A used token is dead at once.
    Strict,
}

/// What is paid for the app. The general ledger is for the highest tier only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    #[default]
    Starter,
    Core,
    Plus,
    Advanced,
}

/// Settings of the registration.
#[derive(Clone, Debug)]
pub struct App {
    /// Exact addresses. Empty: every loopback address that ends as CP Connect's does.
    pub redirect_uris: Vec<String>,
    /// How many organisations may be connected (5 on the Starter tier).
    pub connection_limit: u32,
    /// Apps of before 2 March 2026 may still ask for the broad scopes.
    pub created_before_2026: bool,
    pub rotation: Rotation,
    pub tier: Tier,
}

impl Default for App {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            connection_limit: 5,
            created_before_2026: false,
            rotation: Rotation::default(),
            tier: Tier::default(),
        }
    }
}

/// Shared.
#[derive(Clone, Default)]
pub struct Registration {
    app: Arc<RwLock<App>>,
}

impl Registration {
    pub fn read(&self) -> RwLockReadGuard<'_, App> {
        self.app.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn write(&self) -> RwLockWriteGuard<'_, App> {
        self.app.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl App {
    /// Exact match; plain http only for this machine.
    pub fn allows_redirect_to(&self, address: &str) -> bool {
        let Ok(url) = Url::parse(address) else { return false };
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return false;
        }
        if self.redirect_uris.is_empty() {
            return loopback && url.path() == "/oauth/xero/callback" && url.query().is_none() && url.fragment().is_none();
        }
        self.redirect_uris.iter().any(|registered| registered == address)
    }

    /// The first scope that this app may not ask for.
    pub fn first_bad_scope<'a>(&self, scopes: &[&'a str]) -> Option<&'a str> {
        scopes.iter().copied().find(|scope| {
            let broad = BROAD.contains(scope);
            if broad { !self.created_before_2026 } else { !is_scope(scope) }
        })
    }
}

/// Scopes that only apps of before 2 March 2026 have.
const BROAD: [&str; 3] = ["accounting.transactions", "accounting.transactions.read", "accounting.reports.read"];

fn is_scope(scope: &str) -> bool {
    const WITH_READ: [&str; 8] =
        ["settings", "contacts", "attachments", "invoices", "payments", "banktransactions", "manualjournals", "budgets"];
    const REPORTS: [&str; 9] = [
        "aged",
        "balancesheet",
        "banksummary",
        "budgetsummary",
        "executivesummary",
        "profitandloss",
        "trialbalance",
        "taxreports",
        "tenninetynine",
    ];
    if matches!(scope, "openid" | "profile" | "email" | "offline_access" | "paymentservices" | "accounting.journals.read") {
        return true;
    }
    let Some(rest) = scope.strip_prefix("accounting.") else { return false };
    if let Some(report) = rest.strip_prefix("reports.").and_then(|rest| rest.strip_suffix(".read")) {
        return REPORTS.contains(&report);
    }
    WITH_READ.contains(&rest.strip_suffix(".read").unwrap_or(rest)) && rest != "budgets"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_exactly() {
        let open = App::default();
        assert!(open.allows_redirect_to("http://127.0.0.1:8080/oauth/xero/callback"));
        assert!(open.allows_redirect_to("http://localhost:1/oauth/xero/callback"));
        assert!(!open.allows_redirect_to("http://127.0.0.1:8080/oauth/xero/callback/"));
        assert!(!open.allows_redirect_to("http://example.org/oauth/xero/callback"));
        let listed = App { redirect_uris: vec!["https://cp.example/cb".into(), "http://a.example/cb".into()], ..App::default() };
        assert!(listed.allows_redirect_to("https://cp.example/cb"));
        assert!(!listed.allows_redirect_to("https://cp.example/cb/"));
        assert!(!listed.allows_redirect_to("http://a.example/cb"), "plain http is for this machine only");
        assert!(!listed.allows_redirect_to("http://127.0.0.1:8080/oauth/xero/callback"));
    }

    #[test]
    fn a_new_app_has_no_broad_scopes_and_nobody_has_invented_ones() {
        let new = App::default();
        let old = App { created_before_2026: true, ..App::default() };
        assert_eq!(new.first_bad_scope(&["openid", "accounting.transactions"]), Some("accounting.transactions"));
        assert_eq!(old.first_bad_scope(&["openid", "accounting.transactions", "accounting.reports.read"]), None);
        let granular =
            ["offline_access", "accounting.invoices", "accounting.reports.trialbalance.read", "accounting.settings.read"];
        assert_eq!(new.first_bad_scope(&granular), None);
        assert_eq!(old.first_bad_scope(&["accounting.everything"]), Some("accounting.everything"));
    }
}
