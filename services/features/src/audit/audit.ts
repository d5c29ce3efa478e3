import type { Static } from 'typebox';
import { topicOf } from '@roofshot/contracts/events';
import { featureDefinitions } from '@roofshot/contracts/features';
import type { AuditAnswer, AuditRequest } from '@roofshot/contracts/http/features';
import { predictions, type PredictionServed } from '@roofshot/contracts/predictions';
import type { DataOf } from '@roofshot/contracts/define';
import { Entity, FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import type { EventBus } from '@roofshot/messaging/events';
import type { Resources } from '@roofshot/runtime/resources';
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
}

/** Takes served predictions and recomputes their vectors from the raw events, by code that shares nothing with what served them. */
export class Audit {
  readonly #events: EventBus;
  readonly #resources: Resources;

  constructor({ events }: AuditPlatform, resources: Resources) {
    this.#events = events;
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
    const raw = await this.#readRaw(service, current);
    const asked = current.map(({ eventId: id, prediction: { asOf, entities, context } }) => ({
      id,
      asOf: Date.parse(asOf),
      entities: JSON.stringify(entities),
      context: JSON.stringify(context),
    }));
    const comparison = compareVectors(service.spec, service.views, current, await recompute(service, asked, raw));
    return { ...comparison, skipped: [...comparison.skipped, ...outdated.skipped] };
  }

  async #withReferences(spec: AuditedService['spec']): Promise<AuditedService> {
    const views = new Map((await this.#resources.list(FeatureView)).map(({ metadata, spec: view }) => [metadata.name, view]));
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

  /** The raw events that the windows of the vectors can reach. */
  async #readRaw({ spec, views }: AuditedService, vectors: readonly ServedVector[]): Promise<Map<string, RawEvent[]>> {
    const raw = new Map<string, RawEvent[]>();
    if (vectors.length === 0) return raw;
    const times = vectors.map(({ prediction }) => Date.parse(prediction.asOf));
    const [from, to] = [Math.min(...times) - reachMs(spec, views), Math.max(...times)];
    for (const eventType of new Set((spec.views ?? []).flatMap(({ view }) => views.get(view)?.source.eventType ?? []))) {
      const found: RawEvent[] = [];
      await readLog(this.#events, topicOf(eventType), ({ time, knowntime, subject = null, data }) => {
        const eventTime = Date.parse(time);
        if (eventTime >= from && eventTime <= to)
          found.push({ eventTime, knownTime: Date.parse(knowntime), subject, data: JSON.stringify(data) });
      });
      raw.set(eventType, found);
    }
    return raw;
  }
}

function skipAll(vectors: readonly ServedVector[], reason: string): Comparison {
  return { values: 0, mismatches: [], skipped: vectors.map(() => reason) };
}

function countReasons(reasons: readonly string[]): Answer['skipped'] {
  return [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => ({ reason, count: all.length }));
}
