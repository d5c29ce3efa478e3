import { Client } from '@elastic/elasticsearch';
import { logIndexTemplate } from '@roofshot/telemetry/log-index-template';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { readKibanaQueries } from '../queries/read-queries.ts';
import { runEveryQuery, runQuery, type Row } from '../queries/run-every-query.ts';
import { readSavedObjects } from '../queries/saved-object-files.ts';
import { BEGIN, END, eventfulLines, quietLines } from './sample-log.ts';

const name = `${testPrefix()}logs`;
const [eventful, quiet] = [`${name}-eventful`, `${name}-quiet`];
const range = { from: BEGIN, to: END };
let client: Client;

beforeAll(async () => {
  client = new Client({ node: await testServer('elasticsearch'), maxRetries: 0 });
  // Plain indices, which every server has; the stream is the shipper's matter.
  await client.indices.putIndexTemplate({ name, ...logIndexTemplate({ dataStreams: false }), index_patterns: [`${name}-*`] });
  await ship(eventful, eventfulLines());
  await ship(quiet, quietLines());
}, 600_000);
afterAll(async () => {
  await client.indices.delete({ index: [eventful, quiet] });
  await client.indices.deleteIndexTemplate({ name });
  await client.close();
});

async function ship(index: string, lines: readonly string[]): Promise<void> {
  const { errors } = await client.bulk({ index, refresh: true, operations: lines.flatMap((line) => [{ create: {} }, line]) });
  if (errors) throw new Error('Elasticsearch refused a line.');
}

async function rowsOf(title: string): Promise<Row[]> {
  const query = readKibanaQueries().find((candidate) => candidate.name === `[Roofshot] ${title}`);
  if (query === undefined) throw new Error(`There is no panel or search "${title}".`);
  return runQuery({ client, index: eventful, range }, query);
}

/** Without its order, which is Elasticsearch's where counts are equal. */
const inAnyOrder = (rows: readonly Row[]): Row[] => [...rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** The sum of a chart's counts, by the value that it splits. */
async function totals(title: string, split: string, count: string): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const row of await rowsOf(title)) sums[String(row[split])] = (sums[String(row[split])] ?? 0) + Number(row[count]);
  return sums;
}

it('every query of the checked-in objects finds rows in the log of an eventful hour, and every column is filled', async () => {
  const found = await runEveryQuery(client, eventful, range);
  expect(found.length).toBeGreaterThan(readKibanaQueries().length);
  expect(found.filter(({ rows }) => rows === 0)).toEqual([]);
});

it('a quiet hour fills what shows lines and nothing that shows trouble, requests or messages', async () => {
  const found = await runEveryQuery(client, quiet, range);
  const filled = found.filter(({ rows }) => rows > 0).map((query) => query.name);
  expect(filled).toEqual(['[Roofshot] Overview / Lines by level', '[Roofshot] Overview / Lines by service']);
});

it('lines of another time are in no row', async () => {
  const day = 86_400_000;
  const later = { from: new Date(BEGIN.getTime() + day), to: new Date(END.getTime() + day) };
  const found = await runEveryQuery(client, eventful, later);
  expect(found.filter(({ rows }) => rows > 0)).toEqual([]);
});

describe('the overview', () => {
  it('counts lines by level and by service', async () => {
    expect(await totals('Overview / Lines by level', 'Level', 'Lines')).toEqual({ debug: 11, error: 3, info: 2, warn: 6 });
    expect(await totals('Overview / Lines by service', 'Service', 'Lines')).toEqual({
      experiments: 6,
      features: 5,
      ingestion: 8,
      registry: 3,
    });
  });

  it('counts errors and warnings by their sentence, and nothing below', async () => {
    const rows = await rowsOf('Overview / Errors and warnings by sentence');
    expect(rows).toHaveLength(9);
    expect(new Set(rows.map((row) => row['Level']))).toEqual(new Set(['error', 'warn']));
    expect(rows).toContainEqual({ Level: 'error', Service: 'registry', Sentence: 'A command went to the dead letters.', Lines: 1 });
  });

  it('shows requests by route and status with how long they took, in nanoseconds', async () => {
    expect(inAnyOrder(await rowsOf('Overview / Requests by route and status'))).toEqual([
      { Service: 'ingestion', Route: '/v1/event-types/:name', Status: 404, Requests: 1, p50: 1_000_000, p99: 1_000_000 },
      { Service: 'ingestion', Route: '/v1/events', Status: 202, Requests: 3, p50: 4_000_000, p99: expect.closeTo(9_900_000, -5) },
    ]);
    expect(await totals('Overview / Requests by status', 'Status', 'Requests')).toEqual({ 202: 3, 404: 1 });
  });
});

