//! Xero's examples of requests and answers, sent to the sandbox: each has to be accepted and answered in the example's shape.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Map, Value};

use super::cast::Cast;
use super::schema::kind_of;

/// What stands for a parameter of a path.
const PATH: [(&str, &str); 31] = [
    ("AccountID", "{expense/AccountID}"),
    ("AttachmentID", "{attachment/AttachmentID}"),
    ("BankTransactionID", "{bank_transaction/BankTransactionID}"),
    ("BankTransferID", "{bank_transfer/BankTransferID}"),
    ("BatchPaymentID", "{batch_payment/BatchPaymentID}"),
    ("BrandingThemeID", "{theme/BrandingThemeID}"),
    ("BudgetID", "{budget/BudgetID}"),
    ("ContactGroupID", "{contact_group/ContactGroupID}"),
    ("ContactID", "{contact/ContactID}"),
    ("ContactNumber", "{contact/ContactNumber}"),
    ("CreditNoteID", "{credit_note/CreditNoteID}"),
    ("ExpenseClaimID", "{expense_claim/ExpenseClaimID}"),
    ("FileName", "sample5.jpg"),
    ("InvoiceID", "{sale/InvoiceID}"),
    ("ItemID", "{item/ItemID}"),
    ("JournalID", "{journal/JournalID}"),
    ("JournalNumber", "{journal/JournalNumber}"),
    ("LinkedTransactionID", "{linked_transaction/LinkedTransactionID}"),
    ("ManualJournalID", "{manual_journal/ManualJournalID}"),
    ("OrganisationID", "{organisation/OrganisationID}"),
    ("OverpaymentID", "{overpayment/OverpaymentID}"),
    ("PaymentID", "{payment/PaymentID}"),
    ("PrepaymentID", "{prepayment/PrepaymentID}"),
    ("PurchaseOrderID", "{purchase_order/PurchaseOrderID}"),
    ("PurchaseOrderNumber", "{purchase_order/PurchaseOrderNumber}"),
    ("QuoteID", "{quote/QuoteID}"),
    ("ReceiptID", "{receipt/ReceiptID}"),
    ("RepeatingInvoiceID", "{repeating_invoice/RepeatingInvoiceID}"),
    ("TaxType", "INPUT2"),
    ("TrackingCategoryID", "{tracking_category/TrackingCategoryID}"),
    ("TrackingOptionID", "{tracking_option/TrackingOptionID}"),
];

/// Where an operation means another record than its parameter or field usually does.
const ELSEWHERE: [(&str, &str, &str); 19] = [
    ("POST /ContactGroups/{ContactGroupID}", "ContactGroupID", "{suppliers/ContactGroupID}"),
    ("POST /Accounts/{AccountID}", "AccountID", "{example_account/AccountID}"),
    ("GET /BankTransactions/{BankTransactionID}", "BankTransactionID", "{prepayment/BankTransactionID}"),
    ("GET /CreditNotes/{CreditNoteID}", "CreditNoteID", "{credit_refund/Invoice/InvoiceID}"),
    ("GET /LinkedTransactions/{LinkedTransactionID}", "LinkedTransactionID", "{billed_expense/LinkedTransactionID}"),
    ("GET /Payments/{PaymentID}", "PaymentID", "{sales_batch/Payments/0/PaymentID}"),
    ("POST /Items/{ItemID}", "ItemID", "{example_item/ItemID}"),
    ("DELETE /TrackingCategories/{TrackingCategoryID}", "TrackingCategoryID", "{spare_category/TrackingCategoryID}"),
    (
        "DELETE /TrackingCategories/{TrackingCategoryID}/Options/{TrackingOptionID}",
        "TrackingOptionID",
        "{spare_option/TrackingOptionID}",
    ),
    ("GET /Invoices/{InvoiceID}", "InvoiceID", "{settlement/Invoice/InvoiceID}"),
    ("GET /Items/{ItemID}", "ItemID", "{tracked_item/ItemID}"),
    ("PUT /BatchPayments", "InvoiceID", "{bill/InvoiceID}"),
    ("POST /Invoices/{InvoiceID}", "InvoiceID", "{draft_sale/InvoiceID}"),
    ("POST /CreditNotes/{CreditNoteID}", "CreditNoteID", "{supplier_credit/CreditNoteID}"),
    ("DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}", "AllocationID", "{credit_allocation/AllocationID}"),
    ("DELETE /Overpayments/{OverpaymentID}/Allocations/{AllocationID}", "AllocationID", "{overpayment_allocation/AllocationID}"),
    ("DELETE /Prepayments/{PrepaymentID}/Allocations/{AllocationID}", "AllocationID", "{prepayment_allocation/AllocationID}"),
    // Here the id is the sender's own.
    ("PUT /Contacts", "ContactID", "3ff6d40c-af9a-40a3-89ce-3c1556a25591"),
    ("PUT /BatchPayments", "AccountID", "{bank/AccountID}"),
];

