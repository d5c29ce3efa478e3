import { FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import { Experiment } from '@roofshot/contracts/resources/experiment-kinds';
import { EventType } from '@roofshot/contracts/resources/event-type';
import { allKinds } from '@roofshot/contracts/resources';
import { neededBy, readReferences, referencesOf } from './references.ts';

test('references are the names in a spec, each with its place', () => {
  expect(referencesOf(FeatureView, { entity: 'customer', source: { eventType: 'order.placed' } })).toEqual([
    { kind: 'Entity', name: 'customer', path: '/entity' },
    { kind: 'EventType', name: 'order.placed', path: '/source/eventType' },
  ]);
  expect(referencesOf(FeatureService, { views: [{ view: 'a' }, { view: 'b' }] }).map(({ path }) => path)).toEqual([
    '/views/0/view',
    '/views/1/view',
  ]);
});

test('what is absent, of another type or no object names nothing', () => {
  expect(referencesOf(FeatureService, {})).toEqual([]);
  expect(referencesOf(FeatureView, { entity: 3, source: null })).toEqual([]);
  expect(referencesOf(Experiment, { probation: { guardrails: [{ type: 'degraded-share' }] } })).toEqual([]);
  expect(referencesOf(EventType, { schema: {} })).toEqual([]);
});

test('every reference of every kind leads to a kind that there is', () => {
  const kinds: readonly string[] = allKinds.map(({ name }) => name);
  for (const { references = {} } of allKinds as readonly { references?: Record<string, string> }[]) {
    for (const kind of Object.values(references)) expect(kinds).toContain(kind);
  }
});

const said = (name: string, generation: number, references: object[]): string =>
  JSON.stringify({ kind: 'Metric', name, generation, deleted: references.length === 0, references });

test('the newest word of each resource counts, read to the end over pages, partitions and the gaps of a compacted log', async () => {
  const uses = [{ kind: 'EventType', name: 'paid', path: '/source/outcome/eventType' }];
  const logs = [
    [
      said('cost', 1, uses),
      said('gain', 1, uses),
      said('cost', 2, []),
      ...Array.from({ length: 1_200 }, (_, index) => said(`m${index}`, 1, [])),
    ],
    [said('late', 1, uses)],
  ].map((values) => values.map((value, offset) => ({ value, offset: offset * 3 })));
  const log = {
    bounds: (topic: string) =>
      Promise.resolve(logs.map((records, partition) => ({ topic, partition, topicId: 't', start: 0, end: records.length * 3 }))),
    readFrom: ({ partition }: { partition: number }, from: number, limit: number) =>
      Promise.resolve((logs[partition] ?? []).filter(({ offset }) => offset >= from).slice(0, limit) as never[]),
  };
  const references = await readReferences(log);
  expect(references.size).toBe(1_203);
  const paid = { apiVersion: 'roofshot/v1', kind: 'EventType', metadata: { name: 'paid' }, spec: {}, generation: 1 } as const;
  expect(neededBy(references, paid, new Set(['EventType'])).map(({ message }) => message)).toEqual([
    'Metric/gain needs it (spec/source/outcome/eventType); delete or change that first',
    'Metric/late needs it (spec/source/outcome/eventType); delete or change that first',
  ]);
  expect(neededBy(references, paid, new Set(['EventType', 'Metric']))).toEqual([]);
});
