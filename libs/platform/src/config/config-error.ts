/** The configuration can't be used. `message` is one line that names the key or variable, and never shows its value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(where: string, what: string) {
    super(`${where}: ${what}`.replaceAll(/\s+/g, ' '));
  }
}
