//! What a person does in Xero: enters or edits records, through the control plane.

use chrono::NaiveDate;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::documents::{self, Ledger};
use super::json::{self, Record, decimal_of, text_of};
use super::kinds::Kind;
use super::lists;
use super::money;
use super::records;
use super::sessions::{self, Org};
use crate::Shared;

/// Why it cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is no organisation `{0}`")]
    NoOrganisation(String),
    #[error("there is no list `{0}`")]
    NoList(String),
    #[error("record {index}: {says}")]
    Wrong { index: usize, says: String },
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
}

/// Enters a record or a list of records; all or none. `silent`: UpdatedDateUTC stays as it was.
pub fn put(shared: &Shared, tenant: &str, list: &str, entered: &Value, silent: bool) -> Result<Vec<Value>, Refused> {
    let kind = Kind::of_path(list).ok_or_else(|| Refused::NoList(list.to_owned()))?;
    let now_ms = shared.clock.now().timestamp_millis();
    let today = shared.clock.now().date_naive();
    let entered: Vec<&Value> = match entered {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let done = shared.store.atomically(|connection| {
        let org = sessions::org(connection, tenant)?.ok_or_else(|| Refused::NoOrganisation(tenant.to_owned()))?;
        let ledger = ledger(connection, org.n)?;
        let desk = Desk { connection, org, ledger, now_ms, today, silent };
        entered
            .iter()
            .enumerate()
            .map(|(index, record)| {
                let wrong = |says: String| Refused::Wrong { index, says };
                let record = record.as_object().ok_or_else(|| wrong("a record is an object".into()))?;
                desk.enter(kind, record.clone()).map_err(|no| match no {
                    No::Says(says) => wrong(says),
                    No::Store(error) => Refused::Store(error),
                })
            })
            .collect::<Result<Vec<_>, Refused>>()
    });
    shared.xero.memo.changed();
    done
}

/// The tax rates and accounts of an organisation.
pub fn ledger(connection: &Connection, org: i64) -> rusqlite::Result<Ledger> {
    let mut ledger = Ledger { base_currency: "NZD".into(), ..Ledger::default() };
    each(connection, org, Kind::Organisations, |record| {
        ledger.base_currency = text_of(record, "BaseCurrency").unwrap_or("NZD").to_owned();
    })?;
    let mut rates = Vec::new();
    each(connection, org, Kind::TaxRates, |record| {
        if let (Some(tax_type), Some(rate)) = (text_of(record, "TaxType"), decimal_of(record, "EffectiveRate")) {
            rates.push((tax_type.to_owned(), rate));
        }
    })?;
    ledger.rates = rates.into_iter().collect();
    let mut accounts = Vec::new();
    each(connection, org, Kind::Accounts, |record| {
        if let (Some(code), Some(id)) = (text_of(record, "Code"), text_of(record, "AccountID")) {
            let tax_type = text_of(record, "TaxType").unwrap_or("NONE");
            accounts.push((code.to_owned(), (id.to_owned(), tax_type.to_owned())));
        }
    })?;
    ledger.accounts = accounts.into_iter().collect();
    Ok(ledger)
}

fn each(connection: &Connection, org: i64, kind: Kind, mut with: impl FnMut(&Record)) -> rusqlite::Result<()> {
    let memo = lists::Memo::default();
    lists::list(connection, &memo, org, kind, &lists::Filter::default(), None, &mut |body| {
        if let Ok(Value::Object(record)) = serde_json::from_str(body) {
            with(&record);
        }
    })?;
    Ok(())
}

struct Desk<'a> {
    connection: &'a Connection,
    org: Org,
    ledger: Ledger,
    now_ms: i64,
    today: NaiveDate,
    silent: bool,
}

enum No {
    Says(String),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for No {
    fn from(error: rusqlite::Error) -> Self {
        No::Store(error)
    }
}

impl From<String> for No {
    fn from(says: String) -> Self {
        No::Says(says)
    }
}

impl From<&str> for No {
    fn from(says: &str) -> Self {
        No::Says(says.to_owned())
    }
}

impl Desk<'_> {
    fn enter(&self, kind: Kind, entered: Record) -> Result<Value, No> {
        let (id, known) = self.known(kind, &entered)?;
        let mut record = known.as_ref().map(|(record, _)| record.clone()).unwrap_or_default();
        let lines_entered = known.is_none() || entered.contains_key("LineItems") || entered.contains_key("LineAmountTypes");
        record.extend(entered);
        if !matches!(kind, Kind::TaxRates | Kind::Currencies) {
            record.insert(kind.id_field().into(), id.to_string().into());
        }
        match kind {
            Kind::Invoices => self.invoice(&mut record, id, lines_entered)?,
            Kind::Payments => self.payment(&mut record)?,
            Kind::Overpayments => {
                self.contact_of(&mut record)?;
                documents::complete_overpayment(&mut record, &self.ledger.base_currency, self.today);
            }
            Kind::Contacts => self.contact(&mut record, id)?,
            Kind::Items => self.item(&mut record, id)?,
            Kind::Accounts | Kind::TaxRates | Kind::Currencies | Kind::Organisations => {}
        }
        let modified = match known {
            Some((_, modified)) if self.silent => modified,
            _ => self.now_ms,
        };
        self.keep(kind, id, modified, record)
    }

