/** What the log server knows of a platform: the way of one order by the one id that its requests carried, and what Kibana shows of it all. */
import { Client as Elasticsearch } from '@elastic/elasticsearch';
import { logStreamOf } from '@roofshot/telemetry/elasticsearch-logs';
import { eventually } from '@roofshot/testing/eventually';
import { runEveryQuery } from '../../../../observability/queries/run-every-query.ts';
import type { Client } from './client.ts';
import type { Platform } from './platform.ts';

const ORDER = 'o-traced';
const CORRELATION = 'journey/traced#1';
const AT = '2020-05-04T12:00:00.000Z';

/** One line of the way: who said what, and about which message. */
interface Step {
  readonly service: string;
  readonly message: string;
  readonly about: string;
}

/** Every line that one order's two requests leave, in any order: services have clocks and buffers of their own. */
const WAY: readonly Step[] = [
  { service: 'ingestion', message: 'An event was published.', about: 'order.placed' },
  { service: 'ingestion', message: 'A request was answered.', about: '/v1/events' },
  { service: 'features', message: 'An event was handled.', about: 'order.placed' },
  { service: 'serving', message: 'A request was answered.', about: '/v1/predict/return-risk' },
  { service: 'serving', message: 'An event was published.', about: 'prediction.served' },
  { service: 'experiments', message: 'An event was handled.', about: 'prediction.served' },
];

/** Sends an order and asks for its prediction under one correlation id. */
export async function sendTracedOrder(client: Client): Promise<void> {
  const headers = { 'x-correlation-id': CORRELATION };
  const event = {
    specversion: '1.0',
    id: `${ORDER}#order.placed`,
    source: '/shop',
    type: 'order.placed',
    subject: ORDER,
    time: AT,
    knowntime: AT,
    data: { order: ORDER, customer: 'c1', amount: 12.5 },
  };
  await client.ask('/v1/events', 'POST', [event], {
    ...headers,
    'content-type': 'application/cloudevents-batch+json',
    'roofshot-progress': AT,
  });
  await client.awaitFeatures(AT);
  const question = { predictionId: `${ORDER}#risk`, unit: ORDER, entities: { customer: 'c1' }, context: { amount: 12.5 }, asOf: AT };
  await client.ask('/v1/predict/return-risk', 'POST', { requests: [question] }, headers);
}

/** Lines arrive about a second after they were written. */
const ARRIVING = { deadlineMs: 30_000 };

export async function expectTheWayInTheLogs(platform: Platform): Promise<void> {
  await withLogs(platform, async (elasticsearch) => {
    await eventually(async () => expect(await findSteps(elasticsearch)).toEqual(expect.arrayContaining([...WAY])), ARRIVING);
  });
}

/** What was held up, was dead or failed is shown nowhere, since nothing was. */
const OF_TROUBLE = /Errors|errors|held up|Held up|What waits|parked|dead/;

/** Every search and panel, with what this platform has logged. */
export async function expectEveryQueryAnswered(platform: Platform): Promise<void> {
  await withLogs(platform, async (elasticsearch) => {
    const range = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 60_000) };
    const found = await runEveryQuery(elasticsearch, logStreamOf(), range);
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ name, rows }) => rows === 0 && !OF_TROUBLE.test(name))).toEqual([]);
  });
}

async function withLogs(platform: Platform, look: (elasticsearch: Elasticsearch) => Promise<void>): Promise<void> {
  const { ELASTICSEARCH_URL = '' } = await platform.servers();
  const elasticsearch = new Elasticsearch({ node: ELASTICSEARCH_URL });
  try {
    await look(elasticsearch);
  } finally {
    await elasticsearch.close();
  }
}

async function findSteps(elasticsearch: Elasticsearch): Promise<Step[]> {
  await elasticsearch.indices.refresh({ index: logStreamOf() });
  const { hits } = await elasticsearch.search<Record<string, string>>({
    index: logStreamOf(),
    query: { term: { 'labels.correlation_id': CORRELATION } },
    sort: { '@timestamp': 'asc' },
    size: 1_000,
  });
  return hits.hits.map(({ _source: line = {} }) => ({
    service: line['service.name'] ?? '',
    message: line['message'] ?? '',
    about: line['event.action'] ?? line['url.path'] ?? '',
  }));
}
