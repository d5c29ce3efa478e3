/** The whole service: finished runs in, versions and aliases out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DataOf } from '@roofshot/contracts/define';
import { PromoteModelVersion, RollBackModelVersion } from '@roofshot/contracts/models';
import { trainingRuns, type TrainingRunFinished } from '@roofshot/contracts/training';
import type { EventBus } from '@roofshot/messaging/events';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import type { CommandQueue } from '@roofshot/messaging/commands';
import { createTransactions, type Transactions } from '@roofshot/messaging/transactions';
import { run, type Running } from '@roofshot/runtime/run';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { registry } from '../src/service.ts';

let database: TestDatabase;
let folder: string;
let running: Running;
let bus: EventBus;
let queue: CommandQueue;
let outside: Transactions;

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const env = {
    DATA_DIR: folder,
    SQL_URL: database.url,
    REGISTRY_PORT: '0',
    LOG_FILE: join(folder, 'log'),
    REGISTRY_ADMISSION_MAX_SECONDS: '4',
  };
  running = await run([registry], { env });
  const surroundings = { sql: database.sql, sqlUrl: database.url, log };
  bus = await openEventBus(database.url, surroundings);
  queue = await openCommandQueue(database.url, surroundings);
  outside = createTransactions(database.sql, bus, queue, { service: 'training', clock: Date.now });
}, 60_000);

afterAll(async () => {
  await running.stop();
  await queue.close();
  await bus.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask(path: string, method = 'GET', body?: unknown): Promise<Answer> {
  const init =
    body === undefined
      ? { method }
      : { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-actor': 'ada' } };
  const answer = await fetch(`${running.urls['registry']}${path}`, init);
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

const signature = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'float' })),
  output: { name: 'probabilities', dtype: 'float', meaning: 'probability of late' },
};

let runs = 0;
async function finishRun(model: string, file: string, over: Partial<DataOf<typeof TrainingRunFinished>> = {}): Promise<string> {
  const objects = await openObjectStore(`file:${join(folder, 'objects')}`);
  const { key, bytes } = await objects.putFile(fileURLToPath(new URL(`./models/${file}.onnx`, import.meta.url)));
  const runId = over.runId ?? `run-${(runs += 1)}`;
  const lineage = {
    runId,
    job: 'job',
    jobGeneration: 1,
    snapshot: 'sha256/aa',
    snapshotId: 's',
    snapshotRows: 10,
    labelNotKnown: 1,
    featureService: 'fs',
    featureServiceGeneration: 1,
    trialId: `${runId}/1`,
    code: 'sha256/bb',
    seed: 7,
    imported: false,
  };
  const data = {
    runId,
    job: 'job',
    model,
    artifact: key,
    artifactBytes: bytes,
    signature,
    params: { C: 1 },
    metrics: { auc: 0.7 },
    lineage,
    seconds: 1,
    ...over,
  };
  await outside.run(async (tx) => tx.publish(trainingRuns, [{ type: 'training-run.finished', subject: runId, data }]));
  return runId;
}

const settled = async (
  model: string,
  version: number,
): Promise<Record<string, unknown> & { state: string; checks: { name: string; passed: boolean; detail: string }[] }> =>
  (await ask(`/v1/models/${model}/versions/${version}?wait=30s&until=approved`)).body as never;

const declare = (name: string, spec: object): Promise<Answer> =>
  ask(`/v1/models/${name}`, 'PUT', { apiVersion: 'roofshot/v1', kind: 'Model', metadata: { name }, spec });

const aliasOf = async (model: string, alias: string): Promise<unknown> =>
  (await ask(`/v1/models/${model}/aliases/${alias}`)).body['version'];
const move = (model: string, alias: string, version: number, rest: object = {}): Promise<Answer> =>
  ask(`/v1/models/${model}/aliases/${alias}`, 'PUT', { version, reason: 'a test', ...rest });

async function approved(model: string, count: number): Promise<void> {
  for (let version = 1; version <= count; version += 1) {
    await finishRun(model, 'good');
    expect((await settled(model, version)).state).toBe('approved');
  }
}

describe('a finished run', () => {
  it('becomes the next version once, with its signature, metrics and lineage', async () => {
    const runId = await finishRun('once', 'good');
    await finishRun('once', 'good', { runId });
    await finishRun('once', 'good');
    expect(await settled('once', 2)).toMatchObject({ state: 'approved', runId: `run-${runs}` });
    const { body } = await ask('/v1/models/once/versions');
    expect((body['items'] as unknown[]).length).toBe(2);
    expect(await settled('once', 1)).toMatchObject({ runId, signature, metrics: { auc: 0.7 }, lineage: { runId, seed: 7 } });
  });

  it('numbers the versions of a model without gaps when many finish at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => finishRun('many', 'good')));
    await settled('many', 8);
    const { body } = await ask('/v1/models/many/versions');
    expect((body['items'] as { version: number }[]).map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });
});

describe('admission', () => {
  it.each([
    ['truncated', 'loads'],
    ['outside-data', 'loads'],
    ['other-output', 'output'],
    ['not-probabilities', 'probabilities'],
    ['nan', 'probabilities'],
  ])('refuses a file that is %s, by the check «%s»', async (file, check) => {
    await finishRun(`bad-${file}`, file);
    const version = await settled(`bad-${file}`, 1);
    expect(version.state).toBe('refused');
    expect(version.checks.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual([check]);
  });

  it('survives a file that asks for 15 GB, one that never ends, and one that does not end in time', async () => {
    for (const file of ['huge', 'endless', 'slow']) await finishRun(`bad-${file}`, file);
    expect((await settled('bad-huge', 1)).state).toBe('refused');
    const endless = await settled('bad-endless', 1);
    expect(endless.checks.at(-1)).toEqual({ name: 'bounded', passed: false, detail: expect.stringContaining('Loop') });
    const slow = await settled('bad-slow', 1);
    expect(slow.checks.at(-1)).toEqual({ name: 'limits', passed: false, detail: expect.stringContaining('4 s') });
    expect((await ask('/healthz')).status).toBe(200);
  }, 60_000);

  it('gives up a version that cannot be checked, and says why', async () => {
    await declare('stuck', { gates: [{ metric: 'auc', min: 0.8 }] });
    await finishRun('sound', 'good');
    await settled('sound', 1);
    // As earlier processes left them: one whose metrics make the check itself fail, and one that each of them ended at.
    for (const [model, metrics, attempts] of [
      ['stuck', 'null', 4],
      ['deadly', '{}', 5],
    ]) {
      await database.sql.query(
        `INSERT INTO registry.versions (model, version, run_id, artifact, signature, params, metrics, lineage, state, checks, registered_at, admission_lease, admission_attempts)
         SELECT $1, 1, $1, artifact, signature, params, $2, lineage, 'registered', '[]', now(), now(), $3 FROM registry.versions WHERE model = 'sound'`,
        [model, metrics, attempts],
      );
    }
    for (const [model, reason] of [
      ['stuck', 'null'],
      ['deadly', 'ended each time'],
    ] as const) {
      const { state, checks } = await settled(model, 1);
      expect(state).toBe('refused');
      expect(checks).toEqual([{ name: 'attempts', passed: false, detail: expect.stringContaining(reason) }]);
    }
  });

  it('refuses a version beyond a gate, or above the size that the model allows', async () => {
    await declare('gated', { gates: [{ metric: 'auc', min: 0.8 }] });
    await declare('small', { admission: { maxBytes: 10 } });
    await finishRun('gated', 'good');
    await finishRun('small', 'good');
    expect((await settled('gated', 1)).checks.at(-1)).toMatchObject({ name: 'auc ≥ 0.8', passed: false });
    expect((await settled('small', 1)).checks).toEqual([{ name: 'size', passed: false, detail: expect.stringContaining('at most 10') }]);
  });

  it('refuses a signature that the file does not keep', async () => {
    const three = { ...signature, inputs: [...signature.inputs, { name: 'c', dtype: 'float' }] };
    await finishRun('wide', 'good', { signature: three });
    expect((await settled('wide', 1)).state).toBe('refused');
  });

  it('gives the first approved version the alias that the model declares, and no later one', async () => {
    await declare('first', { firstVersionAlias: 'champion' });
    await finishRun('first', 'nan');
    await settled('first', 1);
    await finishRun('first', 'good');
    await finishRun('first', 'good');
    await settled('first', 3);
    expect(await aliasOf('first', 'champion')).toBe(2);
  });
});

describe('an alias', () => {
  it('moves to approved versions only', async () => {
    await finishRun('moves', 'good');
    await finishRun('moves', 'nan');
    await settled('moves', 2);
    expect((await move('moves', 'champion', 1)).body).toMatchObject({ result: 'moved', previous: null, revision: 1 });
    expect((await move('moves', 'champion', 2)).body).toMatchObject({ code: 'not-approved' });
    expect((await move('moves', 'champion', 9)).body).toMatchObject({ code: 'not-found', detail: expect.stringContaining('2, 1') });
  });

  it('is not moved by someone who expects an older state', async () => {
    await approved('expects', 2);
    await move('expects', 'champion', 1);
    expect((await move('expects', 'champion', 2, { expected: null })).status).toBe(409);
    expect((await move('expects', 'champion', 2, { expected: 1 })).status).toBe(200);
  });

  it('goes back by command to what it named before, and only from the version that misbehaves', async () => {
    await approved('back', 2);
    await move('back', 'champion', 1);
    await outside.run(async (tx) =>
      tx.send(PromoteModelVersion, {
        commandId: 'p1',
        model: 'back',
        version: 2,
        alias: 'champion',
        expected: 1,
        reason: 'decided',
        requestedBy: 'experiments',
      }),
    );
    expect((await ask('/v1/models/back/aliases/champion?version=2&wait=20s')).body['version']).toBe(2);
    const order = { model: 'back', alias: 'champion', from: 2, guardrail: 'worse', reason: 'costs more', requestedBy: 'experiments' };
    await outside.run(async (tx) => tx.send(RollBackModelVersion, { ...order, commandId: 'r1' }));
    expect((await ask('/v1/models/back/aliases/champion?version=1&wait=20s')).body['version']).toBe(1);
    await outside.run(async (tx) => tx.send(RollBackModelVersion, { ...order, commandId: 'r2' }));
    await eventually(async () => expect(await queue.depth(RollBackModelVersion.queue)).toBe(0));
    const { body } = await ask('/v1/models/back/history');
    const moves = body['moves'] as { kind: string; version: number; reason: string; requestedBy: string }[];
    expect(moves.map(({ kind, version, requestedBy }) => [kind, version, requestedBy])).toEqual([
      ['rolled-back', 1, 'experiments'],
      ['promoted', 2, 'experiments'],
      ['promoted', 1, 'ada'],
    ]);
  });

  it('tells what it named at a past time', async () => {
    await approved('past', 2);
    await move('past', 'champion', 1);
    const between = new Date().toISOString();
    await move('past', 'champion', 2);
    const { body } = await ask(`/v1/models/past/aliases?asOf=${between}`);
    expect(body['items']).toEqual([{ alias: 'champion', version: 1, revision: 1 }]);
  });

  it('can be taken away; its history stays', async () => {
    await approved('gone', 1);
    await move('gone', 'shadow', 1);
    expect((await ask('/v1/models/gone/aliases/shadow?reason=over', 'DELETE')).status).toBe(200);
    expect((await ask('/v1/models/gone/aliases/shadow')).status).toBe(404);
    expect(((await ask('/v1/models/gone/history')).body['moves'] as unknown[]).length).toBe(2);
  });

  it('is moved by one of two who move it at once', async () => {
    await approved('race', 3);
    await move('race', 'champion', 1);
    const answers = await Promise.all([move('race', 'champion', 2, { expected: 1 }), move('race', 'champion', 3, { expected: 1 })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});
