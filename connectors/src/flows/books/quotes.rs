//! Xero quotes → Zoho Books estimates. One that was invoiced in Xero is accepted: its invoice travels by itself. Nobody gets an e-mail.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::back::texts;
use super::lines::Document;
use super::offers::{self, Kind, Offer};
use super::texts::clip;
use super::{XERO_ID, accounts, currencies, customers, items, taxes, tracking_categories};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{LineAmountTypes, LineItem, QUOTES, Quote, QuoteStatus, number_or};
use crate::zoho::Action;
use crate::{xero, zoho};

pub struct Quotes;

pub const KEY: &str = "books.quotes";

const TERMS_CHARS_MAX: usize = 10_000;

impl Flow for Quotes {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Quotes";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, customers::KEY, items::KEY];
    const XERO: xero::Resource = QUOTES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "estimates",
        one: "estimate",
        many: &["estimates"],
        id: "estimate_id",
        unique: zoho::Unique::Field { module: "estimate", label: XERO_ID },
        // The number is ours: Zoho must not make one up.
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = Quote;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::offer_fields::<Self>()));

    fn wanted(quote: &Quote) -> Wanted {
        if quote.is_gone() { Wanted::Skip } else { Wanted::Carry }
    }
    fn needs(quote: &Quote) -> Vec<Need> {
        offers::needs(quote)
    }
    fn to_zoho(quote: &Quote, known: &Known) -> Result<Carry, Unmappable> {
        let mut body = offers::body(quote, known)?;
        body["notes"] = offers::notes(quote, &[("", &quote.title), ("", &quote.summary)]).into();
        body["terms"] = clip(&quote.terms, TERMS_CHARS_MAX).into();
        let then = match quote.status {
            QuoteStatus::Draft => vec![],
            QuoteStatus::Sent => vec![Action::ESTIMATE_SENT_AGAIN],
            QuoteStatus::Accepted | QuoteStatus::Invoiced => vec![Action::ESTIMATE_SENT, Action::ESTIMATE_ACCEPTED],
            QuoteStatus::Declined | QuoteStatus::Deleted => vec![Action::ESTIMATE_SENT, Action::ESTIMATE_DECLINED],
        };
        Ok(Carry::new(body).then(then))
    }
    fn fields() -> &'static [Field<Quote>] {
        offers::fields()
    }
    fn age(quote: &Quote) -> Age {
        let open = matches!(quote.status, QuoteStatus::Draft | QuoteStatus::Sent | QuoteStatus::Accepted);
        Age::Of { date: quote.date, open, settled: None }
    }
    fn cure(quote: &Quote, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        offers::cure(&quote.label(), refusal)
    }
    fn judge(quote: &Quote, known: &Known, answer: &Value) -> Judgement {
        offers::judge(quote, known, answer, Self::to_zoho(quote, known))
    }
    fn xero_line(quote: &Quote) -> Line {
        offers::xero_line(quote)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        let status = match row["status"].as_str()? {
            "draft" | "pending_approval" | "approved" | "rejected" => "draft",
            "accepted" | "invoiced" | "partially_invoiced" => "accepted",
            "declined" => "declined",
            _ => "sent",
        };
        Some(offers::zoho_line(row, status))
    }
}

impl AsPaper for Quotes {
    const PAPER: Paper = Paper {
        noun: "Quote",
        zoho: Words { id: "estimate_id", number: "estimate_number", contact: "customer_id", until: Some("expiry_date") },
        xero: Words { id: "QuoteID", number: "QuoteNumber", contact: "Contact", until: Some("ExpiryDate") },
        contacts: customers::KEY,
        kind: None,
        side: Side { is_sale: true, takes_discounts: true, needs_account: false, price_decimals: 2 },
        texts: Texts { keys: &["reference_number", "notes", "terms"], say: texts::of_quote },
        seek: Seeking::Number("QuoteNumber"),
        link: None,
        status: |document| match document["status"].as_str().unwrap_or_default() {
            "draft" | "pending_approval" | "approved" | "rejected" => "DRAFT",
            "accepted" | "invoiced" | "partially_invoiced" => "ACCEPTED",
            "declined" => "DECLINED",
            "void" => "DELETED",
            _ => "SENT",
        },
        first: |status| matches!(status, "ACCEPTED" | "DECLINED").then_some("SENT"),
        is_quote: true,
        lines_are_wanted: false,
    };
}

impl Document for Quote {
    fn lines(&self) -> &[LineItem] {
        &self.line_items
    }
    fn line_amount_types(&self) -> LineAmountTypes {
        self.line_amount_types
    }
    fn currency_code(&self) -> &str {
        &self.currency_code
    }
}

