//! Lines of documents as an app sends them: what Xero refuses, and what it fills in before anything is computed.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::desk::{Desk, Flaw, No};
use super::documents::Account;
use super::json::{Record, decimal_of, number, text_of};
use super::kinds::Kind;
use super::money::{self, Entered, Mode, cents};
use super::{records, tracking};

/// A description may have so many characters.
const DESCRIPTION_MAX: usize = 4000;

/// What may be sent of a line; the rest follows from it.
const WRITABLE: [&str; 14] = [
    "LineItemID",
    "Description",
    "Quantity",
    "UnitAmount",
    "ItemCode",
    "AccountCode",
    "AccountID",
    "TaxType",
    "TaxAmount",
    "LineAmount",
    "Tracking",
    "DiscountRate",
    "DiscountAmount",
    "Taxability",
];

/// What the document says about its lines.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub mode: Mode,
    /// Sold rather than bought: which side of an item counts.
    pub sale: bool,
    pub discounts: bool,
    /// An approved document needs an account on every line.
    pub approved: bool,
    /// Prices keep four decimals; else they are rounded to cents before anything is computed.
    pub four_decimals: bool,
}

/// Lines that are kept under another LineAmountTypes are computed again; the tax of the other amounts does not stay.
pub fn computed_anew(lines: &mut [Value]) {
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        line.remove("LineAmount");
        line.remove("TaxAmount");
    }
}

/// Makes lines ready to be computed, or says all that is wrong with them. `before`: the lines that the document had.
pub fn prepare(desk: &Desk, lines: &mut [Value], before: &[Value], rules: Rules) -> Result<Vec<Flaw>, No> {
    let mut flaws = Vec::new();
    for (index, line) in lines.iter_mut().enumerate() {
        let Some(line) = line.as_object_mut() else { continue };
        let mut wrong = |says: String| flaws.push(Flaw { inside: Some(("LineItems", index)), says });
        line.retain(|name, _| WRITABLE.contains(&name.as_str()));
        // An id that the document does not know is no id: the line is a new one.
        if !before.iter().any(|known| known.get("LineItemID") == line.get("LineItemID")) {
            line.remove("LineItemID");
        }
        one(desk, line, rules, &mut wrong)?;
    }
    Ok(flaws)
}

fn one(desk: &Desk, line: &mut Record, rules: Rules, wrong: &mut dyn FnMut(String)) -> Result<(), No> {
    if text_of(line, "Description").is_some_and(|text| text.chars().count() > DESCRIPTION_MAX) {
        wrong(format!("The Description field cannot be longer than {DESCRIPTION_MAX} characters"));
    }
    item(desk, line, rules.sale, wrong)?;
    if decimal_of(line, "LineAmount").is_some_and(|amount| amount.is_zero())
        && line.get("Quantity").is_none()
        && line.get("UnitAmount").is_none()
    {
        line.remove("LineAmount");
    }
    tracking::of_line(desk, line, "Tracking", wrong);
    if ["Quantity", "UnitAmount", "LineAmount", "ItemCode"].iter().all(|name| line.get(*name).is_none()) {
        if text_of(line, "Description").is_none() {
            wrong("Description needs to be at least 1 char long".into());
        }
        for name in ["AccountCode", "AccountID", "TaxType", "TaxAmount", "DiscountRate", "DiscountAmount"] {
            line.remove(name);
        }
        return Ok(());
    }
    if rules.approved && text_of(line, "Description").is_none() {
        wrong("Description needs to be at least 1 char long".into());
    }
    let account = account(desk, line, rules, wrong);
    tax(desk, line, account, rules, wrong);
    amounts(line, rules, wrong);
    Ok(())
}

