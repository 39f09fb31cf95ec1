//! A field of a module: what it may hold, and how `GET /settings/fields` shows it.

use std::borrow::Cow;

use rusqlite::{Connection, Row};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::module::Module;
use super::orgs::Org;
use super::standard;

/// The kinds of values, in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    TextArea,
    Email,
    Phone,
    Website,
    Picklist,
    MultiPicklist,
    Date,
    DateTime,
    Integer,
    BigInt,
    Double,
    Currency,
    Percent,
    Boolean,
    Lookup,
    OwnerLookup,
    UserLookup,
    Autonumber,
    Formula,
    Subform,
    /// Only here: a line's taxes, a product's taxes, a line's amount or percentage of discount, a record's tags, what a note hangs on.
    LineTax,
    ProductTax,
    Discount,
    Tags,
    Parent,
}

impl Kind {
    const ALL: &'static [(Kind, &'static str, u32, &'static str)] = &[
        (Kind::Text, "text", 255, "string"),
        (Kind::TextArea, "textarea", 32_000, "string"),
        (Kind::Email, "email", 100, "string"),
        (Kind::Phone, "phone", 30, "string"),
        (Kind::Website, "website", 450, "string"),
        (Kind::Picklist, "picklist", 120, "string"),
        (Kind::MultiPicklist, "multiselectpicklist", 2000, "jsonarray"),
        (Kind::Date, "date", 20, "string"),
        (Kind::DateTime, "datetime", 120, "string"),
        (Kind::Integer, "integer", 9, "integer"),
        (Kind::BigInt, "bigint", 18, "string"),
        (Kind::Double, "double", 16, "double"),
        (Kind::Currency, "currency", 16, "double"),
        (Kind::Percent, "percent", 5, "double"),
        (Kind::Boolean, "boolean", 5, "boolean"),
        (Kind::Lookup, "lookup", 120, "jsonobject"),
        (Kind::OwnerLookup, "ownerlookup", 120, "jsonobject"),
        (Kind::UserLookup, "userlookup", 120, "jsonobject"),
        (Kind::Autonumber, "autonumber", 120, "string"),
        (Kind::Formula, "formula", 255, "string"),
        (Kind::Subform, "subform", 500, "jsonarray"),
        (Kind::LineTax, "linetax", 500, "jsonarray"),
        (Kind::ProductTax, "producttax", 120, "jsonarray"),
        (Kind::Discount, "discount", 16, "string"),
        (Kind::Tags, "tags", 2000, "jsonarray"),
        (Kind::Parent, "parent", 120, "jsonobject"),
    ];

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, of, ..)| *of == name).map(|(kind, ..)| *kind)
    }

    fn row(self) -> &'static (Kind, &'static str, u32, &'static str) {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).unwrap_or(&Self::ALL[0])
    }

    /// `data_type` as the metadata names it.
    pub fn data_type(self) -> &'static str {
        match self {
            Self::ProductTax => "multiselectpicklist",
            Self::Discount => "currency",
            Self::Tags => "text",
            Self::Parent => "lookup",
            _ => self.row().1,
        }
    }

    pub fn length(self) -> u32 {
        self.row().2
    }

    pub fn json_type(self) -> &'static str {
        self.row().3
    }

    /// `details.expected_data_type` of a refusal.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Lookup | Self::OwnerLookup | Self::UserLookup | Self::Parent => "jsonobject",
            Self::MultiPicklist | Self::Subform | Self::LineTax | Self::ProductTax | Self::Tags => "jsonarray",
            other => other.data_type(),
        }
    }
}

/// No two records may share a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unique {
    pub case_sensitive: bool,
}

/// One field.
#[derive(Clone, Debug)]
pub struct Field {
    /// 0 for standard fields: theirs follows from their place, see `Org::field_id`.
    pub id: i64,
    pub api_name: Cow<'static, str>,
    pub label: Cow<'static, str>,
    pub kind: Kind,
    pub length: u32,
    pub mandatory: bool,
    pub read_only: bool,
    pub custom: bool,
    pub to: Option<Module>,
    pub values: Vec<String>,
    pub unique: Option<Unique>,
    /// `org` or `user`, and whether people see it.
    pub external: Option<(String, bool)>,
    /// What else was given when it was made, as it was given.
    pub more: Map<String, Value>,
}

