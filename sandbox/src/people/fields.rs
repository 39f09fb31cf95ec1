//! Any record as HTML: its fields as a list of terms, what lies inside as sections and tables. It knows no module by name.

use serde_json::{Map, Value};

use super::addresses;
use super::page::{escape, words};
use crate::xero::json::ms_of;

/// What people look for first, on either side; the rest follows by name.
const FIRST: [&str; 38] = [
    "name",
    "contact_name",
    "invoicenumber",
    "invoice_number",
    "bill_number",
    "creditnotenumber",
    "creditnote_number",
    "payment_number",
    "contact",
    "customer_name",
    "vendor_name",
    "company_name",
    "firstname",
    "lastname",
    "first_name",
    "last_name",
    "emailaddress",
    "email",
    "phone",
    "mobile",
    "type",
    "contact_type",
    "status",
    "contactstatus",
    "reference",
    "reference_number",
    "datestring",
    "date",
    "duedatestring",
    "due_date",
    "currencycode",
    "currency_code",
    "total",
    "balance",
    "custom_fields",
    "lineitems",
    "line_items",
    "contact_persons",
];
/// The same for the columns of lines.
const FIRST_OF_LINES: [&str; 26] = [
    "label",
    "value",
    "api_name",
    "name",
    "item_name",
    "itemcode",
    "sku",
    "description",
    "first_name",
    "last_name",
    "email",
    "addresstype",
    "phonetype",
    "phonenumber",
    "quantity",
    "rate",
    "unitamount",
    "discountrate",
    "discount",
    "accountcode",
    "account_name",
    "taxtype",
    "tax_name",
    "taxamount",
    "lineamount",
    "item_total",
];
/// More columns than this do not fit beside each other; what is left goes under the row.
const COLUMNS_MAX: usize = 7;

/// From a member's name and the object it is in to an address.
type ToRecord<'a> = dyn Fn(&str, &Map<String, Value>) -> Option<String> + 'a;

/// How values become links.
pub struct Links<'a> {
    pub base: &'a str,
    /// The address of the record that this member of an object names, if it names another one.
    pub record: &'a ToRecord<'a>,
}

/// Every field of the record. `hidden` are said elsewhere on the page.
pub fn all(record: &Map<String, Value>, hidden: &[&str], links: &Links) -> String {
    let shown: Vec<_> = ordered(record, &FIRST).into_iter().filter(|(key, _)| !hidden.contains(key)).collect();
    let (empty, full): (Vec<_>, Vec<_>) = shown.into_iter().partition(|(_, value)| is_empty(value));
    let plain = |(_, value): &(&str, &Value)| !value.is_object() && !is_table(value);
    let terms = terms(full.iter().copied().filter(plain), record, links);
    let mut html = format!("<section class=\"card\"><h2>Details</h2>{terms}</section>");
    for (key, value) in full.iter().copied().filter(|pair| !plain(pair)) {
        let inner = match value {
            Value::Object(object) => {
                let filled = ordered(object, &FIRST).into_iter().filter(|(_, value)| !is_empty(value));
                self::terms(filled, object, links)
            }
            Value::Array(rows) => table(rows, links),
            _ => continue,
        };
        html.push_str(&format!("<section class=\"card\"><h2>{}</h2>{inner}</section>", escape(&words(key))));
    }
    if !empty.is_empty() {
        let names: Vec<_> = empty.iter().map(|(key, _)| escape(&words(key))).collect();
        html.push_str(&format!("<p class=\"quiet\">Empty: {}.</p>", names.join(", ")));
    }
    html
}

fn terms<'a>(pairs: impl Iterator<Item = (&'a str, &'a Value)>, of: &Map<String, Value>, links: &Links) -> String {
    let rows: String = pairs
        .map(|(key, value)| {
            format!(
                "<div><dt title=\"{}\">{}</dt><dd>{}</dd></div>",
                escape(key),
                escape(&words(key)),
                cell(key, value, of, links)
            )
        })
        .collect();
    format!("<dl>{rows}</dl>")
}

