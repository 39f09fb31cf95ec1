//! What Xero adds to what was entered: sums, defaults, states. Pure: it looks nothing up by itself.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::json::{self, Record, decimal_of, number, text_of};
use super::kinds::Kind;
use super::money::{self, Entered, Mode, cents};
use super::records::Row;

/// What the lines of a document refer to.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub base_currency: String,
    /// Percent by tax type.
    pub rates: HashMap<String, Decimal>,
    /// Id and tax type by account code.
    pub accounts: HashMap<String, (String, String)>,
}

/// Fills a document in: lines where `lines_entered`, and always sums and state. Says what is wrong with it.
pub fn complete_invoice(
    record: &mut Record,
    ledger: &Ledger,
    lines_entered: bool,
    today: NaiveDate,
    line_id: &mut dyn FnMut() -> Uuid,
) -> Result<(), String> {
    let sale = match text_of(record, "Type") {
        Some("ACCREC") => true,
        Some("ACCPAY") => false,
        other => return Err(format!("Type is ACCREC or ACCPAY, not {other:?}")),
    };
    for (name, value) in [
        ("Status", json!("DRAFT")),
        ("LineAmountTypes", json!("Exclusive")),
        ("CurrencyCode", json!(ledger.base_currency)),
        ("Payments", json!([])),
        ("CreditNotes", json!([])),
        ("Prepayments", json!([])),
        ("Overpayments", json!([])),
        ("HasAttachments", json!(false)),
        ("HasErrors", json!(false)),
        ("SentToContact", json!(false)),
        ("LineItems", json!([])),
    ] {
        record.entry(name).or_insert(value);
    }
    let rate = decimal_of(record, "CurrencyRate").unwrap_or(Decimal::ONE);
    record.insert("CurrencyRate".into(), number(money::rounded(rate, 6)));
    for name in ["Date", "DueDate"] {
        match record.get(name).and_then(json::date).or((name == "Date").then_some(today)) {
            Some(date) => json::set_date(record, name, date, true),
            None => {
                record.remove(name);
            }
        }
    }
    let mode = match text_of(record, "LineAmountTypes") {
        Some("Exclusive") => Mode::Exclusive,
        Some("Inclusive") => Mode::Inclusive,
        Some("NoTax") => Mode::NoTax,
        other => return Err(format!("LineAmountTypes is Exclusive, Inclusive or NoTax, not {other:?}")),
    };
    if lines_entered {
        let mut lines = match record.remove("LineItems") {
            Some(Value::Array(lines)) => lines,
            _ => return Err("LineItems is a list".into()),
        };
        let mut computed = Vec::with_capacity(lines.len());
        for line in &mut lines {
            let line = line.as_object_mut().ok_or("a line is an object")?;
            computed.push(complete_line(line, mode, sale, ledger, line_id)?);
        }
        let sum = money::totals(mode, &computed);
        let discounted = !sum.total_discount.is_zero();
        record.insert("LineItems".into(), Value::Array(lines));
        record.insert("SubTotal".into(), number(sum.sub_total));
        record.insert("TotalTax".into(), number(sum.total_tax));
        record.insert("Total".into(), number(sum.total));
        record.insert("IsDiscounted".into(), discounted.into());
        if discounted {
            record.insert("TotalDiscount".into(), number(sum.total_discount));
        } else {
            record.remove("TotalDiscount");
        }
    }
    settle(record);
    Ok(())
}

fn complete_line(
    line: &mut Record,
    mode: Mode,
    sale: bool,
    ledger: &Ledger,
    line_id: &mut dyn FnMut() -> Uuid,
) -> Result<money::Computed, String> {
    line.entry("LineItemID").or_insert_with(|| line_id().to_string().into());
    line.entry("Tracking").or_insert_with(|| json!([]));
    let quantity = decimal_of(line, "Quantity");
    let unit_amount = decimal_of(line, "UnitAmount");
    if quantity.is_none() && unit_amount.is_none() && text_of(line, "ItemCode").is_none() {
        text_of(line, "Description").ok_or("a line without amounts needs a description of at least 1 character")?;
        let nothing = money::line(Mode::NoTax, &Entered::default());
        line.insert("TaxAmount".into(), number(nothing.tax_amount));
        line.insert("LineAmount".into(), number(nothing.line_amount));
        return Ok(nothing);
    }
    let code = text_of(line, "AccountCode").map(str::to_owned);
    let account = match &code {
        Some(code) => Some(ledger.accounts.get(code).ok_or_else(|| format!("Account code '{code}' is not a valid code"))?),
        None => None,
    };
    if let Some((id, tax_type)) = account {
        line.insert("AccountID".into(), id.as_str().into());
        line.entry("TaxType").or_insert_with(|| tax_type.as_str().into());
    }
    if mode == Mode::NoTax {
        line.insert("TaxType".into(), "NONE".into());
    }
    let tax_type = text_of(line, "TaxType").unwrap_or("NONE").to_owned();
    let tax_rate = *ledger.rates.get(&tax_type).ok_or_else(|| format!("The TaxType code '{tax_type}' does not exist"))?;
    line.insert("TaxType".into(), tax_type.into());
    let entered = Entered {
        quantity: quantity.unwrap_or(Decimal::ONE),
        unit_amount: money::rounded(unit_amount.unwrap_or_default(), 4),
        discount_rate: decimal_of(line, "DiscountRate"),
        discount_amount: decimal_of(line, "DiscountAmount"),
        tax_rate,
        tax_amount: decimal_of(line, "TaxAmount"),
    };
    if !sale && (entered.discount_rate.is_some() || entered.discount_amount.is_some()) {
        return Err("bills have no discounts".into());
    }
    let computed = money::line(mode, &entered);
    line.insert("Quantity".into(), number(money::rounded(entered.quantity, 4)));
    line.insert("UnitAmount".into(), number(entered.unit_amount));
    line.insert("TaxAmount".into(), number(computed.tax_amount));
    line.insert("LineAmount".into(), number(computed.line_amount));
    if let Some(rate) = entered.discount_rate {
        // Xero computes with what was entered and shows two decimals of it.
        line.insert("DiscountRate".into(), number(cents(rate)));
    }
    if let Some(amount) = entered.discount_amount {
        line.insert("DiscountAmount".into(), number(cents(amount)));
    }
    Ok(computed)
}

