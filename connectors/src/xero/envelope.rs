//! Reads the records out of Xero's envelope. One odd record does not spoil the others.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Resource;
use crate::side::Trouble;

/// A record whose shape we do not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odd {
    /// "" when even that is missing.
    pub id: String,
    /// What a person calls it, if it has one of the usual names.
    pub name: String,
    pub why: String,
}

/// The records of one answer: each is a record, or one whose shape we do not know.
pub fn read_records<R: DeserializeOwned>(of: &Resource, body: &[u8]) -> Result<Vec<Result<R, Odd>>, Trouble> {
    // The whole page typed in one pass; only when that fails is each record tried alone.
    if let Ok(Some(records)) = array_under::<R>(of.many, body) {
        return Ok(records.into_iter().map(Ok).collect());
    }
    let parts = array_under::<Box<RawValue>>(of.many, body)
        .map_err(|error| Trouble::Unreachable(format!("the answer is not the JSON we asked for: {}", place(&error))))?
        .ok_or_else(|| Trouble::Unreachable(format!("the answer has no {}", of.many)))?;
    Ok(parts
        .into_iter()
        .map(|part| serde_json::from_str::<R>(part.get()).map_err(|error| odd(of.id, part.get(), &error)))
        .collect())
}

/// `pagination` of an answer: how many there are, and the page size Xero really used.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pagination {
    pub page_size: Option<u32>,
    pub item_count: Option<u64>,
}

/// Reads `pagination`; an error means that the body is not whole.
pub fn pagination(body: &[u8]) -> Result<Pagination, Trouble> {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(default)]
        pagination: Option<Pagination>,
    }
    serde_json::from_slice::<Head>(body)
        .map(|head| head.pagination.unwrap_or_default())
        .map_err(|error| Trouble::Unreachable(format!("the answer is not whole: {}", place(&error))))
}

fn array_under<T: DeserializeOwned>(key: &str, body: &[u8]) -> Result<Option<Vec<T>>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let found = Envelope::<T> { key, of: PhantomData }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(found)
}

