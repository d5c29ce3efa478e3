import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  LettersAnswer,
  LettersChanged,
  LettersQuery,
  ParkedKeysAnswer,
  ParkedKeysQuery,
  PurgeRequest,
  RedriveRequest,
  type DeadLetter,
  type ParkedKey,
} from '@roofshot/contracts/http/dead-letters';
import type { Static, TSchema } from 'typebox';
import { writeCursor } from './cursor.ts';
import { DEAD_LETTERS, refuseNothing } from './dead-letters.controller.ts';
import { DomainError } from './errors.ts';
import { changeLetters, type Ordered } from './gateway-change-letters.ts';
import { askService, type Asked } from './gateway-ask.ts';
import type { Observed } from './gateway-health.ts';
import { cursorAfterKey, cursorAfterLetter, readLetterId } from './letter-places.ts';
import { mergePages, readPlaces, type MergeBy, type Places, type ServicePage } from './merge-pages.ts';
import { readJson } from './read-json.ts';
import { bodyReader, textsReader } from './request-parts.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A list is looked up within milliseconds; what a broker put aside is looked for first, and a broker may hesitate. */
const LIST_MS = 20_000;
/** Handlers run in it, for as long as they do: a redrive names at most a thousand letters. */
const CHANGE_MS = 300_000;

const readLettersQuery = textsReader('query', LettersQuery) as (texts: unknown) => LettersQuery;
const readKeysQuery = textsReader('query', ParkedKeysQuery) as (texts: unknown) => ParkedKeysQuery;
const readRedrive = bodyReader(RedriveRequest) as (body: unknown) => RedriveRequest;
const readPurge = bodyReader(PurgeRequest) as (body: unknown) => PurgeRequest;

/** `/v1/dead-letters` of the gateway: each service's answer, as one. A service that does not answer is told in it. By path. */
export function deadLettersOfAll(services: readonly Observed[]): [string, Answer][] {
  return [
    [DEAD_LETTERS, (request, response) => answer({ request, response, method: 'GET' }, () => letters(services, request))],
    [
      `${DEAD_LETTERS}/parked-keys`,
      (request, response) => answer({ request, response, method: 'GET' }, () => parkedKeys(services, request)),
    ],
    [`${DEAD_LETTERS}/redrives`, changing(services, 'redrives', readRedrive)],
    [`${DEAD_LETTERS}/purges`, changing(services, 'purges', readPurge)],
  ];
}

function changing(services: readonly Observed[], what: string, read: (body: unknown) => Ordered): Answer {
  return (request, response) =>
    answer({ request, response, method: 'POST' }, async () => {
      const order = read(await readJson(request));
      refuseNothing(order);
      named(services, order.filter?.service, '/filter/service');
      return changeLetters(order, services, (service, body) =>
        askService(service, { path: `${DEAD_LETTERS}/${what}`, body, timeoutMs: CHANGE_MS }, LettersChanged, request),
      );
    });
}

const BY_FIRST_FAILURE: MergeBy<DeadLetter> = {
  orderOf: ({ firstFailedAt }) => firstFailedAt,
  cursorAfter: ({ id }) => cursorAfterLetter(readLetterId(id).number),
};
const BY_TOPIC: MergeBy<ParkedKey> = {
  orderOf: ({ topic, key }) => `${topic}\0${key}`,
  cursorAfter: cursorAfterKey,
};

async function letters(services: readonly Observed[], request: IncomingMessage): Promise<LettersAnswer> {
  const query = readLettersQuery(textsOf(request));
  const { from, asked } = await askEach(services, request, query, LettersAnswer);
  const answers = answersOf(asked);
  const { items, places } = mergePages(pagesOf(asked), { from, limit: query.limit }, BY_FIRST_FAILURE);
  return {
    items,
    counts: answers.flatMap(({ counts }) => counts).sort((a, b) => b.letters - a.letters),
    parkedKeys: answers.reduce((sum, one) => sum + one.parkedKeys, 0),
    ...endOf(places, asked),
  };
}

