//! Every id is a type of its own, so that a link's id is never taken for a lane's.

use uuid::Uuid;

use crate::chance::Chance;
use crate::clock::Clock;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, sea_orm::DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id: a UUID version 7, so that rows made later sort later.
            pub fn new(clock: &dyn Clock, chance: &dyn Chance) -> Self {
                Self(uuid_v7(clock, chance))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// One customer of ours.
    TenantId
    /// One e-mailed invitation to consent.
    ConsentId
    /// One started OAuth sign-in.
    SignInId
    /// One OAuth consent: a set of tokens.
    GrantId
    /// One organisation reached through a grant.
    ConnectionId
    /// One Xero organisation joined to one product of one Zoho organisation.
    LinkId
    /// One flow switched on for a link.
    LaneId
    /// One migration, pass or reconciliation.
    RunId
    /// One line of a reconciliation that is not equal.
    FindingId
    /// One e-mail.
    LetterId
    /// One wish about tracking or a custom field.
    RuleId
    /// One partner: an owner of tenants.
    PartnerId
    /// One program of a partner's.
    ApiClientId
    /// Where a partner is told of what happens.
    EndpointId
    /// One message to an endpoint.
    MessageId
}

fn uuid_v7(clock: &dyn Clock, chance: &dyn Chance) -> Uuid {
    let mut random = [0; 10];
    chance.fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis((clock.now().0 / 1000).max(0) as u64, &random).into_uuid()
}
