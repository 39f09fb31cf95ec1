//! `docs/coverage.md`: which kinds of records travel between Xero and which of Zoho's products, and which way. Written from the list of
//! flows, so that it cannot promise what there is not.

use std::fmt::Write;

use connectors::flow::AnyFlow;
use connectors::{flows, zoho};

/// The table of all products.
pub fn table() -> String {
    let mut text = String::from(
        "# What is carried\n\nWritten by `cpconnect schema coverage` from the list of flows; do not edit. → from Xero to Zoho, ⇄ both ways, – no such record there, or none \
         that a program may write.\n\n",
    );
    let products: Vec<_> = zoho::PRODUCTS.iter().filter(|product| flows::of(product.key).next().is_some()).collect();
    text.push_str("| record |");
    for product in &products {
        let _ = write!(text, " {} |", product.name.trim_start_matches("Zoho "));
    }
    let _ = write!(text, "\n|---|{}\n", ":-:|".repeat(products.len()));
    for title in titles() {
        let _ = write!(text, "| {title} |");
        for product in &products {
            let ways = flows::of(product.key).filter(|flow| flow.title() == title).map(way);
            let _ = write!(text, " {} |", ways.max().map_or("–", |is_back| if is_back { "⇄" } else { "→" }));
        }
        text.push('\n');
    }
    for product in products {
        let _ = write!(
            text,
            "\n## {}\n\n| record | Xero | {} | way | found again by |\n|---|---|---|:-:|---|\n",
            product.name, product.name
        );
        for flow in flows::of(product.key) {
            let way = if way(flow) { "⇄" } else { "→" };
            let _ = writeln!(
                text,
                "| {} | `{}` | `{}` | {way} | {} |",
                flow.title(),
                flow.xero().path,
                flow.zoho().path,
                found_by(flow)
            );
        }
    }
    text
}

/// Whether records come back.
fn way(flow: &dyn AnyFlow) -> bool {
    flow.back().is_some()
}

fn found_by(flow: &dyn AnyFlow) -> String {
    use zoho::Unique;
    match flow.zoho().unique {
        Unique::Field { label, .. } => format!("its field *{label}*: one call creates or updates"),
        Unique::Mark { label, .. } => format!("its field *{label}*, else what it says itself"),
        Unique::Search => "name, code or rate: mapped, never overwritten".to_owned(),
        Unique::Reference => "what it says itself".to_owned(),
    }
}

/// Every kind by what people call it, Books' first.
fn titles() -> Vec<&'static str> {
    let mut titles = Vec::new();
    for flow in flows::ALL {
        if !titles.contains(&flow.title()) {
            titles.push(flow.title());
        }
    }
    titles
}

#[cfg(test)]
mod tests {
    /// `cargo run -- schema coverage > docs/coverage.md` brings the file up to date.
    #[test]
    fn the_page_says_what_the_list_of_flows_says() {
        assert!(include_str!("../../docs/coverage.md") == super::table(), "docs/coverage.md is out of date");
    }
}
