//! The letters we write. Each is a folder under `templates/`: its subject, its text, its page.

use askama::Template;
use chrono::{DateTime, Utc};

use crate::post::one_line;

/// Lines of the text part are at most this long, so that a plain client shows them whole.
const LINE_CHARS_MAX: usize = 78;

/// A letter, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who wrote it down first gives the id; the `Message-ID` comes from it, so a repeat is recognised as one.
    pub id: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What the invitation says. All of it is plain text; escaping is done here.
#[derive(Clone, Debug)]
pub struct ConsentWords {
    pub id: String,
    pub to: String,
    pub tenant_name: String,
    /// Absent where that side needs no invitation (any more).
    pub xero_link: Option<String>,
    pub zoho_link: Option<String>,
    pub status_link: String,
    /// Codes (`books`) or names.
    pub products: Vec<String>,
    pub expires_at: DateTime<Utc>,
}

/// What the request to connect again says.
#[derive(Clone, Debug)]
pub struct ReconnectWords {
    pub id: String,
    pub to: String,
    pub tenant_name: String,
    /// `xero` or `zoho`.
    pub provider: String,
    pub organisation: String,
    pub link: String,
    pub status_link: String,
    pub expires_at: DateTime<Utc>,
}

/// The invitation with both consent links.
pub fn consent(words: &ConsentWords) -> Result<Letter, askama::Error> {
    let names: Vec<String> = words.products.iter().map(|product| one_line(product_name(product))).collect();
    let (tenant, products, until) = (&one_line(&words.tenant_name), &in_words(&names), &moment(words.expires_at));
    let (xero_link, zoho_link) = (words.xero_link.as_deref(), words.zoho_link.as_deref());
    let both = xero_link.is_some() && zoho_link.is_some();
    let sides = match (xero_link, zoho_link) {
        (Some(_), None) => "Xero",
        (None, Some(_)) => "Zoho",
        _ => "Xero and Zoho",
    };
    let status_link = &words.status_link;
    let subject = ConsentSubject { tenant, sides }.render()?;
    let text = ConsentText { tenant, products, until, both, sides, xero_link, zoho_link, status_link };
    let html = ConsentHtml { subject: &subject, tenant, products, until, both, sides, xero_link, zoho_link, status_link };
    Ok(Letter {
        id: words.id.clone(),
        to: words.to.clone(),
        text: wrapped(&text.render()?),
        html: html.render()?,
        subject: one_line(&subject),
    })
}

/// The request to connect one side again.
pub fn reconnect(words: &ReconnectWords) -> Result<Letter, askama::Error> {
    let provider = provider_name(&words.provider);
    let (tenant, organisation) = (&one_line(&words.tenant_name), &one_line(&words.organisation));
    let (link, status_link) = (&words.link, &words.status_link);
    let until = &moment(words.expires_at);
    let subject = ReconnectSubject { tenant, provider }.render()?;
    let text = ReconnectText { tenant, provider, organisation, until, link, status_link };
    let html = ReconnectHtml { subject: &subject, tenant, provider, organisation, until, link, status_link };
    Ok(Letter {
        id: words.id.clone(),
        to: words.to.clone(),
        text: wrapped(&text.render()?),
        html: html.render()?,
        subject: one_line(&subject),
    })
}

#[derive(Template)]
#[template(path = "consent/subject.txt")]
struct ConsentSubject<'a> {
    tenant: &'a str,
    sides: &'a str,
}

#[derive(Template)]
#[template(path = "consent/body.txt")]
struct ConsentText<'a> {
    tenant: &'a str,
    products: &'a str,
    until: &'a str,
    both: bool,
    sides: &'a str,
    xero_link: Option<&'a str>,
    zoho_link: Option<&'a str>,
    status_link: &'a str,
}

#[derive(Template)]
#[template(path = "consent/body.html")]
struct ConsentHtml<'a> {
    subject: &'a str,
    tenant: &'a str,
    products: &'a str,
    until: &'a str,
    both: bool,
    sides: &'a str,
    xero_link: Option<&'a str>,
    zoho_link: Option<&'a str>,
    status_link: &'a str,
}

#[derive(Template)]
#[template(path = "reconnect/subject.txt")]
struct ReconnectSubject<'a> {
    tenant: &'a str,
    provider: &'a str,
}

#[derive(Template)]
#[template(path = "reconnect/body.txt")]
struct ReconnectText<'a> {
    tenant: &'a str,
    provider: &'a str,
    organisation: &'a str,
    until: &'a str,
    link: &'a str,
    status_link: &'a str,
}

#[derive(Template)]
#[template(path = "reconnect/body.html")]
struct ReconnectHtml<'a> {
    subject: &'a str,
    tenant: &'a str,
    provider: &'a str,
    organisation: &'a str,
    until: &'a str,
    link: &'a str,
    status_link: &'a str,
}

fn product_name(product: &str) -> &str {
    match product {
        "books" => "Zoho Books",
        "inventory" => "Zoho Inventory",
        "invoice" => "Zoho Invoice",
        "billing" => "Zoho Billing",
        "expense" => "Zoho Expense",
        "crm" => "Zoho CRM",
        name => name,
    }
}

fn provider_name(provider: &str) -> &str {
    match provider {
        "xero" => "Xero",
        "zoho" => "Zoho",
        name => name,
    }
}

