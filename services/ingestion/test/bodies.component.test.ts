/** Bodies that come compressed, and the question whether one may send at all. */
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { BATCH, event, IngestionLab, SINGLE } from './ingestion-lab.ts';

const NDJSON = 'application/x-ndjson';
const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

interface Line {
  readonly verdict?: string;
  readonly error?: { readonly status: number; readonly detail: string };
  readonly summary?: { readonly accepted: number };
}

async function post(body: Buffer, type: string, encoding: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': type, 'content-encoding': encoding };
  const answer = await lab.fetch('/v1/events', { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text() };
}

const verdictsOf = (text: string): unknown =>
  (JSON.parse(text) as { results: { verdict: string }[] }).results.map(({ verdict }) => verdict);
const linesOf = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
const problemIn = (text: string): string => (JSON.parse(text) as { detail: string }).detail;

describe('a compressed body', () => {
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['br', brotliCompressSync],
  ])('is taken as %s, in every form', async (encoding, compress) => {
    const batch = await post(compress(JSON.stringify([event(), event()])), BATCH, encoding);
    expect([batch.status, verdictsOf(batch.text)]).toEqual([202, ['accepted', 'accepted']]);
    const single = await post(compress(JSON.stringify(event())), SINGLE, encoding);
    expect([single.status, verdictsOf(single.text)]).toEqual([202, ['accepted']]);
    const lines = await post(compress(`${JSON.stringify(event())}\n${JSON.stringify(event())}\n`), NDJSON, encoding);
    expect(linesOf(lines.text).at(-1)).toMatchObject({ summary: { accepted: 2 } });
  });

  it('that is broken or cut is refused with what to do, and nothing of it is taken', async () => {
    const whole = gzipSync(JSON.stringify([event({ note: randomBytes(2_000).toString('hex') })]));
    for (const [body, encoding] of [
      [whole.subarray(0, 400), 'gzip'],
      [Buffer.from('no gzip at all'), 'gzip'],
      [Buffer.concat([whole, Buffer.from('tail')]), 'gzip'],
      [whole, 'br'],
    ] as const) {
      const { status, text } = await post(body, BATCH, encoding);
      expect([status, problemIn(text)]).toEqual([400, expect.stringContaining(`cannot be read as ${encoding}`)]);
    }
    expect(await lab.verdictOf({})).toMatchObject({ verdict: 'accepted' }); // the connection and the service go on
  });

  it('that breaks in the middle of its lines keeps the verdicts so far, and the last line says what happened', async () => {
    const many = Array.from({ length: 3_000 }, () => JSON.stringify(event({ subject: randomBytes(16).toString('hex') }))).join('\n');
    const whole = gzipSync(many);
    const { text } = await post(whole.subarray(0, Math.floor(whole.length * 0.7)), NDJSON, 'gzip');
    const lines = linesOf(text);
    expect(lines.at(-1)).toMatchObject({ error: { status: 400, detail: expect.stringContaining('cannot be read as gzip') as string } });
    const accepted = lines.filter(({ verdict }) => verdict === 'accepted').length;
    expect(accepted).toBeGreaterThan(0);
    expect(lines.at(-1)?.summary?.accepted).toBe(accepted);
  });

  it('that unpacks to more than a batch may hold is refused before it fills the memory', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect((await post(bomb, BATCH, 'gzip')).status).toBe(413);
  });

  it('in an encoding that nobody reads is refused with those that are', async () => {
    const { status, text } = await post(Buffer.from('x'), BATCH, 'zstd');
    expect([status, problemIn(text)]).toEqual([415, expect.stringContaining('gzip, br')]);
  });
});

describe('the web-hook handshake', () => {
  const ask = (headers: Record<string, string>): Promise<Response> => lab.fetch('/v1/events', { method: 'OPTIONS', headers });

  it('allows the origin and the rate that are asked for', async () => {
    const answer = await ask({ 'webhook-request-origin': 'events.example.com', 'webhook-request-rate': '120' });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      allow: 'OPTIONS, POST',
      'webhook-allowed-origin': 'events.example.com',
      'webhook-allowed-rate': '120',
    });
  });

  it('without an origin only tells the methods', async () => {
    const { headers } = await ask({});
    expect([headers.get('allow'), headers.get('webhook-allowed-origin')]).toEqual(['OPTIONS, POST', null]);
  });

  it.each([
    { 'webhook-request-origin': 'a b' },
    { 'webhook-request-origin': 'ok.example', 'webhook-request-rate': '0' },
    { 'webhook-request-origin': 'ok.example', 'webhook-request-rate': '-3' },
  ])('is refused where it says something else: %j', async (headers) => {
    const answer = await ask(headers);
    expect([answer.status, problemIn(await answer.text())]).toEqual([400, expect.stringContaining('WebHook-Request-')]);
  });
});
