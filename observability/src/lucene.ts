import { refusedEvents } from '@roofshot/contracts/events';

/** `field:"value"` in Lucene's language, which Kibana and Elasticsearch's `query_string` read alike. */
export function is(field: string, value: string): string {
  return `${field}:"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** `field:(a OR b)`, for values that are single words. */
export function isOneOf(field: string, values: readonly string[]): string {
  return `${field}:(${values.join(' OR ')})`;
}

export const any = (...queries: readonly string[]): string => queries.map((query) => `(${query})`).join(' OR ');

/** A line is known by its sentence. */
const says = (sentence: string): string => is('message.keyword', sentence);

/** Lines that a person has to look at, or may want to. */
export const TROUBLE = isOneOf('log.level', ['warn', 'error', 'fatal']);

export const REQUESTS = says('A request was answered.');

export const PUBLISHED = says('An event was published.');

/** What became of an event; the lines of those that nothing was done with (`ignored`) are never written. */
export const EVENT_OUTCOMES = '_exists_:labels.outcome AND _exists_:labels.topic';

/** What became of a command. */
export const COMMAND_OUTCOMES = '_exists_:labels.outcome AND _exists_:labels.queue';

/** Whatever did not go its way: parked keys and what waits behind them, dead letters, what was refused or skipped, and quarantine. */
export const HELD_UP = any(
  isOneOf('labels.outcome', ['parked', 'queued', 'dead', 'rejected', 'skipped']),
  `${PUBLISHED} AND ${is('labels.topic', refusedEvents.name)}`,
  says('A partition was stopped and needs someone to look at it.'),
  says('A record that cannot be read was left out of what is followed.'),
);

/** Every line of a request, an event or a command, whichever service wrote it. */
export const CORRELATED = '_exists_:labels.correlation_id';
