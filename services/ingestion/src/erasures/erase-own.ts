/** What ingestion itself keeps of a subject: its events on the log, and what was refused of it. */
import { acceptedEvents, refusedEvents, topicOf } from '@roofshot/contracts/events';
import type { CommandOf } from '@roofshot/contracts/define';
import { erasures, type EraseIngestionSubject } from '@roofshot/contracts/erasures';
import type { EventBus } from '@roofshot/messaging/events';
import { done, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import { eraseUndelivered } from '@roofshot/storage/erased-subjects';
import { storableKey } from '@roofshot/storage/storable-text';

const ON_KAFKA = {
  store: 'event streams',
  reason:
    'Kafka changes no record in place. The records stay until the retention of events.<type>, events-refused.v1 and, where others wrote them, events-inbox.v1 removes them; no service reads them into anything again; `GET /v1/events/trace` and whoever reads the topics still finds them.',
};
const BY_TYPE = {
  store: refusedEvents.name,
  reason: 'The request is limited to event types, and refused events of the subject are not told apart by them.',
};

export class EraseOwn {
  readonly #bus: EventBus;

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  /** Overwrites the subject's events in their places, which is begun again when it was cut short. */
  async run({ data }: CommandOf<typeof EraseIngestionSubject>, tx: Tx): Promise<Outcome> {
    const { erasureId, subject, types, erasedAt } = data;
    const streams = await this.#bus.listTopics(acceptedEvents.prefix);
    const wanted = types === undefined ? undefined : new Set(types.map(topicOf));
    const topics = wanted === undefined ? [...streams, refusedEvents.name] : streams.filter((topic) => wanted.has(topic));
    const events = await this.#bus.eraseKey({ topics, key: subject, until: Date.parse(erasedAt) });
    const undelivered = await eraseUndelivered(tx, 'ingestion', subject, (topic) => topics.includes(topic));
    const refused = await forgetRefused(tx, subject, types);
    const kept = [...(events === undefined ? [ON_KAFKA] : []), ...(types === undefined ? [] : [BY_TYPE])];
    const erased = { ...(events !== undefined && { events }), quarantine: refused, 'dead letters': undelivered };
    const account = { erasureId, service: 'ingestion', erased, kept };
    tx.publish(erasures, [{ id: `${erasureId}/ingestion`, type: 'subject.erased', subject: erasureId, data: account }]);
    return done();
  }
}

/** Whatever their state: they are kept whole. Answers how many. */
async function forgetRefused(tx: Tx, subject: string, types: readonly string[] | undefined): Promise<number> {
  const rows = await tx.query(
    'DELETE FROM ingestion.quarantine WHERE subject = $1 AND ($2::text[] IS NULL OR event_type = ANY($2)) RETURNING 1',
    [storableKey(subject), types ?? null],
  );
  return rows.length;
}
