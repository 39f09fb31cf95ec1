//! Xero purchase orders → CRM purchase orders.

use serde_json::Value;

use super::papers::{self, Paper, Sheet};
use super::{module, products, taxes, vendors};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::flows::books::offers::Offer;
use crate::flows::books::texts::clip;
use crate::side::Refusal;
use crate::xero::records::{PURCHASE_ORDERS, PurchaseOrder, PurchaseOrderStatus};
use crate::{xero, zoho};

pub struct PurchaseOrders;

pub const KEY: &str = "crm.purchase_orders";

const NUMBER_CHARS_MAX: usize = 100;

impl Flow for PurchaseOrders {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Purchase orders";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] = &[taxes::KEY, vendors::KEY, products::KEY];
    const XERO: xero::Resource = PURCHASE_ORDERS;
    const ZOHO: zoho::Resource = module("Purchase_Orders", &[("fields", "Subject,Status,Currency,Grand_Total,Adjustment")]);
    type Xero = PurchaseOrder;

    fn wanted(order: &PurchaseOrder) -> Wanted {
        if order.is_gone() { Wanted::Skip } else { Wanted::Carry }
    }
    fn needs(order: &PurchaseOrder) -> Vec<Need> {
        papers::needs(&order.sheet())
    }
    fn to_zoho(order: &PurchaseOrder, known: &Known) -> Result<Carry, Unmappable> {
        let sheet = order.sheet();
        let mut body = papers::body(&sheet, known)?;
        body["PO_Number"] = clip(&sheet.number, NUMBER_CHARS_MAX).into();
        body["PO_Date"] = order.date.to_string().into();
        if let [_, Some(delivered)] = sheet.dates {
            body["Due_Date"] = delivered.to_string().into();
        }
        body["Status"] = match order.status {
            PurchaseOrderStatus::Draft | PurchaseOrderStatus::Submitted => "Created",
            PurchaseOrderStatus::Authorised => "Approved",
            PurchaseOrderStatus::Billed => "Delivered",
            PurchaseOrderStatus::Deleted => "Cancelled",
        }
        .into();
        let said = papers::words(&[
            ("Reference", &order.reference),
            ("Deliver to", &order.delivery_address),
            ("Attention", &order.attention_to),
            ("Telephone", &order.telephone),
            ("Delivery instructions", &order.delivery_instructions),
        ]);
        body["Description"] = said.into();
        Ok(Carry::new(body))
    }
    fn fields() -> &'static [Field<PurchaseOrder>] {
        papers::fields()
    }
    fn age(order: &PurchaseOrder) -> Age {
        let open = !matches!(order.status, PurchaseOrderStatus::Billed | PurchaseOrderStatus::Deleted);
        Age::Of { date: order.date, open, settled: None }
    }
    fn cure(order: &PurchaseOrder, known: &Known, refusal: &Refusal, _: u32) -> Cure {
        papers::cure(&order.sheet(), known, refusal)
    }
    fn judge(order: &PurchaseOrder, known: &Known, answer: &Value) -> Judgement {
        papers::judge(&order.sheet(), known, answer, Self::to_zoho(order, known))
    }
    fn xero_line(order: &PurchaseOrder) -> Line {
        papers::xero_line(&order.sheet())
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        let status = match row["Status"].as_str().unwrap_or_default() {
            "Created" => "draft",
            "Delivered" => "billed",
            "Cancelled" => "cancelled",
            _ => "open",
        };
        Some(papers::zoho_line(row, status))
    }
}

impl Paper for PurchaseOrder {
    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            document: self,
            rows: "Purchase_Items",
            party: (vendors::KEY, "Vendor_Name"),
            contact: &self.contact.id,
            number: self.number(),
            dates: [Some(self.date), self.until()],
            rate: self.currency_rate,
            sub_total: self.sub_total,
            total_tax: self.total_tax,
            total: self.total,
            life: Offer::life(self),
            is_gone: Offer::is_gone(self),
            words: vec![
                &self.reference,
                &self.delivery_address,
                &self.attention_to,
                &self.telephone,
                &self.delivery_instructions,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order(extra: Value) -> PurchaseOrder {
        let mut record = json!({
            "PurchaseOrderID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "Status": "AUTHORISED", "PurchaseOrderNumber": "PO-7", "Reference": "R 9",
            "DeliveryAddress": "1 Mill Road", "Contact": {"ContactID": "c-1"}, "Date": "2018-10-20", "DeliveryDate": "2018-12-30", "CurrencyCode": "NZD",
            "LineItems": [{"Description": "Timber", "Quantity": 2.0, "UnitAmount": 20.0, "LineAmount": 40.0, "TaxType": "NONE"}],
            "SubTotal": 40.0, "TotalTax": 0, "Total": 40.0,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation::default());
        known.learn(vendors::KEY, "c-1", "101");
        known.learn(products::KEY, products::OTHER, "500");
        known
    }

    #[test]
    fn an_order_is_with_its_vendor_and_says_where_it_goes() {
        let body = PurchaseOrders::to_zoho(&order(json!({})), &known()).unwrap().body;
        assert_eq!(
            (&body["Vendor_Name"], &body["PO_Number"], &body["PO_Date"]),
            (&json!({"id": "101"}), &json!("PO-7"), &json!("2018-10-20"))
        );
        assert_eq!((&body["Due_Date"], &body["Purchase_Items"][0]["List_Price"]), (&json!("2018-12-30"), &json!(20)));
        assert_eq!(body["Description"], "Reference: R 9\nDeliver to: 1 Mill Road");
    }

    #[test]
    fn the_status_follows() {
        for (status, there, life, wanted) in [
            ("DRAFT", "Created", "draft", Wanted::Carry),
            ("SUBMITTED", "Created", "draft", Wanted::Carry),
            ("AUTHORISED", "Approved", "open", Wanted::Carry),
            ("BILLED", "Delivered", "billed", Wanted::Carry),
            ("DELETED", "Cancelled", "cancelled", Wanted::Skip),
        ] {
            let one = order(json!({ "Status": status }));
            assert_eq!(PurchaseOrders::to_zoho(&one, &known()).unwrap().body["Status"], there);
            let row = json!({"Status": there, "Currency": "NZD", "Grand_Total": 40});
            assert_eq!(
                (Some(PurchaseOrders::xero_line(&one)), PurchaseOrders::xero_line(&one).status),
                (PurchaseOrders::zoho_line(&row), life)
            );
            assert_eq!(PurchaseOrders::wanted(&one), wanted);
        }
    }
}
