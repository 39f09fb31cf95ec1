//! The list of settings. From it come the flags, the environment variables and the help: nothing is named twice.

use std::collections::BTreeMap;

use clap::builder::{Arg, Command};
use clap::error::Error;
use clap::{ArgMatches, Args, FromArgMatches};

/// One setting: an environment variable, and a flag of the same name.
pub struct Setting {
    pub name: &'static str,
    pub default: Option<&'static str>,
    pub help: &'static str,
}

const fn setting(name: &'static str, default: Option<&'static str>, help: &'static str) -> Setting {
    Setting { name, default, help }
}

/// The scopes of the source document's consent screen: the same list as `connectors::oauth::xero_scopes`, here for the help.
const XERO_SCOPES: &str = "openid profile email offline_access accounting.settings accounting.attachments \
accounting.contacts accounting.invoices accounting.payments accounting.banktransactions accounting.manualjournals \
accounting.reports.aged.read accounting.reports.balancesheet.read accounting.reports.banksummary.read \
accounting.reports.executivesummary.read accounting.reports.profitandloss.read accounting.reports.trialbalance.read";

/// Every setting there is.
pub const SETTINGS: &[Setting] = &[
    setting(
        "DATABASE_URL",
        Some("sqlite://cpconnect.db?mode=rwc"),
        "Where everything is kept: sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/NAME",
    ),
    setting("LISTEN_ADDR", Some("127.0.0.1:8080"), "Where HTTP listens"),
    setting(
        "PUBLIC_URL",
        Some("http://127.0.0.1:8080"),
        "How customers and providers reach this server. https, unless it is this machine; with https, GraphiQL and introspection are off",
    ),
    setting("SMTP_URL", None, "How letters leave: smtp://HOST:PORT, smtps://USER:PASSWORD@HOST or file:///FOLDER"),
    setting("MAIL_FROM", Some("CloudPerfect <connect@cloudperfect.example>"), "Whom letters are from"),
    setting(
        "MASTER_KEYS",
        None,
        "The keys that wrap every tenant's key: id:base64, newest first, separated by commas; or file: and the path of such a list, which is read again when it changes. `cpconnect keys generate` makes one",
    ),
    setting("JWT_ISSUER", Some("cpconnect"), "Who signs the staff's tokens: their `iss`"),
    setting("JWT_AUDIENCE", Some("cpconnect"), "Whom the staff's tokens are for: their `aud`"),
    setting(
        "JWT_KEYS",
        None,
        "What checks the staff's tokens: a JWKS file, the https address of one, or for development `secret:` and a text of 32 characters or more",
    ),
    setting("XERO_CLIENT_ID", None, "Our application at Xero, from its developer portal"),
    setting("XERO_CLIENT_SECRET", None, "Its secret"),
    setting("XERO_SCOPES", Some(XERO_SCOPES), "What we ask of Xero, separated by spaces"),
    setting("XERO_WEBHOOK_KEY", None, "What Xero signs webhooks with; without it none are taken"),
    setting("XERO_LOGIN_URL", Some("https://login.xero.com"), "Where Xero asks for consent"),
    setting("XERO_IDENTITY_URL", Some("https://identity.xero.com"), "Where Xero gives tokens"),
    setting("XERO_API_URL", Some("https://api.xero.com"), "Where Xero's API answers"),
    setting("XERO_GO_URL", Some("https://go.xero.com"), "Where Xero's pages are"),
    setting(
        "XERO_LIMITS",
        Some("per_minute=60,per_day=5000,in_flight=5"),
        "Calls per Xero organisation; an application of Xero's Starter tier has per_day=1000. `off` for a sandbox that does not count",
    ),
    setting("ZOHO_CLIENT_ID", None, "Our client in Zoho's API console"),
    setting("ZOHO_CLIENT_SECRET", None, "Its secret, for every data centre that has none of its own"),
    setting("ZOHO_CLIENT_SECRET_US", None, "The secret of the data centre us"),
    setting("ZOHO_CLIENT_SECRET_EU", None, "The secret of the data centre eu"),
    setting("ZOHO_CLIENT_SECRET_IN", None, "The secret of the data centre in"),
    setting("ZOHO_CLIENT_SECRET_AU", None, "The secret of the data centre au"),
    setting("ZOHO_CLIENT_SECRET_JP", None, "The secret of the data centre jp"),
    setting("ZOHO_CLIENT_SECRET_CA", None, "The secret of the data centre ca"),
    setting("ZOHO_CLIENT_SECRET_SA", None, "The secret of the data centre sa"),
    setting("ZOHO_CLIENT_SECRET_UK", None, "The secret of the data centre uk"),
    setting("ZOHO_CLIENT_SECRET_CN", None, "The secret of the data centre cn"),
    setting(
        "ZOHO_ACCOUNTS_URL",
        Some("https://accounts.zoho.com"),
        "Where a Zoho sign-in starts; the customer's own data centre is found from there",
    ),
    setting(
        "ZOHO_DATA_CENTRES",
        None,
        "Zoho's data centres, if not its own nine: NAME=ACCOUNTS|API|WEB, separated by commas. No other host is ever called",
    ),
    setting(
        "ZOHO_LIMITS",
        Some("per_minute=100,per_day=2000,in_flight=10"),
        "Calls per Zoho organisation; per_day depends on its plan. `off` for a sandbox that does not count",
    ),
    setting("ZOHO_WEBHOOKS", Some("on"), "Whether we make webhooks in Zoho, so that it tells of changes at once: on or off"),
    setting(
        "SYNC_EVERY_MINUTES",
        Some("15"),
        "How often a link that was migrated is synced by itself, where it says nothing else; 0 for never",
    ),
    setting(
        "API_PER_MINUTE",
        Some("600"),
        "How many requests a minute each partner's program and each member of staff may send to /api/v1, counted in each process",
    ),
    setting("LOG", Some("info"), "What is logged: error, warn, info, debug, or a filter such as `info,jobs=debug`"),
    setting("LOG_FORMAT", Some("text"), "How it is logged: text or json"),
    setting(
        "TRACES_URL",
        None,
        "Where traces go: an OpenTelemetry collector that takes OTLP over HTTP, as http://HOST:4318; none where empty",
    ),
];

