//! Turns texts into settings that can be trusted, and says of every wrong one its name and its cure: all at once, not one a start.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use connectors::http::is_this_machine;
use connectors::zoho::DataCentres;
use entities::sealed::MasterKeys;
use jobs::in_step::Habits;
use jobs::letters::Post;
use jobs::limits::{LimitSettings, Limits};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use super::list::{Raw, SETTINGS};

/// A shared secret shorter than HS256's own output would be the weakest part of a token.
const SHARED_SECRET_BYTES_MIN: usize = 32;

/// The settings, checked.
#[derive(Clone)]
pub struct Settings {
    pub database_url: SecretString,
    pub listen_addr: SocketAddr,
    pub public_url: Url,
    pub post: Post,
    pub smtp_url: SecretString,
    pub master_keys: MasterKeys,
    pub jwt_issuer: String,
    pub jwt_audience: String,
    pub jwt_keys: JwtKeys,
    pub xero_client_id: String,
    pub xero_client_secret: SecretString,
    pub xero_scopes: Vec<String>,
    pub xero_webhook_key: Option<SecretString>,
    pub xero_login_url: Url,
    pub xero_identity_url: Url,
    pub xero_api_url: Url,
    pub xero_go_url: Url,
    pub zoho_client_id: String,
    pub zoho_client_secret: SecretString,
    /// The data centres with a secret of their own.
    pub zoho_client_secrets: HashMap<String, SecretString>,
    pub zoho_accounts_url: Url,
    pub zoho_data_centres: DataCentres,
    pub limits: LimitSettings,
    pub habits: Habits,
    /// Requests a minute of each program over REST.
    pub api_per_minute: NonZeroU32,
}

/// Where the keys are that check the staff's tokens.
#[derive(Clone)]
pub enum JwtKeys {
    /// A JWKS document in a file.
    File(PathBuf),
    /// A JWKS document behind an address.
    Url(Url),
    /// For development: HS256, the text's own bytes.
    Secret(SecretString),
}

/// One setting that cannot be used, and what cures it. Never shows the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub setting: &'static str,
    pub cure: String,
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.0.len();
        write!(f, "{count} setting{} cannot be used:", if count == 1 { "" } else { "s" })?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.setting, problem.cure)?;
        }
        write!(
            f,
            "\nSettings are environment variables, lines of a file `.env`, or flags; `cpconnect serve --help` explains each."
        )
    }
}

impl std::error::Error for Problems {}

impl Settings {
    pub fn check(raw: &Raw) -> Result<Self, Problems> {
        let mut reader = Reader { raw, problems: Vec::new() };
        let settings = reader.read();
        match settings {
            Some(settings) if reader.problems.is_empty() => Ok(settings),
            _ => Err(Problems(reader.problems)),
        }
    }

    /// GraphiQL and introspection are for this machine only.
    pub fn is_development(&self) -> bool {
        is_this_machine(&self.public_url)
    }
}

impl Raw {
    /// The database's address, for commands that need nothing else.
    pub fn database_url(&self) -> Result<SecretString, Problems> {
        let mut reader = Reader { raw: self, problems: Vec::new() };
        reader.database_url().ok_or(Problems(reader.problems))
    }

    /// Issuer, audience and keys of the staff's tokens, for commands that need nothing else.
    pub fn jwt(&self) -> Result<(String, String, JwtKeys), Problems> {
        let mut reader = Reader { raw: self, problems: Vec::new() };
        match (reader.text("JWT_ISSUER"), reader.text("JWT_AUDIENCE"), reader.jwt_keys()) {
            (Some(issuer), Some(audience), Some(keys)) => Ok((issuer, audience, keys)),
            _ => Err(Problems(reader.problems)),
        }
    }

    /// The file that has the master keys, where they are in one.
    pub fn master_keys_file(&self) -> Option<&Path> {
        self.get("MASTER_KEYS")?.strip_prefix("file:").map(Path::new)
    }

    /// The master keys, for commands that need nothing else but the database.
    pub fn master_keys(&self) -> Result<MasterKeys, Problems> {
        let mut reader = Reader { raw: self, problems: Vec::new() };
        reader.master_keys().ok_or(Problems(reader.problems))
    }
}

