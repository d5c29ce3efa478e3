import { OtherStore, type OnlineRow, type OnlineStore } from './online-store.ts';

/** Stores that share one fresh backend. */
export interface OnlineStoreFixture {
  /** Another connection to the same backend, as another process would have it; the suite closes it. */
  open(): Promise<OnlineStore>;
  /** Takes all rows away, as an operator or a failover to an empty server does. */
  lose(): Promise<void>;
  /** Removes the backend. */
  dispose(): Promise<void>;
}

const MANY_ROWS = 5_000;
const WRITERS = 8;
const ROUNDS = 25;
const SHARED_KEYS = 40;

/** The promises of `OnlineStore`, as tests: each adapter's integration test calls this with its own backend. */
export function onlineStoreConformance(name: string, start: () => Promise<OnlineStoreFixture>): void {
  describe(`the online store on ${name}`, () => {
    let fixture: OnlineStoreFixture;
    let store: OnlineStore;
    beforeAll(async () => {
      fixture = await start();
      store = await fixture.open();
    });
    afterAll(async () => {
      await store.close();
      await fixture.dispose();
    });

    test('answers in the order of the keys, and undefined where nothing was put', async () => {
      const [a, b] = [row('order', 'a'), row('order', 'b')];
      await store.put([a, b]);
      expect(await store.get([key('order', 'b'), key('order', 'never'), key('order', 'a'), key('order', 'b')])).toEqual([
        b,
        undefined,
        a,
        b,
      ]);
      expect(await store.get([])).toEqual([]);
      expect(store.waitingFor()).toEqual([]);
    });

    test.each<[string, Partial<OnlineRow>]>([
      ['a later event time', { eventTime: 1_001, knownTime: 1, version: 0 }],
      ['the same event time, known later', { knownTime: 2_001, version: 0 }],
      ['the same times, a higher version', { version: 6 }],
    ])('%s wins, whichever of the two is put first', async (reason, newer) => {
      const [first, second] = [`${reason}: older first`, `${reason}: newer first`];
      await store.put([row('age', first)]);
      await store.put([row('age', first, { ...newer, value: '"new"' })]);
      await store.put([row('age', second, { ...newer, value: '"new"' })]);
      await store.put([row('age', second)]);
      const found = await store.get([key('age', first), key('age', second)]);
      expect(found.map((each) => each?.value)).toEqual(['"new"', '"new"']);
    });

    test('a row of the same age changes nothing, so a put may be repeated', async () => {
      await store.put([row('equal', 'e', { value: '1' })]);
      await store.put([row('equal', 'e', { value: '2' })]);
      expect(await store.get([key('equal', 'e')])).toEqual([row('equal', 'e', { value: '1' })]);
    });

    test('times before 1970 and beyond 32 bits are ordered like all others', async () => {
      await store.put([row('times', 't', { eventTime: -5, value: '"before"' })]);
      await store.put([row('times', 't', { eventTime: -6, value: '"earlier"' })]);
      expect((await store.get([key('times', 't')]))[0]?.value).toBe('"before"');
      const far = row('times', 't', { eventTime: 32_503_680_000_000 });
      await store.put([far, row('times', 't', { eventTime: 4_102_444_800_000 })]);
      expect(await store.get([key('times', 't')])).toEqual([far]);
    });

    test('a deletion leaves a tombstone that an older put cannot bring back to life, and a newer one can', async () => {
      await store.put([row('gone', 'g', { eventTime: 10, value: '1' })]);
      const tombstone = row('gone', 'g', { eventTime: 20, value: null });
      await store.put([tombstone]);
      await store.put([row('gone', 'g', { eventTime: 15, value: '2' })]);
      expect(await store.get([key('gone', 'g')])).toEqual([tombstone]);
      await store.put([row('gone', 'g', { eventTime: 30, value: '3' })]);
      expect((await store.get([key('gone', 'g')]))[0]?.value).toBe('3');
    });

    test('what was forgotten was never there, and may be put again', async () => {
      await store.put([row('forgotten', 'f', { eventTime: 10 }), row('forgotten', 'other', { eventTime: 10 })]);
      await store.forget([key('forgotten', 'f'), key('forgotten', 'never')]);
      await store.forget([]);
      expect(await store.get([key('forgotten', 'f'), key('forgotten', 'other')])).toEqual([
        undefined,
        row('forgotten', 'other', { eventTime: 10 }),
      ]);
      await store.put([row('forgotten', 'f', { eventTime: 5 })]);
      expect(await store.get([key('forgotten', 'f')])).toEqual([row('forgotten', 'f', { eventTime: 5 })]);
    });

    test('one call takes thousands of rows, several of one key among them, and reads them back', async () => {
      const rows = Array.from({ length: MANY_ROWS }, (_, n) => row('many', `entity ${n}`, { value: JSON.stringify({ n }) }));
      const olderOnes = rows.slice(0, 100).map((each) => ({ ...each, eventTime: each.eventTime - 1, value: '"old"' }));
      await store.put([...olderOnes, ...rows, ...olderOnes]);
      expect(await store.get(rows)).toEqual(rows);
    });

    test('keys and values keep every character', async () => {
      const odd = row(`vi"e'w\\`, 'naïve 東京 🛩 {,} %s\n', { value: JSON.stringify({ text: `"quotes", \\ and \u0000` }) });
      await store.put([odd, row('', '')]);
      expect(await store.get([key(odd.view, odd.entity), key('', '')])).toEqual([odd, row('', '')]);
    });

    test('views and entities that only look alike when joined stay apart', async () => {
      await store.put([row('ab', 'c', { value: '1' }), row('a', 'bc', { value: '2' })]);
      const found = await store.get([key('ab', 'c'), key('a', 'bc')]);
      expect(found.map((each) => each?.value)).toEqual(['1', '2']);
    });

    test.each([
      ['a time that is no whole number', row('bad', 'b', { eventTime: 1.5 }), 'eventTime 1.5'],
      ['a version that is no number', row('bad', 'b', { version: Number.NaN }), 'version NaN'],
      ['half a surrogate pair in the key', row('bad', '\ud800'), 'surrogate'],
      ['a NUL in the key', row('bad', 'a\0b'), 'NUL'],
    ])('refuses %s and stores nothing of the call', async (_, faulty, words) => {
      const put = store.put([row('bad', 'innocent'), faulty]);
      await expect(put).rejects.toThrow(RangeError);
      await expect(put).rejects.toThrow(words);
      expect(await store.get([key('bad', 'innocent')])).toStrictEqual([undefined]);
    });

    test('keeps the first mark that it is given, and takes what is put during its present identity', async () => {
      const [first, second] = await Promise.all([store.identify('one'), store.identify('two')]);
      expect(second).toEqual(first);
      await store.put([row('during', 'd')], first);
      expect(await store.get([key('during', 'd')])).toEqual([row('during', 'd')]);
    });

    test('one that has lost its rows is another, and takes nothing that was meant for the one that had them', async () => {
      const former = await store.identify('former');
      await store.put([row('lost', 'l')], former);
      await fixture.lose();
      await expect(store.put([row('lost', 'new')], former)).rejects.toThrow(OtherStore);
      const present = await store.identify('present');
      expect(present).toEqual({ ...former, mark: 'present' });
      await expect(store.put([row('lost', 'new')], former)).rejects.toThrow(OtherStore);
      await expect(store.put([row('lost', 'new')], { ...present, run: 'an earlier one' })).rejects.toThrow(OtherStore);
      expect(await store.get([key('lost', 'l'), key('lost', 'new')])).toEqual([undefined, undefined]);
    });

    test(`${WRITERS} writers race over the same keys: the newest row of each is what every reader sees`, async () => {
      const stores = await Promise.all(Array.from({ length: WRITERS }, () => fixture.open()));
      const newest = new Map<string, OnlineRow>();
      await Promise.all(stores.map((each, writer) => raceWith(each, writer, newest)));
      const keys = [...newest.keys()].map((entity) => key('race', entity));
      for (const each of [store, ...stores]) expect(await each.get(keys)).toEqual([...newest.values()]);
      await Promise.all(stores.map((each) => each.close()));
    });
  });
}

