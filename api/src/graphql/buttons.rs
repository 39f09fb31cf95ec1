//! The way from Zoho's contacts to Xero's, as staff see and set it up.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use connectors::zoho::buttons::Whose;
use entities::button;
use jobs::buttons::{self, Asked, FIELD, Standing};

use super::find;
use super::words::DateTime;
use crate::error::Error;

/// How people get from a contact in Zoho to the same contact in Xero.
#[derive(SimpleObject)]
pub struct Buttons {
    way: ButtonWay,
    state: ButtonsState,
    /// What a person still has to do, in a sentence. Null: nothing.
    to_do: Option<String>,
    /// The page that shows how it is set up by hand, for staff and customers.
    guide: String,
    /// What to paste into Xero's Custom Contact Links, for the way back; the contact's id comes behind it.
    xero_template: String,
    ways: Vec<ButtonStands>,
    /// What the buttons do, to be copied where they are set up by hand.
    scripts: Vec<ButtonScript>,
}

/// One of the ways.
#[derive(SimpleObject)]
struct ButtonStands {
    kind: ButtonKind,
    state: ButtonState,
    /// Zoho's id of it.
    zoho_id: Option<String>,
    /// Of a button, a print of its script; of the field, its name in Zoho's API.
    version: Option<String>,
    /// Why Zoho does not let us make it.
    sentence: Option<String>,
    /// What was mended last because somebody had changed it.
    mended: Option<String>,
    mended_at: Option<DateTime>,
    checked_at: Option<DateTime>,
}

#[derive(SimpleObject)]
struct ButtonScript {
    kind: ButtonKind,
    script: String,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ButtonKind {
    /// A button on customers.
    Customer,
    /// A button on vendors.
    Vendor,
    /// A field with the address, on both.
    Field,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "buttons::Way")]
enum ButtonWay {
    /// Buttons on customers and vendors.
    Button,
    /// A field with the address of the contact in Xero.
    UrlField,
    /// Somebody has to set it up by hand.
    Manual,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "buttons::State")]
enum ButtonsState {
    /// It is being looked at: ask again.
    Working,
    Made,
    /// Zoho does not let us, for `toDo`.
    Refused,
    /// The buttons were removed because somebody asked for it.
    Off,
    /// The link rests.
    Resting,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ButtonState {
    /// There is none, or nobody has looked yet.
    Off,
    Made,
    /// Zoho does not let us make it, for `sentence`.
    Refused,
}

impl Buttons {
    pub fn of(standing: Standing) -> Self {
        Self {
            way: standing.way.into(),
            state: standing.state.into(),
            to_do: standing.to_do,
            guide: standing.guide.to_string(),
            xero_template: standing.xero_template,
            ways: standing.ways.into_iter().map(ButtonStands::of).collect(),
            scripts: standing.scripts.into_iter().map(|(whose, script)| ButtonScript { kind: whose.into(), script }).collect(),
        }
    }
}

impl ButtonStands {
    fn of(row: button::Model) -> Self {
        Self {
            kind: match row.kind.as_str() {
                FIELD => ButtonKind::Field,
                "vendor" => ButtonKind::Vendor,
                _ => ButtonKind::Customer,
            },
            state: match row.state.as_str() {
                "made" => ButtonState::Made,
                "refused" => ButtonState::Refused,
                _ => ButtonState::Off,
            },
            zoho_id: row.zoho_id,
            version: row.version,
            sentence: row.sentence,
            mended: row.mended,
            mended_at: row.mended_at.map(DateTime),
            checked_at: row.checked_at.map(DateTime),
        }
    }
}

impl From<Whose> for ButtonKind {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Customer => Self::Customer,
            Whose::Vendor => Self::Vendor,
        }
    }
}

#[derive(Default)]
pub struct ButtonMutation;

/// What became of a wish for the buttons.
#[derive(Union)]
enum ProvisionButtonResult {
    ButtonProvisioned(ButtonProvisioned),
    ButtonNotNow(ButtonNotNow),
}

#[derive(SimpleObject)]
struct ButtonProvisioned {
    buttons: Buttons,
}

/// Nothing can be done now.
#[derive(SimpleObject)]
struct ButtonNotNow {
    /// Why, in a sentence.
    reason: String,
}

#[Object]
impl ButtonMutation {
    /// Sets up the way from Zoho's contacts to Xero's, or looks whether it still stands and mends it. Asking twice does no harm.
    async fn provision_button(&self, context: &Context<'_>, link_id: ID) -> Result<ProvisionButtonResult, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        Ok(match buttons::wish(find::state(context)?, &link, true, &by).await? {
            Asked::Standing(standing) => {
                ProvisionButtonResult::ButtonProvisioned(ButtonProvisioned { buttons: Buttons::of(*standing) })
            }
            Asked::NotNow(reason) => ProvisionButtonResult::ButtonNotNow(ButtonNotNow { reason }),
        })
    }
}
