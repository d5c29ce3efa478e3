import type { EventBus, LogRecord } from '@roofshot/messaging/events';

const PAGE = 5_000;

/** All records of a topic as they lie on the log now: partition by partition, each in order, a page at a time. */
export async function* logPages(bus: EventBus, topic: string): AsyncGenerator<readonly LogRecord[]> {
  for (const { partition, start, end } of await bus.bounds(topic)) {
    for (let offset = start; offset < end;) {
      const records = await bus.readFrom({ topic, partition }, offset, PAGE);
      if (records.length === 0) break;
      yield records;
      offset = (records.at(-1)?.offset ?? offset) + 1;
    }
  }
}
