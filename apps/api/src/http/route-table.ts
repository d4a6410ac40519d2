/** Which methods go with a path: what tells a 405 from a 404. */
export class RouteTable {
  private readonly routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** @param url as the router takes it, with `:name` for a segment and a final `*` for the rest */
  add(method: string | readonly string[], url: string): void {
    const text = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('/');
    this.routes.push({ pattern: new RegExp(`^${text}$`), methods: typeof method === 'string' ? [method] : method });
  }

  /** @param path without query @returns sorted; empty when the path is none of ours */
  methodsOf(path: string): readonly string[] {
    return [...new Set(this.routes.filter((r) => r.pattern.test(path)).flatMap((r) => r.methods))].sort();
  }
}
