import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { eventually } from '@roofshot/testing/eventually';
import { Count, DeliveryLab } from '../delivery/delivery-lab.ts';
import { startPostgresLab } from '../events/postgres-lab.ts';
import { done, follow, handle, on, onBatch, type Handler } from '../handlers.ts';
import { CommandsServer } from './commands-server.ts';
import { EventsServer } from './events-server.ts';

class Empty {}
Module({})(Empty);

describe('the transport strategies in a Nest application', () => {
  let lab: DeliveryLab;
  let app: INestApplication;
  beforeAll(async () => {
    lab = await DeliveryLab.start(await startPostgresLab());
  });
  beforeEach(async () => {
    app = await NestFactory.create(Empty, new FastifyAdapter(), { logger: false, abortOnError: false });
    await app.init();
  });
  afterEach(() => app.close());
  afterAll(() => lab.close());

  async function start(handlers: readonly Handler[]): Promise<{ events: EventsServer; commands: CommandsServer }> {
    const events = new EventsServer(lab.setup(), handlers);
    const commands = new CommandsServer(lab.setup(), handlers);
    app.connectMicroservice({ strategy: events });
    app.connectMicroservice({ strategy: commands });
    await app.startAllMicroservices();
    return { events, commands };
  }

  it('deliver events and commands from the start of the application to its end', async () => {
    const topic = await lab.newTopic();
    const followed: number[] = [];
    const counted: string[] = [];
    const { events, commands } = await start([
      onBatch(topic, lab.fold),
      follow(topic, { 'amount.added': ({ data }) => void followed.push(data.n) }),
      handle(Count, (command) => (counted.push(command.id), done())),
    ]);
    await lab.transactions.run((tx) => {
      tx.publish(topic, [{ type: 'amount.added', data: { unit: 'a', n: 5 } }]);
      tx.send(Count, { id: 'nest-1', n: 1 });
      return Promise.resolve();
    });
    await eventually(async () => expect([await lab.totals(topic), followed, counted]).toEqual([{ a: 5 }, [5], ['nest-1']]));
    await eventually(() => [events.ready(), events.healthy(), commands.ready(), commands.healthy()].every(Boolean));
    await eventually(() => {
      expect(events.describe().map(({ mode, lag }) => [mode, lag])).toEqual([
        ['group', 0],
        ['group', 0],
        ['follow', 0],
        ['follow', 0],
      ]);
      expect(commands.describe()).toMatchObject([{ queue: Count.queue, running: 0 }]);
    });

    await Promise.all([events.close(), commands.close()]);
    await lab.add(topic, [['a', 1]]);
    await lab.queue.send([{ queue: Count.queue, id: 'nest-2', headers: {}, payload: '{"id":"nest-2","n":1}' }]);
    expect([await lab.totals(topic), counted, await lab.queue.depth(Count.queue)]).toEqual([{ a: 5 }, ['nest-1'], 1]);
  });

  it('report a start that fails, so that the application does not hang', async () => {
    const topic = await lab.newTopic();
    const broken = { ...lab.setup(), bus: { ...lab.bus, consume: () => Promise.reject(new Error('no log today')) } as never };
    app.connectMicroservice({ strategy: new EventsServer(broken, [onBatch(topic, lab.fold)]) });
    await expect(app.startAllMicroservices()).rejects.toThrow('no log today');
  });

  it('refuse two handlers of one command', () => {
    const twice = [handle(Count, () => done()), handle(Count, () => done())];
    expect(() => new CommandsServer(lab.setup(), twice)).toThrow('sums handles the command amount.count twice');
  });

  it('let parked keys be listed and redriven', async () => {
    const topic = await lab.newTopic();
    let mended = false;
    const { events } = await start([
      on(topic, {
        'amount.added': async (event, tx) => {
          if (!mended) throw new Error('not mended');
          await lab.foldOne(event, tx);
          return done();
        },
      }),
    ]);
    await lab.add(topic, [['a', 3]]);
    await eventually(async () => expect(await events.parkedKeys(topic.name)).toMatchObject([{ key: 'a', reason: 'Error: not mended' }]));
    mended = true;
    expect(await events.redriveKey(topic.name, 'a')).toEqual({ handled: 1, released: true });
    expect(await lab.totals(topic)).toEqual({ a: 3 });
  });
});
