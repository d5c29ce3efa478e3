/** What one sender can do to the others: nothing. */
import { request, type ClientRequest } from 'node:http';
import { eventually } from '@roofshot/testing/eventually';
import { BATCH, event, IngestionLab, SINGLE } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
/** An event as text with this in place of its data. */
const withData = (id: string, data: string): string => JSON.stringify(event({ id, data: 0 })).replace('"data":0', `"data":${data}`);

async function originalOf(id: string): Promise<string | undefined> {
  const kept = (await lab.onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as { eventId: string; original: string });
  return kept.find(({ eventId }) => eventId === id)?.original;
}

describe('a faulty event', () => {
  it('fails no request but its own, however many share a transaction', async () => {
    const bad = [event({ subject: 'a\0b' }), event({ id: 'half \ud800' }), event({ source: '/q\0b' })];
    const posts = Array.from({ length: 90 }, (_, index) => {
      if (index % 6 === 0) return lab.post(bad[(index / 6) % 3], SINGLE);
      if (index % 6 === 1) return lab.post(withData(`deep-${index}`, deep(20_000)), SINGLE);
      return lab.post(event(), SINGLE);
    });
    const statuses = (await Promise.all(posts)).map(({ status }) => status);
    expect(statuses).toEqual(statuses.map((_, index) => (index % 6 < 2 ? 400 : 202)));
    expect(await originalOf('deep-1')).toContain(deep(20_000));
  });

  it('is kept with what it said, also where that cannot be said in JSON', async () => {
    const answer = await lab.post(`[${withData('huge', '{"amount":1e999}')}]`);
    expect(answer.body.results).toMatchObject([{ verdict: 'quarantined', reason: 'json', path: '/data/amount' }]);
    expect(await originalOf('huge')).toContain('"amount":1e999');
  });

  it('ends no stream of lines', async () => {
    const noText = Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const lines = [event(), event({ subject: 'a\0b' }), withData('deep-line', deep(20_000)), noText, event()];
    const body = Buffer.concat(lines.flatMap((line) => [toBuffer(line), Buffer.from('\n')]));
    const answer = await lab.fetch('/v1/events', { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } });
    const told = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { verdict?: string });
    expect(told.map(({ verdict }) => verdict ?? 'summary')).toEqual([
      'accepted',
      'quarantined',
      'quarantined',
      'quarantined',
      'accepted',
      'summary',
    ]);
  });
});

function toBuffer(line: unknown): Buffer {
  if (Buffer.isBuffer(line)) return line;
  return Buffer.from(typeof line === 'string' ? line : JSON.stringify(line));
}

describe('a body', () => {
  it('that is not UTF-8 is refused: its keys would become others', async () => {
    const latin1 = Buffer.from(JSON.stringify(event({ subject: 'Jörg' })), 'latin1');
    const binary = { 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': '/shop', 'ce-type': 'order.placed' };
    for (const [type, headers] of [
      [SINGLE, {}],
      ['application/json', binary],
    ] as const) {
      const answer = await lab.send('/v1/events', { method: 'POST', body: latin1, headers: { 'content-type': type, ...headers } });
      expect({ status: answer.status, detail: answer.body['detail'] }).toMatchObject({
        status: 400,
        detail: expect.stringContaining('UTF-8'),
      });
    }
  });

  it('of other JSON is taken with its attributes in headers', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'vendor', 'ce-source': '/shop', 'ce-type': 'order.placed' };
    for (const [type, id] of [
      ['application/vnd.shop.v2+json', 'vendor-1'],
      ['application/vnd.shop+json; charset=utf-8', 'vendor-2'],
      ['text/json', 'vendor-3'],
    ] as const) {
      const answer = await lab.post({ amount: 5 }, type, { ...headers, 'ce-id': id });
      expect({ type, status: answer.status, accepted: answer.body['accepted'] }).toEqual({ type, status: 202, accepted: 1 });
    }
  });
});

describe('a batch', () => {
  it('of more events than a transaction holds is told to come as lines', async () => {
    const answer = await lab.post(`[${'0,'.repeat(300_000)}0]`);
    expect(answer.status).toBe(413);
    expect(answer.body['detail']).toContain('application/x-ndjson');
  });

  it('of faulty events keeps nobody waiting', async () => {
    const posted = lab.post(`[${'0,'.repeat(4_999)}0]`);
    const waits: number[] = [];
    let isDone = false;
    const done = posted.finally(() => (isDone = true));
    while (!isDone) {
      const began = performance.now();
      await lab.fetch('/readyz');
      waits.push(performance.now() - began);
    }
    expect((await done).body['quarantined']).toBe(5_000);
    expect(Math.max(...waits)).toBeLessThan(2_000);
  });
});

describe('bodies under way', () => {
  it('are bounded together while they come in, also without a length', async () => {
    const small = await lab.startReplica('small', { INGESTION_MAX_IN_FLIGHT_MB: '1' });
    const url = `${small.urls['ingestion']}/v1/events`;
    const batch = JSON.stringify([event({ data: { amount: 1, note: 'x'.repeat(700_000) } })]);
    const slow = openPost(url);
    slow.request.write(batch.slice(0, -1));
    const others = (): Promise<number> => {
      const { request, status } = openPost(url);
      request.write(batch.replace(/"id":"/, `"id":"${Math.random()}`));
      request.end();
      return status;
    };
    await eventually(async () => (await others()) === 503);
    slow.request.end(batch.slice(-1));
    expect(await slow.status).toBe(202);
    await eventually(async () => (await others()) === 202);
    await small.stop();
  });
});

/** A batch whose length is not said. */
function openPost(url: string): { readonly request: ClientRequest; readonly status: Promise<number> } {
  const opened = request(url, { method: 'POST', headers: { 'content-type': BATCH } });
  const status = new Promise<number>((resolve, reject) => {
    opened.once('error', reject);
    opened.once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
  return { request: opened, status };
}
