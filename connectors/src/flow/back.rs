//! The way back: what a flow says so that Zoho's records reach Xero. A flow without it runs one way.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Known, Need, Unmappable, Wanted};
use crate::print::{PrintKey, Printer};

/// Declared by a flow whose records people make and change in Zoho too. Pure like the flow itself: no call, no clock, no database.
/// Every function is given Zoho's record as its own address answers it.
pub struct Back {
    /// Whether this record is the flow's business: a vendor is not a customer, and what was void before anybody saw it is nobody's.
    pub wanted: fn(&Value) -> Wanted,
    /// What a person calls it: "Invoice INV-0042".
    pub label: fn(&Value) -> String,
    /// Its day, for Xero's locked periods.
    pub day: fn(&Value) -> Option<NaiveDate>,
    /// One for each of `Flow::fields`, in the same order and under the same names. What Zoho has no place for prints nothing.
    pub fields: &'static [ZohoField],
    /// The records of other flows that it refers to, by Zoho's ids (`By::Zoho`).
    pub needs: fn(&Value) -> Vec<Need>,
    /// What is looked up for it as well, but not waited for (`By::Zoho`): what nobody brings to Xero, so that waiting would be for ever. A
    /// mapping does without it (an item, a tag) or says what cures it (an account, a tax).
    pub hints: fn(&Value) -> Vec<Need>,
    /// Flows whose whole list in Xero the mapping looks things up in (`Known::list`): the codes of items, which taxes are for sales.
    pub lists: &'static [&'static str],
    /// Whether a record of Zoho's that Xero does not have is created there at all. Updates of paired records go anyway.
    pub creates: fn(&Known) -> bool,
    /// What Xero is told.
    pub to_xero: fn(&Coming, &Known) -> Result<Sending, Unmappable>,
    /// Where Xero is asked whether it has a record that may have been created already.
    pub seek: fn(&Value, &Known) -> Seek,
    /// Whether a record that `seek` gave is this one: Zoho's record first, then Xero's.
    pub is_it: fn(&Value, &Value, &Known) -> bool,
    /// What a record in Xero's JSON is recognised by, read alike of a body that is sent and of what Xero shows: by it a write whose answer
    /// was lost is found though Zoho's record has been changed since.
    pub trace: fn(&Value) -> Trace,
    /// One record of Zoho's is several of Xero's: a payment of three invoices is three payments. Each part names itself under `PART`.
    /// Most records are one part, without a name.
    pub parts: fn(&Value) -> Vec<Value>,
    /// What Xero is told of its record when Zoho's is gone: the payment is deleted, the document voided, the contact archived. `None`, or
    /// no answer for this record: nothing, it stays.
    pub gone: Option<fn(&Value) -> Option<Sending>>,
    /// Makes of the body of an update from Xero what Zoho is to be told, given Zoho's record as it is and the names of the fields that
    /// changed in Xero: the others are left out, and so is what would wipe away what only Zoho has room for (the telephones of further
    /// persons, a note that a person wrote).
    pub spare: fn(&Value, &[&'static str], &mut Value),
    /// What Zoho's documents require of an update too though it takes one without (not verified), given its record as it is. `spare` leaves
    /// it out, because restating what we read would undo what somebody changes there meanwhile; only once Zoho insists is it restated.
    pub insisted: fn(&Value) -> Value,
}

/// The key under which a part of a record has its name, which is an id of Zoho's.
pub const PART: &str = "part";

/// A record that is one of Xero's too.
pub fn whole(record: &Value) -> Vec<Value> {
    vec![record.clone()]
}

/// A flow whose records are made in Xero without being asked for.
pub fn always(_: &Known) -> bool {
    true
}

/// Zoho's own values under these keys.
pub fn own(there: &Value, keys: &[&str]) -> Value {
    let values = keys.iter().filter(|key| !there[**key].is_null());
    Value::Object(values.map(|key| ((*key).to_owned(), there[*key].clone())).collect())
}

/// Fields that Zoho works out by itself when one is written: a new line changes the total, and what is owed may be paid by it; what is sold
/// from now on gets an account, another customer has other taxes, another day another exchange rate.
pub fn worked_out(written: &str) -> &'static [&'static str] {
    match written {
        "lines" | "tax_mode" | "currency" | "amount" | "document" => &["totals", "total", "status"],
        "contact" => &["currency", "tax_mode", "totals", "total"],
        "date" | "dates" => &["currency"],
        "kind" => &["sale", "purchase"],
        _ => &[],
    }
}

/// One field of Zoho's record.
pub struct ZohoField {
    pub name: &'static str,
    pub print: fn(&Value, &mut Printer),
}

impl Back {
    /// All fields' prints, one after the other.
    pub fn prints(&self, record: &Value, key: &PrintKey) -> Vec<u8> {
        let mut printer = Printer::new(key);
        self.fields
            .iter()
            .flat_map(|field| {
                (field.print)(record, &mut printer);
                printer.finish()
            })
            .collect()
    }
}

/// A record of Zoho's on its way to Xero.
pub struct Coming<'a> {
    pub record: &'a Value,
    /// Xero's record as it is now, in Xero's own JSON. None: it is to be created.
    pub there: Option<&'a Value>,
    /// The names of the fields that are to be written. All of them where it is created.
    pub changed: &'a [&'static str],
}

impl Coming<'_> {
    pub fn is_new(&self) -> bool {
        self.there.is_none()
    }

    /// Whether this field is written.
    pub fn writes(&self, field: &str) -> bool {
        self.is_new() || self.changed.contains(&field)
    }
}

/// One record's write to Xero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sending {
    /// One element of the batch. An update names its record by Xero's id.
    pub body: Value,
    /// Sent alone, to this path below `api.xro/2.0`, where Xero takes no batch of it: `Payments/{id}`.
    pub at: Option<String>,
    /// Fields that Xero takes only with one more write after this one: a quote is sent before it is accepted.
    pub unsaid: Vec<&'static str>,
}

impl Sending {
    pub fn new(body: Value) -> Self {
        Self { body, ..Self::default() }
    }
}

/// What tells one record of Xero's from all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The address of ours that it bears, or the words that nobody else's has.
    pub of: String,
    /// Whose it is, where people can change those words: another one of the same, made since, may be this one.
    pub whose: Option<String>,
}

impl Trace {
    /// By what nobody changes.
    pub fn sure(of: impl Into<String>) -> Self {
        Self { of: of.into(), whose: None }
    }

    /// By the address of ours that a record bears (`Url`), which nobody changes.
    pub fn of_address(xero: &Value) -> Option<Self> {
        xero["Url"].as_str().filter(|url| !url.is_empty()).map(Self::sure)
    }
}

/// A look into Xero's list of the flow's resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seek {
    /// `where`, `InvoiceNumbers`, `IDs`, `includeArchived` …
    pub query: Vec<(&'static str, String)>,
}
