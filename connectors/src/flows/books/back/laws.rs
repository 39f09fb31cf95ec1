//! The laws of documents that travel both ways: by Xero's arithmetic they come to Zoho's total, and what is told and read back is what was
//! there. Both arithmetics are written down once more in `arithmetic.rs`.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::money;
use super::arithmetic::{Ways, dec, known, read, xero_answers, zoho_answers};
use crate::flow::{Back, Coming, Flow, Known, Unmappable};
use crate::flows::books::bills::Bills;
use crate::flows::books::credit_notes::CreditNotes;
use crate::flows::books::invoices::Invoices;
use crate::flows::books::purchase_orders::PurchaseOrders;
use crate::flows::books::quotes::Quotes;
use crate::flows::books::vendor_credits::VendorCredits;

fn sent<F: Flow>(document: &Value, known: &Known) -> Result<Value, Unmappable> {
    let back: &Back = const { &F::BACK }.as_ref().unwrap();
    let coming = Coming { record: document, there: None, changed: &[] };
    (back.to_xero)(&coming, known).map(|sending| sending.body)
}

/// What of Zoho's kinds differs for the generator.
#[derive(Debug, Clone, Copy)]
struct Kind {
    id: &'static str,
    number: &'static str,
    contact: (&'static str, &'static str),
    until: Option<&'static str>,
    is_sale: bool,
}

const INVOICE: Kind =
    Kind { id: "invoice_id", number: "invoice_number", contact: ("customer_id", "101"), until: Some("due_date"), is_sale: true };

fn words() -> impl Strategy<Value = String> {
    "[\\p{L}\\p{N} &.,東-]{0,40}".prop_map(|text| text.trim().to_owned())
}

fn a_line(kind: Kind) -> impl Strategy<Value = Value> {
    let numbers = (1i64..50_000, 0u32..6, -50_000i64..5_000_000, 0u32..7);
    let taxes = if kind.is_sale { ["", "tax-15", "tax-8", "tax-0"] } else { ["", "buy-15", "buy-8", "tax-0"] };
    let refers = (prop::sample::select(taxes.to_vec()), any::<bool>(), 0u8..6, prop::option::of(1i64..=10_000));
    (numbers, refers, words(), words(), 0u8..4).prop_map(
        move |((quantity, quantity_scale, rate, rate_scale), (tax, percent, shape, discount), name, description, tags)| {
            let (quantity, rate) = (Decimal::new(quantity, quantity_scale), Decimal::new(rate, rate_scale));
            let account = if kind.is_sale { "301" } else { "302" };
            let name = if name.is_empty() { "Work".to_owned() } else { name };
            if shape == 0 {
                return json!({ "name": name, "description": description, "quantity": 1, "rate": 0, "account_id": account });
            }
            let mut line = json!({
                "name": name, "description": description, "quantity": money::number(quantity), "rate": money::number(rate), "account_id": account,
                "tax_id": tax,
            });
            if shape == 1 {
                line["item_id"] = "501".into();
            } else if shape == 2 {
                line["item_id"] = "502".into();
            }
            if let Some(discount) = discount.filter(|_| rate > Decimal::ZERO) {
                let amount = money::round(quantity * rate * Decimal::new(discount, 4), 0);
                line["discount"] = match percent {
                    true => format!("{}%", Decimal::new(discount, 2)).into(),
                    false => money::number(amount),
                };
            }
            let chosen = [("71", "81"), ("72", "82")].into_iter().enumerate().filter(|(n, _)| tags & (1 << n) > 0);
            line["tags"] = chosen.map(|(_, (tag, option))| json!({ "tag_id": tag, "tag_option_id": option })).collect();
            line
        },
    )
}

/// A document that somebody entered in Zoho, and how that organisation adds up.
fn a_document(kind: Kind) -> impl Strategy<Value = (Value, Ways)> {
    let ways = (any::<bool>(), any::<bool>(), prop::sample::select(vec![2u32, 2, 2, 0]));
    let whole = (0u8..5, 1i64..=9_999, any::<bool>());
    let beside = (prop::option::of(0i64..100_000), prop::option::of(-500i64..500));
    let status = prop::sample::select(vec!["draft", "sent", "overdue", "paid", "partially_paid"]);
    (prop::collection::vec(a_line(kind), 1..8), ways, whole, beside, any::<bool>(), status).prop_filter_map(
        "Zoho takes no total below zero",
        move |(lines, (by_item, round_before_discount, decimals), (discount, off, before), beside, inclusive, status)| {
            let ways = Ways { by_item, round_before_discount, decimals };
            let mut document = json!({
                kind.id: "9001", kind.number: "N-42", kind.contact.0: kind.contact.1, "reference_number": "PO 7", "date": "2026-02-03",
                "currency_code": if decimals == 0 { "JPY" } else { "NZD" }, "exchange_rate": 1, "status": status, "is_inclusive_tax": inclusive,
                "discount_type": "item_level", "is_discount_before_tax": true, "line_items": lines,
            });
            if let Some(until) = kind.until {
                document[until] = "2026-03-04".into();
            }
            let (shipping, adjustment) = beside;
            document["shipping_charge"] = shipping.map_or(json!(0), |cents| money::number(Decimal::new(cents, 2)));
            document["adjustment"] = adjustment.map_or(json!(0), |cents| money::number(Decimal::new(cents, 2)));
            let plain = zoho_answers(document.clone(), ways);
            if discount < 2 {
                let sum: Decimal = plain["line_items"].as_array()?.iter().map(|line| read(&line["item_total"])).sum();
                document["discount_type"] = "entity_level".into();
                document["is_discount_before_tax"] = before.into();
                let percent = Decimal::new(off, 2);
                document["discount"] = match discount {
                    0 => format!("{percent}%").into(),
                    _ => money::number(money::round(sum * percent / Decimal::ONE_HUNDRED, decimals)),
                };
                if sum <= Decimal::ZERO {
                    return None;
                }
            }
            let answer = zoho_answers(document, ways);
            (read(&answer["total"]) >= Decimal::ZERO).then_some((answer, ways))
        },
    )
}

