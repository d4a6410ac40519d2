import type { ClientBase } from 'pg';
import { LedgerUnavailableError } from '#signing/contract.js';

interface Settings {
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly synchronous_commit: string;
  readonly standby: boolean;
  readonly read_only: string;
}

const refuse = (message: string): LedgerUnavailableError => new LedgerUnavailableError('FAILED', `the database of the ledger ${message}`);

/**
 * Sees to it that what this session commits is on a disk before it is answered (rule 16). `synchronous_commit` is the session's own to say, whatever
 * the server's default; a server that flushes nothing can't be a ledger.
 * @throws LedgerUnavailableError FAILED, saying which setting is wrong
 */
export async function requireDurable(client: ClientBase): Promise<void> {
  // remote_apply waits for more than on does.
  await client.query(`SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply'`);
  const { rows: [settings] } = await client.query<Settings>(`
    SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit,
      pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS read_only`);
  if (settings === undefined) throw refuse('does not tell its settings');
  if (settings.standby) throw refuse('is a standby: nothing can be written there');
  if (settings.read_only !== 'off') throw refuse('takes no writes (default_transaction_read_only)');
  if (settings.fsync !== 'on') throw refuse('does not flush what it commits: fsync must be on');
  if (settings.full_page_writes !== 'on') throw refuse('may lose pages when its machine fails: full_page_writes must be on');
  if (settings.synchronous_commit !== 'on' && settings.synchronous_commit !== 'remote_apply') throw refuse('answers before it has flushed: synchronous_commit must be on');
}
