//! The settings of a New Zealand organisation: currencies, GST rates, the standard chart of accounts.

use rusqlite::Connection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::json::{Record, ms_date, set_updated};
use crate::xero::kinds::Kind;
use crate::xero::records;
use crate::xero::sessions::Org;
use crate::xero::{code_id, documents};

/// 1 April 2023, the first day of the company's first financial year with us.
const OPENED_MS: i64 = 1_680_307_200_000;

/// (code, name, type, class, tax type, system account, currency of a bank account)
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const ACCOUNTS: [Line; 56] = [
    ("090", "Business Bank Account", "BANK", "ASSET", "NONE", "", "NZD"),
    ("091", "Business Savings Account", "BANK", "ASSET", "NONE", "", "NZD"),
    ("092", "USD Account", "BANK", "ASSET", "NONE", "", "USD"),
    ("093", "Business Credit Card", "BANK", "LIABILITY", "NONE", "", "NZD"),
    ("200", "Sales", "REVENUE", "REVENUE", "OUTPUT2", "", ""),
    ("201", "Sales – Consulting", "REVENUE", "REVENUE", "OUTPUT2", "", ""),
    ("202", "Export Sales", "REVENUE", "REVENUE", "ZERORATED", "", ""),
    ("260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT2", "", ""),
    ("270", "Interest Income", "REVENUE", "REVENUE", "NONE", "", ""),
    ("300", "Purchases", "DIRECTCOSTS", "EXPENSE", "INPUT2", "", ""),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "INPUT2", "", ""),
    ("400", "Advertising", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("404", "Bank Fees", "EXPENSE", "EXPENSE", "NONE", "", ""),
    ("408", "Cleaning", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("412", "Consulting & Accounting", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("416", "Depreciation", "DEPRECIATN", "EXPENSE", "NONE", "", ""),
    ("420", "Entertainment", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("424", "Entertainment – Non deductible", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("425", "Freight & Courier", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("429", "General Expenses", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("433", "Insurance", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("437", "Interest Expense", "EXPENSE", "EXPENSE", "NONE", "", ""),
    ("441", "Legal expenses", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("445", "Light, Power, Heating", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("449", "Motor Vehicle Expenses", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("453", "Office Expenses", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("461", "Printing & Stationery", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("469", "Rent", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("473", "Repairs and Maintenance", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("477", "Salaries", "EXPENSE", "EXPENSE", "NONE", "", ""),
    ("478", "KiwiSaver Employer Contributions", "EXPENSE", "EXPENSE", "NONE", "", ""),
    ("485", "Subscriptions", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("489", "Telephone & Internet", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("493", "Travel – National", "EXPENSE", "EXPENSE", "INPUT2", "", ""),
    ("494", "Travel – International", "EXPENSE", "EXPENSE", "ZERORATEDINPUT", "", ""),
    ("497", "Bank Revaluations", "EXPENSE", "EXPENSE", "NONE", "BANKCURRENCYGAIN", ""),
    ("498", "Unrealised Currency Gains", "EXPENSE", "EXPENSE", "NONE", "UNREALISEDCURRENCYGAIN", ""),
    ("499", "Realised Currency Gains", "EXPENSE", "EXPENSE", "NONE", "REALISEDCURRENCYGAIN", ""),
    ("505", "Income Tax Expense", "EXPENSE", "EXPENSE", "NONE", "", ""),
    ("610", "Accounts Receivable", "CURRENT", "ASSET", "NONE", "DEBTORS", ""),
    ("620", "Prepayments", "CURRENT", "ASSET", "NONE", "", ""),
    ("630", "Inventory", "INVENTORY", "ASSET", "NONE", "", ""),
    ("710", "Office Equipment", "FIXED", "ASSET", "INPUT2", "", ""),
    ("711", "Less Accumulated Depreciation on Office Equipment", "FIXED", "ASSET", "NONE", "", ""),
    ("720", "Computer Equipment", "FIXED", "ASSET", "INPUT2", "", ""),
    ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "NONE", "CREDITORS", ""),
    ("801", "Unpaid Expense Claims", "CURRLIAB", "LIABILITY", "NONE", "UNPAIDEXPCLM", ""),
    ("820", "GST", "CURRLIAB", "LIABILITY", "NONE", "GST", ""),
    ("825", "PAYE Payable", "CURRLIAB", "LIABILITY", "NONE", "", ""),
    ("830", "Income Tax", "CURRLIAB", "LIABILITY", "NONE", "", ""),
    ("840", "Historical Adjustment", "CURRLIAB", "LIABILITY", "NONE", "HISTORICAL", ""),
    ("860", "Rounding", "CURRLIAB", "LIABILITY", "NONE", "ROUNDING", ""),
    ("877", "Tracking Transfers", "CURRLIAB", "LIABILITY", "NONE", "TRACKINGTRANSFERS", ""),
    ("900", "Loan", "TERMLIAB", "LIABILITY", "NONE", "", ""),
    ("960", "Retained Earnings", "EQUITY", "EQUITY", "NONE", "RETAINEDEARNINGS", ""),
    ("970", "Owner A Funds Introduced", "EQUITY", "EQUITY", "NONE", "", ""),
];

/// (tax type, name, report tax type, percent, applies to: assets, equity, expenses, liabilities, revenue)
const RATES: [(&str, &str, &str, i64, [bool; 5]); 8] = [
    ("OUTPUT2", "15% GST on Income", "OUTPUT", 15, [true, true, false, true, true]),
    ("INPUT2", "15% GST on Expenses", "INPUT", 15, [true, true, true, true, false]),
    ("ZERORATED", "Zero Rated", "OUTPUT", 0, [false, false, false, true, true]),
    ("ZERORATEDINPUT", "Zero Rated Expenses", "INPUT", 0, [true, true, true, true, false]),
    ("EXEMPTOUTPUT", "GST Exempt Income", "OUTPUT", 0, [false, false, false, true, true]),
    ("EXEMPTINPUT", "GST Exempt Expenses", "INPUT", 0, [true, true, true, true, false]),
    ("GSTONIMPORTS", "GST on Imports", "GSTONIMPORTS", 0, [false, false, false, true, false]),
    ("NONE", "No GST", "NONE", 0, [true, true, true, true, true]),
];

const CURRENCIES: [(&str, &str); 6] = [
    ("NZD", "New Zealand Dollar"),
    ("AUD", "Australian Dollar"),
    ("USD", "United States Dollar"),
    ("EUR", "Euro"),
    ("GBP", "British Pound"),
    ("JPY", "Japanese Yen"),
];

/// Writes them.
pub fn settings(connection: &Connection, org: &Org) -> rusqlite::Result<()> {
    let keep = |kind: Kind, id: Uuid, record: Value| {
        let Value::Object(record) = record else { return Ok(()) };
        records::store(connection, org.n, kind, &documents::row(kind, id, OPENED_MS, &record))
    };
    keep(Kind::Organisations, org.tenant, organisation(org))?;
    for (code, description) in CURRENCIES {
        keep(Kind::Currencies, code_id(org, code), json!({"Code": code, "Description": description}))?;
    }
    for rate in RATES {
        keep(Kind::TaxRates, code_id(org, rate.0), tax_rate(rate))?;
    }
    for line in ACCOUNTS {
        let id = Uuid::new_v5(&org.tenant, format!("account/{}", line.0).as_bytes());
        keep(Kind::Accounts, id, account(id, line))?;
    }
    for (kind, id, record) in super::staff::staff(org, OPENED_MS) {
        keep(kind, id, record)?;
    }
    Ok(())
}

fn organisation(org: &Org) -> Value {
    json!({
        "OrganisationID": org.tenant, "Name": org.name, "LegalName": org.name, "PaysTax": true, "Version": "NZ",
        "OrganisationType": "COMPANY", "OrganisationEntityType": "COMPANY", "BaseCurrency": "NZD", "CountryCode": "NZ",
        "IsDemoCompany": org.n != 1, "OrganisationStatus": "ACTIVE", "RegistrationNumber": "8123456",
        "TaxNumber": "101-2-303", "FinancialYearEndDay": 31, "FinancialYearEndMonth": 3,
        "SalesTaxBasis": "INVOICE", "SalesTaxPeriod": "TWOMONTHS", "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive", "CreatedDateUTC": ms_date(OPENED_MS), "Timezone": "NEWZEALANDSTANDARDTIME",
        "ShortCode": if org.n == 1 { "!cLp42" } else { "!tR41n" }, "Edition": "BUSINESS", "Class": "COMPREHENSIVE",
        "LineOfBusiness": "Software and consulting", "Addresses": [{"AddressType": "STREET", "AddressLine1": "12 Cuba Street",
        "City": "Wellington", "PostalCode": "6011", "Country": "New Zealand"}], "Phones": [], "ExternalLinks": [],
        "PaymentTerms": {"Bills": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}, "Sales": {"Day": 20, "Type": "OFFOLLOWINGMONTH"}},
    })
}

fn tax_rate((tax_type, name, report, percent, applies): (&str, &str, &str, i64, [bool; 5])) -> Value {
    let rate = crate::xero::json::number(crate::xero::rounded(Decimal::from(percent), 4));
    json!({
        "Name": name, "TaxType": tax_type, "ReportTaxType": report, "CanApplyToAssets": applies[0],
        "CanApplyToEquity": applies[1], "CanApplyToExpenses": applies[2], "CanApplyToLiabilities": applies[3],
        "CanApplyToRevenue": applies[4], "DisplayTaxRate": rate, "EffectiveRate": rate, "Status": "ACTIVE",
        "TaxComponents": [{"Name": "GST", "Rate": rate, "IsCompound": false, "IsNonRecoverable": false}],
    })
}

fn account(id: Uuid, (code, name, kind, class, tax_type, system, currency): Line) -> Value {
    let mut record = Record::new();
    let fields = [
        ("AccountID", json!(id)),
        ("Code", json!(code)),
        ("Name", json!(name)),
        ("Status", json!("ACTIVE")),
        ("Type", json!(kind)),
        ("Class", json!(class)),
        ("TaxType", json!(tax_type)),
        ("EnablePaymentsToAccount", json!(matches!(code, "091" | "970"))),
        ("ShowInExpenseClaims", json!(kind == "EXPENSE" && system.is_empty())),
        ("ReportingCode", json!("")),
        ("HasAttachments", json!(false)),
        ("AddToWatchlist", json!(matches!(code, "200" | "300"))),
    ];
    record.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if kind == "BANK" {
        record.insert("BankAccountType".into(), if code == "093" { "CREDITCARD" } else { "BANK" }.into());
        record.insert("BankAccountNumber".into(), format!("01-0123-0456{code}-00").into());
        record.insert("CurrencyCode".into(), currency.into());
    } else {
        record.insert("Description".into(), format!("{name} of the business").into());
    }
    if !system.is_empty() {
        record.insert("SystemAccount".into(), system.into());
    }
    set_updated(&mut record, OPENED_MS, false);
    Value::Object(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_every_tax_type_exists() {
        for key in [|line: &Line| line.0, |line: &Line| line.1] {
            let mut keys: Vec<_> = ACCOUNTS.iter().map(key).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), ACCOUNTS.len());
        }
        for line in &ACCOUNTS {
            assert!(RATES.iter().any(|rate| rate.0 == line.4), "{}", line.4);
        }
    }
}
