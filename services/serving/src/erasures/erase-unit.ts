/** Erases a unit from the log of predictions and exposures, once what was answered until now lies on it. */
import type { CommandOf, DataOf } from '@roofshot/contracts/define';
import { erasures, type EraseServingSubject, type SubjectErased } from '@roofshot/contracts/erasures';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import type { EventBus } from '@roofshot/messaging/events';
import { done, TryAgain, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { SpoolRelay } from '../spool/relay.ts';
import type { Spool } from '../spool/spool.ts';

export interface EraseUnitSetup {
  readonly events: EventBus;
  readonly spool: Spool;
  readonly relay: SpoolRelay;
}

type Account = Pick<DataOf<typeof SubjectErased>, 'erased' | 'kept'>;

/** Longer than publishing what lies in a spool takes; a broker that is away for longer is waited for by trying again. */
const PUBLISH_MS = 10_000;

const BY_TYPE = {
  store: 'predictions and exposures',
  reason: 'The request is limited to event types, and these are of none of them. Erase the subject without types.',
};
const ON_KAFKA = {
  store: 'predictions and exposures',
  reason: `Kafka changes no record in place. The records stay until the retention of ${predictions.name} (${predictions.retentionDays} days) and ${exposures.name} (${exposures.retentionDays} days) removes them.`,
};
const IN_SPOOLS = {
  store: 'spools',
  reason:
    'On the disk of each process of serving the lines that are published already stay until their segment is full and is removed (SERVING_SPOOL_SEGMENT_MB), and what was set aside as too large until somebody removes set-aside.ndjson.',
};

export class EraseUnit {
  readonly #setup: EraseUnitSetup;

  constructor(setup: EraseUnitSetup) {
    this.#setup = setup;
  }

  /** Throws `TryAgain` while the spool of this process cannot be published: its lines would come to lie on the log after the erasure. */
  async run({ data: { erasureId, subject, types } }: CommandOf<typeof EraseServingSubject>, tx: Tx): Promise<Outcome> {
    const account = types === undefined ? await this.#erase(subject) : { erased: {}, kept: [BY_TYPE] };
    const data = { erasureId, service: 'serving', ...account };
    tx.publish(erasures, [{ id: `${erasureId}/serving`, type: 'subject.erased', subject: erasureId, data }]);
    return done();
  }

  async #erase(subject: string): Promise<Account> {
    const { events, spool, relay } = this.#setup;
    if (!(await relay.publishedUpTo(spool.end, { timeoutMs: PUBLISH_MS })))
      throw new TryAgain('The spool of predictions is not published yet; the unit is erased when it is.');
    // All of it, and not what was known by the request: what lay in spools then became known when it was published.
    const records = await events.eraseKey({ topics: [predictions.name, exposures.name], key: subject, until: Infinity });
    if (records === undefined) return { erased: {}, kept: [ON_KAFKA, IN_SPOOLS] };
    return { erased: { 'predictions and exposures': records }, kept: [IN_SPOOLS] };
  }
}
