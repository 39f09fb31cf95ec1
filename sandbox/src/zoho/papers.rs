//! What differs between the eleven kinds of documents, as a table. `documents` does what they have in common.

use super::module::Module::{self, *};
use super::shape::{self, Kind::*};

/// One kind of document.
pub struct Paper {
    /// The key of its number and what Zoho's own numbers begin with. None: it has a name or the vendor's number instead.
    pub number: Option<(&'static str, &'static str)>,
    /// The status of a new one.
    pub first: &'static str,
    /// The status of one that is neither draft, settled nor void.
    pub live: &'static str,
    /// The date that runs out: due, expiry, shipment, delivery, end.
    pub until: Option<&'static str>,
    /// Members that only this kind has.
    pub own: &'static [(&'static str, shape::Kind)],
    /// Members that must be there, besides party and lines.
    pub required: &'static [&'static str],
    /// What its list may be filtered by: `status=` and `filter_by=Status.`.
    pub statuses: &'static [&'static str],
    /// What is asked of it, from which statuses, and what it is then.
    pub steps: &'static [Step],
}

/// `POST /{module}/{id}/status/{word}`.
pub struct Step {
    pub word: &'static str,
    pub from: &'static [&'static str],
    pub to: &'static str,
    /// The HTTP status of the answer.
    pub answer: u16,
}

const fn step(word: &'static str, from: &'static [&'static str], to: &'static str, answer: u16) -> Step {
    Step { word, from, to, answer }
}

const FREQUENCIES: &[&str] = &["days", "weeks", "months", "years"];

/// Members of templates that make documents.
pub const RECURRENCE: &[(&str, shape::Kind)] = &[
    ("recurrence_name", Guess(100)),
    ("recurrence_frequency", Choice(FREQUENCIES)),
    ("repeat_every", Whole),
    ("start_date", Date),
    ("end_date", Date),
];

const RECURRENT_STEPS: &[Step] = &[step("stop", &["active"], "stopped", 200), step("resume", &["stopped"], "active", 200)];

/// The row of a document; None for everything else.
pub fn of(module: Module) -> Option<&'static Paper> {
    Some(match module {
        Invoices => &INVOICE,
        Bills => &BILL,
        Estimates => &ESTIMATE,
        SalesOrders => &SALES_ORDER,
        CreditNotes => &CREDIT_NOTE,
        VendorCredits => &VENDOR_CREDIT,
        PurchaseOrders => &PURCHASE_ORDER,
        RecurringInvoices => &RECURRING_INVOICE,
        RecurringBills => &RECURRING_BILL,
        RetainerInvoices => &RETAINER_INVOICE,
        SalesReceipts => &SALES_RECEIPT,
        _ => return None,
    })
}

static INVOICE: Paper = Paper {
    number: Some(("invoice_number", "INV-")),
    first: "draft",
    live: "sent",
    until: Some("due_date"),
    own: &[("payment_terms", Whole), ("payment_terms_label", Guess(100)), ("due_date", Date)],
    required: &[],
    statuses: &["draft", "sent", "open", "overdue", "partially_paid", "paid", "void"],
    steps: &[
        step("sent", &["draft", "sent", "partially_paid", "paid"], "sent", 200),
        step("draft", &["void"], "draft", 200),
        step("void", &["draft", "sent", "partially_paid", "paid"], "void", 200),
    ],
};

static BILL: Paper = Paper {
    number: None,
    first: "open",
    live: "open",
    until: Some("due_date"),
    own: &[("payment_terms", Whole), ("payment_terms_label", Guess(100)), ("due_date", Date), ("is_item_level_tax_calc", Flag)],
    required: &[],
    statuses: &["draft", "sent", "open", "overdue", "partially_paid", "paid", "void"],
    steps: &[
        step("open", &["draft", "open", "partially_paid", "paid", "void"], "open", 201),
        step("void", &["draft", "open", "partially_paid", "paid"], "void", 201),
    ],
};

static ESTIMATE: Paper = Paper {
    number: Some(("estimate_number", "QT-")),
    first: "draft",
    live: "sent",
    until: Some("expiry_date"),
    own: &[("expiry_date", Date), ("project_id", Text(20)), ("accept_retainer", Flag), ("retainer_percentage", Number)],
    required: &[],
    statuses: &["draft", "sent", "accepted", "declined", "invoiced", "expired"],
    steps: &[
        step("sent", &["draft", "sent", "accepted", "declined"], "sent", 200),
        step("accepted", &["sent", "declined", "accepted"], "accepted", 200),
        step("declined", &["sent", "accepted", "declined"], "declined", 200),
    ],
};

