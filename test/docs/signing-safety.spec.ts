import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';

const RULES = Array.from({ length: 25 }, (_, i) => i + 1);
const read = (file: string): string => readFileSync(join(packageRoot, file), 'utf8');
const pathsIn = (line: string | undefined): readonly string[] => [...(line ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);

/** A line with the name of a test or a group, or of a row of a table of tests, that bears the number, as in `rule 4: …` or `rules 3, 4: …`. */
const bears = (source: string, rule: number): boolean => source.split('\n').some((line) => new RegExp(`\\brules? (\\d+(, | and ))*${rule}\\b`).test(line) && /\b(it|test|describe)\b.*\(|^\s*\['rules? /.test(line));

const sections = new Map(
  read('docs/signing-safety.md').split(/^## /m).flatMap((section) => {
    const rule = /^Rule (\d+)\./.exec(section)?.[1];
    return rule === undefined ? [] : [[Number(rule), section] as const];
  }),
);
const lineOf = (rule: number, head: string): readonly string[] => pathsIn(sections.get(rule)?.split('\n').find((line) => line.startsWith(`- ${head}: `)));

describe('docs/signing-safety.md', () => {
  it('has every rule from 1 to 25', () => {
    expect([...sections.keys()]).toEqual(RULES);
  });
  it.each(RULES)('names code of rule %i that is there', (rule) => {
    expect(lineOf(rule, 'Code')).not.toEqual([]);
    expect(lineOf(rule, 'Code').filter((file) => !existsSync(join(packageRoot, file)))).toEqual([]);
  });
  it.each(RULES)('names tests of rule %i that bear its number', (rule) => {
    expect(lineOf(rule, 'Tests')).not.toEqual([]);
    expect(lineOf(rule, 'Tests').filter((file) => !existsSync(join(packageRoot, file)) || !bears(read(file), rule))).toEqual([]);
  });
});

describe('the suites', () => {
  const specs = ['libs', 'apps', 'test'].flatMap((folder) => readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' }).filter((file) => /spec\.ts$/.test(file) && !file.startsWith('docs/')).map((file) => read(join(folder, file))));

  it.each(RULES)('have a test that bears the number of rule %i', (rule) => {
    expect(specs.some((source) => bears(source, rule))).toBe(true);
  });
});

describe('links between documents', () => {
  const documents = ['README.md', 'CHANGELOG.md', ...readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md')).map((file) => join('docs', file))];

  it.each(documents)('of %s lead somewhere', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^(https?:|#)/.test(link));
    expect(links.filter((link) => !existsSync(join(packageRoot, document, '..', link.split('#', 1)[0] ?? '')))).toEqual([]);
  });
});
