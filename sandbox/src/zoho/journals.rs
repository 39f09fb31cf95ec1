//! Manual journals: lines whose debits equal their credits.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::module::Module;
use super::records::{self, Brief, Desk, Record, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{amounts, custom_fields, documents, ledger, lists, numbers, platform, postings};

const JOURNAL: &[(&str, shape::Kind)] = &[
    ("journal_date", Date),
    ("reference_number", Guess(100)),
    ("notes", Guess(500)),
    ("journal_type", Choice(&["cash", "both"])),
    ("exchange_rate", Number),
    ("include_in_vat_return", Flag),
    ("is_bas_adjustment", Flag),
    ("tags", Tags),
];

/// `POST` and `PUT /journals`.
pub fn write(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    shape::take(desk, body, JOURNAL, &mut record.detail)?;
    let date = shape::text(&record.detail, "journal_date").ok_or_else(|| Refusal::missing("journal_date"))?.to_owned();
    record.date = Some(date);
    let currency = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(desk.org.currency_id);
    let decimals = documents::priced(desk, &mut record, currency)?;
    let rate = shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    let had = record.detail.remove("line_items");
    let sent = match (body.get("line_items"), &had) {
        (Some(Value::Array(list)), _) | (None, Some(Value::Array(list))) if !list.is_empty() => list.clone(),
        (Some(Value::Array(_)) | None, _) => return Err(Refusal::new(4016, "The journal has no line items.")),
        _ => return Err(Refusal::invalid("line_items")),
    };
    let (lines, total) = lines(desk, &sent, rate, decimals)?;
    record.set("line_items", lines);
    record.set("line_item_total", number(total));
    record.set("total", number(total));
    record.set("bcy_total", number(amounts::round(total * rate, 2)));
    record.total_e6 = e6(total)?;
    if new {
        record.name = numbers::payment(desk, Module::Journals)?;
        record.set("entry_number", record.name.clone());
        record.detail.entry("journal_type").or_insert_with(|| "both".into());
    }
    status(desk, &mut record, body)?;
    custom_fields::apply(desk, Module::Journals, &mut record, body)?;
    records::save(desk, Module::Journals, &mut record, new)?;
    postings::post(desk, Module::Journals, &record)?;
    Ok(record)
}

fn status(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    match shape::text(body, "status") {
        Some("draft") if record.status == "published" => {
            return Err(Refusal::new(4, "A published journal cannot become a draft."));
        }
        Some(word @ ("draft" | "published")) => record.status = word.to_owned(),
        Some(_) => return Err(Refusal::invalid("status")),
        None if record.status.is_empty() => {
            let at_once = desk.on("zoho.journals_are_published_at_once");
            record.status = if at_once { "published" } else { "draft" }.to_owned();
        }
        None => {}
    }
    Ok(())
}

/// The lines as they are shown, and what each side adds up to.
fn lines(desk: &Desk, sent: &[Value], rate: Decimal, decimals: u32) -> Result<(Vec<Value>, Decimal), Refusal> {
    let first_id = records::new_ids(desk, sent.len())?;
    let (mut shown, mut debits, mut credits) = (Vec::with_capacity(sent.len()), Decimal::ZERO, Decimal::ZERO);
    for (line, id) in sent.iter().zip(first_id..) {
        let line = line.as_object().ok_or_else(|| Refusal::invalid("line_items"))?;
        let (account, amount) = account_and_amount(desk, line, decimals)?;
        let sign = postings::side(line)?;
        if sign > Decimal::ZERO {
            debits += amount
        } else {
            credits += amount
        }
        let mut one = json!({
            "line_id": id.to_string(), "account_id": account.id.to_string(), "account_name": account.name,
            "debit_or_credit": if sign > Decimal::ZERO { "debit" } else { "credit" }, "amount": number(amount),
            "description": shape::text(line, "description").unwrap_or_default(),
        });
        one["bcy_amount"] = number(ledger::to_base(amount, rate, ledger::base_decimals(desk)));
        if let Some(contact) = contact(desk, line)? {
            one["customer_id"] = contact.id.to_string().into();
            one["customer_name"] = contact.name.into();
        }
        if let Some(tax) = shape::id(line, "tax_id")? {
            let tax = records::brief(desk, Module::Taxes, tax)?;
            one["tax_id"] = tax.id.to_string().into();
            one["tax_name"] = tax.name.into();
        }
        if let Some(tags) = line.get("tags").filter(|tags| !tags.is_null()) {
            one["tags"] = platform::checked_tags(desk, tags, platform::Level::Line)?;
        }
        for key in ["project_id", "location_id"] {
            if let Some(value) = line.get(key).filter(|value| !value.is_null()) {
                one[key] = value.clone();
            }
        }
        needs_contact(desk, &account, one.get("customer_id").is_some())?;
        shown.push(one);
    }
    if debits != credits {
        return Err(Refusal::new(4, format!("The debits ({debits}) and credits ({credits}) of a journal must be equal.")));
    }
    Ok((shown, debits))
}

/// The account of a line, and its amount, which is above zero.
pub fn account_and_amount(desk: &Desk, line: &Map<String, Value>, decimals: u32) -> Result<(Brief, Decimal), Refusal> {
    let id = shape::id(line, "account_id")?.ok_or_else(|| Refusal::missing("account_id"))?;
    let account = records::brief(desk, Module::Accounts, id)?;
    Ok((account, super::settle::positive(line, "amount", decimals)?))
}

/// Code 11016: receivables and payables belong to somebody.
pub fn needs_contact(desk: &Desk, account: &Brief, has_contact: bool) -> Result<(), Refusal> {
    let owed = matches!(account.kind.as_str(), "accounts_receivable" | "accounts_payable");
    if owed && !has_contact && desk.on("zoho.receivable_lines_need_a_contact") {
        return Err(Refusal::new(11016, format!("Select a contact for the line of the account {}.", account.name)));
    }
    Ok(())
}

fn contact(desk: &Desk, line: &Map<String, Value>) -> Result<Option<Brief>, Refusal> {
    let id = match shape::id(line, "customer_id")? {
        Some(id) => Some(id),
        None => shape::id(line, "vendor_id")?,
    };
    id.map(|id| records::brief(desk, Module::Contacts, id)).transpose()
}

/// `POST /journals/{id}/status/publish`.
pub fn publish(desk: &Desk, id: i64) -> Result<Answer, Refusal> {
    let mut record = records::need(desk, Module::Journals, id)?;
    record.status = "published".to_owned();
    records::save(desk, Module::Journals, &mut record, false)?;
    postings::post(desk, Module::Journals, &record)?;
    Ok(Answer { status: 201, ..Answer::done("The journal has been published.") })
}

/// `POST /journals/{id}/reverse`: a new journal with the sides exchanged, on the day it is made.
pub fn reverse(desk: &Desk, id: i64) -> Result<Answer, Refusal> {
    let of = records::need(desk, Module::Journals, id)?;
    if of.status != "published" {
        return Err(Refusal::new(4, "Only a published journal can be reversed."));
    }
    let mut body: Map<String, Value> =
        ["notes", "reference_number", "journal_type", "exchange_rate", "currency_id", "line_items"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), of.detail.get(key)?.clone())))
            .collect();
    body.insert("journal_date".to_owned(), desk.today().into());
    for line in body.get_mut("line_items").and_then(Value::as_array_mut).into_iter().flatten() {
        let was_debit = line["debit_or_credit"] == "debit";
        line["debit_or_credit"] = if was_debit { "credit" } else { "debit" }.into();
    }
    let record = write(desk, None, &body)?;
    let json = lists::shown(desk, Module::Journals, &record)?;
    Ok(Answer::with(200, "The journal has been reversed.", "journal", &json))
}
