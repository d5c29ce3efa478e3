import { Client } from '@elastic/elasticsearch';
import { testPrefix } from './test-prefix.ts';
import { testServer } from './test-server.ts';

const prefix = testPrefix();
let client: Client;
beforeAll(async () => {
  client = new Client({ node: await testServer('elasticsearch'), maxRetries: 0 });
}, 600_000);
afterAll(async () => {
  await client.indices.delete({ index: `${prefix}*` });
  await client.indices.deleteIndexTemplate({ name: `${prefix}logs` });
  await client.close();
});

const index = `${prefix}logs-1`;

// What code that speaks to it may rely on in tests.
describe('the Elasticsearch server', () => {
  it('tells its version, so that the client takes it for Elasticsearch', async () => {
    expect((await client.info()).version.number).toMatch(/^8\.\d+\.\d+$/);
  });

  it('applies index templates, takes bulks, and tells which of their documents it refused', async () => {
    const properties = { '@timestamp': { type: 'date' }, 'trace.id': { type: 'keyword' }, milliseconds: { type: 'float' } } as const;
    await client.indices.putIndexTemplate({
      name: `${prefix}logs`,
      index_patterns: [`${prefix}logs-*`],
      template: { settings: { number_of_replicas: 0 }, mappings: { properties } },
    });
    const at = (second: number) => new Date(Date.UTC(2001, 0, 1, 0, 0, second)).toISOString();
    const { errors, items } = await client.bulk({
      refresh: true,
      operations: [
        ...[1, 2, 3].flatMap((n) => [{ create: { _index: index } }, { '@timestamp': at(n), 'trace.id': 'abc', milliseconds: n * 10 }]),
        { create: { _index: index } },
        { '@timestamp': 'yesterday' },
      ],
    });
    expect(errors).toBe(true);
    expect(items.map(({ create }) => create?.status)).toEqual([201, 201, 201, 400]);
  });

  it('finds by keyword, in order, and aggregates', async () => {
    const { hits, aggregations } = await client.search<{ milliseconds: number }>({
      index: `${prefix}logs-*`,
      query: { term: { 'trace.id': 'abc' } },
      sort: { '@timestamp': 'asc' },
      aggs: {
        slow: { percentiles: { field: 'milliseconds', percents: [50] } },
        traces: { terms: { field: 'trace.id' } },
        seconds: { date_histogram: { field: '@timestamp', fixed_interval: '1s' } },
      },
    });
    expect(hits.hits.map(({ _source }) => _source?.milliseconds)).toEqual([10, 20, 30]);
    expect(aggregations).toMatchObject({
      slow: { values: { '50.0': 20 } },
      traces: { buckets: [{ key: 'abc', doc_count: 3 }] },
      seconds: { buckets: [{ doc_count: 1 }, { doc_count: 1 }, { doc_count: 1 }] },
    });
  });
});
