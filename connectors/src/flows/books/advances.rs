//! What prepayments and overpayments have in common: a payment in Zoho Books that pays no document, or only some. What it is used for
//! travels in the same write.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::documents::same_base_currency;
use super::texts::clip;
use super::{XERO_ID, advance_banks, bills, currencies, customers, invoices, money, refusals, vendors};
use crate::flow::{Age, Authority, By, Carry, Cure, Difference, Field, Judgement, Known, Line, Need, Owed, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{Advance, AdvanceStatus};
use crate::zoho;

/// Who paid ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Customer,
    Vendor,
}

const REFERENCE_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 2000;

impl Side {
    pub fn of(advance: &Advance) -> Self {
        if advance.is_received() { Side::Customer } else { Side::Vendor }
    }

    pub const fn zoho(self) -> zoho::Resource {
        let (path, one, many, module): (_, _, &[&str], _) = match self {
            Side::Customer => ("customerpayments", "payment", &["customerpayments", "customer_payments"], "customer_payment"),
            Side::Vendor => ("vendorpayments", "vendorpayment", &["vendorpayments", "vendor_payments"], "vendor_payment"),
        };
        zoho::Resource {
            path,
            one,
            many,
            id: "payment_id",
            unique: zoho::Unique::Field { module, label: XERO_ID },
            query: &[],
            list_query: &[],
            words: &[],
        }
    }

    fn contacts(self) -> &'static str {
        match self {
            Side::Customer => customers::KEY,
            Side::Vendor => vendors::KEY,
        }
    }

    fn documents(self) -> &'static str {
        match self {
            Side::Customer => invoices::KEY,
            Side::Vendor => bills::KEY,
        }
    }
}

/// Each flow carries one kind of one side. What is worth nothing moves nothing.
pub fn wanted(side: Side, advance: &Advance) -> Wanted {
    let is_ours = Side::of(advance) == side && advance.status != AdvanceStatus::Voided && !advance.total.is_zero();
    if is_ours { Wanted::Carry } else { Wanted::Skip }
}

pub fn needs(side: Side, advance: &Advance) -> Vec<Need> {
    let mut needs = vec![
        Need { flow: side.contacts(), key: advance.contact.id.clone(), by: By::Id },
        Need { flow: advance_banks::KEY, key: advance.id.clone(), by: By::Alias },
    ];
    if !advance.currency_code.is_empty() {
        needs.push(Need { flow: currencies::KEY, key: advance.currency_code.clone(), by: By::Id });
    }
    for allocation in advance.used() {
        if !needs.iter().any(|need| need.key == allocation.invoice.id) {
            needs.push(Need { flow: side.documents(), key: allocation.invoice.id.clone(), by: By::Id });
        }
    }
    needs
}

pub fn age(advance: &Advance) -> Age {
    let open = !advance.remaining().is_zero();
    let days = advance.used().filter_map(|one| one.date).chain(advance.payments.iter().filter_map(|one| one.date));
    Age::Of { date: advance.date, open, settled: days.max().filter(|_| !open) }
}

