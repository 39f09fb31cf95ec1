//! The laws of documents that travel both ways: by Xero's arithmetic they come to Zoho's total, and what is told and read back is what was
//! there. Both arithmetics are written down here once more, from the providers' documents.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::{accounts, currencies, customers, items, money, taxes, tracking_categories, vendors};
use crate::flow::{Back, Coming, Flow, Known, Unmappable};
use crate::flows::books::bills::Bills;
use crate::flows::books::credit_notes::CreditNotes;
use crate::flows::books::invoices::Invoices;
use crate::flows::books::purchase_orders::PurchaseOrders;
use crate::flows::books::quotes::Quotes;
use crate::flows::books::vendor_credits::VendorCredits;
use crate::{xero, zoho};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn read(value: &Value) -> Decimal {
    money::read(value).unwrap_or_default()
}

/// How a Zoho organisation adds up.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    pub by_item: bool,
    pub round_before_discount: bool,
    pub decimals: u32,
}

/// Zoho's percentage of a tax.
fn percent_of(tax_id: &Value) -> Option<Decimal> {
    match tax_id.as_str()? {
        "tax-15" | "buy-15" => Some(dec("15")),
        "tax-0" => Some(Decimal::ZERO),
        "tax-8" | "buy-8" => Some(dec("8.875")),
        _ => None,
    }
}

/// The document as Zoho answers it.
pub fn zoho_answers(mut document: Value, ways: Ways) -> Value {
    let round = |amount| money::round(amount, ways.decimals);
    let inclusive = document["is_inclusive_tax"] == true;
    let by_line = document["discount_type"] != "entity_level";
    let mut lines = document["line_items"].as_array().cloned().unwrap_or_default();
    let mut nets = Vec::new();
    for line in &mut lines {
        let exact = read(&line["quantity"]) * read(&line["rate"]);
        let net = match &line["discount"] {
            Value::String(text) if by_line && text.ends_with('%') => {
                let percent: Decimal = text.trim_end_matches('%').parse().unwrap();
                let part = Decimal::ONE_HUNDRED - percent;
                match ways.round_before_discount {
                    true => round(exact) - round(round(exact) * percent / Decimal::ONE_HUNDRED),
                    false => round(exact * part / Decimal::ONE_HUNDRED),
                }
            }
            discount if by_line => round(exact) - round(read(discount)),
            _ => round(exact),
        };
        nets.push(net);
    }
    let sum: Decimal = nets.iter().sum();
    let off = match (&document["discount"], by_line) {
        (_, true) => Decimal::ZERO,
        (Value::String(text), _) if text.ends_with('%') => {
            round(sum * text.trim_end_matches('%').parse::<Decimal>().unwrap() / Decimal::ONE_HUNDRED)
        }
        (discount, _) => round(read(discount)),
    };
    let before = document["is_discount_before_tax"] != false;
    let mut by_tax: Vec<(String, Decimal)> = Vec::new();
    for (line, net) in lines.iter_mut().zip(&nets) {
        let share = if before && !sum.is_zero() { off * net / sum } else { Decimal::ZERO };
        let percent = percent_of(&line["tax_id"]);
        let of = if inclusive { percent.unwrap_or_default() + Decimal::ONE_HUNDRED } else { Decimal::ONE_HUNDRED };
        let exact = (net - share) * percent.unwrap_or_default() / of;
        let tax = round(exact);
        line["item_total"] = money::number(if inclusive { net - tax } else { *net });
        line["item_total_inclusive_of_tax"] = money::number(if inclusive { *net } else { net + tax });
        if let Some(percent) = percent {
            line["tax_percentage"] = money::number(percent);
            let counted = if ways.by_item { tax } else { exact };
            let key = line["tax_id"].as_str().unwrap().to_owned();
            match by_tax.iter_mut().find(|(known, _)| *known == key) {
                Some((_, sum)) => *sum += counted,
                None => by_tax.push((key, counted)),
            }
        }
    }
    let tax: Decimal = by_tax.iter().map(|(_, sum)| round(*sum)).sum();
    let total = sum + if inclusive { Decimal::ZERO } else { tax } - off
        + round(read(&document["shipping_charge"]))
        + round(read(&document["adjustment"]));
    document["line_items"] = lines.into();
    document["discount_total"] = money::number(off);
    document["tax_total"] = money::number(tax);
    document["total"] = money::number(total);
    document
}

