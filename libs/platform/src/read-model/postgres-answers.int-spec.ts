import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { freePort } from '#test/system/listen.js';
import { testReadModel } from './testing/test-databases.js';
import { postgresAnswers } from './postgres-answers.js';

describe('whether PostgreSQL answers', () => {
  it('is told of one that does', async () => {
    const readModel = await testReadModel('PostgreSQL');
    await expect(postgresAnswers(readModel.kind === 'postgres' ? readModel.url : '')).resolves.toBeUndefined();
  });

  it('rule 19: is told of one that does not without its password', async () => {
    const failure: unknown = await postgresAnswers(`postgres://countersign:s3cret-word@127.0.0.1:${await freePort()}/rows`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(String(failure)).toMatch(/ECONNREFUSED/);
    expect(String(failure)).not.toContain('s3cret-word');
  });
});
