import { flightDefinitions, landings, network, risk } from '../test/flight-definitions.ts';
import { DefinitionFaults } from './definitions.ts';
import { nearestNames } from './nearest.ts';
import { checkService } from './service-plan.ts';
import { checkView, compileView, type ViewPlan } from './view-plan.ts';

const entities = new Map([
  ['airport', { keys: ['airport'] }],
  ['route', { keys: ['origin', 'destination'] }],
]);

test('the vector has the views in order, then the request features', () => {
  expect(flightDefinitions().service('flight-risk').columns).toEqual([
    { name: 'inbound__mean_delay_1h', dtype: 'float' },
    { name: 'inbound__count_1h', dtype: 'int' },
    { name: 'destination__late_share_3h', dtype: 'float' },
    { name: 'network__count_1h', dtype: 'int' },
    { name: 'log_distance', dtype: 'float' },
    { name: 'hour', dtype: 'float' },
  ]);
});

test('what is empty may be left out: of a service, of a role and of a view', () => {
  const definitions = flightDefinitions();
  const first = { generation: 1, deleted: false };
  const { keys: _keys, ...source } = network.source;
  definitions.setView({ ...first, name: 'all-landings', spec: { ...network, source } });
  definitions.setService({ ...first, name: 'network-only', spec: { views: [{ role: 'all', view: 'all-landings' }] } });
  definitions.setService({
    ...first,
    name: 'request-only',
    spec: { context: { hour: 'number' }, requestFeatures: [{ name: 'hour', value: 'context.hour' }] },
  });
  expect(definitions.service('network-only')).toMatchObject({
    entities: [],
    context: {},
    columns: [{ name: 'all__count_1h', dtype: 'int' }],
  });
  expect(definitions.service('request-only').columns).toEqual([{ name: 'hour', dtype: 'float' }]);
});

test('every fault of a view is told, with its path and the nearest names', () => {
  const faults = checkView(
    {
      name: 'v',
      generation: 1,
      spec: {
        ...landings,
        entity: 'airprt',
        source: { eventType: 'flight.landed', keys: { airport: 'dta.destination' } },
        windows: ['7m', '1h', '1h'],
        features: [
          { name: 'count', aggregation: 'count', value: 'data.delay' },
          { name: 'count', aggregation: 'mean' },
          { name: 'late', aggregation: 'share', value: 'data.delay + 1' },
        ],
      },
    },
    entities,
  );
  expect(faults.map(({ path }) => path)).toEqual([
    '/entity',
    '/windows/0',
    '/windows/2',
    '/features/0/value',
    '/features/1',
    '/features/1/name',
    '/features/2/value',
    '/source/keys/airport',
  ]);
  expect(faults[0]?.message).toBe('there is no Entity "airprt"; nearest: airport');
});

test('a window of too many tiles is refused with the remedy', () => {
  const faults = checkView({ name: 'v', generation: 1, spec: { ...landings, tile: '1s', windows: ['7d'] } }, entities);
  expect(faults).toEqual([{ path: '/windows/0', message: '7d has more than 10000 tiles of 1s: choose a wider tile' }]);
});

test('a key that the entity does not have, and one that is missing, are faults', () => {
  const spec = {
    ...landings,
    entity: 'route',
    source: { eventType: 'flight.landed', keys: { orgin: 'data.origin', destination: 'data.destination' } },
  };
  expect(checkView({ name: 'v', generation: 1, spec }, entities).map(({ message }) => message)).toEqual([
    'Entity "route" has no key "orgin"; nearest: origin',
    'the key "origin" of Entity "route" is missing: say which value of the event it is',
  ]);
});

test('every fault of a service is told, with the nearest names', () => {
  const views = flightDefinitions().views();
  const faults = checkService(
    {
      name: 's',
      generation: 1,
      spec: {
        ...risk,
        views: [
          { role: 'inbound', view: 'airport-landing', keys: { airport: 'origin' } },
          { role: 'a', view: 'airport-landings', keys: { airport: 'orign' }, features: ['mean_delay_2h'] },
          { role: 'a', view: 'airport-landings', keys: {} },
        ],
        requestFeatures: [
          { name: 'x', value: 'context.distnce' },
          { name: 'y', value: 'context.zone' },
        ],
      },
    },
    views,
  );
  expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
    '/views/0/view there is no FeatureView "airport-landing"; nearest: airport-landings',
    '/views/1/keys/airport `entities` does not list "orign"; nearest: origin',
    '/views/1/features/0 FeatureView "airport-landings" has no feature "mean_delay_2h"; nearest: mean_delay_1h, mean_delay_3h, mean_delay_10m',
    '/views/2/role the role "a" is used twice',
    '/views/2/keys the key "airport" of Entity "airport" is missing: say which name in `entities` it is',
    '/requestFeatures/0/value context has no field "distnce"; nearest: distance (at character 1 of `context.distnce`)',
    '/requestFeatures/1/value `context.zone` results in a text; a feature is a number or a truth value',
  ]);
});

test('an unknown feature service is refused with the nearest name', () => {
  expect(() => flightDefinitions().service('flight-risks')).toThrow('is not declared; nearest: flight-risk');
  expect(() => flightDefinitions().service('flight-risks')).toThrow(DefinitionFaults);
});

