import type { IncomingMessage } from 'node:http';
import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { DomainError, invalid } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import { pointer } from '#platform/http/pointer.js';
import { HTTP_LIMITS } from './http-options.js';

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i;
const UNFIT = /\p{Surrogate}|\0/u;

/**
 * Reads a request's body as JSON, up to its limit. Token and role were checked before: nobody else makes the service read.
 * @param keep told of the bytes that are to be kept, before they are; a refusal ends the reading
 * @returns undefined when there is no body
 * @throws DomainError UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, MALFORMED_JSON, VALIDATION_FAILED (a text that is no Unicode)
 */
export async function readJsonBody(request: FastifyRequest, payload: IncomingMessage, keep: (bytes: number) => DomainError | undefined): Promise<unknown> {
  const { 'content-type': type, 'content-encoding': encoding } = request.headers;
  const isEmpty = request.headers['transfer-encoding'] === undefined && Number(request.headers['content-length'] ?? 0) === 0;
  if (isEmpty) return undefined;
  const isJson = type !== undefined && JSON_TYPE.test(type) && (encoding === undefined || encoding === 'identity');
  const bytes = await readBytes(payload, Number(request.headers['content-length'] ?? 0), keep);
  if (bytes === 'too large') throw new DomainError('PAYLOAD_TOO_LARGE', `a body has at most ${HTTP_LIMITS.bodyBytes} bytes`);
  if (bytes.length === 0) return undefined;
  if (!isJson) throw new DomainError('UNSUPPORTED_MEDIA_TYPE', 'a body is application/json, in UTF-8, not compressed');
  if (!isUtf8(bytes)) throw new DomainError('MALFORMED_JSON', 'the body is not UTF-8');
  const text = bytes.toString('utf8');
  const value = parse(text);
  // Only an escape can write NUL or half a surrogate pair in JSON that is UTF-8.
  if (text.includes('\\u')) {
    const faults = unfitTexts(value);
    if (faults.length > 0) throw invalid(...faults);
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DomainError('MALFORMED_JSON', 'the body is not JSON');
  }
}

function readBytes(payload: IncomingMessage, announced: number, keep: (bytes: number) => DomainError | undefined): Promise<Buffer | 'too large'> {
  const { bodyBytes, drainBytes } = HTTP_LIMITS;
  if (announced > drainBytes) return Promise.resolve('too large');
  return new Promise((resolve, reject) => {
    let size = 0;
    let chunks: Buffer[] = [];
    const leave = (): unknown => payload.off('data', onData).off('end', onEnd).off('error', onBreak).off('close', onBreak);
    const done = (result: Buffer | 'too large'): void => {
      leave();
      resolve(result);
    };
    const add = (chunk: Buffer): void => {
      const refusal = keep(chunk.length);
      if (refusal === undefined) return void chunks.push(chunk);
      leave();
      reject(refusal);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > drainBytes) done('too large');
      else if (size > bodyBytes) chunks = [];
      else add(chunk);
    };
    const onEnd = (): void => done(size > bodyBytes ? 'too large' : chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
    // The sender went away: nobody reads this answer.
    const onBreak = (): void => reject(new DomainError('MALFORMED_REQUEST', 'the body ended early'));
    payload.on('data', onData).on('end', onEnd).on('error', onBreak).on('close', onBreak);
  });
}

/** Walks without recursion: nesting is bounded by the shape only later. */
function unfitTexts(root: unknown): readonly InputFault[] {
  const faults: InputFault[] = [];
  const waiting: { readonly path: string; readonly value: unknown }[] = [{ path: '', value: root }];
  for (let next = waiting.pop(); next !== undefined && faults.length < 100; next = waiting.pop()) {
    const { path, value } = next;
    if (typeof value === 'string') {
      if (UNFIT.test(value)) faults.push({ path, message: 'must be well-formed Unicode without NUL' });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        if (UNFIT.test(key)) faults.push({ path, message: 'has a member whose name is not well-formed Unicode without NUL' });
        else waiting.push({ path: `${path}${pointer(key)}`, value: member });
      }
    }
  }
  return faults;
}
