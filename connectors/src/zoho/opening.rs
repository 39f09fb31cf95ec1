//! The opening balance of a Zoho Books organisation (Zoho Books v3 opening-balance): one record, of what every account held at the end
//! of a day.

use chrono::NaiveDate;
use reqwest::Method;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::client::Client;
use super::trouble::read;
use super::wire::{amount, number};
use crate::side::Trouble;

const PATH: &str = "settings/openingbalances";

/// What the organisation has now.
#[derive(Debug, Clone, PartialEq)]
pub struct OpeningBalance {
    pub id: String,
    /// The accounts hold these amounts at the end of this day.
    pub day: NaiveDate,
    pub lines: Vec<OpeningLine>,
}

/// One amount on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningLine {
    pub account: String,
    /// In the organisation's own currency; debits are positive.
    pub amount: Decimal,
    /// Where it was entered in another currency: that one, the amount in it, and its rate.
    pub foreign: Option<Foreign>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    pub currency_id: String,
    /// Debits are positive.
    pub amount: Decimal,
    pub rate: Decimal,
}

impl Client {
    /// The opening balance, if there is one.
    pub async fn opening_balance(&self, own_currency_id: &str) -> Result<Option<OpeningBalance>, Trouble> {
        match self.send(Method::GET, self.url(PATH, &[], &[])).await {
            Ok(answer) => Ok(found(&answer["opening_balance"], own_currency_id)),
            // Nobody has entered one.
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes the one that there is with this id, or makes it. The amounts are all of them: writing it again changes nothing.
    pub async fn write_opening_balance(&self, id: Option<&str>, day: NaiveDate, lines: &[OpeningLine]) -> Result<(), Trouble> {
        let mut body = json!({ "date": day.to_string(), "accounts": lines.iter().map(sent).collect::<Vec<_>>() });
        if let Some(id) = id {
            body["opening_balance_id"] = id.into();
        }
        let method = if id.is_some() { Method::PUT } else { Method::POST };
        read(&self.http.send(self.request(method, self.url(PATH, &[], &[])).json(&body)).await?).map(drop)
    }

    /// Takes it away: a company whose whole history is there has none.
    pub async fn remove_opening_balance(&self) -> Result<(), Trouble> {
        self.send(Method::DELETE, self.url(PATH, &[], &[])).await.map(drop)
    }
}

fn sent(line: &OpeningLine) -> Value {
    let amount = line.foreign.as_ref().map_or(line.amount, |foreign| foreign.amount);
    let side = if amount > Decimal::ZERO { "debit" } else { "credit" };
    let mut sent = json!({ "account_id": line.account, "debit_or_credit": side, "amount": number(amount.abs()) });
    if let Some(foreign) = &line.foreign {
        sent["currency_id"] = foreign.currency_id.clone().into();
        sent["exchange_rate"] = number(foreign.rate);
    }
    sent
}

fn found(record: &Value, own_currency_id: &str) -> Option<OpeningBalance> {
    let id = text(&record["opening_balance_id"]).filter(|id| !id.is_empty())?;
    let day = record["date"].as_str()?.parse().ok()?;
    let lines = record["accounts"].as_array().into_iter().flatten().filter_map(|line| read_line(line, own_currency_id)).collect();
    Some(OpeningBalance { id, day, lines })
}

fn read_line(line: &Value, own_currency_id: &str) -> Option<OpeningLine> {
    let sign = if line["debit_or_credit"] == "credit" { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let told = sign * amount(&line["amount"])?;
    let rate = amount(&line["exchange_rate"]).unwrap_or(Decimal::ONE);
    let currency_id = text(&line["currency_id"]).filter(|id| !id.is_empty() && id != own_currency_id);
    let own = amount(&line["bcy_amount"]).map(|own| sign * own);
    let foreign = currency_id.map(|currency_id| Foreign { currency_id, amount: told, rate });
    let own = match &foreign {
        Some(_) => own.or_else(|| {
            told.checked_mul(rate).map(|own| own.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
        })?,
        None => told,
    };
    Some(OpeningLine { account: text(&line["account_id"])?, amount: own, foreign }).filter(|line| !line.amount.is_zero())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<String>) {
        let answers =
            answers.into_iter().map(|(status, body)| (status, "content-type: application/json\r\n", body.to_string())).collect();
        let stub = Stub::answering(answers).await;
        let client = Client::new(&Http::new(), &stub.url, &crate::zoho::BOOKS, "10234695", "secret-token".to_owned().into());
        let got = ask(client).await;
        (got, stub.requests())
    }

    #[tokio::test]
    async fn what_is_read_is_what_is_sent_again() {
        let lines = json!([
            { "account_id": "1", "debit_or_credit": "debit", "amount": 80.5, "bcy_amount": 80.5, "exchange_rate": 1, "currency_id": "7" },
            { "account_id": "2", "debit_or_credit": "credit", "amount": "10", "bcy_amount": "14.00", "exchange_rate": 1.4, "currency_id": "8" },
            { "account_id": "3", "debit_or_credit": "credit", "amount": 10, "exchange_rate": 1.4, "currency_id": 8 },
            { "account_id": "4", "debit_or_credit": "credit", "amount": 0 },
        ]);
        let record =
            json!({ "code": 0, "opening_balance": { "opening_balance_id": "5", "date": "2026-03-31", "accounts": lines } });
        let answers = vec![(200, record), (200, json!({ "code": 0 })), (200, json!({ "code": 0 }))];
        let (found, requests) = asked(answers, async |client| {
            let found = client.opening_balance("7").await.unwrap().unwrap();
            client.write_opening_balance(Some(&found.id), found.day, &found.lines).await.unwrap();
            client.write_opening_balance(None, found.day, &found.lines[..1]).await.unwrap();
            found
        })
        .await;
        let amounts: Vec<_> =
            found.lines.iter().map(|line| (line.account.as_str(), line.amount.normalize().to_string())).collect();
        assert_eq!(amounts, [("1", "80.5".to_owned()), ("2", "-14".into()), ("3", "-14".into())]);
        assert!(requests[0].starts_with("GET /books/v3/settings/openingbalances?organization_id=10234695 "));
        let body = |request: &str| -> Value { serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap() };
        assert!(requests[1].starts_with("PUT ") && requests[2].starts_with("POST "));
        let own = json!({ "account_id": "1", "debit_or_credit": "debit", "amount": 80.5 });
        let foreign = |id: &str| json!({ "account_id": id, "debit_or_credit": "credit", "amount": 10, "exchange_rate": 1.4, "currency_id": "8" });
        let all = json!([own, foreign("2"), foreign("3")]);
        assert_eq!(body(&requests[1]), json!({ "opening_balance_id": "5", "date": "2026-03-31", "accounts": all }));
        assert_eq!(body(&requests[2]), json!({ "date": "2026-03-31", "accounts": [own] }));
    }

    #[tokio::test]
    async fn an_organisation_without_one_has_none() {
        let none = json!({ "code": 0, "opening_balance": {} });
        let absent = json!({ "code": 1002, "message": "Opening balance does not exist." });
        let (got, _) = asked(vec![(404, absent), (200, none), (500, json!({ "code": 1000 }))], async |client| {
            [client.opening_balance("7").await, client.opening_balance("7").await, client.opening_balance("7").await]
        })
        .await;
        assert!(matches!(got, [Ok(None), Ok(None), Err(Trouble::Unreachable(_))]), "{got:?}");
    }
}
