import type { Static } from 'typebox';
import { topicOf } from '@roofshot/contracts/events';
import { featureDefinitions } from '@roofshot/contracts/features';
import type { AuditAnswer, AuditRequest } from '@roofshot/contracts/http/features';
import { predictions, type PredictionServed } from '@roofshot/contracts/predictions';
import type { DataOf } from '@roofshot/contracts/define';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { Entity, FeatureService, FeatureView, type FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { EventBus } from '@roofshot/messaging/events';
import type { DeclaredOf } from '@roofshot/runtime/resource-rules';
import type { Resources } from '@roofshot/runtime/resources';
import type { ErasedSubjects, IsErased } from '@roofshot/storage/erased-subjects';
import type { Sql } from '@roofshot/storage/sql';
import { readBackfills, type Backfill } from '../backfills/backfill-store.ts';
import { metrics } from '../metrics.ts';
import { readLastEvents, readLog } from '../read-log.ts';
import { compareVectors, type Comparison, type ServedVector } from './compare-vectors.ts';
import { reachMs, recompute, type AuditedService, type RawEvent } from './recompute.ts';

type Prediction = DataOf<typeof PredictionServed>;
type Answer = Static<typeof AuditAnswer>;

const DEFAULT_SAMPLE = 200;
/** The answer stays readable; the count is whole. */
const MOST_SHOWN = 100;

interface AuditPlatform {
  readonly events: EventBus;
  readonly sql: Sql;
  readonly erased: ErasedSubjects;
}

/** The raw events by event type, and the event times of erased ones among them. */
interface Raw {
  readonly events: ReadonlyMap<string, readonly RawEvent[]>;
  readonly erased: readonly number[];
}

/** Takes served predictions and recomputes their vectors from the raw events, by code that shares nothing with what served them. */
export class Audit {
  readonly #events: EventBus;
  readonly #platform: AuditPlatform;
  readonly #resources: Resources;

  constructor(platform: AuditPlatform, resources: Resources) {
    this.#platform = platform;
    this.#events = platform.events;
    this.#resources = resources;
  }

  async run({ sample = DEFAULT_SAMPLE, deployment }: Static<typeof AuditRequest>): Promise<Answer> {
    const served = await this.#readPredictions(sample, deployment);
    const comparisons: Comparison[] = [];
    for (const [name, vectors] of Map.groupBy(served, ({ prediction }) => prediction.featureService))
      comparisons.push(await this.#auditService(name, vectors));
    const mismatches = comparisons.flatMap((comparison) => comparison.mismatches);
    metrics['audits.finished'](1, { outcome: mismatches.length === 0 ? 'equal' : 'different' });
    return {
      predictions: served.length,
      values: comparisons.reduce((sum, { values }) => sum + values, 0),
      mismatches: mismatches.slice(0, MOST_SHOWN),
      mismatchCount: mismatches.length,
      skipped: countReasons(comparisons.flatMap(({ skipped }) => skipped)),
    };
  }

  async #readPredictions(sample: number, deployment: string | undefined): Promise<ServedVector[]> {
    const isWanted = ({ type, data }: { type: string; data: unknown }): boolean =>
      type === 'prediction.served' && (deployment === undefined || (data as Prediction).deployment === deployment);
    const last = await readLastEvents(this.#events, predictions.name, sample, isWanted);
    return last.map(({ id, data, knowntime }) => ({ eventId: id, prediction: data as Prediction, servedAt: Date.parse(knowntime) }));
  }

  async #auditService(name: string, vectors: readonly ServedVector[]): Promise<Comparison> {
    const declared = await this.#resources.find(FeatureService, name);
    if (declared === undefined) return skipAll(vectors, `feature service ${name} is not declared any more`);
    const service = await this.#withReferences(declared.spec);
    const changedAt = await this.#lastChange([
      `FeatureService/${name}`,
      ...(declared.spec.views ?? []).map(({ view }) => `FeatureView/${view}`),
    ]);
    const current = vectors.filter(
      ({ prediction, servedAt }) => prediction.featureServiceGeneration === declared.generation && servedAt >= changedAt,
    );
    const outdated = skipAll(
      vectors.filter((vector) => !current.includes(vector)),
      'served before the definitions changed',
    );
    if (current.length === 0) return outdated;
    const isErased = await this.#platform.erased.read(this.#platform.sql);
    const raw = await this.#readRaw(service, current, isErased);
    const reach = reachMs(service.spec, service.views);
    const types = [...raw.events.keys()];
    const [touched, whole] = divide(current, (vector) => isTouched(vector, { reach, types, erased: raw.erased, isErased }));
    const comparison = await compareWith(service, whole, raw.events);
    const skipped = [...outdated.skipped, ...touched.map(() => 'a subject was erased whose events its windows reach')];
    return { ...comparison, skipped: [...comparison.skipped, ...skipped] };
  }

  async #withReferences(spec: AuditedService['spec']): Promise<AuditedService> {
    const backfills = await readBackfills(this.#platform.sql);
    const views = new Map(
      (await this.#resources.list(FeatureView)).map((view) => [view.metadata.name, answering(view, backfills.get(view.metadata.name))]),
    );
    const entities = new Map((await this.#resources.list(Entity)).map(({ metadata, spec: entity }) => [metadata.name, entity]));
    return { spec, views, entities };
  }

  /** When one of the subjects was last declared, by the platform's clock; 0 when never. */
  async #lastChange(subjects: readonly string[]): Promise<number> {
    let last = 0;
    await readLog(this.#events, featureDefinitions.name, ({ subject = '', knowntime }) => {
      if (subjects.includes(subject)) last = Math.max(last, Date.parse(knowntime));
    });
    return last;
  }

  /** What the windows of the vectors can reach. */
  async #readRaw({ spec, views }: AuditedService, vectors: readonly ServedVector[], isErased: IsErased): Promise<Raw> {
    const events = new Map<string, RawEvent[]>();
    const erased: number[] = [];
    const times = vectors.map(({ prediction }) => Date.parse(prediction.asOf));
    const [from, to] = [Math.min(...times) - reachMs(spec, views), Math.max(...times)];
    for (const eventType of new Set((spec.views ?? []).flatMap(({ view }) => views.get(view)?.source.eventType ?? []))) {
      const found: RawEvent[] = [];
      const visit = ({ time, knowntime, subject, data }: CloudEvent): void => {
        const [eventTime, knownTime] = [Date.parse(time), Date.parse(knowntime)];
        if (eventTime < from || eventTime > to) return;
        if (subject !== undefined && isErased(subject, eventType, knownTime)) erased.push(eventTime);
        else found.push({ eventTime, knownTime, subject: subject ?? null, data: JSON.stringify(data) });
      };
      await readLog(this.#events, topicOf(eventType), visit, ({ time }) => erased.push(Date.parse(time)));
      events.set(eventType, found);
    }
    return { events, erased };
  }
}