/// Lines, persons, addresses: a table of the columns that matter, the others in small letters under their row.
fn table(rows: &[Value], links: &Links) -> String {
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let mut keys: Vec<&str> = Vec::new();
    for row in &rows {
        for (key, value) in row.iter().filter(|(_, value)| !is_empty(value)) {
            let fits = !value.is_object() && !value.is_array() && !key.ends_with("_id") && !key.ends_with("ID");
            if fits && !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
    }
    keys.sort_by_key(|key| (rank(key, &FIRST_OF_LINES), *key));
    keys.truncate(COLUMNS_MAX);
    if keys.is_empty() {
        keys.extend(rows.first().and_then(|row| row.keys().next()).map(String::as_str));
    }
    let is_figure = |key: &str| rows.iter().any(|row| row.get(key).is_some_and(Value::is_number));
    let heads: String = keys
        .iter()
        .map(|key| {
            let class = if is_figure(key) { " class=\"number\"" } else { "" };
            format!("<th scope=\"col\"{class} title=\"{}\">{}</th>", escape(key), escape(&words(key)))
        })
        .collect();
    let mut body = String::new();
    for row in &rows {
        let cells: String = keys.iter().map(|key| cell_of_table(key, row.get(*key), row, links)).collect();
        body.push_str(&format!("<tr>{cells}</tr>"));
        let more: Vec<_> = ordered(row, &FIRST_OF_LINES)
            .into_iter()
            .filter(|(key, value)| !keys.contains(key) && !is_empty(value))
            .map(|(key, value)| format!("<span>{}: {}</span>", escape(&words(key)), cell(key, value, row, links)))
            .collect();
        if !more.is_empty() {
            body.push_str(&format!("<tr class=\"more\"><td colspan=\"{}\">{}</td></tr>", keys.len(), more.join(" ")));
        }
    }
    format!("<table class=\"lines\"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")
}

/// One cell; numbers stand to the right.
pub fn cell_of_table(key: &str, value: Option<&Value>, of: &Map<String, Value>, links: &Links) -> String {
    let value = value.unwrap_or(&Value::Null);
    let class = if value.is_number() { " class=\"number\"" } else { "" };
    format!("<td{class}>{}</td>", cell(key, value, of, links))
}

/// A value, as a link where it names another record or a web address.
fn cell(key: &str, value: &Value, of: &Map<String, Value>, links: &Links) -> String {
    let text = escape(&text(value));
    let address = (links.record)(key, of).or_else(|| {
        let words = value.as_str().filter(|text| text.starts_with("http://") || text.starts_with("https://"))?;
        addresses::here(links.base, words)
    });
    match address {
        Some(address) => format!("<a href=\"{}\">{text}</a>", escape(&address)),
        None => text,
    }
}

/// A value in one line: dates readable, what lies inside as `Name: value`.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => match ms_of(text).and_then(chrono::DateTime::<chrono::Utc>::from_timestamp_millis) {
            Some(at) if at.timestamp() % 86_400 == 0 => at.format("%Y-%m-%d").to_string(),
            Some(at) => at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            None => text.clone(),
        },
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            let filled = ordered(object, &FIRST).into_iter().filter(|(_, value)| !is_empty(value));
            filled.map(|(key, value)| format!("{}: {}", words(key), text(value))).collect::<Vec<_>>().join("; ")
        }
    }
}

fn ordered<'a>(object: &'a Map<String, Value>, first: &[&str]) -> Vec<(&'a str, &'a Value)> {
    let mut pairs: Vec<_> = object.iter().map(|(key, value)| (key.as_str(), value)).collect();
    pairs.sort_by_key(|(key, _)| (rank(key, first), key.to_ascii_lowercase()));
    pairs
}

fn rank(key: &str, first: &[&str]) -> usize {
    first.iter().position(|known| key.eq_ignore_ascii_case(known)).unwrap_or(first.len())
}

fn is_table(value: &Value) -> bool {
    value.as_array().is_some_and(|rows| !rows.is_empty() && rows.iter().all(Value::is_object))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(is_empty),
        Value::Object(object) => object.values().all(is_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_of_a_record_can_be_read_and_none_of_it_is_markup() {
        let mut line = Map::new();
        for number in 0..12 {
            line.insert(format!("field_{number}"), format!("value {number} <b>").into());
        }
        line.insert("tags".into(), json!([{"Name": "Region", "Option": "North & South"}]));
        let record = json!({
            "Name": "<script>alert(1)</script>", "When": "/Date(1539993600000+0000)/", "Lines": [line], "Contact": {"Name": "Ada", "ContactID": "c1"},
            "Empty": "", "Nothing": [], "Website": "javascript:alert(1)", "Url": "https://go.xero.com/Contacts/View/a", "Total": serde_json::from_str::<Value>("12.50").unwrap(),
        });
        let names_contact = |key: &str, _: &Map<String, Value>| (key == "ContactID").then(|| "/there".to_owned());
        let html = all(record.as_object().unwrap(), &[], &Links { base: "http://here", record: &names_contact });
        for number in 0..12 {
            assert!(html.contains(&format!("value {number} &lt;b&gt;")), "{number}");
        }
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && !html.contains("<script"));
        for wanted in [
            "2018-10-20",
            "Name: Region; Option: North &amp; South",
            "<a href=\"/there\">c1</a>",
            "<a href=\"http://here/xero/go/Contacts/View/a\">https://go.xero.com/Contacts/View/a</a>",
            "<dd>javascript:alert(1)</dd>",
            "Empty: Empty, Nothing.",
            "<dd>12.50</dd>",
        ] {
            assert!(html.contains(wanted), "{wanted} in {html}");
        }
    }
}
