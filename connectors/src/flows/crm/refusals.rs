//! What CRM's refusals of a row mean to a person: a code for grouping, and one sentence with what is wrong and what cures it.

use crate::flow::{Cure, Unmappable};
use crate::side::Refusal;

/// A hold for this refusal. `subject` names the record: "Invoice INV-0042".
pub fn hold(subject: &str, refusal: &Refusal) -> Cure {
    let field = field(refusal);
    let (name, cure) = match refusal.code.as_str() {
        "DUPLICATE_DATA" => {
            ("TAKEN", "Another record in CRM has this value already. Change one of the two, or merge them in CRM, then retry.")
        }
        "MANDATORY_NOT_FOUND" | "EXPECTED_FIELD_MISSING" | "DEPENDENT_FIELD_MISSING" => (
            "MANDATORY",
            "Its layout in CRM makes a field mandatory that Xero has nothing for. Make the field optional in CRM, then retry.",
        ),
        "LIMIT_EXCEEDED" => {
            ("PLAN_LIMIT", "The CRM edition does not allow more of these. Make room or change the edition, then retry.")
        }
        "RECORD_LOCKED" | "RECORD_IN_BLUEPRINT" | "NOT_APPROVED" => {
            ("LOCKED", "The record is locked in CRM, by a person, a blueprint or an approval. Unlock it there, then retry.")
        }
        "NOT_ALLOWED" | "NO_PERMISSION" => (
            "NOT_ALLOWED",
            "The user who allowed the access may not do this in CRM. Give the user's profile the permission, then retry.",
        ),
        "INVALID_DATA" if refusal.message.contains("maximum length") => {
            ("TOO_LONG", "One of its texts is longer than CRM allows. Shorten it in Xero, then retry.")
        }
        "INVALID_DATA" if matches!(field, "Quote_Stage" | "Status") => (
            "NO_SUCH_STATUS",
            "The list of this field has been changed in CRM and lacks the value. Add it to the field's list there, then retry.",
        ),
        "INVALID_DATA" if field == "Line_Tax" || field == "percentage" => {
            ("TAX", "Its tax does not fit the taxes of CRM. Check their rates in CRM, then retry.")
        }
        "GONE" => ("GONE", "It no longer exists in CRM. Retry to have it created again."),
        _ => ("REFUSED", "Mend it in Xero or in CRM, then retry."),
    };
    let said = match refusal.message.trim().trim_end_matches('.') {
        "" => format!("HTTP {}", refusal.status),
        said => format!("“{said}”"),
    };
    let sentence = format!("{subject} was refused by Zoho CRM: {said}. {cure}");
    Cure::Hold(Unmappable { code: name, sentence, expected: false })
}

/// Whether CRM has another record with this value of a field.
pub fn is_taken(refusal: &Refusal, field: &str) -> bool {
    refusal.code == "DUPLICATE_DATA" && self::field(refusal) == field
}

/// The field that a refusal is about; it stands behind the sentence.
pub fn field(refusal: &Refusal) -> &str {
    let behind = refusal.message.rsplit_once('(').map_or("", |(_, behind)| behind);
    behind.split([',', ')']).next().unwrap_or_default().trim()
}

/// Something that must be known by now is not: the engine asked too early, or the other record was removed meanwhile.
pub fn not_ready(subject: &str, what: &str) -> Unmappable {
    Unmappable {
        code: "NOT_READY",
        sentence: format!("{subject} refers to {what}, which is not in Zoho CRM yet. It travels as soon as that does."),
        expected: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn refusal(code: &str, message: &str) -> Refusal {
        Refusal { status: 400, code: code.into(), message: message.into() }
    }

    #[test]
    fn every_refusal_has_a_name_and_a_sentence_with_a_cure() {
        for (code, message, name) in [
            ("DUPLICATE_DATA", "duplicate data (Account_Name)", "TAKEN"),
            ("MANDATORY_NOT_FOUND", "required field not found (Industry)", "MANDATORY"),
            ("LIMIT_EXCEEDED", "limit exceeded", "PLAN_LIMIT"),
            ("RECORD_LOCKED", "record is locked", "LOCKED"),
            ("INVALID_DATA", "invalid data (Subject, maximum length 120)", "TOO_LONG"),
            ("INVALID_DATA", "invalid data (Quote_Stage)", "NO_SUCH_STATUS"),
            ("INVALID_DATA", "invalid data (percentage)", "TAX"),
            ("NOT_ALLOWED", "", "NOT_ALLOWED"),
            ("NEVER_HEARD_OF", "Computer says no.", "REFUSED"),
        ] {
            let Cure::Hold(held) = hold("Invoice INV-1", &refusal(code, message)) else { panic!("not held") };
            assert_eq!(held.code, name, "{message}");
            assert!(
                held.sentence.starts_with("Invoice INV-1 was refused by Zoho CRM: ") && held.sentence.ends_with("retry.")
                    || name == "GONE"
            );
        }
    }

    #[test]
    fn the_field_stands_behind_the_sentence() {
        assert!(is_taken(&refusal("DUPLICATE_DATA", "duplicate data (Email)"), "Email"));
        assert!(!is_taken(&refusal("DUPLICATE_DATA", "duplicate data (Email)"), "Account_Name"));
        assert!(!is_taken(&refusal("INVALID_DATA", "invalid data (Email)"), "Email"));
        assert_eq!(field(&refusal("", "nothing behind it")), "");
    }
}
