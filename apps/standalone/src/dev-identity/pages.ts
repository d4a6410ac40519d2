import type { DevUser } from './dev-users.js';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Nothing but what stands in the page itself, and forms to ourselves. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem;color:#1a1d21;background:#fff}
h1{font-size:1.25rem}button{font:inherit;width:100%;text-align:left;padding:.5rem .75rem;margin:.25rem 0;border:1px solid #6b7280;border-radius:6px;background:#f8f9fa;color:inherit;cursor:pointer}
button:hover,button:focus-visible{background:#e7ecf3}small{color:#4b5563;display:block}
@media (prefers-color-scheme:dark){body{background:#14171a;color:#e8eaed}button{background:#1f2429;border-color:#8b949e}button:hover,button:focus-visible{background:#2b323a}small{color:#a9b1ba}}
</style></head><body><main><h1>${escape(title)}</h1>
${body}
</main></body></html>
`;

export const loginPage = (users: readonly DevUser[]): string => page('Sign in to the development instance', `<p>Choose who you are. There are no passwords: this page exists in the development profile only.</p>
<form method="post">
${users.map((user) => `<button name="user" value="${escape(user.id)}">${escape(user.name)}<small>${escape([user.id, ...user.roles, ...user.groups].join(' · '))}</small></button>`).join('\n')}
</form>`);

/** @param form the provider's own hidden form, `op.logoutForm` */
export const logoutPage = (form: string): string => page('Sign out?', `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button type="submit" form="op.logoutForm">Stay signed in</button>`);

export const messagePage = (title: string, text: string): string => page(title, `<p>${escape(text)}</p>`);
