//! The fields that every organisation's standard layouts have, one a line: `api_name[*] kind [length | Module | choices]`.
//! A star marks what the system makes mandatory; a minus what the API cannot write.

use std::sync::LazyLock;

use super::field::{Field, Kind};
use super::module::Module;

/// The standard fields of one module, in the order of its layout.
pub fn fields(module: Module) -> &'static [Field] {
    static ALL: LazyLock<Vec<(Module, Vec<Field>)>> =
        LazyLock::new(|| Module::ALL.into_iter().map(|module| (module, read(module))).collect());
    ALL.iter().find(|(of, _)| *of == module).map_or(&[], |(_, fields)| fields)
}

fn read(module: Module) -> Vec<Field> {
    let common = if module.is_rows() { ROWS_COMMON } else { COMMON };
    let mut lines: Vec<&str> =
        text(module).lines().chain(common.lines()).map(str::trim).filter(|line| !line.is_empty()).collect();
    if matches!(module, Module::Notes | Module::Attachments) {
        lines.retain(|line| !line.starts_with("Tag ") && !line.starts_with("Description"));
    }
    lines.into_iter().filter_map(line).collect()
}

fn line(line: &str) -> Option<Field> {
    let mut words = line.splitn(3, ' ');
    let (name, kind, rest) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let mandatory = name.ends_with('*');
    let read_only = name.ends_with('-');
    let name = name.trim_end_matches(['*', '-']);
    let kind = Kind::named(kind)?;
    let mut field = Field::standard(name, kind);
    field.mandatory = mandatory;
    field.read_only = read_only || kind == Kind::Autonumber;
    match kind {
        Kind::Lookup | Kind::Subform => field.to = Some(Module::named(rest)?),
        Kind::Picklist | Kind::MultiPicklist => field.values = choices(rest),
        _ if !rest.is_empty() => field.length = rest.parse().ok()?,
        _ => {}
    }
    Some(field)
}

fn choices(text: &str) -> Vec<String> {
    text.split('|').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn text(module: Module) -> &'static str {
    match module {
        Module::Leads => LEADS,
        Module::Accounts => ACCOUNTS,
        Module::Contacts => CONTACTS,
        Module::Deals => DEALS,
        Module::Products => PRODUCTS,
        Module::Vendors => VENDORS,
        Module::PriceBooks => PRICE_BOOKS,
        Module::Quotes => QUOTES,
        Module::SalesOrders => SALES_ORDERS,
        Module::PurchaseOrders => PURCHASE_ORDERS,
        Module::Invoices => INVOICES,
        Module::Notes => NOTES,
        Module::Attachments => ATTACHMENTS,
        Module::PricingDetails => "from_range double\nto_range double\ndiscount double",
        Module::QuotedItems | Module::OrderedItems | Module::PurchaseItems | Module::InvoicedItems => ITEMS,
    }
}

const COMMON: &str = "
    Description textarea 32000
    Owner ownerlookup
    Created_By- ownerlookup
    Modified_By- ownerlookup
    Created_Time- datetime
    Modified_Time- datetime
    Tag tags
    Record_Status__s- text
    Locked__s- boolean";

const ROWS_COMMON: &str = "
    Created_Time- datetime
    Modified_Time- datetime";

const LEADS: &str = "
    Company* text 200
    First_Name text 40
    Last_Name* text 80
    Full_Name- text 120
    Salutation picklist Mr.|Mrs.|Ms.|Dr.|Prof.
    Designation text 100
    Email email 100
    Secondary_Email email 100
    Phone phone 30
    Mobile phone 30
    Fax phone 30
    Website website 255
    Lead_Source picklist Advertisement|Cold Call|Employee Referral|External Referral|Online Store|Partner|Trade Show|Web Research|Chat
    Lead_Status picklist Attempted to Contact|Contact in Future|Contacted|Junk Lead|Lost Lead|Not Contacted|Pre-Qualified|Not Qualified
    Industry picklist ASP|Data/Telecom OEM|ERP|Government/Military|Large Enterprise|ManagementISV|MSP|Small/Medium Enterprise|Wholesale|Retail
    Rating picklist Acquired|Active|Market Failed|Project Cancelled|Shut Down
    No_of_Employees integer 9
    Annual_Revenue currency 16
    Email_Opt_Out boolean
    Skype_ID text 50
    Twitter text 50
    Street text 250
    City text 100
    State text 100
    Zip_Code text 30
    Country text 100
    Last_Activity_Time- datetime";

