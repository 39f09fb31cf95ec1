//! Xero's transfers between bank accounts → Zoho Books' transfers of funds. In Xero they are never changed, only deleted.

use serde_json::{Value, json};

use super::sides::{self, On};
use super::{accounts, bank, currencies, marks, money, refusals, tracking_categories};
use crate::flow::{
    Age, Authority, Carry, Cure, Difference, Field, Flow, Judgement, Known, Line, Look, Need, Pace, Posting, Unmappable, Wanted,
};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BANK_TRANSFERS, BankTransfer, TransferStatus};
use crate::{xero, zoho};

pub struct BankTransfers;

pub const KEY: &str = "books.bank_transfers";

impl Flow for BankTransfers {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Bank transfers";
    const PACE: Pace = Pace::Hourly;
    const AFTER: &'static [&'static str] = &[currencies::KEY, accounts::KEY, tracking_categories::KEY];
    const XERO: xero::Resource = BANK_TRANSFERS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "banktransactions",
        one: "banktransaction",
        many: &["banktransactions"],
        id: "transaction_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[("transaction_type", "transfer_fund")],
        words: &[],
    };
    type Xero = BankTransfer;

    fn wanted(transfer: &BankTransfer) -> Wanted {
        if transfer.status == TransferStatus::Deleted { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(transfer: &BankTransfer) -> Vec<Need> {
        match transfer.status {
            TransferStatus::Authorised => {
                let tracked = [&transfer.from_tracking, &transfer.to_tracking].into_iter();
                let tracked = tracked.flat_map(|tracking| tracking_categories::needs(tracking));
                sides(transfer).into_iter().filter_map(On::need).chain(tracked).collect()
            }
            TransferStatus::Deleted => Vec::new(),
        }
    }

    fn to_zoho(transfer: &BankTransfer, known: &Known) -> Result<Carry, Unmappable> {
        let label = transfer.label();
        if transfer.status == TransferStatus::Deleted {
            return Err(Unmappable {
                code: "TRANSFER_REMOVED",
                sentence: format!(
                    "{label} was deleted in Xero after it had been carried. Delete it in Zoho Books too, so that the balances of both accounts are right there."
                ),
                expected: false,
            });
        }
        super::documents::same_base_currency(&label, known)?;
        let currencies = [&transfer.from_bank_account, &transfer.to_bank_account].map(|account| account.currency_code.as_str());
        let are_told = currencies.iter().all(|code| !code.is_empty());
        // Where the currencies are not told, a rate of its own is what betrays two of them.
        let is_doubtful = !are_told && transfer.rate() != rust_decimal::Decimal::ONE;
        if is_doubtful || are_told && currencies[0] != currencies[1] {
            // Xero tells one amount and one rate; what arrived on the other side cannot be told from them to the cent.
            return Err(Unmappable {
                code: "TWO_CURRENCIES",
                sentence: format!(
                    "{label} goes from an account in {} to one in {}, and Xero tells only one of the two amounts. Enter it in Zoho Books by hand.",
                    told(currencies[0]),
                    told(currencies[1])
                ),
                expected: false,
            });
        }
        let [from, to] = sides(transfer);
        let mut body = json!({
            "transaction_type": "transfer_fund",
            "from_account_id": from.account(&label, known)?,
            "to_account_id": to.account(&label, known)?,
            "amount": money::number(transfer.amount),
            "date": transfer.date.to_string(),
            "reference_number": marks::reference(&transfer.reference, transfer.id()),
            "description": if transfer.reference.chars().count() > marks::ROOM { transfer.reference.as_str() } else { "" },
        });
        if transfer.rate() != rust_decimal::Decimal::ONE
            && let Some(rate) = money::exchange_rate(transfer.rate(), &[transfer.amount])
        {
            body["exchange_rate"] = money::number(rate);
        }
        for (key, tracking) in [("from_account_tags", &transfer.from_tracking), ("to_account_tags", &transfer.to_tracking)] {
            if let Some(tags) = tracking_categories::tags(&label, tracking, known)? {
                body[key] = tags;
            }
        }
        Ok(Carry::new(body))
    }

    fn fields() -> &'static [Field<BankTransfer>] {
        &[
            Field {
                name: "accounts",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    for account in [&transfer.from_bank_account, &transfer.to_bank_account] {
                        printer.text(Some(&account.id)).text(Some(&account.code));
                    }
                },
            },
            Field {
                name: "amount",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    printer.amount(Some(transfer.amount)).amount(Some(transfer.rate()));
                },
            },
            Field {
                name: "date",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    printer.day(Some(transfer.date));
                },
            },
            Field {
                name: "reference",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    printer.text(Some(&transfer.reference));
                },
            },
            Field {
                name: "status",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    printer.flag(transfer.status == TransferStatus::Deleted);
                },
            },
            Field {
                name: "tracking",
                authority: Authority::Xero,
                print: |transfer, printer| {
                    tracking_categories::print(&transfer.from_tracking, printer);
                    tracking_categories::print(&transfer.to_tracking, printer);
                },
            },
        ]
    }

    fn age(transfer: &BankTransfer) -> Age {
        Age::Of { date: transfer.date, open: false, settled: Some(transfer.date) }
    }

    fn look(transfer: &BankTransfer, _: &Known) -> Look {
        marks::look(transfer.id())
    }

    fn found(transfer: &BankTransfer, _: &Known, rows: &[Value]) -> Option<String> {
        marks::found(transfer.id(), Self::ZOHO.id, rows)
    }

    fn cure(transfer: &BankTransfer, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&transfer.label(), refusal)
    }

    fn judge(transfer: &BankTransfer, _: &Known, answer: &Value) -> Judgement {
        match money::read(&answer["amount"]).filter(|told| *told != transfer.amount) {
            Some(told) => Judgement::Differs(vec![Difference {
                what: "total",
                xero: transfer.amount,
                zoho: told,
                cause: if (told - transfer.amount).abs() < rust_decimal::Decimal::ONE && told.fract().is_zero() {
                    "CURRENCY_DECIMALS"
                } else {
                    "UNEXPLAINED"
                },
            }]),
            None => Judgement::Equal,
        }
    }

    fn postings(transfer: &BankTransfer, _: &Known) -> Vec<Posting> {
        if transfer.status == TransferStatus::Deleted {
            return Vec::new();
        }
        let [from, to] = sides(transfer);
        let entry = |on, amount| sides::Entry { on, amount, description: String::new(), tracking: &[] };
        sides::in_xero(&[entry(from, -transfer.amount), entry(to, transfer.amount)], transfer.rate())
    }

    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        bank::booked(answer)
    }

    fn xero_line(transfer: &BankTransfer) -> Line {
        bank::line(String::new(), Some(transfer.amount), None)
    }

    /// Xero does not tell the currency of a transfer; it is that of its accounts.
    fn zoho_line(row: &Value) -> Option<Line> {
        Some(bank::line(String::new(), Some(money::read(&row["amount"])?), None))
    }
}

