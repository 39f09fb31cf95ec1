//! The documents of both directions on their way to Xero: invoices, bills, credits, quotes and purchase orders. What differs between
//! them is data.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::documents::same_base_currency;
use super::super::{accounts, items, money, taxes};
pub use super::lines::Side;
use super::lines::{self, Lines};
pub use super::prints::{document_fields, offer_fields};
use super::sheet::text;
use super::{kept, spare, tracking};
use crate::flow::{Back, By, Coming, Flow, Known, Need, Seek, Sending, Trace, Unmappable, Wanted, ZohoField, always, whole};
use crate::xero::wire::parse_day;

/// A kind of document, in Zoho's words and in Xero's.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// What people call it: "Invoice".
    pub noun: &'static str,
    pub zoho: Words,
    pub xero: Words,
    /// The flow of the contacts it is with.
    pub contacts: &'static str,
    /// `ACCREC`, where Xero tells kinds of it apart.
    pub kind: Option<&'static str>,
    pub side: Side,
    pub texts: Texts,
    pub seek: Seeking,
    /// The words of our redirector, where Xero shows a link to the source of it.
    pub link: Option<&'static str>,
    /// The status in Xero of one that is in Zoho as it is.
    pub status: fn(&Value) -> &'static str,
    /// The status that it must have had before, where Xero takes no other way to one.
    pub first: fn(&str) -> Option<&'static str>,
    /// Quotes write their tax mode in capitals, and an update of one names its contact and its day again.
    pub is_quote: bool,
    /// Whether Zoho's documents require the lines of an update too.
    pub lines_are_wanted: bool,
}

/// What people write about a document: its reference, and for some kinds more.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    /// Zoho's keys of them, as far as Xero has a place for them.
    pub keys: &'static [&'static str],
    /// Writes them into a body for Xero, given Zoho's document and Xero's.
    pub say: fn(&Value, Option<&Value>, &mut Value),
}

impl Texts {
    /// Xero has no place for any.
    pub const NONE: Texts = Texts { keys: &[], say: |_, _, _| {} };
    pub const REFERENCE: Texts = Texts {
        keys: &["reference_number"],
        say: |document, _, body| body["Reference"] = text(document, "reference_number").into(),
    };
}

/// How Xero is asked for a document that may have been created already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seeking {
    /// By its number, which nobody else's may have.
    Number(&'static str),
    /// By contact and day.
    Contact,
    /// By its day alone: no condition may be named.
    Day,
}

/// What a side calls things.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub id: &'static str,
    pub number: &'static str,
    /// Zoho: the key of the contact. Xero: always `Contact`.
    pub contact: &'static str,
    /// The day that runs out.
    pub until: Option<&'static str>,
}

/// A flow of documents.
pub trait AsPaper: Flow {
    const PAPER: Paper;
}

/// The way back of a kind of document.
pub const fn back<P: AsPaper>(fields: &'static [ZohoField]) -> Back {
    Back {
        wanted: wanted::<P>,
        label: label::<P>,
        day: |document| day(document, "date"),
        fields,
        needs: needs::<P>,
        hints,
        lists: &[accounts::KEY, taxes::KEY, items::KEY],
        creates: always,
        to_xero: to_xero::<P>,
        seek: seek::<P>,
        is_it: is_it::<P>,
        trace: trace::<P>,
        parts: whole,
        gone: Some(gone::<P>),
        spare: |there, changed, body| spare::spare(&P::PAPER, there, changed, body),
        insisted: |there| spare::insisted(&P::PAPER, there),
    }
}

/// One that waits for somebody's approval is not yet said, and one that was void before Xero saw it is nobody's.
fn wanted<P: AsPaper>(document: &Value) -> Wanted {
    let status = text(document, "status");
    if status == "pending_approval" || is_end((P::PAPER.status)(document)) { Wanted::Skip } else { Wanted::Carry }
}

fn label<P: AsPaper>(document: &Value) -> String {
    format!("{} {}", P::PAPER.noun, text(document, P::PAPER.zoho.number))
}

