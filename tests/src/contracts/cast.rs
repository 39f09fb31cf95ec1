//! The records that Xero's examples speak of. An example names invoices and contacts by ids of its own; here they are entered first,
//! and the example is sent with the ids that they got.

use std::collections::BTreeMap;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

/// How a record comes about.
enum How {
    /// A person enters it, through the control plane.
    Entered(&'static str),
    /// It is sent to the API.
    Put(&'static str),
    /// It is there already; the first of the list is taken.
    There(&'static str),
}

use How::{Entered, Put, There};

/// A role, how it is filled, and the record. `{role/Field}` in it is a field of another role's record, `#` a number that is new each time.
type Part = (&'static str, How, &'static str);

const LINES: &str = r##"[{"Description": "Strings", "Quantity": 2, "UnitAmount": 250, "AccountCode": "CODE"}]"##;

const TRACKED: &str = r#"{"TrackingCategoryID": "{tracking_category/TrackingCategoryID}", "TrackingOptionID": "{tracking_option/TrackingOptionID}"}"#;

/// Several parts with the same role are tried one after the other.
const PARTS: [Part; 45] = [
    (
        "sales_batch",
        Put("BatchPayments"),
        r##"{"BatchPayments": [{"Account": {"AccountID": "{bank/AccountID}"}, "Date": "2019-03-12", "Reference": "ref",
            "Payments": [{"Invoice": {"InvoiceID": "{sale/InvoiceID}"}, "Amount": {sale/AmountDue}, "Reference": "ref"}]}]}"##,
    ),
    (
        "member",
        Put("ContactGroups/{contact_group/ContactGroupID}/Contacts"),
        r##"{"Contacts": [{"ContactID": "{contact/ContactID}"}]}"##,
    ),
    ("suppliers", There("ContactGroups?where=Name%3D%3D%22Suppliers%22"), ""),
    (
        "contact",
        Entered("Contacts"),
        r##"{"Name": "Liam Gallagher #", "FirstName": "Liam", "LastName": "Gallagher", "EmailAddress": "liam#@rockstar.example",
            "ContactNumber": "C#", "AccountNumber": "A#", "TaxNumber": "12-345-678", "CompanyNumber": "N#",
            "Website": "https://rockstar.example", "Discount": 10,
            "BrandingTheme": {"BrandingThemeID": "{theme/BrandingThemeID}", "Name": "{theme/Name}"},
            "DefaultCurrency": "NZD", "SalesDefaultAccountCode": "200", "PurchasesDefaultAccountCode": "400",
            "AccountsReceivableTaxType": "OUTPUT2", "AccountsPayableTaxType": "INPUT2", "SalesDefaultLineAmountType": "EXCLUSIVE",
            "PurchasesDefaultLineAmountType": "EXCLUSIVE",
            "SalesTrackingCategories": [], "PurchasesTrackingCategories": [], "BankAccountDetails": "12-1234-1234567-00",
            "BatchPayments": {"BankAccountNumber": "12-1234-1234567-00", "BankAccountName": "Gallagher", "Details": "Strings", "Code": "", "Reference": ""},
            "ContactPersons": [{"FirstName": "Debbie", "LastName": "Gwyther", "EmailAddress": "debbie@rockstar.example", "IncludeInEmails": false}],
            "Addresses": [{"AddressType": "POBOX", "AddressLine1": "P O Box 123", "AddressLine2": "Level 2",
                           "AddressLine3": "Courtenay Place", "AddressLine4": "Te Aro", "City": "Wellington", "Region": "Wellington",
                           "PostalCode": "6011", "Country": "New Zealand", "AttentionTo": "Liam"}],
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1111111", "PhoneAreaCode": "04", "PhoneCountryCode": "64"}],
            "PaymentTerms": {"Bills": {"Day": 15, "Type": "OFCURRENTMONTH"}, "Sales": {"Day": 10, "Type": "DAYSAFTERBILLMONTH"}}}"##,
    ),
    ("expense", Put("Accounts"), r##"{"Code": "E#", "Name": "Expense #", "Type": "EXPENSE", "Description": "Hello World"}"##),
    (
        "bruce",
        Entered("Contacts"),
        r##"{"Name": "Bruce Banner", "CompanyNumber": "NumberBusiness1234",
        "SalesDefaultLineAmountType": "INCLUSIVE", "PurchasesDefaultLineAmountType": "INCLUSIVE"}"##,
    ),
    (
        "credit_refund",
        Put("Payments"),
        r##"{"CreditNote": {"CreditNoteID": "{credit_note/CreditNoteID}"}, "Account": {"Code": "090"}, "Amount": 1, "Date": "2019-03-12",
            "Reference": "refund"}"##,
    ),
    (
        "billed_expense",
        Put("LinkedTransactions"),
        r##"{"LinkedTransactions": [{"SourceTransactionID": "{bill/InvoiceID}", "SourceLineItemID": "{bill/LineItems/0/LineItemID}",
            "ContactID": "{contact/ContactID}", "TargetTransactionID": "{sale/InvoiceID}", "TargetLineItemID": "{sale/LineItems/0/LineItemID}"}]}"##,
    ),
    ("unlocked", Entered("Organisation"), r##"{"PeriodLockDate": "2001-03-31", "EndOfYearLockDate": "2001-03-31"}"##),
    ("example_account", There("Accounts?where=Code%3D%3D%22123456%22"), ""),
    (
        "bank",
        Entered("Accounts"),
        r##"{"Code": "B#", "Name": "Bank #", "Type": "BANK", "Status": "ACTIVE", "BankAccountNumber": "12-1234-1234567-#", "BankAccountType": "BANK"}"##,
    ),
    (
        "sale",
        Entered("Invoices"),
        r##"{"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "DueDate": "2019-02-05", "Reference": "Website Design", "LineItems": LINES200}"##,
    ),
    (
        "bill",
        Entered("Invoices"),
        r##"{"Type": "ACCPAY", "Status": "AUTHORISED", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "DueDate": "2019-02-05", "InvoiceNumber": "BILL-#", "LineItems": LINES400}"##,
    ),
    (
        "item_sale",
        Entered("Invoices"),
        r##"{"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "DueDate": "2019-02-05", "Reference": "Website Design", "LineItems": [{"ItemCode": "{item/Code}", "Description": "Fender Strat",
            "Quantity": 1, "UnitAmount": 5000, "AccountCode": "200", "TaxType": "NONE"}]}"##,
    ),
    (
        "settlement",
        Entered("Payments"),
        r##"{"Invoice": {"InvoiceID": "{item_sale/InvoiceID}"}, "Account": {"Code": "090"}, "Amount": 5000, "Date": "2019-03-12",
            "Reference": "settled"}"##,
    ),
    (
        "draft_sale",
        Entered("Invoices"),
        r##"{"Type": "ACCREC", "Status": "SUBMITTED", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "DueDate": "2019-02-05", "LineItems": LINES200}"##,
    ),
    (
        "credit_note",
        Entered("CreditNotes"),
        r##"{"Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "LineItems": LINES200}"##,
    ),
    (
        "supplier_credit",
        Entered("CreditNotes"),
        r##"{"Type": "ACCPAYCREDIT", "Status": "DRAFT", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "LineItems": LINES400}"##,
    ),
    (
        "credit_allocation",
        Put("CreditNotes/{credit_note/CreditNoteID}/Allocations"),
        r##"{"Allocations": [{"Amount": 1, "Date": "2019-03-05", "Invoice": {"InvoiceID": "{sale/InvoiceID}"}}]}"##,
    ),
    (
        "overpayment",
        Entered("BankTransactions"),
        r##"{"Type": "RECEIVE-OVERPAYMENT", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "Reference": "Reference for payment", "LineAmountTypes": "NoTax", "BankAccount": {"Code": "090"},
            "LineItems": [{"Description": "Too much", "Quantity": 1, "UnitAmount": 500, "AccountCode": "610"}]}"##,
    ),
    (
        "overpayment_allocation",
        Put("Overpayments/{overpayment/OverpaymentID}/Allocations"),
        r##"{"Allocations": [{"Amount": 1, "Date": "2019-03-05", "Invoice": {"InvoiceID": "{sale/InvoiceID}"}}]}"##,
    ),
    (
        "prepayment",
        Put("BankTransactions"),
        r##"{"BankTransactions": [{"Type": "RECEIVE-PREPAYMENT", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-01-05",
            "BankAccount": {"Code": "090"}, "LineItems": LINES200}]}"##,
    ),
    (
        "prepayment_allocation",
        Put("Prepayments/{prepayment/PrepaymentID}/Allocations"),
        r##"{"Allocations": [{"Amount": 1, "Date": "2019-03-05", "Invoice": {"InvoiceID": "{sale/InvoiceID}"}}]}"##,
    ),
    (
        "payment",
        Entered("Payments"),
        r##"{"Invoice": {"InvoiceID": "{sale/InvoiceID}"}, "Account": {"Code": "090"}, "Amount": 100, "Date": "2019-03-12",
            "Reference": "in part"}"##,
    ),
    (
        "batch_payment",
        Put("BatchPayments"),
        r##"{"BatchPayments": [{"Account": {"AccountID": "{bank/AccountID}"}, "Date": "2019-03-12", "Reference": "ref",
            "Payments": [{"Invoice": {"InvoiceID": "{bill/InvoiceID}"}, "Amount": 100, "Reference": "ref"}]}]}"##,
    ),
    (
        "bank_transaction",
        Entered("BankTransactions"),
        r##"{"Type": "SPEND", "Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-02-25", "Reference": "ref #",
            "BankAccount": {"Code": "088"}, "LineItems": LINES400}"##,
    ),
    (
        "bank_transfer",
        Put("BankTransfers"),
        r##"{"BankTransfers": [{"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "088"}, "Amount": 50, "Date": "2019-02-25",
            "FromTracking": [TRACKED], "ToTracking": [TRACKED]}]}"##,
    ),
    (
        "manual_journal",
        Entered("ManualJournals"),
        r##"{"Narration": "Journal #", "Date": "2019-03-14", "JournalLines": [{"LineAmount": 100, "AccountCode": "400", "Description": "to"},
            {"LineAmount": -100, "AccountCode": "404", "Description": "from"}]}"##,
    ),
    (
        "quote",
        Entered("Quotes"),
        r##"{"Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2020-02-01", "ExpiryDate": "2020-02-15",
            "LineItems": [{"ItemCode": "{item/Code}", "Description": "Strings", "Quantity": 2, "UnitAmount": 250, "AccountCode": "200",
                           "DiscountRate": 10, "Tracking": [TRACKED]}],
            "Title": "A quote", "Summary": "In short", "Terms": "Cash", "Reference": "MyQuote",
            "BrandingThemeID": "{theme/BrandingThemeID}"}"##,
    ),
    (
        "purchase_order",
        Entered("PurchaseOrders"),
        r##"{"Contact": {"ContactID": "{contact/ContactID}"}, "Date": "2019-03-13", "DeliveryDate": "2019-03-20",
            "LineItems": [{"ItemCode": "{item/Code}", "Description": "Strings", "Quantity": 2, "UnitAmount": 250, "AccountCode": "400",
                           "DiscountRate": 10, "Tracking": [TRACKED]}],
            "Reference": "Order", "BrandingThemeID": "{theme/BrandingThemeID}", "DeliveryAddress": "1 Quay Street",
            "AttentionTo": "Jane", "Telephone": "1234", "DeliveryInstructions": "At the door"}"##,
    ),
    (
        "repeating_invoice",
        Entered("RepeatingInvoices"),
        r##"{"Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": "{contact/ContactID}"}, "LineItems": LINES200,
            "Reference": "[Week]", "Schedule": {"Period": 1, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH",
            "StartDate": "2030-01-01", "EndDate": "2031-01-01"}}"##,
    ),
    (
        "item",
        Entered("Items"),
        r##"{"Code": "I#", "Name": "Guitar #", "Description": "Fender Strat", "PurchaseDescription": "Brand new",
            "PurchaseDetails": {"UnitPrice": 2500, "AccountCode": "300", "TaxType": "INPUT2"},
            "SalesDetails": {"UnitPrice": 5000, "AccountCode": "200", "TaxType": "OUTPUT2"}}"##,
    ),
    (
        "tracked_item",
        Entered("Items"),
        r##"{"Code": "T#", "Name": "Tracked guitar #", "Description": "Fender Strat",
            "PurchaseDescription": "Brand new", "InventoryAssetAccountCode": "140",
            "PurchaseDetails": {"UnitPrice": 2500, "COGSAccountCode": "500", "TaxType": "INPUT2"},
            "SalesDetails": {"UnitPrice": 5000, "AccountCode": "200", "TaxType": "OUTPUT2"}}"##,
    ),
    ("tracking_category", There("TrackingCategories?where=Status%3D%3D%22ACTIVE%22"), ""),
    ("tracking_option", Put("TrackingCategories/{tracking_category/TrackingCategoryID}/Options"), r##"{"Name": "North #"}"##),
    ("spare_option", Put("TrackingCategories/{tracking_category/TrackingCategoryID}/Options"), r##"{"Name": "South #"}"##),
    // What an example has made is used up by another.
    ("spare_category", There("TrackingCategories?where=Name%3D%3D%22FooBar%22"), ""),
    ("example_item", There("Items?where=Code%3D%3D%22ItemCode123%22"), ""),
    ("contact_group", Put("ContactGroups"), r##"{"ContactGroups": [{"Name": "Group #"}]}"##),
    (
        "linked_transaction",
        Put("LinkedTransactions"),
        r##"{"LinkedTransactions": [{"SourceTransactionID": "{bill/InvoiceID}", "SourceLineItemID": "{bill/LineItems/0/LineItemID}",
            "ContactID": "{contact/ContactID}"}]}"##,
    ),
    ("user", There("Users"), ""),
    ("theme", There("BrandingThemes"), ""),
    ("journal", There("Journals"), ""),
    ("organisation", There("Organisation"), ""),
    ("receivables", There("Accounts?where=SystemAccount%3D%3D%22DEBTORS%22"), ""),
];

