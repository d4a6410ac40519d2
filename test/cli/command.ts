import { join } from 'node:path';
import { runProgram } from '#test/demo/program.js';
import type { Ended } from '#test/demo/program.js';
import type { Service } from '#test/system/service.js';

/** Runs `countersign` with the configuration of a service, or of one of its processes. */
export const countersign = (service: Service, args: readonly string[], { part = service.parts[0]?.name, env = {} }: { readonly part?: string | undefined; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Ended> =>
  runProgram('apps/cli/src/main', args, { COUNTERSIGN_CONFIG: join(service.dir, `${part}.yaml`), ...service.token.env, ...env });
