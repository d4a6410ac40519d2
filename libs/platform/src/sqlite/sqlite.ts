import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';

/**
 * The class of better-sqlite3 that this Node can run, of two installed releases: 13 is built on Node-API and needs Node 22; 12, the last one for Node 20,
 * aborts the process from Node 24.19 on, when a statement is collected outside of any context (its object wrap removes a hook that is not there).
 */
const release = Number(process.versions.node.split('.', 1)[0]) >= 22 ? 'better-sqlite3-13' : 'better-sqlite3';
export const Sqlite = createRequire(import.meta.url)(release) as typeof Database;
