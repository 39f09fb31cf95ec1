//! Rules: what sets tracking in Xero, and which custom field of Zoho's stands for which place there.

mod reading;
mod views;

use std::time::Duration;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use jobs::rules as kept;
use jobs::rules::trial::SAMPLE_MAX;
use jobs::visit::Away;

use super::find;
use super::flows::Flow;
use super::links::Link;
use crate::error::Error;
use reading::read_all;

/// Documents that are tried where nobody says how many.
const SAMPLE: usize = 10;

#[derive(Default)]
pub struct RuleQuery;

#[derive(Default)]
pub struct RuleMutation;

/// Sets a tracking category of Xero's by what a record of Zoho's says. Of two rules for one category the first that gives a value wins.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TrackingRuleInput")]
pub struct TrackingRule {
    source: TrackingSource,
    /// Nothing: the value is the option's name.
    transform: Option<TrackingTransform>,
    /// `TrackingCategoryID` of an active tracking category.
    category: String,
    /// What happens where Xero has no such option. Nothing: the record is held.
    missing: Option<MissingOption>,
}

/// Where in Zoho the value stands. A line's own value comes before its document's.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TrackingSourceInput")]
struct TrackingSource {
    kind: TrackingSourceKind,
    /// For `TAG`.
    tag_id: Option<String>,
    /// For the kinds of fields: `cf_region`.
    api_name: Option<String>,
    /// For `CONSTANT`.
    value: Option<String>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
enum TrackingSourceKind {
    /// A reporting tag of the line, else of the document.
    Tag,
    DocumentField,
    LineField,
    /// A custom field of the document's contact.
    ContactField,
    /// The location, which older organisations call branch.
    Location,
    Project,
    Salesperson,
    /// A field of the deal in Zoho CRM that the document was made out of. CRM has to be linked by the same consent.
    DealField,
    Constant,
}

/// From a value to the name of an option: by a table or by a prefix.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TrackingTransformInput")]
struct TrackingTransform {
    /// A value that stands in no row goes as it is.
    rows: Option<Vec<TableRow>>,
    prefix: Option<String>,
}

/// A value of Zoho's, by its name or id, and an option of Xero's, by its name or id.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "TableRowInput")]
struct TableRow {
    from: String,
    to: String,
}

/// What happens where Xero has no such option.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "MissingOptionInput")]
struct MissingOption {
    kind: MissingOptionKind,
    /// For `DEFAULT`: the name or id of the option that is taken instead.
    option: Option<String>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
enum MissingOptionKind {
    Hold,
    /// It is created in Xero.
    Create,
    Default,
}

/// Joins a custom field of Zoho's to a place in Xero.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "FieldRuleInput")]
pub struct FieldRule {
    /// The kind of record, by its key: `books.invoices`.
    flow: String,
    direction: RuleDirection,
    /// What people call the field. Needed where it is made.
    label: Option<String>,
    /// Zoho's name for it: `cf_delivery`.
    api_name: Option<String>,
    data_type: CustomFieldType,
    /// The choices of a drop-down.
    options: Option<Vec<String>>,
    /// The field, and the choices it lacks, are made in Zoho.
    create: Option<bool>,
    carrier: XeroPlace,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
enum RuleDirection {
    ToZoho,
    ToXero,
    Both,
}

/// A place in Xero's records that carries the value.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "XeroPlaceInput")]
struct XeroPlace {
    place: XeroPlaceKind,
    /// For `LINE_PART`: `Label: value` is a line of its own in the description of the first line.
    label: Option<String>,
    /// For `TRACKING`: the id of the tracking category.
    category: Option<String>,
    /// For `PHONE`.
    phone: Option<PhoneKind>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
enum XeroPlaceKind {
    Reference,
    LinePart,
    Tracking,
    AccountNumber,
    CompanyNumber,
    TaxNumber,
    EmailAddress,
    /// Read-only in Xero.
    Website,
    Phone,
    DeliveryInstructions,
    Terms,
    Narration,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "connectors::xero::PhoneKind")]
enum PhoneKind {
    Default,
    Ddi,
    Mobile,
    Fax,
}

/// What a custom field holds, in Zoho's words.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "connectors::rules::DataType")]
enum CustomFieldType {
    String,
    Multiline,
    Email,
    Phone,
    Url,
    Number,
    Decimal,
    Amount,
    Percent,
    Date,
    DateTime,
    CheckBox,
    Dropdown,
    Multiselect,
    /// Carried to Xero by the other record's name.
    Lookup,
    Autonumber,
    Formula,
    Attachment,
}

/// One thing about the rules, with its place.
#[derive(SimpleObject)]
struct RuleProblem {
    /// `rules[0].category`.
    path: String,
    /// Stable: `NO_OPTION`, `NO_FIELD`, `READ_ONLY`, …
    code: String,
    sentence: String,
    /// The values that it is about, as far as there are not too many.
    values: Vec<String>,
    /// Nothing is kept while there is such a problem. Others are only worth knowing.
    blocks: bool,
}

/// What became of the wish to set rules.
#[derive(SimpleObject)]
struct SetRulesPayload {
    /// Whether the rules are kept. Otherwise those from before stand.
    stands: bool,
    problems: Vec<RuleProblem>,
    /// How many records were held for a rule and are tried again now.
    retried: u64,
    link: Link,
}

/// What there is on both sides for a kind of record.
#[derive(SimpleObject)]
struct CustomFields {
    flow: Flow,
    zoho: Vec<CustomField>,
    /// How many of Zoho's newest records were looked at.
    zoho_sample: usize,
    xero: Vec<XeroPlaceCount>,
    /// How many of Xero's newest records were looked at.
    xero_sample: usize,
}

/// A custom field of Zoho's.
#[derive(SimpleObject)]
struct CustomField {
    label: String,
    api_name: String,
    /// Zoho's word.
    data_type: String,
    is_unique: bool,
    /// The choices of a drop-down.
    options: Vec<String>,
    /// How many of the records looked at say something there.
    count: usize,
}

/// A place in Xero.
#[derive(SimpleObject)]
struct XeroPlaceCount {
    /// What people call it.
    name: String,
    carrier: XeroPlace,
    is_read_only: bool,
    /// How many of the records looked at have something there.
    count: usize,
}

/// What rules would do with the newest documents. Nothing was written.
#[derive(SimpleObject)]
struct RuleTrial {
    /// What would be told when these rules are set.
    problems: Vec<RuleProblem>,
    documents: Vec<TriedDocument>,
}

/// A document of Zoho's, and what it would get in Xero.
#[derive(SimpleObject)]
struct TriedDocument {
    flow: Flow,
    zoho_id: String,
    number: String,
    lines: Vec<TriedLine>,
    /// The code of why it would be held.
    held: Option<String>,
    /// Why, in a sentence.
    reason: Option<String>,
}

#[derive(SimpleObject)]
struct TriedLine {
    /// What the line says.
    name: String,
    tracking: Vec<TriedOption>,
}

#[derive(SimpleObject)]
struct TriedOption {
    category: String,
    option: String,
    /// It would be created in Xero.
    is_new: bool,
}

#[Object]
impl RuleQuery {
    /// What exists on both sides for rules to join: custom fields in Zoho and places in Xero, with how many of the newest records use them.
    async fn custom_fields(&self, context: &Context<'_>, link_id: ID, flow: String) -> Result<CustomFields, Error> {
        let link = find::link(context, &link_id).await?;
        let found = kept::discover::discover(find::state(context)?, &link, &flow).await.map_err(away)?;
        match found {
            Some(found) => Ok(CustomFields::of(&flow, found)),
            None => Err(Error::bad_input("flow", format!("{flow:?} has no custom fields that a rule can carry"))),
        }
    }

