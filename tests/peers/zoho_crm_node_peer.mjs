// @zohocrm/nodejs-sdk-8.0 2: authorise, list with paging, create, update, a batch with one bad element, upsert twice.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BASE, ZOHO_BACK, seen, zohoCode } from './sign_in.mjs';

const sdk = await import(pathToFileURL(join(process.env.PEERS_NODE, 'node_modules/@zohocrm/nodejs-sdk-8.0/lib/index.js')));

const folder = mkdtempSync(join(tmpdir(), 'peer-'));
// What is changed of the client: its addresses.
const accounts = `${BASE}/zoho/eu/accounts/oauth/v2/token`;
const here = sdk.DataCenter.setEnvironment(`${BASE}/zoho/eu/api`, accounts, `${BASE}/zoho/eu/content`);
const token = new sdk.OAuthBuilder()
  .clientId(process.env.ZOHO_CLIENT_ID)
  .clientSecret(process.env.ZOHO_CLIENT_SECRET)
  .grantToken(await zohoCode())
  .redirectURL(ZOHO_BACK)
  .build();
const store = new sdk.FileStore(join(folder, 'tokens'));
await (await new sdk.InitializeBuilder()).environment(here).token(token).store(store).resourcePath(folder).initialize();

const organisation = (await new sdk.Org.OrgOperations().getOrganization()).getObject().getOrg()[0];
assert.ok(organisation.getCompanyName());
seen(`authorised with a grant token; the organisation is ${organisation.getCompanyName()}`);

const accountsModule = new sdk.Record.RecordOperations('Accounts');
function record(values) {
  const made = new sdk.Record.Record();
  for (const [name, value] of Object.entries(values)) made.addKeyValue(name, value);
  return made;
}
async function write(method, records, more = {}) {
  const request = new sdk.Record.BodyWrapper();
  request.setData(records);
  request.setTrigger([]);
  if (more.duplicates) request.setDuplicateCheckFields(more.duplicates);
  const answer = await accountsModule[method](request, new sdk.HeaderMap());
  return [answer.getStatusCode(), answer.getObject().getData()];
}

const word = Math.random().toString(36).slice(2, 10);
const ids = [];
for (let batch = 0; batch < 3; batch += 1) {
  const rows = Array.from({ length: 100 }, (_, number) => record({ Account_Name: `Node ${word} ${batch}-${number}` }));
  const [status, answers] = await write('createRecords', rows);
  assert.equal(status, 201);
  for (const answer of answers) {
    assert.ok(answer instanceof sdk.Record.SuccessResponse);
    ids.push(String(answer.getDetails().get('id')));
  }
}
assert.equal(new Set(ids).size, 300);
seen('created 300 accounts in three calls of a hundred');

const listed = [];
let page = 1;
for (; ; page += 1) {
  const parameters = new sdk.ParameterMap();
  await parameters.add(sdk.Record.GetRecordsParam.FIELDS, 'Account_Name');
  await parameters.add(sdk.Record.GetRecordsParam.PAGE, page);
  await parameters.add(sdk.Record.GetRecordsParam.PER_PAGE, 130);
  const answer = await accountsModule.getRecords(parameters, new sdk.HeaderMap());
  assert.equal(answer.getStatusCode(), 200);
  listed.push(...answer.getObject().getData().map((one) => String(one.getId())));
  if (!answer.getObject().getInfo().getMoreRecords()) break;
}
assert.equal(new Set(listed).size, listed.length);
assert.ok(ids.every((id) => listed.includes(id)));
seen(`listed ${listed.length} accounts in ${page} pages, each once`);

const [mixed, rows] = await write('createRecords', [record({ Account_Name: `Good ${word}` }), record({ Phone: '1' })]);
assert.equal(mixed, 207);
assert.ok(rows[0] instanceof sdk.Record.SuccessResponse);
assert.equal(rows[1].getCode().getValue(), 'MANDATORY_NOT_FOUND');
seen('a batch with one bad element: 207, one made, the other MANDATORY_NOT_FOUND');

const change = record({ Phone: '021 555 010' });
change.setId(rows[0].getDetails().get('id'));
const [updated] = await write('updateRecords', [change]);
assert.equal(updated, 200);
const single = await accountsModule.getRecord(rows[0].getDetails().get('id'), new sdk.ParameterMap(), new sdk.HeaderMap());
const [after] = single.getObject().getData();
assert.equal(after.getKeyValue('Phone'), '021 555 010');
assert.equal(after.getKeyValue('Account_Name'), `Good ${word}`);
seen('updated it; what was not sent stayed');

const actions = [];
for (let time = 0; time < 2; time += 1) {
  const [, [answer]] = await write('upsertRecords', [record({ Account_Name: `Once ${word}` })], { duplicates: ['Account_Name'] });
  actions.push([answer.getAction()?.getValue?.() ?? answer.getAction(), String(answer.getDetails().get('id'))]);
}
assert.deepEqual(actions.map(([action]) => action), ['insert', 'update']);
assert.equal(actions[0][1], actions[1][1]);
seen('an upsert that is sent twice makes one record');
