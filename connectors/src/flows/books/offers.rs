//! What quotes, purchase orders and templates have in common: documents that promise something and book nothing.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::documents::{NUMBER_CHARS_MAX, REFERENCE_CHARS_MAX, rounding, same_base_currency};
use super::lines::{self, Document};
use super::texts::clip;
use super::{currencies, items, judgement, money, refusals};
use crate::flow::{Authority, By, Carry, Cure, Difference, Field, Judgement, Known, Line, Need, Unmappable};
use crate::side::Refusal;
use crate::xero::records::{LineAmountTypes, LineItem};

/// What Zoho calls things in a document of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The flow of the contacts it is with.
    pub contacts: &'static str,
    pub contact_key: &'static str,
    /// Its number, or the name that stands for one.
    pub number_key: &'static str,
    pub date_key: &'static str,
    pub until_key: &'static str,
    /// Bought and not sold: each line wants an account.
    pub is_purchase: bool,
}

/// A document of Xero's that promises something.
pub trait Offer: Document {
    fn kind(&self) -> Kind;
    fn contact(&self) -> &str;
    /// By which Zoho tells it from the others.
    fn number(&self) -> String;
    fn reference(&self) -> &str;
    fn date(&self) -> NaiveDate;
    /// The date that somebody chose, for the print; a template's next date moves on by itself.
    fn chosen_date(&self) -> Option<NaiveDate> {
        Some(self.date())
    }
    /// Until when it holds, or when it is delivered.
    fn until(&self) -> Option<NaiveDate>;
    /// Foreign units for one of the organisation's own, where Xero has one.
    fn rate(&self) -> Option<Decimal>;
    fn sub_total(&self) -> Decimal;
    fn total_tax(&self) -> Decimal;
    fn total(&self) -> Decimal;
    /// Its status in words both sides share.
    fn life(&self) -> &'static str;
    /// Deleted in Xero.
    fn is_gone(&self) -> bool;
    /// What else Zoho is told of it, for the print.
    fn words(&self) -> Vec<String>;
}

/// Texts of a document, for everybody to read, are no longer than this.
pub const NOTES_CHARS_MAX: usize = 5000;

pub fn needs<O: Offer>(offer: &O) -> Vec<Need> {
    let mut needs = vec![Need { flow: offer.kind().contacts, key: offer.contact().to_owned(), by: By::Id }];
    if !offer.currency_code().is_empty() {
        needs.push(Need { flow: currencies::KEY, key: offer.currency_code().to_owned(), by: By::Id });
    }
    needs.extend(lines::needs(offer));
    needs
}

/// The document without what only its kind has.
pub fn body<O: Offer>(offer: &O, known: &Known) -> Result<Value, Unmappable> {
    let (kind, label) = (offer.kind(), offer.label());
    let held = |code, sentence: String, expected| Err(Unmappable { code, sentence, expected });
    same_base_currency(&label, known)?;
    let number = offer.number();
    if number.chars().count() > NUMBER_CHARS_MAX {
        let sentence = format!(
            "{label} has a number of more than {NUMBER_CHARS_MAX} characters, the most that Zoho Books allows. Shorten it in Xero, then retry."
        );
        return held("NUMBER_TOO_LONG", sentence, false);
    }
    let contact = known.id(kind.contacts, offer.contact()).ok_or_else(|| refusals::not_ready(&label, "its contact"))?;
    let currency = lines::currency(offer, known);
    let is_foreign = currency != known.xero.base_currency;
    if is_foreign && offer.rate().is_none() {
        let sentence = format!(
            "{label} is in {currency}, and Xero has no exchange rate of it, which Zoho Books wants. Enter it in Zoho Books by hand."
        );
        return held("NO_RATE", sentence, true);
    }
    let lacks_account = |line: &&LineItem| !line.is_text() && line.account_code.is_empty() && line.account_id.is_empty();
    let mut without = offer.lines().iter().filter(lacks_account);
    if kind.is_purchase && without.any(|line| line.item_code.is_empty() || !known.is_on(items::KEY)) {
        let sentence =
            format!("{label} has a line without an account, and Zoho Books wants one. Choose one in Xero, then retry.");
        return held("NO_ACCOUNT", sentence, false);
    }
    let lines = lines::lines(offer, known, kind.is_purchase)?;
    if lines.is_empty() && !offer.is_gone() {
        let sentence = format!("{label} has no lines, and Zoho Books wants at least one. Add a line in Xero, then retry.");
        return held("NO_LINES", sentence, false);
    }
    let mut body = json!({
        kind.contact_key: contact,
        kind.number_key: number,
        "reference_number": clip(offer.reference(), REFERENCE_CHARS_MAX),
        kind.date_key: offer.date().to_string(),
        "is_inclusive_tax": offer.line_amount_types() == LineAmountTypes::Inclusive,
        "adjustment": money::number(own_rounding(offer)),
        "adjustment_description": "Rounding",
    });
    if let Some(until) = offer.until() {
        body[kind.until_key] = until.to_string().into();
    }
    if let Some(id) = known.id(currencies::KEY, currency) {
        body["currency_id"] = id.into();
    }
    if let Some(rate) = offer.rate().filter(|_| is_foreign)
        && let Some(rate) = money::exchange_rate(rate, &[offer.total(), offer.sub_total(), offer.total_tax()])
    {
        body["exchange_rate"] = money::number(rate);
    }
    if lines.iter().any(|line| line.get("discount").is_some()) {
        body["discount_type"] = "item_level".into();
        body["is_discount_before_tax"] = true.into();
    }
    if !lines.is_empty() {
        body["line_items"] = lines.into();
    }
    Ok(body)
}