test('a view that is deleted takes the services that read it with it, and says so', () => {
  const definitions = flightDefinitions();
  definitions.setView({ name: 'network-landings', generation: 2, deleted: true, spec: landings });
  expect(() => definitions.service('flight-risk')).toThrow('there is no FeatureView "network-landings"');
});

test('a changed view has a state of its own', () => {
  const definitions = flightDefinitions();
  const before = definitions.views().get('airport-landings') as ViewPlan;
  definitions.setView({ name: 'airport-landings', generation: 2, deleted: false, spec: landings });
  expect(definitions.views().get('airport-landings')?.stateKey).not.toBe(before.stateKey);
});

test('an older declaration that is heard later changes nothing, and a deleted one comes back with the next generation', () => {
  const definitions = flightDefinitions();
  const network = { name: 'network-landings', spec: { ...landings, entity: 'network', source: { eventType: 'flight.landed', keys: {} } } };
  definitions.setView({ ...network, generation: 3, deleted: true });
  definitions.setView({ ...network, generation: 2, deleted: false });
  definitions.setView({ ...network, generation: 3, deleted: false });
  expect(definitions.views().has('network-landings')).toBe(false);
  definitions.setView({ ...network, generation: 4, deleted: false });
  expect(definitions.views().get('network-landings')?.generation).toBe(4);
});

test('events that the filter does not hold for, or without a key, are passed over', () => {
  const plan = compileView({ name: 'v', generation: 1, spec: landings }, { keys: ['airport'] });
  const event = (data: unknown): Parameters<typeof plan.contributionOf>[0] => ({ id: 'e1', data, time: 0, knownTime: 0 });
  expect(plan.contributionOf(event({ destination: 'ORD', delay: 20 }))?.entity).toBe('["ORD"]');
  expect(plan.contributionOf(event({ destination: 'ORD', delay: 20, diverted: true }))).toBeUndefined();
  expect(plan.contributionOf(event({ delay: 20 }))).toBeUndefined();
});

test('an event whose time cannot be read (a leap second) is passed over and reported', () => {
  const plan = compileView({ name: 'v', generation: 1, spec: landings }, { keys: ['airport'] });
  const reports: string[] = [];
  const time = Date.parse('2016-12-31T23:59:60Z');
  expect(
    plan.contributionOf({ id: 'e1', data: { destination: 'ORD' }, time, knownTime: 0 }, (message) => reports.push(message)),
  ).toBeUndefined();
  expect(reports).toEqual(['its time cannot be read']);
});

test('an event with a value of the wrong type counts for nothing, and each such value is reported', () => {
  const plan = compileView({ name: 'v', generation: 1, spec: landings }, { keys: ['airport'] });
  const reports: string[] = [];
  const contribution = plan.contributionOf({ id: 'e1', data: { destination: 'ORD', delay: 'long' }, time: 0, knownTime: 0 }, (message) =>
    reports.push(message),
  );
  expect(contribution).toBeUndefined();
  expect(reports).toHaveLength(3);
});

test('nearest names come nearest first and leave strangers out', () => {
  expect(nearestNames('fligth-risk', ['flight-risk', 'flight-risks', 'network'])).toEqual(['flight-risk', 'flight-risks']);
});

describe('a changed view', () => {
  const wider = { ...landings, windows: ['10m', '1h', '3h', '24h'] };
  const first = { generation: 1, deleted: false };
  const live = { generation: 1, spec: landings };
  const changed = (revision: number, backfill?: string): Parameters<ReturnType<typeof flightDefinitions>['setView']>[0] => ({
    name: 'airport-landings',
    generation: 2,
    deleted: false,
    spec: wider,
    revision,
    ...(backfill !== undefined && { live: { ...live, backfill } }),
  });
  const keysOf = (definitions: ReturnType<typeof flightDefinitions>): unknown[] => [
    definitions.views().get('airport-landings')?.stateKey,
    definitions.candidates().map(({ stateKey }) => stateKey),
  ];

  test('is computed beside the one that answers, until it takes its place', () => {
    const definitions = flightDefinitions();
    definitions.setView(changed(0, 'running'));
    expect(keysOf(definitions)).toEqual(['airport-landings@1', ['airport-landings@2']]);
    definitions.setView(changed(1, 'paused'));
    expect(keysOf(definitions)).toEqual(['airport-landings@1', []]);
    definitions.setView(changed(2));
    expect(keysOf(definitions)).toEqual(['airport-landings@2', []]);
  });

  test('that is heard of in another order ends the same', () => {
    const definitions = flightDefinitions();
    for (const said of [changed(2), changed(0, 'running'), changed(1, 'paused')]) definitions.setView(said);
    expect(keysOf(definitions)).toEqual(['airport-landings@2', []]);
  });

  test('leaves a service that needs it what it was before, until it is there', () => {
    const definitions = flightDefinitions();
    const views = [{ role: 'inbound', view: 'airport-landings', keys: { airport: 'origin' }, features: ['count_24h'] }];
    const spec = { ...risk, views };
    definitions.setView(changed(0, 'running'));
    definitions.setService({ ...first, name: 'flight-risk', generation: 2, spec, live: { generation: 1, spec: risk } });
    expect(definitions.service('flight-risk').columns).toEqual(flightDefinitions().service('flight-risk').columns);
    expect([1, 2].map((generation) => definitions.answers('flight-risk', generation))).toEqual([true, false]);
    definitions.setView(changed(1));
    expect(definitions.service('flight-risk').columns[0]?.name).toBe('inbound__count_24h');
  });
});
