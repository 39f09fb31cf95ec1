//! Xero: login and consent pages, identity server, connections, Accounting API.

mod access;
mod allocations;
mod api;
mod app;
mod attachments;
pub(crate) mod browse;
mod connected_apps;
mod connections;
mod control;
mod desk;
pub(crate) mod documents;
pub(crate) mod enter;
mod fields;
pub(crate) mod files;
mod history;
mod idempotency;
mod identity;
mod journals;
pub(crate) mod json;
mod kept;
mod keys;
pub(crate) mod kinds;
pub(crate) mod ledger;
mod lines;
mod lists;
mod locks;
mod login;
mod merge;
mod money;
mod pdf;
mod query;
pub(crate) mod records;
mod reports;
pub(crate) mod sessions;
mod settings;
pub(crate) mod totals;
mod tracking;
mod webhooks;
mod zone;

use actix_web::web::ServiceConfig;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

pub use app::{APP_NAME, Registration, Rotation, USER_EMAIL, USER_ID, USER_NAME, USER_PASSWORD};
pub use desk::{Refused, put};
pub(crate) use desk::{code_id, ledger};
pub use idempotency::Idempotency;
pub use kinds::{KINDS, Kind};
pub use lists::Memo;
pub(crate) use login::escape;
pub use money::{cents, rounded};
pub use settings::Settings;

use crate::Shared;
use crate::switches::Switch;

/// Open questions about Xero.
pub const SWITCHES: &[Switch] = &[
    Switch {
        name: "xero.reconnect_keeps_event",
        default: false,
        says: "a renewed connection keeps the authEventId of its first consent",
    },
    Switch {
        name: "xero.not_modified_304",
        default: false,
        says: "a list with If-Modified-Since and nothing newer answers 304 instead of an empty list",
    },
    Switch {
        name: "xero.status_moves_are_checked",
        default: true,
        says: "quotes and purchase orders move only DRAFT, SENT, ACCEPTED or DECLINED, INVOICED, and DRAFT, SUBMITTED, AUTHORISED, BILLED, and are not edited at the end",
    },
    Switch {
        name: "xero.quote_updates_need_contact_and_date",
        default: true,
        says: "an update of a quote that does not name Contact and Date is refused",
    },
    Switch {
        name: "xero.request_keys_in_any_case",
        default: true,
        says: "the names of what is sent are taken in any case, as some of Xero's own examples have them",
    },
    Switch {
        name: "xero.put_ignores_ids",
        default: false,
        says: "an id that an app sends with PUT is ignored instead of refused",
    },
    Switch {
        name: "xero.no_lines_mean_unchanged",
        default: true,
        says: "an empty LineItems in an update leaves the lines as they are, as in Xero's own example; off: it is refused",
    },
    Switch {
        name: "xero.bill_references_are_refused",
        default: true,
        says: "a bill that is sent with a Reference is refused; off: the Reference is ignored",
    },
    Switch {
        name: "xero.paid_invoices_take_limited_edits",
        default: false,
        says: "invoices that are paid take the few edits that partly paid ones take",
    },
    Switch {
        name: "xero.unknown_tracking_is_ignored",
        default: false,
        says: "a line that names an unknown tracking category or option is kept without it instead of being refused",
    },
    Switch {
        name: "xero.group_membership_touches_contacts",
        default: false,
        says: "joining or leaving a contact group moves the UpdatedDateUTC of the contact",
    },
    Switch { name: "xero.attachments_up_to_10_mb", default: false, says: "a file may have 10 MB instead of 3 MB" },
    Switch { name: "xero.attaching_touches_records", default: false, says: "a new file moves the UpdatedDateUTC of its record" },
    Switch {
        name: "xero.payment_events_have_data",
        default: false,
        says: "events of the category PAYMENT carry Type, Status and UpdatedDateUTCString as those of prepayments do",
    },
    Switch {
        name: "xero.archived_accounts_are_refused",
        default: false,
        says: "a line with an archived account is refused instead of taken with a warning",
    },
    Switch {
        name: "xero.contact_names_are_tidied",
        default: false,
        says: "spaces around a contact's name, and doubled ones inside it, are taken away instead of refused",
    },
    Switch {
        name: "xero.email_addresses_are_checked",
        default: true,
        says: "a contact with an e-mail address that cannot be one is refused",
    },
    Switch {
        name: "xero.countries_have_letters_only",
        default: true,
        says: "an address with anything but letters and spaces in its Country is refused",
    },
    Switch {
        name: "xero.used_accounts_cannot_be_deleted",
        default: true,
        says: "an account that any record names cannot be deleted",
    },
    Switch {
        name: "xero.accounts_are_archived_alone",
        default: true,
        says: "an account cannot be archived or restored together with other changes",
    },
    Switch {
        name: "xero.used_items_cannot_be_deleted",
        default: true,
        says: "an item that any document names cannot be deleted",
    },
    Switch {
        name: "xero.tax_rates_need_a_report_tax_type",
        default: false,
        says: "a tax rate needs a ReportTaxType; off: without one it is of INPUT, as in Xero's own example",
    },
    Switch {
        name: "xero.merging_touches_documents",
        default: false,
        says: "merging two contacts moves the UpdatedDateUTC of the documents that change hands",
    },
    Switch {
        name: "xero.ordered_manual_journals_have_one_page",
        default: true,
        says: "manual journals with an order answer their first page whatever page is asked for",
    },
    Switch {
        name: "xero.query_strings_have_2048_characters",
        default: true,
        says: "an address whose query is longer than 2,048 characters is answered with 414; off: longer than 8,192",
    },
    Switch {
        name: "xero.reconciled_payments_resist_deletion",
        default: true,
        says: "an app cannot delete a payment that is reconciled",
    },
    Switch {
        name: "xero.manual_journals_refuse_system_accounts",
        default: true,
        says: "the lines of a manual journal cannot name bank accounts or system accounts",
    },
    Switch {
        name: "xero.overpayment_lines_use_control_account",
        default: true,
        says: "the lines of an overpayment can only name Accounts Receivable or Accounts Payable, and have no tax",
    },
    Switch {
        name: "xero.bank_lines_inclusive_by_default",
        default: true,
        says: "a bank transaction without LineAmountTypes has amounts that hold tax, as in the example of the OpenAPI document",
    },
    Switch {
        name: "xero.journals_refused_at_consent",
        default: false,
        says: "an app below the tier advanced is refused the scope accounting.journals.read at its consent instead of each call",
    },
    Switch {
        name: "xero.profit_and_loss_max_365_days",
        default: true,
        says: "a profit and loss over more than 365 days is refused",
    },
];

