//! Fills the Xero organisations with companies that could exist: the same seed gives the same ids, amounts and dates.

mod cash;
mod chart;
mod dice;
mod files;
mod goods;
mod lines;
mod nasty;
mod nasty_cash;
mod offers;
mod papers;
mod people;
mod settlement;
mod staff;

use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use chart::settings;
use dice::Dice;

use crate::Shared;
use crate::xero::documents::{self, Ledger};
use crate::xero::kinds::Kind;
use crate::xero::ledger;
use crate::xero::records;
use crate::xero::sessions::Org;
use crate::xero::{self, sessions};

/// What to plant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub profile: Profile,
    pub contacts: u64,
    /// Sales invoices and bills together, about 65 to 35.
    pub invoices: u64,
    pub seed: u64,
}

/// Which company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// A realistic New Zealand company.
    DemoCompany,
    /// The same, very small.
    Tiny,
    /// Every awkward record we know of; its size is fixed.
    Nasty,
}

/// One transaction takes so many documents; the others may call in between.
const CHUNK: u64 = 1000;
/// More would not fit into the numbers that name them.
const RECORDS_MAX: u64 = 5_000_000;

impl Plan {
    pub fn new(profile: Profile) -> Self {
        let (contacts, invoices) = match profile {
            Profile::DemoCompany => (300, 1000),
            Profile::Tiny => (12, 20),
            Profile::Nasty => (0, 0),
        };
        Self { profile, contacts, invoices, seed: 42 }
    }

    /// `{"profile": "demo-company", "contacts": 300, "invoices": 1000, "seed": 42}`; all may be left out.
    pub fn parse(plan: &Value) -> Result<Self, String> {
        let wanted = plan.as_object().ok_or("a plan is an object")?;
        let profile = match wanted.get("profile").map(|profile| profile.as_str().unwrap_or_default()) {
            None | Some("demo-company") => Profile::DemoCompany,
            Some("tiny") => Profile::Tiny,
            Some("nasty") => Profile::Nasty,
            Some(other) => return Err(format!("profile is demo-company, tiny or nasty, not `{other}`")),
        };
        let mut plan = Self::new(profile);
        for (name, value) in wanted {
            let figure = || {
                let figure = value.as_u64().filter(|figure| *figure <= RECORDS_MAX || name == "seed");
                figure.ok_or_else(|| format!("{name} is a whole number up to {RECORDS_MAX}"))
            };
            match name.as_str() {
                "profile" => {}
                "contacts" => plan.contacts = figure()?,
                "invoices" => plan.invoices = figure()?,
                "seed" => plan.seed = figure()?,
                other => return Err(format!("a plan has profile, contacts, invoices and seed, not `{other}`")),
            }
        }
        if profile != Profile::Nasty && plan.invoices > 0 && plan.contacts < people::CONTACTS_MIN {
            return Err(format!("invoices need at least {} contacts", people::CONTACTS_MIN));
        }
        Ok(plan)
    }
}

/// Why a company could not be planted.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
    #[error(transparent)]
    Refused(#[from] xero::Refused),
    #[error("the demo company is missing")]
    NoOrganisation,
    #[error("{0}")]
    Wrong(String),
}

/// Replaces the books of the demo company. Answers how much was planted.
pub fn plant(shared: &Shared, plan: &Plan) -> Result<Value, Failed> {
    let tenant = xero::DEMO_COMPANY;
    let org = shared.store.with(|connection| sessions::org(connection, &tenant.to_string()))?.ok_or(Failed::NoOrganisation)?;
    plant_into(shared, plan, &org)
}

/// A few records of its own for the organisation that nobody means.
pub(crate) fn training(shared: &Shared) -> rusqlite::Result<()> {
    let tenant = xero::TRAINING;
    let Some(org) = shared.store.with(|connection| sessions::org(connection, &tenant.to_string()))? else { return Ok(()) };
    let plan = Plan { seed: 7, ..Plan::new(Profile::Tiny) };
    match plant_into(shared, &plan, &org) {
        Ok(_) => Ok(()),
        Err(Failed::Store(error)) => Err(error),
        Err(other) => {
            tracing::error!(%other, "the training company could not be planted");
            Ok(())
        }
    }
}

