/** @jest-environment @roofshot/testing/jest-environment */
/** The whole service on its ports: contracts in, contracts out. */
import { assign } from '@roofshot/assignment/allocation';
import { deployments } from '@roofshot/contracts/deployments';
import type { AllocationDocument } from '@roofshot/contracts/experiments';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { run, type Running } from '@roofshot/runtime/run';
import { eventually } from '@roofshot/testing/eventually';
import { serving } from '../src/service.ts';
import type { Exposed, Served, Shadowed } from '../src/spool/entries.ts';
import { allocation, delays, MINUTE, NOON, noon, question, risk, ServingLab, streamingScore, timetableScore } from './serving-lab.ts';

let lab: ServingLab;
let running: Running;

beforeAll(async () => {
  lab = await ServingLab.open();
  running = await run([serving], { env: { ...lab.env, SERVING_FEATURES_TIMEOUT: '300ms' }, clock: () => noon });
  lab.url = running.urls['serving'] ?? '';
  await lab.ready();
  await lab.declareFeatures();
  await lab.putLandings('ORD', [30, 5, 40, 0]);
  await lab.putLandings('LAX', [5]);
  await lab.putProgress(noon - 2 * MINUTE);
  await lab.moveAlias('champion', 1, 'timetable');
  await lab.moveAlias('challenger', 2, 'streaming');
  await lab.deploy();
  await lab.awaitState('alias=champion&version=1');
  await lab.awaitState('alias=challenger&version=2');
}, 60_000);

afterAll(async () => {
  await running.stop();
  await lab.close();
});

async function logged(predictionId: string): Promise<Served> {
  await lab.published();
  const found = (await lab.read<Served>(predictions, 'prediction.served')).filter(({ data }) => data.predictionId === predictionId);
  expect(found).toHaveLength(1);
  return found[0]!.data;
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly faults?: readonly { path: string; message: string }[];
}

const problemOf = (answer: { body: unknown }): Problem => answer.body as Problem;