/// Ids in bodies beside those of paths.
const BODY: [(&str, &str); 5] = [
    ("UserID", "{user/UserID}"),
    ("SourceTransactionID", "{bill/InvoiceID}"),
    ("SourceLineItemID", "{bill/LineItems/0/LineItemID}"),
    ("PaymentServiceID", "54b3b4f6-0443-4fba-bcd1-61ec0c35ca55"),
    ("ID", ""),
];

/// What an operation wants to be told in its query.
const QUERY: [(&str, &str); 5] = [
    // Lists without pages have no lines, and the example has.
    ("GET /Quotes", "page=1"),
    ("GET /Reports/AgedPayablesByContact", "contactId={contact/ContactID}"),
    ("GET /Reports/AgedReceivablesByContact", "contactId={contact/ContactID}"),
    ("GET /Reports/TenNinetyNine", "reportYear=2023"),
    ("GET /TrackingCategories", "includeArchived=true"),
];

/// What has to have happened before.
const BEFORE: [(&str, &str); 21] = [
    ("PUT /Invoices", "{member/ContactID}"),
    ("POST /Invoices", "{member/ContactID}"),
    ("GET /Invoices/{InvoiceID}", "{member/ContactID}"),
    ("PUT /PurchaseOrders", "{member/ContactID}"),
    ("POST /PurchaseOrders", "{member/ContactID}"),
    ("POST /PurchaseOrders/{PurchaseOrderID}", "{member/ContactID}"),
    ("GET /PurchaseOrders/{PurchaseOrderID}", "{member/ContactID}"),
    ("GET /PurchaseOrders/{PurchaseOrderNumber}", "{member/ContactID}"),
    ("GET /Contacts/{ContactID}", "{sale/InvoiceID}"),
    ("GET /Contacts/{ContactNumber}", "{sale/InvoiceID}"),
    ("GET /Reports/AgedPayablesByContact", "{bill/InvoiceID}"),
    ("GET /Reports/AgedReceivablesByContact", "{sale/InvoiceID}"),
    ("GET /ContactGroups/{ContactGroupID}", "{member/ContactID}"),
    ("POST /Contacts", "{bruce/ContactID}"),
    ("GET /CreditNotes", "{credit_refund/PaymentID}"),
    ("GET /LinkedTransactions", "{billed_expense/LinkedTransactionID}"),
    ("GET /Organisation", "{unlocked/OrganisationID}"),
    ("GET /Overpayments/{OverpaymentID}", "{overpayment_allocation/Amount}"),
    ("GET /Payments", "{batch_payment/BatchPaymentID}"),
    ("GET /Prepayments/{PrepaymentID}", "{prepayment_allocation/Amount}"),
    ("GET /Quotes", "{quote/QuoteID}"),
];

