//! The oracle of a migration: nothing twice, nothing lost, sums equal. It reads both companies as the sandbox keeps them and decides by
//! itself which Xero records belong in Zoho Books; of the product it asks only which records it says it holds.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::{World, books};

/// What was found, over all kinds of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub wanted: usize,
    pub arrived: usize,
    pub held: usize,
    /// A Xero record that is in Zoho more than once, a number that is there twice, a record nobody sent.
    pub duplicates: Vec<String>,
    /// A Xero record that is neither in Zoho nor held.
    pub lost: Vec<String>,
    /// Sums that differ.
    pub differences: Vec<String>,
}

/// One kind: which Xero records belong into which Zoho list, under which field.
struct Kind {
    flow: &'static str,
    xero: &'static str,
    id: &'static str,
    zoho: &'static str,
    field: &'static str,
    belongs: fn(&Value) -> bool,
    /// A number that may not repeat in Zoho.
    number: &'static str,
    /// What is summed, in Xero's words and in Zoho's.
    sums: &'static [(&'static str, &'static str)],
}

const DOCUMENT_SUMS: &[(&str, &str)] = &[("Total", "total")];

const KINDS: [Kind; 7] = [
    Kind {
        flow: "books.customers",
        xero: "Contacts",
        id: "ContactID",
        zoho: "contacts",
        field: "cf_xero_acct_id",
        belongs: |contact| contact["IsCustomer"] == true || contact["IsSupplier"] != true,
        number: "",
        sums: &[],
    },
    Kind {
        flow: "books.vendors",
        xero: "Contacts",
        id: "ContactID",
        zoho: "contacts",
        field: "cf_xero_supplier_id",
        belongs: |contact| contact["IsSupplier"] == true,
        number: "",
        sums: &[],
    },
    Kind {
        flow: "books.items",
        xero: "Items",
        id: "ItemID",
        zoho: "items",
        field: "cf_xero_id",
        belongs: |_| true,
        number: "sku",
        sums: &[],
    },
    Kind {
        flow: "books.invoices",
        xero: "Invoices",
        id: "InvoiceID",
        zoho: "invoices",
        field: "cf_xero_id",
        belongs: |invoice| invoice["Type"] == "ACCREC" && invoice["Status"] != "DELETED",
        number: "invoice_number",
        sums: DOCUMENT_SUMS,
    },
    Kind {
        flow: "books.bills",
        xero: "Invoices",
        id: "InvoiceID",
        zoho: "bills",
        field: "cf_xero_id",
        belongs: |bill| bill["Type"] == "ACCPAY" && bill["Status"] != "DELETED",
        number: "",
        sums: DOCUMENT_SUMS,
    },
    Kind {
        flow: "books.customer_payments",
        xero: "Payments",
        id: "PaymentID",
        zoho: "customerpayments",
        field: "cf_xero_id",
        belongs: |payment| payment["PaymentType"] == "ACCRECPAYMENT" && payment["Status"] == "AUTHORISED",
        number: "",
        sums: &[("Amount", "amount")],
    },
    Kind {
        flow: "books.vendor_payments",
        xero: "Payments",
        id: "PaymentID",
        zoho: "vendorpayments",
        field: "cf_xero_id",
        belongs: |payment| payment["PaymentType"] == "ACCPAYPAYMENT" && payment["Status"] == "AUTHORISED",
        number: "",
        sums: &[("Amount", "amount")],
    },
];

impl Verdict {
    /// Nothing twice, nothing lost, every sum equal.
    pub fn is_whole(&self) -> bool {
        self.duplicates.is_empty() && self.lost.is_empty() && self.differences.is_empty()
    }
}

/// Looks at everything that was to be carried.
pub async fn whole(world: &World) -> Verdict {
    let held = held(world).await;
    let mut verdict = Verdict::default();
    let mut contacts = BTreeSet::new();
    for kind in &KINDS {
        let wanted: BTreeMap<String, Value> = books::xero(world, kind.xero)
            .await
            .into_iter()
            .filter(kind.belongs)
            .map(|record| (text(&record, kind.id), record))
            .collect();
        let there = books::zoho(world, kind.zoho).await;
        verdict.duplicates.extend(books::twice(&there, kind.field).into_iter().map(|id| format!("{}: {id} twice", kind.flow)));
        verdict.duplicates.extend(repeated(&there, kind.number).into_iter().map(|no| format!("{}: number {no}", kind.flow)));
        let mut arrived: BTreeMap<String, &Value> = BTreeMap::new();
        for record in &there {
            match books::custom(record, kind.field) {
                Some(id) => {
                    if !wanted.contains_key(&id) {
                        verdict.duplicates.push(format!("{}: {id} was never asked for", kind.flow));
                    }
                    arrived.insert(id, record);
                }
                // A contact has one field or the other; both are looked at below.
                None if kind.zoho == "contacts" => {}
                None => verdict.duplicates.push(format!("{}: a record without a Xero id", kind.flow)),
            }
        }
        if kind.zoho == "contacts" {
            contacts
                .extend(there.iter().filter(|one| books::custom(one, kind.field).is_some()).map(|one| text(one, "contact_id")));
        }
        for id in wanted.keys().filter(|id| !arrived.contains_key(*id)) {
            match held.contains(&(kind.flow.to_owned(), id.clone())) {
                true => verdict.held += 1,
                false => verdict.lost.push(format!("{}: {id}", kind.flow)),
            }
        }
        for (xero, zoho) in kind.sums {
            let sent: Decimal = arrived.keys().filter_map(|id| wanted.get(id)).map(|record| amount(record, xero)).sum();
            let got: Decimal = there.iter().map(|record| amount(record, zoho)).sum();
            if sent != got {
                verdict.differences.push(format!("{}: {xero} {sent} in Xero, {got} in Zoho", kind.flow));
            }
        }
        verdict.wanted += wanted.len();
        verdict.arrived += arrived.len();
    }
    let stray =
        books::zoho(world, "contacts").await.into_iter().filter(|one| !contacts.contains(&text(one, "contact_id"))).count();
    if stray > 0 {
        verdict.duplicates.push(format!("{stray} contacts without a Xero id"));
    }
    verdict
}

async fn held(world: &World) -> BTreeSet<(String, String)> {
    let database = &world.stage.context.database;
    let text = "SELECT lane.flow AS flow, hold.xero_id AS id FROM hold JOIN lane ON lane.tenant_id = hold.tenant_id AND lane.id = hold.lane_id";
    let rows =
        database.query_all_raw(entities::database::sql(database.get_database_backend(), text, vec![])).await.expect("a query");
    rows.iter().map(|row| (row.try_get("", "flow").expect("a flow"), row.try_get("", "id").expect("an id"))).collect()
}

fn repeated(records: &[Value], field: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let numbers = records.iter().filter_map(|record| record[field].as_str()).filter(|number| !number.is_empty());
    numbers.filter(|number| !seen.insert(*number)).map(str::to_owned).collect()
}

fn text(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_default().to_owned()
}

fn amount(record: &Value, name: &str) -> Decimal {
    let told = match &record[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    told.parse().or_else(|_| Decimal::from_scientific(&told)).unwrap_or_default()
}
