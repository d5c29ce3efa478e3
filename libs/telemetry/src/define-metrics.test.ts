import { runWith } from './context.ts';
import { allMetrics, anyService, counter, defineMetrics, gauge, sendMetricsTo, snapshot, timing } from './define-metrics.ts';
import { MAX_SERIES, type SeriesReading } from './metric-series.ts';

const metrics = defineMetrics('ingestion', {
  'events.accepted': counter('Events accepted, by type.', ['type']),
  'requests.started': counter('Requests.'),
  'partition.lag': gauge('Records not yet read.', ['topic', 'partition']),
  'batch.ms': timing('Time of a batch.'),
});

function readingsOf(name: string): SeriesReading[] {
  return snapshot().filter((reading) => reading.name === name);
}

it('counts per series, and a reading tells total, calls and the last amount', () => {
  metrics['events.accepted'](2, { type: 'a' });
  metrics['events.accepted'](5, { type: 'a' });
  metrics['events.accepted'](1, { type: 'b' });
  expect(readingsOf('roofshot.ingestion.events.accepted')).toEqual([
    expect.objectContaining({ kind: 'counter', tags: { type: 'a' }, total: 7, count: 2, last: 5 }),
    expect.objectContaining({ kind: 'counter', tags: { type: 'b' }, total: 1, count: 1, last: 1 }),
  ]);
});

it('a counter without tags counts one when no amount is said', () => {
  metrics['requests.started']();
  metrics['requests.started'](4);
  expect(readingsOf('roofshot.ingestion.requests.started')).toMatchObject([{ total: 5, tags: {} }]);
});

it('a gauge tells its last value, below zero too', () => {
  metrics['partition.lag'](9, { topic: 't', partition: '0' });
  metrics['partition.lag'](-1, { topic: 't', partition: '0' });
  expect(readingsOf('roofshot.ingestion.partition.lag')).toMatchObject([{ last: -1, max: 9 }]);
});

it('a timing tells how many, how long in all and at most', () => {
  for (const milliseconds of [3, 10, 2]) metrics['batch.ms'](milliseconds);
  expect(readingsOf('roofshot.ingestion.batch.ms')).toMatchObject([{ count: 3, total: 15, max: 10, last: 2 }]);
});

it('every definition is listed, whether measured or not', () => {
  defineMetrics('registry', { 'versions.registered': counter('Versions registered.', ['model']) });
  expect(allMetrics()).toContainEqual({
    name: 'roofshot.registry.versions.registered',
    kind: 'counter',
    help: 'Versions registered.',
    tags: ['model'],
  });
  expect(readingsOf('roofshot.registry.versions.registered')).toEqual([]);
});

it("a library's metric is counted under the service whose work it does", () => {
  const shared = defineMetrics(anyService, { 'messages.handled': counter('Messages.', ['outcome']) });
  runWith({ service: 'features' }, () => shared['messages.handled'](1, { outcome: 'done' }));
  runWith({ service: 'serving' }, () => shared['messages.handled'](2, { outcome: 'done' }));
  shared['messages.handled'](4, { outcome: 'done' });
  const totals = Object.fromEntries(snapshot().map(({ name, total }) => [name, total]));
  expect(totals).toMatchObject({
    'roofshot.features.messages.handled': 1,
    'roofshot.serving.messages.handled': 2,
    'roofshot.process.messages.handled': 4,
  });
  expect(allMetrics().map(({ name }) => name)).toContain('roofshot.<service>.messages.handled');
  expect(readingsOf('roofshot.features.messages.handled')).toMatchObject([{ metric: 'roofshot.<service>.messages.handled' }]);
});

it('ids passed as a tag make one series, not one each', () => {
  const { 'runs.ended': ended } = defineMetrics('training', { 'runs.ended': counter('Runs.', ['outcome']) });
  for (let i = 0; i < 50; i++) ended(1, { outcome: crypto.randomUUID() });
  expect(readingsOf('roofshot.training.runs.ended')).toMatchObject([{ total: 50, tags: { outcome: 'id-refused' } }]);
});

it('a tag that takes any value is bounded, and nothing is left uncounted', () => {
  const { 'views.read': read } = defineMetrics('features', { 'views.read': counter('Reads.', ['view']) });
  for (let i = 0; i < MAX_SERIES * 3; i++) read(1, { view: `view-${i}` });
  const readings = readingsOf('roofshot.features.views.read');
  expect(readings).toHaveLength(MAX_SERIES + 1);
  expect(readings.at(-1)).toMatchObject({ tags: { view: 'other' }, total: MAX_SERIES * 2 });
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -3])('a timing of %p is left out and counted as refused', (value) => {
  const before = refusedBy('roofshot.ingestion.batch.ms');
  const readings = readingsOf('roofshot.ingestion.batch.ms');
  metrics['batch.ms'](value);
  expect(readingsOf('roofshot.ingestion.batch.ms')).toEqual(readings);
  expect(refusedBy('roofshot.ingestion.batch.ms')).toBe(before + 1);
});

function refusedBy(metric: string): number {
  return readingsOf('roofshot.process.measurements.refused').find(({ tags }) => tags.metric === metric)?.total ?? 0;
}

it('a sink hears every measurement until it is taken off', () => {
  const heard: unknown[] = [];
  const stop = sendMetricsTo({
    count: (...call) => heard.push(['count', ...call]),
    gauge: (...call) => heard.push(['gauge', ...call]),
    timing: (...call) => heard.push(['timing', ...call]),
  });
  metrics['events.accepted'](2, { type: 'a' });
  metrics['partition.lag'](3, { topic: 't', partition: '1' });
  metrics['batch.ms'](4);
  stop();
  metrics['batch.ms'](5);
  expect(heard).toEqual([
    ['count', 'roofshot.ingestion.events.accepted', 2, { type: 'a' }],
    ['gauge', 'roofshot.ingestion.partition.lag', 3, { topic: 't', partition: '1' }],
    ['timing', 'roofshot.ingestion.batch.ms', 4, {}],
  ]);
});

it.each([
  ['a name of one word', () => defineMetrics('ingestion', { events: counter('x') } as never), 'another form'],
  ['capital letters', () => defineMetrics('ingestion', { 'events.Accepted': counter('x') }), 'another form'],
  ['a timing without its unit', () => defineMetrics('ingestion', { 'batch.time': timing('x') }), 'end in ".ms"'],
  ['a counter that ends like a timing', () => defineMetrics('ingestion', { 'batch.total.ms': counter('x') }), 'end in ".ms"'],
  ['a name that is taken', () => defineMetrics('ingestion', { 'batch.ms': timing('x') }), 'defined twice'],
  ['a strange service', () => defineMetrics('In Gestion', {}), 'kebab-case'],
])('refuses %s', (_, define, reason) => {
  expect(define).toThrow(reason);
});

it('a tag that is not declared or left out does not compile, and past the compiler makes no tag of its own', () => {
  const { 'models.loaded': loaded } = defineMetrics('serving', { 'models.loaded': counter('Loads.', ['model']) });
  // @ts-expect-error the metric has no such tag, and its own is missing
  loaded(1, { version: '3' });
  // @ts-expect-error its tag is missing
  loaded(1);
  // @ts-expect-error ids are not on the list of tags
  expect(() => defineMetrics('serving', { 'a.b': counter('x', ['event_id']) })).toThrow('Ids are no tags');
  expect(readingsOf('roofshot.serving.models.loaded')).toMatchObject([{ tags: { model: 'none' }, total: 2 }]);
});
