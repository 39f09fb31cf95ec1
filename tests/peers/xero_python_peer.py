"""xero-python 15: authorise, list with paging, create, update, a batch with one bad element, an idempotent repeat, reports."""

import datetime
import os
import uuid
from decimal import Decimal

from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    BankTransaction,
    BankTransactions,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    Invoice,
    Invoices,
    LineItem,
    ManualJournal,
    ManualJournalLine,
    ManualJournals,
    Payment,
)
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException
from xero_python.identity import IdentityApi

from sign_in import BASE, records, seen, xero_tokens

# What is changed of the client: its addresses.
TokenApi.refresh_token_url = f"{BASE}/xero/identity/connect/token"
TokenApi.revoke_token_url = f"{BASE}/xero/identity/connect/revocation"
AccountingApi.base_url = f"{BASE}/xero/api/api.xro/2.0"
IdentityApi.base_url = f"{BASE}/xero/api"

kept = {}
client = ApiClient(
    Configuration(
        oauth2_token=OAuth2Token(client_id=os.environ["XERO_CLIENT_ID"], client_secret=os.environ["XERO_CLIENT_SECRET"])
    ),
    pool_threads=1,
)


@client.oauth2_token_getter
def token():
    return kept


@client.oauth2_token_saver
def save(fresh):
    kept.clear()
    kept.update(fresh)


save(xero_tokens())
identity = IdentityApi(client)
tenants = [one for one in identity.get_connections() if one.tenant_type == "ORGANISATION"]
tenant = next(one.tenant_id for one in tenants if one.tenant_id == os.environ["XERO_TENANT"])
seen(f"authorised; {len(tenants)} connections, ours among them")

before = kept["refresh_token"]
client.refresh_oauth2_token()
assert kept["refresh_token"] != before
seen("refreshed: the refresh token rotated")

api = AccountingApi(client)
organisation = api.get_organisations(tenant).organisations[0]
assert organisation.base_currency.value == "NZD" and organisation.short_code.startswith("!")
seen(f"organisation {organisation.name}, {organisation.short_code}")

wanted = {one["InvoiceID"] for one in records(f"xero/{tenant}/Invoices")}
got, page = [], 1
while True:
    answer = api.get_invoices(tenant, page=page, page_size=60, unitdp=4, order="UpdatedDateUTC ASC")
    got.extend(answer.invoices)
    assert answer.pagination.page == page and answer.pagination.item_count == len(wanted)
    if len(answer.invoices) < 60:
        break
    page += 1
assert {one.invoice_id for one in got} == wanted and len(got) == len(wanted)
assert all(one.line_items for one in got if one.total)
seen(f"listed {len(got)} invoices in {page} pages, each once, with their lines")

late = api.get_invoices(tenant, if_modified_since=datetime.datetime(2100, 1, 1), page=1)
assert late.invoices == []
drafts = api.get_invoices(tenant, where='Status=="DRAFT"', page=1).invoices
assert drafts and {one.status for one in drafts} == {"DRAFT"}
seen(f"nothing is newer than the year 2100; where finds {len(drafts)} drafts")

word = uuid.uuid4().hex[:8]
made = api.create_contacts(
    tenant,
    Contacts(contacts=[Contact(name=f"Peer {word}", email_address="peer@example.com"), Contact(name="")]),
    summarize_errors=False,
)
good, bad = made.contacts
assert good.contact_id and not good.has_validation_errors
assert bad.has_validation_errors and bad.validation_errors[0].message
seen(f"a batch with one bad element: one contact made, the other refused: {bad.validation_errors[0].message!r}")
try:
    api.create_contacts(tenant, Contacts(contacts=[Contact(name=f"Other {word}"), Contact(name=f"Peer {word}")]))
    raise AssertionError("a name was taken twice")
except AccountingBadRequestException as refused:
    assert "is already assigned to another contact" in refused.reason, refused.reason
assert not api.get_contacts(tenant, where=f'Name=="Other {word}"').contacts
seen("without summarizeErrors=false one bad element refuses the batch, and nothing is kept")

renamed = api.update_contact(tenant, good.contact_id, Contacts(contacts=[Contact(first_name="Ada")]))
assert renamed.contacts[0].first_name == "Ada" and renamed.contacts[0].name == f"Peer {word}"
seen("updated a contact; what was not sent stayed")

