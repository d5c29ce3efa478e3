import { ForgetOld, inBites, type OldRows } from './forget-old.ts';

const rows = (there: number): { left: number; bites: number[]; forget: (most: number) => Promise<number> } => {
  const kept = {
    left: there,
    bites: [] as number[],
    forget: (most: number): Promise<number> => {
      const taken = Math.min(most, kept.left);
      kept.left -= taken;
      kept.bites.push(taken);
      return Promise.resolve(taken);
    },
  };
  return kept;
};

const said: string[] = [];
const log = { warn: (message: string) => void said.push(message), error: (message: string) => void said.push(message) };
const kindOf = (forget: () => Promise<void>): OldRows => ({ forget, failure: 'It could not be forgotten.' });

it.each([
  [25, [10, 10, 5]],
  [20, [10, 10, 0]],
  [0, [0]],
])('%d rows go in bites until nothing is left', async (there, bites) => {
  const kept = rows(there);
  await inBites(10, kept.forget);
  expect(kept).toMatchObject({ left: 0, bites });
});

it('a kind that fails is told, and the others have their turn', async () => {
  const kept = rows(3);
  const away = kindOf(() => Promise.reject(new Error('the database is away')));
  await new ForgetOld([away, kindOf(() => inBites(10, kept.forget))], log).run();
  expect({ said, left: kept.left }).toEqual({ said: ['It could not be forgotten.'], left: 0 });
});

it('the end waits for a run that has begun', async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const forgetting = new ForgetOld([kindOf(() => (begun.resolve(), gate.promise))], log, 1);
  forgetting.onModuleInit();
  await begun.promise;
  const ended: string[] = [];
  const end = forgetting.onModuleDestroy().then(() => ended.push('ended'));
  await new Promise(setImmediate);
  expect(ended).toEqual([]);
  gate.resolve();
  await end;
  expect(ended).toEqual(['ended']);
});
