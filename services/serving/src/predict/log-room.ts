/**
 * Refuses what the log would not take before it is answered: once an answer has left, its events can only be set aside. No question
 * waits for a broker: the rare large ones ask a bus that has learnt its topics' limits, and are answered when it does not know in time.
 */
import type { Fault } from '@roofshot/contracts/validate';
import type { EventBus, Oversize } from '@roofshot/messaging/events';
import type { Logger } from '@roofshot/telemetry/logger';
import { tooLargeToLog } from '../errors.ts';
import type { Served, SpoolEntry } from '../spool/entries.ts';
import { recordsOf, type RecordSource, type SpoolRecord } from '../spool/spool-records.ts';

/**
 * Shorter lines and texts are not looked at: at most six bytes a character, they stay below 200 KB, and the log takes 1 MB unless it was
 * told otherwise. (Of a topic that takes less than that, what is larger is set aside by the relay.)
 */
export const LARGE_CHARACTERS = 32_768;
/** A bus that has to ask its broker first may take so long; then the answer leaves. */
const LONGEST_WAIT_MS = 200;

export interface LogRoomPlatform extends RecordSource {
  readonly events: Pick<EventBus, 'oversizeOf'>;
  readonly log: Logger;
}

export class LogRoom {
  readonly #place: string;
  readonly #platform: LogRoomPlatform;

  constructor(spool: string, platform: LogRoomPlatform) {
    this.#place = `${spool}/${Number.MAX_SAFE_INTEGER}/${Number.MAX_SAFE_INTEGER}`; // as long as any line's
    this.#platform = platform;
  }

  /** Throws `too-large` (413) that names the questions; then nothing of the request is logged, as nothing of it is answered. */
  async refuseTooLarge(entry: SpoolEntry, isBatch: boolean): Promise<void> {
    const served = entry.served.filter(isLarge);
    if (served.length === 0) return;
    const records = recordsOf(this.#platform, this.#place, { ...entry, served, exposed: [] });
    const oversizes = await this.#oversizesOf(records);
    const faults: Fault[] = [];
    records.forEach(({ predictionId }, i) => {
      const oversize = oversizes[i];
      if (oversize === undefined) return;
      const place = entry.served.findIndex((one) => one.predictionId === predictionId);
      faults.push({ path: isBatch ? `/requests/${place}` : '', message: messageOf(oversize) });
    });
    if (faults.length > 0) throw tooLargeToLog(faults);
  }

  /** Empty when the bus cannot tell. */
  async #oversizesOf(records: readonly SpoolRecord[]): Promise<readonly (Oversize | undefined)[]> {
    const { events, log } = this.#platform;
    const { promise: late, resolve } = Promise.withResolvers<readonly undefined[]>();
    const timer = setTimeout(() => resolve([]), LONGEST_WAIT_MS);
    const asked = events.oversizeOf(records.map(({ record }) => record)).catch((error: unknown) => {
      log.debug('Whether the log takes a large answer is not known at the moment.', { error });
      return [];
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Only what the asker wrote has no bound of its own: an exposure has none of it, and a shadow's answer neither. */
function isLarge({ entities, context }: Served): boolean {
  let characters = 0;
  for (const texts of [entities, context])
    for (const name in texts) {
      const value = texts[name];
      if (typeof value === 'string') characters += value.length;
    }
  return characters > LARGE_CHARACTERS;
}

function messageOf({ bytes, limit }: Oversize): string {
  return `would make a record of about ${bytes} bytes, and its topic takes ${limit}`;
}
