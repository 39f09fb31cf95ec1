"""tap-xero 2.6: the Singer tap discovers its streams and pulls every one; what it saw is held against what the sandbox keeps."""

import collections
import contextlib
import io
import json
import os
import tempfile

from tap_xero import client as tap_client
from tap_xero import context, discover, sync

from sign_in import BASE, records, seen, xero_tokens

# What is changed of the client: its addresses.
tap_client.BASE_URL = f"{BASE}/xero/api/api.xro/2.0"
post = tap_client.requests.Session.post
IDENTITY = "https://identity.xero.com"
tap_client.requests.Session.post = lambda self, url, **more: post(self, url.replace(IDENTITY, f"{BASE}/xero/identity"), **more)

tenant = os.environ["XERO_TENANT"]
# The general ledger is for apps of the highest tier.
tap_client.requests.post(f"{BASE}/_sandbox/xero/app", json={"tier": "advanced"}).raise_for_status()
scopes = (
    "openid offline_access accounting.settings accounting.contacts accounting.invoices accounting.payments "
    "accounting.banktransactions accounting.manualjournals accounting.journals.read"
)
folder = tempfile.mkdtemp()
path = os.path.join(folder, "config.json")
config = {
    "client_id": os.environ["XERO_CLIENT_ID"],
    "client_secret": os.environ["XERO_CLIENT_SECRET"],
    "refresh_token": xero_tokens(scopes)["refresh_token"],
    "tenant_id": tenant,
    "start_date": "2000-01-01T00:00:00Z",
    "include_archived_contacts": "true",
}
world = context.Context(config, {}, {}, path)
world.catalog = discover(world)
streams = [entry.tap_stream_id for entry in world.catalog.streams]
seen(f"discovered {len(streams)} streams after a refresh and a look at the currencies")

for entry in world.catalog.streams:
    for item in entry.metadata:
        item["metadata"]["selected"] = True
    entry.schema.selected = True
out = io.StringIO()
with contextlib.redirect_stdout(out):
    sync(world)
pulled = collections.defaultdict(list)
for line in out.getvalue().splitlines():
    message = json.loads(line)
    if message["type"] == "RECORD":
        pulled[message["stream"]].append(message["record"])

LISTS = {
    "bank_transactions": ("BankTransactions", "BankTransactionID"),
    "contacts": ("Contacts", "ContactID"),
    "quotes": ("Quotes", "QuoteID"),
    "credit_notes": ("CreditNotes", "CreditNoteID"),
    "invoices": ("Invoices", "InvoiceID"),
    "manual_journals": ("ManualJournals", "ManualJournalID"),
    "overpayments": ("Overpayments", "OverpaymentID"),
    "payments": ("Payments", "PaymentID"),
    "prepayments": ("Prepayments", "PrepaymentID"),
    "purchase_orders": ("PurchaseOrders", "PurchaseOrderID"),
    "accounts": ("Accounts", "AccountID"),
    "bank_transfers": ("BankTransfers", "BankTransferID"),
    "items": ("Items", "ItemID"),
    "users": ("Users", "UserID"),
    "branding_themes": ("BrandingThemes", "BrandingThemeID"),
    "contact_groups": ("ContactGroups", "ContactGroupID"),
    "currencies": ("Currencies", "Code"),
    "organisations": ("Organisation", "OrganisationID"),
    "repeating_invoices": ("RepeatingInvoices", "RepeatingInvoiceID"),
    "tax_rates": ("TaxRates", "TaxType"),
    "tracking_categories": ("TrackingCategories", "TrackingCategoryID"),
}
# Lists that leave records out by themselves.
HIDDEN = {
    "bank_transfers": lambda one: one.get("Status") == "DELETED",
    "contact_groups": lambda one: one.get("Status") == "DELETED",
    "tracking_categories": lambda one: one.get("Status") in ("ARCHIVED", "DELETED"),
    "accounts": lambda one: one.get("Status") == "DELETED",
}
for stream, (name, key) in LISTS.items():
    kept = [one for one in records(f"xero/{tenant}/{name}") if not HIDDEN.get(stream, lambda _: False)(one)]
    wanted = sorted(one[key] for one in kept)
    got = sorted(one[key] for one in pulled[stream])
    assert got == wanted, (stream, len(got), len(wanted), sorted(set(wanted) ^ set(got))[:5])
total = sum(len(pulled[stream]) for stream in LISTS)
seen(f"pulled {total} records in {len(LISTS)} streams, every one that is there, none twice")

journals = pulled["journals"]
numbers = [one["JournalNumber"] for one in journals]
assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers) and numbers
for journal in journals:
    assert sum(round(float(line["NetAmount"]) * 100) for line in journal["JournalLines"]) == 0, journal["JournalNumber"]
seen(f"pulled {len(journals)} journals by their numbers; each balances")

out = io.StringIO()
with contextlib.redirect_stdout(out):
    sync(world)
second = [json.loads(line) for line in out.getvalue().splitlines()]
twice = [message for message in second if message["type"] == "RECORD" and message["stream"] in ("invoices", "contacts", "payments")]
# The tap asks from the last time of change on, that second itself included.
assert len(twice) <= 60, len(twice)
seen(f"a second pull from its bookmarks sees {len(twice)} of {total} again")

# A play like tests/it/drift.rs: somebody edits a contact at every page boundary while the list is read. The tap goes by page
# numbers over a list in the order of changes, so whoever stood first on the next page has moved to the page before.
PAGE = 100
MANY = 2_000


def order(path, body):
    answer = tap_client.requests.post(f"{BASE}/_sandbox/{path}", json=body)
    answer.raise_for_status()
    return answer.json()


entered = []
for n in range(0, MANY, 50):
    entered += order(f"xero/{tenant}/Contacts", [{"Name": f"Drift {n + i:05}", "IsCustomer": True} for i in range(50)])
    order("clock", {"advance_s": 1})
total = len(records(f"xero/{tenant}/Contacts"))
rules = []
for page in range(1, MANY // PAGE):
    edited = {"ContactID": entered[(page - 1) * PAGE]["ContactID"], "EmailAddress": f"moved{page}@example.com"}
    match = {"provider": "xero", "method": "GET", "path_contains": "/Contacts", "query_contains": "page="}
    # Each strikes after the one before.
    rules.append({"match": match, "kind": "edit", "times": 1, "tenant": tenant, "resource": "Contacts", "record": edited})
order("faults", rules)
fresh = context.Context({**config, "refresh_token": xero_tokens(scopes)["refresh_token"]}, {}, {}, path)
fresh.catalog = discover(fresh)
for entry in fresh.catalog.streams:
    selected = entry.tap_stream_id == "contacts"
    entry.schema.selected = selected
    for item in entry.metadata:
        item["metadata"]["selected"] = selected
got = set()
for _ in range(2):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        sync(fresh)
    messages = (json.loads(line) for line in out.getvalue().splitlines())
    got |= {message["record"]["ContactID"] for message in messages if message["type"] == "RECORD"}
lost = {one["ContactID"] for one in records(f"xero/{tenant}/Contacts")} - got
struck = tap_client.requests.get(f"{BASE}/_sandbox/faults").json()["struck"]
assert sum(struck) == len(rules), struck
assert lost, "a reader by page numbers loses what moves to the page before"
seen(f"with an edit at each of {sum(struck)} page boundaries it loses {len(lost)} of {total} contacts, also with a second pull")
