/** Users who do not give up: events and commands that are sent again until they are acknowledged, and questions, until they are told to end. */
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import { BuildTrainingSnapshot } from '@roofshot/contracts/features';
import { StartTrainingRun } from '@roofshot/contracts/training';
import type { CommandQueue, OutgoingCommand } from '@roofshot/messaging/commands';
import { setTimeout as delay } from 'node:timers/promises';
import { History, type Send } from './history.ts';

/** One request at a time for each key: so that there is an order to be kept. */
const KEYS = 6;
const BATCH = 5;
const ASKERS = 2;
/** Between two requests of a sender: many a second, and time for others on the machine. */
const PAUSE_MS = 40;
const COMMAND_PAUSE_MS = 100;
/** A process that is frozen answers no more. */
const ANSWER_MS = 8_000;
/** Of all orders: an event time, so that one question for features counts them all. */
const ORDERED_AT = '2026-03-01T11:59:00Z';

export interface Doors {
  readonly ingestion: string;
  readonly serving: string;
  /** A way of its own to the queue. */
  readonly commands: CommandQueue;
}

export class Load {
  /** Begins every key and id, with a dash behind it. */
  readonly name: string;
  readonly events = new History();
  readonly questions = new History();
  /** Orders of what cannot be: runs of a job that nobody has declared, snapshots of no time. Each has one effect, the event that it has failed. */
  readonly commands = new History();
  readonly #doors: Doors;
  #isEnding = false;
  #isAbandoned = false;
  readonly #ended: Promise<unknown>;

  /** `name`: used once. */
  constructor(doors: Doors, name: string) {
    this.#doors = doors;
    this.name = name;
    this.#ended = Promise.all([
      ...numbers(KEYS).map((number) => this.#sendAll(`${name}-customer-${number}`)),
      ...numbers(ASKERS).map((number) => this.#askAll(`${name}-asker-${number}`)),
      this.#commandAll(`${name}-run`, runOf),
      this.#commandAll(`${name}-snapshot`, snapshotOf),
    ]);
    this.#ended.catch(() => undefined); // told by `end`
  }

  /** When all that has been sent is acknowledged. Throws what was answered against the rules. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#ended;
  }

  /** What is not acknowledged by now is given up. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    await this.end();
  }

  /** Customers that have an event. */
  get customers(): string[] {
    return [...new Set(this.events.acknowledged.map(({ key }) => key))];
  }

  /** One event by itself, acknowledged. Answers its customer. */
  async sendOne(what: string): Promise<string> {
    const key = `${this.name}-${what}`;
    await this.#sendUntilAcknowledged([{ key, id: `${key}-0` }]);
    return key;
  }

  async #sendAll(key: string): Promise<void> {
    for (let next = 0; !this.#isEnding; next += BATCH) {
      await this.#sendUntilAcknowledged(numbers(BATCH).map((number) => ({ key, id: `${key}-${next + number}` })));
      await delay(PAUSE_MS);
    }
  }

  async #sendUntilAcknowledged(batch: readonly Send[]): Promise<void> {
    for (const send of batch) this.events.sends(send);
    while (!(await this.#isTaken(batch))) {
      if (this.#isAbandoned) return;
      await delay(PAUSE_MS);
    }
    for (const send of batch) this.events.acknowledges(send);
  }

  async #isTaken(batch: readonly Send[]): Promise<boolean> {
    const answer = await post<EventsAnswer>(`${this.#doors.ingestion}/v1/events`, batch.map(orderOf), 'application/cloudevents-batch+json');
    if (answer?.status !== 202) return false;
    const refused = answer.body.results.find(({ verdict }) => verdict !== 'accepted' && verdict !== 'duplicate');
    if (refused !== undefined) throw new Error(`An order was not accepted: ${JSON.stringify(refused)}`);
    return true;
  }

  /** Each question once: one that is not answered need not have an effect. */
  async #askAll(asker: string): Promise<void> {
    for (let number = 0; !this.#isEnding; number += 1) {
      const question: Send = { key: asker, id: `${asker}-${number}` };
      this.questions.sends(question);
      const body = { predictionId: question.id, unit: asker, entities: { customer: asker }, context: { amount: 1 } };
      const answer = await post(`${this.#doors.serving}/v1/predict/order-risk`, body, 'application/json');
      if (answer?.status === 200) this.questions.acknowledges(question);
      await delay(PAUSE_MS);
    }
  }

  async #commandAll(kind: string, commandOf: (id: string) => OutgoingCommand): Promise<void> {
    for (let number = 0; !this.#isEnding; number += 1) {
      const id = `${kind}-${number}`;
      const send: Send = { key: id, id }; // commands have no order
      this.commands.sends(send);
      while (!(await this.#isQueued(commandOf(id)))) {
        if (this.#isAbandoned) return;
        await delay(COMMAND_PAUSE_MS);
      }
      this.commands.acknowledges(send);
      await delay(COMMAND_PAUSE_MS);
    }
  }

  #isQueued(command: OutgoingCommand): Promise<boolean> {
    return this.#doors.commands.send([command]).then(
      () => true,
      () => false,
    );
  }
}

const [FROM, TO] = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'];

function runOf(runId: string): OutgoingCommand {
  const data = { runId, job: 'nobody-declared-it', from: FROM, to: TO, asOf: TO, reason: 'a test', requestedBy: 'a test' };
  return { queue: StartTrainingRun.queue, id: runId, headers: {}, payload: JSON.stringify(data) };
}

function snapshotOf(snapshotId: string): OutgoingCommand {
  const of = { eventType: 'order.placed', id: 'subject' };
  const observation = { ...of, entities: { customer: 'subject' }, context: { amount: 'data.amount' } };
  const range = { from: FROM, to: FROM, asOf: TO };
  const data = { snapshotId, featureService: 'order-risk', observation, label: { ...of, name: 'label', value: 'data.amount' }, ...range };
  return { queue: BuildTrainingSnapshot.queue, id: snapshotId, headers: {}, payload: JSON.stringify(data) };
}

function orderOf({ key, id }: Send): Record<string, unknown> {
  return { specversion: '1.0', id, source: '/shop', type: 'order.placed', subject: key, time: ORDERED_AT, data: { amount: 1 } };
}

/** Undefined when there was no whole answer: what became of the request is not known then. */
export async function post<T>(url: string, body: unknown, type: string): Promise<{ status: number; body: T } | undefined> {
  const request = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': type }, signal: AbortSignal.timeout(ANSWER_MS) };
  return fetch(url, request)
    .then(async (answer) => ({ status: answer.status, body: (await answer.json()) as T }))
    .catch(() => undefined);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
