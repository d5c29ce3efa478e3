import { audit } from '@roofshot/contracts/audit';
import { DeadCommands } from '@roofshot/storage/dead-commands';
import { DeadLetterList, type LetterCount, type LetterFilter, type LetterPage, type LetterRow } from '@roofshot/storage/dead-letter-list';
import { DeadLetters } from '@roofshot/storage/dead-letters';
import type { FailureRecord } from '@roofshot/storage/failure-record';
import { ParkedKeyList, type ParkedKeyPage, type ParkedKeyRow } from '@roofshot/storage/parked-key-list';
import type { LogRecord } from '../events/bus.ts';
import type { CommandHandler, Handler, Tx } from '../handlers.ts';
import { runTransaction } from '../transactions.ts';
import { adoptDead } from './adopt-dead.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { handlerOf } from './event-delivery.ts';
import { failureOf, isPassing } from './failures.ts';
import { readCommand } from './read-command.ts';
import { CommandRedrive } from './redrive-commands.ts';
import { NotParked, Redrive, type Redriven } from './redrive.ts';
import { itemFor } from './sort-records.ts';

export interface LetterOutcome {
  readonly letter: number;
  /** `held-back`: a letter of its key that died before it was refused again, and their order is kept. */
  readonly outcome: 'handled' | 'sent' | 'refused' | 'held-back' | 'unavailable' | 'gone' | 'would-redrive' | 'would-be-refused';
  readonly failure?: FailureRecord;
}

export interface PurgedLetter {
  readonly letter: number;
  readonly outcome: 'purged' | 'gone' | 'would-purge';
}

export interface KeyName {
  readonly topic: string;
  readonly key: string;
}

/** A parked key with the message behind which it waits. */
export interface HeadOfKey extends KeyName {
  readonly partition: number;
  readonly offset: number;
}

export interface KeyOutcome extends KeyName {
  /** `moved-on`: another message is the oldest by now, and nothing was skipped. */
  readonly outcome: 'flows' | 'refused' | 'unavailable' | 'gone' | 'moved-on' | 'would-redrive' | 'would-skip';
  /** Messages that were handled now. */
  readonly handled: number;
  readonly failure?: FailureRecord;
}

/** Who throws letters away, and why: for the audit. */
export interface Purger {
  readonly actor: string;
  readonly reason: string;
}

export interface LettersFound {
  readonly letters: readonly LetterRow[];
  readonly counts: readonly LetterCount[];
  readonly parkedKeys: number;
  /** What may be missing, a sentence each. */
  readonly notices: readonly string[];
}

/** So many letters are thrown away in one transaction. */
const PURGED_AT_ONCE = 100;

/** Everything that delivery to one service has put aside: to look at, to handle again, and to throw away. Any process of the service may do it. */
export class DeadLetterOffice {
  readonly #setup: DeliverySetup;
  readonly #handlers: readonly Handler[];
  readonly #commands: readonly CommandHandler[];
  readonly #list: DeadLetterList;
  readonly #keys: ParkedKeyList;
  readonly #redrive: Redrive;
  readonly #commandRedrive: CommandRedrive;

  /** `handlers`: the service's table. */
  constructor(setup: DeliverySetup, handlers: readonly Handler[]) {
    this.#setup = setup;
    this.#handlers = handlers;
    this.#commands = handlers.filter((handler) => handler.kind === 'command');
    this.#list = new DeadLetterList(setup.schema);
    this.#keys = new ParkedKeyList(setup.schema);
    const shared = handlers.filter((handler) => handler.kind !== 'follow' && handler.kind !== 'command');
    this.#redrive = new Redrive(setup, (topic) => handlerOf(shared, topic, setup.service));
    this.#commandRedrive = new CommandRedrive(setup, this.#commands);
  }

  /** A page of the letters that a filter means, how many there are of each type and error, and how many keys are parked. */
  async find(filter: LetterFilter, page: LetterPage): Promise<LettersFound> {
    const { sql, service } = this.#setup;
    const notices = await this.#adopt();
    const [letters, counts, parkedKeys] = await Promise.all([
      this.#list.page(sql, filter, page),
      this.#list.counts(sql, filter),
      this.#keys.count(sql, service),
    ]);
    return { letters, counts, parkedKeys, notices };
  }