const ACCOUNTS: &str = "
    Account_Name* text 200
    Account_Number bigint 18
    Account_Site text 80
    Account_Type picklist Analyst|Competitor|Customer|Distributor|Integrator|Investor|Other|Partner|Press|Prospect|Reseller|Supplier|Vendor
    Parent_Account lookup Accounts
    Industry picklist ASP|Data/Telecom OEM|ERP|Government/Military|Large Enterprise|ManagementISV|MSP|Small/Medium Enterprise|Wholesale|Retail
    Ownership picklist Other|Private|Public|Subsidiary|Partnership|Government|Privately Held|Public Company
    Rating picklist Acquired|Active|Market Failed|Project Cancelled|Shut Down
    Website website 255
    Phone phone 30
    Fax phone 30
    Employees integer 9
    Annual_Revenue currency 16
    SIC_Code integer 9
    Ticker_Symbol text 30
    Currency picklist
    Exchange_Rate double 16
    Billing_Street text 250
    Billing_City text 100
    Billing_State text 100
    Billing_Code text 30
    Billing_Country text 100
    Shipping_Street text 250
    Shipping_City text 100
    Shipping_State text 100
    Shipping_Code text 30
    Shipping_Country text 100
    Last_Activity_Time- datetime
    Change_Log_Time__s- datetime";

const CONTACTS: &str = "
    First_Name text 40
    Last_Name* text 80
    Full_Name- text 120
    Salutation picklist Mr.|Mrs.|Ms.|Dr.|Prof.
    Account_Name lookup Accounts
    Vendor_Name lookup Vendors
    Reporting_To lookup Contacts
    Email email 100
    Secondary_Email email 100
    Phone phone 50
    Mobile phone 30
    Home_Phone phone 30
    Other_Phone phone 30
    Asst_Phone phone 30
    Assistant text 50
    Fax phone 30
    Title text 100
    Department text 50
    Date_of_Birth date
    Lead_Source picklist Advertisement|Cold Call|Employee Referral|External Referral|Online Store|Partner|Trade Show|Web Research|Chat
    Email_Opt_Out boolean
    Skype_ID text 50
    Twitter text 50
    Mailing_Street text 250
    Mailing_City text 100
    Mailing_State text 100
    Mailing_Zip text 30
    Mailing_Country text 100
    Other_Street text 250
    Other_City text 100
    Other_State text 100
    Other_Zip text 30
    Other_Country text 100
    Last_Activity_Time- datetime
    Change_Log_Time__s- datetime";

const DEALS: &str = "
    Deal_Name* text 120
    Stage* picklist Qualification|Needs Analysis|Value Proposition|Identify Decision Makers|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost
    Pipeline picklist Standard (Standard)
    Closing_Date date
    Amount currency 16
    Probability integer 9
    Expected_Revenue- currency 16
    Account_Name lookup Accounts
    Contact_Name lookup Contacts
    Type picklist Existing Business|New Business
    Lead_Source picklist Advertisement|Cold Call|Employee Referral|External Referral|Online Store|Partner|Trade Show|Web Research|Chat
    Next_Step text 100
    Currency picklist
    Exchange_Rate double 16
    Last_Activity_Time- datetime
    Change_Log_Time__s- datetime";

const PRODUCTS: &str = "
    Product_Name* text 200
    Product_Code text 100
    Product_Category picklist Hardware|Software|CRM Applications
    Product_Active boolean
    Vendor_Name lookup Vendors
    Manufacturer picklist AltvetPet Inc.|LexPon Inc.|MetBeat Corp.
    Unit_Price currency 16
    Commission_Rate currency 16
    Tax producttax
    Taxable boolean
    Usage_Unit picklist Box|Carton|Dozen|Each|Hours|Impressions|Lb|M|Pack|Pages|Pieces|Quantity|Reams|Sheet|Spiral Binder|Square Feet
    Qty_in_Stock double 16
    Qty_Ordered double 16
    Qty_in_Demand double 16
    Reorder_Level double 16
    Handler userlookup
    Sales_Start_Date date
    Sales_End_Date date
    Support_Start_Date date
    Support_Expiry_Date date";

const VENDORS: &str = "
    Vendor_Name* text 200
    Email email 100
    Phone phone 30
    Website website 255
    GL_Account picklist Sales-Software|Sales-Hardware|Rental-Income|Interest-Income|Sales-Software Support|Sales-Other|Interest Sales|Service-Hardware Labor
    Category text 50
    Email_Opt_Out boolean
    Street text 250
    City text 100
    State text 100
    Zip_Code text 30
    Country text 100";

const PRICE_BOOKS: &str = "
    Price_Book_Name* text 120
    Active boolean
    Pricing_Model picklist Flat|Differential
    Pricing_Details subform Pricing_Details";

const QUOTES: &str = "
    Subject* text 120
    Quote_Number autonumber
    Quote_Stage picklist Draft|Negotiation|Delivered|On Hold|Confirmed|Closed Won|Closed Lost
    Deal_Name lookup Deals
    Contact_Name lookup Contacts
    Account_Name* lookup Accounts
    Valid_Till date
    Team text 50
    Carrier picklist FedEX|UPS|USPS|DHL|BlueDart
    Currency picklist
    Exchange_Rate double 16
    Quoted_Items* subform Quoted_Items
    Sub_Total- currency 16
    Discount currency 16
    Tax currency 16
    Adjustment currency 16
    Grand_Total- currency 16
    Terms_and_Conditions textarea 32000
    Billing_Street text 250
    Billing_City text 100
    Billing_State text 100
    Billing_Code text 30
    Billing_Country text 100
    Shipping_Street text 250
    Shipping_City text 100
    Shipping_State text 100
    Shipping_Code text 30
    Shipping_Country text 100";

