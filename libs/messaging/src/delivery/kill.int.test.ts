import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';
import { startPostgresLab } from '../events/postgres-lab.ts';
import { DeliveryLab, Noted } from './delivery-lab.ts';

const RECORDS = 20_000;
const UNITS = 50;
const KILLS = 10;
const CHILD = fileURLToPath(new URL('./folding-process.ts', import.meta.url));
const REGISTER = new URL('../../../../register.mjs', import.meta.url).href;

/** Runs a process of the service and kills it with -9 at a random moment after it has started to read. */
async function runAndKill(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', REGISTER, CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await delay(Math.random() * 300); // the moment of the kill is what varies; nothing is waited for
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('a process that is killed again and again', () => {
  let lab: DeliveryLab;
  beforeAll(async () => {
    lab = await DeliveryLab.start(await startPostgresLab());
  });
  afterAll(() => lab.close());

  it('loses nothing and counts nothing twice', async () => {
    const topic = await lab.newTopic();
    const notes = await lab.newTopic(Noted);
    const args = [lab.sql.url, topic.name, notes.name];

    let written = 0;
    let kills = 0;
    const writing = (async () => {
      // As much as the kills need: the last records are written after the last kill but one.
      while (written < RECORDS) {
        await eventually(() => written / RECORDS <= (kills + 1) / KILLS, { deadlineMs: 60_000, describe: 'the next kill' });
        const batch = Array.from({ length: 100 }, (_, i) => [`unit-${(written + i) % UNITS}`, written + i] as const);
        await lab.add(topic, batch);
        written += batch.length;
      }
    })();
    for (; kills < KILLS; kills += 1) await runAndKill(args);
    await writing;
    const survivor = spawn(process.execPath, ['--import', REGISTER, CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const folded = async (): Promise<number> => Object.values(await lab.totals(topic)).reduce((sum, total) => sum + total, 0);
    const expected = (RECORDS * (RECORDS - 1)) / 2;
    await eventually(async () => (await folded()) >= expected, { deadlineMs: 30_000, describe: 'all records folded' });
    survivor.kill('SIGKILL');
    await once(survivor, 'exit');

    expect(await folded()).toBe(expected);
    const said = (await lab.records(notes)).map(({ value }) => (JSON.parse(value) as { n: number }).n);
    expect(said).toHaveLength(RECORDS);
    expect(new Set(said).size).toBe(RECORDS);
  }, 180_000);
});
