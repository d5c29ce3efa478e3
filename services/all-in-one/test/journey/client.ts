/** A user of the platform who does not give up: what fails because the platform is away is asked again. */
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import type { PredictRequest, Prediction } from '@roofshot/contracts/http/serving';
import { eventually } from '@roofshot/testing/eventually';
import type { ShopEvent } from './shop.ts';

const PATIENCE = { deadlineMs: 60_000 };

export class Client {
  readonly #url: () => string;
  readonly #awaited = new Map<string, (() => void)[]>();
  /** Requests that had to be asked again. */
  repeats = 0;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** Resolves when the next request to that path leaves. */
  leaving(path: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(path, [...(this.#awaited.get(path) ?? []), resolve]));
  }

  /** Until there is an answer below 500. */
  async ask<T>(path: string, method = 'GET', body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const init: RequestInit = {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'x-actor': 'journey', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const answer = await eventually(() => this.#once(path, init), PATIENCE);
    if (answer.status < 400) return JSON.parse(answer.text) as T;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  }

  async #once(path: string, init: RequestInit): Promise<{ status: number; text: string }> {
    try {
      const asking = fetch(new URL(path, this.#url()), init);
      this.#tellLeaving(path);
      const response = await asking;
      const text = await response.text();
      if (response.status >= 500) throw new Error(`${path}: ${response.status} ${text}`);
      return { status: response.status, text };
    } catch (error) {
      this.repeats += 1;
      throw error;
    }
  }

  #tellLeaving(path: string): void {
    const prefixes = [...this.#awaited.keys()].filter((prefix) => path.startsWith(prefix));
    for (const prefix of prefixes) {
      for (const resolve of this.#awaited.get(prefix) ?? []) resolve();
      this.#awaited.delete(prefix);
    }
  }

  send(events: readonly ShopEvent[], progress: string): Promise<EventsAnswer> {
    return this.ask('/v1/events', 'POST', events, { 'content-type': 'application/cloudevents-batch+json', 'roofshot-progress': progress });
  }

  async awaitFeatures(at: string): Promise<void> {
    await this.#until(`/v1/features/progress?at=${at}&wait=5s`, (answer: { reached: boolean }) => answer.reached);
  }

  async predict(requests: readonly PredictRequest[]): Promise<readonly Prediction[]> {
    const { predictions } = await this.ask<{ predictions: Prediction[] }>('/v1/predict/return-risk', 'POST', { requests });
    return predictions;
  }

  /** Asks a held route until its answer is the awaited one. */
  async until<T>(path: string, isReached: (answer: T) => boolean): Promise<T> {
    return this.#until(path, isReached);
  }

  async #until<T>(path: string, isReached: (answer: T) => boolean): Promise<T> {
    return eventually(async () => {
      const answer = await this.ask<T>(path);
      if (!isReached(answer)) throw new Error(`${path} answers ${JSON.stringify(answer).slice(0, 1000)}`);
      return answer;
    }, PATIENCE);
  }
}
