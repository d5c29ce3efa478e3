// A service process for the kill test: sends the dead letters of a queue again, one by one, until none is left or it is killed.
// Usage: node --import register.mjs redriving-process.ts <database url> <commands url> <command type>
import { defineCommand } from '@roofshot/contracts/define';
import { openSql } from '@roofshot/storage/open-sql';
import { Type } from 'typebox';
import { openCommandQueue } from '../src/commands/open-command-queue.ts';
import { DeadLetterOffice } from '../src/delivery/dead-letter-office.ts';
import { PostgresBus } from '../src/events/postgres-bus.ts';
import { silent } from '../src/events/log-lab.ts';
import { done, handle } from '../src/handlers.ts';

const [url = '', commandsUrl = '', type = ''] = process.argv.slice(2);
const sql = await openSql(url, { poolSize: 4 });
const bus = await PostgresBus.open(sql, { log: silent });
const queue = await openCommandQueue(commandsUrl, { sql, sqlUrl: url, log: silent });
const schema = Type.Object({ id: Type.String(), n: Type.Integer() });
const command = defineCommand(type, { owner: 'sums', schema, id: (data) => data.id, description: 'Adds.' });
const setup = { service: 'sums', schema: 'sums', sql, bus, queue, log: silent, clock: Date.now };
const office = new DeadLetterOffice(setup, [handle(command, () => done())]);

for (;;) {
  const letters = await office.select({ queue: command.queue }, 1_000);
  process.stdout.write(`redriving ${letters.length}\n`);
  for (const letter of letters) await office.redrive([letter], 0);
}
