import { defineEvent, defineTopic, OTHERS } from '@roofshot/contracts/define';
import { done, on, onRecords } from '@roofshot/messaging/handlers';
import { Type } from 'typebox';
import { portNeedsOf } from './port-needs.ts';
import type { AnyService } from './service.ts';

const Said = defineEvent('thing.said', Type.Object({ thing: Type.String() }));
const things = defineTopic('things.v1', {
  events: [Said],
  key: (event) => event.data.thing,
  owner: 'sayer',
  retentionDays: 2,
  description: 'Things.',
});

const service = (name: string, over: Partial<AnyService>): AnyService => ({
  name,
  config: Type.Object({}),
  port: 0,
  needs: ['sql', 'events'],
  publishes: [],
  sends: [],
  kinds: [],
  paths: [],
  migrations: [],
  module: () => ({ module: Object }),
  handlers: () => [],
  ...over,
});
const sayer = service('sayer', { needs: ['sql', 'events', 'objects'], publishes: [things] });
const hearer = service('hearer', {
  needs: ['sql', 'events', 'online', 'objects'],
  readsOnly: ['online', 'objects'],
  handlers: () => [on(things, { 'thing.said': () => done() })],
});

describe('what the services of a process need', () => {
  it('is the right to write what one says, and to read what one hears', () => {
    expect(portNeedsOf([sayer]).topics).toMatchObject([{ name: 'things.v1', retentionMs: 2 * 86_400_000, uses: ['write'] }]);
    expect(portNeedsOf([hearer]).topics).toMatchObject([{ uses: ['read'] }]);
    expect(portNeedsOf([sayer, hearer]).topics).toMatchObject([{ uses: ['write', 'read'] }]);
  });

  it('is a topic that the broker keeps readable where others write it', () => {
    const inbox = defineTopic('inbox.v1', { events: [], key: () => '', owner: OTHERS, retentionDays: 7, description: 'Of others.' });
    const taken = { write: () => Promise.resolve(), committed: () => undefined };
    const taker = service('taker', { handlers: () => [onRecords(inbox, () => Promise.resolve(taken))] });
    expect(portNeedsOf([taker]).topics).toMatchObject([{ name: 'inbox.v1', isForOthers: true, uses: ['read'] }]);
  });

  it('is a store to read from only where none of them writes to it', () => {
    expect([...portNeedsOf([hearer]).readsOnly]).toEqual(['online', 'objects']);
    expect([...portNeedsOf([sayer, hearer]).readsOnly]).toEqual(['online']);
  });
});