struct Envelope<'k, T> {
    key: &'k str,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Envelope<'_, T> {
    type Value = Option<Vec<T>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Envelope<'_, T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with {}", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.key {
                found = Some(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// What can be said of a record that could not be read.
fn odd(id: &str, record: &str, error: &serde_json::Error) -> Odd {
    let record: serde_json::Value = serde_json::from_str(record).unwrap_or_default();
    let text = |key: &str| record.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let name = ["InvoiceNumber", "Name", "Code", "Reference"].map(text).into_iter().find(|name| !name.is_empty());
    Odd { id: text(id), name: name.unwrap_or_default(), why: reason(error) }
}

/// The reader's complaint without quoted contents: it goes where the record itself may not.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let mut kept = String::with_capacity(said.len());
    for (n, part) in said.split('"').enumerate() {
        kept.push_str(if n % 2 == 0 { part } else { "…" });
    }
    kept
}

fn place(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flow::{AnyFlow, Reading};
    use crate::flows;
    use crate::xero::records::{Invoice, SALES_INVOICES};

    const PAGE: &str = r#"{
        "Id": "900c500b", "Status": "OK", "DateTimeUTC": "/Date(1552326816230)/",
        "pagination": {"page": 1, "pageSize": 100, "pageCount": 1, "itemCount": 2},
        "Invoices": [
            {"Type": "ACCREC", "InvoiceID": "i-1", "InvoiceNumber": "INV-1", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Ada"},
             "Date": "/Date(1539993600000+0000)/", "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
             "LineItems": [{"Description": "Work", "Quantity": 2.0000, "UnitAmount": 20.0000, "LineAmount": 40.00, "TaxType": "OUTPUT2", "TaxAmount": 6.00}],
             "SubTotal": 40.00, "TotalTax": 6.00, "Total": 46.00, "AmountDue": 46.00, "UpdatedDateUTC": "/Date(1541176290160+0000)/", "Payments": []},
            {"Type": "ACCREC", "InvoiceID": "i-2", "Status": "DRAFT", "Contact": {"ContactID": "c-1"}, "Date": "2018-10-20T00:00:00", "LineItems": null,
             "SubTotal": "0.00", "TotalTax": 0, "Total": 0}
        ]
    }"#;

    #[test]
    fn a_page_is_read_whole() {
        let read = read_records::<Invoice>(&SALES_INVOICES, PAGE.as_bytes()).unwrap();
        let invoices: Vec<Invoice> = read.into_iter().map(Result::unwrap).collect();
        assert_eq!(invoices[0].line_items[0].line_amount, Some("40.00".parse().unwrap()));
        assert_eq!(invoices[0].updated_us, 1_541_176_290_160_000);
        assert_eq!(invoices[1].number(), "XERO-I-2");
        assert_eq!(pagination(PAGE.as_bytes()).unwrap(), Pagination { page_size: Some(100), item_count: Some(2) });
    }

    #[test]
    fn one_odd_record_is_kept_out_and_named_without_its_contents() {
        let odd = PAGE.replace(r#""Status": "DRAFT""#, r#""Status": "DREAMING""#);
        let read = read_records::<Invoice>(&SALES_INVOICES, odd.as_bytes()).unwrap();
        assert!(read[0].is_ok());
        let Odd { id, why, .. } = read[1].as_ref().unwrap_err();
        assert_eq!(id, "i-2");
        assert!(why.contains("unknown variant `DREAMING`"), "{why}");
        let odd = PAGE.replace(r#"{"ContactID": "c-1"}"#, r#""Jane Secret of Secret Street""#);
        let Odd { why, .. } = read_records::<Invoice>(&SALES_INVOICES, odd.as_bytes()).unwrap().remove(1).unwrap_err();
        assert!(why.contains("invalid type: string") && !why.contains("Secret"), "{why}");
    }

    #[test]
    fn a_body_that_is_not_whole_is_no_answer() {
        for body in ["", "null", "[]", "{", "<html>", &PAGE[..PAGE.len() - 3], r#"{"Invoices": {}}"#, r#"{"Status": "OK"}"#] {
            assert!(matches!(read_records::<Invoice>(&SALES_INVOICES, body.as_bytes()), Err(Trouble::Unreachable(_))), "{body}");
        }
        assert!(read_records::<Invoice>(&SALES_INVOICES, br#"{"Invoices": null}"#).unwrap().is_empty());
        assert!(pagination(&PAGE.as_bytes()[..100]).is_err());
    }

    /// One record of every kind, so that every flow finds its own.
    fn everything() -> String {
        let others = r#"
            "Contacts": [{"ContactID": "c-1", "ContactStatus": "ARCHIVED", "Name": "Ada Ltd", "IsCustomer": true, "IsSupplier": "true", "EmailAddress": "a@b.c",
                "AccountNumber": "A-1", "DefaultCurrency": "USD", "Addresses": [{"AddressType": "POBOX", "AddressLine1": "1 Road", "AddressLine2": "2", "City": "W"}],
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "123", "PhoneAreaCode": "4"}], "ContactPersons": [{"FirstName": "B"}],
                "PaymentTerms": {"Sales": {"Day": 20, "Type": "DAYSAFTERBILLDATE"}}, "UpdatedDateUTC": "/Date(1541176290160+0000)/"}],
            "Accounts": [{"AccountID": "a-1", "Code": "200", "Name": "Sales", "Type": "REVENUE", "Status": "ACTIVE", "SystemAccount": ""},
                {"AccountID": "a-2", "Name": "Bank", "Type": "BANK", "BankAccountType": "CREDITCARD", "CurrencyCode": "USD"}],
            "TaxRates": [{"TaxType": "OUTPUT2", "Name": "GST", "EffectiveRate": 15.0000, "Status": "ACTIVE"}],
            "TrackingCategories": [{"TrackingCategoryID": "t-1", "Name": "Region", "Status": "ARCHIVED",
                "Options": [{"TrackingOptionID": "o-1", "Name": "North", "Status": "ACTIVE", "IsActive": true}]}],
            "Currencies": [{"Code": "USD", "Description": "Dollar"}],
            "Attachments": [{"AttachmentID": "f-1", "FileName": "scan.pdf", "MimeType": "application/pdf", "ContentLength": 2878711}],
            "HistoryRecords": [{"Changes": "Note", "DateUTC": "/Date(1541689281470+0000)/", "User": "Ada", "Details": "rang"}],
            "RepeatingInvoices": [{"RepeatingInvoiceID": "r-1", "Type": "ACCREC", "Status": "AUTHORISED", "Reference": "[Week]", "Contact": {"ContactID": "c-1"},
                "Schedule": {"Period": 1, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH", "StartDate": "/Date(1555286400000+0000)/",
                    "NextScheduledDate": "/Date(1555286400000+0000)/"}, "CurrencyCode": "NZD", "SubTotal": 9, "TotalTax": 0, "Total": 9,
                "LineItems": [{"Description": "Rent", "Quantity": 1, "UnitAmount": 9, "LineAmount": 9, "AccountCode": "200"}]},
                {"RepeatingInvoiceID": "r-2", "Type": "ACCPAY", "Status": "AUTHORISED", "Reference": "[Week]", "Contact": {"ContactID": "c-1"},
                "Schedule": {"Period": 1, "Unit": "MONTHLY", "DueDate": 10, "DueDateType": "OFFOLLOWINGMONTH", "StartDate": "/Date(1555286400000+0000)/",
                    "NextScheduledDate": "/Date(1555286400000+0000)/"}, "CurrencyCode": "NZD", "SubTotal": 9, "TotalTax": 0, "Total": 9,
                "LineItems": [{"Description": "Rent", "Quantity": 1, "UnitAmount": 9, "LineAmount": 9, "AccountCode": "200"}]}],
            "Quotes": [{"QuoteID": "q-1", "QuoteNumber": "QU-1", "Status": "ACCEPTED", "Contact": {"ContactID": "c-1"}, "Date": "/Date(1539993600000)/",
                "Title": "T", "Summary": "S", "Terms": "30 days", "LineAmountTypes": "EXCLUSIVE", "CurrencyCode": "USD", "CurrencyRate": 0.7, "SubTotal": 9.00,
                "TotalTax": 0, "Total": 9.01, "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 9, "LineAmount": 9, "AccountCode": "200"}]}],
            "PurchaseOrders": [{"PurchaseOrderID": "o-1", "PurchaseOrderNumber": "PO-1", "Status": "BILLED", "Contact": {"ContactID": "c-1"}, "Date": "2019-03-12",
                "DeliveryDate": "/Date(1546128000000+0000)/", "AttentionTo": "J", "CurrencyCode": "NZD", "SubTotal": 9, "TotalTax": 0, "Total": 9,
                "LineItems": [{"Description": "Goods", "Quantity": 1, "UnitAmount": 9, "LineAmount": 9, "DiscountRate": 1, "AccountCode": "300"}]}],
            "Items": [{"ItemID": "i-1", "Code": "GB", "Name": "Balls", "SalesDetails": {"UnitPrice": 5.6325, "AccountCode": "200", "TaxType": "OUTPUT2"}}],
            "Payments": [{"PaymentID": "p-1", "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "Date": "/Date(1543449600000+0000)/", "Amount": 46.00,
                "CurrencyRate": 0.8, "Account": {"Code": "970"}, "Invoice": {"InvoiceID": "i-1", "InvoiceNumber": "I", "CurrencyCode": "USD", "Contact": {"ContactID": "c-1"}}}],
            "BankTransactions": [{"BankTransactionID": "b-1", "Type": "RECEIVE", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Ada"},
                "BankAccount": {"AccountID": "a-2", "Code": "090"}, "Date": "/Date(1543449600000+0000)/", "CurrencyCode": "USD", "CurrencyRate": 0.654321,
                "LineAmountTypes": "Inclusive", "SubTotal": 8.70, "TotalTax": 1.30, "Total": 10.00, "LineItems": [{"Description": "Text"},
                    {"Description": "Rent", "LineAmount": 10.00, "AccountID": "a-1", "TaxType": "OUTPUT2", "TaxAmount": 1.30}]},
                {"BankTransactionID": "b-2", "Type": "SPEND", "Contact": {"ContactID": "c-1"}, "BankAccount": {"Code": "090"}, "Date": "2018-11-29",
                    "CurrencyCode": "USD", "CurrencyRate": 0.6, "Total": 11.50, "LineItems": [{"LineAmount": 10.00, "AccountCode": "400", "TaxType": "INPUT2", "TaxAmount": 1.50}]},
                {"BankTransactionID": "b-3", "Type": "RECEIVE", "BankAccount": {"Code": "090"}, "Date": "2018-11-29", "Total": 5.5,
                    "LineItems": [{"LineAmount": 5.5, "AccountCode": "270", "TaxType": "NONE"}]},
                {"BankTransactionID": "b-9", "Type": "RECEIVE-PREPAYMENT", "Contact": {"ContactID": "c-1"}, "BankAccount": {"Code": "090"},
                "Date": "2018-11-29", "Total": 115.0, "PrepaymentID": "pre-1"}],
            "BankTransfers": [{"BankTransferID": "t-1", "FromBankAccount": {"AccountID": "a-2"}, "ToBankAccount": {"Code": "091"}, "Amount": 150.50,
                "Date": "/Date(1543449600000+0000)/", "CurrencyRate": 0.6, "Reference": "For tax", "Status": "AUTHORISED"}],
            "Organisations": [{"OrganisationID": "o-1", "Name": "Ada Ltd", "BaseCurrency": "NZD"}],
            "ManualJournals": [{"ManualJournalID": "m-1", "Narration": "Accrual", "Status": "POSTED", "Date": "2018-11-29", "LineAmountTypes": "Exclusive",
                "JournalLines": [{"LineAmount": 100.0, "AccountCode": "429", "TaxType": "INPUT2", "TaxAmount": 15.0, "Description": "Phones"},
                    {"Description": "Words"}, {"LineAmount": -100.0, "AccountID": "a-1", "TaxType": "OUTPUT2", "TaxAmount": -15.0}]}],
            "Prepayments": [{"PrepaymentID": "pre-1", "ID": "pre-1", "Type": "RECEIVE-PREPAYMENT", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1"},
                "Date": "/Date(1543449600000+0000)/", "LineAmountTypes": "Exclusive", "Total": 115.00, "CurrencyCode": "USD", "CurrencyRate": 0.6,
                "RemainingCredit": 69.0, "LineItems": [{"LineAmount": 100.00, "TaxAmount": 15.0, "AccountCode": "200", "TaxType": "OUTPUT2"}],
                "Allocations": [{"AllocationID": "al-9", "Amount": 46.0, "Date": "/Date(1543449600000+0000)/", "Invoice": {"InvoiceID": "i-1", "CurrencyRate": 0.5}}]}],
            "Overpayments": [{"OverpaymentID": "over-1", "ID": "over-1", "Type": "SPEND-OVERPAYMENT", "Status": "PAID", "Contact": {"ContactID": "c-1"},
                "Date": "2018-11-29T00:00:00", "Total": "5.00", "Payments": [{"PaymentID": "r-9", "Date": "2018-11-30", "Amount": 5.0}]}],
            "CreditNotes": [{"CreditNoteID": "n-1", "Type": "ACCRECCREDIT", "Status": "PAID", "CreditNoteNumber": "CN-1", "Contact": {"ContactID": "c-1"},
                "Date": "/Date(1539993600000+0000)/", "LineAmountTypes": "Inclusive", "CurrencyCode": "USD", "CurrencyRate": 0.654321, "RemainingCredit": 0.00,
                "LineItems": [{"Description": "Work", "Quantity": 1.0, "UnitAmount": 10.00, "LineAmount": 10.00, "AccountCode": "200", "TaxType": "OUTPUT2",
                    "TaxAmount": 1.30}], "SubTotal": 8.70, "TotalTax": 1.30, "Total": 10.00, "Allocations": [{"AllocationID": "al-1", "Amount": 4.00,
                    "Date": "/Date(1540080000000+0000)/", "Invoice": {"InvoiceID": "i-1", "InvoiceNumber": "INV-1", "CurrencyRate": 0.6}}]}],
            "Invoices": [{"Type": "ACCPAY", "InvoiceID": "i-3", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1"}, "Date": "/Date(1539993600000+0000)/",
                "LineAmountTypes": "Inclusive", "CurrencyCode": "USD", "CurrencyRate": 0.654321, "SubTotal": 8.70, "TotalTax": 1.30, "Total": 10.00,
                "LineItems": [{"Description": "Text", "Tracking": [{"Name": "Region", "Option": "North"}]}, {"Description": "Work", "Quantity": 3.5, "UnitAmount": 3.1746, "DiscountRate": 10.00, "DiscountAmount": 1.11,
                    "LineAmount": 10.00, "AccountID": "a-1", "ItemCode": "GB", "TaxType": "OUTPUT2", "TaxAmount": 1.30}]},"#;
        PAGE.replacen(r#""Invoices": ["#, others.trim_start(), 1)
    }

    #[test]
    fn every_flow_reads_its_own_records() {
        let key = crate::print::PrintKey::new([1; 32]);
        for flow in flows::ALL {
            let read = flow.read(everything().as_bytes()).unwrap();
            assert!(!read.is_empty(), "{}", flow.key());
            for reading in read {
                match reading {
                    Reading::Record(record) => exercise(*flow, record.as_ref(), &key),
                    Reading::Odd(odd) => panic!("{}: {odd:?}", flow.key()),
                }
            }
        }
    }

    proptest! {
        #![proptest_config(crate::trials::cases(400))]
        #[test]
        fn a_mutated_body_never_panics(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..12)) {
            let mut body = everything().into_bytes();
            for (at, byte, how) in edits {
                let at = at.index(body.len());
                match how {
                    0 => body[at] = byte,
                    1 => body.insert(at, byte),
                    2 => { body.remove(at); }
                    // Digits and quotes keep the JSON whole and change its meaning.
                    _ => body[at] = *b"0\"{}[],:-9.eE"[..].get(usize::from(byte) % 13).unwrap_or(&b'0'),
                }
                if body.is_empty() {
                    break;
                }
            }
            let key = crate::print::PrintKey::new([1; 32]);
            for flow in flows::ALL {
                for reading in flow.read(&body).into_iter().flatten() {
                    if let Reading::Record(record) = reading {
                        exercise(*flow, record.as_ref(), &key);
                    }
                }
            }
        }
    }

    /// Everything the engine may ask of a record.
    fn exercise(flow: &dyn AnyFlow, record: &dyn crate::flow::Record, key: &crate::print::PrintKey) {
        let mut known = crate::flow::Known::default();
        for need in flow.needs(record).into_iter().chain(flow.hints(record)) {
            known.learn(need.flow, need.key, "1");
        }
        let refusal = crate::side::Refusal { status: 400, code: "3062".into(), message: "already exists".into() };
        let _ = (flow.wanted(record), flow.prints(record, key), flow.xero_line(record), record.label());
        if let Ok(carry) = flow.to_zoho(record, &known) {
            let _ = flow.judge(record, &known, &carry.body);
        }
        let _ = flow.judge(record, &known, &serde_json::json!({"total": "1.01", "tax_total": 3, "line_items": [{}]}));
        let _ = (flow.age(record), flow.postings(record, &known), flow.shifts(record, &known), flow.look(record, &known));
        for attempt in 1..4 {
            let _ = flow.cure(record, &known, &refusal, attempt);
        }
    }
}
