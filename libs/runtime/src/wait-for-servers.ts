import { setTimeout as delay } from 'node:timers/promises';
import { log } from '@roofshot/telemetry/logger';
import { awayOf } from './away.ts';
import type { Environment } from './env.ts';
import { portKeyOf } from './listen.ts';
import type { AnyService } from './service.ts';
import { openWaitingDoor, type WaitingDoor } from './waiting-door.ts';

const FIRST_PAUSE_MS = 100;
/** A server that has come is noticed within this. */
const LONGEST_PAUSE_MS = 1_000;

/** The process was told to end before what it waited for had come. */
export class LeftWhileWaiting extends Error {
  override readonly name = 'LeftWhileWaiting';
}

export interface Waiting {
  readonly services: readonly AnyService[];
  readonly environment: Environment;
  /** Ends the waiting: then it throws `LeftWhileWaiting`. */
  readonly leaving: AbortSignal;
}

/**
 * Opens what lies outside the process, again and again while a server does not answer: it may be started later than this process.
 * Meanwhile every service stands at its port, alive and not ready, and says what it waits for. Any other failure (a wrong password,
 * a foreign version) does not pass by itself and is thrown.
 */
export async function whenServersAnswer<T>(open: () => Promise<T>, waiting: Waiting): Promise<T> {
  const room = new WaitingRoom(waiting);
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const opened = await room.attempt(open);
      if (opened !== undefined) return opened.value;
      await delay(pause, undefined, { signal: waiting.leaving }).catch(() => undefined); // told to leave: seen below
      if (waiting.leaving.aborted) throw new LeftWhileWaiting('The process was told to end while it waited.');
    }
  } finally {
    await room.close();
  }
}

class WaitingRoom {
  readonly #waiting: Waiting;
  #doors: readonly WaitingDoor[] | undefined;
  #reason = '';

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /** Undefined when a server did not answer. */
  async attempt<T>(open: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    try {
      return { value: await open() };
    } catch (error) {
      if (awayOf(error)?.code !== 'unavailable') throw error;
      this.#tell(error instanceof Error ? error.message : String(error));
      this.#doors ??= await this.#openDoors();
      return undefined;
    }
  }

  async close(): Promise<void> {
    await Promise.all((this.#doors ?? []).map((door) => door.close()));
  }

  /** Once for each reason; also to the person who started it, where the log is a file. */
  #tell(reason: string): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    log.warn('A server that is needed does not answer; the start waits for it.', { 'event.reason': reason });
    if (this.#waiting.environment.shared.logFile !== undefined) process.stderr.write(`The start waits. ${reason}\n`);
  }

  async #openDoors(): Promise<WaitingDoor[]> {
    const { services, environment } = this.#waiting;
    const doors: WaitingDoor[] = [];
    try {
      for (const { name, port } of services) {
        const wish = {
          host: environment.shared.host,
          port: environment.services.get(name)?.port ?? port,
          portKey: portKeyOf(name),
        };
        doors.push(await openWaitingDoor(name, wish, () => [this.#reason]));
      }
    } catch (error) {
      await Promise.all(doors.map((door) => door.close()));
      throw error;
    }
    return doors;
  }
}
