// Plays the browser of the customer: signs in at the sandbox's pages, allows access, and brings the code back.

import assert from 'node:assert/strict';

export const BASE = process.env.SANDBOX;
export const XERO_BACK = 'http://localhost:8080/oauth/xero/callback';
export const ZOHO_BACK = 'http://localhost:8080/oauth/zoho/callback';
export const ZOHO_SCOPES =
  'ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.org.READ,ZohoCRM.users.READ,ZohoCRM.coql.READ';

const form = (fields) => ({ method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });

function field(page, name) {
  const found = page.match(new RegExp(`name="${name}" value="([^"]*)"`));
  assert.ok(found, `the page has no field ${name}`);
  return found[1];
}

// Allows access to the company of the story; answers the address that the browser is sent back to.
export async function allowXero(address) {
  const request = field(await (await fetch(address)).text(), 'request');
  const login = await (await fetch(address)).text();
  const who = { request, username: field(login, 'username'), password: field(login, 'password') };
  await fetch(`${BASE}/xero/login/login`, form(who));
  const consent = { request, tenant: process.env.XERO_TENANT, action: 'allow' };
  const back = await fetch(`${BASE}/xero/login/consent`, form(consent));
  assert.equal(back.status, 302);
  return back.headers.get('location');
}

// Allows access to the customer's organisation; he lives in the data centre eu. Answers the code.
export async function zohoCode() {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: process.env.ZOHO_CLIENT_ID,
    redirect_uri: ZOHO_BACK,
    scope: ZOHO_SCOPES,
    access_type: 'offline',
    prompt: 'consent',
  });
  const page = await (await fetch(`${BASE}/zoho/us/accounts/oauth/v2/auth?${query}`)).text();
  const request = field(page, 'request');
  const chooser = await (await fetch(`${BASE}/zoho/us/accounts/login`, form({ request }))).text();
  const chosen = chooser.match(/name="(org|organization|crm_org)"[^>]*value="(\d+)"/);
  const consent = { request, action: 'allow', ...(chosen ? { [chosen[1]]: chosen[2] } : {}) };
  const back = await fetch(`${BASE}/zoho/eu/accounts/consent`, form(consent));
  assert.equal(back.status, 302);
  return new URL(back.headers.get('location')).searchParams.get('code');
}

// Every record that the sandbox keeps of a list: what a client must see.
export async function records(path) {
  const answer = await fetch(`${BASE}/_sandbox/${path}`);
  assert.equal(answer.status, 200, path);
  return (await answer.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

let said = 0;
// A line of the transcript: something that was expected and happened.
export function seen(sentence) {
  said += 1;
  console.log(`  ${String(said).padStart(2)}  ${sentence}`);
}
