// A service process for the kill test: takes commands and never ends one, until it is killed.
// Usage: node --import register.mjs holding-process.ts <commands url> <queue> <how many at once>
import { RabbitQueue } from '../src/commands/rabbit/rabbit-queue.ts';
import { silent } from '../src/events/log-lab.ts';

const [url = '', name = '', most = ''] = process.argv.slice(2);
const queue = await RabbitQueue.open(url, { log: silent });
let held = 0;
await queue.consume(
  name,
  async () => {
    held += 1;
    if (held === Number(most)) process.stdout.write('holding\n');
    return Promise.withResolvers<never>().promise;
  },
  { concurrency: Number(most) },
);
