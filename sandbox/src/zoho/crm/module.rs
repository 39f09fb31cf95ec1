//! The modules of Zoho CRM that the sandbox has, in the words that each of its doors uses for them.

/// Numbers are stored: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Module {
    Leads = 1,
    Accounts = 2,
    Contacts = 3,
    Deals = 4,
    Products = 5,
    Vendors = 6,
    PriceBooks = 7,
    Quotes = 8,
    SalesOrders = 9,
    PurchaseOrders = 10,
    Invoices = 11,
    Notes = 12,
    Attachments = 13,
    /// The rows of Quotes, and so on: modules of their own in the metadata, reachable only through their parents.
    QuotedItems = 21,
    OrderedItems = 22,
    PurchaseItems = 23,
    InvoicedItems = 24,
    PricingDetails = 25,
}

use Module::*;

impl Module {
    pub const ALL: [Self; 18] = [
        Leads,
        Accounts,
        Contacts,
        Deals,
        Products,
        Vendors,
        PriceBooks,
        Quotes,
        SalesOrders,
        PurchaseOrders,
        Invoices,
        Notes,
        Attachments,
        QuotedItems,
        OrderedItems,
        PurchaseItems,
        InvoicedItems,
        PricingDetails,
    ];

    pub fn api_name(self) -> &'static str {
        match self {
            Leads => "Leads",
            Accounts => "Accounts",
            Contacts => "Contacts",
            Deals => "Deals",
            Products => "Products",
            Vendors => "Vendors",
            PriceBooks => "Price_Books",
            Quotes => "Quotes",
            SalesOrders => "Sales_Orders",
            PurchaseOrders => "Purchase_Orders",
            Invoices => "Invoices",
            Notes => "Notes",
            Attachments => "Attachments",
            QuotedItems => "Quoted_Items",
            OrderedItems => "Ordered_Items",
            PurchaseItems => "Purchase_Items",
            InvoicedItems => "Invoiced_Items",
            PricingDetails => "Pricing_Details",
        }
    }

    pub fn named(api_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.api_name() == api_name)
    }

    pub fn numbered(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|module| *module as i64 == number)
    }

    /// A module whose records have an address of their own.
    pub fn of_records(api_name: &str) -> Option<Self> {
        Self::named(api_name).filter(|module| !module.is_rows() && *module != Attachments)
    }

    /// Rows of a subform: no records of their own.
    pub fn is_rows(self) -> bool {
        self >= QuotedItems
    }

    /// `ZohoCRM.modules.<scope>.READ`.
    pub fn scope(self) -> String {
        match self {
            QuotedItems => Quotes.scope(),
            OrderedItems => SalesOrders.scope(),
            PurchaseItems => PurchaseOrders.scope(),
            InvoicedItems => Invoices.scope(),
            PricingDetails => PriceBooks.scope(),
            _ => self.api_name().replace('_', "").to_lowercase(),
        }
    }

    pub fn singular(self) -> String {
        let plural = self.api_name().replace('_', " ");
        plural.strip_suffix('s').unwrap_or(&plural).to_owned()
    }

    /// The field whose value stands for the record in lookups.
    pub fn display_field(self) -> &'static str {
        match self {
            Leads | Contacts => "Full_Name",
            Accounts => "Account_Name",
            Deals => "Deal_Name",
            Products => "Product_Name",
            Vendors => "Vendor_Name",
            PriceBooks => "Price_Book_Name",
            Quotes | SalesOrders | PurchaseOrders | Invoices => "Subject",
            Notes => "Note_Title",
            Attachments => "File_Name",
            QuotedItems | OrderedItems | PurchaseItems | InvoicedItems => "Product_Name",
            PricingDetails => "id",
        }
    }

    /// What an upsert looks for when it is told nothing and no field is unique.
    pub fn duplicate_check_field(self) -> &'static str {
        match self {
            Leads | Contacts => "Email",
            other => other.display_field(),
        }
    }

    /// The subform with the line items, and what its rows are.
    pub fn lines(self) -> Option<(&'static str, Self)> {
        let rows = match self {
            Quotes => QuotedItems,
            SalesOrders => OrderedItems,
            PurchaseOrders => PurchaseItems,
            Invoices => InvoicedItems,
            PriceBooks => PricingDetails,
            _ => return None,
        };
        Some((rows.api_name(), rows))
    }

    pub fn parent(self) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.lines().is_some_and(|(_, rows)| rows == self))
    }

    /// The part of a deep link that names it.
    pub fn tab(self) -> String {
        match self {
            Deals => "Potentials".into(),
            _ => self.api_name().replace('_', ""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for module in Module::ALL {
            assert_eq!(Module::named(module.api_name()), Some(module));
            assert_eq!(Module::numbered(module as i64), Some(module));
            assert_eq!(module.is_rows(), module.parent().is_some());
        }
        assert_eq!(Module::named("contacts"), None);
        assert_eq!(Module::of_records("Invoiced_Items"), None);
        assert_eq!((PurchaseOrders.scope(), InvoicedItems.scope()), ("purchaseorders".into(), "invoices".into()));
        assert_eq!((PriceBooks.singular(), SalesOrders.tab()), ("Price Book".into(), "SalesOrders".into()));
    }
}
