/**
 * The kinds of tests by their suffix: `.test.ts` is a unit test, `.int.test.ts` needs one real server, `.component.test.ts` a whole
 * service, `.e2e.test.ts` the platform.
 */
export const KINDS = ['unit', 'int', 'component', 'e2e'] as const;
export type Kind = (typeof KINDS)[number];

const NOT_UNIT = String.raw`\.(int|component|e2e)\.test\.tsx?$`;
/** As in jest.config.mjs, which an argument replaces. */
const NEVER = ['/node_modules/', '/dist/', '/.cache/'];

/** True when tests of these kinds need the shared PostgreSQL. */
export function needServers(kinds: readonly Kind[]): boolean {
  return kinds.some((kind) => kind !== 'unit');
}

/** Jest's arguments that choose the tests of these kinds. */
export function jestFilter(kinds: readonly Kind[]): string[] {
  if (kinds.length === KINDS.length) return [];
  if (!kinds.includes('unit')) return ['--testMatch', ...kinds.map((kind) => `**/*.${kind}.test.{ts,tsx}`)];
  const excluded = KINDS.filter((kind) => !kinds.includes(kind));
  const pattern = excluded.length === KINDS.length - 1 ? NOT_UNIT : String.raw`\.(${excluded.join('|')})\.test\.tsx?$`;
  return ['--testPathIgnorePatterns', ...NEVER, pattern];
}