/// To the cent in Xero, with Zoho's tax.
fn comes_to_the_same<F: Flow>(document: &Value, ways: Ways) -> Result<Value, TestCaseError> {
    let body = sent::<F>(document, &known(ways.decimals, 6))
        .map_err(|unmappable| TestCaseError::fail(format!("{unmappable:?} {document}")))?;
    let answer = xero_answers(&body).map_err(|says| TestCaseError::fail(format!("{says}: {body}")))?;
    prop_assert_eq!(read(&answer["Total"]), read(&document["total"]), "{} {}", document, answer);
    prop_assert_eq!(read(&answer["TotalTax"]), read(&document["tax_total"]), "{} {}", document, answer);
    Ok(answer)
}

/// What a line of Zoho's says, whichever of its two texts it is in. Of an item that Xero has, its code says what it is called.
fn said(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    match (text("name"), text("description")) {
        (name, more) if more.is_empty() => name,
        (name, more) if name.is_empty() || line["item_id"] == "501" || more.starts_with(&name) => more,
        (name, more) => format!("{name}\n{more}"),
    }
}

fn tags(line: &Value) -> Vec<String> {
    let mut tags: Vec<String> =
        line["tags"].as_array().into_iter().flatten().map(|tag| tag["tag_option_id"].to_string()).collect();
    tags.sort();
    tags
}

fn plain<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