/// Where the money comes from, and where it goes.
fn sides(transfer: &BankTransfer) -> [On<'_>; 2] {
    [
        On::of(&transfer.from_bank_account.id, &transfer.from_bank_account.code),
        On::of(&transfer.to_bank_account.id, &transfer.to_bank_account.code),
    ]
}

fn told(currency: &str) -> &str {
    if currency.is_empty() { "one currency" } else { currency }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{By, Ledger};

    fn transfer(extra: Value) -> BankTransfer {
        let mut record = json!({
            "BankTransferID": "t-1", "FromBankAccount": {"AccountID": "a-090", "Code": "090", "Name": "Bank"},
            "ToBankAccount": {"AccountID": "a-091", "Name": "Savings"}, "Amount": 150.5, "Date": "/Date(1777939200000+0000)/",
            "CurrencyRate": 1.0, "Reference": "For tax", "CreatedDateUTC": "/Date(1777939200000)/", "Status": "AUTHORISED",
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let xero = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(xero, zoho::Organisation { currency_code: "NZD".into(), ..Default::default() });
        known.learn(accounts::KEY, "a-090", "1");
        known.learn(accounts::KEY, "a-091", "2");
        known
    }

    #[test]
    fn a_transfer_moves_its_amount_between_two_accounts() {
        let expected = json!({
            "transaction_type": "transfer_fund", "from_account_id": "1", "to_account_id": "2", "amount": 150.5, "date": "2026-05-05",
            "reference_number": "For tax · t-1", "description": "",
        });
        assert_eq!(BankTransfers::to_zoho(&transfer(json!({})), &known()).unwrap().body, expected);
        let keys: Vec<(String, By)> =
            BankTransfers::needs(&transfer(json!({}))).into_iter().map(|need| (need.key, need.by)).collect();
        assert_eq!(keys, [("a-090".to_owned(), By::Id), ("a-091".to_owned(), By::Id)]);
        let bare = transfer(json!({"CurrencyRate": null, "Reference": null}));
        assert_eq!(BankTransfers::to_zoho(&bare, &known()).unwrap().body["reference_number"], "t-1");
    }

    #[test]
    fn between_foreign_accounts_it_has_the_inverse_rate() {
        let both = json!({"CurrencyRate": 0.8, "FromBankAccount": {"AccountID": "a-090", "CurrencyCode": "USD"},
            "ToBankAccount": {"AccountID": "a-091", "CurrencyCode": "USD"}});
        assert_eq!(BankTransfers::to_zoho(&transfer(both), &known()).unwrap().body["exchange_rate"], json!(1.25));
    }

    #[test]
    fn what_cannot_be_carried_says_why() {
        let deleted = transfer(json!({"Status": "DELETED"}));
        assert_eq!((BankTransfers::wanted(&deleted), BankTransfers::needs(&deleted)), (Wanted::Skip, Vec::new()));
        let mixed = json!({"FromBankAccount": {"AccountID": "a-090", "CurrencyCode": "NZD"}, "ToBankAccount": {"AccountID": "a-091", "CurrencyCode": "USD"}});
        for (extra, code, sentence) in [
            (json!({"Status": "DELETED"}), "TRANSFER_REMOVED", "Bank transfer of 150.50 on 2026-05-05 was deleted in Xero"),
            (mixed, "TWO_CURRENCIES", "from an account in NZD to one in USD"),
            (json!({"ToBankAccount": {"Code": "099"}}), "NOT_READY", "account 099"),
        ] {
            let held = BankTransfers::to_zoho(&transfer(extra), &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.contains(sentence), "{}", held.sentence);
        }
        let refusal = Refusal { status: 400, code: "2".into(), message: "Invalid value passed for to_account_id".into() };
        let Cure::Hold(held) = BankTransfers::cure(&transfer(json!({})), &known(), &refusal, 1) else { panic!("not held") };
        assert_eq!(held.code, "ACCOUNT");
        for odd in [json!({"Amount": null}), json!({"FromBankAccount": null}), json!({"Date": ""}), json!({"Status": "LOST"})] {
            let mut record =
                json!({"BankTransferID": "t", "FromBankAccount": {}, "ToBankAccount": {}, "Amount": 1, "Date": "2026-05-05"});
            assert!(serde_json::from_str::<BankTransfer>(&record.to_string()).is_ok());
            record.as_object_mut().unwrap().extend(odd.as_object().unwrap().clone());
            assert!(serde_json::from_str::<BankTransfer>(&record.to_string()).is_err(), "{odd}");
        }
    }

    #[test]
    fn both_sides_say_the_same() {
        let one = transfer(json!({}));
        let row = json!({"transaction_id": "9", "amount": 150.5, "currency_code": "NZD", "reference_number": "For tax · t-1"});
        assert_eq!(BankTransfers::zoho_line(&row), Some(BankTransfers::xero_line(&one)));
        assert_eq!(BankTransfers::found(&one, &known(), std::slice::from_ref(&row)).as_deref(), Some("9"));
        assert_eq!(BankTransfers::judge(&one, &known(), &row), Judgement::Equal);
        for (told, cause) in [(json!(151), "CURRENCY_DECIMALS"), (json!(149.5), "UNEXPLAINED")] {
            let Judgement::Differs(list) = BankTransfers::judge(&one, &known(), &json!({ "amount": told })) else {
                panic!("equal")
            };
            assert_eq!(list[0].cause, cause);
        }
        let told: Vec<(Ledger, String)> = BankTransfers::postings(&one, &known())
            .into_iter()
            .map(|one| (one.ledger, one.amount.normalize().to_string()))
            .collect();
        assert_eq!(told, [(Ledger::Id("a-090".into()), "-150.5".to_owned()), (Ledger::Id("a-091".into()), "150.5".to_owned())]);
    }
}
