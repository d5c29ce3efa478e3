import { continueFrom, runWith } from '@roofshot/telemetry/context';
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { backOffMs, pause } from '../back-off.ts';
import { PartitionStopped, type LogBounds, type LogRecord, type PartitionReader, type TopicPartition } from '../events/bus.ts';
import type { FollowHandler, Received } from '../handlers.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { describe } from './failures.ts';
import { Repetitions } from './repetitions.ts';
import { sortRecord, type Sorted } from './sort-records.ts';

const ATTEMPTS = 3;
const RETRY = { firstMs: 50, longestMs: 1_000 };

interface Held {
  readonly topicId: string;
  readonly repetitions: Repetitions;
  position: number;
}

/**
 * Folds whole topics into memory. Positions live as long as the process, because what is folded does. An event that cannot be folded
 * stops its partition: going on would leave a memory that differs from the log and nobody would know.
 */
export class FollowDelivery implements PartitionReader {
  readonly #setup: Pick<DeliverySetup, 'service' | 'log'>;
  readonly #handlers: readonly FollowHandler[];
  readonly #held = new Map<string, Held>();
  readonly #stopping = new AbortController();

  constructor(setup: Pick<DeliverySetup, 'service' | 'log'>, handlers: readonly FollowHandler[]) {
    this.#setup = setup;
    this.#handlers = handlers;
  }

  claim({ topic, partition, topicId, start, end }: LogBounds): Promise<number> {
    const name = `${topic}/${partition}`;
    const held = this.#held.get(name) ?? { topicId, repetitions: new Repetitions(), position: start };
    this.#held.set(name, held);
    if (held.topicId === topicId && held.position <= end) return Promise.resolve(held.position);
    const happened =
      held.topicId === topicId ? `lost its end (it has ${end} records, ${held.position} were read)` : 'was deleted and made again';
    return Promise.reject(
      new PartitionStopped(`The topic "${topic}" ${happened}, so what was folded from it holds no longer. Restart the service.`),
    );
  }

  async read({ topic, partition }: TopicPartition, records: readonly LogRecord[]): Promise<number> {
    const held = this.#held.get(`${topic}/${partition}`);
    const handlers = this.#handlers.filter((candidate) => candidate.topic.name === topic);
    const [first] = handlers;
    if (held === undefined || first === undefined) throw new Error(`Partition ${partition} of "${topic}" was read before it was claimed.`);
    for (const record of records) {
      const item = sortRecord(record, first.topic);
      const { fresh, marks } = held.repetitions.recognise([item]);
      if (fresh.length > 0) await this.#fold(handlers, item);
      held.repetitions.passed(marks);
      held.position = record.offset + 1; // a failure later in the batch must not fold this one twice
    }
    return held.position;
  }

  /** What lay before the log's end and was no record counts as read. */
  caughtUp({ topic, partition }: TopicPartition, position: number): Promise<void> {
    const held = this.#held.get(`${topic}/${partition}`);
    if (held !== undefined) held.position = Math.max(held.position, position);
    return Promise.resolve();
  }

  lost({ topic, partition }: TopicPartition): void {
    this.#held.delete(`${topic}/${partition}`);
  }

  /** Ends waiting retries. */
  stop(): void {
    this.#stopping.abort();
  }

  async #fold(handlers: readonly FollowHandler[], item: Sorted): Promise<void> {
    const { topic } = item.record;
    if (item.kind === 'control' || item.kind === 'erased') return;
    if (item.kind === 'dead') {
      metrics['events.handled'](1, { topic, outcome: 'dead' });
      this.#setup.log.warn('A record that cannot be read was left out of what is followed.', {
        ...fieldsOf(item),
        'event.reason': item.reason,
      });
      return;
    }
    for (const handler of handlers) await this.#foldEvent(handler, item, item.event);
    metrics['events.handled'](1, { topic, outcome: 'done' });
  }

  async #foldEvent(handler: FollowHandler, item: Sorted, event: Received<CloudEvent>): Promise<void> {
    const run = handler.each[event.type];
    if (run === undefined || run === 'ignore') return;
    const trace = continueFrom({ traceparent: event.traceparent, correlationId: event.correlationid });
    const fields = { 'event.id': event.id, 'event.action': event.type };
    await runWith({ service: this.#setup.service, ...trace, fields }, async () => {
      await this.#tryOften(item, async () => run(event));
      this.#setup.log.debug('An event was followed.', fieldsOf(item));
    });
  }

  async #tryOften(item: Sorted, run: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await run();
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || this.#stopping.signal.aborted) throw stopped(item, error);
        this.#setup.log.warn('An event could not be folded and is tried again.', { ...fieldsOf(item), error });
        await pause(backOffMs(attempt, RETRY), this.#stopping.signal);
      }
    }
  }
}

function stopped({ record }: Sorted, error: unknown): PartitionStopped {
  return new PartitionStopped(
    `Following "${record.topic}" stands still at offset ${record.offset} of partition ${record.partition}, because its handler threw: ${describe(error)}. ` +
      'Correct the handler and restart the service.',
    { cause: error },
  );
}

function fieldsOf({ record }: Sorted): Record<`labels.${string}`, string | number> {
  return { 'labels.topic': record.topic, 'labels.partition': record.partition, 'labels.offset': record.offset };
}
