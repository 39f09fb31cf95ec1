//! Addresses of records in Xero's own screens, each in the right organisation: it is named by its short code. Without one Xero opens
//! whichever organisation the user had open last.

use url::Url;
use uuid::Uuid;

use crate::http::at;

/// A contact's page, in the right organisation.
pub fn contact(go_url: &Url, short_code: &str, contact_id: &str) -> Url {
    match short_code.is_empty() {
        true => at(go_url, &format!("Contacts/View/{}", escaped(contact_id))),
        false => in_app(go_url, short_code, &["contacts", "contact", contact_id]),
    }
}

/// A sales invoice's page.
pub fn invoice(go_url: &Url, short_code: &str, invoice_id: &str) -> Url {
    in_app(go_url, short_code, &["invoicing", "view", invoice_id])
}

/// A bill's page.
pub fn bill(go_url: &Url, short_code: &str, invoice_id: &str) -> Url {
    classic(go_url, short_code, "/AccountsPayable/Edit.aspx", "InvoiceID", invoice_id)
}

/// A payment's page, and that of everything else that moves money on a bank account.
pub fn payment(go_url: &Url, short_code: &str, payment_id: &str) -> Url {
    classic(go_url, short_code, "/Bank/ViewTransaction.aspx", "bankTransactionID", payment_id)
}

/// The organisation's first page.
pub fn organisation(go_url: &Url, short_code: &str) -> Url {
    in_app(go_url, short_code, &[])
}

/// The page of a flow's record, where Xero has one. What lives inside or hangs on another record has that one's page.
pub fn record(go_url: &Url, short_code: &str, flow: &str, id: &str) -> Option<Url> {
    let kind = flow.split_once('.')?.1;
    if let ("attachments" | "notes", Some((on, rest))) = (kind, id.split_once('/')) {
        return record(go_url, short_code, on, rest);
    }
    let id = id.split(':').next()?;
    // Only what an id of Xero's can be becomes part of an address.
    Uuid::try_parse(id).ok()?;
    let credit = |page: &str| classic(go_url, short_code, page, "creditNoteID", id);
    Some(match kind {
        "customers" | "vendors" | "contacts" => contact(go_url, short_code, id),
        // Of CRM's they are companies; of Books' they are the ledger's, which have no page of their own.
        "accounts" if flow.starts_with("crm.") => contact(go_url, short_code, id),
        "invoices" => invoice(go_url, short_code, id),
        "bills" => bill(go_url, short_code, id),
        "credit_notes" | "credit_allocations" => credit("/AccountsReceivable/ViewCreditNote.aspx"),
        "vendor_credits" | "vendor_credit_allocations" => credit("/AccountsPayable/ViewCreditNote.aspx"),
        "quotes" => in_app(go_url, short_code, &["quotes", "view", id]),
        "purchase_orders" => onward(go_url, short_code, &format!("/Accounts/Payable/PurchaseOrders/View/{id}/")),
        "journals" => classic(go_url, short_code, "/Journal/View.aspx", "invoiceID", id),
        "expenses" | "receipts" | "bank_journals" | "bank_transfers" | "advance_banks" => payment(go_url, short_code, id),
        money if ["payments", "prepayments", "overpayments", "refunds"].iter().any(|end| money.ends_with(end)) => {
            payment(go_url, short_code, id)
        }
        _ => return None,
    })
}

fn in_app(go_url: &Url, short_code: &str, path: &[&str]) -> Url {
    let mut url = at(go_url, "app");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(short_code).extend(path);
    }
    url
}

/// An older address, which signs in to the organisation and then goes on.
fn classic(go_url: &Url, short_code: &str, page: &str, key: &str, id: &str) -> Url {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(key, id).finish();
    onward(go_url, short_code, &format!("{page}?{query}"))
}

fn onward(go_url: &Url, short_code: &str, path: &str) -> Url {
    let mut url = at(go_url, "organisationlogin/default.aspx");
    url.query_pairs_mut().append_pair("shortcode", short_code).append_pair("redirecturl", path);
    url
}

fn escaped(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "bd2270c3-8706-4c11-9cfb-000b551c3f51";

    fn go() -> Url {
        "https://go.xero.com".parse().unwrap()
    }

    #[test]
    fn links_open_the_right_organisation() {
        assert_eq!(contact(&go(), "!mBdtL", ID).as_str(), format!("https://go.xero.com/app/!mBdtL/contacts/contact/{ID}"));
        assert_eq!(
            bill(&go(), "!mBdtL", ID).as_str(),
            format!(
                "https://go.xero.com/organisationlogin/default.aspx?shortcode=%21mBdtL&redirecturl=%2FAccountsPayable%2FEdit.aspx%3FInvoiceID%3D{ID}"
            )
        );
        assert_eq!(contact(&go(), "", ID).as_str(), format!("https://go.xero.com/Contacts/View/{ID}"));
    }

    #[test]
    fn every_kind_that_has_a_page_has_its_link() {
        let link = |flow: &str, id: &str| {
            let url = record(&go(), "!a", flow, id)?;
            let onward = url.query_pairs().find(|(name, _)| name == "redirecturl").map(|(_, path)| path.into_owned());
            Some(onward.unwrap_or_else(|| url.path().to_owned()))
        };
        let inside = format!("{ID}:2");
        let hanging = format!("books.bills/{ID}:receipt.pdf");
        for (flow, id, is) in [
            ("books.vendors", ID, format!("/app/!a/contacts/contact/{ID}")),
            ("crm.accounts", ID, format!("/app/!a/contacts/contact/{ID}")),
            ("books.invoices", ID, format!("/app/!a/invoicing/view/{ID}")),
            ("books.quotes", ID, format!("/app/!a/quotes/view/{ID}")),
            ("books.credit_notes", ID, format!("/AccountsReceivable/ViewCreditNote.aspx?creditNoteID={ID}")),
            ("books.vendor_credit_allocations", &inside, format!("/AccountsPayable/ViewCreditNote.aspx?creditNoteID={ID}")),
            ("books.purchase_orders", ID, format!("/Accounts/Payable/PurchaseOrders/View/{ID}/")),
            ("books.journals", ID, format!("/Journal/View.aspx?invoiceID={ID}")),
            ("books.vendor_advance_refunds", ID, format!("/Bank/ViewTransaction.aspx?bankTransactionID={ID}")),
            ("books.attachments", &hanging, format!("/AccountsPayable/Edit.aspx?InvoiceID={ID}")),
        ] {
            assert_eq!(link(flow, id), Some(is), "{flow}");
        }
        for (flow, id) in
            [("books.taxes", ID), ("books.accounts", ID), ("books.items", ID), ("books.invoices", "zoho:46"), ("x", ID)]
        {
            assert_eq!(link(flow, id), None, "{flow} {id}");
        }
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            contact(&go(), "!a", "../../evil?x").as_str(),
            "https://go.xero.com/app/!a/contacts/contact/..%2F..%2Fevil%3Fx"
        );
        assert_eq!(contact(&go(), "", "../../evil?x").as_str(), "https://go.xero.com/Contacts/View/..%2F..%2Fevil%3Fx");
        assert_eq!(record(&go(), "!a", "books.customers", "../../evil?x"), None);
    }
}
