type Json = Readonly<Record<string, unknown>>;

/**
 * The document with every object schema of its components closed: a client takes members that are added later, a test takes none that is not declared.
 * Schemas that others extend by `allOf` stay open.
 */
export function closed(document: Json): Json {
  const walk = (node: unknown, inAllOf: boolean): unknown => {
    if (Array.isArray(node)) return node.map((one) => walk(one, inAllOf));
    if (typeof node !== 'object' || node === null) return node;
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, key === 'examples' || key === 'example' ? value : walk(value, key === 'allOf')]));
    const isOpen = inAllOf || copy['additionalProperties'] !== undefined || copy['properties'] === undefined || copy['type'] !== 'object';
    return isOpen ? copy : { ...copy, additionalProperties: false };
  };
  return walk(document, false) as Json;
}
