//! Lines: items and plain work, half cents, four decimals, discounts, words only, nothing at all.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::dice::Dice;
use super::{Company, goods};
use crate::xero::cents;
use crate::xero::json::{decimal_of, number};

/// The lines of one document.
pub fn of(company: &Company, index: u64, sale: bool, currency: &str, dice: &mut Dice) -> Vec<Value> {
    let count = 1 + dice.below(4) + dice.below(2);
    let nothing = dice.one_in_thousand(8);
    let mut lines: Vec<_> = (0..count).map(|_| line(company, index, sale, currency, nothing, dice)).collect();
    if dice.one_in_thousand(60) {
        lines.insert(0, json!({"Description": "Work as agreed on site — see the notes of the meeting"}));
    }
    if count > 1 && !nothing && dice.one_in_thousand(30) {
        // Something given back: never more than the first line is worth.
        let first = lines.iter().find_map(|line| decimal_of(line.as_object()?, "UnitAmount"));
        let back = first.unwrap_or_default() / Decimal::from(5);
        let back = if currency == "JPY" { back.trunc() } else { cents(back) };
        let (account, tax) = account(sale, currency, dice);
        lines.push(json!({"Description": "Less goodwill", "Quantity": 1, "UnitAmount": number(-back), "AccountCode": account, "TaxType": tax}));
    }
    lines
}

fn line(company: &Company, index: u64, sale: bool, currency: &str, nothing: bool, dice: &mut Dice) -> Value {
    let whole = currency == "JPY";
    let (account, tax) = account(sale, currency, dice);
    let mut line = json!({"Description": description(index, dice), "AccountCode": account, "TaxType": tax});
    let (quantity, mut unit) = match dice.below(100) {
        _ if whole => (Decimal::from(dice.between(1, 12)), Decimal::from(dice.between(500, 90_000))),
        // Half a cent, before and after tax.
        0..=7 => (Decimal::new(5, 1), Decimal::new(dice.between(0, 400) * 2 + 1, 2)),
        8..=19 => (Decimal::from(dice.between(1, 40)), Decimal::new(dice.between(10_000, 900_000), 4)),
        20..=29 => (Decimal::new(dice.between(1, 400), 2), Decimal::new(dice.between(100, 30_000), 2)),
        30..=31 => (Decimal::new(dice.between(1, 99_999), 4), Decimal::new(dice.between(10_000, 900_000), 4)),
        32..=33 => (Decimal::from(dice.between(1, 9)), Decimal::ZERO),
        _ => (Decimal::from(dice.between(1, 10)), Decimal::new(dice.between(500, 150_000), 2)),
    };
    if dice.one_in_thousand(450) {
        let item = dice.below(company.items);
        let (sold, bought) = goods::prices(company, item);
        if let Some(price) = if sale { sold } else { bought } {
            line["ItemCode"] = goods::code(item).into();
            unit = if whole { (price * Decimal::from(50)).trunc() } else { price };
        }
    }
    if nothing {
        unit = Decimal::ZERO;
    }
    line["Quantity"] = number(quantity);
    line["UnitAmount"] = number(unit);
    if sale && !whole && !unit.is_zero() {
        match dice.below(100) {
            0..=5 => line["DiscountRate"] = number(Decimal::new(dice.between(1, 30) * 50, 2)),
            6..=7 => line["DiscountRate"] = number(Decimal::new(dice.between(100, 4000), 2)),
            8..=11 => line["DiscountAmount"] = number(cents(quantity * unit / Decimal::from(dice.between(5, 20)))),
            _ => {}
        }
    }
    line
}

/// Accounts that bills are booked to.
const COSTS: [&str; 10] = ["300", "400", "425", "445", "453", "461", "469", "485", "489", "720"];

fn account(sale: bool, currency: &str, dice: &mut Dice) -> (&'static str, &'static str) {
    let foreign = currency != "NZD";
    match (sale, dice.below(100)) {
        // Exports are zero-rated; some sales to Australians are not.
        (true, 0..=94) if foreign => ("202", "ZERORATED"),
        (true, _) if currency == "JPY" => ("202", "ZERORATED"),
        (true, 0..=4) => ("200", "ZERORATED"),
        (true, 5..=7) => ("260", "EXEMPTOUTPUT"),
        (true, 8..=9) => ("270", "NONE"),
        (true, 10..=39) => ("201", "OUTPUT2"),
        (true, _) => ("200", "OUTPUT2"),
        (false, 0..=89) if foreign => ("300", "NONE"),
        (false, _) if currency == "JPY" => ("300", "NONE"),
        (false, 0..=4) => ("404", "NONE"),
        (false, 5..=6) => ("494", "ZERORATEDINPUT"),
        (false, 7..=8) => ("433", "EXEMPTINPUT"),
        (false, _) => (*dice.pick(&COSTS), "INPUT2"),
    }
}

fn description(index: u64, dice: &mut Dice) -> String {
    const WORK: [&str; 10] = [
        "Consulting",
        "Site visit and report",
        "Goods as ordered",
        "Monthly fee",
        "Freight",
        "Materials",
        "Hire of equipment",
        "Licence",
        "Training on the day",
        "Repairs",
    ];
    let work = *dice.pick(&WORK);
    match dice.below(1000) {
        0..=2 => format!("{work}: {}", "as written in the schedule, clause by clause; ".repeat(90)).chars().take(4000).collect(),
        3..=32 => format!("{work} — Ōtautahi, “naïve” façade, 5 µm, 20 °C ✓ 東京 🐑"),
        33..=52 => format!("{work}\nsecond line\n  third line, indented"),
        53..=62 => format!("{work} <b>& more</b> \"quoted\" \\ {{index}} %"),
        _ => format!("{work} {}", index + 1),
    }
}
