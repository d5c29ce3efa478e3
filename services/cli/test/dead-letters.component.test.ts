/** `roofshot dead-letters` against a service that refuses, and fails on, what it is told to. */
import { Module } from '@nestjs/common';
import { defineCommand, defineEvent, defineResource, defineTopic } from '@roofshot/contracts/define';
import { done, handle, on, reject } from '@roofshot/messaging/handlers';
import { startGateway, type Gateway } from '@roofshot/runtime/gateway';
import { DomainError } from '@roofshot/runtime/errors';
import { run, type Running } from '@roofshot/runtime/run';
import { defineService, type Platform } from '@roofshot/runtime/service';
import type { Transactions } from '@roofshot/messaging/transactions';
import { HttpRoutes } from '@roofshot/runtime/http';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { ownedKind } from '@roofshot/runtime/resource-rules';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { Type } from 'typebox';
import { roofshot, type Ended } from './cli-lab.ts';

const Ship = defineCommand('parcel.ship', {
  owner: 'parcels',
  schema: Type.Object({ id: Type.String() }),
  id: ({ id }) => id,
  description: 'Ships.',
});
const Jam = defineCommand('parcel.jam', {
  owner: 'parcels',
  schema: Type.Object({ id: Type.String(), note: Type.String() }),
  id: ({ id }) => id,
  description: 'Jams the belt.',
});
const Weighed = defineEvent('parcel.weighed', Type.Object({ parcel: Type.String(), grams: Type.Integer() }));
const weights = defineTopic('parcel-weights.v1', {
  events: [Weighed],
  key: ({ data }) => data.parcel,
  owner: 'parcels',
  retentionDays: 1,
  description: 'Weights.',
});
const Parcel = defineResource('Parcel', { plural: 'parcels', owner: 'parcels', spec: Type.Object({}), order: 1, description: 'A parcel.' });

const mood = { isMended: false };
const heard: number[] = [];
let transactions: Transactions;

@Module({})
class Parcels {}

const parcels = defineService({
  name: 'parcels',
  config: Type.Object({}),
  port: 0,
  needs: ['events', 'commands', 'sql'],
  publishes: [weights],
  sends: [Ship, Jam],
  kinds: [Parcel], // whoever owns a kind writes to the audit
  paths: [],
  migrations: [],
  module: (platform: Platform<'events' | 'commands' | 'sql'>) => {
    transactions = platform.transactions;
    const resources = {
      provide: Parcels,
      inject: [HttpRoutes],
      useFactory: (http: HttpRoutes) => ownResources(http, platform, [ownedKind(Parcel, {})]),
    };
    return { module: Parcels, providers: [resources] };
  },
  handlers: () => [
    handle(Ship, () => (mood.isMended ? done() : reject('the lorry is away'))),
    handle(Jam, () => {
      throw new DomainError('conflict', 'the belt \u001b[31mjams');
    }),
    on(weights, {
      'parcel.weighed': ({ data }) => {
        if (data.grams < 0) throw new RangeError('a weight below zero');
        heard.push(data.grams);
        return done();
      },
    }),
  ],
});

let database: TestDatabase;
let folder: TempDir;
let running: Running;
let gateway: Gateway;
beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), tempDir('cli-dead-letters')]);
  running = await run([parcels], { env: { SQL_URL: database.url, DATA_DIR: folder.path, PARCELS_PORT: '0', LOG_LEVEL: 'silent' } });
  const services = [{ name: 'parcels', url: running.urls['parcels'] ?? '', prefixes: ['/v1/parcels'] }];
  gateway = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services });
});
afterAll(async () => {
  await gateway.stop();
  await running.stop();
  await database.drop();
  await folder.remove();
});

const deadLetters = (...args: string[]): Promise<Ended> => roofshot(['dead-letters', ...args, '--url', gateway.url]);
const lettersThere = async (sql: string): Promise<number> => (await database.sql.query(sql)).length;