const SALES_ORDERS: &str = "
    Subject* text 120
    SO_Number autonumber
    Status picklist Created|Approved|Delivered|Cancelled
    Customer_No text 30
    Deal_Name lookup Deals
    Quote_Name lookup Quotes
    Contact_Name lookup Contacts
    Account_Name* lookup Accounts
    Purchase_Order text 100
    Due_Date date
    Pending text 50
    Carrier picklist FedEX|UPS|USPS|DHL|BlueDart
    Excise_Duty currency 16
    Sales_Commission currency 16
    Currency picklist
    Exchange_Rate double 16
    Ordered_Items* subform Ordered_Items
    Sub_Total- currency 16
    Discount currency 16
    Tax currency 16
    Adjustment currency 16
    Grand_Total- currency 16
    Terms_and_Conditions textarea 32000
    Billing_Street text 250
    Billing_City text 100
    Billing_State text 100
    Billing_Code text 30
    Billing_Country text 100
    Shipping_Street text 250
    Shipping_City text 100
    Shipping_State text 100
    Shipping_Code text 30
    Shipping_Country text 100";

const PURCHASE_ORDERS: &str = "
    Subject* text 120
    PO_Number text 100
    Vendor_Name* lookup Vendors
    Requisition_No text 30
    Tracking_Number text 30
    Contact_Name lookup Contacts
    PO_Date date
    Due_Date date
    Status picklist Created|Approved|Delivered|Cancelled
    Carrier picklist FedEX|UPS|USPS|DHL|BlueDart
    Excise_Duty currency 16
    Sales_Commission currency 16
    Currency picklist
    Exchange_Rate double 16
    Purchase_Items* subform Purchase_Items
    Sub_Total- currency 16
    Discount currency 16
    Tax currency 16
    Adjustment currency 16
    Grand_Total- currency 16
    Terms_and_Conditions textarea 32000
    Billing_Street text 250
    Billing_City text 100
    Billing_State text 100
    Billing_Code text 30
    Billing_Country text 100
    Shipping_Street text 250
    Shipping_City text 100
    Shipping_State text 100
    Shipping_Code text 30
    Shipping_Country text 100";

const INVOICES: &str = "
    Subject* text 120
    Invoice_Number autonumber
    Sales_Order lookup Sales_Orders
    Invoice_Date date
    Due_Date date
    Status picklist Created|Approved|Delivered|Cancelled|Paid
    Purchase_Order text 100
    Contact_Name lookup Contacts
    Account_Name* lookup Accounts
    Deal_Name lookup Deals
    Excise_Duty currency 16
    Sales_Commission currency 16
    Currency picklist
    Exchange_Rate double 16
    Invoiced_Items* subform Invoiced_Items
    Sub_Total- currency 16
    Discount currency 16
    Tax currency 16
    Adjustment currency 16
    Grand_Total- currency 16
    Terms_and_Conditions textarea 32000
    Billing_Street text 250
    Billing_City text 100
    Billing_State text 100
    Billing_Code text 30
    Billing_Country text 100
    Shipping_Street text 250
    Shipping_City text 100
    Shipping_State text 100
    Shipping_Code text 30
    Shipping_Country text 100";

const NOTES: &str = "
    Note_Title text 120
    Note_Content textarea 32000
    Parent_Id* parent
    Associated_Id__s- text";

const ATTACHMENTS: &str = "
    File_Name* text 255
    Size- bigint 18
    Parent_Id* parent";

const ITEMS: &str = "
    Product_Name* lookup Products
    Quantity* double 16
    List_Price currency 16
    Discount discount
    Description textarea 2000
    Price_Book_Name lookup Price_Books
    Line_Tax linetax
    Tax- currency 16
    Total- currency 16
    Total_After_Discount- currency 16
    Net_Total- currency 16
    Sequence_Number- integer 9";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        for module in Module::ALL {
            let written = text(module).lines().filter(|line| !line.trim().is_empty()).count();
            let common = fields(module).iter().filter(|field| COMMON.contains(&*field.api_name)).count();
            assert!(fields(module).len() >= written, "{module:?}");
            assert!(common > 0 && fields(module).len() < 1000, "{module:?}");
            let mut names: Vec<_> = fields(module).iter().map(|field| &field.api_name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), fields(module).len(), "{module:?}");
        }
    }

    #[test]
    fn lookups_and_line_items_know_their_modules() {
        let find = |module, name: &str| fields(module).iter().find(|field| field.api_name == name).unwrap();
        assert_eq!(find(Module::Contacts, "Account_Name").to, Some(Module::Accounts));
        assert_eq!(find(Module::Invoices, "Invoiced_Items").to, Some(Module::InvoicedItems));
        assert!(find(Module::Contacts, "Last_Name").mandatory);
        assert!(find(Module::Invoices, "Grand_Total").read_only);
        assert_eq!(find(Module::Leads, "Last_Name").length, 80);
    }
}
