//! A newcomer as staff describe them: checked here once, trusted afterwards.

use connectors::{flows, zoho};

use crate::error::Error;

/// Where a customer's books are kept, which decides taxes and the seeds of defaults.
pub const REGIONS: &[&str] = &["nz", "au", "uk", "us", "eu", "ca", "in", "jp", "sa", "cn", "other"];

const NAME_CHARS_MAX: usize = 200;
const EMAIL_CHARS_MAX: usize = 254;
const LOCAL_PART_CHARS_MAX: usize = 64;
const LABEL_CHARS_MAX: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    pub name: String,
    pub contact_email: String,
    pub region: String,
    pub products: Vec<String>,
}

impl Newcomer {
    pub fn parse(name: &str, contact_email: &str, region: &str, products: &[String]) -> Result<Self, Error> {
        let name = name.trim();
        let chars = name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            return Err(Error::bad_input("name", format!("the name must have 1 to {NAME_CHARS_MAX} characters")));
        }
        if name.chars().any(char::is_control) {
            return Err(Error::bad_input("name", "the name must be one line of text"));
        }
        let contact_email = contact_email.trim();
        if !is_email(contact_email) {
            return Err(Error::bad_input("contactEmail", "the contact e-mail must be one address such as ann@example.com"));
        }
        let region = region.trim().to_lowercase();
        if !REGIONS.contains(&region.as_str()) {
            return Err(Error::bad_input("region", format!("the region must be one of {}", REGIONS.join(", "))));
        }
        Ok(Self { name: name.to_owned(), contact_email: contact_email.to_owned(), region, products: parse_products(products)? })
    }
}

/// What can be joined to Xero.
pub fn products_known() -> Vec<&'static str> {
    zoho::PRODUCTS.iter().map(|product| product.key).filter(|key| flows::of(key).next().is_some()).collect()
}

fn parse_products(asked: &[String]) -> Result<Vec<String>, Error> {
    let mut products: Vec<String> = Vec::new();
    for product in asked {
        let product = product.trim().to_lowercase();
        if !products_known().contains(&product.as_str()) {
            return Err(Error::bad_input("products", format!("products must be of: {}", products_known().join(", "))));
        }
        if !products.contains(&product) {
            products.push(product);
        }
    }
    if products.is_empty() {
        return Err(Error::bad_input("products", format!("name at least one product of: {}", products_known().join(", "))));
    }
    Ok(products)
}

/// One plain address. Stricter than the standard, which allows quotes and comments that no customer has and every mail server distrusts.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let local_is_fine = !local.is_empty()
        && local.len() <= LOCAL_PART_CHARS_MAX
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte));
    let label_is_fine = |label: &str| {
        !label.is_empty()
            && label.len() <= LABEL_CHARS_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= EMAIL_CHARS_MAX && local_is_fine && domain.contains('.') && domain.split('.').all(label_is_fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, contact_email: &str, region: &str, products: &[&str]) -> Option<&'static str> {
        let products: Vec<String> = products.iter().map(|one| (*one).to_owned()).collect();
        match Newcomer::parse(name, contact_email, region, &products) {
            Ok(_) => None,
            Err(Error::BadInput { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_good_newcomer_is_taken_and_tidied() {
        let newcomer =
            Newcomer::parse("  Kōwhai Ltd ", " ann+books@kowhai.co.nz", "NZ", &["Books".to_owned(), "books".to_owned()]).unwrap();
        assert_eq!(newcomer.name, "Kōwhai Ltd");
        assert_eq!(newcomer.contact_email, "ann+books@kowhai.co.nz");
        assert_eq!(newcomer.region, "nz");
        assert_eq!(newcomer.products, ["books"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = "x".repeat(201);
        assert_eq!(field(" ", "a@b.cd", "nz", &["books"]), Some("name"));
        assert_eq!(field(&long, "a@b.cd", "nz", &["books"]), Some("name"));
        assert_eq!(field("a\r\nBcc: x", "a@b.cd", "nz", &["books"]), Some("name"));
        assert_eq!(field("A", "a@b.cd", "mars", &["books"]), Some("region"));
        assert_eq!(field("A", "a@b.cd", "nz", &[]), Some("products"));
        assert_eq!(field("A", "a@b.cd", "nz", &["boks"]), Some("products"));
        assert_eq!(field(&long[..200], "a@b.cd", "nz", &["books"]), None);
    }

    #[test]
    fn an_address_that_a_header_could_be_broken_with_is_none() {
        for bad in [
            "",
            "ann",
            "@b.cd",
            "ann@",
            "ann@localhost",
            "ann@b..cd",
            "ann@-b.cd",
            ".ann@b.cd",
            "an n@b.cd",
            "ann@b.cd,eve@b.cd",
            "ann@b.cd\r\nBcc: eve@b.cd",
            "Ann <ann@b.cd>",
            "ann@bücher.example",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(is_email("o'brien.j+x@mail.b-c.co.uk"));
    }
}
