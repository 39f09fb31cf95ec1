//! Xero's money received for one thing, without tax → deposits among Zoho Books' bank transactions. Zoho has no upsert for them: the
//! reference ends with Xero's id, by which one that was made already is found again.

use serde_json::{Value, json};

use super::bank::{self, Form};
use super::{accounts, currencies, customers, expenses, marks, money, tracking_categories, vendors};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BANK_TRANSACTIONS, BankTransaction};
use crate::{xero, zoho};

pub struct Receipts;

pub const KEY: &str = "books.receipts";

impl Flow for Receipts {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Deposits";
    const READ_WITH: Option<&'static str> = Some(expenses::KEY);
    const AFTER: &'static [&'static str] = &[currencies::KEY, accounts::KEY, customers::KEY, vendors::KEY, expenses::KEY];
    const XERO: xero::Resource = BANK_TRANSACTIONS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "banktransactions",
        one: "banktransaction",
        many: &["banktransactions"],
        id: "transaction_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = BankTransaction;

    fn wanted(received: &BankTransaction) -> Wanted {
        bank::wanted(received, Form::Deposit)
    }

    fn needs(received: &BankTransaction) -> Vec<Need> {
        bank::needs(received)
    }

    fn hints(received: &BankTransaction) -> Vec<Need> {
        bank::hints(received)
    }

    fn to_zoho(received: &BankTransaction, known: &Known) -> Result<Carry, Unmappable> {
        bank::check(received, Form::Deposit, known)?;
        deposit(received, known, "deposit")
    }

    fn fields() -> &'static [Field<BankTransaction>] {
        bank::fields()
    }

    fn age(received: &BankTransaction) -> Age {
        bank::age(received)
    }

    fn look(received: &BankTransaction, _: &Known) -> Look {
        marks::look(received.id())
    }

    fn found(received: &BankTransaction, _: &Known, rows: &[Value]) -> Option<String> {
        marks::found(received.id(), Self::ZOHO.id, rows)
    }

    fn cure(received: &BankTransaction, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        // Zoho takes a deposit from most accounts; what comes back of costs of goods is money refunded.
        let is_of_account = refusal.message.contains("from_account");
        match (is_of_account, attempt, deposit(received, known, "expense_refund")) {
            (true, 1, Ok(carry)) => Cure::Again(carry),
            _ => bank::cure(received, refusal),
        }
    }

    fn judge(received: &BankTransaction, known: &Known, answer: &Value) -> Judgement {
        bank::judge(received, known, received.total, money::read(&answer["amount"]))
    }

    fn postings(received: &BankTransaction, _: &Known) -> Vec<Posting> {
        bank::postings(received)
    }

    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        bank::booked(answer)
    }

    fn xero_line(received: &BankTransaction) -> Line {
        bank::line(received.currency_code.clone(), Some(received.total), None)
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        let currency = row["currency_code"].as_str().unwrap_or("").to_owned();
        Some(bank::line(currency, Some(money::read(&row["amount"])?), None))
    }
}

