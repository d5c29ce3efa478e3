/** `/v1/quarantine`: what was refused, as a list of work. */
import { Type } from 'typebox';
import {
  DiscardAnswer,
  DiscardRequest,
  QuarantineCounts,
  QuarantineCountsQuery,
  QuarantinePage,
  QuarantineQuery,
  RedriveAnswer,
  RedriveRequest,
  RefusalId,
  RefusedEvent,
  RevealQuery,
} from '@roofshot/contracts/http/quarantine';
import { actorOf } from '@roofshot/runtime/actor';
import { cutPage } from '@roofshot/runtime/cursor';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { IncomingHttpHeaders } from 'node:http';
import type { CurrentMasks, Masks } from '../privacy/masks.ts';
import { auditReveal } from './audit-work.ts';
import { discard } from './discard.ts';
import { listRefused, countRefused, findRefused } from './quarantine-store.ts';
import { redrive, type RedriveNeeds } from './redrive.ts';
import { readDiscard, readRedrive } from './read-order.ts';
import { tellRefused } from './tell-refused.ts';

const PATH = '/v1/quarantine';
/** Longer originals are told by `GET /v1/quarantine/{id}` alone. */
const LISTED_BYTES = 4_096;
/** Pairs of type and reason in one answer: senders may make up any number of types. */
const MOST_COUNTS = 1_000;

export interface QuarantineNeeds extends RedriveNeeds {
  readonly masks: Masks;
}

export function addQuarantineRoutes(http: HttpRoutes, needs: QuarantineNeeds): void {
  addReadRoutes(http, needs);
  http.route({
    method: 'POST',
    url: `${PATH}/redrives`,
    summary:
      'Tries refused events again, repaired by a JSON Patch or by what was declared since, under their own id and event time. A verdict for each; dryRun changes nothing.',
    body: RedriveRequest,
    response: RedriveAnswer,
    handler: async ({ body, headers, signal }) => redrive(needs, await readRedrive(needs.sql, body, headers), signal),
  });
  http.route({
    method: 'POST',
    url: `${PATH}/discards`,
    summary: 'Marks refused events as needing no work. They are kept until their retention ends.',
    body: DiscardRequest,
    response: DiscardAnswer,
    handler: ({ body, headers, signal }) => discard(needs.transactions, readDiscard(body, headers), signal),
  });
}

function addReadRoutes(http: HttpRoutes, needs: QuarantineNeeds): void {
  const { sql } = needs;
  http.route({
    method: 'GET',
    url: PATH,
    summary: 'Events that were quarantined or came late, newest first: the open ones, unless `status` says otherwise.',
    query: QuarantineQuery,
    response: QuarantinePage,
    handler: async ({ query: { status, limit, cursor, reveal, ...filter }, headers }) => {
      const within = { before: cursor === undefined ? undefined : Number(cursor), limit: limit + 1, mostBytes: LISTED_BYTES };
      const found = await listRefused(sql, { filter, status }, within);
      const { page: rows, next } = cutPage(found, limit, ({ place }) => String(place));
      const masks = await masksFor(needs, { reveal, rows, headers });
      return { events: rows.map((row) => tellRefused(row, masks)), next };
    },
  });
  http.route({
    method: 'GET',
    url: `${PATH}/counts`,
    summary: 'How many events were refused, by type, reason and verdict, the most frequent first.',
    query: QuarantineCountsQuery,
    response: QuarantineCounts,
    handler: ({ query: { status, ...filter } }) => countRefused(sql, { filter, status }, MOST_COUNTS),
  });
  http.route({
    method: 'GET',
    url: `${PATH}/:id`,
    summary: 'One refused event with its original.',
    params: Type.Object({ id: RefusalId }),
    query: RevealQuery,
    response: RefusedEvent,
    handler: async ({ params: { id }, query: { reveal }, headers }) => {
      const row = await findRefused(sql, id);
      if (row === undefined)
        throw new DomainError('not-found', `There is no refused event ${id}, or its retention is over. GET ${PATH} lists them.`);
      return tellRefused(row, await masksFor(needs, { reveal, rows: [row], headers }));
    },
  });
}

interface Asked {
  readonly reveal: boolean;
  readonly rows: readonly { readonly id: string }[];
  readonly headers: IncomingHttpHeaders;
}

/** Undefined where personal data is asked for, which the audit tells before it is answered. */
async function masksFor({ masks, transactions }: QuarantineNeeds, { reveal, rows, headers }: Asked): Promise<CurrentMasks | undefined> {
  if (!reveal) return masks.current();
  await transactions.run(async (tx) => {
    auditReveal(tx, actorOf(headers), rows);
    return Promise.resolve();
  });
  return undefined;
}
