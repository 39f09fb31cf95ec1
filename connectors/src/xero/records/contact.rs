//! A contact: a customer, a supplier, both, or neither yet.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::xero::{Carrier, Record, wire};

/// Behind Zoho's id in the number of a contact that was a vendor there.
pub const MADE_FROM_VENDOR: &str = "-V";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Contact {
    #[serde(rename = "ContactID")]
    pub id: String,
    /// An app's own number for it: unique for good, and not for people to change.
    #[serde(default, deserialize_with = "wire::text")]
    pub contact_number: String,
    #[serde(default)]
    pub contact_status: ContactStatus,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub first_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub last_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub email_address: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub account_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub company_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub tax_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub website: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub default_currency: String,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_customer: bool,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_supplier: bool,
    #[serde(default, deserialize_with = "wire::list")]
    pub addresses: Vec<Address>,
    #[serde(default, deserialize_with = "wire::list")]
    pub phones: Vec<Phone>,
    #[serde(default, deserialize_with = "wire::list")]
    pub contact_persons: Vec<ContactPerson>,
    #[serde(default, deserialize_with = "wire::list")]
    pub contact_groups: Vec<ContactGroup>,
    #[serde(default)]
    pub payment_terms: Option<PaymentTerms>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ContactStatus {
    #[default]
    Active,
    Archived,
    GdprRequest,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Address {
    /// `POBOX` or `STREET`.
    #[serde(default, deserialize_with = "wire::text")]
    pub address_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub attention_to: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub address_line1: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub address_line2: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub address_line3: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub address_line4: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub city: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub region: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub postal_code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub country: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Phone {
    /// `DEFAULT`, `DDI`, `MOBILE`, `FAX`, `OFFICE`.
    #[serde(default, deserialize_with = "wire::text")]
    pub phone_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub phone_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub phone_area_code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub phone_country_code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContactPerson {
    #[serde(default, deserialize_with = "wire::text")]
    pub first_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub last_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub email_address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContactGroup {
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    /// `ACTIVE` or `DELETED`.
    #[serde(default, deserialize_with = "wire::text")]
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentTerms {
    #[serde(default)]
    pub bills: Option<Term>,
    #[serde(default)]
    pub sales: Option<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Term {
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub day: Option<Decimal>,
    /// `DAYSAFTERBILLDATE`, `DAYSAFTERBILLMONTH`, `OFCURRENTMONTH`, `OFFOLLOWINGMONTH`.
    #[serde(rename = "Type", default, deserialize_with = "wire::text")]
    pub kind: String,
}

impl Contact {
    pub fn is_archived(&self) -> bool {
        self.contact_status != ContactStatus::Active
    }

    /// The names of the groups it is in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        let groups = self.contact_groups.iter().filter(|group| group.status != "DELETED");
        groups.map(|group| group.name.trim()).filter(|name| !name.is_empty())
    }

    /// Carried as a customer: also one that is nothing yet, so that nobody is left behind.
    pub fn is_for_sales(&self) -> bool {
        self.is_customer || !(self.is_supplier || self.is_made_from_vendor())
    }

    /// Whether it came from Zoho as a vendor. Xero calls it a supplier only after the first bill.
    pub fn is_made_from_vendor(&self) -> bool {
        let id = self.contact_number.strip_suffix(MADE_FROM_VENDOR);
        id.is_some_and(|id| !id.is_empty() && id.bytes().all(|one| one.is_ascii_digit()))
    }
}

impl Address {
    /// The lines that say something.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        [&self.address_line1, &self.address_line2, &self.address_line3, &self.address_line4]
            .into_iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
    }

    pub fn is_empty(&self) -> bool {
        self.lines().next().is_none()
            && [&self.city, &self.region, &self.postal_code, &self.country].iter().all(|part| part.is_empty())
    }
}

impl Phone {
    /// As a person would write it: country, area, number. "" without a number.
    pub fn written(&self) -> String {
        if self.phone_number.trim().is_empty() {
            return String::new();
        }
        let parts = [&self.phone_country_code, &self.phone_area_code, &self.phone_number];
        parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl Record for Contact {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        format!("Contact {}", self.name)
    }
    fn says(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::AccountNumber => self.account_number.trim().to_owned(),
            Carrier::CompanyNumber => self.company_number.trim().to_owned(),
            Carrier::TaxNumber => self.tax_number.trim().to_owned(),
            Carrier::EmailAddress => self.email_address.trim().to_owned(),
            Carrier::Website => self.website.trim().to_owned(),
            Carrier::Phone { kind } => {
                let phone = self.phones.iter().find(|phone| phone.phone_type == kind.name());
                phone.map(Phone::written).unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}
