//! Xero sales invoices → CRM invoices. They are equal to the cent; whether they are paid is a status here, for CRM knows no payments.

use serde_json::Value;

use super::papers::{self, Paper, Sheet};
use super::{accounts, module, products, taxes};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Unmappable, Wanted};
use crate::flows::books::documents;
use crate::flows::books::texts::clip;
use crate::side::Refusal;
use crate::xero::records::{Invoice, InvoiceStatus, InvoiceType, SALES_INVOICES};
use crate::{xero, zoho};

pub struct Invoices;

pub const KEY: &str = "crm.invoices";

const REFERENCE_CHARS_MAX: usize = 100;

impl Flow for Invoices {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Sales invoices";
    const AFTER: &'static [&'static str] = &[taxes::KEY, accounts::KEY, products::KEY];
    const XERO: xero::Resource = SALES_INVOICES;
    const ZOHO: zoho::Resource = module("Invoices", &[("fields", "Subject,Status,Currency,Grand_Total,Adjustment")]);
    type Xero = Invoice;

    fn wanted(invoice: &Invoice) -> Wanted {
        match (invoice.kind, invoice.status) {
            (InvoiceType::AccRec, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccRec, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(invoice: &Invoice) -> Vec<Need> {
        papers::needs(&invoice.sheet())
    }
    fn to_zoho(invoice: &Invoice, known: &Known) -> Result<Carry, Unmappable> {
        let mut body = papers::body(&invoice.sheet(), known)?;
        body["Invoice_Date"] = invoice.date.to_string().into();
        if let Some(due) = invoice.due_date {
            body["Due_Date"] = due.to_string().into();
        }
        body["Purchase_Order"] = clip(&invoice.reference, REFERENCE_CHARS_MAX).into();
        if invoice.reference.chars().count() > REFERENCE_CHARS_MAX {
            body["Description"] = papers::words(&[("Reference", &invoice.reference)]).into();
        }
        body["Status"] = match invoice.status {
            InvoiceStatus::Draft | InvoiceStatus::Submitted => "Created",
            InvoiceStatus::Authorised => "Approved",
            InvoiceStatus::Paid => "Paid",
            InvoiceStatus::Voided | InvoiceStatus::Deleted => "Cancelled",
        }
        .into();
        Ok(Carry::new(body))
    }
    fn fields() -> &'static [Field<Invoice>] {
        papers::fields()
    }
    fn age(invoice: &Invoice) -> Age {
        documents::age(invoice)
    }
    fn cure(invoice: &Invoice, known: &Known, refusal: &Refusal, _: u32) -> Cure {
        papers::cure(&invoice.sheet(), known, refusal)
    }
    fn judge(invoice: &Invoice, known: &Known, answer: &Value) -> Judgement {
        papers::judge(&invoice.sheet(), known, answer, Self::to_zoho(invoice, known))
    }
    fn xero_line(invoice: &Invoice) -> Line {
        papers::xero_line(&invoice.sheet())
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        let status = match row["Status"].as_str().unwrap_or_default() {
            "Created" => "draft",
            "Paid" => "paid",
            "Cancelled" => "void",
            _ => "open",
        };
        Some(papers::zoho_line(row, status))
    }
}

impl Paper for Invoice {
    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            document: self,
            rows: "Invoiced_Items",
            party: (accounts::KEY, "Account_Name"),
            contact: &self.contact.id,
            number: self.number(),
            dates: [Some(self.date), self.due_date],
            rate: self.currency_rate,
            sub_total: self.sub_total,
            total_tax: self.total_tax,
            total: self.total,
            life: match self.status {
                InvoiceStatus::Draft | InvoiceStatus::Submitted => "draft",
                InvoiceStatus::Authorised => "open",
                InvoiceStatus::Paid => "paid",
                InvoiceStatus::Voided | InvoiceStatus::Deleted => "void",
            },
            is_gone: matches!(self.status, InvoiceStatus::Voided | InvoiceStatus::Deleted),
            words: vec![&self.reference],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::Difference;
    use crate::flows::books::taxes as books_taxes;

    fn invoice(extra: Value) -> Invoice {
        let mut record = json!({
            "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "INV-0042", "Reference": "PO 7",
            "Contact": {"ContactID": "c-1"}, "Date": "2018-10-20", "DueDate": "2018-12-30", "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
            "LineItems": [{"Description": "Work", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 6.0}],
            "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0, "AmountDue": 46.0,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let zoho = zoho::Organisation { currency_code: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho);
        known.learn(accounts::KEY, "c-1", "101");
        known.learn(products::KEY, products::OTHER, "500");
        known.learn(products::KEY, "GB-1", "501");
        known.learn(books_taxes::KEY, "OUTPUT2", "GST - 15 %");
        known.learn(books_taxes::KEY, "ZERO", "none");
        known
    }

    fn carried(extra: Value) -> Value {
        Invoices::to_zoho(&invoice(extra), &known()).unwrap().body
    }

    #[test]
    fn an_invoice_keeps_its_number_dates_and_lines() {
        assert_eq!(
            carried(json!({})),
            json!({
                "Subject": "INV-0042", "Account_Name": {"id": "101"}, "Adjustment": 0, "Invoice_Date": "2018-10-20", "Due_Date": "2018-12-30",
                "Purchase_Order": "PO 7", "Status": "Approved",
                "Invoiced_Items": [{"Product_Name": {"id": "500"}, "Quantity": 2, "List_Price": 20, "Discount": 0, "Description": "Work",
                                    "Line_Tax": [{"name": "GST", "percentage": 15}]}],
            })
        );
        let needs: Vec<(&str, String)> =
            Invoices::needs(&invoice(json!({}))).into_iter().map(|need| (need.flow, need.key)).collect();
        let expected = [(accounts::KEY, "c-1"), (products::KEY, products::OTHER), (books_taxes::KEY, "OUTPUT2")];
        assert_eq!(needs, expected.map(|(flow, key)| (flow, key.to_owned())));
    }

    #[test]
    fn items_discounts_words_and_rates_of_nothing_become_rows() {
        let long = "word ".repeat(500);
        let body = carried(json!({"LineItems": [
            {"Description": "Golf balls", "ItemCode": "GB-1", "Quantity": 3, "UnitAmount": 10, "DiscountRate": 10, "LineAmount": 27, "TaxType": "ZERO"},
            {"Description": "Delivered on Monday"},
            {"Description": long, "Quantity": 3, "UnitAmount": 0.3333, "LineAmount": 1, "AccountCode": "200", "TaxType": "NONE"},
        ]}));
        let rows = body["Invoiced_Items"].as_array().unwrap();
        assert_eq!(
            rows[0],
            json!({"Product_Name": {"id": "501"}, "Quantity": 3, "List_Price": 10, "Discount": 3, "Description": "Golf balls", "Line_Tax": []})
        );
        assert_eq!((&rows[1]["List_Price"], &rows[1]["Description"]), (&json!(0), &json!("Delivered on Monday")));
        // CRM has two decimals: the line is one thing worth its amount, and Xero's numbers are said.
        assert_eq!((rows.len(), &rows[2]["Quantity"], &rows[2]["List_Price"]), (4, &json!(1), &json!(1)));
        let said: String = rows[2..].iter().map(|row| row["Description"].as_str().unwrap()).collect();
        assert_eq!(said, format!("{long} (3 × 0.3333)"));
    }

    #[test]
    fn tax_inside_a_price_is_taken_out_of_it() {
        let row =
            |line: Value| carried(json!({"LineAmountTypes": "Inclusive", "LineItems": [line]}))["Invoiced_Items"][0].clone();
        let even = row(
            json!({"Description": "Two", "Quantity": 2, "UnitAmount": 11.5, "LineAmount": 23, "TaxType": "OUTPUT2", "TaxAmount": 3}),
        );
        assert_eq!((&even["Quantity"], &even["List_Price"]), (&json!(2), &json!(10)));
        let odd = row(
            json!({"Description": "Three", "Quantity": 3, "UnitAmount": 10, "LineAmount": 30, "TaxType": "OUTPUT2", "TaxAmount": 3.91}),
        );
        assert_eq!(
            (&odd["Quantity"], &odd["List_Price"], &odd["Description"]),
            (&json!(1), &json!(26.09), &json!("Three (3 × 10 with tax)"))
        );
        let unsaid = row(json!({"Description": "One", "Quantity": 1, "UnitAmount": 30, "LineAmount": 30, "TaxType": "OUTPUT2"}));
        assert_eq!(unsaid["List_Price"], json!(26.09));
        let untaxed = row(json!({"Description": "One", "Quantity": 3, "UnitAmount": 10, "LineAmount": 30, "TaxType": "NONE"}));
        assert_eq!((&untaxed["Quantity"], &untaxed["List_Price"]), (&json!(3), &json!(10)));
    }

    #[test]
    fn the_status_says_whether_it_is_paid() {
        for (status, there, life, wanted) in [
            ("DRAFT", "Created", "draft", Wanted::Carry),
            ("SUBMITTED", "Created", "draft", Wanted::Carry),
            ("AUTHORISED", "Approved", "open", Wanted::Carry),
            ("PAID", "Paid", "paid", Wanted::Carry),
            ("VOIDED", "Cancelled", "void", Wanted::Carry),
            ("DELETED", "Cancelled", "void", Wanted::Skip),
        ] {
            let one = invoice(json!({ "Status": status }));
            assert_eq!(Invoices::wanted(&one), wanted, "{status}");
            let body = Invoices::to_zoho(&one, &known()).unwrap().body;
            assert_eq!(body["Status"], there, "{status}");
            let row = json!({"Status": there, "Currency": "NZD", "Grand_Total": 46.00});
            assert_eq!(Some(Invoices::xero_line(&one)), Invoices::zoho_line(&row), "{status}");
            assert_eq!(Invoices::xero_line(&one).status, life);
        }
        let gone = carried(json!({"Status": "VOIDED", "LineItems": []}));
        assert_eq!(gone["Invoiced_Items"][0]["List_Price"], json!(46));
    }

    #[test]
    fn another_currency_travels_with_its_rate_or_says_what_crm_lacks() {
        let body = carried(json!({"CurrencyCode": "USD", "CurrencyRate": 0.7234567891234}));
        assert_eq!((&body["Currency"], &body["Exchange_Rate"]), (&json!("USD"), &json!(0.723456789)));
        assert!(carried(json!({})).get("Currency").is_none());
        let one = invoice(json!({"CurrencyCode": "USD", "CurrencyRate": null}));
        assert_eq!(Invoices::to_zoho(&one, &known()).unwrap_err().code, "NO_RATE");
        let refusal = Refusal { status: 400, code: "INVALID_DATA".into(), message: "invalid data (Currency)".into() };
        let Cure::Hold(held) = Invoices::cure(&one, &known(), &refusal, 1) else { panic!("not held") };
        assert_eq!((held.code, held.expected), ("CURRENCY_NOT_IN_CRM", true));
        assert!(held.sentence.starts_with("Invoice INV-0042 is in USD, which"), "{}", held.sentence);
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        for (extra, code) in [
            (json!({"LineItems": []}), "NO_LINES"),
            (json!({"Contact": {"ContactID": "c-2"}}), "NOT_READY"),
            (json!({"LineItems": [{"Description": "a", "LineAmount": 1, "ItemCode": "NO-1"}]}), "NOT_READY"),
            (json!({"LineItems": [{"Description": "a", "LineAmount": 1, "AccountCode": "1", "TaxType": "ODD"}]}), "NOT_READY"),
        ] {
            assert_eq!(Invoices::to_zoho(&invoice(extra), &known()).unwrap_err().code, code);
        }
        let mut elsewhere = known();
        elsewhere.zoho.currency_code = "AUD".into();
        assert_eq!(Invoices::to_zoho(&invoice(json!({})), &elsewhere).unwrap_err().code, "BASE_CURRENCY");
    }

    #[test]
    fn the_grand_total_is_judged_to_the_cent() {
        let judge = |answer: Value| Invoices::judge(&invoice(json!({})), &known(), &answer);
        assert_eq!(judge(json!({"Grand_Total": 46.0, "Adjustment": 0})), Judgement::Equal);
        let Judgement::Mend(carry) = judge(json!({"Grand_Total": 45.99, "Adjustment": 0})) else { panic!("not mended") };
        assert_eq!(carry.body["Adjustment"], json!(0.01));
        let differs = |zoho: &str, cause| {
            Judgement::Differs(vec![Difference { what: "total", xero: 46.into(), zoho: zoho.parse().unwrap(), cause }])
        };
        // It was adjusted and is still off: not adjusted again.
        assert_eq!(judge(json!({"Grand_Total": 45.99, "Adjustment": 0.02})), differs("45.99", "ROUNDING_PER_LINE"));
        assert_eq!(judge(json!({"Grand_Total": 44, "Adjustment": 0})), differs("44", "UNEXPLAINED"));
        // What the list does not tell is not judged.
        assert_eq!(judge(json!({})), Judgement::Equal);
    }

    #[test]
    fn tax_that_somebody_typed_is_named() {
        let typed = invoice(json!({
            "LineItems": [{"Description": "Work", "Quantity": 2, "UnitAmount": 20, "LineAmount": 40, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 9}],
            "TotalTax": 9, "Total": 49}));
        let mut known = known();
        known.learn_rate(books_taxes::KEY, "OUTPUT2", 15.into());
        let Judgement::Differs(found) = Invoices::judge(&typed, &known, &json!({"Grand_Total": 46, "Adjustment": 0})) else {
            panic!("not reported")
        };
        assert_eq!(found[0].cause, "TAX_BY_HAND");
    }

    #[test]
    fn becoming_paid_is_a_change_here() {
        use crate::flow::{AnyFlow, Reading};
        let prints = |status: &str| {
            let record = json!({"InvoiceID": "i", "Type": "ACCREC", "Status": status, "Contact": {"ContactID": "c"}, "Date": "2018-10-20", "SubTotal": 1, "TotalTax": 0, "Total": 1});
            let body = json!({ "Invoices": [record] }).to_string();
            let Ok([Reading::Record(record)]) = <[Reading; 1]>::try_from(Invoices.read(body.as_bytes()).unwrap()) else {
                panic!("not read")
            };
            Invoices.prints(record.as_ref(), &crate::print::PrintKey::new([1; 32]))
        };
        assert_ne!(prints("AUTHORISED"), prints("PAID"));
        assert_eq!(prints("DRAFT"), prints("SUBMITTED"));
    }
}
