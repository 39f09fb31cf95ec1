//! Where the money of prepayments and overpayments came to or went from. Xero keeps the bank account with the bank transaction that made
//! the advance, not with the advance itself: this flow notes it there, and writes nothing.

use serde::Deserialize;
use serde_json::Value;

use super::{accounts, expenses, payments, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{BANK_TRANSACTIONS, BankTransaction};
use crate::xero::{self, Record};
use crate::zoho;

pub struct AdvanceBanks;

pub const KEY: &str = "books.advance_banks";

/// The bank transaction that made an advance. Others know it by the advance's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Brought(BankTransaction);

impl Record for Brought {
    fn id(&self) -> &str {
        &self.0.id
    }
    fn updated_us(&self) -> i64 {
        self.0.updated_us
    }
    fn alias(&self) -> Option<&str> {
        [self.0.prepayment_id.as_str(), self.0.overpayment_id.as_str()].into_iter().find(|id| !id.is_empty())
    }
    fn label(&self) -> String {
        self.0.label()
    }
}

impl Flow for AdvanceBanks {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Bank accounts of prepayments and overpayments";
    const READ_WITH: Option<&'static str> = Some(expenses::KEY);
    const CAN_BE_OFF: bool = false;
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[accounts::KEY];
    const XERO: xero::Resource = BANK_TRANSACTIONS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "chartofaccounts",
        one: "chart_of_account",
        many: &["chartofaccounts"],
        id: "account_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Brought;

    /// Other bank transactions are other flows' business.
    fn wanted(brought: &Brought) -> Wanted {
        if brought.alias().is_some() && !brought.0.is_gone() { Wanted::Carry } else { Wanted::Skip }
    }

    fn needs(brought: &Brought) -> Vec<Need> {
        let (key, by) = payments::account_of(&brought.0.bank_account);
        vec![Need { flow: accounts::KEY, key: key.to_owned(), by }]
    }

    fn to_zoho(brought: &Brought, known: &Known) -> Result<Carry, Unmappable> {
        let account = known.id(accounts::KEY, payments::account_of(&brought.0.bank_account).0);
        account.map(Carry::noted).ok_or_else(|| refusals::not_ready(&brought.label(), "its bank account"))
    }

    fn fields() -> &'static [Field<Brought>] {
        &[Field {
            name: "account",
            authority: Authority::Xero,
            print: |brought, printer| {
                printer.text(Some(payments::account_of(&brought.0.bank_account).0));
            },
        }]
    }

    fn cure(brought: &Brought, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&brought.label(), refusal)
    }

    fn xero_line(_: &Brought) -> Line {
        Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn brought(extra: Value) -> Brought {
        let mut record = json!({
            "BankTransactionID": "b-1", "Type": "RECEIVE-PREPAYMENT", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1"},
            "BankAccount": {"AccountID": "a-1", "Code": "090"}, "Date": "/Date(1543449600000+0000)/", "Total": 57.5, "PrepaymentID": "p-1",
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    #[test]
    fn an_advance_is_known_by_its_id_and_noted_with_its_bank_account() {
        let mut known = Known::default();
        known.learn(accounts::KEY, "a-1", "31");
        known.learn(accounts::KEY, "090", "32");
        for (extra, alias, account) in [
            (json!({}), "p-1", "31"),
            (json!({"BankAccount": {"Code": "090"}}), "p-1", "32"),
            (json!({"Type": "SPEND-OVERPAYMENT", "PrepaymentID": null, "OverpaymentID": "o-1"}), "o-1", "31"),
        ] {
            let one = brought(extra);
            assert_eq!((one.id(), one.alias()), ("b-1", Some(alias)));
            assert_eq!(AdvanceBanks::to_zoho(&one, &known), Ok(Carry::noted(account)));
        }
        assert_eq!(AdvanceBanks::to_zoho(&brought(json!({})), &Known::default()).unwrap_err().code, "NOT_READY");
    }

    #[test]
    fn what_made_no_advance_or_is_gone_is_nobodys_bank_account() {
        for (extra, wanted) in [
            (json!({}), Wanted::Carry),
            (json!({"Status": "DELETED"}), Wanted::Skip),
            (json!({"Type": "RECEIVE", "PrepaymentID": null}), Wanted::Skip),
            (json!({"Type": "SPEND", "PrepaymentID": ""}), Wanted::Skip),
        ] {
            assert_eq!(AdvanceBanks::wanted(&brought(extra)), wanted);
        }
    }
}
