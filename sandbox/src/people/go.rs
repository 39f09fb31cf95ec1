//! Where links into Xero's own screens lead (`go.xero.com`, here `/xero/go`): the record, or the page that it cannot be found.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use url::form_urlencoded;
use uuid::Uuid;

use super::page::{self, Product};
use super::xero::{company_page, record_page};
use crate::Shared;
use crate::xero::browse;
use crate::xero::kinds::Kind;
use crate::xero::sessions;

/// Pages below `/app/{short code}/` and the lists whose records they show.
const IN_APP: [(&str, &[&str]); 4] = [
    ("contacts/contact", &["Contacts"]),
    ("invoicing/view", &["Invoices"]),
    ("invoicing/edit", &["Invoices"]),
    ("quotes/view", &["Quotes"]),
];

/// The older pages: the parameter that holds the id, or the path before it. Without regard to case, as Xero reads them.
const CLASSIC: [(&str, &str, &[&str]); 11] = [
    ("Contacts/View", "", &["Contacts"]),
    ("Contacts/View.aspx", "contactID", &["Contacts"]),
    ("AccountsReceivable/View.aspx", "InvoiceID", &["Invoices"]),
    ("AccountsReceivable/Edit.aspx", "InvoiceID", &["Invoices"]),
    ("AccountsPayable/View.aspx", "InvoiceID", &["Invoices"]),
    ("AccountsPayable/Edit.aspx", "InvoiceID", &["Invoices"]),
    ("AccountsReceivable/ViewCreditNote.aspx", "creditNoteID", &["CreditNotes"]),
    ("AccountsPayable/ViewCreditNote.aspx", "creditNoteID", &["CreditNotes"]),
    ("Accounts/Payable/PurchaseOrders/View", "", &["PurchaseOrders"]),
    (
        "Bank/ViewTransaction.aspx",
        "bankTransactionID",
        &["BankTransactions", "Payments", "Overpayments", "Prepayments", "BankTransfers"],
    ),
    ("Journal/View.aspx", "invoiceID", &["ManualJournals"]),
];

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/xero/go/organisationlogin/default.aspx", web::get().to(choose))
        .route("/xero/go/app/{short_code}", web::get().to(home))
        .route("/xero/go/app/{short_code}/{page:.*}/{id}", web::get().to(in_app))
        .route("/xero/go/{page:.*}", web::get().to(classic));
}

#[derive(Deserialize)]
struct Choice {
    shortcode: String,
    redirecturl: String,
}

/// `/organisationlogin/default.aspx?shortcode=!cLp42&redirecturl=/Contacts/View/…`: the only classic link that names its organisation.
async fn choose(shared: Data<Shared>, choice: Query<Choice>) -> HttpResponse {
    let is_path = choice.redirecturl.starts_with('/') && !choice.redirecturl.starts_with("//");
    match shared.store.with(|connection| browse::by_short_code(connection, &choice.shortcode)) {
        Ok(Some(_)) if is_path => {
            let place = format!("{}/xero/go{}", shared.base, choice.redirecturl);
            HttpResponse::Found().insert_header(("Location", place)).finish()
        }
        Ok(_) => page::missing(Product::Xero),
        Err(error) => page::broken(&error),
    }
}

async fn home(shared: Data<Shared>, short_code: Path<String>) -> HttpResponse {
    match shared.store.with(|connection| browse::by_short_code(connection, &short_code)) {
        Ok(Some(org)) => company_page(&shared, &org),
        Ok(None) => page::missing(Product::Xero),
        Err(error) => page::broken(&error),
    }
}

async fn in_app(shared: Data<Shared>, path: Path<(String, String, String)>) -> HttpResponse {
    let (short_code, page, id) = path.into_inner();
    match IN_APP.into_iter().find(|(known, _)| *known == page) {
        Some((_, lists)) => show(&shared, lists, Some(&short_code), &id),
        None => page::missing(Product::Xero),
    }
}

async fn classic(shared: Data<Shared>, page: Path<String>, request: HttpRequest) -> HttpResponse {
    let page = page.trim_end_matches('/');
    for (known, parameter, lists) in CLASSIC {
        if parameter.is_empty() {
            if let Some((before, id)) = page.rsplit_once('/')
                && before.eq_ignore_ascii_case(known)
            {
                return show(&shared, lists, None, id);
            }
        } else if page.eq_ignore_ascii_case(known) {
            let id = form_urlencoded::parse(request.query_string().as_bytes())
                .find(|(name, _)| name.eq_ignore_ascii_case(parameter))
                .map(|(_, id)| id.into_owned());
            return show(&shared, lists, None, &id.unwrap_or_default());
        }
    }
    page::missing(Product::Xero)
}

/// Without a short code every organisation of the user is searched: the sandbox does not know which one he has open. Lists that
/// the sandbox does not keep are passed over.
fn show(shared: &Shared, lists: &[&str], short_code: Option<&str>, id: &str) -> HttpResponse {
    let Ok(id) = Uuid::parse_str(id) else { return page::missing(Product::Xero) };
    let found = shared.store.with(|connection| {
        let orgs = match short_code {
            Some(code) => browse::by_short_code(connection, code)?.into_iter().collect(),
            None => sessions::orgs(connection)?,
        };
        for org in orgs {
            for kind in lists.iter().filter_map(|list| Kind::of_path(list)) {
                if let Some(record) = browse::record(connection, &org, kind, id)? {
                    return Ok::<_, rusqlite::Error>(Some((org, kind, record)));
                }
            }
        }
        Ok(None)
    });
    match found {
        Ok(Some((org, kind, record))) => record_page(shared, &org, kind, id, &record),
        Ok(None) => page::missing(Product::Xero),
        Err(error) => page::broken(&error),
    }
}
