//! The same answers and bodies in XML, in Xero's old manner: what is a list in JSON is an element of its name that holds one element
//! for each, and dates are written out.

use chrono::DateTime;
use serde_json::{Map, Value};

use super::answer::singular;
use crate::xero::fields::{self, Shape};
use crate::xero::json::ms_of;

/// Nothing that Xero knows lies deeper.
const DEPTH_MAX: usize = 16;

/// An answer in XML. Its text is JSON that the sandbox has made.
pub fn of_json(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let error = value.get("ErrorNumber").is_some();
    let root = if error { "ApiException" } else { "Response" };
    let mut out = String::with_capacity(text.len() * 2);
    out.push_str(&format!(
        "<{root} xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
    ));
    members(&value, root, &mut out);
    out.push_str(&format!("</{root}>"));
    out
}

fn members(value: &Value, within: &str, out: &mut String) {
    match value {
        Value::Object(record) => {
            for (name, value) in record {
                element(name, value, out);
            }
        }
        Value::Array(list) => {
            let one = match within {
                "Elements" => "DataContractBase".to_owned(),
                _ => singular(within),
            };
            for value in list {
                element(&one, value, out);
            }
        }
        Value::Null => {}
        Value::String(text) => words(text, out),
        other => out.push_str(&other.to_string()),
    }
}

fn element(name: &str, value: &Value, out: &mut String) {
    if value.is_null() {
        return;
    }
    out.push('<');
    out.push_str(name);
    let mark = out.len();
    out.push('>');
    members(value, name, out);
    if out.len() == mark + 1 {
        out.truncate(mark);
        out.push_str(" />");
        return;
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// A text; `/Date(1539993600000+0000)/` as `2018-10-20T00:00:00`.
fn words(text: &str, out: &mut String) {
    if let Some(at) = ms_of(text).and_then(DateTime::from_timestamp_millis) {
        out.push_str(&at.format("%Y-%m-%dT%H:%M:%S%.f").to_string());
        return;
    }
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write other control characters.
            letter if letter.is_control() && !matches!(letter, '\t' | '\n' | '\r') => {}
            letter => out.push(letter),
        }
    }
}

/// A body in XML, as the JSON that says the same.
pub fn to_json(text: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}') };
    reader.skip()?;
    let (name, root) = reader.element(0)?;
    reader.skip()?;
    if !reader.rest.is_empty() {
        return Err("There is more than one root element".into());
    }
    // A lone record is sent without its collection.
    let listed = matches!(root, Value::Array(_));
    Ok(if listed { Value::Object(Map::from_iter([(name, root)])) } else { root })
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Blanks, comments, and what stands before the root. A document type is refused: nobody needs it, and it can do harm.
    fn skip(&mut self) -> Result<(), String> {
        loop {
            self.rest = self.rest.trim_start();
            let end = if self.rest.starts_with("<!--") {
                "-->"
            } else if self.rest.starts_with("<?") {
                "?>"
            } else if self.rest.starts_with("<!DOCTYPE") {
                return Err("A document type is not allowed".into());
            } else {
                return Ok(());
            };
            self.rest = self.rest.split_once(end).ok_or("The end of a comment is missing")?.1;
        }
    }

    fn element(&mut self, depth: usize) -> Result<(String, Value), String> {
        if depth > DEPTH_MAX {
            return Err("Elements are nested too deeply".into());
        }
        let tag = self.rest.strip_prefix('<').ok_or("'<' is expected")?;
        let (tag, rest) = tag.split_once('>').ok_or("'>' is missing")?;
        self.rest = rest;
        let closed = tag.ends_with('/');
        let name = tag.trim_end_matches('/').split_ascii_whitespace().next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default().to_owned();
        if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
            return Err(format!("`{tag}` is not an element"));
        }
        let is_list = matches!(fields::field(&name, true), Some((_, Shape::List)));
        if closed {
            return Ok((name, if is_list { Value::Array(Vec::new()) } else { Value::Null }));
        }
        let mut text = String::new();
        let mut children = Vec::new();
        loop {
            let at = self.rest.find('<').ok_or_else(|| format!("The end of `{name}` is missing"))?;
            unescape(&self.rest[..at], &mut text)?;
            self.rest = &self.rest[at..];
            if let Some(rest) = self.rest.strip_prefix("<![CDATA[") {
                let (inner, rest) = rest.split_once("]]>").ok_or("The end of CDATA is missing")?;
                text.push_str(inner);
                self.rest = rest;
            } else if ["<!--", "<!DOCTYPE", "<?"].iter().any(|skipped| self.rest.starts_with(skipped)) {
                self.skip()?;
            } else if let Some(rest) = self.rest.strip_prefix("</") {
                let (end, rest) = rest.split_once('>').ok_or("'>' is missing")?;
                if end.trim().rsplit(':').next() != Some(name.as_str()) {
                    return Err(format!("`{name}` is ended by `{end}`"));
                }
                self.rest = rest;
                break;
            } else {
                children.push(self.element(depth + 1)?);
            }
        }
        let value = if is_list {
            Value::Array(children.into_iter().map(|(_, child)| child).collect())
        } else if children.is_empty() {
            Value::String(text.trim().to_owned())
        } else {
            Value::Object(children.into_iter().collect())
        };
        Ok((name, value))
    }
}

