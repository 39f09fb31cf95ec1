//! A very small browser: follows redirects, keeps cookies, fills in forms. Enough to be a customer.

use std::collections::HashMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use url::Url;

/// Redirects that are followed before it is taken for a circle.
const REDIRECTS_MAX: usize = 12;

/// Its cookies are its own: another browser has none of them.
pub struct Browser {
    http: reqwest::Client,
    /// By host and port.
    cookies: HashMap<String, HashMap<String, String>>,
}

/// Where it has arrived.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub html: String,
    /// Every address on the way, the last included.
    pub way: Vec<Url>,
}

/// The first form of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub action: Url,
    /// Hidden and prefilled fields.
    pub fields: Vec<(String, String)>,
    /// Choices: the name of the field, the values and what they say.
    pub choices: Vec<(String, String, String)>,
    /// Whether more than one of them may be chosen.
    pub may_be_several: bool,
}

/// The network failed, or a page was not what it should be.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

impl Browser {
    #[expect(clippy::expect_used, reason = "a client without special settings can always be built")]
    pub fn new() -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client");
        Self { http, cookies: HashMap::new() }
    }

    pub async fn get(&mut self, url: &Url) -> Result<Page, Trouble> {
        self.travel(self.http.get(url.clone()), url.clone()).await
    }

    pub async fn submit(&mut self, form: &Form, more: &[(&str, &str)]) -> Result<Page, Trouble> {
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // What is chosen takes the place of what the form says; several choices of one name are all sent.
        fields.retain(|(known, _)| more.iter().all(|(name, _)| name != known));
        fields.extend(more);
        self.travel(self.http.post(form.action.clone()).form(&fields), form.action.clone()).await
    }

    async fn travel(&mut self, request: reqwest::RequestBuilder, url: Url) -> Result<Page, Trouble> {
        let (mut request, mut url, mut way) = (request, url, Vec::new());
        for _ in 0..REDIRECTS_MAX {
            way.push(url.clone());
            let answer = request.header(COOKIE, self.cookies_for(&url)).send().await?;
            self.keep(&url, &answer);
            let status = answer.status().as_u16();
            match answer.headers().get(LOCATION).filter(|_| (300..400).contains(&status)) {
                Some(to) => {
                    url = url.join(to.to_str()?)?;
                    request = self.http.get(url.clone());
                }
                None => return Ok(Page { url, status, html: answer.text().await?, way }),
            }
        }
        Err(format!("{url} redirects in a circle").into())
    }

    fn cookies_for(&self, url: &Url) -> String {
        let cookies = self.cookies.get(&place(url));
        cookies.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, url: &Url, answer: &reqwest::Response) {
        for set in answer.headers().get_all(SET_COOKIE) {
            let Some((name, value)) =
                set.to_str().ok().and_then(|set| set.split(';').next()).and_then(|pair| pair.split_once('='))
            else {
                continue;
            };
            self.cookies.entry(place(url)).or_default().insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Page {
    /// The page's first form.
    pub fn form(&self) -> Option<Form> {
        let start = self.html.find("<form")?;
        let end = self.html[start..].find("</form>").map(|end| start + end)?;
        let body = &self.html[start..end];
        let action = attribute(tag(body, 0)?, "action").unwrap_or_default();
        let mut form =
            Form { action: self.url.join(&action).ok()?, fields: Vec::new(), choices: Vec::new(), may_be_several: false };
        let mut select = String::new();
        for (at, _) in body.match_indices('<').skip(1) {
            let Some(one) = tag(body, at) else { continue };
            if one.starts_with("<select") {
                select = attribute(one, "name").unwrap_or_default();
            } else if one.starts_with("<option") {
                form.choices.push((select.clone(), attribute(one, "value").unwrap_or_default(), said(body, at)));
            } else if one.starts_with("<input") {
                let (name, value) = (attribute(one, "name").unwrap_or_default(), attribute(one, "value").unwrap_or_default());
                match attribute(one, "type").as_deref() {
                    Some(kind @ ("radio" | "checkbox")) => {
                        form.may_be_several = kind == "checkbox";
                        form.choices.push((name, value, said(body, at)));
                    }
                    _ if name.is_empty() => {}
                    _ => form.fields.push((name, value)),
                }
            }
        }
        Some(form)
    }

    /// What the page says, without its tags.
    pub fn text(&self) -> String {
        words(&self.html)
    }
}

fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

fn tag(html: &str, at: usize) -> Option<&str> {
    let end = html[at..].find('>')?;
    Some(&html[at..=at + end])
}

/// The text between this tag and the end of its line of markup: an option's or a radio button's label.
fn said(html: &str, at: usize) -> String {
    let after = html[at..].find('>').map_or("", |end| &html[at + end + 1..]);
    let end = ["</option", "</label", "<option", "<input", "</select"]
        .iter()
        .filter_map(|stop| after.find(stop))
        .min()
        .unwrap_or(after.len());
    words(&after[..end])
}

fn words(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = tag[start..].find('"')?;
    Some(unescape(&tag[start..start + end]))
}

fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for (entity, letter) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_fields_and_choices() {
        let html = r#"<p>x</p><form method="post" action="/go?a=1&amp;b=2"><input type="hidden" name="r" value="1&quot;2">
            <select name="tenant"><option value="t1">Ada &amp; Co</option><option value="t2" selected>Bo</option></select>
            <label><input type="radio" name="o" value="9"> Nine</label><button name="action" value="allow">Go</button></form>"#;
        let page =
            Page { url: Url::parse("http://127.0.0.1:1/x/y").unwrap(), status: 200, html: html.to_owned(), way: Vec::new() };
        let form = page.form().unwrap();
        assert_eq!(form.action.as_str(), "http://127.0.0.1:1/go?a=1&b=2");
        assert_eq!(form.fields, [("r".to_owned(), "1\"2".to_owned())]);
        let choices: Vec<(&str, &str, &str)> =
            form.choices.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(choices, [("tenant", "t1", "Ada & Co"), ("tenant", "t2", "Bo"), ("o", "9", "Nine")]);
    }
}
