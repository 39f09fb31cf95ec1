//! Xero purchase orders → Zoho Books purchase orders. Where it is to be delivered is said in the notes, which the vendor reads too.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::back::papers::{self, AsPaper, Paper, Seeking, Side, Texts, Words};
use super::back::texts;
use super::lines::Document;
use super::offers::{self, Kind, Offer};
use super::texts::clip;
use super::{XERO_ID, accounts, currencies, items, taxes, tracking_categories, vendors};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{LineAmountTypes, LineItem, PURCHASE_ORDERS, PurchaseOrder, PurchaseOrderStatus, number_or};
use crate::zoho::Action;
use crate::{xero, zoho};

pub struct PurchaseOrders;

pub const KEY: &str = "books.purchase_orders";

const ATTENTION_CHARS_MAX: usize = 100;

impl Flow for PurchaseOrders {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Purchase orders";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, vendors::KEY, items::KEY];
    const XERO: xero::Resource = PURCHASE_ORDERS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "purchaseorders",
        one: "purchaseorder",
        many: &["purchaseorders"],
        id: "purchaseorder_id",
        unique: zoho::Unique::Field { module: "purchaseorder", label: XERO_ID },
        // The number is ours: Zoho must not make one up.
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = PurchaseOrder;

    const BACK: Option<Back> = Some(papers::back::<Self>(papers::offer_fields::<Self>()));

    fn wanted(order: &PurchaseOrder) -> Wanted {
        if order.is_gone() { Wanted::Skip } else { Wanted::Carry }
    }
    fn needs(order: &PurchaseOrder) -> Vec<Need> {
        offers::needs(order)
    }
    fn to_zoho(order: &PurchaseOrder, known: &Known) -> Result<Carry, Unmappable> {
        let mut body = offers::body(order, known)?;
        let texts = [
            ("Deliver to", &order.delivery_address),
            ("Telephone", &order.telephone),
            ("Delivery instructions", &order.delivery_instructions),
        ];
        body["notes"] = offers::notes(order, &texts.map(|(what, text)| (what, text.as_str()))).into();
        body["attention"] = clip(order.attention_to.trim(), ATTENTION_CHARS_MAX).into();
        let then = match order.status {
            PurchaseOrderStatus::Draft | PurchaseOrderStatus::Submitted => vec![],
            PurchaseOrderStatus::Authorised => vec![Action::ORDER_OPEN_AGAIN],
            PurchaseOrderStatus::Billed => vec![Action::ORDER_OPEN, Action::ORDER_BILLED],
            PurchaseOrderStatus::Deleted => vec![Action::ORDER_CANCELLED],
        };
        Ok(Carry::new(body).then(then))
    }
    fn fields() -> &'static [Field<PurchaseOrder>] {
        offers::fields()
    }
    fn age(order: &PurchaseOrder) -> Age {
        let open = !matches!(order.status, PurchaseOrderStatus::Billed | PurchaseOrderStatus::Deleted);
        Age::Of { date: order.date, open, settled: None }
    }
    fn cure(order: &PurchaseOrder, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        offers::cure(&order.label(), refusal)
    }
    fn judge(order: &PurchaseOrder, known: &Known, answer: &Value) -> Judgement {
        offers::judge(order, known, answer, Self::to_zoho(order, known))
    }
    fn xero_line(order: &PurchaseOrder) -> Line {
        offers::xero_line(order)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        let status = match row["status"].as_str()? {
            "draft" | "pending_approval" | "approved" | "rejected" => "draft",
            "billed" | "closed" => "billed",
            "cancelled" => "cancelled",
            _ => "open",
        };
        Some(offers::zoho_line(row, status))
    }
}

impl AsPaper for PurchaseOrders {
    const PAPER: Paper = Paper {
        noun: "Purchase order",
        zoho: Words {
            id: "purchaseorder_id",
            number: "purchaseorder_number",
            contact: "vendor_id",
            until: Some("delivery_date"),
        },
        xero: Words { id: "PurchaseOrderID", number: "PurchaseOrderNumber", contact: "Contact", until: Some("DeliveryDate") },
        contacts: vendors::KEY,
        kind: None,
        side: Side { is_sale: false, takes_discounts: false, needs_account: false, price_decimals: 2 },
        texts: Texts { keys: &["reference_number", "notes", "attention"], say: texts::of_order },
        seek: Seeking::Day,
        link: None,
        status: |document| match document["status"].as_str().unwrap_or_default() {
            "draft" | "pending_approval" | "approved" | "rejected" => "DRAFT",
            "billed" | "closed" => "BILLED",
            "cancelled" | "void" => "DELETED",
            _ => "AUTHORISED",
        },
        first: |status| (status == "BILLED").then_some("AUTHORISED"),
        is_quote: false,
        lines_are_wanted: true,
    };
}

impl Document for PurchaseOrder {
    fn lines(&self) -> &[LineItem] {
        &self.line_items
    }
    fn line_amount_types(&self) -> LineAmountTypes {
        self.line_amount_types
    }
    fn currency_code(&self) -> &str {
        &self.currency_code
    }
    /// Zoho has one discount for the whole order only.
    fn takes_discounts(&self) -> bool {
        false
    }
}