  /** Numbers of the letters that a filter means, the oldest first. */
  async select(filter: LetterFilter, limit: number): Promise<number[]> {
    await this.#adopt();
    return (await this.#list.page(this.#setup.sql, filter, { after: 0, limit })).map(({ id }) => id);
  }

  parkedKeys(page: Omit<ParkedKeyPage, 'group'>): Promise<ParkedKeyRow[]> {
    return this.#keys.page(this.#setup.sql, { ...page, group: this.#setup.service });
  }

  /**
   * Handles dead events again, those of a key in their order, each in a transaction of its own; sends dead commands again, and waits at most
   * `waitMs` for their outcomes. What is refused again stays, with its new failure. Answers in the order of `letters`.
   */
  async redrive(letters: readonly number[], waitMs: number): Promise<LetterOutcome[]> {
    const rows = await this.#list.find(this.#setup.sql, letters);
    const commands = rows.filter(({ kind }) => kind === 'command').map(({ id }) => id);
    const sending = commands.length === 0 ? Promise.resolve([]) : this.#commandRedrive.send(commands, waitMs);
    const [handled, sent] = await Promise.all([this.#redriveEvents(rows.filter(({ kind }) => kind === 'event')), sending]);
    return inOrderOf(letters, [...handled, ...sent]);
  }

  /** What would be done: whether each could be handed to its handler at all. Changes nothing, and runs no handler. */
  async tryRedrive(letters: readonly number[]): Promise<LetterOutcome[]> {
    const rows = await this.#list.find(this.#setup.sql, letters);
    return inOrderOf(
      letters,
      rows.map((row) => {
        const failure = this.#faultOf(row);
        return failure === undefined
          ? { letter: row.id, outcome: 'would-redrive' }
          : { letter: row.id, outcome: 'would-be-refused', failure };
      }),
    );
  }

  async redriveKeys(keys: readonly KeyName[]): Promise<KeyOutcome[]> {
    const outcomes: KeyOutcome[] = [];
    for (const { topic, key } of keys) outcomes.push(await this.#redriveKey({ topic, key }));
    return outcomes;
  }

  /**
   * Throws letters away, each with a record of the audit in the same transaction, which is kept for ever and holds nothing of what the
   * message held; sentences of failures quote it. Answers in the order of `letters`.
   */
  async purge(letters: readonly number[], by: Purger): Promise<PurgedLetter[]> {
    const purged = new Set<number>();
    for (let from = 0; from < letters.length; from += PURGED_AT_ONCE) {
      for (const id of await this.#purgeSome(letters.slice(from, from + PURGED_AT_ONCE), by)) purged.add(id);
    }
    return letters.map((letter) => ({ letter, outcome: purged.has(letter) ? 'purged' : 'gone' }));
  }

  async tryPurge(letters: readonly number[]): Promise<PurgedLetter[]> {
    const there = new Set((await this.#list.find(this.#setup.sql, letters)).map(({ id }) => id));
    return letters.map((letter) => ({ letter, outcome: there.has(letter) ? 'would-purge' : 'gone' }));
  }

  /** Throws away the messages behind which keys wait, each with a record of the audit, and lets the keys flow again. */
  async skipHeads(heads: readonly HeadOfKey[], by: Purger): Promise<KeyOutcome[]> {
    const outcomes: KeyOutcome[] = [];
    for (const { topic, key, ...at } of heads) {
      const say = (tx: Tx, record: LogRecord): void =>
        this.#record(tx, by, `ParkedKey/${this.#setup.service}:${topic}/${key}`, detailOf(record));
      const skipped = await this.#redrive.skipOldest(topic, key, at, say);
      outcomes.push(skipped === undefined ? { topic, key, outcome: 'moved-on', handled: 0 } : await this.#redriveKey({ topic, key }));
    }
    return outcomes;
  }

  async #redriveEvents(rows: readonly LetterRow[]): Promise<LetterOutcome[]> {
    const outcomes: LetterOutcome[] = [];
    const refused = new Set<string>();
    for (const { id, topic, key } of [...rows].sort(byPosition)) {
      const lane = JSON.stringify([topic, key]);
      if (refused.has(lane)) {
        outcomes.push({ letter: id, outcome: 'held-back' });
        continue;
      }
      const result = await this.#redrive.deadLetter(id);
      if (result.outcome === 'refused' || result.outcome === 'unavailable') refused.add(lane);
      outcomes.push({ letter: id, ...result });
    }
    return outcomes;
  }

  async #redriveKey({ topic, key }: KeyName): Promise<KeyOutcome> {
    try {
      return keyOutcome({ topic, key }, await this.#redrive.key(topic, key));
    } catch (error) {
      if (error instanceof NotParked) return { topic, key, outcome: 'gone', handled: 0 };
      return { topic, key, outcome: isPassing(error) ? 'unavailable' : 'refused', handled: 0, failure: failureOf(error) };
    }
  }

  async #purgeSome(letters: readonly number[], by: Purger): Promise<number[]> {
    const { sql, schema, service } = this.#setup;
    return runTransaction(sql, this.#setup, this.#setup, async (tx) => {
      const rows = await this.#list.find(tx, letters);
      const gone = [...(await new DeadLetters(schema).remove(tx, letters)), ...(await new DeadCommands(schema).remove(tx, letters))];
      for (const row of rows.filter(({ id }) => gone.includes(id))) {
        const { kind, topic, partition, offset, queue, messageId, type, correlationId, code } = row;
        const origin = kind === 'event' ? { topic, partition, offset } : { queue };
        this.#record(tx, by, `DeadLetter/${service}:${row.id}`, { kind, ...origin, messageId, type, correlationId, error: code });
      }
      return gone;
    });
  }

  #record(tx: Tx, { actor, reason }: Purger, target: string, detail: Record<string, unknown>): void {
    tx.publish(audit, [{ type: 'audit.recorded', data: { actor, action: 'purge', target, reason, detail } }]);
  }

  /** Why it cannot be handed to its handler; undefined where it can. */
  #faultOf({ kind, topic, queue, messageId, headers, message }: LetterRow): FailureRecord | undefined {
    try {
      if (kind === 'event') {
        const shared = this.#handlers.filter((handler) => handler.kind !== 'follow' && handler.kind !== 'command');
        const item = itemFor(handlerOf(shared, topic ?? '', this.#setup.service), JSON.parse(message) as LogRecord);
        return item.kind === 'dead' ? { reason: item.reason, code: item.code } : undefined;
      }
      const handler = this.#commands.find(({ command }) => command.queue === queue);
      if (handler === undefined) throw new Error(`No handler of ${this.#setup.service} takes commands from "${queue ?? ''}".`);
      const command = {
        queue: queue ?? '',
        id: messageId ?? '',
        headers: JSON.parse(headers ?? '{}') as Record<string, string>,
        payload: message,
      };
      const read = readCommand(handler, command, '');
      return 'reason' in read ? read : undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** What its queues' brokers put aside themselves is seen with the rest; where a broker is away, that is said at once. */
  async #adopt(): Promise<string[]> {
    const queues = this.#commands.map(({ command }) => command.queue);
    const troubles = queues.length === 0 ? [] : this.#setup.queue.waitingFor();
    try {
      if (troubles.length === 0) await adoptDead(this.#setup, queues);
      return troubles.map(missingFor);
    } catch (error) {
      return [missingFor(error instanceof Error ? error.message : String(error))];
    }
  }
}

const missingFor = (reason: string): string => `Commands that the broker itself put aside may be missing: ${reason}`;

function inOrderOf(letters: readonly number[], outcomes: readonly LetterOutcome[]): LetterOutcome[] {
  const found = new Map(outcomes.map((outcome) => [outcome.letter, outcome]));
  return letters.map((letter) => found.get(letter) ?? { letter, outcome: 'gone' });
}

function keyOutcome(name: KeyName, { released, handled, failure, isPassing: passes = false }: Redriven): KeyOutcome {
  if (released) return { ...name, outcome: 'flows', handled };
  return { ...name, outcome: passes ? 'unavailable' : 'refused', handled, ...(failure !== undefined && { failure }) };
}

function detailOf({ topic, partition, offset, headers }: LogRecord): Record<string, unknown> {
  const { ce_id: messageId, ce_type: type, ce_correlationid: correlationId } = headers;
  return { kind: 'event', topic, partition, offset, messageId, type, correlationId };
}

/** Keys lie in one partition, so that this is the order of each. */
function byPosition(a: LetterRow, b: LetterRow): number {
  if (a.topic !== b.topic) return (a.topic ?? '') < (b.topic ?? '') ? -1 : 1;
  return (a.partition ?? 0) - (b.partition ?? 0) || (a.offset ?? 0) - (b.offset ?? 0);
}
