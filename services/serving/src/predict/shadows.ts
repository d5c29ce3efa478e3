/**
 * Asks the shadows after the answer has left: the same vectors, the same decisions, and nobody waits. At most so many vectors wait;
 * further ones are dropped and counted, so that a slow shadow can cost memory only up to a bound and never an answer.
 */
import type { Cause } from '@roofshot/messaging/handlers';
import { Signal } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import type { PreparedEndpoint } from '../deployments/endpoint.ts';
import { isProbability } from '../models/onnx-session.ts';
import type { Switchboard } from '../models/switchboard.ts';
import { encodeEntry, type Shadowed } from '../spool/entries.ts';
import type { Spool } from '../spool/spool.ts';
import type { Answered } from './describe-answers.ts';
import { scoreVectors } from './score-rows.ts';

export interface MirroredAnswers {
  readonly endpoint: PreparedEndpoint;
  readonly answers: readonly Answered[];
  readonly cause: Cause;
}

export interface ShadowParts {
  readonly switchboard: Switchboard;
  readonly spool: Spool;
  readonly log: Logger;
  /** Vectors that may wait. */
  readonly queueLimit: number;
}

export class Shadows {
  readonly #parts: ShadowParts;
  readonly #queue: MirroredAnswers[] = [];
  readonly #settled = new Signal();
  #waiting = 0;
  #taken = 0;
  #done = 0;
  #running: Promise<void> | undefined;

  constructor(parts: ShadowParts) {
    this.#parts = parts;
  }

  /** Vectors that wait or are being scored. */
  get waiting(): number {
    return this.#waiting;
  }

  /** To be called once the answer has left. */
  mirror(mirrored: MirroredAnswers): void {
    const { endpoint, answers } = mirrored;
    if ((endpoint.spec.shadows ?? []).length === 0) return;
    if (this.#waiting + answers.length > this.#parts.queueLimit) {
      metrics['shadows.dropped'](answers.length, { deployment: endpoint.name });
      return;
    }
    this.#waiting += answers.length;
    this.#taken += 1;
    this.#queue.push(mirrored);
    this.#running ??= this.#work();
  }

  /** Resolves with true once everything that was mirrored before the call is in the spool. */
  async caughtUp(wait: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<boolean> {
    const taken = this.#taken;
    return (await this.#settled.waitUntil(() => this.#done >= taken, wait)) ?? false;
  }

  async close(): Promise<void> {
    await this.#running;
  }

  async #work(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        await this.#score(next);
      } catch (error) {
        this.#drop(next, error);
      }
      this.#waiting -= next.answers.length;
      this.#done += 1;
      this.#settled.changed();
    }
    this.#running = undefined;
  }

  #drop({ endpoint, answers }: MirroredAnswers, error: unknown): void {
    metrics['shadows.dropped'](answers.length, { deployment: endpoint.name });
    this.#parts.log[failureLevel(error)]('What the shadows answered could not be logged.', { error });
  }

  async #score(mirrored: MirroredAnswers): Promise<void> {
    const shadowed: Shadowed[] = [];
    for (const alias of mirrored.endpoint.spec.shadows ?? []) shadowed.push(...(await this.#askShadow(alias, mirrored)));
    if (shadowed.length > 0) await this.#parts.spool.append(encodeEntry({ cause: mirrored.cause, served: [], exposed: [], shadowed }));
  }

  /** Nothing when the alias names no version, or its version cannot score these vectors. */
  async #askShadow(alias: string, { endpoint, answers }: MirroredAnswers): Promise<Shadowed[]> {
    const version = this.#parts.switchboard.current({ model: endpoint.spec.model, alias });
    if (version === undefined) return [];
    try {
      const { scores } = await scoreVectors(
        version,
        endpoint,
        answers.map(({ vector }) => vector.values),
      );
      return answers.flatMap((answered, i) => shadowedOf(endpoint, answered, { alias, version: version.version, score: scores[i] }));
    } catch (error) {
      metrics['scoring.failed'](1, { deployment: endpoint.name });
      this.#parts.log.error('A shadow failed to score.', { 'labels.deployment': endpoint.name, 'labels.alias': alias, error });
      return [];
    }
  }
}

interface ShadowScore {
  readonly alias: string;
  readonly version: number;
  readonly score: number | undefined;
}

function shadowedOf(endpoint: PreparedEndpoint, { question, vector }: Answered, { alias, version, score }: ShadowScore): Shadowed[] {
  if (!isProbability(score)) return [];
  const { predictionId, unit, asOfTime, context } = question;
  const decision = endpoint.decide({ score, features: vector.features, context });
  return [{ predictionId, deployment: endpoint.name, unit, asOf: asOfTime, alias, model: endpoint.spec.model, version, score, decision }];
}