describe('an answer', () => {
  test('comes from the default variant, and all that was known is logged under its id', async () => {
    const { status, body } = await lab.predict(question({ predictionId: 'p-1' }));

    expect(status).toBe(200);
    expect(body).toMatchObject({ predictionId: 'p-1', unit: 'flight-1', model: 'delay', version: 1, variant: 'champion', fallback: false });
    expect(body.score).toBeCloseTo(timetableScore(1000), 6);
    expect(body).toMatchObject({ decision: 'none', degraded: false, featureAgeSeconds: 120, statuses: {} });
    expect(await logged('p-1')).toMatchObject({
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
    expect((await logged('p-null')).features).toMatchObject({ inbound__count_1h: 0, inbound__late_share_1h: null });
  });

  test('values older than maxFeatureAge are OUTSIDE_MAX_AGE and degrade the answer, but are still given', async () => {
    const { body } = await lab.predict(question({ predictionId: 'p-old', asOf: new Date(noon + 14 * MINUTE).toISOString() }));
    expect(body).toMatchObject({ degraded: true, featureAgeSeconds: 16 * 60 });
    expect(body.statuses).toEqual({ inbound__count_1h: 'OUTSIDE_MAX_AGE', inbound__late_share_1h: 'OUTSIDE_MAX_AGE' });
    expect((await logged('p-old')).features).toMatchObject({ inbound__count_1h: 4 });
    const fresher = await lab.predict(question({ asOf: new Date(noon + 13 * MINUTE).toISOString() }));
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
    expect((await logged('p-blind')).features).toEqual({ inbound__count_1h: null, inbound__late_share_1h: null, hour: 12, distance: 1000 });
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

describe('in an experiment', () => {
  const units = Array.from({ length: 40 }, (_, i) => `unit-${i}`);
  const ask = (run = 'exp'): ReturnType<ServingLab['predictAll']> =>
    lab.predictAll(units.map((unit) => question({ unit, predictionId: `${run}-${unit}` })));

  async function allocate(over: Partial<AllocationDocument>): Promise<AllocationDocument> {
    const document = { ...allocation, ...over };
    await lab.allocate(document);
    await lab.awaitState(`experiment=${document.experiment}&configVersion=${document.configVersion}`);
    return document;
  }

  test('every unit gets the variant that the library assigns, answered by the version it serves, and its exposure is recorded', async () => {
    const document = await allocate({ configVersion: 1, coverage: 0.8 });
    const answers = await ask();

    const expected = units.map((unit) => assign(document, unit));
    const variants = expected.map((assigned) => (assigned.inExperiment ? assigned.variant : 'champion'));
    expect(answers.map(({ variant }) => variant)).toEqual(variants);
    expect(new Set(variants)).toEqual(new Set(['control', 'treatment', 'champion']));
    answers.forEach(({ variant, version, score }) => {
      expect(version).toBe(variant === 'treatment' ? 2 : 1);
      expect(score).toBeCloseTo(variant === 'treatment' ? streamingScore(0.5, 4) : timetableScore(1000), 6);
    });
    await lab.published();
    const exposed = await lab.read<Exposed>(exposures);
    const byUnit = new Map(exposed.map((event) => [event.data.unit, event]));
    expect(exposed).toHaveLength(expected.filter(({ inExperiment }) => inExperiment).length);
    expected.forEach((assigned, i) => {
      const { time, data } = byUnit.get(units[i]!) ?? {};
      if (!assigned.inExperiment) expect(data).toBeUndefined();
      else {
        expect(time).toBe(NOON);
        expect(data).toEqual({
          unit: units[i],
          experiment: 'fresh-features',
          phase: 1,
          variant: assigned.variant,
          propensity: 0.5,
          configVersion: 1,
          predictionId: `exp-${units[i]}`,
          deployment: 'delays',
        });
      }
    });
    expect(await logged('exp-unit-0')).toMatchObject({ variant: variants[0] });
  });

  test('that was stopped, every unit gets the default variant and nothing is exposed', async () => {
    await allocate({ configVersion: 2, state: 'stopped' });
    const before = (await lab.read(exposures)).length;
    const answers = await ask('after');
    await lab.published();
    expect(new Set(answers.map(({ variant, version }) => `${variant} ${version}`))).toEqual(new Set(['champion 1']));
    expect(await lab.read(exposures)).toHaveLength(before);
    const { allocation: found } = await lab.awaitState('experiment=fresh-features&state=stopped');
    expect(found).toEqual({ experiment: 'fresh-features', configVersion: 2, state: 'stopped' });
  });

  test('the assigned variant is kept, and exposed, when the default variant’s version has to answer for it', async () => {
    await lab.deploy(
      {
        ...delays,
        variants: [
          { name: 'champion', alias: 'champion' },
          { name: 'challenger', alias: 'unset' },
        ],
      },
      'lame',
    );
    await allocate({ experiment: 'lame-one', deployment: 'lame', configVersion: 1, variants: oneSided('challenger') });
    await eventually(async () => expect((await lab.awaitState('experiment=lame-one&state=running', 'lame')).allocation).not.toBeNull());

    const { body } = await lab.predict(question({ unit: 'lame-unit', predictionId: 'lame-1' }), 'lame');
    expect(body).toMatchObject({ variant: 'treatment', experiment: 'lame-one', version: 1, fallback: true });
    await lab.published();
    const exposed = (await lab.read<Exposed>(exposures)).filter(({ data }) => data.predictionId === 'lame-1');
    expect(exposed.map(({ data }) => data.variant)).toEqual(['treatment']);
  });

  test('the declared constant answers when no version can, and without one the question is refused', async () => {
    const spec = { ...delays, model: 'unborn', shadows: [] };
    await lab.deploy(spec, 'constant');
    expect((await lab.predict(question(), 'constant')).body).toMatchObject({
      score: 0.25,
      version: null,
      fallback: true,
      variant: 'champion',
    });

    const { fallback: _none, ...without } = spec;
    await lab.deploy(without, 'constant');
    const refused = await lab.predict(question(), 'constant');
    expect(refused.status).toBe(503);
    expect(problemOf(refused)).toMatchObject({
      code: 'no-answer',
      detail: expect.stringContaining('the alias champion of unborn names no version'),
    });
  });

  test('a version that needs a feature which the service lacks leaves the answer to the fallback, and the state tells', async () => {
    await lab.declareFeatures({ ...risk, views: [] }, { name: 'bare' });
    await lab.deploy({ ...delays, featureService: 'bare', variants: [{ name: 'challenger', alias: 'challenger' }] }, 'bare');
    const { faults } = await lab.awaitState('alias=challenger&version=2', 'bare');
    expect(faults).toEqual(['version 2 of delay needs inbound__late_share_1h, inbound__count_1h, which FeatureService bare does not have']);
    const { body } = await lab.predict(question({ entities: { origin: 'ORD' } }), 'bare');
    expect(body).toMatchObject({ score: 0.25, fallback: true, version: null });
  });
});

const oneSided = (serves: string): AllocationDocument['variants'] => [
  { name: 'control', serves: 'champion', weight: 0 },
  { name: 'treatment', serves, weight: 1 },
];

describe('shadows', () => {
  test('score the same vectors after the answer, on the log behind their prediction, and never expose', async () => {
    await lab.moveAlias('shadow', 2, 'streaming');
    await lab.awaitState('alias=shadow&version=2');
    const before = (await lab.read(exposures)).length;
    const asked = ['ORD', 'LAX'].map((origin) =>
      question({ unit: `seen-${origin}`, predictionId: `seen-${origin}`, entities: { origin } }),
    );
    await lab.predictAll(asked);
    await lab.published();

    const events = await lab.read<Served | Shadowed>(predictions);
    const ofUnit = (unit: string): typeof events => events.filter(({ data }) => data.unit === unit);
    expect(ofUnit('seen-ORD').map(({ type }) => type)).toEqual(['prediction.served', 'shadow.scored']);
    const [, shadowed] = ofUnit('seen-LAX');
    expect(shadowed).toMatchObject({
      time: NOON,
      data: { alias: 'shadow', model: 'delay', version: 2, decision: 'none', predictionId: 'seen-LAX' },
    });
    expect(shadowed?.data.score).toBeCloseTo(streamingScore(0, 1), 6);
    expect(await lab.read(exposures)).toHaveLength(before);
  });
});

describe('a deployment', () => {
  test('with faults is not applied, and all faults are told', async () => {
    const variants = [
      { name: 'a', alias: 'champion' },
      { name: 'a', alias: 'challenger' },
    ];
    const decision = { warn: 'p >', late: 'features.inbound__late_share_2h > 0.5', odd: 'p + 1' };
    const { status, body } = await lab.deploy({ ...delays, variants, decision, shadows: ['shadow', 'shadow'] }, 'faulty');
    expect(status).toBe(422);
    const faults = (body['faults'] ?? []) as { path: string; message: string }[];
    expect(faults.map(({ path }) => path)).toEqual([
      '/spec/variants/1/name',
      '/spec/shadows/1',
      '/spec/decision/warn',
      '/spec/decision/late',
      '/spec/decision/odd',
    ]);
    expect(faults[3]?.message).toContain('inbound__late_share_1h');
    expect((await lab.predict(question(), 'faulty')).status).toBe(404);
  });

  test('applied twice changes nothing; changed, it is announced with its generation; deleted, it answers no more', async () => {
    await lab.deploy(delays, 'brief');
    expect((await lab.deploy(delays, 'brief')).body).toMatchObject({ result: 'unchanged' });
    await lab.deploy({ ...delays, fallback: { score: 0.5 } }, 'brief');
    await lab.call('/v1/deployments/brief', { method: 'DELETE' });

    expect((await lab.predict(question(), 'brief')).status).toBe(404);
    const said = (await lab.read<{ name: string; generation: number; deleted: boolean }>(deployments, 'deployment.changed')).map(
      ({ data }) => data,
    );
    expect(said.filter(({ name }) => name === 'brief').map(({ generation, deleted }) => [generation, deleted])).toEqual([
      [1, false],
      [2, false],
      [2, true],
    ]);
  });

  test('may be applied before its feature service: it says what it waits for, and answers as soon as it is there', async () => {
    expect((await lab.deploy({ ...delays, featureService: 'risc' }, 'early')).status).toBe(200);
    const refused = await lab.predict(question(), 'early');
    expect(refused.status).toBe(503);
    expect(problemOf(refused).detail).toMatch(/FeatureService "risc" .* is not declared; nearest: risk/);
    expect((await lab.awaitState('', 'early')).ready).toBe(false);

    await lab.declareFeatures(risk, { name: 'risc' });
    await eventually(async () => expect((await lab.predict(question(), 'early')).status).toBe(200));
  });

  test('uses a changed feature service at once, and logs its generation', async () => {
    const doubled = {
      ...risk,
      requestFeatures: [
        { name: 'hour', value: 'context.hour' },
        { name: 'distance', value: 'context.distance * 2' },
      ],
    };
    await lab.declareFeatures(doubled, { name: 'risc', generation: 2 });
    await eventually(async () => expect((await lab.predict(question(), 'early')).body.score).toBeCloseTo(timetableScore(2000), 6));
    await lab.predict(question({ predictionId: 'p-doubled' }), 'early');
    expect(await logged('p-doubled')).toMatchObject({ featureService: 'risc', featureServiceGeneration: 2, features: { distance: 2000 } });
  });

  test('tells its state, held until it is so or the time is over', async () => {
    const held = lab.awaitState('alias=champion&version=7');
    await lab.moveAlias('champion', 7, 'coin');
    expect((await held).variants).toEqual([
      { variant: 'champion', alias: 'champion', version: 7 },
      { variant: 'challenger', alias: 'challenger', version: 2 },
    ]);
    const { body } = await lab.call<{ variants: unknown[] }>('/v1/deployments/delays/state?alias=champion&version=8&wait=50ms');
    expect(body.variants[0]).toMatchObject({ version: 7 });
  });
});
