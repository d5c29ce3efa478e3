/** The command queue on a real RabbitMQ with the services' PostgreSQL, both on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { defineCommand } from '@roofshot/contracts/define';
import type { CommandQueue } from '@roofshot/messaging/commands';
import type { DeliverySetup } from '@roofshot/messaging/delivery-setup';
import { done, handle } from '@roofshot/messaging/handlers';
import { CommandsServer } from '@roofshot/messaging/nest/commands-server';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { createTransactions } from '@roofshot/messaging/transactions';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { migrate } from '@roofshot/storage/migrate';
import { createLogger } from '@roofshot/telemetry/logger';
import { testDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { Type } from 'typebox';
import { atLeast, atMost, quantile, round, type Row } from './rows.ts';

const SENT = 20_000;
const SENDERS = 64;
const CONCURRENCY = 64;
const ROUNDS = 3;
const ROUNDTRIPS = 1_000;
const WARMING_UP = 100;
const IN_TRANSACTIONS = 5_000;
/** Pauses between single commands: a command is an order, not a stream. */
const PAUSE_MS = 10;

const Measure = defineCommand('bench.measure', {
  owner: 'bench',
  schema: Type.Object({ id: Type.String(), n: Type.Integer() }),
  id: ({ id }) => id,
  description: 'Writes a row.',
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export async function benchRabbit(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-bench-rabbit-'));
  const [server, services] = [await startServer('rabbitmq', { folder }), await testDatabase()];
  const log = createLogger({ level: 'silent', write: () => undefined });
  const surroundings = { sql: services.sql, sqlUrl: services.url, log };
  const queue = await openCommandQueue(server.url, surroundings);
  const bus = await openEventBus(services.url, surroundings);
  try {
    await migrate(services.sql, 'bench', deliveryMigrations);
    await services.sql.query('CREATE TABLE bench.effects (id text PRIMARY KEY)');
    const setup = { service: 'bench', schema: 'bench', sql: services.sql, bus, queue, log, clock: Date.now };
    const [times, inTransactions] = await withEffects(
      setup,
      async (run) => [await roundtrips(run), await transactionsPerSecond(run)] as const,
    );
    // Afterwards: the broker tidies up for a while when it has carried many.
    const rates = [];
    for (const n of count(ROUNDS)) rates.push(await commandsPerSecond(queue, `bench.stream-${n}.v1`));
    return [
      {
        key: 'command_roundtrip_ms_p99',
        value: round(quantile(times, 0.99)),
        unit: 'ms',
        bar: atMost(20, 'from the commit of the sender’s transaction to the commit of the handler’s'),
      },
      {
        key: 'commands_per_s',
        value: round(quantile(rates, 0.5)),
        unit: 'commands/s',
        bar: atLeast(2_000, `durable, confirmed one by one to ${SENDERS} senders, delivered and acknowledged: the queue alone`),
      },
      {
        key: 'commands_per_s_exactly_once',
        value: round(inTransactions),
        unit: 'commands/s',
        bar: atLeast(
          500,
          `each sent by one of ${SENDERS} concurrent transactions through the outbox, and handled once, with an effect, in another`,
        ),
      },
    ];
  } finally {
    await queue.close();
    await bus.close();
    await server.remove();
    await services.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `SENDERS` at once, each waiting for the confirmation of its command before it sends the next, until the last one is settled. */
async function commandsPerSecond(queue: CommandQueue, name: string): Promise<number> {
  await queue.ensureQueues([name]);
  const finished = Promise.withResolvers<void>();
  let handled = 0;
  const consumption = await queue.consume(
    name,
    () => {
      if ((handled += 1) === SENT) finished.resolve();
      return Promise.resolve({ kind: 'ack' });
    },
    { concurrency: CONCURRENCY },
  );
  const began = performance.now();
  const waiting = count(SENT);
  const sender = async (): Promise<void> => {
    for (let n = waiting.pop(); n !== undefined; n = waiting.pop()) {
      await queue.send([
        { queue: name, id: `${n}`, headers: { type: 'bench.stream' }, payload: JSON.stringify({ n, note: 'x'.repeat(200) }) },
      ]);
    }
  };
  await Promise.all(count(SENDERS).map(sender));
  const confirmed = SENT / ((performance.now() - began) / 1_000);
  await finished.promise;
  const rate = SENT / ((performance.now() - began) / 1_000);
  await consumption.stop();
  say(`Commands: ${Math.round(confirmed)} confirmed a second, ${Math.round(rate)} confirmed, delivered and acknowledged`);
  return rate;
}

/** Sends one command in a transaction of its own; resolves with the moment at which its handler's commit has returned. */
interface Sender {
  send(id: string): Promise<{ readonly committedAt: number; readonly handledAt: Promise<number> }>;
}

/** With a handler that writes a row for each command. */
async function withEffects<T>(setup: DeliverySetup, run: (sender: Sender) => Promise<T>): Promise<T> {
  const transactions = createTransactions(setup.sql, setup.bus, setup.queue, setup);
  const effect = handle(Measure, async ({ data }, tx) => {
    await tx.query('INSERT INTO bench.effects VALUES ($1)', [data.id]);
    return done();
  });
  const settled = new Map<string, PromiseWithResolvers<number>>();
  // The settlement is answered when the handler's transaction has committed.
  const watched = { ...setup, queue: watching(setup.queue, (id) => settled.get(id)?.resolve(performance.now())) };
  const server = new CommandsServer(watched, [effect]);
  await new Promise<void>((resolve, fail) => server.listen((error) => (error === undefined ? resolve() : fail(error as Error))));
  const send: Sender['send'] = async (id) => {
    const handled = Promise.withResolvers<number>();
    settled.set(id, handled);
    await transactions.run((tx) => Promise.resolve(tx.send(Measure, { id, n: 0 })));
    return { committedAt: performance.now(), handledAt: handled.promise };
  };
  try {
    return await run({ send });
  } finally {
    await server.close();
  }
}

/** Milliseconds for each command from the return of the sender's commit to the moment at which the handler's commit has returned. */
async function roundtrips({ send }: Sender): Promise<number[]> {
  const times: number[] = [];
  for (const n of count(ROUNDTRIPS + WARMING_UP)) {
    const { committedAt, handledAt } = await send(`single-${n}`);
    const took = (await handledAt) - committedAt;
    if (n >= WARMING_UP) times.push(took);
    await delay(PAUSE_MS);
  }
  say(
    `Round trips: p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms, longest ${Math.max(...times).toFixed(1)} ms`,
  );
  return times;
}

/** Commands a second from the first transaction to the end of the last handler's, with `SENDERS` transactions at once. */
async function transactionsPerSecond({ send }: Sender): Promise<number> {
  const began = performance.now();
  const waiting = count(IN_TRANSACTIONS);
  const handled: Promise<number>[] = [];
  const sender = async (): Promise<void> => {
    for (let n = waiting.pop(); n !== undefined; n = waiting.pop()) handled.push((await send(`one-of-many-${n}`)).handledAt);
  };
  await Promise.all(count(SENDERS).map(sender));
  await Promise.all(handled);
  const rate = IN_TRANSACTIONS / ((performance.now() - began) / 1_000);
  say(`Commands in transactions: ${Math.round(rate)} sent and handled exactly once a second`);
  return rate;
}

/** The same queue, which tells of each command whose handler has ended. */
function watching(queue: CommandQueue, onHandled: (id: string) => void): CommandQueue {
  return new Proxy(queue, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      if (key !== 'consume') return value.bind(target) as unknown;
      return ((name, handler, options) =>
        target.consume(
          name,
          async (command) => {
            const settlement = await handler(command);
            onHandled(command.id);
            return settlement;
          },
          options,
        )) satisfies CommandQueue['consume'];
    },
  });
}
