import { setTimeout as delay } from 'node:timers/promises';

export interface BackOffRange {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Milliseconds to wait before try number `attempt` + 1: doubling, with a random half so that those who failed together do not meet again. */
export function backOffMs(attempt: number, { firstMs, longestMs }: BackOffRange): number {
  const full = Math.min(firstMs * 2 ** Math.max(0, attempt - 1), longestMs);
  return full * (0.5 + Math.random() / 2);
}

/** Waits; ends early, without a throw, when the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
