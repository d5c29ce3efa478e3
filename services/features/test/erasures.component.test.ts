/** A subject erased from feature values, and what happens afterwards must not bring it back. */
import { topicOf } from '@roofshot/contracts/events';
import { eventually } from '@roofshot/testing/eventually';
import { eraseSubject } from './erase-order.ts';
import { FeaturesHarness, recordOf, type Flight } from './features-harness.ts';

const TYPE = 'visit.made';
const resources = (view: string): object[] => [
  { apiVersion: 'roofshot/v1', kind: 'Entity', metadata: { name: 'person' }, spec: { keys: ['person'] } },
  { apiVersion: 'roofshot/v1', kind: 'Entity', metadata: { name: 'place' }, spec: { keys: ['person', 'place'] } },
  viewOf(view, 'person', { person: 'data.person' }),
  viewOf(`${view}-places`, 'place', { person: 'data.person', place: 'data.place' }),
];
const viewOf = (name: string, entity: string, keys: object): object => ({
  apiVersion: 'roofshot/v1',
  kind: 'FeatureView',
  metadata: { name },
  spec: { entity, source: { eventType: TYPE, keys }, tile: '5m', windows: ['1h'], features: [{ name: 'count', aggregation: 'count' }] },
});

const visit = (id: string, person: string, over: Partial<Flight> = {}): Flight => ({
  id,
  type: TYPE,
  time: '2001-01-15T12:00:00Z',
  data: { person, place: 'here' },
  ...over,
});
/** Long before, and long after, each erasure of these tests. */
const ERASED_AT = '2001-02-01T00:00:00.000Z';
const LATER = '2001-03-01T12:00:00Z';

describe('an erased subject', () => {
  let harness: FeaturesHarness;

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    await harness.bus.ensureTopics([{ name: topicOf(TYPE), retentionMs: null, compacted: false }]);
    const { status } = await harness.apply(resources('visits'));
    expect(status).toBe(200);
  });
  afterAll(() => harness.stop());

  const accept = (visits: readonly Flight[]): Promise<unknown> =>
    harness.bus.publish(visits.map((one) => ({ ...recordOf(one), key: one.data['person'] as string })));

  async function series(): Promise<string[]> {
    const rows = await harness.database.sql.query<{ row: string }>(`SELECT view || ' ' || entity AS row FROM features.series ORDER BY 1`);
    return rows.map(({ row }) => row);
  }
  const onlineOf = async (person: string): Promise<unknown> =>
    (await harness.online.get([{ view: 'visits@1', entity: JSON.stringify([person]) }]))[0];

  const erase = (subject: string, types?: string[]): ReturnType<typeof eraseSubject> =>
    eraseSubject(
      { bus: harness.bus, database: harness.database, said: (topic) => harness.said(topic) },
      { subject, erasedAt: ERASED_AT, ...(types !== undefined && { types }) },
    );

  test('is gone from every row that has it in its key, in the state and in the online store, and others are not', async () => {
    await accept([visit('v1', 'ann'), visit('v2', 'bob'), visit('v3', 'x"ann')]);
    await eventually(async () => expect(await series()).toHaveLength(6));
    await eventually(async () => expect(await onlineOf('ann')).toBeDefined());
    expect((await erase('ann')).erased).toMatchObject({ series: 2, 'online rows': 2 });
    expect(await series()).toEqual([
      'visits-places@1 ["bob","here"]',
      'visits-places@1 ["x\\"ann","here"]',
      'visits@1 ["bob"]',
      'visits@1 ["x\\"ann"]',
    ]);
    expect(await onlineOf('ann')).toBeUndefined();
    expect(await onlineOf('bob')).toBeDefined();
    const rest = await harness.database.sql.query(`SELECT FROM online.rows WHERE position('["ann"' IN entity) > 0`);
    expect(rest).toEqual([]);
  }, 40_000);

  test('does not come back by a view that catches up with the log, nor by an event that became known before', async () => {
    await accept([visit('v4', 'ann', { known: '2001-01-20T00:00:00Z' })]);
    await harness.apply([viewOf('again', 'person', { person: 'data.person' })]);
    await eventually(async () =>
      expect((await series()).filter((row) => row.startsWith('again'))).toEqual(['again@1 ["bob"]', 'again@1 ["x\\"ann"]']),
    );
    expect((await series()).filter((row) => row.includes('"ann"') && !row.includes('x\\"ann'))).toEqual([]);
  }, 40_000);

  test('counts as a new one from then on', async () => {
    await accept([visit('v5', 'ann', { time: LATER })]);
    await eventually(async () => expect(await series()).toContain('visits@1 ["ann"]'));
    await eventually(async () => expect(await onlineOf('ann')).toBeDefined());
  });

  test('keeps what became known since the erasure, when the order comes late', async () => {
    await accept([
      visit('v6', 'carl', { time: LATER, known: '2001-01-15T12:00:00Z' }),
      visit('v7', 'carl', { time: LATER }),
      visit('v8', 'carl', { time: LATER }),
    ]);
    await eventually(async () => expect(await tilesOf('carl')).toContain('"e":[3]'));
    const before = await tilesOf('carl');
    await erase('carl');
    expect(await series()).toContain('visits@1 ["carl"]');
    const after = await tilesOf('carl');
    expect(after).not.toBe(before);
    expect(after).toContain('"e":[2]');
    await accept([visit('w7', 'wanted', { time: LATER }), visit('w8', 'wanted', { time: LATER })]);
    await eventually(async () => expect(await tilesOf('wanted')).toBe(after));
    expect(await onlineOf('carl')).toBeDefined();
  }, 40_000);

  async function tilesOf(person: string): Promise<string | undefined> {
    const [row] = await harness.database.sql.query<{ tiles: string }>(
      `SELECT tiles FROM features.series WHERE view = 'visits@1' AND entity = $1`,
      [JSON.stringify([person])],
    );
    return row?.tiles;
  }

  test('limited to types, keeps the features that are made of others', async () => {
    await accept([visit('v9', 'dora')]);
    await eventually(async () => expect(await series()).toContain('visits@1 ["dora"]'));
    expect((await erase('dora', ['another.type'])).erased).toMatchObject({ series: 0 });
    expect(await series()).toContain('visits@1 ["dora"]');
    expect((await erase('dora', [TYPE])).erased).toMatchObject({ series: 3 });
    expect(await series()).not.toContain('visits@1 ["dora"]');
  }, 40_000);

  test('is cleared from the online store by the next process, where one was killed in between', async () => {
    await accept([visit('u1', 'emil')]);
    await eventually(async () => expect(await onlineOf('emil')).toBeDefined());
    const erasing = erase('emil');
    await eventually(async () => expect((await series()).some((row) => row.includes('emil'))).toBe(false));
    await harness.stopService();
    await harness.run();
    await erasing;
    expect(await onlineOf('emil')).toBeUndefined();
    expect(await harness.database.sql.query('SELECT FROM features.erasing')).toEqual([]);
  }, 60_000);
});