/// Reads all settings before it gives up, so that every problem is told.
struct Reader<'a> {
    raw: &'a Raw,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self) -> Option<Settings> {
        let database_url = self.database_url();
        let listen_addr = self.parsed("LISTEN_ADDR", "must be an address and a port, such as 127.0.0.1:8080");
        let public_url = self.public_url();
        let smtp_url = self.text("SMTP_URL");
        let post = self.post(smtp_url.as_deref());
        let master_keys = self.master_keys();
        let jwt_issuer = self.text("JWT_ISSUER");
        let jwt_audience = self.text("JWT_AUDIENCE");
        let jwt_keys = self.jwt_keys();
        let xero_client_id = self.text("XERO_CLIENT_ID");
        let xero_client_secret = self.text("XERO_CLIENT_SECRET");
        let xero_scopes = self.xero_scopes();
        let xero_login_url = self.provider_url("XERO_LOGIN_URL");
        let xero_identity_url = self.provider_url("XERO_IDENTITY_URL");
        let xero_api_url = self.provider_url("XERO_API_URL");
        let xero_go_url = self.provider_url("XERO_GO_URL");
        let xero_limits = self.limits("XERO_LIMITS", Limits::XERO);
        let zoho_client_id = self.text("ZOHO_CLIENT_ID");
        let zoho_accounts_url = self.provider_url("ZOHO_ACCOUNTS_URL");
        let zoho_data_centres = self.data_centres();
        let zoho_client_secrets = self.zoho_client_secrets();
        let zoho_client_secret = self.zoho_client_secret(zoho_data_centres.as_ref(), &zoho_client_secrets);
        let zoho_limits = self.limits("ZOHO_LIMITS", Limits::ZOHO);
        let habits = self.habits();
        let api_per_minute = self.parsed("API_PER_MINUTE", "must be a number of requests, 1 or more, such as 600");
        self.production(public_url.as_ref(), jwt_keys.as_ref());
        Some(Settings {
            database_url: database_url?,
            listen_addr: listen_addr?,
            public_url: public_url?,
            post: post?,
            smtp_url: smtp_url?.into(),
            master_keys: master_keys?,
            jwt_issuer: jwt_issuer?,
            jwt_audience: jwt_audience?,
            jwt_keys: jwt_keys?,
            xero_client_id: xero_client_id?,
            xero_client_secret: xero_client_secret?.into(),
            xero_scopes: xero_scopes?,
            xero_webhook_key: self.raw.get("XERO_WEBHOOK_KEY").map(SecretString::from),
            xero_login_url: xero_login_url?,
            xero_identity_url: xero_identity_url?,
            xero_api_url: xero_api_url?,
            xero_go_url: xero_go_url?,
            zoho_client_id: zoho_client_id?,
            zoho_client_secret: zoho_client_secret?,
            zoho_client_secrets,
            zoho_accounts_url: zoho_accounts_url?,
            zoho_data_centres: zoho_data_centres?,
            limits: LimitSettings { xero: xero_limits?, zoho: zoho_limits? },
            habits: habits?,
            api_per_minute: api_per_minute?,
        })
    }

    /// What links do by themselves.
    fn habits(&mut self) -> Option<Habits> {
        let every_minutes = self.parsed("SYNC_EVERY_MINUTES", "must be a number of minutes, such as 15; 0 is never");
        let zoho_webhooks = match self.text("ZOHO_WEBHOOKS").as_deref() {
            Some("on") => Some(true),
            Some("off") => Some(false),
            _ => {
                self.problem("ZOHO_WEBHOOKS", "must be on or off");
                None
            }
        };
        Some(Habits { every_minutes: every_minutes?, zoho_webhooks: zoho_webhooks? })
    }

    fn problem(&mut self, setting: &'static str, cure: impl Into<String>) {
        self.problems.push(Problem { setting, cure: cure.into() });
    }

    /// A setting that must be there.
    fn text(&mut self, setting: &'static str) -> Option<String> {
        let value = self.raw.get(setting).map(str::to_owned);
        if value.is_none() {
            let help = SETTINGS.iter().find(|one| one.name == setting).map_or("", |one| one.help);
            self.problem(setting, format!("is missing. {help}"));
        }
        value
    }

    fn parsed<T: std::str::FromStr>(&mut self, setting: &'static str, cure: &str) -> Option<T> {
        let value = self.text(setting)?.parse().ok();
        if value.is_none() {
            self.problem(setting, cure);
        }
        value
    }

    fn database_url(&mut self) -> Option<SecretString> {
        let url = self.text("DATABASE_URL")?;
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if known.iter().any(|scheme| url.starts_with(scheme)) {
            Some(url.into())
        } else {
            self.problem("DATABASE_URL", "must begin with sqlite:// or postgres://, such as sqlite://cpconnect.db?mode=rwc");
            None
        }
    }

    /// What customers and providers are sent to. Only this machine may do without TLS.
    fn public_url(&mut self) -> Option<Url> {
        let cure = "must be an https address without a path, such as https://connect.example.com";
        let url: Url = self.parsed("PUBLIC_URL", cure)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        match url.scheme() {
            "https" if bare && url.has_host() => Some(url),
            "http" if bare && is_this_machine(&url) => Some(url),
            "http" if bare => {
                self.problem(
                    "PUBLIC_URL",
                    "must be https: tokens and sign-ins travel over it. http is for 127.0.0.1 and localhost only",
                );
                None
            }
            _ => {
                self.problem("PUBLIC_URL", cure);
                None
            }
        }
    }

    fn post(&mut self, smtp_url: Option<&str>) -> Option<Post> {
        let from = self.text("MAIL_FROM");
        match Post::from_url(smtp_url?, &from?) {
            Ok(post) => Some(post),
            Err(bad) => {
                self.problem(bad.setting, bad.cure);
                None
            }
        }
    }

    fn master_keys(&mut self) -> Option<MasterKeys> {
        let mut keys = Zeroizing::new(self.text("MASTER_KEYS")?);
        if let Some(path) = self.raw.master_keys_file() {
            match std::fs::read_to_string(path) {
                // One key a line reads better than one long line.
                Ok(text) => keys = Zeroizing::new(Zeroizing::new(text).replace('\n', ",")),
                Err(error) => {
                    self.problem("MASTER_KEYS", format!("the file after `file:` cannot be read: {}", error.kind()));
                    return None;
                }
            }
        }
        match MasterKeys::parse(&keys) {
            Ok(keys) => Some(keys),
            Err(_) => {
                self.problem(
                    "MASTER_KEYS",
                    "must be a list of id:base64 with 32 bytes each, newest first, or `file:` and the path of one; `cpconnect keys generate` makes one",
                );
                None
            }
        }
    }

    fn jwt_keys(&mut self) -> Option<JwtKeys> {
        let text = self.text("JWT_KEYS")?;
        if let Some(secret) = text.strip_prefix("secret:") {
            if secret.len() < SHARED_SECRET_BYTES_MIN {
                self.problem(
                    "JWT_KEYS",
                    format!("the text after `secret:` must have {SHARED_SECRET_BYTES_MIN} characters or more; `openssl rand -base64 32` makes one"),
                );
                return None;
            }
            return Some(JwtKeys::Secret(secret.into()));
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return match Url::parse(&text) {
                Ok(url) if url.scheme() == "https" || is_this_machine(&url) => Some(JwtKeys::Url(url)),
                _ => {
                    self.problem("JWT_KEYS", "the address of the JWKS must be https: whoever can change it can sign in");
                    None
                }
            };
        }
        let path = PathBuf::from(text);
        if path.is_file() {
            Some(JwtKeys::File(path))
        } else {
            self.problem(
                "JWT_KEYS",
                "must be a JWKS file that exists, the https address of one, or `secret:` and a text of 32 characters or more",
            );
            None
        }
    }

    fn xero_scopes(&mut self) -> Option<Vec<String>> {
        let text = self.text("XERO_SCOPES")?;
        let scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if scopes.iter().any(|scope| scope == "offline_access") {
            Some(scopes)
        } else {
            self.problem("XERO_SCOPES", "must contain offline_access: without it the connection ends after 30 minutes");
            None
        }
    }

    /// Where secrets and tokens are sent: https, or this machine.
    fn provider_url(&mut self, setting: &'static str) -> Option<Url> {
        let cure = "must be an https address, or http on this machine";
        let url: Url = self.parsed(setting, cure)?;
        if url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url)) {
            Some(url)
        } else {
            self.problem(setting, cure);
            None
        }
    }

    fn data_centres(&mut self) -> Option<DataCentres> {
        match DataCentres::parse(self.raw.get("ZOHO_DATA_CENTRES").unwrap_or_default()) {
            Ok(centres) => Some(centres),
            Err(error) => {
                self.problem("ZOHO_DATA_CENTRES", error.to_string());
                None
            }
        }
    }

    fn zoho_client_secrets(&self) -> HashMap<String, SecretString> {
        SETTINGS
            .iter()
            .filter_map(|setting| {
                let centre = setting.name.strip_prefix("ZOHO_CLIENT_SECRET_")?;
                let secret = self.raw.get(setting.name)?;
                Some((centre.to_lowercase(), secret.into()))
            })
            .collect()
    }

    /// One secret for all data centres may be left out only where each has its own.
    fn zoho_client_secret(&mut self, centres: Option<&DataCentres>, own: &HashMap<String, SecretString>) -> Option<SecretString> {
        if let Some(secret) = self.raw.get("ZOHO_CLIENT_SECRET") {
            return Some(secret.into());
        }
        let all_have_one = centres.is_some_and(|centres| centres.iter().all(|centre| own.contains_key(&centre.location)));
        if all_have_one {
            return Some(SecretString::from(""));
        }
        self.problem(
            "ZOHO_CLIENT_SECRET",
            "is missing, and not every data centre has its own ZOHO_CLIENT_SECRET_…: take it from Zoho's API console",
        );
        None
    }

    fn limits(&mut self, setting: &'static str, default: Limits) -> Option<Limits> {
        let text = self.text(setting)?;
        if text == "off" {
            return Some(Limits::OFF);
        }
        let mut limits = default;
        for part in text.split(',').map(str::trim) {
            let known = part.split_once('=').and_then(|(name, value)| {
                let value: u32 = value.parse().ok().filter(|value| *value > 0)?;
                match name {
                    "per_minute" => limits.per_minute = value,
                    "per_day" => limits.per_day = value,
                    "in_flight" => limits.in_flight = value,
                    _ => return None,
                }
                Some(())
            });
            if known.is_none() {
                self.problem(setting, "must be like per_minute=60,per_day=5000,in_flight=5 with numbers above 0, or `off`");
                return None;
            }
        }
        Some(limits)
    }

    /// What is fine on this machine and dangerous on the internet.
    fn production(&mut self, public_url: Option<&Url>, jwt_keys: Option<&JwtKeys>) {
        let public = public_url.is_some_and(|url| !is_this_machine(url));
        if public && matches!(jwt_keys, Some(JwtKeys::Secret(_))) {
            self.problem(
                "JWT_KEYS",
                "a shared secret is for development; with a public PUBLIC_URL give the JWKS of your identity provider",
            );
        }
    }
}

