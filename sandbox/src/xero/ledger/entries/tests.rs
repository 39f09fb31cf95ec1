//! Journals are in balance whatever the record, and what is settled wholly leaves nothing behind.

use proptest::prelude::*;
use serde_json::json;

use super::super::chart::Account;
use super::*;
use crate::xero::money as amounts;
use crate::xero::money::{Entered, Mode};

const DEBTORS: Uuid = Uuid::from_u128(610);
const ROUNDING: Uuid = Uuid::from_u128(860);
const GAINS: Uuid = Uuid::from_u128(499);
const BANK: Uuid = Uuid::from_u128(90);

fn chart() -> Chart {
    let mut chart = Chart::default();
    chart.base = "NZD".into();
    for (id, code, system, type_) in [
        (DEBTORS, "610", "DEBTORS", "CURRENT"),
        (Uuid::from_u128(800), "800", "CREDITORS", "CURRLIAB"),
        (Uuid::from_u128(820), "820", "GST", "CURRLIAB"),
        (ROUNDING, "860", "ROUNDING", "CURRLIAB"),
        (GAINS, "499", "REALISEDCURRENCYGAIN", "EXPENSE"),
        (Uuid::from_u128(200), "200", "", "REVENUE"),
        (BANK, "090", "", "BANK"),
    ] {
        chart.add(Account {
            id,
            code: code.into(),
            system: system.into(),
            type_: type_.into(),
            currency: if type_ == "BANK" { "NZD".into() } else { String::new() },
            ..Account::default()
        });
    }
    chart
}

fn record(value: Value) -> Record {
    match value {
        Value::Object(record) => record,
        _ => Record::new(),
    }
}

/// A document of these lines (quantity in hundredths, price in ten-thousandths) at 15 %.
fn document(type_: &str, mode: Mode, rate: Decimal, lines: &[(i64, i64)]) -> Record {
    let computed: Vec<_> = lines
        .iter()
        .map(|(quantity, unit)| {
            let entered = Entered {
                quantity: Decimal::new(*quantity, 2),
                unit_amount: Decimal::new(*unit, 4),
                tax_rate: 15.into(),
                ..Entered::default()
            };
            amounts::line(mode, &entered)
        })
        .collect();
    let items: Vec<Value> = computed
        .iter()
        .map(|line| {
            json!({"AccountID": Uuid::from_u128(200), "LineAmount": json::number(line.line_amount), "TaxAmount": json::number(line.tax_amount)})
        })
        .collect();
    let total = amounts::totals(mode, &computed).total;
    let mode = if mode == Mode::Inclusive { "Inclusive" } else { "Exclusive" };
    record(json!({
        "Type": type_, "Status": "AUTHORISED", "Date": "2026-03-01", "LineAmountTypes": mode, "LineItems": items,
        "Total": json::number(total), "CurrencyRate": json::number(rate),
    }))
}

fn over(journal: &Journal) -> i64 {
    journal.lines.iter().map(|line| line.net).sum()
}

fn on(journals: &[Journal], account: Uuid) -> i64 {
    journals.iter().flat_map(|journal| &journal.lines).filter(|line| line.account == account).map(|line| line.net).sum()
}

