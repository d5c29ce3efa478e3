/**
 * The kinds of tests by their suffix: `.test.ts` is a unit test, `.int.test.ts` needs a database, `.component.test.ts` a whole service,
 * `.server.test.ts` a server that npm does not bring along (Kafka, RabbitMQ, Redis, S3, Elasticsearch), `.e2e.test.ts` the platform.
 */
export const KINDS = ['unit', 'int', 'component', 'server', 'e2e'] as const;
/** Only when they are named: `.deploy.test.ts` needs a Docker engine, and builds images for minutes. */
export const NAMED_ONLY = ['deploy'] as const;
export const ALL_KINDS = [...KINDS, ...NAMED_ONLY] as const;
export type Kind = (typeof ALL_KINDS)[number];

/** Those that run on what npm brings along. */
export const EMBEDDED: readonly Kind[] = KINDS.filter((kind) => kind !== 'server');

/** As in jest.config.mjs, which an argument replaces. */
const NEVER = ['/node_modules/', '/dist/', '/.cache/'];

/** Jest's arguments that choose the tests of these kinds. */
export function jestFilter(kinds: readonly Kind[]): string[] {
  if (!kinds.includes('unit')) return ['--testMatch', ...kinds.map((kind) => `**/*.${kind}.test.{ts,tsx}`)];
  const excluded = ALL_KINDS.filter((kind) => !kinds.includes(kind));
  return ['--testPathIgnorePatterns', ...NEVER, String.raw`\.(${excluded.join('|')})\.test\.tsx?$`];
}