/// The organisation of the story.
pub const DEMO_COMPANY: Uuid = Uuid::from_u128(0x0d1c_9a1e_52b4_4f0e_8a44_0c0f_fee0_0101);
/// The one that was connected before and that nobody meant.
pub const TRAINING: Uuid = Uuid::from_u128(0x7e57_11a6_6b1d_4c3f_9d10_0c0f_fee0_0102);

/// What is kept in memory.
#[derive(Clone, Default)]
pub struct State {
    pub registration: Registration,
    pub memo: Memo,
    pub webhooks: webhooks::Webhooks,
    /// Letters that Xero would have sent to customers.
    pub emailed: std::sync::Arc<std::sync::atomic::AtomicU64>,
    pub settings: Settings,
    pub idempotency: Idempotency,
    pub charts: ledger::Charts,
}

pub fn configure(cfg: &mut ServiceConfig) {
    login::configure(cfg);
    identity::configure(cfg);
    connected_apps::configure(cfg);
    connections::configure(cfg);
    api::configure(cfg);
    control::configure(cfg);
    webhooks::configure(cfg);
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    sessions::create_tables(connection)?;
    records::create_tables(connection)?;
    ledger::create_tables(connection)?;
    enter::contact_groups::create_tables(connection)?;
    enter::linked_transactions::create_tables(connection)?;
    attachments::create_tables(connection)?;
    history::create_tables(connection)?;
    webhooks::create_tables(connection)?;
    connected_apps::create_tables(connection)
}

/// Forgets what belongs to the records of one organisation and is not among them.
pub(crate) fn forget_parts(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    enter::contact_groups::clear(connection, org)?;
    enter::linked_transactions::clear(connection, org)?;
    attachments::clear(connection, org)?;
    history::clear(connection, org)
}

/// Two organisations with their settings; the training company has been connected long ago.
pub fn seed(shared: &Shared) -> rusqlite::Result<()> {
    shared.store.atomically(|connection| {
        for org in [
            sessions::Org { n: 1, tenant: DEMO_COMPANY, name: "CloudPerfect".into() },
            sessions::Org { n: 2, tenant: TRAINING, name: "Demo Company (NZ) — Training".into() },
        ] {
            sessions::add_org(connection, &org)?;
            crate::seed::settings(connection, &org)?;
        }
        let long_ago = shared.clock.now().timestamp_millis() - 200 * 24 * 3600 * 1000;
        sessions::connect(connection, TRAINING, Uuid::new_v4(), true, long_ago)
    })?;
    crate::seed::training(shared)
}

/// All tokens of everybody are void from now on: access and refresh.
pub fn revoke_tokens(shared: &Shared) {
    if let Err(error) = shared.store.with(sessions::revoke_all) {
        tracing::error!(%error, "tokens could not be revoked");
    }
}

/// Counts and sums of every list of every organisation.
pub fn state(shared: &Shared) -> rusqlite::Result<Value> {
    let orgs = shared.store.with(sessions::orgs)?;
    let mut shown = Vec::new();
    for org in orgs {
        let connected = shared.store.with(|connection| sessions::is_connected(connection, &org.tenant.to_string()))?;
        let sums = shared.store.with(|connection| records::sums(connection, org.n))?;
        let groups: Vec<_> = sums.iter().map(records::Sum::report).collect();
        let mut counts = serde_json::Map::new();
        for sum in &sums {
            let counted = counts.get(sum.kind.collection()).and_then(Value::as_i64).unwrap_or(0);
            counts.insert(sum.kind.collection().into(), (counted + sum.count).into());
        }
        shown.push(json!({"tenant": org.tenant, "name": org.name, "connected": connected, "counts": counts, "groups": groups}));
    }
    let emailed = shared.xero.emailed.load(std::sync::atomic::Ordering::Relaxed);
    Ok(json!({"organisations": shown, "emailed_customers": emailed}))
}
