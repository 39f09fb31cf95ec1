//! A generated company: documents of every kind in twelve currencies, with quantities and prices of up to four decimals, all tax modes,
//! discounts, text lines, credits that are applied, and payments at other rates. Xero's side is what Xero itself makes of it.

mod money;
mod papers;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::World;
use crate::dice::Dice;
use crate::entry::{Entered, Entry};

/// Code and usual rate: units for one New Zealand dollar.
const CURRENCIES: [(&str, &str); 12] = [
    ("NZD", "1"),
    ("USD", "0.6"),
    ("EUR", "0.55"),
    ("GBP", "0.47"),
    ("AUD", "0.92"),
    ("JPY", "88.5"),
    ("KWD", "0.184"),
    ("CAD", "0.82"),
    ("CHF", "0.52"),
    ("SGD", "0.79"),
    ("SEK", "6.2"),
    ("IDR", "9400"),
];

/// How many of a list Xero took and refused.
pub type Counts = BTreeMap<&'static str, (usize, usize)>;

/// A contact and its currency.
#[derive(Debug, Clone)]
struct Party {
    id: String,
    currency: &'static str,
}

struct Company<'a> {
    entry: Entry<'a>,
    dice: Dice,
    customers: Vec<Party>,
    vendors: Vec<Party>,
    tracking: Vec<Value>,
    counts: Counts,
}

/// Enters `each` records of every kind. The organisation must have been planted.
pub async fn company(world: &World, each: usize, seed: u64) -> Counts {
    let mut company = Company::new(world, seed, each).await;
    papers::offers(&mut company, each).await;
    let sold = papers::documents(&mut company, each, "ACCREC").await;
    let bought = papers::documents(&mut company, each, "ACCPAY").await;
    money::credits(&mut company, each, &sold).await;
    money::credits(&mut company, each, &bought).await;
    money::payments(&mut company, each).await;
    money::bank(&mut company, each).await;
    money::journals(&mut company, each).await;
    company.counts
}

impl<'a> Company<'a> {
    async fn new(world: &'a World, seed: u64, each: usize) -> Self {
        let entry = Entry::new(world).await;
        for (code, _) in &CURRENCIES[1..] {
            entry.call("PUT", "Currencies", &json!({ "Code": code })).await;
        }
        let mut this = Self {
            entry,
            dice: Dice(seed),
            customers: Vec::new(),
            vendors: Vec::new(),
            tracking: Vec::new(),
            counts: Counts::new(),
        };
        let (_, categories) = this.entry.call("GET", "TrackingCategories", &Value::Null).await;
        for category in categories["TrackingCategories"].as_array().into_iter().flatten() {
            for option in category["Options"].as_array().into_iter().flatten().filter(|one| one["Status"] == "ACTIVE") {
                this.tracking.push(json!({
                    "TrackingCategoryID": category["TrackingCategoryID"], "TrackingOptionID": option["TrackingOptionID"],
                }));
            }
        }
        for role in ["Customer", "Vendor"] {
            let mut parties = Vec::new();
            for n in 0..each.div_ceil(200).max(2) {
                parties.extend(CURRENCIES.iter().map(|(code, _)| {
                    json!({ "Name": format!("{role} {n} in {code}"), "DefaultCurrency": code, "EmailAddress": format!("{role}{n}@{code}.example").to_lowercase() })
                }));
            }
            let taken = this.entry.put("Contacts", &parties).await.taken;
            assert_eq!(taken.len(), parties.len(), "contacts");
            let currency = |n: usize| CURRENCIES[n % CURRENCIES.len()].0;
            let taken = taken.iter().enumerate().map(|(n, one)| Party { id: text(one, "ContactID"), currency: currency(n) });
            match role {
                "Customer" => this.customers = taken.collect(),
                _ => this.vendors = taken.collect(),
            }
        }
        this
    }

    fn party(&mut self, is_sale: bool) -> Party {
        let of = if is_sale { &self.customers } else { &self.vendors };
        of[self.dice.below(of.len() as u64) as usize].clone()
    }

    /// A rate of six decimals near the usual one.
    fn rate(&mut self, currency: &str) -> Option<Decimal> {
        let usual = CURRENCIES.iter().find(|(code, _)| *code == currency)?.1;
        let part = Decimal::new(800_000 + self.dice.below(400_000) as i64, 6);
        (currency != "NZD").then(|| (usual.parse::<Decimal>().expect("a rate") * part).round_dp(6))
    }

    fn day(&mut self) -> String {
        let day = chrono::NaiveDate::from_ymd_opt(2025, 4, 1).expect("a day") + chrono::Days::new(self.dice.below(500));
        day.to_string()
    }

    fn tally(&mut self, kind: &'static str, entered: &Entered) {
        let count = self.counts.entry(kind).or_default();
        count.0 += entered.taken.len();
        count.1 += entered.refused.len();
        for reason in entered.refused.iter().take(3) {
            println!("{kind}: refused: {reason}");
        }
    }
}

fn text(record: &Value, key: &str) -> String {
    record[key].as_str().unwrap_or_default().to_owned()
}

fn amount(record: &Value, key: &str) -> Decimal {
    record[key].to_string().parse().unwrap_or_default()
}

/// A number in JSON with the very digits it has.
fn number(amount: Decimal) -> Value {
    serde_json::from_str(&amount.normalize().to_string()).expect("a number")
}
