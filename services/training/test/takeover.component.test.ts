/** What a crash costs: the service as a process of its own is killed, paused and stopped in the middle of a search. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { isAlive, startChild, type ChildService } from './child-service.ts';
import { spec, startLab, type Lab } from './lab.ts';
import { Proxy } from './proxy.ts';

/** Notes each execution with its processes; the second trial waits for the gate. */
const GATED = `
import os, time
from sklearn.linear_model import LogisticRegression

def train(run):
    folder = run.params["folder"]
    with open(folder + "/ran", "a") as ran:
        ran.write(f"{run.trial} {os.getpid()} {os.getppid()}\\n")
    while run.trial.endswith(".2") and not os.path.exists(folder + "/gate"):
        time.sleep(0.02)
    fit, valid = run.split()
    model = LogisticRegression(C=run.params["c"]).fit(fit[["hour"]], fit[run.label])
    if len(valid):
        run.log_metric("c", run.params["c"])
    run.log_model(model, features=["hour"])
`;
const LEASE_MS = 2_000;

let lab: Lab;
const children: ChildService[] = [];

beforeAll(async () => {
  lab = await startLab([]);
}, 60_000);

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.signal('SIGKILL')));
});

afterAll(() => lab.stop());

async function start(name: string, over: Readonly<Record<string, string>> = {}): Promise<ChildService> {
  const child = await startChild({ ...lab.env, DATA_DIR: join(lab.folder, name), TRAINING_LEASE: `${LEASE_MS}ms`, ...over });
  children.push(child);
  lab.url = child.url;
  return child;
}

interface Execution {
  readonly trial: string;
  readonly pid: number;
  readonly parent: number;
}

/** A search of three trials, one at a time, whose second one waits for its gate. */
class GatedRun {
  readonly id: string;
  readonly #folder: string;

  private constructor(id: string) {
    this.id = id;
    this.#folder = join(lab.folder, id);
  }