impl Field {
    pub fn standard(api_name: &str, kind: Kind) -> Self {
        let label = match api_name.strip_suffix("__s").unwrap_or(api_name) {
            "Owner" => "Owner".to_owned(),
            name => name.replace('_', " "),
        };
        Self {
            id: 0,
            api_name: Cow::Owned(api_name.to_owned()),
            label: Cow::Owned(label),
            kind,
            length: kind.length(),
            mandatory: false,
            read_only: false,
            custom: false,
            to: None,
            values: Vec::new(),
            unique: None,
            external: None,
            more: Map::new(),
        }
    }

    /// Whether its values are kept in the index: what is unique, external, or looked for by an upsert.
    pub fn is_indexed(&self, module: Module) -> bool {
        self.unique.is_some()
            || self.external.is_some()
            || self.api_name == module.duplicate_check_field()
            || self.kind == Kind::Email
    }

    /// The value as the index keeps it.
    pub fn key(&self, value: &str) -> String {
        match self.unique {
            Some(Unique { case_sensitive: true }) => value.to_owned(),
            _ if self.external.is_some() => value.to_owned(),
            _ => value.to_lowercase(),
        }
    }

    /// As `GET /settings/fields` shows it.
    pub fn json(&self, org: &Org, module: Module, place: usize) -> Value {
        let id = if self.id == 0 { org.field_id(module, place) } else { self.id };
        let subform = self.kind == Kind::Subform;
        let precise = matches!(self.kind, Kind::Currency | Kind::Double | Kind::Percent);
        let mut json = json!({
            "id": id.to_string(), "api_name": self.api_name, "field_label": self.label, "display_label": self.label,
            "data_type": self.kind.data_type(), "json_type": self.kind.json_type(), "length": self.length,
            "system_mandatory": self.mandatory, "custom_field": self.custom, "read_only": self.read_only, "field_read_only": self.read_only,
            "visible": self.external.as_ref().is_none_or(|(_, show)| *show), "searchable": !subform, "sortable": !subform, "filterable": !subform,
            "webhook": true, "mass_update": !self.read_only && !subform, "businesscard_supported": !subform, "blueprint_supported": true,
            "display_field": self.api_name == module.display_field(), "virtual_field": subform, "separator": false, "quick_sequence_number": Value::Null,
            "created_source": if self.custom { "api" } else { "default" }, "sequence_number": place + 1, "display_type": -1, "ui_type": 1,
            "type": "used", "enable_colour_code": false, "pick_list_values_sorted_lexically": false, "available_in_user_layout": true,
        });
        let rest = json!({
            "decimal_place": if precise { json!(2) } else { Value::Null },
            "unique": self.unique.map_or_else(|| json!({}), |unique| json!({"casesensitive": unique.case_sensitive.to_string()})),
            "external": self.external.as_ref().map_or(Value::Null, |(kind, show)| json!({"type": kind, "show": show})),
            "view_type": {"view": true, "edit": !self.read_only, "create": !self.read_only, "quick_create": self.mandatory},
            "operation_type": {"web_update": !self.read_only, "api_create": !self.read_only, "web_create": !self.read_only, "api_update": !self.read_only},
            "lookup": {}, "multiselectlookup": {}, "multiuserlookup": {}, "formula": {}, "auto_number": {}, "currency": {}, "pick_list_values": [],
            "associated_module": Value::Null, "tooltip": Value::Null, "default_value": Value::Null, "crypt": Value::Null, "subform": Value::Null,
            "profiles": org.profiles().map(|profile| json!({"id": profile.id.to_string(), "name": profile.name, "permission_type": "read_write"})),
        });
        extend(&mut json, &rest);
        if let (Kind::Lookup | Kind::Parent, to) = (self.kind, self.to) {
            let module = to.map_or_else(|| json!({"api_name": "se_module", "id": Value::Null}), |to| org.module_json(to));
            json["lookup"] =
                json!({"display_label": self.label, "api_name": self.api_name, "module": module, "id": id.to_string()});
        }
        if let (Kind::Subform, Some(to)) = (self.kind, self.to) {
            json["associated_module"] = json!({"module": to.api_name(), "id": org.module_id(to).to_string()});
        }
        if self.kind == Kind::Currency {
            json["currency"] = json!({"rounding_option": "normal", "precision": 2});
        }
        if self.kind == Kind::Autonumber {
            json["auto_number"] = json!({"prefix": Value::Null, "suffix": Value::Null, "start_number": 1});
        }
        if !self.values.is_empty() {
            let values = self.values.iter().enumerate();
            let none = (!self.mandatory && self.kind == Kind::Picklist).then(|| pick_list_value("-None-", id, 0));
            let values = values.map(|(at, value)| pick_list_value(value, id, at + 1));
            json["pick_list_values"] = none.into_iter().chain(values).collect();
        }
        extend(&mut json, &Value::Object(self.more.clone()));
        json
    }
}

