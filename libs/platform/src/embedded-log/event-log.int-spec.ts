import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { EventLog, LogDownError } from './event-log.js';
import { openLogDatabase } from './log-database.js';
import type { LogDatabase } from './log-database.js';
import { pullEvents, readStreamPage } from './log-reads.js';
import type { AppendRequest } from './protocol.js';
import { temporaryFolder } from './testing/temporary-log.js';

type Append = Pick<AppendRequest, 'stream' | 'expected' | 'events'>;
type Method = 'commit' | 'insert' | 'settle' | 'head';
const append = (stream: string, expected: number, ...ids: readonly string[]): Append => ({ stream, expected, events: ids.map((id) => [id, 'type', '{}', '{}']) });
const ids = (log: EventLog, stream: string): readonly string[] => readStreamPage(log, { stream, from: 0, limit: 100, backward: false }).events.map((event) => event[3]);
const ioError = (): Error => new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');

/** A log on a real file whose connections fail where `faults` says: the function replaces the method, and may call what it replaces. */
class Bench {
  readonly dir = temporaryFolder();
  readonly file = join(this.dir, 'events.db');
  readonly faults = new Map<Method, (real: () => unknown) => unknown>();
  opened = 0;
  refuseOpen = false;
  readonly log = new EventLog((create) => this.#open(create));

  #open(create: boolean): LogDatabase {
    if (this.refuseOpen) throw new Sqlite.SqliteError('unable to open', 'SQLITE_CANTOPEN');
    const database = openLogDatabase(this.file, create);
    this.opened += 1;
    const faulty = (method: Method): void => {
      const real = (database[method] as (...input: unknown[]) => unknown).bind(database);
      Object.assign(database, { [method]: (...input: unknown[]) => (this.faults.get(method) ?? ((call: () => unknown) => call()))(() => real(...input)) });
    };
    for (const method of ['commit', 'insert', 'settle', 'head'] as const) faulty(method);
    return database;
  }

  /** Fails the next call of a method once, before or after it did its work. */
  failOnce(method: Method, when: 'before' | 'after', error: Error = ioError()): void {
    this.faults.set(method, (real) => {
      this.faults.delete(method);
      if (when === 'after') real();
      throw error;
    });
  }

  end(): void {
    this.log.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

describe('EventLog', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
    bench.log.commit([append('s-1', -1, 'a', 'b')]);
  });
  afterEach(() => bench.end());

  it('decides the appends of one group one after the other', () => {
    const outcomes = bench.log.commit([append('s-1', 1, 'c'), append('s-1', 1, 'd'), append('s-1', 1, 'c'), append('s-1', 2, 'e'), append('t-1', 0, 'f')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'conflict', 'appended', 'appended', 'conflict']);
    expect(outcomes[2]).toEqual(outcomes[0]);
    expect(ids(bench.log, 's-1')).toEqual(['a', 'b', 'c', 'e']);
  });

