/** The feature vectors of all questions of a request, with one round trip to the online store. */
import { failureLevel } from '@roofshot/storage/failure-level';
import type { OnlineStore } from '@roofshot/storage/online-store';
import type { DataOf } from '@roofshot/contracts/define';
import type { PredictionServed } from '@roofshot/contracts/predictions';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { OnlineRows } from '@roofshot/feature-defs/online-rows';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import { buildVector, keysOf, type Status } from '@roofshot/feature-defs/vector';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import type { PreparedEndpoint } from '../deployments/endpoint.ts';
import type { Question } from './questions.ts';

export interface KnownVector {
  /** In the order of the plan's columns. */
  readonly values: readonly FeatureValue[];
  readonly features: Readonly<Record<string, FeatureValue>>;
  /** Only what is not PRESENT. */
  readonly statuses: DataOf<typeof PredictionServed>['statuses'];
  readonly featureAgeSeconds: number;
  readonly degraded: boolean;
}

export interface VectorSource {
  readonly online: OnlineStore;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** One vector per question. Never throws: what cannot be read in time is NOT_FOUND and null, as the answer then says. */
export async function readVectors(
  source: VectorSource,
  endpoint: PreparedEndpoint,
  questions: readonly Question[],
): Promise<KnownVector[]> {
  const keys = keysOf(endpoint.plan, questions);
  const rows = await readRows(source, endpoint.name, keys);
  if (rows === undefined) return questions.map((question) => describeVector(endpoint, unreadVector(endpoint.plan, question)));
  const stored = new OnlineRows(keys, rows);
  return questions.map((question) => describeVector(endpoint, buildVector(endpoint.plan, question, stored)));
}

type Rows = Awaited<ReturnType<OnlineStore['get']>>;

async function readRows(
  { online, timeoutMs, log }: VectorSource,
  deployment: string,
  keys: ReturnType<typeof keysOf>,
): Promise<Rows | undefined> {
  if (keys.length === 0) return [];
  const late = new Error(`The online store did not answer within ${timeoutMs} ms.`);
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late), timeoutMs);
  try {
    return await Promise.race([online.get(keys), timeout]);
  } catch (error) {
    metrics['features.failed'](1, { deployment });
    const level = error === late ? 'warn' : failureLevel(error);
    log[level]('Stored values could not be read; the answer is made without them.', { 'labels.deployment': deployment, error });
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

type Vector = ReturnType<typeof buildVector>;

const NOTHING_STORED = new OnlineRows([], []);

/** As if no entity had ever been seen, but with counts unknown and not 0: nothing was read. */
function unreadVector(plan: ServicePlan, question: Question): Vector {
  const vector = buildVector(plan, question, NOTHING_STORED);
  return { ...vector, values: vector.values.map((value, i) => (vector.statuses[i] === 'NOT_FOUND' ? null : value)) };
}

function describeVector({ plan, maxFeatureAgeMs }: PreparedEndpoint, vector: Vector): KnownVector {
  const statuses: Record<string, Exclude<Status, 'PRESENT'>> = {};
  const features: Record<string, FeatureValue> = {};
  const staleColumns = staleColumnsOf(plan, vector, maxFeatureAgeMs);
  let degraded = false;
  for (let i = 0; i < plan.columns.length; i += 1) {
    const name = (plan.columns[i] as ServicePlan['columns'][number]).name;
    features[name] = vector.values[i] ?? null;
    const status = statusOf(vector.statuses[i] as Status, staleColumns[i] === true);
    if (status === 'PRESENT') continue;
    statuses[name] = status;
    degraded ||= status !== 'NULL_VALUE';
  }
  return { values: vector.values, features, statuses, featureAgeSeconds: vector.ageMs / 1000, degraded };
}

/** A stale null may have become a value: it is as old as a stale value. What was never seen stays NOT_FOUND. */
function statusOf(status: Status, isStale: boolean): Status {
  return isStale && status !== 'NOT_FOUND' ? 'OUTSIDE_MAX_AGE' : status;
}

/** Per column whether its role's stored values are older than the deployment allows; request features are never old. */
function staleColumnsOf(plan: ServicePlan, { roleAgesMs }: Vector, maxFeatureAgeMs: number): boolean[] {
  if (maxFeatureAgeMs === Infinity) return [];
  return plan.roles.flatMap(({ role, chosen }) => chosen.map(() => (roleAgesMs[role] ?? 0) > maxFeatureAgeMs));
}
