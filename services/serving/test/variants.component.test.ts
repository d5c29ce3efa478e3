/** @jest-environment @roofshot/testing/jest-environment */
/** Who answers: experiments, fallbacks, shadows. */
import { assign } from '@roofshot/assignment/allocation';
import type { AllocationDocument } from '@roofshot/contracts/experiments';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { eventually } from '@roofshot/testing/eventually';
import type { Exposed, Served, Shadowed } from '../src/spool/entries.ts';
import { problemOf, RunningServing } from './running-serving.ts';
import { allocation, delays, NOON, question, risk, streamingScore, timetableScore, type ServingLab } from './serving-lab.ts';

let running: RunningServing;
let lab: ServingLab;

beforeAll(async () => {
  running = await RunningServing.withDelays();
  ({ lab } = running);
}, 60_000);
afterAll(() => running.stop());

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
    const part = { experiment: 'fresh-features', phase: 1, configVersion: 1, propensity: 0.5, deployment: 'delays' };
    const taking = units.flatMap((unit, i) =>
      expected[i]?.inExperiment === true ? [{ unit, variant: variants[i], predictionId: `exp-${unit}`, ...part }] : [],
    );
    const byUnit = (left: { unit: string }, right: { unit: string }): number => (left.unit < right.unit ? -1 : 1);
    expect(exposed.map(({ data }) => data).sort(byUnit)).toEqual(taking.sort(byUnit));
    expect(new Set(exposed.map(({ time }) => time))).toEqual(new Set([NOON]));
    expect(await running.logged('exp-unit-0')).toMatchObject({ variant: variants[0] });
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
    const missing = 'version 2 of delay needs inbound__late_share_1h, inbound__count_1h, which FeatureService bare does not have';
    // The feature service and the deployment come on different topics, in either order.
    await eventually(async () => expect((await lab.awaitState('alias=challenger&version=2', 'bare')).faults).toEqual([missing]));
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
