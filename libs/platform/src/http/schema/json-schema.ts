/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
type ClassOf = abstract new (...args: never[]) => object;

type Members = ReadonlyMap<string, { readonly schema: JsonSchema; readonly required: boolean }>;

interface ObjectSchema {
  readonly description: string | undefined;
  /** Whether unknown members are refused: in requests. */
  closed: boolean;
  /** Its own, without those of the class that it extends. */
  readonly members: Map<string, { readonly schema: JsonSchema; readonly required: boolean }>;
}

const byClass = new Map<object, ObjectSchema>();
const nameOf = new Map<object, string>();
const byName = new Map<string, object>();

const schemaOf = (target: object): ObjectSchema => {
  let found = byClass.get(target);
  if (!found) byClass.set(target, (found = { description: undefined, closed: false, members: new Map() }));
  return found;
};

/** Class decorator: the name under which `#/components/schemas` has this class. */
export function Named(name: string, description?: string): ClassDecorator {
  return (target) => {
    if (written.has(name) || (byName.has(name) && byName.get(name) !== target)) throw new TypeError(`two schemas are named ${name}`);
    byName.set(name, target);
    nameOf.set(target, name);
    byClass.set(target, { ...schemaOf(target), description });
  };
}

/** Property decorator of an answer's class: the member's schema. Optional members may be absent. */
export function Member(schema: JsonSchema, options: { readonly optional?: boolean } = {}): PropertyDecorator {
  return (prototype, property) => addMember(prototype.constructor, String(property), schema, options.optional !== true);
}

export function addMember(target: object, property: string, schema: JsonSchema, required: boolean): void {
  schemaOf(target).members.set(property, { schema, required });
}
/** Says that objects of this class take no other members. */
export const closeSchema = (target: object): void => void (schemaOf(target).closed = true);

const allMembers = new Map<object, Members>();
/** The members of a class and of those that it extends, by name. Asked for once the classes are complete: the answer is kept. */
export function membersOf(target: object): Members {
  const known = allMembers.get(target);
  if (known) return known;
  const parent: unknown = Object.getPrototypeOf(target);
  const inherited: Members = typeof parent === 'function' && parent !== Function.prototype ? membersOf(parent) : new Map();
  const members = new Map([...inherited, ...schemaOf(target).members]);
  allMembers.set(target, members);
  return members;
}

/** A reference to a named class. */
export function ref(target: ClassOf): JsonSchema {
  const name = nameOf.get(target);
  if (name === undefined) throw new TypeError(`${target.name} has no schema name`);
  return { $ref: `#/components/schemas/${name}` };
}

const written = new Map<string, JsonSchema>();
/** Names a schema that no class has, a union say. @returns a reference to it */
export function defineSchema(name: string, schema: JsonSchema): JsonSchema {
  if (written.has(name) || byName.has(name)) throw new TypeError(`two schemas are named ${name}`);
  written.set(name, schema);
  return { $ref: `#/components/schemas/${name}` };
}

export const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({ type: 'array', items, ...more });
export const orNull = (schema: JsonSchema): JsonSchema => (typeof schema['type'] === 'string' && schema['enum'] === undefined ? { ...schema, type: [schema['type'], 'null'] } : { anyOf: [schema, { type: 'null' }] });

/** The component schema of a name that `ref` gave. */
export function componentSchema(name: string): JsonSchema {
  const asWritten = written.get(name);
  if (asWritten !== undefined) return asWritten;
  const target = byName.get(name);
  if (target === undefined) throw new TypeError(`no schema is named ${name}`);
  const { description, closed } = schemaOf(target);
  const members = membersOf(target);
  const required = [...members].filter(([, m]) => m.required).map(([key]) => key);
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries([...members].map(([key, m]) => [key, m.schema])),
    ...(required.length > 0 ? { required } : {}),
    ...(closed ? { additionalProperties: false } : {}),
  };
}
