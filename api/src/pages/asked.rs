//! Scopes in plain words, grouped as the providers' own consent screens group them.

use crate::consenting::Provider;

/// One group of what is asked: "View and manage your", and of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub heading: String,
    pub things: Vec<String>,
}

const MANAGE: &str = "View and manage your";
const VIEW: &str = "View your";
const WHO: &str = "Who allowed it";
const ALSO: &str = "Also";
/// The weightiest first, the same order on both sides' pages.
const ORDER: [&str; 5] = ["View and manage", "View your", "View in", WHO, ALSO];

/// What these scopes allow. One we have no words for is shown as it is: nothing that is asked stays unsaid.
pub fn groups(provider: Provider, scopes: &[String]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for scope in scopes {
        let Some((heading, thing)) = (match provider {
            Provider::Xero => xero(scope),
            Provider::Zoho => Some(zoho(scope)),
        }) else {
            continue;
        };
        match groups.iter_mut().find(|group| group.heading == heading) {
            Some(group) if group.things.contains(&thing) => {}
            Some(group) => group.things.push(thing),
            None => groups.push(Group { heading, things: vec![thing] }),
        }
    }
    groups.sort_by_key(|group| ORDER.iter().position(|start| group.heading.starts_with(start)));
    groups
}

/// The wording of Xero's consent screen; the granular scopes say what the broad ones covered.
fn xero(scope: &str) -> Option<(String, String)> {
    let thing = |heading: &str, thing: &str| Some((heading.to_owned(), thing.to_owned()));
    match scope {
        // Staying connected is what the whole page is about.
        "offline_access" => None,
        "openid" | "profile" | "email" => thing(WHO, "Your name, e-mail address and user profile"),
        "accounting.settings" => thing(MANAGE, "Organisation settings"),
        "accounting.attachments" => thing(MANAGE, "Attachments"),
        "accounting.contacts" => thing(MANAGE, "Contacts"),
        "accounting.transactions" => thing(MANAGE, "Business transactions"),
        "accounting.invoices" => thing(MANAGE, "Invoices, bills, credit notes, quotes and purchase orders"),
        "accounting.payments" => thing(MANAGE, "Payments, prepayments and overpayments"),
        "accounting.banktransactions" => thing(MANAGE, "Bank transactions and transfers"),
        "accounting.manualjournals" => thing(MANAGE, "Manual journals"),
        "accounting.journals.read" => thing(VIEW, "General ledger"),
        "accounting.budgets.read" => thing(VIEW, "Budgets"),
        scope if scope.starts_with("accounting.reports") => thing(VIEW, "Reports"),
        other => thing(ALSO, other),
    }
}

/// `ZohoBooks.contacts.ALL` → "Contacts", under "View and manage in Zoho Books".
fn zoho(scope: &str) -> (String, String) {
    let also = || (ALSO.to_owned(), scope.to_owned());
    let mut parts = scope.split('.');
    let (Some(service), Some(module), Some(operation)) = (parts.next(), parts.next(), parts.next()) else {
        return also();
    };
    let service = match service {
        "ZohoBooks" => "Zoho Books",
        "ZohoInventory" => "Zoho Inventory",
        "ZohoInvoice" => "Zoho Invoice",
        "ZohoExpense" => "Zoho Expense",
        "ZohoCRM" => "Zoho CRM",
        _ => return also(),
    };
    let thing = match module {
        "contacts" => "Contacts",
        "settings" => "Settings, items, taxes, currencies and custom fields",
        "invoices" => "Invoices",
        "estimates" => "Estimates",
        "customerpayments" => "Payments received",
        "creditnotes" => "Credit notes",
        "expenses" => "Expenses",
        "salesorders" => "Sales orders",
        "purchaseorders" => "Purchase orders",
        "bills" => "Bills",
        "debitnotes" => "Vendor credits",
        "vendorpayments" => "Payments made",
        "banking" => "Bank transactions",
        "accountants" => "Chart of accounts and journals",
        "projects" => "Projects",
        "reports" => "Reports",
        _ => return also(),
    };
    let doing = if operation == "READ" { "View in" } else { "View and manage in" };
    (format!("{doing} {service}"), thing.to_owned())
}

#[cfg(test)]
mod tests {
    use connectors::oauth::{xero_scopes, zoho_scopes};

    use super::*;

    #[test]
    fn every_scope_we_ask_for_has_words() {
        let xero: Vec<String> = xero_scopes().iter().map(|&scope| scope.to_owned()).collect();
        for groups in [groups(Provider::Xero, &xero), groups(Provider::Zoho, &zoho_scopes(&["books"]))] {
            assert!(groups.len() >= 2);
            assert!(!groups.iter().any(|group| group.heading == "Also"), "{groups:?}");
        }
    }

    #[test]
    fn the_screen_of_the_source_document_is_said_in_its_words() {
        let scopes = "openid profile email offline_access accounting.settings accounting.attachments \
                      accounting.transactions accounting.contacts accounting.reports.read accounting.journals.read";
        let scopes: Vec<String> = scopes.split_whitespace().map(str::to_owned).collect();
        let groups = groups(Provider::Xero, &scopes);
        assert_eq!(groups[0].things, ["Organisation settings", "Attachments", "Business transactions", "Contacts"]);
        assert_eq!(groups[1].things, ["Reports", "General ledger"]);
    }

    #[test]
    fn a_scope_without_words_is_shown_as_it_is() {
        let groups = groups(Provider::Zoho, &["ZohoMail.messages.ALL".to_owned()]);
        assert_eq!(groups[0].things, ["ZohoMail.messages.ALL"]);
    }
}