/// Texts that Zoho has no field of its own for, one below the other, with a reference that is too long for its own.
pub fn notes<O: Offer>(offer: &O, texts: &[(&str, &str)]) -> String {
    let mut notes: Vec<String> = Vec::new();
    let mut add = |what: &str, text: &str| match text.trim() {
        "" => {}
        text if what.is_empty() => notes.push(text.to_owned()),
        text => notes.push(format!("{what}: {text}")),
    };
    for (what, text) in texts {
        add(what, text);
    }
    if offer.reference().chars().count() > REFERENCE_CHARS_MAX {
        add("Reference", offer.reference());
    }
    clip(&notes.join("\n"), NOTES_CHARS_MAX).to_owned()
}

pub fn fields<O: Offer>() -> &'static [Field<O>] {
    &[
        Field {
            name: "contact",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.text(Some(offer.contact()));
            },
        },
        Field {
            name: "number",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.text(Some(&offer.number()));
            },
        },
        Field {
            name: "texts",
            authority: Authority::Either,
            print: |offer, printer| {
                printer.text(Some(offer.reference()));
                offer.words().into_iter().for_each(|text| {
                    printer.text(Some(&text));
                });
            },
        },
        Field {
            name: "dates",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.day(offer.chosen_date()).day(offer.until());
            },
        },
        Field {
            name: "currency",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.text(Some(offer.currency_code())).amount(offer.rate());
            },
        },
        Field {
            name: "tax_mode",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.count(offer.line_amount_types() as usize);
            },
        },
        Field {
            name: "lines",
            authority: Authority::Owner,
            print: |offer, printer| {
                lines::print(offer, printer);
                lines::print_tracking(offer, printer);
            },
        },
        Field {
            name: "totals",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.amount(Some(offer.total())).amount(Some(offer.total_tax()));
            },
        },
        Field {
            name: "status",
            authority: Authority::Owner,
            print: |offer, printer| {
                printer.text(Some(offer.life()));
            },
        },
    ]
}

pub fn cure(label: &str, refusal: &Refusal) -> Cure {
    if !refusals::is_taken(refusal) {
        return refusals::hold(label, refusal);
    }
    Cure::Hold(Unmappable {
        code: "NUMBER_TAKEN",
        sentence: format!(
            "{label} cannot be created: Zoho Books has another document with this number. Delete or renumber that one in Zoho Books, then retry."
        ),
        expected: false,
    })
}

/// Zoho's answer held against Xero's: equal, or one write away from it, or different for a reason with a name. `again`: what Zoho was
/// told.
pub fn judge<O: Offer>(offer: &O, known: &Known, answer: &Value, again: Result<Carry, Unmappable>) -> Judgement {
    let (Some(total), Ok(mut again)) = (money::read(&answer["total"]), again) else { return Judgement::Equal };
    if answer[offer.kind().number_key].as_str().is_some_and(|number| number != offer.number()) {
        return Judgement::Mend(again);
    }
    let differs =
        |what, xero: Decimal, zoho: Decimal| Difference { what, xero, zoho, cause: judgement::cause(offer, known, xero - zoho) };
    let tax = money::read(&answer["tax_total"]).filter(|tax| *tax != offer.total_tax() && !offer.is_gone());
    let tax = tax.map(|tax| differs("tax", offer.total_tax(), tax));
    let missing = offer.total() - total;
    if missing.is_zero() || offer.is_gone() {
        return tax.map_or(Judgement::Equal, |tax| Judgement::Differs(vec![tax]));
    }
    // Once it has been adjusted, a second adjustment would only chase the first.
    let adjustment = money::read(&answer["adjustment"]).unwrap_or_default();
    let is_money = !judgement::has_no_cents(offer, known) || missing.fract().is_zero();
    if adjustment == own_rounding(offer) && missing.abs() <= judgement::tolerance(offer, known) && is_money {
        again.body["adjustment"] = money::number(own_rounding(offer) + missing);
        return Judgement::Mend(again);
    }
    Judgement::Differs(std::iter::once(differs("total", offer.total(), total)).chain(tax).collect())
}

pub fn xero_line<O: Offer>(offer: &O) -> Line {
    let (status, currency) = (offer.life(), offer.currency_code().to_owned());
    Line { status, currency, total: Some(offer.total()), tax: Some(offer.total_tax()), due: None }
}

pub fn zoho_line(row: &Value, status: &'static str) -> Line {
    let currency = row["currency_code"].as_str().unwrap_or("").to_owned();
    Line { status, currency, total: money::read(&row["total"]), tax: money::read(&row["tax_total"]), due: None }
}

fn own_rounding<O: Offer>(offer: &O) -> Decimal {
    rounding(offer.total(), offer.sub_total(), offer.total_tax())
}
