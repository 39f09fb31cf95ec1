//! Both providers' arithmetics, written down once more from the providers' documents, and a company in which the laws are tried.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::{accounts, currencies, customers, items, money, taxes, tracking_categories, vendors};
use crate::flow::Known;
use crate::{xero, zoho};

pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn read(value: &Value) -> Decimal {
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
