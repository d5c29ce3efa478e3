/** @jest-environment @roofshot/testing/jest-environment */
/** The Open Inference Protocol over REST, as its specification says it. */
import { predictions } from '@roofshot/contracts/predictions';
import { RunningServing } from './running-serving.ts';
import { type ServingLab, streamingScore, timetableScore, type Answer } from './serving-lab.ts';

let lab: ServingLab;
let running: RunningServing;

beforeAll(async () => {
  running = await RunningServing.start({ SERVING_INFER_VERSIONS: '1' });
  ({ lab } = running);
  await lab.declareFeatures();
  await lab.moveAlias('champion', 1, 'timetable');
  await lab.moveAlias('challenger', 2, 'streaming');
  await lab.moveAlias('broken', 3, 'coin', { artifact: `sha256/${'0'.repeat(64)}` });
  await lab.deploy();
  await lab.awaitServing({ champion: 1, challenger: 2 });
}, 60_000);

afterAll(() => running.stop());

interface Inferred {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly error?: string;
  readonly outputs: readonly { name: string; datatype: string; shape: number[]; data: number[] }[];
}

const infer = (path: string, body: unknown): Promise<Answer<Inferred>> => lab.call(`/v2/models/${path}/infer`, { method: 'POST', body });
const features = (shape: number[], data: unknown, datatype = 'FP32'): unknown => ({ name: 'features', shape, datatype, data });

function expectScores({ status, body }: Answer<Inferred>, scores: readonly number[]): void {
  expect(status).toBe(200);
  const [output] = body.outputs;
  expect(output).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [scores.length, 2] });
  scores.forEach((score, row) => {
    expect(output?.data[row * 2]).toBeCloseTo(1 - score, 6);
    expect(output?.data[row * 2 + 1]).toBeCloseTo(score, 6);
  });
}

