/**
 * The whole service with real trainers: jobs and orders in, snapshots ordered, trials run, results said.
 * @jest-environment @roofshot/testing/jest-environment
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { CancelTrainingRun, StartTrainingRun } from '@roofshot/contracts/training';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { eventually } from '@roofshot/testing/eventually';
import { training } from '../src/service.ts';
import { RANGE, spec, startLab, WAITING, type Lab } from './lab.ts';
import { FEATURES } from './stand-in.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await startLab([training]);
  await lab.apply('plain', spec());
  await lab.apply('waiting', spec({ code: WAITING }));
}, 60_000);

afterAll(() => lab.stop());

const search = {
  trials: 4,
  metric: 'log_loss',
  direction: 'minimize' as const,
  space: { learning_rate: [0.05, 0.1], num_leaves: [3, 7] },
  start: [{ learning_rate: 0.0001, num_leaves: 2 }],
};

it('trains a job: one trial on the held-out stretch, then its parameters on all rows', async () => {
  const ordered = await lab.start('plain-1', 'plain');
  expect([ordered.status, ordered.body.runId, ordered.body.model]).toEqual([202, 'plain-1', 'flight-delay']);
  const run = await lab.ended('plain-1');
  expect([run.state, run.because]).toEqual(['finished', 'Trained on all rows.']);
  expect(run.trials).toMatchObject([{ trialId: 'plain-1.1', state: 'finished', best: true, params: { n_estimators: 10 } }]);
  expect(run.metrics['auc']).toBeGreaterThan(0.6);
  expect(lab.orders[0]).toMatchObject({
    featureService: 'flight-risk',
    from: '2001-01-01T00:00:00.000Z',
    asOf: '2001-01-14T00:00:00.000Z',
  });

  const { data } = await lab.heard('training-run.finished', 'plain-1');
  expect(data.signature).toMatchObject({ inputs: FEATURES.map((name) => ({ name, dtype: 'float' })), output: { name: 'probabilities' } });
  expect(data.metrics).toEqual(run.metrics);
  expect(data.lineage).toMatchObject({
    job: 'plain',
    jobGeneration: 1,
    snapshotRows: 600,
    labelNotKnown: 3,
    featureServiceGeneration: 2,
    trialId: 'plain-1.1',
    seed: 7,
    imported: true,
  });
  const objects = await openObjectStore(lab.env['OBJECTS_URL'] ?? '');
  const session = await InferenceSession.create(new Uint8Array(await objects.read(data.artifact)));
  const answer = await session.run({ features: new Tensor('float32', new Float32Array(3), [1, 3]) });
  expect(answer['probabilities']?.dims).toEqual([1, 2]);
  expect(lab.said.filter(({ data: said }) => said.runId === 'plain-1').map(({ type }) => type)).toEqual([
    'training-run.started',
    'trial.reported',
    'training-run.finished',
  ]);
});

it('searches from the start points on, and trains the best trial again on all rows', async () => {
  await lab.apply('searching', spec({ search }));
  await lab.start('search-1', 'searching');
  const run = await lab.ended('search-1');
  expect(run.because).toMatch(/^Trial \d has the best log_loss, /);
  expect(run.trials.map(({ state }) => state)).toEqual(['finished', 'finished', 'finished', 'finished']);
  expect(run.trials[0]).toMatchObject({ params: { learning_rate: 0.0001, num_leaves: 2, n_estimators: 10 }, best: false });
  const best = run.trials.filter((trial) => trial.best);
  const least = Math.min(...run.trials.map(({ metrics }) => metrics['log_loss'] ?? Number.NaN));
  expect(best.map(({ metrics }) => metrics['log_loss'])).toEqual([least]);
  expect(run.metrics).toEqual(best[0]?.metrics);
  const { data } = await lab.heard('training-run.finished', 'search-1');
  expect([data.params, data.lineage.trialId]).toEqual([best[0]?.params, best[0]?.trialId]);
});

it('gives the same model for the same job, range and seed', async () => {
  await lab.start('search-2', 'searching');
  await lab.ended('search-2');
  const [first, second] = await Promise.all(['search-1', 'search-2'].map((id) => lab.heard('training-run.finished', id)));
  expect(second?.data.artifact).toBe(first?.data.artifact);
  expect(second?.data.metrics).toEqual(first?.data.metrics);
});

it('orders one snapshot for runs on the same observations and label, and another for another range', async () => {
  const before = lab.orders.length;
  await lab.start('shared-1', 'plain');
  await lab.start('shared-2', 'searching', { to: '2001-01-13T00:00:00Z' });
  await lab.ended('shared-1');
  await lab.ended('shared-2');
  expect(lab.orders.slice(before).map(({ to }) => to)).toEqual(['2001-01-13T00:00:00.000Z']);
});

it('keeps logs and every step of the metrics', async () => {
  const { body: logs } = await lab.call('GET', '/v1/training-runs/plain-1/logs?trial=1');
  expect(logs).toEqual({ items: [{ trialId: 'plain-1.1', number: 1, attempts: ["training plain-1.1 [('n_estimators', 10)]\n"] }] });
  const { body } = await lab.call('GET', '/v1/training-runs/plain-1/trials/1/metrics');
  const { items } = body as unknown as { items: { name: string; step: number | null; value: number }[] };
  expect(items.map(({ name, step }) => [name, step])).toEqual([
    ['log_loss', 0],
    ['log_loss', 1],
    ['log_loss', 2],
    ['auc', null],
  ]);
  expect((items[0]?.value ?? 0) - (items[2]?.value ?? 0)).toBeCloseTo(2, 12);
});

it('carries the correlation of the order through snapshot, trials and result', async () => {
  const headers = { 'content-type': 'application/json', 'x-correlation-id': 'order-17' };
  const body = JSON.stringify({ runId: 'traced', job: 'plain', ...RANGE, to: '2001-01-12T12:00:00Z' });
  await fetch(`${lab.url}/v1/training-runs`, { method: 'POST', headers, body });
  const finished = await lab.heard('training-run.finished', 'traced');
  const reported = await lab.heard('trial.reported', 'traced');
  expect([reported.correlationid, finished.correlationid]).toEqual(['order-17', 'order-17']);
});

it('lists runs of a job, newest first', async () => {
  const { body } = await lab.call('GET', '/v1/training-runs?job=searching');
  const { items } = body as unknown as { items: { runId: string }[] };
  expect(items.map(({ runId }) => runId)).toEqual(['shared-2', 'search-2', 'search-1']);
});

it('is the same run when the same order comes again, and refuses another order under its name', async () => {
  const said = lab.said.length;
  const again = await lab.start('plain-1', 'plain');
  expect([again.status, again.body.state]).toEqual([202, 'finished']);
  const other = await lab.start('plain-1', 'searching');
  expect([other.status, other.body.code]).toEqual([409, 'other-run']);
  expect(lab.said.length).toBe(said);
});

it('takes orders by command, and says why one cannot be followed', async () => {
  const order = { ...RANGE, reason: 'drift', requestedBy: 'features' };
  await lab.transactions().run(async (tx) => {
    tx.send(StartTrainingRun, { runId: 'commanded', job: 'plain', ...order });
    tx.send(StartTrainingRun, { runId: 'commanded-wrong', job: 'plane', ...order });
  });
  const failed = await lab.heard('training-run.failed', 'commanded-wrong');
  expect(failed.data.reason).toMatch(/There is no TrainingJob named plane. Did you mean plain/);
  expect((await lab.heard('training-run.finished', 'commanded')).data.job).toBe('plain');
});

it.each([
  ['an unknown job', { job: 'plian' }, 404, /Did you mean plain/],
  ['an empty range', { from: RANGE.to }, 400, /The range is empty/],
  ['a future', { asOf: '2999-01-01T00:00:00Z' }, 400, /in the future/],
  ['a range that is all held out', { from: '2001-01-12T00:00:00Z' }, 400, /nothing would be left to train on/],
])('refuses %s', async (_what, over, status, detail) => {
  const answer = await lab.call('POST', '/v1/training-runs', { runId: 'refused', job: 'plain', ...RANGE, ...over });
  expect([answer.status, answer.body.detail]).toEqual([status, expect.stringMatching(detail)]);
});

it('lists every fault of a job and applies none of it', async () => {
  const answer = await lab.apply('faulty', spec({ code: 'def tran(run): ...', search: { ...search, start: [{ learning_rat: 1 }] } }));
  expect(answer.status).toBe(422);
  expect(answer.body.faults).toEqual([
    { path: '/spec/code', message: 'trainers/late.py defines no function train(run) at its top level. Rename tran?' },
    { path: '/spec/search/start/0/learning_rat', message: expect.stringContaining('Did you mean learning_rate?') },
  ]);
  expect((await lab.call('GET', '/v1/training-jobs/faulty')).status).toBe(404);
});

it('fails a run whose trainer throws, with the words of the error and what to do, without trying again', async () => {
  await lab.apply('throwing', spec({ code: 'def train(run):\n    fit, valid = run.split()\n    fit["hours"]\n' }));
  await lab.start('throws', 'throwing');
  const run = await lab.ended('throws');
  expect(run.state).toBe('failed');
  expect(run.because).toMatch(/^KeyError: 'hours'\. hours: Did you mean 'hour'\?/);
  expect(run.trials).toMatchObject([{ state: 'failed', error: run.because }]);
  const { body } = await lab.call('GET', '/v1/training-runs/throws/logs');
  expect((body as unknown as { items: { attempts: string[] }[] }).items[0]?.attempts).toEqual([expect.stringContaining('fit["hours"]')]);
});

it('fails a run whose job names a feature that the snapshot does not have', async () => {
  await lab.apply('misspelt', spec({ features: ['hour', 'delay'] }));
  await lab.start('misspelt-1', 'misspelt');
  expect((await lab.ended('misspelt-1')).because).toBe(
    "flight-risk has no feature delay. Did you mean delays? Correct the job's features.",
  );
});

it('fails a run whose snapshot cannot be built, and orders it anew for the next', async () => {
  const range = { to: '2001-01-10T00:00:00Z' };
  lab.answer = () => ({ failed: 'no such feature service' });
  await lab.start('no-snapshot', 'plain', range);
  expect((await lab.ended('no-snapshot')).because).toBe('Its snapshot could not be built: no such feature service');
  lab.answer = () => 'built';
  await lab.start('no-snapshot-again', 'plain', range);
  expect((await lab.ended('no-snapshot-again')).state).toBe('finished');
});

it('runs a trial again whose process is killed, and no more often than the job allows', async () => {
  const code = 'import os\ndef train(run):\n    print("dying", flush=True)\n    os.kill(os.getpid(), 9)\n';
  await lab.apply('dying', spec({ code, maxRestarts: 1 }));
  await lab.start('dies', 'dying');
  const run = await lab.ended('dies');
  expect(run.because).toBe('Its process ended without a result: SIGKILL, most often for want of memory. It was started 2 times in all.');
  const { body } = await lab.call('GET', '/v1/training-runs/dies/logs');
  expect(body).toMatchObject({ items: [{ attempts: ['dying\n', 'dying\n'] }] });
});

it('ends a run that takes longer than its timeout', async () => {
  await lab.apply('slow', spec({ code: WAITING, timeout: '2s' }));
  await lab.start('slow-1', 'slow');
  const run = await lab.ended('slow-1');
  expect([run.state, run.because]).toEqual(['failed', expect.stringMatching(/^Not finished by .* Raise the job's time limit/)]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process of the waiting trainer, by what it has written. */