fn needs<P: AsPaper>(document: &Value) -> Vec<Need> {
    let key = text(document, P::PAPER.zoho.contact).to_owned();
    vec![Need { flow: P::PAPER.contacts, key, by: By::Zoho }]
}

fn hints(document: &Value) -> Vec<Need> {
    let mut hints: Vec<Need> = Vec::new();
    let mut add = |need: Need| {
        if !need.key.is_empty() && !hints.contains(&need) {
            hints.push(need);
        }
    };
    for line in document["line_items"].as_array().into_iter().flatten() {
        for (flow, key) in [(accounts::KEY, "account_id"), (taxes::KEY, "tax_id"), (items::KEY, "item_id")] {
            add(Need { flow, key: text(line, key).to_owned(), by: By::Zoho });
        }
    }
    add(Need { flow: taxes::KEY, key: text(document, "shipping_charge_tax_id").to_owned(), by: By::Zoho });
    tracking::hints(document).into_iter().for_each(add);
    hints
}

fn to_xero<P: AsPaper>(coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let (paper, document) = (P::PAPER, coming.record);
    let label = label::<P>(document);
    same_base_currency(&label, known)?;
    let status = (paper.status)(document);
    let mut body = json!({});
    if let Some(there) = coming.there {
        body[paper.xero.id] = there[paper.xero.id].clone();
        if coming.writes("status") && is_end(status) {
            body["Status"] = ended(&label, there, status)?.into();
            if paper.is_quote {
                again(there, &mut body);
            }
            return Ok(Sending::new(body));
        }
        may_change(&label, status, coming, there)?;
    }
    if coming.is_new()
        && let Some(kind) = paper.kind
    {
        body["Type"] = kind.into();
    }
    if coming.writes("contact") || paper.is_quote {
        body["Contact"] = json!({ "ContactID": contact(&paper, &label, document, known)? });
    }
    if coming.writes("number") {
        body[paper.xero.number] = document[paper.zoho.number].clone();
    }
    if coming.writes("reference") || coming.writes("texts") {
        (paper.texts.say)(document, coming.there, &mut body);
    }
    if coming.writes("dates") || paper.is_quote {
        dates(&paper, document, &mut body);
    }
    if coming.writes("currency") {
        currency(document, known, &mut body);
    }
    if ["lines", "totals", "tax_mode"].iter().any(|field| coming.writes(field)) {
        let Lines { mode, items } = lines::lines(&label, document, paper.side, known)?;
        body["LineAmountTypes"] = if paper.is_quote { mode.to_uppercase().into() } else { mode.into() };
        // Of offers and orders, tracking is a part of the lines and no field of its own.
        let with_tracking = coming.writes("tracking") || paper.kind.is_none();
        body["LineItems"] = kept::lines(items, coming.there, with_tracking).into();
    } else if let (Some(there), true) = (coming.there, coming.writes("tracking")) {
        body["LineItems"] = kept::tracked(&label, document, there, known)?.into();
    }
    let mut unsaid = Vec::new();
    if coming.writes("status") {
        let now = coming.there.map_or("", |there| text(there, "Status"));
        let first = (paper.first)(status).filter(|_| matches!(now, "" | "DRAFT" | "SUBMITTED"));
        unsaid.extend(first.map(|_| "status"));
        // What Xero invoiced itself is accepted, too.
        if !(status == "ACCEPTED" && now == "INVOICED") {
            body["Status"] = first.unwrap_or(status).into();
        }
    }
    if let Some(link) = paper.link.filter(|_| coming.is_new() && known.address.starts_with("http")) {
        body["Url"] = format!("{}/{link}/zoho:{}", known.address, text(document, paper.zoho.id)).into();
    }
    Ok(Sending { body, unsaid, ..Sending::default() })
}

fn contact<'k>(paper: &Paper, label: &str, document: &Value, known: &'k Known) -> Result<&'k str, Unmappable> {
    known.xero_id(paper.contacts, text(document, paper.zoho.contact)).ok_or_else(|| Unmappable {
        code: "NOT_READY",
        sentence: format!("{label} refers to its contact, which is not in Xero yet. Retry once it is."),
        expected: false,
    })
}

