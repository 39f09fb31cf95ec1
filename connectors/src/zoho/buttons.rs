//! Custom buttons of Zoho Books (`settings/custombuttons`). Zoho's document names the creation only, and not the words for where a button
//! stands: what is there is read as it comes, and a word that is refused is followed by the next one.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::client::Client;
use super::trouble::read;
use crate::side::Trouble;

/// What the button is called.
pub const NAME: &str = "Xero Link";
/// Words for the page of one record, the likeliest first.
const PAGES: [&str; 3] = ["details", "details_page", "details_view"];

/// A button as Zoho tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Button {
    pub id: String,
    pub name: String,
    /// On whose pages it stands: `customer`, `vendor`.
    pub entity: String,
    pub page: String,
    /// Nothing where a list leaves it out.
    pub script: Option<String>,
}

/// Whose button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Customer,
    Vendor,
}

impl Whose {
    pub const ALL: [Self; 2] = [Self::Customer, Self::Vendor];

    /// Zoho's word, and the name under which the script is given the record.
    pub fn entity(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Vendor => "vendor",
        }
    }
}

impl Button {
    /// Whether it stands on the pages of these and is called as ours are.
    pub fn is_namesake(&self, whose: Whose) -> bool {
        self.name.trim().eq_ignore_ascii_case(NAME) && self.stands_on(whose)
    }

    pub fn stands_on(&self, whose: Whose) -> bool {
        self.entity.trim_end_matches('s').eq_ignore_ascii_case(whose.entity())
    }

    /// Whether its script says that it is ours.
    pub fn bears(&self, mark: &str) -> bool {
        self.script.as_deref().is_some_and(|script| script.contains(mark))
    }
}

/// How a script says whose it is. `link_key`: the link's.
pub fn mark(link_key: &str) -> String {
    format!("// CP Connect {}:", link_key.chars().take(8).collect::<String>())
}

/// What the button does: it opens the contact in the right organisation of Xero, or says why it cannot. `field`: Zoho's name of the unique
/// field; `contacts`: the address of Xero's contacts, to which the id is added.
pub fn script(whose: Whose, mark: &str, field: &str, contacts: &Url) -> String {
    let (record, field, contacts) = (whose.entity(), quoted(field), quoted(contacts.as_str()));
    format!(
        r#"{mark} opens this {record} in Xero. It is kept up to date by CP Connect.
resultMap = Map();
xeroId = ifnull({record}.get({field}), "");
if (xeroId == "")
{{
    customFields = ifnull({record}.get("custom_fields"), List());
    for each customField in customFields
    {{
        if (customField.get("api_name") == {field})
        {{
            xeroId = ifnull(customField.get("value"), "");
        }}
    }}
}}
if (xeroId == "")
{{
    resultMap.put("code", 1);
    resultMap.put("message", "This {record} is not in Xero yet. CP Connect links it with the next sync.");
}}
else
{{
    openUrl({contacts} + xeroId, "new window");
    resultMap.put("code", 0);
    resultMap.put("message", "Opening Xero.");
}}
return resultMap;
"#
    )
}

/// Scripts are the same when they differ in their ends of lines only.
pub fn is_same(one: &str, other: &str) -> bool {
    let lines = |text: &str| text.trim().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    lines(one) == lines(other)
}

impl Client {
    /// All buttons.
    pub async fn buttons(&self) -> Result<Vec<Button>, Trouble> {
        let mut answer = self.send(Method::GET, self.url("settings/custombuttons", &[], &[])).await?;
        let rows = ["custombuttons", "custom_buttons"].iter().find_map(|key| match answer.get_mut(*key).map(Value::take) {
            Some(Value::Array(rows)) => Some(rows),
            _ => None,
        });
        let rows = rows.ok_or_else(|| Trouble::Unreachable("the answer has no custombuttons".to_owned()))?;
        // One that says no id can be neither told apart nor changed.
        Ok(rows.iter().map(button).filter(|button| !button.id.is_empty()).collect())
    }