fn plant_into(shared: &Shared, plan: &Plan, org: &Org) -> Result<Value, Failed> {
    shared.store.atomically(|connection| {
        records::clear(connection, org.n)?;
        xero::forget_parts(connection, org.n)?;
        ledger::clear(connection, org.n)?;
        settings(connection, org)
    })?;
    shared.xero.settings.forget(org.n);
    shared.xero.memo.changed();
    let planted = match plan.profile {
        Profile::Nasty => nasty::plant(shared, org, plan.seed)?,
        Profile::DemoCompany | Profile::Tiny => {
            let ledger = shared.store.with(|connection| xero::ledger(connection, org.n))?;
            let company = Company::new(plan, org.tenant);
            let mut planted = company.plant(shared, org, &ledger)?;
            for (list, count) in offers::plant(shared, org, &company)? {
                planted[list] = count.into();
            }
            planted["files"] = files::plant(shared, org, &company)?.into();
            let now_ms = shared.clock.now().timestamp_millis();
            shared.store.with(|connection| ledger::planted(connection, org.n, now_ms))?;
            planted
        }
    };
    shared.xero.memo.changed();
    Ok(planted)
}

/// A company as numbers: every record follows from the seed and its own index, so none is held in memory.
#[derive(Clone, Debug)]
struct Company {
    seed: u64,
    tenant: Uuid,
    contacts: u64,
    invoices: u64,
    items: u64,
}

impl Company {
    fn new(plan: &Plan, tenant: Uuid) -> Self {
        let items = (plan.invoices / 25).clamp(12, 400);
        Self { seed: plan.seed, tenant, contacts: plan.contacts, invoices: plan.invoices, items }
    }

    fn id(&self, what: &str, index: u64) -> Uuid {
        Uuid::new_v5(&self.tenant, format!("{}/{what}/{index}", self.seed).as_bytes())
    }

    fn dice(&self, what: &str, index: u64) -> Dice {
        Dice::of(self.seed, what, index)
    }

    fn plant(&self, shared: &Shared, org: &Org, ledger: &Ledger) -> Result<Value, Failed> {
        shared.store.atomically(|connection| {
            for index in 0..self.items {
                let (id, at, record) = goods::item(self, index);
                records::store(connection, org.n, Kind::Items, &documents::row(Kind::Items, id, at, &record))?;
            }
            Ok::<_, Failed>(())
        })?;
        for first in (0..self.contacts).step_by(CHUNK as usize) {
            shared.store.atomically(|connection| {
                for index in first..(first + CHUNK).min(self.contacts) {
                    let (id, at, record) = people::contact(self, index);
                    records::store(connection, org.n, Kind::Contacts, &documents::row(Kind::Contacts, id, at, &record))?;
                }
                Ok::<_, Failed>(())
            })?;
        }
        let (mut payments, mut overpayments) = (0, 0);
        for first in (0..self.invoices).step_by(CHUNK as usize) {
            shared.store.atomically(|connection| {
                for index in first..(first + CHUNK).min(self.invoices) {
                    let paper = papers::paper(self, ledger, index).map_err(Failed::Wrong)?;
                    payments += paper.payments.len();
                    overpayments += usize::from(paper.overpayment.is_some());
                    let invoices = std::iter::once((Kind::Invoices, paper.invoice));
                    let paid = paper.payments.into_iter().map(|payment| (Kind::Payments, payment));
                    let over = paper.overpayment.into_iter().map(|over| (Kind::Overpayments, over));
                    let brought = paper.brought.into_iter().map(|brought| (Kind::BankTransactions, brought));
                    for (kind, (id, at, record)) in invoices.chain(paid).chain(over).chain(brought) {
                        records::store(connection, org.n, kind, &documents::row(kind, id, at, &record))?;
                    }
                }
                Ok::<_, Failed>(())
            })?;
        }
        let others = cash::counts(self.invoices);
        for first in (0..others).step_by(CHUNK as usize) {
            shared.store.atomically(|connection| {
                for index in first..(first + CHUNK).min(others) {
                    for (kind, (id, at, record)) in cash::record(self, ledger, index).map_err(Failed::Wrong)? {
                        records::store(connection, org.n, kind, &documents::row(kind, id, at, &record))?;
                    }
                }
                Ok::<_, Failed>(())
            })?;
        }
        Ok(json!({
            "contacts": self.contacts, "items": self.items, "invoices": self.invoices, "payments": payments,
            "overpayments": overpayments,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_and_nonsense_is_refused() {
        assert_eq!(Plan::parse(&json!({})), Ok(Plan::new(Profile::DemoCompany)));
        let plan = Plan::parse(&json!({"profile": "tiny", "invoices": 7, "seed": 1})).unwrap();
        assert_eq!((plan.contacts, plan.invoices, plan.seed), (12, 7, 1));
        for bad in [
            json!([]),
            json!({"profile": "huge"}),
            json!({"invoices": -1}),
            json!({"invoices": 1_000_000_000_u64}),
            json!({"colour": "red"}),
            json!({"contacts": 1}),
        ] {
            assert!(Plan::parse(&bad).is_err(), "{bad}");
        }
    }
}
