//! Zoho: its products, their organisations, its records, and the calls that read and write them.

pub mod account_types;
pub mod buttons;
mod client;
pub mod crm;
pub mod data_centres;
mod fields;
mod files;
pub mod links;
mod locks;
pub mod opening;
mod organisation;
mod product;
pub mod reports;
mod settings;
mod trouble;
pub mod webhook;
pub mod wire;
mod words;

pub use client::{BULK_IDS, Client, PER_PAGE, Rows, Written};
pub use data_centres::{DataCentre, DataCentres};
pub use fields::FieldInfo;
pub use files::Broken;
pub use locks::Lock;
pub use organisation::Organisation;
pub use product::{BILLING, BOOKS, CRM, Dialect, EXPENSE, INVENTORY, INVOICE, PRODUCTS, Product, product};
pub use settings::NewField;
pub use words::{Word, action, again};

/// A kind of record in Zoho: where it lives and how it is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The path below the product's own: `invoices`.
    pub path: &'static str,
    /// The key of one record in an answer: `invoice`.
    pub one: &'static str,
    /// The keys a list may have: the documents and the service differ for some.
    pub many: &'static [&'static str],
    /// The key of a record's id: `invoice_id`.
    pub id: &'static str,
    pub unique: Unique,
    /// Sent with every write.
    pub query: &'static [(&'static str, &'static str)],
    /// Sent with every list, so that it leaves nothing out.
    pub list_query: &'static [(&'static str, &'static str)],
    /// What this product calls otherwise than Books.
    pub words: &'static [Word],
}

/// How the same record is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// By a custom field that takes no value twice: one call creates or updates, and may be repeated.
    Field {
        /// The entity of `settings/fields`.
        module: &'static str,
        label: &'static str,
    },
    /// This product has no upsert: the record is created once with our mark in this custom field, changed by its id, and looked for
    /// (`AnyFlow::look`) where it may have been created already. Where the product lets nobody make the field, what the record says itself
    /// must tell it apart.
    Mark { module: &'static str, label: &'static str },
    /// By looking through the list. Zoho has no upsert here, and a settled pair is never overwritten.
    Search,
    /// Zoho has no upsert here, but the record is ours: created once, changed by its id, and looked for (`Flow::look`) before it is
    /// created wherever it may have been created already.
    Reference,
}

/// A change of status, which is a call of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// What the status is called in a hold or a log: `sent`.
    pub name: &'static str,
    /// The path after the record's id: `status/sent`.
    pub path: &'static str,
    /// The query parameter that takes many ids at once, where Zoho has one.
    pub bulk: Option<&'static str>,
}

impl Action {
    /// Marks an invoice as sent. Nobody gets an e-mail.
    pub const INVOICE_SENT: Self = Self { name: "sent", path: "status/sent", bulk: Some("invoice_ids") };
    pub const INVOICE_VOID: Self = Self { name: "void", path: "status/void", bulk: Some("invoice_ids") };
    pub const VOID: Self = Self { name: "void", path: "status/void", bulk: None };
    pub const OPEN: Self = Self { name: "open", path: "status/open", bulk: None };
    pub const ESTIMATE_SENT: Self = Self { name: "sent", path: "status/sent", bulk: None };
    /// The same of one that may have been accepted or declined, which is undone by it.
    pub const ESTIMATE_SENT_AGAIN: Self = Self { name: "sent again", ..Self::ESTIMATE_SENT };
    pub const ESTIMATE_ACCEPTED: Self = Self { name: "accepted", path: "status/accepted", bulk: None };
    pub const ESTIMATE_DECLINED: Self = Self { name: "declined", path: "status/declined", bulk: None };
    pub const ORDER_OPEN: Self = Self { name: "open", path: "status/open", bulk: None };
    /// The same of one that may be billed, which is undone by it.
    pub const ORDER_OPEN_AGAIN: Self = Self { name: "open again", ..Self::ORDER_OPEN };
    pub const ORDER_BILLED: Self = Self { name: "billed", path: "status/billed", bulk: None };
    pub const ORDER_CANCELLED: Self = Self { name: "cancelled", path: "status/cancelled", bulk: None };
    /// A template makes nothing until somebody resumes it.
    pub const RECURRING_INVOICE_STOP: Self = Self { name: "stopped", path: "status/stop", bulk: Some("recurring_invoice_ids") };
    pub const RECURRING_BILL_STOP: Self = Self { name: "stopped", path: "status/stop", bulk: None };
    pub const ACTIVE: Self = Self { name: "active", path: "active", bulk: None };
    pub const INACTIVE: Self = Self { name: "inactive", path: "inactive", bulk: None };
    /// Zoho sends a contact no reminders of overdue invoices. Without it, old invoices that arrive would be chased by e-mail.
    pub const PAYMENT_REMINDER_OFF: Self =
        Self { name: "not to be reminded of payments", path: "paymentreminder/disable", bulk: None };