/// Amounts paid and due, and the state that follows from them.
pub fn settle(record: &mut Record) {
    let total = decimal_of(record, "Total").unwrap_or_default();
    for list in ["Overpayments", "CreditNotes", "Prepayments"] {
        in_cents(record, list, &["Total", "AppliedAmount"]);
    }
    let sum = |name: &str, amount: &str| {
        let list = record.get(name).and_then(Value::as_array);
        let amounts = list.into_iter().flatten().filter_map(|entry| decimal_of(entry.as_object()?, amount));
        cents(amounts.sum())
    };
    let paid = sum("Payments", "Amount");
    let credited =
        sum("Overpayments", "AppliedAmount") + sum("CreditNotes", "AppliedAmount") + sum("Prepayments", "AppliedAmount");
    let status = text_of(record, "Status").unwrap_or("DRAFT").to_owned();
    let dead = matches!(status.as_str(), "VOIDED" | "DELETED");
    let due = if dead { cents(Decimal::ZERO) } else { cents(total - paid - credited) };
    let settled_on = record
        .get("Payments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|payment| payment.get("Date").and_then(json::date))
        .max()
        .or_else(|| record.get("Date").and_then(json::date));
    record.insert("AmountPaid".into(), number(paid));
    record.insert("AmountCredited".into(), number(credited));
    record.insert("AmountDue".into(), number(due));
    record.remove("FullyPaidOnDate");
    match status.as_str() {
        "AUTHORISED" | "PAID" if due.is_zero() => {
            record.insert("Status".into(), "PAID".into());
            if let Some(date) = settled_on {
                json::set_date(record, "FullyPaidOnDate", date, false);
            }
        }
        "PAID" => {
            record.insert("Status".into(), "AUTHORISED".into());
        }
        _ => {}
    }
}

/// Amounts of a list inside a record, as numbers with two decimals.
fn in_cents(record: &mut Record, list: &str, names: &[&str]) {
    let Some(Value::Array(list)) = record.get_mut(list) else { return };
    for entry in list.iter_mut().filter_map(Value::as_object_mut) {
        for name in names {
            if let Some(amount) = decimal_of(entry, name) {
                entry.insert((*name).into(), number(cents(amount)));
            }
        }
    }
}

/// Fills a payment in from the document it pays.
pub fn complete_payment(payment: &mut Record, invoice: &Record, account: (&str, &str), bank_in_base: bool, today: NaiveDate) {
    let sale = text_of(invoice, "Type") == Some("ACCREC");
    let date = payment.get("Date").and_then(json::date).unwrap_or(today);
    json::set_date(payment, "Date", date, false);
    let amount = cents(decimal_of(payment, "Amount").unwrap_or_default());
    let rate = decimal_of(payment, "CurrencyRate").or(decimal_of(invoice, "CurrencyRate")).unwrap_or(Decimal::ONE);
    let banked = if bank_in_base && !rate.is_zero() { amount / rate } else { amount };
    payment.insert("Amount".into(), number(amount));
    payment.insert("BankAmount".into(), number(cents(banked)));
    payment.insert("CurrencyRate".into(), number(money::rounded(rate, 6)));
    payment.insert("PaymentType".into(), if sale { "ACCRECPAYMENT" } else { "ACCPAYPAYMENT" }.into());
    payment.entry("Status").or_insert_with(|| "AUTHORISED".into());
    payment.entry("IsReconciled").or_insert_with(|| false.into());
    payment.insert("HasAccount".into(), true.into());
    payment.insert("HasValidationErrors".into(), false.into());
    payment.insert("Account".into(), json!({"AccountID": account.0, "Code": account.1}));
    payment.insert(
        "Invoice".into(),
        json!({
            "Type": invoice.get("Type"), "InvoiceID": invoice.get("InvoiceID"), "InvoiceNumber": invoice.get("InvoiceNumber"),
            "Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [], "HasErrors": false, "IsDiscounted": false,
            "Contact": invoice.get("Contact"), "LineItems": [], "CurrencyCode": invoice.get("CurrencyCode"),
        }),
    );
}

/// Notes a payment on its document, or takes it away when it is deleted, and settles the document.
pub fn note_payment(invoice: &mut Record, payment: &Record) {
    let id = payment.get("PaymentID").cloned().unwrap_or_default();
    let Some(Value::Array(list)) = invoice.get_mut("Payments") else { return };
    list.retain(|noted| noted.get("PaymentID") != Some(&id));
    if text_of(payment, "Status") != Some("DELETED") {
        let mut noted = Record::new();
        for name in ["PaymentID", "Date", "Amount", "Reference", "CurrencyRate"] {
            if let Some(value) = payment.get(name) {
                noted.insert(name.into(), value.clone());
            }
        }
        noted.insert("HasAccount".into(), false.into());
        noted.insert("HasValidationErrors".into(), false.into());
        list.push(Value::Object(noted));
    }
    settle(invoice);
}

/// The contact as documents show it.
pub fn contact_summary(id: &str, name: &str) -> Value {
    json!({"ContactID": id, "Name": name, "Addresses": [], "Phones": [], "ContactGroups": [], "ContactPersons": [], "HasValidationErrors": false})
}

/// Fills an overpayment in.
pub fn complete_overpayment(record: &mut Record, base_currency: &str, today: NaiveDate) {
    let date = record.get("Date").and_then(json::date).unwrap_or(today);
    json::set_date(record, "Date", date, true);
    let total = cents(decimal_of(record, "Total").unwrap_or_default());
    in_cents(record, "Allocations", &["Amount"]);
    let allocated: Decimal = record
        .get("Allocations")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|allocation| decimal_of(allocation.as_object()?, "Amount"))
        .sum();
    let left = cents(total - allocated);
    for (name, value) in [
        ("Allocations", json!([])),
        ("Payments", json!([])),
        ("HasAttachments", json!(false)),
        ("LineAmountTypes", json!("NoTax")),
        ("LineItems", json!([])),
        ("CurrencyCode", json!(base_currency)),
        ("CurrencyRate", number(money::rounded(Decimal::ONE, 6))),
        ("Type", json!("RECEIVE-OVERPAYMENT")),
    ] {
        record.entry(name).or_insert(value);
    }
    record.insert("SubTotal".into(), number(total));
    record.insert("TotalTax".into(), number(cents(Decimal::ZERO)));
    record.insert("Total".into(), number(total));
    record.insert("RemainingCredit".into(), number(left));
    let status = if left.is_zero() { "PAID" } else { "AUTHORISED" };
    if text_of(record, "Status") != Some("VOIDED") {
        record.insert("Status".into(), status.into());
    }
    let id = record.get("OverpaymentID").cloned().unwrap_or_default();
    record.insert("ID".into(), id);
}