/// The document as Xero answers it, or the sentence of its refusal.
pub fn xero_answers(body: &Value) -> Result<Value, String> {
    let mut document = body.clone();
    let mode = body["LineAmountTypes"].as_str().unwrap_or("Exclusive").to_lowercase();
    let (mut sub_total, mut total_tax) = (Decimal::ZERO, Decimal::ZERO);
    let is_offer = ["QuoteNumber", "PurchaseOrderNumber"].iter().any(|key| body.get(key).is_some());
    let price_decimals = if is_offer { 2 } else { 4 };
    for (n, line) in document["LineItems"].as_array_mut().unwrap().iter_mut().enumerate() {
        if line["Description"].as_str().is_none_or(str::is_empty) {
            return Err("Description needs to be at least 1 char long".into());
        }
        line["LineItemID"] = format!("line-{n}").into();
        if line.get("UnitAmount").is_none() {
            if line.as_object().unwrap().len() > 2 {
                return Err(format!("words with more than words: {line}"));
            }
            line["LineAmount"] = 0.into();
            continue;
        }
        if line.get("AccountCode").is_none() && line.get("AccountID").is_none() {
            return Err("Account code must be specified".into());
        }
        let (quantity, unit) = (read(&line["Quantity"]), read(&line["UnitAmount"]));
        if quantity.normalize().scale() > 4 || unit.normalize().scale() > price_decimals {
            return Err(format!("too many decimals: {line}"));
        }
        let gross = quantity * unit;
        let net = match (line.get("DiscountRate"), line.get("DiscountAmount")) {
            (Some(_), Some(_)) => return Err("one discount a line".into()),
            (Some(rate), _) => gross * (Decimal::ONE_HUNDRED - read(rate)) / Decimal::ONE_HUNDRED,
            (_, Some(amount)) => gross - read(amount),
            _ => gross,
        };
        let amount = money::round(net, 2);
        let percent = match line["TaxType"].as_str() {
            _ if mode == "notax" => Decimal::ZERO,
            Some("OUTPUT2" | "INPUT2") => dec("15"),
            Some("TAX8" | "TAX8IN") => dec("8.875"),
            Some("ZERORATED" | "NONE") => Decimal::ZERO,
            other => return Err(format!("no such tax: {other:?}")),
        };
        let of = if mode == "inclusive" { percent + Decimal::ONE_HUNDRED } else { Decimal::ONE_HUNDRED };
        let counted = money::round(amount * percent / of, 2);
        let tax = line.get("TaxAmount").map(read).unwrap_or(counted);
        if (tax - counted).abs() > Decimal::ONE {
            return Err(format!("tax {tax} where Xero computes {counted}"));
        }
        line["LineAmount"] = money::number(amount);
        line["TaxAmount"] = money::number(tax);
        sub_total += if mode == "inclusive" { amount - tax } else { amount };
        total_tax += tax;
    }
    document["SubTotal"] = money::number(sub_total);
    document["TotalTax"] = money::number(total_tax);
    document["Total"] = money::number(sub_total + total_tax);
    Ok(document)
}

