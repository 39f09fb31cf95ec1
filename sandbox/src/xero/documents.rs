//! What Xero adds to what was entered: sums, defaults, states. Pure: it looks nothing up by itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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
    /// More about accounts, by code and by id.
    pub chart: HashMap<String, Arc<Account>>,
    /// More about tax rates, by tax type.
    pub taxes: HashMap<String, Tax>,
    pub currencies: HashSet<String>,
    /// The tracking categories with their options.
    pub tracking: Vec<Record>,
    /// As Xero names it: `NEWZEALANDSTANDARDTIME`.
    pub timezone: String,
}

/// What a line asks of its account.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub code: String,
    pub type_: String,
    pub class: String,
    pub tax_type: String,
    pub system: String,
    pub archived: bool,
}

impl Account {
    pub fn of(id: &str, record: &Record) -> Self {
        let text = |name: &str| text_of(record, name).unwrap_or_default().to_owned();
        Self {
            id: id.to_owned(),
            code: text("Code"),
            type_: text("Type"),
            class: text("Class"),
            tax_type: text_of(record, "TaxType").unwrap_or("NONE").to_owned(),
            system: text("SystemAccount"),
            archived: text_of(record, "Status") == Some("ARCHIVED"),
        }
    }
}

/// What a line asks of its tax rate.
#[derive(Clone, Debug)]
pub struct Tax {
    pub active: bool,
    /// Classes of accounts that it cannot be used with.
    barred: Vec<&'static str>,
}

impl Tax {
    pub fn of(record: &Record) -> Self {
        let classes = [
            ("CanApplyToAssets", "ASSET"),
            ("CanApplyToEquity", "EQUITY"),
            ("CanApplyToExpenses", "EXPENSE"),
            ("CanApplyToLiabilities", "LIABILITY"),
            ("CanApplyToRevenue", "REVENUE"),
        ];
        let barred = classes.into_iter().filter(|(name, _)| record.get(*name) == Some(&Value::Bool(false)));
        Self {
            active: text_of(record, "Status").is_none_or(|status| status == "ACTIVE"),
            barred: barred.map(|(_, class)| class).collect(),
        }
    }

