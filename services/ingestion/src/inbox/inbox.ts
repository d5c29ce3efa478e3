/** Events that other teams write to `events-inbox.v1` themselves: each gets the verdict that it would have got by HTTP, exactly once. */
import { eventsInbox } from '@roofshot/contracts/events';
import type { EventResult } from '@roofshot/contracts/http/ingestion';
import type { LogRecord } from '@roofshot/messaging/events';
import type { RecordBatch, TakenRecords } from '@roofshot/messaging/handlers';
import type { EventIntake } from '../event-intake.ts';
import { metrics } from '../metrics.ts';
import type { Incoming } from '../prepare-events.ts';
import { currentTrace } from '../request-trace.ts';
import { doorKey } from '../write-keys/write-key.ts';
import { readRecord } from './read-record.ts';
import type { WireFormat } from './wire-format.ts';

/** Of those who may write to the topic, which is Kafka's to say. They have no right to say when an event became known. */
export const INBOX_KEY = doorKey('inbox', `of the topic ${eventsInbox.name}`, { mayImport: false });

export class Inbox {
  readonly #intake: EventIntake;
  readonly #wire: WireFormat;

  constructor(intake: EventIntake, wire: WireFormat) {
    this.#intake = intake;
    this.#wire = wire;
  }

  /** Everything but what needs the transaction: reading, decoding and checking hold no locks. */
  async take({ records }: RecordBatch): Promise<TakenRecords> {
    const events = await this.#read(records);
    const submit = await this.#intake.prepare({ events, trace: currentTrace(), key: INBOX_KEY });
    let results: readonly EventResult[] = [];
    return {
      write: async (tx) => {
        results = await submit(tx);
      },
      committed: () => {
        this.#intake.tell(results);
        for (const { reason } of results) if (reason !== undefined) metrics['events.refused'](1, { reason });
      },
    };
  }

  /** One after the other: a schema that several were written with is looked up once. */
  async #read(records: readonly LogRecord[]): Promise<Incoming[]> {
    const events: Incoming[] = [];
    for (const record of records) events.push(await readRecord(record, this.#wire));
    return events;
  }
}