fn dates(paper: &Paper, document: &Value, body: &mut Value) {
    let date = text(document, "date");
    body["Date"] = date.into();
    if let (Some(from), Some(to)) = (paper.zoho.until, paper.xero.until) {
        match text(document, from) {
            // Xero approves nothing that is never due.
            "" if to == "DueDate" => body[to] = date.into(),
            "" => {}
            until => body[to] = until.into(),
        }
    }
}

/// Xero's rate is foreign units for one of the organisation's own, Zoho's the other way round.
fn currency(document: &Value, known: &Known, body: &mut Value) {
    let code = text(document, "currency_code");
    if code.is_empty() {
        return;
    }
    body["CurrencyCode"] = code.into();
    let rate = money::read(&document["exchange_rate"]).and_then(|rate| Decimal::ONE.checked_div(rate));
    if let Some(rate) = rate.map(|rate| money::round(rate, 6)).filter(|rate| code != known.xero.base_currency && !rate.is_zero())
    {
        body["CurrencyRate"] = money::number(rate);
    }
}

/// Xero's words for what is over.
pub fn is_end(status: &str) -> bool {
    matches!(status, "VOIDED" | "DELETED")
}

/// Any status may be the first.
pub fn at_once(_: &str) -> Option<&'static str> {
    None
}

/// The status in Xero of an invoice, a bill or a credit. Sent, overdue and paid are one life.
pub fn life(document: &Value) -> &'static str {
    match text(document, "status") {
        "draft" | "pending_approval" | "approved" | "rejected" => "DRAFT",
        "void" => "VOIDED",
        _ => "AUTHORISED",
    }
}

/// What was never approved is deleted, the rest is voided. Payments are in the way.
fn ended(label: &str, there: &Value, status: &str) -> Result<&'static str, Unmappable> {
    if is_settled_in_part(there) {
        return Err(Unmappable {
            code: "PAID_IN_XERO",
            sentence: format!(
                "{label} was voided in Zoho Books, but in Xero payments or credits are applied to it. Remove them in Xero, then retry."
            ),
            expected: false,
        });
    }
    Ok(match text(there, "Status") {
        "DRAFT" | "SUBMITTED" => "DELETED",
        _ if status == "DELETED" => "DELETED",
        _ => "VOIDED",
    })
}

/// What Xero does not let anybody change is said before it is tried.
fn may_change(label: &str, becomes: &str, coming: &Coming, there: &Value) -> Result<(), Unmappable> {
    let held = |code, sentence| Err(Unmappable { code, sentence, expected: false });
    let status = text(there, "Status");
    if is_end(status) {
        return held(
            "VOID_IN_XERO",
            format!(
                "{label} was changed in Zoho Books, but it is void in Xero, where nothing can be changed any more. Void it in Zoho Books too, or make a new one."
            ),
        );
    }
    if coming.writes("status") && becomes == "DRAFT" && !matches!(status, "DRAFT" | "SUBMITTED") {
        return held(
            "NO_DRAFT_AGAIN",
            format!(
                "{label} is a draft again in Zoho Books. In Xero it is approved and cannot become a draft. Approve it in Zoho Books, or void it, then retry."
            ),
        );
    }
    if status == "PAID" {
        return held(
            "PAID_IN_XERO",
            format!(
                "{label} was changed in Zoho Books, but it is paid in Xero, where nothing of it can be changed any more. Remove the payment in Xero, then retry; or undo the change in Zoho Books."
            ),
        );
    }
    let money = ["contact", "dates", "currency", "tax_mode", "lines", "totals"];
    // Of a credit that was used nothing may be changed at all.
    let is_used_credit = there["Allocations"].as_array().is_some_and(|used| !used.is_empty());
    if is_settled_in_part(there) && (is_used_credit || money.iter().any(|field| coming.writes(field))) {
        return held(
            "PAID_IN_XERO",
            format!(
                "{label} was changed in Zoho Books, but in Xero payments or credits are applied to it, so its amounts and dates are fixed there. Remove them in Xero, then retry."
            ),
        );
    }
    Ok(())
}

