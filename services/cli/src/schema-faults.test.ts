import { FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import { TrainingJob } from '@roofshot/contracts/resources/training-job';
import { parseDocument } from 'yaml';
import { offsetAt } from './pointers.ts';
import { schemaFaults } from './schema-faults.ts';

const view = {
  entity: 'airport',
  source: { eventType: 'flight.landed', keys: {} },
  tile: '5m',
  windows: ['1h'],
  features: [{ name: 'count', aggregation: 'count' }],
};

test('an unknown property is told where it stands, with the names that belong there', () => {
  const faults = schemaFaults(FeatureView.spec, { ...view, source: { ...view.source, fliter: 'true' } });
  expect(faults).toEqual([{ path: '/source/fliter', message: 'there is no property fliter here. Did you mean filter?' }]);
});

test('a choice is told as its list, once', () => {
  const faults = schemaFaults(FeatureView.spec, { ...view, features: [{ name: 'count', aggregation: 'cuont' }] });
  expect(faults).toEqual([
    {
      path: '/features/0/aggregation',
      message: expect.stringMatching(/^must be one of "count", "sum", "mean", .*"decayedSum"; it is "cuont"$/),
    },
  ]);
});

test('patterns are told in words, and what is missing by its name', () => {
  expect(schemaFaults(FeatureView.spec, { ...view, tile: '5 minutes' })).toEqual([
    { path: '/tile', message: 'must be a duration like 30s, 5m, 24h or 7d; it is "5 minutes"' },
  ]);
  const { entity: _entity, ...without } = view;
  expect(schemaFaults(FeatureView.spec, without)).toEqual([{ path: '', message: 'entity is missing here' }]);
});

test('several missing properties are told in one sentence', () => {
  const { entity: _entity, tile: _tile, windows: _windows, ...without } = view;
  expect(schemaFaults(FeatureView.spec, without)).toEqual([{ path: '', message: 'entity, tile and windows are missing here' }]);
});

test('what may be empty may be left out', () => {
  expect(schemaFaults(FeatureService.spec, { views: [{ role: 'all', view: 'network-landings' }] })).toEqual([]);
  expect(
    schemaFaults(FeatureService.spec, { context: { hour: 'number' }, requestFeatures: [{ name: 'hour', value: 'context.hour' }] }),
  ).toEqual([]);
  expect(schemaFaults(FeatureView.spec, { ...view, source: { eventType: 'flight.landed' } })).toEqual([]);
  const label = { eventType: 'flight.landed', name: 'late', value: 'data.late' };
  const job = { entryPoint: 't.py', featureService: 's', observation: { eventType: 'flight.departed' }, label, registers: 'm' };
  expect(schemaFaults(TrainingJob.spec, job)).toEqual([]);
});

test('a search range with a wrong key names the key', () => {
  const spec = { entryPoint: 't.py', search: { trials: 1, metric: 'm', direction: 'minimize', space: { rate: { min: 1, maxx: 2 } } } };
  const paths = schemaFaults(TrainingJob.spec, spec).map(({ path }) => path);
  expect(paths.some((path) => path.startsWith('/search/space/rate'))).toBe(true);
});

test('a pointer leads to its key, or as far as the document goes', () => {
  const text = 'spec:\n  features:\n    - name: a\n    - name: b\n';
  const { contents } = parseDocument(text);
  const lineOf = (pointer: string): number => text.slice(0, offsetAt(contents, pointer)).split('\n').length;
  expect(['/spec', '/spec/features', '/spec/features/1/name', '/spec/none/deeper', '/none'].map(lineOf)).toEqual([1, 2, 4, 1, 1]);
});
