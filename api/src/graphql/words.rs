//! The words of the tables as enums of GraphQL and of the REST API: each is named once, with the text it stands for.

use entities::clock::At;
use jobs::context::Failure;

use crate::error::Error;

/// An enum whose variants are stored as texts.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:pat),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(async_graphql::Enum, Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// From what a table says.
            pub fn read(text: &str) -> Result<Self, Error> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(unknown(stringify!($name), text)),
                }
            }
        }
    )+};
}

words! {
    /// One of the two sides.
    Provider {
        Xero = "xero",
        Zoho = "zoho",
    }
    /// What kind of work a run is.
    RunKind {
        /// Everything, in dependency order, then the reconciliation.
        Migration = "migration",
        /// What changed since the last run.
        Sync = "sync" | "changes",
        /// Both sides' books compared to the cent.
        Reconciliation = "reconciliation",
        /// What a migration would do; nothing is written.
        Preview = "preview",
    }
    RunState {
        Working = "working",
        /// Rests, for `pausedBy`.
        Paused = "paused",
        Done = "done",
        Cancelled = "cancelled",
        Failed = "failed",
    }
    /// Who or what paused a run.
    PausedBy {
        User = "user",
        /// A limit of a provider; the run goes on by itself at `resumeAt`.
        Limit = "limit",
        /// The customer must allow access again.
        Reconnect = "reconnect",
        /// More would have been removed than looks right.
        Guard = "guard",
        /// A provider does not answer; the run goes on by itself at `resumeAt`.
        Trouble = "trouble",
    }
    LinkState {
        /// The Zoho side is being prepared.
        Provisioning = "provisioning",
        Ready = "ready",
        /// Work rests, for `restReason`.
        Resting = "resting",
    }
    /// How the webhooks in Zoho stand.
    WebhooksState {
        /// There are none yet, or none are wanted.
        None = "off",
        /// Zoho tells us of changes.
        Made = "made",
        /// Zoho does not let us make them, for `sentence`.
        Refused = "refused",
    }
    /// How an account, a tax or a currency stands.
    ReferenceState {
        /// Carried already.
        Paired = "paired",
        /// A person decided.
        Chosen = "chosen",
        /// Found in Zoho by code, name, type or rate.
        Proposed = "proposed",
        /// Allowed to be created.
        Create = "create",
        /// Not in Zoho, and nobody has allowed it to be created: records that need it are held.
        Missing = "missing",
    }
    LaneState {
        Idle = "idle",
        /// Pages are being read.
        Reading = "reading",
        /// All that there was has been read.
        Read = "read",
    }
    LetterKind {
        Consent = "consent",
        Reconnect = "reconnect",
    }
    LetterState {
        Queued = "queued",
        Sent = "sent",
        Failed = "failed",
    }
}

impl From<Provider> for crate::consenting::Provider {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::Xero => Self::Xero,
            Provider::Zoho => Self::Zoho,
        }
    }
}

/// A moment, in UTC: `2026-11-23T10:11:12.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub At);

#[async_graphql::Scalar]
impl async_graphql::ScalarType for DateTime {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        let async_graphql::Value::String(text) = &value else {
            return Err(async_graphql::InputValueError::expected_type(value));
        };
        let moment = chrono::DateTime::parse_from_rfc3339(text)?;
        Ok(Self(At(moment.timestamp_micros())))
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.text())
    }
}

impl DateTime {
    fn text(self) -> String {
        self.0.to_rfc3339()
    }
}

impl serde::Serialize for DateTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl utoipa::PartialSchema for DateTime {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
    }
}

impl utoipa::ToSchema for DateTime {}

/// A day: `2026-04-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub chrono::NaiveDate);

#[async_graphql::Scalar]
impl async_graphql::ScalarType for Date {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        let async_graphql::Value::String(text) = &value else {
            return Err(async_graphql::InputValueError::expected_type(value));
        };
        text.parse().map(Self).map_err(|_| async_graphql::InputValueError::custom("a day is written YYYY-MM-DD"))
    }

    fn to_value(&self) -> async_graphql::Value {
        async_graphql::Value::String(self.0.to_string())
    }
}

fn unknown(name: &str, text: &str) -> Error {
    Error::Internal(Failure::Bug(format!("{name} {text:?} has no name here")))
}