    pub fn applies_to(&self, class: &str) -> bool {
        !self.barred.contains(&class)
    }
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
    let mode = Mode::named(text_of(record, "LineAmountTypes"))?;
    if lines_entered {
        let sum = sum_up(record, mode, sale, ledger, line_id)?;
        let discounted = !sum.total_discount.is_zero();
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

/// The largest amount, divided by the smallest quantity.
const UNIT_AMOUNT_MAX: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// Fills the lines of any document in, and its sums. It has its currency rate already.
pub fn sum_up(
    record: &mut Record,
    mode: Mode,
    sale: bool,
    ledger: &Ledger,
    line_id: &mut dyn FnMut() -> Uuid,
) -> Result<money::Totals, String> {
    let Some(Value::Array(mut lines)) = record.remove("LineItems") else { return Err("LineItems is a list".into()) };
    let mut computed = Vec::with_capacity(lines.len());
    for line in &mut lines {
        let line = line.as_object_mut().ok_or("a line is an object")?;
        computed.push(complete_line(line, mode, sale, ledger, line_id)?);
    }
    let sum = money::totals(mode, &computed);
    if !money::is_bearable_at(sum.total, decimal_of(record, "CurrencyRate").unwrap_or(Decimal::ONE)) {
        return Err(money::TOO_LARGE.into());
    }
    record.insert("LineItems".into(), Value::Array(lines));
    record.insert("SubTotal".into(), number(sum.sub_total));
    record.insert("TotalTax".into(), number(sum.total_tax));
    record.insert("Total".into(), number(sum.total));
    Ok(sum)
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
    // Their product, and a tax of it, has to fit a decimal before it can be looked at.
    let factors = [Some(entered.quantity), entered.discount_rate, entered.discount_amount, entered.tax_amount];
    if !factors.into_iter().flatten().all(money::is_bearable) || entered.unit_amount.abs() >= UNIT_AMOUNT_MAX {
        return Err(money::TOO_LARGE.into());
    }
    let computed = money::line(mode, &entered);
    if !money::is_bearable(computed.line_amount) {
        return Err(money::TOO_LARGE.into());
    }
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
    let settled_on = settled_on(record, &["Payments", "CreditNotes", "Prepayments", "Overpayments"]);
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

/// The day of the last thing that settled a document: its own day when nothing did.
fn settled_on(record: &Record, lists: &[&str]) -> Option<NaiveDate> {
    let entries = lists.iter().filter_map(|list| record.get(*list).and_then(Value::as_array)).flatten();
    entries.filter_map(|entry| entry.get("Date").and_then(json::date)).max().or_else(|| record.get("Date").and_then(json::date))
}

/// What is left of a credit note, prepayment or overpayment, and the state that follows from it.
pub fn settle_credit(record: &mut Record) {
    in_cents(record, "Allocations", &["Amount"]);
    let total = decimal_of(record, "Total").unwrap_or_default();
    let sum = |name: &str| -> Decimal {
        let list = record.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|entry| decimal_of(entry.as_object()?, "Amount")).sum()
    };
    let dead = matches!(text_of(record, "Status"), Some("VOIDED" | "DELETED"));
    let left = if dead { Decimal::ZERO } else { total - sum("Allocations") - sum("Payments") };
    record.insert("RemainingCredit".into(), number(cents(left)));
    record.remove("FullyPaidOnDate");
    match text_of(record, "Status") {
        Some("AUTHORISED" | "PAID") if left.is_zero() => {
            record.insert("Status".into(), "PAID".into());
            // Of the three kinds only credit notes have this field.
            if let (true, Some(date)) = (record.contains_key("CreditNoteID"), settled_on(record, &["Payments", "Allocations"])) {
                json::set_date(record, "FullyPaidOnDate", date, false);
            }
        }
        Some("PAID") => {
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
pub fn complete_payment(payment: &mut Record, paid: &Record, account: (&str, &str), bank_in_base: bool, today: NaiveDate) {
    let date = payment.get("Date").and_then(json::date).unwrap_or(today);
    json::set_date(payment, "Date", date, false);
    let amount = cents(decimal_of(payment, "Amount").unwrap_or_default());
    let rate = money::rounded(payment_rate(payment, paid), 6);
    let banked = if bank_in_base && !rate.is_zero() { amount / rate } else { amount };
    payment.insert("Amount".into(), number(amount));
    payment.insert("BankAmount".into(), number(cents(banked)));
    payment.insert("CurrencyRate".into(), number(rate));
    payment.insert("PaymentType".into(), payment_type(text_of(paid, "Type").unwrap_or_default()).into());
    payment.entry("Status").or_insert_with(|| "AUTHORISED".into());
    payment.entry("IsReconciled").or_insert_with(|| false.into());
    payment.insert("HasAccount".into(), true.into());
    payment.insert("HasValidationErrors".into(), false.into());
    payment.insert("Account".into(), json!({"AccountID": account.0, "Code": account.1}));
    for name in ["Invoice", "CreditNote", "Prepayment", "Overpayment", "InvoiceNumber", "CreditNoteNumber", "Code"] {
        payment.remove(name);
    }
    let (name, what) = paid_document(paid);
    payment.insert(name.into(), what);
}

/// The rate that a payment is made at: its own, else that of what it pays.
pub fn payment_rate(payment: &Record, paid: &Record) -> Decimal {
    decimal_of(payment, "CurrencyRate").or(decimal_of(paid, "CurrencyRate")).unwrap_or(Decimal::ONE)
}

/// `PaymentType` by the type of the document that is paid or refunded.
fn payment_type(document: &str) -> &'static str {
    match document {
        "ACCREC" => "ACCRECPAYMENT",
        "ACCRECCREDIT" => "ARCREDITPAYMENT",
        "ACCPAYCREDIT" => "APCREDITPAYMENT",
        "RECEIVE-OVERPAYMENT" | "AROVERPAYMENT" => "AROVERPAYMENTPAYMENT",
        "SPEND-OVERPAYMENT" => "APOVERPAYMENTPAYMENT",
        "RECEIVE-PREPAYMENT" | "ARPREPAYMENT" => "ARPREPAYMENTPAYMENT",
        "SPEND-PREPAYMENT" | "APPREPAYMENT" => "APPREPAYMENTPAYMENT",
        _ => "ACCPAYPAYMENT",
    }
}

/// The document as its payments show it. Credit notes are shown as if they were invoices.
fn paid_document(paid: &Record) -> (&'static str, Value) {
    for (name, id) in [("Prepayment", "PrepaymentID"), ("Overpayment", "OverpaymentID")] {
        if let Some(known) = paid.get(id) {
            let shown = json!({
                id: known, "Type": paid.get("Type"), "Contact": paid.get("Contact"), "LineItems": [],
                "CurrencyCode": paid.get("CurrencyCode"), "CurrencyRate": paid.get("CurrencyRate"),
            });
            return (name, shown);
        }
    }
    let id = paid.get("InvoiceID").or_else(|| paid.get("CreditNoteID"));
    let number = paid.get("InvoiceNumber").or_else(|| paid.get("CreditNoteNumber"));
    let shown = json!({
        "Type": paid.get("Type"), "InvoiceID": id, "InvoiceNumber": number,
        "Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [], "HasErrors": false, "IsDiscounted": false,
        "Contact": paid.get("Contact"), "LineItems": [], "CurrencyCode": paid.get("CurrencyCode"),
        "CurrencyRate": paid.get("CurrencyRate"),
    });
    ("Invoice", shown)
}

/// Notes a payment on its document, or takes it away when it is deleted, and settles the document.
pub fn note_payment(invoice: &mut Record, payment: &Record) {
    let id = payment.get("PaymentID").cloned().unwrap_or_default();
    let Some(list) = invoice.entry("Payments").or_insert_with(|| json!([])).as_array_mut() else { return };
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
    if invoice.contains_key("InvoiceID") { settle(invoice) } else { settle_credit(invoice) }
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
    for (name, value) in [
        ("Allocations", json!([])),
        ("Payments", json!([])),
        ("HasAttachments", json!(false)),
        ("LineAmountTypes", json!("NoTax")),
        ("LineItems", json!([])),
        ("CurrencyCode", json!(base_currency)),
        ("CurrencyRate", number(money::rounded(Decimal::ONE, 6))),
        ("Type", json!("RECEIVE-OVERPAYMENT")),
        ("Status", json!("AUTHORISED")),
    ] {
        record.entry(name).or_insert(value);
    }
    record.insert("SubTotal".into(), number(total));
    record.insert("TotalTax".into(), number(cents(Decimal::ZERO)));
    record.insert("Total".into(), number(total));
    for allocation in record.get_mut("Allocations").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(allocation) = allocation.as_object_mut()
            && let Some(date) = allocation.get("Date").and_then(json::date)
        {
            json::set_date(allocation, "Date", date, false);
        }
    }
    settle_credit(record);
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
        ["Invoice", "Prepayment", "Overpayment"]
            .into_iter()
            .find_map(|name| record.get(name))
            .and_then(|paid| paid.get("CurrencyCode"))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    } else {
        text(about.currency)
    };
    let contact = record.get("Contact").or_else(|| record.get("Invoice").and_then(|invoice| invoice.get("Contact")));
    let contact = contact.and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
    Row {
        id,
        modified_ms,
        other: if kind == Kind::Contacts { text("ContactNumber") } else { String::new() },
        contact: contact.and_then(|id| Uuid::parse_str(id).ok()),
        date_ms: record.get("Date").and_then(Value::as_str).and_then(json::ms_of),
        by_app: false,
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
        for name in ["MergedToContactID", "PaymentTerms", "Website", "Discount", "BatchPayments", "Balances", "BrandingTheme"] {
            record.remove(name);
        }
    } else if kind == Kind::ManualJournals {
        record.remove("JournalLines");
    } else if kind.about().lines {
        record.insert("LineItems".into(), json!([]));
    }
}
