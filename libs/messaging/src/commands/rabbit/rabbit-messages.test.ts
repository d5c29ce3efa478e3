import type { Message } from 'amqplib';
import { deadMessageFor, heldOf, messageFor, readDeadLetter, readMessage, type RabbitMessage } from './rabbit-messages.ts';

const command = { queue: 'a.v1', id: 'run-1', headers: { correlationid: 'c-1', type: 'a' }, payload: '{"ü":1}' };

/** As the broker brings it. */
function arrived({ content, options }: RabbitMessage, more: Record<string, unknown> = {}, redelivered = false): Message {
  const { headers, ...properties } = options;
  return {
    content,
    fields: { redelivered },
    properties: { ...properties, headers: { ...(headers as object), ...more } },
  } as unknown as Message;
}

describe('a command as a message of RabbitMQ', () => {
  it('comes as it was sent, durable, returned when it finds no queue, and without our own headers', () => {
    const message = messageFor('a.v1', heldOf(command), { attempts: 0 });
    expect(message.options).toMatchObject({ persistent: true, mandatory: true, messageId: 'run-1', correlationId: 'c-1' });
    const held = readMessage(arrived(message, { 'x-death': [], 'x-delivery-count': 0 }));
    expect(held).toEqual({ id: 'run-1', headers: command.headers, content: Buffer.from(command.payload), attempts: 0, delayLeftMs: 0 });
  });

  it('counts the attempts of earlier messages and the deliveries of this one', () => {
    const message = messageFor('a.v1', heldOf(command), { attempts: 2 });
    expect(readMessage(arrived(message, { 'x-delivery-count': 3 })).attempts).toBe(5);
    expect(readMessage(arrived(message, {}, true)).attempts).toBe(3);
  });

  it('may have an id that is longer than AMQP’s own property takes', () => {
    const id = 'ü'.repeat(200);
    expect(readMessage(arrived(messageFor('a.v1', heldOf({ ...command, id }), { attempts: 0 }))).id).toBe(id);
  });

  it('gets an id from its content when it came from elsewhere without one, and says so', () => {
    const foreign = {
      content: Buffer.from('x'),
      fields: { redelivered: false },
      properties: { type: 'a', correlationId: 'c' },
    } as unknown as Message;
    const held = readMessage(foreign);
    expect(held).toMatchObject({ headers: { type: 'a', correlationid: 'c' }, fault: expect.stringContaining('no message id') as string });
    expect(readMessage(foreign).id).toBe(held.id);
  });

  it('tells as a dead letter why, in which attempt and when it died, whoever put it there', () => {
    const dead = deadMessageFor('a.v1.dead', heldOf(command), { from: 'a.v1', attempt: 3, reason: 'no such model' });
    expect(readDeadLetter('a.v1', arrived(dead, { 'x-delivery-count': 7 }))).toMatchObject({
      queue: 'a.v1',
      id: 'run-1',
      attempt: 3,
      reason: 'no such model',
      payload: command.payload,
      headers: command.headers,
      diedAt: expect.any(Number) as number,
    });
    const death = [{ reason: 'delivery_limit', time: { '!': 'timestamp', value: 1_000 } }];
    const crashed = readDeadLetter('a.v1', arrived(messageFor('a.v1', heldOf(command), { attempts: 1 }), { 'x-death': death }));
    expect(crashed).toMatchObject({ attempt: 22, diedAt: 1_000_000, reason: expect.stringContaining('delivered 21 times') as string });
  });
});
