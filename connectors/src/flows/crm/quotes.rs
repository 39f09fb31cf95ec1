//! Xero quotes → CRM quotes. CRM has no date of its own for when one was made, so it is said in words.

use serde_json::Value;

use super::papers::{self, Paper, Sheet};
use super::{accounts, module, products, taxes};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::flows::books::offers::Offer;
use crate::flows::books::texts::clip;
use crate::side::Refusal;
use crate::xero::records::{QUOTES, Quote, QuoteStatus};
use crate::{xero, zoho};

pub struct Quotes;

pub const KEY: &str = "crm.quotes";

impl Flow for Quotes {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Quotes";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] = &[taxes::KEY, accounts::KEY, products::KEY];
    const XERO: xero::Resource = QUOTES;
    const ZOHO: zoho::Resource = module("Quotes", &[("fields", "Subject,Quote_Stage,Currency,Grand_Total,Adjustment")]);
    type Xero = Quote;

    fn wanted(quote: &Quote) -> Wanted {
        if quote.is_gone() { Wanted::Skip } else { Wanted::Carry }
    }
    fn needs(quote: &Quote) -> Vec<Need> {
        papers::needs(&quote.sheet())
    }
    fn to_zoho(quote: &Quote, known: &Known) -> Result<Carry, Unmappable> {
        let sheet = quote.sheet();
        let mut body = papers::body(&sheet, known)?;
        let subject = match quote.title.trim() {
            "" => sheet.number,
            title => format!("{} {title}", sheet.number),
        };
        body["Subject"] = clip(&subject, papers::SUBJECT_CHARS_MAX).into();
        body["Quote_Stage"] = match quote.status {
            QuoteStatus::Draft => "Draft",
            QuoteStatus::Sent => "Delivered",
            QuoteStatus::Accepted => "Confirmed",
            QuoteStatus::Invoiced => "Closed Won",
            QuoteStatus::Declined | QuoteStatus::Deleted => "Closed Lost",
        }
        .into();
        if let Some(until) = quote.expiry_date {
            body["Valid_Till"] = until.to_string().into();
        }
        body["Terms_and_Conditions"] = clip(&quote.terms, papers::WORDS_CHARS_MAX).into();
        let date = quote.date.to_string();
        body["Description"] = papers::words(&[("", &quote.summary), ("Date", &date), ("Reference", &quote.reference)]).into();
        Ok(Carry::new(body))
    }
    fn fields() -> &'static [Field<Quote>] {
        papers::fields()
    }
    fn age(quote: &Quote) -> Age {
        let open = matches!(quote.status, QuoteStatus::Draft | QuoteStatus::Sent | QuoteStatus::Accepted);
        Age::Of { date: quote.date, open, settled: None }
    }
    fn cure(quote: &Quote, known: &Known, refusal: &Refusal, _: u32) -> Cure {
        papers::cure(&quote.sheet(), known, refusal)
    }
    fn judge(quote: &Quote, known: &Known, answer: &Value) -> Judgement {
        papers::judge(&quote.sheet(), known, answer, Self::to_zoho(quote, known))
    }
    fn xero_line(quote: &Quote) -> Line {
        papers::xero_line(&quote.sheet())
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        let status = match row["Quote_Stage"].as_str().unwrap_or_default() {
            "Draft" => "draft",
            "Confirmed" | "Closed Won" => "accepted",
            "Closed Lost" => "declined",
            _ => "sent",
        };
        Some(papers::zoho_line(row, status))
    }
}

impl Paper for Quote {
    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            document: self,
            rows: "Quoted_Items",
            party: (accounts::KEY, "Account_Name"),
            contact: &self.contact.id,
            number: self.number(),
            dates: [Some(self.date), self.expiry_date],
            rate: self.currency_rate,
            sub_total: self.sub_total,
            total_tax: self.total_tax,
            total: self.total,
            life: Offer::life(self),
            is_gone: Offer::is_gone(self),
            // Invoiced and accepted are told apart here.
            words: vec![&self.reference, &self.title, &self.summary, &self.terms, stage(self.status)],
        }
    }
}

fn stage(status: QuoteStatus) -> &'static str {
    if status == QuoteStatus::Invoiced { "invoiced" } else { "" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn quote(extra: Value) -> Quote {
        let mut record = json!({
            "QuoteID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Status": "SENT", "QuoteNumber": "QU-7", "Reference": "RFQ 9", "Title": "Roof", "Summary": "All of it",
            "Terms": "30 days", "Contact": {"ContactID": "c-1", "Name": "Ada"}, "Date": "2018-10-20", "ExpiryDate": "2018-12-30", "LineAmountTypes": "EXCLUSIVE",
            "CurrencyCode": "NZD", "LineItems": [{"Description": "Tiles", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0, "TaxType": "NONE"}],
            "SubTotal": 40.0, "TotalTax": 0, "Total": 40.0,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation::default());
        known.learn(accounts::KEY, "c-1", "101");
        known.learn(products::KEY, products::OTHER, "500");
        known
    }

    #[test]
    fn a_quote_is_called_by_number_and_title_and_says_the_rest_in_words() {
        let body = Quotes::to_zoho(&quote(json!({})), &known()).unwrap().body;
        assert_eq!(
            (&body["Subject"], &body["Quote_Stage"], &body["Valid_Till"]),
            (&json!("QU-7 Roof"), &json!("Delivered"), &json!("2018-12-30"))
        );
        assert_eq!(body["Description"], "All of it\nDate: 2018-10-20\nReference: RFQ 9");
        assert_eq!(body["Terms_and_Conditions"], "30 days");
        let long = Quotes::to_zoho(&quote(json!({"Title": "t".repeat(200)})), &known()).unwrap().body;
        assert_eq!(long["Subject"].as_str().unwrap().chars().count(), 120);
    }

    #[test]
    fn the_stage_follows_the_status() {
        for (status, stage, life, wanted) in [
            ("DRAFT", "Draft", "draft", Wanted::Carry),
            ("SENT", "Delivered", "sent", Wanted::Carry),
            ("ACCEPTED", "Confirmed", "accepted", Wanted::Carry),
            ("INVOICED", "Closed Won", "accepted", Wanted::Carry),
            ("DECLINED", "Closed Lost", "declined", Wanted::Carry),
            ("DELETED", "Closed Lost", "declined", Wanted::Skip),
        ] {
            let one = quote(json!({ "Status": status }));
            assert_eq!(Quotes::to_zoho(&one, &known()).unwrap().body["Quote_Stage"], stage);
            let row = json!({"Quote_Stage": stage, "Currency": "NZD", "Grand_Total": 40});
            assert_eq!((Some(Quotes::xero_line(&one)), Quotes::xero_line(&one).status), (Quotes::zoho_line(&row), life));
            assert_eq!(Quotes::wanted(&one), wanted);
        }
        assert_eq!(Quotes::zoho_line(&json!({"Quote_Stage": "On Hold"})).unwrap().status, "sent");
    }
}
