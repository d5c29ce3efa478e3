/** A process of serving is killed with -9 under load, again and again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { eventually } from '@roofshot/testing/eventually';
import type { Exposed, Served, Shadowed } from '../src/spool/entries.ts';
import { MINUTE, noon, question, ServingLab } from './serving-lab.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const REGISTER = fileURLToPath(new URL('../../../register.mjs', import.meta.url));
const KILLS = 4;
const WORKERS = 8;
/** Between two kills so many are answered at least. */
const ANSWERS_PER_LIFE = 300;

let lab: ServingLab;
let child: ChildProcess;

beforeAll(async () => {
  lab = await ServingLab.open();
  await lab.declareFeatures();
  await lab.putLandings('ORD', [30, 5]);
  await lab.putProgress(noon - MINUTE);
  await start();
  await lab.moveAlias('champion', 1, 'timetable');
  await lab.moveAlias('challenger', 2, 'streaming');
  await lab.moveAlias('shadow', 3, 'coin');
  await lab.allocate();
  await lab.deploy();
  await ready();
}, 60_000);

afterAll(async () => {
  await end('SIGTERM');
  await lab.close();
});

async function start(): Promise<void> {
  const { LOG_FILE: _toOutput, ...env } = lab.env;
  child = spawn(process.execPath, ['--import', REGISTER, MAIN], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  lab.url = await eventually(() => /"labels\.services":\["serving ([^"]+)"\]/.exec(output)?.[1] ?? '', {
    deadlineMs: 40_000,
    describe: 'serving to listen',
  });
  await lab.ready();
}

async function ready(): Promise<void> {
  await lab.awaitServing({ champion: 1, challenger: 2, shadow: 3 });
  await lab.awaitState('experiment=fresh-features&state=running');
}

async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** Asks until the process dies; answers the ids of the questions that were answered. */
async function askUntilDeath(worker: string, answered: string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  for (let i = 0; ; i += 1) {
    const predictionId = `${worker}-${i}`;
    const status = await ask(agent, question({ predictionId, unit: predictionId })).catch(() => undefined); // it has died
    if (status === undefined) break;
    if (status !== 200) throw new Error(`a question was answered with ${status}`);
    answered.push(predictionId);
  }
  agent.destroy();
}

function ask(agent: Agent, body: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const asked = request(`${lab.url}/v1/predict/delays`, { method: 'POST', agent, headers }, (answer) => {
      answer.on('error', reject).resume();
      answer.on('end', () => (answer.complete ? resolve(answer.statusCode ?? 0) : reject(new Error('cut off'))));
    });
    asked.on('error', reject).end(JSON.stringify(body));
  });
}

test('after kill -9 under load every answered prediction, its exposure and its events lie on the log exactly once', async () => {
  const answered: string[] = [];
  for (let life = 1; life <= KILLS; life += 1) {
    const before = answered.length;
    const workers = Array.from({ length: WORKERS }, (_, worker) => askUntilDeath(`life${life}-${worker}`, answered));
    await eventually(() => answered.length >= before + ANSWERS_PER_LIFE, { deadlineMs: 30_000 });
    await end('SIGKILL');
    await Promise.all(workers);
    await start();
  }
  await ready();
  await lab.published();

  const served = await lab.read<Served>(predictions, 'prediction.served');
  const ids = served.map(({ data }) => data.predictionId);
  const onLog = new Set(ids);
  expect(answered.length).toBeGreaterThanOrEqual(KILLS * ANSWERS_PER_LIFE);
  expect(answered.filter((id) => !onLog.has(id))).toEqual([]);
  expect(ids).toHaveLength(onLog.size);
  // What was logged while the process died may not have reached its asker: at most one question of each worker and life.
  expect(onLog.size - answered.length).toBeLessThanOrEqual(KILLS * WORKERS);
  const exposed = await lab.read<Exposed>(exposures);
  expect(exposed.map(({ data }) => data.predictionId).sort()).toEqual([...ids].sort());
  const shadowed = (await lab.read<Shadowed>(predictions, 'shadow.scored')).map(({ data }) => data.predictionId);
  expect(new Set(shadowed).size).toBe(shadowed.length);
  expect(shadowed.filter((id) => !onLog.has(id))).toEqual([]);
  const events = [...served, ...exposed].map(({ id }) => id);
  expect(new Set(events).size).toBe(events.length);
}, 180_000);
