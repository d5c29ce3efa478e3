import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import { compileView } from '@roofshot/feature-defs/view-plan';
import { previewWarnings } from './preview-warnings.ts';

const spec: FeatureViewSpec = {
  entity: 'user',
  source: { eventType: 'user.signed-up', keys: { user: 'data.user' } },
  tile: '5m',
  windows: ['1h'],
  features: [
    { name: 'count', aggregation: 'count' },
    { name: 'pro_share', aggregation: 'share', value: "data.plan == 'pro'" },
    { name: 'mean_age', aggregation: 'mean', value: 'data.age' },
  ],
};
const events = [
  { user: 'a', plan: 'pro', age: 30, origin: 'x' },
  { user: 'b', plan: 'free', age: null },
].map((data) => ({ id: data.user, data, subject: 's', time: 0, knownTime: 0 }));

function warningsOf(over: Partial<FeatureViewSpec>, keys: string[] = ['user']): string[] {
  return previewWarnings(compileView({ name: 'v', generation: 1, spec: { ...spec, ...over } }, { keys }), events);
}
const withKeys = (keys: Record<string, string>, filter?: string): Partial<FeatureViewSpec> => ({
  source: { eventType: 'user.signed-up', keys, ...(filter !== undefined && { filter }) },
});

test('a view whose parts some event gives is not warned of', () => {
  expect(warningsOf({})).toEqual([]);
  expect(warningsOf(withKeys({ user: 'subject' }, 'data.age != null'))).toEqual([]);
});

test('a key that no event yields is told', () => {
  expect(warningsOf(withKeys({ user: 'data.usr' }))).toEqual([
    'no event yields the key "user": `data.usr` names nothing in any of 2 events',
  ]);
  const never = warningsOf(withKeys({ user: 'data.age > 3 ? data.user : null', origin: "data.user == 'b' ? 'x' : null" }), [
    'user',
    'origin',
  ]);
  expect(never).toEqual(['no event yields a whole key: each of 2 lacks one of user, origin']);
});

test('a feature whose values are all null is told, with what is not there', () => {
  expect(warningsOf({ features: [{ name: 'mean_age', aggregation: 'mean', value: 'data.agee + 1' }] })).toEqual([
    'every value of the feature "mean_age" is null: `data.agee + 1` is no number in any of 2 events; there is no data.agee',
  ]);
  expect(warningsOf({ features: [{ name: 'mean_plan', aggregation: 'mean', value: 'data.plan' }] })).toEqual([
    'every value of the feature "mean_plan" is null: `data.plan` is no number in any of 2 events',
  ]);
});

test('a condition on a field that no event has is told, though it is false and not null', () => {
  expect(warningsOf({ features: [{ name: 'pro_share', aggregation: 'share', value: "data.plann == 'pro'" }] })).toEqual([
    'the feature "pro_share" reads data.plann, which is in none of 2 events',
  ]);
});

test('a filter that holds for no event, or reads what none has, is told', () => {
  expect(warningsOf(withKeys({ user: 'data.user' }, 'data.tst == true'))).toEqual([
    'the filter `data.tst == true` holds for none of 2 events; there is no data.tst',
  ]);
  expect(warningsOf(withKeys({ user: 'data.user' }, 'data.tst != true'))).toEqual([
    'the filter reads data.tst, which is in none of 2 events',
  ]);
});

test('without events that is said', () => {
  const plan = compileView({ name: 'v', generation: 1, spec }, { keys: ['user'] });
  expect(previewWarnings(plan, [])).toEqual(['there is no event of type user.signed-up yet: send some, then preview again']);
});
