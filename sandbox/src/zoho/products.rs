//! The finance products that share an organisation with Books: other addresses, other scopes, other words, the same records.

mod billing;
mod expense;
mod kin;

use actix_web::HttpResponse;
use actix_web::http::Method;
use rusqlite::Connection;
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::call::{Call, Query};
use super::organisations::Org;
use super::records::Desk;
use super::{platform, router};

/// Which product a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Books,
    Inventory,
    Invoice,
    Billing,
    Expense,
}

impl Product {
    pub const ALL: [Self; 5] = [Self::Books, Self::Inventory, Self::Invoice, Self::Billing, Self::Expense];

    /// Where it is, behind the API's host.
    pub fn base(self) -> &'static str {
        match self {
            Self::Books => "/books/v3",
            Self::Inventory => "/inventory/v1",
            Self::Invoice => "/invoice/v3",
            Self::Billing => "/billing/v1",
            Self::Expense => "/expense/v1",
        }
    }

    /// The first word of its scopes. Billing's is from when it was called Subscriptions.
    pub fn service(self) -> &'static str {
        match self {
            Self::Books => "ZohoBooks",
            Self::Inventory => "ZohoInventory",
            Self::Invoice => "ZohoInvoice",
            Self::Billing => "ZohoSubscriptions",
            Self::Expense => "ZohoExpense",
        }
    }

    /// As organisations list it under `org_joined_app_list`.
    pub fn app(self) -> &'static str {
        match self {
            Self::Books => "books",
            Self::Inventory => "inventory",
            Self::Invoice => "invoice",
            Self::Billing => "billing",
            Self::Expense => "expense",
        }
    }

    /// The header that names the organisation, where there is one; the query works everywhere.
    pub fn organisation_header(self) -> Option<&'static str> {
        match self {
            Self::Books | Self::Inventory => None,
            Self::Invoice => Some("x-com-zoho-invoice-organizationid"),
            Self::Billing => Some("x-com-zoho-subscriptions-organizationid"),
            Self::Expense => Some("x-com-zoho-expense-organizationid"),
        }
    }
}

/// Once a product has looked at its own scopes, Books need not look again.
const PERMITTED: &str = "ZohoBooks.fullaccess.all";

/// `/organizations` and below, in any product.
pub fn without_organisation(call: &Call, connection: &Connection, scopes: &str) -> Result<Answer, Refusal> {
    let area = if call.product == Product::Expense { "orgsettings" } else { "settings" };
    permitted(call, scopes, area, call.method)?;
    router::without_organisation(call, connection, PERMITTED)
}

pub fn answer(call: &Call, connection: &Connection, org: &Org, scopes: &str) -> Result<Answer, Refusal> {
    match call.product {
        Product::Books => router::answer(call, connection, org, scopes),
        Product::Inventory | Product::Invoice => kin::answer(call, connection, org, scopes),
        Product::Billing => billing::answer(&Counter { call, connection, org }, scopes),
        Product::Expense => expense::answer(&Counter { call, connection, org }, scopes),
    }
}

/// A file, where the call asks for one.
pub fn download(call: &Call, desk: &Desk, scopes: &str) -> Option<Result<HttpResponse, Refusal>> {
    match call.product {
        Product::Books => platform::download(call, desk, scopes),
        Product::Inventory | Product::Invoice => {
            kin::admit(call, desk, scopes).ok().and_then(|()| platform::download(call, desk, PERMITTED))
        }
        Product::Billing | Product::Expense => None,
    }
}

fn permitted(call: &Call, scopes: &str, area: &str, method: &Method) -> Result<(), Refusal> {
    router::permitted_in(call.product.service(), scopes, area, method)
}

fn nowhere() -> Refusal {
    Refusal::new(5, "Invalid URL Passed").at(404)
}

/// Where a product with words of its own turns to Books.
struct Counter<'a> {
    call: &'a Call<'a>,
    connection: &'a Connection,
    org: &'a Org,
}

impl Counter<'_> {
    fn desk(&self) -> Desk<'_> {
        let shared = self.call.shared;
        Desk { connection: self.connection, shared, org: self.org, now: shared.clock.now(), own_number: false }
    }

    /// Passes the call on as it is.
    fn pass(&self) -> Result<Answer, Refusal> {
        router::answer(self.call, self.connection, self.org, PERMITTED)
    }

    /// Asks Books in its own words; its answer as JSON.
    fn ask(&self, method: &Method, segments: Vec<&str>, query: Query, body: Option<Value>) -> Result<(u16, Value), Refusal> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let call = self.call.reworded(method, segments, query, body.as_bytes());
        let answer = router::answer(&call, self.connection, self.org, PERMITTED)?;
        let said = serde_json::from_str(&answer.body).map_err(|error| Refusal::new(1000, error.to_string()).at(500))?;
        Ok((answer.status, said))
    }

    /// The query as it came, to be asked with.
    fn query(&self) -> Query {
        self.call.query.with("organization_id", &self.org.id.to_string())
    }
}

/// Moves a member to another name.
fn rename(of: &mut Value, from: &str, to: &str) {
    if let Some(members) = of.as_object_mut()
        && let Some(value) = members.remove(from)
    {
        members.insert(to.to_owned(), value);
    }
}

/// Does the same to one record or to each of a list, under the same key.
fn each(of: &mut Value, key: &str, mut change: impl FnMut(&mut Value)) {
    match of.get_mut(key) {
        Some(Value::Array(list)) => list.iter_mut().for_each(change),
        Some(one) => change(one),
        None => {}
    }
}
