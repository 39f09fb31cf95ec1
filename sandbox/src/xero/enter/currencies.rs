//! Currencies: an organisation has those that were added, and documents can be in no other.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, decimal_of, number, text_of};
use crate::xero::money::rounded;

pub const WRITABLE: [&str; 2] = ["Code", "Description"];

/// What ISO 4217 calls the money of the world's countries.
const ISO: &str = "
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC
    CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD
    JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

pub fn enter(desk: &Desk, _: &Known, record: &mut Record) -> Result<(), No> {
    let code = text_of(record, "Code").unwrap_or_default().to_owned();
    if desk.by_app() && !ISO.split_ascii_whitespace().any(|known| known == code) {
        return Err(format!("The currency code '{code}' is not a valid ISO 4217 code").into());
    }
    record.entry("Description").or_insert_with(|| code.into());
    Ok(())
}

/// A document is in one of the organisation's currencies, the base currency where it names none; a rate that is not sent is that of
/// the day.
pub fn of_document(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), String> {
    let base = desk.ledger.base_currency.as_str();
    let code = text_of(record, "CurrencyCode").unwrap_or(base).to_owned();
    if code != base && !desk.ledger.currencies.contains(&code) {
        return Err(format!("Organisation is not subscribed to currency {code}"));
    }
    let rate = decimal_of(record, "CurrencyRate").map(|rate| rounded(rate, 6));
    // Another currency has another rate than the one that was kept.
    let stays = known.was.as_ref().is_none_or(|(was, _)| text_of(was, "CurrencyCode") == Some(&code));
    let rate = match rate {
        _ if code == base => Decimal::ONE,
        Some(rate) if rate <= Decimal::ZERO => return Err("The CurrencyRate must be greater than zero".into()),
        Some(rate) if stays || known.sent.contains_key("CurrencyRate") => rate,
        _ => {
            let date = record.get("Date").and_then(json::date).unwrap_or(desk.today);
            let rate = day_rate(base, &code, date);
            desk.warn(format!("No CurrencyRate was specified: the rate of the day {rate} is used"));
            rate
        }
    };
    record.insert("CurrencyCode".into(), code.into());
    record.insert("CurrencyRate".into(), number(rounded(rate, 6)));
    Ok(())
}

/// What one unit of the base currency is in another on a day. No market: the same day always has the same rate.
pub fn day_rate(base: &str, currency: &str, day: NaiveDate) -> Decimal {
    /// Millionths of a unit for one New Zealand dollar.
    const IN_NZD: [(&str, i64); 6] =
        [("NZD", 1_000_000), ("AUD", 920_000), ("USD", 610_000), ("EUR", 560_000), ("GBP", 480_000), ("JPY", 90_000_000)];
    let of = |code: &str| {
        let listed = IN_NZD.iter().find(|(known, _)| *known == code).map(|(_, millionths)| *millionths);
        // A currency that is not in the table has a rate of its own all the same.
        listed.unwrap_or_else(|| code.bytes().fold(500_000, |sum, byte| sum + i64::from(byte) * 7_919))
    };
    let wobble = Decimal::new(10_000 + i64::from(day.num_days_from_ce().rem_euclid(97)) - 48, 4);
    let rate = Decimal::from(of(currency)) / Decimal::from(of(base)) * wobble;
    rounded(rate, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_rate_and_the_next_another() {
        let day = |text: &str| text.parse().unwrap();
        let rate = day_rate("NZD", "USD", day("2026-07-01"));
        assert_eq!(rate, day_rate("NZD", "USD", day("2026-07-01")));
        assert_ne!(rate, day_rate("NZD", "USD", day("2026-07-02")));
        assert!(rate > "0.58".parse().unwrap() && rate < "0.64".parse().unwrap());
        assert!(day_rate("NZD", "ISK", day("2026-07-01")) > Decimal::ZERO);
    }
}
