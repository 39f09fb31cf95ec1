// xero-node 20: authorise, list with paging, create, update, a batch with one bad element, an idempotent repeat, reports.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { BASE, XERO_BACK, allowXero, records, seen } from './sign_in.mjs';

const require = createRequire(`${process.env.PEERS_NODE}/`);
const { XeroClient } = require('xero-node');
const { Issuer } = require('openid-client');
const axios = require('axios');

const tenant = process.env.XERO_TENANT;
const xero = new XeroClient({
  clientId: process.env.XERO_CLIENT_ID,
  clientSecret: process.env.XERO_CLIENT_SECRET,
  redirectUris: [XERO_BACK],
  scopes: (
    'openid profile email offline_access accounting.settings accounting.attachments accounting.contacts ' +
    'accounting.invoices accounting.payments accounting.reports.trialbalance.read'
  ).split(' '),
  state: 'peer',
});

// What is changed of the client: its addresses. It has them in its text, so its issuer is discovered here as it would,
// and the one address that it calls by itself is turned round on its way out.
const issuer = await Issuer.discover(`${BASE}/xero/identity`);
xero.openIdClient = new issuer.Client({
  client_id: process.env.XERO_CLIENT_ID,
  client_secret: process.env.XERO_CLIENT_SECRET,
  redirect_uris: [XERO_BACK],
});
xero.accountingApi.basePath = `${BASE}/xero/api/api.xro/2.0`;
axios.interceptors.request.use((call) => {
  call.url = call.url.replace(/^https:\/\/api\.xero\.com/, `${BASE}/xero/api`);
  return call;
});

const tokens = await xero.apiCallback(await allowXero(await xero.buildConsentUrl()));
assert.ok(tokens.access_token && tokens.refresh_token && tokens.claims().email);
seen(`authorised through discovery; the id token's signature and claims hold: ${tokens.claims().email}`);

const connections = await xero.updateTenants();
assert.equal(connections[0].tenantId, tenant);
assert.equal(connections[0].orgData.organisationID, tenant);
seen(`${connections.length} connections; the newest is ${connections[0].tenantName}`);

const old = xero.readTokenSet().refresh_token;
await xero.refreshToken();
assert.notEqual(xero.readTokenSet().refresh_token, old);
seen('refreshed: the refresh token rotated');

const api = xero.accountingApi;
const wanted = new Set((await records(`xero/${tenant}/Contacts`)).map((one) => one.ContactID));
const got = [];
for (let page = 1; ; page += 1) {
  const { body } = await api.getContacts(tenant, undefined, undefined, 'UpdatedDateUTC ASC', undefined, page, true, false, undefined, 25);
  got.push(...body.contacts.map((one) => one.contactID));
  assert.equal(body.pagination.itemCount, wanted.size);
  if (page >= body.pagination.pageCount) break;
}
assert.equal(got.length, wanted.size);
assert.deepEqual(new Set(got), wanted);
seen(`listed ${got.length} contacts in pages of 25, each once`);

const word = Math.random().toString(36).slice(2, 10);
const { body: batch } = await api.createContacts(tenant, { contacts: [{ name: `Node ${word}` }, { name: `Node ${word}` }] }, false);
assert.ok(batch.contacts[0].contactID && !batch.contacts[0].hasValidationErrors);
assert.equal(batch.contacts[1].hasValidationErrors, true);
assert.match(batch.contacts[1].validationErrors[0].message, /already assigned to another contact/);
seen('a batch with one bad element: the first was made, the second refused by name');

const contact = { contactID: batch.contacts[0].contactID };
const invoice = {
  type: 'ACCREC',
  contact,
  date: '2026-03-01',
  dueDate: '2026-03-20',
  lineAmountTypes: 'Exclusive',
  status: 'AUTHORISED',
  lineItems: [{ description: 'Advice', quantity: 3, unitAmount: 25.43, accountCode: '200', taxType: 'OUTPUT2' }],
};
const key = `node-${word}`;
const first = (await api.createInvoices(tenant, { invoices: [invoice] }, true, 4, key)).body.invoices[0];
const again = (await api.createInvoices(tenant, { invoices: [invoice] }, true, 4, key)).body.invoices[0];
assert.equal(first.invoiceID, again.invoiceID);
assert.equal(first.total, 87.73);
seen(`invoice ${first.invoiceNumber} made once though it was sent twice with the same Idempotency-Key; its total is ${first.total}`);

const before = (await records(`xero/${tenant}/Invoices`)).length;
await assert.rejects(api.createInvoices(tenant, { invoices: [{ ...invoice, reference: 'Another' }] }, true, 4, key));
assert.equal((await records(`xero/${tenant}/Invoices`)).length, before);
seen('the same key with another body is refused');

const edited = (await api.updateInvoice(tenant, first.invoiceID, { invoices: [{ reference: 'From Node' }] })).body.invoices[0];
assert.equal(edited.reference, 'From Node');
assert.equal(edited.lineItems.length, 1);
seen('updated the invoice; its lines stayed');

const paid = { invoice: { invoiceID: first.invoiceID }, account: { code: '090' }, date: '2026-03-05', amount: 87.73 };
await api.createPayments(tenant, { payments: [paid] });
const settled = (await api.getInvoice(tenant, first.invoiceID)).body.invoices[0];
assert.deepEqual([settled.status, settled.amountDue], ['PAID', 0]);
await assert.rejects(api.createPayments(tenant, { payments: [paid] }));
seen('a payment makes it PAID; a second one is refused');

const category = (await api.createTrackingCategory(tenant, { name: `Peers ${word}` })).body.trackingCategories[0];
const options = (await api.createTrackingOptions(tenant, category.trackingCategoryID, { name: 'Node' })).body.options;
assert.equal(options[0].name, 'Node');
seen('made a tracking category and an option');

await api.createInvoiceHistory(tenant, first.invoiceID, { historyRecords: [{ details: 'Seen by a peer' }] });
const history = (await api.getInvoiceHistory(tenant, first.invoiceID)).body.historyRecords;
assert.ok(history.some((one) => one.details === 'Seen by a peer'));
const file = await api.createInvoiceAttachmentByFileName(tenant, first.invoiceID, 'peer.txt', Buffer.from('hello'), true);
assert.equal(file.body.attachments[0].fileName, 'peer.txt');
seen(`history has ${history.length} records; a file is attached`);

const report = (await api.getReportTrialBalance(tenant, '2026-12-31')).body.reports[0];
const sections = report.rows.filter((row) => row.rowType === 'Section' && row.rows.length > 0);
assert.ok(sections.length >= 3, 'revenue, expenses, assets');
seen(`the trial balance has ${sections.length} sections`);

await xero.revokeToken();
assert.equal(xero.tenants.length, 0);
seen('revoked');
