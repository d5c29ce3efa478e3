import { Client, errors } from '@elastic/elasticsearch';
import { testPrefix } from '@roofshot/testing/test-prefix';
import { testServer } from '@roofshot/testing/test-server';
import { logIndexTemplate } from './log-index-template.ts';
import { createLogger, type Logger } from './logger.ts';

const name = `${testPrefix()}logs`;
let client: Client;
let dataStreams: boolean;

beforeAll(async () => {
  client = new Client({ node: await testServer('elasticsearch'), maxRetries: 0 });
  dataStreams = await hasDataStreams();
  await client.indices.putIndexTemplate({ name, ...logIndexTemplate({ dataStreams }), index_patterns: [`${name}*`] });
}, 600_000);
afterAll(async () => {
  if (dataStreams) await client.indices.deleteDataStream({ name: `${name}*` });
  else await client.indices.delete({ index: `${name}*` });
  await client.indices.deleteIndexTemplate({ name });
  await client.close();
});

/** A build without them does not know the request. */
async function hasDataStreams(): Promise<boolean> {
  try {
    await client.indices.getDataStream({ name: `${name}*` });
    return true;
  } catch (error) {
    if (error instanceof errors.ResponseError && error.statusCode === 405) return false;
    throw error;
  }
}

/** What the logger writes, through the bulk API. Each stream is one of its own. */
async function ship(stream: string, write: (log: Logger) => void, more: readonly object[] = []): Promise<unknown[]> {
  const lines: (string | object)[] = [];
  write(createLogger({ level: 'trace', write: (line) => lines.push(line) }));
  const operations = [...lines, ...more].flatMap((line) => [{ create: {} }, line]);
  const { items } = await client.bulk({ index: `${name}-${stream}`, operations, refresh: true });
  return items.flatMap(({ create }) => (create?.error === undefined ? [] : [create.error.reason]));
}

/** The sentences of the lines that a text typed into Kibana's search finds, sorted: lines of one millisecond come in any order. */
async function find(stream: string, text: string): Promise<unknown[]> {
  const { hits } = await client.search<{ message: string }>({
    index: `${name}-${stream}`,
    query: { query_string: { query: text, analyze_wildcard: true } },
  });
  return hits.hits.map(({ _source }) => _source?.message).sort();
}

it('a line is found by its sentence, by words of it, by its fields and labels, and by a pasted id', async () => {
  const refused = await ship('found', (log) => {
    const fields = { 'event.id': 'evt-0001', 'event.action': 'flight.departed', 'labels.correlation_id': '7c1f-33', 'labels.offset': 41 };
    log.debug('An event was handled.', { ...fields, 'labels.outcome': 'done', 'event.duration': 1_500_000 });
    log.error('A version could not be loaded.', { error: new TypeError('the wing is missing', { cause: new Error('no such artifact') }) });
  });
  expect(refused).toEqual([]);
  const handled = ['An event was handled.'];
  for (const text of ['message.keyword:"An event was handled."', 'message:"event was handled"', 'handled', '7c1f-33', 'evt-0001']) {
    expect([text, await find('found', text)]).toEqual([text, handled]);
  }
  for (const text of ['labels.outcome:done', 'labels.offset:[40 TO 50]', 'event.duration:>1000000', 'event.action:flight.*']) {
    expect([text, await find('found', text)]).toEqual([text, handled]);
  }
  for (const text of ['error.type:TypeError', 'wing', '"no such artifact"', 'log.level:error']) {
    expect([text, await find('found', text)]).toEqual([text, ['A version could not be loaded.']]);
  }
});

it('no value is a reason to refuse a line', async () => {
  const refused = await ship('odd', (log) => {
    log.info('First.', { 'labels.x': 3, 'labels.flag': true, 'labels.mixed': ['a', 1, false], 'labels.deep.er': 'y', 'labels.deep': 1 });
    log.info('Second.', { 'labels.x': 'word', 'labels.flag': 'maybe', 'labels.mixed': 2.5, 'labels.deep': 'z', 'labels.x.y': 'deep' });
    log.info('Third.', { 'labels.offset': 'twelve', 'event.duration': 'long', 'labels.when': '2026-01-01T00:00:00Z', 'labels.none': null });
    log.info('Fourth.', { 'labels.when': 'yesterday', 'url.path': `/${'p'.repeat(60_000)}`, 'error.stack_trace': 'é'.repeat(60_000) });
    log.info('é'.repeat(60_000), {
      'labels.ten': 10,
      'event.reason': 'ü'.repeat(60_000),
      'not.in.the.mapping': { toString: () => 'x' } as never,
    });
  });
  expect(refused).toEqual([]);
  expect(await find('odd', 'First OR Second OR Third OR Fourth')).toEqual(['First.', 'Fourth.', 'Second.', 'Third.']);
  expect(await find('odd', 'labels.x:3 OR labels.x.y:deep')).toEqual(['First.', 'Second.']);
  expect(await find('odd', 'labels.when:yesterday')).toEqual(['Fourth.']);
  expect(await find('odd', 'labels.ten:10')).toHaveLength(1);
});

it('more labels than an index bears cost their search and not the line', async () => {
  const many = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`labels.n${n}`, 'x']));
  expect(await ship('many', (log) => log.info('Many.', many))).toEqual([]);
  expect(await find('many', 'message:many')).toEqual(['Many.']);
  expect(await find('many', 'labels.n0:x')).toEqual(['Many.']);
});

it('a line that a shipper has wrapped is the same line: its nested fields join the dotted ones', async () => {
  const line = { '@timestamp': new Date(), 'log.level': 'warn', 'event.id': 'e-9', message: 'Wrapped.', 'labels.topic': 't' };
  const wrapping = {
    log: { file: { path: '/var/log/roofshot/a.log' } },
    host: { name: 'node-1', ip: ['10.0.0.1'] },
    agent: { type: 'filebeat' },
  };
  const broken = { '@timestamp': new Date(), message: '{"half', tags: ['_jsonparsefailure'], event: { original: '{"half'.repeat(20_000) } };
  expect(await ship('wrapped', () => undefined, [{ ...line, ...wrapping }, broken])).toEqual([]);
  expect(await find('wrapped', 'event.id:e-9 AND log.level:warn AND log.file.path:*a.log AND host.name:node-1')).toEqual(['Wrapped.']);
  expect(await find('wrapped', 'tags:_jsonparsefailure')).toEqual(['{"half']);
});
