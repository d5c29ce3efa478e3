import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Gives up after this many milliseconds; default 10,000. */
  deadlineMs?: number;
  /** What is awaited, for the failure's text. */
  describe?: string;
}

type Falsy = false | null | 0 | '' | 0n;

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Repeats `check` until it passes, and answers what it answered. It passes when it neither throws nor answers something falsy;
 * answering nothing (undefined, as a block of `expect` does) passes. After the deadline it throws with the last failure as cause.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Exclude<T, Falsy>> {
  const { deadlineMs = 10_000, describe = 'the expected state' } = options;
  const end = Date.now() + deadlineMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const last = await attempt(check);
    if (last.passed) return last.value;
    if (Date.now() >= end) {
      throw new Error(`Waited ${deadlineMs} ms for ${describe}, in vain. Last: ${last.reason}`, { cause: last.cause });
    }
    await delay(pause);
  }
}

type Attempt<T> = { passed: true; value: Exclude<T, Falsy> } | { passed: false; reason: string; cause: unknown };

async function attempt<T>(check: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    const value = await check();
    if (value === undefined || Boolean(value)) return { passed: true, value: value as Exclude<T, Falsy> };
    return { passed: false, reason: `the check answered ${JSON.stringify(value)}`, cause: undefined };
  } catch (error) {
    return { passed: false, reason: messageOf(error), cause: error };
  }
}

/** By shape: errors of Node's own modules are no instances of a test environment's Error. */
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
