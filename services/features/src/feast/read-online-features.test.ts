import type { GetOnlineFeatures } from '@roofshot/contracts/http/feast';
import { OnlineFeatures } from '@roofshot/contracts/http/feast';
import { validatorOf } from '@roofshot/contracts/validate';
import { Definitions } from '@roofshot/feature-defs/definitions';
import type { OnlineKey, OnlineStore } from '@roofshot/storage/online-store';
import { HOUR, labDefinitions, NOW, storeOf } from './feast-lab.ts';
import type { FeastQuestion } from './feast-plan.ts';
import { FeastPlans } from './feast-plans.ts';
import { readOnlineFeatures } from './read-online-features.ts';
import { ViewValues } from './view-values.ts';

const plans = new FeastPlans(labDefinitions(), () => Promise.resolve(new Definitions()));
const ANN = '["ann"]';
type Columns = GetOnlineFeatures['entities'];

const textOf = (question: FeastQuestion, columns: Columns, online: Pick<OnlineStore, 'get'>, now = NOW): Promise<string> =>
  readOnlineFeatures({ ...question, entities: columns }, { plans, values: new ViewValues(), online, now });
const answerOf = async (...asked: Parameters<typeof textOf>): Promise<OnlineFeatures> =>
  JSON.parse(await textOf(...asked)) as OnlineFeatures;

const orders = { features: ['orders:count_1h', 'orders:mean_1h'] };

test('an answer keeps the contract, whatever the number of rows', async () => {
  for (const customers of [[], ['ann'], ['ann', 'bob', null, 5]]) {
    const answer = await answerOf(orders, { customer: customers }, storeOf(ANN, [1]));
    expect(validatorOf(OnlineFeatures).faults(answer)).toEqual([]);
    expect(
      answer.results.map(({ values, statuses, event_timestamps: times }) => [values, statuses, times].map(({ length }) => length)),
    ).toEqual(Array.from({ length: 3 }, () => [customers.length, customers.length, customers.length]));
  }
});

test('join keys come first, as they were sent, in the order of the request', async () => {
  const answer = await answerOf({ features: ['visits:count_1h'] }, { shop: ['a', 2], customer: ['x', null] }, storeOf(ANN, []));
  expect(answer.metadata.feature_names).toEqual(['shop', 'customer', 'count_1h']);
  expect(answer.results.slice(0, 2)).toEqual([
    { values: ['a', 2], statuses: ['PRESENT', 'PRESENT'], event_timestamps: ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'] },
    { values: ['x', null], statuses: ['PRESENT', 'PRESENT'], event_timestamps: ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'] },
  ]);
});

test('who was never seen is NOT_FOUND, with a count of 0 and no time', async () => {
  const answer = await answerOf(orders, { customer: ['ann', 'bob', null] }, storeOf(ANN, [1]));
  expect(answer.results[1]).toEqual({
    values: [1, 0, 0],
    statuses: ['PRESENT', 'NOT_FOUND', 'NOT_FOUND'],
    event_timestamps: ['2026-03-01T11:30:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
  });
  expect(answer.results[2]?.values).toEqual([1, null, null]);
});

test('a mean of nothing is NULL_VALUE, and what is not kept any more is OUTSIDE_MAX_AGE', async () => {
  const nothing = await answerOf(orders, { customer: ['ann'] }, storeOf(ANN, [null]));
  expect(nothing.results.slice(1).map(({ statuses }) => statuses)).toEqual([['PRESENT'], ['NULL_VALUE']]);
  const long = { features: ['orders:count_24h', 'orders:mean_24h'] };
  const early = await answerOf(long, { customer: ['ann'] }, storeOf(ANN, [1]), NOW - 3 * HOUR);
  expect(early.results.slice(1).map(({ values, statuses }) => [...values, ...statuses])).toEqual([
    [null, 'OUTSIDE_MAX_AGE'],
    [null, 'OUTSIDE_MAX_AGE'],
  ]);
});

test('a mean that is whole keeps its point, so that Python reads a float; a count does not', async () => {
  const text = await textOf(orders, { customer: ['ann', 'bob'] }, storeOf(ANN, [2, 4]));
  expect(text).toContain('"values":[2,0]');
  expect(text).toContain('"values":[3.0,null]');
});

test('the time is that of the newest event, with a fraction only where it has one', async () => {
  const timeOf = async (ago: number): Promise<string | undefined> =>
    (await answerOf(orders, { customer: ['ann'] }, storeOf(ANN, [1], ago))).results[1]?.event_timestamps[0];
  expect(await timeOf(HOUR)).toBe('2026-03-01T11:00:00Z');
  expect(await timeOf(HOUR - 250)).toBe('2026-03-01T11:00:00.250Z');
});

test('roles of one view each tell their own entity', async () => {
  const columns = { buyer: ['ann', 'bob'], seller: ['bob', 'ann'], amount: [7, 0.5] };
  const { metadata, results } = await answerOf({ feature_service: 'risk' }, columns, storeOf(ANN, [2, 4]));
  expect(metadata.feature_names).toEqual(['buyer', 'seller', 'buyer__count_1h', 'seller__mean_1h', 'amount']);
  expect(results.slice(2).map(({ values, event_timestamps: times }) => [values, times.map((time) => time.slice(0, 4))])).toEqual([
    [
      [2, 0],
      ['2026', '1970'],
    ],
    [
      [null, 3],
      ['1970', '2026'],
    ],
    [
      [7, 0.5],
      ['1970', '1970'],
    ],
  ]);
});

test('the online store is asked once, and once for each row, however many views and entities there are', async () => {
  const questions: (readonly OnlineKey[])[] = [];
  const online = {
    get: (keys: readonly OnlineKey[]): Promise<undefined[]> => {
      questions.push(keys);
      return Promise.resolve(keys.map(() => undefined));
    },
  };
  const features = ['orders:count_1h', 'returns:count_1h', 'visits:count_1h', 'network:count_1h'];
  const entities = { customer: ['ann', 'bob', 'ann', 'ann'], shop: ['x', 'x', 'x', 'y'] };
  await textOf({ features, full_feature_names: true }, entities, online);
  expect(questions).toHaveLength(1);
  const asked = (questions[0] ?? []).map(({ view, entity }) => `${view} ${entity}`);
  expect(asked.sort()).toEqual([
    'network@1 []',
    'orders@1 ["ann"]',
    'orders@1 ["bob"]',
    'returns@1 ["ann"]',
    'returns@1 ["bob"]',
    'visits@1 ["ann","x"]',
    'visits@1 ["ann","y"]',
    'visits@1 ["bob","x"]',
  ]);
});