async function waitingPid(runId: string): Promise<number> {
  const look = async (): Promise<number> => {
    const { body } = await lab.call('GET', `/v1/training-runs/${runId}/logs`);
    const [text = ''] = (body as unknown as { items: { attempts: string[] }[] }).items[0]?.attempts ?? [];
    return Number(/waiting (\d+)/.exec(text)?.[1] ?? 0);
  };
  return eventually(look, { deadlineMs: 30_000, describe: 'the trainer to wait' });
}

it.each(['HTTP', 'command'])('cancels a run by %s: its process ends, and it says so once', async (how) => {
  const runId = `cancel-${how}`;
  await lab.start(runId, 'waiting');
  const pid = await waitingPid(runId);
  const during = await lab.call('GET', `/v1/training-runs/${runId}`);
  expect([during.body.state, during.body.because]).toEqual(['running', '0 of 1 trials have ended, 1 is running.']);
  if (how === 'HTTP') await lab.call('DELETE', `/v1/training-runs/${runId}?reason=wrong+data`);
  else
    await lab.transactions().run(async (tx) => {
      tx.send(CancelTrainingRun, { runId, reason: 'wrong data', requestedBy: 'ada' });
    });
  expect(await lab.ended(runId)).toMatchObject({ state: 'cancelled', because: 'wrong data', trials: [{ state: 'cancelled' }] });
  expect((await lab.heard('training-run.cancelled', runId)).data.reason).toBe('wrong data');
  await eventually(() => !isAlive(pid), { describe: 'the trainer to end' });
  const again = await lab.call('DELETE', `/v1/training-runs/${runId}`);
  expect([again.status, again.body.state]).toEqual([200, 'cancelled']);
  expect((await lab.call('DELETE', '/v1/training-runs/plain-1')).status).toBe(409);
});

it('says why a run waits, and does not delete the job of an open run', async () => {
  lab.answer = () => undefined;
  const { body } = await lab.start('held', 'plain', { to: '2001-01-09T00:00:00Z' });
  lab.answer = () => 'built';
  expect([body.state, body.because]).toEqual([
    'waiting-for-snapshot',
    expect.stringMatching(/^It waits for the features service to build its snapshot, snapshot-/),
  ]);
  const refused = await lab.call('DELETE', '/v1/training-jobs/plain');
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('its run held has not ended')]);
  await lab.call('DELETE', '/v1/training-runs/held');
  expect((await lab.ended('held')).state).toBe('cancelled');
});
