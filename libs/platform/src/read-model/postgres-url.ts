import { StoreUnavailableError } from '#eventing/event-store.port.js';

/** Settings of a connection, with more options for the server than its URL has. @throws StoreUnavailableError without the URL, which may hold a password */
export function connectionOf(url: string, options: readonly string[]): { readonly connectionString: string; readonly options: string; readonly application_name: string } {
  if (!URL.canParse(url)) throw new StoreUnavailableError('the URL of the read model is none');
  const parsed = new URL(url);
  // What stands in the URL would win over everything beside it.
  const given = parsed.searchParams.get('options');
  parsed.searchParams.delete('options');
  const name = parsed.searchParams.get('application_name') ?? 'countersign';
  parsed.searchParams.delete('application_name');
  return { connectionString: parsed.href, options: [...(given === null ? [] : [given]), ...options].join(' '), application_name: name };
}
