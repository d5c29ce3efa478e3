/** One request from its questions to its answers: assignment, features, score, decision, log. */
import type { Prediction } from '@roofshot/contracts/http/serving';
import { currentContext } from '@roofshot/telemetry/context';
import { metrics } from '../metrics.ts';
import type { PreparedEndpoint } from '../deployments/endpoint.ts';
import type { Endpoints } from '../deployments/endpoints.ts';
import { encodeEntry, type SpoolEntry } from '../spool/entries.ts';
import type { Spool } from '../spool/spool.ts';
import { chooseVariant } from './choose-variant.ts';
import { describeServed, exposureOf, predictionOf, type Answered, type Timings } from './describe-answers.ts';
import { LARGE_CHARACTERS, type LogRoom } from './log-room.ts';
import { readQuestions, type Question } from './questions.ts';
import { readVectors, type VectorSource } from './read-vectors.ts';
import { scoreRows, type Scorer } from './score-rows.ts';
import type { MirroredAnswers } from './shadows.ts';

export interface AnsweringParts extends VectorSource, Scorer {
  readonly endpoints: Endpoints;
  readonly spool: Spool;
  readonly logRoom: LogRoom;
  readonly clock: () => number;
}

/** What leaves, and what its shadows are asked once it has left. */
export interface AnsweredRequest {
  readonly body: Prediction | { readonly predictions: readonly Prediction[] };
  readonly mirrored: MirroredAnswers;
}

export class AnswerQuestions {
  readonly #parts: AnsweringParts;

  constructor(parts: AnsweringParts) {
    this.#parts = parts;
  }

  /** Resolves when the answers have been written to the spool: only then may they leave. */
  async answer(deployment: string, body: unknown): Promise<AnsweredRequest> {
    const began = performance.now();
    const endpoint = this.#parts.endpoints.getPrepared(deployment);
    const { list, isBatch } = readQuestions(body, endpoint, this.#parts.clock());
    const { answers, timings } = await this.#score(endpoint, list);
    const entry = entryOf(endpoint, answers, timings);
    const line = encodeEntry(entry);
    if (line.length > LARGE_CHARACTERS) await this.#parts.logRoom.refuseTooLarge(entry, isBatch);
    await this.#parts.spool.append(line);
    countAnswers(deployment, answers, { ...timings, predictMs: performance.now() - began });
    const predictions = entry.served.map(predictionOf);
    return { body: isBatch ? { predictions } : (predictions[0] as Prediction), mirrored: { endpoint, answers, cause: entry.cause } };
  }

  async #score(endpoint: PreparedEndpoint, questions: readonly Question[]): Promise<{ answers: Answered[]; timings: Timings }> {
    const allocation = this.#parts.endpoints.allocations.running(endpoint.name);
    const choices = questions.map(({ unit }) => chooseVariant(endpoint, allocation, unit));
    const asked = performance.now();
    const vectors = await readVectors(this.#parts, endpoint, questions);
    const read = performance.now();
    const rows = vectors.map(({ values }, i) => ({ values, serves: choices[i]?.serves }));
    const scores = await scoreRows(this.#parts, endpoint, rows);
    const timings = { featuresMs: toMicros(read - asked), computeMs: toMicros(performance.now() - read) };
    const answers = questions.map((question, i) => {
      const { choice, vector, score } = { choice: choices[i]!, vector: vectors[i]!, score: scores[i]! };
      const decision = endpoint.decide({ score: score.score, features: vector.features, context: question.context });
      return { question, choice, vector, score, decision };
    });
    return { answers, timings };
  }
}

/** Timings are told to the microsecond. */
const toMicros = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

function entryOf(endpoint: PreparedEndpoint, answers: readonly Answered[], timings: Timings): SpoolEntry {
  const { correlationId, traceparent } = currentContext();
  return {
    cause: { ...(correlationId !== undefined && { correlationid: correlationId }), ...(traceparent !== undefined && { traceparent }) },
    served: answers.map((answered) => describeServed(endpoint, answered, timings)),
    exposed: answers.map((answered) => exposureOf(answered, endpoint.name)).filter((exposure) => exposure !== undefined),
    shadowed: [],
  };
}

function countAnswers(deployment: string, answers: readonly Answered[], times: Timings & { readonly predictMs: number }): void {
  const tags = { deployment };
  metrics['predict.ms'](times.predictMs, tags);
  metrics['features.ms'](times.featuresMs, tags);
  metrics['compute.ms'](times.computeMs, tags);
  metrics['predictions.served'](answers.length, tags);
  const fallbacks = answers.filter(({ score }) => score.fallback).length;
  if (fallbacks > 0) metrics['predictions.fallback'](fallbacks, tags);
  const degraded = answers.filter(({ vector }) => vector.degraded).length;
  if (degraded > 0) metrics['predictions.degraded'](degraded, tags);
}