impl Offer for PurchaseOrder {
    fn kind(&self) -> Kind {
        Kind {
            contacts: vendors::KEY,
            contact_key: "vendor_id",
            number_key: "purchaseorder_number",
            date_key: "date",
            until_key: "delivery_date",
            is_purchase: true,
        }
    }
    fn contact(&self) -> &str {
        &self.contact.id
    }
    fn number(&self) -> String {
        number_or(&self.purchase_order_number, &self.id)
    }
    fn reference(&self) -> &str {
        &self.reference
    }
    fn date(&self) -> NaiveDate {
        self.date
    }
    fn until(&self) -> Option<NaiveDate> {
        self.delivery_date.or(self.expected_arrival_date)
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
            PurchaseOrderStatus::Draft | PurchaseOrderStatus::Submitted => "draft",
            PurchaseOrderStatus::Authorised => "open",
            PurchaseOrderStatus::Billed => "billed",
            PurchaseOrderStatus::Deleted => "cancelled",
        }
    }
    fn is_gone(&self) -> bool {
        self.status == PurchaseOrderStatus::Deleted
    }
    fn words(&self) -> Vec<String> {
        [&self.delivery_address, &self.telephone, &self.delivery_instructions, &self.attention_to].map(String::clone).into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(extra: Value) -> PurchaseOrder {
        let mut record = json!({
            "PurchaseOrderID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Status": "AUTHORISED", "PurchaseOrderNumber": "PO-7", "Reference": "R 9", "Type": "PURCHASEORDER",
            "Contact": {"ContactID": "c-1"}, "Date": "/Date(1539993600000+0000)/", "DeliveryDate": "/Date(1546128000000+0000)/", "DeliveryAddress": "1 Road\nWellington",
            "AttentionTo": "Jimmy", "Telephone": "64 123", "DeliveryInstructions": "Ring twice", "LineAmountTypes": "Exclusive", "CurrencyCode": "NZD", "CurrencyRate": 1.0,
            "LineItems": [{"Description": "See drawing"}, {"Description": "Tiles", "Quantity": 2.0, "UnitAmount": 20.0, "DiscountRate": 10, "LineAmount": 36.0, "AccountCode": "300", "TaxType": "INPUT2", "TaxAmount": 5.4}],
            "SubTotal": 36.0, "TotalTax": 5.4, "Total": 41.4,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (flow, key, id) in [
            (vendors::KEY, "c-1", "101"),
            (accounts::KEY, "300", "301"),
            (taxes::KEY, "INPUT2", "401"),
            (items::KEY, "GB-1", "501"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn an_order_says_where_to_deliver_and_what_each_line_comes_to() {
        let carry = PurchaseOrders::to_zoho(&order(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "vendor_id": "101", "purchaseorder_number": "PO-7", "reference_number": "R 9", "date": "2018-10-20", "delivery_date": "2018-12-30",
                "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding", "attention": "Jimmy",
                "notes": "Deliver to: 1 Road\nWellington\nTelephone: 64 123\nDelivery instructions: Ring twice",
                "line_items": [
                    {"name": "See drawing", "description": "", "quantity": 1, "rate": 0, "account_id": "301", "item_order": 1},
                    {"name": "Tiles (2 × 20 − 10%)", "description": "", "quantity": 1, "rate": 36, "account_id": "301", "tax_id": "401", "item_order": 2}],
            })
        );
        let bare = order(
            json!({"DeliveryDate": null, "ExpectedArrivalDate": "2018-11-01", "AttentionTo": null, "DeliveryAddress": null, "Telephone": "", "DeliveryInstructions": null}),
        );
        let body = PurchaseOrders::to_zoho(&bare, &known()).unwrap().body;
        assert_eq!((&body["delivery_date"], &body["notes"], &body["attention"]), (&json!("2018-11-01"), &json!(""), &json!("")));
    }

    #[test]
    fn the_status_follows() {
        for (status, then, life, open, wanted) in [
            ("DRAFT", vec![], "draft", true, Wanted::Carry),
            ("SUBMITTED", vec![], "draft", true, Wanted::Carry),
            ("AUTHORISED", vec![Action::ORDER_OPEN_AGAIN], "open", true, Wanted::Carry),
            ("BILLED", vec![Action::ORDER_OPEN, Action::ORDER_BILLED], "billed", false, Wanted::Carry),
            ("DELETED", vec![Action::ORDER_CANCELLED], "cancelled", false, Wanted::Skip),
        ] {
            let order = order(json!({ "Status": status }));
            assert_eq!(PurchaseOrders::to_zoho(&order, &known()).unwrap().then, then, "{status}");
            assert_eq!((PurchaseOrders::xero_line(&order).status, PurchaseOrders::wanted(&order)), (life, wanted), "{status}");
            assert_eq!(PurchaseOrders::age(&order), Age::Of { date: order.date, open, settled: None });
        }
        for (status, life) in
            [("draft", "draft"), ("open", "open"), ("partially_billed", "open"), ("billed", "billed"), ("cancelled", "cancelled")]
        {
            assert_eq!(PurchaseOrders::zoho_line(&json!({ "status": status })).unwrap().status, life);
        }
    }

    #[test]
    fn a_line_without_an_account_is_held() {
        let line = json!({"Description": "Tiles", "Quantity": 1, "UnitAmount": 1, "LineAmount": 1});
        let held = PurchaseOrders::to_zoho(&order(json!({ "LineItems": [line] })), &known()).unwrap_err();
        assert_eq!((held.code, held.expected), ("NO_ACCOUNT", false));
        assert!(held.sentence.starts_with("Purchase order PO-7 has a line without an account"));
        let item = json!({"Description": "Tiles", "ItemCode": "GB-1", "Quantity": 1, "UnitAmount": 1, "LineAmount": 1});
        assert_eq!(
            PurchaseOrders::to_zoho(&order(json!({ "LineItems": [item] })), &known()).unwrap().body["line_items"][0]["item_id"],
            "501"
        );
    }
}
