import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';
import type { QueueLab } from '../src/commands/queue-lab.ts';
import { CommandLab, type Added } from '../src/delivery/command-lab.ts';
import { reject } from '../src/handlers.ts';

const LETTERS = 150;
const KILLS = 5;
const START_MS = 180_000;
const CHILD = fileURLToPath(new URL('./redriving-process.ts', import.meta.url));
const REGISTER = new URL('../../../register.mjs', import.meta.url).href;

/** Sends dead letters again in a process that is killed with -9 while it does. */
async function redriveAndKill(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ['--import', REGISTER, CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of on(child.stdout, 'data')) if (String(chunk).includes('redriving')) break;
  await delay(Math.random() * 150); // the moment of the kill is what varies; nothing is waited for
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A redrive that dies between its steps, for every queue. `commandsUrl`: of the lab's queue. */
export function redriveFaults(name: string, start: () => Promise<{ readonly lab: QueueLab; readonly commandsUrl: string }>): void {
  describe(`${name}: a redrive whose process is killed again and again`, () => {
    let lab: CommandLab;
    let args: readonly string[];
    beforeAll(async () => {
      const { lab: queueLab, commandsUrl } = await start();
      lab = await CommandLab.start(queueLab);
      args = [queueLab.sql.url, commandsUrl];
    }, START_MS);
    afterAll(() => lab.close());

    it('loses no command and lets none work twice', async () => {
      const command: Added = lab.newCommand();
      await lab.service(command, () => reject('not yet'), { concurrency: 16 });
      const ids = Array.from({ length: LETTERS }, (_, n) => `id-${n}`);
      await lab.send(command, ids);
      const office = lab.office(command);
      await eventually(async () => expect(await office.letters()).toHaveLength(LETTERS), { deadlineMs: 60_000 });
      await lab.stopServices();
      await lab.service(command, ({ data }, tx) => lab.add(tx, data), { concurrency: 16 });

      for (let kills = 0; kills < KILLS; kills += 1) await redriveAndKill([...args, command.type]);
      const left = await office.letters();
      await office.redrive(
        left.map(({ id }) => id),
        0,
      );
      await eventually(async () => expect(await lab.effects(command)).toHaveLength(LETTERS), { deadlineMs: 60_000 });
      await eventually(async () => expect([await office.letters(), await lab.queue.depth(command.queue)]).toEqual([[], 0]), {
        deadlineMs: 60_000,
      });
      expect(await lab.effects(command)).toEqual([...ids].sort());
    }, 240_000);
  });
}
