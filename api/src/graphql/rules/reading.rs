//! Rules as staff write them, read into the words of the house and back.

use connectors::rules::{self, DataType, Missing, Source, Transform};
use connectors::xero::{self, Carrier};

use super::{
    FieldRule, MissingOption, MissingOptionKind, RuleDirection, TableRow, TrackingRule, TrackingSource, TrackingSourceKind,
    TrackingTransform, XeroPlace, XeroPlaceKind,
};
use crate::error::Error;

/// Texts of a rule: a text of a custom field is no longer.
const TEXT_CHARS_MAX: usize = 255;

pub fn read_all<From, To>(all: Vec<From>, read: impl Fn(From) -> Result<To, String>) -> Result<Vec<To>, Error> {
    let one = |(n, one)| read(one).map_err(|sentence| Error::bad_input("rules", format!("rules[{n}].{sentence}")));
    all.into_iter().enumerate().map(one).collect()
}

/// A text that must be there.
fn text(path: &str, text: Option<String>) -> Result<String, String> {
    match text {
        Some(text) if text.chars().count() <= TEXT_CHARS_MAX => Ok(text),
        Some(_) => Err(format!("{path}: at most {TEXT_CHARS_MAX} characters")),
        None => Err(format!("{path} is missing")),
    }
}

impl TrackingRule {
    pub fn read(self) -> Result<rules::TrackingRule, String> {
        let api_name = |source: Option<String>| text("source.apiName", source);
        let source = match self.source.kind {
            TrackingSourceKind::Tag => Source::Tag { tag_id: text("source.tagId", self.source.tag_id)? },
            TrackingSourceKind::DocumentField => Source::DocumentField { api_name: api_name(self.source.api_name)? },
            TrackingSourceKind::LineField => Source::LineField { api_name: api_name(self.source.api_name)? },
            TrackingSourceKind::ContactField => Source::ContactField { api_name: api_name(self.source.api_name)? },
            TrackingSourceKind::Location => Source::Location,
            TrackingSourceKind::Project => Source::Project,
            TrackingSourceKind::Salesperson => Source::Salesperson,
            TrackingSourceKind::DealField => Source::DealField { api_name: api_name(self.source.api_name)? },
            TrackingSourceKind::Constant => Source::Constant { value: text("source.value", self.source.value)? },
        };
        let transform = match self.transform {
            None | Some(TrackingTransform { rows: None, prefix: None }) => Transform::AsIs,
            Some(TrackingTransform { rows: Some(_), prefix: Some(_) }) => {
                return Err("transform: `rows` or `prefix`, not both".to_owned());
            }
            Some(TrackingTransform { rows: None, prefix }) => Transform::Prefix { prefix: text("transform.prefix", prefix)? },
            Some(TrackingTransform { rows: Some(rows), prefix: None }) => {
                let row = |row: TableRow| {
                    Ok(rules::Row { from: text("transform.rows", Some(row.from))?, to: text("transform.rows", Some(row.to))? })
                };
                Transform::Table { rows: rows.into_iter().map(row).collect::<Result<_, String>>()? }
            }
        };
        let missing = match self.missing {
            None | Some(MissingOption { kind: MissingOptionKind::Hold, .. }) => Missing::Hold,
            Some(MissingOption { kind: MissingOptionKind::Create, .. }) => Missing::Create,
            Some(MissingOption { kind: MissingOptionKind::Default, option }) => {
                Missing::Default { option: text("missing.option", option)? }
            }
        };
        Ok(rules::TrackingRule { source, transform, category: text("category", Some(self.category))?, missing })
    }

    pub fn of(rule: rules::TrackingRule) -> Self {
        let bare = |kind| TrackingSource { kind, tag_id: None, api_name: None, value: None };
        let field = |kind, api_name| TrackingSource { api_name: Some(api_name), ..bare(kind) };
        let source = match rule.source {
            Source::Tag { tag_id } => TrackingSource { tag_id: Some(tag_id), ..bare(TrackingSourceKind::Tag) },
            Source::DocumentField { api_name } => field(TrackingSourceKind::DocumentField, api_name),
            Source::LineField { api_name } => field(TrackingSourceKind::LineField, api_name),
            Source::ContactField { api_name } => field(TrackingSourceKind::ContactField, api_name),
            Source::Location => bare(TrackingSourceKind::Location),
            Source::Project => bare(TrackingSourceKind::Project),
            Source::Salesperson => bare(TrackingSourceKind::Salesperson),
            Source::DealField { api_name } => field(TrackingSourceKind::DealField, api_name),
            Source::Constant { value } => TrackingSource { value: Some(value), ..bare(TrackingSourceKind::Constant) },
        };
        let transform = match rule.transform {
            Transform::AsIs => None,
            Transform::Prefix { prefix } => Some(TrackingTransform { rows: None, prefix: Some(prefix) }),
            Transform::Table { rows } => {
                let rows = rows.into_iter().map(|row| TableRow { from: row.from, to: row.to });
                Some(TrackingTransform { rows: Some(rows.collect()), prefix: None })
            }
        };
        let missing = match rule.missing {
            Missing::Hold => MissingOption { kind: MissingOptionKind::Hold, option: None },
            Missing::Create => MissingOption { kind: MissingOptionKind::Create, option: None },
            Missing::Default { option } => MissingOption { kind: MissingOptionKind::Default, option: Some(option) },
        };
        Self { source, transform, category: rule.category, missing: Some(missing) }
    }
}