/// Told to Xero, read back and told to Zoho again, a document says what it said; and told to Xero once more it is what Xero has.
fn goes_and_comes_back<F: Flow>(kind: Kind, document: &Value, ways: Ways) -> Result<(), TestCaseError> {
    let known = known(ways.decimals, 6);
    let mut there = comes_to_the_same::<F>(document, ways)?;
    for key in ["InvoiceID", "CreditNoteID", "QuoteID", "PurchaseOrderID"] {
        there[key] = "x-1".into();
    }
    let read_back: F::Xero =
        serde_json::from_str(&there.to_string()).map_err(|e| TestCaseError::fail(format!("{e}: {there}")))?;
    // A draft of the other side's purchases is not carried to Zoho.
    if document["status"] == "draft" && !kind.is_sale {
        return Ok(());
    }
    let told = F::to_zoho(&read_back, &known).map_err(|held| TestCaseError::fail(format!("{held:?} {there}")))?.body;
    for key in [kind.contact.0, kind.number, "date", "is_inclusive_tax"].into_iter().chain(kind.until) {
        prop_assert_eq!(&told[key], &document[key], "{}", key);
    }
    if there.get("Reference").is_some() {
        prop_assert_eq!(&told["reference_number"], &document["reference_number"]);
    }
    let (was, now) = (document["line_items"].as_array().unwrap(), told["line_items"].as_array().unwrap());
    prop_assert!(now.len() >= was.len());
    let is_shared = document["discount_type"] == "entity_level";
    for (was, now) in was.iter().zip(now) {
        prop_assert!(said(now).starts_with(&said(was)), "{} {}", was, now);
        prop_assert_eq!(tags(was), tags(now));
        prop_assert_eq!(plain(now, "item_id"), if plain(was, "item_id") == "501" { "501" } else { "" });
        if !read(&was["rate"]).is_zero() {
            prop_assert_eq!((plain(was, "tax_id"), plain(was, "account_id")), (plain(now, "tax_id"), plain(now, "account_id")));
        }
    }
    let by_item = Ways { by_item: true, ..ways };
    let mut again = zoho_answers(told, by_item);
    let typed = there["LineItems"].as_array().unwrap().iter().any(|line| {
        let of = |key: &str| read(&line[key]);
        let (amount, tax) = (of("LineAmount"), of("TaxAmount"));
        let percent = match plain(line, "TaxType") {
            "OUTPUT2" | "INPUT2" => dec("15"),
            "TAX8" | "TAX8IN" => dec("8.875"),
            _ => Decimal::ZERO,
        };
        let of = if document["is_inclusive_tax"] == true { percent + Decimal::ONE_HUNDRED } else { Decimal::ONE_HUNDRED };
        money::round(amount * percent / of, ways.decimals) != tax
    });
    if typed {
        // Zoho has no tax by hand.
        return Ok(());
    }
    prop_assert_eq!(read(&again["total"]), read(&there["Total"]), "{} {}", again, there);
    if !is_shared {
        for (was, now) in was.iter().zip(again["line_items"].as_array().unwrap()) {
            prop_assert_eq!(read(&was["item_total"]), read(&now["item_total"]), "{} {}", was, now);
        }
    }
    again[kind.id] = "9001".into();
    again["currency_code"] = document["currency_code"].clone();
    again["status"] = document["status"].clone();
    let once_more = comes_to_the_same::<F>(&again, by_item)?;
    for key in [
        "Contact",
        "InvoiceNumber",
        "CreditNoteNumber",
        "QuoteNumber",
        "PurchaseOrderNumber",
        "Reference",
        "Date",
        "DueDate",
        "ExpiryDate",
        "DeliveryDate",
        "Status",
        "Total",
        "TotalTax",
    ] {
        if there.get(key).is_some() {
            prop_assert_eq!(&once_more[key], &there[key], "{}", key);
        }
    }
    let (there, now) = (there["LineItems"].as_array().unwrap(), once_more["LineItems"].as_array().unwrap());
    let between = again["line_items"].as_array().unwrap();
    prop_assert_eq!((there.len(), there.len()), (between.len(), now.len()));
    for ((there, between), now) in there.iter().zip(between).zip(now) {
        prop_assert!(plain(now, "Description").starts_with(plain(there, "Description")), "{} {}", there, now);
        prop_assert_eq!(read(&there["LineAmount"]), read(&now["LineAmount"]));
        // What costs nothing and is no item is words, on the way back. A price that is no whole number of the currency's smallest unit may
        // come to nothing on the way there: some hundredths of a yen in Xero are none in Zoho.
        if read(&between["rate"]).is_zero() {
            let gross = read(&there["Quantity"]) * read(&there["UnitAmount"]);
            let is_whole = money::round(gross, ways.decimals) == gross;
            prop_assert!(read(&there["LineAmount"]).is_zero() && (gross.is_zero() || !is_whole), "{} {}", there, between);
            continue;
        }
        for key in ["AccountCode", "ItemCode", "Tracking"] {
            prop_assert_eq!(there.get(key), now.get(key), "{}", key);
        }
    }
    Ok(())
}

const BILL: Kind =
    Kind { id: "bill_id", number: "bill_number", contact: ("vendor_id", "102"), until: Some("due_date"), is_sale: false };

const CREDIT_NOTE: Kind =
    Kind { id: "creditnote_id", number: "creditnote_number", contact: ("customer_id", "101"), until: None, is_sale: true };

const VENDOR_CREDIT: Kind =
    Kind { id: "vendor_credit_id", number: "vendor_credit_number", contact: ("vendor_id", "102"), until: None, is_sale: false };

const QUOTE: Kind = Kind {
    id: "estimate_id",
    number: "estimate_number",
    contact: ("customer_id", "101"),
    until: Some("expiry_date"),
    is_sale: true,
};

const ORDER: Kind = Kind {
    id: "purchaseorder_id",
    number: "purchaseorder_number",
    contact: ("vendor_id", "102"),
    until: Some("delivery_date"),
    is_sale: false,
};

proptest! {
    #![proptest_config(crate::trials::cases(500))]

    #[test]
    fn a_quote_goes_and_comes_back((document, ways) in a_document(QUOTE)) {
        goes_and_comes_back::<Quotes>(QUOTE, &document, ways)?;
    }

    #[test]
    fn an_order_goes_and_comes_back((document, ways) in a_document(ORDER)) {
        goes_and_comes_back::<PurchaseOrders>(ORDER, &document, ways)?;
    }

    #[test]
    fn an_invoice_goes_and_comes_back((document, ways) in a_document(INVOICE)) {
        goes_and_comes_back::<Invoices>(INVOICE, &document, ways)?;
    }

    #[test]
    fn a_bill_goes_and_comes_back((document, ways) in a_document(BILL)) {
        goes_and_comes_back::<Bills>(BILL, &document, ways)?;
    }

    #[test]
    fn a_credit_note_goes_and_comes_back((document, ways) in a_document(CREDIT_NOTE)) {
        goes_and_comes_back::<CreditNotes>(CREDIT_NOTE, &document, ways)?;
    }

    #[test]
    fn a_vendor_credit_goes_and_comes_back((document, ways) in a_document(VENDOR_CREDIT)) {
        goes_and_comes_back::<VendorCredits>(VENDOR_CREDIT, &document, ways)?;
    }
}