pub fn to_zoho(side: Side, advance: &Advance, known: &Known) -> Result<Carry, Unmappable> {
    let label = advance.label();
    if advance.status == AdvanceStatus::Voided {
        // Written again it would be live money on the bank account.
        return Err(Unmappable {
            code: "ADVANCE_REMOVED",
            sentence: format!(
                "{label} was removed in Xero after it had been carried. Delete it in Zoho Books too, so that it is no credit there any more."
            ),
            expected: false,
        });
    }
    same_base_currency(&label, known)?;
    let not_ready = |what| refusals::not_ready(&label, what);
    let contact = known.id(side.contacts(), &advance.contact.id).ok_or_else(|| not_ready("its contact"))?;
    let account = known.id(advance_banks::KEY, &advance.id).ok_or_else(|| not_ready("its bank account"))?;
    let amount = advance.total - used_outside(side, advance, known);
    if amount <= Decimal::ZERO {
        return Err(Unmappable {
            code: "USED_OUTSIDE",
            sentence: format!("{label} was used in full for documents that are outside what is carried; nothing is left of it."),
            expected: true,
        });
    }
    let (contact_key, account_key, list_key, document_key) = match side {
        Side::Customer => ("customer_id", "account_id", "invoices", "invoice_id"),
        Side::Vendor => ("vendor_id", "paid_through_account_id", "bills", "bill_id"),
    };
    let parts = parts(side, advance, known);
    let list: Vec<Value> =
        parts.iter().map(|(id, amount)| json!({ document_key: id, "amount_applied": money::number(*amount) })).collect();
    let mut body = json!({
        contact_key: contact,
        account_key: account,
        "payment_mode": "banktransfer",
        "amount": money::number(amount),
        "date": advance.date.to_string(),
        "reference_number": clip(&advance.reference, REFERENCE_CHARS_MAX),
        "description": description(advance),
        // Without it, what is no longer used for a document would stay so.
        list_key: list,
    });
    let currency = currency(advance, known);
    if let Some(id) = known.id(currencies::KEY, currency) {
        // A payment is in its contact's currency: Zoho refuses another one instead of taking the amount for its own.
        body["currency_id"] = id.into();
    }
    if currency != known.xero.base_currency {
        let amounts: Vec<Decimal> = std::iter::once(amount).chain(parts.iter().map(|(_, amount)| *amount)).collect();
        let rate = advance.currency_rate.and_then(|rate| money::exchange_rate(rate, &amounts)).ok_or_else(|| Unmappable {
            code: "NO_RATE",
            sentence: format!(
                "{label} is in a foreign currency and has no exchange rate in Xero. Enter it in Zoho Books by hand."
            ),
            expected: false,
        })?;
        body["exchange_rate"] = money::number(rate);
    }
    Ok(Carry::new(body))
}

/// What of it settles which of Zoho's documents; each is named once.
fn parts<'a>(side: Side, advance: &Advance, known: &'a Known) -> Vec<(&'a str, Decimal)> {
    let mut parts: Vec<(&str, Decimal)> = Vec::new();
    for allocation in advance.used() {
        let Some(id) = known.id(side.documents(), &allocation.invoice.id) else { continue };
        match parts.iter_mut().find(|(had, _)| *had == id) {
            Some((_, amount)) => *amount += allocation.amount,
            None => parts.push((id, allocation.amount)),
        }
    }
    parts
}

/// What was used for documents that are not carried: as they are not there to be owed, this part is not there to settle them.
fn used_outside(side: Side, advance: &Advance, known: &Known) -> Decimal {
    let outside = advance.used().filter(|allocation| known.id(side.documents(), &allocation.invoice.id).is_none());
    outside.map(|allocation| allocation.amount).sum()
}

/// A payment in Zoho has no lines: it says what those in Xero said.
fn description(advance: &Advance) -> String {
    let what = if advance.is_prepayment() { "Prepayment" } else { "Overpayment" };
    let said = advance.line_items.iter().map(|line| line.description.trim()).filter(|said| !said.is_empty());
    let mut text = std::iter::once(what).chain(said).collect::<Vec<_>>().join("\n");
    if advance.reference.chars().count() > REFERENCE_CHARS_MAX {
        text = format!("{text}\nReference: {}", advance.reference);
    }
    clip(&text, DESCRIPTION_CHARS_MAX).to_owned()
}

pub fn currency<'a>(advance: &'a Advance, known: &'a Known) -> &'a str {
    if advance.currency_code.is_empty() { &known.xero.base_currency } else { &advance.currency_code }
}

pub fn fields() -> &'static [Field<Advance>] {
    &[
        Field {
            name: "contact",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.text(Some(&advance.contact.id));
            },
        },
        Field {
            name: "amount",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.amount(Some(advance.total)).amount(Some(advance.rate())).text(Some(&advance.currency_code));
            },
        },
        Field {
            name: "date",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.day(Some(advance.date));
            },
        },
        Field {
            name: "reference",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.text(Some(&advance.reference));
            },
        },
        Field {
            name: "description",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.text(Some(&description(advance)));
            },
        },
        Field {
            name: "used_for",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.count(advance.used().count());
                for allocation in advance.used() {
                    printer.text(Some(&allocation.invoice.id)).amount(Some(allocation.amount));
                }
            },
        },
        Field {
            name: "status",
            authority: Authority::Xero,
            print: |advance, printer| {
                printer.flag(advance.status == AdvanceStatus::Voided);
            },
        },
    ]
}