test('the server tells what it is, that it lives, and that it is ready', async () => {
  expect((await lab.call('/v2')).body).toEqual({ name: 'roofshot', version: '0.1.0', extensions: [] });
  expect(await lab.call('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
  expect(await lab.call('/v2/health/ready')).toEqual({ status: 200, body: { live: true, ready: true } });
});

test('a model tells its tensors: the champion’s by default, any version’s by its number', async () => {
  const tensors = (width: number): object => ({
    platform: 'onnxruntime_onnx',
    inputs: [{ name: 'features', datatype: 'FP32', shape: [-1, width] }],
    outputs: [{ name: 'probabilities', datatype: 'FP32', shape: [-1, 2] }],
  });
  expect((await lab.call('/v2/models/delay')).body).toEqual({ name: 'delay', versions: ['1', '2', '3'], ...tensors(2) });
  expect((await lab.call('/v2/models/delay/versions/2')).body).toMatchObject(tensors(2));
  expect(await lab.call('/v2/models/delay/ready')).toEqual({ status: 200, body: { name: 'delay', ready: true } });
  expect(await lab.call('/v2/models/delay/versions/3/ready')).toEqual({ status: 503, body: { name: 'delay', ready: false } });
});

test('one tensor of all features is scored, flat or nested, and the id comes back', async () => {
  const flat = await infer('delay', { id: '42', inputs: [features([2, 2], [9, 1000, 9, 2000])] });
  expectScores(flat, [timetableScore(1000), timetableScore(2000)]);
  expect(flat.body).toMatchObject({ id: '42', model_name: 'delay', model_version: '1' });

  const nested = await infer('delay', {
    inputs: [
      features(
        [2, 2],
        [
          [9, 1000],
          [9, 2000],
        ],
      ),
    ],
  });
  expect(nested.body.outputs).toEqual(flat.body.outputs);
  expect('id' in nested.body).toBe(false);
});

test('a tensor per feature is scored the same, in any order and of any number type', async () => {
  const inputs = [
    { name: 'inbound__count_1h', shape: [2, 1], datatype: 'INT64', data: [[4], [0]] },
    { name: 'inbound__late_share_1h', shape: [2], datatype: 'FP64', data: [0.5, null] },
  ];
  expectScores(await infer('delay/versions/2', { inputs }), [streamingScore(0.5, 4), streamingScore(0, 0)]);
});

test('versions beyond those that stay loaded answer too, also at once', async () => {
  const asked = Array.from({ length: 20 }, (_, i) => infer(`delay/versions/${(i % 2) + 1}`, { inputs: [features([1, 2], [0, 0])] }));
  const answers = await Promise.all(asked);
  answers.forEach((answer, i) => expectScores(answer, [i % 2 === 0 ? timetableScore(0) : streamingScore(0, 0)]));
});

test('asking for outputs by name gives those; a wrong name is refused', async () => {
  const inputs = [features([1, 2], [9, 1000])];
  expectScores(await infer('delay', { inputs, outputs: [{ name: 'probabilities' }] }), [timetableScore(1000)]);
  const { status, body } = await infer('delay', { inputs, outputs: [{ name: 'label' }] });
  expect([status, body]).toEqual([400, { error: 'The model delay has no output label; it has probabilities.' }]);
});

test.each([
  ['too few values', { inputs: [features([2, 2], [9, 1000, 9])] }, 400, /has 3 values, and its shape \[2, 2\] asks for 4/],
  ['a wrong width', { inputs: [features([1, 3], [1, 2, 3])] }, 400, /has the shape \[1, 3\]; the model takes \[n, 2\]: hour, distance/],
  ['ragged data', { inputs: [features([2, 2], [[9, 1000], [9]])] }, 400, /do not follow its shape/],
  ['a text among numbers', { inputs: [features([1, 2], [9, 'far'])] }, 400, /has the value "far", which is no FP32/],
  ['a fraction in an integer tensor', { inputs: [features([1, 2], [9, 0.5], 'INT8')] }, 400, /has the value 0\.5, which is no INT8/],
  ['a number beyond its type', { inputs: [features([1, 2], [9, 300], 'UINT8')] }, 400, /has the value 300, which is no UINT8/],
  ['bytes', { inputs: [features([1, 2], ['a', 'b'], 'BYTES')] }, 400, /has the datatype BYTES; features are numbers/],
  [
    'an unknown tensor',
    { inputs: [{ name: 'distanc', shape: [1], datatype: 'FP32', data: [1] }] },
    400,
    /distanc is not one of its inputs \(nearest: distance\); missing: hour, distance/,
  ],
  ['no rows', { inputs: [features([0, 2], [])] }, 400, /has 0 rows/],
  ['no inputs', { inputs: [] }, 400, /\/inputs/],
] as const)('%s is refused in the protocol’s own form', async (_name, body, status, error) => {
  const answer = await infer('delay', body);
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({ error: expect.stringMatching(error) });
});

test('unknown models and versions are told by name, unreadable JSON as such', async () => {
  expect(await infer('delai', { inputs: [features([1, 2], [0, 0])] })).toEqual({
    status: 404,
    body: { error: 'There is no model delai; nearest: delay.' },
  });
  expect((await lab.call('/v2/models/delay/versions/9')).body).toEqual({
    error: 'Of the model delay there is no version 9. Ask for one of: 1, 2, 3.',
  });
  const headers = { 'content-type': 'application/json' };
  const broken = await fetch(`${lab.url}/v2/models/delay/infer`, { method: 'POST', body: '{"inputs":', headers });
  expect([broken.status, Object.keys((await broken.json()) as object)]).toEqual([400, ['error']]);
});

test('a body without a content type is read as JSON, as the Triton client sends it', async () => {
  const body = Buffer.from(JSON.stringify({ inputs: [features([1, 2], [0, 0])] }));
  const answer = await fetch(`${lab.url}/v2/models/delay/infer`, { method: 'POST', body });
  expectScores({ status: answer.status, body: (await answer.json()) as Inferred }, [timetableScore(0)]);
});

test('the binary extension is refused with what to do instead', async () => {
  const headers = { 'inference-header-content-length': '10' };
  const body = new Uint8Array([...Buffer.from('{"inputs":'), 0, 1, 2]);
  const answer = await fetch(`${lab.url}/v2/models/delay/infer`, { method: 'POST', body, headers });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({ error: expect.stringContaining('binary_data=False') });
});

test('nothing that is asked this way is logged as a prediction', async () => {
  await infer('delay', { inputs: [features([1, 2], [0, 0])] });
  await lab.published();
  expect(await lab.read(predictions)).toEqual([]);
});
