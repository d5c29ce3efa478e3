/** Exposures, answers and outcomes as they are read: into units, sums and event times, in the batch's transaction. */
import type { EventsOf } from '@roofshot/contracts/define';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { acceptedEvents } from '@roofshot/contracts/events';
import type { exposures, predictions } from '@roofshot/contracts/predictions';
import type { EventBatch, Tx } from '@roofshot/messaging/handlers';
import { nobodyErased, type ErasedSubjects, type IsErased } from '@roofshot/storage/erased-subjects';
import { metrics } from '../metrics.ts';
import { markEventTimes } from '../progress/event-times.ts';
import type { EventSources } from '../progress/event-sources.ts';
import type { Positions } from '../progress/positions.ts';
import { exposureFacts, outcomeFacts, predictionFacts, type UnitFact } from './collect-facts.ts';
import { happenedAt } from './facts.ts';
import { foldUnits } from './fold-units.ts';
import { outcomeTypesOf, type Scope } from './scope.ts';
import type { Scopes, Unguarded } from './scope-store.ts';

export interface FoldNeeds {
  readonly scopes: Scopes;
  readonly positions: Positions;
  readonly sources: EventSources;
  readonly erased: ErasedSubjects;
}

interface Task {
  readonly topic: string;
  readonly partition: number;
}

export class FoldFacts {
  readonly #needs: FoldNeeds;

  constructor(needs: FoldNeeds) {
    this.#needs = needs;
  }

  async exposures(batch: EventBatch<EventsOf<typeof exposures>>, tx: Tx): Promise<void> {
    const isErased = await this.#needs.erased.read(tx); // before anything is touched
    const scopes = await this.#needs.scopes.open(tx);
    await this.#fold(tx, batch, exposureFacts(scopes, notErased(batch.events, isErased)));
    const newest = newestByDeployment(batch.events.map((event) => ({ deployment: event.data.deployment, at: happenedAt(event) })));
    await this.#markAsked(tx, batch, scopes, newest);
  }

  async predictions(batch: EventBatch<EventsOf<typeof predictions>>, tx: Tx): Promise<void> {
    const served = batch.events.filter(({ type }) => type === 'prediction.served');
    const newest = newestByDeployment(served.map((event) => ({ deployment: event.data.deployment, at: happenedAt(event) })));
    const isErased = await this.#needs.erased.read(tx); // before anything is touched
    const scopes = await this.#scopesAfterCauses(tx, ({ deployment }) => newest.has(deployment));
    await this.#fold(tx, batch, predictionFacts(scopes, notErased(batch.events, isErased)));
    await this.#markAsked(tx, batch, scopes, newest);
  }

  async outcomes(batch: EventBatch, tx: Tx): Promise<void> {
    const eventType = batch.topic.slice(acceptedEvents.prefix.length);
    const isErased = await this.#needs.erased.read(tx); // before anything is touched
    const all = await this.#scopesAfterCauses(tx, ({ outcomeTypes }) => outcomeTypes.includes(eventType));
    const scopes = all.filter(({ spec }) => outcomeTypesOf(spec).includes(eventType));
    if (scopes.length === 0) return;
    await this.#fold(tx, batch, outcomesNotErased(scopes, eventType, batch.events, isErased));
    const reached = this.#needs.sources.reached(eventType, batch);
    if (reached !== null) await markEventTimes(tx, [{ ...taskOf(batch), subject: '', reached }]);
  }

  async #markAsked(tx: Tx, batch: Task, scopes: readonly Scope[], newest: ReadonlyMap<string, number>): Promise<void> {
    const watched = [...new Set(scopes.map(({ spec }) => spec.deployment))];
    await markEventTimes(
      tx,
      watched.flatMap((subject) => {
        const reached = newest.get(subject);
        return reached === undefined ? [] : [{ ...taskOf(batch), subject, reached }];
      }),
    );
  }

  /**
   * The open scopes. An answer by a promoted version, and what came of it, may be read before the promotion that opens its probation:
   * then the promotion is waited for.
   */
  async #scopesAfterCauses(tx: Tx, concerns: (deployment: Unguarded) => boolean): Promise<readonly Scope[]> {
    const { scopes, positions } = this.#needs;
    const inForce = await scopes.inForce(tx);
    if (!inForce.unguarded.some(concerns)) return inForce.scopes;
    await positions.requireModelsFolded(tx);
    return scopes.open(tx);
  }

  async #fold(tx: Tx, batch: Task, facts: readonly UnitFact[]): Promise<void> {
    if (facts.length === 0) return;
    const started = performance.now();
    await foldUnits(tx, `${batch.topic}/${batch.partition}`, facts);
    metrics['facts.folded'](facts.length, { topic: batch.topic });
    metrics['fold.ms'](performance.now() - started);
  }
}

/**
 * Questions and answers of units that were not erased. They become known when they are published, a moment after they happened: what
 * happened before the erasure is of the erased unit.
 */
function notErased<E extends CloudEvent<string, { readonly unit: string }>>(events: readonly E[], isErased: IsErased): E[] {
  return events.filter((event) => !isErased(event.data.unit, '', happenedAt(event)));
}

/** An outcome of an erased subject, or for an erased unit, is left out. */
function outcomesNotErased(scopes: readonly Scope[], eventType: string, events: readonly CloudEvent[], isErased: IsErased): UnitFact[] {
  if (isErased === nobodyErased) return outcomeFacts(scopes, eventType, events);
  return events.flatMap((event) => {
    const known = Date.parse(event.knowntime);
    if (event.subject !== undefined && isErased(event.subject, eventType, known)) return [];
    return outcomeFacts(scopes, eventType, [event]).filter(({ unit }) => !isErased(unit, eventType, known));
  });
}

const taskOf = ({ topic, partition }: Task): Task => ({ topic, partition });

/** The event time of each deployment's newest answer. */
function newestByDeployment(asked: readonly { readonly deployment: string; readonly at: number }[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { deployment, at } of asked) newest.set(deployment, Math.max(newest.get(deployment) ?? 0, at));
  return newest;
}