/// What an example's answer shows and its request, as it is printed, cannot bring about.
const ALSO: [(&str, &str, &str); 10] = [
    // The contact of another example has this name already.
    ("POST /RepeatingInvoices", "/RepeatingInvoices/0/Contact/Name", "\"{contact/Name}\""),
    // A bank account and an expense with one code.
    ("PUT /BankTransactions", "/bankTransactions/0/bankAccount/code", "\"090\""),
    // The answer remarks on an account that is not there.
    ("PUT /ManualJournals", "/ManualJournals/0/JournalLines/0/AccountCode", "\"476\""),
    ("POST /ManualJournals", "/ManualJournals/0/JournalLines/0/AccountCode", "\"476\""),
    // The answer remarks on the mark.
    ("PUT /PurchaseOrders", "/PurchaseOrders/0/SentToContact", "true"),
    ("POST /PurchaseOrders", "/PurchaseOrders/0/SentToContact", "true"),
    // The answer has an end.
    ("PUT /RepeatingInvoices", "/RepeatingInvoices/0/Schedule/EndDate", "\"/Date(1893456000000+0000)/\""),
    ("POST /RepeatingInvoices", "/RepeatingInvoices/0/Schedule/EndDate", "\"/Date(1893456000000+0000)/\""),
    // Names of category and option are the wrong way round.
    ("PUT /ManualJournals", "/ManualJournals/0/JournalLines/1/Tracking/0", TRACKED),
    ("POST /ManualJournals", "/ManualJournals/0/JournalLines/1/Tracking/0", TRACKED),
];
const TRACKED: &str = r#"{"Name": "{tracking_category/Name}", "Option": "{tracking_option/Name}"}"#;

/// How the refusal of an example is brought about.
enum Refused {
    /// What was accepted once is sent again.
    Again,
    /// The record in the path is unknown.
    Unknown,
    /// Something else is sent, to this path.
    Sent(&'static str, &'static str),
    /// There are as many as there may be.
    Full(usize),
}

const REFUSALS: [(&str, Refused); 10] = [
    ("PUT /Accounts", Refused::Again),
    (
        "POST /Accounts/{AccountID}",
        Refused::Sent(
            "Accounts/{expense/AccountID}",
            r#"{"Accounts": [{"Code": "{expense/Code}", "Name": "Sales", "Type": "EXPENSE", "Description": "Hello World"}]}"#,
        ),
    ),
    ("DELETE /Accounts/{AccountID}", Refused::Sent("Accounts/{receivables/AccountID}", "")),
    (
        "PUT /Contacts",
        Refused::Sent(
            "Contacts",
            r#"{"Contacts": [{"Name": "{contact/Name}", "AccountNumber": "123", "EmailAddress": "taken@example.com", "AccountsReceivableTaxType": "OUTPUT2",
                "AccountsPayableTaxType": "INPUT2", "ContactPersons": [], "ContactGroups": [],
                "PaymentTerms": {"Bills": {"Day": 15, "Type": "OFCURRENTMONTH"}, "Sales": {"Day": 10, "Type": "DAYSAFTERBILLMONTH"}},
                "Addresses": [{"AddressType": "STREET", "AddressLine1": "1 Quay Street", "AddressLine2": "", "City": "Auckland",
                               "Region": "", "PostalCode": "1010", "Country": "", "AttentionTo": "Ada"}],
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "111", "PhoneAreaCode": "09", "PhoneCountryCode": "64"}]}]}"#,
        ),
    ),
    (
        "POST /Contacts",
        Refused::Sent(
            "Contacts",
            r#"{"Contacts": [{"ContactID": "{contact_2/ContactID}", "Name": "Bruce Banner", "AccountNumber": "123", "EmailAddress": "taken@example.com", "AccountsReceivableTaxType": "OUTPUT2",
                "AccountsPayableTaxType": "INPUT2", "ContactPersons": [], "ContactGroups": [],
                "PaymentTerms": {"Bills": {"Day": 15, "Type": "OFCURRENTMONTH"}, "Sales": {"Day": 10, "Type": "DAYSAFTERBILLMONTH"}},
                "Addresses": [{"AddressType": "STREET", "AddressLine1": "1 Quay Street", "AddressLine2": "", "City": "Auckland",
                               "Region": "", "PostalCode": "1010", "Country": "", "AttentionTo": "Ada"}],
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "111", "PhoneAreaCode": "09", "PhoneCountryCode": "64"}]}]}"#,
        ),
    ),
    ("PUT /ContactGroups", Refused::Full(100)),
    (
        "POST /LinkedTransactions/{LinkedTransactionID}",
        Refused::Sent(
            "LinkedTransactions/{linked_transaction/LinkedTransactionID}",
            r#"{"LinkedTransactions": [{"ContactID": "{contact_2/ContactID}", "TargetTransactionID": "{sale/InvoiceID}",
                "TargetLineItemID": "{sale/LineItems/0/LineItemID}"}]}"#,
        ),
    ),
    ("PUT /Overpayments/{OverpaymentID}/History", Refused::Unknown),
    ("PUT /Payments/{PaymentID}/History", Refused::Unknown),
    ("PUT /Prepayments/{PrepaymentID}/History", Refused::Unknown),
];

