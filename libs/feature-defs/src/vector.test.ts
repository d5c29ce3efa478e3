import { flightDefinitions } from '../test/flight-definitions.ts';
import { OnlineRows, progressRow, seriesRow } from './online-rows.ts';
import { checkRequest, type VectorRequest } from './service-plan.ts';
import { addEvent, emptySeries, type TileSeries } from './tiles.ts';
import { buildVector, keysOf } from './vector.ts';
import type { ViewPlan } from './view-plan.ts';

const definitions = flightDefinitions();
const plan = definitions.service('flight-risk');
const airports = definitions.views().get('airport-landings') as ViewPlan;
const network = definitions.views().get('network-landings') as ViewPlan;
const NOON = Date.parse('2001-01-15T12:00:00Z');
const MINUTE = 60_000;
const request: VectorRequest = {
  entities: { origin: 'ORD', destination: 'DFW' },
  context: { distance: 100, zone: 'America/Chicago' },
  asOf: NOON,
};

function seriesOf(view: ViewPlan, landings: readonly { minutesAgo: number; delay: number }[]): TileSeries {
  const series = emptySeries(view.layout);
  for (const { minutesAgo, delay } of landings) {
    const time = NOON - minutesAgo * MINUTE;
    const contribution = view.contributionOf({ id: String(minutesAgo), data: { destination: 'ORD', delay }, time, knownTime: time });
    if (contribution !== undefined) addEvent(series, contribution);
  }
  return series;
}

/** The rows as the online store would answer them. */
function stored(series: readonly { view: ViewPlan; entity: string; series: TileSeries }[], progress: number | null): OnlineRows {
  const rows = [
    ...series.map(({ view, entity, series: tiles }) => seriesRow(view.stateKey, entity, tiles, 1)),
    ...(progress === null ? [] : [airports, network].map((view) => progressRow(view.stateKey, progress))),
  ];
  const keys = keysOf(plan, [request]);
  return new OnlineRows(
    keys,
    keys.map((key) => rows.find((row) => row.view === key.view && row.entity === key.entity)),
  );
}

test('one round trip reads each row once, and one progress per view', () => {
  const keys = keysOf(plan, [request, { entities: { origin: 'DFW', destination: 'ORD' } }]);
  expect(keys.filter(({ view }) => view === airports.stateKey).map(({ entity }) => entity)).toEqual(['#progress', '["ORD"]', '["DFW"]']);
  expect(keys.filter(({ view }) => view === network.stateKey).map(({ entity }) => entity)).toEqual(['#progress', '[]']);
});

test('values come in the order of the plan, with truthful statuses', () => {
  const source = stored(
    [
      {
        view: airports,
        entity: '["ORD"]',
        series: seriesOf(airports, [
          { minutesAgo: 10, delay: 20 },
          { minutesAgo: 70, delay: 90 },
        ]),
      },
    ],
    NOON,
  );
  const vector = buildVector(plan, request, source);
  expect(vector.values).toEqual([20, 1, null, 0, Math.log(100), 6]);
  expect(vector.statuses).toEqual(['PRESENT', 'PRESENT', 'NOT_FOUND', 'NOT_FOUND', 'PRESENT', 'PRESENT']);
});

test('a mean of no events is NULL_VALUE, and a count of none is a present 0', () => {
  const source = stored([{ view: airports, entity: '["ORD"]', series: seriesOf(airports, [{ minutesAgo: 70, delay: 90 }]) }], NOON);
  const vector = buildVector(plan, request, source);
  expect(vector.values.slice(0, 2)).toEqual([null, 0]);
  expect(vector.statuses.slice(0, 2)).toEqual(['NULL_VALUE', 'PRESENT']);
});

test('a window that reaches behind what is kept is not known, instead of too small', () => {
  const source = stored([{ view: airports, entity: '["ORD"]', series: seriesOf(airports, [{ minutesAgo: 10, delay: 20 }]) }], NOON);
  const vector = buildVector(plan, { ...request, asOf: NOON - 12 * 3_600_000 }, source);
  expect(vector.statuses.slice(0, 2)).toEqual(['OUTSIDE_MAX_AGE', 'OUTSIDE_MAX_AGE']);
  expect(vector.values.slice(0, 2)).toEqual([null, null]);
});

test('age is what the stored values may miss, and progress that is not known is no progress', () => {
  expect(buildVector(plan, request, stored([], NOON - 90_000)).ageMs).toBe(90_000);
  expect(buildVector(plan, request, stored([], NOON + 90_000)).ageMs).toBe(0);
  expect(buildVector(plan, request, stored([], null)).ageMs).toBe(NOON);
});

test('a request feature over something unknown is NULL_VALUE', () => {
  const vector = buildVector(plan, { ...request, context: { distance: null, zone: 'UTC' } }, stored([], NOON));
  expect(vector.values.slice(4)).toEqual([null, 12]);
  expect(vector.statuses.slice(4)).toEqual(['NULL_VALUE', 'PRESENT']);
});

test('names that are missing, misspelt or of the wrong type are told', () => {
  const faults = checkRequest(plan, { entities: { origin: 'ORD', destinatoin: 'DFW' }, context: { distance: 'far', zone: 'UTC' } });
  expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    '/entities/destination: it is missing: FeatureService "flight-risk" needs it',
    '/entities/destinatoin: FeatureService "flight-risk" does not know it; nearest: destination',
    '/context/distance: it must be a number and is a string',
  ]);
});