    /// The record's id, and the record when it exists already.
    fn known(&self, kind: Kind, entered: &Record) -> Result<(Uuid, Option<(Record, i64)>), No> {
        let id = match (kind, text_of(entered, kind.id_field())) {
            (Kind::TaxRates | Kind::Currencies, Some(code)) => code_id(&self.org, code),
            (Kind::TaxRates | Kind::Currencies, None) => return Err(format!("{} is missing", kind.id_field()).into()),
            (Kind::Organisations, None) => self.org.tenant,
            (_, Some(id)) => Uuid::parse_str(id).map_err(|_| format!("`{id}` is not an id"))?,
            (_, None) => Uuid::new_v4(),
        };
        let found = records::by_id(self.connection, self.org.n, kind, id)?;
        let found = found.and_then(|(body, modified)| match serde_json::from_str(&body) {
            Ok(Value::Object(record)) => Some((record, modified)),
            _ => None,
        });
        Ok((id, found))
    }

    fn keep(&self, kind: Kind, id: Uuid, modified_ms: i64, mut record: Record) -> Result<Value, No> {
        let twin = matches!(kind, Kind::Invoices | Kind::Payments | Kind::Overpayments);
        if !matches!(kind, Kind::TaxRates | Kind::Currencies | Kind::Organisations) {
            json::set_updated(&mut record, modified_ms, twin);
        }
        let row = documents::row(kind, id, modified_ms, &record);
        records::store(self.connection, self.org.n, kind, &row)?;
        Ok(Value::Object(record))
    }

    fn invoice(&self, record: &mut Record, id: Uuid, lines_entered: bool) -> Result<(), No> {
        let contact = self.contact_of(record)?;
        let sale = text_of(record, "Type") == Some("ACCREC");
        if sale {
            let number = match text_of(record, "InvoiceNumber") {
                Some(number) => number.to_owned(),
                None => self.next_number()?,
            };
            let same = records::by_name(self.connection, self.org.n, Kind::Invoices, &number)?;
            if same.iter().any(|(body, other)| *other != id && is_sale(body)) {
                return Err("Invoice # must be unique.".into());
            }
            record.insert("InvoiceNumber".into(), number.into());
        } else {
            record.entry("InvoiceNumber").or_insert_with(|| "".into());
            if record.contains_key("Reference") {
                return Err("Reference is for sales invoices only".into());
            }
        }
        documents::complete_invoice(record, &self.ledger, lines_entered, self.today, &mut Uuid::new_v4)?;
        let role = if sale { "IsCustomer" } else { "IsSupplier" };
        self.note_role(contact, role)
    }

    fn next_number(&self) -> rusqlite::Result<String> {
        let filter = lists::Filter { types: vec!["ACCREC".into()], ..lists::Filter::default() };
        let memo = lists::Memo::default();
        let mut number = lists::count_of(self.connection, &memo, self.org.n, Kind::Invoices, &filter)? + 1;
        loop {
            let text = format!("INV-{number:04}");
            if records::by_name(self.connection, self.org.n, Kind::Invoices, &text)?.is_empty() {
                return Ok(text);
            }
            number += 1;
        }
    }

    /// Finds the document's contact and writes it as documents show it.
    fn contact_of(&self, record: &mut Record) -> Result<Uuid, No> {
        let id = record.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
        let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or("Contact.ContactID is missing or not an id")?;
        let found = records::by_id(self.connection, self.org.n, Kind::Contacts, id)?;
        let (body, _) = found.ok_or_else(|| format!("there is no contact `{id}`"))?;
        let contact: Value = serde_json::from_str(&body).unwrap_or_default();
        let name = contact.get("Name").and_then(Value::as_str).unwrap_or_default();
        record.insert("Contact".into(), documents::contact_summary(&id.to_string(), name));
        Ok(id)
    }