impl JwtKeys {
    /// The shared secret's bytes, where there is one.
    pub fn secret(&self) -> Option<&[u8]> {
        match self {
            Self::Secret(secret) => Some(secret.expose_secret().as_bytes()),
            Self::File(_) | Self::Url(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use entities::chance::SeededChance;

    use super::*;

    // In a runtime: the post's connections to a mail server are kept there.

    fn given(changes: &[(&str, &str)]) -> Result<Settings, Vec<&'static str>> {
        let good = [
            ("SMTP_URL", "smtp://127.0.0.1:2525".to_owned()),
            ("MASTER_KEYS", MasterKeys::generate("k1", &SeededChance::new(1))),
            ("JWT_KEYS", "secret:0123456789abcdef0123456789abcdef".to_owned()),
            ("XERO_CLIENT_ID", "x".to_owned()),
            ("XERO_CLIENT_SECRET", "x".to_owned()),
            ("ZOHO_CLIENT_ID", "z".to_owned()),
            ("ZOHO_CLIENT_SECRET", "z".to_owned()),
        ];
        let mut pairs: HashMap<String, String> = good.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for (name, value) in changes {
            pairs.insert((*name).to_owned(), (*value).to_owned());
        }
        Settings::check(&Raw::from_pairs(pairs)).map_err(|problems| problems.0.iter().map(|problem| problem.setting).collect())
    }

    #[tokio::test]
    async fn the_defaults_and_seven_names_are_enough() {
        let settings = given(&[]).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(settings.is_development());
        assert_eq!(settings.limits.xero, Limits::XERO);
        assert_eq!(settings.limits.zoho, Limits::ZOHO);
    }

    #[tokio::test]
    async fn every_missing_setting_is_named_at_once() {
        let Err(problems) = Settings::check(&Raw::default()) else {
            panic!("nothing is set");
        };
        let names: Vec<&str> = problems.0.iter().map(|problem| problem.setting).collect();
        assert_eq!(
            names,
            [
                "SMTP_URL",
                "MASTER_KEYS",
                "JWT_KEYS",
                "XERO_CLIENT_ID",
                "XERO_CLIENT_SECRET",
                "ZOHO_CLIENT_ID",
                "ZOHO_CLIENT_SECRET"
            ]
        );
        assert!(problems.to_string().starts_with("7 settings"));
    }

    #[tokio::test]
    async fn every_wrong_setting_names_itself() {
        for (name, value) in [
            ("DATABASE_URL", "mysql://localhost/x"),
            ("LISTEN_ADDR", "8080"),
            ("PUBLIC_URL", "http://connect.example.com"),
            ("PUBLIC_URL", "http://127.0.0.1.example.com"),
            ("PUBLIC_URL", "https://connect.example.com/path"),
            ("PUBLIC_URL", "ftp://localhost"),
            ("SMTP_URL", "mail.example.com"),
            ("MAIL_FROM", "nobody"),
            ("MASTER_KEYS", "k1:dG9vIHNob3J0"),
            ("MASTER_KEYS", "file:/nowhere/keys"),
            ("JWT_KEYS", "secret:short"),
            ("JWT_KEYS", "http://login.example.com/jwks"),
            ("JWT_KEYS", "/nowhere/jwks.json"),
            ("XERO_SCOPES", "openid"),
            ("XERO_API_URL", "http://api.example.com"),
            ("XERO_LIMITS", "per_minute=0"),
            ("XERO_LIMITS", "per_hour=5"),
            ("ZOHO_LIMITS", "many"),
            ("ZOHO_DATA_CENTRES", "us"),
            ("ZOHO_WEBHOOKS", "yes"),
            ("SYNC_EVERY_MINUTES", "a quarter of an hour"),
            ("API_PER_MINUTE", "0"),
        ] {
            assert_eq!(given(&[(name, value)]).err(), Some(vec![name]), "{value}");
        }
    }

    #[tokio::test]
    async fn a_shared_secret_does_not_go_public() {
        assert_eq!(given(&[("PUBLIC_URL", "https://connect.example.com")]).err(), Some(vec!["JWT_KEYS"]));
    }

    #[tokio::test]
    async fn one_secret_may_be_left_out_where_each_data_centre_has_its_own() {
        let table = "us=https://a.example|https://b.example|https://c.example";
        let own = [("ZOHO_DATA_CENTRES", table), ("ZOHO_CLIENT_SECRET", ""), ("ZOHO_CLIENT_SECRET_US", "s")];
        assert!(given(&own).is_ok());
        assert_eq!(given(&own[..2]).err(), Some(vec!["ZOHO_CLIENT_SECRET"]));
    }

    #[tokio::test]
    async fn limits_can_be_lowered_one_by_one_or_turned_off() {
        let settings =
            given(&[("XERO_LIMITS", "per_day=1000"), ("ZOHO_LIMITS", "off")]).unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(settings.limits.xero, Limits { per_day: 1000, ..Limits::XERO });
        assert_eq!(settings.limits.zoho, Limits::OFF);
    }

    #[tokio::test]
    async fn a_problem_never_shows_a_secret() {
        let Err(problems) = Settings::check(&Raw::from_pairs([
            ("MASTER_KEYS".to_owned(), "k1:canary".to_owned()),
            ("JWT_KEYS".to_owned(), "secret:canary".to_owned()),
            ("SMTP_URL".to_owned(), "smtps://user:canary@host:port".to_owned()),
        ])) else {
            panic!("all are wrong");
        };
        assert!(!problems.to_string().contains("canary"), "{problems}");
    }
}