  it('rule 11: an error at COMMIT of what was written after all is a success, found by its ids', () => {
    bench.failOnce('commit', 'after');
    const outcomes = bench.log.commit([append('s-1', 1, 'c'), append('t-1', -1, 'd')]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended']);
    expect(bench.opened).toBe(2);
    expect(bench.log.commit([append('s-1', 1, 'c')])[0]).toEqual(outcomes[0]);
    expect(pullEvents(bench.log, { after: 0, prefixes: [], limit: 10 }).events.map((event) => event[3])).toEqual(['a', 'b', 'c', 'd']);
  });

  it('rule 11: an error at COMMIT of what was not written says so, and the next append is decided by the file', () => {
    bench.failOnce('commit', 'before');
    expect(bench.log.commit([append('s-1', 1, 'c'), append('t-1', -1, 'd')]).map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
    expect(bench.opened).toBe(2);
    expect(bench.log.commit([append('s-1', 2, 'd'), append('s-1', 1, 'e'), append('t-1', -1, 'f')]).map(({ kind }) => kind)).toEqual(['conflict', 'appended', 'appended']);
    expect(ids(bench.log, 's-1')).toEqual(['a', 'b', 'e']);
  });

  it('rule 11: with the file out of reach after an error at COMMIT, the outcome is unknown and nothing is served', () => {
    bench.faults.set('commit', (real) => {
      real();
      bench.refuseOpen = true;
      throw ioError();
    });
    expect(bench.log.commit([append('s-1', 1, 'c')]).map(({ kind }) => kind)).toEqual(['unknown']);
    expect(() => ids(bench.log, 's-1')).toThrow(LogDownError);
    expect(bench.log.commit([append('s-1', 1, 'c')]).map(({ kind }) => kind)).toEqual(['unavailable']);
    bench.refuseOpen = false;
    bench.faults.clear();
    expect(bench.log.commit([append('s-1', 1, 'c')])).toMatchObject([{ kind: 'appended', revision: 2 }]);
    expect(ids(bench.log, 's-1')).toEqual(['a', 'b', 'c']);
  });

  it('rule 11: what is readable after an error at COMMIT, but not known to be durable, is shown to nobody', () => {
    const before = bench.log.visible;
    bench.faults.set('settle', () => {
      throw ioError();
    });
    bench.failOnce('commit', 'after');
    expect(bench.log.commit([append('s-1', 1, 'c'), append('t-1', -1, 'd')]).map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
    expect(bench.log.visible).toBe(before);
    expect(ids(bench.log, 's-1')).toEqual(['a', 'b']);
    expect(ids(bench.log, 't-1')).toEqual([]);
    expect(pullEvents(bench.log, { after: 0, prefixes: [], limit: 10 })).toMatchObject({ head: before, drained: true, events: { length: 2 } });
    // Not even a resend is answered by it.
    expect(bench.log.commit([append('s-1', 1, 'c')]).map(({ kind }) => kind)).toEqual(['unavailable']);
    bench.faults.clear();
    expect(bench.log.commit([append('s-1', 1, 'c')])).toMatchObject([{ kind: 'appended', revision: 2 }]);
    expect(bench.log.visible).toBeGreaterThan(before);
    expect(pullEvents(bench.log, { after: before, prefixes: [], limit: 10 }).events.map((event) => event[3])).toEqual(['c', 'd']);
  });

  it('writes nothing of a group when one insert fails, and forgets the heads it had', () => {
    bench.log.commit([append('t-1', -1, 'x')]);
    let inserts = 0;
    bench.faults.set('insert', (real) => {
      inserts += 1;
      if (inserts === 3) throw new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL');
      return real();
    });
    expect(bench.log.commit([append('s-1', 1, 'c', 'd'), append('t-1', 0, 'y', 'z')]).map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
    bench.faults.clear();
    expect(ids(bench.log, 's-1')).toEqual(['a', 'b']);
    expect(bench.log.commit([append('s-1', 1, 'e'), append('t-1', 0, 'f')])).toMatchObject([{ kind: 'appended', revision: 2 }, { kind: 'appended', revision: 1 }]);
    expect(ids(bench.log, 't-1')).toEqual(['x', 'f']);
  });

  it('ends on an error that is no error of the disk', () => {
    bench.failOnce('commit', 'before', new RangeError('a defect'));
    expect(() => bench.log.commit([append('s-1', 1, 'c')])).toThrow(RangeError);
  });

  it('never serves a damaged file again', () => {
    bench.failOnce('head', 'before', new Sqlite.SqliteError('malformed', 'SQLITE_CORRUPT'));
    expect(bench.log.commit([append('t-1', -1, 'c')])).toMatchObject([{ kind: 'unavailable' }]);
    expect(() => ids(bench.log, 's-1')).toThrow(LogDownError);
    expect(bench.log.commit([append('s-1', 1, 'c')])).toMatchObject([{ kind: 'unavailable' }]);
    expect(bench.opened).toBe(1);
  });

  it('never serves a file that lost events, or another store', () => {
    const other = new Bench();
    other.log.commit([append('u-1', -1, ...Array.from({ length: 50 }, (_, n) => `${n}`))]);
    other.log.close();
    bench.faults.set('commit', () => {
      throw ioError();
    });
    bench.refuseOpen = true;
    bench.log.commit([append('s-1', 1, 'c')]);
    bench.refuseOpen = false;
    copyFileSync(other.file, bench.file);
    expect(() => ids(bench.log, 's-1')).toThrow(/another store/);
    other.end();
  });

  it('never serves a file that was set back', () => {
    const old = join(bench.dir, 'old.db');
    // Every event is in the file itself once the log is closed: a copy of then is an older state of the same store.
    const dir = temporaryFolder();
    const file = join(dir, 'events.db');
    let refuse = false;
    const open = (create: boolean): LogDatabase => {
      if (refuse) throw new Sqlite.SqliteError('unable to open', 'SQLITE_CANTOPEN');
      return openLogDatabase(file, create);
    };
    const first = new EventLog(open);
    first.commit([append('s-1', -1, 'a')]);
    first.close();
    copyFileSync(file, old);
    let database: LogDatabase | undefined;
    const log = new EventLog((create) => (database = open(create)));
    log.commit([append('s-1', 0, 'b')]);
    refuse = true;
    if (database !== undefined) database.begin = () => { throw ioError(); };
    log.commit([append('s-1', 1, 'c')]);
    copyFileSync(old, file);
    refuse = false;
    expect(() => ids(log, 's-1')).toThrow(/lost events/);
    expect(log.commit([append('s-1', 0, 'x')])).toMatchObject([{ kind: 'unavailable' }]);
    log.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('goes on after the last position when it is opened again, with the same id', () => {
    const { visible, storeId } = bench.log;
    bench.log.close();
    const again = new EventLog((create) => openLogDatabase(bench.file, create));
    expect(again.storeId).toBe(storeId);
    expect(again.visible).toBe(visible);
    expect(again.commit([append('s-1', 1, 'c')])).toMatchObject([{ kind: 'appended', revision: 2 }]);
    expect(again.visible).toBeGreaterThan(visible);
    again.close();
  });

  it('is held by one alone (rule 11)', () => {
    expect(() => openLogDatabase(bench.file, false)).toThrow(/locked/);
  });

  it('does not open what is no event log', () => {
    const file = join(bench.dir, 'other.db');
    const database = new Sqlite(file);
    database.exec('CREATE TABLE something (other TEXT)');
    database.close();
    expect(() => openLogDatabase(file, true)).toThrow(/not an event log/);
  });
});
