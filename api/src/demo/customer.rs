//! The customer: finds the letter, opens both links, signs in, and clicks "Allow access" twice.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::browser::{Browser, Page, Trouble};

/// How long a letter may take to arrive.
const LETTER_WITHIN: Duration = Duration::from_secs(30);

/// Someone with a mailbox and a browser.
pub struct Customer {
    pub browser: Browser,
    pub email: String,
    sandbox: Url,
}

/// What a letter says.
#[derive(Debug, Clone)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Every address in it, in order.
    pub links: Vec<Url>,
}

impl Customer {
    pub fn new(sandbox: &Url, email: &str) -> Self {
        Self { browser: Browser::new(), email: email.to_owned(), sandbox: sandbox.clone() }
    }

    /// All letters to this customer, oldest first.
    pub async fn letters(&self) -> Result<Vec<Letter>, Trouble> {
        let mail: Value = reqwest::Client::builder()
            .build()?
            .get(self.sandbox.join("/_sandbox/mail")?)
            .header("accept", "application/json")
            .send()
            .await?
            .json()
            .await?;
        let list = mail
            .as_array()
            .or_else(|| mail["mail"].as_array())
            .or_else(|| mail["letters"].as_array())
            .cloned()
            .unwrap_or_default();
        Ok(list.iter().filter(|letter| letter["to"].to_string().contains(&self.email)).map(Letter::read).collect())
    }

    /// Waits until `count` letters have come and gives the newest.
    pub async fn letter(&self, count: usize) -> Result<Letter, Trouble> {
        let until = tokio::time::Instant::now() + LETTER_WITHIN;
        loop {
            let letters = self.letters().await?;
            if letters.len() >= count
                && let Some(last) = letters.last()
            {
                return Ok(last.clone());
            }
            if tokio::time::Instant::now() > until {
                return Err("the letter has not come".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens a consent link and does what its page and the provider's pages ask, choosing the organisation of this name, or all where several
    /// may be chosen.
    pub async fn allow(&mut self, link: &Url, organisation: &str) -> Result<Page, Trouble> {
        self.consent(link, organisation, "allow").await
    }

    /// The same, but says no at the provider. Xero's button is called `cancel`, Zoho's `reject`.
    pub async fn decline(&mut self, link: &Url, button: &str) -> Result<Page, Trouble> {
        self.consent(link, "", button).await
    }

    async fn consent(&mut self, link: &Url, organisation: &str, button: &str) -> Result<Page, Trouble> {
        let ours = link.port();
        let mut page = self.browser.get(link).await?;
        for _ in 0..8 {
            let over = page.url.port() == ours
                && (page.url.path().starts_with("/connect/done") || page.url.path().starts_with("/connect/problem"));
            let Some(form) = page.form().filter(|_| !over) else { return Ok(page) };
            let mut more: Vec<(&str, &str)> = Vec::new();
            if page.url.port() != ours && page.html.contains("name=\"action\"") {
                more.push(("action", button));
            }
            let choice = form.choices.iter().find(|(_, _, says)| says.starts_with(organisation)).or_else(|| form.choices.first());
            match choice {
                // Everything that is the customer's.
                Some(_) if form.may_be_several => {
                    more.extend(form.choices.iter().map(|(name, value, _)| (name.as_str(), value.as_str())));
                }
                Some((name, value, _)) => more.push((name, value)),
                None => {}
            }
            page = self.browser.submit(&form, &more).await?;
        }
        Err(format!("the consent does not come to an end at {}", page.url).into())
    }
}

impl Letter {
    fn read(letter: &Value) -> Self {
        let part = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
        let text = part("text");
        let links = text
            .split(|letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '"' | '(' | ')'))
            .filter(|word| word.starts_with("http"))
            .filter_map(|word| Url::parse(word.trim_end_matches(['.', ','])).ok())
            .collect();
        Self { subject: part("subject"), html: part("html"), text, links }
    }

    /// The links to consent, in the order in which the letter gives them: Xero first.
    pub fn consent_links(&self) -> Vec<Url> {
        let mut links: Vec<Url> = Vec::new();
        for link in self.links.iter().filter(|link| link.path().starts_with("/connect/")) {
            if !links.contains(link) {
                links.push(link.clone());
            }
        }
        links
    }

    /// The customer's own page.
    pub fn status_link(&self) -> Option<Url> {
        self.links.iter().find(|link| link.path().starts_with("/status/")).cloned()
    }
}