impl Offer for Quote {
    fn kind(&self) -> Kind {
        Kind {
            contacts: customers::KEY,
            contact_key: "customer_id",
            number_key: "estimate_number",
            date_key: "date",
            until_key: "expiry_date",
            is_purchase: false,
        }
    }
    fn contact(&self) -> &str {
        &self.contact.id
    }
    fn number(&self) -> String {
        number_or(&self.quote_number, &self.id)
    }
    fn reference(&self) -> &str {
        &self.reference
    }
    fn date(&self) -> NaiveDate {
        self.date
    }
    fn until(&self) -> Option<NaiveDate> {
        self.expiry_date
    }
    fn rate(&self) -> Option<Decimal> {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO)
    }
    fn sub_total(&self) -> Decimal {
        self.sub_total
    }
    fn total_tax(&self) -> Decimal {
        self.total_tax
    }
    fn total(&self) -> Decimal {
        self.total
    }
    fn life(&self) -> &'static str {
        match self.status {
            QuoteStatus::Draft => "draft",
            QuoteStatus::Sent => "sent",
            QuoteStatus::Accepted | QuoteStatus::Invoiced => "accepted",
            QuoteStatus::Declined | QuoteStatus::Deleted => "declined",
        }
    }
    fn is_gone(&self) -> bool {
        self.status == QuoteStatus::Deleted
    }
    fn words(&self) -> Vec<String> {
        [&self.title, &self.summary, &self.terms].map(String::clone).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::Difference;

    fn quote(extra: Value) -> Quote {
        let mut record = json!({
            "QuoteID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Status": "SENT", "QuoteNumber": "QU-7", "Reference": "RFQ 9", "Title": "Roof", "Summary": "All of it",
            "Terms": "30 days", "Contact": {"ContactID": "c-1", "Name": "Ada"}, "Date": "/Date(1539993600000)/", "ExpiryDate": "/Date(1546128000000)/",
            "LineAmountTypes": "EXCLUSIVE", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
            "LineItems": [{"Description": "Tiles", "Quantity": 2.0, "UnitAmount": 20.0, "DiscountRate": 10, "LineAmount": 36.0, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 5.4}],
            "SubTotal": 36.0, "TotalTax": 5.4, "Total": 41.4,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let zoho = zoho::Organisation { currency_code: "NZD".into(), price_precision: 4, ..Default::default() };
        let mut known = Known::new(xero, zoho);
        for (flow, key, id) in [
            (customers::KEY, "c-1", "101"),
            (currencies::KEY, "NZD", "201"),
            (currencies::KEY, "USD", "202"),
            (accounts::KEY, "200", "301"),
            (taxes::KEY, "OUTPUT2", "401"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn a_quote_becomes_an_estimate_with_its_texts_as_notes() {
        let carry = Quotes::to_zoho(&quote(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "customer_id": "101", "estimate_number": "QU-7", "reference_number": "RFQ 9", "date": "2018-10-20", "expiry_date": "2018-12-30", "currency_id": "201",
                "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding", "discount_type": "item_level", "is_discount_before_tax": true,
                "notes": "Roof\nAll of it", "terms": "30 days",
                "line_items": [{"name": "Tiles", "description": "", "quantity": 2, "rate": 20, "discount": "10%", "account_id": "301", "tax_id": "401", "item_order": 1}],
            })
        );
        let long = quote(
            json!({"Reference": "r".repeat(60), "QuoteNumber": null, "LineAmountTypes": "INCLUSIVE", "Title": null, "Summary": "", "Terms": null, "ExpiryDate": null}),
        );
        let body = Quotes::to_zoho(&long, &known()).unwrap().body;
        assert_eq!(body["notes"], format!("Reference: {}", "r".repeat(60)));
        assert_eq!((&body["estimate_number"], &body["is_inclusive_tax"]), (&json!("XERO-046D8A6D"), &json!(true)));
        assert!(body.get("expiry_date").is_none());
        assert_eq!(Quotes::needs(&long).len(), 4);
    }

    #[test]
    fn the_status_follows() {
        for (status, then, life, open, wanted) in [
            ("DRAFT", vec![], "draft", true, Wanted::Carry),
            ("SENT", vec![Action::ESTIMATE_SENT_AGAIN], "sent", true, Wanted::Carry),
            ("ACCEPTED", vec![Action::ESTIMATE_SENT, Action::ESTIMATE_ACCEPTED], "accepted", true, Wanted::Carry),
            ("INVOICED", vec![Action::ESTIMATE_SENT, Action::ESTIMATE_ACCEPTED], "accepted", false, Wanted::Carry),
            ("DECLINED", vec![Action::ESTIMATE_SENT, Action::ESTIMATE_DECLINED], "declined", false, Wanted::Carry),
            ("DELETED", vec![Action::ESTIMATE_SENT, Action::ESTIMATE_DECLINED], "declined", false, Wanted::Skip),
        ] {
            let quote = quote(json!({ "Status": status }));
            assert_eq!(Quotes::to_zoho(&quote, &known()).unwrap().then, then, "{status}");
            assert_eq!((Quotes::xero_line(&quote).status, Quotes::wanted(&quote)), (life, wanted), "{status}");
            assert_eq!(Quotes::age(&quote), Age::Of { date: quote.date, open, settled: None });
        }
        for (status, life) in [("draft", "draft"), ("expired", "sent"), ("invoiced", "accepted"), ("declined", "declined")] {
            assert_eq!(Quotes::zoho_line(&json!({ "status": status })).unwrap().status, life);
        }
        // One that is deleted may come without its lines; those in Zoho stay.
        let gone = Quotes::to_zoho(&quote(json!({"Status": "DELETED", "LineItems": []})), &known()).unwrap();
        assert!(gone.body.get("line_items").is_none());
    }

    #[test]
    fn a_foreign_quote_has_the_inverse_rate_or_is_held_as_announced() {
        let body = Quotes::to_zoho(&quote(json!({"CurrencyCode": "USD", "CurrencyRate": 0.8})), &known()).unwrap().body;
        assert_eq!((&body["currency_id"], &body["exchange_rate"]), (&json!("202"), &json!(1.25)));
        let held = Quotes::to_zoho(&quote(json!({"CurrencyCode": "USD", "CurrencyRate": null})), &known()).unwrap_err();
        assert_eq!((held.code, held.expected), ("NO_RATE", true));
        assert!(held.sentence.starts_with("Quote QU-7 is in USD, and Xero has no exchange rate of it"));
        for (extra, code) in [
            (json!({"LineItems": null}), "NO_LINES"),
            (json!({"QuoteNumber": "9".repeat(101)}), "NUMBER_TOO_LONG"),
            (json!({"Contact": {"ContactID": "c-2"}}), "NOT_READY"),
        ] {
            let held = Quotes::to_zoho(&quote(extra), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
        }
    }

    #[test]
    fn an_answer_is_judged_to_the_cent() {
        let judge = |answer: Value| Quotes::judge(&quote(json!({})), &known(), &answer);
        let answer = |total: &str, tax: &str, adjustment: &str| json!({"estimate_number": "QU-7", "total": total, "tax_total": tax, "adjustment": adjustment});
        assert_eq!(judge(answer("41.4", "5.40", "0")), Judgement::Equal);
        let Judgement::Mend(carry) = judge(answer("41.39", "5.39", "0")) else { panic!("not mended") };
        assert_eq!(carry.body["adjustment"], json!(0.01));
        let tax =
            |cause, zoho: &str| Difference { what: "tax", xero: "5.4".parse().unwrap(), zoho: zoho.parse().unwrap(), cause };
        assert_eq!(judge(answer("41.4", "5.39", "0.01")), Judgement::Differs(vec![tax("ROUNDING_PER_LINE", "5.39")]));
        let Judgement::Differs(differences) = judge(answer("39", "3", "0")) else { panic!("not reported") };
        assert_eq!((differences[0].what, differences[0].cause, differences.len()), ("total", "UNEXPLAINED", 2));
        let Judgement::Mend(carry) = judge(json!({"estimate_number": "QT-000001", "total": 41.4, "tax_total": 5.4})) else {
            panic!("not renumbered")
        };
        assert_eq!(carry.body["estimate_number"], "QU-7");
    }

    #[test]
    fn cents_of_a_currency_without_any_have_a_name_of_their_own() {
        let mut known = known();
        known.learn(currencies::KEY, "JPY", "203");
        let yen = quote(json!({"CurrencyCode": "JPY", "CurrencyRate": 90, "TotalTax": 0, "SubTotal": 41.4, "Total": 41.4}));
        let answer = json!({"estimate_number": "QU-7", "total": 41, "tax_total": 0});
        let Judgement::Differs(differences) = Quotes::judge(&yen, &known, &answer) else { panic!("not reported") };
        assert_eq!((differences.len(), differences[0].cause), (1, "CURRENCY_DECIMALS"));
    }

    #[test]
    fn a_refusal_says_what_cures_it() {
        let cure = |message: &str| {
            let refusal = Refusal { status: 400, code: "4".into(), message: message.into() };
            let Cure::Hold(held) = Quotes::cure(&quote(json!({})), &known(), &refusal, 1) else { panic!("not held") };
            (held.code, held.sentence)
        };
        let (code, sentence) = cure("The estimate number \"QU-7\" already exists.");
        assert!(code == "NUMBER_TAKEN" && sentence.starts_with("Quote QU-7 cannot be created"));
        assert_eq!(cure("The period is locked").0, "LOCKED_PERIOD");
    }
}
