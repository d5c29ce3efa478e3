import { Definitions } from '@roofshot/feature-defs/definitions';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import { compileDecisions } from './decisions.ts';

function planOf(): ServicePlan {
  const definitions = new Definitions();
  const spec = {
    entities: [],
    context: { hour: 'number' as const },
    views: [],
    requestFeatures: [{ name: 'evening', value: 'context.hour > 17' }],
  };
  definitions.setService({ name: 'when', generation: 1, deleted: false, spec });
  return definitions.service('when');
}

const decide = (decision: Record<string, string>, over: object = {}): string =>
  compileDecisions(decision, planOf()).decide({ score: 0.5, features: { evening: 1 }, context: { hour: 18 }, ...over });

test('the first condition that holds decides, in the order of declaration', () => {
  expect(decide({ b: 'p > 0.4', a: 'p > 0.3' })).toBe('b');
  expect(decide({ b: 'p > 0.6', a: 'p > 0.3' })).toBe('a');
});

test('when no condition holds, or none is declared, the decision is none', () => {
  expect(decide({ warn: 'p > 0.9' })).toBe('none');
  expect(compileDecisions(undefined, planOf()).decide({ score: 1, features: {}, context: {} })).toBe('none');
});

test('a bound is not above itself', () => {
  expect(decide({ warn: 'p > 0.2' }, { score: 0.2 })).toBe('none');
  expect(decide({ warn: 'p >= 0.2' }, { score: 0.2 })).toBe('warn');
});

test('a condition over a value that is not known does not hold', () => {
  expect(decide({ warn: 'features.evening == 1 || features.evening < 1' }, { features: { evening: null } })).toBe('none');
});

test('unknown names and conditions that are no conditions are faults at their place', () => {
  const { faults } = compileDecisions({ a: 'features.evenin > 0', b: 'p + 1', c: 'context.hour > 3' }, planOf());
  expect(faults.map(({ path }) => path)).toEqual(['/decision/a', '/decision/b']);
  expect(faults[0]?.message).toContain('evening');
  expect(faults[1]?.message).toContain('results in a number');
});

test('while the feature service is not known any feature may be named, but the syntax is checked', () => {
  expect(compileDecisions({ a: 'features.anything > 0' }, undefined).faults).toEqual([]);
  expect(compileDecisions({ a: 'features.anything >' }, undefined).faults).toHaveLength(1);
});
