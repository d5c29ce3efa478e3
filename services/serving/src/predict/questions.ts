/** From a request's body to questions that can be answered, or all its faults at once. */
import { randomUUID } from 'node:crypto';
import { PredictBatch, PredictRequest } from '@roofshot/contracts/http/serving';
import { DEPLOYMENT_DEFAULTS } from '@roofshot/contracts/resources/deployment';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import { checkRequest, type ServicePlan, type VectorRequest } from '@roofshot/feature-defs/service-plan';
import { DomainError } from '@roofshot/runtime/errors';
import type { PreparedEndpoint } from '../deployments/endpoint.ts';

export interface Question extends VectorRequest {
  readonly predictionId: string;
  readonly unit: string;
  /** `asOf` in words: UTC, milliseconds. */
  readonly asOfTime: string;
}

export interface Questions {
  readonly list: readonly Question[];
  /** Asked as `{requests: […]}`. */
  readonly isBatch: boolean;
}

/** Throws `invalid` with every fault of every question; pointers begin at the body. */
export function readQuestions(body: unknown, endpoint: PreparedEndpoint, now: number): Questions {
  const isBatch = typeof body === 'object' && body !== null && 'requests' in body;
  const faults = validatorOf(isBatch ? PredictBatch : PredictRequest).faults(body);
  if (faults.length > 0) throw invalidQuestions(faults);
  const requests = isBatch ? (body as { requests: PredictRequest[] }).requests : [body as PredictRequest];
  const list = requests.map((request) => questionOf(request, now));
  const placeOf = (i: number): string => (isBatch ? `/requests/${i}` : '');
  const found = [
    ...tooMany(list.length, endpoint),
    ...list.flatMap((question, i) => within(placeOf(i), [...timeFaults(question, now), ...questionFaults(endpoint.plan, question)])),
    ...repeatedIds(list, placeOf),
  ];
  if (found.length > 0) throw invalidQuestions(found);
  return { list, isBatch };
}

function questionOf({ predictionId, unit, entities = {}, context = {}, asOf }: PredictRequest, now: number): Question {
  const time = asOf === undefined ? now : Date.parse(asOf);
  const asOfTime = Number.isFinite(time) ? new Date(time).toISOString() : '';
  return { predictionId: predictionId ?? randomUUID(), unit, entities, context, asOf: time, asOfTime };
}

/** What neither a database's text nor a log's key can hold. */
function unwritableTexts({ predictionId, unit, entities }: Question): Fault[] {
  const texts = { '/predictionId': predictionId, '/unit': unit, ...prefixed('/entities/', entities) };
  const isUnwritable = (text: string): boolean => text.includes('\0') || !text.isWellFormed();
  const places = Object.entries(texts).filter(([, text]) => isUnwritable(text));
  return places.map(([path]) => ({ path, message: 'holds a NUL or half a surrogate pair; send plain text' }));
}

const prefixed = (prefix: string, texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [prefix + name, text]));

function questionFaults(plan: ServicePlan, question: Question): Fault[] {
  return [...unwritableTexts(question), ...checkRequest(plan, question)];
}

/**
 * `asOf` may be so far ahead of our clock: as much as machines differ that nobody keeps to the time. A replay asks about the past, so
 * only the future is refused: nobody can know its features, and whoever reads the log would take its coming for certain.
 */
export const CLOCK_TOLERANCE_MS = 60_000;

function timeFaults({ asOf, asOfTime }: Question, now: number): Fault[] {
  if (asOfTime === '') return [{ path: '/asOf', message: 'is no time that can be read; write it like 2001-01-15T13:10:00Z' }];
  if (asOf <= now + CLOCK_TOLERANCE_MS) return [];
  const here = new Date(now).toISOString();
  return [
    { path: '/asOf', message: `lies in the future: it is ${here} here. Correct the asking machine's clock, or leave asOf out for now` },
  ];
}

function tooMany(count: number, { name, spec }: PreparedEndpoint): Fault[] {
  const { maxBatch = DEPLOYMENT_DEFAULTS.maxBatch } = spec.limits ?? {};
  if (count <= maxBatch) return [];
  return [{ path: '/requests', message: `has ${count} questions and Deployment ${name} takes ${maxBatch} at once; send it in parts` }];
}

/** Two answers under one id could not be told apart. */
function repeatedIds(list: readonly Question[], placeOf: (i: number) => string): Fault[] {
  const first = new Map<string, number>();
  return list.flatMap(({ predictionId }, i) => {
    const before = first.get(predictionId);
    if (before === undefined) {
      first.set(predictionId, i);
      return [];
    }
    return [{ path: `${placeOf(i)}/predictionId`, message: `"${predictionId}" is asked twice in this batch, first at ${placeOf(before)}` }];
  });
}

const within = (place: string, faults: readonly Fault[]): Fault[] => faults.map(({ path, message }) => ({ path: place + path, message }));

const MAX_TOLD = 10;

function invalidQuestions(faults: readonly Fault[]): DomainError {
  const told = faults.slice(0, MAX_TOLD).map(({ path, message }) => `${path === '' ? 'the body' : path} ${message}`);
  const more = faults.length > MAX_TOLD ? `; and ${faults.length - MAX_TOLD} more` : '';
  return new DomainError('invalid', `Nothing was answered: ${told.join('; ')}${more}. Correct the request and send it again.`, { faults });
}