impl FieldRule {
    pub fn read(self) -> Result<rules::FieldRule, String> {
        if self.label.is_none() && self.api_name.is_none() {
            return Err("apiName: say `apiName`, or `label` where the field is to be made".to_owned());
        }
        let options = self.options.unwrap_or_default();
        Ok(rules::FieldRule {
            flow: text("flow", Some(self.flow))?,
            direction: match self.direction {
                RuleDirection::ToZoho => rules::Direction::ToZoho,
                RuleDirection::ToXero => rules::Direction::ToXero,
                RuleDirection::Both => rules::Direction::Both,
            },
            label: text("label", self.label.or(Some(String::new())))?,
            api_name: text("apiName", self.api_name.or(Some(String::new())))?,
            data_type: DataType::from(self.data_type),
            options: options.into_iter().map(|option| text("options", Some(option))).collect::<Result<_, _>>()?,
            create: self.create.unwrap_or(false),
            carrier: self.carrier.read()?,
        })
    }

    pub fn of(rule: rules::FieldRule) -> Self {
        Self {
            flow: rule.flow,
            direction: match rule.direction {
                rules::Direction::ToZoho => RuleDirection::ToZoho,
                rules::Direction::ToXero => RuleDirection::ToXero,
                rules::Direction::Both => RuleDirection::Both,
            },
            label: Some(rule.label),
            api_name: Some(rule.api_name),
            data_type: rule.data_type.into(),
            options: Some(rule.options),
            create: Some(rule.create),
            carrier: XeroPlace::of(&rule.carrier),
        }
    }
}

impl XeroPlace {
    fn read(self) -> Result<Carrier, String> {
        Ok(match self.place {
            XeroPlaceKind::Reference => Carrier::Reference,
            XeroPlaceKind::LinePart => Carrier::LinePart { label: text("carrier.label", self.label)? },
            XeroPlaceKind::Tracking => Carrier::Tracking { category: text("carrier.category", self.category)? },
            XeroPlaceKind::AccountNumber => Carrier::AccountNumber,
            XeroPlaceKind::CompanyNumber => Carrier::CompanyNumber,
            XeroPlaceKind::TaxNumber => Carrier::TaxNumber,
            XeroPlaceKind::EmailAddress => Carrier::EmailAddress,
            XeroPlaceKind::Website => Carrier::Website,
            XeroPlaceKind::Phone => {
                Carrier::Phone { kind: self.phone.map(xero::PhoneKind::from).ok_or("carrier.phone is missing")? }
            }
            XeroPlaceKind::DeliveryInstructions => Carrier::DeliveryInstructions,
            XeroPlaceKind::Terms => Carrier::Terms,
            XeroPlaceKind::Narration => Carrier::Narration,
        })
    }

    pub fn of(carrier: &Carrier) -> Self {
        let bare = |place| Self { place, label: None, category: None, phone: None };
        match carrier {
            Carrier::Reference => bare(XeroPlaceKind::Reference),
            Carrier::LinePart { label } => Self { label: Some(label.clone()), ..bare(XeroPlaceKind::LinePart) },
            Carrier::Tracking { category } => Self { category: Some(category.clone()), ..bare(XeroPlaceKind::Tracking) },
            Carrier::AccountNumber => bare(XeroPlaceKind::AccountNumber),
            Carrier::CompanyNumber => bare(XeroPlaceKind::CompanyNumber),
            Carrier::TaxNumber => bare(XeroPlaceKind::TaxNumber),
            Carrier::EmailAddress => bare(XeroPlaceKind::EmailAddress),
            Carrier::Website => bare(XeroPlaceKind::Website),
            Carrier::Phone { kind } => Self { phone: Some((*kind).into()), ..bare(XeroPlaceKind::Phone) },
            Carrier::DeliveryInstructions => bare(XeroPlaceKind::DeliveryInstructions),
            Carrier::Terms => bare(XeroPlaceKind::Terms),
            Carrier::Narration => bare(XeroPlaceKind::Narration),
        }
    }
}