pub fn cure(advance: &Advance, refusal: &Refusal) -> Cure {
    if refusal.message.to_lowercase().contains("currency") {
        return Cure::Hold(Unmappable {
            code: "CURRENCY",
            sentence: format!(
                "{} is in another currency than its contact, and Zoho Books keeps all records of a contact in one currency. Enter it in Zoho Books for a contact in {}.",
                advance.label(),
                if advance.currency_code.is_empty() { "that currency" } else { &advance.currency_code }
            ),
            expected: false,
        });
    }
    refusals::hold(&advance.label(), refusal)
}

pub fn judge(side: Side, advance: &Advance, known: &Known, answer: &Value) -> Judgement {
    let outside = used_outside(side, advance, known);
    let whole = money::decimals(currency(advance, known)) == 0;
    let mut differences = Vec::new();
    if let Some(amount) = money::read(&answer["amount"]).filter(|amount| *amount != advance.total) {
        let cause = match advance.total - amount {
            missing if missing == outside => "OUT_OF_SCOPE",
            missing if whole && (missing - outside).abs() < Decimal::ONE => "CURRENCY_DECIMALS",
            _ => "UNEXPLAINED",
        };
        differences.push(Difference { what: "total", xero: advance.total, zoho: amount, cause });
    }
    if let Some(left) = left(answer).filter(|left| *left != advance.remaining()) {
        let cause = match left - advance.remaining() {
            // Refunds are records of their own: one that is held leaves the money with the contact.
            more if !more.is_zero() && more == advance.paid_back() => "HELD",
            more if whole && more.abs() < Decimal::from(advance.allocations.len() + 2) => "CURRENCY_DECIMALS",
            _ => "UNEXPLAINED",
        };
        differences.push(Difference { what: "due", xero: advance.remaining(), zoho: left, cause });
    }
    if differences.is_empty() { Judgement::Equal } else { Judgement::Differs(differences) }
}

/// What is left of an advance takes from what its contact owes, or from what is owed to it.
pub fn owed(side: Side, advance: &Advance) -> Option<Owed> {
    let amount = advance.remaining();
    (!amount.is_zero()).then(|| Owed {
        contacts: side.contacts(),
        contact: advance.contact.id.clone(),
        name: advance.contact.name.clone(),
        due: advance.date,
        amount: -amount,
        currency: advance.currency_code.clone(),
    })
}

/// The same of a row of Zoho's list, which tells the currency and the day of a payment.
pub fn zoho_owed(side: Side, row: &Value) -> Option<Owed> {
    let amount = left(row).filter(|amount| !amount.is_zero())?;
    let text = |name: &str| row[name].as_str().filter(|text| !text.is_empty());
    let (id, name) = match side {
        Side::Customer => ("customer_id", "customer_name"),
        Side::Vendor => ("vendor_id", "vendor_name"),
    };
    Some(Owed {
        contacts: side.contacts(),
        contact: text(id)?.to_owned(),
        name: text(name).unwrap_or_default().to_owned(),
        due: text("date")?.parse().ok()?,
        amount: -amount,
        currency: text("currency_code").unwrap_or_default().to_owned(),
    })
}

pub fn xero_line(advance: &Advance) -> Line {
    line(advance.currency_code.clone(), advance.total, advance.remaining(), advance.status == AdvanceStatus::Voided)
}

/// Payments that settle documents are in the same list; they are told apart by their pairs.
pub fn zoho_line(row: &Value) -> Option<Line> {
    let currency = row["currency_code"].as_str().unwrap_or("").to_owned();
    Some(line(currency, money::read(&row["amount"])?, left(row).unwrap_or_default(), row["status"].as_str() == Some("void")))
}

/// What Zoho says is not used: customers' payments call it so, vendors' call it their balance.
fn left(row: &Value) -> Option<Decimal> {
    money::read(&row["unused_amount"]).or_else(|| money::read(&row["balance"]))
}

