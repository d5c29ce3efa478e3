import { setTimeout as delay } from 'node:timers/promises';
import { log } from '@roofshot/telemetry/logger';
import type { Environment } from './env.ts';
import type { Front } from './front.ts';
import { httpPrefixesOf } from './http-prefixes.ts';
import { portKeyOf } from './listen.ts';
import type { PortState } from './open-ports.ts';
import { PortFaults, type PortKey } from './port-faults.ts';
import { isLogElsewhere } from './process-telemetry.ts';
import type { AnyService } from './service.ts';
import { openWaitingDoor } from './waiting-door.ts';

const FIRST_PAUSE_MS = 100;
/** A server that has come is noticed within this. */
const LONGEST_PAUSE_MS = 1_000;
/** A try that takes longer is not made in silence: some servers accept connections and say nothing. */
const PATIENCE_MS = 2_000;
/** A try that runs when the process is told to end gets so long to close what it has opened. */
const GOODBYE_MS = 10_000;

/** The process was told to end before what it waited for had come. */
export class LeftWhileWaiting extends Error {
  override readonly name = 'LeftWhileWaiting';
}

export interface Waiting {
  readonly services: readonly AnyService[];
  readonly environment: Environment;
  /** Stands before the services here, too. */
  readonly front: Front | undefined;
  /** Ends the waiting: then it throws `LeftWhileWaiting`. */
  readonly leaving: AbortSignal;
}

interface Closable {
  close(): Promise<void>;
}

/** Tells how a server stands; see openPorts. */
type Tell = (key: PortKey, state: PortState) => void;

/**
 * Opens what lies outside the process, again and again while servers do not answer: they may be started later than this process.
 * Meanwhile every service stands at its port, alive and not ready, and lists what it waits for; so does what stands before them. Faults of another kind (a wrong password,
 * a foreign version) do not pass by themselves and are thrown, with those servers that would have been waited for.
 */
export async function whenServersAnswer<T extends Closable>(open: (tell: Tell) => Promise<T>, waiting: Waiting): Promise<T> {
  const room = new WaitingRoom(waiting);
  try {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      if (waiting.leaving.aborted) throw left();
      const opened = await room.attempt(open);
      if (opened !== undefined) return opened;
      await delay(pause, undefined, { signal: waiting.leaving }).catch(() => undefined); // told to leave: seen above
    }
  } finally {
    await room.close();
  }
}

const left = (): LeftWhileWaiting => new LeftWhileWaiting('The process was told to end while it waited.');

class WaitingRoom {
  readonly #waiting: Waiting;
  /** What is wrong with each server, as far as it is known; in the order in which they were first asked. */
  readonly #reasons = new Map<PortKey, string>();
  readonly #asked = new Set<PortKey>();
  /** What was told of a server since it last answered. */
  readonly #told = new Map<PortKey, Set<string>>();
  readonly #left = Promise.withResolvers<never>();
  #doors: Promise<readonly Closable[]> | undefined;

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
    this.#left.promise.catch(() => undefined); // whoever waits for it hears it
    const leave = (): void => this.#left.reject(left());
    waiting.leaving.addEventListener('abort', leave, { once: true });
  }

  /** Undefined when servers did not answer. */
  async attempt<T extends Closable>(open: (tell: Tell) => Promise<T>): Promise<T | undefined> {
    const opening = open((key, state) => this.#hear(key, state));
    const ended = new AbortController();
    try {
      return await Promise.race([opening, this.#left.promise, this.#openDoorsLate(ended.signal)]);
    } catch (error) {
      if (!(error instanceof PortFaults) || !error.allAway) {
        await closeLate(opening);
        throw error;
      }
      for (const { key, sentence } of error.faults) this.#tell(key, sentence);
      await this.#openDoors();
      return undefined;
    } finally {
      ended.abort();
    }
  }

  async close(): Promise<void> {
    const doors = await this.#doors?.catch(() => []); // why they could not be opened was thrown
    for (const door of doors?.toReversed() ?? []) await door.close();
  }

  /** A server that has answered is not awaited again while it is asked again, and one that has not keeps its reason. */
  #hear(key: PortKey, state: PortState): void {
    if (state === 'asked' && this.#asked.has(key)) return;
    this.#asked.add(key);
    if (state === 'asked') this.#reasons.set(key, `${key}: it was asked and has not answered yet.`);
    else if (state !== 'answers') this.#reasons.set(key, state.sentence);
    else {
      this.#reasons.delete(key);
      if (this.#told.delete(key)) log.info('A server that the start waited for answers.', { 'labels.key': key });
    }
  }

  /** Once for each reason; also to the person who started it, where the log is elsewhere. */
  #tell(key: PortKey, reason: string): void {
    const told = this.#told.get(key) ?? new Set();
    this.#told.set(key, told);
    if (told.has(reason)) return;
    told.add(reason);
    log.warn('A server that is needed does not answer; the start waits for it.', { 'event.reason': reason });
    if (isLogElsewhere(this.#waiting.environment.shared)) process.stderr.write(`The start waits. ${reason}\n`);
  }

  /** Never resolves; rejects when a port cannot be had. */
  async #openDoorsLate(ended: AbortSignal): Promise<never> {
    await delay(PATIENCE_MS, undefined, { signal: ended }).catch(() => undefined);
    if (!ended.aborted) await this.#openDoors();
    return new Promise<never>(() => undefined);
  }

  #openDoors(): Promise<readonly Closable[]> {
    this.#doors ??= openDoors(this.#waiting, () => (this.#reasons.size > 0 ? [...this.#reasons.values()] : ['the start to end']));
    return this.#doors;
  }
}

/** The services' and then, where there is one, that before them. */
async function openDoors({ services, environment, front }: Waiting, waitsFor: () => readonly string[]): Promise<readonly Closable[]> {
  const doors: Closable[] = [];
  try {
    const waiting = [];
    for (const service of services) {
      const { name, port } = service;
      const wish = { host: environment.shared.host, port: environment.services.get(name)?.port ?? port, portKey: portKeyOf(name) };
      const door = await openWaitingDoor(name, wish, waitsFor);
      doors.push(door);
      waiting.push({ name, url: door.url, prefixes: httpPrefixesOf(service) });
    }
    const opened = await front?.(waiting, environment);
    if (opened !== undefined) doors.push({ close: () => opened.stop() });
  } catch (error) {
    await Promise.all(doors.map((door) => door.close()));
    throw error;
  }
  return doors;
}

/** What was being opened when nobody wanted it any more. */
async function closeLate(opening: Promise<Closable>): Promise<void> {
  const closing = opening.then(
    (opened) => opened.close(),
    () => undefined, // it is what was thrown, or nobody asks any more
  );
  await Promise.race([closing, delay(GOODBYE_MS, undefined, { ref: false })]);
}
