//! Addresses of records in Zoho's own screens, for each product and data centre.

use url::Url;

use crate::http::at;

/// The page of a flow's record, where its product has one: `https://books.zoho.eu/app/<organisation>#/contacts/<id>`. `web`: where Zoho
/// Books' screens are in this data centre. For CRM the organisation is its `zgid`.
pub fn record(web: &Url, organization_id: &str, flow: &str, id: &str) -> Option<Url> {
    let (product, kind) = flow.split_once('.')?;
    // Only what an id of Zoho's can be becomes part of an address.
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if product == "crm" {
        let mut url = at(&of_product(web, "crm"), "crm");
        url.path_segments_mut().ok()?.push(&format!("org{organization_id}")).push("tab").push(tab(kind)?).push(id);
        return Some(url);
    }
    page(web, organization_id, product, &format!("{}/{id}", place(product, kind)?))
}

/// The page on which a person looks for records of a flow, or the organisation's own.
pub fn list(web: &Url, organization_id: &str, flow: &str) -> Option<Url> {
    let (product, kind) = flow.split_once('.')?;
    if product == "crm" {
        let mut url = at(&of_product(web, "crm"), "crm");
        url.path_segments_mut().ok()?.push(&format!("org{organization_id}")).push("tab").push(tab(kind)?);
        return Some(url);
    }
    match place(product, kind) {
        Some(place) => page(web, organization_id, product, place),
        None => page(web, organization_id, product, "home"),
    }
}

fn page(web: &Url, organization_id: &str, product: &str, place: &str) -> Option<Url> {
    let mut url = at(&of_product(web, product), "app");
    url.path_segments_mut().ok()?.push(organization_id);
    url.set_fragment(Some(&format!("/{place}")));
    Some(url)
}

/// Where another product's screens are: each has a host of its own beside that of Books, in every data centre.
fn of_product(web: &Url, product: &str) -> Url {
    let mut url = web.clone();
    let label = super::product(product).map_or(product, |product| product.web);
    if let Some(rest) = web.host_str().and_then(|host| host.strip_prefix("books.")).map(str::to_owned) {
        // A host that was one stays one with another first word.
        let _ = url.set_host(Some(&format!("{label}.{rest}")));
    }
    url
}

/// What the finance products call a list in their addresses. Books' and Inventory's are seen in public code; those of Invoice, Billing
/// and Expense are formed after them.
fn place(product: &str, kind: &str) -> Option<&'static str> {
    let has_ledger = product == "books";
    let buys = matches!(product, "books" | "inventory");
    Some(match kind {
        "customers" if product == "billing" => "customers",
        "customers" if product != "expense" => "contacts",
        "vendors" if buys => "contacts",
        "items" if buys => "inventory/items",
        "items" if product == "invoice" => "items",
        "quotes" if product != "expense" && product != "inventory" => "quotes",
        "invoices" if product != "expense" => "invoices",
        "credit_notes" if product != "expense" => "creditnotes",
        "customer_payments" if product == "billing" => "payments",
        "customer_payments" | "customer_prepayments" | "customer_overpayments" if product != "expense" => "paymentsreceived",
        "sales_orders" if buys => "salesorders",
        "purchase_orders" if buys => "purchaseorders",
        "bills" if buys => "bills",
        "vendor_credits" if buys => "vendorcredits",
        "vendor_payments" | "vendor_prepayments" | "vendor_overpayments" if has_ledger => "paymentsmade",
        "recurring_invoices" if product != "expense" && product != "inventory" => "recurringinvoices",
        "recurring_bills" if has_ledger => "recurringbills",
        "expenses" if product != "inventory" => "expenses",
        "journals" | "bank_journals" if has_ledger => "accountant/journals",
        "accounts" if has_ledger => "accountant/chartofaccounts",
        _ => return None,
    })
}

/// CRM's tabs are named as its modules are.
fn tab(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "accounts" | "customers" => "Accounts",
        "contacts" | "persons" => "Contacts",
        "vendors" => "Vendors",
        "products" | "items" => "Products",
        "quotes" => "Quotes",
        "sales_orders" => "SalesOrders",
        "purchase_orders" => "PurchaseOrders",
        "invoices" => "Invoices",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_names_the_organisation_and_the_record() {
        let link = |flow| record(&web("https://books.zoho.eu"), "10234695", flow, "460000000026049").map(String::from);
        assert_eq!(link("books.customers").unwrap(), "https://books.zoho.eu/app/10234695#/contacts/460000000026049");
        assert_eq!(link("books.invoices").unwrap(), "https://books.zoho.eu/app/10234695#/invoices/460000000026049");
        assert_eq!(link("books.journals").unwrap(), "https://books.zoho.eu/app/10234695#/accountant/journals/460000000026049");
        assert_eq!(link("books.currencies"), None);
    }

    #[test]
    fn every_product_has_a_host_of_its_own_in_every_data_centre() {
        let link = |centre: &str, flow| record(&web(centre), "7", flow, "46").map(String::from);
        for (centre, flow, is) in [
            ("https://books.zoho.com", "inventory.items", "https://inventory.zoho.com/app/7#/inventory/items/46"),
            ("https://books.zoho.com.au", "invoice.customers", "https://invoice.zoho.com.au/app/7#/contacts/46"),
            ("https://books.zohocloud.ca", "billing.customers", "https://billing.zohocloud.ca/app/7#/customers/46"),
            ("https://books.zoho.in", "expense.expenses", "https://expense.zoho.in/app/7#/expenses/46"),
            ("https://books.zoho.eu", "crm.accounts", "https://crm.zoho.eu/crm/org7/tab/Accounts/46"),
            // A sandbox has all of them on one host.
            ("http://127.0.0.1:9/zoho/eu/web", "books.bills", "http://127.0.0.1:9/zoho/eu/web/app/7#/bills/46"),
            ("http://127.0.0.1:9/zoho/eu/web", "crm.quotes", "http://127.0.0.1:9/zoho/eu/web/crm/org7/tab/Quotes/46"),
        ] {
            assert_eq!(link(centre, flow).as_deref(), Some(is));
        }
        // What a product does not have has no page there.
        for flow in ["inventory.journals", "invoice.bills", "expense.customers", "billing.vendors", "crm.payments", "books"] {
            assert_eq!(link("https://books.zoho.com", flow), None, "{flow}");
        }
    }

    #[test]
    fn only_an_id_of_zohos_becomes_part_of_an_address() {
        for id in ["", "1/../2", "1#x", "46?a", "zoho:46", "４６"] {
            assert_eq!(record(&web("https://books.zoho.eu"), "7", "books.invoices", id), None, "{id}");
        }
    }

    #[test]
    fn a_list_is_where_a_person_looks() {
        let list = |flow| list(&web("https://books.zoho.eu"), "7", flow).map(String::from);
        assert_eq!(list("books.vendors").unwrap(), "https://books.zoho.eu/app/7#/contacts");
        assert_eq!(list("books.currencies").unwrap(), "https://books.zoho.eu/app/7#/home");
        assert_eq!(list("crm.quotes").unwrap(), "https://crm.zoho.eu/crm/org7/tab/Quotes");
        assert_eq!(list("crm.payments"), None);
    }
}
