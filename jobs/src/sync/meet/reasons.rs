//! Why a record that was met is held, for a bookkeeper.

use connectors::flow::Unmappable;

use crate::hints::Side;
use crate::holds::GONE_FROM_ZOHO;

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
