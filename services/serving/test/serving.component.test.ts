/** @jest-environment @roofshot/testing/jest-environment */
/** Questions and answers: contracts in, contracts out. */
import { predictions } from '@roofshot/contracts/predictions';
import type { Served } from '../src/spool/entries.ts';
import { problemOf, RunningServing } from './running-serving.ts';
import { delays, MINUTE, NOON, noon, question, timetableScore, type ServingLab } from './serving-lab.ts';

let running: RunningServing;
let lab: ServingLab;

beforeAll(async () => {
  running = await RunningServing.withDelays({ SERVING_FEATURES_TIMEOUT: '300ms' });
  ({ lab } = running);
}, 60_000);
afterAll(() => running.stop());

describe('an answer', () => {
  test('comes from the default variant, and all that was known is logged under its id', async () => {
    const { status, body } = await lab.predict(question({ predictionId: 'p-1' }));

    expect(status).toBe(200);
    expect(body).toMatchObject({ predictionId: 'p-1', unit: 'flight-1', model: 'delay', version: 1, variant: 'champion', fallback: false });
    expect(body.score).toBeCloseTo(timetableScore(1000), 6);
    expect(body).toMatchObject({ decision: 'none', degraded: false, featureAgeSeconds: 120, statuses: {} });
    expect(await running.logged('p-1')).toMatchObject({
      asOf: NOON,
      entities: { origin: 'ORD' },
      context: { hour: 12, distance: 1000 },
      features: { inbound__count_1h: 4, inbound__late_share_1h: 0.5, hour: 12, distance: 1000 },
      featureService: 'risk',
      featureServiceGeneration: 1,
      propensity: 1,
      score: body.score,
    });
  });

  test('is an event at the time that was asked about, under the request’s correlation id', async () => {
    const headers = { 'content-type': 'application/json', 'x-correlation-id': 'journey-7' };
    const body = JSON.stringify(question({ predictionId: 'p-2', asOf: '2001-01-15T13:00:00+01:00' }));
    const answer = await fetch(`${lab.url}/v1/predict/delays`, { method: 'POST', body, headers });
    expect(answer.status).toBe(200);
    await lab.published();
    const [event] = (await lab.read<Served>(predictions)).filter(({ data }) => data.predictionId === 'p-2');
    expect(event).toMatchObject({ time: NOON, correlationid: 'journey-7', source: '/roofshot/serving' });
  });

  test('of a batch stands in the place of its question', async () => {
    const answers = await lab.predictAll([1, 2, 3].map((i) => question({ unit: `unit-${i}`, context: { hour: 12, distance: i * 1000 } })));
    expect(answers.map(({ unit }) => unit)).toEqual(['unit-1', 'unit-2', 'unit-3']);
    answers.forEach(({ score }, i) => expect(score).toBeCloseTo(timetableScore((i + 1) * 1000), 6));
  });

  test('carries the first decision whose condition holds, over score, features and context', async () => {
    const decisionOf = async (context: object): Promise<string> => (await lab.predict(question({ context }))).body.decision;
    expect(await decisionOf({ hour: 20, distance: 2500 })).toBe('warn'); // p = .56
    expect(await decisionOf({ hour: 20, distance: 500 })).toBe('hint'); // p = .32
    expect(await decisionOf({ hour: 9, distance: 500 })).toBe('none');
  });
});

describe('what is told about features', () => {
  test('an airport that was never seen is NOT_FOUND and degrades the answer', async () => {
    const { body } = await lab.predict(question({ entities: { origin: 'XXX' } }));
    expect(body).toMatchObject({ degraded: true, statuses: { inbound__count_1h: 'NOT_FOUND', inbound__late_share_1h: 'NOT_FOUND' } });
  });

  test('the share of no landings is truly null: that degrades nothing', async () => {
    const { body } = await lab.predict(question({ predictionId: 'p-null', asOf: new Date(noon - 50 * MINUTE).toISOString() }));
    expect(body).toMatchObject({ degraded: false, statuses: { inbound__late_share_1h: 'NULL_VALUE' }, featureAgeSeconds: 0 });
    expect((await running.logged('p-null')).features).toMatchObject({ inbound__count_1h: 0, inbound__late_share_1h: null });
  });

  test('values older than maxFeatureAge are OUTSIDE_MAX_AGE and degrade the answer, but are still given', async () => {
    running.clock.advance(14 * MINUTE);
    const { body } = await lab.predict(question({ predictionId: 'p-old', asOf: new Date(noon + 14 * MINUTE).toISOString() }));
    running.clock.set(noon);
    expect(body).toMatchObject({ degraded: true, featureAgeSeconds: 16 * 60 });
    expect(body.statuses).toEqual({ inbound__count_1h: 'OUTSIDE_MAX_AGE', inbound__late_share_1h: 'OUTSIDE_MAX_AGE' });
    expect((await running.logged('p-old')).features).toMatchObject({ inbound__count_1h: 4 });
    running.clock.advance(13 * MINUTE);
    const fresher = await lab.predict(question({ asOf: new Date(noon + 13 * MINUTE).toISOString() }));
    running.clock.set(noon);
    expect(fresher.body).toMatchObject({ degraded: false, featureAgeSeconds: 15 * 60 });
  });

  test('when the online store cannot be read the answer is made without it, and says so', async () => {
    await lab.database.sql.query('ALTER TABLE online.rows RENAME TO gone');
    const { status, body } = await lab.predict(question({ predictionId: 'p-blind' }));
    await lab.database.sql.query('ALTER TABLE online.gone RENAME TO rows');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: 1,
      degraded: true,
      statuses: { inbound__count_1h: 'NOT_FOUND', inbound__late_share_1h: 'NOT_FOUND' },
    });
    expect((await running.logged('p-blind')).features).toEqual({
      inbound__count_1h: null,
      inbound__late_share_1h: null,
      hour: 12,
      distance: 1000,
    });
  });

  test('a store that does not answer in time is not waited for', async () => {
    const lock = lab.database.sql.transaction(async (tx) => {
      await tx.query('LOCK TABLE online.rows IN ACCESS EXCLUSIVE MODE');
      const { body } = await lab.predict(question());
      expect(body).toMatchObject({ degraded: true, version: 1 });
    });
    await lock;
    expect((await lab.predict(question())).body).toMatchObject({ degraded: false });
  });
});

