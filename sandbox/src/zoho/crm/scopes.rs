//! What a token may do: `ZohoCRM.<group>[.<part>].<operation>`.

use super::answer::Refusal;

/// What one call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Read,
    Create,
    Update,
    Delete,
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// 401 OAUTH_SCOPE_MISMATCH unless a scope covers it. `area` is `modules.contacts`, `settings.fields`, `org` …: the whole group covers its parts.
pub fn permitted(scopes: &str, area: &str, operation: Operation) -> Result<(), Refusal> {
    let (group, part) = area.split_once('.').unwrap_or((area, ""));
    let allows = |scope: &str| {
        let words: Vec<_> = scope.split('.').collect();
        let may = |word: &str| word == "ALL" || word == operation.word();
        match words.as_slice() {
            ["ZohoCRM", of, word] => *of == group && may(word),
            ["ZohoCRM", of, which, word] => *of == group && *which == part && may(word),
            _ => false,
        }
    };
    if scopes.split([',', ' ']).any(allows) { Ok(()) } else { Err(Refusal::scope_mismatch()) }
}

/// A scope of another service that bulk uploads need as well.
pub fn holds(scopes: &str, scope: &str) -> bool {
    scopes.split([',', ' ']).any(|held| held == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_covers_its_parts_and_a_part_only_itself() {
        let may = |scopes: &str, area, operation| permitted(scopes, area, operation).is_ok();
        assert!(may("ZohoCRM.modules.ALL", "modules.contacts", Operation::Delete));
        assert!(may("ZohoCRM.org.READ,ZohoCRM.modules.contacts.READ", "modules.contacts", Operation::Read));
        assert!(may("ZohoCRM.modules.READ", "modules.invoices", Operation::Read));
        assert!(!may("ZohoCRM.modules.contacts.READ", "modules.contacts", Operation::Update));
        assert!(!may("ZohoCRM.modules.contacts.ALL", "modules.accounts", Operation::Read));
        assert!(may("ZohoCRM.org.ALL", "org", Operation::Read));
        assert!(!may("ZohoBooks.fullaccess.all", "org", Operation::Read));
        assert!(!may("", "org", Operation::Read));
    }
}