fn unescape(text: &str, out: &mut String) -> Result<(), String> {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').ok_or("';' is missing after '&'")?;
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => {
                let code = other.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
                let code = code.or_else(|| other.strip_prefix('#').map(|digits| digits.parse()));
                let letter = code.and_then(Result::ok).and_then(char::from_u32);
                letter.ok_or_else(|| format!("`&{other};` is not known"))?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_hold_elements_of_their_singular_name_and_dates_are_written_out() {
        let text = json!({"Status": "OK", "Invoices": [{"Date": "/Date(1539993600000+0000)/", "Total": 5, "LineItems": [], "Contact": {"Name": "A & <B>"},
                          "HasErrors": false, "Addresses": [{"City": ""}]}]});
        let xml = of_json(&text.to_string());
        assert!(xml.starts_with("<Response "), "{xml}");
        for piece in [
            "<Invoices><Invoice>",
            "<Date>2018-10-20T00:00:00</Date>",
            "<Name>A &amp; &lt;B&gt;</Name>",
            "<LineItems />",
            "<Addresses><Address><City /></Address></Addresses>",
            "<HasErrors>false</HasErrors>",
            "</Invoice></Invoices>",
        ] {
            assert!(xml.contains(piece), "{piece} in {xml}");
        }
    }

    #[test]
    fn a_body_says_the_same_in_both() {
        let xml = "<?xml version=\"1.0\"?><!-- two --><Invoices><Invoice><Type>ACCREC</Type><Contact><Name>A &amp; B&#233;</Name></Contact>\
                   <LineItems><LineItem><Description><![CDATA[<x>]]></Description><Quantity>1</Quantity></LineItem></LineItems></Invoice><Invoice/></Invoices>";
        assert_eq!(
            to_json(xml),
            Ok(json!({"Invoices": [{"Type": "ACCREC", "Contact": {"Name": "A & Bé"},
                      "LineItems": [{"Description": "<x>", "Quantity": "1"}]}, null]}))
        );
        assert_eq!(to_json("<Contact><Name>A</Name></Contact>"), Ok(json!({"Name": "A"})));
        for bad in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
            "<a>&b;</a>",
            "<a><!b></a>",
            "<a>&#xFFFFFFFF;</a>",
        ] {
            assert!(to_json(bad).is_err(), "{bad}");
        }
        assert!(to_json(&format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_whatever_breaks_the_reader(text in "[<>a-z/&;#!\\-\\[\\]é ]{0,60}") {
            let _ = to_json(&text);
        }
    }
}
