import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@elastic/elasticsearch';
import { eventually } from '@roofshot/testing/eventually';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { AnswerCutter } from '../test/answer-cutter.ts';
import { runWith } from './context.ts';
import { logStreamOf, openElasticsearchLogs, type ElasticsearchLogs } from './elasticsearch-logs.ts';
import { createLogger, type Logger } from './logger.ts';

const FAST = { flushMs: 5, retry: { firstMs: 20, longestMs: 100 } };

interface Found {
  readonly message: string;
  readonly [field: string]: unknown;
}

function quietLogger(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger({ level: 'trace', write: (line) => lines.push(line), service: { name: 'features' } }), lines };
}

async function linesIn(client: Client, stream: string, query = '*'): Promise<Found[]> {
  const { hits } = await client.search<Found>(
    { index: stream, query: { query_string: { query } }, size: 1_000, sort: { '@timestamp': 'asc' } },
    { querystring: { ignore_unavailable: true } },
  );
  return hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source]));
}

describe('the log in Elasticsearch', () => {
  const environment = testPrefix().slice(0, -1);
  const stream = logStreamOf(environment);
  let url: string;
  let client: Client;
  let logs: ElasticsearchLogs;
  const { log } = quietLogger();

  beforeAll(async () => {
    url = await testServer('elasticsearch');
    client = new Client({ node: url });
    logs = await openElasticsearchLogs({ url, environment, log, shipping: FAST });
  }, 600_000);
  afterAll(async () => {
    await logs.close();
    await client.indices.delete({ index: stream }, { ignore: [404] });
    await client.close();
  });

  const find = (query: string, count: number): Promise<Found[]> =>
    eventually(async () => {
      await client.indices.refresh({ index: stream });
      const found = await linesIn(client, stream, query);
      expect(found).toHaveLength(count);
      return found;
    });

  it('is found by correlation id, by event, by trace and by words of its sentence', async () => {
    const context = { correlationId: 'order/7#a', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    runWith(context, () => log.info('An event was handled.', { 'event.id': 'e-7', 'event.action': 'flight.landed', 'labels.offset': 12 }));
    log.info('An event was published.', { 'event.id': 'e-8' });
    const [line] = await find('labels.correlation_id:"order/7#a"', 1);
    expect(line).toMatchObject({ message: 'An event was handled.', 'service.name': 'features', 'labels.offset': 12 });
    await find('event.id:"e-7"', 1);
    await find('trace.id:4bf92f3577b34da6a3ce929d0e0e4736', 1);
    await find('message:handled AND event.action:"flight.landed" AND labels.offset:[10 TO 20]', 1);
  });

  it('keeps every line, whatever is in its fields', async () => {
    log.warn('A strange line.', { 'labels.offset': 'not a number' });
    log.warn('A strange line.', { 'labels.strange': 1 });
    log.warn('A strange line.', { 'labels.strange': 'two' });
    log.warn('A strange line.', { 'labels.strange': [1, 'two', true] });
    log.warn('A strange line.', { 'event.duration': 'long', 'unknown.field': 'kept, not searched' });
    log.error('A strange line.', { error: new Error('x'.repeat(40_000)) });
    log.warn('A strange line.', { 'labels.long': 'y'.repeat(40_000) });
    const found = await find('message:strange', 7);
    expect(found).toContainEqual(expect.objectContaining({ 'unknown.field': 'kept, not searched' }));
    expect(logs.lost()).toBe(0);
  });

  it('has each line once when an answer is lost on its way', async () => {
    const cutter = await AnswerCutter.open(url);
    const second = quietLogger();
    const through = await openElasticsearchLogs({ url: cutter.url, environment, log: second.log, shipping: FAST });
    cutter.cutNext('_bulk');
    second.log.info('Said over a bad line.', { 'labels.number': 1 });
    await eventually(() => expect(second.lines.join('\n')).toContain('are sent to the log server again'));
    await through.close();
    cutter.close();
    expect(cutter.cuts).toBe(1);
    await find('message:"Said over a bad line"', 1);
  });

  it('puts its index template, and leaves a newer one alone', async () => {
    const { index_templates: found } = await client.indices.getIndexTemplate({ name: 'logs-roofshot' });
    expect(found[0]?.index_template.index_patterns).toEqual(['logs-roofshot-*']);
  });
});

describe('a log server that cannot be used', () => {
  it('is told at the start: one that knows no such user, and one that is no Elasticsearch', async () => {
    const refusing = await answering(401, '{"error":{"type":"security_exception"},"status":401}', { 'x-elastic-product': 'Elasticsearch' });
    const { log } = quietLogger();
    const url = refusing.url.replace('http://', 'http://elastic:wrong@');
    await expect(openElasticsearchLogs({ url, log })).rejects.toThrow(
      /does not know this user\. Correct user and password in ELASTICSEARCH_URL/,
    );
    await expect(openElasticsearchLogs({ url, log })).rejects.not.toThrow(/wrong/);
    await refusing.close();
    const other = await answering(200, '<html>Welcome!</html>', {});
    await expect(openElasticsearchLogs({ url: other.url, log })).rejects.toThrow(
      /is no Elasticsearch of version 8\. Correct ELASTICSEARCH_URL/,
    );
    await other.close();
  });
});

describe('a log server that goes away and comes back', () => {
  let folder: TempDir;
  beforeAll(async () => {
    folder = await tempDir('elasticsearch');
  });
  afterAll(() => folder.remove());

  it('gets every line, also those of the time when it was away, and those from before its first start', async () => {
    const server = await startServer('elasticsearch', { folder: folder.path });
    await server.stop();
    const { log, lines } = quietLogger();
    const logs = await openElasticsearchLogs({ url: server.url, log, shipping: FAST });
    for (let n = 0; n < 10; n += 1) log.info('Said before.', { 'labels.number': n });
    await eventually(() => expect(lines.join('\n')).toContain('they are kept and sent again'));
    await server.restart();
    for (let n = 0; n < 10; n += 1) log.info('Said while it was up.', { 'labels.number': n });
    await eventually(() => expect(lines.join('\n')).toContain('are sent to the log server again'));
    await server.kill9();
    for (let n = 0; n < 10; n += 1) log.info('Said while it was away.', { 'labels.number': n });
    await server.restart();
    const client = new Client({ node: server.url });
    await eventually(
      async () => {
        await client.indices.refresh({ index: logStreamOf() });
        expect(await linesIn(client, logStreamOf(), 'message:said')).toHaveLength(30);
      },
      { deadlineMs: 60_000 },
    );
    await logs.close();
    await client.close();
    expect(logs.lost()).toBe(0);
    await server.remove();
  }, 300_000);
});

interface Answering {
  readonly url: string;
  close(): Promise<void>;
}

async function answering(status: number, body: string, headers: Record<string, string>): Promise<Answering> {
  const type = body.startsWith('{') ? 'application/vnd.elasticsearch+json;compatible-with=8' : 'text/html';
  const server = createServer((_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