describe('a wrong question', () => {
  test('is refused with all faults of a batch at once and the nearest names, and nothing is logged', async () => {
    const requests = [
      question({ entities: { orign: 'ORD' }, predictionId: 'p-bad' }),
      question({ context: { hour: 'noon', distance: 1, wether: 'fog' } }),
    ];
    const answer = await lab.predict({ requests });
    expect(answer.status).toBe(400);
    const { faults = [], code } = problemOf(answer);
    expect(code).toBe('invalid');
    expect(faults.map(({ path }) => path)).toEqual([
      '/requests/0/entities/origin',
      '/requests/0/entities/orign',
      '/requests/1/context/wether',
      '/requests/1/context/hour',
    ]);
    expect(faults[1]?.message).toContain('nearest: origin');
    await lab.published();
    expect((await lab.read<Served>(predictions)).filter(({ data }) => data.predictionId === 'p-bad')).toEqual([]);
  });

  test('is refused when its shape is wrong, with the place', async () => {
    const answer = await lab.predict({ requests: [question(), question({ unit: '', asOf: 'yesterday' })] });
    expect(answer.status).toBe(400);
    expect(problemOf(answer).faults?.map(({ path }) => path)).toEqual(['/requests/1/unit', '/requests/1/asOf']);
  });

  test('about a time that has not come is refused, and nothing is logged; a clock that is a little fast is not', async () => {
    const at = (ms: number): string => new Date(noon + ms).toISOString();
    const answer = await lab.predict({ requests: [question(), question({ predictionId: 'p-ahead', asOf: at(MINUTE + 1) })] });
    expect(answer.status).toBe(400);
    expect(problemOf(answer).faults).toEqual([
      { path: '/requests/1/asOf', message: expect.stringContaining('lies in the future: it is 2001-01-15T12:00:00.000Z here') },
    ]);
    const forever = await lab.predict(question({ asOf: '9999-01-01T00:00:00Z' }));
    expect(forever.status).toBe(400);
    expect((await lab.predict(question({ asOf: at(MINUTE) }))).status).toBe(200);
    await lab.published();
    expect((await lab.read<Served>(predictions)).filter(({ data }) => data.predictionId === 'p-ahead')).toEqual([]);
  });

  test('whose unit or entity no log can hold is refused, and the log goes on', async () => {
    const requests = [question({ unit: 'a\0b' }), question({ entities: { origin: 'OR\uD800' } })];
    const answer = await lab.predict({ requests });
    expect(problemOf(answer).faults?.map(({ path }) => path)).toEqual(['/requests/0/unit', '/requests/1/entities/origin']);
    await lab.predict(question({ predictionId: 'after-nul', unit: 'é 😀' }));
    expect(await running.logged('after-nul')).toMatchObject({ unit: 'é 😀' });
  });

  test('about an unknown deployment is told the nearest', async () => {
    const answer = await lab.predict(question(), 'delay');
    expect(answer.status).toBe(404);
    expect(problemOf(answer).detail).toContain('There is no Deployment delay; nearest: delays.');
  });

  test('asked twice in one batch under one id is refused', async () => {
    const answer = await lab.predict({ requests: [question({ predictionId: 'same' }), question({ predictionId: 'same' })] });
    expect(problemOf(answer).faults).toEqual([
      { path: '/requests/1/predictionId', message: '"same" is asked twice in this batch, first at /requests/0' },
    ]);
  });

  test('in a batch beyond the deployment’s limit is refused with the limit', async () => {
    await lab.deploy({ ...delays, limits: { maxBatch: 2 } }, 'small');
    const answer = await lab.predict({ requests: [question(), question(), question()] }, 'small');
    expect(answer.status).toBe(400);
    expect(problemOf(answer).detail).toContain('Deployment small takes 2 at once');
  });
});
