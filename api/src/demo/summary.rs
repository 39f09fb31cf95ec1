//! What a person is told at the end: a table per record type, the holds with their sentences, and the verdict.

use comfy_table::{CellAlignment, Table};
use connectors::flows;
use serde_json::Value;

use super::calls::{Counted, fewest};

/// The table of one run, and how many calls it made for each that it had to make.
pub fn table(progress: &Value, counted: &Counted) -> (Table, f64) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "record type",
        "seen",
        "created",
        "updated",
        "unchanged",
        "held",
        "in Xero",
        "in Zoho",
        "difference",
        "calls",
        "÷ fewest",
    ]);
    let (mut sum, mut least) = ([0i64; 9], 0);
    let counts = progress["counts"].as_array().cloned().unwrap_or_default();
    for count in &counts {
        let n = |name: &str| count[name].as_i64().unwrap_or(0);
        let figures = [
            n("seen"),
            n("created"),
            n("updated"),
            n("unchanged"),
            n("held") + n("waiting"),
            n("xeroCount"),
            n("zohoCount"),
            n("findings"),
            n("xeroCalls") + n("zohoCalls"),
        ];
        for (sum, figure) in sum.iter_mut().zip(figures) {
            *sum += figure;
        }
        let flow = count["flow"]["key"].as_str().and_then(flows::flow);
        let fewest = flow.map_or(figures[8], |flow| fewest(&counts, flow, counted));
        least += fewest;
        table.add_row(row(count["flow"]["title"].as_str().unwrap_or_default(), figures, fewest));
    }
    table.add_row(row("together", sum, least));
    for column in 1..11 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    (table, ratio(sum[8], least))
}

fn ratio(calls: i64, fewest: i64) -> f64 {
    if fewest > 0 { calls as f64 / fewest as f64 } else { 1.0 }
}

/// The general ledgers in a few words: how many accounts there are, how many are equal, and what the others' differences come from.
pub fn ledger(report: &Value) -> Vec<String> {
    let Some(accounts) = report["accounts"].as_array() else { return Vec::new() };
    let equal = accounts.iter().filter(|account| account["causes"].as_array().is_none_or(Vec::is_empty)).count();
    let day = report["day"].as_str().unwrap_or_default();
    let source = report["source"].as_str().unwrap_or_default();
    let mut lines = vec![format!("{} accounts at {day} against {source}: {equal} equal to the cent", accounts.len())];
    let mut causes: std::collections::BTreeMap<&str, (usize, &str)> = std::collections::BTreeMap::new();
    for part in accounts.iter().flat_map(|account| account["causes"].as_array().into_iter().flatten()) {
        let cause = causes.entry(part["cause"].as_str().unwrap_or_default()).or_default();
        *cause = (cause.0 + 1, part["meaning"].as_str().unwrap_or_default());
    }
    lines.extend(causes.into_iter().map(|(cause, (accounts, meaning))| format!("{cause} on {accounts}: {meaning}")));
    lines
}

fn row(title: &str, figures: [i64; 9], fewest: i64) -> Vec<String> {
    let mut row = vec![title.to_owned()];
    row.extend(figures.iter().enumerate().map(|(n, figure)| match (n, figure) {
        (7, 0) => "none".to_owned(),
        (7, 1) => "1 finding".to_owned(),
        (7, n) => format!("{n} findings"),
        (_, figure) => thousands(*figure),
    }));
    row.push(format!("{:.2}", ratio(figures[8], fewest)));
    row
}

fn thousands(figure: i64) -> String {
    let digits = figure.abs().to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if figure < 0 { format!("-{text}") } else { text }
}

/// Holds, one line a reason with how many, the unexpected first. Gives the lines and how many were not announced.
pub fn holds(holds: &[Value]) -> (Vec<String>, usize) {
    let mut groups: Vec<(String, bool, usize, String)> = Vec::new();
    for hold in holds {
        let (code, expected) = (hold["code"].as_str().unwrap_or_default(), hold["expected"] == true);
        match groups.iter_mut().find(|group| group.0 == code && group.1 == expected) {
            Some(group) => group.2 += 1,
            None => groups.push((code.to_owned(), expected, 1, hold["sentence"].as_str().unwrap_or_default().to_owned())),
        }
    }
    groups.sort_by_key(|group| (group.1, std::cmp::Reverse(group.2)));
    let unexpected = groups.iter().filter(|group| !group.1).map(|group| group.2).sum();
    let lines = groups
        .into_iter()
        .map(|(code, expected, count, sentence)| {
            let mark = if expected { "as announced" } else { "unexpected" };
            let more = if count > 1 { format!(" (and {} more like it)", count - 1) } else { String::new() };
            format!("{code}, {mark}: {sentence}{more}")
        })
        .collect();
    (lines, unexpected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_by_thousands() {
        assert_eq!(
            ["0", "999", "1,000", "-12,345,678"],
            [0, 999, 1000, -12_345_678].map(thousands).each_ref().map(String::as_str)
        );
    }

    #[test]
    fn the_ledgers_are_told_in_a_few_words() {
        let part = serde_json::json!({"cause": "HELD", "meaning": "Held."});
        let report = serde_json::json!({"day": "2026-11-26", "source": "a report",
            "accounts": [{"causes": []}, {"causes": [part.clone()]}, {"causes": [part]}]});
        assert_eq!(ledger(&report), ["3 accounts at 2026-11-26 against a report: 1 equal to the cent", "HELD on 2: Held."]);
        assert!(ledger(&Value::Null).is_empty());
    }

    #[test]
    fn holds_are_grouped_and_the_unexpected_come_first() {
        let hold = |code: &str, expected: bool| serde_json::json!({ "code": code, "expected": expected, "sentence": "Why." });
        let (lines, unexpected) = holds(&[hold("A", true), hold("A", true), hold("B", false)]);
        assert_eq!(lines, ["B, unexpected: Why.", "A, as announced: Why. (and 1 more like it)"]);
        assert_eq!(unexpected, 1);
    }
}
