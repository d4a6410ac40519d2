import type { ChannelCredentialOptions, Credentials } from '@eventstore/db-client';

/**
 * Name and password as the client takes them, which nothing shows that prints an object: the client writes its options
 * into its debugging output.
 */
export class User implements Credentials {
  readonly #username: string;
  readonly #password: string;

  constructor(username: string, password: string) {
    this.#username = username;
    this.#password = password;
  }
  get username(): string {
    return this.#username;
  }
  get password(): string {
    return this.#password;
  }
}

/** How the channel is secured, its private key hidden in the same way. Certificates of servers are always verified. */
export function channelOf(insecure: boolean, files: Readonly<Record<'rootCertificate' | 'userCertFile' | 'userKeyFile', Buffer | undefined>>): ChannelCredentialOptions {
  const channel: ChannelCredentialOptions = { insecure };
  for (const [name, value] of Object.entries(files)) if (value !== undefined) Object.defineProperty(channel, name, { value, enumerable: false });
  return channel;
}
