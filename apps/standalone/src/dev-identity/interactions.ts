import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { DEV_USERS, devUser } from './dev-users.js';
import { loginPage, messagePage, PAGE_HEADERS } from './pages.js';

const MAX_FORM_BYTES = 4_096;

/** The login: GET shows who there is, POST says who one is. Which login it is about, and whose, the provider knows by its cookie. */
export async function serveInteraction(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const isKnown = await provider.interactionDetails(req, res).then(() => true, () => false);
  if (!isKnown) return answer(res, 400, messagePage('This sign-in has expired', 'Go back to where you came from and sign in again.'));
  if (req.method === 'GET') return answer(res, 200, loginPage(DEV_USERS));
  if (req.method !== 'POST') return answer(res, 405, messagePage('Not allowed', 'Only GET and POST.'));
  const form = await readForm(req);
  const user = form === null ? undefined : devUser(form.get('user') ?? '');
  if (user === undefined) return answer(res, 422, messagePage('Unknown user', 'Go back and choose one of the list.'));
  await provider.interactionFinished(req, res, { login: { accountId: user.id } }, { mergeWithLastSubmission: false });
}

function answer(res: ServerResponse, status: number, html: string): void {
  res.writeHead(status, PAGE_HEADERS).end(html);
}

async function readForm(req: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
