import { Controller, Inject } from '@nestjs/common';
import { invalid } from '#kernel/domain-error.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { TextField } from '#platform/http/fields/text.field.js';
import { Input } from '#platform/http/parameters/caller.decorator.js';
import { TOKEN_MINT } from '#platform/http/ports/token-mint.port.js';
import type { TokenMint } from '#platform/http/ports/token-mint.port.js';
import { Member, Named, ref } from '#platform/http/schema/json-schema.js';

@Named('DevTokenRequest')
export class DevTokenDto {
  @TextField(1, 100, { description: 'One of the fixed development users' }) readonly user: string;
}

@Named('DevToken')
export class DevTokenBody {
  @Member({ type: 'string' }) readonly accessToken: string;
}

/** Registered in the development profile alone, with the TokenMint. */
@Controller()
export class DevTokenController {
  constructor(@Inject(TOKEN_MINT) private readonly mint: TokenMint) {}

  @Endpoint({
    id: 'mintDevToken', method: 'POST', path: '/dev/token', tag: 'Development', summary: 'An access token of a development user', access: 'public',
    description: 'Only in the development profile.',
    body: bodyOf(DevTokenDto, { approver: { user: 'approver1' } }),
    answers: [{ status: 200, description: 'The token', schema: ref(DevTokenBody), examples: { token: { accessToken: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' } } }],
  })
  async make(@Input() body: DevTokenDto): Promise<DevTokenBody> {
    const accessToken = await this.mint.mintToken(body.user);
    if (accessToken === undefined) throw invalid({ path: '/user', message: 'is no development user' });
    return { accessToken };
  }
}
