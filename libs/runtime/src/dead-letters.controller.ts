import {
  LettersAnswer,
  LettersChanged,
  LettersQuery,
  ParkedKeysAnswer,
  ParkedKeysQuery,
  PurgeRequest,
  RedriveRequest,
  type LetterFilter,
} from '@roofshot/contracts/http/dead-letters';
import type { DeadLetterOffice, KeyOutcome, LetterOutcome, PurgedLetter } from '@roofshot/messaging/dead-letter-office';
import type { LetterFilter as SoughtLetters } from '@roofshot/storage/dead-letter-list';
import { actorOf } from './actor.ts';
import { cutPage } from './cursor.ts';
import { keyResult, letterResult, letterView, parkedKeyView, type ShowPayloads } from './dead-letter-view.ts';
import { DomainError } from './errors.ts';
import type { HttpRoutes } from './http.ts';
import { cursorAfterKey, cursorAfterLetter, readKeyCursor, readLetterCursor, readLetterId } from './letter-places.ts';

/** Where every service, and the gateway for all of them, answers for dead letters. */
export const DEAD_LETTERS = '/v1/dead-letters';

const FROM_FILTER = 100;
const WAIT_MS = 3_000;
const NOTHING_MORE = { complete: true, notices: [] };

export interface DeadLettersOf {
  readonly name: string;
  /** Made when the service's handlers are, before anybody is answered. Undefined where nothing is delivered to it. */
  readonly office: () => DeadLetterOffice | undefined;
  readonly show: ShowPayloads;
}

/** The routes over what delivery to one service has put aside. */
export class DeadLettersController {
  readonly #of: DeadLettersOf;

  constructor(http: HttpRoutes, of: DeadLettersOf) {
    this.#of = of;
    this.#addLists(http);
    http.route({
      method: 'POST',
      url: `${DEAD_LETTERS}/redrives`,
      summary: 'Handles dead letters and parked keys again; what is refused again stays. With dryRun nothing changes.',
      body: RedriveRequest,
      response: LettersChanged,
      handler: ({ body }) => this.#redrive(body),
    });
    http.route({
      method: 'POST',
      url: `${DEAD_LETTERS}/purges`,
      summary:
        'Throws dead letters away, or the events behind which keys wait, each with a record of the audit. With dryRun nothing changes.',
      body: PurgeRequest,
      response: LettersChanged,
      handler: ({ body, headers }) => this.#purge(body, actorOf(headers)),
    });
  }

