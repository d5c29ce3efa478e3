import { Type, type TInteger, type TNumberOptions, type TString } from 'typebox';
import { DomainError } from './errors.ts';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^([0-9]+)(ms|s|m|h|d)$/;

/** Milliseconds of `500ms`, `30s`, `5m`, `24h` or `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = DURATION.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const milliseconds = Number(amount) * UNITS_MS[unit as keyof typeof UNITS_MS];
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** Marks schemas whose text is a duration and whose value is a number of milliseconds. */
export const DURATION_MARK = 'x-duration-ms';

/** In a configuration: written as `500ms`, `30s`, `5m`, `24h` or `7d`, read as milliseconds. `default` is in milliseconds. */
export function Milliseconds(options: TNumberOptions = {}): TInteger {
  return Type.Integer({ minimum: 0, ...options, [DURATION_MARK]: true });
}

/** A request may be held at most so long: below the idle limits of usual proxies. */
export const LONGEST_WAIT_MS = 60_000;

/** Query parameter `wait` of a route that holds its answer: `Type.Optional(Wait)`. */
export const Wait: TString = Type.String({
  pattern: DURATION.source,
  description: 'Hold the answer until it is so, at most this long (60s): 500ms, 30s.',
});

/** Milliseconds of a `wait` parameter; absent: 0, do not wait. Throws `invalid` above 60 s. */
export function waitMs(wait: string | undefined): number {
  if (wait === undefined) return 0;
  const milliseconds = parseDuration(wait);
  if (milliseconds === undefined || milliseconds > LONGEST_WAIT_MS) {
    throw new DomainError(
      'invalid',
      `wait=${wait} is more than ${LONGEST_WAIT_MS / 1000}s, the longest an answer is held. Ask again after each answer.`,
      {
        faults: [{ path: '/query/wait', message: `must be at most ${LONGEST_WAIT_MS / 1000}s` }],
      },
    );
  }
  return milliseconds;
}
