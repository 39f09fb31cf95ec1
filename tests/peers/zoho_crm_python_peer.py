"""zohocrmsdk8-0 7: authorise, list with paging, create, update, a batch with one bad element, upsert twice, search, deleted."""

import os
import tempfile
import uuid

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper as Query
from zohocrmsdk.src.com.zoho.crm.api.coql import CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.org import OrgOperations
from zohocrmsdk.src.com.zoho.crm.api.record import (
    APIException,
    BodyWrapper,
    DeleteRecordsParam,
    GetRecordsParam,
    RecordOperations,
    SearchRecordsParam,
    Record,
    SuccessResponse,
)

from sign_in import BASE, ZOHO_BACK, seen, zoho_code

folder = tempfile.mkdtemp()
accounts = f"{BASE}/zoho/eu/accounts/oauth/v2/token"
# What is changed of the client: its addresses.
here = DataCenter.Environment(f"{BASE}/zoho/eu/api", accounts, f"{BASE}/zoho/eu/content")
token = OAuthToken(
    client_id=os.environ["ZOHO_CLIENT_ID"],
    client_secret=os.environ["ZOHO_CLIENT_SECRET"],
    grant_token=zoho_code(),
    redirect_url=ZOHO_BACK,
)
Initializer.initialize(here, token, store=FileStore(os.path.join(folder, "tokens")), resource_path=folder)


def said(response):
    return response.get_status_code(), response.get_object()


status, organisations = said(OrgOperations().get_organization())
organisation = organisations.get_org()[0]
assert status == 200 and organisation.get_company_name()
seen(f"authorised with a grant token; the organisation is {organisation.get_company_name()}")


def contact(**values):
    record = Record()
    for name, value in values.items():
        record.add_key_value(name, value)
    return record


def write(call, records, **more):
    request = BodyWrapper()
    request.set_data(records)
    for name, value in more.items():
        getattr(request, f"set_{name}")(value)
    status, answer = said(call(request, HeaderMap()))
    return status, answer.get_data()


word = uuid.uuid4().hex[:8]
contacts = RecordOperations("Contacts")
made = []
for _ in range(3):
    status, rows = write(contacts.create_records, [contact(Last_Name=f"Peer {word}") for _ in range(100)], trigger=[])
    assert status == 201 and all(isinstance(row, SuccessResponse) for row in rows)
    made += [row.get_details()["id"] for row in rows]
assert len(set(made)) == 300
seen("created 300 contacts in three calls of a hundred")

listed, page = [], 1
while True:
    parameters = ParameterMap()
    parameters.add(GetRecordsParam.fields, "Last_Name,Email")
    parameters.add(GetRecordsParam.page, page)
    parameters.add(GetRecordsParam.per_page, 120)
    status, answer = said(contacts.get_records(parameters, HeaderMap()))
    assert status == 200, status
    listed += [record.get_id() for record in answer.get_data()]
    if not answer.get_info().get_more_records():
        break
    page += 1
assert set(made) <= set(listed) and len(set(listed)) == len(listed)
seen(f"listed {len(listed)} contacts in {page} pages, each once")

status, rows = write(contacts.create_records, [contact(Last_Name=f"Good {word}"), contact(First_Name="No last name")], trigger=[])
assert status == 207, status
assert isinstance(rows[0], SuccessResponse) and isinstance(rows[1], APIException)
assert rows[1].get_code().get_value() == "MANDATORY_NOT_FOUND"
good = rows[0].get_details()["id"]
seen("a batch with one bad element: 207, one made, the other MANDATORY_NOT_FOUND")

change = contact(First_Name="Ada")
change.set_id(good)
status, rows = write(contacts.update_records, [change], trigger=[])
assert status == 200 and isinstance(rows[0], SuccessResponse)
status, answer = said(contacts.get_record(good, ParameterMap(), HeaderMap()))
record = answer.get_data()[0]
assert (record.get_key_value("First_Name"), record.get_key_value("Last_Name")) == ("Ada", f"Good {word}")
seen("updated it; what was not sent stayed")

twice = contact(Last_Name=f"Once {word}", Email=f"once.{word}@example.com")
actions = []
for _ in range(2):
    status, rows = write(contacts.upsert_records, [twice], trigger=[], duplicate_check_fields=["Email"])
    assert isinstance(rows[0], SuccessResponse), status
    actions.append((rows[0].get_action().get_value() if hasattr(rows[0].get_action(), "get_value") else rows[0].get_action(), rows[0].get_details()["id"]))
assert [action for action, _ in actions] == ["insert", "update"] and actions[0][1] == actions[1][1]
seen("an upsert that is sent twice makes one record")

parameters = ParameterMap()
parameters.add(SearchRecordsParam.email, f"once.{word}@example.com")
status, answer = said(contacts.search_records(parameters, HeaderMap()))
assert [record.get_id() for record in answer.get_data()] == [actions[0][1]]
query = Query()
query.set_select_query(f"select Last_Name from Contacts where Email = 'once.{word}@example.com' limit 10")
status, answer = said(CoqlOperations().get_records(query))
assert [record.get_id() for record in answer.get_data()] == [actions[0][1]]
seen("found by e-mail and by COQL")

parameters = ParameterMap()
parameters.add(DeleteRecordsParam.ids, str(good))
status, answer = said(contacts.delete_records(parameters, HeaderMap()))
assert isinstance(answer.get_data()[0], SuccessResponse)
response = contacts.get_record(good, ParameterMap(), HeaderMap())
assert response.get_status_code() == 204, response.get_status_code()
seen("deleted: it is not there any more")