/// What the replay came to.
#[derive(Debug, Default)]
pub struct Replayed {
    pub examples: usize,
    /// Answered in the example's shape, without any exception.
    pub in_shape: usize,
    pub findings: BTreeSet<String>,
}

/// Sends every example. Creating goes first, so that lists have something in them; deleting goes last.
pub async fn replay(examples: &Map<String, Value>, cast: &mut Cast) -> Replayed {
    let mut replayed = Replayed::default();
    for method in ["PUT", "POST", "GET", "DELETE"] {
        for (name, example) in examples.iter().filter(|(name, _)| name.split(' ').next() == Some(method)) {
            cast.next_scene();
            let found = play(name, example, cast).await;
            replayed.examples += 1;
            replayed.in_shape += usize::from(found.is_empty());
            replayed.findings.extend(found.into_iter().map(|problem| format!("example {name} {problem}")));
        }
    }
    replayed
}

async fn play(name: &str, example: &Value, cast: &mut Cast) -> Vec<String> {
    let (method, template) = name.split_once(' ').expect("a method and a path");
    let method: Method = method.parse().expect("a method");
    for (_, role) in BEFORE.iter().filter(|(known, _)| *known == name) {
        cast.filled(role).await;
    }
    let mut path = cast.filled(&path_of(name, template)).await;
    if let Some(query) = query_of(name, example) {
        path = format!("{path}?{}", cast.filled(&query).await);
    }
    let body = match example.get("request") {
        Some(request) => Some(dressed(name, request, cast).await),
        None => None,
    };
    if method == Method::POST && template.ends_with("/Attachments/{FileName}") {
        send(cast, Method::PUT, &path, None).await;
    } else if method == Method::GET && template.ends_with("/Attachments") {
        send(cast, Method::PUT, &format!("{path}/sample5.jpg"), None).await;
    } else if method == Method::GET && template.ends_with('}') && has_files(example) {
        // Files are sent to ids only.
        let record = cast.filled(&path_of(name, &template.replace("Number}", "ID}"))).await;
        send(cast, Method::PUT, &format!("{record}/Attachments/sample5.jpg"), None).await;
    } else if method == Method::GET && template.ends_with("/History") {
        let note = serde_json::json!({"HistoryRecords": [{"Details": "Hello World"}]});
        send(cast, Method::PUT, &path, Some(&note)).await;
    }
    let (status, answer) = send(cast, method.clone(), &path, body.as_ref()).await;
    let mut found = Vec::new();
    match example.get("200") {
        _ if !(200..300).contains(&status) => {
            let says = message_of(&answer);
            println!("  example {name}: {status} {says}");
            found.push(format!("answered {status}"));
        }
        Some(expected) => compare(expected, &answer, &mut found),
        None => {}
    }
    if let Some(expected) = example.get("400") {
        match REFUSALS.iter().find(|(known, _)| *known == name) {
            Some((_, how)) => {
                let (path, body) = refused_request(how, template, path, body, cast).await;
                let (status, answer) = send(cast, method, &path, body.as_ref()).await;
                let mut differences = Vec::new();
                match (status, expected) {
                    // One example is the text of a JSON document that is not quite one.
                    (400, Value::String(_)) => {}
                    (400, expected) => compare(expected, &answer, &mut differences),
                    (status, _) => differences.push(format!("answered {status}")),
                }
                if let Refused::Full(_) = how {
                    make_room(cast).await;
                }
                found.extend(differences.into_iter().map(|problem| format!("400 {problem}")));
            }
            None => found.push("400 not replayed".into()),
        }
    }
    found
}

/// Whether the record in the example's answer lists files.
fn has_files(example: &Value) -> bool {
    let lists = example["200"].as_object().into_iter().flatten().filter_map(|(_, list)| list.as_array());
    lists.flatten().any(|record| record["Attachments"].as_array().is_some_and(|files| !files.is_empty()))
}

