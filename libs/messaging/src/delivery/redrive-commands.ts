import { setTimeout as delay } from 'node:timers/promises';
import { DeadCommands, type DeadCommandRow, type DeadCommandState } from '@roofshot/storage/dead-commands';
import type { FailureRecord } from '@roofshot/storage/failure-record';
import type { CommandHandler } from '../handlers.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { failureOf, isPassing } from './failures.ts';

/**
 * What sending a dead command again came to: `handled`, also when a delivery since had handled it; `sent`, and its outcome is not known
 * yet; `refused`: it stays, with its new failure; `unavailable`: nothing happened; `gone`: there is none (any more).
 */
export type SentLetter =
  | { readonly letter: number; readonly outcome: 'handled' | 'sent' | 'gone' }
  | { readonly letter: number; readonly outcome: 'refused' | 'unavailable'; readonly failure: FailureRecord };

/** So many commands in one transaction. */
const CHUNK = 100;
const LOOK_MS = 50;

/**
 * Sends dead commands again, under their ids to their queues. That they were sent and the sending are one transaction: a crash leaves
 * both or none of it, and what comes twice is recognised by its id. A letter stays until its command was handled.
 */
export class CommandRedrive {
  readonly #setup: DeliverySetup;
  readonly #deadCommands: DeadCommands;
  readonly #queues: ReadonlySet<string>;

  constructor(setup: DeliverySetup, handlers: readonly CommandHandler[]) {
    this.#setup = setup;
    this.#deadCommands = new DeadCommands(setup.schema);
    this.#queues = new Set(handlers.map(({ command }) => command.queue));
  }

  /** `waitMs`: so long it waits for outcomes. */
  async send(letters: readonly number[], waitMs: number): Promise<SentLetter[]> {
    const sent: SentLetter[] = [];
    for (let from = 0; from < letters.length; from += CHUNK) sent.push(...(await this.#sendChunk(letters.slice(from, from + CHUNK))));
    return this.#awaitOutcomes(sent, Date.now() + waitMs);
  }

  async #sendChunk(letters: readonly number[]): Promise<SentLetter[]> {
    const { sql, queue } = this.#setup;
    try {
      const { told, queues } = await sql.transaction(async (tx) => {
        const rows = await this.#deadCommands.take(tx, this.#setup.service, letters);
        const fresh = rows.filter((row) => !row.isHandled && this.#queues.has(row.queue));
        await this.#deadCommands.remove(tx, numbersOf(rows.filter(({ isHandled }) => isHandled)));
        await this.#deadCommands.markSent(tx, numbersOf(fresh));
        const commands = fresh.map(({ queue: name, id, headers, payload }) => ({ queue: name, id, headers, payload }));
        await queue.sendIn(tx, commands);
        return { told: letters.map((letter) => this.#tell(letter, rows)), queues: fresh.map((row) => row.queue) };
      });
      queue.announce(new Set(queues));
      return told;
    } catch (error) {
      if (!isPassing(error)) throw error;
      const failure = failureOf(error);
      return letters.map((letter) => ({ letter, outcome: 'unavailable', failure }));
    }
  }

  #tell(letter: number, rows: readonly DeadCommandRow[]): SentLetter {
    const row = rows.find((candidate) => candidate.letter === letter);
    if (row === undefined) return { letter, outcome: 'gone' };
    if (row.isHandled) return { letter, outcome: 'handled' };
    if (this.#queues.has(row.queue)) return { letter, outcome: 'sent' };
    const reason = `No handler of ${this.#setup.service} takes commands from "${row.queue}" in this version. Purge the letter, or bring the handler back.`;
    return { letter, outcome: 'refused', failure: { reason, code: 'unknown-queue' } };
  }

  async #awaitOutcomes(told: readonly SentLetter[], deadline: number): Promise<SentLetter[]> {
    for (;;) {
      const waiting = told.filter(({ outcome }) => outcome === 'sent').map(({ letter }) => letter);
      const known = waiting.length === 0 ? [] : await this.#deadCommands.states(this.#setup.sql, waiting);
      const states = new Map(known.map((state) => [state.letter, state]));
      const isOver = Date.now() >= deadline || [...states.values()].every(({ isUnderWay }) => !isUnderWay);
      if (!isOver) {
        await delay(Math.min(LOOK_MS, Math.max(1, deadline - Date.now())));
        continue;
      }
      return told.map((one) => (one.outcome === 'sent' ? outcomeOf(one.letter, states.get(one.letter)) : one));
    }
  }
}

function outcomeOf(letter: number, state: DeadCommandState | undefined): SentLetter {
  if (state === undefined) return { letter, outcome: 'handled' };
  if (state.isUnderWay) return { letter, outcome: 'sent' };
  const { reason, code } = state;
  return { letter, outcome: 'refused', failure: { reason, ...(code !== null && { code }) } };
}

const numbersOf = (rows: readonly DeadCommandRow[]): number[] => rows.map(({ letter }) => letter);
