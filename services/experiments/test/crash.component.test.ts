import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { experiments } from '@roofshot/contracts/experiments';
import { eventually } from '@roofshot/testing/eventually';
import { allOf, makeFlights, seeded, shuffled } from './flights.ts';
import { DAY, Lab, MONDAY } from './lab.ts';

const REGISTER = new URL('../../../register.mjs', import.meta.url).href;
const PROCESS = fileURLToPath(new URL('./experiments-process.ts', import.meta.url));

const flights = makeFlights(1_200, { skill: { control: 0.6, treatment: 0.75 }, seed: 8 });
const after = makeFlights(30, { skill: { control: 0.6, treatment: 0.75 }, from: MONDAY + 7 * DAY, days: 0.4, prefix: 'after' });
const records = shuffled(allOf([...flights, ...after]), seeded(9));

interface Ended {
  readonly sums: unknown[];
  readonly decided: unknown[];
  readonly ordered: string[];
}

async function endOf(lab: Lab): Promise<Ended> {
  await lab.progress(MONDAY + 8 * DAY);
  await lab.settled();
  await lab.settled();
  await eventually(() => expect(lab.ordered.length).toBeGreaterThanOrEqual(2));
  const sums = await lab.database.sql.query(
    `SELECT series, tile, sum(n)::text AS n, sum(y)::text AS y, sum(xy)::text AS xy FROM experiments.sums
     GROUP BY series, tile HAVING sum(n) <> 0 ORDER BY series, tile`,
  );
  const decided = (await lab.said(experiments)).filter(({ type }) => type === 'experiment.decided').map(({ data }) => data);
  return { sums, decided, ordered: lab.ordered.map(({ data }) => data.commandId).sort() };
}

describe('whatever happens to its processes', () => {
  let undisturbed: Ended;
  beforeAll(async () => {
    const lab = await Lab.start();
    await lab.startExperiment();
    await lab.publish(records);
    undisturbed = await endOf(lab);
    await lab.close();
  });

  test('two of them come to one decision', async () => {
    const lab = await Lab.start();
    await lab.startExperiment();
    await lab.startProcess();
    await lab.publish(records);
    expect(await endOf(lab)).toEqual(undisturbed);
    expect(undisturbed.decided).toHaveLength(1);
    await lab.close();
  });

  test('killed over and over while it folds and decides, it comes to the same figures and the same decision, once', async () => {
    const lab = await Lab.start();
    await lab.startExperiment();
    const [first] = lab.processes;
    if (first !== undefined) await lab.stopProcess(first);
    const random = seeded(10);
    let child: ChildProcess | undefined;
    const parts = 5;
    for (let part = 0; part < parts; part += 1) {
      child = await startChild(lab, part);
      const size = Math.ceil(records.length / parts);
      await lab.publish(records.slice(part * size, (part + 1) * size));
      if (part === parts - 1) await lab.progress(MONDAY + 8 * DAY);
      await folded(lab, Math.floor(size * random() * 0.8));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await lab.startProcess();
    expect(await endOf(lab)).toEqual(undisturbed);
    await lab.close();
  });
});

async function startChild(lab: Lab, number: number): Promise<ChildProcess> {
  const env = { ...process.env, ...lab.environment(`child-${number}`), LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, ['--import', REGISTER, PROCESS], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  await eventually(() => said.join('').includes('ready'), { deadlineMs: 30_000, describe: 'the process' });
  return child;
}

/** Until so many more records have been read. */
async function folded(lab: Lab, more: number): Promise<void> {
  const position = async (): Promise<number> => {
    const [row] = await lab.database.sql.query<{ total: number }>('SELECT sum(next_offset)::int AS total FROM experiments.checkpoints');
    return row?.total ?? 0;
  };
  const before = await position();
  await eventually(async () => (await position()) >= before + Math.min(more, 300), { deadlineMs: 20_000 });
}
