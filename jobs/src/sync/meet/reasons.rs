//! Why a record that was met is held, for a bookkeeper.

use connectors::flow::Unmappable;
use connectors::side::Refusal;

use crate::hints::Side;
use crate::holds::GONE_FROM_ZOHO;
use crate::sync::slice::Lane;

pub(super) fn conflict(label: &str, fields: &[&str], owner: Side) -> Unmappable {
    let fields = fields.join(", ").replace('_', " ");
    let made = if owner == Side::Zoho { "Zoho Books" } else { "Xero" };
    Unmappable {
        code: "CONFLICT",
        sentence: format!(
            "{label} was changed so that Xero and Zoho Books differ ({fields}); it was made in {made}. Choose which side is right; until then neither is written."
        ),
        expected: false,
    }
}

pub(super) fn divided_anew(label: &str) -> Unmappable {
    Unmappable {
        code: "DIVIDED_ANEW",
        sentence: format!(
            "{label} is for other documents in Zoho Books now than when it reached Xero, where nobody can change what it is for. Delete it in Zoho Books, retry, and enter it there again."
        ),
        expected: false,
    }
}

pub(super) fn not_shown(lane: Lane, refusal: &Refusal) -> Unmappable {
    Unmappable {
        code: "ZOHO_REFUSES",
        sentence: format!(
            "One of the {} was changed in Zoho Books, and Zoho refuses to show it: {} Put it right in Zoho Books, then retry.",
            lane.flow.title().to_lowercase(),
            refusal.message
        ),
        expected: false,
    }
}

pub(super) fn not_read(lane: Lane) -> Unmappable {
    Unmappable {
        code: "NO_CLEAR_ANSWER",
        sentence: format!(
            "Zoho fails each time one of the {} is read, while others are shown. It is tried again by itself; if this stays, ask Zoho's support to look at it.",
            lane.flow.title().to_lowercase()
        ),
        expected: false,
    }
}

pub(super) fn gone_from_xero(label: &str) -> Unmappable {
    Unmappable { code: "GONE_FROM_XERO", sentence: format!("{label} can no longer be found in Xero."), expected: true }
}

pub(super) fn gone_from_zoho(label: &str) -> Unmappable {
    Unmappable {
        code: GONE_FROM_ZOHO,
        sentence: format!(
            "{label} was deleted in Zoho Books and is still in Xero. Void or archive it in Xero, or retry to bring it to Zoho Books again."
        ),
        expected: false,
    }
}
