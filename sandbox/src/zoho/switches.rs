//! Open questions about Zoho: what no document settles, and how the sandbox answers it.

use crate::switches::Switch;

const fn ask(name: &'static str, default: bool, says: &'static str) -> Switch {
    Switch { name, default, says }
}

/// Where in doubt the default is the strict answer.
pub const ALL: &[Switch] = &[
    ask("zoho.contact_names_unique_across_types", true, "A customer and a vendor cannot have the same contact_name (3062)."),
    ask("zoho.item_names_unique", true, "Two items cannot have the same name."),
    ask("zoho.account_codes_unique", true, "Two accounts cannot have the same account_code."),
    ask("zoho.bill_numbers_unique_per_vendor", false, "A vendor cannot send two bills with the same number."),
    ask("zoho.undocumented_lengths", true, "Texts whose greatest length is only guessed are refused when longer."),
    ask("zoho.free_text_lines", true, "A line may do without item_id when it has a name or a description."),
    ask("zoho.inactive_records_refuse_documents", false, "Documents cannot name inactive contacts, items or accounts."),
    ask("zoho.due_date_not_before_date", true, "A due date before the date of its document is refused."),
    ask("zoho.document_currency_is_the_contacts", true, "A document's currency must be that of its contact."),
    ask("zoho.totals_follow_currency_decimals", true, "Totals have as many decimals as their currency, yen none."),
    ask(
        "zoho.lines_are_rounded_before_their_discount",
        true,
        "A line is rounded, then its percentage is taken and rounded; off: rounded once, after.",
    ),
    ask("zoho.zero_total_is_paid", true, "A document with a total of zero is paid as soon as it is not a draft."),
    ask("zoho.partly_paid_can_be_overdue", false, "A partly paid document past its due date is shown as overdue."),
    ask("zoho.paid_documents_can_be_deleted", false, "Deleting a document with payments frees them instead of being refused."),
    ask("zoho.upsert_stores_header_value", false, "An upsert that creates stores the header's value though the body does not."),
    ask(
        "zoho.upsert_needs_auto_number_flag",
        true,
        "An upsert keeps the caller's invoice number only with ignore_auto_number_generation=true.",
    ),
    ask("zoho.partial_custom_fields_keep_others", true, "Custom fields that a PUT does not name keep their values."),
    ask("zoho.entity_spellings_lenient", true, "settings/fields also takes plurals and spellings without underscores as entity."),
    ask("zoho.bulk_calls_take_25_ids", true, "A bulk call that names more than 25 ids is refused."),
    ask(
        "zoho.last_modified_time_filters_every_list",
        false,
        "last_modified_time filters also the lists where it is not documented.",
    ),
    ask("zoho.customer_payments_list_key_has_an_underscore", false, "The list of customer payments is under customer_payments."),
    ask("zoho.bearer_is_accepted", true, "`Authorization: Bearer` works like `Zoho-oauthtoken`."),
    ask("zoho.pkce_is_checked", true, "When a challenge was sent, the code needs its verifier."),
    ask(
        "zoho.webhook_signature_covers_parameters",
        true,
        "A webhook's signature is over the sorted parameters of address and form and then the body; off: over the body alone.",
    ),
    ask(
        "zoho.webhook_signature_is_timed",
        false,
        "A webhook's signature is `t=<ms>,v=<hex>` over time, dot and body, as at Zoho Payments.",
    ),
    ask(
        "zoho.approved_expenses_reach_books",
        true,
        "The expenses of an approved report of Expense become expenses of Books, and a reimbursement a journal; off: they stay in Expense.",
    ),
    ask("zoho.webhooks_are_tried_again", true, "A webhook that its receiver refuses is sent again after 1, 5 and 30 minutes."),
    ask(
        "zoho.tags_keep_to_their_level",
        true,
        "A reporting tag of lines cannot be put on a whole record, nor one of transactions on a line.",
    ),
    ask("zoho.reporting_tags_have_no_envelope", false, "Answers of reportingtags carry neither code nor message."),
    ask(
        "zoho.fields_can_be_made_in_every_product",
        false,
        "Custom fields can be created and changed through Inventory and Invoice too, not through Books alone.",
    ),
    ask("zoho.codes_live_one_minute", false, "A code is over after one minute instead of two."),
    ask(
        "zoho.grant_tokens_are_throttled",
        false,
        "The eleventh consent in ten minutes comes back with access_denied; off, so that a suite may consent as often as it needs.",
    ),
    ask("zoho.token_throttle_is_400", false, "The eleventh access token in ten minutes is refused with 400 instead of 200."),
    ask(
        "zoho.credit_notes_need_date_and_number",
        true,
        "A new credit note without date or creditnote_number is refused, even where Zoho could number it itself.",
    ),
    ask(
        "zoho.updates_need_what_is_documented",
        false,
        "A PUT without what the documents require of it is refused, though the record has it: a contact's name, a document's lines.",
    ),
    ask("zoho.vendor_credits_begin_as_drafts", true, "A new vendor credit is a draft and cannot be applied before status/open."),
    ask(
        "zoho.every_document_needs_lines",
        true,
        "Sales orders, vendor credits and recurring documents without line items are refused (4016), too.",
    ),
    ask("zoho.journals_are_published_at_once", true, "A new journal without a status is published; off: it is a draft."),
    ask(
        "zoho.receivable_lines_need_a_contact",
        true,
        "Lines of journals and opening balances on receivables or payables are refused without a contact (11016).",
    ),
    ask("zoho.projects_need_a_user", true, "A project without user_id is refused, as documented."),
    ask(
        "zoho.trial_balance_is_of_the_period",
        false,
        "A trial balance counts only what moved between from_date and to_date; off: what accounts hold at to_date.",
    ),
    ask(
        "zoho.buttons_need_a_paid_plan",
        true,
        "Organisations on some plans (at first: Free) cannot create or change custom buttons.",
    ),
    ask(
        "zoho.button_words_are_checked",
        true,
        "entity_type, page_view and action_type of a custom button must be words that we think exist; off: any word is taken.",
    ),
    ask("zoho.button_names_unique", true, "Two custom buttons of one entity_type cannot have the same name."),
    ask(
        "zoho.button_scripts_are_checked_when_saved",
        true,
        "A custom button whose script cannot be read is refused when it is saved.",
    ),
    ask(
        "zoho.button_old_names_accepted",
        false,
        "Custom buttons also take button_name, entity and location for name, entity_type and page_view.",
    ),
    ask("zoho.button_lists_carry_scripts", false, "The list of custom buttons shows their scripts, not only GET by id."),
    ask(
        "zoho.button_keys_have_an_underscore",
        false,
        "Answers have custom_button, custom_buttons and custom_button_id instead of custombutton, custombuttons and custombutton_id.",
    ),
    ask(
        "zoho.button_contacts_are_customer_or_vendor",
        true,
        "The script of a contact's button gets the record as `customer` or `vendor`; off: as `contact`.",
    ),
    ask("zoho.crm_all_rows_refused_is_202", true, "A CRM write whose rows are all refused answers 202; off: 400."),
    ask("zoho.crm_account_names_unique", true, "Two CRM accounts cannot have the same Account_Name."),
    ask("zoho.crm_emails_unique", true, "Two CRM contacts, or two leads, cannot have the same Email."),
    ask("zoho.crm_picklists_refuse_unknown_values", true, "A CRM picklist takes only the values it lists."),
    ask(
        "zoho.crm_unknown_fields_are_ignored",
        false,
        "CRM passes over fields that the module does not have instead of refusing the row.",
    ),
    ask("zoho.crm_unsent_rows_are_deleted", true, "Rows of a CRM subform that an update does not send are deleted."),
    ask("zoho.crm_lists_end_at_100000", true, "A CRM list ends after 100,000 records, even with page tokens."),
    ask(
        "zoho.crm_modified_since_includes_that_second",
        false,
        "If-Modified-Since also gives CRM records that changed in that very second.",
    ),
    ask(
        "zoho.crm_if_modified_since_guards_writes",
        true,
        "On CRM writes If-Modified-Since guards against stale updates like If-Unmodified-Since.",
    ),
    ask("zoho.crm_unknown_id_is_204", true, "GET of a CRM record that is not there answers 204; off: 400 INVALID_DATA."),
    ask("zoho.crm_coql_gives_2000", false, "A COQL query may ask for 2,000 rows; off: 200."),
    ask(
        "zoho.crm_long_expiry_becomes_an_hour",
        false,
        "A CRM channel asked for more than a week is given an hour instead of being refused.",
    ),
    ask(
        "zoho.crm_customer_workflow",
        false,
        "The customer has a CRM workflow that overwrites Description whenever a write does not silence it with trigger.",
    ),
];
