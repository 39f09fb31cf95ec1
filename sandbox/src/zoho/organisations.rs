//! The organisations of Zoho Books: what a call is made for, and the settings its arithmetic depends on.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};

use super::amounts::TaxRounding;
use super::answer::{Answer, Refusal};
use super::time;
use crate::limits::Rule;

/// One organisation.
#[derive(Clone, Debug)]
pub struct Org {
    pub id: i64,
    pub dc: String,
    pub name: String,
    pub plan: String,
    /// The base currency.
    pub currency: String,
    pub currency_id: i64,
    /// Decimals of a rate.
    pub price_precision: u32,
    pub tax_rounding: TaxRounding,
    pub time_zone: String,
    pub created: i64,
}

impl Org {
    /// What the plan allows; every excess is answered 429.
    pub fn rule(&self) -> Rule {
        let (per_day, in_flight) = match self.plan.to_lowercase().as_str() {
            "free" => (1_000, 5),
            "standard" => (2_000, 10),
            "professional" => (5_000, 10),
            _ => (10_000, 10),
        };
        Rule { per_minute: 100, per_day, in_flight }
    }

    /// As the API shows it; `first`: it is the user's default.
    pub fn json(&self, first: bool) -> Value {
        json!({
            "organization_id": self.id.to_string(), "name": self.name, "contact_name": "Simon Brusch", "email": "simon@example.test",
            "is_default_org": first, "plan_type": 1, "plan_name": self.plan.to_uppercase(), "plan_period": "monthly", "language_code": "en",
            "fiscal_year_start_month": 3, "account_created_date": time::stamp(self.created, &self.time_zone)[..10],
            "time_zone": self.time_zone, "is_org_active": true, "currency_id": self.currency_id.to_string(), "currency_code": self.currency,
            "currency_symbol": "$", "currency_format": "###,##0.00", "price_precision": self.price_precision, "tax_group_enabled": true,
            "tax_rounding": rounding_name(self.tax_rounding), "org_joined_app_list": ["books"],
        })
    }
}

/// Every organisation of the user in this data centre, the oldest first.
pub fn of_user(connection: &Connection, dc: &str) -> Result<Vec<Org>, Refusal> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE member = 1 AND dc = ?1 ORDER BY id"))?;
    let rows = statement.query_map([dc], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One organisation, whoever may see it.
pub fn by_id(connection: &Connection, id: i64) -> Result<Option<Org>, Refusal> {
    Ok(connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?.query_row([id], from_row).optional()?)
}

/// The organisation that a call names; without a name, the user's only one.
pub fn asked_for(connection: &Connection, dc: &str, asked: Option<&str>) -> Result<Org, Refusal> {
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        let mut all = of_user(connection, dc)?;
        return match all.len() {
            1 => Ok(all.remove(0)),
            _ => Err(several(&all)),
        };
    };
    let found = match asked.parse::<i64>() {
        Ok(id) => connection
            .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND member = 1 AND dc = ?2"))?
            .query_row((id, dc), from_row)
            .optional()?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::new(6041, format!("This user is not associated with the CompanyID/CompanyName:{asked}.")))
}

/// `GET /organizations` and `GET /organizations/{id}`.
pub fn answer(connection: &Connection, dc: &str, id: Option<&str>) -> Result<Answer, Refusal> {
    let all = of_user(connection, dc)?;
    let Some(id) = id else {
        let rows: Vec<_> = all.iter().enumerate().map(|(index, org)| org.json(index == 0)).collect();
        return Ok(Answer::found("organizations", &Value::from(rows).to_string()));
    };
    let found = all.iter().enumerate().find(|(_, org)| org.id.to_string() == id);
    let (index, org) = found.ok_or_else(|| Refusal::absent("Organization"))?;
    Ok(Answer::found("organization", &org.json(index == 0).to_string()))
}

pub fn rounding_name(rounding: TaxRounding) -> &'static str {
    match rounding {
        TaxRounding::Item => "item_level",
        TaxRounding::Entity => "entity_level",
    }
}

fn several(all: &[Org]) -> Refusal {
    let known: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(index, org)| json!({"organization_id": org.id.to_string(), "name": org.name, "is_default_org": index == 0}))
        .collect();
    let text =
        "This user belongs to multiple organizations, hence the parameter CompanyID/CompanyName is required in the request.";
    Refusal { more: format!(",\"error_info\":{}", Value::from(known)), ..Refusal::new(6024, text) }
}

const SELECT: &str =
    "SELECT id, dc, name, plan, currency, currency_id, price_precision, tax_rounding, time_zone, created FROM zoho_org";

fn from_row(row: &Row) -> rusqlite::Result<Org> {
    let rounding: String = row.get(7)?;
    Ok(Org {
        id: row.get(0)?,
        dc: row.get(1)?,
        name: row.get(2)?,
        plan: row.get(3)?,
        currency: row.get(4)?,
        currency_id: row.get(5)?,
        price_precision: row.get(6)?,
        tax_rounding: if rounding == "entity_level" { TaxRounding::Entity } else { TaxRounding::Item },
        time_zone: row.get(8)?,
        created: row.get(9)?,
    })
}
