//! Addresses of records in Zoho Books' own screens.

use url::Url;

use crate::http::at;

/// The page of a flow's record, where Zoho Books has one: `https://books.zoho.eu/app/<organisation>#/contacts/<id>`.
pub fn record(web: &Url, organization_id: &str, flow: &str, id: &str) -> Option<Url> {
    let place = match flow.rsplit('.').next()? {
        "customers" | "vendors" => "contacts",
        "items" => "inventory/items",
        "invoices" => "invoices",
        "bills" => "bills",
        "customer_payments" => "paymentsreceived",
        "vendor_payments" => "paymentsmade",
        "accounts" => "accountant/chartofaccounts",
        _ => return None,
    };
    let mut url = at(web, "app");
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(organization_id);
    }
    let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    url.set_fragment(Some(&format!("/{place}/{id}")));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_the_organisation_and_the_record() {
        let web: Url = "https://books.zoho.eu".parse().unwrap();
        let link = |flow| record(&web, "10234695", flow, "460000000026049").map(String::from);
        assert_eq!(link("books.customers").unwrap(), "https://books.zoho.eu/app/10234695#/contacts/460000000026049");
        assert_eq!(link("books.invoices").unwrap(), "https://books.zoho.eu/app/10234695#/invoices/460000000026049");
        assert_eq!(link("books.currencies"), None);
    }
}
