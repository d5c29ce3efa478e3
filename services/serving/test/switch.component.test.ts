/** @jest-environment @roofshot/testing/jest-environment */
/** Aliases move while questions are being answered. */
import { deployments } from '@roofshot/contracts/deployments';
import { modelVersions } from '@roofshot/contracts/models';
import { predictions } from '@roofshot/contracts/predictions';
import { snapshot } from '@roofshot/telemetry/define-metrics';
import { eventually } from '@roofshot/testing/eventually';
import { RunningServing } from './running-serving.ts';
import { MINUTE, noon, question, type ServingLab } from './serving-lab.ts';

interface Switched {
  readonly name: string;
  readonly alias: string;
  readonly version: number | null;
  readonly previous: number | null;
  readonly milliseconds: number;
}

let lab: ServingLab;
let running: RunningServing;

const switches = async (alias: string): Promise<Switched[]> => {
  const events = await lab.read<Switched>(deployments, 'deployment.switched');
  return events.map(({ data }) => data).filter((data) => data.alias === alias);
};

beforeAll(async () => {
  running = await RunningServing.start({ SERVING_SHADOW_QUEUE: '2' });
  ({ lab } = running);
  await lab.declareFeatures();
  await lab.putProgress(noon - MINUTE);
  await lab.moveAlias('champion', 1, 'timetable');
  await lab.deploy();
  await lab.awaitServing({ champion: 1 });
}, 60_000);

afterAll(() => running.stop());

const WORKERS = 50;
const LEAST_REQUESTS = 2_000;
const SWITCHES = 20;

test('2,000 questions over 20 switches: none is lost or fails, and each is answered by one of the two versions', async () => {
  const answers: { status: number; version: unknown; fallback: unknown }[] = [];
  let isOver = false;
  const workers = Array.from({ length: WORKERS }, async (_, worker) => {
    for (let i = 0; !isOver || answers.length < LEAST_REQUESTS; i += 1) {
      const { status, body } = await lab.predict(question({ unit: `flight-${worker}-${i}` }));
      answers.push({ status, version: body.version, fallback: body.fallback });
    }
  });

  try {
    for (let i = 1; i <= SWITCHES; i += 1) {
      const version = i % 2 === 1 ? 2 : 1;
      const before = answers.length;
      await lab.moveAlias('champion', version, version === 1 ? 'timetable' : 'streaming');
      await lab.awaitState(`alias=champion&version=${version}`);
      await eventually(() => answers.length >= before + WORKERS, { describe: 'questions answered by the new version' });
    }
  } finally {
    isOver = true;
    await Promise.all(workers);
  }

  expect(answers.length).toBeGreaterThanOrEqual(LEAST_REQUESTS);
  expect(answers.filter(({ status, fallback }) => status !== 200 || fallback !== false)).toEqual([]);
  expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1, 2]));
}, 60_000);

test('each switch is announced once, with what answered before and how long it took, and a restart repeats none', async () => {
  const expected = Array.from({ length: SWITCHES + 1 }, (_, i) => ({ version: (i % 2) + 1, previous: i === 0 ? null : ((i + 1) % 2) + 1 }));
  const announced = await eventually(async () => {
    const found = await switches('champion');
    return found.length >= expected.length && found;
  });
  expect(announced).toMatchObject(expected);
  expect(announced.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 30_000)).toBe(true);

  await running.restart();
  const { variants } = await lab.awaitState('alias=champion&version=1');
  expect(variants[0]).toMatchObject({ alias: 'champion', version: 1 });
  await lab.moveAlias('champion', 2, 'streaming');
  await lab.awaitState('alias=champion&version=2');
  await eventually(async () => expect(await switches('champion')).toHaveLength(expected.length + 1));
}, 60_000);

test('a version that cannot be loaded leaves the old one answering and says why, until the alias moves on', async () => {
  const missing = `sha256/${'0'.repeat(64)}`;
  await lab.moveAlias('champion', 3, 'coin', { artifact: missing });
  const faults = await eventually(async () => (await lab.awaitState('version=2')).faults ?? false);

  expect(faults).toEqual([expect.stringMatching(/^Version 3 of delay cannot be loaded: There is no object sha256\/0+/)]);
  expect((await lab.predict(question())).body).toMatchObject({ version: 2, fallback: false });

  await lab.moveAlias('champion', 4, 'coin');
  const state = await lab.awaitState('alias=champion&version=4');
  expect(state.faults).toBeUndefined();
  expect((await lab.predict(question())).body).toMatchObject({ version: 4, score: 0.5, fallback: false });
});

test('a file that does not fit its signature is refused before it answers anyone', async () => {
  const tooMany = { inputs: ['hour', 'distance', 'x'].map((name) => ({ name, dtype: 'float' })), output: output() };
  await lab.moveAlias('champion', 5, 'timetable', { signature: tooMany });
  const faults = await eventually(async () => (await lab.awaitState('version=4')).faults ?? false);

  expect(faults[0]).toMatch(
    /Version 5 of delay cannot be loaded: its input features is float32 \[, 2\], and the signature has 3 float features/,
  );
  expect((await lab.predict(question())).body).toMatchObject({ version: 4 });
});

test('an alias that is removed answers no more: the constant does', async () => {
  const reason = { reason: 'test', requestedBy: 'lab' };
  await lab.say(modelVersions, [
    { type: 'model-alias.removed', data: { model: 'delay', alias: 'champion', aliasRevision: 1_000, ...reason } },
  ]);
  await eventually(async () => expect((await lab.awaitState('')).variants[0]?.version).toBeNull());

  expect((await lab.predict(question())).body).toMatchObject({ version: null, score: 0.25, fallback: true, variant: 'champion' });
});

test('vectors beyond what may wait for the shadows are dropped and counted; the answers are not touched', async () => {
  await lab.moveAlias('shadow', 2, 'streaming');
  await lab.awaitState('alias=shadow&version=2');
  const dropped = (): number => snapshot().find(({ name }) => name === 'roofshot.serving.shadows.dropped')?.total ?? 0;
  const before = dropped();
  const ask = (batch: string, count: number): ReturnType<ServingLab['predictAll']> =>
    lab.predictAll(Array.from({ length: count }, (_, i) => question({ predictionId: `${batch}-${i}` })));

  expect(await ask('few', 2)).toHaveLength(2);
  await lab.published();
  expect(await ask('many', 3)).toHaveLength(3);
  await eventually(() => dropped() === before + 3);
  await lab.published();
  const shadowed = (await lab.read<{ predictionId: string }>(predictions, 'shadow.scored')).map(({ data }) => data.predictionId);
  expect(shadowed.filter((id) => /^(few|many)-/.test(id))).toEqual(['few-0', 'few-1']);
});

function output(): { name: string; dtype: string; meaning: string } {
  return { name: 'probabilities', dtype: 'float', meaning: 'probability of late' };
}
