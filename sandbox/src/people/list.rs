//! A list with its search, its order and its pages.

use serde_json::{Map, Value};

use super::Asked;
use super::fields::{self, Links};
use super::page::{escape, words};

pub const ROWS: i64 = 50;

/// What a list shows besides the name, where a record has it; the first six that fit.
const COLUMNS: [&str; 39] = [
    "Type",
    "contact_type",
    "account_type",
    "item_type",
    "Status",
    "ContactStatus",
    "status",
    "customer_name",
    "vendor_name",
    "Contact",
    "Code",
    "sku",
    "account_code",
    "EmailAddress",
    "email",
    "Company",
    "Account_Name",
    "Vendor_Name",
    "Parent_Id",
    "Email",
    "Phone",
    "Stage",
    "Product_Code",
    "Closing_Date",
    "Reference",
    "reference_number",
    "Date",
    "date",
    "DueDate",
    "due_date",
    "CurrencyCode",
    "currency_code",
    "Description",
    "EffectiveRate",
    "tax_percentage",
    "rate",
    "amount",
    "Total",
    "total",
];
/// These come last and are always shown.
const FIGURES: [&str; 7] = ["Total", "total", "Amount", "AmountDue", "balance", "Unit_Price", "Grand_Total"];
const COLUMNS_MAX: usize = 6;

/// One row: where it leads, what it is called, and the record.
pub struct Row {
    pub address: String,
    pub name: String,
    pub record: Map<String, Value>,
}

/// `address` is the list's own.
pub fn shown(address: &str, asked: &Asked, rows: &[Row], more: bool, base: &str) -> String {
    let search = format!(
        "<form class=\"search\" action=\"{}\" method=\"get\" role=\"search\"><label for=\"q\">Name or number</label>\
         <input id=\"q\" name=\"q\" type=\"search\" value=\"{}\" maxlength=\"100\">{}<button type=\"submit\">Search</button></form>",
        escape(address),
        escape(&asked.words),
        if asked.by_change { "<input type=\"hidden\" name=\"by\" value=\"change\">" } else { "" },
    );
    let order = |by_change: bool, words: &str| match asked.by_change == by_change {
        true => format!("<strong aria-current=\"true\">{words}</strong>"),
        false => format!("<a href=\"{}\">{words}</a>", link(address, &asked.words, by_change, 1)),
    };
    let order = format!("<p class=\"order\">Order: {} · {}</p>", order(false, "usual"), order(true, "newest change first"));
    format!("<div class=\"tools\">{search}{order}</div>{}{}", table(asked, rows, base), pages(address, asked, more))
}

fn table(asked: &Asked, rows: &[Row], base: &str) -> String {
    if rows.is_empty() {
        let sentence = match (asked.words.is_empty(), asked.page) {
            (false, 1) => format!("Nothing here has “{}” in it.", escape(&asked.words)),
            (true, 1) => "There is nothing in this list yet.".to_owned(),
            _ => "The list ends before this page.".to_owned(),
        };
        return format!("<p class=\"empty\">{sentence}</p>");
    }
    // What is empty everywhere, or only says the name again, is left out.
    let says = |row: &Row, key: &str| {
        let text = row.record.get(key).map(fields::text).unwrap_or_default();
        !text.is_empty() && text != row.name
    };
    let has = |key: &&str| rows.iter().any(|row| says(row, key));
    let figures: Vec<&str> = FIGURES.into_iter().filter(has).collect();
    let mut columns: Vec<&str> = COLUMNS.into_iter().filter(|key| !FIGURES.contains(key)).filter(has).collect();
    columns.truncate(COLUMNS_MAX.saturating_sub(figures.len().min(2)));
    columns.extend(figures.into_iter().take(2));
    let is_figure = |key: &&str| rows.iter().any(|row| row.record.get(*key).is_some_and(Value::is_number));
    let heads: String = columns
        .iter()
        .map(|key| {
            let class = if is_figure(key) { " class=\"number\"" } else { "" };
            format!("<th scope=\"col\"{class}>{}</th>", escape(&words(key)))
        })
        .collect();
    let nowhere = |_: &str, _: &Map<String, Value>| None;
    let links = Links { base, record: &nowhere };
    let body: String = rows
        .iter()
        .map(|row| {
            let cells: String = columns.iter().map(|key| cell(key, row, &links)).collect();
            let name = if row.name.is_empty() { "(without a name)".to_owned() } else { shortened(&row.name) };
            format!("<tr><th scope=\"row\"><a href=\"{}\">{}</a></th>{cells}</tr>", escape(&row.address), escape(&name))
        })
        .collect();
    format!(
        "<table class=\"list\"><thead><tr><th scope=\"col\">Name or number</th>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )
}

/// A person or company inside a record is shown by name alone.
fn cell(key: &str, row: &Row, links: &Links) -> String {
    let value = row.record.get(key).map(|value| value.get("Name").unwrap_or(value));
    let short = value.and_then(Value::as_str).map(|text| Value::from(shortened(text)));
    fields::cell_of_table(key, short.as_ref().or(value), &row.record, links)
}

/// The record's own page has it whole.
fn shortened(text: &str) -> String {
    const LETTERS_MAX: usize = 80;
    match text.char_indices().nth(LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn pages(address: &str, asked: &Asked, more: bool) -> String {
    if asked.page == 1 && !more {
        return String::new();
    }
    let to = |page: i64, rel: &str, words: &str| {
        format!("<a rel=\"{rel}\" href=\"{}\">{words}</a>", link(address, &asked.words, asked.by_change, page))
    };
    let before = if asked.page > 1 { to(asked.page - 1, "prev", "‹ Before") } else { String::new() };
    let after = if more { to(asked.page + 1, "next", "Next ›") } else { String::new() };
    format!("<nav class=\"pages\" aria-label=\"Pages\">{before}<span>Page {}</span>{after}</nav>", asked.page)
}

fn link(address: &str, words: &str, by_change: bool, page: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !words.is_empty() {
        query.append_pair("q", words);
    }
    if by_change {
        query.append_pair("by", "change");
    }
    if page > 1 {
        query.append_pair("page", &page.to_string());
    }
    let query = query.finish();
    escape(&if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") })
}
