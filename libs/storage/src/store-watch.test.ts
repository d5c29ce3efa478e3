import { eventually } from '@roofshot/testing/eventually';
import { cannotStore, lostServer, ServerRefusal } from './sql-errors.ts';
import { StoreWatch, type Way } from './store-watch.ts';

const away = lostServer('The store', 'ECONNREFUSED', 'unknown', undefined);
const full = cannotStore('The store is full. Free some space.', undefined);
const AWAY = 'The store does not answer: ECONNREFUSED. Start it, or see why it is away.';
const NEVER = 1_000_000;

const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
const answering = (): Promise<string> => Promise.resolve('answer');

function watching(
  look: (way: Way) => Promise<unknown> = answering,
  lookMs = NEVER,
): { readonly watch: StoreWatch; readonly told: unknown[] } {
  const told: unknown[] = [];
  return { watch: new StoreWatch({ look, lookMs, onTrouble: (trouble) => told.push(trouble) }), told };
}

describe('a store, by its calls', () => {
  test('is away until any of them is answered', async () => {
    const { watch, told } = watching();
    await expect(watch.hear('write', failing(away))).rejects.toBe(away);
    await expect(watch.hear('read', failing(away))).rejects.toBe(away);
    expect(watch.waitingFor()).toEqual([AWAY]);
    expect(await watch.hear('read', answering)).toBe('answer');
    expect(watch.waitingFor()).toEqual([]);
    expect(told).toEqual([AWAY, undefined]);
  });

  test('that is full is told so although it is read from, until it stores again', async () => {
    const { watch } = watching();
    await expect(watch.hear('write', failing(full))).rejects.toBe(full);
    await watch.hear('read', answering);
    expect(watch.waitingFor()).toEqual(['The store is full. Free some space.']);
    await watch.hear('write', answering);
    expect(watch.waitingFor()).toEqual([]);
  });

  test('that refuses a right is told so', async () => {
    const { watch } = watching();
    await expect(watch.hear('read', failing(new ServerRefusal('Grant the right.')))).rejects.toThrow('Grant the right.');
    expect(watch.waitingFor()).toEqual(['Grant the right.']);
  });

  test('is neither away nor back for a question that was wrong', async () => {
    const { watch } = watching();
    await expect(watch.hear('read', failing(new RangeError('no key')))).rejects.toThrow('no key');
    expect(watch.waitingFor()).toEqual([]);
    await expect(watch.hear('read', failing(away))).rejects.toBe(away);
    await expect(watch.hear('read', failing(new RangeError('no key')))).rejects.toThrow('no key');
    expect(watch.waitingFor()).toEqual([AWAY]);
  });
});

describe('a store that nobody asks', () => {
  test('is looked at, and its absence and its return are told', async () => {
    let look: () => Promise<unknown> = failing(away);
    const { watch, told } = watching(() => look(), 1);
    watch.start();
    await eventually(() => expect(watch.waitingFor()).toEqual([AWAY]));
    look = answering;
    await eventually(() => expect(watch.waitingFor()).toEqual([]));
    await watch.close();
    expect(told).toEqual([AWAY, undefined]);
  });

  test('is looked at each time, however often it has answered', async () => {
    const { promise: fifth, resolve } = Promise.withResolvers<void>();
    let looks = 0;
    const { watch } = watching(() => Promise.resolve((looks += 1) === 5 && resolve()), 200);
    let ticks = 0;
    const clock = setInterval(() => (ticks += 1), 200); // late where the looks are late, too
    watch.start();
    await fifth;
    clearInterval(clock);
    await watch.close();
    expect(ticks).toBeLessThan(8); // every second time: 9
  });

  test('is tried in the way in which it failed', async () => {
    const looks = new Set<Way>();
    const { watch } = watching((way) => Promise.resolve(looks.add(way)), 1);
    await expect(watch.hear('write', failing(full))).rejects.toBe(full);
    watch.start();
    await eventually(() => expect(watch.waitingFor()).toEqual([]));
    await watch.close();
    expect(looks).toContain('write');
  });

  test('is looked at no more when it is closed, and what the close has ended is no trouble', async () => {
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { promise: hanging, reject: end } = Promise.withResolvers<void>();
    const { watch, told } = watching(() => (ask(), hanging), 1);
    watch.start();
    await asked;
    const closing = watch.close();
    end(away);
    await closing;
    expect(told).toEqual([]);
  });
});