/// What both directions may look up.
pub fn known(decimals: u32, price_precision: u32) -> Known {
    let currency = if decimals == 0 { "JPY" } else { "NZD" };
    let xero = xero::Organisation { base_currency: currency.into(), ..Default::default() };
    let zoho = zoho::Organisation { currency_code: currency.into(), price_precision, ..Default::default() };
    let mut known = Known::new(xero, zoho);
    known.address = "https://sync.example/x/k".into();
    for (flow, xero_id, alias, zoho_id) in [
        (customers::KEY, "c-1", "", "101"),
        (vendors::KEY, "c-1", "", "102"),
        (currencies::KEY, "NZD", "", "201"),
        (currencies::KEY, "JPY", "", "202"),
        (currencies::KEY, "USD", "", "203"),
        (accounts::KEY, "a-200", "200", "301"),
        (accounts::KEY, "a-300", "300", "302"),
        (accounts::KEY, "a-860", "860", "303"),
        (items::KEY, "i-1", "GB-1", "501"),
        (taxes::KEY, "OUTPUT2", "", "tax-15"),
        (taxes::KEY, "INPUT2", "", "buy-15"),
        (taxes::KEY, "TAX8", "", "tax-8"),
        (taxes::KEY, "TAX8IN", "", "buy-8"),
        (taxes::KEY, "ZERORATED", "", "tax-0"),
        (tracking_categories::KEY, "t-1", "", "71"),
        (tracking_categories::KEY, "o-1", "", "81"),
        (tracking_categories::KEY, "t-2", "", "72"),
        (tracking_categories::KEY, "o-2", "", "82"),
    ] {
        known.learn(flow, xero_id, zoho_id);
        if !alias.is_empty() {
            known.learn(flow, alias, zoho_id);
        }
        known.learn_back(flow, zoho_id, xero_id);
    }
    let rate = |tax_type: &str, rate: &str, sold: bool, bought: bool| json!({ "TaxType": tax_type, "Status": "ACTIVE", "EffectiveRate": money::number(dec(rate)), "CanApplyToRevenue": sold, "CanApplyToExpenses": bought });
    let account = |id: &str, code: &str, class: &str, system: &str| json!({ "AccountID": id, "Code": code, "Class": class, "Type": class, "SystemAccount": system, "Status": "ACTIVE" });
    let lists = [
        (
            taxes::KEY,
            vec![
                rate("OUTPUT2", "15", true, false),
                rate("INPUT2", "15", false, true),
                rate("TAX8", "8.875", true, false),
                rate("TAX8IN", "8.875", false, true),
                rate("ZERORATED", "0", true, true),
                rate("NONE", "0", true, true),
            ],
        ),
        (
            accounts::KEY,
            vec![
                account("a-200", "200", "REVENUE", ""),
                account("a-300", "300", "EXPENSE", ""),
                account("a-860", "860", "LIABILITY", "ROUNDING"),
            ],
        ),
        (items::KEY, vec![json!({ "ItemID": "i-1", "Code": "GB-1", "Name": "Golf balls" })]),
    ];
    for (flow, list) in lists {
        known.learn_list(flow, std::sync::Arc::new(list));
    }
    known
}

pub fn sent<F: Flow>(document: &Value, known: &Known) -> Result<Value, Unmappable> {
    let back: &Back = const { &F::BACK }.as_ref().unwrap();
    let coming = Coming { record: document, there: None, changed: &[] };
    (back.to_xero)(&coming, known).map(|sending| sending.body)
}

/// What of Zoho's kinds differs for the generator.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub id: &'static str,
    pub number: &'static str,
    pub contact: (&'static str, &'static str),
    pub until: Option<&'static str>,
    pub is_sale: bool,
}

pub const INVOICE: Kind =
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
pub fn a_document(kind: Kind) -> impl Strategy<Value = (Value, Ways)> {
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
pub fn comes_to_the_same<F: Flow>(document: &Value, ways: Ways) -> Result<Value, TestCaseError> {
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
        // What costs nothing in Zoho and is no item is words, on the way back. A price may come to nothing on the way there: some hundredths
        // of a yen in Xero are none in Zoho.
        let costs_nothing = read(&between["rate"]).is_zero();
        prop_assert!(!costs_nothing || read(&there["LineAmount"]).is_zero(), "{} {}", there, between);
        if costs_nothing {
            continue;
        }
        for key in ["AccountCode", "ItemCode", "Tracking"] {
            prop_assert_eq!(there.get(key), now.get(key), "{}", key);
        }
    }
    Ok(())
}

pub const BILL: Kind =
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