describe('the flow of events', () => {
  it('shows what was published and what became of it', async () => {
    expect(await totals('Event flow / Published by topic', 'Topic', 'Events')).toEqual({
      'events-refused.v1': 1,
      'events.flight.departed': 2,
    });
    expect(await totals('Event flow / Handled by outcome', 'Outcome', 'Events')).toEqual({
      dead: 1,
      done: 2,
      parked: 1,
      queued: 1,
      rejected: 1,
      skipped: 1,
    });
    const handled = await rowsOf('Event flow / Events by topic, service and outcome');
    expect(handled).toContainEqual({ Topic: 'events.flight.departed', Service: 'features', Outcome: 'done', Events: 2 });
    expect(handled.filter((row) => row['Outcome'] === 'done')).toHaveLength(1);
  });

  it('shows what became of commands and how long they took, without those that were only sent', async () => {
    expect(inAnyOrder(await rowsOf('Event flow / Commands by queue and outcome'))).toEqual([
      { Queue: 'model-version.promote.v1', Outcome: 'dead', Commands: 1, p50: 50_000_000, p99: 50_000_000 },
      { Queue: 'model-version.promote.v1', Outcome: 'done', Commands: 1, p50: 10_000_000, p99: 10_000_000 },
    ]);
  });

  it('shows what is held up with its reason, and not what is on its way or only sounds like it', async () => {
    const held = await rowsOf('What waits or was given up');
    expect(held.map((row) => row['message'])).toEqual([
      'A command went to the dead letters.',
      'A record that cannot be read was left out of what is followed.',
      'A partition was stopped and needs someone to look at it.',
      'The handler skipped an event.',
      'The handler refused an event.',
      'A record went to the dead letters.',
      'An event waits behind its parked key.',
      'A key was parked because one of its events could not be handled.',
      'An event was published.',
    ]);
    expect(held.at(-1)).toMatchObject({ 'event.action': 'event.quarantined', 'labels.topic': 'events-refused.v1' });
    expect(held.at(-2)).toMatchObject({ 'event.reason': 'Error: cannot bear 3', 'labels.partition': 2, 'labels.offset': 41 });
    expect(await rowsOf('Event flow / What waits or was given up')).toEqual(held);
  });
});

it('the journey of one id tells its story in order, through every service', async () => {
  const journey = readKibanaQueries().find((query) => query.name === '[Roofshot] Journey of one id');
  const ofOne = { ...(journey as NonNullable<typeof journey>), lucene: [queryBehindTheLink('flight-7')] };
  const story = await runQuery({ client, index: eventful, range }, ofOne);
  expect(story.map((row) => [row['service.name'], row['message']])).toEqual([
    ['ingestion', 'An event was published.'],
    ['ingestion', 'A request was answered.'],
    ['features', 'An event was handled.'],
    ['experiments', 'A key was parked because one of its events could not be handled.'],
  ]);
});

type Formats = Readonly<Record<string, { readonly params: { readonly urlTemplate?: string } } | undefined>>;

/** What Kibana asks when a correlation id in a table is clicked. */
function queryBehindTheLink(id: string): string {
  const formats = readSavedObjects().map(({ attributes }) => String(attributes['fieldFormatMap'] ?? '{}'));
  const { urlTemplate } = formats.flatMap((text) => (JSON.parse(text) as Formats)['labels.correlation_id'] ?? [])[0]?.params ?? {};
  const view = urlTemplate?.replace('{{value}}', encodeURIComponent(id)) ?? '';
  const state = new URLSearchParams(view.slice(view.indexOf('?') + 1)).get('_a') ?? '';
  const [, lucene] = /^\(query:\(language:lucene,query:'([^']*)'\)\)$/.exec(state) ?? [];
  if (lucene === undefined) throw new Error(`The link of the data view asks nothing: ${state}`);
  return lucene;
}