async fn refused_request(
    how: &Refused,
    template: &str,
    path: String,
    body: Option<Value>,
    cast: &mut Cast,
) -> (String, Option<Value>) {
    match how {
        Refused::Again => (path, body),
        Refused::Unknown => (cast.filled(&template.trim_start_matches('/').replace('{', "{nobody/")).await, body),
        Refused::Sent(path, body) => {
            let body = cast.filled(body).await;
            (cast.filled(path).await, serde_json::from_str(&body).ok())
        }
        Refused::Full(count) => {
            for at in 0..*count {
                let one = serde_json::json!({"ContactGroups": [{"Name": format!("One of many {at}")}]});
                send(cast, Method::PUT, &path, Some(&one)).await;
            }
            let one_more = serde_json::json!({"ContactGroups": [{"Name": "Suppliers"}]});
            (path, Some(one_more))
        }
    }
}

/// Takes the groups away again that only filled the list.
async fn make_room(cast: &Cast) {
    let (_, groups) = send(cast, Method::GET, "ContactGroups?where=Name.StartsWith(%22One%20of%20many%22)", None).await;
    for group in groups["ContactGroups"].as_array().into_iter().flatten() {
        let path = format!("ContactGroups/{}", group["ContactGroupID"].as_str().unwrap_or_default());
        let gone = serde_json::json!({"ContactGroups": [{"Status": "DELETED"}]});
        send(cast, Method::POST, &path, Some(&gone)).await;
    }
}

