//! Money that moves: payments and refunds, bank transactions, transfers, and what a person writes down.

use serde_json::Value;
use uuid::Uuid;

use super::{
    Journal, Line, Rate, balance, control, date_of, id_of, in_cents, item_lines, list, plain, source, source_type, text,
};
use crate::xero::json::{Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::ledger::chart::Chart;

pub fn payment(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") == Some("DELETED") {
        return None;
    }
    let paid =
        ["Invoice", "CreditNote", "Prepayment", "Overpayment"].into_iter().find_map(|name| record.get(name)?.as_object())?;
    let (account, sign) = control(text_of(paid, "Type").unwrap_or_default());
    let amount = decimal_of(record, "Amount").unwrap_or_default();
    let bank = chart.named(record.get("Account"));
    let in_base = bank.is_none_or(|bank| bank.currency.is_empty() || bank.currency == chart.base);
    let rate = Rate::of(record);
    let banked = match decimal_of(record, "BankAmount") {
        Some(banked) if in_base => in_cents(banked),
        _ => rate.base(amount),
    };
    let theirs = Rate::at(decimal_of(paid, "CurrencyRate").or(Some(rate.0)));
    let mut lines = vec![
        plain(chart.system(account), -sign * theirs.base(amount)),
        plain(bank.map_or(Uuid::nil(), |bank| bank.id), sign * banked),
    ];
    balance(&mut lines, chart.system(if theirs.0 == rate.0 { "ROUNDING" } else { "REALISEDCURRENCYGAIN" }));
    let type_ = match text_of(record, "PaymentType").unwrap_or_default() {
        "ACCPAYPAYMENT" => "ACCPAYPAYMENT",
        "ARCREDITPAYMENT" => "ARCREDITPAYMENT",
        "APCREDITPAYMENT" => "APCREDITPAYMENT",
        "AROVERPAYMENTPAYMENT" => "AROVERPAYMENT",
        "ARPREPAYMENTPAYMENT" => "ARPREPAYMENT",
        "APPREPAYMENTPAYMENT" => "APPREPAYMENT",
        "APOVERPAYMENTPAYMENT" => "APOVERPAYMENT",
        _ => "ACCRECPAYMENT",
    };
    Some(Journal { source: id, part: id, type_, date: date_of(record), reference: text(record, "Reference"), lines })
}

pub fn bank_transaction(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    let type_ = text_of(record, "Type").unwrap_or_default();
    // The two halves of a transfer are posted by the transfer.
    if text_of(record, "Status") != Some("AUTHORISED") || type_.ends_with("-TRANSFER") {
        return None;
    }
    let sign = if type_.starts_with("RECEIVE") { 1 } else { -1 };
    let rate = Rate::of(record);
    let total = sign * rate.base(decimal_of(record, "Total").unwrap_or_default());
    let bank = chart.named(record.get("BankAccount")).map_or(Uuid::nil(), |bank| bank.id);
    let mut lines = vec![plain(bank, total)];
    if type_.ends_with("-OVERPAYMENT") {
        lines.push(plain(chart.system(control(type_).0), -total));
    } else {
        lines.extend(item_lines(chart, record, &rate, -sign));
        balance(&mut lines, chart.system("ROUNDING"));
    }
    Some(Journal {
        source: source(Kind::BankTransactions, id, record),
        part: id,
        type_: source_type(type_),
        date: date_of(record),
        reference: text(record, "Reference"),
        lines,
    })
}

pub fn bank_transfer(id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") == Some("DELETED") {
        return None;
    }
    let amount = Rate::of(record).base(decimal_of(record, "Amount").unwrap_or_default());
    let bank = |name: &str| record.get(name).and_then(Value::as_object).map_or(Uuid::nil(), |bank| id_of(bank, "AccountID"));
    let tracked = |name: &str| record.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let lines = vec![
        Line { tracking: tracked("FromTracking"), ..plain(bank("FromBankAccount"), -amount) },
        Line { tracking: tracked("ToTracking"), ..plain(bank("ToBankAccount"), amount) },
    ];
    Some(Journal { source: id, part: id, type_: "TRANSFER", date: date_of(record), reference: text(record, "Reference"), lines })
}

pub fn manual(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") != Some("POSTED") {
        return None;
    }
    let inclusive = text_of(record, "LineAmountTypes") == Some("Inclusive");
    let mut taxes = 0;
    let mut lines: Vec<Line> = Vec::new();
    for entered in list(record, "JournalLines") {
        let amount = decimal_of(entered, "LineAmount").unwrap_or_default();
        let tax = decimal_of(entered, "TaxAmount").unwrap_or_default();
        let (net, tax) = (in_cents(if inclusive { amount - tax } else { amount }), in_cents(tax));
        if net == 0 && tax == 0 {
            continue;
        }
        taxes += tax;
        lines.push(Line {
            account: id_of(entered, "AccountID"),
            net,
            tax,
            tax_type: text(entered, "TaxType"),
            description: text(entered, "Description"),
            tracking: entered.get("Tracking").and_then(Value::as_array).cloned().unwrap_or_default(),
        });
    }
    if taxes != 0 {
        lines.push(plain(chart.system("GST"), taxes));
    }
    balance(&mut lines, chart.system("ROUNDING"));
    Some(Journal { source: id, part: id, type_: "MANJOURNAL", date: date_of(record), reference: String::new(), lines })
        .filter(|journal| !journal.lines.is_empty())
}