/// `Zoho Books, Zoho Inventory and Zoho CRM`.
fn in_words(names: &[String]) -> String {
    match names {
        [] => "Zoho".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `Thursday 26 November 2026, 10:11 UTC`.
fn moment(at: DateTime<Utc>) -> String {
    at.format("%A %-d %B %Y, %H:%M UTC").to_string()
}

/// Breaks long lines at spaces, keeping a line's indent. An address is never broken: half an address opens nothing.
fn wrapped(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        // The text of a list's item goes on under its text, not under its dash.
        let hanging = match line.trim_start().strip_prefix("- ") {
            Some(_) => format!("{indent}  "),
            None => indent.to_owned(),
        };
        let mut present = indent.to_owned();
        let mut words_in_line = 0;
        for word in line.split_whitespace() {
            let longer = present.chars().count() + usize::from(words_in_line > 0) + word.chars().count();
            if words_in_line > 0 && longer > LINE_CHARS_MAX {
                lines.push(std::mem::replace(&mut present, hanging.clone()));
                words_in_line = 0;
            }
            if words_in_line > 0 {
                present.push(' ');
            }
            present.push_str(word);
            words_in_line += 1;
        }
        lines.push(if words_in_line == 0 { String::new() } else { present });
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(end: char) -> String {
        format!("https://connect.example.com/connect/{}", end.to_string().repeat(43))
    }

    fn words() -> ConsentWords {
        ConsentWords {
            id: "0199-1".into(),
            to: "ada@example.com".into(),
            tenant_name: "Ada & Söhne <Ltd>".into(),
            xero_link: Some(link('x')),
            zoho_link: Some(link('z')),
            status_link: "https://connect.example.com/status/sss".into(),
            products: vec!["books".into(), "crm".into()],
            expires_at: DateTime::from_timestamp(1_795_000_260, 0).unwrap(),
        }
    }

    #[test]
    fn both_parts_of_the_invitation_are_complete() {
        let letter = consent(&words()).unwrap();
        assert_eq!(letter.subject, "Connect Xero and Zoho for Ada & Söhne <Ltd>");
        for part in [&letter.text, &letter.html] {
            for said in [
                link('x').as_str(),
                &link('z'),
                "https://connect.example.com/status/sss",
                "Zoho Books and Zoho CRM",
                "two links",
                "Connected apps",
                "CloudPerfect",
                "did not expect",
                "18 November 2026, 11:11 UTC",
            ] {
                assert!(part.contains(said), "{said} is missing in\n{part}");
            }
        }
    }

    #[test]
    fn an_invitation_to_one_side_speaks_of_one_side() {
        let only_zoho = ConsentWords { xero_link: None, ..words() };
        let letter = consent(&only_zoho).unwrap();
        assert_eq!(letter.subject, "Connect Zoho for Ada & Söhne <Ltd>");
        for part in [&letter.text, &letter.html] {
            assert!(part.contains(&link('z')));
            for said in ["connect/xxx", "We ask Xero", "in Xero:", "two links", "1."] {
                assert!(!part.contains(said), "{said} is in\n{part}");
            }
        }
    }

    #[test]
    fn a_name_is_text_and_never_markup() {
        let letter = consent(&words()).unwrap();
        assert!(letter.text.contains("Ada & Söhne <Ltd>"));
        assert!(!letter.html.contains("<Ltd>"));
        assert!(letter.html.contains("Söhne &#60;Ltd&#62;"));
        let hostile = ConsentWords { xero_link: Some("https://x.example/\"><script>alert(1)</script>".into()), ..words() };
        assert!(!consent(&hostile).unwrap().html.contains("<script"));
    }

    #[test]
    fn a_name_cannot_add_a_header_or_a_line() {
        let hostile = ConsentWords { tenant_name: "Ada\r\nBcc: everyone@example.com\u{2028}\u{202e}x".into(), ..words() };
        let letter = consent(&hostile).unwrap();
        assert_eq!(letter.subject, "Connect Xero and Zoho for Ada Bcc: everyone@example.com x");
        assert!(!letter.text.lines().any(|line| line.starts_with("Bcc")));
    }

    #[test]
    fn lines_of_the_text_fit_a_plain_client_and_addresses_stay_whole() {
        let long =
            ConsentWords { tenant_name: "The Quite Extraordinarily Long-Named Trading Company of Wellington".into(), ..words() };
        let letter = consent(&long).unwrap();
        for line in letter.text.lines() {
            assert!(line.chars().count() <= LINE_CHARS_MAX || line.trim().starts_with("https://"), "{line}");
        }
        assert!(letter.text.lines().any(|line| line == link('x')));
        assert!(!letter.text.contains("\n\n\n"));
    }

    #[test]
    fn the_request_to_reconnect_names_the_side_and_the_organisation() {
        let letter = reconnect(&ReconnectWords {
            id: "1".into(),
            to: "ada@example.com".into(),
            tenant_name: "Ada".into(),
            provider: "xero".into(),
            organisation: "Ada's Shop <NZ>".into(),
            link: "https://connect.example.com/connect/l".into(),
            status_link: "https://connect.example.com/status/s".into(),
            expires_at: words().expires_at,
        })
        .unwrap();
        assert_eq!(letter.subject, "Please reconnect Xero for Ada");
        assert!(letter.text.contains("Ada's Shop <NZ>"));
        assert!(letter.html.contains("Ada&#39;s Shop &#60;NZ&#62;"));
        for part in [&letter.text, &letter.html] {
            assert!(part.contains("https://connect.example.com/connect/l"));
            assert!(part.contains("https://connect.example.com/status/s"));
            assert!(part.contains("18 November 2026, 11:11 UTC"));
        }
    }
}