fn deposit(received: &BankTransaction, known: &Known, kind: &str) -> Result<Carry, Unmappable> {
    let label = received.label();
    let line = bank::moving(received).next();
    let from = line.map(bank::account_of).unwrap_or(bank::bank(received)).account(&label, known)?;
    let contact = bank::contact(received, known);
    let mut body = json!({
        "transaction_type": kind,
        "from_account_id": from,
        "to_account_id": bank::bank(received).account(&label, known)?,
        "amount": money::number(money::round(received.total, money::decimals(bank::currency(received, known)))),
        "date": received.date.to_string(),
        "payment_mode": "banktransfer",
        "reference_number": marks::reference(&received.reference, received.id()),
        "description": bank::words(received, contact.is_some(), line.map_or("", |line| line.description.as_str())),
        // Empty takes off whom an earlier version named, who is not in Zoho.
        "customer_id": contact.unwrap_or_default(),
    });
    if let Some(currency) = known.id(currencies::KEY, bank::currency(received, known)) {
        body["currency_id"] = currency.into();
    }
    if let Some(rate) = bank::exchange_rate(received, known) {
        body["exchange_rate"] = money::number(rate);
    }
    // Zoho's bank transaction has no lines: the tags are those of the account that the money comes from. Without any, an update takes
    // off what there was.
    if let Some(line) = line.filter(|_| known.is_on(tracking_categories::KEY)) {
        body["from_account_tags"] = tracking_categories::tags(&label, &line.tracking, known)?.unwrap_or_else(|| json!([]));
    }
    Ok(Carry::new(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Ledger;

    fn received(extra: Value) -> BankTransaction {
        let mut record = json!({
            "BankTransactionID": "b-1", "Type": "RECEIVE", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1", "Name": "The Bank"},
            "BankAccount": {"AccountID": "a-090", "Code": "090"}, "Date": "/Date(1777939200000+0000)/", "Reference": "Interest",
            "CurrencyCode": "NZD", "CurrencyRate": 1.0, "LineAmountTypes": "NoTax", "SubTotal": 5.25, "TotalTax": 0.0, "Total": 5.25,
            "LineItems": [{"Description": "April", "LineAmount": 5.25, "AccountCode": "270", "TaxType": "NONE", "TaxAmount": 0.0,
                "Tracking": [{"TrackingCategoryID": "t-1", "TrackingOptionID": "o-1", "Name": "Region", "Option": "North"}]}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        for (flow, key, id) in [
            (accounts::KEY, "a-090", "1"),
            (accounts::KEY, "270", "2"),
            (currencies::KEY, "NZD", "3"),
            (currencies::KEY, "USD", "4"),
            (tracking_categories::KEY, "t-1", "5"),
            (tracking_categories::KEY, "o-1", "6"),
            (vendors::KEY, "c-1", "7"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn money_received_for_one_thing_is_a_deposit() {
        assert_eq!(
            Receipts::to_zoho(&received(json!({})), &known()).unwrap().body,
            json!({
                "transaction_type": "deposit", "from_account_id": "2", "to_account_id": "1", "amount": 5.25, "date": "2026-05-05",
                "payment_mode": "banktransfer", "reference_number": "Interest · b-1", "description": "April", "customer_id": "7",
                "currency_id": "3", "from_account_tags": [{"tag_id": "5", "tag_option_id": "6"}],
            })
        );
        let keys: Vec<String> = Receipts::needs(&received(json!({}))).into_iter().map(|need| need.key).collect();
        assert_eq!(keys, ["a-090", "NZD", "270", "t-1", "o-1"]);
        let hints: Vec<&str> = Receipts::hints(&received(json!({}))).into_iter().map(|hint| hint.flow).collect();
        assert_eq!(hints, [vendors::KEY, customers::KEY]);
    }

    #[test]
    fn without_a_contact_in_zoho_the_name_is_said_and_without_tracking_the_tags_are_taken_off() {
        let line = json!([{"Description": "April", "LineAmount": 5.25, "AccountCode": "270", "TaxType": "NONE"}, {"Description": "As agreed"}]);
        let body =
            Receipts::to_zoho(&received(json!({"Contact": {"ContactID": "c-2", "Name": "Ada"}, "LineItems": line})), &known())
                .unwrap()
                .body;
        assert_eq!((&body["description"], &body["customer_id"]), (&json!("April\nAs agreed\nFrom: Ada"), &json!("")));
        assert_eq!(body["from_account_tags"], json!([]));
        let mut off = known();
        off.switch_off(tracking_categories::KEY);
        assert_eq!(Receipts::to_zoho(&received(json!({})), &off).unwrap().body.get("from_account_tags"), None);
    }

    #[test]
    fn foreign_money_has_the_inverse_rate_and_whole_yen_no_cents() {
        let body = Receipts::to_zoho(&received(json!({"CurrencyCode": "USD", "CurrencyRate": 0.8})), &known()).unwrap().body;
        assert_eq!((&body["currency_id"], &body["exchange_rate"]), (&json!("4"), &json!(1.25)));
        let yen = received(json!({"CurrencyCode": "JPY", "CurrencyRate": 88.5}));
        assert_eq!(Receipts::to_zoho(&yen, &known()).unwrap().body["amount"], json!(5));
        let Judgement::Differs(list) = Receipts::judge(&yen, &known(), &json!({"amount": 5})) else { panic!("equal") };
        assert_eq!(list[0].cause, "CURRENCY_DECIMALS");
    }

    #[test]
    fn an_account_that_gives_no_deposit_gives_a_refund_and_other_refusals_say_why() {
        let refusal = |message: &str| Refusal { status: 400, code: "2".into(), message: message.into() };
        let of_account = refusal("Invalid value passed for from_account_id");
        let Cure::Again(carry) = Receipts::cure(&received(json!({})), &known(), &of_account, 1) else { panic!("held") };
        assert_eq!(carry.body["transaction_type"], "expense_refund");
        let Cure::Hold(held) = Receipts::cure(&received(json!({})), &known(), &of_account, 2) else { panic!("tried again") };
        assert_eq!(held.code, "ACCOUNT");
        let Cure::Hold(held) = Receipts::cure(&received(json!({})), &known(), &refusal("The period is locked"), 1) else {
            panic!("tried again")
        };
        assert_eq!(held.code, "LOCKED_PERIOD");
        for (extra, code) in [
            (json!({"Status": "DELETED"}), "BANK_TRANSACTION_REMOVED"),
            (json!({"Type": "SPEND"}), "BANK_TRANSACTION_RESHAPED"),
            (json!({"CurrencyCode": "USD", "CurrencyRate": null}), "NO_RATE"),
            (json!({"BankAccount": {}}), "NO_ACCOUNT"),
            (json!({"BankAccount": {"Code": "099"}}), "NOT_READY"),
        ] {
            assert_eq!(Receipts::to_zoho(&received(extra), &known()).unwrap_err().code, code);
        }
    }

    #[test]
    fn both_sides_say_the_same() {
        let one = received(json!({}));
        let row = json!({"transaction_id": "9", "amount": 5.25, "currency_code": "NZD", "reference_number": "Interest · b-1",
            "to_account_id": "1", "from_account_id": "2"});
        assert_eq!(Receipts::zoho_line(&row), Some(Receipts::xero_line(&one)));
        assert_eq!(Receipts::judge(&one, &known(), &row), Judgement::Equal);
        assert_eq!(Receipts::found(&one, &known(), std::slice::from_ref(&row)).as_deref(), Some("9"));
        assert_eq!(Receipts::look(&one, &known()).query, [("reference_number_contains", "b-1".to_owned())]);
        let amounts =
            |postings: Vec<Posting>| postings.into_iter().map(|one| (one.ledger, one.amount.to_string())).collect::<Vec<_>>();
        let of = |one: &str| one.to_owned();
        assert_eq!(
            amounts(Receipts::postings(&one, &known())),
            [(Ledger::Id("a-090".into()), of("5.25")), (Ledger::Code("270".into()), of("-5.25"))]
        );
        assert_eq!(
            amounts(Receipts::booked(&row).unwrap()),
            [(Ledger::Zoho("1".into()), of("5.25")), (Ledger::Zoho("2".into()), of("-5.25"))]
        );
        assert_eq!(Receipts::booked(&json!({})), None);
    }
}
