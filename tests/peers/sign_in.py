"""Plays the browser of the customer: signs in at the sandbox's pages, allows access, and brings the code back."""

import os
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

BASE = os.environ["SANDBOX"]
XERO_BACK = "http://localhost:8080/oauth/xero/callback"
ZOHO_BACK = "http://localhost:8080/oauth/zoho/callback"
XERO_SCOPES = (
    "openid profile email offline_access accounting.settings accounting.attachments accounting.contacts "
    "accounting.invoices accounting.payments accounting.banktransactions accounting.manualjournals "
    "accounting.reports.trialbalance.read accounting.reports.balancesheet.read accounting.reports.profitandloss.read"
)
ZOHO_SCOPES = "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.org.READ,ZohoCRM.users.READ,ZohoCRM.coql.READ"


def field(page, name):
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return found.group(1)


def parameter(answer, name):
    assert answer.status_code == 302, (answer.status_code, answer.text[:300])
    return parse_qs(urlsplit(answer.headers["location"]).query)[name][0]


def xero_code(scopes=XERO_SCOPES):
    """Allows access to the company of the story."""
    query = {
        "response_type": "code",
        "client_id": os.environ["XERO_CLIENT_ID"],
        "redirect_uri": XERO_BACK,
        "scope": scopes,
        "state": "peer",
    }
    page = requests.get(f"{BASE}/xero/login/identity/connect/authorize?{urlencode(query)}").text
    request = field(page, "request")
    who = {"request": request, "username": field(page, "username"), "password": field(page, "password")}
    page = requests.post(f"{BASE}/xero/login/login", data=who).text
    consent = {"request": request, "tenant": os.environ["XERO_TENANT"], "action": "allow"}
    return parameter(requests.post(f"{BASE}/xero/login/consent", data=consent, allow_redirects=False), "code")


def xero_tokens(scopes=XERO_SCOPES):
    form = {"grant_type": "authorization_code", "code": xero_code(scopes), "redirect_uri": XERO_BACK}
    auth = (os.environ["XERO_CLIENT_ID"], os.environ["XERO_CLIENT_SECRET"])
    answer = requests.post(f"{BASE}/xero/identity/connect/token", data=form, auth=auth)
    assert answer.status_code == 200, answer.text
    return answer.json()


def zoho_code():
    """Allows access to the customer's organisation; he lives in the data centre eu."""
    query = {
        "response_type": "code",
        "client_id": os.environ["ZOHO_CLIENT_ID"],
        "redirect_uri": ZOHO_BACK,
        "scope": ZOHO_SCOPES,
        "access_type": "offline",
        "prompt": "consent",
    }
    page = requests.get(f"{BASE}/zoho/us/accounts/oauth/v2/auth?{urlencode(query)}").text
    request = field(page, "request")
    page = requests.post(f"{BASE}/zoho/us/accounts/login", data={"request": request}).text
    consent = {"request": request, "action": "allow"}
    chosen = re.search(r'name="(org|organization|crm_org)"[^>]*value="(\d+)"', page)
    if chosen:
        consent[chosen.group(1)] = chosen.group(2)
    return parameter(requests.post(f"{BASE}/zoho/eu/accounts/consent", data=consent, allow_redirects=False), "code")


def records(path):
    """Every record that the sandbox keeps of a list: what a client must see."""
    import json

    answer = requests.get(f"{BASE}/_sandbox/{path}")
    assert answer.status_code == 200, (path, answer.status_code)
    return [json.loads(line) for line in answer.text.splitlines() if line]


_said = 0


def seen(sentence):
    """A line of the transcript: something that was expected and happened."""
    global _said
    _said += 1
    print(f"  {_said:2}  {sentence}", flush=True)
