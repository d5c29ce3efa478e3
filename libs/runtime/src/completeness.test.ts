import { defineCommand, defineEvent, defineTopic, OTHERS } from '@roofshot/contracts/define';
import { done, follow, handle, on, onRecords, type Handler } from '@roofshot/messaging/handlers';
import { Type } from 'typebox';
import { completeness } from './completeness.ts';
import type { AnyService } from './service.ts';

const Started = defineEvent('trip.started', Type.Object({ id: Type.String() }));
const Ended = defineEvent('trip.ended', Type.Object({ id: Type.String() }));
const trips = defineTopic('trips.v1', {
  events: [Started, Ended],
  key: (event) => event.data.id,
  owner: 'rides',
  retentionDays: 1,
  description: 'Trips.',
});
const Bill = defineCommand('trip.bill', {
  owner: 'billing',
  schema: Type.Object({ id: Type.String() }),
  id: (data) => data.id,
  description: 'Bills.',
});

function service(name: string, parts: Partial<AnyService>): AnyService {
  return {
    name,
    port: 0,
    config: Type.Object({}),
    needs: ['events', 'commands', 'sql'],
    publishes: [],
    sends: [],
    kinds: [],
    paths: [`/v1/${name}`],
    migrations: [],
    module: () => ({ module: class {} }),
    handlers: () => [],
    ...parts,
  };
}

const reader = (): Handler[] => [on(trips, { 'trip.started': () => done(), 'trip.ended': () => done() })];
const biller = (): Handler[] => [handle(Bill, () => done())];
const rides = service('rides', { publishes: [trips], sends: [Bill] });
const billing = service('billing', { handlers: () => [...reader(), ...biller()] });

describe('how services fit together', () => {
  test('a whole in which everything is said, heard and handled has no faults', () => {
    expect(completeness([rides, billing], { whole: true })).toEqual([]);
  });

  test('an event that nobody reads is a fault of the whole, unless its topic is public', () => {
    const deaf = service('billing', { handlers: () => [on(trips, { 'trip.started': () => done(), 'trip.ended': 'ignore' }), ...biller()] });
    expect(completeness([rides, deaf], { whole: true })).toEqual([
      'Nobody reads trip.ended of trips.v1. Add a handler, remove the event, or mark the topic public.',
    ]);
    expect(completeness([rides, deaf], { whole: false })).toEqual([]);
    const publicTrips = defineTopic('public-trips.v1', { ...trips, public: true });
    expect(completeness([service('rides', { publishes: [publicTrips] })], { whole: true })).toEqual([]);
  });

  test('following a topic is reading it', () => {
    const follower = service('billing', {
      handlers: () => [follow(trips, { 'trip.started': () => undefined, 'trip.ended': () => undefined }), ...biller()],
    });
    expect(completeness([rides, follower], { whole: true })).toEqual([]);
  });

  test('a topic that is heard and never said is a fault of the whole', () => {
    expect(completeness([billing], { whole: true })).toContain(
      "billing hears trips.v1, which no service publishes. Add it to its owner's publishes.",
    );
  });

  test('a topic that others write is heard though no service says it, and none may', () => {
    const inbox = defineTopic('inbox.v1', { events: [], key: () => '', owner: OTHERS, retentionDays: 1, description: 'Of others.' });
    const taken = { write: () => Promise.resolve(), committed: () => undefined };
    const hearer = service('hearer', { handlers: () => [onRecords(inbox, () => Promise.resolve(taken))] });
    expect(completeness([hearer], { whole: true })).toEqual([]);
    expect(completeness([hearer, service('sayer', { publishes: [inbox] })], { whole: true })).toEqual([
      expect.stringContaining('sayer publishes inbox.v1, whose owner is others'),
    ]);
  });

  test('a command needs exactly one handler, in its owner', () => {
    const idle = service('billing', { handlers: reader });
    expect(completeness([rides, idle], { whole: false })).toEqual([
      'The command trip.bill has no handler. Add handle(…) to the handlers of billing.',
    ]);
    const eager = service('rides', { publishes: [trips], sends: [Bill], handlers: biller });
    const faults = completeness([eager, billing], { whole: true });
    expect(faults).toContainEqual(expect.stringContaining('rides handles the command trip.bill, whose owner is billing'));
    expect(faults).toContainEqual(expect.stringContaining('has 2 handlers (rides, billing)'));
  });

  test('alone, a service is not blamed for a command whose owner runs elsewhere', () => {
    expect(completeness([rides], { whole: false })).toEqual([]);
    expect(completeness([rides], { whole: true })).toContainEqual(expect.stringContaining('trip.bill has no handler'));
  });

  test('a topic has one owner', () => {
    const thief = service('thief', { publishes: [trips] });
    const faults = completeness([rides, thief, billing], { whole: true });
    expect(faults).toEqual([
      "thief publishes trips.v1, whose owner is rides. Let rides publish it, or change the contract's owner.",
      'The topic trips.v1 has two owners: rides and thief. One service may publish it.',
    ]);
  });

  test('a path has one owner', () => {
    const squatter = service('billing', { paths: ['/v1/rides'], handlers: () => [...reader(), ...biller()] });
    expect(completeness([rides, squatter], { whole: true })).toEqual([
      'The path /v1/rides has two owners: rides and billing. Requests go to one service alone.',
    ]);
  });

  test('a service asks for the ports that its messages go through', () => {
    const modest = service('rides', { publishes: [trips], sends: [Bill], needs: ['events'] });
    expect(completeness([modest], { whole: false })).toEqual([
      "rides uses commands but does not need it. Add 'commands' to its needs.",
      "rides uses sql but does not need it. Add 'sql' to its needs.",
    ]);
  });

  test('two services of one name are told', () => {
    expect(completeness([service('a', { paths: [] }), service('a', { paths: [] })], { whole: false })).toEqual([
      'Two services are named a. Give each its own name.',
    ]);
  });
});
