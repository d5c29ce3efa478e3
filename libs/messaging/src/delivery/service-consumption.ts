import { runWith } from '@roofshot/telemetry/context';
import { pause } from '../back-off.ts';
import type { Consumption, PartitionHealth } from '../events/bus.ts';
import type { FollowHandler, Handler, SharedHandler } from '../handlers.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { EventDelivery } from './event-delivery.ts';
import { FollowDelivery } from './follow-delivery.ts';
import { Redrive } from './redrive.ts';

/** One partition as this process reads it. */
export interface PartitionReport extends PartitionHealth {
  /** `follow`: into the memory of this process; else the service's group shares the topic. */
  readonly mode: 'group' | 'follow';
  readonly lag: number;
}

/** Lag without progress for so long means that this process hangs. Longer than any back-off and any batch. */
const STALL_MS = 60_000;
const REPORT_MS = 5_000;
const CATCH_UP_AGAIN_MS = 1_000;

/** All that one service hears on the log. */
export class ServiceConsumption {
  readonly redrive: Redrive;
  readonly #setup: DeliverySetup;
  readonly #handlers: readonly SharedHandler[];
  readonly #follows: readonly FollowHandler[];
  readonly #delivery: EventDelivery;
  readonly #following: FollowDelivery;
  readonly #consumptions: { readonly mode: PartitionReport['mode']; readonly consumption: Consumption }[] = [];
  #caughtUp = false;
  #failure: string | undefined;
  #reporter: NodeJS.Timeout | undefined;
  readonly #stopping = new AbortController();

  constructor(setup: DeliverySetup, handlers: readonly Handler[]) {
    this.#setup = setup;
    this.#handlers = handlers.filter((handler) => handler.kind !== 'follow' && handler.kind !== 'command');
    this.#follows = handlers.filter((handler) => handler.kind === 'follow');
    refuseOverlaps(setup.service, this.#handlers);
    this.#delivery = new EventDelivery(setup, this.#handlers);
    this.#following = new FollowDelivery(setup, this.#follows);
    this.redrive = new Redrive(setup, (topic) => this.#delivery.handlerOf(topic));
  }

  /** What Nest is told that is handled here; the functions are never called by it. */
  get patterns(): { pattern: string; run: () => Promise<never> }[] {
    const run = (): Promise<never> => Promise.reject(new Error('Events are delivered by batch, not through Nest.'));
    const names = [...this.#handlers, ...this.#follows].map(({ topic }) => (topic.kind === 'topic' ? topic.name : `${topic.prefix}*`));
    return [...new Set(names)].map((pattern) => ({ pattern, run }));
  }

  async start(): Promise<void> {
    await runWith({ service: this.#setup.service }, () => this.#start());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#reporter);
    this.#delivery.stop();
    this.#following.stop();
    await Promise.all(this.#consumptions.map(({ consumption }) => consumption.stop()));
    for (const { topic, partition } of this.describe()) metrics['partition.lag'](0, { topic, partition: String(partition) });
  }

  /** `now`: epoch milliseconds of this machine. While log or queues are away handlers cannot progress, and a restart would not bring them back. */
  healthy(now = Date.now()): boolean {
    return this.#setup.queue.waitingFor().length > 0 || this.#stalled(now).length === 0;
  }

  /** `now`: epoch milliseconds of this machine. A sentence for each partition that stands still, and for what is still to be read first. */
  waitingFor(now = Date.now()): string[] {
    const stopped = this.describe().flatMap((report) => (report.stopped === undefined ? [] : [report.stopped]));
    const still = [...stopped, ...this.#stalled(now).map(describeStall)];
    if (this.#failure !== undefined && still.length === 0) return [this.#failure];
    if (this.#caughtUp || still.length > 0) return still;
    const behind = this.describe().filter(({ mode, lag }) => mode === 'follow' && lag > 0);
    return [`Reading what it follows from the start: ${behind.reduce((sum, { lag }) => sum + lag, 0)} records to go.`];
  }

  describe(): readonly PartitionReport[] {
    return this.#consumptions.flatMap(({ mode, consumption }) =>
      consumption.health().map((health) => ({ ...health, mode, lag: Math.max(0, health.end - health.position) })),
    );
  }

  #stalled(now: number): PartitionReport[] {
    if (this.#setup.bus.waitingFor().length > 0) return [];
    const oldest = now - STALL_MS;
    return this.describe().filter(({ stopped, lag, progressedAt }) => stopped === undefined && lag > 0 && progressedAt < oldest);
  }

  async #start(): Promise<void> {
    const { bus, service } = this.#setup;
    const reader = this.#delivery;
    const topics = this.#handlers.flatMap(({ topic }) => (topic.kind === 'topic' ? [topic.name] : []));
    const families = this.#handlers.flatMap(({ topic }) => (topic.kind === 'topic-family' ? [{ prefix: topic.prefix }] : []));
    const followed = [...new Set(this.#follows.map(({ topic }) => topic.name))];
    if (topics.length > 0) this.#add('group', await bus.consume({ group: service, topics, reader }));
    for (const family of families) this.#add('group', await bus.consume({ group: service, topics: family, reader }));
    if (followed.length > 0) this.#add('follow', await bus.consume({ group: null, topics: followed, reader: this.#following }));
    void this.#catchUp();
    this.#reporter = setInterval(() => this.#reportLag(), REPORT_MS).unref();
  }

  #add(mode: PartitionReport['mode'], consumption: Consumption): void {
    this.#consumptions.push({ mode, consumption });
  }

  async #catchUp(): Promise<void> {
    const followed = this.#consumptions.filter(({ mode }) => mode === 'follow');
    while (!this.#caughtUp && !this.#stopping.signal.aborted) {
      try {
        await Promise.all(followed.map(({ consumption }) => consumption.caughtUp()));
        this.#caughtUp = true;
      } catch (error) {
        this.#failure = error instanceof Error ? error.message : String(error); // told by waitingFor
        await pause(CATCH_UP_AGAIN_MS, this.#stopping.signal);
      }
    }
  }

  #reportLag(): void {
    for (const { topic, partition, lag } of this.describe()) metrics['partition.lag'](lag, { topic, partition: String(partition) });
  }
}

function describeStall({ topic, partition, position, lag, progressedAt, failure }: PartitionReport): string {
  const why = failure === undefined ? 'its handler has not come back' : `its last try failed: ${failure}`;
  return (
    `Partition ${partition} of "${topic}" has stood still at ${position} since ${new Date(progressedAt).toISOString()}, ` +
    `with ${lag} records to go; ${why}. It is tried on; see the log lines of this partition.`
  );
}

/** Two handlers of one topic would share one position, and a failure of one would repeat the other. */
function refuseOverlaps(service: string, handlers: readonly SharedHandler[]): void {
  const names = handlers.map(({ topic }) => (topic.kind === 'topic' ? topic.name : `${topic.prefix}*`));
  handlers.forEach(({ topic }, i) => {
    const name = names[i] ?? '';
    const other = names.findIndex((candidate, j) => j !== i && overlaps(candidate, topic.kind === 'topic' ? topic.name : topic.prefix));
    if (other < 0) return;
    throw new Error(`The handlers of ${service} read "${name}" twice (also by "${names[other] ?? ''}"). Let one handler do both things.`);
  });
}

function overlaps(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
