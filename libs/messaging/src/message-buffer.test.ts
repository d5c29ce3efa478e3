import { defineCommand, defineEvent, defineTopic } from '@roofshot/contracts/define';
import { runWith } from '@roofshot/telemetry/context';
import { Type } from 'typebox';
import type { OutgoingCommand } from './commands/queue.ts';
import type { OutgoingRecord } from './events/bus.ts';
import { MessageBuffer, type Outlets } from './message-buffer.ts';

const Opened = defineEvent('door.opened', Type.Object({ door: Type.String(), times: Type.Integer({ minimum: 1 }) }));
const doors = defineTopic('doors.v1', {
  events: [Opened],
  key: (event) => event.subject ?? event.data.door,
  owner: 'doors',
  retentionDays: 1,
  description: 'Doors.',
});
const Close = defineCommand('door.close', {
  owner: 'doors',
  schema: Type.Object({ door: Type.String() }),
  id: (data) => `close/${data.door}`,
  description: '',
});
const NOON = Date.UTC(2001, 0, 1, 12);
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** Two outlets that keep what leaves, in the order of the statements. */
function listening(): { outlets: Outlets; left: string[]; records: OutgoingRecord[]; commands: OutgoingCommand[]; announced: string[] } {
  const heard = { left: [] as string[], records: [] as OutgoingRecord[], commands: [] as OutgoingCommand[], announced: [] as string[] };
  const outlets = {
    bus: {
      publishIn: (_: unknown, records: OutgoingRecord[]) => (heard.left.push('events'), heard.records.push(...records), Promise.resolve()),
      announce: (topics: Iterable<string>) => heard.announced.push(...topics),
    },
    queue: {
      sendIn: (_: unknown, commands: OutgoingCommand[]) => (
        heard.left.push('commands'),
        heard.commands.push(...commands),
        Promise.resolve()
      ),
      announce: (queues: Iterable<string>) => heard.announced.push(...queues),
    },
  } as unknown as Outlets;
  return { outlets, ...heard };
}

const buffer = (): MessageBuffer => new MessageBuffer({ service: 'doors', clock: () => NOON });
const tx = { query: () => Promise.reject(new Error('no statement expected')) };
const opened = (door: string, times = 1) => ({ type: 'door.opened' as const, data: { door, times } });

describe('what a transaction says', () => {
  it('leaves at its end, commands first and events last, and readers are told of each place once', async () => {
    const { outlets, left, records, commands, announced } = listening();
    const said = buffer();
    said.publish(doors, [opened('front'), opened('back')]);
    said.send(Close, { door: 'front' }, { delayMs: 50 });
    said.publish(doors, [opened('front')]);
    await said.writeIn(tx, outlets);
    said.announce(outlets);
    expect(left).toEqual(['commands', 'events']);
    expect(records.map(({ topic, key }) => [topic, key])).toEqual([
      ['doors.v1', 'front'],
      ['doors.v1', 'back'],
      ['doors.v1', 'front'],
    ]);
    expect(commands).toMatchObject([{ queue: 'door.close.v1', id: 'close/front', payload: '{"door":"front"}', delayMs: 50 }]);
    expect(announced).toEqual(['door.close.v1', 'doors.v1']);
  });

  it('sends no statement when there is nothing to say', async () => {
    const { outlets, left } = listening();
    await buffer().writeIn(tx, outlets);
    expect(left).toEqual([]);
  });

  it('gets its envelope from the speaker, the clock and what the code works for', async () => {
    const { outlets, records, commands } = listening();
    const said = buffer();
    runWith({ traceparent: TRACE, correlationId: 'order-7' }, () => {
      said.publish(doors, [{ ...opened('front'), subject: 'house-1', time: '2000-01-01T00:00:00Z', id: 'own-id' }]);
      said.send(Close, { door: 'front' });
    });
    await said.writeIn(tx, outlets);
    expect(records[0]).toMatchObject({ key: 'house-1' });
    expect(records[0]?.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: 'own-id',
      ce_source: '/roofshot/doors',
      ce_type: 'door.opened',
      ce_subject: 'house-1',
      ce_time: '2000-01-01T00:00:00Z',
      ce_knowntime: '2001-01-01T12:00:00.000Z',
      ce_correlationid: 'order-7',
      ce_traceparent: expect.stringContaining('0af7651916cd43dd8448eb211c80319c'),
    });
    expect(commands[0]?.headers).toMatchObject({ type: 'door.close', correlationid: 'order-7', time: '2001-01-01T12:00:00.000Z' });
  });

  it('prefers the cause that is named, and begins a trace where there is none', async () => {
    const { outlets, records } = listening();
    const said = buffer();
    said.publish(doors, [{ ...opened('front'), cause: { correlationid: 'order-8', traceparent: TRACE } }, opened('back')]);
    await said.writeIn(tx, outlets);
    expect(records[0]?.headers).toMatchObject({ ce_correlationid: 'order-8', ce_traceparent: expect.stringContaining('0af7651916cd43dd') });
    const { ce_traceparent: trace = '', ce_correlationid: correlation } = records[1]?.headers ?? {};
    expect(trace.split('-')[1]).toBe(correlation);
  });

  it('is refused where it is said when it breaks its contract, naming the field', () => {
    expect(() => buffer().publish(doors, [opened('front', 0)])).toThrow(
      /door.opened for doors.v1 breaks its contract: \/times .*Nothing was sent/,
    );
    expect(() => buffer().send(Close, {} as { door: string })).toThrow(/command door.close breaks its contract/);
    expect(() => buffer().publish(doors, [{ type: 'door.painted', data: {} } as never])).toThrow(
      'does not belong to doors.v1, which carries door.opened',
    );
  });

  it('is refused when the transaction has ended, because it would be lost', async () => {
    const said = buffer();
    await said.writeIn(tx, listening().outlets);
    expect(() => said.publish(doors, [opened('front')])).toThrow('the transaction has ended');
    expect(() => said.send(Close, { door: 'front' })).toThrow('the transaction has ended');
  });
});