  static async start(id: string): Promise<GatedRun> {
    const gated = new GatedRun(id);
    await mkdir(gated.#folder);
    const search = { trials: 3, metric: 'c', direction: 'minimize' as const, space: { c: [1, 2, 3] } };
    const params = { folder: gated.#folder };
    await lab.apply(id, spec({ code: GATED, params, search, resources: { parallelTrials: 1 } }));
    await lab.start(id, id);
    return gated;
  }

  get executions(): Execution[] {
    const file = join(this.#folder, 'ran');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    return lines.map((line) => line.split(' ')).map(([trial = '', pid, parent]) => ({ trial, pid: Number(pid), parent: Number(parent) }));
  }

  /** The n-th execution of the second trial, once it has begun. */
  secondTrial(n = 1): Promise<Execution> {
    const find = (): Execution | null => this.executions.filter(({ trial }) => trial === `${this.id}.2`)[n - 1] ?? null;
    return eventually(find, { deadlineMs: 40_000, describe: `execution ${n} of the second trial` });
  }

  openGate(): void {
    writeFileSync(join(this.#folder, 'gate'), '');
  }

  /** How often each trial was executed. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { trial } of this.executions) counts[trial.slice(this.id.length + 1)] = (counts[trial.slice(this.id.length + 1)] ?? 0) + 1;
    return counts;
  }

  /** What was said of the run, in order. */
  get said(): string[] {
    return lab.said
      .filter(({ data }) => data.runId === this.id)
      .map((event) => (event.type === 'trial.reported' ? `${event.data.number} ${event.data.state}` : event.type));
  }
}

const WHOLE_STORY = ['training-run.started', '1 finished', '2 finished', '3 finished', 'training-run.finished'];

it('loses nothing but the trial that ran when the service is killed, and leaves no process behind', async () => {
  const killed = await start('first');
  const run = await GatedRun.start('killed');
  const { pid, parent } = await run.secondTrial();
  await killed.signal('SIGKILL');
  await eventually(() => !isAlive(pid) && !isAlive(parent), { describe: 'the trainers to end with their service' });

  await start('first');
  await run.secondTrial(2);
  const { body } = await lab.call('GET', '/v1/training-runs/killed');
  expect(body.because).toBe('1 of 3 trials have ended, 1 is running. The best c so far: 1. Lost processes were started again once.');
  run.openGate();
  expect(await lab.ended('killed')).toMatchObject({ state: 'finished', metrics: { c: 1 } });
  expect(run.counts).toEqual({ '1': 1, '2': 2, '3': 1, final: 1 });
  await lab.heard('training-run.finished', 'killed');
  expect(run.said).toEqual(WHOLE_STORY);
}, 90_000);

it('gives its trials back when it is stopped: another service runs them at once, and no restart is counted', async () => {
  const long = { TRAINING_LEASE: '10m' };
  const stopped = await start('first-stopping', long);
  const run = await GatedRun.start('stopped');
  const { pid } = await run.secondTrial();
  await stopped.signal('SIGTERM');
  expect(isAlive(pid)).toBe(false);
  await start('second-stopping', long);
  await run.secondTrial(2);
  expect((await lab.call('GET', '/v1/training-runs/stopped')).body.because).not.toContain('Lost processes');
  run.openGate();
  expect((await lab.ended('stopped')).state).toBe('finished');
}, 90_000);

it('ignores the results of a service that slept longer than its lease', async () => {
  const slept = await start('sleeper');
  const run = await GatedRun.start('slept');
  await run.secondTrial();
  await slept.signal('SIGSTOP');
  await start('awake');
  await run.secondTrial(2);
  run.openGate();
  expect((await lab.ended('slept')).state).toBe('finished');
  await slept.signal('SIGCONT');
  await eventually(() => slept.lines.some((line) => line['event.outcome'] === 'fenced'), { describe: 'the sleeper to be fenced' });
  await lab.heard('training-run.finished', 'slept');
  expect(run.said).toEqual(WHOLE_STORY);
  expect(run.counts).toEqual({ '1': 1, '2': 2, '3': 1, final: 1 });
}, 90_000);

it('runs a trial again whose process hangs, and all trials of a Python process that is killed', async () => {
  await start('hanging', { TRAINING_SILENCE: '2s' });
  const run = await GatedRun.start('hung');
  const { pid } = await run.secondTrial();
  process.kill(pid, 'SIGSTOP');
  const { parent } = await run.secondTrial(2);
  process.kill(parent, 'SIGKILL');
  await run.secondTrial(3);
  run.openGate();
  expect((await lab.ended('hung')).state).toBe('finished');
  expect(run.counts).toEqual({ '1': 1, '2': 3, '3': 1, final: 1 });
  await lab.heard('training-run.finished', 'hung');
  expect(run.said).toEqual(WHOLE_STORY);
}, 90_000);

it('keeps the result of a trial that ends while the database is away', async () => {
  const proxy = new Proxy(lab.sqlUrl);
  await proxy.open();
  await start('cut-off', { SQL_URL: proxy.url });
  const run = await GatedRun.start('cut');
  const { pid } = await run.secondTrial();
  proxy.close();
  run.openGate();
  await eventually(() => !isAlive(pid), { describe: 'the trial to end' });
  await proxy.open();
  expect((await lab.ended('cut')).state).toBe('finished');
  expect(run.counts).toEqual({ '1': 1, '2': 1, '3': 1, final: 1 });
  await lab.heard('training-run.finished', 'cut');
  expect(run.said).toEqual(WHOLE_STORY);
  proxy.close();
}, 90_000);

it('fails a run with the remedy when there is no Python', async () => {
  await start('no-python', { TRAINING_PYTHON: '/no/such/python' });
  await lab.apply('unrunnable', spec());
  await lab.start('unrunnable-1', 'unrunnable');
  expect((await lab.ended('unrunnable-1')).because).toBe(
    "Python cannot be started at /no/such/python: it is not there. Run `npm run bootstrap`, which makes it, or set TRAINING_PYTHON to an interpreter with the trainers' libraries.",
  );
}, 90_000);
