/** @jest-environment @roofshot/testing/jest-environment */
/** The whole service on its ports: contracts in, contracts out. */
import { deployments } from '@roofshot/contracts/deployments';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { run, type Running } from '@roofshot/runtime/run';
import { serving } from '../src/service.ts';
import type { Exposed, Served, Shadowed } from '../src/spool/entries.ts';
import { delays, MINUTE, NOON, noon, question, ServingLab, streamingScore, timetableScore } from './serving-lab.ts';

let lab: ServingLab;
let running: Running;

beforeAll(async () => {
  lab = await ServingLab.open();
  running = await run([serving], { env: lab.env, clock: () => noon });
  lab.url = running.urls['serving'] ?? '';
  await lab.ready();
  await lab.declareFeatures();
  await lab.putLandings('ORD', [30, 5, 40, 0]);
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

test('a question is answered by the default variant, and all that was known is logged under its id', async () => {
  const { status, body } = await lab.predict(question({ predictionId: 'p-1' }));

  expect(status).toBe(200);
  expect(body).toMatchObject({ predictionId: 'p-1', unit: 'flight-1', model: 'delay', version: 1, variant: 'champion', fallback: false });
  expect(body.score).toBeCloseTo(timetableScore(1000), 6);
  expect(body).toMatchObject({ decision: 'none', degraded: false, featureAgeSeconds: 120, statuses: {} });
  await lab.published();
  const [served] = (await lab.read<Served>(predictions, 'prediction.served')).filter(({ data }) => data.predictionId === 'p-1');
  expect(served?.time).toBe(NOON);
  expect(served?.data).toMatchObject({
    features: { inbound__count_1h: 4, inbound__late_share_1h: 0.5, hour: 12, distance: 1000 },
    featureService: 'risk',
    featureServiceGeneration: 1,
    propensity: 1,
    score: body.score,
  });
});
