//! What Zoho's refusals mean to a bookkeeper: a code for grouping, and one sentence with what is wrong and what cures it.

use crate::flow::{Cure, Unmappable};
use crate::side::Refusal;

/// A hold for this refusal. `subject` names the record: "Invoice INV-0042".
pub fn hold(subject: &str, refusal: &Refusal) -> Cure {
    let said = refusal.message.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let code = refusal.code.as_str();
    let (name, cure) = if any(&["lock"]) {
        (
            "LOCKED_PERIOD",
            "Its date lies in a locked period. Unlock the period in Zoho Books (Accountant, Transaction Locking), then retry.",
        )
    } else if code == "1009" || any(&["upgrade", "your plan", "current plan"]) {
        ("PLAN_LIMIT", "The Zoho Books plan does not allow more of these. Upgrade the plan, then retry.")
    } else if code == "110817" || any(&["not enabled", "feature"]) {
        ("FEATURE_OFF", "It needs a feature that is switched off in Zoho Books. Switch it on in the settings, then retry.")
    } else if any(&["inactive"]) {
        (
            "INACTIVE",
            "It refers to a contact, item or account that is inactive in Zoho Books. Mark it as active there, then retry.",
        )
    } else if any(&["currency", "exchange rate"]) {
        ("CURRENCY", "Its currency does not fit the contact or the account in Zoho Books. Check the currency there, then retry.")
    } else if any(&["balance due", "exceed", "excess", "more than the"]) && any(&["amount", "payment", "balance"]) {
        (
            "AMOUNT_TOO_LARGE",
            "More would be paid than is still due in Zoho Books. Remove the payment or credit that was entered there, then retry.",
        )
    } else if code == "1002" || any(&["does not exist", "not found", "no longer"]) {
        ("GONE", "Something it refers to no longer exists in Zoho Books. Retry to have it created again.")
    } else if code == "3062" || any(&["already exists", "already been used", "already in use", "must be unique", "duplicate"]) {
        ("TAKEN", "Zoho Books has another record with this name or number. Rename one of the two, then retry.")
    } else if any(&["characters", "too long", "length"]) {
        ("TOO_LONG", "One of its texts is longer than Zoho Books allows. Shorten it in Xero, then retry.")
    } else if any(&["tax"]) {
        ("TAX", "Its tax does not fit Zoho Books. Check the tax rate and the tax settings there, then retry.")
    } else if any(&["account"]) {
        ("ACCOUNT", "One of its accounts cannot be used for this in Zoho Books. Check the account there, then retry.")
    } else if code == "4016" {
        ("NO_LINES", "It has no lines, and Zoho Books wants at least one. Add a line in Xero, then retry.")
    } else {
        ("REFUSED", "Mend it in Xero or in Zoho Books, then retry.")
    };
    Cure::Hold(Unmappable { code: name, sentence: sentence(subject, refusal, cure), expected: false })
}

fn sentence(subject: &str, refusal: &Refusal, cure: &str) -> String {
    match refusal.message.trim().trim_end_matches('.') {
        "" => format!("{subject} was refused by Zoho Books (HTTP {}). {cure}", refusal.status),
        said => format!("{subject} was refused by Zoho Books: “{said}”. {cure}"),
    }
}

/// True where Zoho says that the name or number belongs to another record.
pub fn is_taken(refusal: &Refusal) -> bool {
    let said = refusal.message.to_lowercase();
    refusal.code == "3062"
        || ["already exists", "already been used", "already in use", "duplicate"].iter().any(|word| said.contains(word))
}

/// True where Zoho misses the lines of a document.
pub fn is_for_want_of_lines(refusal: &Refusal) -> bool {
    let said = refusal.message.to_lowercase();
    refusal.code == "4016" || said.contains("line_item") || said.contains("line item")
}

/// Something that must be known by now is not: the engine asked too early, or the other record was removed meanwhile.
pub fn not_ready(subject: &str, what: &str) -> Unmappable {
    Unmappable {
        code: "NOT_READY",
        sentence: format!("{subject} refers to {what}, which is not in Zoho Books yet. It travels as soon as that does."),
        expected: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_name_and_a_sentence_with_a_cure() {
        for (code, message, name) in [
            ("1002", "Account does not exist.", "GONE"),
            ("1009", "You have reached the limit", "PLAN_LIMIT"),
            ("3062", "The customer \"Ada\" already exists. Please specify a different name.", "TAKEN"),
            ("15", "Please ensure that the description has less than 2000 characters.", "TOO_LONG"),
            ("", "Transactions before 2025-01-01 are locked.", "LOCKED_PERIOD"),
            ("", "Amount entered is more than the balance due", "AMOUNT_TOO_LARGE"),
            ("", "The customer is inactive.", "INACTIVE"),
            ("24017", "Currency of the account does not match", "CURRENCY"),
            ("4016", "Enter something", "NO_LINES"),
            ("99", "Computer says no.", "REFUSED"),
        ] {
            let refusal = Refusal { status: 400, code: code.into(), message: message.into() };
            let Cure::Hold(held) = hold("Invoice INV-1", &refusal) else { panic!("not held") };
            assert_eq!(held.code, name, "{message}");
            assert!(
                held.sentence.starts_with("Invoice INV-1 was refused by Zoho Books: “") && held.sentence.ends_with('.'),
                "{}",
                held.sentence
            );
        }
    }
}