/// A body goes as JSON; where there is none, a file goes.
async fn send(cast: &Cast, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let mut request = cast.request(method.clone(), path);
    if let Some(body) = body {
        request = request.json(body);
    } else if path.contains("/Attachments/") && method != Method::GET {
        request = request.header("content-type", "image/jpeg").body(&b"\xff\xd8\xff\xe0 an example"[..]);
    }
    let answer = request.send().await.expect("the sandbox");
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The first thing an answer complains about.
fn message_of(answer: &Value) -> String {
    let element = answer.pointer("/Elements/0/ValidationErrors/0/Message");
    let said = element.or_else(|| answer.get("Message")).or_else(|| answer.get("Detail")).unwrap_or(answer);
    said.to_string().chars().take(160).collect()
}

fn path_of(name: &str, template: &str) -> String {
    let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(parameter) => placeholder(name, parameter).unwrap_or_else(|| format!("{{nobody/{parameter}}}")),
        None => part.to_owned(),
    };
    template.trim_start_matches('/').split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A list with pages is asked for by its page; only then the answer has `pagination`, and lines.
fn query_of(name: &str, example: &Value) -> Option<String> {
    let paged = example.pointer("/200/pagination").is_some().then(|| "page=1".to_owned());
    // Only then every element says how it was taken.
    let marked = !name.starts_with("GET ") && example["200"].to_string().contains("\"StatusAttributeString\"");
    let marked = marked.then(|| "summarizeErrors=false".to_owned());
    paged.or(marked).or_else(|| QUERY.iter().find(|(known, _)| *known == name).map(|(_, query)| (*query).to_owned()))
}

fn placeholder(name: &str, field: &str) -> Option<String> {
    let elsewhere = ELSEWHERE.iter().find(|(known, of, _)| *known == name && *of == field).map(|(.., stands)| *stands);
    let usual = || PATH.iter().chain(&BODY).find(|(known, _)| known.eq_ignore_ascii_case(field)).map(|(_, stands)| *stands);
    elsewhere.or_else(usual).map(str::to_owned)
}

/// The request with the ids of records that exist.
async fn dressed(name: &str, request: &Value, cast: &mut Cast) -> Value {
    let mut dressed = request.clone();
    let mut ids = BTreeMap::new();
    Box::pin(dress(name, &mut dressed, &mut ids, cast)).await;
    for (_, pointer, value) in ALSO.iter().filter(|(known, ..)| *known == name) {
        let value = serde_json::from_str(&cast.filled(value).await).expect("what is also sent is JSON");
        let (within, field) = pointer.rsplit_once('/').expect("a pointer");
        match dressed.pointer_mut(within) {
            Some(Value::Object(fields)) => drop(fields.insert(field.to_owned(), value)),
            Some(list) => list[field.parse::<usize>().expect("a place")] = value,
            None => panic!("{name} has no {within}"),
        }
    }
    dressed
}

/// `ids`: which id of the example stands for which record, so that two ids stay two.
async fn dress(name: &str, value: &mut Value, ids: &mut BTreeMap<String, Vec<String>>, cast: &mut Cast) {
    match value {
        Value::Array(elements) => {
            for element in elements {
                Box::pin(dress(name, element, ids, cast)).await;
            }
        }
        Value::Object(fields) => {
            // An account is known by its code where it has one; new lines have no ids yet.
            if fields.contains_key("Code") {
                fields.remove("AccountID");
            }
            fields.remove("LineItemID");
            fields.remove("ID");
            for (field, value) in fields.iter_mut() {
                let Value::String(id) = value else {
                    Box::pin(dress(name, value, ids, cast)).await;
                    continue;
                };
                // The class of a client, printed as if it were data.
                if let Some(word) = id.strip_prefix("BankTransaction.TypeEnum.") {
                    *id = word.to_owned();
                }
                // A tax type of Australia, by the name that it has in New Zealand.
                if field == "TaxType" && id == "INPUT" {
                    *id = "INPUT2".into();
                }
                let Some(stands) = placeholder(name, field).filter(|_| uuid::Uuid::parse_str(id).is_ok()) else { continue };
                let known = ids.entry(field.to_lowercase()).or_default();
                let at = known.iter().position(|known| known == id).unwrap_or_else(|| {
                    known.push(id.clone());
                    known.len() - 1
                });
                let stands = if at == 0 { stands } else { stands.replacen('/', "_2/", 1) };
                *value = cast.filled(&stands).await.into();
            }
        }
        _ => {}
    }
}

/// What the example has and the answer has not, by paths. What is below a missing path is not told again.
fn compare(expected: &Value, answer: &Value, found: &mut Vec<String>) {
    let refused = expected.get("ErrorNumber").is_some();
    let (mut wanted, mut given) = (Shape::new(), Shape::new());
    collect(expected, String::new(), &mut wanted);
    collect(answer, String::new(), &mut given);
    for (path, kinds) in &wanted {
        let parent = path.rfind(['.', '[']).map_or("", |at| &path[..at]);
        match given.get(path) {
            // A record that was accepted has no mistakes, though some examples print one with it.
            None if path.ends_with("ValidationErrors[]") && !refused => {}
            None if parent.is_empty() || given.contains_key(parent) => found.push(format!("{path} missing")),
            None => {}
            Some(given) => {
                let kinds: Vec<_> = kinds.iter().filter(|kind| **kind != "null").collect();
                if !kinds.is_empty() && !kinds.iter().any(|kind| given.contains(**kind)) {
                    let given: Vec<_> = given.iter().copied().collect();
                    found.push(format!("{path} is {}, not {}", given.join(" or "), kinds[0]));
                }
            }
        }
    }
}

type Shape = BTreeMap<String, BTreeSet<&'static str>>;

fn collect(value: &Value, path: String, shape: &mut Shape) {
    if !path.is_empty() {
        shape.entry(path.clone()).or_default().insert(kind_of(value));
    }
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, format!("{path}[]"), shape)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, path, shape);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_path_is_told_once_and_another_type_is_told() {
        let expected =
            json!({"Id": "x", "Invoices": [{"Total": 1.0, "Contact": {"Name": "Ada"}, "Lines": [{"Text": "a"}], "Empty": []}]});
        let mut found = Vec::new();
        compare(&expected, &json!({"Id": "y", "Invoices": [{"Total": "1.00"}, {"Lines": [], "Empty": [1]}]}), &mut found);
        assert_eq!(found, ["Invoices[].Contact missing", "Invoices[].Lines[] missing", "Invoices[].Total is string, not number"]);
        found.clear();
        compare(&expected, &json!({"Id": "y", "Invoices": []}), &mut found);
        assert_eq!(found, ["Invoices[] missing"]);
    }

    #[test]
    fn paths_name_the_records_that_stand_for_their_parameters() {
        assert_eq!(path_of("GET /Users/{UserID}", "/Users/{UserID}"), "Users/{user/UserID}");
        let name = "DELETE /CreditNotes/{CreditNoteID}/Allocations/{AllocationID}";
        let path = path_of(name, name.split_once(' ').unwrap().1);
        assert_eq!(path, "CreditNotes/{credit_note/CreditNoteID}/Allocations/{credit_allocation/AllocationID}");
    }
}
