//! Addresses of records in Xero's own screens.

use url::Url;

use crate::http::at;

/// A contact's page, in the right organisation.
pub fn contact(go_url: &Url, short_code: &str, contact_id: &str) -> Url {
    in_app(go_url, short_code, &["contacts", "contact", contact_id])
}

/// A sales invoice's page.
pub fn invoice(go_url: &Url, short_code: &str, invoice_id: &str) -> Url {
    in_app(go_url, short_code, &["invoicing", "view", invoice_id])
}

/// A bill's page.
pub fn bill(go_url: &Url, short_code: &str, invoice_id: &str) -> Url {
    classic(go_url, short_code, "/AccountsPayable/Edit.aspx", "InvoiceID", invoice_id)
}

/// A payment's page.
pub fn payment(go_url: &Url, short_code: &str, payment_id: &str) -> Url {
    classic(go_url, short_code, "/Bank/ViewTransaction.aspx", "bankTransactionID", payment_id)
}

/// The page of a flow's record, where Xero has one.
pub fn record(go_url: &Url, short_code: &str, flow: &str, id: &str) -> Option<Url> {
    match flow.rsplit('.').next()? {
        "customers" | "vendors" => Some(contact(go_url, short_code, id)),
        "invoices" => Some(invoice(go_url, short_code, id)),
        "bills" => Some(bill(go_url, short_code, id)),
        "customer_payments" | "vendor_payments" => Some(payment(go_url, short_code, id)),
        _ => None,
    }
}

fn in_app(go_url: &Url, short_code: &str, path: &[&str]) -> Url {
    let mut url = at(go_url, "app");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(short_code).extend(path);
    }
    url
}

/// The older address, which signs in to the organisation and then goes on.
fn classic(go_url: &Url, short_code: &str, page: &str, key: &str, id: &str) -> Url {
    let mut url = at(go_url, "organisationlogin/default.aspx");
    let onward = format!("{page}?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair(key, id).finish());
    url.query_pairs_mut().append_pair("shortcode", short_code).append_pair("redirecturl", &onward);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_open_the_right_organisation() {
        let go: Url = "https://go.xero.com".parse().unwrap();
        let id = "bd2270c3-8706-4c11-9cfb-000b551c3f51";
        assert_eq!(contact(&go, "!mBdtL", id).as_str(), format!("https://go.xero.com/app/!mBdtL/contacts/contact/{id}"));
        assert_eq!(
            bill(&go, "!mBdtL", id).as_str(),
            format!(
                "https://go.xero.com/organisationlogin/default.aspx?shortcode=%21mBdtL&redirecturl=%2FAccountsPayable%2FEdit.aspx%3FInvoiceID%3D{id}"
            )
        );
        assert_eq!(record(&go, "!a", "books.taxes", id), None);
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        let go: Url = "https://go.xero.com".parse().unwrap();
        assert_eq!(contact(&go, "!a", "../../evil?x").as_str(), "https://go.xero.com/app/!a/contacts/contact/..%2F..%2Fevil%3Fx");
    }
}
