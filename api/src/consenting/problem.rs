//! Why a consent did not come to its end: a closed list, each with a page that says what to do next.

use super::Provider;

/// Named for what the customer does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// They pressed "Cancel".
    Declined,
    /// The sign-in took longer than ten minutes, or was never begun.
    Expired,
    /// It was begun in another browser.
    WrongBrowser,
    /// The link was used or replaced meanwhile.
    LinkUsed,
    /// Another customer of ours has this organisation.
    Taken,
    /// On reconnecting: not the organisation that was connected before.
    OtherOrganisation,
    /// The login reaches no organisation.
    NoOrganisation,
    ConnectionLimit,
    /// A data centre that is not in the table.
    UnknownRegion,
    /// The provider did not answer, or not clearly.
    OutOfReach,
    /// The provider refused what we asked.
    Refused,
    /// It stopped half-way.
    Interrupted,
    /// Our own fault.
    OurSide,
}

impl Problem {
    pub const ALL: &[Problem] = &[
        Problem::Declined,
        Problem::Expired,
        Problem::WrongBrowser,
        Problem::LinkUsed,
        Problem::Taken,
        Problem::OtherOrganisation,
        Problem::NoOrganisation,
        Problem::ConnectionLimit,
        Problem::UnknownRegion,
        Problem::OutOfReach,
        Problem::Refused,
        Problem::Interrupted,
        Problem::OurSide,
    ];

    /// Stable: it stands in addresses and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::WrongBrowser => "wrong-browser",
            Self::LinkUsed => "link-used",
            Self::Taken => "organisation-taken",
            Self::OtherOrganisation => "other-organisation",
            Self::NoOrganisation => "no-organisation",
            Self::ConnectionLimit => "connection-limit",
            Self::UnknownRegion => "unknown-region",
            Self::OutOfReach => "out-of-reach",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
            Self::OurSide => "our-side",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|problem| problem.code() == code)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Declined => "Access was not allowed",
            Self::Expired => "This sign-in has ended",
            Self::WrongBrowser => "Please use one browser",
            Self::LinkUsed => "This link was used already",
            Self::Taken => "This organisation is connected elsewhere",
            Self::OtherOrganisation => "That is a different organisation",
            Self::NoOrganisation => "No organisation was found",
            Self::ConnectionLimit => "A connection limit has been reached",
            Self::UnknownRegion => "We could not tell your Zoho region",
            Self::OutOfReach => "No clear answer",
            Self::Refused => "The request was refused",
            Self::Interrupted => "The sign-in stopped half-way",
            Self::OurSide => "Something went wrong on our side",
        }
    }

    /// What happened, in one sentence.
    pub fn sentence(self, side: &str) -> String {
        match self {
            Self::Declined => format!("{side} told us that the access was not allowed, so nothing was connected."),
            Self::Expired => {
                format!("Signing in to {side} took longer than ten minutes or had ended already, so nothing was connected.")
            }
            Self::WrongBrowser => {
                "The sign-in was begun in another browser or a private window, so we stopped to protect you.".to_owned()
            }
            Self::LinkUsed => "The link was used already, or CloudPerfect has sent a newer one.".to_owned(),
            Self::Taken => format!(
                "This {side} organisation is connected to another customer of CloudPerfect, so it was not connected here."
            ),
            Self::OtherOrganisation => format!(
                "You allowed access to a different {side} organisation than the one that is connected; the connection you have was left as it is."
            ),
            Self::NoOrganisation => format!("Your {side} login reaches no organisation that can be connected."),
            Self::ConnectionLimit => {
                format!("{side} allows a limited number of connections, and the limit has been reached; nothing was connected.")
            }
            Self::UnknownRegion => "Zoho sent you back from a region that we do not know, so nothing was connected.".to_owned(),
            Self::OutOfReach => format!("{side} gave no clear answer, so nothing was connected."),
            Self::Refused => format!(
                "{side} refused the request; this is most likely a setting that CloudPerfect must correct. Nothing was connected."
            ),
            Self::Interrupted => "Something stopped the sign-in before it was finished.".to_owned(),
            Self::OurSide => "Something unexpected happened while we connected you; we have been told.".to_owned(),
        }
    }

    /// What to do next, in one sentence.
    pub fn advice(self, side: &str, provider: Option<Provider>) -> String {
        match self {
            Self::Declined => "If that was a mistake, open the link in your letter again and choose “Allow access”; the link still works.".to_owned(),
            Self::Expired => "Open the link in your letter again; unless it was used, it still works.".to_owned(),
            Self::WrongBrowser => "Open the link in your letter again and stay in that browser window until you are back here.".to_owned(),
            Self::LinkUsed => "Look for a newer letter, or ask CloudPerfect to send the link again.".to_owned(),
            Self::Taken => "Open the link in your letter again and choose another organisation, or ask CloudPerfect if you think this is wrong.".to_owned(),
            Self::OtherOrganisation => "Open the link in your letter again and choose the same organisation as before; ask CloudPerfect if you want to change it.".to_owned(),
            Self::NoOrganisation if provider == Some(Provider::Xero) => "Sign in as a user with the Standard or Adviser role, then open the link in your letter again.".to_owned(),
            Self::NoOrganisation => "Sign in as an administrator of your Zoho organisation, then open the link in your letter again.".to_owned(),
            Self::ConnectionLimit => format!("In {side}, open Connected apps, disconnect an app you no longer use, and open the link in your letter again; or ask CloudPerfect."),
            Self::UnknownRegion => "Please tell CloudPerfect which Zoho region you use; the link in your letter still works.".to_owned(),
            Self::OutOfReach => "Wait a few minutes and open the link in your letter again; it still works.".to_owned(),
            Self::Refused => "Please tell CloudPerfect; the link in your letter still works.".to_owned(),
            Self::Interrupted | Self::OurSide => "Open the link in your letter again; if it says that it was used, everything is connected. Otherwise ask CloudPerfect.".to_owned(),
        }
    }
}