    /// One button, with its script.
    pub async fn button(&self, id: &str) -> Result<Button, Trouble> {
        let answer = self.send(Method::GET, self.url("settings/custombuttons", &[id], &[])).await?;
        one(&answer).ok_or_else(|| Trouble::Unreachable("the answer has no custombutton".to_owned()))
    }

    /// Makes a button: one call, or one more for each word for its place that Zoho does not know. Gives its id where the answer has one.
    /// `seen`: words that other buttons have.
    pub async fn make_button(&self, whose: Whose, script: &str, seen: &[String]) -> Result<Option<String>, Trouble> {
        let mut pages: Vec<&str> = seen.iter().map(String::as_str).filter(|word| !word.starts_with("list")).collect();
        pages.extend(PAGES);
        let mut refused = None;
        for (n, page) in pages.iter().enumerate() {
            if pages[..n].contains(page) || page.is_empty() {
                continue;
            }
            let request =
                self.request(Method::POST, self.url("settings/custombuttons", &[], &[])).json(&body(whose, Some(page), script));
            match read(&self.http.send(request).await?) {
                Ok(answer) => return Ok(one(&answer).map(|button| button.id).filter(|id| !id.is_empty())),
                Err(Trouble::Refused(refusal)) if refusal.message.contains("page_view") => {
                    refused = Some(Trouble::Refused(refusal));
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(refused.unwrap_or_else(|| Trouble::Unreachable("there is no word for a button's place".to_owned())))
    }

    /// Makes a button what it should be. Where it stands is left as it is.
    pub async fn mend_button(&self, button: &Button, whose: Whose, script: &str) -> Result<(), Trouble> {
        let page = Some(button.page.as_str()).filter(|page| !page.is_empty());
        let url = self.url("settings/custombuttons", &[&button.id], &[]);
        let request = self.request(Method::PUT, url).json(&body(whose, page, script));
        read(&self.http.send(request).await?).map(drop)
    }

    /// Removes a button. One that is gone already is removed.
    pub async fn delete_button(&self, id: &str) -> Result<(), Trouble> {
        match self.send(Method::DELETE, self.url("settings/custombuttons", &[id], &[])).await {
            Err(Trouble::Refused(refusal)) if refusal.status == 404 => Ok(()),
            other => other.map(drop),
        }
    }
}

fn body(whose: Whose, page: Option<&str>, script: &str) -> Value {
    let mut body = json!({
        "name": NAME, "entity_type": whose.entity(), "action_type": "customfunction", "customfunction": { "script": script },
    });
    if let Some(page) = page {
        body["page_view"] = page.into();
    }
    body
}

fn one(answer: &Value) -> Option<Button> {
    ["custombutton", "custom_button"].iter().map(|key| &answer[*key]).find(|one| one.is_object()).map(button)
}

fn button(row: &Value) -> Button {
    let first = |names: &[&str]| names.iter().map(|name| text_of(&row[*name])).find(|text| !text.is_empty()).unwrap_or_default();
    Button {
        id: first(&["custombutton_id", "custom_button_id", "button_id"]),
        name: first(&["name", "button_name"]),
        entity: first(&["entity_type", "entity"]),
        page: first(&["page_view", "location"]),
        script: row["customfunction"]["script"].as_str().map(str::to_owned),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// A text of Deluge.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::side::Refusal;

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<(String, Value)>) {
        let answers =
            answers.into_iter().map(|(status, body)| (status, "content-type: application/json\r\n", body.to_string())).collect();
        let stub = Stub::answering(answers).await;
        let client = Client::new(&Http::new(), &stub.url, &super::super::BOOKS, "10234695", "secret-token".to_owned().into());
        let got = ask(client).await;
        let requests = stub.requests().into_iter().map(|request| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap_or_default())
        });
        (got, requests.collect())
    }

    #[tokio::test]
    async fn buttons_are_read_in_either_spelling() {
        let row = json!({"custombutton_id": 46, "name": "xero link ", "entity_type": "customers", "page_view": "details"});
        let old = json!({"custom_button_id": "47", "button_name": "Xero Link", "entity": "vendor", "location": "list", "customfunction": {"script": "// CP Connect 0a1b2c3d: x"}});
        let answers = vec![
            (200, json!({"code": 0, "custombuttons": [row]})),
            (200, json!({"code": 0, "custom_buttons": [old.clone()]})),
            (200, json!({"code": 0, "custom_button": old})),
            (200, json!({"code": 0})),
        ];
        let ((), requests) = asked(answers, async |client| {
            let found = client.buttons().await.unwrap();
            assert!(found[0].is_namesake(Whose::Customer) && !found[0].stands_on(Whose::Vendor));
            assert_eq!((found[0].id.as_str(), found[0].script.as_deref()), ("46", None));
            let found = client.buttons().await.unwrap();
            assert!(found[0].is_namesake(Whose::Vendor) && found[0].bears(&mark("0a1b2c3d4e5f")));
            assert_eq!(client.button("47").await.unwrap(), found[0]);
            assert!(matches!(client.buttons().await, Err(Trouble::Unreachable(_))));
        })
        .await;
        assert_eq!(requests[2].0, "GET /books/v3/settings/custombuttons/47?organization_id=10234695 HTTP/1.1");
    }

    #[tokio::test]
    async fn a_word_for_its_place_that_is_refused_is_followed_by_the_next_one() {
        let unknown = json!({"code": 2, "message": "Invalid value passed for page_view"});
        let answers = vec![
            (400, unknown.clone()),
            (400, unknown),
            (201, json!({"code": 0, "custombutton": {"custombutton_id": "46"}})),
            (400, json!({"code": 4, "message": "Custom buttons are not available in your current plan."})),
        ];
        let ((), requests) = asked(answers, async |client| {
            let seen = ["list_page".to_owned(), "overview".to_owned()];
            assert_eq!(client.make_button(Whose::Vendor, "info 1;", &seen).await.unwrap().as_deref(), Some("46"));
            let refused = client.make_button(Whose::Vendor, "info 1;", &[]).await;
            assert!(matches!(refused, Err(Trouble::Refused(Refusal { code, .. })) if code == "4"));
        })
        .await;
        let pages: Vec<&str> = requests.iter().map(|(_, body)| body["page_view"].as_str().unwrap()).collect();
        assert_eq!(pages, ["overview", "details", "details_page", "details"]);
        assert_eq!(requests[0].0, "POST /books/v3/settings/custombuttons?organization_id=10234695 HTTP/1.1");
        assert_eq!(requests[0].1["entity_type"], "vendor");
    }

    #[tokio::test]
    async fn one_that_is_gone_already_is_removed() {
        let answers = vec![(404, json!({"code": 1002, "message": "Custom button does not exist."})), (200, json!({"code": 0}))];
        asked(answers, async |client| {
            client.delete_button("46").await.unwrap();
            let button = Button { id: "46".into(), page: "details".into(), ..Button::default() };
            client.mend_button(&button, Whose::Customer, "info 1;").await.unwrap();
        })
        .await;
    }

    #[test]
    fn a_script_says_whose_it_is_and_where_it_leads() {
        let contacts: Url = "https://go.xero.com/app/!mBdtL/contacts/contact/".parse().unwrap();
        let mark = mark("0a1b2c3d4e5f");
        let script = script(Whose::Vendor, &mark, "cf_xero_supplier_id_1", &contacts);
        assert!(script.starts_with("// CP Connect 0a1b2c3d: "));
        assert!(script.contains("openUrl(\"https://go.xero.com/app/!mBdtL/contacts/contact/\" + xeroId, \"new window\");"));
        assert!(script.contains("vendor.get(\"cf_xero_supplier_id_1\")") && !script.contains("customer."));
        assert!(is_same(&script, &script.replace('\n', "\r\n")) && !is_same(&script, &script.replace("!mBdtL", "!other")));
        assert_eq!(quoted("a\"b\\"), "\"a\\\"b\\\\\"");
    }
}
