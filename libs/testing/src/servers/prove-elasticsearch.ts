import { Client } from '@elastic/elasticsearch';

const TIMEOUT_MS = 10_000;
const INDEX = `roofshot-ready-${process.pid}`;

/** Makes an index, finds a document in it, and removes it. */
export async function proveElasticsearch(url: string): Promise<void> {
  const client = new Client({ node: url, requestTimeout: TIMEOUT_MS, maxRetries: 0 });
  try {
    await client.indices.create({ index: INDEX, settings: { number_of_shards: 1, number_of_replicas: 0 } }, { ignore: [400] });
    await client.index({ index: INDEX, id: '1', document: { ready: true }, refresh: true });
    const { hits } = await client.search({ index: INDEX, query: { match_all: {} } });
    if (hits.hits.length !== 1) throw new Error('a document that was indexed was not found');
    await client.indices.delete({ index: INDEX });
  } finally {
    await client.close();
  }
}
