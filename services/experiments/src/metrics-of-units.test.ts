import type { CloudEvent } from '@roofshot/contracts/envelope';
import { costPerFlight } from '../test/lab.ts';
import { compileMetric, metricFaults } from './metrics-of-units.ts';

const event = (data: unknown, subject?: string): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: '/tests',
  type: 'flight.landed',
  time: '2001-01-15T00:00:00Z',
  knowntime: '2001-01-15T00:00:00Z',
  data,
  ...(subject !== undefined && { subject }),
});

test('the value of a unit follows from its decision and its outcome', () => {
  const cost = compileMetric('cost', costPerFlight);
  const costs = [
    ['warn', 40],
    ['none', 40],
    ['warn', 5],
    ['none', 5],
  ] as const;
  expect(costs.map(([decision, delay]) => cost.valueOf({ decision, score: 0.1 }, { delay }))).toEqual([0, 4, 1, 0]);
});

test('only what the value reads of an outcome is kept', () => {
  const cost = compileMetric('cost', costPerFlight);
  expect(cost.project({ delay: 3, origin: 'ORD', note: 'x'.repeat(1_000) })).toEqual({ delay: 3 });
  expect(cost.project('no object')).toBe('no object');
});

test('a condition counts 1 where it holds, so that its mean is a share', () => {
  const late = compileMetric('late', { ...costPerFlight, value: 'outcome.delay > 15' });
  expect(late.valueOf({ decision: 'warn', score: 0.1 }, { delay: 16 })).toBe(1);
  expect(late.valueOf({ decision: 'warn', score: 0.1 }, { delay: 15 })).toBe(0);
});

test('a value that is no usable number is not known', () => {
  const odd = compileMetric('odd', { ...costPerFlight, value: 'outcome.delay' });
  const valueOf = (delay: unknown): number | null => odd.valueOf({ decision: 'warn', score: 0 }, { delay });
  expect([valueOf(3), valueOf('3'), valueOf(null), valueOf(1e300), valueOf({})]).toEqual([3, null, null, null, null]);
});

test('the unit is the subject, or what the metric says', () => {
  expect(compileMetric('cost', costPerFlight).unitOf(event({}, 'F1'))).toBe('F1');
  expect(compileMetric('cost', costPerFlight).unitOf(event({}))).toBeNull();
  const spec = { ...costPerFlight, source: { ...costPerFlight.source, outcome: { eventType: 'flight.landed', unit: 'data.flight' } } };
  expect(compileMetric('cost', spec).unitOf(event({ flight: 'F2' }, 'other'))).toBe('F2');
  expect(compileMetric('cost', spec).unitOf(event({ flight: null }, 'other'))).toBeNull();
});

test('the covariate is read from what was known before the answer', () => {
  expect(compileMetric('cost', costPerFlight).covariateOf({ share: 0.25 }, {})).toBe(0.25);
  expect(compileMetric('cost', costPerFlight).covariateOf({}, {})).toBeNull();
});

test('all faulty expressions are told, with their places', () => {
  const faults = metricFaults({ ...costPerFlight, value: 'outcome.delay >', covariate: 'featurs.share' });
  expect(faults.map(({ path }) => path)).toEqual(['/value', '/covariate']);
  expect(faults[1]?.message).toContain('features');
  expect(metricFaults(costPerFlight)).toEqual([]);
});