line = LineItem(description="Advice", quantity=2, unit_amount=10.1234, account_code="200", tax_type="OUTPUT2")
draft = Invoice(
    type="ACCREC",
    contact=Contact(contact_id=good.contact_id),
    date=datetime.date(2026, 3, 1),
    due_date=datetime.date(2026, 3, 20),
    line_items=[line, LineItem(description="A line of words only")],
    status="AUTHORISED",
)
key = f"peer-{word}"
first = api.create_invoices(tenant, Invoices(invoices=[draft]), unitdp=4, idempotency_key=key).invoices[0]
again = api.create_invoices(tenant, Invoices(invoices=[draft]), unitdp=4, idempotency_key=key).invoices[0]
assert first.invoice_id == again.invoice_id and first.invoice_number == again.invoice_number
assert str(first.line_items[0].unit_amount) == "10.1234" and str(first.total) in ("23.29", "23.290000")
seen(f"invoice {first.invoice_number} of {first.total} made once though it was sent twice with the same Idempotency-Key")

edited = api.update_invoice(tenant, first.invoice_id, Invoices(invoices=[Invoice(reference="From Python")])).invoices[0]
assert edited.reference == "From Python" and len(edited.line_items) == 2
seen("updated the invoice; its lines stayed")

payment = api.create_payment(
    tenant, Payment(invoice=Invoice(invoice_id=first.invoice_id), account=Account(code="090"), date=datetime.date(2026, 3, 5), amount=3.29)
).payments[0]
assert getattr(payment.payment_type, "value", payment.payment_type) == "ACCRECPAYMENT"
note = api.create_credit_notes(
    tenant,
    CreditNotes(
        credit_notes=[
            CreditNote(
                type="ACCRECCREDIT",
                contact=Contact(contact_id=good.contact_id),
                date=datetime.date(2026, 3, 2),
                status="AUTHORISED",
                line_items=[LineItem(description="Back", quantity=1, unit_amount=10, account_code="200", tax_type="NONE")],
            )
        ]
    ),
).credit_notes[0]
api.create_credit_note_allocation(
    tenant,
    note.credit_note_id,
    Allocations(allocations=[Allocation(amount=10, date=datetime.date(2026, 3, 6), invoice=Invoice(invoice_id=first.invoice_id))]),
)
now = api.get_invoice(tenant, first.invoice_id).invoices[0]
assert (str(now.amount_paid), str(now.amount_credited), str(now.amount_due)) == ("3.29", "10.00", "10.00"), (
    now.amount_paid,
    now.amount_credited,
    now.amount_due,
)
assert api.get_credit_note(tenant, note.credit_note_id).credit_notes[0].status == "PAID"
seen("a payment of 3.29 and a credit note of 10.00 leave 10.00 due")

bank = api.create_bank_transactions(
    tenant,
    BankTransactions(
        bank_transactions=[
            BankTransaction(
                type="SPEND",
                contact=Contact(contact_id=good.contact_id),
                bank_account=Account(code="090"),
                line_items=[LineItem(description="Fee", quantity=1, unit_amount=5, account_code="404", tax_type="NONE")],
            )
        ]
    ),
).bank_transactions[0]
assert str(bank.total) == "5.00"
journal = api.create_manual_journals(
    tenant,
    ManualJournals(
        manual_journals=[
            ManualJournal(
                narration="From Python",
                date=datetime.date(2026, 3, 7),
                status="POSTED",
                journal_lines=[
                    ManualJournalLine(line_amount=7, account_code="469", description="in"),
                    ManualJournalLine(line_amount=-7, account_code="485", description="out"),
                ],
            )
        ]
    ),
).manual_journals[0]
assert journal.manual_journal_id
report = api.get_report_trial_balance(tenant, date=datetime.date(2026, 12, 31)).reports[0]
rows = [row for section in report.rows for row in (section.rows or []) if str(getattr(row.row_type, "value", row.row_type)) == "Row"]
# Account, debit, credit, and both since the beginning of the financial year.
sums = [sum(Decimal(row.cells[at].value or "0") for row in rows) for at in (3, 4)]
assert sums[0] == sums[1] and sums[0] > 0, sums
seen(f"spent money, posted a journal; the trial balance of {len(rows)} accounts balances at {sums[0]}")

attached = api.create_invoice_attachment_by_file_name(tenant, first.invoice_id, "note.txt", b"hello", include_online=True)
assert attached.attachments[0].file_name == "note.txt"
assert api.get_invoice(tenant, first.invoice_id).invoices[0].has_attachments
seen("attached a file to the invoice")
client.revoke_oauth2_token()
seen("revoked: the connections are gone")