/// Filled once for all examples: no example changes them, and tracking categories are few.
const SHARED: [&str; 8] =
    ["tracking_category", "tracking_option", "tracking_option_2", "user", "theme", "journal", "organisation", "receivables"];

/// Accounts that the examples name by code and that the planted chart does not have.
const ACCOUNTS: [(&str, &str); 6] =
    [("000", "EXPENSE"), ("001", "BANK"), ("088", "BANK"), ("140", "INVENTORY"), ("500", "DIRECTCOSTS"), ("12775", "REVENUE")];

/// Talks to the sandbox, and knows who plays what.
pub struct Cast {
    http: Client,
    base: Url,
    tenant: String,
    token: String,
    shared: BTreeMap<String, Value>,
    scene: BTreeMap<String, Value>,
    count: u32,
}

impl Cast {
    /// Enters the accounts that examples name, and pays for everything that an app can have.
    pub async fn new(http: Client, base: Url, tenant: String, token: String) -> Self {
        let cast = Self { http, base, tenant, token, shared: BTreeMap::new(), scene: BTreeMap::new(), count: 100 };
        let app = cast.base.join("/_sandbox/xero/app").expect("an address");
        cast.http.post(app).json(&json!({"tier": "advanced"})).send().await.expect("the control plane");
        for (code, kind) in ACCOUNTS {
            let account = json!({"Code": code, "Name": format!("Account {code}"), "Type": kind, "Status": "ACTIVE", "BankAccountNumber": code});
            cast.entered("Accounts", &account).await;
        }
        cast
    }

