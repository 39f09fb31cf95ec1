//! The frame around every page: whose page it is, the way back, one stylesheet.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

pub(super) use crate::xero::escape;

const STYLE: &str = include_str!("style.css");

/// The control plane's readable pages.
const DOORS: [&str; 6] = ["mail", "state", "requests", "faults", "switches", "clock"];

/// Whose page it is.
#[derive(Clone, Copy)]
pub enum Product {
    None,
    Xero,
    Zoho,
    Crm,
}

impl Product {
    fn class(self) -> &'static str {
        match self {
            Self::None => "both",
            Self::Xero => "xero",
            Self::Zoho | Self::Crm => "zoho",
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Xero => "<span class=\"badge xero\" aria-hidden=\"true\">X</span>",
            Self::Zoho | Self::Crm => "<span class=\"badge zoho\" aria-hidden=\"true\">Z</span>",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "Sandbox",
            Self::Xero => "Xero",
            Self::Zoho => "Zoho Books",
            Self::Crm => "Zoho CRM",
        }
    }
}

/// `trail` is the way back, as `crumbs` makes it; `body` is HTML.
pub fn shown(product: Product, title: &str, trail: &str, body: &str) -> HttpResponse {
    answer(StatusCode::OK, product, title, trail, body)
}

pub fn missing(product: Product) -> HttpResponse {
    answer(StatusCode::NOT_FOUND, product, "Not found", "", "<p>The page you're looking for can't be found.</p>")
}

pub fn broken(error: &rusqlite::Error) -> HttpResponse {
    tracing::error!(%error, "the sandbox's store failed");
    HttpResponse::InternalServerError().finish()
}

/// Links with their words, the nearest last.
pub fn crumbs(links: &[(String, &str)]) -> String {
    let links = links.iter().map(|(address, words)| format!("<a href=\"{}\">{}</a>", escape(address), escape(words)));
    links.collect::<Vec<_>>().join(" <span aria-hidden=\"true\">›</span> ")
}

fn answer(status: StatusCode, product: Product, title: &str, trail: &str, body: &str) -> HttpResponse {
    let doors: String = DOORS.map(|door| format!("<a href=\"/_sandbox/{door}\">{door}</a>")).concat();
    let trail =
        if trail.is_empty() { String::new() } else { format!("<nav class=\"trail\" aria-label=\"Way back\">{trail}</nav>") };
    let title = escape(title);
    HttpResponse::build(status).content_type("text/html; charset=utf-8").insert_header(("Cache-Control", "no-store")).body(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} | {name}{small_in_title}</title><link rel=\"icon\" href=\"data:,\"><style>{STYLE}</style></head><body class=\"{class}\">\
         <header><a class=\"home\" href=\"/\">{badge}{name}{small}</a><nav aria-label=\"Sandbox\">{doors}</nav></header>\
         <main>{trail}<h1>{title}</h1>{body}</main></body></html>",
        name = product.name(),
        small_in_title = if matches!(product, Product::None) { "" } else { " (sandbox)" },
        small = if matches!(product, Product::None) { "" } else { "<small>sandbox</small>" },
        class = product.class(),
        badge = product.badge(),
    ))
}

/// `TaxRates` and `tax_rates` as people write it: `Tax rates`. Short forms in capitals stay as they are.
pub fn words(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let (before, after) = (at.checked_sub(1).map(|at| letters[at]), letters.get(at + 1));
        let lower = |letter: Option<&char>| letter.is_some_and(|letter| letter.is_lowercase());
        match letter {
            '_' => words.push(' '),
            letter if letter.is_uppercase() && before.is_some() => {
                let starts_a_word = lower(before.as_ref()) || (before.is_some_and(char::is_uppercase) && lower(after));
                if starts_a_word {
                    words.push(' ');
                }
                let alone = lower(after) && (starts_a_word || !before.is_some_and(char::is_uppercase));
                words.extend(if alone { letter.to_lowercase().collect::<Vec<_>>() } else { vec![*letter] });
            }
            letter => words.push(*letter),
        }
    }
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let words = first + rest.as_str();
    words.strip_suffix(" id").map(|known| format!("{known} ID")).unwrap_or(words)
}

/// With a comma at every thousand.
pub fn count(number: i64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_become_words() {
        for (name, is) in [
            ("TaxRates", "Tax rates"),
            ("UpdatedDateUTC", "Updated date UTC"),
            ("ContactID", "Contact ID"),
            ("EmailAddress", "Email address"),
            ("IsReconciled", "Is reconciled"),
            ("contact_name", "Contact name"),
            ("contact_id", "Contact ID"),
            ("Url", "Url"),
            ("HasAttachments", "Has attachments"),
            ("DueDateString", "Due date string"),
            ("", ""),
        ] {
            assert_eq!(words(name), is);
        }
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
