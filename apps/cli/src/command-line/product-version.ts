import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

export const productVersion = (): string => (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { readonly version: string }).version;
