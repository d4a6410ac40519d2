// What a worker needs where rows are in PostgreSQL, and loads there alone.
export { openPostgresLeases } from '#platform/read-model/postgres-leases.js';
export { renewRows } from './renew-rows.js';
