import { Coalesced } from './coalesced.ts';

/** Work whose runs end when the test says so. */
function manual(): { readonly work: () => Promise<void>; readonly ends: ((error?: Error) => void)[] } {
  const ends: ((error?: Error) => void)[] = [];
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => ends.push((error) => (error === undefined ? resolve() : reject(error))));
  return { work, ends };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('all who ask while it runs share one further run, which begins after they asked', async () => {
  const { work, ends } = manual();
  const passes = new Coalesced(work);
  const first = passes.run();
  await turn();
  const [second, third] = [passes.run(), passes.run()];
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await first;
  await turn();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await Promise.all([second, third]);
});

test('a failed run fails those who waited for it, and no later one', async () => {
  const { work, ends } = manual();
  const passes = new Coalesced(work);
  const failing = passes.run().then(
    () => undefined,
    (error: unknown) => error,
  );
  await turn();
  const next = passes.run();
  ends[0]?.(new Error('away'));
  expect(await failing).toEqual(new Error('away'));
  await turn();
  ends[1]?.();
  await expect(next).resolves.toBeUndefined();
  await expect(passes.idle()).resolves.toBeUndefined();
});
