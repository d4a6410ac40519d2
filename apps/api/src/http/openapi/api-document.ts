import type { OpenAPIObject } from '@nestjs/swagger';
import { Injectable } from '@nestjs/common';

/** The OpenAPI document of this app, made when it is first asked for. */
@Injectable()
export class ApiDocument {
  private make: (() => OpenAPIObject) | undefined;
  private made: OpenAPIObject | undefined;
  private text: string | undefined;

  from(make: () => OpenAPIObject): void {
    this.make = make;
  }
  object(): OpenAPIObject {
    if (!this.make) throw new TypeError('asked for the document before the app was made');
    return (this.made ??= this.make());
  }
  json(): string {
    return (this.text ??= JSON.stringify(this.object()));
  }
}