  #addLists(http: HttpRoutes): void {
    http.route({
      method: 'GET',
      url: DEAD_LETTERS,
      summary:
        'Messages that could not be handled, the oldest first, with their failure and their origin, and how many of each type and error.',
      query: LettersQuery,
      response: LettersAnswer,
      handler: ({ query }) => this.#letters(query),
    });
    http.route({
      method: 'GET',
      url: `${DEAD_LETTERS}/parked-keys`,
      summary: 'Keys whose events wait because one of them could not be handled, with that event and how many wait.',
      query: ParkedKeysQuery,
      response: ParkedKeysAnswer,
      handler: ({ query }) => this.#parkedKeys(query),
    });
  }

  async #letters({ cursor, limit, ...filter }: LettersQuery): Promise<LettersAnswer> {
    const { name, show } = this.#of;
    const office = this.#officeFor(filter.service);
    if (office === undefined) return { items: [], counts: [], parkedKeys: 0, next: null, ...NOTHING_MORE };
    const after = cursor === undefined ? 0 : readLetterCursor(cursor);
    const { letters, counts, parkedKeys, notices } = await office.find(soughtOf(filter), { after, limit: limit + 1 });
    const { page, next } = cutPage(letters, limit, ({ id }) => cursorAfterLetter(id));
    return {
      items: page.map((row) => letterView(name, row, show)),
      counts: counts.map((count) => ({ service: name, ...count })),
      parkedKeys,
      next,
      complete: notices.length === 0,
      notices: notices.map((detail) => ({ service: name, detail })),
    };
  }

  async #parkedKeys({ service, topic, cursor, limit }: ParkedKeysQuery): Promise<ParkedKeysAnswer> {
    const { name, show } = this.#of;
    const office = this.#officeFor(service);
    if (office === undefined) return { items: [], next: null, ...NOTHING_MORE };
    const rows = await office.parkedKeys({
      limit: limit + 1,
      ...(topic !== undefined && { topic }),
      ...(cursor !== undefined && { after: readKeyCursor(cursor) }),
    });
    const { page, next } = cutPage(rows, limit, cursorAfterKey);
    return { items: page.map((row) => parkedKeyView(name, row, show)), next, ...NOTHING_MORE };
  }

  async #redrive({ dryRun = false, waitMs = WAIT_MS, ...order }: RedriveRequest): Promise<LettersChanged> {
    const { office, keys, letters, strangers } = await this.#read(order);
    if (office === undefined) return this.#changed(strangers, [], []);
    if (dryRun) {
      const would = keys.map(({ topic, key }): KeyOutcome => ({ topic, key, outcome: 'would-redrive', handled: 0 }));
      return this.#changed(strangers, await office.tryRedrive(letters), would);
    }
    const handled = await office.redrive(letters, waitMs);
    return this.#changed(strangers, handled, await office.redriveKeys(keys));
  }

  async #purge({ dryRun = false, reason, ...order }: PurgeRequest, actor: string): Promise<LettersChanged> {
    const { office, keys, letters, strangers } = await this.#read(order);
    if (office === undefined) return this.#changed(strangers, [], []);
    if (dryRun) {
      const would = keys.map(({ topic, key }): KeyOutcome => ({ topic, key, outcome: 'would-skip', handled: 0 }));
      return this.#changed(strangers, await office.tryPurge(letters), would);
    }
    const purged = await office.purge(letters, { actor, reason });
    return this.#changed(strangers, purged, await office.skipHeads(keys, { actor, reason }));
  }

  /** What an order means here: numbers of letters, parked keys, and the ids that are other services'. */
  async #read<K extends { readonly service: string }>(order: Order<K>): Promise<ReadOrder<K>> {
    refuseNothing(order);
    const { ids = [], filter, limit = FROM_FILTER, keys = [] } = order;
    const { name, office } = this.#of;
    const isOwn = (id: string): boolean => readLetterId(id).service === name;
    const named = ids.filter(isOwn).map((id) => readLetterId(id).number);
    const meant = filter === undefined ? undefined : await this.#officeFor(filter.service)?.select(soughtOf(filter), limit);
    return {
      office: office(),
      letters: [...new Set([...named, ...(meant ?? [])])],
      keys: keys.filter(({ service }) => service === name),
      strangers: ids.filter((id) => !isOwn(id)),
    };
  }

  #changed(strangers: readonly string[], letters: readonly (LetterOutcome | PurgedLetter)[], keys: readonly KeyOutcome[]): LettersChanged {
    const { name } = this.#of;
    const message = `It is no letter of ${name}. Ask the service that is named in its id, or the gateway, which asks each.`;
    const error = { code: 'other-service', message };
    return {
      results: [
        ...letters.map((letter) => letterResult(name, letter)),
        ...strangers.map((id) => ({ id, outcome: 'gone' as const, error })),
      ],
      keys: keys.map((key) => keyResult(name, key)),
      ...NOTHING_MORE,
    };
  }

  #officeFor(service = this.#of.name): DeadLetterOffice | undefined {
    return service === this.#of.name ? this.#of.office() : undefined;
  }
}

/** What redrives and purges have in common. */
type Order<K> = Pick<RedriveRequest, 'ids' | 'filter' | 'limit'> & { readonly keys?: readonly K[] };

interface ReadOrder<K> {
  readonly office: DeadLetterOffice | undefined;
  readonly letters: readonly number[];
  readonly keys: readonly K[];
  readonly strangers: readonly string[];
}

function soughtOf({ service: _, since, until, ...filter }: LetterFilter): SoughtLetters {
  return {
    ...filter,
    ...(since !== undefined && { since: Date.parse(since) }),
    ...(until !== undefined && { until: Date.parse(until) }),
  };
}

/** An empty order is most often a typing error, and must not look as if all had been done. */
export function refuseNothing({ ids, filter, keys }: Order<unknown>): void {
  if (ids !== undefined || filter !== undefined || keys !== undefined) return;
  throw new DomainError('invalid', 'Nothing was named. Give ids, a filter ({} means every letter), or keys.', {
    faults: [{ path: '', message: 'must have ids, filter or keys' }],
  });
}