    /// Another example begins: records of the last one are used up.
    pub fn next_scene(&mut self) {
        self.scene.clear();
    }

    /// The text with every `{role/Field}` replaced; a role that cannot be filled has an id that nobody knows.
    pub async fn filled(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let named = after.split_once('}').filter(|(name, _)| {
                name.contains('/') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'/')
            });
            let Some((name, after)) = named else {
                filled.push_str(before);
                filled.push('{');
                rest = after;
                continue;
            };
            filled.push_str(before);
            filled.push_str(&Box::pin(self.field(name)).await);
            rest = after;
        }
        filled + rest
    }

    /// `contact/ContactID`.
    async fn field(&mut self, name: &str) -> String {
        let (role, pointer) = name.split_once('/').expect("a role and a field");
        let record = self.record(role).await;
        match record.pointer(&format!("/{pointer}")) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => Uuid::from_u128(u128::from(self.number())).to_string(),
        }
    }

    async fn record(&mut self, role: &str) -> Value {
        let shared = SHARED.contains(&role);
        if let Some(known) = if shared { self.shared.get(role) } else { self.scene.get(role) } {
            return known.clone();
        }
        let part = role.trim_end_matches("_2");
        let mut record = Value::Null;
        for (_, how, body) in PARTS.iter().filter(|(known, ..)| *known == part) {
            let lines = |code: &str| LINES.replace("CODE", code);
            let body = body
                .replace('#', &self.number().to_string())
                .replace("LINES200", &lines("200"))
                .replace("LINES400", &lines("400"))
                .replace("TRACKED", TRACKED);
            let body = self.filled(&body).await;
            let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_str(&body).expect("a part is JSON") };
            record = match how {
                Entered(list) => self.entered(list, &body).await,
                Put(path) => {
                    let path = self.filled(path).await;
                    first_record(self.request_json(Method::PUT, &path, &body).await)
                }
                There(path) => first_record(self.request_json(Method::GET, path, &Value::Null).await),
            };
            if !record.is_null() {
                break;
            }
        }
        let kept = if shared { &mut self.shared } else { &mut self.scene };
        kept.insert(role.to_owned(), record.clone());
        record
    }

    fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    async fn entered(&self, list: &str, record: &Value) -> Value {
        let url = self.base.join(&format!("/_sandbox/xero/{}/{list}", self.tenant)).expect("an address");
        let answer = self.http.post(url).json(record).send().await.expect("the control plane");
        if answer.status() != StatusCode::OK {
            println!("  not entered in {list}: {}", answer.text().await.unwrap_or_default());
            return Value::Null;
        }
        let mut records: Value = answer.json().await.unwrap_or_default();
        records.get_mut(0).map(Value::take).unwrap_or_default()
    }

    async fn request_json(&self, method: Method, path: &str, body: &Value) -> Value {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the sandbox");
        if answer.status() != StatusCode::OK {
            println!("  not entered at {path}: {}", answer.text().await.unwrap_or_default());
            return Value::Null;
        }
        answer.json().await.unwrap_or_default()
    }

    /// A call of the Accounting API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.base.join(&format!("/xero/api/api.xro/2.0/{path}")).expect("an address");
        self.http
            .request(method, url)
            .bearer_auth(&self.token)
            .header("xero-tenant-id", &self.tenant)
            .header("accept", "application/json")
    }
}

/// The first element of the list in an answer.
fn first_record(mut answer: Value) -> Value {
    let list = answer.as_object_mut().and_then(|fields| fields.values_mut().find(|value| value.is_array()));
    list.and_then(|list| list.get_mut(0)).map(Value::take).unwrap_or_default()
}
