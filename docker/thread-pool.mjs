// Prints how many threads libuv's pool needs for the sessions that are configured. A configuration that is wrong is one line on standard error and exit code 1.
const ROLES = ['standalone', 'api', 'worker', 'signer'];
const DEFAULT_SESSIONS = 8;
const BESIDE_SESSIONS = 4;

try {
  const role = process.env.SERVICE_ROLE;
  if (!ROLES.includes(role)) throw new Error(`SERVICE_ROLE is ${role}; there are ${ROLES.join(', ')}`);
  const { loadConfig } = await import('../dist/libs/platform/src/config/load-config.js');
  const sessions = loadConfig(process.env, { role }).hsm?.sessions ?? DEFAULT_SESSIONS;
  process.stdout.write(`${sessions + BESIDE_SESSIONS}\n`);
} catch (error) {
  process.stderr.write(`countersign: ${error instanceof Error ? error.message.split('\n', 1)[0] : String(error)}\n`);
  process.exit(1);
}
