//! What accounts, contacts and vendors have in common: names, addresses, telephones, and words for what CRM has no field for. What Xero
//! does not say is left alone in CRM: people keep more about a customer there than books do.

use serde_json::{Map, Value};

use crate::flow::{Authority, Field, Line};
use crate::flows::books::texts::clip;
use crate::print::Printer;
use crate::xero::records::{Address, Contact};

pub const NAME_CHARS_MAX: usize = 200;
const STREET_CHARS_MAX: usize = 250;
const PART_CHARS_MAX: usize = 100;
const CODE_CHARS_MAX: usize = 30;
/// The shortest of CRM's fields for a telephone number.
const PHONE_CHARS_MAX: usize = 30;
const EMAIL_CHARS_MAX: usize = 100;
const WEBSITE_CHARS_MAX: usize = 255;
const DESCRIPTION_CHARS_MAX: usize = 32_000;

/// A body that leaves out what says nothing.
#[derive(Default)]
pub struct Said(Map<String, Value>);

impl Said {
    pub fn text(&mut self, key: &str, value: &str, chars_max: usize) -> &mut Self {
        if !value.trim().is_empty() {
            self.0.insert(key.to_owned(), clip(value.trim(), chars_max).trim_end().into());
        }
        self
    }

    pub fn lookup(&mut self, key: &str, id: Option<&str>) -> &mut Self {
        if let Some(id) = id {
            self.0.insert(key.to_owned(), serde_json::json!({ "id": id }));
        }
        self
    }

    pub fn phone(&mut self, key: &str, contact: &Contact, kinds: &[&str]) -> &mut Self {
        let number = phone(contact, kinds);
        // A number without a letter or digit is no number to CRM.
        let number = if number.chars().any(char::is_alphanumeric) { number } else { String::new() };
        self.text(key, &number, PHONE_CHARS_MAX)
    }

    /// The five fields of an address. Modules call them by a word of their own, and the code differently.
    pub fn address(&mut self, prefix: &str, code: &str, address: Option<&Address>) -> &mut Self {
        let Some(address) = address else { return self };
        let street = address.lines().collect::<Vec<_>>().join(", ");
        self.text(&format!("{prefix}Street"), &street, STREET_CHARS_MAX)
            .text(&format!("{prefix}City"), &address.city, PART_CHARS_MAX)
            .text(&format!("{prefix}State"), &address.region, PART_CHARS_MAX)
            .text(&format!("{prefix}{code}"), &address.postal_code, CODE_CHARS_MAX)
            .text(&format!("{prefix}Country"), &address.country, PART_CHARS_MAX)
    }

    /// An address that CRM would refuse goes into the words instead.
    pub fn email(&mut self, key: &str, email: &str, words: &mut Words) -> &mut Self {
        match is_email(email.trim()) {
            true => self.text(key, email, EMAIL_CHARS_MAX),
            false => {
                words.add("E-mail", email);
                self
            }
        }
    }

    pub fn website(&mut self, key: &str, website: &str, words: &mut Words) -> &mut Self {
        let website = website.trim();
        let fits =
            website.contains('.') && !website.contains(char::is_whitespace) && website.chars().count() <= WEBSITE_CHARS_MAX;
        match fits {
            true => self.text(key, website, WEBSITE_CHARS_MAX),
            false => {
                words.add("Website", website);
                self
            }
        }
    }

    pub fn words(&mut self, words: Words) -> &mut Self {
        let text = words.0.join("\n");
        self.text("Description", &text, DESCRIPTION_CHARS_MAX)
    }

    pub fn done(self) -> Value {
        self.0.into()
    }
}

/// What CRM has no field for, one below the other.
#[derive(Default)]
pub struct Words(Vec<String>);

impl Words {
    pub fn add(&mut self, what: &str, text: &str) -> &mut Self {
        match text.trim() {
            "" => {}
            text if what.is_empty() => self.0.push(text.to_owned()),
            text => self.0.push(format!("{what}: {text}")),
        }
        self
    }

    pub fn of(contact: &Contact) -> Self {
        let mut words = Self::default();
        if contact.name.trim().chars().count() > NAME_CHARS_MAX {
            words.add("Full name", &contact.name);
        }
        words.add("Account number", &contact.account_number);
        words.add("Company number", &contact.company_number).add("Tax number", &contact.tax_number);
        words.add("Groups", &contact.groups().collect::<Vec<_>>().join(", "));
        if contact.is_archived() {
            // CRM has no accounts that are put away.
            words.add("", "Archived in Xero");
        }
        words
    }
}

pub fn phone(contact: &Contact, kinds: &[&str]) -> String {
    let written = |kind: &&str| {
        let of_kind = contact.phones.iter().find(|phone| phone.phone_type == *kind);
        of_kind.map(|phone| phone.written()).filter(|written| !written.is_empty())
    };
    kinds.iter().find_map(written).unwrap_or_default()
}

pub fn address<'a>(contact: &'a Contact, kind: &str) -> Option<&'a Address> {
    contact.addresses.iter().find(|address| address.address_type == kind && !address.is_empty())
}

/// What is printed of an account or a vendor.
pub fn fields() -> &'static [Field<Contact>] {
    &[
        Field {
            name: "name",
            authority: Authority::Xero,
            print: |contact, printer| {
                printer.text(Some(&contact.name));
            },
        },
        Field { name: "addresses", authority: Authority::Xero, print: print_addresses },
        Field { name: "phones", authority: Authority::Xero, print: print_phones },
        Field {
            name: "email",
            authority: Authority::Xero,
            print: |contact, printer| {
                printer.text(Some(&contact.email_address)).text(Some(&contact.website));
            },
        },
        Field {
            name: "words",
            authority: Authority::Xero,
            print: |contact, printer| {
                let mut groups: Vec<&str> = contact.groups().collect();
                groups.sort_unstable();
                for text in [&contact.account_number, &contact.company_number, &contact.tax_number] {
                    printer.text(Some(text));
                }
                printer.flag(contact.is_archived()).count(groups.len());
                groups.into_iter().for_each(|group| {
                    printer.text(Some(group));
                });
            },
        },
    ]
}

fn print_addresses(contact: &Contact, printer: &mut Printer) {
    for kind in ["POBOX", "STREET"] {
        print_address(address(contact, kind), printer);
    }
}

pub fn print_address(address: Option<&Address>, printer: &mut Printer) {
    let Some(address) = address else {
        printer.flag(false);
        return;
    };
    let lines: Vec<&str> = address.lines().collect();
    printer.flag(true).count(lines.len());
    lines.into_iter().for_each(|line| {
        printer.text(Some(line));
    });
    for part in [&address.city, &address.region, &address.postal_code, &address.country] {
        printer.text(Some(part));
    }
}

fn print_phones(contact: &Contact, printer: &mut Printer) {
    for kinds in [["DEFAULT"], ["OFFICE"], ["DDI"], ["MOBILE"], ["FAX"]] {
        printer.text(Some(&phone(contact, &kinds)));
    }
}

pub fn line() -> Line {
    Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
}

/// Whether CRM takes it for an address: something, an at, something with a dot, and nothing that an address has not.
pub fn is_email(text: &str) -> bool {
    let Some((before, after)) = text.split_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || ",;<>@()".contains(c));
    let is_short = text.chars().count() <= EMAIL_CHARS_MAX;
    plain(before) && plain(after) && after.contains('.') && !after.starts_with('.') && !after.ends_with('.') && is_short
}
