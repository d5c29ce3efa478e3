/** @jest-environment @roofshot/testing/jest-environment */
/** Deployments as they are declared, changed and told. */
import { deployments } from '@roofshot/contracts/deployments';
import { eventually } from '@roofshot/testing/eventually';
import { problemOf, RunningServing } from './running-serving.ts';
import { delays, question, risk, timetableScore, type ServingLab } from './serving-lab.ts';

let running: RunningServing;
let lab: ServingLab;

beforeAll(async () => {
  running = await RunningServing.withDelays();
  ({ lab } = running);
}, 60_000);
afterAll(() => running.stop());

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
    expect(await running.logged('p-doubled')).toMatchObject({
      featureService: 'risc',
      featureServiceGeneration: 2,
      features: { distance: 2000 },
    });
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
