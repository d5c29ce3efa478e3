/** A whole service, as small as it can be: one kind, one topic, one command, two routes. */
import { Inject, Injectable, Module } from '@nestjs/common';
import { Closed, defineCommand, defineEvent, defineResource, defineTopic, type CommandOf, type EventsOf } from '@roofshot/contracts/define';
import { Name } from '@roofshot/contracts/ids';
import { done, handle, onBatch, reject, type EventBatch, type Handler, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import { Type, type Static } from 'typebox';
import { Wait, waitMs } from '../src/durations.ts';
import { DomainError } from '../src/errors.ts';
import { HttpRoutes } from '../src/http.ts';
import { ownResources } from '../src/resource-routes.ts';
import { ownedKind } from '../src/resource-rules.ts';
import type { Resources } from '../src/resources.ts';
import { defineService, PLATFORM, type Platform, type Resolve } from '../src/service.ts';
import { Signal } from '../src/signal.ts';

export const CounterSpec = Closed({ step: Type.Integer({ minimum: 1 }), after: Type.Optional(Name) });
export const Counter = defineResource('Counter', {
  plural: 'counters',
  owner: 'tally',
  spec: CounterSpec,
  order: 10,
  description: 'How much one addition counts.',
});

export const CounterChanged = defineEvent(
  'counter.changed',
  Type.Object({ name: Name, generation: Type.Integer(), deleted: Type.Boolean() }),
);
export const TallyAdded = defineEvent('tally.added', Type.Object({ name: Name, amount: Type.Integer() }));
export const tallies = defineTopic('tallies.v1', {
  events: [CounterChanged, TallyAdded],
  key: (event) => event.data.name,
  owner: 'tally',
  retentionDays: 1,
  public: true,
  description: 'What was counted.',
});

export const AddToTally = defineCommand('tally.add', {
  owner: 'tally',
  schema: Type.Object({ id: Type.String({ minLength: 1 }), name: Name }),
  id: (data) => data.id,
  description: 'Counts once, by the counter of that name.',
});

export const TallyConfig = Type.Object({
  greeting: Type.String({ default: 'hello' }),
  limit: Type.Integer({ minimum: 1, default: 1_000_000 }),
});

type TallyPlatform = Platform<'events' | 'commands' | 'sql', Static<typeof TallyConfig>>;

class CreateTotals1760000000000 {
  async up(runner: { query(text: string): Promise<unknown> }): Promise<void> {
    await runner.query('CREATE TABLE totals (name text PRIMARY KEY, total bigint NOT NULL, additions bigint NOT NULL)');
  }
  async down(runner: { query(text: string): Promise<unknown> }): Promise<void> {
    await runner.query('DROP TABLE totals');
  }
}

@Injectable()
export class Tally {
  readonly signal = new Signal();
  readonly counters: Resources;
  readonly platform: TallyPlatform;

  constructor(@Inject(PLATFORM) platform: TallyPlatform, http: HttpRoutes) {
    this.platform = platform;
    this.counters = ownResources(http, platform, [
      ownedKind(Counter, {
        check: async (spec, { name, find }) => {
          if (spec.after === undefined || (await find(Counter, spec.after)) !== undefined) return [];
          return [{ path: '/after', message: `there is no Counter ${spec.after}, which ${name} comes after` }];
        },
        mayDelete: async ({ metadata }, { list }) =>
          (await list(Counter))
            .filter(({ spec }) => spec.after === metadata.name)
            .map((other) => ({ path: '/metadata/name', message: `${other.metadata.name} comes after it` })),
        changed: (tx, { metadata, generation }) =>
          tx.publish(tallies, [{ type: 'counter.changed', data: { name: metadata.name, generation, deleted: false } }]),
        removed: (tx, { metadata, generation }) =>
          tx.publish(tallies, [{ type: 'counter.changed', data: { name: metadata.name, generation, deleted: true } }]),
      }),
    ]);
  }

  async add(command: CommandOf<typeof AddToTally>, tx: Tx): Promise<Outcome> {
    const counter = await this.counters.find(Counter, command.data.name, tx);
    if (counter === undefined) return reject(`there is no Counter ${command.data.name}`);
    tx.publish(tallies, [{ type: 'tally.added', data: { name: command.data.name, amount: counter.spec.step } }]);
    return done();
  }

  async count({ events }: EventBatch<EventsOf<typeof tallies>>, tx: Tx): Promise<void> {
    for (const event of events) {
      if (event.type !== 'tally.added') continue;
      await tx.query(
        `INSERT INTO tally.totals AS known VALUES ($1, $2, 1)
         ON CONFLICT (name) DO UPDATE SET total = known.total + EXCLUDED.total, additions = known.additions + 1`,
        [event.data.name, event.data.amount],
      );
    }
  }

  async total(name: string): Promise<{ total: number; additions: number }> {
    const [row] = await this.platform.sql.query<{ total: number; additions: number }>(
      'SELECT total, additions FROM tally.totals WHERE name = $1',
      [name],
    );
    return row ?? { total: 0, additions: 0 };
  }
}

@Injectable()
class TallyController {
  constructor(http: HttpRoutes, tally: Tally) {
    const { transactions, config } = tally.platform;
    const params = Type.Object({ name: Name });
    http.route({
      method: 'POST',
      url: '/v1/tallies/:name',
      summary: 'Counts once.',
      params,
      body: Closed({ id: Type.String({ minLength: 1 }) }),
      status: 202,
      handler: async ({ params: { name }, body }) => {
        await transactions.run(async (tx) => tx.send(AddToTally, { id: body.id, name }));
        return { accepted: body.id };
      },
    });
    http.route({
      method: 'GET',
      url: '/v1/tallies/:name',
      summary: 'The total, held until it has as many additions.',
      params,
      query: Closed({ additions: Type.Optional(Type.Integer()), wait: Type.Optional(Wait) }),
      handler: async ({ params: { name }, query: { additions = 0, wait }, signal }) => {
        if (name === config.greeting) throw new DomainError('gone', 'Nobody counts greetings any more.');
        const reached = async (): Promise<object | undefined> => {
          const now = await tally.total(name);
          return now.additions >= additions ? now : undefined;
        };
        return (await tally.signal.waitUntil(reached, { timeoutMs: waitMs(wait), signal })) ?? tally.total(name);
      },
    });
    http.route({
      method: 'GET',
      url: '/v1/tallies/:name/waiting',
      summary: 'How many requests are held.',
      params,
      handler: () => ({ waiting: tally.signal.waiting }),
    });
    http.route({
      method: 'GET',
      url: '/v1/tallies/:name/stuck',
      summary: 'Never answers, not even to a stop.',
      params,
      handler: () => new Promise<never>(() => undefined),
    });
    http.route({
      method: 'GET',
      url: '/v1/tallies',
      summary: 'Held for ever.',
      handler: ({ signal }) => tally.signal.waitUntil(() => false, { timeoutMs: 60_000, signal }),
    });
  }
}

@Module({})
class TallyModule {}

const handlers = (get: Resolve): readonly Handler[] => [
  onBatch(tallies, (batch, tx) => get(Tally).count(batch, tx), { afterCommit: async () => get(Tally).signal.changed() }),
  handle(AddToTally, (command, tx) => get(Tally).add(command, tx)),
];

export const tally = defineService({
  name: 'tally',
  config: TallyConfig,
  port: 4190,
  needs: ['events', 'commands', 'sql'],
  publishes: [tallies],
  sends: [AddToTally],
  kinds: [Counter],
  paths: ['/v1/tallies'],
  migrations: [CreateTotals1760000000000],
  module: () => ({ module: TallyModule, providers: [Tally, TallyController] }),
  handlers,
});
