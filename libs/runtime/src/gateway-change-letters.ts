import type {
  KeyResult,
  LetterFailure,
  LetterResult,
  LettersChanged,
  PurgeRequest,
  RedriveRequest,
} from '@roofshot/contracts/http/dead-letters';
import type { Asked } from './gateway-ask.ts';
import type { Observed } from './gateway-health.ts';
import { readLetterId } from './letter-places.ts';

/** An order to redrive or to purge. */
export type Ordered = RedriveRequest | PurgeRequest;
type Send = (service: Observed, order: Ordered) => Promise<Asked<LettersChanged>>;

/** Gives each service its part of an order, and puts what they answer together in the order in which things were named. */
export async function changeLetters(order: Ordered, services: readonly Observed[], send: Send): Promise<LettersChanged> {
  const parts = services.flatMap((service) => {
    const part = partOf(order, service.name);
    return part === undefined ? [] : [{ service, part }];
  });
  const asked = await Promise.all(parts.map(async ({ service, part }) => ({ part, ...(await send(service, part)) })));
  const notices = asked.flatMap((one) => ('away' in one ? [{ service: one.service, detail: one.away }] : one.answer.notices));
  const known = new Set(services.map(({ name }) => name));
  return {
    results: inOrder(order.ids ?? [], [...asked.flatMap(resultsOf), ...strangers(order, known)]),
    keys: inOrderOfKeys(order.keys ?? [], [...asked.flatMap(keysOf), ...strangeKeys(order, known)]),
    complete: notices.length === 0,
    notices,
  };
}

/** What of an order is one service's; undefined: nothing. */
function partOf(order: Ordered, service: string): Ordered | undefined {
  const { ids, keys, filter, ...rest } = order;
  const own = {
    ...(ids !== undefined && { ids: ids.filter((id) => serviceOf(id) === service) }),
    ...(keys !== undefined && { keys: keys.filter((key) => key.service === service) }),
    ...(filter !== undefined && (filter.service ?? service) === service && { filter }),
  };
  const isConcerned = own.filter !== undefined || (own.ids?.length ?? 0) > 0 || (own.keys?.length ?? 0) > 0;
  return isConcerned ? ({ ...rest, ...own } as Ordered) : undefined;
}

const serviceOf = (id: string): string => readLetterId(id).service;

type Part = { readonly part: Ordered } & Asked<LettersChanged>;

/** A service that did not answer may have done its part all the same: doing it again is harmless. */
function resultsOf(one: Part): LetterResult[] {
  if ('answer' in one) return one.answer.results;
  return (one.part.ids ?? []).map((id) => ({ id, outcome: 'unavailable', error: { code: 'unavailable', message: one.away } }));
}

function keysOf(one: Part): KeyResult[] {
  if ('answer' in one) return one.answer.keys;
  const error = { code: 'unavailable', message: one.away };
  return (one.part.keys ?? []).map(({ service, topic, key }) => ({ service, topic, key, outcome: 'unavailable', handled: 0, error }));
}

function strangers({ ids = [] }: Ordered, known: ReadonlySet<string>): LetterResult[] {
  const strange = ids.filter((id) => !known.has(serviceOf(id)));
  return strange.map((id) => ({ id, outcome: 'gone', error: unknownService(serviceOf(id), known) }));
}

function strangeKeys({ keys = [] }: Ordered, known: ReadonlySet<string>): KeyResult[] {
  const strange = keys.filter(({ service }) => !known.has(service));
  return strange.map(({ service, topic, key }) => ({
    service,
    topic,
    key,
    outcome: 'gone',
    handled: 0,
    error: unknownService(service, known),
  }));
}

function unknownService(service: string, known: ReadonlySet<string>): LetterFailure {
  return { code: 'unknown-service', message: `There is no service ${service}. There are ${[...known].join(', ')}.` };
}

/** What a filter found comes after what was named. */
function inOrder(ids: readonly string[], results: readonly LetterResult[]): LetterResult[] {
  const place = new Map(ids.map((id, i) => [id, i]));
  return [...results].sort((a, b) => (place.get(a.id) ?? ids.length) - (place.get(b.id) ?? ids.length));
}

interface Named {
  readonly service: string;
  readonly topic: string;
  readonly key: string;
}

function inOrderOfKeys(names: readonly Named[], results: readonly KeyResult[]): KeyResult[] {
  const nameOf = ({ service, topic, key }: Named): string => JSON.stringify([service, topic, key]);
  const place = new Map(names.map((name, i) => [nameOf(name), i]));
  return [...results].sort((a, b) => (place.get(nameOf(a)) ?? 0) - (place.get(nameOf(b)) ?? 0));
}
