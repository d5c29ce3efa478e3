import { audit } from '@roofshot/contracts/audit';
import { defineCommand, type CommandDefinition } from '@roofshot/contracts/define';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import type { LetterRow } from '@roofshot/storage/dead-letter-list';
import { migrate } from '@roofshot/storage/migrate';
import { eventually } from '@roofshot/testing/eventually';
import { Type } from 'typebox';
import { commandOf, freshQueue, type QueueLab } from '../commands/queue-lab.ts';
import type { CommandQueue } from '../commands/queue.ts';
import { PostgresBus } from '../events/postgres-bus.ts';
import { silent, specOf } from '../events/log-lab.ts';
import { done, handle, type Outcome, type Tx } from '../handlers.ts';
import { CommandsServer } from '../nest/commands-server.ts';
import { createTransactions } from '../transactions.ts';
import { DeadLetterOffice } from './dead-letter-office.ts';
import type { DeliverySetup } from './delivery-setup.ts';

const FAST = { attempts: 3, retry: { firstMs: 20, longestMs: 80 } };
const Schema = Type.Object({ id: Type.String(), n: Type.Integer() });
export type Added = CommandDefinition<string, typeof Schema>;
type Run = Parameters<typeof handle<Added>>[1];

export type CommandOffice = DeadLetterOffice & { readonly letters: () => Promise<readonly LetterRow[]> };

/** A service that adds up in its own database, in as many processes as a test starts. */
export class CommandLab {
  readonly #lab: QueueLab;
  readonly #bus: PostgresBus;
  readonly #services: CommandsServer[] = [];
  readonly queue: CommandQueue;

  private constructor(lab: QueueLab, bus: PostgresBus, queue: CommandQueue) {
    this.#lab = lab;
    this.#bus = bus;
    this.queue = queue;
  }

  static async start(lab: QueueLab): Promise<CommandLab> {
    await migrate(lab.sql, 'sums', deliveryMigrations);
    await lab.sql.query('CREATE TABLE sums.effects (id text NOT NULL, n bigint NOT NULL)');
    const bus = await PostgresBus.open(lab.sql, { log: silent });
    await bus.ensureTopics([specOf(audit.name)]);
    return new CommandLab(lab, bus, await lab.open());
  }

  get transactions(): ReturnType<typeof createTransactions> {
    return createTransactions(this.#lab.sql, this.#bus, this.queue, { service: 'sums', clock: Date.now });
  }

  setup(queue: CommandQueue = this.queue): DeliverySetup {
    return { service: 'sums', schema: 'sums', sql: this.#lab.sql, bus: this.#bus, queue, log: silent, clock: Date.now };
  }

  newCommand(): Added {
    const type = freshQueue().replace(/\.v1$/, '');
    return defineCommand(type, { owner: 'sums', schema: Schema, id: (data) => data.id, description: 'Adds.' });
  }

  /** Its dead letters, as the command's service answers for them. */
  office(command: Added, run: Run = () => done()): CommandOffice {
    const office = new DeadLetterOffice(this.setup(), [handle(command, run)]);
    const letters = async (): Promise<readonly LetterRow[]> =>
      (await office.find({ queue: command.queue }, { after: 0, limit: 1_000 })).letters;
    return Object.assign(office, { letters });
  }

  anotherQueue(options?: { readonly leaseMs?: number }): Promise<CommandQueue> {
    return this.#lab.open(options);
  }

  kill(queue: CommandQueue): Promise<void> {
    return this.#lab.kill(queue);
  }

  async service(
    command: Added,
    run: Run,
    { queue = this.queue, concurrency = 4 }: { queue?: CommandQueue; concurrency?: number } = {},
  ): Promise<void> {
    const server = new CommandsServer(this.setup(queue), [handle(command, run, { concurrency })], FAST);
    await new Promise<void>((resolve, fail) => server.listen((error) => (error === undefined ? resolve() : fail(error as Error))));
    this.#services.push(server);
  }

  /** As `/readyz` of the services would tell it. */
  waitingFor(): string[] {
    return [...this.queue.waitingFor(), ...this.#services.flatMap((server) => server.waitingFor())];
  }

  async stopServices(): Promise<void> {
    await Promise.all(this.#services.splice(0).map((server) => server.close()));
  }

  send(command: Added, ids: readonly string[], queue = this.queue): Promise<void> {
    return queue.send(ids.map((id) => commandOf(command.queue, id, { id: `${command.type}/${id}`, n: 1 })));
  }

  async add(tx: Tx, { id, n }: { readonly id: string; readonly n: number }): Promise<Outcome> {
    await tx.query('INSERT INTO sums.effects VALUES ($1, $2)', [id, n]);
    return done();
  }

  /** Ids of the commands that had an effect, as often as they had one. */
  async effects(command: Added): Promise<string[]> {
    const rows = await this.#lab.sql.query<{ id: string }>(`SELECT id FROM sums.effects WHERE id LIKE $1 || '/%' ORDER BY id`, [
      command.type,
    ]);
    return rows.map(({ id }) => id.slice(command.type.length + 1));
  }

  /** Waits until nothing is left, and expects each of these effects once. */
  async expectEffects(command: Added, ids: readonly string[]): Promise<void> {
    await eventually(async () =>
      expect([await this.effects(command), await this.queue.depth(command.queue)]).toEqual([[...ids].sort(), 0]),
    );
  }

  async close(): Promise<void> {
    await this.stopServices();
    await this.#bus.close();
    await this.#lab.close();
  }
}
