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
    ask("zoho.token_throttle_is_400", false, "The eleventh access token in ten minutes is refused with 400 instead of 200."),
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
];