    pub const JOURNAL_PUBLISHED: Self = Self { name: "published", path: "status/publish", bulk: Some("journal_ids") };

    /// Every status call a flow may ask for.
    pub const ALL: &'static [Self] = &[
        Self::INVOICE_SENT,
        Self::INVOICE_VOID,
        Self::VOID,
        Self::OPEN,
        Self::ESTIMATE_SENT,
        Self::ESTIMATE_ACCEPTED,
        Self::ESTIMATE_DECLINED,
        Self::ORDER_BILLED,
        Self::ORDER_CANCELLED,
        Self::RECURRING_INVOICE_STOP,
        Self::RECURRING_BILL_STOP,
        Self::ACTIVE,
        Self::PAYMENT_REMINDER_OFF,
        Self::JOURNAL_PUBLISHED,
        Self::INACTIVE,
    ];

    /// Whether it is done only when the record arrives: afterwards people may have decided otherwise in Zoho.
    pub fn is_once(&self) -> bool {
        *self == Self::PAYMENT_REMINDER_OFF || self.path == Self::RECURRING_BILL_STOP.path
    }

    /// Whether a record that Zoho has just answered with still wants this action. Without a status in the answer it does.
    pub fn is_needed(&self, answer: &serde_json::Value) -> bool {
        // A reporting tag says whether it is active, and no status.
        let is_active = answer["is_active"].as_bool().map(|is_active| if is_active { "active" } else { "inactive" });
        let Some(status) = answer["status"].as_str().or(is_active) else { return true };
        match self.name {
            // Whatever is sent, viewed, overdue or paid has been sent.
            "sent" => status == "draft",
            "sent again" => matches!(status, "draft" | "accepted" | "declined"),
            // An invoice was made of it.
            "accepted" => !matches!(status, "accepted" | "invoiced"),
            "open" => matches!(status, "draft" | "void" | "cancelled"),
            "open again" => matches!(status, "draft" | "cancelled" | "billed"),
            // One that has run out makes nothing either.
            "stopped" => status == "active",
            "active" => status == "inactive",
            name => status != name,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Action;

    #[test]
    fn an_action_is_needed_until_its_status_is_there() {
        for (action, status, needed) in [
            (Action::INVOICE_SENT, "draft", true),
            (Action::INVOICE_SENT, "overdue", false),
            (Action::INVOICE_SENT, "paid", false),
            (Action::INVOICE_VOID, "sent", true),
            (Action::INVOICE_VOID, "void", false),
            (Action::INACTIVE, "active", true),
            (Action::INACTIVE, "inactive", false),
            (Action::ACTIVE, "inactive", true),
            (Action::ACTIVE, "active", false),
            (Action::OPEN, "void", true),
            (Action::PAYMENT_REMINDER_OFF, "active", true),
            (Action::ESTIMATE_SENT, "accepted", false),
            (Action::ESTIMATE_SENT_AGAIN, "accepted", true),
            (Action::ESTIMATE_SENT_AGAIN, "expired", false),
            (Action::ESTIMATE_ACCEPTED, "sent", true),
            (Action::ESTIMATE_ACCEPTED, "invoiced", false),
            (Action::ESTIMATE_DECLINED, "sent", true),
            (Action::ORDER_OPEN, "billed", false),
            (Action::ORDER_OPEN_AGAIN, "billed", true),
            (Action::ORDER_OPEN, "cancelled", true),
            (Action::ORDER_BILLED, "open", true),
            (Action::ORDER_CANCELLED, "cancelled", false),
            (Action::RECURRING_INVOICE_STOP, "active", true),
            (Action::RECURRING_BILL_STOP, "expired", false),
        ] {
            assert_eq!(action.is_needed(&json!({ "status": status })), needed, "{} on {status}", action.name);
        }
        assert!(Action::INVOICE_SENT.is_needed(&json!({})));
        let tag = json!({ "tag_id": "1", "is_active": true });
        assert!(Action::INACTIVE.is_needed(&tag) && !Action::ACTIVE.is_needed(&tag));
    }
}
