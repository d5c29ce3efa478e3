import type { CloudEvent } from '@roofshot/contracts/envelope';
import { topicOf } from '@roofshot/contracts/events';
import { keyPartOf } from '@roofshot/feature-defs/entity-key';
import type { Expression, Scope, Value } from '@roofshot/feature-defs/expressions';
import { eventScope, type ViewEvent } from '@roofshot/feature-defs/event-scope';
import { Watermark } from '@roofshot/feature-defs/lateness';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import { floorToTile } from '@roofshot/feature-defs/windows';
import type { EventBus } from '@roofshot/messaging/events';
import type { Received } from '@roofshot/messaging/handlers';
import { nobodyErased, type IsErased } from '@roofshot/storage/erased-subjects';
import { partsOf } from '../erasures/unless-erased.ts';
import { toLogEvent } from '../fold-events.ts';
import { readLog, type Offsets } from '../read-log.ts';
import { Contributions } from './contributions.ts';
import { SnapshotFault } from './snapshot-fault.ts';
import type { SnapshotPlan } from './snapshot-plan.ts';

/** A moment at which a prediction would have been made. */
export interface Observation {
  /** Undefined when the event has none: no label can be found for it. */
  readonly id: string | undefined;
  readonly time: number;
  readonly entities: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, Value>>;
}

/** Everything that a snapshot is made of. */
export interface Gathered {
  /** In the order of (time, id, place on the log). */
  readonly observations: readonly Observation[];
  /** By observation id. */
  readonly labels: ReadonlyMap<string, number>;
  readonly contributions: ReadonlyMap<ViewPlan, Contributions>;
  readonly positions: Record<string, Offsets>;
}

/** Stands for an entity that the event does not name: one that was never seen. */
const NOBODY = '';

interface Label {
  readonly value: number;
  /** Event time, known time, id: the greatest of several labels counts. */
  readonly rank: readonly [number, number, string];
}

export interface GatherLimits {
  readonly maxEvents: number;
  readonly isErased: IsErased;
}

/** Reads what the snapshot needs from the log: each topic once, only what was known at `asOf`, only what windows can reach. */
export async function gatherEvents(events: EventBus, plan: SnapshotPlan, limits: GatherLimits): Promise<Gathered> {
  const gathering = new Gathering(plan, limits);
  const positions: Record<string, Offsets> = {};
  for (const eventType of gathering.eventTypes) {
    const topic = topicOf(eventType);
    positions[topic] = await readTopic(events, topic, {
      visit: (event) => gathering.add(eventType, event),
      visitErased: (event) => gathering.pass(eventType, event),
    });
  }
  return gathering.end(positions);
}

interface Visits {
  readonly visit: (event: Received<CloudEvent>) => void;
  readonly visitErased: (event: Received<CloudEvent>) => void;
}

async function readTopic(events: EventBus, topic: string, { visit, visitErased }: Visits): Promise<Offsets> {
  try {
    return await readLog(events, topic, visit, visitErased);
  } catch (error) {
    if (error instanceof RangeError) throw new SnapshotFault(`${error.message} Apply its EventType first.`);
    throw error;
  }
}

interface GatheredView {
  readonly view: ViewPlan;
  /** The first event time that counts. */
  readonly from: number;
  readonly into: Contributions;
  /** By partition. */
  readonly watermarks: Map<number, Watermark>;
}

class Gathering {
  readonly eventTypes: string[];
  readonly #plan: SnapshotPlan;
  readonly #limits: GatherLimits;
  readonly #views: readonly GatheredView[];
  readonly #observations: Observation[] = [];
  readonly #labels = new Map<string, Label>();
  #kept = 0;