/// What an item gives to a line that does not say it itself.
fn item(desk: &Desk, line: &mut Record, sale: bool, wrong: &mut dyn FnMut(String)) -> Result<(), No> {
    let Some(code) = text_of(line, "ItemCode").map(str::to_owned) else {
        line.remove("ItemCode");
        return Ok(());
    };
    let found = records::by_name(desk.connection, desk.org.n, Kind::Items, &code)?.into_iter().next();
    let Some(Value::Object(item)) = found.and_then(|(body, _)| serde_json::from_str(&body).ok()) else {
        wrong(format!("Item code '{code}' is not valid"));
        return Ok(());
    };
    let (details, description) = if sale { ("SalesDetails", "Description") } else { ("PurchaseDetails", "PurchaseDescription") };
    if !line.contains_key("Description")
        && let Some(words) = item.get(description).or_else(|| item.get("Name"))
    {
        line.insert("Description".into(), words.clone());
    }
    if let Some(Value::Object(details)) = item.get(details) {
        let given = [("UnitPrice", "UnitAmount"), ("AccountCode", "AccountCode"), ("TaxType", "TaxType")];
        for (from, to) in given {
            let amounts_are_sent = to == "UnitAmount" && line.contains_key("LineAmount");
            if let Some(value) = details.get(from).filter(|_| !line.contains_key(to) && !amounts_are_sent) {
                line.insert(to.into(), value.clone());
            }
        }
    }
    let shown = json!({"ItemID": item.get("ItemID"), "Code": item.get("Code"), "Name": item.get("Name")});
    line.insert("Item".into(), shown);
    Ok(())
}

/// The account of a line, by its code or its id.
fn account<'a>(desk: &'a Desk, line: &mut Record, rules: Rules, wrong: &mut dyn FnMut(String)) -> Option<&'a Account> {
    let named = text_of(line, "AccountCode").or_else(|| text_of(line, "AccountID")).map(str::to_owned);
    let Some(named) = named else {
        if rules.approved {
            wrong("Account code must be specified".into());
        }
        return None;
    };
    // These belong to Xero itself; only the account for rounding and the one for old balances are for everybody.
    let usable = |account: &&Account| {
        account.type_ != "BANK" && (account.system.is_empty() || matches!(account.system.as_str(), "ROUNDING" | "HISTORICAL"))
    };
    let found = desk.ledger.chart.get(&named).map(AsRef::as_ref).filter(usable);
    let Some(account) = found else {
        wrong(format!("Account code '{named}' is not a valid code for this document."));
        return None;
    };
    if account.archived {
        let says = format!("The account with code '{}' is archived", account.code);
        if desk.on("xero.archived_accounts_are_refused") { wrong(says) } else { desk.warn(says) }
    }
    line.insert("AccountID".into(), account.id.as_str().into());
    if account.code.is_empty() {
        line.remove("AccountCode");
    } else {
        line.insert("AccountCode".into(), account.code.as_str().into());
    }
    Some(account)
}

fn tax(desk: &Desk, line: &mut Record, account: Option<&Account>, rules: Rules, wrong: &mut dyn FnMut(String)) {
    if rules.mode == Mode::NoTax {
        line.remove("TaxType");
        line.remove("TaxAmount");
        return;
    }
    if text_of(line, "TaxType").is_none() {
        line.remove("TaxType");
    }
    let Some(named) = text_of(line, "TaxType") else {
        if let Some(account) = account {
            line.insert("TaxType".into(), account.tax_type.as_str().into());
        }
        return;
    };
    let class = account.map(|account| account.class.as_str()).unwrap_or_default();
    if !desk.ledger.taxes.get(named).is_some_and(|tax| tax.active && (class.is_empty() || tax.applies_to(class))) {
        wrong(format!("The TaxType code '{named}' does not exist or cannot be used for this type of transaction."));
    }
}