/// Puts the members of one object into another.
pub fn extend(json: &mut Value, more: &Value) {
    if let (Value::Object(json), Value::Object(more)) = (json, more) {
        json.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

fn pick_list_value(value: &str, field: i64, at: usize) -> Value {
    let id = field % 1_000_000_000_000_000 * 1000 + at as i64;
    json!({"display_value": value, "actual_value": value, "reference_value": value, "sequence_number": at + 1, "type": "used", "id": id.to_string()})
}

/// Every field of a module in an organisation: the standard ones, then its own.
pub struct Fields {
    standard: &'static [Field],
    pub custom: Vec<Field>,
    /// Standard fields that the organisation has changed.
    changed: Vec<Field>,
}

impl Fields {
    pub fn of(connection: &Connection, org: &Org, module: Module) -> Result<Self, Refusal> {
        let mut statement = connection.prepare_cached(
            "SELECT id, api_name, label, data_type, length, is_unique, case_sensitive, external, shown, choices, target, more
             FROM zoho_crm_field WHERE org = ?1 AND module = ?2 ORDER BY id",
        )?;
        let custom = statement.query_map((org.id, module as i64), from_row)?.collect::<Result<Vec<_>, _>>()?;
        // What the organisation decides about standard fields; few, so they are copied and shadow the originals.
        let mut own = Vec::new();
        for field in standard::fields(module) {
            let mut changed = field.clone();
            if field.api_name == "Currency" {
                changed.values = org.currencies(connection)?;
            } else if let Some(unique) = org.unique(module, &field.api_name) {
                changed.unique = Some(unique);
            } else {
                continue;
            }
            own.push(changed);
        }
        Ok(Self { standard: standard::fields(module), custom, changed: own })
    }

    /// With the place of each, which gives standard fields their ids.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Field)> {
        let changed =
            |field: &'static Field| self.changed.iter().find(|changed| changed.api_name == field.api_name).unwrap_or(field);
        let standard = self.standard.iter().map(changed);
        standard.chain(&self.custom).enumerate()
    }

    pub fn named(&self, api_name: &str) -> Option<&Field> {
        let changed = || self.changed.iter().find(|field| field.api_name == api_name);
        let standard = || self.standard.iter().find(|field| field.api_name == api_name);
        changed().or_else(standard).or_else(|| self.custom.iter().find(|field| field.api_name == api_name))
    }
}

fn from_row(row: &Row) -> rusqlite::Result<Field> {
    let kind: String = row.get(3)?;
    let unique: bool = row.get(5)?;
    let external: Option<String> = row.get(7)?;
    let shown: bool = row.get(8)?;
    let (choices, more): (String, String) = (row.get(9)?, row.get(11)?);
    Ok(Field {
        id: row.get(0)?,
        api_name: Cow::Owned(row.get(1)?),
        label: Cow::Owned(row.get(2)?),
        kind: Kind::named(&kind).unwrap_or(Kind::Text),
        length: row.get(4)?,
        mandatory: false,
        read_only: matches!(kind.as_str(), "formula" | "autonumber"),
        custom: true,
        to: row.get::<_, Option<i64>>(10)?.and_then(Module::numbered),
        values: serde_json::from_str(&choices).unwrap_or_default(),
        unique: unique.then_some(Unique { case_sensitive: row.get(6)? }),
        external: external.map(|kind| (kind, shown)),
        more: serde_json::from_str(&more).unwrap_or_default(),
    })
}
