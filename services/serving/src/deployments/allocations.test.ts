import type { AllocationDocument } from '@roofshot/contracts/experiments';
import { Allocations } from './allocations.ts';

const document = (over: Partial<AllocationDocument> = {}): AllocationDocument => ({
  experiment: 'e',
  deployment: 'd',
  configVersion: 1,
  phase: 1,
  state: 'running',
  unit: 'user',
  seed: 's',
  hashVersion: 2,
  coverage: 1,
  variants: [
    { name: 'control', serves: 'a', weight: 0.5 },
    { name: 'treatment', serves: 'b', weight: 0.5 },
  ],
  ...over,
});

test('an older or equal configuration that is heard later changes nothing', () => {
  const allocations = new Allocations();
  allocations.set(document({ configVersion: 3, state: 'stopped' }));
  allocations.set(document({ configVersion: 2 }));
  allocations.set(document({ configVersion: 3 }));
  expect(allocations.running('d')).toBeUndefined();
  expect(allocations.latest('d')).toMatchObject({ configVersion: 3, state: 'stopped' });
});

test('an experiment allocates for its own deployment alone', () => {
  const allocations = new Allocations();
  allocations.set(document());
  expect(allocations.running('d')?.document.experiment).toBe('e');
  expect(allocations.running('other')).toBeUndefined();
});

test('of two running ones every process takes the same, whatever the order in which it heard of them', () => {
  const [one, two] = [document({ experiment: 'one' }), document({ experiment: 'two' })];
  for (const order of [
    [one, two],
    [two, one],
  ]) {
    const allocations = new Allocations();
    for (const each of order) allocations.set(each);
    expect(allocations.running('d')?.document.experiment).toBe('one');
  }
});

test('a document that contradicts itself is refused, and the one before stays in force', () => {
  const allocations = new Allocations();
  allocations.set(document());
  const lopsided = document({ configVersion: 2, variants: document().variants.map((variant) => ({ ...variant, weight: 0.9 })) });
  expect(() => allocations.set(lopsided)).toThrow(/weights add up to 1\.8/);
  expect(allocations.running('d')?.document.configVersion).toBe(1);
});