proptest! {
    #[test]
    fn every_document_is_in_balance_and_rounding_takes_no_more_than_a_cent_a_line(
        sale in any::<bool>(), inclusive in any::<bool>(), rate in 10_000_i64..200_000_000,
        lines in prop::collection::vec((1_i64..9_999, -100_000_i64..9_000_000), 1..8),
    ) {
        let mode = if inclusive { Mode::Inclusive } else { Mode::Exclusive };
        let type_ = if sale { "ACCREC" } else { "ACCPAYCREDIT" };
        let document = document(type_, mode, Decimal::new(rate, 6), &lines);
        let journals = of(&chart(), Kind::Invoices, Uuid::from_u128(1), &document);
        prop_assert!(journals.iter().all(|journal| over(journal) == 0));
        let most = i64::try_from(lines.len()).unwrap() + 1;
        prop_assert!(on(&journals, ROUNDING).abs() <= most, "{journals:?}");
    }

    #[test]
    fn what_is_paid_wholly_in_parts_and_at_other_rates_leaves_nothing_owed(
        rate in 100_000_i64..2_000_000, then in 100_000_i64..2_000_000, unit in 10_000_i64..9_000_000, first in 1_i64..99,
    ) {
        let mut invoice = document("ACCREC", Mode::Exclusive, Decimal::new(rate, 6), &[(100, unit)]);
        let total = decimal_of(&invoice, "Total").unwrap();
        let part = cents(total * Decimal::new(first, 2));
        let pay = |amount: Decimal| record(json!({
            "Status": "AUTHORISED", "PaymentType": "ACCRECPAYMENT", "Date": "2026-03-02", "Amount": json::number(amount),
            "BankAmount": json::number(cents(amount / Decimal::new(then, 6))), "CurrencyRate": json::number(Decimal::new(then, 6)),
            "Account": {"AccountID": BANK}, "Invoice": {"Type": "ACCREC", "CurrencyRate": json::number(Decimal::new(rate, 6))},
        }));
        let payments = [pay(part), pay(total - part)];
        invoice.insert("Payments".into(), json!(payments));
        invoice.insert("Status".into(), "PAID".into());
        let chart = chart();
        let mut journals = of(&chart, Kind::Invoices, Uuid::from_u128(1), &invoice);
        for (id, payment) in (2_u128..).zip(&payments) {
            journals.extend(of(&chart, Kind::Payments, Uuid::from_u128(id), payment));
        }
        prop_assert!(journals.iter().all(|journal| over(journal) == 0));
        prop_assert_eq!(on(&journals, DEBTORS), 0);
        prop_assert!(on(&journals, ROUNDING).abs() <= 3);
    }

    #[test]
    fn a_prepayment_used_in_parts_gives_its_accounts_back_to_the_cent(
        unit in 10_000_i64..9_000_000, parts in prop::collection::vec(1_i64..50, 1..6),
    ) {
        let mut prepayment = document("RECEIVE-PREPAYMENT", Mode::Exclusive, Decimal::ONE, &[(100, unit), (33, unit)]);
        let chart = chart();
        let received = record(json!({"Type": "RECEIVE-PREPAYMENT", "BankAccount": {"AccountID": BANK}, "PrepaymentID": Uuid::from_u128(1),
            "Status": "AUTHORISED", "Date": "2026-03-01", "LineAmountTypes": "Exclusive", "LineItems": prepayment["LineItems"],
            "Total": prepayment["Total"], "CurrencyRate": 1}));
        let mut journals = of(&chart, Kind::BankTransactions, Uuid::from_u128(9), &received);
        prop_assert_eq!(journals[0].source, Uuid::from_u128(1));
        let mut left = decimal_of(&prepayment, "Total").unwrap();
        let mut allocations = Vec::new();
        for (id, part) in (10_u128..).zip(&parts) {
            let amount = cents(left * Decimal::new(*part, 2));
            left -= amount;
            allocations.push(json!({"AllocationID": Uuid::from_u128(id), "Amount": json::number(amount), "Date": "2026-03-02", "Invoice": {"CurrencyRate": 1}}));
        }
        allocations.push(json!({"AllocationID": Uuid::from_u128(99), "Amount": json::number(left), "Date": "2026-03-02", "Invoice": {"CurrencyRate": 1}}));
        let total = decimal_of(&prepayment, "Total").unwrap();
        prepayment.insert("Allocations".into(), Value::Array(allocations));
        journals.extend(of(&chart, Kind::Prepayments, Uuid::from_u128(1), &prepayment));
        prop_assert!(journals.iter().all(|journal| over(journal) == 0));
        prop_assert_eq!(on(&journals, Uuid::from_u128(200)), 0);
        prop_assert_eq!(on(&journals, DEBTORS), -in_cents(total));
        prop_assert_eq!(on(&journals, ROUNDING), 0);
    }
}

#[test]
fn drafts_and_dead_documents_post_nothing() {
    for status in ["DRAFT", "SUBMITTED", "VOIDED", "DELETED"] {
        let mut invoice = document("ACCREC", Mode::Exclusive, Decimal::ONE, &[(100, 10_000)]);
        invoice.insert("Status".into(), status.into());
        assert!(of(&chart(), Kind::Invoices, Uuid::nil(), &invoice).is_empty(), "{status}");
    }
}

#[test]
fn lines_are_kept_short_and_read_again() {
    let line = Line { account: BANK, net: -5, description: "x".into(), ..Line::default() };
    let text = serde_json::to_string(&[&line]).unwrap();
    assert_eq!(text, r#"[{"a":"00000000-0000-0000-0000-00000000005a","n":-5,"d":"x"}]"#);
    assert_eq!(serde_json::from_str::<Vec<Line>>(&text).unwrap(), [line]);
}