fn line(currency: String, total: Decimal, due: Decimal, is_void: bool) -> Line {
    let status = match due {
        _ if is_void => "void",
        due if due.is_zero() => "paid",
        _ => "open",
    };
    Line { status, currency, total: Some(total), tax: None, due: Some(due) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;
    use crate::flows::books::{customer_overpayments::CustomerOverpayments, customer_prepayments::CustomerPrepayments};
    use crate::flows::books::{vendor_overpayments::VendorOverpayments, vendor_prepayments::VendorPrepayments};
    use crate::xero;

    fn advance(extra: Value) -> Advance {
        let mut record = json!({
            "PrepaymentID": "p-1", "Type": "RECEIVE-PREPAYMENT", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "Ada"},
            "Date": "/Date(1543449600000+0000)/", "Reference": "deposit", "LineAmountTypes": "Exclusive", "SubTotal": 40.00, "TotalTax": 6.00,
            "Total": 46.00, "CurrencyCode": "NZD", "CurrencyRate": 1.0, "RemainingCredit": 46.00, "Allocations": [], "Payments": [],
            "LineItems": [{"Description": "Deposit", "LineAmount": 40.00, "TaxAmount": 6.00, "AccountCode": "200", "TaxType": "OUTPUT2"}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn overpayment(extra: Value) -> Advance {
        let mut record = json!({
            "OverpaymentID": "o-1", "ID": "o-1", "Type": "SPEND-OVERPAYMENT", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1"},
            "Date": "2018-11-29T00:00:00", "LineAmountTypes": "NoTax", "Total": 50, "CurrencyCode": "USD", "CurrencyRate": 0.8,
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn used(parts: &[(&str, &str)]) -> Value {
        let parts = parts.iter().map(|(invoice, amount)| json!({"AllocationID": "x", "Amount": amount, "Date": "2018-12-01", "Invoice": {"InvoiceID": invoice, "InvoiceNumber": "INV"}}));
        json!({ "Allocations": parts.collect::<Vec<_>>() })
    }

    fn known() -> Known {
        let organisation = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(organisation, zoho::Organisation::default());
        for (flow, key, id) in [
            (customers::KEY, "c-1", "21"),
            (vendors::KEY, "c-1", "22"),
            (advance_banks::KEY, "p-1", "31"),
            (advance_banks::KEY, "o-1", "32"),
            (currencies::KEY, "NZD", "51"),
            (currencies::KEY, "USD", "52"),
            (invoices::KEY, "i-1", "11"),
            (invoices::KEY, "i-2", "12"),
            (bills::KEY, "i-1", "13"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn an_advance_is_a_payment_that_pays_nothing_yet() {
        assert_eq!(
            CustomerPrepayments::to_zoho(&advance(json!({})), &known()).unwrap().body,
            json!({"customer_id": "21", "account_id": "31", "payment_mode": "banktransfer", "amount": 46, "date": "2018-11-29",
                   "reference_number": "deposit", "description": "Prepayment\nDeposit", "currency_id": "51", "invoices": []})
        );
        assert_eq!(
            VendorOverpayments::to_zoho(&overpayment(json!({})), &known()).unwrap().body,
            json!({"vendor_id": "22", "paid_through_account_id": "32", "payment_mode": "banktransfer", "amount": 50, "date": "2018-11-29",
                   "reference_number": "", "description": "Overpayment", "currency_id": "52", "exchange_rate": 1.25, "bills": []})
        );
    }

    #[test]
    fn what_it_is_used_for_travels_with_it_and_each_document_is_named_once() {
        let one = advance(used(&[("i-1", "10.00"), ("i-2", "5.50"), ("i-1", "1.00")]));
        assert_eq!(
            CustomerPrepayments::to_zoho(&one, &known()).unwrap().body["invoices"],
            json!([{"invoice_id": "11", "amount_applied": 11}, {"invoice_id": "12", "amount_applied": 5.5}])
        );
        let mut one = overpayment(used(&[("i-1", "10")]));
        assert_eq!(
            VendorOverpayments::to_zoho(&one, &known()).unwrap().body["bills"],
            json!([{"bill_id": "13", "amount_applied": 10}])
        );
        one.allocations[0].is_deleted = true;
        assert_eq!(VendorOverpayments::to_zoho(&one, &known()).unwrap().body["bills"], json!([]));
    }

    #[test]
    fn what_was_used_for_documents_outside_is_left_out() {
        let one = advance(used(&[("i-1", "10.00"), ("long ago", "6.00")]));
        let body = CustomerPrepayments::to_zoho(&one, &known()).unwrap().body;
        assert_eq!((&body["amount"], &body["invoices"]), (&json!(40), &json!([{"invoice_id": "11", "amount_applied": 10}])));
        let held = CustomerPrepayments::to_zoho(&advance(used(&[("long ago", "46.00")])), &known()).unwrap_err();
        assert_eq!((held.code, held.expected), ("USED_OUTSIDE", true));
        let one = advance(
            json!({"RemainingCredit": 30, "Allocations": used(&[("i-1", "10.00"), ("long ago", "6.00")])["Allocations"]}),
        );
        let Judgement::Differs(found) = CustomerPrepayments::judge(&one, &known(), &json!({"amount": 40, "unused_amount": 30}))
        else {
            panic!("equal")
        };
        assert_eq!((found.len(), found[0].what, found[0].cause), (1, "total", "OUT_OF_SCOPE"));
    }

    #[test]
    fn each_flow_takes_its_own() {
        let flows = |one: &Advance| {
            [
                CustomerPrepayments::wanted(one),
                VendorPrepayments::wanted(one),
                CustomerOverpayments::wanted(one),
                VendorOverpayments::wanted(one),
            ]
            .map(|wanted| wanted == Wanted::Carry)
        };
        // Prepayments and overpayments come from two lists: only the side has to be told apart.
        for (one, [customer, vendor]) in [
            (advance(json!({})), [true, false]),
            (advance(json!({"Type": "ARPREPAYMENT"})), [true, false]),
            (advance(json!({"Type": "APPREPAYMENT"})), [false, true]),
            (overpayment(json!({})), [false, true]),
            (overpayment(json!({"Type": "AROVERPAYMENT"})), [true, false]),
            (advance(json!({"Status": "VOIDED"})), [false, false]),
            (advance(json!({"Total": 0, "RemainingCredit": 0})), [false, false]),
            (advance(json!({"Status": "PAID", "RemainingCredit": 0})), [true, false]),
        ] {
            assert_eq!(flows(&one), [customer, vendor, customer, vendor], "{:?} {:?}", one.kind, one.status);
        }
    }

    #[test]
    fn what_cannot_go_says_why() {
        for (one, code) in [
            (advance(json!({"Status": "VOIDED"})), "ADVANCE_REMOVED"),
            (advance(json!({"CurrencyCode": "USD", "CurrencyRate": null})), "NO_RATE"),
            (advance(json!({"CurrencyCode": "USD", "CurrencyRate": 0})), "NO_RATE"),
            (advance(json!({"Contact": {"ContactID": "c-9"}})), "NOT_READY"),
            (advance(json!({"PrepaymentID": "p-9"})), "NOT_READY"),
        ] {
            let held = CustomerPrepayments::to_zoho(&one, &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.starts_with("Prepayment of 46.00") && held.sentence.ends_with('.'), "{}", held.sentence);
        }
        for (said, code) in [
            ("Invalid value passed for currency_id: the currency of a document is that of its contact.", "CURRENCY"),
            ("The amount applied is more than the balance of the invoice INV-1.", "AMOUNT_TOO_LARGE"),
            ("Transactions before 2025-01-01 are locked.", "LOCKED_PERIOD"),
        ] {
            let refusal = Refusal { status: 400, code: "2".into(), message: said.into() };
            let Cure::Hold(held) = cure(&advance(json!({})), &refusal) else { panic!("not held") };
            assert_eq!(held.code, code);
            assert!(held.sentence.contains("Prepayment of 46.00 NZD on 2018-11-29 (deposit)"), "{}", held.sentence);
        }
    }

    #[test]
    fn it_needs_its_contact_its_bank_account_its_currency_and_what_it_is_used_for() {
        let needs = CustomerPrepayments::needs(&advance(used(&[("i-1", "1"), ("i-2", "1"), ("i-1", "1")])));
        let needs: Vec<(&str, &str, By)> = needs.iter().map(|need| (need.flow, need.key.as_str(), need.by)).collect();
        assert_eq!(
            needs,
            [
                (customers::KEY, "c-1", By::Id),
                (advance_banks::KEY, "p-1", By::Alias),
                (currencies::KEY, "NZD", By::Id),
                (invoices::KEY, "i-1", By::Id),
                (invoices::KEY, "i-2", By::Id)
            ]
        );
    }

    #[test]
    fn it_is_open_while_something_of_it_is_left() {
        let day = |text: &str| text.parse().unwrap();
        assert_eq!(age(&advance(json!({}))), Age::Of { date: day("2018-11-29"), open: true, settled: None });
        let spent = advance(json!({"Status": "PAID", "RemainingCredit": 0, "Allocations": used(&[("i-1", "40")])["Allocations"],
            "Payments": [{"PaymentID": "r-1", "Amount": 6, "Date": "/Date(1546300800000+0000)/"}]}));
        assert_eq!(age(&spent), Age::Of { date: day("2018-11-29"), open: false, settled: Some(day("2019-01-01")) });
        // Where Xero does not say what is left, it is worked out.
        let told = advance(json!({"RemainingCredit": null, "Payments": [{"Amount": 6}]}));
        assert_eq!(told.remaining(), "40".parse().unwrap());
    }

    #[test]
    fn what_is_left_takes_from_what_is_owed() {
        let one = advance(json!({"RemainingCredit": 6}));
        let ours = owed(Side::Customer, &one).unwrap();
        assert_eq!((ours.contacts, ours.contact.as_str(), ours.name.as_str()), (customers::KEY, "c-1", "Ada"));
        let row = json!({"customer_id": "21", "customer_name": "Ada", "date": "2018-11-29", "unused_amount": 6, "currency_code": "NZD"});
        let theirs = zoho_owed(Side::Customer, &row).unwrap();
        assert_eq!((theirs.amount, theirs.due, theirs.currency), (ours.amount, ours.due, ours.currency));
        assert_eq!(ours.amount, Decimal::from(-6));
        assert_eq!(owed(Side::Customer, &advance(json!({"RemainingCredit": 0}))), None);
        for nothing in
            [json!({"unused_amount": 0}), json!({"balance": 5}), json!({"vendor_id": "22", "balance": "5", "date": "x"})]
        {
            assert_eq!(zoho_owed(Side::Vendor, &nothing), None, "{nothing}");
        }
    }

    #[test]
    fn an_answer_is_compared_by_what_is_left() {
        let one = advance(json!({"RemainingCredit": 6, "Payments": [{"Amount": 40}]}));
        let causes = |one: &Advance, answer: Value| match CustomerPrepayments::judge(one, &known(), &answer) {
            Judgement::Differs(found) => found.iter().map(|one| format!("{} {}", one.what, one.cause)).collect(),
            _ => Vec::new(),
        };
        assert_eq!(causes(&one, json!({"amount": 46, "unused_amount": 6})), Vec::<String>::new());
        assert_eq!(causes(&one, json!({"amount": 46, "unused_amount": 46})), ["due HELD"]);
        assert_eq!(causes(&one, json!({"amount": 46, "unused_amount": 5})), ["due UNEXPLAINED"]);
        assert_eq!(causes(&one, json!({"amount": 45, "balance": 6})), ["total UNEXPLAINED"]);
        let yen = advance(json!({"CurrencyCode": "JPY", "CurrencyRate": 88, "Total": 46.4, "RemainingCredit": 46.4}));
        assert_eq!(
            causes(&yen, json!({"amount": 46, "unused_amount": 46})),
            ["total CURRENCY_DECIMALS", "due CURRENCY_DECIMALS"]
        );
        let row = json!({"currency_code": "NZD", "amount": 46, "unused_amount": 6});
        assert_eq!(zoho_line(&row), Some(xero_line(&one)));
        let row = json!({"currency_code": "USD", "amount": 50, "balance": 0});
        assert_eq!(zoho_line(&row), Some(xero_line(&overpayment(json!({"Status": "PAID", "RemainingCredit": 0})))));
    }
}
