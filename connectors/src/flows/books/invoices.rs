//! Xero sales invoices → Zoho Books invoices. They keep their number and their amounts to the cent; nobody gets an e-mail.

use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::documents::{self, Kind};
use super::{XERO_ID, accounts, currencies, customers, items, judgement, taxes, tracking_categories};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Owed, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{Invoice, InvoiceStatus, InvoiceType, SALES_INVOICES};
use crate::{xero, zoho};

pub struct Invoices;

pub const KEY: &str = "books.invoices";

impl Flow for Invoices {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Sales invoices";
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, customers::KEY, items::KEY];
    const XERO: xero::Resource = SALES_INVOICES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "invoices",
        one: "invoice",
        many: &["invoices"],
        id: "invoice_id",
        unique: zoho::Unique::Field { module: "invoice", label: XERO_ID },
        // The number is ours: Zoho must not make one up.
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = Invoice;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::document_fields::<Self>()));

    fn wanted(invoice: &Invoice) -> Wanted {
        match (invoice.kind, invoice.status) {
            (InvoiceType::AccRec, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccRec, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(invoice: &Invoice) -> Vec<Need> {
        documents::needs(Kind::Invoice, invoice)
    }
    fn to_zoho(invoice: &Invoice, known: &Known) -> Result<Carry, Unmappable> {
        documents::to_zoho(Kind::Invoice, invoice, known)
    }
    fn fields() -> &'static [Field<Invoice>] {
        documents::fields()
    }
    fn cure(invoice: &Invoice, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::Invoice, invoice, known, refusal, attempt)
    }
    fn judge(invoice: &Invoice, known: &Known, answer: &Value) -> Judgement {
        judgement::judge(Kind::Invoice, invoice, known, answer)
    }
    fn age(invoice: &Invoice) -> Age {
        documents::age(invoice)
    }
    fn postings(invoice: &Invoice, _: &Known) -> Vec<Posting> {
        documents::postings(Kind::Invoice, invoice)
    }
    fn shifts(invoice: &Invoice, _: &Known) -> Vec<Shift> {
        documents::shifts(Kind::Invoice, invoice)
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        documents::booked(Kind::Invoice, answer)
    }
    fn owed(invoice: &Invoice) -> Option<Owed> {
        documents::owed(Kind::Invoice, invoice)
    }
    fn zoho_owed(row: &Value) -> Option<Owed> {
        documents::zoho_owed(Kind::Invoice, row)
    }
    fn xero_line(invoice: &Invoice) -> Line {
        documents::xero_line(invoice)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}

impl AsPaper for Invoices {
    const PAPER: Paper = Paper {
        noun: "Invoice",
        zoho: Words { id: "invoice_id", number: "invoice_number", contact: "customer_id", until: Some("due_date") },
        xero: Words { id: "InvoiceID", number: "InvoiceNumber", contact: "Contact", until: Some("DueDate") },
        contacts: customers::KEY,
        kind: Some("ACCREC"),
        side: Side { is_sale: true, takes_discounts: true, needs_account: true, price_decimals: 4 },
        texts: Texts::REFERENCE,
        seek: Seeking::Number("InvoiceNumbers"),
        link: Some("invoices"),
        status: papers::life,
        first: papers::at_once,
        is_quote: false,
        lines_are_wanted: true,
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::{By, Difference, Judgement};
    use crate::zoho::Action;

    fn invoice(extra: Value) -> Invoice {
        let mut record = json!({
            "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": "INV-0042", "Reference": "PO 7",
            "Contact": {"ContactID": "c-1"}, "Date": "/Date(1539993600000+0000)/", "DueDate": "/Date(1546128000000+0000)/",
            "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
            "LineItems": [{"Description": "Work", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 6.0}],
            "SubTotal": 40.0, "TotalTax": 6.0, "Total": 46.0, "AmountDue": 46.0,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let zoho = zoho::Organisation { currency_code: "NZD".into(), price_precision: 4, ..Default::default() };
        let mut known = Known::new(xero, zoho);
        known.learn(customers::KEY, "c-1", "101");
        known.learn(currencies::KEY, "NZD", "201");
        known.learn(currencies::KEY, "USD", "202");
        known.learn(accounts::KEY, "200", "301");
        known.learn(taxes::KEY, "OUTPUT2", "401");
        known.learn(items::KEY, "GB-1", "501");
        known
    }

    fn carried(extra: Value) -> Carry {
        Invoices::to_zoho(&invoice(extra), &known()).unwrap()
    }

    #[test]
    fn a_line_only_describes_its_item_where_items_are_not_carried() {
        let line = json!([{"Description": "Gumball", "Quantity": 1, "UnitAmount": 40, "LineAmount": 40, "ItemCode": "GB-1", "AccountCode": "200", "TaxType": "OUTPUT2"}]);
        let one = invoice(json!({ "LineItems": line }));
        let mut known = known();
        assert_eq!(Invoices::to_zoho(&one, &known).unwrap().body["line_items"][0]["item_id"], "501");
        known.switch_off(items::KEY);
        let carried = &Invoices::to_zoho(&one, &known).unwrap().body["line_items"][0];
        assert!(carried["item_id"].is_null() && carried["name"] == "Gumball", "{carried}");
    }

    #[test]
    fn an_invoice_keeps_its_number_dates_and_lines() {
        let carry = carried(json!({}));
        assert_eq!(
            carry.body,
            json!({
                "customer_id": "101", "invoice_number": "INV-0042", "reference_number": "PO 7", "date": "2018-10-20", "due_date": "2018-12-30",
                "currency_id": "201", "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding",
                "line_items": [{"name": "Work", "description": "", "quantity": 2, "rate": 20, "account_id": "301", "tax_id": "401", "item_order": 1}],
            })
        );
        assert_eq!(carry.then, [Action::INVOICE_SENT]);
        let needs = Invoices::needs(&invoice(json!({})));
        let needs: Vec<(&str, &str, By)> = needs.iter().map(|need| (need.flow, need.key.as_str(), need.by)).collect();
        assert_eq!(
            needs,
            [
                (customers::KEY, "c-1", By::Id),
                (currencies::KEY, "NZD", By::Id),
                (accounts::KEY, "200", By::Alias),
                (taxes::KEY, "OUTPUT2", By::Id)
            ]
        );
    }

    #[test]
    fn the_status_follows_and_nothing_is_ever_sent_by_mail() {
        for (status, wanted, then) in [
            ("DRAFT", Wanted::Carry, vec![]),
            ("SUBMITTED", Wanted::Carry, vec![]),
            ("AUTHORISED", Wanted::Carry, vec![Action::INVOICE_SENT]),
            ("PAID", Wanted::Carry, vec![Action::INVOICE_SENT]),
            ("VOIDED", Wanted::Carry, vec![Action::INVOICE_VOID]),
            ("DELETED", Wanted::Skip, vec![Action::INVOICE_VOID]),
        ] {
            assert_eq!(Invoices::wanted(&invoice(json!({ "Status": status }))), wanted, "{status}");
            assert_eq!(carried(json!({ "Status": status })).then, then, "{status}");
        }
        assert!(Invoices::ZOHO.query.iter().all(|(key, _)| *key != "send"));
        assert_eq!(Invoices::wanted(&invoice(json!({"Type": "ACCPAY"}))), Wanted::Skip);
    }

    #[test]
    fn a_foreign_invoice_has_the_inverse_rate() {
        let body = carried(json!({"CurrencyCode": "USD", "CurrencyRate": 0.8})).body;
        assert_eq!((&body["currency_id"], &body["exchange_rate"]), (&json!("202"), &json!(1.25)));
    }

    #[test]
    fn a_tax_mode_of_none_has_no_tax() {
        let body = carried(json!({"LineAmountTypes": "NoTax", "TotalTax": 0, "Total": 40})).body;
        assert!(body["line_items"][0].get("tax_id").is_none() && body["is_inclusive_tax"] == false);
        assert_eq!(
            carried(json!({"LineAmountTypes": "Inclusive", "SubTotal": 34.78, "TotalTax": 5.22, "Total": 40})).body["is_inclusive_tax"],
            true
        );
        let exempt = json!({"LineItems": [{"Description": "Work", "LineAmount": 40, "AccountCode": "200", "TaxType": "NONE"}], "TotalTax": 0, "Total": 40});
        assert!(carried(exempt).body["line_items"][0].get("tax_id").is_none());
    }

    #[test]
    fn items_discounts_and_words_become_lines() {
        let long = "word ".repeat(800);
        let body = carried(json!({"LineItems": [
            {"Description": "Golf balls", "ItemCode": "GB-1", "Quantity": 3, "UnitAmount": 10, "DiscountRate": 10, "LineAmount": 27, "AccountCode": "200", "TaxType": "OUTPUT2"},
            {"Description": "Delivered on Monday"},
            {"Description": long, "Quantity": 1, "UnitAmount": 1, "LineAmount": 1, "AccountCode": "200", "TaxType": "OUTPUT2"},
            {"Description": ""},
        ]}))
        .body;
        let lines = body["line_items"].as_array().unwrap();
        assert_eq!(
            lines[0],
            json!({"item_id": "501", "description": "Golf balls", "quantity": 3, "rate": 10, "discount": "10%", "account_id": "301", "tax_id": "401", "item_order": 1})
        );
        assert_eq!(
            lines[1],
            json!({"name": "Delivered on Monday", "description": "", "quantity": 1, "rate": 0, "item_order": 2})
        );
        assert_eq!(lines.len(), 5);
        let said: String = lines[2..4].iter().map(|line| line["description"].as_str().unwrap()).collect();
        assert_eq!(said, long);
        assert_eq!((&lines[3]["rate"], &lines[4]["name"]), (&json!(0), &json!("-")));
        assert_eq!((&body["discount_type"], &body["is_discount_before_tax"]), (&json!("item_level"), &json!(true)));
    }

    #[test]
    fn a_tracked_line_has_its_tags() {
        let tracking = json!([{"TrackingCategoryID": "t-1", "TrackingOptionID": "o-1", "Name": "Region", "Option": "North"}]);
        let tracked = json!({"LineItems": [
            {"Description": "Work", "LineAmount": 40, "AccountCode": "200", "TaxType": "OUTPUT2", "Tracking": tracking},
            {"Description": "More", "LineAmount": 0, "AccountCode": "200", "Tracking": null}]});
        let mut known = known();
        assert_eq!(Invoices::to_zoho(&invoice(tracked.clone()), &known).unwrap_err().code, "NOT_READY");
        known.learn(tracking_categories::KEY, "t-1", "71");
        known.learn(tracking_categories::KEY, "o-1", "81");
        let lines = Invoices::to_zoho(&invoice(tracked.clone()), &known).unwrap().body["line_items"].clone();
        assert_eq!(lines[0]["tags"], json!([{"tag_id": "71", "tag_option_id": "81"}]));
        assert!(lines[1].get("tags").is_none());
        let needs = Invoices::needs(&invoice(tracked));
        assert!(
            ["t-1", "o-1"].iter().all(|key| needs.iter().any(|need| need.flow == tracking_categories::KEY && need.key == *key))
        );
    }

    #[test]
    fn a_voided_invoice_without_lines_keeps_its_total() {
        let body = carried(json!({"Status": "VOIDED", "LineItems": []})).body;
        assert_eq!(body["line_items"], json!([{"name": "Voided in Xero", "quantity": 1, "rate": 46}]));
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        for (extra, code, sentence) in [
            (json!({"LineItems": []}), "NO_LINES", "Invoice INV-0042 has no lines"),
            (json!({"InvoiceNumber": "9".repeat(101)}), "NUMBER_TOO_LONG", "more than 100 characters"),
            (json!({"Contact": {"ContactID": "c-2"}}), "NOT_READY", "Invoice INV-0042 refers to its contact"),
        ] {
            let unmappable = Invoices::to_zoho(&invoice(extra), &known()).unwrap_err();
            assert_eq!(unmappable.code, code);
            assert!(unmappable.sentence.contains(sentence), "{}", unmappable.sentence);
        }
        let mut elsewhere = known();
        elsewhere.zoho.currency_code = "AUD".into();
        assert_eq!(Invoices::to_zoho(&invoice(json!({})), &elsewhere).unwrap_err().code, "BASE_CURRENCY");
    }

    #[test]
    fn an_answer_is_judged_to_the_cent() {
        let judge = |answer: Value| Invoices::judge(&invoice(json!({})), &known(), &answer);
        let answer = |total: &str, tax: &str, adjustment: &str| json!({"invoice_number": "INV-0042", "total": total, "tax_total": tax, "adjustment": adjustment});
        assert_eq!(judge(answer("46.00", "6.00", "0")), Judgement::Equal);
        let Judgement::Mend(carry) = judge(answer("45.99", "5.99", "0")) else { panic!("not mended") };
        assert_eq!(carry.body["adjustment"], json!(0.01));
        // The adjusted answer has the right total; its tax is a named difference.
        let tax =
            |zoho: &str, cause| Difference { what: "tax", xero: "6.0".parse().unwrap(), zoho: zoho.parse().unwrap(), cause };
        assert_eq!(judge(answer("46.00", "5.99", "0.01")), Judgement::Differs(vec![tax("5.99", "ROUNDING_PER_LINE")]));
        // It was adjusted and is still off: not adjusted again.
        let Judgement::Differs(differences) = judge(answer("45.98", "6.00", "0.01")) else { panic!("mended twice") };
        assert_eq!((differences[0].what, differences[0].cause), ("total", "UNEXPLAINED"));
        let Judgement::Differs(differences) = judge(answer("44.00", "6.00", "0")) else { panic!("not reported") };
        assert_eq!((differences.len(), differences[0].cause), (1, "UNEXPLAINED"));
        let Judgement::Mend(carry) = judge(json!({"invoice_number": "INV-000001", "total": 46, "tax_total": 6})) else {
            panic!("not renumbered")
        };
        assert_eq!(carry.body["invoice_number"], "INV-0042");
    }

    #[test]
    fn tax_that_somebody_typed_is_named() {
        let typed = invoice(json!({
            "LineItems": [{"Description": "Work", "Quantity": 2, "UnitAmount": 20, "LineAmount": 40, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 9}],
            "TotalTax": 9, "Total": 49}));
        let answer = |total: u32, percent: u32| json!({"invoice_number": "INV-0042", "total": total, "tax_total": total - 40, "line_items": [{"tax_percentage": percent}]});
        let mut known = known();
        let causes = |invoice: &Invoice, known: &Known, answer: Value| {
            let Judgement::Differs(differences) = Invoices::judge(invoice, known, &answer) else { panic!("not reported") };
            differences.iter().map(|one| (one.what, one.cause)).collect::<Vec<_>>()
        };
        // Without Xero's own rate nobody can say that it was typed.
        assert_eq!(causes(&typed, &known, answer(46, 15)), [("total", "UNEXPLAINED"), ("tax", "UNEXPLAINED")]);
        known.learn_rate(taxes::KEY, "OUTPUT2", 15.into());
        assert_eq!(causes(&typed, &known, answer(46, 15)), [("total", "TAX_BY_HAND"), ("tax", "TAX_BY_HAND")]);
        // A rate that was changed in Zoho is not tax that was typed in Xero, not even where some was.
        assert_eq!(causes(&invoice(json!({})), &known, answer(44, 10)), [("total", "UNEXPLAINED"), ("tax", "UNEXPLAINED")]);
        assert_eq!(causes(&typed, &known, answer(44, 10)), [("total", "UNEXPLAINED"), ("tax", "UNEXPLAINED")]);
    }

    #[test]
    fn what_is_owed_differs_for_a_reason_or_is_unexplained() {
        let credited = invoice(json!({"AmountDue": 26, "AmountCredited": 20}));
        let answer = |balance: u32| json!({"invoice_number": "INV-0042", "total": 46, "tax_total": 6, "balance": balance});
        let due =
            |zoho: u32, cause| Judgement::Differs(vec![Difference { what: "due", xero: 26.into(), zoho: zoho.into(), cause }]);
        assert_eq!(Invoices::judge(&credited, &known(), &answer(26)), Judgement::Equal);
        assert_eq!(Invoices::judge(&credited, &known(), &answer(46)), due(46, "CREDIT_NOT_CARRIED"));
        // Part of it was settled here too.
        assert_eq!(Invoices::judge(&credited, &known(), &answer(45)), due(45, "CREDIT_NOT_CARRIED"));
        assert_eq!(Invoices::judge(&credited, &known(), &answer(25)), due(25, "UNEXPLAINED"));
        // Where Xero tells the credits apart, it is some of them or none.
        let told = invoice(json!({"AmountDue": 26, "AmountCredited": 20,
            "CreditNotes": [{"AppliedAmount": 5}], "Prepayments": [{"AppliedAmount": "8"}], "Overpayments": [{"AppliedAmount": 7}, {}]}));
        for (zoho, cause) in
            [(31, "CREDIT_NOT_CARRIED"), (41, "CREDIT_NOT_CARRIED"), (46, "CREDIT_NOT_CARRIED"), (45, "UNEXPLAINED")]
        {
            assert_eq!(Invoices::judge(&told, &known(), &answer(zoho)), due(zoho, cause));
        }
    }

    #[test]
    fn both_sides_tell_what_is_owed_by_whom_and_since_when() {
        let extra = |extra: Value| Invoices::owed(&invoice(extra));
        let owed = extra(json!({"AmountDue": 26.5, "Contact": {"ContactID": "c-1", "Name": "Ada"}})).unwrap();
        let row = json!({"status": "overdue", "balance": "26.50", "customer_id": "c-1", "customer_name": "Ada", "due_date": "2018-12-30", "currency_code": "NZD"});
        let amount =
            |owed: &Owed| (owed.amount.normalize().to_string(), owed.due.to_string(), owed.contact.clone(), owed.name.clone());
        assert_eq!(amount(&owed), amount(&Invoices::zoho_owed(&row).unwrap()));
        assert_eq!((owed.contacts, owed.currency.as_str()), (customers::KEY, "NZD"));
        // Without a day on which it is due, it is due on its own.
        assert_eq!(extra(json!({"DueDate": null})).unwrap().due.to_string(), "2018-10-20");
        for nothing in [json!({"Status": "DRAFT"}), json!({"Status": "PAID", "AmountDue": 0}), json!({"AmountDue": 0})] {
            assert_eq!(extra(nothing), None);
        }
        for nothing in
            [json!({"status": "draft", "balance": 5}), json!({"status": "sent", "balance": 0}), json!({"status": "sent"})]
        {
            assert_eq!(Invoices::zoho_owed(&nothing), None);
        }
    }

    #[test]
    fn both_sides_speak_of_a_document_in_the_same_words() {
        for (status, due, row_status, balance, expected) in [
            ("DRAFT", 46, "draft", 46, "draft"),
            ("SUBMITTED", 46, "draft", 46, "draft"),
            ("AUTHORISED", 46, "overdue", 46, "open"),
            ("AUTHORISED", 46, "sent", 46, "open"),
            ("AUTHORISED", 6, "partially_paid", 6, "open"),
            ("PAID", 0, "paid", 0, "paid"),
            ("VOIDED", 46, "void", 0, "void"),
        ] {
            let ours = Invoices::xero_line(&invoice(json!({"Status": status, "AmountDue": due})));
            let row = json!({"status": row_status, "currency_code": "NZD", "total": 46.00, "tax_total": 6.0, "balance": balance});
            assert_eq!(Some(&ours), Invoices::zoho_line(&row).as_ref(), "{status}");
            assert_eq!(ours.status, expected);
        }
    }

    #[test]
    fn a_payment_changes_no_print_but_a_line_does() {
        use crate::flow::{AnyFlow, Reading};
        let prints = |extra: Value| {
            let mut record = serde_json::to_value(json!({"InvoiceID": "i", "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"ContactID": "c"}, "Date": "2018-10-20",
                "SubTotal": 1, "TotalTax": 0, "Total": 1, "LineItems": [{"Description": "a", "LineAmount": 1.0}]})).unwrap();
            record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let body = json!({ "Invoices": [record] }).to_string();
            let Ok([Reading::Record(record)]) = <[Reading; 1]>::try_from(Invoices.read(body.as_bytes()).unwrap()) else {
                panic!("not read")
            };
            Invoices.prints(record.as_ref(), &crate::print::PrintKey::new([1; 32]))
        };
        let base = prints(json!({}));
        assert_eq!(base.len(), Invoices.field_names().len() * crate::print::FIELD_PRINT_BYTES);
        assert_eq!(prints(json!({"Status": "PAID", "AmountDue": 0, "UpdatedDateUTC": "/Date(1)/"})), base);
        assert_eq!(prints(json!({"LineItems": [{"Description": "a", "LineAmount": "1.00"}]})), base);
        assert_ne!(prints(json!({"LineItems": [{"Description": "b", "LineAmount": 1.0}]})), base);
        assert_ne!(prints(json!({"Status": "VOIDED"})), base);
        assert_ne!(prints(json!({"DueDate": "2018-10-21"})), base);
    }
}
