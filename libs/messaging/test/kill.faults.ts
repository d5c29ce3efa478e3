import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { on, once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';
import { DeliveryLab, Noted } from '../src/delivery/delivery-lab.ts';
import type { BusLab } from '../src/events/log-lab.ts';
import { onBatch } from '../src/handlers.ts';

const RECORDS = 20_000;
const UNITS = 50;
const KILLS = 10;
/** The kills may come so early that the survivor has it all to do, on a machine that has other things to do: only standing still is a fault. */
const FOLDING = { deadlineMs: 100_000 };
const CHILD = fileURLToPath(new URL('./folding-process.ts', import.meta.url));
const REGISTER = new URL('../../../register.mjs', import.meta.url).href;

function startProcess(args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, ['--import', REGISTER, CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Resolves when the process has written the word. */
async function hear({ stdout }: { stdout: Readable }, word: string): Promise<void> {
  for await (const chunk of on(stdout, 'data')) if (String(chunk).includes(word)) return;
  throw new Error(`The process ended before it said "${word}".`);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Runs a process of the service and kills it with -9 at a random moment after it has started to read. */
async function runAndKill(args: readonly string[]): Promise<void> {
  const child = startProcess(args);
  await hear(child, 'started');
  await delay(Math.random() * 300); // the moment of the kill is what varies; nothing is waited for
  await kill(child);
}

/** Processes of a service that die or hang at any moment, for every log. */
export function killFaults(name: string, start: () => Promise<BusLab>): void {
  describe(`${name}: a process that is killed again and again`, () => {
    let lab: DeliveryLab;
    let log: BusLab;
    beforeAll(async () => {
      log = await start();
      lab = await DeliveryLab.start(log);
    });
    afterAll(() => lab.close());

    it('loses nothing and counts nothing twice', async () => {
      const topic = await lab.newTopic();
      const notes = await lab.newTopic(Noted);
      const args = [lab.sql.url, log.url, topic.name, notes.name];

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
      const survivor = startProcess(args);
      const folded = async (): Promise<number> => Object.values(await lab.totals(topic)).reduce((sum, total) => sum + total, 0);
      const expected = (RECORDS * (RECORDS - 1)) / 2;
      await eventually(async () => expect(await folded()).toBeGreaterThanOrEqual(expected), FOLDING);
      await kill(survivor);

      expect(await folded()).toBe(expected);
      const heard = onBatch(notes, lab.fold);
      const listener = await lab.process([heard]);
      const totalOf = async (): Promise<number> => Object.values(await lab.totals(notes)).reduce((sum, total) => sum + total, 0);
      await eventually(async () => expect(await totalOf()).toBeGreaterThanOrEqual(expected), FOLDING);
      await eventually(() => listener.describe().every(({ lag }) => lag === 0));
      expect(await totalOf()).toBe(expected);
      const said = (await lab.records(notes)).map(({ value }) => (JSON.parse(value) as { n: number }).n);
      expect(new Set(said).size).toBe(RECORDS);
      if (log.sharesDatabase) expect(said).toHaveLength(RECORDS); // elsewhere a crash of the relay may bring some twice, which readers recognise
    }, 300_000);

    it('that is paused inside its transaction is replaced, and what it writes when it wakes does not count', async () => {
      const topic = await lab.newTopic();
      const notes = await lab.newTopic(Noted);
      const url = `${lab.sql.url}?idle_in_transaction_session_timeout=1000`; // half a minute without it
      const amounts = Array.from({ length: 100 }, (_, n) => [`unit-${n % UNITS}`, n] as const);
      await lab.add(topic, amounts);
      const paused = startProcess([url, log.url, topic.name, notes.name, 'stall']);
      await hear(paused, 'folded');
      paused.kill('SIGSTOP');
      const heir = startProcess([url, log.url, topic.name, notes.name]);
      const folded = async (): Promise<number> => Object.values(await lab.totals(topic)).reduce((sum, total) => sum + total, 0);
      await eventually(async () => expect(await folded()).toBe(4_950), { deadlineMs: 30_000, describe: 'the heir to take over' });
      paused.kill('SIGCONT');
      await lab.add(topic, amounts);
      await eventually(async () => expect(await folded()).toBe(9_900), { deadlineMs: 30_000 });
      await eventually(async () => expect(new Set((await lab.records(notes)).map(({ value }) => value)).size).toBe(100));
      await Promise.all([kill(paused), kill(heir)]);
    }, 120_000);
  });
}