/** While a changed view is being computed, the one before it answers. */
function answering({ generation, spec }: DeclaredOf<typeof FeatureView>, backfill: Backfill | undefined): FeatureViewSpec {
  return backfill?.generation === generation && backfill.state !== 'switched' ? backfill.fromSpec : spec;
}

async function compareWith(service: AuditedService, vectors: readonly ServedVector[], raw: Raw['events']): Promise<Comparison> {
  if (vectors.length === 0) return { values: 0, mismatches: [], skipped: [] };
  const asked = vectors.map(({ eventId: id, prediction: { asOf, entities, context } }) => ({
    id,
    asOf: Date.parse(asOf),
    entities: JSON.stringify(entities),
    context: JSON.stringify(context),
  }));
  return compareVectors(service.spec, service.views, vectors, await recompute(service, asked, raw));
}

interface Erased {
  /** Milliseconds before a question that its windows reach. */
  readonly reach: number;
  readonly types: readonly string[];
  readonly erased: readonly number[];
  readonly isErased: IsErased;
}

/** Sums over many keep what an erased subject added to them, and the log does not: then the two cannot agree. */
function isTouched({ prediction: { asOf, entities } }: ServedVector, { reach, types, erased, isErased }: Erased): boolean {
  const to = Date.parse(asOf);
  const isOfErased = Object.values(entities).some((part) => types.some((type) => isErased(part, type, to - reach)));
  return isOfErased || erased.some((time) => time >= to - reach && time <= to);
}

function divide<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  const first = items.filter(isFirst);
  return [first, items.filter((item) => !first.includes(item))];
}

function skipAll(vectors: readonly ServedVector[], reason: string): Comparison {
  return { values: 0, mismatches: [], skipped: vectors.map(() => reason) };
}

function countReasons(reasons: readonly string[]): Answer['skipped'] {
  return [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => ({ reason, count: all.length }));
}
