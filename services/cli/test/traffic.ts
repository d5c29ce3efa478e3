/** Events and questions that flow until they are told to end: what was taken, and what was refused with which words. */
import type { Problem } from '@roofshot/contracts/http/common';
import type { Prediction } from '@roofshot/contracts/http/serving';
import { setTimeout as delay } from 'node:timers/promises';
import { order, postJson, type Platform } from './cli-lab.ts';

export interface Refusal extends Problem {
  readonly retryAfter: string | null;
}

const BATCH = 10;
/** Between two requests of a sender: many a second, and time for others on the machine. */
const PAUSE_MS = 10;

export class Traffic {
  /** Events that were answered 202. Each batch is sent again until it is. */
  taken = 0;
  readonly refusedEvents: Refusal[] = [];
  /** Ids of the questions that were answered; each is asked once. */
  readonly answered: string[] = [];
  readonly refusedQuestions: Refusal[] = [];
  readonly #url: string;
  readonly #name: string;
  #isEnding = false;
  readonly #ended: Promise<unknown>;

  /** `name` begins every id; `from` is the number of the first order. */
  constructor(platform: Pick<Platform, 'url'>, name: string, from: number) {
    this.#url = platform.url;
    this.#name = name;
    this.#ended = Promise.all([this.#sendAll(from), this.#askAll()]);
  }

  /** When the batch under way has been taken. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#ended;
  }

  async #sendAll(from: number): Promise<void> {
    for (let next = from; !this.#isEnding; next += BATCH) {
      await this.#sendUntilTaken(Array.from({ length: BATCH }, (_, index) => order(next + index)));
      this.taken += BATCH;
    }
  }

  async #sendUntilTaken(batch: readonly Record<string, unknown>[]): Promise<void> {
    for (;;) {
      const { status, headers, body } = await postJson<Problem>(this.#url, '/v1/events', batch);
      await delay(PAUSE_MS);
      if (status === 202) return;
      this.refusedEvents.push({ ...body, retryAfter: headers.get('retry-after') });
    }
  }

  async #askAll(): Promise<void> {
    for (let number = 0; !this.#isEnding; number += 1) {
      const predictionId = `${this.#name}-${number}`;
      const question = { predictionId, unit: predictionId, entities: { customer: 'customer-1' }, context: { amount: 1 } };
      const { status, headers, body } = await postJson<Problem & Prediction>(this.#url, '/v1/predict/order-risk', question);
      if (status === 200) this.answered.push(predictionId);
      else this.refusedQuestions.push({ ...body, retryAfter: headers.get('retry-after') });
      await delay(PAUSE_MS);
    }
  }
}

/** Over the customers among whom `order` deals its events, at their event time: each event counts once, however often it lies on the log. */
export async function countInFeatures({ url }: Pick<Platform, 'url'>): Promise<number> {
  const requests = [0, 1, 2].map((number) => ({
    entities: { customer: `customer-${number}` },
    context: { amount: 1 },
    asOf: '2026-03-01T12:05:00Z',
  }));
  const { body } = await postJson<{ vectors: { values: Record<string, number | null> }[] }>(url, '/v1/features/read', {
    featureService: 'order-risk',
    requests,
  });
  return body.vectors.reduce((sum, { values }) => sum + (values['customer__count_24h'] ?? 0), 0);
}