/// The record as it is stored: its columns and its text.
pub fn row(kind: Kind, id: Uuid, modified_ms: i64, record: &Record) -> Row {
    let text = |name: &str| text_of(record, name).unwrap_or_default().to_owned();
    let in_cents = |name: &str| {
        let amount = decimal_of(record, name).map(|amount| cents(amount) * Decimal::ONE_HUNDRED);
        amount.and_then(|amount| i64::try_from(amount.trunc()).ok()).unwrap_or(0)
    };
    let is = |name: &str| record.get(name).and_then(Value::as_bool).unwrap_or(false);
    let about = kind.about();
    let [total, tax, due] = about.amounts;
    let paid_in = if kind == Kind::Payments {
        record
            .get("Invoice")
            .and_then(|invoice| invoice.get("CurrencyCode"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    } else {
        text(about.currency)
    };
    Row {
        id,
        modified_ms,
        type_: text(about.type_),
        status: text(about.status),
        name: text(about.name),
        customer: is("IsCustomer"),
        supplier: is("IsSupplier"),
        currency: paid_in,
        total_cents: in_cents(total),
        tax_cents: in_cents(tax),
        due_cents: in_cents(due),
        // A map of strings and numbers always has a text.
        body: serde_json::to_string(record).unwrap_or_default(),
    }
}

/// Lists without pages leave things out.
pub fn shorten(kind: Kind, record: &mut Record) {
    if kind == Kind::Contacts {
        record.insert("ContactPersons".into(), json!([]));
        for name in ["PaymentTerms", "Website", "Discount", "BatchPayments", "Balances", "BrandingTheme"] {
            record.remove(name);
        }
    } else if kind == Kind::ManualJournals {
        record.remove("JournalLines");
    } else if kind.about().lines {
        record.insert("LineItems".into(), json!([]));
    }
}