  constructor(plan: SnapshotPlan, limits: GatherLimits) {
    this.#plan = plan;
    this.#limits = limits;
    const views = new Set(plan.service.roles.map(({ view }) => view));
    this.#views = [...views].map((view) => ({
      view,
      from: reachOf(view, plan.from),
      into: new Contributions(view),
      watermarks: new Map(),
    }));
    this.eventTypes = [
      ...new Set([plan.observation.eventType, plan.label.eventType, ...[...views].map(({ eventType }) => eventType)]),
    ].sort();
  }

  add(eventType: string, received: Received<CloudEvent>): void {
    const event = toLogEvent(received);
    const counting = this.pass(eventType, received);
    if (!(event.knownTime <= this.#plan.asOf)) return;
    const isErased = (subject: string): boolean => this.#limits.isErased(subject, eventType, event.knownTime);
    if (event.subject !== undefined && isErased(event.subject)) return;
    if (eventType === this.#plan.observation.eventType) this.#addObservation(event, isErased);
    if (eventType === this.#plan.label.eventType) this.#addLabel(event, received.id);
    for (const { view, from, into } of counting) {
      if (event.time < from || event.time >= this.#plan.to) continue;
      const contribution = view.contributionOf(event);
      if (contribution === undefined || (this.#limits.isErased !== nobodyErased && partsOf(contribution.entity).some(isErased))) continue;
      into.add(contribution);
      this.#countKept();
    }
  }

  /** The views that the event counts for, unless it is late there. Whatever lies on the log makes those behind it late. */
  pass(eventType: string, received: Received<CloudEvent>): GatheredView[] {
    const event = toLogEvent(received);
    return this.#views.filter(({ view: { eventType: own, lateness }, watermarks }) => {
      if (own !== eventType) return false;
      if (lateness === undefined) return true;
      const { partition } = received.position;
      const watermark = watermarks.get(partition) ?? new Watermark(lateness);
      watermarks.set(partition, watermark);
      return !watermark.isLate(event) || lateness.policy === 'update';
    });
  }

  end(positions: Record<string, Offsets>): Gathered {
    const labels = new Map([...this.#labels].map(([id, { value }]) => [id, value]));
    const contributions = new Map(this.#views.map(({ view, into }) => [view, into]));
    // A stable sort: what is equal in time and id stays in the order of the log.
    const observations = this.#observations.sort((a, b) => a.time - b.time || compareTexts(a.id ?? '', b.id ?? ''));
    return { observations, labels, contributions, positions };
  }

  #addObservation(event: ViewEvent, isErased: (subject: string) => boolean): void {
    if (event.time < this.#plan.from || event.time >= this.#plan.to) return;
    const scope = eventScope(event);
    const { id, entities, context } = this.#plan.observation;
    const keys = entities.map(([key, expression]) => [key, keyPartOf(expression.evaluate(scope)) ?? NOBODY] as const);
    if (keys.some(([, key]) => isErased(key))) return;
    const values = context.map(([key, expression]) => [key, expression.evaluate(scope)] as const);
    const name = keyPartOf(id.evaluate(scope));
    this.#observations.push({ id: name, time: event.time, entities: Object.fromEntries(keys), context: Object.fromEntries(values) });
    this.#countKept();
  }

  #addLabel(event: ViewEvent, eventId: string): void {
    const scope = eventScope(event);
    const id = keyPartOf(this.#plan.label.id.evaluate(scope));
    const value = numberOf(this.#plan.label.value, scope);
    if (id === undefined || value === null) return;
    const rank = [event.time, event.knownTime, eventId] as const;
    const known = this.#labels.get(id);
    if (known === undefined) this.#countKept();
    if (known === undefined || isAfter(rank, known.rank)) this.#labels.set(id, { value, rank });
  }

  #countKept(): void {
    this.#kept += 1;
    const { maxEvents } = this.#limits;
    if (this.#kept <= maxEvents) return;
    throw new SnapshotFault(
      `It would hold more than ${maxEvents} events in memory. Take a shorter range or fewer views, or raise FEATURES_SNAPSHOT_MAX_EVENTS.`,
    );
  }
}

/** The first event time that an observation at `from` can reach. */
function reachOf(view: ViewPlan, from: number): number {
  return floorToTile(from, view.tileMs) - view.reachMs;
}

function numberOf(expression: Expression, scope: Scope): number | null {
  const value = expression.evaluate(scope);
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : null;
}

function isAfter(a: Label['rank'], b: Label['rank']): boolean {
  return (a[0] - b[0] || a[1] - b[1] || compareTexts(a[2], b[2])) > 0;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
