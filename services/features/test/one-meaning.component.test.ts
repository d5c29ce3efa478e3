/** One definition, four ways: streamed, back-filled, in a training snapshot, and in words. */
import type { FeatureSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { ViewEvent } from '@roofshot/feature-defs/event-scope';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { naiveValues, type Reading } from '@roofshot/feature-defs/naive-view';
import { DEPARTED, FeaturesHarness, LANDED, recordOf, type Flight } from './features-harness.ts';
import { randomFrom } from './flights.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** New York goes from winter to summer time in the middle of it. */
const START = Date.parse('2001-04-01T00:00:00Z');
const END = START + 16 * HOUR;
const KEYS = ['a', 'b', 'ç "quoted"'];
const NEVER = 'never';
const iso = (time: number): string => new Date(time).toISOString();

const features: FeatureSpec[] = [
  { name: 'count', aggregation: 'count' },
  { name: 'ok', aggregation: 'count', where: 'data.ok' },
  { name: 'by', aggregation: 'sum', value: 'data.v', by: 'data.c', categories: ['A', 'b'] },
  { name: 'mean', aggregation: 'mean', value: 'data.v' },
  { name: 'share', aggregation: 'share', value: 'data.ok' },
  { name: 'ratio', aggregation: 'ratio', value: 'data.v', per: 'data.w' },
  { name: 'min', aggregation: 'min', value: 'data.v' },
  { name: 'max', aggregation: 'max', value: 'data.v' },
  { name: 'first', aggregation: 'first', value: 'data.s', type: 'string' },
  { name: 'last3', aggregation: 'lastK', value: 'data.v', k: 3 },
  { name: 'top2', aggregation: 'topK', value: 'data.s', type: 'string', k: 2 },
  { name: 'distinct', aggregation: 'distinct', value: 'data.s' },
];
/** New York's clock at each event, for which the words below have their own reading. */
const hours: FeatureSpec = { name: 'hours', aggregation: 'lastK', value: 'hour(time, "America/New_York")', k: 4 };
const windows = ['30m', 'tumbling 1h', 'hopping 3h by 1h', 'session 20m within 4h', 'lifetime'];
const spec: FeatureViewSpec = {
  entity: 'sensor',
  source: { eventType: LANDED, keys: { sensor: 'data.key' } },
  tile: '5m',
  windows,
  features: [...features, hours],
};
const named = (kind: string, name: string, declared: object): object => ({
  apiVersion: 'roofshot/v1',
  kind,
  metadata: { name },
  spec: declared,
});
const declared = [
  named('Entity', 'sensor', { keys: ['sensor'] }),
  named('FeatureView', 'readings', spec),
  named('FeatureService', 'all', { entities: ['sensor'], views: [{ role: 'r', view: 'readings', keys: { sensor: 'sensor' } }] }),
];

interface Event extends ViewEvent {
  readonly data: Reading & { readonly key: string };
}

/** Bursts and pauses, equal times, nulls, negative and huge values; a fifth becomes known up to three hours late, when others were long before. */
function generateEvents(count: number, seed: number): Event[] {
  const random = randomFrom(seed);
  const bursts = Array.from({ length: 14 }, () => START + Math.floor(random() * 15 * HOUR));
  const number = (): number | null => {
    if (random() < 0.1) return null;
    return random() < 0.05 ? Math.round((random() - 0.5) * 1e9) : Math.round((random() * 400 - 160) * 1_000) / 1_000;
  };
  return Array.from({ length: count }, (_, i) => {
    const time = (bursts[Math.floor(random() * bursts.length)] ?? START) + Math.floor(random() * 90) * 30_000;
    const knownTime = time + (random() < 0.2 ? Math.floor(random() * 3 * HOUR) : 0);
    const key = KEYS[Math.floor(random() * KEYS.length)] ?? 'a';
    const data = {
      key,
      v: number(),
      w: number(),
      ok: random() < 0.4,
      c: 'Abx'[Math.floor(random() * 3)] ?? '',
      s: `s${Math.floor(random() * 30)}`,
    };
    return { id: `e${i}`, data, time, knownTime };
  });
}

const newYork = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', hour: 'numeric', hourCycle: 'h23' });

/** What the definitions say in words of one key at a moment. */
function expectedAt(events: readonly Event[], key: string, time: number): Record<string, FeatureValue> {
  const own = events.filter(({ data }) => data.key === key);
  const values = naiveValues({ ...spec, features }, own, time);
  const clock = own.map((event) => ({ ...event, data: { ...event.data, v: Number(newYork.format(event.time)) } }));
  const clocks = naiveValues({ ...spec, features: [hours] }, clock, time);
  const names = features.flatMap((feature) =>
    (feature.categories ?? ['']).map((category) => [feature.name, category.toLowerCase()].filter(Boolean).join('_')),
  );
  const all = [...names, 'hours'].flatMap((name) => windows.map((window) => `r__${name}_${window.replaceAll(' ', '_')}`));
  return Object.fromEntries(all.map((name, i) => [name, [...values, ...clocks][i] ?? null]));
}

describe.each([1, 2])('on generated events (seed %i)', (seed) => {
  let harness: FeaturesHarness;
  const events = generateEvents(500, seed);
  const inOrder = events.toSorted((a, b) => a.knownTime - b.knownTime);

  const read = async (key: string, asOf: number): Promise<Record<string, unknown>> => {
    const [vector] = await harness.read([{ entities: { sensor: key }, asOf: iso(asOf) }], 'all');
    return vector?.values ?? {};
  };
  async function accept(part: readonly Event[]): Promise<void> {
    const flights = part.map(({ id, data, time, knownTime }) => ({ id, type: LANDED, time: iso(time), known: iso(knownTime), data }));
    await harness.bus.publish(
      (flights as unknown as Flight[]).map((flight) => ({
        ...recordOf(flight),
        headers: { ...recordOf(flight).headers, ce_id: flight.id },
      })),
    );
  }

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    const { status, body } = await harness.apply(declared);
    expect({ status, faults: body.faults }).toEqual({ status: 200, faults: undefined });
  });
  afterAll(() => harness.stop());

  test('streamed: at every step what was known by then', async () => {
    const random = randomFrom(seed + 100);
    let sent = 0;
    for (let step = START + 2 * HOUR; step <= END + 3 * HOUR; step += 2 * HOUR) {
      const until = inOrder.findIndex(({ knownTime }) => knownTime > step);
      const part = inOrder.slice(sent, until < 0 ? inOrder.length : until);
      sent += part.length;
      await accept(part);
      await harness.progress(iso(step));
      await harness.reach(iso(step));
      const known = inOrder.slice(0, sent);
      const asOf = step - Math.floor(random() * 50) * MINUTE;
      for (const key of [...KEYS, NEVER]) expect(await read(key, asOf)).toEqual(expectedAt(known, key, asOf));
    }
    expect(sent).toBe(events.length);
  });

  test('back-filled: a view that is computed again from the log has the same values, bit for bit', async () => {
    const asOf = END + 3 * HOUR;
    const before = await Promise.all(KEYS.map((key) => read(key, asOf)));
    expect((await harness.apply([named('FeatureView', 'readings', { ...spec, ttl: '90d' })])).status).toBe(200);
    await harness.switched('readings');
    expect(await Promise.all(KEYS.map((key) => read(key, asOf)))).toEqual(before);
  });

  test('in a training snapshot: one row for each observation, with what was known then', async () => {
    const random = randomFrom(seed + 200);
    const observed = Array.from({ length: 120 }, (_, i) => {
      const time = START + Math.floor(random() * 19 * HOUR);
      const key = [...KEYS, NEVER][Math.floor(random() * 4)] ?? 'a';
      return { id: `o${i}`, type: DEPARTED, time: iso(time), data: { key } };
    });
    await harness.bus.publish((observed as unknown as Flight[]).map(recordOf));
    const order = {
      snapshotId: 'all',
      featureService: 'all',
      observation: { eventType: DEPARTED, entities: { sensor: 'data.key' } },
      label: { eventType: DEPARTED, name: 'label', value: 'true' },
      from: iso(START),
      to: iso(END + 4 * HOUR),
      asOf: iso(END + 24 * HOUR),
    };
    expect((await harness.send('POST', '/v1/training-snapshots', order)).status).toBe(202);
    const { body } = await harness.send<{ state: string; result: { rows: number; object: string } }>(
      'GET',
      '/v1/training-snapshots/all?wait=20s',
    );
    expect(body).toMatchObject({ state: 'built', result: { rows: observed.length } });
    const rows = new Map((await harness.snapshotRows(body.result.object)).map((row) => [row['observation_id'], row]));
    for (const { id, time, data } of observed) {
      const moment = Date.parse(time);
      const known = events.filter(({ knownTime }) => knownTime <= moment);
      expect(rows.get(id)).toMatchObject(expectedAt(known, data.key, moment));
    }
  });
});
