/** What the document says of all calls. Markdown. */
export const DESCRIPTION = `Countersign stands between those who want a signature and the HSM that can make one: a key is used exactly as often as was approved.

JSON is camelCase, times are RFC 3339 in UTC with milliseconds, binary is base64 with the standard alphabet and padding.

- **Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`. Beside those that each call lists, any path answers 404 \`NOT_FOUND\` when it is none, 405 \`METHOD_NOT_ALLOWED\` with \`Allow\` for a method that it does not take, 400 \`MALFORMED_REQUEST\` and 408 \`REQUEST_TIMEOUT\` when what came is no request.
- **Checks** run in this order: token (401), role (403), shape (400, 413, 415, 422), whose it is and who may, state. Unknown members, unknown query parameters and repeated ones are 422.
- **Bodies** have up to 2 MiB. A call that takes none may be sent an empty object.
- **\`Idempotency-Key\`**, 1 to 200 characters, goes with every call that changes something: the same key with the same body gives back the same result.
- **Lists** take \`limit\` and \`cursor\` and answer \`items\` and, where there is more, \`nextCursor\`.`;