    /// Tries rules on the newest invoices, bills and credit notes of Zoho's, at most 25 together, and says what each would get. Nothing is
    /// written and nothing is kept.
    async fn test_tracking_rules(
        &self,
        context: &Context<'_>,
        link_id: ID,
        rules: Vec<TrackingRule>,
        sample: Option<i32>,
    ) -> Result<RuleTrial, Error> {
        let link = find::link(context, &link_id).await?;
        let sample = match sample.map_or(Ok(SAMPLE), usize::try_from) {
            Ok(sample) if (1..=SAMPLE_MAX).contains(&sample) => sample,
            _ => return Err(Error::bad_input("sample", format!("1 to {SAMPLE_MAX} documents"))),
        };
        let rules = read_all(rules, TrackingRule::read)?;
        let trial = kept::trial::trial(find::state(context)?, &link, rules, sample).await.map_err(away)?;
        Ok(RuleTrial::of(trial))
    }
}

#[Object]
impl RuleMutation {
    /// Sets the link's tracking rules, all of them anew, if nothing about them is wrong. `acceptUnmapped`: values that have no option now do
    /// not stand in the way; records that say them are held.
    async fn set_tracking_rules(
        &self,
        context: &Context<'_>,
        link_id: ID,
        rules: Vec<TrackingRule>,
        accept_unmapped: Option<bool>,
    ) -> Result<SetRulesPayload, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        let rules = read_all(rules, TrackingRule::read)?;
        let accept = accept_unmapped.unwrap_or(false);
        let told = kept::set_tracking(find::state(context)?, &link, rules, accept, &by).await.map_err(away)?;
        SetRulesPayload::of(link, told)
    }

    /// Sets the link's rules for custom fields, all of them anew, if nothing about them is wrong. Fields that are to be made are made in
    /// Zoho at once.
    async fn set_field_rules(&self, context: &Context<'_>, link_id: ID, rules: Vec<FieldRule>) -> Result<SetRulesPayload, Error> {
        let by = find::author(context)?;
        let link = find::link(context, &link_id).await?;
        let rules = read_all(rules, FieldRule::read)?;
        let told = kept::set_fields(find::state(context)?, &link, rules, &by).await.map_err(away)?;
        SetRulesPayload::of(link, told)
    }
}

/// The rules that a link has.
pub async fn of(context: &Context<'_>, link: &entities::link::Model) -> Result<(Vec<TrackingRule>, Vec<FieldRule>), Error> {
    let found = kept::found(find::state(context)?, link.tenant_id, link.id).await?;
    Ok((found.tracking.into_iter().map(TrackingRule::of).collect(), found.fields.into_iter().map(FieldRule::of).collect()))
}

/// A visit that came to nothing, for who waited for it.
fn away(away: Away) -> Error {
    match away {
        Away::Busy(after) => Error::RateLimited { after: after.max(Duration::from_secs(1)) },
        Away::Closed(sentence) => Error::Conflict(sentence),
        Away::Failed(failure) => Error::Internal(failure),
    }
}