/// Whether something was paid, credited or used of it.
fn is_settled_in_part(there: &Value) -> bool {
    let some = |key: &str| money::read(&there[key]).is_some_and(|amount| !amount.is_zero());
    let used = |key: &str| there[key].as_array().is_some_and(|list| !list.is_empty());
    some("AmountPaid") || some("AmountCredited") || used("Payments") || used("Allocations")
}

fn seek<P: AsPaper>(document: &Value, known: &Known) -> Seek {
    let paper = P::PAPER;
    let on = day(document, "date").unwrap_or_default();
    let query = match paper.seek {
        Seeking::Number(by) => vec![(by, text(document, paper.zoho.number).to_owned())],
        Seeking::Day => vec![("DateFrom", on.to_string()), ("DateTo", on.to_string())],
        Seeking::Contact => {
            let contact = known.xero_id(paper.contacts, text(document, paper.zoho.contact)).unwrap_or_default();
            let (kind, on) = (paper.kind.unwrap_or_default(), on.format("%Y,%m,%d"));
            let said = format!("Type==\"{kind}\" AND Contact.ContactID==Guid(\"{contact}\") AND Date==DateTime({on})");
            vec![("where", said)]
        }
    };
    Seek { query }
}

/// Of the same kind, with the same contact, of the same number, day and total: nothing less is the same document.
fn is_it<P: AsPaper>(document: &Value, there: &Value, known: &Known) -> bool {
    let paper = P::PAPER;
    let contact = known.xero_id(paper.contacts, text(document, paper.zoho.contact));
    paper.kind.is_none_or(|kind| text(there, "Type") == kind)
        && !is_end(text(there, "Status"))
        && text(there, paper.xero.number) == text(document, paper.zoho.number)
        && contact.is_some_and(|contact| there["Contact"]["ContactID"] == contact)
        && xero_day(there) == day(document, "date")
        && money::read(&there["Total"]) == money::read(&document["total"])
}

/// By the link to its source, where Xero shows one; else by number, contact and day, which people may change.
fn trace<P: AsPaper>(xero: &Value) -> Trace {
    Trace::of_address(xero).unwrap_or_else(|| {
        let contact = text(&xero["Contact"], "ContactID").to_lowercase();
        // Where Xero tells kinds apart, it is told the kind too.
        let kind = P::PAPER.kind.map(|_| text(xero, "Type")).unwrap_or_default();
        let of = format!("{kind}|{}|{contact}|{:?}", text(xero, P::PAPER.xero.number), xero_day(xero));
        Trace { of, whose: Some(contact) }
    })
}

/// Zoho's is gone: Xero's is voided, where nothing hangs on it.
fn gone<P: AsPaper>(there: &Value) -> Option<Sending> {
    let status = text(there, "Status");
    // Of a quote that was answered and an order that was billed something else has come.
    if !matches!(status, "DRAFT" | "SUBMITTED" | "SENT" | "AUTHORISED") || is_settled_in_part(there) {
        return None;
    }
    let is_voided = P::PAPER.kind.is_some() && status == "AUTHORISED";
    let end = if is_voided { "VOIDED" } else { "DELETED" };
    let mut body = json!({ P::PAPER.xero.id: there[P::PAPER.xero.id], "Status": end });
    if P::PAPER.is_quote {
        again(there, &mut body);
    }
    Some(Sending::new(body))
}

/// What an update of a quote names again.
fn again(there: &Value, body: &mut Value) {
    body["Contact"] = json!({ "ContactID": there["Contact"]["ContactID"] });
    body["Date"] = xero_day(there).map(|day| day.to_string()).into();
}

fn day(document: &Value, key: &str) -> Option<NaiveDate> {
    text(document, key).parse().ok()
}

/// The calendar date of Xero's record.
fn xero_day(there: &Value) -> Option<NaiveDate> {
    parse_day(text(there, "Date"))
}
