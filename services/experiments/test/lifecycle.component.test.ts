import type { AssignmentAnswer } from '@roofshot/contracts/http/experiments';
import { answered, costOf, exposed, landed, makeFlights, type Flight } from './flights.ts';
import { costPerFlight, EXPERIMENT, freshFeatures, HOUR, iso, Lab, MONDAY } from './lab.ts';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly faults?: readonly { readonly path: string; readonly message: string }[];
}

describe('experiments', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start();
  });
  afterAll(() => lab.close());

  const start = (body: object = { at: iso(MONDAY) }): Promise<{ status: number; body: Problem & { phase: number } }> =>
    lab.call('POST', `/v1/experiments/${EXPERIMENT}/start`, body);

  test('are refused with every fault at once', async () => {
    const { status, body } = await lab.apply('Experiment', EXPERIMENT, {
      ...freshFeatures,
      variants: [
        { name: 'control', serves: 'champion', weight: 0.5 },
        { name: 'control', serves: 'challenger', weight: 0.4 },
      ],
      metric: 'cost-per-flght',
      design: { duration: '7d', alpha: 0.7 },
    });
    expect(status).toBe(422);
    const faults = body.faults?.map(({ path, message }) => `${path} ${message}`).join('\n');
    expect(faults).toContain('/spec/variants has 0 controls');
    expect(faults).toContain('/spec/variants has two variants named control');
    expect(faults).toContain('/spec/variants has weights that add up to 0.9');
    expect(faults).toContain('/spec/design/alpha is 0.7');
    expect(faults).toContain('/spec/metric there is no Metric cost-per-flght');
  });

  test('measure only with metrics whose expressions hold', async () => {
    const { status, body } = await lab.apply('Metric', 'cost-per-flight', { ...costPerFlight, value: "decison == 'warn' ? 1 : 0" });
    expect(status).toBe(422);
    expect(body.faults?.[0]).toMatchObject({ path: '/spec/value' });
    expect(body.faults?.[0]?.message).toContain('decision');
  });

  test('start only when both variants name a version, and say what to do', async () => {
    await lab.apply('Metric', 'cost-per-flight', costPerFlight);
    await lab.apply('Experiment', EXPERIMENT, freshFeatures);
    expect((await lab.results()).state).toBe('draft');
    const unset = await start();
    expect([unset.status, unset.body.code]).toEqual([409, 'not-startable']);
    expect(unset.body.detail).toContain('the alias champion of delay');
    expect(unset.body.detail).toContain('PUT /v1/models/delay/aliases/champion');
    await lab.setAlias('champion', 1);
    expect((await start()).body.detail).toContain('the alias challenger of delay');
    // Set a moment before the start: it counts.
    await lab.setAlias('challenger', 2);
    expect((await start()).status).toBe(200);
  });

  test('answer the same to the same start, and refuse another one', async () => {
    expect((await start()).body.phase).toBe(1);
    const other = await start({ at: iso(MONDAY + HOUR) });
    expect([other.status, other.body.code]).toEqual([409, 'already-running']);
  });

  test('have their deployment for themselves', async () => {
    await lab.apply('Experiment', 'another', freshFeatures);
    const { status, body } = await lab.call<Problem>('POST', '/v1/experiments/another/start', {});
    expect([status, body.code]).toEqual([409, 'deployment-busy']);
    expect(body.detail).toContain(EXPERIMENT);
  });

  test('are fixed while they run, and so is what they measure', async () => {
    const changed = await lab.apply('Experiment', EXPERIMENT, { ...freshFeatures, seed: 'other', design: { duration: '1d' } });
    expect(changed.status).toBe(422);
    expect(changed.body.faults?.map(({ path }) => path)).toEqual(['/spec/seed', '/spec/design']);
    expect(changed.body.faults?.[0]?.message).toContain('start a new phase');
    const words = await lab.apply('Experiment', EXPERIMENT, { ...freshFeatures, hypothesis: 'in other words' });
    expect(words.status).toBe(200);
    const metric = await lab.apply('Metric', 'cost-per-flight', { ...costPerFlight, maturity: '1h' });
    expect(metric.body.faults?.[0]?.message).toContain('start a new phase');
    expect((await lab.call<Problem>('DELETE', `/v1/experiments/${EXPERIMENT}`)).body.detail).toContain('its phase 1 runs');
    expect((await lab.call<Problem>('DELETE', '/v1/metrics/cost-per-flight')).body.detail).toContain(
      `the experiment ${EXPERIMENT} uses it`,
    );
  });

  test('tell their state where they are declared', async () => {
    const { body } = await lab.call<{ status: object }>('GET', `/v1/experiments/${EXPERIMENT}`);
    expect(body.status).toMatchObject({ state: 'running', phase: 1, champion: 1, challenger: 2, startedAt: iso(MONDAY) });
  });

  test('tell why a unit has its variant, and what came of it', async () => {
    const [flight] = makeFlights(1, { skill: { control: 1, treatment: 0 }, days: 0.01 }) as [Flight];
    const ask = async (): Promise<AssignmentAnswer> =>
      (await lab.call<AssignmentAnswer>('GET', `/v1/experiments/${EXPERIMENT}/assignments/${encodeURIComponent(flight.unit)}`)).body;
    const before = await ask();
    expect(before).toMatchObject({ variant: flight.variant, propensity: 0.5, configVersion: 1, met: null });
    expect(before.because).toContain('seed exp-1');
    await lab.publish([landed(flight), exposed(flight), answered(flight)]);
    await lab.settled();
    expect((await ask()).met).toEqual({
      variants: [flight.variant],
      firstExposedAt: iso(flight.askedAt),
      predictionId: `${flight.unit}@${flight.askedAt}`,
      decision: flight.decision,
      outcomeAt: iso(flight.landedAt),
      value: costOf(flight.decision, flight.delay),
    });
  });

  test('that do not exist are told by name', async () => {
    for (const path of ['/v1/experiments/nobody/results', '/v1/experiments/nobody/assignments/u']) {
      const { status, body } = await lab.call<Problem>('GET', path);
      expect([status, body.code]).toEqual([404, 'not-found']);
      expect(body.detail).toContain('nobody');
    }
    expect((await lab.call('POST', '/v1/experiments/nobody/start', {})).status).toBe(404);
  });
});