/** Puts rounds of rows in random order; each (writer, round) has an age of its own that no other has. */
async function raceWith(store: OnlineStore, writer: number, newest: Map<string, OnlineRow>): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = Array.from({ length: SHARED_KEYS }, (_, n) => {
      const eventTime = Math.floor(Math.random() * 50);
      return row('race', `k${n}`, { eventTime, knownTime: round, version: writer, value: `"${writer}/${round}"` });
    });
    for (const each of rows) {
      const best = newest.get(each.entity);
      if (best === undefined || isNewer(each, best)) newest.set(each.entity, each);
    }
    await store.put(rows.sort(() => Math.random() - 0.5));
  }
}

/** Written out once more on purpose: the suite must not trust the comparison that it tests. */
function isNewer(a: OnlineRow, b: OnlineRow): boolean {
  if (a.eventTime !== b.eventTime) return a.eventTime > b.eventTime;
  if (a.knownTime !== b.knownTime) return a.knownTime > b.knownTime;
  return a.version > b.version;
}

function key(view: string, entity: string): { view: string; entity: string } {
  return { view, entity };
}

function row(view: string, entity: string, rest: Partial<OnlineRow> = {}): OnlineRow {
  return { view, entity, eventTime: 1_000, knownTime: 2_000, version: 5, value: '{"mean": 1.25}', ...rest };
}
