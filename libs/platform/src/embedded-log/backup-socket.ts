import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the thread of a log takes orders for backups, in the log's own folder, which is its owner's alone: nobody else can read a file that is held exclusively.
 * One line of JSON there, lines of JSON back.
 */
const NAME = 'backup.sock';
/** What `sockaddr_un` takes, less than a little. */
const PATH_BYTES = 100;

/** An absolute path that does not exist; its folder does. */
export interface BackupOrder {
  readonly to: string;
}
export type BackupReport = { readonly pages: number; readonly of: number } | { readonly done: true } | { readonly failed: string };

/** A path by which the socket can be bound or reached, however long that of its folder is. `release` it after that. */
export function socketAddress(dir: string): { readonly path: string; readonly release: () => void } {
  const path = join(dir, NAME);
  if (Buffer.byteLength(path) <= PATH_BYTES) return { path, release: () => undefined };
  const folder = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${folder}/${NAME}`, release: () => closeSync(folder) };
}
export const socketFile = (dir: string): string => join(dir, NAME);