    /// The first document makes a contact a customer or a supplier; its time of change stays.
    fn note_role(&self, id: Uuid, role: &str) -> Result<(), No> {
        let Some((body, modified)) = records::by_id(self.connection, self.org.n, Kind::Contacts, id)? else {
            return Ok(());
        };
        let Ok(Value::Object(mut contact)) = serde_json::from_str(&body) else { return Ok(()) };
        if contact.get(role) == Some(&Value::Bool(true)) {
            return Ok(());
        }
        contact.insert(role.into(), true.into());
        self.keep(Kind::Contacts, id, modified, contact).map(|_| ())
    }

    fn payment(&self, record: &mut Record) -> Result<(), No> {
        let id = record.get("Invoice").and_then(|invoice| invoice.get("InvoiceID")).and_then(Value::as_str);
        let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or("Invoice.InvoiceID is missing or not an id")?;
        let found = records::by_id(self.connection, self.org.n, Kind::Invoices, id)?;
        let (body, modified) = found.ok_or_else(|| format!("there is no invoice `{id}`"))?;
        let Ok(Value::Object(mut invoice)) = serde_json::from_str::<Value>(&body) else {
            return Err("the invoice cannot be read".into());
        };
        let deleted = text_of(record, "Status") == Some("DELETED");
        if !deleted && !matches!(text_of(&invoice, "Status"), Some("AUTHORISED" | "PAID")) {
            return Err("Payments can only be made against Authorised documents".into());
        }
        let code =
            record.get("Account").and_then(|account| account.get("Code")).and_then(Value::as_str).unwrap_or("090").to_owned();
        let (account_id, _) = self.ledger.accounts.get(&code).ok_or_else(|| format!("there is no account `{code}`"))?;
        let foreign = text_of(&invoice, "CurrencyCode") != Some(self.ledger.base_currency.as_str());
        documents::complete_payment(record, &invoice, (account_id, &code), foreign, self.today);
        documents::note_payment(&mut invoice, record);
        if decimal_of(&invoice, "AmountDue").is_some_and(|due| due < money::cents(0.into())) {
            return Err("Payment amount exceeds the amount outstanding on this document".into());
        }
        let at = if self.silent { modified } else { self.now_ms };
        self.keep(Kind::Invoices, id, at, invoice).map(|_| ())
    }

    fn contact(&self, record: &mut Record, id: Uuid) -> Result<(), No> {
        let name = text_of(record, "Name").ok_or("Name is missing")?.to_owned();
        for (field, value) in [
            ("ContactStatus", json!("ACTIVE")),
            ("EmailAddress", json!("")),
            ("BankAccountDetails", json!("")),
            ("Addresses", json!([])),
            ("Phones", json!([])),
            ("ContactGroups", json!([])),
            ("ContactPersons", json!([])),
            ("IsSupplier", json!(false)),
            ("IsCustomer", json!(false)),
            ("HasAttachments", json!(false)),
            ("HasValidationErrors", json!(false)),
        ] {
            record.entry(field).or_insert(value);
        }
        if text_of(record, "ContactStatus") == Some("ACTIVE") {
            let same = records::by_name(self.connection, self.org.n, Kind::Contacts, &name)?;
            if same.iter().any(|(body, other)| *other != id && is_active(body)) {
                return Err(format!(
                    "The contact name {name} is already assigned to another contact. The contact name must be unique across all active contacts."
                )
                .into());
            }
        }
        Ok(())
    }

    fn item(&self, record: &mut Record, id: Uuid) -> Result<(), No> {
        let code = text_of(record, "Code").ok_or("Code is missing")?.to_owned();
        if records::by_name(self.connection, self.org.n, Kind::Items, &code)?.iter().any(|(_, other)| *other != id) {
            return Err(format!("Price List Item with Code '{code}' already exists").into());
        }
        for (field, value) in [
            ("PurchaseDetails", json!({})),
            ("SalesDetails", json!({})),
            ("IsTrackedAsInventory", json!(false)),
            ("IsSold", json!(true)),
            ("IsPurchased", json!(true)),
        ] {
            record.entry(field).or_insert(value);
        }
        for side in ["SalesDetails", "PurchaseDetails"] {
            if let Some(Value::Object(details)) = record.get_mut(side)
                && let Some(price) = decimal_of(details, "UnitPrice")
            {
                details.insert("UnitPrice".into(), json::number(money::rounded(price, 4)));
            }
        }
        Ok(())
    }
}

/// Records known by a code have an id of their own all the same: it is made of the organisation and the code.
pub fn code_id(org: &Org, code: &str) -> Uuid {
    Uuid::new_v5(&org.tenant, code.as_bytes())
}

fn is_sale(body: &str) -> bool {
    field_is(body, "Type", "ACCREC")
}

fn is_active(body: &str) -> bool {
    field_is(body, "ContactStatus", "ACTIVE")
}

fn field_is(body: &str, name: &str, wanted: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|record| record.get(name).and_then(Value::as_str) == Some(wanted))
}