test('dead commands are listed with why, stay while they are refused, and are gone when they are handled or thrown away', async () => {
  await transactions.run((tx) => {
    for (const id of ['p-1', 'p-2']) tx.send(Ship, { id });
    return Promise.resolve();
  });
  await eventually(async () => expect(await lettersThere('SELECT FROM parcels.dead_commands')).toBe(2));
  const list = await deadLetters('list', '--type', 'parcel.ship');
  expect(list.out).toMatch(/^parcels:1 +parcel\.ship +rejected +1 +\S+Z +parcel\.ship\.v1 +"the lorry is away"$/m);
  expect(list.err).toContain('2 dead letters; 0 parked keys');

  const dry = await deadLetters('redrive', '--all', '--dry-run');
  expect([dry.code, dry.out.match(/would-redrive/g)?.length]).toEqual([0, 2]);
  const less = await deadLetters('purge', '--all', '--type', 'parcel.ship', '--limit', '1', '--reason', 'a test', '--dry-run');
  expect(less.err).toBe('1 would-purge. Nothing was changed; this was a dry run.\n2 dead letters match the filter.\n');
  const vain = await deadLetters('redrive', 'parcels:1');
  expect([vain.code, vain.out]).toEqual([1, expect.stringMatching(/^parcels:1 +refused +"the lorry is away"$/m)]);
  mood.isMended = true;
  expect(await deadLetters('redrive', 'parcels:1')).toMatchObject({ code: 0, out: expect.stringMatching(/^parcels:1 +handled$/m) });
  expect(await deadLetters('purge', 'parcels:2', '--reason', 'sent by hand')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^parcels:2 +purged$/m),
  });
  expect(await lettersThere('SELECT FROM parcels.dead_commands')).toBe(0);
});

test('one dead letter is shown whole: why, from where, with its stack and its message', async () => {
  await transactions.run((tx) => {
    tx.send(Jam, { id: 'j-1', note: 'x'.repeat(500) });
    return Promise.resolve();
  });
  await eventually(async () => expect(await lettersThere('SELECT FROM parcels.dead_commands')).toBe(1));
  const [id = ''] = /^parcels:\d+/m.exec((await deadLetters('list', '--type', 'parcel.jam')).out) ?? [];
  const { code, out } = await deadLetters('show', id);
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^ID +${id}$`, 'm'));
  expect(out).toMatch(/^WHY +.*the belt \uFFFD\[31mjams$/m);
  expect(out).toMatch(/^FROM\n {2}queue +parcel\.jam\.v1$/m);
  expect(out).toMatch(/^STACK\n(.*\n)*? +at .*dead-letters\.component\.test\.ts/m);
  expect(out).toContain(`MESSAGE\n  {\n    "id": "j-1",\n    "note": "${'x'.repeat(500)}"\n  }`);
  expect(JSON.parse((await deadLetters('show', id, '--json')).out)).toMatchObject({ id, payload: { id: 'j-1' } });
  await deadLetters('purge', id, '--reason', 'seen');
  expect(await deadLetters('show', id)).toMatchObject({ code: 1, err: expect.stringContaining(`There is no dead letter ${id}`) });
  expect(await deadLetters('show', 'parcels:9999')).toMatchObject({ code: 1, err: expect.stringContaining('parcels:9999') });
  expect(await deadLetters('show', 'nobodys:1')).toMatchObject({ code: 1, err: expect.stringContaining('no service nobodys') });
  expect(await deadLetters('show')).toMatchObject({ code: 2, err: expect.stringContaining('Name the id') });
});

test('a parked key shows what it waits behind, and flows when that is thrown away by its name', async () => {
  const key = ['--service', 'parcels', '--topic', 'parcel-weights.v1', '--key', 'p-1'];
  await transactions.run((tx) => {
    const said = [-1, 7].map((grams) => ({ type: 'parcel.weighed' as const, data: { parcel: 'p-1', grams } }));
    tx.publish(weights, said);
    return Promise.resolve();
  });
  await eventually(async () => expect(await lettersThere('SELECT FROM parcels.parked_messages')).toBe(2));
  expect((await deadLetters('keys')).out).toMatch(/^parcels +parcel-weights\.v1 +p-1 +2 +\d+@0 +"RangeError: a weight below zero"$/m);
  const vain = await deadLetters('redrive', ...key);
  expect([vain.code, vain.out]).toEqual([1, expect.stringMatching(/p-1 +refused +0 handled "RangeError: a weight below zero"$/m)]);
  const skipped = await deadLetters('purge', ...key, '--reason', 'the scales were broken');
  expect([skipped.code, skipped.out]).toEqual([0, expect.stringMatching(/p-1 +flows +1 handled$/m)]);
  expect(heard).toEqual([7]);
});
