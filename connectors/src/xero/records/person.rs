//! A person of a contact: the main one, whose name and address the contact itself has, and those beside. They live inside the contact and
//! have no ids of their own: each is known by its place.

use serde::Deserialize;

use super::{Address, Contact, ContactPerson, Phone};
use crate::xero::Record;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Contact")]
pub struct Person {
    /// The contact's id, a colon, and the place: 0 is the main one.
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    pub email_address: String,
    /// The contact's own, of the main person only.
    pub phones: Vec<Phone>,
    pub addresses: Vec<Address>,
    pub of: OfParty,
    pub updated_us: i64,
}

/// What a person has to know of the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfParty {
    pub id: String,
    pub name: String,
    pub is_for_sales: bool,
    pub is_supplier: bool,
}

impl From<Contact> for Person {
    fn from(contact: Contact) -> Self {
        let main = ContactPerson {
            first_name: contact.first_name.clone(),
            last_name: contact.last_name.clone(),
            email_address: contact.email_address.clone(),
        };
        Self { phones: contact.phones.clone(), addresses: contact.addresses.clone(), ..beside(&contact, 0, &main) }
    }
}

impl Person {
    /// Everybody in a contact who has a name or an address.
    pub fn all_of(contact: Contact) -> Vec<Self> {
        let others: Vec<Self> =
            contact.contact_persons.iter().enumerate().map(|(n, person)| beside(&contact, n + 1, person)).collect();
        let mut all = vec![Self::from(contact)];
        all.extend(others);
        all.retain(|person| {
            [&person.first_name, &person.last_name, &person.email_address].iter().any(|text| !text.trim().is_empty())
        });
        all
    }

    /// The name people call the person by, or the address.
    pub fn name(&self) -> String {
        let name = format!("{} {}", self.first_name.trim(), self.last_name.trim());
        match name.trim() {
            "" => self.email_address.trim().to_owned(),
            name => name.to_owned(),
        }
    }
}

fn beside(contact: &Contact, place: usize, person: &ContactPerson) -> Person {
    Person {
        id: format!("{}:{place}", contact.id),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        email_address: person.email_address.clone(),
        phones: Vec::new(),
        addresses: Vec::new(),
        of: OfParty {
            id: contact.id.clone(),
            name: contact.name.clone(),
            is_for_sales: contact.is_for_sales(),
            is_supplier: contact.is_supplier,
        },
        updated_us: contact.updated_us,
    }
}

impl Record for Person {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        format!("{} of {}", self.name(), self.of.name)
    }
}