/// The settings as texts, before anybody has looked at them.
#[derive(Clone, Default)]
pub struct Raw(BTreeMap<&'static str, String>);

impl Raw {
    /// From pairs, with defaults for the rest. Names that are no setting are left out.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut raw = Self::default();
        for (name, value) in pairs {
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
                raw.0.insert(setting.name, value);
            }
        }
        raw
    }

    /// The value, or the default; nothing where it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let given = self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        given.or_else(|| SETTINGS.iter().find(|setting| setting.name == name).and_then(|setting| setting.default))
    }
}

impl Args for Raw {
    fn augment_args(command: Command) -> Command {
        SETTINGS.iter().fold(command, |command, setting| {
            let mut arg = Arg::new(setting.name)
                .long(flag(setting.name))
                .env(setting.name)
                .value_name("VALUE")
                .help(setting.help)
                .help_heading("Settings (flags, environment variables, or lines of a file `.env`)")
                // Some are secret and some carry passwords: help shows none.
                .hide_env_values(true);
            if let Some(default) = setting.default {
                arg = arg.default_value(default);
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Raw {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut raw = Self::default();
        raw.update_from_arg_matches(matches)?;
        Ok(raw)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for setting in SETTINGS {
            if let Some(value) = matches.get_one::<String>(setting.name) {
                self.0.insert(setting.name, value.clone());
            }
        }
        Ok(())
    }
}

fn flag(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scopes_in_the_help_are_the_ones_the_connector_asks_for() {
        assert_eq!(Raw::default().get("XERO_SCOPES"), Some(connectors::oauth::xero_scopes().join(" ").as_str()));
    }

    #[test]
    fn an_empty_value_counts_as_none() {
        let raw = Raw::from_pairs([
            ("XERO_CLIENT_ID".to_owned(), " ".to_owned()),
            ("LISTEN_ADDR".to_owned(), String::new()),
            ("NOT_A_SETTING".to_owned(), "x".to_owned()),
        ]);
        assert_eq!(raw.get("XERO_CLIENT_ID"), None);
        assert_eq!(raw.get("LISTEN_ADDR"), Some("127.0.0.1:8080"));
        assert_eq!(raw.get("NOT_A_SETTING"), None);
    }
}
