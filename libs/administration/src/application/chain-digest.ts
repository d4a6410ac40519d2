import { canonicalDigest } from '#identity/contract.js';
import type { GenesisDocument } from '../domain/control-plane/genesis.js';

/** The head of a chain that ends with this event: base64 SHA-256 of the RFC 8785 form of its `{type, data}`. @throws Error when that has no such form */
export const chainDigest = ({ type, data }: { readonly type: string; readonly data: unknown }): string => canonicalDigest({ type, data });

/** What a configuration pins: lower-case hex SHA-256 of the document's RFC 8785 form. */
export const genesisDigest = (document: GenesisDocument): string => Buffer.from(canonicalDigest(document), 'base64').toString('hex');

