//! X-EXTERNAL: records, lookups and line items named by a field that another system fills.

use super::answer::Refusal;
use super::desk::Desk;
use super::field::{Field, Fields};
use super::module::Module;
use super::record;

/// The header's paths: `Contacts.Xero_Contact_ID`, `Contacts.Account_Name.Xero_ID`, `Quotes.Quoted_Items.Product_Name.Xero_ID`.
#[derive(Clone, Debug, Default)]
pub struct External {
    paths: Vec<Vec<String>>,
}

impl External {
    pub fn parse(header: Option<&str>) -> Self {
        let paths = header.unwrap_or_default().split(',').map(str::trim).filter(|path| !path.is_empty());
        Self { paths: paths.map(|path| path.split('.').map(str::to_owned).collect()).collect() }
    }

    /// The field that names records of this module.
    pub fn of_records(&self, module: Module) -> Option<&str> {
        self.under(&[module.api_name()])
    }

    /// The field that names what a lookup points at; `places` is the module and then the lookup, or module, subform, lookup.
    pub fn under(&self, places: &[&str]) -> Option<&str> {
        let fits = |path: &&Vec<String>| {
            path.len() == places.len() + 1 && places.iter().zip(path.iter()).all(|(place, part)| place == part)
        };
        self.paths.iter().find(fits).and_then(|path| path.last()).map(String::as_str)
    }
}

/// The external field of this name, or the refusal that there is none.
pub fn field<'a>(fields: &'a Fields, name: &str, path: &str) -> Result<&'a Field, Refusal> {
    let field = fields.named(name).filter(|field| field.external.is_some());
    field.ok_or_else(|| refused("The value of the external field is invalid.", name, path))
}

/// The record whose external field has this value.
pub fn find(desk: &Desk, module: Module, name: &str, value: &str, path: &str) -> Result<Option<i64>, Refusal> {
    let fields = desk.fields(module)?;
    let field = field(&fields, name, path)?;
    Ok(record::find(desk, module, field, value)?.first().copied())
}

/// As `find`, where nothing found is a refusal.
pub fn need(desk: &Desk, module: Module, name: &str, value: &str, path: &str) -> Result<i64, Refusal> {
    find(desk, module, name, value, path)?.ok_or_else(|| refused("The value of the external field is invalid.", name, path))
}

/// What an address or a list of ids names: an id, or with the header a value of the external field. None: nothing has it.
pub fn id(desk: &Desk, module: Module, named: &str) -> Result<Option<i64>, Refusal> {
    match desk.external.of_records(module) {
        Some(field) => find(desk, module, field, named, "$"),
        None => Ok(named.parse().ok()),
    }
}

fn refused(message: &str, name: &str, path: &str) -> Refusal {
    Refusal::new("INVALID_DATA", message, serde_json::json!({"api_name": name, "json_path": path}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_their_length() {
        let header = "Quotes.Xero_ID, Quotes.Account_Name.Xero_Account,Quotes.Quoted_Items.Product_Name.Products_External";
        let external = External::parse(Some(header));
        assert_eq!(external.of_records(Module::Quotes), Some("Xero_ID"));
        assert_eq!(external.of_records(Module::Contacts), None);
        assert_eq!(external.under(&["Quotes", "Account_Name"]), Some("Xero_Account"));
        assert_eq!(external.under(&["Quotes", "Quoted_Items", "Product_Name"]), Some("Products_External"));
        assert_eq!(External::parse(None).of_records(Module::Quotes), None);
    }
}
