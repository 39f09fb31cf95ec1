//! Words of a product that Books has others for. Mappings speak as Books does; the client says it in the product's words, and hears it so.

use serde_json::Value;

use super::{Action, Resource};

/// One thing that two products call differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A key of the record.
    Key { here: &'static str, books: &'static str },
    /// A key in what the record has under another key, by Books' name for that: an object, or each of a list.
    Within { of: &'static str, here: &'static str, books: &'static str },
    /// What Books says of a record that here can be nothing else, and is not said.
    Always { books: &'static str, says: &'static str },
    /// A key that is said when the record is made and never again: people keep words of their own there.
    Once { key: &'static str },
    /// What a status is called.
    Status { here: &'static str, books: &'static str },
    /// Where a status is set, below the record's own address.
    Action { here: &'static str, books: &'static str },
}

/// A record as Books would have said it.
pub fn heard(of: &Resource, record: &mut Value) {
    for word in of.words {
        match *word {
            Word::Key { here, books } => rename(record, here, books),
            Word::Within { of, here, books } => each(record, of, |part| rename(part, here, books)),
            Word::Always { books, says } if record.is_object() => record[books] = says.into(),
            Word::Status { here, books } if record["status"] == here => record["status"] = books.into(),
            Word::Always { .. } | Word::Once { .. } | Word::Status { .. } | Word::Action { .. } => {}
        }
    }
}

/// Takes from a body what is said of new records only.
pub fn again(of: &Resource, body: &mut Value) {
    for word in of.words {
        if let (Word::Once { key }, Some(members)) = (word, body.as_object_mut()) {
            members.remove(*key);
        }
    }
}

/// A body as this product wants it.
pub fn told(of: &Resource, body: &Value) -> Value {
    let mut body = body.clone();
    for word in of.words.iter().rev() {
        match *word {
            Word::Key { here, books } => rename(&mut body, books, here),
            Word::Within { of, here, books } => each(&mut body, of, |part| rename(part, books, here)),
            Word::Always { books, .. } => {
                if let Some(members) = body.as_object_mut() {
                    members.remove(books);
                }
            }
            Word::Once { .. } | Word::Status { .. } | Word::Action { .. } => {}
        }
    }
    body
}

/// A status call as this product wants it. Where it has a name of its own, it takes one record a call.
pub fn action(of: &Resource, action: &Action) -> Action {
    let own = of.words.iter().find_map(|word| match *word {
        Word::Action { here, books } if books == action.path => Some(here),
        _ => None,
    });
    match own {
        Some(path) => Action { path, bulk: None, ..*action },
        None => *action,
    }
}

fn rename(of: &mut Value, from: &str, to: &str) {
    if let Some(members) = of.as_object_mut()
        && let Some(value) = members.remove(from)
    {
        members.insert(to.to_owned(), value);
    }
}

fn each(of: &mut Value, key: &str, mut change: impl FnMut(&mut Value)) {
    match of.get_mut(key) {
        Some(Value::Array(list)) => list.iter_mut().for_each(change),
        Some(one) => change(one),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::AnyFlow;
    use crate::flows;

    #[test]
    fn what_is_told_and_heard_again_is_the_same() {
        let of = Resource {
            words: &[
                Word::Key { here: "invoice_items", books: "line_items" },
                Word::Within { of: "line_items", here: "price", books: "rate" },
                Word::Status { here: "issued", books: "open" },
                Word::Action { here: "status/issued", books: "status/open" },
            ],
            ..*flows::books::invoices::Invoices.zoho()
        };
        let body = json!({ "customer_id": "1", "line_items": [{ "rate": 5, "quantity": 1 }, { "rate": 7 }] });
        let told = told(&of, &body);
        assert_eq!(told, json!({ "customer_id": "1", "invoice_items": [{ "price": 5, "quantity": 1 }, { "price": 7 }] }));
        let mut answer = told;
        answer["status"] = "issued".into();
        heard(&of, &mut answer);
        assert_eq!((&answer["line_items"], answer["status"].as_str()), (&body["line_items"], Some("open")));
        let issued = action(&of, &Action::ORDER_OPEN);
        assert_eq!((issued.path, issued.name, issued.bulk), ("status/issued", "open", None));
        assert_eq!(action(&of, &Action::INVOICE_SENT), Action::INVOICE_SENT);
    }
}