async function parkedKeys(services: readonly Observed[], request: IncomingMessage): Promise<ParkedKeysAnswer> {
  const query = readKeysQuery(textsOf(request));
  const { from, asked } = await askEach(services, request, query, ParkedKeysAnswer);
  const { items, places } = mergePages(pagesOf(asked), { from, limit: query.limit }, BY_TOPIC);
  return { items, ...endOf(places, asked) };
}

interface AskedEach<T> {
  /** Where the page of each service began. */
  readonly from: Places;
  readonly asked: readonly Asked<T>[];
}

/** Asks the services that the query means for their part of a list, each from its own place on. */
async function askEach<S extends TSchema>(
  services: readonly Observed[],
  request: IncomingMessage,
  { service, cursor }: Pick<LettersQuery, 'service' | 'cursor'>,
  answer: S,
): Promise<AskedEach<Static<S>>> {
  const chosen = named(services, service);
  const from = readPlaces(cursor, namesOf(chosen));
  const asks = toAsk(chosen, from).map((one) =>
    askService(one, { path: pathOf(request, from[one.name] ?? ''), timeoutMs: LIST_MS }, answer, request),
  );
  return { from, asked: await Promise.all(asks) };
}

type ListAnswer = Pick<ParkedKeysAnswer, 'complete' | 'notices' | 'next'>;

function endOf(places: Places, asked: readonly Asked<ListAnswer>[]): ListAnswer {
  const notices = asked.flatMap((one) => ('away' in one ? [{ service: one.service, detail: one.away }] : one.answer.notices));
  return { next: Object.keys(places).length === 0 ? null : writeCursor(places), complete: notices.length === 0, notices };
}

/** Throws when none of the services answers: then there is nothing to tell. */
function answersOf<T>(asked: readonly Asked<T>[]): T[] {
  const answers = asked.flatMap((one) => ('answer' in one ? [one.answer] : []));
  if (answers.length > 0 || asked.length === 0) return answers;
  throw new DomainError(
    'unavailable',
    `No service answers for its dead letters. ${asked.flatMap((one) => ('away' in one ? one.away : [])).join(' ')}`,
  );
}

function pagesOf<T>(asked: readonly Asked<{ readonly items: readonly T[]; readonly next: string | null }>[]): ServicePage<T>[] {
  answersOf(asked);
  return asked.flatMap((one) => ('answer' in one ? [{ service: one.service, items: one.answer.items, next: one.answer.next }] : []));
}

function named(services: readonly Observed[], service: string | undefined, path = '/query/service'): readonly Observed[] {
  if (service === undefined) return services;
  const found = services.filter(({ name }) => name === service);
  if (found.length > 0) return found;
  throw new DomainError('invalid', `There is no service ${service}. There are ${namesOf(services).join(', ')}.`, {
    faults: [{ path, message: 'must be a service' }],
  });
}

const namesOf = (services: readonly Observed[]): string[] => services.map(({ name }) => name);
/** Those whose lists have not ended. */
const toAsk = (services: readonly Observed[], from: Places): Observed[] => services.filter(({ name }) => from[name] !== undefined);

/** The same question, from the service's own place on. */
function pathOf(request: IncomingMessage, place: string): string {
  const url = urlOf(request);
  url.searchParams.delete('cursor');
  if (place !== '') url.searchParams.set('cursor', place);
  return url.pathname + url.search;
}

function textsOf(request: IncomingMessage): Record<string, string | string[]> {
  const { searchParams } = urlOf(request);
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => {
      const [first = '', ...others] = searchParams.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

const urlOf = ({ url = '/' }: IncomingMessage): URL => new URL(url, 'http://gateway');

async function answer(
  { request, response, method }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly method: string },
  work: () => Promise<unknown>,
): Promise<void> {
  if (request.method !== method) throw new DomainError('method-not-allowed', `This path takes ${method} alone.`);
  const body = JSON.stringify(await work());
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body);
}