/// Quantity, price, discount and amount have to agree; one that is missing follows from the others.
fn amounts(line: &mut Record, rules: Rules, wrong: &mut dyn FnMut(String)) {
    let rate = decimal_of(line, "DiscountRate").filter(|rate| !rate.is_zero());
    let off = decimal_of(line, "DiscountAmount").filter(|amount| !amount.is_zero());
    if (rate.is_some() || off.is_some()) && !rules.discounts {
        wrong("Discounts are only supported on sales invoices and quotes".into());
        return;
    }
    if rate.is_none() {
        line.remove("DiscountRate");
    }
    if off.is_none() || rate.is_some() {
        line.remove("DiscountAmount");
    }
    if rate.is_some_and(|rate| rate < Decimal::ZERO || rate > Decimal::ONE_HUNDRED) {
        wrong("The discount rate must be between 0 and 100".into());
        return;
    }
    let unit = decimal_of(line, "UnitAmount").map(|unit| money::rounded(unit, if rules.four_decimals { 4 } else { 2 }));
    if let Some(unit) = unit {
        line.insert("UnitAmount".into(), number(unit));
    }
    let Some(amount) = decimal_of(line, "LineAmount").map(cents) else { return };
    match (decimal_of(line, "Quantity"), unit) {
        (_, None) if rate.is_some() || off.is_some() => {
            wrong("The UnitAmount should be used when specifying a discount for a line item.".into());
        }
        (quantity, None) => {
            let quantity = money::rounded(quantity.unwrap_or(Decimal::ONE), 4);
            if quantity.is_zero() {
                if !amount.is_zero() {
                    wrong(format!("The line total {amount} does not match the expected line total 0.00"));
                }
                return;
            }
            line.insert("Quantity".into(), number(quantity));
            line.insert("UnitAmount".into(), number(money::rounded(amount / quantity, 4)));
        }
        (None, Some(unit)) if !unit.is_zero() => {
            // A rate may come so close to a hundred that no number holds what it was taken from.
            let full = match (rate, off) {
                (Some(rate), _) if rate < Decimal::ONE_HUNDRED => {
                    (amount * Decimal::ONE_HUNDRED).checked_div(Decimal::ONE_HUNDRED - rate)
                }
                (_, Some(off)) => Some(amount + off),
                _ => Some(amount),
            };
            match full.and_then(|full| full.checked_div(unit)).filter(|quantity| money::is_bearable(*quantity)) {
                Some(quantity) => drop(line.insert("Quantity".into(), number(money::rounded(quantity, 4)))),
                None => wrong(money::TOO_LARGE.into()),
            }
        }
        (quantity, Some(unit_amount)) => {
            let quantity = money::rounded(quantity.unwrap_or(Decimal::ONE), 4);
            let entered = Entered { quantity, unit_amount, discount_rate: rate, discount_amount: off, ..Entered::default() };
            let expected = money::line(Mode::NoTax, &entered).line_amount;
            if expected != amount {
                wrong(format!("The line total {amount} does not match the expected line total {expected}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALE: Rules = Rules { mode: Mode::Exclusive, sale: true, discounts: true, approved: true, four_decimals: true };

    fn computed(line: Value, rules: Rules) -> (Record, Vec<String>) {
        let Value::Object(mut line) = line else { return (Record::new(), Vec::new()) };
        let mut says = Vec::new();
        amounts(&mut line, rules, &mut |wrong| says.push(wrong));
        (line, says)
    }

    #[test]
    fn a_missing_price_or_quantity_follows_from_the_amount() {
        let (line, says) = computed(json!({"Quantity": 4, "LineAmount": "50"}), SALE);
        assert_eq!((line["UnitAmount"].to_string(), says.len()), ("12.5000".into(), 0));
        let (line, _) = computed(json!({"UnitAmount": "12.5", "LineAmount": "50"}), SALE);
        assert_eq!(line["Quantity"].to_string(), "4.0000");
        let (line, _) = computed(json!({"UnitAmount": "12.5", "LineAmount": "45", "DiscountRate": "10"}), SALE);
        assert_eq!(line["Quantity"].to_string(), "4.0000");
    }

    #[test]
    fn amounts_that_do_not_agree_are_refused_with_both() {
        let (_, says) = computed(json!({"Quantity": 7, "UnitAmount": "214.2757", "LineAmount": "1500"}), SALE);
        assert_eq!(says, ["The line total 1500.00 does not match the expected line total 1499.93"]);
        let (_, says) = computed(json!({"LineAmount": "45", "DiscountRate": "10"}), SALE);
        assert_eq!(says, ["The UnitAmount should be used when specifying a discount for a line item."]);
        let bill = Rules { discounts: false, ..SALE };
        assert_eq!(computed(json!({"UnitAmount": "45", "DiscountRate": "10"}), bill).1.len(), 1);
        assert_eq!(computed(json!({"UnitAmount": "45", "DiscountRate": "0"}), bill).1.len(), 0);
    }
}
