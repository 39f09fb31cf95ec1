//! The sandbox for people: both companies' records in a browser, with the links that lead from one side to the other.

mod addresses;
mod contact_links;
mod crm;
mod fields;
mod go;
mod list;
mod page;
mod xero;
mod zoho;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::Shared;
pub use contact_links::create_tables;
use page::{Product, escape};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/", web::get().to(index));
    contact_links::configure(cfg);
    xero::configure(cfg);
    zoho::configure(cfg);
    crm::configure(cfg);
    go::configure(cfg);
}

/// Both companies side by side.
async fn index(shared: Data<Shared>) -> HttpResponse {
    let (xero, zoho, crm) = match (xero::companies(&shared), zoho::companies(&shared), crm::companies(&shared)) {
        (Ok(xero), Ok(zoho), Ok(crm)) => (xero, zoho, crm),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return page::broken(&error),
    };
    let base = escape(&shared.base);
    let body = format!(
        "<p class=\"lead\">Xero and Zoho on this machine, at <code>{base}/xero</code> and <code>{base}/zoho</code>. Nothing here is real.</p>\
         <div class=\"sides\"><section aria-labelledby=\"xero\"><h2 id=\"xero\">{} Xero</h2>{xero}</section>\
         <section aria-labelledby=\"zoho\"><h2 id=\"zoho\">{} Zoho</h2>{zoho}{crm}</section></div>",
        Product::Xero.badge(),
        Product::Zoho.badge(),
    );
    page::shown(Product::None, "Both companies", "", &body)
}

/// What to read of a list; a mistake in it is the first page.
struct Asked {
    words: String,
    by_change: bool,
    page: i64,
}

impl Asked {
    /// `?q=ada&by=change&page=2`.
    fn of(request: &HttpRequest) -> Self {
        const PAGE_MAX: i64 = 1_000_000;
        let mut asked = Self { words: String::new(), by_change: false, page: 1 };
        for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
            match &*name {
                "q" => asked.words = value.trim().chars().take(100).collect(),
                "by" => asked.by_change = value == "change",
                "page" => asked.page = value.parse().unwrap_or(1).clamp(1, PAGE_MAX),
                _ => {}
            }
        }
        asked
    }
}