static SALES_ORDER: Paper = Paper {
    number: Some(("salesorder_number", "SO-")),
    first: "draft",
    live: "open",
    until: Some("shipment_date"),
    own: &[("shipment_date", Date), ("delivery_method", Guess(100)), ("estimate_id", Text(20))],
    required: &[],
    statuses: &["draft", "open", "invoiced", "partially_invoiced", "void", "closed"],
    steps: &[step("open", &["draft", "open", "void"], "open", 201), step("void", &["draft", "open"], "void", 201)],
};

static CREDIT_NOTE: Paper = Paper {
    number: Some(("creditnote_number", "CN-")),
    first: "open",
    live: "open",
    until: None,
    own: &[],
    required: &["date", "creditnote_number"],
    statuses: &["draft", "open", "closed", "void"],
    steps: &[
        step("open", &["draft", "open", "void"], "open", 200),
        step("draft", &["void", "draft"], "draft", 200),
        step("void", &["draft", "open", "closed"], "void", 200),
    ],
};

static VENDOR_CREDIT: Paper = Paper {
    number: Some(("vendor_credit_number", "DN-")),
    first: "open",
    live: "open",
    until: None,
    own: &[],
    required: &[],
    statuses: &["draft", "open", "closed", "void"],
    steps: &[step("open", &["draft", "open", "void"], "open", 201), step("void", &["draft", "open", "closed"], "void", 201)],
};

static PURCHASE_ORDER: Paper = Paper {
    number: Some(("purchaseorder_number", "PO-")),
    first: "draft",
    live: "open",
    until: Some("delivery_date"),
    own: &[
        ("delivery_date", Date),
        ("due_date", Date),
        ("ship_via", Guess(100)),
        ("attention", Guess(100)),
        ("delivery_customer_id", Text(20)),
        ("delivery_org_address_id", Text(20)),
        ("salesorder_id", Text(20)),
    ],
    required: &[],
    statuses: &["draft", "open", "billed", "cancelled"],
    steps: &[
        step("open", &["draft", "open", "billed", "cancelled"], "open", 201),
        step("billed", &["open", "billed"], "billed", 201),
        step("cancelled", &["draft", "open", "cancelled"], "cancelled", 201),
    ],
};

static RECURRING_INVOICE: Paper = Paper {
    number: None,
    first: "active",
    live: "active",
    until: Some("end_date"),
    own: RECURRENCE,
    required: &["recurrence_name", "recurrence_frequency"],
    statuses: &["active", "stopped", "expired"],
    steps: &[step("stop", &["active"], "stopped", 201), step("resume", &["stopped"], "active", 201)],
};

static RECURRING_BILL: Paper = Paper {
    number: None,
    first: "active",
    live: "active",
    until: Some("end_date"),
    own: RECURRENCE,
    required: &["recurrence_name", "start_date", "repeat_every", "recurrence_frequency"],
    statuses: &["active", "stopped", "expired"],
    steps: RECURRENT_STEPS,
};

static RETAINER_INVOICE: Paper = Paper {
    number: Some(("retainerinvoice_number", "RET-")),
    first: "draft",
    live: "sent",
    until: None,
    own: &[],
    required: &[],
    statuses: &["draft", "sent", "partially_paid", "paid", "void"],
    steps: &[
        step("sent", &["draft", "sent", "partially_paid", "paid"], "sent", 200),
        step("draft", &["void"], "draft", 200),
        step("void", &["draft", "sent", "partially_paid", "paid"], "void", 200),
    ],
};

/// A sale and its payment at once.
static SALES_RECEIPT: Paper = Paper {
    number: Some(("receipt_number", "SR-")),
    first: "paid",
    live: "paid",
    until: None,
    own: &[("payment_mode", Guess(100))],
    required: &["date", "payment_mode"],
    statuses: &["paid"],
    steps: &[],
};

/// Invoices and bills: payments and credits are applied to them. Retainers are paid, too.
pub fn is_owed(module: Module) -> bool {
    matches!(module, Invoices | Bills | RetainerInvoices)
}

/// Credit notes and vendor credits: they are applied.
pub fn is_credit(module: Module) -> bool {
    matches!(module, CreditNotes | VendorCredits)
}

/// The step a status call means.
pub fn step_of(module: Module, word: &str) -> Option<&'static Step> {
    let steps = match module {
        RecurringExpenses => RECURRENT_STEPS,
        _ => of(module)?.steps,
    };
    steps.iter().find(|step| step.word == word)
}
